//! What past callers would have met in a draft, or in another version: each call's recorded inputs are run through it
//! beside the version that the call went through. Rows are only read, a page at a time, so that it takes the same memory
//! whatever the range is; running them takes a processor, beside the reactor.

pub mod past;
mod tally;

use std::collections::HashSet;
use std::mem;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use entity::CompanyScope;
use entity::id::{CallId, FlowId, FlowVersionId};
use ivr_engine::{Difference, Flow, InputRecord, Replayed, Why, replay};
use tokio::sync::OwnedSemaphorePermit;

use super::trial::{Others, Trial, Which, aside};
use crate::app::App;
use crate::error::{Error, Result, Subject};
use crate::store::flows;
use crate::store::past_calls::{self, PastCall, Place, Range};
use past::{Past, Run, Shelf};
pub use tally::{Elsewhere, Tally};

/// Replays at once on one node.
pub const AT_ONCE: usize = 2;
/// Calls that are read together, and inputs of them, whichever is reached first.
const PAGE_CALLS: u64 = 500;
const PAGE_INPUTS: i64 = 10_000;
/// After that it ends with what it has.
const LONGEST: TimeDelta = TimeDelta::minutes(5);

/// Which calls are to be run through what.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    pub which: Which,
    pub from: DateTime<Utc>,
    /// Not any more.
    pub to: DateTime<Utc>,
    /// Calls at most.
    pub limit: u64,
}

/// What came of one call.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub call: CallId,
    pub started_at: DateTime<Utc>,
    pub verdict: Verdict,
    /// The recorded input after which it is told: what the caller did, or what the server answered.
    pub did: Option<InputRecord>,
}

#[derive(Clone, Debug)]
pub enum Verdict {
    /// It would have come to the same places, and ended alike.
    Same,
    Different {
        first: Difference,
    },
    /// Nobody knows.
    Unknown {
        /// The recorded input, from 0.
        input: usize,
        why: Reason,
        /// Where the draft has gone elsewhere, if that is why.
        first: Option<Difference>,
    },
}

/// Why nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reason {
    pub code: &'static str,
    pub node: Option<String>,
}

/// A part of what a replay tells.
#[derive(Debug)]
pub enum News {
    /// The calls of a page that would have gone otherwise, and the sums so far.
    Page { outcomes: Vec<Outcome>, tally: Tally },
    /// It is over.
    Done {
        tally: Tally,
        /// Whether every call of the range was looked at.
        complete: bool,
    },
}

/// A replay under way. Who drops it ends it: at most the page that is being run is finished.
pub struct Replay {
    app: App,
    scope: CompanyScope,
    range: Range,
    until: DateTime<Utc>,
    versions: Arc<HashSet<FlowVersionId>>,
    draft: Flow,
    shelf: Shelf,
    left: u64,
    after: Option<Place>,
    ahead: Option<Ahead>,
    tally: Tally,
    _permit: OwnedSemaphorePermit,
}

/// The page that is run next.
enum Ahead {
    NotRead,
    Read(Vec<Past>),
    /// There are more calls than were asked for, or than there was time for.
    CutOff,
    End,
}

impl Replay {
    /// # Errors
    /// `FLOW_NOT_RUNNABLE`; 429 when as many run as may.
    pub async fn begin(app: &App, scope: CompanyScope, id: FlowId, wish: Wish) -> Result<Self> {
        if wish.from >= wish.to {
            return Err(Error::invalid("/to", "must be later than `from`"));
        }
        let db = app.db.reader();
        let flow = flows::by_id(scope, db, id).await?.ok_or(Error::NotFound(Subject::Flow))?;
        let permit = app
            .replays
            .clone()
            .try_acquire_owned()
            .map_err(|_| Error::TooOften { retry_after: std::time::Duration::from_secs(5) })?;
        let trial = Trial::of(scope, db, &flow, wish.which, Others::Published).await?;
        let versions = past_calls::versions(scope, db, id).await?;
        Ok(Self {
            app: app.clone(),
            scope,
            range: Range { flow: id, kind: trial.flow.kind(), from: wish.from, to: wish.to },
            until: app.clock.now() + LONGEST,
            versions: Arc::new(versions.into_iter().collect()),
            draft: trial.flow,
            shelf: Shelf::default(),
            left: wish.limit,
            after: None,
            ahead: Some(Ahead::NotRead),
            tally: Tally::default(),
            _permit: permit,
        })
    }

