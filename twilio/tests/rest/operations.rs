//! Every operation: what is asked, and what is read.

use chrono::{TimeZone as _, Utc};
use serde_json::{Value, json};
use twilio::rest::{
    CURRENT, Call, CallFilter, Client, ConferenceFilter, ConferenceStatus, CreateCall, CreateMessage,
    CreateParticipant, CreateRecording, Credentials, FRONT, NumberSettings, ParticipantStatus, Recorded,
    RecordingChannels, RecordingFormat, Timeouts, UpdateCall, UpdateConference, UpdateParticipant,
    UpdateRecording,
};
use twilio::twiml::{Beep, CallEvent, ConferenceSubscription, Method, OnEnter, OnExit, VoiceResponse};
use twilio::webhook::{
    AnsweredBy, CallStatus, DeliveryStatus, Direction, Params, ReasonEnded, RecordingState,
};

use crate::server::{ACCOUNT, Answer, Server, TOKEN, client};

const URL: &str = "https://cc.example.com/a?x=1&y=2";

fn ok(value: Value) -> Answer {
    Answer::Json(200, value)
}

fn form(pairs: &[(&str, &str)]) -> Params {
    pairs.iter().copied().collect()
}

#[tokio::test]
async fn a_call_is_created_with_a_form_and_basic_authentication() {
    let server = Server::answering([Answer::Json(
        201,
        json!({
            "sid": "CA1", "account_sid": ACCOUNT, "from": "+14155550199", "to": "client:agent_1", "status": "queued",
            "direction": "outbound-api", "date_created": "Fri, 07 Nov 2025 09:05:03 +0000", "start_time": null,
            "duration": null, "answered_by": null, "price": null, "invented_tomorrow": { "a": 1 },
        }),
    )])
    .await;
    let call = CreateCall::url("+14155550199", "client:agent_1", URL)
        .timeout(20)
        .status_callback(URL)
        .status_callback_event(CallEvent::ALL.iter().copied())
        .status_callback_method(Method::Post);
    let call = server.client().create_call(&call).await.expect("a call");
    assert_eq!(
        (call.sid.as_str(), call.status, call.direction),
        ("CA1", CallStatus::Queued, Direction::OutboundApi)
    );
    assert_eq!(call.date_created, Some(Utc.with_ymd_and_hms(2025, 11, 7, 9, 5, 3).unwrap()));
    assert_eq!((call.start_time, call.duration, call.answered_by), (None, None, None));
    let asked = server.asked_once();
    assert_eq!(asked.method, "POST");
    assert_eq!(asked.target, format!("/2010-04-01/Accounts/{ACCOUNT}/Calls.json"));
    assert_eq!(asked.content_type.as_deref(), Some("application/x-www-form-urlencoded"));
    // base64 of the account, a colon and the token.
    assert_eq!(asked.authorization, Some(basic(ACCOUNT, TOKEN)));
    assert_eq!(
        asked.form,
        form(&[
            ("To", "client:agent_1"),
            ("From", "+14155550199"),
            ("Url", URL),
            ("Timeout", "20"),
            ("StatusCallback", URL),
            ("StatusCallbackEvent", "initiated"),
            ("StatusCallbackEvent", "ringing"),
            ("StatusCallbackEvent", "answered"),
            ("StatusCallbackEvent", "completed"),
            ("StatusCallbackMethod", "POST"),
        ])
    );
}

fn basic(user: &str, secret: &str) -> String {
    use base64::Engine as _;
    format!("Basic {}", base64::prelude::BASE64_STANDARD.encode(format!("{user}:{secret}")))
}

