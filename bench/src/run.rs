//! The phases of a run on one database, one after the other.

use std::sync::Arc;
use std::time::{Duration, Instant};

use carrier::Carrier;
use clock::Clock;

use crate::centre::{Centre, Size, WRAP_UP_SECONDS};
use crate::figures::{Durations, Table, Verdict, megabytes, milliseconds};
use crate::ground::{Ground, Kind};
use crate::load::{self, Open, Opened, Recorder};
use crate::observe::Rest;
use crate::server::{Plan, Server};
use crate::{ACCOUNT, Failure, TOKEN, ceiling, machine, observe};

/// How much is done.
#[derive(Clone, Debug)]
pub struct Scale {
    /// Callers at once in the closed loop, and for how long.
    callers: usize,
    closed: Duration,
    /// Calls in progress in the open loops, with the seconds that each lasts and for how long it is measured.
    open: Vec<(usize, Duration, Duration)>,
    /// Callers for the few agents of one queue, and for how long.
    scarce: (usize, Duration),
    ceiling: Duration,
    starts: usize,
}

impl Scale {
    pub fn full() -> Self {
        let seconds = Duration::from_secs;
        Self {
            callers: 120,
            closed: seconds(20),
            open: vec![
                (50, seconds(15), seconds(12)),
                (200, seconds(25), seconds(15)),
                (1000, seconds(60), seconds(15)),
            ],
            scarce: (40, seconds(12)),
            ceiling: seconds(5),
            starts: 5,
        }
    }

    pub fn quick() -> Self {
        let seconds = Duration::from_secs;
        Self {
            callers: 60,
            closed: seconds(6),
            open: vec![(50, seconds(8), seconds(5)), (200, seconds(25), seconds(5))],
            scarce: (20, seconds(6)),
            ceiling: seconds(2),
            starts: 2,
        }
    }

    /// Agents for all who may be on the line at once, and for those in wrap-up.
    fn size(&self) -> Size {
        let most = self.open.iter().map(|(calls, ..)| *calls).chain([self.callers]).max().unwrap_or_default();
        let queues = 4;
        Size { queues, agents_each: most * 5 / 4 / queues + 30, scarce_agents: self.scarce.0 / 4 }
    }
}

/// A conversation in the closed loop and in the queue with few agents.
const SHORT_TALK: Duration = Duration::from_millis(500);
/// What lies before a conversation when nothing waits: a greeting, ringing, pressing 1.
const BEFORE_TALK: Duration = Duration::from_millis(1500);
/// The longest that anything is waited for when the load is over: the check of a live call comes after a minute.
const REST: Duration = Duration::from_secs(90);

/// The table; `None` when there is no such database here.
///
/// # Errors
/// When a phase fails, and when calls were lost.
pub async fn run(kind: Kind, scale: &Scale) -> Result<Option<Table>, Failure> {
    let Some(ground) = Ground::new(kind).await? else { return Ok(None) };
    let clock = Clock::machine();
    let recorder = Recorder::default();
    let settings = carrier::Settings {
        watch: Some(recorder.watch()),
        keep_calls: 20_000,
        ..carrier::Settings::new(ACCOUNT, TOKEN, clock.clone())
    };
    let carrier = Arc::new(Carrier::start(settings).await?);
    let centre = Centre::found(&ground, &carrier, scale.size(), clock.now()).await?;
    let ceiling = ceiling::measure(&ground, scale.ceiling).await?;
    let plan = Plan::new(&ground, &carrier.api_url())?;
    let (server, _) = plan.start(&clock).await?;
    let mut bench = Bench {
        scale,
        ground: &ground,
        clock: &clock,
        recorder: &recorder,
        carrier,
        centre,
        table: Table::new(format!("{kind:?}")),
    };
    bench.rest(Rest::CallsAndJobs).await?;
    let idle = machine::resident(server.pid).unwrap_or_default();
    bench.closed(&server, ceiling).await?;
    for (calls, lasting, measured) in &scale.open {
        bench.open(*calls, *lasting, *measured).await?;
    }
    bench.scarce().await?;
    let loaded = machine::resident(server.pid).unwrap_or_default();
    // Before it is told to stop: what it says then is not about calls.
    let errors = plan.errors();
    server.stop(&clock).await?;
    let starts = bench.starts(&plan).await?;
    let size = ground.size().await?;
    bench.memory(idle, loaded);
    bench.start_up(&starts, size);
    bench.verdict(&errors).await?;
    let Bench { table, carrier, .. } = bench;
    if let Some(carrier) = Arc::into_inner(carrier) {
        carrier.stop().await;
    }
    ground.remove().await?;
    Ok(Some(table))
}

