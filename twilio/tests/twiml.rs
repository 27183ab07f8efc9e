//! Documents against the description of TwiML that was read out of the official Node library (npm twilio 6.2.0), and
//! against an XML parser.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use roxmltree::{Document, Node};
use serde_json::Value;
use twilio::twiml::*;

const URL: &str = "https://cc.example.com/t?a=1&b=2";

fn description() -> Value {
    serde_json::from_str(include_str!("vectors/twiml-voice.json")).expect("the description is JSON")
}

/// The key under which an element is described: SSML elements have the name of their class.
fn key(description: &Value, node: Node<'_, '_>) -> String {
    let name = node.tag_name().name();
    let described =
        description.as_object().expect("an object").iter().filter(|(key, value)| {
            value["element"] == name && (key.as_str() == name || key.starts_with("Ssml"))
        });
    let keys: Vec<_> = described.map(|(key, _)| key.clone()).collect();
    assert_eq!(keys.len(), 1, "{name} is described as {keys:?}");
    keys[0].clone()
}

fn words(value: &Value) -> BTreeSet<String> {
    value.as_array().into_iter().flatten().map(|word| word.as_str().expect("a word").to_owned()).collect()
}

fn assert_attribute(described: &Value, name: &str, value: &str) {
    let values = words(&described["values"]);
    let problem = format!("{name}={value:?} is not {described}");
    match described["type"].as_str().expect("an attribute has a type") {
        "enum" => assert!(values.contains(value), "{problem}"),
        "boolean" => assert!(["true", "false"].contains(&value), "{problem}"),
        "integer" => assert!(value.parse::<u32>().is_ok(), "{problem}"),
        "space-list" => {
            assert!(!value.is_empty() && value.split(' ').all(|word| values.contains(word)), "{problem}");
        }
        "url" => assert!(value.is_empty() || value.starts_with("https://"), "{problem}"),
        "string" => {}
        other => panic!("{other} is a type that this test does not know"),
    }
}

/// Asserts that the element and everything in it is described, and returns how many elements that are.
fn assert_described(description: &Value, node: Node<'_, '_>) -> usize {
    let element = &description[key(description, node)];
    for attribute in node.attributes() {
        let name = attribute.name();
        let described = element["attributes"].get(name);
        let described =
            described.unwrap_or_else(|| panic!("{} has no attribute {name}", node.tag_name().name()));
        assert_attribute(described, name, attribute.value());
    }
    let children = words(&element["children"]);
    let mut count = 1;
    for child in node.children() {
        if child.is_text() {
            assert!(!element["text"].is_null(), "{} takes no text", node.tag_name().name());
        } else {
            let child_key = key(description, child);
            assert!(children.contains(&child_key), "{} takes no {child_key}", node.tag_name().name());
            count += assert_described(description, child);
        }
    }
    count
}

fn say() -> Say {
    Say::new("Hello ")
        .language("en-US")
        .voice("Polly.Joanna")
        .repeat(2)
        .then_break(Duration::from_millis(300))
        .then_as(SayAs::Telephone, "+14155550100")
        .then(".")
}

fn gather() -> Gather {
    Gather::new()
        .action(URL)
        .method(Method::Post)
        .action_on_empty_result()
        .input([GatherInput::Dtmf, GatherInput::Speech])
        .num_digits(1)
        .finish_on_key("#")
        .timeout(5)
        .speech_timeout(SpeechTimeout::Auto)
        .language("pt-BR")
        .hints("sales, support")
        .speech_model("phone_call")
        .enhanced()
        .keep_profanity()
        .partial_result_callback(URL)
        .partial_result_callback_method(Method::Get)
        .say(say())
        .play(Play::url(URL).repeat(0))
        .pause(Pause::seconds(2))
}

fn record() -> Record {
    Record::new()
        .action(URL)
        .method(Method::Post)
        .finish_on_key("*#")
        .max_length(120)
        .timeout(5)
        .no_beep()
        .trim(Trim::DoNotTrim)
        .recording_status_callback(URL)
        .recording_status_callback_event(RecordingEvent::ALL.iter().copied())
        .recording_status_callback_method(Method::Post)
        .transcribe()
        .transcribe_callback(URL)
}

