//! What a replay has found, counted. Of what differs a bounded number is told apart.

use std::collections::HashMap;

use ivr_engine::{Place, Stop};

use super::{Reason, Verdict};

/// Places and reasons that are told apart; what comes beyond is in the sums only.
const MOST_KINDS: usize = 1_000;

/// The sums of a replay.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Calls that were run.
    pub calls: u64,
    pub same: u64,
    pub different: u64,
    pub unknown: u64,
    elsewhere: HashMap<String, Elsewhere>,
    reasons: HashMap<Reason, u64>,
}

/// So many calls would have gone there instead.
#[derive(Clone, Debug)]
pub struct Elsewhere {
    pub went: Place,
    pub would_go: Place,
    pub calls: u64,
}

impl Tally {
    pub fn count(&mut self, verdict: &Verdict) {
        self.calls += 1;
        match verdict {
            Verdict::Same => self.same += 1,
            Verdict::Different { first } => {
                self.different += 1;
                let key = format!("{:?} {:?}", key(&first.went), key(&first.would_go));
                let room = self.elsewhere.len() < MOST_KINDS;
                match self.elsewhere.get_mut(&key) {
                    Some(known) => known.calls += 1,
                    None if room => {
                        let (went, would_go) = (first.went.clone(), first.would_go.clone());
                        self.elsewhere.insert(key, Elsewhere { went, would_go, calls: 1 });
                    }
                    None => {}
                }
            }
            Verdict::Unknown { why, .. } => {
                self.unknown += 1;
                let room = self.reasons.len() < MOST_KINDS;
                match self.reasons.get_mut(why) {
                    Some(calls) => *calls += 1,
                    None if room => {
                        self.reasons.insert(why.clone(), 1);
                    }
                    None => {}
                }
            }
        }
    }

    /// Where calls would have gone instead, the most frequent first.
    pub fn elsewhere(&self) -> Vec<Elsewhere> {
        let mut sorted: Vec<_> = self.elsewhere.iter().collect();
        sorted.sort_by(|(a, x), (b, y)| y.calls.cmp(&x.calls).then_with(|| a.cmp(b)));
        sorted.into_iter().map(|(_, elsewhere)| elsewhere.clone()).collect()
    }

    /// Why nobody knows, the most frequent first.
    pub fn reasons(&self) -> Vec<(Reason, u64)> {
        let mut sorted: Vec<_> = self.reasons.iter().map(|(why, calls)| (why.clone(), *calls)).collect();
        sorted.sort_by(|(a, x), (b, y)| y.cmp(x).then_with(|| a.cmp(b)));
        sorted
    }
}

fn key(place: &Place) -> (Option<&str>, Option<&str>, &Stop) {
    (place.flow.as_ref().map(|flow| flow.as_str()), place.node.as_deref(), &place.stop)
}
