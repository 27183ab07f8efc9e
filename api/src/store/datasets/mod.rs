//! What is taken out of a company: the rows of a dataset as text, in the order of their time, however many there are.
//!
//! The rows are read by a task of their own, over connections of which there are few ([`Database::exporter`]), and wait for
//! whoever takes them: a few of them are in memory and never more. PostgreSQL writes the lines itself ([`copy`]), for SQLite
//! they are written here ([`read`]); the two are the same, byte for byte.

mod columns;
mod copy;
mod line;
mod query;
mod read;

use bytes::{Bytes, BytesMut};
use chrono::{DateTime, Utc};
use entity::{CompanyScope, ExportDataset, ExportFormat};
use sea_orm::{ConnectionTrait, DbBackend};
use tokio::sync::mpsc;

use super::Database;
use crate::error::{Error, Result};

pub use columns::{Column, Kind, of as columns};
pub use line::cell;

/// What is gathered before it is handed on, in bytes.
const PIECE: usize = 64 << 10;
/// Pieces that wait for whoever takes them.
const AHEAD: usize = 2;

/// Which rows, and how they are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask {
    pub dataset: ExportDataset,
    pub format: ExportFormat,
    pub from: DateTime<Utc>,
    /// Not any more.
    pub to: DateTime<Utc>,
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

/// Begins to read. There is a place for it among the exporter's connections, as the caller knows.
pub fn rows(scope: CompanyScope, db: &Database, ask: Ask) -> Rows {
    let (sender, pieces) = mpsc::channel(AHEAD);
    let db = db.clone();
    tokio::spawn(async move {
        let mut sink = Sink { sender, text: BytesMut::with_capacity(PIECE + PIECE / 4), rows: 0 };
        let read = match db.backend() {
            DbBackend::Postgres => copy::read(scope, db.exporter(), ask, &mut sink).await,
            _ => read::read(scope, db.exporter(), ask, &mut sink).await,
        };
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

/// How many rows there are now.
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
enum Taken {
    All,
    Gone,
}

/// Where lines are gathered and handed on.
struct Sink {
    sender: mpsc::Sender<Told>,
    text: BytesMut,
    rows: u64,
}

impl Sink {
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
