//! Requests become types and types become requests again.

use chrono::{TimeZone as _, Utc};
use twilio::webhook::*;

const CALL: &str = "CA00000000000000000000000000000001";
const ACCOUNT: &str = "AC00000000000000000000000000000001";

fn params(pairs: &[(&str, &str)]) -> Params {
    pairs.iter().copied().collect()
}

/// The pairs regardless of their order: what a signature covers.
fn sorted(params: &Params) -> Vec<(String, String)> {
    let mut pairs = params.pairs().to_vec();
    pairs.sort();
    pairs
}

/// Reads a request, and asserts that writing it again loses and invents nothing.
macro_rules! read {
    ($Request:ty, $pairs:expr) => {{
        let params = params($pairs);
        let request = <$Request>::from_params(&params).expect("the request is complete");
        let written = request.to_params();
        assert_eq!(sorted(&written), sorted(&params), "nothing may be lost or invented");
        assert_eq!(<$Request>::from_params(&written).as_ref(), Ok(&request));
        request
    }};
}

/// Asserts that each of `required` is missed, by name, when it is absent and when it is empty.
macro_rules! requires {
    ($Request:ty, $($required:literal),+) => {{
        let all: Params = [$($required),+].iter().map(|name| (*name, "x")).collect();
        assert!(<$Request>::from_params(&all).is_ok());
        $(
            let without: Params = all.pairs().iter().filter(|(name, _)| name != $required).cloned().collect();
            assert_eq!(<$Request>::from_params(&without), Err(MissingParameter($required)));
            assert_eq!(<$Request>::from_params(&without.with($required, "")), Err(MissingParameter($required)));
        )+
    }};
}

fn voice(from: &str) -> VoiceRequest {
    VoiceRequest { from: Some(from.into()), ..VoiceRequest::new(CALL, ACCOUNT, "ringing") }
}

#[test]
fn an_inbound_call_is_read_with_what_is_new_and_what_is_empty_kept() {
    let request = read!(
        VoiceRequest,
        &[
            ("AccountSid", ACCOUNT),
            ("ApiVersion", "2010-04-01"),
            ("CallSid", CALL),
            ("CallStatus", "ringing"),
            ("Called", "+14155550199"),
            ("CallerName", "ACME CORP"),
            ("Direction", "inbound"),
            ("From", "+14155550100"),
            ("FromCity", ""),
            ("FromCountry", "US"),
            ("StirVerstat", "TN-Validation-Passed-A"),
            ("To", "+14155550199"),
            ("InventedTomorrow", "1"),
        ]
    );
    assert_eq!((request.call_sid.as_str(), request.account_sid.as_str()), (CALL, ACCOUNT));
    assert_eq!((request.status, request.direction), (CallStatus::Ringing, Some(Direction::Inbound)));
    assert_eq!(request.to.as_deref(), Some("+14155550199"));
    assert_eq!(request.caller_name.as_deref(), Some("ACME CORP"));
    assert_eq!(request.from_country.as_deref(), Some("US"));
    assert_eq!(request.from_city, None, "empty is unknown");
    assert_eq!(request.other.get("InventedTomorrow"), Some("1"));
    assert_eq!(request.other.get("CallSid"), None, "what has a field is not among the others");
}

#[test]
fn a_device_calls_an_application_and_says_more_than_a_telephone_can() {
    let request = read!(
        VoiceRequest,
        &[
            ("CallSid", CALL),
            ("AccountSid", ACCOUNT),
            ("CallStatus", "ringing"),
            ("Direction", "inbound"),
            ("From", "client:agent_42"),
            ("To", ""),
            ("ApplicationSid", "AP1"),
            ("dial", "+14155550100"),
        ]
    );
    assert_eq!((request.to, request.application_sid.as_deref()), (None, Some("AP1")));
    assert_eq!(request.other.get("dial"), Some("+14155550100"));
}

