//! Webhooks of a company: where events are sent, what became of each, and the secret of the incoming one.

#![expect(clippy::too_many_arguments, reason = "a parameter of the address or the query is an argument")]

use chrono::{DateTime, Utc};
use entity::id::{CompanyId, WebhookDeliveryId, WebhookEndpointId};
use entity::{DeliveryState, DisabledBecause, WebhookEventKind, webhook_attempt, webhook_endpoint};
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::Any;
use poem_openapi::{Object, OpenApi};
use serde_json::Value;
use uuid::Uuid;

use super::envelope::{Created, Done, Failure, Reply, Success};
use super::page::{LARGEST_LIMIT, limit_within};
use super::{JsonBody, Tag, Word};
use crate::app::App;
use crate::authz::{Can, ReadIntegrations, WriteIntegrations};
use crate::hooks::endpoints::{self, Shown, Switch, Wanted};
use crate::hooks::incoming::{self, Rotated};
use crate::hooks::log::{self, Logged};

pub struct Webhooks;

/// Where events of the company are sent.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct WebhookOut {
    id: Uuid,
    url: String,
    description: Option<String>,
    /// Absent: every kind of event, also those that there will be one day.
    events: Option<Vec<Word<WebhookEventKind>>>,
    enabled: bool,
    /// Why it was switched off, when nobody of the company did.
    disabled_because: Option<Word<DisabledBecause>>,
    disabled_at: Option<DateTime<Utc>>,
    /// Since when every attempt has failed.
    failing_since: Option<DateTime<Utc>>,
    /// Only in the answer to the request for which it was made. It is shown nowhere else: keep it.
    secret: Option<String>,
    /// Until then requests are signed with the secret before this one, too.
    old_secret_until: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<webhook_endpoint::Model> for WebhookOut {
    fn from(row: webhook_endpoint::Model) -> Self {
        let events = endpoints::events_of(&row);
        Self {
            id: row.id.0,
            url: row.url,
            description: row.description,
            events: events.map(|events| events.into_iter().map(Word).collect()),
            enabled: row.enabled,
            disabled_because: row.disabled_because.map(Word),
            disabled_at: row.disabled_at,
            failing_since: row.failing_since,
            secret: None,
            old_secret_until: row.old_secret_until,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl From<Shown> for WebhookOut {
    fn from(shown: Shown) -> Self {
        let secret = shown.new_secret.map(|secret| secret.expose().to_owned());
        Self { secret, ..shown.row.into() }
    }
}

/// Where a webhook leads, and of what it is told.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct WebhookIn {
    /// An https address on the public internet.
    #[oai(validator(min_length = 1, max_length = 2048))]
    url: String,
    #[oai(validator(max_length = 200))]
    description: Option<String>,
    /// Left out: every kind of event, also those that there will be one day.
    #[oai(validator(min_items = 1, max_items = 100))]
    events: Option<Vec<Word<WebhookEventKind>>>,
    /// True unless said otherwise.
    enabled: Option<bool>,
}

impl From<WebhookIn> for Wanted {
    fn from(body: WebhookIn) -> Self {
        let events = body.events.map(|events| {
            let mut events: Vec<_> = events.into_iter().map(|event| event.0).collect();
            events.sort();
            events.dedup();
            events
        });
        let switch = if body.enabled.unwrap_or(true) { Switch::On } else { Switch::Off };
        Self { url: body.url, description: body.description, events, switch }
    }
}

/// A request that was made to deliver an event.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct WebhookAttemptOut {
    /// From 1.
    number: i32,
    at: DateTime<Utc>,
    duration_ms: i32,
    /// Of the answer, if there was one.
    status: Option<i32>,
    /// Why there was none: `addressRefused`, `noAnswer`, `timedOut`, `answerTooLarge`, `badHeader`, `secretUnreadable`.
    failure: Option<String>,
    /// How the answer begins.
    answer: Option<String>,
}

impl From<webhook_attempt::Model> for WebhookAttemptOut {
    fn from(row: webhook_attempt::Model) -> Self {
        Self {
            number: row.number,
            at: row.at,
            duration_ms: row.duration_ms,
            status: row.status,
            failure: row.failure,
            answer: row.answer,
        }
    }
}

/// An event on its way to a webhook.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct WebhookDeliveryOut {
    id: Uuid,
    /// The `webhook-id` of each of its requests.
    event_id: Uuid,
    /// The type of the event.
    event: String,
    state: Word<DeliveryState>,
    next_attempt_at: Option<DateTime<Utc>>,
    /// What is sent.
    body: Any<Value>,
    /// In their order.
    attempts: Vec<WebhookAttemptOut>,
    created_at: DateTime<Utc>,
    settled_at: Option<DateTime<Utc>>,
}

