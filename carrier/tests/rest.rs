//! The REST API: shapes as in Twilio's OpenAPI description, lists, errors, numbers, messages, recordings.

mod support;

use std::path::PathBuf;

use carrier::{LineKind, NewCall, NewNumber, Script, Step};
use serde_json::Value;
use support::{ACCOUNT, ANN, OFFICE, Story, TOKEN, texts};

/// Twilio's OpenAPI description, where it is at hand.
fn description() -> Option<Value> {
    let shared = std::env::var_os("CALLDOCKER_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared"), PathBuf::from);
    let text = std::fs::read_to_string(shared.join("contract/twilio/twilio_api_v2010.json")).ok()?;
    Some(serde_json::from_str(&text).expect("the description is JSON"))
}

/// Checks an object against a component of the description: every property is there and of its type, and there is none
/// that it does not know, but for those of `also`.
fn check(description: &Value, component: &str, object: &Value, also: &[&str]) {
    let schema = &description["components"]["schemas"][component];
    let properties = schema["properties"].as_object().unwrap_or_else(|| panic!("no component {component}"));
    let object = object.as_object().unwrap_or_else(|| panic!("{component}: {object} is no object"));
    for name in object.keys() {
        let known = properties.contains_key(name) || also.contains(&name.as_str());
        assert!(known, "{component} has no property {name}");
    }
    for (name, schema) in properties {
        let value = object.get(name).unwrap_or_else(|| panic!("{component}.{name} is missing"));
        let target = schema["$ref"].as_str().and_then(|r| description.pointer(r.trim_start_matches('#')));
        let schema = target.unwrap_or(schema);
        let allowed = match (value, schema["type"].as_str()) {
            (Value::Null, _) => schema["nullable"] == true || target.is_some(),
            (Value::String(text), Some("string")) => {
                let sid = schema["pattern"].as_str().and_then(|p| p.strip_prefix('^')?.get(..2));
                let letters = sid.filter(|s| s.bytes().all(|b| b.is_ascii_uppercase()));
                let listed = schema["enum"].as_array().is_none_or(|all| all.contains(value));
                listed && letters.is_none_or(|l| text.starts_with(l) && text.len() == 34)
            }
            (Value::Number(_), Some("integer" | "number")) => true,
            (Value::Bool(_), Some("boolean")) => true,
            (Value::Object(_), Some("object")) => true,
            (Value::Array(_), Some("array")) => true,
            (_, None) => true,
            _ => false,
        };
        assert!(allowed, "{component}.{name} = {value} is not as described: {schema}");
    }
}

#[tokio::test]
async fn resources_look_as_twilio_describes_them() {
    let Some(description) = description() else {
        println!("skipped: Twilio's OpenAPI description is not here; set CALLDOCKER_SHARED to its place");
        return;
    };
    let story = Story::begin().await;
    story.twiml("/voice", "<Enqueue waitUrl=''>sales</Enqueue>");
    story.twiml(
        "/room",
        "<Dial record='true'><Conference record='record-from-start'>room</Conference></Dial>",
    );
    let waiting = story.calls([]);
    story.carrier.add_number(NewNumber::new("+15550100002", story.url("/room")));
    story.carrier.place_call(NewCall::new(ANN, "+15550100002", Script::silent()));
    story.pass(1.0).await;
    let form = [("To", "client:ann"), ("From", OFFICE), ("Label", "ann")];
    let created = story.post("/Conferences/room/Participants.json", &form).await;
    story.pass(3.0).await;
    story.post(&format!("/Calls/{}/Recordings.json", waiting.sid()), &[]).await;
    story.post("/Messages.json", &[("To", ANN), ("From", OFFICE), ("Body", "Hello")]).await;

    let cases = [
        ("/Calls.json", "calls", "api.v2010.account.call", &[][..]),
        ("/Conferences.json", "conferences", "api.v2010.account.conference", &[]),
        (
            "/Conferences/room/Participants.json",
            "participants",
            "api.v2010.account.conference.participant",
            &[],
        ),
        ("/Queues.json", "queues", "api.v2010.account.queue", &["subresource_uris"]),
        ("/Recordings.json", "recordings", "api.v2010.account.recording", &["track"]),
        ("/Messages.json", "messages", "api.v2010.account.message", &[]),
        (
            "/IncomingPhoneNumbers.json",
            "incoming_phone_numbers",
            "api.v2010.account.incoming_phone_number",
            &[],
        ),
    ];
    for (path, name, component, also) in cases {
        let list = story.get(path).await;
        let items = list.body[name].as_array().unwrap_or_else(|| panic!("{path}: {list:?}"));
        assert!(!items.is_empty(), "{path} is empty, so nothing would be checked");
        for item in items {
            check(&description, component, item, also);
        }
        let uri = items[0]["uri"].as_str().expect("an address").to_owned();
        let path =
            uri.strip_prefix(&format!("/2010-04-01/Accounts/{ACCOUNT}")).expect("an address of the account");
        assert_eq!(story.get(path).await.body["uri"], uri.as_str(), "what a list names can be fetched");
    }
    check(&description, "api.v2010.account.conference.participant", &created.body, &[]);
    let queue = story.get("/Queues.json").await.body["queues"][0]["sid"].as_str().expect("sid").to_owned();
    let members = story.get(&format!("/Queues/{queue}/Members.json")).await;
    check(&description, "api.v2010.account.queue.member", &members.body["queue_members"][0], &[]);
}

