//! The people of a company: inviting, changing, removing, taking back. A company always keeps an owner.

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{AgentId, CompanyId, InvitationId, UserId};
use entity::{
    Availability, ChangeCause, CompanyScope, MembershipStatus, RevokedBecause, Role, company, invitation,
};
use serde_json::json;

use super::caller::Caller;
use super::email::Email;
use super::{audit, profile, register, tokens};
use crate::agents::{Step, Wanted, Why};
use crate::app::App;
use crate::error::{Code, Error, Result, Subject};
use crate::integrations::smtp;
use crate::outbound::mail::{self, Letter, letters};
use crate::secret::Secret;
use crate::store::idempotency::{self, Claim, Request};
use crate::store::sessions::{self, Sessions};
use crate::store::system::{UserFilter, UserOfPlatform};
use crate::store::unit::Unit;
use crate::store::users::{self, Member, MemberFilter};
use crate::store::{Tx, agents, companies, invitations, system};

const INVITATION_LIFE: TimeDelta = TimeDelta::days(7);

/// An invitation. The token that accepts it is stored as its hash.
pub struct Invited {
    pub id: InvitationId,
    pub email: String,
    pub role: Role,
    /// To be handed over by who invites, where no mail can be sent: otherwise it is in the mail alone, so that who has it
    /// reads what is sent to the address.
    pub token: Option<Secret>,
    pub expires_at: DateTime<Utc>,
}

impl Invited {
    fn without_token(row: invitation::Model) -> Self {
        Self { id: row.id, email: row.email, role: row.role, token: None, expires_at: row.expires_at }
    }
}

/// One page of the members by name, and how many there are in all.
pub async fn page(
    app: &App,
    scope: CompanyScope,
    filter: &MemberFilter,
    offset: u64,
    limit: u64,
) -> Result<(Vec<Member>, u64)> {
    Ok(users::members(scope, app.db.reader(), filter, offset, limit).await?)
}

/// One page of the users of all companies by name, and how many there are: for the platform's administrator alone.
pub async fn of_platform(
    app: &App,
    filter: &UserFilter,
    offset: u64,
    limit: u64,
) -> Result<(Vec<UserOfPlatform>, u64)> {
    Ok(system::all_users(app.db.reader(), filter, offset, limit).await?)
}

pub async fn get(app: &App, scope: CompanyScope, id: UserId) -> Result<Member> {
    users::member(scope, app.db.reader(), id).await?.ok_or(Error::NotFound(Subject::User))
}

/// Invites somebody into the company; a request that is repeated invites him once. That he may have an account already is not
/// told; that he is a member is.
pub async fn invite(
    app: &App,
    scope: CompanyScope,
    by: &Caller,
    email: Email,
    role: Role,
    once: Option<Request>,
) -> Result<Invited> {
    let company = companies::own(scope, app.db.reader()).await?.ok_or(Error::NotFound(Subject::Company))?;
    let (row, token) = new_invitation(app, scope.company(), by.user, &email, role);
    let tx = app.db.begin().await?;
    if let Some(request) = &once
        && let Claim::Repeated(id) =
            idempotency::claim(scope, &tx, request, row.id.into(), app.clock.now()).await?
    {
        let made = invitations::by_id(scope, &tx, id.into()).await?;
        return made.map(Invited::without_token).ok_or(Error::NotFound(Subject::Invitation));
    }
    if users::is_member(scope, &tx, email.as_str()).await? {
        return Err(already());
    }
    let detail = json!({ "invitationId": row.id, "email": row.email, "role": role });
    invitations::insert(scope, &tx, row.clone()).await?;
    audit::note(app, scope, &tx, by.user, "users:invite", detail).await?;
    let invited = send_invitation(app, Some(scope), &tx, &company, row, token).await?;
    tx.commit().await?;
    app.mailer.wake();
    Ok(invited)
}

pub(super) fn already() -> Error {
    Error::conflict(Code::AlreadyMember, "Somebody with this address is in the company already.")
}

