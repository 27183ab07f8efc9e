//! A JSON body that names every field that is wrong. poem-openapi's own `Json` stops at the first problem and does not
//! say where it is; here the body is first held against the schema that stands in the specification, all of it, and
//! properties that the schema does not know are refused.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, RwLock};

use poem::error::ReadBodyError;
use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaMediaType, MetaRequest, Registry};
use poem_openapi::types::{ParseFromJSON, Type};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use regex::Regex;
use serde_json::{Map, Value, json};

use super::envelope::Refused;
use crate::app::App;
use crate::error::FieldError;

/// So many problems of one body are named.
const MOST_PROBLEMS: usize = 50;

/// A body of type `T`: `application/json`, at most `max_body_bytes` of the settings.
pub struct JsonBody<T>(pub T);

impl<'a, T: ParseFromJSON + Type + Send + 'static> ApiExtractor<'a> for JsonBody<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        T::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        let content = vec![MetaMediaType { content_type: "application/json", schema: T::schema_ref() }];
        Some(MetaRequest { description: None, required: true, content })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let content_type = request.content_type().unwrap_or_default();
        if !is_json(content_type) {
            return Err(Refused::ContentType(content_type.to_owned(), "application/json").into());
        }
        let app: &App = request.data().expect("every route carries the app");
        let limit = app.settings.max_body_bytes;
        let bytes = body.take()?.into_bytes_limit(limit).await.map_err(|error| match error {
            ReadBodyError::PayloadTooLarge => Refused::TooLarge(limit),
            ReadBodyError::BodyHasBeenTaken | ReadBodyError::Utf8(_) | ReadBodyError::Io(_) => {
                Refused::NotJson("it broke off".to_owned())
            }
        })?;
        let value: Value =
            serde_json::from_slice(&bytes).map_err(|error| Refused::NotJson(error.to_string()))?;
        let schema = Schema::of::<T>();
        let problems = schema.problems(&value);
        if !problems.is_empty() {
            return Err(Refused::Fields(problems).into());
        }
        // What the schema cannot say: dates, ids and other texts with a form.
        T::parse_from_json(Some(value)).map(Self).map_err(|error| {
            let field = FieldError { field: String::new(), message: error.into_message() };
            Refused::Fields(vec![field]).into()
        })
    }
}

/// A value as a `T`, or every field of it that is wrong; for bodies whose kind stands in them.
pub fn checked<T: ParseFromJSON + Type + 'static>(value: Value) -> Result<T, Vec<FieldError>> {
    let problems = Schema::of::<T>().problems(&value);
    if !problems.is_empty() {
        return Err(problems);
    }
    T::parse_from_json(Some(value))
        .map_err(|error| vec![FieldError { field: String::new(), message: error.into_message() }])
}

/// A [`JsonBody`] that may be left out altogether.
pub struct OptionalBody<T>(pub Option<T>);

impl<'a, T: ParseFromJSON + Type + Send + 'static> ApiExtractor<'a> for OptionalBody<T> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(registry: &mut Registry) {
        JsonBody::<T>::register(registry);
    }

    fn request_meta() -> Option<MetaRequest> {
        JsonBody::<T>::request_meta().map(|meta| MetaRequest { required: false, ..meta })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        options: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        // Who sends a body says how long it is, or that it comes in pieces. Generated clients tell of what kind it would be
        // even when there is none.
        let comes = match request.header("content-length") {
            Some(length) => length != "0",
            None => request.header("transfer-encoding").is_some() || request.content_type().is_some(),
        };
        if !comes {
            return Ok(Self(None));
        }
        let option_default = ExtractParamOptions { default_value: None, ..options };
        Ok(Self(Some(JsonBody::from_request(request, body, option_default).await?.0)))
    }
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// The schema of one type with all that it refers to.
struct Schema {
    root: Value,
    named: Map<String, Value>,
    patterns: HashMap<String, Regex>,
}

static SCHEMAS: LazyLock<RwLock<HashMap<TypeId, Arc<Schema>>>> = LazyLock::new(Default::default);

