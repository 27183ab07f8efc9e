//! Every event that the server listens to, by its own table, as no client should send it: malformed, oversized, with ids of
//! another company, by people of another company, again, and in any order. Each is answered clearly, the socket goes on, and
//! nothing of the other company is changed or told.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io;
use std::time::Duration;

use calldocker::authz::Seat;
use calldocker::error::Code;
use calldocker::realtime;
use clock::Clock;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use socket_client::{Client, Told};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::samples::{Sample, sample};
use super::unfit;
use crate::support::{Backend, Company, Person, TestApp, World, dump};

/// Events that one socket sends: fewer than it may send at once, since time stands still.
const EVENTS_OF_A_SOCKET: usize = 35;
const PATIENCE: Duration = Duration::from_secs(20);
/// Whom nobody has written with may be written to, whether he is there or not: nothing comes of it.
const OF_ANYBODY: [&str; 2] = ["CHAT_TYPING", "CHAT_STOP_TYPING"];

#[tokio::test]
async fn every_event_withstands_attack_on_sqlite() {
    attack_all(Backend::Sqlite).await;
}

#[tokio::test]
async fn every_event_withstands_attack_on_postgres() {
    attack_all(Backend::Postgres).await;
}

/// `EVENT_CASES` chooses how many events are sent, `EVENT_SEED` which.
#[tokio::test]
async fn events_in_any_order_are_answered_on_sqlite() {
    shuffle(Backend::Sqlite).await;
}

#[tokio::test]
async fn events_in_any_order_are_answered_on_postgres() {
    shuffle(Backend::Postgres).await;
}

#[tokio::test]
async fn frames_that_are_no_events_harm_nobody_on_sqlite() {
    broken_frames(Backend::Sqlite).await;
}

#[tokio::test]
async fn frames_that_are_no_events_harm_nobody_on_postgres() {
    broken_frames(Backend::Postgres).await;
}

