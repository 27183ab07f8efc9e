//! Requests of the provider: claimed under a unique key before any work, settled with the reply they got.

use entity::{CompanyScope, Inserted, webhook_request};
use sea_orm::{ActiveValue::Set, ColumnTrait, QueryFilter};

use super::Tx;
use crate::error::Result;

/// What a claim found.
pub enum Claim {
    /// Nobody had this request before.
    New,
    /// It was settled with this reply.
    Settled(String),
    /// It is kept, and waits to be processed again.
    Kept,
}

pub async fn claim(scope: CompanyScope, tx: &Tx, request: webhook_request::Model) -> Result<Claim> {
    let key = request.request_key.clone();
    if scope.insert_or_ignore::<webhook_request::Entity, _>(tx, request).await? == Inserted::Yes {
        return Ok(Claim::New);
    }
    let found = find(scope, tx, &key).await?;
    Ok(found.and_then(|row| row.reply).map_or(Claim::Kept, Claim::Settled))
}

pub async fn find(scope: CompanyScope, tx: &Tx, key: &str) -> Result<Option<webhook_request::Model>> {
    Ok(scope
        .find::<webhook_request::Entity>()
        .filter(webhook_request::Column::RequestKey.eq(key))
        .one(tx)
        .await?)
}

pub async fn settle(scope: CompanyScope, tx: &Tx, key: &str, reply: &str) -> Result<()> {
    let changes = webhook_request::ActiveModel { reply: Set(Some(reply.to_owned())), ..Default::default() };
    scope
        .update_many::<webhook_request::Entity>()
        .set(changes)
        .filter(webhook_request::Column::RequestKey.eq(key))
        .exec(tx)
        .await?;
    Ok(())
}
