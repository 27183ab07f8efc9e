//! A document of ours in the making: its nodes, where they lead, and what the report says of each element.
//!
//! Elements are known before their nodes are: an edge leads to an element, and which node that is is decided when all
//! of them have been translated. An element can also be passed through without a node of its own; then a `note` keeps
//! its place on the canvas.

pub(crate) mod check;
pub(crate) mod conditions;
mod finish;
pub(crate) mod names;
mod references;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::bounds::cut;
use crate::mapping::Mapping;
use crate::report::{Element, Note, Outcome, Reference, ReferenceKind, Source};
use check::Judge;
pub(crate) use finish::{Ends, Head};
pub(crate) use ivr_engine::FlowKind;
pub(crate) use references::Wanted;

/// Bytes of a remark, and of a text that is told in one.
const REMARK_BYTES: usize = 600;

/// Remarks on one element.
const REMARKS: usize = 60;

/// Where an edge leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Goal {
    /// To an element of the source, by number.
    Element(usize),
    /// To a node that an element has besides its first.
    Node(String),
    /// To the end of the flow.
    End,
}

/// How an element is entered.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Way {
    Unknown,
    Node(String),
    /// It has no node that is passed; who comes here goes straight on.
    Through(Goal),
}

#[derive(Debug)]
struct Working<'a> {
    element: Element,
    /// What the ids of its nodes begin with.
    base: String,
    raw: &'a Value,
    position: Option<(f64, f64)>,
    way: Way,
}

#[derive(Debug)]
struct Draft {
    id: String,
    element: usize,
    node_type: String,
    fields: Map<String, Value>,
    ports: Vec<(String, Goal)>,
}

/// Everything that an import has found out so far.
#[derive(Debug)]
pub(crate) struct Work<'a> {
    pub(crate) source: Source,
    pub(crate) kind: FlowKind,
    pub(crate) judge: Judge,
    /// Names that a sub-flow takes.
    pub(crate) parameters: BTreeSet<String>,
    mapping: &'a Mapping,
    elements: Vec<Working<'a>>,
    drafts: Vec<Draft>,
    ids: BTreeSet<String>,
    /// From which number on an id of this beginning may be free.
    numbers: BTreeMap<String, usize>,
    references: Vec<Reference>,
    /// Where each reference stands in the list.
    listed: BTreeMap<(ReferenceKind, String), usize>,
    notes: Vec<Note>,
    /// What later texts want of the answer of a request or of a sub-flow: by element, variable and what it is there.
    saves: BTreeMap<usize, BTreeMap<String, String>>,
}

impl<'a> Work<'a> {
    pub(crate) fn new(source: Source, kind: FlowKind, mapping: &'a Mapping) -> Self {
        Self {
            source,
            kind,
            judge: Judge::new(),
            parameters: BTreeSet::new(),
            mapping,
            elements: Vec::new(),
            drafts: Vec::new(),
            ids: BTreeSet::new(),
            numbers: BTreeMap::new(),
            references: Vec::new(),
            listed: BTreeMap::new(),
            notes: Vec::new(),
            saves: BTreeMap::new(),
        }
    }

    /// Registers an element; its number counts from zero. Ids of its nodes begin with `base`.
    pub(crate) fn element(
        &mut self,
        name: &str,
        element_type: &str,
        pointer: String,
        base: &str,
        raw: &'a Value,
    ) -> usize {
        let base = if base.is_empty() { "node" } else { base };
        self.elements.push(Working {
            element: Element {
                name: cut(name, 200).to_owned(),
                element_type: cut(element_type, 200).to_owned(),
                pointer,
                outcome: Outcome::Imported,
                nodes: Vec::new(),
                remarks: Vec::new(),
            },
            base: base.to_owned(),
            raw,
            position: None,
            way: Way::Unknown,
        });
        self.elements.len() - 1
    }

    /// Where the element stands on the canvas.
    pub(crate) fn place(&mut self, element: usize, position: Option<(f64, f64)>) {
        self.elements[element].position = position;
    }

    /// The way it works is the same; this is told besides.
    pub(crate) fn remark(&mut self, element: usize, text: impl Into<String>) {
        let mut text: String = text.into();
        if text.len() > REMARK_BYTES {
            text = format!("{}…", cut(&text, REMARK_BYTES));
        }
        let remarks = &mut self.elements[element].element.remarks;
        if remarks.len() < REMARKS && !remarks.contains(&text) {
            remarks.push(text);
            if remarks.len() == REMARKS {
                remarks.push("there is more of the kind, which is not told".to_owned());
            }
        }
    }

    /// It works otherwise than in the source, in this.
    pub(crate) fn approximate(&mut self, element: usize, difference: impl Into<String>) {
        let outcome = &mut self.elements[element].element.outcome;
        *outcome = (*outcome).max(Outcome::Approximated);
        self.remark(element, difference);
    }

    /// A remark on no element.
    pub(crate) fn note(&mut self, pointer: impl Into<String>, message: impl Into<String>) {
        self.notes.push(Note { pointer: pointer.into(), message: message.into() });
    }

