//! A flow asks somebody else's server, and its caller waits for the answer.
//!
//! The request is a row and a job, written with the step that made it. The job sends it, at least once, with the row's id
//! as its `Idempotency-Key`. The caller's line asks for the answer, a hop a second or so: a hop stays while this node has
//! an attempt under way, so that a short one costs no pause, and ends long before the provider gives up on it. What is
//! answered stands in the row until a hop feeds it to the flow; when none has come by the row's deadline the flow goes on
//! without. Nothing here depends on one process.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{CallId, RequestId};
use entity::{CompanyScope, JobKind, flow_request};
use ivr_engine::{Input, Outgoing, RequestCall, RequestOutcome};
use reqwest::{Method, Url};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::story::EventKind;
use super::{CallFile, Reply, arrive, flow, secrets};
use crate::app::App;
use crate::error::{Error, Result};
use crate::jobs::Done;
use crate::outbound::web::{Answer, Fault, Sending};
use crate::store::{Unit, requests};

/// How long a hop stays for an attempt that is under way here: far below the 15 seconds of the provider.
const HOP: Duration = Duration::from_secs(5);
/// How long an attempt waits for its turn among those of its company: with its own time it must stay within a lease.
const TURN: Duration = Duration::from_secs(10);
/// Between two attempts.
const PAUSE: TimeDelta = TimeDelta::seconds(1);
/// What a request may take beyond its attempts: to be begun, and to be begun again by another node.
const SLACK: TimeDelta = TimeDelta::seconds(10);
const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// The requests that this node has under way.
#[derive(Default)]
pub struct Underway(Mutex<HashMap<RequestId, watch::Receiver<()>>>);

impl Underway {
    fn begin(&self, id: RequestId) -> Attempting<'_> {
        let (ends, ended) = watch::channel(());
        self.lock().insert(id, ended);
        Attempting { underway: self, id, _ends: ends }
    }

    /// Returns when the attempt is over; at once when there is none here.
    async fn ended(&self, id: RequestId) {
        let attempt = self.lock().get(&id).cloned();
        if let Some(mut attempt) = attempt {
            // Nothing is ever sent: it is over when nobody can.
            let _ = attempt.changed().await;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<RequestId, watch::Receiver<()>>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

struct Attempting<'a> {
    underway: &'a Underway,
    id: RequestId,
    _ends: watch::Sender<()>,
}

impl Drop for Attempting<'_> {
    fn drop(&mut self) {
        self.underway.lock().remove(&self.id);
    }
}

/// The flow has come to a request.
pub async fn begin(unit: &mut Unit, file: &CallFile, call: &RequestCall) -> Result<()> {
    let (scope, now) = (unit.scope(), unit.now());
    let request = serde_json::to_value(call).map_err(|cause| Error::internal("write a request", cause))?;
    if let Some(row) = requests::of_call(scope, unit.tx(), file.id()).await? {
        // An input that did not fit makes the flow ask for the same thing again.
        if row.request == request {
            return Ok(());
        }
        requests::delete(scope, unit.tx(), row.id).await?;
    }
    let row = flow_request::Model {
        id: unit.id(),
        company_id: unit.company(),
        call_id: file.id(),
        request,
        attempts: 0,
        outcome: None,
        created_at: now,
        deadline_at: now + longest(call),
    };
    let id = row.id;
    requests::insert(scope, unit.tx(), row).await?;
    unit.job(JobKind::SendRequest, id, json!({}), now);
    Ok(())
}

fn longest(call: &RequestCall) -> TimeDelta {
    let attempts = i32::try_from(call.retries).unwrap_or_default() + 1;
    (TimeDelta::seconds(i64::from(call.timeout_seconds)) + PAUSE) * attempts + SLACK
}

/// Where a caller's line asks again for what was not there yet.
#[derive(Clone, Copy, Debug)]
pub struct Asking {
    pub call: CallId,
    pub version: i32,
    /// How often it has asked.
    pub hop: u32,
}

impl Asking {
    fn again(self) -> Reply {
        Reply::AwaitAnswer { call: self.call, version: self.version, hop: self.hop + 1 }
    }
}

/// What the line is told as long as there is no answer; `None` when the flow goes on. Only reads, and stays a while for
/// an attempt that is under way here.
pub async fn wait(app: &App, scope: CompanyScope, asking: Asking) -> Result<Option<Reply>> {
    let Some(row) = open(app, scope, asking.call).await? else { return Ok(None) };
    app.clock.timeout(HOP, app.underway.ended(row.id)).await;
    Ok(open(app, scope, asking.call).await?.map(|_| asking.again()))
}

