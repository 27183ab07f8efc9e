//! What an author is told about secrets, other flows, leftovers of an import, and the newer nodes.

use ivr_engine::{
    Catalog, Finding, FindingCode, Flow, FlowFacts, FlowKind, Known, KnownFlows, Severity, validate,
};
use serde_json::{Value, json};

/// A flow of these nodes and an end, that begins at `a`.
fn with(nodes: Value) -> Value {
    let mut document =
        json!({ "version": 1, "name": "small", "start": "a", "nodes": { "b": { "type": "hangup" } } });
    for (id, node) in nodes.as_object().expect("nodes") {
        document["nodes"][id] = node.clone();
    }
    document
}

fn told(document: &Value, catalog: &Catalog) -> Vec<(Severity, FindingCode, String)> {
    validate(document, catalog)
        .into_iter()
        .map(|Finding { severity, code, field, .. }| (severity, code, field.unwrap_or_default()))
        .collect()
}

#[track_caller]
fn one(document: &Value, severity: Severity, code: FindingCode, field: &str) {
    assert_eq!(told(document, &Catalog::unchecked()), [(severity, code, field.to_owned())]);
    assert_eq!(Flow::parse(document).is_err(), severity == Severity::Error);
}

#[track_caller]
fn fine(document: &Value) {
    assert_eq!(told(document, &Catalog::unchecked()), []);
}

fn secure(name: &str, next: &str) -> Value {
    json!({ "type": "secureDigits", "prompt": "Card?", "name": name, "maxDigits": 4,
            "next": { "collected": next, "timeout": "b", "invalid": "b" } })
}

fn request(body: &str, next: &str) -> Value {
    json!({ "type": "request", "method": "POST", "url": "https://example.com", "body": body,
            "next": { "succeeded": next, "failed": "b" } })
}

#[test]
fn a_secret_belongs_into_the_request_behind_it() {
    fine(&with(
        json!({ "a": secure("card", "c"), "c": secure("pin", "d"), "d": request("{{ secret.card }}{{secret.pin}}", "b") }),
    ));

    let said = json!({ "type": "say", "text": "{{ secret.card }}", "next": { "next": "b" } });
    one(&with(json!({ "a": said })), Severity::Error, FindingCode::SecretMisplaced, "/nodes/a/text");
    let filtered =
        with(json!({ "a": secure("card", "c"), "c": request("{{ secret.card | slice: 0, 4 }}", "b") }));
    assert_eq!(
        told(&filtered, &Catalog::unchecked()),
        [(Severity::Error, FindingCode::SecretMisplaced, "/nodes/c/body".to_owned())]
    );
}

#[test]
fn a_secret_has_to_be_there_whatever_way_the_call_came() {
    let not_set = |document: &Value, node: &str| {
        one(document, Severity::Error, FindingCode::SecretNotSet, &format!("/nodes/{node}"));
    };
    not_set(&with(json!({ "a": request("{{ secret.card }}", "b") })), "a");
    // Another name.
    not_set(&with(json!({ "a": secure("pin", "c"), "c": request("{{ secret.card }}", "b") })), "c");
    // The other ports have none.
    let mut impatient = secure("card", "c");
    impatient["next"]["timeout"] = json!("c");
    not_set(&with(json!({ "a": impatient, "c": request("{{ secret.card }}", "b") })), "c");
    // It is for one request.
    not_set(
        &with(
            json!({ "a": secure("card", "c"), "c": request("{{ secret.card }}", "d"), "d": request("{{ secret.card }}", "b") }),
        ),
        "d",
    );
    // Another flow may have made one.
    not_set(
        &with(json!({
            "a": secure("card", "c"),
            "c": { "type": "subflow", "flow": "x", "next": { "returned": "d", "failed": "b" } },
            "d": request("{{ secret.card }}", "b")
        })),
        "d",
    );
    // Once more on the way back is enough.
    let menu = json!({ "type": "menu", "prompt": "x", "choices": [{ "digits": "1" }], "next": { "1": "a", "timeout": "b", "noMatch": "b" } });
    fine(&with(json!({ "a": secure("card", "c"), "c": request("{{ secret.card }}", "d"), "d": menu })));
}

