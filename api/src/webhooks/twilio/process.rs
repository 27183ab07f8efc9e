//! One transaction a request: it is claimed, the use case runs, the reply is stored.

use entity::{CompanyScope, EndedBy, JobKind, webhook_request};
use ivr_engine::{DialOutcome, Input};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use twilio::webhook::{
    CallProgress, ConferenceEvent, DialResult, DialStatus, EnqueueResult, GatherResult, IncomingMessage,
    MachineDetectionResult, MessageStatus, MissingParameter, Params, RecordResult, RecordingStatus,
    VoiceRequest,
};

use super::hop::Hop;
use crate::app::App;
use crate::calls::arrive::Rescue;
use crate::calls::request::Asking;
use crate::calls::side::wait::Answer;
use crate::calls::story::EventKind;
use crate::calls::urls::{Heard, Spoken};
use crate::calls::{
    CallFile, Reply, agent_leg, arrive, conference, enqueue, flow, hold, leave, messages, outbound, party,
    quiet, recording, request, side, transfer, voicemail,
};
use crate::error::{Error, Result};
use crate::jobs::Done;
use crate::store::webhooks::{self, Claim};
use crate::store::{Unit, calls};

/// A request as it is kept, to be processed again should it fail.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Raw {
    /// Below the voice webhook: `step`, `agent/answer`, ….
    pub path: String,
    pub query: String,
    pub params: Vec<(String, String)>,
}

impl Raw {
    /// As it may be kept: without what a caller keyed in or said, unless that is what the hop is about and is no secret.
    /// The provider may repeat it in a request about something else.
    fn without_secrets(&self, hop: &Hop) -> Self {
        let keeps = matches!(hop, Hop::Step { heard: Heard::Gather, .. } | Hop::AgentPress { .. });
        let secret = |name: &str| {
            ["Digits", "FinishedOnKey", "SpeechResult", "UnstableSpeechResult", "Confidence"].contains(&name)
        };
        let params = self.params.iter().filter(|(name, _)| keeps || !secret(name)).cloned();
        Self { params: params.collect(), ..self.clone() }
    }

    fn address(&self) -> String {
        format!("{}?{}", self.path, self.query)
    }
}

/// The reply to a request, the same for the same request.
pub async fn process(app: &App, scope: CompanyScope, hop: &Hop, raw: &Raw) -> Result<String> {
    let params = Params::from(raw.params.clone());
    if let Some(reply) = look_up(app, scope, hop, &params).await? {
        return Ok(render(app, scope, &reply));
    }
    if matches!(hop, Hop::Fallback) {
        return fall_back(app, scope, &params).await;
    }
    let key = hop.key(&raw.address(), &params);
    let mut unit = Unit::begin(app, scope).await?;
    match webhooks::claim(scope, unit.tx(), row(app, scope, &key, &raw.without_secrets(hop), &params)).await?
    {
        Claim::Settled(reply) => return Ok(reply),
        Claim::New | Claim::Kept => {}
    }
    let reply = render(app, scope, &run(&mut unit, hop, &params).await?);
    webhooks::settle(scope, unit.tx(), &key, &reply).await?;
    unit.commit().await?;
    Ok(reply)
}

/// The reply to a line that could not get on. Each time is another one, though all have the same address, so none is kept.
async fn fall_back(app: &App, scope: CompanyScope, params: &Params) -> Result<String> {
    let request = read(VoiceRequest::from_params(params))?;
    let mut unit = Unit::begin(app, scope).await?;
    let rescue = arrive::rescue(&mut unit, &request).await?;
    unit.commit().await?;
    let reply = match rescue {
        Rescue::Say(reply) => reply,
        Rescue::Resume(call) => enqueue::where_the_caller_belongs(app, scope, call).await?,
    };
    Ok(render(app, scope, &reply))
}

