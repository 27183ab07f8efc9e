//! The settings of each type of node; those of the larger ones are in rooms of their own.

use std::collections::BTreeSet;

use serde_json::Value;

use super::reader::{Checker, Fields, is_language, text};
use super::{asking, elsewhere, predicates, schedule, waiting};
use crate::node::{Case, Disabled, Enqueue, Figures, Kind, Language, Manner, Share, Sound};
use crate::predicate::Operands;
use crate::template::Template;
use crate::{FindingCode, NodeType, RecordingAction, limits};

/// Reads the settings. What is not there or wrong has been told to the checker when this is `None`, and may have been
/// told when it is not.
pub(super) fn read(node_type: NodeType, fields: &mut Fields<'_>, checker: &mut Checker) -> Option<Kind> {
    if !node_type.is_allowed_in(checker.kind) {
        let message = format!(
            "a flow of the kind `{}` cannot have a `{node_type}`; take it out, or do this in the call's own flow",
            checker.kind.as_str()
        );
        checker.error(FindingCode::NotInThisKind, fields.at("type"), message);
    }
    checker.manner = if node_type.speaks() { manner(fields, checker) } else { Manner::default() };
    match node_type {
        NodeType::Say => say(fields, checker).map(Kind::Sound),
        NodeType::Play => play(fields, checker).map(Kind::Sound),
        NodeType::Menu => asking::menu(fields, checker).map(Kind::Menu),
        NodeType::Collect => asking::collect(fields, checker).map(Kind::Collect),
        NodeType::SecureDigits => asking::secure_digits(fields, checker).map(Kind::SecureDigits),
        NodeType::Survey => asking::survey(fields, checker).map(Kind::Survey),
        NodeType::Language => language(fields, checker).map(Kind::Language),
        NodeType::Branch => Some(Kind::Branch(cases(fields, Operands::OfTheCall, checker))),
        NodeType::Hours => schedule::read(fields, checker).map(Kind::Hours),
        NodeType::Figures => {
            let queue = waiting::queue(fields, checker);
            let cases = cases(fields, Operands::AndOfTheQueue, checker);
            Some(Kind::Figures(Figures { queue: queue?, cases }))
        }
        NodeType::Split => Some(Kind::Split(shares(fields, checker))),
        NodeType::Loop => fields.integer("times", 1..=100, None, checker).map(|times| Kind::Loop { times }),
        NodeType::Set => set(fields, checker).map(Kind::Set),
        NodeType::Request => {
            elsewhere::request(fields, checker).map(|request| Kind::Request(Box::new(request)))
        }
        NodeType::FindContact => Some(Kind::FindContact(elsewhere::find_contact(fields, checker))),
        NodeType::SaveContact => Some(Kind::SaveContact(elsewhere::save_contact(fields, checker))),
        NodeType::Subflow => elsewhere::subflow(fields, checker).map(Kind::Subflow),
        NodeType::Return => Some(Kind::Return(texts(fields, "values", checker))),
        NodeType::Goto => elsewhere::flow(fields, checker).map(Kind::Goto),
        NodeType::Enqueue => waiting::enqueue(fields, checker).map(Kind::Enqueue),
        NodeType::Callback => {
            waiting::callback(fields, checker).map(|callback| Kind::Callback(Box::new(callback)))
        }
        NodeType::Transfer => waiting::transfer(fields, checker).map(Kind::Transfer),
        NodeType::Voicemail => waiting::voicemail(fields, checker).map(Kind::Voicemail),
        NodeType::Recording => fields
            .one_of("action", &RecordingAction::ALL, RecordingAction::as_str, checker)
            .map(Kind::Recording),
        NodeType::Sms => elsewhere::sms(fields, checker).map(Kind::Sms),
        NodeType::Hangup => Some(Kind::Hangup(fields.sound(checker))),
        NodeType::Note => {
            let text = fields.text("text", checker)?;
            if text.len() > limits::TEMPLATE_BYTES {
                let message = format!("{} bytes; {} are allowed", text.len(), limits::TEMPLATE_BYTES);
                checker.error(FindingCode::TooLarge, fields.at("text"), message);
            }
            Some(Kind::Note)
        }
        NodeType::Disabled => disabled(fields, checker).map(Kind::Disabled),
    }
}

fn manner(fields: &mut Fields<'_>, checker: &mut Checker) -> Manner {
    Manner { language: fields.language("language", checker), voice: fields.optional_name("voice", checker) }
}

/// Whether the flow itself ends the wait in a queue.
pub(super) fn waits_at_most(kind: &Kind) -> bool {
    matches!(kind, Kind::Enqueue(Enqueue { max_wait_seconds: Some(_), .. }))
}

