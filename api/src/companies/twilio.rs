//! A company's own account at Twilio: tried when it is saved, sealed, and never shown again.

use entity::id::UserId;
use entity::{CallKind, CompanyScope, call, company, voice_key};
use sea_orm::Set;
use serde_json::json;
use twilio::rest::{ACTIVE, Credentials};

use crate::app::App;
use crate::config::TwilioAccount;
use crate::error::{Code, Error, FieldError, Result, Subject};
use crate::identity::audit;
use crate::providers::{about_token, refuses_credentials, unavailable};
use crate::sealed;
use crate::secret::Secret;
use crate::store::{Unit, calls, companies, one_each, phone_numbers};

/// What is to be the company's account.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub account_sid: String,
    /// The one that there is, when none is given.
    pub auth_token: Option<Secret>,
    /// Without one, agents get no tokens for their browsers.
    pub key: Option<WantedKey>,
}

#[derive(Clone, Debug)]
pub struct WantedKey {
    pub sid: String,
    /// The one that there is, when none is given.
    pub secret: Option<Secret>,
    pub application_sid: String,
}

/// What may be seen of an account.
#[derive(Clone, Debug)]
pub struct Shown {
    pub account_sid: String,
    pub key: Option<voice_key::Model>,
}

pub async fn get(app: &App, scope: CompanyScope) -> Result<Shown> {
    let company = company(companies::own(scope, app.db.reader()).await?)?;
    let account_sid = company.twilio_account_sid.ok_or(Error::NotFound(Subject::TwilioAccount))?;
    Ok(Shown { account_sid, key: one_each::get::<voice_key::Entity>(scope, app.db.reader()).await? })
}

/// Puts it in place of the one before, if Twilio knows it. Who did is in the audit.
///
/// # Errors
/// 422 with every field that is wrong or that Twilio refuses; `PROVIDER_UNAVAILABLE`; `NUMBERS_OF_OTHER_ACCOUNT` while
/// the company has numbers of another account, `CALLS_UNDER_WAY` while calls are made with another.
pub async fn put(app: &App, scope: CompanyScope, by: UserId, wanted: Wanted) -> Result<Shown> {
    check(&wanted)?;
    let before = company(companies::own(scope, app.db.reader()).await?)?;
    let account = account(app, &before, &wanted)?;
    let old_key = one_each::get::<voice_key::Entity>(scope, app.db.reader()).await?;
    let key = match &wanted.key {
        Some(key) => Some((key, secret_of(app, scope, key, old_key.as_ref())?)),
        None => None,
    };
    try_out(app, &account, key.as_ref().map(|(key, secret)| (key.sid.as_str(), secret))).await?;

    let unit = Unit::begin(app, scope).await?;
    let now = company(companies::lock(scope, unit.tx()).await?)?;
    if now.twilio_account_sid.as_ref() != Some(&account.account_sid) {
        refuse_if_used(&unit, Some(&account.account_sid)).await?;
    }
    let row = company::ActiveModel {
        twilio_account_sid: Set(Some(account.account_sid.clone())),
        twilio_auth_token_sealed: Set(Some(sealed::seal(
            &app.keys,
            &about_token(scope.company()),
            &account.auth_token,
        )?)),
        ..Default::default()
    };
    companies::change(scope, unit.tx(), row).await?;
    let key = match key {
        Some((key, secret)) => Some(voice_key::Model {
            company_id: scope.company(),
            key_sid: key.sid.clone(),
            secret_sealed: sealed::seal(&app.keys, &about_secret(scope), &secret)?,
            application_sid: key.application_sid.clone(),
            updated_at: unit.now(),
            updated_by: by,
        }),
        None => None,
    };
    one_each::put::<voice_key::Entity>(scope, unit.tx(), key.clone()).await?;
    let detail =
        json!({"accountSid": account.account_sid, "apiKeySid": key.as_ref().map(|key| &key.key_sid)});
    audit::note(app, scope, unit.tx(), by, "integrations:twilio", detail).await?;
    unit.commit().await?;
    Ok(Shown { account_sid: account.account_sid, key })
}

/// The company has no account of its own from now on.
///
/// # Errors
/// `NUMBERS_OF_OTHER_ACCOUNT` while it has numbers of it, `CALLS_UNDER_WAY`.
pub async fn remove(app: &App, scope: CompanyScope, by: UserId) -> Result<()> {
    let unit = Unit::begin(app, scope).await?;
    let before = company(companies::lock(scope, unit.tx()).await?)?;
    let account_sid = before.twilio_account_sid.ok_or(Error::NotFound(Subject::TwilioAccount))?;
    refuse_if_used(&unit, app.providers.platform().map(|platform| &platform.account_sid)).await?;
    let row = company::ActiveModel {
        twilio_account_sid: Set(None),
        twilio_auth_token_sealed: Set(None),
        ..Default::default()
    };
    companies::change(scope, unit.tx(), row).await?;
    one_each::put::<voice_key::Entity>(scope, unit.tx(), None).await?;
    let detail = json!({"accountSid": account_sid});
    audit::note(app, scope, unit.tx(), by, "integrations:twilio-removed", detail).await?;
    unit.commit().await
}

