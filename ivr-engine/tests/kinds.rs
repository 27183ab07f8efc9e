//! Flows that are for something else than a call: waiting, holding, whispering.

mod teller;

use ivr_engine::{CallFacts, Catalog, Finding, FindingCode, Flow, FlowKind, NodeType, Severity, validate};
use serde_json::{Value, json};
use teller::{at, caller, check, flow};

const MONDAY: &str = "2026-03-02T12:00:00Z";

fn document(kind: &str, nodes: Value) -> Value {
    json!({ "version": 1, "name": kind, "kind": kind, "start": "a", "nodes": nodes })
}

fn waiting() -> CallFacts {
    CallFacts { queue: Some("sales".to_owned()), agent: Some("Ada".to_owned()), ..caller("+15550100") }
}

/// A node of each type, as small as it can be, all of whose ports lead to `end`.
fn node_of(node_type: NodeType) -> Value {
    let to_end =
        |ports: &[&str]| ports.iter().map(|port| ((*port).to_owned(), json!("end"))).collect::<Value>();
    let hours = json!({ "zone": "UTC", "weekly": {} });
    let sound = json!({ "prompt": "x" });
    let when = json!({ "operand": "digits", "operator": "exists" });
    let entry = ["collected", "timeout", "invalid"];
    let (mut node, ports): (Value, &[&str]) = match node_type {
        NodeType::Say => (json!({ "text": "x" }), &["next"]),
        NodeType::Play => (json!({ "url": "https://example.com/a.mp3" }), &["next"]),
        NodeType::Menu => {
            (json!({ "prompt": "x", "choices": [{ "digits": "1" }] }), &["1", "timeout", "noMatch"])
        }
        NodeType::Collect => (json!({ "prompt": "x", "variable": "x", "maxDigits": 1 }), &entry),
        NodeType::SecureDigits => (json!({ "prompt": "x", "name": "x", "maxDigits": 1 }), &entry),
        NodeType::Survey => (json!({ "name": "x", "question": sound }), &["answered", "timeout"]),
        NodeType::Language => (json!({ "language": "fr" }), &["next"]),
        NodeType::Branch => (json!({ "cases": [{ "port": "x", "when": when }] }), &["x", "else"]),
        NodeType::Hours => (hours, &["open", "closed"]),
        NodeType::Figures => {
            (json!({ "queue": "x", "cases": [{ "port": "x", "when": when }] }), &["x", "else"])
        }
        NodeType::Split => (
            json!({ "shares": [{ "port": "x", "percent": 40 }, { "port": "y", "percent": 60 }] }),
            &["x", "y"],
        ),
        NodeType::Loop => (json!({ "times": 1 }), &["again", "done"]),
        NodeType::Set => (json!({ "variables": { "x": "x" } }), &["next"]),
        NodeType::Request => {
            (json!({ "method": "GET", "url": "https://example.com" }), &["succeeded", "failed"])
        }
        NodeType::FindContact => (json!({}), &["found", "notFound"]),
        NodeType::SaveContact => (json!({ "tags": ["x"] }), &["next"]),
        NodeType::Subflow => (json!({ "flow": "x" }), &["returned", "failed"]),
        NodeType::Return => (json!({}), &[]),
        NodeType::Goto => (json!({ "flow": "x" }), &["failed"]),
        NodeType::Enqueue => (json!({ "queue": "x" }), &["failed"]),
        NodeType::Callback => {
            (json!({ "queue": "x", "when": "inQueue" }), &["accepted", "invalid", "failed"])
        }
        NodeType::Transfer => (json!({ "number": "+15550100" }), &["busy", "noAnswer", "failed"]),
        NodeType::Voicemail => (json!({ "prompt": "x" }), &[]),
        NodeType::Recording => (json!({ "action": "stop" }), &["next"]),
        NodeType::Sms => (json!({ "text": "x" }), &["next"]),
        NodeType::Hangup => (json!({}), &[]),
        NodeType::Note => (json!({ "text": "x" }), &[]),
        NodeType::Disabled => {
            (json!({ "source": { "format": "x", "type": "x", "raw": null }, "reason": "x" }), &["next"])
        }
    };
    node["type"] = json!(node_type.as_str());
    if !ports.is_empty() {
        node["next"] = to_end(ports);
    }
    node
}

