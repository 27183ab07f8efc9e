//! Past calls in a draft.

use chrono::{DateTime, Utc};
use futures_util::stream;
use ivr_engine::{DialTo, FlowRef, Outcome as FlowOutcome, Place, RecordPurpose, Stop};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::types::{Any, Example};
use poem_openapi::{Enum, Object, OpenApi};
use serde_json::Value;
use uuid::Uuid;

use crate::app::App;
use crate::authz::{Can, ReplayFlows};
use crate::error::Error;
use crate::flows::replay::{Elsewhere, News, Outcome, Replay, Tally, Verdict, Wish};
use crate::flows::trial::Which;
use crate::http::envelope::{Failure, Wording};
use crate::http::ndjson::Lines;
use crate::http::{JsonBody, Tag};

pub struct FlowReplays;

/// Calls that are run unless more are asked for.
const LIMIT: u64 = 10_000;

/// Which calls are to be run through what.
#[derive(Object)]
#[oai(rename_all = "camelCase", example)]
struct ReplayIn {
    /// Calls that came in from then on.
    from: DateTime<Utc>,
    /// And before then.
    to: DateTime<Utc>,
    /// The number of a published version; the draft when absent.
    #[oai(validator(minimum(value = "1")))]
    version: Option<i32>,
    /// Calls at most, the oldest first; 10,000 when absent.
    #[oai(validator(minimum(value = "1"), maximum(value = "100000")))]
    limit: Option<u64>,
}

/// A line of a replay.
#[derive(Object, Default)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct ReplayLineOut {
    /// `call` for each call that would have gone otherwise, or of which nobody knows; `progress` after every few hundred;
    /// `summary` at the end, or `failed`.
    r#type: ReplayLineType,
    call_id: Option<Uuid>,
    started_at: Option<DateTime<Utc>>,
    result: Option<ReplayResult>,
    /// The first step that differs: which of the call's recorded inputs it follows, from 0.
    step: Option<u64>,
    /// That input: what the caller did, or what the server answered, as the engine has it.
    input: Option<Any<Value>>,
    /// Where the call went then.
    went: Option<FlowPlaceOut>,
    /// Where it would have gone.
    would_go: Option<FlowPlaceOut>,
    /// Why nobody knows how it would have gone on.
    why: Option<ReplayUnknownOut>,
    /// Calls that were run so far, or in all.
    calls: Option<u64>,
    same: Option<u64>,
    different: Option<u64>,
    unknown: Option<u64>,
    /// Where calls would have gone instead, the most frequent first.
    elsewhere: Option<Vec<ReplayElsewhereOut>>,
    /// Why nobody knows, the most frequent first.
    reasons: Option<Vec<ReplayUnknownOut>>,
    /// Whether every call of the range was run; there may be more than `limit`, or than five minutes are enough for.
    complete: Option<bool>,
    /// Why it failed.
    message: Option<String>,
}

/// What a line of a replay tells.
#[derive(Enum, Default)]
#[oai(rename_all = "camelCase")]
enum ReplayLineType {
    #[default]
    Progress,
    Call,
    Summary,
    Failed,
}

/// How a past call would have gone in this version.
#[derive(Enum)]
#[oai(rename_all = "camelCase")]
enum ReplayResult {
    Different,
    Unknown,
}

/// Where a call comes to: a node, and what it waits for there, or how it ends.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct FlowPlaceOut {
    /// The version of another flow that the node belongs to.
    flow: Option<String>,
    /// Absent after the end.
    node: Option<String>,
    stop: FlowStop,
    queue: Option<String>,
    /// The number, the address, the agent or the address of the request.
    to: Option<String>,
    mailbox: Option<String>,
}

/// Where a flow has led a caller.
#[derive(Enum)]
#[oai(rename_all = "camelCase")]
enum FlowStop {
    Asks,
    Queue,
    Dials,
    Voicemail,
    SurveyComment,
    /// Waits for the answer of a request.
    Requests,
    /// Waits for the server.
    AsksServer,
    /// The flow hangs up, as its author wants.
    HangsUp,
    /// Nobody was free in time.
    QueueTimesOut,
    /// The flow is broken, and the caller hears an apology.
    Apology,
    /// A flow of another kind than `call` is at its end.
    Done,
    /// The caller has hung up.
    CallerHungUp,
}

/// Why nobody knows.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct ReplayUnknownOut {
    /// `asksSomethingElse`, `asksOtherwise`, `waitsOtherwise`, `notRecorded`, `flowNotThere`, `otherEngine`, `notReadable`.
    code: String,
    /// The node of the draft at which it ends.
    node: Option<String>,
    /// How many calls.
    calls: Option<u64>,
}

/// So many calls would have gone there instead.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct ReplayElsewhereOut {
    went: FlowPlaceOut,
    would_go: FlowPlaceOut,
    calls: u64,
}

impl Example for ReplayIn {
    fn example() -> Self {
        let time = |text: &str| text.parse().unwrap_or_default();
        let (from, to) = (time("2026-03-01T00:00:00Z"), time("2026-03-03T00:00:00Z"));
        Self { from, to, version: None, limit: None }
    }
}

impl From<ReplayIn> for Wish {
    fn from(body: ReplayIn) -> Self {
        let which = body.version.map_or(Which::Draft, Which::Version);
        Self { which, from: body.from, to: body.to, limit: body.limit.unwrap_or(LIMIT) }
    }
}

