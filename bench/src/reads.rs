//! `--reads`: what is read most, of a company with a million calls among a hundred companies: a list of 50 calls in an open
//! loop, an overview of 30 days one after the other, and what a permission costs.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use calldocker::app::App;
use calldocker::authz::{NAMES, Seat, Table};
use calldocker::bus::Delivery;
use calldocker::config::Settings;
use calldocker::identity::tokens;
use chrono::TimeDelta;
use clock::Clock;
use reqwest::Client;

use crate::figures::{Durations, Table as Figures, Verdict, milliseconds};
use crate::ground::{Ground, Kind};
use crate::past::{AGENTS, CALLS, DAYS, OTHERS, Past, QUEUES, REPORTED};
use crate::server::Plan;
use crate::{Failure, machine, told};

/// Requests a second.
const RATE: u32 = 300;
const WARM_UP: Duration = Duration::from_secs(3);
const LASTING: Duration = Duration::from_secs(10);
const OVERVIEWS: usize = 200;
const PERMISSIONS: usize = 1_000;

/// The table; `None` when there is no such database.
///
/// # Errors
/// When a request fails.
pub async fn measure(kind: Kind) -> Result<Option<Figures>, Failure> {
    let Some(ground) = Ground::new(kind).await? else { return Ok(None) };
    let (clock, begun) = (Clock::machine(), Instant::now());
    let past = Past::write(&ground).await?;
    let mut table = Figures::new(format!("{kind:?}, {CALLS} calls of one company among {}", OTHERS + 1));
    table.row("filling it", format!("{:.0} s", begun.elapsed().as_secs_f64()));
    let token = token(&ground, &past).await?;
    // No provider is asked anything.
    let plan = Plan::new(&ground, "http://127.0.0.1:9")?;
    let (server, _) = plan.start(&clock).await?;
    let asker = Asker {
        client: Client::builder().no_proxy().build()?,
        base: plan.url(),
        token,
        clock: clock.clone(),
    };

    let before = machine::processor_time(server.pid);
    let lists = asker.lists(&past).await?;
    let after = machine::processor_time(server.pid);
    let of_a_request = after
        .zip(before)
        .map(|(after, before)| (after - before).div_f64(f64::from(RATE) * (WARM_UP + LASTING).as_secs_f64()));
    let [p50, p99, most] = lists.cells();
    let wanted = if kind == Kind::Postgres { "p99 below 10 ms" } else { "" };
    let p99_ms = lists.quantile(0.99).unwrap_or_default().as_secs_f64() * 1000.0;
    let verdict = if kind == Kind::Postgres { Verdict::below(p99_ms, 10.0) } else { Verdict::None };
    let name = format!("50 calls of a list, {RATE} requests a second: p50 / p99 / most");
    table.aimed(name, format!("{p50} / {p99} / {most}"), wanted, verdict);
    table.row(
        "  processor time of the server a request",
        of_a_request.map_or_else(|| "?".to_owned(), milliseconds),
    );

    let overview = format!("/api/analytics/company/{}/overview?{}", past.scope.company(), days(&past));
    let first = asker.one_after_the_other(&overview, 1).await?;
    let overviews = asker.one_after_the_other(&overview, OVERVIEWS).await?;
    let [p50, p99, most] = overviews.cells();
    let median = overviews.quantile(0.5).unwrap_or_default().as_secs_f64() * 1000.0;
    let name = format!("overview of {REPORTED} days, {QUEUES} queues, {AGENTS} agents: p50 / p99 / most");
    table.aimed(name, format!("{p50} / {p99} / {most}"), "below 20 ms", Verdict::below(median, 20.0));
    let [first, ..] = first.cells();
    table.row("  the first time, when no sum is kept", first);

    let permission = permission().await?;
    let microseconds = permission.as_secs_f64() * 1e6;
    let name = "what a permission costs a request";
    table.aimed(name, format!("{microseconds:.2} µs"), "below 10 µs", Verdict::below(microseconds, 10.0));
    if let Some(line) = plan.errors().first() {
        return Err(format!("the server has logged an error: {line}").into());
    }
    server.stop(&clock).await?;
    ground.remove().await?;
    Ok(Some(table))
}

