//! /api/contacts/duplicates, /api/contacts/{id}/merge, /api/contacts/{id}/timeline, and the contact that a call carries.

use chrono::TimeDelta;
use entity::id::CallId;
use entity::{CallStatus, CompanyScope, TextDirection, TextState, call, survey_answer, text_message};
use serde_json::{Value, json};

use super::exports::{insert, missed};
use crate::support::{Answer, TestApp, World, on_both_databases, texts};

async fn make(app: &TestApp, world: &World, body: Value) -> String {
    let made = app.post("/api/contacts", &world.ours.owner, body).await;
    made.data(201)["id"].as_str().unwrap().to_owned()
}

/// A call from this number so many hours ago.
async fn called(app: &TestApp, world: &World, number: &str, hours: i64) -> CallId {
    let id: CallId = app.app.ids.next();
    let row = missed(&world.ours, id, app.clock.now() - TimeDelta::hours(hours));
    insert(app, world.ours.scope, vec![call::Model { from_address: number.to_owned(), ..row }]).await;
    id
}

fn kinds(answer: &Answer) -> Vec<String> {
    let entries = answer.data(200).as_array().unwrap().iter();
    entries.map(|entry| entry["kind"].as_str().unwrap().to_owned()).collect()
}

async fn sent(app: &TestApp, scope: CompanyScope, call: CallId, number: &str, hours: i64) {
    let at = app.clock.now() - TimeDelta::hours(hours);
    let tx = app.app.db.begin().await.unwrap();
    let message = text_message::Model {
        id: app.app.ids.next(),
        company_id: scope.company(),
        call_id: Some(call),
        direction: TextDirection::Outbound,
        media: 0,
        from_number: "+4930123456".to_owned(),
        to_number: number.to_owned(),
        body: "Your ticket.".to_owned(),
        state: TextState::Sent,
        provider_sid: None,
        error_code: None,
        created_at: at,
        settled_at: None,
    };
    scope.insert::<text_message::Entity, _>(&tx, message).await.unwrap();
    let answer = survey_answer::Model {
        id: app.app.ids.next(),
        company_id: scope.company(),
        call_id: call,
        survey: "end".to_owned(),
        score: 4,
        agent_id: None,
        queue_id: None,
        recording_id: None,
        answered_at: at + TimeDelta::minutes(1),
    };
    scope.insert::<survey_answer::Entity, _>(&tx, answer).await.unwrap();
    tx.commit().await.unwrap();
}

