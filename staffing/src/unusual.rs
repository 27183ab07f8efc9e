//! Hours that were not like the same hours of the weeks before.
//!
//! What is usual is the median, and how far hours stray from it the median of their distances (MAD; Hampel 1974), which one
//! strange week does not move. Few weeks are no distribution, and hours in which little happens have no distances at all: so
//! the spread is never taken for less than what chance alone makes of so many calls (Poisson: their square root).

/// Weeks before, at least.
pub const WEEKS: usize = 4;
/// Distances that make an hour unusual: by its spread, and in calls.
const SPREADS: f64 = 4.0;
const CALLS: f64 = 5.0;
/// Makes of a normal distribution's MAD its standard deviation.
const OF_A_NORMAL: f64 = 1.4826;

/// An hour that was unusual.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Unusual {
    /// Its place in the history.
    pub at: usize,
    pub calls: f64,
    pub usual: f64,
    /// How many times its spread it lies above the usual, or below.
    pub score: f64,
}

/// The unusual ones of the last `recent` hours of `history`, which has calls an hour, oldest first, `week` hours a week; the most
/// unusual first. An hour with fewer than [`WEEKS`] weeks before it is never one.
pub fn unusual(history: &[f64], week: usize, recent: usize) -> Vec<Unusual> {
    let first = history.len().saturating_sub(recent);
    let begun = history.iter().position(|calls| *calls > 0.0).unwrap_or(history.len());
    let mut found: Vec<_> = (first..history.len()).filter_map(|at| judge(history, begun, week, at)).collect();
    found.sort_by(|one, other| other.score.abs().total_cmp(&one.score.abs()).then(one.at.cmp(&other.at)));
    found
}

fn judge(history: &[f64], begun: usize, week: usize, at: usize) -> Option<Unusual> {
    let before: Vec<f64> = (1..)
        .map_while(|weeks| at.checked_sub(weeks * week))
        .take_while(|at| *at >= begun)
        .map(|at| history[at])
        .collect();
    if before.len() < WEEKS {
        return None;
    }
    let usual = median(before.clone());
    let distances = before.iter().map(|calls| (calls - usual).abs()).collect();
    let spread = (OF_A_NORMAL * median(distances)).max(usual.max(1.0).sqrt());
    let (calls, distance) = (history[at], history[at] - usual);
    let score = distance / spread;
    (score.abs() >= SPREADS && distance.abs() >= CALLS).then_some(Unusual { at, calls, usual, score })
}

/// Of at least one.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEEK: usize = 168;

    /// Twenty calls an hour by day, with some noise that repeats; none by night.
    fn history(weeks: usize) -> Vec<f64> {
        let calls = |hour: usize| {
            if (8..18).contains(&(hour % 24)) { 20.0 + (hour * 31 % 7) as f64 - 3.0 } else { 0.0 }
        };
        (0..weeks * WEEK).map(calls).collect()
    }

    fn changed(weeks: usize, ago: usize, calls: f64) -> (usize, Vec<f64>) {
        let mut history = history(weeks);
        let at = history.len() - ago;
        history[at] = calls;
        (at, history)
    }

    #[test]
    fn a_usual_week_has_no_unusual_hours() {
        assert_eq!(unusual(&history(6), WEEK, WEEK), []);
    }

    #[test]
    fn a_rush_a_silence_and_a_call_at_night_are_told_apart() {
        // Ten o'clock on the last day.
        let (at, rush) = changed(6, 14, 90.0);
        let found = unusual(&rush, WEEK, WEEK);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].at, found[0].calls), (at, 90.0));
        assert!(found[0].score > 4.0 && (15.0..25.0).contains(&found[0].usual));
        let (at, silence) = changed(6, 14, 0.0);
        let found = unusual(&silence, WEEK, WEEK);
        assert_eq!((found.len(), found[0].at), (1, at));
        assert!(found[0].score < -4.0);
        let (_, night) = changed(6, 22, 2.0);
        assert_eq!(unusual(&night, WEEK, WEEK), [], "two calls are no event");
        let (at, night) = changed(6, 22, 12.0);
        assert_eq!(unusual(&night, WEEK, WEEK)[0].at, at);
    }

    #[test]
    fn the_most_unusual_comes_first_and_older_hours_are_not_asked_for() {
        let (_, mut history) = changed(6, 14, 60.0);
        let worst = history.len() - 15;
        history[worst] = 200.0;
        let old = history.len() - WEEK - 14;
        history[old] = 500.0;
        let found = unusual(&history, WEEK, 24);
        assert_eq!(found.iter().map(|hour| hour.at).collect::<Vec<_>>(), [worst, worst + 1]);
    }

    #[test]
    fn few_weeks_say_nothing() {
        let (_, short) = changed(4, 14, 500.0);
        assert_eq!(unusual(&short, WEEK, WEEK), [], "three weeks before it");
        let young: Vec<f64> = std::iter::repeat_n(0.0, 10 * WEEK).chain(changed(2, 14, 500.0).1).collect();
        assert_eq!(unusual(&young, WEEK, WEEK), [], "what was before the first call is no week");
        assert_eq!(unusual(&[], WEEK, WEEK), []);
    }
}
