//! How many agents are needed, what the next week brings, and which hours were unusual.
//!
//! Pure: numbers in, numbers out, the same for the same. No clock, no chance, no I/O, nothing of CallDocker. Times are in
//! seconds; a load is in erlangs, the agents that would be busy if nobody ever waited. docs/staffing.md tells of it for people.

mod erlang_a;
mod erlang_b;
mod erlang_c;
pub mod forecast;
mod need;
pub mod unusual;

pub use erlang_a::ErlangA;
pub use erlang_b::{Blocking, blocking};
pub use erlang_c::ErlangC;
pub use need::{Model, Need, Target, Unreachable, agents_needed};

/// Calls that come at random, and how long each keeps an agent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Demand {
    /// Calls a second.
    pub rate: f64,
    /// Talk, hold and wrap-up, in seconds, on average.
    pub handle: f64,
}

impl Demand {
    /// `calls` in `interval` seconds, each of `handle` seconds.
    pub fn of(calls: f64, interval: f64, handle: f64) -> Self {
        Self { rate: calls / interval, handle }
    }

    /// In erlangs.
    pub fn load(&self) -> f64 {
        self.rate * self.handle
    }

    /// Whether something can be computed of it.
    fn is_sound(&self) -> bool {
        self.rate.is_finite() && self.rate >= 0.0 && self.handle.is_finite() && self.handle > 0.0
    }
}
