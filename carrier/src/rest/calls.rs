//! Calls: create, list, fetch, redirect, end.

use std::time::Duration;

use chrono::TimeDelta;
use http::StatusCode;
use serde_json::{Value, json};

use super::{Context, Reply, RestError, Result, is_address, url_param};
use crate::call::{Call, CallStatus, Direction, Plan};
use crate::callbacks::Listener;
use crate::interpreter::{Detection, Purpose, Source, start_outbound};
use crate::leg::Input;
use crate::sid::rfc2822;
use crate::state::Shared;
use crate::twiml::{Link, Method};

/// The longest document that a REST parameter may hold, in characters.
const TWIML_LIMIT: usize = 4000;
/// Seconds of ringing when nothing is said.
const TIMEOUT: u64 = 60;

pub(super) fn create(context: &Context) -> Result {
    let call = &context.call;
    let to = call.text("To").ok_or_else(|| RestError::bad(21201, "No 'To' number is specified"))?;
    let from = call.text("From").ok_or_else(|| RestError::bad(21213, "No 'From' number is specified"))?;
    if !is_address(to) {
        return Err(RestError::bad(21211, format!("Invalid 'To' Phone Number: {to}")));
    }
    if !is_address(from) {
        return Err(RestError::bad(21212, format!("The source phone number provided, {from}, is not valid")));
    }
    let source =
        source(context)?.ok_or_else(|| RestError::bad(21205, "Url parameter is required, or Twiml"))?;
    let fallback = url_param(context, "FallbackUrl")?
        .map(|url| Link { url, method: Method::parse(call.get("FallbackMethod")) });
    let plan = Plan {
        parent: None,
        from: from.to_owned(),
        to: to.to_owned(),
        caller_name: None,
        number_sid: None,
        direction: Direction::OutboundApi,
        listener: progress(context)?,
        extra: Vec::new(),
        time_limit: time_limit(context),
    };
    let shared = context.shared;
    let detection = detection(context)?;
    let leg = shared.create_call(plan);
    let body = render_by_sid(shared, &leg.sid).ok_or_else(|| context.missing())?;
    start_outbound(shared, leg, timeout(context), detection, Purpose::Document { source, fallback });
    Ok(Reply::created(&body))
}

pub(super) fn timeout(context: &Context) -> u64 {
    context.call.number("Timeout").unwrap_or(TIMEOUT).clamp(1, 600)
}

/// How long the call may last.
pub(super) fn time_limit(context: &Context) -> Option<Duration> {
    context.call.number("TimeLimit").map(Duration::from_secs)
}

/// What is to be heard of a call that is answered; a participant's has no document that could wait for it.
pub(super) fn detection(context: &Context) -> std::result::Result<Detection, RestError> {
    match context.call.text("MachineDetection") {
        Some("Enable" | "DetectMessageEnd") => {}
        Some(_) | None => return Ok(Detection::Off),
    }
    let beside = match context.call.flag("AsyncAmd") {
        Some(true) => link(context, "AsyncAmdStatusCallback")?,
        Some(false) | None => link(context, "AmdStatusCallback")?,
    };
    Ok(beside.map_or(Detection::First, Detection::Beside))
}

fn link(context: &Context, name: &str) -> std::result::Result<Option<Link>, RestError> {
    let method = Method::parse(context.call.get(&format!("{name}Method")));
    Ok(url_param(context, name)?.map(|url| Link { url, method }))
}

/// Where the progress of a call is to be told.
pub(super) fn progress(context: &Context) -> std::result::Result<Option<Listener>, RestError> {
    Ok(url_param(context, "StatusCallback")?.map(|url| {
        let mut events = context.call.list("StatusCallbackEvent");
        if events.is_empty() {
            events.push("completed".to_owned());
        }
        Listener::new(url, Method::parse(context.call.get("StatusCallbackMethod")), events)
    }))
}

/// The document that a request brings or names.
fn source(context: &Context) -> std::result::Result<Option<Source>, RestError> {
    if let Some(text) = context.call.text("Twiml") {
        if text.chars().count() > TWIML_LIMIT {
            return Err(RestError::bad(32018, "Twiml parameter is longer than 4000 characters"));
        }
        return Ok(Some(Source::Text(text.to_owned())));
    }
    if context.call.text("ApplicationSid").is_some() && context.call.text("Url").is_none() {
        return Err(RestError::bad(21205, "ApplicationSid is not imitated; give a Url or Twiml"));
    }
    let method = Method::parse(context.call.get("Method"));
    Ok(url_param(context, "Url")?.map(|url| Source::Url { link: Link { url, method }, extra: Vec::new() }))
}

