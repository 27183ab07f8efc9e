//! Calls for which the server is asked something: requests, contacts, figures, other flows.

mod teller;

use ivr_engine::{CallFacts, Flow, Input, Keys, Next, Outgoing, RequestOutcome, Secrets, Session, step};
use serde_json::{Value, json};
use teller::{at, caller, check, check_among, flow};

const MONDAY: &str = "2026-03-02T12:00:00Z";

/// A flow of these nodes that begins at `a`.
fn of(nodes: Value) -> Flow {
    named("story", nodes)
}

fn named(name: &str, nodes: Value) -> Flow {
    flow(&json!({ "version": 1, "name": name, "start": "a", "nodes": nodes }))
}

fn end() -> Value {
    json!({ "type": "hangup", "prompt": "Bye." })
}

#[test]
fn a_request_is_made_with_what_is_known_and_its_answer_is_kept() {
    let flow = of(json!({
        "a": { "type": "request", "method": "POST", "url": "https://crm.example.com/people?from={{ call.from | url_encode }}",
               "headers": { "X-Line": "{{ call.to }}" }, "body": "{\"said\": {{ vars.none | json }}}", "timeoutSeconds": 3,
               "retries": 2, "save": { "name": "/person/name", "debt": "/person/debt" },
               "next": { "succeeded": "b", "failed": "end", "timeout": "late" } },
        "b": { "type": "say", "text": "{{ vars.name }} owes {{ vars.debt | default: 'nothing' }}.", "next": { "next": "end" } },
        "late": { "type": "say", "text": "That took too long.", "next": { "next": "end" } },
        "end": end()
    }));
    check(
        &flow,
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
        > answer 200 /person/name=Ada /person/debt
        ",
    );
    check(
        &flow,
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
        > answer times out
        ",
    );
    check(
        &flow,
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
        > answer 404 /person/name=Nobody
        ",
    );
    check(
        &flow,
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
        > silence
        > request fails
        ",
    );
}

#[test]
fn a_request_without_a_port_for_lateness_fails_and_one_without_an_address_too() {
    let flow = of(json!({
        "a": { "type": "request", "method": "GET", "url": "{{ vars.where | default: 'https://example.com' }}",
               "next": { "succeeded": "end", "failed": "b" } },
        "b": { "type": "set", "variables": { "where": "somewhere" }, "next": { "next": "a2" } },
        "a2": { "type": "request", "method": "DELETE", "url": "{{ vars.where }}",
               "next": { "succeeded": "end", "failed": "end" } },
        "end": end()
    }));
    check(
        &flow,
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
        > answer times out
        ",
    );
}

#[test]
fn what_a_body_answers_is_read_out_of_it() {
    let wanted = ["/name", "/list/1", "/deep", "/nothing", "/gone", "/long"].map(str::to_owned);
    let body = json!({ "name": "Ada", "list": [1, 2.5], "deep": { "a": true }, "nothing": null, "long": "x".repeat(5_000) });
    let read = RequestOutcome::read(200, body.to_string().as_bytes(), &wanted);
    let RequestOutcome::Answered { status: 200, values } = read else { panic!("{read:?}") };
    let value = |name: &str| values[name].as_deref();
    assert_eq!(value("/name"), Some("Ada"));
    assert_eq!(value("/list/1"), Some("2.5"));
    assert_eq!(value("/deep"), Some("{\"a\":true}"));
    assert_eq!((value("/nothing"), value("/gone")), (None, None));
    assert_eq!(value("/long").map(str::len), Some(1_024));

    let garbage = RequestOutcome::read(200, b"<html>", &wanted[..1]);
    assert_eq!(
        garbage,
        RequestOutcome::Answered { status: 200, values: [("/name".to_owned(), None)].into() }
    );
}

fn payment() -> Flow {
    of(json!({
        "a": { "type": "secureDigits", "prompt": "Your card?", "name": "card", "minDigits": 12, "maxDigits": 19, "retries": 1,
               "invalidPrompt": "That is no card.", "silencePrompt": "Hello?",
               "next": { "collected": "b", "timeout": "late", "invalid": "wrong" } },
        "b": { "type": "say", "text": "Thank you. {{ digits }}", "next": { "next": "c" } },
        "c": { "type": "request", "method": "POST", "url": "https://pay.example.com/{{ secret.card }}",
               "headers": { "X-Card": "{{ secret.card }}" }, "body": "{\"card\": \"{{ secret.card }}\"}",
               "next": { "succeeded": "end", "failed": "end" } },
        "late": { "type": "hangup", "prompt": "Too late." },
        "wrong": { "type": "hangup", "prompt": "Wrong." },
        "end": end()
    }))
}

#[test]
fn secure_digits_are_asked_for_like_others_and_never_shown() {
    check(
        &payment(),
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
        > presses 12
        > presses 4111111111111111
        > answer 200
        ",
    );
    check(
        &payment(),
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
        > silence
        > presses
        ",
    );
    check(
        &payment(),
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
        > presses 1
        > says four one one one
        ",
    );
    check(
        &payment(),
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
        > dialed busy
        ",
    );
}

