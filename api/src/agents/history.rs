//! What became of an agent's state, who changed it and why.

use entity::id::{AgentId, ChangeId};
use entity::{Availability, CompanyScope, agent, agent_change};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Wanted;
use crate::app::App;
use crate::authz::Whose;
use crate::error::{Error, Result, Subject};
use crate::slice::{Slice, read_cursor};
use crate::store::workforce;

/// An agent's state as a line of history keeps it. Lines of earlier versions say only what had changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Axes {
    pub availability: Option<Availability>,
    pub reason: Option<String>,
    pub not_responding: bool,
    /// What was asked for after the call.
    pub next: Option<Next>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Next {
    pub availability: Availability,
    pub reason: Option<String>,
}

impl Axes {
    pub fn of(row: &agent::Model) -> Self {
        let next = super::next_of(row).map(|Wanted { availability, reason }| Next { availability, reason });
        Self {
            availability: Some(row.availability),
            reason: row.availability_reason.clone(),
            not_responding: row.not_responding_since.is_some(),
            next,
        }
    }

    pub fn stored(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    pub fn read(stored: &Value) -> Self {
        Self::deserialize(stored).unwrap_or_default()
    }
}

/// A line of an agent's history.
#[derive(Clone, Debug)]
pub struct Line {
    pub row: agent_change::Model,
    pub from: Axes,
    pub to: Axes,
}

/// The agent's history, newest first.
pub async fn history(
    app: &App,
    scope: CompanyScope,
    whose: Whose,
    id: AgentId,
    cursor: Option<String>,
    limit: u64,
) -> Result<Slice<Line>> {
    if !whose.includes(id) {
        return Err(Error::NotFound(Subject::Agent));
    }
    super::get(app, scope, id).await?;
    let before: Option<ChangeId> = read_cursor(cursor.as_deref())?;
    let rows = workforce::history(scope, app.db.reader(), id, before, limit + 1).await?;
    let lines: Vec<_> = rows
        .into_iter()
        .map(|row| Line { from: Axes::read(&row.before), to: Axes::read(&row.after), row })
        .collect();
    Ok(Slice::of(lines, limit, |last| last.row.id))
}
