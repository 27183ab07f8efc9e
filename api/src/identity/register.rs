//! Registration: a new user, alone, with a new company of his own, or into the company that invited him. Nobody learns
//! by it whether an address is known: the answer is the same and so is the work. Who registers chooses neither a role
//! nor a company: a founder owns, an invited one gets the role of the invitation.

use entity::id::{CompanyId, UserId};
use entity::{
    Availability, MembershipStatus, Reach, Role, UserStatus, agent, company, invitation, membership, user,
};

use super::email::Email;
use super::passwords::{self, Verdict};
use super::tokens;
use crate::app::App;
use crate::error::{Error, Result, Subject};
use crate::secret::Secret;
use crate::store::{Tx, system, users};

pub struct Registration {
    pub email: Email,
    pub password: Secret,
    pub name: String,
    pub joining: Joining,
}

/// What company the new user gets.
pub enum Joining {
    None,
    /// A new one of this name, as its owner.
    Founding(String),
    /// The one that sent this token.
    Invited(Secret),
}

/// Registers, or, for somebody who is known and has sent his password, adds the company to what he has. Anything else
/// about a known address is silently left alone.
///
/// # Errors
/// `NotFound(Invitation)` for a token that is wrong, spent, too old, or was sent to another address.
pub async fn register(app: &App, registration: Registration) -> Result<()> {
    let Registration { email, password, name, joining } = registration;
    let joining = match joining {
        Joining::None => Join::Nothing,
        Joining::Founding(company) => Join::Found(company),
        Joining::Invited(token) => Join::Accept(invitation(app, &token, &email).await?),
    };
    let user = match users::by_email(app.db.reader(), email.as_str()).await? {
        Some(known) => {
            let verdict = passwords::verify(password, Some(known.password_hash.clone())).await?;
            if verdict == Verdict::Wrong || known.status != UserStatus::Active {
                return Ok(());
            }
            Registrant::Known(known)
        }
        None => Registrant::New(new_user(app, &email, name, passwords::hash(password).await?)),
    };
    let tx = app.db.begin().await?;
    let user = match user {
        Registrant::Known(user) => user,
        Registrant::New(user) => {
            // Somebody else was faster with the same address.
            if !users::insert_unless_known(&tx, user.clone()).await? {
                return Ok(());
            }
            user
        }
    };
    match joining {
        Join::Nothing => {}
        Join::Found(name) => {
            found_company(app, &tx, &user, name).await?;
        }
        Join::Accept(invitation) => {
            if !system::accept_invitation(&tx, invitation.id, app.clock.now()).await? {
                return Err(Error::NotFound(Subject::Invitation));
            }
            join(app, &tx, &user, invitation.company_id, invitation.role).await?;
        }
    }
    tx.commit().await?;
    Ok(())
}

enum Registrant {
    Known(user::Model),
    New(user::Model),
}

enum Join {
    Nothing,
    Found(String),
    Accept(invitation::Model),
}

async fn invitation(app: &App, token: &Secret, email: &Email) -> Result<invitation::Model> {
    let found =
        system::open_invitation(app.db.reader(), &tokens::hash(token.expose()), app.clock.now()).await?;
    found.filter(|invitation| invitation.email == email.as_str()).ok_or(Error::NotFound(Subject::Invitation))
}

fn new_user(app: &App, email: &Email, name: String, password_hash: String) -> user::Model {
    let now = app.clock.now();
    user::Model {
        id: app.ids.next(),
        email: email.as_str().to_owned(),
        name,
        password_hash,
        platform_role: None,
        status: UserStatus::Active,
        created_at: now,
        updated_at: now,
    }
}

/// A new company with `owner` in it.
pub async fn found_company(app: &App, tx: &Tx, owner: &user::Model, name: String) -> Result<CompanyId> {
    let company = company::Model {
        id: app.ids.next(),
        name,
        time_zone: "UTC".to_owned(),
        language: "en-US".to_owned(),
        demo: false,
        twilio_account_sid: None,
        twilio_auth_token_sealed: None,
        tell_agents_of_supervision: true,
        created_at: app.clock.now(),
    };
    let id = company.id;
    system::insert_company(tx, company).await?;
    join(app, tx, owner, id, Role::Owner).await?;
    Ok(id)
}

/// Makes `user` a member; one who was removed comes back in the new role, one who is there stays as he is.
async fn join(app: &App, tx: &Tx, user: &user::Model, company: CompanyId, role: Role) -> Result<()> {
    let id = match system::membership_in(tx, company, user.id).await? {
        Some(there) if there.status == MembershipStatus::Active => return Ok(()),
        Some(removed) => {
            system::revive_membership(tx, removed.id, role).await?;
            removed.id
        }
        None => {
            let member = new_membership(app, user.id, company, role);
            let id = member.id;
            system::insert_membership(tx, member).await?;
            id
        }
    };
    match role {
        Role::Agent => system::insert_agent_unless_there(tx, new_agent(app, company, id, &user.name)).await?,
        Role::Owner | Role::Manager => {}
    }
    Ok(())
}

fn new_membership(app: &App, user: UserId, company: CompanyId, role: Role) -> membership::Model {
    membership::Model {
        id: app.ids.next(),
        company_id: company,
        user_id: user,
        role,
        status: MembershipStatus::Active,
        created_at: app.clock.now(),
    }
}

/// The agent that a member with the role agent is: at a browser, offline, one call at a time.
pub fn new_agent(
    app: &App,
    company: CompanyId,
    membership: entity::id::MembershipId,
    name: &str,
) -> agent::Model {
    agent::Model {
        id: app.ids.next(),
        company_id: company,
        membership_id: membership,
        name: name.to_owned(),
        reach: Reach::Browser,
        number: None,
        capacity: 1,
        availability: Availability::Offline,
        availability_reason: None,
        available_since: app.clock.now(),
        not_responding_since: None,
        heartbeat_at: None,
        last_offered_at: None,
        last_call_ended_at: None,
        calls_handled: 0,
        talk_ms: 0,
        next_availability: None,
        next_reason: None,
        next_asked_by: None,
        may_pick: false,
        removed_at: None,
    }
}
