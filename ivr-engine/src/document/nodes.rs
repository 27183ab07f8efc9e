//! The settings of each type of node.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::reader::{Checker, Fields, is_key, items, pointer, short, text};
use super::{predicates, schedule};
use crate::node::{Asking, Case, Choice, Collect, Enqueue, Kind, Menu, Sound, Transfer, Voicemail};
use crate::template::Template;
use crate::{Accepts, FindingCode, NodeType, SkillNeed, limits, speech};

/// The longest wait that a flow can name, in seconds.
const DAY_SECONDS: u32 = 86_400;

/// Reads the settings. What is not there or wrong has been told to the checker when this is `None`, and may have been
/// told when it is not.
pub(crate) fn read(node_type: NodeType, fields: &mut Fields<'_>, checker: &mut Checker) -> Option<Kind> {
    let speaks = match node_type {
        NodeType::Say | NodeType::Menu | NodeType::Collect | NodeType::Voicemail | NodeType::Hangup => true,
        NodeType::Play
        | NodeType::Branch
        | NodeType::Hours
        | NodeType::Set
        | NodeType::Enqueue
        | NodeType::Transfer => false,
    };
    if !speaks {
        return read_silent(node_type, fields, checker);
    }
    let of_flow = (checker.language.clone(), checker.voice.clone());
    if let Some(language) = fields.language("language", checker) {
        // A voice speaks one language: the flow's is not kept when the node has another language.
        if language != checker.language {
            checker.voice = None;
        }
        checker.language = language;
    }
    if let Some(voice) = fields.optional_name("voice", checker) {
        checker.voice = Some(voice);
    }
    let kind = match node_type {
        NodeType::Say => say(fields, checker),
        NodeType::Menu => menu(fields, checker).map(Kind::Menu),
        NodeType::Collect => collect(fields, checker).map(Kind::Collect),
        NodeType::Voicemail => voicemail(fields, checker).map(Kind::Voicemail),
        _ => Some(Kind::Hangup(fields.sound(checker))),
    };
    (checker.language, checker.voice) = of_flow;
    kind
}

fn read_silent(node_type: NodeType, fields: &mut Fields<'_>, checker: &mut Checker) -> Option<Kind> {
    match node_type {
        NodeType::Play => {
            if !fields.has("url") {
                checker.error(
                    FindingCode::MissingPrompt,
                    fields.at("url"),
                    "there is nothing to play: `url` is missing",
                );
            }
            fields.url("url", checker).map(Kind::Play)
        }
        NodeType::Branch => branch(fields, checker).map(Kind::Branch),
        NodeType::Hours => schedule::read(fields, checker).map(Kind::Hours),
        NodeType::Set => set(fields, checker),
        NodeType::Enqueue => enqueue(fields, checker).map(Kind::Enqueue),
        _ => transfer(fields, checker).map(Kind::Transfer),
    }
}

/// Whether the flow itself ends the wait in a queue.
pub(crate) fn waits_at_most(kind: &Kind) -> bool {
    matches!(kind, Kind::Enqueue(Enqueue { max_wait_seconds: Some(_), .. }))
}

fn say(fields: &mut Fields<'_>, checker: &mut Checker) -> Option<Kind> {
    if !fields.has("text") {
        checker.error(
            FindingCode::MissingPrompt,
            fields.at("text"),
            "there is nothing to say: `text` is missing",
        );
    }
    let text = fields.say("text", checker)?;
    if text.text.is_blank() {
        checker.error(FindingCode::MissingPrompt, fields.at("text"), "the text is empty");
    }
    Some(Kind::Say(text))
}

fn asking(fields: &mut Fields<'_>, checker: &mut Checker) -> Option<Asking> {
    let prompt = fields.required_sound(checker);
    let invalid = fields.say("invalidPrompt", checker);
    let silence = fields.say("silencePrompt", checker);
    let timeout_seconds = fields.integer("timeoutSeconds", 1..=60, Some(5), checker);
    let retries = fields.integer("retries", 0..=10, Some(2), checker);
    let language = checker.language.clone();
    Some(Asking {
        prompt: prompt?,
        invalid,
        silence,
        timeout_seconds: timeout_seconds?,
        retries: retries?,
        language,
    })
}

