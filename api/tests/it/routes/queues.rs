//! /api/queues, /api/skills

use serde_json::{Value, json};

use crate::support::{World, draft, on_both_databases};

/// A flow's document that sends its callers to this queue, asking for this skill.
fn sends_to(queue: &str, skill: &str) -> Value {
    json!({
        "version": 1, "name": "To the queue", "language": "en-US", "start": "wait",
        "nodes": {"wait": {"type": "enqueue", "queue": queue, "skills": [{"skill": skill, "level": 1}]}},
    })
}

on_both_databases! {
    async fn a_queue_is_made_shown_and_changed_with_its_rules(app) {
        let world = World::create(app).await;
        let (owner, agent) = (&world.ours.owner, world.ours.agent.agent.unwrap());
        let made = app.post("/api/queues", owner, json!({ "name": " Sales " })).await;
        let made = made.data(201);
        assert_eq!((&made["name"], &made["strategy"], &made["agentIds"]), (&json!("Sales"), &json!("longest_idle"), &json!([])));
        assert_eq!(made["rules"]["serviceLevel"], json!({"targetPercent": 80, "targetSeconds": 20, "shortAbandonSeconds": 5}));
        let path = format!("/api/queues/{}", made["id"].as_str().unwrap());
        let rules = json!({
            "maxLength": 50, "ageingSeconds": 60, "skipWhenUnstaffed": true,
            "hours": {"zone": "Europe/Berlin", "weekly": {"mon": [{"from": "09:00", "to": "17:00"}]}},
            "overflow": [
                {"afterSeconds": 30, "action": "relax_skills", "levels": 2},
                {"afterSeconds": 60, "action": "queue", "queueId": world.ours.queue},
                {"afterSeconds": 90, "action": "voicemail", "mailbox": "sales"},
            ],
        });
        let changed = app.put(&path, owner, json!({ "strategy": "ring_all", "rules": rules, "agentIds": [agent] })).await;
        let changed = changed.data(200);
        assert_eq!((&changed["name"], &changed["strategy"], &changed["agentIds"]), (&json!("Sales"), &json!("ring_all"), &json!([agent])));
        for (name, value) in rules.as_object().unwrap() {
            assert_eq!(&changed["rules"][name], value);
        }
        assert_eq!(app.get(&path, &world.ours.agent).await.data(200), changed);
        // What is not said stays; rules, when given, are all that there are.
        let renamed = app.put(&path, owner, json!({ "name": "Selling" })).await;
        assert_eq!(renamed.data(200)["rules"], changed["rules"]);
        let bare = app.put(&path, owner, json!({ "rules": {}, "agentIds": [] })).await;
        assert_eq!((bare.data(200)["rules"].get("maxLength"), &bare.data(200)["agentIds"]), (None, &json!([])));
        app.post("/api/queues", owner, json!({ "name": "Selling" })).await.is_refused(409, "QUEUE_NAME_TAKEN");
        app.put(&path, owner, json!({ "name": "ours support" })).await.is_refused(409, "QUEUE_NAME_TAKEN");
    }

    async fn every_rule_that_is_wrong_is_named(app) {
        let world = World::create(app).await;
        let path = format!("/api/queues/{}", world.ours.queue);
        let rules = json!({
            "hours": {"zone": "Mars/Olympus", "weekly": {}},
            "overflow": [
                {"afterSeconds": 60, "action": "queue", "queueId": world.theirs.queue},
                {"afterSeconds": 60, "action": "queue", "queueId": world.ours.queue},
                {"afterSeconds": 70, "action": "flow", "flowId": world.ours.draft_flow},
                {"afterSeconds": 80, "action": "flow"},
                {"afterSeconds": 90, "action": "ring_all", "levels": 2},
                {"afterSeconds": 99, "action": "callback_offer", "flowId": world.ours.flow},
            ],
        });
        let body = json!({ "rules": rules, "agentIds": [world.theirs.agent.agent], "holdMusicUrl": "ftp://music" });
        let refused = app.put(&path, &world.ours.owner, body).await;
        refused.is_refused(422, "VALIDATION_FAILED");
        assert_eq!(refused.wrong_fields(), [
            "/holdMusicUrl",
            "/rules/hours/zone",
            "/rules/overflow/0/queueId",
            "/rules/overflow/1/afterSeconds",
            "/rules/overflow/1/queueId",
            "/rules/overflow/2/flowId",
            "/rules/overflow/3/flowId",
            "/rules/overflow/4/levels",
            "/rules/overflow/5/flowId",
            "/agentIds/0",
        ]);
        assert!(refused.text.contains("is a flow without a node that offers a callback"), "{}", refused.text);
        let many: Vec<_> = (1..=11).map(|n| json!({"afterSeconds": n, "action": "ring_all"})).collect();
        let refused = app.put(&path, &world.ours.owner, json!({ "rules": { "overflow": many } })).await;
        assert_eq!(refused.wrong_fields(), ["/rules/overflow"], "{}", refused.text);
    }

    async fn a_queue_that_somebody_waits_in_or_is_sent_to_is_not_deleted_and_who_does_is_named(app) {
        let world = World::create(app).await;
        let owner = &world.ours.owner;
        let waited_in = format!("/api/queues/{}", world.ours.queue);
        app.delete(&waited_in, owner).await.is_refused(409, "QUEUE_NOT_EMPTY");

        let made = app.post("/api/queues", owner, json!({ "name": "sales" })).await;
        let id = made.data(201)["id"].as_str().unwrap().to_owned();
        let path = format!("/api/queues/{id}");
        let flow = app.post("/api/ivr", owner, json!({ "name": "Sales line", "draft": sends_to("sales", "x") })).await;
        let refused = app.delete(&path, owner).await;
        refused.is_refused(409, "QUEUE_IN_USE");
        assert!(refused.text.contains("Sales line"), "{}", refused.text);
        let refused = app.put(&path, owner, json!({ "name": "selling" })).await;
        refused.is_refused(409, "QUEUE_IN_USE");
        let flow = format!("/api/ivr/{}", flow.data(201)["id"].as_str().unwrap());
        app.put(&flow, owner, json!({ "draft": draft() })).await.data(200);

        let step = json!([{"afterSeconds": 5, "action": "queue", "queueId": id}]);
        app.put(&waited_in, owner, json!({ "rules": { "overflow": step } })).await.data(200);
        let refused = app.delete(&path, owner).await;
        refused.is_refused(409, "QUEUE_IN_USE");
        assert!(refused.text.contains("ours support"), "{}", refused.text);
        app.put(&waited_in, owner, json!({ "rules": {} })).await.data(200);
        app.delete(&path, owner).await.data(200);
        app.get(&path, owner).await.is_refused(404, "QUEUE_NOT_FOUND");
        app.post("/api/queues", owner, json!({ "name": "sales" })).await.data(201);
    }

    async fn a_queue_stands_as_its_rows_say(app) {
        let world = World::create(app).await;
        let live = app.get(&format!("/api/queues/{}/live", world.ours.queue), &world.ours.manager).await;
        let live = live.data(200);
        assert_eq!((&live["waiting"], &live["inOffer"], &live["staffed"]), (&json!(1), &json!(1), &json!(0)));
        assert_eq!(live.get("expectedWaitSeconds"), None, "nothing is promised without data");
        let level = &live["serviceLevel"];
        assert_eq!((&level["answered"], &level["answeredInTime"], &level["percent"]), (&json!(3), &json!(3), &json!(100.0)));
        assert_eq!((&level["variant"], &level["name"]), (&json!("excluding_short_abandons"), &json!("excluding short abandons")));
        assert_eq!(level["formula"], "answered within X / (answered + abandoned - abandoned within S)");
        app.get(&format!("/api/queues/{}/live", world.theirs.queue), &world.ours.manager).await.is_refused(404, "QUEUE_NOT_FOUND");
    }

    async fn skills_are_made_renamed_and_deleted_unless_flows_ask_for_them(app) {
        let world = World::create(app).await;
        let owner = &world.ours.owner;
        let made = app.post("/api/skills", owner, json!({ "name": "french" })).await;
        let id = made.data(201)["id"].as_str().unwrap().to_owned();
        let path = format!("/api/skills/{id}");
        app.post("/api/skills", owner, json!({ "name": "french" })).await.is_refused(409, "SKILL_NAME_TAKEN");
        app.put(&path, owner, json!({ "name": "ours german" })).await.is_refused(409, "SKILL_NAME_TAKEN");
        let flow = app.post("/api/ivr", owner, json!({ "name": "Paris", "draft": sends_to("x", "french") })).await;
        for refused in [app.put(&path, owner, json!({ "name": "français" })).await, app.delete(&path, owner).await] {
            refused.is_refused(409, "SKILL_IN_USE");
            assert!(refused.text.contains("Paris"), "{}", refused.text);
        }
        app.delete(&format!("/api/ivr/{}", flow.data(201)["id"].as_str().unwrap()), owner).await.data(200);
        assert_eq!(app.put(&path, owner, json!({ "name": "français" })).await.data(200)["name"], "français");
        app.delete(&path, owner).await.data(200);
        let names = app.get("/api/skills", &world.ours.agent).await;
        assert_eq!(names.data(200), &json!([{ "id": world.ours.skill, "name": "ours german" }]));
        // Whoever has a skill that is deleted has it no longer.
        app.delete(&format!("/api/skills/{}", world.ours.skill), owner).await.data(200);
        let agent = app.get(&format!("/api/agents/{}", world.ours.agent.agent.unwrap()), owner).await;
        assert_eq!(agent.data(200)["skills"], json!([]));
    }

    async fn why_a_call_waits_is_told_over_http(app) {
        let world = World::create(app).await;
        let path = format!("/api/calls/{}/why", world.ours.calls.offered);
        let why = app.get(&path, &world.ours.manager).await;
        let why = why.data(200);
        assert_eq!((&why["standing"], &why["visit"]["position"]), (&json!("offered"), &json!(1)));
        assert_eq!(why["visit"]["agents"][0]["agentId"], json!(world.ours.agent.agent));
        assert!(why["words"].as_array().is_some_and(|words| !words.is_empty()), "{why}");
        app.get(&format!("/api/calls/{}/why", world.theirs.calls.offered), &world.ours.manager).await.is_refused(404, "CALL_NOT_FOUND");
        let over = app.get(&format!("/api/calls/{}/why", world.ours.calls.wrap_up), &world.ours.manager).await;
        assert_eq!((&over.data(200)["standing"], over.data(200).get("visit")), (&json!("not_waiting"), None));
    }
}