#[tokio::test]
async fn lists_come_in_pages_newest_first() {
    let story = Story::begin().await;
    story.twiml("/voice", "<Hangup/>");
    let mut sids = Vec::new();
    for _ in 0..5 {
        sids.push(story.calls([]).sid().to_owned());
        story.pass(1.0).await;
    }
    sids.reverse();
    let mut seen = Vec::new();
    let mut next = Some("/Calls.json?PageSize=2&To=%2B15550100000".to_owned());
    let mut pages = 0;
    while let Some(path) = next {
        let page = story.get(&path).await;
        let calls = page.body["calls"].as_array().expect("a page");
        seen.extend(calls.iter().map(|c| c["sid"].as_str().expect("sid").to_owned()));
        assert_eq!((page.body["page"].as_u64(), page.body["page_size"].as_u64()), (Some(pages), Some(2)));
        pages += 1;
        let prefix = format!("/2010-04-01/Accounts/{ACCOUNT}");
        next =
            page.body["next_page_uri"].as_str().and_then(|uri| uri.strip_prefix(&prefix)).map(str::to_owned);
    }
    assert_eq!((seen, pages), (sids, 3));
    assert_eq!(story.get("/Calls.json?Status=in-progress").await.body["calls"], serde_json::json!([]));
}

#[tokio::test]
async fn errors_have_twilios_numbers_and_form() {
    let story = Story::begin().await;
    let url = story.url("/x");
    let long = "x".repeat(4001);
    let missing = "/Calls/CA00000000000000000000000000000000.json";
    type Form<'a> = &'a [(&'a str, &'a str)];
    let cases: &[(&str, Form, u16, u64)] = &[
        ("/Calls.json", &[("From", OFFICE), ("Url", &url)], 400, 21201),
        ("/Calls.json", &[("To", ANN), ("Url", &url)], 400, 21213),
        ("/Calls.json", &[("To", "nobody"), ("From", OFFICE), ("Url", &url)], 400, 21211),
        ("/Calls.json", &[("To", ANN), ("From", OFFICE)], 400, 21205),
        ("/Calls.json", &[("To", ANN), ("From", OFFICE), ("Url", "/relative")], 400, 21205),
        ("/Calls.json", &[("To", ANN), ("From", OFFICE), ("Twiml", &long)], 400, 32018),
        (missing, &[("Status", "completed")], 404, 20404),
        ("/Messages.json", &[("To", ANN), ("From", OFFICE)], 400, 21602),
        ("/Messages.json", &[("From", OFFICE), ("Body", "x")], 400, 21604),
        ("/Messages.json", &[("To", ANN), ("Body", "x")], 400, 21603),
        ("/IncomingPhoneNumbers.json", &[("PhoneNumber", "12")], 400, 21421),
        ("/Nothing.json", &[], 404, 20404),
    ];
    for (path, form, status, code) in cases {
        let reply = story.post(path, form).await;
        assert_eq!(
            (reply.status, reply.body["code"].as_u64()),
            (*status, Some(*code)),
            "{path} {form:?}: {reply:?}"
        );
        assert_eq!(reply.body["status"].as_u64(), Some(u64::from(*status)));
        assert_eq!(reply.text("more_info"), format!("https://www.twilio.com/docs/errors/{code}"));
        assert!(!reply.text("message").is_empty());
    }
}

