//! Documents of strangers: what is none of the formats, too large, too deep, or just wrong.

use flow_import::{ImportError, ImportErrorCode, Mapping, Source, import};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::support::{assert_nothing_left_out, assert_sound, fixture, imported};

fn refused(source: Option<Source>, document: &Value) -> ImportError {
    match import(source, document, &Mapping::default()) {
        Ok(imported) => panic!("it was imported as {:?}", imported.report.source),
        Err(error) => error,
    }
}

#[test]
fn what_is_no_known_format_is_said_to_be_none() {
    for document in [
        json!(null),
        json!([]),
        json!("text"),
        json!(5),
        json!({}),
        json!({ "verbs": [] }),
        json!([{ "verb": "say" }]),
    ] {
        let error = refused(None, &document);
        assert_eq!((error.code, error.pointer.as_str()), (ImportErrorCode::UnknownFormat, ""));
        assert!(error.message.contains("Twilio Studio"), "{}", error.message);
    }
}

#[test]
fn a_document_that_is_another_format_is_told_which() {
    let error = refused(Some(Source::Connect), &fixture("studio-voice"));
    assert_eq!(error.code, ImportErrorCode::NotThisFormat);
    assert_eq!(error.message, "this is a Twilio Studio flow, not an Amazon Connect flow");
    let error = refused(Some(Source::TaskRouter), &json!({ "filters": [] }));
    assert_eq!(error.message, "this is not a TaskRouter workflow: it has no object `task_routing`");
}

#[test]
fn what_only_claims_a_format_is_refused_at_the_place() {
    let refusals = [
        (json!({ "states": {}, "initial_state": "a" }), "/states"),
        (json!({ "Version": "2019-10-30", "StartAction": "a" }), "/Actions"),
        (json!({ "Version": "2019-10-30", "Actions": {} }), "/Actions"),
        (json!({ "modules": "many", "start": "a" }), "/modules"),
        (json!({ "task_routing": [] }), "/task_routing"),
        (json!({ "task_routing": { "filters": {} } }), "/task_routing/filters"),
        (json!({ "version": 1, "nodes": [] }), "/nodes"),
        (json!({ "Name": "a", "Content": "{\"Actions\": 5}" }), "/Content#/Actions"),
    ];
    for (document, pointer) in refusals {
        let error = refused(None, &document);
        assert_eq!(
            (error.code, error.pointer.as_str()),
            (ImportErrorCode::NotThisFormat, pointer),
            "{document}"
        );
    }
    let error = refused(None, &json!({ "Name": "a", "Content": "{\"Actions\": [" }));
    assert_eq!((error.code, error.pointer.as_str()), (ImportErrorCode::BrokenJson, "/Content"));
}

/// As public files have it: an action of another language, and a start that is no identifier.
#[test]
fn what_is_wrong_in_an_element_is_in_the_report() {
    let document = json!({
        "Version": "2019-10-30",
        "StartAction": { "Identifier": "a" },
        "Actions": [
            { "Identifier": "a", "Type": "PlayPrompt", "Parameters": [], "Transitions": 7 },
            5, null, [], { "Identifier": ["x"] }, { "Type": "Compare" }, { "Identifier": "a", "Type": "MessageParticipant" }
        ]
    });
    let imported = imported(&document);
    assert_sound("wrong elements", &imported);
    assert_nothing_left_out("wrong elements", &imported, &document, "");
    assert!(imported.report.notes.iter().any(|note| note.pointer == "/StartAction"));

    let document = json!({ "states": [5, null, [], {}, { "name": 5, "type": [], "properties": 7, "transitions": {} }],
        "initial_state": "gone" });
    let imported = crate::support::imported(&document);
    assert_sound("wrong states", &imported);
    assert_nothing_left_out("wrong states", &imported, &document, "");
    assert!(imported.report.notes.iter().any(|note| note.pointer == "/initial_state"));
}

#[test]
fn what_is_too_large_or_too_deep_is_refused_at_once() {
    let state = json!({ "name": "a", "type": "say-play", "properties": {}, "transitions": [] });
    let many = json!({ "initial_state": "a", "states": vec![state; 10_000] });
    let long = json!({ "states": [], "initial_state": "x".repeat(3 * 1_024 * 1_024) });
    let mut deep = json!([]);
    for _ in 0..100 {
        deep = json!([deep]);
    }
    let deep = json!({ "states": [deep], "initial_state": "a" });
    let wide = json!({ "states": [], "initial_state": "a", "more": vec![0; 300_000] });
    // A pointer to each of its values would be gigabytes.
    let mut under_long_names = json!([vec![json!([]); 190_000], vec![json!([]); 190_000]]);
    let name = "n".repeat(128);
    for _ in 0..60 {
        under_long_names = json!({ name.as_str(): under_long_names });
    }
    let under_long_names = json!({ "states": [], "initial_state": "a", "more": under_long_names });
    let cases = [
        (many, ImportErrorCode::TooLarge, "/states"),
        (long, ImportErrorCode::TooLarge, "/initial_state"),
        (deep, ImportErrorCode::TooDeep, "/states/0/0/0"),
        (wide, ImportErrorCode::TooLarge, "/more"),
        (under_long_names, ImportErrorCode::TooLarge, "/more/nnnn"),
    ];
    for (document, code, pointer) in cases {
        let error = refused(None, &document);
        assert_eq!(error.code, code);
        assert!(error.pointer.starts_with(pointer), "{}", error.pointer);
    }
}

