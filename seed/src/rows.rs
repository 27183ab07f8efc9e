//! From the cast to rows.

#![expect(
    clippy::disallowed_methods,
    reason = "the demo founds its companies: it alone mints their scopes, and users and companies have none"
)]

use std::collections::HashMap;

use chrono::TimeDelta;
use entity::id::{AgentId, CompanyId, FlowId, JobId, MembershipId, PhoneNumberId, QueueId, SkillId, UserId};
use entity::{
    Availability, CompanyScope, IdleReading, JobKind, JobState, MembershipStatus, OverflowAction,
    OverflowStep, PlatformRole, QueueRules, Reach, Role, ServiceLevel, agent, agent_skill, company, flow,
    flow_version, job, membership, outbox_counter, phone_number, queue, queue_member, routing_state, skill,
    user,
};
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, IntoActiveModel, QueryOrder,
};
use serde_json::json;
use uuid::Uuid;

use crate::Plan;
use crate::cast::{ADMIN_EMAIL, ADMIN_NAME, Agent, Company, Overflow, Phone, Rules};

const RING_SECONDS: i32 = 30;
const DECLINE_COOL_OFF_SECONDS: i32 = 60;
/// Between the moments at which one agent and the next became available.
const STEP: TimeDelta = TimeDelta::minutes(5);

pub(crate) async fn companies(db: &impl ConnectionTrait) -> Result<Vec<company::Model>, DbErr> {
    company::Entity::find().order_by_asc(company::Column::Id).all(db).await
}

pub(crate) async fn write_admin(tx: &DatabaseTransaction, plan: &Plan<'_>) -> Result<(), DbErr> {
    let admin = user(plan, ADMIN_EMAIL.to_owned(), ADMIN_NAME);
    insert_user(tx, user::Model { platform_role: Some(PlatformRole::Admin), ..admin }).await
}

pub(crate) async fn write_company(
    tx: &DatabaseTransaction,
    plan: &Plan<'_>,
    cast: &Company,
) -> Result<(), DbErr> {
    let row = company::Model {
        id: plan.id(),
        name: cast.name.to_owned(),
        time_zone: cast.time_zone.to_owned(),
        language: cast.language.to_owned(),
        demo: true,
        twilio_account_sid: None,
        twilio_auth_token_sealed: None,
        tell_agents_of_supervision: true,
        report_settings: Default::default(),
        created_at: plan.now,
    };
    let scope = CompanyScope::dangerous_mint(row.id);
    company::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await?;
    let writer = Writer { tx, plan, cast, scope };
    // Whoever writes to the company counts on these two.
    let state = routing_state::Model { company_id: writer.company(), node_id: None, lease_until: None };
    scope.insert::<routing_state::Entity, _>(tx, state).await?;
    let counter = outbox_counter::Model { company_id: writer.company(), last_seq: 0, facts_wanted: false };
    scope.insert::<outbox_counter::Entity, _>(tx, counter).await?;
    let (owner, _) = writer.member("owner", cast.owner, Role::Owner).await?;
    writer.member("manager", cast.manager, Role::Manager).await?;
    writer.workforce().await?;
    let flow = writer.flow(owner).await?;
    writer.number(flow).await
}

impl Plan<'_> {
    fn id<Id: From<Uuid>>(&self) -> Id {
        Id::from((self.ids)())
    }
}

fn user(plan: &Plan<'_>, email: String, name: &str) -> user::Model {
    let begun = user::Model::begun(plan.id(), name.to_owned(), Some(email), plan.now);
    user::Model { password_hash: Some(plan.password_hash.to_owned()), ..begun }
}

async fn insert_user(tx: &DatabaseTransaction, row: user::Model) -> Result<(), DbErr> {
    user::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await.map(drop)
}

fn rules(cast: &Rules) -> QueueRules {
    let step = |(after_seconds, overflow): &(u32, Overflow)| OverflowStep {
        after_seconds: *after_seconds,
        action: match overflow {
            Overflow::RelaxSkills(levels) => OverflowAction::RelaxSkills { levels: Some(*levels) },
            Overflow::RingAll => OverflowAction::RingAll,
            Overflow::Voicemail(mailbox) => {
                OverflowAction::Voicemail { mailbox: Some((*mailbox).to_owned()) }
            }
        },
    };
    QueueRules {
        ageing_seconds: cast.ageing_seconds,
        service_level: ServiceLevel {
            target_seconds: cast.answered_within_seconds,
            ..ServiceLevel::default()
        },
        overflow: cast.overflow.iter().map(step).collect(),
        ..QueueRules::default()
    }
}

/// Writes the rows of one company.
struct Writer<'a> {
    tx: &'a DatabaseTransaction,
    plan: &'a Plan<'a>,
    cast: &'a Company,
    scope: CompanyScope,
}

