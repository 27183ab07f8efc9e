//! Amazon Connect: the Flow language 2019-10-30, `{Version, StartAction, Metadata, Actions}`, and the older export with
//! `modules`, which [`legacy`] brings into the same form.
//!
//! Each action is an element. Its transitions lead by result (`Conditions`), by error (`Errors`) or otherwise
//! (`NextAction`) to other actions.

mod decide;
mod keep;
mod known;
mod legacy;
mod path;
mod route;
mod speak;
mod voices;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::bounds::{self, ITEMS, cut, pointer};
use crate::detect::Found;
use crate::document::names::{self, is_uuid, slug, snake};
use crate::document::{Ends, FlowKind, Goal, Head, Wanted, Work, text};
use crate::error::{ImportError, ImportErrorCode};
use crate::mapping::Mapping;
use crate::report::{Imported, ReferenceKind, Source};
use known::{parameters_of, unsupported_reason};

const VERSION: &str = "2019-10-30";

/// An action, in the form of the Flow language.
#[derive(Debug, Clone, Default)]
struct Action {
    /// Its identifier.
    id: String,
    action_type: String,
    parameters: Map<String, Value>,
    /// What the console shows for the references in the parameters, by their value.
    shown: BTreeMap<String, String>,
    next: Option<String>,
    errors: Vec<(String, String)>,
    conditions: Vec<Condition>,
}

/// A result and where it leads.
#[derive(Debug, Clone)]
struct Condition {
    /// `{Operator, Operands}`.
    condition: Value,
    next: String,
}

impl Condition {
    fn operator(&self) -> &str {
        self.condition.get("Operator").and_then(Value::as_str).unwrap_or_default()
    }

    /// The first operand, as a text.
    fn operand(&self) -> String {
        let operands = self.condition.get("Operands").and_then(Value::as_array);
        text(operands.and_then(|operands| operands.first())).unwrap_or_default()
    }
}

impl Action {
    fn parameter(&self, name: &str) -> Option<&Value> {
        self.parameters.get(name)
    }

    fn text(&self, name: &str) -> Option<String> {
        text(self.parameter(name))
    }

    /// Where each way out leads, and what it is called.
    fn ways(&self) -> Vec<(String, &str)> {
        let next = self.next.iter().map(|to| ("next".to_owned(), to.as_str()));
        let errors = self.errors.iter().map(|(error, to)| (error.clone(), to.as_str()));
        let conditions = self.conditions.iter().map(|way| {
            let operand = way.operand();
            let name = if operand.is_empty() { way.operator().to_owned() } else { operand };
            (name, way.next.as_str())
        });
        next.chain(errors).chain(conditions).collect()
    }
}

/// An element as it was read: its action, where it stands, and its JSON.
type Read<'a> = (Action, Option<(f64, f64)>, &'a Value);

/// A Connect flow that is being translated. The number of an action is the number of its element.
struct Connect<'a> {
    work: Work<'a>,
    actions: Vec<Action>,
    by_id: BTreeMap<String, usize>,
    /// The actions that lead to each.
    before: Vec<BTreeSet<usize>>,
    start: Option<usize>,
    /// What the console shows for references, by their value.
    shown: BTreeMap<String, String>,
    /// Flow attributes that have one value wherever they are set.
    constants: BTreeMap<String, String>,
    /// Variables that answers of functions and modules are kept in already.
    saved: BTreeSet<String>,
    /// Whether the flow is a module, which goes back to the flow that has called it.
    is_module: bool,
}

pub(crate) fn import(found: &Found<'_>, mapping: &Mapping) -> Result<Imported, ImportError> {
    let at = pointer(&found.at, "Actions");
    let Some(actions) = found.root.get("Actions").and_then(Value::as_array) else {
        let message = "has to be the list of the flow's actions";
        return Err(ImportError::new(ImportErrorCode::NotThisFormat, at, message));
    };
    bounds::elements(actions.len(), &at)?;
    let metadata = found.root.get("Metadata");
    let described = metadata.and_then(|metadata| metadata.get("ActionMetadata"));
    let mut read = Vec::new();
    for action in actions {
        let id = text(action.get("Identifier")).unwrap_or_default();
        let about = described.and_then(|described| described.get(&id));
        read.push((read_action(action, id, about), position(about), action));
    }
    let start = text(found.root.get("StartAction"));
    let mut connect = Connect::new(Source::Connect, found, mapping, &at, read, start.as_deref());
    let version = text(found.root.get("Version")).unwrap_or_default();
    if version != VERSION {
        let message = format!("the version is `{}`; the language is read as of {VERSION}", cut(&version, 40));
        connect.work.note(pointer(&found.at, "Version"), message);
    }
    if start.is_none() {
        let message = "has to be the identifier of an action; the flow begins at the first one";
        connect.work.note(pointer(&found.at, "StartAction"), message);
    }
    if let Some(notes) = metadata.and_then(|metadata| metadata.get("Annotations")).and_then(Value::as_array)
        && !notes.is_empty()
    {
        let at = pointer(&pointer(&found.at, "Metadata"), "Annotations");
        connect.work.note(at, format!("{} remarks on the canvas were left out", notes.len()));
    }
    connect.is_module |= found.root.get("Settings").is_some();
    Ok(connect.translate(found, metadata))
}

