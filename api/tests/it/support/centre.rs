//! A contact centre for whole-call scenarios: the server and the carrier look-alike in one process, on one simulated
//! clock, with one company, one queue and some agents.

use std::time::Duration;

use calldocker::app::App;
use calldocker::bus::Delivery;
use calldocker::calls::accept;
use calldocker::config::Settings;
use calldocker::error::Error;
use calldocker::http::server;
use calldocker::store::{calls, queueing};
use carrier::{CallHandle, Carrier, Endpoint, NewCall, NewNumber, Script, Step};
use chrono::{DateTime, Utc};
use clock::Clock;
use entity::id::{AgentId, CallId, CompanyId, FlowId, FlowVersionId, MembershipId, OfferId, QueueId, UserId};
use entity::*;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use serde_json::{Value, json};

use super::database::{Backend, TestDatabase};

pub const NUMBER: &str = "+12025550100";
pub const CALLER: &str = "+12025550199";
pub const ACCOUNT: &str = "AC00000000000000000000000000000001";

/// What a scenario may choose.
pub struct Plan {
    pub agents: Vec<Reach>,
    pub strategy: Strategy,
    pub ring_seconds: i32,
    pub wrap_up_seconds: i32,
    pub flow: Value,
    pub delivery: Delivery,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            agents: vec![Reach::Client, Reach::Client],
            strategy: Strategy::LongestIdle,
            ring_seconds: 20,
            wrap_up_seconds: 30,
            flow: straight_to_the_queue(),
            delivery: Delivery::Deliver,
        }
    }
}

/// A migrated database and a folder of its own.
pub struct Ground {
    database: TestDatabase,
    folder: tempfile::TempDir,
}

impl Ground {
    /// `None` for PostgreSQL when there is no server to make a database on.
    pub async fn new(backend: Backend) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database = TestDatabase::create(backend, folder.path()).await?;
        Some(Self { database, folder })
    }
}

