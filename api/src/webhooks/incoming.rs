//! `POST /api/webhooks/incoming/{companyId}`: what other systems of a company's tell us, signed by Standard Webhooks.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{AgentId, CallId, CompanyId};
use entity::{Availability, CompanyScope, When, incoming_secret};
use poem::http::Method;
use poem::{Endpoint, Request, Response};
use poem_openapi::Object;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{bytes, company_of, mint};
use crate::agents::Wanted;
use crate::app::App;
use crate::contacts::Card;
use crate::error::{Code, Error, FieldError, Result};
use crate::hooks::incoming::{self, CallbackWish, Message, Told};
use crate::http::{Failure, Word, json_body};
use crate::identity::tokens;
use crate::outbound::signing;
use crate::store::hooks;

/// A message is taken when it was signed so long ago at most, or so long ahead.
const TOLERANCE: TimeDelta = TimeDelta::minutes(5);
/// Of the longest `webhook-id`.
const LONGEST_ID: usize = 255;

/// What can be told.
const TYPES: [&str; 4] = ["contact.upsert", "callback.request", "agent.availability.set", "call.note.add"];

/// Mounted at `/api/webhooks/incoming`, unstripped.
pub struct IncomingWebhooks {
    app: App,
}

impl IncomingWebhooks {
    pub const PREFIX: &str = "/api/webhooks/incoming";

    pub fn new(app: &App) -> Self {
        Self { app: app.clone() }
    }

    async fn answer(&self, request: &Request, body: &[u8]) -> Result<Response> {
        let (scope, secret) = self.verify(request, body).await?;
        let id = request.header("webhook-id").unwrap_or_default().to_owned();
        let told = read(body)?;
        let fingerprint = tokens::hash(&String::from_utf8_lossy(body));
        let message = Message { id, fingerprint, told, by: secret.updated_by };
        let data = incoming::receive(&self.app, scope, message).await?;
        let answer = json!({"success": true, "data": data}).to_string();
        Ok(Response::builder().content_type("application/json").body(answer))
    }

    /// The company that the address names, if one of its secrets has signed this.
    async fn verify(&self, request: &Request, body: &[u8]) -> Result<(CompanyScope, incoming_secret::Model)> {
        let header = |name: &str| request.header(name).unwrap_or_default();
        let company: CompanyId = company_of(request, Self::PREFIX).ok_or(Error::BadSignature)?;
        let id = header("webhook-id");
        let good_id = (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
        let seconds: i64 = header("webhook-timestamp").parse().map_err(|_| Error::BadSignature)?;
        let at = DateTime::<Utc>::from_timestamp(seconds, 0).ok_or(Error::BadSignature)?;
        let apart = (self.app.clock.now() - at).abs();
        let scope = mint(company);
        let row = hooks::incoming_secret(scope, self.app.db.reader()).await?.ok_or(Error::BadSignature)?;
        let secrets = incoming::secrets(&self.app, scope, &row)?;
        let message = signing::Message { id, at, body };
        let genuine = message.is_signed(&secrets, header("webhook-signature"));
        if good_id && apart <= TOLERANCE && genuine { Ok((scope, row)) } else { Err(Error::BadSignature) }
    }
}

impl Endpoint for IncomingWebhooks {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let _busy = self.app.clock.busy();
        if request.method() != Method::POST {
            return Err(poem::error::MethodNotAllowedError.into());
        }
        let body = bytes(&mut request).await?;
        self.answer(&request, &body).await.map_err(|error| Failure::from(error).into())
    }
}

/// Somebody whom the company knows, or is to know.
#[derive(Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct ContactUpsertIn {
    #[oai(validator(min_length = 1, max_length = 40))]
    number: String,
    #[oai(validator(max_length = 200))]
    name: Option<String>,
    #[oai(validator(max_length = 320))]
    email: Option<String>,
    #[oai(validator(max_length = 35))]
    language: Option<String>,
    #[oai(validator(max_length = 200))]
    company: Option<String>,
    #[oai(validator(max_length = 10000))]
    notes: Option<String>,
    #[oai(validator(max_items = 50))]
    tags: Option<Vec<String>>,
    custom: Option<HashMap<String, String>>,
}

/// Somebody who wants to be called.
#[derive(Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct CallbackRequestIn {
    #[oai(validator(min_length = 1, max_length = 40))]
    number: String,
    #[oai(validator(min_length = 1, max_length = 200))]
    queue: String,
    #[oai(validator(max_length = 40))]
    our_number: Option<String>,
    at: Option<DateTime<Utc>>,
    #[oai(validator(minimum(value = "0"), maximum(value = "100")))]
    priority: Option<u8>,
    #[oai(validator(minimum(value = "1"), maximum(value = "10")))]
    attempts: Option<u32>,
    #[oai(validator(minimum(value = "1"), maximum(value = "1440")))]
    retry_minutes: Option<u32>,
    #[oai(validator(max_length = 2000))]
    note: Option<String>,
}

/// What an agent wants.
#[derive(Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct AvailabilitySetIn {
    agent_id: Uuid,
    status: Word<Availability>,
    #[oai(validator(max_length = 200))]
    reason: Option<String>,
    when: Option<Word<When>>,
}

/// Something to add to the notes of a call.
#[derive(Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct NoteAddIn {
    call_id: Uuid,
    #[oai(validator(min_length = 1, max_length = 2000))]
    note: String,
}

/// What a message says.
fn read(body: &[u8]) -> Result<Told> {
    let wrong = |field: &str, message: String| Error::invalid(field, message);
    let body: Value =
        serde_json::from_slice(body).map_err(|error| wrong("", format!("is no JSON: {error}")))?;
    let data = body["data"].clone();
    Ok(match body["type"].as_str() {
        Some("contact.upsert") => {
            let told: ContactUpsertIn = checked(data)?;
            let card = Card {
                name: told.name,
                email: told.email,
                language: told.language,
                company: told.company,
                notes: told.notes,
                tags: told.tags,
                custom: told.custom.map(|custom| custom.into_iter().collect()),
                ..Card::default()
            };
            Told::Contact { number: told.number, card }
        }
        Some("callback.request") => {
            let told: CallbackRequestIn = checked(data)?;
            Told::Callback(CallbackWish {
                number: told.number,
                queue: told.queue,
                our_number: told.our_number,
                at: told.at,
                priority: told.priority.unwrap_or(50),
                attempts: told.attempts.unwrap_or(3),
                retry_minutes: told.retry_minutes.unwrap_or(15),
                note: told.note,
            })
        }
        Some("agent.availability.set") => {
            let told: AvailabilitySetIn = checked(data)?;
            let wanted = Wanted { availability: told.status.0, reason: told.reason };
            let when = told.when.map_or(When::Now, |when| when.0);
            Told::Availability { agent: AgentId(told.agent_id), wanted, when }
        }
        Some("call.note.add") => {
            let told: NoteAddIn = checked(data)?;
            Told::Note { call: CallId(told.call_id), note: told.note }
        }
        Some(_) | None => {
            let message = format!("must be one of {}", TYPES.join(", "));
            return Err(Error::Invalid {
                code: Code::UnknownEventType,
                message: format!("The type {message}.").into(),
                fields: vec![FieldError { field: "/type".to_owned(), message }],
            });
        }
    })
}

fn checked<T>(data: Value) -> Result<T>
where
    T: poem_openapi::types::ParseFromJSON + poem_openapi::types::Type + 'static,
{
    json_body::checked(data).map_err(|fields| {
        let all = Error::Invalid {
            code: Code::ValidationFailed,
            message: "Some fields are not valid.".into(),
            fields,
        };
        all.within("/data")
    })
}
