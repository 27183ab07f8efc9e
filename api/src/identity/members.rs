//! The people of a company: changing, removing, taking back. A company always keeps an owner.

use entity::id::{AgentId, UserId};
use entity::{Availability, ChangeCause, CompanyScope, MembershipStatus, RevokedBecause, Role};
use serde_json::json;

use super::caller::Caller;
use super::{audit, profile, register};
use crate::agents::{Step, Wanted, Why};
use crate::app::App;
use crate::error::{Code, Error, Result, Subject};
use crate::store::sessions::{self, Sessions};
use crate::store::system::{UserFilter, UserOfPlatform};
use crate::store::unit::Unit;
use crate::store::users::{self, Member, MemberFilter};
use crate::store::{agents, system};

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
