//! Actions that keep things and ask others: attributes, recording, functions, modules, other flows.

use serde_json::{Map, Value, json};

use super::path::{flow_variable, is_path};
use super::{Action, Connect};
use crate::bounds::{ITEMS, cut};
use crate::document::names::{self, is_address, variable};
use crate::document::{FlowKind, Goal, Wanted, integer, port, sorted, text};
use crate::report::ReferenceKind;
use crate::studio::unmapped;

/// Variables of one `set` node; the engine takes 64.
const VARIABLES: usize = 60;

impl Connect<'_> {
    pub(super) fn attributes(&mut self, number: usize, action: &Action) {
        let of_flow = action.action_type == "UpdateFlowAttributes";
        let field = if of_flow { "FlowAttributes" } else { "Attributes" };
        let next = self.next(number);
        self.leave_out(number, &[], &[&next], "setting a variable cannot fail here");
        if action.text("TargetContact").is_some_and(|target| target != "Current") {
            self.work.approximate(
                number,
                "the variables are those of this call; there they were of a related contact",
            );
        }
        let mut variables = Map::new();
        for (name, value) in sorted(action.parameter(field)).into_iter().take(ITEMS) {
            let given = text(Some(value)).or_else(|| text(value.get("Value"))).unwrap_or_default();
            let ours = if of_flow { flow_variable(name) } else { variable(name) };
            if ours != name && !of_flow {
                self.work.remark(number, format!("the attribute `{name}` is called `{ours}` here"));
            }
            let value = self.liquid(number, &given);
            variables.insert(ours, json!(value));
        }
        if variables.is_empty() {
            return self.work.through(number, next, "sets no attributes");
        }
        let sorted: Vec<(String, Value)> = {
            let mut pairs: Vec<(String, Value)> = variables.into_iter().collect();
            pairs.sort_by(|a, b| a.0.cmp(&b.0));
            pairs
        };
        let groups: Vec<&[(String, Value)]> = sorted.chunks(VARIABLES).collect();
        if groups.len() > 1 {
            self.work
                .approximate(number, "a call has 64 variables here; the last ones of these are not kept");
        }
        let ids: Vec<String> = groups.iter().map(|_| self.work.id(number, "")).collect();
        for (at, group) in groups.into_iter().enumerate() {
            let next = ids.get(at + 1).map_or_else(|| next.clone(), |id| Goal::Node(id.clone()));
            let variables: Map<String, Value> = group.iter().cloned().collect();
            self.work.put(
                number,
                &ids[at],
                "set",
                json!({ "variables": variables }),
                vec![port("next", &next)],
            );
        }
    }

    pub(super) fn contact_data(&mut self, number: usize, action: &Action) {
        let mut others: Vec<&str> = action.parameters.keys().map(|name| cut(name, 60)).collect();
        others.retain(|name| *name != "LanguageCode");
        others.sort_unstable();
        if !others.is_empty() {
            self.work.approximate(
                number,
                format!("{} left out: there is nothing like it here", others.join(", ")),
            );
        }
        match action.text("LanguageCode").filter(|tag| names::is_language(tag)) {
            Some(language) => {
                let next = self.next(number);
                self.leave_out(number, &[], &[&next], "a language cannot fail to be set here");
                self.work.node(
                    number,
                    "",
                    "language",
                    json!({ "language": language }),
                    vec![port("next", &next)],
                );
            }
            None => self.passed(number, "sets nothing that is known here"),
        }
    }

    pub(super) fn recording(&mut self, number: usize, action: &Action) {
        let behavior = action.parameter("RecordingBehavior");
        let recorded = behavior
            .and_then(|behavior| behavior.get("RecordedParticipants"))
            .and_then(Value::as_array)
            .map_or(0, Vec::len);
        if action.parameter("AnalyticsBehavior").is_some() {
            self.work.approximate(
                number,
                "AnalyticsBehavior left out: what is said is not analysed by flows here",
            );
        }
        if behavior.and_then(|behavior| behavior.get("IVRRecordingBehavior")).is_some() {
            self.work.approximate(number, "IVRRecordingBehavior left out: a recording has the whole call");
        }
        if recorded == 1 {
            self.work.approximate(number, "both sides are recorded; there it was one of them");
        }
        let starts = recorded > 0;
        if self.work.kind != FlowKind::Call {
            let what = if starts { "recorded" } else { "not recorded" };
            self.work.approximate(
                number,
                format!(
                    "that calls are {what} is a policy of the queue here; a {} flow cannot say it",
                    self.work.kind.as_str()
                ),
            );
            return self.passed(number, "whether a call is recorded is a policy of the queue");
        }
        let next = self.next(number);
        self.leave_out(number, &[], &[&next], "a call goes on whether it is recorded or not");
        let action = if starts { "start" } else { "stop" };
        self.work.node(number, "", "recording", json!({ "action": action }), vec![port("next", &next)]);
    }

    /// A function is asked by a request that has the body that Connect sends it.
    pub(super) fn lambda(&mut self, number: usize, action: &Action) {
        let given = action.text("LambdaFunctionARN").unwrap_or_default();
        let reference = match self.constant(&given) {
            reference if reference.is_empty() => format!("function of {}", self.work.name(number)),
            reference => reference,
        };
        let id = self.work.id(number, "");
        let shown = action.shown.get(&given).cloned();
        let wanted = Wanted::required(ReferenceKind::RequestUrl, &reference).called(shown.as_deref());
        let url = self.work.refer(number, wanted, Some(&id), Some("url")).unwrap_or_else(|| unmapped(&id));
        if !is_address(&url) && !url.contains("{{") {
            let reason = format!("`{}` is no address that a request can be sent to", cut(&url, 80));
            return self.unsupported(number, &reason);
        }
        self.work.approximate(
            number,
            "a request is sent to an address in front of the function, with the event that Connect sends as far as it is known here",
        );
        let mut parameters = Vec::new();
        for (name, value) in sorted(action.parameter("LambdaInvocationAttributes")).into_iter().take(ITEMS) {
            let given = text(Some(value)).unwrap_or_default();
            let value = match self.expression(number, &given) {
                Some(expression) => format!("{{{{ {expression} | json }}}}"),
                None => {
                    let text = self.liquid(number, &given);
                    if text.contains("{{") {
                        self.work
                            .approximate(number, format!("`{name}` may have no quotes and no line breaks"));
                        format!("\"{}\"", text.replace('\\', "\\\\"))
                    } else {
                        json!(text).to_string()
                    }
                }
            };
            parameters.push(format!("{}: {value}", json!(name)));
        }
        let body = format!(
            "{{ \"Name\": \"ContactFlowEvent\", \"Details\": {{ \"ContactData\": {{ \"Channel\": \"VOICE\", \
             \"CustomerEndpoint\": {{ \"Type\": \"TELEPHONE_NUMBER\", \"Address\": {{{{ call.from | json }}}} }}, \
             \"SystemEndpoint\": {{ \"Type\": \"TELEPHONE_NUMBER\", \"Address\": {{{{ call.to | json }}}} }} }}, \
             \"Parameters\": {{ {} }} }} }}",
            parameters.join(", ")
        );
        let seconds = integer(action.parameter("InvocationTimeLimitSeconds")).unwrap_or(3).clamp(1, 10);
        if action.text("InvocationType").is_some_and(|kind| kind != "SYNCHRONOUS") {
            self.work.approximate(number, "the call waits for the answer; there it did not");
        }
        let fields = json!({ "method": "POST", "url": url, "body": body, "contentType": "application/json",
            "timeoutSeconds": seconds });
        let next = self.next(number);
        let failed = self.error(number, &["NoMatchingError"]);
        self.leave_out(number, &[], &[&failed, &next], "it cannot happen here");
        self.work.put(
            number,
            &id,
            "request",
            fields,
            vec![port("succeeded", &next), port("failed", &failed)],
        );
    }

    pub(super) fn module(&mut self, number: usize, action: &Action) {
        let id = self.work.id(number, "");
        let flow = self.flow(number, action, "FlowModuleId", &id);
        self.work.approximate(
            number,
            "a sub-flow has variables of its own: what it shall know is an argument, and what it finds out a value that it returns; there the attributes of the call were seen by both",
        );
        let next = self.next(number);
        let failed = self.error(number, &["NoMatchingError"]);
        self.leave_out(
            number,
            &[],
            &[&failed, &next],
            "a sub-flow here returns by one way; a `branch` on a returned value can follow",
        );
        let ports = vec![port("returned", &next), port("failed", &failed)];
        self.work.put(number, &id, "subflow", json!({ "flow": flow }), ports);
    }

    pub(super) fn transfer_to_flow(&mut self, number: usize, action: &Action) {
        let id = self.work.id(number, "");
        let flow = self.flow(number, action, "ContactFlowId", &id);
        let failed = self.error(number, &["NoMatchingError"]);
        self.leave_out(number, &[], &[&failed], "whatever goes wrong leaves by one way here");
        let ports = if failed == Goal::End { Vec::new() } else { vec![port("failed", &failed)] };
        self.work.put(number, &id, "goto", json!({ "flow": flow }), ports);
    }

    /// Another flow by its name here.
    fn flow(&mut self, number: usize, action: &Action, parameter: &str, id: &str) -> String {
        let given = action.text(parameter).unwrap_or_default();
        let reference = match self.constant(&given) {
            reference if reference.is_empty() => format!("flow of {}", self.work.name(number)),
            reference => reference,
        };
        if is_path(&reference) {
            self.work.approximate(
                number,
                format!("which flow it is was computed there (`{reference}`); here it is one"),
            );
        }
        let shown = action.shown.get(&given).cloned();
        let wanted = Wanted::required(ReferenceKind::Flow, &reference).called(shown.as_deref());
        self.work.refer_by_name(number, wanted, id, "flow")
    }
}
