//! Messages that callers leave.

use carrier::{
    CallHandle, CallbackEffect, CallbackFault, CallbackKind, Faults, RestEffect, RestFault, Step,
    WebhookEffect, WebhookFault,
};
use entity::{CallOutcome, RecordingState};
use serde_json::{Value, json};

use crate::support::centre::{Centre, Ground, Plan, heard, whole_calls};

fn mailbox() -> Value {
    json!({
        "version": 1, "name": "Night", "start": "leave", "language": "en-US",
        "nodes": {
            "leave": {"type": "voicemail", "prompt": "Please leave a message.", "mailbox": "night & day",
                      "finishOnKey": "#", "next": {"recorded": "thanks", "silent": "bye"}},
            "thanks": {"type": "say", "text": "Thank you.", "next": {"next": "bye"}},
            "bye": {"type": "hangup"},
        },
    })
}

async fn leave_a_message(ground: Ground, then: Vec<Step>, faults: Faults) -> (Centre, CallHandle) {
    let centre = Centre::open(ground, Plan { flow: mailbox(), ..Plan::default() }).await;
    centre.carrier.set_faults(faults);
    let speak = [
        Step::UntilSaid("leave a message".into()),
        Step::Wait(1.0),
        Step::SpeakNow("Please call me back about the two pianos that I have ordered".into()),
    ];
    let caller = centre.ring(speak.into_iter().chain(then));
    centre.pass(150).await;
    (centre, caller)
}

/// The message is here, and nowhere else.
async fn assert_kept(centre: &Centre) {
    let stories = centre.all_stories().await;
    let recordings = centre.recordings().await;
    assert_eq!(recordings.len(), 1, "{stories}");
    let row = &recordings[0];
    assert_eq!(row.state, RecordingState::Stored, "{stories}");
    assert_eq!(row.mailbox.as_deref(), Some("night & day"));
    let bytes = centre
        .app
        .storage
        .get(row.storage_key.as_deref().unwrap())
        .await
        .unwrap()
        .expect("the file is there");
    assert_eq!(i64::try_from(bytes.len()).ok(), row.size_bytes);
    assert!(bytes.starts_with(b"RIFF") && bytes.len() > 1000, "it is a sound");
    let client = centre.app.providers.client(centre.scope, centre.app.db.reader()).await.unwrap();
    let there = client.fetch_recording(row.provider_sid.as_deref().unwrap()).await;
    assert!(
        there.as_ref().is_err_and(twilio::rest::Error::is_gone),
        "it is deleted at the provider: {there:?}"
    );
    assert_eq!(centre.call().await.outcome, Some(CallOutcome::Voicemail), "{stories}");
    centre.assert_at_rest().await;
}

whole_calls! {
    async fn a_message_is_kept_here_and_deleted_there(ground) {
        let (centre, caller) = leave_a_message(ground, vec![Step::PressNow("#".into())], Faults::default()).await;
        assert!(heard(&caller, "thank you"), "{}", centre.all_stories().await);
        assert_kept(&centre).await;
        centre.close().await;
    }

    async fn who_hangs_up_after_his_message_has_left_one(ground) {
        let (centre, _) = leave_a_message(ground, vec![Step::HangUp], Faults::default()).await;
        assert_kept(&centre).await;
        centre.close().await;
    }

    async fn a_message_whose_callback_is_lost_is_fetched_later(ground) {
        let lost = CallbackFault::of(CallbackKind::Recording, CallbackEffect::Lost);
        let faults = Faults { callbacks: vec![lost], ..Faults::default() };
        let (centre, _) = leave_a_message(ground, vec![Step::PressNow("#".into())], faults).await;
        assert_kept(&centre).await;
        centre.close().await;
    }

    async fn a_message_whose_action_never_comes_is_kept_all_the_same(ground) {
        let gone = WebhookFault { times: None, ..WebhookFault::once("heard=record", WebhookEffect::Unreachable) };
        let faults = Faults { webhooks: vec![gone], ..Faults::default() };
        let (centre, caller) = leave_a_message(ground, vec![Step::PressNow("#".into())], faults).await;
        // He is asked again, and has nothing to add.
        assert!(caller.status().is_terminal(), "{}", centre.all_stories().await);
        assert_kept(&centre).await;
        centre.close().await;
    }

    async fn a_message_is_fetched_again_after_a_failure_and_told_twice_is_kept_once(ground) {
        let fails = RestFault { times: Some(2), ..RestFault::once("GET", "/Recordings/", RestEffect::ServerError) };
        let twice = CallbackFault::of(CallbackKind::Recording, CallbackEffect::Double);
        let faults = Faults { rest: vec![fails], callbacks: vec![twice], ..Faults::default() };
        let (centre, _) = leave_a_message(ground, vec![Step::HangUp], faults).await;
        assert_kept(&centre).await;
        centre.close().await;
    }

    async fn who_says_nothing_leaves_no_message(ground) {
        let centre = Centre::open(ground, Plan { flow: mailbox(), ..Plan::default() }).await;
        let caller = centre.ring([]);
        centre.pass(90).await;
        assert!(caller.status().is_terminal(), "{}", centre.all_stories().await);
        assert!(!heard(&caller, "thank you"));
        let kept = centre.recordings().await.into_iter().any(|row| row.state != RecordingState::Absent);
        assert!(!kept, "{:?}", centre.recordings().await);
        assert_eq!(centre.call().await.outcome, Some(CallOutcome::FlowExit));
        centre.assert_at_rest().await;
        centre.close().await;
    }
}
