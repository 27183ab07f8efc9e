//! What an author is told about a flow before it is published.

use ivr_engine::{Catalog, Finding, FindingCode, Flow, Known, Severity, validate};
use serde_json::{Value, json};

/// A flow that is all right: says something and hangs up.
fn small() -> Value {
    json!({
        "version": 1, "name": "small", "start": "a",
        "nodes": {
            "a": { "type": "say", "text": "Hello.", "next": { "next": "b" } },
            "b": { "type": "hangup" }
        }
    })
}

/// [`small`] with these nodes instead, or as well.
fn with(nodes: Value) -> Value {
    let mut document = small();
    for (id, node) in nodes.as_object().expect("nodes") {
        document["nodes"][id] = node.clone();
    }
    document
}

fn told(document: &Value) -> Vec<(Severity, FindingCode, String)> {
    brief(&validate(document, &Catalog::unchecked()))
}

fn brief(findings: &[Finding]) -> Vec<(Severity, FindingCode, String)> {
    findings
        .iter()
        .map(|finding| (finding.severity, finding.code, finding.field.clone().unwrap_or_default()))
        .collect()
}

#[track_caller]
fn one_error(document: &Value, code: FindingCode, field: &str) {
    assert_eq!(told(document), [(Severity::Error, code, field.to_owned())]);
    assert!(Flow::parse(document).is_err());
}

#[test]
fn a_flow_that_is_all_right_has_no_findings() {
    assert_eq!(told(&small()), []);
    for text in [include_str!("../samples/acme.json"), include_str!("../samples/globex.json")] {
        assert_eq!(told(&serde_json::from_str(text).expect("JSON")), []);
    }
    let leftovers = told(&serde_json::from_str(include_str!("../samples/initech.json")).expect("JSON"));
    assert_eq!(leftovers, [(Severity::Warning, FindingCode::Disabled, "/nodes/stream".to_owned())]);
}

#[test]
fn a_port_that_leads_nowhere_is_told_with_its_node() {
    let document = with(json!({ "a": { "type": "say", "text": "Hello.", "next": { "next": "gone" } } }));
    let findings = validate(&document, &Catalog::unchecked());
    let dangling = &findings[0];
    assert_eq!(
        (dangling.code, dangling.node.as_deref(), dangling.port.as_deref(), dangling.field.as_deref()),
        (FindingCode::DanglingPort, Some("a"), Some("next"), Some("/nodes/a/next/next"))
    );
    assert!(dangling.message.contains("`gone`"));

    let mut document = small();
    document["start"] = json!("gone");
    one_error(&document, FindingCode::DanglingPort, "/start");

    let open =
        with(json!({ "a": { "type": "hours", "zone": "UTC", "weekly": {}, "next": { "open": "b" } } }));
    one_error(&open, FindingCode::PortNotConnected, "/nodes/a/next");

    let odd =
        with(json!({ "a": { "type": "say", "text": "Hello.", "next": { "next": "b", "other": "b" } } }));
    one_error(&odd, FindingCode::UnknownPort, "/nodes/a/next/other");
}

#[test]
fn a_wait_that_ends_without_a_way_on_is_a_warning() {
    let queue = |settings: Value| {
        let mut node = json!({ "type": "enqueue", "queue": "sales", "next": { "failed": "b" } });
        for (name, value) in settings.as_object().expect("settings") {
            node[name] = value.clone();
        }
        told(&with(json!({ "a": node })))
    };
    assert_eq!(queue(json!({})), []);
    assert_eq!(
        queue(json!({ "maxWaitSeconds": 60 })),
        [(Severity::Warning, FindingCode::PortNotConnected, "/nodes/a/next".to_owned())]
    );
}

#[test]
fn nodes_that_nothing_leads_to_are_warnings_and_hinder_nobody() {
    let document = with(json!({ "lonely": { "type": "hangup" } }));
    assert_eq!(told(&document), [(Severity::Warning, FindingCode::Unreachable, "/nodes/lonely".to_owned())]);
    assert!(Flow::parse(&document).is_ok());
}

