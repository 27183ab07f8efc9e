//! Keys of programs. Finding one by its hash is in `system`: who holds it is in no company yet.

use std::collections::HashMap;

use entity::id::{ApiKeyId, MembershipId, UserId};
use entity::{CompanyScope, api_key, membership};
use sea_orm::prelude::{DateTimeUtc, Expr};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, DbErr, PaginatorTrait, QueryFilter, QueryOrder};

use super::{Tx, users};

/// A key with who has made it.
#[derive(Clone, Debug)]
pub struct KeyOfMember {
    pub row: api_key::Model,
    pub maker: UserId,
    pub maker_name: String,
}

/// Keys that are not revoked, the newest first.
pub async fn all(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    maker: Option<MembershipId>,
) -> Result<Vec<KeyOfMember>, DbErr> {
    let rows = scope
        .find::<api_key::Entity>()
        .filter(api_key::Column::RevokedAt.is_null())
        .filter(Condition::all().add_option(maker.map(|id| api_key::Column::MembershipId.eq(id))))
        .order_by_desc(api_key::Column::Id)
        .all(db)
        .await?;
    with_makers(scope, db, rows).await
}

/// A key that is not revoked.
pub async fn by_id(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    id: ApiKeyId,
) -> Result<Option<KeyOfMember>, DbErr> {
    let row =
        scope.find_by_id::<api_key::Entity>(id).filter(api_key::Column::RevokedAt.is_null()).one(db).await?;
    Ok(with_makers(scope, db, row.into_iter().collect()).await?.pop())
}

/// How many are good.
pub async fn count(scope: CompanyScope, db: &impl ConnectionTrait, now: DateTimeUtc) -> Result<u64, DbErr> {
    let runs_out =
        Condition::any().add(api_key::Column::ExpiresAt.is_null()).add(api_key::Column::ExpiresAt.gt(now));
    scope
        .find::<api_key::Entity>()
        .filter(api_key::Column::RevokedAt.is_null())
        .filter(runs_out)
        .count(db)
        .await
}

pub async fn insert(scope: CompanyScope, tx: &Tx, row: api_key::Model) -> Result<(), DbErr> {
    scope.insert::<api_key::Entity, _>(tx, row).await
}

/// Answers whether this call did it.
pub async fn revoke(scope: CompanyScope, tx: &Tx, id: ApiKeyId, now: DateTimeUtc) -> Result<bool, DbErr> {
    let done = scope
        .update_many::<api_key::Entity>()
        .col_expr(api_key::Column::RevokedAt, Expr::val(now))
        .filter(api_key::Column::Id.eq(id))
        .filter(api_key::Column::RevokedAt.is_null())
        .exec(tx)
        .await?;
    Ok(done.rows_affected == 1)
}

async fn with_makers(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    rows: Vec<api_key::Model>,
) -> Result<Vec<KeyOfMember>, DbErr> {
    let ids = rows.iter().map(|row| row.membership_id);
    let makers = scope.find::<membership::Entity>().filter(membership::Column::Id.is_in(ids)).all(db).await?;
    let makers: HashMap<_, _> = makers.into_iter().map(|maker| (maker.id, maker.user_id)).collect();
    let names = users::names(db, makers.values().copied().collect()).await?;
    let whole = |row: api_key::Model| {
        let maker = *makers.get(&row.membership_id)?;
        Some(KeyOfMember { maker, maker_name: names.get(&maker).cloned().unwrap_or_default(), row })
    };
    Ok(rows.into_iter().filter_map(whole).collect())
}
