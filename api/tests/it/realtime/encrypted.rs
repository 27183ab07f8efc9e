//! Encrypted chats: `tests/node/olm.test.mjs` tells the story with a library that speaks Olm, this file owns the server.

use serde_json::json;

use crate::support::script::Script;
use crate::support::{Backend, Person, TestApp, World, dump_all};

#[tokio::test]
async fn on_sqlite() {
    tell_the_story(TestApp::with(Backend::Sqlite, &[]).await.expect("SQLite is always there")).await;
}

#[tokio::test]
async fn on_postgres() {
    if let Some(app) = TestApp::with(Backend::Postgres, &[]).await {
        tell_the_story(app).await;
    }
}

async fn tell_the_story(app: TestApp) {
    let world = World::create(&app).await;
    app.app.start_work().await.unwrap();
    let person = |person: &Person| json!({"user": person.user, "token": person.token});
    let mut script = Script::start("olm.test.mjs", [app.url.as_str()]);
    while let Some((what, request)) = script.request().await {
        let result = match what.as_str() {
            "world" => json!({
                "company": world.ours.id,
                "ours": {"owner": person(&world.ours.owner), "manager": person(&world.ours.manager)},
            }),
            "everything that is stored" => json!(format!("{:?}", dump_all(&app.app).await)),
            other => panic!("no such request: {other}"),
        };
        script.answer(&request, result).await;
    }
    script.end().await;
    app.close().await;
}
