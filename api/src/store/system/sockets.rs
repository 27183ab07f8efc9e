//! What a node reads for all of its sockets at once, whatever their companies: who they still are, and how far each
//! company's outbox has come.

use std::collections::{BTreeSet, HashMap};

use entity::id::{CompanyId, QueueId, SessionId};
use entity::{CompanyScope, agent, chat_roster, outbox_counter, queue, queue_member, session};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QuerySelect};

use super::{SessionWithStanding, read_standing, standing_of_sessions};

/// Ids a query: below what either database takes as parameters.
const AT_ONCE: usize = 500;

/// A session with the queues that its agent serves.
#[derive(Debug)]
pub struct SessionOfSockets {
    pub standing: SessionWithStanding,
    pub queues: BTreeSet<QueueId>,
}

/// These sessions, with a row for each queue of each agent: one query for every 500. One that is not there has no entry.
pub async fn sessions_of_sockets(
    db: &impl ConnectionTrait,
    ids: &[SessionId],
) -> Result<HashMap<SessionId, SessionOfSockets>, DbErr> {
    use {agent::Column as A, queue_member::Column as Q, session::Column as S};
    let mut found: HashMap<SessionId, SessionOfSockets> = HashMap::new();
    for ids in ids.chunks(AT_ONCE) {
        let mut query = standing_of_sessions(None);
        query
            .expr_as(Expr::col((session::Entity, S::Id)), "session_id")
            .expr_as(Expr::col((queue_member::Entity, Q::QueueId)), "queue_id")
            .left_join(
                queue_member::Entity,
                Expr::col((queue_member::Entity, Q::AgentId)).equals((agent::Entity, A::Id)).and(
                    Expr::col((queue_member::Entity, Q::CompanyId)).equals((agent::Entity, A::CompanyId)),
                ),
            )
            .and_where(Expr::col((session::Entity, S::Id)).is_in(ids.iter().map(|id| id.0)));
        for row in db.query_all(&query).await? {
            let queue: Option<QueueId> = row.try_get("", "queue_id")?;
            match found.entry(row.try_get("", "session_id")?) {
                std::collections::hash_map::Entry::Occupied(mut there) => {
                    there.get_mut().queues.extend(queue);
                }
                std::collections::hash_map::Entry::Vacant(place) => {
                    let standing = read_standing(&row)?;
                    place.insert(SessionOfSockets { standing, queues: queue.into_iter().collect() });
                }
            }
        }
    }
    Ok(found)
}

/// For telling sockets what happened, and how queues stand: each company's members are told their own company's.
pub fn outbox_scope(company: CompanyId) -> CompanyScope {
    CompanyScope::dangerous_mint(company)
}

/// The last sequence number of each of these companies' outboxes.
pub async fn outbox_ends(
    db: &impl ConnectionTrait,
    companies: &[CompanyId],
) -> Result<HashMap<CompanyId, i64>, DbErr> {
    let mut ends = HashMap::new();
    for companies in companies.chunks(AT_ONCE) {
        let found: Vec<(CompanyId, i64)> = outbox_counter::Entity::find()
            .select_only()
            .column(outbox_counter::Column::CompanyId)
            .column(outbox_counter::Column::LastSeq)
            .filter(outbox_counter::Column::CompanyId.is_in(companies.iter().copied()))
            .into_tuple()
            .all(db)
            .await?;
        ends.extend(found);
    }
    Ok(ends)
}

/// How often it has changed in these companies who is in their groups; none of one that has never had a group.
pub async fn chat_rosters(
    db: &impl ConnectionTrait,
    companies: &[CompanyId],
) -> Result<HashMap<CompanyId, i64>, DbErr> {
    let mut versions = HashMap::new();
    for companies in companies.chunks(AT_ONCE) {
        let found = chat_roster::Entity::find()
            .filter(chat_roster::Column::CompanyId.is_in(companies.iter().copied()))
            .all(db)
            .await?;
        versions.extend(found.into_iter().map(|row| (row.company_id, row.version)));
    }
    Ok(versions)
}

/// The queues of these companies.
pub async fn queues_of_companies(
    db: &impl ConnectionTrait,
    companies: &[CompanyId],
) -> Result<Vec<(CompanyId, QueueId)>, DbErr> {
    let mut queues = Vec::new();
    for companies in companies.chunks(AT_ONCE) {
        let found: Vec<(CompanyId, QueueId)> = queue::Entity::find()
            .select_only()
            .column(queue::Column::CompanyId)
            .column(queue::Column::Id)
            .filter(queue::Column::CompanyId.is_in(companies.iter().copied()))
            .filter(queue::Column::DeletedAt.is_null())
            .into_tuple()
            .all(db)
            .await?;
        queues.extend(found);
    }
    Ok(queues)
}
