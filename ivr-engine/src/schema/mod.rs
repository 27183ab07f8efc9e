//! The document format as JSON Schema 2020-12, for editors and for the API's description.
//!
//! It says what one can say of a field by itself. What concerns several (ports that lead to nodes, circles, templates,
//! zones) only [`validate`](crate::validate) knows: whatever it accepts the schema accepts as well.

mod nodes;
mod predicates;

use serde_json::{Value, json};

use crate::{ENGINE_VERSION, FlowKind, limits};

/// The JSON Schema of a flow document.
pub fn json_schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "CallFlow",
        "description": "What a company says to a caller, asks him and does with him.",
        "type": "object",
        "additionalProperties": false,
        "required": ["version", "name", "start", "nodes"],
        "properties": {
            "version": { "type": "integer", "minimum": 1, "maximum": ENGINE_VERSION },
            "name": reference("name"),
            "start": reference("name"),
            "kind": {
                "description": "What it is for. Each kind has types of node that it cannot have.",
                "enum": FlowKind::ALL.map(FlowKind::as_str),
                "default": "call"
            },
            "parameters": {
                "description": "The arguments that it takes when another flow calls it.",
                "type": "array",
                "maxItems": limits::VARIABLES,
                "items": reference("variable")
            },
            "language": reference("language"),
            "voice": reference("name"),
            "nodes": {
                "type": "object",
                "minProperties": 1,
                "maxProperties": limits::NODES,
                "propertyNames": reference("name"),
                "additionalProperties": reference("node")
            }
        },
        "$defs": definitions()
    })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

fn definitions() -> Value {
    json!({
        "name": { "type": "string", "minLength": 1, "maxLength": limits::NAME_BYTES, "pattern": "\\S" },
        "language": {
            "description": "BCP 47.",
            "type": "string",
            "maxLength": 35,
            "pattern": "^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$"
        },
        "liquid": { "description": "Liquid.", "type": "string", "maxLength": limits::TEMPLATE_BYTES },
        "spoken": {
            "description": "Liquid; not blank.",
            "type": "string",
            "maxLength": limits::TEMPLATE_BYTES,
            "pattern": "\\S"
        },
        "url": { "type": "string", "maxLength": 2048, "pattern": "^https?://[^/\\s]\\S*$" },
        "seconds": { "type": "integer", "minimum": 0, "maximum": 86400 },
        "finishOnKey": { "description": "Empty: no key.", "type": "string", "pattern": "^[0-9*#]?$", "default": "#" },
        "variable": { "type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]{0,63}$" },
        "time": { "type": "string", "pattern": "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$" },
        "intervals": {
            "description": "Wall time. An end that is not after its beginning is on the next day.",
            "type": "array",
            "maxItems": 24,
            "items": {
                "type": "object",
                "additionalProperties": false,
                "required": ["from", "to"],
                "properties": {
                    "from": { "allOf": [reference("time"), { "not": { "const": "24:00" } }] },
                    "to": reference("time")
                }
            }
        },
        "predicate": predicates::predicate(predicates::Operands::OfTheCall),
        "figuresPredicate": predicates::predicate(predicates::Operands::AndOfTheQueue),
        "cases": predicates::cases("predicate"),
        "figuresCases": predicates::cases("figuresPredicate"),
        "texts": {
            "description": "From names to Liquid.",
            "type": "object",
            "maxProperties": limits::VARIABLES,
            "propertyNames": reference("variable"),
            "additionalProperties": reference("liquid")
        },
        "sound": {
            "type": "object",
            "additionalProperties": false,
            "properties": { "prompt": reference("spoken"), "play": reference("url"), "library": reference("name") },
            "oneOf": [{ "required": ["prompt"] }, { "required": ["play"] }, { "required": ["library"] }]
        },
        "hours": nodes::hours_object(),
        "skills": nodes::skills(),
        "contactField": {
            "type": "string",
            "pattern": "^(name|email|language|company|notes|custom\\.[A-Za-z0-9_-]{1,64})$"
        },
        "node": {
            "type": "object",
            "required": ["type"],
            "properties": { "type": { "enum": crate::NodeType::ALL.map(crate::NodeType::as_str) } },
            "oneOf": nodes::all()
        }
    })
}
