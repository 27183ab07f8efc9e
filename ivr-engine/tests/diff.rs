//! What is told of two versions of a flow.

use ivr_engine::{FlowDiff, NodeChange, NodeDiff, PortMove, diff};
use serde_json::{Value, json};

fn acme() -> Value {
    serde_json::from_str(include_str!("../samples/acme.json")).expect("JSON")
}

fn changed(change: impl FnOnce(&mut Value)) -> FlowDiff {
    let mut new = acme();
    change(&mut new);
    diff(&acme(), &new)
}

#[test]
fn a_flow_is_not_different_from_itself() {
    let same = changed(|_| ());
    assert_eq!(same, FlowDiff::default());
    assert!(same.is_only_layout());
}

#[test]
fn nodes_come_and_go_and_change_their_fields_and_ports() {
    let different = changed(|flow| {
        flow["language"] = json!("en-GB");
        flow["nodes"]["extra"] = json!({ "type": "hangup" });
        flow["nodes"].as_object_mut().expect("nodes").remove("goodbye");
        flow["nodes"]["sales"]["priority"] = json!(70);
        flow["nodes"]["sales"]["maxWaitSeconds"] = json!(600);
        flow["nodes"]["main-menu"]["choices"][1]["phrases"] = json!(["support"]);
        flow["nodes"]["main-menu"]["choices"][0]["digits"] = json!("5");
        flow["nodes"]["main-menu"]["next"]["1"] = json!("extra");
        flow["nodes"]["main-menu"]["next"]["new/port"] = json!("extra");
        flow["nodes"]["main-menu"]["next"].as_object_mut().expect("ports").remove("2");
    });
    assert_eq!(different.head, ["/language"]);
    let node = |id: &str| &different.nodes.iter().find(|node| node.node == id).expect(id).change;
    assert_eq!(node("extra"), &NodeChange::Added);
    assert_eq!(node("goodbye"), &NodeChange::Removed);
    assert_eq!(
        node("sales"),
        &NodeChange::Changed { fields: vec!["/priority".to_owned()], ports: Vec::new() },
        "what is said again as it was is no change"
    );
    let port = |port: &str, from: Option<&str>, to: Option<&str>| PortMove {
        port: port.to_owned(),
        from: from.map(str::to_owned),
        to: to.map(str::to_owned),
    };
    assert_eq!(
        node("main-menu"),
        &NodeChange::Changed {
            fields: vec!["/choices/0/digits".to_owned(), "/choices/1/phrases".to_owned()],
            ports: vec![
                port("1", Some("sales"), Some("extra")),
                port("2", Some("support"), None),
                port("new/port", None, Some("extra")),
            ],
        }
    );
    assert_eq!(different.nodes.len(), 4);
}

#[test]
fn what_only_looks_different_is_told_apart() {
    let moved = changed(|flow| {
        flow["nodes"]["sales"]["position"] = json!({ "x": 10, "y": 20 });
        flow["nodes"]["support"]["note"] = json!("Ask Ada.");
    });
    assert_eq!(moved.layout, ["sales", "support"]);
    assert!(moved.is_only_layout());
}

#[test]
fn a_node_of_another_type_is_a_changed_one() {
    let different = changed(|flow| flow["nodes"]["goodbye"] = json!({ "type": "return", "note": "x" }));
    let [NodeDiff { node, change: NodeChange::Changed { fields, ports } }] = &different.nodes[..] else {
        panic!("{different:?}")
    };
    assert_eq!((node.as_str(), ports.len()), ("goodbye", 0));
    assert!(fields.contains(&"/type".to_owned()), "{fields:?}");
}

#[test]
fn drafts_that_are_no_flows_are_compared_as_well() {
    assert_eq!(diff(&json!(5), &json!("x")), FlowDiff::default());
    let from_nothing = diff(&json!({ "nodes": 5 }), &acme());
    assert!(from_nothing.nodes.iter().all(|node| node.change == NodeChange::Added));
    assert!(from_nothing.head.contains(&"/start".to_owned()));
}

#[test]
fn the_difference_is_json() {
    let different = changed(|flow| flow["nodes"]["sales"]["next"]["failed"] = json!("goodbye"));
    let told = serde_json::to_value(&different.nodes[0]).expect("JSON");
    assert_eq!(told["node"], json!("sales"));
    assert_eq!(told["change"]["type"], json!("changed"));
    assert_eq!(told["change"]["ports"][0]["to"], json!("goodbye"));
}
