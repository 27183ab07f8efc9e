//! The rule of who may be offered what, in the words of one agent and one entry. The index asks it of
//! thousands at a time by means of sets; this is the same rule for one pair, to answer "why is this call
//! waiting".

use chrono::{DateTime, Utc};

use crate::skills::Requirement;
use crate::{Agent, AgentId, Entry, Readiness, SkillId};

/// Something that keeps an agent from being offered an entry.
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
    /// He lacks this skill (`has` is `None`), or has it below the level asked for.
    LacksSkill { skill: SkillId, has: Option<u8>, needs: u8 },
    /// He declined this entry and is not asked again until this moment.
    CoolingOff(DateTime<Utc>),
    /// It is kept for this other agent until this moment.
    KeptFor(AgentId, DateTime<Utc>),
    /// All his slots are held: he may take it, just not now.
    NoFreeSlot,
}

impl Obstacle {
    /// All that keeps `agent` from being offered `entry` at `now`, in the order of the list above; nothing when he
    /// would be offered it, were he and it alone.
    pub fn between(agent: &Agent, entry: &Entry, now: DateTime<Utc>) -> Vec<Self> {
        let mut found = Vec::new();
        if !agent.queues.contains(&entry.queue) {
            found.push(Self::OtherQueues);
        }
        match agent.readiness {
            Readiness::Ready => {
                found.extend(agent.ready_until.filter(|until| *until <= now).map(Self::HeartbeatEnded));
            }
            Readiness::NotReady => found.push(Self::NotReady),
            Readiness::NotResponding => found.push(Self::NotResponding),
        }
        let requirement = Requirement::at(entry, now);
        found.extend(requirement.unmet(&agent.skills).map(|(skill, needs)| {
            let has = agent.skills.get(&skill).copied();
            Self::LacksSkill { skill, has, needs }
        }));
        found.extend(cooling_off(agent, entry, now).map(Self::CoolingOff));
        let kept = entry.kept_for(now).filter(|preference| preference.agent != agent.id);
        found.extend(kept.map(|preference| Self::KeptFor(preference.agent, preference.until)));
        if agent.held >= agent.capacity {
            found.push(Self::NoFreeSlot);
        }
        found
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
