//! Contacts as CSV or NDJSON, by the filters of the list. They are read a part at a time, each by a query of its own that begins
//! behind the last contact: a slow reader holds nothing but his connection. What is made or renamed meanwhile may be missing.
//! What comes out goes in again as an import.

use bytes::Bytes;
use chrono::SecondsFormat;
use entity::id::UserId;
use entity::{CompanyScope, ExportFormat};
use futures_util::{StreamExt, stream};
use serde_json::json;

use super::{Contact, Search, custom_of, tags_of};
use crate::app::App;
use crate::error::{Error, Result};
use crate::identity::audit;
use crate::storage::Pieces;
use crate::store::Unit;
use crate::store::contact_search::{self, Ask, Position};
use crate::store::datasets::{Kind, cell, json_value};

/// Contacts that are read at once.
const AT_ONCE: u64 = 500;
/// In their order; a column is never renamed or moved, new ones go to the end.
const COLUMNS: [(&str, Kind); 14] = [
    ("contactId", Kind::Id),
    ("number", Kind::Address),
    ("otherNumbers", Kind::Json),
    ("name", Kind::Text),
    ("email", Kind::Text),
    ("language", Kind::Text),
    ("company", Kind::Text),
    ("notes", Kind::Text),
    ("tags", Kind::Json),
    ("custom", Kind::Json),
    ("blocked", Kind::Json),
    ("lastContactAt", Kind::Time),
    ("createdAt", Kind::Time),
    ("updatedAt", Kind::Time),
];

/// Begins an export for `user`, which is noted first.
pub async fn begin(
    app: &App,
    scope: CompanyScope,
    user: UserId,
    search: Search,
    format: ExportFormat,
) -> Result<Pieces> {
    let unit = Unit::begin(app, scope).await?;
    let detail = json!({"dataset": "contacts", "format": format, "search": search.text, "tag": search.tag});
    audit::note(app, scope, unit.tx(), user, "export:stream", detail).await?;
    unit.commit().await?;
    let head = match format {
        ExportFormat::Csv => Some(COLUMNS.map(|(name, _)| name).join(",") + "\r\n"),
        ExportFormat::Ndjson => None,
    };
    let head = stream::iter(head.map(|head| Ok::<_, std::io::Error>(Bytes::from(head))));
    let from = Some((app.clone(), search.read(), None::<Position>));
    let rows = stream::try_unfold(from, move |at| async move {
        let Some((app, Some(ask), after)) = at else { return Ok(None) };
        part(app, scope, ask, after, format).await.map_err(broken)
    });
    Ok(head.chain(rows).boxed())
}

/// The answer breaks off; the log says why.
fn broken(error: Error) -> std::io::Error {
    tracing::error!(?error, "an export of contacts breaks off");
    std::io::Error::other("an export of contacts breaks off")
}

type At = Option<(App, Option<Ask>, Option<Position>)>;

async fn part(
    app: App,
    scope: CompanyScope,
    ask: Ask,
    after: Option<Position>,
    format: ExportFormat,
) -> Result<Option<(Bytes, At)>> {
    let db = app.db.reader();
    let few = contact_search::few(scope, db, &ask.terms).await?;
    let rows = contact_search::list(scope, db, &ask, few.as_ref(), after.as_ref(), (0, AT_ONCE)).await?;
    let Some(last) = rows.last() else { return Ok(None) };
    let after = Position::of(&last.row, ask.order);
    let mut text = Vec::new();
    rows.iter().for_each(|contact| line(&mut text, contact, format));
    let is_end = u64::try_from(rows.len()).is_ok_and(|count| count < AT_ONCE);
    let next = (!is_end).then_some((app, Some(ask), Some(after)));
    Ok(Some((text.into(), next)))
}

fn line(text: &mut Vec<u8>, contact: &Contact, format: ExportFormat) {
    let row = &contact.row;
    let time = |at: chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
    let met = Some(row.last_contact_at).filter(|at| at.timestamp() > 0);
    let values = [
        Some(row.id.to_string()),
        Some(row.number.clone()),
        Some(json!(contact.others).to_string()),
        row.name.clone(),
        row.email.clone(),
        row.language.clone(),
        row.company_name.clone(),
        row.notes.clone(),
        Some(json!(tags_of(row)).to_string()),
        Some(json!(custom_of(row)).to_string()),
        Some(row.blocked.to_string()),
        met.map(time),
        Some(time(row.created_at)),
        Some(time(row.updated_at)),
    ];
    for (place, ((name, kind), value)) in COLUMNS.iter().zip(&values).enumerate() {
        match format {
            ExportFormat::Csv => {
                text.extend((place > 0).then_some(b','));
                cell(text, *kind, value.as_deref());
            }
            ExportFormat::Ndjson => {
                text.extend_from_slice(if place > 0 { b",\"" } else { b"{\"" });
                text.extend_from_slice(name.as_bytes());
                text.extend_from_slice(b"\":");
                json_value(text, *kind, value.as_deref());
            }
        }
    }
    text.extend_from_slice(match format {
        ExportFormat::Csv => b"\r\n",
        ExportFormat::Ndjson => b"}\n",
    });
}
