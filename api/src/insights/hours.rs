//! Hours that were not like the same hours of the weeks before.

use chrono::{Days, TimeDelta};
use staffing::unusual::{self as judge, Unusual};

use super::{Insight, Kind, Known, Range, visits_link};

/// Hours a week.
const WEEK: usize = 168;
/// The most unusual ones of a queue are told, and no more.
const TOLD: usize = 10;

pub fn unusual(range: &Range, known: &Known) -> Vec<Insight> {
    let last = range.to.with_timezone(&range.zone).date_naive() + Days::new(1);
    let halves = known.half_hours(range, last);
    let mut hours: Vec<f64> = halves.chunks(2).map(|pair| pair.iter().sum()).collect();
    // An hour that has not ended is no hour.
    hours.truncate(range.minutes(range.to) / 60);
    let recent = hours.len().saturating_sub(range.minutes(range.from).div_ceil(60));
    let found = judge::unusual(&hours, WEEK, recent);
    found.into_iter().take(TOLD).filter_map(|hour| insight(range, known, hour)).collect()
}

fn insight(range: &Range, known: &Known, hour: Unusual) -> Option<Insight> {
    let from = range.moment(range.first_day, 60 * hour.at)?;
    let to = from + TimeDelta::hours(1);
    let than = if hour.score > 0.0 { "more" } else { "fewer" };
    Some(Insight {
        kind: Kind::UnusualHour,
        queue: Some(known.name()),
        agent: None,
        from,
        to,
        figures: vec![("calls", hour.calls), ("usualCalls", hour.usual), ("score", hour.score)],
        because: Vec::new(),
        sentence: format!(
            "{} calls came into {} in the hour from {}: {than} than the {:.0} that are usual then.",
            hour.calls,
            known.queue.name,
            from.with_timezone(&range.zone).format("%A %-d %B, %H:%M"),
            hour.usual
        ),
        link: visits_link(known.queue.id, &(from..to)),
    })
}