impl From<Logged> for WebhookDeliveryOut {
    fn from(Logged { row, event, attempts }: Logged) -> Self {
        Self {
            id: row.id.0,
            event_id: event.id.0,
            event: event.kind,
            state: Word(row.state),
            next_attempt_at: row.next_attempt_at,
            body: Any(serde_json::from_str(&event.body).unwrap_or_default()),
            attempts: attempts.into_iter().map(Into::into).collect(),
            created_at: row.created_at,
            settled_at: row.settled_at,
        }
    }
}

/// What is to be sent again.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct RedeliveryIn {
    /// From the log of this webhook.
    delivery_id: Uuid,
}

/// The secret with which other systems sign what they tell the company.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct IncomingSecretOut {
    /// It is shown nowhere else: keep it.
    secret: String,
    /// Until then the one before is good, too.
    old_secret_until: Option<DateTime<Utc>>,
}

impl From<Rotated> for IncomingSecretOut {
    fn from(rotated: Rotated) -> Self {
        Self { secret: rotated.secret.expose().to_owned(), old_secret_until: rotated.old_until }
    }
}

#[OpenApi(tag = "Tag::Integrations")]
impl Webhooks {
    /// Lists the company's webhooks, the oldest first.
    #[oai(path = "/api/webhooks/company/:companyId", method = "get", operation_id = "listWebhooks")]
    async fn list(
        &self,
        can: Can<ReadIntegrations>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
    ) -> Reply<Vec<WebhookOut>> {
        Success::list(endpoints::all(app, can.scope_of(CompanyId(company))?).await?)
    }

    /// Makes a webhook. Its secret is in this answer and nowhere else.
    ///
    /// Events are sent as signed requests (Standard Webhooks); what there is to be told of stands under `webhooks`. A company
    /// has at most ten.
    #[oai(path = "/api/webhooks/company/:companyId", method = "post", operation_id = "createWebhook")]
    async fn post(
        &self,
        can: Can<WriteIntegrations>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
        JsonBody(body): JsonBody<WebhookIn>,
    ) -> Result<Created<WebhookOut>, Failure> {
        let (scope, by) = (can.scope_of(CompanyId(company))?, can.caller().user);
        Created::of(endpoints::create(app, scope, by, body.into()).await?)
    }

    /// Shows a webhook.
    #[oai(path = "/api/webhooks/company/:companyId/:id", method = "get", operation_id = "getWebhook")]
    async fn get(
        &self,
        can: Can<ReadIntegrations>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
        Path(id): Path<Uuid>,
    ) -> Reply<WebhookOut> {
        let scope = can.scope_of(CompanyId(company))?;
        Success::ok(endpoints::get(app, scope, WebhookEndpointId(id)).await?)
    }

    /// Changes a webhook, the whole of it; its secret stays.
    ///
    /// One that was switched off because nothing reached it begins anew when it is switched on.
    #[oai(path = "/api/webhooks/company/:companyId/:id", method = "put", operation_id = "updateWebhook")]
    async fn put(
        &self,
        can: Can<WriteIntegrations>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<WebhookIn>,
    ) -> Reply<WebhookOut> {
        let (scope, by) = (can.scope_of(CompanyId(company))?, can.caller().user);
        Success::ok(endpoints::change(app, scope, by, WebhookEndpointId(id), body.into()).await?)
    }

