//! Erlang A (M/M/n+M; Palm): who waits hangs up when his patience ends, which is exponential too.
//!
//! With k callers there, they come at λ and go at `min(k, n)·μ + max(0, k − n)·θ`. What follows for waits is exact: who
//! finds all n agents busy and i callers before him waits for i + 1 exponential steps, and summed over i the density of
//! reaching an agent after t, patience aside, is `p(n)·nμ·exp(−nμt + (λ/θ)(1 − e^(−θt)))` (Zeltyn and Mandelbaum, "The
//! Palm/Erlang-A queue", 2005, derive the same by an integral).

use crate::{Demand, blocking};

/// Callers in the line beyond which nobody counts.
const MOST: f64 = 1e6;
/// Steps of Simpson's rule.
const STEPS: u32 = 256;

/// A queue with so many agents and callers of so much patience.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ErlangA {
    demand: Demand,
    agents: f64,
    /// 1/θ, in seconds.
    patience: f64,
    /// That exactly as many callers are there as agents.
    full: f64,
    /// Of waiting at all.
    wait: f64,
    /// How many wait on average.
    waiting: f64,
}

impl ErlangA {
    /// `patience` is the average, in seconds.
    pub fn new(demand: Demand, agents: u32, patience: f64) -> Self {
        Self::with(demand, agents, patience, blocking(demand.load(), agents))
    }

    /// The same, with Erlang B's probability at hand.
    pub(crate) fn with(demand: Demand, agents: u32, patience: f64, blocked: f64) -> Self {
        let n = f64::from(agents);
        let (come, served, leave) = (demand.rate, n / demand.handle, 1.0 / patience);
        // All relative to the state in which every agent is busy and nobody waits.
        let (mut term, mut beyond, mut line, mut i) = (1.0, 0.0, 0.0, 0.0);
        loop {
            i += 1.0;
            term *= come / (served + i * leave);
            beyond += term;
            line += i * term;
            if !line.is_finite() || i > MOST {
                // Far too few agents: as good as everybody waits, and as many hang up as are not served.
                let waiting = ((come - served) / leave).max(0.0);
                return Self { demand, agents: n, patience, full: 0.0, wait: 1.0, waiting };
            }
            let ratio = come / (served + (i + 1.0) * leave);
            if ratio < 1.0 && i * term / (1.0 - ratio) < 1e-15 * (1.0 + line) {
                break;
            }
        }
        let full = if blocked > 0.0 { 1.0 / (1.0 / blocked + beyond) } else { 0.0 };
        Self { demand, agents: n, patience, full, wait: full * (1.0 + beyond), waiting: full * line }
    }

    /// The probability of waiting, or of hanging up instead.
    pub fn wait_probability(&self) -> f64 {
        self.wait
    }

    /// The share that hangs up: `θ·Lq/λ`.
    pub fn abandonment(&self) -> f64 {
        if self.demand.rate == 0.0 { 0.0 } else { self.waiting / self.patience / self.demand.rate }
    }

    /// How many wait, on average.
    pub fn waiting(&self) -> f64 {
        self.waiting
    }

    /// The average wait of everybody, those who hang up too, in seconds: `Lq/λ`.
    pub fn average_wait(&self) -> f64 {
        if self.demand.rate == 0.0 { 0.0 } else { self.waiting / self.demand.rate }
    }

    /// The share of their time for which agents are busy.
    pub fn occupancy(&self) -> f64 {
        if self.agents == 0.0 { 1.0 } else { self.demand.load() * (1.0 - self.abandonment()) / self.agents }
    }

    /// The share of all callers that is answered within `seconds`.
    pub fn service_level(&self, seconds: f64) -> f64 {
        let patient = |t: f64| (-t / self.patience).exp();
        (1.0 - self.wait + self.reached(seconds, patient)).clamp(0.0, 1.0)
    }

    /// The share that waits longer than `seconds`, whatever comes of it.
    pub fn waits_longer(&self, seconds: f64) -> f64 {
        let still = self.wait - self.reached(seconds, |_| 1.0);
        (still * (-seconds / self.patience).exp()).clamp(0.0, 1.0)
    }