fn number() -> Number {
    Number::new("+14155550100")
        .url(URL)
        .method(Method::Get)
        .status_callback(URL)
        .status_callback_event(CallEvent::ALL.iter().copied())
        .status_callback_method(Method::Post)
        .send_digits("wwW12#")
        .byoc("BY1")
        .machine_detection(MachineDetection::DetectMessageEnd)
        .machine_detection_timeout(30)
        .machine_detection_speech_threshold(2400)
        .machine_detection_speech_end_threshold(1200)
        .machine_detection_silence_timeout(5000)
        .amd_status_callback(URL)
        .amd_status_callback_method(Method::Post)
}

fn client() -> Client {
    Client::new("agent_42")
        .url(URL)
        .method(Method::Post)
        .status_callback(URL)
        .status_callback_event([CallEvent::Ringing, CallEvent::Answered])
        .status_callback_method(Method::Post)
}

fn sip() -> Sip {
    Sip::new("sip:desk@example.com?X-Call=1")
        .username("u")
        .password("p")
        .url(URL)
        .method(Method::Post)
        .status_callback(URL)
        .status_callback_event([CallEvent::Completed])
        .status_callback_method(Method::Post)
}

fn conference() -> Conference {
    Conference::new("room-7")
        .participant_label("agent-9")
        .on_enter(OnEnter::StartsConference)
        .on_exit(OnExit::LeavesOthers)
        .beep(Beep::Never)
        .muted()
        .coach("CA1")
        .wait_url("")
        .wait_method(Method::Get)
        .max_participants(20)
        .record(ConferenceRecord::FromStart)
        .trim(Trim::DoNotTrim)
        .recording_status_callback(URL)
        .recording_status_callback_event([RecordingEvent::Completed, RecordingEvent::Absent])
        .recording_status_callback_method(Method::Post)
        .status_callback(URL)
        .status_callback_event(ConferenceSubscription::ALL.iter().copied())
        .status_callback_method(Method::Post)
        .jitter_buffer(JitterBuffer::Small)
        .region("ie1")
}

fn dial(dial: Dial) -> Dial {
    dial.action(URL)
        .method(Method::Post)
        .answer_on_bridge()
        .caller_id("+14155550199")
        .call_reason("Your appointment")
        .hangup_on_star()
        .timeout(20)
        .time_limit(3600)
        .one_after_another()
        .ring_tone("us-old")
        .record(DialRecord::FromAnswerDual)
        .recording_track(RecordingTrack::Both)
        .trim(Trim::TrimSilence)
        .recording_status_callback(URL)
        .recording_status_callback_event([RecordingEvent::Completed])
        .recording_status_callback_method(Method::Post)
        .refer_url(URL)
        .refer_method(Method::Post)
}

/// A document with every verb, every noun and every attribute that our types can write.
fn everything() -> VoiceResponse {
    VoiceResponse::new()
        .say(say())
        .play(Play::url(URL).repeat(3))
        .play(Play::digits("1w2#"))
        .pause(Pause::seconds(1))
        .gather(gather())
        .record(record())
        .dial(dial(Dial::ring([
            number().into(),
            client().into(),
            Client::new("agent_43").parameter("offer", "7").parameter("queue", "sales & more").into(),
            sip().into(),
        ])))
        .dial(Dial::number(number()))
        .dial(Dial::client(client()))
        .dial(Dial::sip(sip()))
        .dial(Dial::conference(conference()))
        .dial(Dial::queue(Queue::new("q-1").url(URL).method(Method::Post)))
        .enqueue(
            Enqueue::new("q-1")
                .action(URL)
                .method(Method::Post)
                .wait_url(URL)
                .wait_url_method(Method::Post)
                .max_queue_size(100),
        )
        .leave()
        .hangup()
        .redirect(Redirect::to(URL).method(Method::Post))
}

fn rejected() -> VoiceResponse {
    VoiceResponse::reject(Reject::new(RejectReason::Busy))
}

#[test]
fn all_that_our_types_can_write_is_described() {
    let description = description();
    let xml = everything().to_xml();
    let document = Document::parse(&xml).expect("the document parses");
    assert!(assert_described(&description, document.root_element()) > 30);
    let xml = rejected().to_xml();
    let document = Document::parse(&xml).expect("the document parses");
    assert_eq!(assert_described(&description, document.root_element()), 2);
    assert_eq!(everything().check(), Ok(()));
    assert_eq!(rejected().check(), Ok(()));
}

