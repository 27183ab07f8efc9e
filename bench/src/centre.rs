//! The contact centre that is loaded: one company whose numbers lead straight into a queue each, and agents at
//! telephones who press 1 after a moment. Written as rows, since thousands of requests would take longer than the load.

use calldocker::ids::Ids;
use calldocker::store::Tx;
use carrier::{Carrier, Endpoint, Script, Step};
use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{CompanyId, FlowId, FlowVersionId, QueueId, UserId};
use entity::{
    Availability, CompanyScope, IdleReading, MembershipStatus, QueueRules, Reach, Role, Strategy, agent,
    company, flow, flow_version, membership, outbox_counter, phone_number, queue, queue_member,
    routing_state, user,
};
use sea_orm::{ActiveModelTrait, DbErr, EntityTrait, IntoActiveModel};
use serde_json::json;

use crate::ground::Ground;
use crate::{ACCOUNT, Failure};

/// Seconds after a conversation, of each queue.
pub const WRAP_UP_SECONDS: i32 = 2;
const RING_SECONDS: i32 = 20;
/// How long an agent's phone rings before it is answered.
const ANSWER_SECONDS: f64 = 0.3;
/// Rows in one statement.
const ROWS: usize = 200;

pub struct Centre {
    pub scope: CompanyScope,
    /// The numbers that callers dial.
    pub numbers: Vec<String>,
    /// The number whose queue has few agents.
    pub scarce: String,
}

/// How large the centre is.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub queues: usize,
    pub agents_each: usize,
    /// In the queue with few agents.
    pub scarce_agents: usize,
}

impl Centre {
    /// Writes the company's rows and describes its agents' phones to the look-alike.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn found(
        ground: &Ground,
        carrier: &Carrier,
        size: Size,
        now: DateTime<Utc>,
    ) -> Result<Self, Failure> {
        let ids = Ids::new(clock::Clock::machine());
        let tx = ground.db.begin().await?;
        let writer = Writer { tx: &tx, ids: &ids, scope: company(&tx, &ids, now).await?, now };
        let mut numbers = Vec::new();
        let queues = (0..size.queues).map(|_| size.agents_each).chain([size.scarce_agents]);
        for (index, agents) in queues.enumerate() {
            let queue = writer.queue(&format!("queue-{index}")).await?;
            writer.agents(carrier, index, agents, queue).await?;
            numbers.push(writer.number(index).await?);
        }
        let scope = writer.scope;
        tx.commit().await?;
        let scarce = numbers.pop().ok_or("there is no queue")?;
        Ok(Self { scope, numbers, scarce })
    }
}

/// An empty company.
///
/// # Errors
/// When the database refuses.
#[expect(clippy::disallowed_methods, reason = "the load founds its own company")]
pub async fn company(tx: &Tx, ids: &Ids, now: DateTime<Utc>) -> Result<CompanyScope, DbErr> {
    let id: CompanyId = ids.next();
    let row = company::Model {
        id,
        name: "Load".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        language: "en-US".to_owned(),
        demo: false,
        twilio_account_sid: None,
        twilio_auth_token_sealed: None,
        tell_agents_of_supervision: true,
        report_settings: Default::default(),
        created_at: now,
    };
    company::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(tx).await?;
    let scope = CompanyScope::dangerous_mint(id);
    let state = routing_state::Model { company_id: id, node_id: None, lease_until: None };
    scope.insert::<routing_state::Entity, _>(tx, state).await?;
    let counter = outbox_counter::Model { company_id: id, last_seq: 0, facts_wanted: false };
    scope.insert::<outbox_counter::Entity, _>(tx, counter).await?;
    Ok(scope)
}

struct Writer<'a> {
    tx: &'a Tx,
    ids: &'a Ids,
    scope: CompanyScope,
    now: DateTime<Utc>,
}

