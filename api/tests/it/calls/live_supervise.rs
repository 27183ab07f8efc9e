//! Supervisors: who hears whom, without a new leg, also after a transfer; and that they never count as company.

use calldocker::companies::settings::{self, Changes};
use carrier::{Answer, CallHandle, Endpoint};
use entity::{CallOutcome, CallStatus, SegmentState, SuperviseMode, TransferMode, TransferState};
use serde_json::json;

use crate::support::centre::{Centre, Life, Plan, conflict, whole_calls};
use crate::support::live::heard_say;

/// What somebody says is heard by these, and not by those.
async fn says(
    centre: &Centre,
    who: &CallHandle,
    what: &str,
    heard_by: &[&CallHandle],
    not_by: &[&CallHandle],
) {
    who.say(what);
    centre.pass(1).await;
    for phone in heard_by {
        assert!(heard_say(phone, what), "nobody heard: {what}\n{}", centre.all_stories().await);
    }
    for phone in not_by {
        assert!(!heard_say(phone, what), "was not meant to hear: {what}\n{}", centre.all_stories().await);
    }
}

async fn ends(centre: Centre, caller: &CallHandle) {
    caller.hang_up();
    centre.pass(150).await;
    assert_eq!(centre.call().await.outcome, Some(CallOutcome::Answered), "{}", centre.all_stories().await);
    centre.assert_at_rest().await;
    centre.close().await;
}

/// How often the supervisor's phone was called.
fn legs(centre: &Centre) -> usize {
    let to = calldocker::calls::supervise::identity(centre.user);
    centre.carrier.snapshot().calls.iter().filter(|leg| leg.to == to).count()
}

