//! `--export`: a million lines of calls' stories, and the calls they belong to, as
//! `GET /api/analytics/company/{companyId}/export` streams them, into nothing. On PostgreSQL beside `psql \copy` of the same
//! rows in the same run. Rows are made by the databases themselves.

use std::process::Stdio;
use std::time::Instant;

use calldocker::app::App;
use calldocker::bus::Delivery;
use calldocker::config::Settings;
use calldocker::exports::Wish;
use calldocker::exports::stream::{self, Travel};
use calldocker::ids::Ids;
use calldocker::store::datasets::{self, Ask, Intervals, Table as Rows, What};
use calldocker::store::users;
use chrono::{DateTime, TimeDelta, Utc};
use clock::Clock;
use entity::id::UserId;
use entity::{Attribution, CompanyScope, ExportFormat, user};
use futures_util::TryStreamExt;
use sea_orm::{ConnectionTrait, DbBackend};

use reports::Length;

use crate::figures::{Table, Verdict, megabytes};
use crate::ground::{Ground, Kind};
use crate::{Failure, centre, machine};

/// Calls, and lines of a story each: a million in all.
const CALLS: u32 = 100_000;
const LINES: u32 = 10;
/// Quarters of an hour in which queues have counters, and such queues.
const INTERVALS: u32 = 30_000;
const QUEUES: u32 = 10;
const RUNS: usize = 3;

/// The table; `None` when there is no such database.
///
/// # Errors
/// When the database fails, or an export does not have all rows.
pub async fn measure(kind: Kind) -> Result<Option<Table>, Failure> {
    let Some(ground) = Ground::new(kind).await? else { return Ok(None) };
    let past = write(&ground).await?;
    let data = ground.folder().to_str().ok_or("the temporary folder has no plain name")?;
    let settings =
        Settings::with(&[("data_dir", data), ("database_url", ground.url()), ("export_longest", "1h")])?;
    let app = App::build(settings, Clock::machine(), Delivery::Deliver).await.map_err(told)?;
    let mut table =
        Table::new(format!("Exports on {kind:?}: {CALLS} calls, {} lines of stories", CALLS * LINES));
    let (events, calls) = (What::Rows(Rows::Events), What::Rows(Rows::Calls));
    let mut most = 0;
    for (what, format, travel) in [
        (events, ExportFormat::Csv, Travel::AsTheyAre),
        (events, ExportFormat::Ndjson, Travel::AsTheyAre),
        (events, ExportFormat::Csv, Travel::Gzip),
        (calls, ExportFormat::Csv, Travel::AsTheyAre),
        (quarters(), ExportFormat::Csv, Travel::AsTheyAre),
    ] {
        let ask = Ask { what, format, from: past.began, to: past.began + TimeDelta::days(365) };
        let beside = kind == Kind::Postgres && format == ExportFormat::Csv && travel == Travel::AsTheyAre;
        let (mut ours_best, mut psql_best) = (f64::MAX, f64::MAX);
        for _ in 0..RUNS {
            let run = ours(&app, &past, ask, travel).await?;
            ours_best = ours_best.min(run.seconds);
            most = most.max(run.grown);
            if let (true, What::Rows(rows)) = (beside, what) {
                psql_best = psql_best.min(psql(&ground, &past, ask, rows).await?);
            }
        }
        let rows = f64::from(rows_of(what));
        let packed = if travel == Travel::Gzip { ", compressed" } else { "" };
        let name = format!("{} as {}{packed}: rows a second", what.dataset().as_str(), format.as_str());
        let rate = rows / ours_best;
        let (aim, verdict) = match (kind, travel) {
            (Kind::Sqlite, Travel::AsTheyAre) => ("100,000", Verdict::at_least(rate, 100_000.0)),
            (Kind::Sqlite | Kind::Postgres, _) => ("", Verdict::None),
        };
        table.aimed(name, format!("{rate:.0}"), aim, verdict);
        if psql_best < f64::MAX {
            let share = psql_best / ours_best;
            let name =
                format!("  psql \\copy of the same: {:.0} rows a second; ours of it", rows / psql_best);
            table.aimed(name, format!("{:.0} %", share * 100.0), "50 %", Verdict::at_least(share, 0.5));
        }
    }
    table.row("memory that an export takes at most, client included", megabytes(most));
    drop(app);
    ground.remove().await?;
    Ok(Some(table))
}

fn quarters() -> What {
    let (length, zone, attribution) = (Length::Quarter, chrono_tz::Tz::UTC, Attribution::ActivityDriven);
    What::Intervals(Intervals { length, zone, attribution })
}

