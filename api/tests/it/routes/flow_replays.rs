//! /api/ivr/{id}/replay

use std::time::Duration;

use calldocker::flows::replay::AT_ONCE;
use chrono::{DateTime, TimeDelta, Utc};
use clock::Clock;
use entity::id::FlowVersionId;
use entity::{CompanyScope, engine_input};
use ivr_engine::{Flow, Input};
use sea_orm::{ActiveValue::Set, ColumnTrait, QueryFilter};
use serde_json::{Value, json};

use crate::support::past::{self, Story};
use crate::support::{Answer, TestApp, World, dump, on_both_databases};

/// One, or the word, leads to support, two to billing.
fn menu() -> Value {
    json!({
        "version": 1, "name": "Menu", "start": "menu",
        "nodes": {
            "menu": { "type": "menu", "prompt": "One or two.", "choices": [{ "digits": "1", "phrases": ["support"] }, { "digits": "2" }],
                      "next": { "1": "support", "2": "billing", "timeout": "bye", "noMatch": "bye" } },
            "support": { "type": "enqueue", "queue": "ours support" },
            "billing": { "type": "enqueue", "queue": "ours billing" },
            "bye": { "type": "hangup", "prompt": "Goodbye." },
        },
    })
}

fn noon() -> DateTime<Utc> {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

/// Publishes the menu in our flow; gives its version.
async fn publish(app: &TestApp, world: &World) -> (FlowVersionId, Flow) {
    let path = format!("/api/ivr/{}", world.ours.flow);
    app.put(&path, &world.ours.owner, json!({ "draft": menu() })).await.data(200);
    let published = app.call("POST", &format!("{path}/activate")).by(&world.ours.owner).send().await;
    (published.data(201)["id"].as_str().unwrap().parse().unwrap(), Flow::parse(&menu()).unwrap())
}

/// The draft leads those who press one elsewhere, and asks those who press two something.
async fn change(app: &TestApp, world: &World) {
    let mut draft = menu();
    draft["nodes"]["menu"]["next"]["1"] = json!("billing");
    draft["nodes"]["menu"]["next"]["2"] = json!("sure");
    draft["nodes"]["sure"] = json!({ "type": "menu", "prompt": "Sure?", "choices": [{ "digits": "1" }],
        "next": { "1": "billing", "timeout": "bye", "noMatch": "bye" } });
    let path = format!("/api/ivr/{}", world.ours.flow);
    app.put(&path, &world.ours.owner, json!({ "draft": draft })).await.data(200);
}

fn pressing(keys: &str) -> Story {
    vec![Input::Start, Input::Silence, Input::digits(keys), Input::HungUp]
}

/// Calls a second apart.
async fn insert(app: &TestApp, world: &World, version: &(FlowVersionId, Flow), stories: Vec<Story>) {
    let calls = stories.into_iter().enumerate().map(|(number, story)| {
        let at = noon() + TimeDelta::seconds(i64::try_from(number).unwrap());
        past::call(app, &world.ours, (version.0, &version.1), at, story)
    });
    past::insert(app, world, calls).await;
}

fn range() -> Value {
    json!({ "from": "2026-03-01T00:00:00Z", "to": "2026-03-02T00:00:00Z" })
}

async fn replay(app: &TestApp, world: &World, body: Value) -> Answer {
    app.post(&format!("/api/ivr/{}/replay", world.ours.flow), &world.ours.manager, body).await
}

fn lines(answer: &Answer) -> Vec<Value> {
    assert_eq!(
        (answer.status.as_u16(), &answer.headers["content-type"]),
        (200, &"application/x-ndjson".parse().unwrap())
    );
    answer.text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
}

fn summary(lines: &[Value]) -> &Value {
    let last = lines.last().expect("a line");
    assert_eq!(last["type"], "summary", "{last}");
    last
}

on_both_databases! {
    async fn who_would_have_ended_elsewhere_is_told_with_the_first_step_that_differs(app) {
        let world = World::create(app).await;
        let version = publish(app, &world).await;
        let silent = vec![Input::Start, Input::Silence, Input::Silence, Input::Silence];
        insert(app, &world, &version, vec![pressing("1"), pressing("2"), silent, vec![Input::Start, Input::HungUp]]).await;
        change(app, &world).await;
        let before = dump(&app.app).await;
        let lines = lines(&replay(app, &world, range()).await);
        let [one, two, progress, _] = lines.as_slice() else { panic!("{lines:#?}") };
        assert_eq!((&one["type"], &one["result"], &one["step"]), (&json!("call"), &json!("different"), &json!(2)));
        assert_eq!(one["input"], json!({ "type": "digits", "value": "1" }));
        assert_eq!(one["went"], json!({ "node": "support", "stop": "queue", "queue": "ours support" }));
        assert_eq!(one["wouldGo"], json!({ "node": "billing", "stop": "queue", "queue": "ours billing" }));
        assert_eq!((&two["result"], &two["why"]), (&json!("unknown"), &json!({ "code": "asksSomethingElse", "node": "sure" })));
        assert_eq!((&progress["type"], &progress["calls"]), (&json!("progress"), &json!(4)));
        let summary = summary(&lines);
        let sums = ["calls", "same", "different", "unknown", "complete"].map(|name| summary[name].clone());
        assert_eq!(sums, [json!(4), json!(2), json!(1), json!(1), json!(true)]);
        assert_eq!(summary["elsewhere"][0]["calls"], 1);
        assert_eq!(summary["elsewhere"][0]["wouldGo"]["queue"], "ours billing");
        assert_eq!(summary["reasons"], json!([{ "code": "asksSomethingElse", "node": "sure", "calls": 1 }]));
        assert_eq!(dump(&app.app).await, before, "a replay has written something");
    }

    async fn the_version_that_they_went_through_changes_nothing(app) {
        let world = World::create(app).await;
        let version = publish(app, &world).await;
        insert(app, &world, &version, vec![pressing("1"), pressing("2"), pressing("9")]).await;
        change(app, &world).await;
        let mut body = range();
        body["version"] = json!(2);
        let same = lines(&replay(app, &world, body.clone()).await);
        assert_eq!((&summary(&same)["same"], &summary(&same)["calls"]), (&json!(3), &json!(3)));
        body["version"] = json!(9);
        replay(app, &world, body).await.is_refused(404, "FLOW_VERSION_NOT_FOUND");
    }

    async fn only_calls_of_the_range_and_of_the_flow_are_run(app) {
        let world = World::create(app).await;
        let version = publish(app, &world).await;
        insert(app, &world, &version, vec![pressing("1"); 10]).await;
        let run = async |from: &str, to: &str| {
            let lines = lines(&replay(app, &world, json!({ "from": from, "to": to })).await);
            summary(&lines)["calls"].as_u64().unwrap()
        };
        assert_eq!(run("2026-03-01T12:00:03Z", "2026-03-01T12:00:07Z").await, 4);
        assert_eq!(run("2026-03-01T00:00:00Z", "2026-03-01T12:00:00Z").await, 0);
        let other = format!("/api/ivr/{}/replay", world.ours.draft_flow);
        let other = lines(&app.post(&other, &world.ours.owner, range()).await);
        assert_eq!(summary(&other)["calls"], 0);
        let turned = replay(app, &world, json!({ "from": "2026-03-02T00:00:00Z", "to": "2026-03-01T00:00:00Z" })).await;
        assert_eq!(turned.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/to"]);
    }

    async fn a_long_range_comes_in_pages_and_a_limit_cuts_it_off(app) {
        let world = World::create(app).await;
        let version = publish(app, &world).await;
        insert(app, &world, &version, (0..1_201).map(|n| pressing(if n % 2 == 0 { "1" } else { "2" })).collect()).await;
        change(app, &world).await;
        let all = lines(&replay(app, &world, range()).await);
        let progress: Vec<_> = all.iter().filter(|line| line["type"] == "progress").map(|line| line["calls"].clone()).collect();
        assert_eq!(progress, [json!(500), json!(1_000), json!(1_201)]);
        assert_eq!((&summary(&all)["different"], &summary(&all)["unknown"]), (&json!(601), &json!(600)));
        assert_eq!(all.iter().filter(|line| line["type"] == "call").count(), 1_201);
        let mut body = range();
        body["limit"] = json!(700);
        let some = lines(&replay(app, &world, body).await);
        assert_eq!((&summary(&some)["calls"], &summary(&some)["complete"]), (&json!(700), &json!(false)));
    }

    async fn what_another_engine_recorded_counts_only_when_this_one_agrees(app) {
        let world = World::create(app).await;
        let version = publish(app, &world).await;
        insert(app, &world, &version, vec![pressing("1")]).await;
        older(app, world.ours.scope, json!({ "type": "digits", "value": "1" })).await;
        let agrees = lines(&replay(app, &world, range()).await);
        assert_eq!(summary(&agrees)["same"], 1);
        // It went to support then, with another input than the one that would lead there today.
        older(app, world.ours.scope, json!({ "type": "digits", "value": "2" })).await;
        let differs = lines(&replay(app, &world, range()).await);
        assert_eq!(summary(&differs)["reasons"], json!([{ "code": "otherEngine", "calls": 1 }]));
    }

    async fn a_client_that_goes_away_ends_the_work_and_no_more_run_than_may(app) {
        let world = World::create(app).await;
        let version = publish(app, &world).await;
        // Longer lines, and more of them, than the buffers on the way take: some ten megabytes.
        let said = format!("support {}", "please ".repeat(140));
        let story = vec![Input::Start, Input::speech(said), Input::HungUp];
        insert(app, &world, &version, vec![story; 6_000]).await;
        change(app, &world).await;
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut open = Vec::new();
        for _ in 0..AT_ONCE {
            let request = client.post(format!("{}/api/ivr/{}/replay", app.url, world.ours.flow));
            let answer = request.bearer_auth(&world.ours.owner.token).json(&range()).send().await.unwrap();
            assert_eq!(answer.status(), 200);
            open.push(answer);
        }
        let refused = replay(app, &world, range()).await;
        refused.is_refused(429, "TOO_MANY_REQUESTS");
        assert!(refused.headers.contains_key("retry-after"));
        let first = open[0].chunk().await.unwrap().expect("the first lines come before the last");
        assert!(first.starts_with(br#"{"#));
        drop(open);
        drop(client);
        for _ in 0..400 {
            if app.app.replays.available_permits() == AT_ONCE {
                break;
            }
            // What is waited for is done by the server's own tasks, whatever the simulated clock says.
            drop(Clock::machine().sleep(Duration::from_millis(25)).await);
        }
        assert_eq!(app.app.replays.available_permits(), AT_ONCE, "an abandoned replay goes on");
        let done = lines(&replay(app, &world, range()).await);
        assert_eq!(summary(&done)["calls"], 6_000);
    }
}

/// Whatever was recorded is by an older engine, and the third input is this.
async fn older(app: &TestApp, scope: CompanyScope, third: Value) {
    let older = engine_input::ActiveModel { engine_version: Set(0), ..Default::default() };
    let db = app.app.db.writer();
    scope.update_many::<engine_input::Entity>().set(older).exec(db).await.unwrap();
    let third = engine_input::ActiveModel { input: Set(third), ..Default::default() };
    let third = scope.update_many::<engine_input::Entity>().set(third);
    third.filter(engine_input::Column::Seq.eq(3)).exec(db).await.unwrap();
}
