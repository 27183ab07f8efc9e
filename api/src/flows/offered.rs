//! What of the flow format this server can do in a call. The format and the engine know more: a flow that needs it is told
//! so when it is saved, and cannot be published, rather than fail at a caller.

use ivr_engine::{Finding, FindingCode, Severity};
use serde_json::Value;

/// Settings of nodes, as JSON pointers below the node.
const SETTINGS: [(&str, &str); 1] = [("voicemail", "/transcribe")];

/// Everything in the document that would not be done. A document of another form has findings of its own.
pub fn missing(document: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (id, node) in document["nodes"].as_object().into_iter().flatten() {
        let Some(kind) = node["type"].as_str() else { continue };
        let place = format!("/nodes/{}", id.replace('~', "~0").replace('/', "~1"));
        for (_, setting) in SETTINGS.iter().filter(|(of, _)| *of == kind) {
            let is_set =
                node.pointer(setting).is_some_and(|value| !matches!(value, Value::Null | Value::Bool(false)));
            if is_set {
                let name = setting.rsplit('/').next().unwrap_or_default();
                let message = format!("`{name}` of a node of the type `{kind}` is not offered yet");
                findings.push(finding(Some(id), format!("{place}{setting}"), message));
            }
        }
    }
    findings
}

fn finding(node: Option<&String>, field: String, message: String) -> Finding {
    Finding {
        severity: Severity::Error,
        code: FindingCode::NotOffered,
        node: node.cloned(),
        port: None,
        field: Some(field),
        message,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_cannot_be_done_is_named_where_it_stands() {
        let document = json!({ "nodes": {
            "mail/1": { "type": "voicemail", "transcribe": true },
            "mail": { "type": "voicemail", "transcribe": false },
            "hello": { "type": "say", "text": "Hello" },
        } });
        let fields: Vec<_> = missing(&document).into_iter().filter_map(|finding| finding.field).collect();
        assert_eq!(fields, ["/nodes/mail~11/transcribe"]);
    }
}