fn errors(document: &Value) -> Vec<Finding> {
    let findings = validate(document, &Catalog::unchecked());
    findings.into_iter().filter(|finding| finding.severity == Severity::Error).collect()
}

#[test]
fn each_kind_refuses_what_it_may_not_have_and_names_the_node() {
    let allowed = |kind: &str| -> Vec<&str> {
        let refused = NodeType::ALL.into_iter().filter(|node_type| {
            let end = if kind == "hold" {
                json!({ "type": "say", "text": "x" })
            } else {
                json!({ "type": "hangup" })
            };
            let document = document(kind, json!({ "a": node_of(*node_type), "end": end }));
            let told: Vec<_> = errors(&document)
                .into_iter()
                .filter(|finding| finding.code == FindingCode::NotInThisKind)
                .collect();
            for finding in &told {
                assert_eq!(
                    (finding.node.as_deref(), finding.field.as_deref()),
                    (Some("a"), Some("/nodes/a/type"))
                );
            }
            told.is_empty()
        });
        refused.map(NodeType::as_str).collect()
    };
    assert_eq!(allowed("call").len(), NodeType::ALL.len());
    assert_eq!(
        allowed("wait"),
        [
            "say",
            "play",
            "menu",
            "collect",
            "language",
            "branch",
            "hours",
            "figures",
            "split",
            "loop",
            "set",
            "callback",
            "voicemail",
            "hangup",
            "note",
            "disabled"
        ]
    );
    assert_eq!(
        allowed("hold"),
        ["say", "play", "language", "branch", "hours", "figures", "split", "loop", "set", "note", "disabled"]
    );
    assert_eq!(
        allowed("whisper"),
        ["say", "play", "menu", "language", "branch", "hours", "split", "set", "hangup", "note", "disabled"]
    );
}

/// The page says the same: if this fails, FLOWS.md has been left behind.
#[test]
fn the_page_lists_what_each_kind_may_have() {
    let page = include_str!("../FLOWS.md");
    for (kind, row) in
        [(FlowKind::Wait, "| `wait` |"), (FlowKind::Hold, "| `hold` |"), (FlowKind::Whisper, "| `whisper` |")]
    {
        let row = page.lines().find(|line| line.starts_with(row)).expect("a row of the kind");
        for node_type in NodeType::ALL.into_iter().filter(|node_type| *node_type != NodeType::Disabled) {
            let listed = row.contains(&format!("`{node_type}`"));
            assert_eq!(listed, node_type.is_allowed_in(kind), "{node_type} in {row}");
        }
    }
}

#[test]
fn a_flow_for_waiting_begins_anew_at_its_open_end() {
    let wait = flow(&document(
        "wait",
        json!({
            "a": { "type": "menu", "prompt": "You wait in {{ call.queue }}. To be called back, press 1.", "retries": 0,
                   "choices": [{ "digits": "1" }], "next": { "1": "b" } },
            "b": { "type": "callback", "queue": "sales", "when": "inQueue", "confirm": false, "next": { "accepted": "c" } },
            "c": { "type": "hangup", "prompt": "We will call." }
        }),
    ));
    assert_eq!(wait.kind(), FlowKind::Wait);
    check(
        &wait,
        waiting(),
        at(MONDAY),
        "
        > rings
          a waits
          ask: say [en-US] You wait in sales. To be called back, press 1.
          gather keys, 1 at most, 5 s, en-US
        > silence
          a -> timeout
          at its end
        > silence
          over
        ",
    );
    check(
        &wait,
        waiting(),
        at(MONDAY),
        "
        > rings
          a waits
          ask: say [en-US] You wait in sales. To be called back, press 1.
          gather keys, 1 at most, 5 s, en-US
        > presses 1
          a -> 1
          call back +15550100 in his turn, by sales, priority 50, 3 times, every 15 min
        > callback accepted
          b -> accepted
          c ends
          say [en-US] We will call.
          hang up: Completed
        ",
    );
    check(
        &wait,
        waiting(),
        at(MONDAY),
        "
        > rings
          a waits
          ask: say [en-US] You wait in sales. To be called back, press 1.
          gather keys, 1 at most, 5 s, en-US
        > presses 1
          a -> 1
          call back +15550100 in his turn, by sales, priority 50, 3 times, every 15 min
        > callback failed
          b -> failed
          at its end
        ",
    );
}

