//! Slack and Teams of a company, the notices that wait for them, and who at Slack is which agent.

use chrono::{DateTime, Utc};
use entity::id::{AgentId, UserId, WebhookEventId};
use entity::{
    ChatApp, CompanyScope, Inserted, JobKind, JobState, MembershipStatus, agent, chat_integration,
    chat_notice, job, membership, slack_code, slack_link,
};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};

use super::{Tx, Unit, system};
use crate::error::Result;

pub async fn all(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
) -> Result<Vec<chat_integration::Model>, DbErr> {
    scope.find::<chat_integration::Entity>().order_by_asc(chat_integration::Column::Chat).all(db).await
}

pub async fn get(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    chat: ChatApp,
) -> Result<Option<chat_integration::Model>, DbErr> {
    scope.find::<chat_integration::Entity>().filter(chat_integration::Column::Chat.eq(chat)).one(db).await
}

/// The integration, locked until the transaction ends.
pub async fn lock(
    scope: CompanyScope,
    tx: &Tx,
    chat: ChatApp,
) -> Result<Option<chat_integration::Model>, DbErr> {
    scope
        .find::<chat_integration::Entity>()
        .filter(chat_integration::Column::Chat.eq(chat))
        .lock_exclusive()
        .one(tx)
        .await
}

pub async fn insert(scope: CompanyScope, tx: &Tx, row: chat_integration::Model) -> Result<Inserted, DbErr> {
    scope.insert_or_ignore::<chat_integration::Entity, _>(tx, row).await
}

/// Writes what a company may say of it, or what sending came to.
pub async fn save(scope: CompanyScope, tx: &Tx, row: chat_integration::Model) -> Result<(), DbErr> {
    let changes = chat_integration::ActiveModel {
        url_sealed: Set(row.url_sealed),
        signing_secret_sealed: Set(row.signing_secret_sealed),
        notices: Set(row.notices),
        quiet_from: Set(row.quiet_from),
        quiet_until: Set(row.quiet_until),
        failures: Set(row.failures),
        last_error: Set(row.last_error),
        last_error_at: Set(row.last_error_at),
        last_attempt_at: Set(row.last_attempt_at),
        updated_at: Set(row.updated_at),
        updated_by: Set(row.updated_by),
        ..Default::default()
    };
    let update = scope.update_many::<chat_integration::Entity>().set(changes);
    update.filter(chat_integration::Column::Chat.eq(row.chat)).exec(tx).await.map(drop)
}

/// Removes it with the notices that wait; how many there were.
pub async fn delete(scope: CompanyScope, tx: &Tx, chat: ChatApp) -> Result<u64, DbErr> {
    let integration = scope.delete_many::<chat_integration::Entity>();
    let gone = integration.filter(chat_integration::Column::Chat.eq(chat)).exec(tx).await?;
    Ok(gone.rows_affected)
}

/// A notice that waits; one that does already stays as it is.
pub async fn insert_notice(scope: CompanyScope, tx: &Tx, row: chat_notice::Model) -> Result<Inserted, DbErr> {
    scope.insert_or_ignore::<chat_notice::Entity, _>(tx, row).await
}

/// The notices that wait for a chat, the oldest first.
pub async fn waiting(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    chat: ChatApp,
) -> Result<Vec<chat_notice::Model>, DbErr> {
    scope
        .find::<chat_notice::Entity>()
        .filter(chat_notice::Column::Chat.eq(chat))
        .order_by_asc(chat_notice::Column::Id)
        .all(db)
        .await
}

pub async fn forget_notices(
    scope: CompanyScope,
    tx: &Tx,
    chat: ChatApp,
    ids: Vec<WebhookEventId>,
) -> Result<(), DbErr> {
    for ids in ids.chunks(500) {
        scope
            .delete_many::<chat_notice::Entity>()
            .filter(chat_notice::Column::Chat.eq(chat))
            .filter(chat_notice::Column::Id.is_in(ids.iter().copied()))
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// Whether the company's notices will be looked at by then.
pub async fn are_seen_by(unit: &Unit, by: DateTime<Utc>) -> Result<bool> {
    let queued = unit
        .scope()
        .find::<job::Entity>()
        .filter(job::Column::SubjectId.eq(uuid::Uuid::from(unit.company())))
        .filter(job::Column::Kind.eq(JobKind::SendNotices))
        .filter(job::Column::State.eq(JobState::Queued))
        .filter(job::Column::RunAt.lte(by));
    Ok(queued.count(unit.tx()).await? > 0)
}

/// The agent's code in place of the one before.
pub async fn put_code(scope: CompanyScope, tx: &Tx, row: slack_code::Model) -> Result<(), DbErr> {
    let old = scope.delete_many::<slack_code::Entity>();
    old.filter(slack_code::Column::AgentId.eq(row.agent_id)).exec(tx).await?;
    scope.insert::<slack_code::Entity, _>(tx, row).await
}

/// Whose code this is; it is good for nobody else from now on.
pub async fn spend_code(
    scope: CompanyScope,
    tx: &Tx,
    hash: &str,
    now: DateTime<Utc>,
) -> Result<Option<AgentId>, DbErr> {
    let found = scope.find::<slack_code::Entity>().filter(slack_code::Column::CodeHash.eq(hash));
    let Some(row) = found.lock_exclusive().one(tx).await? else { return Ok(None) };
    let spent = scope.delete_many::<slack_code::Entity>();
    spent.filter(slack_code::Column::AgentId.eq(row.agent_id)).exec(tx).await?;
    Ok((row.expires_at > now).then_some(row.agent_id))
}

/// From now on somebody at Slack is this agent, and nobody else is he there.
pub async fn put_link(scope: CompanyScope, tx: &Tx, row: slack_link::Model) -> Result<(), DbErr> {
    let old = scope.delete_many::<slack_link::Entity>();
    old.filter(slack_link::Column::SlackUser.eq(&row.slack_user)).exec(tx).await?;
    scope.insert::<slack_link::Entity, _>(tx, row).await
}

/// Which agent somebody at Slack is, and who that is here: as long as he is a member, an agent, and not banned.
pub async fn who_is(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    slack_user: &str,
) -> Result<Option<(agent::Model, UserId)>, DbErr> {
    let link = scope.find::<slack_link::Entity>().filter(slack_link::Column::SlackUser.eq(slack_user));
    let Some(link) = link.one(db).await? else { return Ok(None) };
    let agent = scope.find_by_id::<agent::Entity>(link.agent_id).filter(agent::Column::RemovedAt.is_null());
    let Some(agent) = agent.one(db).await? else { return Ok(None) };
    let member = scope.find_by_id::<membership::Entity>(agent.membership_id);
    let member = member.filter(membership::Column::Status.eq(MembershipStatus::Active)).one(db).await?;
    let Some(member) = member else { return Ok(None) };
    let good = system::is_active_user(db, member.user_id).await?;
    Ok(good.then_some((agent, member.user_id)))
}
