//! How often something may be done: counted in Redis when there is one, so that all nodes count together, and otherwise in
//! this process. Without an answer from Redis this process counts: a limit never stops what it is to protect.
//!
//! A count begins with the first time and ends when its window is over; what comes beyond the limit meanwhile is refused.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};

use crate::config::Settings;
use crate::error::{Error, Result};
use crate::secret::Secret;

/// Counts that are kept here at most: a flood of invented names must not take all memory.
const REMEMBERED: usize = 100_000;
/// How often they are looked through for those that are over: under a flood each look would cost as much as the flood.
const SWEPT: TimeDelta = TimeDelta::seconds(5);
/// What Redis may take; after that this process counts.
const PATIENCE: Duration = Duration::from_millis(250);

/// So many times within so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// As it stands in the names of counts.
    pub name: &'static str,
    /// None is no limit.
    pub allowed: Option<u32>,
    pub within: Duration,
}

impl Rule {
    pub const fn new(name: &'static str, allowed: u32, within: Duration) -> Self {
        Self { name, allowed: Some(allowed), within }
    }

    /// 0 is no limit.
    fn set(name: &'static str, allowed: u32, within: Duration) -> Self {
        Self { name, allowed: Some(allowed).filter(|allowed| *allowed > 0), within }
    }
}

/// Wrong passwords for one account.
pub const SIGN_IN: Rule = Rule::new("sign-in", 5, Duration::from_secs(15 * 60));
/// Wrong passwords from one address, which may be a whole office's.
pub const SIGN_IN_FROM: Rule = Rule::new("sign-in-from", 50, Duration::from_secs(15 * 60));
/// Wrong codes of a second factor.
pub const SECOND_FACTOR: Rule = Rule::new("second-factor", 5, Duration::from_secs(15 * 60));
/// Registrations, each of which is a mail to somebody who may not want it.
pub const REGISTRATION: Rule = Rule::new("registration", 5, Duration::from_secs(3600));
/// Forgotten passwords of one address, each of which is a mail.
pub const FORGOTTEN: Rule = Rule::new("forgotten", 1, Duration::from_secs(60));
pub const FORGOTTEN_OFTEN: Rule = Rule::new("forgotten-often", 5, Duration::from_secs(3600));
/// Addresses that were found to have an account by making a member, for one company.
pub const FOUND_OUT: Rule = Rule::new("found-out", 5, Duration::from_secs(3600));

/// Codes to one telephone number.
pub const PHONE_CODE: Rule = Rule::new("phone-code", 1, Duration::from_secs(60));
pub const PHONE_CODE_OFTEN: Rule = Rule::new("phone-code-often", 5, Duration::from_secs(3600));
/// Wrong codes from one address, which may be a whole office's.
pub const PHONE_TRY_FROM: Rule = Rule::new("phone-try-from", 50, Duration::from_secs(15 * 60));
/// Invitations of one company that are sent to numbers, each of which costs money.
pub const INVITATION_MESSAGE: Rule = Rule::new("invitation-message", 30, Duration::from_secs(3600));
/// Invitations to one number, by whichever companies.
pub const INVITED_OFTEN: Rule = Rule::new("invited-often", 5, Duration::from_secs(3600));

/// The limits that the settings choose.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Requests without credentials, by address.
    pub address: Rule,
    pub user: Rule,
    pub key: Rule,
    pub company: Rule,
    /// Calls that somebody begins.
    pub calls: Rule,
    /// Codes to telephone numbers, by the address that asks for them, and in all.
    pub phone_codes_of_address: Rule,
    pub phone_codes: Rule,
}