/// All of it is tried before anything is complained about.
async fn attack_all(backend: Backend) {
    let mut complaints = Vec::new();
    let events: Vec<_> = realtime::listened().collect();
    assert!(events.len() > 40, "only {} events were found", events.len());
    for event in events {
        let Some(mut place) = Place::open(backend).await else { return };
        let sample = sample(event, &place.world);
        let mut we = place.socket(place.world.at(sample.by)).await;
        place.unfit_payloads_are_answered(&mut we, event, &sample).await;
        place.foreign_ids_are_as_random_ones(&mut we, event, &sample).await;
        place.strangers_find_nothing(event, &sample).await;
        place.others_are_as_before(event).await;
        // What was tried may have used up what the sample needs.
        if place.said(&mut we, event, &sample.payload).await.outcome() != sample.refused {
            complaints.extend(place.close().await);
            place = Place::open(backend).await.expect("it was there before");
            let sample = super::samples::sample(event, &place.world);
            we = place.socket(place.world.at(sample.by)).await;
            let answer = place.said(&mut we, event, &sample.payload).await;
            if answer.outcome() != sample.refused {
                place.complain(format!("the sample of {event} must do: {}", answer.payload));
            }
        }
        let again = super::samples::sample(event, &place.world).payload;
        for _ in 0..3 {
            place.said(&mut we, event, &again).await;
        }
        place.others_are_as_before(event).await;
        complaints.extend(place.close().await);
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// A world, and what was in it of others before anybody sent anything.
struct Place {
    app: TestApp,
    world: World,
    telling: JoinHandle<()>,
    /// Sockets of the other company, which must hear nothing.
    listeners: Vec<Client>,
    before: BTreeMap<String, Vec<String>>,
    complaints: Vec<String>,
}

struct Socket {
    person: Person,
    client: Client,
    sent: usize,
}

struct Answer {
    payload: Value,
}

impl Answer {
    /// The code, when it was refused.
    fn outcome(&self) -> Option<&str> {
        self.payload["code"].as_str()
    }

    fn is_clear(&self) -> bool {
        match self.payload["success"].as_bool() {
            Some(true) => self.payload.get("data").is_some(),
            Some(false) => {
                let code = Code::ALL.iter().find(|code| Some(code.as_str()) == self.outcome());
                let errors = self.payload["errors"].as_array();
                code.is_some_and(|code| !matches!(code, Code::Internal | Code::RateLimited))
                    && self.payload["message"].as_str().is_some_and(|message| !message.is_empty())
                    && errors.is_none_or(|errors| errors.iter().all(|one| one["field"].is_string()))
            }
            None => false,
        }
    }
}

impl Place {
    async fn open(backend: Backend) -> Option<Self> {
        let app = TestApp::with(backend, &[]).await?;
        let world = World::with_peers(&app).await;
        let telling = tokio::spawn(realtime::run(app.app.clone()));
        let mut listeners = Vec::new();
        for person in [&world.theirs.owner, &world.theirs.manager, &world.theirs.agent] {
            listeners.push(entered(&app, person).await);
        }
        for client in &mut listeners {
            // They see each other come.
            up_to_now(client).await;
            client.heard.clear();
        }
        let before = of_others(&app, &world.ours).await;
        Some(Self { app, world, telling, listeners, before, complaints: Vec::new() })
    }

    /// What there is to complain about.
    async fn close(self) -> Vec<String> {
        self.telling.abort();
        self.app.close().await;
        self.complaints
    }

    fn complain(&mut self, of: String) {
        println!("{of}");
        self.complaints.push(of);
    }

    async fn socket(&self, person: &Person) -> Socket {
        Socket { person: person.clone(), client: entered(&self.app, person).await, sent: 0 }
    }

    async fn said(&mut self, socket: &mut Socket, event: &str, payload: &Value) -> Answer {
        self.said_with(socket, event, std::slice::from_ref(payload)).await
    }

    /// What is answered to this, which has to be clear.
    async fn said_with(&mut self, socket: &mut Socket, event: &str, payloads: &[Value]) -> Answer {
        if socket.sent == EVENTS_OF_A_SOCKET {
            *socket = self.socket(&socket.person).await;
            self.listen().await;
        }
        socket.sent += 1;
        match asked(&mut socket.client, event, payloads).await {
            Ok(payload) => {
                let answer = Answer { payload };
                if !answer.is_clear() {
                    self.complain(format!("{event} {}: {}", short(payloads), answer.payload));
                }
                answer
            }
            Err(cause) => {
                self.complain(format!("{event} {}: the socket is lost, {cause}", short(payloads)));
                *socket = self.socket(&socket.person).await;
                Answer { payload: Value::Null }
            }
        }
    }

    async fn unfit_payloads_are_answered(&mut self, we: &mut Socket, event: &str, sample: &Sample) {
        for payloads in unfit::payloads() {
            self.said_with(we, event, &payloads).await;
        }
        for payload in unfit::variants(&sample.payload) {
            self.said(we, event, &payload).await;
        }
    }

    /// One after the other, and all at once.
    async fn foreign_ids_are_as_random_ones(&mut self, we: &mut Socket, event: &str, sample: &Sample) {
        let theirs: HashMap<_, _> = self.world.ours.ids().into_iter().zip(self.world.theirs.ids()).collect();
        let random = Uuid::from_u128(0x0192_3456_789a_7bcd_8ef0_1234_5678_9abc).to_string();
        let (mut all, mut none) = (sample.payload.clone(), sample.payload.clone());
        let mut pairs = Vec::new();
        for (pointer, id) in ids_in(&sample.payload) {
            let theirs = theirs.get(&id).unwrap_or_else(|| {
                panic!("{pointer} of the sample of {event} is not in Company::ids of api/tests/it/support/world.rs")
            });
            pairs.push((
                unfit::with(&sample.payload, &pointer, json!(theirs)),
                unfit::with(&sample.payload, &pointer, json!(random)),
            ));
            all = unfit::with(&all, &pointer, json!(theirs));
            none = unfit::with(&none, &pointer, json!(random));
        }
        if pairs.len() > 1 {
            pairs.push((all, none));
        }
        for (number, (mut foreign, mut random)) in pairs.into_iter().enumerate() {
            // What was sent with a tempId before is answered as then, whatever stands beside it.
            if sample.payload["tempId"].is_string() {
                foreign["tempId"] = json!(format!("foreign {number}"));
                random["tempId"] = json!(format!("random {number}"));
            }
            let foreign = self.said(we, event, &foreign).await;
            let random = self.said(we, event, &random).await;
            let refused = foreign.outcome().is_some() || OF_ANYBODY.contains(&event);
            if !refused || foreign.payload != random.payload {
                let (foreign, random) = (foreign.payload, random.payload);
                self.complain(format!("{event}: another company's id gave {foreign}, a random one {random}"));
            }
        }
    }

    /// Everybody of the other company, with our ids.
    async fn strangers_find_nothing(&mut self, event: &str, sample: &Sample) {
        if ids_in(&sample.payload).is_empty() {
            return;
        }
        for at in 0..self.listeners.len() {
            let stranger = &mut self.listeners[at];
            let payload = asked(stranger, event, std::slice::from_ref(&sample.payload)).await;
            let payload = payload.expect("a stranger is answered");
            let answer = Answer { payload };
            let refused = answer.outcome().is_some() || OF_ANYBODY.contains(&event);
            if !refused || !answer.is_clear() {
                self.complain(format!("{event}: a stranger with our ids got {}", answer.payload));
            }
        }
    }

    /// Who listens has to show from time to time that it is there, by reading.
    async fn listen(&mut self) {
        let clock = Clock::machine();
        for client in &mut self.listeners {
            while let Some(Ok(Some(Told::Event { name, payload }))) =
                clock.timeout(Duration::from_millis(1), client.next()).await
            {
                client.heard.push_back((name, payload));
            }
        }
    }

    async fn others_are_as_before(&mut self, what: &str) {
        // That they have come themselves may be told to them as late as now.
        let theirs = &self.world.theirs;
        // Their agent has a call.
        let own = [(&theirs.owner, "online"), (&theirs.manager, "online"), (&theirs.agent, "busy")];
        let has_come = |name: &str, payload: &Value| {
            let is = |person: &Person, status| {
                payload["userId"] == json!(person.user) && payload["status"] == status
            };
            name == "user_status_change" && own.iter().any(|(person, status)| is(person, *status))
        };
        let mut told = Vec::new();
        for client in &mut self.listeners {
            up_to_now(client).await;
            told.extend(client.heard.drain(..).filter(|(name, payload)| !has_come(name, payload)));
        }
        if !told.is_empty() {
            self.complain(format!("{what}: another company was told {told:?}"));
        }
        let now = of_others(&self.app, &self.world.ours).await;
        for (table, rows) in &now {
            if *rows != self.before[table] {
                self.complain(format!("{what}: {table} of others has changed"));
            }
        }
        self.before = now;
    }
}

fn address(app: &TestApp) -> &str {
    app.url.strip_prefix("http://").expect("a plain address")
}

/// A socket that has been let in and shown how things stand.
async fn entered(app: &TestApp, person: &Person) -> Client {
    let auth = json!({ "token": person.token });
    let mut client = Client::connect(address(app), &auth).await.expect("a socket is let in");
    client.until("snapshot").await.expect("it is shown how things stand");
    client.heard.clear();
    client
}

/// The answer, which must not keep anybody waiting.
async fn asked(client: &mut Client, event: &str, payloads: &[Value]) -> io::Result<Value> {
    let answer = Clock::machine().timeout(PATIENCE, client.ask(event, payloads)).await;
    answer.unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into()))
}

