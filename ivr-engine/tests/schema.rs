//! The schema and the parser agree: what a flow looks like is said twice and must be one thing.

use ivr_engine::{Flow, json_schema};
use serde_json::{Value, json};

const ACME: &str = include_str!("../samples/acme.json");
const GLOBEX: &str = include_str!("../samples/globex.json");
const INITECH: &str = include_str!("../samples/initech.json");

fn sample(text: &str) -> Value {
    serde_json::from_str(text).expect("a sample is JSON")
}

fn validator() -> jsonschema::Validator {
    jsonschema::draft202012::new(&json_schema()).expect("the schema is a schema")
}

#[test]
fn it_is_a_schema_of_draft_2020_12() {
    jsonschema::draft202012::meta::validate(&json_schema()).expect("the schema follows its meta-schema");
}

#[test]
fn the_samples_are_accepted_by_both() {
    for text in [ACME, GLOBEX, INITECH] {
        let document = sample(text);
        let errors: Vec<String> = validator()
            .iter_errors(&document)
            .map(|error| format!("{} at {}", error, error.instance_path()))
            .collect();
        assert_eq!(errors, Vec::<String>::new());
        Flow::parse(&document).expect("a sample is a flow");
    }
}

/// Each changes one thing of a sample; both must refuse the result. The two have all types of node between them.
#[test]
fn what_is_broken_is_refused_by_both() {
    let broken: &[(&str, Value)] = &[
        ("/version", json!(2)),
        ("/version", json!("1")),
        ("/name", json!("")),
        ("/language", json!("german!")),
        ("/nodes", json!([])),
        ("/nodes/ende/type", json!("teleport")),
        ("/nodes/ende/type", json!(null)),
        ("/nodes/ende/surprise", json!(true)),
        ("/nodes/ende/prompt", json!(" ")),
        ("/nodes/ende/play", json!("https://media.example.com/a.mp3")),
        ("/nodes/ende/next", json!({ "next": "ende" })),
        ("/nodes/ende/position", json!({ "x": 1 })),
        ("/nodes/ende/note", json!(5)),
        ("/nodes/feiertag/url", json!("ftp://media.example.com/a.mp3")),
        ("/nodes/feiertag/next/later", json!("ende")),
        ("/nodes/nummer/maxDigits", json!(33)),
        ("/nodes/nummer/minDigits", json!(0)),
        ("/nodes/nummer/variable", json!("kunden nummer")),
        ("/nodes/nummer/finishOnKey", json!("##")),
        ("/nodes/nummer/timeoutSeconds", json!(2.5)),
        ("/nodes/nummer/retries", json!(11)),
        ("/nodes/merken/variables", json!({})),
        ("/nodes/merken/variables/anrede", json!(1)),
        ("/nodes/auswahl/choices", json!([])),
        ("/nodes/auswahl/choices/0/digits", json!("1a")),
        ("/nodes/auswahl/choices/0", json!({ "phrases": ["ja"] })),
        ("/nodes/auswahl/input", json!(["telepathy"])),
        ("/nodes/techniker/skills/0/level", json!(11)),
        ("/nodes/techniker/queue", json!(7)),
        ("/nodes/techniker/priority", json!(101)),
        ("/nodes/techniker/maxWaitSeconds", json!(0)),
        ("/nodes/mobil/timeoutSeconds", json!(1)),
        ("/nodes/mobil/number", json!("")),
        ("/nodes/nachricht/maxSeconds", json!(0)),
        ("/nodes/stunden/weekly/mon/0/from", json!("24:00")),
        ("/nodes/stunden/weekly/mon/0/to", json!("25:00")),
        ("/nodes/stunden/weekly/monday", json!([])),
        ("/nodes/stunden/exceptions/0/date", json!("24.12.2026")),
        ("/nodes/stunden/zone", json!("")),
        ("/nodes/stammkunde/cases/0/when", json!({ "all": [] })),
        ("/nodes/stammkunde/cases/0/when", json!({ "all": [], "any": [] })),
        ("/nodes/stammkunde/cases/0/when", json!({ "operand": "mood", "operator": "exists" })),
        (
            "/nodes/stammkunde/cases/0/when",
            json!({ "operand": "digits", "operator": "resembles", "value": "1" }),
        ),
        ("/nodes/stammkunde/cases/0/when", json!({ "operand": "digits", "operator": "equals" })),
        (
            "/nodes/stammkunde/cases/0/when",
            json!({ "operand": "digits", "operator": "exists", "value": "1" }),
        ),
        ("/nodes/stammkunde/cases/0/when", json!({ "operand": "hour", "operator": "equals", "value": 9 })),
        ("/nodes/stammkunde/cases/0/when", json!({ "operand": "variable", "operator": "exists" })),
    ];
    refused_by_both(GLOBEX, broken);
    let broken: &[(&str, Value)] = &[
        ("/kind", json!("party")),
        ("/parameters", json!(["1st"])),
        ("/parameters", json!("reason")),
        ("/nodes/remark/text", json!(5)),
        ("/nodes/remark/next", json!({ "next": "bye" })),
        ("/nodes/customer/save/name", json!("shoe size")),
        ("/nodes/customer/save/1st", json!("name")),
        ("/nodes/tongue/language", json!("german!")),
        ("/nodes/greeting/text", json!("Both.")),
        ("/nodes/greeting/library", json!("")),
        ("/nodes/recorded/action", json!("rewind")),
        ("/nodes/load/queue", json!(1)),
        ("/nodes/load/cases/0/when/operand", json!("mood")),
        ("/nodes/load/cases", json!([])),
        ("/nodes/offer/prompt", json!(5)),
        ("/nodes/call-back/when", json!("soon")),
        ("/nodes/call-back/at", json!("{{ vars.day }}")),
        ("/nodes/call-back/hours", json!({ "zone": "UTC" })),
        ("/nodes/call-back/confirm", json!("yes")),
        ("/nodes/call-back/attempts", json!(11)),
        ("/nodes/call-back/retryMinutes", json!(0)),
        ("/nodes/call-back/next/never", json!("bye")),
        ("/nodes/another-day/zone", json!("")),
        ("/nodes/thanks/text", json!("")),
        ("/nodes/save/fields", json!({ "tags": "x" })),
        ("/nodes/save/tags", json!("callback")),
        ("/nodes/choice/play", json!("https://example.com/a.mp3")),
        ("/nodes/tries/times", json!(0)),
        ("/nodes/tries/times", json!(101)),
        ("/nodes/test/shares", json!([{ "port": "old", "percent": 100 }])),
        ("/nodes/test/shares/0/percent", json!(0)),
        ("/nodes/card/name", json!("card number")),
        ("/nodes/card/variable", json!("card")),
        ("/nodes/pay/method", json!("TRACE")),
        ("/nodes/pay/url", json!("")),
        ("/nodes/pay/headers", json!({ "X Y": "z" })),
        ("/nodes/pay/headers", json!(["X"])),
        ("/nodes/pay/contentType", json!("json")),
        ("/nodes/pay/timeoutSeconds", json!(11)),
        ("/nodes/pay/retries", json!(3)),
        ("/nodes/pay/save/receipt", json!("receipt")),
        ("/nodes/new-payment/flow", json!("")),
        ("/nodes/new-payment/arguments", json!({ "a b": "x" })),
        ("/nodes/new-payment/save/receipt", json!(5)),
        ("/nodes/times/flow", json!(null)),
        ("/nodes/service/preferAgent", json!({ "seconds": 3 })),
        ("/nodes/service/preferAgent", json!("last")),
        ("/nodes/survey/question", json!("How was it?")),
        ("/nodes/survey/comment", json!({ "prompt": "a", "play": "https://example.com/a.mp3" })),
        ("/nodes/survey/maxSeconds", json!(0)),
        ("/nodes/head-office/number", json!("+15550100")),
        ("/nodes/boss/agent", json!("")),
        ("/nodes/stream/source", json!({ "format": "studio" })),
        ("/nodes/stream/reason", json!(1)),
        ("/nodes/message/beep", json!(1)),
        ("/nodes/message/transcribe", json!("yes")),
        ("/nodes/done/values", json!({ "1st": "x" })),
        ("/nodes/done/next", json!({ "next": "bye" })),
    ];
    refused_by_both(INITECH, broken);
}

