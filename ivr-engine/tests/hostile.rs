//! Flows that mean harm cost no more than others.
//!
//! The bounds on time are generous, since tests run on slow machines beside others; what they exclude is work that
//! grows without bound.

mod teller;

use std::time::{Duration, Instant};

use ivr_engine::{
    Catalog, FindingCode, Flow, Input, Next, Outcome, ProblemCode, Prompt, Session, Severity, step, validate,
};
use serde_json::{Map, Value, json};
use teller::{at, caller, flow};

const MONDAY: &str = "2026-03-02T12:00:00Z";

fn within(limit: Duration, what: impl FnOnce()) {
    let begin = Instant::now();
    what();
    let taken = begin.elapsed();
    assert!(taken < limit, "it took {taken:?}");
}

fn of(nodes: Value) -> Value {
    json!({ "version": 1, "name": "hostile", "start": "n0", "nodes": nodes })
}

fn chain(length: usize) -> Map<String, Value> {
    let mut nodes: Map<String, Value> = (0..length)
        .map(|number| {
            let next = format!("n{}", number + 1);
            (format!("n{number}"), json!({ "type": "say", "text": "x", "next": { "next": next } }))
        })
        .collect();
    nodes.insert(format!("n{length}"), json!({ "type": "hangup" }));
    nodes
}

fn codes(document: &Value) -> Vec<FindingCode> {
    validate(document, &Catalog::unchecked())
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .map(|finding| finding.code)
        .collect()
}

#[test]
fn ten_thousand_nodes_are_too_many() {
    within(Duration::from_secs(5), || {
        assert_eq!(codes(&of(Value::Object(chain(10_000)))), [FindingCode::TooLarge]);
    });
}

#[test]
fn a_chain_longer_than_a_step_is_told_before_it_is_published() {
    within(Duration::from_secs(5), || {
        assert_eq!(codes(&of(Value::Object(chain(199)))), []);
        assert_eq!(codes(&of(Value::Object(chain(999)))), [FindingCode::TooLarge]);
    });
}

#[test]
fn the_longest_chain_that_can_be_published_is_walked_to_its_end() {
    let flow = flow(&of(Value::Object(chain(199))));
    let first = step(&flow, Session::new(caller("+15550100")), Input::Start, at(MONDAY));
    assert_eq!(first.next, Next::HangUp { outcome: Outcome::Completed });
    assert_eq!(first.prompts.len(), 50);
    assert_eq!(
        first.problems.iter().map(|problem| problem.code).collect::<Vec<_>>(),
        [ProblemCode::TooMuchText]
    );
}

#[test]
fn a_thousand_nodes_in_circles_with_conditions_are_left_after_two_hundred() {
    let nodes: Map<String, Value> = (0..999)
        .map(|number| {
            let next = format!("n{}", (number + 1) % 999);
            let when = json!({ "operand": "variable", "name": "never", "operator": "exists" });
            let node = json!({ "type": "branch", "cases": [{ "port": "x", "when": when }], "next": { "x": "end", "else": next } });
            (format!("n{number}"), node)
        })
        .chain([("end".to_owned(), json!({ "type": "hangup" }))])
        .collect();
    within(Duration::from_secs(10), || {
        let flow = flow(&of(Value::Object(nodes)));
        let first = step(&flow, Session::new(caller("+15550100")), Input::Start, at(MONDAY));
        assert_eq!(first.next, Next::HangUp { outcome: Outcome::FlowFailed });
        assert_eq!(first.trace.len(), 200);
        assert_eq!(first.problems[0].code, ProblemCode::TooManyNodes);
    });
}

#[test]
fn texts_that_double_themselves_round_by_round_stay_small() {
    let flow = flow(&of(json!({
        "n0": { "type": "menu", "prompt": "{{ vars.a }}", "choices": [{ "digits": "1" }],
                "next": { "1": "n1", "timeout": "end", "noMatch": "end" } },
        "n1": { "type": "set", "variables": { "a": "{{ vars.a }}{{ vars.a }}{{ vars.a }}x" }, "next": { "next": "n0" } },
        "end": { "type": "hangup" }
    })));
    within(Duration::from_secs(10), || {
        let mut session = step(&flow, Session::new(caller("+15550100")), Input::Start, at(MONDAY)).session;
        for _ in 0..200 {
            session = step(&flow, session, Input::digits("1"), at(MONDAY)).session;
        }
        assert_eq!(session.variables["a"].len(), 1_024);
    });
}

