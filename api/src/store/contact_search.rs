//! Living contacts by their words, in the order of a list.
//!
//! SQLite keeps no statistics here, so each query is written as it is to be read: a word that begins in several ways is looked up
//! by one range each, since of several ranges joined by OR all words of the company would be read.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use entity::id::{ContactId, UserId};
use entity::{CompanyScope, contact, contact_favourite, contact_word};
use sea_orm::sea_query::{Expr, Func, Query, SelectStatement, SimpleExpr, UnionType};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select,
};
use serde::{Deserialize, Serialize};

use super::contacts::{living, marked_by, with_numbers};
use super::unindexed;
use crate::contacts::{Contact, fold};

/// So many contacts that have a word are all looked at and sorted. Of a word that more of them have, the list is read in its
/// order, and each looked at for the word.
const FEW: usize = 2_000;
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

/// Contacts that are so few that each of them is looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Few {
    /// Who may be found.
    pub having: Vec<ContactId>,
    /// What they must have beside.
    pub left: Vec<fold::Term>,
}

/// Who has the term that the fewest have, or all of them at once; `None` when these are many, or nothing is asked for.
pub async fn few(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    terms: &[fold::Term],
) -> Result<Option<Few>, DbErr> {
    let mut fewest: Option<Few> = None;
    for (place, term) in terms.iter().enumerate() {
        let Some(having) = if_few(db, having(scope, term)).await? else { continue };
        if fewest.as_ref().is_none_or(|few| having.len() < few.having.len()) {
            let mut left = terms.to_vec();
            left.remove(place);
            fewest = Some(Few { having, left });
        }
    }
    if fewest.is_some() || terms.len() < 2 {
        return Ok(fewest);
    }
    let having = if_few(db, having_all(scope, terms)).await?;
    Ok(having.map(|having| Few { having, left: Vec::new() }))
}

async fn if_few(
    db: &impl ConnectionTrait,
    query: Option<SelectStatement>,
) -> Result<Option<Vec<ContactId>>, DbErr> {
    let Some(mut query) = query else { return Ok(None) };
    let rows = db.query_all(query.limit(FEW as u64 + 1)).await?;
    if rows.len() > FEW {
        return Ok(None);
    }
    let ids: HashSet<ContactId> =
        rows.iter().map(|row| row.try_get("", "contact_id")).collect::<Result<_, _>>()?;
    Ok(Some(ids.into_iter().collect()))
}

/// A part of the contacts that are asked for; `few` is what [`few`] says of their terms.
pub async fn list(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    ask: &Ask,
    few: Option<&Few>,
    after: Option<&Position>,
    (offset, limit): (u64, u64),
) -> Result<Vec<Contact>, DbErr> {
    let rows = listed(scope, ask, few, after).offset(offset).limit(limit).all(db).await?;
    with_numbers(scope, db, rows).await
}

/// The query of a list.
pub fn listed(
    scope: CompanyScope,
    ask: &Ask,
    few: Option<&Few>,
    after: Option<&Position>,
) -> Select<contact::Entity> {
    use contact::Column;
    let as_read = |column: Column| match few {
        Some(_) => unindexed(column),
        None => column.into_expr(),
    };
    let query = asked(scope, ask, few);
    let query = match ask.order {
        Order::Name => query.order_by_asc(as_read(Column::SortKey)).order_by_asc(as_read(Column::Id)),
        Order::LastContact => {
            query.order_by_desc(as_read(Column::LastContactAt)).order_by_desc(as_read(Column::Id))
        }
    };
    query.apply_if(after, |query, after: &Position| query.filter(behind(after, as_read)))
}

fn behind(position: &Position, as_read: impl Fn(contact::Column) -> SimpleExpr) -> Condition {
    use contact::Column::{Id, LastContactAt, SortKey};
    match position {
        Position::Name(key, id) => Condition::all()
            .add(as_read(SortKey).gte(key.as_str()))
            .add(Condition::any().add(as_read(SortKey).gt(key.as_str())).add(as_read(Id).gt(*id))),
        Position::LastContact(at, id) => Condition::all()
            .add(as_read(LastContactAt).lte(*at))
            .add(Condition::any().add(as_read(LastContactAt).lt(*at)).add(as_read(Id).lt(*id))),
    }
}

