//! Queues that have missed their service level, and what figures say about why.

use std::collections::BTreeMap;

use chrono::Timelike;

use super::agents::MOST;
use super::{DAYS_BEFORE, Insight, Kind, Known, Range, Work, visits_link};
use crate::store::insights::{Handled, Visits};

/// Calls below which a percentage says nothing.
const CALLS: i64 = 10;
/// Calls, or their length, that have grown by so much are a reason.
const GROWN: f64 = 1.2;
/// Of what was offered to agents and was theirs to take.
const NOT_TAKEN: f64 = 0.15;
/// Of the calls that waited too long, in one hour of the day.
const IN_ONE_HOUR: f64 = 0.4;

/// Why a queue has missed its target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reason {
    /// So many times as many calls a day as in the four weeks before.
    MoreCalls(f64),
    /// Conversations with their wrap-up were so many times as long.
    LongerCalls(f64),
    /// This share of offers was declined or rang out.
    OffersNotTaken(f64),
    /// All agents together were busy for this share of the time in which they could take calls.
    AgentsBusy(f64),
    /// This share of those who waited too long came in this hour of the day.
    InOneHour { hour: u32, share: f64 },
}

impl Reason {
    pub fn name(self) -> &'static str {
        match self {
            Self::MoreCalls(_) => "more_calls",
            Self::LongerCalls(_) => "longer_calls",
            Self::OffersNotTaken(_) => "offers_not_taken",
            Self::AgentsBusy(_) => "agents_busy",
            Self::InOneHour { .. } => "in_one_hour",
        }
    }

    pub fn sentence(self) -> String {
        let percent = |share: f64| share * 100.0;
        match self {
            Self::MoreCalls(times) => {
                format!("{times:.1} times as many calls came as in the four weeks before")
            }
            Self::LongerCalls(times) => format!("each took {times:.1} times as long as before"),
            Self::OffersNotTaken(share) => format!("{:.0} % of the offers were not taken", percent(share)),
            Self::AgentsBusy(share) => {
                format!(
                    "agents were busy for {:.0} % of the time in which they could take calls",
                    percent(share)
                )
            }
            Self::InOneHour { hour, share } => {
                format!("{:.0} % of those who waited too long came after {hour}:00", percent(share))
            }
        }
    }
}

/// The worst first.
pub fn missed(range: &Range, known: &[Known], work: &[Work]) -> Vec<Insight> {
    let mut found: Vec<_> = known.iter().filter_map(|known| judge(range, known, work)).collect();
    found.sort_by(|one, other| one.0.total_cmp(&other.0));
    found.into_iter().map(|(_, insight)| insight).collect()
}

/// Who counts: whoever was answered, or gave up, and not at once.
fn counted(sum: &Visits) -> i64 {
    sum.answered + sum.abandoned - sum.short_abandons
}

/// With how far it is from the target, in percentage points: the worst is the least.
fn judge(range: &Range, known: &Known, work: &[Work]) -> Option<(f64, Insight)> {
    let (target, sum) = (known.target(), known.sum(&range.span()));
    let counted = counted(&sum);
    let wanted = f64::from(target.target_percent);
    let level = sum.in_time as f64 * 100.0 / counted.max(1) as f64;
    if counted < CALLS || level >= wanted {
        return None;
    }
    let because = reasons(range, known, work, &sum);
    let why: Vec<_> = because.iter().map(|reason| reason.sentence()).collect();
    let why = if why.is_empty() { "no single figure says why".to_owned() } else { why.join("; ") };
    let insight = Insight {
        kind: Kind::TargetMissed,
        queue: Some(known.name()),
        agent: None,
        from: range.from,
        to: range.to,
        figures: vec![
            ("serviceLevelPercent", level),
            ("targetPercent", wanted),
            ("targetSeconds", f64::from(target.target_seconds)),
            ("inTime", sum.in_time as f64),
            ("counted", counted as f64),
            ("abandoned", sum.abandoned as f64),
        ],
        because,
        sentence: format!(
            "{} has answered {level:.0} % in {} s, where {} % are wanted: {why}.",
            known.queue.name, target.target_seconds, target.target_percent
        ),
        link: visits_link(known.queue.id, &range.span()),
    };
    Some((level - wanted, insight))
}

fn reasons(range: &Range, known: &Known, work: &[Work], now: &Visits) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let before = known.sum(&range.before());
    let days = (range.to - range.from).num_minutes() as f64 / 1440.0;
    let usual = before.queued as f64 / DAYS_BEFORE as f64 * days;
    if before.queued >= CALLS && now.queued as f64 >= GROWN * usual {
        reasons.push(Reason::MoreCalls(now.queued as f64 / usual));
    }
    let (is, was) = (length(known.handled), length(known.handled_before));
    if let (Some(is), Some(was)) = (is, was)
        && is >= GROWN * was
    {
        reasons.push(Reason::LongerCalls(is / was));
    }
    let offers = known.offers.taken + known.offers.not_taken;
    let not_taken = known.offers.not_taken as f64 / offers.max(1) as f64;
    if offers >= CALLS && not_taken >= NOT_TAKEN {
        reasons.push(Reason::OffersNotTaken(not_taken));
    }
    let busy: i64 = work.iter().map(|work| work.busy).sum();
    let there: i64 = work.iter().map(|work| work.available.max(work.busy)).sum();
    let share = busy as f64 / there.max(1) as f64;
    if share >= MOST {
        reasons.push(Reason::AgentsBusy(share));
    }
    reasons.extend(worst_hour(range, known));
    reasons
}

/// The average of a conversation, in milliseconds.
fn length(handled: Handled) -> Option<f64> {
    (handled.conversations >= CALLS && handled.time > 0)
        .then(|| handled.time as f64 / handled.conversations as f64)
}

/// The hour of the day in which most of those came who waited too long, if that is most of them.
fn worst_hour(range: &Range, known: &Known) -> Option<Reason> {
    let mut late: BTreeMap<u32, i64> = BTreeMap::new();
    for visits in known.visits.iter().filter(|visits| range.span().contains(&visits.begins())) {
        let hour = visits.begins().with_timezone(&range.zone).hour();
        *late.entry(hour).or_default() += counted(visits) - visits.in_time;
    }
    let all: i64 = late.values().sum();
    let (hour, most) = late.into_iter().max_by_key(|(hour, count)| (*count, std::cmp::Reverse(*hour)))?;
    let share = most as f64 / all.max(1) as f64;
    (all >= CALLS && share >= IN_ONE_HOUR).then_some(Reason::InOneHour { hour, share })
}
