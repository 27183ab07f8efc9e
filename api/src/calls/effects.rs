//! What a flow wants done beside the call, and that nobody waits for. It is part of the step's unit: it is done once, or
//! not at all.

use ivr_engine::Effect;

use super::{CallFile, messages, surveys};
use crate::error::Result;
use crate::store::Unit;

pub async fn perform(unit: &mut Unit, file: &mut CallFile, effects: Vec<Effect>) -> Result<()> {
    for effect in effects {
        match effect {
            Effect::Sms { to, text } => messages::plan(unit, file, to, text).await?,
            Effect::SurveyAnswered { survey, score } => surveys::answered(unit, file, survey, score).await?,
            // No flow with such a node can be published.
            Effect::SaveContact { .. } | Effect::Recording { .. } => {}
        }
    }
    Ok(())
}
