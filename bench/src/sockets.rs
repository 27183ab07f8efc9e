//! `--sockets`: two thousand people of one company at their sockets, on one node and on two: what a connection takes of memory,
//! how soon a message is with a thousand members of a group, and how soon a call to a colleague comes in.

use std::collections::HashMap;
use std::io;
use std::time::{Duration, Instant};

use clock::Clock;
use entity::id::UserId;
use serde_json::{Value, json};
use socket_client::{Client, Told};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::figures::{Durations, Table, megabytes, milliseconds};
use crate::ground::{Ground, Kind};
use crate::people::{self, People};
use crate::server::{Plan, Server};
use crate::{Failure, machine};

const SOCKETS: usize = 2_000;
/// As large as a group may be.
const MEMBERS: usize = calldocker::chat::LARGEST_GROUP;
/// How many come at once, in the morning.
const AT_ONCE: usize = 50;
const MESSAGES: usize = 40;
const BETWEEN_MESSAGES: Duration = Duration::from_millis(500);
const CALLS: usize = 300;
const BETWEEN_CALLS: Duration = Duration::from_millis(50);
/// Until what came of the connecting is told.
const SETTLED: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(60);

/// The table; `None` when there is no such database, or no Redis for two nodes.
///
/// # Errors
/// When a server fails, a socket is lost, or something does not arrive within a minute.
pub async fn measure(kind: Kind, nodes: usize) -> Result<Option<Table>, Failure> {
    let redis = std::env::var("TEST_REDIS_URL").ok().filter(|_| nodes > 1);
    if nodes > 1 && redis.is_none() {
        return Ok(None);
    }
    let Some(ground) = Ground::new(kind).await? else { return Ok(None) };
    let clock = Clock::machine();
    let people = people::found(&ground, SOCKETS, MEMBERS).await?;
    let mut servers = Vec::new();
    for _ in 0..nodes {
        let mut plan = Plan::new(&ground, "http://127.0.0.1:9")?;
        if let Some(redis) = &redis {
            plan.set("REDIS_URL", redis.clone());
        }
        let (server, _) = plan.start(&clock).await?;
        servers.push((plan, server));
    }
    let name = match nodes {
        1 => format!("{kind:?}, {SOCKETS} sockets on one node"),
        nodes => format!("{kind:?} and Redis, {SOCKETS} sockets on {nodes} nodes"),
    };
    let mut bench = Bench { clock: &clock, people, servers, table: Table::new(name) };
    drop(clock.sleep(SETTLED).await);
    let mut sockets = bench.connect().await?;
    bench.messages(&mut sockets).await?;
    bench.calls(&mut sockets).await?;
    let Bench { table, servers, .. } = bench;
    for (plan, server) in servers {
        if let Some(line) = plan.errors().first() {
            return Err(format!("the server has logged an error: {line}").into());
        }
        drop(server);
    }
    ground.remove().await?;
    Ok(Some(table))
}

/// What a socket has heard, and when.
struct Heard {
    socket: usize,
    at: Instant,
    what: What,
}

enum What {
    In,
    Message(String),
    Incoming(String),
    Refused(Value),
    Lost(String),
}

/// Two thousand of them; each is a task.
struct Sockets {
    says: Vec<UnboundedSender<(&'static str, Value)>>,
    heard: UnboundedReceiver<Heard>,
}

impl Sockets {
    /// The next that is not news of no interest.
    async fn next(&mut self, clock: &Clock) -> Result<Heard, Failure> {
        let heard =
            clock.timeout(PATIENCE, self.heard.recv()).await.ok_or("nothing has come for a minute")?;
        let heard = heard.ok_or("all sockets are gone")?;
        match heard.what {
            What::Lost(cause) => Err(format!("socket {} is lost: {cause}", heard.socket).into()),
            What::Refused(answer) => Err(format!("socket {} got {answer}", heard.socket).into()),
            _ => Ok(heard),
        }
    }

    fn say(&self, socket: usize, event: &'static str, payload: Value) -> Result<Instant, Failure> {
        self.says[socket].send((event, payload)).map_err(|_| "the socket is gone")?;
        Ok(Instant::now())
    }
}

async fn live(
    socket: usize,
    (address, token): (String, String),
    mut says: UnboundedReceiver<(&'static str, Value)>,
    hears: UnboundedSender<Heard>,
) {
    let hear = |what| drop(hears.send(Heard { socket, at: Instant::now(), what }));
    let lived = async {
        let mut client = Client::connect(&address, &json!({ "token": token, "dialect": "002" })).await?;
        loop {
            tokio::select! {
                said = says.recv() => {
                    let Some((event, payload)) = said else { return Ok(()) };
                    client.emit(event, &[payload]).await?;
                }
                told = client.next() => {
                    let Some(told) = told? else { return Err(io::Error::from(io::ErrorKind::UnexpectedEof)) };
                    if let Some(what) = of_interest(told) {
                        hear(what);
                    }
                }
            }
        }
    };
    if let Err(cause) = lived.await {
        hear(What::Lost(cause.to_string()));
    }
}

fn of_interest(told: Told) -> Option<What> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match told {
        Told::Event { name, payload } => match name.as_str() {
            "snapshot" => Some(What::In),
            "new_message" => Some(What::Message(text(&payload["tempId"]))),
            "call:incoming" => Some(What::Incoming(text(&payload["offer"]["sdp"]))),
            _ => None,
        },
        Told::Answer { payload, .. } if payload["success"] == false => Some(What::Refused(payload)),
        Told::Answer { .. } => None,
        Told::Out => Some(What::Lost("it was let out".to_owned())),
    }
}

struct Bench<'a> {
    clock: &'a Clock,
    people: People,
    servers: Vec<(Plan, Server)>,
    table: Table,
}

