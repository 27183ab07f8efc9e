//! Status callbacks: requests whose replies mean nothing, in order within a lane (a call's, a conference's), and out
//! of it when a fault asks for that.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use clock::Busy;
use twilio::signature::Channel;

use crate::faults::{CallbackEffect, CallbackKind};
use crate::leg::Leg;
use crate::script::seconds;
use crate::state::Shared;
use crate::transcript::LineKind;
use crate::twiml::{Link, Method};
use crate::webhook::{Params, released};

/// A callback to be sent.
pub(crate) struct Callback {
    pub kind: CallbackKind,
    pub event: String,
    pub link: Link,
    pub params: Params,
    /// Whose transcript tells of it, if anybody's.
    pub leg: Option<Arc<Leg>>,
}

struct Job {
    callback: Arc<Callback>,
    delay: Duration,
}

/// The lanes in which something waits; a lane exists only while its task runs.
#[derive(Default)]
pub(crate) struct Lanes(Mutex<HashMap<String, VecDeque<Job>>>);

impl Lanes {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, VecDeque<Job>>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Where a resource's status callbacks go, and how many went.
#[derive(Clone, Debug)]
pub(crate) struct Listener {
    pub link: Link,
    /// By the names of the subscription, which for conferences are not those of the events.
    pub events: Vec<String>,
    pub sequence: u32,
}

impl Listener {
    pub(crate) fn new(url: String, method: Method, events: Vec<String>) -> Self {
        Self { link: Link { url, method }, events, sequence: 0 }
    }

    /// The next number when `event` was asked for.
    pub(crate) fn next(&mut self, event: &str) -> Option<u32> {
        self.events.iter().any(|e| e == event).then(|| {
            let number = self.sequence;
            self.sequence += 1;
            number
        })
    }
}

impl Shared {
    /// Sends after all that went into this lane before.
    pub(crate) fn call_back(self: &Arc<Self>, lane: &str, callback: Callback) {
        self.call_back_after(lane, callback, Duration::ZERO);
    }

    /// [`Shared::call_back`], after a pause in which the lane stands still.
    pub(crate) fn call_back_after(self: &Arc<Self>, lane: &str, callback: Callback, delay: Duration) {
        let effect = self.dice.callback(callback.kind, &callback.event);
        let callback = Arc::new(callback);
        let note = |what: &str| {
            if let Some(leg) = &callback.leg {
                leg.line(LineKind::Warning, format!("callback {} {what} (injected)", callback.event));
            }
        };
        match effect {
            None => self.push(lane, Job { callback, delay }),
            Some(CallbackEffect::Late(by)) => {
                note(&format!("is {by} s late"));
                self.push(lane, Job { callback, delay: delay + seconds(by) });
            }
            Some(CallbackEffect::Double) => {
                note("is sent twice");
                self.push(lane, Job { callback: callback.clone(), delay });
                self.push(lane, Job { callback, delay: Duration::ZERO });
            }
            Some(CallbackEffect::Reorder) => {
                note("is overtaken");
                let shared = self.clone();
                let delay = delay + self.dice.shuffle();
                let mut busy = Some(self.clock.busy());
                tokio::spawn(async move { shared.deliver(&Job { callback, delay }, &mut busy).await });
            }
            Some(CallbackEffect::Lost) => note("is lost"),
        }
    }

    fn push(self: &Arc<Self>, lane: &str, job: Job) {
        let mut lanes = self.lanes.lock();
        if let Some(waiting) = lanes.get_mut(lane) {
            // Whoever empties the lane has, or will have, a guard.
            waiting.push_back(job);
            return;
        }
        lanes.insert(lane.to_owned(), VecDeque::from([job]));
        drop(lanes);
        let (shared, lane) = (self.clone(), lane.to_owned());
        let mut busy = Some(self.clock.busy());
        tokio::spawn(async move {
            loop {
                let job = {
                    let mut lanes = shared.lanes.lock();
                    match lanes.get_mut(&lane).and_then(VecDeque::pop_front) {
                        Some(job) => job,
                        None => {
                            lanes.remove(&lane);
                            return;
                        }
                    }
                };
                shared.deliver(&job, &mut busy).await;
            }
        });
    }

    async fn deliver(&self, job: &Job, busy: &mut Option<Busy>) {
        if job.delay > Duration::ZERO {
            let sleep = self.clock.sleep(job.delay);
            *busy = Some(released(busy, sleep).await);
        }
        let Callback { kind, event, link, params, leg } = &*job.callback;
        let channel = match kind {
            CallbackKind::Call | CallbackKind::Conference | CallbackKind::Recording => Channel::Voice,
            CallbackKind::Message => Channel::Messaging,
        };
        let result = self.client.deliver(link, params, channel).await;
        let (kind, text) = match result {
            Ok(reply) => (
                LineKind::Webhook,
                format!("callback {event}: {} {} -> {}", link.method.as_str(), link.url, reply.status),
            ),
            Err(failure) => {
                (LineKind::Error, format!("{} callback {event}: {}", failure.code, failure.message))
            }
        };
        match leg {
            Some(leg) => leg.line(kind, text),
            None => tracing::debug!(?kind, %text, "callback"),
        }
    }
}
