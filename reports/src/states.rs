//! What an agent wanted to be, over time.

use chrono::{DateTime, Utc};

use crate::span::Span;

/// Of the two axes the one that is the agent's own; with the server's word that he does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    Offline,
    Available,
    NotResponding,
    Busy,
    Away,
    Break,
    Training,
}

impl State {
    pub const ALL: [Self; 7] = [
        Self::Offline,
        Self::Available,
        Self::NotResponding,
        Self::Busy,
        Self::Away,
        Self::Break,
        Self::Training,
    ];

    pub fn is_logged_in(self) -> bool {
        self != Self::Offline
    }
}

/// An agent's states without a gap: what he was at first, and every change since, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    /// From when on there was an agent, and until when.
    pub life: Span,
    pub first: State,
    pub changes: Vec<(DateTime<Utc>, State)>,
}

impl Timeline {
    /// The states that `span` meets, one after the other, clipped to it.
    pub fn within(&self, span: Span) -> Vec<(State, Span)> {
        let span = span.and(self.life);
        let mut parts = Vec::new();
        // What holds at the beginning of the span: the first state holds from the beginning of life on.
        let before = self.changes.partition_point(|(at, _)| *at <= span.from);
        let (begun, later) = self.changes.split_at(before);
        let (mut state, mut from) = (begun.last().map_or(self.first, |(_, state)| *state), span.from);
        for (at, next) in later.iter().take_while(|(at, _)| *at < span.to) {
            if *at > from {
                parts.push((state, Span::new(from, *at)));
                from = *at;
            }
            state = *next;
        }
        parts.push((state, Span::new(from, span.to)));
        parts.retain(|(_, part)| !part.is_empty());
        parts
    }

    /// Milliseconds in `state` within `span`.
    pub fn ms_in(&self, state: State, span: Span) -> u64 {
        self.within(span).iter().filter(|(one, _)| *one == state).map(|(_, part)| part.ms()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(minute * 60, 0).unwrap()
    }

    #[test]
    fn the_times_of_all_states_are_the_time_there_is() {
        let changes = vec![
            (at(10), State::Available),
            (at(30), State::Break),
            (at(30), State::Training),
            (at(45), State::Offline),
        ];
        let day = Timeline { life: Span::new(at(5), at(100)), first: State::Offline, changes };
        let span = Span::new(at(0), at(60));
        let minutes = |state| day.ms_in(state, span) / 60_000;
        assert_eq!(minutes(State::Offline), 5 + 15);
        assert_eq!((minutes(State::Available), minutes(State::Break), minutes(State::Training)), (20, 0, 15));
        let all: u64 = State::ALL.into_iter().map(minutes).sum();
        assert_eq!(all, 55, "before he was there is no time");
        assert_eq!(day.within(Span::new(at(12), at(20))), [(State::Available, Span::new(at(12), at(20)))]);
        assert_eq!(day.within(Span::new(at(100), at(200))), []);
    }
}
