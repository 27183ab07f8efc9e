//! Stretches of time, and the quarters of an hour by which they are counted.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

/// A quarter of an hour of UTC, by its number since 1970. All zones of today lie whole quarters from UTC, so that every
/// interval of every zone is made of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Quarter(pub i32);

impl Quarter {
    pub const SECONDS: i64 = 900;

    /// The one that `moment` lies in.
    pub fn of(moment: DateTime<Utc>) -> Self {
        let number = moment.timestamp().div_euclid(Self::SECONDS);
        Self(i32::try_from(number).unwrap_or(if number < 0 { i32::MIN } else { i32::MAX }))
    }

    /// The first that begins at `moment` or later.
    pub fn at_or_after(moment: DateTime<Utc>) -> Self {
        let quarter = Self::of(moment);
        if quarter.begins() < moment { quarter.next() } else { quarter }
    }

    pub fn begins(self) -> DateTime<Utc> {
        DateTime::from_timestamp(i64::from(self.0) * Self::SECONDS, 0).unwrap_or_default()
    }

    /// Its end, which is not in it.
    pub fn ends(self) -> DateTime<Utc> {
        self.next().begins()
    }

    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    pub fn previous(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

/// From a moment to another, which is not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
}

impl Span {
    /// In whole milliseconds, so that the parts of a span add up to it. What ends before it begins is empty.
    pub fn new(from: DateTime<Utc>, to: DateTime<Utc>) -> Self {
        let (from, to) = (from.trunc_subsecs(3), to.trunc_subsecs(3));
        Self { from, to: to.max(from) }
    }

    /// Whole milliseconds.
    pub fn ms(self) -> u64 {
        u64::try_from((self.to - self.from).num_milliseconds()).unwrap_or_default()
    }

    pub fn is_empty(self) -> bool {
        self.from >= self.to
    }

    /// What both have.
    pub fn and(self, other: Self) -> Self {
        Self::new(self.from.max(other.from), self.to.min(other.to))
    }

    /// Its parts by quarter, in order; none of an empty one.
    pub fn by_quarter(self) -> impl Iterator<Item = (Quarter, Self)> {
        let first = Quarter::of(self.from);
        let last = Quarter::of(self.to - TimeDelta::nanoseconds(1));
        let numbers = (!self.is_empty()).then_some(first.0..=last.0);
        numbers.into_iter().flatten().map(move |number| {
            let quarter = Quarter(number);
            (quarter, self.and(Self::new(quarter.begins(), quarter.ends())))
        })
    }
}

/// Spans without what they share, in order.
pub(crate) fn union(mut spans: Vec<Span>) -> Vec<Span> {
    spans.retain(|span| !span.is_empty());
    spans.sort_unstable();
    let mut whole: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match whole.last_mut() {
            Some(last) if span.from <= last.to => last.to = last.to.max(span.to),
            Some(_) | None => whole.push(span),
        }
    }
    whole
}

/// What of `spans` is in none of `without`; both are unions.
pub(crate) fn minus(spans: &[Span], without: &[Span]) -> Vec<Span> {
    let mut left = Vec::new();
    for span in spans {
        let mut from = span.from;
        for gone in without.iter().filter(|gone| !gone.and(*span).is_empty()) {
            left.push(Span::new(from, gone.from));
            from = gone.to.max(from);
        }
        left.push(Span::new(from, span.to));
    }
    left.retain(|span| !span.is_empty());
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(minute * 60, 0).unwrap()
    }

    fn span(from: i64, to: i64) -> Span {
        Span::new(at(from), at(to))
    }

    #[test]
    fn a_span_is_cut_at_quarters() {
        let parts: Vec<_> =
            span(10, 46).by_quarter().map(|(quarter, part)| (quarter.0, part.ms() / 60_000)).collect();
        assert_eq!(parts, [(0, 5), (1, 15), (2, 15), (3, 1)]);
        assert_eq!(span(15, 30).by_quarter().count(), 1, "its end is not in it");
        assert_eq!(span(15, 15).by_quarter().count(), 0);
        assert_eq!(span(20, 10).ms(), 0);
    }

    #[test]
    fn parts_add_up_whatever_the_moments_are() {
        let moment = |micros: i64| at(14) + TimeDelta::microseconds(micros);
        let whole = Span::new(moment(999), moment(90_000_600));
        let cut = moment(700);
        assert_eq!(whole.ms(), 90_000);
        assert_eq!(whole.by_quarter().map(|(_, part)| part.ms()).sum::<u64>(), 90_000);
        let [before, after] = [Span::new(whole.from, cut), Span::new(cut, whole.to)];
        assert_eq!(before.ms() + after.ms(), 90_000);
    }

    #[test]
    fn what_overlaps_counts_once() {
        let whole = union(vec![span(5, 8), span(0, 3), span(2, 4), span(8, 9), span(7, 7)]);
        assert_eq!(whole, [span(0, 4), span(5, 9)]);
        assert_eq!(
            minus(&whole, &[span(1, 2), span(3, 6), span(8, 20)]),
            [span(0, 1), span(2, 3), span(6, 8)]
        );
        assert_eq!(minus(&whole, &[]), whole);
    }

    #[test]
    fn quarters_go_back_before_1970() {
        assert_eq!(Quarter::of(at(-1)), Quarter(-1));
        assert_eq!(Quarter::at_or_after(at(0)), Quarter(0));
        assert_eq!(Quarter::at_or_after(at(1)), Quarter(1));
    }
}
