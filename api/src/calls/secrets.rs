//! What a caller keys in at a `secureDigits` node, between that node and the next request.
//!
//! It stands nowhere but in its own row, sealed, for minutes: it ends with the request, with the call, and when the flow
//! goes to another one. Nothing here may be logged.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use entity::id::CallId;
use entity::{CompanyScope, call_secret};
use ivr_engine::{Keys, Secret, Secrets};
use sea_orm::ConnectionTrait;

use crate::app::App;
use crate::error::{Error, Result};
use crate::sealed;
use crate::secret::Secret as Hidden;
use crate::store::{Unit, secrets};

/// How long a caller has for what comes between his secret and its request.
const LIFE: TimeDelta = TimeDelta::minutes(10);

/// Keeps a secret for the call's next request.
pub async fn keep(unit: &Unit, call: CallId, secret: Secret) -> Result<()> {
    let mut all = of_call(unit.app(), unit.scope(), unit.tx(), call).await?;
    all.keep(secret);
    let texts: BTreeMap<_, _> = all.iter().map(|(name, keys)| (name, keys.dangerous_reveal())).collect();
    let plain = serde_json::to_string(&texts).map_err(|cause| Error::internal("write secrets", cause))?;
    let row = call_secret::Model {
        call_id: call,
        company_id: unit.company(),
        sealed: sealed::seal(&unit.app().keys, &about(call), &Hidden::new(plain))?,
        expires_at: unit.now() + LIFE,
    };
    Ok(secrets::put(unit.scope(), unit.tx(), row).await?)
}

/// The call's secrets; none when they are gone, or can no longer be opened.
pub async fn of_call(
    app: &App,
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    call: CallId,
) -> Result<Secrets> {
    let mut all = Secrets::default();
    let Some(row) = secrets::of_call(scope, db, call, app.clock.now()).await? else { return Ok(all) };
    let opened = match sealed::open(&app.keys, &about(call), &row.sealed) {
        Ok(opened) => opened,
        Err(error) => {
            tracing::warn!(%call, ?error, "the secrets of a call cannot be opened");
            return Ok(all);
        }
    };
    let texts: BTreeMap<String, String> = serde_json::from_str(opened.expose()).unwrap_or_default();
    for (name, keys) in texts {
        all.keep(Secret { name, keys: Keys::new(keys) });
    }
    Ok(all)
}

pub async fn forget(unit: &Unit, call: CallId) -> Result<()> {
    Ok(secrets::forget(unit.scope(), unit.tx(), call).await?)
}

fn about(call: CallId) -> String {
    format!("call_secret:{call}")
}
