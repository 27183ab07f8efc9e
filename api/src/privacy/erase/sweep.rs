//! Looks through every table of the company for what is the person's alone, and takes it out.

use entity::id::CallId;
use serde_json::{Value, json};

use super::LEFT;
use crate::chat::{content, words};
use crate::error::Result;
use crate::privacy::subject::Subject;
use crate::privacy::terms::{Names, Terms, bare_story};
use crate::privacy::work::{Went, Work};
use crate::store::Unit;
use crate::store::people::{self, Row, Table, Which};

/// Rows that are read, and changed, at once.
const BATCH: u64 = 200;
/// Rows that go as a whole when they name him: what was told to others, and what waits to be told.
const GO: [&str; 3] = ["chat_notice", "flow_request", "webhook_event"];
/// Where a colleague is told of by his name.
const NAMES_OF_COLLEAGUES: [&str; 6] =
    ["agent_change", "call_event", "chat_notice", "job", "outbox", "webhook_event"];
/// What is kept of a request of the provider's once what was in it is erased: that it was answered.
const EMPTY_REQUEST: &str = r#"{"path":"","query":"","params":[]}"#;
const EMPTY_REPLY: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>";

/// The step.
pub async fn all(work: &mut Work<'_>) -> Result<Went> {
    let terms = work.subject.terms();
    let sure = terms.sure();
    let is_caller = matches!(work.subject, Subject::Caller { .. });
    for table in people::tables(&work.app.db).await? {
        if !table.has("company_id") {
            continue;
        }
        // A caller's number may be an agent's as well: that is another person's data.
        let left = LEFT.iter().find(|(name, _)| *name == table.name).map(|(_, why)| *why);
        let left = left.or((is_caller && table.name == "agent").then_some("it is the number of an agent"));
        if let Some(because) = left {
            count_left(work, &table, &sure, because).await?;
            continue;
        }
        if !sure.is_empty() {
            through(work, &table, Which::Naming(&sure), &terms, Names::AsWords).await?;
        }
        if !is_caller && NAMES_OF_COLLEAGUES.contains(&table.name.as_str()) && !terms.names().is_empty() {
            through(work, &table, Which::Naming(terms.names()), &terms, Names::AsValues).await?;
        }
    }
    Ok(Went::On)
}

async fn count_left(work: &mut Work<'_>, table: &Table, sure: &[String], because: &str) -> Result<()> {
    if sure.is_empty() || table.name == "privacy_request" {
        return Ok(());
    }
    let which = Which::Naming(sure);
    let rows = people::rows(work.scope, work.app.db.exporter(), table, which, (0, BATCH)).await?;
    let terms = work.subject.terms();
    let named = rows.iter().filter(|row| row.iter().flatten().any(|text| terms.are_in(text))).count();
    work.left(&table.name, named as u64, because);
    Ok(())
}

/// Takes him out of these rows; what does not name him after all stays.
pub async fn through(
    work: &mut Work<'_>,
    table: &Table,
    which: Which<'_>,
    terms: &Terms,
    names: Names,
) -> Result<()> {
    let mut seen = 0;
    loop {
        let rows = people::rows(work.scope, work.app.db.exporter(), table, which, (seen, BATCH)).await?;
        let (last, mut changed) = ((rows.len() as u64) < BATCH, 0);
        let unit = Unit::begin(work.app, work.scope).await?;
        for row in &rows {
            changed += change(work, &unit, table, row, terms, names).await?;
        }
        work.count("erased", &table.name, changed);
        // Of those that were found, the changed ones are found no more.
        seen += rows.len() as u64 - changed;
        let step = work.row.steps_done;
        work.note(&unit, step).await?;
        unit.commit().await?;
        if last {
            return Ok(());
        }
    }
}

