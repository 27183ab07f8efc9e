//! Slack and Teams of a company, and how an agent shows Slack who he is.

use chrono::{DateTime, Utc};
use entity::id::CompanyId;
use entity::{ChatApp, CompanyScope, Notice, chat_integration};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Done, Failure, Reply, Success};
use super::{JsonBody, Tag, Word};
use crate::app::App;
use crate::authz::{Can, ReadIntegrations, SetAvailability, WriteIntegrations};
use crate::calls::desk;
use crate::chat_apps::commands::{self, Code};
use crate::chat_apps::{self, QuietHours, Wanted};
use crate::error::Result as Checked;
use crate::secret::Secret;

pub struct ChatIntegrations;

/// Where people of the company talk with each other.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct ChatIntegrationOut {
    /// The host to which notices are sent; the address itself is a secret, and shown to nobody.
    host: Option<String>,
    /// Whether commands of Slack's can be known for genuine.
    signing_secret_set: bool,
    notices: Vec<Word<Notice>>,
    quiet_hours: Option<QuietHoursOut>,
    /// Why the last message was not taken: `status 404`, `noAnswer` and the like.
    last_error: Option<String>,
    last_error_at: Option<DateTime<Utc>>,
    last_attempt_at: Option<DateTime<Utc>>,
    updated_at: DateTime<Utc>,
}

/// Hours in which notices wait, by the company's clock.
#[derive(Object, Debug)]
struct QuietHoursOut {
    from: String,
    until: String,
}

/// Hours in which notices wait, by the company's clock.
#[derive(Object, Debug)]
#[oai(deny_unknown_fields)]
struct QuietHoursIn {
    /// As `22:00`.
    #[oai(validator(max_length = 5))]
    from: String,
    /// As `07:00`; over midnight when it is earlier.
    #[oai(validator(max_length = 5))]
    until: String,
}

/// What is to be told to Slack.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct SlackIn {
    /// Of an incoming webhook. Left out, it stays; empty, it goes.
    #[oai(validator(max_length = 2048))]
    url: Option<String>,
    /// Of the company's own Slack app, for `/calldocker`. Left out, it stays; empty, it goes.
    #[oai(validator(max_length = 200))]
    signing_secret: Option<String>,
    /// Which notices are sent; none unless said.
    #[oai(validator(max_items = 20))]
    notices: Option<Vec<Word<Notice>>>,
    /// Left out, there are none.
    quiet_hours: Option<QuietHoursIn>,
}

/// What is to be told to Teams.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct TeamsIn {
    /// Of a workflow that posts to a channel when it is called. Left out, it stays; empty, it goes.
    #[oai(validator(max_length = 2048))]
    url: Option<String>,
    /// Which notices are sent; none unless said.
    #[oai(validator(max_items = 20))]
    notices: Option<Vec<Word<Notice>>>,
    /// Left out, there are none.
    quiet_hours: Option<QuietHoursIn>,
}

/// What an agent says in Slack as `/calldocker link CODE`.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
struct SlackCodeOut {
    code: String,
    /// It is good once, until then.
    expires_at: DateTime<Utc>,
}

impl From<Code> for SlackCodeOut {
    fn from(code: Code) -> Self {
        Self { code: code.code, expires_at: code.until }
    }
}

fn shown(app: &App, scope: CompanyScope, row: chat_integration::Model) -> ChatIntegrationOut {
    ChatIntegrationOut {
        host: chat_apps::host(app, scope, &row),
        signing_secret_set: row.signing_secret_sealed.is_some(),
        notices: chat_apps::notices_of(&row).into_iter().map(Word).collect(),
        quiet_hours: row.quiet_from.zip(row.quiet_until).map(|(from, until)| QuietHoursOut { from, until }),
        last_error: row.last_error,
        last_error_at: row.last_error_at,
        last_attempt_at: row.last_attempt_at,
        updated_at: row.updated_at,
    }
}

fn wanted(
    url: Option<String>,
    signing_secret: Option<String>,
    notices: Option<Vec<Word<Notice>>>,
    quiet: Option<QuietHoursIn>,
) -> Checked<Wanted> {
    let mut notices: Vec<_> = notices.unwrap_or_default().into_iter().map(|notice| notice.0).collect();
    notices.sort();
    notices.dedup();
    let quiet = quiet.map(|hours| QuietHours::read(&hours.from, &hours.until)).transpose()?;
    Ok(Wanted { url: url.map(Secret::new), signing_secret: signing_secret.map(Secret::new), notices, quiet })
}

