//! A call that an agent makes (decision 27).
//!
//! His own phone is called first, as for an offer that he has accepted; when he is in the room, the provider calls the
//! other party into it, and he hears it ring. From the moment in which both are there it is a call like any other: the
//! other party has the caller's leg, and hold, transfers, supervision and wrap-up are the same use cases. It is made on
//! account of a queue, whose rules for wrap-up and hold count, and to which a transfer that fails brings the other party
//! back; but nobody has waited in it, and the visit that stands for it says so.

mod customer;
mod dial;
mod guard;
mod note;
mod rules;

pub use customer::{
    Begun, Unreached, agent_gone, answered_by, begin_to_call, call_off, create, happened, has_yet_to_answer,
    is_first_agent, is_wanted, over, progressed, still_rings, time_is_up,
};
pub use dial::{Dialling, Hours, NewCall, Record, customer_leg, dial};
pub use guard::{calendar, callable, load_plans, may_be_called, may_be_passed_to};
pub use note::{Noted, note};
pub use rules::{Rules, caller_id_of, rules, set_caller_id, set_rules};
