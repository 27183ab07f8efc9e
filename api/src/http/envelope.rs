//! The one envelope. Every answer with data is a [`Success`], every failure of every layer (a broken body, an unknown
//! path, a wrong method, a refused token, a crash) is a [`FailureBody`]; both are made here and nowhere else. Nothing
//! else in the server may turn an error into a response.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use clock::Clock;
use futures_util::FutureExt;
use poem::error::{MethodNotAllowedError, NotFoundError, ResponseError};
use poem::http::{HeaderName, HeaderValue, StatusCode, header};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response};
use poem_openapi::error::{ContentTypeError, ParseParamError, ParsePathError};
use poem_openapi::payload::Json;
use poem_openapi::registry::{MetaResponses, Registry};
use poem_openapi::types::{ParseFromJSON, ToJSON, Type};
use poem_openapi::{ApiResponse, Object};
use tracing::Instrument;

use super::page::Pagination;
use super::spec::Paths;
use crate::error::{Code, Error, FieldError};
use crate::ids::Ids;
use crate::log::traces;
use crate::slice::Slice;
use crate::words::Words;

const DEFAULT_LANGUAGE: &str = "en";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What a handler returns: status 200 with the data, or a failure.
pub type Reply<T> = Result<Json<Success<T>>, Failure>;

/// An answer with data.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct Success<T: ParseFromJSON + ToJSON + Type + Send + Sync> {
    /// Always true.
    pub success: bool,
    /// For people.
    pub message: Option<String>,
    pub data: T,
    /// Where this page stands, in lists that are read page by page.
    pub pagination: Option<Pagination>,
    /// Reads on behind the last row of this page; absent at the end.
    pub next_cursor: Option<String>,
}

impl<T: ParseFromJSON + ToJSON + Type + Send + Sync> Success<T> {
    pub fn of(data: T) -> Self {
        Self { success: true, message: None, data, pagination: None, next_cursor: None }
    }

    /// 200 with the data.
    pub fn ok(data: impl Into<T>) -> Reply<T> {
        Ok(Json(Self::of(data.into())))
    }
}

impl<T: ParseFromJSON + ToJSON + Type + Send + Sync> Success<Vec<T>> {
    /// 200 with every row of a list that is short by nature.
    pub fn list<Row: Into<T>>(rows: Vec<Row>) -> Reply<Vec<T>> {
        Ok(Json(Self::of(rows.into_iter().map(Into::into).collect())))
    }

    /// 200 with one page of a list.
    pub fn page<Row: Into<T>>(rows: Vec<Row>, pagination: Pagination) -> Reply<Vec<T>> {
        let rows = rows.into_iter().map(Into::into).collect();
        Ok(Json(Self { pagination: Some(pagination), ..Self::of(rows) }))
    }
}

impl<Row> Slice<Row> {
    /// 200 with a part of a list and the cursor of the next.
    pub fn reply<T>(self) -> Reply<Vec<T>>
    where
        T: ParseFromJSON + ToJSON + Type + Send + Sync + From<Row>,
    {
        let data = self.rows.into_iter().map(T::from).collect();
        Ok(Json(Success { next_cursor: self.next_cursor, ..Success::of(data) }))
    }
}

/// Something was made.
#[derive(ApiResponse)]
pub enum Created<T: ParseFromJSON + ToJSON + Type + Send + Sync> {
    /// Made.
    #[oai(status = 201)]
    Created(Json<Success<T>>),
}

impl<T: ParseFromJSON + ToJSON + Type + Send + Sync> Created<T> {
    pub fn of(data: impl Into<T>) -> Result<Self, Failure> {
        Ok(Self::Created(Json(Success::of(data.into()))))
    }
}

/// Something was done, and there is nothing more to say about it.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
pub struct Done {
    /// Always true.
    pub success: bool,
    /// For people.
    pub message: String,
}

impl Done {
    pub fn saying(message: impl Into<String>) -> Result<Json<Self>, Failure> {
        Ok(Json(Self { success: true, message: message.into() }))
    }
}

/// It will be done, or not: the answer does not tell.
#[derive(ApiResponse)]
pub enum Accepted {
    /// Received.
    #[oai(status = 202)]
    Accepted(Json<Done>),
}

