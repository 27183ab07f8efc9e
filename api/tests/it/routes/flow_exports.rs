//! /api/ivr/{id}/export with the flow's tests, and /api/ivr/import with tests

use serde_json::{Value, json};

use crate::support::{TestApp, World, dump, on_both_databases};

fn menu() -> Value {
    json!({
        "version": 1, "name": "Menu", "start": "menu",
        "nodes": {
            "menu": { "type": "menu", "prompt": "One for support.", "choices": [{ "digits": "1" }],
                      "next": { "1": "figures", "timeout": "bye", "noMatch": "bye" } },
            "figures": { "type": "figures", "queue": "ours support",
                         "cases": [{ "port": "nobody", "when": { "operand": "staffed", "operator": "lessThan", "value": 1 } }],
                         "next": { "nobody": "bye", "else": "wait" } },
            "wait": { "type": "enqueue", "queue": "ours support" },
            "bye": { "type": "hangup", "prompt": "Goodbye." },
        },
    })
}

fn tests() -> Value {
    json!([
        { "name": "Nobody is there",
          "call": { "script": [{ "wait": 1 }, { "press": "1" }], "at": "2026-03-02T09:00:00+00:00", "from": "+15550123", "to": "+15550199",
                    "seed": 7, "queues": { "ours support": { "staffed": 0 } }, "requests": [{ "node": "x", "status": 200, "body": { "a": [1] } }],
                    "contacts": { "+15550123": { "name": "Ann" } } },
          "expect": [{ "said": "goodbye" }, { "passed": "figures", "port": "nobody" }, { "ends": "flowHangsUp" }] },
        { "name": "One leads to support",
          "call": { "script": [{ "press": "1" }], "from": "+15550100", "to": "+15550199", "seed": 0, "queues": { "ours support": { "staffed": 2 } }, "requests": [], "contacts": {} },
          "expect": [{ "queued": "ours support" }, { "variable": "x" }] },
    ])
}

async fn export(app: &TestApp, world: &World, path: &str) -> Value {
    app.get(&format!("{path}/export"), &world.ours.manager).await.data(200).clone()
}

/// A flow of ours that has these tests.
async fn with_tests(app: &TestApp, world: &World) -> String {
    let body = json!({ "name": "Menu", "definition": menu(), "tests": tests() });
    let came = app.post("/api/ivr/import", &world.ours.owner, body).await;
    format!("/api/ivr/{}", came.data(201)["flow"]["id"].as_str().unwrap())
}

on_both_databases! {
    async fn a_flow_takes_its_tests_along(app) {
        let world = World::create(app).await;
        let path = with_tests(app, &world).await;
        let given = export(app, &world, &path).await;
        assert_eq!(given, json!({ "name": "Menu", "source": "calldocker", "definition": menu(), "tests": tests() }));
        let ran = app.call("POST", &format!("{path}/tests/run")).by(&world.ours.owner).send().await;
        let green: Vec<_> = ran.data(200).as_array().unwrap().iter().map(|test| test["passed"].clone()).collect();
        assert_eq!(green, [true, true], "{}", ran.text);
        // To another company, which calls the queue otherwise.
        let mut body = given.clone();
        body["mapping"] = json!({ "ours support": "theirs support" });
        let there = app.post("/api/ivr/import", &world.theirs.owner, body).await;
        let there = format!("/api/ivr/{}", there.data(201)["flow"]["id"].as_str().unwrap());
        let ran = app.call("POST", &format!("{there}/tests/run")).by(&world.theirs.owner).send().await;
        let green: Vec<_> = ran.data(200).as_array().unwrap().iter().map(|test| test["passed"].clone()).collect();
        assert_eq!(green, [true, true], "{}", ran.text);
        app.call("POST", &format!("{there}/activate")).by(&world.theirs.owner).send().await.data(201);
        app.get(&format!("{path}/export"), &world.theirs.owner).await.is_refused(404, "FLOW_NOT_FOUND");
    }

    async fn into_a_flow_that_is_there_tests_come_in_place_of_those_that_it_has_or_not_at_all(app) {
        let world = World::create(app).await;
        let path = with_tests(app, &world).await;
        let into = format!("{path}/import");
        app.post(&into, &world.ours.owner, json!({ "definition": menu() })).await.data(200);
        assert_eq!(export(app, &world, &path).await["tests"], tests());
        let one = json!([tests()[1]]);
        app.post(&into, &world.ours.owner, json!({ "definition": menu(), "tests": one })).await.data(200);
        assert_eq!(export(app, &world, &path).await["tests"], one);
        app.post(&into, &world.ours.owner, json!({ "definition": menu(), "tests": [] })).await.data(200);
        assert_eq!(export(app, &world, &path).await["tests"], Value::Null);
    }

    async fn tests_that_are_none_are_named_and_nothing_comes_in(app) {
        let world = World::create(app).await;
        let before = dump(&app.app).await;
        let refused = async |status: u16, tests: Value| {
            let body = json!({ "name": "Menu", "definition": menu(), "tests": tests });
            let answer = app.post("/api/ivr/import", &world.ours.owner, body).await;
            let fields = answer.is_refused(status, "VALIDATION_FAILED").wrong_fields();
            fields.into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        let wrong = async |tests: Value| refused(422, tests).await;
        let test = |name: &str| json!({ "name": name, "call": { "script": [] }, "expect": [] });
        let mut two_acts = test("b");
        two_acts["call"]["script"] = json!([{ "press": "1" }, { "press": "1", "say": "one" }]);
        assert_eq!(wrong(json!([test("a"), two_acts])).await, ["/tests/1/call/script/1"]);
        let mut nothing = test("a");
        nothing["expect"] = json!([{ "said": "x" }, {}]);
        assert_eq!(wrong(json!([nothing])).await, ["/tests/0/expect/1"]);
        assert_eq!(wrong(json!([test("a"), test("b"), test("a")])).await, ["/tests/2/name"]);
        assert_eq!(refused(400, json!([test("")])).await, ["/tests/0/name"]);
        assert_eq!(refused(400, json!([{ "name": "a", "expect": [] }])).await, ["/tests/0/call"]);
        let many: Vec<_> = (0..101).map(|number| test(&number.to_string())).collect();
        assert_eq!(wrong(json!(many)).await, ["/tests"]);
        assert_eq!(dump(&app.app).await, before, "something came in");
    }
}
