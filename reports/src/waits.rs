//! How long callers waited, exactly enough for every threshold of whole seconds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// So many waited so long, by seconds rounded up: a wait is within X seconds exactly when it stands at X or below.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Waits(BTreeMap<u32, u64>);

impl Waits {
    pub fn note(&mut self, wait_ms: u64) {
        let seconds = u32::try_from(wait_ms.div_ceil(1000)).unwrap_or(u32::MAX);
        *self.0.entry(seconds).or_default() += 1;
    }

    pub fn count(&self) -> u64 {
        self.0.values().sum()
    }

    /// How many waited so many seconds or less.
    pub fn within(&self, seconds: u32) -> u64 {
        self.0.range(..=seconds).map(|(_, count)| count).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn add(&mut self, other: &Self) {
        for (seconds, count) in &other.0 {
            *self.0.entry(*seconds).or_default() += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_of_the_threshold_is_within_it_and_a_millisecond_more_is_not() {
        let mut waits = Waits::default();
        for ms in [0, 1, 20_000, 20_001] {
            waits.note(ms);
        }
        assert_eq!((waits.within(0), waits.within(1), waits.within(20), waits.within(21)), (1, 2, 3, 4));
        assert_eq!(serde_json::to_string(&waits).unwrap(), r#"{"0":1,"1":1,"20":1,"21":1}"#);
    }
}
