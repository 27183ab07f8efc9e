//! What is sent and answered about calls among the people of a company.

use std::net::IpAddr;

use chrono::{DateTime, NaiveDate, Utc};
use entity::id::UserId;
use entity::{CallType, ConnectionType, PartyState, PeerMedia, PeerRole, PeerStatus};
use poem_openapi::types::Any;
use poem_openapi::{Enum, Object};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Word;
use crate::app::App;
use crate::error::{Error, Result as Outcome};
use crate::identity::trail::Trail;
use crate::peer_calls::{
    self, AgoraAccess, Analytics, Callee, Device, Feedback, Figures, PartyView, PeerView, Reason, Wish,
};

/// Bytes of what a client says of itself.
const LARGEST_METADATA: usize = 4_000;
const LARGEST_SIGNAL: usize = 64 * 1024;

/// What only a call among colleagues has.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct PeerCallOut {
    pub(super) caller_id: Uuid,
    /// Who was called; absent in a group call.
    pub(super) receiver_id: Option<Uuid>,
    pub(super) call_type: Word<CallType>,
    pub(super) status: Word<PeerStatus>,
    pub(super) media: Word<PeerMedia>,
    pub(super) group: bool,
    pub(super) to_phone_number: Option<String>,
    pub(super) connection_type: Word<ConnectionType>,
    pub(super) region: Option<String>,
    /// From the answer to the end, in seconds.
    pub(super) duration: i64,
    pub(super) end_reason: Option<String>,
    pub(super) call_settings: Option<Any<Value>>,
    /// `{errorCode, errorMessage, timestamp}` of a call that failed.
    pub(super) error_info: Option<Any<Value>>,
    /// The caller first.
    pub(super) participants: Vec<ParticipantOut>,
}

/// Somebody's part in a call.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub(super) struct ParticipantOut {
    pub(super) user_id: Uuid,
    pub(super) name: String,
    pub(super) role: Word<PeerRole>,
    pub(super) state: Word<PartyState>,
    pub(super) joined_at: Option<DateTime<Utc>>,
    pub(super) left_at: Option<DateTime<Utc>>,
    /// 1 to 5, as he has rated the call.
    pub(super) quality_score: Option<i32>,
    /// `{platform, version, userAgent}`.
    pub(super) device_info: Option<Any<Value>>,
}

impl From<PartyView> for ParticipantOut {
    fn from(view: PartyView) -> Self {
        let PartyView { row, name } = view;
        Self {
            user_id: row.user_id.0,
            name,
            role: Word(row.role),
            state: Word(row.state),
            joined_at: row.joined_at,
            left_at: row.left_at,
            quality_score: row.quality_score,
            device_info: row.device.map(Any),
        }
    }
}

impl PeerCallOut {
    /// `talked`: from the answer to the end, as far as there are these.
    pub fn of(view: PeerView, talked: (Option<DateTime<Utc>>, Option<DateTime<Utc>>)) -> Self {
        let PeerView { call, parties } = view;
        let receiver = match (call.is_group, parties.as_slice()) {
            // Others may have been called into it in vain.
            (false, [_, callee, ..]) => Some(callee.row.user_id.0),
            _ => None,
        };
        let duration = match talked {
            (Some(from), Some(to)) => (to - from).num_seconds(),
            _ => 0,
        };
        Self {
            caller_id: call.called_by.0,
            receiver_id: receiver,
            call_type: Word(call.call_type),
            status: Word(call.status),
            media: Word(call.media),
            group: call.is_group,
            to_phone_number: call.to_number,
            connection_type: Word(call.connection_type),
            region: call.region,
            duration,
            end_reason: call.end_reason,
            call_settings: call.call_settings.map(Any),
            error_info: call.error_info.map(Any),
            participants: parties.into_iter().map(Into::into).collect(),
        }
    }
}

