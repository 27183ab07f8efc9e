//! The index: one company's waiting calls and agents, and the rounds that follow from a change.
//!
//! This file owns the bookkeeping: after each change every set below says what the rows say. `matching` owns
//! the walk, `line` one queue, `figures` what is told to callers and supervisors.
//!
//! Why a change touches only what it can affect: between two calls of [`Index::apply`] no waiting entry
//! stands beside a free agent who may take it. So new matches come only from what has changed since: entries
//! that were told or whose turn came (a cool-off ended, it asks for less, it is kept for one agent no longer), agents who became free or gained a queue or a skill. These mark
//! the buckets of entries that the next walk looks at; all others are as they were left.

mod figures;
mod line;
mod matching;

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};

use self::line::Line;
use crate::bits::Bits;
use crate::skills::{Requirement, SkillBook};
use crate::{Ageing, Agent, AgentId, Change, Entry, EntryId, EntryKey, EntryState, QueueId, Round};

/// One company's waiting calls and agents.
#[derive(Clone, Debug, Default)]
pub struct Index {
    /// The latest moment that was ever told; one that steps back is taken as this one.
    now: DateTime<Utc>,
    lines: HashMap<QueueId, Line>,
    visits: HashMap<EntryId, Visit>,
    /// Agents by place, a small number that stands for them in [`Bits`]; a place is used again.
    agents: Vec<Option<Agent>>,
    places: HashMap<AgentId, usize>,
    vacant: Vec<usize>,
    skills: SkillBook,
    /// When staffed agents cease to be, unless they beat again.
    heartbeats: BTreeSet<(DateTime<Utc>, usize)>,
    /// When it changes by itself who may be asked for an entry that waits: a cool-off ends, it is kept for one agent no
    /// longer, it asks for less.
    turns: BTreeSet<(DateTime<Utc>, EntryId)>,
    /// Places of agents for whom the next walk has to look.
    gained: Vec<usize>,
    /// Buckets that the next walk has to look at.
    marked: HashSet<(QueueId, Wants)>,
    /// Working memory of the walk.
    candidates: Bits,
}

/// An entry with what follows from it.
#[derive(Clone, Debug)]
struct Visit {
    entry: Entry,
    key: EntryKey,
    /// At the last moment at which it was looked at.
    wants: Wants,
}

/// Who may take an entry, apart from who has declined it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Wants {
    /// Kept for this agent.
    only: Option<AgentId>,
    requirement: Requirement,
}

impl Visit {
    fn new(entry: Entry, ageing: Option<Ageing>, now: DateTime<Utc>) -> Self {
        let only = entry.kept_for(now).map(|preference| preference.agent);
        let wants = Wants { only, requirement: Requirement::at(&entry, now) };
        Self { key: EntryKey::of(&entry, ageing), wants, entry }
    }
}

/// When it changes by itself who may be asked for this entry.
fn turns_of(entry: &Entry) -> impl Iterator<Item = DateTime<Utc>> + '_ {
    let cool_offs = entry.declined_by.iter().map(|(_, until)| *until);
    let kept = entry.preferred.iter().map(|preference| preference.until);
    cool_offs.chain(kept).chain(entry.relaxations.iter().map(|relaxation| relaxation.from))
}

impl Index {
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one change and returns the rounds that follow from it, first in line first. Each round is taken
    /// as done.
    pub fn apply(&mut self, change: Change, now: DateTime<Utc>) -> Vec<Round> {
        self.apply_all([change], now)
    }

    /// Takes all changes, in their order, then matches once. For what happened together (a round ended: its
    /// entry and its agents) and for building the index from rows. A `now` before an earlier one counts as
    /// that earlier one.
    pub fn apply_all(&mut self, changes: impl IntoIterator<Item = Change>, now: DateTime<Utc>) -> Vec<Round> {
        self.now = self.now.max(now);
        self.end_what_is_due();
        for change in changes {
            match change {
                Change::Queue(queue) => self.set_queue(queue.id, Some(queue)),
                Change::QueueGone(queue) => self.set_queue(queue, None),
                Change::Agent(agent) => self.set_agent(agent),
                Change::AgentGone(agent) => self.remove_agent(agent),
                Change::Entry(entry) => self.set_entry(entry),
                Change::EntryGone(entry) => self.remove_entry(entry),
                Change::Tick => {}
            }
        }
        self.walk()
    }

    /// When [`Change::Tick`] can matter next: for a waiting entry a cool-off ends, the preference for one agent ends or
    /// it asks for less; or the heartbeat of a ready agent ends. Always later than the last `now`. `None` when only a
    /// change can matter. That a round will ring all is nothing to look for: whoever waits has nobody to ring.
    pub fn next_due(&self) -> Option<DateTime<Utc>> {
        let heartbeat = self.heartbeats.first().map(|(at, _)| *at);
        let turn = self.turns.first().map(|(at, _)| *at);
        heartbeat.into_iter().chain(turn).min()
    }

