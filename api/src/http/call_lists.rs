//! Lists of calls, a new one, and the own history.

#![expect(clippy::too_many_arguments, reason = "an argument is a parameter of the address")]

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{AgentId, CallId, FlowId, QueueId};
use entity::{Attribution, CallKind, CallOutcome, CallStatus, EntryOutcome};
use poem::web::Data;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

use super::calls::CallOut;
use super::counted::{CountedByIn, CountedIn, CounterIn, when};
use super::envelope::{Created, Done, Failure, Reply, Success};
use super::new_call::CallIn;
use super::page::{LARGEST_LIMIT, Page, limit_within};
use super::peer_call_shapes::PeerStatsOut;
use super::{JsonBody, Tag, Word, idempotency};
use crate::app::App;
use crate::authz::{Can, DialCalls, Permission, ReadCalls, WriteCalls};
use crate::calls::control::Actor;
use crate::calls::desk;
use crate::calls::lists::{self, Listed, Missed, Place, Search, Stats};
use crate::error::{Error, Result as Outcome};
use crate::peer_calls::{self, Figures};
use crate::store::call_lists::{Filter, Order, Own};
use crate::store::call_marks::Mark;

/// Rows of a history at once.
const LONGEST_HISTORY: u64 = 200;

pub struct CallLists;

/// In which order.
#[derive(Enum, Clone, Copy, Debug)]
enum Sort {
    /// The oldest first.
    #[oai(rename = "startedAt")]
    Ascending,
    /// The newest first.
    #[oai(rename = "-startedAt")]
    Descending,
}

/// A call that rang in vain.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
struct MissedCallOut {
    call: CallOut,
    /// Whether the user has marked it as seen.
    seen: bool,
}

/// The calls that rang in vain for the caller and that he never had, of customers and of colleagues.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
struct MissedCallsOut {
    missed_calls: Vec<MissedCallOut>,
    /// Of all of them, not only of these.
    unseen_count: u64,
}

impl From<Missed> for MissedCallOut {
    fn from(missed: Missed) -> Self {
        Self { call: missed.call.into(), seen: missed.seen }
    }
}

/// What the caller's agent has done since then.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct CallStatsOut {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    /// Conversations with callers.
    answered: u64,
    /// Conversations with people whom he called.
    outbound: u64,
    /// How often he was rung in vain.
    missed: u64,
    /// In conversations, holds included.
    talk_seconds: i64,
    hold_seconds: i64,
    wrap_up_seconds: i64,
    /// Of one conversation; absent without any.
    average_talk_seconds: Option<i64>,
    /// His calls with colleagues.
    stats: PeerStatsOut,
}

impl CallStatsOut {
    fn of(stats: Stats, peers: Figures, (from, to): (DateTime<Utc>, DateTime<Utc>)) -> Self {
        Self {
            stats: peers.into(),
            from,
            to,
            answered: stats.answered,
            outbound: stats.outbound,
            missed: stats.missed,
            talk_seconds: stats.talk_seconds,
            hold_seconds: stats.hold_seconds,
            wrap_up_seconds: stats.wrap_up_seconds,
            average_talk_seconds: stats.average_talk_seconds,
        }
    }
}

/// The caller, and the agent that he is.
pub fn own<P: Permission>(can: &Can<P>) -> Own {
    Own { agent: can.caller().agent(), user: can.caller().user }
}

fn order(sort: Option<Sort>) -> Order {
    match sort {
        Some(Sort::Ascending) => Order::OldestFirst,
        Some(Sort::Descending) | None => Order::NewestFirst,
    }
}

/// A place by page where one is named, else by cursor.
fn place(page: Option<u64>, cursor: Option<String>, limit: u64) -> Outcome<(Place, Option<Page>)> {
    match (page, cursor) {
        (Some(_), Some(_)) => Err(Error::invalid("cursor", "does not go with `page`")),
        (Some(page), None) => {
            let page = Page::read(Some(page), Some(limit))?;
            Ok((Place::Page { offset: page.offset(), limit }, Some(page)))
        }
        (None, cursor) => Ok((Place::Cursor(cursor, limit), None)),
    }
}