/// A server by which two browsers find each other: WebRTC's `RTCIceServer`.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub(super) struct IceServerOut {
    pub(super) urls: Vec<String>,
    pub(super) username: Option<String>,
    pub(super) credential: Option<String>,
}

/// The servers, and until when their credentials are good.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub(super) struct IceServersOut {
    pub(super) ice_servers: Vec<IceServerOut>,
    /// Absent without a TURN server.
    pub(super) expires_at: Option<DateTime<Utc>>,
}

pub(super) fn ice_servers(app: &App, user: UserId) -> Outcome<IceServersOut> {
    let made = peer_calls::ice_servers(app, user)?;
    let server = |server: rtc_tokens::ice::IceServer| IceServerOut {
        urls: server.urls.into_iter().map(String::from).collect(),
        username: server.username,
        credential: server.credential,
    };
    Ok(IceServersOut {
        ice_servers: made.servers.into_iter().map(server).collect(),
        expires_at: made.expires_at,
    })
}

/// A user's way into a channel of Agora's.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
pub(super) struct AgoraOut {
    pub(super) app_id: String,
    pub(super) channel_name: String,
    /// Agora's number of this user.
    pub(super) uid: u32,
    pub(super) token: String,
    pub(super) expires_at: DateTime<Utc>,
}

impl From<AgoraAccess> for AgoraOut {
    fn from(access: AgoraAccess) -> Self {
        let AgoraAccess { app_id, channel, uid, token, expires_at } = access;
        Self { app_id, channel_name: channel, uid, token, expires_at }
    }
}

/// What a client says of itself and of its call.
#[derive(Object, Debug, Default)]
#[oai(rename_all = "camelCase")]
pub(super) struct CallMetadataIn {
    /// As the client shows the caller; the server tells the name of his account.
    #[oai(validator(max_length = 200))]
    pub(super) from_display_name: Option<String>,
    pub(super) connection_type: Option<Word<ConnectionType>>,
    /// `{platform, version, userAgent}`.
    pub(super) device_info: Option<Any<Value>>,
    /// Where the client is, in its own words.
    #[oai(validator(max_length = 64))]
    pub(super) region: Option<String>,
    /// `{audioEnabled, videoEnabled, recordingEnabled}`.
    pub(super) call_settings: Option<Any<Value>>,
}

impl CallMetadataIn {
    /// # Errors
    /// 422 for more than a few thousand bytes.
    pub(super) fn device(&self) -> Outcome<Device> {
        let said = [("deviceInfo", &self.device_info), ("callSettings", &self.call_settings)];
        for (name, value) in said {
            let value = value.as_ref().map(|Any(value)| value);
            if value.is_some_and(|value| !value.is_object() || value.to_string().len() > LARGEST_METADATA) {
                let message = format!("must be an object of at most {LARGEST_METADATA} bytes");
                return Err(Error::invalid(format!("/metadata/{name}"), message));
            }
        }
        let ip: Option<IpAddr> = Trail::current().and_then(|trail| trail.address);
        let connection = self.connection_type.as_ref().map_or(ConnectionType::Unknown, |word| word.0);
        Ok(Device {
            socket: None,
            info: self.device_info.as_ref().map(|Any(value)| value.clone()),
            network: Some(json!({"ip": ip, "connectionType": connection})),
        })
    }
}

/// Whom to call, and how.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PeerCallIn {
    /// E.164: that of a colleague who is reached at it.
    #[oai(validator(max_length = 64))]
    pub(super) to_phone_number: Option<String>,
    pub(super) to_user_id: Option<Uuid>,
    /// Several for a group call.
    #[oai(validator(max_items = 50))]
    pub(super) to_user_ids: Option<Vec<Uuid>>,
    /// `voice` unless said.
    pub(super) call_type: Option<Word<CallType>>,
    /// A WebRTC session description; without one the media go through Agora.
    pub(super) offer: Option<Any<Value>>,
    pub(super) metadata: Option<CallMetadataIn>,
}

