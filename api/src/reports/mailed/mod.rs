//! Reports that are mailed by themselves: which, when and to whom ([`change`] and its siblings), and the job that does it
//! ([`send`]).
//!
//! A report of a period is mailed once: its mails and that it was sent are one commit. One that was missed while no node was
//! up is mailed when one is, and only the last of several.

mod letter;
mod refusal;
mod send;
mod sheet;
mod when;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use entity::id::{ReportScheduleId, UserId};
use entity::report_schedule::{Addresses, Members};
use entity::{CompanyScope, JobKind, MailedReport, ReportPeriod, report_schedule};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::app::App;
use crate::authz::{Permission, ReadReports, Rows};
use crate::companies;
use crate::error::{Code, Error, FieldError, Result, Subject};
use crate::identity::{Email, audit};
use crate::outbound::mail;
use crate::store::{Unit, jobs, report_schedules as store};
use crate::words::Tongue;

pub use refusal::{UNSUBSCRIBE_PAGE, link as unsubscribe_link, refuse};
pub use send::{mail_due, send_now};

/// So many may a company have.
const MOST: u64 = 20;
/// Readers of one.
const MOST_READERS: usize = 30;

/// A report as it is to be mailed.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub name: String,
    pub report: MailedReport,
    pub period: ReportPeriod,
    /// 0 to 23.
    pub hour: i32,
    /// The company's without one.
    pub language: Option<String>,
    pub members: Vec<UserId>,
    pub addresses: Vec<String>,
    pub switch: Switch,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    On,
    Off,
}

/// A schedule, and what is to be known beside it.
#[derive(Clone, Debug)]
pub struct Shown {
    pub row: report_schedule::Model,
    /// When it is mailed next; never while it is off.
    pub next_at: Option<DateTime<Utc>>,
    /// Addresses that want no more of it.
    pub refused: Vec<String>,
}

pub async fn all(app: &App, scope: CompanyScope) -> Result<Vec<Shown>> {
    let (db, zone) = (app.db.reader(), zone(app, scope).await?);
    let mut shown = Vec::new();
    for row in store::all(scope, db).await? {
        shown.push(show(app, scope, db, zone, row).await?);
    }
    Ok(shown)
}

pub async fn get(app: &App, scope: CompanyScope, id: ReportScheduleId) -> Result<Shown> {
    let row = store::by_id(scope, app.db.reader(), id).await?.ok_or_else(unknown)?;
    show(app, scope, app.db.reader(), zone(app, scope).await?, row).await
}

/// # Errors
/// 422 with every field that is wrong; `TOO_MANY_REPORT_SCHEDULES`.
pub async fn create(app: &App, scope: CompanyScope, by: UserId, wanted: Wanted) -> Result<Shown> {
    let wanted = check(app, scope, wanted).await?;
    let zone = zone(app, scope).await?;
    let mut unit = Unit::begin(app, scope).await?;
    if store::count(scope, unit.tx()).await? >= MOST {
        let message = format!("A company has at most {MOST} reports that are mailed.");
        return Err(Error::conflict(Code::TooManyReportSchedules, message));
    }
    let row = report_schedule::Model {
        id: unit.id(),
        company_id: scope.company(),
        name: wanted.name,
        report: wanted.report,
        period: wanted.period,
        hour: wanted.hour,
        language: wanted.language,
        members: Members(wanted.members),
        addresses: Addresses(wanted.addresses),
        enabled: wanted.switch == Switch::On,
        sent_until: None,
        sent_at: None,
        created_at: unit.now(),
        updated_at: unit.now(),
        updated_by: by,
    };
    let row = report_schedule::Model { sent_until: past(&row, zone, unit.now()), ..row };
    store::insert(scope, unit.tx(), row.clone()).await?;
    plan(&mut unit, zone, &row);
    note(&unit, by, "reports:schedule", &row).await?;
    let shown = show(app, scope, unit.tx(), zone, row).await?;
    unit.commit().await?;
    Ok(shown)
}

/// Puts this in place of what it was. Who wants no more of it gets no more of it.
pub async fn change(
    app: &App,
    scope: CompanyScope,
    by: UserId,
    id: ReportScheduleId,
    wanted: Wanted,
) -> Result<Shown> {
    let wanted = check(app, scope, wanted).await?;
    let zone = zone(app, scope).await?;
    let mut unit = Unit::begin(app, scope).await?;
    let old = store::lock(scope, unit.tx(), id).await?.ok_or_else(unknown)?;
    let row = report_schedule::Model {
        name: wanted.name,
        report: wanted.report,
        period: wanted.period,
        hour: wanted.hour,
        language: wanted.language,
        members: Members(wanted.members),
        addresses: Addresses(wanted.addresses),
        enabled: wanted.switch == Switch::On,
        updated_at: unit.now(),
        updated_by: by,
        ..old.clone()
    };
    // What becomes another report, or is switched on, begins anew: nothing of the past is owed.
    let anew = (old.report, old.period) != (row.report, row.period) || !old.enabled;
    let sent_until = if anew { past(&row, zone, unit.now()) } else { old.sent_until };
    let row = report_schedule::Model { sent_until, ..row };
    store::save(scope, unit.tx(), row.clone()).await?;
    jobs::cancel(&unit, JobKind::MailReport, id).await?;
    plan(&mut unit, zone, &row);
    note(&unit, by, "reports:reschedule", &row).await?;
    let shown = show(app, scope, unit.tx(), zone, row).await?;
    unit.commit().await?;
    Ok(shown)
}

