//! Text messages that flows send, from the number that was called, and those that people send to the company's numbers. Each
//! that goes out is a row before the provider is asked, and the provider is asked once: as with calls, a reply that was lost
//! is left to the callback (decision 26).

use entity::id::MessageId;
use entity::{CompanyScope, JobKind, OptOutCause, TextDirection, TextState, WebhookEventKind, text_message};
use serde_json::json;
use twilio::rest::{CreateMessage, Error as RestError};
use twilio::webhook::{DeliveryStatus, IncomingMessage, MessageStatus};

use super::story::EventKind;
use super::{CallFile, opt_out};
use crate::app::App;
use crate::error::Result;
use crate::jobs::Done;
use crate::store::{Unit, contacts, messages, phone_numbers};

/// So many messages may a call cost its company. Whoever calls, or keys in a number, decides where they go; numbers abroad
/// that pay him for what arrives are an old trick.
pub const MOST_OF_A_CALL: u64 = 3;

/// A flow wants this to be sent. Who wants no messages from this number gets none: that is told in the call's story, and the
/// flow goes on.
pub async fn plan(unit: &mut Unit, file: &mut CallFile, to: String, text: String) -> Result<()> {
    if messages::count_of_call(unit.scope(), unit.tx(), file.id()).await? >= MOST_OF_A_CALL {
        file.note(unit, EventKind::FlowProblem, json!({"code": "tooManyMessages", "most": MOST_OF_A_CALL}));
        return Ok(());
    }
    let mut row = text_message::Model {
        id: unit.id::<MessageId>(),
        company_id: unit.company(),
        call_id: Some(file.id()),
        direction: TextDirection::Outbound,
        from_number: file.row.to_address.clone(),
        to_number: to,
        body: text,
        media: 0,
        state: TextState::Planned,
        provider_sid: None,
        error_code: None,
        created_at: unit.now(),
        settled_at: None,
    };
    file.note(unit, EventKind::MessagePlanned, json!({"messageId": row.id, "to": row.to_number}));
    let now = unit.now();
    if opt_out::is_out(unit, &row.from_number, &row.to_number).await? {
        row.state = TextState::Failed;
        row.error_code = i32::try_from(opt_out::REFUSED).ok();
        row.settled_at = Some(now);
        unit.app().metrics.message(row.state);
        tell_outside(unit, WebhookEventKind::MessageFailed, &row);
        let why = json!({"messageId": row.id, "errorCode": row.error_code, "reason": "optedOut"});
        file.note(unit, EventKind::MessageFailed, why);
    } else {
        unit.job(JobKind::SendMessage, row.id, json!({}), now);
    }
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
        DeliveryStatus::Delivered => TextState::Delivered,
        DeliveryStatus::Read => TextState::Read,
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
    let Some(call) = seen.call_id else { return Ok(()) };
    let mut file = CallFile::open(unit, call).await?;
    let Some(mut row) = messages::lock(unit.scope(), unit.tx(), id).await? else { return Ok(()) };
    let is_another = row.provider_sid.is_some() && news.sid.is_some() && row.provider_sid != news.sid;
    let Some(state) = row.state.advance(news.state).filter(|_| !is_another) else { return Ok(()) };
    row.state = state;
    unit.app().metrics.message(state);
    row.provider_sid = news.sid.or(row.provider_sid);
    row.error_code = news.error.and_then(|code| i32::try_from(code).ok());
    row.settled_at = state.is_over().then(|| row.settled_at.unwrap_or(unit.now()));
    if news.error == Some(opt_out::REFUSED) {
        opt_out::note(unit, &row.from_number, &row.to_number, OptOutCause::Provider).await?;
    }
    let told = match state {
        TextState::Planned | TextState::Asked | TextState::Sent => {
            Some((EventKind::MessageSent, WebhookEventKind::MessageSent))
        }
        TextState::Delivered => Some((EventKind::MessageDelivered, WebhookEventKind::MessageDelivered)),
        TextState::Failed => Some((EventKind::MessageFailed, WebhookEventKind::MessageFailed)),
        TextState::Read | TextState::Received => None,
    };
    if let Some((line, fact)) = told {
        file.note(unit, line, json!({"messageId": id, "errorCode": row.error_code}));
        tell_outside(unit, fact, &row);
    }
    messages::save(unit.scope(), unit.tx(), row).await?;
    file.save(unit).await
}

/// What others are told of a message that goes out: never its text.
fn tell_outside(unit: &mut Unit, kind: WebhookEventKind, row: &text_message::Model) {
    let told = json!({"messageId": row.id, "callId": row.call_id, "from": row.from_number, "to": row.to_number,
        "state": row.state, "errorCode": row.error_code});
    let at = unit.now();
    unit.fact(kind, at, told);
}

/// Somebody has sent a message to a number of the company. Of one that is told twice the second changes nothing.
pub async fn received(unit: &mut Unit, told: &IncomingMessage) -> Result<()> {
    let (ours, theirs) = (bare(&told.to), bare(&told.from));
    let scope = unit.scope();
    if !phone_numbers::is_there(scope, unit.tx(), &told.account_sid, ours).await? {
        tracing::warn!("a text message came to a number that is not the company's");
        return Ok(());
    }
    if messages::has_come_in(scope, unit.tx(), &told.message_sid).await? {
        return Ok(());
    }
    let text = told.body.clone().unwrap_or_default().replace('\0', "");
    opt_out::read(unit, ours, theirs, &text, told.opt_out_type.as_deref()).await?;
    let now = unit.now();
    let row = text_message::Model {
        id: unit.id::<MessageId>(),
        company_id: unit.company(),
        call_id: None,
        direction: TextDirection::Inbound,
        from_number: theirs.to_owned(),
        to_number: ours.to_owned(),
        body: text,
        media: told.num_media.and_then(|media| i32::try_from(media).ok()).unwrap_or_default(),
        state: TextState::Received,
        provider_sid: Some(told.message_sid.clone()),
        error_code: None,
        created_at: now,
        settled_at: Some(now),
    };
    let contact = contacts::by_number(scope, unit.tx(), theirs).await?;
    contacts::touch(scope, unit.tx(), &[theirs], now).await?;
    let about = json!({"messageId": row.id, "contactId": contact.map(|contact| contact.id),
        "from": row.from_number, "to": row.to_number, "text": row.body, "media": row.media});
    unit.fact(WebhookEventKind::MessageReceived, now, about);
    unit.app().metrics.message(row.state);
    messages::insert(scope, unit.tx(), row).await
}

/// An address without the channel that stands before it, as in `whatsapp:+12025550123`.
fn bare(address: &str) -> &str {
    address.rsplit_once(':').map_or(address, |(_, number)| number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_same_in_every_channel() {
        assert_eq!(bare("+12025550123"), "+12025550123");
        assert_eq!(bare("whatsapp:+12025550123"), "+12025550123");
    }
}
