//! The flows that a queue has for its waiting callers, its held ones, and its agents before they are joined.

use entity::id::{FlowId, QueueId};
use entity::{CompanyScope, queue_flows};
use ivr_engine::FlowKind;

use crate::app::App;
use crate::error::{Error, Result, Subject};
use crate::flows::kind;
use crate::store::{Tx, flows, queues, side_sessions};

/// `None` where callers and agents hear what they hear without a flow.
pub async fn get(app: &App, scope: CompanyScope, id: QueueId) -> Result<queue_flows::Model> {
    let db = app.db.reader();
    queues::by_id(scope, db, id).await?.ok_or(Error::NotFound(Subject::Queue))?;
    Ok(side_sessions::of_queue(scope, db, id).await?.unwrap_or_else(|| none(scope, id)))
}

fn none(scope: CompanyScope, queue_id: QueueId) -> queue_flows::Model {
    queue_flows::Model {
        queue_id,
        company_id: scope.company(),
        wait_flow_id: None,
        hold_flow_id: None,
        whisper_flow_id: None,
    }
}

/// Puts these in the place of those that the queue has. A flow that is not published takes effect when it is.
///
/// # Errors
/// `FLOW_NOT_FOUND`, and 422 for a flow of another kind.
pub async fn set(
    app: &App,
    scope: CompanyScope,
    id: QueueId,
    wait: Option<FlowId>,
    hold: Option<FlowId>,
    whisper: Option<FlowId>,
) -> Result<queue_flows::Model> {
    let tx = app.db.begin().await?;
    queues::by_id(scope, &tx, id).await?.ok_or(Error::NotFound(Subject::Queue))?;
    is_of_kind(scope, &tx, wait, FlowKind::Wait).await?;
    is_of_kind(scope, &tx, hold, FlowKind::Hold).await?;
    is_of_kind(scope, &tx, whisper, FlowKind::Whisper).await?;
    let row = queue_flows::Model {
        wait_flow_id: wait,
        hold_flow_id: hold,
        whisper_flow_id: whisper,
        ..none(scope, id)
    };
    side_sessions::replace(scope, &tx, row.clone()).await?;
    tx.commit().await?;
    Ok(row)
}

/// What is published counts; what never was is what its draft says.
async fn is_of_kind(scope: CompanyScope, tx: &Tx, id: Option<FlowId>, wanted: FlowKind) -> Result<()> {
    let Some(id) = id else { return Ok(()) };
    let flow = flows::lock(scope, tx, id).await?.ok_or(Error::NotFound(Subject::Flow))?;
    let document = match flow.published_version_id {
        Some(version) => flows::version_by_id(scope, tx, version).await?.map(|version| version.document),
        None => None,
    };
    if kind(&document.unwrap_or(flow.draft)) == wanted {
        return Ok(());
    }
    let wanted = wanted.as_str();
    Err(Error::invalid(format!("/{wanted}FlowId"), format!("must be a flow of the kind `{wanted}`")))
}
