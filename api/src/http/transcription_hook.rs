//! The server that writes down a company's voicemails.

use chrono::{DateTime, Utc};
use entity::id::CompanyId;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Done, Failure, Reply, Success};
use super::{JsonBody, Tag};
use crate::app::App;
use crate::authz::{Can, ReadIntegrations, WriteIntegrations};
use crate::calls::transcription::hook::{self, Shown, Wanted};
use crate::secret::Secret;

pub struct TranscriptionHooks;

/// The server that writes down the company's voicemails.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct TranscriptionHookOut {
    url: String,
    /// Only in the answer to the request for which it was made. It is shown nowhere else: keep it.
    secret: Option<String>,
    updated_at: DateTime<Utc>,
}

/// Where voicemails are written down.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct TranscriptionHookIn {
    /// An https address on the public internet.
    #[oai(validator(min_length = 1, max_length = 2048))]
    url: String,
    /// With which requests are signed: `whsec_` and 24 to 64 bytes in base64. Left out, it stays as it is; the first time one
    /// is made.
    #[oai(validator(max_length = 200))]
    secret: Option<String>,
}

impl From<Shown> for TranscriptionHookOut {
    fn from(Shown { hook, new_secret }: Shown) -> Self {
        Self {
            url: hook.url,
            secret: new_secret.map(|secret| secret.expose().to_owned()),
            updated_at: hook.updated_at,
        }
    }
}

impl From<TranscriptionHookIn> for Wanted {
    fn from(body: TranscriptionHookIn) -> Self {
        Self { url: body.url, secret: body.secret.map(Secret::new) }
    }
}

#[OpenApi(tag = "Tag::Integrations")]
impl TranscriptionHooks {
    /// Shows where the company's voicemails are written down.
    #[oai(
        path = "/api/settings/company/:companyId/integrations/transcription",
        method = "get",
        operation_id = "getTranscriptionHook"
    )]
    async fn get(
        &self,
        can: Can<ReadIntegrations>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
    ) -> Reply<TranscriptionHookOut> {
        Success::ok(hook::get(app, can.scope_of(CompanyId(company))?).await?)
    }

    /// Sets where the company's voicemails are written down.
    ///
    /// Each voicemail whose flow wants it (`transcribe`) is sent there as a signed request (Standard Webhooks).
    #[oai(
        path = "/api/settings/company/:companyId/integrations/transcription",
        method = "put",
        operation_id = "putTranscriptionHook"
    )]
    async fn put(
        &self,
        can: Can<WriteIntegrations>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
        JsonBody(body): JsonBody<TranscriptionHookIn>,
    ) -> Reply<TranscriptionHookOut> {
        let (scope, by) = (can.scope_of(CompanyId(company))?, can.caller().user);
        Success::ok(hook::put(app, scope, by, body.into()).await?)
    }

    /// Removes it: voicemails are kept without their text from now on.
    #[oai(
        path = "/api/settings/company/:companyId/integrations/transcription",
        method = "delete",
        operation_id = "deleteTranscriptionHook"
    )]
    async fn delete(
        &self,
        can: Can<WriteIntegrations>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        hook::remove(app, can.scope_of(CompanyId(company))?, can.caller().user).await?;
        Done::saying("The transcription hook is removed.")
    }
}
