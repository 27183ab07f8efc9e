//! Random sequences of changes, checked after every step against the rows and against a naive model of the
//! rule.
//!
//! If a property fails, proptest prints the shortest sequence of steps that it found. Replay it with `Trial`
//! in a story test; the rule as it should be is `support/reference.rs`.

mod support;

use std::cell::Cell;
use std::collections::BTreeSet;

use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::{Just, TestCaseError, any, prop, prop_assert, prop_assert_eq, prop_oneof};
use proptest::strategy::Strategy as Generate;
use proptest::test_runner::{Config, TestRunner};
use routing::{
    Ageing, Agent, Change, Entry, EntryState, IdleReading, Index, Obstacle, Precedence, Preference, Queue,
    QueueId, Readiness, Relaxation, Round, Strategy,
};

use support::reference::{Rows, could_take};
use support::{agent_id, at, delta, entry_id, limited_to, queue_id, seconds, skill_id};

/// How large the world of a property is: ids are drawn from these ranges, so that changes meet each other.
#[derive(Clone, Copy)]
struct World {
    queues: u128,
    skills: u128,
    agents: u128,
    entries: u128,
    steps: usize,
    /// Most events of a step; the first has so many at least.
    batch: usize,
    first_batch: usize,
}

/// Small, so that everything collides with everything.
const TEAM: World =
    World { queues: 3, skills: 3, agents: 5, entries: 8, steps: 40, batch: 4, first_batch: 0 };
/// Large enough for the shortcuts that the index takes with many agents at once.
const CROWD: World =
    World { queues: 2, skills: 2, agents: 120, entries: 150, steps: 8, batch: 30, first_batch: 300 };

/// One thing that a step does. A `Told` change is any row set whatsoever; an `Ended` round is what the server
/// tells.
#[derive(Clone, Debug)]
enum Event {
    Told(Change),
    Ended { which: prop::sample::Index, how: End },
}

#[derive(Clone, Copy, Debug)]
enum End {
    Accepted,
    Declined,
    NotAnswered,
    HungUp,
}

/// Some events at one moment, so many seconds after the step before.
#[derive(Clone, Debug)]
struct Step {
    after: i64,
    events: Vec<Event>,
}

fn steps(world: World) -> impl Generate<Value = Vec<Step>> {
    let told = prop_oneof![
        3 => queues(world).prop_map(Change::Queue),
        1 => (1..=world.queues).prop_map(|n| Change::QueueGone(queue_id(n))),
        9 => agents(world).prop_map(Change::Agent),
        1 => (1..=world.agents).prop_map(|n| Change::AgentGone(agent_id(n))),
        9 => entries(world).prop_map(Change::Entry),
        2 => (1..=world.entries).prop_map(|n| Change::EntryGone(entry_id(n))),
        2 => Just(Change::Tick),
    ];
    let how =
        prop_oneof![Just(End::Accepted), Just(End::Declined), Just(End::NotAnswered), Just(End::HungUp)];
    let event = prop_oneof![
        3 => told.prop_map(Event::Told),
        1 => (any::<prop::sample::Index>(), how).prop_map(|(which, how)| Event::Ended { which, how }),
    ];
    let first = vec(event.clone(), world.first_batch..=world.first_batch + world.batch);
    let first = first.prop_map(|events| Step { after: 0, events });
    let step = (0..15_i64, vec(event, 1..=world.batch)).prop_map(|(after, events)| Step { after, events });
    (first, vec(step, 1..=world.steps)).prop_map(|(first, mut steps)| {
        steps.insert(0, first);
        steps
    })
}

fn queues(world: World) -> impl Generate<Value = Queue> {
    let strategy = prop_oneof![
        Just(Strategy::LongestIdle),
        Just(Strategy::RoundRobin),
        Just(Strategy::FewestCalls),
        Just(Strategy::LeastTalkTime),
        Just(Strategy::RingAll),
    ];
    let reading = prop_oneof![Just(IdleReading::SinceLastCall), Just(IdleReading::SinceAvailable)];
    let ageing = option::of((prop_oneof![Just(10_u64), Just(25), Just(60)], 0..2_i32));
    (1..=world.queues, strategy, 0..4_u16, 0..40_u64, option::of(0..3_u64), reading, ageing).prop_map(
        |(n, strategy, limit, cool_off, handle_time, idle_reading, ageing)| {
            let queue = Queue {
                ageing: ageing.map(|(step, usual)| Ageing { step: seconds(step), usual }),
                decline_cool_off: seconds(cool_off),
                mean_handle_time: handle_time.map(|minutes| seconds(60 * minutes)),
                idle_reading,
                ..support::queue(n, strategy)
            };
            limited_to(limit, queue)
        },
    )
}

