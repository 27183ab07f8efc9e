//! A contact centre for whole-call scenarios: the server and the carrier look-alike in one process, on one simulated
//! clock, with one company, one queue and some agents.

use std::net::TcpListener;
use std::time::Duration;

use calldocker::agents::{Hand, Wanted};
use calldocker::app::App;
use calldocker::authz::Seat;
use calldocker::bus::Delivery;
use calldocker::calls::accept;
use calldocker::config::Settings;
use calldocker::error::Error;
use calldocker::http::server;
use calldocker::store::{calls, queueing};
use carrier::{
    CallHandle, Carrier, Endpoint, Faults, LineKind, NewCall, NewNumber, RestEffect, RestFault, Script, Step,
};
use chrono::{DateTime, Utc};
use clock::Clock;
use entity::id::{AgentId, CallId, OfferId, UserId};
use entity::*;
use sea_orm::QueryOrder;
use serde_json::{Value, json};

use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use super::balancer::Balancer;
use super::database::{Backend, TestDatabase};
use super::founding::{Company, found_company};
use super::phones::Phones;
use super::world::{Person, person_of};

pub const NUMBER: &str = "+12025550100";
pub const CALLER: &str = "+12025550199";
/// Rings here, and is nobody's.
pub const FOREIGN_NUMBER: &str = "+12025550101";
const TOKEN: &str = "a-token-that-only-this-test-knows";
pub const ACCOUNT: &str = "AC00000000000000000000000000000001";

/// What a scenario may choose.
pub struct Plan {
    pub agents: Vec<Reach>,
    /// Calls that each agent takes at once.
    pub capacity: i32,
    pub strategy: Strategy,
    pub ring_seconds: i32,
    pub wrap_up_seconds: i32,
    pub flow: Value,
    pub publication: Publication,
    pub delivery: Delivery,
    pub life: Life,
    pub nodes: Nodes,
    /// Hosts that flows may reach though they are on this machine.
    pub reachable: String,
    /// The services that bring notices to phones are there.
    pub phones: bool,
}

/// Whether new calls get the flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Publication {
    Published,
    Draft,
}

/// How many servers share the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nodes {
    One,
    /// Behind a balancer; over Redis when TEST_REDIS_URL names one, else each finds out by itself.
    Two,
}

/// Whether the server can be killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// It shares the scenario's runtime.
    Immortal,
    /// It has a runtime of its own, which [`Centre::kill_and_restart`] ends without a word.
    Mortal,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            agents: vec![Reach::Client, Reach::Client],
            capacity: 1,
            strategy: Strategy::LongestIdle,
            ring_seconds: 20,
            wrap_up_seconds: 30,
            flow: straight_to_the_queue(),
            publication: Publication::Published,
            delivery: Delivery::Deliver,
            life: Life::Immortal,
            nodes: Nodes::One,
            reachable: String::new(),
            phones: false,
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
    pub agents: Vec<AgentId>,
    pub user: UserId,
    pub reaches: Vec<Reach>,
    settings: Settings,
    delivery: Delivery,
    /// Stays open when the server dies, as one that the service manager holds.
    socket: TcpListener,
    ground: Ground,
    node: Node,
    pub second: Option<(App, Node)>,
    pub balancer: Option<Balancer>,
    pub phones: Option<Phones>,
    open: Open,
}

/// Whether the scenario goes on; one that ends without closing its centre was not checked.
struct Open(bool);

impl Drop for Open {
    fn drop(&mut self) {
        assert!(!self.0 || std::thread::panicking(), "end the scenario with centre.close().await");
    }
}

/// What keeps the server running.
pub enum Node {
    Immortal { stop: Option<oneshot::Sender<()>> },
    Mortal { runtime: Option<Runtime> },
}

