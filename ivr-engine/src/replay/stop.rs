//! Where a call stops, and whether two calls stop for the same.

use serde::{Deserialize, Serialize};

use super::{Answered, Line, Why};
use crate::node::{Entry, Kind};
use crate::session::{Question, State};
use crate::{
    DialOutcome, DialTo, InputRecord, Method, Next, Outcome, QueueLeft, RecordPurpose, RequestOutcome, Values,
};

/// What a call waits for, or how it ends, as far as it matters to where it has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Stop {
    /// For the caller's answer.
    Asks,
    Queue {
        queue: String,
    },
    Dials {
        to: DialTo,
    },
    Records {
        purpose: RecordPurpose,
    },
    /// For the answer to a request.
    Requests {
        method: Method,
        url: String,
    },
    /// For an answer that the server has at once.
    AsksServer,
    /// The flow hangs up.
    Ends {
        outcome: Outcome,
    },
    /// A flow of another kind than `call` is at its end.
    Done,
    /// The caller has hung up.
    Over,
}

impl Stop {
    pub(super) fn of(next: &Next) -> Self {
        match next {
            Next::Gather { .. } => Self::Asks,
            Next::Enqueue { queue, .. } => Self::Queue { queue: queue.clone() },
            Next::Dial { to, .. } => Self::Dials { to: to.clone() },
            Next::Record { purpose, .. } => Self::Records { purpose: purpose.clone() },
            Next::Request(request) => Self::Requests { method: request.method, url: request.url.shown() },
            Next::Figures { .. }
            | Next::FindContact { .. }
            | Next::FindFlow { .. }
            | Next::BookCallback(_)
            | Next::Continue => Self::AsksServer,
            Next::Done => Self::Done,
            Next::HangUp { outcome } => Self::Ends { outcome: *outcome },
            Next::Ended => Self::Over,
        }
    }

    /// Whether it says where the call would have gone, whatever the caller does next.
    pub(super) fn is_an_answer(&self) -> bool {
        match self {
            Self::Queue { .. }
            | Self::Dials { .. }
            | Self::Records { purpose: RecordPurpose::Voicemail { .. } }
            | Self::Ends { .. }
            | Self::Done
            | Self::Over => true,
            Self::Asks
            | Self::Records { purpose: RecordPurpose::SurveyComment { .. } }
            | Self::Requests { .. }
            | Self::AsksServer => false,
        }
    }
}

/// Whether both calls have come to the same place. A question is the same at the same node; where a caller waits or ends is
/// the same whatever the node is called.
pub(super) fn same_place(was: &Line<'_>, would: &Line<'_>) -> bool {
    let same_stop = Stop::of(&was.next) == Stop::of(&would.next);
    let same_node = was.session.node() == would.session.node() && was.session.flow() == would.session.flow();
    same_stop && (same_node || Stop::of(&would.next).is_an_answer())
}

/// Why what was recorded is no answer to what the draft waits for, of two calls in the same place.
pub(super) fn other_wait(was: &Line<'_>, would: &Line<'_>, input: &InputRecord) -> Option<Why> {
    if *input == InputRecord::HungUp || was.next == would.next {
        return None;
    }
    let node = would.node();
    match (&was.next, &would.next) {
        (Next::Gather { .. }, Next::Gather { .. }) => {
            (!asks_alike(was, would, input)).then_some(Why::AsksOtherwise { node })
        }
        (Next::Enqueue { .. }, Next::Enqueue { .. }) => match input {
            InputRecord::QueueLeft(QueueLeft::TimedOut) => {
                (!waits_alike(&was.next, &would.next)).then_some(Why::WaitsOtherwise { node })
            }
            _ => None,
        },
        (Next::Dial { timeout_seconds: was, .. }, Next::Dial { timeout_seconds: would, .. }) => {
            let otherwise = *input == InputRecord::Dialed(DialOutcome::NoAnswer) && was != would;
            otherwise.then_some(Why::WaitsOtherwise { node })
        }
        (_, Next::Record { max_seconds, .. }) => match input {
            InputRecord::Recorded { seconds } if seconds > max_seconds => Some(Why::WaitsOtherwise { node }),
            _ => None,
        },
        _ => None,
    }
}

