//! After the conversation: the timer is the server's, so closing a browser changes nothing.

use chrono::TimeDelta;
use entity::id::{AgentId, CallId, SegmentId};
use entity::{
    CallOutcome, CallStatus, EndedBy, JobKind, RoutingSubject, SegmentPart, SegmentState, SlotHolder, segment,
};
use serde_json::json;

use super::story::EventKind;
use super::{CallFile, hold, leave};
use crate::app::App;
use crate::dispositions;
use crate::error::{Code, Error, Result, Subject};
use crate::store::{Audience, Unit, jobs, queueing, workforce};
use entity::CompanyScope;

/// What an agent leaves behind about a call.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    pub disposition: Option<String>,
    pub notes: Option<String>,
}

/// The conversation is over at the last line of the story; the agent keeps the slot for wrap-up.
pub async fn begin(
    unit: &mut Unit,
    file: &mut CallFile,
    mut segment: segment::Model,
    by: EndedBy,
) -> Result<()> {
    let Some(wrap_up) = segment.state.advance(SegmentState::WrapUp) else { return Ok(()) };
    let queue = queueing::queue(unit.scope(), unit.tx(), segment.queue_id).await?;
    let ended = file.last_moment();
    segment.ended_at = Some(ended);
    hold::close(&mut segment, ended);
    segment.ended_by = Some(by);
    count(unit, &segment).await?;
    file.row.outcome.get_or_insert(CallOutcome::Answered);
    segment.state = wrap_up;
    if segment.part == SegmentPart::Main {
        file.row.status = CallStatus::WrapUp;
    }
    file.note(
        unit,
        EventKind::WrapUpStarted,
        json!({"agentId": segment.agent_id, "seconds": queue.wrap_up_seconds}),
    );
    if queue.wrap_up_seconds == 0 {
        return finish(unit, file, segment).await;
    }
    let until = unit.now() + TimeDelta::seconds(i64::from(queue.wrap_up_seconds));
    segment.wrap_up_until = Some(until);
    unit.job(JobKind::EndWrapUp, segment.id, json!({}), until);
    leave::hold_slot_for(unit, &segment, SlotHolder::WrapUp).await?;
    let agent = segment.agent_id;
    queueing::save_segment(unit.scope(), unit.tx(), segment).await?;
    crate::agents::tell_status(unit, agent).await
}

/// The agent's figures that routing strategies go by.
async fn count(unit: &Unit, segment: &segment::Model) -> Result<()> {
    let talked = match (segment.connected_at, segment.ended_at) {
        (Some(from), Some(to)) => (to - from).num_milliseconds().max(0),
        (None, _) | (_, None) => 0,
    };
    let (scope, agent) = (unit.scope(), segment.agent_id);
    workforce::count_conversation(scope, unit.tx(), agent, talked, segment.ended_at).await
}

/// Wrap-up is over: the agent is free, and the call completed if the caller is gone.
pub async fn finish(unit: &mut Unit, file: &mut CallFile, mut segment: segment::Model) -> Result<()> {
    let Some(done) = segment.state.advance(SegmentState::Done) else { return Ok(()) };
    segment.state = done;
    segment.wrapped_up_at = Some(unit.now());
    let (agent, queue) = (segment.agent_id, segment.queue_id);
    file.note(
        unit,
        EventKind::WrapUpEnded,
        json!({"agentId": agent, "disposition": segment.disposition, "segmentId": segment.id}),
    );
    queueing::release_slot(unit.scope(), unit.tx(), segment.offer_id).await?;
    jobs::cancel(unit, JobKind::EndWrapUp, segment.id).await?;
    queueing::save_segment(unit.scope(), unit.tx(), segment).await?;
    unit.reroute(RoutingSubject::Agent, agent);
    unit.reroute(RoutingSubject::Queue, queue);
    leave::end_if_nobody_is_left(unit, file, EndedBy::System).await?;
    crate::agents::work_ended(unit, agent).await
}

