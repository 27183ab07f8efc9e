//! What other systems of the company's tell us: each message is done once, by the id that its sender gave it.

use chrono::{DateTime, Utc};
use entity::id::{AgentId, CallId, UserId};
use entity::{
    Availability, CallKind, CallOutcome, CallStatus, ChangeCause, CompanyScope, OfferState, When, call,
    incoming_secret, noted_call, webhook_request,
};
use ivr_engine::{Booking, Callback, CallbackTime};
use serde_json::{Value, json};

use super::endpoints::OLD_SECRET_LIFE;
use crate::agents::{self, Wanted, Why};
use crate::app::App;
use crate::calls::story::EventKind;
use crate::calls::{CallFile, callback, outbound};
use crate::contacts::{self, Card};
use crate::error::{Code, Error, FieldError, Result};
use crate::identity::audit;
use crate::outbound::signing;
use crate::phone::e164;
use crate::sealed;
use crate::secret::Secret;
use crate::store::webhooks::{self, Claim};
use crate::store::{Unit, callbacks, hooks, phone_numbers, queueing};

/// Of the notes of a call, in characters.
const NOTES: usize = 10_000;

/// A new secret, and until when the one before is good.
pub struct Rotated {
    pub secret: Secret,
    pub old_until: Option<DateTime<Utc>>,
}

/// Makes a new secret, shown this once. The one before is good for a day.
pub async fn rotate(app: &App, scope: CompanyScope, by: UserId) -> Result<Rotated> {
    let unit = Unit::begin(app, scope).await?;
    hooks::lock_listeners(&unit).await?;
    let old = hooks::incoming_secret(scope, unit.tx()).await?;
    let (secret, now) = (signing::new_secret(), unit.now());
    let old_until = old.as_ref().map(|_| now + OLD_SECRET_LIFE);
    let row = incoming_secret::Model {
        company_id: scope.company(),
        secret_sealed: sealed::seal(&app.keys, &about(scope), &secret)?,
        old_secret_sealed: old.map(|old| old.secret_sealed),
        old_secret_until: old_until,
        updated_at: now,
        updated_by: by,
    };
    hooks::put_incoming_secret(scope, unit.tx(), row).await?;
    audit::note(app, scope, unit.tx(), by, "webhooks:incoming-secret", json!({})).await?;
    unit.commit().await?;
    Ok(Rotated { secret, old_until })
}

/// The secrets that are good now.
pub fn secrets(app: &App, scope: CompanyScope, row: &incoming_secret::Model) -> Result<Vec<Secret>> {
    let open = |sealed: &str| sealed::open(&app.keys, &about(scope), sealed);
    let mut secrets = vec![open(&row.secret_sealed)?];
    if let Some(old) = &row.old_secret_sealed
        && row.old_secret_until.is_some_and(|until| until > app.clock.now())
    {
        secrets.push(open(old)?);
    }
    Ok(secrets)
}

fn about(scope: CompanyScope) -> String {
    format!("incoming_secret:{}", scope.company())
}

/// A message whose signature was good.
#[derive(Clone, Debug)]
pub struct Message {
    /// As its sender says.
    pub id: String,
    /// A hash of its body.
    pub fingerprint: String,
    pub told: Told,
    /// Who has made the secret: in his name it is done.
    pub by: UserId,
}

/// What somebody tells us.
#[derive(Clone, Debug)]
pub enum Told {
    /// Whom the company knows.
    Contact { number: String, card: Card },
    /// Somebody wants to be called.
    Callback(CallbackWish),
    /// What an agent wants.
    Availability { agent: AgentId, wanted: Wanted, when: When },
    /// Something to be added to the notes of a call.
    Note { call: CallId, note: String },
}

#[derive(Clone, Debug)]
pub struct CallbackWish {
    pub number: String,
    /// Id or name.
    pub queue: String,
    /// The number that he is shown; the company's first one unless it is said.
    pub our_number: Option<String>,
    pub at: Option<DateTime<Utc>>,
    pub priority: u8,
    pub attempts: u32,
    pub retry_minutes: u32,
    pub note: Option<String>,
}

/// Does what a message says, once: whoever sends it again gets the same answer.
///
/// # Errors
/// What is wrong, as a JSON pointer into the message; `WEBHOOK_ID_REUSED` when its id was another message's.
pub async fn receive(app: &App, scope: CompanyScope, message: Message) -> Result<Value> {
    let mut unit = Unit::begin(app, scope).await?;
    let key = format!("incoming:{}", message.id);
    let request = webhook_request::Model {
        company_id: scope.company(),
        request_key: key.clone(),
        call_sid: None,
        path: "incoming".to_owned(),
        params: json!({"sha256": message.fingerprint}),
        reply: None,
        received_at: unit.now(),
    };
    match webhooks::claim(scope, unit.tx(), request).await? {
        Claim::New => {}
        Claim::Settled(reply) => return said_before(&unit, &key, &message, &reply).await,
        Claim::Kept => return Err(Error::internal("receive a message", "it is claimed and has no reply")),
    }
    let mut leaves = None;
    let answer = match message.told {
        Told::Contact { number, card } => contact(&mut unit, &number, card).await?,
        Told::Callback(wish) => request_callback(&mut unit, message.by, wish).await?,
        Told::Availability { agent, wanted, when } => {
            let why = Why::happened(ChangeCause::Integration);
            let availability = wanted.availability;
            let now = agents::set_within(&mut unit, agent, why, wanted, when).await?;
            leaves = (now == When::Now && availability != Availability::Available).then_some(agent);
            json!({"agentId": agent, "availability": availability})
        }
        Told::Note { call, note } => add_note(&mut unit, call, &note).await?,
    };
    webhooks::settle(scope, unit.tx(), &key, &answer.to_string()).await?;
    unit.commit().await?;
    if let Some(agent) = leaves {
        agents::withdraw_offers(app, scope, agent, OfferState::Withdrawn).await?;
    }
    Ok(answer)
}

