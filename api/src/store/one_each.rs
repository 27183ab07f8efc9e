//! Tables of which a company has one row or none: its hook, its key, its mail server.

use entity::{CompanyOwned, CompanyScope};
use sea_orm::{ConnectionTrait, DbErr, IntoActiveModel};

use super::Tx;

pub async fn get<E: CompanyOwned>(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
) -> Result<Option<E::Model>, DbErr> {
    scope.find::<E>().one(db).await
}

/// The company's row in place of the one before; `None` leaves it without.
pub async fn put<E>(scope: CompanyScope, tx: &Tx, row: Option<E::Model>) -> Result<(), DbErr>
where
    E: CompanyOwned,
    E::Model: IntoActiveModel<E::ActiveModel>,
{
    delete::<E>(scope, tx).await?;
    match row {
        Some(row) => scope.insert::<E, _>(tx, row).await,
        None => Ok(()),
    }
}

/// How many there were.
pub async fn delete<E: CompanyOwned>(scope: CompanyScope, tx: &Tx) -> Result<u64, DbErr> {
    Ok(scope.delete_many::<E>().exec(tx).await?.rows_affected)
}
