//! `gather-input-on-call`: keys become a `collect`, and with the split that follows on them a `menu`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Studio, Widget};
use crate::bounds::cut;
use crate::document::names::{slug, variable};
use crate::document::{Goal, integer};
use crate::liquid;

/// Most choices of a menu.
const CHOICES: usize = 100;

/// How a widget asks the caller.
#[derive(Debug, Clone)]
pub(super) enum Asks {
    /// For keys, which are kept in a variable.
    Keys { variable: String },
    /// For one of several choices, out of the splits that follow.
    Menu { choices: Vec<Choice>, splits: Vec<usize>, no_match: Option<String>, no_matches_differ: bool },
}

/// An answer and where it leads.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    digits: Option<String>,
    phrases: Vec<String>,
    /// Name of the widget that it leads to. None: the end.
    next: Option<String>,
}

impl Studio<'_> {
    /// Decides how each question is asked, before any text is translated that speaks of the answer.
    pub(super) fn plan_questions(&mut self) {
        // Which widgets lead to each: a split that others lead to as well stays what it is.
        let mut led_from: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (number, widget) in self.widgets.iter().enumerate() {
            for transition in &widget.transitions {
                if let Some(target) = transition.next.and_then(|next| self.by_name.get(next)) {
                    led_from.entry(*target).or_default().push(number);
                }
            }
        }
        for number in 0..self.widgets.len() {
            if self.widgets[number].widget_type == "gather-input-on-call" {
                let asks = self.menu_of(number, &led_from).unwrap_or_else(|| Asks::Keys {
                    variable: variable(&format!("{}_digits", slug(&self.widgets[number].name))),
                });
                self.asks.insert(number, asks);
            }
        }
    }

    /// The menu that a question and the splits after it are together. None: they are not one.
    fn menu_of(&self, number: usize, led_from: &BTreeMap<usize, Vec<usize>>) -> Option<Asks> {
        let target = |event: &str| {
            let transition =
                self.widgets[number].transitions.iter().find(|transition| transition.event == event)?;
            self.by_name.get(transition.next?).copied()
        };
        let (keys, speech) = (target("keypress"), target("speech"));
        let mut splits = Vec::new();
        let mut choices: Vec<Choice> = Vec::new();
        if let Some(split) = keys {
            choices.extend(self.keys_of(number, split)?);
            splits.push(split);
        }
        if let Some(split) = speech {
            for spoken in self.phrases_of(number, split)? {
                match choices.iter_mut().find(|choice| choice.next == spoken.next) {
                    Some(choice) => choice.phrases.extend(spoken.phrases),
                    None => choices.push(spoken),
                }
            }
            splits.push(split);
        }
        let alone = splits.iter().all(|split| led_from.get(split).is_some_and(|from| from == &vec![number]));
        if choices.is_empty() || choices.len() > CHOICES || !alone {
            return None;
        }
        let no_match = |split: &usize| {
            let found = self.widgets[*split].transitions.iter().find(|t| t.event == "noMatch");
            found.and_then(|transition| transition.next).map(str::to_owned)
        };
        let ways: Vec<Option<String>> = splits.iter().map(no_match).collect();
        let no_matches_differ = ways.windows(2).any(|pair| pair[0] != pair[1]);
        Some(Asks::Menu { choices, splits, no_match: ways.into_iter().next().flatten(), no_matches_differ })
    }

    /// The choices of a split on the keys of this question, when all its conditions are keys.
    fn keys_of(&self, number: usize, split: usize) -> Option<Vec<Choice>> {
        let mut seen = Vec::new();
        let mut choices = Vec::new();
        for (values, next) in self.answers(number, split, "Digits", &["equal_to", "matches_any_of"])? {
            for digits in values {
                let keys = digits.chars().all(|c| c.is_ascii_digit() || c == '*' || c == '#');
                if !keys || !(1..=8).contains(&digits.len()) {
                    return None;
                }
                // What comes twice leads where it came first.
                if !seen.contains(&digits) {
                    seen.push(digits.clone());
                    choices.push(Choice { digits: Some(digits), phrases: Vec::new(), next: next.clone() });
                }
            }
        }
        Some(choices)
    }

    fn phrases_of(&self, number: usize, split: usize) -> Option<Vec<Choice>> {
        let types = ["equal_to", "matches_any_of", "contains", "starts_with"];
        let mut seen = Vec::new();
        let mut choices = Vec::new();
        for (values, next) in self.answers(number, split, "SpeechResult", &types)? {
            let mut phrases = Vec::new();
            for phrase in values {
                let heard = heard(&phrase);
                if heard.is_empty() || phrase.len() > 120 {
                    return None;
                }
                if !seen.contains(&heard) {
                    seen.push(heard);
                    phrases.push(phrase);
                }
            }
            if !phrases.is_empty() {
                choices.push(Choice { digits: None, phrases, next });
            }
        }
        Some(choices)
    }

    /// The values of each transition of a split on this answer of the question. None: it is no such split.
    fn answers(
        &self,
        number: usize,
        split: usize,
        answer: &str,
        types: &[&str],
    ) -> Option<Vec<(Vec<String>, Option<String>)>> {
        let widget = &self.widgets[split];
        let name = &self.widgets[number].name;
        let is_answer = |source: &str| {
            liquid::single(source).is_some_and(|path| path == ["widgets", name.as_str(), answer])
        };
        if widget.widget_type != "split-based-on" || !is_answer(&widget.text("input")?) {
            return None;
        }
        let mut answers = Vec::new();
        for transition in widget.transitions.iter().filter(|transition| transition.event != "noMatch") {
            let [condition] = transition.conditions.as_slice() else { return None };
            let condition_type = condition.get("type").and_then(Value::as_str)?;
            let value = condition.get("value").and_then(Value::as_str)?;
            let arguments = condition.get("arguments").and_then(Value::as_array);
            let same = arguments.is_none_or(|list| list.iter().all(|a| a.as_str().is_some_and(is_answer)));
            if !types.contains(&condition_type) || liquid::has_tags(value) || !same {
                return None;
            }
            let values: Vec<String> = if condition_type == "matches_any_of" {
                value.split(',').map(str::trim).filter(|v| !v.is_empty()).map(str::to_owned).collect()
            } else {
                vec![value.trim().to_owned()]
            };
            answers.push((values, transition.next.map(str::to_owned)));
        }
        Some(answers)
    }

    pub(super) fn gather(&mut self, number: usize, widget: &Widget<'_>) {
        let id = self.work.id(number, "");
        let mut fields = self.sound(number, widget, &id, "prompt");
        self.asking(number, widget, &mut fields);
        let timeout = self.goal(number, "timeout");
        match self.asks.get(&number).cloned() {
            Some(Asks::Menu { choices, splits, no_match, no_matches_differ }) => {
                let spoken = choices.iter().any(|choice| !choice.phrases.is_empty());
                if spoken {
                    self.work.approximate(
                        number,
                        "what was said is compared with the phrases as whole words, whatever the condition was",
                    );
                }
                if no_matches_differ {
                    self.work.approximate(
                        number,
                        "keys and speech that match nothing led to two places; here both lead where the keys did",
                    );
                }
                self.speech_settings(number, widget, spoken);
                if widget.text("finish_on_key").is_some() {
                    self.work
                        .remark(number, "finish_on_key left out: a menu ends with the last key of a choice");
                }
                for split in splits {
                    let text = format!("its choices are those of the menu {}", widget.name);
                    self.work.remark(split, format!("joined with `{}`, which is a menu now", widget.name));
                    self.work.through(split, Goal::Element(number), &text);
                }
                self.menu(number, &id, fields, choices, no_match, timeout);
            }
            Some(Asks::Keys { variable }) => {
                let speech = self.goal(number, "speech");
                self.speech_settings(number, widget, false);
                self.keys(number, widget, &id, fields, &variable, timeout);
                if speech != Goal::End {
                    let collected = self.goal(number, "keypress");
                    self.leave_out(number, "speech", &collected, "only keys are asked for here");
                    self.work.approximate(number, "only keys are asked for; speech is not listened to");
                }
            }
            None => self.unsupported(number, "the question could not be read"),
        }
    }

    fn asking(&mut self, number: usize, widget: &Widget<'_>, fields: &mut Map<String, Value>) {
        if let Some(seconds) = integer(widget.property("timeout")) {
            if !(1..=60).contains(&seconds) {
                self.work
                    .approximate(number, format!("it waits for 1 to 60 seconds; there it was {seconds}"));
            }
            fields.insert("timeoutSeconds".to_owned(), json!(seconds.clamp(1, 60)));
        }
        // There the question is said so often, and then the answer is late; here each time is a question of its own.
        let times = integer(widget.property("loop")).unwrap_or(1);
        if !(1..=11).contains(&times) {
            self.work.approximate(number, format!("it is asked at most 11 times; there it was {times}"));
        }
        fields.insert("retries".to_owned(), json!((times - 1).clamp(0, 10)));
    }

    fn speech_settings(&mut self, number: usize, widget: &Widget<'_>, listens: bool) {
        let names = ["speech_timeout", "speech_model", "hints", "profanity_filter", "gather_language"];
        if listens {
            self.ignore(
                number,
                widget,
                &names,
                "how speech is recognised follows from the phrases and the language",
            );
            return;
        }
        let given: Vec<&str> = names.into_iter().filter(|name| widget.property(name).is_some()).collect();
        if !given.is_empty() {
            self.work.remark(number, format!("{} left out: nothing is listened to", given.join(", ")));
        }
    }

    fn menu(
        &mut self,
        number: usize,
        id: &str,
        mut fields: Map<String, Value>,
        choices: Vec<Choice>,
        no_match: Option<String>,
        timeout: Goal,
    ) {
        let mut taken = std::collections::BTreeSet::from(["timeout".to_owned(), "noMatch".to_owned()]);
        let (mut written, mut ports) = (Vec::new(), Vec::new());
        for choice in choices {
            let wanted = match (&choice.digits, choice.phrases.first()) {
                (Some(digits), _) => digits.clone(),
                (None, phrase) => slug(phrase.map_or("choice", String::as_str)),
            };
            let wanted = if wanted.is_empty() { "choice".to_owned() } else { wanted };
            let port = crate::document::names::unique(&wanted, &mut taken);
            let mut one = json!({ "port": port });
            if let Some(digits) = &choice.digits {
                one["digits"] = json!(digits);
            }
            if !choice.phrases.is_empty() {
                one["phrases"] = json!(choice.phrases);
            }
            written.push(one);
            let goal = choice.next.map_or(Goal::End, |next| self.goal_named(number, &next));
            ports.push((port, goal));
        }
        fields.insert("choices".to_owned(), Value::Array(written));
        let no_match = no_match.map_or(Goal::End, |next| self.goal_named(number, &next));
        ports.push(("timeout".to_owned(), timeout));
        ports.push(("noMatch".to_owned(), no_match));
        self.work.put(number, id, "menu", Value::Object(fields), ports);
    }

    fn keys(
        &mut self,
        number: usize,
        widget: &Widget<'_>,
        id: &str,
        mut fields: Map<String, Value>,
        variable: &str,
        timeout: Goal,
    ) {
        fields.insert("variable".to_owned(), json!(variable));
        let most = integer(widget.property("number_of_digits")).filter(|digits| *digits > 0);
        if most.is_some_and(|digits| digits > 32) {
            self.work.approximate(number, "at most 32 keys are taken");
        }
        fields.insert("maxDigits".to_owned(), json!(most.unwrap_or(32).min(32)));
        if let Some(key) = self.finish_key(number, widget) {
            fields.insert("finishOnKey".to_owned(), json!(key));
        }
        let collected = self.goal(number, "keypress");
        let ports = vec![
            ("collected".to_owned(), collected),
            ("timeout".to_owned(), timeout.clone()),
            ("invalid".to_owned(), timeout),
        ];
        self.work.put(number, id, "collect", Value::Object(fields), ports);
    }

    /// The key that ends an entry; of several the first. None: as usual.
    pub(super) fn finish_key(&mut self, number: usize, widget: &Widget<'_>) -> Option<String> {
        let given = widget.property("finish_on_key")?.as_str()?.trim().to_owned();
        let keys: Vec<char> =
            given.chars().filter(|c| c.is_ascii_digit() || *c == '*' || *c == '#').collect();
        match keys.as_slice() {
            [] if given.is_empty() => Some(String::new()),
            [] => {
                self.work.approximate(number, format!("`{}` is no key that can end it", cut(&given, 20)));
                None
            }
            [key] => Some(key.to_string()),
            [key, ..] => {
                self.work
                    .approximate(number, format!("only the key {key} ends it; there it was one of {given}"));
                Some(key.to_string())
            }
        }
    }
}

/// What two phrases have in common when the engine hears the same in them.
pub(crate) fn heard(phrase: &str) -> String {
    let plain: String = phrase
        .chars()
        .flat_map(char::to_lowercase)
        .map(|c| if c.is_alphanumeric() || c == '\'' { c } else { ' ' })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}