async fn open(app: &App, scope: CompanyScope, call: CallId) -> Result<Option<flow_request::Model>> {
    let row = requests::of_call(scope, app.db.reader(), call).await?;
    Ok(row.filter(|row| row.outcome.is_none() && app.clock.now() < row.deadline_at))
}

/// The flow goes on with the answer, or without one when its time is over.
pub async fn go_on(unit: &mut Unit, asking: Asking) -> Result<Reply> {
    let mut file = CallFile::open(unit, asking.call).await?;
    if file.row.session_version != asking.version {
        return Ok(file.current());
    }
    let outcome = match requests::of_call(unit.scope(), unit.tx(), asking.call).await? {
        Some(flow_request::Model { id, outcome: Some(outcome), .. }) => {
            requests::delete(unit.scope(), unit.tx(), id).await?;
            serde_json::from_value(outcome).map_err(|cause| Error::internal("read an outcome", cause))?
        }
        Some(row) if unit.now() < row.deadline_at => return Ok(asking.again()),
        Some(row) => {
            requests::delete(unit.scope(), unit.tx(), row.id).await?;
            file.note(
                unit,
                EventKind::RequestGivenUp,
                json!({"requestId": row.id, "attempts": row.attempts}),
            );
            RequestOutcome::TimedOut
        }
        None => RequestOutcome::Failed,
    };
    secrets::forget(unit, asking.call).await?;
    let reply = flow::advance(unit, &mut file, Input::Requested(outcome)).await?;
    arrive::remember(unit, &mut file, &reply);
    file.save(unit).await?;
    Ok(reply)
}

/// The caller has hung up. A request that is under way is sent to its end all the same: what it does is not for him alone.
/// One that needs what he keyed in is not begun any more.
pub async fn caller_left(unit: &Unit, file: &CallFile) -> Result<()> {
    requests::forget_answered(unit.scope(), unit.tx(), file.id()).await?;
    secrets::forget(unit, file.id()).await
}

/// The job: one attempt.
pub async fn send(app: &App, scope: CompanyScope, id: RequestId) -> Result<Done> {
    let row = requests::by_id(scope, app.db.reader(), id).await?;
    let Some(row) = row.filter(|row| row.outcome.is_none()) else { return Ok(Done::Yes) };
    let _attempting = app.underway.begin(id);
    let began = app.clock.now();
    if began >= row.deadline_at {
        return settle(app, scope, &row, Attempt { result: Err(NoAnswer::GivenUp), began }).await;
    }
    let Some(_lane) = app.clock.timeout(TURN, app.lanes.enter(scope.company())).await else {
        return Ok(Done::Again(app.clock.now() + PAUSE));
    };
    let began = app.clock.now();
    let result = attempt(app, scope, &row).await?;
    settle(app, scope, &row, Attempt { result, began }).await
}

