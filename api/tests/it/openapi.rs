//! The specification that is checked in, and what must hold for all of it.

use std::path::Path;
use std::sync::LazyLock;

use serde_json::Value;

/// `openapi.yaml` as it stands in the root of the repository.
pub fn checked_in() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../openapi.yaml");
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

pub fn document() -> &'static Value {
    static DOCUMENT: LazyLock<Value> =
        LazyLock::new(|| serde_yaml::from_str(&checked_in()).expect("openapi.yaml is YAML"));
    &DOCUMENT
}

#[test]
fn the_checked_in_specification_is_current() {
    let current = calldocker::http::specification().unwrap().yaml();
    assert!(
        checked_in() == current,
        "openapi.yaml is stale. If the change of the API is meant: cargo run -p calldocker -- openapi > openapi.yaml"
    );
}

#[test]
fn every_operation_has_a_name_of_words_and_every_property_is_camel_case() {
    let camel =
        |name: &str| name.starts_with(|c: char| c.is_ascii_lowercase()) && !name.contains(['_', '-', ' ']);
    let document = document();
    let operations = super::attack::operations(document);
    assert!(operations.len() > 20, "only {} operations were found", operations.len());
    for operation in &operations {
        assert!(camel(&operation.id), "{} is no camelCase name", operation.id);
    }
    let schemas = document["components"]["schemas"].as_object().unwrap();
    assert!(schemas.len() > 20);
    for (name, schema) in schemas {
        for property in schema["properties"].as_object().into_iter().flatten() {
            assert!(camel(property.0), "{name}.{} is no camelCase name", property.0);
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk(value: &Value, document: &Value, seen: &mut usize) {
        match value {
            Value::Object(map) => {
                if let Some(target) = map.get("$ref").and_then(Value::as_str) {
                    *seen += 1;
                    assert!(
                        document.pointer(target.trim_start_matches('#')).is_some(),
                        "{target} leads nowhere"
                    );
                }
                map.values().for_each(|value| walk(value, document, seen));
            }
            Value::Array(values) => values.iter().for_each(|value| walk(value, document, seen)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let (document, mut seen) = (document(), 0);
    walk(document, document, &mut seen);
    assert!(seen > 50, "only {seen} references were found");
}

#[test]
fn request_bodies_refuse_what_they_do_not_know_and_path_parameters_are_in_the_path() {
    let document = document();
    for body in ["PasswordCredentialsInput", "PhoneCredentialsInput"] {
        assert_eq!(document["components"]["schemas"][body]["additionalProperties"], false);
    }
    for operation in super::attack::operations(document) {
        let parameters = operation.item["parameters"].as_array().into_iter().flatten();
        // What has a name of its own in the document is a header of many operations.
        for parameter in parameters.filter(|parameter| parameter["$ref"].is_null()) {
            let name = parameter["name"].as_str().unwrap();
            let stands = operation.path.contains(&format!("{{{name}}}"));
            assert_eq!(parameter["in"] == "path", stands, "{} {name}", operation.id);
        }
    }
}
