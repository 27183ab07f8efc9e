//! Actions that decide: attributes, hours, figures, shares, loops.

use serde_json::{Map, Value, json};

use super::path::is_path;
use super::{Action, Condition, Connect};
use crate::bounds::cut;
use crate::document::conditions::{self, Case, Compare};
use crate::document::names::{self, slug, variable};
use crate::document::{Goal, Wanted, integer, port, text};
use crate::report::ReferenceKind;

/// How deep conditions can be nested, theirs and so ours.
const DEPTH: usize = 5;

impl Connect<'_> {
    pub(super) fn compare(&mut self, number: usize, action: &Action) {
        let compared = action.text("ComparisonValue").unwrap_or_default();
        if let Some(figure) = figure_of_path(&compared) {
            return self.figures(number, action, figure);
        }
        let otherwise = self.error(number, &["NoMatchingCondition"]);
        self.leave_out(
            number,
            &self.used(action, &["NoMatchingCondition"]),
            &[&otherwise],
            "comparing cannot fail here",
        );
        let (operand, set) = self.operand(number, &compared);
        let cases = self.cases(number, action, &operand);
        if cases.is_empty() {
            return self.work.through(number, otherwise, "has no conditions");
        }
        if let Some((name, template)) = set {
            let id = self.work.id(number, "value");
            let branch = Goal::Node(self.work.peek(number));
            let variables = Map::from_iter([(name, json!(template))]);
            self.work.put(number, &id, "set", json!({ "variables": variables }), vec![port("next", &branch)]);
        }
        self.work.branch(number, "", ("branch", &json!({})), cases, &otherwise);
    }

    /// The names of the ways that become cases, and of these errors.
    fn used<'n>(&self, action: &'n Action, errors: &[&'n str]) -> Vec<&'n str> {
        let conditions = action
            .conditions
            .iter()
            .filter_map(|way| way.condition.get("Operands")?.as_array()?.first()?.as_str());
        let operators = action.conditions.iter().map(Condition::operator);
        errors.iter().copied().chain(conditions).chain(operators).collect()
    }

    /// What is compared, and the variable that has to be set for it first.
    fn operand(&mut self, number: usize, compared: &str) -> (Value, Option<(String, String)>) {
        let expression = self.expression(number, compared);
        match expression.as_deref() {
            Some("call.from") => (json!({ "operand": "caller" }), None),
            Some("call.to") => (json!({ "operand": "to" }), None),
            Some("call.queue") => (json!({ "operand": "queue" }), None),
            Some("call.agent") => (json!({ "operand": "agent" }), None),
            Some(path) if path.starts_with("vars.") => (conditions::variable(&path["vars.".len()..]), None),
            Some(_) | None => {
                let name = variable(&format!("{}_value", slug(&names_of(self, number))));
                let template = self.liquid(number, compared);
                (conditions::variable(&name), Some((name, template)))
            }
        }
    }

    fn cases(&mut self, number: usize, action: &Action, operand: &Value) -> Vec<Case> {
        let mut cases = Vec::new();
        for way in &action.conditions {
            let when = match condition(operand, &way.condition, 0) {
                Ok(when) => when,
                Err(why) => {
                    let told = cut(&way.condition.to_string(), 200).to_owned();
                    self.work.approximate(number, format!("the condition {told} never holds here: {why}"));
                    conditions::never()
                }
            };
            let goal = self.goal_of(number, Some(&way.next));
            cases.push(Case { port: port_name(way), when, goal });
        }
        cases
    }

    pub(super) fn hours(&mut self, number: usize, action: &Action) {
        let given = action.text("HoursOfOperationId").or_else(|| action.text("Hours"));
        let shown = given.as_ref().and_then(|given| action.shown.get(given).cloned());
        let reference = match &given {
            Some(given) => self.constant(given),
            // Without, they are those of the queue.
            None => {
                let queues: Vec<String> = self.queues_at(number).into_iter().flatten().collect();
                format!("hours of {}", queues.first().map_or("the queue", String::as_str))
            }
        };
        let way = |name: &str| {
            action
                .conditions
                .iter()
                .find(|way| way.operand() == name)
                .map(|way| way.next.clone())
                .or(action.next.clone())
        };
        let (open, closed) = (way("True"), way("False"));
        let open = self.goal_of(number, open.as_deref());
        let closed = self.goal_of(number, closed.as_deref());
        let schedule = self.work.schedule(&reference);
        let id = self.work.peek(number);
        let wanted = Wanted::required(ReferenceKind::Hours, &reference).called(shown.as_deref());
        self.work.refer(number, wanted, Some(&id), Some("weekly"));
        let Some(schedule) = schedule else {
            let called = shown.unwrap_or(reference);
            let reason = format!("the hours `{called}` are not in the document: map them to a schedule");
            return self.unsupported(number, &reason);
        };
        if let Some(fault) = self.work.judge.schedule(&schedule) {
            let reason = format!("the schedule that `{reference}` is mapped to is none: {fault}");
            return self.unsupported(number, &reason);
        }
        self.leave_out(
            number,
            &["True", "False", "Equals"],
            &[&open, &closed],
            "hours can always be told here",
        );
        let mut fields = schedule.as_object().cloned().unwrap_or_default();
        fields.retain(|name, _| matches!(name.as_str(), "zone" | "weekly" | "exceptions"));
        let ports = vec![port("open", &open), port("closed", &closed)];
        self.work.node(number, "", "hours", Value::Object(fields), ports);
    }

    pub(super) fn metrics(&mut self, number: usize, action: &Action) {
        let metric = action.text("MetricType").unwrap_or_default();
        match figure_of_metric(&metric) {
            Some(figure) => {
                if metric.contains("Online") {
                    self.work
                        .approximate(number, "agents who are online are counted as those who are staffed");
                }
                self.figures(number, action, figure);
            }
            None => {
                let reason = format!("`{}` is no figure that is known here", cut(&metric, 60));
                self.unsupported(number, &reason);
            }
        }
    }

    fn figures(&mut self, number: usize, action: &Action, figure: &str) {
        let operand = json!({ "operand": figure });
        let otherwise = self.error(number, &["NoMatchingCondition"]);
        self.leave_out(
            number,
            &self.used(action, &["NoMatchingCondition"]),
            &[&otherwise],
            "figures can always be told here",
        );
        let mut cases = Vec::new();
        for mut case in self.cases(number, action, &operand) {
            // Are there any: some ask so.
            if case.port == "True" {
                case.when = conditions::greater(&operand, 0.0);
            } else if case.port == "False" {
                case.when = conditions::not(conditions::greater(&operand, 0.0));
            }
            cases.push(case);
        }
        if cases.is_empty() {
            return self.work.through(number, otherwise, "has no conditions");
        }
        let id = self.work.peek(number);
        let queue = self.queue_of(number, action.text("QueueId"), &id);
        self.work.branch(number, "", ("figures", &json!({ "queue": queue })), cases, &otherwise);
    }

    /// Shares are told as rising limits: below 21 is 20 per cent, below 61 another 40.
    pub(super) fn percentage(&mut self, number: usize, action: &Action) {
        let mut limits = Vec::new();
        for way in &action.conditions {
            let limit = way.operand().trim().parse::<i64>().ok();
            let less = matches!(way.operator(), "NumberLessThan" | "NumericLessThan" | "LessThan");
            match limit {
                Some(limit) if less => limits.push((limit.clamp(1, 101), way.next.clone())),
                Some(_) | None => {
                    return self.unsupported(number, "its shares are not a chain of rising limits");
                }
            }
        }
        let otherwise = self.error(number, &["NoMatchingCondition"]);
        let mut shares: Vec<(i64, Goal)> = Vec::new();
        let mut before = 1;
        for (limit, next) in limits {
            let goal = self.goal_of(number, Some(&next));
            if limit > before {
                shares.push((limit - before, goal));
                before = limit;
            } else {
                self.work.approximate(number, format!("a share of nothing, to `{next}`, is left out"));
            }
        }
        if before <= 100 {
            shares.push((101 - before, otherwise));
        }
        match shares.as_slice() {
            [] => {}
            [(_, only)] => {
                self.work.approximate(number, "all calls go one way; there is nothing to split");
                let only = only.clone();
                return self.work.through(number, only, "all calls go one way");
            }
            _ => {}
        }
        let mut written = Vec::new();
        let mut ports = Vec::new();
        for (at, (percent, goal)) in shares.iter().enumerate() {
            let name = format!("share{}", at + 1);
            written.push(json!({ "port": name, "percent": percent }));
            ports.push(port(&name, goal));
        }
        self.work.remark(number, "the same call always goes the same way here");
        self.work.node(number, "", "split", json!({ "shares": written }), ports);
    }

    pub(super) fn repeat(&mut self, number: usize, action: &Action) {
        let way = |names: [&str; 2]| {
            action
                .conditions
                .iter()
                .find(|way| names.contains(&way.operand().as_str()))
                .map(|way| way.next.clone())
        };
        let again = way(["ContinueLooping", "Looping"]);
        let done = way(["DoneLooping", "Complete"]).or(action.next.clone());
        let again = self.goal_of(number, again.as_deref());
        let done = self.goal_of(number, done.as_deref());
        self.leave_out(
            number,
            &["ContinueLooping", "Looping", "DoneLooping", "Complete", "Equals"],
            &[&again, &done],
            "counting cannot fail here",
        );
        let count = action.parameter("LoopCount").or_else(|| action.parameter("Count"));
        let times = match integer(count) {
            Some(times) if times <= 0 => {
                self.work.approximate(number, "it loops no time at all");
                return self.work.through(number, done, "loops no time at all");
            }
            Some(times) => {
                if times > 100 {
                    self.work.approximate(number, format!("it loops 100 times; there it was {times}"));
                }
                times.min(100)
            }
            None => {
                let given = text(count).unwrap_or_default();
                self.work.approximate(number, format!("it loops 3 times; there it was told by `{given}`"));
                3
            }
        };
        self.work.node(
            number,
            "",
            "loop",
            json!({ "times": times }),
            vec![port("again", &again), port("done", &done)],
        );
    }
}

