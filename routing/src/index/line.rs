//! One queue inside the index: who stands in line, and which agents could take the next one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};

use super::{Visit, Wants};
use crate::bits::Bits;
use crate::skills::Requirement;
use crate::{Ageing, Agent, AgentId, AgentRank, EntryId, EntryKey, EntryState, Queue};

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
    /// The waiting entries that any agent may take who can do what they ask for.
    pub(super) common: Buckets,
    /// The waiting entries that are kept for one agent. Nobody's are empty.
    pub(super) personal: HashMap<AgentId, Buckets>,
    /// Everybody without an agent: waiting or in a round.
    pub(super) in_line: BTreeSet<EntryKey>,
    /// The same by the moment when they came.
    pub(super) arrivals: BTreeSet<(DateTime<Utc>, EntryId)>,
    pub(super) in_offer: usize,
    pub(super) reserved: usize,
}

/// Waiting entries, those that ask for the same together, for whoever may take one may take the next.
#[derive(Clone, Debug, Default)]
pub(super) struct Buckets {
    /// No bucket is empty.
    pub(super) by_requirement: BTreeMap<Requirement, BTreeSet<EntryKey>>,
    /// The first of each bucket, in the order of the line.
    pub(super) heads: BTreeMap<EntryKey, Requirement>,
}

impl Buckets {
    fn insert(&mut self, key: EntryKey, requirement: &Requirement) {
        let bucket = self.by_requirement.entry(requirement.clone()).or_default();
        let former = bucket.first().copied();
        bucket.insert(key);
        if former.is_none_or(|former| key < former) {
            former.and_then(|former| self.heads.remove(&former));
            self.heads.insert(key, requirement.clone());
        }
    }

    fn remove(&mut self, key: EntryKey, requirement: &Requirement) {
        let Some(bucket) = self.by_requirement.get_mut(requirement) else { return };
        bucket.remove(&key);
        let next = bucket.first().copied();
        if self.heads.remove(&key).is_some() {
            self.heads.extend(next.map(|next| (next, requirement.clone())));
        }
        if next.is_none() {
            self.by_requirement.remove(requirement);
        }
    }

    fn reorder(&mut self, key_of: &impl Fn(&EntryKey) -> EntryKey) {
        for bucket in self.by_requirement.values_mut() {
            *bucket = bucket.iter().map(key_of).collect();
        }
        let heads = self.by_requirement.iter();
        self.heads = heads.filter_map(|(asked, bucket)| Some((*bucket.first()?, asked.clone()))).collect();
    }
}

impl Line {
    pub(super) fn ageing(&self) -> Option<Ageing> {
        self.settings.as_ref()?.ageing
    }

    /// The entries that are kept for `only`, or those that are kept for nobody.
    pub(super) fn buckets(&self, only: Option<AgentId>) -> Option<&Buckets> {
        match only {
            None => Some(&self.common),
            Some(agent) => self.personal.get(&agent),
        }
    }

    /// What waiting entries want, each kind once.
    pub(super) fn wants(&self) -> impl Iterator<Item = Wants> + '_ {
        let of = |only, buckets: &'_ Buckets| -> Vec<Wants> {
            let requirements = buckets.by_requirement.keys().cloned();
            requirements.map(|requirement| Wants { only, requirement }).collect()
        };
        let personal = self.personal.iter().flat_map(move |(agent, buckets)| of(Some(*agent), buckets));
        of(None, &self.common).into_iter().chain(personal)
    }

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
            EntryState::Waiting => match visit.wants.only {
                None => self.common.insert(visit.key, &visit.wants.requirement),
                Some(agent) => {
                    self.personal.entry(agent).or_default().insert(visit.key, &visit.wants.requirement);
                }
            },
            EntryState::InRound(_) => self.in_offer += 1,
            EntryState::Reserved(_) => {
                self.reserved += 1;
                return;
            }
        }
        self.in_line.insert(visit.key);
        self.arrivals.insert((visit.entry.entered_at, visit.entry.id));
    }

    /// The entry, which waits, is offered to somebody; it keeps its place in the line.
    pub(super) fn begin_round(&mut self, visit: &Visit) {
        self.wait_no_longer(visit);
        self.in_offer += 1;
    }

    /// Puts everybody without an agent into another order; nothing else of them has changed.
    pub(super) fn reorder(&mut self, key_of: impl Fn(&EntryKey) -> EntryKey) {
        self.in_line = self.in_line.iter().map(&key_of).collect();
        let personal = self.personal.values_mut();
        personal.chain([&mut self.common]).for_each(|buckets| buckets.reorder(&key_of));
    }

    /// Undoes [`Line::enlist`]; `visit` is as it was then.
    pub(super) fn strike(&mut self, visit: &Visit) {
        match visit.entry.state {
            EntryState::Waiting => self.wait_no_longer(visit),
            EntryState::InRound(_) => self.in_offer -= 1,
            EntryState::Reserved(_) => {
                self.reserved -= 1;
                return;
            }
        }
        self.in_line.remove(&visit.key);
        self.arrivals.remove(&(visit.entry.entered_at, visit.entry.id));
    }

    fn wait_no_longer(&mut self, visit: &Visit) {
        let Some(agent) = visit.wants.only else {
            return self.common.remove(visit.key, &visit.wants.requirement);
        };
        if let Some(buckets) = self.personal.get_mut(&agent) {
            buckets.remove(visit.key, &visit.wants.requirement);
            if buckets.by_requirement.is_empty() {
                self.personal.remove(&agent);
            }
        }
    }
}
