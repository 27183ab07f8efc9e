//! The commands of the binary, as whoever types them meets them: what they print, how they end, what they refuse.

use std::path::Path;
use std::process::Output;
use std::time::Duration;

use clock::Clock;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::support::process::{Environment, START, Server, calldocker, free_port, printed, run};

/// Long enough for a command on a machine that is busy with other tests.
pub const LIMIT: Duration = Duration::from_secs(60);
/// How long a server may take to stop, with what is under way.
pub const STOP: Duration = Duration::from_secs(10);
pub const ACME: &str = "+12025550100";

/// A server as `make run` starts it: the demo, and a look-alike beside it.
async fn demo_server(folder: &Path) -> Server {
    let carrier = ("CARRIER_PORT", free_port().to_string());
    let mut server = Server::start(folder, free_port(), vec![carrier]);
    server.ready().await;
    server
}

/// An agent's client.
pub struct Desk {
    http: Client,
    url: String,
    pub token: String,
}

impl Desk {
    pub async fn open(url: &str, email: &str) -> Self {
        let http = Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().expect("a client");
        let mut desk = Self { http, url: url.to_owned(), token: String::new() };
        let body = json!({ "email": email, "password": seed::PASSWORD });
        let reply = desk.post("/api/auth/login", body).await;
        desk.token = reply["data"]["token"].as_str().expect("a token").to_owned();
        desk
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let request = self.http.post(format!("{}{path}", self.url)).bearer_auth(&self.token).json(&body);
        request.send().await.expect("the server answers").json().await.expect("the answer is JSON")
    }

    async fn get(&self, path: &str) -> Value {
        let request = self.http.get(format!("{}{path}", self.url)).bearer_auth(&self.token);
        request.send().await.expect("the server answers").json().await.expect("the answer is JSON")
    }

    /// Takes the first call that is offered; its id.
    pub async fn take_a_call(&self) -> String {
        let clock = Clock::machine();
        let taken = async {
            loop {
                let offers = self.get("/api/offers").await;
                if let Some(offer) = offers["data"][0]["id"].as_str() {
                    let accepted = self.post(&format!("/api/offers/{offer}/accept"), json!({})).await;
                    assert_eq!(accepted["success"], true, "{accepted}");
                    return accepted["data"]["callId"].as_str().expect("a call's id").to_owned();
                }
                drop(clock.sleep(Duration::from_millis(50)).await);
            }
        };
        clock.timeout(LIMIT, taken).await.expect("a call is offered")
    }

    /// Waits until the call is as `wanted`.
    pub async fn call_is(&self, id: &str, wanted: &str) -> Value {
        let clock = Clock::machine();
        let mut last = Value::Null;
        let became = clock.timeout(LIMIT, async {
            loop {
                last = self.get(&format!("/api/calls/{id}")).await["data"].take();
                if last["status"] == wanted {
                    return;
                }
                drop(clock.sleep(Duration::from_millis(50)).await);
            }
        });
        let became = became.await;
        assert!(became.is_some(), "the call does not become {wanted}: {last}");
        last
    }
}

/// The verbs of the story that `calldocker call` prints, without the times.
fn story(output: &Output) -> Vec<String> {
    let text = String::from_utf8_lossy(&output.stdout);
    let told = text.lines().map(|line| line.split_once(" s  ").map_or(line, |(_, told)| told));
    told.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[tokio::test]
async fn a_call_from_the_command_line_is_taken_by_an_agent_and_told_as_it_happens() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = demo_server(folder.path()).await;
    let ana = Desk::open(&server.url, "agent1@acme.test").await;

    let flags = ["call", "--to", ACME, "--press", "1", "--until-answered", "--wait", "1", "--hangup"];
    let (call, id) =
        futures_util::future::join(run(&flags, server.environment(), LIMIT), ana.take_a_call()).await;
    assert!(call.status.success(), "{}", printed(&call));
    let story = story(&call);
    let expected = [
        "+12025550199 calls +12025550100",
        "reaches an answer",
        "presses 1",
        "waits in the queue",
        "talks with Ana Torres",
        "hangs up",
        "ends completed",
    ];
    let mut rest = story.iter();
    for line in expected {
        assert!(
            rest.any(|told| told == line),
            "`{line}` is not told, or not in its place:\n{}",
            printed(&call)
        );
    }
    assert!(story.iter().any(|told| told.starts_with("hears \"") && told.contains("For sales")), "{story:?}");

    ana.call_is(&id, "wrap_up").await;
    ana.post(&format!("/api/calls/{id}/wrap-up"), json!({ "disposition": "sold" })).await;
    let done = ana.call_is(&id, "completed").await;
    assert_eq!((&done["outcome"], &done["endedBy"]), (&json!("answered"), &json!("caller")), "{done}");
    server.terminate().await;
    assert!(server.ended(STOP).await.success());
}

