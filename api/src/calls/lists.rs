//! Lists of calls, for those who look for some, and an agent's own history.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{AgentId, CallId};
use entity::{CompanyScope, SegmentState};

use super::desk::{CallView, visible, with_more};
use crate::app::App;
use crate::authz::Whose;
use crate::error::{Error, Result};
use crate::phone::e164;
use crate::reports::ask;
use crate::slice::{Slice, read_cursor};
use crate::store::call_lists::{self, Filter, Only, Order, Own, Position};
use crate::store::call_marks::{self, Mark};
use crate::store::calls_counted::By;
use crate::store::{Unit, agent_work};

/// As many missed calls are marked as seen at once; more than an agent misses between two looks.
const MARKED_AT_ONCE: u64 = 5_000;
/// Words of a search.
const WORDS: usize = 10;

/// What somebody looks for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    pub filter: Filter,
    /// As it was written.
    pub number: Option<String>,
    pub text: Option<String>,
    pub order: Order,
}

impl Search {
    /// # Errors
    /// 422 for a stretch of time that ends before it begins.
    fn read(self) -> Result<(Filter, Order)> {
        let mut filter = self.filter;
        if let (Some(from), Some(to)) = (filter.from, filter.to)
            && from >= to
        {
            return Err(Error::invalid("to", "must be later than `from`"));
        }
        // Who hides his number is stored by the carrier's word for it.
        filter.number = self.number.map(|number| {
            let number = number.trim();
            e164(number).unwrap_or_else(|| number.to_owned())
        });
        let text = self.text.unwrap_or_default().to_lowercase();
        filter.words = text.split_whitespace().take(WORDS).map(str::to_owned).collect();
        Ok((filter, self.order))
    }
}

/// Where in a list somebody reads.
#[derive(Clone, Debug)]
pub enum Place {
    /// From the beginning, or on behind an earlier part.
    Cursor(Option<String>, u64),
    /// So many behind so many others; then it is told how many there are in all.
    Page { offset: u64, limit: u64 },
}

/// A part of a list.
#[derive(Clone, Debug)]
pub struct Listed {
    pub calls: Slice<CallView>,
    /// How many there are in all, where a page was asked for.
    pub total: Option<u64>,
}

/// The calls that somebody may see.
pub async fn list(
    app: &App,
    scope: CompanyScope,
    whose: Whose,
    search: Search,
    place: Place,
) -> Result<Listed> {
    let (mut filter, order) = search.read()?;
    match whose {
        Whose::Everybodys => {}
        // What he was offered he has seen, whatever became of it.
        Whose::Agents(own) if is_of_offers(filter.by) && filter.agent.is_none_or(|agent| agent == own) => {
            filter.agent = Some(own);
        }
        Whose::Agents(own) => filter.of_agent = Some(own),
        Whose::Nobodys => return Ok(nothing(&place)),
    }
    if let By::Visit(visits) = filter.by
        && visits.are_limited()
    {
        (filter.variant, filter.limited) = ask::service_level(app, scope).await?;
    }
    read(app, scope, &filter, order, place).await
}

fn is_of_offers(by: By) -> bool {
    match by {
        By::Offer(_) => true,
        By::Call
        | By::Visit(_)
        | By::CalledBack(_)
        | By::Consult
        | By::Conversation(_)
        | By::NotConnected
        | By::Survey(_) => false,
    }
}

/// Somebody's own calls, with customers and with colleagues, but for those that he has hidden.
pub async fn history(
    app: &App,
    scope: CompanyScope,
    own: Own,
    search: Search,
    place: Place,
) -> Result<Listed> {
    let (filter, order) = search.read()?;
    let filter = Filter { own: Some(own), shown_to: Some(own.user), ..filter };
    read(app, scope, &filter, order, place).await
}

/// His calls that are not over.
pub async fn active(app: &App, scope: CompanyScope, own: Own) -> Result<Vec<CallView>> {
    let filter = Filter { own: Some(own), only: Only::Live, ..Filter::default() };
    let rows = call_lists::list(scope, app.db.reader(), &filter, Order::NewestFirst, None, (0, 100)).await?;
    with_more(app, scope, rows).await
}

/// A call that rang in vain.
#[derive(Clone, Debug)]
pub struct Missed {
    pub call: CallView,
    pub seen: bool,
}

/// The calls that rang in vain for him and that he never had, the newest first; and how many he has not seen.
pub async fn missed(
    app: &App,
    scope: CompanyScope,
    own: Own,
    after: Option<String>,
    limit: u64,
) -> Result<(Slice<Missed>, u64)> {
    let db = app.db.reader();
    let filter = Filter { only: Only::MissedBy(own), shown_to: Some(own.user), ..Filter::default() };
    let listed = read(app, scope, &filter, Order::NewestFirst, Place::Cursor(after, limit)).await?;
    let ids: Vec<_> = listed.calls.rows.iter().map(|call| call.row.id).collect();
    let seen: HashSet<CallId> = call_marks::seen(scope, db, own.user, &ids).await?.into_iter().collect();
    let with_seen = |call: CallView| Missed { seen: seen.contains(&call.row.id), call };
    let rows = listed.calls.rows.into_iter().map(with_seen).collect();
    let unseen = Filter { only: Only::Unseen(own), ..filter };
    let unseen = call_lists::count(scope, db, &unseen).await?;
    Ok((Slice { rows, next_cursor: listed.calls.next_cursor }, unseen))
}

