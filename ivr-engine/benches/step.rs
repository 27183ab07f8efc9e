//! How fast a step is, and a replay. A step of a flow of 1,000 nodes is to take under 20 µs, and a replay of 10,000 calls on
//! one core well under ten seconds.

use std::hint::black_box;

use chrono::{DateTime, TimeDelta, Utc};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use ivr_engine::{
    CallFacts, Catalog, Flow, Flows, Input, ProblemCode, QueueLeft, Recorded, Replayed, Session, replay,
    step, validate,
};
use serde_json::{Map, Value, json};

fn noon() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::hours(12)
}

/// 1,000 nodes: 142 rounds of a question, a condition, opening hours, a text with values, a variable, a split and a loop.
fn thousand_nodes() -> Value {
    let mut nodes = Map::new();
    for round in 0..142 {
        let id = |name: &str| format!("{name}-{round}");
        let next = if round == 141 { "queue".to_owned() } else { format!("menu-{}", round + 1) };
        let when = json!({ "any": [
            { "operand": "variable", "name": "tier", "operator": "equals", "value": "gold" },
            { "operand": "caller", "operator": "matches", "value": "^\\+1555" }
        ]});
        // Fifty expressions are allowed.
        let when = if round < 50 { when } else { when["any"][0].clone() };
        let added = [
            (
                id("menu"),
                json!({ "type": "menu", "prompt": "For sales, press 1. For support, press 2.",
                "choices": [{ "digits": "1", "phrases": ["sales"] }, { "digits": "2", "phrases": ["support"] }],
                "next": { "1": id("branch"), "2": id("branch"), "timeout": "queue", "noMatch": "queue" } }),
            ),
            (
                id("branch"),
                json!({ "type": "branch", "cases": [{ "port": "x", "when": when }],
                "next": { "x": id("hours"), "else": id("hours") } }),
            ),
            (
                id("hours"),
                json!({ "type": "hours", "zone": "Europe/Berlin",
                "weekly": { "mon": [{ "from": "08:00", "to": "17:00" }], "tue": [{ "from": "08:00", "to": "17:00" }] },
                "next": { "open": id("set"), "closed": id("set") } }),
            ),
            (
                id("set"),
                json!({ "type": "set", "variables": { "last": "{{ digits }} of {{ vars.last | truncate: 20 }}" },
                "next": { "next": id("say") } }),
            ),
            (
                id("say"),
                json!({ "type": "say", "text": "You pressed {{ digits }}. It is {{ now | date: '%H:%M' }}.",
                "next": { "next": id("split") } }),
            ),
            (
                id("split"),
                json!({ "type": "split", "shares": [{ "port": "x", "percent": 30 }, { "port": "y", "percent": 70 }],
                "next": { "x": id("loop"), "y": id("loop") } }),
            ),
            (id("loop"), json!({ "type": "loop", "times": 1, "next": { "again": next, "done": next } })),
        ];
        nodes.extend(added);
    }
    while nodes.len() < 999 {
        nodes.insert(format!("spare-{}", nodes.len()), json!({ "type": "hangup" }));
    }
    nodes.insert("queue".to_owned(), json!({ "type": "enqueue", "queue": "sales", "maxWaitSeconds": 60 }));
    json!({ "version": 1, "name": "thousand", "start": "menu-0", "nodes": nodes })
}

fn acme() -> Value {
    serde_json::from_str(include_str!("../samples/acme.json")).expect("JSON")
}

fn caller() -> CallFacts {
    CallFacts { from: "+15550100".to_owned(), to: "+15550199".to_owned(), ..CallFacts::default() }
}

/// A step from one question of the large flow to the next: seven nodes, two texts with values.
fn one_step(c: &mut Criterion) {
    let document = thousand_nodes();
    let flow = Flow::parse(&document).expect("a flow");
    assert_eq!(flow.nodes().count(), 1_000);
    let mut asked = step(&flow, Session::new(caller()), Input::Start, noon()).session;
    for _ in 0..70 {
        asked = step(&flow, asked, Input::digits("1"), noon()).session;
    }
    c.bench_function("step of a 1,000-node flow", |b| {
        b.iter_batched(
            || asked.clone(),
            |session| step(&flow, session, Input::digits("2"), black_box(noon())),
            BatchSize::SmallInput,
        );
    });
    c.bench_function("check and compile a 1,000-node flow", |b| b.iter(|| Flow::parse(black_box(&document))));
    c.bench_function("validate a 1,000-node flow", |b| {
        b.iter(|| validate(black_box(&document), &Catalog::unchecked()));
    });
    let nodes: Map<String, Value> = (0..10_000)
        .map(|number| {
            let next = format!("n{}", (number + 1) % 10_000);
            (format!("n{number}"), json!({ "type": "say", "text": "x".repeat(50), "next": { "next": next } }))
        })
        .collect();
    let large = json!({ "version": 1, "name": "large", "start": "n0", "nodes": nodes }).to_string();
    assert!(large.len() > 1_000_000);
    c.bench_function("read and refuse a flow of 10,000 nodes in 1 MB of JSON", |b| {
        b.iter(|| validate(&serde_json::from_str(black_box(&large)).expect("JSON"), &Catalog::unchecked()));
    });
    let nodes: Map<String, Value> = (0..1_000)
        .map(|number| {
            let text = "{% if x %}y{% endif %}".repeat(31) + &"{{ vars.a | upcase }}".repeat(17);
            let next = json!({ "next": format!("n{}", (number + 1) % 1_000) });
            (format!("n{number}"), json!({ "type": "say", "text": text, "next": next }))
        })
        .collect();
    let texts = json!({ "version": 1, "name": "texts", "start": "n0", "nodes": nodes }).to_string();
    assert!(texts.len() > 1_000_000);
    c.bench_function("read and refuse 1,000 nodes in 1 MB of templates", |b| {
        b.iter(|| validate(&serde_json::from_str(black_box(&texts)).expect("JSON"), &Catalog::unchecked()));
    });
}