on_both_databases! {
    async fn contacts_are_merged_by_rules_and_calls_follow_their_numbers(app) {
        let world = World::create(app).await;
        let (manager, agent) = (&world.ours.manager, &world.ours.agent);
        let kept = make(app, &world, json!({"number": "+12025550111", "name": "Ann", "notes": "First.", "tags": ["a"], "custom": {"x": "1"}})).await;
        let other = make(app, &world, json!({
            "number": "+12025550112", "otherNumbers": ["+12025550113"], "name": "Anna", "email": "ann@example.com", "notes": "Second.",
            "tags": ["b"], "custom": {"x": "2", "y": "3"}, "blocked": true,
        })).await;
        let third = make(app, &world, json!({"number": "+12025550114", "email": "other@example.com", "company": "Acme"})).await;
        app.put(&format!("/api/contacts/{other}"), agent, json!({"favourite": true})).await.data(200);
        called(app, &world, "+12025550113", 2).await;
        let path = format!("/api/contacts/{kept}/merge");
        app.post(&path, agent, json!({"otherIds": [other]})).await.is_refused(403, "FORBIDDEN");
        for wrong in [json!([kept]), json!([other, other])] {
            app.post(&path, manager, json!({"otherIds": wrong})).await.is_refused(422, "VALIDATION_FAILED");
        }
        let nobody = "00000000-0000-7000-8000-000000000000";
        app.post(&path, manager, json!({"otherIds": [other, nobody]})).await.is_refused(404, "CONTACT_NOT_FOUND");
        app.get(&format!("/api/contacts/{other}"), manager).await.data(200);
        let merged = app.post(&path, manager, json!({"otherIds": [other, third]})).await;
        let merged = merged.data(200);
        let wanted = json!({
            "number": "+12025550111", "otherNumbers": ["+12025550112", "+12025550113", "+12025550114"], "name": "Ann",
            "email": "ann@example.com", "company": "Acme", "notes": "First.\n\nSecond.", "tags": ["a", "b"], "custom": {"x": "1", "y": "3"},
            "blocked": true,
        });
        for (field, value) in wanted.as_object().unwrap() {
            assert_eq!(&merged[field], value, "{field}");
        }
        for gone in [&other, &third] {
            app.get(&format!("/api/contacts/{gone}"), manager).await.is_refused(404, "CONTACT_NOT_FOUND");
        }
        assert_eq!(app.get(&format!("/api/contacts/{kept}"), agent).await.data(200)["favourite"], true);
        let found = app.get("/api/contacts?search=0113", manager).await;
        assert_eq!(found.data(200)[0]["id"], json!(kept));
        assert_eq!(kinds(&app.get(&format!("/api/contacts/{kept}/timeline"), manager).await), ["call"]);
        let noted = texts(&app.app, "SELECT action AS row FROM audit WHERE action = 'contacts:merge'").await;
        assert_eq!(noted.len(), 1);
        app.post(&path, manager, json!({"otherIds": [other]})).await.is_refused(404, "CONTACT_NOT_FOUND");
    }

    async fn contacts_that_may_be_one_are_suggested_by_what_they_have_in_common(app) {
        let world = World::create(app).await;
        for (number, name, email) in [
            ("+4930555011", "Zoë Özil", "zoe@example.com"), ("+49030555011", "Somebody", "some@example.com"), ("+12025550111", "zoe ozil", "a@example.com"),
            ("+12025550112", "Bob", "zoe@example.com"),
        ] {
            make(app, &world, json!({"number": number, "name": name, "email": email})).await;
        }
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let part = app.get(&format!("/api/contacts/duplicates?limit=1{cursor}"), &world.ours.manager).await;
            for one in part.data(200).as_array().unwrap() {
                let names = one["contacts"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned());
                seen.push((one["by"].as_str().unwrap().to_owned(), names.collect::<Vec<_>>()));
            }
            let Some(next) = part.body["nextCursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        let pair = |by: &str, first: &str, second: &str| (by.to_owned(), vec![first.to_owned(), second.to_owned()]);
        assert_eq!(seen, [pair("number", "Zoë Özil", "Somebody"), pair("email", "Zoë Özil", "Bob"), pair("name", "Zoë Özil", "zoe ozil")]);
    }

    async fn a_timeline_has_all_that_was_newest_first_and_for_agents_what_is_theirs(app) {
        let world = World::create(app).await;
        let (ours, scope) = (&world.ours, world.ours.scope);
        let id = make(app, &world, json!({"number": "+12025550111", "otherNumbers": ["+12025550112", "+4930123499"], "name": "Ann"})).await;
        let old = called(app, &world, "+12025550112", 30).await;
        sent(app, scope, old, "+12025550111", 29).await;
        called(app, &world, "+12025550111", 20).await;
        called(app, &world, "+12025550999", 10).await;
        let path = format!("/api/contacts/{id}/timeline");
        let all = app.get(&path, &ours.manager).await;
        assert_eq!(kinds(&all), ["callback", "call", "survey", "message", "call"], "{}", all.text);
        assert_eq!((&all.data(200)[3]["text"], &all.data(200)[2]["score"]), (&json!("Your ticket."), &json!(4)));
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let part = app.get(&format!("{path}?limit=2{cursor}"), &ours.manager).await;
            seen.extend(kinds(&part));
            let Some(next) = part.body["nextCursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen, kinds(&all));
        assert_eq!(kinds(&app.get(&path, &ours.agent).await), ["callback", "message"], "the calls are not his, the callback is one of his queue's");
        let theirs = ours.agent.agent;
        let his: CallId = app.app.ids.next();
        let row = missed(ours, his, app.clock.now() - TimeDelta::hours(1));
        let row = call::Model { from_address: "+12025550111".to_owned(), agent_id: theirs, status: CallStatus::Completed, ..row };
        insert(app, scope, vec![row]).await;
        assert_eq!(kinds(&app.get(&path, &ours.agent).await).iter().filter(|kind| *kind == "call").count(), 1);
        app.get(&path, &world.theirs.owner).await.is_refused(404, "CONTACT_NOT_FOUND");
    }

    async fn an_offer_says_who_calls(app) {
        let world = World::create(app).await;
        let ours = &world.ours;
        let nobody = app.get("/api/offers", &ours.agent).await;
        assert!(nobody.data(200)[0]["call"].get("contact").is_none(), "{}", nobody.text);
        called(app, &world, "+12025550188", 5).await;
        let body = json!({
            "number": "+12025550188", "otherNumbers": ["+12025550199"], "name": "Ann", "company": "Acme", "tags": ["vip"],
            "custom": {"tier": "gold", "hidden": "x"}, "blocked": true,
        });
        let id = make(app, &world, body).await;
        let offers = app.get("/api/offers", &ours.agent).await;
        let contact = &offers.data(200)[0]["call"]["contact"];
        let wanted = json!({
            "id": id, "name": "Ann", "company": "Acme", "tags": ["vip"], "blocked": true,
            "fields": [{"name": "tier", "label": "Tier", "value": "gold"}],
        });
        for (field, value) in wanted.as_object().unwrap() {
            assert_eq!(&contact[field], value, "{field}: {contact}");
        }
        assert!(contact["lastCallAt"].is_string(), "{contact}");
        let call = offers.data(200)[0]["call"]["id"].as_str().unwrap().to_owned();
        let shown = app.get(&format!("/api/calls/{call}"), &ours.manager).await;
        assert_eq!(shown.data(200)["contact"]["name"], "Ann");
    }
}
