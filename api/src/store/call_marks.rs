//! The tags of calls, and what users have seen or hidden.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::id::{CallId, UserId};
use entity::{CompanyScope, call_mark, call_tag};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QueryOrder};

use super::Tx;

/// The tags of these calls, in the order of the alphabet.
pub async fn tags(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    calls: &[CallId],
) -> Result<HashMap<CallId, Vec<String>>, DbErr> {
    let rows = scope
        .find::<call_tag::Entity>()
        .filter(call_tag::Column::CallId.is_in(calls.iter().copied()))
        .order_by_asc(call_tag::Column::Tag)
        .all(db)
        .await?;
    let mut tags: HashMap<CallId, Vec<String>> = HashMap::new();
    for row in rows {
        tags.entry(row.call_id).or_default().push(row.tag);
    }
    Ok(tags)
}

/// These tags in place of those before. The call is locked.
pub async fn set_tags(scope: CompanyScope, tx: &Tx, call: CallId, tags: &[String]) -> Result<(), DbErr> {
    scope.delete_many::<call_tag::Entity>().filter(call_tag::Column::CallId.eq(call)).exec(tx).await?;
    let company_id = scope.company();
    let rows = tags.iter().map(|tag| call_tag::Model { call_id: call, company_id, tag: tag.clone() });
    scope.insert_many::<call_tag::Entity, _>(tx, rows.collect()).await
}

/// What somebody does with a call for himself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Seen,
    Hidden,
}

impl Mark {
    fn column(self) -> call_mark::Column {
        match self {
            Self::Seen => call_mark::Column::SeenAt,
            Self::Hidden => call_mark::Column::HiddenAt,
        }
    }
}

/// Marks these calls for a user; the first time counts.
pub async fn mark(
    scope: CompanyScope,
    tx: &Tx,
    user: UserId,
    calls: &[CallId],
    mark: Mark,
    now: DateTime<Utc>,
) -> Result<(), DbErr> {
    for calls in calls.chunks(500) {
        for call in calls {
            let blank = call_mark::Model {
                call_id: *call,
                company_id: scope.company(),
                user_id: user,
                seen_at: None,
                hidden_at: None,
            };
            let _ = scope.insert_or_ignore::<call_mark::Entity, _>(tx, blank).await?;
        }
        scope
            .update_many::<call_mark::Entity>()
            .col_expr(mark.column(), Expr::value(now))
            .filter(call_mark::Column::UserId.eq(user))
            .filter(call_mark::Column::CallId.is_in(calls.iter().copied()))
            .filter(mark.column().is_null())
            .exec(tx)
            .await?;
    }
    Ok(())
}

/// Which of these calls the user has seen.
pub async fn seen(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    user: UserId,
    calls: &[CallId],
) -> Result<Vec<CallId>, DbErr> {
    let rows = scope
        .find::<call_mark::Entity>()
        .filter(call_mark::Column::UserId.eq(user))
        .filter(call_mark::Column::CallId.is_in(calls.iter().copied()))
        .filter(call_mark::Column::SeenAt.is_not_null())
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| row.call_id).collect())
}