    /// The next part; None after the end.
    pub async fn next(&mut self) -> Result<Option<News>> {
        let complete = match self.ahead.take() {
            None => return Ok(None),
            Some(Ahead::NotRead) => {
                self.ahead = Some(self.read().await?);
                return Box::pin(self.next()).await;
            }
            Some(Ahead::End) => true,
            Some(Ahead::CutOff) => false,
            Some(Ahead::Read(past)) => {
                let judge = Judge {
                    draft: self.draft.clone(),
                    shelf: self.shelf.clone(),
                    versions: self.versions.clone(),
                };
                // One page is run while the next is read.
                let (judged, ahead) = tokio::join!(aside(move || judge.all(past)), self.read());
                self.ahead = Some(ahead?);
                let mut outcomes = judged?;
                outcomes.iter().for_each(|outcome| self.tally.count(&outcome.verdict));
                outcomes.retain(|outcome| !matches!(outcome.verdict, Verdict::Same));
                return Ok(Some(News::Page { outcomes, tally: self.tally.clone() }));
            }
        };
        Ok(Some(News::Done { tally: mem::take(&mut self.tally), complete }))
    }

    async fn read(&mut self) -> Result<Ahead> {
        let (scope, db) = (self.scope, self.app.db.reader());
        let more = past_calls::page(scope, db, self.range, self.after, PAGE_CALLS).await?;
        if more.is_empty() {
            return Ok(Ahead::End);
        }
        if self.left == 0 || self.app.clock.now() >= self.until {
            return Ok(Ahead::CutOff);
        }
        let page = fitting(more, self.left);
        self.left -= u64::try_from(page.len()).unwrap_or(self.left);
        self.after = page.last().map(PastCall::place);
        let past = past::read(&self.app, scope, page).await?;
        self.shelf.stock(&self.app, scope, &past).await?;
        Ok(Ahead::Read(past))
    }
}

/// As many of the calls, one at least, as may be read together.
fn fitting(calls: Vec<PastCall>, left: u64) -> Vec<PastCall> {
    let most = usize::try_from(left).unwrap_or(usize::MAX);
    let mut inputs = 0;
    let fits = |call: &PastCall| {
        let fits = inputs == 0 || inputs + i64::from(call.inputs) <= PAGE_INPUTS;
        inputs += i64::from(call.inputs.max(1));
        fits
    };
    calls.into_iter().take(most).take_while(fits).collect()
}

/// What a page is run with.
struct Judge {
    draft: Flow,
    shelf: Shelf,
    versions: Arc<HashSet<FlowVersionId>>,
}

impl Judge {
    fn all(&self, past: Vec<Past>) -> Vec<Outcome> {
        past.into_iter().flat_map(|past| self.call(past)).collect()
    }

    fn call(&self, past: Past) -> Vec<Outcome> {
        let (call, started_at) = (past.call.id, past.call.started_at);
        match past.runs() {
            Some(runs) => {
                let of_flow = runs.into_iter().filter(|run| self.versions.contains(&run.version));
                of_flow.map(|run| self.run(&run)).collect()
            }
            None => {
                let verdict = unknown("notReadable");
                vec![Outcome { call, started_at, verdict, did: None }]
            }
        }
    }

    fn run(&self, run: &Run) -> Outcome {
        let verdict = self.verdict(run);
        let input = match &verdict {
            Verdict::Same => None,
            Verdict::Different { first } | Verdict::Unknown { first: Some(first), .. } => Some(first.input),
            Verdict::Unknown { input, first: None, .. } => Some(*input),
        };
        let did = input.and_then(|input| run.inputs.get(input)).map(|recorded| recorded.input.clone());
        Outcome { call: run.call, started_at: run.started_at, verdict, did }
    }

    fn verdict(&self, run: &Run) -> Verdict {
        let Some(own) = self.shelf.own(run.version) else { return unknown("flowNotThere") };
        // Another engine may have done otherwise; then the call that was is not the one that would be compared.
        if !run.by_this_engine && !run.reproduces(&self.shelf) {
            return unknown("otherEngine");
        }
        match replay(own, &self.draft, &self.shelf.called, &run.begin, &run.inputs) {
            Replayed::Same { .. } => Verdict::Same,
            Replayed::Different { first } => Verdict::Different { first },
            Replayed::Unknown { input, why, first } => {
                Verdict::Unknown { input, why: Reason::of(why), first }
            }
        }
    }
}

fn unknown(code: &'static str) -> Verdict {
    Verdict::Unknown { input: 0, why: Reason { code, node: None }, first: None }
}

impl Reason {
    fn of(why: Why) -> Self {
        let at = |code, node| Self { code, node: Some(node) };
        match why {
            Why::AsksSomethingElse { node } => at("asksSomethingElse", node),
            Why::AsksOtherwise { node } => at("asksOtherwise", node),
            Why::WaitsOtherwise { node } => at("waitsOtherwise", node),
            Why::NotRecorded { node } => at("notRecorded", node),
            Why::FlowNotAtHand => Self { code: "flowNotThere", node: None },
        }
    }
}
