//! What people see of calls and do with them at their desks.

use entity::id::{AgentId, CallId};
use entity::{
    CallKind, CompanyScope, call, call_event, offer, outbound_call, survey_answer, text_message, transfer,
};

use super::control::Actor;
use super::outbound::{self, Dialling, Noted};
use super::{CallFile, accept};
use crate::app::App;
use crate::authz::Whose;
use crate::contacts::pop::{self, Pop};
use crate::dispositions;
use crate::error::{Error, Result, Subject};
use crate::peer_calls::{self, PeerView};
use crate::slice::{Slice, read_cursor};
use crate::store::idempotency::Request;
use crate::store::{Unit, call_marks, calls, live, messages, outbound as store, queueing, surveys};

/// A call that the caller may see; somebody else's does not exist.
pub async fn visible(app: &App, scope: CompanyScope, whose: Whose, id: CallId) -> Result<call::Model> {
    let db = app.db.reader();
    let call = calls::get(scope, db, id).await?;
    let theirs = match whose {
        Whose::Everybodys => true,
        Whose::Agents(agent) => queueing::is_call_of(scope, db, agent, id).await?,
        Whose::Nobodys => false,
    };
    if theirs { Ok(call) } else { Err(Error::NotFound(Subject::Call)) }
}

/// A call with what only some have.
#[derive(Clone, Debug)]
pub struct CallView {
    pub row: call::Model,
    pub outbound: Option<outbound_call::Model>,
    /// It was only written down here.
    pub handled_elsewhere: bool,
    /// In the order of the alphabet.
    pub tags: Vec<String>,
    /// Who is at the other end; looked up for one call, and not for lists.
    pub contact: Option<Pop>,
    /// What only a call among colleagues has.
    pub peer: Option<PeerView>,
}

pub async fn get(app: &App, scope: CompanyScope, whose: Whose, id: CallId) -> Result<CallView> {
    let row = visible(app, scope, whose, id).await?;
    view(app, scope, row).await
}

async fn view(app: &App, scope: CompanyScope, row: call::Model) -> Result<CallView> {
    let contact = pop::of_call(scope, app.db.reader(), &row).await?;
    let view = with_more(app, scope, vec![row]).await?.pop().ok_or(Error::NotFound(Subject::Call))?;
    Ok(CallView { contact, ..view })
}

pub(super) async fn with_more(
    app: &App,
    scope: CompanyScope,
    rows: Vec<call::Model>,
) -> Result<Vec<CallView>> {
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    let (mut outbound, noted) = store::of_calls(scope, app.db.reader(), &ids).await?;
    let mut tags = call_marks::tags(scope, app.db.reader(), &ids).await?;
    let among: Vec<_> = rows.iter().filter(|row| row.kind == CallKind::Peer).map(|row| row.id).collect();
    let mut peers = peer_calls::views(app, scope, &among).await?;
    let with = |row: call::Model| CallView {
        outbound: outbound.remove(&row.id),
        handled_elsewhere: noted.contains(&row.id),
        tags: tags.remove(&row.id).unwrap_or_default(),
        contact: None,
        peer: peers.remove(&row.id),
        row,
    };
    Ok(rows.into_iter().map(with).collect())
}

/// What a new call is to be.
#[derive(Clone, Debug)]
pub enum NewCall {
    Dialled(Dialling),
    Noted(Noted),
}

/// Has the agent call somebody, or writes down a call of his.
pub async fn create(
    app: &App,
    scope: CompanyScope,
    actor: Actor,
    agent: AgentId,
    new: NewCall,
    once: Option<Request>,
) -> Result<CallView> {
    let row = match new {
        NewCall::Dialled(wish) => outbound::dial(app, scope, actor, agent, wish, once).await?,
        NewCall::Noted(told) => outbound::note(app, scope, actor, agent, told, once).await?,
    };
    view(app, scope, row).await
}

pub async fn events(
    app: &App,
    scope: CompanyScope,
    whose: Whose,
    id: CallId,
    cursor: Option<String>,
    limit: u64,
) -> Result<Slice<call_event::Model>> {
    visible(app, scope, whose, id).await?;
    let after = read_cursor(cursor.as_deref())?.unwrap_or(0);
    let rows = calls::events(scope, app.db.reader(), id, after, limit + 1).await?;
    Ok(Slice::of(rows, limit, |last| last.seq))
}

/// What may be changed of a call.
#[derive(Clone, Debug, Default)]
pub struct CallPatch {
    pub disposition: Option<String>,
    pub notes: Option<String>,
    /// In place of those that it has.
    pub tags: Option<Vec<String>>,
}

/// Tags of one call.
const MOST_TAGS: usize = 20;
/// Characters of a tag.
const LONGEST_TAG: usize = 100;

