//! The header `Idempotency-Key` on every operation that changes something: a request that is sent twice is carried out once, and
//! its answer is kept for a day. One layer; the resources know nothing of it (docs/decisions/0044). It must never give an answer
//! to anybody but who has asked.

mod operations;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use entity::kept_answer;
use poem::error::ReadBodyError;
use poem::http::{HeaderValue, StatusCode, header};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tracing::Instrument;
use uuid::Uuid;

pub use self::operations::describe;

use super::envelope::{self, Failure, Refused, RequestId};
use super::idempotency;
use super::measure::Operations;
use super::spec::{Paths, Spec};
use crate::app::App;
use crate::authz;
use crate::error::{Error, Result};
use crate::identity::Caller;
use crate::identity::trail::Trail;
use crate::sealed;
use crate::secret::Secret;
use crate::store::idempotency::reused;
use crate::store::kept_answers::{self, Claim};
use crate::words::Words;

const KEY: &str = "Idempotency-Key";
const REPLAYED: &str = "Idempotency-Replayed";

/// How long an attempt may take where requests have no limit.
const UNLIMITED: Duration = Duration::from_secs(900);
/// What it may take beside the request itself.
const MARGIN: Duration = Duration::from_secs(10);
/// When somebody may ask again whose request is being carried out.
const ASK_AGAIN: Duration = Duration::from_secs(1);
/// What was refused for what it asks. Other refusals come before anything was begun, or are nobody's fault: the request may be sent
/// again, mended or not.
const KEPT_REFUSALS: [StatusCode; 4] = [
    StatusCode::NOT_FOUND,
    StatusCode::CONFLICT,
    StatusCode::PRECONDITION_FAILED,
    StatusCode::UNPROCESSABLE_ENTITY,
];
const KEPT_HEADERS: [header::HeaderName; 3] = [header::CONTENT_TYPE, header::CONTENT_LANGUAGE, header::ETAG];

pub struct Repeats {
    pub app: App,
    pub spec: &'static Spec,
}

impl<E: Endpoint + 'static> Middleware<E> for Repeats {
    type Output = Repeatable<E>;

    fn transform(&self, inner: E) -> Repeatable<E> {
        let kept = operations::kept(self.spec);
        let (app, operations, paths) = (self.app.clone(), Operations::of(self.spec), self.spec.paths());
        Repeatable { inner: Arc::new(inner), around: Arc::new(Around { app, operations, paths, kept }) }
    }
}

pub struct Repeatable<E> {
    inner: Arc<E>,
    around: Arc<Around>,
}

struct Around {
    app: App,
    operations: Operations,
    paths: Paths,
    /// The permissions of operations whose answers are kept, by their ids.
    kept: HashMap<String, String>,
}

/// A request that is being carried out, as its row names it.
#[derive(Clone)]
struct Attempt {
    row: String,
    id: Uuid,
}

impl<E: Endpoint + 'static> Endpoint for Repeatable<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let around = &self.around;
        let operation = around.operations.named(request.method().as_str(), request.uri().path());
        let Some((operation, permission)) = around.kept.get_key_value(operation) else {
            return self.pass(request).await;
        };
        let Some(key) = request.header(KEY).map(str::to_owned) else {
            return self.pass(request).await;
        };
        // Who is nobody is refused within, as without a key.
        let Ok(caller) = authz::sender(&around.app, &request).await else {
            return self.pass(request).await;
        };
        idempotency::check(&key).map_err(Failure)?;
        let fingerprint = around.take_in(&mut request).await?;
        let row = around.row(&caller, operation, &key, fingerprint);
        let attempt = Attempt { row: row.id.clone(), id: row.attempt };
        match around.claim(row).await.map_err(Failure)? {
            Claim::New => self.carry_out(request, attempt).await,
            known => {
                authz::count_request(&around.app, &caller, permission, &request).await.map_err(Failure)?;
                around.again(known, &attempt.row).map_err(|error| Failure(error).into())
            }
        }
    }
}

impl<E: Endpoint + 'static> Repeatable<E> {
    /// Carries a request out as if there were no keys. What is within is large: on the heap, no layer around moves it about on the
    /// stack.
    async fn pass(&self, request: Request) -> poem::Result<Response> {
        Box::pin(self.inner.call(request)).await.map(IntoResponse::into_response)
    }

    /// Goes on when the client goes away, so that he who asks again hears what became of it.
    async fn carry_out(&self, request: Request, attempt: Attempt) -> poem::Result<Response> {
        let (inner, around, mine) = (self.inner.clone(), self.around.clone(), attempt.clone());
        let work = async move {
            let _busy = around.app.clock.busy();
            let path = request.uri().path().to_owned();
            let words = Words::accepted(request.header(header::ACCEPT_LANGUAGE).unwrap_or_default());
            let id = request.extensions().get::<RequestId>().cloned();
            let mut response = match Box::pin(inner.call(request)).await {
                Ok(output) => output.into_response(),
                Err(error) => {
                    let id = id.map_or_else(String::new, |RequestId(id)| id);
                    envelope::failed(error, &around.paths, &id, &path, words)
                }
            };
            if let Err(error) = around.settle(&mine, &mut response).await {
                tracing::error!(?error, path, "the answer to a request with a key was not kept");
            }
            response
        };
        let work = work.instrument(tracing::Span::current());
        let work = match Trail::current() {
            Some(trail) => tokio::spawn(trail.behind(work)),
            None => tokio::spawn(work),
        };
        match work.await {
            Ok(response) => Ok(response),
            Err(ended) => {
                if let Err(error) = self.around.release(&attempt).await {
                    tracing::error!(?error, "a key is not free before its time");
                }
                match ended.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    Err(ended) => Err(Failure(Error::internal("carry out a request", ended)).into()),
                }
            }
        }
    }
}

