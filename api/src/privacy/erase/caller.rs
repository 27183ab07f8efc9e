//! Somebody who calls and is called, by his number.

use entity::{DeletedBecause, JobKind, RecordingState};
use serde_json::json;

use super::{later, sweep};
use crate::authz::Whose;
use crate::calls::CallFile;
use crate::calls::callback;
use crate::calls::control::Actor;
use crate::error::{Error, Result};
use crate::privacy::terms::ERASED;
use crate::privacy::work::{Went, Work};
use crate::store::people::{self, Which};
use crate::store::{Unit, contact_imports, opt_outs, persons, recordings as rows_of_recordings};

/// Calls that are done at once.
const BATCH: u64 = 25;

/// Nobody calls him any more, no call with him goes on, and nobody is about to write him down.
pub async fn let_go(work: &mut Work<'_>, number: &str) -> Result<Went> {
    let (app, scope) = (work.app, work.scope);
    let actor = Actor { user: work.row.requested_by, whose: Whose::Everybodys };
    for id in persons::open_callbacks(scope, app.db.reader(), number).await? {
        match callback::cancel(app, scope, actor, id).await {
            Ok(_) => work.count("erased", "openCallbacks", 1),
            // Somebody has settled it meanwhile, or is calling him: that is a call, which is waited for.
            Err(Error::Conflict { .. } | Error::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    let live = persons::live_calls(scope, app.db.reader(), number).await?;
    let open = persons::open_callbacks(scope, app.db.reader(), number).await?;
    // A file that was sent before may have him, and would bring him back.
    let imports = contact_imports::under_way_since(scope, app.db.reader(), work.row.created_at).await?;
    Ok(if live == 0 && open.is_empty() && imports == 0 { Went::On } else { later(work) })
}

/// What was recorded of him goes, with its files here and at the provider; a legal hold wins.
pub async fn recordings(work: &mut Work<'_>, number: &str) -> Result<Went> {
    let (mut held, mut waits) = (0, false);
    for recorded in persons::recordings(work.scope, work.app.db.reader(), number).await? {
        if recorded.held {
            held += 1;
            continue;
        }
        match recorded.state {
            RecordingState::Deleted | RecordingState::Absent => {}
            RecordingState::Stored | RecordingState::Failed => {
                waits = true;
                if delete(work, recorded.id).await? {
                    work.count("erased", "recordings", 1);
                }
            }
            RecordingState::Planned
            | RecordingState::InProgress
            | RecordingState::Paused
            | RecordingState::Processing => waits = true,
        }
    }
    work.left("recordings", held, "they are under a legal hold");
    Ok(if waits { later(work) } else { Went::On })
}

/// Whether this did it.
async fn delete(work: &Work<'_>, id: entity::id::RecordingId) -> Result<bool> {
    let mut unit = Unit::begin(work.app, work.scope).await?;
    let call = rows_of_recordings::get(work.scope, unit.tx(), id).await?.call_id;
    let _locked = CallFile::open(&unit, call).await?;
    let mut row = rows_of_recordings::get(work.scope, unit.tx(), id).await?;
    if row.legal_hold_at.is_some() || row.delete_requested_at.is_some() {
        return Ok(false);
    }
    row.request_deletion(unit.now(), DeletedBecause::Privacy);
    row.deleted_by = Some(work.row.requested_by);
    rows_of_recordings::save(work.scope, unit.tx(), row).await?;
    let now = unit.now();
    unit.job(JobKind::DeleteRecording, id, json!({}), now);
    unit.commit().await?;
    Ok(true)
}

/// His calls are nobody's, some at a time; then what is kept under his number itself.
pub async fn rows(work: &mut Work<'_>, number: &str) -> Result<Went> {
    let (app, scope) = (work.app, work.scope);
    let tables = people::tables(&app.db).await?;
    loop {
        let calls = persons::call_ids(scope, app.db.reader(), number, Some(BATCH)).await?;
        if calls.is_empty() {
            break;
        }
        let unit = Unit::begin(app, scope).await?;
        let sids = persons::provider_sids(scope, unit.tx(), &calls).await?;
        sweep::of_calls(work, &unit, &tables, &calls, &sids).await?;
        // Last, since by it they are found.
        persons::forget_number(scope, unit.tx(), &calls, number, ERASED).await?;
        work.count("erased", "calls", calls.len() as u64);
        let step = work.row.steps_done;
        work.note(&unit, step).await?;
        unit.commit().await?;
    }
    let unit = Unit::begin(app, scope).await?;
    work.count("erased", "contact", persons::delete_contacts(scope, unit.tx(), number).await?);
    let his = [number.to_owned()];
    for table in tables.iter().filter(|table| table.name == "text_message") {
        for column in ["from_number", "to_number"] {
            let gone = people::delete_all(scope, unit.tx(), table, Which::Is(column, &his)).await?;
            work.count("erased", &table.name, gone);
        }
    }
    let opted_out = opt_outs::count(scope, unit.tx(), &work.row.subject_hash).await?;
    work.left("opt_out", opted_out, "he wants no messages: that is kept under a keyed hash of his number");
    let step = work.row.steps_done;
    work.note(&unit, step).await?;
    unit.commit().await?;
    Ok(Went::On)
}
