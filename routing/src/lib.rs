//! Who gets which waiting call.
//!
//! One [`Index`] is one company's view of its waiting calls (queue entries) and its agents. A [`Change`] goes
//! in, the [`Round`]s of offers that follow from it come out. The index owns the order of the line, the order
//! of the agents, and who may be offered what; it answers where a caller stands and how long he may have to
//! wait.
//!
//! **The rule.** Waiting entries are walked in the order of [`EntryKey`], over all queues at once. Each takes
//! the best agent by its queue's [`Strategy`] ([`AgentRank`]) out of those who are free and may take it:
//! member of the queue, ready, heartbeat not run out, a slot left, every required skill at its level, not
//! cooling off after declining this very entry, and no other agent whom it is kept for ([`Preference`]). What it
//! asks for may become less with time ([`Relaxation`]). Under [`Strategy::RingAll`], and once the entry's own moment
//! for it has come, it takes all of them, up to the queue's limit. After every change this holds: no waiting entry stands beside a free agent who may take it.
//!
//! **What it must never do.** It has no clock (every moment is an argument), no randomness, no I/O and no
//! memory of the past beyond the rows that it was told. It does not guard capacity against races: that is the
//! database's, whose rows are the truth. A stale index therefore does no harm; it is told the truth again, or
//! built anew.
//!
//! **Who says what.** Each change carries the whole truth of its row set, so telling it twice is the same as
//! once. A returned round counts as done: its entry is in a round, and each of its agents holds one slot more
//! and was offered a call just now, until a later change of *that entry* or *that agent* says otherwise. So
//! when a round ends, the server tells both: the entry (waiting again, reserved or gone) and every agent of
//! the round with the slots that he holds now; together in [`Index::apply_all`], or the first of the two
//! would be matched without the second.
//!
//! **What it costs** (`benches/index.rs`: 10,000 waiting entries, 5,000 agents, 50 skills, 20 queues).
//! Building it has a budget of 50 ms, one change of 100 µs; most changes take a few µs. Only a queue's turn
//! to another strategy sorts all its free agents anew.
//!
//! ```
//! use std::time::Duration;
//!
//! use chrono::{DateTime, TimeDelta, Utc};
//! use routing::{
//!     Agent, AgentId, Change, Entry, EntryId, EntryState, IdleReading, Index, Queue, QueueId, Readiness, Strategy,
//! };
//! use uuid::Uuid;
//!
//! let now: DateTime<Utc> = DateTime::UNIX_EPOCH;
//! let sales = Queue {
//!     id: QueueId(Uuid::from_u128(1)),
//!     strategy: Strategy::LongestIdle,
//!     ring_all_limit: None,
//!     decline_cool_off: Duration::from_secs(30),
//!     mean_handle_time: Some(Duration::from_secs(240)),
//!     idle_reading: IdleReading::SinceLastCall,
//!     ageing: None,
//! };
//! let anna = Agent {
//!     id: AgentId(Uuid::from_u128(2)),
//!     queues: [sales.id].into(),
//!     skills: [].into(),
//!     capacity: 1,
//!     held: 0,
//!     readiness: Readiness::Ready,
//!     ready_until: Some(now + TimeDelta::seconds(15)),
//!     last_call_ended_at: None,
//!     available_since: now,
//!     calls_handled: 0,
//!     talk_time: Duration::ZERO,
//!     last_offered_at: None,
//! };
//! let caller = Entry {
//!     id: EntryId(Uuid::from_u128(3)),
//!     queue: sales.id,
//!     priority: 0,
//!     entered_at: now,
//!     age_credit: Duration::ZERO,
//!     skills: vec![],
//!     relaxations: vec![],
//!     preferred: None,
//!     ring_all_from: None,
//!     state: EntryState::Waiting,
//!     declined_by: vec![],
//! };
//!
//! let mut index = Index::new();
//! assert!(index.apply_all([Change::Queue(sales), Change::Agent(anna.clone())], now).is_empty());
//! let rounds = index.apply(Change::Entry(caller.clone()), now);
//! assert_eq!((rounds[0].entry, &rounds[0].agents), (caller.id, &vec![anna.id]));
//! // Two rows of the next transaction: Anna declined. She is free, but this caller is not offered to her for 30 s.
//! let declined = Entry { declined_by: vec![(anna.id, now + TimeDelta::seconds(30))], ..caller };
//! assert!(index.apply_all([Change::Entry(declined), Change::Agent(anna)], now).is_empty());
//! ```

mod bits;
mod change;
mod ids;
mod index;
mod order;
mod rule;
mod skills;

pub use change::{
    Ageing, Agent, Ahead, Change, Entry, EntryState, Explanation, IdleReading, Preference, Queue,
    QueueFigures, Readiness, Relaxation, Round, Strategy, Turn,
};
pub use ids::{AgentId, EntryId, QueueId, SkillId};
pub use index::Index;
pub use order::{AgentRank, EntryKey, Precedence};
pub use rule::Obstacle;
