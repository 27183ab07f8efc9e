//! A busy contact centre whose server is killed at ten random moments, in real processes and real time. The provider, its
//! callers and the agents' clients go on meanwhile, as they would; when it has become quiet, everything must add up.
//!
//! Who is on the line with a question to a server that is not there hears the provider's apology: those callers are
//! counted and reported. Everybody else must be served as if nothing had happened; and where a service manager keeps the
//! server's socket, nobody at all may be turned away.

mod books;
mod people;
mod rescue;

use std::sync::Arc;
use std::time::Duration;

use calldocker::app::App;
use calldocker::bus::Delivery;
use calldocker::calls::urls::Urls;
use calldocker::config::Settings;
use carrier::{Carrier, NewCall, NewNumber, Script, Step};
use clock::Clock;
use entity::Reach;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::support::centre::{ACCOUNT, CALLER, NUMBER, Plan};
use crate::support::founding::{Company, found_company};
use crate::support::process::{Door, Server, free_port};
use crate::support::{Backend, TestDatabase};
use books::Books;
use people::{Agents, Callers};

const TOKEN: &str = "a-token-that-only-this-test-knows";
/// Who answers.
const AGENTS: usize = 12;
/// Who is on the line at any time, until the doors close.
const AT_ONCE: usize = 50;

/// How long the test takes, and how often it hurts.
struct Storm {
    open: Duration,
    kills: usize,
    door: DoorKeeper,
}

/// Who keeps the server's socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DoorKeeper {
    /// The server: while it is not there, callers are turned away.
    Server,
    /// A service manager: nobody is turned away.
    Manager,
}

/// For those who wait when the doors close; afterwards they give up.
const CLOSING: Duration = Duration::from_secs(20);
/// For everything that is left when the last of them was served or has given up.
const SETTLING: Duration = Duration::from_secs(25);
/// One storm is all that a machine bears: the people of two would wait for each other.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_again_and_again_loses_nothing_on_sqlite() {
    let storm = Storm { open: Duration::from_secs(45), kills: 10, door: DoorKeeper::Server };
    weather(Backend::Sqlite, storm).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_again_and_again_loses_nothing_on_postgres() {
    let storm = Storm { open: Duration::from_secs(25), kills: 5, door: DoorKeeper::Manager };
    weather(Backend::Postgres, storm).await;
}

