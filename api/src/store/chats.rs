//! Chats between people, and who is in them. What is said there: [`super::chat_messages`].

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use entity::id::{ChatId, UserId};
use entity::{
    ChatKind, ChatRole, CompanyScope, Inserted, MembershipStatus, UserStatus, chat, chat_member, chat_roster,
    membership, user, user_block,
};
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, JoinType,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait, RelationDef, Select, Set,
};

use super::Tx;
use super::users::membership_user;
use crate::error::{Error, Result, Subject};

/// Ids a query: below what either database takes as parameters.
pub const AT_ONCE: usize = 500;

pub async fn get<C: ConnectionTrait>(scope: CompanyScope, db: &C, id: ChatId) -> Result<chat::Model> {
    scope.find_by_id::<chat::Entity>(id).one(db).await?.ok_or(Error::NotFound(Subject::Chat))
}

/// The same, locked for this transaction: whoever gives out a number or changes who is in it.
pub async fn lock(scope: CompanyScope, tx: &Tx, id: ChatId) -> Result<chat::Model> {
    let row = scope.find_by_id::<chat::Entity>(id).lock_exclusive().one(tx).await?;
    row.ok_or(Error::NotFound(Subject::Chat))
}

pub async fn of_pair<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    pair: &str,
) -> Result<Option<chat::Model>, DbErr> {
    scope.find::<chat::Entity>().filter(chat::Column::Pair.eq(pair)).one(db).await
}

/// Inserts a chat unless its two have one.
pub async fn insert(scope: CompanyScope, tx: &Tx, row: chat::Model) -> Result<Inserted, DbErr> {
    scope.insert_or_ignore::<chat::Entity, _>(tx, row).await
}

/// Writes a whole row: only for who has locked it.
pub async fn save(scope: CompanyScope, tx: &Tx, row: chat::Model) -> Result<(), DbErr> {
    scope.save::<chat::Entity, _>(tx, row.id, row).await.map(drop)
}

/// Inserts members; who was one before is one again, as if he had never been there.
pub async fn put_members(scope: CompanyScope, tx: &Tx, rows: Vec<chat_member::Model>) -> Result<(), DbErr> {
    use chat_member::Column;
    let Some(chat) = rows.first().map(|row| row.chat_id) else { return Ok(()) };
    let mut known: BTreeSet<UserId> = BTreeSet::new();
    let users: Vec<_> = rows.iter().map(|row| row.user_id).collect();
    for users in users.chunks(AT_ONCE) {
        let before = scope
            .find::<chat_member::Entity>()
            .filter(Column::ChatId.eq(chat))
            .filter(Column::UserId.is_in(users.iter().copied()));
        let before: Vec<UserId> = before.select_only().column(Column::UserId).into_tuple().all(tx).await?;
        known.extend(before);
    }
    let (again, new): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| known.contains(&row.user_id));
    for rows in new.chunks(50) {
        scope.insert_many::<chat_member::Entity, _>(tx, rows.to_vec()).await?;
    }
    for row in again {
        save_member(scope, tx, row).await?;
    }
    Ok(())
}

/// Who is in a chat: not who has left it.
fn there(scope: CompanyScope) -> Select<chat_member::Entity> {
    scope.find::<chat_member::Entity>().filter(chat_member::Column::LeftAt.is_null())
}

fn one_of(scope: CompanyScope, chat: ChatId, user: UserId) -> Select<chat_member::Entity> {
    there(scope).filter(chat_member::Column::ChatId.eq(chat)).filter(chat_member::Column::UserId.eq(user))
}

/// # Errors
/// When he is not in it: then it is not there for him.
pub async fn member<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    chat: ChatId,
    user: UserId,
) -> Result<chat_member::Model> {
    one_of(scope, chat, user).one(db).await?.ok_or(Error::NotFound(Subject::Chat))
}

/// The same, locked for this transaction.
pub async fn lock_member(
    scope: CompanyScope,
    tx: &Tx,
    chat: ChatId,
    user: UserId,
) -> Result<chat_member::Model> {
    one_of(scope, chat, user).lock_exclusive().one(tx).await?.ok_or(Error::NotFound(Subject::Chat))
}