impl Around {
    /// Reads the body, in no more time than a request has: a hash of what is asked for. JSON that is only written differently asks
    /// for the same.
    async fn take_in(&self, request: &mut Request) -> poem::Result<String> {
        let limit = self.app.settings.max_body_bytes;
        let reading = request.take_body().into_bytes_limit(limit);
        let patience = self.app.settings.request_limit.unwrap_or(UNLIMITED);
        let body = match self.app.clock.timeout(patience, reading).await {
            Some(Ok(body)) => body,
            Some(Err(ReadBodyError::PayloadTooLarge)) => return Err(Refused::TooLarge(limit).into()),
            Some(Err(_)) | None => return Err(Refused::BrokenOff.into()),
        };
        let mut hash = Sha256::new();
        hash.update(request.uri().path_and_query().map_or("", |asked| asked.as_str()));
        hash.update("\n");
        match serde_json::from_slice::<serde_json::Value>(&body) {
            Ok(value) => hash.update(value.to_string()),
            Err(_) => hash.update(&body),
        }
        request.set_body(body);
        Ok(hex::encode(hash.finalize()))
    }

    fn row(&self, caller: &Caller, operation: &str, key: &str, fingerprint: String) -> kept_answer::Model {
        let company = caller.company();
        let sender = caller.key.map_or_else(|| caller.user.to_string(), |key| key.id.to_string());
        let named = company.map_or_else(String::new, |company| company.to_string());
        let now = self.app.clock.now();
        let limit = self.app.settings.request_limit.unwrap_or(UNLIMITED) + MARGIN;
        kept_answer::Model {
            id: hex::encode(Sha256::digest(format!("{named}\n{sender}\n{operation}\n{key}"))),
            user_id: caller.user,
            company_id: company,
            fingerprint,
            attempt: self.app.ids.next(),
            until: now + TimeDelta::from_std(limit).unwrap_or(TimeDelta::hours(1)),
            status: None,
            answer_sealed: None,
            created_at: now,
        }
    }

    async fn claim(&self, row: kept_answer::Model) -> Result<Claim> {
        let (tx, now) = (self.app.db.begin().await?, row.created_at);
        let claim = kept_answers::claim(&tx, row, now).await?;
        tx.commit().await?;
        Ok(claim)
    }

    /// Keeps the answer, or frees the key.
    async fn settle(&self, attempt: &Attempt, response: &mut Response) -> Result<()> {
        let status = response.status();
        if !status.is_success() && !KEPT_REFUSALS.contains(&status) {
            return self.release(attempt).await;
        }
        let body = response.take_body().into_string().await;
        let body = body.map_err(|cause| Error::internal("read an answer", cause))?;
        response.set_body(body.clone());
        let value = |name: header::HeaderName| {
            let value = response.headers().get(&name)?.to_str().ok()?;
            Some((name.to_string(), value.to_owned()))
        };
        let headers = KEPT_HEADERS.into_iter().filter_map(value).collect();
        let answer = serde_json::to_string(&Answer { headers, body })
            .map_err(|cause| Error::internal("write an answer", cause))?;
        let sealed = sealed::seal(&self.app.keys, &about(&attempt.row), &Secret::new(answer))?;
        let tx = self.app.db.begin().await?;
        kept_answers::keep(&tx, &attempt.row, attempt.id, status.as_u16().into(), sealed).await?;
        Ok(tx.commit().await?)
    }

    async fn release(&self, attempt: &Attempt) -> Result<()> {
        let tx = self.app.db.begin().await?;
        kept_answers::release(&tx, &attempt.row, attempt.id).await?;
        Ok(tx.commit().await?)
    }

    /// The answer to a request that is not carried out.
    fn again(&self, claim: Claim, row: &str) -> Result<Response> {
        match claim {
            Claim::New => Err(Error::internal("answer a request again", "it is new")),
            Claim::UnderWay => Err(Error::UnderWay { retry_after: ASK_AGAIN }),
            Claim::Reused => Err(reused()),
            Claim::Answered { status, answer_sealed } => {
                let broken = |cause: Box<dyn std::error::Error + Send + Sync>| {
                    Error::internal("read a kept answer", cause)
                };
                let answer = sealed::open(&self.app.keys, &about(row), &answer_sealed)?;
                let answer: Answer =
                    serde_json::from_str(answer.expose()).map_err(|cause| broken(cause.into()))?;
                let status = u16::try_from(status).map_err(|cause| broken(cause.into()))?;
                let status = StatusCode::from_u16(status).map_err(|cause| broken(cause.into()))?;
                let mut response = Response::builder().status(status);
                for (name, value) in answer.headers {
                    response = response.header(name, value);
                }
                Ok(response.header(REPLAYED, HeaderValue::from_static("true")).body(answer.body))
            }
        }
    }
}

/// What is kept of an answer.
#[derive(Serialize, Deserialize)]
struct Answer {
    headers: Vec<(String, String)>,
    body: String,
}

fn about(row: &str) -> String {
    format!("kept_answer:{row}")
}