pub(crate) fn import_legacy(found: &Found<'_>, mapping: &Mapping) -> Result<Imported, ImportError> {
    let at = pointer(&found.at, "modules");
    let Some(modules) = found.root.get("modules").and_then(Value::as_array) else {
        let message = "has to be the list of the flow's modules";
        return Err(ImportError::new(ImportErrorCode::NotThisFormat, at, message));
    };
    bounds::elements(modules.len(), &at)?;
    let read = modules
        .iter()
        .map(|module| (legacy::read(module), position(module.get("metadata")), module))
        .collect();
    let start = text(found.root.get("start"));
    let mut connect = Connect::new(Source::ConnectLegacy, found, mapping, &at, read, start.as_deref());
    if start.is_none() {
        let message = "has to be the id of a module; the flow begins at the first one";
        connect.work.note(pointer(&found.at, "start"), message);
    }
    Ok(connect.translate(found, found.root.get("metadata")))
}

/// Reads what an action has; what it lacks is empty.
fn read_action(action: &Value, id: String, about: Option<&Value>) -> Action {
    let transitions = action.get("Transitions");
    let list = |name: &str| {
        transitions
            .and_then(|transitions| transitions.get(name))
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice)
            .iter()
            .take(ITEMS)
    };
    let errors = list("Errors")
        .filter_map(|error| {
            Some((text(error.get("ErrorType")).unwrap_or_default(), text(error.get("NextAction"))?))
        })
        .collect();
    let conditions = list("Conditions")
        .filter_map(|way| {
            let condition = way.get("Condition").cloned().unwrap_or(Value::Null);
            Some(Condition { condition, next: text(way.get("NextAction"))? })
        })
        .collect();
    let parameters = action.get("Parameters").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut shown = BTreeMap::new();
    if let Some(about) = about {
        read_shown(&parameters, about, &mut shown);
    }
    Action {
        id,
        action_type: text(action.get("Type")).unwrap_or_default(),
        next: transitions.and_then(|transitions| text(transitions.get("NextAction"))),
        parameters,
        shown,
        errors,
        conditions,
    }
}

/// The names that the console keeps beside ids: `parameters.QueueId.displayName`, and lists of `{id, text}`.
fn read_shown(parameters: &Map<String, Value>, about: &Value, shown: &mut BTreeMap<String, String>) {
    for (name, value) in parameters {
        let display = about
            .get("parameters")
            .and_then(|described| described.get(name))
            .and_then(|described| text(described.get("displayName")));
        if let (Some(value), Some(display)) = (value.as_str(), display) {
            shown.insert(value.to_owned(), display);
        }
    }
    for (_, value) in about.as_object().into_iter().flatten() {
        let items = match value {
            Value::Array(items) => items.as_slice(),
            other => std::slice::from_ref(other),
        };
        for item in items {
            if let (Some(id), Some(name)) = (text(item.get("id")), text(item.get("text"))) {
                shown.insert(id, name);
            }
        }
    }
}

/// `position` or `Position`: documentation and exports differ.
fn position(about: Option<&Value>) -> Option<(f64, f64)> {
    let about = about?;
    let position = about.get("position").or_else(|| about.get("Position"))?;
    let axis = |small: &str, large: &str| position.get(small).or_else(|| position.get(large))?.as_f64();
    Some((axis("x", "X")?, axis("y", "Y")?))
}

