//! Flows of other systems come in, and ours go out and come in.

use std::collections::BTreeMap;

use flow_import::{Element, Mapping, Note, Outcome, Reference, ReferenceKind, Source, Target, Use};
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::types::{Any, Example};
use poem_openapi::{Enum, Object, OpenApi};
use serde_json::{Value, json};
use uuid::Uuid;

use super::FlowOut;
use super::made::ImportMadeOut;
use super::tests::{self, FlowTestIn};
use crate::app::App;
use crate::authz::{Can, ReadFlows, WriteFlows, WriteQueues, WriteSkills};
use crate::error::{Error, Result as Checked};
use crate::flows::imports::{self, Given, Needs, Order, Origin, Taken};
use crate::flows::trial::Which;
use crate::http::envelope::{Created, Failure, Reply, Success};
use crate::http::{JsonBody, Tag};

pub struct FlowImports;

/// What is to become a flow.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none, example)]
struct FlowImportIn {
    /// The flow's name; when absent, that in the definition.
    #[oai(validator(min_length = 1, max_length = 200))]
    name: Option<String>,
    /// The system that it comes from; when absent, the shape of the definition decides.
    source: Option<ImportSource>,
    /// As that system exports it.
    definition: Any<Value>,
    /// From the references of a report to what they are here: the id or name of a queue, a flow, a prompt, an agent or a
    /// skill, the address of a request, or opening hours as in a node `hours`.
    mapping: Option<BTreeMap<String, Any<Value>>>,
    /// For a workflow of TaskRouter: makes the queues and skills that it needs and the company does not have, and gives new
    /// queues the rules that it says. Needs the permissions `queues:write` and `skills:write`. Not when absent.
    create_queues: Option<bool>,
    /// All tests that the flow has afterwards, at most 100; when absent, those that it has.
    tests: Option<Vec<FlowTestIn>>,
}

/// What is to become the draft of a flow.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none, example)]
struct DraftImportIn {
    /// The system that it comes from; when absent, the shape of the definition decides.
    source: Option<ImportSource>,
    /// As that system exports it.
    definition: Any<Value>,
    /// From the references of a report to what they are here: the id or name of a queue, a flow, a prompt, an agent or a
    /// skill, the address of a request, or opening hours as in a node `hours`.
    mapping: Option<BTreeMap<String, Any<Value>>>,
    /// For a workflow of TaskRouter: makes the queues and skills that it needs and the company does not have, and gives new
    /// queues the rules that it says. Needs the permissions `queues:write` and `skills:write`. Not when absent.
    create_queues: Option<bool>,
    /// All tests that the flow has afterwards, at most 100; when absent, those that it has.
    tests: Option<Vec<FlowTestIn>>,
}

/// The system that a flow is imported from.
#[derive(Enum, Clone, Copy)]
enum ImportSource {
    /// Flow definitions v2.
    #[oai(rename = "twilio-studio")]
    TwilioStudio,
    /// The Flow language 2019-10-30, and the older export with `modules`.
    #[oai(rename = "amazon-connect")]
    AmazonConnect,
    /// The configuration of a workflow.
    #[oai(rename = "taskrouter")]
    TaskRouter,
    /// Our own.
    #[oai(rename = "calldocker")]
    CallDocker,
}

/// A flow that came in, and what became of every element of its source.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct FlowImportOut {
    flow: FlowOut,
    report: ImportReportOut,
    /// What a TaskRouter workflow says, free of the flow: its queues, and its filters as rules with their steps.
    routing: Option<Any<Value>>,
    /// What the company has for it now, with `createQueues`.
    made: Option<ImportMadeOut>,
}

/// What became of every element of the source. Nothing of it is left out without a line here.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct ImportReportOut {
    source: ImportSource,
    /// Elements that do here what they did there.
    imported: u64,
    /// Elements that do something like it.
    approximated: u64,
    /// Elements that are kept as disabled nodes, with their JSON.
    unsupported: u64,
    /// One for each element, in the order of the source.
    elements: Vec<ImportedElementOut>,
    /// What has to be mapped, or can be.
    references: Vec<ImportReferenceOut>,
    /// What concerns the definition and none of its elements.
    notes: Vec<ImportNoteOut>,
}

/// An element of the source: a widget, an action, a module, a filter or a target.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct ImportedElementOut {
    name: String,
    /// As the source has it.
    r#type: String,
    /// JSON pointer into the definition; after a `#` it points into the JSON text that stands there.
    pointer: String,
    outcome: ImportOutcome,
    /// The nodes that it has become; the first of them has its position.
    nodes: Vec<String>,
    /// What differs, in words.
    remarks: Vec<String>,
}

/// What has become of a part of the imported flow.
#[derive(Enum)]
#[oai(rename_all = "camelCase")]
enum ImportOutcome {
    Imported,
    Approximated,
    Unsupported,
}

