//! Computes all counters of a company from its rows, and says where the stored ones differ and which identity does not hold.

use std::collections::{BTreeMap, BTreeSet};

use ::reports::figures::Time;
use ::reports::{Attribution, Cell, Counters, Interval, Ledger, Length, Of, Quarter, Span, intervals};
use chrono_tz::Tz;
use entity::CompanyScope;
use entity::id::CallId;
use uuid::Uuid;

use super::count::{self, Round};
use super::{facts, states, sums};
use crate::app::App;
use crate::error::Result;
use crate::store::reports as store;

/// Calls that are read at once.
const PAGE: u64 = 500;
/// How often it is begun anew because calls went on meanwhile.
const TRIES: usize = 3;

/// A figure that is not what the rows say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub cell: Cell,
    pub figure: &'static str,
    pub stored: u64,
    pub recomputed: u64,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    pub calls: usize,
    /// Rows of counters.
    pub cells: usize,
    pub differences: Vec<Difference>,
    /// Identities that do not hold, in words.
    pub broken: Vec<String>,
}

impl Findings {
    pub fn is_well(&self) -> bool {
        self.differences.is_empty() && self.broken.is_empty()
    }

    pub fn quarters(&self) -> BTreeSet<i32> {
        self.differences.iter().map(|one| one.cell.quarter.0).collect()
    }
}

/// Compares; what has not been counted yet is counted first.
pub async fn verify(app: &App, scope: CompanyScope, zone: Tz) -> Result<Findings> {
    let mut findings = Findings::default();
    for _ in 0..TRIES {
        count::bring_up_to_date(app, scope).await?;
        let before = version(app, scope).await?;
        findings = once(app, scope, zone).await?;
        let db = app.db.reader();
        let quiet = store::unreported(scope, db, 1).await?.is_empty() && version(app, scope).await? == before;
        if findings.is_well() || quiet {
            break;
        }
    }
    Ok(findings)
}

