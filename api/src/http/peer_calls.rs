//! Calls among the people of a company, over REST: made, taken, refused, ended, rated.

use chrono::TimeDelta;
use entity::CallType;
use entity::id::{CallId, UserId};
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use uuid::Uuid;

use super::envelope::{Created, Done, Failure, Reply, Success};
use super::peer_call_invitations::{CallInvitationsOut, InviteIn};
use super::peer_call_shapes::{
    AnswerIn, AnsweredOut, EndIn, EndedOut, FeedbackIn, IceServersOut, PeerAnalyticsOut, PeerCallIn,
    PeerCallMadeOut, RejectIn, description, device_of, ice_servers,
};
use super::{JsonBody, OptionalBody, Tag, Word};
use crate::app::App;
use crate::authz::{Can, MakePeerCalls, TakePeerCalls};
use crate::peer_calls::{self, Reason};

pub struct PeerCalls;

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

    /// Adds colleagues to a call that the caller of this operation is in; a call of two becomes a group call by it.
    ///
    /// All devices of each ring, for a minute at most; he takes the call with `call:join`, or by accepting it. Those in the call are
    /// told `call:participant-invited`, and `call:participant-left` with a reason when he does not come. Of each it is told what of
    /// who is called by `initiateCall`. 409 when this call has no more room (`GROUP_FULL`), is over or was left (`CALL_IS_OVER`), or is
    /// not answered yet (`CALL_NOT_CONNECTED`).
    #[oai(path = "/api/calls/:id/participants", method = "post", operation_id = "inviteToCall")]
    async fn invite(
        &self,
        can: Can<MakePeerCalls>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<InviteIn>,
    ) -> Reply<CallInvitationsOut> {
        let users = body.user_ids.into_iter().map(UserId).collect();
        let invited = peer_calls::invite(app, can.scope()?, can.caller().user, CallId(id), users).await?;
        Success::ok(CallInvitationsOut {
            call_id: id,
            invited: invited.into_iter().map(Into::into).collect(),
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
