//! Conferences: who is in, who hears whom, what is told of it.

mod support;

use carrier::{Answer, CallStatus, Endpoint, LineKind, Script, Step};
use support::{OFFICE, Story, said, tells, texts};

const EVENTS: &str = "start end join leave hold mute modify announcement";

/// A conference that the caller enters with these attributes; everybody who is called enters over REST.
async fn room(attributes: &str) -> Story {
    let story = Story::begin().await;
    story.twiml(
        "/voice",
        &format!(
            "<Dial action='/left'><Conference statusCallback='/room' statusCallbackEvent='{EVENTS}' \
             participantLabel='customer' {attributes}>room</Conference></Dial>"
        ),
    );
    story.twiml("/left", "<Say>You were put out</Say>");
    story
}

/// Calls somebody into the conference; returns his call's SID.
async fn invite(story: &Story, who: &str, extra: &[(&str, &str)]) -> String {
    let address = format!("client:{who}");
    let mut form = vec![("To", address.as_str()), ("From", OFFICE), ("Label", who)];
    form.extend(extra);
    let reply = story.post("/Conferences/room/Participants.json", &form).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    assert_eq!((reply.text("label").as_str(), reply.text("status").as_str()), (who, "queued"));
    reply.text("call_sid")
}

async fn change(story: &Story, who: &str, form: &[(&str, &str)]) -> support::Rest {
    story.post(&format!("/Conferences/room/Participants/{who}.json"), form).await
}

fn events(story: &Story) -> Vec<String> {
    story
        .hooks("/room")
        .iter()
        .map(|hook| {
            format!("{} {}", hook.get("StatusCallbackEvent"), hook.get("ParticipantLabel")).trim().to_owned()
        })
        .collect()
}

#[tokio::test]
async fn a_conference_starts_with_the_second_participant_and_one_who_may_start_it() {
    let story = room("startConferenceOnEnter='false' waitUrl='/wait'").await;
    story.twiml("/wait", "<Say>Please wait</Say><Redirect/>");
    let caller = story.calls([]);
    story.pass(1.0).await;
    invite(&story, "quiet", &[("StartConferenceOnEnter", "false")]).await;
    story.pass(3.0).await;
    let list = story.get("/Conferences.json?FriendlyName=room").await;
    assert_eq!(list.body["conferences"][0]["status"], "init");
    assert!(!caller.transcript().is_empty() && said(&caller).iter().all(|line| line == "Please wait"));
    assert!(story.hooks("/wait").len() >= 2, "a wait document that redirects goes on");
    invite(&story, "agent", &[]).await;
    story.pass(3.0).await;
    let list = story.get("/Conferences.json?Status=in-progress").await;
    assert_eq!(list.body["conferences"][0]["friendly_name"], "room");
    assert_eq!(
        events(&story),
        ["participant-join customer", "participant-join quiet", "participant-join agent", "conference-start"]
    );
}

#[tokio::test]
async fn the_first_participant_alone_decides_where_events_go() {
    let story = room("").await;
    story.calls([]);
    story.pass(1.0).await;
    let other = story.url("/other");
    invite(
        &story,
        "agent",
        &[("ConferenceStatusCallback", &other), ("ConferenceStatusCallbackEvent", EVENTS)],
    )
    .await;
    story.pass(3.0).await;
    assert_eq!(story.hooks("/other").len(), 0);
    assert_eq!(events(&story).len(), 3);
}

#[tokio::test]
async fn whoever_is_on_hold_hears_the_hold_document_and_nobody_else() {
    let story = room("").await;
    story.twiml("/hold", "<Say>You are on hold</Say><Pause length='5'/><Redirect/>");
    let caller = story.calls([]);
    story.pass(1.0).await;
    story.carrier.set_endpoint("client:agent", Endpoint::answers(1.0, Script::silent()));
    let agent_sid = invite(&story, "agent", &[]).await;
    story.pass(3.0).await;
    let agent = story.carrier.call(&agent_sid).expect("the agent");
    let held = change(&story, "customer", &[("Hold", "true"), ("HoldUrl", &story.url("/hold"))]).await;
    assert_eq!(held.body["hold"], true);
    story.pass(14.0).await;
    assert_eq!(story.hooks("/hold")[0].method, "GET", "the default HoldMethod");
    assert_eq!(said(&caller), ["You are on hold"; 3]);
    agent.say("He cannot hear this");
    story.pass(1.0).await;
    assert_eq!(texts(&caller, LineKind::Heard), Vec::<String>::new());
    change(&story, "customer", &[("Hold", "false")]).await;
    story.pass(1.0).await;
    agent.say("But this");
    story.pass(1.0).await;
    assert_eq!(texts(&caller, LineKind::Heard), ["client:agent: But this"]);
    let last: Vec<String> = events(&story).split_off(3);
    assert_eq!(last, ["participant-hold customer", "participant-unhold customer"]);
    let hold = &story.hooks("/room")[3];
    assert_eq!(
        (hold.get("Hold"), hold.get("Muted"), hold.get("EndConferenceOnExit")),
        ("true", "false", "false")
    );
}