#[test]
fn what_an_import_left_over_prevents_publishing_where_a_call_can_come_to_it() {
    let disabled = |next: Value| {
        json!({ "type": "disabled", "source": { "format": "studio", "type": "fork-stream", "raw": { "a": 1 } },
                "reason": "Not supported.", "next": next })
    };
    let document = with(json!({ "a": disabled(json!({ "success": "b" })) }));
    assert_eq!(
        told(&document, &Catalog::unchecked()),
        [
            (Severity::Warning, FindingCode::Unreachable, "/nodes/b".to_owned()),
            (Severity::Error, FindingCode::Disabled, "/nodes/a".to_owned()),
        ],
        "only `next` is ever taken"
    );
}

#[test]
fn a_leftover_with_a_way_on_is_a_warning_and_one_that_no_call_reaches_is_only_unreachable() {
    let disabled = |next: Value| {
        json!({ "type": "disabled", "source": { "format": "studio", "type": "fork-stream", "raw": null },
                "reason": "Not supported.", "next": next })
    };
    one(
        &with(json!({ "a": disabled(json!({ "next": "b", "failed": "b" })) })),
        Severity::Warning,
        FindingCode::Disabled,
        "/nodes/a",
    );
    let menu = |to: &str| json!({ "type": "menu", "prompt": "x", "choices": [{ "digits": "1" }], "next": { "1": to, "timeout": "b", "noMatch": "b" } });
    let stuck = with(json!({ "a": menu("c"), "c": disabled(json!({})) }));
    let findings = validate(&stuck, &Catalog::unchecked());
    let error =
        findings.iter().find(|finding| finding.severity == Severity::Error).expect("it cannot be published");
    assert_eq!(
        (error.code, error.node.as_deref(), error.port.as_deref()),
        (FindingCode::Disabled, Some("c"), Some("next"))
    );
    let lonely = with(json!({ "a": menu("b"), "c": disabled(json!({})) }));
    one(&lonely, Severity::Warning, FindingCode::Unreachable, "/nodes/c");
}

#[test]
fn nothing_leads_to_a_remark() {
    fine(&with(json!({ "a": { "type": "hangup" }, "c": { "type": "note", "text": "Ask Ada." },
                       "b": { "type": "note", "text": "And Bob." } })));
    let into = with(
        json!({ "a": { "type": "say", "text": "x", "next": { "next": "c" } }, "c": { "type": "note", "text": "x" } }),
    );
    let errors: Vec<_> = told(&into, &Catalog::unchecked())
        .into_iter()
        .filter(|(severity, ..)| *severity == Severity::Error)
        .collect();
    assert!(
        errors.contains(&(Severity::Error, FindingCode::LeadsToNote, "/nodes/a/next/next".to_owned())),
        "{errors:?}"
    );
    let mut begins = into;
    begins["start"] = json!("c");
    assert!(told(&begins, &Catalog::unchecked()).contains(&(
        Severity::Error,
        FindingCode::LeadsToNote,
        "/start".to_owned()
    )));
}

#[test]
fn a_loop_node_makes_a_circle_that_is_left_in_time() {
    let circle = |times: u32| {
        with(json!({
            "a": { "type": "loop", "times": times, "next": { "again": "c", "done": "b" } },
            "c": { "type": "play", "url": "https://example.com/a.mp3", "next": { "next": "a" } }
        }))
    };
    fine(&circle(100));
    let mut long = circle(60);
    for number in 0..3 {
        let next = if number == 2 { "a".to_owned() } else { format!("x{}", number + 1) };
        long["nodes"][format!("x{number}")] = json!({ "type": "say", "text": "x", "next": { "next": next } });
    }
    long["nodes"]["c"]["next"]["next"] = json!("x0");
    one(&long, Severity::Warning, FindingCode::LoopWithoutInput, "/nodes/a");
    // A circle beside it is still one.
    let mut beside = circle(2);
    beside["nodes"]["c"]["next"]["next"] = json!("d");
    beside["nodes"]["d"] = json!({ "type": "branch", "cases": [{ "port": "x", "when": { "operand": "digits", "operator": "exists" } }],
                                   "next": { "x": "a", "else": "c" } });
    one(&beside, Severity::Warning, FindingCode::LoopWithoutInput, "/nodes/c");
}

