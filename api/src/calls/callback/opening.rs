//! When somebody may be called back: while the queue is open, and the company calls out.

use chrono::{DateTime, Utc};
use entity::queue;
use ivr_engine::Hours;

use crate::calls::{admission, outbound};
use crate::error::Result;
use crate::store::{self, Unit};

/// Closings in a row that are looked through: two calendars that never meet have more.
const MOST: usize = 200;

/// From when on somebody may be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// Until then, if it ever ends.
    Open {
        until: Option<DateTime<Utc>>,
    },
    Later(DateTime<Utc>),
    Never,
}

/// The opening at `at`, or the next one after it.
pub async fn opening(unit: &Unit, queue: &queue::Model, at: DateTime<Utc>) -> Result<Opening> {
    let rules = store::outbound::rules(unit.scope(), unit.tx()).await?;
    let company = outbound::calendar(rules.as_ref())?;
    let hours: Vec<Hours> = admission::hours(queue)?.into_iter().chain(company).collect();
    Ok(of(&hours, at))
}

fn of(hours: &[Hours], at: DateTime<Utc>) -> Opening {
    let mut moment = at;
    for _ in 0..MOST {
        match hours.iter().find(|hours| !hours.is_open(moment)) {
            None if moment == at => {
                return Opening::Open { until: hours.iter().filter_map(|one| one.next_change(at)).min() };
            }
            None => return Opening::Later(moment),
            Some(closed) => match closed.next_change(moment) {
                Some(next) => moment = next,
                None => return Opening::Never,
            },
        }
    }
    Opening::Never
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn on(day: &str, from: &str, to: &str) -> Hours {
        let stored = json!({"zone": "UTC", "weekly": {day: [{"from": from, "to": to}]}});
        Hours::parse(&stored).unwrap()
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_open_says_until_when_and_what_is_closed_from_when_on() {
        // The second of March 2026 is a Monday.
        let monday = on("mon", "09:00", "17:00");
        let noon = at("2026-03-02T12:00:00Z");
        assert_eq!(of(&[], noon), Opening::Open { until: None });
        let until = Some(at("2026-03-02T17:00:00Z"));
        assert_eq!(of(std::slice::from_ref(&monday), noon), Opening::Open { until });
        let evening = at("2026-03-02T18:00:00Z");
        assert_eq!(of(&[monday], evening), Opening::Later(at("2026-03-09T09:00:00Z")));
    }

    #[test]
    fn the_queue_and_the_company_have_to_be_open_at_once() {
        let (queue, company) = (on("mon", "09:00", "17:00"), on("mon", "13:00", "20:00"));
        let morning = at("2026-03-02T08:00:00Z");
        assert_eq!(of(&[queue.clone(), company], morning), Opening::Later(at("2026-03-02T13:00:00Z")));
        assert_eq!(of(&[queue, on("tue", "09:00", "17:00")], morning), Opening::Never);
    }
}