/// The reply to a request that only asks how things stand. It changes nothing, so it needs no claim; and it must have
/// none, since a stored reply would send a caller who is parked a second time to where he belonged the first time.
async fn look_up(app: &App, scope: CompanyScope, hop: &Hop, params: &Params) -> Result<Option<Reply>> {
    Ok(match hop {
        Hop::Wait { entry, hop } => Some(enqueue::wait(app, scope, *entry, *hop).await?),
        Hop::CallerJoin { call } | Hop::Park { call } | Hop::Resume { call } => {
            Some(enqueue::where_the_caller_belongs(app, scope, *call).await?)
        }
        // He is being brought somewhere. Nothing is settled by this; should the line do what we answer, it is the same
        // as where he is going.
        Hop::QueueExit { call, .. }
            if enqueue::was_moved(&read(EnqueueResult::from_params(params))?.result) =>
        {
            Some(enqueue::where_the_caller_belongs(app, scope, *call).await?)
        }
        Hop::Request { call, version, hop } => {
            request::wait(app, scope, Asking { call: *call, version: *version, hop: *hop }).await?
        }
        Hop::Hold { call, hop } => Some(hold::music(app, scope, *call, *hop).await?),
        Hop::Keys { keys } => Some(Reply::Keys(keys.clone())),
        Hop::PartyExit { leg, hop } => Some(party::came_out(app, scope, *leg, *hop).await?),
        Hop::Voice
        | Hop::Fallback
        | Hop::PartyAnswer { .. }
        | Hop::TransferStart { .. }
        | Hop::TransferDialed { .. }
        | Hop::TransferStatus { .. }
        | Hop::Step { .. }
        | Hop::Silence { .. }
        | Hop::WaitStep { .. }
        | Hop::AgentWhisper { .. }
        | Hop::QueueExit { .. }
        | Hop::QueueLeave { .. }
        | Hop::AgentAnswer { .. }
        | Hop::AgentPress { .. }
        | Hop::AgentExit { .. }
        | Hop::CallStatus
        | Hop::LegStatus { .. }
        | Hop::AnsweredBy { .. }
        | Hop::Conference { .. }
        | Hop::Recording { .. }
        | Hop::Message { .. }
        | Hop::MessageIn
        | Hop::Announcement { .. } => None,
    })
}

fn render(app: &App, scope: CompanyScope, reply: &Reply) -> String {
    reply.to_twiml(scope.company(), &app.urls(scope.company()))
}

fn row(app: &App, scope: CompanyScope, key: &str, raw: &Raw, params: &Params) -> webhook_request::Model {
    webhook_request::Model {
        company_id: scope.company(),
        request_key: key.to_owned(),
        call_sid: params.get("CallSid").map(str::to_owned),
        path: raw.path.clone(),
        params: json!(raw),
        reply: None,
        received_at: app.clock.now(),
    }
}

