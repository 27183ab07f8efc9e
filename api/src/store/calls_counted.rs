//! The calls behind a figure of a report: those that it has counted.

use chrono::{DateTime, Utc};
use entity::id::{AgentId, QueueId};
use entity::{
    CallStatus, CompanyScope, EntryOutcome, EntryPurpose, SegmentState, call, queue, queue_entry, segment,
};
use sea_orm::sea_query::{Condition, Expr, Func, SelectStatement};
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, Iterable, QueryFilter, QuerySelect, QueryTrait, Select};
use uuid::Uuid;

use super::queueing;

/// What a range of time, a queue and an agent are about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    /// The call: when it began, the queue and the agent that it was with last.
    #[default]
    Call,
    /// A caller's visit of a queue that began then and ended so, or however.
    Visit(Option<EntryOutcome>),
    /// An agent's conversation that began then, and is over.
    Conversation,
}

/// What a range of time is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum When {
    /// Of what is looked for: it began then.
    #[default]
    Began,
    /// Of the call: it ended then, and is over for everybody. So contact-driven figures are counted.
    CallEnded,
}

/// Which calls; nothing said is all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    pub by: By,
    pub when: When,
    pub from: Option<DateTime<Utc>>,
    /// Not any more.
    pub to: Option<DateTime<Utc>>,
    pub queue: Option<QueueId>,
    pub agent: Option<AgentId>,
}

impl Counted {
    pub fn condition(&self, scope: CompanyScope) -> Condition {
        let counted = match self.by {
            By::Call => self.of_calls(),
            By::Visit(outcome) => self.of_visits(scope, outcome),
            By::Conversation => self.of_conversations(scope),
        };
        match self.when {
            When::Began => counted,
            When::CallEnded => counted.add(self.ended()),
        }
    }

    fn ended(&self) -> Condition {
        let over = CallStatus::iter().filter(|status| status.is_over());
        Condition::all()
            .add(Self { when: When::Began, ..*self }.within(call::Column::EndedAt))
            .add(call::Column::EndedAt.is_not_null())
            .add(call::Column::Status.is_in(over))
    }

    /// Nothing where the range is of the call's end.
    fn within<C: ColumnTrait>(&self, began: C) -> Condition {
        let mut within = Condition::all();
        if self.when == When::CallEnded {
            return within;
        }
        if let Some(from) = self.from {
            within = within.add(began.gte(from));
        }
        if let Some(to) = self.to {
            within = within.add(began.lt(to));
        }
        within
    }

    fn of_calls(&self) -> Condition {
        let mut calls = self.within(call::Column::StartedAt);
        if let Some(queue) = self.queue {
            calls = calls.add(call::Column::QueueId.eq(queue));
        }
        if let Some(agent) = self.agent {
            calls = calls.add(call::Column::AgentId.eq(agent));
        }
        calls
    }

    fn of_visits(&self, scope: CompanyScope, outcome: Option<EntryOutcome>) -> Condition {
        use queue_entry::Column as Q;
        let mut visits = scope
            .find::<queue_entry::Entity>()
            .select_only()
            .column(Q::CallId)
            .filter(self.within(Q::EnteredAt))
            .filter(Q::Purpose.eq(EntryPurpose::Caller));
        visits = match outcome {
            Some(outcome) => visits.filter(Q::Outcome.eq(outcome)),
            // Nobody has waited where an agent called out.
            None => visits.filter(Q::Outcome.is_null().or(Q::Outcome.ne(EntryOutcome::Outbound))),
        };
        visits = match self.queue {
            Some(queue) => visits.filter(self.is(Q::QueueId, queue.0)),
            None if self.when == When::Began => visits.filter(Q::QueueId.in_subquery(queues(scope))),
            None => visits,
        };
        let visited = self.among(visits, (queue_entry::Entity, Q::CallId));
        match self.agent {
            Some(agent) => visited.add(queueing::calls_of(scope, agent)),
            None => visited,
        }
    }

    fn of_conversations(&self, scope: CompanyScope) -> Condition {
        use segment::Column as S;
        let mut conversations = scope
            .find::<segment::Entity>()
            .select_only()
            .column(S::CallId)
            .filter(self.within(S::ConnectedAt))
            .filter(self.value(S::ConnectedAt).is_not_null())
            .filter(S::EndedAt.is_not_null())
            .filter(S::State.ne(SegmentState::Failed));
        if let Some(queue) = self.queue {
            conversations = conversations.filter(self.is(S::QueueId, queue.0));
        }
        if let Some(agent) = self.agent {
            conversations = conversations.filter(self.is(S::AgentId, agent.0));
        }
        if self.when == When::Began && self.queue.is_none() && self.agent.is_none() {
            conversations = conversations.filter(S::QueueId.in_subquery(queues(scope)));
        }
        self.among(conversations, (segment::Entity, S::CallId))
    }

    fn is<C: ColumnTrait>(&self, column: C, id: Uuid) -> Expr {
        self.value(column).eq(id)
    }

    /// Where rows are looked up for each call, an index that begins with something else would be taken by mistake.
    fn value<C: ColumnTrait>(&self, column: C) -> Expr {
        match self.when {
            When::Began => column.into_expr(),
            When::CallEnded => Func::coalesce([column.into_expr(), column.into_expr()]).into(),
        }
    }

    /// The calls of these rows: found by them, or where the call itself is found by its end, looked up for each call.
    fn among<E: EntityTrait>(&self, rows: Select<E>, call: (E, E::Column)) -> Condition {
        Condition::all().add(match self.when {
            When::Began => call::Column::Id.in_subquery(rows.into_query()),
            When::CallEnded => {
                let same = Expr::col(call).equals((call::Entity, call::Column::Id));
                Expr::exists(rows.filter(same).into_query())
            }
        })
    }
}

/// Each by itself, since visits and conversations are found by queue and time.
fn queues(scope: CompanyScope) -> SelectStatement {
    scope.find::<queue::Entity>().select_only().column(queue::Column::Id).into_query()
}
