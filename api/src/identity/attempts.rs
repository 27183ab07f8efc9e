//! Slows down guessing, and having us write to others: so many attempts for one address, then a pause. Kept in memory, so
//! each node counts for itself and a restart forgets; of guessing the cost (see `passwords`) is the other half of the
//! defence.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::email::Email;
use crate::error::{Error, Result};

/// Addresses remembered at most: a flood of invented ones must not take all memory.
const REMEMBERED: usize = 100_000;

/// When something was tried of late, by address, whether or not somebody has it.
pub struct Attempts {
    allowed: usize,
    within: TimeDelta,
    times: Mutex<HashMap<String, Vec<DateTime<Utc>>>>,
}

impl Attempts {
    /// Wrong passwords.
    pub fn at_signing_in() -> Self {
        Self::allowing(10, TimeDelta::minutes(5))
    }

    /// Registrations, each of which is a mail to somebody who may not want it.
    pub fn at_registering() -> Self {
        Self::allowing(5, TimeDelta::hours(1))
    }

    fn allowing(allowed: usize, within: TimeDelta) -> Self {
        Self { allowed, within, times: Mutex::default() }
    }

    /// Refuses when there were too many attempts at this address of late.
    pub fn check(&self, email: &Email, now: DateTime<Utc>) -> Result<()> {
        let all = self.lock();
        let Some(times) = all.get(email.as_str()) else { return Ok(()) };
        let recent: Vec<_> = times.iter().filter(|time| **time + self.within > now).collect();
        if recent.len() < self.allowed {
            return Ok(());
        }
        let again = *recent[recent.len() - self.allowed] + self.within;
        Err(Error::TooOften { retry_after: (again - now).to_std().unwrap_or(Duration::ZERO) })
    }

    /// Counts an attempt.
    pub fn count(&self, email: &Email, now: DateTime<Utc>) {
        let mut all = self.lock();
        if all.len() >= REMEMBERED {
            all.retain(|_, times| times.last().is_some_and(|last| *last + self.within > now));
        }
        if all.len() < REMEMBERED || all.contains_key(email.as_str()) {
            let times = all.entry(email.as_str().to_owned()).or_default();
            times.retain(|time| *time + self.within > now);
            times.push(now);
        }
    }

    /// Forgets the attempts at this address.
    pub fn forget(&self, email: &Email) {
        self.lock().remove(email.as_str());
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Vec<DateTime<Utc>>>> {
        self.times.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_ten_wrong_passwords_there_is_a_pause_of_five_minutes_for_that_address() {
        let (attempts, noon): (_, DateTime<Utc>) =
            (Attempts::at_signing_in(), "2026-03-02T12:00:00Z".parse().unwrap());
        let (ann, bob) = (Email::read("ann@example.com").unwrap(), Email::read("bob@example.com").unwrap());
        for second in 0..10 {
            attempts.check(&ann, noon).unwrap();
            attempts.count(&ann, noon + TimeDelta::seconds(second));
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
            (Attempts::at_signing_in(), "2026-03-02T12:00:00Z".parse().unwrap());
        let ann = Email::read("ann@example.com").unwrap();
        for _ in 0..10 {
            attempts.count(&ann, noon);
        }
        attempts.forget(&ann);
        attempts.check(&ann, noon).unwrap();
    }
}
