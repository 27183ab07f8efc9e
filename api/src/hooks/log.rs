//! What an endpoint was told and how that went, and telling it again.

use std::collections::HashMap;

use chrono::TimeDelta;
use entity::id::{WebhookDeliveryId, WebhookEndpointId};
use entity::{CompanyScope, DeliveryState, JobKind, webhook_attempt, webhook_delivery, webhook_event};
use serde_json::json;

use super::{TEST, body, delivery, delivery_of, endpoints};
use crate::app::App;
use crate::error::{Code, Error, Result, Subject};
use crate::slice::{Slice, read_cursor};
use crate::store::{Unit, hooks, jobs};

/// When an attempt that somebody waits for is made by a job, if the node that was to make it is gone.
const RESCUE: TimeDelta = TimeDelta::seconds(60);

/// A delivery with all that the log has of it.
#[derive(Clone, Debug)]
pub struct Logged {
    pub row: webhook_delivery::Model,
    pub event: webhook_event::Model,
    /// In their order.
    pub attempts: Vec<webhook_attempt::Model>,
}

/// The deliveries of an endpoint, the newest first.
pub async fn list(
    app: &App,
    scope: CompanyScope,
    id: WebhookEndpointId,
    state: Option<DeliveryState>,
    cursor: Option<String>,
    limit: u64,
) -> Result<Slice<Logged>> {
    endpoints::get(app, scope, id).await?;
    let before = read_cursor(cursor.as_deref())?;
    let rows = hooks::deliveries(scope, app.db.reader(), id, state, before, limit + 1).await?;
    let slice = Slice::of(rows, limit, |last| last.id);
    Ok(Slice { rows: with_more(app, scope, slice.rows).await?, next_cursor: slice.next_cursor })
}

async fn with_more(
    app: &App,
    scope: CompanyScope,
    rows: Vec<webhook_delivery::Model>,
) -> Result<Vec<Logged>> {
    let db = app.db.reader();
    let events = hooks::events(scope, db, rows.iter().map(|row| row.event_id).collect()).await?;
    let events: HashMap<_, _> = events.into_iter().map(|event| (event.id, event)).collect();
    let mut attempts: HashMap<_, Vec<_>> = HashMap::new();
    for attempt in hooks::attempts(scope, db, rows.iter().map(|row| row.id).collect()).await? {
        attempts.entry(attempt.delivery_id).or_default().push(attempt);
    }
    let logged = rows.into_iter().filter_map(|row| {
        let event = events.get(&row.event_id)?.clone();
        let attempts = attempts.remove(&row.id).unwrap_or_default();
        Some(Logged { row, event, attempts })
    });
    Ok(logged.collect())
}

async fn one(app: &App, scope: CompanyScope, id: WebhookDeliveryId) -> Result<Logged> {
    let row = hooks::delivery(scope, app.db.reader(), id).await?;
    let found = with_more(app, scope, row.into_iter().collect()).await?.pop();
    found.ok_or(Error::NotFound(Subject::WebhookDelivery))
}

/// Sends a test event, once and at once, and says how that went. It does not count for the endpoint's health, and reaches it
/// when it is switched off, too.
pub async fn test(app: &App, scope: CompanyScope, id: WebhookEndpointId) -> Result<Logged> {
    let unit = Unit::begin(app, scope).await?;
    let endpoint = hooks::lock_endpoint(scope, unit.tx(), id).await?;
    let endpoint = endpoint.ok_or(Error::NotFound(Subject::WebhookEndpoint))?;
    let event = webhook_event::Model {
        id: unit.id(),
        company_id: unit.company(),
        kind: TEST.to_owned(),
        body: body(TEST, unit.now(), &json!({"webhookId": id})),
        created_at: unit.now(),
    };
    let delivery = webhook_delivery::Model { next_attempt_at: None, ..delivery_of(&unit, &event, &endpoint) };
    let _ = hooks::insert_event(scope, unit.tx(), event).await?;
    hooks::insert_deliveries(scope, unit.tx(), vec![delivery.clone()]).await?;
    try_now(app, unit, delivery.id).await
}

/// Sends an event again: the same id and the same words, with a signature of now. Attempts follow as at the first time.
///
/// # Errors
/// `WEBHOOK_DISABLED` when the endpoint is switched off.
pub async fn redeliver(
    app: &App,
    scope: CompanyScope,
    endpoint: WebhookEndpointId,
    id: WebhookDeliveryId,
) -> Result<Logged> {
    let unit = Unit::begin(app, scope).await?;
    let found = hooks::lock_endpoint(scope, unit.tx(), endpoint).await?;
    let enabled = found.ok_or(Error::NotFound(Subject::WebhookEndpoint))?.enabled;
    let row = hooks::lock_delivery(scope, unit.tx(), id).await?.filter(|row| row.endpoint_id == endpoint);
    let Some(mut row) = row else { return Err(Error::NotFound(Subject::WebhookDelivery)) };
    if !enabled {
        return Err(Error::conflict(
            Code::WebhookDisabled,
            "The webhook is switched off. Switch it on first.",
        ));
    }
    jobs::cancel(&unit, JobKind::DeliverWebhook, id).await?;
    (row.state, row.settled_at, row.next_attempt_at, row.tries) = (DeliveryState::Pending, None, None, 0);
    hooks::save_delivery(scope, unit.tx(), row).await?;
    try_now(app, unit, id).await
}

/// Commits, makes an attempt, and says how it went. A job looks after it, and goes on when it did not succeed.
async fn try_now(app: &App, mut unit: Unit, id: WebhookDeliveryId) -> Result<Logged> {
    let (scope, rescue) = (unit.scope(), unit.now() + RESCUE);
    unit.job(JobKind::DeliverWebhook, id, json!({}), rescue);
    unit.commit().await?;
    delivery::deliver_now(app, scope, id).await?;
    one(app, scope, id).await
}
