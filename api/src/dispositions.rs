//! What calls can have been about (decision 39): once a company has a list, agents choose from it; without one they write
//! what they like. A call keeps the word itself, so that it says the same when the list is changed.

use entity::id::{DispositionId, QueueId};
use entity::{CompanyScope, Inserted, disposition};
use sea_orm::{DbErr, SqlErr};

use crate::app::App;
use crate::error::{Code, Error, Result, Subject};
use crate::store::dispositions::{self, Listed};
use crate::store::{Unit, queueing};

/// A disposition as it is to be.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub name: String,
    pub colour: Option<String>,
    /// For calls of these queues; of all, when there are none.
    pub queues: Vec<QueueId>,
    pub needs_note: bool,
}

/// Which ones a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    InUse,
    WithArchived,
}

/// By name; with a queue, those that can be chosen for its calls.
pub async fn all(
    app: &App,
    scope: CompanyScope,
    shown: Shown,
    queue: Option<QueueId>,
) -> Result<Vec<Listed>> {
    let mut all = dispositions::all(scope, app.db.reader()).await?;
    all.retain(|one| shown == Shown::WithArchived || one.row.archived_at.is_none());
    all.retain(|one| queue.is_none_or(|queue| is_for(one, Some(queue))));
    Ok(all)
}

/// # Errors
/// `DISPOSITION_NAME_TAKEN`; 422 for a queue that is not there.
pub async fn create(app: &App, scope: CompanyScope, wanted: Wanted) -> Result<Listed> {
    let unit = Unit::begin(app, scope).await?;
    let wanted = checked(&unit, wanted).await?;
    let row = disposition::Model {
        id: unit.id(),
        company_id: scope.company(),
        name: wanted.name,
        colour: wanted.colour,
        needs_note: wanted.needs_note,
        created_at: unit.now(),
        archived_at: None,
    };
    let listed = Listed { row, queues: wanted.queues };
    match dispositions::insert(scope, unit.tx(), listed.clone()).await? {
        Inserted::Yes => {}
        Inserted::Conflicted => return Err(name_taken()),
    }
    unit.commit().await?;
    Ok(listed)
}

/// Changes one; an archived one is in use again. Calls keep the word that they have.
pub async fn change(app: &App, scope: CompanyScope, id: DispositionId, wanted: Wanted) -> Result<Listed> {
    let unit = Unit::begin(app, scope).await?;
    let row = dispositions::lock(scope, unit.tx(), id).await?;
    let row = row.ok_or(Error::NotFound(Subject::Disposition))?;
    let wanted = checked(&unit, wanted).await?;
    let row = disposition::Model {
        name: wanted.name,
        colour: wanted.colour,
        needs_note: wanted.needs_note,
        archived_at: None,
        ..row
    };
    let listed = Listed { row, queues: wanted.queues };
    dispositions::save(scope, unit.tx(), listed.clone()).await.map_err(taken)?;
    unit.commit().await?;
    Ok(listed)
}

/// What became of one that is not to be chosen any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    Deleted,
    /// Calls have it.
    Archived,
}

pub async fn remove(app: &App, scope: CompanyScope, id: DispositionId) -> Result<Removed> {
    let unit = Unit::begin(app, scope).await?;
    let row = dispositions::lock(scope, unit.tx(), id).await?;
    let mut row = row.ok_or(Error::NotFound(Subject::Disposition))?;
    let removed = if dispositions::is_used(scope, unit.tx(), &row.name).await? {
        let queues = dispositions::all(scope, unit.tx()).await?.into_iter().find(|one| one.row.id == id);
        let queues = queues.map(|one| one.queues).unwrap_or_default();
        row.archived_at = row.archived_at.or(Some(unit.now()));
        dispositions::save(scope, unit.tx(), Listed { row, queues }).await?;
        Removed::Archived
    } else {
        dispositions::delete(scope, unit.tx(), id).await?;
        Removed::Deleted
    };
    unit.commit().await?;
    Ok(removed)
}

/// What is written of a call of this queue for which somebody has chosen `chosen`.
///
/// # Errors
/// 422 for what is not on the company's list, and for one that needs a note where there is none.
pub async fn choose(
    unit: &Unit,
    queue: Option<QueueId>,
    chosen: &str,
    notes: Option<&str>,
) -> Result<String> {
    let all = dispositions::all(unit.scope(), unit.tx()).await?;
    pick(&all, queue, chosen, notes)
}

