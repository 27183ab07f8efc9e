//! Messages of callers that a server of the company's own writes down.

use std::sync::Arc;
use std::time::Duration;

use calldocker::authz::Whose;
use calldocker::calls::recording::desk::{self, Reader};
use calldocker::calls::transcription::{self, hook};
use calldocker::jobs::Done;
use calldocker::secret::Secret;
use calldocker::store::{one_each, recordings};
use carrier::{RestEffect, RestFault, Step};
use entity::{RecordingState, TranscriptState, recording, transcription_hook};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::Barrier;

use crate::support::centre::{Centre, Ground, Life, Plan, whole_calls};
use crate::support::log::Log;
use crate::support::target::{Act, Request, Target};

/// Of the secret by which the hook knows us.
const KEY: &[u8] = b"a key that only they and we know";
const SAID: &str = "Please call me back about the two pianos";

fn mailbox() -> Value {
    json!({
        "version": 1, "name": "Night", "start": "leave", "language": "en-GB",
        "nodes": {
            "leave": {"type": "voicemail", "prompt": "Please leave a message.", "mailbox": "night", "transcribe": true,
                      "next": {"recorded": "bye", "silent": "bye"}},
            "bye": {"type": "hangup"},
        },
    })
}

fn plan(target: &Target) -> Plan {
    Plan { flow: mailbox(), reachable: target.address.to_string(), ..Plan::default() }
}

async fn set_hook(centre: &Centre, url: String) {
    use base64::Engine;
    let secret = format!("whsec_{}", base64::prelude::BASE64_STANDARD.encode(KEY));
    let wanted = hook::Wanted { url, secret: Some(Secret::new(secret)) };
    hook::put(&centre.app, centre.scope, centre.user, wanted).await.unwrap();
}

async fn with_hook(ground: Ground, target: &Target) -> Centre {
    let centre = Centre::open(ground, plan(target)).await;
    set_hook(&centre, target.url("/voicemails")).await;
    centre
}

/// Somebody leaves a message.
async fn leave_a_message(centre: &Centre) {
    centre.ring([
        Step::UntilSaid("leave a message".into()),
        Step::Wait(1.0),
        Step::SpeakNow(SAID.into()),
        Step::HangUp,
    ]);
    centre.pass(30).await;
}

/// The last message.
async fn message(centre: &Centre) -> recording::Model {
    centre.recordings().await.pop().expect("a message was left")
}

/// The lines about transcripts in the story of the last call.
async fn lines(centre: &Centre) -> Vec<(String, Value)> {
    let call = centre.calls().await.pop().expect("somebody called").id;
    let lines =
        calldocker::store::calls::events(centre.scope, centre.app.db.reader(), call, 0, 1000).await.unwrap();
    let lines = lines.into_iter().map(|line| (line.kind, line.data));
    lines.filter(|(kind, _)| kind.ends_with("transcribed")).collect()
}

async fn ends(centre: Centre) {
    centre.assert_at_rest().await;
    centre.close().await;
}

fn body(request: &Request) -> Value {
    serde_json::from_str(&request.body).expect("the request is JSON")
}

async fn fetch(url: &str) -> reqwest::Response {
    reqwest::Client::builder().no_proxy().build().unwrap().get(url).send().await.unwrap()
}

/// What a hook does: it fetches the sound, and writes down what it is.
fn listens(request: Request) -> BoxFuture<'static, (u16, Value)> {
    async move {
        let audio = body(&request)["data"]["audio"].clone();
        let sound = fetch(audio["url"].as_str().unwrap()).await;
        let status = sound.status().as_u16();
        let kind = sound.headers()["content-type"].to_str().unwrap().to_owned();
        let sound = sound.bytes().await.unwrap();
        let is_it = sound.starts_with(b"RIFF") && hex::encode(Sha256::digest(&sound)) == audio["sha256"];
        let text = format!("{SAID}: {status}, {kind}, {} bytes, {is_it}", sound.len());
        (200, json!({"text": text, "language": "en-US"}))
    }
    .boxed()
}

