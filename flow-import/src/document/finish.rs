//! From what has been put together to a document, with the engine as the judge.

use std::collections::BTreeMap;

use ivr_engine::{Catalog, Finding, FindingCode, Severity, validate};
use serde_json::{Map, Number, Value, json};

use super::{Draft, FlowKind, Goal, Way, Work, names};
use crate::bounds::cut;
use crate::report::{Counts, Imported, Outcome, Report};

/// How far below its first node the others of an element are put.
const STEP: f64 = 90.0;

/// How often a document is put before the engine, nodes that it refuses being disabled each time.
const ROUNDS: usize = 3;

/// The fields of a document besides its nodes.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) name: String,
    pub(crate) language: Option<String>,
    pub(crate) start: Goal,
    /// Whether the flow goes back to one that called it when it ends.
    pub(crate) ends: Ends,
}

/// What the end of a flow means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ends {
    /// The call ends.
    Call,
    /// The flow that called this one goes on.
    Returns,
}

impl<'a> Work<'a> {
    /// Puts the document together.
    pub(crate) fn finish(mut self, head: Head) -> Imported {
        self.write_saves();
        let end = self.end_id();
        let start = self.resolve(&head.start).unwrap_or_else(|| end.clone());
        let mut document = self.document(&head, &start, &end);
        let mut findings = validate(&document, &Catalog::unchecked());
        for _ in 0..ROUNDS {
            if !self.disable_what_is_refused(&findings) {
                break;
            }
            document = self.document(&head, &start, &end);
            findings = validate(&document, &Catalog::unchecked());
        }
        self.report(document, findings)
    }

    /// The same with a document that is there already, of which the elements are the nodes.
    pub(crate) fn finish_as(mut self, document: Value) -> Imported {
        for working in &mut self.elements {
            let id = working.element.name.clone();
            working.element.nodes.push(id);
        }
        let findings = validate(&document, &Catalog::unchecked());
        self.report(document, findings)
    }

    fn report(self, document: Value, findings: Vec<Finding>) -> Imported {
        let elements: Vec<_> = self.elements.into_iter().map(|working| working.element).collect();
        let count = |outcome: Outcome| elements.iter().filter(|element| element.outcome == outcome).count();
        let counts = Counts {
            imported: count(Outcome::Imported),
            approximated: count(Outcome::Approximated),
            unsupported: count(Outcome::Unsupported),
        };
        let report = Report {
            source: self.source,
            counts,
            elements,
            references: self.references,
            notes: self.notes,
            findings,
        };
        Imported { flows: vec![document], routing: None, report }
    }

    fn end_id(&mut self) -> String {
        self.take("end".to_owned())
    }

    /// Gives requests and sub-flows the variables that later texts want of their answers.
    fn write_saves(&mut self) {
        let saves = std::mem::take(&mut self.saves);
        for draft in &mut self.drafts {
            let Some(wanted) = saves.get(&draft.element) else { continue };
            if matches!(draft.node_type.as_str(), "request" | "subflow") {
                draft.fields.insert("save".to_owned(), json!(wanted));
            }
        }
    }

    /// Makes a disabled node of one that is there, with its ports.
    fn turn_off(&mut self, number: usize, reason: &str) {
        let element = self.drafts[number].element;
        let source = self.raw_source(element);
        let draft = &mut self.drafts[number];
        draft.node_type = "disabled".to_owned();
        draft.fields = Map::new();
        draft.fields.insert("source".to_owned(), source);
        draft.fields.insert("reason".to_owned(), json!(cut(reason, 500)));
        self.elements[element].element.outcome = Outcome::Unsupported;
        self.remark(element, reason.to_owned());
    }

    /// Whether there was a node whose settings the engine refuses.
    fn disable_what_is_refused(&mut self, findings: &[Finding]) -> bool {
        let refused: BTreeMap<&str, &str> = findings
            .iter()
            .filter(|finding| finding.severity == Severity::Error && !is_structural(finding))
            .filter_map(|finding| Some((finding.node.as_deref()?, finding.message.as_str())))
            .collect();
        let mut any = false;
        for number in 0..self.drafts.len() {
            let draft = &self.drafts[number];
            if draft.node_type != "disabled"
                && let Some(message) = refused.get(draft.id.as_str())
            {
                let reason = format!("the engine refuses what it would be: {message}");
                self.turn_off(number, &reason);
                any = true;
            }
        }
        any
    }

