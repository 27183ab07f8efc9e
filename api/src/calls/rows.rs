//! From rows to what the routing index reads.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZeroU16;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{AgentId, QueueEntryId};
use entity::{
    Availability, CompanyScope, IdleReading, OfferState, OverflowAction, Reach, SegmentState, Strategy,
    VisitPlan, agent, offer, queue, queue_entry, segment,
};
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};

use crate::config::Timing;
use crate::error::{Code, Error, Result};
use crate::store::{Unit, queueing, workforce};

/// How many conversations the mean handle time is made of.
const HANDLED: u64 = 50;

/// The priority of a caller of whom a flow says nothing else.
const USUAL_PRIORITY: i32 = 50;

/// A skill that an entry asks for, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NeededSkill {
    pub skill: entity::id::SkillId,
    pub level: u8,
}

pub async fn queue<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    row: &queue::Model,
) -> Result<routing::Queue> {
    let handled = queueing::last_handled(scope, db, row.id, HANDLED).await?;
    Ok(routing::Queue {
        id: routing::QueueId(row.id.0),
        strategy: match row.strategy {
            Strategy::LongestIdle => routing::Strategy::LongestIdle,
            Strategy::RoundRobin => routing::Strategy::RoundRobin,
            Strategy::FewestCalls => routing::Strategy::FewestCalls,
            Strategy::LeastTalkTime => routing::Strategy::LeastTalkTime,
            Strategy::RingAll => routing::Strategy::RingAll,
        },
        ring_all_limit: row.rules.ring_all_limit.and_then(NonZeroU16::new),
        decline_cool_off: seconds(row.decline_cool_off_seconds),
        mean_handle_time: mean_handle_time(&handled),
        idle_reading: match row.idle_reading {
            IdleReading::SinceLastCall => routing::IdleReading::SinceLastCall,
            IdleReading::SinceAvailable => routing::IdleReading::SinceAvailable,
        },
        ageing: ageing(row).map(|step| routing::Ageing { step, usual: USUAL_PRIORITY }),
    })
}

/// How much waiting a step of priority is worth in this queue.
pub fn ageing(row: &queue::Model) -> Option<Duration> {
    row.rules.ageing_seconds.map(|seconds| Duration::from_secs(seconds.into()))
}

/// AHT = (talk + hold + wrap-up) / handled.
fn mean_handle_time(handled: &[segment::Model]) -> Option<Duration> {
    let times: Vec<_> = handled
        .iter()
        .filter_map(|segment| (segment.wrapped_up_at? - segment.connected_at?).to_std().ok())
        .collect();
    let count = u32::try_from(times.len()).ok().filter(|count| *count > 0)?;
    Some(times.iter().sum::<Duration>() / count)
}

pub async fn agents<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    timing: &Timing,
    ids: Option<&[AgentId]>,
    now: DateTime<Utc>,
) -> Result<Vec<routing::Agent>> {
    let rows = workforce::agents(scope, db, ids).await?;
    let all: Vec<_> = rows.iter().map(|row| row.id).collect();
    let mut held: HashMap<AgentId, u16> = HashMap::new();
    for slot in queueing::slots_of(scope, db, &all).await? {
        *held.entry(slot.agent_id).or_default() += 1;
    }
    let mut queues: HashMap<AgentId, BTreeSet<routing::QueueId>> = HashMap::new();
    for member in workforce::memberships_of_agents(scope, db, ids).await? {
        queues.entry(member.agent_id).or_default().insert(routing::QueueId(member.queue_id.0));
    }
    let mut skills: HashMap<AgentId, BTreeMap<routing::SkillId, u8>> = HashMap::new();
    for skill in workforce::skills_of_agents(scope, db, ids).await? {
        let level = u8::try_from(skill.level).unwrap_or(u8::MAX);
        skills.entry(skill.agent_id).or_default().insert(routing::SkillId(skill.skill_id.0), level);
    }
    for today in workforce::skills_today(scope, db, ids, now).await? {
        let (agent, skill) = (skills.entry(today.agent_id).or_default(), routing::SkillId(today.skill_id.0));
        match u8::try_from(today.level).unwrap_or_default() {
            0 => drop(agent.remove(&skill)),
            level => drop(agent.insert(skill, level)),
        }
    }
    Ok(rows
        .into_iter()
        .map(|row| {
            let id = row.id;
            agent(
                row,
                timing,
                held.remove(&id).unwrap_or_default(),
                queues.remove(&id).unwrap_or_default(),
                skills.remove(&id).unwrap_or_default(),
            )
        })
        .collect())
}

fn agent(
    row: agent::Model,
    timing: &Timing,
    held: u16,
    queues: BTreeSet<routing::QueueId>,
    skills: BTreeMap<routing::SkillId, u8>,
) -> routing::Agent {
    routing::Agent {
        id: routing::AgentId(row.id.0),
        queues,
        skills,
        capacity: u16::try_from(row.capacity).unwrap_or(1),
        held,
        readiness: readiness(&row),
        ready_until: ready_until(&row, timing),
        last_call_ended_at: row.last_call_ended_at,
        available_since: row.available_since,
        calls_handled: u32::try_from(row.calls_handled).unwrap_or_default(),
        talk_time: Duration::from_millis(u64::try_from(row.talk_ms).unwrap_or_default()),
        last_offered_at: row.last_offered_at,
    }
}