impl Bench<'_> {
    fn resident(&self) -> u64 {
        self.servers.iter().filter_map(|(_, server)| machine::resident(server.pid)).sum()
    }

    fn processor_time(&self) -> Duration {
        self.servers.iter().filter_map(|(_, server)| machine::processor_time(server.pid)).sum()
    }

    /// Every other one at every other node. So many come at once; the next when one of them has its snapshot.
    async fn connect(&mut self) -> Result<Sockets, Failure> {
        let (before, used, begun) = (self.resident(), self.processor_time(), Instant::now());
        let (hears, heard) = unbounded_channel();
        let mut sockets = Sockets { says: Vec::new(), heard };
        let addresses: Vec<_> =
            self.servers.iter().map(|(plan, _)| plan.url().replacen("http://", "", 1)).collect();
        let mut arrived = 0;
        for (socket, token) in self.people.tokens.iter().enumerate() {
            let (says, said) = unbounded_channel();
            let address = addresses[socket % addresses.len()].clone();
            tokio::spawn(live(socket, (address, token.clone()), said, hears.clone()));
            sockets.says.push(says);
            while sockets.says.len() - arrived >= AT_ONCE {
                arrived += usize::from(matches!(sockets.next(self.clock).await?.what, What::In));
            }
        }
        while arrived < SOCKETS {
            arrived += usize::from(matches!(sockets.next(self.clock).await?.what, What::In));
        }
        let took = begun.elapsed();
        drop(self.clock.sleep(SETTLED).await);
        let each = self.resident().saturating_sub(before) / SOCKETS as u64;
        self.table.row("resident memory before anybody has come", megabytes(before));
        self.table.row("  a connection", format!("{:.1} KB", each as f64 / 1000.0));
        let rate = SOCKETS as f64 / took.as_secs_f64();
        let cost = (self.processor_time() - used) / SOCKETS as u32;
        let what = format!("coming in, {AT_ONCE} at a time");
        self.table.row(what, format!("{rate:.0} a second, {} of processor time each", milliseconds(cost)));
        let begun = self.processor_time();
        drop(self.clock.sleep(SETTLED).await);
        let share = (self.processor_time() - begun).as_secs_f64() / SETTLED.as_secs_f64();
        self.table.row("processor time while nothing happens", format!("{:.1} % of a core", share * 100.0));
        Ok(sockets)
    }

    async fn messages(&mut self, sockets: &mut Sockets) -> Result<(), Failure> {
        let (mut each, mut last) = (Durations::default(), Durations::default());
        let used = self.processor_time();
        for number in 0..MESSAGES {
            let content = json!({ "type": "text", "text": "The line to Graz is down, please say so." });
            let temp = format!("message {number}");
            let message = json!({ "chatId": self.people.group, "content": content, "tempId": temp });
            let sent = sockets.say(number % MEMBERS, "send_message", message)?;
            let (mut arrived, mut latest) = (0, sent);
            while arrived < MEMBERS {
                let heard = sockets.next(self.clock).await?;
                if matches!(&heard.what, What::Message(which) if *which == temp) {
                    arrived += 1;
                    latest = heard.at;
                    each.add(heard.at - sent);
                }
            }
            last.add(latest - sent);
            drop(self.clock.sleep(BETWEEN_MESSAGES.saturating_sub(sent.elapsed())).await);
        }
        let cost = (self.processor_time() - used) / MESSAGES as u32;
        let what = format!("a message to {MEMBERS} members, until each has it: p50 / p99 / most");
        self.table.row(what, each.cells().join(" / "));
        self.table.row("  until the last one has it", last.cells().join(" / "));
        self.table.row("  processor time a message", milliseconds(cost));
        Ok(())
    }

    /// So many a second, whether earlier ones have come in or not; each is given up once it has.
    async fn calls(&mut self, sockets: &mut Sockets) -> Result<(), Failure> {
        let (mut took, used) = (Durations::default(), self.processor_time());
        let mut sent: HashMap<String, Instant> = HashMap::new();
        let (mut placed, mut over, begun) = (0_usize, 0, Instant::now());
        while over < CALLS {
            let due = BETWEEN_CALLS * placed as u32;
            if placed < CALLS && begun.elapsed() >= due {
                // On two nodes the called one is at the other.
                let to: UserId = self.people.users[SOCKETS / 2 + placed + 1 - 2 * (placed % 2)];
                let name = format!("call {placed}");
                let call = json!({ "receiverId": to, "offer": { "type": "offer", "sdp": name } });
                sent.insert(name, sockets.say(placed, "call:initiate", call)?);
                placed += 1;
                continue;
            }
            let wait = if placed < CALLS { due.saturating_sub(begun.elapsed()) } else { 2 * PATIENCE };
            let Some(heard) = self.clock.timeout(wait, sockets.next(self.clock)).await else { continue };
            let heard = heard?;
            match heard.what {
                What::Incoming(name) => {
                    let from = sent.get(&name).ok_or("a call comes in that nobody has made")?;
                    took.add(heard.at - *from);
                    over += 1;
                }
                // It rings for a while longer; nobody calls these two again.
                What::In | What::Message(_) | What::Refused(_) | What::Lost(_) => {}
            }
        }
        let cost = (self.processor_time() - used) / CALLS as u32;
        let rate = 1.0 / BETWEEN_CALLS.as_secs_f64();
        let what = format!("call:initiate to call:incoming, {rate:.0} a second: p50 / p99 / most");
        self.table.row(what, took.cells().join(" / "));
        self.table.row("  processor time a call", milliseconds(cost));
        Ok(())
    }
}