#[tokio::test]
async fn only_the_accounts_own_token_opens_the_api() {
    let story = Story::begin().await;
    let url = story.rest_url("/Calls.json");
    let no_token = story.http().get(&url).send().await.expect("an answer");
    assert_eq!(no_token.status(), 401);
    assert_eq!(no_token.headers()["www-authenticate"], "Basic realm=\"Twilio API\"");
    let body: Value = serde_json::from_str(&no_token.text().await.expect("a body")).expect("JSON");
    assert_eq!(body["code"], 20003);
    for (user, password) in [(ACCOUNT, "wrong"), ("AC00000000000000000000000000000002", TOKEN)] {
        let reply = story.http().get(&url).basic_auth(user, Some(password)).send().await.expect("an answer");
        assert_eq!(reply.status(), 401, "{user}:{password}");
    }
    let other = url.replace(ACCOUNT, "AC00000000000000000000000000000002");
    let reply = story.http().get(&other).basic_auth(ACCOUNT, Some(TOKEN)).send().await.expect("an answer");
    assert_eq!(reply.status(), 404, "another account's resources are not there");
    let control = story.http().get(format!("{}/carrier/state", story.carrier.api_url())).send().await;
    assert_eq!(control.expect("an answer").status(), 401, "the control API needs the token, too");
}

#[tokio::test]
async fn a_number_is_bought_found_changed_and_given_back() {
    let story = Story::begin().await;
    let (voice, other) = (story.url("/voice"), story.url("/other"));
    let form = [("PhoneNumber", "+15550100009"), ("VoiceUrl", &voice), ("VoiceCallerIdLookup", "true")];
    let bought = story.post("/IncomingPhoneNumbers.json", &form).await;
    assert_eq!((bought.status, bought.text("voice_url")), (201, voice.clone()));
    let twice = story.post("/IncomingPhoneNumbers.json", &form).await;
    assert_eq!((twice.status, twice.body["code"].as_u64()), (400, Some(21422)));
    let found = story.get("/IncomingPhoneNumbers.json?PhoneNumber=%2B15550100009").await;
    assert_eq!(found.body["incoming_phone_numbers"][0]["sid"], bought.text("sid"));
    let path = format!("/IncomingPhoneNumbers/{}.json", bought.text("sid"));
    let changed =
        story.post(&path, &[("VoiceUrl", &other), ("VoiceMethod", "GET"), ("StatusCallback", &other)]).await;
    assert_eq!((changed.status, changed.text("voice_method").as_str()), (200, "GET"));
    let mut call = NewCall::new(ANN, "+15550100009", Script::silent());
    call.caller_name = Some("ANN EXAMPLE".into());
    story.carrier.place_call(call);
    story.pass(5.0).await;
    let hooks = story.hooks("/other");
    assert_eq!((hooks[0].method.as_str(), hooks[0].get("CallerName")), ("GET", "ANN EXAMPLE"));
    assert_eq!(hooks[1].get("CallStatus"), "completed");
    assert_eq!(story.delete(&path).await.status, 204);
    assert_eq!(story.get(&path).await.status, 404);
}

