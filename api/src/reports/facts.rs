//! From rows to what the pure counting reads.

use std::collections::BTreeMap;

use ::reports::{CallFacts, Direction, End, Offer, OfferEnd, Purpose, Score, Segment, Span, Visit, VisitEnd};
use chrono::{DateTime, Utc};
use entity::id::{CallId, QueueEntryId};
use entity::{
    CallKind, CallOutcome, CompanyScope, EntryOutcome, EntryPurpose, OfferState, SegmentState, call,
    call_event, offer, queue_entry, segment,
};
use sea_orm::ConnectionTrait;

use crate::calls::story::EventKind;
use crate::error::Result;
use crate::store::reports::{CallRows, rows_of};

/// What the rows of these calls say.
pub async fn of_calls(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    calls: &[CallId],
) -> Result<Vec<(CallId, CallFacts)>> {
    Ok(read(rows_of(scope, db, calls).await?))
}

fn read(rows: CallRows) -> Vec<(CallId, CallFacts)> {
    let CallRows { calls, entries, offers, segments, answers, transfers, holds } = rows;
    let outbound = |entry: &queue_entry::Model| entry.outcome == Some(EntryOutcome::Outbound);
    let queues: BTreeMap<QueueEntryId, _> =
        entries.iter().filter(|entry| !outbound(entry)).map(|entry| (entry.id, entry.queue_id)).collect();
    let mut facts: BTreeMap<CallId, CallFacts> = calls.iter().map(|row| (row.id, of_call(row))).collect();
    for entry in &entries {
        if let Some(call) = facts.get_mut(&entry.call_id) {
            call.visits.push(visit(entry));
        }
    }
    for offer in &offers {
        // Who calls out is offered nothing: a row stands there for his phone alone.
        let Some(queue) = queues.get(&offer.queue_entry_id) else { continue };
        if let Some(call) = facts.get_mut(&offer.call_id) {
            let (agent, end) = (offer.agent_id.0, settled(offer));
            call.offers.push(Offer { agent, queue: queue.0, offered_at: offer.offered_at, end });
        }
    }
    for row in &segments {
        let transferred = transfers.iter().any(|transfer| transfer.segment_id == row.id);
        if let Some(call) = facts.get_mut(&row.call_id) {
            call.segments.push(Segment { transferred, ..conversation(row, &holds) });
        }
    }
    for answer in &answers {
        if let Some(call) = facts.get_mut(&answer.call_id) {
            call.scores.push(Score {
                agent: answer.agent_id.map(|id| id.0),
                queue: answer.queue_id.map(|id| id.0),
                score: u8::try_from(answer.score).unwrap_or_default(),
                answered_at: answer.answered_at,
            });
        }
    }
    facts.into_iter().collect()
}

fn of_call(row: &call::Model) -> CallFacts {
    CallFacts {
        direction: match row.kind {
            CallKind::Inbound => Direction::Inbound,
            CallKind::Outbound => Direction::Outbound,
            CallKind::Peer => Direction::Peer,
        },
        outcome: row.outcome.map(|outcome| match outcome {
            CallOutcome::Answered => End::Answered,
            CallOutcome::Abandoned => End::Abandoned,
            CallOutcome::Voicemail => End::Voicemail,
            CallOutcome::Callback => End::Callback,
            CallOutcome::Overflow => End::Overflow,
            CallOutcome::NoAnswer => End::NoAnswer,
            CallOutcome::Busy => End::Busy,
            CallOutcome::FlowExit => End::FlowExit,
            CallOutcome::Error => End::Error,
        }),
        started_at: row.started_at,
        ended_at: row.ended_at,
        is_over: row.status.is_over(),
        visits: Vec::new(),
        offers: Vec::new(),
        segments: Vec::new(),
        scores: Vec::new(),
    }
}

/// How a visit ended; `None`: it is none, since an agent called out.
pub fn visit_end(outcome: EntryOutcome) -> Option<VisitEnd> {
    Some(match outcome {
        EntryOutcome::Answered => VisitEnd::Answered,
        EntryOutcome::Abandoned => VisitEnd::Abandoned,
        EntryOutcome::Overflow => VisitEnd::Overflow,
        EntryOutcome::Callback => VisitEnd::Callback,
        EntryOutcome::Voicemail => VisitEnd::Voicemail,
        EntryOutcome::Error => VisitEnd::Error,
        EntryOutcome::Moved => VisitEnd::Moved,
        EntryOutcome::Withdrawn => VisitEnd::Withdrawn,
        EntryOutcome::Unreached => VisitEnd::Unreached,
        EntryOutcome::Outbound => return None,
    })
}

fn visit(row: &queue_entry::Model) -> Visit {
    let purpose = match (row.purpose, row.outcome) {
        (_, Some(EntryOutcome::Outbound)) => Purpose::Outbound,
        (EntryPurpose::Caller, _) => Purpose::Caller,
        (EntryPurpose::Consult, _) => Purpose::Consult,
        (EntryPurpose::Callback, _) => Purpose::Callback,
    };
    let end = row.outcome.and_then(visit_end);
    Visit { queue: row.queue_id.0, purpose, entered_at: row.entered_at, end: end.zip(row.left_at) }
}

fn settled(row: &offer::Model) -> Option<(OfferEnd, DateTime<Utc>)> {
    let end = match row.state {
        OfferState::Open => return None,
        OfferState::Accepted => OfferEnd::Accepted,
        OfferState::Declined => OfferEnd::Declined,
        OfferState::NoAnswer => OfferEnd::NotAnswered,
        OfferState::TakenByOther => OfferEnd::TakenByOther,
        OfferState::CallerLeft => OfferEnd::CallerLeft,
        OfferState::Withdrawn => OfferEnd::Withdrawn,
        OfferState::DeviceError => OfferEnd::DeviceFailed,
    };
    Some((end, row.settled_at.unwrap_or(row.offered_at)))
}

fn conversation(row: &segment::Model, holds: &[call_event::Model]) -> Segment {
    let connected_at = row.connected_at.filter(|_| row.state != SegmentState::Failed);
    Segment {
        agent: row.agent_id.0,
        queue: row.queue_id.0,
        reserved_at: row.reserved_at,
        connected_at,
        ended_at: row.ended_at,
        wrapped_up_at: row.wrapped_up_at,
        holds: if row.hold_ms > 0 { holds_of(row, holds) } else { Vec::new() },
        transferred: false,
    }
}

/// From each line that says that the caller is on hold to the next that says that he is not, or to the end of the conversation.
fn holds_of(row: &segment::Model, lines: &[call_event::Model]) -> Vec<Span> {
    let id = row.id.to_string();
    let mut spans = Vec::new();
    let mut since = None;
    let own =
        |line: &&call_event::Model| line.call_id == row.call_id && line.data["segmentId"] == id.as_str();
    for line in lines.iter().filter(own) {
        if line.kind == EventKind::Held.as_str() {
            since.get_or_insert(line.occurred_at);
        } else if let Some(since) = since.take() {
            spans.push(Span::new(since, line.occurred_at));
        }
    }
    if let Some((since, ended_at)) = since.zip(row.ended_at) {
        spans.push(Span::new(since, ended_at));
    }
    spans
}
