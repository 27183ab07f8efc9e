//! Conditions: `{"all": […]}`, `{"any": […]}`, `{"not": …}`, or
//! `{"operand": "variable", "name": "tier", "operator": "equals", "value": "gold"}`.

use chrono_tz::Tz;
use regex::RegexBuilder;
use serde_json::Value;

use super::nodes::variable;
use super::reader::{Checker, Fields, items};
use super::schedule::zone;
use crate::predicate::{Figure, Operand, Operands, Predicate, Test, WEEKDAYS, fold};
use crate::{FindingCode, limits};

/// Reads a condition at this depth; `budget` is how many there may still be.
pub(crate) fn read(
    value: &Value,
    at: &str,
    depth: usize,
    operands: Operands,
    budget: &mut usize,
    checker: &mut Checker,
) -> Option<Predicate> {
    if depth > limits::PREDICATE_DEPTH || *budget == 0 {
        let message =
            format!("at most {} conditions, nested {} deep", limits::PREDICATES, limits::PREDICATE_DEPTH);
        checker.error(FindingCode::TooLarge, at, message);
        return None;
    }
    *budget -= 1;
    checker.work = checker.work.saturating_add(1);
    let mut fields = Fields::new(value, at.to_owned(), checker)?;
    let predicate = if fields.has("all") {
        parts(&mut fields, "all", depth, operands, budget, checker).map(Predicate::All)
    } else if fields.has("any") {
        parts(&mut fields, "any", depth, operands, budget, checker).map(Predicate::Any)
    } else if fields.has("not") {
        let (part, at) = fields.optional("not")?;
        read(part, &at, depth + 1, operands, budget, checker).map(|part| Predicate::Not(Box::new(part)))
    } else {
        test(&mut fields, operands, checker)
    };
    fields.finish(checker);
    predicate
}

fn parts(
    fields: &mut Fields<'_>,
    name: &'static str,
    depth: usize,
    operands: Operands,
    budget: &mut usize,
    checker: &mut Checker,
) -> Option<Vec<Predicate>> {
    let (value, at) = fields.optional(name)?;
    let items = items(value, &at, (1, limits::LIST_ITEMS), checker);
    let parts: Vec<_> =
        items.iter().map(|(part, at)| read(part, at, depth + 1, operands, budget, checker)).collect();
    parts.into_iter().collect()
}

/// Everything is read whatever is wrong, so that one mistake does not make others.
fn test(fields: &mut Fields<'_>, operands: Operands, checker: &mut Checker) -> Option<Predicate> {
    let operand = operand(fields, operands, checker);
    let test = comparison(fields, operand.as_ref(), checker);
    Some(Predicate::Test { operand: operand?, test: test? })
}

fn operand(fields: &mut Fields<'_>, operands: Operands, checker: &mut Checker) -> Option<Operand> {
    match fields.text("operand", checker) {
        Some("digits") => Some(Operand::Digits),
        Some("speech") => Some(Operand::Speech),
        Some("caller") => Some(Operand::Caller),
        Some("to") => Some(Operand::To),
        Some("language") => Some(Operand::Language),
        Some("queue") => Some(Operand::Queue),
        Some("agent") => Some(Operand::Agent),
        Some("variable") => {
            let name = fields.text("name", checker)?;
            variable(name, &fields.at("name"), checker).map(Operand::Variable)
        }
        Some("hour") => required_zone(fields, checker).map(Operand::Hour),
        Some("weekday") => required_zone(fields, checker).map(Operand::Weekday),
        other => {
            let figure =
                other.and_then(|given| Figure::ALL.into_iter().find(|figure| figure.as_str() == given));
            match (figure, operands) {
                (Some(figure), Operands::AndOfTheQueue) => return Some(Operand::Figure(figure)),
                (Some(_), Operands::OfTheCall) => {
                    let message = "the figures of a queue can only be looked at by a `figures` node";
                    checker.error(FindingCode::BadValue, fields.at("operand"), message);
                }
                (None, Operands::OfTheCall | Operands::AndOfTheQueue) if other.is_some() => {
                    let message = "has to be digits, speech, variable, caller, to, language, queue, agent, hour or weekday";
                    checker.error(FindingCode::BadValue, fields.at("operand"), message);
                }
                (None, Operands::OfTheCall | Operands::AndOfTheQueue) => {}
            }
            // They depend on the operand.
            let _ = (fields.optional("name"), fields.optional("zone"));
            None
        }
    }
}

