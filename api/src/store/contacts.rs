//! Contacts, their numbers, and the words by which they are found. Those that were deleted are kept as rows without numbers and
//! words, and found by nobody.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use entity::id::{ContactId, UserId};
use entity::{CompanyScope, Inserted, Updated, contact, contact_favourite, contact_number, contact_word};
use sea_orm::sea_query::{Expr, Func, SimpleExpr};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, ExprTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Select, Set,
};
use serde_json::json;

use super::{Tx, unindexed};
use crate::contacts::merge::Likeness;
use crate::contacts::{Contact, fold};

/// The contacts with their other numbers.
pub(super) async fn with_numbers(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    rows: Vec<contact::Model>,
) -> Result<Vec<Contact>, DbErr> {
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let mut others: HashMap<ContactId, Vec<String>> = HashMap::new();
    if !ids.is_empty() {
        let numbers = scope.find::<contact_number::Entity>();
        let mut numbers = numbers.filter(contact_number::Column::ContactId.is_in(ids)).all(db).await?;
        numbers.sort_by(|one, other| (one.place, &one.number).cmp(&(other.place, &other.number)));
        for number in numbers {
            others.entry(number.contact_id).or_default().push(number.number);
        }
    }
    let with = |row: contact::Model| {
        let mut others = others.remove(&row.id).unwrap_or_default();
        others.retain(|number| *number != row.number);
        Contact { row, others }
    };
    Ok(rows.into_iter().map(with).collect())
}

async fn with_number(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    row: Option<contact::Model>,
) -> Result<Option<Contact>, DbErr> {
    Ok(with_numbers(scope, db, row.into_iter().collect()).await?.pop())
}

pub async fn by_id(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    id: ContactId,
) -> Result<Option<Contact>, DbErr> {
    let row = living(scope).filter(contact::Column::Id.eq(id)).one(db).await?;
    with_number(scope, db, row).await
}

/// A contact, deleted or not.
pub async fn even_deleted(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    id: ContactId,
) -> Result<Option<contact::Model>, DbErr> {
    scope.find_by_id::<contact::Entity>(id).one(db).await
}

/// The living contact that has this number among his, which is in E.164.
pub async fn by_number(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    number: &str,
) -> Result<Option<contact::Model>, DbErr> {
    living(scope).filter(has_one_of(scope, [number])).one(db).await
}

/// The living contacts that have one of these numbers, by number.
pub async fn by_numbers(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    numbers: &[&str],
) -> Result<HashMap<String, Contact>, DbErr> {
    if numbers.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = living(scope).filter(has_one_of(scope, numbers.iter().copied())).all(db).await?;
    let contacts = with_numbers(scope, db, rows).await?;
    let each = |contact: Contact| {
        let numbers: Vec<_> = contact.numbers().map(str::to_owned).collect();
        numbers.into_iter().map(move |number| (number, contact.clone()))
    };
    Ok(contacts.into_iter().flat_map(each).collect())
}

fn has_one_of<'a>(scope: CompanyScope, numbers: impl IntoIterator<Item = &'a str>) -> SimpleExpr {
    let theirs = scope
        .find::<contact_number::Entity>()
        .select_only()
        .column(contact_number::Column::ContactId)
        .filter(contact_number::Column::Number.is_in(numbers));
    contact::Column::Id.in_subquery(theirs.into_query())
}

/// The contact, locked until the transaction ends.
pub async fn lock(scope: CompanyScope, tx: &Tx, id: ContactId) -> Result<Option<Contact>, DbErr> {
    let row = living(scope).filter(contact::Column::Id.eq(id)).lock_exclusive().one(tx).await?;
    with_number(scope, tx, row).await
}

/// [`by_number`], locked until the transaction ends.
pub async fn lock_by_number(scope: CompanyScope, tx: &Tx, number: &str) -> Result<Option<Contact>, DbErr> {
    let row = living(scope).filter(has_one_of(scope, [number])).lock_exclusive().one(tx).await?;
    with_number(scope, tx, row).await
}

/// The living contact that is called by this number, though an older node has not said so elsewhere; locked until the
/// transaction ends.
pub async fn lock_by_first_number(
    scope: CompanyScope,
    tx: &Tx,
    number: &str,
) -> Result<Option<Contact>, DbErr> {
    let row = living(scope).filter(contact::Column::Number.eq(number)).lock_exclusive().one(tx).await?;
    with_number(scope, tx, row).await
}

/// [`by_numbers`], locked until the transaction ends, always in the same order.
pub async fn lock_by_numbers(scope: CompanyScope, tx: &Tx, numbers: &[&str]) -> Result<Vec<Contact>, DbErr> {
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let rows = living(scope).filter(has_one_of(scope, numbers.iter().copied()));
    let rows = rows.order_by_asc(contact::Column::Id).lock_exclusive().all(tx).await?;
    with_numbers(scope, tx, rows).await
}

