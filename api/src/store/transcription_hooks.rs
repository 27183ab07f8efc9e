//! Who writes down the voicemails of a company.

use entity::{CompanyScope, transcription_hook};
use sea_orm::{ConnectionTrait, DbErr};

use super::Tx;

pub async fn get(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
) -> Result<Option<transcription_hook::Model>, DbErr> {
    scope.find_by_id::<transcription_hook::Entity>(scope.company()).one(db).await
}

/// The company's hook in place of the one before.
pub async fn put(scope: CompanyScope, tx: &Tx, row: transcription_hook::Model) -> Result<(), DbErr> {
    delete(scope, tx).await?;
    scope.insert::<transcription_hook::Entity, _>(tx, row).await
}

/// How many there were.
pub async fn delete(scope: CompanyScope, tx: &Tx) -> Result<u64, DbErr> {
    Ok(scope.delete_many::<transcription_hook::Entity>().exec(tx).await?.rows_affected)
}
