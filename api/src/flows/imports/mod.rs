//! Flows of other systems become drafts, and ours go out and come in. What a source only names (queues, functions, other
//! flows) is listed; while the draft has something in the place of what has to be mapped, it cannot be published. What a
//! workflow of TaskRouter needs can be made with it ([`making`]).

mod making;

use entity::id::FlowId;
use entity::{CompanyScope, flow, flow_import as row, flow_test};
use flow_import::{
    ImportError, Imported, Mapping, Note, Reference, ReferenceKind, Report, RoutingPlan, Source, Use,
};
use ivr_engine::{Finding, FindingCode, FlowTest, Severity};
use sea_orm::{ConnectionTrait, Set};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use making::{Came, Made, NeededQueue, NeededSkill};

use super::trial::{Which, aside, document};
use super::{Checked, check, create_with, tests};
use crate::app::App;
use crate::error::{Code, Error, FieldError, Result, Subject};
use crate::store::{Unit, flow_imports, flow_tests, flows};

/// What is to be imported.
#[derive(Clone, Debug)]
pub struct Order {
    /// The format that it must have; its shape decides when absent.
    pub source: Option<Origin>,
    pub definition: Value,
    pub mapping: Mapping,
    pub needs: Needs,
    /// The tests that the flow has afterwards; those that it has, when absent.
    pub tests: Option<Vec<FlowTest>>,
}

/// What becomes of queues and skills that a workflow needs and the company does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    AreListed,
    AreMade,
}

/// The systems from which flows come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    TwilioStudio,
    /// Both of its formats.
    AmazonConnect,
    TaskRouter,
    CallDocker,
}

/// A draft, and what became of every element of its source.
#[derive(Clone, Debug)]
pub struct Taken {
    pub checked: Checked,
    pub report: Report,
    /// What a TaskRouter workflow says, free of the flow.
    pub routing: Option<RoutingPlan>,
    /// What it needs, where that was to be made.
    pub made: Option<Made>,
}

/// A flow on its way out.
#[derive(Clone, Debug)]
pub struct Given {
    pub name: String,
    pub document: Value,
    pub tests: Vec<flow_test::Model>,
}

/// A document that has been read, and what else comes with it.
struct Arriving {
    imported: Imported,
    needs: Needs,
    tests: Option<Vec<FlowTest>>,
}

/// A reference that has to be mapped, and what stands for it meanwhile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Open {
    reference: String,
    kind: ReferenceKind,
    node: String,
    field: String,
    value: Value,
}

/// Makes a flow of a document of another system, or of ours. Without a name it has that of the document.
///
/// # Errors
/// `NOT_IMPORTABLE`; `FLOW_NAME_TAKEN`. Nothing is made then.
pub async fn import(app: &App, scope: CompanyScope, name: Option<String>, order: Order) -> Result<Taken> {
    let mut arriving = read(order).await?;
    let mut unit = Unit::begin(app, scope).await?;
    let made = arriving.meet_needs(&mut unit).await?;
    let draft = arriving.draft()?;
    let name = name.unwrap_or_else(|| name_of(&draft));
    let flow = create_with(app, scope, unit.tx(), name, draft).await?;
    arriving.finish(unit, flow, made).await
}

/// The same into the draft of a flow that is there: to map what the first import has left, or to bring a newer document.
pub async fn import_into(app: &App, scope: CompanyScope, id: FlowId, order: Order) -> Result<Taken> {
    flows::by_id(scope, app.db.reader(), id).await?.ok_or(Error::NotFound(Subject::Flow))?;
    let mut arriving = read(order).await?;
    let mut unit = Unit::begin(app, scope).await?;
    let mut flow = flows::lock(scope, unit.tx(), id).await?.ok_or(Error::NotFound(Subject::Flow))?;
    let made = arriving.meet_needs(&mut unit).await?;
    (flow.draft, flow.updated_at) = (arriving.draft()?, unit.now());
    let changes = flow::ActiveModel {
        draft: Set(flow.draft.clone()),
        updated_at: Set(flow.updated_at),
        ..Default::default()
    };
    flows::update(scope, unit.tx(), id, changes).await?;
    arriving.finish(unit, flow, made).await
}

/// A flow in our own format with its tests, which an import takes as it is.
pub async fn export(app: &App, scope: CompanyScope, id: FlowId, which: Which) -> Result<Given> {
    let db = app.db.reader();
    let flow = flows::by_id(scope, db, id).await?.ok_or(Error::NotFound(Subject::Flow))?;
    let document = document(scope, db, &flow, which).await?;
    let tests = flow_tests::of_flow(scope, db, id).await?;
    Ok(Given { name: flow.name, document, tests })
}

impl Arriving {
    async fn meet_needs(&mut self, unit: &mut Unit) -> Result<Option<Made>> {
        match self.needs {
            Needs::AreListed => Ok(None),
            Needs::AreMade => making::make(unit, &mut self.imported).await.map(Some),
        }
    }

    fn draft(&mut self) -> Result<Value> {
        let flows = &mut self.imported.flows;
        let flow = (!flows.is_empty()).then(|| flows.remove(0));
        flow.ok_or_else(|| Error::internal("import", "the import gave no flow"))
    }

