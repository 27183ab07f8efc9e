//! /api/agents, /api/queues

use entity::SlotHolder;
use serde_json::json;

use crate::support::{World, on_both_databases};

on_both_databases! {
    async fn an_agent_is_shown_with_queues_skills_and_what_it_does(app) {
        let world = World::create(app).await;
        let path = format!("/api/agents/{}", world.ours.agent.agent.unwrap());
        let shown = app.get(&path, &world.ours.manager).await;
        let shown = shown.data(200);
        assert_eq!(shown["activity"], "wrap_up");
        assert_eq!(shown["queueIds"], json!([world.ours.queue]));
        assert_eq!(shown["skills"], json!([{ "id": world.ours.skill, "name": "ours german", "level": 7 }]));
        let listed = app.get("/api/agents", &world.ours.manager).await;
        assert_eq!(listed.data(200), &json!([shown]));
        let queue = app.get(&format!("/api/queues/{}", world.ours.queue), &world.ours.agent).await;
        assert_eq!(queue.data(200)["agentIds"], json!([world.ours.agent.agent]));
    }

    async fn a_number_is_shown_to_the_agent_itself_and_to_who_may_see_contact_details(app) {
        let world = World::create(app).await;
        let other = crate::support::person(app, "other@ours.example.com", calldocker::authz::Seat::Agent, Some((world.ours.id, entity::Role::Agent))).await;
        let path = format!("/api/agents/{}", other.agent.unwrap());
        assert!(app.get(&path, &other).await.data(200)["number"].is_string());
        assert!(app.get(&path, &world.ours.manager).await.data(200)["number"].is_string());
        assert_eq!(app.get(&path, &world.ours.agent).await.data(200).get("number"), None);
    }
}

#[test]
fn a_call_outweighs_wrap_up_and_wrap_up_outweighs_an_offer() {
    use calldocker::agents::activity;
    use entity::Activity;
    let now = "2026-03-02T12:00:00Z".parse().unwrap();
    let mut agent = crate::support::agent_row(now);
    assert_eq!(activity(&agent, &[]), Activity::Idle);
    agent.not_responding_since = Some(now);
    assert_eq!(activity(&agent, &[]), Activity::NotResponding);
    assert_eq!(activity(&agent, &[SlotHolder::Offer]), Activity::Offered);
    assert_eq!(activity(&agent, &[SlotHolder::Offer, SlotHolder::WrapUp]), Activity::WrapUp);
    assert_eq!(activity(&agent, &[SlotHolder::WrapUp, SlotHolder::Segment]), Activity::OnCall);
}
