//! Chats between people of the company.

use chrono::{DateTime, Utc};
use entity::ChatRole;
use entity::id::{ChatId, UserId};
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::chat_shapes::{ChatOut, ChatPersonOut, MessageOut, UnreadOut};
use super::envelope::{Created, Done, Failure, Reply, Success};
use super::page::{LARGEST_LIMIT, limit_within};
use super::{JsonBody, Tag, Word};
use crate::app::App;
use crate::authz::{Can, ReadChats, WriteChats};
use crate::chat::settings::{self, Placed, Wanted};
use crate::chat::{self, groups, lists};
use crate::error::Error;
use crate::store::chat_messages::Part;

pub struct Chats;

/// With whom.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct PrivateChatIn {
    user_id: Uuid,
}

/// A group to be made.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct NewGroupIn {
    #[oai(validator(min_length = 1, max_length = 100))]
    title: String,
    /// Users of the company, beside the caller; 1,000 with him at most.
    #[oai(validator(max_items = 2000))]
    member_ids: Vec<Uuid>,
}

/// What a group is called.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct GroupIn {
    #[oai(validator(min_length = 1, max_length = 100))]
    title: String,
}

/// Who is to come into a group.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct GroupMembersIn {
    #[oai(validator(min_items = 1, max_items = 2000))]
    user_ids: Vec<Uuid>,
}

/// What somebody is to be in a group.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct GroupRoleIn {
    role: Word<ChatRole>,
}

/// How the caller wants to have the chat: all of it, in place of what was before.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct ChatSettingsIn {
    /// Absent, or past: it is not muted.
    muted_until: Option<DateTime<Utc>>,
    /// Above the others in the list.
    #[oai(default)]
    pinned: bool,
    #[oai(default)]
    archived: bool,
}

fn users(ids: Vec<Uuid>) -> Vec<UserId> {
    ids.into_iter().map(UserId).collect()
}

#[OpenApi(prefix_path = "/api/chats", tag = "Tag::Chat")]
impl Chats {
    /// Lists the caller's chats: pinned ones first, then those that were written to last.
    #[oai(path = "/", method = "get", operation_id = "listChats")]
    async fn list(
        &self,
        can: Can<ReadChats>,
        Data(app): Data<&App>,
        /// Only archived ones, or only others; all without it.
        Query(archived): Query<Option<bool>>,
        /// 1 to 100; 50 unless said.
        Query(limit): Query<Option<u64>>,
        /// Reads on behind an earlier page.
        Query(cursor): Query<Option<String>>,
    ) -> Reply<Vec<ChatOut>> {
        let (scope, me, limit) = (can.scope()?, can.caller().user, limit_within(limit, LARGEST_LIMIT)?);
        lists::chats(app, scope, me, archived, cursor.as_deref(), limit).await?.reply()
    }

    /// Opens the chat with a colleague. There is one of each two.
    #[oai(path = "/private", method = "post", operation_id = "openPrivateChat")]
    async fn open(
        &self,
        can: Can<WriteChats>,
        Data(app): Data<&App>,
        JsonBody(body): JsonBody<PrivateChatIn>,
    ) -> Reply<ChatOut> {
        Success::ok(chat::open(app, can.scope()?, can.caller().user, UserId(body.user_id)).await?)
    }

    /// Makes a group, of which the caller is the admin.
    #[oai(path = "/group", method = "post", operation_id = "createGroup")]
    async fn create(
        &self,
        can: Can<WriteChats>,
        Data(app): Data<&App>,
        JsonBody(body): JsonBody<NewGroupIn>,
    ) -> Result<Created<ChatOut>, Failure> {
        let (scope, me) = (can.scope()?, can.caller().user);
        Created::of(groups::create(app, scope, me, &body.title, users(body.member_ids)).await?)
    }

    /// Lists the chats in which the caller has something to read, the last written first.
    #[oai(path = "/unread", method = "get", operation_id = "listUnreadChats")]
    async fn unread(&self, can: Can<ReadChats>, Data(app): Data<&App>) -> Reply<Vec<UnreadOut>> {
        Success::list(lists::unread(app, can.scope()?, can.caller().user).await?)
    }

    /// Shows a chat of the caller's.
    #[oai(path = "/:id", method = "get", operation_id = "getChat")]
    async fn get(&self, can: Can<ReadChats>, Data(app): Data<&App>, Path(id): Path<Uuid>) -> Reply<ChatOut> {
        Success::ok(chat::get(app, can.scope()?, can.caller().user, ChatId(id)).await?)
    }

