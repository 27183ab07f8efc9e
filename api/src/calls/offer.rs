//! Rounds of offers: written when routing names them, expired when their time is up.

use chrono::TimeDelta;
use entity::id::{AgentId, CallId, OfferId, QueueEntryId, RoundId};
use entity::{
    CallStatus, EntryPurpose, Inserted, JobKind, LegState, OfferState, Reach, SlotHolder, agent, agent_slot,
    call, offer, queue, queue_entry,
};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, QueryFilter};
use serde_json::{Value, json};

use super::story::EventKind;
use super::{CallFile, accept, agent_leg, control, leave, rows};
use crate::contacts::pop::{self, Pop};
use crate::error::Result;
use crate::notices::{self, Notice};
use crate::store::queueing::{self, Won};
use crate::store::{Audience, Unit, calls, live, workforce};

/// Whether the rows agreed with the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    Yes,
    /// The index was stale: nothing was written, and it must be built anew.
    Stale,
}

/// Writes one round: an offer and a slot for each agent. A stale index does no harm, the rows refuse.
pub async fn open(
    unit: &mut Unit,
    file: &mut CallFile,
    entry: &queue_entry::Model,
    agents: &[AgentId],
) -> Result<Opened> {
    // A visit for which one agent is wanted is none of routing's.
    if entry.wanted_agent_id.is_some() {
        Ok(Opened::Stale)
    } else {
        write(unit, file, entry, agents, Rings::AsInTheQueue).await
    }
}

/// How long an offer rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rings {
    AsInTheQueue,
    Seconds(i32),
}

/// Asks the one agent who is wanted for this visit.
pub async fn ask(
    unit: &mut Unit,
    file: &mut CallFile,
    entry: &queue_entry::Model,
    agent: AgentId,
    rings: Rings,
) -> Result<Opened> {
    write(unit, file, entry, &[agent], rings).await
}

async fn write(
    unit: &mut Unit,
    file: &mut CallFile,
    entry: &queue_entry::Model,
    agents: &[AgentId],
    rings: Rings,
) -> Result<Opened> {
    let (scope, now) = (unit.scope(), unit.now());
    let taken = match entry.purpose {
        EntryPurpose::Caller | EntryPurpose::Callback => {
            queueing::live_segment(scope, unit.tx(), file.id()).await?
        }
        EntryPurpose::Consult => queueing::consult_segment(scope, unit.tx(), file.id()).await?,
    };
    if taken.is_some() {
        return Ok(Opened::Stale);
    }
    let round: RoundId = unit.id();
    if queueing::open_round(scope, unit.tx(), entry.id, round, now).await? == Inserted::Conflicted {
        return Ok(Opened::Stale);
    }
    let mut queue = queueing::queue(scope, unit.tx(), entry.queue_id).await?;
    if let Rings::Seconds(seconds) = rings {
        queue.ring_seconds = seconds;
    }
    let mut made = 0;
    for id in agents {
        let agent = workforce::agent(scope, unit.tx(), *id).await?;
        let turn = Turn::InTurn;
        let offer = Offer { id: unit.id(), round, turn, agent: &agent, entry, queue: &queue };
        if offer.write(unit, file).await? == Opened::Yes {
            made += 1;
        }
    }
    if made == 0 {
        queueing::close_round(scope, unit.tx(), round, now).await?;
        return Ok(Opened::Stale);
    }
    match entry.purpose {
        EntryPurpose::Caller | EntryPurpose::Callback => file.row.status = CallStatus::Offered,
        // The caller is with the agent who asks.
        EntryPurpose::Consult => {}
    }
    Ok(if made == agents.len() { Opened::Yes } else { Opened::Stale })
}

/// Offers the call to one agent out of turn, in the round that is open or in one of his own; `None` when he has no free
/// capacity.
pub async fn add(
    unit: &mut Unit,
    file: &mut CallFile,
    entry: &queue_entry::Model,
    agent: &agent::Model,
) -> Result<Option<offer::Model>> {
    let (scope, now) = (unit.scope(), unit.now());
    let round = match queueing::open_round_of(scope, unit.tx(), entry.id).await? {
        Some(round) => round.id,
        None => {
            let id: RoundId = unit.id();
            match queueing::open_round(scope, unit.tx(), entry.id, id, now).await? {
                Inserted::Yes => id,
                Inserted::Conflicted => return Ok(None),
            }
        }
    };
    let queue = queueing::queue(scope, unit.tx(), entry.queue_id).await?;
    let offer = Offer { id: unit.id(), round, turn: Turn::OutOfTurn, agent, entry, queue: &queue };
    match offer.write(unit, file).await? {
        Opened::Yes => Ok(Some(queueing::offer(scope, unit.tx(), offer.id).await?)),
        Opened::Stale => Ok(None),
    }
}

