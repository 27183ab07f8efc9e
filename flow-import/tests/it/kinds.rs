//! What a flow is for: told by the wrapper, by the metadata, or by what it does.

use ivr_engine::{Flow, FlowKind};
use serde_json::{Value, json};

use crate::support::{assert_engine_agrees, assert_sound, flow, imported};

fn action(id: &str, action_type: &str, parameters: Value, next: Option<&str>) -> Value {
    let transitions = next.map_or_else(|| json!({}), |next| json!({ "NextAction": next }));
    json!({ "Identifier": id, "Type": action_type, "Parameters": parameters, "Transitions": transitions })
}

fn content(start: &str, actions: Vec<Value>) -> Value {
    json!({ "Version": "2019-10-30", "StartAction": start, "Metadata": {}, "Actions": actions })
}

fn wrapped(flow_type: &str, content: &Value) -> Value {
    json!({ "Name": "A flow", "Type": flow_type, "Content": content.to_string() })
}

/// The flow that it becomes, which the engine takes.
fn taken(document: &Value) -> (Flow, Value) {
    let imported = imported(document);
    assert_sound("a flow", &imported);
    assert_engine_agrees("a flow", &imported, &[]);
    let document = flow(&imported).clone();
    (Flow::parse(&document).expect("the engine takes it"), document)
}

#[test]
fn what_a_held_caller_hears_begins_anew_at_its_end() {
    let messages =
        json!({ "Messages": [{ "SSML": "<speak>You are on hold <break time=\"10s\"/></speak>" }] });
    let hold = content("a", vec![action("a", "MessageParticipantIteratively", messages, None)]);
    for document in [wrapped("CUSTOMER_HOLD", &hold), wrapped("AGENT_HOLD", &hold), hold] {
        let (flow, document) = taken(&document);
        assert_eq!(flow.kind(), FlowKind::Hold);
        assert_eq!(document["nodes"]["a"]["text"], "You are on hold");
        assert_eq!(document["nodes"]["a"]["next"], Value::Null, "the server lets it begin anew");
    }
}

#[test]
fn a_whisper_knows_the_queue_and_ends_by_itself() {
    let whisper = content(
        "a",
        vec![
            action("a", "MessageParticipant", json!({ "Text": "A call for $.Queue.Name." }), Some("b")),
            action("b", "EndFlowExecution", json!({}), None),
        ],
    );
    for flow_type in ["AGENT_WHISPER", "CUSTOMER_WHISPER", "OUTBOUND_WHISPER"] {
        let (flow, document) = taken(&wrapped(flow_type, &whisper));
        assert_eq!(flow.kind(), FlowKind::Whisper);
        assert_eq!(document["nodes"]["a"]["text"], "A call for {{ call.queue }}.");
    }
    let (_, document) = taken(&wrapped("CONTACT_FLOW", &whisper));
    assert_eq!(document["nodes"]["a"]["text"], "A call for {{ vars.target_queue }}.");
}

#[test]
fn a_flow_in_which_nothing_happens_is_a_flow() {
    let nothing = content("a", vec![action("a", "EndFlowExecution", json!({}), None)]);
    for flow_type in ["CONTACT_FLOW", "CUSTOMER_QUEUE", "CUSTOMER_HOLD", "AGENT_WHISPER"] {
        taken(&wrapped(flow_type, &nothing));
    }
    taken(&json!({ "initial_state": "Trigger", "states": [
        { "name": "Trigger", "type": "trigger", "properties": {}, "transitions": [] }] }));
    taken(&json!({ "task_routing": { "filters": [] } }));
}

#[test]
fn a_module_goes_back_to_the_flow_that_has_called_it() {
    let module = content(
        "a",
        vec![
            action("a", "UpdateContactAttributes", json!({ "Attributes": { "seen": "yes" } }), Some("b")),
            action("b", "EndFlowModuleExecution", json!({}), None),
        ],
    );
    let (_, document) = taken(&module);
    assert_eq!(document["nodes"]["b"]["type"], "return");
}

#[test]
fn a_flow_of_studio_that_others_call_takes_parameters_and_returns() {
    let (flow, document) = taken(&json!({ "initial_state": "Trigger", "states": [
        { "name": "Trigger", "type": "trigger", "properties": {},
          "transitions": [{ "event": "incomingParent", "next": "hello" }] },
        { "name": "hello", "type": "say-play", "properties": { "say": "Hello {{trigger.parent.parameters.name}}" },
          "transitions": [{ "event": "audioComplete" }] }] }));
    assert_eq!(flow.parameters(), ["name"]);
    assert_eq!(document["nodes"]["hello"]["text"], "Hello {{ vars.name }}");
    assert_eq!(document["nodes"]["end"]["type"], "return");
}

#[test]
fn actions_that_lead_in_a_circle_in_which_nothing_happens_end() {
    let circle = content(
        "a",
        vec![
            action("a", "UpdateFlowLoggingBehavior", json!({}), Some("b")),
            action("b", "UpdateFlowLoggingBehavior", json!({}), Some("a")),
        ],
    );
    let (_, document) = taken(&circle);
    assert_eq!(document["start"], "end");
}
