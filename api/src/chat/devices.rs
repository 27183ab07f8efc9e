//! Somebody's devices that take part in encrypted chats, and the public keys that they publish. What is published is signed by the
//! device and checked here; its own keys never change, so that nobody can be put into its place.

use chrono::TimeDelta;
use entity::id::{ChatDeviceId, UserId};
use entity::{CompanyScope, Inserted, chat_device, chat_device_key};
use serde_json::json;

use super::news;
use super::signed::{DeviceKeys, OLM, Use, is_key, key_is_signed};
use crate::app::App;
use crate::error::{Code, Error, FieldError, Result, Subject};
use crate::store::chat_devices::{self as rows, Published};
use crate::store::{Audience, Unit};

/// Devices of one person.
pub const MOST: usize = 10;
/// Keys of a device that nobody was given yet.
pub const MOST_KEYS: u64 = 200;
/// The longest name of an algorithm or of a key, in characters.
const LONGEST_WORD: usize = 64;
/// How long it is remembered which keys were given out: longer than any client tries to publish them again.
const REMEMBERED: TimeDelta = TimeDelta::days(30);

/// What a device publishes of itself.
#[derive(Clone, Debug)]
pub struct Draft {
    pub name: Option<String>,
    pub algorithms: Vec<String>,
    pub identity_key: String,
    pub signing_key: String,
    pub signature: String,
}

/// A device, and how many of its keys are left.
#[derive(Clone, Debug)]
pub struct Device {
    pub row: chat_device::Model,
    pub keys_left: u64,
}

/// Somebody's devices.
pub async fn list(app: &App, scope: CompanyScope, user: UserId) -> Result<Vec<Device>> {
    let db = app.db.reader();
    let mut devices = Vec::new();
    for row in rows::of_users(scope, db, &[user]).await? {
        let keys_left = rows::count_free(scope, db, (user, row.id)).await?;
        devices.push(Device { row, keys_left });
    }
    Ok(devices)
}

async fn get(app: &App, scope: CompanyScope, user: UserId, id: ChatDeviceId) -> Result<Device> {
    let db = app.db.reader();
    let row = rows::find(scope, db, (user, id)).await?.ok_or(Error::NotFound(Subject::Device))?;
    Ok(Device { keys_left: rows::count_free(scope, db, (user, id)).await?, row })
}

fn is_word(text: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    !text.is_empty() && text.len() <= LONGEST_WORD && text.chars().all(plain)
}

/// Publishes a device. Twice is once; another name takes the place of the one before.
///
/// # Errors
/// `Invalid` for what is no key or is not signed by the device; `Conflict` when the device has other keys, or one too many.
pub async fn publish(
    app: &App,
    scope: CompanyScope,
    user: UserId,
    id: ChatDeviceId,
    draft: Draft,
) -> Result<Device> {
    check(scope, user, id, &draft)?;
    let name = draft.name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    let mut unit = Unit::begin(app, scope).await?;
    let row = chat_device::Model {
        company_id: scope.company(),
        user_id: user,
        id,
        name: name.clone(),
        algorithms: json!(draft.algorithms),
        identity_key: draft.identity_key,
        signing_key: draft.signing_key,
        signature: draft.signature,
        fallback_key_id: None,
        fallback_key: None,
        fallback_signature: None,
        fallback_used: false,
        published_at: unit.now(),
    };
    let known = rows::of_users(scope, unit.tx(), &[user]).await?;
    if known.len() >= MOST && known.iter().all(|known| known.id != id) {
        return Err(Error::conflict(Code::TooManyDevices, format!("One person may have {MOST} devices.")));
    }
    match rows::insert(scope, unit.tx(), row.clone()).await? {
        Inserted::Yes => tell_changed(&mut unit, (user, id), "added").await?,
        Inserted::Conflicted => {
            let known = rows::lock(scope, unit.tx(), (user, id)).await?;
            let keys = |row: &chat_device::Model| {
                (row.identity_key.clone(), row.signing_key.clone(), row.algorithms.clone())
            };
            if keys(&known) != keys(&row) {
                let message = "The device has other keys. Give the new one an id of its own.";
                return Err(Error::conflict(Code::DeviceKeysFixed, message));
            }
            if known.name != name {
                rows::rename(scope, unit.tx(), (user, id), name).await?;
            }
        }
    }
    unit.commit().await?;
    get(app, scope, user, id).await
}

