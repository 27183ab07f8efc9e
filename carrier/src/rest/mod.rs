//! Twilio's REST API, version 2010-04-01: which request goes where, errors, lists.
//!
//! Each resource has its file, which reads parameters, asks or changes the state and renders Twilio's JSON (field names
//! as in Twilio's OpenAPI description).

mod calls;
mod conferences;
mod keys;
mod messages;
mod numbers;
mod participants;
mod queues;
mod recordings;

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::server::Call;
use crate::state::Shared;
use crate::twiml::Failure;

/// An answer.
pub(crate) struct Reply {
    pub status: StatusCode,
    pub content_type: &'static str,
    pub body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(status: StatusCode, body: &Value) -> Self {
        Self { status, content_type: "application/json", body: body.to_string().into_bytes() }
    }

    pub(crate) fn ok(body: &Value) -> Self {
        Self::json(StatusCode::OK, body)
    }

    pub(crate) fn created(body: &Value) -> Self {
        Self::json(StatusCode::CREATED, body)
    }

    pub(crate) fn no_content() -> Self {
        Self { status: StatusCode::NO_CONTENT, content_type: "application/json", body: Vec::new() }
    }

    pub(crate) fn text(text: &str) -> Self {
        Self { status: StatusCode::OK, content_type: "text/plain", body: text.as_bytes().to_vec() }
    }
}

/// A refusal, in Twilio's words where they are known.
#[derive(Debug)]
pub(crate) struct RestError {
    pub status: StatusCode,
    code: u32,
    message: String,
}

impl RestError {
    pub(crate) fn new(status: StatusCode, code: u32, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub(crate) fn bad(code: u32, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    pub(crate) fn authenticate() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, 20003, "Authenticate")
    }

    pub(crate) fn too_many() -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, 20429, "Too Many Requests")
    }

    pub(crate) fn server() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, 20500, "An internal server error has occurred")
    }

    fn method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, 20004, "Method not allowed")
    }

    /// `path` is that of the whole request.
    fn not_found(path: &str) -> Self {
        let message = format!("The requested resource {path} was not found");
        Self::new(StatusCode::NOT_FOUND, 20404, message)
    }

    fn failure(failure: Failure) -> Self {
        Self::bad(failure.code, failure.message)
    }

    pub(crate) fn body(&self) -> Value {
        json!({
            "code": self.code,
            "message": self.message,
            "more_info": format!("https://www.twilio.com/docs/errors/{}", self.code),
            "status": self.status.as_u16(),
        })
    }
}

type Result = std::result::Result<Reply, RestError>;

/// A request for one of the account's resources, with what all resources need.
struct Context<'a> {
    shared: &'a Arc<Shared>,
    call: Call<'a>,
    /// As it was asked for, for error messages and lists' addresses.
    full_path: String,
}

impl Context<'_> {
    fn missing(&self) -> RestError {
        RestError::not_found(&self.full_path)
    }

    /// A page of a list, with Twilio's paging fields.
    fn page(&self, name: &str, items: impl Iterator<Item = Value>) -> Result {
        let size = usize::try_from(self.call.number("PageSize").unwrap_or(50).clamp(1, 1000)).unwrap_or(50);
        let page = usize::try_from(self.call.number("Page").unwrap_or(0)).unwrap_or(0);
        let start = page.saturating_mul(size);
        // One more than the page tells whether there is a next one.
        let mut shown: Vec<Value> = items.skip(start).take(size + 1).collect();
        let more = shown.len() > size;
        shown.truncate(size);
        let filters: Vec<_> = self
            .call
            .params
            .iter()
            .filter(|(n, _)| !matches!(n.as_str(), "Page" | "PageSize" | "PageToken"))
            .collect();
        let uri = |page: usize| {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.extend_pairs(filters.iter().map(|(n, v)| (n, v)));
            query.append_pair("PageSize", &size.to_string()).append_pair("Page", &page.to_string());
            format!("{}?{}", self.full_path, query.finish())
        };
        let mut body = Map::new();
        let end = start + shown.len().saturating_sub(1);
        body.insert("first_page_uri".into(), uri(0).into());
        body.insert("end".into(), end.into());
        body.insert("previous_page_uri".into(), page.checked_sub(1).map(&uri).into());
        body.insert(name.into(), shown.into());
        body.insert("uri".into(), uri(page).into());
        body.insert("page_size".into(), size.into());
        body.insert("start".into(), start.into());
        body.insert("next_page_uri".into(), more.then(|| uri(page + 1)).into());
        body.insert("page".into(), page.into());
        Ok(Reply::ok(&Value::Object(body)))
    }
}

