//! Actions that bring a call to somebody: queues, agents, numbers, callbacks. The queue, the priority and the criteria of a
//! call are set by actions before; here the node that lets it wait has them, so what can have been set is followed back.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::path::{AGENT, QUEUE, is_path};
use super::{Action, Connect};
use crate::bounds::ITEMS;
use crate::document::conditions::{self, Case, Compare};
use crate::document::names::{is_number, short, slug};
use crate::document::{FlowKind, Goal, Wanted, flag, integer, port, sorted, text};
use crate::report::ReferenceKind;

/// The variable in which the number for a callback is.
const CALLBACK: &str = "callback_number";
/// Connect's priority of a call for which none was set; 1 is the most urgent.
const USUAL_PRIORITY: i64 = 5;
/// What its levels of proficiency, 1 to 5, are among our 1 to 10.
const LEVELS: i64 = 2;

impl Connect<'_> {
    /// The queues that can have been set when a call comes to an action.
    pub(super) fn queues_at(&self, number: usize) -> BTreeSet<Option<String>> {
        self.reaching(number, &|action| {
            let sets = action.action_type == "UpdateContactTargetQueue";
            sets.then(|| action.text("QueueId")).flatten().map(|queue| self.constant(&queue))
        })
    }

    /// The name that the console shows for a reference, wherever it is used.
    fn shown(&self, reference: &str) -> Option<String> {
        self.shown.get(reference).cloned()
    }

    /// A queue by its name here.
    fn queue_name(&mut self, number: usize, reference: &str, node: &str) -> String {
        if is_path(reference) {
            self.work.approximate(
                number,
                format!("which queue it is was computed there (`{reference}`); here it is one"),
            );
        }
        let shown = self.shown(reference);
        let wanted = Wanted::required(ReferenceKind::Queue, reference).called(shown.as_deref());
        self.work.refer_by_name(number, wanted, node, "queue")
    }

    /// The queue of a node that names one: its own, else the one that was set before.
    pub(super) fn queue_of(&mut self, number: usize, own: Option<String>, node: &str) -> String {
        if let Some(own) = own {
            let reference = self.constant(&own);
            return self.queue_name(number, &reference, node);
        }
        let found: Vec<String> = self.queues_at(number).into_iter().flatten().collect();
        if found.len() > 1 {
            self.work.approximate(
                number,
                "several queues can have been set before; the first of them is named here",
            );
        }
        match found.first() {
            Some(queue) => self.queue_name(number, queue, node),
            None => self.unset_queue(number, node),
        }
    }

    fn unset_queue(&mut self, number: usize, node: &str) -> String {
        self.work
            .approximate(number, "the queue was set by another flow, or never; here a node names its queue");
        let reference = format!("queue of {}", self.work.name(number));
        let wanted = Wanted::required(ReferenceKind::Queue, &reference);
        self.work.refer_by_name(number, wanted, node, "queue")
    }

    /// Sets the queue or the agent for actions that follow.
    pub(super) fn target(&mut self, number: usize, action: &Action) {
        let next = self.next(number);
        self.leave_out(number, &[], &[&next], "setting a variable cannot fail here");
        let id = self.work.id(number, "");
        let (variable, value) = match (action.text("QueueId"), action.text("AgentId")) {
            (Some(queue), _) => {
                let reference = self.constant(&queue);
                if is_path(&reference) {
                    (QUEUE, self.liquid(number, &reference))
                } else {
                    (QUEUE, self.queue_name(number, &reference, &id))
                }
            }
            (None, Some(agent)) => {
                let reference = self.constant(&agent);
                if is_path(&reference) {
                    (AGENT, self.liquid(number, &reference))
                } else {
                    let shown = self.shown(&reference);
                    let wanted = Wanted::required(ReferenceKind::Agent, &reference).called(shown.as_deref());
                    (AGENT, self.work.refer_by_name(number, wanted, &id, "variables"))
                }
            }
            (None, None) => {
                self.work.approximate(number, "it sets neither a queue nor an agent");
                return self.work.through(number, next, "sets neither a queue nor an agent");
            }
        };
        self.work.remark(
            number,
            format!("the node that lets the call wait names it; `{variable}` keeps it until there"),
        );
        let fields = json!({ "variables": { variable: value } });
        self.work.put(number, &id, "set", fields, vec![port("next", &next)]);
    }

    pub(super) fn transfer_to_queue(&mut self, number: usize, action: &Action) {
        let failed = self.error(number, &["QueueAtCapacity", "NoMatchingError"]);
        self.leave_out(
            number,
            &["QueueAtCapacity"],
            &[&failed],
            "whatever goes wrong leaves by one way here",
        );
        let failed_anyhow = self.error(number, &["NoMatchingError"]);
        if failed_anyhow != failed {
            self.work.approximate(
                number,
                "a full queue and other failures led to two places; here both lead where a full queue did",
            );
        }
        let settings = self.settings_of_the_wait(number);
        if let Some(own) = action.text("QueueId") {
            let id = self.work.id(number, "");
            let queue = self.queue_of(number, Some(own), &id);
            return self.wait(number, &id, &queue, settings, &failed);
        }
        let found = self.queues_at(number);
        let queues: Vec<String> = found.iter().flatten().cloned().collect();
        if let [] | [_] = queues.as_slice() {
            let id = self.work.id(number, "");
            let queue = self.queue_of(number, None, &id);
            return self.wait(number, &id, &queue, settings, &failed);
        }
        // Several can have been set: a branch on the variable decides.
        let mut named: Vec<(String, String)> = Vec::new();
        for reference in queues {
            let id = self.work.id(number, "to");
            let queue = self.queue_name(number, &reference, &id);
            named.push((id, queue));
        }
        let operand = conditions::variable(QUEUE);
        let cases = named
            .iter()
            .map(|(id, queue)| Case {
                port: slug(queue),
                when: conditions::compare(&operand, Compare::Equals, queue),
                goal: Goal::Node(id.clone()),
            })
            .collect();
        self.work.branch(number, "", ("branch", &json!({})), cases, &failed);
        for (id, queue) in named {
            self.wait(number, &id, &queue, settings.clone(), &failed);
        }
    }

    fn wait(&mut self, number: usize, id: &str, queue: &str, settings: Map<String, Value>, failed: &Goal) {
        let mut fields = settings;
        fields.insert("queue".to_owned(), json!(queue));
        let ports = if *failed == Goal::End { Vec::new() } else { vec![port("failed", failed)] };
        self.work.put(number, id, "enqueue", Value::Object(fields), ports);
    }

    /// The priority, the credit of age and the skills that have been set before a call waits.
    fn settings_of_the_wait(&mut self, number: usize) -> Map<String, Value> {
        let mut settings = Map::new();
        let set = |name: &'static str| {
            move |action: &Action| {
                let sets = action.action_type == "UpdateContactRoutingBehavior";
                sets.then(|| action.text(name)).flatten()
            }
        };
        let priority = self.only(number, &set("QueuePriority"), "priorities");
        if let Some(given) = priority.as_deref().and_then(|given| given.parse::<i64>().ok()) {
            let here = (50 + (USUAL_PRIORITY - given).saturating_mul(10)).clamp(0, 100);
            self.work.approximate(
                number,
                format!("the priority {given} is {here} here, where calls without one have 50 and the larger comes first"),
            );
            settings.insert("priority".to_owned(), json!(here));
        }
        let age = self.only(number, &set("QueueTimeAdjustmentSeconds"), "adjustments of the age");
        if let Some(seconds) = age.as_deref().and_then(|given| given.parse::<i64>().ok()) {
            if seconds < 0 {
                self.work.approximate(number, "a call cannot be made younger here");
            } else {
                settings.insert("ageCreditSeconds".to_owned(), json!(seconds.min(86_400)));
            }
        }
        let criteria = self.only(
            number,
            &|action| {
                let sets = matches!(
                    action.action_type.as_str(),
                    "UpdateRoutingCriteria" | "UpdateContactRoutingCriteria"
                );
                sets.then(|| {
                    action.parameter("RoutingCriteria").or(action.parameter("Steps")).map(Value::to_string)
                })
                .flatten()
            },
            "criteria",
        );
        if let Some(criteria) = criteria.and_then(|criteria| serde_json::from_str::<Value>(&criteria).ok()) {
            let skills = self.skills(number, &criteria);
            if !skills.is_empty() {
                settings.insert("skills".to_owned(), Value::Array(skills));
            }
        }
        settings
    }

    /// The one value that has been set. Several: the first, and it is told.
    fn only(
        &mut self,
        number: usize,
        setter: &dyn Fn(&Action) -> Option<String>,
        what: &str,
    ) -> Option<String> {
        let found = self.reaching(number, setter);
        let set: Vec<&String> = found.iter().flatten().collect();
        if !set.is_empty() && found.len() > 1 {
            self.work.approximate(
                number,
                format!("several {what} can have been set before, or none; one is named here"),
            );
        }
        let first = set.first().map(|value| (*value).clone());
        if let Some(path) = first.as_deref().filter(|value| is_path(value)) {
            self.work.approximate(number, format!("{what} that are computed (`{path}`) are left out"));
            return None;
        }
        first
    }

    /// The skills of the first step of criteria; how they are relaxed later is a rule of the queue.
    fn skills(&mut self, number: usize, criteria: &Value) -> Vec<Value> {
        let steps = criteria.get("Steps").unwrap_or(criteria).as_array().cloned().unwrap_or_default();
        if steps.len() > 1 {
            self.work.approximate(
                number,
                "the skills of the first step are asked for; that later steps ask for less is a rule of the queue here",
            );
        }
        let Some(expression) = steps.first().and_then(|step| step.get("Expression")) else {
            return Vec::new();
        };
        let mut conditions = Vec::new();
        if let Some(one) = expression.get("AttributeCondition") {
            conditions.push(one.clone());
        }
        for part in expression.get("AndExpression").and_then(Value::as_array).into_iter().flatten().take(32) {
            conditions.extend(part.get("AttributeCondition").cloned());
        }
        if expression.get("OrExpression").is_some() || expression.get("NotAttributeCondition").is_some() {
            self.work
                .approximate(number, "skills of which one is enough, or that may not be there, are left out");
        }
        let mut skills: Vec<Value> = Vec::new();
        for condition in conditions {
            let name = text(condition.get("Name")).unwrap_or_default();
            let value = text(condition.get("Value")).unwrap_or_default();
            let reference = if value.is_empty() { name.clone() } else { format!("{name}: {value}") };
            if name.is_empty() || skills.iter().any(|skill| skill["skill"] == short(&reference, "skill")) {
                continue;
            }
            let level = integer(condition.get("ProficiencyLevel")).unwrap_or(1);
            let id = self.work.peek(number);
            let wanted = Wanted::required(ReferenceKind::Skill, &reference);
            let skill = self.work.refer_by_name(number, wanted, &id, "skills");
            skills.push(json!({ "skill": skill, "level": (level * LEVELS).clamp(1, 10) }));
        }
        if !skills.is_empty() {
            self.work
                .approximate(number, "levels of proficiency from 1 to 5 are skills with levels from 2 to 10");
        }
        skills
    }

    pub(super) fn transfer_to_other_queue(&mut self, number: usize, action: &Action) {
        if self.work.kind == FlowKind::Wait {
            return self.unsupported(
                number,
                "a caller who waits is moved to another queue by the queue's overflow rules here, not by what he hears",
            );
        }
        self.transfer_to_queue(number, action);
    }

    pub(super) fn transfer_to_agent(&mut self, number: usize, action: &Action) {
        let failed = self.error(number, &["NoMatchingError"]);
        let own = action.text("AgentId");
        let found = self.reaching(number, &|action| {
            let sets = action.action_type == "UpdateContactTargetQueue";
            sets.then(|| action.text("AgentId")).flatten()
        });
        let id = self.work.id(number, "");
        let set: Vec<String> = found.into_iter().flatten().collect();
        let agent = match (own.as_deref().or(set.first().map(String::as_str)), set.len()) {
            (Some(agent), 0 | 1) if !is_path(&self.constant(agent)) => {
                let reference = self.constant(agent);
                let shown = self.shown(&reference);
                let wanted = Wanted::required(ReferenceKind::Agent, &reference).called(shown.as_deref());
                self.work.refer_by_name(number, wanted, &id, "agent")
            }
            _ => format!("{{{{ vars.{AGENT} }}}}"),
        };
        let ports = vec![port("busy", &failed), port("noAnswer", &failed), port("failed", &failed)];
        self.work.put(number, &id, "transfer", json!({ "agent": agent }), ports);
    }

    pub(super) fn transfer_to_number(&mut self, number: usize, action: &Action) {
        let given = action.text("ThirdPartyPhoneNumber").unwrap_or_default();
        let to = self.liquid(number, given.trim());
        if !to.contains("{{") && !is_number(&to) {
            return self.unsupported(number, "it names no number that can be called");
        }
        let mut fields = Map::from_iter([("number".to_owned(), json!(to))]);
        if let Some(seconds) = integer(action.parameter("ThirdPartyConnectionTimeLimitSeconds")) {
            if !(5..=600).contains(&seconds) {
                self.work
                    .approximate(number, format!("it rings for 5 to 600 seconds; there it was {seconds}"));
            }
            fields.insert("timeoutSeconds".to_owned(), json!(seconds.clamp(5, 600)));
        }
        let caller =
            action.parameter("CallerId").and_then(|caller| text(Some(caller)).or(text(caller.get("Number"))));
        if let Some(caller) = caller {
            let caller = self.liquid(number, &caller);
            if caller.contains("{{") || is_number(&caller) {
                fields.insert("callerId".to_owned(), json!(caller));
            } else {
                self.work.approximate(number, format!("`{caller}` is no number to show"));
            }
        }
        if action.text("ThirdPartyDTMFDigits").is_some() {
            self.work.approximate(number, "no keys are sent to whom it is connected with");
        }
        let next = self.next(number);
        let failed = self.error(number, &["CallFailed"]);
        let unanswered = self.error(number, &["ConnectionTimeLimitExceeded", "CallFailed"]);
        self.leave_out(
            number,
            &["CallFailed", "ConnectionTimeLimitExceeded"],
            &[&failed, &unanswered, &next],
            "it cannot happen here",
        );
        let mut ports = vec![port("busy", &failed), port("noAnswer", &unanswered), port("failed", &failed)];
        if flag(action.parameter("ContinueFlowExecution")) != Some(false) && next != Goal::End {
            ports.push(port("answered", &next));
        }
        self.work.node(number, "", "transfer", Value::Object(fields), ports);
    }

    pub(super) fn routing_behavior(&mut self, number: usize, action: &Action) {
        if action.text("QueuePriority").is_none() && action.text("QueueTimeAdjustmentSeconds").is_none() {
            self.work.approximate(number, "it sets neither a priority nor an age");
        }
        self.passed(number, "the node that lets the call wait has the priority and the credit of age");
    }

    pub(super) fn criteria(&mut self, number: usize, _action: &Action) {
        self.passed(number, "the node that lets the call wait asks for the skills");
    }

    /// Flows for events are settings of a queue here.
    pub(super) fn hooks(&mut self, number: usize, action: &Action) {
        for (hook, flow) in sorted(action.parameter("EventHooks")).into_iter().take(ITEMS) {
            let given = text(Some(flow)).unwrap_or_default();
            let reference = self.constant(&given);
            let what = match hook {
                "CustomerQueue" => "what a waiting caller hears is the queue's flow of the kind `wait` here",
                "CustomerHold" => "what a held caller hears is the queue's flow of the kind `hold` here",
                "AgentWhisper" => "what an agent hears first is the queue's flow of the kind `whisper` here",
                "CustomerWhisper" | "OutboundWhisper" => {
                    "the caller hears nothing of his own before he is joined here"
                }
                "AgentHold" => "an agent who holds a call hears nothing of his own here",
                "CustomerRemaining" | "AgentRemaining" => {
                    "no flow runs after a conversation; a `survey` can follow it by `afterAgent`"
                }
                _ => "no flow runs at this event here",
            };
            self.work.approximate(number, format!("{hook} `{reference}` is left out: {what}"));
            if !reference.is_empty() {
                let shown = self.shown(&given).or_else(|| self.shown(&reference));
                let wanted = Wanted::optional(ReferenceKind::Flow, &reference).called(shown.as_deref());
                self.work.refer(number, wanted, None, None);
            }
        }
        self.passed(number, "flows for events are settings of a queue here");
    }

    pub(super) fn callback_number(&mut self, number: usize, action: &Action) {
        let next = self.next(number);
        let given = action.text("CallbackNumber").unwrap_or_default();
        let value = self.liquid(number, &given);
        self.leave_out(
            number,
            &[],
            &[&next],
            "the number is checked where the callback is offered, which leaves by `invalid`",
        );
        let fields = json!({ "variables": { CALLBACK: value } });
        self.work.node(number, "", "set", fields, vec![port("next", &next)]);
    }

    pub(super) fn callback(&mut self, number: usize, action: &Action) {
        let id = self.work.id(number, "");
        let own = action.text("QueueId");
        let queue = self.queue_of(number, own, &id);
        let mut fields = Map::from_iter([
            ("queue".to_owned(), json!(queue)),
            ("when".to_owned(), json!("inQueue")),
            ("confirm".to_owned(), json!(false)),
        ]);
        let sets_number =
            self.actions.iter().any(|action| action.action_type == "UpdateContactCallbackNumber");
        if sets_number {
            fields.insert(
                "number".to_owned(),
                json!(format!("{{{{ vars.{CALLBACK} | default: call.from }}}}")),
            );
        }
        if let Some(attempts) = integer(action.parameter("MaximumConnectionAttempts")) {
            if !(1..=10).contains(&attempts) {
                self.work.approximate(number, format!("it is tried 1 to 10 times; there it was {attempts}"));
            }
            fields.insert("attempts".to_owned(), json!(attempts.clamp(1, 10)));
        }
        if let Some(seconds) = integer(action.parameter("RetryDelaySeconds")) {
            let minutes = (seconds / 60).clamp(1, 1_440);
            if minutes * 60 != seconds {
                self.work.approximate(
                    number,
                    format!("it is tried again after {minutes} minutes; there after {seconds} seconds"),
                );
            }
            fields.insert("retryMinutes".to_owned(), json!(minutes));
        }
        if let Some(seconds) =
            integer(action.parameter("InitialCallDelaySeconds")).filter(|seconds| *seconds > 0)
        {
            self.work.approximate(
                number,
                format!("the caller keeps his place in the queue; there the first call was made no sooner than after {seconds} seconds"),
            );
        }
        for name in ["CallerId", "ContactFlowId"] {
            if action.parameter(name).is_some() {
                self.work.approximate(
                    number,
                    format!(
                        "{name} left out: a callback shows the company's number and has no flow of its own"
                    ),
                );
            }
        }
        let next = self.next(number);
        let failed = self.error(number, &["NoMatchingError"]);
        self.leave_out(number, &[], &[&failed, &next], "it cannot happen here");
        let ports = vec![port("accepted", &next), port("invalid", &failed), port("failed", &failed)];
        self.work.put(number, &id, "callback", Value::Object(fields), ports);
    }
}
