//! A whole server for a test: its own database, a simulated clock, a real port.

pub mod centre;
pub mod database;
mod dump;
mod http;
mod live_calls;
mod world;

pub use dump::{dump, tables, texts};
pub use http::{Answer, Call};
pub use world::{Person, World, agent_row, draft, person, refresh_token};

use std::sync::Mutex;

use calldocker::app::App;
use calldocker::bus::Delivery;
use calldocker::config::Settings;
use calldocker::http::server;
use clock::Clock;
use database::{Kind, TestDatabase};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The password of everybody in the tests.
pub const PASSWORD: &str = "correct horse battery";

pub struct TestApp {
    pub app: App,
    pub clock: Clock,
    /// As `http://127.0.0.1:40123`.
    pub url: String,
    running: Mutex<Option<Running>>,
}

struct Running {
    database: TestDatabase,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

impl TestApp {
    /// A server on a fresh database of this kind; `None` when there is no server for such databases, which it says.
    pub async fn on(kind: Kind) -> Option<Self> {
        Some(Self::over(TestDatabase::new(kind).await?).await)
    }

    pub async fn over(database: TestDatabase) -> Self {
        let settings = Settings::with(&[
            ("data_dir", database.folder()),
            ("database_url", database.url()),
            ("database_pool", "5"),
            ("sqlite_synchronous", "normal"),
            ("jwt_expires_in", "15m"),
        ])
        .expect("settings for tests");
        let clock = Clock::simulated("2026-03-02T12:00:00Z".parse().expect("a time"));
        let app = App::build(settings, clock.clone(), Delivery::Deliver).await.expect("the app is built");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("a bound port"));
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn({
            let app = app.clone();
            async move {
                let stopped = async { drop(stopped.await) };
                server::serve(&app, listener, stopped).await.expect("the server runs until it is stopped");
            }
        });
        let running = Mutex::new(Some(Running { database, stop, server }));
        Self { app, clock, url, running }
    }

    /// A request to this server, e.g. `app.call("GET", "/health").send().await`.
    pub fn call(&self, method: &str, path: &str) -> Call {
        Call::new(method, format!("{}{path}", self.url))
    }

    pub async fn get(&self, path: &str, by: &Person) -> Answer {
        self.call("GET", path).by(by).send().await
    }

    pub async fn post(&self, path: &str, by: &Person, body: Value) -> Answer {
        self.call("POST", path).by(by).json(body).send().await
    }

    pub async fn put(&self, path: &str, by: &Person, body: Value) -> Answer {
        self.call("PUT", path).by(by).json(body).send().await
    }

    pub async fn delete(&self, path: &str, by: &Person) -> Answer {
        self.call("DELETE", path).by(by).send().await
    }

    pub async fn log_in(&self, email: &str, password: &str) -> Answer {
        let body = serde_json::json!({ "email": email, "password": password });
        self.call("POST", "/api/auth/login").json(body).send().await
    }

    /// Stops the server and removes the database.
    pub async fn close(&self) {
        let running = self.running.lock().expect("nobody panicked while closing").take();
        let Running { database, stop, server } = running.expect("it is closed once");
        let _ = stop.send(());
        server.await.expect("the server did not crash");
        self.app.db.clone().close().await.expect("the database closes");
        database.remove().await;
    }
}

/// Scenarios against a server, which run on both databases. The body gets a [`TestApp`].
macro_rules! on_a_server {
    ($($(#[$meta:meta])* async fn $name:ident($app:ident) $body:block)+) => {
        $crate::support::database::on_both_databases! { $(
            $(#[$meta])*
            async fn $name(database) {
                let $app = &$crate::support::TestApp::over(database).await;
                $body
                $app.close().await;
            }
        )+ }
    };
}
pub(crate) use on_a_server;
