//! The second call: references are filled in.

use flow_import::{Mapping, ReferenceKind, Target, import};
use serde_json::json;

use crate::support::{assert_sound, fixture, flow, imported};

#[test]
fn what_is_mapped_stands_in_the_document() {
    let document = fixture("studio-voice");
    let first = imported(&document);
    let workflow =
        first.report.references.iter().find(|known| known.reference.starts_with("WW")).expect("told");
    assert_eq!(
        (workflow.kind, workflow.required, workflow.mapped.as_deref()),
        (ReferenceKind::Queue, true, None)
    );
    assert_eq!(workflow.uses[0].node.as_deref(), Some("wait"));
    assert_eq!(workflow.uses[0].field.as_deref(), Some("queue"));

    let mapping = Mapping::from_iter([
        (workflow.reference.as_str(), "Reception"),
        ("https://${DOMAIN}/notify", "https://crm.example.com/notify"),
        ("https://media.example.com/number.mp3", "Ask for the number"),
        ("FW00000000000000000000000000000000", "Identify"),
    ]);
    let second = import(None, &document, &mapping).expect("it can be imported");
    let nodes = &flow(&second)["nodes"];
    assert_eq!(nodes["wait"]["queue"], "Reception");
    assert_eq!(nodes["notify"]["url"], "https://crm.example.com/notify");
    assert_eq!(nodes["number"]["library"], "Ask for the number");
    assert_eq!(nodes["number"]["play"], json!(null));
    assert_eq!(nodes["sub"]["flow"], "Identify");
    let workflow =
        second.report.references.iter().find(|known| known.reference.starts_with("WW")).expect("told");
    assert_eq!(workflow.mapped.as_deref(), Some("Reception"));
    assert_sound("mapped", &second);
}

#[test]
fn what_still_has_to_be_mapped_is_told_as_data() {
    let document = fixture("studio-voice");
    let open = |mapping: &Mapping| -> Vec<String> {
        let imported = import(None, &document, mapping).expect("it can be imported");
        imported.report.open_references().map(|reference| reference.reference.clone()).collect()
    };
    let first = open(&Mapping::default());
    assert!(first.iter().any(|reference| reference.starts_with("WW")), "{first:?}");
    assert!(first.iter().any(|reference| reference.starts_with("FW")), "{first:?}");
    assert!(
        !first.iter().any(|reference| reference.contains("media.example.com")),
        "a public address works as it is"
    );
    let all: Mapping =
        first.iter().map(|reference| (reference.as_str(), "https://example.com/mapped")).collect();
    assert_eq!(open(&all), Vec::<String>::new());
}

#[test]
fn a_workflow_can_be_a_flow_here() {
    let mapping = Mapping::from_iter([("WW00000000000000000000000000000000", "flow:Support and sales")]);
    let imported = import(None, &fixture("studio-voice"), &mapping).expect("it can be imported");
    assert_eq!(flow(&imported)["nodes"]["wait"]["type"], "goto");
    assert_eq!(flow(&imported)["nodes"]["wait"]["flow"], "Support and sales");
    assert_sound("a goto", &imported);
}

#[test]
fn hours_of_operation_are_mapped_to_a_schedule() {
    let document = fixture("connect-call");
    let first = imported(&document);
    assert_eq!(flow(&first)["nodes"]["hours"]["type"], "disabled");
    let hours =
        first.report.references.iter().find(|known| known.kind == ReferenceKind::Hours).expect("told");
    assert_eq!(hours.suggestion.as_deref(), Some("Office"));

    let schedule =
        json!({ "zone": "Europe/London", "weekly": { "mon": [{ "from": "09:00", "to": "17:00" }] } });
    let mut mapping = Mapping::default();
    mapping.0.insert(hours.reference.clone(), Target::Schedule(schedule));
    let second = import(None, &document, &mapping).expect("it can be imported");
    let node = &flow(&second)["nodes"]["hours"];
    assert_eq!((&node["type"], &node["zone"]), (&json!("hours"), &json!("Europe/London")));
    assert_eq!(node["next"]["open"], "compare");

    let broken = Target::Schedule(json!({ "zone": "Nowhere", "weekly": {} }));
    mapping.0.insert(hours.reference.clone(), broken);
    let third = import(None, &document, &mapping).expect("it can be imported");
    assert_eq!(flow(&third)["nodes"]["hours"]["type"], "disabled");
    assert!(flow(&third)["nodes"]["hours"]["reason"].as_str().expect("a reason").contains("IANA"));
}

#[test]
fn queues_that_were_set_before_are_named_where_the_call_waits() {
    let imported = imported(&fixture("connect-call"));
    let nodes = flow(&imported)["nodes"].as_object().expect("nodes");
    // Two queues can have been set before the transfer: a branch on the variable decides.
    assert_eq!(nodes["transfer"]["type"], "branch");
    let queues: Vec<_> = nodes
        .iter()
        .filter(|(id, node)| id.starts_with("transfer") && node["type"] == "enqueue")
        .map(|(_, node)| node["queue"].as_str().expect("a queue"))
        .collect();
    assert_eq!(queues.len(), 2, "{queues:?}");
    assert!(queues.contains(&"sales") && queues.contains(&"Service"), "{queues:?}");
    assert_eq!(nodes["sales"]["variables"]["target_queue"], "sales");
    assert_eq!(nodes["skilled"]["skills"], json!([{ "skill": "Language: English", "level": 8 }]));
}
