//! Every query. The first argument is the company's scope; [`system`] alone may look across companies.

use std::time::Duration;

use sea_orm::sea_query::{Func, SimpleExpr};
use sea_orm::{
    ColumnTrait, ConnectOptions, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};

use crate::config::{Settings, SqliteSynchronous};
use crate::metrics::Pool;

pub mod agent_work;
pub mod agents;
pub mod api_keys;
pub mod audits;
pub mod avatars;
pub mod buckets;
pub mod call_lists;
pub mod call_marks;
pub mod callbacks;
pub mod calls;
pub mod calls_counted;
pub mod chat_apps;
pub mod chat_devices;
pub mod chat_messages;
pub mod chat_receipts;
pub mod chats;
pub mod companies;
pub mod contact_fields;
pub mod contact_imports;
pub mod contact_search;
pub mod contact_timeline;
pub mod contacts;
pub mod datasets;
pub mod dispositions;
pub mod exports;
pub mod flow_imports;
pub mod flow_tests;
pub mod flows;
pub mod hooks;
pub mod idempotency;
pub mod insights;
pub mod invitations;
pub mod jobs;
pub mod kept_answers;
pub mod live;
pub mod mails;
pub mod media;
pub mod messages;
pub mod one_each;
pub mod opt_outs;
pub mod outbound;
pub mod outbox;
pub mod password_links;
pub mod past_calls;
pub mod peer_calls;
pub mod people;
pub mod persons;
pub mod phone_codes;
pub mod phone_messages;
pub mod phone_numbers;
pub mod presences;
pub mod privacy_requests;
pub mod prompts;
pub mod push_devices;
pub mod push_services;
pub mod queueing;
pub mod queues;
pub mod recordings;
pub mod registrations;
pub mod report_schedules;
pub mod reports;
pub mod requests;
pub mod schedules;
pub mod second_factors;
pub mod secrets;
pub mod sessions;
pub mod side_sessions;
pub mod skills;
pub mod smtp_servers;
pub mod stories;
pub mod story_highlights;
pub mod story_views;
pub mod surveys;
pub mod system;
pub mod turns;
pub mod unit;
pub mod users;
pub mod voicemails;
pub mod webhooks;
pub mod workforce;

pub use unit::{Audience, Fact, Unit};

/// A writing transaction.
pub type Tx = DatabaseTransaction;

/// A column so that no index has it: SQLite would rather read all rows of a company in the order of an index than sort a few.
fn unindexed(column: impl ColumnTrait) -> SimpleExpr {
    Func::coalesce([column.into_expr(), column.into_expr()]).into()
}

/// The database: one connection that writes and several that read on SQLite, one pool for both on PostgreSQL.
///
/// SQLite has one writer at a time. A pool of one connection queues writers fairly in the order in which they came;
/// left to SQLite's own busy handler they would sleep and try again, and some would wait very long.
#[derive(Clone)]
pub struct Database {
    reader: DatabaseConnection,
    writer: DatabaseConnection,
    exporter: DatabaseConnection,
}

impl Database {
    pub async fn connect(settings: &Settings) -> Result<Self, DbErr> {
        let url = settings.database_url.expose();
        if url.starts_with("sqlite:") {
            let writer = sea_orm::Database::connect(sqlite(settings, 1)).await?;
            let reader = sea_orm::Database::connect(sqlite(settings, 4)).await?;
            let exporter = sea_orm::Database::connect(exporter(sqlite(settings, 1), settings)).await?;
            Ok(Self { reader, writer, exporter })
        } else {
            let mut options = ConnectOptions::new(url);
            options
                .sqlx_logging(false)
                .min_connections(1)
                .max_connections(settings.database_pool)
                .acquire_timeout(Duration::from_secs(10));
            let exporter = sea_orm::Database::connect(exporter(options.clone(), settings)).await?;
            let pool = sea_orm::Database::connect(options).await?;
            Ok(Self { reader: pool.clone(), writer: pool, exporter })
        }
    }

    /// Begins a writing transaction. Never call it while holding one: on SQLite the second waits for the first.
    pub async fn begin(&self) -> Result<Tx, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        self.writer.begin_with_options(options).await
    }

    /// For reading only.
    pub fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// For reading what is exported, and nothing else: it has few connections, and keeps each for long.
    pub fn exporter(&self) -> &DatabaseConnection {
        &self.exporter
    }

    /// Tells of each statement that has run, with its values.
    #[must_use]
    pub fn watched(mut self, tell: impl Fn(&Statement) + Clone + Send + Sync + 'static) -> Self {
        for pool in [&mut self.reader, &mut self.writer, &mut self.exporter] {
            let tell = tell.clone();
            pool.set_metric_callback(move |info| tell(info.statement));
        }
        self
    }

    pub fn backend(&self) -> DbBackend {
        self.reader.get_database_backend()
    }

    /// How many connections there are, and are idle.
    pub fn pools(&self) -> Vec<Pool> {
        match self.backend() {
            DbBackend::Postgres => {
                let pool = self.reader.get_postgres_connection_pool();
                vec![Pool { name: "both", open: pool.size(), idle: pool.num_idle() }]
            }
            _ => {
                let sqlite = |name, db: &DatabaseConnection| {
                    let pool = db.get_sqlite_connection_pool();
                    Pool { name, open: pool.size(), idle: pool.num_idle() }
                };
                vec![sqlite("reader", &self.reader), sqlite("writer", &self.writer)]
            }
        }
    }

    /// The writer outside a transaction: for migrations.
    pub fn writer(&self) -> &DatabaseConnection {
        &self.writer
    }

    pub async fn close(self) -> Result<(), DbErr> {
        self.exporter.close().await?;
        self.reader.close().await?;
        self.writer.close().await
    }
}

/// Connections that are made when they are needed, and kept for a short while. One a place, and one to count by.
fn exporter(mut options: ConnectOptions, settings: &Settings) -> ConnectOptions {
    options
        .connect_lazy(true)
        .min_connections(0)
        .max_connections(settings.exports.pool + 1)
        .idle_timeout(Duration::from_secs(60));
    options
}

fn sqlite(settings: &Settings, connections: u32) -> ConnectOptions {
    use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous as Synchronous};
    let synchronous = match settings.sqlite_synchronous {
        SqliteSynchronous::Full => Synchronous::Full,
        SqliteSynchronous::Normal => Synchronous::Normal,
    };
    let mut options = ConnectOptions::new(settings.database_url.expose());
    options
        .sqlx_logging(false)
        .min_connections(1)
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(10));
    options.map_sqlx_sqlite_opts(move |options| {
        options
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(synchronous)
            .busy_timeout(Duration::from_secs(10))
            .foreign_keys(true)
            .pragma("cache_size", "-8000")
            .pragma("journal_size_limit", "67108864")
    });
    options
}
