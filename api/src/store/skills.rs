//! Skills.

use entity::id::{AgentId, SkillId};
use entity::{CompanyScope, Inserted, agent_skill, skill};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QueryOrder, QuerySelect};

use super::Tx;

/// The company's skills by name.
pub async fn all(scope: CompanyScope, db: &impl ConnectionTrait) -> Result<Vec<skill::Model>, DbErr> {
    scope.find::<skill::Entity>().order_by_asc(skill::Column::Name).all(db).await
}

/// The skill, locked until the transaction ends.
pub async fn lock(scope: CompanyScope, tx: &Tx, id: SkillId) -> Result<Option<skill::Model>, DbErr> {
    scope.find_by_id::<skill::Entity>(id).lock_exclusive().one(tx).await
}

/// Inserts a skill unless the company has one of this name.
pub async fn insert(scope: CompanyScope, tx: &Tx, row: skill::Model) -> Result<Inserted, DbErr> {
    scope.insert_or_ignore::<skill::Entity, _>(tx, row).await
}

pub async fn has_other_named(scope: CompanyScope, tx: &Tx, name: &str, id: SkillId) -> Result<bool, DbErr> {
    let other =
        scope.find::<skill::Entity>().filter(skill::Column::Name.eq(name)).filter(skill::Column::Id.ne(id));
    Ok(other.one(tx).await?.is_some())
}

pub async fn save(scope: CompanyScope, tx: &Tx, row: skill::Model) -> Result<(), DbErr> {
    let id = row.id;
    scope.save::<skill::Entity, _>(tx, id, row).await?;
    Ok(())
}

pub async fn delete(scope: CompanyScope, tx: &Tx, id: SkillId) -> Result<(), DbErr> {
    scope.delete_many::<skill::Entity>().filter(skill::Column::Id.eq(id)).exec(tx).await.map(drop)
}

pub async fn agents_with(scope: CompanyScope, tx: &Tx, id: SkillId) -> Result<Vec<AgentId>, DbErr> {
    scope
        .find::<agent_skill::Entity>()
        .select_only()
        .column(agent_skill::Column::AgentId)
        .filter(agent_skill::Column::SkillId.eq(id))
        .into_tuple()
        .all(tx)
        .await
}
