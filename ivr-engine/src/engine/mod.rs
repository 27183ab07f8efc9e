//! The step: what an input means where the call waits, and then the walk through the nodes to where it waits next.

mod answer;
mod ask;
mod callback;
mod enter;
mod frames;
mod heard;
mod server;

use std::ops::ControlFlow;

use chrono::{DateTime, Utc};

use crate::flow::Compiled;
use crate::node::Node;
use crate::session::State;
use crate::words::Speaks;
use crate::{
    Effect, Flow, FlowKind, Input, InputRecord, Next, Outcome, Passage, Problem, ProblemCode, Prompt, Secret,
    Session, Step, TraceEntry, limits,
};

/// Carries a call from one input to the next moment of waiting, or to its end. Never fails, never panics, and gives the
/// same step for the same arguments.
///
/// `flow` is the one that [`Session::flow`] names: the call's own, until it calls or goes to another.
///
/// * What [`Next::is_instant`] the server answers at once, with another step, before the caller is told anything.
/// * [`Input::HungUp`] ends the flow wherever it is. After the end every input gives [`Next::Ended`].
/// * An input that does not belong to what the call waits for is ignored with a
///   [`ProblemCode::UnexpectedInput`], and the same [`Next`] comes again, without the prompts before it.
/// * What is broken ends in an apology and [`Outcome::FlowFailed`].
pub fn step(flow: &Flow, session: Session, input: Input, now: DateTime<Utc>) -> Step {
    let mut run = Run {
        flow: &flow.0,
        session,
        now,
        prompts: Vec::new(),
        said: 0,
        effects: Vec::new(),
        trace: Vec::new(),
        problems: Vec::new(),
        work: 0,
        secret: None,
    };
    let (record, secret) = run.without_secret(&input);
    run.secret = secret;
    let next = run.take(input, &record);
    Step {
        session: run.session,
        prompts: run.prompts,
        next,
        effects: run.effects,
        trace: run.trace,
        problems: run.problems,
        input: record,
        secret: run.secret,
    }
}

/// One step while it is being made.
struct Run<'f> {
    flow: &'f Compiled,
    session: Session,
    now: DateTime<Utc>,
    prompts: Vec<Prompt>,
    /// Bytes of text in `prompts`.
    said: usize,
    effects: Vec<Effect>,
    trace: Vec<TraceEntry>,
    problems: Vec<Problem>,
    /// What the nodes passed so far may have cost.
    work: u32,
    secret: Option<Secret>,
}

/// Where a node of the flow is, and what it is.
#[derive(Clone, Copy)]
struct Place<'f> {
    id: &'f str,
    node: &'f Node,
}

/// What entering a node, or an answer at it, leads to.
enum Turn<'f> {
    /// On by this port.
    Port(&'f str),
    /// The step is complete.
    Stop(Next),
}

impl<'f> Run<'f> {
    fn take(&mut self, input: Input, record: &InputRecord) -> Next {
        if self.session.has_ended() {
            return Next::Ended;
        }
        if input == Input::HungUp {
            if let Some(place) = self.session.node().and_then(|id| self.place(id)) {
                self.pass(place, Passage::Ends);
            }
            self.session.state = State::Ended;
            return Next::Ended;
        }
        self.session.inputs = self.session.inputs.saturating_add(1);
        if self.session.inputs > limits::SESSION_INPUTS {
            let message = format!("the call has had {} inputs and does not end", limits::SESSION_INPUTS);
            return self.fail(ProblemCode::TooManyInputs, None, message);
        }
        self.session.answers = if input.is_an_answer() { self.session.answers.saturating_add(1) } else { 0 };
        if self.session.answers > limits::ANSWERS {
            let message = format!("the flow asked the server {} times and never the caller", limits::ANSWERS);
            return self.fail(ProblemCode::TooManyNodes, None, message);
        }
        let Some(id) = self.session.node() else {
            return self.begin(&input, record);
        };
        let Some(place) = self.place(id) else {
            let id = id.to_owned();
            return self.node_missing(&id);
        };
        match self.answer(place, input, record) {
            Turn::Stop(next) => next,
            Turn::Port(port) => match self.follow(place, port) {
                ControlFlow::Continue(id) => self.walk(id),
                ControlFlow::Break(next) => next,
            },
        }
    }

