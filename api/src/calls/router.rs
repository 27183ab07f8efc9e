//! The companies' routing indexes: kept by the node that holds a company's lease, fed from the changes that units left
//! in the database, rebuilt from rows when in doubt.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use clock::Busy;
use entity::id::{AgentId, CompanyId, QueueEntryId, QueueId};
use entity::{CompanyScope, RoutingSubject, queue, routing_change, routing_state};
use routing::{Change, EntryId, Index, Round};
use sea_orm::ConnectionTrait;

use super::offer::{self, Opened};
use super::rows;
use crate::app::App;
use crate::config::Timing;
use crate::error::Result;
use crate::store::{Tx, Unit, queueing, system};

/// How often a node looks for changes that nobody woke it for.
const POLL: Duration = Duration::from_secs(1);
/// How long callers are told their prospects from one copy of another node's index. Building one reads all of a company's
/// agents and waiting calls, and a prospect of some minutes does not change in seconds.
pub const COPY_LIFE: TimeDelta = TimeDelta::seconds(5);

/// The indexes of the companies whose lease this node holds; also where waiting callers' prospects are read.
#[derive(Default)]
pub struct Desks {
    kept: Mutex<HashMap<CompanyId, Desk>>,
    /// Of companies that another node keeps: built from rows to be asked, and not to offer anything.
    copies: tokio::sync::Mutex<HashMap<CompanyId, (DateTime<Utc>, Index)>>,
}

struct Desk {
    index: Index,
    /// How long who declined is left in peace, by queue.
    cool_off: HashMap<QueueId, TimeDelta>,
    /// Agents whose heartbeat binds them, and until when: read again at that moment.
    bound: HashMap<AgentId, DateTime<Utc>>,
}

impl Desks {
    fn lock(&self) -> MutexGuard<'_, HashMap<CompanyId, Desk>> {
        self.kept.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// `None` without data.
    pub async fn expected_wait(
        &self,
        app: &App,
        scope: CompanyScope,
        entry: QueueEntryId,
    ) -> Result<Option<Duration>> {
        let now = app.clock.now();
        self.ask(app, scope, COPY_LIFE, |index| index.expected_wait(EntryId(entry.0), now)).await
    }

    /// Asks the company's index: the one that is kept here, else a copy from rows that is at most so old.
    pub async fn ask<T>(
        &self,
        app: &App,
        scope: CompanyScope,
        oldest: TimeDelta,
        question: impl FnOnce(&Index) -> T,
    ) -> Result<T> {
        let company = scope.company();
        if let Some(desk) = self.lock().get(&company) {
            return Ok(question(&desk.index));
        }
        self.ask_copy(app, scope, oldest, question).await
    }

    /// Asks a copy from rows that is at most so old, whether or not the index is kept here.
    pub async fn ask_copy<T>(
        &self,
        app: &App,
        scope: CompanyScope,
        oldest: TimeDelta,
        question: impl FnOnce(&Index) -> T,
    ) -> Result<T> {
        let company = scope.company();
        let mut copies = self.copies.lock().await;
        let now = app.clock.now();
        copies.retain(|_, (made, _)| *made + COPY_LIFE > now);
        if copies.get(&company).is_none_or(|(made, _)| *made + oldest <= now) {
            let rows = Rows { scope, db: app.db.reader(), timing: &app.settings.timing, now };
            copies.insert(company, (now, Desk::build(&rows).await?.0.index));
        }
        Ok(question(&copies[&company].1))
    }

    /// Asks in the middle of a unit: the index that is kept here, else a fresh copy, else one from the unit's own
    /// connection. A unit that waited for another connection, or for who waits for one, could wait for ever.
    pub async fn ask_within<T>(&self, unit: &Unit, question: impl FnOnce(&Index) -> T) -> Result<T> {
        let company = unit.company();
        if let Some(desk) = self.lock().get(&company) {
            return Ok(question(&desk.index));
        }
        if let Ok(copies) = self.copies.try_lock()
            && let Some((_, index)) = copies.get(&company).filter(|(made, _)| *made + COPY_LIFE > unit.now())
        {
            return Ok(question(index));
        }
        let index = Desk::build(&Rows::of(unit)).await?.0.index;
        let answer = question(&index);
        if let Ok(mut copies) = self.copies.try_lock() {
            copies.insert(company, (unit.now(), index));
        }
        Ok(answer)
    }

    /// Those whose index this node keeps.
    pub fn companies(&self) -> Vec<CompanyId> {
        self.lock().keys().copied().collect()
    }

