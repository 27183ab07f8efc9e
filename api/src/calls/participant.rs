//! A party's place in the conference: on hold, muted, heard by whom. Our rows say what it is to be, and one job makes the
//! provider's participant the same. It reads the rows when it runs, so that it can be done twice; and once more after the
//! provider has answered, since two of them may overtake each other on the way.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::LegId;
use entity::{CompanyScope, JobKind, LegKind, SuperviseMode, call, leg};
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use twilio::rest::{Error as RestError, UpdateParticipant};

use super::{CallFile, carry, hold};
use crate::app::App;
use crate::error::{Error, Result};
use crate::jobs::{Attempt, Done};
use crate::store::{Unit, calls, live, queueing};

/// The provider is to be told how this leg stands.
pub fn set(unit: &mut Unit, leg: &leg::Model) {
    let now = unit.now();
    unit.job(JobKind::SetParticipant, leg.id, json!({}), now);
}

/// How a participant is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wish {
    Held,
    NotHeld,
    Muted,
    NotMuted,
    Supervises {
        mode: SuperviseMode,
        /// The provider's id of the agent who is coached.
        coached: Option<String>,
    },
    /// He is not meant to be there.
    Nothing,
}

impl Wish {
    async fn of<C: ConnectionTrait>(scope: CompanyScope, db: &C, leg: &leg::Model) -> Result<Self> {
        Ok(match leg.kind {
            LegKind::Caller if leg.held => Self::Held,
            LegKind::Caller => Self::NotHeld,
            LegKind::Agent if leg.muted => Self::Muted,
            LegKind::Agent => Self::NotMuted,
            LegKind::Transfer => Self::Nothing,
            LegKind::Supervisor => match live::supervision_of_leg(scope, db, leg.id).await? {
                Some(supervision) if supervision.ended_at.is_none() => {
                    let agent = queueing::live_segment(scope, db, leg.call_id).await?;
                    let agent = match agent {
                        Some(segment) => calls::offer_leg(scope, db, segment.offer_id).await?,
                        None => None,
                    };
                    Self::Supervises {
                        mode: supervision.mode,
                        coached: agent.and_then(|leg| leg.provider_sid),
                    }
                }
                Some(_) | None => Self::Nothing,
            },
        })
    }

    fn request(&self, app: &App, call: &call::Model) -> Option<UpdateParticipant> {
        let update = UpdateParticipant::new();
        Some(match self {
            Self::Held => update.hold(app.urls(call.company_id).hold(call.id, 0)),
            Self::NotHeld => update.unhold(),
            Self::Muted => update.mute(),
            Self::NotMuted => update.unmute(),
            Self::Supervises { mode: SuperviseMode::Listen, .. } => update.mute().stop_coaching(),
            Self::Supervises { mode: SuperviseMode::Barge, .. } => update.unmute().stop_coaching(),
            Self::Supervises { mode: SuperviseMode::Whisper, coached: Some(agent) } => {
                update.coach(agent).unmute()
            }
            // Whom he coaches is not known yet: until then nobody hears him.
            Self::Supervises { mode: SuperviseMode::Whisper, coached: None } => update.mute(),
            Self::Nothing => return None,
        })
    }
}

/// Makes the provider's participant what our rows say.
pub async fn tell(app: &App, scope: CompanyScope, id: LegId) -> Result<Done> {
    let db = app.db.reader();
    let Some(leg) = calls::leg(scope, db, id).await? else { return Ok(Done::Yes) };
    let call = calls::get(scope, db, leg.call_id).await?;
    let (Some(sid), Some(room), false) = (&leg.provider_sid, &call.conference_sid, leg.state.is_over())
    else {
        return Ok(Done::Yes);
    };
    let wish = Wish::of(scope, db, &leg).await?;
    let Some(update) = wish.request(app, &call) else { return Ok(Done::Yes) };
    let client = app.providers.client(scope, db).await?;
    match client.update_participant(room, sid, &update).await {
        Ok(_) => told(app, scope, id, &wish).await,
        // He is not in the room: gone altogether, or on his way to another one, where he comes in as he should be.
        Err(error) if error.is_gone() => {
            carry::look_after(app, scope, &leg).await?;
            Ok(Done::Yes)
        }
        Err(error @ RestError::Refused { .. }) => match leg.kind {
            // The agent to be coached is just coming or going; whoever comes next makes a job of his own.
            LegKind::Supervisor => {
                tracing::info!(leg = %id, %error, "a supervisor could not be set to what he wants");
                Ok(Done::Yes)
            }
            LegKind::Caller | LegKind::Agent | LegKind::Transfer => Ok(Done::retry(&error)),
        },
        Err(error) => Ok(Done::retry(&error)),
    }
}

