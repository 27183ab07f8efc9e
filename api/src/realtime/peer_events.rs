//! What a device in a call among colleagues sends, in whatever dialect.

use entity::id::{CallId, UserId};
use entity::{CallType, ConnectionType, PresenceStatus};
use serde_json::{Value, json};
use socketioxide::extract::SocketRef;

use super::dialects::{self, Command};
use super::events::{Asked, Fields, wrong};
use crate::app::App;
use crate::authz::{MakePeerCalls, Permission, TakePeerCalls, WritePresence};
use crate::error::Result;
use crate::peer_calls::{self, Added, Callee, Device, MOST_CALLED, Reason, Signal, Wish};
use crate::presence;

/// Bytes of a session description or a candidate, as JSON.
const LARGEST_SIGNAL: usize = 64 * 1024;

/// Answers an event of such a call's; `None` of any other.
pub async fn perform(app: &App, asked: &Asked<'_>) -> Result<Option<Value>> {
    let Asked { socket, holder, name, fields } = asked;
    let Some((dialect, command)) = dialects::command(name) else { return Ok(None) };
    let permission = match command {
        Command::Initiate | Command::Invite => MakePeerCalls::NAME,
        Command::Online => WritePresence::NAME,
        Command::Answer
        | Command::Reject
        | Command::Busy
        | Command::End
        | Command::Candidate
        | Command::Renegotiate
        | Command::Media
        | Command::Join
        | Command::Leave => TakePeerCalls::NAME,
    };
    holder.caller.require(app.authz, permission)?;
    let (scope, user) = (holder.caller.scope()?, holder.caller.user);
    app.sockets.0.speaks(socket.id, dialect);
    let call = || fields.required::<CallId>("callId");
    let device = device(socket, fields)?;
    let answer = match command {
        Command::Initiate => return initiate(app, asked, device).await.map(Some),
        Command::Online => {
            let status: Option<PresenceStatus> = fields.optional("status")?;
            let status = status.unwrap_or(PresenceStatus::Online);
            let seen = presence::choose(app, scope, user, status).await?;
            json!({"userId": user, "status": seen.status, "lastSeen": seen.last_seen})
        }
        Command::Answer => {
            let answer = signal(fields, "answer")?;
            let taken = peer_calls::answer(app, scope, user, call()?, answer, device).await?;
            media(app, user, taken.call, json!({"status": taken.status}))?
        }
        Command::Reject => {
            let reason: Option<String> = fields.optional("reason")?;
            let reason = Reason::of(reason.as_deref());
            let status = peer_calls::reject(app, scope, user, call()?, reason, device).await?;
            json!({"status": status})
        }
        Command::Busy => {
            let status = peer_calls::reject(app, scope, user, call()?, Reason::Busy, device).await?;
            json!({"status": status})
        }
        Command::End | Command::Leave => {
            let quality: Option<i32> = fields.optional("qualityScore")?;
            if quality.is_some_and(|score| !(1..=5).contains(&score)) {
                return Err(wrong("qualityScore", "must be 1 to 5".to_owned()));
            }
            let left = peer_calls::hang_up(app, scope, user, call()?, device, quality).await?;
            json!({"status": left.status, "duration": left.seconds})
        }
        Command::Join => {
            let (taken, members) = peer_calls::join(app, scope, user, call()?, device).await?;
            let members: Vec<_> =
                members.iter().map(|one| json!({"userId": one.user, "name": one.name})).collect();
            media(app, user, taken.call, json!({"status": taken.status, "participants": members}))?
        }
        Command::Invite => {
            count(app, user).await?;
            let users: Vec<UserId> = fields.required("userIds")?;
            if users.len() > MOST_CALLED {
                return Err(wrong("userIds", format!("must have at most {MOST_CALLED}")));
            }
            let id = call()?;
            let invited = peer_calls::invite(app, scope, user, id, users).await?;
            let shown = |one: &Added| json!({"userId": one.user, "name": one.name, "status": one.came});
            json!({"callId": id, "invited": invited.iter().map(shown).collect::<Vec<_>>()})
        }
        Command::Candidate => {
            let candidate = signal(fields, "candidate")?;
            let said =
                Signal::Candidate(candidate.ok_or_else(|| wrong("candidate", "is required".to_owned()))?);
            let to: Option<UserId> = fields.optional("to")?;
            peer_calls::pass_on(app, scope, (user, socket.id.as_str()), call()?, to, said).await?;
            json!({})
        }
        Command::Renegotiate => {
            let description = signal(fields, "description")?;
            let description = description.ok_or_else(|| wrong("description", "is required".to_owned()))?;
            let to: Option<UserId> = fields.optional("to")?;
            let said = Signal::Description(description);
            peer_calls::pass_on(app, scope, (user, socket.id.as_str()), call()?, to, said).await?;
            json!({})
        }
        Command::Media => {
            let said = Signal::Media {
                audio: fields.optional("audio")?,
                video: fields.optional("video")?,
                screen: fields.optional("screen")?,
            };
            peer_calls::pass_on(app, scope, (user, socket.id.as_str()), call()?, None, said).await?;
            json!({})
        }
    };
    Ok(Some(answer))
}

