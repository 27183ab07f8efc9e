//! Users, and the members of a company. A user belongs to no company, so the queries about a user alone have no scope;
//! whatever says in which company somebody is goes through one.

#![expect(clippy::disallowed_methods, reason = "the table of users has no company")]

use std::collections::HashMap;

use entity::id::{AgentId, MembershipId, UserId};
use entity::{
    CompanyScope, MembershipStatus, Role, Updated, UserStatus, agent, membership, user, user_preferences,
};
use sea_orm::sea_query::{Expr, ExprTrait, LikeExpr, OnConflict, SimpleExpr};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, JoinType,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, RelationDef, Set,
};

use super::{Tx, avatars};

/// A member of a company.
#[derive(Clone, Debug)]
pub struct Member {
    pub membership: membership::Model,
    pub user: user::Model,
    pub agent: Option<AgentId>,
    /// Where his picture lies.
    pub avatar: Option<String>,
}

/// Which members are asked for; `None` asks for all, but for those that were removed.
#[derive(Clone, Debug, Default)]
pub struct MemberFilter {
    /// Each word has to stand in the name or the address; neither case nor accents count.
    pub search: Option<String>,
    pub role: Option<Role>,
    pub status: Option<MembershipStatus>,
}

pub async fn by_email(db: &impl ConnectionTrait, email: &str) -> Result<Option<user::Model>, DbErr> {
    user::Entity::find().filter(user::Column::Email.eq(email)).one(db).await
}

pub async fn by_phone_number(db: &impl ConnectionTrait, number: &str) -> Result<Option<user::Model>, DbErr> {
    user::Entity::find().filter(user::Column::PhoneNumber.eq(number)).one(db).await
}

pub async fn by_id(db: &impl ConnectionTrait, id: UserId) -> Result<Option<user::Model>, DbErr> {
    user::Entity::find_by_id(id).one(db).await
}

/// The user, locked until the transaction ends.
pub async fn lock(tx: &Tx, id: UserId) -> Result<Option<user::Model>, DbErr> {
    user::Entity::find_by_id(id).lock_exclusive().one(tx).await
}

/// Inserts a user unless the address or the number is taken; tells whether it was inserted.
pub async fn insert_unless_known(tx: &Tx, user: user::Model) -> Result<bool, DbErr> {
    let folded = Some(user::folded(&user.name, user.email.as_deref()));
    let user = user::Model { folded, folded_at: Some(user.updated_at), ..user };
    let mut insert = user::Entity::insert(user.into_active_model().reset_all()).into_query();
    insert.on_conflict(OnConflict::new().do_nothing().to_owned());
    Ok(tx.execute(&insert).await?.rows_affected() == 1)
}

pub async fn update(tx: &Tx, id: UserId, changes: user::ActiveModel) -> Result<(), DbErr> {
    user::Entity::update_many().set(changes).filter(user::Column::Id.eq(id)).exec(tx).await?;
    match by_id(tx, id).await? {
        Some(user) => fold(tx, user).await,
        None => Ok(()),
    }
}

/// Makes the words by which he is found those of his row.
async fn fold(tx: &Tx, user: user::Model) -> Result<(), DbErr> {
    let words = user::ActiveModel {
        folded: Set(Some(user::folded(&user.name, user.email.as_deref()))),
        folded_at: Set(Some(user.updated_at)),
        ..Default::default()
    };
    user::Entity::update_many().set(words).filter(user::Column::Id.eq(user.id)).exec(tx).await.map(drop)
}

/// The same of those whose words lag behind; answers how many there were.
pub async fn fold_stale(tx: &Tx, limit: u64) -> Result<u64, DbErr> {
    use user::Column::{FoldedAt, Id, UpdatedAt};
    let stale = Condition::any().add(FoldedAt.is_null()).add(Expr::col(FoldedAt).lt(Expr::col(UpdatedAt)));
    let rows = user::Entity::find().filter(stale).order_by_asc(Id).limit(limit).lock_exclusive();
    let mut folded = 0;
    for user in rows.all(tx).await? {
        fold(tx, user).await?;
        folded += 1;
    }
    Ok(folded)
}