impl Rules {
    pub fn of(settings: &Settings) -> Self {
        const MINUTE: Duration = Duration::from_secs(60);
        const HOUR: Duration = Duration::from_secs(3600);
        let limits = &settings.rate_limits;
        Self {
            address: Rule::set("address", limits.requests, limits.window),
            user: Rule::set("user", limits.of_user, MINUTE),
            key: Rule::set("key", limits.of_key, MINUTE),
            company: Rule::set("company", limits.of_company, MINUTE),
            calls: Rule::set("calls", limits.calls, MINUTE),
            phone_codes_of_address: Rule::set("phone-code-from", settings.phone.codes_of_address, HOUR),
            phone_codes: Rule::set("phone-codes", settings.phone.codes_a_day, HOUR * 24),
        }
    }
}

/// How somebody stands after he was counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    pub limit: u32,
    pub remaining: u32,
    /// Until it begins anew.
    pub reset: Duration,
    /// This time was one too many.
    pub exceeded: bool,
}

impl Count {
    fn of(limit: u32, times: u64, reset: Duration) -> Self {
        let used = u32::try_from(times).unwrap_or(u32::MAX);
        Self { limit, remaining: limit.saturating_sub(used), reset, exceeded: used > limit }
    }

    /// # Errors
    /// `TooOften` when this time was one too many.
    pub fn allows(self) -> Result<()> {
        if self.exceeded { Err(Error::TooOften { retry_after: self.reset }) } else { Ok(()) }
    }
}

/// Adds ARGV[1] to a count that ends ARGV[2] milliseconds after it began, and tells it with the milliseconds that are left.
/// One script, so that nobody counts between, and no count is left without an end. Adding nothing begins no count.
const SCRIPT: &str = "
if ARGV[1] == '0' then
  return {tonumber(redis.call('GET', KEYS[1]) or '0'), math.max(redis.call('PTTL', KEYS[1]), 0)}
