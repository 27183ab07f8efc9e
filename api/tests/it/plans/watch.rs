//! What the database would do for each statement that has run.

use std::sync::{Arc, Mutex};

use calldocker::app::App;
use calldocker::bus::Delivery;
use calldocker::store::Database;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement, TransactionTrait};

use crate::support::TestApp;

/// What a hot query needs.
#[derive(Clone, Copy, Debug)]
pub enum Needs {
    /// The company's rows are found by this index.
    By(&'static str),
    /// Found by it, and in its order: nothing is sorted.
    InOrder(&'static str),
    /// The table has no company, or is asked about all of them.
    Anyones(&'static str),
}

/// An app of its own on the database of a test, all of whose statements are seen.
pub struct Watch {
    pub app: App,
    /// By which plans are asked for: on SQLite the writer may be taken.
    by: DatabaseConnection,
    seen: Arc<Mutex<Vec<Statement>>>,
    problems: Vec<String>,
    count: usize,
}

impl Watch {
    pub async fn on(app: &TestApp) -> Self {
        let database = &app.app.db;
        let (seen, settings) = (Arc::<Mutex<Vec<Statement>>>::default(), app.app.settings.clone());
        let note = seen.clone();
        let db = Database::connect(&settings).await.unwrap();
        let db = db.watched(move |statement| note.lock().unwrap().push(statement.clone()));
        let app = App::build_on(db, settings, app.app.clock.clone(), Delivery::Deliver).await.unwrap();
        Self { app, by: database.reader().clone(), seen, problems: Vec::new(), count: 0 }
    }

    /// Runs it, and looks at the plan of each statement that it brings.
    pub async fn see<T, E: std::fmt::Debug>(
        &mut self,
        name: &str,
        needs: Needs,
        query: impl Future<Output = Result<T, E>>,
    ) {
        self.seen.lock().unwrap().clear();
        query.await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let statements = std::mem::take(&mut *self.seen.lock().unwrap());
        self.look(name, needs, statements).await;
    }

    /// The plans of statements that need not run.
    pub async fn look(&mut self, name: &str, needs: Needs, statements: Vec<Statement>) {
        self.count += 1;
        let mut plans = Vec::new();
        for statement in statements {
            if ["SELECT", "UPDATE", "DELETE", "WITH"].iter().any(|verb| statement.sql.starts_with(verb)) {
                let text = statement.to_string();
                plans.push((self.plan(statement).await, text));
            }
        }
        let mut wrong = Vec::new();
        if plans.is_empty() {
            wrong.push("no statement has run".to_owned());
        }
        for (plan, text) in &plans {
            let problems = match self.app.db.backend() {
                DbBackend::Postgres => postgres(plan, needs),
                _ => sqlite(plan, needs),
            };
            wrong.extend(
                problems.into_iter().map(|problem| format!("{problem}\n{text}\n{}", plan.join("\n"))),
            );
        }
        let (Needs::By(index) | Needs::InOrder(index) | Needs::Anyones(index)) = needs;
        // PostgreSQL has too few rows here to care which of several indexes it takes.
        let by_name = |(plan, _): &(Vec<String>, String)| plan.iter().any(|line| line.contains(index));
        if self.app.db.backend() == DbBackend::Sqlite && !plans.iter().any(by_name) {
            let plans: Vec<_> = plans.iter().map(|(plan, _)| plan.join("\n")).collect();
            wrong.push(format!("nothing is found by {index}\n{}", plans.join("\n\n")));
        }
        self.problems.extend(wrong.into_iter().map(|problem| format!("## {name}: {problem}")));
    }

    async fn plan(&self, statement: Statement) -> Vec<String> {
        let tx = self.by.begin().await.unwrap();
        let (explain, column) = match self.app.db.backend() {
            DbBackend::Postgres => {
                // With a handful of rows it would rather read them all.
                tx.execute_unprepared("SET LOCAL enable_seqscan = off").await.unwrap();
                let text = format!("EXPLAIN {statement}");
                (Statement::from_string(DbBackend::Postgres, text), "QUERY PLAN")
            }
            // SQLite plans before it knows values: an index of some rows serves only if the text says which.
            _ => {
                let sql = format!("EXPLAIN QUERY PLAN {}", statement.sql);
                (Statement { sql, ..statement.clone() }, "detail")
            }
        };
        let rows = tx.query_all_raw(explain).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
        tx.rollback().await.unwrap();
        rows.iter().map(|row| row.try_get::<String>("", column).unwrap()).collect()
    }

    /// # Panics
    /// When any plan was not as it must be; shows all of them.
    pub fn end(self) {
        let problems = self.problems;
        assert!(
            self.count > 0 && problems.is_empty(),
            "{} problems\n\n{}",
            problems.len(),
            problems.join("\n\n")
        );
    }
}

/// An index begins with the company, or finds one row by its id, or the lines of one call.
fn begins_well(condition: &str, needs: Needs) -> bool {
    let one = ["(id = ", "(id=?", "(company_id = ", "(company_id=?", "(call_id = ", "(call_id=?"];
    matches!(needs, Needs::Anyones(_)) || one.iter().any(|begin| condition.contains(begin))
}

fn sqlite(plan: &[String], needs: Needs) -> Vec<String> {
    let mut problems = Vec::new();
    for line in plan {
        let search = line.strip_prefix("SEARCH ").and_then(|line| line.split_once(' '));
        let scanned = line.strip_prefix("SCAN ").and_then(|line| line.split(' ').next());
        // What a subquery has made is no table.
        let made = |name: &str| {
            name == "CONSTANT"
                || name.starts_with('(')
                || plan
                    .iter()
                    .any(|line| [format!("CO-ROUTINE {name}"), format!("MATERIALIZE {name}")].contains(line))
        };
        if scanned.is_some_and(|name| !made(name)) {
            problems.push(format!("reads everything: {line}"));
        } else if search.is_some_and(|(_, how)| !begins_well(how, needs)) {
            problems.push(format!("begins with no company: {line}"));
        } else if matches!(needs, Needs::InOrder(_)) && line.contains("B-TREE FOR ORDER BY") {
            problems.push(format!("is sorted: {line}"));
        }
    }
    problems
}

fn postgres(plan: &[String], needs: Needs) -> Vec<String> {
    let mut problems = Vec::new();
    for (place, line) in plan.iter().enumerate() {
        // What follows a node belongs to it until the next node.
        let mut own = plan[place + 1..].iter().take_while(|line| !line.contains("->"));
        let by_index = ["Index Scan", "Index Only Scan"].iter().any(|scan| line.contains(scan));
        if line.contains("Seq Scan") {
            problems.push(format!("reads everything: {line}"));
        } else if by_index {
            match own.find(|line| line.contains("Index Cond:")) {
                None => problems.push(format!("reads all of an index: {line}")),
                Some(condition) if !begins_well(condition, needs) => {
                    problems.push(format!("begins with no company: {line} {condition}"));
                }
                Some(_) => {}
            }
        }
    }
    problems
}
