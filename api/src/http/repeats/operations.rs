//! Which operations take an `Idempotency-Key`, and what the specification says of it.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{KEY, REPLAYED};
use crate::http::spec::{PERMISSION, Spec};

/// Their use cases claim the key in the transaction that does what is asked (`store/idempotency.rs`).
pub const CLAIMED_WITHIN: [&str; 7] = [
    "createCall",
    "createExport",
    "createUser",
    "erasePerson",
    "exportPerson",
    "importContacts",
    "inviteUser",
];

/// Mutations of which no answer is kept, beside those of callers whom nobody knows and those that take or give files.
pub const NOT_KEPT: [&str; 8] = [
    // Access tokens are good for minutes; asked again, new ones are made.
    "acceptInvitation",
    "createVoiceToken",
    "switchCompany",
    // They only ask.
    "replayFlow",
    "runFlowTests",
    "simulateFlow",
    // What it says of the file stands in headers, and where the upload is in one of the answer's.
    "beginUpload",
    // It says that somebody is there now.
    "sendHeartbeat",
];

const PARAMETER: &str = "#/components/parameters/IdempotencyKey";
const HEADER: &str = "#/components/headers/IdempotencyReplayed";

/// Says in a specification which operations take a key.
pub fn describe(document: &mut Value) {
    let mut any = false;
    for item in document["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut()) {
        let methods = item.as_object_mut().into_iter().flatten();
        for (_, operation) in methods.filter(|(method, operation)| takes_key(method, operation)) {
            any = true;
            let id = operation["operationId"].as_str().unwrap_or_default();
            let within = CLAIMED_WITHIN.contains(&id);
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let (own, mut parameters): (Vec<_>, Vec<_>) =
                parameters.into_iter().partition(|parameter| parameter["name"] == KEY);
            assert_eq!(
                !own.is_empty(),
                within,
                "{id}: a use case that takes the key stands in CLAIMED_WITHIN"
            );
            parameters.push(json!({ "$ref": PARAMETER }));
            operation["parameters"] = json!(parameters);
            for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
                if status.starts_with('2') && !within {
                    response["headers"][REPLAYED] = json!({ "$ref": HEADER });
                }
            }
        }
    }
    if !any {
        return;
    }
    document["components"]["parameters"]["IdempotencyKey"] = json!({
        "name": KEY,
        "in": "header",
        "required": false,
        "description": "Names this request, so that it is done once however often it is sent: 1 to 255 visible characters of ASCII, new \
                        for each request, e.g. a UUID. For 24 hours the same request with the same key gets the first answer again; \
                        docs/idempotency.md says which.",
        "schema": { "type": "string", "minLength": 1, "maxLength": 255 },
    });
    document["components"]["headers"]["IdempotencyReplayed"] = json!({
        "description": "`true` when this is the answer to an earlier request with the same `Idempotency-Key`.",
        "schema": { "type": "boolean" },
    });
}

/// Whether it changes something for somebody whom we know, takes JSON or nothing, and gives JSON. A use case that claims the key
/// may take a file.
fn takes_key(method: &str, operation: &Value) -> bool {
    let id = operation["operationId"].as_str().unwrap_or_default();
    let is_json = |content: &Value| {
        content.as_object().is_none_or(|kinds| kinds.keys().all(|kind| kind.starts_with("application/json")))
    };
    let answers = operation["responses"].as_object().into_iter().flatten();
    matches!(method, "post" | "put" | "patch" | "delete")
        && operation[PERMISSION].is_string()
        && !NOT_KEPT.contains(&id)
        && (CLAIMED_WITHIN.contains(&id) || is_json(&operation["requestBody"]["content"]))
        && answers
            .filter(|(status, _)| status.starts_with('2'))
            .all(|(_, answer)| is_json(&answer["content"]))
}

/// The permissions of the operations whose answers are kept, by their ids.
pub fn kept(spec: &Spec) -> HashMap<String, String> {
    let document = spec.document();
    let kept = spec.operations().into_iter().filter(|operation| {
        let item = &document["paths"][operation.path][operation.method.to_lowercase()];
        takes_key(&operation.method.to_lowercase(), item) && !CLAIMED_WITHIN.contains(&operation.id)
    });
    kept.filter_map(|operation| Some((operation.id.to_owned(), operation.permission?.to_owned()))).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_change_takes_a_key_but_those_that_are_listed() {
        let spec = crate::http::specification().unwrap();
        let page = include_str!("../../../../docs/idempotency.md");
        let kept = kept(spec);
        assert!(kept.len() > 100, "only {} operations keep answers", kept.len());
        let mut without = BTreeSet::new();
        for operation in spec.operations().into_iter().filter(|operation| operation.method != "GET") {
            let item = &spec.document()["paths"][operation.path][operation.method.to_lowercase()];
            let parameters = item["parameters"].as_array().cloned().unwrap_or_default();
            let takes = parameters.iter().any(|parameter| parameter["$ref"] == PARAMETER);
            let within = CLAIMED_WITHIN.contains(&operation.id);
            assert_eq!(takes, within || kept.contains_key(operation.id), "{}", operation.id);
            if !takes || within {
                without.insert(operation.id);
            }
        }
        for id in NOT_KEPT.iter().chain(&CLAIMED_WITHIN).chain(&without) {
            assert!(without.contains(id), "{id} is no operation, or takes a key");
            assert!(page.contains(&format!("`{id}`")), "docs/idempotency.md does not name {id}");
        }
    }
}
