//! /api/ivr/import and /api/ivr/{id}/import with `createQueues`

use serde_json::{Value, json};

use crate::support::workflow::{names, workflow};
use crate::support::{Answer, Person, TestApp, World, dump, on_both_databases};

async fn import(app: &TestApp, who: &Person, more: Value) -> Answer {
    let mut body = json!({ "definition": workflow(), "createQueues": true });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    app.post("/api/ivr/import", who, body).await
}

/// The company's queues by name.
async fn queues(app: &TestApp, who: &Person) -> Vec<Value> {
    app.get("/api/queues", who).await.data(200).as_array().unwrap().clone()
}

fn named<'v>(all: &'v Value, name: &str) -> &'v Value {
    all.as_array()
        .unwrap()
        .iter()
        .find(|one| one["name"] == name)
        .unwrap_or_else(|| panic!("no {name} in {all}"))
}

fn keepers(made: &Value) -> Vec<&str> {
    made["rules"].as_array().unwrap().iter().map(|rule| rule["keeper"].as_str().unwrap()).collect()
}

on_both_databases! {
    async fn a_workflow_comes_in_with_its_queues_rules_and_skills(app) {
        let world = World::create(app).await;
        let manager = &world.ours.manager;
        let before = queues(app, manager).await.len();
        let came = import(app, manager, json!({ "mapping": names() })).await;
        let data = came.data(201);
        let made = &data["made"];
        for (reference, name) in names().as_object().unwrap() {
            let queue = named(&made["queues"], name.as_str().unwrap());
            assert_eq!((&queue["references"], &queue["created"]), (&json!([reference]), &json!(true)));
        }
        assert_eq!(named(&made["skills"], "gold")["created"], true);
        assert_eq!(named(&made["skills"], "contracts")["created"], true);
        assert_eq!(keepers(made), ["newRule", "flow", "flow"]);
        assert_eq!(made["rules"][0]["pointer"], "/configuration#/task_routing/filters/0/targets/0");
        assert!(made["rules"][1]["message"].as_str().unwrap().contains("from 10 to 0"), "{}", made["rules"]);
        let all = queues(app, manager).await;
        assert_eq!(all.len(), before + 4);
        let all = json!(all);
        let (gold, backup) = (named(&all, "Gold"), named(&all, "Backup"));
        assert_eq!(gold["rules"]["overflow"], json!([{ "afterSeconds": 30, "action": "queue", "queueId": backup["id"] }]));
        assert_eq!(backup["rules"]["overflow"], json!([]));
        let references = data["report"]["references"].as_array().unwrap();
        assert!(references.iter().all(|reference| reference["mapped"].is_string()), "{references:?}");
        assert_eq!(data["flow"]["findings"].as_array().unwrap().iter().filter(|finding| finding["severity"] == "error").count(), 0, "{}", data["flow"]["findings"]);
        let path = format!("/api/ivr/{}/activate", data["flow"]["id"].as_str().unwrap());
        app.call("POST", &path).by(manager).send().await.data(201);
        let there = json!(queues(app, &world.theirs.owner).await);
        assert!(there.as_array().unwrap().iter().all(|queue| queue["name"] != "Gold"), "theirs have none of it");
        app.get(&format!("/api/queues/{}", gold["id"].as_str().unwrap()), &world.theirs.owner).await.is_refused(404, "QUEUE_NOT_FOUND");
    }

    async fn without_being_asked_an_import_makes_no_queue(app) {
        let world = World::create(app).await;
        let before = queues(app, &world.ours.owner).await;
        let came = import(app, &world.ours.owner, json!({ "createQueues": false })).await;
        assert_eq!(came.data(201)["made"], Value::Null);
        assert_eq!(queues(app, &world.ours.owner).await, before);
        let path = format!("/api/ivr/{}", came.data(201)["flow"]["id"].as_str().unwrap());
        app.call("POST", &format!("{path}/activate")).by(&world.ours.owner).send().await.is_refused(422, "FLOW_NOT_PUBLISHABLE");
        // The draft is a first look; the second import makes what it needs.
        let body = json!({ "definition": workflow(), "mapping": names(), "createQueues": true });
        let again = app.post(&format!("{path}/import"), &world.ours.owner, body).await;
        assert_eq!(again.data(200)["made"]["queues"].as_array().unwrap().len(), 4);
        app.call("POST", &format!("{path}/activate")).by(&world.ours.owner).send().await.data(201);
    }

    async fn a_second_import_makes_nothing_twice_and_gives_the_same_flow(app) {
        let world = World::create(app).await;
        let owner = &world.ours.owner;
        let first = import(app, owner, json!({ "mapping": names() })).await;
        let after_first = queues(app, owner).await;
        import(app, owner, json!({ "mapping": names() })).await.is_refused(409, "FLOW_NAME_TAKEN");
        let second = import(app, owner, json!({ "mapping": names(), "name": "Support again" })).await;
        assert_eq!(queues(app, owner).await, after_first);
        let made = &second.data(201)["made"];
        assert!(made["queues"].as_array().unwrap().iter().all(|queue| queue["created"] == false), "{made}");
        assert!(made["skills"].as_array().unwrap().iter().all(|skill| skill["created"] == false), "{made}");
        assert_eq!(keepers(made), ["keptRule", "flow", "flow"]);
        assert_eq!(second.data(201)["flow"]["draft"], first.data(201)["flow"]["draft"]);
    }

    async fn a_queue_that_is_there_keeps_its_rules_and_the_flow_does_what_they_do_not(app) {
        let world = World::create(app).await;
        let owner = &world.ours.owner;
        let mut mapping = names();
        mapping["WQgold"] = json!(world.ours.queue);
        mapping["WQbackup"] = json!("ours support");
        mapping["WQothers"] = json!(world.ours.second_queue);
        let before = app.get(&format!("/api/queues/{}", world.ours.queue), owner).await.data(200).clone();
        let came = import(app, owner, json!({ "mapping": mapping })).await;
        let made = &came.data(201)["made"];
        let support = named(&made["queues"], "ours support");
        assert_eq!((&support["created"], &support["references"]), (&json!(false), &json!(["WQgold", "WQbackup"])));
        assert_eq!(named(&made["queues"], "Contracts")["created"], true);
        assert_eq!(app.get(&format!("/api/queues/{}", world.ours.queue), owner).await.data(200), &before);
        let draft = &came.data(201)["flow"]["draft"];
        assert_eq!(draft["nodes"]["Gold"]["queue"], json!(world.ours.queue));
    }

    async fn who_has_the_skills_serves_what_is_made(app) {
        let world = World::create(app).await;
        let skills = app.get("/api/skills", &world.ours.owner).await;
        let skill = &skills.data(200)[0];
        let mapping = json!({ "WQcontracts": "Contracts", "contracts": skill["id"], "WQgold": "Gold", "WQbackup": "B", "WQothers": "O" });
        let came = import(app, &world.ours.owner, json!({ "mapping": mapping })).await;
        let made = &came.data(201)["made"];
        let expected = json!([world.ours.agent.agent.unwrap()]);
        assert_eq!(named(&made["queues"], "Contracts")["agentIds"], expected, "{made}");
        assert_eq!(named(&made["queues"], "Gold")["agentIds"], json!([]));
        assert_eq!(named(&made["skills"], skill["name"].as_str().unwrap())["id"], skill["id"]);
        let all = json!(queues(app, &world.ours.owner).await);
        assert_eq!(named(&all, "Contracts")["agentIds"], expected);
    }

    async fn what_cannot_be_made_is_named_and_nothing_is_made(app) {
        let world = World::create(app).await;
        let owner = &world.ours.owner;
        let before = dump(&app.app).await;
        let mapping = json!({ "WQgold": world.theirs.queue, "WQbackup": "x".repeat(81), "WQothers": "{{ vars.queue }}", "gold": world.theirs.skill });
        let refused = import(app, owner, json!({ "mapping": mapping })).await;
        let mut fields = refused.is_refused(422, "VALIDATION_FAILED").wrong_fields();
        fields.sort_unstable();
        assert_eq!(fields, ["/mapping/WQbackup", "/mapping/WQgold", "/mapping/WQothers", "/mapping/gold"]);
        let studio = json!({ "initial_state": "Trigger", "states": [{ "name": "Trigger", "type": "trigger", "properties": {}, "transitions": [] }] });
        let other = import(app, owner, json!({ "definition": studio })).await;
        assert_eq!(other.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/createQueues"]);
        let word = import(app, owner, json!({ "createQueues": "yes" })).await;
        assert_eq!(word.is_refused(400, "VALIDATION_FAILED").wrong_fields(), ["/createQueues"]);
        let nowhere = json!({ "task_routing": { "filters": [{ "filter_friendly_name": "x", "expression": "1==1", "targets": [{ "timeout": 5 }] }] } });
        let nameless = import(app, owner, json!({ "definition": nowhere })).await;
        let fields = nameless.is_refused(422, "VALIDATION_FAILED").wrong_fields();
        assert_eq!(fields, ["/mapping/queue of ~1task_routing~1filters~10~1targets~10"]);
        import(app, owner, json!({ "name": "ours opened" })).await.is_refused(409, "FLOW_NAME_TAKEN");
        import(app, &world.ours.agent, json!({})).await.is_refused(403, "FORBIDDEN");
        let path = format!("/api/ivr/{}/import", world.ours.flow);
        let body = json!({ "definition": workflow(), "createQueues": true });
        app.post(&path, &world.theirs.owner, body).await.is_refused(404, "FLOW_NOT_FOUND");
        assert_eq!(dump(&app.app).await, before, "something was made");
    }
}