fn reply(listed: Listed, page: Option<Page>) -> Reply<Vec<CallOut>> {
    let pagination = page.zip(listed.total).map(|(page, total)| page.of(total));
    let Json(body) = listed.calls.reply()?;
    Ok(Json(Success { pagination, ..body }))
}

/// `7d`: so many days, at most 90.
pub fn days(period: Option<&str>) -> Outcome<TimeDelta> {
    let days = period.unwrap_or("7d").strip_suffix('d').and_then(|days| days.parse().ok());
    days.filter(|days| (1..=90).contains(days))
        .map(TimeDelta::days)
        .ok_or_else(|| Error::invalid("period", "must be days, such as 7d, and at most 90d"))
}

#[OpenApi(tag = "Tag::Calls")]
impl CallLists {
    /// Lists calls, the newest first.
    ///
    /// An agent sees the calls that were his and those offered to him. Read on with `cursor`, or page by page: only then
    /// is it told how many there are.
    #[oai(path = "/api/calls", method = "get", operation_id = "listCalls")]
    async fn list(
        &self,
        can: Can<ReadCalls>,
        Data(app): Data<&App>,
        /// Only calls with this status.
        Query(status): Query<Option<Word<CallStatus>>>,
        /// Only calls of this kind: `inbound`, `outbound`, `peer`.
        Query(direction): Query<Option<Word<CallKind>>>,
        /// The same as `direction`.
        #[oai(name = "type")]
        Query(kind): Query<Option<Word<CallKind>>>,
        /// Only calls that came to this.
        Query(outcome): Query<Option<Word<CallOutcome>>>,
        /// What `agentId`, `queueId`, `from` and `to` are about: the `call` unless said, a caller's `visit` of a queue that
        /// began then, or an agent's `conversation` that did and is over. So the calls behind a report's figure are found.
        Query(by): Query<Option<CountedByIn>>,
        /// What `from` and `to` are of: `activity_driven` unless said, when that began; `contact_driven`, when the call ended,
        /// once it is over for everybody.
        Query(attribution): Query<Option<Word<Attribution>>>,
        /// How the visit ended; with `by=visit`.
        #[oai(name = "visitOutcome")]
        Query(visit): Query<Option<Word<EntryOutcome>>>,
        /// Only calls that this counter of a report counts, instead of `by`: `agentId`, `queueId`, `from` and `to` are about what
        /// it counts. A call that it counts several times is listed once.
        Query(counted): Query<Option<CounterIn>>,
        /// Only surveys with this score, 1 to 5; with `counted=surveys` or `counted=queueSurveys`.
        Query(score): Query<Option<i32>>,
        /// Only calls that this agent has, or had last.
        #[oai(name = "agentId")]
        Query(agent): Query<Option<Uuid>>,
        /// Only calls that wait in this queue, or waited there last.
        #[oai(name = "queueId")]
        Query(queue): Query<Option<Uuid>>,
        /// Only calls in this flow, or that were in it last.
        #[oai(name = "flowId")]
        Query(flow): Query<Option<Uuid>>,
        /// Only calls that began then or later.
        Query(from): Query<Option<DateTime<Utc>>>,
        /// Only calls that began before.
        Query(to): Query<Option<DateTime<Utc>>>,
        /// Only calls from or to this number.
        #[oai(validator(max_length = 320))]
        Query(number): Query<Option<String>>,
        /// Only calls with this tag.
        #[oai(validator(max_length = 100))]
        Query(tag): Query<Option<String>>,
        /// Only calls in whose names, numbers, notes or disposition each of these words stands.
        #[oai(validator(max_length = 200))]
        Query(text): Query<Option<String>>,
        /// `-startedAt` unless said.
        Query(sort): Query<Option<Sort>>,
        /// From 1; with it, it is told how many there are.
        Query(page): Query<Option<u64>>,
        /// 1 to 100; 50 unless said.
        Query(limit): Query<Option<u64>>,
        /// Reads on behind an earlier part.
        Query(cursor): Query<Option<String>>,
    ) -> Reply<Vec<CallOut>> {
        let (place, page) = place(page, cursor, limit_within(limit, LARGEST_LIMIT)?)?;
        let filter = Filter {
            status: status.map(|word| word.0),
            kind: direction.or(kind).map(|word| word.0),
            outcome: outcome.map(|word| word.0),
            by: CountedIn { by, visit, counted, score }.read()?,
            when: when(attribution),
            agent: agent.map(AgentId),
            queue: queue.map(QueueId),
            flow: flow.map(FlowId),
            from,
            to,
            tag,
            ..Filter::default()
        };
        let search = Search { filter, number, text, order: order(sort) };
        reply(lists::list(app, can.scope()?, can.whose(), search, place).await?, page)
    }

