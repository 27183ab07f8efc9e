//! Forgets what nobody can ask for any more: settled requests of the provider, events that were told, registrations that
//! nobody confirmed in time, links to set a password, codes to telephone numbers, phones that nobody is signed in on, secrets that no
//! request came for, mail that was given up, answers to requests that may be repeated no more, reports of imports, what endpoints
//! were told, and when messages were read. Brings the words of contacts and of people up to date.

use std::time::Duration;

use chrono::TimeDelta;

use crate::app::App;
use crate::contacts;
use crate::error::Result;
use crate::identity;
use crate::store::{
    kept_answers, mails, password_links, phone_codes, phone_messages, push_devices, registrations, system,
};

const EVERY: Duration = Duration::from_secs(3600);
/// Longer than any retry of the provider. A client that was away for longer gets a snapshot.
const KEPT: TimeDelta = TimeDelta::days(3);

/// What is told of imports of contacts: numbers, and what was wrong with them.
const IMPORTS_KEPT: TimeDelta = TimeDelta::days(30);
/// When messages had reached people and were read; that they were stays.
const RECEIPTS_KEPT: TimeDelta = TimeDelta::days(30);
/// What devices in a call have told each other: longer than a device that comes back needs it.
const SIGNALS_KEPT: TimeDelta = TimeDelta::minutes(30);

/// What endpoints were told, with the log of it.
const EVENTS_KEPT: TimeDelta = TimeDelta::days(14);

/// Runs until the process ends.
pub async fn run(app: App) {
    loop {
        if let Err(error) = contacts::index::catch_up(&app).await {
            tracing::error!(?error, "contacts could not be indexed; it is tried again in an hour");
        }
        if let Err(error) = identity::fold::catch_up(&app).await {
            tracing::error!(?error, "people could not be folded; it is tried again in an hour");
        }
        let busy = app.clock.sleep(EVERY).await;
        if let Err(error) = forget(&app).await {
            tracing::error!(?error, "housekeeping failed; it is tried again in an hour");
        }
        drop(busy);
    }
}

async fn forget(app: &App) -> Result<()> {
    let now = app.clock.now();
    system::forget_before(&app.db, now - KEPT).await?;
    let tx = app.db.begin().await?;
    registrations::forget_expired(&tx, now).await?;
    password_links::forget_expired(&tx, now).await?;
    phone_codes::forget_expired(&tx, now).await?;
    phone_messages::forget_before(&tx, now - KEPT).await?;
    push_devices::forget_signed_out(&tx, now).await?;
    system::forget_expired_secrets(&tx, now).await?;
    system::forget_webhook_events(&tx, now - EVENTS_KEPT).await?;
    kept_answers::forget_old(&tx, now).await?;
    system::forget_contact_imports(&tx, now - IMPORTS_KEPT).await?;
    system::forget_signals(&tx, now - SIGNALS_KEPT).await?;
    system::forget_chat_receipts(&tx, now - RECEIPTS_KEPT).await?;
    mails::forget_failed(&tx, now - KEPT).await?;
    Ok(tx.commit().await?)
}