    /// Gives a group another title. For its admins.
    #[oai(path = "/:id", method = "put", operation_id = "updateGroup")]
    async fn put(
        &self,
        can: Can<WriteChats>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<GroupIn>,
    ) -> Reply<ChatOut> {
        Success::ok(groups::rename(app, can.scope()?, can.caller().user, ChatId(id), &body.title).await?)
    }

    /// Mutes, pins or archives a chat, for the caller alone.
    #[oai(path = "/:id/settings", method = "put", operation_id = "setChatSettings")]
    async fn settings(
        &self,
        can: Can<WriteChats>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<ChatSettingsIn>,
    ) -> Reply<ChatOut> {
        let placed = Placed { pinned: body.pinned, archived: body.archived };
        let wanted = Wanted { muted_until: body.muted_until, placed };
        Success::ok(settings::set(app, can.scope()?, can.caller().user, ChatId(id), wanted).await?)
    }

    /// Lists who is in a chat of the caller's, those who came first first.
    #[oai(path = "/:id/members", method = "get", operation_id = "listChatMembers")]
    async fn members(
        &self,
        can: Can<ReadChats>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Reply<Vec<ChatPersonOut>> {
        Success::list(chat::people(app, can.scope()?, can.caller().user, ChatId(id)).await?)
    }

    /// Puts people into a group. For its admins.
    ///
    /// They see what was said before. Who is in it already stays what he is.
    #[oai(path = "/:id/members", method = "post", operation_id = "addGroupMembers")]
    async fn add(
        &self,
        can: Can<WriteChats>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<GroupMembersIn>,
    ) -> Reply<ChatOut> {
        Success::ok(
            groups::add(app, can.scope()?, can.caller().user, ChatId(id), users(body.user_ids)).await?,
        )
    }

    /// Makes somebody an admin of a group, or one no longer. For its admins.
    #[oai(path = "/:id/members/:userId", method = "put", operation_id = "setGroupRole")]
    async fn set_role(
        &self,
        can: Can<WriteChats>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        #[oai(name = "userId")] Path(user): Path<Uuid>,
        JsonBody(body): JsonBody<GroupRoleIn>,
    ) -> Reply<ChatOut> {
        let to = (UserId(user), body.role.0);
        Success::ok(groups::set_role(app, can.scope()?, can.caller().user, ChatId(id), to).await?)
    }

    /// Takes somebody out of a group: its admins anybody, everybody himself.
    #[oai(path = "/:id/members/:userId", method = "delete", operation_id = "removeGroupMember")]
    async fn remove(
        &self,
        can: Can<WriteChats>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        #[oai(name = "userId")] Path(user): Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        groups::remove(app, can.scope()?, can.caller().user, ChatId(id), UserId(user)).await?;
        Done::saying("He is no longer in the group.")
    }

    /// Lists what was said in a chat of the caller's, the newest first.
    ///
    /// With `after` from that number on, the oldest first: what was missed. With `search` those in which all of its words begin a
    /// word, whatever their case and accents.
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    #[oai(path = "/:id/messages", method = "get", operation_id = "listChatMessages")]
    async fn messages(
        &self,
        can: Can<ReadChats>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        /// Only those with a lower number.
        #[oai(validator(minimum(value = "1")))]
        Query(before): Query<Option<i64>>,
        /// Only those with a higher number, the lowest first.
        #[oai(validator(minimum(value = "0")))]
        Query(after): Query<Option<i64>>,
        /// Only those in which these words stand, or such that begin so.
        #[oai(validator(min_length = 1, max_length = 200))]
        Query(search): Query<Option<String>>,
        /// 1 to 100; 50 unless said.
        Query(limit): Query<Option<u64>>,
        /// Reads on behind an earlier page.
        Query(cursor): Query<Option<String>>,
    ) -> Reply<Vec<MessageOut>> {
        let (scope, me, limit) = (can.scope()?, can.caller().user, limit_within(limit, LARGEST_LIMIT)?);
        let (id, cursor) = (ChatId(id), cursor.as_deref());
        let found = match (search, after, before) {
            (None, None, before) => {
                lists::messages(app, scope, me, id, Part::Before(before), cursor, limit).await?
            }
            (None, Some(after), None) => {
                lists::messages(app, scope, me, id, Part::After(after), cursor, limit).await?
            }
            (Some(search), None, None) => {
                lists::search(app, scope, me, (Some(id), &search), cursor, limit).await?
            }
            _ => return Err(Error::invalid("after", "cannot stand beside `before` or `search`").into()),
        };
        found.reply()
    }
}
