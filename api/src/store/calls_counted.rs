//! The calls behind a figure of a report: those that it has counted.

use ::reports::{Callers, Left, Limits, Part, SHORT_ABANDONS, Variant, Wait};
use chrono::{DateTime, Utc};
use entity::id::{AgentId, QueueId};
use entity::{
    CallStatus, CompanyScope, EntryOutcome, EntryPurpose, OfferState, SegmentState, TransferState, call,
    offer, queue, queue_entry, segment, survey_answer, transfer,
};
use sea_orm::sea_query::{Condition, Expr, Func, SelectStatement};
use sea_orm::{
    ColumnTrait, DbBackend, EntityTrait, ExprTrait, Iterable, QueryFilter, QuerySelect, QueryTrait, Select,
};
use uuid::Uuid;

use super::queueing;

/// What a range of time, a queue and an agent are about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    /// The call: when it began, the queue and the agent that it was with last.
    #[default]
    Call,
    /// A caller's visit of a queue that began then.
    Visit(Visits),
    /// A place in the line of who was to be called back, that began then and ended so, or however.
    CalledBack(Option<EntryOutcome>),
    /// An agent who asked for a colleague then.
    Consult,
    /// An agent's conversation that began then, and is over.
    Conversation(Conversations),
    /// An agent was given the call then, and it never came to a conversation.
    NotConnected,
    /// An offer that was made then and ended in one of these ways; of none, in whatever way.
    Offer(&'static [OfferState]),
    /// A survey that was answered then.
    Survey(Surveys),
}

/// Which visits of callers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Visits {
    #[default]
    All,
    Ended(EntryOutcome),
    /// Those that have not ended.
    StillWaiting,
    /// Given up within the limit of the queue ([`Limited`]).
    ShortAbandons,
    /// Those that make a part of the service level.
    ServiceLevel(Part),
}

impl Visits {
    /// Whether it takes the limits of queues to find them.
    pub fn are_limited(self) -> bool {
        matches!(self, Self::ShortAbandons | Self::ServiceLevel(_))
    }
}

/// Which conversations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Conversations {
    #[default]
    All,
    /// Of calls on which an agent had called out.
    Outbound,
    /// With a hold.
    Held,
    /// Passed on by the agent.
    Transferred,
}

/// Which answers of surveys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Surveys {
    /// 1 to 5, both in it.
    pub scores: (i32, i32),
    pub of: SurveysOf,
}

/// Whose surveys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SurveysOf {
    Anybody,
    /// Those who had been in a queue.
    Queues,
}

/// Queues with the same limits of waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limited {
    pub limits: Limits,
    pub queues: Vec<QueueId>,
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
pub struct Counted<'a> {
    pub by: By,
    pub when: When,
    pub from: Option<DateTime<Utc>>,
    /// Not any more.
    pub to: Option<DateTime<Utc>>,
    pub queue: Option<QueueId>,
    pub agent: Option<AgentId>,
    /// How the company counts its service level.
    pub variant: Variant,
    /// The limits of the company's queues, where [`Visits::are_limited`].
    pub limited: &'a [Limited],
}

