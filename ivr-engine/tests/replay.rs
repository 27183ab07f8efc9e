//! Past calls in a draft: what would have been, and what nobody can know.

mod teller;

use chrono::TimeDelta;
use ivr_engine::{
    Booking, DialOutcome, Difference, Flow, FlowRef, Flows, Input, Outcome, QueueFigures, QueueLeft,
    Recorded, Replayed, RequestOutcome, Session, Stop, Why, replay, step,
};
use serde_json::{Value, json};
use teller::{at, caller, flow};

const MONDAY: &str = "2026-03-02T12:00:00Z";

fn acme() -> Value {
    serde_json::from_str(include_str!("../samples/acme.json")).expect("JSON")
}

/// Acme's flow, changed.
fn draft(change: impl FnOnce(&mut Value)) -> Flow {
    let mut document = acme();
    change(&mut document);
    flow(&document)
}

/// A call as the server has stored it: its inputs, and the session at its end.
fn call(
    flow: &Flow,
    flows: &[(&str, &Flow)],
    inputs: impl IntoIterator<Item = Input>,
) -> (Session, Vec<Recorded>) {
    let mut session = Session::new(caller("+15550100")).seeded(5);
    let mut recorded = Vec::new();
    let mut now = at(MONDAY);
    for input in inputs {
        let running = match session.flow() {
            None => flow,
            Some(named) => {
                flows.iter().find(|(name, _)| *name == named.as_str()).expect("a flow of the call").1
            }
        };
        let next = step(running, session, input, now);
        recorded.push(Recorded { at: now, input: next.input });
        session = next.session;
        now += TimeDelta::seconds(10);
    }
    (session, recorded)
}

fn replayed(was: &Flow, would: &Flow, inputs: impl IntoIterator<Item = Input>) -> Replayed {
    let (session, recorded) = call(was, &[], inputs);
    replay(was, would, &Flows::none(), &session.beginning(), &recorded)
}