/// The contacts that are asked for, in no order.
fn asked(scope: CompanyScope, ask: &Ask, few: Option<&Few>) -> Select<contact::Entity> {
    use contact::Column;
    let query = living(scope)
        .apply_if(ask.blocked, |query, blocked| query.filter(Column::Blocked.eq(blocked)))
        .apply_if(ask.favourite_of, |query, user| {
            let marked = marked_by(scope, user).select_only().column(contact_favourite::Column::ContactId);
            query.filter(Column::Id.in_subquery(marked.into_query()))
        })
        .apply_if(ask.tag.as_deref(), |query, tag: &str| {
            let tagged = ids(scope).filter(contact_word::Column::Word.eq(tag));
            query.filter(Column::Id.in_subquery(tagged.into_query()))
        })
        .apply_if(few, |query, few: &Few| query.filter(Column::Id.is_in(few.having.iter().copied())));
    let left = few.map_or(&ask.terms, |few| &few.left);
    left.iter()
        .fold(query, |query, term| query.filter(Expr::exists(of_the_contact(scope, term).into_query())))
}

/// How many contacts there are of those that are asked for; `few` is what [`few`] says of their terms.
pub async fn count(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    ask: &Ask,
    few: Option<&Few>,
) -> Result<u64, DbErr> {
    let by_words_alone = ask.tag.is_none() && ask.blocked.is_none() && ask.favourite_of.is_none();
    // Words are those of living contacts alone.
    if let (None, true, Some(having)) = (few, by_words_alone, having_all(scope, &ask.terms)) {
        let mut counting = Query::select();
        let each = Func::count_distinct(Expr::col("contact_id"));
        counting.expr_as(each, "count").from_subquery(having, "found");
        let row = db.query_one(&counting).await?;
        let count: i64 = row.map(|row| row.try_get("", "count")).transpose()?.unwrap_or_default();
        return Ok(u64::try_from(count).unwrap_or_default());
    }
    asked(scope, ask, few).select_only().column(contact::Column::Id).count(db).await
}

/// The ids of the contacts that have a term, each as often as it has it; `None` of a term that cannot be had.
fn having(scope: CompanyScope, term: &[String]) -> Option<SelectStatement> {
    let ways = term.iter().map(|way| ids(scope).filter(begins(way)).into_query());
    combined(ways, UnionType::All)
}

/// The ids of the contacts that have all of these terms; `None` when there is none.
fn having_all(scope: CompanyScope, terms: &[fold::Term]) -> Option<SelectStatement> {
    let each = terms.iter().filter_map(|term| having(scope, term)).map(|ways| {
        Query::select().column(contact_word::Column::ContactId).from_subquery(ways, "ways").to_owned()
    });
    combined(each, UnionType::Intersect)
}

fn combined(queries: impl Iterator<Item = SelectStatement>, how: UnionType) -> Option<SelectStatement> {
    queries.reduce(|mut first, next| {
        first.union(how, next);
        first
    })
}

fn ids(scope: CompanyScope) -> Select<contact_word::Entity> {
    scope.find::<contact_word::Entity>().select_only().column(contact_word::Column::ContactId)
}

/// Such a word of the contact that the query around it is at.
fn of_the_contact(scope: CompanyScope, term: &[String]) -> Select<contact_word::Entity> {
    let same: SimpleExpr = Expr::col((contact_word::Entity, contact_word::Column::ContactId))
        .equals((contact::Entity, contact::Column::Id));
    ids(scope).filter(same).filter(term.iter().fold(Condition::any(), |any, way| any.add(begins(way))))
}

fn begins(way: &str) -> SimpleExpr {
    let word = contact_word::Column::Word;
    word.gte(way).and(word.lt(format!("{way}{LAST}")))
}
