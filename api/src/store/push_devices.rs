//! Phones that are told things. They are a person's, not a company's; who may be told what is asked with the company.

#![expect(clippy::disallowed_methods, reason = "the table of phones has no company")]

use chrono::{DateTime, Utc};
use entity::id::{AgentId, ChatId, PushDeviceId, UserId};
use entity::{
    CompanyScope, MembershipStatus, UserStatus, agent, chat_member, membership, presence_socket, push_device,
    session, user, user_block,
};
use sea_orm::sea_query::{Expr, ExprTrait, Func, OnConflict, SelectStatement, SimpleExpr};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, JoinType,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select, Set,
};

use super::Tx;
use super::users::membership_user;

/// Who is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    User(UserId),
    Agent(AgentId),
}

/// Registers a phone. One with this token is it, whosever it was.
pub async fn register(tx: &Tx, row: push_device::Model) -> Result<push_device::Model, DbErr> {
    use push_device::Column as C;
    let (service, hash) = (row.service, row.token_hash.clone());
    let mut insert = push_device::Entity::insert(row.into_active_model().reset_all()).into_query();
    let changed = [
        C::UserId,
        C::SessionId,
        C::CompanyId,
        C::TokenSealed,
        C::Purpose,
        C::Sandbox,
        C::Name,
        C::RegisteredAt,
    ];
    insert.on_conflict(OnConflict::columns([C::Service, C::TokenHash]).update_columns(changed).to_owned());
    tx.execute(&insert).await?;
    let kept = push_device::Entity::find()
        .filter(C::Service.eq(service))
        .filter(C::TokenHash.eq(hash))
        .one(tx)
        .await?;
    kept.ok_or_else(|| DbErr::RecordNotFound("a phone that was registered".to_owned()))
}

/// The user's phones, the newest first.
pub async fn of(db: &impl ConnectionTrait, user: UserId) -> Result<Vec<push_device::Model>, DbErr> {
    push_device::Entity::find()
        .filter(push_device::Column::UserId.eq(user))
        .order_by_desc(push_device::Column::RegisteredAt)
        .order_by_desc(push_device::Column::Id)
        .all(db)
        .await
}

/// Forgets these of a user's; answers how many there were.
pub async fn forget(tx: &Tx, user: UserId, ids: Vec<PushDeviceId>) -> Result<u64, DbErr> {
    let gone = push_device::Entity::delete_many()
        .filter(push_device::Column::UserId.eq(user))
        .filter(push_device::Column::Id.is_in(ids))
        .exec(tx)
        .await?;
    Ok(gone.rows_affected)
}

/// Forgets all of a user's.
pub async fn forget_all(tx: &Tx, user: UserId) -> Result<(), DbErr> {
    push_device::Entity::delete_many().filter(push_device::Column::UserId.eq(user)).exec(tx).await.map(drop)
}

/// Forgets those whose session is over: they come back when somebody signs in with them.
pub async fn forget_signed_out(tx: &Tx, now: DateTime<Utc>) -> Result<(), DbErr> {
    push_device::Entity::delete_many().filter(is_signed_in(now).not()).exec(tx).await.map(drop)
}

/// Forgets a phone whose token is dead, unless it was registered again after that.
pub async fn bury(tx: &Tx, row: &push_device::Model, since: Option<DateTime<Utc>>) -> Result<bool, DbErr> {
    if since.is_some_and(|since| since < row.registered_at) {
        return Ok(false);
    }
    let gone = push_device::Entity::delete_many()
        .filter(push_device::Column::Id.eq(row.id))
        .filter(push_device::Column::TokenHash.eq(&row.token_hash))
        .filter(push_device::Column::RegisteredAt.lte(row.registered_at))
        .exec(tx)
        .await?;
    Ok(gone.rows_affected > 0)
}

/// A notice was taken for it.
pub async fn reached(tx: &Tx, id: PushDeviceId, now: DateTime<Utc>) -> Result<(), DbErr> {
    let changes = push_device::ActiveModel { reached_at: Set(Some(now)), ..Default::default() };
    push_device::Entity::update_many()
        .set(changes)
        .filter(push_device::Column::Id.eq(id))
        .exec(tx)
        .await
        .map(drop)
}

