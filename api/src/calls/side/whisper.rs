//! What an agent hears by the flow of a queue before he is joined with its caller. At its end he is joined; a `hangup` in
//! it spares him the call, and the caller keeps his place.

use entity::id::OfferId;
use entity::{SegmentPart, offer, segment};
use ivr_engine::{FlowKind, Input};

use super::document::{self, Answers};
use super::{Heard, Kept, Tells};
use crate::calls::reply::agent_room;
use crate::calls::urls::Heard as By;
use crate::calls::{CallFile, Reply};
use crate::error::Result;
use crate::store::side_sessions::{self, Whose};
use crate::store::{Unit, queueing, workforce};

/// What the agent's line does now that he has the call: it joins, after the flow if there is one. Who is asked by another
/// agent hears none.
pub async fn before(
    unit: &mut Unit,
    file: &mut CallFile,
    offer: &offer::Model,
    segment: &segment::Model,
) -> Result<Reply> {
    let joins = Reply::JoinAgent { offer: offer.id, room: segment.room_id };
    if segment.part != SegmentPart::Main {
        return Ok(joins);
    }
    let row = side_sessions::lock(unit.scope(), unit.tx(), Whose::IsOffered(offer.id)).await?;
    if let Some(row) = row {
        return Ok(Reply::Current(row.twiml));
    }
    let Some(version) = super::of_queue(unit, segment.queue_id, FlowKind::Whisper).await? else {
        return Ok(joins);
    };
    let agent = workforce::agent(unit.scope(), unit.tx(), segment.agent_id).await?;
    let session = super::begin(unit, file, segment.queue_id, Some(&agent), offer.id.0).await?;
    let heard = super::step(unit, file, version, session, Input::Start, Tells::Yes).await?;
    go_on(unit, file, segment, None, version, heard).await
}

/// The agent has answered, or has said nothing.
pub async fn answered(unit: &mut Unit, id: OfferId, version: i32, input: Input) -> Result<Reply> {
    let seen = queueing::offer(unit.scope(), unit.tx(), id).await?;
    let mut file = CallFile::open(unit, seen.call_id).await?;
    let row = side_sessions::lock(unit.scope(), unit.tx(), Whose::IsOffered(id)).await?;
    let segment = queueing::segment_of_offer(unit.scope(), unit.tx(), id).await?;
    let (Some(row), Some(segment)) = (row, segment.filter(|segment| segment.state.is_live())) else {
        return Ok(Reply::HangUp);
    };
    if row.version != version {
        return Ok(Reply::Current(row.twiml));
    }
    let (flow, session) = (row.flow_version_id, super::read(&row)?);
    let heard = super::step(unit, &mut file, flow, session, input, Tells::Yes).await?;
    let reply = go_on(unit, &mut file, &segment, Some(row), flow, heard).await?;
    file.save(unit).await?;
    Ok(reply)
}

async fn go_on(
    unit: &mut Unit,
    file: &mut CallFile,
    segment: &segment::Model,
    row: Option<entity::side_session::Model>,
    flow: entity::id::FlowVersionId,
    heard: Heard,
) -> Result<Reply> {
    let urls = unit.app().urls(unit.company());
    let offer = segment.offer_id;
    let version = super::next_version(row.as_ref());
    let answers = Answers {
        gather: urls.whisper_step(offer, version, By::Gather),
        silence: urls.whisper_step(offer, version, By::Silence),
    };
    let (room, exit) = (agent_room(&urls, offer, segment.room_id), urls.agent_exit(offer));
    let twiml = if heard.is_broken() {
        // A broken flow costs nobody the call.
        document::whisper(&[], &ivr_engine::Next::Done, &answers, room, exit)
    } else {
        document::whisper(&heard.said, &heard.next, &answers, room, exit)
    };
    let kept = Kept {
        whose: Whose::IsOffered(offer),
        flow,
        session: &heard.session,
        inputs: &heard.inputs,
        twiml: twiml.clone(),
        has_left_queue: false,
    };
    super::keep(unit, file, row, kept).await?;
    Ok(Reply::Current(twiml))
}