impl Writer<'_> {
    fn company(&self) -> CompanyId {
        self.scope.company()
    }

    async fn member(&self, login: &str, name: &str, role: Role) -> Result<(UserId, MembershipId), DbErr> {
        let user = user(self.plan, self.cast.login(login), name);
        let row = membership::Model {
            id: self.plan.id(),
            company_id: self.company(),
            user_id: user.id,
            role,
            status: MembershipStatus::Active,
            created_at: self.plan.now,
        };
        let made = (user.id, row.id);
        insert_user(self.tx, user).await?;
        self.scope.insert::<membership::Entity, _>(self.tx, row).await?;
        Ok(made)
    }

    /// Skills, queues, and the agents who have and serve them.
    async fn workforce(&self) -> Result<(), DbErr> {
        let mut skills = HashMap::new();
        for name in self.cast.skills {
            skills.insert(*name, self.skill(name).await?);
        }
        let mut queues = HashMap::new();
        for queue in &self.cast.queues {
            queues.insert(queue.name, self.queue(queue).await?);
        }
        for (index, agent) in (1..).zip(&self.cast.agents) {
            let id = self.agent(index, agent).await?;
            let has = agent.skills.iter().map(|(name, level)| agent_skill::Model {
                company_id: self.company(),
                agent_id: id,
                skill_id: skills[name],
                level: *level,
            });
            self.scope.insert_many::<agent_skill::Entity, _>(self.tx, has.collect()).await?;
            let serves = agent.queues.iter().map(|name| queue_member::Model {
                company_id: self.company(),
                queue_id: queues[name],
                agent_id: id,
            });
            self.scope.insert_many::<queue_member::Entity, _>(self.tx, serves.collect()).await?;
        }
        Ok(())
    }

    async fn skill(&self, name: &str) -> Result<SkillId, DbErr> {
        let row = skill::Model { id: self.plan.id(), company_id: self.company(), name: name.to_owned() };
        let id = row.id;
        self.scope.insert::<skill::Entity, _>(self.tx, row).await?;
        Ok(id)
    }

    async fn queue(&self, queue: &crate::cast::Queue) -> Result<QueueId, DbErr> {
        let row = queue::Model {
            id: self.plan.id(),
            company_id: self.company(),
            name: queue.name.to_owned(),
            strategy: queue.strategy,
            idle_reading: IdleReading::SinceLastCall,
            ring_seconds: RING_SECONDS,
            wrap_up_seconds: queue.wrap_up_seconds,
            decline_cool_off_seconds: DECLINE_COOL_OFF_SECONDS,
            hold_music_url: None,
            rules: rules(&queue.rules),
            hold_reminder_seconds: 60,
            hold_limit_seconds: 300,
            created_at: self.plan.now,
            deleted_at: None,
        };
        let id = row.id;
        self.scope.insert::<queue::Entity, _>(self.tx, row).await?;
        Ok(id)
    }

    /// `index` counts from 1.
    async fn agent(&self, index: i32, agent: &Agent) -> Result<AgentId, DbErr> {
        let (_, membership_id) = self.member(&format!("agent{index}"), agent.name, Role::Agent).await?;
        let (reach, number, availability) = match agent.phone {
            Phone::Softphone => (Reach::Client, None, Availability::Available),
            Phone::Number(number) => (Reach::Number, Some(number.to_owned()), Availability::Available),
            Phone::Browser => (Reach::Browser, None, Availability::Offline),
        };
        // Earlier agents are idle for longer, so that everybody can tell who is asked first.
        let after_the_first = i32::try_from(self.cast.agents.len()).unwrap_or_default() - index;
        let (name, since) = (agent.name.to_owned(), self.plan.now - STEP * after_the_first);
        let begun = agent::Model::begun(self.plan.id(), self.company(), membership_id, name, since);
        let row = agent::Model { reach, number, availability, ..begun };
        let id = row.id;
        self.scope.insert::<agent::Entity, _>(self.tx, row).await?;
        Ok(id)
    }

    /// The company's flow, with version 1 published.
    async fn flow(&self, owner: UserId) -> Result<FlowId, DbErr> {
        let document = self.cast.flow.at(self.plan.now);
        let version = flow_version::Model {
            id: self.plan.id(),
            company_id: self.company(),
            flow_id: self.plan.id(),
            number: 1,
            document: document.clone(),
            engine_version: i32::try_from(ivr_engine::ENGINE_VERSION).unwrap_or(i32::MAX),
            published_by: Some(owner),
            published_at: self.plan.now,
            restored_from: None,
        };
        let flow = flow::Model {
            id: version.flow_id,
            company_id: self.company(),
            name: document["name"].as_str().unwrap_or(self.cast.name).to_owned(),
            draft: document,
            published_version_id: Some(version.id),
            created_at: self.plan.now,
            updated_at: self.plan.now,
        };
        let id = flow.id;
        self.scope.insert::<flow::Entity, _>(self.tx, flow).await?;
        self.scope.insert::<flow_version::Entity, _>(self.tx, version).await?;
        Ok(id)
    }

    /// The company's number, and the job that makes it ask the server.
    async fn number(&self, flow_id: FlowId) -> Result<(), DbErr> {
        let row = phone_number::Model {
            id: self.plan.id::<PhoneNumberId>(),
            company_id: self.company(),
            account_sid: self.plan.account_sid.to_owned(),
            number: self.cast.number.to_owned(),
            label: "Main line".to_owned(),
            flow_id,
            created_at: self.plan.now,
        };
        let job = job::Model {
            id: self.plan.id::<JobId>(),
            company_id: self.company(),
            kind: JobKind::ProvisionNumber,
            subject_id: row.id.into(),
            payload: json!({}),
            run_at: self.plan.now,
            state: JobState::Queued,
            attempts: 0,
            node_id: None,
            lease_until: None,
            last_error: None,
            created_at: self.plan.now,
        };
        self.scope.insert::<phone_number::Entity, _>(self.tx, row).await?;
        self.scope.insert::<job::Entity, _>(self.tx, job).await
    }
}
