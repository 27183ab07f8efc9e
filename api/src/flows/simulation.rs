//! A scripted call through a flow: nobody is called, nothing is written.

use entity::CompanyScope;
use entity::id::FlowId;
use ivr_engine::{Ended, Entry, Session, Simulation, simulate};

use super::trial::{Others, Trial, Which, aside};
use crate::app::App;
use crate::calls::rehearsal::{Rehearsal, Told};
use crate::error::{Error, Result, Subject};
use crate::store::flows;

/// What is to be played.
#[derive(Clone, Debug)]
pub struct Play {
    pub which: Which,
    pub others: Others,
    pub simulation: Simulation,
}

/// What came of it.
#[derive(Debug)]
pub struct Played {
    pub steps: Vec<Step>,
    pub ended: Ended,
    pub session: Session,
}

/// What the caller did, and what his line was told.
#[derive(Debug)]
pub struct Step {
    pub entry: Entry,
    pub told: Told,
}

pub async fn play(app: &App, scope: CompanyScope, id: FlowId, play: Play) -> Result<Played> {
    let db = app.db.reader();
    let flow = flows::by_id(scope, db, id).await?.ok_or(Error::NotFound(Subject::Flow))?;
    let trial = Trial::of(scope, db, &flow, play.which, play.others).await?;
    let kind = trial.flow.kind();
    let simulation = play.simulation;
    let mut rehearsal = Rehearsal::of(app, scope, kind, simulation.world.from.clone());
    let transcript = aside(move || simulate(&trial.flow, &trial.others, &simulation)).await?;
    let mut steps = Vec::with_capacity(transcript.entries.len());
    let mut version = 0;
    for entry in transcript.entries {
        version += i32::try_from(entry.inputs.len()).unwrap_or(i32::MAX);
        let told = rehearsal.tell(&entry, version).await?;
        steps.push(Step { entry, told });
    }
    Ok(Played { steps, ended: transcript.ended, session: transcript.session })
}
