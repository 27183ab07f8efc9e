//! The endpoints of a company: where they are, what they are told, and the secret by which they know us.

use chrono::TimeDelta;
use entity::id::{UserId, WebhookEndpointId};
use entity::{CompanyScope, WebhookEventKind, webhook_endpoint};
use reqwest::Url;
use serde_json::json;

use crate::app::App;
use crate::error::{Code, Error, Result, Subject};
use crate::identity::audit;
use crate::outbound::signing;
use crate::sealed;
use crate::secret::Secret;
use crate::store::{Unit, hooks};

/// So many may a company have.
pub const MOST: usize = 10;
/// How long the old secret of two is good.
pub const OLD_SECRET_LIFE: TimeDelta = TimeDelta::hours(24);

/// What an endpoint is to be.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub url: String,
    pub description: Option<String>,
    /// `None`: whatever there is, also what there will be one day.
    pub events: Option<Vec<WebhookEventKind>>,
    pub switch: Switch,
}

/// Whether an endpoint is told anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    On,
    Off,
}

/// An endpoint, and its secret if nobody has seen that before.
#[derive(Clone, Debug)]
pub struct Shown {
    pub row: webhook_endpoint::Model,
    pub new_secret: Option<Secret>,
}

/// The kinds of events that it is told of; `None` for all.
pub fn events_of(row: &webhook_endpoint::Model) -> Option<Vec<WebhookEventKind>> {
    let names = row.events.as_ref()?.as_array()?;
    Some(names.iter().filter_map(|name| serde_json::from_value(name.clone()).ok()).collect())
}

pub async fn all(app: &App, scope: CompanyScope) -> Result<Vec<webhook_endpoint::Model>> {
    Ok(hooks::endpoints(scope, app.db.reader()).await?)
}

pub async fn get(app: &App, scope: CompanyScope, id: WebhookEndpointId) -> Result<webhook_endpoint::Model> {
    hooks::endpoint(scope, app.db.reader(), id).await?.ok_or(Error::NotFound(Subject::WebhookEndpoint))
}

/// Makes an endpoint, whose secret is made here and shown this once.
///
/// # Errors
/// 422 for an address to which nothing may be sent; `TOO_MANY_WEBHOOKS` beyond [`MOST`].
pub async fn create(app: &App, scope: CompanyScope, by: UserId, wanted: Wanted) -> Result<Shown> {
    check_url(app, "/url", &wanted.url)?;
    let unit = Unit::begin(app, scope).await?;
    hooks::lock_listeners(&unit).await?;
    if hooks::endpoints(scope, unit.tx()).await?.len() >= MOST {
        return Err(Error::conflict(
            Code::TooManyWebhooks,
            format!("A company has at most {MOST} webhooks."),
        ));
    }
    let (id, secret): (WebhookEndpointId, _) = (unit.id(), signing::new_secret());
    let row = webhook_endpoint::Model {
        id,
        company_id: scope.company(),
        url: wanted.url,
        description: wanted.description,
        events: wanted.events.map(|events| json!(events)),
        enabled: wanted.switch == Switch::On,
        disabled_because: None,
        disabled_at: None,
        secret_sealed: sealed::seal(&app.keys, &about(id), &secret)?,
        old_secret_sealed: None,
        old_secret_until: None,
        failing_since: None,
        failures: 0,
        created_at: unit.now(),
        updated_at: unit.now(),
        updated_by: by,
    };
    hooks::insert_endpoint(scope, unit.tx(), row.clone()).await?;
    hooks::count_listeners(&unit).await?;
    note(&unit, by, "webhooks:create", &row).await?;
    unit.commit().await?;
    Ok(Shown { row, new_secret: Some(secret) })
}

