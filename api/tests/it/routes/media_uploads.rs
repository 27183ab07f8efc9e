//! /api/media/uploads: the tus protocol, by hand and by its official client

use std::path::PathBuf;
use std::time::Duration;

use calldocker::app::App;
use calldocker::bus::Delivery;
use calldocker::media::upload;
use clock::Clock;
use entity::id::MediaId;
use entity::{MediaState, job, media_part};
use futures_util::StreamExt;
use sea_orm::PaginatorTrait;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::process::Command;

use super::exports::until;
use super::media::{files, open, stored};
use crate::support::{Answer, Backend, Person, TestApp, World, on_both_databases};

const UPLOADS: &str = "/api/media/uploads";
const PART: &str = "application/offset+octet-stream";

/// A text of so many bytes, of which no two pieces are the same.
fn text(size: usize) -> Vec<u8> {
    let mut text = String::with_capacity(size + 10);
    let mut line = 0;
    while text.len() < size {
        text.push_str(&format!("{line}\n"));
        line += 1;
    }
    text.truncate(size);
    text.into_bytes()
}

async fn begin(app: &TestApp, by: &Person, size: usize) -> String {
    let begun = app.call("POST", UPLOADS).by(by).header("tus-resumable", "1.0.0");
    let begun = begun
        .header("upload-length", &size.to_string())
        .header("upload-metadata", "filename YS50eHQ=")
        .send()
        .await;
    assert_eq!(begun.status, 201, "{}", begun.text);
    begun.headers["location"].to_str().unwrap().to_owned()
}

async fn send(app: &TestApp, by: &Person, path: &str, offset: usize, bytes: &[u8]) -> Answer {
    let call = app.call("PATCH", path).by(by).header("tus-resumable", "1.0.0");
    call.header("upload-offset", &offset.to_string()).bytes(PART, bytes).send().await
}

async fn offset(app: &TestApp, by: &Person, path: &str) -> u64 {
    let head = app.call("HEAD", path).by(by).header("tus-resumable", "1.0.0").send().await;
    assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
    head.headers["upload-offset"].to_str().unwrap().parse().unwrap()
}

fn id(path: &str) -> Value {
    json!(path.rsplit('/').next().unwrap())
}

async fn parts(app: &TestApp, world: &World) -> u64 {
    world.ours.scope.find::<media_part::Entity>().count(app.app.db.reader()).await.unwrap()
}