#[test]
fn a_flow_without_an_end_is_an_error_and_a_trap_in_it_a_warning() {
    let menu = |one: &str| {
        json!({ "type": "menu", "prompt": "Press 1.", "choices": [{ "digits": "1" }],
                "next": { "1": one, "timeout": "m", "noMatch": "m" } })
    };
    let mut endless = with(json!({ "m": menu("m") }));
    endless["start"] = json!("m");
    endless["nodes"].as_object_mut().expect("nodes").retain(|id, _| id == "m");
    one_error(&endless, FindingCode::NoWayToAnEnd, "/start");

    let mut trap = with(json!({ "m": menu("m"), "start": menu("a") }));
    trap["start"] = json!("start");
    assert_eq!(told(&trap), [(Severity::Warning, FindingCode::NoWayToAnEnd, "/nodes/m".to_owned())]);
}

#[test]
fn a_circle_that_cannot_be_left_is_an_error_and_one_with_a_condition_a_warning() {
    let mut plain = with(json!({
        "m": { "type": "menu", "prompt": "Press 1.", "choices": [{ "digits": "1" }],
               "next": { "1": "x", "timeout": "b", "noMatch": "b" } },
        "x": { "type": "say", "text": "Round", "next": { "next": "y" } },
        "y": { "type": "say", "text": "and round.", "next": { "next": "x" } }
    }));
    plain["start"] = json!("m");
    let errors: Vec<_> =
        told(&plain).into_iter().filter(|(severity, ..)| *severity == Severity::Error).collect();
    assert_eq!(errors, [(Severity::Error, FindingCode::LoopWithoutInput, "/nodes/x".to_owned())]);

    let condition = with(json!({
        "a": { "type": "branch", "cases": [{ "port": "x", "when": { "operand": "digits", "operator": "exists" } }],
               "next": { "x": "b", "else": "a" } }
    }));
    assert_eq!(told(&condition), [(Severity::Warning, FindingCode::LoopWithoutInput, "/nodes/a".to_owned())]);

    let asked = with(json!({
        "a": { "type": "menu", "prompt": "Press 1.", "choices": [{ "digits": "1" }],
               "next": { "1": "a", "timeout": "b", "noMatch": "b" } }
    }));
    assert_eq!(told(&asked), [], "the caller is asked in it");
}

#[test]
fn a_document_from_the_future_is_told_as_such() {
    let mut document = small();
    document["version"] = json!(2);
    one_error(&document, FindingCode::NewerVersion, "/version");

    let document = with(json!({ "b": { "type": "hologram", "brightness": 3, "next": { "done": "a" } } }));
    one_error(&document, FindingCode::UnknownType, "/nodes/b/type");
    let message = &validate(&document, &Catalog::unchecked())[0].message;
    assert!(message.contains("hologram") && message.contains("newer version"), "{message}");
}

#[test]
fn unknown_fields_are_errors_wherever_they_are() {
    let mut document = small();
    document["colour"] = json!("red");
    one_error(&document, FindingCode::UnknownField, "/colour");
    let node = with(json!({ "b": { "type": "hangup", "a/b~c": 1 } }));
    one_error(&node, FindingCode::UnknownField, "/nodes/b/a~1b~0c");
}

#[test]
fn a_node_that_leaves_the_caller_in_silence_is_an_error() {
    one_error(
        &with(json!({ "a": { "type": "say", "text": "  ", "next": { "next": "b" } } })),
        FindingCode::MissingPrompt,
        "/nodes/a/text",
    );
    one_error(
        &with(json!({ "a": { "type": "menu", "choices": [{ "digits": "1" }],
                             "next": { "1": "b", "timeout": "b", "noMatch": "b" } } })),
        FindingCode::MissingPrompt,
        "/nodes/a",
    );
}

#[test]
fn queues_and_skills_have_to_exist_in_the_company() {
    let document = with(json!({
        "a": { "type": "enqueue", "queue": "sales", "skills": [{ "skill": "french" }, { "skill": "german" }] }
    }));
    assert_eq!(
        told(&document).iter().filter(|(severity, ..)| *severity == Severity::Error).count(),
        0,
        "unchecked, any name will do"
    );
    let catalog =
        Catalog { queues: Known::only(["support"]), skills: Known::only(["german"]), ..Catalog::unchecked() };
    let findings = validate(&document, &catalog);
    let errors: Vec<_> =
        brief(&findings).into_iter().filter(|(severity, ..)| *severity == Severity::Error).collect();
    assert_eq!(
        errors,
        [
            (Severity::Error, FindingCode::UnknownQueue, "/nodes/a/queue".to_owned()),
            (Severity::Error, FindingCode::UnknownSkill, "/nodes/a/skills/0".to_owned()),
        ]
    );
}