    fn next_due(&self) -> Option<DateTime<Utc>> {
        self.lock().values().filter_map(|desk| desk.index.next_due()).min()
    }

    fn due(&self, now: DateTime<Utc>) -> BTreeSet<CompanyId> {
        let desks = self.lock();
        let due = desks.iter().filter(|(_, desk)| desk.index.next_due().is_some_and(|at| at <= now));
        due.map(|(company, _)| *company).collect()
    }

    /// Takes a company's desk out, so that a pass that fails leaves none behind and the next one builds it anew.
    fn take(&self, company: CompanyId) -> Option<Desk> {
        self.lock().remove(&company)
    }

    fn put(&self, company: CompanyId, desk: Desk) {
        self.lock().insert(company, desk);
    }
}

/// Runs until the process ends: passes over every company that has changes, or whose time has come.
pub async fn run(app: App) {
    let mut next_poll = app.clock.now();
    loop {
        let (busy, mut companies) = wait(&app, next_poll).await;
        if app.clock.now() >= next_poll {
            next_poll = app.clock.now() + POLL;
            match system::companies_to_route(&app).await {
                Ok(found) => companies.extend(found),
                Err(error) => tracing::error!(?error, "cannot look for routing changes"),
            }
        }
        companies.extend(app.desks.due(app.clock.now()));
        for company in companies {
            if let Err(error) = pass(&app, system::routing_scope(company)).await {
                tracing::error!(%company, ?error, "a routing pass failed; the next one builds the index anew");
            }
        }
        drop(busy);
    }
}

async fn wait(app: &App, next_poll: DateTime<Utc>) -> (Busy, BTreeSet<CompanyId>) {
    let until = app.desks.next_due().map_or(next_poll, |due| due.min(next_poll));
    tokio::select! {
        woken = app.bus.routing() => woken,
        busy = app.clock.sleep_until(until) => (busy, BTreeSet::new()),
    }
}

/// Reads the changes of one company, applies them, and writes the rounds that follow: one transaction.
pub async fn pass(app: &App, scope: CompanyScope) -> Result<()> {
    let company = scope.company();
    let mut unit = Unit::begin(app, scope).await?;
    let Some(state) = queueing::lock_routing(scope, unit.tx()).await? else { return Ok(()) };
    let ours = state.node_id == Some(app.node);
    if !ours && state.lease_until.is_some_and(|until| until > unit.now()) {
        app.desks.take(company);
        return Ok(());
    }
    let changes = queueing::take_changes(scope, unit.tx()).await?;
    let kept =
        app.desks.take(company).filter(|_| ours && state.lease_until.is_some_and(|until| until > unit.now()));
    let was_kept = kept.is_some();
    let (desk, rounds) = match kept {
        Some(mut desk) => {
            let rounds = desk.read(&Rows::of(&unit), changes).await?;
            (desk, rounds)
        }
        None => Desk::build(&Rows::of(&unit)).await?,
    };
    let stale = write(&mut unit, rounds).await?;
    let renewed = routing_state::Model {
        node_id: Some(app.node),
        lease_until: match stale {
            Stale::No => Some(unit.now() + app.settings.timing.lease),
            // Nobody keeps it: the next poll finds whoever waits unattended, even if the wake-up below is lost.
            Stale::Yes => None,
        },
        ..state
    };
    queueing::save_routing(scope, unit.tx(), renewed).await?;
    unit.commit().await?;
    match stale {
        Stale::No => app.desks.put(company, desk),
        // What the rows refused is looked at again with fresh eyes; if those were fresh already, not before the poll.
        Stale::Yes if was_kept => app.bus.wake_here(crate::bus::Wake::Routing(company)),
        Stale::Yes => {}
    }
    Ok(())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stale {
    Yes,
    No,
}

async fn write(unit: &mut Unit, rounds: Vec<Round>) -> Result<Stale> {
    let entries: Vec<_> = rounds.iter().map(|round| QueueEntryId(round.entry.0)).collect();
    let locked = offer::lock(unit, &entries).await?;
    let mut stale = if locked.len() == rounds.len() { Stale::No } else { Stale::Yes };
    let agents: HashMap<_, Vec<_>> = rounds
        .into_iter()
        .map(|round| {
            (QueueEntryId(round.entry.0), round.agents.into_iter().map(|id| AgentId(id.0)).collect())
        })
        .collect();
    for (mut file, entry) in locked {
        if offer::open(unit, &mut file, &entry, &agents[&entry.id]).await? == Opened::Stale {
            stale = Stale::Yes;
        }
        file.save(unit).await?;
    }
    Ok(stale)
}

/// Where a company's rows are read, and when.
struct Rows<'a, C> {
    scope: CompanyScope,
    db: &'a C,
    timing: &'a Timing,
    now: DateTime<Utc>,
}

