//! The life of a call among colleagues, pure: what each party does, and what the call comes to by it. No clock, no rows.
//! Events come twice, late and out of order; a party or a call that has ended never moves again, but for who joins a
//! group call anew, or is called into it anew.

use entity::{PartyState, PeerRole, PeerStatus};

/// A party, by its place in the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Party {
    pub role: PeerRole,
    pub state: PartyState,
}

/// How a call stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub status: PeerStatus,
    pub parties: Vec<Party>,
}

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A device of this party has been told.
    Rung(usize),
    Answered(usize),
    Declined(usize),
    /// He has another call.
    DeclinedBusy(usize),
    HungUp(usize),
    /// His connection is gone, and was waited for.
    Lost(usize),
    /// He joins, or joins again: a group call only.
    Joined(usize),
    /// He is called into a call that goes on, for the first time or anew, and this is what comes of it at once.
    Invited(usize, PartyState),
    /// It has rung for long enough for him.
    RungOut(usize),
    /// It cannot be what it was to be.
    Failed,
}

/// Why an event is not for this call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The call is over.
    Over,
    /// It is not his to answer, or he has taken it already.
    NotRinging,
}

/// What an event has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    /// Something has changed.
    Changed,
    /// It was so already: a repetition, or late news.
    Nothing,
}

impl Standing {
    /// Caller first.
    #[cfg(test)]
    fn ringing(callees: usize) -> Self {
        let caller = Party { role: PeerRole::Caller, state: PartyState::Joined };
        let callee = Party { role: PeerRole::Callee, state: PartyState::Ringing };
        let parties = std::iter::once(caller).chain(std::iter::repeat_n(callee, callees)).collect();
        Self { status: PeerStatus::Initiated, parties }
    }

    /// Lets it happen.
    ///
    /// # Errors
    /// For what a party wants and cannot have any more. Goodbyes are never refused.
    pub fn apply(&mut self, event: Event) -> Result<Came, Refusal> {
        use PartyState::{Busy, Joined, Left, Missed, Rejected, Ringing};
        if self.status.is_over() {
            return match event {
                Event::Answered(_) | Event::Joined(_) | Event::Invited(..) => Err(Refusal::Over),
                Event::Rung(_)
                | Event::Declined(_)
                | Event::DeclinedBusy(_)
                | Event::HungUp(_)
                | Event::Lost(_)
                | Event::RungOut(_)
                | Event::Failed => Ok(Came::Nothing),
            };
        }
        let before = self.clone();
        match event {
            Event::Rung(_) => {
                if self.status == PeerStatus::Initiated {
                    self.status = PeerStatus::Ringing;
                }
            }
            // For the caller it rings when he has left a group call and is called into it again.
            Event::Answered(at) => match self.parties[at].state {
                Ringing => self.parties[at].state = Joined,
                Joined | Left | Missed | Rejected | Busy => return Err(Refusal::NotRinging),
            },
            Event::Joined(at) => self.parties[at].state = Joined,
            Event::Invited(at, state) => {
                if !self.parties[at].state.is_live() {
                    self.parties[at].state = state;
                }
            }
            Event::Declined(at) | Event::DeclinedBusy(at) | Event::HungUp(at) | Event::Lost(at) => {
                let party = &mut self.parties[at];
                party.state = match (party.state, event) {
                    (Ringing, Event::DeclinedBusy(_)) => Busy,
                    // A device that is gone while it rings may come back, and others ring, too.
                    (Ringing, Event::Lost(_)) => Ringing,
                    (Ringing, _) => Rejected,
                    (Joined, Event::HungUp(_) | Event::Lost(_)) => Left,
                    (state, _) => state,
                };
            }
            Event::RungOut(at) => {
                if self.parties[at].state == Ringing {
                    self.parties[at].state = Missed;
                }
            }
            Event::Failed => {
                self.all(Ringing, Missed);
                self.all(Joined, Left);
                self.status = PeerStatus::Failed;
            }
        }
        self.settle();
        Ok(if *self == before { Came::Nothing } else { Came::Changed })
    }

