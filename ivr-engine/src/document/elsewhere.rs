//! The settings of the nodes that deal with something beside the call: requests, contacts, messages, other flows.

use std::collections::BTreeSet;

use serde_json::Value;

use super::nodes::{texts, variable};
use super::reader::{Checker, Fields, is_address, items, text};
use super::waiting::number;
use crate::node::{FindContact, Request, SaveContact, Sms, Subflow};
use crate::template::Template;
use crate::{FindingCode, FlowKind, Method, limits};

/// Headers that are the transport's.
const OWN_HEADERS: [&str; 7] =
    ["host", "content-length", "content-type", "transfer-encoding", "connection", "upgrade", "te"];

/// The fields of a contact, apart from `custom.X`.
const CONTACT_FIELDS: [&str; 5] = ["name", "email", "language", "company", "notes"];

pub(super) fn request(fields: &mut Fields<'_>, checker: &mut Checker) -> Option<Request> {
    let mut secrets = BTreeSet::new();
    let method = fields.one_of("method", &Method::ALL, Method::as_str, checker);
    let url = fields.text("url", checker).and_then(|source| {
        let url = gapped(source, &fields.at("url"), &mut secrets, checker)?;
        if url.plain().is_some_and(|plain| !is_address(plain)) {
            let message = "has to be an http or https address, or a template that gives one";
            checker.error(FindingCode::BadValue, fields.at("url"), message);
        }
        Some(url)
    });
    let mut headers = Vec::new();
    for (name, value, at) in fields.members("headers", limits::HEADERS, checker) {
        let fits = (1..=64).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        if !fits {
            checker.error(FindingCode::BadValue, &at, "a header's name has letters, digits, `-` and `_`");
        }
        if OWN_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
            checker.error(
                FindingCode::BadValue,
                &at,
                "this header cannot be set; for its type there is `contentType`",
            );
        }
        let value = text(value, &at, checker).and_then(|source| gapped(source, &at, &mut secrets, checker));
        headers.extend(value.map(|value| (name.to_owned(), value)));
    }
    let body = fields
        .optional_text("body", checker)
        .and_then(|source| gapped(source, &fields.at("body"), &mut secrets, checker));
    let content_type =
        fields.optional_name("contentType", checker).unwrap_or_else(|| "application/json".to_owned());
    if !content_type.contains('/')
        || content_type.contains(char::is_whitespace) && !content_type.contains(';')
    {
        checker.error(
            FindingCode::BadValue,
            fields.at("contentType"),
            "has to be a type such as `application/json`",
        );
    }
    let timeout_seconds = fields.integer("timeoutSeconds", 1..=10, Some(5), checker);
    let retries = fields.integer("retries", 0..=2, Some(0), checker);
    let save = saved(fields, checker, |pointer, at, checker| {
        let fits = pointer.is_empty() || pointer.starts_with('/');
        if !fits || pointer.len() > 256 {
            checker.error(FindingCode::BadPointer, at, "has to be a JSON pointer such as `/customer/name`");
        }
    });
    Some(Request {
        method: method?,
        url: url?,
        headers,
        body,
        content_type,
        timeout_seconds: timeout_seconds?,
        retries: retries?,
        save,
        secrets: secrets.into_iter().collect(),
    })
}

fn gapped(source: &str, at: &str, secrets: &mut BTreeSet<String>, checker: &mut Checker) -> Option<Template> {
    let (template, names) = checker.template_with_gaps(source, at)?;
    secrets.extend(names);
    Some(template)
}

/// `save`: from variables to what is kept in them.
fn saved(
    fields: &mut Fields<'_>,
    checker: &mut Checker,
    check: fn(&str, &str, &mut Checker),
) -> Vec<(String, String)> {
    let mut save = Vec::new();
    for (name, value, at) in fields.members("save", limits::VARIABLES, checker) {
        let name = variable(name, &at, checker);
        let Some(value) = text(value, &at, checker) else { continue };
        check(value, &at, checker);
        save.extend(name.map(|name| (name, value.to_owned())));
    }
    save
}

pub(super) fn find_contact(fields: &mut Fields<'_>, checker: &mut Checker) -> FindContact {
    let number = number(fields, "number", checker);
    let save = saved(fields, checker, |field, at, checker| {
        if !matches!(field, "tags" | "blocked") {
            contact_field(field, at, checker);
        }
    });
    FindContact { number, save }
}

