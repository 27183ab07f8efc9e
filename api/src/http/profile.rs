//! What somebody sees and changes of himself, and where he is signed in.

use chrono::{DateTime, Utc};
use entity::session;
use poem::web::Data;
use poem_openapi::param::{Header, Path};
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Done, Failure, Reply, Success};
use super::{JsonBody, Tag};
use crate::app::App;
use crate::authz::{Can, ReadProfile, ReadSessions, Seat, WriteProfile, WriteSessions};
use crate::identity::avatars;
use crate::identity::profile::{self, Profile};
use crate::identity::sessions::{self, Ending};
use crate::secret::Secret;
use crate::words::Words;

pub struct OwnProfile;

/// A role, in the company or on the platform.
#[derive(Enum, Clone, Copy, Debug)]
#[oai(rename = "Seat", rename_all = "snake_case")]
pub enum RoleOut {
    /// The platform's administrator.
    Admin,
    Owner,
    Manager,
    Agent,
}

/// The caller, as he acts in this session.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct ProfileOut {
    id: Uuid,
    /// Absent of who is known by his number alone.
    email: Option<String>,
    /// E.164; it opens the account, with a code that is sent to it.
    phone_number: Option<String>,
    /// Empty until it was said.
    name: String,
    /// Whether the name was said: who has come by his number is asked for it.
    profile_complete: bool,
    /// Absent for a user without a company.
    role: Option<RoleOut>,
    company_id: Option<Uuid>,
    /// The agent that the caller is, if he takes calls.
    agent_id: Option<Uuid>,
    /// Where the caller's picture is, below the server's address.
    avatar_path: Option<String>,
    /// Signing in asks for a second factor.
    second_factor: bool,
    created_at: DateTime<Utc>,
}

/// What is to be changed of the own profile; what is absent stays.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub struct ProfileIn {
    #[oai(validator(min_length = 1, max_length = 200))]
    pub name: String,
}

/// The password so far, and the one to come.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct PasswordIn {
    #[oai(validator(min_length = 1, max_length = 128))]
    current_password: String,
    #[oai(validator(min_length = 8, max_length = 128))]
    new_password: String,
}

/// A place where the caller is signed in.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct SessionOut {
    id: Uuid,
    /// This is the session of the request.
    current: bool,
    created_at: DateTime<Utc>,
    refreshed_at: DateTime<Utc>,
    /// When it ends unless it is refreshed.
    expires_at: DateTime<Utc>,
}

impl From<Profile> for ProfileOut {
    fn from(profile: Profile) -> Self {
        let role = match profile.seat {
            Seat::Admin => Some(RoleOut::Admin),
            Seat::Owner => Some(RoleOut::Owner),
            Seat::Manager => Some(RoleOut::Manager),
            Seat::Agent => Some(RoleOut::Agent),
            Seat::Alone => None,
        };
        Self {
            id: profile.user.id.into(),
            email: profile.user.email,
            phone_number: profile.user.phone_number,
            profile_complete: !profile.user.name.is_empty(),
            name: profile.user.name,
            role,
            company_id: profile.company.map(Into::into),
            agent_id: profile.agent.map(Into::into),
            avatar_path: profile.avatar.as_deref().and_then(avatars::path),
            second_factor: profile.second_factor,
            created_at: profile.user.created_at,
        }
    }
}

impl SessionOut {
    fn of(session: session::Model, current: entity::id::SessionId) -> Self {
        Self {
            id: session.id.into(),
            current: session.id == current,
            created_at: session.created_at,
            refreshed_at: session.refreshed_at,
            expires_at: session.expires_at,
        }
    }
}

#[OpenApi(prefix_path = "/api/auth", tag = "Tag::Auth")]
impl OwnProfile {
    /// Shows the caller.
    #[oai(path = "/profile", method = "get", operation_id = "getProfile")]
    async fn get(&self, can: Can<ReadProfile>, Data(app): Data<&App>) -> Reply<ProfileOut> {
        Success::ok(profile::of(app, can.caller()).await?)
    }

    /// Changes the caller's name.
    #[oai(path = "/profile", method = "put", operation_id = "updateProfile")]
    async fn put(
        &self,
        can: Can<WriteProfile>,
        Data(app): Data<&App>,
        body: JsonBody<ProfileIn>,
    ) -> Reply<ProfileOut> {
        Success::ok(profile::rename(app, can.caller(), body.0.name).await?)
    }

    /// Changes the caller's password, and ends his other sessions.
    ///
    /// A mail tells him, where the server sends mail.
    #[oai(path = "/password", method = "put", operation_id = "changePassword")]
    async fn password(
        &self,
        can: Can<WriteProfile>,
        Data(app): Data<&App>,
        /// The languages in which the mail may be written, the dearest first.
        #[oai(name = "Accept-Language")]
        languages: Header<Option<String>>,
        body: JsonBody<PasswordIn>,
    ) -> Result<Json<Done>, Failure> {
        let words = Words::accepted(&languages.0.unwrap_or_default());
        let (current, new) = (Secret::new(body.0.current_password), Secret::new(body.0.new_password));
        profile::change_password(app, can.caller(), current, new, words).await?;
        Done::saying("The password is changed. Sessions elsewhere have ended.")
    }

    /// Lists where the caller is signed in.
    #[oai(path = "/sessions", method = "get", operation_id = "listSessions")]
    async fn sessions(&self, can: Can<ReadSessions>, Data(app): Data<&App>) -> Reply<Vec<SessionOut>> {
        let (caller, open) = (can.caller(), sessions::open_of(app, can.caller()).await?);
        Success::list(open.into_iter().map(|session| SessionOut::of(session, caller.session)).collect())
    }

    /// Ends one session of the caller.
    #[oai(path = "/sessions/:id", method = "delete", operation_id = "endSession")]
    async fn end(
        &self,
        can: Can<WriteSessions>,
        Data(app): Data<&App>,
        /// The session's id.
        id: Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        sessions::end(app, can.caller(), Ending::Named(id.0.into())).await?;
        Done::saying("The session has ended.")
    }
}
