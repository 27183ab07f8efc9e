//! Holds every answer that a test gets against the specification: an operation answers with a status and a body that
//! `openapi.yaml` names, whatever else the test asks; a refusal has a code of the closed list, with a status of that code.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use calldocker::error::Code;
use jsonschema::{Draft, Validator};
use reqwest::StatusCode;
use serde_json::{Map, Value, json};

static DOCUMENT: LazyLock<&Value> =
    LazyLock::new(|| calldocker::http::specification().expect("a specification").document());

/// By the pointer of a schema in the document.
static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// What the specification says of an answer with JSON.
///
/// # Panics
/// When it says something else.
pub fn hold(method: &str, path: &str, status: StatusCode, body: &Value) {
    let Some((template, operation)) = operation(method, path) else { return };
    let responses = operation["responses"].as_object().expect("responses");
    let name = format!("{method} {template}");
    if body["success"] == false {
        let code = Code::ALL.iter().find(|code| body["code"] == code.as_str());
        let code = code.unwrap_or_else(|| panic!("{name} answers {}, which is no code", body["code"]));
        assert!(
            code.statuses().contains(&status.as_u16()),
            "{name} answers {code} with {status}: name that status in error/code.rs"
        );
    }
    let declared = responses.get(status.as_str()).or_else(|| responses.get("default"));
    let declared =
        declared.unwrap_or_else(|| panic!("{name} answers {status}, which its responses do not name"));
    let Some(pointer) = schema_of(declared) else { return };
    let validator = validator(&pointer);
    if let Some(wrong) = validator.iter_errors(body).next() {
        panic!(
            "{name} answers {status} with a body that is not as specified: {wrong} at {}\n{body}",
            wrong.instance_path()
        );
    }
}

/// The operation for an address; a segment that is spelled out goes before a parameter, as the server has it.
fn operation(method: &str, path: &str) -> Option<(&'static str, &'static Map<String, Value>)> {
    let path = path.split(['?', '#']).next()?;
    let given: Vec<_> = path.trim_matches('/').split('/').collect();
    let fitting = DOCUMENT["paths"].as_object()?.iter().filter(|(template, _)| {
        let known: Vec<_> = template.trim_matches('/').split('/').collect();
        known.len() == given.len()
            && known.iter().zip(&given).all(|(known, given)| known.starts_with('{') || known == given)
    });
    let (template, item) = fitting.min_by_key(|(template, _)| template.replace('{', "\u{10ffff}"))?;
    Some((template, item.get(method.to_lowercase())?.as_object()?))
}

/// Where in the document the schema of a response's JSON stands.
fn schema_of(response: &Value) -> Option<String> {
    let response = match response["$ref"].as_str() {
        Some(named) => DOCUMENT.pointer(named.strip_prefix('#')?)?,
        None => response,
    };
    Some(response["content"]["application/json"]["schema"]["$ref"].as_str()?.to_owned())
}

fn validator(pointer: &str) -> Arc<Validator> {
    let mut known = VALIDATORS.lock().expect("nobody panicked here");
    let made = || {
        let schema = json!({ "$ref": pointer, "components": DOCUMENT["components"] });
        let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
        Arc::new(options.build(&schema).expect("the specification's schemas are JSON Schema"))
    };
    Arc::clone(known.entry(pointer.to_owned()).or_insert_with(made))
}
