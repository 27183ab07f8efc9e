//! A caller on hold: what he hears, for how long, and that nobody forgets him.
//!
//! What we want stands on the caller's leg; what is stands on the segment of the agent who has the call, with the moment
//! that the provider names. Either of the provider's answer and its event says that a hold has begun or ended, whichever
//! comes first: the other changes nothing.

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{CallId, SegmentId};
use entity::{CallStatus, CompanyScope, JobKind, SegmentState, segment};
use ivr_engine::FlowKind;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::control::{self, Actor};
use super::story::EventKind;
use super::{CallFile, Reply, participant, side, transfer};
use crate::app::App;
use crate::error::{Error, Result};
use crate::store::{Audience, Unit, calls, companies, live, queueing};

/// Puts the caller on hold. Asked twice it changes nothing.
pub async fn hold(app: &App, scope: CompanyScope, actor: Actor, call: CallId) -> Result<()> {
    let mut unit = Unit::begin(app, scope).await?;
    let (file, _) = control::talk(&unit, actor, call).await?;
    put(&mut unit, &file).await?;
    file.save(&mut unit).await?;
    unit.commit().await
}

/// Brings the caller back to who talks with him, to everybody who has come meanwhile. Asked twice it changes nothing.
pub async fn resume(app: &App, scope: CompanyScope, actor: Actor, call: CallId) -> Result<()> {
    let mut unit = Unit::begin(app, scope).await?;
    let (mut file, _) = control::talk(&unit, actor, call).await?;
    take_off(&mut unit, &file).await?;
    transfer::together(&mut unit, &mut file).await?;
    file.save(&mut unit).await?;
    unit.commit().await
}

/// The caller is to hear music.
pub async fn put(unit: &mut Unit, file: &CallFile) -> Result<()> {
    want(unit, file, true).await
}

/// The caller is to hear the others again.
pub async fn take_off(unit: &mut Unit, file: &CallFile) -> Result<()> {
    want(unit, file, false).await
}

async fn want(unit: &mut Unit, file: &CallFile, held: bool) -> Result<()> {
    if let Some(mut leg) = calls::caller_leg(unit.scope(), unit.tx(), file.id()).await?
        && leg.held != held
        && !leg.state.is_over()
    {
        leg.held = held;
        participant::set(unit, &leg);
        calls::save_leg(unit.scope(), unit.tx(), leg).await?;
    }
    Ok(())
}

/// The provider has the caller on hold, since `at` if it said when.
pub async fn began(unit: &mut Unit, file: &mut CallFile, at: Option<DateTime<Utc>>) -> Result<()> {
    let Some(mut segment) = queueing::live_segment(unit.scope(), unit.tx(), file.id()).await? else {
        return Ok(());
    };
    if segment.state != SegmentState::Connected
        || segment.held_since.is_some()
        || !is_wanted(unit, file).await?
    {
        return Ok(());
    }
    file.note_at(unit, EventKind::Held, json!({"agentId": segment.agent_id, "segmentId": segment.id}), at);
    let since = file.last_moment();
    segment.held_since = Some(since);
    file.row.status = CallStatus::OnHold;
    remind_at_next(unit, &segment, since).await?;
    queueing::save_segment(unit.scope(), unit.tx(), segment).await?;
    control::tell(unit, file).await
}

/// The provider lets the caller hear the others again.
pub async fn ended(unit: &mut Unit, file: &mut CallFile, at: Option<DateTime<Utc>>) -> Result<()> {
    let Some(mut segment) = queueing::live_segment(unit.scope(), unit.tx(), file.id()).await? else {
        return Ok(());
    };
    if segment.held_since.is_none() || is_wanted(unit, file).await? {
        return Ok(());
    }
    file.note_at(unit, EventKind::Resumed, json!({"agentId": segment.agent_id, "segmentId": segment.id}), at);
    close(&mut segment, file.last_moment());
    file.row.status = CallStatus::Connected;
    queueing::save_segment(unit.scope(), unit.tx(), segment).await?;
    control::tell(unit, file).await
}

/// Counts the hold that is on, if one is, as over.
pub fn close(segment: &mut segment::Model, at: DateTime<Utc>) {
    if let Some(since) = segment.held_since.take() {
        segment.hold_ms += (at - since).num_milliseconds().max(0);
    }
}

async fn is_wanted(unit: &Unit, file: &CallFile) -> Result<bool> {
    let leg = calls::caller_leg(unit.scope(), unit.tx(), file.id()).await?;
    Ok(leg.is_some_and(|leg| leg.held))
}

/// Which hold a reminder is about.
#[derive(Serialize, Deserialize)]
struct About {
    since: DateTime<Utc>,
}