/// The owner's, as signing in gives it.
async fn token(ground: &Ground, past: &Past) -> Result<String, Failure> {
    let data = ground.folder().to_str().ok_or("the temporary folder has no plain name")?;
    let settings =
        Settings::with(&[("data_dir", data), ("database_url", ground.url()), ("database_pool", "1")])?;
    let app = App::build(settings, Clock::machine(), Delivery::Deliver).await.map_err(told)?;
    let member = Some((past.membership, past.scope.company()));
    let life = Duration::from_secs(3600);
    let claims = tokens::Claims::new(past.user, past.session, Seat::Owner, member, past.now, life);
    tokens::sign(&app.keys, &claims).map_err(told)
}

fn days(past: &Past) -> String {
    let today = past.now.date_naive();
    let first = today - TimeDelta::days(REPORTED - 1);
    format!("from={first}&to={today}&tz=Europe/Berlin")
}

struct Asker {
    client: Client,
    base: String,
    token: String,
    clock: Clock,
}

impl Asker {
    async fn get(&self, path: &str) -> Result<String, Failure> {
        let reply = self.client.get(format!("{}{path}", self.base)).bearer_auth(&self.token).send().await?;
        let status = reply.status();
        let text = reply.text().await?;
        if !status.is_success() {
            return Err(format!("{path}: {status}: {text}").into());
        }
        Ok(text)
    }

    async fn one_after_the_other(&self, path: &str, count: usize) -> Result<Durations, Failure> {
        let mut took = Durations::default();
        for _ in 0..count {
            let begun = Instant::now();
            self.get(path).await?;
            took.add(begun.elapsed());
        }
        Ok(took)
    }

    /// An open loop: a request every so often, whether earlier ones are answered or not, and each measured from when it was
    /// to be sent. The newest calls, calls of some time ago, and those of a status by turns.
    async fn lists(&self, past: &Past) -> Result<Durations, Failure> {
        let count = f64::from(RATE) * (WARM_UP + LASTING).as_secs_f64();
        let (took, failed) = (Arc::<Mutex<Durations>>::default(), Arc::<Mutex<Option<String>>>::default());
        let (begun, mut sent, mut number) = (Instant::now(), tokio::task::JoinSet::new(), 0_u32);
        while f64::from(number) < count {
            let due = Duration::from_secs_f64(f64::from(number) / f64::from(RATE));
            if let Some(wait) = due.checked_sub(begun.elapsed()) {
                drop(self.clock.sleep(wait).await);
            }
            let ago = TimeDelta::seconds(i64::from(number) * 7_919 % (DAYS * 80_000));
            let to = (past.now - ago).format("%Y-%m-%dT%H:%M:%SZ");
            let path = match number % 3 {
                0 => "/api/calls?limit=50".to_owned(),
                1 => format!("/api/calls?limit=50&to={to}"),
                _ => format!("/api/calls?limit=50&status=completed&to={to}"),
            };
            let request = self.client.get(format!("{}{path}", self.base)).bearer_auth(&self.token).build()?;
            let (client, took, failed) = (self.client.clone(), took.clone(), failed.clone());
            sent.spawn(async move {
                let read = async { client.execute(request).await?.error_for_status()?.bytes().await };
                match read.await {
                    Ok(_) if due >= WARM_UP => {
                        took.lock().expect("nobody panics").add(begun.elapsed().saturating_sub(due));
                    }
                    Ok(_) => {}
                    Err(error) => *failed.lock().expect("nobody panics") = Some(error.to_string()),
                }
            });
            number += 1;
        }
        sent.join_all().await;
        if let Some(error) = failed.lock().expect("nobody panics").take() {
            return Err(error.into());
        }
        let took = took.lock().expect("nobody panics").clone();
        Ok(took)
    }
}

/// Of one question of the many that there are, asked by each seat in turn.
async fn permission() -> Result<Duration, Failure> {
    let table = Table::compiled().await.map_err(told)?;
    let (begun, mut granted) = (Instant::now(), 0_usize);
    for _ in 0..PERMISSIONS {
        for seat in Seat::ALL {
            granted += NAMES.iter().filter(|name| table.rows(seat, name).is_some()).count();
        }
    }
    let asked = PERMISSIONS * Seat::ALL.len() * NAMES.len();
    if granted == 0 {
        return Err("nobody may do anything".into());
    }
    Ok(begun.elapsed().div_f64(asked as f64))
}
