//! /api/contacts.

use calldocker::contacts::Card;
use calldocker::contacts::fold::terms;
use calldocker::store::Unit;
use calldocker::store::contact_search::{self, Ask, Order, Position};
use sea_orm::ConnectionTrait;
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
        let seen = app.get(&path, &world.ours.agent).await;
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

    async fn a_search_forgives_accents_case_and_order_and_finds_numbers_from_either_end(app) {
        let world = World::create(app).await;
        for (number, name, tag) in [
            ("+12025550111", "Zoë Özil", "100%"), ("+12025550112", "anna Bee", "north"), ("+4930555011377", "Bob Bee-Müller", "north_west"),
        ] {
            make(app, &world, json!({"number": number, "name": name, "tags": [tag]})).await;
        }
        let search = async |words: &str| app.get(&format!("/api/contacts?search={words}"), &world.ours.agent).await;
        assert_eq!(names(&search("").await), ["anna Bee", "Bob Bee-Müller", "ours caller", "ours other", "Zoë Özil"]);
        for (words, found) in [
            ("bee%20NORTH", vec!["anna Bee", "Bob Bee-Müller"]), ("north%20bee%20ann", vec!["anna Bee"]), ("ozil%20zoe", vec!["Zoë Özil"]),
            ("%C3%96ZIL", vec!["Zoë Özil"]), ("mueller", vec!["Bob Bee-Müller"]), ("mull%20bo", vec!["Bob Bee-Müller"]),
            ("%2B1%20202%20555-0112", vec!["anna Bee"]), ("0112", vec!["anna Bee"]), ("030%20555%20011", vec!["Bob Bee-Müller"]),
            ("0049%2030%205550113", vec!["Bob Bee-Müller"]), ("1377", vec!["Bob Bee-Müller"]), ("377", vec![]), ("ee", vec![]),
            ("_", vec![]), ("%25", vec![]), ("theirs", vec![]),
        ] {
            assert_eq!(names(&search(words).await), found, "{words}");
        }
        let second = app.get("/api/contacts?limit=3&page=2", &world.ours.agent).await;
        assert_eq!(names(&second), ["ours other", "Zoë Özil"]);
        assert_eq!(second.body["pagination"], json!({"page": 2, "limit": 3, "total": 5, "pages": 2}));
        let total = search("bee").await.body["pagination"]["total"].clone();
        assert_eq!(total, 2);
    }

    async fn a_search_finds_the_same_among_few_and_among_many(app) {
        let world = World::create(app).await;
        for (number, name, tag) in [
            ("+4930555011377", "Ann Bee", "vip"), ("+4930555011388", "Bob Bee", "vip"), ("+12025550111", "Ann Önder", "new"), ("+12025550112", "Cid", "vip"),
        ] {
            make(app, &world, json!({"number": number, "name": name, "tags": [tag]})).await;
        }
        let (scope, db) = (world.ours.scope, app.app.db.reader());
        for (text, tag, found) in [
            ("", None, 6), ("ann", None, 2), ("bee ann", None, 1), ("030 5550113", None, 2), ("1377", None, 1), ("0111", None, 1), ("ann 0111", None, 1),
            ("bee cid", None, 0), ("030 5550113 bee", None, 2), ("b", Some("#vip"), 2), ("", Some("#vip"), 3), ("9999", None, 0),
        ] {
            for order in [Order::Name, Order::LastContact] {
                let ask = Ask { terms: terms(text).unwrap(), tag: tag.map(str::to_owned), order, ..Ask::default() };
                let few = contact_search::few(scope, db, &ask.terms).await.unwrap();
                assert_eq!(few.is_some(), !text.is_empty(), "{text}");
                for few in [few.as_ref(), None] {
                    let all = contact_search::list(scope, db, &ask, few, None, (0, 100)).await.unwrap();
                    assert_eq!(all.len(), found, "{text} {few:?}");
                    assert_eq!(contact_search::count(scope, db, &ask, few).await.unwrap(), found as u64, "{text} {few:?}");
                    let (mut one_by_one, mut after) = (Vec::new(), None);
                    while let Some(next) = contact_search::list(scope, db, &ask, few, after.as_ref(), (0, 1)).await.unwrap().pop() {
                        after = Some(Position::of(&next.row, order));
                        one_by_one.push(next);
                    }
                    assert_eq!(one_by_one, all, "{text} {few:?}");
                }
            }
        }
    }

    async fn what_an_older_node_deletes_or_makes_meanwhile_stops_nobody(app) {
        let world = World::create(app).await;
        let (scope, writer) = (world.ours.scope, app.app.db.writer());
        let id = make(app, &world, json!({"number": "+12025550111", "name": "Ann"})).await;
        writer.execute_unprepared("UPDATE contact SET deleted_at = updated_at WHERE name = 'Ann'").await.unwrap();
        let again = make(app, &world, json!({"number": "+12025550111", "name": "Anna"})).await;
        assert_ne!(again, id);
        writer.execute_unprepared("DELETE FROM contact_number WHERE number = '+12025550111'").await.unwrap();
        let mut unit = Unit::begin(&app.app, scope).await.unwrap();
        let saved = calldocker::contacts::upsert(&mut unit, "+12025550111", Card { notes: Some("Old.".into()), ..Card::default() }).await.unwrap();
        unit.commit().await.unwrap();
        assert_eq!((saved.id.to_string(), saved.name.as_deref()), (again, Some("Anna")));
        assert_eq!(names(&app.get("/api/contacts?search=0111", &world.ours.agent).await), ["Anna"]);
    }

    async fn a_list_is_read_on_by_cursor_in_either_order(app) {
        let world = World::create(app).await;
        for (number, name) in [("+12025550111", "Cid"), ("+12025550112", "ann"), ("+12025550113", "Élodie")] {
            make(app, &world, json!({"number": number, "name": name})).await;
        }
        for (sort, wanted) in [
            ("name", ["ann", "Cid", "Élodie", "ours caller", "ours other"]), ("-lastContactAt", ["Élodie", "ann", "Cid", "ours other", "ours caller"]),
        ] {
            let (mut cursor, mut seen) = (String::new(), Vec::new());
            loop {
                let part = app.get(&format!("/api/contacts?sort={sort}&limit=1&cursor={cursor}"), &world.ours.agent).await;
                assert!(part.body.get("pagination").is_none());
                seen.extend(names(&part).into_iter().map(str::to_owned));
                let Some(next) = part.body["nextCursor"].as_str() else { break };
                cursor = next.to_owned();
            }
            assert_eq!(seen, wanted, "{sort}");
            let other = if sort == "name" { "-lastContactAt" } else { "name" };
            let foreign = app.get(&format!("/api/contacts?sort={other}&cursor={cursor}"), &world.ours.agent).await;
            assert_eq!(foreign.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["cursor"]);
        }
        app.get("/api/contacts?page=1&cursor=", &world.ours.agent).await.is_refused(422, "VALIDATION_FAILED");
    }

    async fn who_has_several_numbers_is_found_by_each_and_loses_none_unasked(app) {
        let world = World::create(app).await;
        let body = json!({"number": "+12025550111", "otherNumbers": ["+49 30 555 0122", "+12025550111", "+49305550122"], "name": "Ann"});
        let id = make(app, &world, body).await;
        let path = format!("/api/contacts/{id}");
        assert_eq!(app.get(&path, &world.ours.agent).await.data(200)["otherNumbers"], json!(["+49305550122"]));
        assert_eq!(names(&app.get("/api/contacts?search=550122", &world.ours.agent).await), ["Ann"]);
        let taken = app.post("/api/contacts", &world.ours.agent, json!({"number": "+49305550122"})).await;
        taken.is_refused(409, "CONTACT_NUMBER_TAKEN");
        let other = make(app, &world, json!({"number": "+12025550199"})).await;
        let taken = app.put(&format!("/api/contacts/{other}"), &world.ours.agent, json!({"otherNumbers": ["+12025550111"]})).await;
        taken.is_refused(409, "CONTACT_NUMBER_TAKEN");
        app.put(&path, &world.ours.agent, json!({"name": "Anna"})).await.data(200);
        let turned = json!({"number": "+49305550122", "otherNumbers": ["+12025550111"]});
        let turned = app.put(&path, &world.ours.agent, turned).await;
        assert_eq!(turned.data(200)["otherNumbers"], json!(["+12025550111"]));
        let wrong = app.put(&path, &world.ours.agent, json!({"otherNumbers": ["+12025550111", "nobody"]})).await;
        assert_eq!(wrong.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/otherNumbers/1"]);
        app.put(&path, &world.ours.agent, json!({"otherNumbers": []})).await.data(200);
        make(app, &world, json!({"number": "+12025550111"})).await;
    }

    async fn a_favourite_is_its_user_s_own(app) {
        let world = World::create(app).await;
        let path = format!("/api/contacts/{}", world.ours.contact);
        assert_eq!(app.put(&path, &world.ours.agent, json!({"favourite": true})).await.data(200)["favourite"], true);
        assert_eq!(app.get(&path, &world.ours.manager).await.data(200)["favourite"], false);
        let mine = "/api/contacts?favourites=true";
        assert_eq!(names(&app.get(mine, &world.ours.agent).await), ["ours caller"]);
        assert_eq!(names(&app.get(mine, &world.ours.manager).await), [""; 0]);
        let told = app.get(&path, &world.ours.agent).await.data(200)["updatedAt"].clone();
        assert_eq!(app.put(&path, &world.ours.agent, json!({"favourite": false})).await.data(200)["favourite"], false);
        assert_eq!(app.get(&path, &world.ours.agent).await.data(200)["updatedAt"], told, "the contact itself has not changed");
        assert_eq!(names(&app.get(mine, &world.ours.agent).await), [""; 0]);
    }

    async fn a_number_is_put_among_the_favourites_whether_the_company_knows_it_or_not(app) {
        let world = World::create(app).await;
        let add = async |number: &str, name: &str| {
            app.post("/api/users/add-contact", &world.ours.agent, json!({"phoneNumber": number, "name": name})).await
        };
        let made = add("+49 30 555 0177", "Ann").await.data(200).clone();
        let again = add("+49305550177", "Somebody else").await.data(200).clone();
        assert_eq!((&again["id"], &again["name"], &again["favourite"]), (&made["id"], &json!("Ann"), &json!(true)));
        assert_eq!(again["updatedAt"], made["updatedAt"], "nothing of the contact has changed");
        let known = make(app, &world, json!({"number": "+12025550111", "tags": ["vip"]})).await;
        let named = add("+1 202 555 0111", "Bob").await.data(200).clone();
        assert_eq!((&named["id"], &named["name"], &named["tags"]), (&json!(known), &json!("Bob"), &json!(["vip"])));
        let mine = "/api/contacts?favourites=true";
        assert_eq!(names(&app.get(mine, &world.ours.agent).await), ["Ann", "Bob"]);
        assert_eq!(names(&app.get(mine, &world.ours.owner).await), [""; 0]);
        assert_eq!(names(&app.get(mine, &world.theirs.agent).await), [""; 0]);
        assert_eq!(add("12", "Nobody").await.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/phoneNumber"]);
    }

    async fn a_list_is_narrowed_by_tag_and_by_who_is_blocked(app) {
        let world = World::create(app).await;
        make(app, &world, json!({"number": "+12025550111", "name": "Ann", "tags": ["North West", "vip"]})).await;
        make(app, &world, json!({"number": "+12025550112", "name": "Bob", "tags": ["north"]})).await;
        for (query, found) in [
            ("tag=north", vec!["Bob"]), ("tag=NORTH%20west", vec!["Ann"]), ("blocked=true", vec!["ours caller"]),
            ("blocked=false", vec!["Ann", "Bob", "ours other"]), ("tag=vip&search=bob", vec![]),
        ] {
            assert_eq!(names(&app.get(&format!("/api/contacts?{query}"), &world.ours.agent).await), found, "{query}");
        }
    }

    async fn what_the_company_has_a_field_for_must_fit_it(app) {
        let world = World::create(app).await;
        let (owner, agent) = (&world.ours.owner, &world.ours.agent);
        let path = format!("/api/contacts/{}", world.ours.contact);
        let wrong = app.put(&path, agent, json!({"custom": {"tier": "bronze", "free": "anything"}})).await;
        assert_eq!(wrong.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/custom/tier"]);
        app.put(&path, agent, json!({"custom": {"tier": "silver", "free": "anything"}})).await.data(200);
        let field = json!({"name": "since", "kind": "date", "label": "Customer since"});
        app.post("/api/contact-fields", agent, field.clone()).await.is_refused(403, "FORBIDDEN");
        let made = app.post("/api/contact-fields", owner, field.clone()).await;
        let id = made.data(201)["id"].as_str().unwrap().to_owned();
        app.post("/api/contact-fields", owner, field).await.is_refused(409, "CONTACT_FIELD_NAME_TAKEN");
        let wrong = app.put(&path, agent, json!({"custom": {"since": "yesterday"}})).await;
        assert_eq!(wrong.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/custom/since"]);
        let listed = app.get("/api/contact-fields", agent).await;
        let listed: Vec<_> = listed.data(200).as_array().unwrap().iter().map(|one| one["label"].as_str().unwrap()).collect();
        assert_eq!(listed, ["Customer since", "Tier"]);
        let field = format!("/api/contact-fields/{id}");
        let renamed = app.put(&field, owner, json!({"name": "until", "kind": "date"})).await;
        assert_eq!(renamed.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/name"]);
        let choices = app.put(&field, owner, json!({"name": "since", "kind": "choice"})).await;
        assert_eq!(choices.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/choices"]);
        app.delete(&field, owner).await.data(200);
        app.put(&path, agent, json!({"custom": {"since": "yesterday"}})).await.data(200);
        app.delete(&field, owner).await.is_refused(404, "CONTACT_FIELD_NOT_FOUND");
    }

    async fn contacts_that_an_older_node_wrote_are_found_after_the_next_round(app) {
        let world = World::create(app).await;
        let words = "SELECT word AS row FROM contact_word ORDER BY word";
        let before = crate::support::texts(&app.app, words).await;
        for sql in ["DELETE FROM contact_word", "UPDATE contact SET indexed_at = NULL, sort_key = ''"] {
            app.app.db.writer().execute_unprepared(sql).await.unwrap();
        }
        assert_eq!(names(&app.get("/api/contacts?search=caller", &world.ours.agent).await), [""; 0]);
        calldocker::contacts::index::catch_up(&app.app).await.unwrap();
        assert_eq!(names(&app.get("/api/contacts?search=caller", &world.ours.agent).await), ["ours caller"]);
        assert_eq!(crate::support::texts(&app.app, words).await, before);
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