async fn remind_at_next(unit: &mut Unit, segment: &segment::Model, since: DateTime<Utc>) -> Result<()> {
    let queue = queueing::queue(unit.scope(), unit.tx(), segment.queue_id).await?;
    let times = Times { reminder: queue.hold_reminder_seconds, limit: queue.hold_limit_seconds };
    if let Some(at) = times.next(since, unit.now()) {
        unit.job(JobKind::HoldReminder, segment.id, json!(About { since }), at);
    }
    Ok(())
}

/// In seconds; 0 for never.
#[derive(Clone, Copy)]
struct Times {
    reminder: i32,
    limit: i32,
}

impl Times {
    /// The next moment at which something is due about a hold.
    fn next(self, since: DateTime<Utc>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let held = (now - since).num_seconds().max(0);
        let reminder = i64::from(self.reminder);
        let reminder = (reminder > 0).then(|| since + TimeDelta::seconds((held / reminder + 1) * reminder));
        let limit = Some(since + TimeDelta::seconds(i64::from(self.limit)));
        [reminder, limit.filter(|at| self.limit > 0 && *at > now)].into_iter().flatten().min()
    }

    fn is_over(self, since: DateTime<Utc>, now: DateTime<Utc>) -> bool {
        self.limit > 0 && now - since >= TimeDelta::seconds(i64::from(self.limit))
    }
}

/// The caller has been on hold for long: the agent is reminded, and after the limit the caller is back with him. Not in
/// the middle of a consultation, where he would hear what is not meant for him.
pub async fn remind(unit: &mut Unit, id: SegmentId, about: &Value) -> Result<()> {
    let About { since } = serde_json::from_value(about.clone())
        .map_err(|cause| Error::internal("read a job's payload", cause))?;
    let Some(seen) = queueing::segment(unit.scope(), unit.tx(), id).await? else { return Ok(()) };
    let mut file = CallFile::open(unit, seen.call_id).await?;
    let Some(segment) = queueing::segment(unit.scope(), unit.tx(), id).await? else { return Ok(()) };
    if segment.held_since != Some(since) || !segment.state.is_live() {
        return Ok(());
    }
    let queue = queueing::queue(unit.scope(), unit.tx(), segment.queue_id).await?;
    let times = Times { reminder: queue.hold_reminder_seconds, limit: queue.hold_limit_seconds };
    let held = (unit.now() - since).num_seconds();
    let consults = live::open_transfer(unit.scope(), unit.tx(), file.id()).await?.is_some();
    if times.is_over(since, unit.now()) && !consults {
        file.note(unit, EventKind::HoldLimitReached, json!({"agentId": segment.agent_id, "seconds": held}));
        take_off(unit, &file).await?;
        file.save(unit).await
    } else {
        unit.tell(
            &[Audience::Agent(segment.agent_id), Audience::Supervisors],
            "call:hold-reminder",
            json!({"callId": file.id(), "heldSince": since, "heldSeconds": held}),
        );
        remind_at_next(unit, &segment, since).await
    }
}

/// What a caller on hold hears next. Only reads.
pub async fn music(app: &App, scope: CompanyScope, id: CallId, hop: u32) -> Result<Reply> {
    let db = app.db.reader();
    let call = calls::get(scope, db, id).await?;
    if let Some(queue) = call.queue_id
        && side::has(scope, db, queue, FlowKind::Hold).await?
        && let Some(reply) = side::hold::music(app, scope, id, hop).await?
    {
        return Ok(reply);
    }
    let music = match call.queue_id {
        Some(queue) => queueing::queue(scope, db, queue).await?.hold_music_url,
        None => None,
    };
    Ok(Reply::Hold { call: id, hop, music, words: companies::words(scope, db).await? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    #[test]
    fn a_hold_is_looked_at_at_each_reminder_and_at_its_limit() {
        let times = Times { reminder: 40, limit: 100 };
        assert_eq!(times.next(at(0), at(0)), Some(at(40)));
        assert_eq!(times.next(at(0), at(80)), Some(at(100)));
        assert_eq!(times.next(at(0), at(100)), Some(at(120)));
        assert!(times.is_over(at(0), at(100)) && !times.is_over(at(0), at(99)));
    }

    #[test]
    fn what_is_never_to_happen_is_never_due() {
        assert_eq!(Times { reminder: 0, limit: 0 }.next(at(0), at(50)), None);
        assert_eq!(Times { reminder: 0, limit: 10 }.next(at(0), at(50)), None);
        assert!(!Times { reminder: 0, limit: 0 }.is_over(at(0), at(9999)));
    }
}
