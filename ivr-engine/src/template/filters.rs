//! The filters of Liquid that flows have. They mean what they mean elsewhere, and none can make a value of more than
//! [`limits::TEXT_BYTES`], overflow a number or read the clock, which the stock ones can.
//!
//! Two additions: `date` takes an IANA zone as its second argument, since `now` is in UTC; and `json` writes a text as JSON
//! has it, in quotes, for the body of a request.

use std::fmt::{self, Write};

use chrono::format::{Item, StrftimeItems};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use chrono_tz::Tz;
use liquid_core::model::Value;
use liquid_core::parser::{FilterArguments, ParameterReflection};
use liquid_core::{Error, Expression, Filter, FilterReflection, ParseFilter, Result, Runtime, ValueView};

use crate::limits;

/// One filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bounded {
    Append,
    Prepend,
    Upcase,
    Downcase,
    Capitalize,
    Strip,
    Default,
    Size,
    Slice,
    Truncate,
    Replace,
    Remove,
    Split,
    Join,
    First,
    Last,
    Plus,
    Minus,
    Times,
    DividedBy,
    Modulo,
    Round,
    Date,
    UrlEncode,
    Json,
}

impl Bounded {
    pub(super) const ALL: [Self; 25] = [
        Self::Append,
        Self::Prepend,
        Self::Upcase,
        Self::Downcase,
        Self::Capitalize,
        Self::Strip,
        Self::Default,
        Self::Size,
        Self::Slice,
        Self::Truncate,
        Self::Replace,
        Self::Remove,
        Self::Split,
        Self::Join,
        Self::First,
        Self::Last,
        Self::Plus,
        Self::Minus,
        Self::Times,
        Self::DividedBy,
        Self::Modulo,
        Self::Round,
        Self::Date,
        Self::UrlEncode,
        Self::Json,
    ];

    fn as_str(self) -> &'static str {
        match self {
            Self::Append => "append",
            Self::Prepend => "prepend",
            Self::Upcase => "upcase",
            Self::Downcase => "downcase",
            Self::Capitalize => "capitalize",
            Self::Strip => "strip",
            Self::Default => "default",
            Self::Size => "size",
            Self::Slice => "slice",
            Self::Truncate => "truncate",
            Self::Replace => "replace",
            Self::Remove => "remove",
            Self::Split => "split",
            Self::Join => "join",
            Self::First => "first",
            Self::Last => "last",
            Self::Plus => "plus",
            Self::Minus => "minus",
            Self::Times => "times",
            Self::DividedBy => "divided_by",
            Self::Modulo => "modulo",
            Self::Round => "round",
            Self::Date => "date",
            Self::UrlEncode => "url_encode",
            Self::Json => "json",
        }
    }

    /// The least and the largest number of arguments.
    fn arguments(self) -> (usize, usize) {
        match self {
            Self::Upcase
            | Self::Downcase
            | Self::Capitalize
            | Self::Strip
            | Self::Size
            | Self::First
            | Self::Last
            | Self::UrlEncode
            | Self::Json => (0, 0),
            Self::Append
            | Self::Prepend
            | Self::Default
            | Self::Remove
            | Self::Split
            | Self::Plus
            | Self::Minus
            | Self::Times
            | Self::DividedBy
            | Self::Modulo => (1, 1),
            Self::Join | Self::Round => (0, 1),
            Self::Slice | Self::Truncate | Self::Date => (1, 2),
            Self::Replace => (2, 2),
        }
    }
}

impl FilterReflection for Bounded {
    fn name(&self) -> &str {
        self.as_str()
    }

    fn description(&self) -> &str {
        ""
    }

    fn positional_parameters(&self) -> &'static [ParameterReflection] {
        &[]
    }

    fn keyword_parameters(&self) -> &'static [ParameterReflection] {
        &[]
    }
}

impl ParseFilter for Bounded {
    fn parse(&self, mut arguments: FilterArguments<'_>) -> Result<Box<dyn Filter>> {
        let given: Vec<Expression> = arguments.positional.collect();
        let (least, most) = self.arguments();
        if arguments.keyword.next().is_some() || given.len() < least || given.len() > most {
            let range = if least == most { least.to_string() } else { format!("{least} to {most}") };
            let noun = if most == 1 { "argument" } else { "arguments" };
            return Err(refuse(format!("`{}` takes {range} {noun}", self.as_str())));
        }
        Ok(Box::new(Applied { filter: *self, arguments: given }))
    }

    fn reflection(&self) -> &dyn FilterReflection {
        self
    }
}

/// A filter in a template.
#[derive(Debug)]
struct Applied {
    filter: Bounded,
    arguments: Vec<Expression>,
}

impl fmt::Display for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.filter.as_str())
    }
}

