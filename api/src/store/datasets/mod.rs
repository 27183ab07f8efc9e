//! What is taken out of a company: the rows of a dataset as text, in the order of their time, however many there are.
//!
//! The rows are read by a task of their own, over connections of which there are few ([`Database::exporter`]), and wait for
//! whoever takes them: a few of them are in memory and never more. PostgreSQL writes the lines of tables itself ([`copy`]), for
//! SQLite they are written here ([`read`]); the two are the same, byte for byte. Lines that no table has are written by who
//! makes them ([`written`], [`line::row`]).

mod columns;
mod copy;
mod line;
mod query;
mod read;

use ::reports::{Interval, Length, Quarter};
use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use entity::{Attribution, CompanyScope, ExportDataset, ExportFormat};
use futures_util::Stream;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryOrder, QuerySelect};
use tokio::sync::mpsc;

use super::Database;
use super::reports::QueueRow;
use crate::error::{Error, Result};

pub use columns::{Column, INTERVALS, Kind, of as columns};
pub use line::{cell, is_formula, json as json_value, row as write_row};
pub use query::statement;

/// What is gathered before it is handed on, in bytes.
const PIECE: usize = 64 << 10;
/// Pieces that wait for whoever takes them.
const AHEAD: usize = 2;

/// Which rows, and how they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    pub what: What,
    pub format: ExportFormat,
    pub from: DateTime<Utc>,
    /// Not any more.
    pub to: DateTime<Utc>,
}

impl Ask {
    /// In whole quarters: a moment within one stands for all of it.
    pub fn quarters(&self) -> Interval {
        Interval { first: Quarter::of(self.from), end: Quarter::at_or_after(self.to) }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Rows(Table),
    Intervals(Intervals),
}

/// Datasets that are rows of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    Calls,
    Agents,
    Events,
}

/// Which intervals, by whose clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intervals {
    pub length: Length,
    pub zone: Tz,
    pub attribution: Attribution,
}

impl What {
    pub fn dataset(self) -> ExportDataset {
        match self {
            Self::Rows(table) => table.dataset(),
            Self::Intervals(_) => ExportDataset::Intervals,
        }
    }
}

impl Table {
    pub fn dataset(self) -> ExportDataset {
        match self {
            Self::Calls => ExportDataset::Calls,
            Self::Agents => ExportDataset::Agents,
            Self::Events => ExportDataset::Events,
        }
    }
}

/// Whole lines.
#[derive(Clone, Debug, Default)]
pub struct Piece {
    pub text: Bytes,
    pub rows: u64,
}

/// The rows as they come. Dropped, nobody reads on.
pub struct Rows {
    pieces: mpsc::Receiver<Told>,
    ended: bool,
}

/// The end is told, so that one that is missing is never taken for it.
enum Told {
    Piece(Piece),
    Failed(Error),
    End,
}

impl Rows {
    /// The next lines; `None` behind the last ones.
    pub async fn next(&mut self) -> Result<Option<Piece>> {
        if self.ended {
            return Ok(None);
        }
        match self.pieces.recv().await {
            Some(Told::Piece(piece)) => Ok(Some(piece)),
            Some(Told::Failed(error)) => Err(error),
            Some(Told::End) => {
                self.ended = true;
                Ok(None)
            }
            None => Err(Error::internal("export rows", "whoever reads them has gone")),
        }
    }
}

/// Begins to read a table. There is a place for it among the exporter's connections, as the caller knows.
pub fn rows(scope: CompanyScope, db: &Database, table: Table, ask: Ask) -> Rows {
    let db = db.clone();
    written(|mut sink| async move {
        let read = match db.backend() {
            DbBackend::Postgres => copy::read(scope, db.exporter(), table, ask, &mut sink).await,
            _ => read::read(scope, db.exporter(), table, ask, &mut sink).await,
        };
        (sink, read)
    })
}

/// Lines as `write` puts them into the sink, which it gives back.
pub fn written<F: Future<Output = (Sink, Result<Taken>)> + Send + 'static>(
    write: impl FnOnce(Sink) -> F,
) -> Rows {
    let (sender, pieces) = mpsc::channel(AHEAD);
    let writing = write(Sink { sender, text: BytesMut::with_capacity(PIECE + PIECE / 4), rows: 0 });
    tokio::spawn(async move {
        let (mut sink, read) = writing.await;
        let end = match read {
            Ok(Taken::All) => match sink.hand_on().await {
                Taken::All => Told::End,
                Taken::Gone => return,
            },
            Ok(Taken::Gone) => return,
            Err(error) => Told::Failed(error),
        };
        // Whoever has gone meanwhile does not need to know.
        let _ = sink.sender.send(end).await;
    });
    Rows { pieces, ended: false }
}

/// Counters of queues in these quarters, in their order, as they come.
pub async fn counters(
    scope: CompanyScope,
    db: &Database,
    attribution: Attribution,
    quarters: Interval,
) -> Result<impl Stream<Item = Result<QueueRow, DbErr>> + Send + '_> {
    use entity::report_queue::Column as R;
    let rows = query::counters(scope, attribution, quarters)
        .order_by_asc(R::Quarter)
        .order_by_asc(R::QueueId)
        .select_only()
        .columns([R::Quarter, R::QueueId, R::Counters]);
    Ok(rows.into_model::<QueueRow>().stream(db.exporter()).await?)
}

/// How many rows there are now; of intervals about so many.
pub async fn count(scope: CompanyScope, db: &Database, ask: Ask) -> Result<u64> {
    let row = db.exporter().query_one(&query::count(scope, ask)).await?;
    let count: i64 = row.map(|row| row.try_get("", "count")).transpose()?.unwrap_or_default();
    Ok(u64::try_from(count).unwrap_or_default())
}

/// The first line; NDJSON has none.
pub fn header(dataset: ExportDataset, format: ExportFormat) -> String {
    let names: Vec<_> = columns(dataset).iter().map(|column| column.name).collect();
    match format {
        ExportFormat::Csv => names.join(",") + "\r\n",
        ExportFormat::Ndjson => String::new(),
    }
}

/// Whether somebody still takes the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Taken {
    All,
    Gone,
}

/// Where lines are gathered and handed on.
pub struct Sink {
    sender: mpsc::Sender<Told>,
    text: BytesMut,
    rows: u64,
}

impl Sink {
    /// Puts a whole line in.
    pub async fn put(&mut self, line: &[u8]) -> Taken {
        self.text.extend_from_slice(line);
        self.line().await
    }

    /// A line is complete: what was gathered is handed on when it is enough.
    async fn line(&mut self) -> Taken {
        self.rows += 1;
        if self.text.len() < PIECE { Taken::All } else { self.hand_on().await }
    }

    async fn hand_on(&mut self) -> Taken {
        let piece = Piece { text: self.text.split().freeze(), rows: std::mem::take(&mut self.rows) };
        if piece.text.is_empty() {
            return Taken::All;
        }
        self.text.reserve(PIECE + PIECE / 4);
        match self.sender.send(Told::Piece(piece)).await {
            Ok(()) => Taken::All,
            Err(_) => Taken::Gone,
        }
    }
}
