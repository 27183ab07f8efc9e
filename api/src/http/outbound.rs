//! The rules for calls that go out, and the number that is shown of an agent.

use entity::id::{AgentId, CompanyId, PhoneNumberId};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::types::Any;
use poem_openapi::{Object, OpenApi};
use serde_json::Value;
use uuid::Uuid;

use super::envelope::{Reply, Success};
use super::{JsonBody, Tag};
use crate::app::App;
use crate::authz::{Can, ReadOutboundRules, WriteOutboundRules};
use crate::calls::outbound::{self, Rules};

pub struct Outbound;

/// Whom, when and with which number agents call.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct OutboundRulesOut {
    /// The number that is shown of agents without one of their own; absent for the company's oldest.
    pub caller_id: Option<Uuid>,
    /// When calls are made: `zone`, `weekly`, `exceptions`, as in a flow's `hours` node; absent for always.
    pub hours: Option<Any<Value>>,
    /// Where calls may go, two letters each; absent for the countries of the company's own numbers.
    pub countries: Option<Vec<String>>,
    /// Whether numbers may be called that cost more than a call, such as +1 900.
    pub premium_rate: bool,
}

/// Whom, when and with which number agents call. What is left out is as if it had never been set.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct OutboundRulesIn {
    /// A number of the company, which is shown of agents without one of their own.
    pub caller_id: Option<Uuid>,
    /// When calls are made: `zone`, `weekly`, `exceptions`, as in a flow's `hours` node.
    pub hours: Option<Any<Value>>,
    /// Where calls may go: countries of ISO 3166-1, as `US`.
    #[oai(validator(max_items = 250))]
    pub countries: Option<Vec<String>>,
    /// Whether numbers may be called that cost more than a call.
    #[oai(default)]
    pub premium_rate: bool,
}

/// The number that is shown when an agent calls out.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct CallerIdOut {
    /// Absent for the company's.
    pub phone_number_id: Option<Uuid>,
}

/// The number that is shown when an agent calls out.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub struct CallerIdIn {
    /// A number of the company; left out, the company's own choice.
    pub phone_number_id: Option<Uuid>,
}

impl From<Rules> for OutboundRulesOut {
    fn from(rules: Rules) -> Self {
        Self {
            caller_id: rules.caller_id.map(|id| id.0),
            hours: rules.hours.map(Any),
            countries: rules.countries,
            premium_rate: rules.premium_rate,
        }
    }
}

impl From<OutboundRulesIn> for Rules {
    fn from(body: OutboundRulesIn) -> Self {
        Self {
            caller_id: body.caller_id.map(PhoneNumberId),
            hours: body.hours.map(|hours| hours.0),
            countries: body.countries,
            premium_rate: body.premium_rate,
        }
    }
}

impl From<Option<PhoneNumberId>> for CallerIdOut {
    fn from(number: Option<PhoneNumberId>) -> Self {
        Self { phone_number_id: number.map(|id| id.0) }
    }
}

#[OpenApi(tag = "Tag::Calls")]
impl Outbound {
    /// Shows the company's rules for calls that go out.
    #[oai(
        path = "/api/settings/company/:companyId/outbound",
        method = "get",
        operation_id = "getOutboundRules"
    )]
    async fn get(
        &self,
        can: Can<ReadOutboundRules>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        company: Path<Uuid>,
    ) -> Reply<OutboundRulesOut> {
        Success::ok(outbound::rules(app, can.scope_of(CompanyId(company.0))?).await?)
    }

    /// Sets the company's rules for calls that go out.
    #[oai(
        path = "/api/settings/company/:companyId/outbound",
        method = "put",
        operation_id = "setOutboundRules"
    )]
    async fn put(
        &self,
        can: Can<WriteOutboundRules>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        company: Path<Uuid>,
        JsonBody(body): JsonBody<OutboundRulesIn>,
    ) -> Reply<OutboundRulesOut> {
        let (scope, by) = (can.scope_of(CompanyId(company.0))?, can.caller().user);
        Success::ok(outbound::set_rules(app, scope, by, body.into()).await?)
    }

    /// Shows which number is shown when an agent calls out.
    #[oai(path = "/api/agents/:id/caller-id", method = "get", operation_id = "getCallerId")]
    async fn caller_id(
        &self,
        can: Can<ReadOutboundRules>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Reply<CallerIdOut> {
        Success::ok(outbound::caller_id_of(app, can.scope()?, AgentId(id)).await?)
    }

    /// Sets which number is shown when an agent calls out.
    #[oai(path = "/api/agents/:id/caller-id", method = "put", operation_id = "setCallerId")]
    async fn set_caller_id(
        &self,
        can: Can<WriteOutboundRules>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<CallerIdIn>,
    ) -> Reply<CallerIdOut> {
        let number = body.phone_number_id.map(PhoneNumberId);
        Success::ok(outbound::set_caller_id(app, can.scope()?, AgentId(id), number).await?)
    }
}
