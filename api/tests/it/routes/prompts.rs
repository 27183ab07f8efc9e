//! /api/prompts, and the files that the provider fetches.

use calldocker::prompts::files;
use chrono::TimeDelta;
use entity::{JobKind, job};
use sea_orm::{ColumnTrait, QueryFilter};
use serde_json::json;

use crate::support::{TestApp, World, draft, on_both_databases, wav};

/// A test's app runs no jobs: this does those that delete files, which are all for the next day.
async fn a_day_later(app: &TestApp, world: &World) {
    let scope = world.ours.scope;
    let jobs = scope.find::<job::Entity>().filter(job::Column::Kind.eq(JobKind::DeletePromptFile));
    for job in jobs.all(app.app.db.reader()).await.unwrap() {
        assert_eq!(
            job.run_at,
            app.clock.now() + TimeDelta::days(1),
            "calls that are under way may ask until then"
        );
        files::delete(&app.app, scope, &job.payload).await.unwrap();
    }
}

/// Uploads the same file for a language; where it is served.
async fn upload(app: &TestApp, world: &World, language: &str) -> String {
    let path = format!("/api/prompts/{}/audio/{language}", world.ours.prompt);
    let put = app.call("PUT", &path).by(&world.ours.owner).bytes("audio/wav", wav()).send().await;
    let resources = put.data(200)["resources"].as_array().unwrap().clone();
    let ours = resources.iter().find(|one| one["language"] == language).unwrap();
    ours["audio"]["path"].as_str().unwrap().to_owned()
}

