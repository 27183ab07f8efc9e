//! /api/stories

use std::time::Duration;

use calldocker::identity::tokens;
use calldocker::store::stories as store;
use entity::id::StoryId;
use entity::{
    MediaState, MediaStore, StoryAudience, StoryKind, audit, media, outbox, story, story_listed, story_view,
};
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use super::exports::until;
use super::media::{files, open, stored, upload};
use crate::support::{Answer, Company, Person, TestApp, World, on_both_databases, png, wav};

pub const DAY: Duration = Duration::from_secs(24 * 3600);

pub async fn post(app: &TestApp, by: &Person, body: Value) -> String {
    id_of(app.post("/api/stories", by, body).await.data(201))
}

pub fn id_of(data: &Value) -> String {
    data["id"].as_str().expect("an id").to_owned()
}

/// Somebody whose access token has run out meanwhile, with a new one of the same session.
pub fn refreshed(app: &TestApp, company: &Company, person: &Person) -> Person {
    let membership = person.membership.map(|id| (id, company.id));
    let (now, life) = (app.clock.now(), app.app.settings.access_token_life);
    let claims = tokens::Claims::new(person.user, person.session, person.seat, membership, now, life);
    Person { token: tokens::sign(&app.app.keys, &claims).unwrap(), ..person.clone() }
}

pub async fn row(app: &TestApp, world: &World, id: &str) -> Option<story::Model> {
    let id: StoryId = id.parse().unwrap();
    world.ours.scope.find_by_id::<story::Entity>(id).one(app.app.db.reader()).await.unwrap()
}

/// The stories in somebody's feed but for that of the world, newest first.
async fn feed(app: &TestApp, world: &World, by: &Person) -> Vec<String> {
    let feed = app.get("/api/stories", by).await;
    let ids = feed.data(200).as_array().unwrap().iter().map(id_of);
    ids.filter(|id| *id != world.ours.story.to_string()).collect()
}

/// What people were told of this name: its rooms, and what was said. The oldest first.
async fn told(app: &TestApp, world: &World, event: &str) -> Vec<(Vec<String>, Value)> {
    let rows = world.ours.scope.find::<outbox::Entity>().filter(outbox::Column::Event.eq(event));
    let rows = rows.order_by_asc(outbox::Column::Seq).all(app.app.db.reader()).await.unwrap();
    let rooms = |row: &outbox::Model| serde_json::from_value(row.audience.clone()).unwrap();
    rows.into_iter().map(|row| (rooms(&row), row.payload)).collect()
}

fn room(person: &Person) -> String {
    format!("user:{}", person.user)
}

fn reach(rooms: &[String], person: &Person) -> bool {
    rooms.iter().any(|one| *one == room(person) || one == "company")
}

fn texts(answer: &Answer, name: &str) -> Vec<String> {
    let rows = answer.data(200).as_array().unwrap().iter();
    rows.map(|row| row[name].as_str().unwrap_or_default().to_owned()).collect()
}

