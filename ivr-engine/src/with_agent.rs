//! What a flow wants of a call that waits for an agent, or talks with one.

use crate::node::{Destination, Kind, Transfer};
use crate::session::State;
use crate::{DialOutcome, Flow, Input, QueueLeft, Session};

/// What the flow is told when the agent has hung up and the caller is still on the line. None: the conversation ends the
/// call. `flow` is the one that [`Session::flow`] names.
pub fn after_agent(flow: &Flow, session: &Session) -> Option<Input> {
    let node = flow.0.nodes.get(session.node()?)?;
    match (&session.state, &node.kind) {
        (State::Queued { .. }, Kind::Enqueue(_)) if node.next.contains_key("afterAgent") => {
            Some(Input::AgentLeft)
        }
        (State::Dialing { .. }, Kind::Transfer(Transfer { to: Destination::Agent(_), .. }))
            if node.next.contains_key("answered") =>
        {
            Some(Input::Dialed(DialOutcome::Answered))
        }
        _ => None,
    }
}

/// What the flow is told of a caller who has talked to nobody and waits no longer, be it in a queue or for the one agent
/// with whom he was to be connected.
pub fn without_agent(session: &Session, left: QueueLeft) -> Input {
    match (&session.state, left) {
        (State::Dialing { .. }, QueueLeft::TimedOut) => Input::Dialed(DialOutcome::NoAnswer),
        (State::Dialing { .. }, QueueLeft::Failed) => Input::Dialed(DialOutcome::Failed),
        _ => Input::QueueLeft(left),
    }
}

impl Session {
    /// Whether a `transfer` node waits for the outcome.
    pub fn is_dialing(&self) -> bool {
        matches!(self.state, State::Dialing { .. })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::CallFacts;

    /// What the flow is told after the agent, of a call that waits at the flow's first node.
    fn told(node: Value) -> Option<Input> {
        let flow = json!({"version": 1, "name": "Test", "start": "a", "nodes": {
            "a": node, "bye": {"type": "hangup"},
        }});
        let flow = Flow::parse(&flow).expect("a flow");
        let now = "2026-03-02T12:00:00Z".parse().expect("a moment");
        let step = crate::step(&flow, Session::new(CallFacts::default()), Input::Start, now);
        after_agent(&flow, &step.session)
    }

    #[test]
    fn the_flow_goes_on_after_the_agent_where_it_says_so() {
        let queue = |next: Value| json!({"type": "enqueue", "queue": "sales", "next": next});
        assert_eq!(told(queue(json!({}))), None);
        assert_eq!(told(queue(json!({"afterAgent": "bye"}))), Some(Input::AgentLeft));
        let to = |who: &str, answered: &str| {
            let mut next = json!({"busy": "bye", "noAnswer": "bye", "failed": "bye"});
            if !answered.is_empty() {
                next["answered"] = json!(answered);
            }
            json!({"type": "transfer", who: if who == "agent" { "Ann" } else { "+12025550177" }, "next": next})
        };
        assert_eq!(told(to("agent", "")), None);
        assert_eq!(told(to("agent", "bye")), Some(Input::Dialed(DialOutcome::Answered)));
        assert_eq!(told(to("number", "bye")), None, "no agent talks with him");
    }
}