impl<'a> Rows<'a, Tx> {
    fn of(unit: &'a Unit) -> Self {
        Self { scope: unit.scope(), db: unit.tx(), timing: &unit.app().settings.timing, now: unit.now() }
    }
}

impl Desk {
    /// From rows alone.
    async fn build<C: ConnectionTrait>(from: &Rows<'_, C>) -> Result<(Self, Vec<Round>)> {
        let mut desk = Self { index: Index::new(), cool_off: HashMap::new(), bound: HashMap::new() };
        let mut changes = Vec::new();
        for row in queueing::queues(from.scope, from.db).await? {
            changes.push(desk.queue(from, &row).await?);
        }
        changes.extend(desk.agents(from, None).await?);
        let open = queueing::open_entries(from.scope, from.db).await?;
        let open = rows::entries(from.scope, from.db, open, &desk.cool_off).await?;
        changes.extend(open.into_iter().map(Change::Entry));
        let rounds = desk.index.apply_all(changes, from.now);
        Ok((desk, rounds))
    }

    /// Reads again the rows that changed, and the agents whose heartbeat would have run out by now.
    async fn read<C: ConnectionTrait>(
        &mut self,
        from: &Rows<'_, C>,
        changed: Vec<routing_change::Model>,
    ) -> Result<Vec<Round>> {
        let (mut agents, mut entries) = (BTreeSet::new(), BTreeSet::new());
        let mut changes = vec![Change::Tick];
        for change in changed {
            match change.subject {
                RoutingSubject::Agent => drop(agents.insert(AgentId(change.subject_id))),
                RoutingSubject::Entry => drop(entries.insert(QueueEntryId(change.subject_id))),
                RoutingSubject::Queue => {
                    let id = QueueId(change.subject_id);
                    let row = queueing::queue_in_use(from.scope, from.db, id).await?;
                    changes.push(match row {
                        Some(row) => self.queue(from, &row).await?,
                        None => Change::QueueGone(routing::QueueId(id.0)),
                    });
                }
            }
        }
        agents.extend(self.bound.iter().filter(|(_, until)| **until <= from.now).map(|(agent, _)| *agent));
        if !agents.is_empty() {
            changes.extend(self.agents(from, Some(&agents)).await?);
        }
        changes.extend(self.entries(from, entries).await?);
        Ok(self.index.apply_all(changes, from.now))
    }

    async fn queue<C: ConnectionTrait>(&mut self, from: &Rows<'_, C>, row: &queue::Model) -> Result<Change> {
        self.cool_off.insert(row.id, TimeDelta::seconds(i64::from(row.decline_cool_off_seconds)));
        Ok(Change::Queue(rows::queue(from.scope, from.db, row).await?))
    }

    async fn agents<C: ConnectionTrait>(
        &mut self,
        from: &Rows<'_, C>,
        ids: Option<&BTreeSet<AgentId>>,
    ) -> Result<Vec<Change>> {
        let ids: Option<Vec<_>> = ids.map(|ids| ids.iter().copied().collect());
        let found = rows::agents(from.scope, from.db, from.timing, ids.as_deref(), from.now).await?;
        for agent in &found {
            match agent.ready_until {
                Some(until) if until > from.now => drop(self.bound.insert(AgentId(agent.id.0), until)),
                Some(_) | None => drop(self.bound.remove(&AgentId(agent.id.0))),
            }
        }
        let there: BTreeSet<_> = found.iter().map(|agent| agent.id).collect();
        let gone = ids.unwrap_or_default().into_iter().map(rows::agent_id).filter(|id| !there.contains(id));
        Ok(gone.map(Change::AgentGone).chain(found.into_iter().map(Change::Agent)).collect())
    }

    async fn entries<C: ConnectionTrait>(
        &self,
        from: &Rows<'_, C>,
        ids: BTreeSet<QueueEntryId>,
    ) -> Result<Vec<Change>> {
        let mut open = Vec::new();
        let mut changes = Vec::new();
        for id in ids {
            match queueing::entry(from.scope, from.db, id).await? {
                Some(entry) if entry.outcome.is_none() && entry.wanted_agent_id.is_none() => open.push(entry),
                Some(_) | None => changes.push(Change::EntryGone(EntryId(id.0))),
            }
        }
        let read = rows::entries(from.scope, from.db, open, &self.cool_off).await?;
        changes.extend(read.into_iter().map(Change::Entry));
        Ok(changes)
    }
}