pub(super) fn save_contact(fields: &mut Fields<'_>, checker: &mut Checker) -> SaveContact {
    let number = number(fields, "number", checker);
    let mut kept = Vec::new();
    for (name, value, at) in fields.members("fields", limits::VARIABLES, checker) {
        contact_field(name, &at, checker);
        let value = text(value, &at, checker).and_then(|source| checker.template(source, &at));
        kept.extend(value.map(|value| (name.to_owned(), value)));
    }
    let mut tags = Vec::new();
    for (value, at) in fields.list("tags", (0, 20), checker) {
        tags.extend(text(value, &at, checker).and_then(|source| checker.template(source, &at)));
    }
    if !fields.has("fields") && !fields.has("tags") {
        checker.error(
            FindingCode::MissingField,
            fields.at("fields"),
            "there is nothing to save: `fields` or `tags` is missing",
        );
    }
    SaveContact { number, fields: kept, tags }
}

fn contact_field(name: &str, at: &str, checker: &mut Checker) {
    let custom = name.strip_prefix("custom.").is_some_and(|own| {
        (1..=64).contains(&own.len())
            && own.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
    });
    if !custom && !CONTACT_FIELDS.contains(&name) {
        let message = format!("has to be a contact's {}, or custom.NAME", CONTACT_FIELDS.join(", "));
        checker.error(FindingCode::BadValue, at, message);
    }
}

pub(super) fn sms(fields: &mut Fields<'_>, checker: &mut Checker) -> Option<Sms> {
    let to = number(fields, "to", checker);
    let text = fields.template("text", checker)?;
    if text.is_blank() {
        checker.error(FindingCode::BadValue, fields.at("text"), "the message is empty");
    }
    Some(Sms { to, text })
}

pub(super) fn subflow(fields: &mut Fields<'_>, checker: &mut Checker) -> Option<Subflow> {
    let flow = flow(fields, checker);
    let arguments = texts(fields, "arguments", checker);
    let save = saved(fields, checker, |value, at, checker| {
        variable(value, at, checker);
    });
    if let Some(known) = flow.as_ref().and_then(|flow| checker.catalog.flows.get(flow)).cloned() {
        for (name, _) in arguments.iter().filter(|(name, _)| !known.parameters.contains(name)) {
            let message = format!("the flow `{}` takes no argument `{name}`", known.name);
            checker.warning(FindingCode::UnknownArgument, fields.at("arguments"), message);
        }
        for (_, name) in save.iter().filter(|(_, name)| !known.returns.contains(name)) {
            let message = format!("the flow `{}` gives back no value `{name}`", known.name);
            checker.warning(FindingCode::UnknownArgument, fields.at("save"), message);
        }
    }
    Some(Subflow { flow: flow?, arguments, save })
}

/// The id or the name of another flow of the company, of the kind `call`.
pub(super) fn flow(fields: &mut Fields<'_>, checker: &mut Checker) -> Option<String> {
    let flow = fields.name("flow", checker)?;
    let message = match (&checker.catalog.flows, checker.catalog.flows.get(&flow)) {
        (crate::KnownFlows::Unchecked, _) => None,
        (crate::KnownFlows::Only { .. }, None) => {
            Some(format!("there is no published flow `{flow}`; publish it, or name another"))
        }
        (crate::KnownFlows::Only { .. }, Some(known)) if known.kind != FlowKind::Call => Some(format!(
            "the flow `{flow}` is of the kind `{}`; only one of the kind `call` can be gone to",
            known.kind.as_str()
        )),
        (crate::KnownFlows::Only { .. }, Some(_)) => None,
    };
    if let Some(message) = message {
        checker.error(FindingCode::UnknownFlow, fields.at("flow"), message);
    }
    Some(flow)
}

/// `parameters` of the document: the names of arguments.
pub(super) fn parameters(value: &Value, at: &str, checker: &mut Checker) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (value, at) in items(value, at, (0, limits::VARIABLES), checker) {
        let Some(name) = text(value, &at, checker).and_then(|name| variable(name, &at, checker)) else {
            continue;
        };
        if names.contains(&name) {
            checker.error(
                FindingCode::Duplicate,
                &at,
                format!("there is another parameter `{name}`; take one out"),
            );
        }
        names.push(name);
    }
    names
}
