//! What the figures of a contact centre are made of.
//!
//! The rows of a call go in ([`CallFacts`]); what they count for, in which quarter of an hour, comes out ([`Ledger`],
//! [`Counters`]). Counters add: four quarters are an hour, in whichever zone. What does not add (percentages, averages, a
//! service level) is made of sums when it is asked for ([`figures`], [`service_level`]). Waits are kept by whole seconds
//! ([`Waits`]), so that another threshold changes the past, too.
//!
//! **What it must never do.** It has no clock, no I/O, and no memory: the same rows always lead to the same counters, which
//! is what makes recomputing them safe.

mod counters;
mod facts;
pub mod figures;
mod interval;
mod ledger;
pub mod service_level;
mod span;
mod states;
mod waits;

pub use counters::Counters;
pub use facts::{CallFacts, Direction, End, Offer, OfferEnd, Purpose, Score, Segment, Visit, VisitEnd};
pub use interval::{Interval, Length, day_began, intervals, row_of};
pub use ledger::{Attribution, Cell, Ledger, Of, caller};
pub use service_level::{Callers, Left, Limits, Part, Ratio, SHORT_ABANDONS, Variant, Wait};
pub use span::{Quarter, Span};
pub use states::{State, Timeline};
pub use waits::Waits;
