//! An agent calls somebody: his slot is reserved and everything written in one transaction; then his phone is called.

use chrono::TimeDelta;
use entity::id::{AgentId, CallId, LegId, OfferId, QueueEntryId, QueueId, RoundId};
use entity::{
    CallKind, CallStatus, CompanyScope, EntryOutcome, EntryPurpose, Inserted, JobKind, LegKind, LegState,
    MachineDetection, OfferState, Reach, RecordingOrigin, RoutingSubject, SegmentPart, SlotHolder, VisitPlan,
    agent, call, leg, offer, offer_round, outbound_call, phone_number, queue, queue_entry, segment,
};
use serde_json::json;

use super::guard;
use crate::app::App;
use crate::authz::Whose;
use crate::calls::control::Actor;
use crate::calls::story::EventKind;
use crate::calls::{CallFile, accept, offer as offers, recording, rows, sweep};
use crate::error::{Code, Error, Result, Subject};
use crate::store::idempotency::{self, Claim};
use crate::store::{Audience, Unit, agents, calls, contacts, outbound, workforce};

/// Whether the company's hours for outbound calls hold for this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hours {
    Kept,
    /// A supervisor takes it upon himself; the story says so.
    SetAside,
}

/// What who calls wants of a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record {
    /// As the company's rules say.
    ByRule,
    Yes,
    No,
}

impl Record {
    fn stored(self) -> Option<bool> {
        match self {
            Self::ByRule => None,
            Self::Yes => Some(true),
            Self::No => Some(false),
        }
    }
}

/// Who is to be called, and how.
#[derive(Clone, Debug)]
pub struct Dialling {
    /// As it is dialled in the country of the number that is shown, or with its country code.
    pub to: String,
    /// A number of the company.
    pub from: Option<String>,
    /// On whose account; the agent's first one unless said.
    pub queue: Option<QueueId>,
    pub machine_detection: Option<MachineDetection>,
    pub hours: Hours,
    pub record: Record,
}

/// Has the agent call somebody. A request that came before under the same key is answered with the call that it made.
///
/// # Errors
/// 422 for a number that may not be called, `from` or `queue` that are not the agent's to use, `record` against the
/// company's rules; a conflict outside the
/// hours (`OUTSIDE_HOURS`), when the agent has no capacity (`NO_FREE_CAPACITY`), his device is away
/// (`AGENT_NOT_AVAILABLE`), or he is calling the same number (`ALREADY_CALLING`).
pub async fn dial(
    app: &App,
    scope: CompanyScope,
    actor: Actor,
    agent: AgentId,
    wish: Dialling,
    once: Option<idempotency::Request>,
) -> Result<call::Model> {
    if !actor.whose.includes(agent) {
        return Err(Error::NotFound(Subject::Agent));
    }
    guard::load_plans();
    let mut unit = Unit::begin(app, scope).await?;
    let id: CallId = unit.id();
    if let Some(request) = once
        && let Claim::Repeated(first) =
            idempotency::claim(scope, unit.tx(), &request, id.0, unit.now()).await?
    {
        return calls::get(scope, unit.tx(), CallId(first)).await;
    }
    let agent = workforce::agent(scope, unit.tx(), agent).await?;
    let plan = Plan::make(&unit, actor, agent, wish).await?;
    let file = plan.write(&mut unit, id).await?;
    let row = file.row.clone();
    file.save(&mut unit).await?;
    unit.commit().await?;
    Ok(row)
}

/// A call that may be made.
struct Plan {
    actor: Actor,
    agent: agent::Model,
    queue: queue::Model,
    line: phone_number::Model,
    to: String,
    /// Of who is called, if he is a contact.
    name: Option<String>,
    machine_detection: Option<MachineDetection>,
    hours: Hours,
    record: Record,
}