impl<'a> Connect<'a> {
    fn new(
        source: Source,
        found: &Found<'_>,
        mapping: &'a Mapping,
        at: &str,
        read: Vec<Read<'a>>,
        start: Option<&str>,
    ) -> Self {
        let mut work = Work::new(source, FlowKind::Call, mapping);
        let mut actions = Vec::new();
        let mut by_id = BTreeMap::new();
        for (number, (action, position, raw)) in read.into_iter().enumerate() {
            let shown_type = text(raw.get("Type").or_else(|| raw.get("type"))).unwrap_or_default();
            let named = slug(&action.id);
            let base = if is_uuid(&action.id) || named.is_empty() { snake(&shown_type) } else { named };
            work.element(&action.id, &shown_type, pointer(at, &number.to_string()), &base, raw);
            work.place(number, position);
            if by_id.contains_key(&action.id) {
                work.remark(
                    number,
                    "an earlier element has the same identifier; transitions lead to that one",
                );
            } else {
                by_id.insert(action.id.clone(), number);
            }
            actions.push(action);
        }
        let mut before = vec![BTreeSet::new(); actions.len()];
        for (number, action) in actions.iter().enumerate() {
            for (_, to) in action.ways() {
                if let Some(target) = by_id.get(to) {
                    before[*target].insert(number);
                }
            }
        }
        let first = (!actions.is_empty()).then_some(0);
        let start_number = start.and_then(|start| by_id.get(start)).copied();
        if let (Some(start), None) = (start, start_number) {
            let message =
                format!("`{}` is no element of the flow; it begins at the first one", cut(start, 80));
            work.note(found.at.clone(), message);
        }
        let constants = constants(&actions);
        let mut shown = BTreeMap::new();
        for action in &actions {
            for (reference, name) in &action.shown {
                shown.entry(reference.clone()).or_insert_with(|| name.clone());
            }
        }
        let is_module = actions.iter().any(|action| action.action_type == "EndFlowModuleExecution");
        Self {
            work,
            actions,
            by_id,
            before,
            start: start_number.or(first),
            shown,
            constants,
            saved: BTreeSet::new(),
            is_module,
        }
    }

    fn translate(mut self, found: &Found<'_>, metadata: Option<&Value>) -> Imported {
        let given = found.flow_type.clone().or_else(|| {
            metadata.and_then(|metadata| text(metadata.get("type").or_else(|| metadata.get("Type"))))
        });
        self.kind(given.as_deref(), &found.at);
        for number in 0..self.actions.len() {
            if self.actions[number].ways().len() >= ITEMS {
                self.work.remark(number, format!("only its first {ITEMS} transitions were read"));
            }
            self.action(number);
        }
        let name = found
            .name
            .clone()
            .or_else(|| {
                metadata.and_then(|metadata| text(metadata.get("name").or_else(|| metadata.get("Name"))))
            })
            .unwrap_or_else(|| "Imported flow".to_owned());
        let start = self.start.map_or(Goal::End, Goal::Element);
        let ends = if self.is_module { Ends::Returns } else { Ends::Call };
        self.work.finish(Head { name, language: None, start, ends })
    }

    /// The kind of flow: told by the wrapper (`AGENT_HOLD`) or by the metadata (`agentHold`), else by what it does.
    fn kind(&mut self, given: Option<&str>, at: &str) {
        let plain = given.unwrap_or_default().replace('_', "").to_ascii_lowercase();
        let told = |work: &mut Work<'_>, text: &str| work.note(at.to_owned(), text);
        self.work.kind = match plain.as_str() {
            "customerqueue" => FlowKind::Wait,
            "customerhold" => FlowKind::Hold,
            "agenthold" => {
                told(
                    &mut self.work,
                    "it is what a holding agent hears there; here a hold flow is for the caller",
                );
                FlowKind::Hold
            }
            "agentwhisper" => FlowKind::Whisper,
            "customerwhisper" | "outboundwhisper" => {
                told(
                    &mut self.work,
                    "it is what the caller hears before he is joined; here a whisper is for the agent",
                );
                FlowKind::Whisper
            }
            "contactflow" | "agenttransfer" | "queuetransfer" | "campaign" => FlowKind::Call,
            "" => self.kind_by_content(),
            _ => {
                let text = format!("`{}` is no type of flow that is known", cut(&plain, 40));
                told(&mut self.work, &text);
                FlowKind::Call
            }
        };
    }

    /// Only a flow for those who hold or wait says things over and over; a hold flow does nothing else.
    fn kind_by_content(&self) -> FlowKind {
        let repeats = |action: &Action| action.action_type == "MessageParticipantIteratively";
        if !self.actions.iter().any(repeats) {
            FlowKind::Call
        } else if self.actions.iter().all(repeats) {
            FlowKind::Hold
        } else {
            FlowKind::Wait
        }
    }

