//! What became of notices that Expo has taken. It says so later, and keeps it for a day.

use std::collections::HashMap;

use chrono::TimeDelta;
use entity::id::{JobId, PushDeviceId};
use entity::{CompanyScope, JobKind, PushServiceKind, push_device, push_ticket};

use super::deliver::{bury, sender};
use super::services::Sender;
use crate::app::App;
use crate::error::Result;
use crate::jobs::Done;
use crate::metrics::Pushed;
use crate::store::{jobs, push_devices, push_services};

/// Expo has asked its clients to wait so long.
pub(super) const AFTER: TimeDelta = TimeDelta::minutes(15);
/// What is not there is asked for once more so much later.
const PAUSE: TimeDelta = TimeDelta::minutes(5);
/// Expo keeps none for longer.
const KEPT: TimeDelta = TimeDelta::hours(24);

/// The job: asks for what is due, forgets phones whose tokens are dead, and comes back for the rest. Of two the elder does it.
pub async fn read(app: &App, scope: CompanyScope, job: JobId) -> Result<Done> {
    let (now, kind) = (app.clock.now(), JobKind::ReadPushReceipts);
    if jobs::has_elder(scope, app.db.reader(), kind, scope.company(), job).await? {
        return Ok(Done::Yes);
    }
    let due = push_services::tickets(scope, app.db.reader(), now - AFTER, push::expo::MAX_RECEIPTS as u64);
    let due = due.await?;
    let mut ids: Vec<PushDeviceId> = due.iter().map(|ticket| ticket.device_id).collect();
    ids.sort();
    ids.dedup();
    let devices: HashMap<_, _> =
        push_devices::by_ids(app.db.reader(), ids).await?.into_iter().map(|row| (row.id, row)).collect();
    let mut unanswered = false;
    // The company's own app and the platform's are two projects.
    for own in [true, false] {
        let is_own = |ticket: &&push_ticket::Model| {
            devices.get(&ticket.device_id).is_some_and(|device| device.company_id.is_some() == own)
        };
        let tickets: Vec<_> = due.iter().filter(is_own).collect();
        unanswered |= !settle(app, scope, &tickets, &devices).await?;
    }
    let old: Vec<_> = due.iter().filter(|ticket| ticket.sent_at + KEPT <= now).collect();
    let orphans = due.iter().filter(|ticket| !devices.contains_key(&ticket.device_id));
    let gone: Vec<_> = old.into_iter().chain(orphans).map(|ticket| ticket.ticket.clone()).collect();
    if !gone.is_empty() {
        let tx = app.db.begin().await?;
        push_services::forget_tickets(scope, &tx, gone).await?;
        tx.commit().await?;
    }
    let oldest = push_services::oldest_ticket(scope, app.db.reader()).await?;
    Ok(match oldest {
        None => Done::Yes,
        Some(at) if at + AFTER > now => Done::Again(at + AFTER),
        Some(_) if unanswered => Done::Again(now + PAUSE),
        // More than are asked for at once.
        Some(_) => Done::Again(now),
    })
}

/// Whether all of these were answered.
async fn settle(
    app: &App,
    scope: CompanyScope,
    tickets: &[&push_ticket::Model],
    devices: &HashMap<PushDeviceId, push_device::Model>,
) -> Result<bool> {
    let device_of = |ticket: &push_ticket::Model| devices.get(&ticket.device_id);
    let Some(device) = tickets.first().and_then(|ticket| device_of(ticket)) else { return Ok(true) };
    let Some(Sender::Expo(client)) = sender(app, scope, device).await? else { return Ok(false) };
    let ids: Vec<_> = tickets.iter().map(|ticket| ticket.ticket.clone()).collect();
    let receipts = match client.receipts(&ids).await {
        Ok(receipts) => receipts,
        Err(error) => {
            tracing::warn!(%error, "what became of notices cannot be learnt now");
            return Ok(false);
        }
    };
    for ticket in tickets {
        let (Some(receipt), Some(device)) = (receipts.get(&ticket.ticket), device_of(ticket)) else {
            continue;
        };
        match receipt {
            Ok(()) => app.metrics.push(PushServiceKind::Expo, Pushed::Delivered),
            Err(push::Error::DeadToken { .. }) => bury(app, device, Some(ticket.sent_at)).await?,
            Err(error) => {
                tracing::warn!(%error, "a notice did not come to a phone");
                app.metrics.push(PushServiceKind::Expo, Pushed::Refused);
            }
        }
    }
    let known: Vec<_> = ids.iter().filter(|id| receipts.contains_key(*id)).cloned().collect();
    let all = known.len() == ids.len();
    let tx = app.db.begin().await?;
    push_services::forget_tickets(scope, &tx, known).await?;
    tx.commit().await?;
    Ok(all)
}