/// Whether the agent wants calls, and would answer.
pub fn readiness(row: &agent::Model) -> routing::Readiness {
    let beats = row.reach != Reach::Browser || row.heartbeat_at.is_some();
    // Who is to be something else after his call gets no other one before it.
    if row.next_availability.is_some_and(|next| next != Availability::Available) {
        return routing::Readiness::NotReady;
    }
    match (row.availability, row.not_responding_since) {
        (Availability::Available, Some(_)) => routing::Readiness::NotResponding,
        (Availability::Available, None) if beats => routing::Readiness::Ready,
        (Availability::Available, None) => routing::Readiness::NotReady,
        (
            Availability::Offline
            | Availability::Busy
            | Availability::Away
            | Availability::Break
            | Availability::Training,
            _,
        ) => routing::Readiness::NotReady,
    }
}

/// Whether a call can be offered to this agent now, as far as it is not about capacity.
pub fn is_ready(row: &agent::Model, timing: &Timing, now: DateTime<Utc>) -> bool {
    readiness(row) == routing::Readiness::Ready && is_reachable(row, timing, now)
}

/// Whether he would notice if he were asked, whatever he wants.
pub fn is_reachable(row: &agent::Model, timing: &Timing, now: DateTime<Utc>) -> bool {
    shows_itself(row, timing, now) && row.not_responding_since.is_none()
}

/// Whether his device is there: a browser tells of itself, a phone is taken to be.
pub fn shows_itself(row: &agent::Model, timing: &Timing, now: DateTime<Utc>) -> bool {
    match row.reach {
        Reach::Browser => ready_until(row, timing).is_some_and(|until| until > now),
        Reach::Client | Reach::Number => true,
    }
}

/// Whether somebody else than routing may have him rung now: he is signed in, and his device is there.
///
/// # Errors
/// `AGENT_NOT_AVAILABLE`.
pub fn can_be_rung(unit: &Unit, row: &agent::Model) -> Result<()> {
    let here = is_reachable(row, &unit.app().settings.timing, unit.now());
    if here && row.availability != Availability::Offline && row.removed_at.is_none() {
        return Ok(());
    }
    let message =
        format!("{} cannot be called now: offline, not responding, or the device is away.", row.name);
    Err(Error::conflict(Code::AgentNotAvailable, message))
}

/// All that he can take at once he has.
pub fn no_capacity(row: &agent::Model) -> Error {
    Error::conflict(Code::NoFreeCapacity, format!("{} has as many calls as this agent can take.", row.name))
}

/// Until when a browser's last heartbeat counts; nothing binds a phone.
pub fn ready_until(row: &agent::Model, timing: &Timing) -> Option<DateTime<Utc>> {
    match row.reach {
        Reach::Browser => row.heartbeat_at.map(|at| at + timing.heartbeat),
        Reach::Client | Reach::Number => None,
    }
}

/// Entries with their rounds, reservations and cool-offs. `cool_off` is by queue.
pub async fn entries<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    rows: Vec<queue_entry::Model>,
    cool_off: &HashMap<entity::id::QueueId, TimeDelta>,
) -> Result<Vec<routing::Entry>> {
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let mut offers: HashMap<QueueEntryId, Vec<offer::Model>> = HashMap::new();
    for offer in queueing::offers_of_entry(scope, db, &ids).await? {
        offers.entry(offer.queue_entry_id).or_default().push(offer);
    }
    let mut segments: HashMap<QueueEntryId, Vec<segment::Model>> = HashMap::new();
    for segment in queueing::segments_of_entries(scope, db, &ids).await? {
        segments.entry(segment.queue_entry_id).or_default().push(segment);
    }
    Ok(rows
        .into_iter()
        .map(|row| {
            let cool_off = cool_off.get(&row.queue_id).copied().unwrap_or_default();
            let offers = offers.remove(&row.id).unwrap_or_default();
            let segments = segments.remove(&row.id).unwrap_or_default();
            entry(row, &offers, &segments, cool_off)
        })
        .collect())
}