/// An invitation, and the token that accepts it.
pub(crate) fn new_invitation(
    app: &App,
    company: CompanyId,
    by: UserId,
    email: &Email,
    role: Role,
) -> (invitation::Model, Secret) {
    let (now, token) = (app.clock.now(), Secret::new(app.ids.token()));
    let row = invitation::Model {
        id: app.ids.next(),
        company_id: company,
        email: email.as_str().to_owned(),
        role,
        token_hash: tokens::hash(token.expose()),
        invited_by: by,
        created_at: now,
        expires_at: now + INVITATION_LIFE,
        accepted_at: None,
    };
    (row, token)
}

/// Posts the letter with the token where mail can be sent, else hands the token over. A company that is just being made has
/// no scope yet, and no mail server of its own.
pub(crate) async fn send_invitation(
    app: &App,
    scope: Option<CompanyScope>,
    tx: &Tx,
    company: &company::Model,
    row: invitation::Model,
    token: Secret,
) -> Result<Invited> {
    let mut invited = Invited::without_token(row.clone());
    let delivers = match scope {
        Some(scope) => smtp::delivers(app, scope, tx).await?,
        None => app.mailer.delivers(),
    };
    if delivers {
        let content = letters::invitation(company, &app.settings.public_url, &token);
        let to = Email::read(&row.email)?;
        mail::post(app, tx, Letter { from: Some(company.id), to, content, give_up_at: row.expires_at })
            .await?;
    } else {
        invited.token = Some(token);
    }
    Ok(invited)
}

/// What to change of a member; `None` leaves it.
#[derive(Clone, Debug, Default)]
pub struct MemberPatch {
    pub role: Option<Role>,
    pub name: Option<String>,
    /// Whether he may act in the company.
    pub admission: Option<Admission>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    Active,
    Banned,
}

/// Changes a member. One who becomes an agent gets what an agent needs; one who is banned is out at once, and stays a member.
///
/// # Errors
/// `OWN_ROLE` for who changes his own role or bans himself, `LAST_OWNER`, and `MEMBER_ELSEWHERE` for the name of somebody who
/// works for others too.
pub async fn change(
    app: &App,
    scope: CompanyScope,
    by: &Caller,
    id: UserId,
    patch: MemberPatch,
) -> Result<Member> {
    let mut unit = Unit::begin(app, scope).await?;
    let owners = users::lock_owners(scope, unit.tx()).await?;
    let member = users::member(scope, unit.tx(), id).await?.ok_or(Error::NotFound(Subject::User))?;
    let banned = patch.admission == Some(Admission::Banned);
    if id == by.user && (banned || patch.role.is_some_and(|role| role != member.membership.role)) {
        return Err(Error::conflict(Code::OwnRole, "Nobody changes his own role. Ask another owner."));
    }
    if banned || patch.role.is_some_and(|role| role != Role::Owner) {
        keep_an_owner(&owners, &member)?;
    }
    if let Some(role) = patch.role.filter(|role| *role != member.membership.role) {
        set_role(&unit, by, &member, role).await?;
    }
    if let Some(name) = patch.name.filter(|name| *name != member.user.name) {
        refuse_if_elsewhere(&unit, &member, by).await?;
        profile::set_name(app, unit.tx(), id, name).await?;
        let detail = json!({ "userId": id });
        audit::note(app, scope, unit.tx(), by.user, "users:rename", detail).await?;
    }
    match (patch.admission, member.membership.status) {
        (Some(Admission::Banned), MembershipStatus::Active) => {
            shut_out(&mut unit, by, &member, MembershipStatus::Banned).await?;
            let detail = json!({ "userId": id });
            audit::note(app, scope, unit.tx(), by.user, "users:ban", detail).await?;
        }
        (Some(Admission::Active), MembershipStatus::Banned) => {
            users::set_status(scope, unit.tx(), member.membership.id, MembershipStatus::Active).await?;
            let detail = json!({ "userId": id });
            audit::note(app, scope, unit.tx(), by.user, "users:admit", detail).await?;
        }
        (Some(Admission::Active | Admission::Banned) | None, _) => {}
    }
    unit.commit().await?;
    get(app, scope, id).await
}

