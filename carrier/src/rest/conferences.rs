//! Conferences: list, fetch, end, announce to all.

use serde_json::{Value, json};

use super::{Context, Reply, RestError, Result, url_param};
use crate::conference::{Conference, EndReason, LeaveReason};
use crate::interpreter::announce;
use crate::sid::rfc2822;
use crate::state::Shared;
use crate::twiml::{Link, Method};

pub(super) fn list(context: &Context) -> Result {
    let call = &context.call;
    let state = context.shared.lock();
    let items = state
        .conferences
        .newest_first()
        .filter(|c| call.text("FriendlyName").is_none_or(|name| c.name == name))
        .filter(|c| call.text("Status").is_none_or(|status| c.status.as_str() == status))
        .map(|c| render(context.shared, c));
    context.page("conferences", items)
}

pub(super) fn fetch(context: &Context, sid: &str) -> Result {
    let state = context.shared.lock();
    let conference = state.conferences.get(sid).ok_or_else(|| context.missing())?;
    Ok(Reply::ok(&render(context.shared, conference)))
}

pub(super) fn update(context: &Context, sid: &str) -> Result {
    let shared = context.shared;
    let audience = {
        let state = shared.lock();
        let conference = state.conferences.get(sid).ok_or_else(|| context.missing())?;
        let joined = conference.participants.iter().filter(|p| p.joined && p.hold.is_none());
        joined.filter_map(|p| state.leg(&p.call_sid)).collect::<Vec<_>>()
    };
    if let Some(url) = url_param(context, "AnnounceUrl")? {
        let link = Link { url, method: Method::parse(context.call.get("AnnounceMethod")) };
        announce(shared, sid.to_owned(), audience, link);
    }
    match context.call.text("Status") {
        None => {}
        Some("completed") => {
            shared.end_room(sid, EndReason::OverRest, None, LeaveReason::ConferenceEnded);
        }
        Some(other) => return Err(RestError::bad(20001, format!("Invalid Status: {other}"))),
    }
    fetch(context, sid)
}

fn render(shared: &Shared, conference: &Conference) -> Value {
    let base = format!("{}/Conferences/{}", shared.account_path(), conference.sid);
    json!({
        "account_sid": shared.settings.account_sid,
        "date_created": rfc2822(conference.created),
        "date_updated": rfc2822(conference.updated),
        "api_version": "2010-04-01",
        "friendly_name": conference.name,
        "region": "us1",
        "sid": conference.sid,
        "status": conference.status.as_str(),
        "uri": format!("{base}.json"),
        "subresource_uris": {
            "participants": format!("{base}/Participants.json"),
            "recordings": format!("{base}/Recordings.json"),
        },
        "reason_conference_ended": conference.end.as_ref().map(|(why, _)| why.as_str()),
        "call_sid_ending_conference": conference.end.as_ref().and_then(|(_, call)| call.clone()),
    })
}
