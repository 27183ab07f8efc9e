//! Chat over sockets: `tests/node/chat.test.mjs` tells the story, this file owns the server, and another node beside it.

use std::time::Duration;

use calldocker::app::App;
use calldocker::bus::{Connection, Delivery};
use calldocker::chat::content::Content;
use calldocker::chat::send::{self, Draft};
use calldocker::chat::typing::{self, Typing};
use entity::id::ChatId;
use serde_json::{Value, json};

use crate::support::script::Script;
use crate::support::{Backend, Company, Person, TestApp, World};

#[tokio::test]
async fn on_sqlite() {
    let redis = redis();
    tell_the_story(
        TestApp::with(Backend::Sqlite, &[("redis_url", &redis)]).await.expect("SQLite is always there"),
    )
    .await;
}

#[tokio::test]
async fn on_postgres() {
    let redis = redis();
    if let Some(app) = TestApp::with(Backend::Postgres, &[("redis_url", &redis)]).await {
        tell_the_story(app).await;
    }
}

/// Nothing where there is none: then both nodes are one.
fn redis() -> String {
    std::env::var("TEST_REDIS_URL").unwrap_or_default()
}

async fn tell_the_story(app: TestApp) {
    let world = World::create(&app).await;
    app.app.start_work().await.unwrap();
    let elsewhere = elsewhere(&app).await;
    let mut script = Script::start("chat.test.mjs", [app.url.as_str()]);
    while let Some((what, request)) = script.request().await {
        let node = elsewhere.as_ref().unwrap_or(&app.app);
        let (scope, owner) = (world.ours.scope, world.ours.owner.user);
        let chat = || request["chat"].as_str().unwrap().parse::<ChatId>().unwrap();
        let result = match what.as_str() {
            "world" => describe(&world),
            "advance" => {
                app.clock.advance(Duration::from_secs(request["seconds"].as_u64().unwrap())).await;
                json!(null)
            }
            "type elsewhere" => {
                typing::tell(node, scope, owner, chat(), Typing::Started).await.unwrap();
                json!(null)
            }
            "say elsewhere" => {
                let content = Content::text("from another node".to_owned());
                let draft = Draft { content, reply_to: None, temp_id: None };
                send::send(node, scope, owner, chat(), draft).await.unwrap();
                json!(null)
            }
            other => panic!("no such request: {other}"),
        };
        script.answer(&request, result).await;
    }
    script.end().await;
    if let Some(elsewhere) = elsewhere {
        elsewhere.db.clone().close().await.unwrap();
    }
    app.close().await;
}

/// Another node on the same database, once both hear each other.
async fn elsewhere(app: &TestApp) -> Option<App> {
    if app.app.bus.connection() == Connection::Alone {
        return None;
    }
    let node = App::build(app.app.settings.clone(), app.clock.clone(), Delivery::Deliver).await.unwrap();
    while [&app.app, &node].iter().any(|node| node.bus.connection() != Connection::Connected) {
        tokio::task::yield_now().await;
    }
    Some(node)
}

fn describe(world: &World) -> Value {
    let person = |person: &Person| json!({"user": person.user, "token": person.token});
    let company = |company: &Company| {
        json!({
            "owner": person(&company.owner),
            "manager": person(&company.manager),
            "agent": person(&company.agent),
            "group": company.chats.group,
            "question": company.chats.question,
        })
    };
    json!({
        "ours": company(&world.ours),
        "theirs": company(&world.theirs),
        "alone": person(&world.alone),
        "admin": person(&world.admin),
    })
}
