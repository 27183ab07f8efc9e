//! With what keys the company's own app is reached on phones.

use chrono::{DateTime, Utc};
use entity::PushServiceKind;
use entity::id::CompanyId;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Done, Failure, Reply, Success};
use super::{JsonBody, Tag, Word};
use crate::app::App;
use crate::authz::{Can, ReadIntegrations, WriteIntegrations};
use crate::integrations::push::{self, Standing, Wanted};
use crate::secret::Secret;

pub struct PushServices;

/// A push service, and with whose keys it is asked. The keys themselves are shown to nobody.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct PushServiceOut {
    service: Word<PushServiceKind>,
    /// The company has keys of its own there.
    own: bool,
    /// The platform's app is reached there.
    platform: bool,
    /// Of the service account (FCM).
    project_id: Option<String>,
    /// Of the service account (FCM).
    client_email: Option<String>,
    /// Of the key (APNs).
    key_id: Option<String>,
    /// Of the team (APNs).
    team_id: Option<String>,
    /// Of the app (APNs).
    bundle_id: Option<String>,
    /// Since when the service has refused the company's keys; absent while all is well.
    failing_since: Option<DateTime<Utc>>,
    /// What it has said last.
    last_error: Option<String>,
    last_error_at: Option<DateTime<Utc>>,
    updated_at: Option<DateTime<Utc>>,
}

/// The company's project at Expo.
#[derive(Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct ExpoPushIn {
    /// Of a project with "enhanced push security". Without that security none is needed, and this neither.
    #[oai(validator(min_length = 1, max_length = 500))]
    access_token: String,
}

/// The company's project at Firebase.
#[derive(Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct FcmPushIn {
    /// The service account's key file: JSON, as Google gives it.
    #[oai(validator(min_length = 1, max_length = 10000))]
    key_file: String,
}

/// The company's app at Apple.
#[derive(Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct ApnsPushIn {
    /// The `.p8` file's text. Left out, it stays as it is while its id and the team do.
    #[oai(validator(min_length = 1, max_length = 2000))]
    key: Option<String>,
    #[oai(validator(pattern = "^[A-Za-z0-9]{10}$"))]
    key_id: String,
    #[oai(validator(pattern = "^[A-Za-z0-9]{10}$"))]
    team_id: String,
    /// As com.example.app.
    #[oai(validator(pattern = "^[A-Za-z0-9.-]{1,155}$"))]
    bundle_id: String,
}

impl From<Standing> for PushServiceOut {
    fn from(standing: Standing) -> Self {
        let row = standing.own;
        let of = |name: &str| {
            let account = row.as_ref().map(|row| &row.account[name]);
            account.and_then(|value| value.as_str()).map(str::to_owned)
        };
        Self {
            service: Word(standing.service),
            own: row.is_some(),
            platform: standing.platform,
            project_id: of("projectId"),
            client_email: of("clientEmail"),
            key_id: of("keyId"),
            team_id: of("teamId"),
            bundle_id: of("bundleId"),
            failing_since: row.as_ref().and_then(|row| row.failing_since),
            last_error: row.as_ref().and_then(|row| row.last_error.clone()),
            last_error_at: row.as_ref().and_then(|row| row.last_error_at),
            updated_at: row.as_ref().map(|row| row.updated_at),
        }
    }
}

#[OpenApi(tag = "Tag::Integrations")]
impl PushServices {
    /// Lists the push services, and with whose keys phones are reached there.
    #[oai(
        path = "/api/settings/company/:companyId/integrations/push",
        method = "get",
        operation_id = "listPushServices"
    )]
    async fn list(
        &self,
        can: Can<ReadIntegrations>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
    ) -> Reply<Vec<PushServiceOut>> {
        Success::list(push::list(app, can.scope_of(CompanyId(company))?).await?)
    }

    /// Sets the access token of the company's own app at Expo.
    ///
    /// Phones that register from now on belong to that app.
    #[oai(
        path = "/api/settings/company/:companyId/integrations/push/expo",
        method = "put",
        operation_id = "putExpoPush"
    )]
    async fn put_expo(
        &self,
        can: Can<WriteIntegrations>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
        JsonBody(body): JsonBody<ExpoPushIn>,
    ) -> Reply<PushServiceOut> {
        let (scope, by) = (can.scope_of(CompanyId(company))?, can.caller().user);
        let wanted = Wanted::Expo { access_token: Secret::new(body.access_token) };
        Success::ok(push::put(app, scope, by, wanted).await?)
    }

    /// Removes the company's keys at Expo. Phones of its own app are told nothing there any more.
    #[oai(
        path = "/api/settings/company/:companyId/integrations/push/expo",
        method = "delete",
        operation_id = "deleteExpoPush"
    )]
    async fn delete_expo(
        &self,
        can: Can<WriteIntegrations>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        let scope = can.scope_of(CompanyId(company))?;
        push::remove(app, scope, can.caller().user, PushServiceKind::Expo).await?;
        Done::saying("The keys are removed.")
    }

    /// Sets the service account of the company's own app at Firebase.
    ///
    /// Phones that register from now on belong to that app.
    #[oai(
        path = "/api/settings/company/:companyId/integrations/push/fcm",
        method = "put",
        operation_id = "putFcmPush"
    )]
    async fn put_fcm(
        &self,
        can: Can<WriteIntegrations>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
        JsonBody(body): JsonBody<FcmPushIn>,
    ) -> Reply<PushServiceOut> {
        let (scope, by) = (can.scope_of(CompanyId(company))?, can.caller().user);
        let wanted = Wanted::Fcm { key_file: Secret::new(body.key_file) };
        Success::ok(push::put(app, scope, by, wanted).await?)
    }

    /// Removes the company's keys at Firebase. Phones of its own app are told nothing there any more.
    #[oai(
        path = "/api/settings/company/:companyId/integrations/push/fcm",
        method = "delete",
        operation_id = "deleteFcmPush"
    )]
    async fn delete_fcm(
        &self,
        can: Can<WriteIntegrations>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        let scope = can.scope_of(CompanyId(company))?;
        push::remove(app, scope, can.caller().user, PushServiceKind::Fcm).await?;
        Done::saying("The keys are removed.")
    }

    /// Sets the key of the company's own app at Apple.
    ///
    /// Phones that register from now on belong to that app.
    #[oai(
        path = "/api/settings/company/:companyId/integrations/push/apns",
        method = "put",
        operation_id = "putApnsPush"
    )]
    async fn put_apns(
        &self,
        can: Can<WriteIntegrations>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
        JsonBody(body): JsonBody<ApnsPushIn>,
    ) -> Reply<PushServiceOut> {
        let (scope, by) = (can.scope_of(CompanyId(company))?, can.caller().user);
        let ApnsPushIn { key, key_id, team_id, bundle_id } = body;
        let wanted = Wanted::Apns { key: key.map(Secret::new), key_id, team_id, bundle_id };
        Success::ok(push::put(app, scope, by, wanted).await?)
    }

    /// Removes the company's key at Apple. Phones of its own app are told nothing there any more.
    #[oai(
        path = "/api/settings/company/:companyId/integrations/push/apns",
        method = "delete",
        operation_id = "deleteApnsPush"
    )]
    async fn delete_apns(
        &self,
        can: Can<WriteIntegrations>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        let scope = can.scope_of(CompanyId(company))?;
        push::remove(app, scope, can.caller().user, PushServiceKind::Apns).await?;
        Done::saying("The keys are removed.")
    }
}
