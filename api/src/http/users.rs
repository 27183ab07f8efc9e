//! The people of a company.

use chrono::{DateTime, Utc};
use entity::Role;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Created, Done, Failure, Reply, Success};
use super::page::Page;
use super::{JsonBody, Tag, Word};
use crate::app::App;
use crate::authz::{Can, InviteUsers, Permission, ReadUsers, WriteUsers};
use crate::error::Error;
use crate::identity::Email;
use crate::identity::members::{self, Invited};
use crate::store::users::Member;

pub struct Users;

/// A member of the company.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct UserOut {
    id: Uuid,
    email: String,
    name: String,
    role: Word<Role>,
    /// The agent that this member is, if he takes calls.
    agent_id: Option<Uuid>,
    /// When he joined the company.
    joined_at: DateTime<Utc>,
}

/// What is to be changed of a member; what is absent stays.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct UserIn {
    role: Word<Role>,
}

/// Whom to invite, and as what.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct InvitationIn {
    #[oai(validator(min_length = 3, max_length = 320))]
    email: String,
    role: Word<Role>,
}

/// An invitation.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct InvitationOut {
    id: Uuid,
    email: String,
    role: Word<Role>,
    /// Only where the server sends no mail: it is for whom the invitation is meant, who registers with it as `inviteToken`,
    /// and it is never shown again. Otherwise it is in the mail that goes to him.
    token: Option<String>,
    expires_at: DateTime<Utc>,
}

impl From<Member> for UserOut {
    fn from(Member { membership, user, agent }: Member) -> Self {
        Self {
            id: user.id.into(),
            email: user.email,
            name: user.name,
            role: Word(membership.role),
            agent_id: agent.map(Into::into),
            joined_at: membership.created_at,
        }
    }
}

impl From<Invited> for InvitationOut {
    fn from(invited: Invited) -> Self {
        Self {
            id: invited.id.into(),
            email: invited.email,
            role: Word(invited.role),
            token: invited.token.map(|token| token.expose().to_owned()),
            expires_at: invited.expires_at,
        }
    }
}

#[OpenApi(prefix_path = "/api/users", tag = "Tag::Users")]
impl Users {
    /// Lists the members of the company.
    #[oai(path = "/company/:companyId", method = "get", operation_id = "listUsersOfCompany")]
    async fn list(
        &self,
        can: Can<ReadUsers>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        company_id: Path<Uuid>,
        /// From 1.
        #[oai(validator(minimum(value = "1"), maximum(value = "1000000")))]
        page: Query<Option<u64>>,
        /// Rows a page, 1 to 100; 50 unless said.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u64>>,
    ) -> Reply<Vec<UserOut>> {
        let (scope, page) = (can.scope_of(company_id.0.into())?, Page::read(page.0, limit.0)?);
        let (members, total) = members::page(app, scope, page.offset(), page.limit()).await?;
        Success::page(members, page.of(total))
    }

    /// Invites somebody into the company.
    ///
    /// A mail with a token goes to the address, where the server sends mail. Who may change roles may invite into any role, everybody else with this permission into the role agent only.
    #[oai(path = "/invite", method = "post", operation_id = "inviteUser")]
    async fn invite(
        &self,
        can: Can<InviteUsers>,
        Data(app): Data<&App>,
        body: JsonBody<InvitationIn>,
    ) -> Result<Created<InvitationOut>, Failure> {
        let (email, role) = (Email::read(&body.0.email)?, body.0.role.0);
        if role != Role::Agent && can.also_may::<WriteUsers>(app).is_none() {
            return Err(Error::Forbidden { permission: WriteUsers::NAME }.into());
        }
        Created::of(members::invite(app, can.scope()?, can.caller(), email, role).await?)
    }

    /// Shows a member of the company.
    #[oai(path = "/:id", method = "get", operation_id = "getUser")]
    async fn get(
        &self,
        can: Can<ReadUsers>,
        Data(app): Data<&App>,
        /// The user's id.
        id: Path<Uuid>,
    ) -> Reply<UserOut> {
        Success::ok(members::get(app, can.scope()?, id.0.into()).await?)
    }

    /// Changes a member's role.
    #[oai(path = "/:id", method = "put", operation_id = "updateUser")]
    async fn put(
        &self,
        can: Can<WriteUsers>,
        Data(app): Data<&App>,
        /// The user's id.
        id: Path<Uuid>,
        body: JsonBody<UserIn>,
    ) -> Reply<UserOut> {
        Success::ok(members::change_role(app, can.scope()?, can.caller(), id.0.into(), body.0.role.0).await?)
    }

    /// Removes a member from the company.
    ///
    /// His calls keep his name. He can be invited again.
    #[oai(path = "/:id", method = "delete", operation_id = "removeUser")]
    async fn delete(
        &self,
        can: Can<WriteUsers>,
        Data(app): Data<&App>,
        /// The user's id.
        id: Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        members::remove(app, can.scope()?, can.caller(), id.0.into()).await?;
        Done::saying("The member is removed.")
    }
}
