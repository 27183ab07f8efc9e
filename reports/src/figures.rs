//! What is made of counters when it is asked for: percentages and averages. Without what they are of they are absent.

use serde::{Deserialize, Serialize};

use crate::counters::Counters;
use crate::service_level::Ratio;
use crate::span::Span;
use crate::states::{State, Timeline};

/// Seconds a piece; absent without a piece.
pub fn average(total_ms: u64, pieces: u64) -> Option<f64> {
    (pieces > 0).then(|| total_ms as f64 / 1000.0 / pieces as f64)
}

/// Answered / offered; offered = answered + abandoned + flow-outs and callbacks, hence without who waits still (Genesys).
pub fn answer_rate(counters: &Counters) -> Ratio {
    Ratio { numerator: counters.answered, denominator: counters.queued - counters.still_waiting }
}

/// Abandoned / queued; who asked to be called back has not given up (Amazon Connect, Genesys).
pub fn abandonment_rate(counters: &Counters) -> Ratio {
    Ratio { numerator: counters.abandoned, denominator: counters.queued - counters.still_waiting }
}

/// Gave up within `short` seconds (vendors' usual limit: 5 to 10).
pub fn short_abandons(counters: &Counters, short: u32) -> u64 {
    counters.abandoned_waits.within(short)
}

/// ASA: wait of the answered / answered, from entering the queue to the agent (Amazon Connect, "average queue answer time").
pub fn speed_of_answer(counters: &Counters) -> Option<f64> {
    average(counters.answered_wait_ms, counters.answered)
}

/// Wait of those who gave up / their number (Amazon Connect).
pub fn abandon_time(counters: &Counters) -> Option<f64> {
    average(counters.abandoned_wait_ms, counters.abandoned)
}

/// AHT: (talk + hold + wrap-up) / handled (Amazon Connect, Genesys).
pub fn handle_time(counters: &Counters) -> Option<f64> {
    average(counters.contact_ms + counters.wrap_up_ms, counters.handled)
}

/// Talk / handled, without holds.
pub fn talk_time(counters: &Counters) -> Option<f64> {
    average(counters.contact_ms.saturating_sub(counters.hold_ms), counters.handled)
}

/// Hold / conversations that had a hold (Amazon Connect, Genesys).
pub fn hold_time(counters: &Counters) -> Option<f64> {
    average(counters.hold_ms, counters.held)
}

/// ACW / conversations with wrap-up (Genesys).
pub fn wrap_up_time(counters: &Counters) -> Option<f64> {
    average(counters.wrap_up_ms, counters.wrapped_up)
}

/// ACW / all conversations (Amazon Connect).
pub fn wrap_up_time_over_all(counters: &Counters) -> Option<f64> {
    average(counters.wrap_up_ms, counters.handled)
}

/// Passed on by the agent / handled (Genesys).
pub fn transfer_rate(counters: &Counters) -> Ratio {
    Ratio { numerator: counters.transferred, denominator: counters.handled }
}

/// RONA: offers that the agent did not take, once an offer, with those whose caller gave up while it rang (Amazon Connect,
/// AGENT_NON_RESPONSE). An offer that another agent took, or that was withdrawn, was nobody's to answer any more.
pub fn non_response(counters: &Counters) -> u64 {
    non_response_without_abandons(counters) + counters.caller_left
}

/// The same without those (AGENT_NON_RESPONSE_WITHOUT_CUSTOMER_ABANDONS).
pub fn non_response_without_abandons(counters: &Counters) -> u64 {
    counters.declined + counters.not_answered + counters.device_failed
}

/// Scores of 4 and 5 / all scores.
pub fn satisfaction(counters: &Counters) -> Ratio {
    Ratio { numerator: counters.satisfied, denominator: counters.surveys }
}

/// The mean of the scores, 1 to 5.
pub fn score(counters: &Counters) -> Option<f64> {
    (counters.surveys > 0).then(|| counters.score_sum as f64 / counters.surveys as f64)
}

/// An agent's time by the clock; milliseconds. Every moment of the time in which he was logged in is in one of them: with a
/// caller, else wrapping up, else being rung, else in the state that he wanted (the precedence of Amazon Connect).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Time {
    /// Not offline, or with a caller.
    pub logged_in: u64,
    pub on_contact: u64,
    pub in_wrap_up: u64,
    pub ringing: u64,
    /// Available, and nothing to do.
    pub idle: u64,
    pub not_responding: u64,
    pub busy: u64,
    pub away: u64,
    pub on_break: u64,
    pub in_training: u64,
}

impl Time {
    /// Of the states within `span` and of what `counters` say of the same time.
    pub fn of(timeline: &Timeline, span: Span, counters: &Counters) -> Self {
        let wanted = |state| timeline.ms_in(state, span);
        let left = |state, with_calls: u64| wanted(state).saturating_sub(with_calls);
        let all: u64 = State::ALL.into_iter().filter(|state| state.is_logged_in()).map(wanted).sum();
        Self {
            logged_in: all + counters.while_offline_ms,
            on_contact: counters.on_contact_ms,
            in_wrap_up: counters.in_wrap_up_ms,
            ringing: counters.ringing_ms,
            idle: left(State::Available, counters.while_available_ms),
            not_responding: left(State::NotResponding, counters.while_not_responding_ms),
            busy: left(State::Busy, counters.while_busy_ms),
            away: left(State::Away, counters.while_away_ms),
            on_break: left(State::Break, counters.while_break_ms),
            in_training: left(State::Training, counters.while_training_ms),
        }
    }

    pub fn add(&mut self, other: Self) {
        self.logged_in += other.logged_in;
        self.on_contact += other.on_contact;
        self.in_wrap_up += other.in_wrap_up;
        self.ringing += other.ringing;
        self.idle += other.idle;
        self.not_responding += other.not_responding;
        self.busy += other.busy;
        self.away += other.away;
        self.on_break += other.on_break;
        self.in_training += other.in_training;
    }

