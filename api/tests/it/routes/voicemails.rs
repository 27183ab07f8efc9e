//! /api/voicemails

use entity::audit;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use crate::support::{Person, TestApp, World, on_both_databases};

async fn listed(app: &TestApp, by: &Person, query: &str) -> Vec<Value> {
    app.get(&format!("/api/voicemails{query}"), by).await.data(200).as_array().unwrap().clone()
}

on_both_databases! {
    async fn a_voicemail_is_heard_given_to_somebody_and_settled(app) {
        let world = World::create(app).await;
        let (ours, manager) = (&world.ours, &world.ours.manager);
        let address = |what: &str| format!("/api/voicemails/{}/{what}", ours.calls.voicemail);
        assert_eq!(listed(app, manager, "?state=open").await[0].get("work"), None);
        let (now, agent) = (app.clock.now(), ours.agent.agent.unwrap());
        let heard = app.post(&address("listen"), manager, json!({})).await;
        let by = json!({ "heardAt": now.to_rfc3339(), "heardBy": manager.user });
        assert_eq!(heard.data(200)["work"], by);
        let again = app.post(&address("listen"), &ours.owner, json!({})).await;
        assert_eq!(again.data(200)["work"], by, "the first one counts");
        let given = app.post(&address("assign"), manager, json!({ "agentId": agent })).await;
        assert_eq!(given.data(200)["work"]["agentId"], json!(agent));
        let done = app.post(&address("done"), &ours.agent, json!({})).await;
        assert_eq!(done.data(200)["work"]["doneBy"], json!(ours.agent.user));
        assert!(listed(app, manager, "?state=open").await.is_empty());
        assert_eq!(listed(app, manager, "?state=done").await[0]["work"]["agentId"], json!(agent));
        let open = app.post(&address("reopen"), manager, json!({})).await;
        assert_eq!(open.data(200)["work"].get("doneAt"), None);
        assert_eq!(listed(app, manager, "?state=open").await.len(), 1);
        let notes = ours.scope.find::<audit::Entity>().filter(audit::Column::Action.starts_with("voicemails:"));
        let notes = notes.order_by_asc(audit::Column::Id).all(app.app.db.reader()).await.unwrap();
        let notes: Vec<_> = notes.iter().map(|note| note.action.as_str()).collect();
        assert_eq!(notes, ["voicemails:listen", "voicemails:listen", "voicemails:assign", "voicemails:done", "voicemails:reopen"]);
    }

    async fn who_is_given_one_hears_it_and_gives_it_to_nobody_else(app) {
        let world = World::create(app).await;
        let (ours, manager) = (&world.ours, &world.ours.manager);
        let address = |what: &str| format!("/api/voicemails/{}/{what}", ours.calls.voicemail);
        // It was left in a call that is the agent's; somebody else knows nothing of it.
        let idle = json!({ "agentId": ours.idle_agent });
        let refused = app.post(&address("assign"), &ours.agent, idle.clone()).await;
        assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/agentId"]);
        app.post(&address("assign"), &world.theirs.manager, idle.clone()).await.is_refused(404, "RECORDING_NOT_FOUND");
        app.post(&address("assign"), manager, idle).await.data(200);
        let none = app.post(&address("assign"), manager, json!({})).await;
        assert_eq!(none.data(200)["work"].get("agentId"), None);
        let theirs = json!({ "agentId": world.theirs.agent.agent });
        let refused = app.post(&address("assign"), manager, theirs).await;
        assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/agentId"]);
    }
}
