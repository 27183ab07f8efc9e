//! What must hold when all is quiet, whatever happened before.

use calldocker::flows::replay::past::{self, Shelf};
use calldocker::store::past_calls::PastCall;
use calldocker::store::{calls, queueing};
use entity::*;
use sea_orm::{ColumnTrait, QueryFilter};

use super::centre::Centre;

impl Centre {
    /// Nothing is held, nothing is open, no job has failed, nobody is left on a line; every call's story is in order and
    /// its flow can be replayed.
    pub async fn assert_at_rest(&self) {
        let db = self.app.db.reader();
        let stories = self.all_stories().await;
        for call in self.calls().await {
            assert!(call.status.is_over(), "call {} is {:?}\n{stories}", call.id, call.status);
            assert!(call.outcome.is_some(), "call {} has no outcome\n{stories}", call.id);
            assert!(call.ended_at.is_some(), "call {} has no end\n{stories}", call.id);
            self.assert_story_is_in_order(&call, &stories).await;
            // Who is called by an agent never was in a flow.
            let was_in_a_flow = call.session_version > 0 || call.kind == CallKind::Outbound;
            assert!(was_in_a_flow, "call {} has no recorded input", call.id);
        }
        self.assert_flows_replay().await;
        let slots = self.scope.find::<agent_slot::Entity>().all(db).await.unwrap();
        assert!(slots.is_empty(), "slots are still held: {slots:?}\n{stories}");
        let entries = queueing::open_entries(self.scope, db).await.unwrap();
        assert!(entries.is_empty(), "somebody still waits: {entries:?}\n{stories}");
        let rounds = offer_round::Column::ClosedAt.is_null();
        let rounds = self.scope.find::<offer_round::Entity>().filter(rounds).all(db).await.unwrap();
        assert!(rounds.is_empty(), "a round is still open: {rounds:?}\n{stories}");
        let offers: Vec<_> =
            self.offers().await.into_iter().filter(|offer| offer.state == OfferState::Open).collect();
        assert!(offers.is_empty(), "an offer is still open: {offers:?}\n{stories}");
        for segment in self.segments().await {
            let over = matches!(segment.state, SegmentState::Done | SegmentState::Failed);
            assert!(over, "a segment goes on: {segment:?}\n{stories}");
        }
        for recording in self.recordings().await {
            assert!(!recording.state.is_open(), "a recording is not settled: {recording:?}\n{stories}");
            assert!(!recording.awaits_transcript(), "a transcript is awaited: {recording:?}\n{stories}");
        }
        let failed = job::Column::State.eq(JobState::Failed);
        let failed = self.scope.find::<job::Entity>().filter(failed).all(db).await.unwrap();
        assert!(failed.is_empty(), "a job has failed: {failed:?}\n{stories}");
        for segment in self.segments().await {
            let talked = segment.ended_at.zip(segment.connected_at).map(|(end, start)| end - start);
            let talked = talked.map_or(0, |talked| talked.num_milliseconds());
            assert!(segment.held_since.is_none(), "a hold has no end: {segment:?}\n{stories}");
            assert!(segment.hold_ms <= talked, "longer on hold than in the call: {segment:?}\n{stories}");
        }
        let transfers = self.scope.find::<transfer::Entity>().all(db).await.unwrap();
        let open: Vec<_> = transfers.into_iter().filter(|one| one.state.is_open()).collect();
        assert!(open.is_empty(), "transfers are under way: {open:?}\n{stories}");
        let there = supervision::Column::EndedAt.is_null();
        let there = self.scope.find::<supervision::Entity>().filter(there).all(db).await.unwrap();
        assert!(there.is_empty(), "supervisors are in calls: {there:?}\n{stories}");
        self.assert_callbacks_are_looked_after(&stories).await;
        self.assert_figures_add_up(&stories).await;
        self.assert_reports_are_right(&stories).await;
        let mut legs = self.carrier.snapshot().calls;
        legs.retain(|leg| !leg.status.is_terminal());
        assert!(legs.is_empty(), "a leg is still alive at the carrier: {legs:?}\n{stories}");
    }