/// As much as the bounds allow of what is costly: texts with tags, ways, conditions, setters to be followed back.
#[test]
fn the_largest_documents_are_imported_like_others() {
    let text = "{{ flow.x | to_json }}".repeat(20);
    let states: Vec<Value> = (0..1_000)
        .map(|n| {
            json!({ "name": format!("s{n}"), "type": "say-play", "properties": { "say": text },
            "transitions": [{ "event": "audioComplete", "next": format!("s{}", n + 1) }] })
        })
        .collect();
    let studio = json!({ "initial_state": "s0", "states": states });
    let actions: Vec<Value> = (0..1_000)
        .map(|n| {
            let errors: Vec<Value> =
                (0..50).map(|e| json!({ "ErrorType": format!("e{e}"), "NextAction": format!("a{}", (n * 7 + e) % 1_000) })).collect();
            json!({ "Identifier": format!("a{n}"), "Type": "TransferContactToQueue", "Parameters": {},
                "Transitions": { "NextAction": format!("a{}", (n + 1) % 1_000), "Errors": errors } })
        })
        .collect();
    let connect = json!({ "Version": "2019-10-30", "StartAction": "a0", "Actions": actions });
    let named_alike: Vec<Value> = (0..400)
        .map(|_| {
            let messages: Vec<Value> = (0..50).map(|n| json!({ "Text": format!("Text {n}") })).collect();
            json!({ "Identifier": "a", "Type": "MessageParticipantIteratively", "Parameters": { "Messages": messages },
                "Transitions": {} })
        })
        .collect();
    let named_alike = json!({ "Version": "2019-10-30", "StartAction": "a", "Actions": named_alike });
    let hooks: Vec<Value> = (0..300)
        .map(|n| {
            let hooks: Map<String, Value> =
                (0..400).map(|hook| (format!("h{hook}"), json!(format!("flow {n} {hook}")))).collect();
            json!({ "Identifier": format!("a{n}"), "Type": "UpdateContactEventHooks", "Parameters": { "EventHooks": hooks },
                "Transitions": { "NextAction": format!("a{}", n + 1) } })
        })
        .collect();
    let hooks = json!({ "Version": "2019-10-30", "StartAction": "a0", "Actions": hooks });
    let documents =
        [("studio", studio), ("connect", connect), ("named alike", named_alike), ("hooks", hooks)];
    for (name, document) in documents {
        let imported = imported(&document);
        assert_sound(name, &imported);
        // What an import costs goes with what it tells of.
        let report = &imported.report;
        assert!(report.elements.len() <= 1_000 && report.findings.len() <= 500, "{name}");
        let told =
            report.elements.iter().map(|element| element.remarks.len()).sum::<usize>() + report.notes.len();
        assert!(told <= 200_000, "{name} tells {told} things");
    }
}

/// Any JSON, with the names that the formats use among its keys and texts.
fn any_json() -> impl Strategy<Value = Value> {
    const WORDS: [&str; 40] = [
        "states",
        "initial_state",
        "name",
        "type",
        "properties",
        "transitions",
        "event",
        "next",
        "conditions",
        "input",
        "trigger",
        "split-based-on",
        "gather-input-on-call",
        "say-play",
        "say",
        "Actions",
        "Version",
        "StartAction",
        "Identifier",
        "Type",
        "Parameters",
        "Transitions",
        "NextAction",
        "Conditions",
        "Condition",
        "Operator",
        "Operands",
        "Errors",
        "Content",
        "modules",
        "branches",
        "parameters",
        "start",
        "task_routing",
        "filters",
        "targets",
        "expression",
        "nodes",
        "definition",
        "{{ widgets.a.parsed[0] | x }}",
    ];
    let word = prop_oneof![
        prop::sample::select(WORDS.to_vec()).prop_map(str::to_owned),
        "[a-z{}%$.'\"<>|\\[\\] ]{0,12}",
        any::<String>(),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        word.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 80, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::vec((word.clone(), inner), 0..8)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// One value of a document, chosen by number.
fn replace(value: &mut Value, at: &mut usize, by: &Value) {
    if *at == 0 {
        *value = by.clone();
    }
    *at = at.wrapping_sub(1);
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, at, by)),
        Value::Object(fields) => fields.iter_mut().for_each(|(_, field)| replace(field, at, by)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum::<usize>(),
        Value::Object(fields) => fields.values().map(count).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_json_is_imported_or_refused(document in any_json(), root in 0_usize..5) {
        let document = match root {
            0 => document,
            1 => json!({ "states": [document], "initial_state": "a" }),
            2 => json!({ "Actions": [document], "StartAction": "a" }),
            3 => json!({ "modules": [document], "start": "a" }),
            _ => json!({ "task_routing": { "filters": [document] } }),
        };
        // Our own documents come in as they are, whatever is in them.
        if let Ok(imported) = import(None, &document, &Mapping::default())
            && imported.report.source != Source::CallDocker
        {
            assert_sound("any JSON", &imported);
        }
    }

    #[test]
    fn a_document_with_anything_in_it_is_imported_or_refused(
        fixture_number in 0_usize..6,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any_json()), 1..6),
    ) {
        const FIXTURES: [&str; 6] =
            ["studio-voice", "studio-conditions", "studio-unsupported", "connect-call", "connect-legacy", "taskrouter-plain"];
        let mut document = fixture(FIXTURES[fixture_number]);
        for (at, by) in changes {
            let mut at = at.index(count(&document));
            replace(&mut document, &mut at, &by);
        }
        // Our own documents come in as they are, whatever is in them.
        if let Ok(imported) = import(None, &document, &Mapping::default())
            && imported.report.source != Source::CallDocker
        {
            assert_sound(FIXTURES[fixture_number], &imported);
        }
    }
}