/// Answers a request under `/2010-04-01/Accounts/{AccountSid}`.
pub(crate) fn answer(shared: &Arc<Shared>, mut call: Call) -> Result {
    let full_path = format!("/{}", call.path.join("/"));
    let ["2010-04-01", "Accounts", account, rest @ ..] = call.path.as_slice() else {
        return Err(RestError::not_found(&full_path));
    };
    let account_file = account.strip_suffix(".json");
    if account_file.unwrap_or(account) != shared.settings.account_sid {
        return Err(RestError::not_found(&full_path));
    }
    let mut path = rest.to_vec();
    let mut format = "";
    if let Some(last) = path.last_mut()
        && let Some((name, extension)) = last.rsplit_once('.')
        && matches!(extension, "json" | "wav" | "mp3")
    {
        (*last, format) = (name, extension);
    }
    call.path = path.clone();
    let context = Context { shared, call, full_path };
    let context = &context;
    let method = context.call.method.as_str();
    // A sound has its extension or none; everything else ends in .json.
    if let ["Recordings", sid] | ["Calls", _, "Recordings", sid] = path.as_slice()
        && format != "json"
        && method == "GET"
    {
        return recordings::sound(context, sid, format);
    }
    if format != "json" && account_file.is_none() {
        return Err(context.missing());
    }
    match (method, path.as_slice()) {
        ("GET", []) => Ok(account_json(shared)),

        ("GET", ["Calls"]) => calls::list(context),
        ("POST", ["Calls"]) => calls::create(context),
        ("GET", ["Calls", sid]) => calls::fetch(context, sid),
        ("POST", ["Calls", sid]) => calls::update(context, sid),
        ("DELETE", ["Calls", sid]) => calls::delete(context, sid),

        ("GET", ["Calls", call, "Recordings"]) => recordings::list_of_call(context, call),
        ("POST", ["Calls", call, "Recordings"]) => recordings::create(context, call),
        ("GET", ["Calls", _, "Recordings", sid]) => recordings::fetch(context, sid),
        ("POST", ["Calls", call, "Recordings", sid]) => recordings::update_of_call(context, call, sid),
        ("DELETE", ["Calls", _, "Recordings", sid]) => recordings::delete(context, sid),

        ("GET", ["Keys"]) => keys::list(context),
        ("POST", ["Keys"]) => keys::create(context),
        ("GET", ["Keys", sid]) => keys::fetch(context, sid),
        ("DELETE", ["Keys", sid]) => keys::delete(context, sid),

        ("GET", ["Conferences"]) => conferences::list(context),
        ("GET", ["Conferences", sid]) => conferences::fetch(context, sid),
        ("POST", ["Conferences", sid]) => conferences::update(context, sid),
        ("GET", ["Conferences", sid, "Recordings"]) => recordings::list_of_conference(context, sid),
        ("GET", ["Conferences", _, "Recordings", sid]) => recordings::fetch(context, sid),
        ("POST", ["Conferences", room, "Recordings", sid]) => {
            recordings::update_of_conference(context, room, sid)
        }
        ("DELETE", ["Conferences", _, "Recordings", sid]) => recordings::delete(context, sid),

        ("GET", ["Conferences", room, "Participants"]) => participants::list(context, room),
        ("POST", ["Conferences", room, "Participants"]) => participants::create(context, room),
        ("GET", ["Conferences", room, "Participants", key]) => participants::fetch(context, room, key),
        ("POST", ["Conferences", room, "Participants", key]) => participants::update(context, room, key),
        ("DELETE", ["Conferences", room, "Participants", key]) => participants::delete(context, room, key),

        ("GET", ["Queues"]) => queues::list(context),
        ("POST", ["Queues"]) => queues::create(context),
        ("GET", ["Queues", sid]) => queues::fetch(context, sid),
        ("POST", ["Queues", sid]) => queues::update(context, sid),
        ("DELETE", ["Queues", sid]) => queues::delete(context, sid),
        ("GET", ["Queues", queue, "Members"]) => queues::members(context, queue),
        ("GET", ["Queues", queue, "Members", call]) => queues::member(context, queue, call),
        ("POST", ["Queues", queue, "Members", call]) => queues::dequeue(context, queue, call),

        ("GET", ["Recordings"]) => recordings::list(context),
        ("GET", ["Recordings", sid]) => recordings::fetch(context, sid),
        ("DELETE", ["Recordings", sid]) => recordings::delete(context, sid),

        ("GET", ["Messages"]) => messages::list(context),
        ("POST", ["Messages"]) => messages::create(context),
        ("GET", ["Messages", sid]) => messages::fetch(context, sid),

        ("GET", ["IncomingPhoneNumbers"]) => numbers::list(context),
        ("POST", ["IncomingPhoneNumbers"]) => numbers::create(context),
        ("GET", ["IncomingPhoneNumbers", sid]) => numbers::fetch(context, sid),
        ("POST", ["IncomingPhoneNumbers", sid]) => numbers::update(context, sid),
        ("DELETE", ["IncomingPhoneNumbers", sid]) => numbers::delete(context, sid),

        ("GET" | "POST" | "DELETE", _) => Err(context.missing()),
        _ => Err(RestError::method()),
    }
}

/// Whether this path is refused to API keys: the account itself, and its keys.
pub(crate) fn is_the_accounts_alone(path: &[&str]) -> bool {
    matches!(path, ["2010-04-01", "Accounts", _] | ["2010-04-01", "Accounts", _, "Keys" | "Keys.json", ..])
}

fn account_json(shared: &Shared) -> Reply {
    Reply::ok(&json!({
        "sid": shared.settings.account_sid,
        "friendly_name": "Carrier look-alike",
        "status": "active",
        "type": "Full",
        "owner_account_sid": shared.settings.account_sid,
        "uri": format!("{}.json", shared.account_path()),
    }))
}

/// An absolute http address, or Twilio's refusal.
fn url_param(context: &Context, name: &str) -> std::result::Result<Option<String>, RestError> {
    match context.call.text(name) {
        None => Ok(None),
        Some(url) => match crate::webhook::resolve(None, url) {
            Ok(url) => Ok(Some(url)),
            Err(_) => Err(RestError::bad(21205, format!("{name} parameter is invalid: {url}"))),
        },
    }
}

/// `Some(true)` for what can be called or written to: E.164, `client:…`, `sip:…`.
fn is_address(text: &str) -> bool {
    let number = |t: &str| t.len() >= 2 && t.len() <= 16 && t.bytes().all(|b| b.is_ascii_digit());
    match text.split_once(':') {
        Some(("client" | "sip" | "whatsapp", rest)) => !rest.is_empty(),
        Some(_) => false,
        None => number(text.strip_prefix('+').unwrap_or(text)),
    }
}
