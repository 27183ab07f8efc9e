//! The walk: waiting entries in the order of their keys, over all queues at once, each taking the best agent
//! left.
//!
//! Only entries that may have found an agent are visited: those of marked buckets, and for each agent who
//! gained something the first that he may take, then the next while he has a slot. Agents only become taken
//! during a walk, so an entry that was passed needs no second look, and a bucket for whose requirement nobody
//! is left is done.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::mem;
use std::num::NonZeroU16;
use std::ops::Bound;

use super::line::{Buckets, Line};
use super::{Index, Visit, Wants, turns_of};
use crate::rule::cooling_off;
use crate::{Agent, AgentId, AgentRank, EntryId, EntryKey, EntryState, Queue, QueueId, Round, Strategy};

/// Where the walk takes a shorter way. Not one round depends on them: a debug build has them so small that
/// tests take every way, and all ways must come to the same.
const fn tuned(release: usize) -> usize {
    if cfg!(debug_assertions) { 2 } else { release }
}

/// With more agents than this to look for, all buckets of their queues are marked at once; marking one too
/// many costs a look, searching agent by agent costs more.
const FEW_AGENTS: usize = tuned(16);

/// So many heads of buckets are tried for an agent, in the order of the line. One who may take none of them
/// can do little of what is asked for, and all that he can do is soon found by his skills.
const HEADS_TRIED: usize = tuned(200);

/// So many candidates are compared with each other; more are found by going down the queue's order, where one
/// of them must come soon.
const FEW_CANDIDATES: usize = tuned(32);

/// What the walk comes to next: an entry, and where to go from there. Ordered by the entry.
type Stop = Reverse<(EntryKey, Onward)>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Onward {
    /// To the next of its bucket, while there are candidates.
    Bucket,
    /// As well to the next head of a bucket that this agent may take from, while he is free.
    Agent(usize),
}

impl Index {
    pub(super) fn walk(&mut self) -> Vec<Round> {
        let mut stops = self.first_stops();
        let mut rounds = Vec::new();
        let mut passed = None;
        while let Some(Reverse((key, onward))) = stops.pop() {
            // Two ways may lead to the same entry; they come one after the other.
            if passed != Some(key) {
                passed = Some(key);
                rounds.extend(self.serve(key, &mut stops));
            }
            match onward {
                Onward::Bucket => {}
                Onward::Agent(place) => self.add_stops_for(place, Some(key), &mut stops),
            }
        }
        rounds
    }

    fn first_stops(&mut self) -> BinaryHeap<Stop> {
        let mut gained = mem::take(&mut self.gained);
        gained.retain(|place| self.agents[*place].as_ref().is_some_and(|agent| agent.is_free(self.now)));
        let mut stops = BinaryHeap::new();
        if gained.len() > FEW_AGENTS {
            let agents = gained.iter().filter_map(|place| self.agents[*place].as_ref());
            let queues: BTreeSet<_> = agents.flat_map(|agent| &agent.queues).collect();
            for (queue, line) in queues.into_iter().filter_map(|queue| Some((queue, self.lines.get(queue)?)))
            {
                self.marked.extend(line.wants().map(|wants| (*queue, wants)));
            }
        } else {
            for place in gained {
                self.add_stops_for(place, None, &mut stops);
            }
        }
        for (queue, wants) in mem::take(&mut self.marked) {
            let line = self.open_line(queue);
            stops.extend(line.and_then(|line| next_of_bucket(line, &wants, None)));
        }
        stops
    }

    /// Adds the first entry after `passed` that the agent may take, as far as bucket heads tell: the other
    /// entries of a bucket are reached from its head. Nothing when he is not free.
    fn add_stops_for(&self, place: usize, passed: Option<EntryKey>, stops: &mut BinaryHeap<Stop>) {
        let Some(agent) = self.agents[place].as_ref().filter(|agent| agent.is_free(self.now)) else { return };
        let mut tried = 0;
        let mut first: Option<EntryKey> = None;
        let lines = agent.queues.iter().filter_map(|queue| self.open_line(*queue));
        for buckets in lines.flat_map(|line| buckets_for(line, agent)) {
            for (key, requirement) in buckets.heads.range((after(passed), Bound::Unbounded)) {
                if first.is_some_and(|first| first < *key) {
                    break;
                }
                if requirement.is_met_by(&agent.skills) {
                    first = Some(*key);
                    break;
                }
                tried += 1;
                if tried > HEADS_TRIED {
                    return self.add_stops_by_skills(agent, passed, stops);
                }
            }
        }
        stops.extend(first.map(|key| Reverse((key, Onward::Agent(place)))));
    }

    /// Adds the first entry after `passed` of each bucket that the agent may take from.
    fn add_stops_by_skills(&self, agent: &Agent, passed: Option<EntryKey>, stops: &mut BinaryHeap<Stop>) {
        let lines = agent.queues.iter().filter_map(|queue| self.open_line(*queue));
        for buckets in lines.flat_map(|line| buckets_for(line, agent)) {
            let of_everybody = buckets.by_requirement.get_key_value(&[][..]).into_iter();
            // Requirements are in the order of their first skill, so those that begin with a skill that the
            // agent lacks are never looked at.
            let of_the_skilled = agent.skills.iter().flat_map(|(skill, level)| {
                let from = (Bound::Included(&[(*skill, 0)][..]), Bound::Unbounded);
                buckets.by_requirement.range::<[_], _>(from).take_while(move |(requirement, _)| {
                    requirement.skills().first().is_some_and(|first| first.0 == *skill && first.1 <= *level)
                })
            });
            for (requirement, bucket) in of_everybody.chain(of_the_skilled) {
                if requirement.is_met_by(&agent.skills) {
                    stops.extend(next_in(bucket, passed));
                }
            }
        }
    }

