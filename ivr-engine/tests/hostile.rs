//! Flows that mean harm cost no more than others.
//!
//! Nothing here looks at a clock: what is bounded is what there is to do, in nodes, texts, bytes and findings. How long the
//! most that is allowed takes, `benches/step.rs` measures.

mod teller;

use ivr_engine::{
    Catalog, FindingCode, Flow, Input, Next, Outcome, ProblemCode, Prompt, Session, Severity, step, validate,
};
use serde_json::{Map, Value, json};
use teller::{at, caller, flow};

const MONDAY: &str = "2026-03-02T12:00:00Z";

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
    assert_eq!(codes(&of(Value::Object(chain(10_000)))), [FindingCode::TooLarge]);
}

#[test]
fn a_megabyte_of_whatever_it_is_costs_little_and_is_told() {
    let of = |filler: &dyn Fn(usize) -> Value| {
        let nodes: Map<String, Value> =
            (0..900).map(|number| (format!("n{number}"), filler(number))).collect();
        of(Value::Object(nodes))
    };
    let documents = [
        of(&|_| json!({ "type": "note", "text": "x".repeat(1_100) })),
        of(
            &|_| json!({ "type": "disabled", "reason": "x".repeat(500), "source": { "format": "x", "type": "x", "raw": vec![1; 500] } }),
        ),
        of(&|number| {
            let ports: Map<String, Value> = (0..60)
                .map(|port| (format!("port-{port}"), json!(format!("n{}", (number + port) % 900))))
                .collect();
            json!({ "type": "disabled", "reason": "x", "source": { "format": "x", "type": "x", "raw": 1 }, "next": ports })
        }),
        of(&|number| {
            json!({ "type": "request", "method": "POST", "url": "https://example.com",
            "body": "{{ secret.a }}".repeat(70), "next": { "succeeded": format!("n{}", (number + 1) % 900), "failed": "n0" } })
        }),
        of(&|number| {
            json!({ "type": "secureDigits", "prompt": "x", "name": format!("s{number}"), "maxDigits": 3,
            "next": { "collected": format!("n{}", (number * 7) % 900), "timeout": format!("n{}", (number + 1) % 900), "invalid": "n0" } })
        }),
        of(&|number| {
            json!({ "type": "loop", "times": 100,
            "next": { "again": format!("n{}", (number + 1) % 900), "done": format!("n{}", (number * 31) % 900) } })
        }),
        of(&|_| json!({ "type": "set", "variables": { "a": "{{ secret".repeat(100) }, "next": {} })),
        of(
            &|_| json!({ "type": "saveContact", "tags": vec!["{{ vars.a }}"; 90], "fields": { "name": "x".repeat(700) } }),
        ),
    ];
    for document in documents {
        let findings = validate(&document, &Catalog::unchecked());
        assert!(findings.iter().any(|finding| finding.severity == Severity::Error) && findings.len() <= 500);
        assert!(Flow::parse(&document).is_err());
    }
}

#[test]
fn a_flow_that_loops_as_often_as_it_may_is_stopped_by_the_step() {
    let nodes = json!({
        "n0": { "type": "loop", "times": 100, "next": { "again": "n1", "done": "end" } },
        "n1": { "type": "loop", "times": 100, "next": { "again": "n2", "done": "n0" } },
        "n2": { "type": "set", "variables": { "a": "{{ vars.a }}x" }, "next": { "next": "n1" } },
        "end": { "type": "hangup" }
    });
    let flow = flow(&of(nodes));
    let first = step(&flow, Session::new(caller("+15550100")), Input::Start, at(MONDAY));
    assert_eq!(first.next, Next::HangUp { outcome: Outcome::FlowFailed });
    assert_eq!(first.trace.len(), 200);
}

#[test]
fn a_flow_that_sends_messages_without_end_is_stopped_at_its_budget() {
    let sms = |next: &str| json!({ "type": "sms", "text": "x", "next": { "next": next } });
    let mut nodes: Map<String, Value> =
        (0..30).map(|number| (format!("n{number}"), sms(&format!("n{}", number + 1)))).collect();
    nodes.insert(
        "n30".to_owned(),
        json!({ "type": "menu", "prompt": "Again?", "choices": [{ "digits": "1" }], "next": { "1": "n0", "timeout": "end", "noMatch": "end" } }),
    );
    nodes.insert("end".to_owned(), json!({ "type": "hangup" }));
    let flow = flow(&of(Value::Object(nodes)));
    let mut next = step(&flow, Session::new(caller("+15550100")), Input::Start, at(MONDAY));
    assert_eq!(next.effects.len(), 20);
    let mut sent = next.effects.len();
    for _ in 0..10 {
        next = step(&flow, next.session, Input::digits("1"), at(MONDAY));
        sent += next.effects.len();
    }
    assert_eq!(sent, 100);
    assert!(next.problems.iter().all(|problem| problem.code == ProblemCode::TooManyEffects));
}

