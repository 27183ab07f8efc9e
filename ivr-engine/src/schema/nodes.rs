//! The types of node.

use serde_json::{Value, json};

use super::reference;
use crate::{Method, RecordingAction, limits};

pub(super) fn all() -> Vec<Value> {
    vec![
        say(),
        node("play", &[], &["url"], json!({ "url": reference("url") }), &["next"]),
        menu(),
        collect(),
        secure_digits(),
        survey(),
        language(),
        node("branch", &[], &["cases"], json!({ "cases": reference("cases") }), &[]),
        node("hours", &[], &["zone", "weekly"], schedule(), &["open", "closed", "exception"]),
        node(
            "figures",
            &[],
            &["queue", "cases"],
            json!({ "queue": queue(), "cases": reference("figuresCases") }),
            &[],
        ),
        split(),
        node(
            "loop",
            &[],
            &["times"],
            json!({ "times": { "type": "integer", "minimum": 1, "maximum": 100 } }),
            &["again", "done"],
        ),
        set(),
        request(),
        find_contact(),
        save_contact(),
        subflow(),
        node("return", &[], &[], json!({ "values": reference("texts") }), &[]),
        node("goto", &[], &["flow"], json!({ "flow": flow() }), &["failed"]),
        enqueue(),
        callback(),
        transfer(),
        voicemail(),
        node(
            "recording",
            &[],
            &["action"],
            json!({ "action": { "enum": RecordingAction::ALL.map(RecordingAction::as_str) } }),
            &["next"],
        ),
        node(
            "sms",
            &[],
            &["text"],
            json!({ "to": number(), "text": reference("spoken") }),
            &["next", "failed"],
        ),
        hangup(),
        node(
            "note",
            &[],
            &["text"],
            json!({ "text": { "type": "string", "maxLength": limits::TEMPLATE_BYTES } }),
            &[],
        ),
        disabled(),
    ]
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
    if !ports.is_empty() || ["hangup", "return", "note"].contains(&node_type) {
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

/// Exactly one of `prompt`, `play` and `library`.
fn with_sound(mut node: Value) -> Value {
    sound_fields(&mut node);
    node["oneOf"] =
        json!([{ "required": ["prompt"] }, { "required": ["play"] }, { "required": ["library"] }]);
    node
}

fn sound_fields(node: &mut Value) {
    node["properties"]["prompt"] = reference("spoken");
    node["properties"]["play"] = reference("url");
    node["properties"]["library"] = reference("name");
}

/// Each is absent, or true or false.
fn flag(default: bool) -> Value {
    json!({ "type": "boolean", "default": default })
}

fn queue() -> Value {
    json!({ "description": "Id or name.", "$ref": "#/$defs/name" })
}

fn flow() -> Value {
    json!({ "description": "Id or name of a published flow of the kind `call`.", "$ref": "#/$defs/name" })
}

fn number() -> Value {
    json!({ "description": "E.164, or Liquid that gives it. Absent: the caller's.", "$ref": "#/$defs/spoken" })
}

fn priority() -> Value {
    json!({
        "description": "The larger number is served first; among equals, who has waited longer.",
        "type": "integer",
        "minimum": 0,
        "maximum": 100,
        "default": 50
    })
}

pub(super) fn skills() -> Value {
    json!({
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
    })
}

/// From variables to what is kept in them.
fn save(description: &str, kept: Value) -> Value {
    json!({
        "description": description,
        "type": "object",
        "maxProperties": limits::VARIABLES,
        "propertyNames": reference("variable"),
        "additionalProperties": kept
    })
}

fn asking(mut settings: Value) -> Value {
    settings["invalidPrompt"] = reference("liquid");
    settings["silencePrompt"] = reference("liquid");
    settings["timeoutSeconds"] = json!({ "type": "integer", "minimum": 1, "maximum": 60, "default": 5 });
    settings["retries"] = json!({ "type": "integer", "minimum": 0, "maximum": 10, "default": 2 });
    settings
}

fn say() -> Value {
    let settings = json!({ "text": reference("spoken"), "library": reference("name") });
    let mut node = node("say", SPEAKS, &[], settings, &["next"]);
    node["oneOf"] = json!([{ "required": ["text"] }, { "required": ["library"] }]);
    node
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

fn entry(mut settings: Value) -> Value {
    settings["minDigits"] = json!({ "type": "integer", "minimum": 1, "maximum": 32, "default": 1 });
    settings["maxDigits"] = json!({ "type": "integer", "minimum": 1, "maximum": 32 });
    settings["finishOnKey"] = reference("finishOnKey");
    settings
}

const ENTRY_PORTS: &[&str] = &["collected", "timeout", "invalid"];

fn collect() -> Value {
    let settings = entry(asking(json!({ "variable": reference("variable") })));
    with_sound(node("collect", SPEAKS, &["variable", "maxDigits"], settings, ENTRY_PORTS))
}

fn secure_digits() -> Value {
    let settings = entry(asking(json!({
        "name": { "description": "`secret.NAME` in the next request, and nowhere else.", "$ref": "#/$defs/variable" }
    })));
    with_sound(node("secureDigits", SPEAKS, &["name", "maxDigits"], settings, ENTRY_PORTS))
}

fn survey() -> Value {
    let settings = asking(json!({
        "name": reference("name"),
        "question": { "description": "Answered by 1 to 5.", "$ref": "#/$defs/sound" },
        "comment": { "description": "Asks for a few spoken words.", "$ref": "#/$defs/sound" },
        "maxSeconds": { "type": "integer", "minimum": 1, "maximum": 600, "default": 60 }
    }));
    node("survey", SPEAKS, &["name", "question"], settings, &["answered", "timeout"])
}

fn language() -> Value {
    let settings = json!({
        "language": {
            "description": "BCP 47, or Liquid that gives it.",
            "anyOf": [reference("language"), { "allOf": [reference("spoken"), { "pattern": "\\{[{%]" }] }]
        },
        "voice": reference("name")
    });
    node("language", &[], &["language"], settings, &["next"])
}

/// The settings of opening hours.
fn schedule() -> Value {
    let days: serde_json::Map<String, Value> =
        crate::predicate::WEEKDAYS.iter().map(|day| ((*day).to_owned(), reference("intervals"))).collect();
    json!({
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
    })
}

/// Opening hours in another node.
pub(super) fn hours_object() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["zone", "weekly"],
        "properties": schedule()
    })
}

