//! Chat over sockets: `tests/node/chat.test.mjs` tells the story, this file owns the servers.

use std::time::Duration;

use calldocker::chat::content::Content;
use calldocker::chat::send::{self, Draft};
use calldocker::chat::typing::{self, Typing};
use entity::id::ChatId;
use serde_json::{Value, json};

use crate::support::node::Node;
use crate::support::script::Script;
use crate::support::{Backend, Company, Person, TestApp, World};

#[tokio::test]
async fn on_sqlite() {
    tell_the_story(TestApp::on(Backend::Sqlite).await.expect("SQLite is always there"), None).await;
}

#[tokio::test]
async fn on_postgres() {
    if let Some(app) = TestApp::on(Backend::Postgres).await {
        tell_the_story(app, None).await;
    }
}

/// Each at a node of his own.
#[tokio::test]
async fn on_two_nodes() {
    let Ok(redis) = std::env::var("TEST_REDIS_URL") else {
        println!("skipped: TEST_REDIS_URL is not set, so no two nodes talk");
        return;
    };
    if let Some(app) = TestApp::with(Backend::Postgres, &[("redis_url", &redis)]).await {
        let other = Node::start(&app).await;
        tell_the_story(app, Some(other)).await;
    }
}

async fn tell_the_story(app: TestApp, other: Option<Node>) {
    let world = World::create(&app).await;
    app.app.start_work().await.unwrap();
    let urls = [app.url.as_str()].into_iter().chain(other.as_ref().map(|node| node.url.as_str()));
    let mut script = Script::start("chat.test.mjs", urls);
    while let Some((what, request)) = script.request().await {
        let node = other.as_ref().map_or(&app.app, |node| &node.app);
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
    if let Some(node) = other {
        node.kill(&app.clock).await;
    }
    app.close().await;
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