/// Whole-call scenarios, each on both databases; the body gets the [`Ground`] to open a [`Centre`] on.
macro_rules! whole_calls {
    ($($(#[$about:meta])* async fn $name:ident($ground:ident) $body:block)+) => { $(
        $(#[$about])*
        mod $name {
            #[allow(unused_imports, reason = "a scenario need not use all that its file does")]
            use super::*;

            async fn scenario($ground: $crate::support::centre::Ground) $body

            #[tokio::test]
            async fn on_sqlite() {
                use $crate::support::{Backend, centre::Ground};
                scenario(Ground::new(Backend::Sqlite).await.expect("SQLite is always there")).await;
            }

            #[tokio::test]
            async fn on_postgres() {
                use $crate::support::{Backend, centre::Ground};
                if let Some(ground) = Ground::new(Backend::Postgres).await {
                    scenario(ground).await;
                }
            }
        }
    )+ };
}
pub(crate) use whole_calls;

/// Says hello and enqueues.
pub fn straight_to_the_queue() -> Value {
    json!({
        "version": 1, "name": "Front desk", "start": "hello", "language": "en-US",
        "nodes": {
            "hello": {"type": "say", "text": "Welcome.", "next": {"next": "wait"}},
            "wait": {"type": "enqueue", "queue": "support"},
        },
    })
}

pub struct Centre {
    pub app: App,
    pub clock: Clock,
    pub carrier: Carrier,
    pub scope: CompanyScope,
    pub queue: QueueId,
    pub agents: Vec<AgentId>,
    pub user: UserId,
    ground: Ground,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
}

pub fn noon() -> DateTime<Utc> {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

impl Centre {
    pub async fn open(ground: Ground, plan: Plan) -> Self {
        let clock = Clock::simulated(noon());
        let token = "a-token-that-only-this-test-knows";
        let carrier = Carrier::start(carrier::Settings::new(ACCOUNT, token, clock.clone())).await.unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let settings = Settings::with(&[
            ("data_dir", ground.folder.path().to_str().expect("a plain path")),
            ("database_url", ground.database.url()),
            ("database_pool", "5"),
            ("sqlite_synchronous", "normal"),
            ("public_url", &address),
            ("twilio_account_sid", ACCOUNT),
            ("twilio_auth_token", token),
            ("twilio_api_url", &carrier.api_url()),
        ])
        .unwrap();
        let app = App::build(settings, clock.clone(), plan.delivery).await.unwrap();
        let (scope, queue, agents, user) = found_company(&app, &plan).await;
        app.start_work().await.unwrap();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let served = app.clone();
        tokio::spawn(async move {
            let stopped = async { drop(stopped.await) };
            server::serve(&served, listener, stopped).await.unwrap();
        });
        let mut number = NewNumber::new(NUMBER, app.urls(scope.company()).voice());
        number.voice_fallback_url = app.urls(scope.company()).fallback();
        number.status_callback = app.urls(scope.company()).call_status();
        carrier.add_number(number);
        Self { app, clock, carrier, scope, queue, agents, user, ground, stop: Some(stop) }
    }

    pub fn ring(&self, steps: impl IntoIterator<Item = Step>) -> CallHandle {
        self.carrier.place_call(NewCall::new(CALLER, NUMBER, Script::new(steps)))
    }

    /// Lets so many seconds pass.
    pub async fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds)).await;
    }

    /// How an agent's phone behaves.
    pub fn phone(&self, agent: usize, endpoint: Endpoint) {
        self.carrier.set_endpoint(&accept::client_address(self.agents[agent]), endpoint);
    }

    pub async fn open_offers(&self, agent: usize) -> Vec<OfferId> {
        let db = self.app.db.reader();
        let offers = queueing::open_offers_of_agent(self.scope, db, Some(self.agents[agent])).await.unwrap();
        offers.into_iter().map(|offer| offer.id).collect()
    }

    /// The one open offer of an agent.
    pub async fn offer(&self, agent: usize) -> OfferId {
        let offers = self.open_offers(agent).await;
        assert_eq!(offers.len(), 1, "agent {agent} should have one open offer\n{}", self.all_stories().await);
        offers[0]
    }

    pub async fn accept(&self, agent: usize) -> CallId {
        let offer = self.offer(agent).await;
        accept::accept(&self.app, self.scope, offer, Some(self.agents[agent])).await.unwrap()
    }

    pub async fn decline(&self, agent: usize) -> Result<(), Error> {
        let offer = self.offer(agent).await;
        accept::decline(&self.app, self.scope, offer, Some(self.agents[agent])).await
    }

    pub async fn calls(&self) -> Vec<call::Model> {
        let rows = self.scope.find::<call::Entity>().order_by_asc(call::Column::Id);
        rows.all(self.app.db.reader()).await.unwrap()
    }

    /// The only call.
    pub async fn call(&self) -> call::Model {
        let mut calls = self.calls().await;
        assert_eq!(calls.len(), 1, "there should be one call");
        calls.remove(0)
    }

    pub async fn segments(&self) -> Vec<segment::Model> {
        let rows = self.scope.find::<segment::Entity>().order_by_asc(segment::Column::Id);
        rows.all(self.app.db.reader()).await.unwrap()
    }

    pub async fn entries(&self) -> Vec<queue_entry::Model> {
        let rows = self.scope.find::<queue_entry::Entity>().order_by_asc(queue_entry::Column::Id);
        rows.all(self.app.db.reader()).await.unwrap()
    }

    pub async fn agent(&self, agent: usize) -> calldocker::agents::Status {
        let db = self.app.db.reader();
        let row = self.scope.find_by_id::<agent::Entity>(self.agents[agent]).one(db).await.unwrap().unwrap();
        let slots = queueing::slots_of(self.scope, db, &[self.agents[agent]]).await.unwrap();
        calldocker::agents::status(row, &slots)
    }

    /// The kinds of the lines of a call's story, without the nodes that its flow passed.
    pub async fn story(&self, call: CallId) -> Vec<String> {
        let lines = calls::events(self.scope, self.app.db.reader(), call, 0, 1000).await.unwrap();
        lines.into_iter().map(|line| line.kind).filter(|kind| kind != "flow.node").collect()
    }

    /// Everything that is known, for a failing test.
    pub async fn all_stories(&self) -> String {
        let mut text = String::new();
        for call in self.calls().await {
            text += &format!("\ncall {} {:?} {:?}\n", call.id, call.status, call.outcome);
            for line in calls::events(self.scope, self.app.db.reader(), call.id, 0, 1000).await.unwrap() {
                text += &format!(
                    "  {} {} {} {}\n",
                    line.seq,
                    line.occurred_at.format("%T%.3f"),
                    line.kind,
                    line.data
                );
            }
        }
        for leg in self.carrier.snapshot().calls {
            text += &format!("\ncarrier {leg:?}\n");
            for line in self.carrier.call(&leg.sid).into_iter().flat_map(|call| call.transcript()) {
                text += &format!("  {} {:?} {}\n", line.at.format("%T%.3f"), line.kind, line.text);
            }
        }
        text
    }

    /// What must hold when all is quiet, whatever happened: nothing is held, nothing is open, no job has failed.
    pub async fn assert_at_rest(&self) {
        let db = self.app.db.reader();
        let stories = self.all_stories().await;
        for call in self.calls().await {
            assert!(call.status.is_over(), "call {} is {:?}\n{stories}", call.id, call.status);
            assert!(call.outcome.is_some(), "call {} has no outcome\n{stories}", call.id);
            let ends = self.story(call.id).await.iter().filter(|kind| *kind == "call.ended").count();
            assert_eq!(ends, 1, "a call ends once\n{stories}");
        }
        let slots = self.scope.find::<agent_slot::Entity>().all(db).await.unwrap();
        assert!(slots.is_empty(), "slots are still held: {slots:?}\n{stories}");
        let entries = queueing::open_entries(self.scope, db).await.unwrap();
        assert!(entries.is_empty(), "somebody still waits: {entries:?}\n{stories}");
        let failed = self
            .scope
            .find::<job::Entity>()
            .filter(job::Column::State.eq(JobState::Failed))
            .all(db)
            .await
            .unwrap();
        assert!(failed.is_empty(), "a job has failed: {failed:?}\n{stories}");
        let alive: Vec<_> =
            self.carrier.snapshot().calls.into_iter().filter(|leg| !leg.status.is_terminal()).collect();
        assert!(alive.is_empty(), "a leg is still alive at the carrier: {alive:?}\n{stories}");
    }

    pub async fn close(mut self) {
        drop(self.stop.take());
        self.carrier.stop().await;
        self.ground.database.remove().await;
    }
}

