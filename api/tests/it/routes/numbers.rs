//! /api/companies/{id}/phone-numbers

use serde_json::json;

use crate::support::{World, on_both_databases};

on_both_databases! {
    async fn a_number_follows_the_latest_version_until_it_is_pinned(app) {
        let world = World::create(app).await;
        let ours = &world.ours;
        let numbers = format!("/api/companies/{}/phone-numbers", ours.id);
        let path = format!("{numbers}/{}", ours.number);
        let listed = app.get(&numbers, &ours.manager).await;
        assert_eq!(listed.data(200)[0]["pinnedVersionId"], json!(null));
        let body = json!({ "label": "Front", "flowId": ours.flow, "pinnedVersionId": ours.flow_version });
        let pinned = app.put(&path, &ours.manager, body).await;
        assert_eq!(pinned.data(200)["pinnedVersionId"], json!(ours.flow_version));
        let flow = app.get(&format!("/api/ivr/{}", ours.flow), &ours.manager).await;
        let users = &flow.data(200)["phoneNumbers"];
        assert_eq!((&users[0]["label"], &users[0]["pinnedVersionId"]), (&json!("Front"), &json!(ours.flow_version)));
        let free = app.put(&path, &ours.manager, json!({ "label": "Front", "flowId": ours.flow })).await;
        assert_eq!(free.data(200)["pinnedVersionId"], json!(null));
    }

    async fn a_number_is_not_pinned_to_a_version_of_another_flow(app) {
        let world = World::create(app).await;
        let ours = &world.ours;
        let path = format!("/api/companies/{}/phone-numbers/{}", ours.id, ours.number);
        let body = json!({ "label": "x", "flowId": ours.draft_flow, "pinnedVersionId": ours.flow_version });
        app.put(&path, &ours.owner, body).await.is_refused(404, "FLOW_VERSION_NOT_FOUND");
        let unchanged = app.get(&format!("/api/companies/{}/phone-numbers", ours.id), &ours.owner).await;
        assert_eq!(unchanged.data(200)[0]["flowId"], json!(ours.flow));
    }
}
