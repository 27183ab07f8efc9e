//! What a company says about how it works.

use entity::id::CompanyId;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Reply, Success};
use super::{JsonBody, Tag};
use crate::app::App;
use crate::authz::{Can, ReadSettings, WriteSettings};
use crate::companies::settings::{self, Changes, Settings};

pub struct CompanySettings;

/// What the company says about how it works.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
struct CompanySettingsOut {
    /// Whether an agent is told that a supervisor is in his call.
    tell_agents_of_supervision: bool,
}

/// What is left out stays as it is.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct CompanySettingsIn {
    /// Whether an agent is told that a supervisor is in his call.
    tell_agents_of_supervision: Option<bool>,
}

impl From<Settings> for CompanySettingsOut {
    fn from(settings: Settings) -> Self {
        Self { tell_agents_of_supervision: settings.tell_agents_of_supervision }
    }
}

impl From<CompanySettingsIn> for Changes {
    fn from(body: CompanySettingsIn) -> Self {
        Self { tell_agents_of_supervision: body.tell_agents_of_supervision }
    }
}

#[OpenApi(tag = "Tag::Companies")]
impl CompanySettings {
    /// Shows what the company says about how it works.
    ///
    /// Recording, calls that go out and integrations have settings of their own below this address.
    #[oai(path = "/api/settings/company/:companyId", method = "get", operation_id = "getCompanySettings")]
    async fn get(
        &self,
        can: Can<ReadSettings>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
    ) -> Reply<CompanySettingsOut> {
        Success::ok(settings::get(app, can.scope_of(CompanyId(company))?).await?)
    }

    /// Changes what the company says about how it works.
    #[oai(path = "/api/settings/company/:companyId", method = "put", operation_id = "updateCompanySettings")]
    async fn put(
        &self,
        can: Can<WriteSettings>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
        JsonBody(body): JsonBody<CompanySettingsIn>,
    ) -> Reply<CompanySettingsOut> {
        let (scope, by) = (can.scope_of(CompanyId(company))?, can.caller().user);
        Success::ok(settings::change(app, scope, by, body.into()).await?)
    }
}