fn refused_by_both(text: &str, broken: &[(&str, Value)]) {
    let validator = validator();
    for (pointer, value) in broken {
        let mut document = sample(text);
        let (parent, field) = pointer.rsplit_once('/').expect("a pointer");
        match document.pointer_mut(parent).expect(pointer) {
            Value::Object(map) => {
                map.insert(field.to_owned(), value.clone());
            }
            Value::Array(list) => list[field.parse::<usize>().expect("an index")] = value.clone(),
            other => panic!("{pointer} leads into {other}"),
        }
        assert!(!validator.is_valid(&document), "the schema accepts {value} at {pointer}");
        assert!(Flow::parse(&document).is_err(), "the parser accepts {value} at {pointer}");
    }
}

#[test]
fn each_required_field_of_the_head_is_missed_by_both() {
    for field in ["version", "name", "start", "nodes"] {
        let mut document = sample(ACME);
        document.as_object_mut().expect("an object").remove(field);
        assert!(!validator().is_valid(&document), "the schema does not miss {field}");
        assert!(Flow::parse(&document).is_err(), "the parser does not miss {field}");
    }
}

/// If this fails, FLOWS.md has been left behind.
#[test]
fn the_page_names_every_type_and_every_setting() {
    let page = include_str!("../FLOWS.md");
    let schema = json_schema();
    let nodes = schema["$defs"]["node"]["oneOf"].as_array().expect("the types of node");
    assert_eq!(nodes.len(), ivr_engine::NodeType::ALL.len());
    for node in nodes {
        for name in node["properties"].as_object().expect("settings").keys() {
            assert!(
                page.contains(&format!("`{name}`")),
                "FLOWS.md does not name `{name}` of {}",
                node["title"]
            );
        }
        assert!(page.contains(&format!("| `{}` |", node["title"].as_str().expect("a type"))));
    }
    let document: Value = page
        .split("```json")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .map_or(json!(null), |text| serde_json::from_str(text).expect("the example is JSON"));
    Flow::parse(&document).expect("the example is a flow");
}
