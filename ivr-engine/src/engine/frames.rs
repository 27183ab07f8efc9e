//! From one flow to another and back.
//!
//! A step runs one flow only. What leads to another ends the step with the session naming that one, and the next step is
//! given it: so the server loads one flow at a time, and a replay the same ones.

use std::collections::BTreeMap;
use std::mem;

use super::{Place, Run, Turn};
use crate::node::Subflow;
use crate::session::{Frame, State};
use crate::template::Template;
use crate::{FlowRef, Input, InputRecord, Next, Outcome, Passage, ProblemCode, limits};

impl<'f> Run<'f> {
    /// The call comes to a `subflow` node.
    pub(super) fn call(&mut self, place: Place<'f>) -> Turn<'f> {
        if self.session.callers.len() >= limits::FLOWS_DEEP {
            let message = format!("flows call each other {} deep", limits::FLOWS_DEEP);
            self.problem(ProblemCode::FlowsTooDeep, Some(place.id), message);
            return Turn::Port("failed");
        }
        match self.ask(place, 1, None) {
            Some(next) => Turn::Stop(next),
            None => Turn::Stop(self.node_missing(place.id)),
        }
    }

    pub(super) fn enter_subflow(
        &mut self,
        place: Place<'f>,
        subflow: &'f Subflow,
        input: &Input,
        record: &InputRecord,
    ) -> Turn<'f> {
        let Input::FlowFound(found) = input else { return self.same_again(place, 1, record) };
        let Some(flow) = found else { return self.flow_missing(place, &subflow.flow) };
        let arguments = self.texts(place.id, &subflow.arguments);
        self.pass(place, Passage::Enters { flow: flow.clone() });
        let frame = Frame {
            flow: self.session.flow.take(),
            node: place.id.to_owned(),
            variables: mem::take(&mut self.session.variables),
            loops: mem::take(&mut self.session.loops),
        };
        self.session.callers.push(frame);
        for (name, value) in arguments {
            self.keep(place.id, &name, &value);
        }
        self.begin_flow(flow)
    }

    pub(super) fn go_to(
        &mut self,
        place: Place<'f>,
        name: &str,
        input: &Input,
        record: &InputRecord,
    ) -> Turn<'f> {
        match input {
            Input::FlowFound(Some(flow)) => {
                self.pass(place, Passage::Enters { flow: flow.clone() });
                self.session.loops.clear();
                self.begin_flow(flow)
            }
            Input::FlowFound(None) => self.flow_missing(place, name),
            _ => self.same_again(place, 1, record),
        }
    }

    fn begin_flow(&mut self, flow: &FlowRef) -> Turn<'f> {
        self.session.flow = Some(FlowRef::new(flow.as_str()));
        self.session.state = State::Entering;
        Turn::Stop(Next::Continue)
    }

    fn flow_missing(&mut self, place: Place<'f>, name: &str) -> Turn<'f> {
        let message = format!("there is no published flow `{name}` of the kind `call`");
        self.problem(ProblemCode::FlowMissing, Some(place.id), message);
        Turn::Port("failed")
    }

    /// The call comes to a `return` node.
    pub(super) fn give_back(&mut self, place: Place<'f>, values: &'f [(String, Template)]) -> Turn<'f> {
        let values = self.texts(place.id, values);
        if self.session.callers.is_empty() {
            self.pass(place, Passage::Ends);
            return Turn::Stop(self.hang_up(Outcome::Completed));
        }
        self.pass(place, Passage::Returns);
        // The same bounds as for variables, which they become; so while the frame still counts.
        self.session.variables.clear();
        for (name, value) in values {
            self.keep(place.id, &name, &value);
        }
        let Some(frame) = self.session.callers.pop() else {
            return Turn::Stop(self.node_missing(place.id));
        };
        let values = mem::replace(&mut self.session.variables, frame.variables);
        self.session.loops = frame.loops;
        self.session.flow = frame.flow;
        self.session.state = State::Returning { node: frame.node, values };
        Turn::Stop(Next::Continue)
    }

    /// The call is back at its `subflow` node.
    pub(super) fn take_back(
        &mut self,
        place: Place<'f>,
        subflow: &'f Subflow,
        values: &BTreeMap<String, String>,
        input: &Input,
        record: &InputRecord,
    ) -> Turn<'f> {
        if *input != Input::Continue {
            self.unexpected(Some(place.id), record);
        }
        for (variable, name) in &subflow.save {
            self.keep_or_forget(place.id, variable, values.get(name).map(String::as_str));
        }
        Turn::Port("returned")
    }
}
