//! How many events a socket may send: a token bucket. Time is an argument.

use chrono::{DateTime, Utc};

/// Events a second in the long run.
const RATE: i64 = 20;
/// Events at once after a silence.
const BURST: i64 = 40;
/// A token in thousandths: with `RATE` a second, a millisecond brings `RATE` of them.
const TOKEN: i64 = 1000;

#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    thousandths: i64,
    filled_at: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    Yes,
    /// The bucket is empty.
    No,
}

impl Bucket {
    pub fn full(now: DateTime<Utc>) -> Self {
        Self { thousandths: BURST * TOKEN, filled_at: now }
    }

    pub fn take(&mut self, now: DateTime<Utc>) -> Taken {
        let passed = (now - self.filled_at).num_milliseconds().max(0);
        self.filled_at = self.filled_at.max(now);
        self.thousandths = passed.saturating_mul(RATE).saturating_add(self.thousandths).min(BURST * TOKEN);
        if self.thousandths < TOKEN {
            return Taken::No;
        }
        self.thousandths -= TOKEN;
        Taken::Yes
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn noon() -> DateTime<Utc> {
        "2026-03-02T12:00:00Z".parse().unwrap()
    }

    fn taken(bucket: &mut Bucket, now: DateTime<Utc>, tries: usize) -> usize {
        (0..tries).filter(|_| bucket.take(now) == Taken::Yes).count()
    }

    #[test]
    fn forty_at_once_then_twenty_a_second() {
        let mut bucket = Bucket::full(noon());
        assert_eq!(taken(&mut bucket, noon(), 100), 40);
        assert_eq!(taken(&mut bucket, noon() + TimeDelta::milliseconds(49), 10), 0);
        assert_eq!(taken(&mut bucket, noon() + TimeDelta::milliseconds(50), 10), 1);
        assert_eq!(taken(&mut bucket, noon() + TimeDelta::milliseconds(1050), 100), 20);
    }

    #[test]
    fn a_silence_of_any_length_fills_it_and_no_more() {
        let mut bucket = Bucket::full(noon());
        assert_eq!(taken(&mut bucket, noon(), 40), 40);
        assert_eq!(taken(&mut bucket, noon() + TimeDelta::days(300_000), 100), 40);
    }

    #[test]
    fn a_clock_that_is_set_back_gives_nothing_twice() {
        let mut bucket = Bucket::full(noon());
        assert_eq!(taken(&mut bucket, noon(), 40), 40);
        assert_eq!(taken(&mut bucket, noon() - TimeDelta::seconds(5), 1), 0);
        assert_eq!(taken(&mut bucket, noon(), 1), 0);
    }
}