#[track_caller]
fn different(result: Replayed) -> Difference {
    match result {
        Replayed::Different { first } => first,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn unknown(result: Replayed) -> (usize, Why) {
    match result {
        Replayed::Unknown { input, why, .. } => (input, why),
        other => panic!("{other:?}"),
    }
}

fn queue(name: &str) -> Stop {
    Stop::Queue { queue: name.to_owned() }
}

#[test]
fn on_the_same_version_every_call_ends_in_its_stored_session() {
    let acme = flow(&acme());
    let calls: [Vec<Input>; 5] = [
        vec![Input::Start, Input::HungUp],
        vec![
            Input::Start,
            Input::Silence,
            Input::digits("7"),
            Input::digits("1"),
            Input::QueueLeft(QueueLeft::TimedOut),
        ],
        vec![Input::Start, Input::speech("support"), Input::HungUp],
        vec![Input::Start, Input::digits("3"), Input::Recorded { seconds: 9 }],
        vec![Input::Start, Input::Dialed(DialOutcome::Busy), Input::digits("9"), Input::digits("1")],
    ];
    for inputs in calls {
        let (session, recorded) = call(&acme, &[], inputs);
        let result = replay(&acme, &acme, &Flows::none(), &session.beginning(), &recorded);
        assert_eq!(result, Replayed::Same { session: Box::new(session) });
    }
}

#[test]
fn a_key_that_leads_to_another_queue_is_a_difference_with_its_place() {
    let draft = draft(|flow| flow["nodes"]["sales"]["queue"] = json!("support"));
    let first = different(replayed(
        &flow(&acme()),
        &draft,
        [Input::Start, Input::Silence, Input::digits("1"), Input::HungUp],
    ));
    assert_eq!(first.input, 2);
    assert_eq!((first.went.stop, first.went.node.as_deref()), (queue("sales"), Some("sales")));
    assert_eq!(first.would_go.stop, queue("support"));
}

#[test]
fn a_call_that_would_have_ended_or_left_a_message_is_a_difference_too() {
    let hang_up = draft(|flow| flow["nodes"]["main-menu"]["next"]["1"] = json!("goodbye"));
    let first =
        different(replayed(&flow(&acme()), &hang_up, [Input::Start, Input::digits("1"), Input::HungUp]));
    assert_eq!(first.would_go.stop, Stop::Ends { outcome: Outcome::Completed });
    let message = draft(|flow| flow["nodes"]["main-menu"]["next"]["1"] = json!("message"));
    let first = different(replayed(&flow(&acme()), &message, [Input::Start, Input::digits("1")]));
    assert!(matches!(first.would_go.stop, Stop::Records { .. }));
}

#[test]
fn other_words_and_another_name_of_the_queues_node_change_nothing() {
    let reworded = draft(|flow| {
        flow["nodes"]["greeting"]["text"] = json!("Good morning!");
        flow["nodes"]["main-menu"]["prompt"] = json!("One, two or three?");
        flow["nodes"]["shop"] = flow["nodes"]["sales"].clone();
        flow["nodes"].as_object_mut().expect("nodes").remove("sales");
        flow["nodes"]["main-menu"]["next"]["1"] = json!("shop");
    });
    let inputs = [
        Input::Start,
        Input::digits("1"),
        Input::QueueLeft(QueueLeft::TimedOut),
        Input::Recorded { seconds: 5 },
    ];
    assert!(matches!(replayed(&flow(&acme()), &reworded, inputs), Replayed::Same { .. }));
}

#[test]
fn a_question_that_the_caller_was_not_asked_is_unknown() {
    let asks = draft(|flow| {
        flow["nodes"]["which"] = json!({ "type": "menu", "prompt": "New or old?", "choices": [{ "digits": "1" }],
            "next": { "1": "sales", "timeout": "sales", "noMatch": "sales" } });
        flow["nodes"]["main-menu"]["next"]["1"] = json!("which");
    });
    let result = replayed(&flow(&acme()), &asks, [Input::Start, Input::digits("1"), Input::HungUp]);
    let Replayed::Unknown { input, why, first: Some(first) } = result else { panic!("{result:?}") };
    assert_eq!((input, why), (2, Why::AsksSomethingElse { node: "which".to_owned() }));
    assert_eq!((first.input, first.would_go.stop), (1, Stop::Asks));
}

#[test]
fn the_same_question_for_other_keys_is_unknown() {
    let inputs = |input: Input| [Input::Start, input];
    let same = draft(|flow| flow["nodes"]["main-menu"]["choices"][0]["port"] = json!("1"));
    let was = flow(&acme());
    assert!(matches!(replayed(&was, &same, inputs(Input::digits("1"))), Replayed::Same { .. }));
    let longer = draft(|flow| {
        flow["nodes"]["main-menu"]["choices"][0]["port"] = json!("1");
        flow["nodes"]["main-menu"]["choices"][0]["digits"] = json!("11");
    });
    let why = Why::AsksOtherwise { node: "main-menu".to_owned() };
    assert_eq!(unknown(replayed(&was, &longer, inputs(Input::digits("1")))), (1, why.clone()));
    assert!(matches!(replayed(&was, &longer, inputs(Input::speech("sales"))), Replayed::Same { .. }));

    let keys_only = draft(|flow| flow["nodes"]["main-menu"]["input"] = json!(["digits"]));
    assert_eq!(unknown(replayed(&was, &keys_only, inputs(Input::speech("sales")))), (1, why.clone()));
    assert_eq!(unknown(replayed(&was, &keys_only, inputs(Input::Silence))), (1, why));
    assert!(matches!(replayed(&was, &keys_only, inputs(Input::digits("1"))), Replayed::Same { .. }));
}

#[test]
fn who_would_have_waited_otherwise_is_unknown_unless_he_hung_up_there() {
    let patient = draft(|flow| flow["nodes"]["sales"]["maxWaitSeconds"] = json!(900));
    let was = flow(&acme());
    let timed_out = [Input::Start, Input::digits("1"), Input::QueueLeft(QueueLeft::TimedOut)];
    assert_eq!(
        unknown(replayed(&was, &patient, timed_out)),
        (2, Why::WaitsOtherwise { node: "sales".to_owned() })
    );
    assert!(matches!(
        replayed(&was, &patient, [Input::Start, Input::digits("1"), Input::HungUp]),
        Replayed::Same { .. }
    ));
}

/// Asks the server for everything.
fn server_flow(queue: &str, pointer: &str) -> Flow {
    flow(&json!({ "version": 1, "name": "server", "start": "a", "nodes": {
        "a": { "type": "figures", "queue": queue, "cases": [{ "port": "full", "when": { "operand": "waiting", "operator": "greaterThan", "value": 5 } }],
               "next": { "full": "cb", "else": "b" } },
        "b": { "type": "findContact", "save": { "name": "name" }, "next": { "found": "c", "notFound": "c" } },
        "c": { "type": "request", "method": "GET", "url": "https://example.com", "save": { "vip": pointer },
               "next": { "succeeded": "d", "failed": "d" } },
        "d": { "type": "branch", "cases": [{ "port": "vip", "when": { "operand": "variable", "name": "vip", "operator": "exists" } }],
               "next": { "vip": "q", "else": "end" } },
        "q": { "type": "enqueue", "queue": "vips" },
        "cb": { "type": "callback", "queue": "q", "when": "inQueue", "confirm": false, "next": { "accepted": "end", "invalid": "end", "failed": "end" } },
        "end": { "type": "hangup" }
    }}))
}

fn served() -> Vec<Input> {
    vec![
        Input::Start,
        Input::Figures(QueueFigures { waiting: Some(2), ..QueueFigures::default() }),
        Input::ContactFound(Some([("name".to_owned(), Some("Ada".to_owned()))].into())),
        Input::Requested(RequestOutcome::Answered {
            status: 200,
            values: [("/vip".to_owned(), Some("yes".to_owned()))].into(),
        }),
        Input::HungUp,
    ]
}

#[test]
fn recorded_answers_are_given_to_the_same_questions_and_to_no_others() {
    let was = server_flow("sales", "/vip");
    let (session, recorded) = call(&was, &[], served());
    let result = |would: &Flow| replay(&was, would, &Flows::none(), &session.beginning(), &recorded);
    assert_eq!(result(&was), Replayed::Same { session: Box::new(session.clone()) });
    assert_eq!(
        unknown(result(&server_flow("support", "/vip"))),
        (0, Why::NotRecorded { node: "a".to_owned() })
    );
    assert_eq!(
        unknown(result(&server_flow("sales", "/gold"))),
        (0, Why::NotRecorded { node: "c".to_owned() })
    );

    // Without the figures and the contact, the request's answer is still known.
    let fewer = flow(&json!({ "version": 1, "name": "fewer", "start": "c", "nodes": {
        "c": { "type": "request", "method": "GET", "url": "https://example.com", "save": { "other": "/vip" },
               "next": { "succeeded": "q", "failed": "end" } },
        "q": { "type": "enqueue", "queue": "vips" },
        "end": { "type": "hangup" }
    }}));
    assert!(matches!(result(&fewer), Replayed::Same { .. }));
}

#[test]
fn a_booked_callback_is_known_and_another_is_not() {
    let was = server_flow("sales", "/vip");
    let inputs = [
        Input::Start,
        Input::Figures(QueueFigures { waiting: Some(9), ..QueueFigures::default() }),
        Input::CallbackBooked(Booking::Accepted),
    ];
    assert!(matches!(replayed(&was, &was, inputs), Replayed::Same { .. }));
}

#[test]
fn a_call_through_other_flows_is_replayed_with_the_versions_of_its_time() {
    let sub = flow(&json!({ "version": 1, "name": "sub", "start": "a", "nodes": {
        "a": { "type": "menu", "prompt": "Press 1.", "choices": [{ "digits": "1" }], "next": { "1": "b", "timeout": "b", "noMatch": "b" } },
        "b": { "type": "return", "values": { "key": "{{ digits }} at {{ now }}" } }
    }}));
    let main = |queue: &str| {
        flow(&json!({ "version": 1, "name": "main", "start": "a", "nodes": {
            "a": { "type": "subflow", "flow": "sub", "save": { "key": "key" }, "next": { "returned": "q", "failed": "end" } },
            "q": { "type": "enqueue", "queue": queue },
            "end": { "type": "hangup" }
        }}))
    };
    let was = main("sales");
    let inputs = [
        Input::Start,
        Input::FlowFound(Some(FlowRef::new("v1"))),
        Input::Continue,
        Input::digits("1"),
        Input::Continue,
        Input::HungUp,
    ];
    let (session, recorded) = call(&was, &[("v1", &sub)], inputs);
    assert!(session.has_ended());
    let mut flows = Flows::none();
    flows.add(FlowRef::new("v1"), sub);
    let result = |would: &Flow| replay(&was, would, &flows, &session.beginning(), &recorded);
    assert_eq!(result(&was), Replayed::Same { session: Box::new(session.clone()) });
    let first = different(result(&main("support")));
    assert_eq!((first.input, first.would_go.stop), (3, queue("support")));
    let gone = replay(&was, &was, &Flows::none(), &session.beginning(), &recorded);
    assert_eq!(unknown(gone), (0, Why::FlowNotAtHand));
}

#[test]
fn of_a_secret_the_port_is_enough_and_other_lengths_are_unknown() {
    let card = |most: u32| {
        flow(&json!({ "version": 1, "name": "card", "start": "a", "nodes": {
            "a": { "type": "secureDigits", "prompt": "Card?", "name": "card", "minDigits": 4, "maxDigits": most,
                   "next": { "collected": "b", "timeout": "end", "invalid": "end" } },
            "b": { "type": "request", "method": "POST", "url": "https://example.com", "body": "{{ secret.card }}",
                   "next": { "succeeded": "end", "failed": "end" } },
            "end": { "type": "hangup" }
        }}))
    };
    let inputs = [
        Input::Start,
        Input::digits("12"),
        Input::digits("123456"),
        Input::Requested(RequestOutcome::Answered { status: 204, values: [].into() }),
    ];
    let was = card(8);
    let (session, recorded) = call(&was, &[], inputs);
    assert!(!serde_json::to_string(&recorded).expect("JSON").contains("12\""), "no key is recorded");
    let result = |would: &Flow| replay(&was, would, &Flows::none(), &session.beginning(), &recorded);
    assert_eq!(result(&was), Replayed::Same { session: Box::new(session.clone()) });
    assert_eq!(unknown(result(&card(9))), (1, Why::AsksOtherwise { node: "a".to_owned() }));
}

#[test]
fn a_split_falls_alike_in_the_replay() {
    let split = |first: u32| {
        flow(&json!({ "version": 1, "name": "split", "start": "a", "nodes": {
            "a": { "type": "split", "shares": [{ "port": "x", "percent": first }, { "port": "y", "percent": 100 - first }], "next": { "x": "b", "y": "c" } },
            "b": { "type": "enqueue", "queue": "b" },
            "c": { "type": "enqueue", "queue": "c" }
        }}))
    };
    let was = split(50);
    for _ in 0..3 {
        assert!(matches!(replayed(&was, &was, [Input::Start, Input::HungUp]), Replayed::Same { .. }));
    }
    let all = [split(1), split(99)].map(|would| replayed(&was, &would, [Input::Start, Input::HungUp]));
    assert_eq!(all.iter().filter(|result| matches!(result, Replayed::Different { .. })).count(), 1);
}

#[test]
fn a_call_that_still_goes_on_is_the_same_so_far() {
    let acme = flow(&acme());
    assert!(matches!(replayed(&acme, &acme, [Input::Start, Input::digits("1")]), Replayed::Same { .. }));
    let nothing = replay(&acme, &acme, &Flows::none(), &Session::new(caller("+15550100")), &[]);
    assert!(matches!(nothing, Replayed::Same { .. }));
}

#[test]
fn a_result_is_json() {
    let draft = draft(|flow| flow["nodes"]["sales"]["queue"] = json!("support"));
    let result = replayed(&flow(&acme()), &draft, [Input::Start, Input::digits("1")]);
    assert_eq!(
        serde_json::to_value(&result).expect("JSON"),
        json!({ "result": "different", "first": {
            "input": 1,
            "went": { "node": "sales", "stop": { "type": "queue", "queue": "sales" } },
            "wouldGo": { "node": "sales", "stop": { "type": "queue", "queue": "support" } }
        }})
    );
    assert_eq!(
        serde_json::from_value::<Replayed>(serde_json::to_value(&result).expect("JSON")).expect("a result"),
        result
    );
}
