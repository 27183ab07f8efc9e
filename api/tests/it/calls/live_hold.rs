//! Hold, mute and keys: what people hear, what is counted, and what happens when somebody forgets or the provider fails.

use calldocker::calls::control::{self, Microphone};
use calldocker::error::Error;
use carrier::{CallbackEffect, CallbackFault, CallbackKind, Faults, LineKind, RestEffect, RestFault};
use entity::{Activity, CallStatus, EndedBy, SegmentState};

use crate::support::centre::{Centre, Life, Plan, conflict, heard, whole_calls};
use crate::support::live::heard_say;

const MUSIC: &str = "please hold the line";

/// Ends the call from the caller's side, and sees to it that nothing is left.
async fn ends(centre: Centre, caller: &carrier::CallHandle) {
    caller.hang_up();
    centre.pass(130).await;
    centre.assert_at_rest().await;
    centre.close().await;
}

whole_calls! {
    async fn a_caller_on_hold_hears_music_and_the_hold_is_counted(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.talk().await;
        centre.hold(0).await.unwrap();
        centre.pass(2).await;
        assert_eq!(centre.call().await.status, CallStatus::OnHold, "{}", centre.all_stories().await);
        assert!(heard(&caller, MUSIC), "{}", centre.all_stories().await);
        centre.agent_phone(0).say("Where is that file?");
        centre.hold(0).await.unwrap();
        centre.pass(30).await;
        centre.resume(0).await.unwrap();
        centre.pass(2).await;
        let stories = centre.all_stories().await;
        assert_eq!(centre.call().await.status, CallStatus::Connected, "{stories}");
        assert!(!heard_say(&caller, "Where is that file?"), "{stories}");
        let held = centre.segments().await[0].hold_ms;
        assert!((31_000..=33_000).contains(&held), "{held}\n{stories}");
        let story = centre.story(centre.call().await.id).await;
        let holds = story.iter().filter(|kind| *kind == "call.held" || *kind == "call.resumed").count();
        assert_eq!(holds, 2, "each once\n{stories}");
        centre.agent_phone(0).say("I have found it.");
        centre.pass(1).await;
        assert!(heard_say(&caller, "I have found it."), "{}", centre.all_stories().await);
        ends(centre, &caller).await;
    }

    async fn a_hold_that_is_on_when_the_caller_hangs_up_is_counted_to_the_end(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.talk().await;
        centre.hold(0).await.unwrap();
        centre.pass(20).await;
        caller.hang_up();
        centre.pass(2).await;
        let segment = centre.segments().await.remove(0);
        let stories = centre.all_stories().await;
        assert_eq!((segment.state, segment.ended_by), (SegmentState::WrapUp, Some(EndedBy::Caller)), "{stories}");
        assert!((18_000..=21_000).contains(&segment.hold_ms), "{}\n{stories}", segment.hold_ms);
        assert_eq!(segment.held_since, None);
        assert_eq!(centre.agent(0).await.activity, Activity::WrapUp);
        ends(centre, &caller).await;
    }

    async fn an_agent_who_hangs_up_while_the_caller_is_on_hold_does_not_leave_him_alone(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.talk().await;
        centre.hold(0).await.unwrap();
        centre.pass(5).await;
        centre.agent_phone(0).hang_up();
        centre.pass(3).await;
        assert!(caller.status().is_terminal(), "{}", centre.all_stories().await);
        assert_eq!(centre.call().await.ended_by, Some(EndedBy::Agent));
        ends(centre, &caller).await;
    }

    async fn an_agent_who_forgets_his_caller_is_reminded_and_then_has_him_back(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.talk().await;
        centre.hold(0).await.unwrap();
        centre.pass(130).await;
        let reminders = centre.told("call:hold-reminder").await;
        assert_eq!(reminders.len(), 2, "{reminders:?}");
        assert_eq!(reminders[1].payload["heldSeconds"], 120);
        centre.pass(160).await;
        assert_eq!(centre.call().await.status, CallStatus::OnHold);
        centre.pass(15).await;
        let stories = centre.all_stories().await;
        assert_eq!(centre.call().await.status, CallStatus::Connected, "{stories}");
        assert!(centre.story(centre.call().await.id).await.contains(&"call.hold_limit".to_owned()));
        centre.agent_phone(0).say("Sorry that you had to wait.");
        centre.pass(1).await;
        assert!(heard_say(&caller, "Sorry that you had to wait."), "{}", centre.all_stories().await);
        ends(centre, &caller).await;
    }

    async fn a_hold_is_known_though_its_event_never_comes(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.talk().await;
        let lost = CallbackFault::of(CallbackKind::Conference, CallbackEffect::Lost);
        centre.carrier.set_faults(Faults { callbacks: vec![lost], ..Faults::default() });
        centre.hold(0).await.unwrap();
        centre.pass(11).await;
        assert_eq!(centre.call().await.status, CallStatus::OnHold, "{}", centre.all_stories().await);
        centre.resume(0).await.unwrap();
        centre.pass(2).await;
        assert_eq!(centre.call().await.status, CallStatus::Connected, "{}", centre.all_stories().await);
        let held = centre.segments().await[0].hold_ms;
        assert!((10_000..=12_000).contains(&held), "{held}");
        centre.heal();
        ends(centre, &caller).await;
    }

    async fn a_hold_whose_answer_was_lost_is_known_and_can_be_taken_back(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.talk().await;
        let lost = RestFault::once("POST", "/Participants/", RestEffect::ReplyLost);
        let late = CallbackFault::of(CallbackKind::Conference, CallbackEffect::Late(4.0));
        centre.carrier.set_faults(Faults { rest: vec![lost], callbacks: vec![late], ..Faults::default() });
        centre.hold(0).await.unwrap();
        centre.pass(1).await;
        centre.resume(0).await.unwrap();
        centre.pass(10).await;
        let stories = centre.all_stories().await;
        assert_eq!(centre.call().await.status, CallStatus::Connected, "{stories}");
        centre.heal();
        centre.agent_phone(0).say("There you are.");
        centre.pass(1).await;
        assert!(heard_say(&caller, "There you are."), "{}", centre.all_stories().await);
        ends(centre, &caller).await;
    }

    async fn a_hold_s_timer_survives_the_server(ground) {
        let mut centre = Centre::open(ground, Plan { life: Life::Mortal, ..Plan::default() }).await;
        let caller = centre.talk().await;
        centre.hold(0).await.unwrap();
        centre.pass(40).await;
        centre.kill_and_restart().await;
        centre.pass(290).await;
        assert_eq!(centre.call().await.status, CallStatus::Connected, "{}", centre.all_stories().await);
        assert!(!centre.told("call:hold-reminder").await.is_empty());
        ends(centre, &caller).await;
    }

    async fn only_who_has_the_call_holds_it(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.talk().await;
        let other = centre.hold(1).await;
        assert!(matches!(other, Err(Error::NotFound(_))), "{other:?}");
        caller.hang_up();
        centre.pass(2).await;
        assert_eq!(conflict(centre.hold(0).await), "CALL_NOT_CONNECTED");
        ends(centre, &caller).await;
    }

    async fn an_agent_who_is_muted_is_not_heard_until_he_wants_to_be(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.talk().await;
        let call = centre.call().await.id;
        control::mute(&centre.app, centre.scope, centre.acting(0), call, Microphone::Muted).await.unwrap();
        centre.pass(1).await;
        centre.agent_phone(0).say("What a day.");
        centre.pass(1).await;
        assert!(!heard_say(&caller, "What a day."), "{}", centre.all_stories().await);
        let told = centre.told("call:update").await;
        assert_eq!(told.last().unwrap().payload["muted"], serde_json::json!([centre.agents[0]]));
        control::mute(&centre.app, centre.scope, centre.acting(0), call, Microphone::On).await.unwrap();
        centre.pass(1).await;
        centre.agent_phone(0).say("Hello again.");
        centre.pass(1).await;
        assert!(heard_say(&caller, "Hello again."), "{}", centre.all_stories().await);
        ends(centre, &caller).await;
    }

    async fn keys_are_played_to_the_caller_once_and_kept_nowhere(ground) {
        let centre = Centre::open(ground, Plan::default()).await;
        let caller = centre.talk().await;
        let call = centre.call().await.id;
        let lost = RestFault::once("POST", "/Participants/", RestEffect::ReplyLost);
        centre.carrier.set_faults(Faults { rest: vec![lost], ..Faults::default() });
        let keys = "31*47#".to_owned();
        control::send_keys(&centre.app, centre.scope, centre.acting(0), call, keys).await.unwrap();
        centre.pass(15).await;
        let tones = |line: &carrier::Line| line.kind == LineKind::Played && line.text == "tones 31*47#";
        let stories = centre.all_stories().await;
        assert_eq!(caller.transcript().iter().filter(|line| tones(line)).count(), 1, "{stories}");
        let story = calldocker::store::calls::events(centre.scope, centre.app.db.reader(), call, 0, 100).await.unwrap();
        assert!(story.iter().any(|line| line.kind == "call.keys_sent" && line.data["count"] == 6));
        assert!(story.iter().all(|line| !line.data.to_string().contains("31*47#")));
        ends(centre, &caller).await;
    }
}
