//! The settings of the nodes that ask the caller something.

use std::collections::BTreeSet;

use serde_json::Value;

use super::nodes::variable;
use super::reader::{Checker, Fields, is_key, items, short, text};
use crate::node::{Asking, Choice, Collect, Entry, Menu, SecureDigits, Sound, Survey};
use crate::{Accepts, FindingCode, limits, speech};

fn asking(fields: &mut Fields<'_>, checker: &mut Checker) -> Option<Asking> {
    let prompt = fields.required_sound(checker);
    asked(prompt, fields, checker)
}

/// How the node asks with this prompt.
fn asked(prompt: Option<Sound>, fields: &mut Fields<'_>, checker: &mut Checker) -> Option<Asking> {
    let invalid = fields.say("invalidPrompt", checker);
    let silence = fields.say("silencePrompt", checker);
    let timeout_seconds = fields.integer("timeoutSeconds", 1..=60, Some(5), checker);
    let retries = fields.integer("retries", 0..=10, Some(2), checker);
    Some(Asking {
        prompt: prompt?,
        invalid,
        silence,
        timeout_seconds: timeout_seconds?,
        retries: retries?,
        manner: checker.manner.clone(),
    })
}

pub(super) fn menu(fields: &mut Fields<'_>, checker: &mut Checker) -> Option<Menu> {
    let asking = asking(fields, checker);
    let mut choices = Vec::new();
    let mut ports = BTreeSet::from(["timeout".to_owned(), "noMatch".to_owned()]);
    let mut answers = BTreeSet::new();
    for (value, at) in fields.list("choices", (1, limits::LIST_ITEMS), checker) {
        let Some(choice) = choice(value, &at, checker) else { continue };
        if !ports.insert(choice.port.clone()) {
            let message = format!("there is another port `{}`; give each its own name", choice.port);
            checker.error(FindingCode::Duplicate, &at, message);
        }
        for answer in choice.digits.iter().chain(&choice.phrases) {
            if !answers.insert(answer.clone()) {
                let message =
                    format!("`{answer}` leads to an earlier choice already; take it out of one of them");
                checker.error(FindingCode::Duplicate, &at, message);
            }
        }
        choices.push(choice);
    }
    let accepts = accepts(fields, &choices, checker)?;
    for choice in &choices {
        let usable =
            (accepts.digits() && choice.digits.is_some()) || (accepts.speech() && !choice.phrases.is_empty());
        if !usable {
            let message = format!(
                "the choice `{}` has nothing that the menu's `input` accepts; give it `digits` or `phrases` that it does",
                choice.port
            );
            checker.error(FindingCode::BadValue, fields.at("choices"), message);
        }
    }
    Some(Menu { asking: asking?, accepts, choices })
}

fn choice(value: &Value, at: &str, checker: &mut Checker) -> Option<Choice> {
    let mut fields = Fields::new(value, at.to_owned(), checker)?;
    let port = fields.optional_name("port", checker);
    let digits = fields.optional_text("digits", checker).map(str::to_owned);
    if let Some(digits) = &digits
        && !((1..=8).contains(&digits.len()) && digits.chars().all(is_key))
    {
        checker.error(FindingCode::BadValue, fields.at("digits"), "has to be one to eight keys of `0-9*#`");
    }
    let (mut phrases, mut hints) = (Vec::new(), Vec::new());
    for (value, at) in fields.list("phrases", (0, limits::LIST_ITEMS), checker) {
        let Some(hint) = text(value, &at, checker).and_then(|phrase| short(phrase, &at, checker)) else {
            continue;
        };
        let phrase = speech::normalise(&hint);
        if phrase.is_empty() {
            checker.error(FindingCode::BadValue, &at, "has no letter or digit to hear");
        } else if !phrases.contains(&phrase) {
            phrases.push(phrase);
            hints.push(hint);
        }
    }
    fields.finish(checker);
    if digits.is_none() && phrases.is_empty() {
        checker.error(FindingCode::MissingField, at, "a choice needs `digits` or `phrases`");
        return None;
    }
    let port = port.or_else(|| digits.clone());
    if port.is_none() {
        checker.error(FindingCode::MissingField, at, "a choice without `digits` needs a `port`");
    }
    Some(Choice { port: port?, digits, phrases, hints })
}

/// What `input` says, or else what the choices have.
fn accepts(fields: &mut Fields<'_>, choices: &[Choice], checker: &mut Checker) -> Option<Accepts> {
    let (mut digits, mut speech) = (false, false);
    match fields.optional("input") {
        Some((value, at)) => {
            for (value, at) in items(value, &at, (1, 2), checker) {
                match value.as_str() {
                    Some("digits") => digits = true,
                    Some("speech") => speech = true,
                    Some(_) | None => {
                        checker.error(FindingCode::BadValue, &at, "has to be `digits` or `speech`");
                    }
                }
            }
        }
        None => {
            digits = choices.iter().any(|choice| choice.digits.is_some());
            speech = choices.iter().any(|choice| !choice.phrases.is_empty());
        }
    }
    match (digits, speech) {
        (true, true) => Some(Accepts::DigitsAndSpeech),
        (true, false) => Some(Accepts::Digits),
        (false, true) => Some(Accepts::Speech),
        (false, false) => None,
    }
}

pub(super) fn collect(fields: &mut Fields<'_>, checker: &mut Checker) -> Option<Collect> {
    let asking = asking(fields, checker);
    let variable =
        fields.text("variable", checker).and_then(|name| variable(name, &fields.at("variable"), checker));
    let entry = entry(fields, checker);
    Some(Collect { asking: asking?, variable: variable?, entry: entry? })
}

pub(super) fn secure_digits(fields: &mut Fields<'_>, checker: &mut Checker) -> Option<SecureDigits> {
    let asking = asking(fields, checker);
    let name = fields.text("name", checker).and_then(|name| variable(name, &fields.at("name"), checker));
    let entry = entry(fields, checker);
    Some(SecureDigits { asking: asking?, name: name?, entry: entry? })
}

fn entry(fields: &mut Fields<'_>, checker: &mut Checker) -> Option<Entry> {
    let min_digits = fields.integer("minDigits", 1..=32, Some(1), checker);
    let max_digits = fields.integer("maxDigits", 1..=32, None, checker);
    let finish_on_key = fields.finish_key(checker);
    let (min_digits, max_digits) = (min_digits?, max_digits?);
    if min_digits > max_digits {
        checker.error(FindingCode::BadValue, fields.at("minDigits"), "is more than `maxDigits`");
    }
    Some(Entry { min_digits, max_digits, finish_on_key })
}

pub(super) fn survey(fields: &mut Fields<'_>, checker: &mut Checker) -> Option<Survey> {
    let name = fields.name("name", checker);
    if !fields.has("question") {
        checker.error(
            FindingCode::MissingPrompt,
            fields.at("question"),
            "there is nothing to ask: `question` is missing",
        );
    }
    let question = fields.nested_sound("question", checker);
    let comment = fields.nested_sound("comment", checker);
    let max_seconds = fields.integer("maxSeconds", 1..=600, Some(60), checker);
    let asking = asked(question, fields, checker);
    Some(Survey { name: name?, asking: asking?, comment, max_seconds: max_seconds? })
}
