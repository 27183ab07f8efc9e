//! One clock for everything that waits.
//!
//! The server and the carrier look-alike never ask the machine for the time and never sleep by themselves: they ask
//! this clock. In production it is the machine's. In tests it is a simulated one that both share in one process: it
//! stands still while anything is in flight (a [`Busy`] guard is held) and jumps to the next deadline when nothing is,
//! so that an hour of a call passes in a second and every run sees the same times.
//!
//! Rules that make the jump safe:
//! * whoever does work that is not waiting for the clock holds a [`Busy`] guard while he does it;
//! * work is handed over with a [`Signal`], which keeps the guard alive until the receiver has taken it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use tokio::sync::{Notify, oneshot};

/// A handle on the clock; cheap to clone, all clones are the same clock.
#[derive(Clone)]
pub struct Clock(Kind);

#[derive(Clone)]
enum Kind {
    Machine,
    Simulated(Arc<Simulation>),
}

struct Simulation {
    state: Mutex<State>,
    /// Told whenever something may have become idle or a deadline was added.
    changed: Notify,
}

struct State {
    now: DateTime<Utc>,
    busy: usize,
    /// Deadline and order of arrival, so that those with the same deadline wake in the order in which they began.
    sleepers: BTreeMap<(DateTime<Utc>, u64), oneshot::Sender<Busy>>,
    next_sleeper: u64,
    /// Nothing beyond this moment happens until [`Clock::advance`] allows it.
    horizon: DateTime<Utc>,
}

impl Clock {
    /// The machine's clock.
    pub fn machine() -> Self {
        Self(Kind::Machine)
    }

    /// A clock that begins at `start` and moves only when [`Clock::advance`] is called.
    pub fn simulated(start: DateTime<Utc>) -> Self {
        let start = start.trunc_subsecs(3);
        let state = State { now: start, busy: 0, sleepers: BTreeMap::new(), next_sleeper: 0, horizon: start };
        Self(Kind::Simulated(Arc::new(Simulation { state: Mutex::new(state), changed: Notify::new() })))
    }

    /// Now, in whole milliseconds: what both databases keep without loss.
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            Kind::Machine => {
                #[expect(clippy::disallowed_methods, reason = "the one place that asks the machine")]
                let now = Utc::now();
                now.trunc_subsecs(3)
            }
            Kind::Simulated(sim) => sim.lock().now,
        }
    }

    /// Returns at `deadline`, at once when it has passed. A simulated clock hands the sleeper a [`Busy`] guard on
    /// waking, so that time stands still while he works; keep it as long as the work lasts.
    pub async fn sleep_until(&self, deadline: DateTime<Utc>) -> Busy {
        match &self.0 {
            Kind::Machine => {
                let wait = (deadline - self.now()).to_std().unwrap_or(Duration::ZERO);
                #[expect(clippy::disallowed_methods, reason = "the one place that sleeps")]
                tokio::time::sleep(wait).await;
                Busy(None)
            }
            Kind::Simulated(sim) => {
                let (key, woken) = {
                    let mut state = sim.lock();
                    if deadline <= state.now {
                        state.busy += 1;
                        return Busy(Some(sim.clone()));
                    }
                    let key = (deadline, state.next_sleeper);
                    state.next_sleeper += 1;
                    let (wake, woken) = oneshot::channel();
                    state.sleepers.insert(key, wake);
                    (key, woken)
                };
                let registered = Sleeper { sim, key };
                sim.changed.notify_waiters();
                let guard = woken.await.expect("the clock lives as long as its handles");
                std::mem::forget(registered);
                guard
            }
        }
    }

    /// [`Clock::sleep_until`] counted from now.
    pub async fn sleep(&self, wait: Duration) -> Busy {
        self.sleep_until(self.now() + TimeDelta::from_std(wait).unwrap_or(TimeDelta::MAX)).await
    }

    /// The future's output, or `None` when `limit` passes first.
    pub async fn timeout<F: Future>(&self, limit: Duration, future: F) -> Option<F::Output> {
        tokio::select! {
            biased;
            output = future => Some(output),
            _ = self.sleep(limit) => None,
        }
    }

    /// Time stands still while the guard lives. Free on the machine's clock.
    pub fn busy(&self) -> Busy {
        match &self.0 {
            Kind::Machine => Busy(None),
            Kind::Simulated(sim) => {
                sim.lock().busy += 1;
                Busy(Some(sim.clone()))
            }
        }
    }

    /// Lets simulated time run for `span`: waits until nothing is in flight, jumps to the next deadline, wakes that
    /// sleeper, and so on; returns when the span is over and all is still. The caller must hold no [`Busy`] guard.
    ///
    /// # Panics
    /// On the machine's clock.
    pub async fn advance(&self, span: Duration) {
        let sim = self.simulation();
        let target = sim.lock().now + TimeDelta::from_std(span).expect("a span of human length");
        self.advance_to(target).await;
    }

    /// [`Clock::advance`] to a moment.
    pub async fn advance_to(&self, target: DateTime<Utc>) {
        let sim = self.simulation();
        sim.lock().horizon = target;
        loop {
            self.still().await;
            let mut state = sim.lock();
            if state.busy > 0 {
                continue;
            }
            match state.sleepers.first_key_value().map(|(key, _)| *key) {
                Some(key) if key.0 <= target => {
                    let wake = state.sleepers.remove(&key).expect("just seen");
                    state.now = state.now.max(key.0);
                    state.busy += 1;
                    drop(state);
                    // A sleeper that went away meanwhile drops the guard at once.
                    let _ = wake.send(Busy(Some(sim.clone())));
                }
                Some(_) | None => {
                    state.now = state.now.max(target);
                    return;
                }
            }
        }
    }

    /// Waits until nothing is in flight, without moving time. A few rounds of yielding let tasks that have just been
    /// made runnable take their guard first.
    pub async fn still(&self) {
        let sim = self.simulation();
        let mut quiet = 0;
        while quiet < 8 {
            let changed = sim.changed.notified();
            if sim.lock().busy > 0 {
                quiet = 0;
                changed.await;
            } else {
                quiet += 1;
                drop(changed);
                tokio::task::yield_now().await;
            }
        }
    }

    fn simulation(&self) -> &Arc<Simulation> {
        match &self.0 {
            Kind::Simulated(sim) => sim,
            Kind::Machine => panic!("only a simulated clock can be moved"),
        }
    }
}

