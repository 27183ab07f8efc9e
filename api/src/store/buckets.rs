//! The buckets of a company, and which of its files lie in them.

use chrono::{DateTime, Utc};
use entity::id::BucketId;
use entity::{CompanyScope, bucket, bucket_file};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QueryOrder, QuerySelect, Set};

use super::Tx;

/// In which new files are kept.
pub async fn current(scope: CompanyScope, db: &impl ConnectionTrait) -> Result<Option<bucket::Model>, DbErr> {
    scope.find::<bucket::Entity>().filter(bucket::Column::RetiredAt.is_null()).one(db).await
}

/// Every one, locked until the transaction ends.
pub async fn lock_all(scope: CompanyScope, tx: &Tx) -> Result<Vec<bucket::Model>, DbErr> {
    scope.find::<bucket::Entity>().order_by_asc(bucket::Column::Id).lock_exclusive().all(tx).await
}

pub async fn insert(scope: CompanyScope, tx: &Tx, row: bucket::Model) -> Result<(), DbErr> {
    scope.insert::<bucket::Entity, _>(tx, row).await
}

pub async fn save(scope: CompanyScope, tx: &Tx, row: bucket::Model) -> Result<(), DbErr> {
    let id = row.id;
    scope.save::<bucket::Entity, _>(tx, id, row).await.map(drop)
}

/// New files are kept in it no more. How many there were.
pub async fn retire(scope: CompanyScope, tx: &Tx, now: DateTime<Utc>) -> Result<u64, DbErr> {
    let changes = bucket::ActiveModel { retired_at: Set(Some(now)), ..Default::default() };
    let current = bucket::Column::RetiredAt.is_null();
    let retired = scope.update_many::<bucket::Entity>().set(changes).filter(current).exec(tx).await?;
    Ok(retired.rows_affected)
}

/// The bucket in which a file lies; `None` when it lies where the platform keeps files.
pub async fn of_file(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    key: &str,
) -> Result<Option<bucket::Model>, DbErr> {
    let file = scope.find::<bucket_file::Entity>().filter(bucket_file::Column::FileKey.eq(key));
    let id: Option<BucketId> =
        file.select_only().column(bucket_file::Column::BucketId).into_tuple().one(db).await?;
    match id {
        Some(id) => scope.find_by_id::<bucket::Entity>(id).one(db).await,
        None => Ok(None),
    }
}

/// From now on the file is looked for there; `None` is where the platform keeps files.
pub async fn place_file(
    scope: CompanyScope,
    tx: &Tx,
    key: &str,
    bucket: Option<BucketId>,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    forget_file(scope, tx, key).await?;
    let Some(bucket_id) = bucket else { return Ok(()) };
    let (company_id, file_key) = (scope.company(), key.to_owned());
    let row = bucket_file::Model { company_id, file_key, bucket_id, created_at: now };
    scope.insert::<bucket_file::Entity, _>(tx, row).await
}

/// There is no such file any more.
pub async fn forget_file(scope: CompanyScope, tx: &Tx, key: &str) -> Result<(), DbErr> {
    let file = bucket_file::Column::FileKey.eq(key);
    scope.delete_many::<bucket_file::Entity>().filter(file).exec(tx).await.map(drop)
}
