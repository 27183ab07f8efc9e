//! What a call has led to beside the conversation: what the caller thinks of it, and the text messages that were sent.

use chrono::{DateTime, Utc};
use entity::id::CallId;
use entity::{TextDirection, TextState, survey_answer, text_message};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Reply, Success};
use super::{Tag, Word};
use crate::app::App;
use crate::authz::{Can, ReadCalls};
use crate::calls::desk;

pub struct CallResults;

/// What a caller thinks of his call.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct SurveyAnswerOut {
    pub id: Uuid,
    /// The survey's name in its flow.
    pub survey: String,
    /// 1 to 5, the best.
    pub score: i32,
    /// With whom he had talked last.
    pub agent_id: Option<Uuid>,
    pub queue_id: Option<Uuid>,
    /// What he said about it.
    pub recording_id: Option<Uuid>,
    pub answered_at: DateTime<Utc>,
}

impl From<survey_answer::Model> for SurveyAnswerOut {
    fn from(row: survey_answer::Model) -> Self {
        Self {
            id: row.id.0,
            survey: row.survey,
            score: row.score,
            agent_id: row.agent_id.map(|id| id.0),
            queue_id: row.queue_id.map(|id| id.0),
            recording_id: row.recording_id.map(|id| id.0),
            answered_at: row.answered_at,
        }
    }
}

/// A text message that a flow sent, or that somebody has sent to a number of the company.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct TextMessageOut {
    pub id: Uuid,
    pub direction: Word<TextDirection>,
    /// The call whose flow sent it.
    pub call_id: Option<Uuid>,
    pub from: String,
    pub to: String,
    pub text: String,
    /// How many pictures, sounds and files came with it.
    pub media: i32,
    /// How far it has come. What stays `asked` nobody knows: the provider never said whether it has sent it.
    pub state: Word<TextState>,
    /// The provider's, of one that failed.
    pub error_code: Option<i32>,
    pub created_at: DateTime<Utc>,
    /// When it was delivered, failed, or received.
    pub settled_at: Option<DateTime<Utc>>,
}

impl From<text_message::Model> for TextMessageOut {
    fn from(row: text_message::Model) -> Self {
        Self {
            id: row.id.0,
            direction: Word(row.direction),
            call_id: row.call_id.map(|id| id.0),
            from: row.from_number,
            to: row.to_number,
            text: row.body,
            media: row.media,
            state: Word(row.state),
            error_code: row.error_code,
            created_at: row.created_at,
            settled_at: row.settled_at,
        }
    }
}

#[OpenApi(tag = "Tag::Calls")]
impl CallResults {
    /// Lists what the caller answered to surveys, oldest first.
    #[oai(path = "/api/calls/:id/surveys", method = "get", operation_id = "listCallSurveys")]
    async fn surveys(
        &self,
        can: Can<ReadCalls>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Reply<Vec<SurveyAnswerOut>> {
        Success::list(desk::surveys(app, can.scope()?, can.whose(), CallId(id)).await?)
    }

    /// Lists the text messages that the call's flow sent, oldest first.
    #[oai(path = "/api/calls/:id/messages", method = "get", operation_id = "listCallMessages")]
    async fn messages(
        &self,
        can: Can<ReadCalls>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Reply<Vec<TextMessageOut>> {
        Success::list(desk::messages(app, can.scope()?, can.whose(), CallId(id)).await?)
    }
}
