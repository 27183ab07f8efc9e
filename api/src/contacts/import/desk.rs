//! What people do with imports: look what a file would come to, have a job import it, look how far it is, take it back.

use std::collections::HashMap;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use entity::id::{ContactId, ContactImportId, UserId};
use entity::{
    CompanyScope, ContactImportOutcome, ContactImportState, JobKind, contact_import, contact_import_line,
};
use futures_util::{StreamExt, stream};
use serde_json::json;

use super::work::{self, Window};
use super::{Contact, Counts, Ledger, Plan, Problem, Said, Sniffer, Wish, blank, judge};
use crate::app::App;
use crate::error::{Code, Error, Result};
use crate::identity::{audit, tokens};
use crate::slice::{Slice, read_cursor};
use crate::storage::{Pieces, Upload};
use crate::store::datasets::{Kind, cell};
use crate::store::idempotency::{self, Claim};
use crate::store::{Unit, contact_fields, contact_imports, contacts};

/// Bytes of a file, and rows behind its header.
pub const LARGEST: u64 = 64 << 20;
const ROWS: usize = 200_000;
/// Imports of a company under way.
const AT_ONCE: u64 = 3;
/// Problems that a preview tells, and rows that it shows.
const PROBLEMS: usize = 500;
const SHOWN: usize = 20;
/// Lines of a report that are read at once.
const LINES: u64 = 1_000;

/// A file that lies with the server.
pub struct File {
    key: String,
    size: u64,
    sha256: String,
    pub plan: Plan,
}

/// Takes a file as it comes, and looks at how it is to be read.
///
/// # Errors
/// 422 for one that is too large or has too many rows, is empty, no text, or without a column that has the number.
pub async fn take(
    app: &App,
    scope: CompanyScope,
    mut body: Pieces,
    wish: Wish,
    may_block: bool,
) -> Result<File> {
    let id: uuid::Uuid = app.ids.next();
    let key = format!("{}/imports/{}.csv", scope.company(), id.simple());
    let mut upload = Upload::begin(&*app.storage, &key).await?;
    let mut sniffer = Sniffer::default();
    while let Some(piece) = body.next().await {
        let piece = match piece {
            Ok(piece) if upload.size() + piece.len() as u64 <= LARGEST => piece,
            Ok(_) => {
                upload.discard().await;
                return Err(Error::invalid("body", format!("must be at most {} MiB", LARGEST >> 20)));
            }
            Err(_) => {
                upload.discard().await;
                return Err(Error::invalid("body", "broke off; send it again"));
            }
        };
        sniffer.look(&piece);
        upload.write(piece).await?;
    }
    let own = contact_fields::all(scope, app.db.reader()).await?;
    let own: Vec<_> = own.into_iter().map(|field| field.name).collect();
    let plan = sniffer.end().and_then(|(head, encoding)| Plan::of(&head, encoding, wish, may_block, &own));
    match plan {
        Ok(plan) => {
            let kept = upload.finish().await?;
            let file = File { key, size: kept.size, sha256: kept.sha256, plan };
            if let Err(error) = read_through(app, &file).await {
                app.storage.delete(&file.key).await?;
                return Err(error);
            }
            Ok(file)
        }
        Err(error) => {
            upload.discard().await;
            Err(error)
        }
    }
}

/// Whether all of it can be read: who sends it hears so at once, and not when half of it is done.
async fn read_through(app: &App, file: &File) -> Result<()> {
    let (mut begin, mut rows) = (file.plan.begin, 0);
    while let Some(window) = Window::read(app, &file.key, &file.plan, begin, file.size).await? {
        begin = window.end;
        rows += window.rows.len();
        if rows > ROWS {
            return Err(Error::invalid("body", format!("must have at most {ROWS} rows; send it in parts")));
        }
    }
    Ok(())
}

/// A contact as a row would make it.
#[derive(Clone, Debug)]
pub struct Shown {
    pub line: i64,
    pub judged: ContactImportOutcome,
    pub contact: Option<Contact>,
}

/// What a file would come to.
#[derive(Clone, Debug)]
pub struct Preview {
    pub plan: Plan,
    pub rows: i64,
    pub counts: Counts,
    pub shown: Vec<Shown>,
    /// Row and what is wrong with it: the first ones.
    pub problems: Vec<(i64, Problem)>,
}

/// Judges every row of the file and writes nothing; the file is deleted.
pub async fn preview(app: &App, scope: CompanyScope, file: File) -> Result<Preview> {
    let seen = look(app, scope, &file).await;
    app.storage.delete(&file.key).await?;
    seen
}