async fn run(unit: &mut Unit, hop: &Hop, params: &Params) -> Result<Reply> {
    match hop {
        Hop::Voice => arrive::arrive(unit, &read(VoiceRequest::from_params(params))?).await,
        Hop::Step { call, version, heard, spoken } => {
            let at = At { call: *call, version: *version, heard: *heard, spoken };
            step(unit, at, params).await
        }
        Hop::Request { call, version, hop } => {
            request::go_on(unit, Asking { call: *call, version: *version, hop: *hop }).await
        }
        Hop::Silence { call, version, hop } => {
            quiet::come_back(unit, Asking { call: *call, version: *version, hop: *hop }).await
        }
        Hop::WaitStep { entry, version, hop, heard, spoken } => {
            let answer = match heard {
                Heard::Gather => Answer::Input(answer(&read(GatherResult::from_params(params))?)),
                Heard::Record => {
                    Answer::Recorded { result: read(RecordResult::from_params(params))?, spoken }
                }
                Heard::Silence | Heard::Dial | Heard::Secret => Answer::Input(Input::Silence),
            };
            side::wait::answered(unit, *entry, *version, *hop, answer).await
        }
        Hop::AgentWhisper { offer, version, heard } => {
            let input = match heard {
                Heard::Gather => answer(&read(GatherResult::from_params(params))?),
                Heard::Silence | Heard::Record | Heard::Dial | Heard::Secret => Input::Silence,
            };
            side::whisper::answered(unit, *offer, *version, input).await
        }
        Hop::QueueExit { call, entry, version } => {
            enqueue::exit(unit, *call, *entry, *version, &read(EnqueueResult::from_params(params))?).await
        }
        Hop::QueueLeave { call, entry, version } => enqueue::fetched(unit, *call, *entry, *version).await,
        Hop::AgentAnswer { offer } => {
            agent_leg::answered(unit, *offer, &read(VoiceRequest::from_params(params))?).await
        }
        Hop::AgentPress { offer } => {
            agent_leg::pressed(unit, *offer, &read(GatherResult::from_params(params))?).await
        }
        Hop::AgentExit { offer } => {
            agent_leg::came_out(unit, *offer, &read(VoiceRequest::from_params(params))?).await
        }
        Hop::PartyAnswer { leg } => {
            party::answered(unit, *leg, &read(VoiceRequest::from_params(params))?).await
        }
        Hop::TransferStart { transfer } => transfer::take_up(unit, *transfer).await,
        Hop::TransferDialed { transfer } => {
            let result = read(DialResult::from_params(params))?;
            let line = read(VoiceRequest::from_params(params))?;
            let ended = transfer::Ended { outcome: dialed(&result.status), seconds: result.duration };
            transfer::dialed(unit, *transfer, ended, &line.status).await
        }
        Hop::TransferStatus { transfer } => {
            let news = read(CallProgress::from_params(params))?;
            transfer::number_progressed(unit, *transfer, &news).await?;
            Ok(Reply::Nothing)
        }
        Hop::CallStatus => caller_progressed(unit, &read(CallProgress::from_params(params))?).await,
        Hop::LegStatus { leg } => {
            party::progressed(unit, *leg, &read(CallProgress::from_params(params))?).await?;
            Ok(Reply::Nothing)
        }
        Hop::AnsweredBy { leg } => {
            let result = read(MachineDetectionResult::from_params(params))?;
            outbound::answered_by(unit, *leg, &result.call_sid, &result.answered_by).await?;
            Ok(Reply::Nothing)
        }
        Hop::Conference { offer } => {
            conference::happened(unit, *offer, &read(ConferenceEvent::from_params(params))?).await?;
            Ok(Reply::Nothing)
        }
        Hop::Recording { call, recording, spoken } => {
            let status = read(RecordingStatus::from_params(params))?;
            match recording {
                Some(recording) => recording::news::happened(unit, *call, *recording, &status).await?,
                None => voicemail::recorded(unit, *call, &status, spoken).await?,
            }
            Ok(Reply::Nothing)
        }
        Hop::Message { message } => {
            messages::progressed(unit, *message, &read(MessageStatus::from_params(params))?).await?;
            Ok(Reply::Nothing)
        }
        Hop::MessageIn => {
            messages::received(unit, &read(IncomingMessage::from_params(params))?).await?;
            Ok(Reply::Nothing)
        }
        Hop::Announcement { recording } => recording::control::announced(unit, *recording).await,
        Hop::Fallback
        | Hop::Wait { .. }
        | Hop::CallerJoin { .. }
        | Hop::Park { .. }
        | Hop::Resume { .. }
        | Hop::Hold { .. }
        | Hop::Keys { .. }
        | Hop::PartyExit { .. } => {
            Err(Error::internal("process a webhook", "a question was taken for a request"))
        }
    }
}

/// Which step of which call's flow an answer belongs to.
struct At<'a> {
    call: entity::id::CallId,
    version: i32,
    heard: Heard,
    spoken: &'a Spoken,
}

/// The flow goes on. A hop of an older version of the session is a late one and hears what was said last.
async fn step(unit: &mut Unit, at: At<'_>, params: &Params) -> Result<Reply> {
    let mut file = CallFile::open(unit, at.call).await?;
    if file.row.session_version != at.version {
        return Ok(file.current());
    }
    let input = said(unit, &mut file, at.heard, at.spoken, params).await?;
    let reply = flow::advance(unit, &mut file, input).await?;
    arrive::remember(unit, &mut file, &reply);
    file.save(unit).await?;
    Ok(reply)
}

