//! A unit of work: one transaction with everything that follows from it (jobs, changes for routing, news for people),
//! and the wake-ups that are sent once it is committed.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use clock::Busy;
use entity::id::{ChangeId, CompanyId, JobId};
use entity::{CompanyScope, JobKind, JobState, RoutingSubject, job, outbox, outbox_counter, routing_change};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ExprTrait, QueryFilter};
use serde_json::Value;
use uuid::Uuid;

use super::Tx;
use crate::app::App;
use crate::bus::Wake;
use crate::error::Result;

pub struct Unit {
    app: App,
    scope: CompanyScope,
    tx: Tx,
    now: DateTime<Utc>,
    jobs: Vec<job::Model>,
    changes: BTreeSet<(RoutingSubject, Uuid)>,
    news: Vec<News>,
    wakes: BTreeSet<Wake>,
    _busy: Busy,
}

/// An event for people, and who they are.
struct News {
    audience: Vec<String>,
    event: &'static str,
    payload: Value,
}

/// Who is told: names of socket rooms within the company.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Managers and owners, who see all of the company.
    Supervisors,
    Agent(entity::id::AgentId),
    Queue(entity::id::QueueId),
    /// All sockets of one user.
    User(entity::id::UserId),
}

impl Audience {
    /// The room's name, without the company.
    pub fn room(self) -> String {
        match self {
            Self::Supervisors => "supervisors".to_owned(),
            Self::Agent(id) => format!("agent:{id}"),
            Self::Queue(id) => format!("queue:{id}"),
            Self::User(id) => format!("user:{id}"),
        }
    }
}

impl Unit {
    /// Waits for its turn to write. Never begin a second unit while holding one.
    pub async fn begin(app: &App, scope: CompanyScope) -> Result<Self> {
        let busy = app.clock.busy();
        let tx = app.db.begin().await?;
        Ok(Self {
            app: app.clone(),
            scope,
            tx,
            now: app.clock.now(),
            jobs: Vec::new(),
            changes: BTreeSet::new(),
            news: Vec::new(),
            wakes: BTreeSet::new(),
            _busy: busy,
        })
    }

    pub fn app(&self) -> &App {
        &self.app
    }

    pub fn scope(&self) -> CompanyScope {
        self.scope
    }

    pub fn company(&self) -> CompanyId {
        self.scope.company()
    }

    pub fn tx(&self) -> &Tx {
        &self.tx
    }

    /// The one moment at which everything in this unit happens.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    pub fn id<Id: From<Uuid>>(&self) -> Id {
        self.app.ids.next()
    }

    /// Something to do at `run_at`, once this unit is committed.
    pub fn job(&mut self, kind: JobKind, subject: impl Into<Uuid>, payload: Value, run_at: DateTime<Utc>) {
        let id: JobId = self.id();
        self.jobs.push(job::Model {
            id,
            company_id: self.company(),
            kind,
            subject_id: subject.into(),
            payload,
            run_at,
            state: JobState::Queued,
            attempts: 0,
            node_id: None,
            lease_until: None,
            last_error: None,
            created_at: self.now,
        });
    }

    /// The routing index must read this row again.
    pub fn reroute(&mut self, subject: RoutingSubject, id: impl Into<Uuid>) {
        self.changes.insert((subject, id.into()));
    }

    /// An event for people, in the order of the company's sequence.
    pub fn tell(&mut self, audience: &[Audience], event: &'static str, payload: Value) {
        self.news.push(News { audience: audience.iter().map(|one| one.room()).collect(), event, payload });
    }

    /// Writes what has gathered, commits, and only then wakes whom it concerns.
    pub async fn commit(mut self) -> Result<()> {
        self.write_jobs().await?;
        self.write_changes().await?;
        self.write_news().await?;
        self.tx.commit().await?;
        for wake in self.wakes {
            self.app.bus.wake(wake);
        }
        Ok(())
    }

    async fn write_jobs(&mut self) -> Result<()> {
        let jobs = std::mem::take(&mut self.jobs);
        if !jobs.is_empty() {
            self.wakes.insert(Wake::Jobs);
        }
        Ok(self.scope.insert_many::<job::Entity, _>(&self.tx, jobs).await?)
    }

    async fn write_changes(&mut self) -> Result<()> {
        let changes: Vec<_> = std::mem::take(&mut self.changes)
            .into_iter()
            .map(|(subject, subject_id)| routing_change::Model {
                id: self.id::<ChangeId>(),
                company_id: self.company(),
                subject,
                subject_id,
            })
            .collect();
        if !changes.is_empty() {
            self.wakes.insert(Wake::Routing(self.company()));
        }
        Ok(self.scope.insert_many::<routing_change::Entity, _>(&self.tx, changes).await?)
    }

    /// The counter's row is locked last and for the shortest time, since all of the company's units meet here.
    async fn write_news(&mut self) -> Result<()> {
        let news = std::mem::take(&mut self.news);
        if news.is_empty() {
            return Ok(());
        }
        let count = i64::try_from(news.len()).expect("a unit tells little");
        let counter = self
            .scope
            .update_many::<outbox_counter::Entity>()
            .col_expr(outbox_counter::Column::LastSeq, Expr::col(outbox_counter::Column::LastSeq).add(count))
            .filter(outbox_counter::Column::CompanyId.eq(self.company()))
            .exec_with_returning(&self.tx)
            .await?;
        let first = counter.first().map_or(1, |counter| counter.last_seq - count + 1);
        let rows = news.into_iter().zip(first..).map(|(news, seq)| outbox::Model {
            company_id: self.company(),
            seq,
            audience: news.audience.into(),
            event: news.event.to_owned(),
            payload: news.payload,
            created_at: self.now,
        });
        self.scope.insert_many::<outbox::Entity, _>(&self.tx, rows.collect()).await?;
        self.wakes.insert(Wake::Outbox(self.company()));
        Ok(())
    }
}
