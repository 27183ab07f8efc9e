//! When marks in chats went forward.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::id::{ChatId, UserId};
use entity::{ChatMark, CompanyScope, chat_member, chat_receipt};
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

use super::Tx;

type At = Option<DateTime<Utc>>;

/// Only for who has locked the member: a mark goes forward, so none of these was there.
pub async fn insert(scope: CompanyScope, tx: &Tx, row: chat_receipt::Model) -> Result<(), DbErr> {
    scope.insert::<chat_receipt::Entity, _>(tx, row).await
}

/// When each who is in the chat had the message, and when he had read it, as far as rows say so. A member costs three looks into
/// the primary key, however many rows there are.
pub async fn of_message(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    chat: ChatId,
    seq: i64,
) -> Result<HashMap<UserId, (At, At)>, DbErr> {
    use chat_receipt::Column::{AfterSeq, DeliveredAfterSeq};
    let first = |mark, after| Expr::from(first(scope, chat, seq, mark, after));
    let rows: Vec<(UserId, At, At, At)> = scope
        .find::<chat_member::Entity>()
        .filter(chat_member::Column::ChatId.eq(chat))
        .filter(chat_member::Column::LeftAt.is_null())
        .select_only()
        .column(chat_member::Column::UserId)
        .expr_as(first(ChatMark::Delivered, DeliveredAfterSeq), "delivered_at")
        .expr_as(first(ChatMark::Read, DeliveredAfterSeq), "delivered_as_read_at")
        .expr_as(first(ChatMark::Read, AfterSeq), "read_at")
        .into_tuple()
        .all(db)
        .await?;
    let times =
        |(user, delivered, as_read, read): (UserId, At, At, At)| (user, (delivered.or(as_read), read));
    Ok(rows.into_iter().map(times).collect())
}

/// The moment of the member's first row of this mark at or above the message, if its step began below the message.
fn first(
    scope: CompanyScope,
    chat: ChatId,
    seq: i64,
    mark: ChatMark,
    after: chat_receipt::Column,
) -> sea_orm::sea_query::SelectStatement {
    use chat_receipt::Column;
    let member = (chat_member::Entity, chat_member::Column::UserId);
    let at =
        CaseStatement::new().case(Expr::col((chat_receipt::Entity, after)).lt(seq), Expr::col(Column::At));
    scope
        .find::<chat_receipt::Entity>()
        .filter(Column::ChatId.eq(chat))
        .filter(Expr::col((chat_receipt::Entity, Column::UserId)).equals(member))
        .filter(Column::Mark.eq(mark))
        .filter(Column::Seq.gte(seq))
        .order_by_asc(Column::Seq)
        .limit(1)
        .select_only()
        .expr(at)
        .into_query()
}