fn names_of(connect: &Connect<'_>, number: usize) -> String {
    let name = connect.work.name(number);
    if names::is_uuid(name) { connect.actions[number].action_type.clone() } else { name.to_owned() }
}

/// A condition of ours out of `{Operator, Operands}`, which may hold conditions themselves.
fn condition(operand: &Value, given: &Value, depth: usize) -> Result<Value, String> {
    if depth > DEPTH {
        return Err(format!("conditions are nested deeper than {DEPTH}"));
    }
    let operator = given.get("Operator").and_then(Value::as_str).unwrap_or_default();
    let operands = given.get("Operands").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if operands.len() > 50 {
        return Err("more than 50 operands".to_owned());
    }
    if operands.iter().any(Value::is_object) {
        let parts: Result<Vec<Value>, String> =
            operands.iter().map(|part| condition(operand, part, depth + 1)).collect();
        let parts = parts?;
        return match operator.to_ascii_lowercase().as_str() {
            "and" | "all" => Ok(json!({ "all": parts })),
            "or" | "any" => Ok(json!({ "any": parts })),
            "not" => Ok(conditions::not(json!({ "any": parts }))),
            _ => Err(format!("`{operator}` does not join conditions")),
        };
    }
    let mut tests = Vec::new();
    for value in operands {
        let value = text(Some(value)).unwrap_or_default();
        if is_path(&value) {
            return Err("it is compared with another value of the call".to_owned());
        }
        tests.push(test(operand, operator, value.trim())?);
    }
    match tests.len() {
        0 => Err("it compares with nothing".to_owned()),
        1 => Ok(tests.remove(0)),
        _ => Ok(json!({ "any": tests })),
    }
}

