//! `ETag` and `If-Match`: nobody overwrites what he has not seen.

use serde_json::json;

use crate::support::{Answer, Person, TestApp, World, on_both_databases};

async fn read(app: &TestApp, path: &str, by: &Person) -> String {
    let shown = app.get(path, by).await;
    assert_eq!(shown.status, 200, "{}", shown.text);
    shown.headers["etag"].to_str().unwrap().to_owned()
}

async fn rename(app: &TestApp, path: &str, by: &Person, version: &str, name: &str) -> Answer {
    app.call("PUT", path).by(by).header("if-match", version).json(json!({ "name": name })).send().await
}

on_both_databases! {
    async fn a_lost_update_is_refused_on_every_resource_with_a_name(app) {
        let world = World::create(app).await;
        let ours = &world.ours;
        for path in [
            format!("/api/users/{}", ours.agent.user),
            format!("/api/companies/{}", ours.id),
            format!("/api/queues/{}", ours.queue),
            format!("/api/prompts/{}", ours.prompt),
            format!("/api/contacts/{}", ours.contact),
        ] {
            let seen = read(app, &path, &ours.owner).await;
            let first = rename(app, &path, &ours.owner, &seen, "first").await;
            assert_eq!(first.status, 200, "{path}: {}", first.text);
            let lost = rename(app, &path, &ours.owner, &seen, "second").await;
            lost.is_refused(412, "PRECONDITION_FAILED");
            let now = read(app, &path, &ours.owner).await;
            assert_eq!(first.headers["etag"].to_str().unwrap(), now, "{path}: a change shows its version");
            rename(app, &path, &ours.owner, &format!("\"other\", W/{now}"), "third").await.data(200);
            rename(app, &path, &ours.owner, "*", "fourth").await.data(200);
            app.put(&path, &ours.owner, json!({ "name": "fifth" })).await.data(200);
        }
    }

    async fn of_two_changes_at_once_one_is_lost_and_says_so(app) {
        let world = World::create(app).await;
        let (path, owner) = (format!("/api/companies/{}", world.ours.id), &world.ours.owner);
        let seen = read(app, &path, owner).await;
        let (one, other) = tokio::join!(rename(app, &path, owner, &seen, "one"), rename(app, &path, owner, &seen, "other"));
        let mut answers = [one.status.as_u16(), other.status.as_u16()];
        answers.sort_unstable();
        assert_eq!(answers, [200, 412], "{} / {}", one.text, other.text);
    }

    async fn a_version_opens_nothing(app) {
        let world = World::create(app).await;
        let path = format!("/api/companies/{}", world.ours.id);
        let seen = read(app, &path, &world.ours.owner).await;
        rename(app, &path, &world.theirs.owner, &seen, "mine").await.is_refused(404, "COMPANY_NOT_FOUND");
        rename(app, &path, &world.ours.agent, &seen, "mine").await.is_refused(403, "FORBIDDEN");
        let nobody = app.call("PUT", &path).header("if-match", &seen).json(json!({ "name": "mine" })).send().await;
        nobody.is_refused(401, "TOKEN_MISSING");
    }
}
