//! What a template can see: `call.from`, `call.to`, `call.callerName`, `call.queue`, `call.agent`, `vars.*`, `digits`,
//! `speech`, `language`, `now`; and in a request's texts `secret.*`, as gaps.
//!
//! Liquid fails on an unknown variable; a caller should rather hear a text with a gap. So every name exists here, and
//! what is not set is nothing.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use liquid_core::model::{DisplayCow, KStringCow, ScalarCow, State, Value};
use liquid_core::{ObjectView, ValueView};

use crate::Session;
use crate::secret::{MARK, without_marks};

/// The variables of one moment of a call.
#[derive(Debug)]
pub(crate) struct Scope<'a> {
    root: Seen<'a>,
}

/// A value that a template can see.
#[derive(Debug)]
enum Seen<'a> {
    Nothing,
    Text(&'a str),
    Own(String),
    Group(BTreeMap<&'a str, Seen<'a>>),
}

static NOTHING: Seen<'static> = Seen::Nothing;

impl<'a> Scope<'a> {
    pub(crate) fn new(session: &'a Session, now: DateTime<Utc>, language: &'a str) -> Self {
        Self::of(session, now, language, Seen::Text)
    }

    /// What a request's texts can see: these secrets besides, as gaps; and no other text can look like a gap.
    pub(crate) fn with_gaps(
        session: &'a Session,
        now: DateTime<Utc>,
        language: &'a str,
        secrets: &'a [String],
    ) -> Self {
        let mut scope = Self::of(session, now, language, |text| {
            if text.contains(MARK) { Seen::Own(without_marks(text)) } else { Seen::Text(text) }
        });
        let gap = |name: &String| format!("{MARK}{name}{MARK}");
        let gaps = secrets.iter().map(|name| (name.as_str(), Seen::Own(gap(name)))).collect();
        if let Seen::Group(root) = &mut scope.root {
            root.insert("secret", Seen::Group(gaps));
        }
        scope
    }

    fn of(
        session: &'a Session,
        now: DateTime<Utc>,
        language: &'a str,
        seen: impl Fn(&'a str) -> Seen<'a>,
    ) -> Self {
        let text = |value: Option<&'a str>| value.map_or(Seen::Nothing, &seen);
        let call = BTreeMap::from([
            ("from", seen(&session.call.from)),
            ("to", seen(&session.call.to)),
            ("callerName", text(session.call.caller_name.as_deref())),
            ("queue", text(session.call.queue.as_deref())),
            ("agent", text(session.call.agent.as_deref())),
        ]);
        let vars = session.variables.iter().map(|(name, value)| (name.as_str(), seen(value))).collect();
        let root = BTreeMap::from([
            ("call", Seen::Group(call)),
            ("vars", Seen::Group(vars)),
            ("digits", text(session.digits.as_deref())),
            ("speech", text(session.speech.as_deref())),
            ("language", seen(language)),
            ("now", Seen::Own(now.to_rfc3339_opts(SecondsFormat::Secs, true))),
        ]);
        Self { root: Seen::Group(root) }
    }
}

impl Seen<'_> {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Own(text) => Some(text),
            Self::Nothing | Self::Group(_) => None,
        }
    }

    fn group(&self) -> Option<&BTreeMap<&str, Self>>
    where
        Self: Sized,
    {
        match self {
            Self::Group(group) => Some(group),
            Self::Nothing | Self::Text(_) | Self::Own(_) => None,
        }
    }
}

impl fmt::Display for Seen<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().unwrap_or_default())
    }
}