/// All that was told to this socket has arrived.
async fn up_to_now(client: &mut Client) {
    let answer = asked(client, "is anything still on its way?", &[]).await.expect("the socket lives");
    assert_eq!(answer["code"], "UNKNOWN_EVENT");
}

/// The start of what was sent.
fn short(payloads: &[Value]) -> String {
    Value::from(payloads).to_string().chars().take(300).collect()
}

/// JSON pointers of the ids in a payload.
fn ids_in(payload: &Value) -> Vec<(String, String)> {
    let id = |pointer: String| {
        let text = payload.pointer(&pointer)?.as_str()?.to_owned();
        text.parse::<Uuid>().ok().map(|_| (pointer, text))
    };
    unfit::parts(payload).into_iter().filter_map(id).collect()
}

/// All rows but those of our company.
async fn of_others(app: &TestApp, ours: &Company) -> BTreeMap<String, Vec<String>> {
    let id = ours.id.0.simple().to_string();
    let mut all = dump(&app.app).await;
    for rows in all.values_mut() {
        // SQLite writes ids as bytes in hexadecimal, PostgreSQL with hyphens.
        rows.retain(|row| !row.replace('-', "").to_lowercase().contains(&id));
    }
    all
}

// ---- In any order ----------------------------------------------------------------------------------------------------

fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().map_or(otherwise, |text| text.parse().expect("a number"))
}

async fn shuffle(backend: Backend) {
    let (seed, cases) = (number("EVENT_SEED", 4711), number("EVENT_CASES", 600));
    let Some(mut place) = Place::open(backend).await else { return };
    let mut disorder = Disorder::new(seed, &place.world);
    let people = [Seat::Owner, Seat::Manager, Seat::Agent].map(|seat| place.world.at(seat).clone());
    let mut sockets = Vec::new();
    for person in people.iter().chain([&place.world.ours.chats.colleague]) {
        sockets.push(place.socket(person).await);
    }
    let story = format!("EVENT_SEED={seed}");
    for case in 1..=cases {
        let (event, payload) = disorder.next(&place.world);
        let at = disorder.dice.random_range(0..sockets.len());
        let shown = json!([event, payload]).to_string().chars().take(300).collect::<String>();
        println!("{story}, event {case} by {}: {shown}", sockets[at].person.email);
        let answer = place.said(&mut sockets[at], event, &payload).await;
        disorder.learn(&answer.payload);
        if case % 100 == 0 || case == cases {
            place.others_are_as_before(&format!("{story}, up to event {case}")).await;
        }
    }
    let complaints = place.close().await;
    assert!(complaints.is_empty(), "{story} (all events stand above)\n{}", complaints.join("\n"));
}

