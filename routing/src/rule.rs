//! The rule of who may be offered what, in the words of one agent and one entry. The index asks it of
//! thousands at a time by means of sets; this is the same rule for one pair, to answer "why is this call
//! waiting".

use chrono::{DateTime, Utc};

use crate::skills::Requirement;
use crate::{Agent, Entry, Readiness, SkillId};

/// Why an agent is not offered an entry: the first of these that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Obstacle {
    /// He does not serve the entry's queue.
    OtherQueues,
    /// He is away, offline or on a break.
    NotReady,
    /// He let a call ring and has not come back.
    NotResponding,
    /// His heartbeat ran out at this moment.
    HeartbeatEnded(DateTime<Utc>),
    /// He lacks this skill, or has it below the level asked for.
    LacksSkill(SkillId),
    /// He declined this entry and is not asked again until this moment.
    CoolingOff(DateTime<Utc>),
    /// All his slots are held: he may take it, just not now.
    NoFreeSlot,
}

impl Obstacle {
    /// What keeps `agent` from being offered `entry` at `now`; `None` when nothing does.
    pub fn between(agent: &Agent, entry: &Entry, now: DateTime<Utc>) -> Option<Self> {
        if !agent.queues.contains(&entry.queue) {
            return Some(Self::OtherQueues);
        }
        match agent.readiness {
            Readiness::Ready => {}
            Readiness::NotReady => return Some(Self::NotReady),
            Readiness::NotResponding => return Some(Self::NotResponding),
        }
        if let Some(ended) = agent.ready_until.filter(|until| *until <= now) {
            return Some(Self::HeartbeatEnded(ended));
        }
        if let Some(skill) = Requirement::of(entry).first_unmet(&agent.skills) {
            return Some(Self::LacksSkill(skill));
        }
        if let Some(until) = cooling_off(agent, entry, now) {
            return Some(Self::CoolingOff(until));
        }
        (agent.held >= agent.capacity).then_some(Self::NoFreeSlot)
    }
}

impl Agent {
    /// Wants calls and is trusted to be there, in a call or not.
    pub fn is_staffed(&self, now: DateTime<Utc>) -> bool {
        let wants_calls = match self.readiness {
            Readiness::Ready => true,
            Readiness::NotReady | Readiness::NotResponding => false,
        };
        wants_calls && self.ready_until.is_none_or(|until| until > now)
    }

    /// Is staffed and has a slot left: could be offered a call at `now`.
    pub fn is_free(&self, now: DateTime<Utc>) -> bool {
        self.is_staffed(now) && self.held < self.capacity
    }
}

/// Until when the agent is not asked again for this entry; `None` when he may be.
pub(crate) fn cooling_off(agent: &Agent, entry: &Entry, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let of_agent = entry.declined_by.iter().filter(|(declined, _)| *declined == agent.id);
    of_agent.map(|(_, until)| *until).filter(|until| *until > now).max()
}