/// Whether routing names the agent, or he has named himself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    InTurn,
    OutOfTurn,
}

struct Offer<'a> {
    id: OfferId,
    round: RoundId,
    turn: Turn,
    agent: &'a agent::Model,
    entry: &'a queue_entry::Model,
    queue: &'a queue::Model,
}

impl Offer<'_> {
    async fn write(&self, unit: &mut Unit, file: &mut CallFile) -> Result<Opened> {
        if take_slot(unit, self.agent, file.id(), self.id, SlotHolder::Offer).await? == Inserted::Conflicted {
            return Ok(Opened::Stale);
        }
        if self.turn == Turn::InTurn && !self.is_wanted(unit).await? {
            queueing::release_slot(unit.scope(), unit.tx(), self.id).await?;
            return Ok(Opened::Stale);
        }
        // Read anew: whoever freed the slot a moment ago may have begun after this unit did.
        let now = unit.app().clock.now();
        let row = offer::Model {
            id: self.id,
            company_id: unit.company(),
            round_id: self.round,
            queue_entry_id: self.entry.id,
            call_id: file.id(),
            agent_id: self.agent.id,
            state: OfferState::Open,
            offered_at: now,
            expires_at: now + TimeDelta::seconds(i64::from(self.queue.ring_seconds)),
            settled_at: None,
        };
        unit.scope().insert::<offer::Entity, _>(unit.tx(), row.clone()).await?;
        unit.scope()
            .update_many::<agent::Entity>()
            .col_expr(agent::Column::LastOfferedAt, Expr::value(now))
            .filter(agent::Column::Id.eq(self.agent.id))
            .exec(unit.tx())
            .await?;
        unit.job(JobKind::ExpireOffer, self.id, json!({}), row.expires_at);
        if self.agent.reach == Reach::Number {
            // He is rung as the offer.
            accept::ring(unit, file, &row, self.agent, accept::address_of(self.agent)).await?;
        }
        file.note(
            unit,
            EventKind::Offered,
            json!({"offerId": self.id, "agentId": self.agent.id, "agent": self.agent.name, "expiresAt": row.expires_at}),
        );
        let contact = pop::of_call(unit.scope(), unit.tx(), &file.row).await?;
        let mut news = describe(&row, &file.row, self.queue, self.entry, contact.as_ref());
        // Only who has talked with an agent can be passed on.
        if file.row.answered_at.is_some()
            && let Some(transfer) = live::transfer_of_entry(unit.scope(), unit.tx(), self.entry.id).await?
        {
            news["transfer"] = control::describe(&transfer);
        }
        unit.tell(&[Audience::Agent(self.agent.id), Audience::Supervisors], "offer:new", news);
        crate::agents::tell_status(unit, self.agent.id).await?;
        match self.agent.reach {
            Reach::Client | Reach::Browser => {
                let (who, queue) = (file.row.their_name(), &self.queue.name);
                let notice = Notice::offer(row.id, row.call_id, who, queue, now, row.expires_at);
                notices::to_agent(unit, self.agent.id, notice).await?;
            }
            // He is rung.
            Reach::Number => {}
        }
        Ok(Opened::Yes)
    }

    /// Whether the agent still wants calls. Locked, after the slot as everywhere: whoever makes him unavailable at this
    /// moment finds the offer, or is found here.
    async fn is_wanted(&self, unit: &Unit) -> Result<bool> {
        let agent = workforce::lock_agent(unit.scope(), unit.tx(), self.agent.id).await?;
        Ok(rows::readiness(&agent) == routing::Readiness::Ready)
    }
}