impl Filter for Applied {
    fn evaluate(&self, input: &dyn ValueView, runtime: &dyn Runtime) -> Result<Value> {
        let mut arguments = Vec::with_capacity(self.arguments.len());
        for argument in &self.arguments {
            arguments.push(argument.evaluate(runtime)?.to_value());
        }
        apply(self.filter, input, &arguments)
    }
}

fn apply(filter: Bounded, input: &dyn ValueView, arguments: &[Value]) -> Result<Value> {
    let argument = |index: usize| arguments.get(index).map(|value| value.to_kstr().into_string());
    let text = |index: usize| argument(index).unwrap_or_default();
    let own = input.to_kstr();
    let own = own.as_str();
    match filter {
        Bounded::Append => bounded(&[own, &text(0)]),
        Bounded::Prepend => bounded(&[&text(0), own]),
        Bounded::Upcase => bounded(&[&own.to_uppercase()]),
        Bounded::Downcase => bounded(&[&own.to_lowercase()]),
        Bounded::Capitalize => {
            let mut rest = own.chars();
            let first: String = rest.next().into_iter().flat_map(char::to_uppercase).collect();
            bounded(&[&first, rest.as_str()])
        }
        Bounded::Strip => bounded(&[own.trim()]),
        Bounded::Default => {
            let absent = input.is_nil() || own.is_empty() || own == "false";
            Ok(if absent { arguments[0].clone() } else { input.to_value() })
        }
        Bounded::Size => {
            let size = input.as_array().map_or_else(|| count(own.chars()), |items| items.size());
            Ok(Value::scalar(size))
        }
        Bounded::Slice => slice(input, own, whole(&arguments[0])?, arguments.get(1).map(whole).transpose()?),
        Bounded::Truncate => {
            let most = usize::try_from(whole(&arguments[0])?).unwrap_or(0);
            let ending = argument(1).unwrap_or_else(|| "...".to_owned());
            if own.chars().count() <= most {
                return bounded(&[own]);
            }
            let kept: String = own.chars().take(most.saturating_sub(ending.chars().count())).collect();
            bounded(&[&kept, &ending])
        }
        Bounded::Replace => replace(own, &text(0), &text(1)),
        Bounded::Remove => replace(own, &text(0), ""),
        Bounded::Split => {
            let own = limits::cut(own, limits::TEXT_BYTES);
            let by = text(0);
            let items: Vec<Value> = if own.is_empty() {
                Vec::new()
            } else if by.is_empty() {
                own.chars().map(|c| Value::scalar(c.to_string())).collect()
            } else {
                own.split(by.as_str()).map(|part| Value::scalar(part.to_owned())).collect()
            };
            Ok(Value::Array(items))
        }
        Bounded::Join => {
            let Some(items) = input.as_array() else { return bounded(&[own]) };
            let by = argument(0).unwrap_or_else(|| " ".to_owned());
            let mut joined = String::new();
            for (index, item) in items.values().enumerate() {
                if index > 0 {
                    joined.push_str(&by);
                }
                joined.push_str(item.to_kstr().as_str());
                if joined.len() > limits::TEXT_BYTES {
                    return Err(too_long());
                }
            }
            Ok(Value::scalar(joined))
        }
        Bounded::First | Bounded::Last => {
            let items = input.as_array();
            let item =
                items.and_then(|items| if filter == Bounded::First { items.first() } else { items.last() });
            Ok(item.map_or(Value::Nil, ValueView::to_value))
        }
        Bounded::Plus | Bounded::Minus | Bounded::Times | Bounded::DividedBy | Bounded::Modulo => {
            calculate(filter, number(own)?, number(&text(0))?)
        }
        Bounded::Round => {
            let places = arguments.first().map(whole).transpose()?.unwrap_or(0).clamp(0, 9);
            match number(own)? {
                Number::Whole(value) => Ok(Value::scalar(value)),
                Number::Part(value) if places == 0 => Ok(Value::scalar(saturate(value.round()))),
                Number::Part(value) => {
                    let scale = 10_f64.powi(i32::try_from(places).unwrap_or(0));
                    finite((value * scale).round() / scale)
                }
            }
        }
        Bounded::UrlEncode => bounded(&[&url_encoded(limits::cut(own, limits::TEXT_BYTES))]),
        Bounded::Json => bounded(&[&serde_json::Value::from(own).to_string()]),
        Bounded::Date => date(own, &text(0), argument(1).as_deref()),
    }
}

fn count(items: impl Iterator) -> i64 {
    i64::try_from(items.count()).unwrap_or(i64::MAX)
}

fn refuse(message: String) -> Error {
    Error::with_msg(message)
}

fn too_long() -> Error {
    refuse(format!("a value of more than {} bytes", limits::TEXT_BYTES))
}

fn bounded(parts: &[&str]) -> Result<Value> {
    if parts.iter().map(|part| part.len()).sum::<usize>() > limits::TEXT_BYTES {
        return Err(too_long());
    }
    Ok(Value::scalar(parts.concat()))
}