#[test]
fn figures_can_be_looked_at_in_their_node_only() {
    let when = json!({ "operand": "waiting", "operator": "greaterThan", "value": 3 });
    let cases = json!([{ "port": "x", "when": when }]);
    fine(&with(
        json!({ "a": { "type": "figures", "queue": "q", "cases": cases, "next": { "x": "b", "else": "b" } } }),
    ));
    one(
        &with(json!({ "a": { "type": "branch", "cases": cases, "next": { "x": "b", "else": "b" } } })),
        Severity::Error,
        FindingCode::BadValue,
        "/nodes/a/cases/0/when/operand",
    );
}

#[test]
fn shares_are_a_hundred_per_cent() {
    let split = |first: u32| {
        with(
            json!({ "a": { "type": "split", "shares": [{ "port": "x", "percent": first }, { "port": "y", "percent": 40 }],
                            "next": { "x": "b", "y": "b" } } }),
        )
    };
    fine(&split(60));
    one(&split(59), Severity::Error, FindingCode::BadValue, "/nodes/a/shares");
}

#[test]
fn settings_that_cannot_work_are_told_where_they_are() {
    let request = |name: &str, value: Value| {
        let mut node = request("x", "b");
        node[name] = value;
        with(json!({ "a": node }))
    };
    let error =
        |document: &Value, code: FindingCode, field: &str| one(document, Severity::Error, code, field);
    error(&request("url", json!("ftp://example.com")), FindingCode::BadValue, "/nodes/a/url");
    error(&request("headers", json!({ "Host": "x" })), FindingCode::BadValue, "/nodes/a/headers/Host");
    error(&request("save", json!({ "x": "name" })), FindingCode::BadPointer, "/nodes/a/save/x");

    let callback = |settings: Value| {
        let mut node = json!({ "type": "callback", "queue": "q", "when": "scheduled", "at": "{{ vars.at }}", "zone": "UTC",
                               "next": { "accepted": "b", "invalid": "b", "failed": "b" } });
        for (name, value) in settings.as_object().expect("settings") {
            node[name] = value.clone();
        }
        with(json!({ "a": node }))
    };
    fine(&callback(json!({})));
    error(&callback(json!({ "at": "2026-12-24T15:00" })), FindingCode::BadValue, "/nodes/a/at");
    error(&callback(json!({ "zone": "Moon" })), FindingCode::BadZone, "/nodes/a/zone");
    error(
        &callback(
            json!({ "hours": { "zone": "UTC", "weekly": { "mon": [{ "from": "9", "to": "10:00" }] } } }),
        ),
        FindingCode::BadTime,
        "/nodes/a/hours/weekly/mon/0/from",
    );

    let transfer = |settings: Value| {
        let mut node = settings;
        node["type"] = json!("transfer");
        node["next"] = json!({ "busy": "b", "noAnswer": "b", "failed": "b" });
        with(json!({ "a": node }))
    };
    error(&transfer(json!({})), FindingCode::MissingField, "/nodes/a/number");
    error(&transfer(json!({ "sip": "desk@example.com" })), FindingCode::BadValue, "/nodes/a/sip");
    error(
        &transfer(json!({ "sip": "sip:a@example.com", "agent": "Ada" })),
        FindingCode::BadValue,
        "/nodes/a/agent",
    );
}

fn catalog() -> Catalog {
    let flow = |id: &str, name: &str, kind, calls: &[&str]| FlowFacts {
        id: id.to_owned(),
        name: name.to_owned(),
        kind,
        parameters: vec!["customer".to_owned()],
        returns: vec!["receipt".to_owned()],
        calls: calls.iter().map(|flow| (*flow).to_owned()).collect(),
    };
    Catalog {
        agents: Known::only(["ada"]),
        prompts: Known::only(["greeting"]),
        flows: KnownFlows::Only {
            this: Some("1".to_owned()),
            flows: vec![
                flow("1", "Main", FlowKind::Call, &["Payment"]),
                flow("2", "Payment", FlowKind::Call, &["3"]),
                flow("3", "Deeper", FlowKind::Call, &["Main", "Payment"]),
                flow("4", "Leaf", FlowKind::Call, &[]),
                flow("5", "Music", FlowKind::Hold, &[]),
            ],
        },
        writes_down: false,
        ..Catalog::unchecked()
    }
}

