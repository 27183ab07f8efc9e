//! Conditions of ours, and branches with as many cases as it takes.

use serde_json::{Value, json};

use super::{Goal, Work, port};

/// Cases and conditions of one branch node; the engine takes 100 and 200.
const CASES: usize = 90;
const CONDITIONS: usize = 180;
/// Items of a list in a condition.
const LIST: usize = 100;

/// A way out of a branch.
#[derive(Debug)]
pub(crate) struct Case {
    /// What the port is called; other names are found where it is taken.
    pub(crate) port: String,
    pub(crate) when: Value,
    pub(crate) goal: Goal,
}

/// A comparison of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compare {
    Equals,
    StartsWith,
    Contains,
}

impl Compare {
    fn as_str(self) -> &'static str {
        match self {
            Self::Equals => "equals",
            Self::StartsWith => "startsWith",
            Self::Contains => "contains",
        }
    }
}

/// A condition that never holds: its case can be seen and mended in an editor.
pub(crate) fn never() -> Value {
    json!({ "operand": "to", "operator": "equals", "value": "never" })
}

/// A condition that always holds.
pub(crate) fn always() -> Value {
    not(never())
}

pub(crate) fn not(condition: Value) -> Value {
    json!({ "not": condition })
}

pub(crate) fn exists(operand: &Value) -> Value {
    with(operand, "exists", None)
}

/// A variable as what a condition looks at.
pub(crate) fn variable(name: &str) -> Value {
    json!({ "operand": "variable", "name": name })
}

/// A comparison with a text; with a blank one it asks whether there is nothing.
pub(crate) fn compare(operand: &Value, how: Compare, value: &str) -> Value {
    if value.trim().is_empty() {
        return match how {
            Compare::Equals => not(exists(operand)),
            // Every text begins with nothing.
            Compare::StartsWith | Compare::Contains => always(),
        };
    }
    with(operand, how.as_str(), Some(json!(value.trim())))
}

/// Whether it is one of these; a blank one stands for nothing. None: there are none, or too many.
pub(crate) fn one_of(operand: &Value, values: &[String]) -> Option<Value> {
    let (blank, given): (Vec<&String>, Vec<&String>) =
        values.iter().partition(|value| value.trim().is_empty());
    let listed = match given.as_slice() {
        [] => None,
        [value] => Some(compare(operand, Compare::Equals, value)),
        given if given.len() > LIST => return None,
        given => Some(with(operand, "in", Some(json!(given)))),
    };
    match (listed, blank.is_empty()) {
        (listed, true) => listed,
        (None, false) => Some(not(exists(operand))),
        (Some(listed), false) => Some(json!({ "any": [listed, not(exists(operand))] })),
    }
}

pub(crate) fn matches(operand: &Value, regex: &str) -> Value {
    with(operand, "matches", Some(json!(regex)))
}

pub(crate) fn greater(operand: &Value, than: f64) -> Value {
    with(operand, "greaterThan", Some(number(than)))
}

pub(crate) fn less(operand: &Value, than: f64) -> Value {
    with(operand, "lessThan", Some(number(than)))
}

/// At least `than`: the first half says that it is a number.
pub(crate) fn at_least(operand: &Value, than: f64) -> Value {
    json!({ "all": [greater(operand, than - 1.0), not(less(operand, than))] })
}

/// At most `than`.
pub(crate) fn at_most(operand: &Value, than: f64) -> Value {
    json!({ "all": [less(operand, than + 1.0), not(greater(operand, than))] })
}

fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 1e15 { json!(value as i64) } else { json!(value) }
}

fn with(operand: &Value, operator: &str, value: Option<Value>) -> Value {
    let mut test = operand.clone();
    test["operator"] = json!(operator);
    if let Some(value) = value {
        test["value"] = value;
    }
    test
}

fn conditions(when: &Value) -> usize {
    let parts = |list: &Value| list.as_array().map_or(0, |parts| parts.iter().map(conditions).sum());
    1 + when.get("all").map_or(0, parts)
        + when.get("any").map_or(0, parts)
        + when.get("not").map_or(0, conditions)
}

impl Work<'_> {
    /// Adds a branch; one with very many cases becomes several, each the `else` of the one before. A node of another type
    /// that has cases (`figures`) can be meant too, with its settings.
    pub(crate) fn branch(
        &mut self,
        element: usize,
        suffix: &str,
        (node_type, settings): (&str, &Value),
        cases: Vec<Case>,
        otherwise: &Goal,
    ) -> String {
        let mut groups: Vec<Vec<Case>> = vec![Vec::new()];
        let mut weight = 0;
        for case in cases {
            let needs = conditions(&case.when);
            let full = groups.last().is_some_and(|group| group.len() == CASES || weight + needs > CONDITIONS);
            if full {
                groups.push(Vec::new());
                weight = 0;
            }
            weight += needs;
            if let Some(group) = groups.last_mut() {
                group.push(case);
            }
        }
        let ids: Vec<String> = groups.iter().map(|_| self.id(element, suffix)).collect();
        for (number, group) in groups.into_iter().enumerate() {
            let mut taken = std::collections::BTreeSet::from(["else".to_owned()]);
            let (mut written, mut ports) = (Vec::new(), Vec::new());
            for case in group {
                let wanted = if case.port.is_empty() { "match" } else { &case.port };
                let name = super::names::unique(wanted, &mut taken);
                written.push(json!({ "port": name, "when": case.when }));
                ports.push((name, case.goal));
            }
            let last = ids.get(number + 1).map_or_else(|| otherwise.clone(), |id| Goal::Node(id.clone()));
            ports.push(port("else", &last));
            let mut fields = settings.clone();
            fields["cases"] = Value::Array(written);
            self.put(element, &ids[number], node_type, fields, ports);
        }
        ids.into_iter().next().unwrap_or_default()
    }
}
