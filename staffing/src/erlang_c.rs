//! Erlang C (M/M/n): everybody waits until an agent is free, however long that takes.

use crate::{Demand, blocking};

/// A queue with so many agents.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ErlangC {
    demand: Demand,
    agents: f64,
    /// Of waiting at all.
    wait: f64,
}

impl ErlangC {
    pub fn new(demand: Demand, agents: u32) -> Self {
        Self::with(demand, agents, blocking(demand.load(), agents))
    }

    /// The same, with Erlang B's probability at hand.
    pub(crate) fn with(demand: Demand, agents: u32, blocked: f64) -> Self {
        let (load, n) = (demand.load(), f64::from(agents));
        // With no more agents than load the line grows for ever.
        let wait = if load == 0.0 && agents > 0 {
            0.0
        } else if n > load {
            n * blocked / (n - load * (1.0 - blocked))
        } else {
            1.0
        };
        Self { demand, agents: n, wait }
    }

    /// Whether the line ends at all.
    pub fn is_stable(&self) -> bool {
        self.agents > self.demand.load()
    }

    /// The probability of waiting: `C = n·B / (n − A·(1 − B))`.
    pub fn wait_probability(&self) -> f64 {
        self.wait
    }

    /// The share that is answered within `seconds`: `1 − C·e^(−(n−A)·t/AHT)`.
    pub fn service_level(&self, seconds: f64) -> f64 {
        1.0 - self.waits_longer(seconds)
    }

    /// The share that waits longer than `seconds`.
    pub fn waits_longer(&self, seconds: f64) -> f64 {
        if !self.is_stable() {
            return 1.0;
        }
        self.wait * (-(self.agents - self.demand.load()) * seconds / self.demand.handle).exp()
    }

    /// The average wait of everybody, in seconds: `ASA = C·AHT / (n − A)`.
    pub fn average_wait(&self) -> f64 {
        if !self.is_stable() {
            return f64::INFINITY;
        }
        self.wait * self.demand.handle / (self.agents - self.demand.load())
    }

    /// How many wait, on average: `Lq = C·A / (n − A)`.
    pub fn waiting(&self) -> f64 {
        self.average_wait() * self.demand.rate
    }

    /// The share of their time for which agents are busy: `A / n`.
    pub fn occupancy(&self) -> f64 {
        if self.is_stable() { self.demand.load() / self.agents } else { 1.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn near(value: f64, published: f64, by: f64) {
        assert!((value - published).abs() < by, "{value} is not {published}");
    }

    /// 100 calls in half an hour of three minutes each: ten erlangs.
    fn ten() -> Demand {
        Demand::of(100.0, 1800.0, 180.0)
    }

    #[test]
    fn fourteen_agents_for_ten_erlangs() {
        // PyPI pyworkforce 0.1.0, and the R package ErlangC 0.1.0
        let line = ErlangC::new(ten(), 14);
        near(line.wait_probability(), 0.174_131_933_595_049_8, 1e-12);
        near(line.service_level(20.0), 0.888_350_019_179_466_9, 1e-12);
        near(line.average_wait(), 7.835_937_011_777_24, 1e-10);
        near(line.occupancy(), 0.714_285_714_285_714_2, 1e-12);
        // The R package's README: A=10, n=11
        near(ErlangC::new(ten(), 11).wait_probability(), 0.682_118_2, 1e-6);
        near(ErlangC::new(ten(), 15).wait_probability(), 0.102, 5e-4);
        near(ErlangC::new(ten(), 15).service_level(20.0), 0.941, 5e-4);
        near(ErlangC::new(ten(), 15).occupancy(), 0.667, 5e-4);
    }

    #[test]
    fn a_table_of_ten_erlangs() {
        let table = [
            (11, 0.682_118, 0.389_614, 122.7813),
            (12, 0.449_388, 0.640_158, 40.4449),
            (13, 0.285_270, 0.795_595, 17.1162),
            (14, 0.174_132, 0.888_350, 7.8359),
            (15, 0.102_042, 0.941_453, 3.6735),
            (16, 0.057_340, 0.970_560, 1.7202),
            (17, 0.030_876, 0.985_815, 0.7940),
            (18, 0.015_928, 0.993_452, 0.3584),
            (19, 0.007_874, 0.997_103, 0.1575),
            (20, 0.003_731, 0.998_772, 0.0672),
        ];
        for (agents, wait, level, average) in table {
            let line = ErlangC::new(ten(), agents);
            near(line.wait_probability(), wait, 1e-6);
            near(line.service_level(20.0), level, 1e-6);
            near(line.average_wait(), average, 1e-4);
        }
    }

    #[test]
    fn other_queues() {
        let line = ErlangC::new(Demand::of(360.0, 1800.0, 240.0), 55);
        near(line.wait_probability(), 0.238_701, 1e-6);
        near(line.service_level(15.0), 0.845_883, 1e-6);
        near(line.average_wait(), 8.1840, 1e-4);
        near(line.occupancy(), 0.8727, 1e-4);
        let line = ErlangC::new(Demand::of(250.0, 3600.0, 330.0), 28);
        near(line.service_level(30.0), 0.856_850, 1e-6);
        // Palm/Erlang-A tutorial of Mandelbaum and Zeltyn: 48 calls a minute, a minute each, 50 agents
        let line = ErlangC::new(Demand::of(48.0, 60.0, 60.0), 50);
        near(line.average_wait(), 20.834, 1e-3);
        near(line.waiting(), 16.667, 1e-3);
        near(line.occupancy(), 0.96, 1e-12);
        near(line.waits_longer(58.139), 0.10, 1e-5);
    }

    #[test]
    fn too_few_agents_never_get_to_the_end_of_the_line() {
        for agents in [0, 9, 10] {
            let line = ErlangC::new(ten(), agents);
            assert_eq!(
                (line.wait_probability(), line.service_level(20.0), line.occupancy()),
                (1.0, 0.0, 1.0)
            );
            assert_eq!(line.average_wait(), f64::INFINITY);
        }
        let nobody = ErlangC::new(Demand::of(0.0, 1800.0, 180.0), 1);
        assert_eq!(
            (nobody.wait_probability(), nobody.service_level(20.0), nobody.occupancy()),
            (0.0, 1.0, 0.0)
        );
    }
}