pub fn noon() -> DateTime<Utc> {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

impl Centre {
    pub async fn open(ground: Ground, plan: Plan) -> Self {
        let clock = Clock::simulated(noon());
        let carrier = Carrier::start(carrier::Settings::new(ACCOUNT, TOKEN, clock.clone())).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let second = (plan.nodes == Nodes::Two).then(|| TcpListener::bind("127.0.0.1:0").unwrap());
        let balancer = match &second {
            Some(second) => Some(Balancer::start([address, second.local_addr().unwrap()]).await),
            None => None,
        };
        let public = balancer.as_ref().map_or(address, Balancer::address);
        let redis = std::env::var("TEST_REDIS_URL").ok().filter(|_| second.is_some()).unwrap_or_default();
        let phones = if plan.phones { Some(Phones::start(clock.clone()).await) } else { None };
        let of_phones = phones.as_ref().map(Phones::settings).unwrap_or_default();
        let public_url = format!("http://{public}");
        let api_url = carrier.api_url();
        let mut settings = vec![
            ("redis_url", redis.as_str()),
            ("rate_limit_max_requests", "0"),
            ("rate_limit_calls", "0"),
            ("sms_from", "+12025550199"),
            ("whatsapp_from", "+12025550199"),
            ("data_dir", ground.folder.path().to_str().expect("a plain path")),
            ("database_url", ground.database.url()),
            ("database_pool", "5"),
            ("sqlite_synchronous", "normal"),
            ("public_url", public_url.as_str()),
            ("outbound_allow", &plan.reachable),
            ("twilio_account_sid", ACCOUNT),
            ("twilio_auth_token", TOKEN),
            ("twilio_api_url", api_url.as_str()),
        ];
        settings.extend(of_phones.iter().map(|(key, value)| (*key, value.as_str())));
        let settings = Settings::with(&settings).unwrap();
        let socket = listener.try_clone().unwrap();
        let (app, node) = start(&settings, &clock, plan.delivery, plan.life, listener).await;
        let second = match second {
            Some(listener) => Some(start(&settings, &clock, plan.delivery, plan.life, listener).await),
            None => None,
        };
        let Company { scope, agents, user } = found_company(&app, &plan).await;
        let urls = app.urls(scope.company());
        for number in [NUMBER, FOREIGN_NUMBER] {
            let mut number = NewNumber::new(number, urls.voice());
            number.voice_fallback_url = urls.fallback();
            number.status_callback = urls.call_status();
            number.sms_url = urls.message_in();
            carrier.add_number(number);
        }
        let (reaches, delivery) = (plan.agents, plan.delivery);
        Self {
            app,
            clock,
            carrier,
            scope,
            agents,
            user,
            reaches,
            settings,
            delivery,
            socket,
            ground,
            node,
            second,
            balancer,
            phones,
            open: Open(true),
        }
    }

    /// The server dies in the middle of whatever it does; another one starts on the same database and at the same
    /// address.
    pub async fn kill_and_restart(&mut self) {
        let Node::Mortal { runtime } = &mut self.node else { panic!("this centre's server is not mortal") };
        let runtime = runtime.take().expect("it is killed once");
        tokio::task::spawn_blocking(|| runtime.shutdown_timeout(Duration::from_secs(10))).await.unwrap();
        let listener = self.socket.try_clone().expect("the socket is still open");
        let (app, node) = start(&self.settings, &self.clock, self.delivery, Life::Immortal, listener).await;
        (self.app, self.node) = (app, node);
    }

    pub fn ring(&self, steps: impl IntoIterator<Item = Step>) -> CallHandle {
        self.carrier.place_call(NewCall::new(CALLER, NUMBER, Script::new(steps)))
    }

    /// Lets so many seconds pass.
    pub async fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds)).await;
    }

    /// Somebody with a session, who owns the company.
    pub async fn owner(&self) -> Person {
        let company = self.scope.company();
        person_of(&self.app, "owner@acme.test", Seat::Owner, Some((company, Role::Owner))).await
    }

    /// The `caller`th of many.
    pub fn ring_as(&self, caller: usize, steps: impl IntoIterator<Item = Step>) -> CallHandle {
        let from = format!("+1202555{:04}", 1000 + caller);
        self.carrier.place_call(NewCall::new(&from, NUMBER, Script::new(steps)))
    }

    /// Lets time pass until `done` holds, at most a minute.
    pub async fn pass_until(&self, what: &str, mut done: impl AsyncFnMut() -> bool) {
        for _ in 0..600 {
            if done().await {
                return;
            }
            self.clock.advance(Duration::from_millis(100)).await;
        }
        panic!("never: {what}\n{}", self.all_stories().await);
    }

    /// Lets time pass until the only segment stands so.
    pub async fn pass_until_segment_is(&self, state: SegmentState) {
        let what = format!("the segment is {state:?}");
        self.pass_until(&what, async || self.segments().await.last().is_some_and(|last| last.state == state))
            .await;
    }

    /// How an agent's phone behaves from its next call on.
    pub fn phone(&self, agent: usize, endpoint: Endpoint) {
        let address = match self.reaches[agent] {
            Reach::Browser | Reach::Client => accept::client_address(self.agents[agent]),
            Reach::Number => agent_number(agent),
        };
        self.carrier.set_endpoint(&address, endpoint);
    }

    /// Everything goes right from now on.
    pub fn heal(&self) {
        self.carrier.set_faults(Faults::default());
    }

    /// What an agent wants.
    pub async fn set(&self, agent: usize, availability: Availability) {
        let id = self.agents[agent];
        let wanted = Wanted { availability, reason: None };
        calldocker::agents::set_availability(
            &self.app,
            self.scope,
            id,
            Hand::Own(self.user),
            wanted,
            When::Now,
        )
        .await
        .unwrap();
    }

    /// A request that the provider signed, to one of the addresses that we gave it; the reply's body.
    pub async fn hop(&self, url: &str, params: &[(&str, &str)]) -> String {
        let url = url.split('#').next().unwrap_or_default();
        let mut params: Vec<_> = params.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        params.push(("AccountSid".to_owned(), ACCOUNT.to_owned()));
        let signature = twilio::signature::sign(TOKEN, url, &params);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client.post(url).form(&params).header("X-Twilio-Signature", signature);
        request.send().await.unwrap().text().await.unwrap()
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
        self.try_to_accept(agent, offer).await.unwrap()
    }

    pub async fn try_to_accept(&self, agent: usize, offer: OfferId) -> Result<CallId, Error> {
        accept::accept(&self.app, self.scope, offer, Some(self.agents[agent])).await
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

    /// The call that this caller made.
    pub async fn call_of(&self, caller: &CallHandle) -> call::Model {
        let calls = self.calls().await;
        calls.into_iter().find(|call| call.provider_sid == caller.sid()).expect("the call is known")
    }

    pub async fn offers(&self) -> Vec<offer::Model> {
        let rows = self.scope.find::<offer::Entity>().order_by_asc(offer::Column::Id);
        rows.all(self.app.db.reader()).await.unwrap()
    }

    pub async fn recordings(&self) -> Vec<recording::Model> {
        self.scope.find::<recording::Entity>().all(self.app.db.reader()).await.unwrap()
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

    /// Ends the scenario. Whatever it was about, its calls must be replayable.
    pub async fn close(mut self) {
        self.assert_flows_replay().await;
        self.open.0 = false;
        for node in [Some(&mut self.node), self.second.as_mut().map(|(_, node)| node)].into_iter().flatten() {
            match node {
                Node::Immortal { stop } => drop(stop.take()),
                Node::Mortal { runtime } => {
                    runtime.take().into_iter().for_each(Runtime::shutdown_background);
                }
            }
        }
        self.carrier.stop().await;
        self.ground.database.remove().await;
    }
}

/// The provider fails to bring this caller anywhere for some seconds, so that the agent is alone in the room meanwhile.
pub fn cannot_be_brought(caller: &CallHandle) -> Faults {
    let fails = RestFault::once("POST", caller.sid(), RestEffect::ServerError);
    Faults { rest: vec![RestFault { times: Some(3), ..fails }], ..Faults::default() }
}

/// The code of a conflict.
pub fn conflict<T: std::fmt::Debug>(result: Result<T, Error>) -> &'static str {
    match result {
        Err(Error::Conflict { code, .. }) => code.as_str(),
        other => panic!("this should be a conflict: {other:?}"),
    }
}

