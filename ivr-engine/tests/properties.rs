//! Whatever the flow, the session and the inputs are: a step never panics, always waits or ends, and is the same again.
//! `PROPTEST_CASES=20000` in the environment looks longer.

mod teller;

use std::sync::OnceLock;

use ivr_engine::{
    Booking, Catalog, DialOutcome, Flow, FlowRef, Input, InputRecord, Keys, Next, NodeType, Outcome, Prompt,
    QueueFigures, QueueLeft, RequestOutcome, Session, Severity, Step, json_schema, step, validate,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use teller::{at, caller};

const SAMPLES: [&str; 3] = [
    include_str!("../samples/acme.json"),
    include_str!("../samples/globex.json"),
    include_str!("../samples/initech.json"),
];

/// Texts out of pieces of Liquid that fit together or do not.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "Hello ",
            "{{ ",
            " }}",
            "{% ",
            " %}",
            "{%- ",
            " -%}",
            "if ",
            "else",
            "elsif ",
            "endif",
            "case ",
            "when ",
            "endcase",
            "assign x = ",
            "vars.a",
            "vars.b",
            "call.from",
            "digits",
            "now",
            "x",
            "nil",
            "| plus: 1 ",
            "| times: 99999999 ",
            "| append: x ",
            "| replace: 'a', 'aaaa' ",
            "| split: '' ",
            "| join: ', ' ",
            "| date: '%H' ",
            "| slice: -3, 2 ",
            "| truncate: 3 ",
            "| default: 'd' ",
            "'a'",
            "9223372036854775807",
            "-1",
            "0.5",
            "==",
            "[",
            "]",
            ".",
            "\u{0}",
            "ß",
            "raw",
            "endraw",
            "comment",
            "endcomment",
            "unless ",
            "endunless",
            "(1..9)",
            "\"",
        ])
        .prop_map(str::to_owned),
        "\\{\\{ (vars\\.[ab]|digits|call\\.from) \\| (upcase|size|round|first|modulo: 3|divided_by: 0) \\}\\}",
    ];
    vec(piece, 0..10).prop_map(|pieces| pieces.concat())
}

/// A text that is a template, so that most flows can be published.
fn good_text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("Hello.".to_owned()),
        Just("{{ vars.a | plus: 1 }}".to_owned()),
        Just("{% if vars.b %}{{ vars.b | append: digits | append: vars.b }}{% endif %}x".to_owned()),
        Just("{{ call.from }}".to_owned()),
        Just("{{ unset.and.deeper }}".to_owned()),
        text(),
    ]
}

fn id() -> impl Strategy<Value = String> {
    (0..8_u8).prop_map(|number| format!("n{number}"))
}

fn predicate() -> impl Strategy<Value = Value> {
    let test = prop_oneof![
        Just(json!({ "operand": "digits", "operator": "exists" })),
        Just(json!({ "operand": "variable", "name": "a", "operator": "greaterThan", "value": 2 })),
        Just(json!({ "operand": "caller", "operator": "startsWith", "value": "+1" })),
        Just(json!({ "operand": "hour", "zone": "Europe/Paris", "operator": "in", "value": [1, 13] })),
        Just(json!({ "operand": "speech", "operator": "matches", "value": "(a+)+$" })),
    ];
    test.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 1..3).prop_map(|parts| json!({ "all": parts })),
            vec(inner.clone(), 1..3).prop_map(|parts| json!({ "any": parts })),
            inner.prop_map(|part| json!({ "not": part })),
        ]
    })
}

