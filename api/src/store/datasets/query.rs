//! The queries behind the datasets. Each begins with the company, and takes what it needs beside the company's id from the
//! range of time alone.

use entity::{CompanyScope, ExportDataset, ExportFormat, agent, call, call_event, queue, segment};
use sea_orm::sea_query::{Expr, IntoColumnRef, IntoTableRef, JoinType, SelectStatement};
use sea_orm::{DbBackend, ExprTrait, QuerySelect, QueryTrait};

use super::columns::{self, Column, Kind};
use super::{Ask, line};

/// The rows, oldest first.
pub fn rows(scope: CompanyScope, backend: DbBackend, ask: Ask) -> SelectStatement {
    let mut query = within(scope, ask);
    for column in columns::of(ask.dataset) {
        query.expr_as(Expr::cust(written(column, backend, ask.format)), column.name);
    }
    match ask.dataset {
        ExportDataset::Calls => {
            names(&mut query, "call");
            query.order_by((call::Entity, call::Column::StartedAt), ASC);
            query.order_by((call::Entity, call::Column::Id), ASC);
        }
        ExportDataset::Agents => {
            names(&mut query, "segment");
            query.order_by((segment::Entity, segment::Column::ReservedAt), ASC);
            query.order_by((segment::Entity, segment::Column::Id), ASC);
        }
        ExportDataset::Events => {
            query.order_by((call_event::Entity, call_event::Column::OccurredAt), ASC);
            query.order_by((call_event::Entity, call_event::Column::CallId), ASC);
            query.order_by((call_event::Entity, call_event::Column::Seq), ASC);
        }
    }
    query
}

const ASC: sea_orm::Order = sea_orm::Order::Asc;

pub fn count(scope: CompanyScope, ask: Ask) -> SelectStatement {
    let mut query = within(scope, ask);
    query.expr_as(Expr::cust("count(*)"), "count");
    query
}

/// The company's rows of the range, without columns yet.
fn within(scope: CompanyScope, ask: Ask) -> SelectStatement {
    fn between(mut query: SelectStatement, time: impl IntoColumnRef + Clone, ask: Ask) -> SelectStatement {
        query.and_where(Expr::col(time.clone()).gte(ask.from)).and_where(Expr::col(time).lt(ask.to));
        query
    }
    match ask.dataset {
        ExportDataset::Calls => {
            let rows = scope.find::<call::Entity>().select_only().into_query();
            between(rows, (call::Entity, call::Column::StartedAt), ask)
        }
        ExportDataset::Agents => {
            let rows = scope.find::<segment::Entity>().select_only().into_query();
            between(rows, (segment::Entity, segment::Column::ReservedAt), ask)
        }
        ExportDataset::Events => {
            let rows = scope.find::<call_event::Entity>().select_only().into_query();
            between(rows, (call_event::Entity, call_event::Column::OccurredAt), ask)
        }
    }
}

/// The queue and the agent of each row of `table`.
fn names(query: &mut SelectStatement, table: &str) {
    let same =
        |other: &str| format!("{other}.company_id = {table}.company_id AND {other}.id = {table}.{other}_id");
    let mut join = |other: &'static str, entity: sea_orm::sea_query::TableRef| {
        query.join(JoinType::LeftJoin, entity, Expr::cust(same(other)));
    };
    join("queue", queue::Entity.into_table_ref());
    join("agent", agent::Entity.into_table_ref());
}

/// The value as it is to be read: for SQLite as it is kept, for PostgreSQL as it stands in the file.
fn written(column: &Column, backend: DbBackend, format: ExportFormat) -> String {
    let sql = column.sql(backend);
    if backend != DbBackend::Postgres {
        return sql.to_owned();
    }
    let defused = |unless: &str| {
        let signs: Vec<_> = line::FORMULA.iter().map(|sign| format!("chr({})", u32::from(*sign))).collect();
        let first = format!("left(ltrim({sql}, chr(39)), 1)");
        format!("CASE WHEN {first} IN ({}){unless} THEN chr(39) || {sql} ELSE {sql} END", signs.join(", "))
    };
    match (column.kind, format) {
        (Kind::Time, _) => format!(r#"to_char({sql} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"#),
        (Kind::Text, ExportFormat::Csv) => defused(""),
        (Kind::Address, ExportFormat::Csv) => {
            let number = format!("left({sql}, 1) = chr(43) AND ltrim(substr({sql}, 2), '0123456789') = ''");
            defused(&format!(" AND NOT ({number})"))
        }
        (Kind::Json, ExportFormat::Csv) => format!("{sql}::text"),
        (Kind::Text | Kind::Address | Kind::Json, ExportFormat::Ndjson)
        | (Kind::Id | Kind::Word | Kind::Number, _) => sql.to_owned(),
    }
}
