//! Twilio Studio: a flow definition of version 2, `{description, flags, initial_state, states}`.
//!
//! Each state (widget) is an element. Its transitions lead by event to other states; one without `next` ends the flow.

mod asking;
mod calls;
mod messages;
mod queues;
mod requests;
mod split;
mod variables;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::bounds::{self, ITEMS, pointer};
use crate::detect::Found;
use crate::document::names::{self, slug};
use crate::document::{FlowKind, Goal, Head, Work, sorted, text};
use crate::error::{ImportError, ImportErrorCode};
use crate::liquid;
use crate::mapping::Mapping;
use crate::report::{Imported, Source};
use asking::Asks;
pub(crate) use asking::heard;
pub(crate) use queues::TASK;
pub(crate) use requests::unmapped;

/// A way out of a widget.
#[derive(Debug, Clone)]
struct Transition<'a> {
    event: &'a str,
    next: Option<&'a str>,
    conditions: Vec<&'a Value>,
}

#[derive(Debug, Clone)]
struct Widget<'a> {
    name: String,
    widget_type: String,
    properties: Map<String, Value>,
    transitions: Vec<Transition<'a>>,
}

impl Widget<'_> {
    fn property(&self, name: &str) -> Option<&Value> {
        self.properties.get(name)
    }

    fn text(&self, name: &str) -> Option<String> {
        text(self.property(name))
    }
}

/// A Studio flow that is being translated. The number of a widget is the number of its element.
struct Studio<'a> {
    work: Work<'a>,
    widgets: Vec<Widget<'a>>,
    by_name: BTreeMap<String, usize>,
    /// How each widget that asks the caller does it.
    asks: BTreeMap<usize, Asks>,
}

pub(crate) fn import(found: &Found<'_>, mapping: &Mapping) -> Result<Imported, ImportError> {
    let at = pointer(&found.at, "states");
    let single;
    let (states, single_state) = match found.root.get("states") {
        Some(Value::Array(states)) => (states.as_slice(), false),
        Some(_) => {
            let message = "has to be the list of the flow's states";
            return Err(ImportError::new(ImportErrorCode::NotThisFormat, at, message));
        }
        // One widget, as an editor copies it.
        None => {
            single = [found.root.as_ref().clone()];
            (single.as_slice(), true)
        }
    };
    bounds::elements(states.len(), &at)?;
    let mut work = Work::new(Source::Studio, FlowKind::Call, mapping);
    let mut widgets = Vec::new();
    let mut by_name = BTreeMap::new();
    for (number, state) in states.iter().enumerate() {
        let at = if single_state { found.at.clone() } else { pointer(&at, &number.to_string()) };
        let widget = read(state);
        let base = match slug(&widget.name) {
            base if base.is_empty() => slug(&widget.widget_type),
            base => base,
        };
        work.element(&widget.name, &widget.widget_type, at, &base, state);
        work.place(number, offset(state));
        if by_name.contains_key(&widget.name) {
            work.remark(number, "an earlier widget has the same name; transitions lead to that one");
        } else {
            by_name.insert(widget.name.clone(), number);
        }
        widgets.push(widget);
    }
    let mut studio = Studio { work, widgets, by_name, asks: BTreeMap::new() };
    studio.plan_questions();
    for number in 0..studio.widgets.len() {
        studio.widget(number);
    }
    Ok(studio.finish(found))
}

/// Reads what a state has; what it lacks is empty.
fn read(state: &Value) -> Widget<'_> {
    let transitions = state.get("transitions").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let transitions = transitions
        .iter()
        .take(ITEMS)
        .map(|transition| Transition {
            event: transition.get("event").and_then(Value::as_str).unwrap_or_default(),
            next: transition.get("next").and_then(Value::as_str).filter(|next| !next.is_empty()),
            conditions: transition
                .get("conditions")
                .and_then(Value::as_array)
                .map(|conditions| conditions.iter().take(ITEMS).collect())
                .unwrap_or_default(),
        })
        .collect();
    Widget {
        name: text(state.get("name")).unwrap_or_default(),
        widget_type: text(state.get("type")).unwrap_or_default(),
        properties: state.get("properties").and_then(Value::as_object).cloned().unwrap_or_default(),
        transitions,
    }
}

