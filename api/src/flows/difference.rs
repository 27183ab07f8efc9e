//! What is different between two versions of a flow.

use entity::CompanyScope;
use entity::id::FlowId;
use ivr_engine::FlowDiff;

use super::trial::{Which, aside, document};
use crate::app::App;
use crate::error::{Error, Result, Subject};
use crate::store::flows;

/// What `to` has otherwise than `from`. What is absent is the published version on the one side and the draft on the other.
///
/// # Errors
/// `FLOW_VERSION_NOT_FOUND`, also where nothing is published yet and `from` is absent.
pub async fn difference(
    app: &App,
    scope: CompanyScope,
    id: FlowId,
    from: Option<Which>,
    to: Option<Which>,
) -> Result<FlowDiff> {
    let db = app.db.reader();
    let flow = flows::by_id(scope, db, id).await?.ok_or(Error::NotFound(Subject::Flow))?;
    let old = match (from, flow.published_version_id) {
        (Some(which), _) => document(scope, db, &flow, which).await?,
        (None, Some(version)) => {
            let version = flows::version_by_id(scope, db, version).await?;
            version.ok_or(Error::NotFound(Subject::FlowVersion))?.document
        }
        (None, None) => return Err(Error::NotFound(Subject::FlowVersion)),
    };
    let new = document(scope, db, &flow, to.unwrap_or(Which::Draft)).await?;
    aside(move || ivr_engine::diff(&old, &new)).await
}
