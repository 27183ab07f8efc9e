//! Calls that go through several flows.

mod teller;

use ivr_engine::{Flow, Input, Next, Session, step};
use serde_json::{Value, json};
use teller::{at, caller, check_among, flow};

const MONDAY: &str = "2026-03-02T12:00:00Z";

fn named(name: &str, nodes: Value) -> Flow {
    flow(&json!({ "version": 1, "name": name, "start": "a", "nodes": nodes }))
}

fn end() -> Value {
    json!({ "type": "hangup", "prompt": "Bye." })
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
          a -> next
          flow identify?
        > flow identify
          b enters identify
          on to the next flow
        > goes on
          a waits
          ask: say [en-US] Number? kept!
          gather keys, 4 at most, # ends, 5 s, en-US
        > presses 1234
          a -> collected
          b returns
          on to the next flow
        > goes on
          b -> returned
          c -> next
          end ends
          say [en-US] 1234 kept 1234
          say [en-US] Bye.
          hang up: Completed
        ",
    );
    check_among(
        &[&main, &identify],
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
          a -> next
          flow identify?
        > no such flow
          b -> failed
          end ends
          problem FlowMissing: there is no published flow `identify` of the kind `call`
          say [en-US] Bye.
          hang up: Completed
        ",
    );
    check_among(
        &[&main, &identify],
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
          a -> next
          flow identify?
        > flow identify
          b enters identify
          on to the next flow
        > goes on
          a waits
          ask: say [en-US] Number? kept!
          gather keys, 4 at most, # ends, 5 s, en-US
        > hangs up
          a ends
          over
        ",
    );
    check_among(
        &[&identify],
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
          a waits
          ask: say [en-US] Number?
          gather keys, 4 at most, # ends, 5 s, en-US
        > presses 1234
          a -> collected
          b ends
          hang up: Completed
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
          a -> next
          b -> next
          flow other?
        > flow other
          c enters other
          on to the next flow
        > goes on
          a ends
          say [de-DE] Hallo de-DE
          hang up: Completed
        ",
    );
    check_among(
        &[&main, &other],
        caller("+15550100"),
        at(MONDAY),
        "
        > rings
          a -> next
          b -> next
          flow other?
        > no such flow
          c -> failed
          problem FlowMissing: there is no published flow `other` of the kind `call`
          problem PortNotConnected: the port `failed` leads nowhere
          say [de-DE] Es tut uns leid, ein technisches Problem ist aufgetreten. Bitte rufen Sie später wieder an.
          hang up: FlowFailed
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
