//! What the rows of one call say, as far as figures are made of it.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::span::Span;

/// A call with all that belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub struct CallFacts {
    pub direction: Direction,
    pub outcome: Option<End>,
    pub started_at: DateTime<Utc>,
    /// When the other party was gone.
    pub ended_at: Option<DateTime<Utc>>,
    /// Nobody has anything to do with it any more, wrap-up included: from then on it counts contact-driven.
    pub is_over: bool,
    pub visits: Vec<Visit>,
    pub offers: Vec<Offer>,
    pub segments: Vec<Segment>,
    pub scores: Vec<Score>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Inbound,
    Outbound,
    Peer,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Answered,
    Abandoned,
    Voicemail,
    Callback,
    Overflow,
    NoAnswer,
    Busy,
    FlowExit,
    Error,
}

/// One visit of one queue.
#[derive(Clone, Debug, PartialEq)]
pub struct Visit {
    pub queue: Uuid,
    pub purpose: Purpose,
    pub entered_at: DateTime<Utc>,
    pub end: Option<(VisitEnd, DateTime<Utc>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A caller waited.
    Caller,
    /// An agent asked for a colleague.
    Consult,
    /// Somebody was to be called back.
    Callback,
    /// Nobody waited: an agent called out.
    Outbound,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VisitEnd {
    Answered,
    Abandoned,
    Overflow,
    Callback,
    Voicemail,
    Error,
    Moved,
    Withdrawn,
    Unreached,
}

/// A call that was offered to an agent.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    pub agent: Uuid,
    pub queue: Uuid,
    pub offered_at: DateTime<Utc>,
    pub end: Option<(OfferEnd, DateTime<Utc>)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfferEnd {
    Accepted,
    Declined,
    NotAnswered,
    TakenByOther,
    CallerLeft,
    Withdrawn,
    DeviceFailed,
}

/// One agent's time with the call.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    pub agent: Uuid,
    pub queue: Uuid,
    pub reserved_at: DateTime<Utc>,
    pub connected_at: Option<DateTime<Utc>>,
    /// The conversation is over, or has never come about.
    pub ended_at: Option<DateTime<Utc>>,
    pub wrapped_up_at: Option<DateTime<Utc>>,
    /// The caller on hold, within the conversation.
    pub holds: Vec<Span>,
    /// The agent passed the caller on.
    pub transferred: bool,
}

impl Segment {
    /// The conversation, once it is over.
    pub fn conversation(&self) -> Option<Span> {
        Some(Span::new(self.connected_at?, self.ended_at?))
    }

    /// After it.
    pub fn wrap_up(&self) -> Option<Span> {
        self.connected_at?;
        Some(Span::new(self.ended_at?, self.wrapped_up_at?))
    }

    /// From the reservation to the conversation, or to where it came to nothing.
    pub fn connecting(&self) -> Option<Span> {
        Some(Span::new(self.reserved_at, self.connected_at.or(self.ended_at)?))
    }
}

/// What a caller thinks of it, 1 to 5.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    pub agent: Option<Uuid>,
    pub queue: Option<Uuid>,
    pub score: u8,
    pub answered_at: DateTime<Utc>,
}