    fn action(&mut self, number: usize) {
        let action = self.actions[number].clone();
        self.tell_unknown_parameters(number, &action);
        match action.action_type.as_str() {
            "MessageParticipant" => self.message(number, &action),
            "MessageParticipantIteratively" => self.messages(number, &action),
            "GetParticipantInput" => self.input(number, &action),
            "ConnectParticipantWithLexBot" => self.bot(number, &action),
            "UpdateContactTextToSpeechVoice" => self.voice(number, &action),
            "DisconnectParticipant" => self.disconnect(number),
            "EndFlowExecution" => self.end_of_flow(number),
            "EndFlowModuleExecution" => {
                self.work.node(number, "", "return", Value::Object(Map::new()), Vec::new());
            }
            "Compare" => self.compare(number, &action),
            "CheckHoursOfOperation" => self.hours(number, &action),
            "CheckMetricData" => self.metrics(number, &action),
            "GetMetricData" => self.passed(number, "figures are asked for where they are compared here"),
            "DistributeByPercentage" => self.percentage(number, &action),
            "Loop" => self.repeat(number, &action),
            "UpdateContactTargetQueue" => self.target(number, &action),
            "TransferContactToQueue" => self.transfer_to_queue(number, &action),
            "DequeueContactAndTransferToQueue" => self.transfer_to_other_queue(number, &action),
            "TransferContactToAgent" => self.transfer_to_agent(number, &action),
            "TransferParticipantToThirdParty" => self.transfer_to_number(number, &action),
            "UpdateContactRoutingBehavior" => self.routing_behavior(number, &action),
            "UpdateRoutingCriteria" | "UpdateContactRoutingCriteria" => self.criteria(number, &action),
            "UpdateContactEventHooks" => self.hooks(number, &action),
            "UpdateContactCallbackNumber" => self.callback_number(number, &action),
            "CreateCallbackContact" => self.callback(number, &action),
            "UpdateContactAttributes" | "UpdateFlowAttributes" => self.attributes(number, &action),
            "UpdateContactData" => self.contact_data(number, &action),
            "UpdateContactRecordingBehavior" | "UpdateContactRecordingAndAnalyticsBehavior" => {
                self.recording(number, &action);
            }
            "InvokeLambdaFunction" => self.lambda(number, &action),
            "InvokeFlowModule" => self.module(number, &action),
            "TransferToFlow" => self.transfer_to_flow(number, &action),
            "UpdateFlowLoggingBehavior" => {
                self.passed(number, "every step of a call is in its story here, whatever a flow says");
            }
            "" => self.unsupported(number, "the action has no type"),
            other => {
                let reason = unsupported_reason(other);
                self.unsupported(number, &reason);
            }
        }
    }

    /// Parameters that nobody looks at: they are newer than this importer, or misspelt.
    fn tell_unknown_parameters(&mut self, number: usize, action: &Action) {
        let Some(known) = parameters_of(&action.action_type) else { return };
        let mut unknown: Vec<&str> = action
            .parameters
            .iter()
            .filter(|(name, value)| !known.contains(&name.as_str()) && !value.is_null())
            .map(|(name, _)| cut(name, 60))
            .collect();
        unknown.sort_unstable();
        if !unknown.is_empty() {
            let unknown = unknown.join(", ");
            self.work.approximate(number, format!("{unknown} left out: no parameters that are known"));
        }
    }

    /// Where an identifier leads.
    fn goal_of(&mut self, number: usize, id: Option<&str>) -> Goal {
        let Some(id) = id else { return Goal::End };
        match self.by_id.get(id) {
            Some(target) => Goal::Element(*target),
            None => {
                let message =
                    format!("a transition leads to `{}`, which is not there; the call ends", cut(id, 100));
                self.work.approximate(number, message);
                Goal::End
            }
        }
    }

    fn next(&mut self, number: usize) -> Goal {
        let next = self.actions[number].next.clone();
        self.goal_of(number, next.as_deref())
    }

    /// Where an error leads; without its own where any other error does, else where it goes on.
    fn error(&mut self, number: usize, names: &[&str]) -> Goal {
        let action = &self.actions[number];
        let found = names
            .iter()
            .chain(&["NoMatchingError"])
            .find_map(|name| action.errors.iter().find(|(error, _)| error == name))
            .map(|(_, to)| to.clone())
            .or_else(|| action.next.clone());
        self.goal_of(number, found.as_deref())
    }

