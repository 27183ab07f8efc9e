//! What a caller thinks of his call: a score by key, and a few spoken words.

use entity::id::{RecordingId, SurveyAnswerId};
use entity::survey_answer;
use serde_json::json;

use super::CallFile;
use super::story::EventKind;
use crate::error::Result;
use crate::store::{Audience, Unit, queueing, surveys};

/// The caller has given this score, 1 to 5. It counts for the agent with whom he has talked last, if with any.
pub async fn answered(unit: &mut Unit, file: &mut CallFile, survey: String, score: u8) -> Result<()> {
    let segments = queueing::segments_of_call(unit.scope(), unit.tx(), file.id()).await?;
    let last =
        segments.into_iter().filter(|one| one.connected_at.is_some()).max_by_key(|one| one.connected_at);
    let row = survey_answer::Model {
        id: unit.id::<SurveyAnswerId>(),
        company_id: unit.company(),
        call_id: file.id(),
        survey,
        score: i32::from(score),
        agent_id: last.as_ref().map(|segment| segment.agent_id),
        queue_id: last.as_ref().map(|segment| segment.queue_id),
        recording_id: None,
        answered_at: unit.now(),
    };
    let told = json!({"callId": row.call_id, "survey": row.survey, "score": row.score, "agentId": row.agent_id,
        "queueId": row.queue_id});
    file.note(
        unit,
        EventKind::SurveyAnswered,
        json!({"survey": row.survey, "score": row.score, "agentId": row.agent_id}),
    );
    unit.tell(&[Audience::Supervisors], "survey:answered", told);
    surveys::insert(unit.scope(), unit.tx(), row).await
}

/// He has said something about it, which belongs to the last score of this survey.
pub async fn commented(
    unit: &mut Unit,
    file: &mut CallFile,
    survey: &str,
    recording: RecordingId,
    seconds: Option<i32>,
) -> Result<()> {
    let answers = surveys::of_call(unit.scope(), unit.tx(), file.id()).await?;
    let answer = answers.into_iter().rfind(|answer| answer.survey == survey && answer.recording_id.is_none());
    if let Some(mut answer) = answer {
        answer.recording_id = Some(recording);
        surveys::save(unit.scope(), unit.tx(), answer).await?;
    }
    file.note(
        unit,
        EventKind::SurveyCommented,
        json!({"survey": survey, "recordingId": recording, "seconds": seconds}),
    );
    Ok(())
}