    /// Has an agent call somebody, or writes down a call that was handled elsewhere.
    ///
    /// The agent's own phone is called first; when he is there, the other party's rings, and he hears it. From the answer
    /// on it is a call like any other. Repeated with the same `Idempotency-Key` within a day, it is done once, and the
    /// answer is the call that was made. 409 outside the company's hours (`OUTSIDE_HOURS`, with the next opening), when the
    /// agent has no capacity (`NO_FREE_CAPACITY`) or his browser is away (`AGENT_NOT_AVAILABLE`); 422 for numbers that
    /// may not be called: `SHORT_NUMBER`, `PREMIUM_RATE_NUMBER`, `COUNTRY_NOT_ALLOWED`, `CONTACT_BLOCKED`.
    #[oai(path = "/api/calls", method = "post", operation_id = "createCall")]
    async fn create(
        &self,
        can: Can<DialCalls>,
        Data(app): Data<&App>,
        /// 1 to 255 visible characters, new for each call: a request that comes twice with it is done once.
        #[oai(name = "Idempotency-Key")]
        Header(key): Header<Option<String>>,
        JsonBody(body): JsonBody<CallIn>,
    ) -> Result<Created<CallOut>, Failure> {
        let once = idempotency::once(&can, "createCall", key, &body)?;
        let agent = desk::acting_agent(body.agent_id.map(AgentId).or(can.caller().agent()))?;
        Created::of(desk::create(app, can.scope()?, Actor::from(&can), agent, body.read()?, once).await?)
    }

    /// Lists the caller's calls that are not over, with customers and with colleagues.
    #[oai(path = "/api/calls/active", method = "get", operation_id = "listActiveCalls")]
    async fn active(&self, can: Can<ReadCalls>, Data(app): Data<&App>) -> Reply<Vec<CallOut>> {
        Success::list(lists::active(app, can.scope()?, own(&can)).await?)
    }

    /// Lists the calls that the caller has had with customers and with colleagues, the newest first, but for those that he has
    /// hidden.
    #[oai(path = "/api/calls/history", method = "get", operation_id = "listOwnCalls")]
    async fn history(
        &self,
        can: Can<ReadCalls>,
        Data(app): Data<&App>,
        /// Only calls of this kind: `inbound`, `outbound`, `peer`.
        Query(direction): Query<Option<Word<CallKind>>>,
        /// Only calls from or to this number.
        #[oai(validator(max_length = 320))]
        Query(number): Query<Option<String>>,
        /// From 1; with it, it is told how many there are.
        Query(page): Query<Option<u64>>,
        /// 1 to 200; 50 unless said. At most 100 with `page`.
        Query(limit): Query<Option<u64>>,
        /// Reads on behind an earlier part.
        Query(cursor): Query<Option<String>>,
    ) -> Reply<Vec<CallOut>> {
        let (place, page) = place(page, cursor, limit_within(limit, LONGEST_HISTORY)?)?;
        let filter = Filter { kind: direction.map(|word| word.0), ..Filter::default() };
        let search = Search { filter, number, ..Search::default() };
        reply(lists::history(app, can.scope()?, own(&can), search, place).await?, page)
    }