impl Schema {
    /// Made once a type.
    fn of<T: Type + 'static>() -> Arc<Self> {
        if let Some(schema) =
            SCHEMAS.read().unwrap_or_else(|poisoned| poisoned.into_inner()).get(&TypeId::of::<T>())
        {
            return schema.clone();
        }
        let schema = Arc::new(Self::read::<T>());
        let mut schemas = SCHEMAS.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        schemas.entry(TypeId::of::<T>()).or_insert(schema).clone()
    }

    fn read<T: Type>() -> Self {
        let json = |schema| serde_json::to_value(schema).expect("a schema is JSON");
        let mut registry = Registry::new();
        T::register(&mut registry);
        let named: Map<_, _> =
            registry.schemas.iter().map(|(name, schema)| (name.clone(), json(schema))).collect();
        let root = serde_json::to_value(T::schema_ref()).expect("a schema is JSON");
        let mut patterns = HashMap::new();
        collect_patterns(&root, &mut patterns);
        named.values().for_each(|schema| collect_patterns(schema, &mut patterns));
        Self { root, named, patterns }
    }

    fn problems(&self, value: &Value) -> Vec<FieldError> {
        let mut found = Vec::new();
        self.check(&self.root, value, "", &mut found);
        found.truncate(MOST_PROBLEMS);
        found
    }

    fn check(&self, schema: &Value, value: &Value, at: &str, found: &mut Vec<FieldError>) {
        if found.len() >= MOST_PROBLEMS {
            return;
        }
        if let Some(name) = schema["$ref"].as_str() {
            let name = name.rsplit('/').next().unwrap_or_default();
            return self.check(&self.named[name], value, at, found);
        }
        if let Some(choice) = schema["discriminator"]["propertyName"].as_str() {
            return self.check_choice(schema, choice, value, at, found);
        }
        if schema["oneOf"].is_array() {
            return self.check_one_of(schema, value, at, found);
        }
        for part in items(&schema["allOf"]) {
            self.check(part, value, at, found);
        }
        if let Some(problem) = wrong_type(schema, value).or_else(|| self.wrong_value(schema, value)) {
            found.push(FieldError { field: at.to_owned(), message: problem });
            return;
        }
        match value {
            Value::Array(values) if schema["items"].is_object() => {
                for (index, value) in values.iter().enumerate() {
                    self.check(&schema["items"], value, &format!("{at}/{index}"), found);
                }
            }
            Value::Object(values) if schema["type"] == "object" => {
                self.check_object(schema, values, at, found)
            }
            Value::Array(_)
            | Value::Object(_)
            | Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_) => {}
        }
    }

    fn check_choice(
        &self,
        schema: &Value,
        choice: &str,
        value: &Value,
        at: &str,
        found: &mut Vec<FieldError>,
    ) {
        let Some(known) = schema["discriminator"]["mapping"].as_object() else { return };
        match value[choice].as_str().and_then(|chosen| known.get(chosen)) {
            Some(chosen) => self.check(&json!({ "$ref": chosen }), value, at, found),
            None => {
                let names: Vec<_> = known.keys().map(String::as_str).collect();
                found.push(FieldError {
                    field: format!("{at}/{}", escaped(choice)),
                    message: format!("must be one of {}", names.join(", ")),
                });
            }
        }
    }

    /// One of several shapes without a word that says which: the one that fits best is taken for the one that was meant.
    fn check_one_of(&self, schema: &Value, value: &Value, at: &str, found: &mut Vec<FieldError>) {
        let problems = |shape: &Value| {
            let mut problems = Vec::new();
            self.check(shape, value, at, &mut problems);
            problems
        };
        let best = items(&schema["oneOf"]).map(problems).min_by_key(Vec::len);
        found.extend(best.unwrap_or_default());
    }

    fn check_object(
        &self,
        schema: &Value,
        values: &Map<String, Value>,
        at: &str,
        found: &mut Vec<FieldError>,
    ) {
        let required: Vec<_> = items(&schema["required"]).filter_map(Value::as_str).collect();
        for name in &required {
            if !values.contains_key(*name) {
                let field = format!("{at}/{}", escaped(name));
                found.push(FieldError { field, message: "is required".to_owned() });
            }
        }
        for (name, value) in values {
            let at = format!("{at}/{}", escaped(name));
            let others = &schema["additionalProperties"];
            match schema["properties"].get(name) {
                // An optional property may be null, which is the same as absent.
                Some(_) if value.is_null() && !required.contains(&name.as_str()) => {}
                Some(schema) => self.check(schema, value, &at, found),
                None if others.is_object() => self.check(others, value, &at, found),
                None => found.push(FieldError { field: at, message: unknown(schema) }),
            }
        }
    }

    fn wrong_value(&self, schema: &Value, value: &Value) -> Option<String> {
        if let Some(allowed) = schema["enum"].as_array()
            && !allowed.contains(value)
        {
            let names: Vec<_> = allowed.iter().filter_map(Value::as_str).collect();
            return Some(format!("must be one of {}", names.join(", ")));
        }
        match value {
            Value::String(text) => {
                let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
                let pattern = schema["pattern"].as_str();
                if text.contains('\0') {
                    // PostgreSQL keeps no text with it.
                    Some("must not contain the character U+0000".to_owned())
                } else if let Some(least) = schema["minLength"].as_u64().filter(|least| length < *least) {
                    Some(format!("must have at least {least} characters"))
                } else if let Some(most) = schema["maxLength"].as_u64().filter(|most| length > *most) {
                    Some(format!("must have at most {most} characters"))
                } else if let Some(pattern) =
                    pattern.filter(|p| self.patterns.get(*p).is_some_and(|r| !r.is_match(text)))
                {
                    Some(format!("must match {pattern}"))
                } else if schema["format"] == "uuid" && text.parse::<uuid::Uuid>().is_err() {
                    Some("must be a UUID".to_owned())
                } else if schema["format"] == "date-time"
                    && chrono::DateTime::parse_from_rfc3339(text).is_err()
                {
                    Some("must be a time as in 2026-03-02T12:00:00Z".to_owned())
                } else {
                    None
                }
            }
            Value::Number(number) => {
                let number = number.as_f64()?;
                let bound = |name: &str| schema[name].as_f64();
                if let Some(least) = bound("minimum").filter(|least| number < *least) {
                    Some(format!("must be at least {least}"))
                } else {
                    bound("maximum")
                        .filter(|most| number > *most)
                        .map(|most| format!("must be at most {most}"))
                }
            }
            Value::Array(values) => {
                let count = u64::try_from(values.len()).unwrap_or(u64::MAX);
                if let Some(least) = schema["minItems"].as_u64().filter(|least| count < *least) {
                    Some(format!("must have at least {least} items"))
                } else {
                    let most = schema["maxItems"].as_u64().filter(|most| count > *most)?;
                    Some(format!("must have at most {most} items"))
                }
            }
            Value::Null | Value::Bool(_) | Value::Object(_) => None,
        }
    }
}