/// What the verb of the line's last document brought.
async fn said(
    unit: &mut Unit,
    file: &mut CallFile,
    heard: Heard,
    spoken: &Spoken,
    params: &Params,
) -> Result<Input> {
    Ok(match heard {
        Heard::Silence => Input::Silence,
        Heard::Gather | Heard::Secret => answer(&read(GatherResult::from_params(params))?),
        Heard::Record => {
            let result = read(RecordResult::from_params(params))?;
            voicemail::left(unit, file, &result, spoken).await?
        }
        Heard::Dial => {
            let result = read(DialResult::from_params(params))?;
            let outcome = dialed(&result.status);
            file.note(
                unit,
                EventKind::TransferEnded,
                json!({"outcome": outcome, "seconds": result.duration}),
            );
            Input::Dialed(outcome)
        }
    })
}

fn answer(result: &GatherResult) -> Input {
    match (&result.digits, &result.speech) {
        (Some(digits), _) => Input::digits(digits),
        (None, Some(text)) => Input::Speech { text: text.clone(), confidence: result.confidence },
        (None, None) => Input::Silence,
    }
}

fn dialed(status: &DialStatus) -> DialOutcome {
    match status {
        DialStatus::Completed | DialStatus::Answered => DialOutcome::Answered,
        DialStatus::Busy => DialOutcome::Busy,
        DialStatus::NoAnswer | DialStatus::Canceled => DialOutcome::NoAnswer,
        DialStatus::Failed | DialStatus::Other(_) => DialOutcome::Failed,
    }
}

/// The number's own status callback: it tells only the end.
async fn caller_progressed(unit: &mut Unit, news: &CallProgress) -> Result<Reply> {
    let over = agent_leg::leg_state(&news.status).is_some_and(|state| state.is_over());
    if over && let Some(mut file) = CallFile::open_by_provider_sid(unit, &news.call_sid).await? {
        let by = file.row.ended_by.unwrap_or(EndedBy::Caller);
        leave::caller_left(unit, &mut file, news.timestamp, by).await?;
        if let Some(leg) = calls::caller_leg(unit.scope(), unit.tx(), file.id()).await?
            && leg.state != entity::LegState::Completed
        {
            tracing::debug!(leg = %leg.id, "a caller's leg had ended otherwise");
        }
        file.save(unit).await?;
    }
    Ok(Reply::Nothing)
}

fn read<T>(read: std::result::Result<T, MissingParameter>) -> Result<T> {
    read.map_err(|missing| Error::invalid(format!("/{}", missing.0), "is missing"))
}

/// Keeps a callback that could not be processed, with the job that tries again.
pub async fn keep(app: &App, scope: CompanyScope, hop: &Hop, raw: &Raw) -> Result<()> {
    let params = Params::from(raw.params.clone());
    let key = hop.key(&raw.address(), &params);
    let mut unit = Unit::begin(app, scope).await?;
    match webhooks::claim(scope, unit.tx(), row(app, scope, &key, raw, &params)).await? {
        Claim::Settled(_) | Claim::Kept => return Ok(()),
        Claim::New => {}
    }
    let soon = unit.now() + chrono::TimeDelta::milliseconds(500);
    let id: entity::id::JobId = unit.id();
    unit.job(JobKind::SettleCallback, id, json!(raw), soon);
    unit.commit().await
}

/// The job: processes a kept callback again.
pub async fn settle_kept(app: &App, scope: CompanyScope, payload: &Value) -> Result<Done> {
    let raw: Raw = serde_json::from_value(payload.clone())
        .map_err(|cause| Error::internal("read a kept callback", cause))?;
    match Hop::parse(&raw.path, &raw.query) {
        Some(hop) => process(app, scope, &hop, &raw).await.map(|_| Done::Yes),
        None => Ok(Done::Yes),
    }
}