fn comparison(fields: &mut Fields<'_>, operand: Option<&Operand>, checker: &mut Checker) -> Option<Test> {
    match fields.text("operator", checker) {
        Some("exists") => Some(Test::Exists),
        Some("equals") => comparable(fields, operand, checker).map(Test::Equals),
        Some("notEquals") => comparable(fields, operand, checker).map(Test::NotEquals),
        Some("startsWith") => comparable(fields, operand, checker).map(Test::StartsWith),
        Some("contains") => comparable(fields, operand, checker).map(Test::Contains),
        Some("greaterThan") => number(fields, checker).map(Test::GreaterThan),
        Some("lessThan") => number(fields, checker).map(Test::LessThan),
        Some("matches") => regex(fields, checker).map(|regex| Test::Matches(Box::new(regex))),
        Some("in") => {
            let (value, at) = fields.required("value", checker)?;
            let items = items(value, &at, (1, limits::LIST_ITEMS), checker);
            let values: Vec<_> = items.iter().map(|(value, at)| one(value, at, operand, checker)).collect();
            values.into_iter().collect::<Option<_>>().map(Test::In)
        }
        other => {
            if other.is_some() {
                let message = "has to be equals, notEquals, startsWith, contains, matches, greaterThan, lessThan, in or exists";
                checker.error(FindingCode::BadValue, fields.at("operator"), message);
            }
            let _ = fields.optional("value");
            None
        }
    }
}

fn required_zone(fields: &mut Fields<'_>, checker: &mut Checker) -> Option<Tz> {
    let name = fields.text("zone", checker)?;
    zone(name, &fields.at("zone"), checker)
}

fn comparable(fields: &mut Fields<'_>, operand: Option<&Operand>, checker: &mut Checker) -> Option<String> {
    let (value, at) = fields.required("value", checker)?;
    one(value, &at, operand, checker)
}

/// A text or a number to compare with, in the form in which texts are compared.
fn one(value: &Value, at: &str, operand: Option<&Operand>, checker: &mut Checker) -> Option<String> {
    let text = match value {
        Value::String(text) => fold(text),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            checker.wrong_type(at, "a text or a number");
            return None;
        }
    };
    let wanted = match operand {
        Some(Operand::Weekday(_)) if !WEEKDAYS.contains(&text.as_str()) => {
            "mon, tue, wed, thu, fri, sat or sun"
        }
        // As the clock says it: without a zero in front.
        Some(Operand::Hour(_)) => match text.parse::<u8>() {
            Ok(hour) if hour < 24 => return Some(hour.to_string()),
            Ok(_) | Err(_) => "an hour from 0 to 23",
        },
        _ if text.is_empty() => "a text that is not empty; `not` and `exists` ask for nothing",
        _ => return Some(text),
    };
    checker.error(FindingCode::BadValue, at, format!("has to be {wanted}"));
    None
}

fn number(fields: &mut Fields<'_>, checker: &mut Checker) -> Option<f64> {
    let (value, at) = fields.required("value", checker)?;
    let number = value.as_f64();
    if number.is_none() {
        checker.wrong_type(&at, "a number");
    }
    number
}

/// The crate promises time linear in the text; the size limit bounds the factor.
fn regex(fields: &mut Fields<'_>, checker: &mut Checker) -> Option<regex::Regex> {
    let source = fields.text("value", checker)?;
    let at = fields.at("value");
    checker.regexes += 1;
    checker.work = checker.work.saturating_add(limits::REGEX_WORK);
    if source.len() > limits::REGEX_BYTES || checker.regexes > limits::REGEXES {
        let message = format!(
            "a regular expression may have {} bytes, and a flow {} of them",
            limits::REGEX_BYTES,
            limits::REGEXES
        );
        checker.error(FindingCode::TooLarge, &at, message);
        return None;
    }
    let built = RegexBuilder::new(source)
        .case_insensitive(true)
        .size_limit(limits::REGEX_COMPILED_BYTES)
        .dfa_size_limit(limits::REGEX_COMPILED_BYTES)
        .nest_limit(32)
        .build();
    match built {
        Ok(regex) => Some(regex),
        Err(regex::Error::CompiledTooBig(_)) => {
            checker.error(FindingCode::BadRegex, &at, "the regular expression is too costly");
            None
        }
        Err(error) => {
            let message = error.to_string();
            let why = message.lines().last().unwrap_or_default().trim();
            checker.error(
                FindingCode::BadRegex,
                &at,
                format!("no regular expression: {}", limits::cut(why, 200)),
            );
            None
        }
    }
}
