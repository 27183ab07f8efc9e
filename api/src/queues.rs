//! Queues: reading them.

use entity::CompanyScope;
use entity::id::QueueId;

use crate::app::App;
use crate::error::{Error, Result, Subject};
use crate::store::queues::{self, QueueWithAgents};

pub async fn all(app: &App, scope: CompanyScope) -> Result<Vec<QueueWithAgents>> {
    Ok(queues::all(scope, app.db.reader()).await?)
}

pub async fn get(app: &App, scope: CompanyScope, id: QueueId) -> Result<QueueWithAgents> {
    queues::by_id(scope, app.db.reader(), id).await?.ok_or(Error::NotFound(Subject::Queue))
}