/// The agent's lowest slot that is free; the primary key decides if somebody takes it at the same time.
pub async fn take_slot(
    unit: &Unit,
    agent: &agent::Model,
    call: CallId,
    offer: OfferId,
    holder: SlotHolder,
) -> Result<Inserted> {
    let held = queueing::slots_of(unit.scope(), unit.tx(), &[agent.id]).await?;
    // More than the capacity may be held since it was lowered.
    if held.len() >= usize::try_from(agent.capacity).unwrap_or_default() {
        return Ok(Inserted::Conflicted);
    }
    let free = (1..=agent.capacity).find(|slot| held.iter().all(|held| held.slot != *slot));
    let Some(slot) = free else { return Ok(Inserted::Conflicted) };
    let slot = agent_slot::Model {
        company_id: unit.company(),
        agent_id: agent.id,
        slot,
        holder,
        offer_id: offer,
        call_id: call,
        held_since: unit.now(),
    };
    queueing::take_slot(unit.scope(), unit.tx(), slot).await
}

/// What an agent is shown of an offered call: who calls, for which queue, how long he has waited.
pub fn describe(
    offer: &offer::Model,
    call: &call::Model,
    queue: &queue::Model,
    entry: &queue_entry::Model,
    contact: Option<&Pop>,
) -> Value {
    json!({
        "offerId": offer.id,
        "agentId": offer.agent_id,
        "expiresAt": offer.expires_at,
        "call": {
            "id": call.id,
            "from": call.from_address,
            "to": call.to_address,
            "callerName": call.caller_name,
            "purpose": entry.purpose,
            "queueId": queue.id,
            "queue": queue.name,
            "enteredQueueAt": entry.entered_at,
            "waitedSeconds": (offer.offered_at - entry.entered_at).num_seconds(),
            "contact": contact.map(Pop::describe),
        },
    })
}

/// The offer's time is up. Nobody is blamed when somebody else won the round: then it is settled already.
pub async fn time_is_up(unit: &mut Unit, id: OfferId) -> Result<()> {
    let seen = queueing::offer(unit.scope(), unit.tx(), id).await?;
    if seen.state != OfferState::Open {
        return Ok(());
    }
    let mut file = CallFile::open(unit, seen.call_id).await?;
    if has_rung(unit, id).await? {
        not_answered(unit, &mut file, &seen).await?;
    } else {
        agent_leg::device_failed(unit, &mut file, &seen).await?;
    }
    file.save(unit).await
}

/// A device shows the offer itself. Of a number it is known only when the provider has said so: a call that could not be
/// made, or of which nothing was ever heard, has asked nobody.
async fn has_rung(unit: &Unit, offer: OfferId) -> Result<bool> {
    let leg = calls::offer_leg(unit.scope(), unit.tx(), offer).await?;
    Ok(leg.is_none_or(|leg| match leg.state {
        LegState::Planned | LegState::Dialled | LegState::Queued | LegState::Initiated => false,
        LegState::Ringing
        | LegState::InProgress
        | LegState::Completed
        | LegState::Busy
        | LegState::NoAnswer
        | LegState::Canceled
        | LegState::Failed => true,
    }))
}

/// The agent let it ring.
pub async fn not_answered(unit: &mut Unit, file: &mut CallFile, offer: &offer::Model) -> Result<()> {
    if leave::settle(unit, file, offer, OfferState::NoAnswer).await? == Won::Yes {
        leave::stop_asking(unit, offer.agent_id).await?;
        leave::close_round_if_settled(unit, file, offer).await?;
        let missed = Notice::missed_call(file.id(), file.row.their_name(), unit.now());
        notices::to_agent(unit, offer.agent_id, missed).await?;
    }
    Ok(())
}

/// The entries that routing named, with their calls locked in the order of their ids so that two nodes cannot block
/// each other. An entry that is no longer open is left out.
pub async fn lock(unit: &Unit, entries: &[QueueEntryId]) -> Result<Vec<(CallFile, queue_entry::Model)>> {
    let mut seen = Vec::new();
    for id in entries {
        seen.extend(queueing::entry(unit.scope(), unit.tx(), *id).await?);
    }
    seen.sort_by_key(|entry| entry.call_id);
    let mut locked = Vec::new();
    for entry in seen {
        let file = CallFile::open(unit, entry.call_id).await?;
        match queueing::open_entry(unit.scope(), unit.tx(), entry.call_id).await? {
            Some(open) if open.id == entry.id => locked.push((file, open)),
            Some(_) | None => {}
        }
    }
    Ok(locked)
}
