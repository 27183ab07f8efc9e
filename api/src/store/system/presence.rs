//! Sockets of all companies: a node renews the leases of its own, and any node finds those of one that has died.

use chrono::{DateTime, Utc};
use entity::id::NodeId;
use entity::{CompanyScope, outbox, presence_socket};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;

use crate::store::{Database, Tx};

/// The sockets of a node are there until then.
pub async fn renew_sockets(db: &Database, node: NodeId, until: DateTime<Utc>) -> Result<(), DbErr> {
    let tx = db.begin().await?;
    presence_socket::Entity::update_many()
        .col_expr(presence_socket::Column::LeaseUntil, Expr::value(until))
        .filter(presence_socket::Column::NodeId.eq(node))
        .exec(&tx)
        .await?;
    tx.commit().await
}

/// Sockets whose nodes have not been heard of, each with the right to its company's rows.
pub async fn lost_sockets(
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
    limit: u64,
) -> Result<Vec<(CompanyScope, presence_socket::Model)>, DbErr> {
    let rows = presence_socket::Entity::find()
        .filter(presence_socket::Column::LeaseUntil.lte(now))
        .order_by_asc(presence_socket::Column::LeaseUntil)
        .limit(limit)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (CompanyScope::dangerous_mint(row.company_id), row)).collect())
}

/// Events with session descriptions or candidates in them, which name addresses of networks.
const SIGNALS: [&str; 4] = ["call:incoming", "call:answered", "call:ice-candidate", "call:renegotiate"];

/// Of these, as they were told before this moment, nothing stays but the number; nobody is told them any more.
pub async fn forget_signals(tx: &Tx, before: DateTime<Utc>) -> Result<(), DbErr> {
    outbox::Entity::update_many()
        .col_expr(outbox::Column::Payload, Expr::value(json!({})))
        .col_expr(outbox::Column::Audience, Expr::value(json!([])))
        .filter(outbox::Column::Event.is_in(SIGNALS))
        .filter(outbox::Column::CreatedAt.lt(before))
        .exec(tx)
        .await
        .map(drop)
}
