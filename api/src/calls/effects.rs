//! What a flow wants done beside the call, and that nobody waits for. It is part of the step's unit: it is done once, or
//! not at all.

use entity::PauseHolder;
use ivr_engine::{Effect, Prompt, RecordingAction};
use serde_json::json;

use super::recording::{self, Notice, Started};
use super::story::EventKind;
use super::{CallFile, messages, surveys};
use crate::contacts::flow as contacts;
use crate::error::Result;
use crate::store::Unit;

/// Does what a step asks for, in its order; what the caller must be told of it comes back, to be said before all else.
pub async fn perform(unit: &mut Unit, file: &mut CallFile, effects: Vec<Effect>) -> Result<Vec<Prompt>> {
    let mut notices = Vec::new();
    for effect in effects {
        match effect {
            Effect::Recording { action } => notices.extend(record(unit, file, action).await?.map(said)),
            Effect::SaveContact { number, fields, tags } => {
                let saved = contacts::save(unit, &number, fields, tags).await?;
                file.note(unit, EventKind::ContactSaved, json!({"contactId": saved.contact}));
                for wrong in saved.wrong {
                    let told = json!({"code": "badContact", "field": wrong.field, "message": wrong.message});
                    file.note(unit, EventKind::FlowProblem, told);
                }
            }
            Effect::Sms { to, text } => messages::plan(unit, file, to, text).await?,
            Effect::SurveyAnswered { survey, score } => surveys::answered(unit, file, survey, score).await?,
        }
    }
    Ok(notices)
}

/// What the policy forbids is left undone and told in the story: the call goes on.
async fn record(unit: &mut Unit, file: &mut CallFile, action: RecordingAction) -> Result<Option<Notice>> {
    match action {
        RecordingAction::Start => match recording::ask(unit, file).await? {
            Started::Now { say, .. } => return Ok(say),
            Started::Already(_) => {}
            Started::Refused(why) => file.note(unit, EventKind::RecordingForbidden, json!({"why": why})),
        },
        RecordingAction::Stop => recording::refuse(unit, file).await?,
        RecordingAction::Pause => drop(recording::pause(unit, file, PauseHolder::Flow).await?),
        RecordingAction::Resume => drop(recording::resume(unit, file, PauseHolder::Flow).await?),
    }
    Ok(None)
}

/// A notice as a caller hears it.
pub fn said(notice: Notice) -> Prompt {
    Prompt::Say { text: notice.text, language: notice.language, voice: None }
}