/// A call that rings.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub(super) struct PeerCallMadeOut {
    pub(super) call_id: Uuid,
    pub(super) status: Word<PeerStatus>,
    pub(super) to_phone_number: Option<String>,
    pub(super) call_type: Word<CallType>,
    /// Who is called has called at the same time: this is his call.
    pub(super) glare: bool,
    /// The same as `agora.token`.
    pub(super) agora_token: Option<String>,
    /// Absent where no project of Agora's is set.
    pub(super) agora: Option<AgoraOut>,
    pub(super) ice_servers: Vec<IceServerOut>,
}

/// How a call is taken.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct AnswerIn {
    /// A WebRTC session description, to an offer.
    pub(super) answer: Option<Any<Value>>,
    pub(super) metadata: Option<CallMetadataIn>,
}

/// A call that was taken.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub(super) struct AnsweredOut {
    pub(super) call_id: Uuid,
    pub(super) status: Word<PeerStatus>,
    pub(super) agora_token: Option<String>,
    pub(super) agora: Option<AgoraOut>,
    pub(super) ice_servers: Vec<IceServerOut>,
}

/// Why a call is not taken.
#[derive(Enum, Clone, Copy, Debug)]
#[oai(rename_all = "snake_case")]
pub(super) enum RejectReason {
    Busy,
    Declined,
    Unavailable,
    Blocked,
}

impl From<RejectReason> for Reason {
    fn from(reason: RejectReason) -> Self {
        match reason {
            RejectReason::Busy => Self::Busy,
            RejectReason::Declined => Self::Declined,
            RejectReason::Unavailable => Self::Unavailable,
            RejectReason::Blocked => Self::Blocked,
        }
    }
}

/// How a call is refused.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RejectIn {
    /// `declined` unless said.
    pub(super) reason: Option<RejectReason>,
    pub(super) metadata: Option<CallMetadataIn>,
}

/// How a call is ended.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct EndIn {
    #[oai(validator(minimum(value = "1"), maximum(value = "5")))]
    pub(super) quality_score: Option<i32>,
    pub(super) metadata: Option<CallMetadataIn>,
}

/// How a call stands after somebody has left it.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
pub(super) struct EndedOut {
    pub(super) call_id: Uuid,
    pub(super) status: Word<PeerStatus>,
    /// From the answer on, in seconds.
    pub(super) duration: i64,
}

/// What somebody thinks of a call that he was in.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct FeedbackIn {
    #[oai(validator(minimum(value = "1"), maximum(value = "5")))]
    pub(super) score: Option<i32>,
    /// Single words, such as `echo`.
    #[oai(validator(max_items = 20))]
    pub(super) issues: Option<Vec<String>>,
    #[oai(validator(max_length = 2000))]
    pub(super) comment: Option<String>,
    /// A summary of WebRTC's statistics, as the client has made it.
    pub(super) stats: Option<Any<Value>>,
    pub(super) error: Option<CallErrorIn>,
}

/// What has gone wrong in a call.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct CallErrorIn {
    #[oai(validator(max_length = 100))]
    pub(super) error_code: String,
    #[oai(validator(max_length = 500))]
    pub(super) error_message: Option<String>,
}

impl FeedbackIn {
    pub(super) fn read(self) -> Outcome<Feedback> {
        let issues = self.issues.unwrap_or_default();
        if issues.iter().any(|issue| issue.chars().count() > 50) {
            return Err(Error::invalid("/issues", "must have at most 50 characters each"));
        }
        let stats = self.stats.map(|Any(value)| value);
        if stats.as_ref().is_some_and(|stats| stats.to_string().len() > LARGEST_METADATA) {
            return Err(Error::invalid("/stats", format!("must have at most {LARGEST_METADATA} bytes")));
        }
        let error = self
            .error
            .map(|error| json!({"errorCode": error.error_code, "errorMessage": error.error_message}));
        Ok(Feedback { score: self.score, issues, comment: self.comment, stats, error })
    }
}