#[tokio::test]
async fn a_supervisor_listens_then_whispers_then_barges_in() {
    let story = room("").await;
    let caller = story.calls([]);
    story.pass(1.0).await;
    let agent = invite(&story, "agent", &[]).await;
    story.pass(3.0).await;
    let boss = invite(&story, "boss", &[("Muted", "true"), ("Beep", "false")]).await;
    story.pass(3.0).await;
    let (agent, boss) =
        (story.carrier.call(&agent).expect("agent"), story.carrier.call(&boss).expect("boss"));
    boss.say("unheard");
    story.pass(1.0).await;
    let whisper = [("Coaching", "true"), ("CallSidToCoach", agent.sid()), ("Muted", "false")];
    assert_eq!(change(&story, "boss", &whisper).await.text("call_sid_to_coach"), agent.sid());
    boss.say("offer a refund");
    story.pass(1.0).await;
    change(&story, "boss", &[("Coaching", "false")]).await;
    boss.say("good day");
    story.pass(1.0).await;
    assert_eq!(texts(&agent, LineKind::Heard), ["client:boss: offer a refund", "client:boss: good day"]);
    assert_eq!(texts(&caller, LineKind::Heard), ["client:boss: good day"]);
    assert_eq!(
        events(&story).split_off(4),
        ["participant-unmute boss", "participant-modify boss", "participant-modify boss"]
    );
    let stale = change(
        &story,
        "boss",
        &[("Coaching", "true"), ("CallSidToCoach", "CA00000000000000000000000000000000")],
    )
    .await;
    assert_eq!((stale.status, stale.body["code"].as_u64()), (400, Some(13240)));
}

#[tokio::test]
async fn a_label_is_unique_and_the_call_that_repeats_it_goes_on() {
    let story = room("").await;
    story.twiml(
        "/voice",
        "<Dial><Conference participantLabel='x'>room</Conference></Dial><Say>Not let in</Say>",
    );
    let first = story.calls([]);
    story.pass(1.0).await;
    let second = story.calls([]);
    story.pass(1.0).await;
    assert_eq!((said(&first), said(&second)), (Vec::new(), vec!["Not let in".to_owned()]));
    assert!(tells(&second, "16025"));
}

#[tokio::test]
async fn a_kicked_participant_goes_on_with_his_action() {
    let story = room("").await;
    let caller = story.calls([]);
    story.pass(1.0).await;
    invite(&story, "agent", &[]).await;
    story.pass(3.0).await;
    assert_eq!(story.delete("/Conferences/room/Participants/customer.json").await.status, 204);
    story.pass(0.5).await;
    assert_eq!(story.hook("/left").get("DialCallStatus"), "answered");
    assert_eq!(said(&caller), ["You were put out"]);
    let leave = story.hooks("/room").pop().expect("events");
    assert_eq!(leave.get("ReasonParticipantLeft"), "participant_updated_via_api");
    assert_eq!(leave.get("ParticipantCallStatus"), "in-progress");
    let gone = story.get("/Conferences/room/Participants/customer.json").await;
    assert_eq!((gone.status, gone.body["code"].as_u64()), (404, Some(20404)));
}

#[tokio::test]
async fn an_agent_invited_over_rest_is_hung_up_when_the_conference_ends() {
    let story = room("endConferenceOnExit='true'").await;
    let caller = story.calls([Step::AfterConnected(5.0), Step::HangUp]);
    story.pass(1.0).await;
    let agent = invite(&story, "agent", &[]).await;
    story.pass(20.0).await;
    assert_eq!(caller.status(), CallStatus::Completed);
    assert_eq!(story.carrier.call(&agent).expect("the agent").status(), CallStatus::Completed);
    let hooks = story.hooks("/room");
    let leaves: Vec<_> =
        hooks.iter().filter(|h| h.get("StatusCallbackEvent") == "participant-leave").collect();
    assert_eq!(leaves[0].get("ReasonParticipantLeft"), "participant_hung_up");
    assert_eq!(leaves[1].get("ReasonParticipantLeft"), "moderator_ended_conference");
    let end = hooks.last().expect("events");
    assert_eq!(end.get("CallSidEndingConference"), caller.sid());
    assert_eq!(end.get("ParticipantLabelEndingConference"), "customer");
    let sid = end.get("ConferenceSid");
    let fetched = story.get(&format!("/Conferences/{sid}.json")).await;
    assert_eq!(fetched.text("reason_conference_ended"), "participant-with-end-conference-on-exit-left");
}

