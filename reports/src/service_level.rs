//! The service level, as different vendors count it. X is the threshold, S the limit of a short abandon, both in seconds.
//!
//! `A≤`, `A`: answered within X, answered. `B≤`, `B`: abandoned within X, abandoned. `S`: abandoned within S. `C≤`: asked to be
//! called back within X. `F`: flow-outs, who left the queue in another way. `N`: queued. Who waits still counts in `N` alone.

use crate::counters::Counters;

/// A part of a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ratio {
    pub numerator: u64,
    pub denominator: u64,
}

impl Ratio {
    /// Nothing of nothing is no percentage.
    pub fn percent(self) -> Option<f64> {
        (self.denominator > 0).then(|| self.numerator as f64 * 100.0 / self.denominator as f64)
    }

    pub fn add(&mut self, other: Self) {
        self.numerator += other.numerator;
        self.denominator += other.denominator;
    }
}

/// Which of the formulas (metrics 4.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Variant {
    /// Cisco, "abandoned calls ignored".
    Ignore,
    /// Cisco, "abandoned calls negative impact".
    Negative,
    /// Cisco, "abandoned calls positive impact".
    Positive,
    /// Genesys Cloud with abandons and flow-outs counted, and short abandons not.
    Genesys,
    /// Amazon Connect.
    Aws,
    /// Asterisk's first figure: of the answered.
    Asterisk,
    /// Asterisk's second one.
    AsteriskSecond,
    /// Of all who were answered or gave up.
    Classic,
    /// The same without short abandons.
    #[default]
    ExcludingShortAbandons,
}

impl Variant {
    pub const ALL: [Self; 9] = [
        Self::Ignore,
        Self::Negative,
        Self::Positive,
        Self::Genesys,
        Self::Aws,
        Self::Asterisk,
        Self::AsteriskSecond,
        Self::Classic,
        Self::ExcludingShortAbandons,
    ];

    /// As it stands beside the number.
    pub fn formula(self) -> &'static str {
        match self {
            Self::Ignore => {
                "answered within X / (answered within X + still waiting at X), whoever gave up within X set aside"
            }
            Self::Negative => {
                "answered within X / (answered within X + abandoned within X + still waiting at X)"
            }
            Self::Positive => {
                "(answered within X + abandoned within X) / (answered within X + abandoned within X + still waiting at X)"
            }
            Self::Genesys => "answered within X / (answered + abandoned - abandoned within S + flow-outs)",
            Self::Aws => "(answered, abandoned or asked to be called back within X) / queued",
            Self::Asterisk => "answered within X / answered",
            Self::AsteriskSecond => "(answered within X + abandoned within X) / (answered + abandoned)",
            Self::Classic => "answered within X / (answered + abandoned)",
            Self::ExcludingShortAbandons => "answered within X / (answered + abandoned - abandoned within S)",
        }
    }

    /// The service level of these callers with `threshold` X and `short` S, in seconds.
    pub fn of(self, counters: &Counters, threshold: u32, short: u32) -> Ratio {
        let limits = Limits { threshold, short };
        let sum = |part: Part| self.callers(part).iter().map(|callers| callers.count(counters, limits)).sum();
        Ratio { numerator: sum(Part::Numerator), denominator: sum(Part::Denominator) }
    }

    /// Which callers make a part of the figure. No caller is in two of these.
    pub fn callers(self, part: Part) -> &'static [Callers] {
        use Left::{Abandoned, Answered, CalledBack, FlowOut, Waiting};
        use Wait::{Any, Late, Long, Within};
        match (self, part) {
            (Self::Positive | Self::AsteriskSecond, Part::Numerator) => {
                &[Callers(Answered, Within), Callers(Abandoned, Within)]
            }
            // Amazon Connect: contacts removed from the queue within X.
            (Self::Aws, Part::Numerator) => {
                &[Callers(Answered, Within), Callers(Abandoned, Within), Callers(CalledBack, Within)]
            }
            (_, Part::Numerator) => &[Callers(Answered, Within)],
            // Cisco ICM and CUIC user guides: events are answers and abandons within X, and calls that have reached X.
            (Self::Ignore, Part::Denominator) => &[
                Callers(Answered, Any),
                Callers(Abandoned, Late),
                Callers(CalledBack, Late),
                Callers(FlowOut, Late),
            ],
            (Self::Negative | Self::Positive, Part::Denominator) => &[
                Callers(Answered, Any),
                Callers(Abandoned, Any),
                Callers(CalledBack, Late),
                Callers(FlowOut, Late),
            ],
            // With the switches of `GENESYS`.
            (Self::Genesys, Part::Denominator) => {
                &[Callers(Answered, Any), Callers(Abandoned, Long), Callers(FlowOut, Any)]
            }
            (Self::Aws, Part::Denominator) => &[
                Callers(Answered, Any),
                Callers(Abandoned, Any),
                Callers(CalledBack, Any),
                Callers(FlowOut, Any),
                Callers(Waiting, Any),
            ],
            // queues.conf.sample.
            (Self::Asterisk, Part::Denominator) => &[Callers(Answered, Any)],
            (Self::AsteriskSecond | Self::Classic, Part::Denominator) => {
                &[Callers(Answered, Any), Callers(Abandoned, Any)]
            }
            // Bright Pattern: short abandons have no influence.
            (Self::ExcludingShortAbandons, Part::Denominator) => {
                &[Callers(Answered, Any), Callers(Abandoned, Long)]
            }
        }
    }
}

