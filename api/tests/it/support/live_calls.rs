//! The calls that a [`super::Company`] has: one that is being offered to its agent, one that he is wrapping up, one in which
//! he talks, one in which he asks somebody outside and is supervised, each with what belongs to it, and a stored
//! voicemail.

use bytes::Bytes;
use calldocker::ids::Ids;
use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{
    AgentId, CallId, CallbackId, LegId, OfferId, QueueEntryId, QueueId, RecordingId, RoundId, SegmentId,
    UserId,
};
use entity::recording::PauseHolders;
use entity::{
    CallKind, CallStatus, CallbackState, CompanyScope, EntryOutcome, EntryPurpose, LegKind, LegState,
    OfferState, RecordingKind, RecordingOrigin, RecordingState, SegmentPart, SegmentState, SlotHolder,
    SuperviseMode, TransferMode, TransferState, TransferTarget, VisitPlan, agent_slot, call, call_event,
    callback, leg, offer, offer_round, queue_entry, recording, segment, supervision, transfer,
};
use sea_orm::DatabaseTransaction;
use serde_json::json;

use super::TestApp;

/// The file of the voicemail.
pub const SOUND: &[u8] = b"RIFF....WAVE";
const SOUND_SHA256: &str = "b589c9f03d18442efa847e499d7995c122a5fd9fa0c6859fcc0370210cdf9e37";

/// What the calls of a company are called.
#[derive(Clone, Copy, Debug)]
pub struct LiveCalls {
    pub offered: CallId,
    pub offer: OfferId,
    /// Also has the voicemail.
    pub wrap_up: CallId,
    pub voicemail: RecordingId,
    pub connected: CallId,
    pub consulting: CallId,
    /// Somebody who is to be called back tomorrow.
    pub callback: CallbackId,
}

impl LiveCalls {
    pub fn named(ids: &Ids) -> Self {
        Self {
            offered: ids.next(),
            offer: ids.next(),
            wrap_up: ids.next(),
            voicemail: ids.next(),
            connected: ids.next(),
            consulting: ids.next(),
            callback: ids.next(),
        }
    }
}

