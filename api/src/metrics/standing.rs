//! How things stand: read from rows and from this process, at most once in [`FRESH`], however often it is asked for.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use entity::JobState;
use prometheus::{Counter, GaugeVec, Opts, Registry};

use super::{Resources, failed};
use crate::app::App;
use crate::bus::Connection;
use crate::error::Result;
use crate::store::system::{self, Figures, Queues};

const FRESH: TimeDelta = TimeDelta::seconds(5);
/// How long the database may take for all of it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Connections to the database that are open, and those of them that nobody uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    pub name: &'static str,
    pub open: u32,
    pub idle: usize,
}

#[derive(Clone, Debug)]
pub struct Standing {
    /// `None` when the database does not answer.
    pub figures: Option<Figures>,
    pub pools: Vec<Pool>,
    pub sockets: usize,
    pub bus: Connection,
    pub resources: Resources,
}

pub(super) struct Read {
    at: DateTime<Utc>,
    standing: Standing,
}

pub(super) async fn read(app: &App) -> Result<Standing> {
    // Who comes meanwhile waits, and is given the same.
    let mut last = app.metrics.standing.lock().await;
    let now = app.clock.now();
    if let Some(read) = &*last
        && now - read.at < FRESH
    {
        return Ok(Standing { resources: Resources::read(), ..read.standing.clone() });
    }
    let queues = if app.settings.metrics_per_queue { Queues::EachToo } else { Queues::Together };
    let began = Instant::now();
    let figures = match app.clock.timeout(PATIENCE, system::figures(app.db.reader(), queues, now)).await {
        Some(Ok(figures)) => Some(figures),
        Some(Err(error)) => {
            tracing::error!(?error, "figures cannot be read");
            None
        }
        None => {
            tracing::error!(took = ?began.elapsed(), "figures take too long to read");
            None
        }
    };
    let standing = Standing {
        figures,
        pools: app.db.pools(),
        sockets: app.sockets.connected(),
        bus: app.bus.connection(),
        resources: Resources::read(),
    };
    *last = Some(Read { at: now, standing: standing.clone() });
    Ok(standing)
}

/// The same as gauges.
pub(super) async fn registry(app: &App) -> Result<Registry> {
    let standing = read(app).await?;
    let gauges = Gauges(Registry::new());
    let up = f64::from(u8::from(standing.figures.is_some()));
    gauges.one("calldocker_database_up", "1 when the database has answered.", up)?;
    let bus = f64::from(u8::from(standing.bus != Connection::Lost));
    gauges.one("calldocker_bus_up", "0 while Redis is wanted and away; nodes then poll.", bus)?;
    gauges.one("calldocker_sockets", "Signed-in sockets of this node.", standing.sockets as f64)?;
    let open = standing.pools.iter().map(|pool| ([pool.name.to_owned()], f64::from(pool.open)));
    gauges.many("calldocker_database_connections", "Open connections to the database.", ["pool"], open)?;
    let idle = standing.pools.iter().map(|pool| ([pool.name.to_owned()], pool.idle as f64));
    gauges.many("calldocker_database_connections_idle", "Those of them that nobody uses.", ["pool"], idle)?;
    if let Some(figures) = &standing.figures {
        of_rows(&gauges, figures, app.clock.now())?;
    }
    let errors = "Lines of the log at the level ERROR, since this process was started.";
    gauges.one("calldocker_log_errors", errors, crate::log::errors() as f64)?;
    of_process(&gauges, standing.resources)?;
    Ok(gauges.0)
}