fn test(operand: &Value, operator: &str, value: &str) -> Result<Value, String> {
    let amount = || value.parse::<f64>().ok().filter(|n| n.is_finite()).ok_or("it is no number");
    // Older exports and other tools leave out `Text` and `Number`.
    let operator =
        operator.trim_start_matches("Text").trim_start_matches("Number").trim_start_matches("Numeric");
    Ok(match operator {
        "Equals" | "EqualTo" => conditions::compare(operand, Compare::Equals, value),
        "NotEquals" | "NotEqualTo" => conditions::not(conditions::compare(operand, Compare::Equals, value)),
        "StartsWith" => conditions::compare(operand, Compare::StartsWith, value),
        "Contains" => conditions::compare(operand, Compare::Contains, value),
        "EndsWith" => {
            if value.len() > 200 {
                return Err("the end of a text is compared with at most 200 bytes".to_owned());
            }
            conditions::matches(operand, &format!("{}$", literal(value)))
        }
        "GreaterThan" => conditions::greater(operand, amount()?),
        "LessThan" => conditions::less(operand, amount()?),
        "GreaterOrEqualTo" | "GreaterThanOrEqualTo" => conditions::at_least(operand, amount()?),
        "LessOrEqualTo" | "LessThanOrEqualTo" => conditions::at_most(operand, amount()?),
        other => return Err(format!("`{}` is no operator that is known", cut(other, 40))),
    })
}

/// A text as a regular expression that is nothing but it.
fn literal(text: &str) -> String {
    let mut literal = String::new();
    for c in text.chars() {
        if c.is_ascii_punctuation() {
            literal.push('\\');
        }
        literal.push(c);
    }
    literal
}

fn port_name(way: &Condition) -> String {
    let (operator, operand) = (way.operator(), slug(&way.operand()));
    match operator {
        "Equals" => operand,
        _ => slug(&format!("{operator}_{operand}")),
    }
}

fn figure_of_metric(metric: &str) -> Option<&'static str> {
    Some(match metric {
        "NumberOfAgentsAvailable" | "AgentsAvailable" | "Available" => "available",
        "NumberOfAgentsStaffed"
        | "AgentsStaffed"
        | "Staffed"
        | "NumberOfAgentsOnline"
        | "AgentsOnline"
        | "Online" => "staffed",
        "OldestContactInQueueAgeSeconds" => "longestWaitSeconds",
        "NumberOfContactsInQueue" | "ContactsInQueue" => "waiting",
        _ => return None,
    })
}

/// The figures that `GetMetricData` gives, where they are compared.
fn figure_of_path(path: &str) -> Option<&'static str> {
    Some(match path.trim() {
        "$.Metrics.Agents.Available.Count" => "available",
        "$.Metrics.Agents.Staffed.Count" | "$.Metrics.Agents.Online.Count" => "staffed",
        "$.Metrics.Queue.Size" => "waiting",
        "$.Metrics.Queue.OldestContactAge" => "longestWaitSeconds",
        "$.Metrics.Queue.EstimatedWaitTime" => "expectedWaitSeconds",
        _ => return None,
    })
}
