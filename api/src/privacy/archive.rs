//! What the company holds on a person, as one archive: a file of rows for each table, his recordings as they are, and
//! `person.json`, which says what all of it is. Nothing that is a secret of the server's (hashes, sealed texts) is in it.

use std::collections::HashSet;

use bytes::Bytes;
use entity::id::{CallId, RecordingId};
use entity::{MediaState, MediaStore};
use futures_util::TryStreamExt;
use serde_json::{Map, Value, json};

use super::subject::Subject;
use super::tar;
use super::work::{self, Work};
use crate::error::{Error, Result};
use crate::files;
use crate::storage::Upload;
use crate::store::people::{self, Kind, Row, Table, Which};
use crate::store::{media, persons, recordings};

/// Rows, sounds, and the sheet that says what they are.
pub const STEPS: i32 = 3;
/// Rows that are read at once, and ids that are asked for at once.
const BATCH: u64 = 500;
const IDS: usize = 50;
/// What the server does with a line, which says nothing of a person that is not said elsewhere.
const OURS: [&str; 7] =
    ["current_twiml", "folded", "twiml", "search_text", "sort_key", "indexed_at", "plain"];
/// Rows of an agent's that are about a caller.
const ABOUT_CALLERS: [&str; 4] = ["call", "leg", "callback", "transfer"];
/// Rows that are a user's since what they belong to is: table, column, and the other table.
const HANGING_ON_HIS: [(&str, &str, &str); 2] =
    [("story_highlight_item", "highlight_id", "story_highlight"), ("story_listed", "story_id", "story")];
/// Of these, rows say of others more than of him, or only that a job is to be done.
const PLUMBING: [&str; 5] = ["contact_word", "job", "outbox", "seaql_migrations", "privacy_request"];

/// Writes the archive.
pub async fn write(work: &mut Work<'_>) -> Result<()> {
    let try_id: uuid::Uuid = work.app.ids.next();
    let key = format!("{}/privacy/{}-{}.tar", work.scope.company(), work.id, try_id.simple());
    work.row.proof["found"] = json!({});
    let mut upload = files::begin(work.app, work.scope, &key).await?;
    match fill(work, &mut upload).await {
        Ok(()) => {
            let kept = upload.finish().await?;
            work::archived(work, key, kept).await
        }
        Err(error) => {
            upload.discard().await;
            Err(error)
        }
    }
}

async fn fill(work: &mut Work<'_>, upload: &mut Upload) -> Result<()> {
    let tables = people::tables(&work.app.db).await?;
    let calls = his_calls(work).await?;
    for table in &tables {
        let rows = rows_of(work, table, &calls).await?;
        if rows.is_empty() {
            continue;
        }
        work.count("found", &table.name, rows.len() as u64);
        let text = serde_json::to_vec_pretty(&rows)
            .map_err(|cause| Error::internal("write a person's rows", cause))?;
        file(work, upload, &format!("data/{}.json", table.name), Bytes::from(text)).await?;
    }
    work.note_alone(1).await?;
    for call in &calls {
        let Ok(call) = call.parse::<CallId>() else { continue };
        for row in recordings::of_call(work.scope, work.app.db.reader(), call).await? {
            sound(work, upload, row.id).await?;
        }
    }
    if let Subject::User { user, .. } = work.subject {
        for row in media::of_users(work.scope, work.app.db.reader(), &[user]).await? {
            uploaded(work, upload, row).await?;
        }
    }
    work.note_alone(2).await?;
    let sheet = json!({
        "privacyRequestId": work.id,
        "companyId": work.scope.company(),
        "madeAt": work.app.clock.now(),
        "person": person(&work.subject),
        "files": work.row.proof["found"],
        "about": "data/ has the rows of each table in which this person is named, recordings/ what was recorded of him, media/ what he \
                  has uploaded.",
    });
    let text = serde_json::to_vec_pretty(&sheet)
        .map_err(|cause| Error::internal("write a person's sheet", cause))?;
    file(work, upload, "person.json", Bytes::from(text)).await?;
    upload.write(Bytes::from(tar::end())).await
}