fn offset(state: &Value) -> Option<(f64, f64)> {
    let offset = state.get("properties")?.get("offset")?;
    Some((offset.get("x")?.as_f64()?, offset.get("y")?.as_f64()?))
}

impl Studio<'_> {
    fn widget(&mut self, number: usize) {
        let widget = self.widgets[number].clone();
        if self.widgets[number].transitions.len() == ITEMS {
            self.work.remark(number, format!("only its first {ITEMS} transitions were read"));
        }
        self.tell_unknown_settings(number, &widget);
        match widget.widget_type.as_str() {
            "trigger" => self.trigger(number),
            "split-based-on" => self.split(number, &widget),
            "set-variables" => self.set_variables(number, &widget),
            "say-play" => self.say_play(number, &widget),
            "gather-input-on-call" => self.gather(number, &widget),
            "connect-call-to" => self.connect_call(number, &widget),
            "record-voicemail" => self.voicemail(number, &widget),
            "record-call" => self.record_call(number, &widget),
            "enqueue-call" => self.enqueue(number, &widget),
            "send-to-flex" => self.send_to_flex(number, &widget),
            "make-http-request" => self.http_request(number, &widget),
            "run-function" => self.function(number, &widget),
            "run-subflow" => self.subflow(number, &widget),
            "send-message" => self.send_message(number, &widget),
            "make-outgoing-call-v2" => {
                self.unsupported(number, "a flow here begins with a call; it does not make one")
            }
            "capture-payments" => self.unsupported(number, "payments are not taken by flows here"),
            "fork-stream" => self.unsupported(number, "the audio of a call is not streamed to others here"),
            "connect-virtual-agent" => self.unsupported(number, "there are no virtual agents here"),
            "send-to-auto-pilot" => self.unsupported(number, "Autopilot has been retired by Twilio"),
            "add-twiml-redirect" => {
                self.unsupported(
                    number,
                    "TwiML of others cannot be run here; a `request` can ask their server",
                );
            }
            "send-and-wait-for-reply" => {
                self.unsupported(number, "a flow here talks on the telephone; it does not wait for messages");
            }
            "" => self.unsupported(number, "the widget has no `type`"),
            other => {
                let reason = format!("`{}` is no type of widget that is known", bounds::cut(other, 60));
                self.unsupported(number, &reason);
            }
        }
    }

    /// Settings that nobody looks at: they are newer than this importer, or misspelt.
    fn tell_unknown_settings(&mut self, number: usize, widget: &Widget<'_>) {
        let Some(known) = settings_of(&widget.widget_type) else { return };
        let mut unknown: Vec<&str> = widget
            .properties
            .iter()
            .filter(|(name, value)| {
                *name != "offset" && !known.contains(&name.as_str()) && says_something(value)
            })
            .map(|(name, _)| bounds::cut(name, 60))
            .collect();
        unknown.sort_unstable();
        if !unknown.is_empty() {
            let unknown = unknown.join(", ");
            self.work.approximate(number, format!("{unknown} left out: no settings that are known"));
        }
    }

    /// Where an event leads.
    fn goal(&mut self, number: usize, event: &str) -> Goal {
        let next = self.widgets[number]
            .transitions
            .iter()
            .find(|transition| transition.event == event)
            .and_then(|transition| transition.next);
        match next {
            Some(next) => self.goal_named(number, next),
            None => Goal::End,
        }
    }

    /// The widget of a name, or the end.
    fn goal_named(&mut self, number: usize, name: &str) -> Goal {
        match self.by_name.get(name) {
            Some(target) => Goal::Element(*target),
            None => {
                let message = format!(
                    "a transition leads to `{}`, which is not there; the call ends",
                    bounds::cut(name, 100)
                );
                self.work.approximate(number, message);
                Goal::End
            }
        }
    }

    /// Tells of an event that nothing here gives, where it led elsewhere than what is taken instead.
    fn leave_out(&mut self, number: usize, event: &str, instead: &Goal, why: &str) {
        let goal = self.goal(number, event);
        if goal != Goal::End && goal != *instead {
            let to = self.widgets[number].transitions.iter().find(|transition| transition.event == event);
            let to = to.and_then(|transition| transition.next).unwrap_or_default();
            self.work.approximate(number, format!("the transition `{event}` to `{to}` is left out: {why}"));
        }
    }

    /// Tells of settings that have no counterpart, when they say something.
    fn ignore(&mut self, number: usize, widget: &Widget<'_>, names: &[&str], why: &str) {
        let given: Vec<&str> = names
            .iter()
            .copied()
            .filter(|name| widget.properties.get(*name).is_some_and(says_something))
            .collect();
        if !given.is_empty() {
            self.work.approximate(number, format!("{} left out: {why}", given.join(", ")));
        }
    }

    fn unsupported(&mut self, number: usize, reason: &str) {
        let mut taken = std::collections::BTreeSet::new();
        let mut ports = Vec::new();
        for transition in self.widgets[number].transitions.clone() {
            let event = names::short(transition.event, "transition");
            let name = names::unique(&event, &mut taken);
            let goal = match transition.next {
                Some(next) => self.goal_named(number, next),
                None => continue,
            };
            ports.push((name, goal));
        }
        self.work.disable(number, reason, ports);
        // What it says to others is still worth knowing.
        for (name, value) in sorted(Some(&Value::Object(self.widgets[number].properties.clone()))) {
            if name == "url"
                && let Some(url) = value.as_str()
            {
                let wanted = crate::document::Wanted::optional(crate::report::ReferenceKind::RequestUrl, url);
                self.work.refer(number, wanted, None, None);
            }
        }
    }

    /// A text of a widget in our Liquid.
    fn liquid(&mut self, number: usize, source: &str) -> String {
        let mut saves = Vec::new();
        let mut parameters = Vec::new();
        let seen = variables::Seen { by_name: &self.by_name, widgets: &self.widgets, asks: &self.asks };
        let mut rename = |path: &[String]| variables::rename(&seen, path, &mut saves, &mut parameters);
        let translated = liquid::translate(source, &mut rename, &mut self.work.judge);
        for (element, variable, part) in saves {
            self.work.save(element, &variable, part);
        }
        self.work.parameters.extend(parameters);
        for difference in translated.differences {
            self.work.approximate(number, difference);
        }
        translated.text
    }

    /// What the caller hears: the fields of a node, by the name that a text has there.
    fn sound(
        &mut self,
        number: usize,
        widget: &Widget<'_>,
        id: &str,
        text_field: &str,
    ) -> Map<String, Value> {
        let mut fields = Map::new();
        if let Some(say) = widget.text("say") {
            fields.insert(text_field.to_owned(), json!(self.liquid(number, &say)));
            if widget.text("play").is_some() {
                self.work
                    .approximate(number, "the recording of `play` is left out: there is a text in `say`");
            }
        } else if let Some(play) = widget.text("play") {
            fields.extend(self.recording(number, id, &play));
        }
        self.voice(number, widget, &mut fields);
        fields
    }

    /// A recording: its address, or a prompt of the library.
    fn recording(&mut self, number: usize, id: &str, address: &str) -> Map<String, Value> {
        use crate::document::Wanted;
        use crate::report::ReferenceKind::Prompt;
        let usable = names::is_address(address);
        if liquid::has_tags(address) {
            self.work.approximate(
                number,
                format!("which recording it is was computed there (`{address}`); here it is one prompt of the library"),
            );
        }
        let wanted = Wanted { kind: Prompt, reference: address, suggestion: None, required: !usable };
        let mapped = self.work.refer(number, wanted, Some(id), Some(if usable { "play" } else { "library" }));
        let mut fields = Map::new();
        match mapped {
            Some(name) => fields.insert("library".to_owned(), json!(names::short(&name, "unknown"))),
            None if usable => fields.insert("play".to_owned(), json!(address)),
            None => fields.insert("library".to_owned(), json!(names::short(address, "unknown"))),
        };
        fields
    }

    fn voice(&mut self, number: usize, widget: &Widget<'_>, fields: &mut Map<String, Value>) {
        if let Some(language) = widget.text("language") {
            if names::is_language(&language) {
                fields.insert("language".to_owned(), json!(language));
            } else {
                self.work.approximate(number, format!("the language `{language}` is no language tag"));
            }
        }
        if let Some(voice) = widget.text("voice").filter(|voice| voice != "default" && !voice.contains("{{"))
        {
            fields.insert("voice".to_owned(), json!(names::short(&voice, "alice")));
        }
    }

    /// The states that a call, a parent flow, a REST request or a message begins with: ours begin with a call.
    fn trigger(&mut self, number: usize) {
        const EVENTS: [&str; 6] = [
            "incomingCall",
            "incomingParent",
            "incomingRequest",
            "incomingConversationMessage",
            "incomingMessage",
            "incomingConversation",
        ];
        let used: Vec<(String, Goal)> = EVENTS
            .iter()
            .map(|event| ((*event).to_owned(), self.goal(number, event)))
            .filter(|(_, goal)| *goal != Goal::End)
            .collect();
        let start = used.first().cloned();
        let others: Vec<&(String, Goal)> = used
            .iter()
            .skip(1)
            .filter(|(_, goal)| start.as_ref().is_none_or(|start| start.1 != *goal))
            .collect();
        match &start {
            Some((event, _)) if event != "incomingCall" && event != "incomingParent" => {
                self.work.approximate(
                    number,
                    format!("the flow began with `{event}`; here it begins with a call, at the same place"),
                )
            }
            Some(_) | None => {}
        }
        for (event, _) in others {
            self.work
                .approximate(number, format!("`{event}` began at another place; that way in is left out"));
        }
        let goal = start.map_or(Goal::End, |(_, goal)| goal);
        self.work.through(number, goal, "the flow begins here");
    }

    fn set_variables(&mut self, number: usize, widget: &Widget<'_>) {
        let next = self.goal(number, "next");
        let given = widget.property("variables").and_then(Value::as_array).cloned().unwrap_or_default();
        let mut variables = Map::new();
        for item in given.iter().take(ITEMS) {
            let Some(key) = text(item.get("key")) else {
                self.work.approximate(number, "a variable without a name is left out");
                continue;
            };
            let value = match item.get("value") {
                Some(Value::String(value)) => self.liquid(number, value),
                Some(Value::Number(value)) => value.to_string(),
                Some(Value::Bool(value)) => value.to_string(),
                Some(value @ (Value::Array(_) | Value::Object(_))) => {
                    self.work.approximate(
                        number,
                        format!("`{key}` is a structure there, and its JSON as a text here"),
                    );
                    liquid::inert(&value.to_string())
                }
                Some(Value::Null) | None => String::new(),
            };
            let name = names::variable(&key);
            if name != key {
                self.work.remark(number, format!("the variable `{key}` is called `{name}` here"));
            }
            variables.insert(name, json!(value));
        }
        if variables.is_empty() {
            self.work.through(number, next, "sets no variables");
            return;
        }
        self.work.node(number, "", "set", json!({ "variables": variables }), vec![("next".to_owned(), next)]);
    }

    fn say_play(&mut self, number: usize, widget: &Widget<'_>) {
        if widget.text("say").is_none() && widget.text("play").is_none() {
            let reason = match widget.text("digits") {
                Some(_) => "keys are not sent to a caller here",
                None => "there is nothing to say or to play",
            };
            self.unsupported(number, reason);
            return;
        }
        self.ignore(number, widget, &["digits"], "keys are not sent to a caller here");
        let next = self.goal(number, "audioComplete");
        let id = self.work.id(number, "");
        let mut fields = self.sound(number, widget, &id, "text");
        let node_type = if fields.contains_key("play") { "play" } else { "say" };
        if let Some(url) = fields.remove("play") {
            fields = Map::from_iter([("url".to_owned(), url)]);
        }
        let times = crate::document::integer(widget.property("loop")).unwrap_or(1);
        if times == 1 {
            self.work.put(number, &id, node_type, Value::Object(fields), vec![("next".to_owned(), next)]);
            return;
        }
        // Zero means for ever at Twilio, which is a thousand times.
        let again = if times < 1 { 99 } else { (times - 1).min(99) };
        if !(1..=100).contains(&times) {
            self.work.approximate(number, format!("it is said {} times; there it was {times}", again + 1));
        }
        let back = self.work.id(number, "again");
        let once = Goal::Node(back.clone());
        self.work.put(number, &id, node_type, Value::Object(fields), vec![("next".to_owned(), once)]);
        let ports = vec![("again".to_owned(), Goal::Node(id)), ("done".to_owned(), next)];
        self.work.put(number, &back, "loop", json!({ "times": again }), ports);
    }

    fn finish(mut self, found: &Found<'_>) -> Imported {
        let description = text(found.root.get("description"));
        let name =
            found.name.clone().or_else(|| description.clone()).unwrap_or_else(|| "Imported flow".to_owned());
        if found.name.is_some()
            && let Some(description) = description
        {
            self.work.note(pointer(&found.at, "description"), format!("not kept: {description}"));
        }
        if found.root.get("flags").is_some() {
            self.work.note(
                pointer(&found.at, "flags"),
                "how many calls may run at once is not limited by flows here",
            );
        }
        let initial = found.root.get("initial_state").and_then(Value::as_str).map(str::to_owned);
        let trigger = self.widgets.iter().position(|widget| widget.widget_type == "trigger");
        let start = initial.as_ref().and_then(|name| self.by_name.get(name)).copied();
        let at = pointer(&found.at, "initial_state");
        if start.is_none() && (initial.is_some() || found.root.get("states").is_some()) {
            self.work.note(at, "names no state; the flow begins at its trigger, or at its first state");
        }
        let start = start.or(trigger).or((!self.widgets.is_empty()).then_some(0));
        let called = trigger.is_some_and(|trigger| self.goal(trigger, "incomingParent") != Goal::End);
        let ends = if called { crate::document::Ends::Returns } else { crate::document::Ends::Call };
        let start = start.map_or(Goal::End, Goal::Element);
        self.work.finish(Head { name, language: None, start, ends })
    }
}

