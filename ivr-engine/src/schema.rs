//! The document format as JSON Schema 2020-12, for editors and for the API's description.
//!
//! It says what one can say of a field by itself. What concerns several (ports that lead to nodes, circles, templates,
//! zones) only [`validate`](crate::validate) knows: whatever it accepts the schema accepts as well.

use serde_json::{Value, json};

use crate::{ENGINE_VERSION, limits};

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
    let nodes = [
        say(),
        node("play", &[], &["url"], json!({ "url": reference("url") }), &["next"]),
        menu(),
        collect(),
        branch(),
        hours(),
        set(),
        enqueue(),
        transfer(),
        voicemail(),
        hangup(),
    ];
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
        "predicate": predicate(),
        "node": {
            "type": "object",
            "required": ["type"],
            "properties": { "type": { "enum": crate::NodeType::ALL.map(crate::NodeType::as_str) } },
            "oneOf": nodes
        }
    })
}

/// A node: its own settings, what all nodes have, and its ports. No `ports`: they have names of the author's.
fn node(node_type: &str, speaks: &[&str], required: &[&str], settings: Value, ports: &[&str]) -> Value {
    let mut properties = json!({
        "type": { "const": node_type },
        "position": {
            "type": "object",
            "additionalProperties": false,
            "required": ["x", "y"],
            "properties": { "x": { "type": "number" }, "y": { "type": "number" } }
        },
        "note": { "type": "string" },
        "next": { "type": "object", "additionalProperties": reference("name") }
    });
    if !ports.is_empty() || node_type == "hangup" {
        properties["next"]["propertyNames"] = json!({ "enum": ports });
    }
    for name in speaks {
        let definition = if *name == "voice" { "name" } else { "language" };
        properties[*name] = reference(definition);
    }
    if let (Some(properties), Value::Object(settings)) = (properties.as_object_mut(), settings) {
        properties.extend(settings);
    }
    let required: Vec<&str> = ["type"].iter().chain(required).copied().collect();
    json!({ "title": node_type, "type": "object", "additionalProperties": false, "required": required, "properties": properties })
}

const SPEAKS: &[&str] = &["language", "voice"];

/// Exactly one of `prompt` and `play`.
fn with_sound(mut node: Value) -> Value {
    node["properties"]["prompt"] = reference("spoken");
    node["properties"]["play"] = reference("url");
    node["oneOf"] = json!([{ "required": ["prompt"] }, { "required": ["play"] }]);
    node
}

fn asking(mut settings: Value) -> Value {
    settings["invalidPrompt"] = reference("liquid");
    settings["silencePrompt"] = reference("liquid");
    settings["timeoutSeconds"] = json!({ "type": "integer", "minimum": 1, "maximum": 60, "default": 5 });
    settings["retries"] = json!({ "type": "integer", "minimum": 0, "maximum": 10, "default": 2 });
    settings
}

fn say() -> Value {
    node("say", SPEAKS, &["text"], json!({ "text": reference("spoken") }), &["next"])
}

fn menu() -> Value {
    let settings = asking(json!({
        "input": {
            "description": "Without it, what the choices have.",
            "type": "array",
            "minItems": 1,
            "maxItems": 2,
            "items": { "enum": ["digits", "speech"] }
        },
        "choices": {
            "type": "array",
            "minItems": 1,
            "maxItems": limits::LIST_ITEMS,
            "items": {
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "port": { "description": "Without it, the digits.", "$ref": "#/$defs/name" },
                    "digits": { "type": "string", "pattern": "^[0-9*#]{1,8}$" },
                    "phrases": { "type": "array", "maxItems": limits::LIST_ITEMS, "items": reference("name") }
                },
                "anyOf": [{ "required": ["digits"] }, { "required": ["port", "phrases"] }]
            }
        }
    }));
    with_sound(node("menu", SPEAKS, &["choices"], settings, &[]))
}

fn collect() -> Value {
    let settings = asking(json!({
        "variable": reference("variable"),
        "minDigits": { "type": "integer", "minimum": 1, "maximum": 32, "default": 1 },
        "maxDigits": { "type": "integer", "minimum": 1, "maximum": 32 },
        "finishOnKey": reference("finishOnKey")
    }));
    let ports = &["collected", "timeout", "invalid"];
    with_sound(node("collect", SPEAKS, &["variable", "maxDigits"], settings, ports))
}

