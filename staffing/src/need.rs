//! The smallest number of agents that does.

use crate::erlang_b::Blocking;
use crate::{Demand, ErlangA, ErlangC};

/// Above it nobody plans, and nothing is computed.
const MOST: u32 = 20_000;

/// What callers do who wait.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Model {
    /// They wait to the end.
    C,
    /// They hang up after `patience` seconds on average.
    A { patience: f64 },
}

/// What is to be reached, and what part of their time agents are there for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    /// The share that is to be answered within `seconds`, as 0.8.
    pub level: f64,
    pub seconds: f64,
    /// The average wait at most, in seconds.
    pub average_wait: Option<f64>,
    /// The share of their time for which agents may be busy, as 0.85.
    pub occupancy: f64,
    /// The share of their paid time in which they cannot take calls, as 0.3.
    pub shrinkage: f64,
}

impl Target {
    /// `level` within `seconds`, and nothing else.
    pub fn level(level: f64, seconds: f64) -> Self {
        Self { level, seconds, average_wait: None, occupancy: 1.0, shrinkage: 0.0 }
    }

    fn is_sound(&self) -> bool {
        (0.0..1.0).contains(&self.level)
            && self.seconds >= 0.0
            && self.seconds.is_finite()
            && self.average_wait.is_none_or(|wait| wait > 0.0)
            && self.occupancy > 0.0
            && (0.0..1.0).contains(&self.shrinkage)
    }
}

/// How many agents, and what they come to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Need {
    /// At the telephone.
    pub agents: u32,
    /// To be scheduled, so that as many are: `⌈agents / (1 − shrinkage)⌉`.
    pub scheduled: u32,
    pub service_level: f64,
    /// In seconds.
    pub average_wait: f64,
    pub occupancy: f64,
    /// The share that hangs up; 0 where nobody does.
    pub abandonment: f64,
}

/// No number of agents does, or what was given is no demand and no target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreachable;

/// The smallest number of agents that reaches the target.
///
/// # Errors
/// When none does: a level of 1, a negative time, a rate that is no number.
pub fn agents_needed(demand: Demand, model: Model, target: Target) -> Result<Need, Unreachable> {
    let patient = match model {
        Model::C => true,
        Model::A { patience } => patience.is_finite() && patience > 0.0,
    };
    if !demand.is_sound() || !target.is_sound() || !patient {
        return Err(Unreachable);
    }
    if demand.rate == 0.0 {
        let idle = Need {
            agents: 0,
            scheduled: 0,
            service_level: 1.0,
            average_wait: 0.0,
            occupancy: 0.0,
            abandonment: 0.0,
        };
        return Ok(idle);
    }
    let reaches = |need: &Need| {
        need.service_level >= target.level
            && need.occupancy <= target.occupancy
            && target.average_wait.is_none_or(|most| need.average_wait <= most)
    };
    // More agents are never worse: an upper bound by doubling, then halving.
    let mut tried = Tried { blocked: Vec::new(), source: Blocking::of(demand.load()) };
    let mut try_out = |agents: u32| {
        let need = outcome(demand, model, target, agents, tried.blocked(agents));
        reaches(&need).then_some(need)
    };
    // Below the load Erlang C has no end to wait for.
    let mut low = match model {
        Model::C if demand.load() >= f64::from(MOST) => return Err(Unreachable),
        Model::C => demand.load().floor() as u32,
        Model::A { .. } => 0,
    };
    let (mut step, mut found) = (1, None);
    while found.is_none() {
        let agents = low + step;
        if agents > MOST {
            return Err(Unreachable);
        }
        found = try_out(agents);
        if found.is_none() {
            (low, step) = (agents, step * 2);
        }
    }
    let mut best = found.ok_or(Unreachable)?;
    while best.agents > low + 1 {
        let middle = low + (best.agents - low) / 2;
        match try_out(middle) {
            Some(need) => best = need,
            None => low = middle,
        }
    }
    Ok(best)
}

/// Erlang B's probabilities as far as they were needed.
struct Tried {
    blocked: Vec<f64>,
    source: Blocking,
}

impl Tried {
    fn blocked(&mut self, agents: u32) -> f64 {
        let agents = usize::try_from(agents).unwrap_or(usize::MAX);
        while self.blocked.len() <= agents {
            self.blocked.extend(self.source.next());
        }
        self.blocked[agents]
    }
}

