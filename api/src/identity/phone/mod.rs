//! Signing in by telephone number. Whoever has the code that was sent to a number acts as the account that has the number;
//! where none has, one is made, and its profile is completed by its owner. Whether there is one is learnt by nobody else:
//! a code is sent to any number, and every wrong code is answered alike.
//!
//! A number opens an account as its password does, so the second factor is asked for in the same way.

pub mod codes;

use entity::UserStatus;
use entity::user;
use sea_orm::{Set, SqlErr};
use serde_json::json;

use super::caller::{Caller, Standing};
use super::number::Number;
use super::profile::{self, Profile};
use super::sessions::{self, SignedIn};
use super::{audit, password_links, second_factor};
use crate::app::App;
use crate::error::{Code, Error, Result, Subject};
use crate::metrics::PhoneCode;
use crate::platform;
use crate::secret::Secret;
use crate::store::{Tx, system, users};
use crate::words::Words;

const WRONG: Error = Error::Unauthorized {
    code: Code::PhoneCodeInvalid,
    message: "The code is wrong, was used, or is too old. Ask for a new one.",
};

/// Somebody who has a code.
pub struct Comer {
    pub number: Number,
    pub code: Secret,
    /// Of the second factor, where the account has one.
    pub second_factor: Option<String>,
    /// What he is called, if he is new.
    pub name: Option<String>,
}

/// A sign-in by number.
#[derive(Debug)]
pub struct Entered {
    pub signed_in: SignedIn,
    /// The account was made by it.
    pub is_new: bool,
}

/// Signs in with a code. It is spent by that and not before, so that whoever is asked for his second factor sends it again.
///
/// # Errors
/// One and the same for a wrong code, one that is burnt, spent or too old, a number to which none was sent, and a banned
/// user; `MFA_REQUIRED` and `MFA_CODE_INVALID` once the code is right; `REGISTRATION_CLOSED` for a new number that nobody
/// has invited, where registration is closed; `TooOften` after fifty wrong ones from where the client is.
pub async fn sign_in(app: &App, comer: Comer) -> Result<Entered> {
    let Comer { number, code, second_factor, name } = comer;
    let proof = codes::check(app, &number, &code, WRONG).await?;
    let known = known(app, &number, second_factor.as_deref(), WRONG).await?;
    let tx = app.db.begin().await?;
    codes::spend(&tx, &proof, WRONG).await?;
    let entered = enter(app, tx, Entrant { number, name, known }).await?;
    app.metrics.phone_code(PhoneCode::Verified);
    Ok(entered)
}

/// Whose number it is, when he may act and has shown his second factor.
pub(super) async fn known(
    app: &App,
    number: &Number,
    second_factor: Option<&str>,
    wrong: Error,
) -> Result<Option<user::Model>> {
    let Some(user) = users::by_phone_number(app.db.reader(), number.as_str()).await? else { return Ok(None) };
    if user.status != UserStatus::Active {
        return Err(wrong);
    }
    second_factor::demand(app, &user, second_factor).await?;
    Ok(Some(user))
}

/// Who has proved that the number is his.
pub(super) struct Entrant {
    pub number: Number,
    pub name: Option<String>,
    pub known: Option<user::Model>,
}

/// Opens a session of his, in an account that is made if he has none.
pub(super) async fn enter(app: &App, tx: Tx, entrant: Entrant) -> Result<Entered> {
    let Entrant { number, name, known } = entrant;
    let (user, is_new) = match known {
        Some(user) => (user, false),
        None => found(app, &tx, &number).await?,
    };
    if let Some(name) = name.filter(|_| user.name.is_empty()) {
        profile::set_name(app, &tx, user.id, name).await?;
    }
    let tokens = sessions::enter(app, &tx, &user).await?;
    tx.commit().await?;
    Ok(Entered { signed_in: sessions::signed_in(app, tokens).await?, is_new })
}

/// The account of a number that has none yet.
async fn found(app: &App, tx: &Tx, number: &Number) -> Result<(user::Model, bool)> {
    let now = app.clock.now();
    let open = platform::settings(tx).await?.open_registration;
    if !open && !system::is_number_invited(tx, number.as_str(), now).await? {
        return Err(Error::conflict(
            Code::RegistrationClosed,
            "Nobody can register on this platform without an invitation.",
        ));
    }
    let fresh = user::Model {
        phone_number: Some(number.as_str().to_owned()),
        ..user::Model::begun(app.ids.next(), String::new(), None, now)
    };
    if users::insert_unless_known(tx, fresh.clone()).await? {
        return Ok((fresh, true));
    }
    // He was faster elsewhere.
    let known = users::by_phone_number(tx, number.as_str()).await?;
    known.filter(|user| user.status == UserStatus::Active).map(|user| (user, false)).ok_or(WRONG)
}

/// Ties a number to the caller's account, in place of the one that it has. He is told by mail.
///
/// # Errors
/// 422 for a wrong code; `PHONE_NUMBER_IN_USE` when the number is another account's.
pub async fn link(
    app: &App,
    caller: &Caller,
    number: Number,
    code: &Secret,
    words: Words,
) -> Result<Profile> {
    let wrong = || Error::invalid("/code", "is wrong, was used, or is too old");
    let proof = codes::check(app, &number, code, wrong()).await?;
    let tx = app.db.begin().await?;
    codes::spend(&tx, &proof, wrong()).await?;
    let user = users::by_id(&tx, caller.user).await?.ok_or(Error::NotFound(Subject::User))?;
    let in_use = || {
        Error::conflict(
            Code::PhoneNumberInUse,
            "This number belongs to another account. Sign in with it there.",
        )
    };
    let owner = users::by_phone_number(&tx, number.as_str()).await?;
    if owner.is_some_and(|owner| owner.id != caller.user) {
        return Err(in_use());
    }
    let changes = user::ActiveModel {
        phone_number: Set(Some(number.as_str().to_owned())),
        updated_at: Set(app.clock.now()),
        ..Default::default()
    };
    users::update(&tx, caller.user, changes).await.map_err(|error| match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => in_use(),
        _ => error.into(),
    })?;
    note(app, &tx, caller, "phone:link").await?;
    password_links::tell_number_linked(app, &tx, &user, words).await?;
    tx.commit().await?;
    app.mailer.wake();
    app.metrics.phone_code(PhoneCode::Verified);
    profile::of(app, caller).await
}

/// Takes the number from the caller's account.
///
/// # Errors
/// `PHONE_NUMBER_NEEDED` when he has no other way to sign in.
pub async fn unlink(app: &App, caller: &Caller) -> Result<()> {
    let tx = app.db.begin().await?;
    let user = users::by_id(&tx, caller.user).await?.ok_or(Error::NotFound(Subject::User))?;
    if user.email.is_none() {
        return Err(Error::conflict(
            Code::PhoneNumberNeeded,
            "You sign in with this number alone. Without it nobody could open your account.",
        ));
    }
    let changes =
        user::ActiveModel { phone_number: Set(None), updated_at: Set(app.clock.now()), ..Default::default() };
    users::update(&tx, caller.user, changes).await?;
    note(app, &tx, caller, "phone:unlink").await?;
    Ok(tx.commit().await?)
}

async fn note(app: &App, tx: &Tx, caller: &Caller, action: &str) -> Result<()> {
    if let Standing::Member { company, .. } = caller.standing {
        let detail = json!({ "userId": caller.user });
        audit::note_joining(app, tx, company, caller.user, action, detail).await?;
    }
    Ok(())
}
