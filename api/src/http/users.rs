//! The people of a company, and for the platform's administrator those of all.

use chrono::{DateTime, Utc};
use entity::{MembershipStatus, Role, UserStatus};
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Created, Done, Failure, Reply, Success};
use super::page::Page;
use super::{JsonBody, Tag, Word, idempotency};
use crate::app::App;
use crate::authz::{BanUsers, Can, InviteUsers, ListUsers, Permission, ReadUsers, WriteUsers};
use crate::error::{Error, Result};
use crate::identity::invitations::{self, Invited, Whom};
use crate::identity::members::{self, Admission, MemberPatch};
use crate::identity::newcomers::{self, Made, Newcomer};
use crate::identity::{Email, Number, avatars, ban, second_factor};
use crate::store::system::{MembershipOfUser, UserFilter, UserOfPlatform};
use crate::store::users::{Member, MemberFilter};

pub struct Users;

/// A member of the company.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct UserOut {
    id: Uuid,
    /// Absent of who is known by his number alone.
    email: Option<String>,
    /// E.164, of who signs in by it.
    phone_number: Option<String>,
    name: String,
    role: Word<Role>,
    /// Who is banned is a member, and may do nothing.
    status: Word<MembershipStatus>,
    /// The agent that this member is, if he takes calls.
    agent_id: Option<Uuid>,
    /// Where his picture is, below the server's address.
    avatar_path: Option<String>,
    /// When he joined the company.
    joined_at: DateTime<Utc>,
}

/// Whether a member may act.
#[derive(Enum, Clone, Copy, Debug)]
#[oai(rename = "Admission", rename_all = "snake_case")]
enum AdmissionIn {
    Active,
    Banned,
}

/// What to change of a member; what is left out stays.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct UserIn {
    role: Option<Word<Role>>,
    #[oai(validator(min_length = 1, max_length = 200))]
    name: Option<String>,
    status: Option<AdmissionIn>,
}

/// Whether a user may act anywhere.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
struct UserAdmissionIn {
    status: AdmissionIn,
}

/// Whom to make a member.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct NewUserIn {
    #[oai(validator(min_length = 3, max_length = 320))]
    email: String,
    #[oai(validator(min_length = 1, max_length = 200))]
    name: String,
    role: Word<Role>,
}

/// A member who was made.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct NewUserOut {
    user: UserOut,
    /// Only where the server sends no mail: where he sets his password, once, within seven days. Otherwise it is in the mail
    /// that goes to him.
    password_link: Option<String>,
}

/// Whom to invite, and as what: by his address, or by his telephone number.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct InvitationIn {
    #[oai(validator(min_length = 3, max_length = 320))]
    email: Option<String>,
    /// With its country code, as +12025550123.
    #[oai(validator(min_length = 1, max_length = 40))]
    phone_number: Option<String>,
    role: Word<Role>,
}

/// An invitation.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct InvitationOut {
    id: Uuid,
    /// Of one that goes to an address.
    email: Option<String>,
    /// E.164, of one that goes to a number.
    phone_number: Option<String>,
    role: Word<Role>,
    /// Only where the server sends no mail, or no messages: it is for whom the invitation is meant, who registers with it as
    /// `inviteToken` or accepts with it, and it is never shown again. Otherwise it is in what goes to him.
    token: Option<String>,
    expires_at: DateTime<Utc>,
}

/// A user of the platform.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct PlatformUserOut {
    id: Uuid,
    /// Absent of who is known by his number alone.
    email: Option<String>,
    phone_number: Option<String>,
    name: String,
    status: Word<UserStatus>,
    /// He runs the platform.
    admin: bool,
    companies: Vec<CompanyOfUserOut>,
    created_at: DateTime<Utc>,
}

/// A company that a user is, or was, in.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct CompanyOfUserOut {
    company_id: Uuid,
    company_name: String,
    role: Word<Role>,
    status: Word<MembershipStatus>,
}

impl From<Member> for UserOut {
    fn from(Member { membership, user, agent, avatar }: Member) -> Self {
        Self {
            id: user.id.into(),
            email: user.email,
            phone_number: user.phone_number,
            name: user.name,
            role: Word(membership.role),
            status: Word(membership.status),
            agent_id: agent.map(Into::into),
            avatar_path: avatar.as_deref().and_then(avatars::path),
            joined_at: membership.created_at,
        }
    }
}

impl From<Made> for NewUserOut {
    fn from(Made { member, link }: Made) -> Self {
        Self { user: member.into(), password_link: link.map(|link| link.expose().to_owned()) }
    }
}

