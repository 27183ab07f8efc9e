//! Reports that are mailed by themselves.

use chrono::{DateTime, Utc};
use entity::id::{CompanyId, ReportScheduleId, UserId};
use entity::{MailedReport, ReportPeriod};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Accepted, Created, Done, Failure, Reply, Success};
use super::{JsonBody, Tag, Word};
use crate::app::App;
use crate::authz::{Can, ReadReports, ScheduleReports};
use crate::reports::mailed::{self, Shown, Switch, Wanted};

pub struct ReportSchedules;

/// A report that is mailed by itself.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct ReportScheduleOut {
    id: Uuid,
    name: String,
    report: Word<MailedReport>,
    period: Word<ReportPeriod>,
    hour: i32,
    language: Option<String>,
    members: Vec<Uuid>,
    addresses: Vec<String>,
    /// Those of the addresses that have said that they want no more of it. They get no more of it.
    unsubscribed: Vec<String>,
    enabled: bool,
    /// When it is mailed next; absent while it is off.
    next_at: Option<DateTime<Utc>>,
    /// When it was mailed last.
    sent_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// A report as it is to be mailed.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct ReportScheduleIn {
    #[oai(validator(min_length = 1, max_length = 100))]
    name: String,
    report: Word<MailedReport>,
    /// The last whole day, week (on Mondays) or month (on the first) of the company's zone.
    period: Word<ReportPeriod>,
    /// At which hour of the company's clock it is mailed.
    #[oai(validator(minimum(value = "0"), maximum(value = "23")))]
    hour: i32,
    /// A BCP 47 tag, as `de`; the company's language unless said.
    #[oai(validator(min_length = 2, max_length = 35))]
    language: Option<String>,
    /// Users of the company who may see reports. Who may no more gets no more.
    #[oai(validator(max_items = 30), default)]
    members: Vec<Uuid>,
    /// Of people outside, who can end it by a link in the mail.
    #[oai(validator(max_items = 30), default)]
    addresses: Vec<String>,
    /// Whether it is mailed; unless said it is.
    #[oai(default = "yes")]
    enabled: bool,
}

fn yes() -> bool {
    true
}

/// Who wants no more of a report.
#[derive(Object, Debug)]
#[oai(deny_unknown_fields)]
struct UnsubscribeIn {
    /// Out of the link in the mail, what stands behind the #.
    #[oai(validator(min_length = 1, max_length = 2000))]
    token: String,
}

impl From<Shown> for ReportScheduleOut {
    fn from(Shown { row, next_at, refused }: Shown) -> Self {
        Self {
            id: row.id.0,
            name: row.name,
            report: Word(row.report),
            period: Word(row.period),
            hour: row.hour,
            language: row.language,
            members: row.members.0.into_iter().map(|id| id.0).collect(),
            unsubscribed: refused.into_iter().filter(|address| row.addresses.0.contains(address)).collect(),
            addresses: row.addresses.0,
            enabled: row.enabled,
            next_at,
            sent_at: row.sent_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl From<ReportScheduleIn> for Wanted {
    fn from(body: ReportScheduleIn) -> Self {
        Self {
            name: body.name,
            report: body.report.0,
            period: body.period.0,
            hour: body.hour,
            language: body.language,
            members: body.members.into_iter().map(UserId).collect(),
            addresses: body.addresses,
            switch: if body.enabled { Switch::On } else { Switch::Off },
        }
    }
}

#[OpenApi(tag = "Tag::Analytics")]
impl ReportSchedules {
    /// Lists the reports that are mailed by themselves.
    #[oai(
        path = "/api/settings/company/:companyId/report-schedules",
        method = "get",
        operation_id = "listReportSchedules"
    )]
    async fn list(
        &self,
        can: Can<ReadReports>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
    ) -> Reply<Vec<ReportScheduleOut>> {
        Success::list(mailed::all(app, can.scope_of(CompanyId(company))?).await?)
    }

    /// Has a report mailed by itself: every day, week or month, of the last whole one.
    ///
    /// It is a mail with a table, with the figures as CSV. What was missed while the server was down is mailed when it is up
    /// again, and only the last of several. 409 `TOO_MANY_REPORT_SCHEDULES` when the company has 20.
    #[oai(
        path = "/api/settings/company/:companyId/report-schedules",
        method = "post",
        operation_id = "createReportSchedule"
    )]
    async fn post(
        &self,
        can: Can<ScheduleReports>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
        JsonBody(body): JsonBody<ReportScheduleIn>,
    ) -> Result<Created<ReportScheduleOut>, Failure> {
        let (scope, by) = (can.scope_of(CompanyId(company))?, can.caller().user);
        Created::of(mailed::create(app, scope, by, body.into()).await?)
    }

    /// Shows a report that is mailed by itself.
    #[oai(
        path = "/api/settings/company/:companyId/report-schedules/:id",
        method = "get",
        operation_id = "getReportSchedule"
    )]
    async fn get(
        &self,
        can: Can<ReadReports>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
        Path(id): Path<Uuid>,
    ) -> Reply<ReportScheduleOut> {
        Success::ok(mailed::get(app, can.scope_of(CompanyId(company))?, ReportScheduleId(id)).await?)
    }

    /// Changes which report is mailed, when and to whom.
    ///
    /// An address that has unsubscribed stays unsubscribed.
    #[oai(
        path = "/api/settings/company/:companyId/report-schedules/:id",
        method = "put",
        operation_id = "updateReportSchedule"
    )]
    async fn put(
        &self,
        can: Can<ScheduleReports>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<ReportScheduleIn>,
    ) -> Reply<ReportScheduleOut> {
        let (scope, by) = (can.scope_of(CompanyId(company))?, can.caller().user);
        Success::ok(mailed::change(app, scope, by, ReportScheduleId(id), body.into()).await?)
    }

    /// Ends it: the report is mailed no more.
    #[oai(
        path = "/api/settings/company/:companyId/report-schedules/:id",
        method = "delete",
        operation_id = "deleteReportSchedule"
    )]
    async fn delete(
        &self,
        can: Can<ScheduleReports>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
        Path(id): Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        let (scope, by) = (can.scope_of(CompanyId(company))?, can.caller().user);
        mailed::delete(app, scope, by, ReportScheduleId(id)).await?;
        Done::saying("The report is mailed no more.")
    }

    /// Mails the last report at once, to the caller alone: to see how it looks.
    #[oai(
        path = "/api/settings/company/:companyId/report-schedules/:id/send",
        method = "post",
        operation_id = "sendReportNow"
    )]
    async fn send(
        &self,
        can: Can<ScheduleReports>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
        Path(id): Path<Uuid>,
    ) -> Result<Accepted, Failure> {
        let (scope, by) = (can.scope_of(CompanyId(company))?, can.caller().user);
        mailed::send_now(app, scope, by, ReportScheduleId(id)).await?;
        Accepted::saying("The report is on its way to you.")
    }

    /// Ends a report for an address outside, by the link in its mail.
    ///
    /// Twice is once. A token that is none, or of a report that is mailed no more, is 404.
    #[oai(
        path = "/api/report-schedules/unsubscribe",
        method = "post",
        operation_id = "unsubscribeFromReport"
    )]
    async fn unsubscribe(
        &self,
        Data(app): Data<&App>,
        JsonBody(body): JsonBody<UnsubscribeIn>,
    ) -> Result<Json<Done>, Failure> {
        mailed::refuse(app, &body.token).await?;
        Done::saying("You get no more of this report.")
    }
}
