//! Invitations into a company: to an address or to a number, by a token that is good for a week and once. Who has no
//! account registers with it, who has one accepts it when he is signed in.

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{CompanyId, InvitationId, UserId};
use entity::{CompanyScope, MessageChannel, MessagePurpose, Role, company, invitation};
use serde_json::json;

use super::caller::Caller;
use super::email::Email;
use super::number::Number;
use super::sessions::{self, SignedIn};
use super::{audit, register, tokens};
use crate::app::App;
use crate::error::{Code, Error, Result, Subject};
use crate::integrations::smtp;
use crate::limits::{INVITATION_MESSAGE, INVITED_OFTEN, PHONE_CODE};
use crate::outbound::mail::{self, Letter, letters};
use crate::outbound::sms::{self, Sender, Text};
use crate::secret::Secret;
use crate::store::idempotency::{self, Claim, Request};
use crate::store::users::{self, Contact};
use crate::store::{Tx, companies, invitations, outbound, system};

const LIFE: TimeDelta = TimeDelta::days(7);

/// Whom an invitation is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whom {
    Email(Email),
    Number(Number),
}

impl Whom {
    fn contact(&self) -> Contact<'_> {
        match self {
            Self::Email(email) => Contact::Email(email.as_str()),
            Self::Number(number) => Contact::PhoneNumber(number.as_str()),
        }
    }
}

/// An invitation. The token that accepts it is stored as its hash.
pub struct Invited {
    pub id: InvitationId,
    pub email: Option<String>,
    pub phone_number: Option<String>,
    pub role: Role,
    /// To be handed over by who invites, where nothing can be sent: otherwise it is in the mail or the message alone, so
    /// that who has it reads what is sent there.
    pub token: Option<Secret>,
    pub expires_at: DateTime<Utc>,
}

impl Invited {
    fn without_token(row: invitation::Model) -> Self {
        Self {
            id: row.id,
            email: row.email,
            phone_number: row.phone_number,
            role: row.role,
            token: None,
            expires_at: row.expires_at,
        }
    }
}

/// Invites somebody into the company; a request that is repeated invites him once. That he may have an account already is not
/// told; that he is a member is.
///
/// # Errors
/// `ALREADY_MEMBER`; `TooOften` for a company's second message to a number within a minute and its thirty-first in an hour,
/// for a number's sixth from anybody in an hour, and beyond what the platform's account sends in a day.
pub async fn invite(
    app: &App,
    scope: CompanyScope,
    by: &Caller,
    whom: Whom,
    role: Role,
    once: Option<Request>,
) -> Result<Invited> {
    let company = companies::own(scope, app.db.reader()).await?.ok_or(Error::NotFound(Subject::Company))?;
    let (row, token) = new(app, scope.company(), by.user, &whom, role);
    let tx = app.db.begin().await?;
    if let Some(request) = &once
        && let Claim::Repeated(id) =
            idempotency::claim(scope, &tx, request, row.id.into(), app.clock.now()).await?
    {
        let made = invitations::by_id(scope, &tx, id.into()).await?;
        return made.map(Invited::without_token).ok_or(Error::NotFound(Subject::Invitation));
    }
    if users::is_member(scope, &tx, whom.contact()).await? {
        return Err(already());
    }
    let detail = json!({
        "invitationId": row.id, "email": row.email, "phoneNumber": row.phone_number, "role": role
    });
    invitations::insert(scope, &tx, row.clone()).await?;
    audit::note(app, scope, &tx, by.user, "users:invite", detail).await?;
    let invited = match &whom {
        Whom::Email(_) => send_letter(app, Some(scope), &tx, &company, row, token).await?,
        Whom::Number(number) => match sender(app, scope, &tx, &company).await? {
            Some(sender) => {
                limit(app, scope, number, &sender).await?;
                send_message(app, &tx, &company, Message { row, token, number, sender }).await?
            }
            None => Invited { token: Some(token), ..Invited::without_token(row) },
        },
    };
    tx.commit().await?;
    app.mailer.wake();
    app.texter.wake();
    Ok(invited)
}

pub(super) fn already() -> Error {
    Error::conflict(Code::AlreadyMember, "Somebody with this address or number is in the company already.")
}

/// An invitation, and the token that accepts it.
pub(crate) fn new(
    app: &App,
    company: CompanyId,
    by: UserId,
    whom: &Whom,
    role: Role,
) -> (invitation::Model, Secret) {
    let (now, token) = (app.clock.now(), Secret::new(app.ids.token()));
    let (email, phone_number) = match whom {
        Whom::Email(email) => (Some(email.as_str().to_owned()), None),
        Whom::Number(number) => (None, Some(number.as_str().to_owned())),
    };
    let row = invitation::Model {
        id: app.ids.next(),
        company_id: company,
        email,
        phone_number,
        role,
        token_hash: tokens::hash(token.expose()),
        invited_by: by,
        created_at: now,
        expires_at: now + LIFE,
        accepted_at: None,
    };
    (row, token)
}

