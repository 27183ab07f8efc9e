//! Opening hours by name, with their holidays, which queues share (decision 40). A queue has a copy of the hours of its
//! schedule, which is written with it: whether somebody is let in is decided by one row.

use chrono::{DateTime, Utc};
use entity::id::ScheduleId;
use entity::{CompanyScope, Inserted, RoutingSubject, schedule};
use ivr_engine::{Day, Hours, HoursStatus, Opening};
use sea_orm::{DbErr, SqlErr};
use serde_json::Value;

use crate::app::App;
use crate::error::{Code, Error, FieldError, Result, Subject};
use crate::store::{Unit, queues, schedules};

/// A schedule as it is to be.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub name: String,
    pub hours: Value,
}

pub async fn all(app: &App, scope: CompanyScope) -> Result<Vec<schedule::Model>> {
    Ok(schedules::all(scope, app.db.reader()).await?)
}

pub async fn get(app: &App, scope: CompanyScope, id: ScheduleId) -> Result<schedule::Model> {
    schedules::by_id(scope, app.db.reader(), id).await?.ok_or(Error::NotFound(Subject::Schedule))
}

/// # Errors
/// `SCHEDULE_NAME_TAKEN`; 422 with all that is wrong with the hours.
pub async fn create(app: &App, scope: CompanyScope, wanted: Wanted) -> Result<schedule::Model> {
    let wanted = checked(wanted)?;
    let unit = Unit::begin(app, scope).await?;
    let row = schedule::Model {
        id: unit.id(),
        company_id: scope.company(),
        name: wanted.name,
        hours: wanted.hours,
        created_at: unit.now(),
        updated_at: unit.now(),
    };
    match schedules::insert(scope, unit.tx(), row.clone()).await? {
        Inserted::Yes => {}
        Inserted::Conflicted => return Err(name_taken()),
    }
    unit.commit().await?;
    Ok(row)
}

/// Changes a schedule, and with it the hours of the queues that go by it, from now on.
pub async fn change(
    app: &App,
    scope: CompanyScope,
    id: ScheduleId,
    wanted: Wanted,
) -> Result<schedule::Model> {
    let wanted = checked(wanted)?;
    let mut unit = Unit::begin(app, scope).await?;
    // Whoever changes a queue locks it before the schedule; and of those that are made meanwhile the second look knows.
    schedules::queues_with(scope, unit.tx(), id).await?;
    let row = schedules::lock(scope, unit.tx(), id).await?.ok_or(Error::NotFound(Subject::Schedule))?;
    let row = schedule::Model { name: wanted.name, hours: wanted.hours, updated_at: unit.now(), ..row };
    schedules::save(scope, unit.tx(), row.clone()).await.map_err(taken)?;
    for mut queue in schedules::queues_with(scope, unit.tx(), id).await? {
        queue.rules.hours = Some(row.hours.clone());
        unit.reroute(RoutingSubject::Queue, queue.id);
        queues::save(scope, unit.tx(), queue).await?;
    }
    unit.commit().await?;
    Ok(row)
}

/// # Errors
/// `SCHEDULE_IN_USE` with the names of the queues that go by it.
pub async fn delete(app: &App, scope: CompanyScope, id: ScheduleId) -> Result<()> {
    let unit = Unit::begin(app, scope).await?;
    schedules::queues_with(scope, unit.tx(), id).await?;
    schedules::lock(scope, unit.tx(), id).await?.ok_or(Error::NotFound(Subject::Schedule))?;
    let queues = schedules::queues_with(scope, unit.tx(), id).await?;
    if !queues.is_empty() {
        let names: Vec<_> = queues.iter().map(|queue| queue.name.as_str()).collect();
        let message = format!("Queues go by this schedule: {}.", names.join(", "));
        return Err(Error::conflict(Code::ScheduleInUse, message));
    }
    schedules::delete(scope, unit.tx(), id).await?;
    unit.commit().await
}

/// How a schedule stands at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub open: bool,
    /// When that changes; never, without.
    pub until: Option<DateTime<Utc>>,
    /// What the day is called that does not go by the week.
    pub exception: Option<String>,
}

pub async fn standing(app: &App, scope: CompanyScope, id: ScheduleId) -> Result<Standing> {
    let row = get(app, scope, id).await?;
    let hours = Hours::parse(&row.hours).map_err(|findings| {
        let first = findings.first().map_or_else(String::new, |finding| finding.message.clone());
        Error::internal("read a schedule's hours", first)
    })?;
    let now = app.clock.now();
    let HoursStatus { opening, day } = hours.status(now);
    let exception = match day {
        Day::Ordinary => None,
        Day::Exception { name } => name.map(str::to_owned),
    };
    Ok(Standing { open: opening == Opening::Open, until: hours.next_change(now), exception })
}

fn checked(wanted: Wanted) -> Result<Wanted> {
    let mut wrong = Vec::new();
    let name = wanted.name.trim().to_owned();
    if name.is_empty() {
        wrong.push(FieldError { field: "/name".to_owned(), message: "must be a name".to_owned() });
    }
    if let Err(findings) = Hours::parse(&wanted.hours) {
        wrong.extend(findings.into_iter().map(|finding| FieldError {
            field: format!("/hours{}", finding.field.unwrap_or_default()),
            message: finding.message,
        }));
    }
    if wrong.is_empty() {
        return Ok(Wanted { name, ..wanted });
    }
    Err(Error::Invalid {
        code: Code::ValidationFailed,
        message: "Some fields are not valid.".into(),
        fields: wrong,
    })
}

fn taken(error: DbErr) -> Error {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => name_taken(),
        Some(_) | None => error.into(),
    }
}

fn name_taken() -> Error {
    Error::conflict(Code::ScheduleNameTaken, "Another schedule of the company has this name.")
}
