//! A call with a scripted caller: what he would hear and where he would come, without a call being made.

mod script;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    Booking, CallFacts, DialTo, Effect, Flow, Flows, Input, InputRecord, Next, Outcome, Problem, Prompt,
    QueueLeft, Session, Step, TraceEntry, Values, limits, step,
};
pub use script::{Act, AgentAct, CannedAnswer, Failure, QueueAct, Simulation, World, Yes};

/// What came of a scripted call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Transcript {
    /// Hop by hop: what a line would be told at once is one entry.
    pub entries: Vec<Entry>,
    pub ended: Ended,
    /// What the flow remembers at the end.
    pub session: Session,
}

/// What the caller did, and all that followed until the flow waited for him again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    pub at: DateTime<Utc>,
    /// Which line of the script this is. None for the beginning, and for an answer to a request.
    pub act: Option<usize>,
    /// What the flow was told: what the caller did, then the server's answers.
    pub inputs: Vec<InputRecord>,
    /// The node at which the call waits afterwards.
    pub node: Option<String>,
    pub trace: Vec<TraceEntry>,
    /// Said before `next`.
    pub prompts: Vec<Prompt>,
    /// What the line waits for: with `prompts`, what a document for it is made of. Never one that is answered at once.
    pub next: Next,
    pub effects: Vec<Effect>,
    /// For each effect, how many of `prompts` were said before it could follow.
    pub prompts_before: Vec<usize>,
    pub problems: Vec<Problem>,
}

/// How a scripted call ended, or where the script left it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Ended {
    /// The flow hung up.
    Flow { outcome: Outcome },
    /// The caller hung up.
    Caller,
    /// A flow of another kind than `call` came to its end.
    Done,
    /// The script is over, and the flow waits for an answer.
    Asking { node: String },
    /// The caller waits.
    Queue { queue: String },
    /// He talks, or talked, to an agent.
    Agent { queue: String },
    /// He is being connected.
    Transfer { to: DialTo },
    /// He leaves a message.
    Recording { node: String },
    /// There is no canned answer for this request.
    NoAnswer { node: String },
    /// This line of the script is nothing that can happen where the call is.
    DoesNotFit { act: usize, node: String },
    /// A flow that the call was in is not at hand.
    FlowNotAtHand,
}

/// Plays the script. What it says of time is kept: waiting takes the seconds that it says, silence as long as the flow
/// listens, and all else no time.
pub fn simulate(flow: &Flow, flows: &Flows, simulation: &Simulation) -> Transcript {
    let world = &simulation.world;
    let call = CallFacts {
        from: world.from.clone(),
        to: world.to.clone(),
        caller_name: world.caller_name.clone(),
        queue: world.queue.clone(),
        agent: world.agent.clone(),
    };
    let mut player = Player {
        own: flow,
        flows,
        world,
        session: Session::new(call).seeded(world.seed),
        now: simulation.at,
        entries: Vec::new(),
        visits: BTreeMap::new(),
        waited: 0,
        with_agent: false,
    };
    let ended = player.play(&simulation.script);
    Transcript { entries: player.entries, ended, session: player.session }
}

struct Player<'a> {
    own: &'a Flow,
    flows: &'a Flows,
    world: &'a World,
    session: Session,
    now: DateTime<Utc>,
    entries: Vec<Entry>,
    /// How often the call has come to each request.
    visits: BTreeMap<String, usize>,
    /// Seconds in the present queue.
    waited: u32,
    with_agent: bool,
}

/// What an act leads to.
enum Then {
    Input(Input),
    /// Time has passed, and nothing else.
    Nothing,
    Stop(Ended),
    DoesNotFit,
}

