//! Addresses of the calls behind figures: lists of calls with the filters that count as the figure does.

use ::reports::Interval;
use chrono::SecondsFormat;
use entity::id::{AgentId, QueueId};
use entity::{Attribution, CallKind, CallOutcome, EntryOutcome};
use poem_openapi::Object;

use super::super::counted::CounterIn;

/// The calls behind the figures of calls.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
pub struct CallLinks {
    calls: String,
    inbound: String,
    outbound: String,
    peer: String,
    answered: String,
    abandoned: String,
    voicemail: String,
    callback: String,
    overflow: String,
    no_answer: String,
    busy: String,
    flow_exit: String,
    error: String,
}

/// The calls behind the figures of a queue, each under the name of its figure. A caller who came twice is one call.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
pub struct QueueLinks {
    queued: String,
    answered: String,
    abandoned: String,
    short_abandons: String,
    service_level: ServiceLevelLinks,
    overflowed: String,
    callbacks: String,
    voicemails: String,
    errors: String,
    moved: String,
    withdrawn: String,
    unreached: String,
    still_waiting: String,
    called_back: String,
    called_back_reached: String,
    called_back_unreached: String,
    consults: String,
    work: WorkLinks,
    satisfaction: SatisfactionLinks,
}

/// The calls behind the two numbers of a service level.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
pub struct ServiceLevelLinks {
    numerator: String,
    denominator: String,
}

/// The calls behind conversations. A call that two agents had is one call.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
pub struct WorkLinks {
    handled: String,
    handled_outbound: String,
    held: String,
    transferred: String,
    not_connected: String,
}

/// The calls behind offers. A call that was offered several times is one call.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
pub struct OfferLinks {
    offered: String,
    accepted: String,
    declined: String,
    not_answered: String,
    device_failed: String,
    caller_left: String,
    taken_by_other: String,
    withdrawn: String,
    non_response: String,
    non_response_without_abandons: String,
}

/// The calls whose callers answered a survey; with `&score=` those of one score.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
pub struct SatisfactionLinks {
    answers: String,
    satisfied: String,
}

/// The calls behind an agent's figures, each under the name of its figure.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
pub struct AgentLinks {
    work: WorkLinks,
    offers: OfferLinks,
    satisfaction: SatisfactionLinks,
}

/// The row whose figures are opened.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub attribution: Attribution,
    pub interval: Interval,
    pub queue: Option<QueueId>,
    pub agent: Option<AgentId>,
}

impl Row {
    /// All of the company.
    pub fn of(attribution: Attribution, interval: Interval) -> Self {
        Self { attribution, interval, queue: None, agent: None }
    }

    fn by(self, what: &str) -> String {
        self.list("by", what)
    }

    fn counted(self, counter: CounterIn) -> String {
        self.list("counted", counter.name())
    }

    /// The list that counts as the attribution does: by when something happened, or by when the call ended.
    fn list(self, filter: &str, what: &str) -> String {
        let Self { attribution, interval, queue, agent } = self;
        let [from, to] =
            [interval.from(), interval.to()].map(|moment| moment.to_rfc3339_opts(SecondsFormat::Secs, true));
        let ended = match attribution {
            Attribution::ActivityDriven => String::new(),
            Attribution::ContactDriven => format!("&attribution={}", attribution.as_str()),
        };
        let agent = agent.map(|agent| format!("&agentId={agent}")).unwrap_or_default();
        let queue = queue.map(|queue| format!("&queueId={queue}")).unwrap_or_default();
        format!("/api/calls?{filter}={what}&from={from}&to={to}{ended}{agent}{queue}")
    }
}

impl From<Row> for CallLinks {
    fn from(row: Row) -> Self {
        let calls = row.by("call");
        let with = |outcome: CallOutcome| format!("{calls}&outcome={}", outcome.as_str());
        let going = |direction: CallKind| format!("{calls}&direction={}", direction.as_str());
        Self {
            inbound: going(CallKind::Inbound),
            outbound: going(CallKind::Outbound),
            peer: going(CallKind::Peer),
            answered: with(CallOutcome::Answered),
            abandoned: with(CallOutcome::Abandoned),
            voicemail: with(CallOutcome::Voicemail),
            callback: with(CallOutcome::Callback),
            overflow: with(CallOutcome::Overflow),
            no_answer: with(CallOutcome::NoAnswer),
            busy: with(CallOutcome::Busy),
            flow_exit: with(CallOutcome::FlowExit),
            error: with(CallOutcome::Error),
            calls,
        }
    }
}

impl From<Row> for QueueLinks {
    fn from(row: Row) -> Self {
        let queued = row.by("visit");
        let with = |outcome: EntryOutcome| format!("{queued}&visitOutcome={}", outcome.as_str());
        Self {
            answered: with(EntryOutcome::Answered),
            abandoned: with(EntryOutcome::Abandoned),
            short_abandons: row.counted(CounterIn::ShortAbandons),
            service_level: ServiceLevelLinks {
                numerator: row.counted(CounterIn::ServiceLevelNumerator),
                denominator: row.counted(CounterIn::ServiceLevelDenominator),
            },
            overflowed: with(EntryOutcome::Overflow),
            callbacks: with(EntryOutcome::Callback),
            voicemails: with(EntryOutcome::Voicemail),
            errors: with(EntryOutcome::Error),
            moved: with(EntryOutcome::Moved),
            withdrawn: with(EntryOutcome::Withdrawn),
            unreached: with(EntryOutcome::Unreached),
            still_waiting: row.counted(CounterIn::StillWaiting),
            called_back: row.counted(CounterIn::CalledBack),
            called_back_reached: row.counted(CounterIn::CalledBackReached),
            called_back_unreached: row.counted(CounterIn::CalledBackUnreached),
            consults: row.counted(CounterIn::Consults),
            work: row.into(),
            // Over all queues, those of whoever has been in one.
            satisfaction: SatisfactionLinks {
                answers: row.counted(CounterIn::QueueSurveys),
                satisfied: row.counted(CounterIn::QueueSatisfied),
            },
            queued,
        }
    }
}

impl From<Row> for WorkLinks {
    fn from(row: Row) -> Self {
        Self {
            handled: row.by("conversation"),
            handled_outbound: row.counted(CounterIn::HandledOutbound),
            held: row.counted(CounterIn::Held),
            transferred: row.counted(CounterIn::Transferred),
            not_connected: row.counted(CounterIn::NotConnected),
        }
    }
}

impl From<Row> for OfferLinks {
    fn from(row: Row) -> Self {
        Self {
            offered: row.counted(CounterIn::Offered),
            accepted: row.counted(CounterIn::Accepted),
            declined: row.counted(CounterIn::Declined),
            not_answered: row.counted(CounterIn::NotAnswered),
            device_failed: row.counted(CounterIn::DeviceFailed),
            caller_left: row.counted(CounterIn::CallerLeft),
            taken_by_other: row.counted(CounterIn::TakenByOther),
            withdrawn: row.counted(CounterIn::OfferWithdrawn),
            non_response: row.counted(CounterIn::NonResponse),
            non_response_without_abandons: row.counted(CounterIn::NonResponseWithoutAbandons),
        }
    }
}

impl From<Row> for SatisfactionLinks {
    fn from(row: Row) -> Self {
        Self { answers: row.counted(CounterIn::Surveys), satisfied: row.counted(CounterIn::Satisfied) }
    }
}

impl From<Row> for AgentLinks {
    fn from(row: Row) -> Self {
        Self { work: row.into(), offers: row.into(), satisfaction: row.into() }
    }
}
