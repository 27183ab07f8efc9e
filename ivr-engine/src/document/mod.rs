//! From a JSON document to a compiled flow, or to a list of what is wrong with it.
//!
//! The document is read to its end whatever is wrong, so that an author sees everything at once. What is accepted
//! here and what [`json_schema`](crate::json_schema) accepts must agree; the tests compare them.

mod asking;
mod elsewhere;
mod graph;
mod nodes;
mod predicates;
mod reader;
mod recursion;
mod schedule;
mod secrets;
mod waiting;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::flow::Compiled;
use crate::node::{Kind, Need, Node};
use crate::{Catalog, ENGINE_VERSION, FindingCode, FlowKind, NodeType, Severity, limits};
pub(crate) use reader::{Checker, is_address, is_language};
use reader::{Fields, pointer, short};
pub(crate) use waiting::LAST_AGENT;

/// Reads a document. The flow is there when no finding is an error.
pub(crate) fn read(document: &Value, catalog: &Catalog) -> (Option<Compiled>, Checker) {
    let mut checker = Checker::new(catalog.clone());
    let compiled = read_document(document, &mut checker);
    let compiled = compiled.filter(|_| !checker.has_errors());
    (compiled, checker)
}

/// A node as far as it could be read.
struct Draft {
    /// None when its type is unknown or a field of it is wrong.
    kind: Option<Kind>,
    /// Ports that lead to nodes which exist.
    next: BTreeMap<String, String>,
    work: u32,
}

impl Draft {
    /// The ports that a call can leave by, and where to.
    fn taken(&self) -> impl Iterator<Item = (&str, &str)> {
        // Of what an import could not translate only this one is ever taken.
        let only_next = matches!(self.kind, Some(Kind::Disabled(_)));
        let ports = self.next.iter().map(|(port, id)| (port.as_str(), id.as_str()));
        ports.filter(move |(port, _)| !only_next || *port == "next")
    }
}

fn read_document(document: &Value, checker: &mut Checker) -> Option<Compiled> {
    let mut fields = Fields::new(document, String::new(), checker)?;
    if let Some(version) = fields.integer("version", 1..=u32::MAX, None, checker)
        && version > ENGINE_VERSION
    {
        let message =
            format!("the document has version {version}; this engine knows versions up to {ENGINE_VERSION}");
        checker.error(FindingCode::NewerVersion, "/version", message);
    }
    let name = fields.name("name", checker);
    if fields.has("kind") {
        checker.kind = fields.one_of("kind", &FlowKind::ALL, FlowKind::as_str, checker).unwrap_or_default();
    } else {
        let _ = fields.optional("kind");
    }
    let parameters = fields.optional("parameters");
    let parameters =
        parameters.map(|(value, at)| elsewhere::parameters(value, &at, checker)).unwrap_or_default();
    if !parameters.is_empty() && checker.kind != FlowKind::Call {
        let message = format!(
            "a flow of the kind `{}` is called by nobody; leave the parameters out",
            checker.kind.as_str()
        );
        checker.error(FindingCode::BadValue, "/parameters", message);
    }
    let language = fields.language("language", checker).unwrap_or_else(|| "en-US".to_owned());
    let voice = fields.optional_name("voice", checker);
    let start = fields.name("start", checker);
    let nodes = fields.required("nodes", checker);
    fields.finish(checker);

    let (nodes, at) = nodes?;
    let Some(nodes) = nodes.as_object() else {
        checker.wrong_type(&at, "an object of nodes");
        return None;
    };
    if nodes.len() > limits::NODES {
        let message = format!(
            "{} nodes; {} are allowed: make a flow of its own of a part, for `subflow` or `goto`",
            nodes.len(),
            limits::NODES
        );
        checker.error(FindingCode::TooLarge, &at, message);
        return None;
    }

    // By id, whatever order the JSON library keeps: the same document has the same findings everywhere.
    let sorted: BTreeMap<&String, &Value> = nodes.iter().collect();
    let mut drafts = BTreeMap::new();
    for (id, node) in sorted {
        checker.node = Some(limits::cut(id, limits::NAME_BYTES).to_owned());
        let at = pointer(&at, id);
        let _ = short(id, &at, checker);
        drafts.insert(id.clone(), read_node(node, &at, nodes, checker));
    }
    checker.node = None;

    let start = start?;
    if is_a_note(nodes.get(&start)) {
        checker.error(
            FindingCode::LeadsToNote,
            "/start",
            format!("`{start}` is a remark; name a node that does something"),
        );
    }
    if !drafts.contains_key(&start) {
        checker.error(
            FindingCode::DanglingPort,
            "/start",
            format!("there is no node `{start}`; name the one that a call begins with"),
        );
        return None;
    }
    graph::check(&start, &drafts, checker);
    secrets::check(&start, &drafts, checker);
    recursion::check(&drafts, checker);
    let nodes = drafts
        .into_iter()
        .map(|(id, draft)| Some((id, Node { kind: draft.kind?, next: draft.next, work: draft.work })))
        .collect::<Option<_>>()?;
    Some(Compiled { name: name?, kind: checker.kind, parameters, language, voice, start, nodes })
}

