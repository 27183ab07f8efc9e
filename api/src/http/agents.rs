//! Agents: who takes calls, and what they want and do at the moment.

use chrono::{DateTime, Utc};
use entity::{Activity, Availability, Reach};
use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Reply, Success};
use super::{Tag, Word};
use crate::agents;
use crate::app::App;
use crate::authz::{Can, ReadAgents, ReadUsers};
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
    /// What the agent does.
    activity: Word<Activity>,
    queue_ids: Vec<Uuid>,
    skills: Vec<SkillOut>,
}

/// An agent's level in a skill.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct SkillOut {
    id: Uuid,
    name: String,
    /// 1 to 10.
    level: i32,
}

impl From<AgentWithWork> for AgentOut {
    fn from(AgentWithWork { agent, user, held, queues, skills }: AgentWithWork) -> Self {
        let skill = |SkillLevel { skill, name, level }| SkillOut { id: skill.into(), name, level };
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
            queue_ids: queues.into_iter().map(Into::into).collect(),
            skills: skills.into_iter().map(skill).collect(),
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
}
