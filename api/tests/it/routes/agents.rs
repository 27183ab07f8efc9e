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
        assert_eq!(shown["activity"], "on_call");
        assert_eq!(shown["queueIds"], json!([world.ours.queue]));
        assert_eq!(shown["skills"], json!([{ "id": world.ours.skill, "name": "ours german", "level": 7 }]));
        let listed = app.get("/api/agents", &world.ours.manager).await;
        let listed = listed.data(200).as_array().unwrap();
        assert_eq!((listed.len(), &listed[0]), (2, shown));
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

    async fn a_member_becomes_an_agent_and_ceases_to_be_one_and_his_history_stays(app) {
        let world = World::create(app).await;
        let (owner, manager) = (&world.ours.owner, &world.ours.manager);
        let body = json!({
            "userId": manager.user, "reach": "number", "number": "+4930123457", "capacity": 3, "mayPick": true,
            "skills": [{ "id": world.ours.skill, "level": 4 }], "queueIds": [world.ours.queue],
        });
        let made = app.post("/api/agents", owner, body.clone()).await;
        let made = made.data(201);
        let path = format!("/api/agents/{}", made["id"].as_str().unwrap());
        assert_eq!((&made["reach"], &made["capacity"], &made["availability"]), (&json!("number"), &json!(3), &json!("offline")));
        assert_eq!(made["skills"][0]["level"], 4);
        assert_eq!(app.get("/api/auth/profile", manager).await.data(200)["agentId"], made["id"]);
        app.post("/api/agents", owner, body.clone()).await.is_refused(409, "ALREADY_AGENT");

        let availability = format!("{path}/availability");
        app.put(&availability, manager, json!({ "status": "available" })).await.data(200);
        let changed = app.put(&path, owner, json!({ "capacity": 1, "skills": [], "queueIds": [] })).await;
        let changed = changed.data(200);
        assert_eq!((&changed["capacity"], &changed["skills"], &changed["queueIds"]), (&json!(1), &json!([]), &json!([])));
        assert_eq!(changed["number"], "+4930123457", "what is absent stays");

        app.delete(&path, owner).await.data(200);
        app.get(&path, owner).await.is_refused(404, "AGENT_NOT_FOUND");
        app.put(&availability, owner, json!({ "status": "away" })).await.is_refused(404, "AGENT_NOT_FOUND");
        assert_eq!(app.get("/api/auth/profile", manager).await.data(200).get("agentId"), None);
        app.delete(&path, owner).await.is_refused(404, "AGENT_NOT_FOUND");

        let again = app.post("/api/agents", owner, json!({ "userId": manager.user })).await;
        assert_eq!((&again.data(201)["id"], &again.data(201)["availability"]), (&made["id"], &json!("offline")));
        let history = app.get(&format!("{path}/history"), owner).await;
        let lines: Vec<_> = history.data(200).as_array().unwrap().iter().map(|line| &line["because"]).collect();
        assert_eq!(lines, ["agent_removed", "agent"]);
    }

    async fn what_an_agent_cannot_be_is_refused_with_the_wrong_field(app) {
        let world = World::create(app).await;
        let (owner, path) = (&world.ours.owner, format!("/api/agents/{}", world.ours.idle_agent));
        for (body, status, field) in [
            (json!({ "capacity": 0 }), 400, "/capacity"),
            (json!({ "capacity": 101 }), 400, "/capacity"),
            (json!({ "number": "030 123" }), 400, "/number"),
            (json!({ "skills": [{ "id": world.ours.skill, "level": 11 }] }), 400, "/skills/0/level"),
            (json!({ "skills": [{ "id": world.ours.flow, "level": 1 }] }), 422, "/skills/0/id"),
            (json!({ "queueIds": [world.ours.queue, world.ours.queue] }), 422, "/queueIds/1"),
        ] {
            let refused = app.put(&path, owner, body).await;
            assert_eq!((refused.status.as_u16(), refused.wrong_fields()), (status, vec![field]), "{}", refused.text);
        }
        let body = json!({ "userId": world.ours.manager.user, "reach": "number" });
        let refused = app.post("/api/agents", owner, body).await;
        assert_eq!((refused.status.as_u16(), refused.wrong_fields()), (422, vec!["/number"]));
        let busy = format!("/api/agents/{}", world.ours.agent.agent.unwrap());
        app.delete(&busy, owner).await.is_refused(409, "AGENT_BUSY");
    }

    async fn a_company_with_reasons_takes_those_and_one_without_takes_any(app) {
        let world = World::create(app).await;
        let (manager, agent) = (&world.ours.manager, &world.ours.agent);
        let path = format!("/api/agents/{}/availability", agent.agent.unwrap());
        app.put(&path, agent, json!({ "status": "break", "reason": "Siesta" })).await.data(200);
        app.post("/api/availability-reasons", agent, json!({ "availability": "break", "name": "Lunch" })).await.is_refused(403, "FORBIDDEN");
        let lunch = json!({ "availability": "break", "name": "Lunch" });
        let made = app.post("/api/availability-reasons", manager, lunch.clone()).await;
        app.post("/api/availability-reasons", manager, lunch).await.is_refused(409, "REASON_EXISTS");
        let ours = json!({ "availability": "away", "name": "Device" });
        app.post("/api/availability-reasons", manager, ours).await.is_refused(422, "VALIDATION_FAILED");
        let refused = app.put(&path, agent, json!({ "status": "break", "reason": "Siesta" })).await;
        assert_eq!((refused.status.as_u16(), refused.wrong_fields()), (422, vec!["/reason"]));
        assert!(refused.text.contains("Lunch"), "{}", refused.text);
        app.put(&path, agent, json!({ "status": "break", "reason": "Lunch" })).await.data(200);
        app.put(&path, agent, json!({ "status": "away", "reason": "anything" })).await.data(200);
        app.put(&path, agent, json!({ "status": "away", "reason": "device" })).await.is_refused(422, "VALIDATION_FAILED");
        let one = format!("/api/availability-reasons/{}", made.data(201)["id"].as_str().unwrap());
        app.put(&one, manager, json!({ "name": "Meal" })).await.data(200);
        let names = app.get("/api/availability-reasons", agent).await;
        let names: Vec<_> = names.data(200).as_array().unwrap().iter().map(|reason| reason["name"].clone()).collect();
        assert_eq!(names, ["Meal", "ours onboarding"]);
        app.delete(&one, manager).await.data(200);
        app.put(&path, agent, json!({ "status": "break", "reason": "Siesta" })).await.data(200);
    }

    async fn a_history_says_who_why_from_what_and_to_what_and_is_read_on_by_cursor(app) {
        let world = World::create(app).await;
        let (manager, agent) = (&world.ours.manager, &world.ours.agent);
        let path = format!("/api/agents/{}", agent.agent.unwrap());
        let availability = format!("{path}/availability");
        app.put(&availability, agent, json!({ "status": "available" })).await.data(200);
        app.put(&availability, agent, json!({ "status": "available" })).await.data(200);
        app.put(&availability, manager, json!({ "status": "away", "reason": "errand" })).await.data(200);
        // The agent wraps up a call.
        let asked = app.put(&availability, agent, json!({ "status": "break", "when": "after_call" })).await;
        assert_eq!(asked.data(200)["next"], json!({ "availability": "break" }));
        assert_eq!(asked.data(200)["availability"], "away");
        assert_eq!(app.get(&path, manager).await.data(200)["next"], json!({ "availability": "break" }));
        let back = app.delete(&format!("{availability}/next"), agent).await;
        assert_eq!(back.data(200).get("next"), None);

        let first = app.get(&format!("{path}/history?limit=3"), manager).await;
        let cursor = first.body["nextCursor"].as_str().unwrap().to_owned();
        let rest = app.get(&format!("{path}/history?limit=3&cursor={cursor}"), manager).await;
        let mut lines = first.data(200).as_array().unwrap().clone();
        lines.extend(rest.data(200).as_array().unwrap().iter().cloned());
        let whys: Vec<_> = lines.iter().map(|line| (line["because"].as_str().unwrap(), line["by"].as_str().unwrap())).collect();
        let (by_agent, by_manager) = (agent.user.to_string(), manager.user.to_string());
        assert_eq!(whys, [("agent", &*by_agent), ("agent", &by_agent), ("supervisor", &by_manager), ("agent", &by_agent)]);
        assert_eq!(lines[2]["from"], json!({ "availability": "available", "notResponding": false }));
        assert_eq!(lines[2]["to"], json!({ "availability": "away", "reason": "errand", "notResponding": false }));
        assert_eq!(lines[1]["to"]["next"], json!({ "availability": "break" }));
        app.get(&format!("{path}/history"), agent).await.data(200);
        app.get(&format!("/api/agents/{}/history", world.ours.idle_agent), agent).await.is_refused(404, "AGENT_NOT_FOUND");
    }

    async fn an_agent_who_is_signed_out_is_offline_and_his_token_is_worth_nothing(app) {
        let world = World::create(app).await;
        let (manager, agent) = (&world.ours.manager, &world.ours.agent);
        let path = format!("/api/agents/{}", agent.agent.unwrap());
        app.put(&format!("{path}/availability"), agent, json!({ "status": "available" })).await.data(200);
        app.call("POST", &format!("{path}/logout")).by(agent).send().await.is_refused(403, "FORBIDDEN");
        let out = app.call("POST", &format!("{path}/logout")).by(manager).send().await;
        assert_eq!(out.data(200)["availability"], "offline");
        app.get("/api/auth/profile", agent).await.is_refused(401, "SESSION_ENDED");
        assert_eq!(app.get(&format!("{path}/history"), manager).await.data(200)[0]["because"], "logged_out");
    }

    async fn who_signs_out_of_his_last_session_is_offline(app) {
        let world = World::create(app).await;
        let (manager, agent) = (&world.ours.manager, &world.ours.agent);
        let path = format!("/api/agents/{}", agent.agent.unwrap());
        app.put(&format!("{path}/availability"), agent, json!({ "status": "available" })).await.data(200);
        let second = app.log_in(&agent.email, crate::support::PASSWORD).await;
        let second = second.data(200)["token"].as_str().unwrap().to_owned();
        app.call("POST", "/api/auth/logout").token(&second).send().await.data(200);
        assert_eq!(app.get(&path, manager).await.data(200)["availability"], "available", "he is here still");
        app.call("POST", "/api/auth/logout").by(agent).send().await.data(200);
        let shown = app.get(&path, manager).await;
        assert_eq!((&shown.data(200)["availability"], &shown.data(200)["activity"]), (&json!("offline"), &json!("on_call")));
    }

    async fn a_release_says_what_it_has_released(app) {
        let world = World::create(app).await;
        let (manager, calls) = (&world.ours.manager, &world.ours.calls);
        let path = format!("/api/agents/{}/release", world.ours.agent.agent.unwrap());
        let released = app.post(&path, manager, json!({})).await;
        assert_eq!(released.data(200), &json!({
            "released": [
                { "callId": calls.offered, "holder": "offer" },
                { "callId": calls.wrap_up, "holder": "wrap_up" },
            ],
            "keptCallIds": [calls.connected, calls.consulting],
        }));
        let again = app.post(&path, manager, json!({})).await;
        assert_eq!(again.data(200)["released"], json!([]));
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
