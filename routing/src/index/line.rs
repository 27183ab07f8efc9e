//! One queue inside the index: who stands in line, and which agents could take the next one.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::Visit;
use crate::bits::Bits;
use crate::skills::Requirement;
use crate::{Agent, AgentRank, EntryId, EntryKey, EntryState, Queue};

/// A queue's line and its agents. It exists as soon as anybody names the queue; without `settings` nobody is
/// matched.
#[derive(Clone, Debug, Default)]
pub(super) struct Line {
    pub(super) settings: Option<Queue>,
    /// Agents who serve the queue, in whatever state.
    pub(super) members: usize,
    /// Places of the members who are staffed.
    pub(super) staffed: Bits,
    /// Places of the members who are free; part of `staffed`.
    pub(super) free: Bits,
    /// The free ones, best first. Empty without settings, which say what is best.
    pub(super) best: BTreeSet<(AgentRank, usize)>,
    /// The waiting entries, those that ask for the same together, for whoever may take one may take the next.
    /// No bucket is empty.
    pub(super) buckets: BTreeMap<Requirement, BTreeSet<EntryKey>>,
    /// The first of each bucket, in the order of the line.
    pub(super) heads: BTreeMap<EntryKey, Requirement>,
    /// Everybody without an agent: waiting or in a round.
    pub(super) in_line: BTreeSet<EntryKey>,
    /// The same by the moment when they came.
    pub(super) arrivals: BTreeSet<(DateTime<Utc>, EntryId)>,
    pub(super) in_offer: usize,
    pub(super) reserved: usize,
}

impl Line {
    /// Nobody names the queue any more.
    pub(super) fn is_forgotten(&self) -> bool {
        self.settings.is_none() && self.members == 0 && self.in_line.is_empty() && self.reserved == 0
    }

    /// Takes other settings; `agent_at` tells who sits at a place.
    pub(super) fn configure<'a>(
        &mut self,
        settings: Option<Queue>,
        agent_at: impl Fn(usize) -> Option<&'a Agent>,
    ) {
        let ranking =
            |queue: &Option<Queue>| queue.as_ref().map(|queue| (queue.strategy, queue.idle_reading));
        let reordered = ranking(&self.settings) != ranking(&settings);
        self.settings = settings;
        if reordered {
            self.best.clear();
            if let Some(queue) = &self.settings {
                let free = self.free.iter().filter_map(|place| Some((agent_at(place)?, place)));
                self.best.extend(free.map(|(agent, place)| (AgentRank::of(agent, queue), place)));
            }
        }
    }

    pub(super) fn seat(&mut self, place: usize, agent: &Agent, now: DateTime<Utc>) {
        if agent.is_staffed(now) {
            self.staffed.insert(place);
        }
        if agent.is_free(now) {
            self.free.insert(place);
            if let Some(queue) = &self.settings {
                self.best.insert((AgentRank::of(agent, queue), place));
            }
        }
    }

    /// Undoes [`Line::seat`]; `agent` is as he was then.
    pub(super) fn unseat(&mut self, place: usize, agent: &Agent) {
        self.staffed.remove(place);
        if self.free.contains(place) {
            self.free.remove(place);
            if let Some(queue) = &self.settings {
                self.best.remove(&(AgentRank::of(agent, queue), place));
            }
        }
    }

    pub(super) fn enlist(&mut self, visit: &Visit) {
        match visit.entry.state {
            EntryState::Waiting => {
                let bucket = self.buckets.entry(visit.requirement.clone()).or_default();
                let former = bucket.first().copied();
                bucket.insert(visit.key);
                if former.is_none_or(|former| visit.key < former) {
                    former.and_then(|former| self.heads.remove(&former));
                    self.heads.insert(visit.key, visit.requirement.clone());
                }
            }
            EntryState::InRound(_) => self.in_offer += 1,
            EntryState::Reserved(_) => {
                self.reserved += 1;
                return;
            }
        }
        self.in_line.insert(visit.key);
        self.arrivals.insert((visit.entry.entered_at, visit.entry.id));
    }

    /// Undoes [`Line::enlist`]; `visit` is as it was then.
    pub(super) fn strike(&mut self, visit: &Visit) {
        match visit.entry.state {
            EntryState::Waiting => {
                if let Some(bucket) = self.buckets.get_mut(&visit.requirement) {
                    bucket.remove(&visit.key);
                    let next = bucket.first().copied();
                    if self.heads.remove(&visit.key).is_some() {
                        self.heads.extend(next.map(|next| (next, visit.requirement.clone())));
                    }
                    if next.is_none() {
                        self.buckets.remove(&visit.requirement);
                    }
                }
            }
            EntryState::InRound(_) => self.in_offer -= 1,
            EntryState::Reserved(_) => {
                self.reserved -= 1;
                return;
            }
        }
        self.in_line.remove(&visit.key);
        self.arrivals.remove(&(visit.entry.entered_at, visit.entry.id));
    }
}