impl Counted<'_> {
    pub fn condition(&self, scope: CompanyScope, backend: DbBackend) -> Condition {
        let ended = |outcome: Option<EntryOutcome>| outcome.map_or(Visits::All, Visits::Ended);
        let counted = match self.by {
            By::Call => self.of_calls(),
            By::Visit(which) => self.of_visits(scope, backend, EntryPurpose::Caller, which),
            By::CalledBack(outcome) => self.of_visits(scope, backend, EntryPurpose::Callback, ended(outcome)),
            By::Consult => self.of_visits(scope, backend, EntryPurpose::Consult, Visits::All),
            By::Conversation(which) => self.of_conversations(scope, which),
            By::NotConnected => self.of_attempts(scope),
            By::Offer(states) => self.of_offers(scope, states),
            By::Survey(which) => self.of_surveys(scope, which),
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

    fn of_visits(
        &self,
        scope: CompanyScope,
        backend: DbBackend,
        purpose: EntryPurpose,
        which: Visits,
    ) -> Condition {
        use queue_entry::Column as Q;
        let mut visits = scope
            .find::<queue_entry::Entity>()
            .select_only()
            .column(Q::CallId)
            .filter(self.within(Q::EnteredAt))
            .filter(Q::Purpose.eq(purpose));
        visits = match which {
            Visits::All => visits.filter(somebody_waited()),
            Visits::Ended(outcome) => visits.filter(Q::Outcome.eq(outcome)),
            Visits::StillWaiting => visits.filter(Q::Outcome.is_null()),
            Visits::ShortAbandons => visits.filter(self.are(backend, SHORT_ABANDONS)),
            Visits::ServiceLevel(part) => visits.filter(self.are(backend, self.variant.callers(part))),
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

    /// The visits of any of these callers, each by the limits of its queue.
    fn are(&self, backend: DbBackend, callers: &[Callers]) -> Condition {
        use queue_entry::Column as Q;
        self.limited.iter().fold(Condition::any().add(Expr::val(false)), |any, Limited { limits, queues }| {
            let queues = looked_up(Q::QueueId).is_in(queues.iter().map(|queue| queue.0));
            let each = callers.iter().map(|one| visit_of(backend, *one, *limits));
            any.add(Condition::all().add(queues).add(each.fold(Condition::any(), Condition::add)))
        })
    }

    fn of_conversations(&self, scope: CompanyScope, which: Conversations) -> Condition {
        use segment::Column as S;
        let mut conversations = scope
            .find::<segment::Entity>()
            .select_only()
            .column(S::CallId)
            .filter(self.within(S::ConnectedAt))
            .filter(self.value(S::ConnectedAt).is_not_null())
            .filter(S::EndedAt.is_not_null())
            .filter(S::State.ne(SegmentState::Failed));
        conversations = match which {
            Conversations::All => conversations,
            Conversations::Outbound => {
                let dialled = scope
                    .find::<queue_entry::Entity>()
                    .filter(same(
                        (queue_entry::Entity, queue_entry::Column::CallId),
                        (segment::Entity, S::CallId),
                    ))
                    .filter(queue_entry::Column::Outcome.eq(EntryOutcome::Outbound));
                conversations.filter(Expr::exists(dialled.into_query()))
            }
            Conversations::Held => conversations.filter(S::HoldMs.gt(0)),
            Conversations::Transferred => {
                use transfer::Column as T;
                let transfers = scope
                    .find::<transfer::Entity>()
                    .filter(same((transfer::Entity, T::CallId), (segment::Entity, S::CallId)))
                    .filter(same((transfer::Entity, T::SegmentId), (segment::Entity, S::Id)))
                    .filter(T::State.eq(TransferState::Completed));
                conversations.filter(Expr::exists(transfers.into_query()))
            }
        };
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

    fn of_attempts(&self, scope: CompanyScope) -> Condition {
        use segment::Column as S;
        let mut attempts = scope
            .find::<segment::Entity>()
            .select_only()
            .column(S::CallId)
            .filter(self.within(S::ReservedAt))
            .filter(S::EndedAt.is_not_null())
            .filter(looked_up(S::ConnectedAt).is_null().or(S::State.eq(SegmentState::Failed)));
        if let Some(queue) = self.queue {
            attempts = attempts.filter(looked_up(S::QueueId).eq(queue.0));
        }
        if let Some(agent) = self.agent {
            attempts = attempts.filter(self.is(S::AgentId, agent.0));
        }
        self.among(attempts, (segment::Entity, S::CallId))
    }

    /// An offer is of the queue whose visit it is for. Who calls out is offered nothing: a row stands there for his phone alone.
    fn of_offers(&self, scope: CompanyScope, states: &[OfferState]) -> Condition {
        use offer::Column as O;
        use queue_entry::Column as Q;
        let mut visit = scope
            .find::<queue_entry::Entity>()
            .filter(same((queue_entry::Entity, Q::Id), (offer::Entity, O::QueueEntryId)))
            .filter(somebody_waited());
        if let Some(queue) = self.queue {
            visit = visit.filter(looked_up(Q::QueueId).eq(queue.0));
        }
        let mut offers = scope
            .find::<offer::Entity>()
            .select_only()
            .column(O::CallId)
            .filter(self.within(O::OfferedAt))
            .filter(Expr::exists(visit.into_query()));
        if !states.is_empty() {
            offers = offers.filter(looked_up(O::State).is_in(states.iter().map(|state| state.as_str())));
        }
        if let Some(agent) = self.agent {
            offers = offers.filter(looked_up(O::AgentId).eq(agent.0));
        }
        self.among(offers, (offer::Entity, O::CallId))
    }

    fn of_surveys(&self, scope: CompanyScope, which: Surveys) -> Condition {
        use survey_answer::Column as A;
        let (lowest, highest) = which.scores;
        let mut answers = scope
            .find::<survey_answer::Entity>()
            .select_only()
            .column(A::CallId)
            .filter(self.within(A::AnsweredAt))
            .filter(A::Score.between(lowest, highest));
        answers = match (self.queue, which.of) {
            (Some(queue), _) => answers.filter(A::QueueId.eq(queue)),
            (None, SurveysOf::Queues) => answers.filter(A::QueueId.is_not_null()),
            (None, SurveysOf::Anybody) => answers,
        };
        if let Some(agent) = self.agent {
            answers = answers.filter(A::AgentId.eq(agent));
        }
        self.among(answers, (survey_answer::Entity, A::CallId))
    }

    fn is<C: ColumnTrait>(&self, column: C, id: Uuid) -> Expr {
        self.value(column).eq(id)
    }

    /// Where rows are looked up for each call, an index that begins with something else would be taken by mistake.
    fn value<C: ColumnTrait>(&self, column: C) -> Expr {
        match self.when {
            When::Began => column.into_expr(),
            When::CallEnded => looked_up(column),
        }
    }

    /// The calls of these rows: found by them, or where the call itself is found by its end, looked up for each call.
    fn among<E: EntityTrait>(&self, rows: Select<E>, call: (E, E::Column)) -> Condition {
        Condition::all().add(match self.when {
            When::Began => call::Column::Id.in_subquery(rows.into_query()),
            When::CallEnded => {
                Expr::exists(rows.filter(same(call, (call::Entity, call::Column::Id))).into_query())
            }
        })
    }
}

/// Nobody has waited where an agent called out.
fn somebody_waited() -> Expr {
    use queue_entry::Column as Q;
    Q::Outcome.is_null().or(Q::Outcome.ne(EntryOutcome::Outbound))
}

/// The column of a row that is found by something else: no index begins with this.
fn looked_up<C: ColumnTrait>(column: C) -> Expr {
    Func::coalesce([column.into_expr(), column.into_expr()]).into()
}

fn same<A: EntityTrait, B: EntityTrait>(one: (A, A::Column), other: (B, B::Column)) -> Expr {
    Expr::col(one).equals(other)
}

/// As the crate `reports` counts a visit.
fn visit_of(backend: DbBackend, Callers(left, wait): Callers, limits: Limits) -> Condition {
    use EntryOutcome::{
        Abandoned, Answered, Callback, Error, Moved, Overflow, Unreached, Voicemail, Withdrawn,
    };
    let outcome = queue_entry::Column::Outcome;
    let left = match left {
        Left::Answered => outcome.eq(Answered),
        Left::Abandoned => outcome.eq(Abandoned),
        Left::CalledBack => outcome.eq(Callback),
        Left::FlowOut => outcome.is_in([Overflow, Voicemail, Error, Moved, Withdrawn, Unreached]),
        Left::Waiting => outcome.is_null(),
    };
    let within = |seconds| waited_within(backend, seconds);
    let left = Condition::all().add(left);
    match wait {
        Wait::Any => left,
        Wait::Within => left.add(within(limits.threshold)),
        Wait::Late => left.add(within(limits.threshold).not()),
        Wait::Short => left.add(within(limits.short)),
        Wait::Long => left.add(within(limits.short).not()),
    }
}

/// Whether a visit was over after so many seconds, in whole milliseconds as figures take them.
fn waited_within(backend: DbBackend, seconds: u32) -> Expr {
    Expr::cust(match backend {
        DbBackend::Postgres => format!(
            r#"date_trunc('milliseconds', "queue_entry"."left_at") - date_trunc('milliseconds', "queue_entry"."entered_at") <= make_interval(secs => {seconds})"#
        ),
        _ => {
            // A moment as it is written, without what is less than a millisecond.
            let ms = |column: &str| {
                let text = format!(r#""queue_entry"."{column}""#);
                format!(
                    "julianday(substr({text}, 1, CASE WHEN substr({text}, 20, 1) = '.' THEN 23 ELSE 19 END)) * 86400000"
                )
            };
            format!("round({} - {}) <= {}", ms("left_at"), ms("entered_at"), u64::from(seconds) * 1000)
        }
    })
}

/// Each by itself, since visits and conversations are found by queue and time.
fn queues(scope: CompanyScope) -> SelectStatement {
    scope.find::<queue::Entity>().select_only().column(queue::Column::Id).into_query()
}