pub async fn delete(app: &App, scope: CompanyScope, by: UserId, id: ReportScheduleId) -> Result<()> {
    let unit = Unit::begin(app, scope).await?;
    let row = store::lock(scope, unit.tx(), id).await?.ok_or_else(unknown)?;
    store::delete(scope, unit.tx(), id).await?;
    jobs::cancel(&unit, JobKind::MailReport, id).await?;
    note(&unit, by, "reports:unschedule", &row).await?;
    unit.commit().await
}

async fn note(unit: &Unit, by: UserId, action: &str, row: &report_schedule::Model) -> Result<()> {
    let detail = json!({"scheduleId": row.id, "report": row.report, "members": row.members,
        "addresses": row.addresses});
    audit::note(unit.app(), unit.scope(), unit.tx(), by, action, detail).await
}

fn unknown() -> Error {
    Error::NotFound(Subject::ReportSchedule)
}

async fn zone(app: &App, scope: CompanyScope) -> Result<Tz> {
    Ok(companies::get(app, scope).await?.time_zone.parse().unwrap_or(Tz::UTC))
}

fn hour(row: &report_schedule::Model) -> u32 {
    u32::try_from(row.hour).unwrap_or_default()
}

/// Up to where nothing is owed at this moment.
fn past(row: &report_schedule::Model, zone: Tz, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    when::around(row.period, hour(row), zone, now).map(|(last, _)| last.to)
}

/// A job at the time at which it is due; at once, when it was due before and was not sent.
fn plan(unit: &mut Unit, zone: Tz, row: &report_schedule::Model) {
    let around = when::around(row.period, hour(row), zone, unit.now());
    let Some((last, next)) = around.filter(|_| row.enabled) else { return };
    let owed = row.sent_until.is_some_and(|until| until < last.to);
    let at = if owed { unit.now() } else { next.at };
    unit.job(JobKind::MailReport, row.id, stamp(row), at);
}

/// By which a job knows whether the schedule is still the one that it was made for.
fn stamp(row: &report_schedule::Model) -> Value {
    json!({ "of": row.updated_at.timestamp_micros() })
}

async fn show(
    app: &App,
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    zone: Tz,
    row: report_schedule::Model,
) -> Result<Shown> {
    let refused = store::refusals(scope, db, row.id).await?;
    let around = when::around(row.period, hour(&row), zone, app.clock.now());
    let next_at = around.filter(|_| row.enabled).map(|(_, next)| next.at);
    Ok(Shown { row, next_at, refused })
}

async fn check(app: &App, scope: CompanyScope, mut wanted: Wanted) -> Result<Wanted> {
    let mut wrong = Vec::new();
    let mut add = |field: String, message: String| wrong.push(FieldError { field, message });
    wanted.name = wanted.name.trim().to_owned();
    if wanted.name.is_empty() {
        add("/name".into(), "must be a name".into());
    }
    if let Some(tag) = &wanted.language
        && Tongue::of(tag.split('-').next().unwrap_or_default()).is_none()
    {
        add("/language".into(), "is no language that this server speaks".into());
    }
    for (index, address) in wanted.addresses.iter_mut().enumerate() {
        match Email::read(address) {
            Ok(read) if mail::is_address(read.as_str()) => *address = read.as_str().to_owned(),
            Ok(_) | Err(_) => {
                add(format!("/addresses/{index}"), "must be an address as in ann@example.com".into());
            }
        }
    }
    let readers = store::readers(scope, app.db.reader(), &wanted.members).await?;
    for (index, member) in wanted.members.iter().enumerate() {
        match readers.iter().find(|(id, _, _)| id == member) {
            Some((_, role, _)) if may_read(app, *role) => {}
            Some(_) => add(format!("/members/{index}"), "may not see reports".into()),
            None => add(format!("/members/{index}"), "is no member of the company".into()),
        }
    }
    wanted.members.sort();
    wanted.members.dedup();
    wanted.addresses.sort();
    wanted.addresses.dedup();
    let count = wanted.members.len() + wanted.addresses.len();
    if count == 0 {
        add("/members".into(), "must name somebody, or addresses must".into());
    }
    if count > MOST_READERS {
        add("/addresses".into(), format!("must be at most {MOST_READERS} readers with the members"));
    }
    Error::unless_empty(wrong)?;
    Ok(wanted)
}

/// Whether somebody in this role may see the figures of everybody.
fn may_read(app: &App, role: entity::Role) -> bool {
    app.authz.rows(role.into(), ReadReports::NAME) == Some(Rows::All)
}
