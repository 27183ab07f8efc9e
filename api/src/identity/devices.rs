//! The phones on which somebody is told what he misses. A phone is registered by the app that has a session on it, and is
//! told nothing any more once that session has ended.

use entity::id::{PushDeviceId, UserId};
use entity::{PushPurpose, PushServiceKind, push_device};
use push::{apns, expo, fcm};
use sha2::{Digest, Sha256};

use super::caller::Caller;
use crate::app::App;
use crate::error::{Error, Result, Subject};
use crate::sealed;
use crate::secret::Secret;
use crate::store::{push_devices, push_services};

/// What somebody may have; the one that was registered longest ago goes for another.
const MOST: usize = 20;

/// A phone that an app registers.
#[derive(Clone, Debug)]
pub struct NewDevice {
    pub service: PushServiceKind,
    pub token: Secret,
    pub purpose: PushPurpose,
    pub sandbox: bool,
    pub name: Option<String>,
}

/// Registers the phone for who has the session, in whose-ever name it was before: a token is one app on one phone, and the
/// app says who uses it now.
///
/// # Errors
/// 422 for what is no token of that service.
pub async fn register(app: &App, caller: &Caller, new: NewDevice) -> Result<push_device::Model> {
    let (now, token) = (app.clock.now(), checked(&new)?);
    let hash = hash(new.service, &token);
    let own = match caller.company() {
        Some(_) => push_services::get(caller.scope()?, app.db.reader(), new.service).await?,
        None => None,
    };
    let row = push_device::Model {
        id: app.ids.next(),
        user_id: caller.user,
        session_id: caller.session,
        company_id: own.map(|row| row.company_id),
        service: new.service,
        token_sealed: sealed::seal(&app.keys, &about(&hash), &token)?,
        token_hash: hash,
        purpose: new.purpose,
        sandbox: new.sandbox,
        name: new.name,
        created_at: now,
        registered_at: now,
        reached_at: None,
    };
    let tx = app.db.begin().await?;
    let row = push_devices::register(&tx, row).await?;
    let all = push_devices::of(&tx, caller.user).await?;
    let too_many: Vec<_> =
        all.iter().filter(|one| one.id != row.id).skip(MOST - 1).map(|one| one.id).collect();
    push_devices::forget(&tx, caller.user, too_many).await?;
    tx.commit().await?;
    Ok(row)
}

pub async fn list(app: &App, user: UserId) -> Result<Vec<push_device::Model>> {
    Ok(push_devices::of(app.db.reader(), user).await?)
}

/// # Errors
/// `NotFound(Device)` for one that is not his.
pub async fn remove(app: &App, user: UserId, id: PushDeviceId) -> Result<()> {
    let tx = app.db.begin().await?;
    if push_devices::forget(&tx, user, vec![id]).await? == 0 {
        return Err(Error::NotFound(Subject::Device));
    }
    Ok(tx.commit().await?)
}

/// The token of a phone.
pub fn token(app: &App, device: &push_device::Model) -> Result<Secret> {
    sealed::open(&app.keys, &about(&device.token_hash), &device.token_sealed)
}

fn about(hash: &str) -> String {
    format!("push_device:{hash}")
}

fn hash(service: PushServiceKind, token: &Secret) -> String {
    let text = format!("{}\0{}", service.as_str(), token.expose());
    hex::encode(Sha256::digest(text))
}

/// The token in its one spelling.
fn checked(new: &NewDevice) -> Result<Secret> {
    let text = new.token.expose().trim();
    let token = match new.service {
        PushServiceKind::Expo => expo::Token::new(text).map(|token| token.as_str().to_owned()),
        PushServiceKind::Fcm => fcm::Token::new(text).map(|token| token.as_str().to_owned()),
        PushServiceKind::Apns => {
            apns::Token::new(text, apns::Use::Alert).map(|token| token.as_str().to_owned())
        }
    };
    let token = token.map_err(|_| Error::invalid("/token", "is no token of this service"))?;
    if new.service != PushServiceKind::Apns {
        if new.purpose != PushPurpose::Alert {
            return Err(Error::invalid("/purpose", "is for APNs alone"));
        }
        if new.sandbox {
            return Err(Error::invalid("/sandbox", "is for APNs alone"));
        }
    }
    Ok(Secret::new(token))
}
