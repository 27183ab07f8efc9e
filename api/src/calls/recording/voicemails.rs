//! What people do about voicemails: hear them, give them to somebody, settle them.

use entity::id::{AgentId, RecordingId};
use entity::{CompanyScope, RecordingKind, recording, voicemail};
use serde_json::json;

use super::desk::{Reader, find};
use crate::app::App;
use crate::error::{Error, Result, Subject};
use crate::identity::audit;
use crate::notices::{self, Notice};
use crate::store::{Audience, Unit, calls, voicemails, workforce};

/// A voicemail with what was done about it.
pub type Voicemail = (recording::Model, Option<voicemail::Model>);

/// What somebody does about a voicemail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// He has heard it; the first one counts.
    Hear,
    /// This agent is to see to it, or nobody in particular.
    Assign(Option<AgentId>),
    /// Nothing is left to do.
    Settle,
    /// Something is left to do after all.
    Reopen,
}

impl Deed {
    /// What it is called in the audit.
    fn as_str(self) -> &'static str {
        match self {
            Self::Hear => "voicemails:listen",
            Self::Assign(_) => "voicemails:assign",
            Self::Settle => "voicemails:done",
            Self::Reopen => "voicemails:reopen",
        }
    }
}

/// Who may hear a voicemail may say what becomes of it; an agent gives it to nobody but himself.
///
/// # Errors
/// 422 for an agent that is not there, or not the caller's to choose.
pub async fn act(
    app: &App,
    scope: CompanyScope,
    by: Reader,
    id: RecordingId,
    deed: Deed,
) -> Result<Voicemail> {
    let recording = find(app, scope, by.whose, id).await?;
    if recording.kind != RecordingKind::Voicemail {
        return Err(Error::NotFound(Subject::Recording));
    }
    let mut unit = Unit::begin(app, scope).await?;
    let mut row = voicemails::open(scope, unit.tx(), id).await?;
    let now = unit.now();
    match deed {
        Deed::Hear => {
            if row.heard_at.is_none() {
                (row.heard_at, row.heard_by) = (Some(now), Some(by.user));
            }
        }
        Deed::Assign(agent) => {
            if let Some(agent) = agent {
                let there = !workforce::agents(scope, unit.tx(), Some(&[agent])).await?.is_empty();
                if !there || !by.whose.includes(agent) {
                    return Err(Error::invalid("/agentId", "is not an agent to whom you may give it"));
                }
            }
            if let Some(agent) = agent.filter(|_| row.agent_id != agent) {
                let call = calls::get(scope, unit.tx(), recording.call_id).await?;
                let notice = Notice::voicemail(id, call.id, call.their_name(), now);
                notices::to_other_agent(&mut unit, agent, by.user, notice).await?;
            }
            row.agent_id = agent;
        }
        Deed::Settle => {
            if row.done_at.is_none() {
                (row.done_at, row.done_by) = (Some(now), Some(by.user));
            }
        }
        Deed::Reopen => (row.done_at, row.done_by) = (None, None),
    }
    voicemails::save(scope, unit.tx(), row.clone()).await?;
    let told = json!({"recordingId": id, "callId": recording.call_id, "agentId": row.agent_id,
        "heardAt": row.heard_at, "doneAt": row.done_at});
    match row.agent_id {
        Some(agent) => {
            unit.tell(&[Audience::Supervisors, Audience::Agent(agent)], "voicemail:update", told);
        }
        None => unit.tell(&[Audience::Supervisors], "voicemail:update", told),
    }
    let detail = json!({"recordingId": id, "callId": recording.call_id, "agentId": row.agent_id});
    audit::note(app, scope, unit.tx(), by.user, deed.as_str(), detail).await?;
    unit.commit().await?;
    Ok((recording, Some(row)))
}
