//! Conditions of a branch, as data.

use std::borrow::Cow;

use chrono::{DateTime, Datelike, Timelike, Utc, Weekday};
use chrono_tz::Tz;
use regex::Regex;

use crate::{QueueFigures, Session, limits};

/// A condition.
#[derive(Debug)]
pub(crate) enum Predicate {
    All(Vec<Predicate>),
    Any(Vec<Predicate>),
    Not(Box<Predicate>),
    Test { operand: Operand, test: Test },
}

/// What a condition looks at.
#[derive(Debug)]
pub(crate) enum Operand {
    Digits,
    Speech,
    Variable(String),
    /// The caller's number.
    Caller,
    /// The number dialled.
    To,
    /// The language in which the caller is spoken to.
    Language,
    /// The queue in which he waits or waited.
    Queue,
    /// The agent whom he waits for or talks to.
    Agent,
    Figure(Figure),
    Hour(Tz),
    Weekday(Tz),
}

/// What the conditions of a node can look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operands {
    OfTheCall,
    AndOfTheQueue,
}

/// What is known of a queue; only a `figures` node can look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Figure {
    Waiting,
    LongestWaitSeconds,
    Available,
    Staffed,
    ExpectedWaitSeconds,
}

impl Figure {
    pub(crate) const ALL: [Self; 5] =
        [Self::Waiting, Self::LongestWaitSeconds, Self::Available, Self::Staffed, Self::ExpectedWaitSeconds];

    /// Its name in a document.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::LongestWaitSeconds => "longestWaitSeconds",
            Self::Available => "available",
            Self::Staffed => "staffed",
            Self::ExpectedWaitSeconds => "expectedWaitSeconds",
        }
    }

    fn of(self, figures: &QueueFigures) -> Option<u32> {
        match self {
            Self::Waiting => figures.waiting,
            Self::LongestWaitSeconds => figures.longest_wait_seconds,
            Self::Available => figures.available,
            Self::Staffed => figures.staffed,
            Self::ExpectedWaitSeconds => figures.expected_wait_seconds,
        }
    }
}

/// All that a condition can look at.
pub(crate) struct View<'a> {
    pub(crate) session: &'a Session,
    pub(crate) now: DateTime<Utc>,
    pub(crate) language: &'a str,
    /// At a `figures` node.
    pub(crate) figures: Option<&'a QueueFigures>,
}

/// What it asks. Texts are compared without regard to case and surrounding space; numbers as numbers. What is not set
/// is different from everything, and otherwise fails every test.
#[derive(Debug)]
pub(crate) enum Test {
    Equals(String),
    NotEquals(String),
    StartsWith(String),
    Contains(String),
    Matches(Box<Regex>),
    GreaterThan(f64),
    LessThan(f64),
    In(Vec<String>),
    Exists,
}

impl Predicate {
    pub(crate) fn holds(&self, view: &View<'_>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(view)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(view)),
            Self::Not(part) => !part.holds(view),
            Self::Test { operand, test } => test.passes(operand.value(view).as_deref()),
        }
    }
}

impl Operand {
    fn value<'a>(&'a self, view: &View<'a>) -> Option<Cow<'a, str>> {
        let session = view.session;
        let text = |text: Option<&'a String>| text.map(|text| Cow::Borrowed(text.as_str()));
        match self {
            Self::Digits => text(session.digits.as_ref()),
            Self::Speech => text(session.speech.as_ref()),
            Self::Variable(name) => text(session.variables.get(name)),
            Self::Caller => text(Some(&session.call.from)),
            Self::To => text(Some(&session.call.to)),
            Self::Language => Some(Cow::Borrowed(view.language)),
            Self::Queue => text(session.call.queue.as_ref()),
            Self::Agent => text(session.call.agent.as_ref()),
            Self::Figure(figure) => view
                .figures
                .and_then(|figures| figure.of(figures))
                .map(|figure| Cow::Owned(figure.to_string())),
            Self::Hour(zone) => Some(Cow::Owned(view.now.with_timezone(zone).hour().to_string())),
            Self::Weekday(zone) => Some(Cow::Borrowed(weekday_name(view.now.with_timezone(zone).weekday()))),
        }
    }
}

impl Test {
    fn passes(&self, value: Option<&str>) -> bool {
        let value = value.map(fold).filter(|value| !value.is_empty());
        match (self, value) {
            (Self::NotEquals(_), None) => true,
            (_, None) => false,
            (Self::Exists, Some(_)) => true,
            (Self::Equals(right), Some(left)) => left == *right,
            (Self::NotEquals(right), Some(left)) => left != *right,
            (Self::StartsWith(right), Some(left)) => left.starts_with(right.as_str()),
            (Self::Contains(right), Some(left)) => left.contains(right.as_str()),
            (Self::Matches(regex), Some(left)) => regex.is_match(&left),
            (Self::GreaterThan(right), Some(left)) => number(&left).is_some_and(|left| left > *right),
            (Self::LessThan(right), Some(left)) => number(&left).is_some_and(|left| left < *right),
            (Self::In(rights), Some(left)) => rights.contains(&left),
        }
    }
}

/// Words such as `inf` are no numbers here, though Rust can read them as such.
fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// The form in which texts are compared.
pub(crate) fn fold(text: &str) -> String {
    limits::cut(text, limits::VALUE_BYTES).trim().to_lowercase()
}

/// The name of a day in a document.
pub(crate) fn weekday_name(day: Weekday) -> &'static str {
    WEEKDAYS[day.num_days_from_monday() as usize]
}

/// From Monday.
pub(crate) const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
