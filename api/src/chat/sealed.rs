//! What is said in an encrypted chat: a text for each device, which only that one can read. They are kept and handed on as they are.

use std::collections::BTreeSet;

use entity::id::{ChatDeviceId, ChatMessageId, UserId};
use entity::{MessageKind, chat as chat_row, chat_ciphertext};
use serde::Deserialize;

use super::devices::MOST;
use crate::error::{Code, Error, FieldError, Result};
use crate::store::chat_devices::{self as rows, Which};
use crate::store::{Unit, chats};

/// The longest text of one device, in characters of base64.
pub const LONGEST: usize = 16_384;

/// A message as its sender has encrypted it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sealed {
    /// Which of the sender's devices has.
    #[serde(rename = "deviceId")]
    pub device: ChatDeviceId,
    pub ciphertexts: Vec<Ciphertext>,
}

/// What one device is sent.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ciphertext {
    #[serde(rename = "userId")]
    pub user: UserId,
    #[serde(rename = "deviceId")]
    pub device: ChatDeviceId,
    /// 0 opens a conversation, 1 goes on with one.
    #[serde(rename = "type")]
    pub kind: i16,
    pub body: String,
}

impl Sealed {
    /// Names what is wrong, below `/content`.
    pub fn check(&self, refuse: &mut impl FnMut(&str, &str)) {
        let all = &self.ciphertexts;
        if all.is_empty() || all.len() > 2 * MOST {
            refuse("encrypted/ciphertexts", &format!("must have 1 to {} items", 2 * MOST));
            return;
        }
        let mut seen = BTreeSet::new();
        for (place, one) in all.iter().enumerate() {
            let place = |field: &str| format!("encrypted/ciphertexts/{place}/{field}");
            if !seen.insert((one.user, one.device)) {
                refuse(&place("deviceId"), "is named twice");
            }
            if !(0..=1).contains(&one.kind) {
                refuse(&place("type"), "must be 0 or 1");
            }
            let is_base64 = |sign: u8| sign.is_ascii_alphanumeric() || b"+/=".contains(&sign);
            if one.body.is_empty() || one.body.len() > LONGEST || !one.body.bytes().all(is_base64) {
                refuse(&place("body"), &format!("must have 1 to {LONGEST} characters of base64"));
            }
        }
    }
}

/// # Errors
/// `Conflict` for what can be read in a chat that is encrypted, and for what cannot in one that is not.
pub fn belongs(chat: &chat_row::Model, kind: MessageKind) -> Result<()> {
    match (chat.encrypted_at, kind) {
        (_, MessageKind::System) | (Some(_), MessageKind::Encrypted) => Ok(()),
        (Some(_), _) => {
            let message = "This chat is encrypted: messages in it are encrypted by the devices.";
            Err(Error::conflict(Code::ChatEncrypted, message))
        }
        (None, MessageKind::Encrypted) => {
            Err(Error::conflict(Code::ChatNotEncrypted, "This chat is not encrypted."))
        }
        (None, _) => Ok(()),
    }
}

/// # Errors
/// When it is not for all devices of the two but the one that sends it: names each that is missing, and each that is not there.
pub async fn reaches_all(unit: &Unit, chat: &chat_row::Model, by: UserId, sealed: &Sealed) -> Result<()> {
    let two = chats::users_in(unit.scope(), unit.tx(), chat.id).await?;
    let devices = rows::hold_of_users(unit.scope(), unit.tx(), &two).await?;
    let mut needed: BTreeSet<Which> = devices.iter().map(|row| (row.user_id, row.id)).collect();
    let has_sent = needed.remove(&(by, sealed.device));
    if devices.iter().all(|row| row.user_id == by) {
        let message = "The other one has no device that can read encrypted messages.";
        return Err(Error::conflict(Code::DeviceNeeded, message));
    }
    let mut wrong: Vec<(&str, Which)> = Vec::new();
    if !has_sent {
        wrong.push(("unknown", (by, sealed.device)));
    }
    let given: BTreeSet<Which> = sealed.ciphertexts.iter().map(|one| (one.user, one.device)).collect();
    wrong.extend(needed.difference(&given).map(|which| ("missing", *which)));
    wrong.extend(given.difference(&needed).map(|which| ("unknown", *which)));
    if wrong.is_empty() {
        return Ok(());
    }
    let field = |(what, (user, device)): (&str, Which)| FieldError {
        field: format!("/{what}/{user}/{device}"),
        message: match what {
            "missing" => "has no text in this message".to_owned(),
            _ => "is no device that this message is for".to_owned(),
        },
    };
    let message = "The devices in this chat are others. Read them, and encrypt for each of them.".into();
    let fields = wrong.into_iter().map(field).collect();
    Err(Error::Differs { code: Code::ChatDevicesChanged, message, fields })
}

/// Keeps what each device is sent, in the place of what it was sent before.
pub async fn keep(unit: &Unit, message: ChatMessageId, sealed: &Sealed) -> Result<()> {
    let (scope, company_id) = (unit.scope(), unit.company());
    rows::delete_ciphertexts(scope, unit.tx(), message).await?;
    let row = |one: &Ciphertext| chat_ciphertext::Model {
        company_id,
        message_id: message,
        user_id: one.user,
        device_id: one.device,
        kind: one.kind,
        body: one.body.clone(),
    };
    Ok(rows::add_ciphertexts(scope, unit.tx(), sealed.ciphertexts.iter().map(row).collect()).await?)
}
