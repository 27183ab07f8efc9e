//! Figures as they are answered: sums as whole numbers, times in seconds, percentages of a hundred. What there is nothing to
//! make of is absent.

use ::reports::Counters;
use ::reports::figures::{self, Time};
use entity::ServiceLevelVariant;
use poem_openapi::Object;

use super::super::Word;
use crate::reports::answer::{Line, ServiceLevel};
use crate::reports::ask::Asked;

/// What became of calls.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct CallFigures {
    /// All of them; those that go on still have no outcome.
    calls: u64,
    inbound: u64,
    outbound: u64,
    peer: u64,
    answered: u64,
    abandoned: u64,
    voicemail: u64,
    callback: u64,
    overflow: u64,
    no_answer: u64,
    busy: u64,
    flow_exit: u64,
    error: u64,
    /// From a call's beginning to its end.
    total_seconds: f64,
}

impl From<&Counters> for CallFigures {
    fn from(counters: &Counters) -> Self {
        Self {
            calls: counters.calls,
            inbound: counters.inbound,
            outbound: counters.outbound,
            peer: counters.peer,
            answered: counters.calls_answered,
            abandoned: counters.calls_abandoned,
            voicemail: counters.calls_voicemail,
            callback: counters.calls_callback,
            overflow: counters.calls_overflow,
            no_answer: counters.calls_no_answer,
            busy: counters.calls_busy,
            flow_exit: counters.calls_flow_exit,
            error: counters.calls_error,
            total_seconds: seconds(counters.call_ms),
        }
    }
}

/// A service level with the way in which it is counted. X and S are absent where queues differ in them: then each queue has
/// counted with its own.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct ServiceLevelFigureOut {
    variant: Word<ServiceLevelVariant>,
    /// In words; X and S are the two below.
    formula: String,
    /// X: the queue's target.
    target_seconds: Option<u32>,
    /// S: who gave up within it is a short abandon.
    short_abandon_seconds: Option<u32>,
    numerator: u64,
    denominator: u64,
    percent: Option<f64>,
}

impl ServiceLevelFigureOut {
    fn of(asked: &Asked, level: ServiceLevel) -> Self {
        Self {
            variant: Word(asked.settings.variant),
            formula: asked.variant().formula().to_owned(),
            target_seconds: level.limits.map(|(target, _)| target),
            short_abandon_seconds: level.limits.map(|(_, short)| short),
            numerator: level.ratio.numerator,
            denominator: level.ratio.denominator,
            percent: level.ratio.percent(),
        }
    }
}

/// What callers thought of it.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct SatisfactionOut {
    answers: u64,
    /// 1 to 5.
    average_score: Option<f64>,
    satisfied: u64,
    satisfied_percent: Option<f64>,
}

impl From<&Counters> for SatisfactionOut {
    fn from(counters: &Counters) -> Self {
        Self {
            answers: counters.surveys,
            average_score: figures::score(counters),
            satisfied: counters.satisfied,
            satisfied_percent: figures::satisfaction(counters).percent(),
        }
    }
}

/// What callers met in a queue. `queued` is `answered` + `abandoned` + `overflowed` + `callbacks` + `voicemails` + `errors` +
/// `moved` + `withdrawn` + `unreached` + `stillWaiting`.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct QueueFigures {
    queued: u64,
    answered: u64,
    abandoned: u64,
    /// Of these, those within S.
    short_abandons: u64,
    overflowed: u64,
    /// They asked to be called back.
    callbacks: u64,
    voicemails: u64,
    errors: u64,
    /// A supervisor moved them to another queue.
    moved: u64,
    withdrawn: u64,
    unreached: u64,
    still_waiting: u64,
    answer_percent: Option<f64>,
    abandon_percent: Option<f64>,
    service_level: ServiceLevelFigureOut,
    average_speed_of_answer_seconds: Option<f64>,
    average_abandon_seconds: Option<f64>,
    /// Of all who came, however that ended.
    longest_wait_seconds: Option<f64>,
    /// Who was to be called back came into the line so often, and was reached so often.
    called_back: u64,
    called_back_reached: u64,
    called_back_unreached: u64,
    /// Agents who asked for a colleague.
    consults: u64,
    work: WorkOut,
    satisfaction: SatisfactionOut,
}

