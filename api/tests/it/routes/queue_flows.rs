//! /api/queues/{id}/flows

use serde_json::json;

use crate::support::{World, draft, on_both_databases};

on_both_databases! {
    async fn a_queue_has_flows_of_the_kinds_that_they_are_for(app) {
        let world = World::create(app).await;
        let ours = &world.ours;
        let path = format!("/api/queues/{}/flows", ours.queue);
        let none = app.get(&path, &ours.owner).await;
        assert_eq!(none.data(200), &json!({ "queueId": ours.queue }));
        let set = app.put(&path, &ours.owner, json!({ "waitFlowId": ours.wait_flow })).await;
        assert_eq!(set.data(200)["waitFlowId"], json!(ours.wait_flow));
        for (field, body) in [
            ("/holdFlowId", json!({ "holdFlowId": ours.wait_flow })),
            ("/whisperFlowId", json!({ "whisperFlowId": ours.flow })),
        ] {
            let refused = app.put(&path, &ours.owner, body).await;
            assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), [field]);
        }
        assert_eq!(app.get(&path, &ours.owner).await.data(200)["waitFlowId"], json!(ours.wait_flow));
        app.put(&path, &ours.owner, json!({})).await.data(200);
        assert_eq!(app.get(&path, &ours.owner).await.data(200), &json!({ "queueId": ours.queue }));
    }

    async fn a_flow_stays_what_it_is_for_as_long_as_it_is_used(app) {
        let world = World::create(app).await;
        let ours = &world.ours;
        let path = format!("/api/queues/{}/flows", ours.queue);
        app.put(&path, &ours.owner, json!({ "waitFlowId": ours.wait_flow })).await.data(200);
        let number = format!("/api/companies/{}/phone-numbers/{}", ours.id, ours.number);
        let refused = app.put(&number, &ours.owner, json!({ "label": "x", "flowId": ours.wait_flow })).await;
        refused.is_refused(422, "VALIDATION_FAILED");
        let flow = format!("/api/ivr/{}", ours.wait_flow);
        app.put(&flow, &ours.owner, json!({ "draft": draft() })).await.data(200);
        let publish = app.call("POST", &format!("{flow}/activate")).by(&ours.owner).send().await;
        publish.is_refused(409, "FLOW_IN_USE");
        let deleted = app.call("DELETE", &flow).by(&ours.owner).send().await;
        deleted.is_refused(409, "FLOW_IN_USE");
        let mut hold = draft();
        hold["kind"] = json!("hold");
        hold["nodes"]["bye"] = json!({ "type": "say", "text": "Please hold." });
        let opened = format!("/api/ivr/{}", ours.flow);
        app.put(&opened, &ours.owner, json!({ "draft": hold })).await.data(200);
        let publish = app.call("POST", &format!("{opened}/activate")).by(&ours.owner).send().await;
        publish.is_refused(409, "FLOW_IN_USE");
    }

    async fn what_a_kind_of_flow_may_not_have_is_told_when_it_is_saved(app) {
        let world = World::create(app).await;
        let queue = json!({ "type": "enqueue", "queue": "x" });
        let ask = json!({ "type": "menu", "prompt": "Press one.", "choices": [{ "digits": "1" }] });
        for (kind, node) in [("wait", queue), ("hold", ask), ("whisper", json!({ "type": "sms", "text": "x" }))] {
            let flow = json!({ "version": 1, "name": "x", "kind": kind, "start": "a", "nodes": { "a": node } });
            let saved = app.post("/api/ivr", &world.ours.owner, json!({ "name": kind, "draft": flow })).await;
            let findings = saved.data(201)["findings"].as_array().unwrap().clone();
            let told = |code: &str| findings.iter().any(|finding| finding["code"] == code && finding["node"] == "a");
            assert!(told("notInThisKind"), "{kind}: {findings:?}");
        }
    }
}