    /// Removes a webhook with its log. What is on its way is not sent.
    #[oai(path = "/api/webhooks/company/:companyId/:id", method = "delete", operation_id = "deleteWebhook")]
    async fn delete(
        &self,
        can: Can<WriteIntegrations>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
        Path(id): Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        let (scope, by) = (can.scope_of(CompanyId(company))?, can.caller().user);
        endpoints::remove(app, scope, by, WebhookEndpointId(id)).await?;
        Done::saying("The webhook is removed.")
    }

    /// Makes a new secret for a webhook. For 24 hours requests are signed with the old one, too.
    #[oai(
        path = "/api/webhooks/company/:companyId/:id/rotate",
        method = "post",
        operation_id = "rotateWebhookSecret"
    )]
    async fn rotate(
        &self,
        can: Can<WriteIntegrations>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
        Path(id): Path<Uuid>,
    ) -> Reply<WebhookOut> {
        let (scope, by) = (can.scope_of(CompanyId(company))?, can.caller().user);
        Success::ok(endpoints::rotate(app, scope, by, WebhookEndpointId(id)).await?)
    }

    /// Lists what a webhook was told, the newest first, with every attempt. It is kept for 14 days.
    #[oai(
        path = "/api/webhooks/company/:companyId/:id/deliveries",
        method = "get",
        operation_id = "listWebhookDeliveries"
    )]
    async fn deliveries(
        &self,
        can: Can<ReadIntegrations>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
        Path(id): Path<Uuid>,
        /// Only those that stand so.
        Query(state): Query<Option<Word<DeliveryState>>>,
        /// From the answer before.
        Query(cursor): Query<Option<String>>,
        /// At most 100; 50 unless said.
        Query(limit): Query<Option<u64>>,
    ) -> Reply<Vec<WebhookDeliveryOut>> {
        let (scope, limit) = (can.scope_of(CompanyId(company))?, limit_within(limit, LARGEST_LIMIT)?);
        let state = state.map(|word| word.0);
        log::list(app, scope, WebhookEndpointId(id), state, cursor, limit).await?.reply()
    }

    /// Sends a webhook the event `webhook.test`, once and at once, and answers with how that went.
    #[oai(path = "/api/webhooks/company/:companyId/:id/test", method = "post", operation_id = "testWebhook")]
    async fn test(
        &self,
        can: Can<WriteIntegrations>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
        Path(id): Path<Uuid>,
    ) -> Reply<WebhookDeliveryOut> {
        let scope = can.scope_of(CompanyId(company))?;
        Success::ok(log::test(app, scope, WebhookEndpointId(id)).await?)
    }

    /// Sends an event again, with the same `webhook-id`, and answers with how that went.
    ///
    /// When it fails, attempts follow as at the first time.
    #[oai(
        path = "/api/webhooks/company/:companyId/:id/redeliver",
        method = "post",
        operation_id = "redeliverWebhook"
    )]
    async fn redeliver(
        &self,
        can: Can<WriteIntegrations>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<RedeliveryIn>,
    ) -> Reply<WebhookDeliveryOut> {
        let scope = can.scope_of(CompanyId(company))?;
        let delivery = WebhookDeliveryId(body.delivery_id);
        Success::ok(log::redeliver(app, scope, WebhookEndpointId(id), delivery).await?)
    }

    /// Makes a new secret for what other systems tell the company. For 24 hours the old one is good, too.
    ///
    /// With it they sign what they send to `/api/webhooks/incoming/{companyId}` (Standard Webhooks).
    #[oai(
        path = "/api/webhooks/company/:companyId/incoming-secret",
        method = "post",
        operation_id = "rotateIncomingSecret"
    )]
    async fn incoming_secret(
        &self,
        can: Can<WriteIntegrations>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
    ) -> Reply<IncomingSecretOut> {
        let (scope, by) = (can.scope_of(CompanyId(company))?, can.caller().user);
        Success::ok(incoming::rotate(app, scope, by).await?)
    }
}