impl Accepted {
    pub fn saying(message: impl Into<String>) -> Result<Self, Failure> {
        Ok(Self::Accepted(Json(Done { success: true, message: message.into() })))
    }
}

/// The body of every failure.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", rename = "Failure")]
pub struct FailureBody {
    /// Always false.
    pub success: bool,
    /// For people.
    pub message: String,
    /// For programs; part of the contract.
    pub code: Code,
    /// What is wrong with which field; empty when no field is to blame.
    pub errors: Vec<WrongField>,
    /// Names this request in the server's log.
    pub request_id: String,
}

/// One field that is wrong.
#[derive(Object, Debug)]
pub struct WrongField {
    /// JSON pointer into the body (RFC 6901), or the name of a parameter.
    pub field: String,
    pub message: String,
}

impl From<FieldError> for WrongField {
    fn from(error: FieldError) -> Self {
        Self { field: error.field, message: error.message }
    }
}

/// An [`Error`] on its way through poem. Its text says nothing: only [`Enveloped`] turns it into a response.
#[derive(Debug, thiserror::Error)]
#[error("a failure that was not put into the envelope")]
pub struct Failure(pub Error);

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl ResponseError for Failure {
    fn status(&self) -> StatusCode {
        Answer::to_error(&self.0).status
    }
}

impl ApiResponse for Failure {
    /// Failures are put into the specification for all operations at once, by `spec`.
    fn meta() -> MetaResponses {
        MetaResponses { responses: Vec::new() }
    }

    fn register(_: &mut Registry) {}
}

/// How a failure is put to a client, in the envelope and in a socket's acknowledgement alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wording {
    pub code: Code,
    pub message: String,
    pub fields: Vec<FieldError>,
}

impl Wording {
    pub fn of(error: &Error) -> Self {
        let Answer { status: _, code, message, fields, headers: _ } = Answer::to_error(error);
        Self { code, message, fields }
    }
}

/// What is wrong with a request before any use case sees it.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    #[error("not JSON: {0}")]
    NotJson(String),
    #[error("some fields are not as the operation wants them")]
    Fields(Vec<FieldError>),
    #[error("larger than {0} bytes")]
    TooLarge(usize),
    #[error("it broke off")]
    BrokenOff,
    /// What came, and what it has to be.
    #[error("content type {0}")]
    ContentType(String, &'static str),
}

impl ResponseError for Refused {
    fn status(&self) -> StatusCode {
        Answer::to_refusal(self).status
    }
}

/// A failure, ready to be written.
struct Answer {
    status: StatusCode,
    code: Code,
    message: String,
    fields: Vec<FieldError>,
    headers: Vec<(HeaderName, String)>,
}