/// Writes a member's row back: only for who has locked it.
pub async fn save_member(scope: CompanyScope, tx: &Tx, row: chat_member::Model) -> Result<(), DbErr> {
    let (chat, user) = (row.chat_id, row.user_id);
    let changes = chat_member::ActiveModel {
        chat_id: sea_orm::NotSet,
        user_id: sea_orm::NotSet,
        company_id: sea_orm::NotSet,
        ..row.into_active_model().reset_all()
    };
    scope
        .update_many::<chat_member::Entity>()
        .set(changes)
        .filter(chat_member::Column::ChatId.eq(chat))
        .filter(chat_member::Column::UserId.eq(user))
        .exec(tx)
        .await
        .map(drop)
}

/// The sender has written the message `seq`: whoever had read everything before has read it, too, and to others it is one more of
/// their own that they have not read.
pub async fn count_own(
    scope: CompanyScope,
    tx: &Tx,
    (chat, sender, seq): (ChatId, UserId, i64),
) -> Result<(), DbErr> {
    use chat_member::Column;
    let has_read_all = || Expr::col(Column::ReadSeq).eq(seq - 1);
    let read = CaseStatement::new().case(has_read_all(), seq).finally(Expr::col(Column::ReadSeq));
    let own = CaseStatement::new()
        .case(has_read_all(), Expr::col(Column::OwnUnread))
        .finally(Expr::col(Column::OwnUnread).add(1));
    scope
        .update_many::<chat_member::Entity>()
        .col_expr(Column::OwnUnread, own.into())
        .col_expr(Column::ReadSeq, read.into())
        .filter(Column::ChatId.eq(chat))
        .filter(Column::UserId.eq(sender))
        .exec(tx)
        .await
        .map(drop)
}

/// A member with what he is called.
#[derive(Clone, Debug)]
pub struct Person {
    pub member: chat_member::Model,
    pub name: String,
    /// Whether he works here still.
    pub is_active: bool,
}

/// Who is in this chat, those who came first first.
pub async fn people<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    chat: ChatId,
) -> Result<Vec<Person>, DbErr> {
    let rows = there(scope)
        .filter(chat_member::Column::ChatId.eq(chat))
        .order_by_asc(chat_member::Column::JoinedAt)
        .order_by_asc(chat_member::Column::UserId)
        .all(db)
        .await?;
    named(scope, db, rows).await
}

/// The other side of each of these private chats.
pub async fn others<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    chats: &[ChatId],
    me: UserId,
) -> Result<HashMap<ChatId, Person>, DbErr> {
    if chats.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = scope
        .find::<chat_member::Entity>()
        .filter(chat_member::Column::ChatId.is_in(chats.iter().copied()))
        .filter(chat_member::Column::UserId.ne(me))
        .all(db)
        .await?;
    let people = named(scope, db, rows).await?;
    Ok(people.into_iter().map(|person| (person.member.chat_id, person)).collect())
}

/// The user on the other side of each of these chats that are private.
pub async fn others_of_private<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    chats: &[ChatId],
    me: UserId,
) -> Result<HashMap<ChatId, UserId>, DbErr> {
    if chats.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(ChatId, UserId)> = scope
        .find::<chat_member::Entity>()
        .join(JoinType::InnerJoin, member_chat())
        .filter(chat_member::Column::ChatId.is_in(chats.iter().copied()))
        .filter(chat_member::Column::UserId.ne(me))
        .filter(chat::Column::Kind.eq(ChatKind::Private))
        .select_only()
        .column(chat_member::Column::ChatId)
        .column(chat_member::Column::UserId)
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().collect())
}