    /// What the call is by how its parties stand; when it is over, it is over for all.
    fn settle(&mut self) {
        if self.status.is_over() {
            return;
        }
        let with = |state| self.parties.iter().filter(|party| party.state == state).count();
        let (joined, ringing) = (with(PartyState::Joined), with(PartyState::Ringing));
        if self.status == PeerStatus::Active {
            // Whoever is alone waits for those who are still called, and for nobody else.
            if joined == 0 || joined + ringing < 2 {
                self.status = PeerStatus::Ended;
            }
        } else if joined >= 2 {
            self.status = PeerStatus::Active;
        } else if joined == 0 {
            self.status = PeerStatus::Missed;
        } else if ringing == 0 {
            self.status = self.nobody_came();
        }
        if self.status.is_over() {
            self.all(PartyState::Ringing, PartyState::Missed);
            self.all(PartyState::Joined, PartyState::Left);
        }
    }

    fn nobody_came(&self) -> PeerStatus {
        let callees = || self.parties.iter().filter(|party| party.role == PeerRole::Callee);
        if callees().all(|party| party.state == PartyState::Busy) {
            PeerStatus::Busy
        } else if callees().any(|party| party.state == PartyState::Missed) {
            PeerStatus::Missed
        } else {
            PeerStatus::Rejected
        }
    }

