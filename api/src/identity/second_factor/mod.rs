//! The second factor at signing in: a code from the person's device, or one of ten that he has written down. A code is good
//! once. The secret is sealed, the written codes are stored as their hashes.

pub mod totp;

use entity::id::UserId;
use entity::{CompanyScope, second_factor, user};
use serde_json::json;

use super::caller::{Caller, Standing};
use super::{audit, members, tokens};
use crate::app::App;
use crate::error::{Code, Error, Result, Subject};
use crate::limits::SECOND_FACTOR;
use crate::sealed;
use crate::secret::Secret;
use crate::store::{Tx, Unit, second_factors, system, users};

/// So many codes are written down.
const RECOVERY_CODES: usize = 10;

const WANTED: Error = Error::Unauthorized {
    code: Code::MfaRequired,
    message: "That is right. Send a code of the second factor with it.",
};
const WRONG: Error =
    Error::Unauthorized { code: Code::MfaCodeInvalid, message: "The code is wrong, or was used before." };

/// What an authenticator is to be told, once.
pub struct Begun {
    /// In base32, for who cannot read the square code.
    pub secret: Secret,
    pub url: Secret,
}

/// Begins a second factor: it is asked for once it is confirmed. One that was begun before is forgotten.
///
/// # Errors
/// `MFA_ON` when there is one: it is ended first.
pub async fn begin(app: &App, caller: &Caller) -> Result<Begun> {
    let user = users::by_id(app.db.reader(), caller.user).await?.ok_or(Error::NotFound(Subject::User))?;
    let secret: [u8; 20] = app.ids.random();
    let row = second_factor::Model {
        user_id: user.id,
        secret_sealed: sealed::seal(&app.keys, &about(user.id), &Secret::new(hex::encode(secret)))?,
        created_at: app.clock.now(),
        confirmed_at: None,
        last_step: 0,
    };
    let tx = app.db.begin().await?;
    if !second_factors::begin(&tx, row).await? {
        return Err(Error::conflict(
            Code::MfaOn,
            "You have a second factor. End it before you begin another.",
        ));
    }
    tx.commit().await?;
    let label = user.email.as_deref().or(user.phone_number.as_deref()).unwrap_or_default();
    let url = Secret::new(totp::url(&secret, label));
    Ok(Begun { secret: Secret::new(totp::base32(&secret)), url })
}

/// Confirms the one that was begun, by its first code. Answers the codes to be written down, which are nowhere else.
pub async fn confirm(app: &App, caller: &Caller, code: &str) -> Result<Vec<Secret>> {
    let factor = of(app, caller.user).await?;
    if factor.confirmed_at.is_some() {
        return Err(Error::conflict(Code::MfaOn, "The second factor is confirmed already."));
    }
    let codes: Vec<_> = (0..RECOVERY_CODES).map(|_| recovery_code(app)).collect();
    let hashes = codes.iter().map(|code| hash(caller.user, code.expose())).collect();
    throttled(app, caller.user).await?;
    let tx = app.db.begin().await?;
    if !spend_code(app, &tx, &factor, code).await? {
        drop(tx);
        return wrong(app, caller.user, Error::invalid("/code", "is wrong, or was used before")).await;
    }
    if !second_factors::confirm(&tx, caller.user, app.clock.now()).await? {
        return Err(Error::conflict(Code::MfaOn, "The second factor is confirmed already."));
    }
    second_factors::set_recovery_codes(&tx, caller.user, hashes).await?;
    note(app, &tx, caller, "mfa:on").await?;
    tx.commit().await?;
    app.limiter.forget(SECOND_FACTOR, &caller.user.to_string()).await;
    Ok(codes)
}

/// Ends one's own second factor, by a code of it or one that was written down.
pub async fn end(app: &App, caller: &Caller, code: &str) -> Result<()> {
    let factor = of(app, caller.user).await?;
    throttled(app, caller.user).await?;
    let tx = app.db.begin().await?;
    if !spend(app, &tx, &factor, code).await? {
        drop(tx);
        return wrong(app, caller.user, Error::invalid("code", "is wrong, or was used before")).await;
    }
    second_factors::remove(&tx, caller.user).await?;
    note(app, &tx, caller, "mfa:off").await?;
    tx.commit().await?;
    app.limiter.forget(SECOND_FACTOR, &caller.user.to_string()).await;
    Ok(())
}