/// Inserts a contact unless a living one has one of its numbers.
pub async fn insert(scope: CompanyScope, tx: &Tx, contact: &Contact) -> Result<Inserted, DbErr> {
    let row = indexed(contact);
    let id = row.id;
    if scope.insert_or_ignore::<contact::Entity, _>(tx, row).await? == Inserted::Conflicted {
        return Ok(Inserted::Conflicted);
    }
    for number in numbers_of(scope, contact) {
        if take_number(scope, tx, number).await? == Inserted::Conflicted {
            scope.delete_many::<contact::Entity>().filter(contact::Column::Id.eq(id)).exec(tx).await?;
            return Ok(Inserted::Conflicted);
        }
    }
    scope.insert_many::<contact_word::Entity, _>(tx, words_of(scope, id, fold::words(contact))).await?;
    Ok(Inserted::Yes)
}

/// A number that another contact has stays his; one of a contact that is gone is free, though the node that deleted it was of a
/// version that knew nothing of it.
async fn take_number(scope: CompanyScope, tx: &Tx, row: contact_number::Model) -> Result<Inserted, DbErr> {
    let inserted = scope.insert_or_ignore::<contact_number::Entity, _>(tx, row.clone()).await?;
    if inserted == Inserted::Yes || free(scope, tx, &[&row.number]).await? == 0 {
        return Ok(inserted);
    }
    scope.insert_or_ignore::<contact_number::Entity, _>(tx, row).await
}

/// Takes these numbers from contacts that are gone; answers how many there were.
async fn free(scope: CompanyScope, tx: &Tx, numbers: &[&str]) -> Result<u64, DbErr> {
    let owner: SimpleExpr = Expr::col((contact::Entity, contact::Column::Id))
        .equals((contact_number::Entity, contact_number::Column::ContactId));
    let gone = scope.find::<contact::Entity>().select_only().column(contact::Column::Id);
    let gone = gone.filter(contact::Column::DeletedAt.is_not_null()).filter(owner);
    let freed = scope
        .delete_many::<contact_number::Entity>()
        .filter(contact_number::Column::Number.is_in(numbers.iter().copied()))
        .filter(Expr::exists(gone.into_query()));
    Ok(freed.exec(tx).await?.rows_affected)
}

/// Inserts contacts whose numbers nobody has, as the caller has seen under a lock.
pub async fn insert_many(scope: CompanyScope, tx: &Tx, contacts: &[Contact]) -> Result<(), DbErr> {
    let wanted: Vec<_> = contacts.iter().flat_map(Contact::numbers).collect();
    if !wanted.is_empty() {
        free(scope, tx, &wanted).await?;
    }
    scope.insert_many::<contact::Entity, _>(tx, contacts.iter().map(indexed).collect()).await?;
    let numbers = contacts.iter().flat_map(|contact| numbers_of(scope, contact));
    scope.insert_many::<contact_number::Entity, _>(tx, numbers.collect()).await?;
    let words = contacts.iter().flat_map(|contact| words_of(scope, contact.row.id, fold::words(contact)));
    let words: Vec<_> = words.collect();
    // A statement has a bounded number of parameters: 32,766 on SQLite.
    for part in words.chunks(8_000) {
        scope.insert_many::<contact_word::Entity, _>(tx, part.to_vec()).await?;
    }
    Ok(())
}

/// Writes a contact back, with its numbers and words; `Conflicted` when another one has a number.
pub async fn save(scope: CompanyScope, tx: &Tx, contact: &Contact) -> Result<Inserted, DbErr> {
    if set_numbers(scope, tx, contact).await? == Inserted::Conflicted {
        return Ok(Inserted::Conflicted);
    }
    write(scope, tx, contact).await?;
    Ok(Inserted::Yes)
}

/// Brings the words of a contact up to date that was written without them. A number that somebody else has by now stays his.
pub async fn index(scope: CompanyScope, tx: &Tx, contact: &Contact) -> Result<(), DbErr> {
    let _ = set_numbers(scope, tx, contact).await?;
    write(scope, tx, contact).await
}

async fn write(scope: CompanyScope, tx: &Tx, contact: &Contact) -> Result<(), DbErr> {
    let id = contact.row.id;
    let _ = scope.save::<contact::Entity, _>(tx, id, indexed(contact)).await?;
    set_words(scope, tx, id, fold::words(contact)).await
}

