//! How this server and what it depends on are, for who watches it: each is asked now, none for longer than a moment.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use futures_util::future::join3;

use crate::app::App;
use crate::bus::Connection;
use crate::error::{Error, Result};
use crate::metrics::{self, Standing};
use crate::store::system;

/// How long one of them may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Beyond this part of what it may have, memory or files are said to run out.
const NEARLY_ALL: f64 = 0.9;
/// A job that has been due for so long, in seconds, tells that jobs are not getting done.
const JOBS_ARE_LATE: i64 = 60;

/// Something that the server depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    pub state: State,
    /// How long it took to answer, where it was asked.
    pub latency: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Up,
    Down,
    /// The settings name none.
    NotConfigured,
}

/// All of it.
#[derive(Clone, Debug)]
pub struct Report {
    pub database: Service,
    pub redis: Service,
    pub storage: Service,
    pub mail: Service,
    pub provider: Service,
    /// When a request that the provider signed last came to this node, since it was started.
    pub provider_seen: Option<DateTime<Utc>>,
    pub standing: Standing,
    pub warnings: Vec<String>,
    pub at: DateTime<Utc>,
}

impl Report {
    /// Everything that calls need.
    pub fn is_healthy(&self) -> bool {
        [&self.database, &self.storage].iter().all(|service| service.state == State::Up)
    }
}

/// Asks everything.
pub async fn report(app: &App) -> Result<Report> {
    let storage = async {
        // A file that is never there: to know that takes the way to the store and back.
        app.storage.read("health/probe", None).await.map(drop)
    };
    let (database, storage, mail) = join3(
        ask(app, async { system::ping(app.db.reader()).await.map_err(Error::from) }),
        ask(app, storage),
        mail(app),
    )
    .await;
    let standing = metrics::standing(app).await?;
    let redis = match standing.bus {
        Connection::Connected => State::Up,
        Connection::Lost => State::Down,
        Connection::Alone => State::NotConfigured,
    };
    let provider = if app.providers.platform().is_some() { State::Up } else { State::NotConfigured };
    let mut report = Report {
        database,
        redis: Service { state: redis, latency: None },
        storage,
        mail,
        provider: Service { state: provider, latency: None },
        provider_seen: app.metrics.provider_seen(),
        standing,
        warnings: app.settings.risks(),
        at: app.clock.now(),
    };
    let found = warnings(&report);
    report.warnings.extend(found);
    Ok(report)
}

async fn ask(app: &App, question: impl Future<Output = Result<()>>) -> Service {
    let began = Instant::now();
    let answer = app.clock.timeout(PATIENCE, question).await;
    let latency = Some(began.elapsed());
    match answer {
        Some(Ok(())) => Service { state: State::Up, latency },
        Some(Err(error)) => {
            tracing::warn!(?error, "something that this server depends on does not answer");
            Service { state: State::Down, latency }
        }
        None => Service { state: State::Down, latency },
    }
}

async fn mail(app: &App) -> Service {
    let began = Instant::now();
    match app.clock.timeout(PATIENCE, app.mailer.probe()).await {
        Some(None) => Service { state: State::NotConfigured, latency: None },
        Some(Some(Ok(()))) => Service { state: State::Up, latency: Some(began.elapsed()) },
        Some(Some(Err(because))) => {
            tracing::warn!(because, "the mail server does not answer");
            Service { state: State::Down, latency: Some(began.elapsed()) }
        }
        None => Service { state: State::Down, latency: Some(began.elapsed()) },
    }
}

/// What somebody should look at, in words.
fn warnings(report: &Report) -> Vec<String> {
    let mut found = Vec::new();
    let mut say = |holds: bool, text: &str| {
        if holds {
            found.push(text.to_owned());
        }
    };
    let down = |service: &Service| service.state == State::Down;
    say(down(&report.database), "The database does not answer.");
    say(down(&report.storage), "The place where recordings are kept does not answer.");
    say(down(&report.redis), "Redis is away: nodes look for work once a second, and no call is lost.");
    say(down(&report.mail), "The mail server does not answer; mail waits.");
    say(
        report.provider.state == State::NotConfigured,
        "There is no account at a provider of telephone calls.",
    );
    if let Some(figures) = &report.standing.figures {
        let failed = |counts: &[(entity::JobState, i64)]| {
            counts.iter().any(|(state, count)| *state == entity::JobState::Failed && *count > 0)
        };
        say(failed(&figures.jobs), "Jobs were given up; their rows say why (table job).");
        say(failed(&figures.mails), "Mails were given up; their rows say why (table mail).");
        let late = figures.oldest_job.is_some_and(|due| (report.at - due).num_seconds() > JOBS_ARE_LATE);
        say(late, "A job has been due for more than a minute.");
    }
    let taken = report.standing.resources;
    let part = |taken: Option<u64>, limit: Option<u64>| match (taken, limit) {
        (Some(taken), Some(limit)) if limit > 0 => taken as f64 / limit as f64,
        _ => 0.0,
    };
    say(part(taken.resident, taken.memory_limit) > NEARLY_ALL, "Memory is nearly used up.");
    say(
        part(taken.open_files, taken.open_files_limit) > NEARLY_ALL,
        "Files that may be open are nearly used up.",
    );
    found
}
