//! Registration: a new user, alone, with a new company of his own, or into the company that invited him. Nobody learns
//! by it whether an address is known: the answer is the same and so is the work. Who registers chooses neither a role
//! nor a company: a founder owns, an invited one gets the role of the invitation.
//!
//! Without an invitation nothing comes of it until the address is proved: what is wanted is kept for a day, and a letter
//! with a token goes there. What the letter says depends on whether the address is known, and that only its owner reads
//! (docs/decisions/0011).

use chrono::TimeDelta;
use entity::id::{CompanyId, UserId};
use entity::{
    MembershipStatus, Role, UserStatus, agent, company, invitation, membership, registration, user,
};
use serde_json::json;

use super::audit;
use super::email::Email;
use super::passwords::{self, Verdict};
use super::tokens;
use crate::app::App;
use crate::companies::CompanyPatch;
use crate::error::{Code, Error, Result, Subject};
use crate::limits::REGISTRATION;
use crate::outbound::mail::{self, Letter, letters};
use crate::platform;
use crate::secret::Secret;
use crate::store::{Tx, registrations, system, users};
use crate::words::Words;

/// How long a registration can be confirmed.
const LIFE: TimeDelta = TimeDelta::hours(24);

pub struct Registration {
    pub email: Email,
    pub password: Secret,
    pub name: String,
    pub joining: Joining,
    /// In which the letter is written.
    pub words: Words,
}

/// What company the new user gets.
pub enum Joining {
    None,
    /// A new one of this name, as its owner.
    Founding(String),
    /// The one that sent this token.
    Invited(Secret),
}

/// Registers: with an invitation at once, otherwise once [`confirm`] is called with the token that is sent to the address.
///
/// # Errors
/// `NotFound(Invitation)` for an invitation's token that is wrong, spent, too old, or was sent to another address;
/// `Unavailable` without an invitation where no mail can be sent; `TooOften` after five of them for one address.
pub async fn register(app: &App, registration: Registration) -> Result<()> {
    let Registration { email, password, name, joining, words } = registration;
    match joining {
        Joining::None => ask(app, Wanted { email, password, name, company: None, words }).await,
        Joining::Founding(company) => {
            ask(app, Wanted { email, password, name, company: Some(company), words }).await
        }
        Joining::Invited(token) => accept(app, email, password, name, &token).await,
    }
}

/// A registration without an invitation.
struct Wanted {
    email: Email,
    password: Secret,
    name: String,
    company: Option<String>,
    words: Words,
}

/// Keeps what is wanted and writes to the address. A known one costs the same work as an unknown one.
async fn ask(app: &App, wanted: Wanted) -> Result<()> {
    let Wanted { email, password, name, company, words } = wanted;
    if !app.mailer.delivers() {
        return Err(Error::Unavailable {
            code: Code::RegistrationNeedsInvitation,
            message: "This server sends no mail, so nobody can register here without an invitation.",
        });
    }
    if !platform::settings(app.db.reader()).await?.open_registration {
        return Err(Error::conflict(
            Code::RegistrationClosed,
            "Nobody can register on this platform without an invitation.",
        ));
    }
    let now = app.clock.now();
    app.limiter.take(REGISTRATION, email.as_str(), now).await?;
    let password_hash = passwords::hash(password).await?;
    let known = users::by_email(app.db.reader(), email.as_str()).await?;
    let (token, public_url) = (Secret::new(app.ids.token()), &app.settings.public_url);
    let content = match (known, &company) {
        (None, _) => letters::confirm(words, public_url, &token),
        (Some(_), None) => letters::known_already(words),
        (Some(_), Some(_)) => letters::confirm_company(words, public_url, &token),
    };
    let pending = registration::Model {
        id: app.ids.next(),
        email: email.as_str().to_owned(),
        name,
        password_hash,
        company_name: company,
        token_hash: tokens::hash(token.expose()),
        created_at: now,
        expires_at: now + LIFE,
    };
    let letter = Letter { from: None, to: email, content, give_up_at: pending.expires_at };
    let tx = app.db.begin().await?;
    registrations::replace(&tx, pending).await?;
    mail::post(app, &tx, letter).await?;
    tx.commit().await?;
    app.mailer.wake();
    Ok(())
}

