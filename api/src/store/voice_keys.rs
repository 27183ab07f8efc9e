//! With what the browser tokens of a company are signed.

use entity::{CompanyScope, voice_key};
use sea_orm::{ConnectionTrait, DbErr};

use super::Tx;

pub async fn get(scope: CompanyScope, db: &impl ConnectionTrait) -> Result<Option<voice_key::Model>, DbErr> {
    scope.find_by_id::<voice_key::Entity>(scope.company()).one(db).await
}

/// The company's key in place of the one before; `None` leaves it without.
pub async fn put(scope: CompanyScope, tx: &Tx, row: Option<voice_key::Model>) -> Result<(), DbErr> {
    scope.delete_many::<voice_key::Entity>().exec(tx).await?;
    match row {
        Some(row) => scope.insert::<voice_key::Entity, _>(tx, row).await,
        None => Ok(()),
    }
}
