//! /api/dispositions, and what wrap-up makes of them

use serde_json::{Value, json};

use crate::support::{TestApp, World, on_both_databases};

const PATH: &str = "/api/dispositions";

async fn names(app: &TestApp, world: &World, query: &str) -> Vec<String> {
    let listed = app.get(&format!("{PATH}{query}"), &world.ours.agent).await;
    let rows = listed.data(200).as_array().unwrap();
    rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
}

async fn make(app: &TestApp, world: &World, body: Value) -> String {
    let made = app.post(PATH, &world.ours.manager, body).await;
    format!("{PATH}/{}", made.data(201)["id"].as_str().unwrap())
}

on_both_databases! {
    async fn a_list_has_words_for_all_queues_and_for_some(app) {
        let world = World::create(app).await;
        let manager = &world.ours.manager;
        let everywhere = make(app, &world, json!({ "name": " Billing ", "colour": "#00ff7F" })).await;
        assert_eq!(names(app, &world, "").await, ["Billing", "ours sale"]);
        assert_eq!(names(app, &world, &format!("?queueId={}", world.ours.queue)).await, ["Billing"]);
        assert_eq!(names(app, &world, &format!("?queueId={}", world.ours.second_queue)).await, ["Billing", "ours sale"]);
        app.post(PATH, manager, json!({ "name": "Billing" })).await.is_refused(409, "DISPOSITION_NAME_TAKEN");
        let other = format!("{PATH}/{}", world.ours.disposition);
        app.put(&other, manager, json!({ "name": "Billing" })).await.is_refused(409, "DISPOSITION_NAME_TAKEN");
        let put = app.put(&everywhere, manager, json!({ "name": "Bill", "queueIds": [world.ours.queue, world.ours.queue] })).await;
        assert_eq!((&put.data(200)["queueIds"], put.data(200).get("colour")), (&json!([world.ours.queue]), None));
        for (body, field) in [
            (json!({ "name": " " }), "/name"),
            (json!({ "name": "x", "colour": "red" }), "/colour"),
            (json!({ "name": "x", "queueIds": [world.theirs.queue] }), "/queueIds/0"),
        ] {
            let refused = app.post(PATH, manager, body).await;
            assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), [field]);
        }
        app.post(PATH, &world.ours.agent, json!({ "name": "x" })).await.is_refused(403, "FORBIDDEN");
    }

    async fn what_was_for_a_queue_alone_is_archived_with_it(app) {
        let world = World::create(app).await;
        let manager = &world.ours.manager;
        let both = json!({ "name": "Both", "queueIds": [world.ours.queue, world.ours.second_queue] });
        make(app, &world, both).await;
        app.delete(&format!("/api/queues/{}", world.ours.second_queue), manager).await.data(200);
        assert_eq!(names(app, &world, "").await, ["Both"]);
        assert_eq!(names(app, &world, "?archived=true").await, ["Both", "ours sale"]);
    }

    async fn wrap_up_takes_what_is_on_the_list_of_its_queue(app) {
        let world = World::create(app).await;
        let (agent, call) = (&world.ours.agent, world.ours.calls.wrap_up);
        let (of_call, wrap_up) = (format!("/api/calls/{call}"), format!("/api/calls/{call}/wrap-up"));
        // Their list has nothing for this queue: whatever an agent writes is fine.
        assert_eq!(app.put(&of_call, agent, json!({ "disposition": "weather" })).await.data(200)["disposition"], "weather");
        make(app, &world, json!({ "name": "Billing", "needsNote": true })).await;
        for (body, field) in [
            (json!({ "disposition": "weather" }), "/disposition"),
            (json!({ "disposition": "ours sale" }), "/disposition"),
            (json!({ "disposition": "Billing" }), "/notes"),
        ] {
            for refused in [app.put(&of_call, agent, body.clone()).await, app.post(&wrap_up, agent, body).await] {
                assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), [field]);
            }
        }
        let now = app.clock.now().to_rfc3339();
        let elsewhere = json!({ "to": "+4930123456", "from": "+4930123457", "queueId": world.ours.queue, "handledElsewhere": {
            "direction": "inbound", "startedAt": now, "endedAt": now, "outcome": "abandoned", "disposition": "weather" } });
        let refused = app.post("/api/calls", agent, elsewhere).await;
        assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/handledElsewhere/disposition"]);
        app.post(&wrap_up, agent, json!({ "disposition": "Billing", "notes": "Paid twice." })).await.data(200);
        assert_eq!(app.get(&of_call, agent).await.data(200)["disposition"], "Billing");
        let taken_back = app.put(&of_call, agent, json!({ "disposition": "" })).await;
        assert_eq!(taken_back.data(200).get("disposition"), None);
    }

    async fn what_calls_have_is_archived_and_can_come_back(app) {
        let world = World::create(app).await;
        let (agent, manager) = (&world.ours.agent, &world.ours.manager);
        let used = make(app, &world, json!({ "name": "Billing" })).await;
        let call = format!("/api/calls/{}", world.ours.calls.wrap_up);
        app.put(&call, agent, json!({ "disposition": "Billing" })).await.data(200);
        assert_eq!(app.delete(&used, manager).await.data(200).get("archivedAt"), None);
        assert_eq!(names(app, &world, "").await, ["ours sale"]);
        assert_eq!(names(app, &world, "?archived=true").await, ["Billing", "ours sale"]);
        // Its name is free, until it is wanted back.
        let new = make(app, &world, json!({ "name": "Billing" })).await;
        app.put(&used, manager, json!({ "name": "Billing" })).await.is_refused(409, "DISPOSITION_NAME_TAKEN");
        let back = app.put(&used, manager, json!({ "name": "Invoices" })).await;
        assert_eq!(back.data(200).get("archivedAt"), None);
        assert_eq!(app.get(&call, agent).await.data(200)["disposition"], "Billing", "a call keeps its word");
        let unused = make(app, &world, json!({ "name": "Nothing" })).await;
        app.delete(&unused, manager).await.data(200);
        app.delete(&unused, manager).await.is_refused(404, "DISPOSITION_NOT_FOUND");
        app.delete(&new, manager).await.data(200);
        assert_eq!(names(app, &world, "").await, ["Invoices", "ours sale"]);
    }
}
