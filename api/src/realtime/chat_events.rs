//! Chat over sockets, in two dialects: names in small letters (`send_message`), and capital ones (`CHAT_MESSAGE`) for chats of two,
//! which are named by the other one. Each event goes to the use case of its REST operation.

use entity::CompanyScope;
use entity::id::{ChatId, ChatMessageId, UserId};
use serde_json::{Value, json};

use super::events::{Asked, Fields, wrong};
use super::roster::Holder;
use crate::app::App;
use crate::authz::{Permission, ReadChats, WriteChats};
use crate::chat::change::{self, From};
use crate::chat::content::Content;
use crate::chat::lists::{self, Unread};
use crate::chat::marks::{self, Mark};
use crate::chat::send::Draft;
use crate::chat::typing::Typing;
use crate::chat::{self, news, send, typing};
use crate::error::Result;

/// Answers an event of chat; `None` of any other.
pub async fn perform(app: &App, asked: &Asked<'_>) -> Result<Option<Value>> {
    let Asked { holder, name, fields, socket: _ } = asked;
    let answer = match *name {
        "join_chat" => {
            let (scope, user) = may::<ReadChats>(app, holder)?;
            let chat = chat::get(app, scope, user, fields.required("chatId")?).await?;
            json!({"chatId": chat.row.id, "lastSeq": chat.row.last_seq, "readSeq": chat.me.read_seq, "unread": chat.unread()})
        }
        "leave_chat" => {
            // A member hears of his chats whether they are on his screen or not.
            let (scope, user) = may::<ReadChats>(app, holder)?;
            let chat = chat::get(app, scope, user, fields.required("chatId")?).await?;
            json!({"chatId": chat.row.id})
        }
        "send_message" => {
            let (scope, user) = may::<WriteChats>(app, holder)?;
            let (chat, draft) = (fields.required("chatId")?, draft(fields, fields.required("content")?)?);
            sent(send::send(app, scope, user, chat, draft).await?)
        }
        "CHAT_MESSAGE" => {
            let (scope, user) = may::<WriteChats>(app, holder)?;
            let content = match fields.required::<Value>("content")? {
                Value::String(text) => Content::text(text),
                content => serde_json::from_value(content).map_err(|_| not_of_the_form("content"))?,
            };
            let (other, draft) = (fields.required("receiverId")?, draft(fields, content)?);
            let chat = chat::open(app, scope, user, other).await?;
            sent(send::send(app, scope, user, chat.row.id, draft).await?)
        }
        "typing_start" => {
            write(app, holder, Where::Chat(fields.required("chatId")?), Typing::Started).await?
        }
        "typing_stop" => write(app, holder, Where::Chat(fields.required("chatId")?), Typing::Stopped).await?,
        "CHAT_TYPING" => {
            write(app, holder, Where::With(fields.required("receiverId")?), Typing::Started).await?
        }
        "CHAT_STOP_TYPING" => {
            write(app, holder, Where::With(fields.required("receiverId")?), Typing::Stopped).await?
        }
        "message_delivered" => marked(app, holder, fields, Mark::Delivered).await?,
        "message_read" | "MESSAGE_READ" => marked(app, holder, fields, Mark::Read).await?,
        "add_reaction" => {
            let (scope, user) = may::<WriteChats>(app, holder)?;
            let (message, emoji) = (fields.required("messageId")?, fields.optional::<String>("emoji")?);
            let message = change::react(app, scope, user, message, emoji.as_deref()).await?;
            json!({"messageId": message.row.id})
        }
        "edit_message" => {
            let (scope, user) = may::<WriteChats>(app, holder)?;
            let (message, text) = (fields.required("messageId")?, fields.required::<String>("newContent")?);
            let message = change::edit(app, scope, user, message, &text).await?;
            json!({"message": news::describe(&message)})
        }
        "delete_message" => {
            let (scope, user) = may::<WriteChats>(app, holder)?;
            let message: ChatMessageId = fields.required("messageId")?;
            let everyone = fields.optional::<bool>("deleteForEveryone")?.unwrap_or_default();
            let from = if everyone { From::Everybody } else { From::Myself };
            change::delete(app, scope, user, message, from).await?;
            json!({"messageId": message})
        }
        _ => return Ok(None),
    };
    Ok(Some(answer))
}

/// The holder's company and himself, when he may do this.
fn may<P: Permission>(app: &App, holder: &Holder) -> Result<(CompanyScope, UserId)> {
    holder.caller.require(app.authz, P::NAME)?;
    Ok((holder.caller.scope()?, holder.caller.user))
}

fn not_of_the_form(field: &str) -> crate::error::Error {
    wrong(field, "is not of the required form".to_owned())
}