/// Posts the letter with the token where mail can be sent, else hands the token over. A company that is just being made has
/// no scope yet, and no mail server of its own.
pub(crate) async fn send_letter(
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
    match row.email.filter(|_| delivers) {
        Some(email) => {
            let content = letters::invitation(company, &app.settings.public_url, &token);
            let to = Email::read(&email)?;
            mail::post(app, tx, Letter { from: Some(company.id), to, content, give_up_at: row.expires_at })
                .await?;
        }
        None => invited.token = Some(token),
    }
    Ok(invited)
}

/// From where the company writes to somebody's number: its oldest number with its account, else the platform's.
async fn sender(app: &App, scope: CompanyScope, tx: &Tx, company: &company::Model) -> Result<Option<Sender>> {
    let own = app.providers.account(company).ok();
    let numbers = outbound::numbers(scope, tx).await?;
    let number = own.and_then(|own| numbers.into_iter().find(|number| number.account_sid == own.account_sid));
    if let Some(number) = number {
        return Ok(Some(Sender { account_sid: number.account_sid, address: number.number }));
    }
    Ok(sms::platform_sender(app, MessageChannel::Sms))
}

/// Counts a message. What comes twice under one key is sent once, and never comes here again. The company first: whoever
/// has used up his own must not use up what the number gets from others.
async fn limit(app: &App, scope: CompanyScope, to: &Number, sender: &Sender) -> Result<()> {
    let (now, company, limiter) = (app.clock.now(), scope.company(), &app.limiter);
    limiter.take(PHONE_CODE, &format!("{company}:{}", to.as_str()), now).await?;
    limiter.take(INVITATION_MESSAGE, &company.to_string(), now).await?;
    limiter.take(INVITED_OFTEN, to.as_str(), now).await?;
    if app.providers.platform().is_some_and(|account| account.account_sid == sender.account_sid) {
        limiter.take(app.limits.phone_codes, "all", now).await?;
    }
    Ok(())
}

struct Message<'a> {
    row: invitation::Model,
    token: Secret,
    number: &'a Number,
    sender: Sender,
}

async fn send_message(app: &App, tx: &Tx, company: &company::Model, message: Message<'_>) -> Result<Invited> {
    let Message { row, token, number, sender } = message;
    let text = Text {
        company: Some(company.id),
        purpose: MessagePurpose::Invitation,
        channel: MessageChannel::Sms,
        sender,
        to: number.clone(),
        content: sms::texts::invitation(company, &app.settings.public_url, &token),
        give_up_at: row.expires_at,
    };
    sms::post(app, tx, text).await?;
    Ok(Invited::without_token(row))
}

/// Accepts an invitation that was sent to the caller's own address or number, and opens a session of his in the company.
/// The present one stays as it is.
///
/// # Errors
/// `NotFound(Invitation)` for a token that is wrong, spent, too old, or was sent to somebody else; `PROFILE_INCOMPLETE` for
/// who has not said his name.
pub async fn accept(app: &App, caller: &Caller, token: &Secret) -> Result<SignedIn> {
    const GONE: Error = Error::NotFound(Subject::Invitation);
    let now = app.clock.now();
    let tx = app.db.begin().await?;
    let user = users::by_id(&tx, caller.user).await?.ok_or(Error::NotFound(Subject::User))?;
    let found = system::open_invitation(&tx, &tokens::hash(token.expose()), now).await?;
    let his = |invitation: &invitation::Model| match (&invitation.email, &invitation.phone_number) {
        (Some(_), None) => invitation.email == user.email,
        (None, Some(_)) => invitation.phone_number == user.phone_number,
        (None, None) | (Some(_), Some(_)) => false,
    };
    let invitation = found.filter(his).ok_or(GONE)?;
    if user.name.is_empty() {
        return Err(Error::conflict(Code::ProfileIncomplete, "Say your name first: complete your profile."));
    }
    if !system::accept_invitation(&tx, invitation.id, now).await? {
        return Err(GONE);
    }
    let company = invitation.company_id;
    register::join(app, &tx, &user, company, invitation.role).await?;
    let detail = json!({ "invitationId": invitation.id, "role": invitation.role });
    audit::note_joining(app, &tx, company, user.id, "users:join", detail).await?;
    tx.commit().await?;
    sessions::switch(app, caller, company).await
}
