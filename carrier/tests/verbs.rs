//! What a caller hears and what his keys and words do.

mod support;

use carrier::{CallStatus, LineKind, Step};
use support::{Story, said, sound, tells, texts, twiml};

#[tokio::test]
async fn keys_end_a_prompt_and_reach_the_action() {
    let story = Story::begin().await;
    story.twiml(
        "/voice",
        "<Gather action='keys?step=1'><Say>Enter your customer number and press hash</Say></Gather>",
    );
    story.twiml("/keys", "<Say>Thank you</Say>");
    let call = story.calls([Step::Press("12".into()), Step::Wait(2.0), Step::PressNow("34#".into())]);
    story.pass(20.0).await;
    let hook = story.hook("/keys");
    assert_eq!(hook.query, "step=1", "a relative action starts at its document");
    assert_eq!((hook.get("Digits"), hook.get("FinishedOnKey"), hook.get("msg")), ("1234", "#", "Gather End"));
    assert_eq!(said(&call), ["Enter your customer number and press hash", "Thank you"]);
    assert_eq!(call.ended().await.status, CallStatus::Completed);
}

#[tokio::test]
async fn silence_lets_the_document_go_on_and_asks_no_action() {
    let story = Story::begin().await;
    story.twiml("/voice", "<Gather action='/keys' timeout='7'/><Say>Nothing came</Say>");
    let call = story.calls([]);
    story.pass(6.9).await;
    assert_eq!(said(&call), Vec::<String>::new());
    story.pass(0.2).await;
    assert_eq!(said(&call), ["Nothing came"]);
    story.pass(10.0).await;
    assert_eq!(story.hooks("/keys").len(), 0);
    assert_eq!(call.status(), CallStatus::Completed, "the end of the document is the end of the call");
}

#[tokio::test]
async fn an_empty_result_is_told_when_it_was_asked_for() {
    let story = Story::begin().await;
    story.twiml("/voice", "<Gather action='/keys' timeout='2' actionOnEmptyResult='true'/>");
    story.twiml("/keys", "<Hangup/>");
    story.calls([]);
    story.pass(5.0).await;
    assert_eq!(story.hook("/keys").get("Digits"), "");
}

#[tokio::test]
async fn each_key_gives_more_time_and_the_last_digit_none() {
    let story = Story::begin().await;
    story.twiml("/voice", "<Gather action='/keys' timeout='3' numDigits='3'/>");
    story.twiml("/keys", "<Hangup/>");
    story.calls([
        Step::Press("1".into()),
        Step::Wait(2.5),
        Step::PressNow("2".into()),
        Step::Wait(2.5),
        Step::PressNow("3".into()),
    ]);
    story.pass(5.1).await;
    assert_eq!(story.hook("/keys").get("Digits"), "123");
}

#[tokio::test]
async fn speech_reaches_the_action_when_it_was_asked_for() {
    let story = Story::begin().await;
    story.twiml(
        "/voice",
        "<Gather input='speech dtmf' action='/words' timeout='1'><Say>How can I help?</Say></Gather>",
    );
    story.twiml("/words", "<Hangup/>");
    let call = story.calls([Step::Speak("I would like to speak to somebody in the sales department".into())]);
    story.pass(10.0).await;
    let hook = story.hook("/words");
    assert_eq!(hook.get("SpeechResult"), "I would like to speak to somebody in the sales department");
    assert!(hook.get("Confidence").parse::<f64>().is_ok_and(|c| c > 0.5), "{hook:?}");
    assert_eq!(hook.params.get("Digits"), None);
    assert_eq!(texts(&call, LineKind::Spoke).len(), 1);
}

#[tokio::test]
async fn without_an_action_the_document_itself_is_asked() {
    let story = Story::begin().await;
    story.on("/voice", |hook| match hook.get("Digits") {
        "" => twiml("<Gather numDigits='1'/>"),
        digits => twiml(&format!("<Say>You pressed {digits}</Say>")),
    });
    let call = story.calls([Step::Press("7".into())]);
    story.pass(5.0).await;
    assert_eq!(said(&call), ["You pressed 7"]);
}

