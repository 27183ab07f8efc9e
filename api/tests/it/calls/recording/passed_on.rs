//! Holds and transfers: one recording goes with the caller, each queue has its say, and nobody outside is recorded.

use calldocker::authz::Whose;
use calldocker::calls::recording::desk::{self, Reader};
use calldocker::calls::recording::parts::Part;
use calldocker::calls::recording::settings::{self, Settings};
use calldocker::calls::transfer::To;
use calldocker::store::{Unit, queueing};
use chrono::TimeDelta;
use entity::id::QueueId;
use entity::{
    RecordingRule, RecordingState, RoutingSubject, SegmentState, TransferMode, TransferState, queue,
    queue_member, recording,
};

use super::{assert_kept, centre_that_says, only, pass_until_it_is, says};
use crate::support::centre::{Centre, Ground, whole_calls};

const OUTSIDE: &str = "+12025550177";

/// The call's recordings and whose conversation is where in them.
async fn with_parts(centre: &Centre) -> Vec<(recording::Model, Vec<Part>)> {
    let call = centre.call().await.id;
    let by = Reader { user: centre.user, whose: Whose::Everybodys };
    desk::of_call(&centre.app, centre.scope, by, call).await.unwrap()
}

/// A company that records always, and a second queue, of its second agent, that is never recorded.
async fn with_a_quiet_queue(ground: Ground) -> (Centre, QueueId) {
    let centre = centre_that_says(ground, says(RecordingRule::Always)).await;
    let mut unit = Unit::begin(&centre.app, centre.scope).await.unwrap();
    let first = queueing::queue(centre.scope, unit.tx(), centre.queue().await).await.unwrap();
    let quiet = queue::Model { id: unit.id(), name: "quiet".into(), ..first };
    let member =
        queue_member::Model { company_id: quiet.company_id, queue_id: quiet.id, agent_id: centre.agents[1] };
    centre.scope.insert::<queue::Entity, _>(unit.tx(), quiet.clone()).await.unwrap();
    centre.scope.insert::<queue_member::Entity, _>(unit.tx(), member).await.unwrap();
    unit.reroute(RoutingSubject::Queue, quiet.id);
    unit.commit().await.unwrap();
    let never = Settings { queues: [(quiet.id, RecordingRule::Never)].into(), ..says(RecordingRule::Always) };
    settings::put(&centre.app, centre.scope, centre.user, never).await.unwrap();
    (centre, quiet.id)
}

