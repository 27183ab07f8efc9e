//! Surveys after the conversation: a score by key, a spoken comment, both orders of hanging up.

use calldocker::authz::Whose;
use calldocker::calls::desk;
use carrier::{CallHandle, Step};
use entity::{Activity, CallOutcome, EndedBy, RecordingKind, RecordingState, SegmentState, survey_answer};
use serde_json::{Value, json};

use crate::support::centre::{Centre, Ground, Plan, heard, whole_calls};

fn survey(comment: Option<&str>) -> Value {
    let mut node = json!({"type": "survey", "name": "service & more", "question": {"prompt": "How was it, one to five?"},
        "timeoutSeconds": 3, "retries": 1, "next": {"answered": "thanks", "timeout": "bye"}});
    if let Some(comment) = comment {
        node["comment"] = json!({"prompt": comment});
    }
    json!({"version": 1, "name": "Survey", "start": "wait", "language": "en-US", "nodes": {
        "wait": {"type": "enqueue", "queue": "support", "next": {"afterAgent": "survey"}},
        "survey": node,
        "thanks": {"type": "hangup", "prompt": "Thank you for the answer."},
        "bye": {"type": "hangup", "prompt": "Goodbye then."},
    }})
}

/// The caller has talked with the first agent, who hangs up.
async fn talked(ground: Ground, flow: Value, then: Vec<Step>) -> (Centre, CallHandle) {
    let centre = Centre::open(ground, Plan { flow, ..Plan::default() }).await;
    let caller = centre.ring(std::iter::once(Step::UntilSaid("how was it".into())).chain(then));
    centre.pass(3).await;
    centre.accept(0).await;
    centre.pass_until_segment_is(SegmentState::Connected).await;
    centre.pass(4).await;
    centre.agent_phone(0).hang_up();
    centre.pass(1).await;
    assert_eq!(
        centre.agent(0).await.activity,
        Activity::WrapUp,
        "it begins at once\n{}",
        centre.all_stories().await
    );
    centre.pass(150).await;
    (centre, caller)
}

async fn answers(centre: &Centre) -> Vec<survey_answer::Model> {
    let call = centre.call().await.id;
    desk::surveys(&centre.app, centre.scope, Whose::Everybodys, call).await.unwrap()
}

/// The comment is kept as a recording that belongs to the score.
async fn assert_comment_is_kept(centre: &Centre) {
    let stories = centre.all_stories().await;
    let recordings = centre.recordings().await;
    assert_eq!(recordings.len(), 1, "{stories}");
    assert_eq!(recordings[0].kind, RecordingKind::SurveyComment);
    assert_eq!(recordings[0].state, RecordingState::Stored, "{stories}");
    assert_eq!(answers(centre).await[0].recording_id, Some(recordings[0].id), "{stories}");
    assert_eq!(centre.call().await.outcome, Some(CallOutcome::Answered), "a comment is no voicemail");
    assert!(centre.told("voicemail:new").await.is_empty());
}

async fn ends(centre: Centre) {
    centre.assert_at_rest().await;
    centre.close().await;
}

fn comment() -> Option<&'static str> {
    Some("Tell us more, please.")
}

whole_calls! {
    async fn the_caller_gives_a_score_when_the_agent_has_hung_up(ground) {
        let (centre, caller) = talked(ground, survey(None), vec![Step::Press("4".into())]).await;
        assert!(heard(&caller, "thank you for the answer"), "{}", centre.all_stories().await);
        let rows = answers(&centre).await;
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].survey.as_str(), rows[0].score), ("service & more", 4));
        assert_eq!((rows[0].agent_id, rows[0].queue_id), (Some(centre.agents[0]), Some(centre.queue().await)));
        assert_eq!(centre.call().await.outcome, Some(CallOutcome::Answered));
        assert_eq!(centre.call().await.ended_by, Some(EndedBy::Flow));
        let told = centre.told("survey:answered").await;
        assert_eq!((told.len(), &told[0].payload["score"]), (1, &json!(4)));
        ends(centre).await;
    }

    async fn he_says_something_about_it(ground) {
        let then = vec![
            Step::Press("2".into()),
            Step::UntilSaid("tell us more".into()),
            Step::Wait(2.0),
            Step::SpeakNow("It took too long until somebody understood what I wanted".into()),
            Step::PressNow("#".into()),
        ];
        let (centre, caller) = talked(ground, survey(comment()), then).await;
        assert!(heard(&caller, "thank you for the answer"), "{}", centre.all_stories().await);
        assert_eq!(answers(&centre).await[0].score, 2);
        assert_comment_is_kept(&centre).await;
        ends(centre).await;
    }

    async fn who_hangs_up_in_his_comment_has_given_both(ground) {
        let then = vec![
            Step::Press("5".into()),
            Step::UntilSaid("tell us more".into()),
            Step::Wait(2.0),
            Step::SpeakNow("It was very good and I shall tell all of my friends".into()),
            Step::HangUp,
        ];
        let (centre, _) = talked(ground, survey(comment()), then).await;
        assert_eq!(answers(&centre).await[0].score, 5, "{}", centre.all_stories().await);
        assert_comment_is_kept(&centre).await;
        ends(centre).await;
    }

    async fn who_says_nothing_has_given_a_score(ground) {
        let (centre, caller) = talked(ground, survey(comment()), vec![Step::Press("3".into())]).await;
        assert!(heard(&caller, "thank you for the answer"), "{}", centre.all_stories().await);
        let rows = answers(&centre).await;
        assert_eq!((rows.len(), rows[0].score, rows[0].recording_id), (1, 3, None));
        ends(centre).await;
    }

    async fn other_keys_and_silence_are_no_answer(ground) {
        let (centre, caller) = talked(ground, survey(None), vec![Step::Press("9".into())]).await;
        assert!(heard(&caller, "goodbye then"), "{}", centre.all_stories().await);
        assert!(answers(&centre).await.is_empty());
        ends(centre).await;
    }

    async fn a_caller_who_hangs_up_first_is_asked_nothing(ground) {
        let centre = Centre::open(ground, Plan { flow: survey(None), ..Plan::default() }).await;
        let caller = centre.ring([Step::AfterConnected(5.0), Step::HangUp]);
        centre.pass(3).await;
        centre.accept(0).await;
        centre.pass(100).await;
        assert!(!heard(&caller, "how was it"), "{}", centre.all_stories().await);
        assert!(answers(&centre).await.is_empty());
        assert_eq!(centre.call().await.ended_by, Some(EndedBy::Caller));
        ends(centre).await;
    }
}