fn told(error: calldocker::error::Error) -> Failure {
    format!("{error:?}").into()
}

fn resident() -> u64 {
    machine::resident(std::process::id()).unwrap_or_default()
}

fn rows_of(what: What) -> u32 {
    match what {
        What::Rows(Rows::Events) => CALLS * LINES,
        What::Rows(Rows::Calls | Rows::Agents) => CALLS,
        What::Intervals(_) => INTERVALS * QUEUES,
    }
}

/// How long an export took, and by how many bytes the process grew at most.
struct Run {
    seconds: f64,
    grown: u64,
}

async fn ours(app: &App, past: &Past, ask: Ask, travel: Travel) -> Result<Run, Failure> {
    let wish = Wish { ask, gzip: false, bom: false };
    let (before, begun) = (resident(), Instant::now());
    let mut pieces = stream::begin(app, past.scope, past.user, wish, travel).await.map_err(told)?;
    let (mut bytes, mut lines, mut most) = (0_usize, 0_usize, before);
    while let Some(piece) = pieces.try_next().await? {
        bytes += piece.len();
        if travel == Travel::AsTheyAre {
            lines += piece.iter().filter(|byte| **byte == b'\n').count();
        }
        most = most.max(resident());
    }
    let seconds = begun.elapsed().as_secs_f64();
    let header = usize::from(ask.format == ExportFormat::Csv);
    let rows = rows_of(ask.what);
    if travel == Travel::AsTheyAre && lines != usize::try_from(rows)? + header {
        return Err(format!("{lines} lines are not all of {rows} rows").into());
    }
    let name = ask.what.dataset().as_str();
    eprintln!("{name}: {seconds:.2} s, {} MB", bytes / 1_000_000);
    Ok(Run { seconds, grown: most - before })
}

/// The same columns, range and order, as whoever has the database's password would take them.
async fn psql(ground: &Ground, past: &Past, ask: Ask, rows: Rows) -> Result<f64, Failure> {
    let columns: Vec<_> =
        datasets::columns(rows.dataset()).iter().map(|column| column.sql(DbBackend::Postgres)).collect();
    let (table, joins, order) = match rows {
        Rows::Events => ("call_event", "", "call_event.occurred_at, call_event.call_id, call_event.seq"),
        Rows::Calls | Rows::Agents => (
            "call",
            " LEFT JOIN queue ON queue.company_id = call.company_id AND queue.id = call.queue_id \
             LEFT JOIN agent ON agent.company_id = call.company_id AND agent.id = call.agent_id",
            "call.started_at, call.id",
        ),
    };
    let time = if rows == Rows::Events { "occurred_at" } else { "started_at" };
    let query = format!(
        "\\copy (SELECT {} FROM {table}{joins} WHERE {table}.company_id = '{}' AND {table}.{time} >= '{}' AND {table}.{time} < '{}' \
         ORDER BY {order}) TO STDOUT csv",
        columns.join(", "),
        past.scope.company(),
        ask.from.to_rfc3339(),
        ask.to.to_rfc3339(),
    );
    let begun = Instant::now();
    let mut psql = tokio::process::Command::new("psql");
    psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", ground.url(), "-c", &query]).stdout(Stdio::null());
    if !psql.status().await?.success() {
        return Err("psql has failed".into());
    }
    Ok(begun.elapsed().as_secs_f64())
}

struct Past {
    scope: CompanyScope,
    user: UserId,
    began: DateTime<Utc>,
}

async fn write(ground: &Ground) -> Result<Past, Failure> {
    let ids = Ids::new(Clock::machine());
    let began: DateTime<Utc> = "2026-01-05T08:00:00Z".parse()?;
    let tx = ground.db.begin().await?;
    let scope = centre::company(&tx, &ids, began).await?;
    let email = Some("load@example.com".to_owned());
    let person = user::Model::begun(ids.next(), "Load".to_owned(), email, began);
    let user = person.id;
    users::insert_unless_known(&tx, person).await?;
    tx.commit().await?;
    for statement in
        rows(ground.db.backend(), scope).into_iter().chain(intervals(ground.db.backend(), scope, began))
    {
        ground.db.writer().execute_unprepared(&statement).await?;
    }
    Ok(Past { scope, user, began })
}

