//! Sessions and the chains of refresh tokens that keep them alive. They are a user's, not a company's.

#![expect(clippy::disallowed_methods, reason = "the tables of sessions and refresh tokens have no company")]

use entity::id::{MembershipId, SessionId, UserId};
use entity::{RevokedBecause, refresh_token, session};
use sea_orm::prelude::{DateTimeUtc, Expr};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, UpdateMany,
};

use super::Tx;

pub async fn insert(tx: &Tx, session: session::Model) -> Result<(), DbErr> {
    session::Entity::insert(session.into_active_model().reset_all())
        .exec_without_returning(tx)
        .await
        .map(drop)
}

/// The user's sessions that are still good, the newest first.
pub async fn open_of(
    db: &impl ConnectionTrait,
    user: UserId,
    now: DateTimeUtc,
) -> Result<Vec<session::Model>, DbErr> {
    session::Entity::find()
        .filter(session::Column::UserId.eq(user))
        .filter(session::Column::RevokedAt.is_null())
        .filter(session::Column::ExpiresAt.gt(now))
        .order_by_desc(session::Column::Id)
        .all(db)
        .await
}

/// The membership that the user's latest session named.
pub async fn last_membership(db: &impl ConnectionTrait, user: UserId) -> Result<Option<MembershipId>, DbErr> {
    let last = session::Entity::find()
        .filter(session::Column::UserId.eq(user))
        .filter(session::Column::MembershipId.is_not_null())
        .order_by_desc(session::Column::Id)
        .one(db)
        .await?;
    Ok(last.and_then(|session| session.membership_id))
}

pub async fn extend(tx: &Tx, id: SessionId, now: DateTimeUtc, until: DateTimeUtc) -> Result<(), DbErr> {
    session::Entity::update_many()
        .col_expr(session::Column::RefreshedAt, Expr::val(now))
        .col_expr(session::Column::ExpiresAt, Expr::val(until))
        .filter(session::Column::Id.eq(id))
        .exec(tx)
        .await
        .map(drop)
}

/// Which sessions are meant.
#[derive(Clone, Copy, Debug)]
pub enum Sessions {
    One(SessionId),
    /// This one, if it is the user's.
    OneOf(UserId, SessionId),
    AllOf(UserId),
    /// All of the user's but this one.
    OthersOf(UserId, SessionId),
    OfMembership(MembershipId),
}

/// Ends sessions for good; those that have ended keep their first reason. Answers how many ended.
pub async fn revoke(
    tx: &Tx,
    which: Sessions,
    because: RevokedBecause,
    now: DateTimeUtc,
) -> Result<u64, DbErr> {
    use session::Column as S;
    let open: UpdateMany<session::Entity> = session::Entity::update_many()
        .col_expr(S::RevokedAt, Expr::val(now))
        .col_expr(S::RevokedBecause, Expr::val(because.as_str()))
        .filter(S::RevokedAt.is_null());
    let these = match which {
        Sessions::One(id) => open.filter(S::Id.eq(id)),
        Sessions::OneOf(user, id) => {
            open.filter(S::Id.eq(id)).filter(S::UserId.eq(user)).filter(S::ExpiresAt.gt(now))
        }
        Sessions::AllOf(user) => open.filter(S::UserId.eq(user)),
        Sessions::OthersOf(user, id) => open.filter(S::UserId.eq(user)).filter(S::Id.ne(id)),
        Sessions::OfMembership(id) => open.filter(S::MembershipId.eq(id)),
    };
    Ok(these.exec(tx).await?.rows_affected)
}

pub async fn insert_token(tx: &Tx, token: refresh_token::Model) -> Result<(), DbErr> {
    refresh_token::Entity::insert(token.into_active_model().reset_all())
        .exec_without_returning(tx)
        .await
        .map(drop)
}

pub async fn token(db: &impl ConnectionTrait, hash: &str) -> Result<Option<refresh_token::Model>, DbErr> {
    refresh_token::Entity::find_by_id(hash.to_owned()).one(db).await
}

/// Spends a token that is not spent yet; answers whether this call did it.
pub async fn spend(tx: &Tx, hash: &str, now: DateTimeUtc) -> Result<bool, DbErr> {
    let done = refresh_token::Entity::update_many()
        .col_expr(refresh_token::Column::SpentAt, Expr::val(now))
        .filter(refresh_token::Column::TokenHash.eq(hash))
        .filter(refresh_token::Column::SpentAt.is_null())
        .exec(tx)
        .await?;
    Ok(done.rows_affected == 1)
}
