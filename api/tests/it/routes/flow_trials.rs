//! /api/ivr/{id}/diff and /api/ivr/{id}/simulate

use serde_json::{Value, json};

use crate::support::{Answer, TestApp, World, dump, on_both_databases};

/// One leads to support, two to a flow that is called.
fn reception() -> Value {
    json!({
        "version": 1, "name": "Reception", "start": "welcome", "language": "en-US",
        "nodes": {
            "welcome": { "type": "say", "library": "ours welcome", "next": { "next": "menu" } },
            "menu": {
                "type": "menu", "prompt": "One for support & service, two for the hours.",
                "choices": [{ "digits": "1" }, { "digits": "2" }],
                "next": { "1": "wait", "2": "hours", "timeout": "bye", "noMatch": "bye" },
            },
            "wait": { "type": "enqueue", "queue": "ours support" },
            "hours": { "type": "subflow", "flow": "ours draft", "next": { "returned": "bye", "failed": "nowhere" } },
            "nowhere": { "type": "hangup", "prompt": "Nobody knows." },
            "bye": { "type": "hangup", "prompt": "Goodbye." },
        },
    })
}

fn saying(text: &str) -> Value {
    json!({
        "version": 1, "name": "Hours", "start": "say",
        "nodes": { "say": { "type": "say", "text": text, "next": { "next": "back" } }, "back": { "type": "return" } },
    })
}

async fn save(app: &TestApp, world: &World, flow: impl std::fmt::Display, draft: Value) {
    app.put(&format!("/api/ivr/{flow}"), &world.ours.owner, json!({ "draft": draft })).await.data(200);
}

async fn publish(app: &TestApp, world: &World, flow: impl std::fmt::Display) {
    app.call("POST", &format!("/api/ivr/{flow}/activate")).by(&world.ours.owner).send().await.data(201);
}

async fn simulate(app: &TestApp, world: &World, query: &str, body: Value) -> Answer {
    app.post(&format!("/api/ivr/{}/simulate{query}", world.ours.flow), &world.ours.manager, body).await
}

fn last(data: &Value) -> &Value {
    data["transcript"].as_array().and_then(|steps| steps.last()).expect("a step")
}

