//! A whole server for a test: its own database, a simulated clock, a real port.

mod balancer;
pub mod centre;
pub mod chats;
pub mod collector;
mod contract;
mod database;
pub mod days;
pub mod devices;
mod dump;
mod figures;
pub mod firebase;
pub mod founding;
pub mod hooks;
mod http;
pub mod live;
pub mod live_calls;
pub mod log;
mod mails;
pub mod node;
pub mod others;
pub mod past;
pub mod peers;
pub mod phones;
pub mod process;
mod rest;
pub mod script;
pub mod sink;
pub mod store;
pub mod target;
pub mod workflow;
mod world;

pub use database::{Backend, TestDatabase};
pub use dump::{dump, dump_all, tables, texts};
pub use http::{Answer, Call};
pub use world::{
    ACCOUNT_TOKEN, Company, FACTOR_SECRET, FORM, INVITATION_TOKEN, OUR_ACCOUNT, PASSWORD_TOKEN, PHONE_CODE,
    PHONE_NUMBER, Person, REGISTRATION_TOKEN, World, agent_row, draft, form, office_hours, person, png,
    refresh_token, wav,
};

use calldocker::app::App;
use calldocker::bus::Delivery;
use calldocker::config::Settings;
use calldocker::http::server;
use carrier::Carrier;
use clock::Clock;
use others::Others;
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
    database: TestDatabase,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
    folder: tempfile::TempDir,
    /// The provider, where there is one.
    pub carrier: Option<Carrier>,
    /// What companies may have of their own, where it is there.
    pub others: Option<Others>,
}

impl TestApp {
    /// A server on a fresh database of this kind; `None` when there is no server for such databases, which it says.
    pub async fn on(backend: Backend) -> Option<Self> {
        Self::with(backend, &[]).await
    }

    /// [`TestApp::on`], with a look-alike that has our account, which is the platform's as well.
    pub async fn with_provider(backend: Backend) -> Option<Self> {
        let settings = carrier::Settings::new(OUR_ACCOUNT, ACCOUNT_TOKEN, Clock::machine());
        let carrier = Carrier::start(settings).await.expect("a look-alike");
        let url = carrier.api_url();
        let account = [("twilio_account_sid", OUR_ACCOUNT), ("twilio_auth_token", ACCOUNT_TOKEN)];
        let app = Self::with(backend, &[account[0], account[1], ("twilio_api_url", &url)]).await?;
        Some(Self { carrier: Some(carrier), ..app })
    }

    /// [`TestApp::on`], with a mail server and a bucket for companies to have of their own.
    pub async fn with_others(backend: Backend) -> Option<Self> {
        let others = Others::start().await;
        let app = Self::with(backend, &[("outbound_allow", &others.allowed())]).await?;
        Some(Self { others: Some(others), ..app })
    }

    /// [`TestApp::on`], with other settings.
    pub async fn with(backend: Backend, changes: &[(&str, &str)]) -> Option<Self> {
        let clock = Clock::simulated("2026-03-02T12:00:00Z".parse().expect("a time"));
        Self::at(clock, backend, changes).await
    }

    /// [`TestApp::with`], by another clock: the machine's, where others have a part who go by that.
    pub async fn at(clock: Clock, backend: Backend, changes: &[(&str, &str)]) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database = TestDatabase::create(backend, folder.path()).await?;
        let mut settings = vec![
            ("data_dir", folder.path().to_str().expect("a path of plain text")),
            ("database_url", database.url()),
            ("database_pool", "5"),
            ("sqlite_synchronous", "normal"),
            ("jwt_expires_in", "15m"),
            // Tests ask much at once, from one address and while time stands still.
            ("rate_limit_max_requests", "0"),
            ("rate_limit_calls", "0"),
            // Nobody is there, unless a test says where.
            ("cloudinary_cloud_name", "calldocker"),
            ("cloudinary_api_key", "874837483274837"),
            ("cloudinary_api_secret", "abcd"),
            ("cloudinary_api_url", "http://127.0.0.1:9"),
            ("sms_from", "+12025550100"),
            ("whatsapp_from", "+12025550100"),
            ("phone_codes_of_address", "0"),
            ("firebase_project_id", firebase::PROJECT),
        ];
        settings.push(("firebase_jwks_url", firebase::Firebase::everybodys().url()));
        settings.extend(changes);
        let settings = Settings::with(&settings).expect("settings for tests");
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
        Some(Self {
            app,
            clock,
            url,
            database,
            stop: Some(stop),
            server,
            folder,
            carrier: None,
            others: None,
        })
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
    pub async fn close(mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        self.server.await.expect("the server did not crash");
        if let Some(carrier) = self.carrier.take() {
            carrier.stop().await;
        }
        self.app.db.clone().close().await.expect("the database closes");
        self.database.remove().await;
        drop(self.folder);
    }
}

/// Scenarios that run on both databases. Each becomes a module with one test a database.
macro_rules! on_both_databases {
    ($($(#[$about:meta])* async fn $name:ident($app:ident) $body:block)+) => { $(
        $(#[$about])*
        mod $name {
            #[allow(unused_imports, reason = "a scenario need not use all that its file does")]
            use super::*;

            async fn scenario($app: &$crate::support::TestApp) $body

            #[tokio::test]
            async fn on_sqlite() {
                let app = $crate::support::TestApp::on($crate::support::Backend::Sqlite).await.expect("SQLite is always there");
                scenario(&app).await;
                app.close().await;
            }

            #[tokio::test]
            async fn on_postgres() {
                let Some(app) = $crate::support::TestApp::on($crate::support::Backend::Postgres).await else { return };
                scenario(&app).await;
                app.close().await;
            }
        }
    )+ };
}
pub(crate) use on_both_databases;