impl Plan {
    async fn make(unit: &Unit, actor: Actor, agent: agent::Model, wish: Dialling) -> Result<Self> {
        let (scope, tx) = (unit.scope(), unit.tx());
        if agent.removed_at.is_some() {
            return Err(Error::NotFound(Subject::Agent));
        }
        let rules = outbound::rules(scope, tx).await?;
        let (line, numbers) = guard::line(unit, rules.as_ref(), agent.id, wish.from.as_deref()).await?;
        let to = guard::callee(&wish.to, Some(&line), rules.as_ref(), &numbers)?;
        let name = guard::contact(unit, &to).await?;
        match (wish.hours, actor.whose) {
            (Hours::Kept, _) => guard::hours(rules.as_ref(), unit.now())?,
            (Hours::SetAside, Whose::Everybodys) => {}
            (Hours::SetAside, Whose::Agents(_) | Whose::Nobodys) => {
                return Err(Error::invalid("/anyTime", "is a supervisor's decision"));
            }
        }
        let queue = queue_for(unit, actor, &agent, wish.queue).await?;
        may_be_recorded(unit, actor, &to, queue.id, wish.record).await?;
        if !rows::shows_itself(&agent, &unit.app().settings.timing, unit.now()) {
            let message = format!("The device of {} is not there: open the browser first.", agent.name);
            return Err(Error::conflict(Code::AgentNotAvailable, message));
        }
        if outbound::is_calling(scope, tx, agent.id, &to).await? {
            return Err(Error::conflict(
                Code::AlreadyCalling,
                format!("{} is calling {to} already.", agent.name),
            ));
        }
        let (machine_detection, hours, record) = (wish.machine_detection, wish.hours, wish.record);
        Ok(Self { actor, agent, queue, line, to, name, machine_detection, hours, record })
    }

    async fn write(self, unit: &mut Unit, id: CallId) -> Result<CallFile> {
        let mut file = self.open(unit, id).await?;
        let entry = self.visit(unit, id).await?;
        let offer = self.offer(unit, id, entry).await?;
        let taken = offers::take_slot(unit, &self.agent, id, offer.id, SlotHolder::Segment).await?;
        if taken == Inserted::Conflicted {
            return Err(rows::no_capacity(&self.agent));
        }
        let segment = accept::segment_of(unit, &offer, self.queue.id, SegmentPart::Main, offer.id);
        let join = unit.app().settings.timing.join;
        // A mailbox answers a number, and a person has to press 1.
        let patience = if self.agent.reach == Reach::Number { join * 2 } else { join };
        let deadline = unit.now() + patience;
        unit.job(JobKind::JoinDeadline, segment.id, json!({}), deadline);
        unit.scope().insert::<segment::Entity, _>(unit.tx(), segment).await?;
        unit.reroute(RoutingSubject::Agent, self.agent.id);
        accept::ring(unit, &file, &offer, &self.agent, accept::address_of(&self.agent)).await?;
        let customer = customer_leg(unit, id, &self.to);
        unit.scope().insert::<leg::Entity, _>(unit.tx(), customer).await?;
        file.note(
            unit,
            EventKind::Requested,
            json!({"by": self.actor.user, "agentId": self.agent.id, "agent": self.agent.name,
                "from": file.row.from_address, "to": file.row.to_address, "queueId": self.queue.id,
                "machineDetection": self.machine_detection, "outsideHours": self.hours == Hours::SetAside,
                "record": self.record.stored()}),
        );
        let audience = [Audience::Agent(self.agent.id), Audience::Supervisors];
        unit.tell(&audience, "call:update", file.summary());
        file.is_told();
        crate::agents::tell_status(unit, self.agent.id).await?;
        let check = unit.now() + unit.app().settings.timing.check_call;
        unit.job(JobKind::CheckCall, id, json!({}), check);
        sweep::watch(unit).await?;
        Ok(file)
    }

    async fn open(&self, unit: &Unit, id: CallId) -> Result<CallFile> {
        let new =
            NewCall { line: &self.line, to: &self.to, name: self.name.clone(), status: CallStatus::Dialing };
        let mut file = new.open(unit, id).await?;
        file.row.queue_id = Some(self.queue.id);
        file.row.agent_id = Some(self.agent.id);
        let outbound = outbound_call::Model {
            call_id: id,
            company_id: unit.company(),
            requested_by: self.actor.user,
            machine_detection: self.machine_detection,
            answered_by: None,
            answered_by_at: None,
            record: self.record.stored(),
        };
        unit.scope().insert::<outbound_call::Entity, _>(unit.tx(), outbound).await?;
        Ok(file)
    }

    /// What the queue knows of it: nobody has waited.
    async fn visit(&self, unit: &Unit, call: CallId) -> Result<QueueEntryId> {
        let id: QueueEntryId = unit.id();
        let row = queue_entry::Model {
            id,
            company_id: unit.company(),
            call_id: call,
            queue_id: self.queue.id,
            priority: 0,
            skills: json!([]),
            entered_at: unit.now(),
            waiting_since: unit.now(),
            purpose: EntryPurpose::Caller,
            wanted_agent_id: None,
            max_wait_until: None,
            plan: VisitPlan::default(),
            outcome: Some(EntryOutcome::Outbound),
            left_at: Some(unit.now()),
        };
        unit.scope().insert::<queue_entry::Entity, _>(unit.tx(), row).await?;
        Ok(id)
    }

