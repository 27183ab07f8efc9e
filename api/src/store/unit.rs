//! A unit of work: one transaction with everything that follows from it (jobs, changes for routing, news for people),
//! and the wake-ups that are sent once it is committed.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use clock::Busy;
use entity::id::{ChangeId, CompanyId, JobId, WebhookEventId};
use entity::{
    CompanyScope, JobKind, JobState, RoutingSubject, WebhookEventKind, job, outbox, outbox_counter,
    routing_change,
};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ExprTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Tx;
use super::system::Claimed;
use crate::app::App;
use crate::bus::Wake;
use crate::error::Result;
use crate::log::traces::Cause;

pub struct Unit {
    app: App,
    scope: CompanyScope,
    tx: Tx,
    now: DateTime<Utc>,
    jobs: Vec<job::Model>,
    changes: BTreeSet<(RoutingSubject, Uuid)>,
    news: Vec<News>,
    facts: Vec<Fact>,
    wakes: BTreeSet<Wake>,
    _busy: Busy,
}

/// An event for people, and who they are.
struct News {
    audience: Vec<String>,
    event: &'static str,
    payload: Value,
}

/// What has happened, for those outside the company who are told of it: endpoints of webhooks, chat apps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    pub id: WebhookEventId,
    pub kind: WebhookEventKind,
    pub at: DateTime<Utc>,
    pub data: Value,
}

/// Who is told: names of socket rooms within the company.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience<'a> {
    /// All members of the company.
    Company,
    /// Managers and owners, who see all of the company.
    Supervisors,
    Agent(entity::id::AgentId),
    Queue(entity::id::QueueId),
    /// All sockets of one user.
    User(entity::id::UserId),
    /// Those who are in a group.
    Chat(entity::id::ChatId),
    /// One socket, on whatever node.
    Socket(&'a str),
    /// Not this one, though it is in one of the others' rooms.
    ButSocket(&'a str),
}

impl Audience<'_> {
    /// Before the name of a room whose sockets are left out.
    pub const BUT: &'static str = "but:";

    /// The room's name, without the company.
    pub fn room(self) -> String {
        match self {
            Self::Company => "company".to_owned(),
            Self::Supervisors => "supervisors".to_owned(),
            Self::Agent(id) => format!("agent:{id}"),
            Self::Queue(id) => format!("queue:{id}"),
            Self::User(id) => format!("user:{id}"),
            Self::Chat(id) => format!("chat:{id}"),
            Self::Socket(id) => format!("socket:{id}"),
            Self::ButSocket(id) => format!("{}socket:{id}", Self::BUT),
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
            facts: Vec::new(),
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
    pub fn tell(&mut self, audience: &[Audience<'_>], event: &'static str, payload: Value) {
        self.news.push(News { audience: audience.iter().map(|one| one.room()).collect(), event, payload });
    }

    /// Something that others outside may be told of. It is written only for a company that tells anybody (decision 35).
    /// What there is not (null) is left out of it.
    pub fn fact(&mut self, kind: WebhookEventKind, at: DateTime<Utc>, mut data: Value) {
        let id = self.id();
        if let Some(data) = data.as_object_mut() {
            data.retain(|_, value| *value != Value::Null);
        }
        self.facts.push(Fact { id, kind, at, data });
    }

    /// Writes what has gathered, commits, and only then wakes whom it concerns.
    pub async fn commit(mut self) -> Result<()> {
        let mut ours = self.write_jobs().await?;
        self.write_changes().await?;
        self.write_news().await?;
        ours.extend(self.write_jobs().await?);
        self.tx.commit().await?;
        self.app.workshop.hand_over(ours);
        for wake in self.wakes {
            self.app.bus.wake(wake);
        }
        Ok(())
    }

    /// What is due at once is claimed for this node as it is written, as far as the node has places: a claim of its own
    /// would be one more commit, and the same rows.
    async fn write_jobs(&mut self) -> Result<Vec<Claimed>> {
        let mut jobs = std::mem::take(&mut self.jobs);
        if !jobs.is_empty() {
            self.wakes.insert(Wake::Jobs);
        }
        let lease_until = self.now + self.app.settings.timing.lease;
        let due = jobs.iter_mut().filter(|job| job.run_at <= self.now).take(self.app.workshop.free());
        let ours = due.map(|job| {
            job.state = JobState::Running;
            job.attempts = 1;
            job.node_id = Some(self.app.node);
            job.lease_until = Some(lease_until);
            Claimed { job: job.clone(), scope: self.scope, cause: Cause::current() }
        });
        let ours = ours.collect();
        self.scope.insert_many::<job::Entity, _>(&self.tx, jobs).await?;
        Ok(ours)
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

    /// The counter's row is locked last and for the shortest time, since all of the company's units meet here. It also says
    /// whether anybody outside is told what happens, so that asking costs nothing.
    async fn write_news(&mut self) -> Result<()> {
        let (news, facts) = (std::mem::take(&mut self.news), std::mem::take(&mut self.facts));
        if news.is_empty() && facts.is_empty() {
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
        let counter = counter.first();
        if !facts.is_empty() && counter.is_some_and(|counter| counter.facts_wanted) {
            self.job(JobKind::TellOutside, self.company(), json!({ "facts": facts }), self.now);
        }
        if news.is_empty() {
            return Ok(());
        }
        let first = counter.map_or(1, |counter| counter.last_seq - count + 1);
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
