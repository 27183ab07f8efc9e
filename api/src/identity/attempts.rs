//! Slows down guessing: so many wrong passwords for one address, then a pause. Kept in memory, so each node counts for
//! itself and a restart forgets; the cost of a guess (see `passwords`) is the other half of the defence.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::email::Email;
use crate::error::{Error, Result};

const ALLOWED: usize = 10;
const WITHIN: TimeDelta = TimeDelta::minutes(5);
/// Addresses remembered at most: a flood of invented ones must not take all memory.
const REMEMBERED: usize = 100_000;

/// When wrong passwords were tried, by address, whether or not somebody has it.
#[derive(Default)]
pub struct Attempts(Mutex<HashMap<String, Vec<DateTime<Utc>>>>);

impl Attempts {
    /// Refuses when too many attempts at this address have failed of late.
    pub fn check(&self, email: &Email, now: DateTime<Utc>) -> Result<()> {
        let failed = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let Some(times) = failed.get(email.as_str()) else { return Ok(()) };
        let recent: Vec<_> = times.iter().filter(|time| **time + WITHIN > now).collect();
        if recent.len() < ALLOWED {
            return Ok(());
        }
        let again = *recent[recent.len() - ALLOWED] + WITHIN;
        Err(Error::TooOften { retry_after: (again - now).to_std().unwrap_or(Duration::ZERO) })
    }

    pub fn failed(&self, email: &Email, now: DateTime<Utc>) {
        let mut failed = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if failed.len() >= REMEMBERED {
            failed.retain(|_, times| times.last().is_some_and(|last| *last + WITHIN > now));
        }
        if failed.len() < REMEMBERED || failed.contains_key(email.as_str()) {
            let times = failed.entry(email.as_str().to_owned()).or_default();
            times.retain(|time| *time + WITHIN > now);
            times.push(now);
        }
    }

    pub fn succeeded(&self, email: &Email) {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).remove(email.as_str());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_ten_wrong_passwords_there_is_a_pause_of_five_minutes_for_that_address() {
        let (attempts, noon): (_, DateTime<Utc>) =
            (Attempts::default(), "2026-03-02T12:00:00Z".parse().unwrap());
        let (ann, bob) = (Email::read("ann@example.com").unwrap(), Email::read("bob@example.com").unwrap());
        for second in 0..10 {
            attempts.check(&ann, noon).unwrap();
            attempts.failed(&ann, noon + TimeDelta::seconds(second));
        }
        let refused = attempts.check(&ann, noon + TimeDelta::seconds(10));
        assert!(
            matches!(refused, Err(Error::TooOften { retry_after }) if retry_after == Duration::from_secs(290))
        );
        attempts.check(&bob, noon + TimeDelta::seconds(10)).unwrap();
        attempts.check(&ann, noon + TimeDelta::seconds(300)).unwrap();
    }

    #[test]
    fn the_right_password_forgets_the_wrong_ones() {
        let (attempts, noon): (_, DateTime<Utc>) =
            (Attempts::default(), "2026-03-02T12:00:00Z".parse().unwrap());
        let ann = Email::read("ann@example.com").unwrap();
        for _ in 0..10 {
            attempts.failed(&ann, noon);
        }
        attempts.succeeded(&ann);
        attempts.check(&ann, noon).unwrap();
    }
}
