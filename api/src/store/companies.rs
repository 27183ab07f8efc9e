//! A company's own row.

use entity::{CompanyScope, company};
use sea_orm::{ConnectionTrait, EntityTrait};

use crate::error::{Error, Result, Subject};
use crate::words::Words;

#[expect(clippy::disallowed_methods, reason = "a company is found by the id of its own scope")]
pub async fn own<C: ConnectionTrait>(scope: CompanyScope, db: &C) -> Result<company::Model> {
    company::Entity::find_by_id(scope.company()).one(db).await?.ok_or(Error::NotFound(Subject::Company))
}

/// What we ourselves say to the company's callers.
pub async fn words<C: ConnectionTrait>(scope: CompanyScope, db: &C) -> Result<Words> {
    Ok(Words::of(&own(scope, db).await?.language))
}
