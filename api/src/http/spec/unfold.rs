//! Parameters that handlers read together.

use serde_json::{Value, json};

const SCHEMAS: &str = "#/components/schemas/";

/// A parameter of the query whose schema is an object stands for one parameter a property. The object itself is nobody's.
pub(super) fn unfold(document: &mut Value) {
    let schemas = document["components"]["schemas"].clone();
    let mut gone = Vec::new();
    for item in document["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut()) {
        for operation in item.as_object_mut().into_iter().flat_map(|item| item.values_mut()) {
            let Some(parameters) = operation.get_mut("parameters").and_then(Value::as_array_mut) else {
                continue;
            };
            *parameters = std::mem::take(parameters)
                .into_iter()
                .flat_map(|parameter| match folded(&parameter, &schemas) {
                    Some((name, properties)) => {
                        gone.push(name);
                        properties
                    }
                    None => vec![parameter],
                })
                .collect();
        }
    }
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        gone.iter().for_each(|name| drop(schemas.remove(name)));
    }
}

/// The object's name, and its properties as parameters.
fn folded(parameter: &Value, schemas: &Value) -> Option<(String, Vec<Value>)> {
    let name = parameter["schema"]["$ref"].as_str()?.strip_prefix(SCHEMAS)?;
    let schema = schemas.get(name).filter(|schema| schema["type"] == "object")?;
    if parameter["in"] != "query" {
        return None;
    }
    let required = |property: &str| {
        schema["required"].as_array().is_some_and(|names| names.iter().any(|name| name == property))
    };
    let properties = schema["properties"].as_object()?.iter().map(|(property, schema)| {
        let mut schema = schema.clone();
        let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
        json!({"name": property, "in": "query", "required": required(property), "description": description,
            "schema": schema})
    });
    Some((name.to_owned(), properties.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_in_the_query_is_a_parameter_for_each_property() {
        let mut document = json!({
            "paths": {"/reports": {"get": {"parameters": [
                {"name": "id", "in": "path", "schema": {"type": "string"}},
                {"name": "range", "in": "query", "required": false, "schema": {"$ref": "#/components/schemas/Range"}},
                {"name": "word", "in": "query", "schema": {"$ref": "#/components/schemas/Word"}},
            ]}}},
            "components": {"schemas": {
                "Range": {"type": "object", "required": ["from"], "properties": {
                    "from": {"type": "string", "description": "A day."},
                    "word": {"$ref": "#/components/schemas/Word", "description": "A word."},
                }},
                "Word": {"type": "string"},
            }},
        });
        unfold(&mut document);
        assert_eq!(
            document["paths"]["/reports"]["get"]["parameters"],
            json!([
                {"name": "id", "in": "path", "schema": {"type": "string"}},
                {"name": "from", "in": "query", "required": true, "description": "A day.", "schema": {"type": "string"}},
                {"name": "word", "in": "query", "required": false, "description": "A word.",
                    "schema": {"$ref": "#/components/schemas/Word"}},
                {"name": "word", "in": "query", "schema": {"$ref": "#/components/schemas/Word"}},
            ])
        );
        assert_eq!(document["components"]["schemas"], json!({"Word": {"type": "string"}}));
    }
}
