//! Who is there: sockets with a lease, and what colleagues were told of each member last.

use chrono::{DateTime, Utc};
use entity::id::UserId;
use entity::{CompanyScope, Inserted, PresenceStatus, presence, presence_socket};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter};

use super::Tx;

pub async fn add_socket(scope: CompanyScope, tx: &Tx, row: presence_socket::Model) -> Result<(), DbErr> {
    scope.insert_or_ignore::<presence_socket::Entity, _>(tx, row).await.map(drop)
}

/// Tells whether it was there.
pub async fn remove_socket(scope: CompanyScope, tx: &Tx, socket: &str) -> Result<bool, DbErr> {
    let these = scope.delete_many::<presence_socket::Entity>();
    let gone = these.filter(presence_socket::Column::Socket.eq(socket)).exec(tx).await?;
    Ok(gone.rows_affected > 0)
}

/// A user's row, locked; made when there is none.
pub async fn lock(
    scope: CompanyScope,
    tx: &Tx,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<presence::Model, DbErr> {
    use sea_orm::QuerySelect;
    let blank = presence::Model {
        user_id: user,
        company_id: scope.company(),
        is_online: false,
        chosen: PresenceStatus::Online,
        last_seen_at: None,
        changed_at: now,
    };
    let find = || scope.find_by_id::<presence::Entity>(user).lock_exclusive();
    if let Some(row) = find().one(tx).await? {
        return Ok(row);
    }
    match scope.insert_or_ignore::<presence::Entity, _>(tx, blank.clone()).await? {
        Inserted::Yes => Ok(blank),
        Inserted::Conflicted => Ok(find().one(tx).await?.unwrap_or(blank)),
    }
}

pub async fn save(scope: CompanyScope, tx: &Tx, row: presence::Model) -> Result<(), DbErr> {
    let user = row.user_id;
    scope.save::<presence::Entity, _>(tx, user, row).await.map(drop)
}

pub async fn one(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    user: UserId,
) -> Result<Option<presence::Model>, DbErr> {
    scope.find_by_id::<presence::Entity>(user).one(db).await
}

/// What is known of these users.
pub async fn of_users(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    users: &[UserId],
) -> Result<Vec<presence::Model>, DbErr> {
    let these = presence::Column::UserId.is_in(users.iter().copied());
    scope.find::<presence::Entity>().filter(these).all(db).await
}
