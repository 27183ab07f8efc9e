//! Pictures of people. They are a person's, not a company's.

#![expect(clippy::disallowed_methods, reason = "the table of avatars has no company")]

use std::collections::HashMap;

use entity::avatar;
use entity::id::UserId;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    QueryTrait,
};

use super::Tx;

/// Where the pictures of these people lie; who has none has no entry.
pub async fn of(db: &impl ConnectionTrait, users: Vec<UserId>) -> Result<HashMap<UserId, String>, DbErr> {
    let rows = avatar::Entity::find().filter(avatar::Column::UserId.is_in(users)).all(db).await?;
    Ok(rows.into_iter().map(|row| (row.user_id, row.file_key)).collect())
}

/// Takes the place of the picture before; answers where that lay.
pub async fn replace(tx: &Tx, row: avatar::Model) -> Result<Option<String>, DbErr> {
    let former = avatar::Entity::find_by_id(row.user_id).one(tx).await?;
    let mut insert = avatar::Entity::insert(row.into_active_model().reset_all()).into_query();
    insert.on_conflict(
        OnConflict::column(avatar::Column::UserId)
            .update_columns([avatar::Column::FileKey, avatar::Column::UpdatedAt])
            .to_owned(),
    );
    tx.execute(&insert).await?;
    Ok(former.map(|row| row.file_key))
}
