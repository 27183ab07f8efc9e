//! Who is just writing. It is told at once and forgotten: whoever misses it has missed nothing.

use entity::id::{ChatId, UserId};
use entity::{ChatKind, CompanyScope};
use serde_json::json;

use super::news;
use crate::app::App;
use crate::bus::Fleeting;
use crate::error::Result;
use crate::store::{Audience, chats};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typing {
    Started,
    Stopped,
}

/// Tells the others in a chat. Who has blocked him, or is blocked by him, is not told.
pub async fn tell(app: &App, scope: CompanyScope, by: UserId, id: ChatId, typing: Typing) -> Result<()> {
    let db = app.db.reader();
    chats::member(scope, db, id, by).await?;
    let chat = chats::get(scope, db, id).await?;
    let audience = match chat.kind {
        ChatKind::Group => Audience::Chat(id),
        ChatKind::Private => {
            let others = chats::others_of_private(scope, db, &[id], by).await?;
            let Some(other) = others.get(&id) else { return Ok(()) };
            if chats::are_blocked(scope, db, by, *other).await? {
                return Ok(());
            }
            Audience::User(*other)
        }
    };
    let is_typing = typing == Typing::Started;
    app.bus.tell(Fleeting {
        company: scope.company(),
        rooms: vec![audience.room()],
        event: news::USER_TYPING.to_owned(),
        payload: json!({"chatId": id, "chatKind": chat.kind, "userId": by, "isTyping": is_typing}),
    });
    Ok(())
}
