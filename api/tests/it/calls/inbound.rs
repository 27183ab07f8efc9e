//! The way of one inbound call.

use carrier::Step;
use entity::{CallOutcome, CallStatus, EndedBy, EntryOutcome, SegmentState};

use crate::support::centre::{Centre, Plan, whole_calls};

whole_calls! {
    async fn a_call_goes_its_whole_way_and_the_caller_hangs_up(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        centre.ring([Step::AfterConnected(30.0), Step::HangUp]);
        centre.pass(5).await;
        assert_eq!(centre.call().await.status, CallStatus::Offered, "{}", centre.all_stories().await);

        let call = centre.accept(0).await;
        centre.pass(10).await;
        assert_eq!(centre.call().await.status, CallStatus::Connected, "{}", centre.all_stories().await);

        centre.pass(30).await;
        assert_eq!(centre.call().await.status, CallStatus::WrapUp, "{}", centre.all_stories().await);

        centre.pass(60).await;
        let done = centre.call().await;
        assert_eq!((done.status, done.outcome), (CallStatus::Completed, Some(CallOutcome::Answered)));
        assert_eq!(done.ended_by, Some(EndedBy::Caller));
        assert_eq!(centre.entries().await[0].outcome, Some(EntryOutcome::Answered));
        assert_eq!(centre.segments().await[0].state, SegmentState::Done);
        assert_eq!(
            centre.story(call).await,
            [
                "call.arrived",
                "flow.started",
                "queue.entered",
                "offer.made",
                "offer.accepted",
                "agent.dialled",
                "agent.ringing",
                "agent.joined",
                "call.connected",
                "queue.left",
                "caller.left",
                "wrap_up.started",
                "wrap_up.ended",
                "call.ended",
            ],
            "{}",
            centre.all_stories().await
        );
        centre.assert_at_rest().await;
        centre.close().await;
    }
}
