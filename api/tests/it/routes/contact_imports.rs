//! /api/contacts/import, /api/contacts/imports, /api/contacts/export

use calldocker::contacts::import::work;
use calldocker::jobs::Done;
use calldocker::store::contact_imports;
use entity::id::ContactImportId;
use entity::{JobKind, job};
use sea_orm::{ColumnTrait, QueryFilter};
use serde_json::{Value, json};

use crate::support::{Answer, TestApp, World, on_both_databases, texts};

async fn send(app: &TestApp, world: &World, query: &str, file: impl Into<Vec<u8>>) -> Answer {
    let call = app.call("POST", &format!("/api/contacts/import?{query}")).by(&world.ours.manager);
    call.bytes("text/csv", file).send().await
}

/// Sends a file and does what its job does.
async fn import(app: &TestApp, world: &World, query: &str, file: impl Into<Vec<u8>>) -> Value {
    let id = id_of(&send(app, world, query, file).await);
    run(app, world, id).await;
    show(app, world, id).await
}

fn id_of(begun: &Answer) -> ContactImportId {
    begun.data(201)["id"].as_str().unwrap().parse().unwrap()
}

/// A test's app runs no jobs.
async fn run(app: &TestApp, world: &World, id: ContactImportId) {
    assert!(matches!(work::run(&app.app, world.ours.scope, id, 1).await.unwrap(), Done::Yes));
}

async fn show(app: &TestApp, world: &World, id: ContactImportId) -> Value {
    app.get(&format!("/api/contacts/imports/{id}"), &world.ours.manager).await.data(200).clone()
}

async fn report(app: &TestApp, world: &World, shown: &Value) -> String {
    app.get(shown["report"].as_str().unwrap(), &world.ours.manager).await.text
}

async fn found(app: &TestApp, world: &World, search: &str) -> Value {
    let found = app.get(&format!("/api/contacts?search={search}"), &world.ours.manager).await;
    found.data(200)[0].clone()
}

fn counts(shown: &Value) -> [i64; 4] {
    ["made", "updated", "skipped", "refused"].map(|count| shown[count].as_i64().unwrap())
}

