//! The company of a whole-call scenario.

use calldocker::app::App;
use chrono::TimeDelta;
use entity::id::{AgentId, CompanyId, FlowId, FlowVersionId, MembershipId, UserId};
use entity::*;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel};

use super::centre::{ACCOUNT, NUMBER, Plan, Publication, agent_number};

pub struct Company {
    pub scope: CompanyScope,
    pub agents: Vec<AgentId>,
    pub user: UserId,
}

#[expect(clippy::disallowed_methods, reason = "a test founds its own company")]
pub async fn found_company(app: &App, plan: &Plan) -> Company {
    let tx = app.db.begin().await.unwrap();
    let now = app.clock.now();
    let company: CompanyId = app.ids.next();
    let scope = CompanyScope::dangerous_mint(company);
    let row = company::Model {
        id: company,
        name: "Acme".into(),
        time_zone: "America/New_York".into(),
        language: "en-US".into(),
        demo: false,
        twilio_account_sid: None,
        twilio_auth_token_sealed: None,
        tell_agents_of_supervision: true,
        report_settings: Default::default(),
        created_at: now,
    };
    company::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(&tx).await.unwrap();
    let state = routing_state::Model { company_id: company, node_id: None, lease_until: None };
    scope.insert::<routing_state::Entity, _>(&tx, state).await.unwrap();
    let counter = outbox_counter::Model { company_id: company, last_seq: 0, facts_wanted: false };
    scope.insert::<outbox_counter::Entity, _>(&tx, counter).await.unwrap();
    let queue = queue::Model {
        id: app.ids.next(),
        company_id: company,
        name: "support".into(),
        strategy: plan.strategy,
        idle_reading: IdleReading::SinceLastCall,
        ring_seconds: plan.ring_seconds,
        wrap_up_seconds: plan.wrap_up_seconds,
        decline_cool_off_seconds: 60,
        hold_music_url: None,
        rules: QueueRules::default(),
        hold_reminder_seconds: 60,
        hold_limit_seconds: 300,
        created_at: now,
        deleted_at: None,
    };
    scope.insert::<queue::Entity, _>(&tx, queue.clone()).await.unwrap();
    let mut agents = Vec::new();
    let mut user = None;
    for (index, reach) in plan.agents.iter().enumerate() {
        let (name, email) = (format!("Agent {index}"), format!("agent{index}@{company}.test"));
        let person = user::Model::begun(app.ids.next(), name, Some(email), now);
        user::Entity::insert(person.clone().into_active_model().reset_all())
            .exec_without_returning(&tx)
            .await
            .unwrap();
        user.get_or_insert(person.id);
        let member = membership::Model {
            id: app.ids.next::<MembershipId>(),
            company_id: company,
            user_id: person.id,
            role: Role::Agent,
            status: MembershipStatus::Active,
            created_at: now,
        };
        scope.insert::<membership::Entity, _>(&tx, member.clone()).await.unwrap();
        // Earlier ones are idle longer.
        let since = now - TimeDelta::seconds(100 - i64::try_from(index).unwrap());
        let agent = agent::Model {
            reach: *reach,
            number: (*reach == Reach::Number).then(|| agent_number(index)),
            capacity: plan.capacity,
            availability: Availability::Available,
            ..agent::Model::begun(app.ids.next(), company, member.id, person.name, since)
        };
        scope.insert::<agent::Entity, _>(&tx, agent.clone()).await.unwrap();
        let member = queue_member::Model { company_id: company, queue_id: queue.id, agent_id: agent.id };
        scope.insert::<queue_member::Entity, _>(&tx, member).await.unwrap();
        agents.push(agent.id);
    }
    let flow: FlowId = app.ids.next();
    let version: FlowVersionId = app.ids.next();
    let row = flow::Model {
        id: flow,
        company_id: company,
        name: "Front desk".into(),
        draft: plan.flow.clone(),
        published_version_id: (plan.publication == Publication::Published).then_some(version),
        created_at: now,
        updated_at: now,
    };
    scope.insert::<flow::Entity, _>(&tx, row).await.unwrap();
    let row = flow_version::Model {
        id: version,
        company_id: company,
        flow_id: flow,
        number: 1,
        document: plan.flow.clone(),
        engine_version: 1,
        published_by: None,
        published_at: now,
        restored_from: None,
    };
    scope.insert::<flow_version::Entity, _>(&tx, row).await.unwrap();
    let number = phone_number::Model {
        id: app.ids.next(),
        company_id: company,
        account_sid: ACCOUNT.into(),
        number: NUMBER.into(),
        label: "Main".into(),
        flow_id: flow,
        created_at: now,
    };
    scope.insert::<phone_number::Entity, _>(&tx, number).await.unwrap();
    tx.commit().await.unwrap();
    Company { scope, agents, user: user.expect("at least one agent") }
}
