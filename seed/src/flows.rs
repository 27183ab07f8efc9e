//! The flow of each company, as it is published.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde_json::{Value, json};

const ACME: &str = include_str!("../../ivr-engine/samples/acme.json");
const GLOBEX: &str = include_str!("../flows/globex.json");
/// The zone of Globex's hours.
const LONDON: chrono_tz::Tz = chrono_tz::Europe::London;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Document {
    Acme,
    Globex,
}

impl Document {
    /// The document at the time at which the demo is made: the holidays in it are yet to come.
    pub(crate) fn at(self, now: DateTime<Utc>) -> Value {
        let parse = |text| -> Value { serde_json::from_str(text).expect("the checked-in flows are JSON") };
        match self {
            Self::Acme => parse(ACME),
            Self::Globex => {
                let mut document = parse(GLOBEX);
                document["nodes"]["opening-hours"]["exceptions"] = holidays(now);
                document
            }
        }
    }
}

/// Christmas is closed; on New Year's Eve Globex closes early.
fn holidays(now: DateTime<Utc>) -> Value {
    let today = now.with_timezone(&LONDON).date_naive();
    json!([
        { "date": next(today, 12, 25), "intervals": [], "name": "Christmas Day" },
        { "date": next(today, 12, 31), "intervals": [{ "from": "08:00", "to": "16:00" }], "name": "New Year's Eve" },
    ])
}

/// The next day with this month and day, after today: on the holiday itself a demo that is made then would be closed.
fn next(today: NaiveDate, month: u32, day: u32) -> NaiveDate {
    let of = |year| NaiveDate::from_ymd_opt(year, month, day).expect("a day that every year has");
    let this_year = of(today.year());
    if this_year > today { this_year } else { of(today.year() + 1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holiday_is_always_yet_to_come() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!(next(day("2026-11-20"), 12, 25), day("2026-12-25"));
        assert_eq!(next(day("2026-12-25"), 12, 25), day("2027-12-25"));
        assert_eq!(next(day("2026-12-31"), 12, 25), day("2027-12-25"));
    }
}