fn say(fields: &mut Fields<'_>, checker: &mut Checker) -> Option<Sound> {
    let both = fields.has("text") && fields.has("library");
    if both {
        let message = "only one of `text` and `library` can be there";
        checker.error(FindingCode::BadValue, fields.at("library"), message);
    }
    if !fields.has("text") && !fields.has("library") {
        let message = "there is nothing to say: `text` or `library` is missing";
        checker.error(FindingCode::MissingPrompt, fields.at("text"), message);
    }
    let text = fields.say("text", checker);
    let library = fields.library(checker);
    if text.as_ref().is_some_and(|text| text.text.is_blank()) {
        checker.error(FindingCode::MissingPrompt, fields.at("text"), "the text is empty");
    }
    text.map(Sound::Say).or(library)
}

fn play(fields: &mut Fields<'_>, checker: &mut Checker) -> Option<Sound> {
    if !fields.has("url") {
        let message = "there is nothing to play: `url` is missing";
        checker.error(FindingCode::MissingPrompt, fields.at("url"), message);
    }
    fields.url("url", checker).map(Sound::Play)
}

fn language(fields: &mut Fields<'_>, checker: &mut Checker) -> Option<Language> {
    let language = fields.template("language", checker);
    if language.as_ref().and_then(Template::plain).is_some_and(|plain| !is_language(plain)) {
        let message = "has to be a language tag such as `en-US`, or a template that gives one";
        checker.error(FindingCode::BadValue, fields.at("language"), message);
    }
    let voice = fields.optional_name("voice", checker);
    Some(Language { language: language?, voice })
}

/// The name of a variable: what Liquid can name after `vars.`.
pub(super) fn variable(name: &str, at: &str, checker: &mut Checker) -> Option<String> {
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

fn cases(fields: &mut Fields<'_>, operands: Operands, checker: &mut Checker) -> Vec<Case> {
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
            checker.error(
                FindingCode::Duplicate,
                &at,
                format!("there is another port `{port}`; give each its own name"),
            );
        }
        let when = when.and_then(|(when, at)| predicates::read(when, &at, 1, operands, &mut budget, checker));
        if let (Some(port), Some(when)) = (port, when) {
            cases.push(Case { port, when });
        }
    }
    cases
}

fn shares(fields: &mut Fields<'_>, checker: &mut Checker) -> Vec<Share> {
    let mut shares: Vec<Share> = Vec::new();
    for (value, at) in fields.list("shares", (2, limits::LIST_ITEMS), checker) {
        let Some(mut share) = Fields::new(value, at.clone(), checker) else { continue };
        let port = share.name("port", checker);
        let percent = share.integer("percent", 1..=99, None, checker);
        share.finish(checker);
        let (Some(port), Some(percent)) = (port, percent) else { continue };
        if shares.iter().any(|other| other.port == port) {
            checker.error(
                FindingCode::Duplicate,
                &at,
                format!("there is another port `{port}`; give each its own name"),
            );
        }
        shares.push(Share { port, percent });
    }
    let sum: u32 = shares.iter().map(|share| share.percent).sum();
    if !shares.is_empty() && sum != 100 {
        let message = format!("the shares are {sum} per cent in all; they have to be 100");
        checker.error(FindingCode::BadValue, fields.at("shares"), message);
    }
    shares
}

/// An object from names of variables to texts.
pub(super) fn texts(
    fields: &mut Fields<'_>,
    name: &'static str,
    checker: &mut Checker,
) -> Vec<(String, Template)> {
    let mut texts = Vec::new();
    for (name, value, at) in fields.members(name, limits::VARIABLES, checker) {
        let name = variable(name, &at, checker);
        let template = text(value, &at, checker).and_then(|source| checker.template(source, &at));
        texts.extend(name.zip(template));
    }
    texts
}

fn set(fields: &mut Fields<'_>, checker: &mut Checker) -> Option<Vec<(String, Template)>> {
    let Some(given) = fields.peek("variables") else {
        let _ = fields.required("variables", checker);
        return None;
    };
    if given.as_object().is_some_and(serde_json::Map::is_empty) {
        let message = format!("has to have 1 to {} variables", limits::VARIABLES);
        checker.error(FindingCode::BadValue, fields.at("variables"), message);
    }
    Some(texts(fields, "variables", checker))
}

fn disabled(fields: &mut Fields<'_>, checker: &mut Checker) -> Option<Disabled> {
    let source = fields.required("source", checker);
    if let Some((source, at)) = source
        && let Some(mut source) = Fields::new(source, at, checker)
    {
        let _ =
            (source.name("format", checker), source.name("type", checker), source.required("raw", checker));
        source.finish(checker);
    }
    let reason = fields.text("reason", checker)?;
    let ports = fields
        .peek("next")
        .and_then(Value::as_object)
        .map(|next| next.keys().cloned().collect())
        .unwrap_or_default();
    Some(Disabled { reason: limits::cut(reason, limits::VALUE_BYTES).to_owned(), ports })
}
