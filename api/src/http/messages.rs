//! Messages of chats.

use entity::id::{ChatId, ChatMessageId, UserId};
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::chat_shapes::{MessageDetailsOut, MessageOut, NewMessageIn, UnreadOut};
use super::envelope::{Created, Done, Failure, Reply, Success};
use super::page::{LARGEST_LIMIT, limit_within};
use super::{JsonBody, Tag};
use crate::app::App;
use crate::authz::{Can, ReadChats, WriteChats};
use crate::chat::change::{self, From as DeletedFrom};
use crate::chat::forward;
use crate::chat::marks::{self, Mark};
use crate::chat::{self, lists, send};

pub struct Messages;

/// Other words.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct MessageIn {
    #[oai(validator(max_length = 10000))]
    text: String,
}

/// What the caller thinks of a message.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct ReactionIn {
    /// One sign, in place of the one before; without it that is taken back.
    #[oai(validator(max_length = 40))]
    emoji: Option<String>,
}

/// Where a message is passed on to.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct ForwardIn {
    #[oai(validator(min_items = 1, max_items = 20))]
    chat_ids: Vec<Uuid>,
}

#[OpenApi(tag = "Tag::Chat")]
impl Messages {
    /// Sends a message.
    ///
    /// With a `tempId` it is sent once: whoever sends it again is answered with the message that there is. 120 a minute at most.
    #[oai(path = "/api/messages", method = "post", operation_id = "sendMessage")]
    async fn send(
        &self,
        can: Can<WriteChats>,
        Data(app): Data<&App>,
        JsonBody(body): JsonBody<NewMessageIn>,
    ) -> Result<Created<MessageOut>, Failure> {
        let chat = ChatId(body.chat_id);
        Created::of(send::send(app, can.scope()?, can.caller().user, chat, body.into()).await?)
    }

    /// Finds messages in all of the caller's chats, the newest first.
    #[oai(path = "/api/messages/search", method = "get", operation_id = "searchMessages")]
    async fn search(
        &self,
        can: Can<ReadChats>,
        Data(app): Data<&App>,
        /// All of its words begin a word of the message, whatever their case and accents.
        #[oai(validator(min_length = 1, max_length = 200))]
        Query(search): Query<String>,
        /// 1 to 100; 50 unless said.
        Query(limit): Query<Option<u64>>,
        /// Reads on behind an earlier page.
        Query(cursor): Query<Option<String>>,
    ) -> Reply<Vec<MessageOut>> {
        let (scope, me, limit) = (can.scope()?, can.caller().user, limit_within(limit, LARGEST_LIMIT)?);
        lists::search(app, scope, me, (None, &search), cursor.as_deref(), limit).await?.reply()
    }

    /// Shows a message, and whom it has reached.
    #[oai(path = "/api/messages/:id", method = "get", operation_id = "getMessage")]
    async fn get(
        &self,
        can: Can<ReadChats>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Reply<MessageDetailsOut> {
        let (scope, me) = (can.scope()?, can.caller().user);
        let message = chat::message(app, scope, me, ChatMessageId(id)).await?;
        let reached = marks::reached(app, scope, &message.row).await?;
        Success::ok(MessageDetailsOut::of(message, reached))
    }

    /// Changes the words of one's message, within 15 minutes.
    #[oai(path = "/api/messages/:id", method = "put", operation_id = "editMessage")]
    async fn put(
        &self,
        can: Can<WriteChats>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<MessageIn>,
    ) -> Reply<MessageOut> {
        let (scope, me) = (can.scope()?, can.caller().user);
        Success::ok(change::edit(app, scope, me, ChatMessageId(id), &body.text).await?)
    }

    /// Deletes a message, for oneself or for everybody.
    ///
    /// For everybody its sender can within an hour, and an admin of the group always.
    #[oai(path = "/api/messages/:id", method = "delete", operation_id = "deleteMessage")]
    async fn delete(
        &self,
        can: Can<WriteChats>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        /// Unless said, it is deleted for the caller alone.
        #[oai(name = "forEveryone")]
        Query(everyone): Query<Option<bool>>,
    ) -> Result<Json<Done>, Failure> {
        let from = if everyone.unwrap_or_default() { DeletedFrom::Everybody } else { DeletedFrom::Myself };
        change::delete(app, can.scope()?, can.caller().user, ChatMessageId(id), from).await?;
        Done::saying("The message is deleted.")
    }

    /// Says what one thinks of a message, in one sign.
    #[oai(path = "/api/messages/:id/react", method = "post", operation_id = "reactToMessage")]
    async fn react(
        &self,
        can: Can<WriteChats>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<ReactionIn>,
    ) -> Reply<MessageOut> {
        let (scope, me) = (can.scope()?, can.caller().user);
        Success::ok(change::react(app, scope, me, ChatMessageId(id), body.emoji.as_deref()).await?)
    }

    /// Passes a message on to other chats of the caller's, to all of them or to none.
    #[oai(path = "/api/messages/:id/forward", method = "post", operation_id = "forwardMessage")]
    async fn forward(
        &self,
        can: Can<WriteChats>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<ForwardIn>,
    ) -> Result<Created<Vec<MessageOut>>, Failure> {
        let (scope, me) = (can.scope()?, can.caller().user);
        let to = body.chat_ids.into_iter().map(ChatId).collect();
        let sent = forward::forward(app, scope, me, ChatMessageId(id), to).await?;
        Created::of(sent.into_iter().map(MessageOut::from).collect::<Vec<_>>())
    }

    /// Says that everything up to this message has reached the caller.
    #[oai(path = "/api/messages/:id/delivered", method = "post", operation_id = "markMessageDelivered")]
    async fn delivered(
        &self,
        can: Can<ReadChats>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Reply<UnreadOut> {
        let (scope, me) = (can.scope()?, can.caller().user);
        Success::ok(marks::mark(app, scope, me, ChatMessageId(id), Mark::Delivered).await?)
    }

    /// Says that the caller has read everything up to this message.
    #[oai(path = "/api/messages/:id/read", method = "post", operation_id = "markMessageRead")]
    async fn read(
        &self,
        can: Can<ReadChats>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Reply<UnreadOut> {
        let (scope, me) = (can.scope()?, can.caller().user);
        Success::ok(marks::mark(app, scope, me, ChatMessageId(id), Mark::Read).await?)
    }

    /// Lists what was said with a colleague, the newest first.
    #[oai(path = "/api/chat/history/:userId", method = "get", operation_id = "getChatHistory")]
    async fn history(
        &self,
        can: Can<ReadChats>,
        Data(app): Data<&App>,
        /// The colleague's id.
        #[oai(name = "userId")]
        Path(other): Path<Uuid>,
        /// 1 to 100; 50 unless said.
        Query(limit): Query<Option<u64>>,
        /// Reads on behind an earlier page.
        Query(cursor): Query<Option<String>>,
    ) -> Reply<Vec<MessageOut>> {
        let (scope, me, limit) = (can.scope()?, can.caller().user, limit_within(limit, LARGEST_LIMIT)?);
        lists::history(app, scope, me, UserId(other), cursor.as_deref(), limit).await?.reply()
    }
}
