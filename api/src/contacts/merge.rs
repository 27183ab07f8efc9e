//! Contacts that are the same person: found, and made one. It cannot be undone, since nothing says afterwards which number or tag
//! came from whom; who may do it is told so.

use std::collections::BTreeSet;

use entity::id::{ContactId, UserId};
use entity::{CompanyScope, WebhookEventKind};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Card, Contact, OTHER_NUMBERS, View, custom_of, save_row, tags_of};
use crate::app::App;
use crate::error::{Error, Result, Subject};
use crate::identity::audit;
use crate::slice::{Slice, read_cursor};
use crate::store::{Unit, contacts};

/// Contacts that are merged into one at once.
pub const AT_ONCE: usize = 20;

/// Makes one contact of several. What the kept one has stays; what it lacks comes from the others in their order. Numbers, tags,
/// own fields, notes and who has him at hand are joined; who was blocked under one number is blocked. Calls follow their numbers.
///
/// # Errors
/// 422 when all of it together is more than a contact may have.
pub async fn merge(
    app: &App,
    scope: CompanyScope,
    by: UserId,
    id: ContactId,
    others: Vec<ContactId>,
) -> Result<View> {
    let different: BTreeSet<_> = others.iter().copied().collect();
    if !(1..=AT_ONCE).contains(&others.len()) || different.len() != others.len() || different.contains(&id) {
        let message = format!("must be 1 to {AT_ONCE} different contacts, and not the one that is kept");
        return Err(Error::invalid("/otherIds", message));
    }
    let mut unit = Unit::begin(app, scope).await?;
    let all: BTreeSet<_> = different.iter().copied().chain([id]).collect();
    // In one order, whoever merges whom at the same moment.
    let mut locked = Vec::new();
    for one in all {
        let contact = contacts::lock(scope, unit.tx(), one).await?;
        locked.push(contact.ok_or(Error::NotFound(Subject::Contact))?);
    }
    let find = |id: ContactId| locked.iter().find(|contact| contact.row.id == id).cloned();
    let mut kept = find(id).ok_or(Error::NotFound(Subject::Contact))?;
    let others: Vec<Contact> = others.into_iter().filter_map(find).collect();
    let was_blocked = kept.row.blocked;
    for other in &others {
        join(&mut kept, other);
    }
    if kept.others.len() > OTHER_NUMBERS {
        let message = format!("have more than {OTHER_NUMBERS} numbers beside the first, together");
        return Err(Error::invalid("/otherIds", message));
    }
    let whole = Card {
        notes: kept.row.notes.clone(),
        tags: Some(tags_of(&kept.row)),
        custom: Some(custom_of(&kept.row)),
        ..Card::default()
    };
    // What does not fit an own field any more did not before either; it is the bounds that matter here.
    whole.write(&mut kept.row, &[])?;
    for other in &others {
        contacts::pass_on_favourites(scope, unit.tx(), other.row.id, id).await?;
        contacts::absorb(scope, unit.tx(), other.row.id, unit.now()).await?;
        let (at, told) =
            (unit.now(), json!({"contactId": other.row.id, "number": other.row.number, "mergedInto": id}));
        unit.fact(WebhookEventKind::ContactDeleted, at, told);
    }
    save_row(&mut unit, &mut kept, WebhookEventKind::ContactUpdated).await?;
    let gone: Vec<_> = others.iter().map(|other| other.row.id).collect();
    let detail = json!({"contactId": id, "otherIds": gone, "blocked": !was_blocked && kept.row.blocked});
    audit::note(app, scope, unit.tx(), by, "contacts:merge", detail).await?;
    let favourite = contacts::favourites(scope, unit.tx(), by, &[id]).await?.contains(&id);
    unit.commit().await?;
    Ok(View { contact: kept, favourite })
}

/// Adds what another contact has.
fn join(kept: &mut Contact, other: &Contact) {
    kept.others.extend(other.numbers().map(str::to_owned));
    let (row, from) = (&mut kept.row, &other.row);
    let or =
        |mine: &mut Option<String>, theirs: &Option<String>| *mine = mine.take().or_else(|| theirs.clone());
    or(&mut row.name, &from.name);
    or(&mut row.email, &from.email);
    or(&mut row.language, &from.language);
    or(&mut row.company_name, &from.company_name);
    row.notes = match (row.notes.take(), &from.notes) {
        (Some(mine), Some(theirs)) if mine != *theirs => Some(format!("{mine}\n\n{theirs}")),
        (mine, theirs) => mine.or_else(|| theirs.clone()),
    };
    let tags: BTreeSet<_> = tags_of(row).into_iter().chain(tags_of(from)).collect();
    row.tags = json!(tags);
    let mut custom = custom_of(from);
    custom.extend(custom_of(row));
    row.custom = json!(custom);
    row.blocked |= from.blocked;
    row.last_contact_at = row.last_contact_at.max(from.last_contact_at);
    row.created_at = row.created_at.min(from.created_at);
}

/// What contacts have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Likeness {
    /// One number, written in two ways.
    Number,
    Email,
    /// Without accents and case.
    Name,
}

/// Contacts that may be one.
#[derive(Clone, Debug)]
pub struct Alike {
    pub by: Likeness,
    /// What they have in common.
    pub key: String,
    pub contacts: Vec<Contact>,
}

/// Contacts that may be one: by number, then by address of mail, then by name.
pub async fn duplicates(
    app: &App,
    scope: CompanyScope,
    cursor: Option<&str>,
    limit: u64,
) -> Result<Slice<Alike>> {
    let db = app.db.reader();
    let after: Option<(Likeness, String)> = read_cursor(cursor)?;
    let mut keys: Vec<(Likeness, String)> = Vec::new();
    for by in [Likeness::Number, Likeness::Email, Likeness::Name] {
        let behind = match &after {
            Some((last, _)) if *last > by => continue,
            Some((last, key)) if *last == by => key.as_str(),
            Some(_) | None => "",
        };
        let room = (limit + 1).saturating_sub(keys.len() as u64);
        let found = contacts::shared(scope, db, by, behind, room).await?;
        keys.extend(found.into_iter().map(|key| (by, key)));
    }
    let keys = Slice::of(keys, limit, Clone::clone);
    let mut rows = Vec::new();
    for (by, key) in keys.rows {
        let contacts = contacts::sharing(scope, db, by, &key, AT_ONCE as u64 + 1).await?;
        rows.push(Alike { by, key, contacts });
    }
    Ok(Slice { rows, next_cursor: keys.next_cursor })
}
