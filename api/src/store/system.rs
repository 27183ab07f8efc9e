//! The only queries that look across companies: sign-in, finding a company by what a provider sent, claiming jobs.

#![expect(clippy::disallowed_methods, reason = "this file and its folder are where unscoped queries live")]

mod accounts;
mod figures;
mod presence;
mod reports;
mod settings;
mod sockets;
mod tools;
mod whole;
mod work;

pub use accounts::*;
pub use figures::*;
pub use presence::*;
pub use reports::*;
pub use settings::*;
pub use sockets::*;
pub use tools::*;
pub use whole::*;
pub use work::*;

use entity::id::{AgentId, CompanyId, InvitationId, MembershipId, SessionId, UserId};
use entity::{MembershipStatus, PlatformRole, Role, UserStatus};
use entity::{
    agent, audit, closed_company, company, invitation, membership, outbox_counter, routing_state, session,
    user,
};
use sea_orm::prelude::DateTimeUtc;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query, SelectStatement};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, JoinType,
    PaginatorTrait, QueryFilter, QueryOrder, QueryResult, QuerySelect, QueryTrait, RelationDef, Set,
};

use super::Tx;

/// A session with all that decides what it may be used for.
#[derive(Debug)]
pub struct SessionWithStanding {
    pub user: UserId,
    pub user_status: UserStatus,
    pub platform_role: Option<PlatformRole>,
    pub expires_at: DateTimeUtc,
    pub revoked_at: Option<DateTimeUtc>,
    /// The membership that the session names.
    pub membership: Option<MemberOfSession>,
    pub named_company_exists: bool,
    /// That of the membership, or the named one.
    pub company_closed: bool,
}

#[derive(Debug)]
pub struct MemberOfSession {
    pub id: MembershipId,
    pub company: CompanyId,
    pub role: Role,
    pub status: MembershipStatus,
    pub agent: Option<AgentId>,
}

/// One query a request: the session with its user, membership and agent, and whether `named` is a company.
pub async fn session_with_standing(
    db: &impl ConnectionTrait,
    id: SessionId,
    named: Option<CompanyId>,
) -> Result<Option<SessionWithStanding>, DbErr> {
    let mut query = standing_of_sessions(named);
    query.and_where(Expr::col((session::Entity, session::Column::Id)).eq(id.0));
    db.query_one(&query).await?.map(|row| read_standing(&row)).transpose()
}

/// Sessions with all that decides what they may be used for; the caller says which.
fn standing_of_sessions(named: Option<CompanyId>) -> SelectStatement {
    use {membership::Column as M, session::Column as S, user::Column as U};
    let mut query = Query::select();
    query
        .expr_as(Expr::col((user::Entity, U::PlatformRole)), "platform_role")
        .expr_as(Expr::col((session::Entity, S::ExpiresAt)), "expires_at")
        .expr_as(Expr::col((session::Entity, S::RevokedAt)), "revoked_at")
        .from(session::Entity)
        .inner_join(user::Entity, Expr::col((user::Entity, U::Id)).equals((session::Entity, S::UserId)))
        .left_join(
            membership::Entity,
            Expr::col((membership::Entity, M::Id))
                .equals((session::Entity, S::MembershipId))
                .and(Expr::col((membership::Entity, M::UserId)).equals((session::Entity, S::UserId))),
        );
    add_standing(&mut query, named);
    query
}

/// What decides in the rows of user and membership that are joined already, with the agent and the company.
fn add_standing(query: &mut SelectStatement, named: Option<CompanyId>) {
    use {
        agent::Column as A, closed_company::Column as D, company::Column as C, membership::Column as M,
        user::Column as U,
    };
    let named = named.map(|id| id.0);
    query
        .expr_as(Expr::col((user::Entity, U::Id)), "user_id")
        .expr_as(Expr::col((user::Entity, U::Status)), "user_status")
        .expr_as(Expr::col((membership::Entity, M::Id)), "membership_id")
        .expr_as(Expr::col((membership::Entity, M::CompanyId)), "company_id")
        .expr_as(Expr::col((membership::Entity, M::Role)), "role")
        .expr_as(Expr::col((membership::Entity, M::Status)), "membership_status")
        .expr_as(Expr::col((agent::Entity, A::Id)), "agent_id")
        .expr_as(Expr::col((company::Entity, C::Id)), "named_company_id")
        .expr_as(Expr::col((closed_company::Entity, D::CompanyId)), "closed_company_id")
        .left_join(
            agent::Entity,
            Expr::col((agent::Entity, A::MembershipId))
                .equals((membership::Entity, M::Id))
                .and(Expr::col((agent::Entity, A::CompanyId)).equals((membership::Entity, M::CompanyId)))
                .and(Expr::col((agent::Entity, A::RemovedAt)).is_null()),
        )
        .left_join(company::Entity, Expr::col((company::Entity, C::Id)).eq(named))
        .left_join(
            closed_company::Entity,
            Expr::col((closed_company::Entity, D::CompanyId))
                .equals((membership::Entity, M::CompanyId))
                .or(Expr::col((closed_company::Entity, D::CompanyId)).eq(named)),
        );
}

