//! Call flows: drafts, their findings, their published versions.

mod import;
mod made;
mod replay;
mod scripted;
mod tests;
mod trials;

pub use import::FlowImports;
pub use replay::FlowReplays;
pub use tests::FlowTests;
pub use trials::FlowTrials;

use chrono::{DateTime, Utc};
use entity::{flow, flow_version};
use ivr_engine::{Finding, Severity};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::types::Any;
use poem_openapi::{Enum, Object, OpenApi};
use serde_json::Value;
use uuid::Uuid;

use super::companies::PhoneNumberOut;
use super::envelope::{Created, Done, Failure, Reply, Success};
use super::{JsonBody, OptionalBody, Tag};
use crate::app::App;
use crate::authz::{Can, PublishFlows, ReadFlows, WriteFlows};
use crate::flows::{self, Changes, Checked, Override};

pub struct Ivr;

/// A flow, as it stands in lists.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct FlowSummaryOut {
    id: Uuid,
    name: String,
    /// The version that new calls get; absent until one is published.
    published_version_id: Option<Uuid>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// A flow with its draft and what is wrong with it.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct FlowOut {
    id: Uuid,
    name: String,
    /// The flow's document.
    draft: Any<Value>,
    /// Empty for a draft without fault; one with errors cannot be published.
    findings: Vec<FindingOut>,
    /// The version that new calls get; absent until one is published.
    published_version_id: Option<Uuid>,
    /// The numbers that open the flow, each in its latest or in a pinned version.
    phone_numbers: Vec<PhoneNumberOut>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// Something that is wrong with a draft.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct FindingOut {
    severity: SeverityOut,
    /// For programs.
    code: String,
    /// Id of the node concerned.
    node: Option<String>,
    /// Port concerned.
    port: Option<String>,
    /// JSON pointer into the draft.
    field: Option<String>,
    /// For people.
    message: String,
}

/// Whether a finding keeps the flow from being published.
#[derive(Enum)]
#[oai(rename_all = "snake_case")]
enum SeverityOut {
    /// The draft cannot be published.
    Error,
    /// It can, but is probably not what its author wants.
    Warning,
}

/// A flow to be made.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct NewFlowIn {
    #[oai(validator(min_length = 1, max_length = 200))]
    name: String,
    /// The flow's document.
    draft: Any<Value>,
}

/// What is left out stays as it is.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct FlowIn {
    #[oai(validator(min_length = 1, max_length = 200))]
    name: Option<String>,
    /// The flow's document.
    draft: Option<Any<Value>>,
}

/// A published version; it never changes.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct FlowVersionOut {
    id: Uuid,
    flow_id: Uuid,
    /// From 1.
    number: i32,
    document: Any<Value>,
    /// Who published it.
    published_by: Option<Uuid>,
    published_at: DateTime<Utc>,
    /// The number of the older version that was brought back as this one.
    restored_from: Option<i32>,
}

/// How to publish.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct PublishIn {
    /// Publishes although tests are red.
    r#override: Option<OverrideIn>,
}

/// Why red tests do not count this time.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct OverrideIn {
    /// For the audit.
    #[oai(validator(min_length = 3, max_length = 1000))]
    reason: String,
}

/// Which version to bring back.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct RollbackIn {
    /// The number of a published version.
    #[oai(validator(minimum(value = "1")))]
    number: i32,
}

impl From<flow::Model> for FlowSummaryOut {
    fn from(flow: flow::Model) -> Self {
        Self {
            id: flow.id.into(),
            name: flow.name,
            published_version_id: flow.published_version_id.map(Into::into),
            created_at: flow.created_at,
            updated_at: flow.updated_at,
        }
    }
}

impl From<Checked> for FlowOut {
    fn from(Checked { flow, findings, numbers }: Checked) -> Self {
        Self {
            id: flow.id.into(),
            name: flow.name,
            draft: Any(flow.draft),
            findings: findings.into_iter().map(Into::into).collect(),
            published_version_id: flow.published_version_id.map(Into::into),
            phone_numbers: numbers.into_iter().map(Into::into).collect(),
            created_at: flow.created_at,
            updated_at: flow.updated_at,
        }
    }
}

impl From<Finding> for FindingOut {
    fn from(finding: Finding) -> Self {
        let code = serde_json::to_value(finding.code).ok();
        Self {
            severity: match finding.severity {
                Severity::Error => SeverityOut::Error,
                Severity::Warning => SeverityOut::Warning,
            },
            code: code.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned(),
            node: finding.node,
            port: finding.port,
            field: finding.field,
            message: finding.message,
        }
    }
}