/// Something outside of the definition that an element needs.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct ImportReferenceOut {
    /// The key of a mapping.
    reference: String,
    kind: ImportReferenceKind,
    /// The name that the source tells beside it.
    suggestion: Option<String>,
    /// What the mapping has made of it.
    mapped: Option<String>,
    /// Whether the flow cannot be published before it is mapped.
    required: bool,
    uses: Vec<ImportUseOut>,
}

/// What a name of the imported flow refers to.
#[derive(Enum)]
#[oai(rename_all = "camelCase")]
enum ImportReferenceKind {
    Queue,
    Flow,
    Prompt,
    Hours,
    RequestUrl,
    Agent,
    Skill,
}

/// Where a reference is used.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct ImportUseOut {
    /// JSON pointer to the element in the definition.
    pointer: String,
    node: Option<String>,
    /// The setting of the node.
    field: Option<String>,
}

/// A remark on the definition as a whole.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct ImportNoteOut {
    pointer: String,
    message: String,
}

/// A flow on its way out: as it is a body for an import.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct FlowExportOut {
    name: String,
    source: ImportSource,
    definition: Any<Value>,
    /// The flow's tests, where it has any.
    tests: Option<Vec<FlowTestIn>>,
}

/// A flow of Twilio Studio, small.
fn studio() -> Value {
    json!({
        "description": "Reception", "initial_state": "Trigger", "flags": {},
        "states": [
            { "name": "Trigger", "type": "trigger", "properties": { "offset": { "x": 0, "y": 0 } },
              "transitions": [{ "event": "incomingCall", "next": "hello" }] },
            { "name": "hello", "type": "say-play",
              "properties": { "say": "Good morning.", "offset": { "x": 40, "y": 200 } },
              "transitions": [{ "event": "audioComplete", "next": "wait" }] },
            { "name": "wait", "type": "enqueue-call",
              "properties": { "queue_name": "everyone", "offset": { "x": 40, "y": 400 } },
              "transitions": [{ "event": "callComplete" }] },
        ]
    })
}

fn everyone() -> BTreeMap<String, Any<Value>> {
    [("everyone".to_owned(), Any(json!("Reception desk")))].into()
}

impl Example for FlowImportIn {
    fn example() -> Self {
        Self {
            name: Some("Reception of old".to_owned()),
            source: Some(ImportSource::TwilioStudio),
            definition: Any(studio()),
            mapping: Some(everyone()),
            create_queues: None,
            tests: None,
        }
    }
}

impl Example for DraftImportIn {
    fn example() -> Self {
        let (source, definition) = (Some(ImportSource::TwilioStudio), Any(studio()));
        Self { source, definition, mapping: Some(everyone()), create_queues: None, tests: None }
    }
}

/// Names are texts, opening hours are objects.
fn mapping(given: Option<BTreeMap<String, Any<Value>>>) -> Checked<Mapping> {
    let target = |(reference, Any(value)): (String, Any<Value>)| match value {
        Value::String(name) => Ok((reference, Target::Name(name))),
        Value::Object(_) => Ok((reference, Target::Schedule(value))),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            let place = reference.replace('~', "~0").replace('/', "~1");
            Err(Error::invalid(format!("/mapping/{place}"), "must be a name, or opening hours"))
        }
    };
    Ok(Mapping(given.into_iter().flatten().map(target).collect::<Checked<_>>()?))
}

impl FlowImportIn {
    fn split(self) -> (Option<String>, DraftImportIn) {
        let Self { name, source, definition, mapping, create_queues, tests } = self;
        (name, DraftImportIn { source, definition, mapping, create_queues, tests })
    }
}

/// Who has queues and skills made must be one who may make them.
fn may_have(can: &Can<WriteFlows>, app: &App, needs: Needs) -> Checked<()> {
    match needs {
        Needs::AreListed => Ok(()),
        Needs::AreMade => {
            can.must_also::<WriteQueues>(app)?;
            can.must_also::<WriteSkills>(app)
        }
    }
}

impl DraftImportIn {
    fn needs(&self) -> Needs {
        if self.create_queues == Some(true) { Needs::AreMade } else { Needs::AreListed }
    }

    fn order(self) -> Checked<Order> {
        let needs = self.needs();
        Ok(Order {
            source: self.source.map(Into::into),
            definition: self.definition.0,
            mapping: mapping(self.mapping)?,
            needs,
            tests: self.tests.map(tests::read_all).transpose()?,
        })
    }
}

impl From<ImportSource> for Origin {
    fn from(source: ImportSource) -> Self {
        match source {
            ImportSource::TwilioStudio => Self::TwilioStudio,
            ImportSource::AmazonConnect => Self::AmazonConnect,
            ImportSource::TaskRouter => Self::TaskRouter,
            ImportSource::CallDocker => Self::CallDocker,
        }
    }
}

impl From<Source> for ImportSource {
    fn from(source: Source) -> Self {
        match source {
            Source::Studio => Self::TwilioStudio,
            Source::Connect | Source::ConnectLegacy => Self::AmazonConnect,
            Source::TaskRouter => Self::TaskRouter,
            Source::CallDocker => Self::CallDocker,
        }
    }
}