fn replace(own: &str, from: &str, to: &str) -> Result<Value> {
    if from.is_empty() {
        return bounded(&[own]);
    }
    let found = own.matches(from).count();
    let length = (own.len() - found * from.len()).saturating_add(found.saturating_mul(to.len()));
    if length > limits::TEXT_BYTES {
        return Err(too_long());
    }
    Ok(Value::scalar(own.replace(from, to)))
}

/// `length` items from `offset`, which counts from the end when it is negative.
fn slice(input: &dyn ValueView, own: &str, offset: i64, length: Option<i64>) -> Result<Value> {
    let size = input.as_array().map_or_else(|| count(own.chars()), |items| items.size());
    let from = if offset < 0 { offset.saturating_add(size) } else { offset };
    if from < 0 {
        return Ok(Value::scalar(String::new()));
    }
    let skip = usize::try_from(from).unwrap_or(usize::MAX);
    let take = usize::try_from(length.unwrap_or(1).max(0)).unwrap_or(usize::MAX);
    Ok(match input.as_array() {
        Some(items) => Value::Array(items.values().skip(skip).take(take).map(ValueView::to_value).collect()),
        None => Value::scalar(own.chars().skip(skip).take(take).collect::<String>()),
    })
}

#[derive(Debug, Clone, Copy)]
enum Number {
    Whole(i64),
    Part(f64),
}

/// Nothing counts as 0, as in Liquid; so a counter needs no first value.
fn number(text: &str) -> Result<Number> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Number::Whole(0));
    }
    if let Ok(value) = text.parse() {
        return Ok(Number::Whole(value));
    }
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(Number::Part(value)),
        Ok(_) | Err(_) => Err(refuse(format!("`{}` is no number", limits::cut(text, 40)))),
    }
}

fn whole(value: &Value) -> Result<i64> {
    match number(value.to_kstr().as_str())? {
        Number::Whole(value) => Ok(value),
        Number::Part(value) => Ok(saturate(value)),
    }
}

/// To an integer, the nearest that there is when it is out of range.
#[expect(clippy::cast_possible_truncation, reason = "`as` saturates, which is what is wanted")]
fn saturate(value: f64) -> i64 {
    value as i64
}

fn finite(value: f64) -> Result<Value> {
    if value.is_finite() {
        Ok(Value::scalar(value))
    } else {
        Err(refuse("the number is too large".to_owned()))
    }
}

fn calculate(filter: Bounded, left: Number, right: Number) -> Result<Value> {
    let result = if let (Number::Whole(a), Number::Whole(b)) = (left, right) {
        let result = match filter {
            Bounded::Plus => a.checked_add(b),
            Bounded::Minus => a.checked_sub(b),
            Bounded::Times => a.checked_mul(b),
            Bounded::DividedBy => a.checked_div_euclid(b),
            _ => a.checked_rem_euclid(b),
        };
        return result
            .map(Value::scalar)
            .ok_or_else(|| refuse("the number is too large, or a division by zero".to_owned()));
    } else {
        let part = |number| match number {
            #[expect(clippy::cast_precision_loss, reason = "speech needs no sixteen digits")]
            Number::Whole(value) => value as f64,
            Number::Part(value) => value,
        };
        let (a, b) = (part(left), part(right));
        match filter {
            Bounded::Plus => a + b,
            Bounded::Minus => a - b,
            Bounded::Times => a * b,
            Bounded::DividedBy => a / b,
            _ => a.rem_euclid(b),
        }
    };
    finite(result)
}

/// Percent-encoded, all but the unreserved characters of RFC 3986.
fn url_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// `2026-12-24T18:30:00Z`, `2026-12-24 18:30` or `2026-12-24`, the latter two in UTC; anything else stays as it is.
fn date(own: &str, format: &str, zone: Option<&str>) -> Result<Value> {
    let own = own.trim();
    let moment = DateTime::parse_from_rfc3339(own)
        .map(|moment| moment.with_timezone(&Utc))
        .or_else(|_| NaiveDateTime::parse_from_str(own, "%Y-%m-%d %H:%M").map(|moment| moment.and_utc()))
        .or_else(|_| {
            NaiveDate::parse_from_str(own, "%Y-%m-%d")
                .map(|day| day.and_time(chrono::NaiveTime::MIN).and_utc())
        });
    let Ok(moment) = moment else { return bounded(&[own]) };
    let zone: Tz = match zone {
        None => Tz::UTC,
        Some(name) => {
            name.parse().map_err(|_| refuse(format!("`{}` is no time zone", limits::cut(name, 40))))?
        }
    };
    let items: Vec<Item<'_>> = StrftimeItems::new(limits::cut(format, 128)).collect();
    let mut text = String::new();
    let known = !items.contains(&Item::Error);
    if !known || write!(text, "{}", moment.with_timezone(&zone).format_with_items(items.iter())).is_err() {
        return Err(refuse(format!("`{}` is no date format", limits::cut(format, 40))));
    }
    bounded(&[&text])
}
