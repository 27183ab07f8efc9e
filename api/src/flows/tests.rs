//! Tests that are kept with a flow: scripted calls, each with what must be true of it. They are run when somebody asks, and
//! before the draft is published.

use entity::id::{FlowId, FlowTestId};
use entity::{CompanyScope, Inserted, flow, flow_test};
use flow_import::{Mapping, Target};
use ivr_engine::{Expectation, FailedLine, FlowTest};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use super::trial::{Others, Trial, Which, aside};
use crate::app::App;
use crate::error::{Code, Error, FieldError, Result, Subject};
use crate::store::{Tx, Unit, flow_tests, flows};

/// Tests of one flow.
const MOST_TESTS: u64 = 100;

/// What came of one test.
#[derive(Clone, Debug)]
pub struct Report {
    pub id: FlowTestId,
    pub name: String,
    /// The first line that does not hold. None: all of it does.
    pub failed: Option<FailedLine>,
}

/// A test that is red.
#[derive(Clone, Debug)]
pub struct Red {
    pub id: FlowTestId,
    pub name: String,
    pub failed: FailedLine,
}

pub async fn all(app: &App, scope: CompanyScope, flow: FlowId) -> Result<Vec<flow_test::Model>> {
    known(app, scope, flow).await?;
    Ok(flow_tests::of_flow(scope, app.db.reader(), flow).await?)
}

pub async fn get(app: &App, scope: CompanyScope, flow: FlowId, id: FlowTestId) -> Result<flow_test::Model> {
    let test = flow_tests::by_id(scope, app.db.reader(), flow, id).await?;
    test.ok_or(Error::NotFound(Subject::FlowTest))
}

/// # Errors
/// `FLOW_TEST_NAME_TAKEN`; `TOO_MANY_FLOW_TESTS`.
pub async fn create(
    app: &App,
    scope: CompanyScope,
    flow: FlowId,
    test: FlowTest,
) -> Result<flow_test::Model> {
    let now = app.clock.now();
    let tx = app.db.begin().await?;
    flows::lock(scope, &tx, flow).await?.ok_or(Error::NotFound(Subject::Flow))?;
    if flow_tests::count(scope, &tx, flow).await? >= MOST_TESTS {
        let message = format!("A flow has at most {MOST_TESTS} tests.");
        return Err(Error::conflict(Code::TooManyFlowTests, message));
    }
    let row = flow_test::Model {
        id: app.ids.next(),
        company_id: scope.company(),
        flow_id: flow,
        definition: stored(&test),
        name: test.name,
        created_at: now,
        updated_at: now,
    };
    match flow_tests::insert(scope, &tx, row.clone()).await? {
        Inserted::Yes => {}
        Inserted::Conflicted => return Err(name_taken()),
    }
    tx.commit().await?;
    Ok(row)
}

pub async fn replace(
    app: &App,
    scope: CompanyScope,
    flow: FlowId,
    id: FlowTestId,
    test: FlowTest,
) -> Result<flow_test::Model> {
    let tx = app.db.begin().await?;
    let old = locked(scope, &tx, flow, id).await?;
    if flow_tests::has_other_named(scope, &tx, flow, &test.name, id).await? {
        return Err(name_taken());
    }
    let row =
        flow_test::Model { definition: stored(&test), name: test.name, updated_at: app.clock.now(), ..old };
    flow_tests::save(scope, &tx, row.clone()).await?;
    tx.commit().await?;
    Ok(row)
}

pub async fn delete(app: &App, scope: CompanyScope, flow: FlowId, id: FlowTestId) -> Result<()> {
    let tx = app.db.begin().await?;
    locked(scope, &tx, flow, id).await?;
    flow_tests::delete(scope, &tx, flow, id).await?;
    Ok(tx.commit().await?)
}

/// What another flow's tests say, of what the flow calls by other names now.
pub(super) fn renamed(mut test: FlowTest, mapping: &Mapping) -> FlowTest {
    let name = |old: &mut String| {
        if let Some(Target::Name(new)) = mapping.0.get(old.as_str()) {
            new.trim().clone_into(old);
        }
    };
    let world = &mut test.world;
    world.queue.iter_mut().chain(world.agent.iter_mut()).for_each(name);
    world.queues = std::mem::take(&mut world.queues)
        .into_iter()
        .map(|(mut queue, figures)| {
            name(&mut queue);
            (queue, figures)
        })
        .collect();
    for expectation in &mut test.expect {
        if let Expectation::Queued { queued } = expectation {
            name(queued);
        }
    }
    test
}

