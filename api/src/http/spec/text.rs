//! The document as text that a person reads.

use serde_json::Value;

use super::PERMISSION;

/// The order in which a person reads a document; other keys follow by the alphabet.
const ORDER: [&str; 16] = [
    "openapi",
    "info",
    "servers",
    "tags",
    "paths",
    "components",
    "operationId",
    "summary",
    "description",
    PERMISSION,
    "security",
    "parameters",
    "requestBody",
    "responses",
    "$ref",
    "type",
];

pub(super) fn ordered(value: &Value) -> serde_yaml::Value {
    match value {
        Value::Object(map) => {
            let rank = |key: &str| ORDER.iter().position(|known| *known == key).unwrap_or(ORDER.len());
            let mut keys: Vec<_> = map.keys().collect();
            keys.sort_by_key(|key| (rank(key), key.as_str()));
            keys.into_iter()
                .map(|key| (key.as_str().into(), ordered(&map[key])))
                .collect::<serde_yaml::Mapping>()
                .into()
        }
        Value::Array(values) => values.iter().map(ordered).collect::<Vec<_>>().into(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            serde_yaml::to_value(value).expect("a plain value is YAML")
        }
    }
}
