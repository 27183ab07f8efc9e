//! PostgreSQL: `COPY (SELECT …) TO STDOUT`. The lines are written by the database, formulas defused there too; here they
//! get the ends that RFC 4180 wants.
//!
//! COPY takes no parameters. What is put into its text is the company's id and two moments, which were never text.

use bytes::BufMut;
use entity::{CompanyScope, ExportFormat};
use futures_util::TryStreamExt;
use sea_orm::{DatabaseConnection, DbBackend};

use super::{Ask, Sink, Table, Taken, query};
use crate::error::{Error, Result};

/// The text of the query that gives the lines.
fn statement(scope: CompanyScope, table: Table, ask: Ask) -> String {
    let rows = query::statement(scope, DbBackend::Postgres, table, ask).to_string();
    match ask.format {
        ExportFormat::Csv => format!("COPY ({rows}) TO STDOUT (FORMAT csv)"),
        // JSON has neither sign in it, so nothing is ever quoted: a line is a value as it is.
        ExportFormat::Ndjson => format!(
            "COPY (SELECT row_to_json(t) FROM ({rows}) t) TO STDOUT (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')"
        ),
    }
}

/// A message of the server's is one row (protocol 3.0, CopyData), with a line feed at its end.
pub async fn read(
    scope: CompanyScope,
    db: &DatabaseConnection,
    table: Table,
    ask: Ask,
    sink: &mut Sink,
) -> Result<Taken> {
    let failed = |cause| Error::internal("copy rows out", cause);
    let end: &[u8] = match ask.format {
        ExportFormat::Csv => b"\r\n",
        ExportFormat::Ndjson => b"\n",
    };
    let mut connection = db.get_postgres_connection_pool().acquire().await.map_err(failed)?;
    // Whatever was not read would have to be, before anybody else could use it. It is taken back at the end.
    let taken = {
        let mut lines = connection.copy_out_raw(&statement(scope, table, ask)).await.map_err(failed)?;
        loop {
            let line = tokio::select! {
                line = lines.try_next() => line.map_err(failed)?,
                () = sink.sender.closed() => break Taken::Gone,
            };
            let Some(line) = line else { break Taken::All };
            sink.text.put_slice(line.strip_suffix(b"\n").unwrap_or(&line));
            sink.text.put_slice(end);
            if sink.line().await == Taken::Gone {
                break Taken::Gone;
            }
        }
    };
    if taken == Taken::Gone {
        connection.close_on_drop();
    }
    Ok(taken)
}
