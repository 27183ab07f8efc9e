//! What callers and supervisors are told: the place in the line, the expected wait, a queue's figures, and
//! why a call is waiting.
//!
//! Sources: expected wait as in the base case of M/M/n with all n agents busy, where the k-th in line waits
//! k·AHT/n on average; an agent who serves several queues counts in each as a part (Google CCAI: one divided
//! by the number of his queues). "Longest waiting" and "staffed", "available" as Amazon Connect defines its
//! real-time metrics.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::Index;
use super::line::Line;
use crate::bits::Bits;
use crate::order::waiting_since;
use crate::skills::Requirement;
use crate::{
    Agent, Ahead, Entry, EntryId, EntryKey, EntryState, Explanation, Obstacle, QueueFigures, QueueId, Turn,
};

/// One whole agent slot. Parts of agents are added as integers, so that the sum does not depend on the order.
const WHOLE: u64 = 1_000_000;

impl Index {
    /// The entry's place in its queue's line, from 1; an entry in a round keeps its place. `None` for one
    /// that is unknown or reserved. Costs a walk down the line to that place.
    pub fn position(&self, entry: EntryId) -> Option<usize> {
        let visit = self.visits.get(&entry)?;
        let line = self.lines.get(&visit.entry.queue)?;
        line.in_line.contains(&visit.key).then(|| line.in_line.range(..=visit.key).count())
    }

    /// How long the caller may have to wait from `now` on, in whole milliseconds: **k · AHT / n**.
    ///
    /// * AHT: the queue's mean handle time.
    /// * n: the slots of the staffed agents who meet the entry's requirement, in a call or not; those of an
    ///   agent who serves m queues count as one m-th. Not only the busy ones: an agent who is free beside a
    ///   waiting call has declined it, and will be asked again when he has cooled off.
    /// * k: 1 for the caller himself and 1 for each who waits before him in the queue and competes for the
    ///   same agents. One who asks for other skills counts in the share of his agents who could take this
    ///   entry too, so nobody is told to wait for a line that others serve. Those in a round have their
    ///   agents, and do not count. That an entry is kept for one agent passes soon, and counts for nothing here.
    ///
    /// Zero for an entry in a round: somebody is being asked for it. `None` without data (no handle time,
    /// nobody staffed who could take it), for an unknown entry and for a reserved one: lack of data is never
    /// announced as no wait.
    pub fn expected_wait(&self, entry: EntryId, now: DateTime<Utc>) -> Option<Duration> {
        let visit = self.visits.get(&entry)?;
        let line = self.lines.get(&visit.entry.queue)?;
        let requirement = Requirement::at(&visit.entry, now);
        let wait = self.wait_behind(line, &requirement, Bound::Excluded(visit.key), now)?;
        match visit.entry.state {
            EntryState::Waiting => Some(wait),
            EntryState::InRound(_) => Some(Duration::ZERO),
            EntryState::Reserved(_) => None,
        }
    }

    /// How long somebody may have to wait who would come into the queue at `now` behind everybody else and ask for
    /// nothing special; the same as [`Index::expected_wait`], and zero when nobody waits and somebody is free.
    pub fn expected_wait_of_next(&self, queue: QueueId, now: DateTime<Utc>) -> Option<Duration> {
        let line = self.lines.get(&queue)?;
        let wait = self.wait_behind(line, &Requirement::default(), Bound::Unbounded, now)?;
        let served_at_once = line.common.heads.is_empty() && self.staffed(&line.free, now).next().is_some();
        Some(if served_at_once { Duration::ZERO } else { wait })
    }

    /// The wait of somebody who asks for this and stands behind those before `end`.
    fn wait_behind(
        &self,
        line: &Line,
        requirement: &Requirement,
        end: Bound<EntryKey>,
        now: DateTime<Utc>,
    ) -> Option<Duration> {
        let handle_time = line.settings.as_ref()?.mean_handle_time.filter(|mean| !mean.is_zero())?;
        let own = self.staffed_for(line, requirement);
        let team = self.slots(&own, now);
        if team == 0 {
            return None;
        }
        let mut ahead: BTreeMap<&Requirement, usize> = BTreeMap::new();
        for buckets in line.personal.values().chain([&line.common]) {
            for (requirement, bucket) in &buckets.by_requirement {
                *ahead.entry(requirement).or_default() += bucket.range((Bound::Unbounded, end)).count();
            }
        }
        let mut place_in_line = 1.0;
        for (requirement, ahead) in ahead.into_iter().filter(|(_, ahead)| *ahead > 0) {
            let mut theirs = self.staffed_for(line, requirement);
            let all = self.slots(&theirs, now);
            theirs.keep_in(&own);
            let shared = self.slots(&theirs, now);
            if all > 0 {
                place_in_line += ahead as f64 * (shared as f64 / all as f64);
            }
        }
        let agents = team as f64 / WHOLE as f64;
        let millis = (place_in_line * handle_time.as_millis() as f64 / agents).round();
        // A float that is too large becomes the largest integer.
        Some(Duration::from_millis(millis as u64))
    }

