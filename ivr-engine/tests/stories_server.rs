//! Calls for which the server is asked something: requests, contacts, figures.

mod teller;

use ivr_engine::{CallFacts, Flow, Input, Keys, Next, Outgoing, RequestOutcome, Secrets, Session, step};
use serde_json::{Value, json};
use teller::{at, caller, check, flow};

const MONDAY: &str = "2026-03-02T12:00:00Z";

/// A flow of these nodes that begins at `a`.
fn of(nodes: Value) -> Flow {
    flow(&json!({ "version": 1, "name": "story", "start": "a", "nodes": nodes }))
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
    let sent = |story: &str| {
        let beginning = "
        > rings
          a waits
          POST https://crm.example.com/people?from=%2B15550100
          X-Line: +15550199
          {\"said\": \"\"}
          wants /person/debt /person/name, 3 s, 2 retries, application/json
        ";
        check(&flow, caller("+15550100"), at(MONDAY), &format!("{beginning}{story}"));
    };
    sent(
        "
        > answer 200 /person/name=Ada /person/debt
          a -> succeeded
          b -> next
          end ends
          say [en-US] Ada owes nothing.
          say [en-US] Bye.
          hang up: Completed
        ",
    );
    sent(
        "
        > answer times out
          a -> timeout
          late -> next
          end ends
          say [en-US] That took too long.
          say [en-US] Bye.
          hang up: Completed
        ",
    );
    sent(
        "
        > answer 404 /person/name=Nobody
          a -> failed
          end ends
          say [en-US] Bye.
          hang up: Completed
        ",
    );
    sent(
        "
        > silence
          problem UnexpectedInput: `silence` does not belong here; it was ignored
          POST https://crm.example.com/people?from=%2B15550100
          X-Line: +15550199
          {\"said\": \"\"}
          wants /person/debt /person/name, 3 s, 2 retries, application/json
        > request fails
          a -> failed
          end ends
          say [en-US] Bye.
          hang up: Completed
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
          a waits
          GET https://example.com
          wants , 5 s, 0 retries, application/json
        > answer times out
          a -> failed
          b -> next
          a2 -> failed
          end ends
          problem BadAddress: `somewhere` is no address
          say [en-US] Bye.
          hang up: Completed
        ",
    );
}

#[test]
fn a_request_that_cannot_be_completed_is_not_made() {
    let request = |name: &str, value: Value| {
        let mut node = json!({ "type": "request", "method": "POST", "url": "https://example.com",
                               "next": { "succeeded": "end", "failed": "late" } });
        node[name] = value;
        of(json!({ "a": node, "late": { "type": "hangup", "prompt": "Not made." }, "end": end() }))
    };
    let story = |problem: &str| {
        format!(
            "> rings\na -> failed\nlate ends\nproblem {problem}\nsay [en-US] Not made.\nhang up: Completed"
        )
    };
    for name in ["url", "body"] {
        let broken = request(name, json!("https://example.com/{{ call.from | plus: 'x' }}/all"));
        check(&broken, caller("+15550100"), at(MONDAY), &story("TemplateFailed: `x` is no number"));
    }
    let broken = request("headers", json!({ "X-A": "{{ call.from | divided_by: 0 }}" }));
    let told = "TemplateFailed: the number is too large, or a division by zero";
    check(&broken, caller("+15550100"), at(MONDAY), &story(told));
    let long = request("headers", json!({ "X-A": format!("{}{{{{ call.from }}}}", "x".repeat(2_048)) }));
    let told = "TemplateFailed: the header `X-A` has more than 2048 bytes";
    check(&long, caller("+15550100"), at(MONDAY), &story(told));
    let long = request("body", json!("{{ call.from }}".repeat(200) + &"x".repeat(1_000)));
    check(
        &long,
        CallFacts { from: "9".repeat(1_024), ..caller("") },
        at(MONDAY),
        &story("TemplateFailed: longer than 16384 bytes"),
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
    let asked = |story: &str| {
        let beginning = "
        > rings
          a waits
          ask: say [en-US] Your card?
          gather secret keys, 19 at most, # ends, 5 s, en-US
        ";
        check(&payment(), caller("+15550100"), at(MONDAY), &format!("{beginning}{story}"));
    };
    asked(
        "
        > presses 12
          a asks again (2)
          ask: say [en-US] That is no card.
          ask: say [en-US] Your card?
          gather secret keys, 19 at most, # ends, 5 s, en-US
        > presses 4111111111111111
          a -> collected
          b -> next
          c waits
          say [en-US] Thank you.
          POST https://pay.example.com/{{ secret.card }}
          X-Card: {{ secret.card }}
          {\"card\": \"{{ secret.card }}\"}
          wants , 5 s, 0 retries, application/json
        > answer 200
          c -> succeeded
          end ends
          say [en-US] Bye.
          hang up: Completed
        ",
    );
    asked(
        "
        > silence
          a asks again (2)
          ask: say [en-US] Hello?
          ask: say [en-US] Your card?
          gather secret keys, 19 at most, # ends, 5 s, en-US
        > presses
          a -> timeout
          late ends
          say [en-US] Too late.
          hang up: Completed
        ",
    );
    asked(
        "
        > presses 1
          a asks again (2)
          ask: say [en-US] That is no card.
          ask: say [en-US] Your card?
          gather secret keys, 19 at most, # ends, 5 s, en-US
        > says four one one one
          a -> invalid
          wrong ends
          say [en-US] Wrong.
          hang up: Completed
        ",
    );
    asked(
        "
        > dialed busy
          problem UnexpectedInput: `dialed` does not belong here; it was ignored
          ask: say [en-US] Your card?
          gather secret keys, 19 at most, # ends, 5 s, en-US
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
          a -> next
          contact of +15550100? custom.tier name
        > contact name=Ada custom.tier
          b -> found
          c -> next
          d -> next
          e -> next
          problem BadNumber: the contact's number `` is no telephone number in E.164
          say [en-US] Hello Ada, no tier.
          save contact +15550100: custom.tier=, notes=called at 2026-03-02T12:00:10Z; tags caller
          contact of +15550177?
        > nobody has that number
          f -> notFound
          end ends
          say [en-US] Bye.
          hang up: Completed
        ",
    );
    check(
        &flow,
        caller("anonymous"),
        at(MONDAY),
        "
        > rings
          a -> next
          contact of anonymous? custom.tier name
        > nobody has that number
          b -> notFound
          d -> next
          e -> next
          problem BadNumber: the contact's number `anonymous` is no telephone number in E.164
          problem BadNumber: the contact's number `` is no telephone number in E.164
          contact of +15550177?
        > figures 1 2 3 4 5
          problem UnexpectedInput: `figures` does not belong here; it was ignored
          contact of +15550177?
        > contact
          f -> found
          end ends
          say [en-US] Bye.
          hang up: Completed
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