impl Answer {
    fn new(status: StatusCode, code: Code, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), fields: Vec::new(), headers: Vec::new() }
    }

    fn with(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// In whole seconds, at least one.
    fn again_after(self, wait: Duration) -> Self {
        self.with(header::RETRY_AFTER, wait.as_millis().div_ceil(1000).max(1).to_string())
    }

    fn naming(mut self, fields: Vec<FieldError>) -> Self {
        self.fields = fields;
        self
    }

    fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            Code::Internal,
            "Something went wrong here. It has been noted.",
        )
    }

    /// The one mapping of our errors to HTTP.
    fn to_error(error: &Error) -> Self {
        match error {
            Error::NotFound(subject) => Self::new(StatusCode::NOT_FOUND, subject.code(), subject.message()),
            Error::Conflict { code, message } => Self::new(StatusCode::CONFLICT, *code, message.as_ref()),
            Error::Differs { code, message, fields } => {
                Self::new(StatusCode::CONFLICT, *code, message.as_ref()).naming(fields.clone())
            }
            Error::Invalid { code, message, fields } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, *code, message.as_ref()).naming(fields.clone())
            }
            Error::Unauthorized { code, message } => {
                Self::new(StatusCode::UNAUTHORIZED, *code, *message).with(header::WWW_AUTHENTICATE, "Bearer")
            }
            Error::Forbidden { permission } => Self::new(
                StatusCode::FORBIDDEN,
                Code::Forbidden,
                format!("This needs the permission {permission}."),
            ),
            Error::BadSignature => Self::new(
                StatusCode::FORBIDDEN,
                Code::BadSignature,
                "The request's signature is missing or wrong.",
            ),
            Error::PreconditionFailed => Self::new(
                StatusCode::PRECONDITION_FAILED,
                Code::PreconditionFailed,
                "Somebody has changed this since you read it. Read it again.",
            ),
            Error::TusVersion => Self::new(
                StatusCode::PRECONDITION_FAILED,
                Code::TusVersionUnknown,
                "Speak version 1.0.0 of tus.",
            ),
            Error::OutOfRange { size } => {
                Self::new(StatusCode::RANGE_NOT_SATISFIABLE, Code::OutOfRange, "The file has no such part.")
                    .with(header::CONTENT_RANGE, format!("bytes */{size}"))
            }
            Error::TooOften { retry_after } => Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                Code::TooManyRequests,
                "Too many attempts. Wait a little.",
            )
            .again_after(*retry_after),
            Error::UnderWay { retry_after } => Self::new(
                StatusCode::CONFLICT,
                Code::IdempotencyKeyInUse,
                "The same request with this Idempotency-Key is being carried out. Ask again in a moment.",
            )
            .again_after(*retry_after),
            Error::Unavailable { code, message } => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, *code, *message)
            }
            Error::Internal(_) => Self::internal(),
        }
    }

    fn to_refusal(refused: &Refused) -> Self {
        match refused {
            Refused::NotJson(problem) => Self::new(
                StatusCode::BAD_REQUEST,
                Code::InvalidJson,
                format!("The body is not JSON: {problem}."),
            ),
            Refused::Fields(fields) => {
                Self::new(StatusCode::BAD_REQUEST, Code::ValidationFailed, "Some fields are not valid.")
                    .naming(fields.clone())
            }
            Refused::TooLarge(limit) => Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                Code::BodyTooLarge,
                format!("The body may have at most {limit} bytes."),
            ),
            Refused::BrokenOff => {
                Self::new(StatusCode::BAD_REQUEST, Code::BodyBrokenOff, "The body broke off. Send it again.")
            }
            Refused::ContentType(_, wanted) => Self::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                Code::UnsupportedMediaType,
                format!("The content type must be {wanted}."),
            ),
        }
    }

    /// What poem and poem-openapi report by themselves.
    fn to_framework(error: &poem::Error, paths: &Paths, path: &str) -> Self {
        let parameter = |name: &str, reason: &str| {
            let field = FieldError { field: name.to_owned(), message: reason.to_owned() };
            Self::new(StatusCode::BAD_REQUEST, Code::InvalidParameter, "A parameter is not valid.")
                .naming(vec![field])
        };
        if let Some(bad) = error.downcast_ref::<ParseParamError>() {
            return parameter(bad.name, &bad.reason);
        }
        if let Some(bad) = error.downcast_ref::<ParsePathError>() {
            // poem-openapi names the parameters of a path by their place: param0, param1.
            let place = bad.name.strip_prefix("param").and_then(|place| place.parse().ok());
            let name = place.and_then(|place| paths.parameter(path, place));
            return parameter(name.unwrap_or(bad.name), &bad.reason);
        }
        if error.is::<NotFoundError>() {
            return Self::new(StatusCode::NOT_FOUND, Code::NoSuchPath, "There is nothing at this address.");
        }
        if error.is::<MethodNotAllowedError>() {
            let answer = Self::new(
                StatusCode::METHOD_NOT_ALLOWED,
                Code::MethodNotAllowed,
                "This address does not know that method.",
            );
            // What the specification does not know is the specification itself and its page.
            return answer.with(header::ALLOW, paths.allow(path).unwrap_or_else(|| "GET, HEAD".to_owned()));
        }
        if error.is::<ContentTypeError>() {
            return Self::to_refusal(&Refused::ContentType(String::new(), "one that the operation takes"));
        }
        match error.status() {
            StatusCode::UNAUTHORIZED => {
                Self::to_error(&Error::Unauthorized { code: Code::Unauthorized, message: "Sign in first." })
            }
            StatusCode::PAYLOAD_TOO_LARGE => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, Code::BodyTooLarge, "The body is too large.")
            }
            status if status.is_client_error() => {
                Self::new(status, Code::BadRequest, "The request cannot be read.")
            }
            _ => Self::internal(),
        }
    }

    /// In the caller's language, where that has a text for the code; else in English, which says most.
    fn write(self, request_id: &str, words: Words) -> Response {
        let translated = words.refusal(self.code);
        let language = translated.map_or(DEFAULT_LANGUAGE, |_| words.language_tag());
        let body = FailureBody {
            success: false,
            message: translated.map_or(self.message, str::to_owned),
            code: self.code,
            errors: self.fields.into_iter().map(Into::into).collect(),
            request_id: request_id.to_owned(),
        };
        let mut response = Response::builder()
            .status(self.status)
            .content_type("application/json")
            .header(header::CONTENT_LANGUAGE, language)
            .header(header::VARY, "Accept-Language")
            .body(body.to_json_string());
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

/// The name of one request, in the log and in the answer.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

impl RequestId {
    /// What a proxy before us called the request, when that is harmless text, else a new id.
    fn of(request: &Request, ids: &Ids) -> Self {
        let harmless = |text: &&str| {
            (1..=64).contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        let given = request.header(REQUEST_ID).filter(harmless);
        Self(given.map_or_else(|| ids.next::<uuid::Uuid>().to_string(), str::to_owned))
    }
}

/// The outermost layer: names the request, catches every failure and every panic below it, and puts it into the
/// envelope. Simulated time stands still while a request is in flight.
pub struct Envelope {
    pub clock: Clock,
    /// What `Allow` of a 405 is made of.
    pub paths: Paths,
}

impl<E: Endpoint> Middleware<E> for Envelope {
    type Output = Enveloped<E>;

    fn transform(&self, inner: E) -> Enveloped<E> {
        let ids = Ids::new(self.clock.clone());
        Enveloped { inner, clock: self.clock.clone(), ids, paths: self.paths.clone() }
    }
}

pub struct Enveloped<E> {
    inner: E,
    clock: Clock,
    ids: Ids,
    paths: Paths,
}

impl<E: Endpoint> Endpoint for Enveloped<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let _busy = self.clock.busy();
        let id = RequestId::of(&request, &self.ids);
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let words = Words::accepted(request.header(header::ACCEPT_LANGUAGE).unwrap_or_default());
        request.extensions_mut().insert(id.clone());
        // In every line of the log until it is answered.
        let about = tracing::info_span!("request", request_id = id.0);
        traces::received(&about, &method, request.extensions().get(), request.headers());
        let answered =
            AssertUnwindSafe(self.inner.call(request)).catch_unwind().instrument(about.clone()).await;
        let about = about.entered();
        let mut response = match answered {
            Ok(Ok(output)) => output.into_response(),
            Ok(Err(error)) => failed(error, &self.paths, &id.0, &path, words),
            Err(panic) => {
                tracing::error!(%method, path, panic = panic_text(&*panic), "a request crashed");
                Answer::internal().write(&id.0, words)
            }
        };
        tracing::debug!(%method, path, status = response.status().as_u16(), "answered");
        traces::answered(&about, response.status().as_u16());
        if let Ok(value) = HeaderValue::from_str(&id.0) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        Ok(response)
    }
}

/// What a failure is answered with; ours is noted in the log.
pub(super) fn failed(error: poem::Error, paths: &Paths, id: &str, path: &str, words: Words) -> Response {
    let answer = if let Some(Failure(error)) = error.downcast_ref() {
        if let Error::Internal(cause) = error {
            tracing::error!(path, cause = ?cause, "a request failed");
        }
        Answer::to_error(error)
    } else if let Some(refused) = error.downcast_ref::<Refused>() {
        Answer::to_refusal(refused)
    } else if error.is_from_response() {
        // A layer below has made its own answer on purpose, e.g. TwiML for the provider.
        return error.into_response();
    } else {
        let answer = Answer::to_framework(&error, paths, path);
        if answer.status.is_server_error() {
            tracing::error!(path, cause = %error, "a request failed");
        }
        answer
    };
    answer.write(id, words)
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a text")
}
