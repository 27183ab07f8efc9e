//! Reading JSON with findings instead of a first error.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::node::{Manner, Sound, Text};
use crate::template::{Template, secrets_in};
use crate::{Catalog, Finding, FindingCode, FlowKind, Severity, limits};

/// What has been found so far, and what fields deep in the document need to know of its head.
pub(crate) struct Checker {
    pub(crate) catalog: Catalog,
    pub(crate) findings: Vec<Finding>,
    /// The node that is being read.
    pub(crate) node: Option<String>,
    /// The kind of the flow that is being read.
    pub(crate) kind: FlowKind,
    /// What the node that is being read says of its language and voice.
    pub(crate) manner: Manner,
    pub(crate) regexes: usize,
    /// What coming to the node that is being read may cost.
    pub(crate) work: u32,
    template_bytes: usize,
    errors: usize,
}

impl Checker {
    pub(crate) fn new(catalog: Catalog) -> Self {
        Self {
            catalog,
            findings: Vec::new(),
            node: None,
            kind: FlowKind::Call,
            manner: Manner::default(),
            regexes: 0,
            work: 0,
            template_bytes: 0,
            errors: 0,
        }
    }

    /// How many errors there have been.
    pub(crate) fn errors(&self) -> usize {
        self.errors
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.errors > 0
    }

    pub(crate) fn error(&mut self, code: FindingCode, at: impl AsRef<str>, message: impl Into<String>) {
        self.add(Severity::Error, code, None, at.as_ref(), message);
    }

    pub(crate) fn warning(&mut self, code: FindingCode, at: impl AsRef<str>, message: impl Into<String>) {
        self.add(Severity::Warning, code, None, at.as_ref(), message);
    }

    pub(crate) fn wrong_type(&mut self, at: &str, wanted: &str) {
        self.error(FindingCode::WrongType, at, format!("has to be {wanted}"));
    }

    pub(crate) fn add(
        &mut self,
        severity: Severity,
        code: FindingCode,
        port: Option<&str>,
        at: &str,
        message: impl Into<String>,
    ) {
        if severity == Severity::Error {
            self.errors += 1;
        }
        // An error is never left out for warnings: it is why the flow cannot be published.
        if severity == Severity::Error && self.findings.len() >= limits::FINDINGS {
            let warning = self.findings.iter().rposition(|finding| finding.severity == Severity::Warning);
            warning.map(|warning| self.findings.remove(warning));
        }
        if self.findings.len() < limits::FINDINGS {
            self.findings.push(Finding {
                severity,
                code,
                node: self.node.clone(),
                port: port.map(|port| limits::cut(port, limits::NAME_BYTES).to_owned()),
                field: Some(limits::cut(at, 1_024).to_owned()),
                message: message.into(),
            });
        }
    }

    /// Compiles a Liquid text.
    pub(crate) fn template(&mut self, source: &str, at: &str) -> Option<Template> {
        match secrets_in(source) {
            Ok(secrets) if secrets.is_empty() => self.compile(source, at),
            Ok(_) | Err(_) => {
                let message =
                    "a secret can be used in the address, the headers and the body of a request only";
                self.error(FindingCode::SecretMisplaced, at, message);
                None
            }
        }
    }

    /// Compiles a text of a request, and tells which secrets it has gaps for.
    pub(crate) fn template_with_gaps(&mut self, source: &str, at: &str) -> Option<(Template, Vec<String>)> {
        match secrets_in(source) {
            Ok(secrets) => self.compile(source, at).map(|template| (template, secrets)),
            Err(error) => {
                self.error(FindingCode::SecretMisplaced, at, error);
                None
            }
        }
    }

    fn compile(&mut self, source: &str, at: &str) -> Option<Template> {
        if source.len() > limits::TEMPLATE_BYTES {
            let message = format!("{} bytes; {} are allowed", source.len(), limits::TEMPLATE_BYTES);
            self.error(FindingCode::TooLarge, at, message);
            return None;
        }
        self.template_bytes += source.len();
        if self.template_bytes > limits::TEMPLATES_BYTES {
            let message = format!("the texts of a flow may have {} bytes in all", limits::TEMPLATES_BYTES);
            self.error(FindingCode::TooLarge, at, message);
            return None;
        }
        match Template::parse(source) {
            Ok(template) => {
                self.work = self.work.saturating_add(template.work());
                if source.len() > limits::TEXT_BYTES && template.plain().is_some() {
                    let message = format!("{} bytes; {} can be said", source.len(), limits::TEXT_BYTES);
                    self.error(FindingCode::TooLarge, at, message);
                }
                Some(template)
            }
            Err(error) => {
                self.error(FindingCode::BadTemplate, at, error);
                None
            }
        }
    }
}