async fn look(app: &App, scope: CompanyScope, file: &File) -> Result<Preview> {
    let db = app.db.reader();
    let own = contact_fields::all(scope, db).await?;
    let mut preview = Preview {
        plan: file.plan.clone(),
        rows: 0,
        counts: Counts::default(),
        shown: Vec::new(),
        problems: Vec::new(),
    };
    let mut earlier = Earlier::default();
    let mut begin = file.plan.begin;
    while let Some(window) = Window::read(app, &file.key, &file.plan, begin, file.size).await? {
        begin = window.end;
        for rows in window.rows.chunks(work::AT_ONCE) {
            let said: Vec<_> = rows.iter().map(|row| Said::read(&file.plan, &row.cells)).collect();
            let numbers = work::numbers(&said);
            let mut known: Vec<_> = contacts::by_numbers(scope, db, &numbers).await?.into_values().collect();
            known.sort_by_key(|contact| contact.row.id);
            known.dedup_by_key(|contact| contact.row.id);
            earlier.join(app, scope, &numbers, &mut known);
            let mut ledger = Ledger::of(known);
            for said in said {
                let number = said.number.clone();
                let judged = judge(app, scope, &file.plan, &own, said, &mut ledger);
                preview.rows += 1;
                preview.counts.count(judged.outcome);
                let line = preview.rows + 1;
                let room = PROBLEMS.saturating_sub(preview.problems.len());
                preview
                    .problems
                    .extend(judged.problems.into_iter().take(room).map(|problem| (line, problem)));
                if preview.shown.len() < SHOWN {
                    let place = number.and_then(|number| ledger.by_number.get(&number));
                    let contact = place.map(|place| ledger.contacts[*place].clone());
                    preview.shown.push(Shown { line, judged: judged.outcome, contact });
                }
            }
            ledger.made().iter().chain(ledger.updated()).for_each(|contact| earlier.note(contact));
        }
    }
    Ok(preview)
}

/// What earlier rows of a preview have made or changed, by number alone: a file may have millions of them.
#[derive(Default)]
struct Earlier {
    contacts: Vec<ContactId>,
    /// By its digits, of which a number has at most fifteen.
    by_number: HashMap<u64, u32>,
}

impl Earlier {
    fn note(&mut self, contact: &Contact) {
        let place = u32::try_from(self.contacts.len()).unwrap_or(u32::MAX);
        self.contacts.push(contact.row.id);
        self.by_number.extend(contact.numbers().filter_map(digits).map(|number| (number, place)));
    }

    /// Gives each of these numbers to the contact that has it by now.
    fn join(&self, app: &App, scope: CompanyScope, numbers: &[&str], known: &mut Vec<Contact>) {
        for number in numbers {
            let place = digits(number).and_then(|number| self.by_number.get(&number));
            let Some(id) = place.and_then(|place| self.contacts.get(*place as usize)) else { continue };
            match known.iter_mut().find(|contact| contact.row.id == *id) {
                Some(contact) if contact.numbers().any(|one| one == *number) => {}
                Some(contact) => contact.others.push((*number).to_owned()),
                None => {
                    let mut contact = blank(app, scope, (*number).to_owned());
                    contact.row.id = *id;
                    known.push(contact);
                }
            }
        }
    }
}

fn digits(number: &str) -> Option<u64> {
    number.trim_start_matches('+').parse().ok()
}

/// Has a job import the file. Asked for twice with the same key it is one.
///
/// # Errors
/// `TOO_MANY_IMPORTS`.
pub async fn create(
    app: &App,
    scope: CompanyScope,
    user: UserId,
    file: File,
    once: Option<idempotency::Request>,
) -> Result<contact_import::Model> {
    let key = file.key.clone();
    let made = enter(app, scope, user, file, once).await;
    let is_ours = made.as_ref().is_ok_and(|row| row.storage_key.as_ref() == Some(&key));
    if !is_ours {
        app.storage.delete(&key).await?;
    }
    made
}