fn read_node(node: &Value, at: &str, all: &serde_json::Map<String, Value>, checker: &mut Checker) -> Draft {
    let mut draft = Draft { kind: None, next: BTreeMap::new(), work: 0 };
    checker.work = 0;
    let Some(mut fields) = Fields::new(node, at.to_owned(), checker) else { return draft };
    let given = fields.text("type", checker);
    let next = fields.optional("next");
    if let Some((position, at)) = fields.optional("position") {
        read_position(position, &at, checker);
    }
    if let Some((note, at)) = fields.optional("note")
        && !note.is_string()
    {
        checker.wrong_type(&at, "a text");
    }
    if let Some(given) = given {
        match NodeType::ALL.into_iter().find(|known| known.as_str() == given) {
            Some(node_type) => {
                let errors = checker.errors();
                let kind = nodes::read(node_type, &mut fields, checker);
                fields.finish(checker);
                draft.kind = kind.filter(|_| checker.errors() == errors);
            }
            None => {
                let given = limits::cut(given, 40);
                let known = NodeType::ALL.map(NodeType::as_str).join(", ");
                let message = format!(
                    "unknown node type `{given}`; it may come from a newer version. Known are: {known}"
                );
                checker.error(FindingCode::UnknownType, pointer(at, "type"), message);
            }
        }
    }
    draft.work = checker.work;
    if draft.work > limits::STEP_WORK {
        let message = format!(
            "texts with values, filters, tags and conditions are {} here, a regular expression counted as {}; {} are \
             allowed: make several nodes of it",
            draft.work,
            limits::REGEX_WORK,
            limits::STEP_WORK
        );
        checker.error(FindingCode::TooLarge, at, message);
    }
    if let Some((next, at)) = next {
        read_next(next, &at, all, &mut draft, checker);
    }
    check_ports(at, &draft, checker);
    draft
}

fn read_position(position: &Value, at: &str, checker: &mut Checker) {
    let Some(mut fields) = Fields::new(position, at.to_owned(), checker) else { return };
    for name in ["x", "y"] {
        if let Some((value, at)) = fields.required(name, checker)
            && !value.is_number()
        {
            checker.wrong_type(&at, "a number");
        }
    }
    fields.finish(checker);
}

fn read_next(
    next: &Value,
    at: &str,
    all: &serde_json::Map<String, Value>,
    draft: &mut Draft,
    checker: &mut Checker,
) {
    let Some(next) = next.as_object() else {
        checker.wrong_type(at, "an object from ports to node ids");
        return;
    };
    let ports = draft.kind.as_ref().map(Kind::ports);
    for (port, target) in next {
        let at = pointer(at, port);
        if let Some(ports) = &ports
            && !ports.iter().any(|(known, _)| known == port)
        {
            let known = match ports.iter().map(|(port, _)| port.as_str()).collect::<Vec<_>>() {
                none if none.is_empty() => "none".to_owned(),
                known => known.join(", "),
            };
            let message = format!("the node has no port `{}`; it has: {known}", limits::cut(port, 40));
            checker.add(Severity::Error, FindingCode::UnknownPort, Some(port), &at, message);
            continue;
        }
        match target.as_str() {
            Some(target) if is_a_note(all.get(target)) => {
                let message = format!(
                    "`{}` is a remark; lead the port to a node that does something",
                    limits::cut(target, limits::NAME_BYTES)
                );
                checker.add(Severity::Error, FindingCode::LeadsToNote, Some(port), &at, message);
                draft.next.insert(port.clone(), String::new());
            }
            Some(target) if all.contains_key(target) => {
                draft.next.insert(port.clone(), target.to_owned());
            }
            Some(target) => {
                let message = format!(
                    "there is no node `{}`; lead the port to one that there is",
                    limits::cut(target, limits::NAME_BYTES)
                );
                checker.add(Severity::Error, FindingCode::DanglingPort, Some(port), &at, message);
                // It is told once; that it leads nowhere need not be told again.
                draft.next.insert(port.clone(), String::new());
            }
            None => checker.wrong_type(&at, "the id of a node"),
        }
    }
}

fn is_a_note(node: Option<&Value>) -> bool {
    node.and_then(|node| node.get("type")).and_then(Value::as_str) == Some(NodeType::Note.as_str())
}

fn check_ports(at: &str, draft: &Draft, checker: &mut Checker) {
    let Some(kind) = &draft.kind else { return };
    let at = pointer(at, "next");
    for (port, need) in kind.ports() {
        if draft.next.contains_key(&port) {
            continue;
        }
        let (severity, message) = match need {
            Need::Required if checker.kind == FlowKind::Call => {
                (Severity::Error, format!("the port `{port}` leads nowhere; connect it"))
            }
            // In flows of the other kinds this is where they come to their end.
            Need::Required => continue,
            // Only then can it be taken.
            Need::Optional if port == "timeout" && nodes::waits_at_most(kind) => {
                let message =
                    "who has waited so long hears that nobody is free, and the call ends; connect the port \
                               `timeout` to do something else"
                        .to_owned();
                (Severity::Warning, message)
            }
            Need::Optional => continue,
        };
        checker.add(severity, FindingCode::PortNotConnected, Some(&port), &at, message);
    }
}
