//! A company with a million past calls, among 99 others: what lists and reports are read from. Written by the databases
//! themselves, a statement a table; indexes of calls are made afterwards, and references are not looked up.

use calldocker::ids::Ids;
use calldocker::store::{Tx, system, users};
use chrono::{DateTime, TimeDelta, Utc};
use clock::Clock;
use entity::id::{MembershipId, QueueId, SessionId, UserId};
use entity::{
    CompanyScope, IdleReading, MembershipStatus, QueueRules, Reach, Role, Strategy, agent, membership, queue,
    session, user,
};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement};

use crate::ground::Ground;
use crate::{Failure, centre};

/// Calls of the company, and of each of the others.
pub const CALLS: u32 = 1_000_000;
pub const OTHERS: u32 = 99;
const THEIR_CALLS: u32 = 2_000;
/// Over so many days before now.
pub const DAYS: i64 = 140;
/// Days of the report.
pub const REPORTED: i64 = 30;
pub const QUEUES: usize = 10;
pub const AGENTS: usize = 50;
/// Hours of a working day, from eight o'clock UTC.
const HOURS: i64 = 12;

pub struct Past {
    pub scope: CompanyScope,
    pub user: UserId,
    pub membership: MembershipId,
    pub session: SessionId,
    pub now: DateTime<Utc>,
}

impl Past {
    /// # Errors
    /// When the database refuses.
    pub async fn write(ground: &Ground) -> Result<Self, Failure> {
        let now = Clock::machine().now();
        // An agent is as old as his id.
        let ids = Ids::new(Clock::simulated(now - TimeDelta::days(DAYS)));
        let tx = ground.db.begin().await?;
        let mut others = Vec::new();
        for _ in 0..OTHERS {
            others.push(centre::company(&tx, &ids, now).await?);
        }
        let scope = centre::company(&tx, &ids, now).await?;
        let past = owner(&tx, &ids, scope, now).await?;
        people(&tx, &ids, scope, now).await?;
        tx.commit().await?;
        let sql = Sql { backend: ground.db.backend() };
        // SQLite looks references up unless it is told before a transaction begins.
        if sql.backend == DbBackend::Sqlite {
            ground.db.writer().execute_unprepared("PRAGMA foreign_keys = OFF").await?;
        }
        let tx = ground.db.begin().await?;
        if sql.backend == DbBackend::Postgres {
            for setting in ["session_replication_role = replica", "maintenance_work_mem = '256MB'"] {
                tx.execute_unprepared(&format!("SET LOCAL {setting}")).await?;
            }
        }
        let indexes = indexes(&tx, sql.backend).await?;
        for index in &indexes {
            tx.execute_unprepared(&format!("DROP INDEX {}", index.name)).await?;
        }
        tx.execute_unprepared(&sql.calls(scope, CALLS, now)).await?;
        for other in others {
            tx.execute_unprepared(&sql.calls(other, THEIR_CALLS, now)).await?;
        }
        for statement in sql.rollups(scope, now) {
            tx.execute_unprepared(&statement).await?;
        }
        for index in &indexes {
            tx.execute_unprepared(&index.definition).await?;
        }
        tx.commit().await?;
        let db = ground.db.writer();
        match sql.backend {
            DbBackend::Postgres => db.execute_unprepared("VACUUM ANALYZE").await?,
            _ => db.execute_unprepared("PRAGMA foreign_keys = ON").await?,
        };
        Ok(past)
    }
}

/// An index of calls that no key needs.
#[derive(FromQueryResult)]
struct Index {
    name: String,
    definition: String,
}

async fn indexes(tx: &Tx, backend: DbBackend) -> Result<Vec<Index>, DbErr> {
    let named = match backend {
        DbBackend::Postgres => {
            "SELECT indexname AS name, indexdef AS definition FROM pg_indexes WHERE schemaname = 'public' \
             AND tablename = 'call' AND indexname NOT IN (SELECT conname FROM pg_constraint)"
        }
        _ => {
            "SELECT name, sql AS definition FROM sqlite_master WHERE type = 'index' AND tbl_name = 'call' \
             AND sql IS NOT NULL"
        }
    };
    Index::find_by_statement(Statement::from_string(backend, named)).all(tx).await
}