/// Ends a member's, who has lost his device and his codes. One who works for others too keeps it: it guards them as well.
pub async fn reset(app: &App, scope: CompanyScope, by: &Caller, id: UserId) -> Result<()> {
    let unit = Unit::begin(app, scope).await?;
    let member = users::member(unit.scope(), unit.tx(), id).await?.ok_or(Error::NotFound(Subject::User))?;
    members::refuse_if_elsewhere(&unit, &member, by).await?;
    second_factors::remove(unit.tx(), id).await?;
    audit::note(app, unit.scope(), unit.tx(), by.user, "mfa:reset", json!({ "userId": id })).await?;
    unit.commit().await
}

/// Asks somebody whose password is right for his second factor, if he has one.
pub(super) async fn demand(app: &App, user: &user::Model, code: Option<&str>) -> Result<()> {
    let Some(factor) = second_factors::of(app.db.reader(), user.id).await? else { return Ok(()) };
    if factor.confirmed_at.is_none() {
        return Ok(());
    }
    let code = code.ok_or(WANTED)?;
    throttled(app, user.id).await?;
    let tx = app.db.begin().await?;
    if !spend(app, &tx, &factor, code).await? {
        drop(tx);
        return wrong(app, user.id, WRONG).await;
    }
    tx.commit().await?;
    app.limiter.forget(SECOND_FACTOR, &user.id.to_string()).await;
    Ok(())
}

async fn of(app: &App, user: UserId) -> Result<second_factor::Model> {
    second_factors::of(app.db.reader(), user).await?.ok_or(Error::NotFound(Subject::SecondFactor))
}

async fn throttled(app: &App, user: UserId) -> Result<()> {
    app.limiter.check(SECOND_FACTOR, &user.to_string(), app.clock.now()).await
}

async fn wrong<T>(app: &App, user: UserId, error: Error) -> Result<T> {
    app.limiter.count(SECOND_FACTOR, &user.to_string(), app.clock.now()).await;
    Err(error)
}

/// Spends a code of the device, or one that was written down.
async fn spend(app: &App, tx: &Tx, factor: &second_factor::Model, code: &str) -> Result<bool> {
    if spend_code(app, tx, factor, code).await? {
        return Ok(true);
    }
    let hash = hash(factor.user_id, code);
    Ok(second_factors::spend_recovery_code(tx, factor.user_id, &hash, app.clock.now()).await?)
}

async fn spend_code(app: &App, tx: &Tx, factor: &second_factor::Model, code: &str) -> Result<bool> {
    let sealed = sealed::open(&app.keys, &about(factor.user_id), &factor.secret_sealed)?;
    let secret =
        hex::decode(sealed.expose()).map_err(|cause| Error::internal("read a second factor", cause))?;
    match totp::step_of(&secret, code.trim(), app.clock.now()) {
        Some(step) => Ok(second_factors::spend_step(tx, factor.user_id, step).await?),
        None => Ok(false),
    }
}

async fn note(app: &App, tx: &Tx, caller: &Caller, action: &str) -> Result<()> {
    if let Standing::Member { company, .. } = caller.standing {
        let row = audit::line(app, company, caller.user, action, json!({ "userId": caller.user }));
        system::insert_audit(tx, row).await?;
    }
    Ok(())
}

/// 80 bits, in groups of four.
fn recovery_code(app: &App) -> Secret {
    let text = totp::base32(&app.ids.random::<10>()).to_lowercase();
    let groups: Vec<_> = (0..4).map(|group| &text[4 * group..4 * group + 4]).collect();
    Secret::new(groups.join("-"))
}

/// However it is typed.
fn hash(user: UserId, code: &str) -> String {
    let plain: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    tokens::hash(&format!("{user}:{}", plain.to_ascii_lowercase()))
}

pub(crate) fn about(user: UserId) -> String {
    format!("second_factor:{user}")
}
