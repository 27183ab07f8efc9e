//! Who has a socket, on whatever node. Each node says it of its own sockets, whatever their companies.

use chrono::{DateTime, Utc};
use entity::id::{CompanyId, NodeId, UserId};
use entity::{CompanyScope, live_user};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, PaginatorTrait,
    QueryFilter, QueryTrait,
};

use super::Tx;

/// Rows a statement: below what either database takes as parameters.
const AT_ONCE: usize = 500;

/// These have a socket on this node until then, unless it says so again.
pub async fn say_live(
    tx: &Tx,
    node: NodeId,
    users: &[(CompanyId, UserId)],
    until: DateTime<Utc>,
) -> Result<(), DbErr> {
    use live_user::Column as L;
    for some in users.chunks(AT_ONCE) {
        let rows = some.iter().map(|(company, user)| {
            let row =
                live_user::Model { company_id: *company, user_id: *user, node_id: node, live_until: until };
            row.into_active_model().reset_all()
        });
        let mut insert = live_user::Entity::insert_many(rows).into_query();
        let key = [L::CompanyId, L::UserId, L::NodeId];
        insert.on_conflict(OnConflict::columns(key).update_column(L::LiveUntil).to_owned());
        tx.execute(&insert).await?;
    }
    Ok(())
}

/// This one's last socket on this node has gone.
pub async fn say_gone(tx: &Tx, node: NodeId, company: CompanyId, user: UserId) -> Result<(), DbErr> {
    live_user::Entity::delete_many()
        .filter(live_user::Column::CompanyId.eq(company))
        .filter(live_user::Column::UserId.eq(user))
        .filter(live_user::Column::NodeId.eq(node))
        .exec(tx)
        .await
        .map(drop)
}

/// What dead nodes have said is forgotten.
pub async fn forget_not_live(tx: &Tx, now: DateTime<Utc>) -> Result<(), DbErr> {
    live_user::Entity::delete_many().filter(live_user::Column::LiveUntil.lte(now)).exec(tx).await.map(drop)
}

/// Whether a member has a socket on some node.
pub async fn is_live(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<bool, DbErr> {
    let nodes = scope
        .find::<live_user::Entity>()
        .filter(live_user::Column::UserId.eq(user))
        .filter(live_user::Column::LiveUntil.gt(now))
        .count(db)
        .await?;
    Ok(nodes > 0)
}