impl From<Outcome> for ReplayLineOut {
    fn from(outcome: Outcome) -> Self {
        let line = Self {
            r#type: ReplayLineType::Call,
            call_id: Some(outcome.call.into()),
            started_at: Some(outcome.started_at),
            input: outcome.did.map(|input| Any(serde_json::to_value(input).unwrap_or_default())),
            ..Self::default()
        };
        let (result, step, first, why) = match outcome.verdict {
            Verdict::Same => return line,
            Verdict::Different { first } => (ReplayResult::Different, first.input, Some(first), None),
            Verdict::Unknown { input, why, first } => {
                let step = first.as_ref().map_or(input, |first| first.input);
                let why = ReplayUnknownOut { code: why.code.to_owned(), node: why.node, calls: None };
                (ReplayResult::Unknown, step, first, Some(why))
            }
        };
        let (went, would_go) = first.map(|first| (first.went.into(), first.would_go.into())).unzip();
        Self { result: Some(result), step: u64::try_from(step).ok(), went, would_go, why, ..line }
    }
}

impl ReplayLineOut {
    fn sums(r#type: ReplayLineType, tally: &Tally) -> Self {
        Self {
            r#type,
            calls: Some(tally.calls),
            same: Some(tally.same),
            different: Some(tally.different),
            unknown: Some(tally.unknown),
            ..Self::default()
        }
    }

    fn summary(tally: &Tally, complete: bool) -> Self {
        let reason = |(why, calls): (crate::flows::replay::Reason, u64)| ReplayUnknownOut {
            code: why.code.to_owned(),
            node: why.node,
            calls: Some(calls),
        };
        Self {
            elsewhere: Some(tally.elsewhere().into_iter().map(Into::into).collect()),
            reasons: Some(tally.reasons().into_iter().map(reason).collect()),
            complete: Some(complete),
            ..Self::sums(ReplayLineType::Summary, tally)
        }
    }

    fn failed(error: &Error) -> Self {
        if let Error::Internal(cause) = error {
            tracing::error!(?cause, "a replay failed");
        }
        let message = Wording::of(error).message;
        Self { r#type: ReplayLineType::Failed, message: Some(message), ..Self::default() }
    }
}

impl From<Elsewhere> for ReplayElsewhereOut {
    fn from(Elsewhere { went, would_go, calls }: Elsewhere) -> Self {
        Self { went: went.into(), would_go: would_go.into(), calls }
    }
}

impl From<Place> for FlowPlaceOut {
    fn from(Place { flow, node, stop }: Place) -> Self {
        let (mut queue, mut to, mut mailbox) = (None, None, None);
        let stop = match stop {
            Stop::Asks => FlowStop::Asks,
            Stop::Queue { queue: name } => {
                queue = Some(name);
                FlowStop::Queue
            }
            Stop::Dials { to: DialTo::Number(whom) | DialTo::Sip(whom) | DialTo::Agent(whom) } => {
                to = Some(whom);
                FlowStop::Dials
            }
            Stop::Records { purpose: RecordPurpose::Voicemail { mailbox: name, .. } } => {
                mailbox = name;
                FlowStop::Voicemail
            }
            Stop::Records { purpose: RecordPurpose::SurveyComment { .. } } => FlowStop::SurveyComment,
            Stop::Requests { url, .. } => {
                to = Some(url);
                FlowStop::Requests
            }
            Stop::AsksServer => FlowStop::AsksServer,
            Stop::Ends { outcome: FlowOutcome::Completed } => FlowStop::HangsUp,
            Stop::Ends { outcome: FlowOutcome::QueueTimedOut } => FlowStop::QueueTimesOut,
            Stop::Ends { outcome: FlowOutcome::FlowFailed } => FlowStop::Apology,
            Stop::Done => FlowStop::Done,
            Stop::Over => FlowStop::CallerHungUp,
        };
        Self { flow: flow.as_ref().map(FlowRef::to_string), node, stop, queue, to, mailbox }
    }
}

/// The lines of a part of a replay.
fn lines(news: News) -> Vec<ReplayLineOut> {
    match news {
        News::Page { outcomes, tally } => {
            let progress = ReplayLineOut::sums(ReplayLineType::Progress, &tally);
            outcomes.into_iter().map(Into::into).chain([progress]).collect()
        }
        News::Done { tally, complete } => vec![ReplayLineOut::summary(&tally, complete)],
    }
}

#[OpenApi(prefix_path = "/api/ivr", tag = "Tag::Ivr")]
impl FlowReplays {
    /// Runs past calls through a flow's draft.
    ///
    /// What callers of this flow really did (keys, words, silence, hanging up, the times, what the server answered) goes
    /// through the draft, or through a version, as long as that asks the same node for the same; the rest is `unknown` and
    /// counted apart. Nothing is written, and nobody is called. The answer comes line by line while the work is done; to
    /// cancel it, close the connection. 429 when as many replays run as may.
    #[oai(path = "/:id/replay", method = "post", operation_id = "replayFlow")]
    async fn replay(
        &self,
        can: Can<ReplayFlows>,
        Data(app): Data<&App>,
        /// The flow's id.
        id: Path<Uuid>,
        body: JsonBody<ReplayIn>,
    ) -> Result<Lines<ReplayLineOut>, Failure> {
        let replay = Replay::begin(app, can.scope()?, id.0.into(), body.0.into()).await?;
        Ok(Lines::of(stream::unfold(Some(replay), |replay| async move {
            let mut replay = replay?;
            match replay.next().await {
                Ok(Some(news)) => Some((lines(news), Some(replay))),
                Ok(None) => None,
                Err(error) => Some((vec![ReplayLineOut::failed(&error)], None)),
            }
        })))
    }
}