/// Nodes that say, choose and keep.
fn inner_node() -> impl Strategy<Value = Value> {
    prop_oneof![
        (good_text(), id()).prop_map(|(text, a)| json!({ "type": "say", "text": text, "next": { "next": a } })),
        id().prop_map(|a| json!({ "type": "say", "library": "greeting", "language": "de-DE", "next": { "next": a } })),
        id().prop_map(|a| json!({ "type": "play", "url": "https://example.com/a.mp3", "next": { "next": a } })),
        (prop::sample::select(vec!["fr-FR", "de-DE", "{{ vars.a }}"]), id())
            .prop_map(|(tag, a)| json!({ "type": "language", "language": tag, "next": { "next": a } })),
        (predicate(), id(), id()).prop_map(|(when, a, b)| json!({
            "type": "branch", "cases": [{ "port": "x", "when": when }], "next": { "x": a, "else": b }
        })),
        (id(), id()).prop_map(|(a, b)| json!({
            "type": "hours", "zone": "Europe/Paris", "weekly": { "mon": [{ "from": "22:00", "to": "02:00" }] },
            "next": { "open": a, "closed": b }
        })),
        (id(), id(), 1..99_u8).prop_map(|(a, b, percent)| json!({
            "type": "split", "shares": [{ "port": "x", "percent": percent }, { "port": "y", "percent": 100 - percent }],
            "next": { "x": a, "y": b }
        })),
        (id(), id(), 1..5_u8).prop_map(|(a, b, times)| json!({
            "type": "loop", "times": times, "next": { "again": a, "done": b }
        })),
        (good_text(), id()).prop_map(|(text, a)| json!({
            "type": "set", "variables": { "a": text, "b": "{{ vars.b }}{{ vars.b }}x" }, "next": { "next": a }
        })),
        id().prop_map(|a| json!({ "type": "disabled", "reason": "left over",
            "source": { "format": "studio", "type": "fork-stream", "raw": { "a": [1, null] } }, "next": { "next": a } })),
    ]
}

/// Nodes that ask or hand on the caller.
fn caller_node() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => (good_text(), id(), id(), id(), 0..3_u8).prop_map(|(text, a, b, c, retries)| json!({
            "type": "menu", "prompt": format!("Press 1. {text}"), "retries": retries,
            "choices": [{ "digits": "1", "phrases": ["one"] }], "next": { "1": a, "timeout": b, "noMatch": c }
        })),
        2 => (good_text(), id(), id(), id()).prop_map(|(text, a, b, c)| json!({
            "type": "collect", "prompt": "Number?", "invalidPrompt": text, "variable": "a", "maxDigits": 3,
            "next": { "collected": a, "timeout": b, "invalid": c }
        })),
        2 => (good_text(), id(), id(), id()).prop_map(|(text, a, b, c)| json!({
            "type": "secureDigits", "prompt": format!("Card? {text}"), "name": "card", "minDigits": 2, "maxDigits": 6,
            "next": { "collected": a, "timeout": b, "invalid": c }
        })),
        1 => (good_text(), id(), id()).prop_map(|(text, a, b)| json!({
            "type": "survey", "name": "s", "question": { "prompt": text }, "comment": { "library": "comment" },
            "next": { "answered": a, "timeout": b }
        })),
        1 => (id(), id()).prop_map(|(a, b)| json!({
            "type": "enqueue", "queue": "sales", "preferAgent": { "agent": "{{ vars.a }}" },
            "next": { "timeout": a, "failed": b, "afterAgent": a }
        })),
        1 => (good_text(), id(), id(), id()).prop_map(|(text, a, b, c)| json!({
            "type": "transfer", "number": text, "callerId": "{{ call.to }}",
            "next": { "answered": a, "busy": b, "noAnswer": c, "failed": c }
        })),
        1 => (good_text(), id()).prop_map(|(text, a)| json!({
            "type": "transfer", "agent": text, "next": { "busy": a, "noAnswer": a, "failed": a }
        })),
        1 => id().prop_map(|a| json!({ "type": "voicemail", "prompt": "Beep.", "next": { "recorded": a } })),
        1 => good_text().prop_map(|text| json!({ "type": "hangup", "prompt": format!("Bye {text}") })),
        1 => (id(), id()).prop_map(|(a, b)| json!({
            "type": "callback", "queue": "sales", "when": "inQueue",
            "next": { "accepted": a, "invalid": b, "failed": b }
        })),
        1 => (good_text(), id(), id(), id()).prop_map(|(text, a, b, c)| json!({
            "type": "callback", "queue": "sales", "when": "scheduled", "at": format!("{{{{ vars.a }}}}{text}"),
            "zone": "Europe/Paris", "confirm": false,
            "hours": { "zone": "Europe/Paris", "weekly": { "mon": [{ "from": "00:00", "to": "24:00" }] } },
            "next": { "accepted": a, "declined": b, "invalid": b, "closed": c, "failed": c }
        })),
    ]
}