end
local times = redis.call('INCRBY', KEYS[1], ARGV[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  left = tonumber(ARGV[2])
end
return {times, left}";

pub struct Limiter {
    here: Mutex<Windows>,
    redis: Option<(ConnectionManager, redis::Script)>,
}

#[derive(Debug, Default)]
struct Windows {
    by_name: HashMap<String, Window>,
    swept_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    times: u64,
    until: DateTime<Utc>,
}

impl Limiter {
    /// Connects in the background.
    pub fn new(redis: Option<&Secret>) -> std::result::Result<Self, redis::RedisError> {
        let redis = match redis {
            Some(url) => {
                let config = ConnectionManagerConfig::new()
                    .set_number_of_retries(1)
                    .set_connection_timeout(Some(PATIENCE))
                    .set_response_timeout(Some(PATIENCE));
                let client = redis::Client::open(url.expose())?;
                Some((ConnectionManager::new_lazy_with_config(client, config)?, redis::Script::new(SCRIPT)))
            }
            None => None,
        };
        Ok(Self { here: Mutex::default(), redis })
    }

    /// Counts one time more.
    pub async fn count(&self, rule: Rule, who: &str, now: DateTime<Utc>) -> Option<Count> {
        let limit = rule.allowed?;
        let (times, left) = self.add(rule, who, 1, now).await;
        Some(Count::of(limit, times, left))
    }

    /// Counts one time more, and refuses it when it is one too many.
    pub async fn take(&self, rule: Rule, who: &str, now: DateTime<Utc>) -> Result<()> {
        self.count(rule, who, now).await.map_or(Ok(()), Count::allows)
    }

    /// Refuses when as many as are allowed were counted; counts nothing.
    pub async fn check(&self, rule: Rule, who: &str, now: DateTime<Utc>) -> Result<()> {
        let Some(limit) = rule.allowed else { return Ok(()) };
        let (times, left) = self.add(rule, who, 0, now).await;
        if times >= u64::from(limit) { Err(Error::TooOften { retry_after: left }) } else { Ok(()) }
    }

    /// Begins anew.
    pub async fn forget(&self, rule: Rule, who: &str) {
        let name = name(rule, who);
        self.lock().by_name.remove(&name);
        if let Some((connection, _)) = &self.redis {
            let mut connection = connection.clone();
            let gone: redis::RedisResult<()> =
                redis::cmd("DEL").arg(&name).query_async(&mut connection).await;
            if let Err(error) = gone {
                tracing::debug!(%error, "Redis does not forget a count; it ends by itself");
            }
        }
    }

    async fn add(&self, rule: Rule, who: &str, times: u64, now: DateTime<Utc>) -> (u64, Duration) {
        let name = name(rule, who);
        if let Some((connection, script)) = &self.redis {
            let mut connection = connection.clone();
            let window = u64::try_from(rule.within.as_millis()).unwrap_or(u64::MAX);
            let counted: redis::RedisResult<(u64, u64)> =
                script.key(&name).arg(times).arg(window).invoke_async(&mut connection).await;
            match counted {
                Ok((times, left)) => return (times, Duration::from_millis(left)),
                Err(error) => tracing::debug!(%error, "Redis does not count; this process does"),
            }
        }
        self.add_here(name, rule.within, times, now)
    }

    fn add_here(&self, name: String, within: Duration, times: u64, now: DateTime<Utc>) -> (u64, Duration) {
        let mut windows = self.lock();
        if windows.by_name.len() >= REMEMBERED && windows.swept_at.is_none_or(|at| at + SWEPT <= now) {
            windows.by_name.retain(|_, window| window.until > now);
            windows.swept_at = Some(now);
        }
        let until = now + TimeDelta::from_std(within).unwrap_or(TimeDelta::MAX);
        let known = windows.by_name.get(&name).copied().filter(|window| window.until > now);
        let window = known.unwrap_or(Window { times: 0, until });
        let window = Window { times: window.times + times, ..window };
        if times > 0 && (known.is_some() || windows.by_name.len() < REMEMBERED) {
            windows.by_name.insert(name, window);
        }
        (window.times, (window.until - now).to_std().unwrap_or(Duration::ZERO))
    }

    fn lock(&self) -> MutexGuard<'_, Windows> {
        self.here.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn name(rule: Rule, who: &str) -> String {
    format!("calldocker:rate:{}:{who}", rule.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWICE: Rule = Rule::new("test", 2, Duration::from_secs(10));

    fn noon() -> DateTime<Utc> {
        "2026-03-02T12:00:00Z".parse().unwrap()
    }

    #[tokio::test]
    async fn what_is_beyond_the_limit_is_refused_until_the_window_is_over() {
        let limiter = Limiter::new(None).unwrap();
        for remaining in [1, 0] {
            let count = limiter.count(TWICE, "ann", noon()).await.unwrap();
            assert_eq!((count.remaining, count.exceeded), (remaining, false));
        }
        let late = noon() + TimeDelta::seconds(4);
        let refused = limiter.take(TWICE, "ann", late).await;
        assert!(matches!(refused, Err(Error::TooOften { retry_after }) if retry_after.as_secs() == 6));
        limiter.take(TWICE, "bob", late).await.unwrap();
        limiter.take(TWICE, "ann", noon() + TimeDelta::seconds(10)).await.unwrap();
    }

    #[tokio::test]
    async fn looking_counts_nothing_and_what_is_forgotten_begins_anew() {
        let limiter = Limiter::new(None).unwrap();
        for _ in 0..5 {
            limiter.check(TWICE, "ann", noon()).await.unwrap();
        }
        for _ in 0..2 {
            limiter.take(TWICE, "ann", noon()).await.unwrap();
        }
        assert!(limiter.check(TWICE, "ann", noon()).await.is_err());
        limiter.forget(TWICE, "ann").await;
        limiter.check(TWICE, "ann", noon()).await.unwrap();
    }

    #[tokio::test]
    async fn a_rule_without_a_limit_limits_nothing() {
        let rule = Rule::set("none", 0, Duration::from_secs(1));
        assert_eq!(Limiter::new(None).unwrap().count(rule, "ann", noon()).await, None);
    }
}