    fn all(&mut self, from: PartyState, to: PartyState) {
        for party in self.parties.iter_mut().filter(|party| party.state == from) {
            party.state = to;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `call status, each party's state`.
    fn shown(standing: &Standing) -> String {
        let states: Vec<_> = standing.parties.iter().map(|party| party.state.as_str()).collect();
        format!("{}: {}", standing.status.as_str(), states.join(" "))
    }

    fn after(callees: usize, events: &[Event]) -> Standing {
        let mut standing = Standing::ringing(callees);
        for event in events {
            let _ = standing.apply(*event);
        }
        standing
    }

    const EVERY: [Event; 14] = [
        Event::Rung(1),
        Event::Answered(0),
        Event::Answered(1),
        Event::Declined(0),
        Event::Declined(1),
        Event::DeclinedBusy(1),
        Event::HungUp(0),
        Event::HungUp(1),
        Event::Lost(0),
        Event::Lost(1),
        Event::Joined(1),
        Event::Invited(1, PartyState::Ringing),
        Event::RungOut(1),
        Event::Failed,
    ];

    #[test]
    fn every_event_in_every_state() {
        use Event::*;
        let told = |name: &str, path: &[Event]| {
            let lines = EVERY.iter().map(|event| {
                let mut standing = after(1, path);
                match standing.apply(*event) {
                    Ok(Came::Changed) => shown(&standing),
                    Ok(Came::Nothing) => "-".to_owned(),
                    Err(refusal) => format!("{refusal:?}"),
                }
            });
            format!("{name}: {}", lines.collect::<Vec<_>>().join(", "))
        };
        let over = "-, Over, Over, -, -, -, -, -, -, -, Over, Over, -, -";
        let before_the_answer = "NotRinging, active: joined joined, -, rejected: left rejected, busy: left busy, \
             missed: left missed, rejected: left rejected, missed: left missed, -, active: joined joined, -, \
             missed: left missed, failed: left missed";
        for (name, path, expected) in [
            ("initiated", [].as_slice(), format!("ringing: joined ringing, {before_the_answer}")),
            ("ringing", &[Rung(1)], format!("-, {before_the_answer}")),
            (
                "active",
                &[Rung(1), Answered(1)],
                "-, NotRinging, NotRinging, -, -, -, ended: left left, ended: left left, ended: left left, \
                 ended: left left, -, -, -, failed: left left"
                    .to_owned(),
            ),
            ("ended", &[Answered(1), HungUp(0)], over.to_owned()),
            ("missed", &[RungOut(1)], over.to_owned()),
            ("rejected", &[Declined(1)], over.to_owned()),
            ("busy", &[DeclinedBusy(1)], over.to_owned()),
            ("failed", &[Failed], over.to_owned()),
        ] {
            assert_eq!(told(name, path), format!("{name}: {expected}"));
        }
    }

    #[test]
    fn an_end_sticks_whatever_comes_after_it() {
        for first in EVERY {
            for second in EVERY {
                let mut standing = after(1, &[first]);
                let was = standing.clone();
                let _ = standing.apply(second);
                assert!(!was.status.is_over() || standing == was, "{first:?}, then {second:?}");
                let live = standing.parties.iter().filter(|party| party.state.is_live()).count();
                assert_eq!(live == 0, standing.status.is_over(), "{first:?}, then {second:?}");
            }
        }
    }

    #[test]
    fn events_out_of_order_come_to_the_same() {
        use Event::*;
        assert_eq!(after(1, &[Answered(1), Rung(1)]), after(1, &[Rung(1), Answered(1)]));
        assert_eq!(shown(&after(1, &[Answered(1), RungOut(1), Declined(1)])), "active: joined joined");
        assert_eq!(shown(&after(1, &[HungUp(0), Answered(1)])), "missed: left missed");
        assert_eq!(shown(&after(1, &[Rung(1), Lost(1), Answered(1)])), "active: joined joined");
    }

    #[test]
    fn a_group_call_goes_on_while_two_are_in_it() {
        use Event::*;
        for (events, expected) in [
            ([Rung(1), Answered(1)].as_slice(), "active: joined joined ringing ringing"),
            (&[Answered(1), Declined(2), RungOut(3)], "active: joined joined rejected missed"),
            (&[Answered(1), Answered(2), HungUp(0)], "active: left joined joined ringing"),
            (&[Answered(1), HungUp(1)], "active: joined left ringing ringing"),
            (&[Answered(1), HungUp(1), RungOut(2), RungOut(3)], "ended: left left missed missed"),
            (&[Answered(1), HungUp(1), Answered(2), Joined(1)], "active: joined joined joined ringing"),
            (&[Answered(1), Answered(2), HungUp(0), HungUp(1), RungOut(3)], "ended: left left left missed"),
            (&[Declined(1), DeclinedBusy(2), DeclinedBusy(3)], "rejected: left rejected busy busy"),
            (&[DeclinedBusy(1), DeclinedBusy(2), DeclinedBusy(3)], "busy: left busy busy busy"),
            (&[Declined(1), Declined(2), RungOut(3)], "missed: left rejected rejected missed"),
        ] {
            assert_eq!(shown(&after(3, events)), expected, "{events:?}");
        }
    }

    #[test]
    fn who_is_called_into_a_call_that_goes_on_rings_alone() {
        use Event::*;
        let ring = |at| Invited(at, PartyState::Ringing);
        for (events, expected) in [
            ([Answered(1), HungUp(2), ring(2)].as_slice(), "active: joined joined ringing"),
            (&[Answered(1), Declined(2), ring(2), RungOut(2)], "active: joined joined missed"),
            (&[Answered(1), Declined(2), Invited(2, PartyState::Busy)], "active: joined joined busy"),
            (&[Answered(1), Answered(2), ring(2)], "active: joined joined joined"),
            // He waits for whom he has invited, and for nobody else.
            (&[Answered(1), Declined(2), ring(2), HungUp(1)], "active: joined left ringing"),
            (&[Answered(1), Declined(2), ring(2), HungUp(1), Declined(2)], "ended: left left rejected"),
            (&[Answered(1), Declined(2), ring(2), HungUp(1), HungUp(0)], "ended: left left missed"),
            // The caller has left, and is called back into it.
            (&[Answered(1), Answered(2), HungUp(0), ring(0)], "active: ringing joined joined"),
            (&[Answered(1), Answered(2), HungUp(0), ring(0), Answered(0)], "active: joined joined joined"),
            (&[Answered(1), Declined(2), HungUp(0), ring(2)], "ended: left left rejected"),
        ] {
            assert_eq!(shown(&after(2, events)), expected, "{events:?}");
        }
    }
}