fn read_standing(row: &QueryResult) -> Result<SessionWithStanding, DbErr> {
    Ok(SessionWithStanding {
        user: row.try_get("", "user_id")?,
        user_status: row.try_get("", "user_status")?,
        platform_role: row.try_get("", "platform_role")?,
        expires_at: row.try_get("", "expires_at")?,
        revoked_at: row.try_get("", "revoked_at")?,
        membership: read_member(row)?,
        named_company_exists: row.try_get::<Option<CompanyId>>("", "named_company_id")?.is_some(),
        company_closed: row.try_get::<Option<CompanyId>>("", "closed_company_id")?.is_some(),
    })
}

fn read_member(row: &QueryResult) -> Result<Option<MemberOfSession>, DbErr> {
    Ok(match row.try_get::<Option<MembershipId>>("", "membership_id")? {
        Some(id) => Some(MemberOfSession {
            id,
            company: row.try_get("", "company_id")?,
            role: row.try_get("", "role")?,
            status: row.try_get("", "membership_status")?,
            agent: row.try_get("", "agent_id")?,
        }),
        None => None,
    })
}

/// Whether the database answers.
pub async fn ping(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    db.execute_unprepared("SELECT 1").await.map(drop)
}

/// A membership with the name of its company.
#[derive(Clone, Debug)]
pub struct MembershipOfUser {
    pub membership: membership::Model,
    pub company: company::Model,
}

/// The active memberships of a user, the oldest first.
pub async fn memberships_of(db: &impl ConnectionTrait, user: UserId) -> Result<Vec<MembershipOfUser>, DbErr> {
    let company_of: RelationDef = membership::Entity::belongs_to(company::Entity)
        .from(membership::Column::CompanyId)
        .to(company::Column::Id)
        .into();
    let rows = membership::Entity::find()
        .filter(membership::Column::UserId.eq(user))
        .filter(membership::Column::Status.eq(MembershipStatus::Active))
        .filter(membership::Column::CompanyId.not_in_subquery(closed()))
        .join(JoinType::InnerJoin, company_of)
        .select_also(company::Entity)
        .order_by_asc(membership::Column::Id)
        .all(db)
        .await?;
    let both = |(membership, company): (membership::Model, Option<company::Model>)| {
        company.map(|company| MembershipOfUser { membership, company })
    };
    Ok(rows.into_iter().filter_map(both).collect())
}

/// The membership of a user in a company, whatever its status.
pub async fn membership_in(
    db: &impl ConnectionTrait,
    company: CompanyId,
    user: UserId,
) -> Result<Option<membership::Model>, DbErr> {
    membership::Entity::find()
        .filter(membership::Column::CompanyId.eq(company))
        .filter(membership::Column::UserId.eq(user))
        .one(db)
        .await
}

/// The invitation with this token, if it can still be accepted.
pub async fn open_invitation(
    db: &impl ConnectionTrait,
    token_hash: &str,
    now: DateTimeUtc,
) -> Result<Option<invitation::Model>, DbErr> {
    invitation::Entity::find()
        .filter(invitation::Column::TokenHash.eq(token_hash))
        .filter(invitation::Column::AcceptedAt.is_null())
        .filter(invitation::Column::ExpiresAt.gt(now))
        .one(db)
        .await
}

/// Whether a company waits for somebody with this number.
pub async fn is_number_invited(
    db: &impl ConnectionTrait,
    number: &str,
    now: DateTimeUtc,
) -> Result<bool, DbErr> {
    let open = invitation::Entity::find()
        .filter(invitation::Column::PhoneNumber.eq(number))
        .filter(invitation::Column::AcceptedAt.is_null())
        .filter(invitation::Column::ExpiresAt.gt(now))
        .count(db)
        .await?;
    Ok(open > 0)
}

