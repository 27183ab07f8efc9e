//! Why a call waits: as data, and in the company's words. Only reads.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use entity::id::{AgentId, CallId, QueueEntryId, QueueId, SkillId};
use entity::{
    Availability, CompanyScope, EntryPurpose, OfferState, OverflowAction, SlotHolder, agent, agent_slot,
    offer, queue, queue_entry,
};
use routing::{EntryState, Explanation, Obstacle, Precedence, Turn};

use super::desk;
use crate::app::App;
use crate::authz::Whose;
use crate::error::Result;
use crate::store::{companies, flows, queueing, skills, workforce};
use crate::words::{GoesFirst, Standing, Words};

/// So many of those who go first are named.
const MOST_AHEAD: usize = 20;
/// An explanation from rows is not older than this.
const OLDEST: TimeDelta = TimeDelta::seconds(1);

#[derive(Clone, Debug)]
pub struct Why {
    pub call: CallId,
    pub standing: Standing,
    /// Absent for a call that does not wait.
    pub visit: Option<Visit>,
    /// The whole of it for people, line by line.
    pub words: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct Visit {
    pub queue: QueueId,
    pub queue_name: String,
    pub purpose: EntryPurpose,
    pub priority: i32,
    pub entered_at: DateTime<Utc>,
    pub waiting_since: DateTime<Utc>,
    /// From 1.
    pub position: Option<usize>,
    pub expected_wait_seconds: Option<u64>,
    /// Those who go first, first in line first; at most [`MOST_AHEAD`].
    pub ahead: Vec<Ahead>,
    pub agents: Vec<Answer>,
    /// What happens by itself, the soonest first.
    pub next: Vec<Next>,
}

#[derive(Clone, Debug)]
pub struct Ahead {
    pub call: CallId,
    pub priority: i32,
    pub waiting_since: DateTime<Utc>,
    pub because: &'static str,
    pub words: &'static str,
}

/// How an agent of the queue stands to the call.
#[derive(Clone, Debug)]
pub struct Answer {
    pub agent: AgentId,
    pub name: String,
    pub lacks: Vec<Lack>,
    pub words: String,
}

/// One thing that keeps an agent from being offered the call.
#[derive(Clone, Debug, Default)]
pub struct Lack {
    pub code: &'static str,
    pub words: String,
    pub availability: Option<Availability>,
    pub reason: Option<String>,
    pub skill: Option<(SkillId, String)>,
    pub has: Option<u8>,
    pub needs: Option<u8>,
    /// Since when, for a silence.
    pub since: Option<DateTime<Utc>>,
    pub until: Option<DateTime<Utc>>,
    /// Whom the call is kept for.
    pub agent: Option<AgentId>,
    /// What the agent's slots are held by.
    pub holds: Vec<(SlotHolder, CallId)>,
}

/// Something that happens by itself.
#[derive(Clone, Debug)]
pub struct Next {
    pub at: DateTime<Utc>,
    pub code: &'static str,
    pub words: String,
}

/// Why the call waits. An agent is told of his own calls, and of himself only.
pub async fn why(app: &App, scope: CompanyScope, whose: Whose, call: CallId) -> Result<Why> {
    desk::visible(app, scope, whose, call).await?;
    let db = app.db.reader();
    let company = companies::own(scope, db).await?;
    let words = Words::of(company.as_ref().map_or("", |company| &company.language));
    let zone = company.and_then(|company| company.time_zone.parse().ok()).unwrap_or(Tz::UTC);
    let visit = queueing::visit_of(scope, db, call).await?;
    // An agent who asks a queue for a colleague has the caller with him.
    let Some(entry) = visit.filter(|visit| visit.purpose != EntryPurpose::Consult) else {
        let said = words.stands(Standing::NotWaiting, "", 0, None);
        return Ok(Why { call, standing: Standing::NotWaiting, visit: None, words: vec![said] });
    };
    let explained = explanation(app, scope, &entry).await?;
    let around = Around::read(app, scope, &entry, &explained, (words, zone)).await?;
    Ok(around.tell(app.clock.now(), &entry, explained, whose))
}

/// What the index says: its own words, the expected wait, and how the entry stands.
struct Explained {
    why: Explanation,
    expected_wait_seconds: Option<u64>,
    state: EntryState,
}

impl Explained {
    /// Of a visit for which this agent alone is asked: it has no place in the line.
    fn of_one(agent: routing::AgentId) -> Self {
        let agents = vec![(agent, Vec::new())];
        let why = Explanation { position: None, ahead: Vec::new(), agents, turns: Vec::new() };
        Self { why, expected_wait_seconds: None, state: EntryState::InRound(vec![agent]) }
    }
}

/// From the kept index; one that has not read this entry yet knows less than the rows.
async fn explanation(
    app: &App,
    scope: CompanyScope,
    entry: &queue_entry::Model,
) -> Result<Option<Explained>> {
    if let Some(wanted) = entry.wanted_agent_id {
        return Ok(Some(Explained::of_one(routing::AgentId(wanted.0))));
    }
    let (id, now) = (routing::EntryId(entry.id.0), app.clock.now());
    let question = |index: &routing::Index| {
        Some(Explained {
            why: index.explain(id, MOST_AHEAD, now)?,
            expected_wait_seconds: index.expected_wait(id, now).map(|wait| wait.as_secs()),
            state: index.state(id)?,
        })
    };
    match app.desks.ask(app, scope, OLDEST, question).await? {
        Some(explained) => Ok(Some(explained)),
        None => app.desks.ask_copy(app, scope, TimeDelta::zero(), question).await,
    }
}

/// What has to be known to name what the index speaks of.
struct Around {
    words: Words,
    zone: Tz,
    queue: queue::Model,
    agents: HashMap<AgentId, agent::Model>,
    slots: HashMap<AgentId, Vec<agent_slot::Model>>,
    skills: HashMap<SkillId, String>,
    ahead: HashMap<QueueEntryId, queue_entry::Model>,
    offers: Vec<offer::Model>,
    queues: HashMap<QueueId, String>,
    flows: HashMap<entity::id::FlowId, String>,
}

impl Around {
    async fn read(
        app: &App,
        scope: CompanyScope,
        entry: &queue_entry::Model,
        explained: &Option<Explained>,
        (words, zone): (Words, Tz),
    ) -> Result<Self> {
        let db = app.db.reader();
        let why = explained.as_ref().map(|explained| &explained.why);
        let ahead: Vec<_> =
            why.into_iter().flat_map(|why| &why.ahead).map(|ahead| QueueEntryId(ahead.entry.0)).collect();
        let agents = workforce::agents(scope, db, None).await?;
        let members: Vec<_> =
            why.into_iter().flat_map(|why| &why.agents).map(|(agent, _)| AgentId(agent.0)).collect();
        let mut slots: HashMap<_, Vec<_>> = HashMap::new();
        for slot in queueing::slots_of(scope, db, &members).await? {
            slots.entry(slot.agent_id).or_default().push(slot);
        }
        let skills = skills::all(scope, db).await?;
        let queues = queueing::queues(scope, db).await?;
        let flows = flows::all(scope, db).await?;
        Ok(Self {
            words,
            zone,
            queue: queueing::queue(scope, db, entry.queue_id).await?,
            agents: agents.into_iter().map(|agent| (agent.id, agent)).collect(),
            slots,
            skills: skills.into_iter().map(|skill| (skill.id, skill.name)).collect(),
            ahead: queueing::entries(scope, db, &ahead).await?.into_iter().map(|one| (one.id, one)).collect(),
            offers: queueing::offers_of_entry(scope, db, &[entry.id]).await?,
            queues: queues.into_iter().map(|queue| (queue.id, queue.name)).collect(),
            flows: flows.into_iter().map(|flow| (flow.id, flow.name)).collect(),
        })
    }

