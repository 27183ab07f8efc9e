//! How fast the index is in a company far larger than most: 10,000 waiting entries, 5,000 agents, 50 skills,
//! 20 queues. It is to be built in under 50 ms, and to take one change in under 100 µs.
//!
//! Two worlds: `busy` has every agent in a call, so that the line stands and each change meets a full index;
//! `idle` has every agent free, so that building it makes thousands of rounds.

use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use routing::{
    Ageing, Agent, AgentId, Change, Entry, EntryId, EntryState, IdleReading, Index, Preference, Queue,
    QueueId, Readiness, Relaxation, Round, SkillId, Strategy,
};
use uuid::Uuid;

const QUEUES: u64 = 20;
const SKILLS: u64 = 50;
const LEVELS: u64 = 5;
const AGENTS: u64 = 5_000;
const ENTRIES: u64 = 10_000;

/// SplitMix64: the same world at every run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }
}

fn id(kind: u64, n: u64) -> Uuid {
    // Spread like real ids, so that neighbours in number are not neighbours in memory.
    let mut draw = Draw(kind << 32 | n);
    Uuid::from_u64_pair(draw.below(u64::MAX), draw.below(u64::MAX))
}

fn queue_id(n: u64) -> QueueId {
    QueueId(id(1, n))
}

fn skill_id(n: u64) -> SkillId {
    SkillId(id(2, n))
}

fn at(seconds: u64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds as i64)
}

fn now() -> DateTime<Utc> {
    at(10_000)
}

fn ageing(step: u64) -> Ageing {
    Ageing { step: Duration::from_secs(step), usual: 1 }
}

fn queue(n: u64) -> Queue {
    Queue {
        id: queue_id(n),
        strategy: Strategy::LongestIdle,
        ring_all_limit: None,
        decline_cool_off: Duration::from_secs(30),
        mean_handle_time: Some(Duration::from_secs(240)),
        idle_reading: IdleReading::SinceLastCall,
        ageing: n.is_multiple_of(4).then(|| ageing(60)),
    }
}

/// Serves 1 to 4 queues and has 5 to 10 of the 50 skills.
fn agent(n: u64, held: u16, draw: &mut Draw) -> Agent {
    let queues: BTreeSet<_> = (0..=draw.below(4)).map(|_| queue_id(draw.below(QUEUES))).collect();
    let skills: BTreeMap<_, _> = (0..5 + draw.below(6))
        .map(|_| (skill_id(draw.below(SKILLS)), 1 + draw.below(LEVELS) as u8))
        .collect();
    Agent {
        id: AgentId(id(3, n)),
        queues,
        skills,
        capacity: 1,
        held,
        readiness: Readiness::Ready,
        ready_until: Some(at(10_000 + 1 + draw.below(15))),
        last_call_ended_at: Some(at(draw.below(9_000))),
        available_since: at(0),
        calls_handled: draw.below(50) as u32,
        talk_time: Duration::from_secs(draw.below(9_000)),
        last_offered_at: Some(at(draw.below(9_000))),
    }
}

/// Asks for 0 to 2 of the 50 skills. One of five asks for less later, one of ten is kept for an agent.
fn entry(n: u64, draw: &mut Draw) -> Entry {
    let skills: Vec<_> =
        (0..draw.below(3)).map(|_| (skill_id(draw.below(SKILLS)), 1 + draw.below(LEVELS) as u8)).collect();
    Entry {
        id: EntryId(id(4, n)),
        queue: queue_id(draw.below(QUEUES)),
        priority: draw.below(3) as i32,
        entered_at: at(9_000 + draw.below(1_000)),
        age_credit: Duration::ZERO,
        relaxations: match n % 5 {
            0 => vec![Relaxation { from: at(10_030), skills: Vec::new() }],
            _ => Vec::new(),
        },
        preferred: (n % 10 == 1)
            .then(|| Preference { agent: AgentId(id(3, draw.below(AGENTS))), until: at(10_020) }),
        ring_all_from: n.is_multiple_of(7).then(|| at(10_040)),
        skills,
        state: EntryState::Waiting,
        declined_by: Vec::new(),
    }
}

fn world(held: u16) -> Vec<Change> {
    let mut draw = Draw(1);
    let mut rows: Vec<_> = (0..QUEUES).map(|n| Change::Queue(queue(n))).collect();
    rows.extend((0..AGENTS).map(|n| Change::Agent(agent(n, held, &mut draw))));
    rows.extend((0..ENTRIES).map(|n| Change::Entry(entry(n, &mut Draw(n)))));
    rows
}

fn without_entries(mut rows: Vec<Change>) -> Vec<Change> {
    rows.retain(|row| !matches!(row, Change::Entry(_)));
    rows
}

fn built(rows: &[Change]) -> (Index, usize) {
    let mut index = Index::new();
    let rounds = index.apply_all(rows.iter().cloned(), now());
    (index, rounds.len())
}

