//! Calls of past days, whose figures can be computed by hand: rows as they stand when all is over.

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{AgentId, CallId, ChangeId, OfferId, QueueEntryId, QueueId, RoundId, UserId};
use entity::*;
use serde_json::json;

use super::{Company, TestApp};

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a moment")
}

/// How a caller left the queue, after so many milliseconds.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    Left(EntryOutcome, i64),
    Talked(Talk),
}

/// Seconds; the agent's phone rings for five of them before he is there.
#[derive(Clone, Copy, Debug, Default)]
pub struct Talk {
    pub wait: i64,
    pub talk: i64,
    /// From the tenth second on.
    pub hold: i64,
    pub wrap_up: i64,
    pub score: Option<i32>,
}

/// Writes calls of one agent and queue.
pub struct Days<'a> {
    pub app: &'a TestApp,
    pub scope: CompanyScope,
    pub queue: QueueId,
    pub agent: AgentId,
}

fn seconds(count: i64) -> TimeDelta {
    TimeDelta::seconds(count)
}

impl<'a> Days<'a> {
    /// Of the company's agent who has nothing to do.
    pub fn of(app: &'a TestApp, company: &Company) -> Self {
        Self { app, scope: company.scope, queue: company.queue, agent: company.idle_agent }
    }

    fn id<Id: From<uuid::Uuid>>(&self) -> Id {
        self.app.app.ids.next()
    }

    /// A call that came at `began` and went this way.
    pub async fn call(&self, began: DateTime<Utc>, way: Way) -> CallId {
        let id: CallId = self.id();
        let (outcome, ended) = match way {
            Way::Left(outcome, after) => (outcome, began + TimeDelta::milliseconds(after)),
            Way::Talked(talk) => (EntryOutcome::Answered, began + seconds(talk.wait + talk.talk)),
        };
        let tx = self.app.app.db.begin().await.unwrap();
        let left = match way {
            Way::Left(..) => ended,
            Way::Talked(talk) => began + seconds(talk.wait),
        };
        let call = self.call_row(id, began, ended, outcome);
        self.scope.insert::<call::Entity, _>(&tx, call).await.unwrap();
        let entry = self.entry_row(id, began, outcome, left);
        let entry_id = entry.id;
        self.scope.insert::<queue_entry::Entity, _>(&tx, entry).await.unwrap();
        tx.commit().await.unwrap();
        if let Way::Talked(talk) = way {
            self.talk(id, entry_id, left, talk).await;
        }
        id
    }

    fn call_row(
        &self,
        id: CallId,
        began: DateTime<Utc>,
        ended: DateTime<Utc>,
        how: EntryOutcome,
    ) -> call::Model {
        call::Model {
            status: CallStatus::Completed,
            outcome: Some(match how {
                EntryOutcome::Answered => CallOutcome::Answered,
                EntryOutcome::Overflow => CallOutcome::Overflow,
                EntryOutcome::Callback => CallOutcome::Callback,
                _ => CallOutcome::Abandoned,
            }),
            account_sid: "ACtest".to_owned(),
            provider_sid: format!("CA{}", id.0.simple()),
            last_event_at: ended,
            queue_id: Some(self.queue),
            ended_at: Some(ended),
            ended_by: Some(EndedBy::Caller),
            ..call::Model::begun(
                id,
                self.scope.company(),
                CallKind::Inbound,
                ("+12025550199".to_owned(), "+4930123456".to_owned()),
                began,
            )
        }
    }

    fn entry_row(
        &self,
        call: CallId,
        entered_at: DateTime<Utc>,
        outcome: EntryOutcome,
        left: DateTime<Utc>,
    ) -> queue_entry::Model {
        queue_entry::Model {
            id: self.id(),
            company_id: self.scope.company(),
            call_id: call,
            queue_id: self.queue,
            priority: 50,
            skills: json!([]),
            entered_at,
            waiting_since: entered_at,
            purpose: EntryPurpose::Caller,
            wanted_agent_id: None,
            max_wait_until: None,
            plan: VisitPlan::default(),
            outcome: Some(outcome),
            left_at: Some(left),
        }
    }