impl From<flow_version::Model> for FlowVersionOut {
    fn from(version: flow_version::Model) -> Self {
        Self {
            id: version.id.into(),
            flow_id: version.flow_id.into(),
            number: version.number,
            document: Any(version.document),
            published_by: version.published_by.map(Into::into),
            published_at: version.published_at,
            restored_from: version.restored_from,
        }
    }
}

#[OpenApi(prefix_path = "/api/ivr", tag = "Tag::Ivr")]
impl Ivr {
    /// Lists the company's flows.
    #[oai(path = "/", method = "get", operation_id = "listFlows")]
    async fn list(&self, can: Can<ReadFlows>, Data(app): Data<&App>) -> Reply<Vec<FlowSummaryOut>> {
        Success::list(flows::all(app, can.scope()?).await?)
    }

    /// Makes a flow.
    ///
    /// A draft with errors is saved too; the findings say what they are.
    #[oai(path = "/", method = "post", operation_id = "createFlow")]
    async fn post(
        &self,
        can: Can<WriteFlows>,
        Data(app): Data<&App>,
        body: JsonBody<NewFlowIn>,
    ) -> Result<Created<FlowOut>, Failure> {
        Created::of(flows::create(app, can.scope()?, body.0.name, body.0.draft.0).await?)
    }

    /// Shows a flow with its draft and findings.
    #[oai(path = "/:id", method = "get", operation_id = "getFlow")]
    async fn get(
        &self,
        can: Can<ReadFlows>,
        Data(app): Data<&App>,
        /// The flow's id.
        id: Path<Uuid>,
    ) -> Reply<FlowOut> {
        Success::ok(flows::get(app, can.scope()?, id.0.into()).await?)
    }

    /// Changes a flow's name or draft.
    #[oai(path = "/:id", method = "put", operation_id = "updateFlow")]
    async fn put(
        &self,
        can: Can<WriteFlows>,
        Data(app): Data<&App>,
        /// The flow's id.
        id: Path<Uuid>,
        body: JsonBody<FlowIn>,
    ) -> Reply<FlowOut> {
        let changes = Changes { name: body.0.name, draft: body.0.draft.map(|draft| draft.0) };
        Success::ok(flows::change(app, can.scope()?, id.0.into(), changes).await?)
    }

    /// Deletes a flow with its versions.
    ///
    /// Refused as long as a number opens it or a recorded call went through it.
    #[oai(path = "/:id", method = "delete", operation_id = "deleteFlow")]
    async fn delete(
        &self,
        can: Can<WriteFlows>,
        Data(app): Data<&App>,
        /// The flow's id.
        id: Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        flows::delete(app, can.scope()?, id.0.into()).await?;
        Done::saying("The flow is deleted.")
    }

    /// Publishes the draft as a new version.
    ///
    /// New calls get it; calls under way keep theirs. Errors of the draft are named in `errors`. The flow's tests are run
    /// before: `FLOW_TESTS_FAILED` names in `errors` the line of each that does not hold. Who publishes all the same gives a
    /// reason, which is noted in the company's audit with his name and the tests.
    #[oai(path = "/:id/activate", method = "post", operation_id = "publishFlow")]
    async fn activate(
        &self,
        can: Can<PublishFlows>,
        Data(app): Data<&App>,
        /// The flow's id.
        id: Path<Uuid>,
        body: OptionalBody<PublishIn>,
    ) -> Result<Created<FlowVersionOut>, Failure> {
        let wanted = body.0.and_then(|body| body.r#override).map(|given| Override { reason: given.reason });
        Created::of(flows::publish(app, can.scope()?, id.0.into(), can.caller().user, wanted).await?)
    }

    /// Brings a published version back.
    ///
    /// It becomes the next version, which new calls get; the draft stays as it is. Refused when something that it refers to
    /// is no longer there. The flow's tests are not run.
    #[oai(path = "/:id/rollback", method = "post", operation_id = "rollBackFlow")]
    async fn roll_back(
        &self,
        can: Can<PublishFlows>,
        Data(app): Data<&App>,
        /// The flow's id.
        id: Path<Uuid>,
        body: JsonBody<RollbackIn>,
    ) -> Result<Created<FlowVersionOut>, Failure> {
        let by = can.caller().user;
        Created::of(flows::roll_back(app, can.scope()?, id.0.into(), body.0.number, by).await?)
    }

    /// Lists the published versions of a flow, the newest first.
    #[oai(path = "/:id/versions", method = "get", operation_id = "listFlowVersions")]
    async fn versions(
        &self,
        can: Can<ReadFlows>,
        Data(app): Data<&App>,
        /// The flow's id.
        id: Path<Uuid>,
    ) -> Reply<Vec<FlowVersionOut>> {
        Success::list(flows::versions(app, can.scope()?, id.0.into()).await?)
    }
}
