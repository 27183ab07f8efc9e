//! Contacts, their numbers, and the words by which they are found. Those that were deleted are kept as rows without numbers and
//! words, and found by nobody.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Utc};
use entity::id::{ContactId, UserId};
use entity::{CompanyScope, Inserted, Updated, contact, contact_favourite, contact_number, contact_word};
use sea_orm::sea_query::{Expr, Func, SimpleExpr};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select, Set,
};
use serde::{Deserialize, Serialize};

use super::Tx;
use crate::contacts::merge::Likeness;
use crate::contacts::{Contact, fold};

/// Contacts with the same word, up to which all of them are looked at and sorted. Of a word that more of them have, the list is
/// read in its order, and each looked at for the word.
const FEW: u64 = 2_000;
/// Behind every word that begins with the same characters.
const LAST: char = '\u{10ffff}';

/// Which contacts, and in which order.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    pub terms: Vec<fold::Term>,
    /// As it stands among the words.
    pub tag: Option<String>,
    pub blocked: Option<bool>,
    pub favourite_of: Option<UserId>,
    pub order: Order,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    #[default]
    Name,
    /// Who called or was called last comes first.
    LastContact,
}

/// Behind which contact a list is read on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Position {
    Name(String, ContactId),
    LastContact(DateTime<Utc>, ContactId),
}

impl Position {
    pub fn of(row: &contact::Model, order: Order) -> Self {
        match order {
            Order::Name => Self::Name(row.sort_key.clone(), row.id),
            Order::LastContact => Self::LastContact(row.last_contact_at, row.id),
        }
    }

    pub fn order(&self) -> Order {
        match self {
            Self::Name(..) => Order::Name,
            Self::LastContact(..) => Order::LastContact,
        }
    }
}

/// A part of the living contacts that are asked for.
pub async fn list(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    ask: &Ask,
    after: Option<&Position>,
    (offset, limit): (u64, u64),
) -> Result<Vec<Contact>, DbErr> {
    let few = fewest(scope, db, &ask.terms).await?;
    let rows = listed(scope, ask, few, after).offset(offset).limit(limit).all(db).await?;
    with_numbers(scope, db, rows).await
}

/// The query of a list; `few` is the place of a term that few contacts have, and who they are.
pub fn listed(
    scope: CompanyScope,
    ask: &Ask,
    few: Option<(usize, Vec<ContactId>)>,
    after: Option<&Position>,
) -> Select<contact::Entity> {
    use contact::Column;
    let query = living(scope)
        .apply_if(ask.blocked, |query, blocked| query.filter(Column::Blocked.eq(blocked)))
        .apply_if(ask.favourite_of, |query, user| {
            let marked = marked_by(scope, user).select_only().column(contact_favourite::Column::ContactId);
            query.filter(Column::Id.in_subquery(marked.into_query()))
        })
        .apply_if(ask.tag.as_deref(), |query, tag: &str| {
            let tagged = contact_word::Column::Word.eq(tag);
            let tagged = Condition::all().add(tagged);
            query.filter(Column::Id.in_subquery(ids(scope, tagged).into_query()))
        });
    let mut query = query;
    for (place, term) in ask.terms.iter().enumerate() {
        query = match &few {
            Some((least, having)) if *least == place => {
                query.filter(Column::Id.is_in(having.iter().copied()))
            }
            Some(_) | None => query.filter(Expr::exists(of_the_contact(scope, term).into_query())),
        };
    }
    match ask.order {
        Order::Name => query.order_by_asc(Column::SortKey).order_by_asc(Column::Id),
        Order::LastContact => query.order_by_desc(Column::LastContactAt).order_by_desc(Column::Id),
    }
    .apply_if(after, |query, after: &Position| query.filter(behind(after)))
}

fn behind(position: &Position) -> Condition {
    use contact::Column;
    match position {
        Position::Name(key, id) => Condition::all()
            .add(Column::SortKey.gte(key.as_str()))
            .add(Condition::any().add(Column::SortKey.gt(key.as_str())).add(Column::Id.gt(*id))),
        Position::LastContact(at, id) => Condition::all()
            .add(Column::LastContactAt.lte(*at))
            .add(Condition::any().add(Column::LastContactAt.lt(*at)).add(Column::Id.lt(*id))),
    }
}

/// How many contacts there are of those that are asked for.
pub async fn count(scope: CompanyScope, db: &impl ConnectionTrait, ask: &Ask) -> Result<u64, DbErr> {
    let few = fewest(scope, db, &ask.terms).await?;
    let plain = ask.tag.is_none() && ask.blocked.is_none() && ask.favourite_of.is_none();
    if let ([term], true) = (&ask.terms[..], plain) {
        if let Some((_, having)) = few {
            return Ok(u64::try_from(having.len()).unwrap_or_default());
        }
        // Words are those of living contacts alone.
        let distinct = Func::count_distinct(Expr::col(contact_word::Column::ContactId));
        let count = scope.find::<contact_word::Entity>().select_only().filter(begins(term));
        let count: Option<i64> = count.expr(distinct).into_tuple().one(db).await?;
        return Ok(u64::try_from(count.unwrap_or_default()).unwrap_or_default());
    }
    listed(scope, ask, few, None).count(db).await
}

