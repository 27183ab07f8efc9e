//! /api/contacts.

use serde_json::{Value, json};

use crate::support::{Answer, TestApp, World, on_both_databases};

fn names(answer: &Answer) -> Vec<&str> {
    answer.data(200).as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect()
}

async fn make(app: &TestApp, world: &World, body: Value) -> String {
    let made = app.post("/api/contacts", &world.ours.agent, body).await;
    made.data(201)["id"].as_str().unwrap().to_owned()
}

on_both_databases! {
    async fn a_contact_is_kept_with_all_that_was_said_and_cleared_by_empty_texts(app) {
        let world = World::create(app).await;
        let id = make(app, &world, json!({
            "number": "+49 (30) 555-0177", "name": " Ann Änderung ", "email": "Ann@Example.com", "language": "de-DE",
            "company": "Acme", "notes": "Likes tea.", "tags": ["vip", "north", "vip"], "custom": {"tier": "gold"}, "favourite": true,
        })).await;
        let path = format!("/api/contacts/{id}");
        let seen = app.get(&path, &world.ours.manager).await;
        let seen = seen.data(200);
        let wanted = json!({
            "number": "+49305550177", "name": "Ann Änderung", "email": "ann@example.com", "language": "de-DE", "company": "Acme",
            "notes": "Likes tea.", "tags": ["north", "vip"], "custom": {"tier": "gold"}, "favourite": true, "blocked": false,
        });
        for (field, value) in wanted.as_object().unwrap() {
            assert_eq!(&seen[field], value, "{field}");
        }
        let changed = app.put(&path, &world.ours.agent, json!({"notes": "", "email": "", "language": "", "tags": [], "favourite": false})).await;
        let changed = changed.data(200);
        for gone in ["notes", "email", "language"] {
            assert!(changed.get(gone).is_none(), "{gone}: {changed}");
        }
        assert_eq!((&changed["tags"], &changed["name"], &changed["favourite"]), (&json!([]), &json!("Ann Änderung"), &json!(false)));
    }

    async fn a_number_belongs_to_one_living_contact_of_a_company(app) {
        let world = World::create(app).await;
        let body = json!({"number": "+49 30 5550188", "name": "First"});
        let first = make(app, &world, body.clone()).await;
        app.post("/api/contacts", &world.ours.owner, body.clone()).await.is_refused(409, "CONTACT_NUMBER_TAKEN");
        app.post("/api/contacts", &world.theirs.owner, body.clone()).await.data(201);
        let other = make(app, &world, json!({"number": "+49305550199"})).await;
        let renumbered = app.put(&format!("/api/contacts/{other}"), &world.ours.owner, json!({"number": "+49305550188"})).await;
        renumbered.is_refused(409, "CONTACT_NUMBER_TAKEN");
        app.delete(&format!("/api/contacts/{first}"), &world.ours.manager).await.data(200);
        app.get(&format!("/api/contacts/{first}"), &world.ours.manager).await.is_refused(404, "CONTACT_NOT_FOUND");
        app.put(&format!("/api/contacts/{other}"), &world.ours.owner, json!({"number": "+49305550188"})).await.data(200);
        assert!(app.post("/api/contacts", &world.ours.owner, body).await.status == 409, "it is the other's now");
    }

    async fn a_search_finds_words_wherever_they_stand_and_pages_by_name(app) {
        let world = World::create(app).await;
        for (number, name, tag) in [
            ("+12025550111", "Zoë Özil", "100%"), ("+12025550112", "anna Bee", "north"), ("+12025550113", "Bob Bee", "north_west"),
        ] {
            make(app, &world, json!({"number": number, "name": name, "tags": [tag]})).await;
        }
        let search = async |words: &str| app.get(&format!("/api/contacts?search={words}"), &world.ours.agent).await;
        assert_eq!(names(&search("").await), ["anna Bee", "Bob Bee", "ours caller", "Zoë Özil"]);
        assert_eq!(names(&search("bee%20NORTH").await), ["anna Bee", "Bob Bee"]);
        assert_eq!(names(&search("%C3%96ZIL").await), ["Zoë Özil"]);
        assert_eq!(names(&search("%2B1%20202%20555-0113").await), ["Bob Bee"]);
        assert_eq!(names(&search("_").await), ["Bob Bee"], "what databases read as a wildcard is a character here");
        assert_eq!(names(&search("%25").await), ["Zoë Özil"]);
        assert_eq!(names(&search("theirs").await), [""; 0]);
        let second = app.get("/api/contacts?limit=3&page=2", &world.ours.agent).await;
        assert_eq!(names(&second), ["Zoë Özil"]);
        assert_eq!(second.body["pagination"], json!({"page": 2, "limit": 3, "total": 4, "pages": 2}));
    }

    async fn what_a_contact_cannot_be_is_named(app) {
        let world = World::create(app).await;
        let body = json!({
            "number": "030 123456", "email": "nobody", "language": "Deutsch", "tags": ["good", " "], "custom": {"a b": "x", "good": "y"},
        });
        let refused = app.post("/api/contacts", &world.ours.owner, body).await;
        assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/number"]);
        let body = json!({
            "number": "+4930123456", "email": "nobody", "language": "Deutsch", "tags": ["good", " "], "custom": {"a b": "x", "good": "y"},
        });
        let refused = app.post("/api/contacts", &world.ours.owner, body).await;
        refused.is_refused(422, "VALIDATION_FAILED");
        assert_eq!(refused.wrong_fields(), ["/email", "/language", "/tags/1", "/custom/a b"]);
        let nul = app.post("/api/contacts", &world.ours.owner, json!({"number": "+4930123456", "name": "a\u{0}b"})).await;
        assert_eq!(nul.is_refused(400, "VALIDATION_FAILED").wrong_fields(), ["/name"]);
        app.post("/api/contacts", &world.ours.owner, json!({"name": "Nobody"})).await.is_refused(400, "VALIDATION_FAILED");
    }

    async fn an_agent_keeps_contacts_and_does_not_say_who_is_blocked(app) {
        let world = World::create(app).await;
        let path = format!("/api/contacts/{}", world.ours.contact);
        app.put(&path, &world.ours.agent, json!({"blocked": false})).await.is_refused(403, "FORBIDDEN");
        app.delete(&path, &world.ours.agent).await.is_refused(403, "FORBIDDEN");
        let new = json!({"number": "+12025550111", "blocked": true});
        app.post("/api/contacts", &world.ours.agent, new).await.is_refused(403, "FORBIDDEN");
        assert_eq!(app.put(&path, &world.ours.manager, json!({"blocked": false})).await.data(200)["blocked"], false);
        assert_eq!(app.put(&path, &world.ours.manager, json!({"blocked": true})).await.data(200)["blocked"], true);
        app.delete(&path, &world.ours.manager).await.data(200);
        let actions = crate::support::texts(&app.app, "SELECT action AS row FROM audit WHERE action LIKE 'contacts:%' ORDER BY id").await;
        assert_eq!(actions, ["contacts:unblock", "contacts:block", "contacts:delete"]);
    }
}
