//! Links by which a person sets a password: when he has forgotten his, and when somebody has made him a member. A link is
//! good once and for a while; a newer one takes its place. Only its hash is stored.

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::UserId;
use entity::{RevokedBecause, UserStatus, password_link, user};
use sea_orm::Set;

use super::email::Email;
use super::{passwords, tokens};
use crate::app::App;
use crate::error::{Code, Error, Result, Subject};
use crate::limits::{FORGOTTEN, FORGOTTEN_OFTEN, SIGN_IN};
use crate::outbound::mail::{self, Content, Letter, letters};
use crate::secret::Secret;
use crate::store::sessions::{self, Sessions};
use crate::store::{Tx, password_links, users};
use crate::words::Words;

/// Of a link for who has forgotten his password.
const RESET: TimeDelta = TimeDelta::hours(1);
/// Of a link for a new member.
pub const WELCOME: TimeDelta = TimeDelta::days(7);
/// A letter about a changed password is of use for so long.
const NEWS: TimeDelta = TimeDelta::days(3);

/// Begins a link, in the transaction with what it is for. Answers its token, and until when it is good.
pub async fn begin(app: &App, tx: &Tx, user: UserId, life: TimeDelta) -> Result<(Secret, DateTime<Utc>)> {
    let (now, token) = (app.clock.now(), Secret::new(app.ids.token()));
    let until = now + life;
    let token_hash = tokens::hash(token.expose());
    let row = password_link::Model { user_id: user, token_hash, created_at: now, expires_at: until };
    password_links::replace(tx, row).await?;
    Ok((token, until))
}

/// Writes to an address whose password was forgotten. To one that has no account goes a letter too, which says so: the work
/// is the same, and who asked learns nothing.
///
/// # Errors
/// `Unavailable` where no mail can be sent; `TooOften` for a second one within a minute, or a sixth within an hour.
pub async fn forgot(app: &App, email: Email, words: Words) -> Result<()> {
    if !app.mailer.delivers() {
        return Err(Error::Unavailable {
            code: Code::PasswordResetNeedsMail,
            message: "This server sends no mail. Whoever runs it has to help.",
        });
    }
    let now = app.clock.now();
    app.limiter.take(FORGOTTEN, email.as_str(), now).await?;
    app.limiter.take(FORGOTTEN_OFTEN, email.as_str(), now).await?;
    let known = users::by_email(app.db.reader(), email.as_str()).await?;
    let tx = app.db.begin().await?;
    let content = match known.filter(|user| user.status == UserStatus::Active) {
        Some(user) => {
            let (token, _) = begin(app, &tx, user.id, RESET).await?;
            letters::reset(words, &app.settings.public_url, &token)
        }
        None => letters::nobody_to_reset(words),
    };
    mail::post(app, &tx, Letter { from: None, to: email, content, give_up_at: now + RESET }).await?;
    tx.commit().await?;
    app.mailer.wake();
    Ok(())
}

/// Sets a password by a link, and ends every session of the person: whoever knew the old password is out.
///
/// # Errors
/// `NotFound(PasswordLink)` for a token that is wrong, spent, replaced by a newer one, or too old.
pub async fn reset(app: &App, token: &Secret, password: Secret, words: Words) -> Result<()> {
    const GONE: Error = Error::NotFound(Subject::PasswordLink);
    let now = app.clock.now();
    let password_hash = passwords::hash(password).await?;
    let tx = app.db.begin().await?;
    let link = password_links::take(&tx, &tokens::hash(token.expose()), now).await?.ok_or(GONE)?;
    let user = users::by_id(&tx, link.user_id).await?.filter(|user| user.status == UserStatus::Active);
    let user = user.ok_or(GONE)?;
    let changes = user::ActiveModel {
        password_hash: Set(Some(password_hash)),
        updated_at: Set(now),
        ..Default::default()
    };
    users::update(&tx, user.id, changes).await?;
    sessions::revoke(&tx, Sessions::AllOf(user.id), RevokedBecause::PasswordReset, now).await?;
    tell_changed(app, &tx, &user, words).await?;
    tx.commit().await?;
    app.mailer.wake();
    if let Some(email) = &user.email {
        app.limiter.forget(SIGN_IN, email).await;
    }
    Ok(())
}

/// A letter says that the password was changed; call [`mail::Mailer::wake`] when that is committed.
pub(super) async fn tell_changed(app: &App, tx: &Tx, user: &user::Model, words: Words) -> Result<()> {
    tell(app, tx, user, letters::password_changed(words)).await
}

/// The same of a number by which the account can be opened from now on.
pub(super) async fn tell_number_linked(app: &App, tx: &Tx, user: &user::Model, words: Words) -> Result<()> {
    tell(app, tx, user, letters::number_linked(words)).await
}

async fn tell(app: &App, tx: &Tx, user: &user::Model, content: Content) -> Result<()> {
    let Some(email) = user.email.as_deref().filter(|_| app.mailer.delivers()) else { return Ok(()) };
    let to = Email::read(email)?;
    mail::post(app, tx, Letter { from: None, to, content, give_up_at: app.clock.now() + NEWS }).await
}
