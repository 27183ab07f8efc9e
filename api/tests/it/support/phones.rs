//! The push services on loopback, as a server's settings name them, and people's phones.

use std::sync::LazyLock;
use std::time::Duration;

use calldocker::jobs::Done;
use calldocker::notices::{self, Notice};
use calldocker::presence;
use calldocker::store::system::turn_over_jobs;
use calldocker::store::{Unit, jobs};
use clock::Clock;
use entity::id::UserId;
use entity::{CompanyScope, JobKind};
use push::fakes::{Apns, Checked, Expo, Fcm};
use serde_json::{Value, json};

use super::{Answer, Backend, Company, Person, TestApp, World, firebase, peers};

/// The three services; the platform's app is reached at each.
pub struct Phones {
    pub expo: Expo,
    pub fcm: Fcm,
    pub apns: Apns,
    folder: tempfile::TempDir,
}

impl Phones {
    pub async fn start(clock: Clock) -> Self {
        let (expo, fcm) = (Expo::start(clock.clone()).await, Fcm::start(clock.clone()).await);
        let apns = Apns::start(clock).await;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let phones = Self { expo, fcm, apns, folder };
        let (p8, ..) = phones.apns.credentials();
        for (name, text) in
            [("fcm.json", phones.fcm.key_file()), ("key.p8", p8), ("ca.pem", phones.apns.authority())]
        {
            std::fs::write(phones.folder.path().join(name), text).expect("a file");
        }
        phones
    }

    /// What a server has to be told of them.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let file = |name: &str| self.folder.path().join(name).to_str().expect("a plain path").to_owned();
        let (_, key, team, bundle) = self.apns.credentials();
        let apple = self.apns.base();
        vec![
            ("expo_url", self.expo.base()),
            ("fcm_url", self.fcm.base()),
            ("fcm_oauth_url", self.fcm.base()),
            ("fcm_key_file", file("fcm.json")),
            ("apns_url", apple.clone()),
            ("apns_sandbox_url", apple),
            ("apns_key_file", file("key.p8")),
            ("apns_key_id", key.to_owned()),
            ("apns_team_id", team.to_owned()),
            ("apns_bundle_id", bundle.to_owned()),
            ("push_ca_file", file("ca.pem")),
        ]
    }

    /// How many notices were taken, by Expo, FCM and APNs.
    pub fn taken(&self) -> (usize, usize, usize) {
        (self.expo.sent().len(), self.fcm.sent().len(), self.apns.pushed().len())
    }

    /// Every request was as its service wants it.
    pub fn assert_no_faults(&self) {
        self.expo.assert_no_faults();
        self.fcm.assert_no_faults();
        self.apns.assert_no_faults();
    }
}

/// A server beside the services.
pub async fn server_with_phones(backend: Backend) -> Option<(TestApp, Phones)> {
    let clock = Clock::simulated("2026-03-02T12:00:00Z".parse().expect("a time"));
    let phones = Phones::start(clock.clone()).await;
    let settings = phones.settings();
    let mut settings: Vec<_> = settings.iter().map(|(key, value)| (*key, value.as_str())).collect();
    // Receipts come after the usual life of a token.
    settings.push(("jwt_expires_in", "24h"));
    Some((TestApp::at(clock, backend, &settings).await?, phones))
}

