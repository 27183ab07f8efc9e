//! A company, as those see it who act in it. Lists of companies are in `system`.

use entity::{CompanyScope, closed_company, company};
use sea_orm::ActiveValue::Set;
use sea_orm::{ConnectionTrait, DbErr};

use super::{Tx, system};
use crate::words::Words;

pub async fn own(scope: CompanyScope, db: &impl ConnectionTrait) -> Result<Option<company::Model>, DbErr> {
    system::company(db, scope.company()).await
}

/// The company, locked until the transaction ends.
pub async fn lock(scope: CompanyScope, tx: &Tx) -> Result<Option<company::Model>, DbErr> {
    system::lock_company(tx, scope.company()).await
}

/// Changes what is set in `row`; the company as it is then.
pub async fn change(
    scope: CompanyScope,
    tx: &Tx,
    row: company::ActiveModel,
) -> Result<company::Model, DbErr> {
    system::update_company(tx, company::ActiveModel { id: Set(scope.company()), ..row }).await
}

/// Whether the company was closed.
pub async fn is_closed(scope: CompanyScope, db: &impl ConnectionTrait) -> Result<bool, DbErr> {
    Ok(scope.find::<closed_company::Entity>().one(db).await?.is_some())
}

/// What we ourselves say to the company's callers, in its language.
pub async fn words(scope: CompanyScope, db: &impl ConnectionTrait) -> Result<Words, DbErr> {
    Ok(Words::of(&own(scope, db).await?.map(|company| company.language).unwrap_or_default()))
}
