//! What a company says about how it works.

use entity::id::CompanyId;
use entity::{ReportSettings, ServiceLevelVariant};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Reply, Success};
use super::{JsonBody, Tag, Word};
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
    service_level: ServiceLevelSettingsOut,
}

/// How the service level of reports is counted.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct ServiceLevelSettingsOut {
    /// Which formula; the reports print it beside the number.
    variant: Word<ServiceLevelVariant>,
    /// Who gives up within so many seconds is a short abandon, in every queue; absent: as each queue says.
    short_abandon_seconds: Option<u32>,
}

/// How the service level of reports is counted: from now on, and for the past as well.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct ServiceLevelSettingsIn {
    variant: Word<ServiceLevelVariant>,
    /// 0 to 3600, for every queue; absent or null: as each queue says.
    #[oai(validator(maximum(value = "3600")))]
    short_abandon_seconds: Option<u32>,
}

impl From<ReportSettings> for ServiceLevelSettingsOut {
    fn from(settings: ReportSettings) -> Self {
        Self { variant: Word(settings.variant), short_abandon_seconds: settings.short_abandon_seconds }
    }
}

/// What is left out stays as it is.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct CompanySettingsIn {
    /// Whether an agent is told that a supervisor is in his call.
    tell_agents_of_supervision: Option<bool>,
    service_level: Option<ServiceLevelSettingsIn>,
}

impl From<Settings> for CompanySettingsOut {
    fn from(settings: Settings) -> Self {
        let service_level = settings.reports.into();
        Self { tell_agents_of_supervision: settings.tell_agents_of_supervision, service_level }
    }
}

impl From<CompanySettingsIn> for Changes {
    fn from(body: CompanySettingsIn) -> Self {
        let reports = body.service_level.map(|said| ReportSettings {
            variant: said.variant.0,
            short_abandon_seconds: said.short_abandon_seconds,
        });
        Self { tell_agents_of_supervision: body.tell_agents_of_supervision, reports }
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
