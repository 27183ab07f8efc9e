//! The specification: what poem-openapi derives from the handlers, repaired into a document that linters and client
//! generators accept, with every operation's permission in it. It is the contract: `openapi.yaml` in the root of the
//! repository is this text, checked in.

use std::collections::BTreeSet;

use poem_openapi::registry::Registry;
use poem_openapi::types::Type;
use poem_openapi::{OpenApi, OpenApiService};
use serde_json::{Map, Value, json};

use super::envelope::FailureBody;
use super::etag::Versioned;
use crate::authz;
use crate::error::{Error, Result};

/// Where an operation names its permission.
pub const PERMISSION: &str = "x-permission";

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The repaired document.
#[derive(Clone, Debug)]
pub struct Spec {
    document: Value,
    /// poem-openapi's page for people, which carries its own text of the specification.
    page: String,
}

/// One operation of the document.
#[derive(Clone, Copy, Debug)]
pub struct Operation<'a> {
    pub id: &'a str,
    /// In capitals.
    pub method: &'a str,
    /// As `/api/users/{id}`.
    pub path: &'a str,
    /// `None` for the public ones.
    pub permission: Option<&'a str>,
}

impl Spec {
    /// Reads and repairs the specification of `service`.
    ///
    /// # Errors
    /// When an operation neither names a permission nor is `public`, has no name or summary, or hides behind another
    /// one of the same path.
    pub fn of<Api: OpenApi>(service: &OpenApiService<Api, ()>, public: &[&str]) -> Result<Self> {
        let raw = service.spec();
        let mut document: Value =
            serde_json::from_str(&raw).map_err(|cause| Error::internal("read the specification", cause))?;
        repair(&mut document);
        let declared = Api::meta().iter().flat_map(|api| &api.paths).map(|path| path.operations.len()).sum();
        let problems = problems(&document, public, declared);
        if !problems.is_empty() {
            return Err(Error::internal("the specification", problems.join("; ")));
        }
        // The page embeds the unrepaired text; what goes into a script element must not be able to end it.
        let embedded = document.to_string().replace('<', "\\u003c");
        let page = service.swagger_ui_html().replace(&raw, &embedded);
        Ok(Self { document, page })
    }

    pub fn document(&self) -> &Value {
        &self.document
    }

    /// The text of `openapi.yaml`: the same for the same handlers, whatever else is compiled in.
    pub fn yaml(&self) -> String {
        serde_yaml::to_string(&ordered(&self.document)).expect("JSON is YAML")
    }

    /// A page to read and try it in.
    pub fn docs(&self) -> String {
        self.page.clone()
    }

    pub fn operations(&self) -> Vec<Operation<'_>> {
        operations(&self.document)
    }

    pub fn paths(&self) -> Paths {
        let paths = self.document["paths"].as_object().into_iter().flatten();
        Paths(
            paths.map(|(path, item)| (segments(path).map(str::to_owned).collect(), methods(item))).collect(),
        )
    }
}

/// Which methods each path knows.
#[derive(Clone, Debug)]
pub struct Paths(Vec<(Vec<String>, String)>);

impl Paths {
    /// The value of `Allow` for an address, if the specification knows it.
    pub fn allow(&self, path: &str) -> Option<String> {
        let allowed: BTreeSet<_> = self.fitting(path).map(|(_, methods)| methods.as_str()).collect();
        (!allowed.is_empty()).then(|| allowed.into_iter().collect::<Vec<_>>().join(", "))
    }

    /// The name of the parameter at this place, from 0, of an address.
    pub fn parameter(&self, path: &str, place: usize) -> Option<&str> {
        let (template, _) = self.fitting(path).next()?;
        template.iter().filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}')).nth(place)
    }

    fn fitting(&self, path: &str) -> impl Iterator<Item = &(Vec<String>, String)> {
        let given: Vec<String> = segments(path).map(str::to_owned).collect();
        self.0.iter().filter(move |(template, _)| {
            template.len() == given.len()
                && template.iter().zip(&given).all(|(known, given)| known.starts_with('{') || known == given)
        })
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.trim_matches('/').split('/')
}

