//! The step.

use chrono::{DateTime, Utc};

use crate::session::State;
use crate::words::Speaks;
use crate::{Flow, Input, Next, Outcome, Prompt, Session, Step};

/// Carries a call from one input to the next moment of waiting, or to its end. Never fails, never panics.
pub fn step(flow: &Flow, mut session: Session, input: Input, now: DateTime<Utc>) -> Step {
    let _ = (input, now);
    session.state = State::Ended;
    let speaks = Speaks::of(&flow.0.language);
    let apology = Prompt::Say {
        text: speaks.apology().to_owned(),
        language: speaks.tag(&flow.0.language),
        voice: None,
    };
    let next = Next::HangUp { outcome: Outcome::FlowFailed };
    Step { session, prompts: vec![apology], next, trace: Vec::new(), problems: Vec::new() }
}
