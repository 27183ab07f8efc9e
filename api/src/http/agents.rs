//! Agents: who takes calls, what they want and do at the moment, and what they can.

use chrono::{DateTime, Utc};
use entity::id::AgentId;
use entity::{Activity, Availability, Reach};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::availability::WantedOut;
use super::envelope::{Created, Done, Failure, Reply, Success};
use super::{JsonBody, Tag, Word};
use crate::agents::{self, AgentPatch, Level, NewAgent, Picking};
use crate::app::App;
use crate::authz::{Can, ReadAgents, ReadUsers, WriteAgents};
use crate::store::agents::{AgentWithWork, SkillLevel};

pub struct Agents;

/// An agent.
#[derive(Object)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct AgentOut {
    id: Uuid,
    user_id: Uuid,
    name: String,
    /// How the agent is reached.
    reach: Word<Reach>,
    /// E.164; only for who may see contact details, and for the agent itself.
    number: Option<String>,
    /// How many calls at a time.
    capacity: i32,
    /// What the agent wants.
    availability: Word<Availability>,
    availability_reason: Option<String>,
    /// Since when the availability is what it is.
    available_since: DateTime<Utc>,
    /// What the agent will want once the call and its wrap-up are over.
    next: Option<WantedOut>,
    /// Whether the agent may take a waiting call of its queues out of order.
    may_pick: bool,
    /// What the agent does.
    activity: Word<Activity>,
    queue_ids: Vec<Uuid>,
    skills: Vec<SkillOut>,
    /// Levels in place of the usual ones until the company's day ends; 0 is without the skill.
    skills_today: Vec<SkillOut>,
}

/// An agent's level in a skill.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct SkillOut {
    id: Uuid,
    name: String,
    /// 1 to 10; today also 0.
    level: i32,
}

/// A level in a skill.
#[derive(Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct SkillIn {
    id: Uuid,
    #[oai(validator(minimum(value = "1"), maximum(value = "10")))]
    level: i32,
}

/// A level in a skill for today.
#[derive(Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct SkillTodayIn {
    id: Uuid,
    /// 0 is without the skill.
    #[oai(validator(minimum(value = "0"), maximum(value = "10")))]
    level: i32,
}

/// The skills that are other than usual; the others are as usual.
#[derive(Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct SkillsTodayIn {
    #[oai(validator(min_items = 1, max_items = 200))]
    skills: Vec<SkillTodayIn>,
}

/// A member who is to be an agent.
#[derive(Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct NewAgentIn {
    user_id: Uuid,
    /// `browser` unless said otherwise.
    reach: Option<Word<Reach>>,
    /// E.164; required for the reach `number`.
    #[oai(validator(pattern = r"^\+[1-9][0-9]{6,14}$"))]
    number: Option<String>,
    /// How many calls at a time; 1 unless said otherwise.
    #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
    capacity: Option<i32>,
    /// Whether the agent may take a waiting call of its queues out of order; not unless said otherwise.
    may_pick: Option<bool>,
    #[oai(validator(max_items = 200))]
    skills: Option<Vec<SkillIn>>,
    /// The queues to serve.
    #[oai(validator(max_items = 200))]
    queue_ids: Option<Vec<Uuid>>,
}

/// What is to be changed of an agent; what is absent stays.
#[derive(Object)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct AgentIn {
    reach: Option<Word<Reach>>,
    /// E.164.
    #[oai(validator(pattern = r"^\+[1-9][0-9]{6,14}$"))]
    number: Option<String>,
    /// Calls above a lowered capacity go on; no more are offered.
    #[oai(validator(minimum(value = "1"), maximum(value = "100")))]
    capacity: Option<i32>,
    may_pick: Option<bool>,
    /// All of the agent's skills.
    #[oai(validator(max_items = 200))]
    skills: Option<Vec<SkillIn>>,
    /// All of the agent's queues.
    #[oai(validator(max_items = 200))]
    queue_ids: Option<Vec<Uuid>>,
}

impl From<AgentIn> for AgentPatch {
    fn from(body: AgentIn) -> Self {
        let level = |skill: SkillIn| Level { skill: skill.id.into(), level: skill.level };
        let picking = |may: bool| if may { Picking::Allowed } else { Picking::Forbidden };
        Self {
            reach: body.reach.map(|reach| reach.0),
            number: body.number,
            capacity: body.capacity,
            pick: body.may_pick.map(picking),
            skills: body.skills.map(|skills| skills.into_iter().map(level).collect()),
            queues: body.queue_ids.map(|ids| ids.into_iter().map(Into::into).collect()),
        }
    }
}

impl From<NewAgentIn> for NewAgent {
    fn from(body: NewAgentIn) -> Self {
        let NewAgentIn { user_id, reach, number, capacity, may_pick, skills, queue_ids } = body;
        let settings = AgentIn { reach, number, capacity, may_pick, skills, queue_ids };
        Self { user: user_id.into(), settings: settings.into() }
    }
}