    /// The flow is there: what comes with it, and what is left to be done.
    async fn finish(self, unit: Unit, flow: flow::Model, made: Option<Made>) -> Result<Taken> {
        if let Some(tests) = self.tests {
            tests::bring(&unit, flow.id, tests).await?;
        }
        remember(&unit, flow.id, &self.imported, &flow.draft).await?;
        let checked = check(unit.tx(), unit.scope(), flow).await?;
        unit.commit().await?;
        Ok(Taken { checked, report: self.imported.report, routing: self.imported.routing, made })
    }
}

/// What an import has left open in this document of the flow.
pub(super) async fn findings(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    flow: FlowId,
    document: &Value,
) -> Result<Vec<Finding>> {
    let Some(row) = flow_imports::of_flow(scope, db, flow).await? else { return Ok(Vec::new()) };
    let open: Vec<Open> = serde_json::from_value(row.open_references)
        .map_err(|cause| Error::internal("read what an import left open", cause))?;
    let stands = |open: &Open| document["nodes"][&open.node][&open.field] == open.value;
    Ok(open.into_iter().filter(stands).map(finding).collect())
}

fn finding(open: Open) -> Finding {
    let place = open.node.replace('~', "~0").replace('/', "~1");
    Finding {
        severity: Severity::Error,
        code: FindingCode::NotMapped,
        field: Some(format!("/nodes/{place}/{}", open.field)),
        message: format!("the import has left `{}` to be mapped to one of the company's", open.reference),
        node: Some(open.node),
        port: None,
    }
}

async fn read(order: Order) -> Result<Arriving> {
    let Order { source, definition, mapping, needs, tests } = order;
    let tests = tests.map(|tests| tests.into_iter().map(|test| tests::renamed(test, &mapping)).collect());
    let given: Vec<String> = mapping.0.keys().cloned().collect();
    let imported = aside(move || flow_import::import(None, &definition, &mapping)).await?;
    let mut imported = imported.map_err(refusal)?;
    if let Some(origin) = source
        && !origin.has(imported.report.source)
    {
        return Err(Error::invalid("/source", format!("this is {}", told(imported.report.source))));
    }
    if needs == Needs::AreMade && imported.routing.is_none() {
        let message = format!(
            "this is {}: only a workflow of TaskRouter says what queues it needs",
            told(imported.report.source)
        );
        return Err(Error::invalid("/createQueues", message));
    }
    let known = |name: &String| imported.report.references.iter().any(|known| known.reference == *name);
    let strange: Vec<_> = given.into_iter().filter(|name| !known(name)).collect();
    imported.report.notes.extend(strange.into_iter().map(|name| Note {
        pointer: String::new(),
        message: format!("the mapping names `{name}`, which the definition does not have"),
    }));
    Ok(Arriving { imported, needs, tests })
}

fn refusal(error: ImportError) -> Error {
    Error::Invalid {
        code: Code::NotImportable,
        message: "The definition cannot be imported.".into(),
        fields: vec![FieldError { field: format!("/definition{}", error.pointer), message: error.message }],
    }
}

impl Origin {
    fn has(self, source: Source) -> bool {
        match self {
            Self::TwilioStudio => source == Source::Studio,
            Self::AmazonConnect => matches!(source, Source::Connect | Source::ConnectLegacy),
            Self::TaskRouter => source == Source::TaskRouter,
            Self::CallDocker => source == Source::CallDocker,
        }
    }
}

fn told(source: Source) -> &'static str {
    match source {
        Source::Studio => "a flow of Twilio Studio",
        Source::Connect | Source::ConnectLegacy => "a flow of Amazon Connect",
        Source::TaskRouter => "a workflow of TaskRouter",
        Source::CallDocker => "a flow of CallDocker",
    }
}

fn name_of(document: &Value) -> String {
    let name: String = document["name"].as_str().unwrap_or_default().trim().chars().take(200).collect();
    if name.is_empty() { "Imported".to_owned() } else { name }
}

/// Keeps what has to be mapped before the draft may be published.
async fn remember(unit: &Unit, flow: FlowId, imported: &Imported, draft: &Value) -> Result<()> {
    let open: Vec<Open> =
        imported.report.references.iter().flat_map(|reference| left_open(reference, draft)).collect();
    let left = row::Model {
        company_id: unit.company(),
        flow_id: flow,
        source: imported.report.source.as_str().to_owned(),
        open_references: serde_json::to_value(open).unwrap_or_default(),
        imported_at: unit.now(),
    };
    Ok(flow_imports::replace(unit.scope(), unit.tx(), left).await?)
}

/// The places of the draft that wait for a reference. Where it is not in a field of a node, the node is disabled, which
/// keeps the flow from being published by itself.
fn left_open(reference: &Reference, draft: &Value) -> Vec<Open> {
    if !reference.required || reference.mapped.is_some() {
        return Vec::new();
    }
    let place = |used: &Use| {
        let (node, field) = (used.node.clone()?, used.field.clone()?);
        let value = draft["nodes"][&node].get(&field)?.clone();
        Some(Open { reference: reference.reference.clone(), kind: reference.kind, node, field, value })
    };
    reference.uses.iter().filter_map(place).collect()
}