async fn change(
    work: &Work<'_>,
    unit: &Unit,
    table: &Table,
    row: &Row,
    terms: &Terms,
    names: Names,
) -> Result<u64> {
    let scrubbed: Vec<_> = table
        .columns
        .iter()
        .zip(row)
        .enumerate()
        .filter(|(_, (column, _))| column.kind.is_written())
        .filter_map(|(place, (column, text))| {
            let text = text.as_ref()?;
            let scrubbed = terms.scrub(text, names);
            (scrubbed != *text).then_some((place, column.key, Some(scrubbed)))
        })
        .collect();
    if scrubbed.is_empty() {
        return Ok(0);
    }
    // What he stands in the key of cannot be kept without him.
    if GO.contains(&table.name.as_str()) || scrubbed.iter().any(|(_, key, _)| *key) {
        return Ok(people::delete(work.scope, unit.tx(), table, row).await?);
    }
    let mut changes: Vec<_> = if table.name == "webhook_request" {
        emptied(table, row)
    } else {
        // A contact that says less than before is found by fewer words (`contacts::index`).
        let index = table.place("indexed_at").map(|place| (place, None));
        scrubbed.into_iter().map(|(place, _, text)| (place, text)).chain(index).collect()
    };
    if table.name == "chat_message" {
        found_by_less(work, table, row, &mut changes);
    }
    Ok(people::update(work.scope, unit.tx(), table, row, &changes).await?)
}

/// A message that says less than before is found by fewer words.
fn found_by_less(work: &Work<'_>, table: &Table, row: &Row, changes: &mut Vec<(usize, Option<String>)>) {
    let value = |name: &str| {
        let place = table.place(name)?;
        let changed = changes.iter().find(|(changed, _)| *changed == place);
        changed.map_or_else(|| row[place].clone(), |(_, text)| text.clone())
    };
    let (body, detail) = (value("body"), value("detail"));
    let chat = value("chat_id").and_then(|id| id.parse().ok());
    let (Some(place), Some(chat)) = (table.place("folded"), chat) else { return };
    let detail = detail.and_then(|text| serde_json::from_str::<Value>(&text).ok());
    let said = content::said(body.as_deref(), detail.as_ref());
    changes.retain(|(changed, _)| *changed != place);
    changes.push((place, Some(words::folded(work.scope.company(), chat, &said))));
}

/// A request that comes a second time is still answered as one that was there before.
fn emptied(table: &Table, row: &Row) -> Vec<(usize, Option<String>)> {
    let reply = table.place("reply").filter(|place| row[*place].is_some());
    let reply = reply.map(|place| (place, Some(EMPTY_REPLY.to_owned())));
    let params = table.place("params").map(|place| (place, Some(EMPTY_REQUEST.to_owned())));
    params.into_iter().chain(reply).collect()
}

/// What rows of his calls say beside what is counted. Everything that goes with these calls is in one unit.
pub async fn of_calls(
    work: &mut Work<'_>,
    unit: &Unit,
    tables: &[Table],
    calls: &[CallId],
    sids: &[String],
) -> Result<()> {
    let ids: Vec<String> = calls.iter().map(ToString::to_string).collect();
    let terms = work.subject.terms();
    for table in tables {
        if !table.has("company_id") || LEFT.iter().any(|(name, _)| *name == table.name) {
            continue;
        }
        match table.name.as_str() {
            "engine_input" | "flow_request" | "call_secret" | "text_message" => {
                let gone =
                    people::delete_all(work.scope, unit.tx(), table, Which::Of("call_id", &ids)).await?;
                work.count("erased", &table.name, gone);
            }
            "side_input" => {
                let which = Which::Through("side_session_id", "side_session", "call_id", &ids);
                let gone = people::delete_all(work.scope, unit.tx(), table, which).await?;
                work.count("erased", &table.name, gone);
            }
            "webhook_request" => {
                for sids in sids.chunks(50) {
                    let gone = empty(work, unit, table, Which::Is("call_sid", sids)).await?;
                    work.count("erased", &table.name, gone);
                }
            }
            "webhook_event" | "chat_notice" => {
                let gone = people::delete_all(work.scope, unit.tx(), table, Which::Naming(&ids)).await?;
                work.count("erased", &table.name, gone);
            }
            "outbox" => {
                let gone = scrub(work, unit, table, Which::Naming(&ids), &terms).await?;
                work.count("erased", &table.name, gone);
            }
            _ if table.has("call_id") => {
                let gone = scrub(work, unit, table, Which::Of("call_id", &ids), &terms).await?;
                work.count("erased", &table.name, gone);
            }
            _ => {}
        }
    }
    blank(work, unit, tables, &ids).await
}

