//! /api/privacy: people of the company are taken out and erased.

use std::time::Duration;

use calldocker::jobs::Done;
use calldocker::privacy::work;
use calldocker::store::{contact_imports, people};
use entity::id::PrivacyRequestId;
use entity::{MembershipStatus, agent_slot, contact_favourite, membership};
use sea_orm::{ColumnTrait, QueryFilter};
use serde_json::{Value, json};

use crate::support::{Person, TestApp, World, dump_all, on_both_databases};

/// A test's app runs no jobs.
async fn work(app: &TestApp, world: &World, id: &Value) -> Value {
    let id: PrivacyRequestId = id.as_str().unwrap().parse().unwrap();
    assert!(matches!(work::run(&app.app, world.ours.scope, id, 1).await.unwrap(), Done::Yes));
    app.get(&format!("/api/privacy/requests/{id}"), &world.ours.owner).await.data(200).clone()
}

async fn erase(app: &TestApp, world: &World, person: Value) -> Value {
    let made = app.post("/api/privacy/erase", &world.ours.owner, person).await.data(201).clone();
    assert_eq!((&made["state"], &made["erased"]), (&json!("queued"), &json!([])));
    let done = work(app, world, &made["id"]).await;
    assert_eq!(done["state"], "completed", "{done}");
    done
}

/// Where in the database a word stands.
async fn where_is(app: &TestApp, word: &str) -> Vec<String> {
    let word = word.to_lowercase();
    let rows = dump_all(&app.app).await.into_iter();
    let named = rows.filter(|(_, rows)| rows.iter().any(|row| row.to_lowercase().contains(&word)));
    named.map(|(table, _)| table).collect()
}

/// Somebody whose name and address stand nowhere else.
async fn rename(app: &TestApp, world: &World, person: &Person) {
    let path = format!("/api/users/{}", person.user);
    app.put(&path, &world.ours.owner, json!({ "name": "Zebulon Quagmire" })).await.data(200);
    let settings = json!({ "reach": "number", "number": "+12025550142" });
    app.put(&format!("/api/agents/{}", person.agent.unwrap()), &world.ours.owner, settings).await.data(200);
}

