//! Scripted calls, and tests that are kept with a flow.

mod teller;

use ivr_engine::{
    Act, AgentAct, DialOutcome, DialTo, Ended, FlowRef, FlowTest, Flows, Next, Outcome, QueueAct,
    QueueFigures, Simulation, Transcript, World, Yes, simulate,
};
use serde_json::{Value, json};
use teller::{at, flow};

const MONDAY: &str = "2026-03-02T15:00:00Z";

fn sample(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn initech() -> ivr_engine::Flow {
    flow(&sample(include_str!("../samples/initech.json")))
}

fn played(script: Value, world: Value) -> Transcript {
    let script: Vec<Act> = serde_json::from_value(script).expect("a script");
    let world: World = serde_json::from_value(world).expect("a world");
    simulate(&initech(), &Flows::none(), &Simulation { world, at: at(MONDAY), script })
}

fn nodes(transcript: &Transcript) -> Vec<&str> {
    transcript.entries.iter().flat_map(|entry| &entry.trace).map(|entry| entry.node.as_str()).collect()
}

#[test]
fn a_script_is_json_that_a_person_can_write() {
    let written = json!([
        { "press": "1" }, { "say": "sales" }, { "silence": true }, { "wait": 30 }, { "record": 12 }, { "dial": "noAnswer" },
        { "queue": "timesOut" }, { "agent": "answers" }, { "agent": "leaves" }, { "hangup": true }
    ]);
    let script: Vec<Act> = serde_json::from_value(written.clone()).expect("a script");
    assert_eq!(
        script,
        [
            Act::Press("1".to_owned()),
            Act::Say("sales".to_owned()),
            Act::Silence(Yes),
            Act::Wait(30),
            Act::Record(12),
            Act::Dial(DialOutcome::NoAnswer),
            Act::Queue(QueueAct::TimesOut),
            Act::Agent(AgentAct::Answers),
            Act::Agent(AgentAct::Leaves),
            Act::Hangup(Yes),
        ]
    );
    assert_eq!(serde_json::to_value(&script).expect("JSON"), written);
    assert!(serde_json::from_value::<Act>(json!({ "hangup": false })).is_err());
}

#[test]
fn a_caller_pays_and_says_what_he_thinks() {
    let world = json!({
        "seed": 1,
        "contacts": { "+15550100": { "name": "Ada", "language": "en-GB" } },
        "queues": { "service": { "staffed": 3, "waiting": 2 } },
        "requests": [{ "node": "pay", "body": { "receipt": { "number": "77" }, "amount": 12.5 } }]
    });
    let call = played(
        json!([{ "press": "1" }, { "press": "411111111111" }, { "press": "123" }, { "press": "5" }, { "record": 4 }]),
        world,
    );
    assert_eq!(call.ended, Ended::Flow { outcome: Outcome::Completed });
    assert_eq!(call.entries.len(), 7);
    let first = &call.entries[0];
    assert_eq!((first.act, first.inputs.len(), first.node.as_deref()), (None, 3, Some("choice")));
    assert!(!first.next.is_instant() && !first.prompts.is_empty());
    assert!(matches!(call.entries[3].next, Next::Request(_)));
    assert_eq!(call.entries[4].act, None, "the answer to a request is an entry of its own");
    assert_eq!(call.session.variables["receipt"], "77");
    assert_eq!(call.session.variables["amount"], "12.5");
    assert!(
        !serde_json::to_string(&call).expect("JSON").contains("411111111111"),
        "a secret is in no transcript"
    );
    assert!(nodes(&call).ends_with(&["survey", "done"]));
}

#[test]
fn a_request_without_a_canned_answer_ends_the_simulation() {
    let call = played(
        json!([{ "press": "1" }, { "press": "411111111111" }, { "press": "123" }]),
        json!({ "seed": 1, "queues": { "service": { "staffed": 3 } } }),
    );
    assert_eq!(call.ended, Ended::NoAnswer { node: "pay".to_owned() });
}

#[test]
fn canned_answers_come_one_after_the_other_and_the_last_one_stays() {
    let twice = flow(&json!({ "version": 1, "name": "twice", "start": "a", "nodes": {
        "a": { "type": "request", "method": "GET", "url": "https://example.com", "next": { "succeeded": "end", "failed": "m", "timeout": "m" } },
        "m": { "type": "menu", "prompt": "Again?", "choices": [{ "digits": "1" }], "next": { "1": "a", "timeout": "end", "noMatch": "end" } },
        "end": { "type": "hangup" }
    }}));
    let world: World = serde_json::from_value(json!({ "requests": [
        { "node": "a", "fails": "timesOut" }, { "node": "a", "status": 500 }, { "node": "a", "fails": "fails" }
    ]}))
    .expect("a world");
    let script = vec![Act::Press("1".to_owned()); 3];
    let call = simulate(&twice, &Flows::none(), &Simulation { world, at: at(MONDAY), script });
    let ports: Vec<String> = call
        .entries
        .iter()
        .flat_map(|entry| &entry.trace)
        .filter(|entry| entry.node == "a")
        .map(|entry| format!("{:?}", entry.passage))
        .collect();
    assert_eq!(ports.iter().filter(|port| port.contains("timeout")).count(), 1);
    assert_eq!(ports.iter().filter(|port| port.contains("failed")).count(), 3);
}

#[test]
fn time_passes_as_the_script_says() {
    let acme = flow(&sample(include_str!("../samples/acme.json")));
    let play = |script: Vec<Act>| {
        simulate(&acme, &Flows::none(), &Simulation { world: World::default(), at: at(MONDAY), script })
    };
    let waited = play(vec![Act::Press("1".to_owned()), Act::Wait(300), Act::Wait(299)]);
    assert_eq!(waited.ended, Ended::Queue { queue: "sales".to_owned() });
    let patience = play(vec![Act::Press("1".to_owned()), Act::Wait(300), Act::Wait(300)]);
    assert_eq!(patience.ended, Ended::Recording { node: "message".to_owned() });
    assert_eq!(patience.entries[2].at, at("2026-03-02T15:10:00Z"));
    let silent = play(vec![Act::Silence(Yes), Act::Wait(2), Act::Wait(5)]);
    assert_eq!(silent.ended, Ended::Asking { node: "main-menu".to_owned() });
    assert_eq!(silent.entries[2].at, at("2026-03-02T15:00:12Z"));
}

#[test]
fn agents_answer_and_leave() {
    let served = json!({ "queues": { "service": { "staffed": 3 } } });
    let talking = played(json!([{ "press": "2" }, { "agent": "answers" }, { "wait": 200 }]), served.clone());
    assert_eq!(talking.ended, Ended::Agent { queue: "service".to_owned() });
    let after =
        played(json!([{ "press": "2" }, { "agent": "answers" }, { "agent": "leaves" }]), served.clone());
    assert_eq!(after.ended, Ended::Asking { node: "survey".to_owned() });
    let gone = played(json!([{ "press": "2" }, { "hangup": true }, { "press": "1" }]), served.clone());
    assert_eq!(gone.ended, Ended::Caller);
    let full = played(json!([{ "press": "2" }, { "queue": "fails" }]), served.clone());
    assert_eq!(full.ended, Ended::Recording { node: "message".to_owned() });
    let desk = played(json!([{ "press": "4" }, { "wait": 3 }]), served.clone());
    assert_eq!(desk.ended, Ended::Transfer { to: DialTo::Sip("sip:desk@initech.example.com".to_owned()) });
    let boss = played(
        json!([{ "press": "4" }, { "dial": "busy" }, { "dial": "noAnswer" }, { "silence": true }]),
        served,
    );
    assert_eq!(boss.ended, Ended::Flow { outcome: Outcome::Completed });
    assert!(nodes(&boss).contains(&"stream"));
}

#[test]
fn what_cannot_happen_is_said_with_its_line() {
    let call = played(json!([{ "agent": "answers" }]), json!({ "queues": { "service": { "staffed": 3 } } }));
    assert_eq!(call.ended, Ended::DoesNotFit { act: 0, node: "choice".to_owned() });
}

#[test]
fn other_flows_are_looked_up_among_those_that_are_at_hand() {
    let served = World {
        queues: [("service".to_owned(), QueueFigures { staffed: Some(2), ..QueueFigures::default() })].into(),
        ..World::default()
    };
    let times = flow(&json!({ "version": 1, "name": "Opening hours", "start": "a",
        "nodes": { "a": { "type": "hangup", "prompt": "From nine to five." } } }));
    let mut flows = Flows::none();
    flows.add(FlowRef::new("v3"), times);
    flows.name("Opening hours", FlowRef::new("v3"));
    let simulation = Simulation { world: served, at: at(MONDAY), script: vec![Act::Press("3".to_owned())] };
    let call = simulate(&initech(), &flows, &simulation);
    assert_eq!(call.ended, Ended::Flow { outcome: Outcome::Completed });
    let last = call.entries.last().expect("an entry");
    assert_eq!(last.trace.last().expect("a node").flow, Some(FlowRef::new("v3")));
    let without = simulate(&initech(), &Flows::none(), &simulation);
    assert_eq!(without.ended, Ended::Queue { queue: "service".to_owned() });
}

fn run(test: Value) -> ivr_engine::TestReport {
    let test: FlowTest = serde_json::from_value(test).expect("a test");
    test.run(&initech(), &Flows::none())
}

#[test]
fn a_test_holds_or_names_the_first_line_that_does_not() {
    let test = |expect: Value| {
        json!({
            "name": "Nobody there", "world": { "queues": { "service": { "staffed": 0 } } },
            "script": [{ "record": 12 }], "expect": expect
        })
    };
    let report = run(test(json!([
        { "said": "LEAVE a message" }, { "said": "greeting" }, { "notSaid": "receipt" }, { "passed": "load", "port": "nobody" },
        { "passed": "bye" }, { "notPassed": "choice" }, { "variable": "name" }, { "ends": "flowHangsUp" }
    ])));
    assert!(report.passed(), "{:?}", report.failed);

    for (expected, found) in [
        (json!({ "said": "receipt" }), "the caller heard: greeting | Please leave a message. | goodbye"),
        (json!({ "notSaid": "leave" }), "the caller heard: Please leave a message."),
        (json!({ "passed": "load", "port": "long" }), "the call left `load` by: nobody"),
        (json!({ "passed": "choice" }), "the call did not come to `choice`"),
        (json!({ "notPassed": "bye" }), "the call came to `bye`"),
        (json!({ "variable": "name", "is": "Ada" }), "`name` is not set"),
        (json!({ "ends": "waiting" }), "the call ended otherwise: the flow hung up"),
        (json!({ "queued": "service" }), "the call came into the queues: none"),
        (json!({ "texted": "thank" }), "the text messages were: none"),
    ] {
        let report = run(test(json!([{ "passed": "load" }, expected])));
        let failed = report.failed.expect("it does not hold");
        assert_eq!((failed.line.as_str(), failed.found.as_str()), ("/expect/1", found));
    }
}

#[test]
fn a_test_whose_script_cannot_be_played_fails_at_that_line() {
    let report = run(json!({
        "name": "Odd", "at": "2026-03-02T15:00:00Z", "script": [{ "record": 12 }, { "press": "1" }, { "agent": "leaves" }],
        "world": { "queues": { "service": { "staffed": 1 } } }, "expect": []
    }));
    assert_eq!(report.failed.expect("it fails").line, "/script/0");
    let report = run(json!({
        "name": "Queued", "script": [{ "press": "2" }], "world": { "queues": { "service": { "staffed": 1 } } },
        "expect": [{ "queued": "service" }, { "ends": "waiting" }]
    }));
    assert!(report.passed());
}

#[test]
fn a_test_is_stored_as_it_was_written_and_refuses_what_it_does_not_know() {
    let written = json!({
        "name": "A", "world": World::default(), "script": [{ "press": "2" }],
        "expect": [{ "said": "x" }, { "passed": "a", "port": "1" }, { "variable": "v", "is": "1" }, { "ends": "withAgent" }]
    });
    let test: FlowTest = serde_json::from_value(written.clone()).expect("a test");
    assert_eq!(serde_json::to_value(&test).expect("JSON"), written);
    for wrong in [
        json!({ "name": "A", "script": [], "expect": [{ "sayd": "x" }] }),
        json!({ "name": "A", "script": [], "expect": [{ "said": "x", "loud": true }] }),
        json!({ "name": "A", "script": [{ "dance": 1 }], "expect": [] }),
        json!({ "name": "A", "script": [], "expect": [], "extra": 1 }),
    ] {
        assert!(serde_json::from_value::<FlowTest>(wrong.clone()).is_err(), "{wrong}");
    }
}
