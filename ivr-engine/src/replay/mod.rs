//! What a call of the past would have met in another version of its flow.
//!
//! Two calls are run side by side over the same recorded inputs: the one that was, and the one that would have been. As
//! long as the draft waits for the same thing as the call did, what the caller did is what he would have done. Where it
//! asks something else nobody knows what he would have said: the replay ends there as unknown, unless the draft has brought
//! the call to a place that is an answer by itself: another queue, another number, a message, the end. Nothing is invented.

mod stop;

use std::mem;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{CallFacts, Flow, FlowRef, Flows, Input, InputRecord, Next, Session, Step, limits, step};
pub use stop::Stop;

/// An input of a past call, as it was stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recorded {
    pub at: DateTime<Utc>,
    pub input: InputRecord,
}

/// What a past call would have met in a draft.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Replayed {
    /// It would have come to the same places and ended alike.
    Same {
        /// What the draft remembers at the end. Of the version that the call went through this is the stored session.
        session: Box<Session>,
    },
    /// It would have gone elsewhere.
    Different { first: Difference },
    /// Nobody knows.
    Unknown {
        /// The recorded input, from 0, for which the draft did not wait.
        input: usize,
        why: Why,
        /// Where the draft has gone elsewhere, if that is why.
        first: Option<Difference>,
    },
}

/// The first step in which the call would have come elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// The recorded input, from 0, after which it did.
    pub input: usize,
    /// Where the call went.
    pub went: Place,
    /// Where it would have gone.
    pub would_go: Place,
}

/// A node, and what the call waits for there, or how it ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    /// The flow that the node belongs to. None: the call's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<FlowRef>,
    /// None after the end.
    pub node: Option<String>,
    pub stop: Stop,
}

/// Why nobody knows how a call would have gone on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Why {
    /// The draft asks the caller something that he was not asked.
    AsksSomethingElse { node: String },
    /// The draft asks at the same node, but not for the same: other keys, or keys instead of words.
    AsksOtherwise { node: String },
    /// The draft has the caller wait in the same place under other conditions: another time, another priority.
    WaitsOtherwise { node: String },
    /// The draft asks the server something of which the answer was not recorded.
    NotRecorded { node: String },
    /// A flow that the call was in is not at hand.
    FlowNotAtHand,
}

/// Runs a past call through a draft. `begin` is [`Session::beginning`] of its stored session, `inputs` are all its inputs in
/// their order, `flow` is the version that it went through, and `flows` holds those that it called.
pub fn replay(flow: &Flow, draft: &Flow, flows: &Flows, begin: &Session, inputs: &[Recorded]) -> Replayed {
    let mut was = Line::new(flow, flows, begin);
    let mut would = Line::new(draft, flows, begin);
    let mut hop = 0;
    while let Some((caller, answers)) = inputs.get(hop..).and_then(first_hop) {
        let unknown = |why| Replayed::Unknown { input: hop, why, first: None };
        if let Some(why) = stop::other_wait(&was, &would, &caller.input) {
            return unknown(why);
        }
        let Some(answered) = was.hop(caller, answers) else { return unknown(Why::FlowNotAtHand) };
        if let Err(why) = would.hop_with(caller, answers, &answered, &was.next) {
            return unknown(why);
        }
        if !stop::same_place(&was, &would) {
            let first = Difference { input: hop, went: was.place(), would_go: would.place() };
            if first.would_go.stop.is_an_answer() {
                return Replayed::Different { first };
            }
            let why = Why::AsksSomethingElse { node: would.node() };
            return Replayed::Unknown { input: hop + 1 + answers.len(), why, first: Some(first) };
        }
        hop += 1 + answers.len();
    }
    Replayed::Same { session: Box::new(would.session) }
}

/// The first input, and the server's answers behind it.
fn first_hop(inputs: &[Recorded]) -> Option<(&Recorded, &[Recorded])> {
    let (caller, rest) = inputs.split_first()?;
    let answers = rest.iter().take_while(|recorded| recorded.input.is_an_answer()).count();
    Some((caller, &rest[..answers]))
}

/// One of the two calls.
struct Line<'a> {
    own: &'a Flow,
    flows: &'a Flows,
    session: Session,
    next: Next,
}

/// A question to the server with its recorded answer, and what was recorded behind that.
struct Answered<'r> {
    question: Next,
    answer: &'r Recorded,
    rest: &'r [Recorded],
}

impl<'a> Line<'a> {
    fn new(own: &'a Flow, flows: &'a Flows, begin: &Session) -> Self {
        Self { own, flows, session: begin.clone(), next: Next::Ended }
    }

    fn node(&self) -> String {
        self.session.node().unwrap_or_default().to_owned()
    }

    fn place(&self) -> Place {
        Place {
            flow: self.session.flow().cloned(),
            node: self.session.node().map(str::to_owned),
            stop: Stop::of(&self.next),
        }
    }

    /// One step, and the way into and out of other flows behind it, which takes no answer: at the times of that way in
    /// `rest`, as far as it was recorded.
    fn step(&mut self, recorded: &Recorded, rest: &[Recorded]) -> Option<()> {
        let mut input = recorded.input.clone().into();
        let mut at = recorded.at;
        let mut ways = rest.iter().take_while(|recorded| recorded.input == InputRecord::Continue);
        for _ in 0..=limits::ANSWERS {
            let flow = self.flows.of(self.own, &self.session)?;
            let session = mem::replace(&mut self.session, Session::new(CallFacts::default()));
            let Step { session, next, .. } = step(flow, session, input, at);
            self.session = session;
            self.next = next;
            if self.next != Next::Continue {
                break;
            }
            input = Input::Continue;
            at = ways.next().map_or(at, |way| way.at);
        }
        Some(())
    }

    /// The call that was: all inputs as they were recorded. Gives what the server was asked and answered.
    fn hop<'r>(&mut self, caller: &Recorded, answers: &'r [Recorded]) -> Option<Vec<Answered<'r>>> {
        self.step(caller, answers)?;
        let mut answered = Vec::new();
        for (number, answer) in answers.iter().enumerate() {
            if answer.input == InputRecord::Continue {
                continue;
            }
            let rest = &answers[number + 1..];
            answered.push(Answered { question: self.next.clone(), answer, rest });
            self.step(answer, rest)?;
        }
        Some(answered)
    }

    /// The call that would have been: what the caller did, and to each question of the draft the answer that was recorded
    /// for the same question. `last` is what the call that was waited for in the end.
    fn hop_with(
        &mut self,
        caller: &Recorded,
        answers: &[Recorded],
        answered: &[Answered<'_>],
        last: &Next,
    ) -> Result<(), Why> {
        self.step(caller, answers).ok_or(Why::FlowNotAtHand)?;
        let mut left = answered;
        while stop::is_for_the_server(&self.next) {
            let Some(found) = left.iter().position(|answered| answered.fits(&self.next)) else {
                // It may have hung up while this was being answered.
                return if self.next == *last { Ok(()) } else { Err(Why::NotRecorded { node: self.node() }) };
            };
            let Answered { answer, rest, .. } = &left[found];
            left = &left[found + 1..];
            self.step(answer, rest).ok_or(Why::FlowNotAtHand)?;
        }
        Ok(())
    }
}