impl From<Invited> for InvitationOut {
    fn from(invited: Invited) -> Self {
        Self {
            id: invited.id.into(),
            email: invited.email,
            phone_number: invited.phone_number,
            role: Word(invited.role),
            token: invited.token.map(|token| token.expose().to_owned()),
            expires_at: invited.expires_at,
        }
    }
}

impl From<UserOfPlatform> for PlatformUserOut {
    fn from(UserOfPlatform { user, memberships }: UserOfPlatform) -> Self {
        Self {
            id: user.id.into(),
            email: user.email,
            phone_number: user.phone_number,
            name: user.name,
            status: Word(user.status),
            admin: user.platform_role.is_some(),
            companies: memberships.into_iter().map(Into::into).collect(),
            created_at: user.created_at,
        }
    }
}

impl From<MembershipOfUser> for CompanyOfUserOut {
    fn from(MembershipOfUser { membership, company }: MembershipOfUser) -> Self {
        Self {
            company_id: company.id.into(),
            company_name: company.name,
            role: Word(membership.role),
            status: Word(membership.status),
        }
    }
}

impl From<AdmissionIn> for Admission {
    fn from(admission: AdmissionIn) -> Self {
        match admission {
            AdmissionIn::Active => Self::Active,
            AdmissionIn::Banned => Self::Banned,
        }
    }
}

impl InvitationIn {
    fn whom(&self) -> Result<Whom> {
        match (&self.email, &self.phone_number) {
            (Some(email), None) => Email::read(email).map(Whom::Email),
            (None, Some(number)) => Number::read(number, "/phoneNumber").map(Whom::Number),
            (None, None) => Err(Error::invalid("/email", "is required, or phoneNumber in its place")),
            (Some(_), Some(_)) => Err(Error::invalid("/phoneNumber", "cannot stand beside email")),
        }
    }
}

impl From<UserIn> for MemberPatch {
    fn from(body: UserIn) -> Self {
        let admission = body.status.map(Into::into);
        Self { role: body.role.map(|role| role.0), name: body.name, admission }
    }
}

/// Who may not change roles makes agents only.
fn may_give<P: Permission>(can: &Can<P>, app: &App, role: Role) -> Result<()> {
    if role == Role::Agent { Ok(()) } else { can.must_also::<WriteUsers>(app) }
}

fn words(search: Option<String>) -> Option<String> {
    search.map(|search| search.trim().to_owned()).filter(|search| !search.is_empty())
}

#[OpenApi(prefix_path = "/api/users", tag = "Tag::Users")]
impl Users {
    /// Lists all users of the platform.
    #[oai(path = "/", method = "get", operation_id = "listUsers")]
    #[allow(clippy::too_many_arguments, reason = "each is a parameter of the address")]
    async fn all(
        &self,
        _can: Can<ListUsers>,
        Data(app): Data<&App>,
        /// Words that stand in the name or the address.
        #[oai(validator(max_length = 200))]
        search: Query<Option<String>>,
        /// Only who stands so.
        status: Query<Option<Word<UserStatus>>>,
        /// Only who is in this company.
        #[oai(name = "companyId")]
        company: Query<Option<Uuid>>,
        /// From 1.
        #[oai(validator(minimum(value = "1"), maximum(value = "1000000")))]
        page: Query<Option<u64>>,
        /// Rows a page, 1 to 100; 50 unless said.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u64>>,
    ) -> Reply<Vec<PlatformUserOut>> {
        let page = Page::read(page.0, limit.0)?;
        let (status, company) = (status.0.map(|status| status.0), company.0.map(Into::into));
        let filter = UserFilter { search: words(search.0), status, company };
        let (users, total) = members::of_platform(app, &filter, page.offset(), page.limit()).await?;
        Success::page(users, page.of(total))
    }

    /// Makes a person a member of the company.
    ///
    /// He gets an account and a mail with a link to set a password. Who may change roles may give any role, everybody else
    /// with this permission the role agent only. An address that has an account already is 409 `ACCOUNT_EXISTS`: invite its
    /// owner. After five of these in an hour it is 429 for the company.
    #[oai(path = "/", method = "post", operation_id = "createUser")]
    async fn post(
        &self,
        can: Can<InviteUsers>,
        Data(app): Data<&App>,
        /// 1 to 255 visible characters, new for each member: a request that comes twice with it is done once.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        JsonBody(body): JsonBody<NewUserIn>,
    ) -> Result<Created<NewUserOut>, Failure> {
        let once = idempotency::once(&can, "createUser", key.0, &body)?;
        let new = Newcomer { email: Email::read(&body.email)?, name: body.name, role: body.role.0 };
        may_give(&can, app, new.role)?;
        Created::of(newcomers::create(app, can.scope()?, can.caller(), new, once).await?)
    }