on_both_databases! {
    async fn a_difference_is_told_node_by_node(app) {
        let world = World::create(app).await;
        let (flow, owner) = (world.ours.flow, &world.ours.owner);
        save(app, &world, flow, reception()).await;
        publish(app, &world, flow).await;
        let mut draft = reception();
        draft["language"] = json!("en-GB");
        draft["nodes"]["menu"]["next"]["1"] = json!("bye");
        draft["nodes"]["menu"]["prompt"] = json!("Press one.");
        draft["nodes"]["bye"]["position"] = json!({ "x": 1, "y": 2 });
        draft["nodes"].as_object_mut().unwrap().remove("nowhere");
        draft["nodes"]["later"] = json!({ "type": "hangup" });
        save(app, &world, flow, draft).await;
        let told = app.get(&format!("/api/ivr/{flow}/diff"), owner).await;
        assert_eq!(*told.data(200), json!({
            "head": ["/language"],
            "nodes": [
                { "node": "later", "change": "added", "fields": [], "ports": [] },
                { "node": "menu", "change": "changed", "fields": ["/prompt"], "ports": [{ "port": "1", "from": "wait", "to": "bye" }] },
                { "node": "nowhere", "change": "removed", "fields": [], "ports": [] },
            ],
            "layout": ["bye"],
        }));
        let back = app.get(&format!("/api/ivr/{flow}/diff?from=draft&to=2"), owner).await;
        assert_eq!(back.data(200)["nodes"][0]["change"], "removed");
        let same = app.get(&format!("/api/ivr/{flow}/diff?from=2&to=2"), owner).await;
        assert_eq!(*same.data(200), json!({ "head": [], "nodes": [], "layout": [] }));
        app.get(&format!("/api/ivr/{flow}/diff?from=9"), owner).await.is_refused(404, "FLOW_VERSION_NOT_FOUND");
        app.get(&format!("/api/ivr/{}/diff", world.ours.draft_flow), owner).await.is_refused(404, "FLOW_VERSION_NOT_FOUND");
        let refused = app.get(&format!("/api/ivr/{flow}/diff?to=newest"), owner).await;
        assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["to"]);
    }

    async fn a_scripted_call_is_told_step_by_step_and_nothing_is_written(app) {
        let world = World::create(app).await;
        save(app, &world, world.ours.flow, reception()).await;
        let before = dump(&app.app).await;
        let played = simulate(app, &world, "", json!({
            "script": [{ "wait": 5 }, { "press": "1" }, { "wait": 30 }], "at": "2026-03-02T09:00:00Z", "from": "+15550123",
        })).await;
        let data = played.data(200);
        assert_eq!(data["outcome"], json!({ "end": "waiting", "queue": "ours support" }), "{}", played.text);
        let steps = data["transcript"].as_array().unwrap();
        assert_eq!(steps.len(), 3);
        assert_eq!(steps[0]["said"], json!(["Welcome.", "One for support & service, two for the hours."]));
        assert_eq!((&steps[0]["node"], &steps[0]["at"]), (&json!("menu"), &json!("2026-03-02T09:00:00+00:00")));
        assert_eq!((&steps[1]["act"], &steps[1]["at"]), (&json!(0), &json!("2026-03-02T09:00:05+00:00")));
        let first = steps[0]["twiml"].as_str().unwrap();
        let nobody = uuid::Uuid::nil();
        let step = format!("{}/api/webhooks/twilio/{}/step?call={nobody}&amp;s=1&amp;heard=gather", app.app.settings.public_url, world.ours.id);
        assert!(first.contains("<Gather") && first.contains(&step) && first.contains("support &amp; service"), "{first}");
        let waits = last(data)["twiml"].as_str().unwrap();
        let place = format!("{}{}", world.ours.id.0.simple(), world.ours.queue.0.simple());
        assert!(waits.contains("<Enqueue") && waits.contains(&place) && waits.contains("s=3"), "{waits}");
        assert_eq!(dump(&app.app).await, before, "a simulation has written something");
    }

    async fn other_flows_are_the_published_ones_unless_drafts_are_asked_for(app) {
        let world = World::create(app).await;
        save(app, &world, world.ours.flow, reception()).await;
        let script = json!({ "script": [{ "press": "2" }] });
        let missing = simulate(app, &world, "", script.clone()).await;
        assert_eq!(last(missing.data(200))["said"], json!(["Nobody knows."]));
        save(app, &world, world.ours.draft_flow, saying("From nine to five.")).await;
        publish(app, &world, world.ours.draft_flow).await;
        save(app, &world, world.ours.draft_flow, saying("From ten to six.")).await;
        let published = simulate(app, &world, "", script.clone()).await;
        assert_eq!(last(published.data(200))["said"], json!(["From nine to five.", "Goodbye."]));
        let drafts = simulate(app, &world, "?otherFlows=drafts", script.clone()).await;
        assert_eq!(last(drafts.data(200))["said"], json!(["From ten to six.", "Goodbye."]));
        let first = simulate(app, &world, "?version=1", script.clone()).await;
        assert_eq!(first.data(200)["outcome"], json!({ "end": "flowHangsUp" }));
        simulate(app, &world, "?version=7", script).await.is_refused(404, "FLOW_VERSION_NOT_FOUND");
    }

    async fn what_the_company_does_not_have_is_told_where_it_is_needed(app) {
        let world = World::create(app).await;
        let mut draft = reception();
        draft["nodes"]["welcome"]["library"] = json!("theirs welcome");
        draft["nodes"]["wait"]["queue"] = json!("theirs support");
        save(app, &world, world.ours.flow, draft).await;
        let played = simulate(app, &world, "", json!({ "script": [{ "press": "1" }] })).await;
        let steps = played.data(200)["transcript"].as_array().unwrap();
        assert_eq!(steps[0]["problems"][0]["code"], "unknownPrompt");
        assert_eq!((&steps[1]["problems"][0]["code"], &steps[1]["twiml"]), (&json!("unknownQueue"), &Value::Null));
    }

    async fn a_script_that_is_none_is_refused_where_it_is_wrong(app) {
        let world = World::create(app).await;
        let two = json!({ "script": [{ "press": "1" }, { "press": "1", "say": "one" }] });
        assert_eq!(simulate(app, &world, "", two).await.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/script/1"]);
        let nothing = simulate(app, &world, "", json!({ "script": [{}] })).await;
        assert_eq!(nothing.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/script/0"]);
        let not_silent = simulate(app, &world, "", json!({ "script": [{ "silence": false }] })).await;
        assert_eq!(not_silent.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/script/0"]);
        let long: Vec<_> = (0..501).map(|_| json!({ "wait": 1 })).collect();
        let long = simulate(app, &world, "", json!({ "script": long })).await;
        assert_eq!(long.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/script"]);
        let answers: Vec<_> = (0..101).map(|_| json!({ "node": "a" })).collect();
        let many = simulate(app, &world, "", json!({ "script": [], "requests": answers })).await;
        assert_eq!(many.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/requests"]);
        let large = json!({ "script": [], "requests": [{ "node": "a", "body": "x".repeat(1_100_000) }] });
        simulate(app, &world, "", large).await.is_refused(413, "BODY_TOO_LARGE");
        let broken = json!({ "version": 1, "name": "x", "start": "gone", "nodes": {} });
        save(app, &world, world.ours.flow, broken).await;
        let refused = simulate(app, &world, "", json!({ "script": [] })).await;
        assert!(refused.is_refused(422, "FLOW_NOT_RUNNABLE").wrong_fields().iter().all(|field| field.starts_with("/draft")));
    }

    async fn a_transfer_to_an_agent_is_told_as_a_caller_s_line_would_be(app) {
        let world = World::create(app).await;
        let agent = world.ours.agent.agent.unwrap();
        let transfer = |to: Value| json!({
            "version": 1, "name": "Reception", "start": "moment", "language": "en-US",
            "nodes": {
                "moment": { "type": "say", "text": "One moment.", "next": { "next": "ann" } },
                "ann": { "type": "transfer", "agent": to, "next": { "busy": "bye", "noAnswer": "bye", "failed": "bye" } },
                "bye": { "type": "hangup", "prompt": "Nobody is there." },
            },
        });
        save(app, &world, world.ours.flow, transfer(json!(agent))).await;
        let before = dump(&app.app).await;
        let played = simulate(app, &world, "", json!({ "script": [{ "dial": "noAnswer" }] })).await;
        let steps = played.data(200)["transcript"].as_array().unwrap();
        let twiml = steps[0]["twiml"].as_str().unwrap_or_else(|| panic!("{}", played.text));
        let place = format!("{}{}", world.ours.id.0.simple(), world.ours.queue.0.simple());
        assert!(twiml.contains("One moment.") && twiml.contains("<Enqueue") && twiml.contains(&place), "he waits by the rules of the agent's queue: {twiml}");
        assert_eq!((&steps[0]["problems"], &steps[1]["said"]), (&json!([]), &json!(["Nobody is there."])));
        assert_eq!(dump(&app.app).await, before, "a simulation has written something");
        save(app, &world, world.ours.flow, transfer(json!(world.theirs.agent.agent.unwrap()))).await;
        let missing = simulate(app, &world, "", json!({ "script": [] })).await;
        let step = last(missing.data(200));
        assert_eq!((&step["problems"][0]["code"], &step["twiml"]), (&json!("unknownAgent"), &Value::Null), "{step}");
    }

    async fn who_is_recorded_by_a_flow_is_told_so_before_all_else(app) {
        let world = World::create(app).await;
        let records = |then: &str| json!({
            "version": 1, "name": "Reception", "start": "hello", "language": "en-US",
            "nodes": {
                "hello": { "type": "say", "text": "Hello.", "next": { "next": "figures" } },
                "figures": { "type": "figures", "queue": "ours support", "cases": [{ "port": "many", "when": { "operand": "waiting", "operator": "greaterThan", "value": 9 } }],
                             "next": { "many": "quality", "else": "quality" } },
                "quality": { "type": "say", "text": "For quality.", "next": { "next": "record" } },
                "record": { "type": "recording", "action": "start", "next": { "next": "again" } },
                "again": { "type": "recording", "action": "start", "next": { "next": "ask" } },
                "ask": { "type": "menu", "prompt": "One?", "choices": [{ "digits": "1" }, { "digits": "2" }],
                         "next": { "1": then, "2": "record2", "timeout": "bye", "noMatch": "bye" } },
                "stop": { "type": "recording", "action": "stop", "next": { "next": "ask" } },
                "record2": { "type": "recording", "action": "start", "next": { "next": "bye" } },
                "bye": { "type": "hangup", "prompt": "Goodbye." },
            },
        });
        let policy = |more: Value| {
            let mut policy = json!({
                "rule": "on_demand", "inbound": true, "outbound": true, "countries": [], "queues": [], "agentsMayListen": false,
                "announceAlways": true, "announcement": "This call is recorded.",
            });
            policy.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            policy
        };
        let settings = format!("/api/settings/company/{}/recording", world.ours.id);
        let set = async |policy: Value| app.put(&settings, &world.ours.owner, policy).await.data(200).clone();
        set(policy(json!({}))).await;
        save(app, &world, world.ours.flow, records("record2")).await;
        let played = simulate(app, &world, "", json!({ "script": [{ "press": "1" }] })).await;
        let steps = played.data(200)["transcript"].as_array().unwrap();
        assert_eq!(steps[0]["said"], json!(["Hello.", "This call is recorded.", "For quality.", "One?"]), "{}", played.text);
        let twiml = steps[0]["twiml"].as_str().unwrap();
        let at = |text: &str| twiml.find(text).unwrap_or_else(|| panic!("{text} is not in {twiml}"));
        assert!(at("Hello.") < at("This call is recorded.") && at("This call is recorded.") < at("For quality."));
        assert_eq!(steps[1]["said"], json!(["Goodbye."]), "it is being recorded, and he knows");

        save(app, &world, world.ours.flow, records("stop")).await;
        let played = simulate(app, &world, "", json!({ "script": [{ "press": "1" }, { "press": "2" }] })).await;
        assert_eq!(last(played.data(200))["said"], json!(["This call is recorded.", "Goodbye."]), "{}", played.text);

        set(policy(json!({ "announceAlways": false }))).await;
        let quiet = simulate(app, &world, "", json!({ "script": [] })).await;
        assert_eq!(last(quiet.data(200))["said"], json!(["Hello.", "For quality.", "One?"]));
        set(policy(json!({ "rule": "never" }))).await;
        let refused = simulate(app, &world, "", json!({ "script": [] })).await;
        let step = last(refused.data(200));
        assert_eq!(step["said"], json!(["Hello.", "For quality.", "One?"]));
        assert!(step["problems"].as_array().unwrap().iter().any(|problem| problem["code"] == "recordingForbidden"), "{step}");
    }
}
