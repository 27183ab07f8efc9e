//! The job behind an import: some rows a transaction, until the file ends.

use entity::id::ContactImportId;
use entity::{
    CompanyScope, ContactImportOutcome, ContactImportState, Inserted, contact_import, contact_import_line,
};
use futures_util::TryStreamExt;
use serde_json::json;

use super::desk::plan_of;
use super::{Counts, HEAD, Ledger, Plan, Row, Said, judge, rows};
use crate::app::App;
use crate::contacts::index;
use crate::error::{Error, Result};
use crate::jobs::Done;
use crate::store::{Unit, contact_fields, contact_imports, contacts};

/// Rows a transaction: so short that calls wait for it without noticing.
pub const AT_ONCE: usize = 100;
/// What is read of the file at once, in bytes. No row may be longer.
const WINDOW: u64 = 4 * HEAD as u64;
/// After so many tries it has failed.
const TRIES: i32 = 5;

/// Whole rows of a file.
pub struct Window {
    pub(super) rows: Vec<Row>,
    /// Where the first one begins.
    begin: u64,
    /// Where the next window begins.
    pub end: u64,
}

impl Window {
    /// The rows from `begin` on; `None` behind the last one.
    pub(super) async fn read(
        app: &App,
        key: &str,
        plan: &Plan,
        begin: u64,
        size: u64,
    ) -> Result<Option<Self>> {
        let end = size.min(begin + WINDOW);
        if begin >= end {
            return Ok(None);
        }
        let pieces = app.storage.read(key, Some(begin..end)).await?;
        let pieces = pieces.ok_or_else(|| Error::internal("read an import", "its file is gone"))?;
        let room = usize::try_from(end - begin).unwrap_or_default();
        let text = pieces
            .try_fold(Vec::with_capacity(room), |mut text, piece| async move {
                text.extend_from_slice(&piece);
                Ok(text)
            })
            .await
            .map_err(|cause| Error::internal("read an import", cause))?;
        let rows = rows(plan, &text, end == size);
        let done = match rows.last() {
            _ if end == size => text.len(),
            Some(last) => last.end,
            None => return Err(Error::invalid("body", format!("has a row of more than {WINDOW} bytes"))),
        };
        Ok(Some(Self { rows, begin, end: begin + done as u64 }))
    }
}

/// The numbers that rows name.
pub(super) fn numbers(said: &[Said]) -> Vec<&str> {
    let numbers = said.iter().flat_map(|said| said.number.iter().chain(&said.others));
    let mut numbers: Vec<_> = numbers.map(String::as_str).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// Imports on, from where the import is. `attempt` counts from 1.
pub async fn run(app: &App, scope: CompanyScope, id: ContactImportId, attempt: i32) -> Result<Done> {
    match some(app, scope, id, usize::MAX).await {
        Ok(()) => {}
        Err(Error::Invalid { fields, message, .. }) => {
            let why =
                fields.first().map_or(message.to_string(), |wrong| format!("The file {}.", wrong.message));
            fail(app, scope, id, &why).await?;
        }
        Err(Error::NotFound(subject)) => return Err(Error::NotFound(subject)),
        Err(error) if attempt >= TRIES => {
            tracing::error!(import = %id, ?error, "an import is given up");
            fail(app, scope, id, "The server could not read on. Its log says why.").await?;
        }
        Err(error) => return Err(error),
    }
    tidy_up(app, scope, id).await?;
    Ok(Done::Yes)
}

/// Imports on for so many transactions at most.
pub async fn some(app: &App, scope: CompanyScope, id: ContactImportId, most: usize) -> Result<()> {
    // Contacts of an older node are found by their numbers, too.
    index::of_company(app, scope).await?;
    let mut left = most;
    loop {
        let row = contact_imports::get(scope, app.db.reader(), id).await?;
        let (Some(key), false) = (&row.storage_key, row.state.is_settled()) else { return Ok(()) };
        let plan = plan_of(&row)?;
        let begin = u64::try_from(row.bytes_done).unwrap_or_default();
        let size = u64::try_from(row.size_bytes).unwrap_or_default();
        let Some(window) = Window::read(app, key, &plan, begin, size).await? else {
            return complete(app, scope, id).await;
        };
        let mut done = window.begin;
        let parts = window.rows.chunks(AT_ONCE).collect::<Vec<_>>();
        for (place, part) in parts.iter().enumerate() {
            let end = match part.last() {
                Some(last) if place + 1 < parts.len() => window.begin + last.end as u64,
                Some(_) | None => window.end,
            };
            if write(app, scope, id, &plan, part, (done, end)).await? == Step::Elsewhere {
                break;
            }
            done = end;
            left -= 1;
            if left == 0 {
                return Ok(());
            }
        }
        if parts.is_empty() && write(app, scope, id, &plan, &[], (done, window.end)).await? == Step::Elsewhere
        {
            continue;
        }
    }
}

/// Whether rows were written here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Done,
    /// The import is not where it was thought to be: cancelled, or gone on with by another node.
    Elsewhere,
}

