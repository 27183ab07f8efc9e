//! What a socket says is done in the order in which it was said, one thing after the other: a message that was sent first has the
//! lower number, and "I stopped typing" never comes before "I am typing".

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

/// What a socket has said and nobody has done yet.
#[derive(Debug)]
pub struct Turns<T>(Arc<Mutex<Line<T>>>);

#[derive(Debug)]
struct Line<T> {
    waiting: VecDeque<T>,
    /// Somebody takes one after the other.
    is_served: bool,
}

impl<T> Clone for Turns<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Turns<T> {
    /// Whoever comes first serves them.
    pub fn open() -> Self {
        Self::new(false)
    }

    /// They wait until its maker calls [`Turns::next`].
    pub fn held() -> Self {
        Self::new(true)
    }

    fn new(is_served: bool) -> Self {
        Self(Arc::new(Mutex::new(Line { waiting: VecDeque::new(), is_served })))
    }

    /// Puts it at the end. Tells whether its bringer has to serve: take what is [next](Turns::next) until there is nothing.
    #[must_use]
    pub fn join(&self, said: T) -> bool {
        let mut line = self.line();
        line.waiting.push_back(said);
        !std::mem::replace(&mut line.is_served, true)
    }

    /// What is to be done next. `None`: nothing, and the next who joins serves.
    pub fn next(&self) -> Option<T> {
        let mut line = self.line();
        let next = line.waiting.pop_front();
        line.is_served = next.is_some();
        next
    }

    fn line(&self) -> MutexGuard<'_, Line<T>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_serves_all_who_join_until_there_is_nobody() {
        let turns = Turns::open();
        assert!(turns.join(1));
        assert_eq!(turns.next(), Some(1));
        assert!(!turns.join(2), "somebody is at it");
        assert!(!turns.join(3));
        assert_eq!([turns.next(), turns.next(), turns.next()], [Some(2), Some(3), None]);
        assert!(turns.join(4));
    }

    #[test]
    fn those_that_are_held_wait_for_whoever_holds_them() {
        let turns = Turns::held();
        assert!(!turns.join(1));
        assert_eq!([turns.next(), turns.next()], [Some(1), None]);
        assert!(turns.join(2));
    }
}
