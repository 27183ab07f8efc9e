//! Lists of calls: filtered, in the order of their begin, and what a user has marked in them. Every query begins with an
//! index of the company's.

use ::reports::Variant;
use chrono::{DateTime, Utc};
use entity::id::{AgentId, CallId, FlowId, QueueId, UserId};
use entity::{
    CallKind, CallOutcome, CallStatus, CompanyScope, OfferState, call, call_mark, call_tag, offer, segment,
};
use sea_orm::sea_query::{Func, LikeExpr};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, DbErr, ExprTrait, Iterable, PaginatorTrait,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
};

use super::calls::without_session;
use super::calls_counted::{By, Counted, Limited, When};
use super::past_calls::versions_of;
use super::peer_calls;
use super::queueing::calls_of;

/// Which calls a list shows; what is not named is not asked for.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub status: Option<CallStatus>,
    pub kind: Option<CallKind>,
    pub outcome: Option<CallOutcome>,
    /// What the next four are about.
    pub by: By,
    pub when: When,
    /// Who has it, or had it last.
    pub agent: Option<AgentId>,
    /// Where it waits, or waited last.
    pub queue: Option<QueueId>,
    /// Begun at this moment or later.
    pub from: Option<DateTime<Utc>>,
    /// Begun before this moment.
    pub to: Option<DateTime<Utc>>,
    /// Of the one side or the other, as it is stored.
    pub number: Option<String>,
    pub tag: Option<String>,
    /// It is in this flow, or was in it last.
    pub flow: Option<FlowId>,
    /// Words in lower case, each of which stands somewhere in the call.
    pub words: Vec<String>,
    /// Only calls that are this agent's to see.
    pub of_agent: Option<AgentId>,
    /// Only calls that this user's agent has had, if he is one, or that he has had with colleagues.
    pub own: Option<Own>,
    /// Without what this user has hidden from himself.
    pub shown_to: Option<UserId>,
    pub only: Only,
    /// How the company counts its service level.
    pub variant: Variant,
    /// The limits of the company's queues, where what is counted goes by them.
    pub limited: Vec<Limited>,
}

impl Filter {
    fn counted(&self) -> Counted<'_> {
        let Self { by, when, from, to, queue, agent, variant, ref limited, .. } = *self;
        Counted { by, when, from, to, queue, agent, variant, limited }
    }
}

/// A list of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Only {
    #[default]
    All,
    /// Those that are not over.
    Live,
    /// Those that rang in vain for him, and that he never had.
    MissedBy(Own),
    /// Of those, the ones that he has not seen.
    Unseen(Own),
}

/// Somebody's own calls: a user's, and his agent's if he is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Own {
    pub agent: Option<AgentId>,
    pub user: UserId,
}

/// By the moment at which a call began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    #[default]
    NewestFirst,
    OldestFirst,
}

/// Where a list is read on: behind the call that began then and has this id.
pub type Position = (DateTime<Utc>, CallId);

/// The queries whose rows together are a list: one, or one for each side that has the number, since an index that begins with
/// a number finds one side.
pub fn queries(
    scope: CompanyScope,
    backend: DbBackend,
    filter: &Filter,
    order: Order,
    after: Option<Position>,
) -> Vec<Select<call::Entity>> {
    let Some(number) = &filter.number else {
        return vec![ordered(filtered(scope, backend, filter), order, after)];
    };
    let others = Filter { number: None, ..filter.clone() };
    [call::Column::FromAddress, call::Column::ToAddress]
        .map(|side| ordered(filtered(scope, backend, &others).filter(side.eq(number.as_str())), order, after))
        .into()
}

fn ordered(query: Select<call::Entity>, order: Order, after: Option<Position>) -> Select<call::Entity> {
    let started = call::Column::StartedAt;
    match order {
        Order::NewestFirst => {
            let behind = |(at, id)| {
                Condition::all()
                    .add(started.lte(at))
                    .add(Condition::any().add(started.lt(at)).add(call::Column::Id.lt(id)))
            };
            let query = query.order_by_desc(started).order_by_desc(call::Column::Id);
            query.apply_if(after, |query, after: Position| query.filter(behind(after)))
        }
        Order::OldestFirst => {
            let behind = |(at, id)| {
                Condition::all()
                    .add(started.gte(at))
                    .add(Condition::any().add(started.gt(at)).add(call::Column::Id.gt(id)))
            };
            let query = query.order_by_asc(started).order_by_asc(call::Column::Id);
            query.apply_if(after, |query, after: Position| query.filter(behind(after)))
        }
    }
}

/// [Without their sessions](without_session).
pub async fn list(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    filter: &Filter,
    order: Order,
    after: Option<Position>,
    (offset, limit): (u64, u64),
) -> Result<Vec<call::Model>, DbErr> {
    let mut queries = queries(scope, db.get_database_backend(), filter, order, after);
    if queries.len() == 1 {
        return without_session(queries.remove(0)).offset(offset).limit(limit).all(db).await;
    }
    let mut rows = Vec::new();
    for query in queries {
        rows.extend(without_session(query).limit(offset + limit).all(db).await?);
    }
    let key = |row: &call::Model| (row.started_at, row.id);
    match order {
        Order::NewestFirst => rows.sort_by_key(|row| std::cmp::Reverse(key(row))),
        Order::OldestFirst => rows.sort_by_key(key),
    }
    // Who calls himself has both sides.
    rows.dedup_by_key(|row| row.id);
    let (offset, limit) = (to_usize(offset), to_usize(limit));
    Ok(rows.into_iter().skip(offset).take(limit).collect())
}

