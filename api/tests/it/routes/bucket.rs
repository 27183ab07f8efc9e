//! /api/settings/company/{companyId}/integrations/s3

use std::time::Duration;

use bytes::Bytes;
use calldocker::exports::work;
use calldocker::files;
use calldocker::jobs::Done;
use calldocker::storage::Link;
use entity::id::ExportId;
use serde_json::{Value, json};

use crate::support::store::{BUCKET, KEY, SECRET, Store};
use crate::support::{Backend, TestApp, World, on_both_databases, texts, wav};

fn path(world: &World) -> String {
    format!("/api/settings/company/{}/integrations/s3", world.ours.id)
}

fn place(store: &Store, prefix: &str) -> Value {
    json!({
        "endpoint": format!("http://{}", store.address), "region": "eu-central-1", "bucket": BUCKET, "prefix": prefix,
        "accessKeyId": KEY, "secretAccessKey": SECRET, "pathStyle": true,
    })
}

async fn with(store: &Store, backend: Backend) -> Option<TestApp> {
    TestApp::with(backend, &[("outbound_allow", &store.address.to_string())]).await
}

/// New files go to the bucket and nowhere else; each is read and erased where it lies, whatever the company says later.
async fn each_file_stays_where_it_was_stored(backend: Backend) {
    let store = Store::open().await;
    let Some(app) = with(&store, backend).await else { return };
    let world = World::create(&app).await;
    let (owner, scope) = (&world.ours.owner, world.ours.scope);
    app.get(&path(&world), owner).await.is_refused(404, "INTEGRATION_NOT_FOUND");
    let key = |name: &str| format!("{}/recordings/{name}.wav", world.ours.id);
    let put = async |name: &str| {
        files::put(&app.app, scope, &key(name), Bytes::from(name.to_owned())).await.unwrap();
    };
    let got = async |name: &str| files::get(&app.app, scope, &key(name)).await.unwrap();
    put("before").await;
    let answer = app.put(&path(&world), owner, place(&store, "/calls/of ours")).await;
    assert_eq!(answer.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/prefix"]);
    let answer = app.put(&path(&world), owner, place(&store, "/calls/")).await;
    assert_eq!((&answer.data(200)["prefix"], &answer.data(200)["linked"]), (&json!("calls/"), &json!(true)));
    let read = app.get(&path(&world), &world.ours.manager).await;
    assert!(!answer.text.contains(SECRET) && !read.text.contains(SECRET), "{}", read.text);
    assert!(!texts(&app.app, "SELECT secret_sealed AS row FROM bucket").await.concat().contains(SECRET));
    assert_eq!(store.files(), [""; 0], "what it was tried with is gone");

    put("while").await;
    assert_eq!(store.files(), [format!("calls/{}", key("while"))]);
    assert!(app.app.storage.get(&key("while")).await.unwrap().is_none(), "nowhere else");
    // Another prefix is another place.
    app.put(&path(&world), owner, place(&store, "second")).await.data(200);
    put("second").await;
    app.delete(&path(&world), owner).await.data(200);
    app.delete(&path(&world), owner).await.is_refused(404, "INTEGRATION_NOT_FOUND");
    put("after").await;
    assert_eq!(store.files(), [format!("calls/{}", key("while")), format!("second/{}", key("second"))]);
    for name in ["before", "while", "second", "after"] {
        assert_eq!(got(name).await.as_deref(), Some(name.as_bytes()), "{name}");
    }
    assert!(
        files::get(&app.app, world.theirs.scope, &key("while")).await.unwrap().is_none(),
        "another company has none"
    );

    let link = Link { valid_for: Duration::from_secs(60), content_type: "audio/wav", disposition: "inline" };
    assert!(
        files::link(&app.app, scope, &key("after"), link).await.unwrap().is_none(),
        "the platform streams"
    );
    let link = files::link(&app.app, scope, &key("while"), link).await.unwrap().expect("the bucket links");
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    assert_eq!(client.get(&link).send().await.unwrap().text().await.unwrap(), "while");

    for name in ["before", "while", "second", "after"] {
        files::delete(&app.app, scope, &key(name)).await.unwrap();
        assert!(got(name).await.is_none(), "{name}");
    }
    assert_eq!(store.files(), [""; 0]);
    assert!(texts(&app.app, "SELECT file_key AS row FROM bucket_file").await.is_empty());
    app.close().await;
    store.close();
}

#[tokio::test]
async fn each_file_stays_where_it_was_stored_on_sqlite() {
    each_file_stays_where_it_was_stored(Backend::Sqlite).await;
}

#[tokio::test]
async fn each_file_stays_where_it_was_stored_on_postgres() {
    each_file_stays_where_it_was_stored(Backend::Postgres).await;
}

#[tokio::test]
async fn an_export_lies_in_the_company_s_bucket_and_is_fetched_from_there_until_it_goes() {
    let store = Store::open().await;
    let app = with(&store, Backend::Sqlite).await.expect("SQLite is always there");
    let world = World::create(&app).await;
    let (owner, scope) = (&world.ours.owner, world.ours.scope);
    app.put(&path(&world), owner, place(&store, "")).await.data(200);
    let body = json!({"dataset": "calls", "from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"});
    let made = app.post("/api/exports", owner, body).await;
    let id: ExportId = made.data(201)["id"].as_str().expect("an id").parse().expect("an id");
    assert!(matches!(work::write(&app.app, scope, id, 1).await.unwrap(), Done::Yes));
    assert_eq!(store.files().len(), 1, "{:?}", store.files());
    let client =
        reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let content = client.get(format!("{}/api/exports/{id}/content", app.url)).bearer_auth(&owner.token);
    let content = content.send().await.unwrap();
    assert_eq!(content.status().as_u16(), 302);
    let link = content.headers()["location"].to_str().unwrap().to_owned();
    assert!(link.starts_with(&format!("http://{}/{BUCKET}/", store.address)), "{link}");
    let rows = client.get(link).send().await.unwrap().text().await.unwrap();
    assert!(rows.starts_with("callId,"), "{rows}");
    app.delete(&format!("/api/exports/{id}"), owner).await.data(200);
    assert!(matches!(work::delete(&app.app, scope, id).await.unwrap(), Done::Yes));
    assert_eq!(store.files(), [""; 0]);
    app.close().await;
    store.close();
}

#[tokio::test]
async fn a_bucket_that_cannot_be_used_is_not_saved_and_the_store_s_answer_is_told() {
    let store = Store::open().await;
    let app = with(&store, Backend::Sqlite).await.expect("SQLite is always there");
    let world = World::create(&app).await;
    for (changes, field) in [
        (json!({ "secretAccessKey": "another secret altogether" }), "/bucket"),
        (json!({ "endpoint": "http://127.0.0.1:9" }), "/endpoint"),
    ] {
        let mut body = place(&store, "");
        body.as_object_mut().expect("an object").extend(changes.as_object().expect("an object").clone());
        let refused = app.put(&path(&world), &world.ours.owner, body).await;
        assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), [field], "{changes}");
        assert!(!refused.text.contains("another secret"), "{}", refused.text);
    }
    app.put(&path(&world), &world.ours.owner, place(&store, "")).await.data(200);
    // A secret goes to no other place.
    let mut elsewhere = place(&store, "other");
    elsewhere.as_object_mut().expect("an object").remove("secretAccessKey");
    let refused = app.put(&path(&world), &world.ours.owner, elsewhere.clone()).await;
    assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/secretAccessKey"]);
    elsewhere["prefix"] = json!("");
    app.put(&path(&world), &world.ours.owner, elsewhere).await.data(200);
    app.close().await;
    store.close();
}

