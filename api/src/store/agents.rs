//! Agents with their skills, queues and slots.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::id::{AgentId, MembershipId, QueueId, SkillId, UserId};
use entity::{Availability, MembershipStatus, SlotHolder};
use entity::{
    CompanyScope, agent, agent_skill, agent_skill_today, agent_slot, membership, queue_member, skill,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, JoinType, QueryFilter, QueryOrder,
    QuerySelect, RelationDef,
};

use super::Tx;

/// An agent with what others want to know of it.
#[derive(Clone, Debug)]
pub struct AgentWithWork {
    pub agent: agent::Model,
    pub user: UserId,
    /// By what its slots are held.
    pub held: Vec<SlotHolder>,
    pub queues: Vec<QueueId>,
    pub skills: Vec<SkillLevel>,
    /// Levels in place of the usual ones, 0 for without, until the end of the company's day.
    pub skills_today: Vec<SkillLevel>,
}

#[derive(Clone, Debug)]
pub struct SkillLevel {
    pub skill: SkillId,
    pub name: String,
    /// 1 to 10.
    pub level: i32,
}

/// The agents of the company's active members, by name.
pub async fn all(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
) -> Result<Vec<AgentWithWork>, DbErr> {
    let rows = active(scope).order_by_asc(agent::Column::Name).order_by_asc(agent::Column::Id);
    with_work(scope, db, now, rows.select_also(membership::Entity).all(db).await?).await
}

pub async fn by_id(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    id: AgentId,
    now: DateTime<Utc>,
) -> Result<Option<AgentWithWork>, DbErr> {
    let row = active(scope).filter(agent::Column::Id.eq(id)).select_also(membership::Entity).one(db).await?;
    Ok(with_work(scope, db, now, row.into_iter().collect()).await?.pop())
}

fn active(scope: CompanyScope) -> sea_orm::Select<agent::Entity> {
    let member: RelationDef = agent::Entity::belongs_to(membership::Entity)
        .from(agent::Column::MembershipId)
        .to(membership::Column::Id)
        .into();
    scope
        .find::<agent::Entity>()
        .join(JoinType::InnerJoin, member)
        .filter(membership::Column::Status.eq(MembershipStatus::Active))
        .filter(agent::Column::RemovedAt.is_null())
}

async fn with_work(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    now: DateTime<Utc>,
    rows: Vec<(agent::Model, Option<membership::Model>)>,
) -> Result<Vec<AgentWithWork>, DbErr> {
    let ids: Vec<_> = rows.iter().map(|(agent, _)| agent.id).collect();
    let mut queues: HashMap<AgentId, Vec<QueueId>> = HashMap::new();
    let members =
        scope.find::<queue_member::Entity>().filter(queue_member::Column::AgentId.is_in(ids.clone()));
    for member in members.order_by_asc(queue_member::Column::QueueId).all(db).await? {
        queues.entry(member.agent_id).or_default().push(member.queue_id);
    }
    let names: HashMap<_, _> = scope
        .find::<skill::Entity>()
        .all(db)
        .await?
        .into_iter()
        .map(|skill| (skill.id, skill.name))
        .collect();
    let mut skills: HashMap<AgentId, Vec<SkillLevel>> = HashMap::new();
    for row in scope
        .find::<agent_skill::Entity>()
        .filter(agent_skill::Column::AgentId.is_in(ids.clone()))
        .all(db)
        .await?
    {
        let name = names.get(&row.skill_id).cloned().unwrap_or_default();
        skills.entry(row.agent_id).or_default().push(SkillLevel {
            skill: row.skill_id,
            name,
            level: row.level,
        });
    }
    let mut today: HashMap<AgentId, Vec<SkillLevel>> = HashMap::new();
    let levels = scope
        .find::<agent_skill_today::Entity>()
        .filter(agent_skill_today::Column::AgentId.is_in(ids.clone()))
        .filter(agent_skill_today::Column::Until.gt(now));
    for row in levels.all(db).await? {
        let name = names.get(&row.skill_id).cloned().unwrap_or_default();
        today.entry(row.agent_id).or_default().push(SkillLevel {
            skill: row.skill_id,
            name,
            level: row.level,
        });
    }
    let mut slots: HashMap<AgentId, Vec<SlotHolder>> = HashMap::new();
    for slot in
        scope.find::<agent_slot::Entity>().filter(agent_slot::Column::AgentId.is_in(ids)).all(db).await?
    {
        slots.entry(slot.agent_id).or_default().push(slot.holder);
    }
    let with = |(agent, membership): (agent::Model, Option<membership::Model>)| {
        let held = slots.remove(&agent.id).unwrap_or_default();
        let mut skills = skills.remove(&agent.id).unwrap_or_default();
        let mut skills_today = today.remove(&agent.id).unwrap_or_default();
        for levels in [&mut skills, &mut skills_today] {
            levels.sort_by(|a, b| a.name.cmp(&b.name));
        }
        membership.map(|membership| AgentWithWork {
            user: membership.user_id,
            held,
            queues: queues.remove(&agent.id).unwrap_or_default(),
            skills,
            skills_today,
            agent,
        })
    };
    Ok(rows.into_iter().filter_map(with).collect())
}

