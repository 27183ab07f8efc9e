//! What the commands of the binary need, which act for no company: numbers at a start, names for people who read along.

use entity::id::{AgentId, JobId, PhoneNumberId};
use entity::{JobKind, JobState, agent, company, job, phone_number};
use sea_orm::ActiveModelTrait;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, IntoActiveModel, QueryFilter, QuerySelect,
    QueryTrait,
};
use serde_json::json;

use crate::app::App;
use crate::error::Result;

/// Points every number of this account, and of the companies' own ones, at this server, now: one job a number, also where an earlier one waits or was
/// given up.
pub async fn provision_numbers(app: &App, account_sid: &str) -> Result<()> {
    let tx = app.db.begin().await?;
    let now = app.clock.now();
    let own_accounts = company::Entity::find()
        .select_only()
        .column(company::Column::TwilioAccountSid)
        .filter(company::Column::TwilioAccountSid.is_not_null());
    let numbers = phone_number::Entity::find()
        .filter(
            phone_number::Column::AccountSid
                .eq(account_sid)
                .or(phone_number::Column::AccountSid.in_subquery(own_accounts.into_query())),
        )
        .all(&tx)
        .await?;
    let all: Vec<_> = numbers.iter().map(|number| number.id.0).collect();
    let of_these = job::Column::Kind.eq(JobKind::ProvisionNumber).and(job::Column::SubjectId.is_in(all));
    job::Entity::update_many()
        .col_expr(job::Column::State, Expr::value(JobState::Queued.as_str()))
        .col_expr(job::Column::Attempts, Expr::value(0))
        .col_expr(job::Column::RunAt, Expr::value(now))
        .filter(of_these.clone())
        .filter(job::Column::State.ne(JobState::Running))
        .exec(&tx)
        .await?;
    let known: Vec<uuid::Uuid> = job::Entity::find()
        .select_only()
        .column(job::Column::SubjectId)
        .filter(of_these)
        .into_tuple()
        .all(&tx)
        .await?;
    for number in numbers.iter().filter(|number| !known.contains(&number.id.0)) {
        let row = provision(app.ids.next(), number, now);
        job::Entity::insert(row.into_active_model().reset_all()).exec_without_returning(&tx).await?;
    }
    Ok(tx.commit().await?)
}

fn provision(id: JobId, number: &phone_number::Model, now: chrono::DateTime<chrono::Utc>) -> job::Model {
    let subject: PhoneNumberId = number.id;
    job::Model {
        id,
        company_id: number.company_id,
        kind: JobKind::ProvisionNumber,
        subject_id: subject.into(),
        payload: json!({}),
        run_at: now,
        state: JobState::Queued,
        attempts: 0,
        node_id: None,
        lease_until: None,
        last_error: None,
        created_at: now,
    }
}

/// The name of an agent, whatever the company.
pub async fn agent_name(db: &impl ConnectionTrait, id: AgentId) -> Result<Option<String>, DbErr> {
    Ok(agent::Entity::find_by_id(id).one(db).await?.map(|agent| agent.name))
}

/// The name of an agent who is reached at this number, whatever the company.
pub async fn agent_name_at(db: &impl ConnectionTrait, number: &str) -> Result<Option<String>, DbErr> {
    let found = agent::Entity::find().filter(agent::Column::Number.eq(number)).one(db).await?;
    Ok(found.map(|agent| agent.name))
}
