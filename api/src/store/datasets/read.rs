//! SQLite: the rows are read as they are kept, and the lines written here.

use chrono::{DateTime, SecondsFormat, Utc};
use entity::{CompanyScope, ExportFormat};
use futures_util::TryStreamExt;
use sea_orm::sqlx::sqlite::{SqliteRow, SqliteValueRef};
use sea_orm::sqlx::{Decode, Row, Sqlite, ValueRef};
use sea_orm::{DatabaseConnection, DbBackend, StreamTrait};
use uuid::Uuid;

use super::columns::{self, Column, Kind};
use super::{Ask, Sink, Table, Taken, line, query};
use crate::error::{Error, Result};

pub async fn read(
    scope: CompanyScope,
    db: &DatabaseConnection,
    table: Table,
    ask: Ask,
    sink: &mut Sink,
) -> Result<Taken> {
    let statement = query::statement(scope, DbBackend::Sqlite, table, ask);
    let columns = columns::of(table.dataset());
    let mut rows = db.stream_raw(statement).await?;
    let mut text = Vec::with_capacity(1024);
    while let Some(row) = rows.try_next().await? {
        let row = row.try_as_sqlite_row().ok_or_else(|| Error::internal("read rows", "not SQLite's"))?;
        text.clear();
        match ask.format {
            ExportFormat::Csv => csv(&mut text, columns, row),
            ExportFormat::Ndjson => ndjson(&mut text, columns, row),
        }
        .map_err(|cause| Error::internal("write a row", cause))?;
        if sink.put(&text).await == Taken::Gone {
            return Ok(Taken::Gone);
        }
    }
    Ok(Taken::All)
}

type Written = Result<(), Box<dyn std::error::Error + Send + Sync>>;

fn csv(text: &mut Vec<u8>, columns: &[Column], row: &SqliteRow) -> Written {
    for (place, column) in columns.iter().enumerate() {
        if place > 0 {
            text.push(b',');
        }
        with_value(row, place, column.kind, |value| line::cell(text, column.kind, value))?;
    }
    text.extend_from_slice(b"\r\n");
    Ok(())
}

fn ndjson(text: &mut Vec<u8>, columns: &[Column], row: &SqliteRow) -> Written {
    for (place, column) in columns.iter().enumerate() {
        text.extend_from_slice(if place > 0 { b",\"" } else { b"{\"" });
        text.extend_from_slice(column.name.as_bytes());
        text.extend_from_slice(b"\":");
        with_value(row, place, column.kind, |value| line::json(text, column.kind, value))?;
    }
    text.extend_from_slice(b"}\n");
    Ok(())
}

/// Ids are kept as bytes, times as RFC 3339 with as many digits as they need.
fn with_value(row: &SqliteRow, place: usize, kind: Kind, with: impl FnOnce(Option<&str>)) -> Written {
    let value: SqliteValueRef<'_> = row.try_get_raw(place)?;
    if value.is_null() {
        with(None);
        return Ok(());
    }
    match kind {
        Kind::Id => {
            let mut text = Uuid::encode_buffer();
            let id = <Uuid as Decode<Sqlite>>::decode(value)?;
            with(Some(id.hyphenated().encode_lower(&mut text)));
        }
        Kind::Number => with(Some(&<i64 as Decode<Sqlite>>::decode(value)?.to_string())),
        Kind::Time => {
            let kept = <&str as Decode<Sqlite>>::decode(value)?;
            with(Some(&time(kept)?));
        }
        Kind::Word | Kind::Text | Kind::Address | Kind::Json => {
            with(Some(<&str as Decode<Sqlite>>::decode(value)?));
        }
    }
    Ok(())
}

/// What we write ourselves needs no reading; anything else that is a time is one too.
fn time(kept: &str) -> Result<String, chrono::ParseError> {
    let bytes = kept.as_bytes();
    let ours = kept.is_ascii() && bytes.get(10) == Some(&b'T') && kept.ends_with("+00:00");
    match kept.len() {
        25 if ours => Ok(format!("{}.000Z", &kept[..19])),
        29 if ours => Ok(format!("{}Z", &kept[..23])),
        _ => {
            let time: DateTime<Utc> = kept.parse()?;
            Ok(time.to_rfc3339_opts(SecondsFormat::Millis, true))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::time;

    #[test]
    fn times_have_milliseconds_however_they_are_kept() {
        for (kept, written) in [
            ("2026-03-02T12:00:00+00:00", "2026-03-02T12:00:00.000Z"),
            ("2026-03-02T12:00:00.120+00:00", "2026-03-02T12:00:00.120Z"),
            ("2026-03-02T12:00:00.120456+00:00", "2026-03-02T12:00:00.120Z"),
            ("2026-03-02 14:00:00+02:00", "2026-03-02T12:00:00.000Z"),
        ] {
            assert_eq!(time(kept).unwrap(), written);
        }
        assert!(time("yesterday").is_err());
    }
}