fn pick(all: &[Listed], queue: Option<QueueId>, chosen: &str, notes: Option<&str>) -> Result<String> {
    let chosen = chosen.trim();
    let list: Vec<_> = all.iter().filter(|one| one.row.archived_at.is_none() && is_for(one, queue)).collect();
    // Empty takes a choice back.
    if list.is_empty() || chosen.is_empty() {
        return Ok(chosen.to_owned());
    }
    let Some(found) = list.iter().find(|one| one.row.name == chosen) else {
        return Err(Error::invalid("/disposition", "is not on the company's list for this queue"));
    };
    if found.row.needs_note && notes.is_none_or(|notes| notes.trim().is_empty()) {
        return Err(Error::invalid("/notes", "are needed with this disposition"));
    }
    Ok(found.row.name.clone())
}

fn is_for(one: &Listed, queue: Option<QueueId>) -> bool {
    one.queues.is_empty() || queue.is_some_and(|queue| one.queues.contains(&queue))
}

async fn checked(unit: &Unit, mut wanted: Wanted) -> Result<Wanted> {
    wanted.name = wanted.name.trim().to_owned();
    if wanted.name.is_empty() {
        return Err(Error::invalid("/name", "must be a word"));
    }
    if wanted.colour.as_deref().is_some_and(|colour| !is_colour(colour)) {
        return Err(Error::invalid("/colour", "must be # and six hexadecimal digits"));
    }
    for (index, queue) in wanted.queues.iter().enumerate() {
        if queueing::queue_in_use(unit.scope(), unit.tx(), *queue).await?.is_none() {
            return Err(Error::invalid(format!("/queueIds/{index}"), "is no queue of the company"));
        }
    }
    wanted.queues.sort();
    wanted.queues.dedup();
    Ok(wanted)
}

fn is_colour(text: &str) -> bool {
    text.strip_prefix('#')
        .is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn taken(error: DbErr) -> Error {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => name_taken(),
        Some(_) | None => error.into(),
    }
}

fn name_taken() -> Error {
    Error::conflict(Code::DispositionNameTaken, "Another disposition of the company has this name.")
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn listed(name: &str, queues: &[u128]) -> Listed {
        let id = Uuid::from_u128(1);
        Listed {
            row: disposition::Model {
                id: id.into(),
                company_id: id.into(),
                name: name.to_owned(),
                colour: None,
                needs_note: name == "other",
                created_at: chrono::DateTime::UNIX_EPOCH,
                archived_at: (name == "old").then_some(chrono::DateTime::UNIX_EPOCH),
            },
            queues: queues.iter().map(|id| Uuid::from_u128(*id).into()).collect(),
        }
    }

    fn queue(id: u128) -> Option<QueueId> {
        Some(Uuid::from_u128(id).into())
    }

    #[test]
    fn without_a_list_for_the_queue_everything_may_be_written() {
        assert_eq!(pick(&[], queue(7), " billing ", None).unwrap(), "billing");
        assert_eq!(
            pick(&[listed("old", &[]), listed("sale", &[8])], queue(7), "billing", None).unwrap(),
            "billing"
        );
    }

    #[test]
    fn with_one_only_what_is_on_it_and_with_a_note_where_it_is_needed() {
        let all = [listed("billing", &[]), listed("sale", &[8]), listed("other", &[]), listed("old", &[])];
        assert_eq!(pick(&all, queue(7), "billing", None).unwrap(), "billing");
        assert_eq!(pick(&all, queue(8), "sale", None).unwrap(), "sale");
        assert_eq!(pick(&all, queue(7), "other", Some("it rained")).unwrap(), "other");
        assert_eq!(pick(&all, queue(7), "", None).unwrap(), "", "a choice can be taken back");
        for (chosen, of, notes, field) in [
            ("sale", queue(7), None, "/disposition"),
            ("sale", None, None, "/disposition"),
            ("old", queue(7), None, "/disposition"),
            ("weather", queue(7), Some("x"), "/disposition"),
            ("other", queue(7), Some("  "), "/notes"),
            ("other", queue(7), None, "/notes"),
        ] {
            let Err(Error::Invalid { fields, .. }) = pick(&all, of, chosen, notes) else {
                panic!("{chosen}")
            };
            assert_eq!(fields[0].field, field, "{chosen}");
        }
    }
}
