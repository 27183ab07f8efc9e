//! What lets a device into a call's media: ICE servers with credentials of limited time, and tokens of Agora. Both are made
//! when they are asked for and kept nowhere.

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{CallId, UserId};
use rtc_tokens::agora::{App as AgoraApp, Channel, Privilege, Uid, v006, v007};
use rtc_tokens::ice::{self, IceServer};
use serde_json::{Value, json};

use crate::app::App;
use crate::config::TokenForm;
use crate::error::{Error, Result};

/// For `RTCPeerConnection`.
#[derive(Clone, Debug)]
pub struct IceServers {
    pub servers: Vec<IceServer>,
    /// Until when the TURN server takes the credentials; `None` without any.
    pub expires_at: Option<DateTime<Utc>>,
}

/// The ICE servers of this server's settings, with credentials for this user.
pub fn ice_servers(app: &App, user: UserId) -> Result<IceServers> {
    let rtc = &app.settings.rtc;
    let credentials = match &rtc.turn_secret {
        Some(secret) => {
            let made = secret.credentials(&user.0.simple().to_string(), app.clock.now(), rtc.turn_life);
            Some(made.map_err(|cause| Error::internal("make TURN credentials", cause))?)
        }
        None => None,
    };
    let servers = ice::ice_servers(&rtc.ice_urls, credentials.as_ref());
    Ok(IceServers { servers, expires_at: credentials.map(|made| made.expires_at) })
}

/// A user's way into a channel.
#[derive(Clone, Debug)]
pub struct AgoraAccess {
    pub app_id: String,
    pub channel: String,
    /// Agora's number of this user.
    pub uid: u32,
    pub token: String,
    pub expires_at: DateTime<Utc>,
}

/// A token for a call's channel; `None` where no project of Agora's is set.
pub fn agora(app: &App, call: CallId, user: UserId) -> Result<Option<AgoraAccess>> {
    let rtc = &app.settings.rtc;
    let Some(project) = &rtc.agora else { return Ok(None) };
    let (now, life) = (app.clock.now(), rtc.agora_life);
    let failed = |cause| Error::internal("make a token of Agora's", cause);
    let channel = Channel::new(format!("call_{}", call.0.simple())).map_err(failed)?;
    let uid = uid_of(user);
    let salt = u32::from_le_bytes(app.ids.random::<4>()) % 99_999_999 + 1;
    let expires_at = now + TimeDelta::from_std(life).unwrap_or(TimeDelta::hours(1));
    let name = channel.as_str().to_owned();
    let token = sign(project, rtc.agora_form, (now, expires_at, life), salt, channel, uid).map_err(failed)?;
    Ok(Some(AgoraAccess { app_id: project.id().to_owned(), channel: name, uid, token, expires_at }))
}

fn sign(
    project: &AgoraApp,
    form: TokenForm,
    (now, until, life): (DateTime<Utc>, DateTime<Utc>, std::time::Duration),
    salt: u32,
    channel: Channel,
    uid: u32,
) -> Result<String, rtc_tokens::agora::TokenError> {
    let (uid, may) = (Uid::number(uid), Privilege::PUBLISHER);
    match form {
        TokenForm::V007 => v007::Token::new(now, life, salt).rtc(channel, uid, &may).sign(project),
        TokenForm::V006 => v006::Token::new(now, salt, channel, uid, &may, until)?.sign(project),
    }
}

/// Agora wants numbers: 31 bits of the id's random part, never 0. Two in one call have the same by one chance in two thousand
/// million.
fn uid_of(user: UserId) -> u32 {
    let bytes = user.0.as_bytes();
    let number = u32::from_be_bytes([bytes[12], bytes[13], bytes[14], bytes[15]]) & 0x7fff_ffff;
    number.max(1)
}

/// Puts the token into an event that says whose it is, when it is told: none is kept in the outbox.
pub fn complete(app: &App, event: &str, payload: &mut Value) {
    if event != "call:answered" || payload["agora"].is_null() {
        return;
    }
    let call = serde_json::from_value::<CallId>(payload["agora"]["callId"].clone());
    let user = serde_json::from_value::<UserId>(payload["agora"]["userId"].clone());
    let (Ok(call), Ok(user)) = (call, user) else { return };
    payload["agora"] = match agora(app, call, user) {
        Ok(Some(access)) => json!({
            "appId": access.app_id,
            "channel": access.channel,
            "uid": access.uid,
            "token": access.token,
            "expiresAt": access.expires_at,
        }),
        Ok(None) => Value::Null,
        Err(error) => {
            tracing::error!(?error, "a token of Agora's cannot be made");
            Value::Null
        }
    };
}
