//! Recording a conversation: begun by the company's policy, a flow or a person; paused, resumed and stopped; fetched from
//! the provider, kept, played, and deleted in the end.
//!
//! What is wanted is written with the change that wanted it; a job lets the provider do it. The caller's own leg is
//! recorded, in two channels, and not the room: the recording goes with him from agent to agent, has each side for
//! itself, and can be begun at any moment (docs/decisions/0020). Nothing but the functions of this module moves the state
//! of a recording.

pub mod control;
pub mod desk;
pub mod keep;
pub mod news;
pub mod parts;
pub mod policy;
pub mod retention;
pub mod secret;
pub mod settings;
pub mod voicemails;

use entity::id::{CallId, QueueId, RecordingId};
use entity::recording::PauseHolders;
use entity::{
    CallKind, CompanyScope, JobKind, PauseHolder, RecordingKind, RecordingOrigin, RecordingState,
    RecordingWish, WebhookEventKind, recording, segment,
};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use super::story::EventKind;
use super::{CallFile, transcription};
use crate::calling_codes::country_of;
use crate::error::Result;
use crate::store::{Audience, Unit, companies, outbound, recordings};
use crate::words::Words;
use policy::{Decision, Facts, Policy, Why, decide};

/// What became of the wish to record.
#[derive(Clone, Debug, PartialEq)]
pub enum Started {
    /// `say` is what the caller must be told before anything else, where nobody else tells him.
    Now {
        row: recording::Model,
        say: Option<Notice>,
    },
    /// It runs, or is paused.
    Already(recording::Model),
    Refused(Why),
}

/// That the call is recorded, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub text: String,
    /// BCP 47 tag.
    pub language: String,
}

/// Begins to record the call, unless the policy forbids it. A call that is being recorded goes on being recorded.
pub async fn start(unit: &mut Unit, file: &mut CallFile, origin: RecordingOrigin) -> Result<Started> {
    if let Some(row) = current(unit, file).await? {
        return Ok(Started::Already(row));
    }
    let decision = decision(unit, file, file.row.queue_id, origin).await?;
    if !decision.record {
        return Ok(Started::Refused(decision.why));
    }
    let (row, say) = begin(unit, file, origin, decision).await?;
    Ok(Started::Now { row, say })
}

async fn begin(
    unit: &mut Unit,
    file: &mut CallFile,
    origin: RecordingOrigin,
    decision: Decision,
) -> Result<(recording::Model, Option<Notice>)> {
    let now = unit.now();
    let (announced_at, say) = match (decision.announce, origin) {
        // Its next words are the announcement: there may be nobody else on the line yet.
        (true, RecordingOrigin::Flow) => (Some(now), Some(notice(unit.scope(), unit.tx()).await?)),
        (true, RecordingOrigin::Policy | RecordingOrigin::Person) | (false, _) => (None, None),
    };
    let paused_by = match secret::is_asked_for(unit, file).await? {
        true => vec![PauseHolder::SecureDigits],
        false => Vec::new(),
    };
    let row = recording::Model {
        origin,
        announce: decision.announce,
        announced_at,
        paused_by: PauseHolders(paused_by),
        ..blank(unit, file.id(), RecordingKind::Call, RecordingState::Planned)
    };
    recordings::insert(unit.scope(), unit.tx(), row.clone()).await?;
    file.note(
        unit,
        EventKind::RecordingWanted,
        json!({"recordingId": row.id, "origin": origin, "why": decision.why, "announce": decision.announce}),
    );
    unit.job(JobKind::ControlRecording, row.id, json!({}), now);
    Ok((row, say))
}

/// Records silence from now on, until everybody who wanted that wants to be heard again. `None` when nothing is recorded.
/// What `holder` has paused he cannot pause a second time.
pub async fn pause(
    unit: &mut Unit,
    file: &CallFile,
    holder: PauseHolder,
) -> Result<Option<recording::Model>> {
    let Some(mut row) = current(unit, file).await? else { return Ok(None) };
    if !row.paused_by.0.contains(&holder) {
        if row.paused_by.0.is_empty() {
            row.pauses += 1;
        }
        row.paused_by.0.push(holder);
        let now = unit.now();
        unit.job(JobKind::ControlRecording, row.id, json!({}), now);
        recordings::save(unit.scope(), unit.tx(), row.clone()).await?;
    }
    Ok(Some(row))
}

/// `holder` has no reason for silence any more. `None` when nothing is recorded.
pub async fn resume(
    unit: &mut Unit,
    file: &CallFile,
    holder: PauseHolder,
) -> Result<Option<recording::Model>> {
    let Some(mut row) = current(unit, file).await? else { return Ok(None) };
    if row.paused_by.0.contains(&holder) {
        row.paused_by.0.retain(|one| *one != holder);
        let now = unit.now();
        unit.job(JobKind::ControlRecording, row.id, json!({}), now);
        recordings::save(unit.scope(), unit.tx(), row.clone()).await?;
    }
    Ok(Some(row))
}