/// One page of the company's members by name, and how many there are in all.
pub async fn members(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    filter: &MemberFilter,
    offset: u64,
    limit: u64,
) -> Result<(Vec<Member>, u64), DbErr> {
    let status = match filter.status {
        Some(status) => membership::Column::Status.eq(status),
        None => membership::Column::Status.ne(MembershipStatus::Removed),
    };
    let wanted = Condition::all()
        .add(status)
        .add_option(filter.role.map(|role| membership::Column::Role.eq(role)))
        .add_option(filter.search.as_deref().map(matches));
    let found = || {
        let all = scope.find::<membership::Entity>().join(JoinType::InnerJoin, membership_user());
        all.filter(wanted.clone())
    };
    let total = found().count(db).await?;
    let rows = found()
        .select_also(user::Entity)
        .order_by_asc(user::Column::Name)
        .order_by_asc(membership::Column::Id)
        .offset(offset)
        .limit(limit)
        .all(db)
        .await?;
    Ok((with_agents(scope, db, rows).await?, total))
}

/// Every word of the search stands somewhere in the name or the address.
pub fn matches(search: &str) -> Condition {
    entity::fold::fold(search).split_whitespace().fold(Condition::all(), |all, word| {
        let escaped = word.replace('!', "!!").replace('%', "!%").replace('_', "!_");
        all.add(user::Column::Folded.like(LikeExpr::new(format!("%{escaped}%")).escape('!')))
    })
}

/// A member by the user's id, banned or not; one who was removed is not there.
pub async fn member(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    id: UserId,
) -> Result<Option<Member>, DbErr> {
    let there = membership::Column::Status.ne(MembershipStatus::Removed);
    one(scope, db, id, there).await
}

/// A member who was removed.
pub async fn removed_member(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    id: UserId,
) -> Result<Option<Member>, DbErr> {
    one(scope, db, id, membership::Column::Status.eq(MembershipStatus::Removed)).await
}

async fn one(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    id: UserId,
    status: SimpleExpr,
) -> Result<Option<Member>, DbErr> {
    let row = scope
        .find::<membership::Entity>()
        .filter(membership::Column::UserId.eq(id))
        .filter(status)
        .join(JoinType::InnerJoin, membership_user())
        .select_also(user::Entity)
        .one(db)
        .await?;
    Ok(with_agents(scope, db, row.into_iter().collect()).await?.pop())
}

/// The names of these users.
pub async fn names(db: &impl ConnectionTrait, ids: Vec<UserId>) -> Result<HashMap<UserId, String>, DbErr> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(UserId, String)> = user::Entity::find()
        .select_only()
        .column(user::Column::Id)
        .column(user::Column::Name)
        .filter(user::Column::Id.is_in(ids))
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().collect())
}

/// The company's active owners, locked until the transaction ends, so that two of them cannot remove each other.
pub async fn lock_owners(scope: CompanyScope, tx: &Tx) -> Result<Vec<membership::Model>, DbErr> {
    scope
        .find::<membership::Entity>()
        .filter(membership::Column::Role.eq(Role::Owner))
        .filter(membership::Column::Status.eq(MembershipStatus::Active))
        .order_by_asc(membership::Column::Id)
        .lock_exclusive()
        .all(tx)
        .await
}

/// Where the company's owners are written to.
pub async fn addresses_of_owners(scope: CompanyScope, tx: &Tx) -> Result<Vec<String>, DbErr> {
    let owners = scope
        .find::<membership::Entity>()
        .filter(membership::Column::Role.eq(Role::Owner))
        .filter(membership::Column::Status.eq(MembershipStatus::Active))
        .join(JoinType::InnerJoin, membership_user())
        .filter(user::Column::Status.eq(UserStatus::Active))
        .select_also(user::Entity)
        .order_by_asc(membership::Column::Id)
        .all(tx)
        .await?;
    Ok(owners.into_iter().filter_map(|(_, user)| user.and_then(|user| user.email)).collect())
}