/// Scenarios with phones, on both databases.
macro_rules! with_phones {
    ($($(#[$about:meta])* async fn $name:ident($app:ident, $phones:ident) $body:block)+) => { $(
        $(#[$about])*
        mod $name {
            #[allow(unused_imports, reason = "a scenario need not use all that its file does")]
            use super::*;

            async fn scenario($app: &$crate::support::TestApp, $phones: &$crate::support::phones::Phones) $body

            async fn run(backend: $crate::support::Backend) {
                let Some((app, phones)) = $crate::support::phones::server_with_phones(backend).await else { return };
                scenario(&app, &phones).await;
                phones.assert_no_faults();
                app.close().await;
            }

            #[tokio::test]
            async fn on_sqlite() {
                run($crate::support::Backend::Sqlite).await;
            }

            #[tokio::test]
            async fn on_postgres() {
                run($crate::support::Backend::Postgres).await;
            }
        }
    )+ };
}
pub(crate) use with_phones;

/// Does what is due of notices, in a server that does no jobs by itself.
pub async fn work(app: &TestApp) {
    let mut done = Vec::new();
    loop {
        let claimed = turn_over_jobs(&app.app, &done, 20).await.unwrap();
        if claimed.is_empty() {
            return;
        }
        done.clear();
        for claimed in claimed {
            let went = match claimed.job.kind {
                JobKind::NotifyChat => notices::notify_chat(&app.app, &claimed).await,
                JobKind::NotifyUser => notices::notify(&app.app, &claimed).await,
                JobKind::SendPush => notices::send(&app.app, &claimed).await,
                JobKind::ReadPushReceipts => {
                    notices::read_receipts(&app.app, claimed.scope, claimed.job.id).await
                }
                JobKind::PresenceLost => {
                    let mut unit = Unit::begin(&app.app, claimed.scope).await.unwrap();
                    presence::is_gone(&mut unit, UserId(claimed.job.subject_id)).await.unwrap();
                    unit.commit().await.map(|()| Done::Yes)
                }
                _ => Ok(Done::Yes),
            };
            match went.unwrap() {
                Done::Yes => done.push(claimed.job.id),
                Done::Forgotten => {}
                Done::Again(at) => jobs::again(&app.app, &claimed, at).await.unwrap(),
                Done::Retry { after, because } => {
                    let wait = chrono::TimeDelta::from_std(after.unwrap_or_default()).unwrap();
                    jobs::put_back(&app.app, &claimed, app.clock.now() + wait, because).await.unwrap();
                }
            }
        }
    }
}

/// Tells somebody something, and does what is due.
pub async fn tell(app: &TestApp, scope: CompanyScope, user: UserId, notice: Notice) {
    let mut unit = Unit::begin(&app.app, scope).await.unwrap();
    notices::to(&mut unit, user, notice).await.unwrap();
    unit.commit().await.unwrap();
    work(app).await;
}

/// A token as Expo gives one.
pub fn expo_token(name: &str) -> String {
    format!("ExponentPushToken[{name}]")
}

/// Registers a phone.
pub async fn register(app: &TestApp, person: &Person, device: Value) -> Answer {
    app.post("/api/users/devices", person, device).await
}

/// A phone of each service, which are called as their owner.
pub fn one_of_each(owner: &str) -> [Value; 3] {
    let hex: String = owner.bytes().map(|byte| format!("{byte:02x}")).collect();
    [
        json!({ "service": "expo", "token": expo_token(owner), "name": format!("{owner}'s phone") }),
        json!({ "service": "fcm", "token": format!("fcm-{owner}") }),
        json!({ "service": "apns", "token": hex }),
    ]
}

/// Registers a phone of each service for somebody.
pub async fn phones_of(app: &TestApp, person: &Person, name: &str) {
    for device in one_of_each(name) {
        register(app, person, device).await.data(201);
    }
}

pub async fn prefer(app: &TestApp, person: &Person, preferences: Value) {
    app.put("/api/settings/user/preferences", person, preferences).await.data(200);
}

/// Somebody writes to a colleague, between the two; what is due is done.
pub async fn says(app: &TestApp, by: &Person, to: &Person, text: &str) -> Value {
    let chat = app.post("/api/chats/private", by, json!({ "userId": to.user })).await;
    writes(app, by, &chat.data(200)["id"], text).await
}

/// Somebody writes into a chat, and what is due is done.
pub async fn writes(app: &TestApp, by: &Person, chat: &Value, text: &str) -> Value {
    let body = json!({ "chatId": chat, "content": { "type": "text", "text": text } });
    let sent = app.post("/api/messages", by, body).await.data(201).clone();
    work(app).await;
    sent
}

pub async fn pass(app: &TestApp, seconds: u64) {
    app.clock.advance(Duration::from_secs(seconds)).await;
    work(app).await;
}

/// The world without the phones that it brings. A call of a former colleague rings for our agent.
pub async fn people(app: &TestApp) -> World {
    let world = World::create(app).await;
    for company in [&world.ours, &world.theirs] {
        app.delete(&format!("/api/users/devices/{}", company.device), &company.owner).await.data(200);
        for service in ["expo", "fcm", "apns"] {
            app.delete(&integration(company, service), &company.owner).await.data(200);
        }
    }
    let (ours, parties) = (&world.ours, (world.ours.former, world.ours.agent.user));
    peers::insert(app, ours.scope, ours.peer_call, parties, ours.idle).await;
    world
}

pub fn integration(company: &Company, service: &str) -> String {
    format!("/api/settings/company/{}/integrations/push/{service}", company.id)
}

/// A key file of a service account of somebody's.
pub fn key_file() -> &'static str {
    static FILE: LazyLock<String> = LazyLock::new(|| {
        let file = json!({
            "project_id": "calldocker-test",
            "client_email": "push@calldocker-test.iam.gserviceaccount.com",
            "private_key": firebase::rsa_key(),
        });
        file.to_string()
    });
    &FILE
}

/// A key of Apple's, as its file's text.
pub fn apns_key() -> &'static str {
    static KEY: LazyLock<String> =
        LazyLock::new(|| rcgen::KeyPair::generate().expect("a key").serialize_pem());
    &KEY
}
