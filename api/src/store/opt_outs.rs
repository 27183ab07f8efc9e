//! Who wants no text messages from which number. Whom it is about is known by a keyed hash of his number alone.

use entity::{CompanyScope, Inserted, opt_out};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, PaginatorTrait, QueryFilter};

use super::Tx;

/// Twice is once.
pub async fn insert(scope: CompanyScope, tx: &Tx, row: opt_out::Model) -> Result<Inserted, DbErr> {
    scope.insert_or_ignore::<opt_out::Entity, _>(tx, row).await
}

pub async fn is_there<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    our_number: &str,
    hash: &str,
) -> Result<bool, DbErr> {
    let found = scope
        .find::<opt_out::Entity>()
        .filter(opt_out::Column::OurNumber.eq(our_number))
        .filter(opt_out::Column::NumberHash.eq(hash));
    Ok(found.count(db).await? > 0)
}

pub async fn delete(scope: CompanyScope, tx: &Tx, our_number: &str, hash: &str) -> Result<(), DbErr> {
    scope
        .delete_many::<opt_out::Entity>()
        .filter(opt_out::Column::OurNumber.eq(our_number))
        .filter(opt_out::Column::NumberHash.eq(hash))
        .exec(tx)
        .await
        .map(drop)
}

/// How many of the company's numbers somebody wants no messages from.
pub async fn count(scope: CompanyScope, db: &impl ConnectionTrait, hash: &str) -> Result<u64, DbErr> {
    scope.find::<opt_out::Entity>().filter(opt_out::Column::NumberHash.eq(hash)).count(db).await
}