#[tokio::test]
async fn speaking_pausing_and_playing_take_their_time() {
    let story = Story::begin().await;
    story.twiml(
        "/voice",
        "<Say loop='2'>one two three four</Say><Pause length='3'/><Play>/sound.mp3</Play><Play digits='1w2'/><Redirect>/next</Redirect>",
    );
    let began = story.clock.now();
    let call = story.calls([]);
    story.pass(60.0).await;
    // 2 x 4 words of 0.35 s, 3 s of pause, 5 s of a sound, 3 tones of 0.25 s.
    let took = (story.hook("/next").at - began).num_milliseconds();
    assert_eq!(took, 2800 + 3000 + 5000 + 750);
    assert_eq!(texts(&call, LineKind::Played), [story.url("/sound.mp3"), "tones 1w2".into()]);
}

/// A WAV of 16 bit, 8 kHz, of so many seconds.
fn wav(seconds: u32) -> Vec<u8> {
    let size = seconds * 16_000;
    let mut bytes = b"RIFF".to_vec();
    for part in [&(size + 36).to_le_bytes()[..], b"WAVEfmt ", &16u32.to_le_bytes(), &[1, 0, 1, 0]] {
        bytes.extend_from_slice(part);
    }
    for part in
        [&8000u32.to_le_bytes()[..], &16_000u32.to_le_bytes(), &[2, 0, 16, 0], b"data", &size.to_le_bytes()]
    {
        bytes.extend_from_slice(part);
    }
    bytes.resize(44 + size as usize, 0);
    bytes
}

#[tokio::test]
async fn a_sound_on_loopback_plays_as_long_as_it_is_and_no_other_is_fetched() {
    let story = Story::begin().await;
    story.on("/two.wav", move |_| sound(wav(2)));
    story.twiml(
        "/voice",
        "<Play>/two.wav</Play><Play>http://192.0.2.1/far.wav</Play><Redirect>/next</Redirect>",
    );
    let began = story.clock.now();
    story.calls([]);
    story.pass(20.0).await;
    assert_eq!((story.hook("/next").at - began).num_seconds(), 2 + 5);
    assert_eq!(story.hooks("/two.wav").len(), 1);
}

#[tokio::test]
async fn a_recording_can_be_fetched_as_a_sound_and_deleted() {
    let story = Story::begin().await;
    story.twiml("/voice", "<Record action='/recorded' timeout='2'/>");
    story.twiml("/recorded", "<Hangup/>");
    story.calls([Step::SpeakNow("one two three four".into())]);
    story.pass(10.0).await;
    let hook = story.hook("/recorded");
    // 1.4 s of words and 2 s of silence.
    assert_eq!(hook.get("RecordingDuration"), "4");
    let sid = hook.get("RecordingSid");
    for address in [hook.get("RecordingUrl").to_owned(), story.rest_url(&format!("/Recordings/{sid}.wav"))] {
        let request = story.http().get(&address).basic_auth(support::ACCOUNT, Some(support::TOKEN));
        let reply = request.send().await.expect("a sound");
        assert_eq!(reply.headers()["content-type"], "audio/x-wav");
        let bytes = reply.bytes().await.expect("its bytes");
        assert_eq!((&bytes[..4], bytes.len()), (&b"RIFF"[..], 44 + 4 * 8000), "{address}");
    }
    let path = format!("/Recordings/{sid}.json");
    assert_eq!(story.get(&path).await.text("status"), "completed");
    assert_eq!(story.delete(&path).await.status, 204);
    assert_eq!(story.get(&path).await.status, 404);
}

