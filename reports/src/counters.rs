//! Counters of one quarter of an hour, of a company, a queue or an agent: whole numbers that add.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::span::{Quarter, Span};
use crate::states::{State, Timeline};
use crate::waits::Waits;

fn is_zero(number: &u64) -> bool {
    *number == 0
}

macro_rules! counters {
    ($($(#[$about:meta])* $sum:ident,)+) => {
        /// Sums add, the longest wait is the longer of two, waits add by seconds. Times are milliseconds.
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Counters {
            $($(#[$about])* #[serde(skip_serializing_if = "is_zero")] pub $sum: u64,)+
            /// Of whoever waited, however that ended.
            #[serde(skip_serializing_if = "is_zero")]
            pub longest_wait_ms: u64,
            #[serde(skip_serializing_if = "Waits::is_empty")]
            pub answered_waits: Waits,
            #[serde(skip_serializing_if = "Waits::is_empty")]
            pub abandoned_waits: Waits,
            #[serde(skip_serializing_if = "Waits::is_empty")]
            pub callback_waits: Waits,
            /// Of those who left the queue in another way.
            #[serde(skip_serializing_if = "Waits::is_empty")]
            pub flow_out_waits: Waits,
            /// When the agent had calls in this quarter, in milliseconds from its beginning: until it is known what he wanted
            /// to be meanwhile ([`Counters::settle`]).
            #[serde(skip_serializing_if = "Vec::is_empty")]
            pub clock: Vec<(u32, u32)>,
        }

        impl Counters {
            pub fn add(&mut self, other: &Self) {
                $(self.$sum += other.$sum;)+
                self.longest_wait_ms = self.longest_wait_ms.max(other.longest_wait_ms);
                self.answered_waits.add(&other.answered_waits);
                self.abandoned_waits.add(&other.abandoned_waits);
                self.callback_waits.add(&other.callback_waits);
                self.flow_out_waits.add(&other.flow_out_waits);
                self.clock.extend_from_slice(&other.clock);
            }

            /// Every sum by its name.
            pub fn sums(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($sum), self.$sum)),+]
            }
        }
    };
}

counters! {
    /// Calls, by direction and by what became of them; of the company alone.
    calls, inbound, outbound, peer,
    calls_answered, calls_abandoned, calls_voicemail, calls_callback, calls_overflow, calls_no_answer, calls_busy,
    calls_flow_exit, calls_error,
    /// From a call's beginning to its end.
    call_ms,
    /// Callers who came into the queue, and how they left it.
    queued, answered, abandoned, overflowed, callbacks, voicemails, errors, moved, withdrawn, unreached, still_waiting,
    answered_wait_ms, abandoned_wait_ms,
    /// Agents who asked for a colleague of the queue.
    consults,
    /// Somebody was to be called back and was in the line for it; how often he was reached, and not.
    called_back, called_back_reached, called_back_unreached,
    /// Conversations that are over, each agent's for itself.
    handled,
    /// Of those, an agent had called out.
    handled_outbound,
    /// Talking and holding.
    contact_ms, hold_ms,
    /// Conversations with a hold, with wrap-up, and passed on.
    held, wrap_up_ms, wrapped_up, transferred,
    /// An agent had the call, and it never came to a conversation.
    not_connected,
    offered, accepted, declined, not_answered, taken_by_other, caller_left, offer_withdrawn, device_failed,
    surveys, score_sum, satisfied,
    /// An agent's time by the clock, whatever he has at once: with callers, wrapping up, being rung.
    on_contact_ms, in_wrap_up_ms, ringing_ms,
    /// The same time by what he wanted to be meanwhile; never stored.
    while_available_ms, while_not_responding_ms, while_busy_ms, while_away_ms, while_break_ms, while_training_ms,
    while_offline_ms,
}

impl Counters {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Puts the time with calls of this quarter to the states that the agent wanted meanwhile. An agent without a timeline
    /// was offline.
    pub fn settle(&mut self, quarter: Quarter, timeline: Option<&Timeline>) {
        let moment = |ms: u32| quarter.begins() + TimeDelta::milliseconds(i64::from(ms));
        for (from, to) in std::mem::take(&mut self.clock) {
            let span = Span::new(moment(from), moment(to));
            let mut unknown = span.ms();
            for (state, part) in timeline.map(|timeline| timeline.within(span)).unwrap_or_default() {
                *self.during(state) += part.ms();
                unknown = unknown.saturating_sub(part.ms());
            }
            self.while_offline_ms += unknown;
        }
    }

    fn during(&mut self, state: State) -> &mut u64 {
        match state {
            State::Offline => &mut self.while_offline_ms,
            State::Available => &mut self.while_available_ms,
            State::NotResponding => &mut self.while_not_responding_ms,
            State::Busy => &mut self.while_busy_ms,
            State::Away => &mut self.while_away_ms,
            State::Break => &mut self.while_break_ms,
            State::Training => &mut self.while_training_ms,
        }
    }

    /// Who left the queue without an agent and without giving up; not who asked to be called back.
    pub fn flow_outs(&self) -> u64 {
        self.overflowed + self.voicemails + self.errors + self.moved + self.withdrawn + self.unreached
    }

    fn time_by_state(&self) -> u64 {
        self.while_available_ms
            + self.while_not_responding_ms
            + self.while_busy_ms
            + self.while_away_ms
            + self.while_break_ms
            + self.while_training_ms
            + self.while_offline_ms
    }

    /// What has to hold of a queue's callers of one interval, by arrival (metrics 4.4): whoever came was answered, gave up,
    /// left otherwise or waits. `Err` says what does not.
    pub fn check(&self) -> Result<(), String> {
        let left = self.answered + self.abandoned + self.callbacks + self.flow_outs() + self.still_waiting;
        let rules = [
            ("queued = answered + abandoned + callbacks + flow-outs + still waiting", self.queued, left),
            ("answered = waits of the answered", self.answered, self.answered_waits.count()),
            ("abandoned = waits of the abandoned", self.abandoned, self.abandoned_waits.count()),
            ("callbacks = waits of the callbacks", self.callbacks, self.callback_waits.count()),
            ("flow-outs = waits of the flow-outs", self.flow_outs(), self.flow_out_waits.count()),
            (
                "time with calls = the same by state",
                self.on_contact_ms + self.in_wrap_up_ms + self.ringing_ms,
                self.time_by_state() + self.clock.iter().map(|(from, to)| u64::from(to - from)).sum::<u64>(),
            ),
        ];
        let broken = rules.into_iter().find(|(_, one, other)| one != other);
        broken.map_or(Ok(()), |(rule, one, other)| Err(format!("{rule}: {one} and {other}")))
    }
}