#[tokio::test]
async fn an_api_key_asks_for_the_account_in_its_own_name() {
    let server = Server::answering([ok(json!({ "sid": "CA1" }))]).await;
    let credentials = Credentials::api_key(ACCOUNT, "SK1", "secret");
    let client = Client::new(credentials, &server.base(), Timeouts::default()).expect("a client");
    client.fetch_call("CA1").await.expect("a call");
    let asked = server.asked_once();
    assert_eq!(asked.authorization, Some(basic("SK1", "secret")));
    assert_eq!(asked.target, format!("/2010-04-01/Accounts/{ACCOUNT}/Calls/CA1.json"));
}

#[tokio::test]
async fn a_call_is_moved_on_and_ended() {
    let document = VoiceResponse::new().say("Goodbye").hangup();
    let updates = [
        (UpdateCall::Redirect { url: URL.into() }, form(&[("Url", URL), ("Method", "POST")])),
        (UpdateCall::Twiml(document.clone()), form(&[("Twiml", &document.to_xml())])),
        (UpdateCall::Complete, form(&[("Status", "completed")])),
        (UpdateCall::Cancel, form(&[("Status", "canceled")])),
    ];
    let server = Server::answering(updates.iter().map(|_| ok(json!({ "sid": "CA1" })))).await;
    for (update, _) in &updates {
        server.client().update_call("CA1", update).await.expect("a call");
    }
    for (asked, (_, form)) in server.asked().iter().zip(&updates) {
        assert_eq!(asked.target, format!("/2010-04-01/Accounts/{ACCOUNT}/Calls/CA1.json"));
        assert_eq!(&asked.form, form);
    }
}

#[tokio::test]
async fn a_list_is_read_page_by_page_up_to_its_limit() {
    let page = |sids: [&str; 2], next: Option<&str>| {
        let calls: Vec<_> = sids.iter().map(|sid| json!({ "sid": sid })).collect();
        ok(json!({ "calls": calls, "next_page_uri": next }))
    };
    let next = format!("/2010-04-01/Accounts/{ACCOUNT}/Calls.json?Page=1&PageToken=PA%2B1");
    let server =
        Server::answering([page(["CA1", "CA2"], Some(&next)), page(["CA3", "CA4"], Some(&next))]).await;
    let filter = CallFilter::new()
        .to("+14155550199")
        .status(&CallStatus::InProgress)
        .started_since(Utc.with_ymd_and_hms(2025, 11, 7, 9, 5, 3).unwrap());
    // Under a path of its own, as behind a gateway.
    let client = client(&format!("{}/twilio/", server.base()));
    let calls = client.list_calls(&filter, 3).await.expect("calls");
    assert_eq!(calls.iter().map(|call| call.sid.as_str()).collect::<Vec<_>>(), ["CA1", "CA2", "CA3"]);
    let targets: Vec<_> = server.asked().into_iter().map(|asked| asked.target).collect();
    let first = format!(
        "/twilio/2010-04-01/Accounts/{ACCOUNT}/Calls.json?To=%2B14155550199&Status=in-progress&StartTime%3E=2025-11-07&PageSize=3"
    );
    assert_eq!(targets, [first, format!("/twilio{next}")]);
    assert!(server.asked().iter().all(|asked| asked.authorization.is_some()));
}

#[tokio::test]
async fn a_next_page_on_another_host_is_not_fetched() {
    let elsewhere = Server::answering([]).await;
    let next = format!("{}/Calls.json", elsewhere.base());
    let server = Server::answering([ok(json!({ "calls": [{ "sid": "CA1" }], "next_page_uri": next }))]).await;
    let calls = server.client().list_calls(&CallFilter::new(), 10).await.expect("calls");
    assert_eq!(calls.len(), 1);
    assert_eq!((server.asked().len(), elsewhere.asked().len()), (1, 0));
}

#[tokio::test]
async fn a_list_ends_with_an_empty_page_whatever_that_points_to() {
    let next = format!("/2010-04-01/Accounts/{ACCOUNT}/Calls.json?Page=1");
    let server = Server::answering((0..5).map(|_| ok(json!({ "calls": [], "next_page_uri": next })))).await;
    assert_eq!(server.client().list_calls(&CallFilter::new(), 10).await, Ok(vec![]));
    server.asked_once();
}

