//! The walk: waiting entries in the order of their keys, over all queues at once, each taking the best agent left.
//!
//! Only the entries of marked buckets are visited. Agents only become taken during a walk, so an entry that was passed
//! needs no second look, and a bucket for whose requirement nobody is left is done.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::mem;
use std::num::NonZeroU16;
use std::ops::Bound;

use super::{Index, Visit};
use crate::rule::cooling_off;
use crate::skills::Requirement;
use crate::{AgentRank, EntryKey, EntryState, Queue, QueueId, Round, Strategy};

/// With more agents than this to look for, all buckets of their queues are marked at once; marking one too many costs
/// a look, searching agent by agent costs more.
const FEW_AGENTS: usize = 16;

/// So many candidates are compared with each other; more are found by going down the queue's order, where one of
/// them must come soon.
const FEW_CANDIDATES: usize = 32;

/// The next entry of a marked bucket.
type Head = Reverse<(EntryKey, QueueId, Requirement)>;

impl Index {
    pub(super) fn walk(&mut self) -> Vec<Round> {
        self.mark_for_gained_agents();
        let marked = mem::take(&mut self.marked);
        let mut heads: BinaryHeap<Head> = marked
            .into_iter()
            .filter_map(|(queue, requirement)| self.head(queue, requirement, None))
            .collect();
        let mut rounds = Vec::new();
        while let Some(Reverse((key, queue, requirement))) = heads.pop() {
            if !self.find_candidates(queue, &requirement) {
                continue;
            }
            heads.extend(self.head(queue, requirement, Some(key)));
            let chosen = self.choose(key, queue);
            rounds.extend(self.offer(key, queue, chosen));
        }
        rounds
    }

    /// Marks the buckets that agents who gained something could serve.
    fn mark_for_gained_agents(&mut self) {
        let gained = mem::take(&mut self.gained);
        let free = gained.iter().filter_map(|place| self.agents[*place].as_ref());
        let free: Vec<_> = free.filter(|agent| agent.is_free(self.now)).collect();
        if free.len() > FEW_AGENTS {
            let queues: BTreeSet<_> = free.iter().flat_map(|agent| &agent.queues).collect();
            for queue in queues {
                let buckets = self.lines.get(queue).into_iter().flat_map(|line| line.buckets.keys());
                self.marked.extend(buckets.map(|requirement| (*queue, requirement.clone())));
            }
            return;
        }
        for agent in free {
            for queue in &agent.queues {
                let Some(line) = self.lines.get(queue).filter(|line| !line.buckets.is_empty()) else {
                    continue;
                };
                let of_everybody = line.buckets.get_key_value(&[][..]).into_iter();
                // Requirements are in the order of their first skill, so those that begin with a skill that the
                // agent lacks are never looked at.
                let of_the_skilled = agent.skills.iter().flat_map(|(skill, level)| {
                    let beginning = &[(*skill, 0)][..];
                    line.buckets.range::<[_], _>((Bound::Included(beginning), Bound::Unbounded)).take_while(
                        move |(requirement, _)| {
                            requirement
                                .skills()
                                .first()
                                .is_some_and(|first| first.0 == *skill && first.1 <= *level)
                        },
                    )
                });
                let met = of_everybody
                    .chain(of_the_skilled)
                    .filter(|(requirement, _)| requirement.first_unmet(&agent.skills).is_none());
                self.marked.extend(met.map(|(requirement, _)| (*queue, requirement.clone())));
            }
        }
    }

    /// The first entry of a bucket, after `passed` if given. None for a queue without settings.
    fn head(&self, queue: QueueId, requirement: Requirement, passed: Option<EntryKey>) -> Option<Head> {
        let line = self.lines.get(&queue).filter(|line| line.settings.is_some())?;
        let bucket = line.buckets.get(&requirement)?;
        let key = match passed {
            None => bucket.first()?,
            Some(passed) => bucket.range((Bound::Excluded(passed), Bound::Unbounded)).next()?,
        };
        Some(Reverse((*key, queue, requirement)))
    }

    /// Fills `candidates` with those who are free in the queue and meet the requirement; false when there is nobody.
    fn find_candidates(&mut self, queue: QueueId, requirement: &Requirement) -> bool {
        let Some(line) = self.lines.get(&queue) else { return false };
        if line.best.is_empty() {
            return false;
        }
        self.candidates.copy_from(&line.free);
        self.skills.retain(&mut self.candidates, requirement);
        !self.candidates.is_empty()
    }

    /// The places of the candidates to offer the entry to, best first; empty when all of them are cooling off.
    fn choose(&self, key: EntryKey, queue: QueueId) -> Vec<usize> {
        let Some((line, settings)) =
            self.lines.get(&queue).and_then(|line| Some((line, line.settings.as_ref()?)))
        else {
            return Vec::new();
        };
        let Some(Visit { entry, .. }) = self.visits.get(&key.entry()) else { return Vec::new() };
        let may_be_asked = |place: usize| {
            self.agents[place].as_ref().filter(|agent| cooling_off(agent, entry, self.now).is_none())
        };
        if self.candidates.len() > FEW_CANDIDATES {
            let best = line.best.iter().map(|(_, place)| *place);
            let best =
                best.filter(|place| self.candidates.contains(*place) && may_be_asked(*place).is_some());
            best.take(round_size(settings)).collect()
        } else {
            let few = self.candidates.iter().filter_map(|place| Some((may_be_asked(place)?, place)));
            let mut few: Vec<_> = few.map(|(agent, place)| (AgentRank::of(agent, settings), place)).collect();
            few.sort_unstable();
            few.into_iter().take(round_size(settings)).map(|(_, place)| place).collect()
        }
    }

    /// Makes the round and takes it as done.
    fn offer(&mut self, key: EntryKey, queue: QueueId, chosen: Vec<usize>) -> Option<Round> {
        if chosen.is_empty() {
            return None;
        }
        let agents: Vec<_> =
            chosen.iter().filter_map(|place| Some(self.agents[*place].as_ref()?.id)).collect();
        let now = self.now;
        for place in chosen {
            self.reseat(place, |agent| {
                agent.held = agent.held.saturating_add(1);
                agent.last_offered_at = Some(now);
            });
        }
        let mut visit = self.strike(key.entry())?;
        visit.entry.state = EntryState::InRound(agents.clone());
        self.enlist(visit);
        Some(Round { entry: key.entry(), queue, agents })
    }
}

fn round_size(queue: &Queue) -> usize {
    match queue.strategy {
        Strategy::RingAll => {
            queue.ring_all_limit.map_or(usize::MAX, |most| usize::from(NonZeroU16::get(most)))
        }
        Strategy::LongestIdle | Strategy::RoundRobin | Strategy::FewestCalls | Strategy::LeastTalkTime => 1,
    }
}