pub async fn update(
    app: &App,
    scope: CompanyScope,
    whose: Whose,
    id: CallId,
    patch: CallPatch,
) -> Result<CallView> {
    visible(app, scope, whose, id).await?;
    let tags = patch.tags.map(read_tags).transpose()?;
    let mut unit = Unit::begin(app, scope).await?;
    let mut file = CallFile::open(&unit, id).await?;
    if let Some(chosen) = patch.disposition {
        let notes = patch.notes.as_deref().or(file.row.notes.as_deref());
        let chosen = dispositions::choose(&unit, file.row.queue_id, &chosen, notes).await?;
        file.row.disposition = Some(chosen).filter(|chosen| !chosen.is_empty());
    }
    file.row.notes = patch.notes.or(file.row.notes);
    if let Some(tags) = tags {
        call_marks::set_tags(scope, unit.tx(), id, &tags).await?;
    }
    let row = file.row.clone();
    file.save(&mut unit).await?;
    unit.commit().await?;
    view(app, scope, row).await
}

/// Each once, without the spaces around it.
fn read_tags(tags: Vec<String>) -> Result<Vec<String>> {
    let mut read: Vec<String> = tags.iter().map(|tag| tag.trim().to_owned()).collect();
    if let Some(wrong) = read.iter().position(|tag| !(1..=LONGEST_TAG).contains(&tag.chars().count())) {
        let message = format!("must have 1 to {LONGEST_TAG} characters");
        return Err(Error::invalid(format!("/tags/{wrong}"), message));
    }
    read.sort();
    read.dedup();
    if read.len() > MOST_TAGS {
        return Err(Error::invalid("/tags", format!("must be at most {MOST_TAGS}")));
    }
    Ok(read)
}

/// An offer with its call.
#[derive(Clone, Debug)]
pub struct OfferView {
    pub offer: offer::Model,
    pub call: call::Model,
    /// Who is at the other end.
    pub contact: Option<Pop>,
}

/// The open offers of the agent who asks.
pub async fn offers(app: &App, scope: CompanyScope, agent: Option<AgentId>) -> Result<Vec<OfferView>> {
    let Some(agent) = agent else { return Ok(Vec::new()) };
    let mut views = Vec::new();
    for offer in queueing::open_offers_of_agent(scope, app.db.reader(), Some(agent)).await? {
        if offer.expires_at > app.clock.now() {
            let call = calls::get(scope, app.db.reader(), offer.call_id).await?;
            let contact = pop::of_call(scope, app.db.reader(), &call).await?;
            views.push(OfferView { offer, call, contact });
        }
    }
    Ok(views)
}

/// The offer that the agent got first, if any.
pub async fn next_offer(app: &App, scope: CompanyScope, agent: Option<AgentId>) -> Result<Option<OfferView>> {
    Ok(offers(app, scope, agent).await?.into_iter().next())
}

/// Accepts the offer that the agent got first.
pub async fn take_next(app: &App, scope: CompanyScope, agent: Option<AgentId>) -> Result<Option<OfferView>> {
    let Some(next) = next_offer(app, scope, agent).await? else { return Ok(None) };
    accept::accept(app, scope, next.offer.id, agent).await?;
    let offer = queueing::offer(scope, app.db.reader(), next.offer.id).await?;
    let call = calls::get(scope, app.db.reader(), next.offer.call_id).await?;
    Ok(Some(OfferView { offer, call, contact: next.contact }))
}

/// Who answers offers is an agent.
pub fn acting_agent(agent: Option<AgentId>) -> Result<AgentId> {
    agent.ok_or(Error::NotFound(Subject::Agent))
}

/// Whose wrap-up may be ended: an agent's own, or anybody's.
pub fn whose_work(whose: Whose) -> Result<Option<AgentId>> {
    match whose {
        Whose::Everybodys => Ok(None),
        Whose::Agents(agent) => Ok(Some(agent)),
        Whose::Nobodys => Err(Error::NotFound(Subject::Call)),
    }
}

/// The call's transfers, oldest first.
pub async fn transfers(
    app: &App,
    scope: CompanyScope,
    whose: Whose,
    call: CallId,
) -> Result<Vec<transfer::Model>> {
    visible(app, scope, whose, call).await?;
    live::transfers(scope, app.db.reader(), call).await
}

/// What the caller answered to surveys, oldest first.
pub async fn surveys(
    app: &App,
    scope: CompanyScope,
    whose: Whose,
    call: CallId,
) -> Result<Vec<survey_answer::Model>> {
    visible(app, scope, whose, call).await?;
    surveys::of_call(scope, app.db.reader(), call).await
}

/// The text messages that the call's flow sent, oldest first.
pub async fn messages(
    app: &App,
    scope: CompanyScope,
    whose: Whose,
    call: CallId,
) -> Result<Vec<text_message::Model>> {
    visible(app, scope, whose, call).await?;
    messages::of_call(scope, app.db.reader(), call).await
}