/// The most that a step may be made to do: filters over texts as long as there may be, and expressions that no automaton of
/// the size allowed can hold. A tenant can publish this; it may cost a core for a moment, not for minutes.
fn the_costliest_step(c: &mut Criterion) {
    let text = format!(
        "{{% assign a = 'xxxxxxxx' %}}{}{{{{ a{} }}}}",
        "{% assign a = a | append: a %}".repeat(8),
        " | split: '' | join: ''".repeat(100)
    );
    let nodes: Map<String, Value> = (0..60)
        .map(|number| {
            let next = format!("n{}", number + 1);
            (
                format!("n{number}"),
                json!({ "type": "set", "variables": { "a": text }, "next": { "next": next } }),
            )
        })
        .chain([("n60".to_owned(), json!({ "type": "hangup" }))])
        .collect();
    let texts = json!({ "version": 1, "name": "texts", "start": "n0", "nodes": nodes });

    let matches =
        json!({ "operand": "variable", "name": "a", "operator": "matches", "value": "(\\w{1,9}x?)+y$" });
    let cases: Vec<Value> =
        (0..50).map(|port| json!({ "port": format!("p{port}"), "when": matches })).collect();
    let mut next: Map<String, Value> = (0..50).map(|port| (format!("p{port}"), json!("end"))).collect();
    next.insert("else".to_owned(), json!("again"));
    let conditions = json!({ "version": 1, "name": "conditions", "start": "a", "nodes": {
        "a": { "type": "set", "variables": { "a": "aé".repeat(340) }, "next": { "next": "again" } },
        "again": { "type": "branch", "cases": cases, "next": next },
        "end": { "type": "hangup" }
    }});

    let mut group = c.benchmark_group("the costliest step");
    group.sample_size(10);
    for (name, document) in [("texts", texts), ("conditions", conditions)] {
        let flow = Flow::parse(&document).expect("a flow");
        let begin = Session::new(caller());
        let last = step(&flow, begin.clone(), Input::Start, noon());
        assert!(
            last.problems.iter().any(|problem| problem.code == ProblemCode::TooManyNodes),
            "{:?}",
            last.problems
        );
        group
            .bench_function(name, |b| b.iter(|| step(&flow, begin.clone(), Input::Start, black_box(noon()))));
    }
    group.finish();
}

/// Calls of six inputs.
fn past_calls(flow: &Flow) -> Vec<(Session, Vec<Recorded>)> {
    let (again, wrong) = (Input::digits("9"), Input::digits("7"));
    let too_long = Input::QueueLeft(QueueLeft::TimedOut);
    let message = Input::Recorded { seconds: 20 };
    let ways: [&[Input]; 5] = [
        &[
            Input::Start,
            again.clone(),
            wrong.clone(),
            Input::speech("support"),
            too_long.clone(),
            message.clone(),
        ],
        &[Input::Start, Input::Silence, Input::digits("2"), too_long, Input::Silence, Input::HungUp],
        &[Input::Start, again.clone(), again.clone(), wrong.clone(), Input::digits("1"), Input::HungUp],
        &[Input::Start, Input::Silence, Input::Silence, Input::Silence, message, Input::HungUp],
        &[Input::Start, again, wrong.clone(), wrong, Input::speech("gibberish"), Input::HungUp],
    ];
    (0..10_000_usize)
        .map(|number| {
            let begin = Session::new(caller()).seeded(number as u64);
            let mut session = begin.clone();
            let mut at = noon() + TimeDelta::seconds(number as i64);
            let recorded = ways[number % ways.len()].iter().map(|input| {
                let next = step(flow, session.clone(), input.clone(), at);
                session = next.session;
                at += TimeDelta::seconds(9);
                Recorded { at, input: next.input }
            });
            let recorded = recorded.collect();
            (begin, recorded)
        })
        .collect()
}

fn replays(c: &mut Criterion) {
    let was = Flow::parse(&acme()).expect("a flow");
    let mut changed = acme();
    changed["nodes"]["main-menu"]["next"]["2"] = json!("message");
    let would = Flow::parse(&changed).expect("a flow");
    let calls = past_calls(&was);
    let mut group = c.benchmark_group("replay");
    group.sample_size(10).throughput(Throughput::Elements(calls.len() as u64));
    for (name, draft) in [("10,000 calls in the same version", &was), ("10,000 calls in a draft", &would)] {
        group.bench_function(name, |b| {
            b.iter(|| {
                let same = calls.iter().filter(|(begin, inputs)| {
                    matches!(replay(&was, draft, &Flows::none(), begin, inputs), Replayed::Same { .. })
                });
                same.count()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, one_step, the_costliest_step, replays);
criterion_main!(benches);
