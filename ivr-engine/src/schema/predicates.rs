//! Conditions.

use serde_json::{Value, json};

use super::reference;
use crate::limits;
use crate::predicate::Figure;
pub(super) use crate::predicate::Operands;

pub(super) fn cases(predicate: &str) -> Value {
    json!({
        "description": "The first that holds counts.",
        "type": "array",
        "minItems": 1,
        "maxItems": limits::LIST_ITEMS,
        "items": {
            "type": "object",
            "additionalProperties": false,
            "required": ["port", "when"],
            "properties": { "port": reference("name"), "when": reference(predicate) }
        }
    })
}

/// A condition. What depends on the operand is said in one place for each kind of operand.
pub(super) fn predicate(operands: Operands) -> Value {
    let itself = match operands {
        Operands::OfTheCall => "predicate",
        Operands::AndOfTheQueue => "figuresPredicate",
    };
    let parts =
        json!({ "type": "array", "minItems": 1, "maxItems": limits::LIST_ITEMS, "items": reference(itself) });
    let combined = |name: &str, part: Value| {
        let mut properties = serde_json::Map::new();
        properties.insert(name.to_owned(), part);
        json!({ "type": "object", "additionalProperties": false, "required": [name], "properties": properties })
    };
    let test = |operands: &[&str], extra: Option<(&str, &str)>| {
        let mut required = vec!["operand", "operator"];
        let mut properties = json!({
            "operand": { "enum": operands },
            "operator": {
                "enum": [
                    "equals", "notEquals", "startsWith", "contains", "matches", "greaterThan", "lessThan", "in", "exists"
                ]
            },
            "value": {
                "type": ["string", "number", "array"],
                "maxItems": limits::LIST_ITEMS,
                "items": { "type": ["string", "number"] }
            }
        });
        if let Some((name, definition)) = extra {
            required.push(name);
            properties[name] = reference(definition);
        }
        json!({
            "type": "object",
            "additionalProperties": false,
            "required": required,
            "properties": properties,
            "if": { "properties": { "operator": { "const": "exists" } } },
            "then": { "properties": { "value": false } },
            "else": { "required": ["value"] }
        })
    };
    let mut plain = vec!["digits", "speech", "caller", "to", "language", "queue", "agent"];
    match operands {
        Operands::OfTheCall => {}
        Operands::AndOfTheQueue => plain.extend(Figure::ALL.map(Figure::as_str)),
    }
    json!({
        "description": "Texts are compared without regard to case.",
        "oneOf": [
            combined("all", parts.clone()),
            combined("any", parts),
            combined("not", reference(itself)),
            test(&plain, None),
            test(&["variable"], Some(("name", "variable"))),
            test(&["hour", "weekday"], Some(("zone", "name")))
        ]
    })
}