#[expect(clippy::disallowed_methods, reason = "a test founds its own company")]
pub async fn found_company(app: &App, plan: &Plan) -> (CompanyScope, QueueId, Vec<AgentId>, UserId) {
    let tx = app.db.begin().await.unwrap();
    let now = app.clock.now();
    let company: CompanyId = app.ids.next();
    let scope = CompanyScope::dangerous_mint(company);
    let row = company::Model {
        id: company,
        name: "Acme".into(),
        time_zone: "America/New_York".into(),
        language: "en-US".into(),
        demo: false,
        twilio_account_sid: None,
        twilio_auth_token_sealed: None,
        created_at: now,
    };
    company::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(&tx).await.unwrap();
    let state = routing_state::Model { company_id: company, node_id: None, lease_until: None };
    scope.insert::<routing_state::Entity, _>(&tx, state).await.unwrap();
    let counter = outbox_counter::Model { company_id: company, last_seq: 0 };
    scope.insert::<outbox_counter::Entity, _>(&tx, counter).await.unwrap();
    let queue = queue::Model {
        id: app.ids.next(),
        company_id: company,
        name: "support".into(),
        strategy: plan.strategy,
        idle_reading: IdleReading::SinceLastCall,
        ring_seconds: plan.ring_seconds,
        wrap_up_seconds: plan.wrap_up_seconds,
        decline_cool_off_seconds: 60,
        hold_music_url: None,
        created_at: now,
    };
    scope.insert::<queue::Entity, _>(&tx, queue.clone()).await.unwrap();
    let mut agents = Vec::new();
    let mut user = None;
    for (index, reach) in plan.agents.iter().enumerate() {
        let person = user::Model {
            id: app.ids.next(),
            email: format!("agent{index}@{company}.test"),
            name: format!("Agent {index}"),
            password_hash: "none".into(),
            platform_role: None,
            status: UserStatus::Active,
            created_at: now,
            updated_at: now,
        };
        user::Entity::insert(person.clone().into_active_model().reset_all())
            .exec_without_returning(&tx)
            .await
            .unwrap();
        user.get_or_insert(person.id);
        let member = membership::Model {
            id: app.ids.next::<MembershipId>(),
            company_id: company,
            user_id: person.id,
            role: Role::Agent,
            status: MembershipStatus::Active,
            created_at: now,
        };
        scope.insert::<membership::Entity, _>(&tx, member.clone()).await.unwrap();
        let agent = agent::Model {
            id: app.ids.next(),
            company_id: company,
            membership_id: member.id,
            name: person.name,
            reach: *reach,
            number: (*reach == Reach::Number).then(|| format!("+1202555030{index}")),
            capacity: 1,
            availability: Availability::Available,
            availability_reason: None,
            // Earlier ones are idle longer.
            available_since: now - chrono::TimeDelta::seconds(100 - i64::try_from(index).unwrap()),
            not_responding_since: None,
            heartbeat_at: None,
            last_offered_at: None,
            last_call_ended_at: None,
            calls_handled: 0,
            talk_ms: 0,
        };
        scope.insert::<agent::Entity, _>(&tx, agent.clone()).await.unwrap();
        let member = queue_member::Model { company_id: company, queue_id: queue.id, agent_id: agent.id };
        scope.insert::<queue_member::Entity, _>(&tx, member).await.unwrap();
        agents.push(agent.id);
    }
    let flow: FlowId = app.ids.next();
    let version: FlowVersionId = app.ids.next();
    let row = flow::Model {
        id: flow,
        company_id: company,
        name: "Front desk".into(),
        draft: plan.flow.clone(),
        published_version_id: Some(version),
        created_at: now,
        updated_at: now,
    };
    scope.insert::<flow::Entity, _>(&tx, row).await.unwrap();
    let row = flow_version::Model {
        id: version,
        company_id: company,
        flow_id: flow,
        number: 1,
        document: plan.flow.clone(),
        engine_version: 1,
        published_by: None,
        published_at: now,
    };
    scope.insert::<flow_version::Entity, _>(&tx, row).await.unwrap();
    let number = phone_number::Model {
        id: app.ids.next(),
        company_id: company,
        account_sid: ACCOUNT.into(),
        number: NUMBER.into(),
        label: "Main".into(),
        flow_id: flow,
        created_at: now,
    };
    scope.insert::<phone_number::Entity, _>(&tx, number).await.unwrap();
    tx.commit().await.unwrap();
    (scope, queue.id, agents, user.expect("at least one agent"))
}