/// Counts anew whatever reaches the quarters in which something differs.
pub async fn repair(app: &App, scope: CompanyScope, findings: &Findings) -> Result<()> {
    let tx = app.db.begin().await?;
    store::forget_all_sums(scope, &tx).await?;
    tx.commit().await?;
    let quarters = findings.quarters();
    let mut after = None;
    loop {
        let page = store::calls_after(scope, app.db.reader(), after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(*last);
        let calls = facts::of_calls(scope, app.db.reader(), &page).await?;
        let reaches = |(id, call): &(CallId, ::reports::CallFacts)| {
            count::quarters_of(call).iter().any(|quarter| quarters.contains(&quarter.0)).then_some(*id)
        };
        let calls: Vec<_> = calls.iter().filter_map(reaches).collect();
        let tx = app.db.begin().await?;
        store::mark_unreported(scope, &tx, &calls).await?;
        tx.commit().await?;
    }
    while count::round(app, scope, &quarters).await? == Round::Lost {}
    count::bring_up_to_date(app, scope).await
}

async fn version(app: &App, scope: CompanyScope) -> Result<Option<i64>> {
    Ok(store::state(scope, app.db.reader()).await?.map(|state| state.version))
}

async fn once(app: &App, scope: CompanyScope, zone: Tz) -> Result<Findings> {
    let mut findings = Findings::default();
    let (mut ledger, mut talks) = (Ledger::default(), BTreeMap::<Uuid, u64>::new());
    let mut after = None;
    loop {
        let page = store::calls_after(scope, app.db.reader(), after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(*last);
        for (_, call) in facts::of_calls(scope, app.db.reader(), &page).await? {
            findings.calls += 1;
            for segment in call.segments.iter().filter(|segment| segment.conversation().is_some()) {
                *talks.entry(segment.queue).or_default() += 1;
            }
            ledger.add(&call);
        }
    }
    let computed = ledger.finish();
    findings.cells = computed.len();
    let kept = stored(app, scope).await?;
    findings.differences = differences(&kept, &computed);
    findings.broken.extend(identities(&kept, &talks, zone));
    findings.broken.extend(times(app, scope, &kept).await?);
    findings.broken.extend(sums::check(app, scope).await?);
    Ok(findings)
}

async fn stored(app: &App, scope: CompanyScope) -> Result<BTreeMap<Cell, Counters>> {
    let (db, all) = (app.db.reader(), i32::MIN..i32::MAX);
    let mut cells = BTreeMap::new();
    for attribution in [Attribution::ContactDriven, Attribution::ActivityDriven] {
        let named = count::named(attribution);
        for row in store::queue_rows(scope, db, named, all.clone(), None).await? {
            let of = if row.queue_id.0.is_nil() { Of::Company } else { Of::Queue(row.queue_id.0) };
            let cell = Cell { attribution, quarter: Quarter(row.quarter), of };
            cells.insert(cell, count::read(row.counters)?);
        }
        for row in store::agent_rows(scope, db, named, all.clone(), None).await? {
            let queue = Some(row.queue_id.0).filter(|queue| !queue.is_nil());
            let of = Of::Agent(row.agent_id.0, queue);
            let cell = Cell { attribution, quarter: Quarter(row.quarter), of };
            cells.insert(cell, count::read(row.counters)?);
        }
    }
    Ok(cells)
}

fn differences(kept: &BTreeMap<Cell, Counters>, computed: &BTreeMap<Cell, Counters>) -> Vec<Difference> {
    let none = Counters::default();
    let mut differences = Vec::new();
    for cell in kept.keys().chain(computed.keys()).copied().collect::<BTreeSet<_>>() {
        let (stored, right) = (kept.get(&cell).unwrap_or(&none), computed.get(&cell).unwrap_or(&none));
        let of = |figure, stored, recomputed| Difference { cell, figure, stored, recomputed };
        let before = differences.len();
        let pairs = stored.sums().into_iter().zip(right.sums());
        differences.extend(
            pairs
                .filter(|(one, other)| one != other)
                .map(|((figure, one), (_, other))| of(figure, one, other)),
        );
        if stored.longest_wait_ms != right.longest_wait_ms {
            differences.push(of("longest_wait_ms", stored.longest_wait_ms, right.longest_wait_ms));
        }
        if differences.len() == before && stored != right {
            // The sums are right, and how they are spread is not.
            let waits = |one: &Counters| one.answered_waits.count() + one.abandoned_waits.count();
            differences.push(of("waits", waits(stored), waits(right)));
        }
    }
    differences
}

/// The identities of a contact centre's figures (metrics 4.4).
fn identities(cells: &BTreeMap<Cell, Counters>, talks: &BTreeMap<Uuid, u64>, zone: Tz) -> Vec<String> {
    let mut broken = Vec::new();
    for (cell, counters) in cells {
        if let Err(rule) = counters.check() {
            broken.push(format!("{cell:?}: {rule}"));
        }
    }
    let mut of_queues: BTreeMap<(Attribution, Quarter, Uuid), [u64; 4]> = BTreeMap::new();
    let mut of_agents = of_queues.clone();
    for (cell, counters) in cells {
        let (sums, queue) = match cell.of {
            Of::Queue(queue) => (&mut of_queues, queue),
            Of::Agent(_, Some(queue)) => (&mut of_agents, queue),
            Of::Company | Of::Agent(_, None) => continue,
        };
        let sums = sums.entry((cell.attribution, cell.quarter, queue)).or_default();
        let parts = [counters.handled, counters.contact_ms, counters.hold_ms, counters.wrap_up_ms];
        sums.iter_mut().zip(parts).for_each(|(sum, part)| *sum += part);
    }
    of_queues.retain(|_, sums| *sums != [0; 4]);
    of_agents.retain(|_, sums| *sums != [0; 4]);
    if of_queues != of_agents {
        broken.push("handled, talk, hold and wrap-up of the agents are not those of their queues".to_owned());
    }
    for (queue, talks) in talks {
        let handled = cells.iter().filter(|(cell, _)| {
            cell.attribution == Attribution::ActivityDriven && cell.of == Of::Queue(*queue)
        });
        let handled: u64 = handled.map(|(_, counters)| counters.handled).sum();
        if handled != *talks {
            broken.push(format!("queue {queue}: {handled} handled, and {talks} conversations"));
        }
    }
    broken.extend(lengths(cells, zone));
    broken
}

/// Quarters add up to half hours, and these to days of the company.
fn lengths(cells: &BTreeMap<Cell, Counters>, zone: Tz) -> Option<String> {
    let first = cells.keys().map(|cell| cell.quarter).min()?;
    let end = cells.keys().map(|cell| cell.quarter).max()?.next();
    let mut totals = Vec::new();
    for length in [Length::Quarter, Length::HalfHour, Length::Day] {
        let rows = intervals(Interval { first, end }, length, zone);
        let mut sums = vec![Counters::default(); rows.len()];
        for (cell, counters) in cells {
            let row = rows.partition_point(|row| row.end <= cell.quarter);
            sums[row].add(&Counters { clock: Vec::new(), ..counters.clone() });
        }
        let mut total = Counters::default();
        sums.iter().for_each(|sum| total.add(sum));
        totals.push(total);
    }
    let same = totals.windows(2).all(|pair| pair[0] == pair[1]);
    (!same).then(|| "15-minute rows, 30-minute rows and days do not add up to the same".to_owned())
}

/// The durations of an agent's states are the time that he was logged in.
async fn times(app: &App, scope: CompanyScope, cells: &BTreeMap<Cell, Counters>) -> Result<Vec<String>> {
    let ever = Span::new(chrono::DateTime::UNIX_EPOCH, app.clock.now());
    let mut broken = Vec::new();
    for (agent, timeline) in states::timelines(app, scope, None, ever).await? {
        let mut sum = Counters::default();
        for (cell, counters) in cells.iter().filter(|(cell, _)| cell.of == Of::Agent(agent.0, None)) {
            let mut counters = counters.clone();
            counters.settle(cell.quarter, Some(&timeline));
            sum.add(&counters);
        }
        let time = Time::of(&timeline, ever, &sum);
        if time.sum() != time.logged_in {
            broken.push(format!(
                "agent {agent}: {} ms in states, {} ms logged in",
                time.sum(),
                time.logged_in
            ));
        }
    }
    Ok(broken)
}
