//! Calls among colleagues by the official Socket.IO client, a script a dialect in `tests/node`; this file owns the servers. A
//! script asks for what a client cannot do with a line on its output and gets a line back.

mod browsers;

use std::time::Duration;

use calldocker::identity::Number;
use calldocker::identity::phone::codes;
use calldocker::secret::Secret;
use calldocker::store::phone_codes;
use entity::{
    CallKind, CompanyScope, Reach, agent, agent_slot, call, peer_call, peer_call_participant, phone_code,
};
use sea_orm::{ActiveValue::Set, ColumnTrait, PaginatorTrait, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use crate::realtime::{describe, forget_calls};
use crate::support::node::{Node, pass_in_redis};
use crate::support::script::Script;
use crate::support::{Backend, PHONE_CODE, TestApp, World};

/// A project of Agora's.
pub const AGORA: [(&str, &str); 2] = [
    ("agora_app_id", "970CA35de60c44645bbae8a215061b33"),
    ("agora_app_certificate", "5CFd2fd1755d40ecb72977518be15d3b"),
];

/// Of the tests' Redis, for these alone.
const REDIS_DATABASE: u8 = 4;

/// A story on both databases, and with each person at a node of his own.
macro_rules! stories {
    ($($name:ident: $script:literal, $settings:expr;)+) => { $(
        mod $name {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                tell(Backend::Sqlite, $script, $settings, Nodes::One).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                tell(Backend::Postgres, $script, $settings, Nodes::One).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_two_nodes() {
                if std::env::var_os("TEST_REDIS_URL").is_none() {
                    println!("skipped: TEST_REDIS_URL is not set, so no two nodes talk");
                    return;
                }
                tell(Backend::Postgres, $script, $settings, Nodes::Two).await;
            }
        }
    )+ };
}

stories! {
    document_002_calls: "calls-002.test.mjs", &[("group_call_limit", "3")];
    document_003_calls_and_its_clients_call_those_of_002: "calls-003.test.mjs", &[];
    document_000_calls_through_agora: "calls-000.test.mjs", &AGORA;
    document_004_from_its_first_line_to_its_last: "document-004.test.mjs", &[];
}

/// With Redis on PostgreSQL, and without on SQLite.
mod a_node_dies_in_a_call {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn on_sqlite() {
        tell(Backend::Sqlite, "calls-nodes.test.mjs", &[], Nodes::Two).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn on_postgres() {
        tell(Backend::Postgres, "calls-nodes.test.mjs", &[], Nodes::Two).await;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Nodes {
    One,
    Two,
}

async fn tell(backend: Backend, script: &str, settings: &[(&str, &str)], nodes: Nodes) {
    let redis =
        std::env::var("TEST_REDIS_URL").ok().filter(|_| nodes == Nodes::Two && backend == Backend::Postgres);
    let redis = redis.map(|url| url.replacen("/?", &format!("/{REDIS_DATABASE}?"), 1));
    let redis_url = redis.clone().unwrap_or_default();
    let settings: Vec<_> = settings.iter().copied().chain([("redis_url", redis_url.as_str())]).collect();
    let Some(app) = TestApp::with(backend, &settings).await else { return };
    let world = World::create(&app).await;
    forget_calls(&app, world.ours.scope).await;
    app.app.start_work().await.unwrap();
    let mut other = match nodes {
        Nodes::One => None,
        Nodes::Two => Some(Node::start(&app).await),
    };
    let others = other.iter().map(|node| node.url.clone()).collect::<Vec<_>>();
    let arguments = [app.url.as_str()].into_iter().chain(others.iter().map(String::as_str));
    let mut script = Script::start(script, arguments.chain(redis.iter().map(|_| "with Redis")));
    while let Some((what, request)) = script.request().await {
        let result = match what.as_str() {
            "world" => describe(&world),
            "advance" => {
                let time = Duration::from_secs(request["seconds"].as_u64().unwrap());
                app.clock.advance(time).await;
                if let Some(redis) = &redis {
                    pass_in_redis(redis, time).await;
                }
                json!(null)
            }
            "calls" => calls(&app, world.ours.scope).await,
            "code" => code(&app, request["number"].as_str().unwrap()).await,
            "number" => {
                let number = request["number"].as_str().unwrap().to_owned();
                let tx = app.app.db.begin().await.unwrap();
                let changes = agent::ActiveModel {
                    reach: Set(Reach::Number),
                    number: Set(Some(number)),
                    ..Default::default()
                };
                let agent = world.ours.agent.agent.unwrap();
                let _ = world.ours.scope.update::<agent::Entity, _>(&tx, agent, changes).await.unwrap();
                tx.commit().await.unwrap();
                json!(null)
            }
            "kill the other node" => {
                other.take().unwrap().kill(&app.clock).await;
                json!(null)
            }
            "stop" => json!(null),
            other => panic!("no such request: {other}"),
        };
        script.answer(&request, result).await;
        if what == "stop" {
            break;
        }
    }
    if let Some(node) = other {
        node.kill(&app.clock).await;
    }
    app.close().await;
    script.end().await;
}

/// A code that a number was sent: one that is known here in the place of the one that only the telephone knows.
async fn code(app: &TestApp, number: &str) -> Value {
    let read = Number::read(number, "/phoneNumber").unwrap();
    let code_hash = codes::hash(&app.app.keys, &read, &Secret::new(PHONE_CODE)).unwrap();
    let tx = app.app.db.begin().await.unwrap();
    let sent = phone_codes::lock(&tx, number, app.clock.now()).await.unwrap();
    let sent = sent.unwrap_or_else(|| panic!("no code was sent to {number}"));
    phone_codes::replace(&tx, phone_code::Model { code_hash, ..sent }).await.unwrap();
    tx.commit().await.unwrap();
    json!(PHONE_CODE)
}

/// The company's calls among colleagues, with who is in each and how much capacity they hold.
async fn calls(app: &TestApp, scope: CompanyScope) -> Value {
    let db = app.app.db.reader();
    let mut told = Vec::new();
    for row in
        scope.find::<call::Entity>().filter(call::Column::Kind.eq(CallKind::Peer)).all(db).await.unwrap()
    {
        let peer = scope.find_by_id::<peer_call::Entity>(row.id).one(db).await.unwrap().unwrap();
        let parties = scope
            .find::<peer_call_participant::Entity>()
            .filter(peer_call_participant::Column::CallId.eq(row.id))
            .order_by_desc(peer_call_participant::Column::Role)
            .all(db)
            .await
            .unwrap();
        let parties: Vec<_> = parties
            .iter()
            .map(|party| json!({"user": party.user_id, "state": party.state, "score": party.quality_score}))
            .collect();
        let slots = scope.find::<agent_slot::Entity>().filter(agent_slot::Column::CallId.eq(row.id));
        told.push(json!({
            "id": row.id,
            "call": row.status,
            "outcome": row.outcome,
            "status": peer.status,
            "reason": peer.end_reason,
            "slots": slots.count(db).await.unwrap(),
            "parties": parties,
        }));
    }
    json!(told)
}
