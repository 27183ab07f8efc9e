//! Voicemails, and what people do about them.

use chrono::{DateTime, Utc};
use entity::id::{AgentId, RecordingId};
use entity::voicemail;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Reply, Success};
use super::recordings::{RecordingOut, reader};
use super::{JsonBody, Tag};
use crate::app::App;
use crate::authz::{Can, ControlRecordings, ReadRecordings};
use crate::calls::recording::desk;
use crate::calls::recording::voicemails::{self, Deed, Voicemail};
use crate::store::recordings::Voicemails as Shown;

pub struct Voicemails;

/// What was done about a voicemail.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct VoicemailWork {
    /// Who is to see to it.
    agent_id: Option<Uuid>,
    /// When somebody first said that he has heard it.
    heard_at: Option<DateTime<Utc>>,
    heard_by: Option<Uuid>,
    /// Since when nothing is left to do.
    done_at: Option<DateTime<Utc>>,
    done_by: Option<Uuid>,
}

impl From<voicemail::Model> for VoicemailWork {
    fn from(row: voicemail::Model) -> Self {
        Self {
            agent_id: row.agent_id.map(Into::into),
            heard_at: row.heard_at,
            heard_by: row.heard_by.map(Into::into),
            done_at: row.done_at,
            done_by: row.done_by.map(Into::into),
        }
    }
}

impl From<Voicemail> for RecordingOut {
    fn from((recording, work): Voicemail) -> Self {
        Self { work: work.map(Into::into), ..recording.into() }
    }
}

/// Which ones.
#[derive(Enum, Clone, Copy, Debug)]
#[oai(rename_all = "snake_case")]
enum VoicemailState {
    /// Something is left to do.
    Open,
    Done,
}

/// Who is to see to a voicemail.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct VoicemailAssigneeIn {
    /// Left out, nobody in particular.
    agent_id: Option<Uuid>,
}

#[OpenApi(prefix_path = "/api/voicemails", tag = "Tag::Recordings")]
impl Voicemails {
    /// Lists the voicemails of the company, newest first: the last hundred.
    ///
    /// An agent sees those of his calls and those that were given to him.
    #[oai(path = "/", method = "get", operation_id = "listVoicemails")]
    async fn list(
        &self,
        can: Can<ReadRecordings>,
        Data(app): Data<&App>,
        /// Only those of which something is left to do, or nothing.
        Query(state): Query<Option<VoicemailState>>,
    ) -> Reply<Vec<RecordingOut>> {
        let shown = match state {
            Some(VoicemailState::Open) => Shown::Open,
            Some(VoicemailState::Done) => Shown::Done,
            None => Shown::All,
        };
        Success::list(desk::voicemails(app, can.scope()?, reader(&can), shown).await?)
    }

    /// Says that a voicemail has been heard; the first one counts. Its sound is at `/api/recordings/{id}/content`.
    #[oai(path = "/:id/listen", method = "post", operation_id = "hearVoicemail")]
    async fn listen(
        &self,
        can: Can<ControlRecordings>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Reply<RecordingOut> {
        Success::ok(voicemails::act(app, can.scope()?, reader(&can), RecordingId(id), Deed::Hear).await?)
    }

    /// Gives a voicemail to an agent, who hears it from then on. An agent may take one upon himself, or give it back.
    #[oai(path = "/:id/assign", method = "post", operation_id = "assignVoicemail")]
    async fn assign(
        &self,
        can: Can<ControlRecordings>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<VoicemailAssigneeIn>,
    ) -> Reply<RecordingOut> {
        let deed = Deed::Assign(body.agent_id.map(AgentId));
        Success::ok(voicemails::act(app, can.scope()?, reader(&can), RecordingId(id), deed).await?)
    }

    /// Says that nothing is left to do about a voicemail.
    #[oai(path = "/:id/done", method = "post", operation_id = "finishVoicemail")]
    async fn done(
        &self,
        can: Can<ControlRecordings>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Reply<RecordingOut> {
        Success::ok(voicemails::act(app, can.scope()?, reader(&can), RecordingId(id), Deed::Settle).await?)
    }

    /// Says that something is left to do about a voicemail after all.
    #[oai(path = "/:id/reopen", method = "post", operation_id = "reopenVoicemail")]
    async fn reopen(
        &self,
        can: Can<ControlRecordings>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Reply<RecordingOut> {
        Success::ok(voicemails::act(app, can.scope()?, reader(&can), RecordingId(id), Deed::Reopen).await?)
    }
}
