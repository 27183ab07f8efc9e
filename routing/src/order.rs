//! The two orders that decide everything, each written down once: who is next in line, and which agent is
//! best.

use std::cmp::Reverse;

use chrono::{DateTime, TimeDelta, Utc};

use crate::{Ageing, Agent, AgentId, Entry, EntryId, IdleReading, Queue, Strategy};

/// The place of an entry, the same over all queues of a company and at every moment: the smallest is first. In this
/// order:
///
/// 1. the rank, the larger first. In a queue without [`Queue::ageing`] it is the priority, so a larger one goes
///    before any wait. In a queue with ageing everybody has the rank of the usual priority;
/// 2. the moment since when he counts as waiting: when he came, less his age credit, and in a queue with ageing less
///    one [`Ageing::step`] for each step of his priority above the usual one (and more for each below it);
/// 3. the id, so that two callers of the same moment have one order everywhere.
///
/// Priorities that grow with the time waited need no clock: "p plus one step each s seconds" grows as fast for
/// everybody, so who is before whom never changes, and is told by the moment at which his priority was, or will have
/// been, the usual one. So a step of priority is a head start of s seconds. Where an agent serves a queue with ageing
/// and one without, the entries of the first stand among those of the second that have the usual priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryKey {
    rank: Reverse<i32>,
    waiting_since: DateTime<Utc>,
    id: EntryId,
}

impl EntryKey {
    /// `ageing` is that of the entry's queue.
    pub fn of(entry: &Entry, ageing: Option<Ageing>) -> Self {
        let waiting_since = waiting_since(entry);
        let Some(ageing) = ageing else {
            return Self { rank: Reverse(entry.priority), waiting_since, id: entry.id };
        };
        let steps = entry.priority.saturating_sub(ageing.usual);
        let lead = TimeDelta::from_std(ageing.step).ok().and_then(|step| step.checked_mul(steps));
        let beyond = if steps < 0 { DateTime::<Utc>::MAX_UTC } else { DateTime::<Utc>::MIN_UTC };
        let waiting_since = lead.and_then(|lead| waiting_since.checked_sub_signed(lead)).unwrap_or(beyond);
        Self { rank: Reverse(ageing.usual), waiting_since, id: entry.id }
    }

    /// Why this one goes before `other`, which it does; `waits` says since when each really waits.
    pub(crate) fn precedence(&self, other: &Self, waits: (DateTime<Utc>, DateTime<Utc>)) -> Precedence {
        if self.rank < other.rank {
            Precedence::Priority
        } else if waits.0 <= waits.1 {
            Precedence::Age
        } else {
            Precedence::HeadStart
        }
    }

    pub fn entry(&self) -> EntryId {
        self.id
    }
}

/// Since when an entry waits, its age credit counted.
pub(crate) fn waiting_since(entry: &Entry) -> DateTime<Utc> {
    TimeDelta::from_std(entry.age_credit)
        .ok()
        .and_then(|credit| entry.entered_at.checked_sub_signed(credit))
        .unwrap_or(DateTime::<Utc>::MIN_UTC)
}

/// Why one entry goes before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Precedence {
    /// Its priority is larger, which counts before any wait.
    Priority,
    /// It has waited longer, or as long and came first.
    Age,
    /// It has waited for less time, but its larger priority counts as more than the difference.
    HeadStart,
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