async fn owner(tx: &Tx, ids: &Ids, scope: CompanyScope, now: DateTime<Utc>) -> Result<Past, DbErr> {
    let email = Some("owner@load.test".to_owned());
    let row = user::Model::begun(ids.next(), "Owner".to_owned(), email, now);
    let user = row.id;
    users::insert_unless_known(tx, row).await?;
    let member = member(ids, scope, user, Role::Owner, now);
    let membership = member.id;
    system::insert_membership(tx, member).await?;
    let row = session::Model {
        id: ids.next(),
        user_id: user,
        membership_id: Some(membership),
        created_at: now,
        refreshed_at: now,
        expires_at: now + TimeDelta::days(7),
        revoked_at: None,
        revoked_because: None,
    };
    let session = row.id;
    calldocker::store::sessions::insert(tx, row).await?;
    Ok(Past { scope, user, membership, session, now })
}

fn member(
    ids: &Ids,
    scope: CompanyScope,
    user_id: UserId,
    role: Role,
    now: DateTime<Utc>,
) -> membership::Model {
    let (id, company_id, status) = (ids.next(), scope.company(), MembershipStatus::Active);
    membership::Model { id, company_id, user_id, role, status, created_at: now }
}

/// Queues, and agents with the same shift each day.
async fn people(tx: &Tx, ids: &Ids, scope: CompanyScope, now: DateTime<Utc>) -> Result<(), DbErr> {
    let company_id = scope.company();
    for number in 0..QUEUES {
        let id: QueueId = ids.next();
        let row = queue::Model {
            id,
            company_id,
            name: format!("Queue {number}"),
            strategy: Strategy::LongestIdle,
            idle_reading: IdleReading::SinceLastCall,
            ring_seconds: 20,
            wrap_up_seconds: 30,
            decline_cool_off_seconds: 60,
            hold_music_url: None,
            rules: QueueRules::default(),
            hold_reminder_seconds: 60,
            hold_limit_seconds: 300,
            created_at: now,
            deleted_at: None,
        };
        scope.insert::<queue::Entity, _>(tx, row).await?;
    }
    for number in 0..AGENTS {
        let email = Some(format!("agent{number}@load.test"));
        let row = user::Model::begun(ids.next(), format!("Agent {number}"), email, now);
        let member = member(ids, scope, row.id, Role::Agent, now);
        users::insert_unless_known(tx, row.clone()).await?;
        let row = agent::Model {
            reach: Reach::Number,
            number: Some(format!("+1202556{number:04}")),
            ..agent::Model::begun(ids.next(), company_id, member.id, row.name, now)
        };
        system::insert_membership(tx, member).await?;
        scope.insert::<agent::Entity, _>(tx, row).await?;
    }
    Ok(())
}

/// Counters of a quarter: of a queue, of an agent in a queue, and of his time by the clock.
const OF_QUEUE: &str = r#"{"queued":8,"answered":7,"abandoned":1,"answered_wait_ms":61000,"abandoned_wait_ms":24000,"handled":7,"contact_ms":1290000,"hold_ms":64000,"held":2,"wrap_up_ms":190000,"wrapped_up":7,"transferred":1,"surveys":2,"score_sum":9,"satisfied":2,"longest_wait_ms":31000,"answered_waits":{"2":1,"4":2,"9":2,"14":1,"31":1},"abandoned_waits":{"24":1}}"#;
const OF_COMPANY: &str =
    r#"{"calls":80,"inbound":78,"outbound":2,"calls_answered":70,"calls_abandoned":10,"call_ms":14100000}"#;
