//! The job that mails a report, and the same to one reader at once.

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{ReportScheduleId, UserId};
use entity::{CompanyScope, MailedReport, company, report_schedule};
use serde_json::{Value, json};

use super::super::count;
use super::letter::{Letter, Reader};
use super::when::{self, Due};
use super::{hour, may_read, refusal, sheet, stamp, unknown};
use crate::app::App;
use crate::companies;
use crate::error::{Code, Error, Result, Subject};
use crate::identity::{Email, audit};
use crate::jobs::Done;
use crate::outbound::mail;
use crate::store::{
    Unit, calls, companies as company_rows, report_schedules as store, reports as counted, users,
};
use crate::words::Words;

/// A report of yesterday is of use for so long.
const LIFE: TimeDelta = TimeDelta::days(3);
/// While another node counts calls of the period.
const COUNTING: TimeDelta = TimeDelta::seconds(5);
/// When there is no such day in the zone.
const LOOK_AGAIN: TimeDelta = TimeDelta::hours(12);

/// The job: mails what is due and was not sent; then it is for the next time.
pub async fn mail_due(app: &App, scope: CompanyScope, id: ReportScheduleId, payload: &Value) -> Result<Done> {
    let row = store::by_id(scope, app.db.reader(), id).await?.ok_or_else(unknown)?;
    if !row.enabled || stamp(&row) != *payload {
        return Ok(Done::Yes);
    }
    let (company, now) = (companies::get(app, scope).await?, app.clock.now());
    let Some((last, next)) = around(&row, &company, now) else { return Ok(Done::Again(now + LOOK_AGAIN)) };
    let closed = company_rows::is_closed(scope, app.db.reader()).await?;
    if !closed && row.sent_until.is_none_or(|until| until < last.to) {
        if !is_counted(app, scope, &last).await? {
            return Ok(Done::Again(now + COUNTING));
        }
        post(app, scope, &row, &company, last).await?;
    }
    Ok(Done::Again(next.at))
}

/// What is mailed is not mended: all that is known of the period's calls has to be in it. Another node may be counting.
async fn is_counted(app: &App, scope: CompanyScope, due: &Due) -> Result<bool> {
    count::bring_up_to_date(app, scope).await?;
    let oldest = counted::unreported(scope, app.db.reader(), 1).await?.pop();
    match oldest {
        Some((call, _)) => Ok(calls::get(scope, app.db.reader(), call).await?.started_at >= due.to),
        None => Ok(true),
    }
}

fn around(row: &report_schedule::Model, company: &company::Model, now: DateTime<Utc>) -> Option<(Due, Due)> {
    let zone = company.time_zone.parse().unwrap_or(chrono_tz::Tz::UTC);
    when::around(row.period, hour(row), zone, now)
}

/// The mails, and that they were sent: in one commit, by one node.
async fn post(
    app: &App,
    scope: CompanyScope,
    seen: &report_schedule::Model,
    company: &company::Model,
    due: Due,
) -> Result<()> {
    let letter = letter(app, scope, seen, company, due).await?;
    let unit = Unit::begin(app, scope).await?;
    let Some(mut row) = store::lock(scope, unit.tx(), seen.id).await? else { return Ok(()) };
    if row.updated_at != seen.updated_at || row.sent_until.is_some_and(|until| until >= due.to) {
        return Ok(());
    }
    let members = store::readers(scope, unit.tx(), &row.members.0).await?;
    let members: Vec<_> = members.into_iter().filter(|(_, role, _)| may_read(app, *role)).collect();
    let refused = store::refusals(scope, unit.tx(), row.id).await?;
    for (_, _, address) in &members {
        send(&unit, address, letter.write(&Reader::Member)).await?;
    }
    for address in row.addresses.0.iter().filter(|address| !refused.contains(address)) {
        if members.iter().any(|(_, _, known)| known == address) {
            continue;
        }
        let unsubscribe = refusal::link(app, scope, row.id, address)?;
        send(&unit, address, letter.write(&Reader::Outside { unsubscribe })).await?;
    }
    (row.sent_until, row.sent_at) = (Some(due.to), Some(unit.now()));
    store::save(scope, unit.tx(), row).await?;
    unit.commit().await?;
    app.mailer.wake();
    Ok(())
}

/// Mails the last report to whoever asks, and to nobody else: to see how it looks.
///
/// # Errors
/// `REPORT_SCHEDULE_NOT_FOUND`; `PROFILE_INCOMPLETE` for who has no address of mail.
pub async fn send_now(app: &App, scope: CompanyScope, by: UserId, id: ReportScheduleId) -> Result<()> {
    let row = store::by_id(scope, app.db.reader(), id).await?.ok_or_else(unknown)?;
    let company = companies::get(app, scope).await?;
    let (due, _) = around(&row, &company, app.clock.now())
        .ok_or_else(|| Error::internal("mail a report", "there is no such day in the zone"))?;
    count::bring_up_to_date(app, scope).await?;
    let letter = letter(app, scope, &row, &company, due).await?;
    let unit = Unit::begin(app, scope).await?;
    let reader = users::by_id(unit.tx(), by).await?.ok_or(Error::NotFound(Subject::User))?;
    let address = reader.email.ok_or_else(|| {
        Error::conflict(Code::ProfileIncomplete, "You have no address of mail to which it could go.")
    })?;
    send(&unit, &address, letter.write(&Reader::Member)).await?;
    audit::note(app, scope, unit.tx(), by, "reports:send-now", json!({"scheduleId": id})).await?;
    unit.commit().await?;
    app.mailer.wake();
    Ok(())
}

async fn letter<'a>(
    app: &App,
    scope: CompanyScope,
    row: &report_schedule::Model,
    company: &'a company::Model,
    due: Due,
) -> Result<Letter<'a>> {
    Ok(Letter {
        words: Words::of(row.language.as_ref().unwrap_or(&company.language)),
        company,
        report: row.report,
        period: row.period,
        due,
        sheet: sheet::read(app, scope, row.report, &due).await?,
        link: link(app, scope, row, &due),
    })
}

/// Where the API has the same figures.
fn link(app: &App, scope: CompanyScope, row: &report_schedule::Model, due: &Due) -> String {
    let report = match row.report {
        MailedReport::Overview => "overview",
        MailedReport::Queues => "queues",
        MailedReport::Agents => "agents/performance",
    };
    let moment = |at: DateTime<Utc>| at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let (from, to) = (moment(due.from), moment(due.to));
    let (url, company) = (&app.settings.public_url, scope.company());
    format!("{url}/api/analytics/company/{company}/{report}?from={from}&to={to}")
}

async fn send(unit: &Unit, address: &str, content: mail::Content) -> Result<()> {
    let letter = mail::Letter {
        from: Some(unit.company()),
        to: Email::read(address)?,
        content,
        give_up_at: unit.now() + LIFE,
    };
    mail::post(unit.app(), unit.tx(), letter).await
}