/// Writes its numbers, if any of them is not as it is; `Conflicted` when somebody else has one, the others being written.
async fn set_numbers(scope: CompanyScope, tx: &Tx, contact: &Contact) -> Result<Inserted, DbErr> {
    let wanted = numbers_of(scope, contact);
    let own = contact_number::Column::ContactId.eq(contact.row.id);
    let mut known = scope.find::<contact_number::Entity>().filter(own.clone()).all(tx).await?;
    known.sort_by_key(|number| number.place);
    if known == wanted {
        return Ok(Inserted::Yes);
    }
    scope.delete_many::<contact_number::Entity>().filter(own).exec(tx).await?;
    let mut all = Inserted::Yes;
    for number in wanted {
        if take_number(scope, tx, number).await? == Inserted::Conflicted {
            all = Inserted::Conflicted;
        }
    }
    Ok(all)
}

/// Only what has changed of the words is written.
async fn set_words(
    scope: CompanyScope,
    tx: &Tx,
    id: ContactId,
    wanted: BTreeSet<String>,
) -> Result<(), DbErr> {
    let own = contact_word::Column::ContactId.eq(id);
    let known = scope.find::<contact_word::Entity>().filter(own.clone()).all(tx).await?;
    let known: BTreeSet<_> = known.into_iter().map(|row| row.word).collect();
    let gone: Vec<_> = known.difference(&wanted).cloned().collect();
    if !gone.is_empty() {
        let gone = contact_word::Column::Word.is_in(gone);
        scope.delete_many::<contact_word::Entity>().filter(own).filter(gone).exec(tx).await?;
    }
    let new = wanted.difference(&known).cloned().collect();
    scope.insert_many::<contact_word::Entity, _>(tx, words_of(scope, id, new)).await
}

fn indexed(contact: &Contact) -> contact::Model {
    let row = contact.row.clone();
    contact::Model {
        sort_key: fold::sort_key(row.name.as_deref(), &row.number),
        search_text: fold::search_text(&row),
        indexed_at: Some(row.updated_at),
        ..row
    }
}

fn numbers_of(scope: CompanyScope, contact: &Contact) -> Vec<contact_number::Model> {
    let (company_id, contact_id) = (scope.company(), contact.row.id);
    let row = |(number, place): (&str, i32)| contact_number::Model {
        company_id,
        number: number.to_owned(),
        contact_id,
        place,
        plain: crate::phone::plain(number),
    };
    contact.numbers().zip(0..).map(row).collect()
}

fn words_of(scope: CompanyScope, contact_id: ContactId, words: BTreeSet<String>) -> Vec<contact_word::Model> {
    let company_id = scope.company();
    words.into_iter().map(|word| contact_word::Model { company_id, word, contact_id }).collect()
}

/// Contacts whose words are not those of their row.
pub async fn lock_stale(scope: CompanyScope, tx: &Tx, limit: u64) -> Result<Vec<Contact>, DbErr> {
    let rows = living(scope)
        .filter(stale())
        .order_by_asc(contact::Column::Id)
        .limit(limit)
        .lock_exclusive()
        .all(tx)
        .await?;
    with_numbers(scope, tx, rows).await
}

pub fn stale() -> Condition {
    let column = contact::Column::IndexedAt;
    Condition::any().add(column.is_null()).add(Expr::col(column).lt(Expr::col(contact::Column::UpdatedAt)))
}

/// Says that these numbers, if somebody has them, have called or been called.
pub async fn touch(scope: CompanyScope, tx: &Tx, numbers: &[&str], at: DateTime<Utc>) -> Result<(), DbErr> {
    scope
        .update_many::<contact::Entity>()
        .col_expr(contact::Column::LastContactAt, Expr::value(at))
        .filter(has_one_of(scope, numbers.iter().copied()))
        .filter(contact::Column::LastContactAt.lt(at))
        .exec(tx)
        .await
        .map(drop)
}

/// The contact is gone: nothing finds him, and nobody has him at hand.
pub async fn delete(
    scope: CompanyScope,
    tx: &Tx,
    id: ContactId,
    now: DateTime<Utc>,
) -> Result<Updated, DbErr> {
    let number = contact_number::Column::ContactId.eq(id);
    scope.delete_many::<contact_number::Entity>().filter(number).exec(tx).await?;
    let word = contact_word::Column::ContactId.eq(id);
    scope.delete_many::<contact_word::Entity>().filter(word).exec(tx).await?;
    let mark = contact_favourite::Column::ContactId.eq(id);
    scope.delete_many::<contact_favourite::Entity>().filter(mark).exec(tx).await?;
    let changes = contact::ActiveModel { deleted_at: Set(Some(now)), ..Default::default() };
    scope.update::<contact::Entity, _>(tx, id, changes).await
}

