//! Addresses of the calls behind figures: lists of calls with the filters that count as the figure does.

use ::reports::Interval;
use chrono::SecondsFormat;
use entity::id::{AgentId, QueueId};
use entity::{Attribution, CallKind, CallOutcome, EntryOutcome};
use poem_openapi::Object;

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

/// The calls behind the figures of a queue. A caller who came twice is one call.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
pub struct QueueLinks {
    queued: String,
    answered: String,
    abandoned: String,
    overflowed: String,
    callbacks: String,
    voicemails: String,
    errors: String,
    moved: String,
    withdrawn: String,
    unreached: String,
    handled: String,
}

/// The calls behind an agent's figures.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
pub struct AgentLinks {
    handled: String,
}

/// The list that counts as the attribution does: by when something happened, or by when the call ended.
fn list(by: &str, attribution: Attribution, interval: Interval) -> String {
    let [from, to] =
        [interval.from(), interval.to()].map(|moment| moment.to_rfc3339_opts(SecondsFormat::Secs, true));
    let ended = match attribution {
        Attribution::ActivityDriven => String::new(),
        Attribution::ContactDriven => format!("&attribution={}", attribution.as_str()),
    };
    format!("/api/calls?by={by}&from={from}&to={to}{ended}")
}

impl CallLinks {
    pub fn of(attribution: Attribution, interval: Interval) -> Self {
        let calls = list("call", attribution, interval);
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

impl QueueLinks {
    pub fn of(attribution: Attribution, interval: Interval, queue: Option<QueueId>) -> Self {
        let queue = queue.map(|queue| format!("&queueId={queue}")).unwrap_or_default();
        let queued = format!("{}{queue}", list("visit", attribution, interval));
        let with = |outcome: EntryOutcome| format!("{queued}&visitOutcome={}", outcome.as_str());
        Self {
            answered: with(EntryOutcome::Answered),
            abandoned: with(EntryOutcome::Abandoned),
            overflowed: with(EntryOutcome::Overflow),
            callbacks: with(EntryOutcome::Callback),
            voicemails: with(EntryOutcome::Voicemail),
            errors: with(EntryOutcome::Error),
            moved: with(EntryOutcome::Moved),
            withdrawn: with(EntryOutcome::Withdrawn),
            unreached: with(EntryOutcome::Unreached),
            handled: format!("{}{queue}", list("conversation", attribution, interval)),
            queued,
        }
    }
}

impl AgentLinks {
    pub fn of(attribution: Attribution, interval: Interval, agent: AgentId, queue: Option<QueueId>) -> Self {
        let queue = queue.map(|queue| format!("&queueId={queue}")).unwrap_or_default();
        Self { handled: format!("{}&agentId={agent}{queue}", list("conversation", attribution, interval)) }
    }
}