fn of_rows(gauges: &Gauges, figures: &Figures, now: DateTime<Utc>) -> Result<()> {
    let calls = figures.calls.iter().map(|(status, count)| ([status.as_str()], *count as f64));
    gauges.many(
        "calldocker_calls",
        "Calls of all companies with anybody on a line, by status.",
        ["status"],
        calls,
    )?;
    let waiting = figures.waiting;
    gauges.one("calldocker_queue_waiting", "Callers who wait in queues.", waiting.callers as f64)?;
    let longest = "Seconds for which the first of them has waited.";
    gauges.one("calldocker_queue_longest_wait_seconds", longest, age(waiting.since, now))?;
    if !figures.queues.is_empty() {
        let of = |value: fn(&system::Waiting, DateTime<Utc>) -> f64| {
            figures.queues.iter().map(move |(queue, waiting)| ([queue.to_string()], value(waiting, now)))
        };
        let callers = of(|waiting, _| waiting.callers as f64);
        gauges.many("calldocker_queue_waiting_each", "Callers who wait, by queue.", ["queue"], callers)?;
        let longest = of(|waiting, now| age(waiting.since, now));
        gauges.many(
            "calldocker_queue_longest_wait_each_seconds",
            "The longest wait, by queue.",
            ["queue"],
            longest,
        )?;
    }
    let jobs = by_state(&figures.jobs);
    gauges.many("calldocker_jobs", "Jobs of all nodes: queued, running, failed.", ["state"], jobs)?;
    let oldest = "Seconds since the oldest job fell due that nobody has begun.";
    gauges.one("calldocker_jobs_oldest_due_seconds", oldest, age(figures.oldest_job, now))?;
    let mails = by_state(&figures.mails);
    gauges.many("calldocker_mails", "Mails: queued, running, failed.", ["state"], mails)?;
    let oldest = "Seconds since the oldest mail was posted that waits.";
    gauges.one("calldocker_mails_oldest_seconds", oldest, age(figures.oldest_mail, now))
}

/// A state that nothing is in is told as well: an alarm on a series that is not there never rings.
fn by_state(counts: &[(JobState, i64)]) -> impl Iterator<Item = ([String; 1], f64)> {
    [JobState::Queued, JobState::Running, JobState::Failed].into_iter().map(|state| {
        let count = counts.iter().find(|(known, _)| *known == state).map_or(0, |(_, count)| *count);
        ([state.as_str()], count as f64)
    })
}

/// By the names that Prometheus' own clients use.
fn of_process(gauges: &Gauges, taken: Resources) -> Result<()> {
    let version = [([env!("CARGO_PKG_VERSION").to_owned()], 1.0)];
    gauges.many("calldocker_build_info", "Always 1; the label is the version.", ["version"], version)?;
    if let Some(seconds) = taken.cpu_seconds {
        let cpu = Counter::new("process_cpu_seconds_total", "Processor time of this process.");
        let cpu = cpu.map_err(failed)?;
        cpu.inc_by(seconds);
        gauges.0.register(Box::new(cpu)).map_err(failed)?;
    }
    for (name, help, value) in [
        (
            "process_resident_memory_bytes",
            "Memory of this process.",
            taken.resident.map(|bytes| bytes as f64),
        ),
        (
            "calldocker_memory_limit_bytes",
            "Memory that this process may have.",
            taken.memory_limit.map(|bytes| bytes as f64),
        ),
        ("process_open_fds", "Open files and connections.", taken.open_files.map(|files| files as f64)),
        ("process_max_fds", "Files that may be open.", taken.open_files_limit.map(|files| files as f64)),
        ("process_threads", "Threads of this process.", taken.threads.map(|threads| threads as f64)),
        ("calldocker_uptime_seconds", "Since this process was started.", taken.uptime),
    ] {
        if let Some(value) = value {
            gauges.one(name, help, value)?;
        }
    }
    Ok(())
}

fn age(since: Option<DateTime<Utc>>, now: DateTime<Utc>) -> f64 {
    since.map_or(0.0, |since| ((now - since).num_milliseconds() as f64 / 1000.0).max(0.0))
}

struct Gauges(Registry);

impl Gauges {
    fn one(&self, name: &str, help: &str, value: f64) -> Result<()> {
        self.many(name, help, [], [([], value)])
    }

    fn many<const N: usize>(
        &self,
        name: &str,
        help: &str,
        labels: [&str; N],
        values: impl IntoIterator<Item = ([String; N], f64)>,
    ) -> Result<()> {
        let gauge = GaugeVec::new(Opts::new(name, help), &labels).map_err(failed)?;
        self.0.register(Box::new(gauge.clone())).map_err(failed)?;
        for (labels, value) in values {
            gauge.with_label_values(&labels).set(value);
        }
        Ok(())
    }
}