async fn named<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    rows: Vec<chat_member::Model>,
) -> Result<Vec<Person>, DbErr> {
    let mut names = HashMap::new();
    let ids: Vec<_> = rows.iter().map(|row| row.user_id).collect();
    for ids in ids.chunks(AT_ONCE) {
        let found: Vec<(UserId, String)> = active(scope)
            .filter(membership::Column::UserId.is_in(ids.iter().copied()))
            .into_tuple()
            .all(db)
            .await?;
        names.extend(found);
    }
    let gone: Vec<_> = ids.into_iter().filter(|id| !names.contains_key(id)).collect();
    let mut former = HashMap::new();
    for ids in gone.chunks(AT_ONCE) {
        former.extend(super::users::names(db, ids.to_vec()).await?);
    }
    let person = |member: chat_member::Model| {
        let name = names.get(&member.user_id);
        let is_active = name.is_some();
        let name = name.or_else(|| former.get(&member.user_id)).cloned().unwrap_or_default();
        Person { member, name, is_active }
    };
    Ok(rows.into_iter().map(person).collect())
}

/// The ids and names of those who work here and may sign in.
fn active(scope: CompanyScope) -> Select<membership::Entity> {
    scope
        .find::<membership::Entity>()
        .join(JoinType::InnerJoin, membership_user())
        .filter(membership::Column::Status.eq(MembershipStatus::Active))
        .filter(user::Column::Status.eq(UserStatus::Active))
        .select_only()
        .column(membership::Column::UserId)
        .column_as(user::Column::Name, "name")
}

/// Those of these users who work here and may sign in.
pub async fn active_of<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    users: &[UserId],
) -> Result<BTreeSet<UserId>, DbErr> {
    let mut found = BTreeSet::new();
    for users in users.chunks(AT_ONCE) {
        let query = active(scope).filter(membership::Column::UserId.is_in(users.iter().copied()));
        let some: Vec<(UserId, String)> = query.into_tuple().all(db).await?;
        found.extend(some.into_iter().map(|(id, _)| id));
    }
    Ok(found)
}

/// How far the others in a chat have all come: delivered, and read. `None` where there is nobody else.
pub async fn others_have<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    chat: ChatId,
    me: UserId,
) -> Result<Option<(i64, i64)>, DbErr> {
    let marks: Option<(Option<i64>, Option<i64>)> = there(scope)
        .filter(chat_member::Column::ChatId.eq(chat))
        .filter(chat_member::Column::UserId.ne(me))
        .select_only()
        .expr_as(Expr::col(chat_member::Column::DeliveredSeq).min(), "delivered")
        .expr_as(Expr::col(chat_member::Column::ReadSeq).min(), "read")
        .into_tuple()
        .one(db)
        .await?;
    Ok(marks.and_then(|(delivered, read)| delivered.zip(read)))
}

/// The users in a chat.
pub async fn users_in<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    chat: ChatId,
) -> Result<Vec<UserId>, DbErr> {
    let all = there(scope).filter(chat_member::Column::ChatId.eq(chat));
    all.select_only().column(chat_member::Column::UserId).into_tuple().all(db).await
}

/// How many are in it.
pub async fn count_people<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    chat: ChatId,
) -> Result<u64, DbErr> {
    use sea_orm::PaginatorTrait;
    there(scope).filter(chat_member::Column::ChatId.eq(chat)).count(db).await
}

fn member_chat() -> RelationDef {
    chat_member::Entity::belongs_to(chat::Entity)
        .from(chat_member::Column::ChatId)
        .to(chat::Column::Id)
        .into()
}

/// Where a list of chats is read on: pinned ones come first, then those that were written to last.
pub type Position = (bool, DateTime<Utc>, ChatId);

/// A user's chats.
pub fn listed(
    scope: CompanyScope,
    user: UserId,
    archived: Option<bool>,
    behind: Option<Position>,
) -> sea_orm::SelectTwo<chat_member::Entity, chat::Entity> {
    use {chat::Column as C, chat_member::Column as M};
    let query = there(scope)
        .join(JoinType::InnerJoin, member_chat())
        .filter(C::CompanyId.eq(scope.company()))
        .filter(M::UserId.eq(user))
        .apply_if(archived, |query, archived| query.filter(M::Archived.eq(archived)))
        .apply_if(behind, |query, (pinned, at, id): Position| {
            let older = Condition::any()
                .add(C::ActiveAt.lt(at))
                .add(Condition::all().add(C::ActiveAt.eq(at)).add(C::Id.lt(id)));
            let same = Condition::all().add(M::Pinned.eq(pinned)).add(older);
            query.filter(if pinned { Condition::any().add(M::Pinned.eq(false)).add(same) } else { same })
        });
    query.select_also(chat::Entity).order_by_desc(M::Pinned).order_by_desc(C::ActiveAt).order_by_desc(C::Id)
}