#[test]
fn what_the_company_does_not_have_is_told() {
    let call = |flow: &str, arguments: Value, save: Value| {
        with(
            json!({ "a": { "type": "subflow", "flow": flow, "arguments": arguments, "save": save, "next": { "returned": "b", "failed": "b" } } }),
        )
    };
    let told = |document: &Value| told(document, &catalog());
    assert_eq!(told(&call("Leaf", json!({ "customer": "x" }), json!({ "r": "receipt" }))), []);
    assert_eq!(
        told(&call("4", json!({ "client": "x" }), json!({ "r": "bill" }))),
        [
            (Severity::Warning, FindingCode::UnknownArgument, "/nodes/a/arguments".to_owned()),
            (Severity::Warning, FindingCode::UnknownArgument, "/nodes/a/save".to_owned()),
        ]
    );
    for flow in ["Gone", "Music"] {
        assert_eq!(
            told(&call(flow, json!({}), json!({}))),
            [(Severity::Error, FindingCode::UnknownFlow, "/nodes/a/flow".to_owned())]
        );
    }
    assert_eq!(
        told(&with(json!({
            "a": { "type": "say", "library": "greeting", "next": { "next": "c" } },
            "c": { "type": "say", "library": "farewell", "next": { "next": "d" } },
            "d": { "type": "transfer", "agent": "bob", "next": { "busy": "b", "noAnswer": "b", "failed": "e" } },
            "e": { "type": "enqueue", "queue": "sales", "preferAgent": { "agent": "bob" }, "next": { "failed": "f" } },
            "f": { "type": "enqueue", "queue": "sales", "preferAgent": { "agent": "last" }, "next": { "failed": "g" } },
            "g": { "type": "enqueue", "queue": "sales", "preferAgent": { "agent": "{{ vars.agent }}" } }
        }))),
        [
            (Severity::Error, FindingCode::UnknownPrompt, "/nodes/c/library".to_owned()),
            (Severity::Error, FindingCode::UnknownAgent, "/nodes/d/agent".to_owned()),
            (Severity::Warning, FindingCode::UnknownAgent, "/nodes/e/preferAgent/agent".to_owned()),
        ]
    );
}

#[test]
fn a_message_that_nobody_writes_down_is_warned_of() {
    let document = |transcribe: bool| {
        with(
            json!({ "a": { "type": "voicemail", "prompt": "Speak.", "transcribe": transcribe, "next": { "recorded": "b" } } }),
        )
    };
    assert_eq!(
        told(&document(true), &catalog()),
        [(Severity::Warning, FindingCode::NotWrittenDown, "/nodes/a/transcribe".to_owned())]
    );
    assert_eq!(told(&document(false), &catalog()), []);
    assert_eq!(told(&document(true), &Catalog::unchecked()), []);
}

#[test]
fn a_flow_that_can_come_to_call_itself_is_warned_of() {
    let document = with(
        json!({ "a": { "type": "subflow", "flow": "Payment", "next": { "returned": "b", "failed": "b" } } }),
    );
    assert_eq!(
        told(&document, &catalog()),
        [(Severity::Warning, FindingCode::Recursion, "/nodes/a".to_owned())]
    );
}

#[test]
fn the_facts_of_a_flow_are_what_others_need_to_know() {
    let document: Value = serde_json::from_str(include_str!("../samples/initech.json")).expect("JSON");
    let flow = Flow::parse(&document).expect("a flow");
    let facts = FlowFacts::of("7", &flow);
    assert_eq!(facts.parameters, ["reason"]);
    assert_eq!(facts.returns, ["receipt"]);
    assert_eq!(facts.calls, ["Opening hours", "Payment"]);
    assert_eq!(flow.queues(), ["service"]);
    assert_eq!(flow.prompts(), ["goodbye", "greeting", "main-menu"]);
    assert_eq!(flow.agents(), ["Bill Lumbergh"]);
}
