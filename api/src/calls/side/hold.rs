//! What a held caller hears by the flow of his queue. It asks nobody anything, so that each round is the flow from its
//! start to its end.

use ivr_engine::{FlowKind, Input};

use super::{Tells, document};
use crate::app::App;
use crate::calls::{CallFile, Reply};
use crate::error::Result;
use crate::store::{Unit, queueing, workforce};
use entity::CompanyScope;
use entity::id::CallId;

/// `None` when his queue has no such flow, or it is broken.
pub async fn music(app: &App, scope: CompanyScope, call: CallId, hop: u32) -> Result<Option<Reply>> {
    let mut unit = Unit::begin(app, scope).await?;
    let mut file = CallFile::open(&unit, call).await?;
    let Some(queue) = file.row.queue_id else { return Ok(None) };
    let Some(version) = super::of_queue(&unit, queue, FlowKind::Hold).await? else { return Ok(None) };
    let agent = match queueing::live_segment(scope, unit.tx(), call).await? {
        Some(segment) => Some(workforce::agent(scope, unit.tx(), segment.agent_id).await?),
        None => None,
    };
    let session = super::begin(&unit, &file, queue, agent.as_ref(), call.0).await?;
    let tells = if hop == 0 { Tells::Yes } else { Tells::No };
    let heard = super::step(&mut unit, &mut file, version, session, Input::Start, tells).await?;
    file.save(&mut unit).await?;
    unit.commit().await?;
    let again = app.urls(scope.company()).hold(call, hop + 1);
    Ok((!heard.is_broken()).then(|| Reply::Current(document::hold(&heard.said, again))))
}