impl From<Taken> for FlowImportOut {
    fn from(taken: Taken) -> Self {
        let report = taken.report;
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        Self {
            flow: taken.checked.into(),
            report: ImportReportOut {
                source: report.source.into(),
                imported: count(report.counts.imported),
                approximated: count(report.counts.approximated),
                unsupported: count(report.counts.unsupported),
                elements: report.elements.into_iter().map(Into::into).collect(),
                references: report.references.into_iter().map(Into::into).collect(),
                notes: report.notes.into_iter().map(Into::into).collect(),
            },
            routing: taken.routing.map(|plan| Any(serde_json::to_value(plan).unwrap_or_default())),
            made: taken.made.map(Into::into),
        }
    }
}

impl From<Element> for ImportedElementOut {
    fn from(element: Element) -> Self {
        Self {
            name: element.name,
            r#type: element.element_type,
            pointer: element.pointer,
            outcome: match element.outcome {
                Outcome::Imported => ImportOutcome::Imported,
                Outcome::Approximated => ImportOutcome::Approximated,
                Outcome::Unsupported => ImportOutcome::Unsupported,
            },
            nodes: element.nodes,
            remarks: element.remarks,
        }
    }
}

impl From<Reference> for ImportReferenceOut {
    fn from(reference: Reference) -> Self {
        Self {
            reference: reference.reference,
            kind: match reference.kind {
                ReferenceKind::Queue => ImportReferenceKind::Queue,
                ReferenceKind::Flow => ImportReferenceKind::Flow,
                ReferenceKind::Prompt => ImportReferenceKind::Prompt,
                ReferenceKind::Hours => ImportReferenceKind::Hours,
                ReferenceKind::RequestUrl => ImportReferenceKind::RequestUrl,
                ReferenceKind::Agent => ImportReferenceKind::Agent,
                ReferenceKind::Skill => ImportReferenceKind::Skill,
            },
            suggestion: reference.suggestion,
            mapped: reference.mapped,
            required: reference.required,
            uses: reference.uses.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Use> for ImportUseOut {
    fn from(used: Use) -> Self {
        Self { pointer: used.pointer, node: used.node, field: used.field }
    }
}

impl From<Note> for ImportNoteOut {
    fn from(note: Note) -> Self {
        Self { pointer: note.pointer, message: note.message }
    }
}

impl TryFrom<Given> for FlowExportOut {
    type Error = Error;

    fn try_from(Given { name, document, tests }: Given) -> Checked<Self> {
        let tests = tests.iter().map(FlowTestIn::try_from).collect::<Checked<Vec<_>>>()?;
        let tests = (!tests.is_empty()).then_some(tests);
        Ok(Self { name, source: ImportSource::CallDocker, definition: Any(document), tests })
    }
}

#[OpenApi(prefix_path = "/api/ivr", tag = "Tag::Ivr")]
impl FlowImports {
    /// Makes a flow of one of another system.
    ///
    /// The report has a line for each element of the source. What it only names is listed as references; give them in
    /// `mapping`, here or later. A flow in which a required one is open cannot be published. The queues and skills of a
    /// workflow of TaskRouter can be made with it.
    #[oai(path = "/import", method = "post", operation_id = "importFlow")]
    async fn import(
        &self,
        can: Can<WriteFlows>,
        Data(app): Data<&App>,
        body: JsonBody<FlowImportIn>,
    ) -> Result<Created<FlowImportOut>, Failure> {
        let (name, draft) = body.0.split();
        may_have(&can, app, draft.needs())?;
        Created::of(imports::import(app, can.scope()?, name, draft.order()?).await?)
    }

    /// Imports into the draft of a flow.
    ///
    /// With what was left to be mapped, or with a newer definition. Versions and numbers of the flow stay, and its tests
    /// where none are sent.
    #[oai(path = "/:id/import", method = "post", operation_id = "importIntoFlow")]
    async fn import_into(
        &self,
        can: Can<WriteFlows>,
        Data(app): Data<&App>,
        /// The flow's id.
        id: Path<Uuid>,
        body: JsonBody<DraftImportIn>,
    ) -> Reply<FlowImportOut> {
        may_have(&can, app, body.0.needs())?;
        let order = body.0.order()?;
        Success::ok(imports::import_into(app, can.scope()?, id.0.into(), order).await?)
    }

    /// Gives a flow out in our own format.
    ///
    /// With its tests. As it is it can be imported again, also in another company.
    #[oai(path = "/:id/export", method = "get", operation_id = "exportFlow")]
    async fn export(
        &self,
        can: Can<ReadFlows>,
        Data(app): Data<&App>,
        /// The flow's id.
        id: Path<Uuid>,
        /// The number of a published version; the draft when absent.
        #[oai(validator(minimum(value = "1")))]
        version: Query<Option<i32>>,
    ) -> Reply<FlowExportOut> {
        let which = version.0.map_or(Which::Draft, Which::Version);
        let given = imports::export(app, can.scope()?, id.0.into(), which).await?;
        Success::ok(FlowExportOut::try_from(given)?)
    }
}
