//! What is said in chats: messages, reactions, and what somebody has deleted for himself.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::id::{ChatId, ChatMessageId, MediaId, UserId};
use entity::{
    CompanyScope, Inserted, MessageKind, chat, chat_hidden_message, chat_member, chat_message, chat_reaction,
};
use sea_orm::sea_query::{Expr, ExprTrait, SelectStatement, SimpleExpr};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, IntoActiveModel,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select, Set,
};

use super::Tx;
use crate::error::{Error, Result, Subject};

pub async fn get<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    id: ChatMessageId,
) -> Result<chat_message::Model> {
    let row = scope.find_by_id::<chat_message::Entity>(id).one(db).await?;
    row.ok_or(Error::NotFound(Subject::ChatMessage))
}

/// The same, locked for this transaction.
pub async fn lock(scope: CompanyScope, tx: &Tx, id: ChatMessageId) -> Result<chat_message::Model> {
    let row = scope.find_by_id::<chat_message::Entity>(id).lock_exclusive().one(tx).await?;
    row.ok_or(Error::NotFound(Subject::ChatMessage))
}

/// What a sender has called so.
pub async fn by_temp<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    sender: UserId,
    temp: &str,
) -> Result<Option<chat_message::Model>, DbErr> {
    let his = scope
        .find::<chat_message::Entity>()
        .filter(chat_message::Column::UserId.eq(sender))
        .filter(chat_message::Column::TempId.eq(temp));
    his.one(db).await
}

/// Inserts a message unless its sender has sent one that he calls the same.
pub async fn insert(scope: CompanyScope, tx: &Tx, row: chat_message::Model) -> Result<Inserted, DbErr> {
    scope.insert_or_ignore::<chat_message::Entity, _>(tx, row).await
}

/// Writes a whole row: only for who has locked it.
pub async fn save(scope: CompanyScope, tx: &Tx, row: chat_message::Model) -> Result<(), DbErr> {
    let id = row.id;
    let changes = chat_message::ActiveModel {
        id: sea_orm::NotSet,
        company_id: sea_orm::NotSet,
        ..row.into_active_model().reset_all()
    };
    scope.update::<chat_message::Entity, _>(tx, id, changes).await.map(drop)
}

/// What somebody has not deleted for himself.
fn shown_to(scope: CompanyScope, user: UserId) -> Select<chat_message::Entity> {
    let same: SimpleExpr = Expr::col((chat_hidden_message::Entity, chat_hidden_message::Column::MessageId))
        .equals((chat_message::Entity, chat_message::Column::Id));
    let hidden = scope
        .find::<chat_hidden_message::Entity>()
        .select_only()
        .column(chat_hidden_message::Column::MessageId)
        .filter(chat_hidden_message::Column::UserId.eq(user))
        .filter(same)
        .into_query();
    scope.find::<chat_message::Entity>().filter(Expr::exists(hidden).not())
}

/// Which part of a chat is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// From this number backwards, without it; from the end without a number.
    Before(Option<i64>),
    /// From this number on, without it.
    After(i64),
}

/// A part of a chat, as somebody in it sees it: backwards the newest first, forwards the oldest.
pub fn listed(scope: CompanyScope, chat: ChatId, user: UserId, part: Part) -> Select<chat_message::Entity> {
    let query = shown_to(scope, user).filter(chat_message::Column::ChatId.eq(chat));
    match part {
        Part::Before(before) => query
            .apply_if(before, |query, before| query.filter(chat_message::Column::Seq.lt(before)))
            .order_by_desc(chat_message::Column::Seq),
        Part::After(after) => {
            query.filter(chat_message::Column::Seq.gt(after)).order_by_asc(chat_message::Column::Seq)
        }
    }
}

/// Whether he has deleted it for himself.
pub async fn is_hidden<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    id: ChatMessageId,
    user: UserId,
) -> Result<bool, DbErr> {
    let row = scope
        .find::<chat_hidden_message::Entity>()
        .filter(chat_hidden_message::Column::MessageId.eq(id))
        .filter(chat_hidden_message::Column::UserId.eq(user));
    Ok(row.one(db).await?.is_some())
}

/// Twice is once.
pub async fn hide(scope: CompanyScope, tx: &Tx, row: chat_hidden_message::Model) -> Result<(), DbErr> {
    scope.insert_or_ignore::<chat_hidden_message::Entity, _>(tx, row).await.map(drop)
}