#[test]
fn a_flow_for_holding_and_one_for_whispering_know_the_agent() {
    let hold = flow(&document(
        "hold",
        json!({
            "a": { "type": "branch", "cases": [{ "port": "ada", "when": { "operand": "agent", "operator": "equals", "value": "ada" } }],
                   "next": { "ada": "b" } },
            "b": { "type": "say", "text": "{{ call.agent }} is back in a moment.", "next": { "next": "c" } },
            "c": { "type": "play", "url": "https://example.com/music.mp3" }
        }),
    ));
    check(
        &hold,
        waiting(),
        at(MONDAY),
        "
        > rings
          a -> ada
          b -> next
          c -> next
          say [en-US] Ada is back in a moment.
          play https://example.com/music.mp3
          at its end
        ",
    );
    let whisper = flow(&document(
        "whisper",
        json!({
            "a": { "type": "menu", "prompt": "A call of {{ call.queue }} from {{ call.from }}. To refuse it, press 9.",
                   "choices": [{ "digits": "9" }], "retries": 0, "next": { "9": "b" } },
            "b": { "type": "hangup" }
        }),
    ));
    check(
        &whisper,
        waiting(),
        at(MONDAY),
        "
        > rings
          a waits
          ask: say [en-US] A call of sales from +15550100. To refuse it, press 9.
          gather keys, 1 at most, 5 s, en-US
        > presses 9
          a -> 9
          b ends
          hang up: Completed
        ",
    );
    check(
        &whisper,
        waiting(),
        at(MONDAY),
        "
        > rings
          a waits
          ask: say [en-US] A call of sales from +15550100. To refuse it, press 9.
          gather keys, 1 at most, 5 s, en-US
        > silence
          a -> timeout
          at its end
        ",
    );
}

#[test]
fn a_flow_that_begins_anew_without_a_sound_is_warned_of() {
    let silent = |kind: &str, nodes: Value| -> Vec<(Severity, String)> {
        validate(&document(kind, nodes), &Catalog::unchecked())
            .into_iter()
            .filter(|finding| finding.code == FindingCode::SilentRound)
            .map(|finding| (finding.severity, finding.node.unwrap_or_default()))
            .collect()
    };
    let branch = |next: Value| json!({ "type": "branch", "cases": [{ "port": "x", "when": { "operand": "agent", "operator": "exists" } }], "next": next });
    let music = json!({ "type": "play", "url": "https://example.com/music.mp3" });
    let by_else = json!({ "a": branch(json!({ "x": "b" })), "b": music });
    assert_eq!(silent("hold", by_else.clone()), [(Severity::Warning, "a".to_owned())]);
    assert_eq!(silent("wait", by_else.clone()), [(Severity::Warning, "a".to_owned())]);
    assert_eq!(silent("whisper", by_else), [], "the agent is joined, once");
    assert_eq!(silent("hold", json!({ "a": branch(json!({ "x": "b", "else": "b" })), "b": music })), []);
    let set = json!({ "type": "set", "variables": { "x": "y" } });
    assert_eq!(silent("wait", json!({ "a": set })), [(Severity::Warning, "a".to_owned())]);
    let sung = json!({ "a": music, "b": branch(json!({})) });
    assert_eq!(silent("wait", sung), [], "nothing leads there before the music");
    let over = json!({ "a": { "type": "set", "variables": { "x": "y" }, "next": { "next": "b" } }, "b": { "type": "hangup" } });
    assert_eq!(silent("wait", over), []);
}

#[test]
fn a_flow_that_nobody_can_call_takes_no_arguments() {
    let mut hold = document("hold", json!({ "a": { "type": "say", "text": "x" } }));
    assert!(Flow::parse(&hold).is_ok());
    hold["parameters"] = json!(["x"]);
    assert_eq!(errors(&hold)[0].field.as_deref(), Some("/parameters"));
    hold["kind"] = json!("dance");
    assert_eq!(errors(&hold)[0].field.as_deref(), Some("/kind"));
}