/// A user's chats in which there is something that he has not read, the last written first.
pub async fn with_unread<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    user: UserId,
) -> Result<Vec<(chat_member::Model, chat::Model)>, DbErr> {
    let unread = Expr::col((chat::Entity, chat::Column::LastSeq)).gt(Expr::col((
        chat_member::Entity,
        chat_member::Column::ReadSeq,
    ))
    .add(Expr::col((chat_member::Entity, chat_member::Column::OwnUnread))));
    let rows = listed(scope, user, None, None).filter(unread).all(db).await?;
    Ok(rows.into_iter().filter_map(|(member, chat)| Some((member, chat?))).collect())
}

/// A user's chats that were written to since that moment, in which something has neither reached him nor been read by him.
pub async fn undelivered(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    user: UserId,
    since: DateTime<Utc>,
) -> Result<Vec<(chat_member::Model, chat::Model)>, DbErr> {
    use chat_member::Column as M;
    let is_behind =
        |mark: M| Expr::col((chat::Entity, chat::Column::LastSeq)).gt(Expr::col((chat_member::Entity, mark)));
    let rows = listed(scope, user, None, None)
        .filter(chat::Column::ActiveAt.gt(since))
        .filter(is_behind(M::DeliveredSeq))
        .filter(is_behind(M::ReadSeq))
        .all(db)
        .await?;
    Ok(rows.into_iter().filter_map(|(member, chat)| Some((member, chat?))).collect())
}

/// The ids of a user's chats.
pub async fn ids_of<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    user: UserId,
) -> Result<Vec<ChatId>, DbErr> {
    let his = there(scope).filter(chat_member::Column::UserId.eq(user));
    his.select_only().column(chat_member::Column::ChatId).into_tuple().all(db).await
}

// ---- which sockets are where

/// Somebody has come into a group or left it: sockets follow.
pub async fn moved(scope: CompanyScope, tx: &Tx) -> Result<(), DbErr> {
    let row = chat_roster::Model { company_id: scope.company(), version: 1 };
    if scope.insert_or_ignore::<chat_roster::Entity, _>(tx, row).await? == Inserted::Yes {
        return Ok(());
    }
    let version = chat_roster::Column::Version;
    let one_more = scope.update_many::<chat_roster::Entity>().col_expr(version, Expr::col(version).add(1));
    one_more.filter(chat_roster::Column::CompanyId.eq(scope.company())).exec(tx).await.map(drop)
}

/// The groups of each of these users.
pub async fn groups_of<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    users: &[UserId],
) -> Result<HashMap<UserId, BTreeSet<ChatId>>, DbErr> {
    let mut groups: HashMap<UserId, BTreeSet<ChatId>> =
        users.iter().map(|id| (*id, BTreeSet::new())).collect();
    for users in users.chunks(AT_ONCE) {
        let found: Vec<(UserId, ChatId)> = there(scope)
            .join(JoinType::InnerJoin, member_chat())
            .filter(chat_member::Column::UserId.is_in(users.iter().copied()))
            .filter(chat::Column::Kind.eq(ChatKind::Group))
            .select_only()
            .column(chat_member::Column::UserId)
            .column(chat_member::Column::ChatId)
            .into_tuple()
            .all(db)
            .await?;
        for (user, chat) in found {
            groups.entry(user).or_default().insert(chat);
        }
    }
    Ok(groups)
}

// ---- whom somebody does not want to hear from

/// Whether one of the two has blocked the other.
pub async fn are_blocked<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    one: UserId,
    other: UserId,
) -> Result<bool, DbErr> {
    use user_block::Column;
    let by = |who: UserId, whom: UserId| {
        Condition::all().add(Column::UserId.eq(who)).add(Column::BlockedUserId.eq(whom))
    };
    let either = Condition::any().add(by(one, other)).add(by(other, one));
    Ok(scope.find::<user_block::Entity>().filter(either).one(db).await?.is_some())
}