/// How many messages somebody has sent after this one.
pub async fn count_own_after(
    scope: CompanyScope,
    tx: &Tx,
    (chat, user, seq): (ChatId, UserId, i64),
) -> Result<i64, DbErr> {
    let own = scope
        .find::<chat_message::Entity>()
        .filter(chat_message::Column::ChatId.eq(chat))
        .filter(chat_message::Column::Seq.gt(seq))
        .filter(chat_message::Column::UserId.eq(user));
    Ok(i64::try_from(own.count(tx).await?).unwrap_or(i64::MAX))
}

/// Who has sent the messages after `from`, up to `to`.
pub async fn senders_between(
    scope: CompanyScope,
    tx: &Tx,
    chat: ChatId,
    (from, to): (i64, i64),
) -> Result<Vec<UserId>, DbErr> {
    scope
        .find::<chat_message::Entity>()
        .filter(chat_message::Column::ChatId.eq(chat))
        .filter(chat_message::Column::Seq.gt(from))
        .filter(chat_message::Column::Seq.lte(to))
        .select_only()
        .column(chat_message::Column::UserId)
        .distinct()
        .into_tuple()
        .all(tx)
        .await
}

/// These messages by their ids.
pub async fn by_ids<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    ids: Vec<ChatMessageId>,
) -> Result<HashMap<ChatMessageId, chat_message::Model>, DbErr> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows =
        scope.find::<chat_message::Entity>().filter(chat_message::Column::Id.is_in(ids)).all(db).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// The last message of each of these chats, unless somebody has deleted it for himself.
pub async fn last_of<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    chats: &[ChatId],
    user: UserId,
) -> Result<HashMap<ChatId, chat_message::Model>, DbErr> {
    if chats.is_empty() {
        return Ok(HashMap::new());
    }
    let to_chat: sea_orm::RelationDef = chat_message::Entity::belongs_to(chat::Entity)
        .from(chat_message::Column::ChatId)
        .to(chat::Column::Id)
        .into();
    let is_last: SimpleExpr = Expr::col((chat::Entity, chat::Column::LastSeq))
        .equals((chat_message::Entity, chat_message::Column::Seq));
    let rows = shown_to(scope, user)
        .join(sea_orm::JoinType::InnerJoin, to_chat)
        .filter(chat::Column::CompanyId.eq(scope.company()))
        .filter(chat::Column::Id.is_in(chats.iter().copied()))
        .filter(is_last)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.chat_id, row)).collect())
}

/// Whether somebody has these media before him, in a message of a chat that he is in.
pub async fn shows<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    user: UserId,
    media: MediaId,
) -> Result<bool, DbErr> {
    let shown = shown_to(scope, user)
        .filter(chat_message::Column::MediaId.eq(media))
        .filter(chat_message::Column::ChatId.in_subquery(chats_of(scope, user)));
    Ok(shown.one(db).await?.is_some())
}

// ---- reactions

/// Of these messages, those who came first first.
pub async fn reactions_of<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    ids: Vec<ChatMessageId>,
) -> Result<HashMap<ChatMessageId, Vec<chat_reaction::Model>>, DbErr> {
    let mut by_message: HashMap<_, Vec<_>> = HashMap::new();
    if ids.is_empty() {
        return Ok(by_message);
    }
    let rows = scope
        .find::<chat_reaction::Entity>()
        .filter(chat_reaction::Column::MessageId.is_in(ids))
        .order_by_asc(chat_reaction::Column::ReactedAt)
        .order_by_asc(chat_reaction::Column::UserId)
        .all(db)
        .await?;
    for row in rows {
        by_message.entry(row.message_id).or_default().push(row);
    }
    Ok(by_message)
}

/// In place of the one before. The caller holds the message.
pub async fn put_reaction(scope: CompanyScope, tx: &Tx, row: chat_reaction::Model) -> Result<(), DbErr> {
    delete_reaction(scope, tx, row.message_id, Some(row.user_id)).await?;
    scope.insert::<chat_reaction::Entity, _>(tx, row).await
}

/// Somebody's reaction, or everybody's.
pub async fn delete_reaction(
    scope: CompanyScope,
    tx: &Tx,
    message: ChatMessageId,
    user: Option<UserId>,
) -> Result<(), DbErr> {
    scope
        .delete_many::<chat_reaction::Entity>()
        .filter(chat_reaction::Column::MessageId.eq(message))
        .apply_if(user, |query, user| query.filter(chat_reaction::Column::UserId.eq(user)))
        .exec(tx)
        .await
        .map(drop)
}

