//! The targets of a filter: steps that follow one another.

use serde_json::{Map, Value, json};

use super::expression::{self, Expression, Operand, Operator};
use super::{COLUMN, ROW, Workflow, attribute};
use crate::bounds::pointer;
use crate::document::conditions::Case;
use crate::document::names::short;
use crate::document::{Goal, Wanted, integer, port, text};
use crate::plan::{KnownBy, KnownWorker, RoutingStep, SkillNeed, SkipIf};
use crate::report::ReferenceKind;

/// The priority of a call for which none is told; in a workflow that is 0.
const USUAL_PRIORITY: i64 = 50;
/// How long a known worker is asked alone where the target says no time, in seconds.
const KNOWN_WORKER: i64 = 20;
/// The longest wait that a flow can name, in seconds.
const DAY: i64 = 86_400;

impl<'a> Workflow<'a> {
    /// The steps of a filter, each with the number of its element.
    pub(super) fn steps(
        &mut self,
        filter: &'a Value,
        at: &str,
        base: &str,
        row: usize,
    ) -> Vec<(usize, RoutingStep)> {
        let targets = filter.get("targets").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let at = pointer(at, "targets");
        let elements: Vec<usize> = targets
            .iter()
            .enumerate()
            .map(|(number, target)| {
                let name = format!("target {}", number + 1);
                let at = pointer(&at, &number.to_string());
                let element = self.work.element(&name, "target", at, base, target);
                self.work.place(element, Some((COLUMN * (number + 1) as f64, ROW * row as f64)));
                element
            })
            .collect();
        let mut steps = Vec::new();
        let mut queue = self.default_queue.clone();
        let mut waited = 0;
        for (number, target) in targets.iter().enumerate() {
            let element = elements[number];
            let next =
                elements.get(number + 1).map_or_else(|| self.otherwise.clone(), |next| Goal::Element(*next));
            queue = text(target.get("queue")).or(queue);
            let at = pointer(&at, &number.to_string());
            steps.push((element, self.step(element, target, at, queue.as_deref(), &next, &mut waited)));
        }
        steps
    }

    fn step(
        &mut self,
        element: usize,
        target: &Value,
        at: String,
        queue: Option<&str>,
        next: &Goal,
        waited: &mut i64,
    ) -> RoutingStep {
        let skip_if = text(target.get("skip_if")).map(|source| self.skip_if(element, source));
        let figures = skip_if
            .as_ref()
            .and_then(|skip| skip.when.clone())
            .map(|when| (self.work.id(element, "skip"), when));
        let id = self.work.id(element, "");
        let queue = match queue {
            Some(queue) => self.queue(element, queue, &id),
            None => {
                self.work.approximate(element, "it names no queue, and there is no default one");
                let name = self.queue(element, &format!("queue of {at}"), &id);
                if let Some(planned) = self.queues.last_mut() {
                    planned.named = false;
                }
                name
            }
        };
        if let Some((figures, when)) = figures {
            let case = Case { port: "skip".to_owned(), when, goal: next.clone() };
            self.skip_node(element, &figures, &queue, case, &id);
        }
        let mut fields = Map::from_iter([("queue".to_owned(), json!(queue))]);
        let priority = integer(target.get("priority")).filter(|priority| *priority >= 0);
        if let Some(priority) = priority.filter(|priority| *priority > 0) {
            let here = USUAL_PRIORITY.saturating_add(priority).min(100);
            self.work.approximate(
                element,
                format!(
                    "the priority {priority} is {here} here, where calls without one have {USUAL_PRIORITY}"
                ),
            );
            fields.insert("priority".to_owned(), json!(here));
        } else if text(target.get("priority")).is_some_and(|given| given.parse::<i64>().is_err()) {
            self.work.approximate(element, "a priority that is computed is left out");
        }
        let timeout =
            integer(target.get("timeout")).filter(|seconds| *seconds > 0).map(|seconds| seconds.min(DAY));
        let mut ports = Vec::new();
        if let Some(seconds) = timeout {
            fields.insert("maxWaitSeconds".to_owned(), json!(seconds));
            ports.push(port("timeout", next));
        }
        if *next != Goal::End {
            ports.push(port("failed", next));
        }
        if *waited > 0 {
            fields.insert("ageCreditSeconds".to_owned(), json!((*waited).min(DAY)));
        }
        *waited = (*waited + timeout.unwrap_or(0)).min(DAY);
        let workers = text(target.get("expression"));
        let skills = workers.as_deref().map(|source| self.workers(element, source, &id)).unwrap_or_default();
        if !skills.is_empty() {
            fields.insert("skills".to_owned(), json!(skills));
        }
        let order_by = text(target.get("order_by"));
        if order_by.is_some() {
            self.work.approximate(
                element,
                "order_by left out: the order of the agents is the strategy of the queue",
            );
        }
        let known_worker = self.known_worker(element, target, &id);
        if let Some(worker) = &known_worker {
            let seconds = timeout.unwrap_or(KNOWN_WORKER).clamp(1, 3_600);
            fields.insert("preferAgent".to_owned(), json!({ "agent": worker.agent, "seconds": seconds }));
        }
        self.work.put(element, &id, "enqueue", Value::Object(fields), ports);
        let whole = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
        RoutingStep {
            pointer: at,
            node: id,
            queue,
            priority: priority.map(whole),
            timeout_seconds: timeout.map(whole),
            workers,
            skills,
            order_by,
            skip_if,
            known_worker,
        }
    }

    fn skip_node(&mut self, element: usize, figures: &str, queue: &str, case: Case, id: &str) {
        let cases = json!([{ "port": case.port, "when": case.when }]);
        let ports = vec![(case.port, case.goal), port("else", &Goal::Node(id.to_owned()))];
        self.work.put(element, figures, "figures", json!({ "queue": queue, "cases": cases }), ports);
    }

