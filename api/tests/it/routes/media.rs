//! /api/media, and the links to files

use std::io::Cursor;
use std::time::Duration;

use chrono::TimeDelta;
use entity::{MediaState, media};
use image::codecs::jpeg::JpegEncoder;
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::exports::until;
use crate::support::{Answer, Backend, FORM, Person, TestApp, World, form, on_both_databases, png, wav};

/// A page that would run in the place of ours.
const PAGE: &[u8] = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(document.cookie)</script></svg>";

pub async fn upload(app: &TestApp, by: &Person, name: &str, content: &[u8]) -> Answer {
    app.call("POST", "/api/media").by(by).bytes(FORM, form(name, content)).send().await
}

/// What is at a link of ours, wherever this server thinks that it is.
pub fn fetch(app: &TestApp, link: &Value) -> RequestBuilder {
    let link = link.as_str().expect("a link").replace(&app.app.settings.public_url, &app.url);
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    client.build().unwrap().get(link)
}

pub async fn open(app: &TestApp, link: &Value) -> Response {
    fetch(app, link).send().await.unwrap()
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

pub async fn stored(app: &TestApp, world: &World, id: &Value) -> Option<media::Model> {
    let id: entity::id::MediaId = id.as_str().unwrap().parse().unwrap();
    world.ours.scope.find_by_id::<media::Entity>(id).one(app.app.db.reader()).await.unwrap()
}

/// Files of this company's media.
pub fn files(app: &TestApp, world: &World) -> usize {
    fn count(folder: &std::path::Path) -> usize {
        let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
        let entries = entries.map(|entry| entry.unwrap().path());
        entries.map(|path| if path.is_dir() { count(&path) } else { 1 }).sum()
    }
    count(&app.app.settings.data_dir.join("files").join(world.ours.id.to_string()).join("media"))
}

fn photo(width: u32, height: u32) -> Vec<u8> {
    let picture = image::RgbImage::from_fn(width, height, |x, y| [x as u8, y as u8, 7].into());
    let mut out = Vec::new();
    picture.write_with_encoder(JpegEncoder::new_with_quality(&mut out, 90)).unwrap();
    out
}

on_both_databases! {
    async fn a_file_is_known_by_its_content_and_fetched_by_its_link(app) {
        let world = World::create(app).await;
        let made = upload(app, &world.ours.agent, "..\\\\Zoë.exe", &png()).await;
        let data = made.data(201);
        assert_eq!(
            (&data["kind"], &data["contentType"], &data["state"], &data["name"], &data["sizeBytes"]),
            (&json!("image"), &json!("image/png"), &json!("ready"), &json!("Zoë.exe"), &json!(png().len()))
        );
        assert_eq!(data["sha256"], hex::encode(Sha256::digest(png())));
        assert_eq!(data["ownerId"], json!(world.ours.agent.user));
        let got = open(app, &data["url"]).await;
        assert_eq!(got.status(), 200);
        assert_eq!(header(&got, "content-type"), "image/png");
        assert_eq!(header(&got, "x-content-type-options"), "nosniff");
        assert_eq!(header(&got, "content-security-policy"), "default-src 'none'; sandbox");
        assert_eq!(header(&got, "content-disposition"), "inline; filename=\"Zo_.exe\"; filename*=UTF-8''Zo%C3%AB.exe");
        assert_eq!(header(&got, "cache-control"), "private, max-age=7200");
        let tag = header(&got, "etag").to_owned();
        assert_eq!(got.bytes().await.unwrap(), png());
        let part = fetch(app, &data["url"]).header("range", "bytes=1-3").send().await.unwrap();
        assert_eq!((part.status().as_u16(), header(&part, "content-range")), (206, format!("bytes 1-3/{}", png().len()).as_str()));
        assert_eq!(part.bytes().await.unwrap(), b"PNG".as_slice());
        let known = fetch(app, &data["url"]).header("if-none-match", tag).send().await.unwrap();
        assert_eq!(known.status(), 304);
        let beyond = fetch(app, &data["url"]).header("range", "bytes=9999-").send().await.unwrap();
        assert_eq!(beyond.status(), 416);
        let again = app.get(&format!("/api/media/{}", data["id"].as_str().unwrap()), &world.ours.agent).await;
        assert_eq!(again.data(200)["url"], data["url"], "within the hour it is the same, for browsers that keep files");
    }

    async fn a_link_ends_with_its_time_its_media_and_its_signature(app) {
        let world = World::create(app).await;
        let made = upload(app, &world.ours.owner, "a.png", &png()).await;
        let (id, link) = (made.data(201)["id"].as_str().unwrap().to_owned(), made.data(201)["url"].clone());
        let text = link.as_str().unwrap();
        for forged in [
            text.replace(&id, &world.ours.media.to_string()),
            text.replace(&world.ours.id.to_string(), &world.theirs.id.to_string()),
            text.replace("/files/", "/exports/"),
            text.replace("?until=", "/thumbnail?until="),
            text.replace("until=", "until=9"),
            text.split('?').next().unwrap().to_owned(),
        ] {
            assert_eq!(open(app, &json!(forged)).await.status(), 404, "{forged}");
        }
        assert_eq!(open(app, &link).await.status(), 200);
        let path = format!("/api/media/{}", world.ours.media);
        let fresh = app.get(&path, &world.ours.manager).await.data(200)["url"].clone();
        assert_eq!(open(app, &fresh).await.status(), 200);
        assert_eq!(app.delete(&path, &world.ours.owner).await.status, 200);
        assert_eq!(open(app, &fresh).await.status(), 404, "it is deleted");
        app.get(&path, &world.ours.owner).await.is_refused(404, "MEDIA_NOT_FOUND");
        app.delete(&path, &world.ours.owner).await.is_refused(404, "MEDIA_NOT_FOUND");
        app.clock.advance(Duration::from_secs(2 * 3600)).await;
        assert_eq!(open(app, &link).await.status(), 404, "its time is over");
    }

    async fn what_is_not_taken_leaves_nothing(app) {
        let world = World::create(app).await;
        app.app.start_work().await.unwrap();
        let (owner, before) = (&world.ours.owner, files(app, &world));
        for refused in [PAGE, b"<html>", b"MZ\x90\0\x03\0\0\0", b"#!/bin/sh\n", b"", b"PK\x03\x04 an archive of whatever"] {
            upload(app, owner, "picture.png", refused).await.is_refused(422, "MEDIA_TYPE_REFUSED");
        }
        let late = [&b"x".repeat(10_000)[..], PAGE].concat();
        assert_eq!(upload(app, owner, "a.txt", &late).await.data(201)["contentType"], "text/plain");
        let large = vec![b'x'; app.app.settings.max_file_size + 1];
        upload(app, owner, "a.txt", &large).await.is_refused(422, "MEDIA_TOO_LARGE");
        app.post("/api/media", owner, json!({})).await.is_refused(415, "UNSUPPORTED_MEDIA_TYPE");
        let no_file = String::from_utf8(form("a", b"")).unwrap().replace("name=\"file\"", "name=\"other\"");
        let refused = app.call("POST", "/api/media").by(owner).bytes(FORM, no_file).send().await;
        refused.is_refused(400, "VALIDATION_FAILED");
        until("the files of what was refused are deleted", async || files(app, &world) == before + 1).await;
    }

    async fn a_document_is_saved_and_never_shown_as_a_page(app) {
        let world = World::create(app).await;
        let made = upload(app, &world.ours.owner, "figures.csv", b"a,b\r\n1,2\r\n").await;
        let got = open(app, &made.data(201)["url"]).await;
        assert_eq!(header(&got, "content-type"), "text/csv; charset=utf-8");
        assert_eq!(header(&got, "content-disposition"), "attachment; filename=\"figures.csv\"");
        let sound = upload(app, &world.ours.owner, "beep.wav", &wav()).await;
        assert_eq!((&sound.data(201)["kind"], &sound.data(201)["durationMs"]), (&json!("audio"), &json!(100)));
    }

    async fn what_is_shown_to_some_is_no_manager_s_to_see(app) {
        let world = World::create(app).await;
        let (agent, manager, colleague) = (&world.ours.agent, &world.ours.manager, &world.ours.chats.colleague);
        let file = async |by: &Person| upload(app, by, "a.png", &png()).await.data(201)["id"].as_str().unwrap().to_owned();
        let (said, posted, lying) = (file(agent).await, file(agent).await, file(agent).await);
        let listed = async |by: &Person| -> Vec<String> {
            let list = app.get("/api/media?limit=100", by).await;
            list.data(200).as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
        };
        assert!(listed(manager).await.contains(&said), "it lies about");
        let content = json!({ "type": "image", "mediaId": said });
        let message = app.post("/api/messages", agent, json!({ "chatId": world.ours.chats.private, "content": content })).await;
        let message = format!("/api/messages/{}", message.data(201)["id"].as_str().unwrap());
        let only = json!({ "who": "only", "userIds": [colleague.user] });
        app.post("/api/stories", agent, json!({ "mediaId": posted, "audience": only })).await.data(201);
        for person in [manager, &world.ours.owner, &world.admin] {
            let seen = listed(person).await;
            assert!(seen.contains(&lying) && !seen.contains(&said) && !seen.contains(&posted), "{seen:?}");
            for id in [&said, &posted] {
                let path = format!("/api/media/{id}");
                app.get(&path, person).await.is_refused(404, "MEDIA_NOT_FOUND");
                app.delete(&path, person).await.is_refused(404, "MEDIA_NOT_FOUND");
            }
        }
        assert_eq!(listed(agent).await.len(), 3, "his own");
        let seen = app.get(&message, colleague).await.data(200)["message"]["content"]["media"].clone();
        assert_eq!(open(app, &seen["url"]).await.status(), 200);
        // Nor when it is there no more.
        app.delete(&format!("{message}?forEveryone=true"), agent).await.data(200);
        app.get(&format!("/api/media/{said}"), manager).await.is_refused(404, "MEDIA_NOT_FOUND");
    }

    async fn an_agent_has_his_own_media_and_managers_all_of_the_company(app) {
        let world = World::create(app).await;
        let (agent, manager) = (&world.ours.agent, &world.ours.manager);
        let his = upload(app, agent, "a.png", &png()).await.data(201)["id"].as_str().unwrap().to_owned();
        let ids = |answer: &Answer| -> Vec<String> {
            let rows = answer.data(200).as_array().unwrap().iter();
            rows.map(|row| row["id"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(ids(&app.get("/api/media", agent).await), [his.as_str()]);
        assert_eq!(ids(&app.get("/api/media", manager).await).len(), 3);
        assert_eq!(ids(&app.get("/api/media?mine=true", manager).await), [""; 0]);
        let page = app.get("/api/media?limit=2", manager).await;
        let next = page.body["nextCursor"].as_str().unwrap().to_owned();
        assert_eq!((ids(&page).len(), ids(&app.get(&format!("/api/media?limit=2&cursor={next}"), manager).await).len()), (2, 1));
        assert_eq!(ids(&app.get("/api/media?kind=video", manager).await), [""; 0]);
        let owners = format!("/api/media/{}", world.ours.media);
        app.get(&owners, agent).await.is_refused(404, "MEDIA_NOT_FOUND");
        app.delete(&owners, agent).await.is_refused(404, "MEDIA_NOT_FOUND");
        app.get(&format!("/api/media/{his}"), &world.theirs.owner).await.is_refused(404, "MEDIA_NOT_FOUND");
        assert_eq!(app.delete(&format!("/api/media/{his}"), manager).await.status, 200);
        let row = stored(app, &world, &json!(his)).await.expect("it was shown: the row stays");
        assert_eq!((row.state, row.name, row.sha256), (MediaState::Deleted, None, None));
    }

    async fn a_picture_has_a_small_one_and_both_go_with_it(app) {
        let world = World::create(app).await;
        app.app.start_work().await.unwrap();
        let (owner, before) = (&world.ours.owner, files(app, &world));
        let made = upload(app, owner, "photo.jpg", &photo(1600, 900)).await;
        assert_eq!((&made.data(201)["width"], &made.data(201)["height"]), (&json!(1600), &json!(900)));
        let path = format!("/api/media/{}", made.data(201)["id"].as_str().unwrap());
        until("the thumbnail is made", async || app.get(&path, owner).await.data(200)["thumbnailUrl"].is_string()).await;
        let shown = app.get(&path, owner).await;
        let small = open(app, &shown.data(200)["thumbnailUrl"]).await;
        assert_eq!((small.status().as_u16(), header(&small, "content-type")), (200, "image/jpeg"));
        let (tag, bytes) = (header(&small, "etag").to_owned(), small.bytes().await.unwrap());
        let decoded = image::ImageReader::new(Cursor::new(&bytes)).with_guessed_format().unwrap();
        assert_eq!(decoded.into_dimensions().unwrap(), (320, 180));
        let known = fetch(app, &shown.data(200)["thumbnailUrl"]).header("if-none-match", tag).send().await.unwrap();
        assert_eq!(known.status(), 304);
        assert_eq!(files(app, &world), before + 2);
        assert_eq!(app.delete(&path, owner).await.status, 200);
        assert_eq!(open(app, &shown.data(200)["thumbnailUrl"]).await.status(), 404);
        until("both files are deleted", async || files(app, &world) == before).await;
    }
}

#[tokio::test]
async fn a_company_keeps_no_more_than_it_may() {
    let app =
        TestApp::with(Backend::Sqlite, &[("media_quota", "1000")]).await.expect("SQLite is always there");
    let world = World::create(&app).await;
    let (owner, text) = (&world.ours.owner, "x".repeat(700));
    let made = upload(&app, owner, "a.txt", text.as_bytes()).await;
    let path = format!("/api/media/{}", made.data(201)["id"].as_str().unwrap());
    upload(&app, owner, "b.txt", text.as_bytes()).await.is_refused(409, "MEDIA_QUOTA_EXCEEDED");
    let begun = app.call("POST", "/api/media/uploads").by(owner).header("upload-length", "700").send().await;
    begun.is_refused(409, "MEDIA_QUOTA_EXCEEDED");
    assert_eq!(
        upload(&app, &world.theirs.owner, "b.txt", text.as_bytes()).await.status,
        201,
        "others have their own"
    );
    assert_eq!(app.delete(&path, owner).await.status, 200);
    assert_eq!(upload(&app, owner, "b.txt", text.as_bytes()).await.status, 201);
    app.close().await;
}

#[tokio::test]
async fn an_upload_in_one_request_that_never_ends_is_forgotten() {
    let app = TestApp::on(Backend::Sqlite).await.expect("SQLite is always there");
    let world = World::create(&app).await;
    let before = files(&app, &world);
    let body = futures_util::stream::iter([
        Ok(form("a.txt", &b"x".repeat(100_000))),
        Err(std::io::Error::other("gone")),
    ]);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let sent = client.post(format!("{}/api/media", app.url)).bearer_auth(&world.ours.owner.token);
    let sent = sent.header("content-type", FORM);
    assert!(sent.body(reqwest::Body::wrap_stream(body)).send().await.is_err(), "the connection is lost");
    app.clock.advance((TimeDelta::hours(1) + TimeDelta::seconds(5)).to_std().unwrap()).await;
    app.app.start_work().await.unwrap();
    until("the row is gone", async || {
        let rows = world.ours.scope.find::<media::Entity>().all(app.app.db.reader()).await.unwrap();
        rows.len() == 3
    })
    .await;
    assert_eq!(files(&app, &world), before);
    app.close().await;
}

on_both_databases! {
    async fn what_an_erased_user_has_uploaded_goes_with_him(app) {
        let world = World::create(app).await;
        app.app.start_work().await.unwrap();
        let (manager, before) = (&world.ours.manager, files(app, &world));
        let made = upload(app, manager, "Ann on the beach.png", &png()).await;
        let (id, link) = (made.data(201)["id"].clone(), made.data(201)["url"].clone());
        let request = async |what: &str| {
            let asked = app.post(&format!("/api/privacy/{what}"), &world.ours.owner, json!({ "userId": manager.user })).await;
            let path = format!("/api/privacy/requests/{}", asked.data(201)["id"].as_str().unwrap());
            until("it is done", async || {
                app.get(&path, &world.ours.owner).await.data(200)["state"] == "completed"
            })
            .await;
            app.get(&path, &world.ours.owner).await.data(200).clone()
        };
        let taken_out = request("export").await;
        let archive = open(app, &taken_out["downloadUrl"]).await.bytes().await.unwrap();
        let holds = |words: &[u8]| archive.windows(words.len()).any(|window| window == words);
        assert!(holds(format!("media/{}", id.as_str().unwrap()).as_bytes()) && holds(&png()), "his file is in it");
        assert!(holds(b"data/media.json") && holds(b"Ann on the beach.png"));
        let erased = request("erase").await;
        let media = erased["erased"].as_array().unwrap().iter().find(|line| line["what"] == "media");
        assert_eq!(media.unwrap()["count"], 1);
        assert_eq!(open(app, &link).await.status(), 404);
        assert_eq!(stored(app, &world, &id).await.unwrap().name, None);
        until("his file is deleted", async || files(app, &world) == before).await;
    }
}
