//! Widgets that let a caller wait: `enqueue-call` and `send-to-flex`.

use serde_json::{Map, Value, json};

use super::{Studio, Widget};
use crate::bounds::ITEMS;
use crate::document::names::variable;
use crate::document::{Goal, Wanted, integer, port, sorted};
use crate::report::ReferenceKind;

/// What a task's attributes are called as variables, here and in the flow that a TaskRouter workflow becomes.
pub(crate) const TASK: &str = "task_";

/// The priority of a call whose flow says none; at Twilio that is 0.
const USUAL_PRIORITY: i64 = 50;

/// Where the settings of a widget that lets callers wait have their names.
struct Settings {
    queue: Option<String>,
    workflow: Option<String>,
    attributes: &'static str,
    wait_url: &'static str,
}

impl Studio<'_> {
    pub(super) fn enqueue(&mut self, number: usize, widget: &Widget<'_>) {
        let settings = Settings {
            queue: widget.text("queue_name"),
            workflow: widget.text("workflow_sid"),
            attributes: "task_attributes",
            wait_url: "wait_url",
        };
        self.waits(number, widget, settings);
    }

    pub(super) fn send_to_flex(&mut self, number: usize, widget: &Widget<'_>) {
        self.channel(number, widget);
        let settings = Settings {
            queue: None,
            workflow: widget.text("workflow"),
            attributes: "attributes",
            wait_url: "waitUrl",
        };
        self.waits(number, widget, settings);
    }

    fn channel(&mut self, number: usize, widget: &Widget<'_>) {
        if let Some(channel) = widget.text("channel") {
            self.work
                .remark(number, format!("the task channel `{channel}` is left out: a call is a call here"));
        }
    }

    fn waits(&mut self, number: usize, widget: &Widget<'_>, settings: Settings) {
        let variables = self.attributes(number, widget, settings.attributes);
        if !variables.is_empty() {
            let id = self.work.id(number, "task");
            let next = Goal::Node(self.work.peek(number));
            self.work.put(number, &id, "set", json!({ "variables": variables }), vec![port("next", &next)]);
        }
        if let Some(address) = widget.text(settings.wait_url) {
            self.work.approximate(
                number,
                format!("what a waiting caller hears (`{address}`) is a flow of the queue here, of the kind `wait`"),
            );
            self.work.refer(number, Wanted::optional(ReferenceKind::Flow, &address), None, None);
        }
        let completed = self.goal(number, "callComplete");
        let failed = self.goal(number, "failedToEnqueue");
        self.leave_out(number, "callFailure", &failed, "a call that breaks off hears nothing more");
        let id = self.work.id(number, "");
        let queue = match (settings.queue, settings.workflow) {
            (Some(queue), _) => {
                self.work.refer_by_name(number, Wanted::optional(ReferenceKind::Queue, &queue), &id, "queue")
            }
            (None, Some(workflow)) => {
                let wanted = Wanted::required(ReferenceKind::Queue, &workflow);
                let name = self.work.refer_by_name(number, wanted, &id, "queue");
                if let Some(flow) = name.strip_prefix("flow:") {
                    let mut ports = Vec::new();
                    if failed != Goal::End {
                        ports.push(port("failed", &failed));
                    }
                    self.leave_out(number, "callComplete", &failed, "the other flow decides how it goes on");
                    self.work.remark(number, "the workflow is a flow here");
                    self.work.put(number, &id, "goto", json!({ "flow": flow.trim() }), ports);
                    return;
                }
                name
            }
            (None, None) => {
                self.work.approximate(number, "it names no queue and no workflow");
                let reference = format!("widget:{}", widget.name);
                self.work.refer_by_name(
                    number,
                    Wanted::required(ReferenceKind::Queue, &reference),
                    &id,
                    "queue",
                )
            }
        };
        let mut fields = Map::from_iter([("queue".to_owned(), json!(queue))]);
        if let Some(priority) = integer(widget.property("priority")).filter(|priority| *priority != 0) {
            let here = USUAL_PRIORITY.saturating_add(priority).clamp(0, 100);
            self.work.approximate(
                number,
                format!(
                    "the priority {priority} is {here} here, where calls without one have {USUAL_PRIORITY}"
                ),
            );
            fields.insert("priority".to_owned(), json!(here));
        }
        let mut ports = Vec::new();
        if let Some(seconds) = integer(widget.property("timeout")).filter(|seconds| *seconds > 0) {
            let seconds = seconds.min(86_400);
            self.work.approximate(
                number,
                format!("who has waited for {seconds} seconds goes on as after `failedToEnqueue`; there the task was cancelled"),
            );
            fields.insert("maxWaitSeconds".to_owned(), json!(seconds));
            ports.push(port("timeout", &failed));
        }
        if failed != Goal::End {
            ports.push(port("failed", &failed));
        }
        if completed != Goal::End {
            ports.push(port("afterAgent", &completed));
        }
        self.work.put(number, &id, "enqueue", Value::Object(fields), ports);
    }

    /// The attributes of a task as variables, so that a flow of rules can look at them.
    fn attributes(&mut self, number: usize, widget: &Widget<'_>, name: &str) -> Map<String, Value> {
        let Some(source) = widget.text(name) else { return Map::new() };
        let parsed: Value = match serde_json::from_str(&source) {
            Ok(parsed @ Value::Object(_)) => parsed,
            Ok(_) | Err(_) => {
                self.work.approximate(number, format!("the task's attributes are no JSON object: {source}"));
                return Map::new();
            }
        };
        let mut variables = Map::new();
        for (name, value) in sorted(Some(&parsed)).into_iter().take(ITEMS) {
            let name = format!("{TASK}{}", variable(name));
            let value = match value {
                Value::String(text) => self.liquid(number, text),
                Value::Null => String::new(),
                Value::Bool(_) | Value::Number(_) => value.to_string(),
                Value::Array(_) | Value::Object(_) => {
                    self.work.approximate(
                        number,
                        format!("`{name}` is a structure there, and its JSON as a text here"),
                    );
                    self.liquid(number, &value.to_string())
                }
            };
            variables.insert(variable(&name), json!(value));
        }
        if !variables.is_empty() {
            let names: Vec<&str> = variables.keys().map(String::as_str).collect();
            self.work.remark(number, format!("the task's attributes are variables: {}", names.join(", ")));
        }
        variables
    }
}
