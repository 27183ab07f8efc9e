//! What the next week brings, by what past weeks have brought.
//!
//! The history is taken apart into a trend, the shape of a day and the shape of a week (MSTL: Bandara, Hyndman, Bergmeir 2021;
//! STL: Cleveland and others 1990), and the next week is the trend's end with both shapes on it. The level is not drawn out
//! into the future: a line that rises would rise for ever.

use stlrs::Mstl;

/// Weeks of history at least: with one, nothing tells a shape from a chance.
pub const WEEKS: usize = 2;
/// Calls in all at least.
pub const CALLS: f64 = 50.0;
/// Nine of ten intervals lie between the bounds: the normal distribution's 95th percentile.
const NINE_OF_TEN: f64 = 1.645;

/// What is expected of one interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Expected {
    pub calls: f64,
    /// Nine of ten such intervals lie between the two.
    pub low: f64,
    pub high: f64,
}

/// There is no telling.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TooLittle {
    /// So many intervals since the first call, and so many are needed.
    Intervals { have: usize, need: usize },
    /// So many calls, and so many are needed.
    Calls { have: f64, need: f64 },
}

/// The intervals of the week that follows `history`: calls an interval, oldest first, of equal length, `day` of them a day.
///
/// # Errors
/// When there are too few weeks, or too few calls. What lies before the first call is no history.
pub fn next_week(history: &[f64], day: usize) -> Result<Vec<Expected>, TooLittle> {
    let week = 7 * day;
    let begun = history.iter().position(|calls| *calls > 0.0).unwrap_or(history.len());
    let history = &history[begun..];
    let need = WEEKS * week;
    if history.len() < need || day < 2 {
        return Err(TooLittle::Intervals { have: history.len(), need });
    }
    let all: f64 = history.iter().sum();
    if all < CALLS {
        return Err(TooLittle::Calls { have: all, need: CALLS });
    }
    let too_little = |_| TooLittle::Intervals { have: history.len(), need };
    let parts = Mstl::fit(history, &[day, week]).map_err(too_little)?;
    let shapes = parts.seasonal();
    let end = history.len();
    let level = parts.trend().last().copied().unwrap_or_default();
    let scatter = scatter(history, parts.remainder());
    let expected = (0..week).map(|ahead| {
        let shape: f64 =
            shapes.iter().zip([day, week]).map(|(shape, period)| shape[end - period + ahead % period]).sum();
        let calls = (level + shape).max(0.0);
        let width = NINE_OF_TEN * (scatter * calls).sqrt();
        Expected { calls, low: (calls - width).max(0.0), high: calls + width }
    });
    Ok(expected.collect())
}

/// How many times as large as Poisson's, for which it is the number of calls itself, the variance was; never less than that.
fn scatter(history: &[f64], remainder: &[f64]) -> f64 {
    let ratios = history.iter().zip(remainder).map(|(calls, rest)| {
        let fitted = (calls - rest).max(1.0);
        rest * rest / fitted
    });
    let count = u32::try_from(history.len()).unwrap_or(u32::MAX);
    (ratios.sum::<f64>() / f64::from(count.max(1))).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: usize = 48;
    const WEEK: usize = 7 * DAY;

    /// Busy from eight to six on five days, with a hump at ten.
    fn pattern(slot: usize) -> f64 {
        let (day, hour) = (slot % WEEK / DAY, (slot % DAY) as f64 / 2.0);
        if day >= 5 || !(8.0..18.0).contains(&hour) { 0.0 } else { 30.0 - (hour - 10.0).abs() * 2.0 }
    }

    fn weeks(count: usize, factor: impl Fn(usize) -> f64) -> Vec<f64> {
        (0..count * WEEK).map(|slot| (pattern(slot) * factor(slot)).round()).collect()
    }

    fn worst(forecast: &[Expected], factor: f64) -> f64 {
        forecast
            .iter()
            .enumerate()
            .map(|(slot, expected)| (expected.calls - pattern(slot) * factor).abs())
            .fold(0.0, f64::max)
    }

    #[test]
    fn what_has_come_each_week_comes_again() {
        let forecast = next_week(&weeks(4, |_| 1.0), DAY).unwrap();
        assert_eq!(forecast.len(), WEEK);
        assert!(worst(&forecast, 1.0) < 1.5, "{}", worst(&forecast, 1.0));
        let ten = &forecast[20];
        assert!(ten.low < ten.calls && ten.calls < ten.high && ten.low > 15.0 && ten.high < 45.0, "{ten:?}");
        assert!(forecast.iter().all(|slot| slot.low >= 0.0 && slot.calls >= 0.0));
    }

    #[test]
    fn one_strange_day_is_not_expected_again() {
        let strange = |slot: usize| if (2 * WEEK..2 * WEEK + DAY).contains(&slot) { 3.0 } else { 1.0 };
        let forecast = next_week(&weeks(6, strange), DAY).unwrap();
        let ten_on_monday = forecast[20].calls;
        assert!((25.0..45.0).contains(&ten_on_monday), "{ten_on_monday}");
    }

    #[test]
    fn a_level_that_has_changed_is_followed() {
        let grown = |slot: usize| 1.0 + (slot / WEEK) as f64 * 0.1;
        let forecast = next_week(&weeks(8, grown), DAY).unwrap();
        let sum: f64 = forecast.iter().map(|slot| slot.calls).sum();
        let last: f64 = weeks(8, grown)[7 * WEEK..].iter().sum();
        assert!((sum / last - 1.0).abs() < 0.15, "{sum} after {last}");
    }

    #[test]
    fn a_history_that_does_not_end_with_a_week_is_continued() {
        let history = weeks(5, |_| 1.0);
        let cut = 3 * WEEK + 2 * DAY + 5;
        let forecast = next_week(&history[..cut], DAY).unwrap();
        let off =
            (0..WEEK).map(|ahead| (forecast[ahead].calls - pattern(cut + ahead)).abs()).fold(0.0, f64::max);
        assert!(off < 2.0, "{off}");
    }

    #[test]
    fn too_little_is_said() {
        let need = 2 * WEEK;
        assert_eq!(next_week(&[], DAY), Err(TooLittle::Intervals { have: 0, need }));
        let nothing = vec![0.0; 10 * WEEK];
        assert_eq!(next_week(&nothing, DAY), Err(TooLittle::Intervals { have: 0, need }));
        // Eight weeks, of which seven were before the first call.
        let young: Vec<f64> = std::iter::repeat_n(0.0, 7 * WEEK).chain(weeks(1, |_| 1.0)).collect();
        assert_eq!(next_week(&young, DAY), Err(TooLittle::Intervals { have: WEEK - 16, need }));
        let mut few = vec![0.0; 3 * WEEK];
        few[0] = 4.0;
        few[900] = 3.0;
        assert_eq!(next_week(&few, DAY), Err(TooLittle::Calls { have: 7.0, need: CALLS }));
    }

    #[test]
    fn the_same_history_gives_the_same_week() {
        let history = weeks(4, |slot| 1.0 + (slot * 7919 % 13) as f64 / 20.0);
        assert_eq!(next_week(&history, DAY).unwrap(), next_week(&history, DAY).unwrap());
    }
}