fn methods(item: &Value) -> String {
    let known = METHODS.iter().filter(|method| item.get(**method).is_some());
    // poem answers HEAD wherever there is a GET.
    known
        .map(|method| if *method == "get" { "GET, HEAD".to_owned() } else { method.to_uppercase() })
        .collect::<Vec<_>>()
        .join(", ")
}

fn operations(document: &Value) -> Vec<Operation<'_>> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths
        .flat_map(|(path, item)| {
            item.as_object().into_iter().flatten().map(move |(method, operation)| (path, method, operation))
        })
        .filter_map(|(path, method, operation)| {
            Some(Operation {
                id: operation["operationId"].as_str().unwrap_or_default(),
                method: match method.as_str() {
                    "get" => "GET",
                    "post" => "POST",
                    "put" => "PUT",
                    "patch" => "PATCH",
                    "delete" => "DELETE",
                    _ => return None,
                },
                path,
                permission: operation[PERMISSION].as_str(),
            })
        })
        .collect()
}

/// Why this document must not be served.
fn problems(document: &Value, public: &[&str], declared: usize) -> Vec<String> {
    let found = operations(document);
    let mut problems = Vec::new();
    if found.len() != declared {
        problems.push("two resources declare the same path: put all methods of a path into one".to_owned());
    }
    for operation in &found {
        let name = format!("{} {}", operation.method, operation.path);
        match operation.permission {
            None if !public.contains(&operation.id) => {
                problems.push(format!(
                    "{name} takes no Can<…> as its first argument and is not on the public list"
                ));
            }
            Some(_) if public.contains(&operation.id) => {
                problems.push(format!("{name} needs a permission and is on the public list"));
            }
            Some(permission) if !authz::NAMES.contains(&permission) => {
                problems.push(format!("{name} names the unknown permission {permission}"));
            }
            None | Some(_) => {}
        }
        if operation.id.is_empty() {
            problems.push(format!("{name} has no operation_id"));
        }
        let item = &document["paths"][operation.path][operation.method.to_lowercase()];
        if item["summary"].as_str().unwrap_or_default().is_empty() {
            problems.push(format!("{name} has no summary: its handler needs a doc comment"));
        }
    }
    let known: BTreeSet<_> = found.iter().map(|operation| operation.id).collect();
    problems.extend(
        public
            .iter()
            .filter(|id| !known.contains(*id))
            .map(|id| format!("the public list names {id}, which is no operation")),
    );
    problems
}

fn repair(document: &mut Value) {
    document["openapi"] = json!("3.0.3");
    document["servers"] = json!([{ "url": "/", "description": "This server" }]);
    mend(document);
    name_for_clients(document);
    add_failures(document);
    let request_schemas = reachable_from_requests(document);
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        for (name, schema) in schemas {
            if request_schemas.contains(name)
                && schema["type"] == "object"
                && schema["additionalProperties"].is_null()
            {
                schema["additionalProperties"] = json!(false);
            }
        }
    }
    if let Some(paths) = document["paths"].as_object_mut() {
        for operation in
            paths.values_mut().filter_map(Value::as_object_mut).flat_map(|item| item.values_mut())
        {
            repair_operation(operation);
        }
    }
    Versioned::describe(document);
}

/// The names under which generated clients know the schemas: our suffixes say which way a type goes, and a client
/// rather wants `User`, `UserInput` and `UserListReply`.
fn name_for_clients(document: &mut Value) {
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else { return };
    let mut renamed = Map::new();
    for (name, schema) in std::mem::take(schemas) {
        let before = renamed.insert(client_name(&name), schema);
        assert!(
            before.is_none(),
            "two schemas are {} to a client: rename one with #[oai(rename)]",
            client_name(&name)
        );
    }
    *schemas = renamed;
    rename_references(document);
}

