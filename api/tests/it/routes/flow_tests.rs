//! /api/ivr/{id}/tests, and what they mean for publishing

use entity::audit;
use sea_orm::{ColumnTrait, QueryFilter};
use serde_json::{Value, json};

use crate::support::{TestApp, World, on_both_databases};

fn menu() -> Value {
    json!({
        "version": 1, "name": "Menu", "start": "menu",
        "nodes": {
            "menu": { "type": "menu", "prompt": "One for support.", "choices": [{ "digits": "1" }],
                      "next": { "1": "wait", "timeout": "bye", "noMatch": "bye" } },
            "wait": { "type": "enqueue", "queue": "ours support" },
            "bye": { "type": "hangup", "prompt": "Goodbye." },
        },
    })
}

/// One leads to support.
fn one() -> Value {
    json!({
        "name": "One leads to support", "call": { "script": [{ "press": "1" }] },
        "expect": [{ "said": "one for" }, { "passed": "menu", "port": "1" }, { "queued": "ours support" }],
    })
}

/// A flow with a menu and this test.
async fn with(app: &TestApp, world: &World, test: Value) -> String {
    let path = format!("/api/ivr/{}", world.ours.draft_flow);
    app.put(&path, &world.ours.owner, json!({ "draft": menu() })).await.data(200);
    app.post(&format!("{path}/tests"), &world.ours.owner, test).await.data(201);
    path
}

/// Support has moved to two.
async fn break_it(app: &TestApp, world: &World, path: &str) {
    let mut draft = menu();
    draft["nodes"]["menu"]["next"]["1"] = json!("bye");
    draft["nodes"]["menu"]["next"]["noMatch"] = json!("wait");
    app.put(path, &world.ours.owner, json!({ "draft": draft })).await.data(200);
}