#[tokio::test]
async fn what_the_bucket_does_not_take_is_told_so_and_nothing_has_changed() {
    let store = Store::open().await;
    let app = with(&store, Backend::Sqlite).await.expect("SQLite is always there");
    let world = World::create(&app).await;
    let (owner, prompt) = (&world.ours.owner, format!("/api/prompts/{}", world.ours.prompt));
    app.put(&path(&world), owner, place(&store, "")).await.data(200);
    let before = app.get(&prompt, owner).await.data(200).clone();
    store.close();
    let audio = format!("{prompt}/audio/en-US");
    let put = app.call("PUT", &audio).by(owner).bytes("audio/wav", wav()).send().await;
    put.is_refused(503, "STORAGE_UNAVAILABLE");
    assert_eq!(app.get(&prompt, owner).await.data(200), &before);
    app.close().await;
}

on_both_databases! {
    async fn no_address_of_ours_and_no_private_one_is_an_endpoint(app) {
        let world = World::create(app).await;
        for endpoint in ["http://s3.example.com", "https://127.0.0.1", "https://10.0.0.1", "https://169.254.169.254",
            "https://[::1]", "https://0x7f000001", "ftp://s3.example.com", "https://user:pw@s3.example.com",
            "https://s3.example.com/path", "https://s3.example.com?x=1", "s3.example.com"] {
            let body = json!({ "endpoint": endpoint, "region": "eu-central-1", "bucket": "calls", "accessKeyId": "AK",
                "secretAccessKey": "secret" });
            let refused = app.put(&path(&world), &world.ours.owner, body).await;
            assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/endpoint"], "{endpoint}");
        }
    }
}