async fn set_role(unit: &Unit, by: &Caller, member: &Member, role: Role) -> Result<()> {
    let (app, scope) = (unit.app(), unit.scope());
    users::set_role(scope, unit.tx(), member.membership.id, role).await?;
    if role == Role::Agent {
        let agent = register::new_agent(app, scope.company(), member.membership.id, &member.user.name);
        system::insert_agent_unless_there(unit.tx(), agent).await?;
    }
    let detail = json!({ "userId": member.user.id, "from": member.membership.role, "to": role });
    audit::note(app, scope, unit.tx(), by.user, "users:role", detail).await
}

/// What a person is himself, a company changes only as long as he is nobody else's.
pub(super) async fn refuse_if_elsewhere(unit: &Unit, member: &Member, by: &Caller) -> Result<()> {
    let elsewhere = system::companies_of(unit.tx(), member.user.id).await? > 1;
    if !elsewhere || member.user.id == by.user {
        return Ok(());
    }
    let message = "This person works for others too: only he changes that.";
    Err(Error::conflict(Code::MemberElsewhere, message))
}

/// Removes a member: his sessions in this company end, and as an agent he gets no more offers. His name stays in what
/// he did.
pub async fn remove(app: &App, scope: CompanyScope, by: &Caller, id: UserId) -> Result<()> {
    let mut unit = Unit::begin(app, scope).await?;
    let owners = users::lock_owners(scope, unit.tx()).await?;
    let member = users::member(scope, unit.tx(), id).await?.ok_or(Error::NotFound(Subject::User))?;
    keep_an_owner(&owners, &member)?;
    shut_out(&mut unit, by, &member, MembershipStatus::Removed).await?;
    let detail = json!({ "userId": id, "role": member.membership.role });
    audit::note(app, scope, unit.tx(), by.user, "users:remove", detail).await?;
    unit.commit().await
}

/// Takes a removed member back, in the role that he had.
pub async fn restore(app: &App, scope: CompanyScope, by: &Caller, id: UserId) -> Result<Member> {
    let unit = Unit::begin(app, scope).await?;
    let found = users::removed_member(scope, unit.tx(), id).await?;
    let member = found.ok_or(Error::NotFound(Subject::User))?;
    let membership = &member.membership;
    users::set_status(scope, unit.tx(), membership.id, MembershipStatus::Active).await?;
    if membership.role == Role::Agent {
        let agent = register::new_agent(app, scope.company(), membership.id, &member.user.name);
        system::insert_agent_unless_there(unit.tx(), agent).await?;
    }
    let detail = json!({ "userId": id, "role": membership.role });
    audit::note(app, scope, unit.tx(), by.user, "users:restore", detail).await?;
    unit.commit().await?;
    get(app, scope, id).await
}

/// Ends a member's sessions in this company, and takes him off the air.
async fn shut_out(unit: &mut Unit, by: &Caller, member: &Member, status: MembershipStatus) -> Result<()> {
    let (scope, membership) = (unit.scope(), member.membership.id);
    users::set_status(scope, unit.tx(), membership, status).await?;
    let his = Sessions::OfMembership(membership);
    sessions::revoke(unit.tx(), his, RevokedBecause::Administrator, unit.now()).await?;
    if let Some(agent) = agents::lock_of_membership(scope, unit.tx(), membership).await? {
        send_home(unit, agent.id, by.user).await?;
    }
    Ok(())
}

fn keep_an_owner(owners: &[entity::membership::Model], member: &Member) -> Result<()> {
    match owners {
        [last] if last.id == member.membership.id => {
            Err(Error::conflict(Code::LastOwner, "A company keeps at least one owner."))
        }
        _ => Ok(()),
    }
}

/// Takes an agent off the air, so that routing offers it nothing more.
pub(crate) async fn send_home(unit: &mut Unit, agent: AgentId, by: UserId) -> Result<()> {
    let offline = Wanted { availability: Availability::Offline, reason: None };
    let why = Why { because: ChangeCause::MemberRemoved, by: Some(by) };
    crate::agents::change(unit, agent, Step::Now(offline), why).await?;
    Ok(())
}