#[tokio::test]
async fn conferences_and_participants_have_their_paths_and_forms() {
    let conference = json!({
        "sid": "CF1", "friendly_name": "room-7", "status": "completed",
        "reason_conference_ended": "last-participant-left", "call_sid_ending_conference": "CA1",
    });
    let participant = json!({
        "call_sid": "CA1", "conference_sid": "CF1", "label": "agent-9", "status": "connected", "muted": false,
        "hold": true, "coaching": false, "start_conference_on_enter": true, "end_conference_on_exit": false,
    });
    let server = Server::answering([
        ok(json!({ "conferences": [conference], "next_page_uri": null })),
        ok(conference.clone()),
        ok(conference.clone()),
        ok(conference.clone()),
        Answer::Json(201, participant.clone()),
        ok(participant.clone()),
        ok(participant.clone()),
        ok(participant.clone()),
        ok(participant.clone()),
        Answer::Text(204, vec![], String::new()),
        ok(json!({ "participants": [participant], "next_page_uri": "" })),
    ])
    .await;
    let client = server.client();
    let filter = ConferenceFilter::new().friendly_name("room-7").status(&ConferenceStatus::InProgress);
    let listed = client.list_conferences(&filter, 1).await.expect("conferences");
    assert_eq!(listed[0].reason_conference_ended, Some(ReasonEnded::LastParticipantLeft));
    assert_eq!(listed, [client.fetch_conference("CF1").await.expect("a conference")]);
    client.update_conference("CF1", &UpdateConference::Complete).await.expect("a conference");
    client
        .update_conference("CF1", &UpdateConference::Announce { url: URL.into() })
        .await
        .expect("a conference");
    let create = CreateParticipant::new("+14155550199", "client:agent_1")
        .label("agent-9")
        .on_enter(OnEnter::StartsConference)
        .on_exit(OnExit::LeavesOthers)
        .beep(Beep::Never)
        .no_early_media()
        .conference_status_callback_event([ConferenceSubscription::Join, ConferenceSubscription::Leave]);
    let created = client.create_participant("room 7/a?b", &create).await.expect("a participant");
    assert_eq!(
        (&created.status, created.hold, created.muted),
        (&ParticipantStatus::Connected, Some(true), Some(false))
    );
    client
        .update_participant("CF1", "CA1", &UpdateParticipant::new().hold(URL))
        .await
        .expect("a participant");
    client
        .update_participant("CF1", "CA1", &UpdateParticipant::new().unhold().mute())
        .await
        .expect("a participant");
    let whisper = UpdateParticipant::new().coach("CA2").unmute();
    client.update_participant("CF1", "agent-9", &whisper).await.expect("a participant");
    client.fetch_participant("CF1", "CA1").await.expect("a participant");
    client.delete_participant("CF1", "CA1").await.expect("nothing");
    assert_eq!(client.list_participants("CF1", 50).await.expect("participants"), [created]);

    let asked: Vec<_> =
        server.asked().into_iter().map(|asked| (asked.method, asked.target, asked.form)).collect();
    let root = format!("/2010-04-01/Accounts/{ACCOUNT}/Conferences");
    let expected = [
        ("GET", ".json?FriendlyName=room-7&Status=in-progress&PageSize=1", form(&[])),
        ("GET", "/CF1.json", form(&[])),
        ("POST", "/CF1.json", form(&[("Status", "completed")])),
        ("POST", "/CF1.json", form(&[("AnnounceUrl", URL), ("AnnounceMethod", "POST")])),
        (
            "POST",
            "/room%207%2Fa%3Fb/Participants.json",
            form(&[
                ("From", "+14155550199"),
                ("To", "client:agent_1"),
                ("Label", "agent-9"),
                ("StartConferenceOnEnter", "true"),
                ("EndConferenceOnExit", "false"),
                ("Beep", "false"),
                ("EarlyMedia", "false"),
                ("ConferenceStatusCallbackEvent", "join"),
                ("ConferenceStatusCallbackEvent", "leave"),
            ]),
        ),
        (
            "POST",
            "/CF1/Participants/CA1.json",
            form(&[("Hold", "true"), ("HoldUrl", URL), ("HoldMethod", "POST")]),
        ),
        ("POST", "/CF1/Participants/CA1.json", form(&[("Hold", "false"), ("Muted", "true")])),
        (
            "POST",
            "/CF1/Participants/agent-9.json",
            form(&[("Coaching", "true"), ("CallSidToCoach", "CA2"), ("Muted", "false")]),
        ),
        ("GET", "/CF1/Participants/CA1.json", form(&[])),
        ("DELETE", "/CF1/Participants/CA1.json", form(&[])),
        ("GET", "/CF1/Participants.json?PageSize=50", form(&[])),
    ];
    let expected: Vec<_> = expected
        .into_iter()
        .map(|(method, target, form)| (method.to_owned(), format!("{root}{target}"), form))
        .collect();
    assert_eq!(asked, expected);
}

