//! What the next week brings to a queue, and how many agents it needs.

use chrono::{DateTime, Utc};
use entity::id::QueueId;
use staffing::forecast::{TooLittle, next_week};
use staffing::{Demand, Model, Target, agents_needed};

use super::agents::MOST;
use super::{Known, Range, visits_link};
use crate::store::insights::{Handled, Visits};

/// Half hours a day.
pub const A_DAY: usize = 48;
const HALF_HOUR: f64 = 1800.0;
/// Conversations, and callers who gave up, below which their average is no average.
const CONVERSATIONS: i64 = 10;
const GAVE_UP: i64 = 10;

/// A queue's next week, from today's midnight in the company's zone.
#[derive(Clone, Debug)]
pub struct Ahead {
    pub queue: (QueueId, String),
    /// For people, in English.
    pub sentence: String,
    /// The calls from which it follows.
    pub link: String,
    /// `None`: there is too little history, as the sentence says.
    pub forecast: Option<Forecast>,
}

#[derive(Clone, Debug)]
pub struct Forecast {
    pub target_percent: u32,
    pub target_seconds: u32,
    /// Seconds of an agent that a call takes.
    pub handle: Option<f64>,
    /// Seconds after which a caller gives up, on average.
    pub patience: Option<f64>,
    pub slots: Vec<Slot>,
}

/// A half hour.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    pub from: DateTime<Utc>,
    pub calls: f64,
    /// Nine of ten such half hours lie between the two.
    pub low: f64,
    pub high: f64,
    /// By Erlang C, in which nobody gives up.
    pub agents_c: Option<u32>,
    /// By Erlang A, in which callers give up as they have.
    pub agents_a: Option<u32>,
}

pub fn of(range: &Range, known: &Known) -> Ahead {
    let today = range.today();
    let span = range.midnight(range.first_day)..range.midnight(today);
    let (queue, link) = (known.name(), visits_link(known.queue.id, &span));
    let week = match next_week(&known.half_hours(range, today), A_DAY) {
        Ok(week) => week,
        Err(why) => {
            let sentence = format!("There is no forecast for {}: {}.", queue.1, said(why));
            return Ahead { queue, sentence, link, forecast: None };
        }
    };
    let handle = handle(known);
    let patience = patience(&known.sum(&span));
    let rule = known.target();
    // What is wanted of all is wanted of nearly all: no number of agents answers everybody at once.
    let level = (f64::from(rule.target_percent) / 100.0).min(0.999);
    let target = Target { occupancy: MOST, ..Target::level(level, f64::from(rule.target_seconds)) };
    let need = |calls: f64, model: Model| {
        let demand = Demand::of(calls, HALF_HOUR, handle?);
        agents_needed(demand, model, target).ok().map(|need| need.agents)
    };
    let slot = |(place, expected): (usize, &staffing::forecast::Expected)| {
        Some(Slot {
            // What the clock leaves out has no agents to plan.
            from: range.moment(today, 30 * place)?,
            calls: expected.calls,
            low: expected.low,
            high: expected.high,
            agents_c: need(expected.calls, Model::C),
            agents_a: patience.and_then(|patience| need(expected.calls, Model::A { patience })),
        })
    };
    let slots: Vec<_> = week.iter().enumerate().filter_map(slot).collect();
    let sentence = sentence(range, &queue.1, &slots);
    let (target_percent, target_seconds) = (rule.target_percent, rule.target_seconds);
    Ahead {
        queue,
        sentence,
        link,
        forecast: Some(Forecast { target_percent, target_seconds, handle, patience, slots }),
    }
}

/// Of the range and the days before it.
fn handle(known: &Known) -> Option<f64> {
    let Handled { conversations, time } = Handled {
        conversations: known.handled.conversations + known.handled_before.conversations,
        time: known.handled.time + known.handled_before.time,
    };
    (conversations >= CONVERSATIONS && time > 0).then(|| time as f64 / 1000.0 / conversations as f64)
}

/// All waits / those who gave up: whoever was answered first would have had more (the estimate for an exponential of which some
/// are cut off).
fn patience(sum: &Visits) -> Option<f64> {
    let waited = sum.answered_wait + sum.abandoned_wait;
    (sum.abandoned >= GAVE_UP && waited > 0).then(|| waited as f64 / 1000.0 / sum.abandoned as f64)
}

fn said(why: TooLittle) -> String {
    match why {
        TooLittle::Intervals { have, need } => {
            format!(
                "it takes {} whole days since the first call, and there are {}",
                need / A_DAY,
                have / A_DAY
            )
        }
        TooLittle::Calls { have, need } => format!("it takes {need:.0} calls, and there were {have:.0}"),
    }
}

fn sentence(range: &Range, queue: &str, slots: &[Slot]) -> String {
    let all: f64 = slots.iter().map(|slot| slot.calls).sum();
    let Some(peak) = slots.iter().max_by(|one, other| one.calls.total_cmp(&other.calls)) else {
        return format!("No calls are expected in {queue} in the next seven days.");
    };
    let when = peak.from.with_timezone(&range.zone).format("%A at %H:%M");
    let agents = match (peak.agents_c, peak.agents_a) {
        (Some(c), Some(a)) if a != c => {
            format!(", for which {c} agents are needed, or {a} as callers give up")
        }
        (Some(c), _) => format!(", for which {c} agents are needed"),
        (None, _) => String::new(),
    };
    format!(
        "About {all:.0} calls are expected in {queue} in seven days. The most in half an hour, {:.0}, come on {when}{agents}.",
        peak.calls
    )
}