/// Nodes that have the server do something.
fn server_node() -> impl Strategy<Value = Value> {
    prop_oneof![
        (good_text(), id(), id(), any::<bool>()).prop_map(|(text, a, b, secret)| json!({
            "type": "request", "method": "POST", "url": "https://example.com/{{ vars.a | url_encode }}",
            "body": if secret { "{\"card\": \"{{ secret.card }}\"}".to_owned() } else { text },
            "headers": { "X-Caller": "{{ call.from }}" }, "save": { "a": "/a", "b": "" },
            "next": { "succeeded": a, "failed": b }
        })),
        (predicate(), id(), id()).prop_map(|(when, a, b)| json!({
            "type": "figures", "queue": "sales",
            "cases": [{ "port": "x", "when": { "any": [when,
                { "operand": "waiting", "operator": "greaterThan", "value": 3 }] } }],
            "next": { "x": a, "else": b }
        })),
        (id(), id()).prop_map(|(a, b)| json!({
            "type": "findContact", "save": { "a": "name", "b": "custom.tier" }, "next": { "found": a, "notFound": b }
        })),
        (good_text(), id()).prop_map(|(text, a)| json!({
            "type": "saveContact", "fields": { "name": text }, "tags": ["{{ vars.a }}"], "next": { "next": a }
        })),
        (good_text(), id(), id()).prop_map(|(text, a, b)| json!({
            "type": "subflow", "flow": "other", "arguments": { "a": text }, "save": { "b": "a" },
            "next": { "returned": a, "failed": b }
        })),
        good_text().prop_map(|text| json!({ "type": "return", "values": { "a": text } })),
        id().prop_map(|a| json!({ "type": "goto", "flow": "other", "next": { "failed": a } })),
        id().prop_map(|a| json!({ "type": "recording", "action": "pause", "next": { "next": a } })),
        (good_text(), id()).prop_map(|(text, a)| json!({
            "type": "sms", "text": format!("Hello {text}"), "next": { "next": a }
        })),
    ]
}

fn node() -> impl Strategy<Value = Value> {
    prop_oneof![4 => inner_node(), 6 => caller_node(), 3 => server_node()]
}

fn document() -> impl Strategy<Value = Value> {
    (vec(node(), 8), prop::sample::select(vec!["en-US", "de-DE", "fr", "es-419", "ja"])).prop_map(
        |(nodes, language)| {
            let mut nodes: serde_json::Map<String, Value> =
                nodes.into_iter().enumerate().map(|(number, node)| (format!("n{number}"), node)).collect();
            nodes.insert("remark".to_owned(), json!({ "type": "note", "text": "Random." }));
            json!({ "version": 1, "name": "random", "language": language, "start": "n0", "nodes": nodes })
        },
    )
}

/// A flow that is for something else than a call, with ports left open at random.
fn document_of_another_kind() -> impl Strategy<Value = Value> {
    let menu = (good_text(), id(), id()).prop_map(|(text, a, b)| {
        json!({
            "type": "menu", "prompt": format!("Press 1. {text}"), "retries": 0,
            "choices": [{ "digits": "1", "phrases": ["one"] }], "next": { "1": a, "timeout": b }
        })
    });
    let node = (prop_oneof![8 => inner_node(), 1 => menu], prop::bool::weighted(0.3));
    (vec(node, 8), prop::sample::select(vec!["wait", "hold", "whisper"])).prop_map(|(nodes, kind)| {
        let nodes: serde_json::Map<String, Value> = nodes
            .into_iter()
            .enumerate()
            .map(|(number, (mut node, open))| {
                if open {
                    node["next"] = json!({});
                }
                (format!("n{number}"), node)
            })
            .collect();
        json!({ "version": 1, "name": "random", "kind": kind, "start": "n0", "nodes": nodes })
    })
}

fn garbage() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
        prop::sample::select(vec![
            "say",
            "menu",
            "24:00",
            "09:00",
            "n1",
            "Europe/Paris",
            "+15550100",
            "",
            " "
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let key = prop::sample::select(vec![
            "type", "next", "text", "prompt", "from", "to", "all", "x/~y", "1", "value",
        ]);
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((key, inner), 0..4).prop_map(|fields| fields
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect::<Value>()),
        ]
    })
}