/// The settings of each type of widget that are looked at, or of which it is known that nothing is to be done. None: of
/// a type that is kept as it is.
fn settings_of(widget_type: &str) -> Option<&'static [&'static str]> {
    Some(match widget_type {
        "trigger" => &[],
        "split-based-on" => &["input"],
        "set-variables" => &["variables"],
        "say-play" => &["say", "play", "digits", "voice", "language", "loop"],
        "gather-input-on-call" => &[
            "say",
            "play",
            "voice",
            "language",
            "loop",
            "timeout",
            "number_of_digits",
            "finish_on_key",
            // It is what a question does here.
            "stop_gather",
            "speech_timeout",
            "speech_model",
            "gather_language",
            "hints",
            "profanity_filter",
        ],
        "connect-call-to" => {
            &["noun", "to", "caller_id", "record", "timeout", "sip_endpoint", "sip_username", "sip_password"]
        }
        "record-voicemail" => &[
            "play_beep",
            "max_length",
            "timeout",
            "finish_on_key",
            "trim",
            "transcribe",
            "transcription_callback_url",
            "recording_status_callback_url",
        ],
        "record-call" => &[
            "record_call",
            "trim",
            "recording_channels",
            "recording_status_callback",
            "recording_status_callback_method",
            "recording_status_callback_events",
        ],
        "enqueue-call" => &[
            "queue_name",
            "workflow_sid",
            "task_attributes",
            "priority",
            "timeout",
            "wait_url",
            "wait_url_method",
        ],
        "send-to-flex" => {
            &["workflow", "channel", "attributes", "priority", "timeout", "waitUrl", "waitUrlMethod"]
        }
        "make-http-request" => &["method", "url", "content_type", "body", "parameters"],
        "run-function" => &["url", "service_sid", "environment_sid", "function_sid", "parameters"],
        "run-subflow" => &["flow_sid", "flow_revision", "parameters"],
        // `custom` is the one type of message that has a text.
        "send-message" => {
            &["from", "to", "body", "service", "channel", "attributes", "media_url", "message_type"]
        }
        _ => return None,
    })
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(_) => true,
        Value::String(text) => !text.trim().is_empty() && text != "false" && text != "do-not-trim",
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}
