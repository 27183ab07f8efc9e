//! Examples of requests and answers, as they went over the wire in the tests: `examples.json` has one of each operation, and
//! `api/tests/it/examples.rs` holds it against what the server answers.

use std::sync::LazyLock;

use serde_json::Value;

static EXAMPLES: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("examples.json")).expect("examples.json is JSON"));

const JSON: &str = "application/json";

/// Puts the examples where they belong.
pub(super) fn show(document: &mut Value) {
    let items = document["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut());
    for operation in items.filter_map(Value::as_object_mut).flat_map(|item| item.values_mut()) {
        let id = operation["operationId"].as_str().unwrap_or_default();
        let Some(example) = EXAMPLES.get(id) else { continue };
        let status = example["status"].to_string();
        put(operation.get_mut("requestBody"), example.get("request"));
        put(operation["responses"].get_mut(&status), example.get("answer"));
    }
}

fn put(body: Option<&mut Value>, example: Option<&Value>) {
    let media = body.and_then(|body| body.get_mut("content")?.get_mut(JSON));
    if let (Some(media), Some(example)) = (media, example) {
        media["example"] = example.clone();
    }
}
