//! Agents: reading them, with what they do at the moment.

use entity::CompanyScope;
use entity::id::AgentId;

use crate::app::App;
use crate::error::{Error, Result, Subject};
use crate::store::agents::{self, AgentWithWork};

pub async fn all(app: &App, scope: CompanyScope) -> Result<Vec<AgentWithWork>> {
    Ok(agents::all(scope, app.db.reader()).await?)
}

pub async fn get(app: &App, scope: CompanyScope, id: AgentId) -> Result<AgentWithWork> {
    agents::by_id(scope, app.db.reader(), id).await?.ok_or(Error::NotFound(Subject::Agent))
}
