//! Slack and Teams: commands, notices, and where they go.

use std::time::Duration;

use calldocker::store::{Unit, chat_apps};
use calldocker::webhooks::slack::SlackWebhooks;
use entity::{ChatApp, WebhookEventKind};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::support::hooks::{with_receivers, work};
use crate::support::target::{Act, Target};
use crate::support::{Answer, TestApp, World};

const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";

fn settings(world: &World, chat: &str) -> String {
    format!("/api/settings/company/{}/integrations/{chat}", world.ours.id)
}

/// As Slack signs, in hex.
fn signature(secret: &str, at: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("v0:{at}:{body}").as_bytes());
    format!("v0={}", hex::encode(mac.finalize().into_bytes()))
}

async fn send(app: &TestApp, company: impl std::fmt::Display, secret: &str, ago: i64, body: &str) -> Answer {
    let at = app.clock.now().timestamp() - ago;
    let call = app.call("POST", &format!("{}/{company}", SlackWebhooks::PREFIX));
    let call = call.header("x-slack-request-timestamp", &at.to_string());
    let call = call.header("x-slack-signature", &signature(secret, at, body));
    call.text("application/x-www-form-urlencoded", body.to_owned()).send().await
}

/// What Slack shows somebody alone who says this.
async fn says(app: &TestApp, world: &World, user: &str, text: &str) -> String {
    let text = url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let body = format!("team_id=T1&user_id={user}&command=%2Fcalldocker&text={text}");
    let answer = send(app, world.ours.id, SECRET, 0, &body).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.body["response_type"]),
        (200, &json!("ephemeral")),
        "{}",
        answer.text
    );
    answer.body["text"].as_str().unwrap().to_owned()
}

async fn with_slack(app: &TestApp) -> World {
    let world = World::create(app).await;
    let put =
        app.put(&settings(&world, "slack"), &world.ours.owner, json!({ "signingSecret": SECRET })).await;
    assert_eq!(put.data(200)["signingSecretSet"], true);
    assert!(!put.text.contains(SECRET));
    world
}

/// So many callers give up, and an agent lets a call ring.
async fn things_happen(app: &TestApp, world: &World, missed: usize) {
    let mut unit = Unit::begin(&app.app, world.ours.scope).await.unwrap();
    let now = unit.now();
    for number in 0..missed {
        let told = json!({"callId": world.ours.calls.offered, "from": format!("+4930{number:06}"), "queueId": world.ours.queue});
        unit.fact(WebhookEventKind::CallAbandoned, now, told);
    }
    let told = json!({"agentId": world.ours.idle_agent, "name": "<Zoe>", "since": now});
    unit.fact(WebhookEventKind::AgentNotResponding, now, told);
    unit.commit().await.unwrap();
}

fn text(target: &Target, message: usize) -> String {
    let body: Value = serde_json::from_str(&target.requests()[message].body).unwrap();
    body["text"].as_str().unwrap().to_owned()
}