async fn initiate(app: &App, asked: &Asked<'_>, device: Device) -> Result<Value> {
    let Asked { holder, fields, .. } = asked;
    let (scope, user) = (holder.caller.scope()?, holder.caller.user);
    count(app, user).await?;
    let several: Option<Vec<UserId>> = fields.optional("receiverIds")?;
    let one: Option<UserId> = match fields.optional("receiverId")? {
        Some(one) => Some(one),
        None => fields.optional("toUserId")?,
    };
    let number: Option<String> = fields.optional("toPhoneNumber")?;
    let mut to: Vec<_> = several.unwrap_or_default().into_iter().chain(one).map(Callee::User).collect();
    to.extend(number.map(Callee::Number));
    if to.is_empty() {
        return Err(wrong("receiverId", "is required".to_owned()));
    }
    if to.len() > MOST_CALLED {
        return Err(wrong("receiverIds", format!("must have at most {MOST_CALLED}")));
    }
    let wish = Wish {
        to,
        call_type: call_type(fields)?,
        offer: signal(fields, "offer")?,
        device,
        connection_type: ConnectionType::Unknown,
        region: None,
        call_settings: None,
    };
    let made = peer_calls::initiate(app, scope, user, wish).await?;
    media(app, user, made.call, json!({"status": made.status, "glare": made.glare}))
}

/// Counts it against his calls.
async fn count(app: &App, user: UserId) -> Result<()> {
    let count = app.limiter.count(app.limits.calls, &user.to_string(), app.clock.now()).await;
    count.map_or(Ok(()), |count| count.allows())
}

/// What the device needs for the media, beside the call's id.
fn media(app: &App, user: UserId, call: CallId, mut answer: Value) -> Result<Value> {
    answer["callId"] = json!(call);
    answer["iceServers"] = json!(peer_calls::ice_servers(app, user)?.servers);
    if let Some(access) = peer_calls::agora(app, call, user)? {
        answer["agora"] = json!({
            "appId": access.app_id,
            "channel": access.channel,
            "uid": access.uid,
            "token": access.token,
            "expiresAt": access.expires_at,
        });
    }
    Ok(answer)
}

/// `audio` is another word for voice.
fn call_type(fields: &Fields<'_>) -> Result<CallType> {
    let word: Option<String> = fields.optional("callType")?;
    match word.as_deref() {
        None | Some("voice" | "audio") => Ok(CallType::Voice),
        Some("video") => Ok(CallType::Video),
        Some(_) => Err(wrong("callType", "must be voice or video".to_owned())),
    }
}

/// A session description or a candidate: whatever JSON the client's library makes of it, up to a size.
fn signal(fields: &Fields<'_>, name: &str) -> Result<Option<Value>> {
    let said: Option<Value> = fields.optional(name)?;
    if said.as_ref().is_some_and(|said| said.to_string().len() > LARGEST_SIGNAL) {
        return Err(wrong(name, format!("must have at most {LARGEST_SIGNAL} bytes")));
    }
    Ok(said)
}

fn device(socket: &SocketRef, fields: &Fields<'_>) -> Result<Device> {
    let user_agent = socket.req_parts().headers.get("user-agent").and_then(|value| value.to_str().ok());
    let mut info: Value = fields.optional("deviceInfo")?.unwrap_or_else(|| json!({}));
    if info.to_string().len() > 2000 || !info.is_object() {
        return Err(wrong("deviceInfo", "must be an object of at most 2000 bytes".to_owned()));
    }
    if info["userAgent"].is_null()
        && let Some(user_agent) = user_agent
    {
        info["userAgent"] = json!(user_agent.chars().take(300).collect::<String>());
    }
    Ok(Device { socket: Some(socket.id.as_str().to_owned()), info: Some(info), network: None })
}