#[tokio::test]
async fn an_api_key_may_ask_for_all_but_the_account_and_its_keys() {
    let story = Story::begin().await;
    let made = story.post("/Keys.json", &[("FriendlyName", "browsers")]).await;
    let (sid, secret) = (made.text("sid"), made.text("secret"));
    assert_eq!((made.status, made.text("friendly_name").as_str()), (201, "browsers"));
    let shown = story.get(&format!("/Keys/{sid}.json")).await;
    assert_eq!((shown.status, &shown.body["secret"]), (200, &serde_json::Value::Null), "it is told once");
    let ask = async |path: &str, secret: &str| {
        let request = story.http().get(story.rest_url(path)).basic_auth(&sid, Some(secret));
        request.send().await.expect("an answer").status().as_u16()
    };
    assert_eq!(ask("/IncomingPhoneNumbers.json", &secret).await, 200);
    assert_eq!(ask("/IncomingPhoneNumbers.json", "x").await, 401);
    for path in [".json", "/Keys.json", &format!("/Keys/{sid}.json")] {
        assert_eq!(ask(path, &secret).await, 401, "{path}");
    }
    assert_eq!(story.delete(&format!("/Keys/{sid}.json")).await.status, 204);
    assert_eq!(ask("/IncomingPhoneNumbers.json", &secret).await, 401);
}

#[tokio::test]
async fn a_message_is_sent_and_its_way_is_told() {
    let story = Story::begin().await;
    let status = story.url("/sms");
    let form =
        [("To", ANN), ("From", OFFICE), ("Body", "Your code is 123"), ("StatusCallback", status.as_str())];
    let sent = story.post("/Messages.json", &form).await;
    assert_eq!((sent.status, sent.text("status").as_str()), (201, "queued"));
    story.pass(5.0).await;
    assert_eq!(story.values("/sms", "MessageStatus"), ["sent", "delivered"]);
    assert_eq!(story.hooks("/sms")[1].get("MessageSid"), sent.text("sid"));
    assert_eq!(story.carrier.messages()[0].body, "Your code is 123");
    assert_eq!(story.get(&format!("/Messages/{}.json", sent.text("sid"))).await.text("status"), "delivered");

    story.carrier.set_endpoint(ANN, carrier::Endpoint::only(carrier::Answer::Unreachable));
    story.post("/Messages.json", &form).await;
    story.pass(5.0).await;
    let last = story.hooks("/sms").pop().expect("four");
    assert_eq!((last.get("MessageStatus"), last.get("ErrorCode")), ("undelivered", "30003"));
}

#[tokio::test]
async fn a_message_from_outside_reaches_the_numbers_address() {
    let story = Story::begin().await;
    let number = NewNumber { sms_url: story.url("/inbox"), ..NewNumber::new("+15550100003", "") };
    story.carrier.add_number(number);
    let message = story.carrier.send_message(ANN, "+15550100003", "Hi").expect("an address for messages");
    assert_eq!(story.carrier.send_message(ANN, OFFICE, "Hi"), None);
    story.pass(1.0).await;
    let hook = story.hook("/inbox");
    assert_eq!(
        (hook.get("MessageSid"), hook.get("Body"), hook.get("SmsStatus")),
        (message.sid.as_str(), "Hi", "received")
    );
    assert!(hook.signed);
}

#[tokio::test]
async fn who_has_sent_stop_gets_nothing_until_he_sends_start() {
    let story = Story::begin().await;
    let ours = "+15550100003";
    story.carrier.add_number(NewNumber { sms_url: story.url("/inbox"), ..NewNumber::new(ours, "") });
    let form = [("To", ANN), ("From", ours), ("Body", "Your code is 123")];
    let picture = ["https://example.com/a.jpg".to_owned()];
    story.carrier.send_media(ANN, ours, " stop", &picture).expect("an address for messages");
    story.pass(1.0).await;
    let hook = story.hook("/inbox");
    assert_eq!((hook.get("NumMedia"), hook.get("MediaUrl0")), ("1", picture[0].as_str()));
    assert_eq!(story.post("/Messages.json", &form).await.status, 400);
    story.carrier.send_message(ANN, ours, "START").expect("an address for messages");
    assert_eq!(story.post("/Messages.json", &form).await.status, 201);
    story.pass(5.0).await;
}