with_receivers! {
    async fn an_agent_shows_who_he_is_and_says_what_he_wants(app) {
        let world = with_slack(app).await;
        assert!(says(app, &world, "U1", "help").await.contains("/calldocker available"));
        assert!(says(app, &world, "U1", "status").await.contains("/calldocker link CODE"), "nobody knows him yet");
        let code = app.post("/api/agents/me/slack-code", &world.ours.agent, json!({})).await;
        let code = code.data(200)["code"].as_str().unwrap().to_owned();
        assert_eq!(says(app, &world, "U1", &format!("link {}", code.to_lowercase())).await, "You are agent here.");
        assert!(says(app, &world, "U2", &format!("link {code}")).await.contains("not good"), "it is good once");
        assert!(says(app, &world, "U2", "available").await.contains("/calldocker link CODE"));
        assert!(says(app, &world, "U1", "available").await.starts_with("You are available, and "));
        let agent = format!("/api/agents/{}", world.ours.agent.agent.unwrap());
        assert_eq!(app.get(&agent, &world.ours.owner).await.data(200)["availability"], "available");
        let reason = says(app, &world, "U1", "training lunch").await;
        assert!(!reason.starts_with("You are training"), "the company has reasons for training: {reason}");
        assert!(says(app, &world, "U1", "training ours onboarding").await.starts_with("You are training (ours onboarding)"));
        assert!(says(app, &world, "U1", "queue OURS support").await.starts_with("ours support: "));
        assert!(says(app, &world, "U1", "queue theirs support").await.contains("no queue"));
        assert!(says(app, &world, "U1", "queue").await.contains("ours billing, ours support"));
        assert!(says(app, &world, "U1", "dance <!channel>").await.contains("I do not know `dance`"));
        app.delete(&format!("/api/users/{}", world.ours.agent.user), &world.ours.owner).await.data(200);
        assert!(says(app, &world, "U1", "available").await.contains("link CODE"), "who has left is nobody");
    }

    async fn a_code_is_good_for_ten_minutes_and_the_newest_counts(app) {
        let world = with_slack(app).await;
        let code = async || {
            let made = app.post("/api/agents/me/slack-code", &world.ours.agent, json!({})).await;
            made.data(200)["code"].as_str().unwrap().to_owned()
        };
        let (first, second) = (code().await, code().await);
        assert!(says(app, &world, "U1", &format!("link {first}")).await.contains("not good"));
        app.clock.advance(Duration::from_secs(600)).await;
        assert!(says(app, &world, "U1", &format!("link {second}")).await.contains("not good"));
        let third = code().await;
        assert_eq!(says(app, &world, "U1", &format!("link {third}")).await, "You are agent here.");
    }

    async fn what_slack_did_not_sign_is_refused(app) {
        let world = with_slack(app).await;
        let body = "team_id=T1&user_id=U1&text=help";
        send(app, world.ours.id, "another", 0, body).await.is_refused(403, "BAD_SIGNATURE");
        for seconds in [301, -301] {
            send(app, world.ours.id, SECRET, seconds, body).await.is_refused(403, "BAD_SIGNATURE");
        }
        send(app, world.theirs.id, SECRET, 0, body).await.is_refused(403, "BAD_SIGNATURE");
        send(app, "nonsense", SECRET, 0, body).await.is_refused(403, "BAD_SIGNATURE");
        assert_eq!(send(app, world.ours.id, SECRET, 299, body).await.status, 200);
        app.put(&settings(&world, "slack"), &world.ours.owner, json!({ "signingSecret": "" })).await.data(200);
        send(app, world.ours.id, SECRET, 0, body).await.is_refused(403, "BAD_SIGNATURE");
    }

    async fn notices_of_a_minute_are_one_message(app) {
        let world = World::create(app).await;
        let (slack, teams) = (Target::start([Act::Answers(200, json!({}))]).await, Target::start([Act::Answers(202, json!({}))]).await);
        let wanted = json!({ "url": slack.url("/services/hidden"), "notices": ["missed_call", "agent_not_responding"] });
        let put = app.put(&settings(&world, "slack"), &world.ours.owner, wanted).await;
        assert_eq!((&put.data(200)["host"], put.text.contains("hidden")), (&json!("127.0.0.1"), false));
        app.put(&settings(&world, "teams"), &world.ours.owner, json!({ "url": teams.url("/"), "notices": ["missed_call"] })).await.data(200);
        things_happen(app, &world, 1).await;
        work(app).await;
        assert_eq!(text(&slack, 0), "Missed call from +4930000000 (ours support)\n&lt;Zoe&gt; does not answer calls");
        let card: Value = serde_json::from_str(&teams.requests()[0].body).unwrap();
        assert_eq!(card["attachments"][0]["content"]["body"][0]["text"], "Missed call from +4930000000 (ours support)");
        for _ in 0..3 {
            things_happen(app, &world, 4).await;
            work(app).await;
        }
        assert_eq!(slack.requests().len(), 1, "the minute is not over");
        app.clock.advance(Duration::from_secs(60)).await;
        work(app).await;
        assert_eq!((slack.requests().len(), teams.requests().len()), (2, 2));
        let told = text(&slack, 1);
        assert!(told.starts_with("12 missed calls:\n") && told.contains("+2") && told.contains("3 times an agent did not answer:"), "{told}");
        app.clock.advance(Duration::from_secs(3600)).await;
        work(app).await;
        assert_eq!(slack.requests().len(), 2, "what was told is not told again");
    }

    async fn in_quiet_hours_notices_wait_for_the_morning(app) {
        let world = World::create(app).await;
        let (slack, teams) = (Target::start([Act::Answers(200, json!({}))]).await, Target::start([Act::Answers(202, json!({}))]).await);
        // It is 13:00 in Berlin.
        let quiet = json!({ "from": "12:30", "until": "14:00" });
        let wanted = json!({ "url": slack.url("/"), "notices": ["missed_call"], "quietHours": quiet });
        let put = app.put(&settings(&world, "slack"), &world.ours.owner, wanted).await;
        assert_eq!(put.data(200)["quietHours"], quiet);
        things_happen(app, &world, 2).await;
        work(app).await;
        app.put(&settings(&world, "teams"), &world.ours.owner, json!({ "url": teams.url("/"), "notices": ["missed_call"] })).await.data(200);
        app.clock.advance(Duration::from_secs(30 * 60)).await;
        things_happen(app, &world, 1).await;
        work(app).await;
        assert_eq!((slack.requests().len(), teams.requests().len()), (0, 1), "each chat has its own hours");
        app.clock.advance(Duration::from_secs(30 * 60)).await;
        work(app).await;
        assert!(text(&slack, 0).starts_with("3 missed calls:"));
    }

    async fn what_a_chat_does_not_take_is_said_tried_again_and_not_lost(app) {
        let world = World::create(app).await;
        let slack = Target::start([Act::Answers(404, json!({})), Act::HangsUp, Act::Answers(200, json!({}))]).await;
        app.put(&settings(&world, "slack"), &world.ours.owner, json!({ "url": slack.url("/"), "notices": ["missed_call"] })).await.data(200);
        things_happen(app, &world, 1).await;
        work(app).await;
        let error = async || {
            let shown = app.get(&settings(&world, "slack"), &world.ours.manager).await;
            shown.data(200).get("lastError").cloned()
        };
        assert_eq!(error().await, Some(json!("status 404")));
        for (seconds, expected) in [(119, 1), (1, 2), (239, 2), (1, 3)] {
            app.clock.advance(Duration::from_secs(seconds)).await;
            work(app).await;
            assert_eq!(slack.requests().len(), expected);
        }
        assert_eq!(error().await, None);
        assert!(text(&slack, 2).starts_with("Missed call"));
        let waiting = chat_apps::waiting(world.ours.scope, app.app.db.reader(), ChatApp::Slack).await.unwrap();
        assert!(waiting.is_empty());
    }

    async fn what_cannot_be_set_is_refused_and_secrets_stay_unless_they_are_named(app) {
        let world = with_slack(app).await;
        let owner = &world.ours.owner;
        for (chat, body, field) in [
            ("slack", json!({ "url": "http://hooks.example.com/" }), "/url"),
            ("slack", json!({ "url": "https://10.0.0.1/" }), "/url"),
            ("teams", json!({ "quietHours": { "from": "22:00", "until": "22:00" } }), "/quietHours/until"),
            ("slack", json!({ "quietHours": { "from": "9", "until": "22:00" } }), "/quietHours/from"),
        ] {
            let refused = app.put(&settings(&world, chat), owner, body).await;
            assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), [field]);
        }
        let refused = app.put(&settings(&world, "teams"), owner, json!({ "signingSecret": "x" })).await;
        refused.is_refused(400, "VALIDATION_FAILED");
        let put = app.put(&settings(&world, "slack"), owner, json!({ "url": "https://hooks.example.com/x" })).await;
        assert_eq!((&put.data(200)["signingSecretSet"], &put.data(200)["host"]), (&json!(true), &json!("hooks.example.com")));
        let row = chat_apps::get(world.ours.scope, app.app.db.reader(), ChatApp::Slack).await.unwrap().unwrap();
        assert!(!row.url_sealed.unwrap().contains("hooks"));
        assert_eq!(says(app, &world, "U1", "help").await.lines().count(), 5);
        app.delete(&settings(&world, "slack"), owner).await.data(200);
        app.get(&settings(&world, "slack"), owner).await.is_refused(404, "INTEGRATION_NOT_FOUND");
        app.delete(&settings(&world, "slack"), owner).await.is_refused(404, "INTEGRATION_NOT_FOUND");
        app.get(&settings(&world, "teams"), &world.theirs.owner).await.is_refused(404, "COMPANY_NOT_FOUND");
    }
}