/// Ends the recording while the call goes on. `None` when nothing is recorded.
pub async fn stop(unit: &mut Unit, file: &CallFile) -> Result<Option<recording::Model>> {
    let Some(mut row) = current(unit, file).await? else { return Ok(None) };
    let now = unit.now();
    row.stop_requested_at = Some(now);
    unit.job(JobKind::ControlRecording, row.id, json!({}), now);
    recordings::save(unit.scope(), unit.tx(), row.clone()).await?;
    Ok(Some(row))
}

/// The flow does not want this call recorded: what runs ends, and nothing begins by itself.
pub async fn refuse(unit: &mut Unit, file: &CallFile) -> Result<()> {
    recordings::refuse(unit.scope(), unit.tx(), file.id(), unit.now()).await?;
    stop(unit, file).await.map(drop)
}

/// The flow wants this call recorded, whatever it has said before.
pub async fn ask(unit: &mut Unit, file: &mut CallFile) -> Result<Started> {
    recordings::allow(unit.scope(), unit.tx(), file.id()).await?;
    start(unit, file, RecordingOrigin::Flow).await
}

/// Whether nothing that is said in this call now is being recorded: what must not be heard again is asked for only then.
pub async fn is_silent<C: ConnectionTrait>(scope: CompanyScope, db: &C, call: CallId) -> Result<bool> {
    let heard = |row: &recording::Model| match row.state {
        RecordingState::InProgress => true,
        // The provider may have begun without our knowing yet.
        RecordingState::Planned => row.asked_at.is_some(),
        RecordingState::Paused
        | RecordingState::Processing
        | RecordingState::Stored
        | RecordingState::Absent
        | RecordingState::Failed
        | RecordingState::Deleted => false,
    };
    Ok(!recordings::live(scope, db, call).await?.iter().any(heard))
}

/// Caller and agent are together: the policy has its say. What was begun for an earlier agent goes on, in the same file
/// ([`parts`]), unless the calls of this agent's queue are not recorded.
pub async fn connected(unit: &mut Unit, file: &mut CallFile, segment: &segment::Model) -> Result<()> {
    let running = current(unit, file).await?;
    let origin = running.as_ref().map_or(RecordingOrigin::Policy, |row| row.origin);
    let decision = decision(unit, file, Some(segment.queue_id), origin).await?;
    match (running, decision.record) {
        (None, true) => {
            let asked = decision.why == Why::Asked;
            let origin = if asked { RecordingOrigin::Person } else { RecordingOrigin::Policy };
            begin(unit, file, origin, decision).await.map(drop)
        }
        (Some(_), true) => Ok(()),
        (Some(_), false) => stop(unit, file).await.map(drop),
        (None, false) => {
            if matches!(decision.why, Why::Country | Why::Flow | Why::Wish) {
                file.note(unit, EventKind::RecordingForbidden, json!({"why": decision.why}));
            }
            Ok(())
        }
    }
}

/// The caller is passed on to somebody outside, and none of the company's agents stays: what follows is not the company's
/// conversation. Should he come back to an agent, the policy has its say again.
pub async fn without_agent(unit: &mut Unit, file: &CallFile) -> Result<()> {
    stop(unit, file).await.map(drop)
}

/// The agent has left, and the caller goes on in his flow: the conversation is over. What the flow wanted to be recorded
/// goes on.
pub async fn conversation_over(unit: &mut Unit, file: &CallFile) -> Result<()> {
    match current(unit, file).await? {
        Some(row) if row.origin != RecordingOrigin::Flow => stop(unit, file).await.map(drop),
        Some(_) | None => Ok(()),
    }
}

/// The caller is no longer on the line, and with him the provider's recording has ended. Its callback may be lost, so
/// that it is asked for in a while.
pub async fn call_over(unit: &mut Unit, file: &mut CallFile) -> Result<()> {
    for mut row in recordings::live(unit.scope(), unit.tx(), file.id()).await? {
        let now = unit.now();
        row.stop_requested_at.get_or_insert(now);
        match row.state {
            RecordingState::Planned if row.asked_at.is_none() => {
                never_began(unit, file, &mut row, "the caller left");
            }
            // The provider may have begun: it is asked.
            RecordingState::Planned => unit.job(JobKind::ControlRecording, row.id, json!({}), now),
            RecordingState::InProgress
            | RecordingState::Paused
            | RecordingState::Processing
            | RecordingState::Stored
            | RecordingState::Absent
            | RecordingState::Failed
            | RecordingState::Deleted => ended(unit, file, &mut row),
        }
        recordings::save(unit.scope(), unit.tx(), row).await?;
    }
    Ok(())
}