fn agents(world: World) -> impl Generate<Value = Agent> {
    let readiness = prop_oneof![
        6 => Just(Readiness::Ready),
        1 => Just(Readiness::NotReady),
        1 => Just(Readiness::NotResponding),
    ];
    let serves = (btree_set(1..=world.queues, 0..3), btree_map(1..=world.skills, 0..4_u8, 0..3));
    let holds = (0..4_u16, 0..4_u16, readiness, option::weighted(0.3, 0..200_i64));
    let counts = (option::of(0..9_i64), 0..9_i64, 0..3_u32, 0..3_u64, option::of(0..9_i64));
    (1..=world.agents, serves, holds, counts).prop_map(
        |(n, (queues, skills), (capacity, held, readiness, beat), (ended, since, calls, talked, offered))| {
            Agent {
                queues: queues.into_iter().map(queue_id).collect(),
                skills: skills.into_iter().map(|(skill, level)| (skill_id(skill), level)).collect(),
                capacity,
                held: held.min(capacity) / 2,
                readiness,
                ready_until: beat.map(at),
                last_call_ended_at: ended.map(at),
                available_since: at(since),
                calls_handled: calls,
                talk_time: seconds(talked),
                last_offered_at: offered.map(at),
                ..support::agent(n, [])
            }
        },
    )
}

fn entries(world: World) -> impl Generate<Value = Entry> {
    let agents = world.agents;
    let state = prop_oneof![
        8 => Just(EntryState::Waiting),
        1 => vec(1..=agents, 1..3).prop_map(|asked| EntryState::InRound(asked.into_iter().map(agent_id).collect())),
        1 => (1..=agents).prop_map(|n| EntryState::Reserved(agent_id(n))),
    ];
    let skills = vec((1..=world.skills, 0..4_u8), 0..3);
    let declined = vec((1..=agents, 0..200_i64), 0..3);
    let named = |skills: Vec<(u128, u8)>| -> Vec<_> {
        skills.into_iter().map(|(skill, level)| (skill_id(skill), level)).collect()
    };
    let less = vec((0..200_i64, vec((1..=world.skills, 0..4_u8), 0..2)), 0..3);
    let moments = (
        option::weighted(0.3, (1..=agents, 0..200_i64)),
        option::weighted(0.3, 0..200_i64),
        prop_oneof![2 => Just(Vec::new()), 1 => less],
    );
    let place = (1..=world.entries, 1..=world.queues, -1..3_i32, (0..60_i64, 0..30_u64));
    (place, skills, state, declined, moments).prop_map(
        move |((n, queue, priority, (entered, credit)), skills, state, declined, (kept, all, less))| Entry {
            priority,
            age_credit: seconds(credit),
            skills: named(skills),
            relaxations: less
                .into_iter()
                .map(|(from, skills)| Relaxation { from: at(from), skills: named(skills) })
                .collect(),
            preferred: kept.map(|(agent, until)| Preference { agent: agent_id(agent), until: at(until) }),
            ring_all_from: all.map(at),
            state,
            declined_by: declined.into_iter().map(|(who, until)| (agent_id(who), at(until))).collect(),
            ..support::entry(n, queue, entered)
        },
    )
}

/// An index beside the rows that it was told.
#[derive(Default)]
struct Trial {
    index: Index,
    rows: Rows,
    clock: i64,
}

impl Trial {
    /// Runs one step and checks everything that must hold after it. Returns the rounds.
    fn step(&mut self, step: &Step) -> Result<Vec<Round>, TestCaseError> {
        self.clock += step.after;
        let now = at(self.clock);
        let mut changes = Vec::new();
        for event in &step.events {
            for change in self.told_by(event) {
                self.rows.tell(change.clone());
                changes.push(change);
            }
        }
        let before = self.rows.clone();
        let rounds = self.index.apply_all(changes, now);

        // The same by the rule said plainly, and by an index that knows nothing of the past; rows come in any
        // order.
        prop_assert_eq!(&rounds, &self.rows.match_all(now), "the naive model matches otherwise");
        let mut rebuilt = Index::new();
        let all = before.changes();
        prop_assert_eq!(
            &rounds,
            &rebuilt.apply_all(all.iter().rev().cloned(), now),
            "a rebuilt index differs"
        );
        self.check_rounds(&before, &rounds)?;
        self.check_rest()?;
        self.check_figures(&rebuilt)?;
        // Each pair is an index of its own: not for a crowd, and not after every step.
        if self.rows.agents.len() * self.rows.entries.len() < 100 && self.clock % 4 == 0 {
            self.check_pairs()?;
        }
        prop_assert!(self.index.next_due().is_none_or(|due| due > now), "a tick would come again and again");
        Ok(rounds)
    }

