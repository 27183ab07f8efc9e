//! What people do with exports that are made as jobs: ask for one, look how far it is, fetch it, take it back. Who does it
//! is noted in the company's audit, in the transaction that lets him.

use std::ops::Range;
use std::time::Duration;

use ::reports::Length;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use entity::id::{CompanyId, ExportId, UserId};
use entity::{Attribution, CompanyScope, ExportDataset, ExportIntervals, ExportState, JobKind, export};
use serde_json::json;

use super::{Wish, stream};
use crate::app::App;
use crate::error::{Code, Error, Result, Subject};
use crate::files;
use crate::identity::audit;
use crate::signed_link;
use crate::slice::{Slice, read_cursor};
use crate::storage::{Link, Pieces};
use crate::store::datasets::{Ask, Intervals, Table, What};
use crate::store::idempotency::{self, Claim};
use crate::store::{Unit, exports};

/// Exports of a company that are not settled.
const AT_ONCE: u64 = 10;
/// How long an address that needs no account is good.
const LINK_IS_GOOD: TimeDelta = TimeDelta::minutes(15);

/// Has a job write an export. Asked for twice with the same key it is one.
pub async fn create(
    app: &App,
    scope: CompanyScope,
    user: UserId,
    wish: Wish,
    once: Option<idempotency::Request>,
) -> Result<export::Model> {
    let mut unit = Unit::begin(app, scope).await?;
    let (id, now): (ExportId, _) = (unit.id(), unit.now());
    if let Some(request) = once
        && let Claim::Repeated(known) = idempotency::claim(scope, unit.tx(), &request, id.0, now).await?
    {
        return exports::get(scope, unit.tx(), known.into()).await;
    }
    if exports::unsettled(scope, unit.tx()).await? >= AT_ONCE {
        let message = "Ten exports of the company are under way. Wait for one, or cancel one.";
        return Err(Error::conflict(Code::TooManyExports, message));
    }
    let Ask { what, format, from, to } = wish.ask;
    let row = export::Model {
        id,
        company_id: scope.company(),
        requested_by: user,
        dataset: what.dataset(),
        format,
        gzip: wish.gzip,
        bom: wish.bom,
        range_from: from,
        range_to: to,
        intervals: intervals(what),
        state: ExportState::Queued,
        rows_estimated: None,
        rows_written: 0,
        storage_key: None,
        size_bytes: None,
        sha256: None,
        failure: None,
        created_at: now,
        started_at: None,
        ended_at: None,
        expires_at: None,
    };
    exports::insert(scope, unit.tx(), row.clone()).await?;
    unit.job(JobKind::WriteExport, id, json!({}), now);
    let mut detail = stream::detail(&wish);
    detail["exportId"] = json!(id);
    audit::note(app, scope, unit.tx(), user, "export:create", detail).await?;
    unit.commit().await?;
    Ok(row)
}

/// Newest first.
pub async fn list(
    app: &App,
    scope: CompanyScope,
    cursor: Option<&str>,
    limit: u64,
) -> Result<Slice<export::Model>> {
    let before = read_cursor(cursor)?;
    let rows = exports::list(scope, app.db.reader(), before, limit + 1).await?;
    Ok(Slice::of(rows, limit, |row| row.id))
}

pub async fn get(app: &App, scope: CompanyScope, id: ExportId) -> Result<export::Model> {
    exports::get(scope, app.db.reader(), id).await
}

/// Takes an export back: one that is not complete is not made, and the file of one that is goes. Twice is once.
pub async fn remove(app: &App, scope: CompanyScope, user: UserId, id: ExportId) -> Result<()> {
    let mut unit = Unit::begin(app, scope).await?;
    let mut row = exports::lock(scope, unit.tx(), id).await?;
    let to = if row.state.is_settled() { ExportState::Deleted } else { ExportState::Cancelled };
    let Some(state) = row.state.advance(to) else { return Ok(()) };
    row.state = state;
    row.ended_at.get_or_insert(unit.now());
    exports::save(scope, unit.tx(), row).await?;
    if state == ExportState::Deleted {
        let now = unit.now();
        unit.job(JobKind::DeleteExport, id, json!({}), now);
    }
    audit::note(app, scope, unit.tx(), user, "export:delete", json!({"exportId": id})).await?;
    unit.commit().await
}

/// A file that may be fetched.
#[derive(Clone, Debug)]
pub struct File {
    scope: CompanyScope,
    key: String,
    pub wish: Wish,
    pub size: u64,
    /// Changes with the file.
    pub tag: String,
}

/// Under which its file is kept.
fn key(row: &export::Model, now: DateTime<Utc>) -> Result<&str> {
    let gone = row.expires_at.is_some_and(|at| at <= now);
    match (&row.storage_key, row.state, gone) {
        (Some(key), ExportState::Completed, false) => Ok(key),
        _ if row.state.is_settled() => {
            Err(Error::conflict(Code::ExportGone, "This export has no file, or no longer."))
        }
        _ => Err(Error::conflict(Code::ExportNotReady, "This export is not complete yet.")),
    }
}

