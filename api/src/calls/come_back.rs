//! A caller comes back to his flow, from an agent or from the place where he waited for one: the flow goes on at once, and
//! his line is brought to what it says.

use entity::CallStatus;
use ivr_engine::{DialOutcome, Input};
use serde_json::json;

use super::carry::{self, Target};
use super::story::EventKind;
use super::{CallFile, arrive, control, flow, leave, recording};
use crate::error::Result;
use crate::store::Unit;

/// The agent has hung up, and his wrap-up has begun.
pub async fn from_agent(unit: &mut Unit, file: &mut CallFile, input: Input) -> Result<()> {
    // The agent is told that he wraps up; from here on the call is none of his.
    control::tell(unit, file).await?;
    file.row.agent_id = None;
    recording::conversation_over(unit, file).await?;
    if input == Input::Dialed(DialOutcome::Answered) {
        file.note(unit, EventKind::TransferEnded, json!({"outcome": DialOutcome::Answered}));
    }
    to_flow(unit, file, input).await
}

/// The flow goes on with this.
pub async fn to_flow(unit: &mut Unit, file: &mut CallFile, input: Input) -> Result<()> {
    file.row.status = CallStatus::InIvr;
    let reply = flow::advance(unit, file, input).await?;
    arrive::remember(unit, file, &reply);
    leave::out_of_the_room(unit, file).await?;
    carry::move_caller(unit, file, Target::Flow { version: file.row.session_version });
    Ok(())
}