#[tokio::test]
async fn a_caller_is_taken_out_of_his_queue() {
    let member = json!({
        "call_sid": "CA1", "queue_sid": "QU1", "position": 1, "wait_time": 31,
        "date_enqueued": "Fri, 07 Nov 2025 09:05:03 +0000",
    });
    let queue = json!({ "sid": "QU1", "friendly_name": "q-1", "current_size": 2, "average_wait_time": 9 });
    let server = Server::answering([
        ok(json!({ "queues": [queue] })),
        ok(json!({ "queue_members": [member] })),
        ok(member.clone()),
        ok(member.clone()),
    ])
    .await;
    let client = server.client();
    let queues = client.list_queues(1).await.expect("queues");
    assert_eq!((queues[0].current_size, queues[0].average_wait_time), (Some(2), Some(9)));
    let members = client.list_members("QU1", 1).await.expect("members");
    assert_eq!((members[0].position, members[0].wait_time), (Some(1), Some(31)));
    assert_eq!(members, [client.fetch_member("QU1", "CA1").await.expect("a member")]);
    client.update_member("QU1", FRONT, URL).await.expect("a member");
    let root = format!("/2010-04-01/Accounts/{ACCOUNT}/Queues");
    let asked = server.asked();
    let targets: Vec<_> =
        asked.iter().map(|asked| asked.target.strip_prefix(&root).expect("a queue")).collect();
    assert_eq!(
        targets,
        [
            ".json?PageSize=1",
            "/QU1/Members.json?PageSize=1",
            "/QU1/Members/CA1.json",
            "/QU1/Members/Front.json"
        ]
    );
    assert_eq!(asked[3].form, form(&[("Url", URL), ("Method", "POST")]));
}

#[tokio::test]
async fn a_recording_is_looked_up_read_and_deleted() {
    let recording = json!({
        "sid": "RE1", "status": "completed", "source": "RecordVerb", "channels": 1, "duration": "12",
        "start_time": "Fri, 07 Nov 2025 09:05:03 +0000", "error_code": null,
    });
    let server = Server::answering([
        ok(recording),
        Answer::Text(200, vec![("content-type", "audio/x-wav".into())], "RIFF".into()),
        Answer::Text(204, vec![], String::new()),
    ])
    .await;
    let client = server.client();
    let recording = client.fetch_recording("RE1").await.expect("a recording");
    assert_eq!((recording.status, recording.duration), (RecordingState::Completed, Some(12)));
    let file = client.download_recording("RE1", RecordingFormat::Wav, 10).await.expect("a file");
    assert_eq!((file.content_type(), file.length()), (Some("audio/x-wav"), Some(4)));
    assert_eq!(file.bytes().await.expect("bytes"), "RIFF");
    client.delete_recording("RE1").await.expect("nothing");
    let root = format!("/2010-04-01/Accounts/{ACCOUNT}/Recordings/RE1");
    let asked: Vec<_> = server.asked().into_iter().map(|asked| (asked.method, asked.target)).collect();
    assert_eq!(
        asked,
        [
            ("GET".to_owned(), format!("{root}.json")),
            ("GET".to_owned(), format!("{root}.wav")),
            ("DELETE".to_owned(), format!("{root}.json")),
        ]
    );
}

