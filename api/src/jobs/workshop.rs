//! Between those who make or have done jobs and the loop that runs them on this node.
//!
//! Owns what is lost with the process, and may be: a job that was handed over is claimed by another node when its lease
//! runs out, and one that was done and not yet forgotten is done once more.

use std::sync::{Arc, Mutex, MutexGuard};

use chrono::{DateTime, Utc};
use entity::id::JobId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::store::system::Claimed;

/// Jobs under way at once on one node: most wait for the provider.
const AT_ONCE: usize = 64;

pub struct Workshop {
    places: Arc<Semaphore>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The loop runs: whatever is handed over is taken.
    open: bool,
    handed: Vec<Claimed>,
    done: Vec<JobId>,
}

impl Default for Workshop {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(AT_ONCE)), state: Mutex::default() }
    }
}

impl Workshop {
    /// The loop begins to take what is handed over.
    pub fn open(&self) {
        self.lock().open = true;
    }

    /// How many jobs more can be begun here at once. None in a process that runs no jobs.
    pub fn free(&self) -> usize {
        let state = self.lock();
        if state.open { self.places.available_permits().saturating_sub(state.handed.len()) } else { 0 }
    }

    /// Jobs that were claimed for this node with the commit that made them.
    pub fn hand_over(&self, jobs: Vec<Claimed>) {
        self.lock().handed.extend(jobs);
    }

    /// Takes as many of the jobs that were handed over as there are places; one whose lease has run out is somebody
    /// else's by now.
    pub fn take_handed(&self, now: DateTime<Utc>) -> Vec<Claimed> {
        let mut state = self.lock();
        state.handed.retain(|claimed| claimed.job.lease_until.is_some_and(|until| until > now));
        let count = state.handed.len().min(self.places.available_permits());
        state.handed.drain(..count).collect()
    }

    /// A job that is to be forgotten with the next turn.
    pub fn done(&self, id: JobId) {
        self.lock().done.push(id);
    }

    pub fn take_done(&self) -> Vec<JobId> {
        std::mem::take(&mut self.lock().done)
    }

    /// They could not be forgotten: the next turn tries again.
    pub fn put_done_back(&self, done: Vec<JobId>) {
        self.lock().done.extend(done);
    }

    /// Places that are free now.
    pub fn places(&self) -> usize {
        self.places.available_permits()
    }

    /// Waits for a place.
    pub async fn place(&self) -> OwnedSemaphorePermit {
        self.places.clone().acquire_owned().await.expect("never closed")
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use entity::id::CompanyId;
    use entity::{CompanyScope, JobKind, JobState, job};
    use uuid::Uuid;

    use super::*;
    use crate::log::traces::Cause;

    fn noon() -> DateTime<Utc> {
        "2026-03-02T12:00:00Z".parse().unwrap()
    }

    #[expect(clippy::disallowed_methods, reason = "there is no company")]
    fn claimed(number: u128, lease_until: DateTime<Utc>) -> Claimed {
        let company = CompanyId(Uuid::nil());
        let job = job::Model {
            id: JobId(Uuid::from_u128(number)),
            company_id: company,
            kind: JobKind::EndLeg,
            subject_id: Uuid::nil(),
            payload: serde_json::json!({}),
            run_at: noon(),
            state: JobState::Running,
            attempts: 1,
            node_id: None,
            lease_until: Some(lease_until),
            last_error: None,
            created_at: noon(),
        };
        Claimed { job, scope: CompanyScope::dangerous_mint(company), cause: Cause::default() }
    }

    #[test]
    fn a_process_that_runs_no_jobs_takes_none() {
        let workshop = Workshop::default();
        assert_eq!(workshop.free(), 0);
        workshop.open();
        assert_eq!(workshop.free(), AT_ONCE);
    }

    #[tokio::test]
    async fn more_than_there_are_places_for_wait_for_one() {
        let workshop = Workshop::default();
        workshop.open();
        let later = noon() + TimeDelta::seconds(30);
        workshop.hand_over((0..AT_ONCE as u128 + 1).map(|number| claimed(number, later)).collect());
        assert_eq!(workshop.free(), 0);
        let taken = workshop.take_handed(noon());
        assert_eq!(taken.len(), AT_ONCE);
        let mut places = Vec::new();
        for _ in &taken {
            places.push(workshop.place().await);
        }
        assert!(workshop.take_handed(noon()).is_empty());
        places.pop();
        assert_eq!(workshop.take_handed(noon()).len(), 1);
    }

    #[test]
    fn a_job_whose_lease_has_run_out_is_left_to_who_claims_it() {
        let workshop = Workshop::default();
        workshop.open();
        workshop.hand_over(vec![claimed(1, noon()), claimed(2, noon() + TimeDelta::seconds(1))]);
        let taken = workshop.take_handed(noon());
        assert_eq!(taken.iter().map(|claimed| claimed.job.id.0.as_u128()).collect::<Vec<_>>(), [2]);
    }
}