#[test]
fn template_bombs_in_every_node_go_off_harmlessly() {
    let bomb =
        format!("{{% assign a = 'xxxxxxxx' %}}{}{{{{ a }}}}", "{% assign a = a | append: a %}".repeat(60));
    let replace = format!("{{{{ 'aaaa' {} }}}}", "| replace: 'a', 'aaaaaaaa' ".repeat(100));
    let mut nodes: Map<String, Value> = (0..100)
        .map(|number| {
            let text = if number % 2 == 0 { &bomb } else { &replace };
            let next = format!("n{}", number + 1);
            (
                format!("n{number}"),
                json!({ "type": "say", "text": format!("Before. {text}"), "next": { "next": next } }),
            )
        })
        .collect();
    nodes.insert("n100".to_owned(), json!({ "type": "hangup", "prompt": "After." }));
    within(Duration::from_secs(20), || {
        let flow = flow(&of(Value::Object(nodes)));
        let first = step(&flow, Session::new(caller("+15550100")), Input::Start, at(MONDAY));
        assert_eq!(first.next, Next::HangUp { outcome: Outcome::Completed });
        assert!(
            first
                .prompts
                .iter()
                .all(|prompt| matches!(prompt, Prompt::Say { text, .. } if text == "Before."))
        );
        assert!(
            first.problems.iter().filter(|problem| problem.code == ProblemCode::TemplateFailed).count()
                >= 100
        );
    });
}

#[test]
fn the_texts_of_a_document_are_bounded_in_all() {
    let long = format!("{{{{ vars.a }}}}{}", "{{ '".repeat(900));
    let nodes: Map<String, Value> = (0..900)
        .map(|number| {
            let next = format!("n{}", number + 1);
            (format!("n{number}"), json!({ "type": "say", "text": long, "next": { "next": next } }))
        })
        .chain([("n900".to_owned(), json!({ "type": "hangup" }))])
        .collect();
    within(Duration::from_secs(30), || {
        let codes = codes(&of(Value::Object(nodes)));
        assert!(codes.contains(&FindingCode::TooLarge) && codes.len() <= 500);
    });
}

#[test]
fn costly_expressions_are_refused_and_the_others_are_linear() {
    let branch = |regex: &str| {
        of(json!({
            "n0": { "type": "menu", "prompt": "Speak.", "choices": [{ "port": "x", "phrases": ["never"] }], "retries": 0,
                    "next": { "x": "end", "timeout": "end", "noMatch": "n1" } },
            "n1": { "type": "branch", "cases": [{ "port": "x", "when":
                        { "operand": "speech", "operator": "matches", "value": regex } }],
                    "next": { "x": "end", "else": "end" } },
            "end": { "type": "hangup" }
        }))
    };
    assert_eq!(codes(&branch("(\\w{1,200}){1,200}")), [FindingCode::BadRegex]);
    let flow = flow(&branch("^(a+)+$"));
    within(Duration::from_secs(5), || {
        let session = step(&flow, Session::new(caller("+15550100")), Input::Start, at(MONDAY)).session;
        let words = format!("{}!", "a".repeat(100_000));
        let last = step(&flow, session, Input::speech(words), at(MONDAY));
        assert_eq!(last.next, Next::HangUp { outcome: Outcome::Completed });
        assert_eq!(last.session.speech.map(|heard| heard.len()), Some(1_024));
    });
}

#[test]
fn deeply_nested_conditions_are_refused() {
    let mut when = json!({ "operand": "digits", "operator": "exists" });
    for _ in 0..100 {
        when = json!({ "not": when });
    }
    let document = of(json!({
        "n0": { "type": "branch", "cases": [{ "port": "x", "when": when }], "next": { "x": "end", "else": "end" } },
        "end": { "type": "hangup" }
    }));
    assert_eq!(codes(&document), [FindingCode::TooLarge]);
}

#[test]
fn a_call_that_never_ends_is_ended() {
    let flow = flow(&of(json!({
        "n0": { "type": "menu", "prompt": "Press 1.", "retries": 0, "choices": [{ "digits": "1" }],
                "next": { "1": "end", "timeout": "n0", "noMatch": "n0" } },
        "end": { "type": "hangup" }
    })));
    let mut session = Session::new(caller("+15550100"));
    let mut inputs = 0;
    let last = loop {
        let next = step(&flow, session, Input::Silence, at(MONDAY));
        inputs += 1;
        assert!(inputs <= 1_001, "it goes on for ever");
        if !next.next.waits() {
            break next;
        }
        session = next.session;
    };
    assert_eq!(last.next, Next::HangUp { outcome: Outcome::FlowFailed });
    assert_eq!(last.problems[0].code, ProblemCode::TooManyInputs);
    assert_eq!(inputs, 1_001);
}

#[test]
fn a_flow_can_be_shared_between_threads() {
    fn shared<T: Send + Sync + Clone + 'static>() {}
    shared::<Flow>();
}