#[tokio::test]
async fn a_call_that_nobody_takes_is_told_too_and_kept_as_abandoned() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = demo_server(folder.path()).await;
    let flags = ["call", "--to", ACME, "--press", "1", "--wait", "5", "--hangup"];
    let call = run(&flags, server.environment(), LIMIT).await;
    assert!(call.status.success(), "{}", printed(&call));
    let story = story(&call);
    assert_eq!(story.iter().rev().take(2).collect::<Vec<_>>(), ["ends completed", "hangs up"], "{story:?}");
    assert!(story.iter().any(|told| told == "waits in the queue"), "{story:?}");

    let owner = Desk::open(&server.url, "owner@acme.test").await;
    let calls = owner.get("/api/calls").await;
    let id = calls["data"][0]["id"].as_str().expect("a call");
    assert_eq!(owner.call_is(id, "completed").await["outcome"], "abandoned");
    server.terminate().await;
    assert!(server.ended(STOP).await.success());
}

#[tokio::test]
async fn a_call_to_a_number_that_nobody_has_fails_and_names_those_in_service() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = demo_server(folder.path()).await;
    // The look-alike learns its numbers from the server's jobs.
    let known = async {
        loop {
            let call = run(&["call", "--to", "+12025550101", "--hangup"], server.environment(), LIMIT).await;
            assert_eq!(call.status.code(), Some(1), "{}", printed(&call));
            if printed(&call).contains(ACME) {
                return call;
            }
        }
    };
    let call = Clock::machine().timeout(LIMIT, known).await.expect("the demo's numbers get into service");
    assert!(printed(&call).contains("+12025550101 is not in service"), "{}", printed(&call));
    let elsewhere = vec![("CARRIER_PORT", free_port().to_string()), ("DATA_DIR", "nowhere".to_owned())];
    let call = run(&["call", "--to", ACME], &elsewhere, LIMIT).await;
    assert_eq!(call.status.code(), Some(1));
    assert!(printed(&call).contains("calldocker serve"), "{}", printed(&call));
}

#[tokio::test]
async fn a_server_stops_in_time_with_a_call_under_way_and_goes_on_with_it_afterwards() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (port, carrier_port) = (free_port(), free_port());
    let carrier = vec![
        ("CARRIER_PORT", carrier_port.to_string()),
        ("DATA_DIR", folder.path().to_str().expect("a path of plain text").to_owned()),
    ];
    let mut provider =
        calldocker(&["carrier"], &carrier).stdout(std::process::Stdio::piped()).spawn().expect("it starts");
    let mut said = BufReader::new(provider.stdout.take().expect("a pipe")).lines();
    let listening = Clock::machine().timeout(START, said.next_line()).await;
    listening.expect("the look-alike starts in time").expect("it can be read").expect("it says where it is");
    let token =
        std::fs::read_to_string(folder.path().join("carrier_token")).expect("the look-alike has a token");
    let settings = vec![
        ("TWILIO_API_URL", format!("http://127.0.0.1:{carrier_port}")),
        ("TWILIO_ACCOUNT_SID", "ACca11d0c0000000000000000000000000".to_owned()),
        ("TWILIO_AUTH_TOKEN", token),
        ("CHECK_CALL_SECONDS", "1".to_owned()),
    ];
    let mut server = Server::start(folder.path(), port, settings.clone());
    server.ready().await;

    let ana = Desk::open(&server.url, "agent1@acme.test").await;
    let flags = ["call", "--to", ACME, "--press", "1", "--until-answered", "--wait", "15", "--hangup"];
    let caller = calldocker(&flags, &carrier).stdout(std::process::Stdio::null()).spawn().expect("it starts");
    let id = ana.take_a_call().await;
    ana.call_is(&id, "connected").await;
    server.terminate().await;
    assert!(server.ended(STOP).await.success(), "the server ends well within {STOP:?}");

    // The conversation went on without the server; what happened meanwhile is asked for.
    let mut server = Server::start(folder.path(), port, settings);
    server.ready().await;
    let ended = Clock::machine()
        .timeout(LIMIT, {
            let mut caller = caller;
            async move { caller.wait().await }
        })
        .await;
    assert!(ended.expect("the call ends").expect("it can be waited for").success());
    ana.call_is(&id, "wrap_up").await;
    ana.post(&format!("/api/calls/{id}/wrap-up"), json!({})).await;
    assert_eq!(ana.call_is(&id, "completed").await["outcome"], "answered");
}