    /// The queue at `now`; all zero for an unknown one.
    pub fn queue_figures(&self, queue: QueueId, now: DateTime<Utc>) -> QueueFigures {
        let Some(line) = self.lines.get(&queue) else { return QueueFigures::default() };
        let mut figures = QueueFigures {
            waiting: line.in_line.len(),
            in_offer: line.in_offer,
            reserved: line.reserved,
            longest_wait: line.arrivals.first().map(|(came, _)| (now - *came).to_std().unwrap_or_default()),
            ..QueueFigures::default()
        };
        for agent in self.staffed(&line.staffed, now) {
            figures.staffed += 1;
            if agent.is_free(now) {
                figures.available += 1;
                figures.free_slots += usize::from(agent.capacity - agent.held);
            }
        }
        figures
    }

    /// How far a visit has come, as the index has it; `None` for an unknown entry.
    pub fn state(&self, entry: EntryId) -> Option<EntryState> {
        Some(self.visits.get(&entry)?.entry.state.clone())
    }

    /// Why a call is waiting: who goes before it, at most `most` of them, what keeps each agent of its queue from being
    /// offered it at `now`, and what will change by itself. `None` for an unknown entry.
    ///
    /// For a waiting entry there is no agent whom nothing keeps, unless its queue is unknown.
    pub fn explain(&self, entry: EntryId, most: usize, now: DateTime<Utc>) -> Option<Explanation> {
        let visit = self.visits.get(&entry)?;
        let entry = &visit.entry;
        let line = self.lines.get(&entry.queue)?;
        let before = line.in_line.range(..visit.key).take(most);
        let ahead = before.filter_map(|key| {
            let other = &self.visits.get(&key.entry())?.entry;
            let waits = (waiting_since(other), waiting_since(entry));
            Some(Ahead { entry: other.id, because: key.precedence(&visit.key, waits) })
        });
        let members = self.agents.iter().flatten().filter(|agent| agent.queues.contains(&entry.queue));
        let mut agents: Vec<_> =
            members.map(|agent| (agent.id, Obstacle::between(agent, entry, now))).collect();
        agents.sort_unstable();
        Some(Explanation {
            position: self.position(entry.id),
            ahead: ahead.collect(),
            agents,
            turns: turns(entry, now),
        })
    }

    fn staffed_for(&self, line: &Line, requirement: &Requirement) -> Bits {
        let mut places = line.staffed.clone();
        self.skills.retain(&mut places, requirement);
        places
    }

    /// Who of these is staffed still; heartbeats may have run out since the last change.
    fn staffed<'a>(&'a self, places: &'a Bits, now: DateTime<Utc>) -> impl Iterator<Item = &'a Agent> {
        let agents = places.iter().filter_map(|place| self.agents[place].as_ref());
        agents.filter(move |agent| agent.is_staffed(now))
    }

    /// The slots of these agents in parts of [`WHOLE`], each agent's divided by the number of his queues.
    fn slots(&self, places: &Bits, now: DateTime<Utc>) -> u64 {
        let parts = |agent: &Agent| u64::from(agent.capacity) * WHOLE / (agent.queues.len().max(1) as u64);
        self.staffed(places, now).map(parts).sum()
    }
}

/// What will change for an entry by itself after `now`, the soonest first.
fn turns(entry: &Entry, now: DateTime<Utc>) -> Vec<(DateTime<Utc>, Turn)> {
    let asks_less = entry.relaxations.iter().map(|relaxation| (relaxation.from, Turn::AsksForLess));
    let kept = entry.preferred.iter().map(|kept| (kept.until, Turn::KeptNoLonger(kept.agent)));
    let rings_all = entry.ring_all_from.iter().map(|from| (*from, Turn::RingsAll));
    let cooled_off = entry.declined_by.iter().map(|(agent, until)| (*until, Turn::CooledOff(*agent)));
    let turns = asks_less.chain(kept).chain(rings_all).chain(cooled_off);
    let mut turns: Vec<_> = turns.filter(|(at, _)| *at > now).collect();
    turns.sort_unstable();
    turns.dedup();
    turns
}