/// As the specification of Standard Webhooks has it, and not by the code that signs.
fn assert_signed(request: &Request) {
    use base64::Engine;
    let header = |name: &str| request.header(name).unwrap_or_else(|| panic!("no {name}"));
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY).unwrap();
    mac.update(
        format!("{}.{}.{}", header("webhook-id"), header("webhook-timestamp"), request.body).as_bytes(),
    );
    let signature = base64::prelude::BASE64_STANDARD.encode(mac.finalize().into_bytes());
    assert_eq!(header("webhook-signature"), format!("v1,{signature}"));
}

fn asked_at(request: &Request) -> i64 {
    request.header("webhook-timestamp").unwrap().parse().unwrap()
}

/// Until the hook has been asked so often: by the clock on the wall, since a try that is under way keeps the simulated one
/// still.
async fn until_asked(centre: &Centre, target: &Target, times: usize) {
    let asked = async {
        let mut look = tokio::time::interval(Duration::from_millis(5));
        while target.requests().len() < times {
            look.tick().await;
        }
    };
    tokio::select! {
        () = asked => {}
        () = centre.pass(300) => panic!("the hook was not asked {times} times\n{}", centre.all_stories().await),
    }
}

whole_calls! {
    async fn a_message_is_written_down_by_who_fetches_it(ground) {
        let log = Log::listen();
        let target = Target::start([Act::Works(listens)]).await;
        let centre = with_hook(ground, &target).await;
        leave_a_message(&centre).await;
        let row = message(&centre).await;
        let size = row.size_bytes.unwrap();
        let text = format!("{SAID}: 200, audio/x-wav, {size} bytes, true");
        assert_eq!(row.transcript.as_deref(), Some(text.as_str()), "{}", centre.all_stories().await);
        assert_eq!(row.transcript_state, Some(TranscriptState::Written));
        assert_eq!(row.transcript_language.as_deref(), Some("en-US"), "as the hook says");
        let requests = target.requests();
        assert_eq!(requests.len(), 1);
        assert_eq!(requests[0].line, "POST /voicemails");
        assert_eq!(requests[0].header("content-type"), Some("application/json"));
        assert_eq!(requests[0].header("webhook-id"), Some(row.id.to_string().as_str()));
        assert_signed(&requests[0]);
        let sent = body(&requests[0]);
        assert_eq!(sent["type"], "voicemail.transcribe");
        let data = &sent["data"];
        assert_eq!(data["companyId"], json!(row.company_id));
        assert_eq!((&data["callId"], &data["recordingId"]), (&json!(row.call_id), &json!(row.id)));
        assert_eq!((&data["mailbox"], &data["language"]), (&json!("night"), &json!("en-GB")), "as he was asked");
        assert_eq!((&data["seconds"], &data["audio"]["bytes"]), (&json!(row.duration_seconds), &json!(size)));
        let link = data["audio"]["url"].as_str().unwrap();
        assert_eq!(fetch(link).await.status(), 404, "the address was for this text");

        let told = json!({"recordingId": row.id, "language": "en-US", "tries": 1});
        assert_eq!(lines(&centre).await, [("voicemail.transcribed".to_owned(), told.clone())]);
        let news = centre.told("voicemail:transcribed").await;
        assert_eq!(news.len(), 1);
        assert_eq!((&news[0].audience, &news[0].payload["callId"]), (&json!(["supervisors"]), &json!(row.call_id)));
        assert!(!news[0].payload.to_string().contains("pianos"), "an event has no text");
        assert_eq!(log.lines_with("pianos"), [""; 0], "nor has the log");
        let (_, signature) = link.rsplit_once("signature=").unwrap();
        let logged = log.lines_with(signature);
        assert!(!logged.iter().any(|line| line.contains("calldocker::")), "{logged:?}");

        let again = transcription::transcribe(&centre.app, centre.scope, row.id).await;
        assert!(matches!(again, Ok(Done::Yes)), "{again:?}");
        assert_eq!(target.requests().len(), 1, "what is written is not asked for again");
        ends(centre).await;
    }

    async fn a_hook_that_fails_twice_is_asked_again_for_the_same(ground) {
        let acts = [Act::Answers(500, json!({})), Act::HangsUp, Act::Works(listens)];
        let target = Target::start(acts).await;
        let centre = with_hook(ground, &target).await;
        leave_a_message(&centre).await;
        let row = message(&centre).await;
        assert_eq!((row.transcript_state, row.transcript), (Some(TranscriptState::Awaited), None));
        assert!(row.transcript_failure.is_some(), "it says why it is late");
        centre.pass(300).await;
        let row = message(&centre).await;
        assert_eq!((row.transcript_state, row.transcript_tries), (Some(TranscriptState::Written), 3));
        assert!(row.transcript.unwrap().starts_with(SAID));
        assert_eq!(row.transcript_failure, None);
        let requests = target.requests();
        assert_eq!(requests.len(), 3);
        requests.iter().for_each(assert_signed);
        let id = requests[0].header("webhook-id");
        assert!(requests.iter().all(|request| request.header("webhook-id") == id));
        let pauses: Vec<_> = requests.windows(2).map(|two| asked_at(&two[1]) - asked_at(&two[0])).collect();
        assert_eq!(pauses, [15, 60]);
        assert_eq!(lines(&centre).await.len(), 1);
        ends(centre).await;
    }

    async fn a_hook_that_asks_for_time_gets_it(ground) {
        let target = Target::start([Act::IsBusy(200), Act::Works(listens)]).await;
        let centre = with_hook(ground, &target).await;
        leave_a_message(&centre).await;
        centre.pass(300).await;
        let requests = target.requests();
        assert_eq!(asked_at(&requests[1]) - asked_at(&requests[0]), 200);
        assert_eq!(message(&centre).await.transcript_state, Some(TranscriptState::Written));
        ends(centre).await;
    }

    async fn a_hook_that_always_fails_is_given_up_after_an_hour(ground) {
        let target = Target::start([Act::Answers(500, json!({"text": "not to be believed"}))]).await;
        let centre = with_hook(ground, &target).await;
        leave_a_message(&centre).await;
        centre.pass(62 * 60).await;
        let requests = target.requests();
        assert_eq!(requests.len(), 6);
        assert_eq!(asked_at(requests.last().unwrap()) - asked_at(&requests[0]), 60 * 60 + 15);
        let row = message(&centre).await;
        assert_eq!((row.transcript_state, row.transcript), (Some(TranscriptState::Failed), None));
        assert_eq!(row.transcript_failure.as_deref(), Some("status 500"));
        let told = json!({"recordingId": row.id, "state": "failed", "reason": "status 500", "tries": 6});
        assert_eq!(lines(&centre).await, [("voicemail.not_transcribed".to_owned(), told)]);
        assert_eq!(centre.told("voicemail:not-transcribed").await.len(), 1);
        assert_eq!(row.state, RecordingState::Stored, "the message is kept all the same");
        ends(centre).await;
    }

    async fn an_answer_that_is_none_is_not_asked_for_again(ground) {
        let acts = [
            Act::Says(200, b"<html>Hello</html>".to_vec()),
            Act::Floods,
            Act::Answers(200, json!({"text": "x".repeat(70_000)})),
            Act::Answers(404, json!({})),
            Act::Redirects("http://127.0.0.1:1/".to_owned()),
        ];
        let target = Target::start(acts).await;
        let centre = with_hook(ground, &target).await;
        let reasons = ["answerNotUnderstood", "answerTooLarge", "answerTooLarge", "status 404", "status 302"];
        for (asked, reason) in (1..).zip(reasons) {
            leave_a_message(&centre).await;
            centre.pass(120).await;
            assert_eq!(target.requests().len(), asked, "{reason}");
            let [(kind, told)] = &lines(&centre).await[..] else { panic!("{reason} is not told") };
            assert_eq!((kind.as_str(), &told["reason"]), ("voicemail.not_transcribed", &json!(reason)));
            assert_eq!(told["state"], "failed");
        }
        assert!(target.flooded() < 16 << 20, "{} bytes were taken", target.flooded());
        assert!(centre.recordings().await.iter().all(|row| row.transcript.is_none()));
        ends(centre).await;
    }

    async fn the_longest_text_is_kept_whole(ground) {
        let text = "ä".repeat(30_000);
        let target = Target::start([Act::Answers(200, json!({"text": text}))]).await;
        let centre = with_hook(ground, &target).await;
        leave_a_message(&centre).await;
        let row = message(&centre).await;
        assert_eq!(row.transcript.as_deref(), Some(text.as_str()));
        assert_eq!(row.transcript_language.as_deref(), Some("en-GB"), "the hook has not said which");
        ends(centre).await;
    }

    async fn without_a_hook_nobody_is_asked_and_the_story_says_so(ground) {
        let target = Target::start([Act::Works(listens)]).await;
        let centre = Centre::open(ground, plan(&target)).await;
        leave_a_message(&centre).await;
        let row = message(&centre).await;
        assert_eq!((row.state, row.transcript_state), (RecordingState::Stored, Some(TranscriptState::Unavailable)));
        let told = json!({"recordingId": row.id, "state": "unavailable", "reason": "noHook", "tries": 0});
        assert_eq!(lines(&centre).await, [("voicemail.not_transcribed".to_owned(), told)]);
        assert!(target.requests().is_empty());
        ends(centre).await;
    }

    async fn a_message_that_nobody_wants_in_writing_is_shown_to_nobody(ground) {
        let target = Target::start([Act::Works(listens)]).await;
        let mut plan = plan(&target);
        plan.flow["nodes"]["leave"]["transcribe"] = json!(false);
        let centre = Centre::open(ground, plan).await;
        set_hook(&centre, target.url("/voicemails")).await;
        leave_a_message(&centre).await;
        assert_eq!(message(&centre).await.transcript_state, None);
        assert!(lines(&centre).await.is_empty());
        assert!(target.requests().is_empty());
        ends(centre).await;
    }

    async fn a_name_that_leads_to_a_private_address_is_not_asked(ground) {
        let target = Target::start([Act::Works(listens)]).await;
        let centre = Centre::open(ground, Plan { reachable: String::new(), ..plan(&target) }).await;
        set_hook(&centre, format!("https://localhost:{}/", target.address.port())).await;
        leave_a_message(&centre).await;
        let row = message(&centre).await;
        assert_eq!(row.transcript_state, Some(TranscriptState::Failed));
        assert_eq!(row.transcript_failure.as_deref(), Some("addressRefused"));
        assert!(target.requests().is_empty());
        ends(centre).await;
    }

    async fn a_secret_that_cannot_be_read_any_more_is_told_and_entered_again(ground) {
        let target = Target::start([Act::Works(listens)]).await;
        let centre = with_hook(ground, &target).await;
        let hook = one_each::get::<transcription_hook::Entity>(centre.scope, centre.app.db.reader()).await.unwrap().unwrap();
        let tx = centre.app.db.begin().await.unwrap();
        let foreign = transcription_hook::Model { secret_sealed: "v1.AAAA".to_owned(), ..hook };
        one_each::put::<transcription_hook::Entity>(centre.scope, &tx, Some(foreign)).await.unwrap();
        tx.commit().await.unwrap();
        leave_a_message(&centre).await;
        let row = message(&centre).await;
        assert_eq!(row.transcript_state, Some(TranscriptState::Awaited));
        assert_eq!(row.transcript_failure.as_deref(), Some("secretUnreadable"));
        assert!(target.requests().is_empty(), "nothing is sent unsigned");
        set_hook(&centre, target.url("/voicemails")).await;
        centre.pass(120).await;
        assert_eq!(message(&centre).await.transcript_state, Some(TranscriptState::Written));
        target.requests().iter().for_each(assert_signed);
        ends(centre).await;
    }

    async fn a_message_that_was_lost_at_the_provider_has_nothing_to_write_down(ground) {
        let target = Target::start([Act::Works(listens)]).await;
        let centre = with_hook(ground, &target).await;
        let mut faults = carrier::Faults::default();
        let never = RestFault::once("GET", "/Recordings/", RestEffect::ServerError);
        faults.rest = vec![RestFault { times: None, ..never }];
        centre.carrier.set_faults(faults);
        leave_a_message(&centre).await;
        assert_eq!(message(&centre).await.transcript_state, Some(TranscriptState::Awaited));
        // As if it had gone on so for most of a day.
        let row = recording::Model { tries: 27, ..message(&centre).await };
        let tx = centre.app.db.begin().await.unwrap();
        recordings::save(centre.scope, &tx, row).await.unwrap();
        tx.commit().await.unwrap();
        centre.pass(200).await;
        let row = message(&centre).await;
        assert_eq!((row.state, row.transcript_state), (RecordingState::Failed, Some(TranscriptState::Unavailable)));
        let [(_, told)] = &lines(&centre).await[..] else { panic!("it is told once") };
        assert_eq!(told["reason"], "nothingToHear");
        assert!(target.requests().is_empty());
        ends(centre).await;
    }

    async fn what_a_dead_server_had_begun_the_next_one_does_once(ground) {
        let target = Target::start([Act::IsSilent, Act::Works(listens)]).await;
        let plan = Plan { life: Life::Mortal, ..plan(&target) };
        let mut centre = Centre::open(ground, plan).await;
        set_hook(&centre, target.url("/voicemails")).await;
        centre.ring([Step::UntilSaid("leave a message".into()), Step::Wait(1.0), Step::SpeakNow(SAID.into()), Step::HangUp]);
        until_asked(&centre, &target, 1).await;
        let row = message(&centre).await;
        assert_eq!((row.state, row.transcript_state), (RecordingState::Stored, Some(TranscriptState::Awaited)));
        centre.kill_and_restart().await;
        centre.pass(150).await;
        let row = message(&centre).await;
        assert!(row.transcript.is_some_and(|text| text.starts_with(SAID)), "{}", centre.all_stories().await);
        let requests = target.requests();
        assert_eq!((requests.len(), row.transcript_tries), (2, 1), "a try of which nobody knows the end is none");
        assert_eq!(requests[0].header("webhook-id"), requests[1].header("webhook-id"));
        assert_eq!(lines(&centre).await.len(), 1);
        ends(centre).await;
    }

    async fn two_who_ask_at_once_keep_one_text(ground) {
        let both = Arc::new(Barrier::new(2));
        let says = |text: &str| Act::AnswersBeside(both.clone(), 200, json!({"text": text}));
        let acts = [Act::IsBusy(200), says("The first."), says("The second.")];
        let target = Target::start(acts).await;
        let centre = with_hook(ground, &target).await;
        leave_a_message(&centre).await;
        let id = message(&centre).await.id;
        let ask = || transcription::transcribe(&centre.app, centre.scope, id);
        // The job itself comes for nothing in a while.
        let (one, other) = tokio::join!(ask(), ask());
        assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
        let row = message(&centre).await;
        let text = row.transcript.expect("there is a text");
        assert!(["The first.", "The second."].contains(&text.as_str()), "{text}");
        centre.pass(300).await;
        assert_eq!(message(&centre).await.transcript, Some(text), "what is kept stays");
        assert_eq!(lines(&centre).await.len(), 1);
        assert_eq!(target.requests().len(), 3);
        ends(centre).await;
    }

    async fn a_message_that_is_deleted_meanwhile_is_not_written_down_any_more(ground) {
        let target = Target::start([Act::IsBusy(200), Act::Works(listens)]).await;
        let centre = with_hook(ground, &target).await;
        leave_a_message(&centre).await;
        let row = message(&centre).await;
        let sent = body(&target.requests()[0]);
        let link = sent["data"]["audio"]["url"].as_str().unwrap().to_owned();
        assert_eq!(fetch(&link).await.status(), 200, "until then it can be fetched");
        let by = Reader { user: centre.user, whose: Whose::Everybodys };
        desk::delete(&centre.app, centre.scope, by, row.id).await.unwrap();
        assert_eq!(fetch(&link).await.status(), 404);
        centre.pass(300).await;
        let row = message(&centre).await;
        assert_eq!((row.state, row.transcript_state), (RecordingState::Deleted, None));
        assert_eq!(target.requests().len(), 1);
        assert!(lines(&centre).await.is_empty());
        ends(centre).await;
    }
}