struct Disorder {
    dice: StdRng,
    events: Vec<&'static str>,
    /// Ids of both companies, and some that were answered.
    ids: Vec<String>,
    learnt: VecDeque<String>,
}

impl Disorder {
    fn new(seed: u64, world: &World) -> Self {
        let ids = world.ours.ids().into_iter().chain(world.theirs.ids()).collect();
        // It would make somebody else of a socket.
        let events = realtime::listened().filter(|event| *event != "authenticate").collect();
        Self { dice: StdRng::seed_from_u64(seed), events, ids, learnt: VecDeque::new() }
    }

    /// Half of them are good ones.
    fn next(&mut self, world: &World) -> (&'static str, Value) {
        let event = *self.events.choose(&mut self.dice).expect("there are events");
        let mut payload = sample(event, world).payload;
        let parts = unfit::parts(&payload);
        let Some(part) = parts.choose(&mut self.dice) else { return (event, payload) };
        match self.dice.random_range(0..100) {
            0..50 => {
                let learnt = self.learnt.iter().collect::<Vec<_>>();
                if let Some(call) = learnt.choose(&mut self.dice)
                    && payload["callId"].is_string()
                {
                    payload["callId"] = json!(call);
                }
            }
            50..70 => {
                for (pointer, _) in ids_in(&payload) {
                    let id = self.ids.choose(&mut self.dice).expect("there are ids");
                    payload = unfit::with(&payload, &pointer, json!(id));
                }
            }
            70..90 => {
                let value = unfit::values().choose(&mut self.dice).expect("there are values").clone();
                payload = unfit::with(&payload, part, value);
            }
            _ => {
                let made = unfit::payloads();
                let made = made.choose(&mut self.dice).expect("there are payloads");
                payload = made.first().cloned().unwrap_or_default();
            }
        }
        (event, payload)
    }

    /// Calls that were made meanwhile are used like those of the world.
    fn learn(&mut self, answer: &Value) {
        if let Some(call) = answer["data"]["callId"].as_str() {
            self.learnt.push_back(call.to_owned());
            if self.learnt.len() > 5 {
                self.learnt.pop_front();
            }
        }
    }
}

// ---- No events at all ------------------------------------------------------------------------------------------------

async fn broken_frames(backend: Backend) {
    let Some(mut place) = Place::open(backend).await else { return };
    let agent = place.world.ours.agent.clone();
    let deep = "[".repeat(20_000);
    let frames = [
        "",
        "4",
        "42",
        "42[",
        "42[]",
        "42[7]",
        "42{}",
        "42\"x\"",
        "42null",
        "4242",
        "42-1[\"heartbeat\"]",
        "429[\"heartbeat\"",
        "4299999999999999999999[\"heartbeat\"]",
        "42[\"heartbeat\"]",
        "421[\"\"]",
        "431[]",
        "43",
        "45",
        "451-[\"heartbeat\",{\"_placeholder\":true,\"num\":0}]",
        "4599-[\"heartbeat\",{\"_placeholder\":true,\"num\":7}]",
        "461-1[{}]",
        "40",
        "40{",
        "40{\"token\":7}",
        "40/elsewhere,{}",
        "42/elsewhere,[\"heartbeat\"]",
        "44{}",
        "41/elsewhere,",
        "47",
        "4\u{1f4a9}",
        "\u{1f4a9}",
        "0{}",
        "2probe",
        "3",
        "3probe",
        "5",
        "6",
        "7",
        "9",
        "b",
        "bAAAA",
        "\0",
    ];
    let frames = frames.into_iter().map(str::to_owned).chain([
        format!("421[\"heartbeat\",{deep}"),
        format!("421[\"heartbeat\",{deep}{}]", "]".repeat(20_000)),
        format!("42{}[\"heartbeat\"]", "9".repeat(5_000)),
        format!("42[\"{}\"]", "x".repeat(90_000)),
        format!("42[\"send_message\",\"{}\"]", "x".repeat(100_001)),
        format!("42[\"send_message\",\"{}\"]", "x".repeat(3_000_000)),
    ]);
    for (number, frame) in frames.enumerate() {
        let shown = frame.chars().take(60).collect::<String>();
        let mut client = entered(&place.app, &agent).await;
        // It may be closed over it, and then says so at once; no other socket notices.
        let sent = client.send_frame(frame).await;
        let answer = Clock::machine().timeout(Duration::from_secs(2), client.ask("heartbeat", &[])).await;
        let lives = sent.is_ok() && answer.is_some_and(|answer| answer.is_ok());
        println!("{shown}: {}", if lives { "goes on" } else { "is closed" });
        // Who listens may send no more than others.
        if number % 3 == 0 {
            place.others_are_as_before(&shown).await;
        }
    }
    place.others_are_as_before("the last of them").await;
    let complaints = place.close().await;
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