impl Player<'_> {
    fn play(&mut self, script: &[Act]) -> Ended {
        if let Err(ended) = self.hop(None, Input::Start) {
            return ended;
        }
        for (number, act) in script.iter().take(limits::SCRIPT).enumerate() {
            let Some(next) = self.entries.last().map(|entry| entry.next.clone()) else {
                return Ended::FlowNotAtHand;
            };
            if let Some(ended) = over(&next) {
                return ended;
            }
            match self.act(act, &next) {
                Then::Input(input) => {
                    let hung_up = input == Input::HungUp;
                    if let Err(ended) = self.hop(Some(number), input) {
                        return ended;
                    }
                    if hung_up {
                        return Ended::Caller;
                    }
                }
                Then::Nothing => {}
                Then::Stop(ended) => return ended,
                Then::DoesNotFit => return Ended::DoesNotFit { act: number, node: self.node() },
            }
        }
        self.left()
    }

    fn node(&self) -> String {
        self.session.node().unwrap_or_default().to_owned()
    }

    /// What one act is where the call waits.
    fn act(&mut self, act: &Act, next: &Next) -> Then {
        if let Act::Hangup(Yes) = act {
            return Then::Input(Input::HungUp);
        }
        match next {
            Next::Gather { accepts, timeout_seconds, .. } => match act {
                Act::Press(keys) if accepts.digits() => Then::Input(Input::digits(keys)),
                Act::Say(words) if accepts.speech() => Then::Input(Input::speech(words)),
                Act::Silence(Yes) => self.after(*timeout_seconds, Input::Silence),
                Act::Wait(seconds) if seconds >= timeout_seconds => self.after(*seconds, Input::Silence),
                Act::Wait(seconds) => self.pass(*seconds),
                _ => Then::DoesNotFit,
            },
            Next::Enqueue { queue, max_wait_seconds, comes_back, .. } => match (act, self.with_agent) {
                (Act::Agent(AgentAct::Answers), false) => {
                    self.with_agent = true;
                    Then::Nothing
                }
                (Act::Agent(AgentAct::Leaves), true) if *comes_back => Then::Input(Input::AgentLeft),
                (Act::Agent(AgentAct::Leaves), true) => Then::Stop(Ended::Agent { queue: queue.clone() }),
                (Act::Queue(QueueAct::TimesOut), false) => Then::Input(Input::QueueLeft(QueueLeft::TimedOut)),
                (Act::Queue(QueueAct::Fails), false) => Then::Input(Input::QueueLeft(QueueLeft::Failed)),
                (Act::Wait(seconds), with_agent) => {
                    self.waited = self.waited.saturating_add(*seconds);
                    let patience = max_wait_seconds.filter(|most| !with_agent && self.waited >= *most);
                    match patience {
                        Some(_) => self.after(*seconds, Input::QueueLeft(QueueLeft::TimedOut)),
                        None => self.pass(*seconds),
                    }
                }
                _ => Then::DoesNotFit,
            },
            Next::Dial { .. } => match act {
                Act::Dial(outcome) => Then::Input(Input::Dialed(*outcome)),
                Act::Wait(seconds) => self.pass(*seconds),
                _ => Then::DoesNotFit,
            },
            Next::Record { .. } => match act {
                Act::Record(seconds) => self.after(*seconds, Input::Recorded { seconds: *seconds }),
                Act::Silence(Yes) => Then::Input(Input::Silence),
                Act::Wait(seconds) => self.pass(*seconds),
                _ => Then::DoesNotFit,
            },
            Next::Request(_)
            | Next::Figures { .. }
            | Next::FindContact { .. }
            | Next::FindFlow { .. }
            | Next::BookCallback(_)
            | Next::Continue
            | Next::Done
            | Next::HangUp { .. }
            | Next::Ended => Then::DoesNotFit,
        }
    }

    fn pass(&mut self, seconds: u32) -> Then {
        self.now = self.now.checked_add_signed(TimeDelta::seconds(seconds.into())).unwrap_or(self.now);
        Then::Nothing
    }

    fn after(&mut self, seconds: u32, input: Input) -> Then {
        self.pass(seconds);
        Then::Input(input)
    }

    /// From an input to the next moment at which the caller is waited for; requests on the way are hops of their own.
    fn hop(&mut self, act: Option<usize>, input: Input) -> Result<(), Ended> {
        self.waited = 0;
        self.with_agent = false;
        let mut act = act;
        let mut input = input;
        loop {
            let next = self.entry(act, input)?;
            let Next::Request(request) = next else { return Ok(()) };
            let node = self.node();
            let visit = self.visits.entry(node.clone()).or_default();
            let answer = self.world.answer(&node, *visit, &request.wanted);
            *visit += 1;
            input = Input::Requested(answer.ok_or(Ended::NoAnswer { node })?);
            act = None;
        }
    }

    /// One entry: the step, and those for what is answered at once.
    fn entry(&mut self, act: Option<usize>, input: Input) -> Result<Next, Ended> {
        let first = self.step(input)?;
        let mut entry = Entry {
            at: self.now,
            act,
            inputs: vec![first.input],
            node: None,
            trace: first.trace,
            prompts: first.prompts,
            next: first.next,
            prompts_before: vec![0; first.effects.len()],
            effects: first.effects,
            problems: first.problems,
        };
        while let Some(answer) = self.answer(&entry.next) {
            let more = self.step(answer)?;
            entry.inputs.push(more.input);
            entry.trace.extend(more.trace);
            entry.prompts_before.extend(more.effects.iter().map(|_| entry.prompts.len()));
            entry.prompts.extend(more.prompts);
            entry.next = more.next;
            entry.effects.extend(more.effects);
            entry.problems.extend(more.problems);
        }
        entry.node = self.session.node().map(str::to_owned);
        let next = entry.next.clone();
        self.entries.push(entry);
        Ok(next)
    }

    fn step(&mut self, input: Input) -> Result<Step, Ended> {
        let flow = self.flows.of(self.own, &self.session).ok_or(Ended::FlowNotAtHand)?;
        let step = step(flow, self.session.clone(), input, self.now);
        self.session = step.session.clone();
        Ok(step)
    }

    /// What the server would answer at once.
    fn answer(&self, next: &Next) -> Option<Input> {
        match next {
            Next::Figures { queue } => {
                Some(Input::Figures(self.world.queues.get(queue).copied().unwrap_or_default()))
            }
            Next::FindContact { number, fields } => {
                let contact = self.world.contacts.get(number).map(|known| -> Values {
                    fields.iter().map(|field| (field.clone(), known.get(field).cloned())).collect()
                });
                Some(Input::ContactFound(contact))
            }
            Next::FindFlow { flow } => Some(Input::FlowFound(self.flows.find(flow).cloned())),
            Next::BookCallback(_) => Some(Input::CallbackBooked(Booking::Accepted)),
            Next::Continue => Some(Input::Continue),
            Next::Gather { .. }
            | Next::Enqueue { .. }
            | Next::Dial { .. }
            | Next::Record { .. }
            | Next::Request(_)
            | Next::Done
            | Next::HangUp { .. }
            | Next::Ended => None,
        }
    }

    /// Where the script has left the call.
    fn left(&self) -> Ended {
        let Some(entry) = self.entries.last() else { return Ended::FlowNotAtHand };
        let node = self.node();
        match &entry.next {
            Next::Enqueue { queue, .. } if self.with_agent => Ended::Agent { queue: queue.clone() },
            Next::Enqueue { queue, .. } => Ended::Queue { queue: queue.clone() },
            Next::Dial { to, .. } => Ended::Transfer { to: to.clone() },
            Next::Record { .. } => Ended::Recording { node },
            next => over(next).unwrap_or(Ended::Asking { node }),
        }
    }
}

/// How the call has ended, if it has.
fn over(next: &Next) -> Option<Ended> {
    match next {
        Next::HangUp { outcome } => Some(Ended::Flow { outcome: *outcome }),
        Next::Done => Some(Ended::Done),
        Next::Ended => Some(Ended::Caller),
        Next::Gather { .. }
        | Next::Enqueue { .. }
        | Next::Dial { .. }
        | Next::Record { .. }
        | Next::Request(_)
        | Next::Figures { .. }
        | Next::FindContact { .. }
        | Next::FindFlow { .. }
        | Next::BookCallback(_)
        | Next::Continue => None,
    }
}
