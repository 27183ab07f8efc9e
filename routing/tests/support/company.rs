//! A company whose rows are told as a story goes.

use routing::{Agent, Change, Entry, Index, Queue, Round};

use super::at;

/// The index of one company, and short ways to tell it things.
pub struct Company {
    pub index: Index,
}

impl Company {
    pub fn with(queues: impl IntoIterator<Item = Queue>) -> Self {
        let mut index = Index::new();
        assert_eq!(index.apply_all(queues.into_iter().map(Change::Queue), at(0)), []);
        Self { index }
    }

    /// Says who is offered what, as (entry, agents).
    pub fn told(&mut self, now: i64, changes: impl IntoIterator<Item = Change>) -> Vec<(u128, Vec<u128>)> {
        let rounds = self.index.apply_all(changes, at(now));
        let numbers = |round: Round| {
            (round.entry.0.as_u128(), round.agents.into_iter().map(|agent| agent.0.as_u128()).collect())
        };
        rounds.into_iter().map(numbers).collect()
    }

    pub fn agent(&mut self, now: i64, agent: Agent) -> Vec<(u128, Vec<u128>)> {
        self.told(now, [Change::Agent(agent)])
    }

    pub fn entry(&mut self, now: i64, entry: Entry) -> Vec<(u128, Vec<u128>)> {
        self.told(now, [Change::Entry(entry)])
    }

    pub fn tick(&mut self, now: i64) -> Vec<(u128, Vec<u128>)> {
        self.told(now, [Change::Tick])
    }
}

pub fn nobody() -> Vec<(u128, Vec<u128>)> {
    Vec::new()
}
