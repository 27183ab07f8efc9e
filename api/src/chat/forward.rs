//! A message is passed on to other chats. Who wrote it first is not told there.

use entity::id::{ChatId, ChatMessageId, UserId};
use entity::{CompanyScope, MessageKind};

use super::content::Checked;
use super::send::{Sending, may_write, write};
use super::{MESSAGES, Message, lists};
use crate::app::App;
use crate::error::{Code, Error, Result};
use crate::store::{Unit, chats};

/// Chats at once.
pub const MOST: usize = 20;

/// Passes a message on to these chats, to all of them or to none.
pub async fn forward(
    app: &App,
    scope: CompanyScope,
    by: UserId,
    id: ChatMessageId,
    mut to: Vec<ChatId>,
) -> Result<Vec<Message>> {
    // In one order, so that two who forward at once do not wait for each other.
    to.sort_unstable();
    to.dedup();
    if to.is_empty() || to.len() > MOST {
        return Err(Error::invalid("/chatIds", format!("must have 1 to {MOST} chats")));
    }
    for _ in &to {
        app.limiter.take(MESSAGES, &by.to_string(), app.clock.now()).await?;
    }
    let mut unit = Unit::begin(app, scope).await?;
    let row = super::seen(scope, unit.tx(), by, id).await?;
    if row.deleted_at.is_some() {
        return Err(Error::conflict(Code::MessageDeleted, "The message was deleted."));
    }
    if row.kind == MessageKind::System {
        return Err(Error::invalid("/chatIds", "take no message of the server's"));
    }
    let mut rows = Vec::with_capacity(to.len());
    for chat in to {
        let chat = chats::lock(scope, unit.tx(), chat).await?;
        chats::member(scope, unit.tx(), chat.id, by).await?;
        may_write(scope, &unit, &chat, by).await?;
        let (body, detail) = (row.body.clone(), row.detail.clone());
        let checked = Checked { kind: row.kind, body, detail, media: row.media_id };
        let sending = Sending { by, checked, temp_id: None, reply_to: None, forwarded_from: Some(row.id) };
        rows.extend(write(&mut unit, chat, sending).await?);
    }
    unit.commit().await?;
    lists::show(app, scope, by, rows).await
}
