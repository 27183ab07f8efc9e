//! The three services on loopback, for tests: real HTTP servers that hold every request against what the services'
//! documentation says, and answer as they do.
//!
//! A request that the real service would refuse is refused in its words. What our clients must never send (a wrong form,
//! too much, too many) is noted beside, so that a test that does not look at the answer fails as well: see
//! [`Checked::assert_no_faults`].
//!
//! Their functions panic when a test uses them wrongly.

mod apns;
mod authority;
mod checks;
mod expo;
mod fcm;
mod server;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use apns::{Apns, Pushed};
pub use expo::Expo;
pub use fcm::Fcm;

/// What becomes of the next request in place of its answer. It is checked and noted all the same.
#[derive(Debug, Clone)]
pub enum Fault {
    /// The connection breaks.
    Break,
    /// Nothing is ever answered.
    Silence,
    Answer {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: String,
    },
}

impl Fault {
    /// An answer without further headers.
    pub fn status(status: u16, body: impl Into<String>) -> Self {
        Self::Answer { status, headers: Vec::new(), body: body.into() }
    }

    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        if let Self::Answer { headers, .. } = &mut self {
            headers.push((name, value.into()));
        }
        self
    }
}

/// What all three have.
pub trait Checked {
    #[doc(hidden)]
    fn book(&self) -> &Book;

    /// The next request meets this; several in their order.
    fn next(&self, fault: Fault) {
        self.book().lock().next.push_back(fault);
    }

    /// Requests so far, refused ones with them.
    fn requests(&self) -> usize {
        self.book().lock().requests
    }

    /// What was wrong with requests.
    fn faults(&self) -> Vec<String> {
        self.book().lock().faults.clone()
    }

    /// # Panics
    /// When a request was not as the service's documentation has it.
    fn assert_no_faults(&self) {
        let faults = self.faults();
        assert!(faults.is_empty(), "requests are not as the service wants them: {faults:#?}");
    }
}

#[doc(hidden)]
#[derive(Debug, Default, Clone)]
pub struct Book(Arc<Mutex<Entries>>);

#[doc(hidden)]
#[derive(Debug, Default)]
pub struct Entries {
    requests: usize,
    faults: Vec<String>,
    next: VecDeque<Fault>,
}

impl Book {
    fn lock(&self) -> MutexGuard<'_, Entries> {
        locked(&self.0)
    }

    fn fault(&self, fault: impl Into<String>) {
        self.lock().faults.push(fault.into());
    }

    /// Counts a request, and says what it meets in place of its answer.
    fn request(&self) -> Option<Fault> {
        let mut entries = self.lock();
        entries.requests += 1;
        entries.next.pop_front()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
