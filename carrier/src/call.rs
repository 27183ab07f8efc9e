//! A call: its record, its states and the callbacks about them, its beginning and its end.
//!
//! Owns the one function that changes a call's status. A terminal status is never left. What is done while the call
//! lasts is the interpreter's.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::callbacks::{Callback, Listener};
use crate::faults::CallbackKind;
use crate::leg::{Input, Leg};
use crate::sid::{self, Kind};
use crate::state::{Shared, State};
use crate::transcript::LineKind;
use crate::webhook::{Params, released};

/// Twilio's states of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallStatus {
    Queued,
    Ringing,
    InProgress,
    Completed,
    Busy,
    Failed,
    NoAnswer,
    Canceled,
}

impl CallStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            CallStatus::Queued => "queued",
            CallStatus::Ringing => "ringing",
            CallStatus::InProgress => "in-progress",
            CallStatus::Completed => "completed",
            CallStatus::Busy => "busy",
            CallStatus::Failed => "failed",
            CallStatus::NoAnswer => "no-answer",
            CallStatus::Canceled => "canceled",
        }
    }

    /// The call is over.
    pub fn is_terminal(self) -> bool {
        match self {
            CallStatus::Queued | CallStatus::Ringing | CallStatus::InProgress => false,
            CallStatus::Completed
            | CallStatus::Busy
            | CallStatus::Failed
            | CallStatus::NoAnswer
            | CallStatus::Canceled => true,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Inbound,
    OutboundApi,
    OutboundDial,
}

impl Direction {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Direction::Inbound => "inbound",
            Direction::OutboundApi => "outbound-api",
            Direction::OutboundDial => "outbound-dial",
        }
    }
}

/// What is told about a call's progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Initiated,
    Ringing,
    Answered,
    Completed,
}

impl Event {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Event::Initiated => "initiated",
            Event::Ringing => "ringing",
            Event::Answered => "answered",
            Event::Completed => "completed",
        }
    }
}

pub(crate) struct Call {
    pub sid: String,
    pub parent: Option<String>,
    pub from: String,
    pub to: String,
    pub caller_name: Option<String>,
    pub number_sid: Option<String>,
    pub direction: Direction,
    pub status: CallStatus,
    pub leg: Arc<Leg>,
    pub created: DateTime<Utc>,
    pub updated: DateTime<Utc>,
    pub answered: Option<DateTime<Utc>>,
    pub ended: Option<DateTime<Utc>>,
    pub answered_by: Option<String>,
    pub listener: Option<Listener>,
    /// Parameters of its webhooks that only the outside world knows.
    pub extra: Params,
    /// How long it may last once it was answered.
    pub time_limit: Option<Duration>,
    /// The leg that this one is bridged with.
    pub peer: Option<String>,
    /// The conference that this one is in.
    pub room: Option<String>,
    /// The queue that this one waits in.
    pub queue: Option<String>,
}

/// What is to become a call.
pub(crate) struct Plan {
    pub parent: Option<String>,
    pub from: String,
    pub to: String,
    pub caller_name: Option<String>,
    pub number_sid: Option<String>,
    pub direction: Direction,
    pub listener: Option<Listener>,
    pub extra: Params,
    pub time_limit: Option<Duration>,
}

impl Call {
    /// Whole seconds from the answer to the end, rounded up as a bill is; 0 for a call that nobody answered.
    pub(crate) fn duration(&self) -> i64 {
        match (self.answered, self.ended) {
            (Some(answered), Some(ended)) => ((ended - answered).num_milliseconds() + 999) / 1000,
            (Some(_) | None, _) => 0,
        }
    }

    /// What every webhook about a call carries.
    pub(crate) fn params(&self, account: &str, status: &str) -> Params {
        let mut params: Params = Vec::with_capacity(28);
        let mut add = |name: &str, value: &str| params.push((name.to_owned(), value.to_owned()));
        add("AccountSid", account);
        add("ApiVersion", "2010-04-01");
        add("CallSid", &self.sid);
        add("CallStatus", status);
        add("Direction", self.direction.as_str());
        // The legacy twins are still sent.
        for (name, address) in
            [("From", &self.from), ("Caller", &self.from), ("To", &self.to), ("Called", &self.to)]
        {
            add(name, address);
            if address.starts_with('+') {
                add(&format!("{name}City"), "");
                add(&format!("{name}State"), "");
                add(&format!("{name}Zip"), "");
                add(&format!("{name}Country"), if address.starts_with("+1") { "US" } else { "" });
            }
        }
        if let Some(name) = &self.caller_name {
            add("CallerName", name);
        }
        if let Some(parent) = &self.parent {
            add("ParentCallSid", parent);
        }
        for (name, value) in &self.extra {
            params.retain(|(n, _)| n != name);
            params.push((name.clone(), value.clone()));
        }
        params
    }
}

impl State {
    pub(crate) fn leg(&self, sid: &str) -> Option<Arc<Leg>> {
        self.calls.get(sid).map(|call| call.leg.clone())
    }

    pub(crate) fn send(&self, sid: &str, input: Input) {
        if let Some(call) = self.calls.get(sid) {
            call.leg.send(input);
        }
    }
}