/// The recording that runs or is paused, and that nobody has stopped.
async fn current(unit: &Unit, file: &CallFile) -> Result<Option<recording::Model>> {
    let live = recordings::live(unit.scope(), unit.tx(), file.id()).await?;
    Ok(live.into_iter().find(|row| row.wish() != RecordingWish::Stopped))
}

async fn decision(
    unit: &Unit,
    file: &CallFile,
    queue: Option<QueueId>,
    origin: RecordingOrigin,
) -> Result<Decision> {
    let customer = match file.row.kind {
        CallKind::Inbound | CallKind::Peer => &file.row.from_address,
        CallKind::Outbound => &file.row.to_address,
    };
    let (scope, tx) = (unit.scope(), unit.tx());
    let wish = match file.row.kind {
        CallKind::Outbound => outbound::of_call(scope, tx, file.id()).await?.and_then(|row| row.record),
        CallKind::Inbound | CallKind::Peer => None,
    };
    let origin = match (origin, wish) {
        (RecordingOrigin::Policy, Some(true)) => RecordingOrigin::Person,
        (RecordingOrigin::Policy | RecordingOrigin::Person | RecordingOrigin::Flow, _) => origin,
    };
    let refused = match wish {
        Some(false) => Some(Why::Wish),
        Some(true) | None => recordings::is_refused(scope, tx, file.id()).await?.then_some(Why::Flow),
    };
    let question = Question { kind: file.row.kind, customer, queue, refused, origin };
    question.decide(unit.scope(), unit.tx()).await
}

/// Whether a call is to be recorded, in the company's terms.
struct Question<'a> {
    kind: CallKind,
    customer: &'a str,
    queue: Option<QueueId>,
    refused: Option<Why>,
    origin: RecordingOrigin,
}

impl Question<'_> {
    async fn decide<C: ConnectionTrait>(self, scope: CompanyScope, db: &C) -> Result<Decision> {
        let policy = recordings::policy(scope, db).await?;
        let policy = policy.as_ref().map_or_else(Policy::default, Policy::from);
        let queue = match self.queue {
            Some(queue) => recordings::queue_rule(scope, db, queue).await?,
            None => None,
        };
        let Self { kind, customer, refused, origin, .. } = self;
        let facts = Facts { kind, country: country_of(customer), queue, refused, origin };
        Ok(decide(&policy, &facts))
    }
}

/// Whether a call out that is about to be made is recorded: by itself, or by the wish of who calls.
pub async fn foresee<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    customer: &str,
    queue: QueueId,
    origin: RecordingOrigin,
) -> Result<Decision> {
    let (kind, queue) = (CallKind::Outbound, Some(queue));
    Question { kind, customer, queue, refused: None, origin }.decide(scope, db).await
}

/// What a flow's wish to record would come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rehearsed {
    /// The caller would be told this before anything else.
    Begins(Option<Notice>),
    Refused(Why),
}

/// A flow wants a call of this caller recorded, who was in this queue last; nothing is recorded yet.
pub async fn rehearse<C: ConnectionTrait>(
    scope: CompanyScope,
    db: &C,
    customer: &str,
    queue: Option<QueueId>,
) -> Result<Rehearsed> {
    let (kind, origin) = (CallKind::Inbound, RecordingOrigin::Flow);
    let question = Question { kind, customer, queue, refused: None, origin };
    let decision = question.decide(scope, db).await?;
    Ok(match (decision.record, decision.announce) {
        (false, _) => Rehearsed::Refused(decision.why),
        (true, true) => Rehearsed::Begins(Some(notice(scope, db).await?)),
        (true, false) => Rehearsed::Begins(None),
    })
}

/// What both sides are told, in the company's language.
async fn notice<C: ConnectionTrait>(scope: CompanyScope, db: &C) -> Result<Notice> {
    let own = recordings::policy(scope, db).await?.and_then(|policy| policy.announcement);
    let language = companies::own(scope, db).await?.map(|company| company.language).unwrap_or_default();
    Ok(match own {
        Some(text) => Notice { text, language },
        None => {
            let words = Words::of(&language);
            Notice { text: words.recording_notice(), language: words.tag().to_owned() }
        }
    })
}