    /// Who would reach an agent after a wait of at most `seconds`, each weighed by it.
    fn reached(&self, seconds: f64, weight: impl Fn(f64) -> f64) -> f64 {
        if seconds <= 0.0 || self.full == 0.0 {
            return 0.0;
        }
        let served = self.agents / self.demand.handle;
        let density = |t: f64| {
            let came = self.demand.rate * self.patience * -(-t / self.patience).exp_m1();
            self.full * served * (came - served * t).exp() * weight(t)
        };
        let step = seconds / f64::from(STEPS);
        let inner: f64 =
            (1..STEPS).map(|at| if at % 2 == 1 { 4.0 } else { 2.0 } * density(f64::from(at) * step)).sum();
        (density(0.0) + inner + density(seconds)) * step / 3.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErlangC;

    #[track_caller]
    fn near(value: f64, published: f64, by: f64) {
        assert!((value - published).abs() < by, "{value} is not {published}");
    }

    #[test]
    fn fourteen_agents_for_ten_erlangs_and_five_minutes_of_patience() {
        // pyworkforce, test_abandonment.py
        let line = ErlangA::new(Demand::of(100.0, 1800.0, 180.0), 14, 300.0);
        near(line.wait_probability(), 0.145_26, 1e-5);
        near(line.abandonment(), 0.013_984, 1e-6);
        near(line.occupancy(), 0.704_297, 1e-6);
        near(line.average_wait() / 60.0, 0.069_919, 1e-6);
        near(line.service_level(20.0), 0.916_792, 1e-6);
        // Two other readings of the same level: with those who hung up in time, and of those who were answered.
        near(1.0 - line.waits_longer(20.0), 0.923_956, 1e-6);
        near(line.service_level(20.0) / (1.0 - line.abandonment()), 0.929_794, 1e-6);
    }

    #[test]
    fn fifty_agents_and_two_minutes_of_patience() {
        // Palm/Erlang-A tutorial of Mandelbaum and Zeltyn: 48 calls a minute, a minute each
        let line = ErlangA::new(Demand::of(48.0, 60.0, 60.0), 50, 120.0);
        near(line.abandonment(), 0.030_912, 1e-6);
        near(line.average_wait(), 3.7095, 1e-4);
        near(line.waiting(), 2.9676, 1e-4);
        near(line.occupancy(), 0.9303, 1e-4);
        near(line.waits_longer(12.445), 0.10, 1e-4);
    }

    #[test]
    fn one_agent_by_hand() {
        // λ=2, μ=θ=n=1: as many are there as Poisson's with 2 says.
        let line = ErlangA::new(Demand { rate: 2.0, handle: 1.0 }, 1, 1.0);
        near(line.wait_probability(), 0.864_664_72, 1e-8);
        near(line.abandonment(), 0.567_667_64, 1e-8);
    }

    #[test]
    fn endless_patience_is_erlang_c() {
        for agents in [15, 20, 25] {
            let demand = Demand::of(100.0, 1800.0, 180.0);
            let (a, c) = (ErlangA::new(demand, agents, 1e9), ErlangC::new(demand, agents));
            near(a.wait_probability(), c.wait_probability(), 1e-4);
            near(a.service_level(20.0), c.service_level(20.0), 1e-4);
            near(a.average_wait(), c.average_wait(), 1e-4);
            near(a.occupancy(), c.occupancy(), 1e-4);
        }
    }

    #[test]
    fn too_few_agents_lose_callers_and_not_their_minds() {
        let line = ErlangA::new(Demand::of(1000.0, 1800.0, 180.0), 10, 60.0);
        near(line.occupancy(), 1.0, 1e-6);
        near(line.abandonment(), 0.9, 1e-3);
        assert!(line.service_level(20.0) < 0.1);
        let nobody = ErlangA::new(Demand::of(10.0, 1800.0, 180.0), 0, 60.0);
        near(nobody.abandonment(), 1.0, 1e-9);
        assert_eq!((nobody.service_level(20.0), nobody.wait_probability()), (0.0, 1.0));
        let silence = ErlangA::new(Demand::of(0.0, 1800.0, 180.0), 1, 60.0);
        assert_eq!((silence.abandonment(), silence.service_level(20.0)), (0.0, 1.0));
    }
}
