//! Whether an agent's browser is there. A device is trusted while it beats: routable with a heartbeat younger than
//! `HEARTBEAT_SECONDS`; within `HEARTBEAT_LOST_SECONDS` it comes back as what it was, afterwards the agent is away.

use chrono::{DateTime, Utc};
use entity::id::{AgentId, JobId};
use entity::{Availability, ChangeCause, CompanyScope, JobKind, OfferState, Reach, RoutingSubject, agent};
use serde_json::json;

use super::{Step, Wanted, Why, change};
use crate::app::App;
use crate::calls::{CallFile, leave, rows};
use crate::config::Timing;
use crate::error::Result;
use crate::store::{Unit, jobs, queueing, workforce};

/// The reason of who is away because of his device. No company can have it as one of its own.
pub const DEVICE: &str = "device";

/// A sign of life from the agent's browser. Only the first after a silence changes anything for routing.
pub async fn heartbeat(app: &App, scope: CompanyScope, id: AgentId) -> Result<DateTime<Utc>> {
    let mut unit = Unit::begin(app, scope).await?;
    let mut row = workforce::lock_agent(scope, unit.tx(), id).await?;
    let now = unit.now();
    let was_there = rows::ready_until(&row, &app.settings.timing).is_some_and(|until| until > now);
    row.heartbeat_at = Some(now);
    workforce::save_heartbeat(scope, unit.tx(), id, now).await?;
    watch(&mut unit, &row).await?;
    if !was_there {
        unit.reroute(RoutingSubject::Agent, id);
    }
    unit.commit().await?;
    Ok(now + app.settings.timing.heartbeat)
}

/// What becomes of the watch over an agent's browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watch {
    /// It has shown itself; look again at this moment.
    Until(DateTime<Utc>),
    /// Lost, or watched by another job, or not a browser at all. Its next sign of life begins a new watch.
    Over,
}

/// Whether the agent's browser has been silent for long, and if so, what follows from it. `watch` is the job that asks:
/// there is one for an agent, which looks again for as long as the browser shows itself.
pub async fn check_device(app: &App, scope: CompanyScope, id: AgentId, watch: JobId) -> Result<Watch> {
    let unit = Unit::begin(app, scope).await?;
    let row = workforce::lock_agent(scope, unit.tx(), id).await?;
    if row.reach != Reach::Browser || jobs::is_queued(&unit, JobKind::DeviceLost, id, Some(watch)).await? {
        return Ok(Watch::Over);
    }
    let lost_at = lost_at(&row, &app.settings.timing);
    if lost_at > unit.now() {
        return Ok(Watch::Until(lost_at));
    }
    drop(unit);
    device_lost(app, scope, id).await?;
    Ok(Watch::Over)
}

/// Sees to it that somebody looks after the agent's browser. One that is being looked at this moment does not count:
/// that look may be the last of its job.
pub(super) async fn watch(unit: &mut Unit, row: &agent::Model) -> Result<()> {
    if row.reach == Reach::Browser && !jobs::is_queued(unit, JobKind::DeviceLost, row.id, None).await? {
        let at = lost_at(row, &unit.app().settings.timing);
        unit.job(JobKind::DeviceLost, row.id, json!({}), at);
    }
    Ok(())
}

/// When a browser is given up that shows itself no more. A change of state counts as showing itself.
fn lost_at(row: &agent::Model, timing: &Timing) -> DateTime<Utc> {
    row.heartbeat_at.map_or(row.available_since, |at| at.max(row.available_since)) + timing.heartbeat_lost
}

/// The browser has been silent for long: its offers are withdrawn and the agent is away, for his device's sake. Not his
/// fault, and never not-responding.
async fn device_lost(app: &App, scope: CompanyScope, id: AgentId) -> Result<()> {
    let seen = queueing::open_offers_of_agent(scope, app.db.reader(), Some(id)).await?;
    for offer in seen {
        let mut unit = Unit::begin(app, scope).await?;
        let mut file = CallFile::open(&unit, offer.call_id).await?;
        // He may be back.
        let row = workforce::agent(scope, unit.tx(), id).await?;
        if lost_at(&row, &app.settings.timing) > unit.now() {
            return Ok(());
        }
        if leave::settle(&mut unit, &mut file, &offer, OfferState::DeviceError).await? == queueing::Won::Yes {
            leave::close_round_if_settled(&mut unit, &mut file, &offer).await?;
        }
        file.save(&mut unit).await?;
        unit.commit().await?;
    }
    let mut unit = Unit::begin(app, scope).await?;
    let row = workforce::lock_agent(scope, unit.tx(), id).await?;
    let silent = lost_at(&row, &app.settings.timing) <= unit.now();
    if row.availability != Availability::Available || !silent {
        return Ok(());
    }
    let away = Wanted { availability: Availability::Away, reason: Some(DEVICE.to_owned()) };
    change(&mut unit, id, Step::Now(away), Why::happened(ChangeCause::HeartbeatLost)).await?;
    unit.commit().await
}
