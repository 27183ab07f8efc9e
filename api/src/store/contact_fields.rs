//! The fields that a company's contacts have beside the common ones.

use entity::id::ContactFieldId;
use entity::{CompanyScope, Inserted, contact_field};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::Tx;

/// By name.
pub async fn all(scope: CompanyScope, db: &impl ConnectionTrait) -> Result<Vec<contact_field::Model>, DbErr> {
    scope.find::<contact_field::Entity>().order_by_asc(contact_field::Column::Name).all(db).await
}

pub async fn count(scope: CompanyScope, tx: &Tx) -> Result<u64, DbErr> {
    scope.find::<contact_field::Entity>().count(tx).await
}

/// The field, locked until the transaction ends.
pub async fn lock(
    scope: CompanyScope,
    tx: &Tx,
    id: ContactFieldId,
) -> Result<Option<contact_field::Model>, DbErr> {
    scope.find_by_id::<contact_field::Entity>(id).lock_exclusive().one(tx).await
}

/// Inserts it unless another has its name.
pub async fn insert(scope: CompanyScope, tx: &Tx, row: contact_field::Model) -> Result<Inserted, DbErr> {
    scope.insert_or_ignore::<contact_field::Entity, _>(tx, row).await
}

pub async fn save(scope: CompanyScope, tx: &Tx, row: contact_field::Model) -> Result<(), DbErr> {
    scope.save::<contact_field::Entity, _>(tx, row.id, row).await.map(drop)
}

pub async fn delete(scope: CompanyScope, tx: &Tx, id: ContactFieldId) -> Result<u64, DbErr> {
    let this = contact_field::Column::Id.eq(id);
    Ok(scope.delete_many::<contact_field::Entity>().filter(this).exec(tx).await?.rows_affected)
}