    /// Tells of ways out that are not taken here, where they led elsewhere than the way on.
    fn leave_out(&mut self, number: usize, used: &[&str], instead: &[&Goal], why: &str) {
        let ways: Vec<(String, String)> = self.actions[number]
            .ways()
            .into_iter()
            .filter(|(name, _)| name != "next" && !used.contains(&name.as_str()))
            .map(|(name, to)| (name, to.to_owned()))
            .collect();
        for (name, to) in ways {
            let goal = self.goal_of(number, Some(&to));
            if goal != Goal::End && !instead.contains(&&goal) {
                self.work
                    .remark(number, format!("the way `{}` to `{to}` is left out: {why}", cut(&name, 80)));
            }
        }
    }

    /// An action without which a call goes the same way here.
    fn passed(&mut self, number: usize, text: &str) {
        let next = self.next(number);
        self.leave_out(number, &[], &[&next], "nothing can fail here");
        self.work.remark(number, text);
        self.work.through(number, next, text);
    }

    fn unsupported(&mut self, number: usize, reason: &str) {
        let ways: Vec<(String, String)> =
            self.actions[number].ways().into_iter().map(|(name, to)| (name, to.to_owned())).collect();
        let mut taken = BTreeSet::new();
        let mut ports = Vec::new();
        for (name, to) in ways {
            let name = names::unique(&names::short(&name, "way"), &mut taken);
            let goal = self.goal_of(number, Some(&to));
            ports.push((name, goal));
        }
        self.work.disable(number, reason, ports);
        self.list_references(number);
    }

    /// The ARNs in the parameters of what is kept as it is.
    fn list_references(&mut self, number: usize) {
        let action = self.actions[number].clone();
        for (_, value) in crate::document::sorted(Some(&Value::Object(action.parameters.clone()))) {
            let Some(arn) = value.as_str().filter(|text| text.starts_with("arn:")) else { continue };
            let kind = match arn {
                arn if arn.contains(":lambda:") => ReferenceKind::RequestUrl,
                arn if arn.contains("/queue/") => ReferenceKind::Queue,
                arn if arn.contains("/agent/") => ReferenceKind::Agent,
                arn if arn.contains("/prompt/") => ReferenceKind::Prompt,
                arn if arn.contains("/operating-hours/") => ReferenceKind::Hours,
                arn if arn.contains("/contact-flow/") || arn.contains("/flow-module/") => ReferenceKind::Flow,
                _ => continue,
            };
            let shown = action.shown.get(arn).map(String::as_str);
            self.work.refer(number, Wanted::optional(kind, arn).called(shown), None, None);
        }
    }

    /// What setters of a thing can have done last when a call comes to an action: each value once, in the order of the
    /// document; None stands for a call that has met no setter.
    fn reaching(&self, at: usize, setter: &dyn Fn(&Action) -> Option<String>) -> BTreeSet<Option<String>> {
        // What nobody sets need not be looked for.
        if !self.actions.iter().any(|action| setter(action).is_some()) {
            return BTreeSet::from([None]);
        }
        let mut found = BTreeSet::new();
        let mut seen = vec![false; self.actions.len()];
        let mut open = Vec::new();
        let mut reach = |from: usize, open: &mut Vec<usize>| {
            for before in &self.before[from] {
                if !std::mem::replace(&mut seen[*before], true) {
                    open.push(*before);
                }
            }
            Some(from) == self.start || self.before[from].is_empty()
        };
        if reach(at, &mut open) {
            found.insert(None);
        }
        while let Some(number) = open.pop() {
            if let Some(value) = setter(&self.actions[number]) {
                found.insert(Some(value));
            } else if reach(number, &mut open) {
                found.insert(None);
            }
        }
        found
    }
}

/// The flow attributes that are set to one constant only.
fn constants(actions: &[Action]) -> BTreeMap<String, String> {
    let mut values: BTreeMap<String, Option<String>> = BTreeMap::new();
    for action in actions.iter().filter(|action| action.action_type == "UpdateFlowAttributes") {
        for (name, value) in crate::document::sorted(action.parameter("FlowAttributes")) {
            let value = text(value.get("Value")).or_else(|| text(Some(value)));
            let constant = value.filter(|value| !path::is_path(value));
            values
                .entry(name.to_owned())
                .and_modify(|known| {
                    if *known != constant {
                        *known = None;
                    }
                })
                .or_insert(constant);
        }
    }
    values.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}