    /// Nobody who is to be called back is forgotten, and he has no try that is over.
    async fn assert_callbacks_are_looked_after(&self, stories: &str) {
        let db = self.app.db.reader();
        for row in self.scope.find::<callback::Entity>().all(db).await.unwrap() {
            let jobs = self.scope.find::<job::Entity>().filter(job::Column::SubjectId.eq(row.id.0));
            let jobs = jobs.filter(job::Column::Kind.eq(JobKind::BringUpCallback)).all(db).await.unwrap();
            if row.state == CallbackState::Open {
                assert!(row.call_id.is_none(), "a callback has a try that is over: {row:?}\n{stories}");
                assert_eq!(jobs.len(), 1, "nothing looks after {row:?}\n{stories}");
            } else {
                assert!(jobs.is_empty(), "something looks after {row:?}\n{stories}");
            }
        }
    }

    async fn assert_story_is_in_order(&self, call: &call::Model, stories: &str) {
        let lines = calls::events(self.scope, self.app.db.reader(), call.id, 0, 10_000).await.unwrap();
        for (line, seq) in lines.iter().zip(1..) {
            assert_eq!(line.seq, seq, "a line is missing in the story of {}\n{stories}", call.id);
        }
        for pair in lines.windows(2) {
            assert!(
                pair[0].occurred_at <= pair[1].occurred_at,
                "line {} stands before the one above it\n{stories}",
                pair[1].seq
            );
        }
        let count = |kind: &str| lines.iter().filter(|line| line.kind == kind).count();
        let (begun, left) = match call.kind {
            CallKind::Inbound | CallKind::Peer => (count("call.arrived"), count("caller.left")),
            CallKind::Outbound => {
                let begun = count("call.requested") + count("callback.due");
                (begun, count("caller.left") + count("customer.not_reached"))
            }
        };
        assert_eq!(begun, 1, "a call begins once\n{stories}");
        let called_back = call.kind == CallKind::Inbound && call.outcome == Some(CallOutcome::Callback);
        assert!(
            !called_back || count("callback.booked") > 0,
            "nobody is called back for {}\n{stories}",
            call.id
        );
        assert_eq!(left, 1, "a caller leaves once\n{stories}");
        assert_eq!(count("call.ended"), 1, "a call ends once\n{stories}");
        assert_eq!(
            count("queue.entered"),
            count("queue.left"),
            "who comes into a queue leaves it\n{stories}"
        );
        assert_eq!(count("wrap_up.started"), count("wrap_up.ended"), "wrap-up ends\n{stories}");
        let settled = ["offer.accepted", "offer.declined", "offer.no_answer", "offer.withdrawn"];
        let settled: usize = settled.iter().map(|kind| count(kind)).sum();
        // A device's failure settles an open offer, or ends a segment of an accepted one.
        let made = count("offer.made");
        assert!(
            settled <= made && made <= settled + count("agent.device_failed"),
            "every offer is settled once\n{stories}"
        );
    }

    /// What went into the flows of all calls, fed to them again, leads to the sessions that are stored.
    pub async fn assert_flows_replay(&self) {
        // Nothing may be in flight between the reading of the calls and that of their inputs.
        self.pass(0).await;
        let row = |call: call::Model| {
            Some(PastCall {
                id: call.id,
                side: None,
                flow_version_id: call.flow_version_id?,
                session: call.session.filter(|_| call.session_version > 0)?,
                inputs: call.session_version,
                started_at: call.started_at,
            })
        };
        let mut calls: Vec<_> = self.calls().await.into_iter().filter_map(row).collect();
        let beside = self.scope.find::<side_session::Entity>().all(self.app.db.reader()).await.unwrap();
        calls.extend(beside.into_iter().map(|row| PastCall::beside(row).expect("its inputs are kept")));
        let past = past::read(&self.app, self.scope, calls).await.unwrap();
        let mut shelf = Shelf::default();
        shelf.stock(&self.app, self.scope, &past).await.unwrap();
        for past in past {
            let call = past.call.id;
            let runs =
                past.runs().unwrap_or_else(|| panic!("what went into the flow of {call} cannot be read"));
            for run in runs {
                assert!(
                    run.reproduces(&shelf),
                    "the replay of call {call} in version {} does not end in the stored session: {run:#?}",
                    run.version
                );
            }
        }
    }
}