impl Writer<'_> {
    fn company(&self) -> CompanyId {
        self.scope.company()
    }

    async fn queue(&self, name: &str) -> Result<QueueId, DbErr> {
        let row = queue::Model {
            id: self.ids.next(),
            company_id: self.company(),
            name: name.to_owned(),
            strategy: Strategy::LongestIdle,
            idle_reading: IdleReading::SinceLastCall,
            ring_seconds: RING_SECONDS,
            wrap_up_seconds: WRAP_UP_SECONDS,
            decline_cool_off_seconds: 60,
            hold_music_url: None,
            rules: QueueRules::default(),
            hold_reminder_seconds: 60,
            hold_limit_seconds: 300,
            created_at: self.now,
            deleted_at: None,
        };
        let id = row.id;
        self.scope.insert::<queue::Entity, _>(self.tx, row).await?;
        Ok(id)
    }

    async fn agents(&self, carrier: &Carrier, queue: usize, count: usize, id: QueueId) -> Result<(), DbErr> {
        let (mut users, mut members, mut agents, mut serves) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for index in 0..count {
            let number = format!("+1202556{queue}{index:03}");
            let script = Script::new([Step::Press("1".to_owned())]);
            carrier.set_endpoint(&number, Endpoint::answers(ANSWER_SECONDS, script));
            let person = self.user(&number);
            let member = self.member(person.id);
            let agent = self.agent(&member, number);
            serves.push(queue_member::Model { company_id: self.company(), queue_id: id, agent_id: agent.id });
            users.push(person);
            members.push(member);
            agents.push(agent);
        }
        insert_users(self.tx, users).await?;
        self.insert::<membership::Entity>(members).await?;
        self.insert::<agent::Entity>(agents).await?;
        self.insert::<queue_member::Entity>(serves).await
    }

    /// In statements of a size that both databases take.
    async fn insert<E>(&self, rows: Vec<E::Model>) -> Result<(), DbErr>
    where
        E: entity::CompanyOwned,
        E::Model: IntoActiveModel<E::ActiveModel> + Clone,
        E::ActiveModel: Send,
    {
        for rows in rows.chunks(ROWS) {
            self.scope.insert_many::<E, _>(self.tx, rows.to_vec()).await?;
        }
        Ok(())
    }

    fn user(&self, number: &str) -> user::Model {
        let email = format!("{}@load.test", number.trim_start_matches('+'));
        user::Model::begun(self.ids.next(), format!("Agent {number}"), Some(email), self.now)
    }

    fn member(&self, user: UserId) -> membership::Model {
        membership::Model {
            id: self.ids.next(),
            company_id: self.company(),
            user_id: user,
            role: Role::Agent,
            status: MembershipStatus::Active,
            created_at: self.now,
        }
    }

    fn agent(&self, member: &membership::Model, number: String) -> agent::Model {
        let (name, since) = (format!("Agent {number}"), self.now - TimeDelta::minutes(1));
        agent::Model {
            reach: Reach::Number,
            number: Some(number),
            availability: Availability::Available,
            ..agent::Model::begun(self.ids.next(), self.company(), member.id, name, since)
        }
    }

    /// A number and its flow, which says one word and enqueues.
    async fn number(&self, index: usize) -> Result<String, DbErr> {
        let (flow_id, version): (FlowId, FlowVersionId) = (self.ids.next(), self.ids.next());
        let document = json!({
            "version": 1, "name": format!("Flow {index}"), "start": "hello", "language": "en-US",
            "nodes": {
                "hello": {"type": "say", "text": "Welcome.", "next": {"next": "wait"}},
                "wait": {"type": "enqueue", "queue": format!("queue-{index}")},
            },
        });
        let row = flow::Model {
            id: flow_id,
            company_id: self.company(),
            name: format!("Flow {index}"),
            draft: document.clone(),
            published_version_id: Some(version),
            created_at: self.now,
            updated_at: self.now,
        };
        self.scope.insert::<flow::Entity, _>(self.tx, row).await?;
        let row = flow_version::Model {
            id: version,
            company_id: self.company(),
            flow_id,
            number: 1,
            document,
            engine_version: 1,
            published_by: None,
            published_at: self.now,
            restored_from: None,
        };
        self.scope.insert::<flow_version::Entity, _>(self.tx, row).await?;
        let number = format!("+120255501{index:02}");
        let row = phone_number::Model {
            id: self.ids.next(),
            company_id: self.company(),
            account_sid: ACCOUNT.to_owned(),
            number: number.clone(),
            label: format!("Line {index}"),
            flow_id,
            created_at: self.now,
        };
        self.scope.insert::<phone_number::Entity, _>(self.tx, row).await?;
        Ok(number)
    }
}

#[expect(clippy::disallowed_methods, reason = "users belong to no company")]
async fn insert_users(tx: &Tx, users: Vec<user::Model>) -> Result<(), DbErr> {
    for users in users.chunks(ROWS) {
        let rows = users.iter().cloned().map(|row| row.into_active_model().reset_all());
        user::Entity::insert_many(rows).exec_without_returning(tx).await?;
    }
    Ok(())
}
