//! Closed sets of values, and the life cycles among them: a state moves forward only, and one function says where to.

mod calls;
mod messages;
mod people;
mod queues;
mod recordings;
mod reports;
mod work;

pub use calls::*;
pub use messages::*;
pub use people::*;
pub use queues::*;
pub use recordings::*;
pub use reports::*;
pub use work::*;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leg_never_goes_back_and_its_end_sticks() {
        assert_eq!(LegState::Ringing.advance(LegState::Initiated), None);
        assert_eq!(LegState::Initiated.advance(LegState::InProgress), Some(LegState::InProgress));
        assert_eq!(LegState::NoAnswer.advance(LegState::InProgress), None);
        assert_eq!(LegState::Completed.advance(LegState::Failed), None);
    }

    #[test]
    fn an_offer_is_settled_once() {
        assert_eq!(OfferState::Open.settle(OfferState::Accepted), Some(OfferState::Accepted));
        assert_eq!(OfferState::NoAnswer.settle(OfferState::Accepted), None);
    }

    #[test]
    fn a_recording_never_goes_back_to_the_provider() {
        use RecordingState::{Absent, Deleted, Failed, InProgress, Paused, Planned, Processing, Stored};
        assert_eq!(InProgress.advance(Paused), Some(Paused));
        assert_eq!(Paused.advance(InProgress), Some(InProgress));
        for late in [Planned, InProgress, Paused, Processing] {
            for settled in [Stored, Absent, Failed, Deleted] {
                assert_eq!(settled.advance(late), None, "{settled:?} to {late:?}");
            }
        }
        assert_eq!(Stored.advance(Absent), None, "a file that is here is not explained away");
        assert_eq!(Processing.advance(Deleted), None, "what was not fetched yet is not deleted here");
    }

    #[test]
    fn a_transcript_is_settled_once() {
        use TranscriptState::{Awaited, Failed, Unavailable, Written};
        assert_eq!(Awaited.settle(Written), Some(Written));
        assert_eq!(Awaited.settle(Awaited), None);
        for settled in [Written, Failed, Unavailable] {
            assert_eq!(settled.settle(Written), None, "{settled:?}");
        }
    }

    #[test]
    fn a_callback_is_settled_once() {
        assert_eq!(CallbackState::Open.settle(CallbackState::CalledIn), Some(CallbackState::CalledIn));
        assert_eq!(CallbackState::Open.settle(CallbackState::Open), None);
        assert_eq!(CallbackState::Cancelled.settle(CallbackState::Answered), None);
    }

    #[test]
    fn only_who_was_sent_away_by_a_rule_left_the_queue_for_a_callback() {
        assert_eq!(EntryOutcome::Overflow.called_back(), Some(EntryOutcome::Callback));
        assert_eq!(EntryOutcome::Answered.called_back(), None);
        assert_eq!(EntryOutcome::Abandoned.called_back(), None);
    }

    #[test]
    fn a_transfer_ends_once() {
        assert_eq!(TransferState::Pending.advance(TransferState::Joined), Some(TransferState::Joined));
        assert_eq!(TransferState::Joined.advance(TransferState::Pending), None);
        assert_eq!(TransferState::Failed.advance(TransferState::Completed), None);
    }

    #[test]
    fn a_message_that_was_delivered_does_not_fail_afterwards() {
        assert_eq!(TextState::Asked.advance(TextState::Delivered), Some(TextState::Delivered));
        assert_eq!(TextState::Delivered.advance(TextState::Sent), None);
        assert_eq!(TextState::Delivered.advance(TextState::Failed), None);
        assert_eq!(TextState::Delivered.advance(TextState::Read), Some(TextState::Read));
        assert_eq!(TextState::Sent.advance(TextState::Read), Some(TextState::Read), "news may be lost");
        assert_eq!(TextState::Read.advance(TextState::Delivered), None);
        assert_eq!(TextState::Failed.advance(TextState::Read), None);
        assert_eq!(TextState::Received.advance(TextState::Read), None);
    }

    #[test]
    fn a_segment_that_failed_does_not_connect() {
        assert_eq!(SegmentState::Failed.advance(SegmentState::Connected), None);
        assert_eq!(SegmentState::Joined.advance(SegmentState::Connected), Some(SegmentState::Connected));
    }
}
