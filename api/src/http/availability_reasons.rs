//! The reasons that a company's agents may give for what they want.

use chrono::{DateTime, Utc};
use entity::id::ReasonId;
use entity::{Availability, availability_reason};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Created, Done, Failure, Reply, Success};
use super::{JsonBody, Tag, Word};
use crate::agents::{self, NewReason};
use crate::app::App;
use crate::authz::{Can, ReadAgents, WriteAgents};

pub struct AvailabilityReasons;

/// A reason for what an agent wants.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
struct AvailabilityReasonOut {
    id: Uuid,
    /// What it is a reason for.
    availability: Word<Availability>,
    /// As agents give it.
    name: String,
    created_at: DateTime<Utc>,
}

/// A reason to be made.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct NewAvailabilityReasonIn {
    availability: Word<Availability>,
    #[oai(validator(min_length = 1, max_length = 100))]
    name: String,
}

/// What is to be changed of a reason; what is absent stays.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct AvailabilityReasonIn {
    #[oai(validator(min_length = 1, max_length = 100))]
    name: String,
}

impl From<availability_reason::Model> for AvailabilityReasonOut {
    fn from(row: availability_reason::Model) -> Self {
        Self {
            id: row.id.0,
            availability: Word(row.availability),
            name: row.name,
            created_at: row.created_at,
        }
    }
}

#[OpenApi(prefix_path = "/api/availability-reasons", tag = "Tag::Agents")]
impl AvailabilityReasons {
    /// Lists the company's reasons.
    ///
    /// An availability with reasons takes these; one without takes any text.
    #[oai(path = "/", method = "get", operation_id = "listAvailabilityReasons")]
    async fn list(&self, can: Can<ReadAgents>, Data(app): Data<&App>) -> Reply<Vec<AvailabilityReasonOut>> {
        Success::list(agents::reasons(app, can.scope()?).await?)
    }

    /// Adds a reason.
    #[oai(path = "/", method = "post", operation_id = "createAvailabilityReason")]
    async fn create(
        &self,
        can: Can<WriteAgents>,
        Data(app): Data<&App>,
        JsonBody(body): JsonBody<NewAvailabilityReasonIn>,
    ) -> Result<Created<AvailabilityReasonOut>, Failure> {
        let (scope, by) = (can.scope()?, can.caller().user);
        let new = NewReason { availability: body.availability.0, name: body.name };
        Created::of(agents::add_reason(app, scope, by, new).await?)
    }

    /// Gives a reason another name.
    #[oai(path = "/:id", method = "put", operation_id = "updateAvailabilityReason")]
    async fn update(
        &self,
        can: Can<WriteAgents>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<AvailabilityReasonIn>,
    ) -> Reply<AvailabilityReasonOut> {
        let (scope, by) = (can.scope()?, can.caller().user);
        Success::ok(agents::change_reason(app, scope, by, ReasonId(id), body.name).await?)
    }

    /// Removes a reason. Who has it now keeps it until he gives another.
    #[oai(path = "/:id", method = "delete", operation_id = "deleteAvailabilityReason")]
    async fn delete(
        &self,
        can: Can<WriteAgents>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        agents::remove_reason(app, can.scope()?, can.caller().user, ReasonId(id)).await?;
        Done::saying("The reason is removed.")
    }
}
