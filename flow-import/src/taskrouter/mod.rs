//! TaskRouter: the configuration of a workflow, `{task_routing: {filters: [{filter_friendly_name, expression, targets:
//! [{queue, priority, timeout, expression, order_by, skip_if, known_worker_sid}]}], default_filter: {queue}}}`.
//!
//! The first filter whose expression holds has the task; its targets follow one another, each when the time of the one
//! before is over. It becomes a [`RoutingPlan`] and a flow that does the same: a `branch` over the filters, and an
//! `enqueue` for each target.

mod expression;
mod steps;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::bounds::{self, ITEMS, pointer};
use crate::detect::Found;
use crate::document::conditions::{self, Case};
use crate::document::names::{slug, variable};
use crate::document::{Ends, FlowKind, Goal, Head, Wanted, Work, text};
use crate::error::{ImportError, ImportErrorCode};
use crate::mapping::Mapping;
use crate::plan::{PlannedQueue, RoutingPlan, RoutingRule};
use crate::report::{Imported, ReferenceKind, Source};
use crate::studio::TASK;

/// Where the nodes stand: the source has no canvas.
const COLUMN: f64 = 320.0;
const ROW: f64 = 180.0;

/// A workflow that is being translated.
struct Workflow<'a> {
    work: Work<'a>,
    queues: Vec<PlannedQueue>,
    skills: BTreeSet<String>,
    variables: BTreeSet<String>,
    /// The queue of the default filter, as the workflow has it.
    default_queue: Option<String>,
    /// Its element.
    otherwise: Goal,
}

pub(crate) fn import(found: &Found<'_>, mapping: &Mapping) -> Result<Imported, ImportError> {
    let at = pointer(&found.at, "task_routing");
    let Some(routing) = found.root.get("task_routing").filter(|routing| routing.is_object()) else {
        let message = "has to be an object with `filters`";
        return Err(ImportError::new(ImportErrorCode::NotThisFormat, at, message));
    };
    let filters_at = pointer(&at, "filters");
    let filters = match routing.get("filters") {
        Some(Value::Array(filters)) => filters.as_slice(),
        None => &[],
        Some(_) => {
            let message = "has to be the list of the workflow's filters";
            return Err(ImportError::new(ImportErrorCode::NotThisFormat, filters_at, message));
        }
    };
    let targets = |filter: &Value| filter.get("targets").and_then(Value::as_array).map_or(0, Vec::len);
    // A filter, and each of its targets.
    bounds::elements(filters.iter().map(|filter| 1 + targets(filter)).sum(), &filters_at)?;

    let name = found.name.clone().unwrap_or_else(|| "Imported workflow".to_owned());
    let mut work = Work::new(Source::TaskRouter, FlowKind::Call, mapping);
    let rules = work.element(&name, "workflow", at.clone(), "rules", routing);
    work.place(rules, Some((0.0, 0.0)));
    let default = routing.get("default_filter");
    let mut workflow = Workflow {
        work,
        queues: Vec::new(),
        skills: BTreeSet::new(),
        variables: BTreeSet::new(),
        default_queue: default.and_then(|filter| text(filter.get("queue"))),
        otherwise: Goal::End,
    };
    // The elements of the default filter come last, and the steps before lead there: its number is known beforehand.
    let elements: usize = filters.iter().map(|filter| 1 + targets(filter)).sum();
    if default.is_some_and(|filter| text(filter.get("queue")).is_some()) {
        workflow.otherwise = Goal::Element(1 + elements);
    }
    let mut planned = Vec::new();
    let mut cases = Vec::new();
    for (number, filter) in filters.iter().enumerate() {
        let at = pointer(&filters_at, &number.to_string());
        let (rule, case) = workflow.filter(number, filter, at, rules);
        planned.push(rule);
        cases.push(case);
    }
    let otherwise = workflow.default(default, &pointer(&at, "default_filter"), filters.len());
    if cases.is_empty() {
        workflow.work.through(rules, workflow.otherwise.clone(), "has no filters");
    } else {
        let to = workflow.otherwise.clone();
        workflow.work.branch(rules, "", ("branch", &json!({})), cases, &to);
    }
    Ok(workflow.finish(name, planned, otherwise, rules))
}

