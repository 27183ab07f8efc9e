//! /api/callbacks

use chrono::TimeDelta;
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
    async fn staff_have_somebody_called_back_who_has_not_called(app) {
        let world = World::create(app).await;
        let (ours, manager, agent) = (&world.ours, &world.ours.manager, &world.ours.agent);
        let path = "/api/callbacks";
        let body = json!({ "queueId": ours.queue, "number": "030 123457" });
        let made = app.post(path, manager, body.clone()).await;
        let made = made.data(201);
        assert_eq!((&made["number"], &made["ourNumber"]), (&json!("+4930123457"), &json!("+4930123456")));
        assert_eq!((&made["state"], &made["maxAttempts"]), (&json!("open"), &json!(3)));
        assert!(made.get("lastCallId").is_none() && made.get("wantedAt").is_none());
        app.post(path, manager, body).await.is_refused(409, "CALLBACK_EXISTS");
        let tomorrow = (app.clock.now() + TimeDelta::days(1)).to_rfc3339();
        let own = json!({ "queueId": ours.queue, "number": "+4930123458", "at": tomorrow, "agentId": agent.agent });
        assert_eq!(app.post(path, agent, own).await.data(201)["wantedAt"], json!(tomorrow));
        for (body, field) in [
            (json!({ "queueId": ours.queue }), "/number"),
            (json!({ "queueId": ours.queue, "number": "+4930123459", "contactId": ours.contact }), "/contactId"),
            (json!({ "queueId": ours.queue, "number": "nobody" }), "/number"),
            (json!({ "queueId": ours.queue, "number": "+4930123459", "at": "2001-01-01T00:00:00Z" }), "/at"),
            (json!({ "queueId": ours.queue, "number": "+4930123459", "agentId": ours.idle_agent }), "/agentId"),
        ] {
            let refused = app.post(path, manager, body.clone()).await;
            assert_eq!(refused.status, 422, "{body}");
            assert_eq!(refused.wrong_fields(), [field], "{body}");
        }
        let elsewhere = json!({ "queueId": ours.second_queue, "number": "+4930123459" });
        let refused = app.post(path, agent, elsewhere).await;
        assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/queueId"]);
        let blocked = json!({ "queueId": ours.queue, "contactId": ours.contact });
        app.post(path, manager, blocked).await.is_refused(422, "CONTACT_BLOCKED");
        let open = json!({ "blocked": false });
        app.put(&format!("/api/contacts/{}", ours.contact), manager, open).await.data(200);
        let contact = json!({ "queueId": ours.queue, "contactId": ours.contact });
        assert_eq!(app.post(path, manager, contact).await.data(201)["number"], "+4930555000");
        let theirs = json!({ "queueId": ours.queue, "contactId": world.theirs.contact });
        app.post(path, manager, theirs).await.is_refused(404, "CONTACT_NOT_FOUND");
    }
}