    fn tell(
        &self,
        now: DateTime<Utc>,
        entry: &queue_entry::Model,
        explained: Option<Explained>,
        whose: Whose,
    ) -> Why {
        let state = explained.as_ref().map_or(&EntryState::Waiting, |explained| &explained.state);
        let standing = match state {
            EntryState::Waiting => Standing::Waiting,
            EntryState::InRound(_) => Standing::Offered,
            EntryState::Reserved(_) => Standing::Connecting,
        };
        let why = explained.as_ref().map(|explained| &explained.why);
        let position = why.and_then(|why| why.position);
        let asked = why.into_iter().flat_map(|why| &why.agents);
        let agents: Vec<_> = asked
            .filter(|(agent, _)| whose.includes(AgentId(agent.0)))
            .map(|(agent, obstacles)| self.answer(AgentId(agent.0), obstacles, state))
            .collect();
        let sees_others = match whose {
            Whose::Everybodys => true,
            Whose::Agents(_) | Whose::Nobodys => false,
        };
        let ahead: Vec<_> = why.into_iter().filter(|_| sees_others).flat_map(|why| &why.ahead).collect();
        let ahead: Vec<_> = ahead.into_iter().filter_map(|ahead| self.ahead(ahead)).collect();
        let turns = why.map(|why| why.turns.as_slice()).unwrap_or_default();
        let next: Vec<_> = self.next(now, entry, turns).into_iter().filter(|_| sees_others).collect();
        let waited = (now - entry.entered_at).num_seconds();
        let mut words = vec![self.words.stands(standing, &self.queue.name, waited, position)];
        if entry.purpose == EntryPurpose::Callback {
            words.push(self.words.is_called_back(&self.time(entry.waiting_since)));
        }
        words.extend(ahead.first().map(|first| first.words.to_owned()));
        words.extend(agents.iter().map(|agent| format!("{}: {}.", agent.name, agent.words)));
        words.extend(next.iter().map(|next| next.words.clone()));
        let visit = Visit {
            queue: self.queue.id,
            queue_name: self.queue.name.clone(),
            purpose: entry.purpose,
            priority: entry.priority,
            entered_at: entry.entered_at,
            waiting_since: entry.waiting_since,
            position,
            expected_wait_seconds: explained.as_ref().and_then(|explained| explained.expected_wait_seconds),
            ahead,
            agents,
            next,
        };
        Why { call: entry.call_id, standing, visit: Some(visit), words }
    }