    /// Bans a user in all companies, or admits him again.
    ///
    /// Whatever he holds is refused at once: sessions, keys, sockets. Admitted again, he signs in and is what he was.
    #[oai(path = "/:id/admission", method = "put", operation_id = "setUserAdmission")]
    async fn set_admission(
        &self,
        can: Can<BanUsers>,
        Data(app): Data<&App>,
        /// The user's id.
        id: Path<Uuid>,
        body: JsonBody<UserAdmissionIn>,
    ) -> Reply<PlatformUserOut> {
        Success::ok(ban::set(app, can.caller(), id.0.into(), body.0.status.into()).await?)
    }

    /// Lists the members of the company.
    ///
    /// Who was removed is left out, unless `status=removed` asks for them.
    #[oai(path = "/company/:companyId", method = "get", operation_id = "listUsersOfCompany")]
    #[allow(clippy::too_many_arguments, reason = "each is a parameter of the address")]
    async fn list(
        &self,
        can: Can<ReadUsers>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        company_id: Path<Uuid>,
        /// Words that stand in the name or the address.
        #[oai(validator(max_length = 200))]
        search: Query<Option<String>>,
        /// Only who has this role.
        role: Query<Option<Word<Role>>>,
        /// Only whose membership stands so.
        status: Query<Option<Word<MembershipStatus>>>,
        /// From 1.
        #[oai(validator(minimum(value = "1"), maximum(value = "1000000")))]
        page: Query<Option<u64>>,
        /// Rows a page, 1 to 100; 50 unless said.
        #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<Option<u64>>,
    ) -> Reply<Vec<UserOut>> {
        let (scope, page) = (can.scope_of(company_id.0.into())?, Page::read(page.0, limit.0)?);
        let (role, status) = (role.0.map(|role| role.0), status.0.map(|status| status.0));
        let filter = MemberFilter { search: words(search.0), role, status };
        let (members, total) = members::page(app, scope, &filter, page.offset(), page.limit()).await?;
        Success::page(members, page.of(total))
    }

    /// Invites somebody into the company.
    ///
    /// A mail with a token goes to the address, where the server sends mail, or a message to the number: from the company's
    /// oldest number, else from the platform's. Who may change roles may invite into any role, everybody else with this permission into the role agent only.
    #[oai(path = "/invite", method = "post", operation_id = "inviteUser")]
    async fn invite(
        &self,
        can: Can<InviteUsers>,
        Data(app): Data<&App>,
        /// 1 to 255 visible characters, new for each invitation: a request that comes twice with it is done once.
        #[oai(name = "Idempotency-Key")]
        key: Header<Option<String>>,
        body: JsonBody<InvitationIn>,
    ) -> Result<Created<InvitationOut>, Failure> {
        let once = idempotency::once(&can, "inviteUser", key.0, &body.0)?;
        let (whom, role) = (body.0.whom()?, body.0.role.0);
        may_give(&can, app, role)?;
        Created::of(invitations::invite(app, can.scope()?, can.caller(), whom, role, once).await?)
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

    /// Changes a member's role, name or status.
    ///
    /// Who is banned is out at once and stays a member. Nobody changes his own role or bans himself, and the last owner stays
    /// one. The name of somebody who works for other companies too is his alone to change.
    #[oai(path = "/:id", method = "put", operation_id = "updateUser")]
    async fn put(
        &self,
        can: Can<WriteUsers>,
        Data(app): Data<&App>,
        /// The user's id.
        id: Path<Uuid>,
        body: JsonBody<UserIn>,
    ) -> Reply<UserOut> {
        Success::ok(members::change(app, can.scope()?, can.caller(), id.0.into(), body.0.into()).await?)
    }

    /// Removes a member from the company.
    ///
    /// His calls keep his name. He can be taken back, or invited again.
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

    /// Takes a removed member back, in the role that he had.
    #[oai(path = "/:id/restore", method = "post", operation_id = "restoreUser")]
    async fn restore(
        &self,
        can: Can<WriteUsers>,
        Data(app): Data<&App>,
        /// The user's id.
        id: Path<Uuid>,
    ) -> Reply<UserOut> {
        Success::ok(members::restore(app, can.scope()?, can.caller(), id.0.into()).await?)
    }

    /// Ends a member's second factor.
    ///
    /// For who has lost his device and his recovery codes. Refused for who works for other companies too.
    #[oai(path = "/:id/mfa", method = "delete", operation_id = "resetSecondFactor")]
    async fn reset_second_factor(
        &self,
        can: Can<WriteUsers>,
        Data(app): Data<&App>,
        /// The user's id.
        id: Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        second_factor::reset(app, can.scope()?, can.caller(), id.0.into()).await?;
        Done::saying("The member signs in with his password alone.")
    }
}