    /// Offers the entry to the best candidates, if there are any, and adds the next of its bucket.
    fn serve(&mut self, key: EntryKey, stops: &mut BinaryHeap<Stop>) -> Option<Round> {
        let visit = self.visits.get(&key.entry()).filter(|visit| visit.entry.state == EntryState::Waiting)?;
        let (queue, wants) = (visit.entry.queue, visit.wants.clone());
        if !self.find_candidates(queue, &wants) {
            return None;
        }
        stops.extend(self.open_line(queue).and_then(|line| next_of_bucket(line, &wants, Some(key))));
        let chosen = self.choose(key, queue);
        self.offer(key, queue, chosen)
    }

    /// A queue that is known, settings and all.
    fn open_line(&self, queue: QueueId) -> Option<&Line> {
        self.lines.get(&queue).filter(|line| line.settings.is_some())
    }

    /// Fills `candidates` with those who are free in the queue and whom the entry wants; false when there is
    /// nobody.
    fn find_candidates(&mut self, queue: QueueId, wants: &Wants) -> bool {
        let Some(line) = self.lines.get(&queue) else { return false };
        if line.best.is_empty() {
            return false;
        }
        match wants.only {
            None => self.candidates.copy_from(&line.free),
            Some(agent) => {
                self.candidates.clear();
                let place = self.places.get(&agent).filter(|place| line.free.contains(**place));
                place.into_iter().for_each(|place| self.candidates.insert(*place));
            }
        }
        self.skills.retain(&mut self.candidates, &wants.requirement);
        !self.candidates.is_empty()
    }

    /// The places of the candidates to offer the entry to, best first; empty when all of them are cooling
    /// off.
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
        let size = round_size(settings, entry.rings_all(self.now));
        if self.candidates.len() > FEW_CANDIDATES {
            let best = line.best.iter().map(|(_, place)| *place);
            let best =
                best.filter(|place| self.candidates.contains(*place) && may_be_asked(*place).is_some());
            best.take(size).collect()
        } else {
            let few = self.candidates.iter().filter_map(|place| Some((may_be_asked(place)?, place)));
            let mut few: Vec<_> = few.map(|(agent, place)| (AgentRank::of(agent, settings), place)).collect();
            few.sort_unstable();
            few.into_iter().take(size).map(|(_, place)| place).collect()
        }
    }

    /// Makes the round and takes it as done.
    fn offer(&mut self, key: EntryKey, queue: QueueId, chosen: Vec<usize>) -> Option<Round> {
        if chosen.is_empty() {
            return None;
        }
        let agents: Vec<_> =
            chosen.iter().filter_map(|place| Some(self.agents[*place].as_ref()?.id)).collect();
        chosen.into_iter().for_each(|place| self.take_slot(place));
        self.begin_round(key.entry(), agents.clone());
        Some(Round { entry: key.entry(), queue, agents })
    }

    /// An agent who is offered a call is staffed as long as before, so his heartbeat is left alone.
    fn take_slot(&mut self, place: usize) {
        let Some(mut agent) = self.agents[place].take() else { return };
        self.leave_lines(place, &agent);
        agent.held = agent.held.saturating_add(1);
        agent.last_offered_at = Some(self.now);
        self.join_lines(place, &agent);
        self.agents[place] = Some(agent);
    }

    fn begin_round(&mut self, id: EntryId, agents: Vec<AgentId>) {
        let Some(visit) = self.visits.get_mut(&id) else { return };
        if let Some(line) = self.lines.get_mut(&visit.entry.queue) {
            line.begin_round(visit);
        }
        for at in turns_of(&visit.entry) {
            self.turns.remove(&(at, id));
        }
        visit.entry.state = EntryState::InRound(agents);
    }
}

fn after(passed: Option<EntryKey>) -> Bound<EntryKey> {
    passed.map_or(Bound::Unbounded, Bound::Excluded)
}

/// What an agent may take of a line, as far as it does not depend on his skills.
fn buckets_for<'a>(line: &'a Line, agent: &Agent) -> impl Iterator<Item = &'a Buckets> {
    [None, Some(agent.id)].into_iter().filter_map(|only| line.buckets(only))
}

fn next_of_bucket(line: &Line, wants: &Wants, passed: Option<EntryKey>) -> Option<Stop> {
    next_in(line.buckets(wants.only)?.by_requirement.get(&wants.requirement)?, passed)
}

fn next_in(bucket: &BTreeSet<EntryKey>, passed: Option<EntryKey>) -> Option<Stop> {
    let key = bucket.range((after(passed), Bound::Unbounded)).next()?;
    Some(Reverse((*key, Onward::Bucket)))
}

/// Most agents whom one round asks; `rings_all` is the entry's own rule.
fn round_size(queue: &Queue, rings_all: bool) -> usize {
    let everybody = || queue.ring_all_limit.map_or(usize::MAX, |most| usize::from(NonZeroU16::get(most)));
    match queue.strategy {
        Strategy::RingAll => everybody(),
        Strategy::LongestIdle | Strategy::RoundRobin | Strategy::FewestCalls | Strategy::LeastTalkTime => {
            if rings_all {
                everybody()
            } else {
                1
            }
        }
    }
}