    fn ahead(&self, ahead: &routing::Ahead) -> Option<Ahead> {
        let entry = self.ahead.get(&QueueEntryId(ahead.entry.0))?;
        let (because, said) = match ahead.because {
            Precedence::Priority => ("priority", GoesFirst::Priority),
            Precedence::Age => ("age", GoesFirst::Age),
            Precedence::HeadStart => ("head_start", GoesFirst::HeadStart),
        };
        Some(Ahead {
            call: entry.call_id,
            priority: entry.priority,
            waiting_since: entry.waiting_since,
            because,
            words: self.words.goes_first(said),
        })
    }

    fn answer(&self, agent: AgentId, obstacles: &[Obstacle], state: &EntryState) -> Answer {
        let routed = routing::AgentId(agent.0);
        // Who has it, or is asked, holds a slot for just this: that is no reason.
        let (lacks, said) = match state {
            EntryState::InRound(asked) if asked.contains(&routed) => (Vec::new(), self.words.is_asked()),
            EntryState::Reserved(winner) if *winner == routed => (Vec::new(), self.words.has_it()),
            EntryState::Waiting | EntryState::InRound(_) | EntryState::Reserved(_) => {
                let lacks: Vec<_> = obstacles.iter().map(|obstacle| self.lack(agent, obstacle)).collect();
                (lacks, self.words.would_be_asked())
            }
        };
        let words = if lacks.is_empty() {
            said.to_owned()
        } else {
            lacks.iter().map(|lack| lack.words.as_str()).collect::<Vec<_>>().join("; ")
        };
        Answer { agent, name: self.name(agent), lacks, words }
    }