impl Shared {
    /// Writes a call down, queued; nothing happens to it yet.
    pub(crate) fn create_call(&self, plan: Plan) -> Arc<Leg> {
        let now = self.clock.now();
        let sid = sid::new(Kind::Call);
        let leg = Arc::new(Leg::new(sid.clone(), &self.clock));
        let call = Call {
            sid: sid.clone(),
            parent: plan.parent,
            from: plan.from,
            to: plan.to,
            caller_name: plan.caller_name,
            number_sid: plan.number_sid,
            direction: plan.direction,
            status: CallStatus::Queued,
            leg: leg.clone(),
            created: now,
            updated: now,
            answered: None,
            ended: None,
            answered_by: None,
            listener: plan.listener,
            extra: plan.extra,
            time_limit: plan.time_limit,
            peer: None,
            room: None,
            queue: None,
        };
        let mut state = self.lock();
        state.calls.insert(sid, call);
        state.calls.trim(self.settings.keep_calls, |call| call.status.is_terminal());
        leg
    }

    pub(crate) fn status(&self, sid: &str) -> CallStatus {
        self.lock().calls.get(sid).map_or(CallStatus::Completed, |call| call.status)
    }

    /// Moves a call on and tells those who asked. Terminal states stick.
    pub(crate) fn set_status(self: &Arc<Self>, sid: &str, status: CallStatus) {
        let event = match status {
            CallStatus::Queued => Event::Initiated,
            CallStatus::Ringing => Event::Ringing,
            CallStatus::InProgress => Event::Answered,
            CallStatus::Completed
            | CallStatus::Busy
            | CallStatus::Failed
            | CallStatus::NoAnswer
            | CallStatus::Canceled => Event::Completed,
        };
        let now = self.clock.now();
        let mut state = self.lock();
        let Some(call) = state.calls.get_mut(sid) else { return };
        if call.status.is_terminal() {
            return;
        }
        call.status = status;
        call.updated = now;
        match event {
            Event::Initiated | Event::Ringing => {}
            Event::Answered => {
                call.answered = Some(now);
                if let Some(limit) = call.time_limit {
                    self.end_after(call.leg.clone(), limit);
                }
            }
            Event::Completed => call.ended = Some(now),
        }
        call.leg.line(LineKind::Status, status.as_str());
        self.announce(call, event);
    }

    /// Ends a call when its time is over.
    pub(crate) fn end_after(self: &Arc<Self>, leg: Arc<Leg>, limit: Duration) {
        let clock = self.clock.clone();
        let mut busy = Some(clock.busy());
        tokio::spawn(async move {
            busy = Some(released(&mut busy, clock.sleep(limit)).await);
            leg.send(Input::End);
            drop(busy);
        });
    }

    /// One progress callback, when it was asked for.
    fn announce(self: &Arc<Self>, call: &mut Call, event: Event) {
        let Some((number, link)) =
            call.listener.as_mut().and_then(|l| l.next(event.as_str()).map(|n| (n, l.link.clone())))
        else {
            return;
        };
        let status = match event {
            Event::Initiated => "initiated",
            Event::Ringing | Event::Answered | Event::Completed => call.status.as_str(),
        };
        let mut params = call.params(&self.settings.account_sid, status);
        let mut add = |name: &str, value: String| params.push((name.to_owned(), value));
        add("Timestamp", sid::rfc2822(self.clock.now()));
        add("CallbackSource", "call-progress-events".to_owned());
        add("SequenceNumber", number.to_string());
        if event == Event::Completed {
            add("CallDuration", call.duration().to_string());
            add("Duration", ((call.duration() + 59) / 60).to_string());
        }
        let callback = Callback {
            kind: CallbackKind::Call,
            event: event.as_str().to_owned(),
            link,
            params,
            leg: Some(call.leg.clone()),
        };
        self.call_back(&call.sid, callback);
    }

    /// The parameters of a request for TwiML on behalf of a call.
    pub(crate) fn call_params(&self, sid: &str) -> Params {
        let state = self.lock();
        state
            .calls
            .get(sid)
            .map_or_else(Vec::new, |c| c.params(&self.settings.account_sid, c.status.as_str()))
    }

    /// The end of a call, whatever it was doing: last status, recordings, the leg's inbox. Idempotent.
    pub(crate) fn finish_call(self: &Arc<Self>, sid: &str, status: CallStatus) {
        self.stop_recordings_of_call(sid);
        self.set_status(sid, status);
        let (leg, peer) = match self.lock().calls.get_mut(sid) {
            Some(call) => (call.leg.clone(), call.peer.take()),
            None => return,
        };
        // Whoever counted on this leg has to learn that it is gone.
        let mut orphans: Vec<String> = peer.into_iter().collect();
        for input in leg.close() {
            if let Input::TakenFromQueue { by, .. } = input {
                orphans.push(by);
            }
        }
        let state = self.lock();
        for orphan in orphans {
            state.send(&orphan, Input::PeerGone { sid: sid.to_owned(), status });
        }
    }
}
