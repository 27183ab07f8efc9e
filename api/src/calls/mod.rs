//! The use cases of a call: it arrives, its flow answers, it waits, it is offered, accepted, talked through, wrapped up.
//!
//! Each is one [`Unit`](crate::store::Unit): the change of state, the line in the call's story, and the jobs and news
//! that follow are one transaction. Nothing here knows HTTP; what the caller's line is to do next is a [`Reply`].

pub mod accept;
pub mod admission;
pub mod agent_leg;
pub mod arrive;
pub mod callback;
pub mod carry;
pub mod come_back;
pub mod conference;
pub mod control;
pub mod desk;
pub mod direct;
pub mod effects;
pub mod enqueue;
mod facts;
pub mod figures;
pub mod file;
pub mod flow;
pub mod hold;
pub mod leave;
pub mod library;
pub mod lists;
pub mod messages;
pub mod offer;
pub mod opt_out;
pub mod outbound;
pub mod overflow;
pub mod participant;
pub mod party;
pub mod quiet;
pub mod recording;
pub mod rehearsal;
pub mod release;
pub mod reply;
pub mod request;
pub mod router;
pub mod rows;
pub mod secrets;
pub mod side;
pub mod story;
pub mod supervise;
pub mod surveys;
pub mod sweep;
pub mod transcription;
pub mod transfer;
pub mod urls;
pub mod visit;
pub mod voicemail;
pub mod waiting;
pub mod why;
pub mod wrap_up;

pub use file::CallFile;
pub use reply::Reply;