/// He has seen all that he has missed.
pub async fn see_missed(app: &App, scope: CompanyScope, own: Own) -> Result<()> {
    let unit = Unit::begin(app, scope).await?;
    let filter = Filter { only: Only::Unseen(own), ..Filter::default() };
    let ids = call_lists::ids(scope, unit.tx(), &filter, MARKED_AT_ONCE).await?;
    call_marks::mark(scope, unit.tx(), own.user, &ids, Mark::Seen, unit.now()).await?;
    unit.commit().await
}

/// Marks one call for the user alone: one that he may see, or that rang in vain for him.
pub async fn mark(
    app: &App,
    scope: CompanyScope,
    (whose, own): (Whose, Own),
    id: CallId,
    mark: Mark,
) -> Result<()> {
    match visible(app, scope, whose, id).await {
        Err(Error::NotFound(_)) if call_lists::was_missed(scope, app.db.reader(), own, id).await? => {}
        seen => drop(seen?),
    }
    let unit = Unit::begin(app, scope).await?;
    call_marks::mark(scope, unit.tx(), own.user, &[id], mark, unit.now()).await?;
    unit.commit().await
}

/// What an agent has done in a stretch of time. Seconds are whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Conversations with callers.
    pub answered: u64,
    /// Conversations with people whom he called.
    pub outbound: u64,
    /// How often he was rung in vain.
    pub missed: u64,
    /// In conversations, holds included.
    pub talk_seconds: i64,
    pub hold_seconds: i64,
    pub wrap_up_seconds: i64,
    /// Of one conversation; absent without any.
    pub average_talk_seconds: Option<i64>,
}

/// An agent's figures since so many days.
pub async fn stats(
    app: &App,
    scope: CompanyScope,
    agent: Option<AgentId>,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Stats> {
    let Some(agent) = agent else { return Ok(Stats::default()) };
    let (db, span) = (app.db.reader(), (from, to));
    let made: HashSet<CallId> = agent_work::calls_made(scope, db, agent, span).await?.into_iter().collect();
    let mut stats =
        Stats { missed: agent_work::rings_in_vain(scope, db, agent, span).await?, ..Stats::default() };
    let (mut talk, mut hold, mut wrap_up) = (TimeDelta::zero(), 0, TimeDelta::zero());
    for segment in agent_work::conversations(scope, db, agent, span).await? {
        match made.contains(&segment.call_id) {
            true => stats.outbound += 1,
            false => stats.answered += 1,
        }
        let ended = segment.ended_at.unwrap_or(to);
        talk +=
            segment.connected_at.map_or(TimeDelta::zero(), |since| (ended - since).max(TimeDelta::zero()));
        hold += segment.hold_ms;
        if segment.state == SegmentState::WrapUp || segment.state == SegmentState::Done {
            wrap_up += (segment.wrapped_up_at.unwrap_or(to) - ended).max(TimeDelta::zero());
        }
    }
    (stats.talk_seconds, stats.hold_seconds) = (talk.num_seconds(), hold / 1000);
    stats.wrap_up_seconds = wrap_up.num_seconds();
    let conversations = i64::try_from(stats.answered + stats.outbound).unwrap_or(i64::MAX);
    stats.average_talk_seconds = stats.talk_seconds.checked_div(conversations);
    Ok(stats)
}

async fn read(app: &App, scope: CompanyScope, filter: &Filter, order: Order, place: Place) -> Result<Listed> {
    let db = app.db.reader();
    let (after, offset, limit, counted) = match place {
        Place::Cursor(after, limit) => (read_cursor::<Position>(after.as_deref())?, 0, limit, false),
        Place::Page { offset, limit } => (None, offset, limit, true),
    };
    let rows = call_lists::list(scope, db, filter, order, after, (offset, limit + 1)).await?;
    let slice = Slice::of(rows, limit, |last| (last.started_at, last.id));
    let calls = Slice { rows: with_more(app, scope, slice.rows).await?, next_cursor: slice.next_cursor };
    let total = if counted { Some(call_lists::count(scope, db, filter).await?) } else { None };
    Ok(Listed { calls, total })
}

fn nothing(place: &Place) -> Listed {
    let total = match place {
        Place::Cursor(..) => None,
        Place::Page { .. } => Some(0),
    };
    Listed { calls: Slice::empty(), total }
}
