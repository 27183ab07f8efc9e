//! Devices that take part in encrypted chats, the keys that they publish, and what is said to each of them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::id::{ChatDeviceId, ChatMessageId, UserId};
use entity::{
    ChatKind, CompanyScope, Inserted, chat, chat_ciphertext, chat_device, chat_device_key, chat_member,
};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, JoinType, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, RelationDef, Select,
};

use super::Tx;
use crate::error::{Error, Result, Subject};

/// A device, by whose it is and its id.
pub type Which = (UserId, ChatDeviceId);

fn of(scope: CompanyScope, users: &[UserId]) -> Select<chat_device::Entity> {
    scope
        .find::<chat_device::Entity>()
        .filter(chat_device::Column::UserId.is_in(users.iter().copied()))
        .order_by_asc(chat_device::Column::UserId)
        .order_by_asc(chat_device::Column::Id)
}

/// The devices of these users.
pub async fn of_users<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    users: &[UserId],
) -> Result<Vec<chat_device::Model>, DbErr> {
    of(scope, users).all(db).await
}

/// The same, none of which goes before the transaction ends.
pub async fn hold_of_users(
    scope: CompanyScope,
    tx: &Tx,
    users: &[UserId],
) -> Result<Vec<chat_device::Model>, DbErr> {
    of(scope, users).lock_shared().all(tx).await
}

fn one(scope: CompanyScope, (user, id): Which) -> Select<chat_device::Entity> {
    scope
        .find::<chat_device::Entity>()
        .filter(chat_device::Column::UserId.eq(user))
        .filter(chat_device::Column::Id.eq(id))
}

pub async fn find<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    which: Which,
) -> Result<Option<chat_device::Model>, DbErr> {
    one(scope, which).one(db).await
}

/// A device, locked for this transaction: whoever changes it or gives out a key of its.
pub async fn lock(scope: CompanyScope, tx: &Tx, which: Which) -> Result<chat_device::Model> {
    let row = one(scope, which).lock_exclusive().one(tx).await?;
    row.ok_or(Error::NotFound(Subject::Device))
}

/// Inserts a device unless its user has one of this id.
pub async fn insert(scope: CompanyScope, tx: &Tx, row: chat_device::Model) -> Result<Inserted, DbErr> {
    scope.insert_or_ignore::<chat_device::Entity, _>(tx, row).await
}

async fn change(
    scope: CompanyScope,
    tx: &Tx,
    (user, id): Which,
    changes: chat_device::ActiveModel,
) -> Result<(), DbErr> {
    scope
        .update_many::<chat_device::Entity>()
        .set(changes)
        .filter(chat_device::Column::UserId.eq(user))
        .filter(chat_device::Column::Id.eq(id))
        .exec(tx)
        .await
        .map(drop)
}

pub async fn rename(scope: CompanyScope, tx: &Tx, which: Which, name: Option<String>) -> Result<(), DbErr> {
    change(scope, tx, which, chat_device::ActiveModel { name: Set(name), ..Default::default() }).await
}

/// A key as a device publishes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    pub key_id: String,
    pub key: String,
    pub signature: String,
}

/// Another fallback key, which nobody was given yet.
pub async fn set_fallback(scope: CompanyScope, tx: &Tx, which: Which, key: Published) -> Result<(), DbErr> {
    let changes = chat_device::ActiveModel {
        fallback_key_id: Set(Some(key.key_id)),
        fallback_key: Set(Some(key.key)),
        fallback_signature: Set(Some(key.signature)),
        fallback_used: Set(false),
        ..Default::default()
    };
    change(scope, tx, which, changes).await
}

pub async fn fallback_was_given(scope: CompanyScope, tx: &Tx, which: Which) -> Result<(), DbErr> {
    let changes = chat_device::ActiveModel { fallback_used: Set(true), ..Default::default() };
    change(scope, tx, which, changes).await
}

/// With its keys, and with what was said to it. How many there were.
pub async fn delete(scope: CompanyScope, tx: &Tx, (user, id): Which) -> Result<u64, DbErr> {
    let gone = scope
        .delete_many::<chat_device::Entity>()
        .filter(chat_device::Column::UserId.eq(user))
        .filter(chat_device::Column::Id.eq(id));
    Ok(gone.exec(tx).await?.rows_affected)
}

// ---- keys that are given out once

fn keys_of(scope: CompanyScope, (user, device): Which) -> Select<chat_device_key::Entity> {
    scope
        .find::<chat_device_key::Entity>()
        .filter(chat_device_key::Column::UserId.eq(user))
        .filter(chat_device_key::Column::DeviceId.eq(device))
}

/// Whatever the device has published under these names, or of these keys: given out or not.
pub async fn known_keys(
    scope: CompanyScope,
    tx: &Tx,
    which: Which,
    keys: &[Published],
) -> Result<Vec<chat_device_key::Model>, DbErr> {
    use chat_device_key::Column;
    let same = Condition::any()
        .add(Column::KeyId.is_in(keys.iter().map(|key| key.key_id.as_str())))
        .add(Column::Key.is_in(keys.iter().map(|key| key.key.as_str())));
    keys_of(scope, which).filter(same).all(tx).await
}