/// Writes some rows, what is to be told of them, and how far it is: all of it or nothing.
async fn write(
    app: &App,
    scope: CompanyScope,
    id: ContactImportId,
    plan: &Plan,
    part: &[Row],
    (begin, end): (u64, u64),
) -> Result<Step> {
    let said: Vec<_> = part.iter().map(|row| Said::read(plan, &row.cells)).collect();
    let unit = Unit::begin(app, scope).await?;
    let mut row = contact_imports::lock(scope, unit.tx(), id).await?;
    let is_here = u64::try_from(row.bytes_done).is_ok_and(|done| done == begin);
    let (Some(state), true) = (row.state.advance(ContactImportState::Running), is_here) else {
        return Ok(Step::Elsewhere);
    };
    let own = contact_fields::all(scope, unit.tx()).await?;
    let mut ledger = Ledger::of(contacts::lock_by_numbers(scope, unit.tx(), &numbers(&said)).await?);
    let (mut counts, mut lines) = (Counts::default(), Vec::new());
    for said in said {
        row.rows_done += 1;
        let judged = judge(app, scope, plan, &own, said, &mut ledger);
        counts.count(judged.outcome);
        match judged.outcome {
            ContactImportOutcome::Made | ContactImportOutcome::Updated => {}
            ContactImportOutcome::Skipped | ContactImportOutcome::Refused => {
                lines.push(contact_import_line::Model {
                    company_id: scope.company(),
                    import_id: id,
                    line: row.rows_done + 1,
                    outcome: judged.outcome,
                    number: judged.written,
                    problems: json!(judged.problems),
                })
            }
        }
    }
    contacts::insert_many(scope, unit.tx(), ledger.made()).await?;
    for contact in ledger.updated() {
        if contacts::save(scope, unit.tx(), contact).await? == Inserted::Conflicted {
            return Err(Error::internal("import contacts", "a number was taken meanwhile"));
        }
    }
    contact_imports::insert_lines(scope, unit.tx(), lines).await?;
    row.state = state;
    row.started_at.get_or_insert(unit.now());
    row.bytes_done = i64::try_from(end).unwrap_or(i64::MAX);
    add(&mut row, counts);
    contact_imports::save(scope, unit.tx(), row).await?;
    unit.commit().await?;
    Ok(Step::Done)
}

fn add(row: &mut contact_import::Model, counts: Counts) {
    row.made += counts.made;
    row.updated += counts.updated;
    row.skipped += counts.skipped;
    row.refused += counts.refused;
}

async fn complete(app: &App, scope: CompanyScope, id: ContactImportId) -> Result<()> {
    settle(app, scope, id, ContactImportState::Completed, None).await
}

async fn fail(app: &App, scope: CompanyScope, id: ContactImportId, why: &str) -> Result<()> {
    settle(app, scope, id, ContactImportState::Failed, Some(why.to_owned())).await
}

async fn settle(
    app: &App,
    scope: CompanyScope,
    id: ContactImportId,
    to: ContactImportState,
    failure: Option<String>,
) -> Result<()> {
    let unit = Unit::begin(app, scope).await?;
    let mut row = contact_imports::lock(scope, unit.tx(), id).await?;
    let Some(state) = row.state.advance(to) else { return Ok(()) };
    row.state = state;
    row.failure = failure;
    row.ended_at = Some(unit.now());
    contact_imports::save(scope, unit.tx(), row).await?;
    unit.commit().await
}

/// A settled import needs its file no more.
async fn tidy_up(app: &App, scope: CompanyScope, id: ContactImportId) -> Result<()> {
    let row = contact_imports::get(scope, app.db.reader(), id).await?;
    let Some(key) = row.storage_key.filter(|_| row.state.is_settled()) else { return Ok(()) };
    app.storage.delete(&key).await?;
    let unit = Unit::begin(app, scope).await?;
    let mut row = contact_imports::lock(scope, unit.tx(), id).await?;
    row.storage_key = None;
    contact_imports::save(scope, unit.tx(), row).await?;
    unit.commit().await
}
