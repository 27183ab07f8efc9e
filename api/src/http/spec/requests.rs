//! Which schemas bodies of requests are made of.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// The named schemas that bodies are made of: those in which unknown properties are refused.
pub(super) fn reachable_from_requests(document: &Value) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&Value> = Vec::new();
    for item in document["paths"].as_object().into_iter().flat_map(Map::values) {
        open.extend(
            item.as_object()
                .into_iter()
                .flat_map(Map::values)
                .filter_map(|operation| operation.get("requestBody")),
        );
    }
    while let Some(value) = open.pop() {
        match value {
            Value::Object(map) => {
                if let Some(name) = map.get("$ref").and_then(Value::as_str).and_then(|r| r.rsplit('/').next())
                    && reached.insert(name.to_owned())
                {
                    open.push(&document["components"]["schemas"][name]);
                }
                open.extend(map.values());
            }
            Value::Array(values) => open.extend(values),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    reached
}