/// The agent that a member is, if it is one; locked until the transaction ends.
pub async fn lock_of_membership(
    scope: CompanyScope,
    tx: &Tx,
    membership: MembershipId,
) -> Result<Option<agent::Model>, DbErr> {
    scope
        .find::<agent::Entity>()
        .filter(agent::Column::MembershipId.eq(membership))
        .lock_exclusive()
        .one(tx)
        .await
}

/// How an agent is reached and how much of what kind it takes.
pub async fn save_settings(scope: CompanyScope, tx: &Tx, row: &agent::Model) -> Result<(), DbErr> {
    let settings = agent::ActiveModel {
        name: Set(row.name.clone()),
        reach: Set(row.reach),
        number: Set(row.number.clone()),
        capacity: Set(row.capacity),
        may_pick: Set(row.may_pick),
        removed_at: Set(row.removed_at),
        ..Default::default()
    };
    scope.update::<agent::Entity, _>(tx, row.id, settings).await.map(drop)
}

/// The agent's usual levels from now on.
pub async fn set_skills(
    scope: CompanyScope,
    tx: &Tx,
    agent: AgentId,
    levels: Vec<agent_skill::Model>,
) -> Result<(), DbErr> {
    let old = scope.delete_many::<agent_skill::Entity>().filter(agent_skill::Column::AgentId.eq(agent));
    old.exec(tx).await?;
    scope.insert_many::<agent_skill::Entity, _>(tx, levels).await
}

/// The queues that the agent serves from now on.
pub async fn set_queues(
    scope: CompanyScope,
    tx: &Tx,
    agent: AgentId,
    queues: Vec<queue_member::Model>,
) -> Result<(), DbErr> {
    let old = scope.delete_many::<queue_member::Entity>().filter(queue_member::Column::AgentId.eq(agent));
    old.exec(tx).await?;
    scope.insert_many::<queue_member::Entity, _>(tx, queues).await
}

/// Whether the agent serves the queue.
pub async fn serves(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    agent: AgentId,
    queue: QueueId,
) -> Result<bool, DbErr> {
    let member = scope
        .find::<queue_member::Entity>()
        .filter(queue_member::Column::AgentId.eq(agent))
        .filter(queue_member::Column::QueueId.eq(queue));
    Ok(member.one(db).await?.is_some())
}

/// Those of the company's agents who want anything but to be offline.
pub async fn on_air(scope: CompanyScope, db: &impl ConnectionTrait) -> Result<Vec<AgentId>, DbErr> {
    scope
        .find::<agent::Entity>()
        .select_only()
        .column(agent::Column::Id)
        .filter(agent::Column::RemovedAt.is_null())
        .filter(agent::Column::Availability.ne(Availability::Offline))
        .into_tuple()
        .all(db)
        .await
}
