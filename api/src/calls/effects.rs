//! What a flow wants done beside the call, and that nobody waits for. It is part of the step's unit: it is done once, or
//! not at all.

use ivr_engine::Effect;
use serde_json::json;

use super::CallFile;
use super::story::EventKind;
use crate::contacts::flow as contacts;
use crate::error::Result;
use crate::store::Unit;

pub async fn perform(unit: &mut Unit, file: &mut CallFile, effects: Vec<Effect>) -> Result<()> {
    for effect in effects {
        match effect {
            Effect::SaveContact { number, fields, tags } => {
                let saved = contacts::save(unit, &number, fields, tags).await?;
                file.note(unit, EventKind::ContactSaved, json!({"contactId": saved.contact}));
                for wrong in saved.wrong {
                    let told = json!({"code": "badContact", "field": wrong.field, "message": wrong.message});
                    file.note(unit, EventKind::FlowProblem, told);
                }
            }
            // No flow with such a node can be published.
            Effect::Recording { .. } | Effect::Sms { .. } | Effect::SurveyAnswered { .. } => {}
        }
    }
    Ok(())
}
