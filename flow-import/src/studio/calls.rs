//! Widgets that connect and record: `connect-call-to`, `record-voicemail`, `record-call`.

use serde_json::{Map, Value, json};

use super::{Studio, Widget};
use crate::document::names::is_number;
use crate::document::{Goal, Wanted, flag, integer, port};
use crate::liquid;
use crate::report::ReferenceKind;

/// Numbers that are rung one after the other.
const NUMBERS: usize = 10;

/// Whom a call is connected with.
enum Party {
    Number(String),
    Sip(String),
    Agent(String),
}

impl Studio<'_> {
    pub(super) fn connect_call(&mut self, number: usize, widget: &Widget<'_>) {
        let to = widget.text("to").unwrap_or_default();
        let noun = widget.text("noun").unwrap_or_else(|| "number".to_owned());
        let parties = match noun.as_str() {
            "number" => vec![Party::Number(self.liquid(number, to.trim()))],
            "number-multi" => {
                let numbers: Vec<&str> = to.split(',').map(str::trim).filter(|to| !to.is_empty()).collect();
                if numbers.len() > 1 {
                    self.work.approximate(
                        number,
                        "the numbers are rung one after the other; there all of them rang at once",
                    );
                }
                if numbers.len() > NUMBERS {
                    self.work.approximate(number, format!("only the first {NUMBERS} numbers are rung"));
                }
                numbers.into_iter().take(NUMBERS).map(|to| Party::Number(self.liquid(number, to))).collect()
            }
            "client" => vec![Party::Agent(to.trim().to_owned())],
            "sip" => {
                let address = widget.text("sip_endpoint").unwrap_or(to);
                vec![Party::Sip(self.liquid(number, address.trim()))]
            }
            "conference" => {
                return self.unsupported(number, "a call cannot be put into a conference of its own here");
            }
            "sim" => return self.unsupported(number, "SIM cards cannot be called here"),
            other => {
                let reason = format!("`{}` is no kind of party that is known", crate::bounds::cut(other, 40));
                return self.unsupported(number, &reason);
            }
        };
        if parties.is_empty() || parties.iter().any(|party| !party.is_usable()) {
            let reason =
                format!("`{}` is no number that can be called", crate::bounds::cut(&to_of(widget), 80));
            return self.unsupported(number, &reason);
        }
        self.ignore(
            number,
            widget,
            &["sip_username", "sip_password"],
            "a SIP address is called without a name and a password",
        );
        let completed = self.goal(number, "callCompleted");
        self.leave_out(number, "hangup", &completed, "a caller who has hung up hears nothing more");
        if flag(widget.property("record")) == Some(true) {
            let id = self.work.id(number, "record");
            let first = Goal::Node(self.work.peek(number));
            self.work.put(number, &id, "recording", json!({ "action": "start" }), vec![port("next", &first)]);
        }
        self.transfers(number, widget, parties, &completed);
    }

    fn transfers(&mut self, number: usize, widget: &Widget<'_>, parties: Vec<Party>, completed: &Goal) {
        let ids: Vec<String> = parties.iter().map(|_| self.work.id(number, "")).collect();
        for (at, party) in parties.into_iter().enumerate() {
            let mut fields = Map::new();
            match party {
                Party::Number(to) => fields.insert("number".to_owned(), json!(to)),
                Party::Sip(to) => fields.insert("sip".to_owned(), json!(to)),
                Party::Agent(to) if liquid::has_tags(&to) => {
                    let agent = self.liquid(number, &to);
                    self.work.approximate(
                        number,
                        format!("`{to}` has to be an agent's id or name; there it was a client's"),
                    );
                    fields.insert("agent".to_owned(), json!(agent))
                }
                Party::Agent(to) => {
                    let wanted = Wanted::required(ReferenceKind::Agent, &to);
                    let agent = self.work.refer_by_name(number, wanted, &ids[at], "agent");
                    fields.insert("agent".to_owned(), json!(agent))
                }
            };
            if let Some(caller_id) = widget.text("caller_id") {
                let caller_id = self.liquid(number, &caller_id);
                if caller_id.contains("{{") || is_number(&caller_id) {
                    fields.insert("callerId".to_owned(), json!(caller_id));
                } else {
                    self.work.approximate(number, format!("`{caller_id}` is no number to show"));
                }
            }
            if let Some(seconds) = integer(widget.property("timeout")) {
                if !(5..=600).contains(&seconds) {
                    self.work.approximate(
                        number,
                        format!("it rings for 5 to 600 seconds; there it was {seconds}"),
                    );
                }
                fields.insert("timeoutSeconds".to_owned(), json!(seconds.clamp(5, 600)));
            }
            let failed = ids.get(at + 1).map_or_else(|| completed.clone(), |id| Goal::Node(id.clone()));
            let mut ports = vec![port("busy", &failed), port("noAnswer", &failed), port("failed", &failed)];
            if *completed != Goal::End {
                ports.push(port("answered", completed));
            }
            self.work.put(number, &ids[at], "transfer", Value::Object(fields), ports);
        }
    }

    pub(super) fn voicemail(&mut self, number: usize, widget: &Widget<'_>) {
        let mut fields = Map::new();
        let beep = flag(widget.property("play_beep")).unwrap_or(true);
        fields.insert("beep".to_owned(), json!(beep));
        if let Some(seconds) = integer(widget.property("max_length")) {
            if !(1..=3_600).contains(&seconds) {
                self.work
                    .approximate(number, format!("a message has 1 to 3600 seconds; there it was {seconds}"));
            }
            fields.insert("maxSeconds".to_owned(), json!(seconds.clamp(1, 3_600)));
        }
        if let Some(key) = self.finish_key(number, widget) {
            fields.insert("finishOnKey".to_owned(), json!(key));
        }
        if flag(widget.property("transcribe")) == Some(true) {
            fields.insert("transcribe".to_owned(), json!(true));
        }
        fields.insert("prompt".to_owned(), json!(PROMPT));
        self.work.approximate(
            number,
            format!("the caller hears \"{PROMPT}\" before it; there the widget said nothing itself"),
        );
        self.ignore(number, widget, &["timeout"], "how long silence ends a message cannot be set");
        self.ignore(number, widget, &["trim"], "silence is not trimmed");
        self.addresses(
            number,
            widget,
            &["transcription_callback_url", "recording_status_callback_url"],
            "what becomes of a message is told by a webhook of the company",
        );
        let recorded = self.goal(number, "recordingComplete");
        let silent = self.goal(number, "noAudio");
        self.leave_out(number, "hangup", &recorded, "a caller who has hung up hears nothing more");
        let mut ports = Vec::new();
        for (name, goal) in [("recorded", recorded), ("silent", silent)] {
            if goal != Goal::End {
                ports.push((name.to_owned(), goal));
            }
        }
        self.work.node(number, "", "voicemail", Value::Object(fields), ports);
    }

    pub(super) fn record_call(&mut self, number: usize, widget: &Widget<'_>) {
        let action = match flag(widget.property("record_call")) {
            Some(true) => "start",
            Some(false) | None => "stop",
        };
        self.ignore(
            number,
            widget,
            &["trim", "recording_channels"],
            "both sides are recorded on their own, from the beginning to the end",
        );
        self.addresses(
            number,
            widget,
            &["recording_status_callback"],
            "what becomes of a recording is told by a webhook of the company",
        );
        let next = self.goal(number, "success");
        self.leave_out(number, "failed", &next, "a call goes on whether it is recorded or not");
        self.work.node(number, "", "recording", json!({ "action": action }), vec![port("next", &next)]);
    }

    /// Addresses that the widget told things to, which flows here do not.
    pub(super) fn addresses(&mut self, number: usize, widget: &Widget<'_>, names: &[&str], why: &str) {
        for name in names {
            if let Some(address) = widget.text(name) {
                self.work.approximate(number, format!("{name} `{address}` is left out: {why}"));
                self.work.refer(number, Wanted::optional(ReferenceKind::RequestUrl, &address), None, None);
            }
        }
    }
}

/// What a caller hears before a message where the source says nothing.
pub(crate) const PROMPT: &str = "Please leave a message.";

impl Party {
    /// Whether the engine takes it.
    fn is_usable(&self) -> bool {
        match self {
            Self::Number(to) => to.contains("{{") || is_number(to),
            Self::Sip(to) => !to.trim().is_empty(),
            Self::Agent(to) => !to.trim().is_empty(),
        }
    }
}

fn to_of(widget: &Widget<'_>) -> String {
    widget.text("to").or_else(|| widget.text("sip_endpoint")).unwrap_or_default()
}