#[OpenApi(tag = "Tag::Integrations")]
impl ChatIntegrations {
    /// Shows what Slack is told.
    #[oai(
        path = "/api/settings/company/:companyId/integrations/slack",
        method = "get",
        operation_id = "getSlackIntegration"
    )]
    async fn get_slack(
        &self,
        can: Can<ReadIntegrations>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
    ) -> Reply<ChatIntegrationOut> {
        let scope = can.scope_of(CompanyId(company))?;
        Success::ok(shown(app, scope, chat_apps::get(app, scope, ChatApp::Slack).await?))
    }

    /// Sets what Slack is told, and the secret with which it signs commands.
    #[oai(
        path = "/api/settings/company/:companyId/integrations/slack",
        method = "put",
        operation_id = "putSlackIntegration"
    )]
    async fn put_slack(
        &self,
        can: Can<WriteIntegrations>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
        JsonBody(body): JsonBody<SlackIn>,
    ) -> Reply<ChatIntegrationOut> {
        let (scope, by) = (can.scope_of(CompanyId(company))?, can.caller().user);
        let wanted = wanted(body.url, body.signing_secret, body.notices, body.quiet_hours)?;
        Success::ok(shown(app, scope, chat_apps::put(app, scope, by, ChatApp::Slack, wanted).await?))
    }

    /// Removes Slack: nothing is sent there and nothing heard from there.
    #[oai(
        path = "/api/settings/company/:companyId/integrations/slack",
        method = "delete",
        operation_id = "deleteSlackIntegration"
    )]
    async fn delete_slack(
        &self,
        can: Can<WriteIntegrations>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        let (scope, by) = (can.scope_of(CompanyId(company))?, can.caller().user);
        chat_apps::remove(app, scope, by, ChatApp::Slack).await?;
        Done::saying("Slack is removed.")
    }

    /// Shows what Teams is told.
    #[oai(
        path = "/api/settings/company/:companyId/integrations/teams",
        method = "get",
        operation_id = "getTeamsIntegration"
    )]
    async fn get_teams(
        &self,
        can: Can<ReadIntegrations>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
    ) -> Reply<ChatIntegrationOut> {
        let scope = can.scope_of(CompanyId(company))?;
        Success::ok(shown(app, scope, chat_apps::get(app, scope, ChatApp::Teams).await?))
    }

    /// Sets what Teams is told.
    #[oai(
        path = "/api/settings/company/:companyId/integrations/teams",
        method = "put",
        operation_id = "putTeamsIntegration"
    )]
    async fn put_teams(
        &self,
        can: Can<WriteIntegrations>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
        JsonBody(body): JsonBody<TeamsIn>,
    ) -> Reply<ChatIntegrationOut> {
        let (scope, by) = (can.scope_of(CompanyId(company))?, can.caller().user);
        let wanted = wanted(body.url, None, body.notices, body.quiet_hours)?;
        Success::ok(shown(app, scope, chat_apps::put(app, scope, by, ChatApp::Teams, wanted).await?))
    }

    /// Removes Teams: nothing is sent there any more.
    #[oai(
        path = "/api/settings/company/:companyId/integrations/teams",
        method = "delete",
        operation_id = "deleteTeamsIntegration"
    )]
    async fn delete_teams(
        &self,
        can: Can<WriteIntegrations>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        Path(company): Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        let (scope, by) = (can.scope_of(CompanyId(company))?, can.caller().user);
        chat_apps::remove(app, scope, by, ChatApp::Teams).await?;
        Done::saying("Teams is removed.")
    }

    /// Makes a code with which an agent shows Slack who he is, by `/calldocker link CODE`.
    ///
    /// It is good once, for ten minutes; any older one of his is good no more.
    #[oai(path = "/api/agents/me/slack-code", method = "post", operation_id = "createSlackCode")]
    async fn slack_code(&self, can: Can<SetAvailability>, Data(app): Data<&App>) -> Reply<SlackCodeOut> {
        let agent = desk::acting_agent(can.caller().agent())?;
        Success::ok(commands::make_code(app, can.scope()?, agent).await?)
    }
}
