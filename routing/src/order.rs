//! The two orders that decide everything, each written down once: who is next in line, and which agent is
//! best.

use std::cmp::Reverse;

use chrono::{DateTime, TimeDelta, Utc};

use crate::{Agent, AgentId, Entry, EntryId, IdleReading, Queue, Strategy};

/// The place of an entry: larger priority first; then who has waited longer, his age credit counted; then the
/// id, so that two callers of the same moment have one order everywhere. It is the same over all queues of a
/// company.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryKey {
    priority: Reverse<i32>,
    waiting_since: DateTime<Utc>,
    id: EntryId,
}

impl EntryKey {
    pub fn of(entry: &Entry) -> Self {
        let waiting_since = TimeDelta::from_std(entry.age_credit)
            .ok()
            .and_then(|credit| entry.entered_at.checked_sub_signed(credit))
            .unwrap_or(DateTime::<Utc>::MIN_UTC);
        Self { priority: Reverse(entry.priority), waiting_since, id: entry.id }
    }

    pub fn entry(&self) -> EntryId {
        self.id
    }
}

/// The place of an agent among the free ones of a queue; the smallest is asked first. In this order:
///
/// 1. slots held now: nobody gets a second call while an equally able colleague has none;
/// 2. what the strategy compares:
///    * longest idle and ring all: the moment since when he is idle, as the queue's [`IdleReading`] reads it;
///    * round robin: when he was last offered a call, never before the earliest;
///    * fewest calls: calls handled;
///    * least talk time: talk time, in whole milliseconds;
/// 3. the moment since when he is idle: a strategy that counts says nothing while the counts are equal;
/// 4. his id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgentRank {
    held: u16,
    merit: i64,
    idle_since: i64,
    id: AgentId,
}

impl AgentRank {
    pub fn of(agent: &Agent, queue: &Queue) -> Self {
        let idle_since = match queue.idle_reading {
            IdleReading::SinceLastCall => agent.last_call_ended_at.unwrap_or(agent.available_since),
            IdleReading::SinceAvailable => agent.available_since,
        }
        .timestamp_micros();
        let merit = match queue.strategy {
            Strategy::LongestIdle | Strategy::RingAll => idle_since,
            Strategy::RoundRobin => agent.last_offered_at.map_or(i64::MIN, |at| at.timestamp_micros()),
            Strategy::FewestCalls => i64::from(agent.calls_handled),
            Strategy::LeastTalkTime => i64::try_from(agent.talk_time.as_millis()).unwrap_or(i64::MAX),
        };
        Self { held: agent.held, merit, idle_since, id: agent.id }
    }

    pub fn agent(&self) -> AgentId {
        self.id
    }
}
