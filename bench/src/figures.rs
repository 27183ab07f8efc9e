//! Figures: what was measured, and how it is written down. Owns no measuring.

use std::time::Duration;

/// Durations that were measured, in any order.
#[derive(Clone, Debug, Default)]
pub struct Durations(Vec<Duration>);

impl Durations {
    pub fn add(&mut self, took: Duration) {
        self.0.push(took);
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The smallest one that at least `share` (0 to 1) of all do not exceed (nearest rank); `None` without any.
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "counts are small, and the share is not negative"
        )]
        let rank = (share * sorted.len() as f64).ceil() as usize;
        sorted.get(rank.saturating_sub(1).min(sorted.len().saturating_sub(1))).copied()
    }

    /// p50, p99 and the greatest, as cells.
    pub fn cells(&self) -> [String; 3] {
        [0.5, 0.99, 1.0].map(|share| self.quantile(share).map_or_else(|| "-".to_owned(), milliseconds))
    }
}

impl FromIterator<Duration> for Durations {
    fn from_iter<I: IntoIterator<Item = Duration>>(all: I) -> Self {
        Self(all.into_iter().collect())
    }
}

pub fn milliseconds(took: Duration) -> String {
    let ms = took.as_secs_f64() * 1000.0;
    if ms < 10.0 { format!("{ms:.1} ms") } else { format!("{ms:.0} ms") }
}

pub fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes / 1_000_000)
}

/// Whether an aim was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Reached,
    Missed,
    /// There is no aim for it.
    None,
}

impl Verdict {
    pub fn below(value: f64, limit: f64) -> Self {
        if value < limit { Self::Reached } else { Self::Missed }
    }

    pub fn at_least(value: f64, limit: f64) -> Self {
        if value >= limit { Self::Reached } else { Self::Missed }
    }
}

/// One line of the table.
struct Row {
    what: String,
    value: String,
    aim: String,
    verdict: Verdict,
}

/// What was measured on one database.
pub struct Table {
    title: String,
    rows: Vec<Row>,
}

impl Table {
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), rows: Vec::new() }
    }

    pub fn row(&mut self, what: impl Into<String>, value: impl Into<String>) {
        self.aimed(what, value, "", Verdict::None);
    }

    pub fn aimed(
        &mut self,
        what: impl Into<String>,
        value: impl Into<String>,
        aim: impl Into<String>,
        verdict: Verdict,
    ) {
        self.rows.push(Row { what: what.into(), value: value.into(), aim: aim.into(), verdict });
    }

    pub fn print(&self) {
        let width = |cell: fn(&Row) -> &str| {
            self.rows.iter().map(|row| cell(row).chars().count()).max().unwrap_or_default()
        };
        let (what, value) = (width(|row| &row.what), width(|row| &row.value));
        println!("\n{}\n{}", self.title, "-".repeat(self.title.chars().count()));
        for row in &self.rows {
            let verdict = match row.verdict {
                Verdict::Reached => "reached",
                Verdict::Missed => "MISSED",
                Verdict::None => "",
            };
            let aim = if row.aim.is_empty() { String::new() } else { format!("aim {}: {verdict}", row.aim) };
            let line = format!("{:what$}  {:value$}  {aim}", row.what, row.value);
            println!("{}", line.trim_end());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_one_of_the_measured_ones() {
        let all: Durations = (1..=100).map(Duration::from_millis).collect();
        let ms = |share| all.quantile(share).map(|took| took.as_millis());
        assert_eq!((ms(0.5), ms(0.99), ms(1.0)), (Some(50), Some(99), Some(100)));
        assert_eq!(Durations::default().quantile(0.5), None);
    }
}
