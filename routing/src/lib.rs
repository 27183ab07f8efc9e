//! Who gets which waiting call.
//!
//! One [`Index`] is one company's view of its waiting calls (queue entries) and its agents. A [`Change`] goes in,
//! the [`Round`]s of offers that follow from it come out. The index owns the order of the line, the order of the
//! agents, and who may be offered what; it answers where a caller stands and how long he may have to wait.
//!
//! **The rule.** Waiting entries are walked in the order of [`EntryKey`], over all queues at once. Each takes the
//! best agent by its queue's [`Strategy`] ([`AgentRank`]) out of those who are free and may take it: member of the
//! queue, ready, heartbeat not run out, a slot left, every required skill at its level, not cooling off after
//! declining this very entry. Under [`Strategy::RingAll`] it takes all of them, up to the queue's limit. After
//! every change this holds: no waiting entry stands beside a free agent who may take it.
//!
//! **What it must never do.** It has no clock (every moment is an argument), no randomness, no I/O and no memory of
//! the past beyond the rows that it was told. It does not guard capacity against races: that is the database's,
//! whose rows are the truth. A stale index therefore does no harm; it is told the truth again, or built anew.
//!
//! **Who says what.** Each change carries the whole truth of its row set, so telling it twice is the same as once. A
//! returned round counts as done: its entry is in a round, and each of its agents holds one slot more and was offered
//! a call just now, until a later change of *that entry* or *that agent* says otherwise. So when a round ends, the
//! server tells both: the entry (waiting again, reserved or gone) and every agent of the round with the slots that
//! he holds now; together in [`Index::apply_all`], or the first of the two would be matched without the second.

mod change;
mod ids;
mod index;
mod order;

pub use change::{
    Agent, Change, Entry, EntryState, IdleReading, Queue, QueueFigures, Readiness, Round, Strategy,
};
pub use ids::{AgentId, EntryId, QueueId, SkillId};
pub use index::Index;
pub use order::{AgentRank, EntryKey};
