//! Calls among the people of a company, over REST: made, taken, refused, ended, rated.

use std::net::IpAddr;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use entity::id::{CallId, UserId};
use entity::{CallType, ConnectionType, PartyState, PeerMedia, PeerRole, PeerStatus};
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::types::Any;
use poem_openapi::{Enum, Object, OpenApi};
use serde_json::{Value, json};
use uuid::Uuid;

use super::envelope::{Created, Done, Failure, Reply, Success};
use super::{JsonBody, OptionalBody, Tag, Word};
use crate::app::App;
use crate::authz::{Can, MakePeerCalls, TakePeerCalls};
use crate::error::{Error, Result as Outcome};
use crate::identity::trail::Trail;
use crate::peer_calls::{
    self, AgoraAccess, Analytics, Callee, Device, Feedback, Figures, PartyView, PeerView, Reason, Wish,
};

/// Bytes of what a client says of itself.
const LARGEST_METADATA: usize = 4_000;
const LARGEST_SIGNAL: usize = 64 * 1024;

pub struct PeerCalls;

/// What only a call among colleagues has.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct PeerCallOut {
    caller_id: Uuid,
    /// Who was called; absent in a group call.
    receiver_id: Option<Uuid>,
    call_type: Word<CallType>,
    status: Word<PeerStatus>,
    media: Word<PeerMedia>,
    group: bool,
    to_phone_number: Option<String>,
    connection_type: Word<ConnectionType>,
    region: Option<String>,
    /// From the answer to the end, in seconds.
    duration: i64,
    end_reason: Option<String>,
    call_settings: Option<Any<Value>>,
    /// `{errorCode, errorMessage, timestamp}` of a call that failed.
    error_info: Option<Any<Value>>,
    /// The caller first.
    participants: Vec<ParticipantOut>,
}

/// Somebody's part in a call.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct ParticipantOut {
    user_id: Uuid,
    name: String,
    role: Word<PeerRole>,
    state: Word<PartyState>,
    joined_at: Option<DateTime<Utc>>,
    left_at: Option<DateTime<Utc>>,
    /// 1 to 5, as he has rated the call.
    quality_score: Option<i32>,
    /// `{platform, version, userAgent}`.
    device_info: Option<Any<Value>>,
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
            (false, [_, callee]) => Some(callee.row.user_id.0),
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
struct IceServerOut {
    urls: Vec<String>,
    username: Option<String>,
    credential: Option<String>,
}

/// The servers, and until when their credentials are good.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct IceServersOut {
    ice_servers: Vec<IceServerOut>,
    /// Absent without a TURN server.
    expires_at: Option<DateTime<Utc>>,
}

fn ice_servers(app: &App, user: UserId) -> Outcome<IceServersOut> {
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
struct AgoraOut {
    app_id: String,
    channel_name: String,
    /// Agora's number of this user.
    uid: u32,
    token: String,
    expires_at: DateTime<Utc>,
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
struct CallMetadataIn {
    /// As the client shows the caller; the server tells the name of his account.
    #[oai(validator(max_length = 200))]
    from_display_name: Option<String>,
    connection_type: Option<Word<ConnectionType>>,
    /// `{platform, version, userAgent}`.
    device_info: Option<Any<Value>>,
    /// Where the client is, in its own words.
    #[oai(validator(max_length = 64))]
    region: Option<String>,
    /// `{audioEnabled, videoEnabled, recordingEnabled}`.
    call_settings: Option<Any<Value>>,
}

impl CallMetadataIn {
    /// # Errors
    /// 422 for more than a few thousand bytes.
    fn device(&self) -> Outcome<Device> {
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
struct PeerCallIn {
    /// E.164: that of a colleague who is reached at it.
    #[oai(validator(max_length = 64))]
    to_phone_number: Option<String>,
    to_user_id: Option<Uuid>,
    /// Several for a group call.
    #[oai(validator(max_items = 50))]
    to_user_ids: Option<Vec<Uuid>>,
    /// `voice` unless said.
    call_type: Option<Word<CallType>>,
    /// A WebRTC session description; without one the media go through Agora.
    offer: Option<Any<Value>>,
    metadata: Option<CallMetadataIn>,
}

/// A call that rings.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct PeerCallMadeOut {
    call_id: Uuid,
    status: Word<PeerStatus>,
    to_phone_number: Option<String>,
    call_type: Word<CallType>,
    /// Who is called has called at the same time: this is his call.
    glare: bool,
    /// The same as `agora.token`.
    agora_token: Option<String>,
    /// Absent where no project of Agora's is set.
    agora: Option<AgoraOut>,
    ice_servers: Vec<IceServerOut>,
}

/// How a call is taken.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct AnswerIn {
    /// A WebRTC session description, to an offer.
    answer: Option<Any<Value>>,
    metadata: Option<CallMetadataIn>,
}

/// A call that was taken.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct AnsweredOut {
    call_id: Uuid,
    status: Word<PeerStatus>,
    agora_token: Option<String>,
    agora: Option<AgoraOut>,
    ice_servers: Vec<IceServerOut>,
}

/// Why a call is not taken.
#[derive(Enum, Clone, Copy, Debug)]
#[oai(rename_all = "snake_case")]
enum RejectReason {
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
struct RejectIn {
    /// `declined` unless said.
    reason: Option<RejectReason>,
    metadata: Option<CallMetadataIn>,
}

/// How a call is ended.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct EndIn {
    #[oai(validator(minimum(value = "1"), maximum(value = "5")))]
    quality_score: Option<i32>,
    metadata: Option<CallMetadataIn>,
}

/// How a call stands after somebody has left it.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
struct EndedOut {
    call_id: Uuid,
    status: Word<PeerStatus>,
    /// From the answer on, in seconds.
    duration: i64,
}

/// What somebody thinks of a call that he was in.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct FeedbackIn {
    #[oai(validator(minimum(value = "1"), maximum(value = "5")))]
    score: Option<i32>,
    /// Single words, such as `echo`.
    #[oai(validator(max_items = 20))]
    issues: Option<Vec<String>>,
    #[oai(validator(max_length = 2000))]
    comment: Option<String>,
    /// A summary of WebRTC's statistics, as the client has made it.
    stats: Option<Any<Value>>,
    error: Option<CallErrorIn>,
}

