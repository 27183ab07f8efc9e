//! Opening hours by name.

use chrono::{DateTime, Utc};
use entity::id::ScheduleId;
use entity::schedule;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::types::Any;
use poem_openapi::{Object, OpenApi};
use serde_json::Value;
use uuid::Uuid;

use super::envelope::{Created, Done, Failure, Reply, Success};
use super::{JsonBody, Tag};
use crate::app::App;
use crate::authz::{Can, ReadSchedules, WriteSchedules};
use crate::schedules::{self, Standing, Wanted};

pub struct Schedules;

/// Opening hours by name.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
struct ScheduleOut {
    id: Uuid,
    name: String,
    /// `zone`, `weekly`, `exceptions`, as in a flow's `hours` node.
    hours: Any<Value>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// Hours by which queues are open.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct ScheduleIn {
    #[oai(validator(min_length = 1, max_length = 100))]
    name: String,
    /// `zone`, `weekly`, `exceptions`, as in a flow's `hours` node.
    hours: Any<Value>,
}

/// How a schedule stands now.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct ScheduleNowOut {
    open: bool,
    /// When that changes; absent when it never does.
    until: Option<DateTime<Utc>>,
    /// What today is called, where it does not go by the week.
    exception: Option<String>,
}

impl From<schedule::Model> for ScheduleOut {
    fn from(row: schedule::Model) -> Self {
        Self {
            id: row.id.0,
            name: row.name,
            hours: Any(row.hours),
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl From<ScheduleIn> for Wanted {
    fn from(body: ScheduleIn) -> Self {
        Self { name: body.name, hours: body.hours.0 }
    }
}

impl From<Standing> for ScheduleNowOut {
    fn from(now: Standing) -> Self {
        Self { open: now.open, until: now.until, exception: now.exception }
    }
}

#[OpenApi(prefix_path = "/api/schedules", tag = "Tag::Queues")]
impl Schedules {
    /// Lists the company's schedules by name.
    #[oai(path = "/", method = "get", operation_id = "listSchedules")]
    async fn list(&self, can: Can<ReadSchedules>, Data(app): Data<&App>) -> Reply<Vec<ScheduleOut>> {
        Success::list(schedules::all(app, can.scope()?).await?)
    }

    /// Makes a schedule: opening hours in a zone, with holidays.
    #[oai(path = "/", method = "post", operation_id = "createSchedule")]
    async fn post(
        &self,
        can: Can<WriteSchedules>,
        Data(app): Data<&App>,
        JsonBody(body): JsonBody<ScheduleIn>,
    ) -> Result<Created<ScheduleOut>, Failure> {
        Created::of(schedules::create(app, can.scope()?, body.into()).await?)
    }

    /// Shows a schedule.
    #[oai(path = "/:id", method = "get", operation_id = "getSchedule")]
    async fn get(
        &self,
        can: Can<ReadSchedules>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Reply<ScheduleOut> {
        Success::ok(schedules::get(app, can.scope()?, ScheduleId(id)).await?)
    }

    /// Changes a schedule, and with it the hours of the queues that go by it.
    #[oai(path = "/:id", method = "put", operation_id = "updateSchedule")]
    async fn put(
        &self,
        can: Can<WriteSchedules>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<ScheduleIn>,
    ) -> Reply<ScheduleOut> {
        Success::ok(schedules::change(app, can.scope()?, ScheduleId(id), body.into()).await?)
    }

    /// Deletes a schedule. Not one that queues go by: the failure names them.
    #[oai(path = "/:id", method = "delete", operation_id = "deleteSchedule")]
    async fn delete(
        &self,
        can: Can<WriteSchedules>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        schedules::delete(app, can.scope()?, ScheduleId(id)).await?;
        Done::saying("Deleted.")
    }

    /// Says whether a schedule is open now, and until when it is as it is.
    #[oai(path = "/:id/now", method = "get", operation_id = "getScheduleNow")]
    async fn now(
        &self,
        can: Can<ReadSchedules>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Reply<ScheduleNowOut> {
        Success::ok(schedules::standing(app, can.scope()?, ScheduleId(id)).await?)
    }
}
