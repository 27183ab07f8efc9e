//! The sweeper: while anything of a company lives, once a minute its rows are held against the provider's live calls,
//! both ways, and what a lost callback or a lost timer left is mended by the use case that the callback or the timer
//! would have run.
//!
//! It acts on nothing younger than a grace time, and of the provider's calls only on those whose SIDs stand in the
//! company's rows: an account may have other users. Agents who do not respond stay so: that ends by their own hand.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{CallId, JobId, LegId, OfferId, ParticipantId};
use entity::{
    CompanyScope, EndedBy, JobKind, LegKind, LegState, OfferState, RoutingSubject, SegmentState, SlotHolder,
    agent_slot, call, leg, offer, segment,
};
use serde_json::json;
use twilio::rest::{CallFilter, Client, UpdateCall};
use twilio::webhook::CallStatus as ProviderStatus;

use super::{CallFile, carry, leave, offer as offers, wrap_up};
use crate::app::App;
use crate::error::{Error, Result};
use crate::jobs::Done;
use crate::store::{Unit, calls, jobs, peer_calls, queueing};

const EVERY: TimeDelta = TimeDelta::seconds(60);
/// How long callbacks and timers have before anybody helps them.
const GRACE: TimeDelta = TimeDelta::seconds(60);
/// The states in which a call lives at the provider, as its list can be asked for them.
const LIVE: [ProviderStatus; 3] =
    [ProviderStatus::Queued, ProviderStatus::Ringing, ProviderStatus::InProgress];
/// Live calls of one state that are read at most. What is not read is not concluded from: each call that seems to be
/// missing is asked for by itself.
const MOST: usize = 10_000;

/// What was mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mend {
    /// A leg had ended at the provider.
    LegEnded,
    /// A leg was never made, or nobody ever learnt its id, and nobody waits for it.
    LegForgotten,
    /// A leg lived at the provider that was of no use to us.
    StrayEnded,
    /// An offer's time was up.
    OfferExpired,
    /// An agent who had accepted had not come.
    JoinGivenUp,
    WrapUpEnded,
    /// An agent was held by nothing.
    SlotFreed,
    /// Everybody had left, and the call went on.
    CallEnded,
}

impl Mend {
    pub const ALL: [Self; 8] = [
        Self::LegEnded,
        Self::LegForgotten,
        Self::StrayEnded,
        Self::OfferExpired,
        Self::JoinGivenUp,
        Self::WrapUpEnded,
        Self::SlotFreed,
        Self::CallEnded,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::LegEnded => "leg_ended",
            Self::LegForgotten => "leg_forgotten",
            Self::StrayEnded => "stray_ended",
            Self::OfferExpired => "offer_expired",
            Self::JoinGivenUp => "join_given_up",
            Self::WrapUpEnded => "wrap_up_ended",
            Self::SlotFreed => "slot_freed",
            Self::CallEnded => "call_ended",
        }
    }
}

/// How often this node mended what, since it was started.
#[derive(Debug, Default)]
pub struct Mends([AtomicU64; Mend::ALL.len()]);

impl Mends {
    pub fn count(&self, mend: Mend) -> u64 {
        self.0[mend as usize].load(Ordering::Relaxed)
    }

    fn note(&self, scope: CompanyScope, mend: Mend, id: impl std::fmt::Display) {
        tracing::warn!(company = %scope.company(), mend = mend.name(), %id, "the sweeper mended what was left");
        self.0[mend as usize].fetch_add(1, Ordering::Relaxed);
    }
}

/// Sees to it that the company is swept from now on.
pub async fn watch(unit: &mut Unit) -> Result<()> {
    let company = unit.company();
    if !jobs::is_queued(unit, JobKind::Sweep, company, None).await? {
        let at = unit.now() + EVERY;
        unit.job(JobKind::Sweep, company, json!({}), at);
    }
    Ok(())
}

/// One round; the last one is when nothing of the company lives. There is one such job a company: of two, the elder goes
/// on.
pub async fn sweep(app: &App, scope: CompanyScope, job: JobId) -> Result<Done> {
    let db = app.db.reader();
    if jobs::has_elder(scope, db, JobKind::Sweep, scope.company(), job).await? {
        return Ok(Done::Yes);
    }
    let round = Round {
        app,
        scope,
        before: app.clock.now() - GRACE,
        legs: calls::legs_without_end(scope, db).await?,
        slots: queueing::held_slots(scope, db).await?,
        calls: calls::unfinished(scope, db).await?,
    };
    if round.legs.is_empty() && round.slots.is_empty() && round.calls.is_empty() {
        return Ok(Done::Yes);
    }
    round.compare_with_provider().await?;
    round.forget_legs().await?;
    round.free_slots().await?;
    round.end_calls().await?;
    Ok(Done::Again(app.clock.now() + EVERY))
}

struct Round<'a> {
    app: &'a App,
    scope: CompanyScope,
    /// What has not changed since then is old enough.
    before: DateTime<Utc>,
    legs: Vec<leg::Model>,
    slots: Vec<agent_slot::Model>,
    calls: Vec<call::Model>,
}