#[tokio::test]
async fn a_message_is_recorded_until_a_key_and_told_twice() {
    let story = Story::begin().await;
    story.twiml(
        "/voice",
        "<Record action='/recorded' finishOnKey='#' recordingStatusCallback='/recording' \
         recordingStatusCallbackEvent='in-progress completed'/>",
    );
    story.twiml("/recorded", "<Hangup/>");
    story.calls([Step::Speak("please call me back".into()), Step::PressNow("#".into())]);
    story.pass(10.0).await;
    let hook = story.hook("/recorded");
    assert_eq!((hook.get("Digits"), hook.get("RecordingDuration")), ("#", "2"));
    assert!(hook.get("RecordingUrl").ends_with(hook.get("RecordingSid")), "{hook:?}");
    assert_eq!(story.values("/recording", "RecordingStatus"), ["in-progress", "completed"]);
    let completed = story.hooks("/recording").pop().expect("two");
    assert_eq!((completed.get("RecordingDuration"), completed.get("RecordingSource")), ("2", "RecordVerb"));
    assert_eq!(completed.get("CallSid"), hook.get("CallSid"));
}

#[tokio::test]
async fn whoever_hangs_up_after_his_message_has_left_it() {
    let story = Story::begin().await;
    story.twiml("/voice", "<Record action='/recorded'/>");
    story.calls([Step::Speak("hello".into()), Step::HangUp]);
    story.pass(5.0).await;
    let hook = story.hook("/recorded");
    assert_eq!((hook.get("Digits"), hook.get("CallStatus")), ("hangup", "completed"));
}

#[tokio::test]
async fn a_silent_recording_is_absent_and_the_document_goes_on() {
    let story = Story::begin().await;
    story.twiml(
        "/voice",
        "<Record action='/recorded' timeout='3' recordingStatusCallback='/recording' \
         recordingStatusCallbackEvent='completed absent'/><Say>Goodbye</Say>",
    );
    let call = story.calls([]);
    story.pass(10.0).await;
    assert_eq!((said(&call), story.hooks("/recorded").len()), (vec!["Goodbye".to_owned()], 0));
    assert_eq!(story.hook("/recording").get("RecordingStatus"), "absent");
}

#[tokio::test]
async fn a_call_can_be_rejected_without_being_answered() {
    for (verb, status) in [("<Reject/>", CallStatus::NoAnswer), ("<Reject reason='busy'/>", CallStatus::Busy)]
    {
        let story = Story::begin().await;
        story.twiml("/voice", verb);
        let call = story.calls([]);
        story.pass(1.0).await;
        assert_eq!(call.ended().await.status, status);
        assert_eq!(story.hook("/number-status").get("CallDuration"), "0");
    }
}

#[tokio::test]
async fn what_is_not_understood_is_named_and_the_call_goes_on() {
    let story = Story::begin().await;
    story.twiml("/voice", "<Shout>Hey</Shout><Say shade='red'>Hello</Say><Pay/><Leave/><Say>Bye</Say>");
    let call = story.calls([]);
    story.pass(5.0).await;
    assert_eq!(said(&call), ["Hello", "Bye"]);
    let warnings = texts(&call, LineKind::Warning).join("\n");
    for part in ["<Shout>", "shade", "<Pay>", "<Leave> is not allowed here"] {
        assert!(warnings.contains(part), "no warning about {part} in {warnings}");
    }
}

#[tokio::test]
async fn documents_that_redirect_in_a_circle_end_in_an_apology() {
    let story = Story::begin().await;
    story.twiml("/voice", "<Redirect>/voice</Redirect>");
    let call = story.calls([]);
    story.pass(20.0).await;
    assert_eq!(call.ended().await.status, CallStatus::Completed);
    assert!(tells(&call, "application error"), "{:#?}", call.transcript());
}

#[tokio::test]
async fn whoever_hangs_up_in_a_menu_asks_nothing_more() {
    let story = Story::begin().await;
    story.twiml("/voice", "<Gather action='/keys'><Say>Press one</Say></Gather>");
    let call = story.calls([Step::UntilSaid("press".into()), Step::Wait(1.0), Step::HangUp]);
    story.pass(10.0).await;
    assert_eq!(story.hooks("/keys").len(), 0);
    let status = story.hook("/number-status");
    assert_eq!((status.get("CallStatus"), status.get("CallDuration")), ("completed", "1"));
    assert_eq!((status.get("SequenceNumber"), status.get("CallbackSource")), ("0", "call-progress-events"));
    assert_eq!(status.get("Timestamp"), "Mon, 02 Mar 2026 12:00:01 +0000");
    assert_eq!(call.status(), CallStatus::Completed);
}