    /// Takes an id for a node of the element: its name, with the suffix when there is one.
    pub(crate) fn id(&mut self, element: usize, suffix: &str) -> String {
        let base = &self.elements[element].base;
        let wanted = if suffix.is_empty() { base.clone() } else { format!("{base}_{suffix}") };
        self.take(wanted)
    }

    fn take(&mut self, wanted: String) -> String {
        let (id, number) = self.free(&wanted);
        self.numbers.insert(wanted, number);
        self.ids.insert(id.clone());
        id
    }

    /// The first id of this beginning that is free, and its number. Many elements can have one name: the search goes on
    /// where it stopped the last time.
    fn free(&self, wanted: &str) -> (String, usize) {
        let mut number = self.numbers.get(wanted).copied().unwrap_or(1);
        loop {
            let id = if number == 1 { wanted.to_owned() } else { format!("{wanted}_{number}") };
            if !self.ids.contains(&id) {
                return (id, number);
            }
            number += 1;
        }
    }

    /// The id that the next node of the element without a suffix will have.
    pub(crate) fn peek(&self, element: usize) -> String {
        self.free(&self.elements[element].base).0
    }

    /// Adds a node under an id of its own.
    pub(crate) fn node(
        &mut self,
        element: usize,
        suffix: &str,
        node_type: &str,
        fields: Value,
        ports: Vec<(String, Goal)>,
    ) -> String {
        let id = self.id(element, suffix);
        self.put(element, &id, node_type, fields, ports);
        id
    }

    /// Adds a node under an id that was taken before. The first one of an element is how it is entered.
    pub(crate) fn put(
        &mut self,
        element: usize,
        id: &str,
        node_type: &str,
        fields: Value,
        ports: Vec<(String, Goal)>,
    ) {
        let fields = match fields {
            Value::Object(fields) => fields,
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                Map::new()
            }
        };
        let working = &mut self.elements[element];
        working.element.nodes.push(id.to_owned());
        if working.way == Way::Unknown && node_type != "note" {
            working.way = Way::Node(id.to_owned());
        }
        self.drafts.push(Draft {
            id: id.to_owned(),
            element,
            node_type: node_type.to_owned(),
            fields,
            ports,
        });
    }

    /// The element does nothing that a node of ours would do; who comes here goes straight on. A note keeps its place.
    pub(crate) fn through(&mut self, element: usize, to: Goal, text: &str) {
        self.elements[element].way = Way::Through(to);
        let text = format!("{}: {text}", self.elements[element].element.name);
        self.node(element, "", "note", json!({ "text": cut(&text, 1_000) }), Vec::new());
    }

    /// The element is a part of another one's node, from which calls go on to `to`.
    pub(crate) fn belongs(&mut self, element: usize, node: &str, to: Goal) {
        self.elements[element].way = Way::Through(to);
        self.elements[element].element.nodes.push(node.to_owned());
    }

    /// Keeps the element as a `disabled` node.
    pub(crate) fn disable(&mut self, element: usize, reason: &str, ports: Vec<(String, Goal)>) {
        let source = self.raw_source(element);
        self.node(element, "", "disabled", json!({ "source": source, "reason": cut(reason, 500) }), ports);
        self.elements[element].element.outcome = Outcome::Unsupported;
        self.remark(element, reason);
    }

    fn raw_source(&self, element: usize) -> Value {
        let working = &self.elements[element];
        json!({
            "format": self.source.as_str(),
            "type": names::short(&working.element.element_type, "unknown"),
            "raw": working.raw,
        })
    }

    /// Wants a part of what the element's request or sub-flow answers in a variable of this name.
    pub(crate) fn save(&mut self, element: usize, variable: &str, part: String) {
        self.saves.entry(element).or_default().insert(variable.to_owned(), part);
    }

    /// The name of the element in the source.
    pub(crate) fn name(&self, element: usize) -> &str {
        &self.elements[element].element.name
    }
}

/// A port and where it leads.
pub(crate) fn port(name: &str, goal: &Goal) -> (String, Goal) {
    (name.to_owned(), goal.clone())
}

/// A whole number, also when it is written as a text.
pub(crate) fn integer(value: Option<&Value>) -> Option<i64> {
    match value? {
        Value::Number(number) => number.as_i64().or_else(|| number.as_f64().map(|float| float as i64)),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Yes or no, also when it is written as a text.
pub(crate) fn flag(value: Option<&Value>) -> Option<bool> {
    match value? {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        },
        Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A text that says something, also when it is written as a number.
pub(crate) fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()).filter(|text| !text.trim().is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The fields of an object by name, in an order that does not depend on the JSON library.
pub(crate) fn sorted(value: Option<&Value>) -> BTreeMap<&str, &Value> {
    value
        .and_then(Value::as_object)
        .map(|map| map.iter().map(|(name, value)| (name.as_str(), value)).collect())
        .unwrap_or_default()
}