struct Bench<'a> {
    scale: &'a Scale,
    ground: &'a Ground,
    clock: &'a Clock,
    recorder: &'a Recorder,
    carrier: Arc<Carrier>,
    centre: Centre,
    table: Table,
}

impl Bench<'_> {
    async fn rest(&self, rest: Rest) -> Result<(), Failure> {
        match observe::rest(self.ground, self.centre.scope, &self.carrier, self.clock, rest, REST).await? {
            0 => Ok(()),
            given_up => Err(format!("the server gave up {given_up} jobs").into()),
        }
    }

    /// As fast as it goes; what a call costs is counted from rest to rest, so with all that it leaves to do.
    async fn closed(&mut self, server: &Server, ceiling: Option<f64>) -> Result<(), Failure> {
        let postmaster = self.ground.postmaster().await?;
        let of_database = || postmaster.map_or(Duration::ZERO, machine::processor_time_of_children);
        let of_server = || machine::processor_time(server.pid).unwrap_or_default();
        let (writes, cpu, database_cpu) = (self.ground.writes().await?, of_server(), of_database());
        self.recorder.take();
        let (from, began) = (self.clock.now(), Instant::now());
        let scale = self.scale;
        let calls =
            load::closed(&self.carrier, &self.centre.numbers, scale.callers, scale.closed, SHORT_TALK).await;
        let (to, took) = (self.clock.now(), began.elapsed());
        let webhooks = self.recorder.take();
        let finished = observe::ended(self.ground, self.centre.scope, from, to).await?;
        self.rest(Rest::CallsAndJobs).await?;
        let writes = self.ground.writes().await?.wrapping_sub(writes);
        let (cpu, database_cpu) =
            (of_server().saturating_sub(cpu), of_database().saturating_sub(database_cpu));
        if calls == 0 || finished == 0 {
            return Err("no call came to its end in the closed loop".into());
        }
        let each = |total: f64| total / count(calls);
        let rate = count(finished.try_into()?) / took.as_secs_f64();
        let transactions = each(count(writes.try_into()?));
        let table = &mut self.table;
        table.row(
            format!("calls a second, ring to wrap-up, {} callers in a closed loop", scale.callers),
            format!("{rate:.1} ({finished} calls)"),
        );
        let [p50, p99, max] = webhooks.all.cells();
        table.row("  webhooks meanwhile, p50 / p99 / max", format!("{p50} / {p99} / {max}"));
        table.aimed(
            "writing transactions a call",
            format!("{transactions:.1}"),
            "at most 25",
            Verdict::below(transactions, 25.05),
        );
        table.row("webhooks a call", format!("{:.1}", each(count(webhooks.all.count()))));
        let mut processor = format!("{:.1} ms", each(cpu.as_secs_f64() * 1000.0));
        if postmaster.is_some() {
            processor += &format!(" + {:.1} ms PostgreSQL", each(database_cpu.as_secs_f64() * 1000.0));
        }
        table.row("processor time a call", processor);
        match ceiling {
            Some(ceiling) => {
                table.row(ceiling::what(self.ground.kind), format!("{ceiling:.0} commits a second"));
                let share = rate * transactions / ceiling;
                table.aimed(
                    "calls x transactions, of the ceiling",
                    format!("{:.0} ({:.0} %)", rate * transactions, share * 100.0),
                    "60 %",
                    Verdict::at_least(share, 0.6),
                );
            }
            None => table.row(ceiling::what(self.ground.kind), "not here: pgbench is not installed"),
        }
        Ok(())
    }

    /// So many calls in progress, which come at a fixed rate.
    async fn open(&mut self, calls: usize, lasting: Duration, measured: Duration) -> Result<(), Failure> {
        let rate = count(calls) / lasting.as_secs_f64();
        let plan = Open { rate, ramp: lasting, measured, talk: lasting.saturating_sub(BEFORE_TALK) };
        let Opened { webhooks, in_progress, calls: placed } =
            load::open(&self.carrier, self.recorder, &self.centre.numbers, self.clock, plan).await;
        self.rest(Rest::Calls).await?;
        if webhooks.all.count() == 0 {
            return Err(format!("no webhook was measured with {placed} calls").into());
        }
        let [p50, p99, max] = webhooks.all.cells();
        let what = format!("webhooks at {calls} calls at once ({rate:.1} a second), p50 / p99 / max");
        let worst = webhooks.all.quantile(0.99).unwrap_or_default();
        let value = format!("{p50} / {p99} / {max}");
        if calls == 200 {
            let verdict = Verdict::below(worst.as_secs_f64(), 0.05);
            self.table.aimed(what, value, "p99 below 50 ms", verdict);
        } else {
            self.table.row(what, value);
        }
        let slowest = webhooks.by_path.iter().max_by_key(|(_, took)| took.quantile(0.99));
        let slowest = slowest.map_or_else(String::new, |(path, took)| {
            let path = if path.is_empty() { "voice" } else { path };
            format!(", slowest {path}: p99 {}", milliseconds(took.quantile(0.99).unwrap_or_default()))
        });
        self.table.row(
            format!("  {} webhooks, {} failed; callers on the line", webhooks.all.count(), webhooks.failed),
            format!("{} to {}{slowest}", in_progress[0], in_progress[1]),
        );
        Ok(())
    }

    /// More callers than agents: an agent who becomes free is offered a call at once.
    async fn scarce(&mut self) -> Result<(), Failure> {
        let (callers, lasting) = self.scale.scarce;
        let from = self.clock.now();
        let number = [self.centre.scarce.clone()];
        load::closed(&self.carrier, &number, callers, lasting, SHORT_TALK).await;
        let idle = observe::idle(self.ground, self.centre.scope, &self.carrier, from).await?;
        self.rest(Rest::Calls).await?;
        if idle.to_offer.count() == 0 {
            return Err("no agent became free while somebody waited".into());
        }
        let cells = |durations: &Durations| durations.cells().join(" / ");
        self.table.row(
            format!("agent free to offer written, p50 / p99 / max of {}", idle.to_offer.count()),
            cells(&idle.to_offer),
        );
        self.table.row("agent free to his phone's number dialled at the provider", cells(&idle.to_ring));
        Ok(())
    }

    /// Starts on the database as it is now.
    async fn starts(&self, plan: &Plan) -> Result<Durations, Failure> {
        let mut starts = Durations::default();
        for _ in 0..self.scale.starts {
            let (server, took) = plan.start(self.clock).await?;
            starts.add(took);
            server.stop(self.clock).await?;
        }
        Ok(starts)
    }

    fn memory(&mut self, idle: u64, loaded: u64) {
        self.table.row("resident memory, idle after the start", megabytes(idle));
        self.table.aimed(
            "resident memory, after the load",
            megabytes(loaded),
            "below 100 MB",
            Verdict::below(count(usize::try_from(loaded).unwrap_or(usize::MAX)), 1e8),
        );
    }

    fn start_up(&mut self, starts: &Durations, size: u64) {
        let median = starts.quantile(0.5).unwrap_or_default();
        self.table.aimed(
            format!("start to ready on this database ({}), median of {}", megabytes(size), starts.count()),
            milliseconds(median),
            "below 300 ms",
            Verdict::below(median.as_secs_f64(), 0.3),
        );
    }

    /// What became of all calls. Callers are hung up at the end of an open loop, so some are abandoned; none may have no
    /// outcome or an error.
    async fn verdict(&mut self, errors: &[String]) -> Result<(), Failure> {
        let outcomes = observe::outcomes(self.ground, self.centre.scope).await?;
        let told: Vec<_> = outcomes.iter().map(|(outcome, calls)| format!("{calls} {outcome}")).collect();
        self.table.row(format!("all calls, with wrap-ups of {WRAP_UP_SECONDS} s"), told.join(", "));
        self.table.row("failures in the server's log", errors.len().to_string());
        for error in errors.iter().take(3) {
            self.table.row("  ", error.chars().take(200).collect::<String>());
        }
        if outcomes.keys().any(|outcome| matches!(outcome.as_str(), "none" | "error")) {
            return Err(format!("calls were lost: {}", told.join(", ")).into());
        }
        Ok(())
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of calls are far below 2^52")]
fn count(of: usize) -> f64 {
    of as f64
}
