//! The rule of routing once more, as slow and plain as it can be said: all rows, all of them looked at each
//! time. It shares no code with the index, its orders included.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use routing::{
    Agent, AgentId, Change, Entry, EntryId, EntryState, IdleReading, Queue, QueueId, Readiness, Round,
    Strategy,
};

use super::delta;

/// The rows of one company.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    pub queues: BTreeMap<QueueId, Queue>,
    pub agents: BTreeMap<AgentId, Agent>,
    pub entries: BTreeMap<EntryId, Entry>,
}

impl Rows {
    pub fn tell(&mut self, change: Change) {
        match change {
            Change::Queue(queue) => drop(self.queues.insert(queue.id, queue)),
            Change::QueueGone(id) => drop(self.queues.remove(&id)),
            Change::Agent(agent) => drop(self.agents.insert(agent.id, agent)),
            Change::AgentGone(id) => drop(self.agents.remove(&id)),
            Change::Entry(entry) => drop(self.entries.insert(entry.id, entry)),
            Change::EntryGone(id) => drop(self.entries.remove(&id)),
            Change::Tick => {}
        }
    }

    /// All rows as changes, as if the index were built from them.
    pub fn changes(&self) -> Vec<Change> {
        let queues = self.queues.values().cloned().map(Change::Queue);
        let agents = self.agents.values().cloned().map(Change::Agent);
        let entries = self.entries.values().cloned().map(Change::Entry);
        queues.chain(agents).chain(entries).collect()
    }

    /// Walks all waiting entries; rounds count as done.
    pub fn match_all(&mut self, now: DateTime<Utc>) -> Vec<Round> {
        let mut rounds = Vec::new();
        for id in self.waiting_in_order(now) {
            let entry = &self.entries[&id];
            let Some(queue) = self.queues.get(&entry.queue) else { continue };
            let mut able: Vec<_> =
                self.agents.values().filter(|agent| could_take(agent, entry, now)).collect();
            able.retain(|agent| agent.held < agent.capacity);
            able.sort_by_key(|agent| preference(agent, queue));
            let its_own = matches!(entry.ring_all_from, Some(from) if from <= now);
            let most = match (its_own || queue.strategy == Strategy::RingAll, queue.ring_all_limit) {
                (true, None) => able.len(),
                (true, Some(limit)) => usize::from(limit.get()),
                (false, _) => 1,
            };
            let agents: Vec<_> = able.into_iter().take(most).map(|agent| agent.id).collect();
            if agents.is_empty() {
                continue;
            }
            rounds.push(Round { entry: id, queue: queue.id, agents });
            self.offer(rounds.last().expect("just pushed"), now);
        }
        rounds
    }

    /// What the database would hold once a round is inserted.
    pub fn offer(&mut self, round: &Round, now: DateTime<Utc>) {
        for id in &round.agents {
            let agent = self.agents.get_mut(id).expect("a round names agents who exist");
            agent.held += 1;
            agent.last_offered_at = Some(now);
        }
        let entry = self.entries.get_mut(&round.entry).expect("a round names an entry that exists");
        entry.state = EntryState::InRound(round.agents.clone());
    }

    /// Who is first of two, as a company would say it that looks at the clock: in a queue with ageing a priority grows by
    /// one for each ageing that somebody has waited.
    pub fn order(&self, one: &Entry, other: &Entry, now: DateTime<Utc>) -> Ordering {
        self.place(one, now).cmp(&self.place(other, now))
    }

    /// The fraction of a priority is counted in the waiting that it stands for, so that ages of different queues can be
    /// compared: in a queue with ageing all have the usual priority and their waiting, plus what theirs is worth beyond it.
    fn place(&self, entry: &Entry, now: DateTime<Utc>) -> (Reverse<i32>, Reverse<TimeDelta>, EntryId) {
        let waited = now - entry.entered_at + delta(entry.age_credit);
        let ageing = self.queues.get(&entry.queue).and_then(|queue| queue.ageing);
        match ageing {
            None => (Reverse(entry.priority), Reverse(waited), entry.id),
            Some(ageing) => {
                let head_start = delta(ageing.step) * (entry.priority - ageing.usual);
                (Reverse(ageing.usual), Reverse(waited + head_start), entry.id)
            }
        }
    }

    pub fn waiting_in_order(&self, now: DateTime<Utc>) -> Vec<EntryId> {
        let mut waiting: Vec<_> = self.entries.values().filter(|e| e.state == EntryState::Waiting).collect();
        waiting.sort_by(|one, other| self.order(one, other, now));
        waiting.into_iter().map(|entry| entry.id).collect()
    }

    /// The place in the queue's line, from 1.
    pub fn position(&self, id: EntryId, now: DateTime<Utc>) -> Option<usize> {
        let in_line = |entry: &Entry| !matches!(entry.state, EntryState::Reserved(_));
        let own = self.entries.get(&id).filter(|entry| in_line(entry))?;
        let line = self.entries.values().filter(|entry| entry.queue == own.queue && in_line(entry));
        Some(line.filter(|entry| self.order(entry, own, now).is_le()).count())
    }
}

/// Everything but the free slot.
pub fn could_take(agent: &Agent, entry: &Entry, now: DateTime<Utc>) -> bool {
    let alive = match agent.ready_until {
        Some(until) => now < until,
        None => true,
    };
    let mut asked = &entry.skills;
    let mut latest = None;
    for relaxation in &entry.relaxations {
        if relaxation.from <= now && latest <= Some(relaxation.from) {
            latest = Some(relaxation.from);
            asked = &relaxation.skills;
        }
    }
    let kept_for_another = match entry.preferred {
        Some(preferred) => now < preferred.until && preferred.agent != agent.id,
        None => false,
    };
    let skilled = asked.iter().all(|(skill, least)| match agent.skills.get(skill) {
        Some(level) => level >= least,
        None => false,
    });
    let declined = entry.declined_by.iter().any(|(who, until)| *who == agent.id && now < *until);
    agent.queues.contains(&entry.queue)
        && agent.readiness == Readiness::Ready
        && alive
        && skilled
        && !declined
        && !kept_for_another
}

fn preference(agent: &Agent, queue: &Queue) -> (u16, i128, DateTime<Utc>, AgentId) {
    let idle_since = match (queue.idle_reading, agent.last_call_ended_at) {
        (IdleReading::SinceLastCall, Some(ended)) => ended,
        (IdleReading::SinceLastCall, None) | (IdleReading::SinceAvailable, _) => agent.available_since,
    };
    let compared = match queue.strategy {
        Strategy::LongestIdle | Strategy::RingAll => 0,
        Strategy::RoundRobin => agent.last_offered_at.map_or(i128::MIN, |at| at.timestamp_millis().into()),
        Strategy::FewestCalls => agent.calls_handled.into(),
        Strategy::LeastTalkTime => agent.talk_time.as_millis() as i128,
    };
    (agent.held, compared, idle_since, agent.id)
}