#[tokio::test]
async fn a_conference_can_be_ended_over_rest() {
    let story = room("").await;
    let caller = story.calls([]);
    story.pass(1.0).await;
    invite(&story, "agent", &[]).await;
    story.pass(3.0).await;
    let sid = story.hooks("/room")[0].get("ConferenceSid").to_owned();
    let ended = story.post(&format!("/Conferences/{sid}.json"), &[("Status", "completed")]).await;
    assert_eq!(ended.text("status"), "completed");
    story.pass(5.0).await;
    assert_eq!(said(&caller), ["You were put out"]);
    let end = story.hooks("/room").pop().expect("events");
    assert_eq!(end.get("ReasonConferenceEnded"), "conference-ended-via-api");
}

#[tokio::test]
async fn somebody_who_does_not_come_leaves_as_not_added() {
    let story = room("").await;
    let caller = story.calls([]);
    story.pass(1.0).await;
    story.carrier.set_endpoint("client:agent", Endpoint::only(Answer::Busy));
    let agent = invite(&story, "agent", &[]).await;
    story.pass(5.0).await;
    let leave = story.hooks("/room").pop().expect("events");
    assert_eq!(leave.get("ReasonParticipantLeft"), "participant_add_failed");
    assert_eq!((leave.get("ParticipantCallStatus"), leave.get("CallSid")), ("busy", agent.as_str()));
    assert_eq!(caller.status(), CallStatus::InProgress);
}

#[tokio::test]
async fn a_redirected_participant_leaves_and_hears_the_new_document() {
    let story = room("").await;
    story.twiml("/survey", "<Say>How was it</Say>");
    let caller = story.calls([]);
    story.pass(1.0).await;
    invite(&story, "agent", &[]).await;
    story.pass(3.0).await;
    story.post(&format!("/Calls/{}.json", caller.sid()), &[("Url", &story.url("/survey"))]).await;
    story.pass(5.0).await;
    assert_eq!((said(&caller), story.hooks("/left").len()), (vec!["How was it".to_owned()], 0));
    let leave = story.hooks("/room").pop().expect("events");
    assert_eq!(leave.get("ReasonParticipantLeft"), "participant_updated_via_api");
}

#[tokio::test]
async fn an_announcement_is_heard_by_all_and_told_when_over() {
    let story = room("").await;
    story.twiml("/announce", "<Say>This call is recorded</Say>");
    let caller = story.calls([]);
    story.pass(1.0).await;
    let agent = invite(&story, "agent", &[]).await;
    story.pass(3.0).await;
    let sid = story.hooks("/room")[0].get("ConferenceSid").to_owned();
    story.post(&format!("/Conferences/{sid}.json"), &[("AnnounceUrl", &story.url("/announce"))]).await;
    story.pass(5.0).await;
    let agent = story.carrier.call(&agent).expect("the agent");
    assert_eq!(
        (said(&caller), said(&agent)),
        (vec!["This call is recorded".to_owned()], vec!["This call is recorded".to_owned()])
    );
    assert_eq!(story.hooks("/room").pop().expect("events").get("StatusCallbackEvent"), "announcement-end");
}

#[tokio::test]
async fn a_conference_is_recorded_from_its_start_to_its_end() {
    let story =
        room("record='record-from-start' recordingStatusCallback='/recording' endConferenceOnExit='true'")
            .await;
    story.calls([Step::AfterConnected(10.0), Step::HangUp]);
    story.pass(5.0).await;
    invite(&story, "agent", &[]).await;
    story.pass(30.0).await;
    let hook = story.hook("/recording");
    assert_eq!((hook.get("RecordingSource"), hook.get("RecordingDuration")), ("Conference", "10"));
    assert_eq!(hook.get("ConferenceSid"), story.hooks("/room")[0].get("ConferenceSid"));
    assert_eq!((hook.get("RecordingChannels"), hook.params.get("CallSid")), ("1", None));
}
