//! The mail server of the company's own.

use chrono::{DateTime, Utc};
use entity::id::CompanyId;
use entity::{SmtpSecurity, smtp_server};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Done, Failure, Reply, Success};
use super::{JsonBody, Tag, Word};
use crate::app::App;
use crate::authz::{Can, ReadIntegrations, WriteIntegrations};
use crate::integrations::smtp::{self, Wanted};
use crate::secret::Secret;

pub struct SmtpServers;

/// The mail server by which the company's mail leaves.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct SmtpServerOut {
    host: String,
    port: i32,
    security: Word<SmtpSecurity>,
    user: Option<String>,
    /// The password itself is shown to nobody.
    password_set: bool,
    from_address: String,
    from_name: Option<String>,
    /// Since when it has taken no mail; absent while all is well. What the company writes waits for it meanwhile.
    failing_since: Option<DateTime<Utc>>,
    /// What it has said last, or why it said nothing.
    last_error: Option<String>,
    last_error_at: Option<DateTime<Utc>>,
    updated_at: DateTime<Utc>,
}

/// By which mail server the company's mail is to leave.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct SmtpServerIn {
    /// A name or an address on the public internet.
    #[oai(validator(min_length = 1, max_length = 253))]
    host: String,
    /// Usually 587 with `starttls`, 465 with `tls`.
    #[oai(validator(minimum(value = "1"), maximum(value = "65535")))]
    port: u16,
    /// `starttls` or `tls`; `none` only for a server on the same machine, in development.
    security: Word<SmtpSecurity>,
    /// Left out, nobody signs in.
    #[oai(validator(min_length = 1, max_length = 320))]
    user: Option<String>,
    /// Left out, it stays as it is while host, port and user do.
    #[oai(validator(min_length = 1, max_length = 500))]
    password: Option<String>,
    /// Whom the company's mail comes from.
    #[oai(validator(min_length = 3, max_length = 254))]
    from_address: String,
    #[oai(validator(min_length = 1, max_length = 100))]
    from_name: Option<String>,
}

impl From<smtp_server::Model> for SmtpServerOut {
    fn from(row: smtp_server::Model) -> Self {
        Self {
            host: row.host,
            port: row.port,
            security: Word(row.security),
            user: row.user_name,
            password_set: row.password_sealed.is_some(),
            from_address: row.from_address,
            from_name: row.from_name,
            failing_since: row.failing_since,
            last_error: row.last_error,
            last_error_at: row.last_error_at,
            updated_at: row.updated_at,
        }
    }
}

impl From<SmtpServerIn> for Wanted {
    fn from(body: SmtpServerIn) -> Self {
        Self {
            host: body.host,
            port: body.port,
            security: body.security.0,
            user: body.user,
            password: body.password.map(Secret::new),
            from_address: body.from_address,
            from_name: body.from_name,
        }
    }
}

#[OpenApi(tag = "Tag::Integrations")]
impl SmtpServers {
    /// Shows the company's own mail server, and how it does.
    #[oai(
        path = "/api/settings/company/:companyId/integrations/smtp",
        method = "get",
        operation_id = "getSmtpServer"
    )]
    async fn get(
        &self,
        can: Can<ReadIntegrations>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
    ) -> Reply<SmtpServerOut> {
        Success::ok(smtp::get(app, can.scope_of(CompanyId(company))?).await?)
    }

    /// Sets by which mail server the company's invitations, notices and reports leave.
    ///
    /// It is tried before it is saved: connected to, signed in to, and asked to do nothing. What it refuses is said with the
    /// field. While it does not work, mail waits for it and leaves by no other.
    #[oai(
        path = "/api/settings/company/:companyId/integrations/smtp",
        method = "put",
        operation_id = "putSmtpServer"
    )]
    async fn put(
        &self,
        can: Can<WriteIntegrations>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
        JsonBody(body): JsonBody<SmtpServerIn>,
    ) -> Reply<SmtpServerOut> {
        let (scope, by) = (can.scope_of(CompanyId(company))?, can.caller().user);
        Success::ok(smtp::put(app, scope, by, body.into()).await?)
    }

    /// Removes it: the company's mail leaves by the platform's server again, also what waits.
    #[oai(
        path = "/api/settings/company/:companyId/integrations/smtp",
        method = "delete",
        operation_id = "deleteSmtpServer"
    )]
    async fn delete(
        &self,
        can: Can<WriteIntegrations>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        smtp::remove(app, can.scope_of(CompanyId(company))?, can.caller().user).await?;
        Done::saying("The mail server is removed.")
    }
}
