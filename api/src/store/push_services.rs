//! The keys with which a company's own app is reached, one row a service, and the tickets that Expo gives.

use chrono::{DateTime, Utc};
use entity::{CompanyScope, PushServiceKind, push_service, push_ticket};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QueryOrder, QuerySelect, Set};

use super::Tx;

pub async fn all(scope: CompanyScope, db: &impl ConnectionTrait) -> Result<Vec<push_service::Model>, DbErr> {
    scope.find::<push_service::Entity>().order_by_asc(push_service::Column::Service).all(db).await
}

pub async fn get(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    service: PushServiceKind,
) -> Result<Option<push_service::Model>, DbErr> {
    scope.find::<push_service::Entity>().filter(push_service::Column::Service.eq(service)).one(db).await
}

/// In place of the one before.
pub async fn put(scope: CompanyScope, tx: &Tx, row: push_service::Model) -> Result<(), DbErr> {
    delete(scope, tx, row.service).await?;
    scope.insert::<push_service::Entity, _>(tx, row).await
}

/// How many there were.
pub async fn delete(scope: CompanyScope, tx: &Tx, service: PushServiceKind) -> Result<u64, DbErr> {
    let gone = scope
        .delete_many::<push_service::Entity>()
        .filter(push_service::Column::Service.eq(service))
        .exec(tx)
        .await?;
    Ok(gone.rows_affected)
}

/// It has refused the keys.
pub async fn has_failed(
    scope: CompanyScope,
    tx: &Tx,
    service: PushServiceKind,
    because: &str,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    let changes = push_service::ActiveModel {
        last_error: Set(Some(because.to_owned())),
        last_error_at: Set(Some(now)),
        ..Default::default()
    };
    let own = push_service::Column::Service.eq(service);
    scope.update_many::<push_service::Entity>().set(changes).filter(own.clone()).exec(tx).await?;
    scope
        .update_many::<push_service::Entity>()
        .col_expr(push_service::Column::FailingSince, Expr::value(now))
        .filter(own)
        .filter(push_service::Column::FailingSince.is_null())
        .exec(tx)
        .await
        .map(drop)
}

/// It has taken a notice.
pub async fn has_worked(scope: CompanyScope, tx: &Tx, service: PushServiceKind) -> Result<(), DbErr> {
    let changes = push_service::ActiveModel {
        failing_since: Set(None),
        last_error: Set(None),
        last_error_at: Set(None),
        ..Default::default()
    };
    scope
        .update_many::<push_service::Entity>()
        .set(changes)
        .filter(push_service::Column::Service.eq(service))
        .filter(push_service::Column::FailingSince.is_not_null())
        .exec(tx)
        .await
        .map(drop)
}

pub async fn keep_ticket(scope: CompanyScope, tx: &Tx, row: push_ticket::Model) -> Result<(), DbErr> {
    let _ = scope.insert_or_ignore::<push_ticket::Entity, _>(tx, row).await?;
    Ok(())
}

/// Up to `count` tickets of notices that were sent until then, the oldest first.
pub async fn tickets(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    until: DateTime<Utc>,
    count: u64,
) -> Result<Vec<push_ticket::Model>, DbErr> {
    scope
        .find::<push_ticket::Entity>()
        .filter(push_ticket::Column::SentAt.lte(until))
        .order_by_asc(push_ticket::Column::SentAt)
        .limit(count)
        .all(db)
        .await
}

/// When the oldest notice was sent of which nothing is known yet.
pub async fn oldest_ticket(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
) -> Result<Option<DateTime<Utc>>, DbErr> {
    let oldest =
        scope.find::<push_ticket::Entity>().order_by_asc(push_ticket::Column::SentAt).one(db).await?;
    Ok(oldest.map(|row| row.sent_at))
}

pub async fn forget_tickets(scope: CompanyScope, tx: &Tx, tickets: Vec<String>) -> Result<(), DbErr> {
    scope
        .delete_many::<push_ticket::Entity>()
        .filter(push_ticket::Column::Ticket.is_in(tickets))
        .exec(tx)
        .await
        .map(drop)
}