/// What has gone wrong in a call.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct CallErrorIn {
    #[oai(validator(max_length = 100))]
    error_code: String,
    #[oai(validator(max_length = 500))]
    error_message: Option<String>,
}

impl FeedbackIn {
    fn read(self) -> Outcome<Feedback> {
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
    total_calls: u64,
    /// He was called in vain.
    missed_calls: u64,
    received_calls: u64,
    made_calls: u64,
    total_duration: i64,
    /// Of one conversation; 0 without any.
    avg_duration: i64,
    total_duration_minutes: i64,
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
struct StatusCountOut {
    status: String,
    calls: u64,
}

/// A day of UTC.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
struct PeerDayOut {
    day: NaiveDate,
    calls: PeerStatsOut,
}

/// Somebody's calls with colleagues, looked at from several sides.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct PeerAnalyticsOut {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    calls: PeerStatsOut,
    by_status: Vec<StatusCountOut>,
    voice_calls: u64,
    video_calls: u64,
    by_day: Vec<PeerDayOut>,
    /// Of his own scores; absent without any.
    average_quality: Option<f64>,
    rated_calls: u64,
}

impl PeerAnalyticsOut {
    fn of(seen: Analytics, (from, to): (DateTime<Utc>, DateTime<Utc>)) -> Self {
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

fn device_of(metadata: Option<&CallMetadataIn>) -> Outcome<Device> {
    metadata.map_or_else(|| CallMetadataIn::default().device(), CallMetadataIn::device)
}

fn description(said: Option<Any<Value>>, field: &str) -> Outcome<Option<Value>> {
    let said = said.map(|Any(value)| value);
    if said.as_ref().is_some_and(|said| said.to_string().len() > LARGEST_SIGNAL) {
        return Err(Error::invalid(field, format!("must have at most {LARGEST_SIGNAL} bytes")));
    }
    Ok(said)
}

impl PeerCallIn {
    fn read(self) -> Outcome<Wish> {
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

async fn end(can: Can<TakePeerCalls>, app: &App, id: Uuid, body: Option<EndIn>) -> Reply<EndedOut> {
    let body = body.unwrap_or(EndIn { quality_score: None, metadata: None });
    let device = device_of(body.metadata.as_ref())?;
    let (scope, user) = (can.scope()?, can.caller().user);
    let left = peer_calls::hang_up(app, scope, user, CallId(id), device, body.quality_score).await?;
    Success::ok(EndedOut { call_id: id, status: Word(left.status), duration: left.seconds })
}

#[OpenApi(tag = "Tag::PeerCalls")]
impl PeerCalls {
    /// Calls a colleague, or several.
    ///
    /// All devices of who is called ring, for a minute at most. 409 when he or the caller has another call (`BUSY`), when none
    /// of his devices is connected (`USER_OFFLINE`), or when his settings are against it (`CALL_BLOCKED`,
    /// `VIDEO_NOT_ALLOWED`): the call then stands among those that he has missed. Said twice while it rings, it is one call.
    #[oai(path = "/api/calls/initiate", method = "post", operation_id = "initiateCall")]
    async fn initiate(
        &self,
        can: Can<MakePeerCalls>,
        Data(app): Data<&App>,
        JsonBody(body): JsonBody<PeerCallIn>,
    ) -> Result<Created<PeerCallMadeOut>, Failure> {
        let (scope, user) = (can.scope()?, can.caller().user);
        let call_type = body.call_type.map_or(CallType::Voice, |word| word.0);
        let made = peer_calls::initiate(app, scope, user, body.read()?).await?;
        let agora = peer_calls::agora(app, made.call, user)?;
        Created::of(PeerCallMadeOut {
            call_id: made.call.0,
            status: Word(made.status),
            to_phone_number: made.to_number,
            call_type: Word(call_type),
            glare: made.glare,
            agora_token: agora.as_ref().map(|access| access.token.clone()),
            agora: agora.map(Into::into),
            ice_servers: ice_servers(app, user)?.ice_servers,
        })
    }

    /// Takes a call that rings for the caller of this operation. His other devices are told.
    ///
    /// 409 when it is over (`CALL_IS_OVER`), another device has it (`CALL_NOT_RINGING`), or the two apps have no media in
    /// common (`MEDIA_INCOMPATIBLE`).
    #[oai(path = "/api/calls/:id/accept", method = "post", operation_id = "acceptCall")]
    async fn accept(
        &self,
        can: Can<TakePeerCalls>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        body: OptionalBody<AnswerIn>,
    ) -> Reply<AnsweredOut> {
        let body = body.0.unwrap_or(AnswerIn { answer: None, metadata: None });
        let device = device_of(body.metadata.as_ref())?;
        let (scope, user) = (can.scope()?, can.caller().user);
        let answer = description(body.answer, "/answer")?;
        let taken = peer_calls::answer(app, scope, user, CallId(id), answer, device).await?;
        let agora = peer_calls::agora(app, taken.call, user)?;
        Success::ok(AnsweredOut {
            call_id: id,
            status: Word(taken.status),
            agora_token: agora.as_ref().map(|access| access.token.clone()),
            agora: agora.map(Into::into),
            ice_servers: ice_servers(app, user)?.ice_servers,
        })
    }

    /// Refuses a call that rings for the caller of this operation.
    #[oai(path = "/api/calls/:id/reject", method = "post", operation_id = "rejectCall")]
    async fn reject(
        &self,
        can: Can<TakePeerCalls>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        body: OptionalBody<RejectIn>,
    ) -> Result<Json<Done>, Failure> {
        let body = body.0.unwrap_or(RejectIn { reason: None, metadata: None });
        let device = device_of(body.metadata.as_ref())?;
        let reason = body.reason.map_or(Reason::Declined, Into::into);
        peer_calls::reject(app, can.scope()?, can.caller().user, CallId(id), reason, device).await?;
        Done::saying("Rejected.")
    }

    /// Ends the caller's part in a call, with how good it was; a call of two is over by it.
    #[oai(path = "/api/calls/:id/end", method = "post", operation_id = "endCall")]
    async fn end(
        &self,
        can: Can<TakePeerCalls>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        body: OptionalBody<EndIn>,
    ) -> Reply<EndedOut> {
        end(can, app, id, body.0).await
    }

    /// The same as POST.
    #[oai(path = "/api/calls/:id/end", method = "put", operation_id = "endCallAlias")]
    async fn end_alias(
        &self,
        can: Can<TakePeerCalls>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        body: OptionalBody<EndIn>,
    ) -> Reply<EndedOut> {
        end(can, app, id, body.0).await
    }

    /// Says how good a call was, for who was in it. The last word counts.
    #[oai(path = "/api/calls/:id/feedback", method = "post", operation_id = "rateCall")]
    async fn feedback(
        &self,
        can: Can<TakePeerCalls>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<FeedbackIn>,
    ) -> Result<Json<Done>, Failure> {
        peer_calls::rate(app, can.scope()?, can.caller().user, CallId(id), body.read()?).await?;
        Done::saying("Thank you.")
    }

    /// Lists the ICE servers, with credentials of limited time for the caller.
    #[oai(path = "/api/calls/ice-servers", method = "get", operation_id = "listIceServers")]
    async fn ice(&self, can: Can<TakePeerCalls>, Data(app): Data<&App>) -> Reply<IceServersOut> {
        Success::ok(ice_servers(app, can.caller().user)?)
    }

    /// Shows what the caller's calls with colleagues came to lately.
    #[oai(path = "/api/calls/analytics", method = "get", operation_id = "getOwnCallAnalytics")]
    async fn analytics(
        &self,
        can: Can<TakePeerCalls>,
        Data(app): Data<&App>,
        /// Days until now, such as `1d` or `30d`; at most `90d`, `7d` unless said.
        Query(period): Query<Option<String>>,
    ) -> Reply<PeerAnalyticsOut> {
        let now = app.clock.now();
        let days: TimeDelta = super::call_lists::days(period.as_deref())?;
        let span = (now - days, now);
        let seen = peer_calls::analytics(app, can.scope()?, can.caller().user, span).await?;
        Success::ok(PeerAnalyticsOut::of(seen, span))
    }
}