    /// The same as `/api/calls/history`.
    #[oai(path = "/api/call/history", method = "get", operation_id = "listOwnCallsAlias")]
    async fn history_alias(
        &self,
        can: Can<ReadCalls>,
        Data(app): Data<&App>,
        /// Only calls of this kind: `inbound`, `outbound`, `peer`.
        Query(direction): Query<Option<Word<CallKind>>>,
        /// Only calls from or to this number.
        #[oai(validator(max_length = 320))]
        Query(number): Query<Option<String>>,
        /// From 1; with it, it is told how many there are.
        Query(page): Query<Option<u64>>,
        /// 1 to 200; 50 unless said. At most 100 with `page`.
        Query(limit): Query<Option<u64>>,
        /// Reads on behind an earlier part.
        Query(cursor): Query<Option<String>>,
    ) -> Reply<Vec<CallOut>> {
        let (direction, number, page) = (Query(direction), Query(number), Query(page));
        self.history(can, Data(app), direction, number, page, Query(limit), Query(cursor)).await
    }

    /// Lists the calls that rang in vain for the caller and that he never had, the newest first.
    #[oai(path = "/api/calls/missed", method = "get", operation_id = "listMissedCalls")]
    async fn missed(
        &self,
        can: Can<ReadCalls>,
        Data(app): Data<&App>,
        /// 1 to 200; 50 unless said.
        Query(limit): Query<Option<u64>>,
        /// Reads on behind an earlier part.
        Query(cursor): Query<Option<String>>,
    ) -> Reply<MissedCallsOut> {
        let limit = limit_within(limit, LONGEST_HISTORY)?;
        let (missed, unseen_count) = lists::missed(app, can.scope()?, own(&can), cursor, limit).await?;
        let missed_calls = missed.rows.into_iter().map(Into::into).collect();
        let body = Success::of(MissedCallsOut { missed_calls, unseen_count });
        Ok(Json(Success { next_cursor: missed.next_cursor, ..body }))
    }

    /// Marks all missed calls as seen.
    #[oai(path = "/api/calls/missed/mark-seen", method = "post", operation_id = "markMissedCallsSeen")]
    async fn see_missed(&self, can: Can<WriteCalls>, Data(app): Data<&App>) -> Result<Json<Done>, Failure> {
        lists::see_missed(app, can.scope()?, own(&can)).await?;
        Done::saying("All are seen.")
    }

    /// Marks a call as seen, for the caller of this operation alone.
    #[oai(path = "/api/calls/:id/mark-seen", method = "post", operation_id = "markCallSeen")]
    async fn see(
        &self,
        can: Can<WriteCalls>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        let whose = (can.whose(), own(&can));
        lists::mark(app, can.scope()?, whose, CallId(id), Mark::Seen).await?;
        Done::saying("It is seen.")
    }

    /// Shows what the caller has done lately, with customers and with colleagues.
    #[oai(path = "/api/calls/stats", method = "get", operation_id = "getOwnCallStats")]
    async fn stats(
        &self,
        can: Can<ReadCalls>,
        Data(app): Data<&App>,
        /// Days until now, such as `1d` or `30d`; at most `90d`, `7d` unless said.
        Query(period): Query<Option<String>>,
    ) -> Reply<CallStatsOut> {
        let now = app.clock.now();
        let span = (now - days(period.as_deref())?, now);
        let stats = lists::stats(app, can.scope()?, can.caller().agent(), span).await?;
        let peers = peer_calls::figures(app, can.scope()?, can.caller().user, Some(span.0)).await?;
        Success::ok(CallStatsOut::of(stats, peers, span))
    }
}
