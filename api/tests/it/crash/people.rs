//! The people of the storm: callers who keep coming, agents whose clients ask for offers over REST.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use calldocker::app::App;
use calldocker::calls::accept::client_address;
use calldocker::identity::passwords;
use calldocker::secret::Secret;
use carrier::{CallHandle, Carrier, Endpoint, NewCall, Script, Step};
use clock::Clock;
use entity::id::AgentId;
use entity::{CompanyScope, agent, membership, user};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reqwest::{Client, Method};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::support::PASSWORD;
use crate::support::centre::NUMBER;

/// How often an agent's client asks for offers.
const POLL: Duration = Duration::from_millis(400);

pub struct Agents {
    stop: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Agents {
    /// Gives each agent a password and a phone, signs them in, and lets them work.
    pub async fn at_work(
        app: &App,
        carrier: &Carrier,
        scope: CompanyScope,
        agents: &[AgentId],
        url: &str,
        seed: u64,
    ) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let http = Client::builder().no_proxy().timeout(Duration::from_secs(5)).build().expect("a client");
        let stop = Arc::new(AtomicBool::new(false));
        let mut tasks = Vec::new();
        for (index, email) in give_passwords(app, scope).await.into_iter().enumerate() {
            // Every third hangs up first when a conversation has lasted.
            let habit = match index % 3 {
                0 => Script::new([Step::AfterConnected(3.0), Step::HangUp]),
                _ => Script::silent(),
            };
            carrier.set_endpoint(
                &client_address(agents[index]),
                Endpoint::answers(rng.random_range(0.2..1.2), habit),
            );
            let mut desk = Desk {
                http: http.clone(),
                url: url.to_owned(),
                agent: agents[index],
                token: String::new(),
                rng: StdRng::seed_from_u64(rng.random()),
                clock: Clock::machine(),
            };
            desk.sign_in(&email).await;
            let stop = stop.clone();
            tasks.push(tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    desk.look().await;
                    drop(desk.clock.sleep(POLL).await);
                }
            }));
        }
        Self { stop, tasks }
    }

    pub async fn go_home(self) {
        self.stop.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.expect("an agent's client does not fail");
        }
    }
}

/// The addresses with which the agents sign in, in the order in which they were made.
#[expect(clippy::disallowed_methods, reason = "a test gives its own people passwords")]
async fn give_passwords(app: &App, scope: CompanyScope) -> Vec<String> {
    let tx = app.db.begin().await.unwrap();
    let hash = passwords::hash(Secret::new(PASSWORD)).await.unwrap();
    let mut emails = Vec::new();
    let mut agents = scope.find::<agent::Entity>().all(&tx).await.unwrap();
    agents.sort_by_key(|agent| agent.id);
    for agent in agents {
        let member =
            scope.find_by_id::<membership::Entity>(agent.membership_id).one(&tx).await.unwrap().unwrap();
        user::Entity::update_many()
            .col_expr(user::Column::PasswordHash, Expr::value(hash.clone()))
            .filter(user::Column::Id.eq(member.user_id))
            .exec(&tx)
            .await
            .unwrap();
        let user = user::Entity::find_by_id(member.user_id).one(&tx).await.unwrap().unwrap();
        emails.push(user.email.unwrap());
    }
    tx.commit().await.unwrap();
    emails
}

/// An agent's client: what it asks for may fail at any time, and then it asks again later.
struct Desk {
    http: Client,
    url: String,
    agent: AgentId,
    token: String,
    rng: StdRng,
    clock: Clock,
}

impl Desk {
    async fn sign_in(&mut self, email: &str) {
        let body = json!({ "email": email, "password": PASSWORD });
        let reply = self.ask(Method::POST, "/api/auth/login", Some(body)).await.expect("the server is there");
        self.token =
            reply["data"]["token"].as_str().unwrap_or_else(|| panic!("no token in {reply}")).to_owned();
    }

    /// Answers what is offered, in one of the ways in which people do.
    async fn look(&mut self) {
        let Some(offers) = self.ask(Method::GET, "/api/offers", None).await else { return };
        for offer in offers["data"].as_array().into_iter().flatten() {
            let id = offer["id"].as_str().expect("an offer has an id");
            let accept = format!("/api/offers/{id}/accept");
            match self.rng.random_range(0..20) {
                0 => drop(self.ask(Method::POST, &format!("/api/offers/{id}/decline"), None).await),
                // Twice at once, as somebody does whose screen does not move.
                1 => {
                    let (one, two) =
                        (self.ask(Method::POST, &accept, None), self.ask(Method::POST, &accept, None));
                    drop(futures_util::future::join(one, two).await);
                }
                // Gone for a coffee: the offer runs out, and then he says that he is back.
                2 => {
                    drop(self.clock.sleep(Duration::from_secs(7)).await);
                    let path = format!("/api/agents/{}/availability", self.agent);
                    self.ask(Method::PUT, &path, Some(json!({ "status": "available" }))).await;
                }
                _ => drop(self.ask(Method::POST, &accept, None).await),
            }
        }
    }

    /// The answer's body; nothing when the server is not there.
    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Option<Value> {
        let mut request = self.http.request(method, format!("{}{path}", self.url)).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.ok()?.json().await.ok()
    }
}

pub struct Callers {
    task: JoinHandle<Vec<CallHandle>>,
}

impl Callers {
    /// Keeps so many on the line for so long; afterwards nobody new comes.
    pub fn calling(carrier: &Arc<Carrier>, at_once: usize, open: Duration, seed: u64) -> Self {
        let carrier = carrier.clone();
        let task = tokio::spawn(async move {
            let mut rng = StdRng::seed_from_u64(seed);
            let clock = Clock::machine();
            let closes = clock.now() + open;
            let mut calls: Vec<CallHandle> = Vec::new();
            while clock.now() < closes {
                let alive = calls.iter().filter(|call| !call.status().is_terminal()).count();
                for _ in alive..at_once {
                    let from = format!("+1202556{:04}", calls.len());
                    calls.push(carrier.place_call(NewCall::new(&from, NUMBER, habit(&mut rng))));
                }
                drop(clock.sleep(Duration::from_millis(100)).await);
            }
            calls
        });
        Self { task }
    }

    /// Waits until nobody is on the line any more; whoever still is after so long gives up.
    pub async fn gone_or_given_up(self, patience: Duration) {
        let calls = self.task.await.expect("the callers keep coming");
        let all = futures_util::future::join_all(calls.iter().map(CallHandle::ended));
        if Clock::machine().timeout(patience, all).await.is_none() {
            calls.iter().for_each(CallHandle::hang_up);
        }
    }
}

/// What a caller does.
fn habit(rng: &mut StdRng) -> Script {
    let into_the_queue = [Step::UntilSaid("press one".into()), Step::Press("1".into())];
    let then = match rng.random_range(0..10) {
        // Hangs up in the menu.
        0 => return Script::new([Step::Wait(rng.random_range(0.2..2.0)), Step::HangUp]),
        // Impatient: hangs up while he waits, while somebody is being brought, or in the middle of a word.
        1 | 2 => vec![Step::Wait(rng.random_range(0.0..9.0)), Step::HangUp],
        // Talks until the agent hangs up, or for long.
        3 => vec![Step::AfterConnected(8.0), Step::HangUp],
        _ => vec![Step::AfterConnected(rng.random_range(0.5..3.0)), Step::HangUp],
    };
    Script::new(into_the_queue.into_iter().chain(then))
}
