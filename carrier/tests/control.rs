//! The control API: what another process needs to play the people.

mod support;

use reqwest::Method;
use serde_json::{Value, json};
use support::{ACCOUNT, ANN, OFFICE, Story, TOKEN};

#[tokio::test]
async fn a_call_is_placed_followed_and_steered_from_another_process() {
    let story = Story::begin().await;
    story.twiml("/voice", "<Gather action='/keys' numDigits='1' timeout='30'><Say>Press one</Say></Gather>");
    story.twiml("/keys", "<Gather input='speech' action='/words' timeout='30'><Say>Speak</Say></Gather>");
    story.twiml("/words", "<Say>Thank you</Say><Pause length='60'/>");
    let script = json!([{"until_said": "press"}, {"wait": 2}]);
    let placed =
        story.control(Method::POST, "/calls", json!({"from": ANN, "to": OFFICE, "script": script})).await;
    assert_eq!(placed.status, 201, "{placed:?}");
    let sid = placed.text("sid");
    story.pass(5.0).await;
    let lines = story.control(Method::GET, &format!("/calls/{sid}/transcript?after=0"), Value::Null).await;
    let all = lines.body["lines"].as_array().expect("lines").clone();
    assert!(all.iter().any(|line| line["kind"] == "said" && line["text"] == "Press one"), "{all:?}");
    assert_eq!((lines.body["ended"].as_bool(), all[0]["n"].as_u64()), (Some(false), Some(1)));

    story.control(Method::POST, &format!("/calls/{sid}/press"), json!({"digits": "1"})).await;
    story.pass(3.0).await;
    story.control(Method::POST, &format!("/calls/{sid}/say"), json!({"text": "sales"})).await;
    story.pass(3.0).await;
    assert_eq!((story.hook("/keys").get("Digits"), story.hook("/words").get("SpeechResult")), ("1", "sales"));
    story.control(Method::POST, &format!("/calls/{sid}/hangup"), Value::Null).await;
    story.pass(1.0).await;
    let last = story
        .control(Method::GET, &format!("/calls/{sid}/transcript?after={}", all.len()), Value::Null)
        .await;
    assert_eq!((last.text("status").as_str(), last.body["ended"].as_bool()), ("completed", Some(true)));
    assert!(last.body["lines"].as_array().is_some_and(|lines| lines[0]["n"] == all.len() + 1), "{last:?}");
}

#[tokio::test]
async fn a_transcript_is_streamed_until_the_call_ends() {
    let story = Story::begin().await;
    story.twiml("/voice", "<Say>Hello</Say><Pause length='3'/><Say>Bye</Say>");
    let call = story.calls([]);
    let url = format!("{}/carrier/calls/{}/transcript?stream=true", story.carrier.api_url(), call.sid());
    let request = story.http().get(url).basic_auth(ACCOUNT, Some(TOKEN)).send();
    let stream =
        tokio::spawn(async move { request.await.expect("a stream").text().await.expect("its lines") });
    while !stream.is_finished() {
        story.pass(1.0).await;
    }
    let text = stream.await.expect("no panic");
    let lines: Vec<Value> = text.lines().map(|l| serde_json::from_str(l).expect("a line of JSON")).collect();
    let said: Vec<_> = lines.iter().filter(|l| l["kind"] == "said").map(|l| l["text"].clone()).collect();
    assert_eq!(said, ["Hello", "Bye"]);
}

#[tokio::test]
async fn waiting_for_lines_lets_time_run_and_ends() {
    let story = Story::begin().await;
    story.twiml("/voice", "<Pause length='600'/>");
    let call = story.calls([]);
    story.pass(1.0).await;
    let seen = call.transcript().len();
    let url =
        format!("{}/carrier/calls/{}/transcript?after={seen}&wait=20", story.carrier.api_url(), call.sid());
    let request = story.http().get(url).basic_auth(ACCOUNT, Some(TOKEN)).send();
    let poll = tokio::spawn(async move { request.await.expect("an answer").text().await.expect("a body") });
    let began = story.clock.now();
    while !poll.is_finished() {
        story.pass(1.0).await;
    }
    let body: Value = serde_json::from_str(&poll.await.expect("no panic")).expect("JSON");
    assert_eq!((body["lines"].clone(), body["ended"].as_bool()), (json!([]), Some(false)));
    assert!((story.clock.now() - began).num_seconds() >= 19);
}

#[tokio::test]
async fn phones_numbers_and_faults_are_set_from_another_process() {
    let story = Story::begin().await;
    let phone =
        json!({"answer": {"after": 2.5}, "script": ["until_connected", {"after_connected": 10}, "hang_up"]});
    for (path, body) in [
        ("/endpoints/client:ann", phone),
        ("/endpoints/+15550177002", json!({"answer": "busy"})),
        ("/numbers/+15550100004", json!({"voice_url": story.url("/voice")})),
        (
            "/faults",
            json!({"seed": 1, "callbacks": [{"of": "call", "does": "lost"}], "rest": [{"does": {"slow": 0}}]}),
        ),
    ] {
        let reply = story.control(Method::PUT, path, body).await;
        assert_eq!(reply.status, 200, "{path}: {reply:?}");
    }
    story.twiml("/voice", "<Dial>+15550177002</Dial><Hangup/>");
    story.control(Method::POST, "/calls", json!({"from": ANN, "to": "+15550100004"})).await;
    story.pass(5.0).await;
    let state = story.control(Method::GET, "/state", Value::Null).await;
    let calls = state.body["calls"].as_array().expect("calls");
    assert_eq!((calls[0]["to"].as_str(), calls[0]["status"].as_str()), (Some("+15550177002"), Some("busy")));
    for (path, body) in
        [("/faults", json!({"seeds": 1})), ("/endpoints/client:x", json!({"answer": "perhaps"}))]
    {
        let refused = story.control(Method::PUT, path, body).await;
        assert_eq!(refused.status, 400, "{path}: {refused:?}");
    }
    assert_eq!(story.control(Method::POST, "/calls/CA0/press", json!({"digits": "1"})).await.status, 404);
    assert_eq!(story.control(Method::GET, "/messages", Value::Null).await.body["messages"], json!([]));
}
