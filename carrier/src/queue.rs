//! Queues: who waits, in which order, and who waits for somebody to come.
//!
//! Owns the order. What those who wait hear is the interpreter's.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};

use crate::leg::Input;
use crate::sid::{self, Kind};
use crate::state::{Shared, State};
use crate::twiml::Link;

/// Twilio's default size of a queue.
const MAX_SIZE: usize = 1000;

pub(crate) struct Queue {
    pub sid: String,
    pub name: String,
    pub max_size: usize,
    pub created: DateTime<Utc>,
    pub updated: DateTime<Utc>,
    pub members: VecDeque<Member>,
    /// Those who dialled this queue when it was empty.
    dialers: VecDeque<Dialer>,
    /// Of all who left it, for the average.
    left: i64,
    waited_seconds: i64,
}

#[derive(Clone)]
pub(crate) struct Member {
    pub call_sid: String,
    pub since: DateTime<Utc>,
}

struct Dialer {
    call_sid: String,
    url: Option<Link>,
}

/// What became of a call that was to wait.
pub(crate) enum Entry {
    Waiting { queue_sid: String },
    Full,
}

/// What somebody who waits is told when his wait document is fetched.
pub(crate) struct Standing {
    pub position: usize,
    pub size: usize,
    pub max_size: usize,
    pub waited: i64,
    pub average: i64,
}

impl Queue {
    fn new(name: &str, max_size: usize, now: DateTime<Utc>) -> Self {
        Self {
            sid: sid::new(Kind::Queue),
            name: name.to_owned(),
            max_size,
            created: now,
            updated: now,
            members: VecDeque::new(),
            dialers: VecDeque::new(),
            left: 0,
            waited_seconds: 0,
        }
    }

    /// Seconds that those who have left waited on average.
    pub(crate) fn average_wait(&self) -> i64 {
        if self.left == 0 { 0 } else { self.waited_seconds / self.left }
    }

    /// From 1.
    pub(crate) fn position(&self, call_sid: &str) -> Option<usize> {
        self.members.iter().position(|m| m.call_sid == call_sid).map(|at| at + 1)
    }

    fn remove(&mut self, call_sid: &str, now: DateTime<Utc>) -> Option<Member> {
        let at = self.members.iter().position(|m| m.call_sid == call_sid)?;
        let member = self.members.remove(at)?;
        self.left += 1;
        self.waited_seconds += (now - member.since).num_seconds();
        self.updated = now;
        Some(member)
    }
}

impl State {
    pub(crate) fn queue_named(&mut self, name: &str) -> Option<&mut Queue> {
        self.queues.values_mut().find(|q| q.name == name)
    }
}

impl Shared {
    /// A queue of this name, new or not; returns its SID and whether there was one.
    pub(crate) fn create_queue(&self, name: &str, max_size: Option<usize>) -> Result<String, String> {
        let now = self.clock.now();
        let mut state = self.lock();
        if let Some(queue) = state.queue_named(name) {
            return Err(queue.sid.clone());
        }
        let queue = Queue::new(name, max_size.unwrap_or(MAX_SIZE), now);
        let sid = queue.sid.clone();
        state.queues.insert(sid.clone(), queue);
        Ok(sid)
    }

    /// Puts a call at the end of a queue, which comes into being with its first call; a dialler who waits for one takes
    /// it at once.
    pub(crate) fn enter_queue(&self, call_sid: &str, name: &str, max_size: Option<usize>) -> Entry {
        let queue_sid = match self.create_queue(name, max_size) {
            Ok(sid) | Err(sid) => sid,
        };
        let now = self.clock.now();
        let mut state = self.lock();
        let Some(queue) = state.queues.get_mut(&queue_sid) else { return Entry::Full };
        if queue.members.len() >= queue.max_size {
            return Entry::Full;
        }
        queue.members.push_back(Member { call_sid: call_sid.to_owned(), since: now });
        queue.updated = now;
        let dialer = queue.dialers.pop_front();
        if let Some(call) = state.calls.get_mut(call_sid) {
            call.queue = Some(queue_sid.clone());
        }
        if let Some(dialer) = dialer {
            state.take(&queue_sid, &dialer.call_sid, dialer.url, now);
        }
        Entry::Waiting { queue_sid }
    }

    /// Takes a call out of its queue, if it is still there.
    pub(crate) fn leave_queue(&self, call_sid: &str) {
        let now = self.clock.now();
        let mut state = self.lock();
        let Some(call) = state.calls.get_mut(call_sid) else { return };
        let Some(queue_sid) = call.queue.take() else { return };
        if let Some(queue) = state.queues.get_mut(&queue_sid) {
            queue.remove(call_sid, now);
        }
    }

    /// Connects a dialler with the first who waits, or lets him wait for one. Returns whether there is such a queue.
    pub(crate) fn dial_queue(&self, dialer: &str, name: &str, url: Option<Link>) -> bool {
        let now = self.clock.now();
        let mut state = self.lock();
        let Some(queue) = state.queue_named(name) else { return false };
        let sid = queue.sid.clone();
        if queue.members.is_empty() {
            queue.dialers.push_back(Dialer { call_sid: dialer.to_owned(), url });
        } else {
            state.take(&sid, dialer, url, now);
        }
        true
    }

    /// A dialler waits no longer.
    pub(crate) fn stop_dialing_queue(&self, dialer: &str, name: &str) {
        if let Some(queue) = self.lock().queue_named(name) {
            queue.dialers.retain(|d| d.call_sid != dialer);
        }
    }

    pub(crate) fn standing(&self, queue_sid: &str, call_sid: &str) -> Option<Standing> {
        let state = self.lock();
        let queue = state.queues.get(queue_sid)?;
        let position = queue.position(call_sid)?;
        Some(Standing {
            position,
            size: queue.members.len(),
            max_size: queue.max_size,
            waited: (self.clock.now() - queue.members.get(position - 1)?.since).num_seconds(),
            average: queue.average_wait(),
        })
    }
}

impl State {
    /// Gives the first of a queue to a dialler.
    fn take(&mut self, queue_sid: &str, dialer: &str, url: Option<Link>, now: DateTime<Utc>) {
        let Some(queue) = self.queues.get_mut(queue_sid) else { return };
        let Some(first) = queue.members.front().map(|m| m.call_sid.clone()) else { return };
        queue.remove(&first, now);
        // From now on the dialler owes this call a word when he goes.
        if let Some(call) = self.calls.get_mut(dialer) {
            call.peer = Some(first.clone());
        }
        if let Some(call) = self.calls.get_mut(&first) {
            call.queue = None;
            call.leg.send(Input::TakenFromQueue { by: dialer.to_owned(), url });
        }
    }
}