// ---- finding

/// Words as they stand in the column `folded`: each message has all of these, `whole` as they are and those of `beginnings` at the
/// beginning of a word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    pub whole: Vec<String>,
    pub beginnings: Vec<String>,
}

impl Words {
    /// As the index of this database is asked. The words hold letters and digits alone.
    fn ask(&self, backend: DbBackend) -> SimpleExpr {
        let (quote, begins, and) = match backend {
            DbBackend::Postgres => ('\'', ":*", " & "),
            _ => ('"', "*", " "),
        };
        let whole = self.whole.iter().map(|word| format!("{quote}{word}{quote}"));
        let begins = self.beginnings.iter().map(|word| format!("{quote}{word}{quote}{begins}"));
        let words = whole.chain(begins).collect::<Vec<_>>().join(and);
        match backend {
            DbBackend::Postgres => Expr::cust_with_values(
                r#"to_tsvector('simple', "chat_message"."folded") @@ to_tsquery('simple', $1)"#,
                [words],
            ),
            _ => Expr::cust_with_values(
                r#""chat_message"."row_number" IN (SELECT rowid FROM chat_message_words WHERE chat_message_words MATCH ?)"#,
                [words],
            ),
        }
    }
}

/// The ids of a user's chats.
fn chats_of(scope: CompanyScope, user: UserId) -> SelectStatement {
    scope
        .find::<chat_member::Entity>()
        .filter(chat_member::Column::UserId.eq(user))
        .filter(chat_member::Column::LeftAt.is_null())
        .select_only()
        .column(chat_member::Column::ChatId)
        .into_query()
}

/// Messages in a user's chats with all of these words, the newest first.
pub fn found(
    scope: CompanyScope,
    backend: DbBackend,
    user: UserId,
    words: &Words,
    before: Option<ChatMessageId>,
) -> Select<chat_message::Entity> {
    shown_to(scope, user)
        .filter(words.ask(backend))
        .filter(chat_message::Column::ChatId.in_subquery(chats_of(scope, user)))
        .apply_if(before, |query, before| query.filter(chat_message::Column::Id.lt(before)))
        .order_by_desc(chat_message::Column::Id)
}

// ---- a person who is erased

/// What an erased person has written is deleted for everybody, and so is what he thought of others' messages. Answers how many
/// messages there were.
pub async fn forget(
    scope: CompanyScope,
    tx: &Tx,
    users: &[UserId],
    now: DateTime<Utc>,
) -> Result<u64, DbErr> {
    let his = chat_message::Column::UserId.is_in(users.iter().copied());
    let nothing = chat_message::ActiveModel {
        body: Set(None),
        detail: Set(None),
        media_id: Set(None),
        temp_id: Set(None),
        folded: Set(String::new()),
        deleted_at: Set(Some(now)),
        ..Default::default()
    };
    let gone = scope
        .update_many::<chat_message::Entity>()
        .set(nothing)
        .filter(his)
        .filter(chat_message::Column::Kind.ne(MessageKind::System))
        .exec(tx)
        .await?;
    for user in users {
        unname(scope, tx, *user).await?;
    }
    let reactions = scope.delete_many::<chat_reaction::Entity>();
    reactions.filter(chat_reaction::Column::UserId.is_in(users.iter().copied())).exec(tx).await?;
    let hidden = scope.delete_many::<chat_hidden_message::Entity>();
    hidden.filter(chat_hidden_message::Column::UserId.is_in(users.iter().copied())).exec(tx).await?;
    Ok(gone.rows_affected)
}

/// Who came and went is told in groups: of him it is told no longer who he was.
async fn unname(scope: CompanyScope, tx: &Tx, user: UserId) -> Result<(), DbErr> {
    use chat_message::Column;
    let names_him = Expr::col(Column::Detail).cast_as("text").like(format!("%{user}%"));
    let notes = scope.find::<chat_message::Entity>().filter(Column::Kind.eq(MessageKind::System));
    for note in notes.filter(names_him).all(tx).await? {
        let mut detail = note.detail.unwrap_or_default();
        if let Some(named) = detail["userIds"].as_array_mut() {
            named.retain(|id| id.as_str() != Some(&user.to_string()));
        }
        let changes = chat_message::ActiveModel { detail: Set(Some(detail)), ..Default::default() };
        scope.update::<chat_message::Entity, _>(tx, note.id, changes).await?;
    }
    Ok(())
}