fn build(c: &mut Criterion) {
    let mut group = c.benchmark_group("build 10,000 entries and 5,000 agents");
    group.sample_size(20);
    for (name, held) in [("busy", 1), ("idle", 0)] {
        let rows = world(held);
        let rounds = built(&rows).1;
        group.bench_function(format!("{name}, {rounds} rounds"), |b| {
            b.iter_batched(
                || rows.clone(),
                |rows| {
                    let mut index = Index::new();
                    let rounds = index.apply_all(rows, now());
                    (index, rounds)
                },
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

/// Times `change` on a full index; what `undo` says puts things back outside the measured time.
fn one(
    c: &mut Criterion,
    (name, index): (&str, &Index),
    mut change: impl FnMut(u64) -> Change,
    mut undo: impl FnMut(u64, Vec<Round>) -> Vec<Change>,
) {
    let mut index = index.clone();
    let mut n = 0;
    c.bench_function(&format!("one change: {name}"), |b| {
        b.iter_custom(|times| {
            let mut spent = Duration::ZERO;
            for _ in 0..times {
                n += 1;
                let change = change(n);
                let start = Instant::now();
                let rounds = black_box(index.apply(change, now()));
                spent += start.elapsed();
                index.apply_all(undo(n, rounds), now());
            }
            spent
        });
    });
}

fn one_change(c: &mut Criterion) {
    let nth = |n: u64, held| agent(n % AGENTS, held, &mut Draw(n));
    let stranger = |n: u64| entry(ENTRIES + n, &mut Draw(n));
    let nth_entry = |n: u64| EntryId(id(4, n % ENTRIES));
    let line: BTreeMap<_, _> = (0..ENTRIES).map(|n| (nth_entry(n), entry(n, &mut Draw(n)))).collect();
    let (busy, quiet) = (built(&world(1)).0, built(&without_entries(world(0))).0);

    one(
        c,
        ("a busy agent, everything else about him", &busy),
        |n| Change::Agent(nth(n, 1)),
        |_, _| Vec::new(),
    );
    // What was offered is put back into the line, and the agent is made busy again.
    let put_back = |rounds: Vec<Round>, busy: Agent| {
        let offered = rounds.into_iter().filter_map(|round| line.get(&round.entry));
        std::iter::once(Change::Agent(busy)).chain(offered.cloned().map(Change::Entry)).collect()
    };
    one(
        c,
        ("an agent becomes free and is offered the first call", &busy),
        |n| Change::Agent(nth(n, 0)),
        |n, rounds| put_back(rounds, nth(n, 1)),
    );
    // Whom everything concerns: the most that one agent's change can touch.
    let lead = |held| Agent {
        queues: (0..QUEUES).map(queue_id).collect(),
        skills: (0..SKILLS).map(|n| (skill_id(n), LEVELS as u8)).collect(),
        ..agent(AGENTS, held, &mut Draw(0))
    };
    one(
        c,
        ("one with all queues and all skills becomes free", &busy),
        |_| Change::Agent(lead(0)),
        |_, rounds| put_back(rounds, lead(1)),
    );
    // Who serves all queues and finds nothing that he can do: the longest search in vain.
    let novice = |held| Agent { skills: BTreeMap::from([(SkillId(Uuid::max()), 1)]), ..lead(held) };
    let demanding = |mut entry: Entry| {
        entry.skills.push((skill_id(0), 1));
        Change::Entry(entry)
    };
    let mut picky = busy.clone();
    picky.apply_all(line.values().cloned().map(demanding), now());
    one(
        c,
        ("one with all queues and no skill of use becomes free", &picky),
        |_| Change::Agent(novice(0)),
        |_, _| vec![Change::Agent(novice(1))],
    );
    let gone = |n: u64, rounds: Vec<Round>| {
        let asked: BTreeSet<_> = rounds.into_iter().flat_map(|round| round.agents).collect();
        // Whoever was asked is free again, though not as he was: what the world holds stays as large.
        let asked = asked.into_iter().map(|id| Change::Agent(Agent { id, ..nth(n, 0) }));
        std::iter::once(Change::EntryGone(EntryId(id(4, ENTRIES + n)))).chain(asked).collect()
    };
    one(c, ("an entry comes, nobody is free", &busy), |n| Change::Entry(stranger(n)), gone);
    one(c, ("an entry comes, 5,000 are free", &quiet), |n| Change::Entry(stranger(n)), gone);
    let back = |n: u64, _| vec![Change::Entry(line[&nth_entry(n)].clone())];
    one(c, ("an entry goes", &busy), |n| Change::EntryGone(nth_entry(n)), back);
    let turned = |n: u64| Queue {
        strategy: [Strategy::RoundRobin, Strategy::FewestCalls][n as usize % 2],
        ..queue(0)
    };
    one(c, ("another strategy, 600 are free", &quiet), |n| Change::Queue(turned(n)), |_, _| Vec::new());
    let aged = |n: u64| Queue { ageing: Some(ageing(30 + n % 2)), ..queue(0) };
    one(c, ("another ageing, 500 wait", &busy), |n| Change::Queue(aged(n)), |_, _| Vec::new());
    let kept = |n: u64| {
        let agent = AgentId(id(3, n % AGENTS));
        Entry { preferred: Some(Preference { agent, until: at(10_020) }), ..stranger(n) }
    };
    one(c, ("an entry comes that is kept for a busy agent", &busy), |n| Change::Entry(kept(n)), gone);
}

fn questions(c: &mut Criterion) {
    let (index, _) = built(&world(1));
    let mut n = 0;
    let mut next = || {
        n = (n + 1) % ENTRIES;
        EntryId(id(4, n))
    };
    c.bench_function("question: position", |b| b.iter(|| index.position(next())));
    c.bench_function("question: expected wait", |b| b.iter(|| index.expected_wait(next(), now())));
    c.bench_function("question: why does it wait", |b| b.iter(|| index.explain(next(), 20, now())));
    c.bench_function("question: queue figures", |b| b.iter(|| index.queue_figures(queue_id(3), now())));
}

criterion_group!(benches, build, one_change, questions);
criterion_main!(benches);