on_both_databases! {
    async fn a_file_takes_the_place_of_a_text_and_the_provider_fetches_it(app) {
        let world = World::create(app).await;
        let path = format!("/api/prompts/{}", world.ours.prompt);
        let audio = format!("{path}/audio/en-US");
        let put = app.call("PUT", &audio).by(&world.ours.manager).bytes("audio/x-wav", wav()).send().await;
        let english = put.data(200)["resources"].as_array().unwrap().iter().find(|one| one["language"] == "en-US").unwrap().clone();
        assert_eq!(english["text"], json!(null), "{english}");
        assert_eq!((&english["audio"]["contentType"], &english["audio"]["sizeBytes"]), (&json!("audio/wav"), &json!(wav().len())));
        let file = english["audio"]["path"].as_str().unwrap();
        let fetched = app.call("GET", file).send().await;
        assert_eq!((fetched.status.as_u16(), &fetched.headers["content-type"]), (200, &"audio/wav".parse().unwrap()));
        assert!(fetched.headers["cache-control"].to_str().unwrap().contains("immutable"));
        let tag = fetched.headers["etag"].to_str().unwrap();
        assert_eq!(app.call("GET", file).header("if-none-match", tag).send().await.status, 304);
        let other = file.replace('a', "b");
        assert_eq!(app.call("GET", &other).send().await.status, 404, "an address that nobody was told");
        let back = app.put(&format!("{path}/texts/en-US"), &world.ours.manager, json!({ "text": "Hello." })).await;
        assert!(back.data(200)["resources"].as_array().unwrap().iter().all(|one| one["audio"].is_null()), "{}", back.text);
    }

    async fn a_file_that_nothing_names_any_more_is_deleted_a_day_later(app) {
        let world = World::create(app).await;
        let served = async |path: &str| app.call("GET", path).send().await.status.as_u16();
        let prompt = format!("/api/prompts/{}", world.ours.prompt);
        let (replaced, kept) = (upload(app, &world, "en-US").await, upload(app, &world, "en-US").await);
        assert_ne!(replaced, kept, "even the same sound has another address");
        let spoken = upload(app, &world, "de-DE").await;
        app.put(&format!("{prompt}/texts/de-DE"), &world.ours.owner, json!({ "text": "Hallo." })).await.data(200);
        let removed = upload(app, &world, "fr-FR").await;
        app.delete(&format!("{prompt}/resources/fr-FR"), &world.ours.owner).await.data(200);
        for path in [&replaced, &kept, &spoken, &removed] {
            assert_eq!(served(path).await, 200, "{path}");
        }
        a_day_later(app, &world).await;
        for path in [&replaced, &spoken, &removed] {
            assert_eq!(served(path).await, 404, "{path}");
        }
        assert_eq!(served(&kept).await, 200, "the prompt is this file");
        app.delete(&prompt, &world.ours.owner).await.data(200);
        assert_eq!(served(&kept).await, 200);
        a_day_later(app, &world).await;
        assert_eq!(served(&kept).await, 404);
    }

    async fn what_no_telephone_plays_is_refused(app) {
        let world = World::create(app).await;
        let audio = format!("/api/prompts/{}/audio/en-US", world.ours.prompt);
        let put = async |kind: &str, content: Vec<u8>| app.call("PUT", &audio).by(&world.ours.owner).bytes(kind, content).send().await;
        put("audio/wav", b"<html></html>".to_vec()).await.is_refused(422, "VALIDATION_FAILED");
        put("image/png", wav()).await.is_refused(415, "UNSUPPORTED_MEDIA_TYPE");
        let large = vec![0_u8; app.app.settings.max_file_size + 1];
        put("audio/wav", large).await.is_refused(413, "BODY_TOO_LARGE");
        let bad_tag = format!("/api/prompts/{}/audio/English", world.ours.prompt);
        let refused = app.call("PUT", &bad_tag).by(&world.ours.owner).bytes("audio/wav", wav()).send().await;
        assert_eq!(refused.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["language"]);
    }

    async fn a_prompt_that_a_flow_says_keeps_its_name_and_stays(app) {
        let world = World::create(app).await;
        let ours = &world.ours;
        let mut saying = draft();
        saying["nodes"]["hello"] = json!({ "type": "say", "library": "ours welcome", "next": { "next": "bye" } });
        app.put(&format!("/api/ivr/{}", ours.draft_flow), &ours.owner, json!({ "draft": saying })).await.data(200);
        let path = format!("/api/prompts/{}", ours.prompt);
        let refused = app.delete(&path, &ours.owner).await;
        assert!(refused.is_refused(409, "PROMPT_IN_USE").text.contains("ours draft"), "{}", refused.text);
        app.put(&path, &ours.owner, json!({ "name": "other" })).await.is_refused(409, "PROMPT_IN_USE");
        app.put(&format!("/api/ivr/{}", ours.draft_flow), &ours.owner, json!({ "draft": draft() })).await.data(200);
        app.put(&path, &ours.owner, json!({ "name": "other" })).await.data(200);
        app.delete(&path, &ours.owner).await.data(200);
        app.get(&path, &ours.owner).await.is_refused(404, "PROMPT_NOT_FOUND");
    }

    async fn a_name_and_a_language_stand_once(app) {
        let world = World::create(app).await;
        let owner = &world.ours.owner;
        let taken = json!({ "name": "ours welcome" });
        app.post("/api/prompts", owner, taken).await.is_refused(409, "PROMPT_NAME_TAKEN");
        let twice = json!({ "name": "twice", "texts": [
            { "language": "en-US", "text": "One." }, { "language": "en-US", "text": "Two." }
        ] });
        assert_eq!(app.post("/api/prompts", owner, twice).await.is_refused(422, "VALIDATION_FAILED").wrong_fields(), ["/texts/1/language"]);
    }

    async fn a_language_is_taken_away(app) {
        let world = World::create(app).await;
        let path = format!("/api/prompts/{}/resources/de-DE", world.ours.prompt);
        let left = app.delete(&path, &world.ours.owner).await;
        assert_eq!(left.data(200)["resources"].as_array().unwrap().len(), 1);
        app.delete(&path, &world.ours.owner).await.is_refused(404, "PROMPT_RESOURCE_NOT_FOUND");
    }
}
