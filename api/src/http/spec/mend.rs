//! What is wrong at any depth of poem-openapi's output.

use serde_json::{Map, Value, json};

pub(super) fn mend(value: &mut Value) {
    match value {
        Value::Object(map) => {
            // What is the default anyway.
            map.retain(|key, value| {
                !(key == "deprecated" && *value == false || key == "explode" && *value == true)
            });
            mend_reference(map);
            mend_default(map);
            mend_format(map);
            if let Some(content) = map.get_mut("content").and_then(Value::as_object_mut) {
                for (with_charset, plain) in [
                    ("application/json; charset=utf-8", "application/json"),
                    ("text/plain; charset=utf-8", "text/plain"),
                ] {
                    if let Some(media) = content.remove(with_charset) {
                        content.insert(plain.to_owned(), media);
                    }
                }
            }
            if let Some(headers) = map.get_mut("headers").and_then(Value::as_object_mut) {
                *headers = std::mem::take(headers)
                    .into_iter()
                    .map(|(name, header)| (header_case(&name), header))
                    .collect();
            }
            map.values_mut().for_each(mend);
        }
        Value::Array(values) => values.iter_mut().for_each(mend),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A named schema that is described, or has a default, where it is used: in 3.1 that stands beside the `$ref`, and every
/// generator reads it there.
fn mend_reference(map: &mut Map<String, Value>) {
    let Some([reference, notes @ ..]) = map.get("allOf").and_then(Value::as_array).map(Vec::as_slice) else {
        return;
    };
    let only_notes = |note: &Value| {
        note.as_object()
            .is_some_and(|note| note.keys().all(|key| ["default", "description"].contains(&key.as_str())))
    };
    if reference.get("$ref").is_none() || !notes.iter().all(only_notes) {
        return;
    }
    let Some(Value::Array(parts)) = map.remove("allOf") else { return };
    for (key, value) in parts.into_iter().filter_map(|part| Some(part.as_object()?.clone())).flatten() {
        map.entry(key).or_insert(value);
    }
}

/// `default: null` is not valid for a type that is not nullable.
fn mend_default(map: &mut Map<String, Value>) {
    if map.get("default").is_some_and(Value::is_null) {
        map.remove("default");
    }
}

/// OpenAPI knows int32 and int64 only.
fn mend_format(map: &mut Map<String, Value>) {
    let (format, largest) = match map.get("format").and_then(Value::as_str) {
        Some("uint8") => ("int32", Some(u64::from(u8::MAX))),
        Some("uint16") => ("int32", Some(u64::from(u16::MAX))),
        Some("uint32") => ("int64", Some(u64::from(u32::MAX))),
        Some("uint64" | "uint") => ("int64", None),
        Some(_) | None => return,
    };
    map.insert("format".to_owned(), json!(format));
    map.entry("minimum").or_insert(json!(0));
    if let Some(largest) = largest {
        map.entry("maximum").or_insert(json!(largest));
    }
}

fn header_case(name: &str) -> String {
    let capital = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        format!("{}{}", first.to_uppercase(), rest.to_lowercase())
    };
    name.split('-').map(capital).collect::<Vec<_>>().join("-")
}