/// A sample in which something has been replaced by something else.
fn damaged() -> impl Strategy<Value = Value> {
    (0..SAMPLES.len(), vec((any::<prop::sample::Index>(), garbage()), 1..4)).prop_map(|(sample, damages)| {
        let mut document: Value = serde_json::from_str(SAMPLES[sample]).expect("JSON");
        for (index, damage) in damages {
            let mut places = Vec::new();
            pointers(&document, String::new(), &mut places);
            let place = index.get(&places).clone();
            *document.pointer_mut(&place).expect("just listed") = damage;
        }
        document
    })
}

fn pointers(value: &Value, at: String, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                pointers(value, format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), found);
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                pointers(value, format!("{at}/{index}"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    found.push(at);
}

/// The answer that fits, most of the time; else anything.
fn answer(next: &Next, input: &Input, number: usize) -> Input {
    let values = |names: &[String]| -> ivr_engine::Values {
        names
            .iter()
            .map(|name| (name.clone(), (!number.is_multiple_of(5)).then(|| format!("v{number}"))))
            .collect()
    };
    match next {
        _ if number % 11 == 10 => input.clone(),
        Next::Figures { .. } => Input::Figures(QueueFigures {
            waiting: u32::try_from(number % 8).ok(),
            expected_wait_seconds: number.is_multiple_of(2).then_some(60),
            ..QueueFigures::default()
        }),
        Next::FindContact { fields, .. } => {
            Input::ContactFound((!number.is_multiple_of(3)).then(|| values(fields)))
        }
        Next::FindFlow { .. } => {
            Input::FlowFound((!number.is_multiple_of(4)).then(|| FlowRef::new(format!("v{}", number % 2))))
        }
        Next::BookCallback(_) => {
            Input::CallbackBooked([Booking::Accepted, Booking::Closed, Booking::Failed][number % 3])
        }
        Next::Request(request) => Input::Requested(match number % 4 {
            0 => RequestOutcome::TimedOut,
            1 => RequestOutcome::Failed,
            _ => RequestOutcome::Answered { status: 200, values: values(&request.wanted) },
        }),
        Next::Continue => Input::Continue,
        Next::Enqueue { .. } if number.is_multiple_of(3) => Input::AgentLeft,
        Next::Gather { .. }
        | Next::Enqueue { .. }
        | Next::Dial { .. }
        | Next::Record { .. }
        | Next::Done
        | Next::HangUp { .. }
        | Next::Ended => input.clone(),
    }
}

fn input() -> impl Strategy<Value = Input> {
    prop_oneof![
        6 => prop::sample::select(vec!["1", "2", "12", "123456", "9", "", "#", "x", "0000000000000"]).prop_map(Input::digits),
        2 => prop::sample::select(vec!["one", "Sales!", "", "Störung", "🦀", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"]).prop_map(Input::speech),
        1 => (".{0,40}", any::<Option<f64>>()).prop_map(|(text, confidence)| Input::Speech { text, confidence: confidence.filter(|sure| sure.is_finite()) }),
        3 => Just(Input::Silence),
        2 => prop::sample::select(vec![QueueLeft::TimedOut, QueueLeft::Failed]).prop_map(Input::QueueLeft),
        1 => (0..200_u32).prop_map(|seconds| Input::Recorded { seconds }),
        2 => prop::sample::select(vec![DialOutcome::Answered, DialOutcome::Busy, DialOutcome::NoAnswer, DialOutcome::Failed])
            .prop_map(Input::Dialed),
        1 => Just(Input::Start),
        1 => any::<u16>().prop_map(|keys| Input::digits("7".repeat(keys.into()))),
        3 => Just(Input::digits("555555")),
        1 => Just(Input::AgentLeft),
        1 => Just(Input::Continue),
        1 => Just(Input::HungUp),
    ]
}

/// Plays the inputs, and checks all that must hold of every step. Whatever flow it calls, it is the flow itself.
fn play(flow: &Flow, inputs: &[Input], seconds: i64) -> Session {
    let begin = Session::new(caller("+15550100")).seeded(u64::try_from(seconds).unwrap_or(0));
    let mut session = begin.clone();
    let mut now = at("2026-03-28T22:00:00Z") + chrono::TimeDelta::seconds(seconds);
    let mut waits_for = Next::Ended;
    let mut recorded = Vec::new();
    for (number, input) in [Input::Start].iter().chain(inputs).enumerate() {
        let input = own_keys(answer(&waits_for, input, number), number);
        let had_ended = session.has_ended();
        let first = step(flow, session.clone(), input.clone(), now);
        let stored = serde_json::to_string(&first.input).expect("JSON");
        let record: InputRecord = serde_json::from_str(&stored).expect("an input");
        let again = step(&flow.clone(), session, record.into(), now);
        assert_eq!(Step { secret: None, ..first.clone() }, again, "the same input, the same step");
        assert_secret_is_kept(&input, &first, &stored);
        check_step(&first, had_ended);

        let stored_session = serde_json::to_string(&first.session).expect("JSON");
        assert!(stored_session.len() < 180_000, "the session has {} bytes", stored_session.len());
        session = serde_json::from_str(&stored_session).expect("a session");
        assert_eq!(session, first.session);
        recorded.push((stored, now));
        waits_for = first.next;
        now += chrono::TimeDelta::seconds(7);
    }
    let replayed = recorded.iter().fold(begin, |session, (stored, at)| {
        let record: InputRecord = serde_json::from_str(stored).expect("an input");
        step(flow, session, record.into(), *at).session
    });
    assert_eq!(replayed, session, "the recorded inputs lead to the same session");
    session
}

fn check_step(step: &Step, had_ended: bool) {
    assert_eq!(step.next.waits(), !step.session.has_ended(), "it waits or it has ended: {step:?}");
    assert!(step.next.waits() || step.session.node().is_none());
    if had_ended {
        assert_eq!((&step.next, step.prompts.len(), step.trace.len()), (&Next::Ended, 0, 0));
    }
    if step.next == (Next::HangUp { outcome: Outcome::FlowFailed }) {
        assert!(!step.problems.is_empty() && matches!(step.prompts.last(), Some(Prompt::Say { .. })));
    }
    assert!(step.trace.len() <= 202 && step.prompts.len() <= 51, "{} passed", step.trace.len());
    assert!(step.effects.len() <= 20);
    for prompt in step.prompts.iter().chain(step.next.prompts()) {
        match prompt {
            Prompt::Say { text, .. } => {
                assert!(!text.trim().is_empty() && text.len() <= 3_000, "{text:?}");
            }
            Prompt::Play { url } => assert!(url.starts_with("http")),
            Prompt::Library { name, .. } => assert!(!name.is_empty()),
        }
    }
    let next: Next =
        serde_json::from_str(&serde_json::to_string(&step.next).expect("JSON")).expect("what comes next");
    assert_eq!(next, step.next);
}

/// Six keys that no other input of the same story has, so that a session which knows them knows them from this input.
fn own_keys(input: Input, number: usize) -> Input {
    match &input {
        Input::Digits(keys) if keys.dangerous_reveal() == "555555" => {
            Input::digits(format!("5559{number:02}"))
        }
        _ => input,
    }
}

/// What was keyed in as a secret is nowhere but in the secret.
fn assert_secret_is_kept(input: &Input, step: &Step, stored: &str) {
    let Input::Digits(keys) = input else { return };
    let keys: &Keys = keys;
    let digits = keys.dangerous_reveal();
    if !digits.starts_with("5559") {
        return;
    }
    if let Some(secret) = &step.secret {
        assert_eq!(&secret.keys, keys);
        assert!(!stored.contains(digits), "{stored}");
        assert!(!format!("{step:?}").contains(digits), "{step:?}");
        assert!(!serde_json::to_string(&step.session).expect("JSON").contains(digits));
    }
}

fn schema() -> &'static jsonschema::Validator {
    static SCHEMA: OnceLock<jsonschema::Validator> = OnceLock::new();
    SCHEMA.get_or_init(|| jsonschema::draft202012::new(&json_schema()).expect("a schema"))
}

/// Parsing and validating agree, and what they accept the schema accepts.
fn publish(document: &Value) -> Option<Flow> {
    let findings = validate(document, &Catalog::unchecked());
    let errors = findings.iter().any(|finding| finding.severity == Severity::Error);
    for finding in &findings {
        let field = finding.field.as_deref().unwrap_or_default();
        let parent = field.rsplit_once('/').map_or("", |(parent, _)| parent);
        assert!(document.pointer(field).or(document.pointer(parent)).is_some(), "{finding:?} points nowhere");
        assert!(finding.node.is_some() || !field.starts_with("/nodes/"), "{finding:?} names no node");
        assert!(!finding.message.trim().is_empty() && finding.message.len() < 2_000, "{finding:?}");
    }
    match Flow::parse(document) {
        Ok(flow) => {
            assert!(!errors, "{findings:?}");
            assert!(schema().is_valid(document), "the schema refuses what can be published: {document}");
            Some(flow)
        }
        Err(told) => {
            assert!(errors);
            assert_eq!(told, findings);
            None
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_flows_always_wait_or_end(document in prop_oneof![4 => document(), 1 => document_of_another_kind()], inputs in vec(input(), 0..30), seconds in 0..40_000_000_i64) {
        if let Some(flow) = publish(&document) {
            play(&flow, &inputs, seconds);
        }
    }

    #[test]
    fn damaged_flows_are_refused_or_work(document in damaged(), inputs in vec(input(), 0..12), seconds in 0..40_000_000_i64) {
        if let Some(flow) = publish(&document) {
            play(&flow, &inputs, seconds);
        }
    }

    #[test]
    fn garbage_is_refused(document in garbage()) {
        prop_assert!(publish(&document).is_none());
        prop_assert!(!validate(&document, &Catalog::unchecked()).is_empty());
        prop_assert!(ivr_engine::Hours::parse(&document).is_err());
    }

    #[test]
    fn any_text_is_refused_or_can_be_said(text in prop_oneof![text(), ".{0,60}"], inputs in vec(input(), 0..3)) {
        let document = json!({ "version": 1, "name": "text", "start": "a", "nodes": {
            "a": { "type": "set", "variables": { "a": &text, "b": "7" }, "next": { "next": "b" } },
            "b": { "type": "say", "text": format!("{text}!"), "next": { "next": "c" } },
            "c": { "type": "menu", "prompt": format!("{text}?"), "choices": [{ "digits": "1" }],
                   "next": { "1": "a", "timeout": "d", "noMatch": "a" } },
            "d": { "type": "hangup" }
        }});
        if let Some(flow) = publish(&document) {
            play(&flow, &inputs, 0);
        }
    }

    #[test]
    fn a_session_of_another_flow_does_no_harm(document in document(), inputs in vec(input(), 0..6), more in vec(input(), 1..6)) {
        let other = Flow::parse(&serde_json::from_str(SAMPLES[1]).expect("JSON")).expect("a flow");
        if let Some(flow) = publish(&document) {
            let mut session = play(&flow, &inputs, 0);
            for input in more {
                let next = step(&other, session, input, at("2026-03-02T12:00:00Z"));
                prop_assert_eq!(next.next.waits(), !next.session.has_ended());
                session = next.session;
            }
        }
    }
}

/// If this fails, the generators have drifted from the format and the properties above hold of nothing.
#[test]
fn the_properties_are_not_vacuous() {
    let mut runner = TestRunner::deterministic();
    let mut share = |strategy: BoxedStrategy<Value>| {
        let accepted = (0..300).filter(|_| {
            let document = strategy.new_tree(&mut runner).expect("a document").current();
            Flow::parse(&document).is_ok()
        });
        accepted.count()
    };
    let (random, broken) = (share(document().boxed()), share(damaged().boxed()));
    let others = share(document_of_another_kind().boxed());
    assert!(others > 40, "only {others} of 300 random flows of other kinds can be published");
    assert!(random > 60, "only {random} of 300 random flows can be published");
    let used: std::collections::BTreeSet<NodeType> = (0..600)
        .flat_map(|_| {
            let document = document().new_tree(&mut runner).expect("a document").current();
            let flow = Flow::parse(&document).ok();
            flow.map(|flow| flow.nodes().map(|(_, node_type)| node_type).collect::<Vec<_>>())
                .unwrap_or_default()
        })
        .collect();
    assert_eq!(used.len(), NodeType::ALL.len(), "some types of node are in no random flow: {used:?}");
    assert!(broken > 3 && broken < 290, "{broken} of 300 damaged flows can be published");
}
