//! What became of an agent's state, who changed it and why.

use chrono::{DateTime, Utc};
use entity::id::AgentId;
use entity::{Availability, ChangeCause};
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::availability::WantedOut;
use super::envelope::Reply;
use super::page::{LARGEST_LIMIT, limit_within};
use super::{Tag, Word};
use crate::agents::{self, Axes, Line, Wanted};
use crate::app::App;
use crate::authz::{Can, ReadAgentHistory};

pub struct HistoryOfAgents;

/// An agent's state.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct AgentStateOut {
    /// Absent in lines of earlier versions that did not change it.
    availability: Option<Word<Availability>>,
    reason: Option<String>,
    /// Whether the agent is passed over, since it let an offer ring.
    not_responding: bool,
    /// What was asked for after the call.
    next: Option<WantedOut>,
}

/// A change of an agent's state.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct AgentChangeOut {
    id: Uuid,
    at: DateTime<Utc>,
    /// Why it changed.
    because: Word<ChangeCause>,
    /// The user who asked for it; absent when it followed from what happened.
    by: Option<Uuid>,
    from: AgentStateOut,
    to: AgentStateOut,
}

impl From<Axes> for AgentStateOut {
    fn from(axes: Axes) -> Self {
        let next = axes.next.map(|next| Wanted { availability: next.availability, reason: next.reason });
        Self {
            availability: axes.availability.map(Word),
            reason: axes.reason,
            not_responding: axes.not_responding,
            next: next.map(Into::into),
        }
    }
}

impl From<Line> for AgentChangeOut {
    fn from(Line { row, from, to }: Line) -> Self {
        Self {
            id: row.id.0,
            at: row.at,
            because: Word(row.because),
            by: row.changed_by.map(|user| user.0),
            from: from.into(),
            to: to.into(),
        }
    }
}

#[OpenApi(tag = "Tag::Agents")]
impl HistoryOfAgents {
    /// Lists the changes of an agent's state, newest first.
    ///
    /// Each line begins where the one before it ended: the times between them add up to the time for which the agent was
    /// logged in.
    #[oai(path = "/api/agents/:id/history", method = "get", operation_id = "listAgentHistory")]
    async fn list(
        &self,
        can: Can<ReadAgentHistory>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        /// 1 to 100; 50 unless said.
        Query(limit): Query<Option<u64>>,
        /// Reads on behind an earlier page.
        Query(cursor): Query<Option<String>>,
    ) -> Reply<Vec<AgentChangeOut>> {
        let limit = limit_within(limit, LARGEST_LIMIT)?;
        let whose = can.whose();
        agents::history(app, can.scope()?, whose, AgentId(id), cursor, limit).await?.reply()
    }
}