async fn weather(backend: Backend, storm: Storm) {
    let _turn = ONE_AT_A_TIME.lock().await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let Some(database) = TestDatabase::create(backend, folder.path()).await else { return };
    let seed = std::env::var("CALLDOCKER_CRASH_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = seed.unwrap_or_else(rand::random);
    println!("CALLDOCKER_CRASH_SEED={seed} repeats these moments and these people");
    let clock = Clock::machine();
    let settings_of_carrier = carrier::Settings::new(ACCOUNT, TOKEN, clock.clone());
    let carrier = Arc::new(Carrier::start(settings_of_carrier).await.unwrap());
    let port = free_port();
    let app = looking_in(folder.path(), &database).await;
    let plan = Plan {
        agents: vec![Reach::Client; AGENTS],
        ring_seconds: 6,
        wrap_up_seconds: 1,
        flow: menu(),
        ..Plan::default()
    };
    let Company { scope, agents, .. } = found_company(&app, &plan).await;
    let door = match storm.door {
        DoorKeeper::Server => Door::Own,
        DoorKeeper::Manager => Door::held_at(port),
    };
    let mut server = Server::start_behind(door, folder.path(), port, settings(&carrier, &database, port));
    let urls = Urls::new(&server.url, scope.company());
    let mut number = NewNumber::new(NUMBER, urls.voice());
    number.voice_fallback_url = urls.fallback();
    number.status_callback = urls.call_status();
    carrier.add_number(number);
    server.ready().await;

    let mut rng = StdRng::seed_from_u64(seed);
    let agents = Agents::at_work(&app, &carrier, scope, &agents, &server.url, rng.random()).await;
    let callers = Callers::calling(&carrier, AT_ONCE, storm.open, rng.random());
    let opened = clock.now();
    for moment in moments(&mut rng, &storm) {
        drop(clock.sleep_until(opened + moment).await);
        server.kill_and_restart(downtime(&mut rng)).await;
    }
    server.ready().await;
    callers.gone_or_given_up(CLOSING).await;
    let quiet = books::quiet(&app, scope, &carrier, SETTLING).await;
    agents.go_home().await;

    let books = Books::open(&app, scope, &carrier).await;
    println!("{}", books.summary());
    let wrong = books.errors();
    assert!(
        quiet && wrong.is_empty(),
        "seed {seed}: {} things are wrong (quiet: {quiet})\n{}\nthe server's log:\n{}",
        wrong.len(),
        wrong.into_iter().take(20).collect::<Vec<_>>().join("\n"),
        tail(&server.log()),
    );
    books.must_not_be_empty();
    if storm.door == DoorKeeper::Manager {
        assert_eq!(books.turned_away(), 0, "seed {seed}: the manager keeps the door open");
    }
    app.db.clone().close().await.expect("the database closes");
    server.terminate().await;
    assert!(server.ended(Duration::from_secs(15)).await.success());
    Arc::into_inner(carrier).expect("nobody else holds it").stop().await;
    database.remove().await;
}

/// Short limits, so that what is repaired after a while is repaired within the test.
fn settings(carrier: &Carrier, database: &TestDatabase, port: u16) -> Vec<(&'static str, String)> {
    [
        ("DATABASE_URL", database.url()),
        ("DATABASE_POOL", "8"),
        ("SQLITE_SYNCHRONOUS", "normal"),
        ("PUBLIC_URL", &format!("http://127.0.0.1:{port}")),
        ("TWILIO_ACCOUNT_SID", ACCOUNT),
        ("TWILIO_AUTH_TOKEN", TOKEN),
        ("TWILIO_API_URL", &carrier.api_url()),
        ("JOIN_SECONDS", "5"),
        ("CHECK_CALL_SECONDS", "2"),
        ("LEASE_SECONDS", "3"),
        ("RATE_LIMIT_USER", "0"),
        ("LOG", "warn,calldocker=info"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into()
}

/// The server's database, as this process reads it.
async fn looking_in(folder: &std::path::Path, database: &TestDatabase) -> App {
    let folder = folder.join("reader");
    let settings = Settings::with(&[
        ("data_dir", folder.to_str().expect("a path of plain text")),
        ("database_url", database.url()),
        ("database_pool", "3"),
        ("sqlite_synchronous", "normal"),
    ]);
    let settings = settings.expect("settings for tests");
    App::build(settings, Clock::machine(), Delivery::DropEverything).await.expect("the app is built")
}

fn menu() -> Value {
    json!({
        "version": 1, "name": "Busy line", "start": "menu", "language": "en-US",
        "nodes": {
            "menu": {
                "type": "menu", "prompt": "For support, press one.", "input": ["digits"],
                "timeoutSeconds": 3, "retries": 2,
                "choices": [{"digits": "1"}],
                "next": {"1": "wait", "timeout": "bye", "noMatch": "bye"},
            },
            "wait": {"type": "enqueue", "queue": "support"},
            "bye": {"type": "hangup"},
        },
    })
}

/// When the server is killed, in the order of time; some kills hit it while it starts.
fn moments(rng: &mut StdRng, storm: &Storm) -> Vec<chrono::TimeDelta> {
    let last = i64::try_from(storm.open.as_millis()).unwrap_or(i64::MAX);
    let mut moments: Vec<i64> = (0..storm.kills).map(|_| rng.random_range(3_000..last)).collect();
    moments.sort_unstable();
    moments.into_iter().map(chrono::TimeDelta::milliseconds).collect()
}

/// How long it takes until somebody starts it again: mostly no time, now and then what a container takes.
fn downtime(rng: &mut StdRng) -> Duration {
    if rng.random_range(0..4) == 0 {
        Duration::from_millis(rng.random_range(200..1_500))
    } else {
        Duration::ZERO
    }
}

fn tail(log: &str) -> String {
    let lines: Vec<_> = log.lines().collect();
    lines[lines.len().saturating_sub(60)..].join("\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_presses_a_key_while_the_server_is_down_is_served_when_it_is_back() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let database =
        TestDatabase::create(Backend::Sqlite, folder.path()).await.expect("SQLite is always there");
    let clock = Clock::machine();
    let carrier = Carrier::start(carrier::Settings::new(ACCOUNT, TOKEN, clock.clone())).await.unwrap();
    let port = free_port();
    let app = looking_in(folder.path(), &database).await;
    let Company { scope, .. } =
        found_company(&app, &Plan { flow: menu(), ring_seconds: 5, ..Plan::default() }).await;
    let door = Door::held_at(port);
    let mut server = Server::start_behind(door, folder.path(), port, settings(&carrier, &database, port));
    carrier.add_number(NewNumber::new(NUMBER, Urls::new(&server.url, scope.company()).voice()));
    server.ready().await;

    let waits = [Step::UntilSaid("press one".into()), Step::Wait(1.0), Step::Press("1".into())];
    let caller = carrier.place_call(NewCall::new(CALLER, NUMBER, Script::new(waits)));
    let heard = |text: &'static str| caller.transcript().iter().any(|line| line.text.contains(text));
    until(&clock, || heard("press one")).await;
    server.kill_and_restart(Duration::from_secs(2)).await;
    until(&clock, || heard("in line")).await;
    caller.hang_up();
    assert!(books::quiet(&app, scope, &carrier, SETTLING).await, "{:#?}", caller.transcript());
    assert!(!heard("sorry"), "{:#?}", caller.transcript());
    app.db.clone().close().await.expect("the database closes");
    server.terminate().await;
    assert!(server.ended(Duration::from_secs(15)).await.success());
    carrier.stop().await;
}

async fn until(clock: &Clock, is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            drop(clock.sleep(Duration::from_millis(20)).await);
        }
    };
    assert!(
        clock.timeout(Duration::from_secs(30), waiting).await.is_some(),
        "this does not happen within 30 s"
    );
}
