//! What has been between a company and somebody's numbers. Calls are found by number; what belongs to a call by these calls.

use chrono::{DateTime, Utc};
use entity::id::AgentId;
use entity::{CompanyScope, RecordingKind, call, callback, recording, survey_answer, text_message};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Select,
};
use uuid::Uuid;

use super::{callbacks, messages, queueing, voicemails};

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

fn newest<E: EntityTrait>(query: Select<E>, ask: &Ask, at: E::Column, id: E::Column) -> Select<E> {
    let before = |(moment, last): (DateTime<Utc>, Uuid)| {
        Condition::all().add(at.lte(moment)).add(Condition::any().add(at.lt(moment)).add(id.lt(last)))
    };
    query
        .apply_if(ask.before, |query, last| query.filter(before(last)))
        .order_by_desc(at)
        .order_by_desc(id)
        .limit(ask.limit)
}

/// The calls of one side: an index begins with each.
fn on_side(scope: CompanyScope, ask: &Ask, side: call::Column) -> Select<call::Entity> {
    scope
        .find::<call::Entity>()
        .filter(side.is_in(ask.numbers.iter().map(String::as_str)))
        .apply_if(ask.of_agent, |query, agent| query.filter(queueing::calls_of(scope, agent)))
}

/// The ids of all of their calls that may be seen.
fn call_ids(scope: CompanyScope, ask: &Ask, column: impl ColumnTrait) -> Condition {
    [call::Column::FromAddress, call::Column::ToAddress].into_iter().fold(Condition::any(), |any, side| {
        let ids = on_side(scope, ask, side).select_only().column(call::Column::Id);
        any.add(column.in_subquery(ids.into_query()))
    })
}

pub async fn calls(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    ask: &Ask,
) -> Result<Vec<call::Model>, DbErr> {
    let mut rows = Vec::new();
    for side in [call::Column::FromAddress, call::Column::ToAddress] {
        let query = on_side(scope, ask, side);
        rows.extend(newest(query, ask, call::Column::StartedAt, call::Column::Id).all(db).await?);
    }
    // Who calls himself has both sides.
    rows.sort_by_key(|row| row.id);
    rows.dedup_by_key(|row| row.id);
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
        .filter(call_ids(scope, &theirs, Column::CallId))
        .apply_if(ask.of_agent, |query, agent| {
            let given = voicemails::assigned_to(scope, agent).into_query();
            let seen = call_ids(scope, ask, Column::CallId);
            query.filter(Condition::any().add(seen).add(Column::Id.in_subquery(given)))
        });
    newest(query, ask, Column::CreatedAt, Column::Id).all(db).await
}

pub async fn callbacks(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    ask: &Ask,
) -> Result<Vec<callback::Model>, DbErr> {
    use callback::Column;
    let query = scope
        .find::<callback::Entity>()
        .filter(Column::Number.is_in(ask.numbers.iter().map(String::as_str)))
        .apply_if(ask.of_agent, |query, agent| query.filter(callbacks::of_agent(scope, agent)));
    newest(query, ask, Column::CreatedAt, Column::Id).all(db).await
}

/// Whoever may see the contact sees them all.
pub async fn messages(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    ask: &Ask,
) -> Result<Vec<text_message::Model>, DbErr> {
    use text_message::Column;
    let numbers: Vec<_> = ask.numbers.iter().map(String::as_str).collect();
    let query = scope.find::<text_message::Entity>().filter(messages::is_with(&numbers));
    newest(query, ask, Column::CreatedAt, Column::Id).all(db).await
}

pub async fn answers(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    ask: &Ask,
) -> Result<Vec<survey_answer::Model>, DbErr> {
    use survey_answer::Column;
    let query = scope.find::<survey_answer::Entity>().filter(call_ids(scope, ask, Column::CallId));
    newest(query, ask, Column::AnsweredAt, Column::Id).all(db).await
}

/// When one of the numbers called or was called last, before this call.
pub async fn last_call(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    numbers: &[&str],
    this: &call::Model,
) -> Result<Option<DateTime<Utc>>, DbErr> {
    let mut last = None;
    for side in [call::Column::FromAddress, call::Column::ToAddress] {
        let started: Option<DateTime<Utc>> = scope
            .find::<call::Entity>()
            .select_only()
            .column(call::Column::StartedAt)
            .filter(side.is_in(numbers.iter().copied()))
            .filter(call::Column::StartedAt.lte(this.started_at))
            .filter(call::Column::Id.ne(this.id))
            .order_by_desc(call::Column::StartedAt)
            .into_tuple()
            .one(db)
            .await?;
        last = last.max(started);
    }
    Ok(last)
}
