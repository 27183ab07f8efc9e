//! What the tests share: short ways to write rows, and the rows themselves as a naive model of the rule.

#![allow(dead_code, reason = "each test file is its own crate and uses a part of this")]

pub mod company;
pub mod reference;

use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use routing::{
    Ageing, Agent, AgentId, Entry, EntryId, EntryState, IdleReading, Queue, QueueId, Readiness, SkillId,
    Strategy,
};
use uuid::Uuid;

/// Tests count in whole seconds from one morning.
pub fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_000_000 + seconds, 0).expect("a moment that chrono knows")
}

pub fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).expect("a duration that chrono knows")
}

pub fn queue_id(n: u128) -> QueueId {
    QueueId(Uuid::from_u128(n))
}

pub fn agent_id(n: u128) -> AgentId {
    AgentId(Uuid::from_u128(n))
}

pub fn entry_id(n: u128) -> EntryId {
    EntryId(Uuid::from_u128(n))
}

pub fn skill_id(n: u128) -> SkillId {
    SkillId(Uuid::from_u128(n))
}

/// A queue with a cool-off of 30 s and a handle time of 120 s.
pub fn queue(n: u128, strategy: Strategy) -> Queue {
    Queue {
        id: queue_id(n),
        strategy,
        ring_all_limit: None,
        decline_cool_off: seconds(30),
        mean_handle_time: Some(seconds(120)),
        idle_reading: IdleReading::SinceLastCall,
        ageing: None,
    }
}

pub fn limited_to(most: u16, queue: Queue) -> Queue {
    Queue { ring_all_limit: NonZeroU16::new(most), ..queue }
}

/// A step of priority is worth so many seconds of waiting.
pub fn ageing(step: u64, queue: Queue) -> Queue {
    Queue { ageing: Some(Ageing { step: seconds(step), usual: 0 }), ..queue }
}

/// A ready agent with one free slot, available since the start, who had no call yet.
pub fn agent<const N: usize>(n: u128, queues: [u128; N]) -> Agent {
    Agent {
        id: agent_id(n),
        queues: queues.into_iter().map(queue_id).collect(),
        skills: Default::default(),
        capacity: 1,
        held: 0,
        readiness: Readiness::Ready,
        ready_until: None,
        last_call_ended_at: None,
        available_since: at(0),
        calls_handled: 0,
        talk_time: Duration::ZERO,
        last_offered_at: None,
    }
}

/// An entry that came at `entered` and asks for nothing special.
pub fn entry(n: u128, queue: u128, entered: i64) -> Entry {
    Entry {
        id: entry_id(n),
        queue: queue_id(queue),
        priority: 0,
        entered_at: at(entered),
        age_credit: Duration::ZERO,
        skills: Vec::new(),
        relaxations: Vec::new(),
        preferred: None,
        ring_all_from: None,
        state: EntryState::Waiting,
        declined_by: Vec::new(),
    }
}

pub fn skilled(skills: impl IntoIterator<Item = (SkillId, u8)>, agent: Agent) -> Agent {
    Agent { skills: BTreeMap::from_iter(skills), ..agent }
}

pub fn asking(skills: &[(SkillId, u8)], entry: Entry) -> Entry {
    Entry { skills: skills.to_vec(), ..entry }
}