/// The term that the fewest contacts have, by its place, and who they are; `None` when many have each. The ways in which a word
/// may begin are looked up one by one: of several ranges at once SQLite reads all between them.
async fn fewest(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    terms: &[fold::Term],
) -> Result<Option<(usize, Vec<ContactId>)>, DbErr> {
    let mut fewest: Option<(usize, Vec<ContactId>)> = None;
    for (place, term) in terms.iter().enumerate() {
        let (mut found, mut are_few) = (HashSet::new(), true);
        for way in term {
            let having = ids(scope, begins(std::slice::from_ref(way))).limit(FEW + 1);
            let having: Vec<ContactId> = having.into_tuple().all(db).await?;
            are_few &= u64::try_from(having.len()).is_ok_and(|count| count <= FEW);
            found.extend(having);
        }
        if are_few && fewest.as_ref().is_none_or(|(_, least)| found.len() < least.len()) {
            fewest = Some((place, found.into_iter().collect()));
        }
    }
    Ok(fewest)
}

/// The ids of the contacts that have a word like this.
fn ids(scope: CompanyScope, word: Condition) -> Select<contact_word::Entity> {
    scope.find::<contact_word::Entity>().select_only().column(contact_word::Column::ContactId).filter(word)
}

/// Such a word of the contact that the query around it is at.
fn of_the_contact(scope: CompanyScope, term: &fold::Term) -> Select<contact_word::Entity> {
    let same: SimpleExpr = Expr::col((contact_word::Entity, contact_word::Column::ContactId))
        .equals((contact::Entity, contact::Column::Id));
    ids(scope, begins(term)).filter(same)
}

/// A word that begins in one of these ways.
fn begins(term: &[String]) -> Condition {
    let word = contact_word::Column::Word;
    term.iter().fold(Condition::any(), |any, beginning| {
        any.add(word.gte(beginning.as_str()).and(word.lt(format!("{beginning}{LAST}"))))
    })
}

/// The contacts with their other numbers.
async fn with_numbers(
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
        if scope.insert_or_ignore::<contact_number::Entity, _>(tx, number).await? == Inserted::Conflicted {
            scope.delete_many::<contact::Entity>().filter(contact::Column::Id.eq(id)).exec(tx).await?;
            return Ok(Inserted::Conflicted);
        }
    }
    scope.insert_many::<contact_word::Entity, _>(tx, words_of(scope, id, fold::words(contact))).await?;
    Ok(Inserted::Yes)
}

/// Inserts contacts whose numbers nobody has, as the caller has seen under a lock.
pub async fn insert_many(scope: CompanyScope, tx: &Tx, contacts: &[Contact]) -> Result<(), DbErr> {
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
    let id = contact.row.id;
    let wanted = numbers_of(scope, contact);
    let own = contact_number::Column::ContactId.eq(id);
    let mut known = scope.find::<contact_number::Entity>().filter(own.clone()).all(tx).await?;
    known.sort_by_key(|number| number.place);
    if known != wanted {
        scope.delete_many::<contact_number::Entity>().filter(own).exec(tx).await?;
        for number in wanted {
            if scope.insert_or_ignore::<contact_number::Entity, _>(tx, number).await? == Inserted::Conflicted
            {
                return Ok(Inserted::Conflicted);
            }
        }
    }
    let _ = scope.save::<contact::Entity, _>(tx, id, indexed(contact)).await?;
    set_words(scope, tx, id, fold::words(contact)).await?;
    Ok(Inserted::Yes)
}

/// Brings the words of a contact up to date that was written without them. A number that somebody else has by now stays his.
pub async fn index(scope: CompanyScope, tx: &Tx, contact: &Contact) -> Result<(), DbErr> {
    let id = contact.row.id;
    for number in numbers_of(scope, contact) {
        let _ = scope.insert_or_ignore::<contact_number::Entity, _>(tx, number).await?;
    }
    let _ = scope.save::<contact::Entity, _>(tx, id, indexed(contact)).await?;
    set_words(scope, tx, id, fold::words(contact)).await
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

fn marked_by(scope: CompanyScope, user: UserId) -> Select<contact_favourite::Entity> {
    scope.find::<contact_favourite::Entity>().filter(contact_favourite::Column::UserId.eq(user))
}

fn living(scope: CompanyScope) -> Select<contact::Entity> {
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
    let rows = living(scope).filter(has).order_by_asc(contact::Column::Id).limit(limit).all(db).await?;
    with_numbers(scope, db, rows).await
}