    fn told_by(&self, event: &Event) -> Vec<Change> {
        let (which, how) = match event {
            Event::Told(change) => return vec![change.clone()],
            Event::Ended { which, how } => (which, *how),
        };
        let rung = self.rows.entries.values().filter_map(|entry| match &entry.state {
            EntryState::InRound(agents) => Some((entry, agents)),
            EntryState::Waiting | EntryState::Reserved(_) => None,
        });
        let rung: Vec<_> = rung.collect();
        if rung.is_empty() {
            return Vec::new();
        }
        let (entry, asked) = rung[which.index(rung.len())];
        let mut entry = entry.clone();
        let mut changes = Vec::new();
        for (nth, agent) in asked.iter().filter_map(|id| self.rows.agents.get(id)).enumerate() {
            let mut agent = agent.clone();
            let holds_on = matches!(how, End::Accepted) && nth == 0;
            agent.held = if holds_on { agent.held } else { agent.held.saturating_sub(1) };
            if matches!(how, End::NotAnswered) {
                agent.readiness = Readiness::NotResponding;
            }
            changes.push(Change::Agent(agent));
        }
        let cooled_off = |queue: &Queue| queue.cooled_off_at(at(self.clock));
        match how {
            End::Accepted => entry.state = EntryState::Reserved(asked[0]),
            End::Declined => {
                let until = self.rows.queues.get(&entry.queue).map_or(at(self.clock), cooled_off);
                entry.declined_by.extend(asked.iter().map(|agent| (*agent, until)));
                entry.state = EntryState::Waiting;
            }
            End::NotAnswered => entry.state = EntryState::Waiting,
            End::HungUp => {
                changes.push(Change::EntryGone(entry.id));
                return changes;
            }
        }
        changes.push(Change::Entry(entry));
        changes
    }

    /// What must hold of rounds whatever the strategy: looked at with the rows alone.
    fn check_rounds(&self, before: &Rows, rounds: &[Round]) -> Result<(), TestCaseError> {
        let mut offered = BTreeSet::new();
        for round in rounds {
            prop_assert!(offered.insert(round.entry), "an entry is in two rounds at once");
            prop_assert_eq!(
                &before.entries[&round.entry].state,
                &EntryState::Waiting,
                "an entry is asked for twice"
            );
            prop_assert!(!round.agents.is_empty(), "a round asks nobody");
            let distinct: BTreeSet<_> = round.agents.iter().collect();
            prop_assert_eq!(distinct.len(), round.agents.len(), "an agent is asked twice in a round");
        }
        for agent in self.rows.agents.values() {
            let told = &before.agents[&agent.id];
            prop_assert!(
                agent.held == told.held || agent.held <= agent.capacity,
                "an agent is over his capacity"
            );
        }
        for round in rounds {
            let served = &self.rows.entries[&round.entry];
            let now = at(self.clock);
            for earlier in self.rows.waiting_in_order(now).iter().map(|id| &self.rows.entries[id]) {
                let known = self.rows.queues.contains_key(&earlier.queue);
                let overtaken = known && self.rows.order(earlier, served, now).is_lt();
                for id in round.agents.iter().filter(|_| overtaken) {
                    let agent = &before.agents[id];
                    prop_assert!(!could_take(agent, earlier, now), "{} is overtaken", earlier.id);
                }
            }
        }
        Ok(())
    }