pub async fn insert(
    app: &TestApp,
    scope: CompanyScope,
    agent: AgentId,
    queue: QueueId,
    supervisors: [UserId; 2],
    calls: &LiveCalls,
) {
    let tx = app.app.db.begin().await.unwrap();
    let story = Story { app, scope, agent, queue, now: app.app.clock.now(), tx: &tx };
    story.offered(calls.offered, calls.offer).await;
    story.wrap_up(calls.wrap_up).await;
    story.voicemail(calls.wrap_up, calls.voicemail).await;
    story.connected(calls.connected, 2).await;
    let segment = story.connected(calls.consulting, 3).await;
    story.consulting(calls.consulting, segment, supervisors).await;
    story.callback(calls.callback, calls.wrap_up).await;
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
            status,
            account_sid: super::OUR_ACCOUNT.to_owned(),
            provider_sid: format!("CA{}", id.0.simple()),
            session_version: 1,
            event_seq: 1,
            queue_id: Some(self.queue),
            agent_id: agent,
            ..call::Model::begun(
                id,
                self.scope.company(),
                CallKind::Inbound,
                ("+12025550199".to_owned(), "+4930123456".to_owned()),
                self.now,
            )
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
            purpose: EntryPurpose::Caller,
            wanted_agent_id: None,
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
            part: SegmentPart::Main,
            room_id: offer,
            state: SegmentState::WrapUp,
            reserved_at: self.now,
            agent_joined_at: Some(self.now),
            connected_at: Some(self.now),
            ended_at: Some(self.now),
            ended_by: None,
            hold_ms: 0,
            held_since: None,
            wrap_up_until: Some(self.now + TimeDelta::seconds(30)),
            wrap_up_extensions: 0,
            wrapped_up_at: None,
            disposition: None,
            notes: None,
        };
        self.scope.insert::<segment::Entity, _>(self.tx, row).await.unwrap();
    }

    async fn connected(&self, call: CallId, slot: i32) -> SegmentId {
        self.call(call, CallStatus::Connected, Some(self.agent)).await;
        let entry = self.entry(call, Some(EntryOutcome::Answered)).await;
        let offer = self.app.app.ids.next();
        self.offer(call, entry, offer, OfferState::Accepted).await;
        self.slot(slot, SlotHolder::Segment, offer, call).await;
        self.leg(call, LegKind::Caller, None).await;
        self.leg(call, LegKind::Agent, Some(offer)).await;
        let row = segment::Model {
            id: self.app.app.ids.next(),
            company_id: self.scope.company(),
            call_id: call,
            queue_entry_id: entry,
            offer_id: offer,
            agent_id: self.agent,
            queue_id: self.queue,
            part: SegmentPart::Main,
            room_id: offer,
            state: SegmentState::Connected,
            reserved_at: self.now,
            agent_joined_at: Some(self.now),
            connected_at: Some(self.now),
            ended_at: None,
            ended_by: None,
            hold_ms: 0,
            held_since: None,
            wrap_up_until: None,
            wrap_up_extensions: 0,
            wrapped_up_at: None,
            disposition: None,
            notes: None,
        };
        let id = row.id;
        self.scope.insert::<segment::Entity, _>(self.tx, row).await.unwrap();
        id
    }

    async fn leg(&self, call: CallId, kind: LegKind, offer: Option<OfferId>) -> LegId {
        let id: LegId = self.app.app.ids.next();
        let row = leg::Model {
            id,
            company_id: self.scope.company(),
            call_id: call,
            kind,
            offer_id: offer,
            agent_id: offer.map(|_| self.agent),
            address: "+12025550177".to_owned(),
            provider_sid: Some(format!("CA{}", id.0.simple())),
            state: LegState::InProgress,
            held: false,
            muted: false,
            last_sequence: None,
            dialled_at: None,
            joined_at: Some(self.now),
            left_at: None,
            ended_at: None,
            created_at: self.now,
        };
        self.scope.insert::<leg::Entity, _>(self.tx, row).await.unwrap();
        id
    }

    /// The agent has asked somebody outside, who has come, and these two listen.
    async fn consulting(&self, call: CallId, segment: SegmentId, supervisors: [UserId; 2]) {
        let outside = self.leg(call, LegKind::Transfer, None).await;
        let row = transfer::Model {
            id: self.app.app.ids.next(),
            company_id: self.scope.company(),
            call_id: call,
            segment_id: segment,
            agent_id: self.agent,
            requested_by: supervisors[0],
            mode: TransferMode::Warm,
            target: TransferTarget::Number,
            to_agent_id: None,
            to_queue_id: None,
            to_number: Some("+12025550177".to_owned()),
            to_flow_id: None,
            state: TransferState::Joined,
            queue_entry_id: None,
            leg_id: Some(outside),
            started_at: self.now,
            taken_up_at: None,
            joined_at: Some(self.now),
            ended_at: None,
            reason: None,
        };
        self.scope.insert::<transfer::Entity, _>(self.tx, row).await.unwrap();
        for user_id in supervisors {
            let row = supervision::Model {
                id: self.app.app.ids.next(),
                company_id: self.scope.company(),
                call_id: call,
                user_id,
                leg_id: self.leg(call, LegKind::Supervisor, None).await,
                mode: SuperviseMode::Listen,
                started_at: self.now,
                ended_at: None,
            };
            self.scope.insert::<supervision::Entity, _>(self.tx, row).await.unwrap();
        }
    }

    async fn callback(&self, id: CallbackId, booked_in: CallId) {
        let tomorrow = self.now + TimeDelta::days(1);
        let row = callback::Model {
            id,
            company_id: self.scope.company(),
            queue_id: self.queue,
            number: "+4930123499".to_owned(),
            our_number: "+4930123456".to_owned(),
            state: CallbackState::Open,
            waiting_since: tomorrow,
            wanted_at: Some(tomorrow),
            due_at: tomorrow,
            priority: 50,
            skills: json!([]),
            max_attempts: 3,
            retry_minutes: 15,
            attempts: 0,
            agent_id: None,
            last_call_id: Some(booked_in),
            last_call_at: self.now,
            call_id: None,
            reason: None,
            created_at: self.now,
            settled_at: None,
        };
        self.scope.insert::<callback::Entity, _>(self.tx, row).await.unwrap();
    }

    async fn voicemail(&self, call: CallId, id: RecordingId) {
        let key = format!("recordings/{id}.wav");
        self.app.app.storage.put(&key, Bytes::from_static(SOUND)).await.unwrap();
        let row = recording::Model {
            id,
            company_id: self.scope.company(),
            call_id: call,
            kind: RecordingKind::Voicemail,
            state: RecordingState::Stored,
            origin: RecordingOrigin::Flow,
            provider_sid: Some(format!("RE{}", id.0.simple())),
            revision: 0,
            announce: false,
            announced_at: None,
            asked_at: None,
            started_at: Some(self.now),
            ended_at: Some(self.now),
            stop_requested_at: None,
            paused_by: PauseHolders::default(),
            pauses: 0,
            mailbox: Some("support".to_owned()),
            duration_seconds: Some(3),
            channels: Some(1),
            storage_key: Some(key),
            content_type: Some("audio/x-wav".to_owned()),
            size_bytes: Some(12),
            sha256: Some(SOUND_SHA256.to_owned()),
            tries: 0,
            failure: None,
            created_at: self.now,
            stored_at: Some(self.now),
            provider_deleted_at: Some(self.now),
            legal_hold_at: None,
            legal_hold_reason: None,
            delete_requested_at: None,
            deleted_because: None,
            deleted_by: None,
            deleted_at: None,
            transcript_state: None,
            transcript: None,
            transcript_language: None,
            transcript_tries: 0,
            transcript_failure: None,
        };
        self.scope.insert::<recording::Entity, _>(self.tx, row).await.unwrap();
    }
}