fn draft(fields: &Fields<'_>, content: Content) -> Result<Draft> {
    Ok(Draft { content, reply_to: fields.optional("replyTo")?, temp_id: fields.optional("tempId")? })
}

fn sent(message: chat::Message) -> Value {
    json!({"message": news::describe(&message), "tempId": message.row.temp_id})
}

/// Which chat is meant.
enum Where {
    Chat(ChatId),
    With(UserId),
}

async fn write(app: &App, holder: &Holder, place: Where, typing: Typing) -> Result<Value> {
    let (scope, user) = may::<WriteChats>(app, holder)?;
    let chat = match place {
        Where::Chat(chat) => Some(chat),
        // They have said nothing to each other yet.
        Where::With(other) => chat::with(app, scope, user, other).await?,
    };
    if let Some(chat) = chat {
        typing::tell(app, scope, user, chat, typing).await?;
    }
    Ok(json!({}))
}

async fn marked(app: &App, holder: &Holder, fields: &Fields<'_>, mark: Mark) -> Result<Value> {
    let (scope, user) = may::<ReadChats>(app, holder)?;
    let Unread { chat, unread, read_seq, last_seq } =
        marks::mark(app, scope, user, fields.required("messageId")?, mark).await?;
    Ok(news::unread(chat, unread, read_seq, last_seq))
}

/// The holder's chats in which there is something to read, each as `chat_unread` tells it.
pub async fn for_snapshot(app: &App, scope: CompanyScope, holder: &Holder) -> Result<Value> {
    if holder.caller.rows(app.authz, ReadChats::NAME).is_none() {
        return Ok(json!([]));
    }
    let unread = lists::unread(app, scope, holder.caller.user).await?;
    let told = unread.iter().map(|one| news::unread(one.chat, one.unread, one.read_seq, one.last_seq));
    Ok(told.collect())
}

/// What a client of the capital dialect is told beside this; `None` of what it has no name for, and of groups.
pub fn in_capitals(event: &str, payload: &Value) -> Option<(&'static str, Value)> {
    let is_private = payload["chatKind"] == "private";
    let mut told = match event {
        news::NEW_MESSAGE if payload["message"]["receiverId"].is_string() => {
            let message = &payload["message"];
            let told = json!({
                "messageId": message["id"],
                "chatId": message["chatId"],
                "senderId": message["senderId"],
                "receiverId": message["receiverId"],
                "content": message["content"],
                "timestamp": message["sentAt"],
            });
            ("CHAT_MESSAGE", told)
        }
        news::USER_TYPING if is_private => {
            let name = if payload["isTyping"] == true { "CHAT_TYPING" } else { "CHAT_STOP_TYPING" };
            (name, json!({"chatId": payload["chatId"], "senderId": payload["userId"]}))
        }
        news::MESSAGE_STATUS if is_private && payload["status"] == "read" => {
            let told = json!({
                "messageId": payload["messageId"],
                "chatId": payload["chatId"],
                "readerId": payload["userId"],
            });
            ("MESSAGE_READ", told)
        }
        _ => return None,
    };
    if let Some(seq) = payload.get("seq") {
        told.1["seq"] = seq.clone();
    }
    Some(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chat_of_two_is_told_in_capitals_as_well() {
        let message = json!({"id": "m", "chatId": "c", "senderId": "a", "receiverId": "b", "content": {"type": "text", "text": "Hi"},
            "sentAt": "2026-03-02T12:00:00Z"});
        let (event, told) = in_capitals("new_message", &json!({"message": message, "seq": 7})).unwrap();
        assert_eq!((event, &told["senderId"], &told["seq"]), ("CHAT_MESSAGE", &json!("a"), &json!(7)));
        let typing = |is| json!({"chatKind": "private", "chatId": "c", "userId": "a", "isTyping": is});
        assert_eq!(in_capitals("user_typing", &typing(true)).unwrap().0, "CHAT_TYPING");
        assert_eq!(in_capitals("user_typing", &typing(false)).unwrap().0, "CHAT_STOP_TYPING");
        let status =
            |status| json!({"chatKind": "private", "messageId": "m", "userId": "b", "status": status});
        assert_eq!(in_capitals("message_status_update", &status("read")).unwrap().0, "MESSAGE_READ");
        assert_eq!(in_capitals("message_status_update", &status("delivered")), None);
    }

    #[test]
    fn a_group_has_no_capitals() {
        assert_eq!(in_capitals("new_message", &json!({"message": {"id": "m"}})), None);
        assert_eq!(in_capitals("user_typing", &json!({"chatKind": "group"})), None);
        assert_eq!(in_capitals("offer:new", &json!({})), None);
    }
}