#[test]
fn a_secret_reaches_the_request_and_nothing_else() {
    let card = "4111111111111111";
    let flow = payment();
    let asked = step(&flow, Session::new(caller("+15550100")), Input::Start, at(MONDAY));
    assert!(matches!(asked.next, Next::Gather { secret: true, .. }));
    let paid = step(&flow, asked.session, Input::digits(card), at(MONDAY));
    assert!(!format!("{paid:?}").contains(card), "{paid:?}");
    assert_eq!(
        serde_json::to_value(&paid.input).expect("JSON"),
        json!({ "type": "secureDigits", "value": "fits" })
    );
    for kept in [
        serde_json::to_string(&paid.session),
        serde_json::to_string(&paid.trace),
        serde_json::to_string(&paid.next),
        serde_json::to_string(&paid.prompts),
        serde_json::to_string(&paid.problems),
    ] {
        let kept = kept.expect("JSON");
        assert!(!kept.contains(card), "{kept}");
    }

    let mut secrets = Secrets::default();
    secrets.keep(paid.secret.expect("the card"));
    assert_eq!(format!("{secrets:?}"), "Secrets(1)");
    let Next::Request(request) = paid.next else { panic!("the request comes next") };
    let stored = serde_json::to_string(&request).expect("JSON");
    let request: ivr_engine::RequestCall = serde_json::from_str(&stored).expect("a request");
    let outgoing: Outgoing = request.fill(secrets).expect("the card is there");
    assert_eq!(outgoing.url.as_str(), format!("https://pay.example.com/{card}"));
    assert_eq!(outgoing.headers["X-Card"].as_str(), card);
    assert_eq!(outgoing.body.as_ref().map(|body| body.as_str()), Some(r#"{"card": "4111111111111111"}"#));
    assert_eq!(format!("{outgoing:?}"), "Outgoing(POST …)");

    let missing = request.fill(Secrets::default()).expect_err("it was for one request");
    assert_eq!(missing.0, "card");
}

#[test]
fn no_text_of_a_caller_or_of_an_answer_can_name_a_secret() {
    let forged = "\u{fdd0}card\u{fdd0}";
    let flow = of(json!({
        "a": { "type": "secureDigits", "prompt": "Card?", "name": "card", "maxDigits": 4,
               "next": { "collected": "b", "timeout": "end", "invalid": "end" } },
        "b": { "type": "request", "method": "GET", "url": "https://example.com/?name={{ call.callerName }}&card={{ secret.card }}",
               "next": { "succeeded": "end", "failed": "end" } },
        "end": end()
    }));
    let call = CallFacts { caller_name: Some(forged.to_owned()), ..caller("+15550100") };
    let asked = step(&flow, Session::new(call), Input::Start, at(MONDAY));
    let Next::Request(request) = step(&flow, asked.session, Input::digits("12#4"), at(MONDAY)).next else {
        panic!("the request comes next")
    };
    let mut secrets = Secrets::default();
    secrets.keep(ivr_engine::Secret { name: "card".to_owned(), keys: Keys::new("12#4") });
    let outgoing = request.fill(secrets).expect("the card is there");
    assert_eq!(outgoing.url.as_str(), "https://example.com/?name=card&card=12%234");
}

#[test]
fn a_contact_is_found_and_saved() {
    let flow = of(json!({
        "a": { "type": "set", "variables": { "tier": "old" }, "next": { "next": "b" } },
        "b": { "type": "findContact", "save": { "name": "name", "tier": "custom.tier" },
               "next": { "found": "c", "notFound": "d" } },
        "c": { "type": "say", "text": "Hello {{ vars.name }}, {{ vars.tier | default: 'no tier' }}.", "next": { "next": "d" } },
        "d": { "type": "saveContact", "fields": { "notes": "called at {{ now }}", "custom.tier": "{{ vars.tier }}" },
               "tags": ["caller", "{{ vars.none }}"], "next": { "next": "e" } },
        "e": { "type": "saveContact", "number": "{{ vars.none }}", "tags": ["x"], "next": { "next": "f" } },
        "f": { "type": "findContact", "number": "+1 (555) 01 77", "next": { "found": "end", "notFound": "end" } },
        "end": end()
    }));
    check(
        &flow,
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
        > contact name=Ada custom.tier
        > nobody has that number
        ",
    );
    check(
        &flow,
        caller("anonymous"),
        at(MONDAY),
        "
        > rings
        > nobody has that number
        > figures 1 2 3 4 5
        > contact
        ",
    );
}

#[test]
fn a_branch_on_figures_fails_every_test_without_data_but_not_equals() {
    let case = |port: &str, operand: &str, operator: &str, value: u32| json!({ "port": port, "when": { "operand": operand, "operator": operator, "value": value } });
    let flow = of(json!({
        "a": { "type": "figures", "queue": "sales", "cases": [
                  case("nobody", "staffed", "lessThan", 1), case("free", "available", "greaterThan", 0),
                  case("long", "expectedWaitSeconds", "greaterThan", 300), case("old", "longestWaitSeconds", "greaterThan", 60),
                  case("full", "waiting", "greaterThan", 10), case("odd", "waiting", "notEquals", 3)],
               "next": { "nobody": "end", "free": "end", "long": "end", "old": "end", "full": "end", "odd": "end", "else": "end" } },
        "end": end()
    }));
    for (figures, port) in [
        ("0 - 0 0 -", "nobody"),
        ("0 - 2 3 -", "free"),
        ("5 10 0 3 301", "long"),
        ("5 61 0 3 300", "old"),
        ("11 60 0 3 -", "full"),
        ("4 - - - -", "odd"),
        ("3 - - - -", "else"),
        ("- - - - -", "odd"),
    ] {
        let story = format!(
            "> rings\nfigures of sales?\n> figures {figures}\na -> {port}\nend ends\nsay [en-US] Bye.\nhang up: Completed"
        );
        check(&flow, caller("+15550100"), at(MONDAY), &story);
    }
}

#[test]
fn a_flow_calls_another_and_takes_back_what_it_returns() {
    let main = named(
        "main",
        json!({
            "a": { "type": "set", "variables": { "mine": "kept", "found": "stale" }, "next": { "next": "b" } },
            "b": { "type": "subflow", "flow": "identify", "arguments": { "asked": "{{ vars.mine }}!" },
                   "save": { "customer": "number", "found": "nothing" }, "next": { "returned": "c", "failed": "end" } },
            "c": { "type": "say", "text": "{{ vars.customer }} {{ vars.mine }} {{ vars.found }} {{ digits }}", "next": { "next": "end" } },
            "end": end()
        }),
    );
    let identify = named(
        "identify",
        json!({
            "a": { "type": "collect", "prompt": "Number? {{ vars.asked }}{{ vars.mine }}", "variable": "number", "maxDigits": 4,
                   "next": { "collected": "b", "timeout": "b", "invalid": "b" } },
            "b": { "type": "return", "values": { "number": "{{ vars.number }}" } }
        }),
    );
    check_among(
        &[&main, &identify],
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
        > flow identify
        > goes on
        > presses 1234
        > goes on
        ",
    );
    check_among(
        &[&main, &identify],
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
        > no such flow
        ",
    );
    check_among(
        &[&main, &identify],
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
        > flow identify
        > goes on
        > hangs up
        ",
    );
    check_among(
        &[&identify],
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
        > presses 1234
        ",
    );
}

#[test]
fn going_to_another_flow_takes_the_variables_along_and_the_language() {
    let main = named(
        "main",
        json!({
            "a": { "type": "language", "language": "de-DE", "next": { "next": "b" } },
            "b": { "type": "set", "variables": { "mine": "Hallo" }, "next": { "next": "c" } },
            "c": { "type": "goto", "flow": "other" }
        }),
    );
    let other =
        named("other", json!({ "a": { "type": "hangup", "prompt": "{{ vars.mine }} {{ language }}" } }));
    check_among(
        &[&main, &other],
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
        > flow other
        > goes on
        ",
    );
    check_among(
        &[&main, &other],
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
        > no such flow
        ",
    );
}

#[test]
fn flows_that_call_each_other_for_ever_are_stopped_eight_deep() {
    let main = named(
        "main",
        json!({
            "a": { "type": "subflow", "flow": "main", "next": { "returned": "b", "failed": "b" } },
            "b": { "type": "return" }
        }),
    );
    let mut session = Session::new(caller("+15550100"));
    let mut input = Input::Start;
    let mut deepest = 0;
    let mut problems = Vec::new();
    for _ in 0..100 {
        let next = step(&main, session, input, at(MONDAY));
        let stored = serde_json::to_value(&next.session).expect("JSON");
        deepest = deepest.max(stored["callers"].as_array().map_or(0, Vec::len));
        problems.extend(next.problems.iter().map(|problem| problem.code));
        session = next.session;
        input = match next.next {
            Next::FindFlow { .. } => Input::FlowFound(Some(ivr_engine::FlowRef::new("main"))),
            Next::Continue => Input::Continue,
            Next::HangUp { .. } => break,
            other => panic!("{other:?}"),
        };
    }
    assert!(session.has_ended());
    assert_eq!((deepest, problems), (8, vec![ivr_engine::ProblemCode::FlowsTooDeep]));
}

#[test]
fn two_flows_that_go_to_each_other_for_ever_end_in_an_apology() {
    let main = named("main", json!({ "a": { "type": "goto", "flow": "main" } }));
    let mut session = Session::new(caller("+15550100"));
    let mut input = Input::Start;
    let mut inputs = 0;
    let last = loop {
        let next = step(&main, session, input, at(MONDAY));
        inputs += 1;
        assert!(inputs < 100, "it goes on for ever");
        input = match next.next {
            Next::FindFlow { .. } => Input::FlowFound(Some(ivr_engine::FlowRef::new("main"))),
            Next::Continue => Input::Continue,
            _ => break next,
        };
        session = next.session;
    };
    assert_eq!(last.next, Next::HangUp { outcome: ivr_engine::Outcome::FlowFailed });
    assert_eq!(last.problems[0].code, ivr_engine::ProblemCode::TooManyNodes);
}