fn branch() -> Value {
    let cases = json!({
        "cases": {
            "description": "The first that holds counts.",
            "type": "array",
            "minItems": 1,
            "maxItems": limits::LIST_ITEMS,
            "items": {
                "type": "object",
                "additionalProperties": false,
                "required": ["port", "when"],
                "properties": { "port": reference("name"), "when": reference("predicate") }
            }
        }
    });
    node("branch", &[], &["cases"], cases, &[])
}

fn hours() -> Value {
    let days: serde_json::Map<String, Value> =
        crate::predicate::WEEKDAYS.iter().map(|day| ((*day).to_owned(), reference("intervals"))).collect();
    let settings = json!({
        "zone": { "description": "IANA, such as Europe/Paris.", "type": "string", "minLength": 1 },
        "weekly": {
            "description": "A day that is absent is closed.",
            "type": "object",
            "additionalProperties": false,
            "properties": days
        },
        "exceptions": {
            "type": "array",
            "maxItems": limits::HOURS_EXCEPTIONS,
            "items": {
                "type": "object",
                "additionalProperties": false,
                "required": ["date", "intervals"],
                "properties": {
                    "date": { "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" },
                    "intervals": reference("intervals"),
                    "name": reference("name")
                }
            }
        }
    });
    node("hours", &[], &["zone", "weekly"], settings, &["open", "closed", "exception"])
}

fn set() -> Value {
    let settings = json!({
        "variables": {
            "description": "All of them see the values from before the node.",
            "type": "object",
            "minProperties": 1,
            "maxProperties": limits::VARIABLES,
            "propertyNames": reference("variable"),
            "additionalProperties": reference("liquid")
        }
    });
    node("set", &[], &["variables"], settings, &["next"])
}

fn enqueue() -> Value {
    let settings = json!({
        "queue": { "description": "Id or name.", "$ref": "#/$defs/name" },
        "priority": {
            "description": "The larger number is served first; among equals, who has waited longer.",
            "type": "integer",
            "minimum": 0,
            "maximum": 100,
            "default": 50
        },
        "skills": {
            "type": "array",
            "maxItems": 32,
            "items": {
                "type": "object",
                "additionalProperties": false,
                "required": ["skill"],
                "properties": {
                    "skill": { "description": "Id or name.", "$ref": "#/$defs/name" },
                    "level": { "type": "integer", "minimum": 1, "maximum": 10, "default": 1 }
                }
            }
        },
        "maxWaitSeconds": { "allOf": [reference("seconds"), { "minimum": 1 }] },
        "ageCreditSeconds": reference("seconds")
    });
    node("enqueue", &[], &["queue"], settings, &["timeout", "failed"])
}

fn transfer() -> Value {
    let settings = json!({
        "number": { "description": "E.164, or Liquid that gives it.", "$ref": "#/$defs/spoken" },
        "timeoutSeconds": { "type": "integer", "minimum": 5, "maximum": 600, "default": 30 },
        "callerId": { "description": "E.164, or Liquid that gives it.", "$ref": "#/$defs/spoken" }
    });
    node("transfer", &[], &["number"], settings, &["answered", "busy", "noAnswer", "failed"])
}

fn voicemail() -> Value {
    let settings = json!({
        "mailbox": reference("name"),
        "maxSeconds": { "type": "integer", "minimum": 1, "maximum": 3600, "default": 120 },
        "finishOnKey": reference("finishOnKey")
    });
    with_sound(node("voicemail", SPEAKS, &[], settings, &["recorded", "silent"]))
}

fn hangup() -> Value {
    let mut node = node("hangup", SPEAKS, &[], json!({}), &[]);
    node["properties"]["prompt"] = reference("spoken");
    node["properties"]["play"] = reference("url");
    node["not"] = json!({ "required": ["prompt", "play"] });
    node
}

/// A condition. What depends on the operand is said in one place for each kind of operand.
fn predicate() -> Value {
    let parts = json!({ "type": "array", "minItems": 1, "maxItems": limits::LIST_ITEMS, "items": reference("predicate") });
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
    json!({
        "description": "Texts are compared without regard to case.",
        "oneOf": [
            combined("all", parts.clone()),
            combined("any", parts),
            combined("not", reference("predicate")),
            test(&["digits", "speech", "caller", "to"], None),
            test(&["variable"], Some(("name", "variable"))),
            test(&["hour", "weekday"], Some(("zone", "name")))
        ]
    })
}