/// One of somebody's phones, by its id alone.
pub async fn by_ids(
    db: &impl ConnectionTrait,
    ids: Vec<PushDeviceId>,
) -> Result<Vec<push_device::Model>, DbErr> {
    push_device::Entity::find().filter(push_device::Column::Id.is_in(ids)).all(db).await
}

/// The phones by which a member may be told what concerns the company: those of its own app and of the platform's, whose
/// sessions are good. None of somebody who is banned, removed or in no such company.
pub fn reachable(scope: CompanyScope, whom: Whom, now: DateTime<Utc>) -> Select<push_device::Entity> {
    use push_device::Column as D;
    // Not as an OR, for which SQLite would read the phones of all the company in place of the user's.
    let company = Expr::col((push_device::Entity, D::CompanyId));
    let of_company = Expr::expr(Func::coalesce([company, Expr::value(scope.company())])).eq(scope.company());
    push_device::Entity::find()
        .filter(D::UserId.in_subquery(member(scope, whom)))
        .filter(of_company)
        .filter(is_signed_in(now))
        .order_by_asc(D::Id)
}

/// The users in a chat who are to be told on their phones what somebody writes there: not himself, nor who has muted it, has
/// blocked him, has no phone, or has a socket.
pub fn listeners(
    scope: CompanyScope,
    chat: ChatId,
    by: UserId,
    now: DateTime<Utc>,
) -> Select<chat_member::Entity> {
    use chat_member::Column as M;
    let me = || Expr::col((chat_member::Entity, M::UserId));
    let blocks = scope
        .find::<user_block::Entity>()
        .filter(me().equals((user_block::Entity, user_block::Column::UserId)))
        .filter(user_block::Column::BlockedUserId.eq(by))
        .select_only()
        .column(user_block::Column::UserId);
    let is_there = scope
        .find::<presence_socket::Entity>()
        .filter(me().equals((presence_socket::Entity, presence_socket::Column::UserId)))
        .filter(presence_socket::Column::LeaseUntil.gt(now))
        .select_only()
        .column(presence_socket::Column::Socket);
    let phone = push_device::Entity::find()
        .filter(me().equals((push_device::Entity, push_device::Column::UserId)))
        .select_only()
        .column(push_device::Column::Id);
    scope
        .find::<chat_member::Entity>()
        .filter(M::ChatId.eq(chat))
        .filter(M::LeftAt.is_null())
        .filter(M::UserId.ne(by))
        .filter(Condition::any().add(M::MutedUntil.is_null()).add(M::MutedUntil.lte(now)))
        .filter(Expr::exists(phone.into_query()))
        .filter(Expr::exists(is_there.into_query()).not())
        .filter(Expr::exists(blocks.into_query()).not())
        .select_only()
        .column(M::UserId)
}

/// His user's id, if he may act in the company.
fn member(scope: CompanyScope, whom: Whom) -> SelectStatement {
    use membership::Column as M;
    let members = scope
        .find::<membership::Entity>()
        .select_only()
        .column(M::UserId)
        .join(JoinType::InnerJoin, membership_user())
        .filter(M::Status.eq(MembershipStatus::Active))
        .filter(user::Column::Status.eq(UserStatus::Active));
    match whom {
        Whom::User(id) => members.filter(M::UserId.eq(id)),
        Whom::Agent(id) => members.filter(
            M::Id.in_subquery(
                scope
                    .find::<agent::Entity>()
                    .filter(agent::Column::Id.eq(id))
                    .select_only()
                    .column(agent::Column::MembershipId)
                    .into_query(),
            ),
        ),
    }
    .into_query()
}

/// Whether the phone's session is good.
fn is_signed_in(now: DateTime<Utc>) -> SimpleExpr {
    use session::Column as S;
    let own =
        Expr::col((session::Entity, S::Id)).equals((push_device::Entity, push_device::Column::SessionId));
    let good = session::Entity::find()
        .select_only()
        .column(S::Id)
        .filter(own)
        .filter(S::RevokedAt.is_null())
        .filter(S::ExpiresAt.gt(now))
        .into_query();
    Expr::exists(good)
}