/// A row of which nothing is known yet.
pub(super) fn blank(
    unit: &Unit,
    call: CallId,
    kind: RecordingKind,
    state: RecordingState,
) -> recording::Model {
    recording::Model {
        id: unit.id::<RecordingId>(),
        company_id: unit.company(),
        call_id: call,
        kind,
        state,
        origin: RecordingOrigin::Flow,
        provider_sid: None,
        revision: 0,
        announce: false,
        announced_at: None,
        asked_at: None,
        started_at: None,
        ended_at: None,
        stop_requested_at: None,
        paused_by: PauseHolders::default(),
        pauses: 0,
        mailbox: None,
        duration_seconds: None,
        channels: None,
        storage_key: None,
        content_type: None,
        size_bytes: None,
        sha256: None,
        tries: 0,
        failure: None,
        created_at: unit.now(),
        stored_at: None,
        provider_deleted_at: None,
        legal_hold_at: None,
        legal_hold_reason: None,
        delete_requested_at: None,
        deleted_because: None,
        deleted_by: None,
        deleted_at: None,
        transcript_state: None,
        transcript: None,
        transcript_language: None,
        transcript_tries: 0,
        transcript_failure: None,
    }
}

/// The provider makes the file now. Its callback says when it is ready; should that be lost, it is looked for.
fn ended(unit: &mut Unit, file: &mut CallFile, row: &mut recording::Model) {
    let Some(state) = row.state.advance(RecordingState::Processing) else { return };
    row.state = state;
    row.ended_at.get_or_insert(unit.now());
    tell(unit, file, row, Turn::Stopped, json!({"pauses": row.pauses}));
    let later = unit.now() + unit.app().settings.timing.check_call;
    unit.job(JobKind::StoreRecording, row.id, json!({}), later);
}

/// There is nothing to be had, and nobody is to blame.
fn never_began(unit: &mut Unit, file: &mut CallFile, row: &mut recording::Model, reason: &str) {
    let Some(state) = row.state.advance(RecordingState::Absent) else { return };
    row.state = state;
    row.failure = Some(reason.to_owned());
    tell(unit, file, row, Turn::Absent, json!({"reason": reason}));
    transcription::nothing_to_hear(unit, file, row);
}

/// It is lost, or cannot be begun.
fn failed(unit: &mut Unit, file: &mut CallFile, row: &mut recording::Model, reason: &str) {
    let Some(state) = row.state.advance(RecordingState::Failed) else { return };
    row.state = state;
    row.failure = Some(shortened(reason));
    tell(unit, file, row, Turn::Failed, json!({"reason": reason}));
    transcription::nothing_to_hear(unit, file, row);
}

/// As much of a cause as its column takes.
fn shortened(cause: &str) -> String {
    cause.chars().take(400).collect()
}

/// What has happened to a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    Started,
    Paused,
    Resumed,
    Stopped,
    Stored,
    Absent,
    Failed,
    Deleted,
}

impl Turn {
    /// Its line in the story, and what sockets are told.
    fn names(self) -> (EventKind, &'static str) {
        match self {
            Self::Started => (EventKind::RecordingStarted, "recording:started"),
            Self::Paused => (EventKind::RecordingPaused, "recording:paused"),
            Self::Resumed => (EventKind::RecordingResumed, "recording:resumed"),
            Self::Stopped => (EventKind::RecordingStopped, "recording:stopped"),
            Self::Stored => (EventKind::RecordingStored, "recording:stored"),
            Self::Absent => (EventKind::RecordingAbsent, "recording:absent"),
            Self::Failed => (EventKind::RecordingFailed, "recording:failed"),
            Self::Deleted => (EventKind::RecordingDeleted, "recording:deleted"),
        }
    }
}

/// A line in the call's story, and news for supervisors and for the agent who has the call.
fn tell(unit: &mut Unit, file: &mut CallFile, row: &recording::Model, turn: Turn, more: Value) {
    let (line, event) = turn.names();
    let mut data = json!({"recordingId": row.id});
    if let (Some(data), Value::Object(more)) = (data.as_object_mut(), more) {
        data.extend(more);
    }
    let mut payload = data.clone();
    payload["callId"] = json!(row.call_id);
    payload["kind"] = json!(row.kind);
    payload["state"] = json!(row.state);
    file.note(unit, line, data);
    if turn == Turn::Stored {
        tell_outside(unit, file, row);
    }
    let mut audience = vec![Audience::Supervisors];
    audience.extend(file.row.agent_id.map(Audience::Agent));
    unit.tell(&audience, event, payload);
}

/// What others are told of a file that is here.
fn tell_outside(unit: &mut Unit, file: &CallFile, row: &recording::Model) {
    let told = json!({"recordingId": row.id, "callId": row.call_id, "from": file.row.from_address,
        "to": file.row.to_address, "seconds": row.duration_seconds, "mailbox": row.mailbox,
        "agentId": file.row.agent_id, "queueId": file.row.queue_id});
    let kind = match row.kind {
        RecordingKind::Voicemail => WebhookEventKind::VoicemailStored,
        RecordingKind::Call | RecordingKind::SurveyComment => WebhookEventKind::RecordingStored,
    };
    let at = unit.now();
    unit.fact(kind, at, told);
}
