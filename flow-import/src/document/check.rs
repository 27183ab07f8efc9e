//! What the engine accepts, asked of the engine itself: a text or an expression in a document of one node.

use std::collections::BTreeMap;

use ivr_engine::{Catalog, FindingCode, Severity, validate};
use serde_json::{Value, json};

/// How many questions one import may ask. Each costs some ten microseconds to some hundred.
const QUESTIONS: usize = 5_000;

/// Asks, remembers and counts.
#[derive(Debug)]
pub(crate) struct Judge {
    left: usize,
    /// What became of texts that were asked for already; the same ones come again and again.
    known: BTreeMap<String, Option<String>>,
}

impl Judge {
    pub(crate) fn new() -> Self {
        Self { left: QUESTIONS, known: BTreeMap::new() }
    }

    /// Why a text is no template of ours. None: it is one.
    pub(crate) fn template(&mut self, text: &str) -> Option<String> {
        if !text.contains("{{") && !text.contains("{%") {
            return None;
        }
        if let Some(known) = self.known.get(text) {
            return known.clone();
        }
        let fault =
            self.ask(&json!({ "type": "set", "variables": { "text": text }, "next": { "next": "end" } }));
        self.known.insert(text.to_owned(), fault.clone());
        fault
    }

    /// Why a text is no regular expression of ours. None: it is one.
    pub(crate) fn regex(&mut self, source: &str) -> Option<String> {
        let when = json!({ "operand": "caller", "operator": "matches", "value": source });
        self.ask(&json!({ "type": "branch", "cases": [{ "port": "match", "when": when }],
            "next": { "match": "end", "else": "end" } }))
    }

    /// Why a schedule is none of ours. None: it is one.
    pub(crate) fn schedule(&mut self, schedule: &Value) -> Option<String> {
        let mut node = schedule.as_object().cloned()?;
        node.insert("type".to_owned(), json!("hours"));
        node.insert("next".to_owned(), json!({ "open": "end", "closed": "end" }));
        self.ask(&Value::Object(node))
    }

    fn ask(&mut self, node: &Value) -> Option<String> {
        let Some(left) = self.left.checked_sub(1) else {
            return Some("the document has too many texts of this kind".to_owned());
        };
        self.left = left;
        let document = json!({ "version": 1, "name": "question", "start": "asked",
            "nodes": { "asked": node, "end": { "type": "hangup" } } });
        let findings = validate(&document, &Catalog::unchecked());
        let structural = |code: FindingCode| {
            matches!(
                code,
                FindingCode::Unreachable | FindingCode::NoWayToAnEnd | FindingCode::LoopWithoutInput
            )
        };
        findings
            .into_iter()
            .find(|finding| finding.severity == Severity::Error && !structural(finding.code))
            .map(|finding| finding.message)
    }
}
