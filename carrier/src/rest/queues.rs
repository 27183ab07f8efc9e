//! Queues and their members.

use serde_json::{Value, json};

use super::{Context, Reply, RestError, Result, url_param};
use crate::interpreter::Source;
use crate::leg::Input;
use crate::queue::{Member, Queue};
use crate::sid::rfc2822;
use crate::state::Shared;
use crate::twiml::{Link, Method};

pub(super) fn list(context: &Context) -> Result {
    let state = context.shared.lock();
    let items = state.queues.newest_first().map(|queue| render(context.shared, queue));
    context.page("queues", items)
}

pub(super) fn create(context: &Context) -> Result {
    let name =
        context.call.text("FriendlyName").ok_or_else(|| RestError::bad(22001, "FriendlyName is required"))?;
    let size = context.call.number("MaxSize").and_then(|n| usize::try_from(n).ok());
    match context.shared.create_queue(name, size) {
        Ok(sid) => fetch(context, &sid).map(|reply| Reply { status: http::StatusCode::CREATED, ..reply }),
        Err(_) => Err(RestError::bad(22003, format!("A queue named {name} exists already"))),
    }
}

pub(super) fn fetch(context: &Context, sid: &str) -> Result {
    let state = context.shared.lock();
    let queue = state.queues.get(sid).ok_or_else(|| context.missing())?;
    Ok(Reply::ok(&render(context.shared, queue)))
}

pub(super) fn update(context: &Context, sid: &str) -> Result {
    {
        let mut state = context.shared.lock();
        let queue = state.queues.get_mut(sid).ok_or_else(|| context.missing())?;
        if let Some(name) = context.call.text("FriendlyName") {
            queue.name = name.to_owned();
        }
        if let Some(size) = context.call.number("MaxSize").and_then(|n| usize::try_from(n).ok()) {
            queue.max_size = size;
        }
        queue.updated = context.shared.clock.now();
    }
    fetch(context, sid)
}

pub(super) fn delete(context: &Context, sid: &str) -> Result {
    let mut state = context.shared.lock();
    let queue = state.queues.get(sid).ok_or_else(|| context.missing())?;
    if !queue.members.is_empty() {
        return Err(RestError::bad(22004, "The queue is not empty"));
    }
    state.queues.remove(sid);
    Ok(Reply::no_content())
}

pub(super) fn members(context: &Context, sid: &str) -> Result {
    let state = context.shared.lock();
    let queue = state.queues.get(sid).ok_or_else(|| context.missing())?;
    let items = queue.members.iter().map(|member| render_member(context.shared, queue, member));
    context.page("queue_members", items)
}

/// By call SID, or `Front`.
fn find<'a>(queue: &'a Queue, key: &str) -> Option<&'a Member> {
    match key {
        "Front" => queue.members.front(),
        sid => queue.members.iter().find(|member| member.call_sid == sid),
    }
}

pub(super) fn member(context: &Context, sid: &str, call: &str) -> Result {
    let state = context.shared.lock();
    let queue = state.queues.get(sid).ok_or_else(|| context.missing())?;
    let member = find(queue, call).ok_or_else(|| context.missing())?;
    Ok(Reply::ok(&render_member(context.shared, queue, member)))
}

/// Takes somebody out of the queue, to another document.
pub(super) fn dequeue(context: &Context, sid: &str, call: &str) -> Result {
    let url = url_param(context, "Url")?.ok_or_else(|| RestError::bad(21205, "Url parameter is required"))?;
    let link = Link { url, method: Method::parse(context.call.get("Method")) };
    let (body, member) = {
        let state = context.shared.lock();
        let queue = state.queues.get(sid).ok_or_else(|| context.missing())?;
        let member = find(queue, call).ok_or_else(|| context.missing())?;
        (render_member(context.shared, queue, member), member.call_sid.clone())
    };
    // From now on it is nobody else's to take.
    context.shared.leave_queue(&member);
    context.shared.lock().send(&member, Input::Dequeue(Source::Url { link, extra: Vec::new() }));
    Ok(Reply::ok(&body))
}

fn render(shared: &Shared, queue: &Queue) -> Value {
    let base = format!("{}/Queues/{}", shared.account_path(), queue.sid);
    json!({
        "account_sid": shared.settings.account_sid,
        "sid": queue.sid,
        "friendly_name": queue.name,
        "current_size": queue.members.len(),
        "average_wait_time": queue.average_wait(),
        "max_size": queue.max_size,
        "date_created": rfc2822(queue.created),
        "date_updated": rfc2822(queue.updated),
        "uri": format!("{base}.json"),
        "subresource_uris": { "members": format!("{base}/Members.json") },
    })
}

fn render_member(shared: &Shared, queue: &Queue, member: &Member) -> Value {
    let sid = &member.call_sid;
    json!({
        "call_sid": sid,
        "date_enqueued": rfc2822(member.since),
        "position": queue.position(sid),
        "uri": format!("{}/Queues/{}/Members/{sid}.json", shared.account_path(), queue.sid),
        "wait_time": (shared.clock.now() - member.since).num_seconds(),
        "queue_sid": queue.sid,
    })
}
