//! A call, locked, with the lines that this unit adds to its story.

use chrono::{DateTime, Utc};
use entity::id::CallId;
use entity::{CallStatus, EndedBy, call, call_event};
use serde_json::{Value, json};

use super::story::EventKind;
use super::{Reply, facts};
use crate::error::Result;
use crate::store::{Audience, Unit, calls};

pub struct CallFile {
    pub row: call::Model,
    was: CallStatus,
    lines: Vec<call_event::Model>,
}

impl CallFile {
    /// Locks the call until the unit ends.
    pub async fn open(unit: &Unit, id: CallId) -> Result<Self> {
        Ok(Self::new(calls::lock(unit.scope(), unit.tx(), id).await?))
    }

    pub async fn open_by_provider_sid(unit: &Unit, sid: &str) -> Result<Option<Self>> {
        Ok(calls::lock_by_provider_sid(unit.scope(), unit.tx(), sid).await?.map(Self::new))
    }

    pub fn new(row: call::Model) -> Self {
        Self { was: row.status, row, lines: Vec::new() }
    }

    pub fn id(&self) -> CallId {
        self.row.id
    }

    /// Adds a line that happened now.
    pub fn note(&mut self, unit: &Unit, kind: EventKind, data: Value) {
        self.note_at(unit, kind, data, None);
    }

    /// Adds a line that happened when the provider says. Its stamps have whole seconds and come out of order, so a line
    /// never stands before the one above it.
    pub fn note_at(&mut self, unit: &Unit, kind: EventKind, data: Value, provider_at: Option<DateTime<Utc>>) {
        let occurred_at = provider_at.unwrap_or(unit.now()).min(unit.now()).max(self.row.last_event_at);
        self.row.event_seq += 1;
        self.row.last_event_at = occurred_at;
        self.lines.push(call_event::Model {
            company_id: unit.company(),
            call_id: self.row.id,
            seq: self.row.event_seq,
            kind: kind.as_str().to_owned(),
            data,
            occurred_at,
            provider_at,
            received_at: unit.now(),
        });
    }

    /// The answer to a hop that comes late or twice.
    pub fn current(&self) -> Reply {
        current(&self.row)
    }

    /// When the last line happened: what a row that changed with it says.
    pub fn last_moment(&self) -> DateTime<Utc> {
        self.row.last_event_at
    }

    /// The caller is no longer on the line. Not the same as wrap-up: an agent who hangs up first wraps up while the
    /// caller is still being taken leave of.
    pub fn caller_has_left(&self) -> bool {
        caller_has_left(&self.row)
    }

    /// The call is over for everybody.
    pub fn end(&mut self, unit: &Unit, by: EndedBy) {
        self.row.status = CallStatus::Completed;
        let ended_by = *self.row.ended_by.get_or_insert(by);
        self.row.ended_at.get_or_insert(self.row.last_event_at);
        let outcome = self.row.outcome.map(|outcome| outcome.as_str());
        self.note(unit, EventKind::Ended, json!({"outcome": outcome, "endedBy": ended_by}));
    }

    /// Writes the call and its new lines, and tells who watches when its status changed.
    ///
    /// Reports count the call anew afterwards: every change of its rows goes with a save, which is what marks it.
    pub async fn save(mut self, unit: &mut Unit) -> Result<()> {
        self.row.reported_at = None;
        if self.row.status != self.was {
            unit.tell(&self.watchers(), "call:update", self.summary());
            if self.row.status.is_over() {
                unit.app().metrics.call_ended(self.row.outcome);
            }
        }
        facts::tell(unit, &self.row, &self.lines);
        calls::save(unit.scope(), unit.tx(), self.row).await?;
        Ok(unit.scope().insert_many::<call_event::Entity, _>(unit.tx(), self.lines).await?)
    }

    /// Who watches has been told of the status that the call has now.
    pub fn is_told(&mut self) {
        self.was = self.row.status;
    }

    /// What people are told of this call.
    pub fn summary(&self) -> Value {
        summary(&self.row)
    }

    fn watchers(&self) -> Vec<Audience<'static>> {
        let mut watchers = vec![Audience::Supervisors];
        watchers.extend(self.row.agent_id.map(Audience::Agent));
        watchers
    }
}

/// What people are told of a call.
pub fn summary(row: &call::Model) -> Value {
    json!({
        "callId": row.id,
        "kind": row.kind,
        "status": row.status,
        "outcome": row.outcome,
        "from": row.from_address,
        "to": row.to_address,
        "callerName": row.caller_name,
        "queueId": row.queue_id,
        "agentId": row.agent_id,
        "startedAt": row.started_at,
        "answeredAt": row.answered_at,
        "endedAt": row.ended_at,
    })
}

/// See [`CallFile::caller_has_left`]; for who only reads.
pub fn caller_has_left(call: &call::Model) -> bool {
    call.ended_at.is_some()
}

/// See [`CallFile::current`]; for who only reads.
pub fn current(call: &call::Model) -> Reply {
    call.current_twiml.clone().map_or(Reply::HangUp, Reply::Current)
}