fn outcome(demand: Demand, model: Model, target: Target, agents: u32, blocked: f64) -> Need {
    // Of people, far below what a float holds exactly.
    let scheduled = (f64::from(agents) / (1.0 - target.shrinkage) - 1e-9).ceil() as u32;
    match model {
        Model::C => {
            let line = ErlangC::with(demand, agents, blocked);
            Need {
                agents,
                scheduled,
                service_level: line.service_level(target.seconds),
                average_wait: line.average_wait(),
                occupancy: line.occupancy(),
                abandonment: 0.0,
            }
        }
        Model::A { patience } => {
            let line = ErlangA::with(demand, agents, patience, blocked);
            Need {
                agents,
                scheduled,
                service_level: line.service_level(target.seconds),
                average_wait: line.average_wait(),
                occupancy: line.occupancy(),
                abandonment: line.abandonment(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ten() -> Demand {
        Demand::of(100.0, 1800.0, 180.0)
    }

    fn agents(demand: Demand, target: Target) -> u32 {
        agents_needed(demand, Model::C, target).unwrap().agents
    }

    #[test]
    fn thirteen_are_not_enough_for_eighty_percent_in_twenty_seconds() {
        // 13 give 79.56 %.
        let need = agents_needed(ten(), Model::C, Target::level(0.8, 20.0)).unwrap();
        assert_eq!(need.agents, 14);
        assert!((need.service_level - 0.888_350).abs() < 1e-6);
        assert_eq!(agents(ten(), Target::level(0.7955, 20.0)), 13);
    }

    #[test]
    fn shrinkage_and_occupancy_raise_the_number() {
        // pyworkforce, test_erlang.py: an average wait of 0.33 minutes at most
        let target = |occupancy| Target {
            average_wait: Some(0.33 * 60.0),
            occupancy,
            shrinkage: 0.3,
            ..Target::level(0.8, 20.0)
        };
        let need = agents_needed(ten(), Model::C, target(0.85)).unwrap();
        assert_eq!((need.agents, need.scheduled), (14, 20));
        let need = agents_needed(ten(), Model::C, target(0.70)).unwrap();
        assert_eq!((need.agents, need.scheduled), (15, 22));
        assert!((need.occupancy - 0.667).abs() < 1e-3);
    }

    #[test]
    fn another_published_number() {
        // jonesthenet.com, erlang-uplift: 250 calls an hour of 330 s, 80 % in 30 s
        assert_eq!(agents(Demand::of(250.0, 3600.0, 330.0), Target::level(0.8, 30.0)), 28);
    }

    #[test]
    fn who_hangs_up_is_not_waited_for() {
        let target = Target::level(0.8, 20.0);
        let need = |patience| agents_needed(ten(), Model::A { patience }, target).unwrap();
        assert_eq!(need(1e9).agents, 14);
        let impatient = need(60.0);
        assert!(impatient.agents < 14 && impatient.abandonment > 0.0, "{impatient:?}");
    }

    #[test]
    fn nobody_is_needed_for_nothing_and_the_impossible_is_said() {
        assert_eq!(agents(Demand::of(0.0, 1800.0, 180.0), Target::level(0.8, 20.0)), 0);
        assert_eq!(agents(Demand::of(0.1, 1800.0, 180.0), Target::level(0.8, 20.0)), 1);
        for (demand, target) in [
            (ten(), Target::level(1.0, 20.0)),
            (ten(), Target { shrinkage: 1.0, ..Target::level(0.8, 20.0) }),
            (ten(), Target { occupancy: 0.0, ..Target::level(0.8, 20.0) }),
            (Demand::of(f64::NAN, 1800.0, 180.0), Target::level(0.8, 20.0)),
            (Demand::of(1.0, 0.0, 180.0), Target::level(0.8, 20.0)),
            (Demand::of(1.0, 1800.0, 0.0), Target::level(0.8, 20.0)),
        ] {
            assert_eq!(agents_needed(demand, Model::C, target), Err(Unreachable), "{demand:?} {target:?}");
        }
        assert!(agents_needed(ten(), Model::A { patience: 0.0 }, Target::level(0.8, 20.0)).is_err());
    }
}
