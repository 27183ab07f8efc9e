//! What people have done about voicemails.

use std::collections::HashMap;

use entity::id::{AgentId, RecordingId};
use entity::{CompanyScope, voicemail};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QuerySelect, Select};

use super::Tx;

pub async fn get(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    id: RecordingId,
) -> Result<Option<voicemail::Model>, DbErr> {
    scope.find_by_id::<voicemail::Entity>(id).one(db).await
}

pub async fn of(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    ids: &[RecordingId],
) -> Result<HashMap<RecordingId, voicemail::Model>, DbErr> {
    let these = voicemail::Column::RecordingId.is_in(ids.iter().copied());
    let rows = scope.find::<voicemail::Entity>().filter(these).all(db).await?;
    Ok(rows.into_iter().map(|row| (row.recording_id, row)).collect())
}

/// The row of a voicemail, locked; a blank one is made first where there is none.
pub async fn open(scope: CompanyScope, tx: &Tx, id: RecordingId) -> Result<voicemail::Model, DbErr> {
    let blank = voicemail::Model {
        recording_id: id,
        company_id: scope.company(),
        agent_id: None,
        heard_at: None,
        heard_by: None,
        done_at: None,
        done_by: None,
    };
    let _ = scope.insert_or_ignore::<voicemail::Entity, _>(tx, blank.clone()).await?;
    let row = scope.find_by_id::<voicemail::Entity>(id).lock_exclusive().one(tx).await?;
    Ok(row.unwrap_or(blank))
}

pub async fn save(scope: CompanyScope, tx: &Tx, row: voicemail::Model) -> Result<(), DbErr> {
    let id = row.recording_id;
    scope.save::<voicemail::Entity, _>(tx, id, row).await?;
    Ok(())
}

/// The ids of those that this agent is to see to.
pub fn assigned_to(scope: CompanyScope, agent: AgentId) -> Select<voicemail::Entity> {
    ids(scope).filter(voicemail::Column::AgentId.eq(agent))
}

/// The ids of those of which nothing is left to do.
pub fn settled(scope: CompanyScope) -> Select<voicemail::Entity> {
    ids(scope).filter(voicemail::Column::DoneAt.is_not_null())
}

fn ids(scope: CompanyScope) -> Select<voicemail::Entity> {
    scope.find::<voicemail::Entity>().select_only().column(voicemail::Column::RecordingId)
}