/// The timer's end, unless it was extended or wrap-up ended before.
pub async fn time_is_up(unit: &mut Unit, id: SegmentId) -> Result<()> {
    let Some(found) = queueing::segment(unit.scope(), unit.tx(), id).await? else { return Ok(()) };
    let mut file = CallFile::open(unit, found.call_id).await?;
    let Some(segment) = queueing::segment(unit.scope(), unit.tx(), id).await? else { return Ok(()) };
    if segment.state == SegmentState::WrapUp && segment.wrap_up_until.is_some_and(|until| until <= unit.now())
    {
        finish(unit, &mut file, segment).await?;
        file.save(unit).await?;
    }
    Ok(())
}

/// The agent says that he is done, with what the call was about. `agent` is whose wrap-up it must be; `None` for who
/// may end anybody's.
pub async fn end(
    app: &App,
    scope: CompanyScope,
    call: CallId,
    agent: Option<AgentId>,
    notes: Notes,
) -> Result<()> {
    let mut unit = Unit::begin(app, scope).await?;
    let mut file = CallFile::open(&unit, call).await?;
    let mut segment = in_wrap_up(&unit, call, agent).await?;
    if let Some(chosen) = notes.disposition {
        let written = notes.notes.as_deref().or(segment.notes.as_deref());
        let chosen = dispositions::choose(&unit, Some(segment.queue_id), &chosen, written).await?;
        segment.disposition = Some(chosen).filter(|chosen| !chosen.is_empty());
    }
    segment.notes = notes.notes.or(segment.notes);
    file.row.disposition = segment.disposition.clone().or(file.row.disposition);
    file.row.notes = segment.notes.clone().or(file.row.notes);
    finish(&mut unit, &mut file, segment).await?;
    file.save(&mut unit).await?;
    unit.commit().await
}

/// As many seconds more as the queue says, as often as it says. Answers when wrap-up now ends.
pub async fn extend(
    app: &App,
    scope: CompanyScope,
    call: CallId,
    agent: Option<AgentId>,
) -> Result<chrono::DateTime<chrono::Utc>> {
    let mut unit = Unit::begin(app, scope).await?;
    let mut file = CallFile::open(&unit, call).await?;
    let mut segment = in_wrap_up(&unit, call, agent).await?;
    let rule = queueing::queue(scope, unit.tx(), segment.queue_id).await?.rules.wrap_up;
    if u32::try_from(segment.wrap_up_extensions).unwrap_or(u32::MAX) >= rule.extensions {
        return Err(Error::conflict(
            Code::WrapUpExtendedEnough,
            "This wrap-up cannot be extended any further.",
        ));
    }
    let until =
        segment.wrap_up_until.unwrap_or(unit.now()) + TimeDelta::seconds(i64::from(rule.extension_seconds));
    segment.wrap_up_until = Some(until);
    segment.wrap_up_extensions += 1;
    unit.job(JobKind::EndWrapUp, segment.id, json!({}), until);
    file.note(&unit, EventKind::WrapUpExtended, json!({"agentId": segment.agent_id, "until": until}));
    unit.tell(
        &[Audience::Agent(segment.agent_id), Audience::Supervisors],
        "call:update",
        json!({"callId": call, "status": CallStatus::WrapUp, "wrapUpUntil": until}),
    );
    queueing::save_segment(scope, unit.tx(), segment).await?;
    file.save(&mut unit).await?;
    unit.commit().await?;
    Ok(until)
}

async fn in_wrap_up(unit: &Unit, call: CallId, agent: Option<AgentId>) -> Result<segment::Model> {
    let segments = queueing::segments_of_call(unit.scope(), unit.tx(), call).await?;
    let mine = |segment: &segment::Model| agent.is_none_or(|agent| segment.agent_id == agent);
    if !segments.iter().any(mine) {
        return Err(Error::NotFound(Subject::Call));
    }
    segments
        .into_iter()
        .find(|segment| mine(segment) && segment.state == SegmentState::WrapUp)
        .ok_or_else(|| Error::conflict(Code::NotInWrapUp, "This call is not in wrap-up."))
}
