//! How a socket is brought up to date: by a snapshot of what concerns it, or by the events that it has missed. Either
//! is told in one piece, while the running events wait (see `roster`).

use std::sync::Arc;

use entity::CompanyScope;
use entity::id::AgentId;
use serde_json::{Map, Value, json};
use socketioxide::socket::Sid;

use super::roster::{Event, Hold, Holder, Message};
use super::tail;
use super::{chat_events, figures};
use crate::agents;
use crate::app::App;
use crate::calls::{file, offer};
use crate::contacts::pop;
use crate::error::{Code, Error, Result};
use crate::peer_calls;
use crate::store::{outbox, queueing, workforce};

/// More events than these are not told one by one: a snapshot says more with less.
pub const LARGEST_GAP: i64 = 1000;

/// Something that was read, and up to which event it is true at least.
struct Read {
    messages: Vec<Message>,
    seq: i64,
}

/// Gives a snapshot to a member who was just admitted and is held by that. When it cannot be read, `watch` tries again.
pub async fn give(app: &App, sid: Sid) {
    let Some(holder) = app.sockets.0.holder(sid) else { return };
    match read(app, &holder).await {
        Ok(snapshot) => app.sockets.0.release(sid, &snapshot.messages, snapshot.seq),
        Err(error) => {
            tracing::error!(?error, "a snapshot could not be read");
            app.sockets.0.give_up(sid);
        }
    }
}

/// Gives a snapshot to a member who is behind.
pub async fn catch_up(app: &App, sid: Sid) {
    match app.sockets.0.hold(sid) {
        Hold::Held => give(app, sid).await,
        Hold::Already | Hold::Gone => {}
    }
}

/// The events after `from` that the socket may see, or a snapshot when they are too many or no longer there. Answers
/// what was told: `{seq, events}` or `{seq, snapshot: true}`.
pub async fn resume(app: &App, sid: Sid, holder: &Holder, from: i64) -> Result<Value> {
    match app.sockets.0.hold(sid) {
        Hold::Held => {}
        Hold::Already => {
            return Err(Error::conflict(Code::AlreadyResuming, "This socket is being brought up to date."));
        }
        Hold::Gone => return Err(Error::conflict(Code::SocketClosed, "This socket is closed.")),
    }
    let told = async {
        match gap(app, sid, holder, from).await? {
            Some(gap) => Ok((json!({"seq": gap.seq, "events": gap.messages.len()}), gap)),
            None => read(app, holder).await.map(|read| (json!({"seq": read.seq, "snapshot": true}), read)),
        }
    };
    match told.await {
        Ok((answer, read)) => {
            app.sockets.0.release(sid, &read.messages, read.seq);
            Ok(answer)
        }
        Err(error) => {
            app.sockets.0.give_up(sid);
            Err(error)
        }
    }
}

/// The missed events; `None` when they cannot all be told.
async fn gap(app: &App, sid: Sid, holder: &Holder, from: i64) -> Result<Option<Read>> {
    if holder.caller.company().is_none() {
        return Ok(None);
    }
    let (scope, db) = (holder.caller.scope()?, app.db.reader());
    let end = outbox::end(scope, db).await?;
    if !(0..=LARGEST_GAP).contains(&(end.saturating_sub(from))) {
        return Ok(None);
    }
    let rows = outbox::after(scope, db, from, LARGEST_GAP.unsigned_abs()).await?;
    let events: Vec<_> = rows.into_iter().map(|row| tail::event(app, row)).collect();
    let whole = events.iter().zip(from + 1..).all(|(event, seq)| event.seq == seq);
    let seq = events.last().map_or(from, |event| event.seq);
    if !whole || seq < end {
        return Ok(None);
    }
    let seen = events.into_iter().filter(|event| app.sockets.0.sees(sid, event));
    Ok(Some(Read { messages: seen.map(message).collect(), seq }))
}

fn message(event: Arc<Event>) -> Message {
    Message { event: event.name.clone(), payload: event.payload.clone() }
}

/// How things stand for this holder. The seq is read first, so that the rest is never older than it says.
async fn read(app: &App, holder: &Holder) -> Result<Read> {
    let mut snapshot = json!({"seq": 0, "agent": null, "offers": [], "calls": [], "queues": [], "peerCall": null, "chats": []});
    let Some(company) = holder.caller.company() else { return Ok(told(snapshot, 0, None)) };
    let (scope, db) = (holder.caller.scope()?, app.db.reader());
    if app.sockets.0.cursor(company).is_none() {
        app.sockets.0.begin_at(company, outbox::end(scope, db).await?);
    }
    let seq = outbox::end(scope, db).await?;
    snapshot["seq"] = seq.into();
    if let Some(agent) = holder.caller.agent() {
        let row = workforce::agent(scope, db, agent).await?;
        let slots = queueing::slots_of(scope, db, &[agent]).await?;
        snapshot["agent"] = agents::describe(&agents::status(row, &slots));
        snapshot["offers"] = offers(app, scope, agent).await?;
        snapshot["calls"] = calls(app, scope, agent).await?;
    }
    snapshot["queues"] = figures::for_snapshot(app, scope, holder).await?;
    snapshot["chats"] = chat_events::for_snapshot(app, scope, holder).await?;
    let mut incoming = None;
    if let Some(ringing) = peer_calls::ringing_for(app, scope, holder.caller.user).await? {
        (snapshot["peerCall"], incoming) = (ringing.call, ringing.incoming);
    }
    Ok(told(snapshot, seq, incoming))
}

/// The snapshot, and the call that rings: a device that was woken for it learns of it here.
fn told(snapshot: Value, seq: i64, incoming: Option<Value>) -> Read {
    let mut messages = vec![Message { event: "snapshot".to_owned(), payload: snapshot }];
    messages.extend(incoming.map(|payload| Message { event: "call:incoming".to_owned(), payload }));
    Read { messages, seq }
}

/// The agent's open offers, each as `offer:new` tells it.
async fn offers(app: &App, scope: CompanyScope, agent: AgentId) -> Result<Value> {
    let now = app.clock.now();
    let open = outbox::open_offers(scope, app.db.reader(), agent).await?;
    let mut told = Vec::new();
    for open in open.iter().filter(|open| open.offer.expires_at > now) {
        let contact = pop::of_call(scope, app.db.reader(), &open.call).await?;
        told.push(offer::describe(&open.offer, &open.call, &open.queue, &open.entry, contact.as_ref()));
    }
    Ok(told.into())
}

/// The calls that the agent has in hand, each as `call:update` tells it, with his part in it.
async fn calls(app: &App, scope: CompanyScope, agent: AgentId) -> Result<Value> {
    let in_hand = outbox::calls_in_hand(scope, app.db.reader(), agent).await?;
    let describe = |(segment, call): &(entity::segment::Model, entity::call::Model)| {
        let mut told = file::summary(call).as_object().cloned().unwrap_or_else(Map::new);
        told.insert("segmentId".into(), json!(segment.id));
        told.insert("segmentState".into(), json!(segment.state));
        told.insert("wrapUpUntil".into(), json!(segment.wrap_up_until));
        Value::Object(told)
    };
    Ok(in_hand.iter().map(describe).collect())
}