fn menu(fields: &mut Fields<'_>, checker: &mut Checker) -> Option<Menu> {
    let asking = asking(fields, checker);
    let mut choices = Vec::new();
    let mut ports = BTreeSet::from(["timeout".to_owned(), "noMatch".to_owned()]);
    let mut answers = BTreeSet::new();
    for (value, at) in fields.list("choices", (1, limits::LIST_ITEMS), checker) {
        let Some(choice) = choice(value, &at, checker) else { continue };
        if !ports.insert(choice.port.clone()) {
            let message = format!("the menu has another port `{}`", choice.port);
            checker.error(FindingCode::Duplicate, &at, message);
        }
        for answer in choice.digits.iter().chain(&choice.phrases) {
            if !answers.insert(answer.clone()) {
                let message = format!("`{answer}` leads to an earlier choice already");
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
            let message = format!("the choice `{}` has nothing that the menu's `input` accepts", choice.port);
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

fn collect(fields: &mut Fields<'_>, checker: &mut Checker) -> Option<Collect> {
    let asking = asking(fields, checker);
    let variable =
        fields.text("variable", checker).and_then(|name| variable(name, &fields.at("variable"), checker));
    let min_digits = fields.integer("minDigits", 1..=32, Some(1), checker);
    let max_digits = fields.integer("maxDigits", 1..=32, None, checker);
    let finish_on_key = fields.finish_key(checker);
    let (min_digits, max_digits) = (min_digits?, max_digits?);
    if min_digits > max_digits {
        checker.error(FindingCode::BadValue, fields.at("minDigits"), "is more than `maxDigits`");
    }
    Some(Collect { asking: asking?, variable: variable?, min_digits, max_digits, finish_on_key })
}

/// The name of a variable: what Liquid can name after `vars.`.
pub(crate) fn variable(name: &str, at: &str, checker: &mut Checker) -> Option<String> {
    let mut letters = name.bytes();
    let fits = letters.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
        && letters.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && name.len() <= 64;
    if !fits {
        let message = "a variable's name has letters, digits and `_`, begins with no digit and has at most 64 characters";
        checker.error(FindingCode::BadValue, at, message);
    }
    fits.then(|| name.to_owned())
}

fn branch(fields: &mut Fields<'_>, checker: &mut Checker) -> Option<Vec<Case>> {
    let mut ports = BTreeSet::from(["else".to_owned()]);
    let mut budget = limits::PREDICATES;
    let mut cases = Vec::new();
    for (value, at) in fields.list("cases", (1, limits::LIST_ITEMS), checker) {
        let Some(mut case) = Fields::new(value, at.clone(), checker) else { continue };
        let port = case.name("port", checker);
        let when = case.required("when", checker);
        case.finish(checker);
        if let Some(port) = &port
            && !ports.insert(port.clone())
        {
            checker.error(FindingCode::Duplicate, &at, format!("the branch has another port `{port}`"));
        }
        let when = when.and_then(|(when, at)| predicates::read(when, &at, 1, &mut budget, checker));
        if let (Some(port), Some(when)) = (port, when) {
            cases.push(Case { port, when });
        }
    }
    Some(cases)
}

fn set(fields: &mut Fields<'_>, checker: &mut Checker) -> Option<Kind> {
    let (value, at) = fields.required("variables", checker)?;
    let Some(given) = value.as_object() else {
        checker.wrong_type(&at, "an object from names to texts");
        return None;
    };
    if given.is_empty() || given.len() > limits::VARIABLES {
        let message = format!("has to have 1 to {} variables", limits::VARIABLES);
        checker.error(FindingCode::BadValue, &at, message);
        return None;
    }
    // By name, whatever order the JSON library keeps: when not all of them fit, the same ones are kept everywhere.
    let sorted: BTreeMap<&String, &Value> = given.iter().collect();
    let mut variables = Vec::new();
    for (name, value) in sorted {
        let at = pointer(&at, name);
        let name = variable(name, &at, checker);
        let template = text(value, &at, checker).and_then(|source| checker.template(source, &at));
        variables.extend(name.zip(template));
    }
    Some(Kind::Set(variables))
}

fn enqueue(fields: &mut Fields<'_>, checker: &mut Checker) -> Option<Enqueue> {
    let queue = fields.name("queue", checker);
    if let Some(queue) = &queue
        && !checker.catalog.queues.has(queue)
    {
        checker.error(FindingCode::UnknownQueue, fields.at("queue"), format!("there is no queue `{queue}`"));
    }
    let priority = fields.integer("priority", 0..=100, Some(50), checker);
    let mut skills: Vec<SkillNeed> = Vec::new();
    for (value, at) in fields.list("skills", (0, 32), checker) {
        let Some(mut need) = Fields::new(value, at.clone(), checker) else { continue };
        let skill = need.name("skill", checker);
        let level = need.integer("level", 1..=10, Some(1), checker);
        need.finish(checker);
        let (Some(skill), Some(level)) = (skill, level) else { continue };
        if !checker.catalog.skills.has(&skill) {
            checker.error(FindingCode::UnknownSkill, &at, format!("there is no skill `{skill}`"));
        }
        if skills.iter().any(|other| other.skill == skill) {
            checker.error(FindingCode::Duplicate, &at, format!("the skill `{skill}` is asked for twice"));
        }
        skills.push(SkillNeed { skill, level: u8::try_from(level).unwrap_or(u8::MAX) });
    }
    let max_wait_seconds = fields.optional_integer("maxWaitSeconds", 1..=DAY_SECONDS, checker);
    let age_credit_seconds = fields.integer("ageCreditSeconds", 0..=DAY_SECONDS, Some(0), checker);
    Some(Enqueue {
        queue: queue?,
        priority: u8::try_from(priority?).unwrap_or(u8::MAX),
        skills,
        max_wait_seconds,
        age_credit_seconds: age_credit_seconds?,
    })
}

fn transfer(fields: &mut Fields<'_>, checker: &mut Checker) -> Option<Transfer> {
    let number =
        fields.text("number", checker).and_then(|source| number_of(source, &fields.at("number"), checker));
    let caller_id = fields
        .optional_text("callerId", checker)
        .and_then(|source| number_of(source, &fields.at("callerId"), checker));
    let timeout_seconds = fields.integer("timeoutSeconds", 5..=600, Some(30), checker)?;
    Some(Transfer { number: number?, timeout_seconds, caller_id })
}

/// A telephone number, or a template that may give one.
fn number_of(source: &str, at: &str, checker: &mut Checker) -> Option<Template> {
    let template = checker.template(source, at)?;
    if template.plain().is_some_and(|plain| e164(plain).is_none()) {
        let message = "has to be a number such as +15550100, or a template that gives one";
        checker.error(FindingCode::BadValue, at, message);
    }
    Some(template)
}

/// A telephone number in E.164, out of what people write: spaces, dots, hyphens and parentheses do not count.
pub(crate) fn e164(written: &str) -> Option<String> {
    let number: String =
        written.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')' | '\u{a0}')).collect();
    let digits = number.strip_prefix('+')?;
    let fits = (2..=15).contains(&digits.len())
        && !digits.starts_with('0')
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    fits.then_some(number)
}

fn voicemail(fields: &mut Fields<'_>, checker: &mut Checker) -> Option<Voicemail> {
    let prompt: Option<Sound> = fields.required_sound(checker);
    let mailbox = fields.optional_name("mailbox", checker);
    let max_seconds = fields.integer("maxSeconds", 1..=3_600, Some(120), checker);
    let finish_on_key = fields.finish_key(checker);
    Some(Voicemail { prompt: prompt?, mailbox, max_seconds: max_seconds?, finish_on_key })
}