on_both_databases! {
    async fn an_erased_agent_stands_in_no_table_and_what_he_did_stays(app) {
        let world = World::create(app).await;
        let agent = world.ours.agent.clone();
        rename(app, &world, &agent).await;
        app.log_in(&agent.email, crate::support::PASSWORD).await.data(200);
        let invited = json!({ "email": "zebulon@elsewhere.example", "role": "agent" });
        app.post("/api/users/invite", &world.ours.owner, invited).await.data(201);
        let phone = json!({ "service": "fcm", "token": "a-token", "name": "Zebulon Quagmire's phone" });
        app.post("/api/users/devices", &agent, phone).await.data(201);
        // His calls are over.
        let tx = app.app.db.begin().await.unwrap();
        let slots = world.ours.scope.delete_many::<agent_slot::Entity>();
        slots.filter(agent_slot::Column::AgentId.eq(agent.agent.unwrap())).exec(&tx).await.unwrap();
        tx.commit().await.unwrap();
        let words = [agent.email.as_str(), "Zebulon Quagmire", "12025550142"];
        for word in words {
            assert!(!where_is(app, word).await.is_empty(), "{word} stands nowhere before, so nothing is proved");
        }
        let exported = app.post("/api/privacy/export", &world.ours.owner, json!({ "userId": agent.user })).await;
        let exported = work(app, &world, &exported.data(201)["id"]).await;
        assert_eq!(exported["state"], "completed", "{exported}");
        let file = app.call("GET", exported["downloadUrl"].as_str().unwrap().split_once("/media").map(|(_, path)| format!("/media{path}")).unwrap().as_str()).send().await;
        assert!(file.text.contains(&agent.email) && file.text.contains("data/user.json"), "{}", file.text.len());
        assert!(file.text.contains("data/push_device.json"));
        assert!(!file.text.contains("password_hash") && !file.text.contains("token_sealed"));

        let done = erase(app, &world, json!({ "userId": agent.user })).await;
        for word in words {
            assert_eq!(where_is(app, word).await, Vec::<String>::new(), "{word}");
        }
        assert!(!done.to_string().contains("Zebulon"), "{done}");
        app.get("/api/auth/profile", &agent).await;
        assert_eq!(app.log_in(&agent.email, crate::support::PASSWORD).await.status.as_u16(), 401);
        let calls = app.get("/api/calls?limit=100", &world.ours.owner).await;
        assert!(calls.data(200).as_array().unwrap().iter().any(|call| call["agentId"] == json!(agent.agent)), "his calls stay his");
        assert!(!where_is(app, &world.theirs.agent.email).await.is_empty(), "nobody else is erased");
        // Twice is as good as once.
        erase(app, &world, json!({ "userId": agent.user })).await;
    }

    async fn what_an_erased_person_has_said_is_deleted_and_what_others_have_said_stays(app) {
        let world = World::create(app).await;
        let (agent, chats) = (&world.ours.agent, &world.ours.chats);
        let zoe = &chats.colleague;
        let body = |text: &str| json!({ "chatId": chats.private, "content": { "type": "text", "text": text } });
        app.post("/api/messages", agent, body(&format!("Ask {}, please", zoe.email))).await.data(201);
        app.post("/api/messages", zoe, body("Somewhere in the cupboard")).await.data(201);
        let group = app.post("/api/chats/group", agent, json!({ "title": "Lunch", "memberIds": [zoe.user] })).await;
        let group = group.data(201)["id"].as_str().unwrap().to_owned();
        let found = async |word: &str| {
            let list = app.get(&format!("/api/messages/search?search={word}"), agent).await;
            list.data(200).as_array().unwrap().len()
        };
        assert_eq!((found("cupboard").await, found("zoe").await, found("please").await), (1, 1, 1));
        let exported = app.post("/api/privacy/export", &world.ours.owner, json!({ "userId": zoe.user })).await;
        let exported = work(app, &world, &exported.data(201)["id"]).await;
        let path = exported["downloadUrl"].as_str().unwrap().split_once("/media").unwrap().1;
        let archive = app.call("GET", &format!("/media{path}")).send().await;
        assert!(archive.text.contains("data/chat_message.json") && archive.text.contains("cupboard"), "{}", archive.text.len());
        assert!(archive.text.contains("data/chat_receipt.json"), "when she has read what");

        let proof = erase(app, &world, json!({ "userId": zoe.user })).await;
        assert!(proof["erased"].as_array().unwrap().contains(&json!({ "what": "chat_receipt", "count": 1 })), "{proof}");
        assert_eq!((found("cupboard").await, found("zoe").await, found("please").await), (0, 0, 1));
        assert_eq!(where_is(app, "cupboard").await, Vec::<String>::new());
        let list = app.get(&format!("/api/chats/{}/messages", chats.private), agent).await;
        let deleted = list.data(200).as_array().unwrap().iter().filter(|row| row["deletedAt"].is_string()).count();
        assert_eq!((list.data(200).as_array().unwrap().len(), deleted), (4, 2), "{}", list.text);
        let people = app.get(&format!("/api/chats/{group}/members"), agent).await;
        assert_eq!(people.data(200).as_array().unwrap().len(), 1);
        app.post("/api/messages", agent, body("x")).await.is_refused(409, "CHAT_CLOSED");
    }

    async fn who_works_for_others_too_is_erased_here_alone(app) {
        let world = World::create(app).await;
        let former = world.ours.former;
        let elsewhere = membership::Model {
            id: app.app.ids.next(),
            company_id: world.theirs.id,
            user_id: former,
            role: entity::Role::Agent,
            status: MembershipStatus::Active,
            created_at: app.clock.now(),
        };
        let tx = app.app.db.begin().await.unwrap();
        world.theirs.scope.insert::<membership::Entity, _>(&tx, elsewhere).await.unwrap();
        tx.commit().await.unwrap();
        let done = erase(app, &world, json!({ "userId": former })).await;
        assert_eq!(done["left"][0]["what"], "account", "{done}");
        let theirs = app.get(&format!("/api/users/{former}"), &world.theirs.owner).await;
        assert_eq!(theirs.data(200)["id"], json!(former));
        for table in people::tables(&app.app.db).await.unwrap() {
            // The audit of this test names him as what the requests were about.
            if !table.has("company_id") || table.name == "audit" {
                continue;
            }
            let ids = [former.to_string()];
            let ids_of = |column: &&people::Column| column.kind == people::Kind::Id;
            for column in table.columns.iter().filter(ids_of) {
                let which = people::Which::Of(&column.name, &ids);
                let rows = people::rows(world.ours.scope, app.app.db.reader(), &table, which, (0, 10)).await.unwrap();
                assert!(rows.is_empty(), "{}.{} still names him", table.name, column.name);
            }
        }
    }

    async fn a_number_that_opens_an_account_goes_with_it(app) {
        let world = World::create(app).await;
        let (former, number) = (world.ours.former, "+12025550155");
        let tx = app.app.db.begin().await.unwrap();
        let numbered =
            entity::user::ActiveModel { phone_number: sea_orm::Set(Some(number.to_owned())), ..Default::default() };
        calldocker::store::users::update(&tx, former, numbered).await.unwrap();
        tx.commit().await.unwrap();
        let code = json!({ "phoneNumber": number });
        app.call("POST", "/api/auth/send-otp").json(code).send().await.data(200);
        let body = json!({ "phoneNumber": number, "role": "agent" });
        app.post("/api/users/invite", &world.ours.owner, body).await.data(201);
        let before = where_is(app, "12025550155").await;
        for table in ["audit", "invitation", "phone_code", "phone_message", "user"] {
            assert!(before.iter().any(|found| found == table), "{table} has nothing of him: {before:?}");
        }
        erase(app, &world, json!({ "userId": former })).await;
        assert_eq!(where_is(app, "12025550155").await, Vec::<String>::new());
    }

    async fn a_company_keeps_an_owner_and_only_owners_ask(app) {
        let world = World::create(app).await;
        let owner = json!({ "userId": world.ours.owner.user });
        app.post("/api/privacy/erase", &world.ours.owner, owner).await.is_refused(409, "LAST_OWNER");
        let person = json!({ "number": "+1 202 555 0177" });
        app.post("/api/privacy/erase", &world.ours.manager, person.clone()).await.is_refused(403, "FORBIDDEN");
        app.post("/api/privacy/export", &world.ours.owner, json!({ "userId": world.theirs.agent.user })).await.is_refused(404, "USER_NOT_FOUND");
        app.post("/api/privacy/export", &world.ours.owner, json!({})).await.is_refused(422, "VALIDATION_FAILED");
        app.post("/api/privacy/export", &world.ours.owner, json!({ "number": "0", "userId": world.ours.former })).await.is_refused(422, "VALIDATION_FAILED");
        app.post("/api/privacy/erase", &world.ours.owner, person.clone()).await.data(201);
        app.post("/api/privacy/erase", &world.ours.owner, person).await.is_refused(409, "PRIVACY_REQUEST_UNDER_WAY");
    }

    async fn a_deleted_contact_can_be_erased(app) {
        let world = World::create(app).await;
        let contact = json!({ "number": "+12025550133", "name": "Zebulon Quagmire", "email": "z@quagmire.example" });
        let id = app.post("/api/contacts", &world.ours.owner, contact).await.data(201)["id"].clone();
        app.delete(&format!("/api/contacts/{}", id.as_str().unwrap()), &world.ours.owner).await.data(200);
        assert!(!where_is(app, "quagmire").await.is_empty());
        erase(app, &world, json!({ "contactId": id })).await;
        for word in ["quagmire", "12025550133"] {
            assert_eq!(where_is(app, word).await, Vec::<String>::new(), "{word}");
        }
    }

    async fn a_contact_is_his_under_each_of_its_numbers_and_stands_for_all_of_them(app) {
        let world = World::create(app).await;
        let owner = &world.ours.owner;
        let first = json!({ "number": "+12025550133", "otherNumbers": ["+12025550134"], "name": "Zebulon", "tags": ["quagmire"] });
        let id = app.post("/api/contacts", owner, first).await.data(201)["id"].clone();
        let second = json!({ "number": "+12025550135", "name": "Zebulon Quagmire", "notes": "A Quagmire." });
        let other = app.post("/api/contacts", owner, second).await.data(201)["id"].clone();
        app.put(&format!("/api/contacts/{}", other.as_str().unwrap()), &world.ours.agent, json!({ "favourite": true })).await.data(200);
        app.post(&format!("/api/contacts/{}/merge", id.as_str().unwrap()), owner, json!({ "otherIds": [other] })).await.data(200);
        let taken = app.post("/api/privacy/export", owner, json!({ "number": "+12025550134" })).await.data(201).clone();
        let found = work(app, &world, &taken["id"]).await["found"].clone();
        let count = |what: &str| found.as_array().unwrap().iter().find(|one| one["what"] == what).map(|one| one["count"].clone());
        assert_eq!((count("contact"), count("contact_number")), (Some(json!(1)), Some(json!(3))), "{found}");
        erase(app, &world, json!({ "contactId": id })).await;
        for word in ["quagmire", "12025550133", "12025550134", "12025550135"] {
            assert_eq!(where_is(app, word).await, Vec::<String>::new(), "{word}");
        }
    }

    async fn an_erased_user_has_marked_nothing_and_no_import_brings_a_caller_back(app) {
        let world = World::create(app).await;
        let (ours, path) = (&world.ours, format!("/api/contacts/{}", world.ours.contact));
        app.put(&path, &ours.agent, json!({ "favourite": true })).await.data(200);
        let tx = app.app.db.begin().await.unwrap();
        let slots = ours.scope.delete_many::<agent_slot::Entity>();
        slots.filter(agent_slot::Column::AgentId.eq(ours.agent.agent.unwrap())).exec(&tx).await.unwrap();
        tx.commit().await.unwrap();
        erase(app, &world, json!({ "userId": ours.agent.user })).await;
        let marked = ours.scope.find::<contact_favourite::Entity>().all(app.app.db.reader()).await.unwrap();
        assert!(marked.is_empty(), "{marked:?}");
        let call = app.call("POST", "/api/contacts/import").by(&ours.owner);
        call.bytes("text/csv", "number\n+12025550133\n").send().await.data(201);
        app.clock.advance(Duration::from_secs(1)).await;
        let asked = app.post("/api/privacy/erase", &ours.owner, json!({ "number": "+12025550133" })).await.data(201).clone();
        let id: PrivacyRequestId = asked["id"].as_str().unwrap().parse().unwrap();
        assert!(matches!(work::run(&app.app, ours.scope, id, 1).await.unwrap(), Done::Again(_)), "the import is waited for");
        for import in contact_imports::list(ours.scope, app.app.db.reader(), None, 10).await.unwrap() {
            app.delete(&format!("/api/contacts/imports/{}", import.id), &ours.owner).await.data(200);
        }
        assert_eq!(work(app, &world, &asked["id"]).await["state"], "completed");
    }
}