fn to_usize(rows: u64) -> usize {
    usize::try_from(rows).unwrap_or(usize::MAX)
}

pub async fn count(scope: CompanyScope, db: &impl ConnectionTrait, filter: &Filter) -> Result<u64, DbErr> {
    filtered(scope, db.get_database_backend(), filter).count(db).await
}

/// Their ids alone, the newest first.
pub async fn ids(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    filter: &Filter,
    limit: u64,
) -> Result<Vec<CallId>, DbErr> {
    let query = ordered(filtered(scope, db.get_database_backend(), filter), Order::NewestFirst, None);
    query.select_only().column(call::Column::Id).limit(limit).into_tuple().all(db).await
}

/// Whether the call rang in vain for him.
pub async fn was_missed(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    own: Own,
    id: CallId,
) -> Result<bool, DbErr> {
    let found = scope.find_by_id::<call::Entity>(id).filter(missed(scope, own));
    Ok(found.count(db).await? > 0)
}

fn filtered(scope: CompanyScope, backend: DbBackend, filter: &Filter) -> Select<call::Entity> {
    use call::Column;
    let query = scope
        .find::<call::Entity>()
        .apply_if(filter.status, |query, status| query.filter(Column::Status.eq(status)))
        .apply_if(filter.kind, |query, kind| query.filter(Column::Kind.eq(kind)))
        .apply_if(filter.outcome, |query, outcome| query.filter(Column::Outcome.eq(outcome)))
        .filter(filter.counted().condition(scope, backend))
        .apply_if(filter.number.as_deref(), |query, number: &str| {
            query.filter(Column::FromAddress.eq(number).or(Column::ToAddress.eq(number)))
        })
        .apply_if(filter.tag.as_deref(), |query, tag: &str| {
            let tagged = scope
                .find::<call_tag::Entity>()
                .select_only()
                .column(call_tag::Column::CallId)
                .filter(call_tag::Column::Tag.eq(tag));
            query.filter(Column::Id.in_subquery(tagged.into_query()))
        })
        .apply_if(filter.flow, |query, flow| {
            query.filter(Column::FlowVersionId.in_subquery(versions_of(scope, flow).into_query()))
        })
        .apply_if(filter.of_agent, |query, agent| query.filter(calls_of(scope, agent)))
        .apply_if(filter.own, |query, own: Own| {
            let with_colleagues = peer_calls::calls_of_user(scope, own.user).into_query();
            let his = Condition::any().add(Column::Id.in_subquery(with_colleagues));
            query.filter(his.add_option(own.agent.map(|agent| calls_of(scope, agent))))
        })
        .apply_if(filter.shown_to, |query, user| {
            let hidden = marks_of(scope, user).filter(call_mark::Column::HiddenAt.is_not_null());
            query.filter(Column::Id.not_in_subquery(hidden.into_query()))
        });
    let query = filter.words.iter().fold(query, |query, word| query.filter(contains(word)));
    match filter.only {
        Only::All => query,
        Only::Live => {
            let live = CallStatus::iter().filter(|status| !status.is_over());
            query.filter(Column::Status.is_in(live))
        }
        Only::MissedBy(own) => query.filter(missed(scope, own)),
        Only::Unseen(own) => {
            let seen = marks_of(scope, own.user).filter(call_mark::Column::SeenAt.is_not_null());
            query.filter(missed(scope, own)).filter(Column::Id.not_in_subquery(seen.into_query()))
        }
    }
}

/// The ids of the calls that a user has marked.
fn marks_of(scope: CompanyScope, user: UserId) -> Select<call_mark::Entity> {
    scope
        .find::<call_mark::Entity>()
        .select_only()
        .column(call_mark::Column::CallId)
        .filter(call_mark::Column::UserId.eq(user))
}

fn missed(scope: CompanyScope, own: Own) -> Condition {
    let with_colleagues = peer_calls::missed_by_user(scope, own.user).into_query();
    Condition::any()
        .add(call::Column::Id.in_subquery(with_colleagues))
        .add_option(own.agent.map(|agent| missed_by_agent(scope, agent)))
}

fn missed_by_agent(scope: CompanyScope, agent: AgentId) -> Condition {
    let rang = scope
        .find::<offer::Entity>()
        .select_only()
        .column(offer::Column::CallId)
        .filter(offer::Column::AgentId.eq(agent))
        .filter(offer::Column::State.eq(OfferState::NoAnswer));
    let had = scope
        .find::<segment::Entity>()
        .select_only()
        .column(segment::Column::CallId)
        .filter(segment::Column::AgentId.eq(agent))
        .filter(segment::Column::ConnectedAt.is_not_null());
    Condition::all()
        .add(call::Column::Id.in_subquery(rang.into_query()))
        .add(call::Column::Id.not_in_subquery(had.into_query()))
}

/// Whether the word stands in who calls whom, the notes or the disposition.
fn contains(word: &str) -> Condition {
    let escaped = word.replace('!', "!!").replace('%', "!%").replace('_', "!_");
    let like = LikeExpr::new(format!("%{escaped}%")).escape('!');
    [
        call::Column::CallerName,
        call::Column::FromAddress,
        call::Column::ToAddress,
        call::Column::Notes,
        call::Column::Disposition,
    ]
    .into_iter()
    .fold(Condition::any(), |any, column| any.add(Func::lower(column.into_expr()).like(like.clone())))
}