#[test]
fn a_hidden_caller_has_no_number_however_the_carrier_hides_it() {
    assert_eq!(voice("+14155550100").caller_number(), Some("+14155550100"));
    assert_eq!(voice("client:agent_1").caller_number(), Some("client:agent_1"));
    for hidden in
        ["anonymous", "Anonymous", "unknown", "+266696687", "266696687", "+7378742833", "+86282452253"]
    {
        assert_eq!(voice(hidden).caller_number(), None, "{hidden}");
    }
    assert_eq!(VoiceRequest::new(CALL, ACCOUNT, "ringing").caller_number(), None);
}

#[test]
fn a_request_without_what_it_is_about_is_refused_by_name() {
    requires!(VoiceRequest, "CallSid", "AccountSid", "CallStatus");
    requires!(RecordResult, "RecordingUrl");
    requires!(DialResult, "DialCallStatus");
    requires!(EnqueueResult, "QueueResult");
    requires!(QueueWait, "QueueSid");
    requires!(Dequeued, "QueueSid", "CallSid");
    requires!(CallProgress, "CallSid", "AccountSid", "CallStatus");
    requires!(ConferenceEvent, "ConferenceSid", "AccountSid", "StatusCallbackEvent");
    requires!(RecordingStatus, "RecordingSid", "AccountSid", "RecordingStatus");
    requires!(MachineDetectionResult, "CallSid", "AccountSid", "AnsweredBy");
    requires!(IncomingMessage, "MessageSid", "AccountSid", "From", "To");
    requires!(MessageStatus, "MessageSid", "MessageStatus");
}

#[test]
fn a_gather_is_read_from_keys_from_speech_and_from_silence() {
    let keys = read!(GatherResult, &[("CallSid", CALL), ("Digits", "12"), ("FinishedOnKey", "#")]);
    assert_eq!((keys.digits.as_deref(), keys.finished_on_key.as_deref()), (Some("12"), Some("#")));
    let speech = read!(GatherResult, &[("SpeechResult", "to sales"), ("Confidence", "0.9")]);
    assert_eq!((speech.speech.as_deref(), speech.confidence), (Some("to sales"), Some(0.9)));
    let silence = read!(GatherResult, &[("Digits", ""), ("FinishedOnKey", "")]);
    assert_eq!((silence.digits, silence.finished_on_key), (None, None));
}

#[test]
fn the_ends_of_record_dial_and_enqueue_are_read() {
    let record = read!(
        RecordResult,
        &[("RecordingUrl", "https://x/RE1"), ("RecordingDuration", "12"), ("Digits", "hangup")]
    );
    assert_eq!((record.url.as_str(), record.duration), ("https://x/RE1", Some(12)));
    let dial = read!(
        DialResult,
        &[("DialCallStatus", "no-answer"), ("DialCallSid", CALL), ("DialBridged", "false")]
    );
    assert_eq!((dial.status, dial.bridged), (DialStatus::NoAnswer, Some(false)));
    let left = read!(EnqueueResult, &[("QueueResult", "hangup"), ("QueueSid", "QU1"), ("QueueTime", "31")]);
    assert_eq!((left.result, left.queue_time), (QueueResult::Hangup, Some(31)));
    let full = read!(EnqueueResult, &[("QueueResult", "queue-full")]);
    assert_eq!((full.result, full.queue_sid), (QueueResult::QueueFull, None));
}

#[test]
fn a_waiting_caller_has_a_place_and_a_queue_has_a_size() {
    let wait = read!(
        QueueWait,
        &[
            ("QueueSid", "QU1"),
            ("QueuePosition", "3"),
            ("QueueTime", "40"),
            ("AvgQueueTime", "25"),
            ("CurrentQueueSize", "5"),
            ("MaxQueueSize", "1000"),
        ]
    );
    assert_eq!((wait.position, wait.queue_time, wait.average), (Some(3), Some(40), Some(25)));
    assert_eq!((wait.current_size, wait.max_size), (Some(5), Some(1000)));
    let taken = read!(Dequeued, &[("QueueSid", "QU1"), ("CallSid", CALL), ("DequeingCallSid", "CA2")]);
    assert_eq!(taken.dequeuing_call_sid.as_deref(), Some("CA2"));
}