    /// The node that an edge leads to. None: the end.
    fn resolve(&self, goal: &Goal) -> Option<String> {
        let mut goal = goal;
        // An element can be passed once; who comes to it again is in a circle in which nothing happens.
        for _ in 0..=self.elements.len() {
            match goal {
                Goal::End => return None,
                Goal::Node(id) => return Some(id.clone()),
                Goal::Element(number) => match &self.elements[*number].way {
                    Way::Node(id) => return Some(id.clone()),
                    Way::Through(on) => goal = on,
                    Way::Unknown => return None,
                },
            }
        }
        None
    }

    fn document(&self, head: &Head, start: &str, end: &str) -> Value {
        let mut ends = start == end;
        let mut nodes = Map::new();
        let mut placed: BTreeMap<usize, usize> = BTreeMap::new();
        for draft in &self.drafts {
            let before = placed.entry(draft.element).or_default();
            let node = self.node_of(draft, *before, end, &mut ends);
            *before += 1;
            nodes.insert(draft.id.clone(), node);
        }
        if ends {
            nodes.insert(end.to_owned(), self.end_of(head));
        }
        let mut document = json!({ "version": 1, "name": names::short(&head.name, "Imported flow"),
            "start": start, "nodes": nodes });
        if self.kind != FlowKind::Call {
            document["kind"] = json!(self.kind.as_str());
        }
        if let Some(language) = head.language.as_deref().filter(|tag| names::is_language(tag)) {
            document["language"] = json!(language);
        }
        if !self.parameters.is_empty() {
            document["parameters"] = json!(self.parameters);
        }
        document
    }

    fn node_of(&self, draft: &Draft, before: usize, end: &str, ends: &mut bool) -> Value {
        let mut node = draft.fields.clone();
        node.insert("type".to_owned(), json!(draft.node_type));
        let mut next = Map::new();
        for (port, goal) in &draft.ports {
            match self.resolve(goal) {
                Some(to) => {
                    next.insert(port.clone(), json!(to));
                }
                // Where a port of a flow of another kind is open, the flow comes to its end.
                None if self.kind != FlowKind::Call => {}
                None => {
                    *ends = true;
                    next.insert(port.clone(), json!(end));
                }
            }
        }
        if !next.is_empty() {
            node.insert("next".to_owned(), Value::Object(next));
        }
        if let Some((x, y)) = self.elements[draft.element].position {
            let y = if before == 0 { y } else { y + STEP * before as f64 };
            node.insert("position".to_owned(), json!({ "x": number(x), "y": number(y) }));
        }
        Value::Object(node)
    }

    fn end_of(&self, head: &Head) -> Value {
        let mut node = match (self.kind, head.ends) {
            (FlowKind::Call, Ends::Call) => json!({ "type": "hangup" }),
            (FlowKind::Call, Ends::Returns) => json!({ "type": "return" }),
            // A flow has to begin somewhere, and this does nothing.
            (FlowKind::Wait | FlowKind::Hold | FlowKind::Whisper, _) => {
                json!({ "type": "set", "variables": { "nothing": "" } })
            }
        };
        let positions: Vec<(f64, f64)> =
            self.elements.iter().filter_map(|working| working.position).collect();
        if let (Some(x), Some(y)) = (
            positions.iter().map(|(x, _)| *x).reduce(f64::min),
            positions.iter().map(|(_, y)| *y).reduce(f64::max),
        ) {
            node["position"] = json!({ "x": number(x), "y": number(y + 2.0 * STEP) });
        }
        node
    }
}

/// A whole number without a fraction, as positions are mostly written.
fn number(value: f64) -> Number {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        Number::from(value as i64)
    } else {
        Number::from_f64(value).unwrap_or_else(|| Number::from(0))
    }
}

/// About the shape of the whole: no single node is to blame.
fn is_structural(finding: &Finding) -> bool {
    let of_the_whole = matches!(
        finding.code,
        FindingCode::Unreachable
            | FindingCode::NoWayToAnEnd
            | FindingCode::LoopWithoutInput
            | FindingCode::DanglingPort
            | FindingCode::PortNotConnected
    );
    // A long chain of nodes is told at its first one, a large setting at itself.
    let at_a_node = finding.field.as_deref().is_none_or(|field| field.matches('/').count() <= 2);
    of_the_whole || (finding.code == FindingCode::TooLarge && at_a_node)
}