    fn end_what_is_due(&mut self) {
        while let Some(place) = pop_due(&mut self.heartbeats, self.now) {
            self.reseat(place, |_| {});
        }
        while let Some(entry) = pop_due(&mut self.turns, self.now) {
            if let Some(visit) = self.strike(entry) {
                self.admit(visit.entry);
            }
        }
    }

    fn set_queue(&mut self, id: QueueId, settings: Option<crate::Queue>) {
        let line = self.lines.entry(id).or_default();
        let was_closed = line.settings.is_none();
        let reordered = line.ageing() != settings.as_ref().and_then(|queue| queue.ageing);
        let agents = &self.agents;
        line.configure(settings, |place| agents.get(place)?.as_ref());
        if was_closed && line.settings.is_some() {
            self.marked.extend(line.wants().map(|wants| (id, wants)));
        }
        if reordered {
            self.reorder(id);
        }
        self.forget_if_unnamed(id);
    }

    /// Who is before whom has changed, and nothing else: whoever found nobody finds nobody now.
    fn reorder(&mut self, queue: QueueId) {
        let Some(line) = self.lines.get_mut(&queue) else { return };
        let ageing = line.ageing();
        for key in &line.in_line {
            if let Some(visit) = self.visits.get_mut(&key.entry()) {
                visit.key = EntryKey::of(&visit.entry, ageing);
            }
        }
        let visits = &self.visits;
        line.reorder(|key| visits.get(&key.entry()).map_or(*key, |visit| visit.key));
    }

    fn set_agent(&mut self, agent: Agent) {
        let place = match self.places.get(&agent.id) {
            Some(place) => *place,
            None => {
                let place = self.vacant.pop().unwrap_or(self.agents.len());
                if place == self.agents.len() {
                    self.agents.push(None);
                }
                self.places.insert(agent.id, place);
                place
            }
        };
        let before = self.agents[place].take();
        if agent.is_free(self.now) {
            let was_as_able = before.as_ref().is_some_and(|before| {
                before.is_free(self.now) && before.queues == agent.queues && before.skills == agent.skills
            });
            if !was_as_able {
                self.gained.push(place);
            }
        }
        if let Some(before) = before {
            self.unseat(place, &before);
            self.resign(place, &before);
        }
        self.skills.insert(place, &agent.skills);
        for queue in &agent.queues {
            self.lines.entry(*queue).or_default().members += 1;
        }
        self.seat(place, agent);
    }

    fn remove_agent(&mut self, id: AgentId) {
        let Some(place) = self.places.remove(&id) else { return };
        if let Some(agent) = self.agents[place].take() {
            self.unseat(place, &agent);
            self.resign(place, &agent);
            for queue in &agent.queues {
                self.forget_if_unnamed(*queue);
            }
        }
        self.vacant.push(place);
    }

    /// Takes back what an agent's queues and skills say, who is not seated any more.
    fn resign(&mut self, place: usize, agent: &Agent) {
        self.skills.remove(place, &agent.skills);
        for queue in &agent.queues {
            if let Some(line) = self.lines.get_mut(queue) {
                line.members -= 1;
            }
        }
    }

    fn seat(&mut self, place: usize, agent: Agent) {
        self.join_lines(place, &agent);
        if agent.is_staffed(self.now) {
            self.heartbeats.extend(agent.ready_until.map(|until| (until, place)));
        }
        self.agents[place] = Some(agent);
    }

    fn unseat(&mut self, place: usize, agent: &Agent) {
        self.leave_lines(place, agent);
        if let Some(until) = agent.ready_until {
            self.heartbeats.remove(&(until, place));
        }
    }

    fn join_lines(&mut self, place: usize, agent: &Agent) {
        for queue in &agent.queues {
            if let Some(line) = self.lines.get_mut(queue) {
                line.seat(place, agent, self.now);
            }
        }
    }

    fn leave_lines(&mut self, place: usize, agent: &Agent) {
        for queue in &agent.queues {
            if let Some(line) = self.lines.get_mut(queue) {
                line.unseat(place, agent);
            }
        }
    }

    /// Changes an agent in his place. Not for his queues and skills.
    fn reseat(&mut self, place: usize, change: impl FnOnce(&mut Agent)) {
        if let Some(mut agent) = self.agents[place].take() {
            self.unseat(place, &agent);
            change(&mut agent);
            self.seat(place, agent);
        }
    }

    fn set_entry(&mut self, entry: Entry) {
        let former_queue = self.strike(entry.id).map(|visit| visit.entry.queue);
        let queue = entry.queue;
        self.admit(entry);
        if let Some(former) = former_queue.filter(|former| *former != queue) {
            self.forget_if_unnamed(former);
        }
    }

    fn remove_entry(&mut self, id: EntryId) {
        if let Some(visit) = self.strike(id) {
            self.forget_if_unnamed(visit.entry.queue);
        }
    }

    /// Puts an entry where it belongs now.
    fn admit(&mut self, entry: Entry) {
        let ageing = self.lines.get(&entry.queue).and_then(Line::ageing);
        self.enlist(Visit::new(entry, ageing, self.now));
    }