fn person(subject: &Subject) -> Value {
    match subject {
        Subject::User { user, known, .. } => {
            json!({"userId": user, "names": known.names, "emails": known.emails, "numbers": known.numbers})
        }
        Subject::Caller { number, known } => {
            json!({"number": number, "otherNumbers": known.numbers, "names": known.names, "emails": known.emails})
        }
    }
}

async fn his_calls(work: &Work<'_>) -> Result<Vec<String>> {
    let mut calls = Vec::new();
    for number in work.subject.numbers() {
        let ids = persons::call_ids(work.scope, work.app.db.reader(), &number, None).await?;
        calls.extend(ids.iter().map(ToString::to_string));
    }
    Ok(calls)
}

async fn his_contacts(work: &Work<'_>) -> Result<Vec<String>> {
    let Subject::Caller { number, .. } = &work.subject else { return Ok(Vec::new()) };
    let rows = persons::contacts(work.scope, work.app.db.reader(), number).await?;
    Ok(rows.iter().map(|row| row.id.to_string()).collect())
}

/// What a table holds on him.
async fn rows_of(work: &Work<'_>, table: &Table, calls: &[String]) -> Result<Vec<Value>> {
    if PLUMBING.contains(&table.name.as_str()) {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    match &work.subject {
        Subject::Caller { .. } => {
            if !table.has("company_id") {
                return Ok(found);
            }
            let column = if table.name == "call" { "id" } else { "call_id" };
            if table.has(column) {
                for ids in calls.chunks(IDS) {
                    all(work, table, Which::Of(column, ids), &mut found).await?;
                }
            } else if table.name == "side_input" {
                for ids in calls.chunks(IDS) {
                    let which = Which::Through("side_session_id", "side_session", "call_id", ids);
                    all(work, table, which, &mut found).await?;
                }
            }
            let column = if table.name == "contact" { "id" } else { "contact_id" };
            if ["contact", "contact_number"].contains(&table.name.as_str()) {
                // By whatever of his numbers the contact is known.
                for ids in his_contacts(work).await?.chunks(IDS) {
                    all(work, table, Which::Of(column, ids), &mut found).await?;
                }
            }
            all(work, table, Which::Naming(&work.subject.terms().sure()), &mut found).await?;
        }
        Subject::User { user, membership, .. } => {
            let user = [user.to_string()];
            if !table.has("company_id") {
                let column = if table.name == "user" { "id" } else { "user_id" };
                if table.has(column) {
                    let rows = people::rows_of_user(work.app.db.reader(), table, column, &user).await?;
                    found.extend(rows.iter().map(|row| as_json(table, row)));
                }
                return Ok(found);
            }
            let membership = [membership.to_string()];
            let column = if table.name == "membership" { "id" } else { "membership_id" };
            if table.has(column) {
                all(work, table, Which::Of(column, &membership), &mut found).await?;
            }
            if table.has("user_id") {
                all(work, table, Which::Of("user_id", &user), &mut found).await?;
            }
            for (_, column, other) in HANGING_ON_HIS.iter().filter(|(name, _, _)| *name == table.name) {
                all(work, table, Which::Through(column, other, "user_id", &user), &mut found).await?;
            }
            if table.has("agent_id") && !ABOUT_CALLERS.contains(&table.name.as_str()) {
                let which = Which::Through("agent_id", "agent", "membership_id", &membership);
                all(work, table, which, &mut found).await?;
            }
            all(work, table, Which::Naming(&work.subject.terms().sure()), &mut found).await?;
        }
    }
    // A row may be his in more than one way.
    let mut seen = HashSet::new();
    found.retain(|row| seen.insert(row.to_string()));
    Ok(found)
}

async fn all(work: &Work<'_>, table: &Table, which: Which<'_>, found: &mut Vec<Value>) -> Result<()> {
    let mut offset = 0;
    loop {
        let rows = people::rows(work.scope, work.app.db.exporter(), table, which, (offset, BATCH)).await?;
        found.extend(rows.iter().map(|row| as_json(table, row)));
        offset += rows.len() as u64;
        if (rows.len() as u64) < BATCH {
            return Ok(());
        }
    }
}

/// A row as whoever it is about can read it.
fn as_json(table: &Table, row: &Row) -> Value {
    let shown = |name: &str| {
        !name.ends_with("_hash")
            && !name.ends_with("_sealed")
            && !OURS.contains(&name)
            && name != "company_id"
    };
    let fields = table.columns.iter().zip(row).filter(|(column, _)| shown(&column.name));
    let value = |kind: Kind, text: &Option<String>| match (kind, text) {
        (_, None) => Value::Null,
        (Kind::Json | Kind::Number | Kind::Boolean, Some(text)) => {
            serde_json::from_str(text).unwrap_or_else(|_| json!(text))
        }
        (Kind::Text | Kind::Id | Kind::Other, Some(text)) => json!(text),
    };
    Value::Object(
        fields.map(|(column, text)| (column.name.clone(), value(column.kind, text))).collect::<Map<_, _>>(),
    )
}

async fn file(work: &Work<'_>, upload: &mut Upload, name: &str, content: Bytes) -> Result<()> {
    let size = content.len() as u64;
    let header = tar::header(name, size, work.app.clock.now().timestamp())?;
    upload.write(Bytes::copy_from_slice(&header)).await?;
    upload.write(content).await?;
    upload.write(Bytes::from(tar::padding(size))).await
}

/// A recording as it is stored; one that has no file, or no longer, is in the rows alone.
async fn sound(work: &mut Work<'_>, upload: &mut Upload, id: RecordingId) -> Result<()> {
    let row = recordings::get(work.scope, work.app.db.reader(), id).await?;
    let (Some(key), true) = (row.storage_key.clone(), row.can_be_heard()) else { return Ok(()) };
    let size = row.size_bytes.and_then(|size| u64::try_from(size).ok()).unwrap_or_default();
    let stored = Stored { key, name: format!("recordings/{id}.wav"), size, at: row.created_at.timestamp() };
    if copy(work, upload, stored).await? {
        work.count("found", "recordingFiles", 1);
    }
    Ok(())
}

/// What he has uploaded, as it is; what lies elsewhere is in the rows alone.
async fn uploaded(work: &mut Work<'_>, upload: &mut Upload, row: entity::media::Model) -> Result<()> {
    let here = row.state == MediaState::Ready && row.store == MediaStore::Files;
    let (Some(key), true) = (row.storage_key.clone(), here) else { return Ok(()) };
    let size = u64::try_from(row.size_bytes).unwrap_or_default();
    let stored = Stored { key, name: format!("media/{}", row.id), size, at: row.created_at.timestamp() };
    if copy(work, upload, stored).await? {
        work.count("found", "mediaFiles", 1);
    }
    Ok(())
}

/// A file of the store's, and what it is called in the archive.
struct Stored {
    key: String,
    name: String,
    size: u64,
    /// Seconds since 1970.
    at: i64,
}

/// Whether it was there.
async fn copy(work: &Work<'_>, upload: &mut Upload, stored: Stored) -> Result<bool> {
    let Stored { key, name, size, at } = stored;
    let Some(mut pieces) = files::read(work.app, work.scope, &key, None).await? else { return Ok(false) };
    upload.write(Bytes::copy_from_slice(&tar::header(&name, size, at)?)).await?;
    let mut written = 0;
    let reading = |cause| Error::internal("read a file of a person's", cause);
    while let Some(piece) = pieces.try_next().await.map_err(reading)? {
        written += piece.len() as u64;
        upload.write(piece).await?;
    }
    if written != size {
        return Err(Error::internal("write an archive", format!("{name} has {written} bytes, not {size}")));
    }
    upload.write(Bytes::from(tar::padding(size))).await?;
    Ok(true)
}