fn entry(
    row: queue_entry::Model,
    offers: &[offer::Model],
    segments: &[segment::Model],
    cool_off: TimeDelta,
) -> routing::Entry {
    let asked: Vec<_> = offers
        .iter()
        .filter(|offer| offer.state == OfferState::Open)
        .map(|offer| agent_id(offer.agent_id))
        .collect();
    let reserved = segments.iter().find(|segment| segment.state.is_live());
    let state = match (reserved, asked.is_empty()) {
        (Some(segment), _) => routing::EntryState::Reserved(agent_id(segment.agent_id)),
        (None, false) => routing::EntryState::InRound(asked),
        (None, true) => routing::EntryState::Waiting,
    };
    // Who declined, and whose device failed on this call, is left in peace for a while.
    let declined = offers
        .iter()
        .filter(|offer| matches!(offer.state, OfferState::Declined | OfferState::DeviceError))
        .filter_map(|offer| Some((agent_id(offer.agent_id), offer.settled_at? + cool_off)));
    let failed = segments
        .iter()
        .filter(|segment| segment.state == SegmentState::Failed)
        .filter_map(|segment| Some((agent_id(segment.agent_id), segment.ended_at? + cool_off)));
    let skills = needed(&row);
    // Whom it is kept for has been asked and did not take it, or could not be reached: then it is kept for nobody.
    let refused = |agent| offers.iter().any(|offer| offer.agent_id == agent && offer.state.is_refusal());
    let has_failed = |agent| {
        let of_agent = segments.iter().filter(|segment| segment.agent_id == agent);
        of_agent.map(|segment| segment.state).any(|state| state == SegmentState::Failed)
    };
    let kept_for = row.plan.kept_for.filter(|kept| !refused(kept.agent) && !has_failed(kept.agent));
    routing::Entry {
        id: routing::EntryId(row.id.0),
        queue: routing::QueueId(row.queue_id.0),
        priority: row.priority,
        entered_at: row.entered_at,
        age_credit: (row.entered_at - row.waiting_since).to_std().unwrap_or_default(),
        relaxations: relaxations(&row.plan, &skills),
        preferred: kept_for
            .map(|kept| routing::Preference { agent: agent_id(kept.agent), until: kept.until }),
        ring_all_from: ring_all_from(&row.plan),
        skills: asked_for(&skills),
        state,
        declined_by: declined.chain(failed).collect(),
    }
}

/// What an entry asks for, before any rule lets it ask for less.
pub fn needed(row: &queue_entry::Model) -> Vec<NeededSkill> {
    serde_json::from_value(row.skills.clone()).unwrap_or_default()
}

fn asked_for(skills: &[NeededSkill]) -> Vec<(routing::SkillId, u8)> {
    skills.iter().map(|need| (routing::SkillId(need.skill.0), need.level)).collect()
}

/// Each step that asks for less takes away from what the one before has left.
fn relaxations(plan: &VisitPlan, skills: &[NeededSkill]) -> Vec<routing::Relaxation> {
    let mut left = skills.to_vec();
    let mut relaxations = Vec::new();
    for step in &plan.steps {
        let OverflowAction::RelaxSkills { levels } = step.action else { continue };
        left = relaxed(&left, levels);
        relaxations.push(routing::Relaxation { from: step.at, skills: asked_for(&left) });
    }
    relaxations
}

/// Each skill so many levels lower, gone when nothing is left of it; without a number nothing is left at all.
fn relaxed(skills: &[NeededSkill], levels: Option<u8>) -> Vec<NeededSkill> {
    let Some(levels) = levels else { return Vec::new() };
    let lower = |need: &NeededSkill| {
        let level = need.level.saturating_sub(levels);
        (level > 0).then(|| NeededSkill { level, ..need.clone() })
    };
    skills.iter().filter_map(lower).collect()
}

fn ring_all_from(plan: &VisitPlan) -> Option<DateTime<Utc>> {
    plan.steps.iter().find(|step| step.action == OverflowAction::RingAll).map(|step| step.at)
}

pub fn agent_id(id: AgentId) -> routing::AgentId {
    routing::AgentId(id.0)
}

pub fn seconds(count: i32) -> Duration {
    Duration::from_secs(u64::try_from(count).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use entity::PlannedStep;
    use entity::id::SkillId;
    use uuid::Uuid;

    use super::*;

    fn need(skill: u128, level: u8) -> NeededSkill {
        NeededSkill { skill: SkillId(Uuid::from_u128(skill)), level }
    }

    #[test]
    fn each_step_takes_away_from_what_the_one_before_has_left() {
        let at = |seconds| DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds);
        let step = |seconds, action| PlannedStep { at: at(seconds), action };
        let plan = VisitPlan {
            steps: vec![
                step(10, OverflowAction::RelaxSkills { levels: Some(2) }),
                step(15, OverflowAction::RingAll),
                step(20, OverflowAction::RelaxSkills { levels: Some(2) }),
                step(30, OverflowAction::RelaxSkills { levels: None }),
            ],
            ..VisitPlan::default()
        };
        let relaxed: Vec<_> = relaxations(&plan, &[need(1, 5), need(2, 3)])
            .into_iter()
            .map(|relaxation| (relaxation.from, relaxation.skills))
            .collect();
        let asked = |needs: &[NeededSkill]| asked_for(needs);
        assert_eq!(
            relaxed,
            [
                (at(10), asked(&[need(1, 3), need(2, 1)])),
                (at(20), asked(&[need(1, 1)])),
                (at(30), asked(&[])),
            ]
        );
        assert_eq!(ring_all_from(&plan), Some(at(15)));
    }
}