    /// Nobody waits beside a free agent who may take him, and the index can say why for each.
    fn check_rest(&self) -> Result<(), TestCaseError> {
        let now = at(self.clock);
        let line = self.rows.waiting_in_order(now);
        for entry in line.iter().map(|id| &self.rows.entries[id]) {
            let explained = self.index.explain(entry.id, usize::MAX, now).expect("a known entry");
            let members = self.rows.agents.values().filter(|agent| agent.queues.contains(&entry.queue));
            prop_assert_eq!(explained.agents.len(), members.count());
            prop_assert_eq!(explained.position, Some(explained.ahead.len() + 1));
            for ahead in &explained.ahead {
                let other = &self.rows.entries[&ahead.entry];
                let waits = |entry: &Entry| entry.entered_at - delta(entry.age_credit);
                let came_first = waits(other) <= waits(entry);
                match ahead.because {
                    Precedence::Priority => prop_assert!(other.priority > entry.priority),
                    Precedence::Age => prop_assert!(came_first),
                    Precedence::HeadStart => {
                        prop_assert!(!came_first && other.priority > entry.priority);
                    }
                }
            }
            let known = self.rows.queues.contains_key(&entry.queue);
            for (agent, obstacles) in explained.agents {
                prop_assert!(
                    !known || !obstacles.is_empty(),
                    "{} waits beside {agent}, who is free",
                    entry.id
                );
                let able = could_take(&self.rows.agents[&agent], entry, now);
                let only_full = obstacles.iter().all(|obstacle| *obstacle == Obstacle::NoFreeSlot);
                prop_assert_eq!(able, only_full, "{:?}", obstacles);
            }
        }
        Ok(())
    }

    /// What is said of one agent and one entry is what matching does when there are only these two.
    fn check_pairs(&self) -> Result<(), TestCaseError> {
        let now = at(self.clock);
        for entry in self.rows.entries.values() {
            let Some(queue) = self.rows.queues.get(&entry.queue) else { continue };
            let entry = Entry { state: EntryState::Waiting, ..entry.clone() };
            for agent in self.rows.agents.values() {
                let mut pair = Index::new();
                let rows = [
                    Change::Queue(queue.clone()),
                    Change::Agent(agent.clone()),
                    Change::Entry(entry.clone()),
                ];
                let offered = !pair.apply_all(rows, now).is_empty();
                let obstacles = Obstacle::between(agent, &entry, now);
                prop_assert_eq!(offered, obstacles.is_empty(), "{:?} {:?} {:?}", obstacles, agent, entry);
            }
        }
        Ok(())
    }

    /// What is told to callers and supervisors comes out the same from rows, from the changes and from a new
    /// index.
    fn check_figures(&self, rebuilt: &Index) -> Result<(), TestCaseError> {
        let now = at(self.clock);
        prop_assert_eq!(self.index.next_due(), rebuilt.next_due());
        for entry in self.rows.entries.values() {
            prop_assert_eq!(self.index.position(entry.id), self.rows.position(entry.id, now));
            // A while later too, when heartbeats have run out that no change told.
            for now in [now, now + delta(seconds(60))] {
                let wait = self.index.expected_wait(entry.id, now);
                prop_assert_eq!(wait, rebuilt.expected_wait(entry.id, now));
                let promised_nothing = wait.is_some_and(|wait| wait.is_zero());
                prop_assert!(!promised_nothing || matches!(entry.state, EntryState::InRound(_)));
            }
        }
        for id in self.rows.entries.values().map(|entry| entry.queue).collect::<BTreeSet<QueueId>>() {
            let figures = self.index.queue_figures(id, now);
            prop_assert_eq!(figures, rebuilt.queue_figures(id, now));
            let of_queue: Vec<_> = self.rows.entries.values().filter(|entry| entry.queue == id).collect();
            prop_assert_eq!(figures.waiting + figures.reserved, of_queue.len());
            prop_assert!(figures.in_offer <= figures.waiting && figures.available <= figures.staffed);
        }
        Ok(())
    }
}

/// Runs the checks over random worlds and fails when they had hardly anything to check.
fn holds_in(world: World, cases: u32) {
    let rounds = Cell::new(0);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&steps(world), |steps| {
        let mut trial = Trial::default();
        let mut twin = Trial::default();
        for step in &steps {
            let made = trial.step(step)?;
            rounds.set(rounds.get() + made.len());
            prop_assert_eq!(made, twin.step(step)?, "the same changes give other rounds");
        }
        Ok(())
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    assert!(rounds.get() > cases as usize, "hardly a round was made: the generators no longer fit the rule");
}

#[test]
fn a_team_is_matched_by_the_rule_after_every_change() {
    holds_in(TEAM, 300);
}

#[test]
fn a_crowd_is_matched_by_the_rule_after_every_batch() {
    holds_in(CROWD, 25);
}
