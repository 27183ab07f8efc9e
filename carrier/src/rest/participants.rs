//! Participants: call somebody into a conference, list, mute, hold, coach, announce to one, kick.

use serde_json::{Value, json};

use super::{Context, Reply, RestError, Result, calls, is_address, url_param};
use crate::call::{CallStatus, Direction, Plan};
use crate::callbacks::Listener;
use crate::conference::{Change, Entrance, LeaveReason, Participant, RoomStatus};
use crate::interpreter::{Purpose, announce, start_outbound};
use crate::leg::Input;
use crate::sid::rfc2822;
use crate::state::{Shared, State};
use crate::twiml::{Link, Method, Music};

/// A conference by its SID, or the live one of a name.
fn room(state: &mut State, key: &str) -> Option<String> {
    match state.conferences.get(key) {
        Some(conference) => Some(conference.sid.clone()),
        None => state.live_conference(key).map(|c| c.sid.clone()),
    }
}

pub(super) fn create(context: &Context, key: &str) -> Result {
    let call = &context.call;
    let shared = context.shared;
    let to = call.text("To").ok_or_else(|| RestError::bad(21201, "No 'To' number is specified"))?;
    let from = call.text("From").ok_or_else(|| RestError::bad(21213, "No 'From' number is specified"))?;
    if !is_address(to) {
        return Err(RestError::bad(21211, format!("Invalid 'To' Phone Number: {to}")));
    }
    let name = {
        let mut state = shared.lock();
        match room(&mut state, key).and_then(|sid| state.conferences.get(&sid)) {
            Some(conference) if conference.status == RoomStatus::Completed => return Err(context.missing()),
            Some(conference) => conference.name.clone(),
            None if key.starts_with("CF") && key.len() == 34 => return Err(context.missing()),
            // A name brings a conference into being.
            None => key.to_owned(),
        }
    };
    let entrance = entrance(context, name)?;
    let detection = calls::detection(context)?;
    let leg = shared.create_call(Plan {
        parent: None,
        from: from.to_owned(),
        to: to.to_owned(),
        caller_name: None,
        number_sid: None,
        direction: Direction::OutboundApi,
        listener: calls::progress(context)?,
        extra: Vec::new(),
        time_limit: calls::time_limit(context),
    });
    let sid = leg.sid.clone();
    let room = match shared.expect_participant(&sid, &entrance) {
        Ok(room) => room,
        Err(failure) => {
            shared.lock().calls.remove(&sid);
            return Err(RestError::failure(failure));
        }
    };
    let body = find(shared, &room, &sid).ok_or_else(|| context.missing())?;
    let purpose = Purpose::Participant { room };
    start_outbound(shared, leg, calls::timeout(context), detection, purpose);
    Ok(Reply::created(&body))
}

fn entrance(context: &Context, name: String) -> std::result::Result<Entrance, RestError> {
    let call = &context.call;
    let listener = |prefix: &str, default: &str| -> std::result::Result<Option<Listener>, RestError> {
        Ok(url_param(context, prefix)?.map(|url| {
            let mut events = call.list(&format!("{prefix}Event"));
            if events.is_empty() {
                events = crate::twiml::words(default);
            }
            Listener::new(url, Method::parse(call.get(&format!("{prefix}Method"))), events)
        }))
    };
    let record = match call.text("ConferenceRecord") {
        Some("record-from-start" | "true") => {
            Some(listener("ConferenceRecordingStatusCallback", "completed")?)
        }
        Some(_) | None => None,
    };
    let coach = call.text("CallSidToCoach").map(str::to_owned);
    Ok(Entrance {
        name,
        label: call.text("Label").map(str::to_owned),
        muted: call.flag("Muted").unwrap_or(false),
        start_on_enter: call.flag("StartConferenceOnEnter").unwrap_or(true),
        end_on_exit: call.flag("EndConferenceOnExit").unwrap_or(false),
        max_participants: usize::try_from(call.number("MaxParticipants").unwrap_or(250)).unwrap_or(250),
        coach: coach.filter(|_| call.flag("Coaching").unwrap_or(true)),
        wait: music(context, "WaitUrl", "WaitMethod", Method::Post)?,
        listener: listener("ConferenceStatusCallback", "start end")?,
        record,
    })
}

fn music(
    context: &Context,
    url: &str,
    method: &str,
    default: Method,
) -> std::result::Result<Music, RestError> {
    if context.call.get(url) == Some("") {
        return Ok(Music::Silence);
    }
    let method = context.call.get(method).map_or(default, |m| Method::parse(Some(m)));
    Ok(match url_param(context, url)? {
        Some(url) => Music::Document(Link { url, method }),
        None => Music::Default,
    })
}