const OF_AGENT: &str = r#"{"handled":3,"contact_ms":540000,"hold_ms":20000,"held":1,"wrap_up_ms":80000,"wrapped_up":3,"offered":4,"accepted":3,"not_answered":1}"#;
const OF_CLOCK: &str = r#"{"on_contact_ms":540000,"in_wrap_up_ms":80000,"ringing_ms":21000,"clock":[[1000,6000],[6000,190000],[190000,215000],[300000,308000],[308000,490000],[490000,520000],[600000,608000],[608000,782000],[782000,807000]]}"#;

struct Sql {
    backend: DbBackend,
}

impl Sql {
    fn is_postgres(&self) -> bool {
        self.backend == DbBackend::Postgres
    }

    fn id(&self, scope: CompanyScope) -> String {
        let company = scope.company();
        if self.is_postgres() { format!("'{company}'") } else { format!("X'{}'", company.0.simple()) }
    }

    /// So many seconds after `from`.
    fn at(&self, from: DateTime<Utc>, seconds: &str) -> String {
        if self.is_postgres() {
            return format!("'{}'::timestamptz + interval '1 second' * ({seconds})", from.to_rfc3339());
        }
        let from = from.format("%Y-%m-%dT%H:%M:%S");
        format!("strftime('%Y-%m-%dT%H:%M:%S', '{from}', '+' || ({seconds}) || ' seconds') || '+00:00'")
    }

    /// `n` from 0 to `count`, which is not in it.
    fn numbers(&self, name: &str, count: i64) -> String {
        if self.is_postgres() {
            return format!("generate_series(0::bigint, {count} - 1) {name}(n)");
        }
        format!(
            "(WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n < {count} - 1) SELECT n FROM s) {name}"
        )
    }

    /// Spread evenly; ids are in the order of time, as the server's are.
    fn calls(&self, scope: CompanyScope, count: u32, now: DateTime<Utc>) -> String {
        let company = self.id(scope);
        let from = now - TimeDelta::days(DAYS);
        let second = |more: i64| self.at(from, &format!("c.n * {} / {count} + {more}", DAYS * 86_400));
        let (id, text) = if self.is_postgres() {
            let id = "(lpad(to_hex(c.n + 1760000000000), 12, '0') || '7' || substr(md5(c.n || k.id::text), 1, 19))::uuid";
            (id, "k.id::text || c.n")
        } else {
            (
                "CAST(unhex(printf('%012x7', c.n + 1760000000000) || substr(lower(hex(randomblob(10))), 1, 19)) AS blob)",
                "hex(k.id) || c.n",
            )
        };
        format!(
            "INSERT INTO call (id, company_id, kind, status, outcome, from_address, to_address, caller_name, account_sid, \
             provider_sid, session, session_version, event_seq, last_event_at, queue_id, agent_id, notes, started_at, \
             answered_at, ended_at, ended_by, reported_at) \
             SELECT {id}, k.id, CASE WHEN c.n % 20 = 0 THEN 'outbound' ELSE 'inbound' END, 'completed', \
             CASE WHEN c.n % 9 = 0 THEN 'abandoned' ELSE 'answered' END, \
             '+1555' || (1000000 + c.n * 7919 % 50000), '+15550199', 'Caller ' || (c.n % 50000), 'AC', 'CA' || {text}, \
             {session}, 3, 12, {ended}, q.id, a.id, CASE WHEN c.n % 4 = 0 THEN 'Asked for \"help\", twice' END, \
             {started}, {started}, {ended}, 'caller', {ended} \
             FROM company k CROSS JOIN {numbers} \
             LEFT JOIN (SELECT id, company_id, row_number() OVER (PARTITION BY company_id ORDER BY id) - 1 AS place FROM queue) q \
             ON q.company_id = k.id AND q.place = c.n % {QUEUES} \
             LEFT JOIN (SELECT id, company_id, row_number() OVER (PARTITION BY company_id ORDER BY id) - 1 AS place FROM agent) a \
             ON a.company_id = k.id AND a.place = c.n % {AGENTS} \
             WHERE k.id = {company}",
            session = if self.is_postgres() {
                "'{\"node\": \"sales\", \"variables\": {\"language\": \"en\", \"choice\": \"2\"}}'::jsonb"
            } else {
                "'{\"node\":\"sales\",\"variables\":{\"language\":\"en\",\"choice\":\"2\"}}'"
            },
            ended = second(185),
            started = second(0),
            numbers = self.numbers("c", count.into()),
        )
    }

