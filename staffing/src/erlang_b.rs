//! Erlang B: who finds all agents busy and is turned away. The others are built on it.

/// The probability for 0, 1, 2… agents: `B(0) = 1`, `B(n) = A·B(n-1) / (n + A·B(n-1))`, which loses no digits and never
/// overflows (Angus, "An introduction to Erlang B and Erlang C", 2001).
#[derive(Clone, Debug)]
pub struct Blocking {
    load: f64,
    agents: f64,
    last: f64,
}

impl Blocking {
    /// For a load in erlangs.
    pub fn of(load: f64) -> Self {
        Self { load, agents: -1.0, last: 1.0 }
    }
}

impl Iterator for Blocking {
    type Item = f64;

    fn next(&mut self) -> Option<f64> {
        self.agents += 1.0;
        if self.agents > 0.0 {
            let offered = self.load * self.last;
            self.last = offered / (self.agents + offered);
        }
        Some(self.last)
    }
}

/// The probability for so many agents.
pub fn blocking(load: f64, agents: u32) -> f64 {
    Blocking::of(load).nth(usize::try_from(agents).unwrap_or(usize::MAX)).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::blocking;

    #[test]
    fn published_values() {
        // pyworkforce, test_erlang_b.py
        assert!((blocking(1.0, 1) - 0.5).abs() < 1e-12);
        assert!((blocking(1.0, 2) - 0.2).abs() < 1e-12);
        assert!((blocking(10.0, 14) - 0.056_819_14).abs() < 1e-8);
    }

    #[test]
    fn many_agents_overflow_nothing() {
        assert_eq!(blocking(10.0, 100_000), 0.0);
        assert!((blocking(5000.0, 10) - (1.0 - 10.0 / 5000.0)).abs() < 1e-4);
        assert_eq!(blocking(0.0, 0), 1.0);
        assert_eq!(blocking(0.0, 3), 0.0);
    }
}
