//! Every parameter against the description of the API (twilio-oai), for those who have it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use chrono::{TimeZone as _, Utc};
use serde_json::Value;
use twilio::rest::{
    CallFilter, ConferenceFilter, ConferenceStatus, CreateCall, CreateMessage, CreateParticipant,
    CreateRecording, NumberSettings, RecordingChannels, UpdateCall, UpdateConference, UpdateParticipant,
    UpdateRecording,
};
use twilio::twiml::{
    Beep, CallEvent, ConferenceRecord, ConferenceSubscription, JitterBuffer, MachineDetection, Method,
    OnEnter, OnExit, RecordingEvent, RecordingTrack, Trim, VoiceResponse,
};
use twilio::webhook::{CallStatus, Params};

const URL: &str = "https://cc.example.com/a";

/// Where the description of the REST API lies, for those who have it.
fn description() -> Option<Value> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let given = std::env::var_os("CALLDOCKER_SHARED").map(PathBuf::from);
    let path = given.unwrap_or(beside).join("contract/twilio/rest-endpoints.json");
    let text = std::fs::read(path).ok()?;
    Some(serde_json::from_slice(&text).expect("the description is JSON"))
}

#[test]
fn every_parameter_that_we_can_send_is_in_the_description_of_the_api() {
    let Some(description) = description() else {
        println!("skipped: set CALLDOCKER_SHARED to where contract/twilio/rest-endpoints.json lies");
        return;
    };
    let described = |path: &str, method: &str, key: &str| -> BTreeSet<String> {
        let operation = &description[format!("/2010-04-01/Accounts/{{AccountSid}}/{path}")][method];
        let names = operation[key].as_array().unwrap_or_else(|| panic!("{path} {method} is not described"));
        names.iter().map(|name| name.as_str().expect("a name").to_owned()).collect()
    };
    let assert_described = |path: &str, method: &str, key: &str, params: &Params| {
        let described = described(path, method, key);
        assert!(!params.pairs().is_empty());
        for (name, _) in params.pairs() {
            assert!(described.contains(name), "{path} takes no {name}");
        }
    };
    let call = CreateCall::url("a", "b", URL)
        .method(Method::Post)
        .fallback_url(URL)
        .fallback_method(Method::Post)
        .status_callback(URL)
        .status_callback_event([CallEvent::Completed])
        .status_callback_method(Method::Post)
        .timeout(1)
        .time_limit(1)
        .send_digits("1")
        .call_reason("r")
        .call_token("t")
        .caller_id("c")
        .byoc("b")
        .machine_detection(MachineDetection::Enable)
        .machine_detection_timeout(3)
        .async_amd()
        .async_amd_status_callback(URL)
        .async_amd_status_callback_method(Method::Post)
        .record()
        .recording_track(RecordingTrack::Both)
        .recording_status_callback(URL)
        .recording_status_callback_event([RecordingEvent::Completed])
        .recording_status_callback_method(Method::Post)
        .trim(Trim::DoNotTrim);
    assert_described("Calls.json", "POST", "params", call.params());
    let document = VoiceResponse::new().hangup();
    assert_described("Calls.json", "POST", "params", CreateCall::twiml("a", "b", &document).params());
    for update in [UpdateCall::Redirect { url: URL.into() }, UpdateCall::Twiml(document), UpdateCall::Cancel]
    {
        assert_described("Calls/{Sid}.json", "POST", "params", &update.params());
    }
    let filter = CallFilter::new()
        .from("a")
        .to("b")
        .parent_call_sid("c")
        .status(&CallStatus::Busy)
        .started_since(Utc.timestamp_nanos(0));
    assert_described("Calls.json", "GET", "query", filter.params());
    let filter = ConferenceFilter::new().friendly_name("a").status(&ConferenceStatus::Init);
    assert_described("Conferences.json", "GET", "query", filter.params());
    for update in [UpdateConference::Complete, UpdateConference::Announce { url: URL.into() }] {
        assert_described("Conferences/{Sid}.json", "POST", "params", &update.params());
    }
    let participant = CreateParticipant::new("a", "b")
        .coach("c")
        .label("l")
        .timeout(1)
        .time_limit(1)
        .muted()
        .beep(Beep::OnEnter)
        .on_enter(OnEnter::WaitsForStart)
        .on_exit(OnExit::EndsConference)
        .no_early_media()
        .wait_url("")
        .wait_method(Method::Get)
        .max_participants(2)
        .status_callback(URL)
        .status_callback_event([CallEvent::Completed])
        .status_callback_method(Method::Post)
        .conference_status_callback(URL)
        .conference_status_callback_event([ConferenceSubscription::Join])
        .conference_status_callback_method(Method::Post)
        .conference_record(ConferenceRecord::FromStart)
        .conference_trim(Trim::DoNotTrim)
        .conference_recording_status_callback(URL)
        .conference_recording_status_callback_event([RecordingEvent::Completed])
        .conference_recording_status_callback_method(Method::Post)
        .jitter_buffer(JitterBuffer::Off)
        .region("ie1")
        .caller_id("c")
        .call_reason("r")
        .call_token("t")
        .byoc("b")
        .machine_detection(MachineDetection::Enable)
        .amd_status_callback(URL);
    let path = "Conferences/{ConferenceSid}/Participants.json";
    assert_described(path, "POST", "params", participant.params());
    let update = UpdateParticipant::new()
        .hold(URL)
        .announce(URL)
        .coach("c")
        .mute()
        .on_exit(OnExit::LeavesOthers)
        .beep_on_exit();
    let path = "Conferences/{ConferenceSid}/Participants/{CallSid}.json";
    assert_described(path, "POST", "params", update.params());
    let undo = UpdateParticipant::new().unmute().unhold().stop_coaching().no_beep_on_exit();
    assert_described(path, "POST", "params", undo.params());
    let recording = CreateRecording::new()
        .channels(RecordingChannels::Mono)
        .track(RecordingTrack::Both)
        .trim(Trim::DoNotTrim)
        .status_callback(URL)
        .status_callback_event([RecordingEvent::Absent])
        .status_callback_method(Method::Post);
    assert_described("Calls/{CallSid}/Recordings.json", "POST", "params", recording.params());
    for path in ["Calls/{CallSid}/Recordings/{Sid}.json", "Conferences/{ConferenceSid}/Recordings/{Sid}.json"]
    {
        assert_described(path, "POST", "params", &UpdateRecording::PauseSilent.params());
    }
    let message = CreateMessage::from_number("a", "b")
        .body("b")
        .content_sid("h")
        .content_variables("{}")
        .status_callback(URL)
        .validity_period(60)
        .media_url(URL)
        .send_at(Utc.timestamp_nanos(0));
    assert_described("Messages.json", "POST", "params", message.params());
    assert_described("Messages.json", "POST", "params", CreateMessage::from_service("a", "b").params());
    let settings = NumberSettings::new()
        .friendly_name("f")
        .voice_url(URL)
        .voice_method(Method::Post)
        .voice_fallback_url(URL)
        .voice_fallback_method(Method::Post)
        .voice_application_sid("")
        .trunk_sid("")
        .caller_id_lookup()
        .status_callback(URL)
        .status_callback_method(Method::Post)
        .sms_url(URL)
        .sms_method(Method::Post)
        .sms_fallback_url(URL);
    assert_described("IncomingPhoneNumbers.json", "POST", "params", settings.params());
    assert_described("IncomingPhoneNumbers/{Sid}.json", "POST", "params", settings.params());
}