/// The two numbers of a ratio.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Numerator,
    Denominator,
}

/// X and S, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub threshold: u32,
    pub short: u32,
}

/// Callers who left a queue so, after such a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Callers(pub Left, pub Wait);

/// Who gave up within S.
pub const SHORT_ABANDONS: &[Callers] = &[Callers(Left::Abandoned, Wait::Short)];

/// How callers left a queue, as far as service levels tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    Answered,
    Abandoned,
    /// They asked to be called back.
    CalledBack,
    /// In another way.
    FlowOut,
    /// They have not.
    Waiting,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    Any,
    /// At most X.
    Within,
    /// More than X.
    Late,
    /// At most S.
    Short,
    /// More than S.
    Long,
}

impl Callers {
    fn count(self, counters: &Counters, limits: Limits) -> u64 {
        let Self(left, wait) = self;
        let (all, waits) = match left {
            Left::Answered => (counters.answered, &counters.answered_waits),
            Left::Abandoned => (counters.abandoned, &counters.abandoned_waits),
            Left::CalledBack => (counters.callbacks, &counters.callback_waits),
            Left::FlowOut => (counters.flow_outs(), &counters.flow_out_waits),
            Left::Waiting => return counters.still_waiting,
        };
        match wait {
            Wait::Any => all,
            Wait::Within => waits.within(limits.threshold),
            Wait::Late => all - waits.within(limits.threshold),
            Wait::Short => waits.within(limits.short),
            Wait::Long => all - waits.within(limits.short),
        }
    }
}

/// Whether something is part of the denominator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    In,
    Out,
}

/// The switches of Genesys Cloud's service level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Genesys {
    pub abandons: Count,
    pub short_abandons: Count,
    pub flow_outs: Count,
}

/// What [`Variant::Genesys`] stands for.
pub const GENESYS: Genesys =
    Genesys { abandons: Count::In, short_abandons: Count::Out, flow_outs: Count::In };