/// Whether the draft would have taken the caller's answer at the same moment. A change of what is said does not matter.
fn asks_alike(was: &Line<'_>, would: &Line<'_>, input: &InputRecord) -> bool {
    let (
        Next::Gather { accepts: a, num_digits: a_keys, finish_on_key: a_ends, language: a_language, .. },
        Next::Gather { accepts: b, num_digits: b_keys, finish_on_key: b_ends, language: b_language, .. },
    ) = (&was.next, &would.next)
    else {
        return false;
    };
    let same_keys = a_keys == b_keys && a_ends == b_ends;
    let same_question = question(was) == question(would) && secret(was) == secret(would);
    same_question
        && match input {
            InputRecord::Digits(_) | InputRecord::SecureDigits(_) => b.digits() && same_keys,
            InputRecord::Speech { .. } => b.speech() && a_language == b_language,
            // Who said something at a question for keys was silent; the draft might have heard him.
            _ => a == b,
        }
}

fn question<'a>(line: &'a Line<'_>) -> Option<&'a Question> {
    match &line.session.state {
        State::Asking { question, .. } => question.as_ref(),
        _ => None,
    }
}

/// How many keys a secret has, which decides what was recorded of it.
fn secret(line: &Line<'_>) -> Option<Entry> {
    let flow = line.flows.of(line.own, &line.session)?;
    match &flow.0.nodes.get(line.session.node()?)?.kind {
        Kind::SecureDigits(secure) => Some(secure.entry),
        _ => None,
    }
}

fn waits_alike(was: &Next, would: &Next) -> bool {
    match (was.clone(), would) {
        (
            Next::Enqueue {
                queue, priority, skills, max_wait_seconds, age_credit_seconds, prefer_agent, ..
            },
            Next::Enqueue { comes_back, .. },
        ) => {
            let same = Next::Enqueue {
                queue,
                priority,
                skills,
                max_wait_seconds,
                age_credit_seconds,
                prefer_agent,
                comes_back: *comes_back,
            };
            same == *would
        }
        _ => false,
    }
}

pub(super) fn is_for_the_server(next: &Next) -> bool {
    next.is_instant() || matches!(next, Next::Request(_))
}

impl Answered<'_> {
    /// Whether the recorded answer is one to this question too.
    pub(super) fn fits(&self, asked: &Next) -> bool {
        match (&self.question, asked, &self.answer.input) {
            (Next::Figures { queue: was }, Next::Figures { queue }, InputRecord::Figures(_)) => was == queue,
            (
                Next::FindContact { number: was, .. },
                Next::FindContact { number, fields },
                InputRecord::ContactFound(found),
            ) => was == number && found.as_ref().is_none_or(|known| knows(known, fields)),
            (Next::FindFlow { flow: was }, Next::FindFlow { flow }, InputRecord::FlowFound(_)) => was == flow,
            (Next::BookCallback(was), Next::BookCallback(callback), InputRecord::CallbackBooked(_)) => {
                was == callback
            }
            (Next::Request(was), Next::Request(request), InputRecord::Requested(outcome)) => {
                let same = was.method == request.method
                    && was.url == request.url
                    && was.headers == request.headers
                    && was.body == request.body
                    && was.content_type == request.content_type;
                same && match outcome {
                    RequestOutcome::Answered { values, .. } => knows(values, &request.wanted),
                    RequestOutcome::TimedOut => {
                        was.timeout_seconds == request.timeout_seconds && was.retries == request.retries
                    }
                    RequestOutcome::Failed => true,
                }
            }
            _ => false,
        }
    }
}

fn knows(values: &Values, wanted: &[String]) -> bool {
    wanted.iter().all(|name| values.contains_key(name))
}
