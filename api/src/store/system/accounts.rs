//! What the platform's administrator sees of companies and people, and who holds a key.

use std::collections::HashMap;

use entity::id::{AgentId, ApiKeyId, CompanyId, UserId};
use entity::{
    JobKind, JobState, MembershipStatus, UserStatus, agent, api_key, closed_company, company, invitation,
    job, membership, user,
};
use sea_orm::prelude::DateTimeUtc;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query, SelectStatement};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};
use serde_json::Value;
use uuid::Uuid;

use super::{MembershipOfUser, SessionWithStanding, add_standing, read_member};
use crate::app::App;
use crate::store::{Tx, users};

/// The ids of closed companies.
pub(super) fn closed() -> SelectStatement {
    closed_company::Entity::find().select_only().column(closed_company::Column::CompanyId).into_query()
}

/// Whether companies are closed or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doors {
    Open,
    Closed,
}

/// One page of all companies by name, and how many there are.
pub async fn companies(
    db: &impl ConnectionTrait,
    doors: Doors,
    offset: u64,
    limit: u64,
) -> Result<(Vec<company::Model>, u64), DbErr> {
    let wanted = || {
        let all = company::Entity::find();
        match doors {
            Doors::Open => all.filter(company::Column::Id.not_in_subquery(closed())),
            Doors::Closed => all.filter(company::Column::Id.in_subquery(closed())),
        }
    };
    let total = wanted().count(db).await?;
    let by_name = wanted().order_by_asc(company::Column::Name).order_by_asc(company::Column::Id);
    Ok((by_name.offset(offset).limit(limit).all(db).await?, total))
}

/// Closes a company that is open; answers whether this call did it.
pub async fn close_company(tx: &Tx, closing: closed_company::Model) -> Result<bool, DbErr> {
    let mut insert = closed_company::Entity::insert(closing.into_active_model().reset_all()).into_query();
    insert.on_conflict(OnConflict::column(closed_company::Column::CompanyId).do_nothing().to_owned());
    Ok(tx.execute(&insert).await?.rows_affected() == 1)
}

/// Opens a company that is closed; answers whether this call did it.
pub async fn open_company(tx: &Tx, id: CompanyId) -> Result<bool, DbErr> {
    let done = closed_company::Entity::delete_many()
        .filter(closed_company::Column::CompanyId.eq(id))
        .exec(tx)
        .await?;
    Ok(done.rows_affected == 1)
}

/// An invitation into a company that has nobody yet.
pub async fn insert_invitation(tx: &Tx, row: invitation::Model) -> Result<(), DbErr> {
    invitation::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await.map(drop)
}

/// Which users are asked for; `None` asks for all.
#[derive(Clone, Debug, Default)]
pub struct UserFilter {
    /// In lower case; each word has to stand in the name or the address.
    pub search: Option<String>,
    pub status: Option<UserStatus>,
    pub company: Option<CompanyId>,
}

/// A user with the companies that he is, or was, in.
#[derive(Clone, Debug)]
pub struct UserOfPlatform {
    pub user: user::Model,
    pub memberships: Vec<MembershipOfUser>,
}

/// One page of all users by name, and how many there are.
pub async fn all_users(
    db: &impl ConnectionTrait,
    filter: &UserFilter,
    offset: u64,
    limit: u64,
) -> Result<(Vec<UserOfPlatform>, u64), DbErr> {
    let of_company = filter.company.map(|company| {
        let members = membership::Entity::find()
            .select_only()
            .column(membership::Column::UserId)
            .filter(membership::Column::CompanyId.eq(company))
            .filter(membership::Column::Status.ne(MembershipStatus::Removed));
        user::Column::Id.in_subquery(members.into_query())
    });
    let wanted = Condition::all()
        .add_option(filter.search.as_deref().map(users::matches))
        .add_option(filter.status.map(|status| user::Column::Status.eq(status)))
        .add_option(of_company);
    let found = || user::Entity::find().filter(wanted.clone());
    let total = found().count(db).await?;
    let rows = found()
        .order_by_asc(user::Column::Name)
        .order_by_asc(user::Column::Id)
        .offset(offset)
        .limit(limit)
        .all(db)
        .await?;
    let mut memberships = memberships_of_all(db, rows.iter().map(|row| row.id).collect()).await?;
    let whole = |user: user::Model| UserOfPlatform {
        memberships: memberships.remove(&user.id).unwrap_or_default(),
        user,
    };
    Ok((rows.into_iter().map(whole).collect(), total))
}

async fn memberships_of_all(
    db: &impl ConnectionTrait,
    ids: Vec<UserId>,
) -> Result<HashMap<UserId, Vec<MembershipOfUser>>, DbErr> {
    let rows = membership::Entity::find()
        .filter(membership::Column::UserId.is_in(ids))
        .order_by_asc(membership::Column::Id)
        .all(db)
        .await?;
    let companies = company::Entity::find()
        .filter(company::Column::Id.is_in(rows.iter().map(|row| row.company_id)))
        .all(db)
        .await?;
    let companies: HashMap<_, _> = companies.into_iter().map(|company| (company.id, company)).collect();
    let mut found: HashMap<UserId, Vec<MembershipOfUser>> = HashMap::new();
    for membership in rows {
        if let Some(company) = companies.get(&membership.company_id).cloned() {
            found.entry(membership.user_id).or_default().push(MembershipOfUser { membership, company });
        }
    }
    Ok(found)
}

