//! What goes wrong on request: late, doubled, reordered and lost callbacks, slow or failing webhooks, a REST API that
//! is slow, refuses, breaks, or takes effect without saying so.
//!
//! Owns the dice: one seeded generator, so that the same run goes wrong in the same places.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde::{Deserialize, Serialize};

use crate::script::seconds;

/// All faults; none by default. The first that matches and whose dice fall decides.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    pub seed: u64,
    pub callbacks: Vec<CallbackFault>,
    pub webhooks: Vec<WebhookFault>,
    pub rest: Vec<RestFault>,
    pub redirected_reply: RedirectedReply,
}

/// Which status callbacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallbackKind {
    Call,
    Conference,
    Recording,
    Message,
}

/// A fault of status callbacks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallbackFault {
    /// All kinds when absent.
    #[serde(default)]
    pub of: Option<CallbackKind>,
    /// The event's name (`completed`, `participant-join`, …); all when absent.
    #[serde(default)]
    pub event: Option<String>,
    pub does: CallbackEffect,
    /// 0..1.
    #[serde(default = "always")]
    pub probability: f64,
    /// How often at most; without limit when absent.
    #[serde(default)]
    pub times: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallbackEffect {
    /// So many seconds late; those of the same call behind it wait.
    Late(f64),
    Double,
    /// Up to two seconds late while those behind it go ahead.
    Reorder,
    Lost,
}

/// A fault of requests for TwiML and of verbs' actions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookFault {
    /// A part of the URL; all when absent.
    #[serde(default)]
    pub url: Option<String>,
    pub does: WebhookEffect,
    #[serde(default = "always")]
    pub probability: f64,
    #[serde(default)]
    pub times: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookEffect {
    /// The answer takes so many seconds more. Over the limit it arrives at the customer all the same and its answer
    /// is thrown away.
    Slow(f64),
    /// Does not arrive (11205).
    Unreachable,
    /// Arrives twice; the second answer counts.
    Double,
}

/// A fault of the REST API.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestFault {
    /// All when absent.
    #[serde(default)]
    pub method: Option<String>,
    /// A part of the path; all when absent.
    #[serde(default)]
    pub path: Option<String>,
    pub does: RestEffect,
    #[serde(default = "always")]
    pub probability: f64,
    #[serde(default)]
    pub times: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestEffect {
    /// Answers after so many seconds. In simulated time only for a client that holds no [`clock::Busy`] guard.
    Slow(f64),
    /// 500 without effect.
    ServerError,
    /// 429 without effect, with `Retry-After` in seconds.
    TooManyRequests { retry_after: u32 },
    /// Takes effect, and the connection breaks instead of an answer.
    ReplyLost,
    /// Takes effect, and the connection breaks in the middle of the answer.
    CutShort,
}

/// What becomes of the document with which an `<Enqueue>` action answers `QueueResult=redirected`. Twilio does not
/// document it; a customer should be right either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RedirectedReply {
    #[default]
    Ignored,
    /// It is executed in place of the one that the call was redirected to.
    Executed,
}

fn always() -> f64 {
    1.0
}

impl CallbackFault {
    /// Always, for callbacks of one kind.
    pub fn of(kind: CallbackKind, does: CallbackEffect) -> Self {
        Self { of: Some(kind), event: None, does, probability: 1.0, times: None }
    }
}

impl RestFault {
    /// The next request with this method and this part of the path.
    pub fn once(method: &str, path: &str, does: RestEffect) -> Self {
        Self { method: Some(method.into()), path: Some(path.into()), does, probability: 1.0, times: Some(1) }
    }
}

impl WebhookFault {
    /// The next request to this part of a URL.
    pub fn once(url: &str, does: WebhookEffect) -> Self {
        Self { url: Some(url.into()), does, probability: 1.0, times: Some(1) }
    }
}

/// The faults in force and their dice.
pub(crate) struct Dice(Mutex<Inner>);

struct Inner {
    faults: Faults,
    rng: StdRng,
}

impl Dice {
    pub(crate) fn new(faults: Faults) -> Self {
        let rng = StdRng::seed_from_u64(faults.seed);
        Self(Mutex::new(Inner { faults, rng }))
    }

    pub(crate) fn set(&self, faults: Faults) {
        let mut inner = self.lock();
        inner.rng = StdRng::seed_from_u64(faults.seed);
        inner.faults = faults;
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub(crate) fn callback(&self, kind: CallbackKind, event: &str) -> Option<CallbackEffect> {
        let Inner { faults, rng } = &mut *self.lock();
        faults.callbacks.iter_mut().find_map(|fault| {
            let meant =
                fault.of.is_none_or(|of| of == kind) && fault.event.as_deref().is_none_or(|e| e == event);
            (meant && fall(rng, fault.probability, &mut fault.times)).then_some(fault.does)
        })
    }

    pub(crate) fn webhook(&self, url: &str) -> Option<WebhookEffect> {
        let Inner { faults, rng } = &mut *self.lock();
        faults.webhooks.iter_mut().find_map(|fault| {
            let meant = fault.url.as_deref().is_none_or(|part| url.contains(part));
            (meant && fall(rng, fault.probability, &mut fault.times)).then_some(fault.does)
        })
    }

    pub(crate) fn rest(&self, method: &str, path: &str) -> Option<RestEffect> {
        let Inner { faults, rng } = &mut *self.lock();
        faults.rest.iter_mut().find_map(|fault| {
            let meant = fault.method.as_deref().is_none_or(|m| m.eq_ignore_ascii_case(method))
                && fault.path.as_deref().is_none_or(|part| path.contains(part));
            (meant && fall(rng, fault.probability, &mut fault.times)).then_some(fault.does)
        })
    }

    pub(crate) fn redirected_reply(&self) -> RedirectedReply {
        self.lock().faults.redirected_reply
    }

    /// Up to two seconds.
    pub(crate) fn shuffle(&self) -> Duration {
        seconds(self.lock().rng.random_range(0.1..2.0))
    }
}

fn fall(rng: &mut StdRng, probability: f64, times: &mut Option<u32>) -> bool {
    if *times == Some(0) || !rng.random_bool(probability.clamp(0.0, 1.0)) {
        return false;
    }
    if let Some(times) = times {
        *times -= 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost(probability: f64, times: Option<u32>) -> Faults {
        let fault = CallbackFault {
            probability,
            times,
            ..CallbackFault::of(CallbackKind::Call, CallbackEffect::Lost)
        };
        Faults { seed: 7, callbacks: vec![fault], ..Faults::default() }
    }

    #[test]
    fn the_same_seed_goes_wrong_in_the_same_places() {
        let run = || {
            let dice = Dice::new(lost(0.5, None));
            (0..64).map(|_| dice.callback(CallbackKind::Call, "completed").is_some()).collect::<Vec<_>>()
        };
        let first = run();
        assert_eq!(first, run());
        assert!(first.contains(&true) && first.contains(&false), "half of them should be lost: {first:?}");
    }

    #[test]
    fn a_fault_ends_after_its_times_and_keeps_to_its_kind() {
        let dice = Dice::new(lost(1.0, Some(2)));
        assert_eq!(dice.callback(CallbackKind::Conference, "participant-join"), None);
        let lost = (0..5).filter(|_| dice.callback(CallbackKind::Call, "ringing").is_some()).count();
        assert_eq!(lost, 2);
    }
}
