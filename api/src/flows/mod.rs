//! Flows as documents: drafts that are checked at every save, and published versions that never change. What a flow
//! says to a caller is the engine's; calls that are under way keep the version that they began with.

pub mod difference;
pub mod imports;
pub mod replay;
pub mod simulation;
pub mod tests;
pub mod trial;
mod versions;

use entity::id::FlowId;
use entity::{CompanyScope, Inserted, flow, transcription_hook};
use ivr_engine::{Catalog, Finding, FlowKind, Known};
use sea_orm::{ConnectionTrait, Set, SqlErr};
use serde_json::Value;

use crate::app::App;
use crate::error::{Code, Error, FieldError, Result, Subject};
use crate::store::phone_numbers::{self, Number};
use crate::store::{Tx, flows, one_each, prompts, workforce};

pub use versions::{Override, publish, roll_back, versions};

/// A flow with what is wrong with its draft, and the numbers that open it.
#[derive(Clone, Debug)]
pub struct Checked {
    pub flow: flow::Model,
    pub findings: Vec<Finding>,
    pub numbers: Vec<Number>,
}

pub async fn all(app: &App, scope: CompanyScope) -> Result<Vec<flow::Model>> {
    Ok(flows::all(scope, app.db.reader()).await?)
}

pub async fn get(app: &App, scope: CompanyScope, id: FlowId) -> Result<Checked> {
    let flow = flows::by_id(scope, app.db.reader(), id).await?.ok_or(Error::NotFound(Subject::Flow))?;
    check(app.db.reader(), scope, flow).await
}

/// A new flow. A draft with errors is saved like any other: only publishing refuses it.
pub async fn create(app: &App, scope: CompanyScope, name: String, draft: Value) -> Result<Checked> {
    let tx = app.db.begin().await?;
    let flow = create_with(app, scope, &tx, name, draft).await?;
    let checked = check(&tx, scope, flow).await?;
    tx.commit().await?;
    Ok(checked)
}

async fn create_with(
    app: &App,
    scope: CompanyScope,
    tx: &Tx,
    name: String,
    draft: Value,
) -> Result<flow::Model> {
    let now = app.clock.now();
    let flow = flow::Model {
        id: app.ids.next(),
        company_id: scope.company(),
        name,
        draft,
        published_version_id: None,
        created_at: now,
        updated_at: now,
    };
    match flows::insert(scope, tx, flow.clone()).await? {
        Inserted::Yes => Ok(flow),
        Inserted::Conflicted => Err(name_taken()),
    }
}

/// What to change of a flow; `None` leaves it.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    pub name: Option<String>,
    pub draft: Option<Value>,
}

pub async fn change(app: &App, scope: CompanyScope, id: FlowId, changes: Changes) -> Result<Checked> {
    let tx = app.db.begin().await?;
    let mut flow = flows::lock(scope, &tx, id).await?.ok_or(Error::NotFound(Subject::Flow))?;
    if let Some(name) = changes.name {
        if flows::has_other_named(scope, &tx, &name, id).await? {
            return Err(name_taken());
        }
        flow.name = name;
    }
    if let Some(draft) = changes.draft {
        flow.draft = draft;
    }
    flow.updated_at = app.clock.now();
    let row = flow::ActiveModel {
        name: Set(flow.name.clone()),
        draft: Set(flow.draft.clone()),
        updated_at: Set(flow.updated_at),
        ..Default::default()
    };
    flows::update(scope, &tx, id, row).await?;
    let checked = check(&tx, scope, flow).await?;
    tx.commit().await?;
    Ok(checked)
}

/// Deletes a flow with its versions.
///
/// # Errors
/// `FLOW_IN_USE` as long as a number or a queue has it, or a call is recorded that went through it.
pub async fn delete(app: &App, scope: CompanyScope, id: FlowId) -> Result<()> {
    let tx = app.db.begin().await?;
    let deleted = flows::delete(scope, &tx, id).await.map_err(|error| match error.sql_err() {
        Some(SqlErr::ForeignKeyConstraintViolation(_)) => {
            Error::conflict(Code::FlowInUse, "A number or a queue has this flow, or calls went through it.")
        }
        Some(_) | None => error.into(),
    })?;
    if deleted == 0 {
        return Err(Error::NotFound(Subject::Flow));
    }
    tx.commit().await?;
    Ok(())
}

async fn check(db: &impl ConnectionTrait, scope: CompanyScope, flow: flow::Model) -> Result<Checked> {
    let catalog = catalog(db, scope).await?;
    let mut findings = ivr_engine::validate(&flow.draft, &catalog);
    findings.extend(imports::findings(scope, db, flow.id, &flow.draft).await?);
    let numbers = phone_numbers::of_flow(scope, db, flow.id).await?;
    Ok(Checked { flow, findings, numbers })
}

/// What a flow of the company may refer to.
async fn catalog(db: &impl ConnectionTrait, scope: CompanyScope) -> Result<Catalog> {
    let (queues, skills) = flows::references(scope, db).await?;
    let prompts = prompts::names(scope, db).await?;
    let agents = workforce::agents(scope, db, None).await?;
    Ok(Catalog {
        queues: Known::only(queues),
        skills: Known::only(skills),
        agents: Known::only(agents.into_iter().flat_map(|agent| [agent.id.to_string(), agent.name])),
        prompts: Known::only(prompts),
        writes_down: one_each::get::<transcription_hook::Entity>(scope, db).await?.is_some(),
        ..Catalog::unchecked()
    })
}

/// What a document is for; that of a call where it does not say.
pub fn kind(document: &Value) -> FlowKind {
    serde_json::from_value(document["kind"].clone()).unwrap_or_default()
}

/// A finding as a wrong field of the document that stands in the property `within`.
fn field(within: &str, finding: Finding) -> FieldError {
    let place =
        finding.field.or_else(|| finding.node.map(|node| format!("/nodes/{node}"))).unwrap_or_default();
    FieldError { field: format!("/{within}{place}"), message: finding.message }
}

fn name_taken() -> Error {
    Error::conflict(Code::FlowNameTaken, "Another flow of the company has this name.")
}
