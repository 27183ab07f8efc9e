//! A company's own account at Twilio.

use chrono::{DateTime, Utc};
use entity::id::CompanyId;
use entity::voice_key;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Done, Failure, Reply, Success};
use super::{JsonBody, Tag};
use crate::app::App;
use crate::authz::{Can, ReadIntegrations, WriteIntegrations};
use crate::companies::twilio::{self, Shown, Wanted, WantedKey};
use crate::secret::Secret;

pub struct TwilioAccounts;

/// The company's own account at Twilio. Its secrets are never shown.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct TwilioAccountOut {
    account_sid: String,
    /// With what tokens for agents' browsers are signed.
    api_key: Option<TwilioKeyOut>,
}

/// A key for agents' browsers, without its secret.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
struct TwilioKeyOut {
    sid: String,
    /// The TwiML app that browsers may call.
    application_sid: String,
    updated_at: DateTime<Utc>,
}

/// The company's own account at Twilio.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct TwilioAccountIn {
    /// `AC` and 32 hexadecimal digits.
    #[oai(validator(max_length = 64))]
    account_sid: String,
    /// Left out, it stays as it is.
    #[oai(validator(min_length = 1, max_length = 200))]
    auth_token: Option<String>,
    /// With what tokens for agents' browsers are signed. Left out, there are none.
    api_key: Option<TwilioKeyIn>,
}

/// A key for agents' browsers.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct TwilioKeyIn {
    /// `SK` and 32 hexadecimal digits.
    #[oai(validator(max_length = 64))]
    sid: String,
    /// Left out, it stays as it is.
    #[oai(validator(min_length = 1, max_length = 200))]
    secret: Option<String>,
    /// The TwiML app that browsers may call: `AP` and 32 hexadecimal digits.
    #[oai(validator(max_length = 64))]
    application_sid: String,
}

impl From<voice_key::Model> for TwilioKeyOut {
    fn from(key: voice_key::Model) -> Self {
        Self { sid: key.key_sid, application_sid: key.application_sid, updated_at: key.updated_at }
    }
}

impl From<Shown> for TwilioAccountOut {
    fn from(shown: Shown) -> Self {
        Self { account_sid: shown.account_sid, api_key: shown.key.map(Into::into) }
    }
}

impl From<TwilioAccountIn> for Wanted {
    fn from(body: TwilioAccountIn) -> Self {
        let key = |key: TwilioKeyIn| WantedKey {
            sid: key.sid,
            secret: key.secret.map(Secret::new),
            application_sid: key.application_sid,
        };
        Self {
            account_sid: body.account_sid,
            auth_token: body.auth_token.map(Secret::new),
            key: body.api_key.map(key),
        }
    }
}

#[OpenApi(tag = "Tag::Integrations")]
impl TwilioAccounts {
    /// Shows the company's own account at Twilio, without its secrets.
    #[oai(
        path = "/api/settings/company/:companyId/integrations/twilio",
        method = "get",
        operation_id = "getTwilioAccount"
    )]
    async fn get(
        &self,
        can: Can<ReadIntegrations>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
    ) -> Reply<TwilioAccountOut> {
        Success::ok(twilio::get(app, can.scope_of(CompanyId(company))?).await?)
    }

    /// Sets the company's own account at Twilio, with which its calls are made from now on.
    ///
    /// Twilio is asked first: 422 names what it refuses, 503 `PROVIDER_UNAVAILABLE` says that it cannot be asked. 409
    /// `NUMBERS_OF_OTHER_ACCOUNT` while the company has numbers of another account, `CALLS_UNDER_WAY` while it has calls.
    #[oai(
        path = "/api/settings/company/:companyId/integrations/twilio",
        method = "put",
        operation_id = "putTwilioAccount"
    )]
    async fn put(
        &self,
        can: Can<WriteIntegrations>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
        JsonBody(body): JsonBody<TwilioAccountIn>,
    ) -> Reply<TwilioAccountOut> {
        let (scope, by) = (can.scope_of(CompanyId(company))?, can.caller().user);
        Success::ok(twilio::put(app, scope, by, body.into()).await?)
    }

    /// Removes it: the company has the platform's account again, if there is one.
    ///
    /// 409 `NUMBERS_OF_OTHER_ACCOUNT` while the company has numbers of it.
    #[oai(
        path = "/api/settings/company/:companyId/integrations/twilio",
        method = "delete",
        operation_id = "deleteTwilioAccount"
    )]
    async fn delete(
        &self,
        can: Can<WriteIntegrations>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        twilio::remove(app, can.scope_of(CompanyId(company))?, can.caller().user).await?;
        Done::saying("The account is removed.")
    }
}