#[tokio::test]
async fn a_recording_is_begun_paused_and_stopped_while_the_call_runs() {
    let recording = || ok(json!({ "sid": "RE1", "status": "in-progress" }));
    let server = Server::answering((0..5).map(|_| recording())).await;
    let client = server.client();
    let create = CreateRecording::new().channels(RecordingChannels::Dual).status_callback(URL);
    client.create_recording("CA1", &create).await.expect("a recording");
    let room = Recorded::Conference("CF1");
    for update in [UpdateRecording::PauseSilent, UpdateRecording::PauseSkipping, UpdateRecording::Resume] {
        client.update_recording(room, CURRENT, update).await.expect("a recording");
    }
    client.update_recording(Recorded::Call("CA1"), "RE1", UpdateRecording::Stop).await.expect("a recording");
    let root = format!("/2010-04-01/Accounts/{ACCOUNT}");
    let asked: Vec<_> = server.asked().into_iter().map(|asked| (asked.target, asked.form)).collect();
    let current = format!("{root}/Conferences/CF1/Recordings/Twilio.CURRENT.json");
    assert_eq!(
        asked,
        [
            (
                format!("{root}/Calls/CA1/Recordings.json"),
                form(&[("RecordingChannels", "dual"), ("RecordingStatusCallback", URL)])
            ),
            (current.clone(), form(&[("Status", "paused"), ("PauseBehavior", "silence")])),
            (current.clone(), form(&[("Status", "paused"), ("PauseBehavior", "skip")])),
            (current, form(&[("Status", "in-progress")])),
            (format!("{root}/Calls/CA1/Recordings/RE1.json"), form(&[("Status", "stopped")])),
        ]
    );
}

#[tokio::test]
async fn a_file_that_lies_elsewhere_is_fetched_without_our_credentials() {
    let storage = Server::answering([Answer::Text(200, vec![], "ID3".into())]).await;
    let location = format!("{}/bucket/RE1.mp3?sig=1", storage.base());
    let server = Server::answering([Answer::Text(302, vec![("location", location)], String::new())]).await;
    let file = server.client().download_recording("RE1", RecordingFormat::Mp3, 10).await.expect("a file");
    assert_eq!(file.bytes().await.expect("bytes"), "ID3");
    assert!(server.asked_once().authorization.is_some());
    let asked = storage.asked_once();
    assert_eq!((asked.target.as_str(), asked.authorization), ("/bucket/RE1.mp3?sig=1", None));
}

#[tokio::test]
async fn a_message_is_sent_from_a_number_or_by_a_service() {
    let reply = || {
        Answer::Json(
            201,
            json!({ "sid": "SM1", "status": "accepted", "num_segments": "1", "from": null, "error_code": null }),
        )
    };
    let server = Server::answering([reply(), reply()]).await;
    let client = server.client();
    let text = CreateMessage::from_number("+14155550199", "+14155550100")
        .body("Olá 👋")
        .media_url(URL)
        .media_url("b");
    let sent = client.create_message(&text).await.expect("a message");
    assert_eq!((sent.status, sent.num_segments, sent.from), (DeliveryStatus::Accepted, Some(1), None));
    let later = CreateMessage::from_service("MG1", "+14155550100")
        .body("later")
        .send_at(Utc.with_ymd_and_hms(2025, 11, 7, 9, 5, 3).unwrap());
    client.create_message(&later).await.expect("a message");
    let asked = server.asked();
    assert_eq!(
        asked[0].form,
        form(&[
            ("To", "+14155550100"),
            ("From", "+14155550199"),
            ("Body", "Olá 👋"),
            ("MediaUrl", URL),
            ("MediaUrl", "b"),
        ])
    );
    assert_eq!(asked[1].form.get("SendAt"), Some("2025-11-07T09:05:03Z"));
    assert_eq!(asked[1].form.get("MessagingServiceSid"), Some("MG1"));
}