on_both_databases! {
    async fn a_test_is_kept_changed_and_taken_away(app) {
        let world = World::create(app).await;
        let path = format!("{}/tests", with(app, &world, one()).await);
        let listed = app.get(&path, &world.ours.manager).await;
        let test = listed.data(200)[0].clone();
        assert_eq!((&test["name"], &test["expect"]), (&one()["name"], &one()["expect"]));
        assert_eq!(test["call"]["script"], one()["call"]["script"]);
        app.post(&path, &world.ours.owner, one()).await.is_refused(409, "FLOW_TEST_NAME_TAKEN");
        let own = format!("{path}/{}", test["id"].as_str().unwrap());
        let mut changed = one();
        changed["name"] = json!("Silence ends it");
        changed["call"] = json!({ "script": [{ "silence": true }], "at": "2026-03-02T09:00:00+00:00", "from": "+15550123" });
        changed["expect"] = json!([{ "ends": "flowHangsUp" }, { "variable": "x" }, { "notPassed": "wait" }, { "notSaid": "welcome" }]);
        app.put(&own, &world.ours.owner, changed.clone()).await.data(200);
        let read = app.get(&own, &world.ours.owner).await;
        assert_eq!((&read.data(200)["expect"], &read.data(200)["call"]["at"]), (&changed["expect"], &changed["call"]["at"]));
        // What is read can be written back.
        let (call, expect) = (&read.data(200)["call"], &read.data(200)["expect"]);
        app.put(&own, &world.ours.owner, json!({ "name": "Again", "call": call, "expect": expect })).await.data(200);
        app.delete(&own, &world.ours.owner).await.data(200);
        app.get(&own, &world.ours.owner).await.is_refused(404, "FLOW_TEST_NOT_FOUND");
        app.delete(&own, &world.ours.owner).await.is_refused(404, "FLOW_TEST_NOT_FOUND");
    }

    async fn a_test_of_another_flow_is_not_found_in_this_one(app) {
        let world = World::create(app).await;
        let elsewhere = format!("/api/ivr/{}/tests/{}", world.ours.draft_flow, world.ours.flow_test);
        app.get(&elsewhere, &world.ours.owner).await.is_refused(404, "FLOW_TEST_NOT_FOUND");
        app.delete(&elsewhere, &world.ours.owner).await.is_refused(404, "FLOW_TEST_NOT_FOUND");
    }

    async fn tests_are_run_when_somebody_asks_and_name_the_line_that_does_not_hold(app) {
        let world = World::create(app).await;
        let path = with(app, &world, one()).await;
        let run = format!("{path}/tests/run");
        let green = app.call("POST", &run).by(&world.ours.manager).send().await;
        assert_eq!((&green.data(200)[0]["passed"], &green.data(200)[0]["failed"]), (&json!(true), &Value::Null));
        break_it(app, &world, &path).await;
        let red = app.call("POST", &run).by(&world.ours.manager).send().await;
        assert_eq!(red.data(200)[0]["failed"]["line"], "/expect/2");
        assert!(red.data(200)[0]["failed"]["found"].as_str().unwrap().contains("queues"), "{}", red.text);
        app.call("POST", &format!("{run}?version=1")).by(&world.ours.owner).send().await.is_refused(404, "FLOW_VERSION_NOT_FOUND");
    }

    async fn a_red_test_refuses_the_publish_and_names_what_does_not_hold(app) {
        let world = World::create(app).await;
        let path = with(app, &world, one()).await;
        break_it(app, &world, &path).await;
        let activate = format!("{path}/activate");
        let refused = app.call("POST", &activate).by(&world.ours.owner).send().await;
        let id = app.get(&format!("{path}/tests"), &world.ours.owner).await.data(200)[0]["id"].as_str().unwrap().to_owned();
        assert_eq!(refused.is_refused(422, "FLOW_TESTS_FAILED").wrong_fields(), [format!("/tests/{id}/expect/2")]);
        assert!(refused.text.contains("One leads to support: the call came into the queues"), "{}", refused.text);
        assert_eq!(app.get(&format!("{path}/versions"), &world.ours.owner).await.data(200), &json!([]));
        app.put(&path, &world.ours.owner, json!({ "draft": menu() })).await.data(200);
        app.call("POST", &activate).by(&world.ours.owner).send().await.data(201);
    }

    async fn a_red_test_is_overridden_with_a_reason_which_is_audited(app) {
        let world = World::create(app).await;
        let path = with(app, &world, one()).await;
        break_it(app, &world, &path).await;
        let activate = format!("{path}/activate");
        let empty = app.post(&activate, &world.ours.owner, json!({ "override": { "reason": "" } })).await;
        assert_eq!(empty.is_refused(400, "VALIDATION_FAILED").wrong_fields(), ["/override/reason"]);
        app.post(&activate, &world.ours.owner, json!({})).await.is_refused(422, "FLOW_TESTS_FAILED");
        let reason = "Support is closed for the move; the test follows tomorrow.";
        let published = app.post(&activate, &world.ours.owner, json!({ "override": { "reason": reason } })).await;
        let version = published.data(201)["id"].clone();
        let noted = audit::Column::Action.eq("flows:publish-with-red-tests");
        let noted = world.ours.scope.find::<audit::Entity>().filter(noted).all(app.app.db.reader()).await.unwrap();
        assert_eq!(noted.len(), 1);
        assert_eq!((noted[0].user_id, &noted[0].detail["reason"], &noted[0].detail["flowVersionId"]), (world.ours.owner.user, &json!(reason), &version));
        assert_eq!(noted[0].detail["failed"][0]["line"], "/expect/2");
        // Nothing is noted of a publish that needed no override.
        app.put(&path, &world.ours.owner, json!({ "draft": menu() })).await.data(200);
        app.post(&activate, &world.ours.owner, json!({ "override": { "reason": reason } })).await.data(201);
        let noted = audit::Column::Action.eq("flows:publish-with-red-tests");
        let noted = world.ours.scope.find::<audit::Entity>().filter(noted).all(app.app.db.reader()).await.unwrap();
        assert_eq!(noted.len(), 1);
    }

    async fn an_older_version_comes_back_whatever_the_tests_say(app) {
        let world = World::create(app).await;
        let path = with(app, &world, one()).await;
        app.call("POST", &format!("{path}/activate")).by(&world.ours.owner).send().await.data(201);
        let never = json!({ "name": "Never", "call": { "script": [] }, "expect": [{ "said": "something else" }] });
        app.post(&format!("{path}/tests"), &world.ours.owner, never).await.data(201);
        app.call("POST", &format!("{path}/activate")).by(&world.ours.owner).send().await.is_refused(422, "FLOW_TESTS_FAILED");
        app.post(&format!("{path}/rollback"), &world.ours.owner, json!({ "number": 1 })).await.data(201);
    }

    async fn an_expectation_that_is_none_is_refused_where_it_is_wrong(app) {
        let world = World::create(app).await;
        let path = format!("/api/ivr/{}/tests", world.ours.flow);
        let wrong = async |call: Value, expect: Value, field: &str| {
            let body = json!({ "name": "Wrong", "call": call, "expect": expect });
            let refused = app.post(&path, &world.ours.owner, body).await;
            assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), [field]);
        };
        let call = json!({ "script": [] });
        wrong(call.clone(), json!([{ "said": "a" }, { "said": "a", "notSaid": "b" }]), "/expect/1").await;
        wrong(call.clone(), json!([{ "said": "a", "port": "1" }]), "/expect/0/port").await;
        wrong(call.clone(), json!([{ "is": "a" }]), "/expect/0").await;
        wrong(json!({ "script": [{ "wait": 1, "press": "1" }] }), json!([]), "/call/script/0").await;
        let many: Vec<_> = (0..201).map(|_| json!({ "said": "a" })).collect();
        wrong(call, json!(many), "/expect").await;
    }
}