#[test]
fn the_variables_of_all_flows_of_a_call_are_bounded_together() {
    let variables: Map<String, Value> =
        (0..64).map(|number| (format!("v{number}"), json!("x".repeat(1_024)))).collect();
    let flow = flow(&of(json!({
        "n0": { "type": "set", "variables": variables, "next": { "next": "n1" } },
        "n1": { "type": "subflow", "flow": "itself", "arguments": variables, "next": { "returned": "end", "failed": "end" } },
        "end": { "type": "return", "values": variables }
    })));
    let mut session = Session::new(caller("+15550100"));
    let mut input = Input::Start;
    for _ in 0..60 {
        let next = step(&flow, session, input, at(MONDAY));
        let stored = serde_json::to_string(&next.session).expect("JSON");
        assert!(stored.len() < 90_000, "the session has {} bytes", stored.len());
        session = next.session;
        input = match next.next {
            Next::FindFlow { .. } => Input::FlowFound(Some(ivr_engine::FlowRef::new("itself"))),
            Next::Continue => Input::Continue,
            _ => break,
        };
    }
    assert!(session.has_ended());
}

#[test]
fn an_answer_of_a_hundred_megabytes_leaves_a_few_bytes() {
    let body =
        format!("{{\"a\": \"{}\", \"b\": {}1{}}}", "x".repeat(10_000_000), "[".repeat(100), "]".repeat(100));
    let wanted = ["/a", "/b", ""].map(str::to_owned);
    let ivr_engine::RequestOutcome::Answered { values, .. } =
        ivr_engine::RequestOutcome::read(200, body.as_bytes(), &wanted)
    else {
        panic!("it was answered")
    };
    assert!(values.values().flatten().all(|value| value.len() <= 1_024));
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let read = ivr_engine::RequestOutcome::read(200, deep.as_bytes(), &wanted);
    assert!(matches!(read, ivr_engine::RequestOutcome::Answered { .. }));
}

#[test]
fn a_chain_longer_than_a_step_is_told_before_it_is_published() {
    assert_eq!(codes(&of(Value::Object(chain(199)))), []);
    assert_eq!(codes(&of(Value::Object(chain(200)))), [FindingCode::TooLarge]);
    assert_eq!(codes(&of(Value::Object(chain(999)))), [FindingCode::TooLarge]);
}

/// The node that asks is one of the step's nodes too.
#[test]
fn the_question_at_the_end_of_a_chain_counts_as_well() {
    let asks = |length: usize| {
        let mut nodes = chain(length);
        nodes.insert(
            format!("n{length}"),
            json!({ "type": "menu", "prompt": "x", "choices": [{ "digits": "1" }],
                    "next": { "1": "end", "timeout": "end", "noMatch": "end" } }),
        );
        nodes.insert("end".to_owned(), json!({ "type": "hangup" }));
        of(Value::Object(nodes))
    };
    assert_eq!(codes(&asks(200)), [FindingCode::TooLarge]);
    let asked = step(&flow(&asks(199)), Session::new(caller("+15550100")), Input::Start, at(MONDAY));
    assert!(matches!(asked.next, Next::Gather { .. }), "{:?}", asked.next);
    assert_eq!(asked.trace.len(), 200);
}

#[test]
fn deep_templates_are_refused_with_a_finding() {
    for deep in [
        format!("{{{{ {}a{} }}}}", "a[".repeat(1_000), "]".repeat(1_000)),
        format!("{}x{}", "{% if true %}".repeat(150), "{% endif %}".repeat(150)),
    ] {
        let document = of(json!({
            "n0": { "type": "say", "text": deep, "next": { "next": "end" } },
            "end": { "type": "hangup" }
        }));
        assert_eq!(codes(&document), [FindingCode::BadTemplate]);
    }
}

