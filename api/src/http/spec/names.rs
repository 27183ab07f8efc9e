//! The names under which generated clients know the schemas.

use serde_json::{Map, Value};

/// Our suffixes say which way a type goes, and a client rather wants `User`, `UserInput` and `UserListReply`.
pub(super) fn name_for_clients(document: &mut Value) {
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else { return };
    let mut renamed = Map::new();
    for (name, mut schema) in std::mem::take(schemas) {
        // It repeats the name in Rust, and generators would take it for the better one.
        schema.as_object_mut().and_then(|schema| schema.remove("title"));
        let before = renamed.insert(client_name(&name), schema);
        assert!(
            before.is_none(),
            "two schemas are {} to a client: rename one with #[oai(rename)]",
            client_name(&name)
        );
    }
    *schemas = renamed;
    rename_references(document);
}

fn rename_references(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(target) if key == "$ref" || target.starts_with("#/components/schemas/") => {
                        if let Some(name) = target.strip_prefix("#/components/schemas/") {
                            *target = format!("#/components/schemas/{}", client_name(name));
                        }
                    }
                    other => rename_references(other),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(rename_references),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn client_name(name: &str) -> String {
    if let Some(listed) = name.strip_prefix("Success_list_") {
        format!("{}ListReply", client_name(listed))
    } else if let Some(data) = name.strip_prefix("WebhookMessage_") {
        format!("{}Message", client_name(data))
    } else if let Some(data) = name.strip_prefix("Success_") {
        format!("{}Reply", client_name(data))
    } else if let Some(out) = name.strip_suffix("Out") {
        out.to_owned()
    } else if let Some(input) = name.strip_suffix("In") {
        format!("{input}Input")
    } else {
        name.to_owned()
    }
}