/// (answered − answered late) / (A + B [+F if on] [−S if short abandons off] [−B if abandons off])
/// (help.mypurecloud.com, configure the service level calculation). `short`: abandoned within S.
pub fn genesys(counters: &Counters, threshold: u32, switches: Genesys, short: u64) -> Ratio {
    let abandoned = match (switches.abandons, switches.short_abandons) {
        (Count::Out, _) => 0,
        (Count::In, Count::In) => counters.abandoned,
        (Count::In, Count::Out) => counters.abandoned - short,
    };
    let flow_outs = match switches.flow_outs {
        Count::In => counters.flow_outs(),
        Count::Out => 0,
    };
    Ratio {
        numerator: counters.answered_waits.within(threshold),
        denominator: counters.answered + abandoned + flow_outs,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many of each wait, in seconds.
    fn queue(
        answered: &[(u64, u64)],
        abandoned: &[(u64, u64)],
        callbacks: &[(u64, u64)],
        out: &[(u64, u64)],
    ) -> Counters {
        let mut counters = Counters::default();
        let kinds = [
            (answered, &mut counters.answered, &mut counters.answered_waits),
            (abandoned, &mut counters.abandoned, &mut counters.abandoned_waits),
            (callbacks, &mut counters.callbacks, &mut counters.callback_waits),
            (out, &mut counters.overflowed, &mut counters.flow_out_waits),
        ];
        for (waits, number, histogram) in kinds {
            for (count, seconds) in waits {
                for _ in 0..*count {
                    *number += 1;
                    counters.queued += 1;
                    histogram.note(seconds * 1000);
                }
            }
        }
        counters
    }

    fn percent(variant: Variant, counters: &Counters) -> f64 {
        let percent = variant.of(counters, 20, 5).percent().unwrap();
        (percent * 100.0).round() / 100.0
    }

    /// The input that Cisco publishes: 70 answered in time, 10 abandoned in time, 20 exceeded, 100 events.
    #[test]
    fn cisco_s_example() {
        let day = queue(&[(70, 10), (20, 30)], &[(10, 10)], &[], &[]);
        assert_eq!(percent(Variant::Ignore, &day), 77.78);
        assert_eq!(percent(Variant::Negative, &day), 70.0);
        assert_eq!(percent(Variant::Positive, &day), 80.0);
    }

    #[test]
    fn each_variant_counts_its_own() {
        // Answered: 60 in time, 20 late. Abandoned: 4 short, 6 in time, 5 late. Called back: 2 in time. Overflowed: 3 late.
        let day = queue(&[(60, 20), (20, 21)], &[(4, 5), (6, 15), (5, 40)], &[(2, 12)], &[(3, 45)]);
        assert_eq!(day.queued, 100);
        let ratio = |variant: Variant| {
            let Ratio { numerator, denominator } = variant.of(&day, 20, 5);
            (numerator, denominator)
        };
        assert_eq!(ratio(Variant::Ignore), (60, 60 + 20 + 5 + 3));
        assert_eq!(ratio(Variant::Negative), (60, 98));
        assert_eq!(ratio(Variant::Positive), (70, 98));
        assert_eq!(ratio(Variant::Genesys), (60, 80 + 15 - 4 + 3));
        assert_eq!(ratio(Variant::Aws), (60 + 10 + 2, 100));
        assert_eq!(ratio(Variant::Asterisk), (60, 80));
        assert_eq!(ratio(Variant::AsteriskSecond), (70, 95));
        assert_eq!(ratio(Variant::Classic), (60, 95));
        assert_eq!(ratio(Variant::ExcludingShortAbandons), (60, 91));
    }

    #[test]
    fn genesys_has_three_switches() {
        let day = queue(&[(8, 1), (2, 30)], &[(1, 2), (3, 25)], &[], &[(4, 9)]);
        let of = |abandons, short_abandons, flow_outs| {
            genesys(&day, 20, Genesys { abandons, short_abandons, flow_outs }, 1).denominator
        };
        use Count::{In, Out};
        assert_eq!(of(In, In, Out), 14);
        assert_eq!(of(In, Out, Out), 13);
        assert_eq!(of(Out, In, Out), 10);
        assert_eq!(of(In, In, In), 18);
        let with_these = |switches| genesys(&day, 20, switches, 1);
        assert_eq!(Variant::Genesys.of(&day, 20, 2), with_these(GENESYS), "one of them is short");
    }

    #[test]
    fn another_threshold_changes_the_past() {
        let day = queue(&[(3, 10), (1, 25)], &[(2, 6)], &[], &[]);
        let classic = |threshold, short| {
            let Ratio { numerator, denominator } = Variant::ExcludingShortAbandons.of(&day, threshold, short);
            (numerator, denominator)
        };
        assert_eq!((classic(20, 5), classic(30, 5), classic(20, 6)), ((3, 6), (4, 6), (3, 4)));
    }

    #[test]
    fn nothing_of_nothing_is_absent() {
        for variant in Variant::ALL {
            assert_eq!(variant.of(&Counters::default(), 20, 5).percent(), None, "{variant:?}");
        }
    }
}