/// Filters over long texts and expressions over long words are what a step can be made to do most of: a node may not have
/// too many of them, and a step not pass too many of such nodes.
#[test]
fn what_a_step_completes_and_compares_is_bounded() {
    let costly = format!("{{{{ vars.a {} }}}}", "| split: '' | join: '' ".repeat(150));
    let set = |variables: usize, next: &str| {
        let variables: Map<String, Value> =
            (0..variables).map(|number| (format!("v{number}"), json!(costly))).collect();
        json!({ "type": "set", "variables": variables, "next": { "next": next } })
    };
    let never = json!({ "operand": "variable", "name": "never", "operator": "exists" });
    let circle = |variables: usize| {
        of(json!({
            "n0": { "type": "branch", "cases": [{ "port": "x", "when": never }], "next": { "x": "end", "else": "n1" } },
            "n1": set(variables, "n0"),
            "end": { "type": "hangup" }
        }))
    };
    assert_eq!(codes(&circle(7)), [FindingCode::TooLarge]);
    let first = step(&flow(&circle(6)), Session::new(caller("+15550100")), Input::Start, at(MONDAY));
    assert_eq!(first.next, Next::HangUp { outcome: Outcome::FlowFailed });
    assert_eq!(first.problems[0].code, ProblemCode::TooManyNodes);
    assert_eq!(first.trace.len(), 3, "once round, and not a second time: {:?}", first.trace);

    let matches = json!({ "operand": "caller", "operator": "matches", "value": "(a+)+$" });
    let cases: Vec<Value> =
        (0..50).map(|port| json!({ "port": format!("p{port}"), "when": matches })).collect();
    let mut next: Map<String, Value> = (0..50).map(|port| (format!("p{port}"), json!("end"))).collect();
    next.insert("else".to_owned(), json!("n0"));
    let first = step(
        &flow(&of(json!({
            "n0": { "type": "branch", "cases": cases, "next": next },
            "end": { "type": "hangup" }
        }))),
        Session::new(caller("+15550100")),
        Input::Start,
        at(MONDAY),
    );
    assert_eq!(first.next, Next::HangUp { outcome: Outcome::FlowFailed });
    assert_eq!(first.trace.len(), 1);
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
    let flow = flow(&of(Value::Object(nodes)));
    let first = step(&flow, Session::new(caller("+15550100")), Input::Start, at(MONDAY));
    assert_eq!(first.next, Next::HangUp { outcome: Outcome::FlowFailed });
    assert_eq!(first.trace.len(), 200);
    assert_eq!(first.problems[0].code, ProblemCode::TooManyNodes);
}

#[test]
fn texts_that_double_themselves_round_by_round_stay_small() {
    let flow = flow(&of(json!({
        "n0": { "type": "menu", "prompt": "{{ vars.a }}", "choices": [{ "digits": "1" }],
                "next": { "1": "n1", "timeout": "end", "noMatch": "end" } },
        "n1": { "type": "set", "variables": { "a": "{{ vars.a }}{{ vars.a }}{{ vars.a }}x" }, "next": { "next": "n0" } },
        "end": { "type": "hangup" }
    })));
    let mut session = step(&flow, Session::new(caller("+15550100")), Input::Start, at(MONDAY)).session;
    for _ in 0..200 {
        session = step(&flow, session, Input::digits("1"), at(MONDAY)).session;
    }
    assert_eq!(session.variables["a"].len(), 1_024);
}

#[test]
fn template_bombs_in_every_node_go_off_harmlessly() {
    let bomb =
        format!("{{% assign a = 'xxxxxxxx' %}}{}{{{{ a }}}}", "{% assign a = a | append: a %}".repeat(60));
    let replace = format!("{{{{ 'aaaa' {} }}}}", "| replace: 'a', 'aaaaaaaa' ".repeat(100));
    let mut nodes: Map<String, Value> = (0..10)
        .map(|number| {
            let text = if number % 2 == 0 { &bomb } else { &replace };
            let next = format!("n{}", number + 1);
            (
                format!("n{number}"),
                json!({ "type": "say", "text": format!("Before. {text}"), "next": { "next": next } }),
            )
        })
        .collect();
    nodes.insert("n10".to_owned(), json!({ "type": "hangup", "prompt": "After." }));
    let flow = flow(&of(Value::Object(nodes)));
    let first = step(&flow, Session::new(caller("+15550100")), Input::Start, at(MONDAY));
    assert_eq!(first.next, Next::HangUp { outcome: Outcome::Completed });
    let texts = first.prompts.iter().map(|prompt| match prompt {
        Prompt::Say { text, .. } => text.as_str(),
        other => panic!("{other:?}"),
    });
    assert_eq!(texts.collect::<Vec<_>>(), [["Before."; 10].as_slice(), &["After."]].concat());
    let failed = first.problems.iter().filter(|problem| problem.code == ProblemCode::TemplateFailed);
    assert_eq!(failed.count(), 10);
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
    let codes = codes(&of(Value::Object(nodes)));
    assert!(codes.contains(&FindingCode::TooLarge) && codes.len() <= 500);
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
    let session = step(&flow, Session::new(caller("+15550100")), Input::Start, at(MONDAY)).session;
    let words = format!("{}!", "a".repeat(100_000));
    let last = step(&flow, session, Input::speech(words), at(MONDAY));
    assert_eq!(last.next, Next::HangUp { outcome: Outcome::Completed });
    assert_eq!(last.session.speech.map(|heard| heard.len()), Some(1_024));
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