impl QueueFigures {
    pub fn of(asked: &Asked, line: &Line) -> Self {
        let counters = &line.counters;
        Self {
            queued: counters.queued,
            answered: counters.answered,
            abandoned: counters.abandoned,
            short_abandons: line.service_level.short_abandons,
            overflowed: counters.overflowed,
            callbacks: counters.callbacks,
            voicemails: counters.voicemails,
            errors: counters.errors,
            moved: counters.moved,
            withdrawn: counters.withdrawn,
            unreached: counters.unreached,
            still_waiting: counters.still_waiting,
            answer_percent: figures::answer_rate(counters).percent(),
            abandon_percent: figures::abandonment_rate(counters).percent(),
            service_level: ServiceLevelFigureOut::of(asked, line.service_level),
            average_speed_of_answer_seconds: figures::speed_of_answer(counters),
            average_abandon_seconds: figures::abandon_time(counters),
            longest_wait_seconds: (counters.queued > counters.still_waiting)
                .then(|| seconds(counters.longest_wait_ms)),
            called_back: counters.called_back,
            called_back_reached: counters.called_back_reached,
            called_back_unreached: counters.called_back_unreached,
            consults: counters.consults,
            work: counters.into(),
            satisfaction: counters.into(),
        }
    }
}

/// Conversations that are over. One that is passed on is each agent's for itself.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct WorkOut {
    handled: u64,
    /// Of these, the agent had called out.
    handled_outbound: u64,
    talk_seconds: f64,
    hold_seconds: f64,
    wrap_up_seconds: f64,
    average_handle_seconds: Option<f64>,
    average_talk_seconds: Option<f64>,
    /// Conversations with a hold.
    held: u64,
    average_hold_seconds: Option<f64>,
    average_wrap_up_seconds: Option<f64>,
    average_wrap_up_of_all_seconds: Option<f64>,
    transferred: u64,
    transfer_percent: Option<f64>,
    /// An agent had the call, and it never came to a conversation.
    not_connected: u64,
}

impl From<&Counters> for WorkOut {
    fn from(counters: &Counters) -> Self {
        Self {
            handled: counters.handled,
            handled_outbound: counters.handled_outbound,
            talk_seconds: seconds(counters.contact_ms.saturating_sub(counters.hold_ms)),
            hold_seconds: seconds(counters.hold_ms),
            wrap_up_seconds: seconds(counters.wrap_up_ms),
            average_handle_seconds: figures::handle_time(counters),
            average_talk_seconds: figures::talk_time(counters),
            held: counters.held,
            average_hold_seconds: figures::hold_time(counters),
            average_wrap_up_seconds: figures::wrap_up_time(counters),
            average_wrap_up_of_all_seconds: figures::wrap_up_time_over_all(counters),
            transferred: counters.transferred,
            transfer_percent: figures::transfer_rate(counters).percent(),
            not_connected: counters.not_connected,
        }
    }
}

/// Calls that were offered.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
pub struct OffersOut {
    offered: u64,
    accepted: u64,
    declined: u64,
    not_answered: u64,
    device_failed: u64,
    /// The caller gave up while it rang.
    caller_left: u64,
    taken_by_other: u64,
    withdrawn: u64,
    non_response: u64,
    non_response_without_abandons: u64,
}

impl From<&Counters> for OffersOut {
    fn from(counters: &Counters) -> Self {
        Self {
            offered: counters.offered,
            accepted: counters.accepted,
            declined: counters.declined,
            not_answered: counters.not_answered,
            device_failed: counters.device_failed,
            caller_left: counters.caller_left,
            taken_by_other: counters.taken_by_other,
            withdrawn: counters.offer_withdrawn,
            non_response: figures::non_response(counters),
            non_response_without_abandons: figures::non_response_without_abandons(counters),
        }
    }
}

/// Time by the clock, whatever the attribution: each moment in which an agent was logged in is in one of the others. A
/// conversation counts once it is over.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct TimeOut {
    logged_in_seconds: f64,
    on_contact_seconds: f64,
    wrap_up_seconds: f64,
    ringing_seconds: f64,
    idle_seconds: f64,
    not_responding_seconds: f64,
    busy_seconds: f64,
    away_seconds: f64,
    break_seconds: f64,
    training_seconds: f64,
    occupancy_percent: Option<f64>,
    utilisation_percent: Option<f64>,
}

impl From<Time> for TimeOut {
    fn from(time: Time) -> Self {
        Self {
            logged_in_seconds: seconds(time.logged_in),
            on_contact_seconds: seconds(time.on_contact),
            wrap_up_seconds: seconds(time.in_wrap_up),
            ringing_seconds: seconds(time.ringing),
            idle_seconds: seconds(time.idle),
            not_responding_seconds: seconds(time.not_responding),
            busy_seconds: seconds(time.busy),
            away_seconds: seconds(time.away),
            break_seconds: seconds(time.on_break),
            training_seconds: seconds(time.in_training),
            occupancy_percent: time.occupancy().percent(),
            utilisation_percent: time.utilisation().percent(),
        }
    }
}

fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}