#[test]
fn the_test_above_sees_every_attribute_of_every_type() {
    let described = [everything().to_xml(), rejected().to_xml()];
    let documents = described.iter().map(|xml| Document::parse(xml).expect("the document parses"));
    let mut seen: std::collections::BTreeMap<String, BTreeSet<String>> = Default::default();
    for document in documents {
        for node in document.descendants().filter(Node::is_element) {
            let attributes = node.attributes().map(|attribute| attribute.name().to_owned());
            seen.entry(node.tag_name().name().to_owned()).or_default().extend(attributes);
        }
    }
    macro_rules! assert_seen {
        ($($Type:ident),+) => {$({
            let declared: BTreeSet<String> = $Type::ATTRIBUTES.iter().map(|name| name.to_string()).collect();
            assert_eq!(declared.len(), $Type::ATTRIBUTES.len(), "{} declares one twice", stringify!($Type));
            assert_eq!(seen.remove(stringify!($Type)), Some(declared), "{}", stringify!($Type));
        })+};
    }
    assert_seen!(
        Say, Play, Pause, Gather, Record, Dial, Number, Client, Sip, Conference, Queue, Enqueue, Redirect,
        Reject
    );
    let rest: Vec<_> = seen.keys().map(String::as_str).collect();
    assert_eq!(rest, ["Hangup", "Identity", "Leave", "Parameter", "Response", "break", "say-as"]);
}

#[test]
fn every_word_that_an_attribute_takes_is_described_and_none_is_forgotten() {
    let description = description();
    let described = |key: &str, attribute: &str| words(&description[key]["attributes"][attribute]["values"]);
    macro_rules! assert_words {
        ($($Words:ident = $key:literal . $attribute:literal),+) => {$(
            let ours: BTreeSet<String> = $Words::ALL.iter().map(|word| word.to_string()).collect();
            assert_eq!(ours, described($key, $attribute), "{}", stringify!($Words));
        )+};
    }
    assert_words!(
        Method = "Gather"."method",
        GatherInput = "Gather"."input",
        RejectReason = "Reject"."reason",
        Trim = "Record"."trim",
        Trim = "Conference"."trim",
        Trim = "Dial"."trim",
        ConferenceRecord = "Conference"."record",
        RecordingTrack = "Dial"."recordingTrack",
        RecordingEvent = "Record"."recordingStatusCallbackEvent",
        RecordingEvent = "Conference"."recordingStatusCallbackEvent",
        CallEvent = "Number"."statusCallbackEvent",
        CallEvent = "Client"."statusCallbackEvent",
        CallEvent = "Sip"."statusCallbackEvent",
        ConferenceSubscription = "Conference"."statusCallbackEvent",
        Beep = "Conference"."beep",
        JitterBuffer = "Conference"."jitterBufferSize",
        MachineDetection = "Number"."machineDetection",
        SayAs = "SsmlSayAs"."interpret-as"
    );
    // `true` and `false` are older spellings of two of the five.
    let ours: BTreeSet<String> = DialRecord::ALL.iter().map(|word| word.to_string()).collect();
    let spellings = BTreeSet::from(["true".to_owned(), "false".to_owned()]);
    assert_eq!(ours, &described("Dial", "record") - &spellings);
}

#[test]
fn each_kind_of_document_holds_what_its_asker_allows() {
    let names = |xml: String| -> Vec<String> {
        let document = Document::parse(&xml).expect("the document parses");
        document.root_element().children().map(|node| node.tag_name().name().to_owned()).collect()
    };
    let wait = WaitResponse::new()
        .say("You are next.")
        .play(Play::url(URL))
        .pause(Pause::seconds(1))
        .gather(gather())
        .redirect(URL)
        .leave()
        .hangup();
    assert_eq!(names(wait.to_xml()), ["Say", "Play", "Pause", "Gather", "Redirect", "Leave", "Hangup"]);
    let hold =
        HoldResponse::new().say("One moment.").play(Play::url(URL)).pause(Pause::seconds(1)).redirect(URL);
    assert_eq!(names(hold.to_xml()), ["Say", "Play", "Pause", "Redirect"]);
    let whisper = WhisperResponse::new().say("Sales.").play(Play::url(URL)).gather(gather()).hangup();
    assert_eq!(names(whisper.to_xml()), ["Say", "Play", "Gather", "Hangup"]);
    let description = description();
    for xml in [wait.to_xml(), hold.to_xml(), whisper.to_xml()] {
        assert_described(&description, Document::parse(&xml).expect("the document parses").root_element());
    }
}