pub async fn add_keys(scope: CompanyScope, tx: &Tx, rows: Vec<chat_device_key::Model>) -> Result<(), DbErr> {
    if rows.is_empty() {
        return Ok(());
    }
    scope.insert_many::<chat_device_key::Entity, _>(tx, rows).await
}

/// How many nobody was given yet.
pub async fn count_free<C: ConnectionTrait>(scope: CompanyScope, db: &C, which: Which) -> Result<u64, DbErr> {
    keys_of(scope, which).filter(chat_device_key::Column::ClaimedAt.is_null()).count(db).await
}

/// Gives out a key of a device whose row is held.
pub async fn claim(
    scope: CompanyScope,
    tx: &Tx,
    which: Which,
    now: DateTime<Utc>,
) -> Result<Option<chat_device_key::Model>, DbErr> {
    use chat_device_key::Column;
    let free = keys_of(scope, which).filter(Column::ClaimedAt.is_null()).order_by_asc(Column::KeyId);
    let Some(row) = free.one(tx).await? else { return Ok(None) };
    let claimed = chat_device_key::ActiveModel { claimed_at: Set(Some(now)), ..Default::default() };
    scope
        .update_many::<chat_device_key::Entity>()
        .set(claimed)
        .filter(Column::UserId.eq(row.user_id))
        .filter(Column::DeviceId.eq(row.device_id))
        .filter(Column::KeyId.eq(row.key_id.as_str()))
        .exec(tx)
        .await?;
    Ok(Some(row))
}

/// Forgets keys that were given out before this moment.
pub async fn forget_claimed(
    scope: CompanyScope,
    tx: &Tx,
    (user, device): Which,
    before: DateTime<Utc>,
) -> Result<(), DbErr> {
    use chat_device_key::Column;
    scope
        .delete_many::<chat_device_key::Entity>()
        .filter(Column::UserId.eq(user))
        .filter(Column::DeviceId.eq(device))
        .filter(Column::ClaimedAt.lt(before))
        .exec(tx)
        .await
        .map(drop)
}

/// With whom somebody has an encrypted chat: they have to know his devices.
pub async fn partners(scope: CompanyScope, tx: &Tx, user: UserId) -> Result<Vec<UserId>, DbErr> {
    use chat_member::Column;
    let to_chat: RelationDef =
        chat_member::Entity::belongs_to(chat::Entity).from(Column::ChatId).to(chat::Column::Id).into();
    let his = scope
        .find::<chat_member::Entity>()
        .filter(Column::UserId.eq(user))
        .filter(Column::LeftAt.is_null())
        .select_only()
        .column(Column::ChatId)
        .into_query();
    scope
        .find::<chat_member::Entity>()
        .join(JoinType::InnerJoin, to_chat)
        .filter(chat::Column::CompanyId.eq(scope.company()))
        .filter(chat::Column::Kind.eq(ChatKind::Private))
        .filter(Expr::col((chat::Entity, chat::Column::EncryptedAt)).is_not_null())
        .filter(Column::ChatId.in_subquery(his))
        .filter(Column::UserId.ne(user))
        .filter(Column::LeftAt.is_null())
        .select_only()
        .column(Column::UserId)
        .into_tuple()
        .all(tx)
        .await
}

// ---- what is said to them

pub async fn add_ciphertexts(
    scope: CompanyScope,
    tx: &Tx,
    rows: Vec<chat_ciphertext::Model>,
) -> Result<(), DbErr> {
    if rows.is_empty() {
        return Ok(());
    }
    scope.insert_many::<chat_ciphertext::Entity, _>(tx, rows).await
}

pub async fn delete_ciphertexts(scope: CompanyScope, tx: &Tx, message: ChatMessageId) -> Result<(), DbErr> {
    let gone = scope.delete_many::<chat_ciphertext::Entity>();
    gone.filter(chat_ciphertext::Column::MessageId.eq(message)).exec(tx).await.map(drop)
}

/// What these messages say to somebody's devices.
pub async fn ciphertexts_for<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    user: UserId,
    messages: Vec<ChatMessageId>,
) -> Result<HashMap<ChatMessageId, Vec<chat_ciphertext::Model>>, DbErr> {
    let mut by_message: HashMap<_, Vec<_>> = HashMap::new();
    if messages.is_empty() {
        return Ok(by_message);
    }
    let rows = scope
        .find::<chat_ciphertext::Entity>()
        .filter(chat_ciphertext::Column::MessageId.is_in(messages))
        .filter(chat_ciphertext::Column::UserId.eq(user))
        .order_by_asc(chat_ciphertext::Column::DeviceId)
        .all(db)
        .await?;
    for row in rows {
        by_message.entry(row.message_id).or_default().push(row);
    }
    Ok(by_message)
}

// ---- a person who is erased

/// His devices go, and what was said to them. How many devices there were.
pub async fn forget(scope: CompanyScope, tx: &Tx, users: &[UserId]) -> Result<u64, DbErr> {
    let his = scope.delete_many::<chat_device::Entity>();
    let gone = his.filter(chat_device::Column::UserId.is_in(users.iter().copied())).exec(tx).await?;
    Ok(gone.rows_affected)
}
