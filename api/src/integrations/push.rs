//! With what keys a company's own app is reached on phones. Phones that were registered while it has keys are reached with
//! these and no others; the others belong to the platform's app (decision 55).

use entity::id::UserId;
use entity::{CompanyScope, PushServiceKind, push_service};
use serde_json::{Value, json};

use crate::app::App;
use crate::error::{Error, Result, Subject};
use crate::identity::audit;
use crate::notices::Credentials;
use crate::sealed;
use crate::secret::Secret;
use crate::store::{Unit, push_services};

/// A push service, as the company stands with it.
#[derive(Clone, Debug)]
pub struct Standing {
    pub service: PushServiceKind,
    /// The company's own keys.
    pub own: Option<push_service::Model>,
    /// The platform's app is reached there.
    pub platform: bool,
}

pub async fn list(app: &App, scope: CompanyScope) -> Result<Vec<Standing>> {
    let mut rows = push_services::all(scope, app.db.reader()).await?;
    let standing =
        [PushServiceKind::Expo, PushServiceKind::Fcm, PushServiceKind::Apns].map(|service| Standing {
            service,
            own: rows.iter().position(|row| row.service == service).map(|at| rows.swap_remove(at)),
            platform: app.push.platform(service).is_some(),
        });
    Ok(standing.into())
}

/// What is to be the company's.
#[derive(Clone, Debug)]
pub enum Wanted {
    Expo {
        access_token: Secret,
    },
    Fcm {
        key_file: Secret,
    },
    /// The key that there is, when none is given and its id and the team are as they were.
    Apns {
        key: Option<Secret>,
        key_id: String,
        team_id: String,
        bundle_id: String,
    },
}

/// Puts the keys in place of those before. They are read, and not tried: a service says only of a phone whether it takes them.
///
/// # Errors
/// 422 with the field for what is no key.
pub async fn put(app: &App, scope: CompanyScope, by: UserId, wanted: Wanted) -> Result<Standing> {
    let (credentials, field) = match wanted {
        Wanted::Expo { access_token } => {
            (Credentials::Expo { access_token: Some(access_token) }, "/accessToken")
        }
        Wanted::Fcm { key_file } => (Credentials::Fcm { key_file }, "/keyFile"),
        Wanted::Apns { key, key_id, team_id, bundle_id } => {
            let key = match key {
                Some(key) => key,
                None => kept_key(app, scope, &key_id, &team_id).await?,
            };
            (Credentials::Apns { key, key_id, team_id, bundle_id }, "/key")
        }
    };
    app.push.open(&credentials).map_err(|error| match error {
        push::Error::Misconfigured { reason } => Error::invalid(field, format!("cannot be used: {reason}")),
        other => Error::internal("read the keys of a push service", other),
    })?;
    let unit = Unit::begin(app, scope).await?;
    let (service, (account, secret)) = (credentials.service(), parts(&credentials));
    let row = push_service::Model {
        company_id: scope.company(),
        service,
        account,
        secret_sealed: sealed::seal(&app.keys, &about(scope, service), &secret)?,
        failing_since: None,
        last_error: None,
        last_error_at: None,
        updated_at: unit.now(),
        updated_by: by,
    };
    push_services::put(scope, unit.tx(), row.clone()).await?;
    let detail = json!({ "service": service, "account": row.account });
    audit::note(app, scope, unit.tx(), by, "integrations:push", detail).await?;
    unit.commit().await?;
    Ok(Standing { service, own: Some(row), platform: app.push.platform(service).is_some() })
}

/// The phones of the company's own app are not told anything there any more.
pub async fn remove(app: &App, scope: CompanyScope, by: UserId, service: PushServiceKind) -> Result<()> {
    let unit = Unit::begin(app, scope).await?;
    if push_services::delete(scope, unit.tx(), service).await? == 0 {
        return Err(Error::NotFound(Subject::Integration));
    }
    let detail = json!({ "service": service });
    audit::note(app, scope, unit.tx(), by, "integrations:push-removed", detail).await?;
    unit.commit().await
}

/// The keys in a row.
pub fn credentials(app: &App, scope: CompanyScope, row: &push_service::Model) -> Result<Credentials> {
    let secret = sealed::open(&app.keys, &about(scope, row.service), &row.secret_sealed)?;
    let text = |name: &str| row.account[name].as_str().unwrap_or_default().to_owned();
    Ok(match row.service {
        PushServiceKind::Expo => Credentials::Expo { access_token: Some(secret) },
        PushServiceKind::Fcm => Credentials::Fcm { key_file: secret },
        PushServiceKind::Apns => Credentials::Apns {
            key: secret,
            key_id: text("keyId"),
            team_id: text("teamId"),
            bundle_id: text("bundleId"),
        },
    })
}

/// A key that somebody has entered for one team stays with it.
async fn kept_key(app: &App, scope: CompanyScope, key_id: &str, team_id: &str) -> Result<Secret> {
    let row = push_services::get(scope, app.db.reader(), PushServiceKind::Apns).await?;
    let same = row.filter(|row| row.account["keyId"] == key_id && row.account["teamId"] == team_id);
    let needed = || Error::invalid("/key", "is needed with a key's id or a team that is not known yet");
    match credentials(app, scope, &same.ok_or_else(needed)?)? {
        Credentials::Apns { key, .. } => Ok(key),
        Credentials::Expo { .. } | Credentials::Fcm { .. } => Err(needed()),
    }
}

/// What may be shown, and what not.
fn parts(credentials: &Credentials) -> (Value, Secret) {
    match credentials {
        Credentials::Expo { access_token } => {
            (json!({}), access_token.clone().unwrap_or_else(|| Secret::new("")))
        }
        Credentials::Fcm { key_file } => {
            let file: Value = serde_json::from_str(key_file.expose()).unwrap_or_default();
            let account = json!({ "projectId": file["project_id"], "clientEmail": file["client_email"] });
            (account, key_file.clone())
        }
        Credentials::Apns { key, key_id, team_id, bundle_id } => {
            (json!({ "keyId": key_id, "teamId": team_id, "bundleId": bundle_id }), key.clone())
        }
    }
}

fn about(scope: CompanyScope, service: PushServiceKind) -> String {
    format!("push_service:{}:{}", scope.company(), service.as_str())
}
