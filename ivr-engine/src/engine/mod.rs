//! The step: what an input means where the call waits, and then the walk through the nodes to where it waits next.

mod answer;
mod enter;

use chrono::{DateTime, Utc};

use crate::flow::Compiled;
use crate::node::{Node, Sound, Text};
use crate::session::State;
use crate::template::{Scope, Template};
use crate::words::Speaks;
use crate::{
    Flow, Input, Next, Outcome, Passage, Problem, ProblemCode, Prompt, Session, Step, TraceEntry, limits,
};

/// Carries a call from one input to the next moment of waiting, or to its end. Never fails, never panics, and gives the
/// same step for the same arguments.
///
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
        trace: Vec::new(),
        problems: Vec::new(),
    };
    let next = run.take(input);
    Step { session: run.session, prompts: run.prompts, next, trace: run.trace, problems: run.problems }
}

/// One step while it is being made.
struct Run<'f> {
    flow: &'f Compiled,
    session: Session,
    now: DateTime<Utc>,
    prompts: Vec<Prompt>,
    /// Bytes of text in `prompts`.
    said: usize,
    trace: Vec<TraceEntry>,
    problems: Vec<Problem>,
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
    fn take(&mut self, input: Input) -> Next {
        if self.session.has_ended() {
            return Next::Ended;
        }
        if input == Input::HungUp {
            let place = self.session.node().and_then(|id| self.flow.nodes.get_key_value(id));
            if let Some((id, node)) = place {
                self.pass(Place { id, node }, Passage::Ends);
            }
            self.session.state = State::Ended;
            return Next::Ended;
        }
        self.session.inputs = self.session.inputs.saturating_add(1);
        if self.session.inputs > limits::SESSION_INPUTS {
            let message = format!("the call has had {} inputs and does not end", limits::SESSION_INPUTS);
            return self.fail(ProblemCode::TooManyInputs, None, message);
        }
        let Some(id) = self.session.node() else {
            if input != Input::Start {
                self.unexpected(None, &input);
            }
            return self.walk(&self.flow.start);
        };
        let Some((id, node)) = self.flow.nodes.get_key_value(id) else {
            let id = id.to_owned();
            return self.node_missing(&id);
        };
        let place = Place { id, node };
        match self.answer(place, input) {
            Turn::Stop(next) => next,
            Turn::Port(port) => match self.follow(place, port) {
                Ok(id) => self.walk(id),
                Err(next) => next,
            },
        }
    }

    /// Enters nodes from `id` on, until one waits or ends.
    fn walk(&mut self, mut id: &'f str) -> Next {
        for _ in 0..limits::STEP_NODES {
            let Some((key, node)) = self.flow.nodes.get_key_value(id) else { return self.node_missing(id) };
            let place = Place { id: key, node };
            match self.enter(place) {
                Turn::Stop(next) => return next,
                Turn::Port(port) => match self.follow(place, port) {
                    Ok(next) => id = next,
                    Err(next) => return next,
                },
            }
        }
        // What has been said so far is the circle's text, over and over.
        self.prompts.clear();
        let message = format!("the flow passed {} nodes without asking the caller", limits::STEP_NODES);
        self.fail(ProblemCode::TooManyNodes, Some(id), message)
    }

    /// Leaves a node by a port.
    fn follow(&mut self, place: Place<'f>, port: &str) -> Result<&'f str, Next> {
        self.pass(place, Passage::Left { port: port.to_owned() });
        match place.node.next.get(port) {
            Some(id) => Ok(id),
            None => {
                let message = format!("the port `{port}` leads nowhere");
                Err(self.fail(ProblemCode::PortNotConnected, Some(place.id), message))
            }
        }
    }

    fn pass(&mut self, place: Place<'f>, passage: Passage) {
        let node_type = place.node.kind.node_type();
        self.trace.push(TraceEntry { node: place.id.to_owned(), node_type, passage });
    }

    fn node_missing(&mut self, id: &str) -> Next {
        let id = limits::cut(id, limits::NAME_BYTES).to_owned();
        let message = "the call waits at a node that the flow no longer has in this form".to_owned();
        self.fail(ProblemCode::NodeMissing, Some(&id), message)
    }

    fn problem(&mut self, code: ProblemCode, node: Option<&str>, message: String) {
        self.problems.push(Problem { code, node: node.map(str::to_owned), message });
    }

    fn unexpected(&mut self, node: Option<&str>, input: &Input) {
        let kind = match input {
            Input::Start => "start",
            Input::Digits(_) => "digits",
            Input::Speech { .. } => "speech",
            Input::Silence => "silence",
            Input::QueueLeft(_) => "queueLeft",
            Input::Recorded { .. } => "recorded",
            Input::Dialed(_) => "dialed",
            Input::HungUp => "hungUp",
        };
        self.problem(
            ProblemCode::UnexpectedInput,
            node,
            format!("`{kind}` does not belong here; it was ignored"),
        );
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

    /// Says one of the engine's own sentences in the flow's language.
    fn say_own(&mut self, sentence: fn(Speaks) -> &'static str) {
        let of_flow = &self.flow.language;
        let speaks = Speaks::of(of_flow);
        let language = speaks.tag(of_flow);
        let voice = if language == *of_flow { self.flow.voice.clone() } else { None };
        self.prompts.push(Prompt::Say { text: sentence(speaks).to_owned(), language, voice });
    }

    /// Completes a text.
    fn render(&mut self, id: &str, template: &Template) -> String {
        let rendered = template.render(&Scope::new(&self.session, self.now));
        if let Some(failure) = rendered.failure {
            self.problem(ProblemCode::TemplateFailed, Some(id), failure);
        }
        rendered.text
    }

    /// A text as a prompt, unless there is nothing to say.
    fn said(&mut self, id: &str, text: &Text) -> Option<Prompt> {
        let said = self.render(id, &text.text);
        (!said.is_empty()).then(|| Prompt::Say {
            text: said,
            language: text.language.clone(),
            voice: text.voice.clone(),
        })
    }

    fn heard(&mut self, id: &str, sound: &Sound) -> Option<Prompt> {
        match sound {
            Sound::Say(text) => self.said(id, text),
            Sound::Play(url) => Some(Prompt::Play { url: url.clone() }),
        }
    }

    /// Adds to what is heard before the step waits, within its budget.
    fn prompt(&mut self, id: &str, prompt: Option<Prompt>) {
        let Some(prompt) = prompt else { return };
        let bytes = match &prompt {
            Prompt::Say { text, .. } => text.len(),
            Prompt::Play { .. } => 0,
        };
        if self.prompts.len() < limits::STEP_PROMPTS && self.said + bytes <= limits::STEP_TEXT_BYTES {
            self.said += bytes;
            self.prompts.push(prompt);
        } else if !self.problems.iter().any(|problem| problem.code == ProblemCode::TooMuchText) {
            let message = format!(
                "more than {} bytes or {} prompts one after the other; the rest was left out",
                limits::STEP_TEXT_BYTES,
                limits::STEP_PROMPTS
            );
            self.problem(ProblemCode::TooMuchText, Some(id), message);
        }
    }

    /// Keeps a variable, within the session's bounds.
    fn keep(&mut self, id: &str, name: &str, value: &str) {
        let variables = &self.session.variables;
        let fits = variables.contains_key(name) || variables.len() < limits::VARIABLES;
        if !fits || value.len() > limits::VALUE_BYTES {
            let message = format!(
                "`{name}`: a call keeps {} variables of {} bytes",
                limits::VARIABLES,
                limits::VALUE_BYTES
            );
            self.problem(ProblemCode::VariableTooLarge, Some(id), message);
        }
        if fits {
            let value = limits::cut(value, limits::VALUE_BYTES).to_owned();
            self.session.variables.insert(name.to_owned(), value);
        }
    }
}