/// What is written of a call by hand, and what its flow knew.
async fn blank(work: &Work<'_>, unit: &Unit, tables: &[Table], ids: &[String]) -> Result<()> {
    let session = json!({}).to_string();
    let blanks = [
        ("call", "id", "caller_name", None),
        ("call", "id", "notes", None),
        ("call", "id", "session", None),
        ("call", "id", "current_twiml", None),
        ("segment", "call_id", "notes", None),
        ("side_session", "call_id", "session", Some(session)),
        ("side_session", "call_id", "twiml", Some(String::new())),
    ];
    for (name, key, column, value) in blanks {
        if let Some(table) = tables.iter().find(|table| table.name == name) {
            people::set_all(work.scope, unit.tx(), table, Which::Of(key, ids), (column, value)).await?;
        }
    }
    Ok(())
}

async fn scrub(work: &Work<'_>, unit: &Unit, table: &Table, which: Which<'_>, terms: &Terms) -> Result<u64> {
    let (mut offset, mut changed) = (0, 0);
    loop {
        let rows = people::rows(work.scope, unit.tx(), table, which, (offset, BATCH)).await?;
        for row in &rows {
            let mut row = row.clone();
            changed += match table.name.as_str() {
                "call_event" => tell_less(work, unit, table, &mut row, ("data", bare_story)).await?,
                "outbox" => tell_less(work, unit, table, &mut row, ("payload", nobody_calls)).await?,
                _ => 0,
            };
            changed += change(work, unit, table, &row, terms, Names::AsWords).await?;
        }
        offset += rows.len() as u64;
        if (rows.len() as u64) < BATCH {
            return Ok(changed);
        }
    }
}

/// News of a call without the contact that came along.
fn nobody_calls(value: Value) -> Value {
    match value {
        Value::Array(values) => values.into_iter().map(nobody_calls).collect(),
        Value::Object(fields) => {
            let told = |(name, value): (String, Value)| match name.as_str() {
                "contact" => (name, Value::Null),
                _ => (name, nobody_calls(value)),
            };
            fields.into_iter().map(told).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

/// A line of a story keeps what is counted of it, and news what others have to know.
async fn tell_less(
    work: &Work<'_>,
    unit: &Unit,
    table: &Table,
    row: &mut Row,
    (column, less): (&str, fn(Value) -> Value),
) -> Result<u64> {
    let Some(place) = table.place(column) else { return Ok(0) };
    let Some(told) = row[place].as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok()) else {
        return Ok(0);
    };
    let bare = less(told.clone());
    if bare == told {
        return Ok(0);
    }
    let text = Some(bare.to_string());
    let done = people::update(work.scope, unit.tx(), table, row, &[(place, text.clone())]).await?;
    row[place] = text;
    Ok(done)
}

async fn empty(work: &Work<'_>, unit: &Unit, table: &Table, which: Which<'_>) -> Result<u64> {
    let (mut offset, mut changed) = (0, 0);
    loop {
        let rows = people::rows(work.scope, unit.tx(), table, which, (offset, BATCH)).await?;
        for row in &rows {
            changed += people::update(work.scope, unit.tx(), table, row, &emptied(table, row)).await?;
        }
        offset += rows.len() as u64;
        if (rows.len() as u64) < BATCH {
            return Ok(changed);
        }
    }
}