    /// The call comes to the beginning of a flow.
    fn begin(&mut self, input: &Input, record: &InputRecord) -> Next {
        let expected = match self.session.state {
            State::New => *input == Input::Start,
            _ => *input == Input::Continue,
        };
        if !expected {
            self.unexpected(None, record);
        }
        self.walk(&self.flow.start)
    }

    fn place(&self, id: &str) -> Option<Place<'f>> {
        self.flow.nodes.get_key_value(id).map(|(id, node)| Place { id, node })
    }

    /// Enters nodes from `id` on, until one waits or ends.
    fn walk(&mut self, mut id: &'f str) -> Next {
        for _ in 0..limits::STEP_NODES {
            let Some(place) = self.place(id) else { return self.node_missing(id) };
            self.work = self.work.saturating_add(place.node.work);
            if self.work > limits::STEP_WORK {
                return self.goes_on_and_on(
                    id,
                    "the flow has too many texts and conditions to go through without asking the caller"
                        .to_owned(),
                );
            }
            match self.enter(place) {
                Turn::Stop(next) => return next,
                Turn::Port(port) => match self.follow(place, port) {
                    ControlFlow::Continue(next) => id = next,
                    ControlFlow::Break(next) => return next,
                },
            }
        }
        self.goes_on_and_on(
            id,
            format!("the flow passed {} nodes without asking the caller", limits::STEP_NODES),
        )
    }

    /// Ends a call that runs in a circle.
    fn goes_on_and_on(&mut self, id: &str, message: String) -> Next {
        // What has been said so far is the circle's text, over and over.
        self.prompts.clear();
        self.fail(ProblemCode::TooManyNodes, Some(id), message)
    }

    /// Leaves a node by a port: on to where it leads, or to the end of the step.
    fn follow(&mut self, place: Place<'f>, port: &str) -> ControlFlow<Next, &'f str> {
        self.pass(place, Passage::Left { port: port.to_owned() });
        match place.node.next.get(port) {
            Some(id) => ControlFlow::Continue(id),
            None if self.flow.kind == FlowKind::Call => {
                let message = format!("the port `{port}` leads nowhere");
                ControlFlow::Break(self.fail(ProblemCode::PortNotConnected, Some(place.id), message))
            }
            None => {
                self.session.state = State::Ended;
                ControlFlow::Break(Next::Done)
            }
        }
    }

    fn pass(&mut self, place: Place<'f>, passage: Passage) {
        let node_type = place.node.kind.node_type();
        let flow = self.session.flow.clone();
        self.trace.push(TraceEntry { flow, node: place.id.to_owned(), node_type, passage });
    }

    fn node_missing(&mut self, id: &str) -> Next {
        let id = limits::cut(id, limits::NAME_BYTES).to_owned();
        let message = "the call waits at a node that the flow no longer has in this form".to_owned();
        self.fail(ProblemCode::NodeMissing, Some(&id), message)
    }

    fn problem(&mut self, code: ProblemCode, node: Option<&str>, message: String) {
        // The last word is kept for why the call ended.
        if self.problems.len() >= limits::STEP_PROBLEMS && !ends_the_call(code) {
            return;
        }
        let flow = self.session.flow.clone();
        self.problems.push(Problem { code, flow, node: node.map(str::to_owned), message });
    }

    fn unexpected(&mut self, node: Option<&str>, input: &InputRecord) {
        let message = format!("`{}` does not belong here; it was ignored", input.name());
        self.problem(ProblemCode::UnexpectedInput, node, message);
    }

    /// Ends a call whose flow is broken.
    fn fail(&mut self, code: ProblemCode, node: Option<&str>, message: String) -> Next {
        self.problem(code, node, message);
        self.say_own(Speaks::apology);
        self.hang_up(Outcome::FlowFailed)
    }

    fn hang_up(&mut self, outcome: Outcome) -> Next {
        self.session.state = State::Ended;
        Next::HangUp { outcome }
    }

    /// Says one of the engine's own sentences in the language of the call.
    fn say_own(&mut self, sentence: fn(Speaks) -> &'static str) {
        let prompt = self.own_words(&crate::node::Manner::default(), |speaks| sentence(speaks).to_owned());
        self.prompts.push(prompt);
    }

    /// Asks for something to be done, within the budget.
    fn effect(&mut self, id: &str, effect: Effect) {
        if self.effects.len() < limits::STEP_EFFECTS && self.session.effects < limits::SESSION_EFFECTS {
            self.session.effects += 1;
            self.effects.push(effect);
        } else {
            let message = format!(
                "more than {} messages and the like at once, or {} in one call",
                limits::STEP_EFFECTS,
                limits::SESSION_EFFECTS
            );
            self.problem(ProblemCode::TooManyEffects, Some(id), message);
        }
    }

    /// As much of a text as there may be of `what` it is.
    fn shortened(&mut self, id: &str, what: &str, text: &str, bytes: usize) -> String {
        let kept = limits::cut(text, bytes);
        if kept.len() < text.len() {
            let message = format!("{what} has {} bytes; {bytes} were kept", text.len());
            self.problem(ProblemCode::Shortened, Some(id), message);
        }
        kept.to_owned()
    }

    /// Keeps a variable, within the session's bounds.
    fn keep(&mut self, id: &str, name: &str, value: &str) {
        let kept = limits::cut(value, limits::VALUE_BYTES);
        let before = self.session.variables.get(name).map(|value| name.len() + value.len());
        let room = self.session.variables.len() < limits::VARIABLES || before.is_some();
        let bytes = self.session.variable_bytes() - before.unwrap_or(0) + name.len() + kept.len();
        let fits = room && bytes <= limits::VARIABLES_BYTES;
        if !fits || kept.len() < value.len() {
            let message = format!(
                "`{name}`: a flow keeps {} variables of {} bytes, and a call {} bytes in all",
                limits::VARIABLES,
                limits::VALUE_BYTES,
                limits::VARIABLES_BYTES
            );
            self.problem(ProblemCode::VariableTooLarge, Some(id), message);
        }
        if fits {
            self.session.variables.insert(name.to_owned(), kept.to_owned());
        }
    }

    /// Keeps what is known, and forgets what is not: no value of an earlier time may be taken for it.
    fn keep_or_forget(&mut self, id: &str, name: &str, value: Option<&str>) {
        match value {
            Some(value) => self.keep(id, name, value),
            None => {
                self.session.variables.remove(name);
            }
        }
    }
}

/// Whether the caller hears an apology after it.
fn ends_the_call(code: ProblemCode) -> bool {
    match code {
        ProblemCode::NodeMissing
        | ProblemCode::PortNotConnected
        | ProblemCode::TooManyNodes
        | ProblemCode::TooManyInputs => true,
        ProblemCode::TooMuchText
        | ProblemCode::TemplateFailed
        | ProblemCode::VariableTooLarge
        | ProblemCode::Shortened
        | ProblemCode::BadNumber
        | ProblemCode::BadAddress
        | ProblemCode::BadTime
        | ProblemCode::BadLanguage
        | ProblemCode::UnexpectedInput
        | ProblemCode::FlowMissing
        | ProblemCode::FlowsTooDeep
        | ProblemCode::TooManyEffects
        | ProblemCode::TooManyLoops
        | ProblemCode::Disabled => false,
    }
}
