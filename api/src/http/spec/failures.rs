//! Which failures each operation may answer with.

use poem_openapi::registry::Registry;
use poem_openapi::types::Type;
use serde_json::{Value, json};

use super::PERMISSION;
use crate::http::envelope::FailureBody;

fn failures() -> [(&'static str, &'static str, &'static str); 9] {
    [
        ("400", "BadRequest", "The request cannot be read, or fields of it are wrong: `errors` names each."),
        ("401", "Unauthorized", "There is no access token, or it is no longer good."),
        ("403", "Forbidden", "The caller may not do this."),
        ("404", "NotFound", "It does not exist, or not for this caller."),
        ("412", "PreconditionFailed", "It has changed since it was read: read it again."),
        ("413", "TooLarge", "The body is too large."),
        ("415", "UnsupportedMediaType", "The body is not JSON."),
        ("422", "NotAcceptable", "The request is understood, but what it says is not acceptable."),
        (
            "default",
            "Failure",
            "Any other failure: 409 when the state has moved on, 429 with Retry-After, 500.",
        ),
    ]
}

pub(super) fn add_failures(document: &mut Value) {
    let mut registry = Registry::new();
    FailureBody::register(&mut registry);
    for (name, schema) in &registry.schemas {
        document["components"]["schemas"][name] = serde_json::to_value(schema).expect("a schema is JSON");
    }
    let schema = serde_json::to_value(FailureBody::schema_ref()).expect("a schema is JSON");
    for (_, name, description) in failures() {
        document["components"]["responses"][name] =
            json!({ "description": description, "content": { "application/json": { "schema": schema } } });
    }
}

pub(super) fn repair_operation(operation: &mut Value) {
    // `Can` leaves its permission in the place of the scheme's name.
    let permission = operation["security"][0].as_object().and_then(|scheme| scheme.keys().next().cloned());
    operation["security"] = match &permission {
        Some(_) => json!([{ "bearer": [] }]),
        None => json!([]),
    };
    if let Some(permission) = &permission {
        operation[PERMISSION] = json!(permission);
    }
    let has_body = operation.get("requestBody").is_some();
    let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    let has_path = parameters.iter().any(|parameter| parameter["in"] == "path");
    let Some(responses) = operation["responses"].as_object_mut() else { return };
    for (status, name, _) in failures() {
        let applies = match name {
            "BadRequest" => has_body || !parameters.is_empty(),
            "Unauthorized" | "Forbidden" => permission.is_some(),
            "NotFound" => has_path,
            // Where there are versions: see `etag`.
            "PreconditionFailed" => false,
            "TooLarge" | "UnsupportedMediaType" | "NotAcceptable" => has_body,
            _ => true,
        };
        if applies {
            let reference = json!({ "$ref": format!("#/components/responses/{name}") });
            responses.entry(status).or_insert(reference);
        }
    }
    for (status, response) in responses {
        if response["description"] == "" {
            response["description"] = json!(if status.starts_with('2') { "Done." } else { "Not done." });
        }
    }
}
