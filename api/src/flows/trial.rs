//! A flow and those that it calls, compiled, for runs without a call.

use std::collections::BTreeSet;

use entity::id::FlowVersionId;
use entity::{CompanyScope, flow};
use ivr_engine::{Flow, FlowKind, FlowRef, Flows};
use sea_orm::ConnectionTrait;
use serde_json::Value;

use super::field;
use crate::app::App;
use crate::error::{Code, Error, Result, Subject};
use crate::store::flows;

/// More flows than that are not gathered for one run; what is called beyond is not found.
const MOST_FLOWS: usize = 100;

/// Which document of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    Draft,
    /// The published version of this number.
    Version(i32),
}

/// In which document other flows run that are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// As a call would find them.
    Published,
    Drafts,
}

/// What a run needs.
#[derive(Clone, Debug)]
pub struct Trial {
    pub flow: Flow,
    pub others: Flows,
}

impl Trial {
    /// # Errors
    /// `FLOW_VERSION_NOT_FOUND`; `FLOW_NOT_RUNNABLE` when the document, or a draft that it calls, has errors.
    pub async fn of(
        scope: CompanyScope,
        db: &impl ConnectionTrait,
        row: &flow::Model,
        which: Which,
        others: Others,
    ) -> Result<Self> {
        let document = document(scope, db, row, which).await?;
        let flow = compile(document, within(which)).await?;
        let others = gather(scope, db, &flow, others).await?;
        Ok(Self { flow, others })
    }
}

/// One document of a flow.
pub async fn document(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    row: &flow::Model,
    which: Which,
) -> Result<Value> {
    match which {
        Which::Draft => Ok(row.draft.clone()),
        Which::Version(number) => {
            let version = flows::version(scope, db, row.id, number).await?;
            Ok(version.ok_or(Error::NotFound(Subject::FlowVersion))?.document)
        }
    }
}

/// The compiled flow of a published version. None: it is gone, or does not compile any more.
pub async fn published(app: &App, scope: CompanyScope, version: FlowVersionId) -> Result<Option<Flow>> {
    if let Some(flow) = app.flows.get(version) {
        return Ok(Some((*flow).clone()));
    }
    let Some(row) = flows::version_by_id(scope, app.db.reader(), version).await? else { return Ok(None) };
    let flow = compile(row.document, "document").await.ok();
    Ok(flow.map(|flow| (*app.flows.keep(version, flow)).clone()))
}

/// Runs what keeps a processor busy beside the reactor.
pub async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|cause| Error::internal("work aside", cause))
}

/// The property by which errors name a document.
fn within(which: Which) -> &'static str {
    match which {
        Which::Draft => "draft",
        Which::Version(_) => "document",
    }
}

async fn compile(document: Value, within: &'static str) -> Result<Flow> {
    aside(move || Flow::parse(&document)).await?.map_err(|findings| Error::Invalid {
        code: Code::FlowNotRunnable,
        message: "The flow has errors.".into(),
        fields: findings.into_iter().map(|finding| field(within, finding)).collect(),
    })
}

/// Every flow that can be come to from `flow`, under the names by which it is called.
async fn gather(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    flow: &Flow,
    others: Others,
) -> Result<Flows> {
    let mut gathered = Flows::none();
    let mut known = BTreeSet::new();
    let mut wanted: Vec<String> = calls_of(flow);
    while let Some(name) = wanted.pop() {
        if known.len() >= MOST_FLOWS || !known.insert(name.clone()) {
            continue;
        }
        let Some((reference, called)) = other(scope, db, &name, others).await? else { continue };
        if called.kind() != FlowKind::Call {
            continue;
        }
        wanted.extend(calls_of(&called));
        gathered.add(reference.clone(), called);
        gathered.name(name, reference);
    }
    Ok(gathered)
}

fn calls_of(flow: &Flow) -> Vec<String> {
    flow.calls().into_iter().map(str::to_owned).collect()
}

async fn other(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    name: &str,
    others: Others,
) -> Result<Option<(FlowRef, Flow)>> {
    match others {
        Others::Published => {
            let Some(id) = flows::published(scope, db, name).await? else { return Ok(None) };
            let version = flows::version_by_id(scope, db, id).await?;
            let document = version.ok_or(Error::NotFound(Subject::FlowVersion))?.document;
            Ok(Some((FlowRef::new(id.to_string()), compile(document, "document").await?)))
        }
        Others::Drafts => {
            let Some(row) = flows::by_name(scope, db, name).await? else { return Ok(None) };
            Ok(Some((FlowRef::new(format!("draft:{}", row.id)), compile(row.draft, "draft").await?)))
        }
    }
}
