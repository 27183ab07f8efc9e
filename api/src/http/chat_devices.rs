//! Devices that take part in encrypted chats, and the public keys that they publish.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use entity::chat_device;
use entity::id::{ChatDeviceId, ChatId, UserId};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::chat_shapes::ChatOut;
use super::envelope::{Done, Failure, Reply, Success};
use super::{JsonBody, Tag};
use crate::app::App;
use crate::authz::{Can, ReadChats, WriteChats};
use crate::chat::devices::{self, Device, Draft};
use crate::chat::encryption::{self, Claimed};
use crate::store::chat_devices::Published;

pub struct ChatDevices;

/// A device as it publishes itself. Signed is the object that Matrix signs, of a user `@USER:COMPANY`: docs/chat.md.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct ChatDeviceIn {
    /// As its user calls it.
    #[oai(validator(min_length = 1, max_length = 100))]
    name: Option<String>,
    /// Names of what it speaks, in the order in which they are signed; `m.olm.v1.curve25519-aes-sha2` is among them.
    #[oai(validator(min_items = 1, max_items = 8))]
    algorithms: Vec<String>,
    /// Curve25519, in base64 without padding.
    #[oai(validator(max_length = 64))]
    identity_key: String,
    /// Ed25519, in base64 without padding.
    #[oai(validator(max_length = 64))]
    signing_key: String,
    /// Of all this, by the signing key; in base64 without padding.
    #[oai(validator(max_length = 128))]
    signature: String,
}

/// A device of the caller's.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct OwnChatDeviceOut {
    #[oai(flatten)]
    device: ChatDeviceOut,
    /// As its user calls it.
    name: Option<String>,
    /// How many keys nobody was given yet. A device publishes more when they are few.
    one_time_keys: u64,
    /// Whether it has a fallback key.
    has_fallback: bool,
    /// Whether somebody was given its fallback key: it should publish another.
    fallback_used: bool,
}

/// A device in a chat, with its public keys.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
struct ChatDeviceOut {
    /// One of its user's only.
    device_id: Uuid,
    /// Whose it is.
    user_id: Uuid,
    /// Names of what it speaks, in the order in which they are signed.
    algorithms: Vec<String>,
    /// Curve25519, in base64 without padding.
    identity_key: String,
    /// Ed25519, in base64 without padding.
    signing_key: String,
    /// Of the device's keys, by its signing key. Check it: this server could be another's.
    signature: String,
    published_at: DateTime<Utc>,
}

/// A key that opens a conversation.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct ChatKeyIn {
    /// What the device calls it.
    #[oai(validator(min_length = 1, max_length = 64))]
    key_id: String,
    /// Curve25519, in base64 without padding.
    #[oai(validator(max_length = 64))]
    key: String,
    /// Of the key, by the device's signing key; in base64 without padding.
    #[oai(validator(max_length = 128))]
    signature: String,
}

/// A key that opens a conversation.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
struct ChatKeyOut {
    /// What the device calls it.
    key_id: String,
    /// Curve25519, in base64 without padding.
    key: String,
    /// Of the key, by the device's signing key. Check it before the key is used.
    signature: String,
}

/// Keys that a device publishes beside its own.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct ChatKeysIn {
    /// Each is given out once.
    #[oai(default, validator(max_items = 100))]
    one_time_keys: Vec<ChatKeyIn>,
    /// Given out while there is no other, in the place of the one before.
    fallback_key: Option<ChatKeyIn>,
}

/// A device by whose it is.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct WhichDeviceIn {
    /// Whose it is.
    user_id: Uuid,
    device_id: Uuid,
}

/// Of which devices a key is wanted.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct ClaimIn {
    /// Devices in the chat.
    #[oai(validator(min_items = 1, max_items = 20))]
    devices: Vec<WhichDeviceIn>,
}

/// A key of a device's, for the caller.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct ClaimedKeyOut {
    /// Whose the device is.
    user_id: Uuid,
    device_id: Uuid,
    /// Absent when the device has none left, and no fallback key.
    key: Option<ChatKeyOut>,
    /// Whether it is the fallback key, which others are given, too.
    fallback: bool,
}

impl From<chat_device::Model> for ChatDeviceOut {
    fn from(row: chat_device::Model) -> Self {
        let algorithms = row.algorithms.as_array().cloned().unwrap_or_default();
        Self {
            device_id: row.id.0,
            user_id: row.user_id.0,
            algorithms: algorithms.iter().filter_map(|name| Some(name.as_str()?.to_owned())).collect(),
            identity_key: row.identity_key,
            signing_key: row.signing_key,
            signature: row.signature,
            published_at: row.published_at,
        }
    }
}

impl From<Device> for OwnChatDeviceOut {
    fn from(Device { row, keys_left }: Device) -> Self {
        Self {
            name: row.name.clone(),
            one_time_keys: keys_left,
            has_fallback: row.fallback_key.is_some(),
            fallback_used: row.fallback_used,
            device: row.into(),
        }
    }
}

impl From<ChatKeyIn> for Published {
    fn from(ChatKeyIn { key_id, key, signature }: ChatKeyIn) -> Self {
        Self { key_id, key, signature }
    }
}