    fn skip_if(&mut self, element: usize, source: String) -> SkipIf {
        let mut look = |key: &str| match key {
            "workers.available" => Some(json!({ "operand": "available" })),
            _ => None,
        };
        let translated = expression::parse(&source)
            .and_then(|parsed| expression::condition(&parsed, &mut look, &mut Vec::new()));
        let when = match translated {
            Ok(when) => {
                self.work.remark(
                    element,
                    "it is looked at before the call waits; there after no worker could be found at once",
                );
                Some(when)
            }
            Err(why) => {
                self.work.approximate(element, format!("skip_if `{source}` left out: {why}"));
                None
            }
        };
        SkipIf { expression: source, when }
    }

    /// The skills that an expression on workers asks for; what else it asks for is told.
    fn workers(&mut self, element: usize, source: &str, node: &str) -> Vec<SkillNeed> {
        let parsed = match expression::parse(source) {
            Ok(parsed) => parsed,
            Err(why) => {
                self.work
                    .approximate(element, format!("the expression `{source}` on workers is left out: {why}"));
                return Vec::new();
            }
        };
        let parts = match parsed {
            Expression::All(parts) => parts,
            one @ (Expression::Any(_) | Expression::Not(_) | Expression::Test(..) | Expression::Value(_)) => {
                vec![one]
            }
        };
        let mut wanted: Vec<(String, u8)> = Vec::new();
        for part in parts {
            match skill_of(&part) {
                Asked::Skill(skill, level) => match wanted.iter_mut().find(|(known, _)| *known == skill) {
                    Some((_, known)) => *known = (*known).max(level),
                    None => wanted.push((skill, level)),
                },
                Asked::Nothing => {}
                Asked::Else => self.work.approximate(
                    element,
                    format!("of the expression `{source}` on workers only the skills are asked for here"),
                ),
            }
        }
        wanted
            .into_iter()
            .take(32)
            .map(|(skill, level)| {
                let reference = Wanted::optional(ReferenceKind::Skill, &skill);
                let skill = self.work.refer_by_name(element, reference, node, "skills");
                self.skills.insert(skill.clone());
                SkillNeed { skill, level }
            })
            .collect()
    }

    fn known_worker(&mut self, element: usize, target: &Value, node: &str) -> Option<KnownWorker> {
        let (expression, by) =
            match (text(target.get("known_worker_sid")), text(target.get("known_worker_friendly_name"))) {
                (Some(sid), _) => (sid, KnownBy::Sid),
                (None, Some(name)) => (name, KnownBy::FriendlyName),
                (None, None) => return None,
            };
        let agent = if expression.starts_with("task.") {
            let looked_at = attribute(&expression, &mut self.variables);
            let what = match by {
                KnownBy::Sid => "an agent's id or name, not a worker's SID",
                KnownBy::FriendlyName => "an agent's id or name",
            };
            self.work.approximate(
                element,
                format!("the known worker is asked first, and then others; `{expression}` has to be {what}"),
            );
            match looked_at["name"].as_str() {
                Some(name) => format!("{{{{ vars.{name} }}}}"),
                None => "{{ call.from }}".to_owned(),
            }
        } else {
            self.work.approximate(element, "the known worker is asked first, and then others");
            let constant = expression.trim_matches(|c| c == '"' || c == '\'');
            let wanted = match by {
                KnownBy::Sid => Wanted::required(ReferenceKind::Agent, constant),
                KnownBy::FriendlyName => Wanted::optional(ReferenceKind::Agent, constant),
            };
            self.work.refer_by_name(element, wanted, node, "preferAgent")
        };
        Some(KnownWorker { expression, by, agent })
    }
}

/// What a part of an expression on workers asks for.
enum Asked {
    Skill(String, u8),
    /// Something that every worker has.
    Nothing,
    Else,
}

fn skill_of(part: &Expression) -> Asked {
    match part {
        Expression::Test(Operand::Key(key), Operator::Has, value) if is_skills(key) => {
            value.constant().map_or(Asked::Else, |skill| Asked::Skill(short(&skill, "skill"), 1))
        }
        Expression::Test(value, Operator::In, Operand::Key(key)) if is_skills(key) => {
            value.constant().map_or(Asked::Else, |skill| Asked::Skill(short(&skill, "skill"), 1))
        }
        Expression::Test(Operand::Key(key), operator, Operand::Number(level)) => {
            let Some(skill) = skill_of_level(key) else { return Asked::Else };
            let least = match operator {
                Operator::GreaterOrEqual | Operator::Equals => *level,
                Operator::Greater => level.floor() + 1.0,
                Operator::NotEquals
                | Operator::Less
                | Operator::LessOrEqual
                | Operator::In
                | Operator::NotIn
                | Operator::Has
                | Operator::Contains => return Asked::Else,
            };
            Asked::Skill(short(skill, "skill"), least.ceil().clamp(1.0, 10.0) as u8)
        }
        Expression::Test(left, Operator::Equals, right) if left.constant().is_some() && left == right => {
            Asked::Nothing
        }
        Expression::All(_)
        | Expression::Any(_)
        | Expression::Not(_)
        | Expression::Test(..)
        | Expression::Value(_) => Asked::Else,
    }
}

fn is_skills(key: &str) -> bool {
    matches!(key.strip_prefix("worker.").unwrap_or(key), "skills" | "routing.skills")
}

fn skill_of_level(key: &str) -> Option<&str> {
    let key = key.strip_prefix("worker.").unwrap_or(key);
    key.strip_prefix("routing.levels.").or_else(|| key.strip_prefix("levels."))
}