/// The same of a contact that another one goes on as: nothing of it stays but the number by which it was called.
pub async fn absorb(scope: CompanyScope, tx: &Tx, id: ContactId, now: DateTime<Utc>) -> Result<(), DbErr> {
    let _ = delete(scope, tx, id, now).await?;
    let nothing = contact::ActiveModel {
        name: Set(None),
        email: Set(None),
        language: Set(None),
        company_name: Set(None),
        notes: Set(None),
        tags: Set(json!([])),
        custom: Set(json!({})),
        search_text: Set(String::new()),
        sort_key: Set(String::new()),
        ..Default::default()
    };
    let _ = scope.update::<contact::Entity, _>(tx, id, nothing).await?;
    Ok(())
}

/// Which of these contacts a user has at hand.
pub async fn favourites(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    user: UserId,
    ids: &[ContactId],
) -> Result<HashSet<ContactId>, DbErr> {
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let marked =
        marked_by(scope, user).filter(contact_favourite::Column::ContactId.is_in(ids.iter().copied()));
    Ok(marked.all(db).await?.into_iter().map(|row| row.contact_id).collect())
}

pub async fn mark(scope: CompanyScope, tx: &Tx, user: UserId, id: ContactId) -> Result<(), DbErr> {
    let row = contact_favourite::Model { company_id: scope.company(), user_id: user, contact_id: id };
    let _ = scope.insert_or_ignore::<contact_favourite::Entity, _>(tx, row).await?;
    Ok(())
}

pub async fn unmark(scope: CompanyScope, tx: &Tx, user: UserId, id: ContactId) -> Result<(), DbErr> {
    let user = contact_favourite::Column::UserId.eq(user);
    let contact = contact_favourite::Column::ContactId.eq(id);
    scope.delete_many::<contact_favourite::Entity>().filter(user).filter(contact).exec(tx).await.map(drop)
}

pub(super) fn marked_by(scope: CompanyScope, user: UserId) -> Select<contact_favourite::Entity> {
    scope.find::<contact_favourite::Entity>().filter(contact_favourite::Column::UserId.eq(user))
}

pub(super) fn living(scope: CompanyScope) -> Select<contact::Entity> {
    scope.find::<contact::Entity>().filter(contact::Column::DeletedAt.is_null())
}

/// Who had the one at hand has the other.
pub async fn pass_on_favourites(
    scope: CompanyScope,
    tx: &Tx,
    from: ContactId,
    to: ContactId,
) -> Result<(), DbErr> {
    let marks = scope.find::<contact_favourite::Entity>();
    for row in marks.filter(contact_favourite::Column::ContactId.eq(from)).all(tx).await? {
        mark(scope, tx, row.user_id, to).await?;
    }
    Ok(())
}

/// What several living contacts have in common, in order, behind `after`.
pub async fn shared(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    by: Likeness,
    after: &str,
    limit: u64,
) -> Result<Vec<String>, DbErr> {
    let several = |column: SimpleExpr| Func::count_distinct(column).gt(1);
    let column = match by {
        Likeness::Number => {
            let (plain, owner) = (contact_number::Column::Plain, contact_number::Column::ContactId);
            return scope
                .find::<contact_number::Entity>()
                .select_only()
                .column(plain)
                .filter(plain.gt(after))
                .group_by(plain)
                .having(several(owner.into_expr()))
                .order_by_asc(plain)
                .limit(limit)
                .into_tuple()
                .all(db)
                .await;
        }
        Likeness::Email => contact::Column::Email,
        Likeness::Name => contact::Column::SortKey,
    };
    living(scope)
        .select_only()
        .column(column)
        .filter(column.gt(after))
        .apply_if((by == Likeness::Name).then_some(()), |query, ()| {
            query.filter(contact::Column::Name.is_not_null())
        })
        .group_by(column)
        .having(several(contact::Column::Id.into_expr()))
        .order_by_asc(column)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await
}

/// The contacts that have this in common, the oldest first.
pub async fn sharing(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    by: Likeness,
    key: &str,
    limit: u64,
) -> Result<Vec<Contact>, DbErr> {
    let has = match by {
        Likeness::Number => {
            let numbers = scope.find::<contact_number::Entity>().select_only();
            let numbers = numbers.column(contact_number::Column::ContactId);
            let numbers = numbers.filter(contact_number::Column::Plain.eq(key));
            contact::Column::Id.in_subquery(numbers.into_query())
        }
        Likeness::Email => contact::Column::Email.eq(key),
        Likeness::Name => contact::Column::SortKey.eq(key).and(contact::Column::Name.is_not_null()),
    };
    let rows = living(scope).filter(has).order_by_asc(unindexed(contact::Column::Id)).limit(limit);
    with_numbers(scope, db, rows.all(db).await?).await
}
