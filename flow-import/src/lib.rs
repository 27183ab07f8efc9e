//! Flows and routing rules of other systems, turned into ours.
//!
//! ```
//! use flow_import::{Mapping, Outcome, import};
//!
//! let studio = serde_json::json!({
//!     "description": "Reception",
//!     "initial_state": "Trigger",
//!     "states": [
//!         { "name": "Trigger", "type": "trigger", "properties": {},
//!           "transitions": [{ "event": "incomingCall", "next": "hello" }] },
//!         { "name": "hello", "type": "say-play", "properties": { "say": "Hello {{trigger.call.From}}." },
//!           "transitions": [{ "event": "audioComplete", "next": "wait" }] },
//!         { "name": "wait", "type": "enqueue-call", "properties": { "queue_name": "everyone" },
//!           "transitions": [{ "event": "callComplete" }] }
//!     ]
//! });
//! let first = import(None, &studio, &Mapping::default()).expect("it is a Studio flow");
//! assert!(first.report.elements.iter().all(|element| element.outcome == Outcome::Imported));
//! assert_eq!(first.report.references[0].reference, "everyone");
//!
//! let mapping = Mapping::from_iter([("everyone", "Reception desk")]);
//! let second = import(None, &studio, &mapping).expect("it still is");
//! assert_eq!(second.flows[0]["nodes"]["wait"]["queue"], "Reception desk");
//! ```
//!
//! [`import`] takes Twilio Studio flows (v2), Amazon Connect flows (Flow language 2019-10-30 and the older export with
//! `modules`), TaskRouter workflows, and our own documents. `MAPPING.md` beside this crate says what becomes of every
//! type of element.
//!
//! **Nothing is left out in silence.** The [`Report`] has one line for each element of the source: imported, or
//! approximated with what differs in words, or unsupported. What is unsupported stays in the document as a `disabled` node
//! with its raw JSON and its ports; a reachable one keeps a flow from being published, unless the call can pass it. What
//! the source only names (queues, other flows, prompts, functions, agents, skills, hours of operation) is listed in
//! [`Report::references`], and a second call with a [`Mapping`] fills it in.
//!
//! **The engine is the judge.** Every text, expression and node is put before [`ivr_engine`]; what it refuses is
//! taken out and told, so that a document with an error has it from an open reference, from a disabled node or from a
//! shape that was as wrong in the source (a circle in which nobody is asked anything).
//!
//! What the crate owns: the formats of others, and what they mean here. What it must never do: I/O, read a clock, draw a
//! random number, or know a company. The same document and mapping always give the same result.
//!
//! The documents come from strangers. Their size and depth are checked before anything else is looked at; what is too
//! large, or is not the format that it claims, is an [`ImportError`] with a pointer to the place.

mod bounds;
mod connect;
mod detect;
mod document;
mod error;
mod liquid;
mod mapping;
mod own;
mod plan;
mod report;
mod settle;
mod studio;
mod taskrouter;

use serde_json::Value;

pub use error::{ImportError, ImportErrorCode};
pub use mapping::{Mapping, Target};
pub use plan::{
    KnownBy, KnownWorker, PlannedQueue, RoutingPlan, RoutingRule, RoutingStep, SkillNeed, SkipIf,
};
pub use report::{Counts, Element, Imported, Note, Outcome, Reference, ReferenceKind, Report, Source, Use};
pub use settle::{CompanyQueue, Keeper, OverflowAction, OverflowStep, Settled, SettledLine};

/// Imports a document. Without a `source` its shape decides which format it has.
pub fn import(source: Option<Source>, value: &Value, mapping: &Mapping) -> Result<Imported, ImportError> {
    bounds::check(value, "")?;
    let found = detect::find(source, value)?;
    match found.source {
        Source::Studio => studio::import(&found, mapping),
        Source::Connect => connect::import(&found, mapping),
        Source::ConnectLegacy => connect::import_legacy(&found, mapping),
        Source::TaskRouter => taskrouter::import(&found, mapping),
        Source::CallDocker => own::import(&found, mapping),
    }
}
