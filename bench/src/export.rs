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
use calldocker::store::datasets::{self, Ask};
use calldocker::store::users;
use chrono::{DateTime, TimeDelta, Utc};
use clock::Clock;
use entity::id::UserId;
use entity::{CompanyScope, ExportDataset, ExportFormat, UserStatus, user};
use futures_util::TryStreamExt;
use sea_orm::{ConnectionTrait, DbBackend};

use crate::ground::{Ground, Kind};
use crate::{Failure, centre, machine};

/// Calls, and lines of a story each: a million in all.
const CALLS: u32 = 100_000;
const LINES: u32 = 10;
const RUNS: usize = 3;

/// Prints how fast exports are; `false` when there is no such database.
///
/// # Errors
/// When the database fails, or an export does not have all rows.
pub async fn measure(kind: Kind) -> Result<bool, Failure> {
    let Some(ground) = Ground::new(kind).await? else { return Ok(false) };
    let past = write(&ground).await?;
    let data = ground.folder().to_str().ok_or("the temporary folder has no plain name")?;
    let settings =
        Settings::with(&[("data_dir", data), ("database_url", ground.url()), ("export_longest", "1h")])?;
    let app = App::build(settings, Clock::machine(), Delivery::Deliver).await.map_err(told)?;
    println!("\nExports on {kind:?}: {CALLS} calls, {} lines of stories", CALLS * LINES);
    println!("{:>22} {:>10} {:>12} {:>10} {:>12}", "", "seconds", "rows/s", "MB", "memory, MB");
    for (dataset, format, travel) in [
        (ExportDataset::Events, ExportFormat::Csv, Travel::AsTheyAre),
        (ExportDataset::Events, ExportFormat::Ndjson, Travel::AsTheyAre),
        (ExportDataset::Events, ExportFormat::Csv, Travel::Gzip),
        (ExportDataset::Calls, ExportFormat::Csv, Travel::AsTheyAre),
    ] {
        let ask = Ask { dataset, format, from: past.began, to: past.began + TimeDelta::days(365) };
        for _ in 0..RUNS {
            ours(&app, &past, ask, travel).await?;
            if kind == Kind::Postgres && format == ExportFormat::Csv && travel == Travel::AsTheyAre {
                psql(&ground, &past, ask).await?;
            }
        }
    }
    drop(app);
    ground.remove().await?;
    Ok(true)
}

fn told(error: calldocker::error::Error) -> Failure {
    format!("{error:?}").into()
}

fn resident() -> u64 {
    machine::resident(std::process::id()).unwrap_or_default()
}

fn rows_of(dataset: ExportDataset) -> u32 {
    match dataset {
        ExportDataset::Events => CALLS * LINES,
        ExportDataset::Calls | ExportDataset::Agents => CALLS,
    }
}

async fn ours(app: &App, past: &Past, ask: Ask, travel: Travel) -> Result<(), Failure> {
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
    let rows = rows_of(ask.dataset);
    if travel == Travel::AsTheyAre && lines != usize::try_from(rows)? + header {
        return Err(format!("{lines} lines are not all of {rows} rows").into());
    }
    let name = format!(
        "{} {}{}",
        ask.dataset.as_str(),
        ask.format.as_str(),
        if travel == Travel::Gzip { " gzip" } else { "" }
    );
    let grown = (most - before) as f64 / 1e6;
    println!(
        "{name:>22} {seconds:>10.2} {:>12.0} {:>10} {grown:>11.1}+",
        f64::from(rows) / seconds,
        bytes / 1_000_000
    );
    Ok(())
}

/// The same columns, range and order, as whoever has the database's password would take them.
async fn psql(ground: &Ground, past: &Past, ask: Ask) -> Result<(), Failure> {
    let columns: Vec<_> =
        datasets::columns(ask.dataset).iter().map(|column| column.sql(DbBackend::Postgres)).collect();
    let (table, joins, order) = match ask.dataset {
        ExportDataset::Events => {
            ("call_event", "", "call_event.occurred_at, call_event.call_id, call_event.seq")
        }
        ExportDataset::Calls | ExportDataset::Agents => (
            "call",
            " LEFT JOIN queue ON queue.company_id = call.company_id AND queue.id = call.queue_id \
             LEFT JOIN agent ON agent.company_id = call.company_id AND agent.id = call.agent_id",
            "call.started_at, call.id",
        ),
    };
    let time = if ask.dataset == ExportDataset::Events { "occurred_at" } else { "started_at" };
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
    let seconds = begun.elapsed().as_secs_f64();
    let rows = f64::from(rows_of(ask.dataset));
    println!("{:>22} {seconds:>10.2} {:>12.0}", "psql \\copy", rows / seconds);
    Ok(())
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
    let person = user::Model {
        id: ids.next(),
        email: "load@example.com".to_owned(),
        name: "Load".to_owned(),
        password_hash: "none".to_owned(),
        platform_role: None,
        status: UserStatus::Active,
        created_at: began,
        updated_at: began,
    };
    let user = person.id;
    users::insert_unless_known(&tx, person).await?;
    tx.commit().await?;
    for statement in rows(ground.db.backend(), scope) {
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