fn rename_references(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(target) if key == "$ref" || target.starts_with("#/components/schemas/") => {
                        if let Some(name) = target.strip_prefix("#/components/schemas/") {
                            *target = format!("#/components/schemas/{}", client_name(name));
                        }
                    }
                    other => rename_references(other),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(rename_references),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn client_name(name: &str) -> String {
    if let Some(listed) = name.strip_prefix("Success_list_") {
        format!("{}ListReply", client_name(listed))
    } else if let Some(data) = name.strip_prefix("Success_") {
        format!("{}Reply", client_name(data))
    } else if let Some(out) = name.strip_suffix("Out") {
        out.to_owned()
    } else if let Some(input) = name.strip_suffix("In") {
        format!("{input}Input")
    } else {
        name.to_owned()
    }
}

/// What is wrong at any depth of poem-openapi's output.
fn mend(value: &mut Value) {
    match value {
        Value::Object(map) => {
            // What is the default anyway.
            map.retain(|key, value| {
                !(key == "deprecated" && *value == false || key == "explode" && *value == true)
            });
            mend_default(map);
            mend_format(map);
            if let Some(content) = map.get_mut("content").and_then(Value::as_object_mut) {
                for (with_charset, plain) in [
                    ("application/json; charset=utf-8", "application/json"),
                    ("text/plain; charset=utf-8", "text/plain"),
                ] {
                    if let Some(media) = content.remove(with_charset) {
                        content.insert(plain.to_owned(), media);
                    }
                }
            }
            if let Some(headers) = map.get_mut("headers").and_then(Value::as_object_mut) {
                *headers = std::mem::take(headers)
                    .into_iter()
                    .map(|(name, header)| (header_case(&name), header))
                    .collect();
            }
            map.values_mut().for_each(mend);
        }
        Value::Array(values) => values.iter_mut().for_each(mend),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// `default: null` is not valid for a type that is not nullable, and hides a `$ref` in an `allOf`.
fn mend_default(map: &mut Map<String, Value>) {
    if let Some([reference, extra]) = map.get("allOf").and_then(Value::as_array).map(Vec::as_slice)
        && reference.get("$ref").is_some()
        && extra.as_object().is_some_and(|extra| extra.keys().all(|key| key == "default"))
    {
        let (reference, default) = (reference.clone(), extra["default"].clone());
        map.remove("allOf");
        map.remove("default");
        if default.is_null() {
            map.insert("$ref".to_owned(), reference["$ref"].clone());
        } else {
            map.insert("allOf".to_owned(), json!([reference]));
            map.insert("default".to_owned(), default);
        }
    }
    if map.get("default").is_some_and(Value::is_null) {
        map.remove("default");
    }
}

/// OpenAPI knows int32 and int64 only.
fn mend_format(map: &mut Map<String, Value>) {
    let (format, largest) = match map.get("format").and_then(Value::as_str) {
        Some("uint8") => ("int32", Some(u64::from(u8::MAX))),
        Some("uint16") => ("int32", Some(u64::from(u16::MAX))),
        Some("uint32") => ("int64", Some(u64::from(u32::MAX))),
        Some("uint64" | "uint") => ("int64", None),
        Some(_) | None => return,
    };
    map.insert("format".to_owned(), json!(format));
    map.entry("minimum").or_insert(json!(0));
    if let Some(largest) = largest {
        map.entry("maximum").or_insert(json!(largest));
    }
}

fn header_case(name: &str) -> String {
    let capital = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        format!("{}{}", first.to_uppercase(), rest.to_lowercase())
    };
    name.split('-').map(capital).collect::<Vec<_>>().join("-")
}

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

fn add_failures(document: &mut Value) {
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

fn repair_operation(operation: &mut Value) {
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

/// The named schemas that bodies are made of: those in which unknown properties are refused.
fn reachable_from_requests(document: &Value) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&Value> = Vec::new();
    for item in document["paths"].as_object().into_iter().flat_map(Map::values) {
        open.extend(
            item.as_object()
                .into_iter()
                .flat_map(Map::values)
                .filter_map(|operation| operation.get("requestBody")),
        );
    }
    while let Some(value) = open.pop() {
        match value {
            Value::Object(map) => {
                if let Some(name) = map.get("$ref").and_then(Value::as_str).and_then(|r| r.rsplit('/').next())
                    && reached.insert(name.to_owned())
                {
                    open.push(&document["components"]["schemas"][name]);
                }
                open.extend(map.values());
            }
            Value::Array(values) => open.extend(values),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    reached
}

/// The order in which a person reads a document; other keys follow by the alphabet.
const ORDER: [&str; 16] = [
    "openapi",
    "info",
    "servers",
    "tags",
    "paths",
    "components",
    "operationId",
    "summary",
    "description",
    PERMISSION,
    "security",
    "parameters",
    "requestBody",
    "responses",
    "$ref",
    "type",
];

fn ordered(value: &Value) -> serde_yaml::Value {
    match value {
        Value::Object(map) => {
            let rank = |key: &str| ORDER.iter().position(|known| *known == key).unwrap_or(ORDER.len());
            let mut keys: Vec<_> = map.keys().collect();
            keys.sort_by_key(|key| (rank(key), key.as_str()));
            keys.into_iter()
                .map(|key| (key.as_str().into(), ordered(&map[key])))
                .collect::<serde_yaml::Mapping>()
                .into()
        }
        Value::Array(values) => values.iter().map(ordered).collect::<Vec<_>>().into(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            serde_yaml::to_value(value).expect("a plain value is YAML")
        }
    }
}

#[cfg(test)]
mod tests {
    use poem_openapi::payload::PlainText;

    use super::*;
    use crate::authz::{Can, ReadCalls};

    struct Guarded;

    #[OpenApi]
    impl Guarded {
        /// A guarded operation.
        #[oai(path = "/guarded/:id", method = "get", operation_id = "getGuarded")]
        async fn get(&self, _can: Can<ReadCalls>, _id: poem_openapi::param::Path<u8>) -> PlainText<String> {
            PlainText(String::new())
        }
    }

    struct Open;

    #[OpenApi]
    impl Open {
        /// Anybody may.
        #[oai(path = "/open", method = "post", operation_id = "openToAll")]
        async fn post(&self) -> PlainText<String> {
            PlainText(String::new())
        }
    }

    fn refusal<Api: OpenApi>(api: Api, public: &[&str]) -> String {
        match Spec::of(&OpenApiService::new(api, "test", "1"), public) {
            Err(Error::Internal(cause)) => format!("{cause:?}"),
            other => panic!("it was accepted: {other:?}"),
        }
    }

    #[test]
    fn an_operation_without_a_permission_or_a_place_on_the_public_list_does_not_start() {
        assert!(refusal((Guarded, Open), &[]).contains("POST /open takes no Can"));
        assert!(Spec::of(&OpenApiService::new((Guarded, Open), "test", "1"), &["openToAll"]).is_ok());
    }

    #[test]
    fn the_public_list_may_not_name_what_is_guarded_or_gone() {
        assert!(refusal(Guarded, &["getGuarded"]).contains("needs a permission and is on the public list"));
        assert!(refusal(Guarded, &["gone"]).contains("names gone"));
    }

    #[test]
    fn two_resources_with_one_path_do_not_start() {
        assert!(refusal((Open, Open), &["openToAll"]).contains("same path"));
    }

    #[test]
    fn a_permission_becomes_bearer_security_and_is_named_beside_it() {
        let spec = Spec::of(&OpenApiService::new((Guarded, Open), "test", "1"), &["openToAll"]).unwrap();
        let guarded = &spec.document()["paths"]["/guarded/{id}"]["get"];
        assert_eq!(guarded["security"], json!([{ "bearer": [] }]));
        assert_eq!(guarded[PERMISSION], "calls:read");
        assert_eq!(guarded["parameters"][0]["schema"]["maximum"], 255);
        assert_eq!(spec.document()["paths"]["/open"]["post"]["security"], json!([]));
        assert_eq!(spec.document()["components"]["securitySchemes"].as_object().unwrap().len(), 1);
    }

    #[test]
    fn allow_is_told_for_paths_with_and_without_parameters() {
        let spec = Spec::of(&OpenApiService::new((Guarded, Open), "test", "1"), &["openToAll"]).unwrap();
        assert_eq!(spec.paths().allow("/guarded/7").as_deref(), Some("GET, HEAD"));
        assert_eq!(spec.paths().allow("/open").as_deref(), Some("POST"));
        assert_eq!(spec.paths().allow("/elsewhere"), None);
        assert_eq!(spec.paths().parameter("/guarded/7", 0), Some("id"));
    }
}