/// A call every eight seconds, with a line of its story each second.
fn rows(backend: DbBackend, scope: CompanyScope) -> Vec<String> {
    let company = scope.company();
    let columns = "id, company_id, kind, status, outcome, from_address, to_address, caller_name, account_sid, provider_sid, \
        session_version, event_seq, last_event_at, notes, started_at, answered_at, ended_at, ended_by";
    if backend == DbBackend::Postgres {
        let at = |seconds: &str| {
            format!("'2026-01-05T08:00:00Z'::timestamptz + interval '1 second' * ({seconds})")
        };
        let calls = format!(
            "INSERT INTO call ({columns}) SELECT gen_random_uuid(), '{company}', 'inbound', 'completed', 'answered', \
             '+1555' || lpad(n::text, 7, '0'), '+15550199', 'Caller ' || n, 'AC', 'CA' || n, 0, {LINES}, {begun}, \
             'Asked for \"help\", twice', {begun}, {begun}, {ended}, 'caller' FROM generate_series(1, {CALLS}) n",
            begun = at("n * 8"),
            ended = at("n * 8 + 60")
        );
        let lines = format!(
            "INSERT INTO call_event SELECT company_id, id, s, 'flow.node', \
             jsonb_build_object('node', 'menu', 'text', 'Press 1 for \"sales\"', 'n', s), started_at + interval '1 second' * s, \
             NULL, started_at + interval '1 second' * s FROM call, generate_series(1, {LINES}) s"
        );
        return vec![calls, lines, "ANALYZE".to_owned()];
    }
    let at = |seconds: &str| {
        format!(
            "strftime('%Y-%m-%dT%H:%M:%S', '2026-01-05T08:00:00', '+' || ({seconds}) || ' seconds') || '+00:00'"
        )
    };
    let calls = format!(
        "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {CALLS}) \
         INSERT INTO call ({columns}) SELECT randomblob(16), X'{}', 'inbound', 'completed', 'answered', \
         printf('+1555%07d', n), '+15550199', 'Caller ' || n, 'AC', 'CA' || n, 0, {LINES}, {begun}, \
         'Asked for \"help\", twice', {begun}, {begun}, {ended}, 'caller' FROM s",
        company.0.simple(),
        begun = at("n * 8"),
        ended = at("n * 8 + 60")
    );
    let later = "strftime('%Y-%m-%dT%H:%M:%S', started_at, '+' || n || ' seconds') || '+00:00'";
    let lines = format!(
        "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {LINES}) \
         INSERT INTO call_event SELECT company_id, id, n, 'flow.node', \
         json_object('node', 'menu', 'text', 'Press 1 for \"sales\"', 'n', n), {later}, NULL, {later} FROM call, s"
    );
    vec![calls, lines]
}

/// Counters of all quarters of nearly a year, behind those that the calls are counted into.
fn intervals(backend: DbBackend, scope: CompanyScope, began: DateTime<Utc>) -> Vec<String> {
    let counters = r#"{"queued":8,"answered":7,"abandoned":1,"answered_wait_ms":61000,"abandoned_wait_ms":24000,"handled":7,"contact_ms":1290000,"hold_ms":64000,"held":2,"wrap_up_ms":190000,"wrapped_up":7,"longest_wait_ms":31000,"answered_waits":{"2":1,"4":2,"9":2,"14":1,"31":1},"abandoned_waits":{"24":1}}"#;
    let first = began.timestamp() / 900 + i64::from(CALLS * 8 / 900 + 1);
    let postgres = backend == DbBackend::Postgres;
    let (company, id) = if postgres {
        (format!("'{}'", scope.company()), "gen_random_uuid()")
    } else {
        (format!("X'{}'", scope.company().0.simple()), "randomblob(16)")
    };
    let numbers = |name: &str, count: u32| {
        if postgres {
            return format!("generate_series(1, {count}) {name}(n)");
        }
        format!(
            "(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count}) SELECT n FROM s) {name}"
        )
    };
    let cast = if postgres { "::jsonb" } else { "" };
    let now = if postgres { "now()" } else { "'2026-01-05T08:00:00+00:00'" };
    vec![
        format!(
            "INSERT INTO queue (id, company_id, name, strategy, idle_reading, ring_seconds, wrap_up_seconds, \
             decline_cool_off_seconds, rules, hold_reminder_seconds, hold_limit_seconds, created_at) \
             SELECT {id}, {company}, 'Queue ' || q.n, 'longest_idle', 'since_last_call', 20, 30, 60, '{{}}'{cast}, 60, 300, {now} \
             FROM {}",
            numbers("q", QUEUES)
        ),
        format!(
            "INSERT INTO report_queue (company_id, attribution, quarter, queue_id, counters) \
             SELECT {company}, 'activity_driven', {first} + i.n, q.id, '{counters}'{cast} FROM {} CROSS JOIN queue q",
            numbers("i", INTERVALS)
        ),
    ]
}
