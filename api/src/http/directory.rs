//! Who works here, for everybody who does; and what the documents call the own profile and the own contacts.

use entity::{MembershipStatus, Role};
use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::contacts::ContactOut;
use super::envelope::{Reply, Success};
use super::file_body::{FileBody, Image};
use super::page::Page;
use super::profile::{ProfileIn, ProfileOut};
use super::{JsonBody, Tag, Word};
use crate::app::App;
use crate::authz::{Can, ReadDirectory, ReadProfile, WriteContacts, WriteProfile};
use crate::contacts;
use crate::identity::{avatars, members, profile};
use crate::store::users::{Member, MemberFilter};

pub struct Directory;

/// Somebody who works here.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct ColleagueOut {
    id: Uuid,
    /// Absent of who is known by his number alone.
    email: Option<String>,
    name: String,
    role: Word<Role>,
    /// The agent that he is, if he takes calls.
    agent_id: Option<Uuid>,
    /// Where his picture is, below the server's address.
    avatar_path: Option<String>,
}

impl From<Member> for ColleagueOut {
    fn from(Member { membership, user, agent, avatar }: Member) -> Self {
        Self {
            id: user.id.into(),
            email: user.email,
            name: user.name,
            role: Word(membership.role),
            agent_id: agent.map(Into::into),
            avatar_path: avatar.as_deref().and_then(avatars::path),
        }
    }
}

/// Whom the caller wants at hand.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct ContactAtHandIn {
    /// With its country code: `+49 30 123456`. Spaces and the like do not count.
    #[oai(validator(min_length = 1, max_length = 40))]
    phone_number: String,
    /// For who has no name yet.
    #[oai(validator(max_length = 200))]
    name: Option<String>,
}

#[OpenApi(prefix_path = "/api/users", tag = "Tag::Users")]
impl Directory {
    /// Finds people of the company by name or address.
    #[oai(path = "/search", method = "get", operation_id = "searchUsers")]
    async fn search(
        &self,
        can: Can<ReadDirectory>,
        Data(app): Data<&App>,
        /// Words that stand in the name or the address; everybody without them.
        #[oai(validator(max_length = 200))]
        q: Query<Option<String>>,
        /// From 1.
        #[oai(validator(minimum(value = "1"), maximum(value = "1000000")))]
        page: Query<Option<u64>>,
        /// Rows a page, 1 to 100; 50 unless said.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u64>>,
    ) -> Reply<Vec<ColleagueOut>> {
        let (scope, page) = (can.scope()?, Page::read(page.0, limit.0)?);
        let filter = MemberFilter { search: q.0, role: None, status: Some(MembershipStatus::Active) };
        let (members, total) = members::page(app, scope, &filter, page.offset(), page.limit()).await?;
        Success::page(members, page.of(total))
    }

    /// Shows the caller (another name of `/api/auth/profile`).
    #[oai(path = "/profile", method = "get", operation_id = "getProfileAlias")]
    async fn profile(&self, can: Can<ReadProfile>, Data(app): Data<&App>) -> Reply<ProfileOut> {
        Success::ok(profile::of(app, can.caller()).await?)
    }

    /// Changes the caller's name (another name of `/api/auth/profile`).
    #[oai(path = "/profile", method = "put", operation_id = "updateProfileAlias")]
    async fn put_profile(
        &self,
        can: Can<WriteProfile>,
        Data(app): Data<&App>,
        body: JsonBody<ProfileIn>,
    ) -> Reply<ProfileOut> {
        Success::ok(profile::rename(app, can.caller(), body.0.name).await?)
    }

    /// Puts a picture in the place of the caller's.
    ///
    /// PNG, JPEG, WebP or GIF, known by its content.
    #[oai(path = "/upload-avatar", method = "post", operation_id = "uploadAvatar")]
    async fn upload_avatar(
        &self,
        can: Can<WriteProfile>,
        Data(app): Data<&App>,
        body: FileBody<Image>,
    ) -> Reply<ProfileOut> {
        Success::ok(avatars::put(app, can.caller(), body.0).await?)
    }

    /// Puts the contact of a number among the caller's favourites.
    ///
    /// The company's contact where there is one, as it is; else it is made. Asked again, it is the same contact.
    #[oai(path = "/add-contact", method = "post", operation_id = "addContact")]
    async fn add_contact(
        &self,
        can: Can<WriteContacts>,
        Data(app): Data<&App>,
        body: JsonBody<ContactAtHandIn>,
    ) -> Reply<ContactOut> {
        let ContactAtHandIn { phone_number, name } = body.0;
        Success::ok(contacts::add(app, can.scope()?, can.caller().user, &phone_number, name).await?)
    }
}