#[tokio::test]
async fn an_account_is_shown() {
    let account = json!({ "sid": ACCOUNT, "friendly_name": "Ours", "status": "suspended", "type": null });
    let server = Server::answering([ok(account)]).await;
    let account = server.client().fetch_account().await.expect("an account");
    assert_eq!((account.sid.as_str(), account.status.as_str()), (ACCOUNT, "suspended"));
    assert_eq!(server.asked()[0].target, format!("/2010-04-01/Accounts/{ACCOUNT}.json"));
}

#[tokio::test]
async fn a_number_is_found_bought_and_set() {
    let number = json!({ "sid": "PN1", "phone_number": "+14155550199", "voice_url": URL, "trunk_sid": null });
    let server = Server::answering([
        ok(json!({ "incoming_phone_numbers": [number] })),
        Answer::Json(201, number.clone()),
        ok(number),
    ])
    .await;
    let client = server.client();
    let settings = NumberSettings::new()
        .voice_url(URL)
        .voice_method(Method::Post)
        .voice_fallback_url("f")
        .status_callback("s");
    let found = client.list_incoming_numbers(Some("+14155550199"), 20).await.expect("numbers");
    assert_eq!((found[0].voice_url.as_deref(), found[0].trunk_sid.as_deref()), (Some(URL), None));
    client.create_incoming_number("+14155550199", &settings).await.expect("a number");
    client.update_incoming_number("PN1", &settings).await.expect("a number");
    let asked = server.asked();
    let root = format!("/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers");
    assert_eq!(asked[0].target, format!("{root}.json?PhoneNumber=%2B14155550199&PageSize=20"));
    assert_eq!(asked[1].target, format!("{root}.json"));
    assert_eq!(asked[1].form.get("PhoneNumber"), Some("+14155550199"));
    assert_eq!(asked[2].target, format!("{root}/PN1.json"));
    let expected =
        [("VoiceUrl", URL), ("VoiceMethod", "POST"), ("VoiceFallbackUrl", "f"), ("StatusCallback", "s")];
    assert_eq!(asked[2].form, form(&expected));
}

#[test]
fn a_reply_is_read_leniently_and_written_as_twilio_writes_it() {
    let call: Call = serde_json::from_value(json!({
        "sid": "CA1", "status": "parked", "direction": null, "duration": 61, "start_time": "yesterday", "price": -0.5,
        "answered_by": "machine_start", "to": "",
    }))
    .expect("a call");
    assert_eq!(call.status, CallStatus::Other("parked".into()));
    assert_eq!(call.direction, Direction::Other(String::new()));
    assert_eq!((call.duration, call.start_time, call.price.as_deref()), (Some(61), None, Some("-0.5")));
    assert_eq!(call.answered_by, Some(AnsweredBy::MachineStart));
    let date = Some(Utc.with_ymd_and_hms(2025, 11, 7, 9, 5, 3).unwrap());
    let call = Call { date_created: date, status: CallStatus::NoAnswer, ..call };
    let written = serde_json::to_value(&call).expect("JSON");
    assert_eq!(written["date_created"], "Fri, 07 Nov 2025 09:05:03 +0000");
    assert_eq!((&written["status"], &written["duration"]), (&json!("no-answer"), &json!("61")));
    assert_eq!(serde_json::from_value::<Call>(written).expect("a call"), call);
}
