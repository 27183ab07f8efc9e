//! /api/callbacks

use serde_json::json;

use crate::support::{World, on_both_databases};

on_both_databases! {
    async fn who_is_to_be_called_back_is_listed_shown_put_off_and_taken_back(app) {
        let world = World::create(app).await;
        let (manager, id) = (&world.ours.manager, world.ours.calls.callback);
        let listed = app.get("/api/callbacks?state=open", manager).await;
        assert_eq!(listed.data(200).as_array().unwrap().len(), 1);
        assert_eq!(listed.data(200)[0]["id"], json!(id));
        assert!(app.get("/api/callbacks?state=failed", manager).await.data(200).as_array().unwrap().is_empty());
        let elsewhere = format!("/api/callbacks?queueId={}", world.ours.second_queue);
        assert!(app.get(&elsewhere, manager).await.data(200).as_array().unwrap().is_empty());
        let one = app.get(&format!("/api/callbacks/{id}"), manager).await;
        let one = one.data(200);
        assert_eq!((&one["number"], &one["state"], &one["attempts"]), (&json!("+4930123499"), &json!("open"), &json!(0)));
        assert!(one.get("callId").is_none() && one.get("agentId").is_none());
        let address = |what: &str| format!("/api/callbacks/{id}/{what}");
        let never = json!({ "at": "2001-01-01T00:00:00Z" });
        let refused = app.post(&address("reschedule"), manager, never).await;
        refused.is_refused(422, "VALIDATION_FAILED");
        assert_eq!(refused.wrong_fields(), ["/at"]);
        let now = app.post(&address("reschedule"), manager, json!({})).await;
        assert!(now.data(200).get("wantedAt").is_none());
        let assigned = app.post(&address("assign"), manager, json!({ "agentId": world.ours.agent.agent })).await;
        assert_eq!(assigned.data(200)["agentId"], json!(world.ours.agent.agent));
        let nobody = app.post(&address("assign"), manager, json!({})).await;
        assert!(nobody.data(200).get("agentId").is_none());
        assert_eq!(app.post(&address("cancel"), manager, json!({})).await.data(200)["state"], "cancelled");
        app.post(&address("done"), manager, json!({})).await.is_refused(409, "CALLBACK_SETTLED");
    }

    async fn an_agent_takes_one_upon_himself_and_cannot_give_it_to_another(app) {
        let world = World::create(app).await;
        let (agent, id) = (&world.ours.agent, world.ours.calls.callback);
        let assign = format!("/api/callbacks/{id}/assign");
        let other = json!({ "agentId": world.ours.idle_agent });
        app.post(&assign, agent, other.clone()).await.is_refused(422, "VALIDATION_FAILED");
        assert_eq!(app.post(&assign, agent, json!({ "agentId": agent.agent })).await.data(200)["agentId"], json!(agent.agent));
        // Nor can a supervisor give it to one who does not serve the queue.
        let refused = app.post(&assign, &world.ours.manager, other).await;
        refused.is_refused(422, "VALIDATION_FAILED");
        assert_eq!(refused.wrong_fields(), ["/agentId"]);
        assert!(app.post(&assign, agent, json!({})).await.data(200).get("agentId").is_none());
    }
}