    fn lack(&self, id: AgentId, obstacle: &Obstacle) -> Lack {
        let row = self.agents.get(&id);
        match obstacle {
            Obstacle::OtherQueues => {
                Lack { code: "other_queues", words: self.words.other_queues().to_owned(), ..Lack::default() }
            }
            Obstacle::NotReady => match row.map(|row| row.availability) {
                // A browser that has never shown itself.
                None | Some(Availability::Available) => self.no_heartbeat(None),
                Some(availability) => {
                    let reason = row.and_then(|row| row.availability_reason.clone());
                    Lack {
                        code: "not_ready",
                        words: self.words.not_ready(availability, reason.as_deref()),
                        availability: Some(availability),
                        reason,
                        ..Lack::default()
                    }
                }
            },
            Obstacle::NotResponding => Lack {
                code: "not_responding",
                words: self.words.not_responding().to_owned(),
                since: row.and_then(|row| row.not_responding_since),
                ..Lack::default()
            },
            Obstacle::HeartbeatEnded(since) => self.no_heartbeat(Some(*since)),
            Obstacle::LacksSkill { skill, has, needs } => {
                let id = SkillId(skill.0);
                let name = self.skills.get(&id).cloned().unwrap_or_else(|| id.to_string());
                Lack {
                    code: "lacks_skill",
                    words: self.words.lacks_skill(&name, *has, *needs),
                    skill: Some((id, name)),
                    has: *has,
                    needs: Some(*needs),
                    ..Lack::default()
                }
            }
            Obstacle::CoolingOff(until) => Lack {
                code: "declined",
                words: self.words.declined_until(&self.time(*until)),
                until: Some(*until),
                ..Lack::default()
            },
            Obstacle::KeptFor(agent, until) => Lack {
                code: "kept_for_another",
                words: self.words.kept_for(&self.name(AgentId(agent.0)), &self.time(*until)),
                until: Some(*until),
                agent: Some(AgentId(agent.0)),
                ..Lack::default()
            },
            Obstacle::NoFreeSlot => {
                let slots = self.slots.get(&id).map(Vec::as_slice).unwrap_or_default();
                let held = u16::try_from(slots.len()).unwrap_or(u16::MAX);
                let capacity = row.map_or(1, |row| u16::try_from(row.capacity).unwrap_or(1));
                Lack {
                    code: "no_free_slot",
                    words: self.words.no_free_slot(held, capacity),
                    holds: slots.iter().map(|slot| (slot.holder, slot.call_id)).collect(),
                    ..Lack::default()
                }
            }
        }
    }

    fn no_heartbeat(&self, since: Option<DateTime<Utc>>) -> Lack {
        Lack { code: "no_heartbeat", words: self.words.no_heartbeat().to_owned(), since, ..Lack::default() }
    }

    /// From the index what concerns agents, from the visit's plan its queue's rules.
    fn next(
        &self,
        now: DateTime<Utc>,
        entry: &queue_entry::Model,
        turns: &[(DateTime<Utc>, Turn)],
    ) -> Vec<Next> {
        let mut next = Vec::new();
        for (at, turn) in turns {
            let at = *at;
            let time = self.time(at);
            match turn {
                Turn::KeptNoLonger(agent) => next.push(Next {
                    at,
                    code: "kept_no_longer",
                    words: self.words.kept_no_longer(&self.name(AgentId(agent.0)), &time),
                }),
                Turn::CooledOff(agent) => next.push(Next {
                    at,
                    code: "may_be_asked_again",
                    words: self.words.may_be_asked_again(&self.name(AgentId(agent.0)), &time),
                }),
                // Among the steps of the plan.
                Turn::AsksForLess | Turn::RingsAll => {}
            }
        }
        for step in entry.plan.steps.iter().skip(entry.plan.taken) {
            next.push(Next {
                at: step.at,
                code: step.action.name(),
                words: self.step(&step.action, &self.time(step.at)),
            });
        }
        next.extend(entry.max_wait_until.map(|at| Next {
            at,
            code: "max_wait",
            words: self.words.longest_wait_ends(&self.time(at)),
        }));
        let open =
            self.offers.iter().filter(|offer| offer.state == OfferState::Open && offer.expires_at > now);
        next.extend(open.map(|offer| Next {
            at: offer.expires_at,
            code: "offer_ends",
            words: self.words.offer_ends(&self.name(offer.agent_id), &self.time(offer.expires_at)),
        }));
        next.sort_by_key(|next| next.at);
        next
    }

    fn step(&self, action: &OverflowAction, time: &str) -> String {
        match action {
            OverflowAction::Queue { queue_id } => {
                let name = self.queues.get(queue_id).cloned().unwrap_or_else(|| queue_id.to_string());
                self.words.moves_to(&name, time)
            }
            OverflowAction::RelaxSkills { .. } => self.words.asks_for_less(time),
            OverflowAction::RingAll => self.words.rings_all(time),
            OverflowAction::Flow { flow_id } => {
                let name = self.flows.get(flow_id).cloned().unwrap_or_else(|| flow_id.to_string());
                self.words.moves_to(&name, time)
            }
            OverflowAction::Voicemail { .. } => self.words.message(time),
            OverflowAction::CallbackOffer { .. } => self.words.callback_is_offered(time),
        }
    }

    fn name(&self, agent: AgentId) -> String {
        self.agents.get(&agent).map_or_else(|| agent.to_string(), |agent| agent.name.clone())
    }

    /// On the company's clock.
    fn time(&self, at: DateTime<Utc>) -> String {
        at.with_timezone(&self.zone).format("%H:%M:%S").to_string()
    }
}
