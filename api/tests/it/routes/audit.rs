//! /api/audit: every change has a line, and those who must be able to ask find it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Answer, World, on_both_databases};

fn actions(answer: &Answer) -> Vec<String> {
    let action = |line: &Value| line["action"].as_str().unwrap().to_owned();
    answer.data(200).as_array().unwrap().iter().map(action).collect()
}

on_both_databases! {
    async fn a_change_that_no_use_case_notes_has_one_line_and_a_refused_one_none(app) {
        let world = World::create(app).await;
        let owner = &world.ours.owner;
        app.post("/api/skills", owner, json!({ "name": "French" })).await.data(201);
        app.post("/api/skills", owner, json!({ "name": "French" })).await.is_refused(409, "SKILL_NAME_TAKEN");
        app.post("/api/skills", &world.ours.agent, json!({ "name": "Latin" })).await.is_refused(403, "FORBIDDEN");
        app.get("/api/skills", owner).await.data(200);
        let lines = app.get("/api/audit", owner).await;
        assert_eq!(actions(&lines), ["skills:write"]);
        assert_eq!(lines.data(200)[0]["detail"], json!({ "method": "POST", "path": "/api/skills" }));
        let theirs = app.get("/api/audit", &world.theirs.owner).await;
        assert_eq!(actions(&theirs), Vec::<String>::new());
    }

    async fn what_a_use_case_notes_stands_there_once(app) {
        let world = World::create(app).await;
        let path = format!("/api/users/{}", world.ours.agent.user);
        app.put(&path, &world.ours.owner, json!({ "role": "manager" })).await.data(200);
        let lines = app.get("/api/audit", &world.ours.owner).await;
        assert_eq!(actions(&lines), ["users:role"]);
        assert_eq!(lines.data(200)[0]["subjectId"], json!(world.ours.agent.user));
        app.put(&path, &world.admin, json!({ "role": "agent" })).await.data(200);
        let lines = app.get("/api/audit", &world.ours.owner).await;
        assert_eq!(actions(&lines), ["users:role", "admin:users:write", "users:role"]);
    }

    async fn lines_are_found_by_who_what_and_when_and_read_by_cursor(app) {
        let world = World::create(app).await;
        let (owner, manager) = (&world.ours.owner, &world.ours.manager);
        for name in ["One", "Two", "Three"] {
            app.post("/api/skills", owner, json!({ "name": name })).await.data(201);
        }
        app.clock.advance(Duration::from_secs(60)).await;
        let skill = format!("/api/skills/{}", world.ours.skill);
        app.put(&skill, manager, json!({ "name": "Four" })).await.data(200);
        let read = async |query: &str| app.get(&format!("/api/audit?{query}"), owner).await;
        assert_eq!(actions(&read(&format!("userId={}", manager.user)).await).len(), 1);
        assert_eq!(actions(&read(&format!("subjectId={}", world.ours.skill)).await).len(), 1);
        assert_eq!(actions(&read("action=skills").await).len(), 4);
        assert_eq!(actions(&read("action=skill").await).len(), 0, "half a word is no action");
        assert_eq!(actions(&read("from=2026-03-02T12:00:30Z").await).len(), 1);
        assert_eq!(actions(&read("to=2026-03-02T12:00:30Z").await).len(), 3);
        let first = read("limit=3").await;
        let cursor = first.body["nextCursor"].as_str().unwrap();
        let rest = read(&format!("limit=3&cursor={cursor}")).await;
        assert_eq!((actions(&first).len(), actions(&rest).len()), (3, 1));
        app.get("/api/audit", manager).await.is_refused(403, "FORBIDDEN");
    }
}