impl Simulation {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Removes a sleeper whose future was dropped before it woke.
struct Sleeper<'a> {
    sim: &'a Simulation,
    key: (DateTime<Utc>, u64),
}

impl Drop for Sleeper<'_> {
    fn drop(&mut self) {
        self.sim.lock().sleepers.remove(&self.key);
    }
}

/// Something is in flight: a simulated clock stands still while this lives.
#[must_use = "time moves on as soon as the guard is dropped"]
pub struct Busy(Option<Arc<Simulation>>);

impl Drop for Busy {
    fn drop(&mut self) {
        if let Some(sim) = self.0.take() {
            sim.lock().busy -= 1;
            sim.changed.notify_waiters();
        }
    }
}

impl SignalInner {
    fn lock(&self) -> MutexGuard<'_, SignalState> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// A wake-up that does not get lost and that keeps a simulated clock still until it has been received.
#[derive(Clone)]
pub struct Signal(Arc<SignalInner>);

struct SignalInner {
    clock: Clock,
    state: Mutex<SignalState>,
    notify: Notify,
}

#[derive(Default)]
struct SignalState {
    pending: Option<Busy>,
    /// Somebody has begun to receive. Before that a signal holds no clock: nobody may ever come.
    received: bool,
}

impl Signal {
    pub fn new(clock: &Clock) -> Self {
        Self(Arc::new(SignalInner { clock: clock.clone(), state: Mutex::default(), notify: Notify::new() }))
    }

    /// Wakes the receiver, now or when it next waits; several calls before that are one.
    pub fn raise(&self) {
        let mut state = self.0.lock();
        if state.pending.is_none() {
            state.pending = Some(if state.received { self.0.clock.busy() } else { Busy(None) });
            self.0.notify.notify_one();
        }
    }

    /// Waits for the next [`Signal::raise`]. For one receiver.
    pub async fn raised(&self) -> Busy {
        loop {
            {
                let mut state = self.0.lock();
                state.received = true;
                if let Some(guard) = state.pending.take() {
                    return guard;
                }
            }
            self.0.notify.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> DateTime<Utc> {
        "2026-03-02T12:00:00Z".parse().unwrap()
    }

    #[tokio::test]
    async fn an_hour_passes_at_once_when_nothing_is_in_flight() {
        let clock = Clock::simulated(noon());
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move {
                let _busy = clock.sleep(Duration::from_secs(1800)).await;
                clock.now()
            }
        });
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(3600)).await;
        assert_eq!(sleeper.await.unwrap(), noon() + TimeDelta::minutes(30));
        assert_eq!(clock.now(), noon() + TimeDelta::hours(1));
    }

    #[tokio::test]
    async fn time_stands_still_while_work_is_in_flight() {
        let clock = Clock::simulated(noon());
        let work = clock.busy();
        let advance = tokio::spawn({
            let clock = clock.clone();
            async move { clock.advance(Duration::from_secs(1)).await }
        });
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert_eq!(clock.now(), noon());
        drop(work);
        advance.await.unwrap();
        assert_eq!(clock.now(), noon() + TimeDelta::seconds(1));
    }

    #[tokio::test]
    async fn a_signal_raised_before_anyone_waits_is_received_and_holds_the_clock() {
        let clock = Clock::simulated(noon());
        let signal = Signal::new(&clock);
        assert!(
            tokio::time::timeout(Duration::from_millis(1), signal.raised()).await.is_err(),
            "nobody raised it"
        );
        signal.raise();
        signal.raise();
        let advance = tokio::spawn({
            let clock = clock.clone();
            async move { clock.advance(Duration::from_secs(1)).await }
        });
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert_eq!(clock.now(), noon());
        drop(signal.raised().await);
        advance.await.unwrap();
        assert_eq!(clock.now(), noon() + TimeDelta::seconds(1));
    }

    #[tokio::test]
    async fn a_dropped_sleeper_is_forgotten() {
        let clock = Clock::simulated(noon());
        assert!(clock.timeout(Duration::from_secs(5), async { 1 }).await.is_some());
        assert!(
            tokio::time::timeout(Duration::from_millis(1), clock.sleep(Duration::from_secs(5)))
                .await
                .is_err()
        );
        clock.advance(Duration::from_secs(10)).await;
        assert_eq!(clock.now(), noon() + TimeDelta::seconds(10));
    }
}
