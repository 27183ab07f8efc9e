//! A private chat that only the devices of its two can read. Either of the two switches it on, when both have a device; nothing
//! switches it off. Keys are given to who is in a chat with their owner, and to nobody else.

use std::collections::BTreeSet;
use std::time::Duration;

use entity::id::{ChatDeviceId, ChatId, UserId};
use entity::{ChatKind, CompanyScope, chat as chat_row, chat_device};
use serde_json::json;

use super::{Chat, get, news, send};
use crate::app::App;
use crate::error::{Code, Error, Result, Subject};
use crate::limits::Rule;
use crate::store::chat_devices::{self as rows, Published};
use crate::store::{Unit, chats};

/// Keys that one person asks for: a client needs one for each new device of a colleague's.
const CLAIMS: Rule = Rule::new("chat-key-claims", 300, Duration::from_secs(60 * 60));

/// # Errors
/// When it is a group.
fn of_two(chat: &chat_row::Model) -> Result<()> {
    match chat.kind {
        ChatKind::Private => Ok(()),
        ChatKind::Group => {
            Err(Error::conflict(Code::NotAPrivateChat, "Only a chat of two can be encrypted."))
        }
    }
}

/// Switches it on, for good. Twice is once.
///
/// # Errors
/// `NotFound` for who is not in it; `Conflict` for a group, while one of the two has no device, and where nothing can be written.
pub async fn switch_on(app: &App, scope: CompanyScope, by: UserId, id: ChatId) -> Result<Chat> {
    let mut unit = Unit::begin(app, scope).await?;
    let mut chat = chats::lock(scope, unit.tx(), id).await?;
    chats::member(scope, unit.tx(), id, by).await?;
    of_two(&chat)?;
    if chat.encrypted_at.is_none() {
        send::may_write(scope, &unit, &chat, by).await?;
        let two = chats::users_in(scope, unit.tx(), id).await?;
        let devices = rows::of_users(scope, unit.tx(), &two).await?;
        let without = two.iter().any(|user| devices.iter().all(|device| device.user_id != *user));
        if without {
            let message = "One of you has no device that can read encrypted messages.";
            return Err(Error::conflict(Code::DeviceNeeded, message));
        }
        chat.encrypted_at = Some(unit.now());
        let told = json!({"chatId": id, "kind": chat.kind, "change": "encrypted", "by": by});
        news::tell(&mut unit, &chat, news::CHAT_UPDATED, told).await?;
        send::note(&mut unit, chat, by, json!({"event": "encrypted", "count": 0})).await?;
        unit.commit().await?;
    }
    get(app, scope, by, id).await
}

/// The devices of those who are in a private chat, their own among them.
pub async fn devices(
    app: &App,
    scope: CompanyScope,
    by: UserId,
    id: ChatId,
) -> Result<Vec<chat_device::Model>> {
    let db = app.db.reader();
    chats::member(scope, db, id, by).await?;
    of_two(&chats::get(scope, db, id).await?)?;
    let two = chats::users_in(scope, db, id).await?;
    Ok(rows::of_users(scope, db, &two).await?)
}

/// A key that opens a conversation with a device.
#[derive(Clone, Debug)]
pub struct Claimed {
    pub user: UserId,
    pub device: ChatDeviceId,
    /// `None` when the device has none left.
    pub key: Option<Published>,
    /// Whether others may be given it, too.
    pub is_fallback: bool,
}

/// Gives out a key of each of these devices: of those that are given out once nobody gets the same. Each device is told what is left.
///
/// # Errors
/// `NotFound` for a device that nobody in the chat has; for all of them or for none.
pub async fn claim(
    app: &App,
    scope: CompanyScope,
    by: UserId,
    id: ChatId,
    wanted: BTreeSet<rows::Which>,
) -> Result<Vec<Claimed>> {
    for _ in &wanted {
        app.limiter.take(CLAIMS, &by.to_string(), app.clock.now()).await?;
    }
    let mut unit = Unit::begin(app, scope).await?;
    chats::member(scope, unit.tx(), id, by).await?;
    let chat = chats::get(scope, unit.tx(), id).await?;
    of_two(&chat)?;
    send::may_write(scope, &unit, &chat, by).await?;
    let two = chats::users_in(scope, unit.tx(), id).await?;
    let mut claimed = Vec::new();
    // In one order, so that two who want the same do not wait for each other.
    for which in wanted {
        let (user, device) = which;
        if !two.contains(&user) {
            return Err(Error::NotFound(Subject::Device));
        }
        let row = rows::lock(scope, unit.tx(), which).await?;
        let now = unit.now();
        let once = rows::claim(scope, unit.tx(), which, now).await?;
        let is_fallback = once.is_none();
        let key = match once {
            Some(row) => Some(Published { key_id: row.key_id, key: row.key, signature: row.signature }),
            None => fallback_of(&row),
        };
        if is_fallback && key.is_some() && !row.fallback_used {
            rows::fallback_was_given(scope, unit.tx(), which).await?;
        }
        let told = json!({
            "deviceId": device,
            "oneTimeKeys": rows::count_free(scope, unit.tx(), which).await?,
            "fallbackUsed": row.fallback_used || (is_fallback && key.is_some()),
        });
        unit.tell(&[news::user(user)], news::DEVICE_KEYS, told);
        claimed.push(Claimed { user, device, key, is_fallback });
    }
    unit.commit().await?;
    Ok(claimed)
}

fn fallback_of(row: &chat_device::Model) -> Option<Published> {
    Some(Published {
        key_id: row.fallback_key_id.clone()?,
        key: row.fallback_key.clone()?,
        signature: row.fallback_signature.clone()?,
    })
}