fn check(scope: CompanyScope, user: UserId, id: ChatDeviceId, draft: &Draft) -> Result<()> {
    let mut wrong = Vec::new();
    let mut refuse = |field: &str, message: &str| {
        wrong.push(FieldError { field: format!("/{field}"), message: message.to_owned() });
    };
    if draft.algorithms.iter().all(|name| name != OLM) {
        refuse("algorithms", &format!("must have {OLM}"));
    }
    if !draft.algorithms.iter().all(|name| is_word(name)) {
        refuse("algorithms", "must be names of letters, digits, dots and hyphens");
    }
    for (field, key) in [("identityKey", &draft.identity_key), ("signingKey", &draft.signing_key)] {
        if !is_key(key) {
            refuse(field, "must be 32 bytes in base64 without padding");
        }
    }
    Error::unless_empty(wrong)?;
    let keys = DeviceKeys {
        company: scope.company(),
        user,
        device: id,
        algorithms: &draft.algorithms,
        identity_key: &draft.identity_key,
        signing_key: &draft.signing_key,
    };
    if keys.are_signed(&draft.signature) {
        return Ok(());
    }
    Err(Error::invalid("/signature", "is not the signing key's over these keys of this device of the caller"))
}

/// Those who have to know it are told that somebody's devices are others now.
async fn tell_changed(unit: &mut Unit, (user, device): rows::Which, change: &str) -> Result<()> {
    let mut audience = vec![news::user(user)];
    audience.extend(rows::partners(unit.scope(), unit.tx(), user).await?.into_iter().map(Audience::User));
    let told = json!({"userId": user, "deviceId": device, "change": change});
    unit.tell(&audience, news::DEVICES_CHANGED, told);
    Ok(())
}

/// Takes a device out, with its keys and with what was said to it.
///
/// # Errors
/// `NotFound` for one that its user does not have.
pub async fn remove(app: &App, scope: CompanyScope, user: UserId, id: ChatDeviceId) -> Result<()> {
    let mut unit = Unit::begin(app, scope).await?;
    rows::lock(scope, unit.tx(), (user, id)).await?;
    tell_changed(&mut unit, (user, id), "removed").await?;
    rows::delete(scope, unit.tx(), (user, id)).await?;
    unit.commit().await
}

/// Adds keys that are given out once, and puts another fallback key into the place of the one before. What the device has published
/// already is left as it is, given out or not.
///
/// # Errors
/// `NotFound` for a device that its user does not have; `Invalid` names each key that is none, is not signed by the device, or has
/// the name of another one.
pub async fn add_keys(
    app: &App,
    scope: CompanyScope,
    user: UserId,
    id: ChatDeviceId,
    once: Vec<Published>,
    fallback: Option<Published>,
) -> Result<Device> {
    let unit = Unit::begin(app, scope).await?;
    let (which, now) = ((user, id), unit.now());
    let device = rows::lock(scope, unit.tx(), which).await?;
    let mut wrong = Vec::new();
    let mut check = |place: String, key: &Published, used: Use| {
        let mut refuse = |field: &str, message: &str| {
            wrong.push(FieldError { field: format!("{place}/{field}"), message: message.to_owned() });
        };
        if !is_word(&key.key_id) {
            refuse("keyId", "must have 1 to 64 letters, digits, dots and hyphens");
        }
        if !is_key(&key.key) {
            refuse("key", "must be 32 bytes in base64 without padding");
        } else if !key_is_signed(&device.signing_key, &key.key, used, &key.signature) {
            refuse("signature", "is not the device's over this key");
        }
    };
    for (place, key) in once.iter().enumerate() {
        check(format!("/oneTimeKeys/{place}"), key, Use::Once);
    }
    if let Some(key) = &fallback {
        check("/fallbackKey".to_owned(), key, Use::Fallback);
    }
    Error::unless_empty(wrong)?;
    rows::forget_claimed(scope, unit.tx(), which, now - REMEMBERED).await?;
    let known = rows::known_keys(scope, unit.tx(), which, &once).await?;
    let mut known: Vec<(String, String)> = known.into_iter().map(|row| (row.key_id, row.key)).collect();
    let (mut new, mut wrong) = (Vec::new(), Vec::new());
    for (place, key) in once.into_iter().enumerate() {
        let same = known.iter().find(|(key_id, bytes)| *key_id == key.key_id || *bytes == key.key);
        match same {
            Some((key_id, bytes)) if *key_id == key.key_id && *bytes == key.key => {}
            Some(_) => wrong.push(FieldError {
                field: format!("/oneTimeKeys/{place}/keyId"),
                message: "is the name of another key, or the key has another name".to_owned(),
            }),
            None => {
                known.push((key.key_id.clone(), key.key.clone()));
                new.push(chat_device_key::Model {
                    company_id: scope.company(),
                    user_id: user,
                    device_id: id,
                    key_id: key.key_id,
                    key: key.key,
                    signature: key.signature,
                    published_at: now,
                    claimed_at: None,
                });
            }
        }
    }
    Error::unless_empty(wrong)?;
    if rows::count_free(scope, unit.tx(), which).await? + new.len() as u64 > MOST_KEYS {
        return Err(Error::invalid("/oneTimeKeys", format!("are too many: {MOST_KEYS} may be left at once")));
    }
    rows::add_keys(scope, unit.tx(), new).await?;
    if let Some(key) = fallback.filter(|key| device.fallback_key.as_ref() != Some(&key.key)) {
        rows::set_fallback(scope, unit.tx(), which, key).await?;
    }
    unit.commit().await?;
    get(app, scope, user, id).await
}
