//! Past calls with their inputs, as they are stored, and the flows that they went through.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use entity::CompanyScope;
use entity::id::{CallId, FlowVersionId};
use ivr_engine::{
    ENGINE_VERSION, Flow, FlowRef, Flows, InputRecord, Recorded, Replayed, Session, TIME_ZONE_DATA, replay,
};
use uuid::Uuid;

use crate::app::App;
use crate::error::Result;
use crate::flows::trial;
use crate::store::past_calls::{self, PastCall, PastInput};

/// A past call as it is stored.
#[derive(Clone, Debug)]
pub struct Past {
    pub call: PastCall,
    inputs: Vec<PastInput>,
    /// The versions that it was brought into, where there were several.
    begun: Vec<FlowVersionId>,
}

/// A past call's way through one flow, from its beginning there.
#[derive(Clone, Debug)]
pub struct Run {
    pub call: CallId,
    pub started_at: DateTime<Utc>,
    pub version: FlowVersionId,
    pub begin: Session,
    pub inputs: Vec<Recorded>,
    /// Where it was left; None where the call was then passed on to another flow.
    pub stored: Option<Session>,
    /// Whether this engine, with these time zones, has recorded it.
    pub by_this_engine: bool,
}

/// Reads what went into the flows of these calls.
pub async fn read(app: &App, scope: CompanyScope, calls: Vec<PastCall>) -> Result<Vec<Past>> {
    let db = app.db.reader();
    let mut inputs: HashMap<Uuid, Vec<PastInput>> = HashMap::new();
    for input in past_calls::inputs(scope, db, &calls).await? {
        inputs.entry(input.of).or_default().push(input);
    }
    let own = calls.iter().filter(|call| call.side.is_none()).map(|call| call.id);
    let passed_on: Vec<_> = own.filter(|id| begins(inputs.get(&id.0)) > 1).collect();
    let mut begun: HashMap<CallId, Vec<FlowVersionId>> = HashMap::new();
    if !passed_on.is_empty() {
        for (call, version) in past_calls::flows_begun(scope, db, &passed_on).await? {
            begun.entry(call).or_default().push(version);
        }
    }
    let past = |call: PastCall| Past {
        inputs: inputs.remove(&call.key()).unwrap_or_default(),
        begun: if call.side.is_none() { begun.remove(&call.id).unwrap_or_default() } else { Vec::new() },
        call,
    };
    Ok(calls.into_iter().map(past).collect())
}

fn begins(inputs: Option<&Vec<PastInput>>) -> usize {
    inputs.into_iter().flatten().filter(|input| is_start(input)).count()
}

fn is_start(input: &PastInput) -> bool {
    input.input["type"] == "start"
}

impl Past {
    /// None where something that is stored cannot be read any more.
    pub fn runs(self) -> Option<Vec<Run>> {
        let session: Session = serde_json::from_value(self.call.session).ok()?;
        let mut runs: Vec<Run> = Vec::new();
        for stored in self.inputs {
            if is_start(&stored) {
                runs.push(Run {
                    call: self.call.id,
                    started_at: self.call.started_at,
                    version: stored.flow_version_id.unwrap_or(self.call.flow_version_id),
                    // A call that is passed on begins anew as the same call, and each round of a wait flow as the same visit.
                    begin: session.beginning(),
                    inputs: Vec::new(),
                    stored: None,
                    by_this_engine: true,
                });
            }
            let run = runs.last_mut()?;
            run.by_this_engine &= i64::from(stored.engine_version) == i64::from(ENGINE_VERSION)
                && stored.time_zone_version == TIME_ZONE_DATA;
            let input: InputRecord = serde_json::from_value(stored.input).ok()?;
            run.inputs.push(Recorded { at: stored.at, input });
        }
        if runs.len() > 1 && self.call.side.is_none() {
            if self.begun.len() != runs.len() {
                return None;
            }
            for (run, version) in runs.iter_mut().zip(self.begun) {
                run.version = version;
            }
        }
        runs.last_mut()?.stored = Some(session);
        Some(runs)
    }
}

impl Run {
    /// Whether the same version, given the same inputs, leaves the call where it was left.
    pub fn reproduces(&self, shelf: &Shelf) -> bool {
        let Some(own) = shelf.own(self.version) else { return false };
        match replay(own, own, &shelf.called, &self.begin, &self.inputs) {
            Replayed::Same { session } => self.stored.as_ref().is_none_or(|stored| *stored == *session),
            Replayed::Different { .. } | Replayed::Unknown { .. } => false,
        }
    }
}

/// Compiled versions that past calls went through.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    own: HashMap<FlowVersionId, Flow>,
    pub called: Flows,
}

impl Shelf {
    pub fn own(&self, version: FlowVersionId) -> Option<&Flow> {
        self.own.get(&version)
    }

    /// Puts the versions that these calls were in, and those that they called, on the shelf. One that is gone, or does not
    /// compile any more, is not there.
    pub async fn stock(&mut self, app: &App, scope: CompanyScope, past: &[Past]) -> Result<()> {
        for past in past {
            let gone_into = past.inputs.iter().filter_map(|input| input.flow_version_id);
            for version in past.begun.iter().copied().chain([past.call.flow_version_id]).chain(gone_into) {
                self.put(app, scope, version).await?;
            }
            let called = past.inputs.iter().filter(|input| input.input["type"] == "flowFound");
            for version in called.filter_map(|input| input.input["value"].as_str()?.parse().ok()) {
                self.put(app, scope, version).await?;
            }
        }
        Ok(())
    }

    async fn put(&mut self, app: &App, scope: CompanyScope, version: FlowVersionId) -> Result<()> {
        if self.own.contains_key(&version) {
            return Ok(());
        }
        if let Some(flow) = trial::published(app, scope, version).await? {
            self.called.add(FlowRef::new(version.to_string()), flow.clone());
            self.own.insert(version, flow);
        }
        Ok(())
    }
}