impl File {
    fn of(scope: CompanyScope, row: export::Model, now: DateTime<Utc>) -> Result<Self> {
        Ok(Self {
            scope,
            key: key(&row, now)?.to_owned(),
            wish: wish(&row),
            size: row.size_bytes.and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
            tag: row.sha256.clone().unwrap_or_default(),
        })
    }

    /// An address at which the store itself has it for some minutes, when the settings want that.
    pub async fn link(&self, app: &App) -> Result<Option<String>> {
        let link = Link {
            valid_for: Duration::from_secs(300),
            content_type: self.wish.content_type(),
            disposition: &self.wish.disposition(),
        };
        files::link(app, self.scope, &self.key, link).await
    }

    pub async fn read(&self, app: &App, range: Option<Range<u64>>) -> Result<Pieces> {
        files::read(app, self.scope, &self.key, range).await?.ok_or(Error::NotFound(Subject::Export))
    }
}

/// What was asked for.
pub fn wish(row: &export::Model) -> Wish {
    let ask = Ask { what: what(row), format: row.format, from: row.range_from, to: row.range_to };
    Wish { ask, gzip: row.gzip, bom: row.bom }
}

fn what(row: &export::Model) -> What {
    match row.dataset {
        ExportDataset::Calls => What::Rows(Table::Calls),
        ExportDataset::Agents => What::Rows(Table::Agents),
        ExportDataset::Events => What::Rows(Table::Events),
        ExportDataset::Intervals => {
            let kept = row.intervals.as_ref();
            What::Intervals(Intervals {
                length: kept.map_or(Length::HalfHour, |kept| length(kept.minutes)),
                zone: kept.and_then(|kept| kept.tz.parse().ok()).unwrap_or(Tz::UTC),
                attribution: kept.map_or(Attribution::ActivityDriven, |kept| kept.attribution),
            })
        }
    }
}

/// A day for whatever is no part of it.
fn length(minutes: u32) -> Length {
    match minutes {
        15 => Length::Quarter,
        30 => Length::HalfHour,
        60 => Length::Hour,
        _ => Length::Day,
    }
}

/// Which intervals are asked for, as it is kept.
pub fn intervals(what: What) -> Option<ExportIntervals> {
    let What::Intervals(Intervals { length, zone, attribution }) = what else { return None };
    let minutes = match length {
        Length::Quarter => 15,
        Length::HalfHour => 30,
        Length::Hour => 60,
        Length::Day => 1440,
    };
    Some(ExportIntervals { minutes, tz: zone.name().to_owned(), attribution })
}

/// Lets `user` fetch the file. That he does, and which part of it, is noted first.
pub async fn fetch(
    app: &App,
    scope: CompanyScope,
    user: UserId,
    id: ExportId,
    part: Option<&str>,
) -> Result<File> {
    let file = File::of(scope, get(app, scope, id).await?, app.clock.now())?;
    let unit = Unit::begin(app, scope).await?;
    let detail = json!({"exportId": id, "range": part});
    audit::note(app, scope, unit.tx(), user, "export:fetch", detail).await?;
    unit.commit().await?;
    Ok(file)
}

fn path(company: CompanyId, id: ExportId) -> String {
    format!("/media/{company}/exports/{id}")
}

/// An address at which whoever has it can fetch the file for some minutes, without an account; `None` when there is no file.
pub fn link(app: &App, row: &export::Model) -> Result<Option<String>> {
    let now = app.clock.now();
    if key(row, now).is_err() {
        return Ok(None);
    }
    let link = signed_link::sign(&app.keys, &path(row.company_id, row.id), now + LINK_IS_GOOD)?;
    Ok(Some(format!("{}{link}", app.settings.public_url)))
}

/// Such an address as it was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Address<'a> {
    pub company: &'a str,
    pub export: &'a str,
    pub until: &'a str,
    pub signature: &'a str,
}

/// The file at this address; `None` when it is not one of ours, its time is over, or there is no file any more.
pub async fn fetch_signed(app: &App, address: Address<'_>) -> Result<Option<File>> {
    let (Ok(company), Ok(id), Ok(until)) =
        (address.company.parse(), address.export.parse(), address.until.parse())
    else {
        return Ok(None);
    };
    let now = app.clock.now();
    if !signed_link::opens(&app.keys, &path(company, id), until, address.signature, now)? {
        return Ok(None);
    }
    let scope = mint(company);
    match exports::get(scope, app.db.reader(), id).await {
        Ok(row) => Ok(File::of(scope, row, now).ok()),
        Err(Error::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// After our own signature over the company's id and the export's.
#[expect(clippy::disallowed_methods, reason = "the signature has proved the company")]
fn mint(company: CompanyId) -> CompanyScope {
    CompanyScope::dangerous_mint(company)
}