/// The memberships of all who are members, banned or not.
pub async fn memberships(scope: CompanyScope, db: &impl ConnectionTrait) -> Result<Vec<MembershipId>, DbErr> {
    scope
        .find::<membership::Entity>()
        .select_only()
        .column(membership::Column::Id)
        .filter(membership::Column::Status.ne(MembershipStatus::Removed))
        .into_tuple()
        .all(db)
        .await
}

pub async fn set_role(scope: CompanyScope, tx: &Tx, id: MembershipId, role: Role) -> Result<Updated, DbErr> {
    let changes = membership::ActiveModel { role: Set(role), ..Default::default() };
    scope.update::<membership::Entity, _>(tx, id, changes).await
}

pub async fn set_status(
    scope: CompanyScope,
    tx: &Tx,
    id: MembershipId,
    status: MembershipStatus,
) -> Result<Updated, DbErr> {
    let changes = membership::ActiveModel { status: Set(status), ..Default::default() };
    scope.update::<membership::Entity, _>(tx, id, changes).await
}

/// By what somebody is known before he has an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contact<'a> {
    Email(&'a str),
    PhoneNumber(&'a str),
}

/// Whether somebody with this address or number is a member already, banned or not.
pub async fn is_member(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    who: Contact<'_>,
) -> Result<bool, DbErr> {
    let his = match who {
        Contact::Email(email) => user::Column::Email.eq(email),
        Contact::PhoneNumber(number) => user::Column::PhoneNumber.eq(number),
    };
    let found = scope
        .find::<membership::Entity>()
        .filter(membership::Column::Status.ne(MembershipStatus::Removed))
        .join(JoinType::InnerJoin, membership_user())
        .filter(his)
        .filter(user::Column::Status.ne(UserStatus::Deleted))
        .count(db)
        .await?;
    Ok(found > 0)
}

pub(super) fn membership_user() -> RelationDef {
    membership::Entity::belongs_to(user::Entity).from(membership::Column::UserId).to(user::Column::Id).into()
}

async fn with_agents(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    rows: Vec<(membership::Model, Option<user::Model>)>,
) -> Result<Vec<Member>, DbErr> {
    let ids = rows.iter().map(|(membership, _)| membership.id);
    let agents = scope
        .find::<agent::Entity>()
        .filter(agent::Column::MembershipId.is_in(ids))
        .filter(agent::Column::RemovedAt.is_null())
        .all(db)
        .await?;
    let agents: HashMap<_, _> = agents.into_iter().map(|agent| (agent.membership_id, agent.id)).collect();
    let mut avatars =
        avatars::of(db, rows.iter().map(|(membership, _)| membership.user_id).collect()).await?;
    let mut member = |(membership, user): (membership::Model, Option<user::Model>)| {
        let agent = agents.get(&membership.id).copied();
        let avatar = avatars.remove(&membership.user_id);
        user.map(|user| Member { membership, user, agent, avatar })
    };
    Ok(rows.into_iter().filter_map(&mut member).collect())
}

/// How a user wants his screen to be, as far as he has said.
pub async fn preferences(
    db: &impl ConnectionTrait,
    user: UserId,
) -> Result<Option<user_preferences::Model>, DbErr> {
    user_preferences::Entity::find_by_id(user).one(db).await
}

/// In place of what he has said before; of two at once the later one counts.
pub async fn put_preferences(tx: &Tx, row: user_preferences::Model) -> Result<(), DbErr> {
    use user_preferences::Column;
    let replace = OnConflict::column(Column::UserId)
        .update_columns([Column::Preferences, Column::UpdatedAt])
        .to_owned();
    let row = row.into_active_model().reset_all();
    user_preferences::Entity::insert(row).on_conflict(replace).exec_without_returning(tx).await.map(drop)
}