fn split() -> Value {
    let settings = json!({
        "shares": {
            "description": "100 per cent in all.",
            "type": "array",
            "minItems": 2,
            "maxItems": limits::LIST_ITEMS,
            "items": {
                "type": "object",
                "additionalProperties": false,
                "required": ["port", "percent"],
                "properties": {
                    "port": reference("name"),
                    "percent": { "type": "integer", "minimum": 1, "maximum": 99 }
                }
            }
        }
    });
    node("split", &[], &["shares"], settings, &[])
}

fn set() -> Value {
    let settings = json!({
        "variables": {
            "description": "All of them see the values from before the node.",
            "minProperties": 1,
            "$ref": "#/$defs/texts"
        }
    });
    node("set", &[], &["variables"], settings, &["next"])
}

fn request() -> Value {
    let gapped = "Liquid, in which `{{ secret.NAME }}` may stand.";
    let settings = json!({
        "method": { "enum": Method::ALL.map(Method::as_str) },
        "url": { "description": gapped, "$ref": "#/$defs/spoken" },
        "headers": {
            "description": gapped,
            "type": "object",
            "maxProperties": limits::HEADERS,
            "propertyNames": { "pattern": "^[A-Za-z0-9_-]{1,64}$" },
            "additionalProperties": reference("liquid")
        },
        "body": { "description": gapped, "$ref": "#/$defs/liquid" },
        "contentType": { "default": "application/json", "pattern": "/", "$ref": "#/$defs/name" },
        "timeoutSeconds": { "type": "integer", "minimum": 1, "maximum": 10, "default": 5 },
        "retries": { "type": "integer", "minimum": 0, "maximum": 2, "default": 0 },
        "save": save(
            "From variables to JSON pointers into the answer.",
            json!({ "type": "string", "maxLength": 256, "pattern": "^(/.*)?$" })
        )
    });
    node("request", &[], &["method", "url"], settings, &["succeeded", "failed", "timeout"])
}

fn find_contact() -> Value {
    let field = json!({ "anyOf": [reference("contactField"), { "enum": ["tags", "blocked"] }] });
    let settings =
        json!({ "number": number(), "save": save("From variables to fields of the contact.", field) });
    node("findContact", &[], &[], settings, &["found", "notFound"])
}

