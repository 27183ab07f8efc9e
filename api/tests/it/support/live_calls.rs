//! The calls that a [`super::Company`] has: one that is being offered to its agent, one that he is wrapping up, each
//! with what belongs to it, and a stored voicemail.

use bytes::Bytes;
use calldocker::ids::Ids;
use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{AgentId, CallId, OfferId, QueueEntryId, QueueId, RecordingId, RoundId};
use entity::{
    CallKind, CallStatus, CompanyScope, EntryOutcome, OfferState, RecordingKind, RecordingState,
    SegmentState, SlotHolder, VisitPlan, agent_slot, call, call_event, offer, offer_round, queue_entry,
    recording, segment,
};
use sea_orm::DatabaseTransaction;
use serde_json::json;

use super::TestApp;

/// What the calls of a company are called.
#[derive(Clone, Copy, Debug)]
pub struct LiveCalls {
    pub offered: CallId,
    pub offer: OfferId,
    /// Also has the voicemail.
    pub wrap_up: CallId,
    pub voicemail: RecordingId,
}

impl LiveCalls {
    pub fn named(ids: &Ids) -> Self {
        Self { offered: ids.next(), offer: ids.next(), wrap_up: ids.next(), voicemail: ids.next() }
    }
}

pub async fn insert(app: &TestApp, scope: CompanyScope, agent: AgentId, queue: QueueId, calls: &LiveCalls) {
    let tx = app.app.db.begin().await.unwrap();
    let story = Story { app, scope, agent, queue, now: app.app.clock.now(), tx: &tx };
    story.offered(calls.offered, calls.offer).await;
    story.wrap_up(calls.wrap_up).await;
    story.voicemail(calls.wrap_up, calls.voicemail).await;
    tx.commit().await.unwrap();
}

struct Story<'a> {
    app: &'a TestApp,
    scope: CompanyScope,
    agent: AgentId,
    queue: QueueId,
    now: DateTime<Utc>,
    tx: &'a DatabaseTransaction,
}

impl Story<'_> {
    async fn call(&self, id: CallId, status: CallStatus, agent: Option<AgentId>) {
        let row = call::Model {
            id,
            company_id: self.scope.company(),
            kind: CallKind::Inbound,
            status,
            outcome: None,
            from_address: "+12025550199".to_owned(),
            to_address: "+4930123456".to_owned(),
            caller_name: None,
            account_sid: "ACtest".to_owned(),
            provider_sid: format!("CA{}", id.0.simple()),
            phone_number_id: None,
            flow_version_id: None,
            session: None,
            session_version: 1,
            current_twiml: None,
            event_seq: 1,
            last_event_at: self.now,
            queue_id: Some(self.queue),
            agent_id: agent,
            conference_sid: None,
            disposition: None,
            notes: None,
            started_at: self.now,
            answered_at: None,
            ended_at: None,
            ended_by: None,
        };
        self.scope.insert::<call::Entity, _>(self.tx, row).await.unwrap();
        let first = call_event::Model {
            company_id: self.scope.company(),
            call_id: id,
            seq: 1,
            kind: "call.arrived".to_owned(),
            data: json!({}),
            occurred_at: self.now,
            provider_at: None,
            received_at: self.now,
        };
        self.scope.insert::<call_event::Entity, _>(self.tx, first).await.unwrap();
    }

    async fn entry(&self, call: CallId, outcome: Option<EntryOutcome>) -> QueueEntryId {
        let id = self.app.app.ids.next();
        let row = queue_entry::Model {
            id,
            company_id: self.scope.company(),
            call_id: call,
            queue_id: self.queue,
            priority: 5,
            skills: json!([]),
            entered_at: self.now,
            waiting_since: self.now,
            max_wait_until: None,
            plan: VisitPlan::default(),
            outcome,
            left_at: outcome.map(|_| self.now),
        };
        self.scope.insert::<queue_entry::Entity, _>(self.tx, row).await.unwrap();
        id
    }

    async fn offer(&self, call: CallId, entry: QueueEntryId, id: OfferId, state: OfferState) {
        let settled = (state != OfferState::Open).then_some(self.now);
        let round: RoundId = self.app.app.ids.next();
        let row = offer_round::Model {
            id: round,
            company_id: self.scope.company(),
            queue_entry_id: entry,
            opened_at: self.now,
            closed_at: settled,
        };
        self.scope.insert::<offer_round::Entity, _>(self.tx, row).await.unwrap();
        let row = offer::Model {
            id,
            company_id: self.scope.company(),
            round_id: round,
            queue_entry_id: entry,
            call_id: call,
            agent_id: self.agent,
            state,
            offered_at: self.now,
            expires_at: self.now + TimeDelta::seconds(20),
            settled_at: settled,
        };
        self.scope.insert::<offer::Entity, _>(self.tx, row).await.unwrap();
    }

    async fn slot(&self, slot: i32, holder: SlotHolder, offer: OfferId, call: CallId) {
        let row = agent_slot::Model {
            company_id: self.scope.company(),
            agent_id: self.agent,
            slot,
            holder,
            offer_id: offer,
            call_id: call,
            held_since: self.now,
        };
        self.scope.insert::<agent_slot::Entity, _>(self.tx, row).await.unwrap();
    }

    async fn offered(&self, call: CallId, offer: OfferId) {
        self.call(call, CallStatus::Offered, None).await;
        let entry = self.entry(call, None).await;
        self.offer(call, entry, offer, OfferState::Open).await;
        self.slot(0, SlotHolder::Offer, offer, call).await;
    }

    async fn wrap_up(&self, call: CallId) {
        self.call(call, CallStatus::WrapUp, Some(self.agent)).await;
        let entry = self.entry(call, Some(EntryOutcome::Answered)).await;
        let offer = self.app.app.ids.next();
        self.offer(call, entry, offer, OfferState::Accepted).await;
        self.slot(1, SlotHolder::WrapUp, offer, call).await;
        let row = segment::Model {
            id: self.app.app.ids.next(),
            company_id: self.scope.company(),
            call_id: call,
            queue_entry_id: entry,
            offer_id: offer,
            agent_id: self.agent,
            queue_id: self.queue,
            state: SegmentState::WrapUp,
            reserved_at: self.now,
            agent_joined_at: Some(self.now),
            connected_at: Some(self.now),
            ended_at: Some(self.now),
            ended_by: None,
            hold_ms: 0,
            wrap_up_until: Some(self.now + TimeDelta::seconds(30)),
            wrap_up_extensions: 0,
            wrapped_up_at: None,
            disposition: None,
            notes: None,
        };
        self.scope.insert::<segment::Entity, _>(self.tx, row).await.unwrap();
    }

    async fn voicemail(&self, call: CallId, id: RecordingId) {
        let key = format!("recordings/{id}.wav");
        self.app.app.storage.put(&key, Bytes::from_static(b"RIFF....WAVE")).await.unwrap();
        let row = recording::Model {
            id,
            company_id: self.scope.company(),
            call_id: call,
            kind: RecordingKind::Voicemail,
            state: RecordingState::Stored,
            provider_sid: format!("RE{}", id.0.simple()),
            mailbox: Some("support".to_owned()),
            duration_seconds: Some(3),
            storage_key: Some(key),
            content_type: Some("audio/wav".to_owned()),
            size_bytes: Some(12),
            created_at: self.now,
            stored_at: Some(self.now),
        };
        self.scope.insert::<recording::Entity, _>(self.tx, row).await.unwrap();
    }
}