    /// The sum of an agent's state durations, which is the time that he was logged in (metrics 4.4).
    pub fn sum(&self) -> u64 {
        self.on_contact
            + self.in_wrap_up
            + self.ringing
            + self.idle
            + self.not_responding
            + self.busy
            + self.away
            + self.on_break
            + self.in_training
    }

    /// (on contact + wrap-up) / (on contact + wrap-up + idle) (Amazon Connect; not the meaning of the ICMI article of 2012,
    /// which has work off the phone in it).
    pub fn occupancy(&self) -> Ratio {
        let handling = self.on_contact + self.in_wrap_up;
        Ratio { numerator: handling, denominator: handling + self.idle }
    }

    /// (on contact + wrap-up + idle) / logged in. There is no norm for it: this is ours.
    pub fn utilisation(&self) -> Ratio {
        let ready = self.on_contact + self.in_wrap_up + self.idle;
        Ratio { numerator: ready, denominator: self.logged_in }
    }
}

/// A figure, how it is made, and where that is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Formula {
    pub figure: &'static str,
    pub formula: &'static str,
}

/// How every percentage and average of the answers is made, under its name there.
pub const FORMULAS: &[Formula] = &[
    formula("answerPercent", "answered / (queued - still waiting)"),
    formula("abandonPercent", "abandoned / (queued - still waiting)"),
    formula(
        "averageSpeedOfAnswerSeconds",
        "wait of the answered, from entering the queue to the agent / answered",
    ),
    formula("averageAbandonSeconds", "wait of the abandoned / abandoned"),
    formula("averageHandleSeconds", "(talk + hold + wrap-up) / handled"),
    formula("averageTalkSeconds", "talk without holds / handled"),
    formula("averageHoldSeconds", "hold / conversations with a hold"),
    formula("averageWrapUpSeconds", "wrap-up / conversations with wrap-up"),
    formula("averageWrapUpOfAllSeconds", "wrap-up / handled"),
    formula("transferPercent", "conversations that the agent passed on / handled"),
    formula(
        "nonResponse",
        "offers declined, not answered, failed at the device, or whose caller gave up while it rang",
    ),
    formula("nonResponseWithoutAbandons", "offers declined, not answered or failed at the device"),
    formula("satisfiedPercent", "scores of 4 and 5 / scores"),
    formula("occupancyPercent", "(on contact + wrap-up) / (on contact + wrap-up + idle), by the clock"),
    formula("utilisationPercent", "(on contact + wrap-up + idle) / logged in, by the clock"),
];

const fn formula(figure: &'static str, formula: &'static str) -> Formula {
    Formula { figure, formula }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn averages_are_of_what_had_it() {
        let counters = Counters {
            handled: 4,
            contact_ms: 400_000,
            hold_ms: 60_000,
            held: 2,
            wrap_up_ms: 90_000,
            wrapped_up: 3,
            transferred: 1,
            ..Counters::default()
        };
        assert_eq!(handle_time(&counters), Some(122.5));
        assert_eq!(talk_time(&counters), Some(85.0));
        assert_eq!(hold_time(&counters), Some(30.0));
        assert_eq!((wrap_up_time(&counters), wrap_up_time_over_all(&counters)), (Some(30.0), Some(22.5)));
        assert_eq!(transfer_rate(&counters).percent(), Some(25.0));
    }

    #[test]
    fn without_anything_there_is_no_percentage() {
        let none = Counters::default();
        for percent in
            [answer_rate, abandonment_rate, transfer_rate, satisfaction].map(|rate| rate(&none).percent())
        {
            assert_eq!(percent, None);
        }
        let averages =
            [speed_of_answer, abandon_time, handle_time, talk_time, hold_time, wrap_up_time, score]
                .map(|of| of(&none));
        assert_eq!(averages, [None; 7]);
        assert_eq!(Time::default().occupancy().percent(), None);
    }

    #[test]
    fn an_offer_that_another_agent_took_is_no_missed_one() {
        let counters = Counters {
            offered: 10,
            accepted: 3,
            declined: 1,
            not_answered: 2,
            device_failed: 1,
            caller_left: 1,
            taken_by_other: 1,
            offer_withdrawn: 1,
            ..Counters::default()
        };
        assert_eq!((non_response(&counters), non_response_without_abandons(&counters)), (5, 4));
    }

    #[test]
    fn the_states_of_an_agent_are_the_time_he_was_logged_in() {
        let at = |minute: i64| DateTime::from_timestamp(minute * 60, 0).unwrap();
        let day = Span::new(at(0), at(60));
        let changes = vec![(at(10), State::Available), (at(50), State::Break), (at(55), State::Offline)];
        let timeline = Timeline { life: day, first: State::Offline, changes };
        // 20 minutes with a caller and 5 of wrap-up, the last 3 of them when he was on his break.
        let counters = Counters {
            on_contact_ms: 20 * 60_000,
            in_wrap_up_ms: 5 * 60_000,
            ringing_ms: 60_000,
            while_available_ms: 23 * 60_000,
            while_break_ms: 3 * 60_000,
            ..Counters::default()
        };
        counters.check().unwrap();
        let time = Time::of(&timeline, day, &counters);
        assert_eq!((time.logged_in / 60_000, time.idle / 60_000, time.on_break / 60_000), (45, 17, 2));
        assert_eq!(time.sum(), time.logged_in);
        assert_eq!(time.occupancy(), Ratio { numerator: 25 * 60_000, denominator: 42 * 60_000 });
        assert_eq!(time.utilisation().percent(), Some(42.0 * 100.0 / 45.0));
    }
}
