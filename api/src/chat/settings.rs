//! How somebody wants to have a chat: it is nobody else's business.

use chrono::{DateTime, Utc};
use entity::id::{ChatId, UserId};
use entity::{CompanyScope, chat_member};
use serde_json::json;

use super::{Chat, get, news};
use crate::app::App;
use crate::error::Result;
use crate::store::{Unit, chats};

/// In place of what was set before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub muted_until: Option<DateTime<Utc>>,
    pub placed: Placed,
}

/// Where a chat stands in its owner's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    pub pinned: bool,
    pub archived: bool,
}

pub async fn set(app: &App, scope: CompanyScope, by: UserId, chat: ChatId, wanted: Wanted) -> Result<Chat> {
    let mut unit = Unit::begin(app, scope).await?;
    let me = chats::lock_member(scope, unit.tx(), chat, by).await?;
    let Placed { pinned, archived } = wanted.placed;
    let muted_until = wanted.muted_until.filter(|until| *until > unit.now());
    let after = chat_member::Model { muted_until, pinned, archived, ..me.clone() };
    if after != me {
        chats::save_member(scope, unit.tx(), after).await?;
        let told = json!({"chatId": chat, "mutedUntil": muted_until, "pinned": pinned, "archived": archived});
        unit.tell(&[news::user(by)], news::CHAT_SETTINGS, told);
        unit.commit().await?;
    }
    get(app, scope, by, chat).await
}
