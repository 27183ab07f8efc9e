//! Two pages of a headless Chromium call each other by our signalling on loopback: `tests/node/browser.test.mjs` tells the story,
//! this file owns the server and coturn. Time is the machine's, since coturn's is.
//!
//! TEST_CHROMIUM and TEST_TURNSERVER name the programs; `scripts/with-servers --browser` finds or installs them.

use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use clock::Clock;
use serde_json::json;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use super::calls;
use crate::realtime::{describe, forget_calls};
use crate::support::node::Node;
use crate::support::script::Script;
use crate::support::{Backend, TestApp, World};

const SECRET: &str = "a-secret-of-coturn-and-ours";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_browsers_talk_and_one_loses_its_network_on_sqlite() {
    let Some(chromium) = program("TEST_CHROMIUM") else { return };
    tell(Backend::Sqlite, &chromium, None, None).await;
}

/// Where there is Redis, each at a node of his own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_browsers_talk_through_a_relay_alone_on_postgres() {
    let (Some(chromium), Some(turnserver)) = (program("TEST_CHROMIUM"), program("TEST_TURNSERVER")) else {
        return;
    };
    let relay = Relay::start(&turnserver).await;
    let redis = std::env::var("TEST_REDIS_URL").ok();
    tell(Backend::Postgres, &chromium, Some(&relay), redis.as_deref()).await;
}

fn program(variable: &str) -> Option<String> {
    let named = std::env::var(variable).ok().filter(|path| !path.is_empty());
    if named.is_none() {
        println!(
            "skipped: {variable} is not set, so no browser calls another (scripts/with-servers --browser)"
        );
    }
    named
}

async fn tell(backend: Backend, chromium: &str, relay: Option<&Relay>, redis: Option<&str>) {
    let url = relay.map_or_else(String::new, |relay| format!("turn:127.0.0.1:{}?transport=tcp", relay.port));
    let secret = if relay.is_some() { SECRET } else { "" };
    // A browser beside a whole suite of tests may come back late.
    let settings = [
        ("ice_urls", url.as_str()),
        ("turn_secret", secret),
        ("reconnect_seconds", "90"),
        ("redis_url", redis.unwrap_or_default()),
    ];
    let Some(app) = TestApp::at(Clock::machine(), backend, &settings).await else { return };
    let world = World::create(&app).await;
    for scope in [world.ours.scope, world.theirs.scope] {
        forget_calls(&app, scope).await;
    }
    app.app.start_work().await.unwrap();
    let other = match redis {
        Some(_) => Some(Node::start(&app).await),
        None => None,
    };
    // A folder, where somebody wants to see a page.
    let pictures = std::env::var("TEST_PICTURES").unwrap_or_default();
    let port = relay.map(|relay| relay.port.to_string());
    let nodes = [app.url.as_str()].into_iter().chain(other.as_ref().map(|node| node.url.as_str()));
    let arguments = nodes.chain([chromium, pictures.as_str()]).chain(port.as_deref());
    let mut script = Script::start("browser.test.mjs", arguments);
    while let Some((what, request)) = script.request().await {
        let result = match what.as_str() {
            "world" => describe(&world),
            "calls" => calls(&app, world.ours.scope).await,
            "stop" => json!(null),
            other => panic!("no such request: {other}"),
        };
        script.answer(&request, result).await;
        if what == "stop" {
            break;
        }
    }
    if let Some(node) = other {
        node.stop().await;
    }
    app.close().await;
    script.end().await;
}

/// coturn, on loopback alone.
struct Relay {
    port: u16,
    _child: Child,
    _folder: tempfile::TempDir,
}

impl Relay {
    async fn start(program: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let port =
            TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
        let within = |name: &str| folder.path().join(name).display().to_string();
        let child = Command::new(program)
            .args([
                "-n",
                "--no-cli",
                "--no-tls",
                "--no-dtls",
                "--no-multicast-peers",
                "--allow-loopback-peers",
            ])
            .args(["--listening-ip", "127.0.0.1", "--relay-ip", "127.0.0.1"])
            .args(["--listening-port", &port.to_string(), "--realm", "calldocker.test"])
            .args(["--use-auth-secret", "--static-auth-secret", SECRET])
            .args(["--userdb", &within("users"), "--pidfile", &within("pid"), "--log-file", "stdout"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("coturn starts");
        let clock = Clock::machine();
        let answers = async {
            while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                drop(clock.sleep(Duration::from_millis(50)).await);
            }
        };
        assert!(clock.timeout(Duration::from_secs(20), answers).await.is_some(), "coturn does not answer");
        Self { port, _child: child, _folder: folder }
    }
}
