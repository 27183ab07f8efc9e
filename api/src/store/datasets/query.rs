//! The queries behind the datasets. Each begins with the company, and takes what it needs beside the company's id from the
//! range of time alone.

use ::reports::{Interval, Length};
use entity::id::QueueId;
use entity::{
    Attribution, CompanyScope, ExportFormat, agent, call, call_event, queue, report_queue, segment,
};
use sea_orm::sea_query::{Expr, IntoColumnRef, IntoTableRef, JoinType, SelectStatement};
use sea_orm::{ColumnTrait, DbBackend, ExprTrait, QueryFilter, QuerySelect, QueryTrait, Select, Statement};
use uuid::Uuid;

use super::columns::{self, Column, Kind};
use super::{Ask, Intervals, Table, What, line};

/// The rows, oldest first.
pub fn rows(scope: CompanyScope, backend: DbBackend, table: Table, ask: Ask) -> SelectStatement {
    let mut query = within(scope, table, ask);
    for column in columns::of(table.dataset()) {
        query.expr_as(Expr::cust(written(column, backend, ask.format)), column.name);
    }
    match table {
        Table::Calls => {
            names(&mut query, "call");
            query.order_by((call::Entity, call::Column::StartedAt), ASC);
            query.order_by((call::Entity, call::Column::Id), ASC);
        }
        Table::Agents => {
            names(&mut query, "segment");
            query.order_by((segment::Entity, segment::Column::ReservedAt), ASC);
            query.order_by((segment::Entity, segment::Column::Id), ASC);
        }
        Table::Events => {
            query.order_by((call_event::Entity, call_event::Column::OccurredAt), ASC);
            query.order_by((call_event::Entity, call_event::Column::CallId), ASC);
            query.order_by((call_event::Entity, call_event::Column::Seq), ASC);
        }
    }
    query
}

/// The statement that reads them.
pub fn statement(scope: CompanyScope, backend: DbBackend, table: Table, ask: Ask) -> Statement {
    backend.build(&rows(scope, backend, table, ask))
}

const ASC: sea_orm::Order = sea_orm::Order::Asc;

pub fn count(scope: CompanyScope, ask: Ask) -> SelectStatement {
    let mut query = match ask.what {
        What::Rows(table) => within(scope, table, ask),
        What::Intervals(intervals) => return count_intervals(scope, intervals, ask),
    };
    query.expr_as(Expr::cust("count(*)"), "count");
    query
}

/// Counters are kept by quarters; longer intervals begin at a multiple of their length in most zones.
fn count_intervals(scope: CompanyScope, intervals: Intervals, ask: Ask) -> SelectStatement {
    let quarters = match intervals.length {
        Length::Quarter => 1,
        Length::HalfHour => 2,
        Length::Hour => 4,
        Length::Day => 96,
    };
    let mut rows = counters(scope, intervals.attribution, ask.quarters()).select_only().into_query();
    rows.distinct()
        .column(report_queue::Column::QueueId)
        .expr_as(Expr::col(report_queue::Column::Quarter).div(quarters), "interval");
    let mut query = SelectStatement::new();
    query.expr_as(Expr::cust("count(*)"), "count").from_subquery(rows, "intervals");
    query
}

/// The counters of queues in these quarters, in the order of their key.
pub fn counters(
    scope: CompanyScope,
    attribution: Attribution,
    quarters: Interval,
) -> Select<report_queue::Entity> {
    use report_queue::Column as R;
    scope
        .find::<report_queue::Entity>()
        .filter(R::Attribution.eq(attribution))
        .filter(R::Quarter.gte(quarters.first.0))
        .filter(R::Quarter.lt(quarters.end.0))
        .filter(R::QueueId.ne(QueueId(Uuid::nil())))
}

/// The company's rows of the range, without columns yet.
fn within(scope: CompanyScope, table: Table, ask: Ask) -> SelectStatement {
    fn between(mut query: SelectStatement, time: impl IntoColumnRef + Clone, ask: Ask) -> SelectStatement {
        query.and_where(Expr::col(time.clone()).gte(ask.from)).and_where(Expr::col(time).lt(ask.to));
        query
    }
    match table {
        Table::Calls => {
            let rows = scope.find::<call::Entity>().select_only().into_query();
            between(rows, (call::Entity, call::Column::StartedAt), ask)
        }
        Table::Agents => {
            let rows = scope.find::<segment::Entity>().select_only().into_query();
            between(rows, (segment::Entity, segment::Column::ReservedAt), ask)
        }
        Table::Events => {
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