#[test]
fn progress_has_a_number_and_a_moment() {
    let progress = read!(
        CallProgress,
        &[
            ("CallSid", CALL),
            ("AccountSid", ACCOUNT),
            ("CallStatus", "completed"),
            ("SequenceNumber", "3"),
            ("Timestamp", "Fri, 07 Nov 2025 09:05:03 +0000"),
            ("CallDuration", "61"),
            ("SipResponseCode", "200"),
        ]
    );
    assert_eq!((progress.status, progress.sequence_number), (CallStatus::Completed, Some(3)));
    assert_eq!(progress.timestamp, Some(Utc.with_ymd_and_hms(2025, 11, 7, 9, 5, 3).unwrap()));
    assert_eq!((progress.duration, progress.sip_response_code), (Some(61), Some(200)));
}

#[test]
fn a_value_that_does_not_parse_is_absent_and_still_there() {
    let progress = read!(
        CallProgress,
        &[
            ("CallSid", CALL),
            ("AccountSid", ACCOUNT),
            ("CallStatus", "parked"),
            ("SequenceNumber", "many"),
            ("Timestamp", "yesterday"),
        ]
    );
    assert_eq!(progress.status, CallStatus::Other("parked".into()));
    assert_eq!((progress.sequence_number, progress.timestamp), (None, None));
    assert_eq!(progress.other.get("Timestamp"), Some("yesterday"));
}

#[test]
fn a_repeated_name_gives_its_first_value_and_keeps_the_second() {
    let gather = read!(GatherResult, &[("Digits", "5"), ("Digits", "1")]);
    assert_eq!(gather.digits.as_deref(), Some("5"));
    assert_eq!(gather.other.get("Digits"), Some("1"));
}

#[test]
fn conference_events_say_who_came_who_left_and_why_it_ended() {
    let common = [
        ("ConferenceSid", "CF1"),
        ("AccountSid", ACCOUNT),
        ("FriendlyName", "room-7"),
        ("SequenceNumber", "2"),
    ];
    let leave = read!(
        ConferenceEvent,
        &[
            &common[..],
            &[
                ("StatusCallbackEvent", "participant-leave"),
                ("Timestamp", "Fri, 07 Nov 2025 09:05:03 +0000"),
                ("CallSid", CALL),
                ("ParticipantLabel", "agent-9"),
                ("Muted", "false"),
                ("Hold", "true"),
                ("ReasonParticipantLeft", "participant_add_failed"),
                ("ParticipantCallStatus", "no-answer"),
            ],
        ]
        .concat()
    );
    assert_eq!(leave.event, ConferenceEventKind::ParticipantLeave);
    assert_eq!((leave.label.as_deref(), leave.muted, leave.hold), (Some("agent-9"), Some(false), Some(true)));
    assert_eq!(leave.reason_left, Some(ReasonLeft::ParticipantAddFailed));
    assert_eq!(leave.participant_call_status, Some(CallStatus::NoAnswer));
    let end = read!(
        ConferenceEvent,
        &[
            &common[..],
            &[
                ("StatusCallbackEvent", "conference-end"),
                ("ReasonConferenceEnded", "participant-with-end-conference-on-exit-left"),
                ("CallSidEndingConference", CALL),
            ],
        ]
        .concat()
    );
    assert_eq!(end.reason_ended, Some(ReasonEnded::EndOnExitParticipantLeft));
    assert_eq!((end.call_sid, end.call_sid_ending.as_deref()), (None, Some(CALL)));
}