fn save_contact() -> Value {
    let settings = json!({
        "number": number(),
        "fields": {
            "type": "object",
            "maxProperties": limits::VARIABLES,
            "propertyNames": reference("contactField"),
            "additionalProperties": reference("liquid")
        },
        "tags": { "type": "array", "maxItems": 20, "items": reference("liquid") }
    });
    let mut node = node("saveContact", &[], &[], settings, &["next", "failed"]);
    node["anyOf"] = json!([{ "required": ["fields"] }, { "required": ["tags"] }]);
    node
}

fn subflow() -> Value {
    let settings = json!({
        "flow": flow(),
        "arguments": reference("texts"),
        "save": save("From variables to names of values that come back.", reference("variable"))
    });
    node("subflow", &[], &["flow"], settings, &["returned", "failed"])
}

fn enqueue() -> Value {
    let settings = json!({
        "queue": queue(),
        "priority": priority(),
        "skills": reference("skills"),
        "maxWaitSeconds": { "allOf": [reference("seconds"), { "minimum": 1 }] },
        "ageCreditSeconds": reference("seconds"),
        "preferAgent": {
            "type": "object",
            "additionalProperties": false,
            "required": ["agent"],
            "properties": {
                "agent": { "description": "Id, name or `last`, or Liquid that gives it.", "$ref": "#/$defs/liquid" },
                "seconds": { "type": "integer", "minimum": 1, "maximum": 3600, "default": 20 }
            }
        }
    });
    node("enqueue", &[], &["queue"], settings, &["timeout", "failed", "afterAgent"])
}

fn callback() -> Value {
    let settings = json!({
        "queue": queue(),
        "when": { "enum": ["inQueue", "scheduled"] },
        "at": { "description": "Liquid that gives a local time or RFC 3339.", "$ref": "#/$defs/liquid" },
        "zone": { "description": "IANA, such as Europe/Paris.", "type": "string", "minLength": 1 },
        "hours": reference("hours"),
        "number": number(),
        "confirm": flag(true),
        "priority": priority(),
        "skills": reference("skills"),
        "attempts": { "type": "integer", "minimum": 1, "maximum": 10, "default": 3 },
        "retryMinutes": { "type": "integer", "minimum": 1, "maximum": 1440, "default": 15 }
    });
    let ports = &["accepted", "declined", "invalid", "closed", "failed"];
    let mut node = node("callback", SPEAKS, &["queue", "when"], settings, ports);
    node["if"] = json!({ "properties": { "when": { "const": "scheduled" } } });
    node["then"] = json!({ "required": ["at", "zone"] });
    node["else"] = json!({ "properties": { "at": false, "zone": false } });
    node
}

fn transfer() -> Value {
    let settings = json!({
        "number": { "description": "E.164, or Liquid that gives it.", "$ref": "#/$defs/spoken" },
        "sip": { "description": "An address of SIP, or Liquid that gives it.", "$ref": "#/$defs/spoken" },
        "agent": { "description": "Id or name, or Liquid that gives it.", "$ref": "#/$defs/spoken" },
        "timeoutSeconds": { "type": "integer", "minimum": 5, "maximum": 600, "default": 30 },
        "callerId": { "description": "E.164, or Liquid that gives it.", "$ref": "#/$defs/spoken" }
    });
    let mut node = node("transfer", &[], &[], settings, &["answered", "busy", "noAnswer", "failed"]);
    node["oneOf"] = json!([{ "required": ["number"] }, { "required": ["sip"] }, { "required": ["agent"] }]);
    node
}

fn voicemail() -> Value {
    let settings = json!({
        "mailbox": reference("name"),
        "maxSeconds": { "type": "integer", "minimum": 1, "maximum": 3600, "default": 120 },
        "finishOnKey": reference("finishOnKey"),
        "beep": flag(true),
        "transcribe": flag(false)
    });
    with_sound(node("voicemail", SPEAKS, &[], settings, &["recorded", "silent"]))
}

fn hangup() -> Value {
    let mut node = node("hangup", SPEAKS, &[], json!({}), &[]);
    sound_fields(&mut node);
    node["oneOf"] = json!([
        { "required": ["prompt"] },
        { "required": ["play"] },
        { "required": ["library"] },
        { "properties": { "prompt": false, "play": false, "library": false } }
    ]);
    node
}

fn disabled() -> Value {
    let settings = json!({
        "source": {
            "description": "What an import could not translate, as it was.",
            "type": "object",
            "additionalProperties": false,
            "required": ["format", "type", "raw"],
            "properties": { "format": reference("name"), "type": reference("name"), "raw": true }
        },
        "reason": { "type": "string" }
    });
    node("disabled", &[], &["source", "reason"], settings, &[])
}
