//! Actions that say and ask: messages, input, bots, the voice, and the end of a call.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::path::{STORED, is_path};
use super::voices::language_of;
use super::{Action, Connect};
use crate::document::names::{self, is_address, slug};
use crate::document::{FlowKind, Goal, Wanted, flag, integer, port, text};
use crate::report::ReferenceKind;

/// Messages of one action.
const MESSAGES: usize = 50;

impl Connect<'_> {
    /// What is heard: `Text`, `SSML`, `PromptId` or `Media`. None: nothing.
    fn sound(
        &mut self,
        number: usize,
        parameters: &Map<String, Value>,
        id: &str,
        text_field: &str,
    ) -> Option<Map<String, Value>> {
        let mut fields = Map::new();
        let of = |name: &str| text(parameters.get(name));
        let ssml = of("SSML").or_else(|| of("Text").filter(|text| text.trim_start().starts_with("<speak")));
        if let Some(ssml) = ssml {
            let (plain, marks) = without_marks(&ssml);
            if !marks.is_empty() {
                let marks: Vec<String> = marks.into_iter().collect();
                self.work
                    .approximate(number, format!("it is said as plain text, without {}", marks.join(", ")));
            }
            fields.insert(text_field.to_owned(), json!(self.liquid(number, &plain)));
        } else if let Some(plain) = of("Text") {
            fields.insert(text_field.to_owned(), json!(self.liquid(number, &plain)));
        } else if let Some(prompt) = of("PromptId") {
            fields.insert("library".to_owned(), json!(self.prompt(number, &prompt, id)));
        } else if let Some(media) = parameters.get("Media") {
            let address = text(media.get("Uri")).unwrap_or_default();
            if is_address(&address) {
                let wanted = Wanted::optional(ReferenceKind::Prompt, &address);
                match self.work.refer(number, wanted, Some(id), Some("play")) {
                    Some(name) => fields.insert("library".to_owned(), json!(names::short(&name, "unknown"))),
                    None => fields.insert("play".to_owned(), json!(address)),
                };
            } else {
                fields.insert("library".to_owned(), json!(self.prompt(number, &address, id)));
            }
        }
        let heard = fields.values().any(|value| value.as_str().is_some_and(|text| !text.trim().is_empty()));
        heard.then_some(fields)
    }

    /// The name of a prompt in the library.
    fn prompt(&mut self, number: usize, given: &str, id: &str) -> String {
        let reference = self.constant(given);
        if is_path(&reference) {
            self.work.approximate(
                number,
                format!("which prompt it is was computed there (`{reference}`); here it is one"),
            );
        }
        let shown = self.actions[number].shown.get(given).cloned();
        let wanted = Wanted::required(ReferenceKind::Prompt, &reference).called(shown.as_deref());
        self.work.refer_by_name(number, wanted, id, "library")
    }

    pub(super) fn message(&mut self, number: usize, action: &Action) {
        let next = self.next(number);
        self.leave_out(number, &[], &[&next], "saying something cannot fail here");
        let id = self.work.id(number, "");
        match self.sound(number, &action.parameters, &id, "text") {
            Some(fields) => self.say(number, &id, fields, &next),
            None => {
                self.work.approximate(number, "there is nothing to say or to play");
                self.work.through(number, next, "says nothing");
            }
        }
    }

    fn say(&mut self, number: usize, id: &str, mut fields: Map<String, Value>, next: &Goal) {
        let node_type = if fields.contains_key("play") { "play" } else { "say" };
        if let Some(url) = fields.remove("play") {
            fields.insert("url".to_owned(), url);
        }
        self.work.put(number, id, node_type, Value::Object(fields), vec![port("next", next)]);
    }

    /// Messages over and over: those who wait or hold hear the flow again when it comes to its end.
    pub(super) fn messages(&mut self, number: usize, action: &Action) {
        let messages: Vec<Value> =
            action.parameter("Messages").and_then(Value::as_array).cloned().unwrap_or_default();
        let interrupted = action
            .conditions
            .iter()
            .find(|way| way.operand() == "MessagesInterrupted")
            .map(|way| way.next.clone());
        let every = integer(action.parameter("InterruptFrequencySeconds"));
        let repeats = matches!(self.work.kind, FlowKind::Wait | FlowKind::Hold);
        let after = match (&interrupted, repeats) {
            (Some(next), _) => {
                let seconds =
                    every.map_or_else(|| "a time".to_owned(), |seconds| format!("{seconds} seconds"));
                self.work.approximate(
                    number,
                    format!("the messages are said once and then it goes on; there they were interrupted after {seconds}"),
                );
                self.goal_of(number, Some(next))
            }
            (None, true) => {
                if Some(number) != self.start {
                    self.work.approximate(
                        number,
                        "after the last message the flow begins anew, not with the first message",
                    );
                }
                Goal::End
            }
            (None, false) => {
                self.work.approximate(number, "the messages are said once; there they came over and over");
                self.next(number)
            }
        };
        self.leave_out(number, &["MessagesInterrupted"], &[&after], "saying something cannot fail here");
        if after == Goal::End && action.next.is_some() {
            self.work.remark(number, "the way on is left out: the messages come again until the wait ends");
        }
        let mut said = Vec::new();
        if messages.len() > MESSAGES {
            self.work.approximate(number, format!("only the first {MESSAGES} messages are said"));
        }
        for message in messages.iter().take(MESSAGES) {
            let parameters = message.as_object().cloned().unwrap_or_default();
            let id = self.work.id(number, "");
            match self.sound(number, &parameters, &id, "text") {
                Some(fields) => said.push((id, fields)),
                None => self.work.approximate(number, "a message that says nothing is left out"),
            }
        }
        if said.is_empty() {
            self.work.approximate(number, "there are no messages");
            self.work.through(number, after, "says nothing");
            return;
        }
        let ids: Vec<String> = said.iter().map(|(id, _)| id.clone()).collect();
        for (at, (id, fields)) in said.into_iter().enumerate() {
            let next = ids.get(at + 1).map_or_else(|| after.clone(), |id| Goal::Node(id.clone()));
            self.say(number, &id, fields, &next);
        }
    }

    pub(super) fn input(&mut self, number: usize, action: &Action) {
        let id = self.work.id(number, "");
        let Some(mut fields) = self.sound(number, &action.parameters, &id, "prompt") else {
            return self.unsupported(number, "nothing is said that asks for the input");
        };
        let seconds = integer(action.parameter("InputTimeLimitSeconds")).unwrap_or(5);
        if !(1..=60).contains(&seconds) {
            self.work.approximate(number, format!("it waits for 1 to 60 seconds; there it was {seconds}"));
        }
        fields.insert("timeoutSeconds".to_owned(), json!(seconds.clamp(1, 60)));
        fields.insert("retries".to_owned(), json!(0));
        let timeout = self.error(number, &["InputTimeLimitExceeded", "NoMatchingCondition"]);
        if flag(action.parameter("StoreInput")).unwrap_or(false) {
            self.stored_input(number, action, &id, fields, &timeout);
        } else {
            self.menu(number, action, &id, fields, &timeout);
        }
    }

    fn menu(
        &mut self,
        number: usize,
        action: &Action,
        id: &str,
        mut fields: Map<String, Value>,
        timeout: &Goal,
    ) {
        let mut taken = BTreeSet::from(["timeout".to_owned(), "noMatch".to_owned()]);
        let (mut choices, mut ports, mut keys) = (Vec::new(), Vec::new(), BTreeSet::new());
        for way in &action.conditions {
            let digits = way.operand().trim().to_owned();
            let fits = (1..=8).contains(&digits.len())
                && digits.chars().all(|c| c.is_ascii_digit() || c == '*' || c == '#')
                && way.operator() == "Equals";
            if !fits || !keys.insert(digits.clone()) {
                self.work.approximate(
                    number,
                    format!("`{}` `{digits}` is no key of its own and is left out", way.operator()),
                );
                continue;
            }
            let name = names::unique(&digits, &mut taken);
            choices.push(json!({ "port": name, "digits": digits }));
            let goal = self.goal_of(number, Some(&way.next));
            ports.push((name, goal));
        }
        if choices.is_empty() {
            return self.unsupported(number, "it has no keys to choose from");
        }
        fields.insert("choices".to_owned(), Value::Array(choices));
        let no_match = self.error(number, &["NoMatchingCondition"]);
        self.leave_out_errors(
            number,
            &["InputTimeLimitExceeded", "NoMatchingCondition"],
            &[timeout, &no_match],
        );
        ports.push(port("timeout", timeout));
        ports.push(port("noMatch", &no_match));
        self.work.put(number, id, "menu", Value::Object(fields), ports);
    }

    fn leave_out_errors(&mut self, number: usize, used: &[&str], instead: &[&Goal]) {
        let errors: Vec<(String, String)> = self.actions[number]
            .errors
            .iter()
            .filter(|(name, _)| !used.contains(&name.as_str()))
            .cloned()
            .collect();
        for (name, to) in errors {
            let goal = self.goal_of(number, Some(&to));
            if goal != Goal::End && !instead.contains(&&goal) {
                self.work
                    .remark(number, format!("the way `{name}` to `{to}` is left out: it cannot happen here"));
            }
        }
    }

    fn stored_input(
        &mut self,
        number: usize,
        action: &Action,
        id: &str,
        mut fields: Map<String, Value>,
        timeout: &Goal,
    ) {
        let validation = action.parameter("InputValidation");
        let phone = validation.and_then(|validation| validation.get("PhoneNumberValidation"));
        let longest = validation
            .and_then(|validation| validation.get("CustomValidation"))
            .and_then(|custom| integer(custom.get("MaximumLength")));
        if let Some(phone) = phone {
            self.work.approximate(
                number,
                format!("keys are taken as they are, not checked as a number ({phone})"),
            );
        }
        let most = if phone.is_some() { 20 } else { longest.unwrap_or(20).clamp(1, 32) };
        fields.insert("maxDigits".to_owned(), json!(most));
        if let Some(dtmf) = action.parameter("DTMFConfiguration") {
            let ends = text(dtmf.get("InputTerminationSequence"));
            match ends.as_deref() {
                None => {}
                Some(key) if key.len() == 1 && "0123456789*#".contains(key) => {
                    fields.insert("finishOnKey".to_owned(), json!(key));
                }
                Some(keys) => {
                    self.work.approximate(number, format!("the keys `{keys}` cannot end it; `#` does"));
                }
            }
            if dtmf.get("InterdigitTimeLimitSeconds").is_some() || dtmf.get("DisableCancelKey").is_some() {
                self.work.remark(number, "the time between keys and the cancel key cannot be set");
            }
        }
        let next = self.next(number);
        let invalid = self.error(number, &["InvalidPhoneNumber", "NoMatchingCondition"]);
        self.leave_out_errors(
            number,
            &["InputTimeLimitExceeded", "InvalidPhoneNumber", "NoMatchingCondition"],
            &[timeout, &invalid, &next],
        );
        let ports = vec![port("collected", &next), port("timeout", timeout), port("invalid", &invalid)];
        if action.parameter("InputEncryption").is_some() {
            self.work.approximate(
                number,
                "the keys are a secret that the next request can have as `{{ secret.stored_customer_input }}`; there they were encrypted",
            );
            fields.insert("name".to_owned(), json!(STORED));
            self.work.put(number, id, "secureDigits", Value::Object(fields), ports);
        } else {
            fields.insert("variable".to_owned(), json!(STORED));
            self.work.put(number, id, "collect", Value::Object(fields), ports);
        }
    }

    /// A bot: the names of its intents are what a menu listens for.
    pub(super) fn bot(&mut self, number: usize, action: &Action) {
        let id = self.work.id(number, "");
        let Some(mut fields) = self.sound(number, &action.parameters, &id, "prompt") else {
            return self.unsupported(number, "a bot that says nothing first cannot be a menu");
        };
        let mut taken = BTreeSet::from(["timeout".to_owned(), "noMatch".to_owned()]);
        let (mut choices, mut ports, mut heard) = (Vec::new(), Vec::new(), BTreeSet::new());
        for way in &action.conditions {
            let phrase = words(&way.operand());
            if phrase.is_empty() || !heard.insert(crate::studio::heard(&phrase)) {
                continue;
            }
            let name = names::unique(&slug(&way.operand()), &mut taken);
            choices.push(json!({ "port": name, "phrases": [phrase] }));
            let goal = self.goal_of(number, Some(&way.next));
            ports.push((name, goal));
        }
        if choices.is_empty() {
            return self.unsupported(
                number,
                "there are no bots here, and it has no intents that a menu could listen for",
            );
        }
        self.work.approximate(
            number,
            "no bot is asked: a menu listens for the words of its intents, and more phrases can be added",
        );
        for name in ["LexSessionAttributes", "LexTimeoutSeconds"] {
            if action.parameter(name).is_some() {
                self.work.approximate(number, format!("{name} left out: no bot is asked"));
            }
        }
        fields.insert("choices".to_owned(), Value::Array(choices));
        fields.insert("retries".to_owned(), json!(0));
        let no_match = self.error(number, &["NoMatchingCondition"]);
        let timeout = self.error(number, &["InputTimeLimitExceeded", "NoMatchingCondition"]);
        self.leave_out_errors(
            number,
            &["InputTimeLimitExceeded", "NoMatchingCondition"],
            &[&timeout, &no_match],
        );
        ports.push(port("timeout", &timeout));
        ports.push(port("noMatch", &no_match));
        self.work.put(number, &id, "menu", Value::Object(fields), ports);
    }

    pub(super) fn voice(&mut self, number: usize, action: &Action) {
        let voice = action.text("TextToSpeechVoice").unwrap_or_default();
        let Some(language) = language_of(&voice) else {
            self.work
                .approximate(number, format!("the voice `{voice}` is not known; the flow's own is used"));
            return self.passed(number, "the voice is the flow's");
        };
        let engine = action.text("TextToSpeechEngine").unwrap_or_default();
        let voice = match engine.as_str() {
            "Neural" | "Generative" => format!("Polly.{voice}-{engine}"),
            _ => format!("Polly.{voice}"),
        };
        if action.text("TextToSpeechStyle").is_some_and(|style| style != "None") {
            self.work.approximate(number, "the style of the voice is left out");
        }
        let next = self.next(number);
        self.leave_out(number, &[], &[&next], "a voice cannot fail to be set here");
        self.work.node(
            number,
            "",
            "language",
            json!({ "language": language, "voice": voice }),
            vec![port("next", &next)],
        );
    }

    pub(super) fn disconnect(&mut self, number: usize) {
        if self.work.kind == FlowKind::Hold {
            self.work.approximate(number, "a hold flow does not end the call; it begins anew here");
            return self.work.through(number, Goal::End, "the end of the flow");
        }
        self.work.node(number, "", "hangup", json!({}), Vec::new());
    }

    pub(super) fn end_of_flow(&mut self, number: usize) {
        match self.work.kind {
            FlowKind::Call => {
                self.work.node(number, "", "hangup", json!({}), Vec::new());
            }
            FlowKind::Wait | FlowKind::Hold | FlowKind::Whisper => {
                self.work.through(number, Goal::End, "the end of the flow");
            }
        }
    }
}

