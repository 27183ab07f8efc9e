//! Text messages that flows send, from the number that was called. Each is a row before the provider is asked, and the
//! provider is asked once: as with calls, a reply that was lost is left to the callback (decision 26).

use entity::id::MessageId;
use entity::{CompanyScope, JobKind, TextState, text_message};
use serde_json::json;
use twilio::rest::{CreateMessage, Error as RestError};
use twilio::webhook::{DeliveryStatus, MessageStatus};

use super::CallFile;
use super::story::EventKind;
use crate::app::App;
use crate::error::Result;
use crate::jobs::Done;
use crate::store::{Unit, messages};

/// So many messages may a call cost its company. Whoever calls, or keys in a number, decides where they go; numbers abroad
/// that pay him for what arrives are an old trick.
pub const MOST_OF_A_CALL: u64 = 3;

/// A flow wants this to be sent.
pub async fn plan(unit: &mut Unit, file: &mut CallFile, to: String, text: String) -> Result<()> {
    if messages::count_of_call(unit.scope(), unit.tx(), file.id()).await? >= MOST_OF_A_CALL {
        file.note(unit, EventKind::FlowProblem, json!({"code": "tooManyMessages", "most": MOST_OF_A_CALL}));
        return Ok(());
    }
    let row = text_message::Model {
        id: unit.id::<MessageId>(),
        company_id: unit.company(),
        call_id: file.id(),
        from_number: file.row.to_address.clone(),
        to_number: to,
        body: text,
        state: TextState::Planned,
        provider_sid: None,
        error_code: None,
        created_at: unit.now(),
        settled_at: None,
    };
    file.note(unit, EventKind::MessagePlanned, json!({"messageId": row.id, "to": row.to_number}));
    let now = unit.now();
    unit.job(JobKind::SendMessage, row.id, json!({}), now);
    messages::insert(unit.scope(), unit.tx(), row).await
}

/// Asks the provider to send a message, unless it was asked before.
pub async fn send(app: &App, scope: CompanyScope, id: MessageId) -> Result<Done> {
    let client = app.providers.client(scope, app.db.reader()).await?;
    let Some(message) = ask(app, scope, id).await? else { return Ok(Done::Yes) };
    let create = CreateMessage::from_number(&message.from_number, &message.to_number)
        .body(&message.body)
        .status_callback(app.urls(scope.company()).message_status(id));
    match client.create_message(&create).await {
        Ok(made) => {
            let news = News { state: TextState::Sent, sid: Some(made.sid), error: None };
            learn(app, scope, id, news).await?;
            Ok(Done::Yes)
        }
        // It may be on its way: its callback will say so.
        Err(RestError::Unknown(_) | RestError::Server { .. }) => Ok(Done::Yes),
        Err(error) if error.may_be_repeated() => {
            not_asked(app, scope, id).await?;
            Ok(Done::retry(&error))
        }
        Err(error) => {
            tracing::warn!(message = %id, %error, "a text message is refused");
            let code = match error {
                RestError::Refused { code, .. } => code,
                _ => None,
            };
            learn(app, scope, id, News { state: TextState::Failed, sid: None, error: code }).await?;
            Ok(Done::Yes)
        }
    }
}

/// What is new of a message.
struct News {
    state: TextState,
    sid: Option<String>,
    error: Option<u32>,
}

/// Marks the message as asked for before it is, so that a crash in between cannot send it twice.
async fn ask(app: &App, scope: CompanyScope, id: MessageId) -> Result<Option<text_message::Model>> {
    let unit = Unit::begin(app, scope).await?;
    let Some(mut row) = messages::lock(scope, unit.tx(), id).await? else { return Ok(None) };
    if row.state != TextState::Planned {
        return Ok(None);
    }
    row.state = TextState::Asked;
    messages::save(scope, unit.tx(), row.clone()).await?;
    unit.commit().await?;
    Ok(Some(row))
}

/// The provider has certainly not sent it: it may be asked again.
async fn not_asked(app: &App, scope: CompanyScope, id: MessageId) -> Result<()> {
    let unit = Unit::begin(app, scope).await?;
    if let Some(mut row) = messages::lock(scope, unit.tx(), id).await?
        && row.state == TextState::Asked
        && row.provider_sid.is_none()
    {
        row.state = TextState::Planned;
        messages::save(scope, unit.tx(), row).await?;
    }
    unit.commit().await
}

async fn learn(app: &App, scope: CompanyScope, id: MessageId, news: News) -> Result<()> {
    let mut unit = Unit::begin(app, scope).await?;
    apply(&mut unit, id, news).await?;
    unit.commit().await
}

/// What the provider says of a message; old news changes nothing, nor does what is said of another one.
pub async fn progressed(unit: &mut Unit, id: MessageId, told: &MessageStatus) -> Result<()> {
    let state = match told.status {
        DeliveryStatus::Queued
        | DeliveryStatus::Accepted
        | DeliveryStatus::Scheduled
        | DeliveryStatus::Sending
        | DeliveryStatus::Sent => TextState::Sent,
        DeliveryStatus::Delivered | DeliveryStatus::Read => TextState::Delivered,
        DeliveryStatus::Failed | DeliveryStatus::Undelivered | DeliveryStatus::Canceled => TextState::Failed,
        DeliveryStatus::Receiving
        | DeliveryStatus::Received
        | DeliveryStatus::PartiallyDelivered
        | DeliveryStatus::Other(_) => return Ok(()),
    };
    let sid = Some(told.message_sid.clone());
    apply(unit, id, News { state, sid, error: told.error_code }).await
}

async fn apply(unit: &mut Unit, id: MessageId, news: News) -> Result<()> {
    let Some(seen) = messages::message(unit.scope(), unit.tx(), id).await? else { return Ok(()) };
    let mut file = CallFile::open(unit, seen.call_id).await?;
    let Some(mut row) = messages::lock(unit.scope(), unit.tx(), id).await? else { return Ok(()) };
    let is_another = row.provider_sid.is_some() && news.sid.is_some() && row.provider_sid != news.sid;
    let Some(state) = row.state.advance(news.state).filter(|_| !is_another) else { return Ok(()) };
    row.state = state;
    unit.app().metrics.message(state);
    row.provider_sid = news.sid.or(row.provider_sid);
    row.error_code = news.error.and_then(|code| i32::try_from(code).ok());
    row.settled_at = state.is_over().then_some(unit.now());
    let kind = match state {
        TextState::Planned | TextState::Asked | TextState::Sent => EventKind::MessageSent,
        TextState::Delivered => EventKind::MessageDelivered,
        TextState::Failed => EventKind::MessageFailed,
    };
    file.note(unit, kind, json!({"messageId": id, "errorCode": row.error_code}));
    messages::save(unit.scope(), unit.tx(), row).await?;
    file.save(unit).await
}