/// Names what there is, for who has misspelt it.
fn unknown(schema: &Value) -> String {
    let properties = schema["properties"].as_object();
    let mut names: Vec<_> = properties.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    match names.as_slice() {
        [] => "is no field here".to_owned(),
        names => format!("is no field here; there are: {}", names.join(", ")),
    }
}

fn wrong_type(schema: &Value, value: &Value) -> Option<String> {
    let wanted = schema["type"].as_str()?;
    let fits = match value {
        Value::Null => false,
        Value::Bool(_) => wanted == "boolean",
        Value::Number(number) => {
            wanted == "number" || wanted == "integer" && (number.is_i64() || number.is_u64())
        }
        Value::String(_) => wanted == "string",
        Value::Array(_) => wanted == "array",
        Value::Object(_) => wanted == "object",
    };
    let article = if wanted.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
    (!fits).then(|| format!("must be {article} {wanted}"))
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A key as a step of a JSON pointer (RFC 6901, section 3).
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn collect_patterns(schema: &Value, patterns: &mut HashMap<String, Regex>) {
    match schema {
        Value::Object(map) => {
            if let Some(pattern) = map.get("pattern").and_then(Value::as_str)
                && let Ok(regex) = Regex::new(pattern)
            {
                patterns.insert(pattern.to_owned(), regex);
            }
            map.values().for_each(|value| collect_patterns(value, patterns));
        }
        Value::Array(values) => values.iter().for_each(|value| collect_patterns(value, patterns)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use poem_openapi::{Enum, Object};

    use super::*;

    #[derive(Enum)]
    #[oai(rename_all = "snake_case")]
    enum Colour {
        Red,
        DarkBlue,
    }

    #[derive(Object)]
    #[oai(rename_all = "camelCase")]
    struct Wheel {
        #[oai(validator(minimum(value = "1")))]
        size: i32,
    }

    #[derive(Object)]
    #[oai(rename_all = "camelCase")]
    struct Bike {
        #[oai(validator(min_length = 1, max_length = 5, pattern = "^[a-z]*$"))]
        name: String,
        colour: Option<Colour>,
        owner_id: uuid::Uuid,
        #[oai(validator(max_items = 2))]
        wheels: Vec<Wheel>,
    }

    fn wrong(body: Value) -> Vec<String> {
        let problems = Schema::of::<Bike>().problems(&body);
        problems.into_iter().map(|problem| format!("{} {}", problem.field, problem.message)).collect()
    }

    #[test]
    fn a_body_as_the_schema_wants_it_has_no_problems() {
        let id = uuid::Uuid::nil();
        assert_eq!(
            wrong(json!({"name": "abc", "colour": null, "ownerId": id, "wheels": [{"size": 1}]})),
            [""; 0]
        );
        assert_eq!(
            wrong(json!({"name": "abc", "colour": "dark_blue", "ownerId": id, "wheels": []})),
            [""; 0]
        );
    }

    #[test]
    fn every_wrong_field_is_named_by_its_pointer() {
        let mut found = wrong(
            json!({"name": "ABC", "colour": "green", "wheels": [{"size": 0}, {"size": "1"}], "a/b": 1}),
        );
        found.sort();
        assert_eq!(
            found,
            [
                "/a~1b is no field here; there are: colour, name, ownerId, wheels",
                "/colour must be one of red, dark_blue",
                "/name must match ^[a-z]*$",
                "/ownerId is required",
                "/wheels/0/size must be at least 1",
                "/wheels/1/size must be an integer",
            ]
        );
    }

    #[derive(poem_openapi::Union)]
    #[oai(one_of = true)]
    enum Thing {
        Wheel(Wheel),
        Bike(Bike),
    }

    #[test]
    fn of_several_shapes_the_one_that_was_meant_says_what_is_wrong() {
        let wrong = |body: Value| {
            let problems = Schema::of::<Thing>().problems(&body);
            problems.into_iter().map(|one| format!("{} {}", one.field, one.message)).collect::<Vec<_>>()
        };
        assert_eq!(wrong(json!({"size": 1})), [""; 0]);
        assert_eq!(wrong(json!({"size": 0})), ["/size must be at least 1"]);
        let id = uuid::Uuid::nil();
        assert_eq!(
            wrong(json!({"name": "", "ownerId": id, "wheels": []})),
            ["/name must have at least 1 characters"]
        );
        assert_eq!(wrong(json!({"size": 1, "name": "a"})), ["/name is no field here; there are: size"]);
    }

    #[test]
    fn null_and_other_types_are_not_taken_for_an_object() {
        assert_eq!(wrong(Value::Null), [" must be an object"]);
        assert_eq!(wrong(json!([])), [" must be an object"]);
        assert_eq!(
            wrong(json!({"name": "a", "ownerId": "x", "wheels": null})),
            ["/ownerId must be a UUID", "/wheels must be an array"]
        );
    }
}
