//! Conditions of a branch, as data.

use chrono::{DateTime, Datelike, Timelike, Utc, Weekday};
use chrono_tz::Tz;
use regex::Regex;

use crate::{Session, limits};

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
    Hour(Tz),
    Weekday(Tz),
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
    pub(crate) fn holds(&self, session: &Session, now: DateTime<Utc>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(session, now)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(session, now)),
            Self::Not(part) => !part.holds(session, now),
            Self::Test { operand, test } => test.passes(operand.value(session, now).as_deref()),
        }
    }
}

impl Operand {
    fn value(&self, session: &Session, now: DateTime<Utc>) -> Option<String> {
        match self {
            Self::Digits => session.digits.clone(),
            Self::Speech => session.speech.clone(),
            Self::Variable(name) => session.variables.get(name).cloned(),
            Self::Caller => Some(session.call.from.clone()),
            Self::To => Some(session.call.to.clone()),
            Self::Hour(zone) => Some(now.with_timezone(zone).hour().to_string()),
            Self::Weekday(zone) => Some(weekday_name(now.with_timezone(zone).weekday()).to_owned()),
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