/// `BookFlight` or `book_flight` as `Book Flight`: what somebody would say.
fn words(intent: &str) -> String {
    let mut words = String::new();
    let mut before_was_small = false;
    for c in intent.chars().take(100) {
        if c.is_uppercase() && before_was_small {
            words.push(' ');
        }
        before_was_small = c.is_lowercase();
        words.push(if c.is_alphanumeric() { c } else { ' ' });
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A text without the marks of SSML, and which there were besides the `speak` around it.
fn without_marks(ssml: &str) -> (String, BTreeSet<String>) {
    let mut plain = String::new();
    let mut marks = BTreeSet::new();
    let mut rest = ssml;
    while let Some(open) = rest.find('<') {
        let Some(length) = rest[open..].find('>') else { break };
        plain.push_str(&rest[..open]);
        plain.push(' ');
        let name: String = rest[open + 1..open + length]
            .trim_start_matches('/')
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == ':' || *c == '-')
            .collect();
        if name != "speak" && !name.is_empty() {
            marks.insert(format!("`{}`", crate::bounds::cut(&name, 30)));
        }
        rest = &rest[open + length + 1..];
    }
    plain.push_str(rest);
    let plain = plain
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&");
    (plain.split_whitespace().collect::<Vec<_>>().join(" "), marks)
}

#[cfg(test)]
mod tests {
    use super::{without_marks, words};

    #[test]
    fn ssml_is_read_as_what_is_said() {
        let (plain, marks) = without_marks("<speak>You are on hold <break time=\"10s\"/> at A&amp;B</speak>");
        assert_eq!(plain, "You are on hold at A&B");
        assert_eq!(marks.into_iter().collect::<Vec<_>>(), ["`break`"]);
        assert_eq!(without_marks("1 < 2").0, "1 < 2");
    }

    #[test]
    fn intents_are_words() {
        assert_eq!(words("BookFlight"), "Book Flight");
        assert_eq!(words("billing_question"), "billing question");
        assert_eq!(words("Sales"), "Sales");
    }
}
