//! What becomes of a message to a number. The provider is asked for it, a few times and ever later: its callbacks come to
//! a company, and these messages may have none.

use chrono::TimeDelta;
use entity::{TextState, phone_message};
use twilio::webhook::DeliveryStatus;

use super::client;
use crate::app::App;
use crate::error::Result;
use crate::store::phone_messages;

/// When it is looked after a message, from the moment on when the provider had it.
const LOOKS: [TimeDelta; 5] = [
    TimeDelta::seconds(5),
    TimeDelta::seconds(15),
    TimeDelta::seconds(60),
    TimeDelta::minutes(5),
    TimeDelta::minutes(30),
];

/// The provider has it.
pub(super) async fn sent(app: &App, row: phone_message::Model, sid: String) -> Result<()> {
    let row = phone_message::Model {
        state: TextState::Sent,
        content_sealed: String::new(),
        provider_sid: Some(sid),
        attempts: 0,
        run_at: Some(app.clock.now() + LOOKS[0]),
        lease_until: None,
        last_error: None,
        ..row
    };
    if phone_messages::save(app, row, TextState::Asked).await? {
        app.metrics.message(TextState::Sent);
    }
    Ok(())
}

/// It does not arrive.
pub(super) async fn failed(
    app: &App,
    row: phone_message::Model,
    code: Option<u32>,
    because: String,
) -> Result<()> {
    tracing::warn!(message = %row.id, because, "a message to a number is not sent");
    settle(app, row, TextState::Failed, code, Some(because)).await
}

async fn settle(
    app: &App,
    row: phone_message::Model,
    state: TextState,
    code: Option<u32>,
    because: Option<String>,
) -> Result<()> {
    let was = row.state;
    let row = phone_message::Model {
        state,
        content_sealed: String::new(),
        error_code: code.and_then(|code| i32::try_from(code).ok()),
        last_error: because,
        run_at: None,
        lease_until: None,
        settled_at: Some(app.clock.now()),
        ..row
    };
    if phone_messages::save(app, row, was).await? {
        app.metrics.message(state);
    }
    Ok(())
}

/// Asks the provider how far it has come.
pub(super) async fn look(app: &App, row: phone_message::Model) -> Result<()> {
    let Some(sid) = row.provider_sid.clone() else { return later(app, row, None).await };
    let client = match client(app, &row).await {
        Ok(client) => client,
        Err(error) => return later(app, row, Some(format!("{error:?}"))).await,
    };
    let told = match client.fetch_message(&sid).await {
        Ok(told) => told,
        Err(error) => return later(app, row, Some(error.to_string())).await,
    };
    match told.status {
        DeliveryStatus::Delivered => settle(app, row, TextState::Delivered, None, None).await,
        DeliveryStatus::Read => settle(app, row, TextState::Read, None, None).await,
        DeliveryStatus::Failed | DeliveryStatus::Undelivered | DeliveryStatus::Canceled => {
            settle(app, row, TextState::Failed, told.error_code, told.error_message).await
        }
        DeliveryStatus::Queued
        | DeliveryStatus::Accepted
        | DeliveryStatus::Scheduled
        | DeliveryStatus::Sending
        | DeliveryStatus::Sent
        | DeliveryStatus::Receiving
        | DeliveryStatus::Received
        | DeliveryStatus::PartiallyDelivered
        | DeliveryStatus::Other(_) => later(app, row, None).await,
    }
}

/// It is looked after once more, unless that was the last time: then nobody knows.
async fn later(app: &App, row: phone_message::Model, because: Option<String>) -> Result<()> {
    let looked = usize::try_from(row.attempts).unwrap_or(usize::MAX);
    let row = phone_message::Model {
        run_at: LOOKS.get(looked).map(|pause| app.clock.now() + *pause),
        lease_until: None,
        last_error: because,
        ..row
    };
    phone_messages::save(app, row, TextState::Sent).await.map(drop).map_err(Into::into)
}