/// Those of these users who have blocked him.
pub async fn who_block<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    him: UserId,
    users: &[UserId],
) -> Result<BTreeSet<UserId>, DbErr> {
    use user_block::Column;
    let mut found = BTreeSet::new();
    for users in users.chunks(AT_ONCE) {
        let some: Vec<UserId> = scope
            .find::<user_block::Entity>()
            .filter(Column::UserId.is_in(users.iter().copied()))
            .filter(Column::BlockedUserId.eq(him))
            .select_only()
            .column(Column::UserId)
            .into_tuple()
            .all(db)
            .await?;
        found.extend(some);
    }
    Ok(found)
}

/// Those who have blocked somebody, and those whom he has.
pub async fn blocked_with<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    user: UserId,
) -> Result<BTreeSet<UserId>, DbErr> {
    use user_block::Column;
    let mut found = BTreeSet::new();
    for (by, other) in [(Column::UserId, Column::BlockedUserId), (Column::BlockedUserId, Column::UserId)] {
        let query = scope.find::<user_block::Entity>().filter(by.eq(user)).select_only().column(other);
        found.extend(query.into_tuple::<UserId>().all(db).await?);
    }
    Ok(found)
}

/// Whom a user has blocked, the last one first, with their names.
pub async fn blocked_by<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    user: UserId,
) -> Result<Vec<(user_block::Model, String)>, DbErr> {
    let rows = scope
        .find::<user_block::Entity>()
        .filter(user_block::Column::UserId.eq(user))
        .order_by_desc(user_block::Column::BlockedAt)
        .order_by_desc(user_block::Column::BlockedUserId)
        .all(db)
        .await?;
    let names = super::users::names(db, rows.iter().map(|row| row.blocked_user_id).collect()).await?;
    let named = |row: user_block::Model| {
        let name = names.get(&row.blocked_user_id).cloned().unwrap_or_default();
        (row, name)
    };
    Ok(rows.into_iter().map(named).collect())
}

/// Twice is once.
pub async fn block(scope: CompanyScope, tx: &Tx, row: user_block::Model) -> Result<Inserted, DbErr> {
    scope.insert_or_ignore::<user_block::Entity, _>(tx, row).await
}

/// How many there were.
pub async fn unblock(scope: CompanyScope, tx: &Tx, user: UserId, blocked: UserId) -> Result<u64, DbErr> {
    let gone = scope
        .delete_many::<user_block::Entity>()
        .filter(user_block::Column::UserId.eq(user))
        .filter(user_block::Column::BlockedUserId.eq(blocked));
    Ok(gone.exec(tx).await?.rows_affected)
}

// ---- a person who is erased

/// Takes an erased person out of all chats. Who else was there keeps them.
pub async fn forget(
    scope: CompanyScope,
    tx: &Tx,
    users: &[UserId],
    now: DateTime<Utc>,
) -> Result<u64, DbErr> {
    use chat_member::Column;
    let his = || Column::UserId.is_in(users.iter().copied());
    let chats = scope.find::<chat_member::Entity>().filter(his()).select_only().column(Column::ChatId);
    scope
        .update_many::<chat::Entity>()
        .col_expr(chat::Column::Pair, Expr::value(Option::<String>::None))
        .filter(chat::Column::Id.in_subquery(chats.into_query()))
        .exec(tx)
        .await?;
    let gone = chat_member::ActiveModel {
        left_at: Set(Some(now)),
        muted_until: Set(None),
        pinned: Set(false),
        archived: Set(false),
        role: Set(ChatRole::Member),
        ..Default::default()
    };
    let left = scope.update_many::<chat_member::Entity>().set(gone).filter(his()).exec(tx).await?;
    let blocks = Condition::any()
        .add(user_block::Column::UserId.is_in(users.iter().copied()))
        .add(user_block::Column::BlockedUserId.is_in(users.iter().copied()));
    scope.delete_many::<user_block::Entity>().filter(blocks).exec(tx).await?;
    moved(scope, tx).await?;
    Ok(left.rows_affected)
}