#[test]
fn a_document_reads_as_expected() {
    let document = VoiceResponse::new()
        .say(Say::new("Press 1 & wait").language("en-US"))
        .gather(Gather::new().num_digits(1).action("/a?s=17&b=\"2\"").say("<1>"))
        .hangup();
    assert_eq!(
        document.to_xml(),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Say language=\"en-US\">Press 1 &amp; wait</Say>\
         <Gather numDigits=\"1\" action=\"/a?s=17&amp;b=&quot;2&quot;\"><Say>&lt;1&gt;</Say></Gather><Hangup/></Response>"
    );
    assert_eq!(VoiceResponse::new().to_xml(), "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>");
    assert!(VoiceResponse::new().is_empty() && !document.is_empty());
}

#[test]
fn an_attribute_that_is_set_twice_has_its_last_value() {
    let xml = VoiceResponse::new().gather(Gather::new().timeout(1).timeout(2)).to_xml();
    assert!(xml.contains(r#"<Gather timeout="2"/>"#), "{xml}");
}

#[test]
fn a_password_is_written_but_not_logged() {
    let document =
        VoiceResponse::new().dial(Dial::sip(Sip::new("sip:a@b").username("desk").password("hunter2")));
    assert!(document.to_xml().contains(r#"password="hunter2""#));
    let logged = format!("{document:?}");
    assert!(logged.contains("sip:a@b") && !logged.contains("hunter2"), "{logged}");
}

fn error(document: VoiceResponse) -> TwimlError {
    document.check().expect_err("the document is beyond a limit")
}

#[test]
fn the_limits_are_the_last_that_pass() {
    let say = |n: usize, voice: &str| VoiceResponse::new().say(Say::new("é".repeat(n)).voice(voice));
    for (voice, limit) in [("man", 4096), ("Polly.Joanna", 3000), ("Google.en-US-Neural2-A", 5000)] {
        assert_eq!(say(limit, voice).check(), Ok(()));
        assert_eq!(error(say(limit + 1, voice)), TwimlError::SayTooLong { characters: limit + 1, limit });
    }
    assert_eq!(error(VoiceResponse::new().gather(Gather::new().say(" \n"))), TwimlError::NothingToSay);
    let ring = |n: usize| VoiceResponse::new().dial(Dial::ring((0..n).map(|_| Number::new("+1").into())));
    assert_eq!(ring(10).check(), Ok(()));
    assert_eq!(error(ring(11)), TwimlError::Endpoints { count: 11 });
    assert_eq!(error(ring(0)), TwimlError::Endpoints { count: 0 });
    let enqueue = |n: usize| VoiceResponse::new().enqueue(Enqueue::new("q".repeat(n)));
    assert_eq!(enqueue(64).check(), Ok(()));
    assert_eq!(error(enqueue(65)), TwimlError::Name { element: "Enqueue", characters: 65, limit: 64 });
    assert!(matches!(error(enqueue(0)), TwimlError::Name { characters: 0, .. }));
    let identity = |n: usize| Client::new("a".repeat(n));
    assert_eq!(VoiceResponse::new().dial(Dial::client(identity(256))).check(), Ok(()));
    for client in [identity(257), identity(257).parameter("a", "b")] {
        assert!(matches!(
            error(VoiceResponse::new().dial(Dial::client(client))),
            TwimlError::Name { limit: 256, .. }
        ));
    }
    let sip = |address: usize, headers: usize| {
        let uri = format!("{}?{}", "s".repeat(address), "h".repeat(headers));
        VoiceResponse::new().dial(Dial::sip(Sip::new(uri)))
    };
    assert_eq!(sip(255, 1024).check(), Ok(()));
    assert!(matches!(error(sip(256, 0)), TwimlError::Name { element: "Sip", .. }));
    assert!(matches!(error(sip(255, 1025)), TwimlError::TooLong { attribute: "headers", .. }));
    let label = |n: usize| {
        VoiceResponse::new().dial(Dial::conference(Conference::new("r").participant_label("l".repeat(n))))
    };
    assert_eq!(label(128).check(), Ok(()));
    assert!(matches!(error(label(129)), TwimlError::TooLong { attribute: "participantLabel", .. }));
}

#[test]
fn keys_and_ranges_are_checked() {
    let gather = |gather: Gather| VoiceResponse::new().gather(gather).check();
    assert_eq!(gather(Gather::new().finish_on_key("")), Ok(()));
    let no_key = Err(TwimlError::NoSuchKeys { element: "Gather", attribute: "finishOnKey" });
    assert_eq!(gather(Gather::new().finish_on_key("x")), no_key);
    assert!(gather(Gather::new().finish_on_key("12")).is_err());
    assert!(gather(Gather::new().num_digits(0)).is_err());
    assert!(VoiceResponse::new().play(Play::digits("1a")).check().is_err());
    for (seconds, allowed) in [(1, false), (2, true), (14400, true), (14401, false)] {
        assert_eq!(VoiceResponse::new().record(Record::new().max_length(seconds)).check().is_ok(), allowed);
    }
    for (participants, allowed) in [(1, false), (2, true), (250, true), (251, false)] {
        let conference = Conference::new("r").max_participants(participants);
        assert_eq!(VoiceResponse::new().dial(Dial::conference(conference)).check().is_ok(), allowed);
    }
    let number = |number: Number| VoiceResponse::new().dial(Dial::number(number)).check();
    assert_eq!(number(Number::new("+1").machine_detection_timeout(60)), Ok(()));
    assert!(number(Number::new("+1").machine_detection_timeout(61)).is_err());
    assert!(number(Number::new("+1").send_digits("1,2")).is_err());
}

#[test]
fn a_document_beyond_64_kilobytes_is_fatal_and_a_long_say_is_not() {
    let long = (0..20).fold(VoiceResponse::new(), |document, _| document.say("x".repeat(4000)));
    assert!(matches!(long.check(), Err(error @ TwimlError::DocumentTooLong { .. }) if error.is_fatal()));
    assert!(!error(VoiceResponse::new().say("x".repeat(5000))).is_fatal());
}

#[test]
fn a_document_in_a_rest_request_is_short_and_its_urls_are_absolute() {
    assert_eq!(VoiceResponse::new().gather(Gather::new().action(URL)).check_for_rest(), Ok(()));
    let conference = Conference::new("room").wait_url("");
    assert_eq!(VoiceResponse::new().dial(Dial::conference(conference)).check_for_rest(), Ok(()));
    let relative = VoiceResponse::new().gather(Gather::new().action("/next"));
    assert_eq!(relative.check(), Ok(()), "relative is fine where the document was fetched");
    let expected = TwimlError::RelativeUrl { element: "Gather", attribute: "action" };
    assert_eq!(relative.check_for_rest(), Err(expected));
    assert!(VoiceResponse::new().redirect("/next").check_for_rest().is_err());
    let long = VoiceResponse::new().say("x".repeat(2000)).say("x".repeat(2000));
    assert!(matches!(long.check_for_rest(), Err(TwimlError::RestTooLong { .. })));
}

fn any_text() -> impl Strategy<Value = String> {
    let markup =
        prop::sample::select(vec!['<', '>', '&', '"', '\'', '\r', '\n', '\t', ' ', '\0', '\u{fffe}', ']']);
    let character = prop_oneof![3 => any::<char>(), 2 => markup];
    prop::collection::vec(character, 0..40).prop_map(|characters| characters.into_iter().collect())
}

/// What is left of a text when the characters are gone that XML 1.0 has no way to write.
fn writable(text: &str) -> String {
    text.chars()
        .filter(|c| !matches!(c, '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\u{fffe}' | '\u{ffff}'))
        .collect()
}

proptest! {
    #[test]
    fn any_text_reads_back_from_an_element_and_from_an_attribute(text in any_text(), value in any_text()) {
        let client = Client::new(text.clone()).parameter(value.clone(), text.clone());
        let xml = VoiceResponse::new().say(text.clone()).dial(Dial::client(client).action(value.clone())).to_xml();
        let document = Document::parse(&xml).expect("the document parses");
        let find = |name| document.descendants().find(|node| node.has_tag_name(name)).expect("it is there");
        let (text, value) = (writable(&text), writable(&value));
        prop_assert_eq!(find("Say").text().unwrap_or_default(), &text);
        prop_assert_eq!(find("Identity").text().unwrap_or_default(), &text);
        prop_assert_eq!(find("Dial").attribute("action"), Some(value.as_str()));
        prop_assert_eq!(find("Parameter").attribute("name"), Some(value.as_str()));
        prop_assert_eq!(find("Parameter").attribute("value"), Some(text.as_str()));
    }
}