whole_calls! {
    async fn one_recording_goes_with_the_caller_and_says_which_part_is_whose(ground) {
        let centre = centre_that_says(ground, says(RecordingRule::Always)).await;
        let caller = centre.talk().await;
        centre.pass(10).await;
        centre.pass_on(centre.colleague(1), TransferMode::Blind).await.unwrap();
        centre.pass(4).await;
        centre.accept(1).await;
        centre.pass_until_transfer_is(TransferState::Completed).await;
        centre.pass(10).await;
        caller.hang_up();
        centre.pass(150).await;
        let row = only(&centre).await;
        assert_kept(&centre, &row).await;
        let parts = with_parts(&centre).await.remove(0).1;
        let whose: Vec<_> = parts.iter().map(|part| part.agent).collect();
        assert_eq!(whose, centre.agents, "{parts:?}");
        let (first, second) = (parts[0], parts[1]);
        assert!(first.from_ms < 1_000, "{parts:?}");
        assert!(first.to_ms.unwrap() + 4_000 <= second.from_ms, "he waited between them: {parts:?}");
        // Both the provider's events and its durations are in whole seconds.
        let length = i64::from(row.duration_seconds.unwrap()) * 1000;
        assert!((second.to_ms.unwrap() - length).abs() <= 2_000, "{parts:?} of {length} ms");
        let segments = centre.segments().await;
        assert_eq!([first.segment, second.segment], [segments[0].id, segments[1].id]);
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_hold_is_in_the_recording_and_does_not_interrupt_it(ground) {
        let centre = centre_that_says(ground, says(RecordingRule::Always)).await;
        let caller = centre.talk().await;
        centre.pass(5).await;
        centre.hold(0).await.unwrap();
        centre.pass(20).await;
        assert_eq!(only(&centre).await.state, RecordingState::InProgress);
        centre.resume(0).await.unwrap();
        centre.pass(5).await;
        caller.hang_up();
        centre.pass(150).await;
        let row = only(&centre).await;
        assert_kept(&centre, &row).await;
        assert_eq!(row.pauses, 0);
        assert!((29..=33).contains(&row.duration_seconds.unwrap()), "{row:?}\n{}", centre.all_stories().await);
        assert_eq!(with_parts(&centre).await[0].1.len(), 1, "one conversation, hold and all");
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn a_queue_that_is_never_recorded_ends_what_was_begun_before_it(ground) {
        let (centre, quiet) = with_a_quiet_queue(ground).await;
        let caller = centre.talk().await;
        centre.pass(10).await;
        centre.pass_on(To::Queue(quiet), TransferMode::Blind).await.unwrap();
        centre.pass(3).await;
        centre.accept(1).await;
        centre.pass_until_transfer_is(TransferState::Completed).await;
        centre.pass(30).await;
        caller.hang_up();
        centre.pass(150).await;
        let row = only(&centre).await;
        assert_kept(&centre, &row).await;
        let connected = centre.segments().await[1].connected_at.unwrap();
        assert!(row.ended_at.unwrap() - connected < TimeDelta::seconds(2), "{}", centre.all_stories().await);
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn while_three_talk_both_queues_have_a_say(ground) {
        let (centre, quiet) = with_a_quiet_queue(ground).await;
        let caller = centre.talk().await;
        pass_until_it_is(&centre, RecordingState::InProgress).await;
        centre.pass_on(To::Queue(quiet), TransferMode::Warm).await.unwrap();
        centre.pass(3).await;
        centre.accept(1).await;
        centre.pass_until_transfer_is(TransferState::Joined).await;
        assert_eq!(only(&centre).await.state, RecordingState::InProgress, "the caller does not hear him yet");
        centre.merge().await.unwrap();
        centre.pass(10).await;
        assert_kept(&centre, &only(&centre).await).await;
        centre.agent_phone(1).hang_up();
        centre.pass_until("another one begins", async || centre.recordings().await.len() == 2).await;
        centre.pass(20).await;
        caller.hang_up();
        centre.pass(150).await;
        for row in centre.recordings().await {
            assert_kept(&centre, &row).await;
        }
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn who_is_passed_on_to_a_number_is_not_recorded_there(ground) {
        let centre = centre_that_says(ground, says(RecordingRule::Always)).await;
        let caller = centre.talk().await;
        centre.pass(10).await;
        centre.pass_on(To::Number(OUTSIDE.to_owned()), TransferMode::Blind).await.unwrap();
        centre.pass_until_transfer_is(TransferState::Completed).await;
        centre.pass(30).await;
        assert!(!caller.status().is_terminal());
        let row = only(&centre).await;
        assert_kept(&centre, &row).await;
        let passed_on = centre.segments().await[0].ended_at.unwrap();
        assert!(row.ended_at.unwrap() - passed_on < TimeDelta::seconds(2), "{}", centre.all_stories().await);
        caller.hang_up();
        centre.pass(150).await;
        only(&centre).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn an_agent_who_leaves_the_caller_to_somebody_outside_ends_the_recording(ground) {
        let centre = centre_that_says(ground, says(RecordingRule::Always)).await;
        let caller = centre.talk().await;
        centre.pass_on(To::Number(OUTSIDE.to_owned()), TransferMode::Warm).await.unwrap();
        centre.pass_until_transfer_is(TransferState::Joined).await;
        centre.pass(5).await;
        assert_eq!(only(&centre).await.state, RecordingState::InProgress, "the agent is still there");
        centre.complete().await.unwrap();
        centre.pass(30).await;
        assert!(!caller.status().is_terminal());
        assert_kept(&centre, &only(&centre).await).await;
        caller.hang_up();
        centre.pass(150).await;
        only(&centre).await;
        centre.assert_at_rest().await;
        centre.close().await;
    }

    async fn who_comes_back_from_a_number_is_recorded_again(ground) {
        let centre = centre_that_says(ground, says(RecordingRule::Always)).await;
        centre.carrier.set_endpoint(OUTSIDE, carrier::Endpoint::only(carrier::Answer::Busy));
        let caller = centre.talk().await;
        centre.pass(10).await;
        centre.pass_on(To::Number(OUTSIDE.to_owned()), TransferMode::Blind).await.unwrap();
        centre.pass_until_transfer_is(TransferState::Failed).await;
        centre.pass(3).await;
        let first = if centre.open_offers(0).await.is_empty() { 1 } else { 0 };
        centre.accept(first).await;
        centre
            .pass_until("he is with an agent again", async || {
                centre.segments().await.last().is_some_and(|last| last.state == SegmentState::Connected)
            })
            .await;
        centre.pass(10).await;
        caller.hang_up();
        centre.pass(150).await;
        let rows = centre.recordings().await;
        assert_eq!(rows.len(), 2, "{}", centre.all_stories().await);
        for row in rows {
            assert_kept(&centre, &row).await;
        }
        centre.assert_at_rest().await;
        centre.close().await;
    }
}
