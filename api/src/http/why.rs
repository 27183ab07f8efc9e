//! Why a call waits.

use chrono::{DateTime, Utc};
use entity::id::CallId;
use entity::{Availability, EntryPurpose, SlotHolder};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Reply, Success};
use super::{Tag, Word};
use crate::app::App;
use crate::authz::{Can, ReadCalls};
use crate::calls::why::{self, Ahead, Answer, Lack, Next, Visit, Why};
use crate::words::Standing;

pub struct WhyCallsWait;

/// Why a call waits.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct WhyOut {
    call_id: Uuid,
    standing: StandingOut,
    /// Absent for a call that does not wait.
    visit: Option<VisitOut>,
    /// The whole of it for people, line by line, in the company's language.
    words: Vec<String>,
}

/// How the call stands.
#[derive(Enum)]
#[oai(rename_all = "snake_case")]
enum StandingOut {
    /// Nobody is asked.
    Waiting,
    /// Agents are being asked.
    Offered,
    /// An agent has it, and is being connected.
    Connecting,
    NotWaiting,
}

/// The visit of a queue that goes on.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct VisitOut {
    queue_id: Uuid,
    queue_name: String,
    /// `caller`, or `callback`: nobody is on the line, and the customer is called when an agent has taken it.
    purpose: Word<EntryPurpose>,
    priority: i32,
    entered_at: DateTime<Utc>,
    /// What the place in line goes by: with the waiting that he brought along.
    waiting_since: DateTime<Utc>,
    /// From 1.
    position: Option<u64>,
    /// Absent without data.
    expected_wait_seconds: Option<u64>,
    /// Those who go first, first in line first; at most 20. For supervisors.
    ahead: Vec<AheadOut>,
    /// The agents of the queue; an agent sees himself only.
    agents: Vec<AgentAnswerOut>,
    /// What happens by itself, the soonest first. For supervisors.
    next: Vec<NextRuleOut>,
}

/// A call that goes first.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct AheadOut {
    call_id: Uuid,
    priority: i32,
    waiting_since: DateTime<Utc>,
    /// `priority`: a higher one, which counts before any wait. `age`: it has waited longer. `head_start`: its higher
    /// priority counts for more than the difference in waiting.
    because: String,
    words: String,
}

/// How an agent of the queue stands to the call.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct AgentAnswerOut {
    agent_id: Uuid,
    name: String,
    /// All that keeps him from being offered the call.
    lacks: Vec<LackOut>,
    words: String,
}

/// Something that keeps an agent from being offered the call.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct LackOut {
    /// `not_ready`, `not_responding`, `no_heartbeat`, `lacks_skill`, `declined`, `kept_for_another`, `no_free_slot` or
    /// `other_queues`.
    code: String,
    words: String,
    /// For `not_ready`.
    availability: Option<Word<Availability>>,
    /// For `not_ready`: what he said.
    reason: Option<String>,
    /// For `lacks_skill`.
    skill_id: Option<Uuid>,
    skill: Option<String>,
    /// His level; absent when he lacks the skill.
    has: Option<u8>,
    needs: Option<u8>,
    /// For `no_heartbeat` and `not_responding`.
    since: Option<DateTime<Utc>>,
    /// For `declined` and `kept_for_another`.
    until: Option<DateTime<Utc>>,
    /// For `kept_for_another`: whom.
    agent_id: Option<Uuid>,
    /// For `no_free_slot`: what his slots are held by.
    #[oai(skip_serializing_if_is_empty)]
    holds: Vec<HeldSlotOut>,
}

/// What a slot of an agent is held by.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct HeldSlotOut {
    holder: Word<SlotHolder>,
    call_id: Uuid,
}

/// Something that happens by itself.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct NextRuleOut {
    at: DateTime<Utc>,
    /// `queue`, `relax_skills`, `ring_all`, `flow`, `voicemail`, `callback_offer`, `max_wait`, `kept_no_longer`,
    /// `may_be_asked_again` or `offer_ends`.
    code: String,
    words: String,
}

impl From<Why> for WhyOut {
    fn from(why: Why) -> Self {
        Self {
            call_id: why.call.into(),
            standing: match why.standing {
                Standing::Waiting => StandingOut::Waiting,
                Standing::Offered => StandingOut::Offered,
                Standing::Connecting => StandingOut::Connecting,
                Standing::NotWaiting => StandingOut::NotWaiting,
            },
            visit: why.visit.map(Into::into),
            words: why.words,
        }
    }
}

impl From<Visit> for VisitOut {
    fn from(visit: Visit) -> Self {
        Self {
            queue_id: visit.queue.into(),
            queue_name: visit.queue_name,
            purpose: Word(visit.purpose),
            priority: visit.priority,
            entered_at: visit.entered_at,
            waiting_since: visit.waiting_since,
            position: visit.position.and_then(|place| u64::try_from(place).ok()),
            expected_wait_seconds: visit.expected_wait_seconds,
            ahead: visit.ahead.into_iter().map(Into::into).collect(),
            agents: visit.agents.into_iter().map(Into::into).collect(),
            next: visit.next.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Ahead> for AheadOut {
    fn from(ahead: Ahead) -> Self {
        Self {
            call_id: ahead.call.into(),
            priority: ahead.priority,
            waiting_since: ahead.waiting_since,
            because: ahead.because.to_owned(),
            words: ahead.words.to_owned(),
        }
    }
}

impl From<Answer> for AgentAnswerOut {
    fn from(answer: Answer) -> Self {
        Self {
            agent_id: answer.agent.into(),
            name: answer.name,
            lacks: answer.lacks.into_iter().map(Into::into).collect(),
            words: answer.words,
        }
    }
}

impl From<Lack> for LackOut {
    fn from(lack: Lack) -> Self {
        let (skill_id, skill) = lack.skill.unzip();
        Self {
            code: lack.code.to_owned(),
            words: lack.words,
            availability: lack.availability.map(Word),
            reason: lack.reason,
            skill_id: skill_id.map(Into::into),
            skill,
            has: lack.has,
            needs: lack.needs,
            since: lack.since,
            until: lack.until,
            agent_id: lack.agent.map(Into::into),
            holds: lack
                .holds
                .into_iter()
                .map(|(holder, call)| HeldSlotOut { holder: Word(holder), call_id: call.into() })
                .collect(),
        }
    }
}

impl From<Next> for NextRuleOut {
    fn from(next: Next) -> Self {
        Self { at: next.at, code: next.code.to_owned(), words: next.words }
    }
}

#[OpenApi(tag = "Tag::Calls")]
impl WhyCallsWait {
    /// Tells why a call waits.
    ///
    /// Who goes first and why, what each agent of the queue lacks, and what happens next by itself. An agent is told of the
    /// calls that are his or offered to him, and of himself only.
    #[oai(path = "/api/calls/:id/why", method = "get", operation_id = "whyDoesCallWait")]
    async fn why(&self, can: Can<ReadCalls>, Data(app): Data<&App>, Path(id): Path<Uuid>) -> Reply<WhyOut> {
        Success::ok(why::why(app, can.scope()?, can.whose(), CallId(id)).await?)
    }
}