#[test]
fn a_recording_is_ready_with_its_address_and_beginning() {
    let ready = read!(
        RecordingStatus,
        &[
            ("RecordingSid", "RE1"),
            ("AccountSid", ACCOUNT),
            ("RecordingStatus", "completed"),
            ("RecordingUrl", "https://api.twilio.com/RE1"),
            ("RecordingStartTime", "Fri, 07 Nov 2025 09:05:03 +0000"),
            ("RecordingSource", "StartConferenceRecordingAPI"),
            ("RecordingChannels", "1"),
            ("RecordingDuration", "12"),
            ("ConferenceSid", "CF1"),
        ]
    );
    assert_eq!(
        (ready.status, ready.channels, ready.duration),
        (RecordingState::Completed, Some(1), Some(12))
    );
    assert_eq!(ready.source, Some(RecordingSource::StartConferenceRecordingApi));
    let machine = read!(
        MachineDetectionResult,
        &[
            ("CallSid", CALL),
            ("AccountSid", ACCOUNT),
            ("AnsweredBy", "machine_end_beep"),
            ("MachineDetectionDuration", "3100"),
        ]
    );
    assert_eq!((machine.answered_by, machine.duration), (AnsweredBy::MachineEndBeep, Some(3100)));
}

#[test]
fn a_message_brings_its_media_in_order() {
    let message = read!(
        IncomingMessage,
        &[
            ("MessageSid", "SM1"),
            ("AccountSid", ACCOUNT),
            ("From", "whatsapp:+5511999990000"),
            ("To", "whatsapp:+14155238886"),
            ("Body", "Olá 👋"),
            ("NumMedia", "2"),
            ("MediaUrl0", "https://x/0"),
            ("MediaContentType0", "image/jpeg"),
            ("MediaUrl1", "https://x/1"),
        ]
    );
    let jpeg = Media { url: "https://x/0".into(), content_type: "image/jpeg".into() };
    assert_eq!(
        message.media(),
        [jpeg.clone(), Media { url: "https://x/1".into(), content_type: String::new() }]
    );
    let built = IncomingMessage::new("SM2", ACCOUNT, "+1", "+2").with_media(&jpeg).with_media(&jpeg);
    assert_eq!(built.to_params().get("NumMedia"), Some("2"));
    assert_eq!(
        IncomingMessage::from_params(&built.to_params()).map(|m| m.media()),
        Ok(vec![jpeg.clone(), jpeg])
    );
    let sent = read!(
        MessageStatus,
        &[("MessageSid", "SM1"), ("MessageStatus", "undelivered"), ("ErrorCode", "30007")]
    );
    assert_eq!((sent.status, sent.error_code), (DeliveryStatus::Undelivered, Some(30007)));
}

#[test]
fn a_call_only_goes_forward_and_its_end_stays() {
    use CallStatus::*;
    let order = [Queued, Initiated, Ringing, InProgress, Completed];
    for (at, earlier) in order.iter().enumerate() {
        assert!(!earlier.is_after(earlier), "a second callback changes nothing");
        for later in &order[at + 1..] {
            assert!(later.is_after(earlier) && !earlier.is_after(later), "{earlier} comes before {later}");
        }
    }
    let ends: Vec<_> = CallStatus::KNOWN.iter().filter(|status| status.is_terminal()).collect();
    assert_eq!(ends, [&Completed, &Busy, &Failed, &NoAnswer, &Canceled]);
    for end in &ends {
        assert!(!CallStatus::KNOWN.iter().any(|status| status.is_after(end)), "nothing comes after {end}");
    }
    let unknown = Other("parked".into());
    assert!(!unknown.is_terminal());
    assert!(!CallStatus::KNOWN.iter().any(|status| unknown.is_after(status)));
}

#[test]
fn every_word_of_a_set_reads_back_as_itself() {
    macro_rules! words {
        ($($Name:ident $count:literal),+) => {$(
            assert_eq!($Name::KNOWN.len(), $count);
            for name in $Name::KNOWN {
                assert_eq!(&$Name::from(name.as_str()), name);
                assert!(!matches!(name, $Name::Other(_)));
            }
            assert_eq!($Name::from("new").as_str(), "new");
        )+};
    }
    words!(
        CallStatus 9, Direction 3, DialStatus 6, QueueResult 9, ConferenceEventKind 13, ReasonLeft 5,
        ReasonEnded 5, RecordingState 8, RecordingSource 7, AnsweredBy 7, DeliveryStatus 13
    );
}