/// The secret of a company's key.
pub fn secret(app: &App, scope: CompanyScope, key: &voice_key::Model) -> Result<Secret> {
    sealed::open(&app.keys, &about_secret(scope), &key.secret_sealed)
}

fn about_secret(scope: CompanyScope) -> String {
    format!("voice_key:{}", scope.company())
}

fn company(found: Option<company::Model>) -> Result<company::Model> {
    found.ok_or(Error::NotFound(Subject::Company))
}

/// Numbers and calls stay with the account with which they can be reached.
async fn refuse_if_used(unit: &Unit, next: Option<&String>) -> Result<()> {
    let numbers = phone_numbers::all(unit.scope(), unit.tx()).await?;
    let others: Vec<_> = numbers
        .iter()
        .filter(|number| Some(&number.row.account_sid) != next)
        .map(|number| number.row.number.as_str())
        .collect();
    if !others.is_empty() {
        let message = format!("Remove the numbers of the other account first: {}.", others.join(", "));
        return Err(Error::conflict(Code::NumbersOfOtherAccount, message));
    }
    let live = calls::unfinished(unit.scope(), unit.tx()).await?;
    // Calls among colleagues are on no account.
    let of_an_account = |call: &&call::Model| call.kind != CallKind::Peer;
    if live.iter().filter(of_an_account).any(|call| Some(&call.account_sid) != next) {
        return Err(Error::conflict(Code::CallsUnderWay, "Calls are under way with the other account."));
    }
    Ok(())
}

fn account(app: &App, before: &company::Model, wanted: &Wanted) -> Result<TwilioAccount> {
    let kept = app.providers.own_account(before)?.filter(|own| own.account_sid == wanted.account_sid);
    let auth_token = wanted.auth_token.clone().or(kept.map(|own| own.auth_token));
    let auth_token = auth_token
        .ok_or_else(|| Error::invalid("/authToken", "is needed with an account that is not known yet"))?;
    Ok(TwilioAccount { account_sid: wanted.account_sid.clone(), auth_token })
}

fn secret_of(
    app: &App,
    scope: CompanyScope,
    wanted: &WantedKey,
    old: Option<&voice_key::Model>,
) -> Result<Secret> {
    if let Some(secret) = &wanted.secret {
        return Ok(secret.clone());
    }
    match old.filter(|old| old.key_sid == wanted.sid) {
        Some(old) => secret(app, scope, old),
        None => Err(Error::invalid("/apiKey/secret", "is needed with a key that is not known yet")),
    }
}

/// Asks Twilio whether it knows the account and the key.
async fn try_out(app: &App, account: &TwilioAccount, key: Option<(&str, &Secret)>) -> Result<()> {
    let sid = &account.account_sid;
    let client = app.providers.client_with(Credentials::auth_token(sid, account.auth_token.expose()))?;
    match client.fetch_account().await {
        Ok(found) if found.status == ACTIVE => {}
        Ok(found) => {
            let problem =
                format!("is an account that cannot be used: Twilio says that it is {}", found.status);
            return Err(Error::invalid("/accountSid", problem));
        }
        Err(error) if refuses_credentials(&error) || error.is_gone() => {
            return Err(Error::invalid("/authToken", "is not the token of this account, says Twilio"));
        }
        Err(error) => return Err(unavailable(&error)),
    }
    let Some((key, secret)) = key else { return Ok(()) };
    let client = app.providers.client_with(Credentials::api_key(sid, key, secret.expose()))?;
    match client.list_incoming_numbers(None, 1).await {
        Ok(_) => Ok(()),
        Err(error) if refuses_credentials(&error) || error.is_gone() => {
            Err(Error::invalid("/apiKey/secret", "is not the secret of this key of the account, says Twilio"))
        }
        Err(error) => Err(unavailable(&error)),
    }
}

fn check(wanted: &Wanted) -> Result<()> {
    let key = wanted.key.as_ref();
    let sids = [
        ("/accountSid", "AC", Some(&wanted.account_sid)),
        ("/apiKey/sid", "SK", key.map(|key| &key.sid)),
        ("/apiKey/applicationSid", "AP", key.map(|key| &key.application_sid)),
    ];
    let wrong: Vec<_> = sids
        .into_iter()
        .filter(|(_, letters, sid)| sid.is_some_and(|sid| !is_sid(letters, sid)))
        .map(|(field, letters, _)| FieldError {
            field: field.to_owned(),
            message: format!("must be {letters} and 32 hexadecimal digits"),
        })
        .collect();
    Error::unless_empty(wrong)
}

fn is_sid(letters: &str, text: &str) -> bool {
    text.strip_prefix(letters).is_some_and(|digits| {
        digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sid_has_its_letters_and_32_digits() {
        assert!(is_sid("AC", "AC0123456789abcdef0123456789abcdef"));
        for wrong in ["", "AC", "SK0123456789abcdef0123456789abcdef", "AC0123456789ABCDEF0123456789ABCDEF"] {
            assert!(!is_sid("AC", wrong), "{wrong}");
        }
    }
}