    async fn talk(&self, call: CallId, entry: QueueEntryId, connected: DateTime<Utc>, talk: Talk) {
        let (offered, reserved) = (connected - seconds(5), connected - seconds(2));
        let offer = self.offer(call, entry, OfferState::Accepted, offered, reserved).await;
        let ended = connected + seconds(talk.talk);
        let row = segment::Model {
            id: self.id(),
            company_id: self.scope.company(),
            call_id: call,
            queue_entry_id: entry,
            offer_id: offer,
            agent_id: self.agent,
            queue_id: self.queue,
            part: SegmentPart::Main,
            room_id: offer,
            state: SegmentState::Done,
            reserved_at: reserved,
            agent_joined_at: Some(connected),
            connected_at: Some(connected),
            ended_at: Some(ended),
            ended_by: Some(EndedBy::Caller),
            hold_ms: talk.hold * 1000,
            held_since: None,
            wrap_up_until: None,
            wrap_up_extensions: 0,
            wrapped_up_at: Some(ended + seconds(talk.wrap_up)),
            disposition: None,
            notes: None,
        };
        let tx = self.app.app.db.begin().await.unwrap();
        let segment = row.id;
        self.scope.insert::<segment::Entity, _>(&tx, row).await.unwrap();
        let held = connected + seconds(10);
        for (seq, kind, moment) in [(1, "call.held", held), (2, "call.resumed", held + seconds(talk.hold))] {
            let line = call_event::Model {
                company_id: self.scope.company(),
                call_id: call,
                seq,
                kind: kind.to_owned(),
                data: json!({"segmentId": segment}),
                occurred_at: moment,
                provider_at: None,
                received_at: moment,
            };
            if talk.hold > 0 {
                self.scope.insert::<call_event::Entity, _>(&tx, line).await.unwrap();
            }
        }
        if let Some(score) = talk.score {
            let row = survey_answer::Model {
                id: self.id(),
                company_id: self.scope.company(),
                call_id: call,
                survey: "service".to_owned(),
                score,
                agent_id: Some(self.agent),
                queue_id: Some(self.queue),
                recording_id: None,
                answered_at: ended,
            };
            self.scope.insert::<survey_answer::Entity, _>(&tx, row).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    /// One more visit by the call, which left so and then.
    pub async fn visit(
        &self,
        call: CallId,
        entered: DateTime<Utc>,
        purpose: EntryPurpose,
        (outcome, left): (EntryOutcome, DateTime<Utc>),
    ) -> QueueEntryId {
        let row = queue_entry::Model { purpose, ..self.entry_row(call, entered, outcome, left) };
        let id = row.id;
        let tx = self.app.app.db.begin().await.unwrap();
        self.scope.insert::<queue_entry::Entity, _>(&tx, row).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// The call was of another kind and came to something else.
    pub async fn was(&self, call: CallId, kind: CallKind, outcome: CallOutcome) {
        let tx = self.app.app.db.begin().await.unwrap();
        let changes = call::ActiveModel {
            kind: sea_orm::Set(kind),
            outcome: sea_orm::Set(Some(outcome)),
            ..Default::default()
        };
        let _ = self.scope.update::<call::Entity, _>(&tx, call, changes).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// The agent had taken the call, and it never came to a conversation.
    pub async fn never_connected(&self, call: CallId) {
        let segment = self.segment_of(call).await.id;
        let changes = segment::ActiveModel {
            state: sea_orm::Set(SegmentState::Failed),
            connected_at: sea_orm::Set(None),
            wrapped_up_at: sea_orm::Set(None),
            ..Default::default()
        };
        let tx = self.app.app.db.begin().await.unwrap();
        let _ = self.scope.update::<segment::Entity, _>(&tx, segment, changes).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// The call's visit has not ended.
    pub async fn still_waits(&self, call: CallId) {
        let entry = self.entry_of(call).await.id;
        let changes = queue_entry::ActiveModel {
            outcome: sea_orm::Set(None),
            left_at: sea_orm::Set(None),
            ..Default::default()
        };
        let tx = self.app.app.db.begin().await.unwrap();
        let _ = self.scope.update::<queue_entry::Entity, _>(&tx, entry, changes).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// The agent has passed the caller on to his own queue.
    pub async fn transferred(&self, call: CallId, by: UserId) {
        let segment = self.segment_of(call).await;
        let row = transfer::Model {
            id: self.id(),
            company_id: self.scope.company(),
            call_id: call,
            segment_id: segment.id,
            agent_id: self.agent,
            requested_by: by,
            mode: TransferMode::Blind,
            target: TransferTarget::Queue,
            to_agent_id: None,
            to_queue_id: Some(self.queue),
            to_number: None,
            to_flow_id: None,
            state: TransferState::Completed,
            queue_entry_id: None,
            leg_id: None,
            started_at: segment.reserved_at,
            taken_up_at: None,
            joined_at: None,
            ended_at: segment.ended_at,
            reason: None,
        };
        let tx = self.app.app.db.begin().await.unwrap();
        self.scope.insert::<transfer::Entity, _>(&tx, row).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Who was in no queue answers a survey.
    pub async fn score(&self, call: CallId, score: i32, answered_at: DateTime<Utc>) {
        let row = survey_answer::Model {
            id: self.id(),
            company_id: self.scope.company(),
            call_id: call,
            survey: "service".to_owned(),
            score,
            agent_id: None,
            queue_id: None,
            recording_id: None,
            answered_at,
        };
        let tx = self.app.app.db.begin().await.unwrap();
        self.scope.insert::<survey_answer::Entity, _>(&tx, row).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// The agent's time with a call.
    async fn segment_of(&self, call: CallId) -> segment::Model {
        use sea_orm::{ColumnTrait, QueryFilter};
        let found = self.scope.find::<segment::Entity>().filter(segment::Column::CallId.eq(call));
        found.one(self.app.app.db.reader()).await.unwrap().expect("an agent has had the call")
    }

    /// A call's visit.
    pub async fn entry_of(&self, call: CallId) -> queue_entry::Model {
        use sea_orm::{ColumnTrait, QueryFilter};
        let of_call = queue_entry::Column::CallId.eq(call);
        let found = self.scope.find::<queue_entry::Entity>().filter(of_call);
        found.one(self.app.app.db.reader()).await.unwrap().expect("the call has waited")
    }

    /// An offer that was settled.
    pub async fn offer(
        &self,
        call: CallId,
        entry: QueueEntryId,
        state: OfferState,
        offered: DateTime<Utc>,
        settled: DateTime<Utc>,
    ) -> OfferId {
        let (company_id, round, id): (_, RoundId, OfferId) = (self.scope.company(), self.id(), self.id());
        let tx = self.app.app.db.begin().await.unwrap();
        let row = offer_round::Model {
            id: round,
            company_id,
            queue_entry_id: entry,
            opened_at: offered,
            closed_at: Some(settled),
        };
        self.scope.insert::<offer_round::Entity, _>(&tx, row).await.unwrap();
        let row = offer::Model {
            id,
            company_id,
            round_id: round,
            queue_entry_id: entry,
            call_id: call,
            agent_id: self.agent,
            state,
            offered_at: offered,
            expires_at: settled,
            settled_at: Some(settled),
        };
        self.scope.insert::<offer::Entity, _>(&tx, row).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// The agent's states from the first moment on, and the last of them as he is now.
    pub async fn states(&self, changes: &[(DateTime<Utc>, Availability)]) {
        let axes = |availability: Availability| json!({"availability": availability, "notResponding": false});
        let mut before = Availability::Offline;
        let tx = self.app.app.db.begin().await.unwrap();
        for (moment, after) in changes {
            let row = agent_change::Model {
                id: self.id::<ChangeId>(),
                company_id: self.scope.company(),
                agent_id: self.agent,
                changed_by: None,
                because: ChangeCause::Agent,
                before: axes(before),
                after: axes(*after),
                at: *moment,
            };
            self.scope.insert::<agent_change::Entity, _>(&tx, row).await.unwrap();
            before = *after;
        }
        let now = agent::ActiveModel { availability: sea_orm::Set(before), ..Default::default() };
        let _ = self.scope.update::<agent::Entity, _>(&tx, self.agent, now).await.unwrap();
        tx.commit().await.unwrap();
    }
}
