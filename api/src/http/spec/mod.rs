//! The specification: what poem-openapi derives from the handlers, repaired into a document that linters and client
//! generators accept, with every operation's permission in it. It is the contract: `openapi.yaml` in the root of the
//! repository is this text, checked in.

mod examples;
mod failures;
mod mend;
mod modern;
mod names;
mod parameters;
mod requests;
mod text;
mod unfold;

use std::collections::BTreeSet;
use std::sync::OnceLock;

use poem_openapi::{OpenApi, OpenApiService};
use serde_json::{Value, json};

use self::failures::{add_failures, repair_operation};
use self::mend::mend;
use self::modern::modernise;
use self::names::name_for_clients;
use self::parameters::describe_ids;
use self::requests::reachable_from_requests;
use self::text::{ordered, quote_ambiguous};
use self::unfold::unfold;
use super::etag::Versioned;
use super::{repeats, webhook_events};
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
    yaml: OnceLock<String>,
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
        webhook_events::describe(&mut document);
        repair(&mut document);
        let declared = Api::meta().iter().flat_map(|api| &api.paths).map(|path| path.operations.len()).sum();
        let problems = problems(&document, public, declared);
        if !problems.is_empty() {
            return Err(Error::internal("the specification", problems.join("; ")));
        }
        // The page embeds the unrepaired text; what goes into a script element must not be able to end it.
        let embedded = document.to_string().replace('<', "\\u003c");
        let page = service.swagger_ui_html().replace(&raw, &embedded);
        Ok(Self { document, page, yaml: OnceLock::new() })
    }

    pub fn document(&self) -> &Value {
        &self.document
    }

    /// The text of `openapi.yaml`: the same for the same handlers, whatever else is compiled in.
    pub fn yaml(&self) -> &str {
        let write =
            || quote_ambiguous(&serde_yaml::to_string(&ordered(&self.document)).expect("JSON is YAML"));
        self.yaml.get_or_init(write)
    }

    /// A page to read and try it in.
    pub fn docs(&self) -> &str {
        &self.page
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
    document["info"]["license"] = json!({ "name": "MIT", "identifier": "MIT" });
    document["servers"] = json!([{ "url": "/", "description": "This server" }]);
    add_failures(document);
    mend(document);
    unfold(document);
    name_for_clients(document);
    describe_ids(document);
    let request_schemas = reachable_from_requests(document);
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        for (name, schema) in schemas {
            if request_schemas.contains(name)
                && schema["type"] == "object"
                && schema["additionalProperties"].is_null()
                // Each of its shapes is closed by itself; here it would forbid what they have.
                && schema["oneOf"].is_null()
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
    repeats::describe(document);
    modernise(document);
    examples::show(document);
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
