//! A call as tests and commands see it: read along, press, speak, hang up, wait for the end.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio::sync::watch;

use crate::call::CallStatus;
use crate::leg::{Input, Leg};
use crate::script;
use crate::state::Shared;
use crate::transcript::{Line, Progress};
use crate::{NewCall, interpreter};

/// A call that was placed here, or one found by its SID.
#[derive(Clone)]
pub struct CallHandle {
    shared: Arc<Shared>,
    leg: Arc<Leg>,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ended {
    pub status: CallStatus,
    pub transcript: Vec<Line>,
}

impl CallHandle {
    pub(crate) fn new(shared: Arc<Shared>, leg: Arc<Leg>) -> Self {
        Self { shared, leg }
    }

    pub fn sid(&self) -> &str {
        &self.leg.sid
    }

    pub fn status(&self) -> CallStatus {
        self.shared.status(&self.leg.sid)
    }

    /// Returns when the call has ended; on a simulated clock somebody else has to advance it.
    pub async fn ended(&self) -> Ended {
        let mut progress = self.leg.transcript.follow();
        // The sender lives in the leg, which this handle holds.
        drop(progress.wait_for(|p| p.closed).await);
        Ended { status: self.status(), transcript: self.transcript() }
    }

    /// Presses keys now, whether anything listens or not.
    pub fn press(&self, keys: &str) {
        script::press(&self.leg, keys);
    }

    /// Has spoken, now.
    pub fn say(&self, text: &str) {
        script::say(&self.leg, text);
    }

    pub fn hang_up(&self) {
        script::hang_up(&self.leg);
    }

    /// All lines until now.
    pub fn transcript(&self) -> Vec<Line> {
        self.leg.transcript.after(0)
    }

    /// The lines after number `after` (0 for all), and each one that follows.
    pub fn subscribe(&self, after: usize) -> Subscription {
        Subscription { progress: self.leg.transcript.follow(), leg: self.leg.clone(), seen: after }
    }
}

/// Lines as they come.
pub struct Subscription {
    leg: Arc<Leg>,
    progress: watch::Receiver<Progress>,
    seen: usize,
}

impl Subscription {
    /// The lines that are new, at least one; `None` when the call has ended and all were read.
    pub async fn next(&mut self) -> Option<Vec<Line>> {
        let seen = self.seen;
        drop(self.progress.wait_for(|p| p.closed || p.lines > seen).await);
        let lines = self.leg.transcript.after(seen);
        self.seen = lines.last().map_or(seen, |line| line.n);
        if lines.is_empty() { None } else { Some(lines) }
    }
}

/// What the carrier holds at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    /// Newest first.
    pub calls: Vec<CallSummary>,
    /// Names of the conferences that have not ended, and how many are in.
    pub conferences: Vec<(String, usize)>,
    /// Names of the queues and how many wait.
    pub queues: Vec<(String, usize)>,
}

/// A call in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CallSummary {
    pub sid: String,
    pub parent_sid: Option<String>,
    pub direction: &'static str,
    pub from: String,
    pub to: String,
    pub status: CallStatus,
    pub created_at: DateTime<Utc>,
}

impl Snapshot {
    pub(crate) fn of(shared: &Shared) -> Self {
        let state = shared.lock();
        Self {
            calls: state
                .calls
                .newest_first()
                .map(|call| CallSummary {
                    sid: call.sid.clone(),
                    parent_sid: call.parent.clone(),
                    direction: call.direction.as_str(),
                    from: call.from.clone(),
                    to: call.to.clone(),
                    status: call.status,
                    created_at: call.created,
                })
                .collect(),
            conferences: state
                .conferences
                .newest_first()
                .filter(|c| c.status != crate::conference::RoomStatus::Completed)
                .map(|c| (c.name.clone(), c.participants.iter().filter(|p| p.joined).count()))
                .collect(),
            queues: state.queues.newest_first().map(|q| (q.name.clone(), q.members.len())).collect(),
        }
    }
}

/// Starts an inbound call.
pub(crate) fn place(shared: &Arc<Shared>, call: NewCall) -> Arc<Leg> {
    let plan = crate::inbound_plan(&call);
    interpreter::start_inbound(shared, plan, call.script)
}

/// Ends everything that lives.
pub(crate) fn end_all(shared: &Shared) {
    let state = shared.lock();
    for call in state.calls.newest_first().filter(|call| !call.status.is_terminal()) {
        call.leg.send(Input::End);
    }
}