/// Whether somebody heard this, in any case of letters.
pub fn heard(caller: &CallHandle, text: &str) -> bool {
    let text = text.to_lowercase();
    caller
        .transcript()
        .iter()
        .any(|line| line.kind == LineKind::Said && line.text.to_lowercase().contains(&text))
}

pub fn agent_number(agent: usize) -> String {
    format!("+1202555030{agent}")
}

async fn start(
    settings: &Settings,
    clock: &Clock,
    delivery: Delivery,
    life: Life,
    listener: TcpListener,
) -> (App, Node) {
    listener.set_nonblocking(true).unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let (settings, clock) = (settings.clone(), clock.clone());
    let begin = async move {
        let app = App::build(settings, clock, delivery).await.unwrap();
        app.start_work().await.unwrap();
        let served = app.clone();
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        tokio::spawn(async move {
            let stopped = async { drop(stopped.await) };
            server::serve(&served, listener, stopped).await.unwrap();
        });
        app
    };
    match life {
        Life::Immortal => (begin.await, Node::Immortal { stop: Some(stop) }),
        Life::Mortal => {
            let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
            let app = runtime.spawn(begin).await.unwrap();
            std::mem::forget(stop);
            (app, Node::Mortal { runtime: Some(runtime) })
        }
    }
}