impl From<Published> for ChatKeyOut {
    fn from(Published { key_id, key, signature }: Published) -> Self {
        Self { key_id, key, signature }
    }
}

impl From<Claimed> for ClaimedKeyOut {
    fn from(Claimed { user, device, key, is_fallback }: Claimed) -> Self {
        let fallback = is_fallback && key.is_some();
        Self { user_id: user.0, device_id: device.0, key: key.map(Into::into), fallback }
    }
}

#[OpenApi(tag = "Tag::Chat")]
impl ChatDevices {
    /// Lists the caller's devices that take part in encrypted chats.
    #[oai(path = "/api/chat/devices", method = "get", operation_id = "listOwnChatDevices")]
    async fn list(&self, can: Can<ReadChats>, Data(app): Data<&App>) -> Reply<Vec<OwnChatDeviceOut>> {
        Success::list(devices::list(app, can.scope()?, can.caller().user).await?)
    }

    /// Publishes a device of the caller's, under an id that the device has made for itself.
    ///
    /// Its keys never change: 409 `DEVICE_KEYS_FIXED`. Twice is once. Ten devices a person. Who has an encrypted chat with the caller
    /// is told `devices_changed`.
    #[oai(path = "/api/chat/devices/:deviceId", method = "put", operation_id = "publishChatDevice")]
    async fn publish(
        &self,
        can: Can<WriteChats>,
        Data(app): Data<&App>,
        /// A UUID.
        #[oai(name = "deviceId")]
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<ChatDeviceIn>,
    ) -> Reply<OwnChatDeviceOut> {
        let ChatDeviceIn { name, algorithms, identity_key, signing_key, signature } = body;
        let draft = Draft { name, algorithms, identity_key, signing_key, signature };
        Success::ok(devices::publish(app, can.scope()?, can.caller().user, ChatDeviceId(id), draft).await?)
    }

    /// Takes a device of the caller's out, with its keys and with what was said to it.
    #[oai(path = "/api/chat/devices/:deviceId", method = "delete", operation_id = "removeChatDevice")]
    async fn remove(
        &self,
        can: Can<WriteChats>,
        Data(app): Data<&App>,
        /// A device of the caller's.
        #[oai(name = "deviceId")]
        Path(id): Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        devices::remove(app, can.scope()?, can.caller().user, ChatDeviceId(id)).await?;
        Done::saying("The device takes part in no encrypted chat any more.")
    }

    /// Publishes more keys of a device, and says how many are left.
    ///
    /// What was published before is left as it is, given out or not. 200 may be left at once.
    #[oai(path = "/api/chat/devices/:deviceId/keys", method = "post", operation_id = "addChatKeys")]
    async fn add_keys(
        &self,
        can: Can<WriteChats>,
        Data(app): Data<&App>,
        /// A device of the caller's.
        #[oai(name = "deviceId")]
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<ChatKeysIn>,
    ) -> Reply<OwnChatDeviceOut> {
        let once = body.one_time_keys.into_iter().map(Into::into).collect();
        let (scope, me, fallback) = (can.scope()?, can.caller().user, body.fallback_key.map(Into::into));
        Success::ok(devices::add_keys(app, scope, me, ChatDeviceId(id), once, fallback).await?)
    }

    /// Encrypts a private chat from now on, for good.
    ///
    /// Either of the two can, when both have a device (409 `DEVICE_NEEDED`). What was said before stays as it was. Twice is once.
    #[oai(path = "/api/chats/:id/encryption", method = "post", operation_id = "encryptChat")]
    async fn encrypt(
        &self,
        can: Can<WriteChats>,
        Data(app): Data<&App>,
        /// A private chat of the caller's.
        Path(id): Path<Uuid>,
    ) -> Reply<ChatOut> {
        Success::ok(encryption::switch_on(app, can.scope()?, can.caller().user, ChatId(id)).await?)
    }

    /// Lists the devices of the two in a private chat, with their public keys.
    #[oai(path = "/api/chats/:id/devices", method = "get", operation_id = "listChatDevices")]
    async fn devices(
        &self,
        can: Can<ReadChats>,
        Data(app): Data<&App>,
        /// A private chat of the caller's.
        Path(id): Path<Uuid>,
    ) -> Reply<Vec<ChatDeviceOut>> {
        Success::list(encryption::devices(app, can.scope()?, can.caller().user, ChatId(id)).await?)
    }

    /// Gives the caller a key of each of these devices, which opens a conversation with it.
    ///
    /// Nobody else is given the same, but the fallback key of a device that has no other left. 300 keys an hour.
    #[oai(path = "/api/chats/:id/devices/claim", method = "post", operation_id = "claimChatKeys")]
    async fn claim(
        &self,
        can: Can<WriteChats>,
        Data(app): Data<&App>,
        /// A private chat of the caller's.
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<ClaimIn>,
    ) -> Reply<Vec<ClaimedKeyOut>> {
        let which = |one: WhichDeviceIn| (UserId(one.user_id), ChatDeviceId(one.device_id));
        let wanted: BTreeSet<_> = body.devices.into_iter().map(which).collect();
        Success::list(encryption::claim(app, can.scope()?, can.caller().user, ChatId(id), wanted).await?)
    }
}
