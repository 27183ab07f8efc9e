//! Widgets that ask others: `make-http-request`, `run-function`, `run-subflow`.

use serde_json::{Map, Value, json};

use super::{Studio, Widget};
use crate::bounds::ITEMS;
use crate::document::names::{is_address, short, variable};
use crate::document::{Goal, Wanted, port, text};
use crate::liquid;
use crate::report::ReferenceKind;

/// Studio waits so long for an answer, in seconds.
const TIMEOUT: u32 = 10;
const FORM: &str = "application/x-www-form-urlencoded";

impl Studio<'_> {
    pub(super) fn http_request(&mut self, number: usize, widget: &Widget<'_>) {
        let method = widget.text("method").unwrap_or_else(|| "GET".to_owned()).to_ascii_uppercase();
        if !matches!(method.as_str(), "GET" | "POST" | "PUT" | "PATCH" | "DELETE") {
            return self.unsupported(number, "its method is none that can be sent here");
        }
        let content_type = widget.text("content_type").unwrap_or_else(|| FORM.to_owned());
        let form = self.form(number, widget);
        let id = self.work.id(number, "");
        let mut url = self.address(number, widget, &id, widget.text("url").as_deref());
        let mut body = widget.text("body").map(|body| self.liquid(number, &body));
        if let Some(form) = form {
            if method == "GET" {
                let joint = if url.contains('?') { '&' } else { '?' };
                url = format!("{url}{joint}{form}");
            } else if body.is_none() {
                body = Some(form);
            } else {
                self.work.approximate(number, "its parameters are left out: it has a body");
            }
        }
        let mut fields = Map::from_iter([
            ("method".to_owned(), json!(method)),
            ("url".to_owned(), json!(url)),
            ("timeoutSeconds".to_owned(), json!(TIMEOUT)),
        ]);
        if method == "GET" {
            if body.is_some() {
                self.work.approximate(number, "the body is left out: GET has none");
            }
        } else {
            fields.insert("contentType".to_owned(), json!(short(&content_type, FORM)));
            if let Some(body) = body {
                fields.insert("body".to_owned(), json!(body));
            }
        }
        let succeeded = self.goal(number, "success");
        let failed = self.goal(number, "failed");
        let ports = vec![port("succeeded", &succeeded), port("failed", &failed)];
        self.work.put(number, &id, "request", Value::Object(fields), ports);
    }

    pub(super) fn function(&mut self, number: usize, widget: &Widget<'_>) {
        let form = self.form(number, widget);
        let id = self.work.id(number, "");
        let url = widget.text("url");
        let function = widget.text("function_sid");
        let key = url.clone().or(function);
        let url = self.address(number, widget, &id, key.as_deref());
        self.work.approximate(
            number,
            "it is an ordinary request: the function has to be public, and sees no signature of Twilio",
        );
        let mut fields = Map::from_iter([
            ("method".to_owned(), json!("POST")),
            ("url".to_owned(), json!(url)),
            ("contentType".to_owned(), json!(FORM)),
            ("timeoutSeconds".to_owned(), json!(TIMEOUT)),
        ]);
        if let Some(form) = form {
            fields.insert("body".to_owned(), json!(form));
        }
        let succeeded = self.goal(number, "success");
        let failed = self.goal(number, "fail");
        let ports = vec![port("succeeded", &succeeded), port("failed", &failed)];
        self.work.put(number, &id, "request", Value::Object(fields), ports);
    }

    /// The address of a request: as mapped, else as it stands where that can be one.
    fn address(&mut self, number: usize, widget: &Widget<'_>, id: &str, given: Option<&str>) -> String {
        let key = given.map_or_else(|| format!("widget:{}", widget.name), str::to_owned);
        // A variable in it is completed when it is sent; a placeholder of a deployment tool is not.
        let template = key.contains("{{") && !key.contains("${");
        let usable = is_address(&key) || template;
        let kind = ReferenceKind::RequestUrl;
        let wanted = if usable { Wanted::optional(kind, &key) } else { Wanted::required(kind, &key) };
        match self.work.refer(number, wanted, Some(id), Some("url")) {
            Some(mapped) => mapped,
            None if usable => self.liquid(number, &key),
            None => unmapped(id),
        }
    }

    /// The parameters as a form.
    fn form(&mut self, number: usize, widget: &Widget<'_>) -> Option<String> {
        let given = widget.property("parameters").and_then(Value::as_array).cloned().unwrap_or_default();
        let mut pairs = Vec::new();
        for parameter in given.iter().take(ITEMS) {
            let Some(key) = text(parameter.get("key")) else { continue };
            let value = text(parameter.get("value")).unwrap_or_default();
            let value = self.liquid(number, &value);
            let value = liquid::encoded(&value);
            pairs.push(format!("{}={value}", liquid::encoded(&liquid::inert(&key))));
        }
        (!pairs.is_empty()).then(|| pairs.join("&"))
    }

    pub(super) fn subflow(&mut self, number: usize, widget: &Widget<'_>) {
        let id = self.work.id(number, "");
        let reference = widget.text("flow_sid").unwrap_or_else(|| format!("widget:{}", widget.name));
        let wanted = Wanted::required(ReferenceKind::Flow, &reference);
        let flow = self.work.refer_by_name(number, wanted, &id, "flow");
        let mut fields = Map::from_iter([("flow".to_owned(), json!(flow))]);
        let mut arguments = Map::new();
        let given = widget.property("parameters").and_then(Value::as_array).cloned().unwrap_or_default();
        for parameter in given.iter().take(ITEMS) {
            if let Some(key) = text(parameter.get("key")) {
                let value = text(parameter.get("value")).unwrap_or_default();
                arguments.insert(variable(&key), json!(self.liquid(number, &value)));
            }
        }
        if !arguments.is_empty() {
            fields.insert("arguments".to_owned(), Value::Object(arguments));
        }
        if let Some(revision) = widget.text("flow_revision").filter(|revision| revision != "LatestPublished")
        {
            self.work.approximate(
                number,
                format!("the published version of the sub-flow runs; there it was the revision {revision}"),
            );
        }
        let returned = self.goal(number, "completed");
        let failed = self.goal(number, "failed");
        let ports: Vec<(String, Goal)> = vec![port("returned", &returned), port("failed", &failed)];
        self.work.put(number, &id, "subflow", Value::Object(fields), ports);
    }
}

/// An address that leads nowhere (RFC 2606), until a reference is mapped.
pub(crate) fn unmapped(id: &str) -> String {
    let ascii: String = id.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).collect();
    format!("https://unmapped.invalid/{ascii}")
}
