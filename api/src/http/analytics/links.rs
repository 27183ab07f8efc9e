//! Addresses of the calls behind figures: lists of calls with the filters that count as the figure does.

use ::reports::Interval;
use chrono::SecondsFormat;
use entity::id::{AgentId, QueueId};
use entity::{Attribution, CallOutcome, EntryOutcome};
use poem_openapi::Object;

/// The calls behind the figures of calls.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
pub struct CallLinks {
    calls: String,
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

/// Lists are by when something happened, and so are links: a figure that is counted contact-driven has none.
fn of<T>(attribution: Attribution, links: impl FnOnce() -> T) -> Option<T> {
    match attribution {
        Attribution::ActivityDriven => Some(links()),
        Attribution::ContactDriven => None,
    }
}

fn list(by: &str, interval: Interval) -> String {
    let [from, to] =
        [interval.from(), interval.to()].map(|moment| moment.to_rfc3339_opts(SecondsFormat::Secs, true));
    format!("/api/calls?by={by}&from={from}&to={to}")
}

impl CallLinks {
    pub fn of(attribution: Attribution, interval: Interval) -> Option<Self> {
        let calls = list("call", interval);
        let with = |outcome: CallOutcome| format!("{calls}&outcome={}", outcome.as_str());
        of(attribution, || Self {
            answered: with(CallOutcome::Answered),
            abandoned: with(CallOutcome::Abandoned),
            voicemail: with(CallOutcome::Voicemail),
            callback: with(CallOutcome::Callback),
            overflow: with(CallOutcome::Overflow),
            no_answer: with(CallOutcome::NoAnswer),
            busy: with(CallOutcome::Busy),
            flow_exit: with(CallOutcome::FlowExit),
            error: with(CallOutcome::Error),
            calls: calls.clone(),
        })
    }
}

impl QueueLinks {
    pub fn of(attribution: Attribution, interval: Interval, queue: Option<QueueId>) -> Option<Self> {
        let queue = queue.map(|queue| format!("&queueId={queue}")).unwrap_or_default();
        let queued = format!("{}{queue}", list("visit", interval));
        let with = |outcome: EntryOutcome| format!("{queued}&visitOutcome={}", outcome.as_str());
        of(attribution, || Self {
            answered: with(EntryOutcome::Answered),
            abandoned: with(EntryOutcome::Abandoned),
            overflowed: with(EntryOutcome::Overflow),
            callbacks: with(EntryOutcome::Callback),
            voicemails: with(EntryOutcome::Voicemail),
            errors: with(EntryOutcome::Error),
            moved: with(EntryOutcome::Moved),
            withdrawn: with(EntryOutcome::Withdrawn),
            unreached: with(EntryOutcome::Unreached),
            handled: format!("{}{queue}", list("conversation", interval)),
            queued: queued.clone(),
        })
    }
}

impl AgentLinks {
    pub fn of(
        attribution: Attribution,
        interval: Interval,
        agent: AgentId,
        queue: Option<QueueId>,
    ) -> Option<Self> {
        let queue = queue.map(|queue| format!("&queueId={queue}")).unwrap_or_default();
        let handled = format!("{}&agentId={agent}{queue}", list("conversation", interval));
        of(attribution, || Self { handled })
    }
}
