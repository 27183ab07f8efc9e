//! What a caller keys in and nobody may hear again: while it is asked for, no recording of the call is audible.
//!
//! Who asks says [`begin`] each time before he asks, and asks only when that finds silence; until then the line waits a
//! moment and comes back. [`end`] lets the recording go on, however the caller has answered.

use entity::PauseHolder;
use ivr_engine::NodeType;

use super::super::{CallFile, flow};
use super::{is_silent, pause, resume};
use crate::error::Result;
use crate::store::Unit;

/// Whether what the caller keys in now would be in a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// It may be asked for.
    No,
    /// The provider has not been told yet that the recording is to be silent.
    Still,
}

/// Wants every recording of the call to be silent until [`end`], also one that somebody else pauses and resumes.
pub async fn begin(unit: &mut Unit, file: &CallFile) -> Result<Recorded> {
    pause(unit, file, PauseHolder::SecureDigits).await?;
    let silent = is_silent(unit.scope(), unit.tx(), file.id()).await?;
    Ok(if silent { Recorded::No } else { Recorded::Still })
}

/// The secret has been given, or is not asked for any more.
pub async fn end(unit: &mut Unit, file: &CallFile) -> Result<()> {
    resume(unit, file, PauseHolder::SecureDigits).await.map(drop)
}

/// Whether the call's flow waits for a secret: a recording that somebody begins meanwhile is not to be heard.
pub(super) async fn is_asked_for(unit: &Unit, file: &CallFile) -> Result<bool> {
    let Some(session) = flow::session(file)? else { return Ok(false) };
    let Some(node) = session.node() else { return Ok(false) };
    let flow = flow::compiled(unit, file).await?;
    Ok(flow.nodes().any(|(id, kind)| id == node && kind == NodeType::SecureDigits))
}