/// The pointer to a field of what is at `at`.
pub(crate) fn pointer(at: &str, name: &str) -> String {
    let name = limits::cut(name, limits::NAME_BYTES);
    format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// The fields of one object; each is asked for once, and what was not asked for is told by [`Fields::finish`].
pub(crate) struct Fields<'a> {
    map: &'a Map<String, Value>,
    at: String,
    known: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(value: &'a Value, at: String, checker: &mut Checker) -> Option<Self> {
        match value.as_object() {
            Some(map) => Some(Self { map, at, known: Vec::new() }),
            None => {
                checker.wrong_type(&at, "an object");
                None
            }
        }
    }

    /// Tells of fields that nobody asked for.
    pub(crate) fn finish(self, checker: &mut Checker) {
        let unknown: BTreeSet<&String> =
            self.map.keys().filter(|name| !self.known.contains(&name.as_str())).collect();
        for name in unknown {
            let message =
                format!("unknown field `{}`; known are: {}", limits::cut(name, 40), self.known.join(", "));
            checker.error(FindingCode::UnknownField, pointer(&self.at, name), message);
        }
    }

    pub(crate) fn at(&self, name: &str) -> String {
        pointer(&self.at, name)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.map.contains_key(name)
    }

    /// A field that is read by somebody else.
    pub(crate) fn peek(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name)
    }

    pub(crate) fn optional(&mut self, name: &'static str) -> Option<(&'a Value, String)> {
        self.known.push(name);
        self.map.get(name).map(|value| (value, pointer(&self.at, name)))
    }

    pub(crate) fn required(
        &mut self,
        name: &'static str,
        checker: &mut Checker,
    ) -> Option<(&'a Value, String)> {
        let found = self.optional(name);
        if found.is_none() {
            checker.error(FindingCode::MissingField, &self.at, format!("the field `{name}` is missing"));
        }
        found
    }

    pub(crate) fn text(&mut self, name: &'static str, checker: &mut Checker) -> Option<&'a str> {
        let (value, at) = self.required(name, checker)?;
        text(value, &at, checker)
    }

    pub(crate) fn optional_text(&mut self, name: &'static str, checker: &mut Checker) -> Option<&'a str> {
        let (value, at) = self.optional(name)?;
        text(value, &at, checker)
    }

    /// A short text that is not blank.
    pub(crate) fn name(&mut self, name: &'static str, checker: &mut Checker) -> Option<String> {
        let given = self.text(name, checker)?;
        short(given, &self.at(name), checker)
    }

    pub(crate) fn optional_name(&mut self, name: &'static str, checker: &mut Checker) -> Option<String> {
        let given = self.optional_text(name, checker)?;
        short(given, &self.at(name), checker)
    }

    /// A BCP 47 tag, as far as its form goes.
    pub(crate) fn language(&mut self, name: &'static str, checker: &mut Checker) -> Option<String> {
        let given = self.optional_text(name, checker)?;
        let fits = is_language(given);
        if !fits {
            checker.error(FindingCode::BadValue, self.at(name), "has to be a language tag such as `en-US`");
        }
        fits.then(|| given.to_owned())
    }

    /// An integer in `range`. Without a default it is required.
    pub(crate) fn integer(
        &mut self,
        name: &'static str,
        range: RangeInclusive<u32>,
        default: Option<u32>,
        checker: &mut Checker,
    ) -> Option<u32> {
        let (value, at) = match default {
            None => self.required(name, checker)?,
            Some(default) => match self.optional(name) {
                Some(found) => found,
                None => return Some(default),
            },
        };
        if !value.is_number() {
            checker.wrong_type(&at, "a number");
            return None;
        }
        let given =
            value.as_u64().and_then(|given| u32::try_from(given).ok()).filter(|given| range.contains(given));
        if given.is_none() {
            let message = format!("has to be a whole number from {} to {}", range.start(), range.end());
            checker.error(FindingCode::BadValue, &at, message);
        }
        given
    }

    /// An integer that may be absent.
    pub(crate) fn optional_integer(
        &mut self,
        name: &'static str,
        range: RangeInclusive<u32>,
        checker: &mut Checker,
    ) -> Option<u32> {
        if self.has(name) {
            return self.integer(name, range, None, checker);
        }
        self.known.push(name);
        None
    }

    /// The items of a list that has `least` to `most` of them.
    pub(crate) fn list(
        &mut self,
        name: &'static str,
        (least, most): (usize, usize),
        checker: &mut Checker,
    ) -> Vec<(&'a Value, String)> {
        let found = if least > 0 { self.required(name, checker) } else { self.optional(name) };
        found.map(|(value, at)| items(value, &at, (least, most), checker)).unwrap_or_default()
    }

    /// The key that ends an entry: one of `0-9*#`, `#` when absent, none when empty.
    pub(crate) fn finish_key(&mut self, checker: &mut Checker) -> Option<char> {
        let given = match self.optional("finishOnKey") {
            None => return Some('#'),
            Some((value, at)) => text(value, &at, checker)?,
        };
        let mut keys = given.chars();
        match (keys.next(), keys.next()) {
            (None, _) => None,
            (Some(key), None) if is_key(key) => Some(key),
            (Some(_), _) => {
                checker.error(
                    FindingCode::BadValue,
                    self.at("finishOnKey"),
                    "has to be one key of `0-9*#`, or empty",
                );
                None
            }
        }
    }

    /// A Liquid text in the language and the voice of the node.
    pub(crate) fn say(&mut self, name: &'static str, checker: &mut Checker) -> Option<Text> {
        let source = self.optional_text(name, checker)?;
        let text = checker.template(source, &self.at(name))?;
        Some(Text { text, manner: checker.manner.clone() })
    }

    /// Liquid that is needed.
    pub(crate) fn template(&mut self, name: &'static str, checker: &mut Checker) -> Option<Template> {
        let source = self.text(name, checker)?;
        checker.template(source, &self.at(name))
    }

    pub(crate) fn optional_template(
        &mut self,
        name: &'static str,
        checker: &mut Checker,
    ) -> Option<Template> {
        let source = self.optional_text(name, checker)?;
        checker.template(source, &self.at(name))
    }

    /// `true` or `false`.
    pub(crate) fn flag(&mut self, name: &'static str, default: bool, checker: &mut Checker) -> bool {
        let Some((value, at)) = self.optional(name) else { return default };
        if value.as_bool().is_none() {
            checker.wrong_type(&at, "true or false");
        }
        value.as_bool().unwrap_or(default)
    }

    /// One of these words.
    pub(crate) fn one_of<T: Copy>(
        &mut self,
        name: &'static str,
        known: &[T],
        word: fn(T) -> &'static str,
        checker: &mut Checker,
    ) -> Option<T> {
        let given = self.text(name, checker)?;
        let found = known.iter().copied().find(|known| word(*known) == given);
        if found.is_none() {
            let known: Vec<&str> = known.iter().map(|known| word(*known)).collect();
            checker.error(
                FindingCode::BadValue,
                self.at(name),
                format!("has to be one of: {}", known.join(", ")),
            );
        }
        found
    }

    /// The members of an object that has at most `most` of them, by name, whatever order the JSON library keeps: when not
    /// all of them fit later, the same ones are kept everywhere.
    pub(crate) fn members(
        &mut self,
        name: &'static str,
        most: usize,
        checker: &mut Checker,
    ) -> Vec<(&'a str, &'a Value, String)> {
        let Some((value, at)) = self.optional(name) else { return Vec::new() };
        let Some(given) = value.as_object() else {
            checker.wrong_type(&at, "an object");
            return Vec::new();
        };
        if given.len() > most {
            checker.error(FindingCode::TooLarge, &at, format!("{} members; {most} are allowed", given.len()));
            return Vec::new();
        }
        let sorted: BTreeMap<&String, &Value> = given.iter().collect();
        sorted.into_iter().map(|(name, value)| (name.as_str(), value, pointer(&at, name))).collect()
    }

    /// What a node lets the caller hear: one of `prompt`, `play` and `library`.
    pub(crate) fn sound(&mut self, checker: &mut Checker) -> Option<Sound> {
        let given: Vec<&str> =
            ["prompt", "play", "library"].into_iter().filter(|name| self.has(name)).collect();
        let prompt = self.say("prompt", checker);
        let play = self.url("play", checker);
        let library = self.library(checker);
        if let [_, second, ..] = given[..] {
            let message = "only one of `prompt`, `play` and `library` can be there";
            checker.error(FindingCode::BadValue, self.at(second), message);
        }
        if prompt.as_ref().is_some_and(|prompt| prompt.text.is_blank()) {
            checker.error(FindingCode::MissingPrompt, self.at("prompt"), "the prompt is empty");
        }
        prompt.map(Sound::Say).or_else(|| play.map(Sound::Play)).or(library)
    }

    /// The name of a prompt in the company's library.
    pub(crate) fn library(&mut self, checker: &mut Checker) -> Option<Sound> {
        let name = self.optional_name("library", checker)?;
        if !checker.catalog.prompts.has(&name) {
            let message = format!("the library has no prompt `{name}`; add it, or name another");
            checker.error(FindingCode::UnknownPrompt, self.at("library"), message);
        }
        Some(Sound::Library { name, manner: checker.manner.clone() })
    }

    /// [`Fields::sound`] of a node that cannot be silent.
    pub(crate) fn required_sound(&mut self, checker: &mut Checker) -> Option<Sound> {
        if !self.has("prompt") && !self.has("play") && !self.has("library") {
            let message = "the caller hears nothing here: `prompt`, `play` or `library` is missing";
            checker.error(FindingCode::MissingPrompt, &self.at, message);
        }
        self.sound(checker)
    }

    /// A sound of its own, where a node has several.
    pub(crate) fn nested_sound(&mut self, name: &'static str, checker: &mut Checker) -> Option<Sound> {
        let (value, at) = self.optional(name)?;
        let mut fields = Fields::new(value, at, checker)?;
        let sound = fields.required_sound(checker);
        fields.finish(checker);
        sound
    }

    /// An address of a sound file.
    pub(crate) fn url(&mut self, name: &'static str, checker: &mut Checker) -> Option<String> {
        let given = self.optional_text(name, checker)?;
        let fits = is_address(given);
        if !fits {
            checker.error(FindingCode::BadValue, self.at(name), "has to be an http or https address");
        }
        fits.then(|| given.to_owned())
    }
}

/// An address that a request can be sent to, as far as its form goes.
pub(crate) fn is_address(given: &str) -> bool {
    let rest = given.strip_prefix("https://").or_else(|| given.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
        && given.len() <= limits::ADDRESS_BYTES
        && !given.chars().any(|c| c.is_whitespace() || c.is_control())
}

/// A BCP 47 tag, as far as its form goes.
pub(crate) fn is_language(given: &str) -> bool {
    let mut subtags = given.split('-');
    let primary = subtags.next().unwrap_or_default();
    (2..=3).contains(&primary.len())
        && primary.bytes().all(|byte| byte.is_ascii_alphabetic())
        && subtags
            .all(|tag| (1..=8).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        && given.len() <= 35
}

pub(crate) fn text<'a>(value: &'a Value, at: &str, checker: &mut Checker) -> Option<&'a str> {
    let text = value.as_str();
    if text.is_none() {
        checker.wrong_type(at, "a text");
    }
    text
}

pub(crate) fn short(given: &str, at: &str, checker: &mut Checker) -> Option<String> {
    let fits =
        !given.trim().is_empty() && given.len() <= limits::NAME_BYTES && !given.chars().any(char::is_control);
    if !fits {
        let message = format!("has to have 1 to {} bytes, without control characters", limits::NAME_BYTES);
        checker.error(FindingCode::BadValue, at, message);
    }
    fits.then(|| given.to_owned())
}

pub(crate) fn items<'a>(
    value: &'a Value,
    at: &str,
    (least, most): (usize, usize),
    checker: &mut Checker,
) -> Vec<(&'a Value, String)> {
    let Some(list) = value.as_array() else {
        checker.wrong_type(at, "a list");
        return Vec::new();
    };
    if list.len() < least {
        checker.error(FindingCode::BadValue, at, format!("has to have at least {least} items"));
    }
    if list.len() > most {
        checker.error(FindingCode::TooLarge, at, format!("{} items; {most} are allowed", list.len()));
    }
    list.iter().take(most).enumerate().map(|(index, item)| (item, format!("{at}/{index}"))).collect()
}

/// A key of a telephone.
pub(crate) fn is_key(c: char) -> bool {
    c.is_ascii_digit() || c == '*' || c == '#'
}
