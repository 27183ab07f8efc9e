//! What is stored between two requests, and for replay. Calls are in progress while a new version is rolled out, and
//! recorded inputs are read for years: if a test here fails, old rows have to remain readable.

mod teller;

use ivr_engine::{
    Booking, CallFacts, DialOutcome, FlowRef, Input, InputRecord, Next, QueueFigures, QueueLeft,
    RequestOutcome, SecureEntry, Session, step,
};
use serde_json::{Value, json};
use teller::{at, flow};

#[test]
fn inputs_are_stored_like_this() {
    let values = |value: Option<&str>| [("/a".to_owned(), value.map(str::to_owned))].into();
    for (input, stored) in [
        (InputRecord::Start, json!({ "type": "start" })),
        (InputRecord::Digits("1".to_owned()), json!({ "type": "digits", "value": "1" })),
        (InputRecord::SecureDigits(SecureEntry::Fits), json!({ "type": "secureDigits", "value": "fits" })),
        (
            InputRecord::SecureDigits(SecureEntry::Invalid),
            json!({ "type": "secureDigits", "value": "invalid" }),
        ),
        (
            InputRecord::Speech { text: "sales".to_owned(), confidence: None },
            json!({ "type": "speech", "value": { "text": "sales", "confidence": null } }),
        ),
        (InputRecord::Silence, json!({ "type": "silence" })),
        (InputRecord::QueueLeft(QueueLeft::TimedOut), json!({ "type": "queueLeft", "value": "timedOut" })),
        (InputRecord::QueueLeft(QueueLeft::Failed), json!({ "type": "queueLeft", "value": "failed" })),
        (InputRecord::AgentLeft, json!({ "type": "agentLeft" })),
        (InputRecord::Recorded { seconds: 12 }, json!({ "type": "recorded", "value": { "seconds": 12 } })),
        (InputRecord::Dialed(DialOutcome::NoAnswer), json!({ "type": "dialed", "value": "noAnswer" })),
        (InputRecord::HungUp, json!({ "type": "hungUp" })),
        (
            InputRecord::Figures(QueueFigures { waiting: Some(3), ..QueueFigures::default() }),
            json!({ "type": "figures", "value": { "waiting": 3 } }),
        ),
        (
            InputRecord::ContactFound(Some(values(Some("Ada")))),
            json!({ "type": "contactFound", "value": { "/a": "Ada" } }),
        ),
        (InputRecord::ContactFound(None), json!({ "type": "contactFound", "value": null })),
        (InputRecord::FlowFound(Some(FlowRef::new("v1"))), json!({ "type": "flowFound", "value": "v1" })),
        (InputRecord::FlowFound(None), json!({ "type": "flowFound", "value": null })),
        (
            InputRecord::CallbackBooked(Booking::Accepted),
            json!({ "type": "callbackBooked", "value": "accepted" }),
        ),
        (
            InputRecord::Requested(RequestOutcome::Answered { status: 200, values: values(None) }),
            json!({ "type": "requested", "value": { "outcome": "answered", "status": 200, "values": { "/a": null } } }),
        ),
        (
            InputRecord::Requested(RequestOutcome::TimedOut),
            json!({ "type": "requested", "value": { "outcome": "timedOut" } }),
        ),
        (InputRecord::Continue, json!({ "type": "continue" })),
    ] {
        assert_eq!(serde_json::to_value(&input).expect("JSON"), stored);
        assert_eq!(serde_json::from_value::<InputRecord>(stored).expect("an input"), input);
    }
}

#[test]
fn sessions_are_stored_like_this() {
    let globex = flow(&serde_json::from_str(include_str!("../samples/globex.json")).expect("JSON"));
    let call = CallFacts {
        from: "+4930555".to_owned(),
        to: "+4930777".to_owned(),
        caller_name: Some("Ada".to_owned()),
        ..CallFacts::default()
    };
    let new = Session::new(call);
    let call = json!({ "from": "+4930555", "to": "+4930777", "callerName": "Ada" });
    assert_stored(&new, json!({ "call": call, "variables": {}, "inputs": 0, "state": { "type": "new" } }));

    let asked = step(&globex, new, Input::Start, at("2026-03-02T09:00:00Z")).session;
    let state = json!({ "type": "asking", "node": "nummer", "attempt": 1 });
    assert_stored(&asked, json!({ "call": call, "variables": {}, "inputs": 1, "state": state }));
    assert_eq!(asked.node(), Some("nummer"));

    let known = step(&globex, asked, Input::digits("123456"), at("2026-03-02T09:00:10Z")).session;
    let queued = step(&globex, known, Input::speech("Technik"), at("2026-03-02T09:00:20Z"));
    assert!(matches!(queued.next, Next::Enqueue { .. }));
    let queued = queued.session;
    let variables = json!({ "anrede": "Danke. Ihre Nummer ist 1 2 3 4 5 6.", "kundennummer": "123456" });
    assert_stored(
        &queued,
        json!({
            "call": call, "variables": variables, "digits": "123456", "speech": "Technik", "inputs": 3,
            "state": { "type": "queued", "node": "techniker" }
        }),
    );

    let ended = step(&globex, queued, Input::HungUp, at("2026-03-02T09:01:00Z")).session;
    assert_eq!(serde_json::to_value(&ended).expect("JSON")["state"], json!({ "type": "ended" }));
    for state in ["dialing", "recording"] {
        let stored = json!({ "call": call, "state": { "type": state, "node": "mobil" } });
        let session: Session = serde_json::from_value(stored).expect("a session with what it must have");
        assert_eq!(session.node(), Some("mobil"));
    }
}

#[track_caller]
fn assert_stored(session: &Session, stored: Value) {
    assert_eq!(serde_json::to_value(session).expect("JSON"), stored);
    assert_eq!(&serde_json::from_value::<Session>(stored).expect("a session"), session);
}

#[test]
fn a_call_can_be_replayed_from_its_inputs() {
    let acme = flow(&serde_json::from_str(include_str!("../samples/acme.json")).expect("JSON"));
    let begin = at("2026-03-02T12:00:00Z");
    let recorded = [Input::Start, Input::Silence, Input::digits("2"), Input::QueueLeft(QueueLeft::TimedOut)];
    let play = || {
        let mut session = Session::new(CallFacts { from: "+15550100".to_owned(), ..CallFacts::default() });
        let steps: Vec<String> = recorded
            .iter()
            .zip(0_i64..)
            .map(|(input, number)| {
                let now = begin + chrono::TimeDelta::minutes(number);
                let next = step(&acme, session.clone(), input.clone(), now);
                session = next.session.clone();
                format!("{next:?}")
            })
            .collect();
        steps
    };
    let first = play();
    assert_eq!(first.len(), 4);
    assert!(first[3].contains("Record {"), "the call ends at the voicemail: {}", first[3]);
    assert_eq!(first, play());
}