/// A user with his companies.
pub async fn user_of_platform(
    db: &impl ConnectionTrait,
    id: UserId,
) -> Result<Option<UserOfPlatform>, DbErr> {
    let Some(user) = users::by_id(db, id).await? else { return Ok(None) };
    let memberships = memberships_of_all(db, vec![id]).await?.remove(&id).unwrap_or_default();
    Ok(Some(UserOfPlatform { user, memberships }))
}

/// What a user is in a company that he works for.
#[derive(Clone, Copy, Debug)]
pub struct StandingOfUser {
    pub company: CompanyId,
    pub agent: Option<AgentId>,
}

/// In each company that a user works for, banned there or not.
pub async fn standings_of(db: &impl ConnectionTrait, user: UserId) -> Result<Vec<StandingOfUser>, DbErr> {
    let memberships = membership::Entity::find()
        .filter(membership::Column::UserId.eq(user))
        .filter(membership::Column::Status.ne(MembershipStatus::Removed))
        .order_by_asc(membership::Column::Id)
        .all(db)
        .await?;
    let agents = agent::Entity::find()
        .filter(agent::Column::MembershipId.is_in(memberships.iter().map(|row| row.id)))
        .filter(agent::Column::RemovedAt.is_null())
        .all(db)
        .await?;
    let agent = |of| agents.iter().find(|agent| agent.membership_id == of).map(|agent| agent.id);
    let standing = |row: &membership::Model| StandingOfUser { company: row.company_id, agent: agent(row.id) };
    Ok(memberships.iter().map(standing).collect())
}

/// Something to do at once in a company, for who acts in none.
pub async fn insert_job(
    app: &App,
    tx: &Tx,
    company: CompanyId,
    kind: JobKind,
    subject: Uuid,
    payload: Value,
) -> Result<(), DbErr> {
    let now = app.clock.now();
    let row = job::Model {
        id: app.ids.next(),
        company_id: company,
        kind,
        subject_id: subject,
        payload,
        run_at: now,
        state: JobState::Queued,
        attempts: 0,
        node_id: None,
        lease_until: None,
        last_error: None,
        created_at: now,
    };
    job::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await.map(drop)
}

/// In how many companies a user works.
pub async fn companies_of(db: &impl ConnectionTrait, user: UserId) -> Result<u64, DbErr> {
    membership::Entity::find()
        .filter(membership::Column::UserId.eq(user))
        .filter(membership::Column::Status.ne(MembershipStatus::Removed))
        .count(db)
        .await
}

/// A key with all that decides what it may be used for.
#[derive(Debug)]
pub struct KeyWithStanding {
    pub id: ApiKeyId,
    /// Names of permissions.
    pub scopes: Value,
    pub expires_at: Option<DateTimeUtc>,
    pub last_used_at: Option<DateTimeUtc>,
    pub revoked_at: Option<DateTimeUtc>,
    /// Of its maker, who acts as a member only. It neither runs out nor is revoked by itself.
    pub maker: SessionWithStanding,
}

/// One query a request: the key with its maker, his membership and agent, and whether `named` is a company.
pub async fn key_with_standing(
    db: &impl ConnectionTrait,
    hash: &str,
    named: Option<CompanyId>,
) -> Result<Option<KeyWithStanding>, DbErr> {
    use {api_key::Column as K, membership::Column as M, user::Column as U};
    let mut query = Query::select();
    query
        .expr_as(Expr::col((api_key::Entity, K::Id)), "key_id")
        .expr_as(Expr::col((api_key::Entity, K::Scopes)), "scopes")
        .expr_as(Expr::col((api_key::Entity, K::ExpiresAt)), "key_expires_at")
        .expr_as(Expr::col((api_key::Entity, K::LastUsedAt)), "last_used_at")
        .expr_as(Expr::col((api_key::Entity, K::RevokedAt)), "key_revoked_at")
        .from(api_key::Entity)
        .inner_join(
            membership::Entity,
            Expr::col((membership::Entity, M::Id))
                .equals((api_key::Entity, K::MembershipId))
                .and(Expr::col((membership::Entity, M::CompanyId)).equals((api_key::Entity, K::CompanyId))),
        )
        .inner_join(user::Entity, Expr::col((user::Entity, U::Id)).equals((membership::Entity, M::UserId)))
        .and_where(Expr::col((api_key::Entity, K::KeyHash)).eq(hash));
    add_standing(&mut query, named);
    let Some(row) = db.query_one(&query).await? else { return Ok(None) };
    let maker = SessionWithStanding {
        user: row.try_get("", "user_id")?,
        user_status: row.try_get("", "user_status")?,
        platform_role: None,
        expires_at: DateTimeUtc::MAX_UTC,
        revoked_at: None,
        membership: read_member(&row)?,
        named_company_exists: row.try_get::<Option<CompanyId>>("", "named_company_id")?.is_some(),
        company_closed: row.try_get::<Option<CompanyId>>("", "closed_company_id")?.is_some(),
    };
    Ok(Some(KeyWithStanding {
        id: row.try_get("", "key_id")?,
        scopes: row.try_get("", "scopes")?,
        expires_at: row.try_get("", "key_expires_at")?,
        last_used_at: row.try_get("", "last_used_at")?,
        revoked_at: row.try_get("", "key_revoked_at")?,
        maker,
    }))
}

/// Notes that a key was used, for people who look: not each time.
pub async fn key_was_used(tx: &Tx, id: ApiKeyId, now: DateTimeUtc) -> Result<(), DbErr> {
    api_key::Entity::update_many()
        .col_expr(api_key::Column::LastUsedAt, Expr::val(now))
        .filter(api_key::Column::Id.eq(id))
        .exec(tx)
        .await
        .map(drop)
}