on_both_databases! {
    async fn a_preview_tells_what_a_file_would_come_to_and_writes_nothing(app) {
        let world = World::create(app).await;
        let file = "\u{feff}Vorname;Nachname;Telefon;tier;Schuhgröße\r\nAnn;Änderung;030 5550177;gold;38\r\nBob;;nobody;;\r\n\
                    Cid;;+4930555000;;\r\nDee;;+4930555044;bronze;\r\nEve;;+4930 5550177;;\r\n";
        let dump = "SELECT number AS row FROM contact_number ORDER BY number";
        let before = texts(&app.app, dump).await;
        let seen = send(app, &world, "preview=true&country=DE", file).await;
        let seen = seen.data(200);
        assert_eq!((&seen["delimiter"], &seen["encoding"], &seen["rows"]), (&json!("semicolon"), &json!("utf-8"), &json!(5)));
        let fields: Vec<_> = seen["columns"].as_array().unwrap().iter().map(|column| column["field"].as_str()).collect();
        assert_eq!(fields, [Some("firstName"), Some("lastName"), Some("number"), Some("custom.tier"), None]);
        assert_eq!(counts(seen), [1, 0, 2, 2]);
        assert_eq!(seen["preview"][0]["contact"]["name"], "Ann Änderung");
        assert_eq!(seen["preview"][0]["contact"]["number"], "+49305550177");
        let problems: Vec<_> = seen["problems"].as_array().unwrap().iter().map(|one| (one["row"].as_i64().unwrap(), one["column"].as_str().unwrap())).collect();
        assert_eq!(problems, [(3, "Telefon"), (4, ""), (5, "tier"), (6, "")], "{seen}");
        assert_eq!(texts(&app.app, dump).await, before);
        assert_eq!(texts(&app.app, "SELECT state AS row FROM contact_import WHERE storage_key IS NOT NULL").await, [""; 0]);
    }

    async fn a_job_imports_what_the_preview_has_told_and_reports_each_row_that_was_left_out(app) {
        let world = World::create(app).await;
        let file = "number,name,tags,other numbers,blocked\n+49305550177,Ann,\"vip, north\",+12025550111|+12025550112,no\nnobody,\"=1+1\",,,\n\
                    +4930555000,Known,,,\n+12025550112,Ann again,,,\n+12025550113,Bob,,+12025550111,yes\n";
        let shown = import(app, &world, "", file).await;
        assert_eq!((&shown["state"], &shown["rows"], &shown["percent"]), (&json!("completed"), &json!(5), &json!(100)));
        assert_eq!(counts(&shown), [1, 0, 2, 2], "{shown}");
        let ann = found(app, &world, "0112").await;
        assert_eq!((&ann["name"], &ann["tags"]), (&json!("Ann"), &json!(["north", "vip"])));
        assert_eq!(ann["otherNumbers"], json!(["+12025550111", "+12025550112"]));
        let lines = report(app, &world, &shown).await;
        let lines: Vec<_> = lines.lines().collect();
        assert_eq!(lines[0], "row,outcome,number,column,reason");
        assert!(lines[1].starts_with("3,refused,nobody,number,"), "{lines:?}");
        assert_eq!(lines[2..4], ["4,skipped,+4930555000,,a contact has this number", "5,skipped,+12025550112,,a contact has this number"]);
        assert_eq!(lines[4], "6,refused,+12025550113,,another contact has the number +12025550111");
        assert_eq!(lines.len(), 5);
    }

    async fn a_report_names_a_number_as_privacy_finds_it(app) {
        let world = World::create(app).await;
        let shown = import(app, &world, "country=DE", "number,email\n030 / 123456,nobody\n").await;
        assert_eq!(report(app, &world, &shown).await.lines().nth(1).unwrap(), "2,refused,+4930123456,email,must be an address as in ann@example.com");
    }

    async fn a_number_that_is_known_is_skipped_updated_or_refused_as_wished(app) {
        let world = World::create(app).await;
        let file = "number,company,tags,custom.since,email\n+4930555000,Acme,new,2026,\n";
        assert_eq!(counts(&import(app, &world, "duplicates=skip", file).await), [0, 0, 1, 0]);
        assert_eq!(counts(&import(app, &world, "duplicates=refuse", file).await), [0, 0, 0, 1]);
        assert!(found(app, &world, "ours%20caller").await.get("company").is_none());
        assert_eq!(counts(&import(app, &world, "duplicates=update", file).await), [0, 1, 0, 0]);
        let updated = found(app, &world, "acme").await;
        assert_eq!((&updated["name"], &updated["tags"]), (&json!("ours caller"), &json!(["known", "new"])));
        assert_eq!((&updated["custom"], &updated["blocked"]), (&json!({"tier": "gold", "since": "2026"}), &json!(true)));
    }

    async fn columns_and_signs_can_be_said_and_old_encodings_are_told(app) {
        let world = World::create(app).await;
        let seen = send(app, &world, "preview=true&delimiter=tab&columns=-,name,number", b"a\tb\tc\n1\tZo\xeb\t+12025550111\n".to_vec()).await;
        let seen = seen.data(200);
        assert_eq!((&seen["encoding"], &seen["preview"][0]["contact"]["name"]), (&json!("windows-1252"), &json!("Zoë")));
        for (query, file, field) in [
            ("", &b"name\nAnn\n"[..], "columns"), ("columns=nonsense,number", &b"a,b\n"[..], "columns"), ("", &b""[..], "body"),
            ("", &b"n\0u\0m\0"[..], "body"), ("country=Germany", &b"number\n"[..], "country"),
        ] {
            let refused = send(app, &world, query, file).await;
            assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), [field], "{query}");
        }
        let call = app.call("POST", "/api/contacts/import").by(&world.ours.manager);
        call.json(json!({})).send().await.is_refused(415, "UNSUPPORTED_MEDIA_TYPE");
        let agent = app.call("POST", "/api/contacts/import").by(&world.ours.agent);
        agent.bytes("text/csv", "number\n").send().await.is_refused(403, "FORBIDDEN");
    }

    async fn a_preview_tells_what_the_job_does_though_rows_are_far_apart(app) {
        let world = World::create(app).await;
        let rest: String = (0..150).map(|row| format!("+1202556{row:04},Row {row},\n")).collect();
        // The first two gain numbers by which the last ones mean them.
        let file = format!("number,name,other numbers\n+4930555000,,+12025550111\n+12025550112,Ann,+12025550113\n{rest}\
                            +12025550111,Caller,+4930555000\n+12025550113,Anna,\n+12025550114,,+12025550111\n");
        for duplicates in ["update", "skip"] {
            let seen = send(app, &world, &format!("preview=true&duplicates={duplicates}"), file.clone()).await;
            let done = import(app, &world, &format!("duplicates={duplicates}"), file.clone()).await;
            assert_eq!(counts(seen.data(200)), counts(&done), "{duplicates}");
            if duplicates == "update" {
                assert_eq!(counts(&done), [151, 3, 0, 1]);
                assert_eq!(found(app, &world, "0113").await["name"], "Anna");
            }
        }
    }

    async fn a_file_that_would_burst_something_is_refused_before_it_begins(app) {
        let world = World::create(app).await;
        let many = format!("number\n{}", "1\n".repeat(200_001));
        let long = format!("number,notes\n+12025550111,\"{}\"\n", "a".repeat(300 << 10));
        let open = format!("number,notes\n+12025550111,\"{}\n", "a\n".repeat(200 << 10));
        let wide = format!("number{}\n", ",x".repeat(200));
        for file in [many, long, open, wide] {
            for query in ["", "preview=true"] {
                let refused = send(app, &world, query, file.clone()).await;
                assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["body"], "{}", refused.text);
            }
        }
        assert_eq!(texts(&app.app, "SELECT state AS row FROM contact_import WHERE storage_key IS NOT NULL").await, [""; 0]);
        // However wrong a row is, little is told of it.
        let choices: Vec<_> = (0..100).map(|choice| format!("{choice}{}", "x".repeat(190))).collect();
        let field = json!({"name": "kind", "kind": "choice", "choices": choices});
        app.post("/api/contact-fields", &world.ours.owner, field).await.data(201);
        let file = format!("number,kind,{}\n+12025550177,none,nobody\n", "h".repeat(5_000));
        let shown = import(app, &world, "columns=number,custom.kind,email", file).await;
        assert_eq!(counts(&shown), [0, 0, 0, 1]);
        let told = report(app, &world, &shown).await;
        assert!(told.lines().count() == 3 && told.len() < 1_000, "{told}");
    }

    async fn an_import_that_was_killed_goes_on_behind_its_last_row(app) {
        let world = World::create(app).await;
        let rows: String = (0..950).map(|row| format!("+1202555{row:04},\"Name\n{row}\"\n")).collect();
        let id = id_of(&send(app, &world, "", format!("number,name\n{rows}")).await);
        let row = contact_imports::get(world.ours.scope, app.app.db.reader(), id).await.unwrap();
        let key = row.storage_key.unwrap();
        // Three transactions, and whoever did them is gone.
        work::some(&app.app, world.ours.scope, id, 3).await.unwrap();
        let before = show(app, &world, id).await;
        assert_eq!((&before["state"], &before["rows"], &before["made"]), (&json!("running"), &json!(300), &json!(300)));
        run(app, &world, id).await;
        let after = show(app, &world, id).await;
        assert_eq!((&after["state"], &after["rows"]), (&json!("completed"), &json!(950)));
        assert_eq!(counts(&after), [950, 0, 0, 0]);
        let names = "SELECT count(*) || '' AS row FROM contact WHERE name LIKE 'Name%'";
        assert_eq!(texts(&app.app, names).await, ["950"]);
        assert!(app.app.storage.get(&key).await.unwrap().is_none(), "a settled import keeps no file");
        run(app, &world, id).await;
        assert_eq!(show(app, &world, id).await["made"], 950, "twice is once");
    }

    async fn an_import_is_one_for_one_key_stops_when_told_and_three_are_enough(app) {
        let world = World::create(app).await;
        let send = async |key: &str, file: &str| {
            let call = app.call("POST", "/api/contacts/import").by(&world.ours.manager).header("idempotency-key", key);
            call.bytes("text/csv", file).send().await
        };
        let first = id_of(&send("one", "number\n+12025550111\n").await);
        assert_eq!(id_of(&send("one", "number\n+12025550111\n").await), first);
        send("one", "number\n+12025550112\n").await.is_refused(422, "IDEMPOTENCY_KEY_REUSED");
        id_of(&send("two", "number\n+12025550112\n").await);
        send("three", "number\n").await.is_refused(409, "TOO_MANY_IMPORTS");
        let jobs = world.ours.scope.find::<job::Entity>().filter(job::Column::Kind.eq(JobKind::ImportContacts));
        assert_eq!(jobs.all(app.app.db.reader()).await.unwrap().len(), 2);
        let path = format!("/api/contacts/imports/{first}");
        app.delete(&path, &world.ours.manager).await.data(200);
        app.delete(&path, &world.ours.manager).await.data(200);
        run(app, &world, first).await;
        let shown = show(app, &world, first).await;
        assert_eq!((&shown["state"], &shown["made"]), (&json!("cancelled"), &json!(0)));
        let listed = app.get("/api/contacts/imports?limit=1", &world.ours.manager).await;
        assert_eq!(listed.data(200).as_array().unwrap().len(), 1);
        assert!(listed.body["nextCursor"].is_string());
    }

    async fn what_is_exported_goes_in_again_and_a_formula_stays_a_text(app) {
        let world = World::create(app).await;
        let body = json!({
            "number": "+12025550111", "otherNumbers": ["+12025550112"], "name": "=HYPERLINK(\"x\")", "company": "'t Hooft, \"Ltd\"",
            "notes": "two\nlines", "tags": ["a,b", "ü"], "custom": {"tier": "gold", "x": "1;2"}, "email": "ann@example.com", "blocked": true,
        });
        let made = app.post("/api/contacts", &world.ours.owner, body).await.data(201).clone();
        let csv = app.get("/api/contacts/export?search=hooft", &world.ours.manager).await.text;
        assert!(csv.contains("\"'=HYPERLINK(\"\"x\"\")\""), "{csv}");
        assert_eq!(csv.matches("\r\n").count(), 2, "{csv}");
        let all = app.get("/api/contacts/export", &world.ours.manager).await.text;
        let path = format!("/api/contacts/{}", made["id"].as_str().unwrap());
        app.delete(&path, &world.ours.manager).await.data(200);
        assert_eq!(counts(&import(app, &world, "", all).await), [1, 0, 2, 0]);
        let again = found(app, &world, "hooft").await;
        for field in ["number", "otherNumbers", "name", "company", "notes", "tags", "custom", "email", "blocked"] {
            assert_eq!(again[field], made[field], "{field}");
        }
        let lines = app.get("/api/contacts/export?format=ndjson&blocked=true", &world.ours.manager).await.text;
        let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let names: Vec<_> = lines.iter().map(|line| line["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["=HYPERLINK(\"x\")", "ours caller"]);
        assert_eq!((&lines[0]["tags"], &lines[0]["blocked"]), (&json!(["a,b", "ü"]), &json!(true)));
        let nothing = app.get("/api/contacts/export?search=nobody", &world.ours.manager).await.text;
        assert_eq!(nothing.lines().count(), 1, "the header alone");
        app.get("/api/contacts/export", &world.ours.agent).await.is_refused(403, "FORBIDDEN");
    }
}