#[tokio::test]
async fn a_second_seed_changes_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let environment = vec![("DATA_DIR", folder.path().to_str().expect("a path of plain text").to_owned())];
    let first = run(&["seed"], &environment, LIMIT).await;
    assert!(first.status.success() && printed(&first).contains("The demo is there."), "{}", printed(&first));
    let second = run(&["seed"], &environment, LIMIT).await;
    assert!(second.status.success(), "{}", printed(&second));
    assert!(printed(&second).contains("nothing was changed"), "{}", printed(&second));
    let mut server =
        Server::start(folder.path(), free_port(), vec![("CARRIER_PORT", free_port().to_string())]);
    server.ready().await;
    let owner = Desk::open(&server.url, "owner@acme.test").await;
    assert_eq!(owner.get("/api/agents").await["data"].as_array().map(Vec::len), Some(6));
}

#[tokio::test]
async fn production_refuses_the_demo_missing_secrets_and_a_missing_account() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = ("DATA_DIR", folder.path().to_str().expect("a path of plain text").to_owned());
    let seeded = run(&["seed"], &vec![data.clone()], LIMIT).await;
    assert!(seeded.status.success(), "{}", printed(&seeded));
    let secret = |name| (name, "0123456789abcdef0123456789abcdef".to_owned());
    let all: Environment = vec![
        data,
        ("CALLDOCKER_ENV", "production".to_owned()),
        ("PUBLIC_URL", "https://calls.example.com".to_owned()),
        ("PORT", free_port().to_string()),
        ("TWILIO_ACCOUNT_SID", "ACca11d0c0000000000000000000000007".to_owned()),
        secret("TWILIO_AUTH_TOKEN"),
        secret("JWT_SECRET"),
        secret("MASTER_KEY"),
    ];
    let refusal = async |without: &[&str], command: &str| {
        let environment = all.iter().filter(|(name, _)| !without.contains(name)).cloned().collect();
        let output = run(&[command], &environment, LIMIT).await;
        assert_eq!(output.status.code(), Some(1), "{command} without {without:?}: {}", printed(&output));
        printed(&output)
    };
    let demo = refusal(&[], "serve").await;
    assert!(demo.contains("Acme") && demo.contains("published"), "{demo}");
    for missing in ["JWT_SECRET", "MASTER_KEY"] {
        let text = refusal(&[missing], "serve").await;
        assert!(text.contains(&format!("export {missing}=$(openssl rand -hex 32)")), "{text}");
    }
    let text = refusal(&["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"], "serve").await;
    assert!(text.contains("TWILIO_ACCOUNT_SID"), "{text}");
    let text = refusal(&["TWILIO_AUTH_TOKEN"], "serve").await;
    assert!(text.contains("TWILIO_AUTH_TOKEN"), "{text}");
    let text = refusal(&[], "seed").await;
    assert!(text.contains("never made in production"), "{text}");
}

#[tokio::test]
async fn a_healthcheck_ends_with_zero_when_the_server_is_ready_and_only_then() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let server = demo_server(folder.path()).await;
    let healthy = run(&["healthcheck"], server.environment(), LIMIT).await;
    assert!(healthy.status.success(), "{}", printed(&healthy));
    let environment = server.environment().clone();
    server.terminate().await;
    assert!(server.ended(STOP).await.success());
    assert_eq!(run(&["healthcheck"], &environment, LIMIT).await.status.code(), Some(1));
}
