//! Webhooks: what happens in a company, told to servers of its own, and what they tell it.
//!
//! A unit of work gathers facts; of a company that tells anybody they are committed with it, as one job (decision 35).
//! [`tell`] makes events of them and writes a delivery for each endpoint that wants one, all in one transaction: an event is
//! made once, and its deliveries with it. From there on each delivery is a job of its own ([`delivery`]), at least once.
//! The order in which events arrive is not promised.

pub mod delivery;
pub mod endpoints;
pub mod incoming;
pub mod log;

use entity::id::{QueueEntryId, WebhookDeliveryId};
use entity::{
    DeliveryState, Inserted, JobKind, WebhookEventKind, webhook_delivery, webhook_endpoint, webhook_event,
};
use serde_json::{Value, json};

use crate::chat_apps;
use crate::error::{Error, Result};
use crate::store::{Fact, Unit, hooks, queueing};

/// The event that somebody asks for to try an endpoint out. It is sent to that one only, whatever it wants.
pub const TEST: &str = "webhook.test";

/// The job: says to whom each fact is told.
pub async fn tell(unit: &mut Unit, payload: &Value) -> Result<()> {
    let facts: Vec<Fact> = serde_json::from_value(payload["facts"].clone())
        .map_err(|cause| Error::internal("read a job's payload", cause))?;
    let endpoints = hooks::endpoints(unit.scope(), unit.tx()).await?;
    for fact in facts {
        if let Some(fact) = complete(unit, fact).await? {
            send_to(unit, &fact, &endpoints).await?;
            chat_apps::notices::plan(unit, &fact).await?;
        }
    }
    Ok(())
}

/// The fact as it is told; `None` when it turns out to be none.
async fn complete(unit: &Unit, mut fact: Fact) -> Result<Option<Fact>> {
    if fact.kind != WebhookEventKind::QueueTargetMissed {
        return Ok(Some(fact));
    }
    let Ok(entry) = serde_json::from_value::<QueueEntryId>(fact.data["entryId"].take()) else {
        return Ok(None);
    };
    let (scope, tx) = (unit.scope(), unit.tx());
    let Some(entry) = queueing::entry(scope, tx, entry).await? else { return Ok(None) };
    let queue = queueing::queue(scope, tx, entry.queue_id).await?;
    let Some(left_at) = entry.left_at else { return Ok(None) };
    let (waited, target) =
        ((left_at - entry.entered_at).num_seconds(), queue.rules.service_level.target_seconds);
    if waited <= i64::from(target) {
        return Ok(None);
    }
    fact.data = json!({"callId": fact.data["callId"], "from": fact.data["from"], "queueId": queue.id,
        "queue": queue.name, "waitedSeconds": waited, "targetSeconds": target, "outcome": entry.outcome});
    Ok(Some(fact))
}

/// Writes the event and a delivery for each endpoint that wants it.
async fn send_to(unit: &mut Unit, fact: &Fact, endpoints: &[webhook_endpoint::Model]) -> Result<()> {
    let wanting: Vec<_> = endpoints.iter().filter(|one| one.enabled && wants(one, fact.kind)).collect();
    if wanting.is_empty() {
        return Ok(());
    }
    let event = webhook_event::Model {
        id: fact.id,
        company_id: unit.company(),
        kind: fact.kind.as_str().to_owned(),
        body: body(fact.kind.as_str(), fact.at, &fact.data),
        created_at: unit.now(),
    };
    match hooks::insert_event(unit.scope(), unit.tx(), event.clone()).await? {
        Inserted::Yes => {}
        // Another node has told it, which took this job for a dead one's.
        Inserted::Conflicted => return Ok(()),
    }
    let now = unit.now();
    let deliveries: Vec<_> =
        wanting.into_iter().map(|endpoint| delivery_of(unit, &event, endpoint)).collect();
    for delivery in &deliveries {
        unit.job(JobKind::DeliverWebhook, delivery.id, json!({}), now);
    }
    Ok(hooks::insert_deliveries(unit.scope(), unit.tx(), deliveries).await?)
}

fn delivery_of(
    unit: &Unit,
    event: &webhook_event::Model,
    endpoint: &webhook_endpoint::Model,
) -> webhook_delivery::Model {
    webhook_delivery::Model {
        id: unit.id::<WebhookDeliveryId>(),
        company_id: unit.company(),
        endpoint_id: endpoint.id,
        event_id: event.id,
        state: DeliveryState::Pending,
        attempts: 0,
        tries: 0,
        next_attempt_at: Some(unit.now()),
        created_at: unit.now(),
        settled_at: None,
    }
}

/// Whether an endpoint is told of events of this kind.
fn wants(endpoint: &webhook_endpoint::Model, kind: WebhookEventKind) -> bool {
    match endpoints::events_of(endpoint) {
        None => true,
        Some(events) => events.contains(&kind),
    }
}

/// What is sent, and signed as it is.
fn body(kind: &str, at: chrono::DateTime<chrono::Utc>, data: &Value) -> String {
    json!({"type": kind, "timestamp": at, "data": data}).to_string()
}