impl ValueView for Seen<'_> {
    fn as_debug(&self) -> &dyn fmt::Debug {
        self
    }

    fn render(&self) -> DisplayCow<'_> {
        DisplayCow::Borrowed(self)
    }

    fn source(&self) -> DisplayCow<'_> {
        DisplayCow::Borrowed(self)
    }

    fn type_name(&self) -> &'static str {
        match self {
            Self::Nothing => "nil",
            Self::Text(_) | Self::Own(_) => "string",
            Self::Group(_) => "object",
        }
    }

    fn query_state(&self, state: State) -> bool {
        let empty = match self {
            Self::Nothing => true,
            Self::Text(text) => text.is_empty(),
            Self::Own(text) => text.is_empty(),
            Self::Group(group) => group.is_empty(),
        };
        match state {
            State::Truthy => !matches!(self, Self::Nothing),
            State::DefaultValue | State::Empty => empty,
            State::Blank => empty || self.text().is_some_and(|text| text.trim().is_empty()),
        }
    }

    fn to_kstr(&self) -> KStringCow<'_> {
        KStringCow::from_ref(self.text().unwrap_or_default())
    }

    fn to_value(&self) -> Value {
        match self {
            Self::Nothing => Value::Nil,
            Self::Text(text) => Value::scalar((*text).to_owned()),
            Self::Own(text) => Value::scalar(text.clone()),
            Self::Group(group) => Value::Object(
                group.iter().map(|(name, seen)| ((*name).to_owned().into(), seen.to_value())).collect(),
            ),
        }
    }

    fn as_scalar(&self) -> Option<ScalarCow<'_>> {
        self.text().map(ScalarCow::from)
    }

    fn as_object(&self) -> Option<&dyn ObjectView> {
        Some(self)
    }

    fn is_nil(&self) -> bool {
        matches!(self, Self::Nothing)
    }
}

/// Also texts and nothing are objects, whose fields are all nothing, so that `vars.a.b.c` is empty and not an error.
impl ObjectView for Seen<'_> {
    fn as_value(&self) -> &dyn ValueView {
        self
    }

    fn size(&self) -> i64 {
        let size = match self {
            Self::Nothing => 0,
            Self::Text(text) => text.chars().count(),
            Self::Own(text) => text.chars().count(),
            Self::Group(group) => group.len(),
        };
        i64::try_from(size).unwrap_or(i64::MAX)
    }

    fn keys<'k>(&'k self) -> Box<dyn Iterator<Item = KStringCow<'k>> + 'k> {
        Box::new(
            self.group().into_iter().flat_map(|group| group.keys().map(|name| KStringCow::from_ref(name))),
        )
    }

    fn values<'k>(&'k self) -> Box<dyn Iterator<Item = &'k dyn ValueView> + 'k> {
        Box::new(self.group().into_iter().flat_map(|group| group.values().map(|seen| seen as &dyn ValueView)))
    }

    fn iter<'k>(&'k self) -> Box<dyn Iterator<Item = (KStringCow<'k>, &'k dyn ValueView)> + 'k> {
        Box::new(ObjectView::keys(self).zip(ObjectView::values(self)))
    }

    fn contains_key(&self, name: &str) -> bool {
        self.group().is_some_and(|group| group.contains_key(name))
    }

    fn get<'s>(&'s self, name: &str) -> Option<&'s dyn ValueView> {
        match self.group().and_then(|group| group.get(name)) {
            Some(seen) => Some(seen),
            // Liquid takes the size itself from what has no field of this name.
            None if name == "size" => None,
            None => Some(&NOTHING),
        }
    }
}

/// The root is the group, except that it has every name.
impl ValueView for Scope<'_> {
    fn as_debug(&self) -> &dyn fmt::Debug {
        self
    }

    fn render(&self) -> DisplayCow<'_> {
        self.root.render()
    }

    fn source(&self) -> DisplayCow<'_> {
        self.root.source()
    }

    fn type_name(&self) -> &'static str {
        self.root.type_name()
    }

    fn query_state(&self, state: State) -> bool {
        self.root.query_state(state)
    }

    fn to_kstr(&self) -> KStringCow<'_> {
        self.root.to_kstr()
    }

    fn to_value(&self) -> Value {
        self.root.to_value()
    }

    fn as_object(&self) -> Option<&dyn ObjectView> {
        Some(self)
    }
}

impl ObjectView for Scope<'_> {
    fn as_value(&self) -> &dyn ValueView {
        self
    }

    fn size(&self) -> i64 {
        self.root.size()
    }

    fn keys<'k>(&'k self) -> Box<dyn Iterator<Item = KStringCow<'k>> + 'k> {
        ObjectView::keys(&self.root)
    }

    fn values<'k>(&'k self) -> Box<dyn Iterator<Item = &'k dyn ValueView> + 'k> {
        ObjectView::values(&self.root)
    }

    fn iter<'k>(&'k self) -> Box<dyn Iterator<Item = (KStringCow<'k>, &'k dyn ValueView)> + 'k> {
        ObjectView::iter(&self.root)
    }

    fn contains_key(&self, _name: &str) -> bool {
        true
    }

    fn get<'s>(&'s self, name: &str) -> Option<&'s dyn ValueView> {
        Some(ObjectView::get(&self.root, name).unwrap_or(&NOTHING))
    }
}