on_both_databases! {
    async fn a_story_is_seen_in_the_company_and_nowhere_else(app) {
        let world = World::create(app).await;
        let (owner, manager, agent) = (&world.ours.owner, &world.ours.manager, &world.ours.agent);
        let made = app.post("/api/stories", agent, json!({"text": "  Lunch is here  ", "background": "#FFaa00"})).await;
        let data = made.data(201);
        assert_eq!((&data["kind"], &data["text"], &data["background"]), (&json!("text"), &json!("Lunch is here"), &json!("#FFaa00")));
        assert_eq!(data["own"], json!({"audience": {"who": "everyone", "userIds": []}, "views": 0, "highlightIds": []}));
        assert_eq!((data["postedAt"].as_str(), data["expiresAt"].as_str()), (Some("2026-03-02T12:00:00+00:00"), Some("2026-03-03T12:00:00+00:00")));
        let id = id_of(data);
        for (person, is_own) in [(owner, false), (manager, false), (agent, true)] {
            assert_eq!(feed(app, &world, person).await, [id.as_str()]);
            let shown = app.get(&format!("/api/stories/{id}"), person).await;
            let shown = shown.data(200);
            assert_eq!((shown["own"].is_object(), &shown["seen"]), (is_own, &json!(is_own)));
            assert_eq!(shown["userId"], json!(agent.user));
            assert!(!shown["userName"].as_str().unwrap().is_empty());
        }
        let (rooms, news) = told(app, &world, "new_story").await.pop().unwrap();
        assert_eq!(rooms, ["company"]);
        assert_eq!((&news["storyId"], &news["userId"], &news["kind"]), (&json!(id), &json!(agent.user), &json!("text")));
        assert!(!news.to_string().contains("Lunch"), "what it says is read over REST");

        let path = format!("/api/stories/{id}");
        let strangers = [(&world.theirs.owner, 404, "STORY_NOT_FOUND"), (&world.alone, 403, "FORBIDDEN"), (&world.admin, 403, "FORBIDDEN")];
        for (stranger, status, code) in strangers {
            app.get(&path, stranger).await.is_refused(status, code);
            app.post(&format!("{path}/views"), stranger, json!({})).await.is_refused(status, code);
            app.post(&format!("{path}/react"), stranger, json!({"emoji": "👍"})).await.is_refused(status, code);
        }
        app.get("/api/stories", &world.alone).await.is_refused(403, "FORBIDDEN");
        assert!(!texts(&app.get("/api/stories", &world.theirs.owner).await, "id").contains(&id));
        app.delete(&path, &world.theirs.owner).await.is_refused(404, "STORY_NOT_FOUND");
        let theirs = app.get(&format!("/api/stories?userId={}", agent.user), &world.theirs.owner).await;
        assert_eq!(theirs.data(200), &json!([]));
    }

    async fn whom_a_story_is_not_for_does_not_know_of_it(app) {
        let world = World::create(app).await;
        let (owner, manager, agent) = (&world.ours.owner, &world.ours.manager, &world.ours.agent);
        let to = |who: &str| json!({"text": "x", "audience": {"who": who, "userIds": [agent.user, owner.user, agent.user]}});
        let except = post(app, owner, to("except")).await;
        let only = post(app, owner, to("only")).await;
        assert_eq!(feed(app, &world, owner).await, [only.as_str(), except.as_str()]);
        assert_eq!(feed(app, &world, manager).await, [except.as_str()]);
        assert_eq!(feed(app, &world, agent).await, [only.as_str()]);
        let news = told(app, &world, "new_story").await;
        let rooms = |place: usize| [owner, manager, agent].map(|person| reach(&news[place].0, person));
        assert_eq!((rooms(0), rooms(1)), ([true, true, false], [true, false, true]));
        for (id, person) in [(&except, agent), (&only, manager)] {
            let path = format!("/api/stories/{id}");
            app.get(&path, person).await.is_refused(404, "STORY_NOT_FOUND");
            app.post(&format!("{path}/views"), person, json!({})).await.is_refused(404, "STORY_NOT_FOUND");
            app.post(&format!("{path}/react"), person, json!({"emoji": "👍"})).await.is_refused(404, "STORY_NOT_FOUND");
            app.delete(&format!("{path}/react"), person).await.is_refused(404, "STORY_NOT_FOUND");
        }
        let own = app.get(&format!("/api/stories/{except}"), owner).await.data(200)["own"]["audience"].clone();
        assert_eq!(own, json!({"who": "except", "userIds": [agent.user]}), "each once, and the author is not among them");
        let others = app.get(&format!("/api/stories/{except}"), manager).await;
        assert!(!others.text.contains(&agent.user.to_string()), "nobody learns who is left out");

        // Somebody who is removed from the company shows nothing any more, and is told nothing.
        let hers = post(app, manager, json!({"text": "bye"})).await;
        assert!(feed(app, &world, agent).await.contains(&hers));
        assert_eq!(app.delete(&format!("/api/users/{}", manager.user), owner).await.status, 200);
        assert!(!feed(app, &world, agent).await.contains(&hers));
        app.get(&format!("/api/stories/{hers}"), agent).await.is_refused(404, "STORY_NOT_FOUND");
    }

    async fn after_a_day_it_is_gone_before_the_job_has_run_and_then_its_file_as_well(app) {
        let world = World::create(app).await;
        let (owner, before) = (&world.ours.owner, files(app, &world));
        let picture = upload(app, owner, "a.png", &png()).await.data(201)["id"].clone();
        let made = app.post("/api/stories", owner, json!({"mediaId": picture, "text": "our new office"})).await;
        assert_eq!((&made.data(201)["kind"], &made.data(201)["media"]["id"]), (&json!("image"), &picture));
        assert_eq!(open(app, &made.data(201)["media"]["url"]).await.bytes().await.unwrap(), png());
        let (id, path) = (id_of(made.data(201)), format!("/api/stories/{}", id_of(made.data(201))));

        app.clock.advance(DAY - Duration::from_secs(1)).await;
        let agent = refreshed(app, &world.ours, &world.ours.agent);
        assert_eq!(feed(app, &world, &agent).await, [id.as_str()]);
        let shown = app.get(&path, &agent).await.data(200).clone();
        let link = shown["media"]["url"].clone();
        assert_eq!(open(app, &link).await.status(), 200);
        app.clock.advance(Duration::from_secs(1)).await;
        let owner = refreshed(app, &world.ours, owner);
        for person in [&owner, &agent] {
            assert_eq!(feed(app, &world, person).await, [""; 0]);
            app.get(&path, person).await.is_refused(404, "STORY_NOT_FOUND");
            app.post(&format!("{path}/views"), person, json!({})).await.is_refused(404, "STORY_NOT_FOUND");
            app.delete(&path, person).await.is_refused(404, "STORY_NOT_FOUND");
        }
        app.get(&format!("{path}/views"), &owner).await.is_refused(404, "STORY_NOT_FOUND");
        assert!(row(app, &world, &id).await.is_some(), "no job has run yet");

        app.app.start_work().await.unwrap();
        until("the row and the file are gone", async || {
            row(app, &world, &id).await.is_none() && files(app, &world) == before
        }).await;
        assert_eq!(stored(app, &world, &picture).await.unwrap().state, MediaState::Deleted);
        assert_eq!(open(app, &link).await.status(), 404);
    }

    async fn each_viewer_counts_once_and_only_the_author_is_told(app) {
        let world = World::create(app).await;
        let (owner, manager, agent) = (&world.ours.owner, &world.ours.manager, &world.ours.agent);
        let id = post(app, owner, json!({"text": "x"})).await;
        let path = format!("/api/stories/{id}");
        let (views, react) = (format!("{path}/views"), format!("{path}/react"));
        let (one, two) = tokio::join!(app.post(&views, agent, json!({})), app.post(&views, agent, json!({})));
        assert_eq!((one.status.as_u16(), two.status.as_u16()), (200, 200));
        assert_eq!(app.post(&views, owner, json!({})).await.status, 200);
        assert_eq!(app.get(&path, owner).await.data(200)["own"]["views"], 1, "the author does not count");
        assert_eq!(app.get(&path, agent).await.data(200)["seen"], true);
        assert_eq!(app.get(&path, manager).await.data(200)["seen"], false);

        for emoji in ["👍", "❤️", "❤️"] {
            assert_eq!(app.post(&react, manager, json!({"emoji": emoji})).await.status, 200);
        }
        let shown = app.get(&path, manager).await;
        assert_eq!((&shown.data(200)["seen"], &shown.data(200)["reaction"]), (&json!(true), &json!("❤️")));
        let listed = app.get(&views, owner).await;
        let listed = listed.data(200).as_array().unwrap();
        assert_eq!(listed.len(), 2);
        assert_eq!((&listed[0]["userId"], &listed[0]["emoji"]), (&json!(manager.user), &json!("❤️")), "the newest first");
        assert_eq!((&listed[1]["userId"], &listed[1]["emoji"]), (&json!(agent.user), &Value::Null));
        assert!(listed[0]["reactedAt"].is_string() && listed[0]["viewedAt"].is_string());
        let page = app.get(&format!("{views}?limit=1"), owner).await;
        let next = page.body["nextCursor"].as_str().unwrap().to_owned();
        let rest = app.get(&format!("{views}?limit=1&cursor={next}"), owner).await;
        assert_eq!(texts(&rest, "userId"), [agent.user.to_string()]);
        assert!(rest.body["nextCursor"].is_null());
        for person in [manager, agent] {
            app.get(&views, person).await.is_refused(404, "STORY_NOT_FOUND");
        }

        for _ in 0..2 {
            assert_eq!(app.delete(&react, manager).await.status, 200);
            assert_eq!(app.delete(&react, agent).await.status, 200, "nothing to take back is taken back");
        }
        let shown = app.get(&path, manager).await;
        assert_eq!((&shown.data(200)["seen"], &shown.data(200)["reaction"]), (&json!(true), &Value::Null));
        let names = |news: Vec<(Vec<String>, Value)>| {
            assert!(news.iter().all(|(rooms, _)| *rooms == [room(owner)]), "{news:?}");
            news.into_iter().map(|(_, news)| (news["userId"].clone(), news["emoji"].clone())).collect::<Vec<_>>()
        };
        let (agents, managers) = (json!(agent.user), json!(manager.user));
        assert_eq!(names(told(app, &world, "story_viewed").await), [(agents, json!(null)), (managers.clone(), json!(null))]);
        let reactions = [json!("👍"), json!("❤️"), json!(null)].map(|emoji| (managers.clone(), emoji));
        assert_eq!(names(told(app, &world, "story_reaction").await), reactions);

        for emoji in ["ok", "👍👍", " 👍", "1", "<b>", "\u{200D}"] {
            let refused = app.post(&react, agent, json!({"emoji": emoji})).await;
            assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/emoji"], "{emoji:?}");
        }
        for body in [json!({"emoji": ""}), json!({}), json!({"emoji": 7}), json!({"emoji": "👍", "x": 1}), json!({"emoji": "👍".repeat(41)})] {
            app.post(&react, agent, body).await.is_refused(400, "VALIDATION_FAILED");
        }
        app.post(&react, owner, json!({"emoji": "👍"})).await.is_refused(422, "VALIDATION_FAILED");
        app.get(&format!("{views}?cursor=x"), owner).await.is_refused(422, "VALIDATION_FAILED");
        app.get("/api/stories?cursor=x", owner).await.is_refused(422, "VALIDATION_FAILED");
    }

    async fn what_cannot_be_posted_is_refused_with_its_field(app) {
        let world = World::create(app).await;
        let (owner, agent) = (&world.ours.owner, &world.ours.agent);
        let (theirs, nobody) = (world.theirs.agent.user, uuid::Uuid::from_u128(7));
        let sound = upload(app, owner, "a.wav", &wav()).await.data(201)["id"].clone();
        let picture = upload(app, owner, "a.png", &png()).await.data(201)["id"].clone();
        let to = |who: &str, users: Value| json!({"text": "x", "audience": {"who": who, "userIds": users}});
        // 400 is what the schema says, 422 what only the use case knows.
        for (status, body, field) in [
            (422, json!({}), "/text"),
            (422, json!({"text": "   "}), "/text"),
            (400, json!({"text": "x".repeat(701)}), "/text"),
            (400, json!({"text": 7}), "/text"),
            (400, json!({"text": "a\u{0}b"}), "/text"),
            (400, json!({"text": "x", "background": "red"}), "/background"),
            (400, json!({"text": "x", "background": "#FFFFFF; x"}), "/background"),
            (422, json!({"mediaId": picture, "background": "#FFFFFF"}), "/background"),
            (422, json!({"mediaId": sound}), "/mediaId"),
            (400, json!({"mediaId": "x"}), "/mediaId"),
            (400, json!({"text": "x", "kind": "text"}), "/kind"),
            (422, to("everyone", json!([agent.user])), "/audience/userIds"),
            (422, to("except", json!([])), "/audience/userIds"),
            (422, to("only", json!([])), "/audience/userIds"),
            (422, to("only", json!([owner.user])), "/audience/userIds"),
            (422, to("only", json!([agent.user, theirs])), "/audience/userIds/1"),
            (422, to("except", json!([nobody])), "/audience/userIds/0"),
            (422, to("except", json!([world.ours.former])), "/audience/userIds/0"),
            (400, to("friends", json!([agent.user])), "/audience/who"),
            (400, to("only", json!(vec![agent.user; 501])), "/audience/userIds"),
        ] {
            let refused = app.post("/api/stories", owner, body.clone()).await;
            assert_eq!(refused.is_refused(status, "VALIDATION_FAILED").wrong_fields(), [field], "{body}");
        }
        let own = upload(app, agent, "a.png", &png()).await.data(201)["id"].clone();
        for media in [json!(nobody), json!(world.theirs.media), own] {
            app.post("/api/stories", owner, json!({"mediaId": media})).await.is_refused(404, "MEDIA_NOT_FOUND");
        }
        app.post("/api/stories", owner, json!({"mediaId": world.ours.upload})).await.is_refused(409, "MEDIA_NOT_UPLOADED");
        assert_eq!(app.delete(&format!("/api/media/{}", picture.as_str().unwrap()), owner).await.status, 200);
        app.post("/api/stories", owner, json!({"mediaId": picture})).await.is_refused(404, "MEDIA_NOT_FOUND");
        let rows = world.ours.scope.find::<story::Entity>().count(app.app.db.reader()).await.unwrap();
        assert_eq!(rows, 1, "only that of the world is there");
        assert!(told(app, &world, "new_story").await.is_empty());
    }

    async fn an_author_deletes_his_own_and_a_manager_any_which_is_audited(app) {
        let world = World::create(app).await;
        app.app.start_work().await.unwrap();
        let (manager, agent, before) = (&world.ours.manager, &world.ours.agent, files(app, &world));
        let picture = upload(app, agent, "a.png", &png()).await.data(201)["id"].clone();
        let one = post(app, agent, json!({"mediaId": picture})).await;
        let same = post(app, agent, json!({"mediaId": picture, "audience": {"who": "only", "userIds": [world.ours.owner.user]}})).await;
        let managers = post(app, manager, json!({"text": "x"})).await;
        app.delete(&format!("/api/stories/{managers}"), agent).await.is_refused(404, "STORY_NOT_FOUND");
        assert_eq!(app.delete(&format!("/api/stories/{one}"), agent).await.status, 200);
        app.delete(&format!("/api/stories/{one}"), agent).await.is_refused(404, "STORY_NOT_FOUND");
        assert_eq!(stored(app, &world, &picture).await.unwrap().state, MediaState::Ready, "another story shows it");
        app.get(&format!("/api/stories/{same}"), manager).await.is_refused(404, "STORY_NOT_FOUND");
        assert_eq!(app.delete(&format!("/api/stories/{same}"), manager).await.status, 200, "he need not see it");
        until("the file is gone", async || files(app, &world) == before).await;

        let lines = world.ours.scope.find::<audit::Entity>().filter(audit::Column::Action.eq("stories:delete"));
        let lines = lines.order_by_asc(audit::Column::Id).all(app.app.db.reader()).await.unwrap();
        let removed = lines.iter().find(|line| line.user_id == manager.user).expect("it is audited");
        assert_eq!((&removed.detail["storyId"], &removed.detail["userId"]), (&json!(same), &json!(agent.user)));
        assert_eq!(lines.iter().filter(|line| line.user_id == manager.user).count(), 1);
        let news = told(app, &world, "story_deleted").await;
        assert_eq!(news.len(), 2);
        assert_eq!((&news[1].1["storyId"], &news[1].1["by"]), (&json!(same), &json!(manager.user)));
        let rooms = [&world.ours.owner, manager, agent].map(|person| reach(&news[1].0, person));
        assert_eq!(rooms, [true, false, true], "who could see it is told, and nobody else");
    }

    async fn nobody_has_more_than_a_hundred(app) {
        let world = World::create(app).await;
        let (agent, now) = (&world.ours.agent, app.clock.now());
        let tx = app.app.db.begin().await.unwrap();
        for _ in 0..100 {
            let row = story::Model {
                id: app.app.ids.next(),
                company_id: world.ours.id,
                user_id: agent.user,
                kind: StoryKind::Text,
                text: Some("x".to_owned()),
                background: None,
                media_id: None,
                audience: StoryAudience::Everyone,
                posted_at: now,
                expires_at: now + chrono::TimeDelta::hours(24),
                kept_at: None,
            };
            store::insert(world.ours.scope, &tx, row, &[]).await.unwrap();
        }
        tx.commit().await.unwrap();
        app.post("/api/stories", agent, json!({"text": "x"})).await.is_refused(409, "TOO_MANY_STORIES");
        post(app, &world.ours.manager, json!({"text": "x"})).await;
        let (first, mut seen) = (app.get("/api/stories?limit=100", agent).await, Vec::new());
        seen.extend(texts(&first, "id"));
        let next = first.body["nextCursor"].as_str().unwrap().to_owned();
        let rest = app.get(&format!("/api/stories?limit=100&cursor={next}"), agent).await;
        seen.extend(texts(&rest, "id"));
        seen.sort();
        seen.dedup();
        assert_eq!((seen.len(), rest.body["nextCursor"].is_null()), (102, true));
        let his = app.get(&format!("/api/stories?limit=5&userId={}", world.ours.manager.user), agent).await;
        assert_eq!(his.data(200).as_array().unwrap().len(), 1);
    }

    async fn a_film_at_cloudinary_is_shown_and_a_file_that_is_deleted_by_itself_is_not(app) {
        let world = World::create(app).await;
        let owner = &world.ours.owner;
        let tx = app.app.db.begin().await.unwrap();
        let film = media::Model {
            id: app.app.ids.next(),
            kind: Some(entity::MediaKind::Video),
            content_type: Some("video/mp4".to_owned()),
            duration_ms: Some(2000),
            store: MediaStore::Cloudinary,
            ..stored(app, &world, &json!(world.ours.cloud_media)).await.unwrap()
        };
        world.ours.scope.insert::<media::Entity, _>(&tx, film.clone()).await.unwrap();
        tx.commit().await.unwrap();
        let made = app.post("/api/stories", owner, json!({"mediaId": film.id})).await;
        assert_eq!((&made.data(201)["kind"], &made.data(201)["media"]["durationMs"]), (&json!("video"), &json!(2000)));
        assert_eq!(app.delete(&format!("/api/media/{}", film.id), owner).await.status, 200);
        let shown = app.get(&format!("/api/stories/{}", id_of(made.data(201))), &world.ours.agent).await;
        assert!(shown.data(200)["media"].is_null());
    }

    async fn of_an_erased_user_no_story_view_or_list_is_left(app) {
        let world = World::create(app).await;
        app.app.start_work().await.unwrap();
        let (owner, manager, agent) = (&world.ours.owner, &world.ours.manager, &world.ours.agent);
        let before = files(app, &world);
        let picture = upload(app, manager, "a.png", &png()).await.data(201)["id"].clone();
        let his = post(app, manager, json!({"mediaId": picture, "text": "Ann on the beach", "audience": {"who": "except", "userIds": [owner.user]}})).await;
        let kept = app.post("/api/stories/highlights", manager, json!({"title": "Summer at sea", "storyIds": [his]})).await;
        assert_eq!(kept.status, 201, "{}", kept.text);
        let hers = post(app, owner, json!({"text": "x", "audience": {"who": "except", "userIds": [manager.user]}})).await;
        let seen = post(app, owner, json!({"text": "y"})).await;
        assert_eq!(app.post(&format!("/api/stories/{seen}/react"), manager, json!({"emoji": "👍"})).await.status, 200);
        assert_eq!(app.post(&format!("/api/stories/{his}/views"), agent, json!({})).await.status, 200);
        let request = async |what: &str| {
            let asked = app.post(&format!("/api/privacy/{what}"), owner, json!({"userId": manager.user})).await;
            let path = format!("/api/privacy/requests/{}", asked.data(201)["id"].as_str().unwrap());
            until("it is done", async || app.get(&path, owner).await.data(200)["state"] == "completed").await;
            app.get(&path, owner).await.data(200).clone()
        };
        let archive = open(app, &request("export").await["downloadUrl"]).await.text().await.unwrap();
        for held in [
            "data/story.json", "data/story_view.json", "data/story_listed.json", "data/story_highlight.json",
            "data/story_highlight_item.json", "Ann on the beach", "Summer at sea",
        ] {
            assert!(archive.contains(held), "{held}");
        }
        assert!(!archive.contains(&hers), "he is not told who leaves him out");

        let erased = request("erase").await;
        let count = |what: &str| {
            let line = erased["erased"].as_array().unwrap().iter().find(|line| line["what"] == what);
            line.map_or(json!(0), |line| line["count"].clone())
        };
        assert_eq!([count("story"), count("story_view"), count("story_listed")], [1, 1, 1].map(Value::from), "{erased}");
        assert!(row(app, &world, &his).await.is_none());
        assert!(row(app, &world, &hers).await.is_some());
        let db = app.app.db.reader();
        let views = story_view::Column::UserId.eq(manager.user);
        assert_eq!(world.ours.scope.find::<story_view::Entity>().filter(views).count(db).await.unwrap(), 0);
        let lists = story_listed::Column::ListedUserId.eq(manager.user);
        assert_eq!(world.ours.scope.find::<story_listed::Entity>().filter(lists).count(db).await.unwrap(), 0);
        until("his file is deleted", async || files(app, &world) == before).await;
    }
}