/// Somebody's calls with colleagues in figures. Seconds are whole.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
pub struct PeerStatsOut {
    pub(super) total_calls: u64,
    /// He was called in vain.
    pub(super) missed_calls: u64,
    pub(super) received_calls: u64,
    pub(super) made_calls: u64,
    pub(super) total_duration: i64,
    /// Of one conversation; 0 without any.
    pub(super) avg_duration: i64,
    pub(super) total_duration_minutes: i64,
}

impl From<Figures> for PeerStatsOut {
    fn from(figures: Figures) -> Self {
        Self {
            total_calls: figures.total,
            missed_calls: figures.missed,
            received_calls: figures.received,
            made_calls: figures.made,
            total_duration: figures.seconds,
            avg_duration: figures.average_seconds(),
            total_duration_minutes: figures.seconds / 60,
        }
    }
}

/// How many calls of a stretch of time came to this.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
pub(super) struct StatusCountOut {
    pub(super) status: String,
    pub(super) calls: u64,
}

/// A day of UTC.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
pub(super) struct PeerDayOut {
    pub(super) day: NaiveDate,
    pub(super) calls: PeerStatsOut,
}

/// Somebody's calls with colleagues, looked at from several sides.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub(super) struct PeerAnalyticsOut {
    pub(super) from: DateTime<Utc>,
    pub(super) to: DateTime<Utc>,
    pub(super) calls: PeerStatsOut,
    pub(super) by_status: Vec<StatusCountOut>,
    pub(super) voice_calls: u64,
    pub(super) video_calls: u64,
    pub(super) by_day: Vec<PeerDayOut>,
    /// Of his own scores; absent without any.
    pub(super) average_quality: Option<f64>,
    pub(super) rated_calls: u64,
}

impl PeerAnalyticsOut {
    pub(super) fn of(seen: Analytics, (from, to): (DateTime<Utc>, DateTime<Utc>)) -> Self {
        let by_status = seen.by_status.into_iter().map(|(status, calls)| StatusCountOut { status, calls });
        let by_day = seen.by_day.into_iter().map(|(day, calls)| PeerDayOut { day, calls: calls.into() });
        Self {
            from,
            to,
            calls: seen.all.into(),
            by_status: by_status.collect(),
            voice_calls: seen.voice,
            video_calls: seen.video,
            by_day: by_day.collect(),
            average_quality: seen.average_quality,
            rated_calls: seen.rated,
        }
    }
}

pub(super) fn device_of(metadata: Option<&CallMetadataIn>) -> Outcome<Device> {
    metadata.map_or_else(|| CallMetadataIn::default().device(), CallMetadataIn::device)
}

pub(super) fn description(said: Option<Any<Value>>, field: &str) -> Outcome<Option<Value>> {
    let said = said.map(|Any(value)| value);
    if said.as_ref().is_some_and(|said| said.to_string().len() > LARGEST_SIGNAL) {
        return Err(Error::invalid(field, format!("must have at most {LARGEST_SIGNAL} bytes")));
    }
    Ok(said)
}

impl PeerCallIn {
    pub(super) fn read(self) -> Outcome<Wish> {
        let metadata = self.metadata.unwrap_or_default();
        let device = metadata.device()?;
        let users = self.to_user_ids.unwrap_or_default().into_iter().chain(self.to_user_id);
        let mut to: Vec<_> = users.map(|id| Callee::User(UserId(id))).collect();
        to.extend(self.to_phone_number.map(Callee::Number));
        if to.is_empty() {
            return Err(Error::invalid("/toUserId", "is required, or `toPhoneNumber`"));
        }
        Ok(Wish {
            to,
            call_type: self.call_type.map_or(CallType::Voice, |word| word.0),
            offer: description(self.offer, "/offer")?,
            device,
            connection_type: metadata.connection_type.map_or(ConnectionType::Unknown, |word| word.0),
            region: metadata.region,
            call_settings: metadata.call_settings.map(|Any(value)| value),
        })
    }
}