/// Puts this in place of what it was. One that we had switched off begins anew when it is switched on.
pub async fn change(
    app: &App,
    scope: CompanyScope,
    by: UserId,
    id: WebhookEndpointId,
    wanted: Wanted,
) -> Result<Shown> {
    check_url(app, "/url", &wanted.url)?;
    let unit = Unit::begin(app, scope).await?;
    let mut row = lock(&unit, id).await?;
    row.url = wanted.url;
    row.description = wanted.description;
    row.events = wanted.events.map(|events| json!(events));
    if wanted.switch == Switch::On && !row.enabled {
        (row.failing_since, row.failures) = (None, 0);
        (row.disabled_because, row.disabled_at) = (None, None);
    }
    row.enabled = wanted.switch == Switch::On;
    (row.updated_at, row.updated_by) = (unit.now(), by);
    hooks::save_endpoint(scope, unit.tx(), row.clone()).await?;
    hooks::lock_listeners(&unit).await?;
    hooks::count_listeners(&unit).await?;
    note(&unit, by, "webhooks:update", &row).await?;
    unit.commit().await?;
    Ok(Shown { row, new_secret: None })
}

/// Makes a new secret, shown this once. Requests are signed with the old one, too, for [`OLD_SECRET_LIFE`].
pub async fn rotate(app: &App, scope: CompanyScope, by: UserId, id: WebhookEndpointId) -> Result<Shown> {
    let unit = Unit::begin(app, scope).await?;
    let mut row = lock(&unit, id).await?;
    let secret = signing::new_secret();
    let old = std::mem::replace(&mut row.secret_sealed, sealed::seal(&app.keys, &about(id), &secret)?);
    (row.old_secret_sealed, row.old_secret_until) = (Some(old), Some(unit.now() + OLD_SECRET_LIFE));
    (row.updated_at, row.updated_by) = (unit.now(), by);
    hooks::save_endpoint(scope, unit.tx(), row.clone()).await?;
    note(&unit, by, "webhooks:rotate", &row).await?;
    unit.commit().await?;
    Ok(Shown { row, new_secret: Some(secret) })
}

/// Removes an endpoint with its log; what was on its way is not sent.
pub async fn remove(app: &App, scope: CompanyScope, by: UserId, id: WebhookEndpointId) -> Result<()> {
    let unit = Unit::begin(app, scope).await?;
    let row = lock(&unit, id).await?;
    hooks::delete_endpoint(scope, unit.tx(), id).await?;
    hooks::lock_listeners(&unit).await?;
    hooks::count_listeners(&unit).await?;
    note(&unit, by, "webhooks:delete", &row).await?;
    unit.commit().await
}

async fn lock(unit: &Unit, id: WebhookEndpointId) -> Result<webhook_endpoint::Model> {
    let row = hooks::lock_endpoint(unit.scope(), unit.tx(), id).await?;
    row.ok_or(Error::NotFound(Subject::WebhookEndpoint))
}

/// The secrets with which a request is signed now, the newest first.
pub fn secrets(app: &App, row: &webhook_endpoint::Model) -> Result<Vec<Secret>> {
    let open = |sealed: &str| sealed::open(&app.keys, &about(row.id), sealed);
    let mut secrets = vec![open(&row.secret_sealed)?];
    if let Some(old) = &row.old_secret_sealed
        && row.old_secret_until.is_some_and(|until| until > app.clock.now())
    {
        secrets.push(open(old)?);
    }
    Ok(secrets)
}

fn about(id: WebhookEndpointId) -> String {
    format!("webhook_endpoint:{id}")
}

/// Who did what; of the address the host alone, since the rest may be a secret.
async fn note(unit: &Unit, by: UserId, action: &str, row: &webhook_endpoint::Model) -> Result<()> {
    let detail = json!({"webhookId": row.id, "host": host(&row.url), "enabled": row.enabled});
    audit::note(unit.app(), unit.scope(), unit.tx(), by, action, detail).await
}

/// The host of an address.
pub fn host(url: &str) -> Option<String> {
    Url::parse(url).ok()?.host_str().map(str::to_owned)
}

/// Refuses an address to which nothing private may be sent. What its name resolves to is looked at when it is connected to.
pub fn check_url(app: &App, field: &str, url: &str) -> Result<()> {
    let problem = match Url::parse(url).ok().filter(|url| url.has_host()) {
        None => "must be an address such as https://example.com/hooks",
        Some(url) if !url.username().is_empty() || url.password().is_some() => {
            "must have no user and no password: the signature proves who asks"
        }
        Some(url) if !app.web.is_private_enough(&url) => {
            "must begin with https:// and lead to a host on the public internet"
        }
        Some(_) => return Ok(()),
    };
    Err(Error::invalid(field, problem))
}