struct Attempt {
    result: Result<Answer, NoAnswer>,
    began: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NoAnswer {
    SecretMissing,
    GivenUp,
    Fault(Fault),
}

async fn attempt(
    app: &App,
    scope: CompanyScope,
    row: &flow_request::Model,
) -> Result<Result<Answer, NoAnswer>> {
    let call = call_of(row)?;
    let secrets = secrets::of_call(app, scope, app.db.reader(), row.call_id).await?;
    Ok(match call.fill(secrets) {
        Err(_) => Err(NoAnswer::SecretMissing),
        Ok(outgoing) => app.web.send(sending(&call, outgoing, row.id)).await.map_err(NoAnswer::Fault),
    })
}

fn call_of(row: &flow_request::Model) -> Result<RequestCall> {
    serde_json::from_value(row.request.clone()).map_err(|cause| Error::internal("read a request", cause))
}

fn sending(call: &RequestCall, outgoing: Outgoing, id: RequestId) -> Sending {
    let mut headers: BTreeMap<String, String> =
        outgoing.headers.into_iter().map(|(name, value)| (name, value.to_string())).collect();
    if !headers.keys().any(|name| name.eq_ignore_ascii_case(IDEMPOTENCY_KEY)) {
        headers.insert(IDEMPOTENCY_KEY.to_owned(), id.to_string());
    }
    if outgoing.body.is_some() {
        headers.insert("Content-Type".to_owned(), call.content_type.clone());
    }
    Sending {
        method: match call.method {
            ivr_engine::Method::Get => Method::GET,
            ivr_engine::Method::Post => Method::POST,
            ivr_engine::Method::Put => Method::PUT,
            ivr_engine::Method::Patch => Method::PATCH,
            ivr_engine::Method::Delete => Method::DELETE,
        },
        url: outgoing.url.to_string(),
        headers,
        body: outgoing.body.map(|body| Bytes::copy_from_slice(body.as_bytes())),
        timeout: Duration::from_secs(call.timeout_seconds.into()),
    }
}

/// Keeps what an attempt came to, unless somebody has settled the request meanwhile.
async fn settle(
    app: &App,
    scope: CompanyScope,
    seen: &flow_request::Model,
    attempt: Attempt,
) -> Result<Done> {
    let call = call_of(seen)?;
    let mut unit = Unit::begin(app, scope).await?;
    let mut file = CallFile::open(&unit, seen.call_id).await?;
    let row = requests::lock(scope, unit.tx(), seen.id).await?;
    let Some(mut row) = row.filter(|row| row.outcome.is_none()) else { return Ok(Done::Yes) };
    row.attempts += 1;
    let again = unit.now() + PAUSE;
    let tries_left = row.attempts <= i32::try_from(call.retries).unwrap_or_default();
    let repeats = tries_left && attempt.may_be_repeated() && again < row.deadline_at;
    file.note(&unit, EventKind::RequestAttempted, told(&row, &call, &attempt, unit.now()));
    let id = row.id;
    if repeats {
        requests::save(scope, unit.tx(), row).await?;
    } else if file.caller_has_left() {
        requests::delete(scope, unit.tx(), id).await?;
    } else {
        row.outcome = Some(serde_json::to_value(attempt.outcome(&call)).unwrap_or_default());
        requests::save(scope, unit.tx(), row).await?;
        secrets::forget(&unit, seen.call_id).await?;
    }
    file.save(&mut unit).await?;
    unit.commit().await?;
    Ok(if repeats { Done::Again(again) } else { Done::Yes })
}

impl Attempt {
    /// Who did not answer, or says that he cannot now, may be asked again.
    fn may_be_repeated(&self) -> bool {
        match &self.result {
            Ok(answer) => answer.status == 429 || answer.status >= 500,
            Err(NoAnswer::Fault(Fault::NoAnswer | Fault::TimedOut)) => true,
            Err(
                NoAnswer::Fault(Fault::AddressRefused | Fault::BadHeader | Fault::AnswerTooLarge)
                | NoAnswer::SecretMissing
                | NoAnswer::GivenUp,
            ) => false,
        }
    }

    fn outcome(&self, call: &RequestCall) -> RequestOutcome {
        match &self.result {
            Ok(answer) => storable(RequestOutcome::read(answer.status, &answer.body, &call.wanted)),
            Err(NoAnswer::Fault(Fault::TimedOut) | NoAnswer::GivenUp) => RequestOutcome::TimedOut,
            Err(
                NoAnswer::Fault(
                    Fault::AddressRefused | Fault::BadHeader | Fault::NoAnswer | Fault::AnswerTooLarge,
                )
                | NoAnswer::SecretMissing,
            ) => RequestOutcome::Failed,
        }
    }
}

/// Without the one character that PostgreSQL cannot keep.
fn storable(outcome: RequestOutcome) -> RequestOutcome {
    match outcome {
        RequestOutcome::Answered { status, values } => {
            let clean = |(pointer, value): (String, Option<String>)| {
                (pointer, value.map(|value| value.replace('\0', "")))
            };
            RequestOutcome::Answered { status, values: values.into_iter().map(clean).collect() }
        }
        RequestOutcome::TimedOut | RequestOutcome::Failed => outcome,
    }
}

/// What the story tells of an attempt: never what was sent or answered.
fn told(row: &flow_request::Model, call: &RequestCall, attempt: &Attempt, now: DateTime<Utc>) -> Value {
    // With the names of secrets in their place; where one stands in the host there is none to tell.
    let host = Url::parse(&call.url.shown()).ok().and_then(|url| url.host_str().map(str::to_owned));
    let mut told = json!({
        "requestId": row.id,
        "host": host,
        "attempt": row.attempts,
        "milliseconds": (now - attempt.began).num_milliseconds(),
    });
    match &attempt.result {
        Ok(answer) => told["status"] = json!(answer.status),
        Err(NoAnswer::Fault(fault)) => told["fault"] = json!(fault.as_str()),
        Err(NoAnswer::SecretMissing) => told["fault"] = json!("secretMissing"),
        Err(NoAnswer::GivenUp) => told["fault"] = json!("givenUp"),
    }
    told
}
