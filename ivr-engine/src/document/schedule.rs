//! The settings of an `hours` node.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde_json::Value;

use super::reader::{Checker, Fields};
use crate::hours::{Exception, Hours, Interval, minutes};
use crate::predicate::WEEKDAYS;
use crate::{Catalog, Finding, FindingCode, limits};

/// Intervals of one day.
const INTERVALS: usize = 24;

impl Hours {
    /// A schedule out of the same JSON as in an `hours` node: `{"zone", "weekly", "exceptions"}`; for whatever else a
    /// company keeps hours of, and for a preview of what is being edited.
    pub fn parse(value: &Value) -> Result<Hours, Vec<Finding>> {
        let mut checker = Checker::new(Catalog::unchecked());
        let hours = Fields::new(value, String::new(), &mut checker).and_then(|mut fields| {
            let hours = read(&mut fields, &mut checker);
            fields.finish(&mut checker);
            hours
        });
        match hours {
            Some(hours) if !checker.has_errors() => Ok(hours),
            Some(_) | None => Err(checker.findings),
        }
    }
}

pub(crate) fn read(fields: &mut Fields<'_>, checker: &mut Checker) -> Option<Hours> {
    let zone = fields.text("zone", checker).and_then(|name| zone(name, &fields.at("zone"), checker));
    let weekly = fields.required("weekly", checker).and_then(|(value, at)| {
        let mut days = Fields::new(value, at, checker)?;
        let weekly = WEEKDAYS.map(|day| intervals(&mut days, day, checker));
        days.finish(checker);
        Some(weekly)
    });
    let mut exceptions = BTreeMap::new();
    for (value, at) in fields.list("exceptions", (0, limits::HOURS_EXCEPTIONS), checker) {
        let Some(mut fields) = Fields::new(value, at.clone(), checker) else { continue };
        let date = fields.text("date", checker).and_then(|text| date(text, &fields.at("date"), checker));
        let name = fields.optional_name("name", checker);
        let intervals = if fields.has("intervals") {
            intervals(&mut fields, "intervals", checker)
        } else {
            let _ = fields.required("intervals", checker);
            Vec::new()
        };
        fields.finish(checker);
        if let Some(date) = date
            && exceptions.insert(date, Exception { intervals, name }).is_some()
        {
            checker.error(
                FindingCode::Duplicate,
                &at,
                format!("there is another exception for {date}; make one of them"),
            );
        }
    }
    Some(Hours { zone: zone?, weekly: weekly?, exceptions })
}

/// An IANA zone.
pub(crate) fn zone(name: &str, at: &str, checker: &mut Checker) -> Option<Tz> {
    let zone = name.parse().ok();
    if zone.is_none() {
        let message = format!("`{}` is no IANA time zone; one is `Europe/Paris`", limits::cut(name, 40));
        checker.error(FindingCode::BadZone, at, message);
    }
    zone
}

fn date(text: &str, at: &str, checker: &mut Checker) -> Option<NaiveDate> {
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|date| date.to_string() == text);
    if date.is_none() {
        checker.error(FindingCode::BadDate, at, "has to be a date such as `2026-12-25`");
    }
    date
}

fn intervals(fields: &mut Fields<'_>, day: &'static str, checker: &mut Checker) -> Vec<Interval> {
    let mut intervals = Vec::new();
    for (value, at) in fields.list(day, (0, INTERVALS), checker) {
        let Some(mut fields) = Fields::new(value, at, checker) else { continue };
        let from = time(&mut fields, "from", checker);
        let to = time(&mut fields, "to", checker);
        if from == Some(24 * 60) {
            checker.error(FindingCode::BadTime, fields.at("from"), "the day begins at 00:00, not at 24:00");
        } else if let (Some(from), Some(to)) = (from, to) {
            intervals.push(Interval::new(from, to));
        }
        fields.finish(checker);
    }
    intervals
}

fn time(fields: &mut Fields<'_>, name: &'static str, checker: &mut Checker) -> Option<u16> {
    let text = fields.text(name, checker)?;
    let time = minutes(text);
    if time.is_none() {
        checker.error(
            FindingCode::BadTime,
            fields.at(name),
            "has to be a time from 00:00 to 24:00 such as `09:30`",
        );
    }
    time
}