pub(super) fn list(context: &Context) -> Result {
    let call = &context.call;
    let state = context.shared.lock();
    let same = |name: &str, value: &str| call.text(name).is_none_or(|wanted| wanted == value);
    let items = state
        .calls
        .newest_first()
        .filter(|c| same("To", &c.to) && same("From", &c.from) && same("Status", c.status.as_str()))
        .filter(|c| call.text("ParentCallSid").is_none_or(|parent| c.parent.as_deref() == Some(parent)))
        .map(|c| render(context.shared, c));
    context.page("calls", items)
}

pub(super) fn fetch(context: &Context, sid: &str) -> Result {
    render_by_sid(context.shared, sid).map(|body| Reply::ok(&body)).ok_or_else(|| context.missing())
}

pub(super) fn update(context: &Context, sid: &str) -> Result {
    let shared = context.shared;
    let source = source(context)?;
    {
        let mut state = shared.lock();
        let call = state.calls.get_mut(sid).ok_or_else(|| context.missing())?;
        let not_now = |text: &str| Err(RestError::bad(21220, format!("Invalid call state: {text}")));
        if call.status.is_terminal() {
            return not_now("Call is not in-progress. Cannot redirect.");
        }
        match context.call.text("Status") {
            None => {}
            Some("completed") => call.leg.send(Input::End),
            Some("canceled") => match call.status {
                CallStatus::Queued | CallStatus::Ringing => call.leg.send(Input::End),
                CallStatus::InProgress
                | CallStatus::Completed
                | CallStatus::Busy
                | CallStatus::Failed
                | CallStatus::NoAnswer
                | CallStatus::Canceled => return not_now("Call is in-progress and cannot be canceled"),
            },
            Some(other) => return Err(RestError::bad(21218, format!("Invalid Status: {other}"))),
        }
        if let Some(source) = source {
            if call.status != CallStatus::InProgress {
                return not_now("Call is not in-progress. Cannot redirect.");
            }
            call.leg.send(Input::Redirect(source));
        }
        // Counted from the answer; what is over already ends now.
        if let Some(limit) = time_limit(context) {
            let lasted = call.answered.map_or(TimeDelta::zero(), |at| shared.clock.now() - at);
            match call.answered {
                Some(_) => shared
                    .end_after(call.leg.clone(), limit.saturating_sub(lasted.to_std().unwrap_or_default())),
                None => call.time_limit = Some(limit),
            }
        }
        if let Some(listener) = progress(context)? {
            call.listener = Some(listener);
        }
        call.updated = shared.clock.now();
    }
    fetch(context, sid)
}

pub(super) fn delete(context: &Context, sid: &str) -> Result {
    let mut state = context.shared.lock();
    let call = state.calls.get(sid).ok_or_else(|| context.missing())?;
    if !call.status.is_terminal() {
        let text = "Call cannot be deleted while it is in progress";
        return Err(RestError::new(StatusCode::CONFLICT, 20009, text));
    }
    state.calls.remove(sid);
    Ok(Reply::no_content())
}

fn render_by_sid(shared: &Shared, sid: &str) -> Option<Value> {
    shared.lock().calls.get(sid).map(|call| render(shared, call))
}

fn render(shared: &Shared, call: &Call) -> Value {
    let base = format!("{}/Calls/{}", shared.account_path(), call.sid);
    json!({
        "sid": call.sid,
        "date_created": rfc2822(call.created),
        "date_updated": rfc2822(call.updated),
        "parent_call_sid": call.parent,
        "account_sid": shared.settings.account_sid,
        "to": call.to,
        "to_formatted": formatted(&call.to),
        "from": call.from,
        "from_formatted": formatted(&call.from),
        "phone_number_sid": call.number_sid,
        "status": call.status.as_str(),
        "start_time": call.answered.map(rfc2822),
        "end_time": call.ended.map(rfc2822),
        "duration": call.ended.map(|_| call.duration().to_string()),
        "price": null,
        "price_unit": "USD",
        "direction": call.direction.as_str(),
        "answered_by": call.answered_by,
        "api_version": "2010-04-01",
        "forwarded_from": null,
        "group_sid": null,
        "caller_name": call.caller_name,
        "queue_time": "0",
        "trunk_sid": null,
        "uri": format!("{base}.json"),
        "subresource_uris": {
            "notifications": format!("{base}/Notifications.json"),
            "recordings": format!("{base}/Recordings.json"),
            "events": format!("{base}/Events.json"),
        },
    })
}

/// As people write an American number; others stay.
pub(super) fn formatted(address: &str) -> String {
    match address.strip_prefix("+1").filter(|n| n.len() == 10 && n.is_ascii()) {
        Some(n) => format!("({}) {}-{}", &n[..3], &n[3..6], &n[6..]),
        None => address.to_owned(),
    }
}