/// Accepts an invitation; answers whether this call did it.
pub async fn accept_invitation(tx: &Tx, id: InvitationId, now: DateTimeUtc) -> Result<bool, DbErr> {
    let done = invitation::Entity::update_many()
        .col_expr(invitation::Column::AcceptedAt, Expr::val(now))
        .filter(invitation::Column::Id.eq(id))
        .filter(invitation::Column::AcceptedAt.is_null())
        .exec(tx)
        .await?;
    Ok(done.rows_affected == 1)
}

/// A company with the rows that each must have.
pub async fn insert_company(tx: &Tx, company: company::Model) -> Result<(), DbErr> {
    let id = company.id;
    company::Entity::insert(company.into_active_model().reset_all()).exec_without_returning(tx).await?;
    let routing = routing_state::Model { company_id: id, node_id: None, lease_until: None };
    routing_state::Entity::insert(routing.into_active_model().reset_all()).exec_without_returning(tx).await?;
    let counter = outbox_counter::Model { company_id: id, last_seq: 0, facts_wanted: false };
    outbox_counter::Entity::insert(counter.into_active_model().reset_all())
        .exec_without_returning(tx)
        .await
        .map(drop)
}

/// Whether a user may act at all.
pub async fn is_active_user(db: &impl ConnectionTrait, id: UserId) -> Result<bool, DbErr> {
    let found = user::Entity::find_by_id(id).filter(user::Column::Status.eq(UserStatus::Active));
    Ok(found.one(db).await?.is_some())
}

/// A line of the audit about somebody who comes into a company.
pub async fn insert_audit(tx: &Tx, line: audit::Model) -> Result<(), DbErr> {
    audit::Entity::insert(line.into_active_model().reset_all()).exec_without_returning(tx).await.map(drop)
}

pub async fn insert_membership(tx: &Tx, membership: membership::Model) -> Result<(), DbErr> {
    membership::Entity::insert(membership.into_active_model().reset_all())
        .exec_without_returning(tx)
        .await
        .map(drop)
}

/// Makes a membership good again, with a new role.
pub async fn revive_membership(tx: &Tx, id: MembershipId, role: Role) -> Result<(), DbErr> {
    let changes = membership::ActiveModel {
        role: Set(role),
        status: Set(MembershipStatus::Active),
        ..Default::default()
    };
    membership::Entity::update_many()
        .set(changes)
        .filter(membership::Column::Id.eq(id))
        .exec(tx)
        .await
        .map(drop)
}

/// Inserts an agent unless the membership has one; one that had ceased to be an agent is one again.
pub async fn insert_agent_unless_there(tx: &Tx, agent: agent::Model) -> Result<(), DbErr> {
    let mut insert = agent::Entity::insert(agent.into_active_model().reset_all()).into_query();
    let membership = [agent::Column::CompanyId, agent::Column::MembershipId];
    let again = Expr::value(Option::<DateTimeUtc>::None);
    insert.on_conflict(OnConflict::columns(membership).value(agent::Column::RemovedAt, again).to_owned());
    tx.execute(&insert).await.map(drop)
}

/// Gives the agents that a user is, in any company, the user's new name.
pub async fn rename_agents_of(tx: &Tx, user: UserId, name: &str) -> Result<(), DbErr> {
    let memberships = membership::Entity::find()
        .select_only()
        .column(membership::Column::Id)
        .filter(membership::Column::UserId.eq(user))
        .into_query();
    agent::Entity::update_many()
        .col_expr(agent::Column::Name, Expr::val(name))
        .filter(agent::Column::MembershipId.in_subquery(memberships))
        .exec(tx)
        .await
        .map(drop)
}

pub async fn company(db: &impl ConnectionTrait, id: CompanyId) -> Result<Option<company::Model>, DbErr> {
    company::Entity::find_by_id(id).one(db).await
}

/// The company, locked until the transaction ends.
pub async fn lock_company(tx: &Tx, id: CompanyId) -> Result<Option<company::Model>, DbErr> {
    company::Entity::find_by_id(id).lock_exclusive().one(tx).await
}

/// Changes what is set in `row`, of the company that it names.
pub async fn update_company(tx: &Tx, row: company::ActiveModel) -> Result<company::Model, DbErr> {
    company::Entity::update(row).exec(tx).await
}