on_both_databases! {
    async fn an_upload_in_parts_goes_on_where_it_stands(app) {
        let world = World::create(app).await;
        app.app.start_work().await.unwrap();
        let (agent, whole, before) = (&world.ours.agent, text(30_000), files(app, &world));
        let path = begin(app, agent, whole.len()).await;
        assert_eq!(offset(app, agent, &path).await, 0);
        let first = send(app, agent, &path, 0, &whole[..10_000]).await;
        assert_eq!((first.status.as_u16(), &first.headers["upload-offset"], &first.headers["tus-resumable"]), (204, &"10000".parse().unwrap(), &"1.0.0".parse().unwrap()));
        assert_eq!(first.headers["upload-expires"], "Tue, 03 Mar 2026 12:00:00 GMT");
        send(app, agent, &path, 0, &whole[..10_000]).await.is_refused(409, "UPLOAD_OFFSET");
        send(app, agent, &path, 20_000, &whole[20_000..]).await.is_refused(409, "UPLOAD_OFFSET");
        let shown = app.get(&format!("/api/media/{}", id(&path).as_str().unwrap()), agent).await;
        assert_eq!((&shown.data(200)["state"], shown.data(200).get("url")), (&json!("uploading"), None));
        send(app, agent, &path, 10_000, &[&whole[10_000..], b"more".as_slice()].concat()).await.is_refused(422, "MEDIA_TOO_LARGE");
        assert_eq!(offset(app, agent, &path).await, 10_000);
        assert_eq!(send(app, agent, &path, 10_000, &whole[10_000..]).await.status, 204);
        let shown = app.get(&format!("/api/media/{}", id(&path).as_str().unwrap()), agent).await;
        let data = shown.data(200);
        assert_eq!((&data["state"], &data["contentType"], &data["name"]), (&json!("ready"), &json!("text/plain"), &json!("a.txt")));
        assert_eq!(data["sha256"], hex::encode(Sha256::digest(&whole)));
        assert_eq!(open(app, &data["url"]).await.bytes().await.unwrap(), whole);
        assert_eq!(offset(app, agent, &path).await, 30_000, "a client that has not heard of the last part learns it");
        until("its parts are deleted", async || parts(app, &world).await == 0 && files(app, &world) == before + 1).await;
    }

    async fn an_upload_is_its_owners_and_may_be_given_up(app) {
        let world = World::create(app).await;
        app.app.start_work().await.unwrap();
        let (agent, before) = (&world.ours.agent, files(app, &world));
        let path = begin(app, agent, 100).await;
        assert_eq!(send(app, agent, &path, 0, &text(50)).await.status, 204);
        for other in [&world.ours.owner, &world.ours.manager, &world.theirs.agent] {
            app.get(&path, other).await.is_refused(404, "MEDIA_NOT_FOUND");
            send(app, other, &path, 50, &text(50)).await.is_refused(404, "MEDIA_NOT_FOUND");
            app.delete(&path, other).await.is_refused(404, "MEDIA_NOT_FOUND");
        }
        assert_eq!(app.delete(&path, agent).await.status, 204);
        send(app, agent, &path, 50, &text(50)).await.is_refused(404, "MEDIA_NOT_FOUND");
        until("nothing is left of it", async || {
            files(app, &world) == before && stored(app, &world, &id(&path)).await.is_none()
        }).await;
    }

    async fn what_is_not_taken_is_refused_by_its_first_bytes(app) {
        let world = World::create(app).await;
        let owner = &world.ours.owner;
        let page = [b"<html>".as_slice(), &text(20_000)].concat();
        let path = begin(app, owner, 50_000).await;
        send(app, owner, &path, 0, &page).await.is_refused(422, "MEDIA_TYPE_REFUSED");
        app.get(&path, owner).await.is_refused(404, "MEDIA_NOT_FOUND");
        let path = begin(app, owner, 10).await;
        assert_eq!(send(app, owner, &path, 0, b"<html").await.status, 204, "too little to tell");
        send(app, owner, &path, 5, b"><b>x").await.is_refused(422, "MEDIA_TYPE_REFUSED");
        let limits = &app.app.settings.media;
        let path = begin(app, owner, usize::try_from(limits.document).unwrap() + 1).await;
        send(app, owner, &path, 0, &text(10_000)).await.is_refused(422, "MEDIA_TOO_LARGE");
        let call = |size: &str| app.call("POST", UPLOADS).by(owner).header("upload-length", size);
        call(&(limits.video + 1).to_string()).send().await.is_refused(413, "BODY_TOO_LARGE");
        call("0").send().await.is_refused(422, "VALIDATION_FAILED");
        call("-1").send().await.is_refused(400, "INVALID_PARAMETER");
        let other = call("10").header("tus-resumable", "0.2.2").send().await;
        assert_eq!(other.is_refused(412, "TUS_VERSION_UNKNOWN").headers["tus-version"], "1.0.0");
        let asked = app.call("OPTIONS", UPLOADS).send().await;
        assert_eq!((asked.status.as_u16(), &asked.headers["tus-extension"]), (204, &"creation,expiration,termination".parse().unwrap()));
        let path = begin(app, owner, 10).await;
        let typed = app.call("PATCH", &path).by(owner).header("upload-offset", "0").text("text/plain", "0123456789");
        typed.send().await.is_refused(415, "UNSUPPORTED_MEDIA_TYPE");
    }

    async fn an_upload_that_nobody_completes_is_forgotten(app) {
        let world = World::create(app).await;
        let (agent, before) = (&world.ours.agent, files(app, &world));
        let path = begin(app, agent, 100).await;
        assert_eq!(send(app, agent, &path, 0, &text(50)).await.status, 204);
        app.clock.advance(Duration::from_secs(24 * 3600)).await;
        app.app.start_work().await.unwrap();
        until("nothing is left of it", async || {
            files(app, &world) == before && stored(app, &world, &id(&path)).await.is_none()
        }).await;
    }

    async fn what_came_before_the_connection_was_lost_is_kept(app) {
        let world = World::create(app).await;
        let (agent, whole) = (&world.ours.agent, text(50_000));
        let path = begin(app, agent, whole.len()).await;
        let mut line = TcpStream::connect(app.url.trim_start_matches("http://")).await.unwrap();
        let head = format!(
            "PATCH {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\nupload-offset: 0\r\ncontent-type: {PART}\r\n\
             content-length: {}\r\n\r\n",
            agent.token,
            whole.len()
        );
        line.write_all(head.as_bytes()).await.unwrap();
        line.write_all(&whole[..20_000]).await.unwrap();
        line.shutdown().await.unwrap();
        drop(line);
        until("what came is kept", async || offset(app, agent, &path).await == 20_000).await;
        assert_eq!(send(app, agent, &path, 20_000, &whole[20_000..]).await.status, 204);
        let row = stored(app, &world, &id(&path)).await.unwrap();
        assert_eq!((row.state, row.sha256), (MediaState::Ready, Some(hex::encode(Sha256::digest(&whole)))));
    }

    async fn another_node_goes_on_and_puts_together_what_a_killed_one_has_left(app) {
        let world = World::create(app).await;
        let (agent, whole) = (&world.ours.agent, text(9 << 20));
        let path = begin(app, agent, whole.len()).await;
        assert_eq!(send(app, agent, &path, 0, &whole[..1 << 20]).await.status, 204);
        let other = App::build(app.app.settings.clone(), app.clock.clone(), Delivery::Deliver).await.unwrap();
        let media: MediaId = id(&path).as_str().unwrap().parse().unwrap();
        let rest = futures_util::stream::iter(vec![Ok(bytes::Bytes::copy_from_slice(&whole[1 << 20..]))]).boxed();
        let row = upload::receive(&other, world.ours.scope, agent.user, media, 1 << 20, rest).await.unwrap();
        assert_eq!((row.state, row.sha256), (MediaState::Ready, Some(hex::encode(Sha256::digest(&whole)))));

        // All of it is there, and the node that took the last part was killed before it could put it together.
        let path = begin(app, agent, 100).await;
        assert_eq!(send(app, agent, &path, 0, &text(99)).await.status, 204);
        let killed = stored(app, &world, &id(&path)).await.unwrap();
        let last = format!("{}/media/{}/part-last", world.ours.id, killed.id);
        app.app.storage.put(&last, bytes::Bytes::from_static(b"!")).await.unwrap();
        let tx = app.app.db.begin().await.unwrap();
        let part = media_part::Model {
            company_id: world.ours.id, media_id: killed.id, starts_at: 99, size_bytes: 1, storage_key: last,
        };
        world.ours.scope.insert::<media_part::Entity, _>(&tx, part).await.unwrap();
        let row = entity::media::Model { state: MediaState::Processing, received_bytes: 100, ..killed.clone() };
        world.ours.scope.save::<entity::media::Entity, _>(&tx, row.id, row).await.unwrap();
        let job = job::Model {
            id: app.app.ids.next(), company_id: world.ours.id, kind: entity::JobKind::FinishMedia, subject_id: killed.id.0,
            payload: json!({}), run_at: app.clock.now(), state: entity::JobState::Queued, attempts: 0, node_id: None,
            lease_until: None, last_error: None, created_at: app.clock.now(),
        };
        world.ours.scope.insert::<job::Entity, _>(&tx, job).await.unwrap();
        tx.commit().await.unwrap();
        other.start_work().await.unwrap();
        app.clock.advance(Duration::from_secs(2)).await;
        let expected = hex::encode(Sha256::digest([&text(99)[..], b"!"].concat()));
        until("it is put together", async || {
            stored(app, &world, &id(&path)).await.unwrap().sha256.as_ref() == Some(&expected)
        }).await;
        other.db.clone().close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_official_client_uploads_and_goes_on_after_a_lost_connection() {
    let scripts = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/node");
    assert!(
        scripts.join("node_modules/tus-js-client").is_dir(),
        "If you are here because this failed: the official client is missing, run `make node`"
    );
    let app = TestApp::on(Backend::Sqlite).await.expect("SQLite is always there");
    let world = World::create(&app).await;
    let mut node = Command::new("node");
    node.arg("tus.test.mjs")
        .arg(&app.url)
        .arg(&world.ours.agent.token)
        .current_dir(scripts)
        .kill_on_drop(true);
    let output = Clock::machine().timeout(Duration::from_secs(60), node.output()).await;
    let output = output.expect("the script ends within a minute").expect("Node is installed");
    let (said, complained) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{complained}");
    app.close().await;
}