/// The provider has done it. Should we want something else by now, it is told again.
async fn told(app: &App, scope: CompanyScope, id: LegId, wish: &Wish) -> Result<Done> {
    let mut unit = Unit::begin(app, scope).await?;
    let Some(seen) = calls::leg(scope, unit.tx(), id).await? else { return Ok(Done::Yes) };
    let mut file = CallFile::open(&unit, seen.call_id).await?;
    let Some(leg) = calls::leg(scope, unit.tx(), id).await? else { return Ok(Done::Yes) };
    let now_wanted = Wish::of(scope, unit.tx(), &leg).await?;
    if now_wanted != *wish {
        return Ok(Done::Again(unit.now()));
    }
    match wish {
        Wish::Held => hold::began(&mut unit, &mut file, None).await?,
        Wish::NotHeld => hold::ended(&mut unit, &mut file, None).await?,
        Wish::Muted | Wish::NotMuted | Wish::Supervises { .. } | Wish::Nothing => return Ok(Done::Yes),
    }
    file.save(&mut unit).await?;
    unit.commit().await?;
    Ok(Done::Yes)
}

/// Keys that an agent presses for another party.
#[derive(Serialize, Deserialize)]
struct Keys {
    keys: String,
    asked_at: DateTime<Utc>,
}

/// After so long nobody waits for these keys any more.
const STALE: TimeDelta = TimeDelta::seconds(10);

/// Keys are to be played to this party.
pub fn send_keys(unit: &mut Unit, leg: &leg::Model, keys: String) {
    let now = unit.now();
    unit.job(JobKind::SendDigits, leg.id, json!(Keys { keys, asked_at: now }), now);
}

/// Plays the keys. Never blindly a second time: a menu that hears a key twice is in another place.
pub async fn play_keys(
    app: &App,
    scope: CompanyScope,
    id: LegId,
    payload: &Value,
    attempt: Attempt,
) -> Result<Done> {
    let keys: Keys = serde_json::from_value(payload.clone())
        .map_err(|cause| Error::internal("read a job's payload", cause))?;
    let db = app.db.reader();
    let Some(leg) = calls::leg(scope, db, id).await? else { return Ok(Done::Yes) };
    let call = calls::get(scope, db, leg.call_id).await?;
    let (Some(sid), Some(room), Attempt::First) = (&leg.provider_sid, &call.conference_sid, attempt) else {
        return Ok(Done::Yes);
    };
    let update = UpdateParticipant::new().announce(app.urls(scope.company()).keys(&keys.keys));
    let client = app.providers.client(scope, db).await?;
    match client.update_participant(room, sid, &update).await {
        Ok(_) => Ok(Done::Yes),
        Err(error) if error.may_be_repeated() && keys.asked_at + STALE > app.clock.now() => {
            let wait = match error {
                RestError::RateLimited { retry_after: Some(after) } => after,
                _ => Duration::from_millis(500),
            };
            let mut unit = Unit::begin(app, scope).await?;
            let at = unit.now() + wait;
            // A new job, since the tries of this one say that it may have been done.
            unit.job(JobKind::SendDigits, id, payload.clone(), at);
            unit.commit().await?;
            Ok(Done::Yes)
        }
        Err(error) => {
            tracing::warn!(leg = %id, %error, "keys were not played");
            Ok(Done::Yes)
        }
    }
}
