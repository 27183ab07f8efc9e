//! This crate's own documents, which have every type of widget, action, module and rule: what becomes of each is in the
//! snapshots. After a change of the importer, `INSTA_UPDATE=always cargo test -p flow-import` writes them anew; read
//! what has changed.

use flow_import::{Imported, Mapping, import};
use ivr_engine::FindingCode;
use serde_json::{Value, json};

use crate::support::{
    assert_engine_agrees, assert_nothing_left_out, assert_sound, fixture, imported, sorted,
};

fn snapshot(name: &str, imported: &Imported) {
    let value = serde_json::to_value(imported).expect("an import is JSON");
    insta::assert_snapshot!(name, serde_json::to_string_pretty(&sorted(&value)).expect("JSON"));
}

fn inside(document: &Value, field: &str) -> Value {
    serde_json::from_str(document.as_str().unwrap_or_else(|| panic!("{field} is a text"))).expect("JSON")
}

#[test]
fn a_call_flow_of_studio_is_a_call_flow_here() {
    let document = fixture("studio-voice");
    let imported = imported(&document);
    assert_sound("studio-voice", &imported);
    assert_nothing_left_out("studio-voice", &imported, &document, "");
    assert_engine_agrees("studio-voice", &imported, &[]);
    assert_eq!(imported.report.counts.unsupported, 0);
    snapshot("studio_voice", &imported);
}

#[test]
fn every_condition_of_studio_is_a_condition_here() {
    let document = fixture("studio-conditions");
    let imported = imported(&document);
    assert_sound("studio-conditions", &imported);
    assert_nothing_left_out("studio-conditions", &imported, &document, "");
    assert_engine_agrees("studio-conditions", &imported, &[]);
    snapshot("studio_conditions", &imported);
}

#[test]
fn what_studio_has_and_we_have_not_is_kept_disabled() {
    let document = fixture("studio-unsupported");
    let imported = imported(&document);
    assert_sound("studio-unsupported", &imported);
    assert_nothing_left_out("studio-unsupported", &imported, &document["definition"], "/definition");
    assert_engine_agrees("studio-unsupported", &imported, &[FindingCode::NoWayToAnEnd]);
    snapshot("studio_unsupported", &imported);
}

#[test]
fn every_action_of_connect_is_told() {
    let document = fixture("connect-call");
    let imported = imported(&document);
    assert_sound("connect-call", &imported);
    assert_nothing_left_out("connect-call", &imported, &document, "");
    assert_engine_agrees("connect-call", &imported, &[]);
    snapshot("connect_call", &imported);
}

#[test]
fn what_waiting_callers_hear_is_a_flow_of_its_kind() {
    let document = fixture("connect-wait");
    let imported = imported(&document);
    let root = inside(&document["ContactFlow"]["Content"], "Content");
    assert_sound("connect-wait", &imported);
    assert_nothing_left_out("connect-wait", &imported, &root, "/ContactFlow/Content#");
    assert_engine_agrees("connect-wait", &imported, &[]);
    assert_eq!(imported.flows[0]["kind"], "wait");
    snapshot("connect_wait", &imported);
}

#[test]
fn every_module_of_an_older_export_is_told() {
    let document = fixture("connect-legacy");
    let imported = imported(&document);
    assert_sound("connect-legacy", &imported);
    assert_nothing_left_out("connect-legacy", &imported, &document, "");
    assert_engine_agrees("connect-legacy", &imported, &[]);
    snapshot("connect_legacy", &imported);
}

#[test]
fn a_workflow_is_rules_and_a_flow() {
    let document = fixture("taskrouter");
    let imported = imported(&document);
    let root = inside(&document["configuration"], "configuration");
    assert_sound("taskrouter", &imported);
    assert_nothing_left_out("taskrouter", &imported, &root, "/configuration#");
    assert_engine_agrees("taskrouter", &imported, &[]);
    snapshot("taskrouter", &imported);
}

#[test]
fn the_same_document_always_gives_the_same() {
    for name in ["studio-voice", "studio-unsupported", "connect-call", "connect-legacy", "taskrouter"] {
        let document = fixture(name);
        assert_eq!(imported(&document), imported(&document), "{name}");
    }
}

#[test]
fn an_import_is_json_and_can_be_read_back() {
    let first = imported(&fixture("taskrouter"));
    let json = serde_json::to_value(&first).expect("JSON");
    assert_eq!(json["report"]["elements"][0]["type"], json!("workflow"));
    let back: Imported = serde_json::from_value(json).expect("it can be read");
    assert_eq!(back, first);
    let mapping: Mapping =
        serde_json::from_value(json!({ "WW1": "x", "hours": { "zone": "UTC" } })).expect("a mapping");
    assert!(import(None, &fixture("taskrouter"), &mapping).is_ok());
}

/// The page that says what becomes of everything has a word on every type that the fixtures have, and the fixtures have
/// every type that the formats are known to have.
#[test]
fn the_page_tells_of_every_type() {
    const KNOWN: [&str; 56] = [
        "trigger",
        "split-based-on",
        "set-variables",
        "say-play",
        "gather-input-on-call",
        "connect-call-to",
        "make-outgoing-call-v2",
        "record-voicemail",
        "record-call",
        "enqueue-call",
        "send-to-flex",
        "capture-payments",
        "fork-stream",
        "connect-virtual-agent",
        "make-http-request",
        "run-function",
        "run-subflow",
        "add-twiml-redirect",
        "send-message",
        "send-and-wait-for-reply",
        "send-to-auto-pilot",
        "MessageParticipant",
        "GetParticipantInput",
        "MessageParticipantIteratively",
        "ConnectParticipantWithLexBot",
        "DisconnectParticipant",
        "UpdateContactTargetQueue",
        "TransferContactToQueue",
        "DequeueContactAndTransferToQueue",
        "TransferContactToAgent",
        "TransferParticipantToThirdParty",
        "UpdateContactAttributes",
        "UpdateContactData",
        "UpdateContactCallbackNumber",
        "UpdateContactRoutingBehavior",
        "UpdateContactEventHooks",
        "UpdateContactRecordingBehavior",
        "UpdateContactTextToSpeechVoice",
        "InvokeFlowModule",
        "EndFlowExecution",
        "CheckHoursOfOperation",
        "CheckMetricData",
        "GetMetricData",
        "Compare",
        "DistributeByPercentage",
        "Loop",
        "TransferToFlow",
        "UpdateFlowAttributes",
        "UpdateFlowLoggingBehavior",
        "InvokeLambdaFunction",
        "CreateCallbackContact",
        "CreateTask",
        "PlayPrompt",
        "GetUserInput",
        "StoreUserInput",
        "CheckAttribute",
    ];
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/MAPPING.md")).expect("the page");
    let mut types = std::collections::BTreeSet::new();
    for name in [
        "studio-voice",
        "studio-conditions",
        "studio-unsupported",
        "connect-call",
        "connect-wait",
        "connect-legacy",
    ] {
        let report = imported(&fixture(name)).report;
        types.extend(report.elements.into_iter().map(|element| element.element_type));
    }
    for known in KNOWN {
        assert!(page.contains(known), "MAPPING.md does not tell of {known}");
        assert!(types.contains(known), "no fixture has {known}");
    }
}
