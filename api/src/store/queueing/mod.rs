//! Queue entries, rounds, offers, segments, slots, and the changes that routing has yet to read.

mod entries;
mod queues;
mod rounds;
mod routing;
mod segments;
mod slots;

use entity::SegmentState;

pub use entries::*;
pub use queues::*;
pub use rounds::*;
pub use routing::*;
pub use segments::*;
pub use slots::*;

/// Segments in which an agent has the call, or is about to.
pub const LIVE: [SegmentState; 3] = [SegmentState::Reserved, SegmentState::Joined, SegmentState::Connected];

/// The outcome of a conditional write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Won {
    Yes,
    /// Somebody else was first.
    No,
}