impl From<AgentWithWork> for AgentOut {
    fn from(AgentWithWork { agent, user, held, queues, skills, skills_today }: AgentWithWork) -> Self {
        let skill = |SkillLevel { skill, name, level }| SkillOut { id: skill.into(), name, level };
        let next = agents::next_of(&agent);
        Self {
            activity: Word(agents::activity(&agent, &held)),
            id: agent.id.into(),
            user_id: user.into(),
            name: agent.name,
            reach: Word(agent.reach),
            number: agent.number,
            capacity: agent.capacity,
            availability: Word(agent.availability),
            availability_reason: agent.availability_reason,
            available_since: agent.available_since,
            next: next.map(Into::into),
            may_pick: agent.may_pick,
            queue_ids: queues.into_iter().map(Into::into).collect(),
            skills: skills.into_iter().map(skill).collect(),
            skills_today: skills_today.into_iter().map(skill).collect(),
        }
    }
}

/// Leaves out the number, which may be a private one, for who may see names and presence only.
fn as_seen_by(can: &Can<ReadAgents>, app: &App, mut agent: AgentWithWork) -> AgentWithWork {
    let own = can.caller().agent() == Some(agent.agent.id);
    if !own && can.also_may::<ReadUsers>(app).is_none() {
        agent.agent.number = None;
    }
    agent
}

#[OpenApi(prefix_path = "/api/agents", tag = "Tag::Agents")]
impl Agents {
    /// Lists the company's agents.
    #[oai(path = "/", method = "get", operation_id = "listAgents")]
    async fn list(&self, can: Can<ReadAgents>, Data(app): Data<&App>) -> Reply<Vec<AgentOut>> {
        let agents = agents::all(app, can.scope()?).await?;
        Success::list(agents.into_iter().map(|agent| as_seen_by(&can, app, agent)).collect())
    }

    /// Makes a member an agent: offline at first, and again with the history of earlier when it was one before.
    #[oai(path = "/", method = "post", operation_id = "createAgent")]
    async fn create(
        &self,
        can: Can<WriteAgents>,
        Data(app): Data<&App>,
        JsonBody(body): JsonBody<NewAgentIn>,
    ) -> Result<Created<AgentOut>, Failure> {
        let (scope, by) = (can.scope()?, can.caller().user);
        Created::of(agents::make_agent(app, scope, by, body.into()).await?)
    }

    /// Lists the agents of the company that the address names.
    #[oai(path = "/company/:companyId", method = "get", operation_id = "listAgentsOfCompany")]
    async fn list_of_company(
        &self,
        can: Can<ReadAgents>,
        Data(app): Data<&App>,
        /// The company's id.
        #[oai(name = "companyId")]
        company_id: Path<Uuid>,
    ) -> Reply<Vec<AgentOut>> {
        let agents = agents::all(app, can.scope_of(company_id.0.into())?).await?;
        Success::list(agents.into_iter().map(|agent| as_seen_by(&can, app, agent)).collect())
    }

    /// Shows an agent.
    #[oai(path = "/:id", method = "get", operation_id = "getAgent")]
    async fn get(
        &self,
        can: Can<ReadAgents>,
        Data(app): Data<&App>,
        /// The agent's id.
        id: Path<Uuid>,
    ) -> Reply<AgentOut> {
        let agent = agents::get(app, can.scope()?, id.0.into()).await?;
        Success::ok(as_seen_by(&can, app, agent))
    }

    /// Changes how an agent is reached and what it takes.
    #[oai(path = "/:id", method = "put", operation_id = "updateAgent")]
    async fn update(
        &self,
        can: Can<WriteAgents>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<AgentIn>,
    ) -> Reply<AgentOut> {
        let (scope, by) = (can.scope()?, can.caller().user);
        Success::ok(agents::update_agent(app, scope, by, AgentId(id), body.into()).await?)
    }

    /// Makes a member an agent no more. The calls keep its name.
    ///
    /// 409 `AGENT_BUSY` while it talks or wraps up.
    #[oai(path = "/:id", method = "delete", operation_id = "deleteAgent")]
    async fn delete(
        &self,
        can: Can<WriteAgents>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        agents::remove_agent(app, can.scope()?, can.caller().user, AgentId(id)).await?;
        Done::saying("This member is an agent no more.")
    }

    /// Changes skills for the rest of the company's day, in place of what was changed before.
    #[oai(path = "/:id/skills/today", method = "put", operation_id = "setSkillsToday")]
    async fn set_skills_today(
        &self,
        can: Can<WriteAgents>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<SkillsTodayIn>,
    ) -> Reply<AgentOut> {
        let (scope, by) = (can.scope()?, can.caller().user);
        let level = |skill: SkillTodayIn| Level { skill: skill.id.into(), level: skill.level };
        let levels = body.skills.into_iter().map(level).collect();
        Success::ok(agents::set_skills_today(app, scope, by, AgentId(id), levels).await?)
    }

    /// Makes the skills what they usually are.
    #[oai(path = "/:id/skills/today", method = "delete", operation_id = "restoreSkills")]
    async fn restore_skills(
        &self,
        can: Can<WriteAgents>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Reply<AgentOut> {
        let (scope, by) = (can.scope()?, can.caller().user);
        Success::ok(agents::restore_skills(app, scope, by, AgentId(id)).await?)
    }
}
