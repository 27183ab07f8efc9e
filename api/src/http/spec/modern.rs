//! From OpenAPI 3.0, which poem-openapi writes, to 3.1, whose schemas are those of JSON Schema 2020-12.

use serde_json::{Map, Value, json};

/// What holds values as they go over the wire, in which nothing is a keyword.
const VALUES: [&str; 5] = ["const", "default", "enum", "example", "examples"];

/// Under these stand names of somebody's choice, not keywords.
const NAMES: [&str; 2] = ["properties", "schemas"];

pub(super) fn modernise(document: &mut Value) {
    document["openapi"] = json!("3.1.0");
    walk(document);
}

fn walk(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, value) in map.iter_mut().filter(|(key, _)| !VALUES.contains(&key.as_str())) {
                match value.as_object_mut().filter(|_| NAMES.contains(&key.as_str())) {
                    Some(named) => named.values_mut().for_each(walk),
                    None => walk(value),
                }
            }
            if is_schema(map) {
                state_null_as_a_type(map);
                list_the_example(map);
                bound_by_numbers(map);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(walk),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn is_schema(map: &Map<String, Value>) -> bool {
    let keywords = ["type", "$ref", "allOf", "anyOf", "oneOf"];
    // A security scheme has a type too, and a parameter or a media type an example beside its schema.
    keywords.iter().any(|keyword| map.contains_key(*keyword)) && !map.contains_key("scheme")
}

/// `nullable` is one more type, or one more alternative to a named schema.
fn state_null_as_a_type(map: &mut Map<String, Value>) {
    if map.remove("nullable") != Some(json!(true)) {
        return;
    }
    match map.get("type").cloned() {
        Some(one) => drop(map.insert("type".to_owned(), json!([one, "null"]))),
        None => {
            let named = std::mem::take(map);
            map.insert("anyOf".to_owned(), json!([named, { "type": "null" }]));
        }
    }
}

fn list_the_example(map: &mut Map<String, Value>) {
    if let Some(mut example) = map.remove("example") {
        leave_out_what_is_absent(&mut example);
        map.insert("examples".to_owned(), json!([example]));
    }
}

/// What a property that may be absent is in Rust's example of it.
fn leave_out_what_is_absent(example: &mut Value) {
    match example {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(leave_out_what_is_absent);
        }
        Value::Array(values) => values.iter_mut().for_each(leave_out_what_is_absent),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// `exclusiveMinimum: true` beside `minimum: 0` is `exclusiveMinimum: 0`.
fn bound_by_numbers(map: &mut Map<String, Value>) {
    for (exclusive, inclusive) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        match map.get(exclusive) {
            Some(Value::Bool(true)) => {
                let bound = map.remove(inclusive);
                map.remove(exclusive);
                map.extend(bound.map(|bound| (exclusive.to_owned(), bound)));
            }
            Some(Value::Bool(false)) => drop(map.remove(exclusive)),
            Some(_) | None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modern(schema: Value) -> Value {
        let mut document = json!({ "components": { "schemas": { "It": schema } } });
        modernise(&mut document);
        document["components"]["schemas"]["It"].take()
    }

    #[test]
    fn null_is_a_type_beside_another_and_an_alternative_to_a_named_schema() {
        assert_eq!(
            modern(json!({ "type": "string", "nullable": true })),
            json!({ "type": ["string", "null"] })
        );
        assert_eq!(modern(json!({ "type": "string", "nullable": false })), json!({ "type": "string" }));
        assert_eq!(
            modern(json!({ "$ref": "#/components/schemas/Other", "nullable": true })),
            json!({ "anyOf": [{ "$ref": "#/components/schemas/Other" }, { "type": "null" }] })
        );
    }

    #[test]
    fn an_example_is_one_of_a_list_and_what_it_holds_is_left_alone() {
        let example = json!({ "type": "object", "example": 1, "nullable": true });
        assert_eq!(
            modern(json!({ "type": "object", "example": example })),
            json!({ "type": "object", "examples": [example] })
        );
    }

    #[test]
    fn a_bound_that_is_not_met_is_a_number() {
        assert_eq!(
            modern(
                json!({ "type": "integer", "minimum": 0, "exclusiveMinimum": true, "maximum": 9, "exclusiveMaximum": false })
            ),
            json!({ "type": "integer", "exclusiveMinimum": 0, "maximum": 9 })
        );
    }

    #[test]
    fn a_property_may_be_called_as_a_keyword() {
        let schema =
            json!({ "type": "object", "properties": { "example": { "type": "string", "example": "a" } } });
        assert_eq!(
            modern(schema),
            json!({ "type": "object", "properties": { "example": { "type": "string", "examples": ["a"] } } })
        );
    }
}