/// Makes these all the tests of a flow, which is locked or new.
///
/// # Errors
/// Names the test that has the name of another one.
pub(super) async fn bring(unit: &Unit, flow: FlowId, tests: Vec<FlowTest>) -> Result<()> {
    let most = usize::try_from(MOST_TESTS).unwrap_or(usize::MAX);
    if tests.len() > most {
        return Err(Error::invalid("/tests", format!("must have at most {most} items")));
    }
    flow_tests::delete_all(unit.scope(), unit.tx(), flow).await?;
    for (number, test) in tests.into_iter().enumerate() {
        let row = flow_test::Model {
            id: unit.id(),
            company_id: unit.company(),
            flow_id: flow,
            definition: stored(&test),
            name: test.name,
            created_at: unit.now(),
            updated_at: unit.now(),
        };
        match flow_tests::insert(unit.scope(), unit.tx(), row).await? {
            Inserted::Yes => {}
            Inserted::Conflicted => {
                return Err(Error::invalid(format!("/tests/{number}/name"), "is that of another test"));
            }
        }
    }
    Ok(())
}

/// Runs every test of a flow, by name.
///
/// # Errors
/// `FLOW_NOT_RUNNABLE` when the document has errors.
pub async fn run(app: &App, scope: CompanyScope, flow: FlowId, which: Which) -> Result<Vec<Report>> {
    let db = app.db.reader();
    let row = known(app, scope, flow).await?;
    let tests = flow_tests::of_flow(scope, db, flow).await?;
    run_all(scope, db, &row, which, &tests).await
}

/// The tests that are red on the draft.
pub(super) async fn red(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    flow: &flow::Model,
    tests: &[flow_test::Model],
) -> Result<Vec<Red>> {
    if tests.is_empty() {
        return Ok(Vec::new());
    }
    let reports = run_all(scope, db, flow, Which::Draft, tests).await?;
    let red = |Report { id, name, failed }: Report| failed.map(|failed| Red { id, name, failed });
    Ok(reports.into_iter().filter_map(red).collect())
}

/// Says which line of which test does not hold.
pub(super) fn refusal(red: &[Red]) -> Error {
    let field = |red: &Red| FieldError {
        field: format!("/tests/{}{}", red.id, red.failed.line),
        message: format!("{}: {}", red.name, red.failed.found),
    };
    Error::Invalid {
        code: Code::FlowTestsFailed,
        message: "Tests of the flow are red. Publish it with `override` and a reason, or mend it.".into(),
        fields: red.iter().map(field).collect(),
    }
}

impl Red {
    /// For the audit.
    pub(super) fn as_detail(&self) -> Value {
        json!({ "testId": self.id, "name": self.name, "line": self.failed.line })
    }
}

async fn run_all(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    flow: &flow::Model,
    which: Which,
    tests: &[flow_test::Model],
) -> Result<Vec<Report>> {
    let trial = Trial::of(scope, db, flow, which, Others::Published).await?;
    let mut read = Vec::with_capacity(tests.len());
    for row in tests {
        let test: FlowTest = serde_json::from_value(row.definition.clone())
            .map_err(|cause| Error::internal("read a stored flow test", cause))?;
        read.push((row.id, test));
    }
    let run = move |(id, test): (FlowTestId, FlowTest)| {
        let report = test.run(&trial.flow, &trial.others);
        Report { id, name: report.name, failed: report.failed }
    };
    aside(move || read.into_iter().map(run).collect()).await
}

async fn known(app: &App, scope: CompanyScope, flow: FlowId) -> Result<flow::Model> {
    flows::by_id(scope, app.db.reader(), flow).await?.ok_or(Error::NotFound(Subject::Flow))
}

/// The test, with its flow locked.
async fn locked(scope: CompanyScope, tx: &Tx, flow: FlowId, id: FlowTestId) -> Result<flow_test::Model> {
    flows::lock(scope, tx, flow).await?.ok_or(Error::NotFound(Subject::Flow))?;
    flow_tests::by_id(scope, tx, flow, id).await?.ok_or(Error::NotFound(Subject::FlowTest))
}

fn stored(test: &FlowTest) -> Value {
    serde_json::to_value(test).unwrap_or_default()
}

fn name_taken() -> Error {
    Error::conflict(Code::FlowTestNameTaken, "Another test of the flow has this name.")
}
