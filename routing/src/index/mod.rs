//! The index: one company's waiting calls and agents, and the rounds that follow from a change.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::{Change, EntryId, QueueFigures, QueueId, Round};

/// One company's waiting calls and agents.
#[derive(Clone, Debug, Default)]
pub struct Index {}

impl Index {
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one change and returns the rounds that follow from it, first in line first.
    pub fn apply(&mut self, change: Change, now: DateTime<Utc>) -> Vec<Round> {
        self.apply_all([change], now)
    }

    /// Takes all changes, then matches once.
    pub fn apply_all(
        &mut self,
        changes: impl IntoIterator<Item = Change>,
        _now: DateTime<Utc>,
    ) -> Vec<Round> {
        changes.into_iter().for_each(drop);
        Vec::new()
    }

    /// When [`Change::Tick`] can matter next.
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        None
    }

    /// The entry's place in its queue's line, from 1.
    pub fn position(&self, _entry: EntryId) -> Option<usize> {
        None
    }

    /// How long the caller may have to wait; `None` without data.
    pub fn expected_wait(&self, _entry: EntryId, _now: DateTime<Utc>) -> Option<Duration> {
        None
    }

    /// The queue at this moment.
    pub fn queue_figures(&self, _queue: QueueId, _now: DateTime<Utc>) -> QueueFigures {
        QueueFigures::default()
    }
}