    /// Counters of the last days, and the agents' states in them.
    fn rollups(&self, scope: CompanyScope, now: DateTime<Utc>) -> Vec<String> {
        let company = self.id(scope);
        let today = now.timestamp().div_euclid(86_400);
        let json = |text: &str| {
            if self.is_postgres() { format!("'{text}'::jsonb") } else { format!("'{text}'") }
        };
        // Quarters of working days, up to yesterday.
        let quarter = format!("(({today} - {REPORTED} + d.n) * 96 + 32 + w.n)");
        let quarters = format!("{} CROSS JOIN {}", self.numbers("d", REPORTED), self.numbers("w", HOURS * 4));
        let nil =
            if self.is_postgres() { format!("'{}'::uuid", uuid_nil()) } else { "zeroblob(16)".to_owned() };
        let into = "(company_id, attribution, quarter";
        let of = |select: &str, from: &str, counters: &str| {
            format!(
                "SELECT {company}, 'activity_driven', {quarter}, {select}, {} FROM {quarters}{from}",
                json(counters)
            )
        };
        let queues = format!(" CROSS JOIN queue q WHERE q.company_id = {company}");
        let agents = format!(" CROSS JOIN agent a WHERE a.company_id = {company}");
        let queue = format!(
            "(SELECT min(id{text}){back} FROM queue WHERE company_id = {company})",
            text = if self.is_postgres() { "::text" } else { "" },
            back = if self.is_postgres() { "::uuid" } else { "" }
        );
        let state = |before: &str, after: &str, hour: i64| {
            let axes = |availability: &str| {
                json(&format!(r#"{{"availability":"{availability}","notResponding":false}}"#))
            };
            let midnight = DateTime::from_timestamp((today - REPORTED) * 86_400, 0).unwrap_or_default();
            let at = self.at(midnight, &format!("d.n * 86400 + {hour} * 3600"));
            let id = if self.is_postgres() { "gen_random_uuid()" } else { "randomblob(16)" };
            format!(
                "INSERT INTO agent_change (id, company_id, agent_id, because, before, after, at) \
                 SELECT {id}, {company}, a.id, 'agent', {}, {}, {at} FROM {} CROSS JOIN agent a WHERE a.company_id = {company}",
                axes(before),
                axes(after),
                self.numbers("d", REPORTED)
            )
        };
        vec![
            format!("INSERT INTO report_queue {into}, queue_id, counters) {}", of(&nil, "", OF_COMPANY)),
            format!("INSERT INTO report_queue {into}, queue_id, counters) {}", of("q.id", &queues, OF_QUEUE)),
            format!(
                "INSERT INTO report_agent {into}, agent_id, queue_id, counters) {}",
                of(&format!("a.id, {nil}"), &agents, OF_CLOCK)
            ),
            format!(
                "INSERT INTO report_agent {into}, agent_id, queue_id, counters) {}",
                of(&format!("a.id, {queue}"), &agents, OF_AGENT)
            ),
            state("offline", "available", 8),
            state("available", "break", 12),
            state("break", "available", 13),
            state("available", "away", 16),
            state("away", "available", 17),
            state("available", "offline", 20),
            format!(
                "INSERT INTO report_state (company_id, version, updated_at) VALUES ({company}, 1, {})",
                self.at(now, "0")
            ),
        ]
    }
}

fn uuid_nil() -> &'static str {
    "00000000-0000-0000-0000-000000000000"
}