    fn enlist(&mut self, visit: Visit) {
        let entry = &visit.entry;
        self.lines.entry(entry.queue).or_default().enlist(&visit);
        match entry.state {
            EntryState::Waiting => {
                let turns = turns_of(entry).filter(|at| *at > self.now);
                self.turns.extend(turns.map(|at| (at, entry.id)));
                self.marked.insert((entry.queue, visit.wants.clone()));
            }
            EntryState::InRound(_) | EntryState::Reserved(_) => {}
        }
        self.visits.insert(entry.id, visit);
    }

    fn strike(&mut self, id: EntryId) -> Option<Visit> {
        let visit = self.visits.remove(&id)?;
        if let Some(line) = self.lines.get_mut(&visit.entry.queue) {
            line.strike(&visit);
        }
        for at in turns_of(&visit.entry) {
            self.turns.remove(&(at, id));
        }
        Some(visit)
    }

    fn forget_if_unnamed(&mut self, queue: QueueId) {
        if self.lines.get(&queue).is_some_and(Line::is_forgotten) {
            self.lines.remove(&queue);
        }
    }
}

/// Takes out the earliest of what is due at `now`.
fn pop_due<T: Ord>(deadlines: &mut BTreeSet<(DateTime<Utc>, T)>, now: DateTime<Utc>) -> Option<T> {
    let (at, _) = deadlines.first()?;
    if *at > now {
        return None;
    }
    deadlines.pop_first().map(|(_, what)| what)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::time::Duration;

    use uuid::Uuid;

    use super::*;
    use crate::{IdleReading, Preference, Queue, Readiness, Relaxation, SkillId, Strategy};

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + chrono::TimeDelta::seconds(seconds)
    }

    fn queue() -> Queue {
        Queue {
            id: QueueId(Uuid::nil()),
            strategy: Strategy::LongestIdle,
            ring_all_limit: None,
            decline_cool_off: Duration::ZERO,
            mean_handle_time: None,
            idle_reading: IdleReading::SinceLastCall,
            ageing: None,
        }
    }

    fn agent(n: u128) -> Agent {
        Agent {
            id: AgentId(Uuid::from_u128(n)),
            queues: BTreeSet::from([queue().id]),
            skills: BTreeMap::from([(SkillId(Uuid::from_u128(n % 3)), 1)]),
            capacity: 1,
            held: 0,
            readiness: Readiness::Ready,
            ready_until: Some(at(100 + n as i64)),
            last_call_ended_at: None,
            available_since: at(0),
            calls_handled: 0,
            talk_time: Duration::ZERO,
            last_offered_at: None,
        }
    }

    fn entry(n: u128) -> Entry {
        Entry {
            id: EntryId(Uuid::from_u128(n)),
            queue: queue().id,
            priority: 0,
            entered_at: at(50 - n as i64),
            age_credit: Duration::ZERO,
            skills: vec![(SkillId(Uuid::from_u128(n % 5)), 1)],
            relaxations: vec![Relaxation { from: at(150 + n as i64), skills: Vec::new() }],
            preferred: n.is_multiple_of(4).then(|| Preference { agent: agent(n + 1).id, until: at(120) }),
            ring_all_from: None,
            state: EntryState::Waiting,
            declined_by: vec![(agent(n).id, at(200 + n as i64)), (agent(n).id, at(70))],
        }
    }

    /// If this fails, a set of the index keeps what no row says any more, and grows for as long as the server
    /// runs.
    #[test]
    fn an_index_that_everybody_left_holds_nothing() {
        let mut index = Index::new();
        let all = (1..=20).flat_map(|n| [Change::Entry(entry(n)), Change::Agent(agent(n))]);
        let rounds = index.apply_all(all.chain([Change::Queue(queue())]), at(60));
        assert!(!rounds.is_empty() && rounds.len() < 20, "some are in a round and some wait");
        for n in 1..=20 {
            let line = &index.lines[&queue().id];
            for buckets in line.personal.values().chain([&line.common]) {
                let heads = buckets.by_requirement.values().filter_map(|bucket| bucket.first());
                let heads: BTreeSet<_> = heads.collect();
                assert_eq!(heads, buckets.heads.keys().collect(), "the heads are the first of the buckets");
            }
            index.apply(Change::EntryGone(entry(n).id), at(61));
        }
        (1..=20).for_each(|n| drop(index.apply(Change::AgentGone(agent(n).id), at(62))));
        index.apply(Change::QueueGone(queue().id), at(63));
        assert!(index.lines.is_empty() && index.visits.is_empty() && index.places.is_empty());
        assert!(index.agents.iter().all(Option::is_none) && index.vacant.len() == index.agents.len());
        assert!(index.heartbeats.is_empty() && index.turns.is_empty());
        assert!(index.gained.is_empty() && index.marked.is_empty() && index.skills.is_empty());
    }
}