async fn enter(
    app: &App,
    scope: CompanyScope,
    user: UserId,
    file: File,
    once: Option<idempotency::Request>,
) -> Result<contact_import::Model> {
    let mut unit = Unit::begin(app, scope).await?;
    let (id, now): (ContactImportId, DateTime<Utc>) = (unit.id(), unit.now());
    if let Some(mut request) = once {
        request.fingerprint = tokens::hash(&format!("{} {}", request.fingerprint, file.sha256));
        if let Claim::Repeated(known) = idempotency::claim(scope, unit.tx(), &request, id.0, now).await? {
            return contact_imports::get(scope, unit.tx(), known.into()).await;
        }
    }
    if contact_imports::unsettled(scope, unit.tx()).await? >= AT_ONCE {
        let message = "Three imports of the company are under way. Wait for one, or cancel one.";
        return Err(Error::conflict(Code::TooManyImports, message));
    }
    let plan = serde_json::to_value(&file.plan).map_err(|cause| Error::internal("write a plan", cause))?;
    let row = contact_import::Model {
        id,
        company_id: scope.company(),
        requested_by: user,
        state: ContactImportState::Queued,
        plan,
        storage_key: Some(file.key),
        size_bytes: i64::try_from(file.size).unwrap_or(i64::MAX),
        bytes_done: i64::try_from(file.plan.begin).unwrap_or_default(),
        rows_done: 0,
        made: 0,
        updated: 0,
        skipped: 0,
        refused: 0,
        failure: None,
        created_at: now,
        started_at: None,
        ended_at: None,
    };
    contact_imports::insert(scope, unit.tx(), row.clone()).await?;
    unit.job(JobKind::ImportContacts, id, json!({}), now);
    audit::note(app, scope, unit.tx(), user, "contacts:import", json!({"importId": id})).await?;
    unit.commit().await?;
    Ok(row)
}

/// How the file of an import is read.
pub fn plan_of(row: &contact_import::Model) -> Result<Plan> {
    serde_json::from_value(row.plan.clone()).map_err(|cause| Error::internal("read a plan", cause))
}

/// Newest first.
pub async fn list(
    app: &App,
    scope: CompanyScope,
    cursor: Option<&str>,
    limit: u64,
) -> Result<Slice<contact_import::Model>> {
    let before = read_cursor(cursor)?;
    let rows = contact_imports::list(scope, app.db.reader(), before, limit + 1).await?;
    Ok(Slice::of(rows, limit, |row| row.id))
}

pub async fn get(app: &App, scope: CompanyScope, id: ContactImportId) -> Result<contact_import::Model> {
    contact_imports::get(scope, app.db.reader(), id).await
}

/// Stops an import; rows that are done stay done. Twice is once.
pub async fn cancel(app: &App, scope: CompanyScope, user: UserId, id: ContactImportId) -> Result<()> {
    let unit = Unit::begin(app, scope).await?;
    let mut row = contact_imports::lock(scope, unit.tx(), id).await?;
    let Some(state) = row.state.advance(ContactImportState::Cancelled) else { return Ok(()) };
    row.state = state;
    row.ended_at = Some(unit.now());
    contact_imports::save(scope, unit.tx(), row).await?;
    audit::note(app, scope, unit.tx(), user, "contacts:import-cancel", json!({"importId": id})).await?;
    unit.commit().await
}

/// The rows that were skipped or refused, as CSV: row, outcome, number, column, reason.
pub async fn report(app: &App, scope: CompanyScope, id: ContactImportId) -> Result<Pieces> {
    get(app, scope, id).await?;
    let app = app.clone();
    let head = Bytes::from_static(b"row,outcome,number,column,reason\r\n");
    let head = stream::iter([Ok::<_, std::io::Error>(head)]);
    let rows = stream::try_unfold(0_i64, move |after| {
        let app = app.clone();
        async move {
            let lines = contact_imports::lines(scope, app.db.reader(), id, after, LINES).await;
            let lines = lines.map_err(|error| {
                tracing::error!(?error, "the report of an import breaks off");
                std::io::Error::other("the report of an import breaks off")
            })?;
            let Some(last) = lines.last().map(|line| line.line) else { return Ok(None) };
            let mut text = Vec::new();
            lines.iter().for_each(|line| write_line(&mut text, line));
            Ok(Some((Bytes::from(text), last)))
        }
    });
    Ok(head.chain(rows).boxed())
}

fn write_line(text: &mut Vec<u8>, line: &contact_import_line::Model) {
    let problems: Vec<Problem> = serde_json::from_value(line.problems.clone()).unwrap_or_default();
    for problem in problems {
        let cells = [
            (Kind::Number, line.line.to_string()),
            (Kind::Word, line.outcome.as_str()),
            (Kind::Address, line.number.clone()),
            (Kind::Text, problem.column),
            (Kind::Text, problem.message),
        ];
        for (place, (kind, value)) in cells.iter().enumerate() {
            if place > 0 {
                text.push(b',');
            }
            cell(text, *kind, Some(value.as_str()).filter(|value| !value.is_empty()));
        }
        text.extend_from_slice(b"\r\n");
    }
}