whole_calls! {
    async fn a_supervisor_listens_whispers_and_barges_on_one_leg(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.talk().await;
        centre.supervise(SuperviseMode::Listen).await.unwrap();
        centre.pass(4).await;
        let (agent, supervisor) = (centre.agent_phone(0), centre.supervisor());
        says(&centre, &caller, "Good morning.", &[&agent, &supervisor], &[]).await;
        says(&centre, &supervisor, "Nobody hears this.", &[], &[&agent, &caller]).await;
        centre.supervise(SuperviseMode::Whisper).await.unwrap();
        centre.pass(2).await;
        says(&centre, &supervisor, "Offer a refund.", &[&agent], &[&caller]).await;
        centre.supervise(SuperviseMode::Barge).await.unwrap();
        centre.pass(2).await;
        says(&centre, &supervisor, "This is the manager.", &[&agent, &caller], &[]).await;
        centre.supervise(SuperviseMode::Listen).await.unwrap();
        centre.pass(2).await;
        says(&centre, &supervisor, "I am quiet again.", &[], &[&agent, &caller]).await;
        assert_eq!(legs(&centre), 1);
        centre.stop_supervising().await.unwrap();
        centre.pass(2).await;
        assert!(supervisor.status().is_terminal(), "{}", centre.all_stories().await);
        assert_eq!(centre.call().await.status, CallStatus::Connected);
        assert_eq!(conflict(centre.stop_supervising().await), "NOT_SUPERVISING");
        let audited = centre.audited().await;
        let uses: Vec<_> = audited.iter().map(|(action, mode)| (action.as_str(), mode.clone())).collect();
        let used = |mode: &str| ("call:supervise", json!(mode));
        assert_eq!(
            uses,
            [used("listen"), used("whisper"), used("barge"), used("listen"), ("call:supervise-stop", json!(null))]
        );
        let story = centre.story(centre.call().await.id).await;
        assert!(story.iter().all(|kind| !kind.contains("superv")), "the agent reads the story");
        ends(centre, &caller).await;
    }

    async fn an_agent_is_told_of_a_supervisor_unless_the_company_does_not_want_it(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.talk().await;
        let room = json!(format!("agent:{}", centre.agents[0]));
        centre.supervise(SuperviseMode::Listen).await.unwrap();
        let told = centre.told("call:supervised").await;
        assert!(told[0].audience.as_array().unwrap().contains(&room), "{told:?}");
        assert_eq!(told[0].payload["mode"], "listen");
        let quiet = Changes { tell_agents_of_supervision: Some(false), reports: None };
        settings::change(&centre.app, centre.scope, centre.user, quiet).await.unwrap();
        centre.supervise(SuperviseMode::Whisper).await.unwrap();
        let told = centre.told("call:supervised").await;
        assert!(!told.last().unwrap().audience.as_array().unwrap().contains(&room), "{told:?}");
        let uses = centre.audited().await.into_iter().filter(|(action, _)| action == "call:supervise").count();
        assert_eq!(uses, 2, "what is not told is audited all the same");
        ends(centre, &caller).await;
    }

    async fn a_supervisor_who_whispers_is_heard_by_the_agent_to_whom_the_call_was_left(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.talk().await;
        centre.supervise(SuperviseMode::Whisper).await.unwrap();
        centre.pass(4).await;
        centre.pass_on(centre.colleague(1), TransferMode::Warm).await.unwrap();
        centre.pass(2).await;
        centre.accept(1).await;
        centre.pass_until_transfer_is(TransferState::Joined).await;
        centre.complete().await.unwrap();
        centre.pass(3).await;
        let (second, supervisor) = (centre.agent_phone(1), centre.supervisor());
        says(&centre, &supervisor, "Be kind to him.", &[&second], &[&caller]).await;
        assert_eq!(legs(&centre), 1);
        ends(centre, &caller).await;
    }

    async fn a_supervisor_follows_the_caller_into_the_next_agent_s_room(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.talk().await;
        centre.supervise(SuperviseMode::Whisper).await.unwrap();
        centre.pass(4).await;
        centre.pass_on(centre.colleague(1), TransferMode::Blind).await.unwrap();
        centre.pass(5).await;
        let supervisor = centre.supervisor();
        assert!(!supervisor.status().is_terminal(), "{}", centre.all_stories().await);
        centre.accept(1).await;
        centre.pass_until_transfer_is(TransferState::Completed).await;
        centre.pass(8).await;
        let second = centre.agent_phone(1);
        says(&centre, &supervisor, "Be kind to him.", &[&second], &[&caller]).await;
        says(&centre, &caller, "Who are you?", &[&second, &supervisor], &[]).await;
        assert_eq!(legs(&centre), 1);
        ends(centre, &caller).await;
        // He does not stay on the line when the call is over.
        assert!(supervisor.status().is_terminal());
    }

    async fn a_supervisor_is_no_company_for_a_caller_whose_agent_hangs_up(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.talk().await;
        centre.supervise(SuperviseMode::Barge).await.unwrap();
        centre.pass(4).await;
        centre.agent_phone(0).hang_up();
        centre.pass(5).await;
        let stories = centre.all_stories().await;
        assert!(caller.status().is_terminal(), "{stories}");
        centre.pass(5).await;
        assert!(centre.supervisor().status().is_terminal(), "{stories}");
        ends(centre, &caller).await;
    }

    async fn a_supervisor_who_hangs_up_or_does_not_answer_changes_nothing(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.talk().await;
        let address = calldocker::calls::supervise::identity(centre.user);
        centre.carrier.set_endpoint(&address, Endpoint::only(Answer::Never));
        centre.supervise(SuperviseMode::Listen).await.unwrap();
        centre.pass(45).await;
        assert_eq!(conflict(centre.stop_supervising().await), "NOT_SUPERVISING");
        centre.carrier.set_endpoint(&address, Endpoint::answers(1.0, carrier::Script::silent()));
        centre.supervise(SuperviseMode::Barge).await.unwrap();
        centre.pass(4).await;
        centre.supervisor().hang_up();
        centre.pass(3).await;
        assert_eq!(centre.call().await.status, CallStatus::Connected, "{}", centre.all_stories().await);
        assert_eq!(centre.segments().await[0].state, SegmentState::Connected);
        ends(centre, &caller).await;
    }

    async fn a_supervisor_comes_into_a_conversation_and_nowhere_else(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.ring([]);
        centre.pass(3).await;
        assert_eq!(conflict(centre.supervise(SuperviseMode::Listen).await), "CALL_NOT_CONNECTED");
        centre.accept(0).await;
        centre.pass_until_segment_is(SegmentState::Connected).await;
        let own = calldocker::calls::supervise::Supervisor { user: centre.user, agent: Some(centre.agents[0]) };
        let call = centre.call().await.id;
        let mode = SuperviseMode::Listen;
        let refused = calldocker::calls::supervise::supervise(&centre.app, centre.scope, own, call, mode).await;
        assert_eq!(conflict(refused), "YOUR_OWN_CALL");
        ends(centre, &caller).await;
    }

    async fn a_supervisor_stays_when_the_server_dies(ground) {
        let mut centre = Centre::open(ground, Plan { life: Life::Mortal, ..Plan::default() }).await;
        let caller = centre.talk().await;
        centre.supervise(SuperviseMode::Whisper).await.unwrap();
        centre.pass(5).await;
        centre.kill_and_restart().await;
        centre.pass(45).await;
        let supervisor = centre.supervisor();
        says(&centre, &supervisor, "Offer a refund.", &[&centre.agent_phone(0)], &[&caller]).await;
        ends(centre, &caller).await;
    }
}
