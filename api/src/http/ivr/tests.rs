//! Tests that are kept with a flow.

use chrono::{DateTime, Utc};
use entity::flow_test;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::{Example, ParseFromJSON};
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::scripted::{self, Expected, ScriptedCall};
use crate::app::App;
use crate::authz::{Can, ReadFlows, WriteFlows};
use crate::error::{Error, Result as Outcome};
use crate::flows::tests::{self, Report};
use crate::flows::trial::Which;
use crate::http::envelope::{Created, Done, Failure, Reply, Success};
use crate::http::{JsonBody, Tag};

pub struct FlowTests;

/// A test that is kept with a flow.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct FlowTestOut {
    id: Uuid,
    name: String,
    call: ScriptedCall,
    expect: Vec<Expected>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// A scripted call, and what must be true of it.
#[derive(Object)]
#[oai(rename_all = "camelCase", example)]
pub struct FlowTestIn {
    /// Once a flow.
    #[oai(validator(min_length = 1, max_length = 200))]
    name: String,
    /// Without a time it comes in at noon UTC of Monday, 5 January 2026.
    call: ScriptedCall,
    /// At most 200.
    expect: Vec<Expected>,
}

/// What came of a test.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct FlowTestReportOut {
    id: Uuid,
    name: String,
    passed: bool,
    /// The first line that does not hold.
    failed: Option<FailedLineOut>,
}

/// A line of a test that does not hold.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct FailedLineOut {
    /// JSON pointer into the test: `/expect/2`, or `/script/1` when that cannot happen there.
    line: String,
    /// What was there instead.
    found: String,
}

impl Example for FlowTestIn {
    fn example() -> Self {
        Self {
            name: "One leads to sales".to_owned(),
            call: ScriptedCall::example(),
            expect: vec![Expected { queued: Some("sales".to_owned()), ..Expected::default() }],
        }
    }
}

/// Tests that come with a flow; what is wrong is named within `/tests`.
pub fn read_all(tests: Vec<FlowTestIn>) -> Outcome<Vec<ivr_engine::FlowTest>> {
    let read = |(number, test): (usize, FlowTestIn)| {
        test.read().map_err(|error| error.within(&format!("/tests/{number}")))
    };
    tests.into_iter().enumerate().map(read).collect()
}

impl FlowTestIn {
    fn read(self) -> Outcome<ivr_engine::FlowTest> {
        scripted::test(self.name, &self.call, &self.expect)
    }
}

impl TryFrom<&flow_test::Model> for FlowTestIn {
    type Error = Error;

    fn try_from(row: &flow_test::Model) -> Outcome<Self> {
        let failed = |cause: &str| Error::internal("read a stored flow test", cause.to_owned());
        let call = ScriptedCall::parse_from_json(Some(scripted::call_of(&row.definition)));
        let expect = Vec::parse_from_json(Some(row.definition["expect"].clone()));
        Ok(Self {
            name: row.name.clone(),
            call: call.map_err(|cause| failed(cause.message()))?,
            expect: expect.map_err(|cause| failed(cause.message()))?,
        })
    }
}

impl TryFrom<flow_test::Model> for FlowTestOut {
    type Error = Error;

    fn try_from(row: flow_test::Model) -> Outcome<Self> {
        let FlowTestIn { name, call, expect } = FlowTestIn::try_from(&row)?;
        let (created_at, updated_at) = (row.created_at, row.updated_at);
        Ok(Self { id: row.id.into(), name, call, expect, created_at, updated_at })
    }
}

impl From<Report> for FlowTestReportOut {
    fn from(report: Report) -> Self {
        Self {
            id: report.id.into(),
            name: report.name,
            passed: report.failed.is_none(),
            failed: report.failed.map(|failed| FailedLineOut { line: failed.line, found: failed.found }),
        }
    }
}

#[OpenApi(prefix_path = "/api/ivr", tag = "Tag::Ivr")]
impl FlowTests {
    /// Lists the tests of a flow.
    #[oai(path = "/:id/tests", method = "get", operation_id = "listFlowTests")]
    async fn list(
        &self,
        can: Can<ReadFlows>,
        Data(app): Data<&App>,
        /// The flow's id.
        id: Path<Uuid>,
    ) -> Reply<Vec<FlowTestOut>> {
        let rows = tests::all(app, can.scope()?, id.0.into()).await?;
        let tests = rows.into_iter().map(FlowTestOut::try_from).collect::<Outcome<Vec<_>>>()?;
        Success::list(tests)
    }

    /// Adds a test to a flow.
    ///
    /// It is run when somebody asks, and before the draft is published.
    #[oai(path = "/:id/tests", method = "post", operation_id = "createFlowTest")]
    async fn post(
        &self,
        can: Can<WriteFlows>,
        Data(app): Data<&App>,
        /// The flow's id.
        id: Path<Uuid>,
        body: JsonBody<FlowTestIn>,
    ) -> Result<Created<FlowTestOut>, Failure> {
        let made = tests::create(app, can.scope()?, id.0.into(), body.0.read()?).await?;
        Created::of(FlowTestOut::try_from(made)?)
    }

    /// Shows a test of a flow.
    #[oai(path = "/:id/tests/:testId", method = "get", operation_id = "getFlowTest")]
    async fn get(
        &self,
        can: Can<ReadFlows>,
        Data(app): Data<&App>,
        /// The flow's id.
        id: Path<Uuid>,
        /// The test's id.
        #[oai(name = "testId")]
        test_id: Path<Uuid>,
    ) -> Reply<FlowTestOut> {
        let test = tests::get(app, can.scope()?, id.0.into(), test_id.0.into()).await?;
        Success::ok(FlowTestOut::try_from(test)?)
    }

    /// Replaces a test of a flow.
    #[oai(path = "/:id/tests/:testId", method = "put", operation_id = "updateFlowTest")]
    async fn put(
        &self,
        can: Can<WriteFlows>,
        Data(app): Data<&App>,
        /// The flow's id.
        id: Path<Uuid>,
        /// The test's id.
        #[oai(name = "testId")]
        test_id: Path<Uuid>,
        body: JsonBody<FlowTestIn>,
    ) -> Reply<FlowTestOut> {
        let test = body.0.read()?;
        let test = tests::replace(app, can.scope()?, id.0.into(), test_id.0.into(), test).await?;
        Success::ok(FlowTestOut::try_from(test)?)
    }

    /// Deletes a test of a flow.
    #[oai(path = "/:id/tests/:testId", method = "delete", operation_id = "deleteFlowTest")]
    async fn delete(
        &self,
        can: Can<WriteFlows>,
        Data(app): Data<&App>,
        /// The flow's id.
        id: Path<Uuid>,
        /// The test's id.
        #[oai(name = "testId")]
        test_id: Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        tests::delete(app, can.scope()?, id.0.into(), test_id.0.into()).await?;
        Done::saying("The test is deleted.")
    }

    /// Runs the tests of a flow.
    ///
    /// On its draft, or on a published version. Other flows are taken as a call would find them. Nothing is written.
    #[oai(path = "/:id/tests/run", method = "post", operation_id = "runFlowTests")]
    async fn run(
        &self,
        can: Can<ReadFlows>,
        Data(app): Data<&App>,
        /// The flow's id.
        id: Path<Uuid>,
        /// The number of a published version; the draft when absent.
        #[oai(validator(minimum(value = "1")))]
        version: Query<Option<i32>>,
    ) -> Reply<Vec<FlowTestReportOut>> {
        let which = version.0.map_or(Which::Draft, Which::Version);
        Success::list(tests::run(app, can.scope()?, id.0.into(), which).await?)
    }
}