/// Makes what was registered. Whoever has the token reads the mail of the address: where that has an account by now, the
/// account stays as it is, with the password that it has, and gets the company.
///
/// # Errors
/// `NotFound(Registration)` for a token that is wrong, spent, replaced by a newer one, or too old.
pub async fn confirm(app: &App, token: &Secret) -> Result<()> {
    const GONE: Error = Error::NotFound(Subject::Registration);
    let now = app.clock.now();
    let tx = app.db.begin().await?;
    let pending = registrations::take(&tx, &tokens::hash(token.expose()), now).await?.ok_or(GONE)?;
    let fresh = new_user(app, pending.email.clone(), pending.name, pending.password_hash);
    let user = if users::insert_unless_known(&tx, fresh.clone()).await? {
        fresh
    } else {
        let known = users::by_email(&tx, &pending.email).await?;
        known.filter(|known| known.status == UserStatus::Active).ok_or(GONE)?
    };
    if let Some(name) = pending.company_name {
        let company = found_company(app, &tx, &user, name).await?;
        audit::note_joining(app, &tx, company, user.id, "companies:found", json!({ "companyId": company }))
            .await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Joins the company that invited: at once, since the invitation was sent to the address. Somebody who is known and sends
/// his password gets it beside those that he has; anything else about a known address is silently left alone.
async fn accept(app: &App, email: Email, password: Secret, name: String, token: &Secret) -> Result<()> {
    let invitation = invitation(app, token, &email).await?;
    let user = match users::by_email(app.db.reader(), email.as_str()).await? {
        Some(known) => {
            let verdict = passwords::verify(password, known.password_hash.clone()).await?;
            if verdict == Verdict::Wrong || known.status != UserStatus::Active {
                return Ok(());
            }
            Registrant::Known(known)
        }
        None => {
            let hash = passwords::hash(password).await?;
            Registrant::New(new_user(app, email.as_str().to_owned(), name, hash))
        }
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
    if !system::accept_invitation(&tx, invitation.id, app.clock.now()).await? {
        return Err(Error::NotFound(Subject::Invitation));
    }
    join(app, &tx, &user, invitation.company_id, invitation.role).await?;
    let detail = json!({ "invitationId": invitation.id, "role": invitation.role });
    audit::note_joining(app, &tx, invitation.company_id, user.id, "users:join", detail).await?;
    tx.commit().await?;
    Ok(())
}

enum Registrant {
    Known(user::Model),
    New(user::Model),
}

async fn invitation(app: &App, token: &Secret, email: &Email) -> Result<invitation::Model> {
    let found =
        system::open_invitation(app.db.reader(), &tokens::hash(token.expose()), app.clock.now()).await?;
    let his = |invitation: &invitation::Model| invitation.email.as_deref() == Some(email.as_str());
    found.filter(his).ok_or(Error::NotFound(Subject::Invitation))
}

pub(super) fn new_user(app: &App, email: String, name: String, password_hash: String) -> user::Model {
    let begun = user::Model::begun(app.ids.next(), name, Some(email), app.clock.now());
    user::Model { password_hash: Some(password_hash), ..begun }
}

/// A new company with `owner` in it.
pub async fn found_company(app: &App, tx: &Tx, owner: &user::Model, name: String) -> Result<CompanyId> {
    let wish = CompanyPatch { name: Some(name), ..CompanyPatch::default() };
    let company = new_company(app, tx, wish).await?;
    let id = company.id;
    system::insert_company(tx, company).await?;
    join(app, tx, owner, id, Role::Owner).await?;
    Ok(id)
}

/// What is not said in `wish` is as the platform's settings have it.
pub async fn new_company(app: &App, tx: &Tx, wish: CompanyPatch) -> Result<company::Model> {
    let defaults = platform::settings(tx).await?;
    Ok(company::Model {
        id: app.ids.next(),
        name: wish.name.unwrap_or_default(),
        time_zone: wish.time_zone.unwrap_or(defaults.default_time_zone),
        language: wish.language.unwrap_or(defaults.default_language),
        demo: false,
        twilio_account_sid: None,
        twilio_auth_token_sealed: None,
        tell_agents_of_supervision: true,
        report_settings: Default::default(),
        created_at: app.clock.now(),
    })
}

/// Makes `user` a member; one who was removed comes back in the new role, one who is there, banned or not, stays as he is.
pub(super) async fn join(
    app: &App,
    tx: &Tx,
    user: &user::Model,
    company: CompanyId,
    role: Role,
) -> Result<()> {
    let id = match system::membership_in(tx, company, user.id).await? {
        Some(there) if there.status != MembershipStatus::Removed => return Ok(()),
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
    agent::Model::begun(app.ids.next(), company, membership, name.to_owned(), app.clock.now())
}