impl Round<'_> {
    fn mended(&self, mend: Mend, id: impl std::fmt::Display) {
        self.app.mends.note(self.scope, mend, id);
    }

    /// What the provider cannot tell is asked again in the next round.
    async fn compare_with_provider(&self) -> Result<()> {
        let client = match self.app.providers.client(self.scope, self.app.db.reader()).await {
            Ok(client) => client,
            Err(Error::Conflict { .. }) => return Ok(()),
            Err(other) => return Err(other),
        };
        let live = match live_calls(&client).await {
            Ok(live) => live,
            Err(error) => {
                tracing::warn!(company = %self.scope.company(), %error, "the provider's live calls cannot be read");
                return Ok(());
            }
        };
        self.end_lost_legs(&client, &live).await?;
        self.end_strays(&client, &live).await
    }

    /// Legs that our rows take for alive and the provider does not list.
    async fn end_lost_legs(&self, client: &Client, live: &HashSet<String>) -> Result<()> {
        for leg in self.legs.iter().filter(|leg| leg.created_at < self.before) {
            let Some(sid) = leg.provider_sid.as_ref().filter(|sid| !live.contains(*sid)) else { continue };
            if let Some(state) = carry::end_of(client, sid).await {
                carry::lost_end(self.app, self.scope, leg, state).await?;
                self.mended(Mend::LegEnded, leg.id);
            }
        }
        Ok(())
    }

    /// Calls that live at the provider, stand in our rows, and have been of no use for long.
    async fn end_strays(&self, client: &Client, live: &HashSet<String>) -> Result<()> {
        let sids: Vec<_> = live.iter().cloned().collect();
        for leg in calls::legs_by_sid(self.scope, self.app.db.reader(), &sids).await? {
            if !self.is_stray(&leg).await? {
                continue;
            }
            let Some(sid) = &leg.provider_sid else { continue };
            match client.update_call(sid, &UpdateCall::Complete).await {
                Ok(_) => self.mended(Mend::StrayEnded, leg.id),
                Err(error) if error.is_gone() => {}
                Err(error) => tracing::warn!(leg = %leg.id, %error, "a stray leg cannot be ended"),
            }
        }
        Ok(())
    }

    async fn is_stray(&self, leg: &leg::Model) -> Result<bool> {
        if let Some(ended) = leg.ended_at {
            return Ok(ended < self.before);
        }
        match (leg.kind, leg.offer_id) {
            (LegKind::Agent, Some(offer)) => {
                Ok(self.unwanted_since(offer).await?.is_some_and(|since| since < self.before))
            }
            (LegKind::Caller, _) => {
                let call = calls::get(self.scope, self.app.db.reader(), leg.call_id).await?;
                Ok(call.ended_at.is_some_and(|ended| ended < self.before))
            }
            // A transfer ends them itself, and a supervisor's leg goes with the conference.
            (LegKind::Agent, None) | (LegKind::Transfer | LegKind::Supervisor, _) => Ok(false),
        }
    }

    /// Since when nobody waits for the agent's leg of an offer; `None` while somebody does.
    async fn unwanted_since(&self, id: OfferId) -> Result<Option<DateTime<Utc>>> {
        let db = self.app.db.reader();
        Ok(match queueing::segment_of_offer(self.scope, db, id).await? {
            Some(segment) if segment.state.is_live() => None,
            Some(segment) => segment.ended_at,
            None => queueing::offer(self.scope, db, id).await?.settled_at,
        })
    }

    /// Legs of which the provider never told us anything, and for which nobody waits.
    async fn forget_legs(&self) -> Result<()> {
        for leg in self.legs.iter().filter(|leg| leg.provider_sid.is_none()) {
            let since = match (leg.offer_id, leg.kind) {
                (Some(offer), _) => self.unwanted_since(offer).await?,
                (None, LegKind::Caller) => {
                    calls::get(self.scope, self.app.db.reader(), leg.call_id).await?.ended_at
                }
                (None, LegKind::Agent | LegKind::Transfer | LegKind::Supervisor) => None,
            };
            if since.is_some_and(|since| since < self.before) && self.forget_leg(leg.id, leg.call_id).await? {
                self.mended(Mend::LegForgotten, leg.id);
            }
        }
        Ok(())
    }

    async fn forget_leg(&self, id: LegId, call: CallId) -> Result<bool> {
        let unit = Unit::begin(self.app, self.scope).await?;
        let _locked = CallFile::open(&unit, call).await?;
        let Some(mut leg) = calls::leg(self.scope, unit.tx(), id).await? else { return Ok(false) };
        if leg.provider_sid.is_some()
            || calls::advance_leg(&mut leg, LegState::Failed, unit.now()) == calls::Moved::No
        {
            return Ok(false);
        }
        calls::save_leg(self.scope, unit.tx(), leg).await?;
        unit.commit().await?;
        Ok(true)
    }

    /// Whatever holds an agent has an end: an offer and a wrap-up theirs, a reservation the time to join. What is over and
    /// holds him all the same lets him go.
    async fn free_slots(&self) -> Result<()> {
        for slot in self.slots.iter().filter(|slot| slot.held_since < self.before) {
            if slot.holder == SlotHolder::PeerCall {
                let party = ParticipantId(slot.offer_id.0);
                let party = peer_calls::party(self.scope, self.app.db.reader(), party).await?;
                if party.is_none_or(|party| !party.state.is_live()) {
                    self.free(slot).await?;
                }
                continue;
            }
            let offer = queueing::offer(self.scope, self.app.db.reader(), slot.offer_id).await?;
            let segment = queueing::segment_of_offer(self.scope, self.app.db.reader(), slot.offer_id).await?;
            match self.overdue(&offer, segment.as_ref()) {
                Overdue::No => {}
                Overdue::Offer => self.expire(offer.id).await?,
                Overdue::Join(segment) => {
                    // It asks the provider first, and answers when to look again: that is our next round.
                    drop(carry::join_deadline(self.app, self.scope, segment.id).await?);
                    self.mended(Mend::JoinGivenUp, segment.id);
                }
                Overdue::WrapUp(segment) => {
                    let mut unit = Unit::begin(self.app, self.scope).await?;
                    wrap_up::time_is_up(&mut unit, segment.id).await?;
                    unit.commit().await?;
                    self.mended(Mend::WrapUpEnded, segment.id);
                }
                Overdue::Slot => self.free(slot).await?,
            }
        }
        Ok(())
    }

    fn overdue<'s>(&self, offer: &offer::Model, segment: Option<&'s segment::Model>) -> Overdue<'s> {
        let long_ago = |at: DateTime<Utc>| at < self.before;
        let Some(segment) = segment else {
            return match offer.state {
                OfferState::Open if long_ago(offer.expires_at) => Overdue::Offer,
                OfferState::Open => Overdue::No,
                OfferState::Accepted
                | OfferState::Declined
                | OfferState::NoAnswer
                | OfferState::TakenByOther
                | OfferState::CallerLeft
                | OfferState::Withdrawn
                | OfferState::DeviceError => Overdue::Slot,
            };
        };
        let join = self.app.settings.timing.join;
        match segment.state {
            SegmentState::Reserved if long_ago(segment.reserved_at + join) => Overdue::Join(segment),
            SegmentState::Joined
                if long_ago(segment.agent_joined_at.unwrap_or(segment.reserved_at) + join) =>
            {
                Overdue::Join(segment)
            }
            SegmentState::WrapUp if segment.wrap_up_until.is_some_and(long_ago) => Overdue::WrapUp(segment),
            SegmentState::Reserved
            | SegmentState::Joined
            | SegmentState::Connected
            | SegmentState::WrapUp => Overdue::No,
            SegmentState::Done | SegmentState::Failed => Overdue::Slot,
        }
    }

    async fn expire(&self, id: OfferId) -> Result<()> {
        let mut unit = Unit::begin(self.app, self.scope).await?;
        offers::time_is_up(&mut unit, id).await?;
        unit.commit().await?;
        self.mended(Mend::OfferExpired, id);
        Ok(())
    }

    async fn free(&self, slot: &agent_slot::Model) -> Result<()> {
        let mut unit = Unit::begin(self.app, self.scope).await?;
        let file = CallFile::open(&unit, slot.call_id).await?;
        queueing::release_slot(self.scope, unit.tx(), slot.offer_id).await?;
        unit.reroute(RoutingSubject::Agent, slot.agent_id);
        crate::agents::work_ended(&mut unit, slot.agent_id).await?;
        file.save(&mut unit).await?;
        unit.commit().await?;
        self.mended(Mend::SlotFreed, slot.offer_id);
        Ok(())
    }

    /// Calls that the caller has left long ago, and in which no agent has anything left to do.
    async fn end_calls(&self) -> Result<()> {
        for call in &self.calls {
            if call.ended_at.is_none_or(|ended| ended >= self.before) {
                continue;
            }
            let mut unit = Unit::begin(self.app, self.scope).await?;
            let mut file = CallFile::open(&unit, call.id).await?;
            let was = file.row.status;
            leave::end_if_nobody_is_left(&mut unit, &mut file, EndedBy::System).await?;
            if file.row.status != was {
                file.save(&mut unit).await?;
                unit.commit().await?;
                self.mended(Mend::CallEnded, call.id);
            }
        }
        Ok(())
    }
}

enum Overdue<'a> {
    No,
    Offer,
    Join(&'a segment::Model),
    WrapUp(&'a segment::Model),
    /// It holds the agent though it is over.
    Slot,
}

/// The SIDs of the account's calls that live.
async fn live_calls(client: &Client) -> std::result::Result<HashSet<String>, twilio::rest::Error> {
    let mut live = HashSet::new();
    for status in LIVE {
        let found = client.list_calls(&CallFilter::new().status(&status), MOST).await?;
        live.extend(found.into_iter().map(|call| call.sid));
    }
    Ok(live)
}
