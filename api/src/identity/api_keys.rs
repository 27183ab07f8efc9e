//! Keys with which programs act in one company, for the member who made them. A key may what its scopes name, and never more
//! than its maker may at the moment; it ends with him. It is shown once, and stored as its hash: 256 random bits need no salt.

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{ApiKeyId, CompanyId, SessionId};
use entity::{CompanyScope, api_key};
use serde_json::json;
use uuid::Uuid;

use super::caller::{Caller, KeyOfCaller, Standing};
use super::{audit, tokens};
use crate::app::App;
use crate::authz::{self, Rows, Scopes};
use crate::error::{Code, Error, FieldError, Result, Subject};
use crate::secret::Secret;
use crate::store::api_keys::{self, KeyOfMember};
use crate::store::{Unit, system};

/// What each key begins with.
pub const PREFIX: &str = "cdk_";

/// So much of a key, beside its prefix, people see of it later.
const HINT: usize = 6;
/// Good keys that one company may have.
const MOST: u64 = 100;
/// How exactly it is noted when a key was used.
const USED: TimeDelta = TimeDelta::minutes(5);

/// What no key may: to be somebody, and to make keys.
const NEVER: [&str; 6] =
    ["api-keys:write", "companies:close", "profile:read", "profile:write", "sessions:read", "sessions:write"];

const INVALID: Error =
    Error::Unauthorized { code: Code::TokenInvalid, message: "The access token is not valid." };
const ENDED: Error = Error::Unauthorized {
    code: Code::ApiKeyEnded,
    message: "This key has run out, was revoked, or lost its maker.",
};

/// What a new key is to be.
pub struct NewKey {
    pub name: String,
    /// Names of permissions.
    pub scopes: Vec<String>,
    pub expires_at: Option<DateTime<Utc>>,
}

/// A key that was made, with its text, which is nowhere else.
pub struct MadeKey {
    pub key: KeyOfMember,
    pub secret: Secret,
}

/// Who sent this key.
///
/// # Errors
/// `Unauthorized` for a key that is not ours, is no longer good, or whose maker is not.
pub(super) async fn caller(app: &App, text: &str, named: Option<CompanyId>) -> Result<Caller> {
    let now = app.clock.now();
    let hash = tokens::hash(text);
    let row = system::key_with_standing(app.db.reader(), &hash, named).await?.ok_or(INVALID)?;
    if row.revoked_at.is_some() || row.expires_at.is_some_and(|end| end <= now) {
        return Err(ENDED);
    }
    let nobodys = SessionId(Uuid::nil());
    let maker = Caller::of_row(&row.maker, nobodys, named, now).map_err(|error| match error {
        Error::Unauthorized { .. } => ENDED,
        other => other,
    })?;
    if row.last_used_at.is_none_or(|used| used + USED <= now) {
        let tx = app.db.begin().await?;
        system::key_was_used(&tx, row.id, now).await?;
        tx.commit().await?;
    }
    let names = row.scopes.as_array().into_iter().flatten().filter_map(|name| name.as_str());
    Ok(Caller { key: Some(KeyOfCaller { id: row.id, scopes: Scopes::of(names) }), ..maker })
}

/// Keys that are not revoked, the newest first: all of the company, or those that the caller has made.
pub async fn all(app: &App, scope: CompanyScope, by: &Caller, rows: Rows) -> Result<Vec<KeyOfMember>> {
    let maker = match (rows, by.standing) {
        (Rows::All, _) => None,
        (Rows::Own, Standing::Member { membership, .. }) => Some(membership),
        (Rows::Own, Standing::PlatformAdmin { .. } | Standing::Alone) => return Ok(Vec::new()),
    };
    Ok(api_keys::all(scope, app.db.reader(), maker).await?)
}

/// # Errors
/// `Invalid` for a scope that is no permission, that no key may have, or that the maker does not have himself, each named.
pub async fn create(app: &App, scope: CompanyScope, by: &Caller, new: NewKey) -> Result<MadeKey> {
    let Standing::Member { membership, .. } = by.standing else { return Err(Error::NotFound(Subject::User)) };
    let now = app.clock.now();
    if new.expires_at.is_some_and(|end| end <= now) {
        return Err(Error::invalid("/expiresAt", "must be in the future"));
    }
    let scopes = checked(app, by, new.scopes)?;
    let secret = Secret::new(format!("{PREFIX}{}", app.ids.token()));
    let unit = Unit::begin(app, scope).await?;
    if api_keys::count(scope, unit.tx(), now).await? >= MOST {
        return Err(Error::conflict(
            Code::TooManyKeys,
            "The company has 100 keys. Revoke one that is not used.",
        ));
    }
    let row = api_key::Model {
        id: unit.id(),
        company_id: scope.company(),
        membership_id: membership,
        name: new.name,
        key_hash: tokens::hash(secret.expose()),
        hint: secret.expose().chars().take(PREFIX.len() + HINT).collect(),
        scopes: json!(scopes),
        created_at: now,
        expires_at: new.expires_at,
        last_used_at: None,
        revoked_at: None,
    };
    let id = row.id;
    api_keys::insert(scope, unit.tx(), row).await?;
    let detail = json!({ "apiKeyId": id, "scopes": scopes });
    audit::note(app, scope, unit.tx(), by.user, "api-keys:create", detail).await?;
    unit.commit().await?;
    let key = api_keys::by_id(scope, app.db.reader(), id).await?.ok_or(Error::NotFound(Subject::ApiKey))?;
    Ok(MadeKey { key, secret })
}

/// Ends a key at once and for good.
pub async fn revoke(app: &App, scope: CompanyScope, by: &Caller, rows: Rows, id: ApiKeyId) -> Result<()> {
    let unit = Unit::begin(app, scope).await?;
    let found = api_keys::by_id(scope, unit.tx(), id).await?.ok_or(Error::NotFound(Subject::ApiKey))?;
    if rows == Rows::Own && found.maker != by.user {
        return Err(Error::NotFound(Subject::ApiKey));
    }
    if !api_keys::revoke(scope, unit.tx(), id, unit.now()).await? {
        return Err(Error::NotFound(Subject::ApiKey));
    }
    audit::note(app, scope, unit.tx(), by.user, "api-keys:revoke", json!({ "apiKeyId": id })).await?;
    unit.commit().await
}

fn checked(app: &App, by: &Caller, scopes: Vec<String>) -> Result<Vec<&'static str>> {
    let (mut good, mut wrong) = (Vec::new(), Vec::new());
    for (index, name) in scopes.iter().enumerate() {
        let known = authz::NAMES.iter().find(|known| *known == name).copied();
        let problem = match known {
            None => "is no permission",
            Some(known) if NEVER.contains(&known) => "is nothing that a key may",
            Some(known) if by.rows(app.authz, known).is_none() => "is a permission that you do not have",
            Some(known) if good.contains(&known) => "is named twice",
            Some(known) => {
                good.push(known);
                continue;
            }
        };
        wrong.push(FieldError { field: format!("/scopes/{index}"), message: problem.to_owned() });
    }
    if wrong.is_empty() {
        Ok(good)
    } else {
        Err(Error::Invalid {
            code: Code::ValidationFailed,
            message: "Some fields are not valid.".into(),
            fields: wrong,
        })
    }
}
