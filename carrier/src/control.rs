//! The control API under `/carrier/`: what Twilio does not have, for another process that plays the people.
//!
//! The same basic auth as the REST API, bodies and answers as JSON; `README.md` lists it. Time runs on while a request
//! waits for lines.

use std::sync::Arc;
use std::time::Duration;

use clock::Busy;
use futures_util::stream;
use http::StatusCode;
use poem::{Body, Response};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::faults::Faults;
use crate::handle::{CallHandle, Snapshot, place};
use crate::script::{Endpoint, seconds};
use crate::server::Call;
use crate::state::Shared;
use crate::transcript::Line;
use crate::{NewCall, NewNumber};

/// The longest that a request for lines waits.
const LONG_POLL: Duration = Duration::from_secs(25);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Press {
    digits: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Say {
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sms {
    from: String,
    to: String,
    body: String,
    #[serde(default)]
    media: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PutNumber {
    voice_url: String,
    #[serde(default)]
    voice_fallback_url: String,
    #[serde(default)]
    status_callback: String,
    #[serde(default)]
    sms_url: String,
}

/// Answers a request; `call.path` is what follows `/carrier/`.
pub(crate) async fn answer(shared: &Arc<Shared>, call: &Call<'_>, busy: &mut Option<Busy>) -> Response {
    match handle(shared, call, busy).await {
        Ok(response) => response,
        Err((status, message)) => json(status, &json!({ "status": status.as_u16(), "message": message })),
    }
}

type Refusal = (StatusCode, String);

async fn handle(shared: &Arc<Shared>, call: &Call<'_>, busy: &mut Option<Busy>) -> Result<Response, Refusal> {
    let of = |sid: &str| {
        let leg = shared.lock().leg(sid);
        leg.map(|leg| CallHandle::new(shared.clone(), leg))
            .ok_or_else(|| (StatusCode::NOT_FOUND, format!("there is no call {sid}")))
    };
    let ok = |value: Value| Ok(json(StatusCode::OK, &value));
    match (call.method.as_str(), call.path.as_slice()) {
        ("GET", ["state"]) => ok(json!(Snapshot::of(shared))),
        ("POST", ["calls"]) => {
            let new: NewCall = body(call)?;
            let leg = place(shared, new);
            Ok(json(StatusCode::CREATED, &json!({ "sid": leg.sid })))
        }
        ("GET", ["calls", sid]) => {
            let handle = of(sid)?;
            ok(json!({ "sid": sid, "status": handle.status() }))
        }
        ("GET", ["calls", sid, "transcript"]) => transcript(shared, call, of(sid)?, busy).await,
        ("POST", ["calls", sid, "press"]) => {
            of(sid)?.press(&body::<Press>(call)?.digits);
            ok(json!({ "sid": sid }))
        }
        ("POST", ["calls", sid, "say"]) => {
            of(sid)?.say(&body::<Say>(call)?.text);
            ok(json!({ "sid": sid }))
        }
        ("POST", ["calls", sid, "hangup"]) => {
            of(sid)?.hang_up();
            ok(json!({ "sid": sid }))
        }
        ("PUT", ["endpoints", address]) => {
            let endpoint: Endpoint = body(call)?;
            shared.lock().endpoints.insert((*address).to_owned(), endpoint);
            ok(json!({ "address": address }))
        }
        ("DELETE", ["endpoints", address]) => {
            shared.lock().endpoints.remove(*address);
            ok(json!({ "address": address }))
        }
        ("PUT", ["numbers", phone_number]) => {
            let put: PutNumber = body(call)?;
            let before = shared.lock().number(phone_number).map(|n| n.sid.clone());
            if let Some(sid) = before {
                shared.lock().numbers.remove(&sid);
            }
            let sid = shared.create_number(NewNumber {
                phone_number: (*phone_number).to_owned(),
                voice_url: put.voice_url,
                voice_fallback_url: put.voice_fallback_url,
                status_callback: put.status_callback,
                sms_url: put.sms_url,
            });
            ok(json!({ "sid": sid }))
        }
        ("PUT", ["faults"]) => {
            let faults: Faults = body(call)?;
            shared.dice.set(faults);
            ok(json!({}))
        }
        ("GET", ["messages"]) => {
            let messages: Vec<_> = shared.lock().messages.newest_first().cloned().collect();
            ok(json!({ "messages": messages }))
        }
        ("POST", ["messages"]) => {
            let sms: Sms = body(call)?;
            match shared.receive_message(&sms.from, &sms.to, &sms.body, &sms.media) {
                Some(message) => Ok(json(StatusCode::CREATED, &json!(message))),
                None => Err((StatusCode::NOT_FOUND, format!("{} has no address for messages", sms.to))),
            }
        }
        (method, path) => {
            Err((StatusCode::NOT_FOUND, format!("there is no {method} /carrier/{}", path.join("/"))))
        }
    }
}

/// Lines after number `after`: at once when there are any, else when there are, at the latest after `wait` seconds.
/// With `stream=true` all that follow as lines of JSON until the call ends.
async fn transcript(
    shared: &Arc<Shared>,
    call: &Call<'_>,
    handle: CallHandle,
    busy: &mut Option<Busy>,
) -> Result<Response, Refusal> {
    let after = call.number("after").and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    let mut lines = handle.subscribe(after);
    // Whoever only waits for others must not hold up the time.
    *busy = None;
    if call.flag("stream") == Some(true) {
        let chunks = stream::unfold(lines, |mut lines| async move {
            let new = lines.next().await?;
            Some((Ok::<_, std::io::Error>(ndjson(&new)), lines))
        });
        return Ok(Response::builder()
            .content_type("application/x-ndjson")
            .body(Body::from_bytes_stream(chunks)));
    }
    let wait = call.get("wait").and_then(|w| w.parse().ok()).map_or(LONG_POLL, seconds).min(LONG_POLL);
    let new = shared.clock.timeout(wait, lines.next()).await.flatten().unwrap_or_default();
    let status = handle.status();
    let body = json!({ "status": status, "ended": status.is_terminal(), "lines": new });
    Ok(json(StatusCode::OK, &body))
}

fn ndjson(lines: &[Line]) -> Vec<u8> {
    let mut out = Vec::new();
    for line in lines {
        out.extend_from_slice(json!(line).to_string().as_bytes());
        out.push(b'\n');
    }
    out
}

fn body<T: DeserializeOwned>(call: &Call<'_>) -> Result<T, Refusal> {
    serde_json::from_slice(call.body)
        .map_err(|e| (StatusCode::BAD_REQUEST, format!("the body is not right: {e}")))
}

fn json(status: StatusCode, value: &Value) -> Response {
    Response::builder().status(status).content_type("application/json").body(value.to_string())
}
