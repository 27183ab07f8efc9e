//! From whom the caller does not want to hear.

use chrono::{DateTime, Utc};
use entity::id::UserId;
use entity::user_block;
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::Tag;
use super::envelope::{Done, Failure, Reply, Success};
use crate::app::App;
use crate::authz::{Can, ReadChats, WriteChats};
use crate::chat::blocks;

pub struct BlockedUsers;

/// Somebody from whom the caller does not want to hear.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
struct BlockedUserOut {
    user_id: Uuid,
    name: String,
    blocked_at: DateTime<Utc>,
}

impl From<(user_block::Model, String)> for BlockedUserOut {
    fn from((row, name): (user_block::Model, String)) -> Self {
        Self { user_id: row.blocked_user_id.0, name, blocked_at: row.blocked_at }
    }
}

#[OpenApi(prefix_path = "/api/users/blocked", tag = "Tag::Chat")]
impl BlockedUsers {
    /// Lists whom the caller has blocked, the last one first.
    #[oai(path = "/", method = "get", operation_id = "listBlockedUsers")]
    async fn list(&self, can: Can<ReadChats>, Data(app): Data<&App>) -> Reply<Vec<BlockedUserOut>> {
        Success::list(blocks::list(app, can.scope()?, can.caller().user).await?)
    }

    /// Blocks a colleague: the two write nothing to each other.
    ///
    /// He is not told. In groups that both are in they read each other. Twice is once.
    #[oai(path = "/:userId", method = "put", operation_id = "blockUser")]
    async fn put(
        &self,
        can: Can<WriteChats>,
        Data(app): Data<&App>,
        #[oai(name = "userId")] Path(user): Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        blocks::block(app, can.scope()?, can.caller().user, UserId(user)).await?;
        Done::saying("You do not hear from this colleague.")
    }

    /// Unblocks a colleague.
    #[oai(path = "/:userId", method = "delete", operation_id = "unblockUser")]
    async fn delete(
        &self,
        can: Can<WriteChats>,
        Data(app): Data<&App>,
        #[oai(name = "userId")] Path(user): Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        blocks::unblock(app, can.scope()?, can.caller().user, UserId(user)).await?;
        Done::saying("You hear from this colleague again.")
    }
}
