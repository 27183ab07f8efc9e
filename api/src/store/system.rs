//! The only queries that look across companies: sign-in, finding a company by what a provider sent, claiming jobs.

#![expect(clippy::disallowed_methods, reason = "this file and its folder are where unscoped queries live")]

mod work;

pub use work::*;

use entity::id::{AgentId, CompanyId, MembershipId, SessionId, UserId};
use entity::{MembershipStatus, PlatformRole, Role, UserStatus};
use entity::{agent, company, membership, session, user};
use sea_orm::prelude::DateTimeUtc;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ConnectionTrait, DbErr};

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
    use {
        agent::Column as A, company::Column as C, membership::Column as M, session::Column as S,
        user::Column as U,
    };
    let mut query = Query::select();
    query
        .expr_as(Expr::col((user::Entity, U::Id)), "user_id")
        .expr_as(Expr::col((user::Entity, U::Status)), "user_status")
        .expr_as(Expr::col((user::Entity, U::PlatformRole)), "platform_role")
        .expr_as(Expr::col((session::Entity, S::ExpiresAt)), "expires_at")
        .expr_as(Expr::col((session::Entity, S::RevokedAt)), "revoked_at")
        .expr_as(Expr::col((membership::Entity, M::Id)), "membership_id")
        .expr_as(Expr::col((membership::Entity, M::CompanyId)), "company_id")
        .expr_as(Expr::col((membership::Entity, M::Role)), "role")
        .expr_as(Expr::col((membership::Entity, M::Status)), "membership_status")
        .expr_as(Expr::col((agent::Entity, A::Id)), "agent_id")
        .expr_as(Expr::col((company::Entity, C::Id)), "named_company_id")
        .from(session::Entity)
        .inner_join(user::Entity, Expr::col((user::Entity, U::Id)).equals((session::Entity, S::UserId)))
        .left_join(
            membership::Entity,
            Expr::col((membership::Entity, M::Id))
                .equals((session::Entity, S::MembershipId))
                .and(Expr::col((membership::Entity, M::UserId)).equals((session::Entity, S::UserId))),
        )
        .left_join(
            agent::Entity,
            Expr::col((agent::Entity, A::MembershipId))
                .equals((membership::Entity, M::Id))
                .and(Expr::col((agent::Entity, A::CompanyId)).equals((membership::Entity, M::CompanyId))),
        )
        .left_join(company::Entity, Expr::col((company::Entity, C::Id)).eq(named.map(|id| id.0)))
        .and_where(Expr::col((session::Entity, S::Id)).eq(id.0));
    let Some(row) = db.query_one(&query).await? else { return Ok(None) };
    let membership = match row.try_get::<Option<MembershipId>>("", "membership_id")? {
        Some(id) => Some(MemberOfSession {
            id,
            company: row.try_get("", "company_id")?,
            role: row.try_get("", "role")?,
            status: row.try_get("", "membership_status")?,
            agent: row.try_get("", "agent_id")?,
        }),
        None => None,
    };
    Ok(Some(SessionWithStanding {
        user: row.try_get("", "user_id")?,
        user_status: row.try_get("", "user_status")?,
        platform_role: row.try_get("", "platform_role")?,
        expires_at: row.try_get("", "expires_at")?,
        revoked_at: row.try_get("", "revoked_at")?,
        membership,
        named_company_exists: row.try_get::<Option<CompanyId>>("", "named_company_id")?.is_some(),
    }))
}

/// Whether the database answers.
pub async fn ping(db: &impl ConnectionTrait) -> Result<(), DbErr> {
    db.execute_unprepared("SELECT 1").await.map(drop)
}
