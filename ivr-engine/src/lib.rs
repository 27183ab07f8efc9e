//! The flow engine: what a company says to a caller, asks him and does with him, as a pure function.
//!
//! A flow is a JSON document: nodes, and named ports that lead from one node to the next. [`Flow::parse`] checks and
//! compiles it once, when it is published; [`step`] then carries one call from one moment of waiting to the next:
//!
//! ```text
//! step(flow, session, input, now) -> session + prompts + what to wait for + effects + trace + problems
//! ```
//!
//! ```
//! use ivr_engine::{CallFacts, Flow, Input, Next, Session, step};
//!
//! let document = serde_json::json!({
//!     "version": 1,
//!     "name": "Reception",
//!     "start": "hello",
//!     "nodes": {
//!         "hello": { "type": "say", "text": "Hello {{ call.callerName }}.", "next": { "next": "wait" } },
//!         "wait": { "type": "enqueue", "queue": "reception" }
//!     }
//! });
//! let flow = Flow::parse(&document).expect("nothing is wrong with it");
//! let call = CallFacts { from: "+15550100".into(), to: "+15550199".into(), ..CallFacts::default() };
//! let now = "2026-03-02T12:00:00Z".parse().expect("a moment");
//! let first = step(&flow, Session::new(call), Input::Start, now);
//! assert!(matches!(first.next, Next::Enqueue { ref queue, .. } if queue == "reception"));
//! ```
//!
//! The format is described in `FLOWS.md` beside this crate, and by [`json_schema`].
//!
//! What the crate owns: the document format, its checks and its JSON Schema, opening hours, templates, conditions,
//! and the rules of asking again. What it must never do: read a clock, draw a random number, do I/O, know TwiML or
//! the database. The same session, input and `now` always give the same step, which is what makes replay possible.
//!
//! `step` is infallible. Whatever the document, the session and the input are, it ends in bounded time, and either
//! waits for something or ends the call; a flow that is broken says so to the caller in his language and reports a
//! [`Problem`], it never leaves him in silence.

mod diff;
mod document;
mod effect;
mod engine;
mod finding;
mod flow;
mod flow_test;
mod flows;
mod hours;
mod input;
mod language;
mod limits;
mod next;
mod node;
mod node_type;
mod phone;
mod predicate;
mod replay;
mod schema;
mod secret;
mod session;
mod simulate;
mod speech;
mod step;
mod template;
mod with_agent;
mod words;

pub use diff::{FlowDiff, NodeChange, NodeDiff, PortMove, diff};
pub use effect::{Effect, RecordingAction};
pub use engine::step;
pub use finding::{Catalog, Finding, FindingCode, FlowFacts, Known, KnownFlows, Severity};
pub use flow::{Flow, FlowKind, validate};
pub use flow_test::{EndsAs, Expectation, FailedLine, FlowTest, TestReport};
pub use flows::Flows;
pub use hours::{Day, Hours, HoursStatus, Opening};
pub use input::{
    Booking, DialOutcome, FlowRef, Input, InputRecord, QueueFigures, QueueLeft, SecureEntry, Values,
};
pub use language::pick_language;
pub use next::{
    Accepts, Callback, CallbackTime, DialTo, Next, Outcome, PreferAgent, RecordPurpose, SkillNeed,
};
pub use node_type::NodeType;
pub use replay::{Difference, Place, Recorded, Replayed, Stop, Why, replay};
pub use schema::json_schema;
pub use secret::{
    Gapped, Keys, Method, Outgoing, RequestCall, RequestOutcome, Secret, SecretMissing, Secrets,
};
pub use session::{CallFacts, Session};
pub use simulate::{
    Act, AgentAct, CannedAnswer, Ended, Entry, Failure, QueueAct, Simulation, Transcript, World, Yes,
    simulate,
};
pub use step::{Passage, Problem, ProblemCode, Prompt, Step, TraceEntry};
pub use with_agent::{after_agent, without_agent};

/// The version of the rules in this crate. It is stored with every recorded input: a replay with another version may
/// legitimately differ. It is also the newest `version` of a flow document that is understood.
pub const ENGINE_VERSION: u32 = 1;

/// The version of the IANA time-zone database in use, such as `2026a`: with another one the same input may find other
/// opening hours, so it is recorded beside [`ENGINE_VERSION`].
pub const TIME_ZONE_DATA: &str = chrono_tz::IANA_TZDB_VERSION;