    /// As if the call had been offered to the agent and he had accepted: his phone and his room go by an offer's id.
    async fn offer(&self, unit: &Unit, call: CallId, entry: QueueEntryId) -> Result<offer::Model> {
        let (now, round) = (unit.now(), unit.id::<RoundId>());
        let row = offer_round::Model {
            id: round,
            company_id: unit.company(),
            queue_entry_id: entry,
            opened_at: now,
            closed_at: Some(now),
        };
        unit.scope().insert::<offer_round::Entity, _>(unit.tx(), row).await?;
        let row = offer::Model {
            id: unit.id::<OfferId>(),
            company_id: unit.company(),
            round_id: round,
            queue_entry_id: entry,
            call_id: call,
            agent_id: self.agent.id,
            state: OfferState::Accepted,
            offered_at: now,
            expires_at: now + TimeDelta::seconds(i64::from(self.queue.ring_seconds)),
            settled_at: Some(now),
        };
        unit.scope().insert::<offer::Entity, _>(unit.tx(), row.clone()).await?;
        Ok(row)
    }
}

/// A call that goes out, as it begins.
pub struct NewCall<'a> {
    pub line: &'a phone_number::Model,
    pub to: &'a str,
    pub name: Option<String>,
    pub status: CallStatus,
}

impl NewCall<'_> {
    /// Writes it. Nobody has been called yet.
    pub async fn open(self, unit: &Unit, id: CallId) -> Result<CallFile> {
        let row = call::Model {
            status: self.status,
            caller_name: self.name,
            account_sid: self.line.account_sid.clone(),
            phone_number_id: Some(self.line.id),
            ..call::Model::begun(
                id,
                unit.company(),
                CallKind::Outbound,
                (self.line.number.clone(), self.to.to_owned()),
                unit.now(),
            )
        };
        unit.scope().insert::<call::Entity, _>(unit.tx(), row.clone()).await?;
        contacts::touch(unit.scope(), unit.tx(), &[&row.to_address], row.started_at).await?;
        Ok(CallFile::new(row))
    }
}

/// The other party's leg, called when the agent is in the room.
pub fn customer_leg(unit: &Unit, call: CallId, number: &str) -> leg::Model {
    leg::Model {
        id: unit.id::<LegId>(),
        company_id: unit.company(),
        call_id: call,
        kind: LegKind::Caller,
        offer_id: None,
        agent_id: None,
        address: number.to_owned(),
        provider_sid: None,
        state: LegState::Planned,
        held: false,
        muted: false,
        last_sequence: None,
        dialled_at: None,
        joined_at: None,
        left_at: None,
        ended_at: None,
        created_at: unit.now(),
    }
}

/// Nobody records what the company's rules forbid; and what they always record, only a supervisor leaves out.
async fn may_be_recorded(unit: &Unit, actor: Actor, to: &str, queue: QueueId, wish: Record) -> Result<()> {
    let origin = match wish {
        Record::ByRule => return Ok(()),
        Record::Yes => RecordingOrigin::Person,
        Record::No => RecordingOrigin::Policy,
    };
    let decision = recording::foresee(unit.scope(), unit.tx(), to, queue, origin).await?;
    match (wish, actor.whose) {
        (Record::Yes, _) if !decision.record => Err(Error::invalid("/record", decision.why.refusal())),
        (Record::No, Whose::Agents(_) | Whose::Nobodys) if decision.record => {
            Err(Error::invalid("/record", "is a supervisor's decision: such calls are always recorded"))
        }
        (Record::ByRule | Record::Yes | Record::No, _) => Ok(()),
    }
}

/// On whose account the call is made. An agent uses the queues that he serves, a supervisor any.
async fn queue_for(
    unit: &Unit,
    actor: Actor,
    agent: &agent::Model,
    named: Option<QueueId>,
) -> Result<queue::Model> {
    let (scope, tx) = (unit.scope(), unit.tx());
    let Some(id) = named else {
        let first = outbound::queues_of(scope, tx, agent.id).await?.into_iter().next();
        let none = || Error::invalid("/queueId", format!("is needed: {} serves no queue", agent.name));
        return first.ok_or_else(none);
    };
    let may = match actor.whose {
        Whose::Everybodys => true,
        Whose::Agents(_) | Whose::Nobodys => agents::serves(scope, tx, agent.id, id).await?,
    };
    let found = outbound::queue(scope, tx, id).await?.filter(|_| may);
    found.ok_or_else(|| Error::invalid("/queueId", "is not a queue that the agent serves"))
}