impl<'a> Workflow<'a> {
    fn filter(&mut self, number: usize, filter: &'a Value, at: String, rules: usize) -> (RoutingRule, Case) {
        let name = text(filter.get("filter_friendly_name"))
            .or_else(|| text(filter.get("friendly_name")))
            .unwrap_or_else(|| format!("Filter {}", number + 1));
        let element = self.work.element(&name, "filter", at.clone(), &slug(&name), filter);
        let source = text(filter.get("expression")).unwrap_or_default();
        let when = self.condition(element, &source);
        let steps = self.steps(filter, &at, &slug(&name), number);
        let goal = match steps.first() {
            Some((element, _)) => Goal::Element(*element),
            None => {
                self.work.approximate(element, "it has no targets; its calls go where the default ones go");
                self.otherwise.clone()
            }
        };
        let node = self.work.peek(rules);
        self.work.belongs(element, &node, goal.clone());
        let case = Case { port: slug(&name), when: when.clone().unwrap_or_else(conditions::never), goal };
        let steps = steps.into_iter().map(|(_, step)| step).collect();
        (RoutingRule { name, pointer: at, expression: source, when, steps }, case)
    }

    /// The condition of a filter. None: it cannot be said here.
    fn condition(&mut self, element: usize, source: &str) -> Option<Value> {
        let mut differences = Vec::new();
        let variables = &mut self.variables;
        let mut look = |key: &str| Some(attribute(key, variables));
        let translated = expression::parse(source)
            .and_then(|parsed| expression::condition(&parsed, &mut look, &mut differences));
        for difference in differences {
            self.work.approximate(element, difference);
        }
        match translated {
            Ok(when) => Some(when),
            Err(why) => {
                self.work.approximate(element, format!("the expression `{source}` never holds here: {why}"));
                None
            }
        }
    }

    /// The default filter; gives the name of its queue.
    fn default(&mut self, filter: Option<&'a Value>, at: &str, row: usize) -> Option<String> {
        let filter = filter?;
        let Some(reference) = self.default_queue.clone() else {
            self.work.note(at, "names no queue; calls for which no filter holds end");
            return None;
        };
        let element = self.work.element("default", "default_filter", at.to_owned(), "otherwise", filter);
        self.work.place(element, Some((COLUMN, ROW * row as f64)));
        let id = self.work.id(element, "");
        let queue = self.queue(element, &reference, &id);
        self.work.put(element, &id, "enqueue", json!({ "queue": queue }), Vec::new());
        for other in ["expression", "order_by", "priority", "timeout"] {
            if filter.get(other).is_some() {
                self.work.approximate(
                    element,
                    format!("{other} left out: the default queue has no rules of its own"),
                );
            }
        }
        Some(queue)
    }

    /// A queue by its name here, listed once in the plan.
    fn queue(&mut self, element: usize, reference: &str, node: &str) -> String {
        let wanted = Wanted::required(ReferenceKind::Queue, reference);
        let name = self.work.refer_by_name(element, wanted, node, "queue");
        if !self.queues.iter().any(|queue| queue.reference == reference) {
            self.queues.push(PlannedQueue {
                reference: reference.to_owned(),
                name: name.clone(),
                named: true,
            });
        }
        name
    }

    fn finish(
        mut self,
        name: String,
        rules: Vec<RoutingRule>,
        otherwise: Option<String>,
        start: usize,
    ) -> Imported {
        if !self.variables.is_empty() {
            let names: Vec<&str> = self.variables.iter().map(String::as_str).take(ITEMS).collect();
            let names = names.join(", ");
            self.work.remark(
                start,
                format!("the attributes of a task are variables: {names}. Whoever sends calls here has to set them"),
            );
        }
        let plan = RoutingPlan {
            name: name.clone(),
            queues: self.queues,
            skills: self.skills.into_iter().collect(),
            variables: self.variables.into_iter().collect(),
            rules,
            otherwise,
        };
        let head = Head { name, language: None, start: Goal::Element(start), ends: Ends::Call };
        let mut imported = self.work.finish(head);
        imported.routing = Some(plan);
        imported
    }
}

/// An attribute of a task as what a condition looks at: the variable that Studio's widgets are imported to set. The numbers
/// of the call are known without.
fn attribute(key: &str, variables: &mut BTreeSet<String>) -> Value {
    let name = key.strip_prefix("task.").unwrap_or(key);
    match name {
        "from" | "caller" => json!({ "operand": "caller" }),
        "to" | "called" => json!({ "operand": "to" }),
        _ => {
            let name = variable(&format!("{TASK}{}", variable(name)));
            variables.insert(name.clone());
            conditions::variable(&name)
        }
    }
}
