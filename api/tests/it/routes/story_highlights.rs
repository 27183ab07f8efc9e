//! /api/stories/highlights

use entity::{MediaState, story_highlight};
use sea_orm::PaginatorTrait;
use serde_json::{Value, json};

use super::exports::until;
use super::media::{files, open, stored, upload};
use super::stories::{DAY, id_of, post, refreshed, row};
use crate::support::{Answer, Person, TestApp, World, on_both_databases, png};

const HIGHLIGHTS: &str = "/api/stories/highlights";

async fn keep(app: &TestApp, by: &Person, title: &str, stories: &[&str]) -> Answer {
    app.post(HIGHLIGHTS, by, json!({"title": title, "storyIds": stories})).await
}

fn stories(highlight: &Value) -> Vec<String> {
    serde_json::from_value(highlight["storyIds"].clone()).expect("ids")
}

fn ids(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(id_of).collect()
}

on_both_databases! {
    async fn what_is_highlighted_stays_and_goes_when_it_is_let_go(app) {
        let world = World::create(app).await;
        let (owner, before) = (&world.ours.owner, files(app, &world));
        let picture = upload(app, owner, "a.png", &png()).await.data(201)["id"].clone();
        let kept = post(app, owner, json!({"mediaId": picture})).await;
        let other = post(app, owner, json!({"text": "also kept"})).await;
        let gone = post(app, owner, json!({"text": "not kept"})).await;
        let made = keep(app, owner, "  Office ", &[&other, &kept]).await;
        let highlight = id_of(made.data(201));
        assert_eq!((&made.data(201)["title"], stories(made.data(201))), (&json!("Office"), vec![other.clone(), kept.clone()]));
        let second = id_of(keep(app, owner, "Pictures", &[&kept]).await.data(201));
        let own = app.get(&format!("/api/stories/{kept}"), owner).await.data(200)["own"]["highlightIds"].clone();
        assert_eq!(own, json!([highlight, second]));

        app.clock.advance(DAY).await;
        app.app.start_work().await.unwrap();
        let (owner, agent) = (refreshed(app, &world.ours, owner), refreshed(app, &world.ours, &world.ours.agent));
        until("the days are over", async || {
            let is_kept = row(app, &world, &kept).await.is_some_and(|row| row.kept_at.is_some());
            is_kept && row(app, &world, &gone).await.is_none()
        }).await;
        assert_eq!(app.get("/api/stories", &agent).await.data(200), &json!([]), "no feed has it");
        let path = format!("{HIGHLIGHTS}/{highlight}");
        assert_eq!(stories(app.get(&path, &agent).await.data(200)), [other.as_str(), kept.as_str()]);
        let shown = app.get(&format!("/api/stories/{kept}"), &agent).await;
        assert_eq!(open(app, &shown.data(200)["media"]["url"]).await.bytes().await.unwrap(), png());
        assert_eq!(app.post(&format!("/api/stories/{kept}/views"), &agent, json!({})).await.status, 200);
        let listed = app.get(&format!("{HIGHLIGHTS}?userId={}", owner.user), &agent).await;
        let listed = listed.data(200).as_array().unwrap();
        let covers = listed.iter().map(|one| (id_of(one), id_of(&one["cover"]))).collect::<Vec<_>>();
        let welcome = (world.ours.highlight.to_string(), world.ours.story.to_string());
        assert_eq!(covers, [welcome, (highlight.clone(), other.clone()), (second.clone(), kept.clone())]);
        let inside = app.get(&format!("{path}/stories"), &agent).await;
        assert_eq!(ids(inside.data(200)), [other.as_str(), kept.as_str()]);
        assert_eq!((&inside.data(200)[1]["kind"], &inside.data(200)[1]["seen"]), (&json!("image"), &json!(true)));
        let refused = keep(app, &owner, "Late", &[&gone]).await;
        assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/storyIds/0"], "what is gone cannot be kept");
        keep(app, &owner, "Again", &[&other]).await.data(201);

        // It leaves one of two that have it, and then the other.
        let changed = app.put(&path, &owner, json!({"title": "Desk", "storyIds": [other]})).await;
        assert_eq!((&changed.data(200)["title"], stories(changed.data(200))), (&json!("Desk"), vec![other.clone()]));
        assert_eq!(app.get(&format!("/api/stories/{kept}"), &agent).await.status, 200);
        let link = app.get(&format!("/api/stories/{kept}"), &agent).await.data(200)["media"]["url"].clone();
        assert_eq!(app.delete(&format!("{HIGHLIGHTS}/{second}"), &owner).await.status, 200);
        app.get(&format!("/api/stories/{kept}"), &agent).await.is_refused(404, "STORY_NOT_FOUND");
        assert!(row(app, &world, &kept).await.is_none());
        assert_eq!(stored(app, &world, &picture).await.unwrap().state, MediaState::Deleted);
        assert_eq!(open(app, &link).await.status(), 404);
        until("its file is deleted", async || files(app, &world) == before).await;
    }

    async fn a_live_story_that_leaves_a_highlight_lives_its_day(app) {
        let world = World::create(app).await;
        let owner = &world.ours.owner;
        let (one, two) = (post(app, owner, json!({"text": "1"})).await, post(app, owner, json!({"text": "2"})).await);
        let path = format!("{HIGHLIGHTS}/{}", id_of(keep(app, owner, "x", &[&one, &two]).await.data(201)));
        app.put(&path, owner, json!({"storyIds": [two, one]})).await.data(200);
        assert_eq!(stories(app.get(&path, owner).await.data(200)), [two.as_str(), one.as_str()], "in the order that was asked for");
        // Somebody looks at it meanwhile: that is no other version of the highlight.
        let read = app.get(&path, owner).await;
        let version = read.headers["etag"].to_str().unwrap().to_owned();
        assert_eq!(app.post(&format!("/api/stories/{one}/views"), &world.ours.agent, json!({})).await.status, 200);
        let put = app.call("PUT", &path).by(owner).header("if-match", &version).json(json!({"storyIds": [one]}));
        put.send().await.data(200);
        assert_eq!(app.get(&format!("/api/stories/{two}"), owner).await.status, 200);
        assert_eq!(app.delete(&path, owner).await.status, 200);
        app.get(&path, owner).await.is_refused(404, "STORY_HIGHLIGHT_NOT_FOUND");
        assert_eq!(app.get(&format!("/api/stories/{one}"), owner).await.status, 200);
    }

    async fn a_highlight_shows_nobody_what_was_not_for_him(app) {
        let world = World::create(app).await;
        let (owner, manager, agent) = (&world.ours.owner, &world.ours.manager, &world.ours.agent);
        let all = post(app, manager, json!({"text": "all"})).await;
        let some = post(app, manager, json!({"text": "some", "audience": {"who": "only", "userIds": [owner.user]}})).await;
        let mixed = format!("{HIGHLIGHTS}/{}", id_of(keep(app, manager, "Mixed", &[&some, &all]).await.data(201)));
        let hidden = format!("{HIGHLIGHTS}/{}", id_of(keep(app, manager, "Secret plans", &[&some]).await.data(201)));
        for person in [owner, manager] {
            assert_eq!(stories(app.get(&mixed, person).await.data(200)), [some.as_str(), all.as_str()]);
            assert_eq!(app.get(&hidden, person).await.status, 200);
        }
        assert_eq!(stories(app.get(&mixed, agent).await.data(200)), [all.as_str()]);
        assert_eq!(ids(app.get(&format!("{mixed}/stories"), agent).await.data(200)), [all.as_str()]);
        app.get(&hidden, agent).await.is_refused(404, "STORY_HIGHLIGHT_NOT_FOUND");
        app.get(&format!("{hidden}/stories"), agent).await.is_refused(404, "STORY_HIGHLIGHT_NOT_FOUND");
        let listed = app.get(&format!("{HIGHLIGHTS}?userId={}", manager.user), agent).await;
        assert!(!listed.text.contains("Secret plans") && listed.text.contains("Mixed"), "{}", listed.text);
        let cover = app.get(&format!("{HIGHLIGHTS}?userId={}", manager.user), agent).await.data(200)[0]["cover"]["id"].clone();
        assert_eq!(cover, json!(all), "the first that is for him");
        let own = app.get(HIGHLIGHTS, manager).await;
        assert_eq!(own.data(200).as_array().unwrap().len(), 2, "one's own unless somebody is named");

        // Nobody changes another's, whatever he is; another company's is not there at all.
        for person in [owner, agent, &world.theirs.owner] {
            app.put(&mixed, person, json!({"title": "x"})).await.is_refused(404, "STORY_HIGHLIGHT_NOT_FOUND");
            app.delete(&mixed, person).await.is_refused(404, "STORY_HIGHLIGHT_NOT_FOUND");
        }
        for path in [&mixed, &format!("{mixed}/stories")] {
            app.get(path, &world.theirs.owner).await.is_refused(404, "STORY_HIGHLIGHT_NOT_FOUND");
        }
        let path = format!("{HIGHLIGHTS}?userId={}", manager.user);
        app.get(&path, &world.theirs.owner).await.is_refused(404, "USER_NOT_FOUND");
        app.get(&path, &world.alone).await.is_refused(403, "FORBIDDEN");

        // With its last story a highlight goes as well.
        assert_eq!(app.delete(&format!("/api/stories/{some}"), owner).await.status, 200, "he may delete everybody's");
        assert_eq!(stories(app.get(&mixed, manager).await.data(200)), [all.as_str()]);
        app.get(&hidden, manager).await.is_refused(404, "STORY_HIGHLIGHT_NOT_FOUND");
        let rows = world.ours.scope.find::<story_highlight::Entity>().count(app.app.db.reader()).await.unwrap();
        assert_eq!(rows, 2, "that of the world and the mixed one");
    }

    async fn what_makes_no_highlight_is_refused_with_its_field(app) {
        let world = World::create(app).await;
        let (owner, manager) = (&world.ours.owner, &world.ours.manager);
        let (mine, hers) = (post(app, manager, json!({"text": "x"})).await, post(app, owner, json!({"text": "y"})).await);
        let path = format!("{HIGHLIGHTS}/{}", id_of(keep(app, manager, "x", &[&mine]).await.data(201)));
        let nobody = uuid::Uuid::from_u128(7).to_string();
        for (status, stories, field) in [
            (400, json!([]), "/storyIds"),
            (422, json!([hers]), "/storyIds/0"),
            (422, json!([mine, world.theirs.story]), "/storyIds/1"),
            (422, json!([mine, nobody]), "/storyIds/1"),
            (422, json!([mine, mine]), "/storyIds/1"),
            (400, json!(["x"]), "/storyIds/0"),
            (400, json!(vec![mine.as_str(); 101]), "/storyIds"),
        ] {
            for refused in [
                app.post(HIGHLIGHTS, manager, json!({"title": "x", "storyIds": stories})).await,
                app.put(&path, manager, json!({"storyIds": stories})).await,
            ] {
                assert_eq!(refused.is_refused(status, "VALIDATION_FAILED").wrong_fields(), [field], "{stories}");
            }
        }
        for (status, title) in [(400, json!("")), (422, json!("  ")), (400, json!("x".repeat(61))), (400, json!(7))] {
            for refused in [
                app.post(HIGHLIGHTS, manager, json!({"title": title, "storyIds": [mine]})).await,
                app.put(&path, manager, json!({"title": title})).await,
            ] {
                assert_eq!(refused.is_refused(status, "VALIDATION_FAILED").wrong_fields(), ["/title"], "{title}");
            }
        }
        app.post(HIGHLIGHTS, manager, json!({"title": "x"})).await.is_refused(400, "VALIDATION_FAILED");
        app.put(&path, manager, json!({"name": "x"})).await.is_refused(400, "VALIDATION_FAILED");
        assert_eq!(stories(app.get(&path, manager).await.data(200)), [mine.as_str()]);
        assert_eq!(app.get(&path, manager).await.data(200)["title"], "x");

        let tx = app.app.db.begin().await.unwrap();
        let now = app.clock.now();
        let more = (0..49).map(|n| story_highlight::Model {
            id: app.app.ids.next(),
            company_id: world.ours.id,
            user_id: manager.user,
            title: format!("{n}"),
            created_at: now,
            updated_at: now,
        });
        world.ours.scope.insert_many::<story_highlight::Entity, _>(&tx, more.collect()).await.unwrap();
        tx.commit().await.unwrap();
        keep(app, manager, "one more", &[&mine]).await.is_refused(409, "TOO_MANY_STORIES");
    }
}