#[tokio::test]
async fn a_live_call_can_be_recorded_paused_and_stopped() {
    let story = Story::begin().await;
    story.twiml("/voice", "<Pause length='60'/>");
    let call = story.calls([Step::Wait(40.0), Step::HangUp]);
    story.pass(10.0).await;
    let status = story.url("/recording");
    let path = format!("/Calls/{}/Recordings.json", call.sid());
    let form = [
        ("RecordingStatusCallback", status.as_str()),
        ("RecordingStatusCallbackEvent", "in-progress completed"),
    ];
    let recording = story.post(&path, &form).await;
    assert_eq!((recording.status, recording.text("status").as_str()), (201, "in-progress"));
    let current = format!("/Calls/{}/Recordings/Twilio.CURRENT.json", call.sid());
    story.pass(5.0).await;
    assert_eq!(
        story.post(&current, &[("Status", "paused"), ("PauseBehavior", "skip")]).await.text("status"),
        "paused"
    );
    story.pass(5.0).await;
    story.post(&current, &[("Status", "in-progress")]).await;
    story.pass(60.0).await;
    assert_eq!(story.values("/recording", "RecordingStatus"), ["in-progress", "completed"]);
    // 30 s until the end of the call, less 5 s of pause.
    assert_eq!(story.hooks("/recording")[1].get("RecordingDuration"), "25");
    assert_eq!(story.post(&path, &[]).await.body["code"].as_u64(), Some(21220), "the call is over");
    assert!(texts(&call, LineKind::Status).contains(&"completed".to_owned()));
}

#[tokio::test]
async fn a_silent_pause_keeps_the_length_and_two_channels_double_the_file() {
    let story = Story::begin().await;
    story.twiml("/voice", "<Pause length='60'/>");
    let call = story.calls([Step::Wait(40.0), Step::HangUp]);
    story.pass(10.0).await;
    let path = format!("/Calls/{}/Recordings.json", call.sid());
    let recording = story.post(&path, &[("RecordingChannels", "dual")]).await.text("sid");
    let one = format!("/Calls/{}/Recordings/{recording}.json", call.sid());
    story.post(&one, &[("Status", "paused")]).await;
    story.pass(5.0).await;
    story.post(&one, &[("Status", "in-progress")]).await;
    story.pass(5.0).await;
    let stopped = story.post(&one, &[("Status", "stopped")]).await;
    assert_eq!((stopped.text("status").as_str(), stopped.text("duration").as_str()), ("stopped", "10"));
    story.pass(2.0).await;
    let made = story.get(&format!("/Recordings/{recording}.json")).await;
    assert_eq!((made.text("status").as_str(), made.body["channels"].as_u64()), ("completed", Some(2)));
    let again = story.post(&one, &[("Status", "paused")]).await;
    assert_eq!(again.body["code"].as_u64(), Some(21220), "it has ended");
}

#[tokio::test]
async fn a_recording_of_nothing_is_absent_and_one_of_a_conference_can_be_paused() {
    let story = Story::begin().await;
    story.twiml("/voice", "<Pause length='60'/>");
    let call = story.calls([]);
    story.pass(10.0).await;
    let path = format!("/Calls/{}/Recordings.json", call.sid());
    let recording = story.post(&path, &[]).await.text("sid");
    let one = format!("/Calls/{}/Recordings/{recording}.json", call.sid());
    story.post(&one, &[("Status", "stopped")]).await;
    story.pass(2.0).await;
    assert_eq!(story.get(&format!("/Recordings/{recording}.json")).await.text("status"), "absent");

    story.twiml("/room", "<Dial><Conference record='record-from-start'>room</Conference></Dial>");
    story.carrier.add_number(NewNumber::new("+15550100002", story.url("/room")));
    for _ in 0..2 {
        story.carrier.place_call(NewCall::new(ANN, "+15550100002", Script::silent()));
    }
    story.pass(5.0).await;
    let room =
        story.get("/Conferences.json").await.body["conferences"][0]["sid"].as_str().expect("sid").to_owned();
    let current = format!("/Conferences/{room}/Recordings/Twilio.CURRENT.json");
    assert_eq!(story.post(&current, &[("Status", "paused")]).await.text("status"), "paused");
    assert_eq!(story.post(&current, &[("Status", "in-progress")]).await.text("status"), "in-progress");
}
