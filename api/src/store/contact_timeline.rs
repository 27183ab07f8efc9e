//! What has been between a company and somebody's numbers. Calls are found by number; what belongs to a call by these calls.
//!
//! A contact has few numbers, and each is asked for by itself: of several at once, SQLite would read all that the company has in the
//! order of time.

use chrono::{DateTime, Utc};
use entity::id::AgentId;
use entity::{CompanyScope, RecordingKind, call, callback, recording, survey_answer, text_message};
use sea_orm::sea_query::{SimpleExpr, UnionType};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select,
};
use uuid::Uuid;

use super::{callbacks, messages, queueing, unindexed, voicemails};

/// Whose numbers, for whose eyes, and how far back.
#[derive(Clone, Debug)]
pub struct Ask {
    pub numbers: Vec<String>,
    /// Only what is this agent's to see.
    pub of_agent: Option<AgentId>,
    /// Before the entry of this moment with this id.
    pub before: Option<(DateTime<Utc>, Uuid)>,
    pub limit: u64,
}

/// The newest behind the last; `at` and `id` as they are to be compared.
fn newest<E: EntityTrait>(query: Select<E>, ask: &Ask, at: SimpleExpr, id: SimpleExpr) -> Select<E> {
    let before = |(moment, last): (DateTime<Utc>, Uuid)| {
        let (earlier, at_once) = (at.clone().lt(moment), id.clone().lt(last));
        Condition::all().add(at.clone().lte(moment)).add(Condition::any().add(earlier).add(at_once))
    };
    query
        .apply_if(ask.before, |query, last| query.filter(before(last)))
        .order_by_desc(at.clone())
        .order_by_desc(id.clone())
        .limit(ask.limit)
}

const SIDES: [call::Column; 2] = [call::Column::FromAddress, call::Column::ToAddress];

fn only_of_agent(scope: CompanyScope, query: Select<call::Entity>, ask: &Ask) -> Select<call::Entity> {
    query.apply_if(ask.of_agent, |query, agent| query.filter(queueing::calls_of(scope, agent)))
}

/// The column has the id of one of their calls that may be seen.
fn of_calls(scope: CompanyScope, ask: &Ask, column: impl ColumnTrait) -> SimpleExpr {
    let [mut from, to] = SIDES.map(|side| {
        let calls = scope.find::<call::Entity>().select_only().column(call::Column::Id);
        let calls = calls.filter(side.is_in(ask.numbers.iter().map(String::as_str)));
        only_of_agent(scope, calls, ask).into_query()
    });
    from.union(UnionType::All, to);
    column.in_subquery(from)
}

/// A call between two of the numbers comes twice.
pub async fn calls(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    ask: &Ask,
) -> Result<Vec<call::Model>, DbErr> {
    let mut rows = Vec::new();
    for (number, side) in ask.numbers.iter().flat_map(|number| SIDES.map(|side| (number, side))) {
        let calls = scope.find::<call::Entity>().filter(side.eq(number.as_str()));
        let calls = only_of_agent(scope, calls, ask);
        let (at, id) = (call::Column::StartedAt.into_expr(), call::Column::Id.into_expr());
        rows.extend(newest(calls, ask, at, id).all(db).await?);
    }
    Ok(rows)
}

pub async fn voicemails(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    ask: &Ask,
) -> Result<Vec<recording::Model>, DbErr> {
    use recording::Column;
    let theirs = Ask { of_agent: None, ..ask.clone() };
    let query = scope
        .find::<recording::Entity>()
        .filter(Column::Kind.eq(RecordingKind::Voicemail))
        .filter(of_calls(scope, &theirs, Column::CallId))
        .apply_if(ask.of_agent, |query, agent| {
            let given = Column::Id.in_subquery(voicemails::assigned_to(scope, agent).into_query());
            query.filter(Condition::any().add(of_calls(scope, ask, Column::CallId)).add(given))
        });
    newest(query, ask, unindexed(Column::CreatedAt), unindexed(Column::Id)).all(db).await
}

pub async fn callbacks(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    ask: &Ask,
) -> Result<Vec<callback::Model>, DbErr> {
    use callback::Column;
    let mut rows = Vec::new();
    for number in &ask.numbers {
        let query = scope
            .find::<callback::Entity>()
            .filter(Column::Number.eq(number.as_str()))
            .apply_if(ask.of_agent, |query, agent| query.filter(callbacks::of_agent(scope, agent)));
        let query = newest(query, ask, Column::CreatedAt.into_expr(), Column::Id.into_expr());
        rows.extend(query.all(db).await?);
    }
    Ok(rows)
}

/// Whoever may see the contact sees them all.
pub async fn messages(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    ask: &Ask,
) -> Result<Vec<text_message::Model>, DbErr> {
    use text_message::Column;
    let mut rows = Vec::new();
    for (number, side) in ask.numbers.iter().flat_map(|number| messages::SIDES.map(|side| (number, side))) {
        let query = scope.find::<text_message::Entity>().filter(side.eq(number.as_str()));
        let query = newest(query, ask, unindexed(Column::CreatedAt), unindexed(Column::Id));
        rows.extend(query.all(db).await?);
    }
    Ok(rows)
}

pub async fn answers(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    ask: &Ask,
) -> Result<Vec<survey_answer::Model>, DbErr> {
    use survey_answer::Column;
    let query = scope.find::<survey_answer::Entity>().filter(of_calls(scope, ask, Column::CallId));
    newest(query, ask, unindexed(Column::AnsweredAt), unindexed(Column::Id)).all(db).await
}

/// When one of the numbers called or was called last, before this call.
pub async fn last_call(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    numbers: &[&str],
    this: &call::Model,
) -> Result<Option<DateTime<Utc>>, DbErr> {
    let mut last = None;
    for (number, side) in numbers.iter().flat_map(|number| SIDES.map(|side| (*number, side))) {
        let started: Option<DateTime<Utc>> = scope
            .find::<call::Entity>()
            .select_only()
            .column(call::Column::StartedAt)
            .filter(side.eq(number))
            .filter(call::Column::StartedAt.lte(this.started_at))
            .filter(call::Column::Id.ne(this.id))
            .order_by_desc(call::Column::StartedAt)
            .into_tuple()
            .one(db)
            .await?;
        last = std::cmp::max(last, started);
    }
    Ok(last)
}
