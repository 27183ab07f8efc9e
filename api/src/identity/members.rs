//! The people of a company: inviting, changing a role, removing. A company always keeps an owner.

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{AgentId, InvitationId, UserId};
use entity::{Availability, ChangeCause, CompanyScope, MembershipStatus, RevokedBecause, Role, invitation};
use serde_json::json;

use super::caller::Caller;
use super::email::Email;
use super::{audit, register, tokens};
use crate::agents::{Step, Wanted, Why};
use crate::app::App;
use crate::error::{Error, Result, Subject};
use crate::outbound::mail::{self, Letter, letters};
use crate::secret::Secret;
use crate::store::sessions::{self, Sessions};
use crate::store::unit::Unit;
use crate::store::users::{self, Member};
use crate::store::{agents, companies, invitations, system};

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

/// One page of the members by name, and how many there are in all.
pub async fn page(app: &App, scope: CompanyScope, offset: u64, limit: u64) -> Result<(Vec<Member>, u64)> {
    Ok(users::members(scope, app.db.reader(), offset, limit).await?)
}

pub async fn get(app: &App, scope: CompanyScope, id: UserId) -> Result<Member> {
    users::member(scope, app.db.reader(), id).await?.ok_or(Error::NotFound(Subject::User))
}

/// Invites somebody into the company. That he may have an account already is not told; that he is a member is.
pub async fn invite(
    app: &App,
    scope: CompanyScope,
    by: &Caller,
    email: Email,
    role: Role,
) -> Result<Invited> {
    if users::is_member(scope, app.db.reader(), email.as_str()).await? {
        return Err(Error::conflict(
            "ALREADY_MEMBER",
            "Somebody with this address is in the company already.",
        ));
    }
    let (now, token) = (app.clock.now(), Secret::new(app.ids.token()));
    let row = invitation::Model {
        id: app.ids.next(),
        company_id: scope.company(),
        email: email.as_str().to_owned(),
        role,
        token_hash: tokens::hash(token.expose()),
        invited_by: by.user,
        created_at: now,
        expires_at: now + INVITATION_LIFE,
        accepted_at: None,
    };
    let company = companies::own(scope, app.db.reader()).await?.ok_or(Error::NotFound(Subject::Company))?;
    let content = letters::invitation(&company, &app.settings.public_url, &token);
    let mut invited =
        Invited { id: row.id, email: row.email.clone(), role, token: None, expires_at: row.expires_at };
    let tx = app.db.begin().await?;
    let detail = json!({ "invitationId": row.id, "email": row.email, "role": role });
    invitations::insert(scope, &tx, row).await?;
    audit::note(app, scope, &tx, by.user, "users:invite", detail).await?;
    if app.mailer.delivers() {
        mail::post(app, &tx, Letter { to: email, content, give_up_at: invited.expires_at }).await?;
    } else {
        invited.token = Some(token);
    }
    tx.commit().await?;
    app.mailer.wake();
    Ok(invited)
}

/// Gives a member another role; one who becomes an agent gets what an agent needs.
pub async fn change_role(
    app: &App,
    scope: CompanyScope,
    by: &Caller,
    id: UserId,
    role: Role,
) -> Result<Member> {
    let unit = Unit::begin(app, scope).await?;
    let owners = users::lock_owners(scope, unit.tx()).await?;
    let member = users::member(scope, unit.tx(), id).await?.ok_or(Error::NotFound(Subject::User))?;
    if role != Role::Owner {
        keep_an_owner(&owners, &member)?;
    }
    users::set_role(scope, unit.tx(), member.membership.id, role).await?;
    if role == Role::Agent {
        let agent = register::new_agent(app, scope.company(), member.membership.id, &member.user.name);
        system::insert_agent_unless_there(unit.tx(), agent).await?;
    }
    let detail = json!({ "userId": id, "from": member.membership.role, "to": role });
    audit::note(app, scope, unit.tx(), by.user, "users:role", detail).await?;
    unit.commit().await?;
    get(app, scope, id).await
}

/// Removes a member: his sessions in this company end, and as an agent he gets no more offers. His name stays in what
/// he did.
pub async fn remove(app: &App, scope: CompanyScope, by: &Caller, id: UserId) -> Result<()> {
    let mut unit = Unit::begin(app, scope).await?;
    let owners = users::lock_owners(scope, unit.tx()).await?;
    let member = users::member(scope, unit.tx(), id).await?.ok_or(Error::NotFound(Subject::User))?;
    keep_an_owner(&owners, &member)?;
    let membership = member.membership.id;
    users::set_status(scope, unit.tx(), membership, MembershipStatus::Removed).await?;
    sessions::revoke(
        unit.tx(),
        Sessions::OfMembership(membership),
        RevokedBecause::Administrator,
        unit.now(),
    )
    .await?;
    if let Some(agent) = agents::lock_of_membership(scope, unit.tx(), membership).await? {
        send_home(&mut unit, agent.id, by.user).await?;
    }
    let detail = json!({ "userId": id, "role": member.membership.role });
    audit::note(app, scope, unit.tx(), by.user, "users:remove", detail).await?;
    unit.commit().await
}

fn keep_an_owner(owners: &[entity::membership::Model], member: &Member) -> Result<()> {
    match owners {
        [last] if last.id == member.membership.id => {
            Err(Error::conflict("LAST_OWNER", "A company keeps at least one owner."))
        }
        _ => Ok(()),
    }
}

/// Takes an agent off the air, so that routing offers it nothing more.
async fn send_home(unit: &mut Unit, agent: AgentId, by: UserId) -> Result<()> {
    let offline = Wanted { availability: Availability::Offline, reason: None };
    let why = Why { because: ChangeCause::MemberRemoved, by: Some(by) };
    crate::agents::change(unit, agent, Step::Now(offline), why).await?;
    Ok(())
}
