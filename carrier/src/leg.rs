//! One leg of a call: what may happen to it, in order, and what its phone can perceive.
//!
//! Owns the leg's inbox (read by the interpreter's task alone) and its ears (read by the phone's script alone). Both
//! are handed over with [`clock::Signal`], so that simulated time stands still until a message was taken. After a side
//! has gone nothing may be raised for it any more, since nobody would take it and time would stand still for ever.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use chrono::{DateTime, Utc};
use clock::{Busy, Clock, Signal};
use futures_util::FutureExt;

use crate::call::CallStatus;
use crate::interpreter::Source;
use crate::transcript::{LineKind, Transcript};
use crate::twiml::Link;

/// What can happen to a leg.
#[derive(Clone, Debug)]
pub(crate) enum Input {
    Digit(char),
    /// The phone's owner began to speak; the text follows when he has ended.
    SpeechBegan,
    Speech(String),
    /// The phone was hung up.
    HungUp,
    /// The REST API ended the call.
    End,
    /// The REST API gave the call another document.
    Redirect(Source),
    /// The REST API took the call out of its queue.
    Dequeue(Source),
    /// A `<Dial><Queue>` took the call out of its queue; `url` is to be heard before the two are bridged.
    TakenFromQueue {
        by: String,
        url: Option<Link>,
    },
    /// The other leg that this one dials is there; the two are bridged.
    PeerReady {
        sid: String,
    },
    /// The other leg that this one dials, or is bridged with, is gone; still in progress when it was redirected away.
    PeerGone {
        sid: String,
        status: CallStatus,
    },
    /// What this participant hears in its conference is now something else.
    RoomChanged,
}

/// What the owner of the phone perceives besides the transcript.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ears {
    /// Something waits for keys.
    pub keys: bool,
    /// Something waits for speech.
    pub speech: bool,
    /// Which question it is that waits; grows with each.
    pub question: u64,
    /// In a conference or a bridge with somebody who can be heard.
    pub connected: bool,
    pub ended: bool,
}

pub(crate) struct Leg {
    pub sid: String,
    pub transcript: Transcript,
    clock: Clock,
    inner: Mutex<Inner>,
    inbox_signal: Signal,
    phone_signal: Signal,
}

#[derive(Default)]
struct Inner {
    inbox: VecDeque<Input>,
    inbox_closed: bool,
    ears: Ears,
    phone_open: bool,
}

impl Leg {
    pub(crate) fn new(sid: String, clock: &Clock) -> Self {
        Self {
            sid,
            transcript: Transcript::new(),
            clock: clock.clone(),
            inner: Mutex::default(),
            inbox_signal: Signal::new(clock),
            phone_signal: Signal::new(clock),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Hands over an input; without effect once the call has ended.
    pub(crate) fn send(&self, input: Input) {
        let mut inner = self.lock();
        if !inner.inbox_closed {
            inner.inbox.push_back(input);
            self.inbox_signal.raise();
        }
    }

    /// The next input if there is one.
    pub(crate) fn pop(&self) -> Option<Input> {
        self.lock().inbox.pop_front()
    }

    /// The next input, or `None` at the deadline. `busy` is let go while waiting and is taken again on return.
    pub(crate) async fn wait(
        &self,
        busy: &mut Option<Busy>,
        deadline: Option<DateTime<Utc>>,
    ) -> Option<Input> {
        loop {
            if let Some(input) = self.pop() {
                return Some(input);
            }
            let (guard, timed_out) = tokio::select! {
                biased;
                guard = self.inbox_signal.raised() => (guard, false),
                guard = sleep_until(&self.clock, deadline) => (guard, true),
                // Only after both above wait: otherwise time could run on in between.
                () = release(busy) => unreachable!("released guards never come back"),
            };
            *busy = Some(guard);
            if timed_out {
                return self.pop();
            }
        }
    }

    /// Time passes in which the leg's task does not look at its inbox; what comes stays there. The signals have to be
    /// taken all the same, since the clock stands still for as long as one is pending.
    pub(crate) async fn idle(&self, busy: &mut Option<Busy>, wait: Duration) {
        if wait.is_zero() {
            return;
        }
        let sleep = self.clock.sleep(wait);
        let deaf = async {
            loop {
                drop(self.inbox_signal.raised().await);
            }
        };
        let guard = tokio::select! {
            biased;
            guard = sleep => guard,
            () = deaf => unreachable!("it never ends"),
            () = release(busy) => unreachable!("released guards never come back"),
        };
        *busy = Some(guard);
    }

    /// Adds a line, for the phone's owner to react to.
    pub(crate) fn line(&self, kind: LineKind, text: impl Into<String>) {
        let text = text.into();
        tracing::debug!(call = %self.sid, ?kind, %text, "transcript");
        self.transcript.push(self.clock.now(), kind, text);
        self.wake_phone();
    }

    pub(crate) fn ears(&self) -> Ears {
        self.lock().ears
    }

    pub(crate) fn set_ears(&self, change: impl FnOnce(&mut Ears)) {
        change(&mut self.lock().ears);
        self.wake_phone();
    }

    fn wake_phone(&self) {
        let inner = self.lock();
        // Under the lock: after `close_phone` nobody would take what is raised.
        if inner.phone_open {
            self.phone_signal.raise();
        }
    }

    /// The phone's script begins to look.
    pub(crate) fn open_phone(&self) {
        self.lock().phone_open = true;
    }

    /// Waits until something changed that the phone's owner can perceive, or until the deadline.
    pub(crate) async fn phone_wait(&self, busy: &mut Option<Busy>, deadline: Option<DateTime<Utc>>) {
        let guard = tokio::select! {
            biased;
            guard = self.phone_signal.raised() => guard,
            guard = sleep_until(&self.clock, deadline) => guard,
            () = release(busy) => unreachable!("released guards never come back"),
        };
        *busy = Some(guard);
    }

    /// The phone's script looks no longer.
    pub(crate) fn close_phone(&self) {
        self.lock().phone_open = false;
        drop(self.phone_signal.raised().now_or_never());
    }

    /// The call is over: returns what nobody will take any more.
    pub(crate) fn close(&self) -> VecDeque<Input> {
        let left = {
            let mut inner = self.lock();
            inner.inbox_closed = true;
            inner.ears = Ears { ended: true, ..Ears::default() };
            std::mem::take(&mut inner.inbox)
        };
        drop(self.inbox_signal.raised().now_or_never());
        self.wake_phone();
        self.transcript.close();
        left
    }
}

async fn sleep_until(clock: &Clock, deadline: Option<DateTime<Utc>>) -> Busy {
    match deadline {
        Some(deadline) => clock.sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

async fn release(busy: &mut Option<Busy>) {
    *busy = None;
    std::future::pending::<()>().await;
}