#[test]
fn texts_and_conditions_are_compiled_before_anyone_calls() {
    let say = |text: &str| with(json!({ "a": { "type": "say", "text": text, "next": { "next": "b" } } }));
    one_error(&say("{{ call.from | url_decode }}"), FindingCode::BadTemplate, "/nodes/a/text");
    one_error(&say("{% for i in (1..9) %}x{% endfor %}"), FindingCode::BadTemplate, "/nodes/a/text");
    one_error(&say(&"x".repeat(5_000)), FindingCode::TooLarge, "/nodes/a/text");
    one_error(&say(&"x".repeat(3_500)), FindingCode::TooLarge, "/nodes/a/text");

    let when = |when: Value| {
        with(json!({ "a": { "type": "branch", "cases": [{ "port": "x", "when": when }],
                            "next": { "x": "b", "else": "b" } } }))
    };
    let test = |operator: &str, value: Value| {
        when(json!({ "operand": "digits", "operator": operator, "value": value }))
    };
    assert_eq!(told(&test("matches", json!("^4[0-9]{3}$"))), []);
    for regex in ["(", "(?<!a)b", "((a{1,100}){1,100}){1,100}"] {
        one_error(&test("matches", json!(regex)), FindingCode::BadRegex, "/nodes/a/cases/0/when/value");
    }
    let zone = json!({ "operand": "hour", "zone": "Mars/Olympus", "operator": "lessThan", "value": 9 });
    one_error(&when(zone), FindingCode::BadZone, "/nodes/a/cases/0/when/zone");
    let hour = json!({ "operand": "hour", "zone": "UTC", "operator": "equals", "value": 24 });
    one_error(&when(hour), FindingCode::BadValue, "/nodes/a/cases/0/when/value");
    let day = json!({ "operand": "weekday", "zone": "UTC", "operator": "in", "value": ["sat", "sunday"] });
    one_error(&when(day), FindingCode::BadValue, "/nodes/a/cases/0/when/value/1");
}

#[test]
fn two_choices_for_one_answer_are_an_error() {
    let document = with(json!({
        "a": { "type": "menu", "prompt": "Choose.",
               "choices": [{ "digits": "1" }, { "port": "x", "digits": "1" }, { "port": "y", "digits": "3", "phrases": ["Sales", "sales!"] }, { "port": "timeout", "digits": "4" }],
               "next": { "1": "b", "x": "b", "y": "b", "timeout": "b", "noMatch": "b" } }
    }));
    assert_eq!(
        told(&document),
        [
            (Severity::Error, FindingCode::Duplicate, "/nodes/a/choices/1".to_owned()),
            (Severity::Error, FindingCode::Duplicate, "/nodes/a/choices/3".to_owned()),
        ]
    );
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let document = json!({
        "version": "one", "start": 5, "language": "x",
        "nodes": { "a": { "type": "collect", "maxDigits": 99, "variable": "1st" }, "b": [] }
    });
    let codes: Vec<(FindingCode, String)> =
        told(&document).into_iter().map(|(_, code, at)| (code, at)).collect();
    let expected = [
        (FindingCode::WrongType, "/version"),
        (FindingCode::MissingField, ""),
        (FindingCode::BadValue, "/language"),
        (FindingCode::WrongType, "/start"),
        (FindingCode::MissingPrompt, "/nodes/a"),
        (FindingCode::BadValue, "/nodes/a/variable"),
        (FindingCode::BadValue, "/nodes/a/maxDigits"),
        (FindingCode::WrongType, "/nodes/b"),
    ];
    assert_eq!(codes, expected.map(|(code, at)| (code, at.to_owned())));
}

#[test]
fn findings_are_json_for_the_editor() {
    let document = with(json!({ "lonely": { "type": "hangup" } }));
    assert_eq!(
        serde_json::to_value(validate(&document, &Catalog::unchecked())).expect("JSON"),
        json!([{
            "severity": "warning", "code": "unreachable", "node": "lonely", "field": "/nodes/lonely",
            "message": "no path from the start leads here; connect a port to it, or take it out"
        }])
    );
}