pub(super) fn list(context: &Context, key: &str) -> Result {
    let call = &context.call;
    let mut state = context.shared.lock();
    let room = room(&mut state, key).ok_or_else(|| context.missing())?;
    let conference = state.conferences.get(&room).ok_or_else(|| context.missing())?;
    let is = |name: &str, value: bool| call.flag(name).is_none_or(|wanted| wanted == value);
    let items = conference
        .participants
        .iter()
        .filter(|p| {
            is("Muted", p.muted) && is("Hold", p.hold.is_some()) && is("Coaching", p.coaching.is_some())
        })
        .map(|p| render(context.shared, &state, &room, p));
    context.page("participants", items)
}

pub(super) fn fetch(context: &Context, key: &str, participant: &str) -> Result {
    let room = room(&mut context.shared.lock(), key).ok_or_else(|| context.missing())?;
    find(context.shared, &room, participant).map(|body| Reply::ok(&body)).ok_or_else(|| context.missing())
}

pub(super) fn update(context: &Context, key: &str, participant: &str) -> Result {
    let call = &context.call;
    let shared = context.shared;
    let room = room(&mut shared.lock(), key).ok_or_else(|| context.missing())?;
    let coached = call.text("CallSidToCoach").map(str::to_owned);
    let coaching = match (call.flag("Coaching"), coached) {
        (Some(false), _) => Some(None),
        (Some(true) | None, Some(sid)) => Some(Some(sid)),
        (Some(true), None) => {
            // Whoever coached somebody before coaches him again.
            let state = shared.lock();
            let before = state.conferences.get(&room).and_then(|c| c.participant(participant));
            match before.and_then(|p| p.coaching.clone()) {
                Some(sid) => Some(Some(sid)),
                None => return Err(RestError::bad(13240, "CallSidToCoach is required to coach")),
            }
        }
        (None, None) => None,
    };
    let hold = match call.flag("Hold") {
        None => None,
        Some(false) => Some(None),
        Some(true) => Some(Some(music(context, "HoldUrl", "HoldMethod", Method::Get)?)),
    };
    let change =
        Change { muted: call.flag("Muted"), hold, coaching, end_on_exit: call.flag("EndConferenceOnExit") };
    let announcement = url_param(context, "AnnounceUrl")?;
    let changed = shared
        .change_participant(&room, participant, change)
        .ok_or_else(|| context.missing())?
        .map_err(RestError::failure)?;
    if let Some(url) = announcement {
        let link = Link { url, method: Method::parse(call.get("AnnounceMethod")) };
        let leg = shared.lock().leg(&changed.call_sid);
        announce(shared, room.clone(), leg.into_iter().collect(), link);
    }
    fetch(context, &room, &changed.call_sid)
}

pub(super) fn delete(context: &Context, key: &str, participant: &str) -> Result {
    let shared = context.shared;
    let (room, sid, joined) = {
        let mut state = shared.lock();
        let room = room(&mut state, key).ok_or_else(|| context.missing())?;
        let found = state.conferences.get(&room).and_then(|c| c.participant(participant));
        let found = found.ok_or_else(|| context.missing())?;
        let (sid, joined) = (found.call_sid.clone(), found.joined);
        (room, sid, joined)
    };
    shared.leave_room(&room, &sid, LeaveReason::Kicked, CallStatus::InProgress);
    if !joined {
        // His phone still rings for this conference alone.
        shared.lock().send(&sid, Input::End);
    }
    Ok(Reply::no_content())
}

fn find(shared: &Shared, room: &str, key: &str) -> Option<Value> {
    let state = shared.lock();
    let participant = state.conferences.get(room)?.participant(key)?;
    Some(render(shared, &state, room, participant))
}

fn render(shared: &Shared, state: &State, room: &str, participant: &Participant) -> Value {
    let status = match (participant.joined, state.calls.get(&participant.call_sid).map(|call| call.status)) {
        (true, _) => "connected",
        (false, Some(CallStatus::Queued)) => "queued",
        (false, Some(CallStatus::Ringing)) => "ringing",
        (false, Some(CallStatus::InProgress)) => "connecting",
        (false, _) => "failed",
    };
    let sid = &participant.call_sid;
    json!({
        "account_sid": shared.settings.account_sid,
        "call_sid": sid,
        "label": participant.label,
        "call_sid_to_coach": participant.coaching,
        "coaching": participant.coaching.is_some(),
        "conference_sid": room,
        "date_created": rfc2822(participant.created),
        "date_updated": rfc2822(participant.updated),
        "end_conference_on_exit": participant.end_on_exit,
        "muted": participant.muted,
        "hold": participant.hold.is_some(),
        "start_conference_on_enter": participant.start_on_enter,
        "status": status,
        "queue_time": null,
        "uri": format!("{}/Conferences/{room}/Participants/{sid}.json", shared.account_path()),
    })
}