async fn said_before(unit: &Unit, key: &str, message: &Message, reply: &str) -> Result<Value> {
    let known = webhooks::find(unit.scope(), unit.tx(), key).await?;
    if known.is_some_and(|known| known.params["sha256"] != message.fingerprint) {
        return Err(Error::conflict(Code::WebhookIdReused, "This webhook-id stands for another message."));
    }
    serde_json::from_str(reply).map_err(|cause| Error::internal("read a stored reply", cause))
}

async fn contact(unit: &mut Unit, number: &str, card: Card) -> Result<Value> {
    let number = read_number("/data/number", number)?;
    let row = contacts::upsert(unit, &number, card).await.map_err(|error| error.within("/data"))?;
    Ok(json!({"contactId": row.id, "number": row.number}))
}

fn read_number(field: &str, written: &str) -> Result<String> {
    e164(written).ok_or_else(|| {
        Error::invalid(field, "must be a telephone number with its country code, as in +49 30 123456")
    })
}

/// Nobody has called, so a call is written down that was handled elsewhere and whose caller wants to be called back.
async fn request_callback(unit: &mut Unit, by: UserId, wish: CallbackWish) -> Result<Value> {
    let (scope, number) = (unit.scope(), read_number("/data/number", &wish.number)?);
    let queue = queueing::queue_by_name(scope, unit.tx(), &wish.queue).await?;
    let queue = queue.ok_or_else(|| Error::invalid("/data/queue", "is not a queue of the company"))?;
    let ours = our_number(unit, wish.our_number.as_deref()).await?;
    outbound::may_be_called(unit, &number).await.map_err(|error| about_field(error, "/data/number"))?;
    let mut file = written_down(unit, by, &number, &ours, wish.note).await?;
    let wish = Callback {
        queue: queue.id.to_string(),
        number: number.clone(),
        when: wish.at.map_or(CallbackTime::InQueue, CallbackTime::At),
        priority: wish.priority,
        skills: Vec::new(),
        attempts: wish.attempts,
        retry_minutes: wish.retry_minutes,
    };
    match callback::book(unit, &mut file, &wish).await? {
        Booking::Accepted => {}
        Booking::Closed => {
            return Err(Error::invalid("/data/at", "is not within the hours of the queue"));
        }
        Booking::Failed => return Err(Error::invalid("/data/at", "is too far away")),
    }
    let call = file.id();
    file.save(unit).await?;
    let booked = callbacks::open_for(scope, unit.tx(), queue.id, &number).await?;
    let id = booked.map(|row| row.id);
    Ok(json!({"callbackId": id, "callId": call, "queueId": queue.id, "number": number}))
}

/// The error with this field to blame.
fn about_field(error: Error, field: &str) -> Error {
    match error {
        Error::Invalid { code, message, fields: _ } => {
            let fields = vec![FieldError { field: field.to_owned(), message: message.to_string() }];
            Error::Invalid { code, message, fields }
        }
        other => other,
    }
}

async fn our_number(unit: &Unit, wanted: Option<&str>) -> Result<String> {
    let numbers = phone_numbers::all(unit.scope(), unit.tx()).await?;
    let numbers = || numbers.iter().map(|number| &number.row.number);
    let found = match wanted {
        Some(wanted) => {
            let wanted = read_number("/data/ourNumber", wanted)?;
            numbers().find(|number| **number == wanted)
        }
        None => numbers().next(),
    };
    found.cloned().ok_or_else(|| Error::invalid("/data/ourNumber", "is not a number of the company"))
}

async fn written_down(
    unit: &Unit,
    by: UserId,
    from: &str,
    to: &str,
    notes: Option<String>,
) -> Result<CallFile> {
    let (id, now): (CallId, _) = (unit.id(), unit.now());
    let row = call::Model {
        status: CallStatus::Completed,
        outcome: Some(CallOutcome::Callback),
        notes,
        ended_at: Some(now),
        ..call::Model::begun(id, unit.company(), CallKind::Inbound, (from.to_owned(), to.to_owned()), now)
    };
    unit.scope().insert::<call::Entity, _>(unit.tx(), row.clone()).await?;
    let noted =
        noted_call::Model { call_id: id, company_id: unit.company(), noted_by: by, noted_at: unit.now() };
    unit.scope().insert::<noted_call::Entity, _>(unit.tx(), noted).await?;
    let mut file = CallFile::new(row);
    file.note(unit, EventKind::Noted, json!({"by": by, "because": "integration"}));
    Ok(file)
}

async fn add_note(unit: &mut Unit, call: CallId, note: &str) -> Result<Value> {
    let mut file = CallFile::open(unit, call).await?;
    let notes = match file.row.notes.take() {
        Some(before) if !before.is_empty() => format!("{before}\n{note}"),
        Some(_) | None => note.to_owned(),
    };
    if notes.chars().count() > NOTES {
        return Err(Error::invalid(
            "/data/note",
            format!("the notes of a call have at most {NOTES} characters"),
        ));
    }
    file.row.notes = Some(notes);
    file.save(unit).await?;
    Ok(json!({"callId": call}))
}
