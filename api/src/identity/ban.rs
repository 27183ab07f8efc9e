//! Banning a user everywhere: the platform's administrator alone does it, and undoes it.
//!
//! The account itself is banned, so sessions, keys and sockets are refused by the same look at the user's row that each of
//! them takes anyway. His memberships stay as they are: whoever is admitted again is what he was.

use entity::id::{AgentId, UserId};
use entity::{JobKind, RevokedBecause, UserStatus, user};
use sea_orm::Set;
use serde_json::{Value, json};

use super::audit;
use super::caller::Caller;
use super::members::{Admission, send_home};
use crate::app::App;
use crate::error::{Code, Error, Result, Subject};
use crate::store::sessions::{self, Sessions};
use crate::store::system::{self, UserOfPlatform};
use crate::store::{Unit, persons, users};

/// Bans a user in all companies, or ends that. Twice is once. Each company that he works for has a line in its audit. Where the
/// administrator names a company, only who is or was a member of it is found.
///
/// # Errors
/// `OWN_ACCOUNT` for who bans himself.
pub async fn set(app: &App, by: &Caller, id: UserId, admission: Admission) -> Result<UserOfPlatform> {
    if id == by.user && admission == Admission::Banned {
        return Err(Error::conflict(Code::OwnAccount, "Nobody bans his own account."));
    }
    if by.company().is_some() && persons::membership(by.scope()?, app.db.reader(), id).await?.is_none() {
        return Err(Error::NotFound(Subject::User));
    }
    let tx = app.db.begin().await?;
    let user = users::lock(&tx, id).await?.ok_or(Error::NotFound(Subject::User))?;
    let (status, action) = match (user.status, admission) {
        (UserStatus::Active, Admission::Banned) => (UserStatus::Banned, "users:ban-everywhere"),
        (UserStatus::Banned, Admission::Active) => (UserStatus::Active, "users:admit-everywhere"),
        (UserStatus::Active, Admission::Active) | (UserStatus::Banned, Admission::Banned) => {
            drop(tx);
            return one(app, id).await;
        }
        (UserStatus::Deleted, Admission::Active | Admission::Banned) => {
            return Err(Error::NotFound(Subject::User));
        }
    };
    let now = app.clock.now();
    let changes = user::ActiveModel { status: Set(status), updated_at: Set(now), ..Default::default() };
    users::update(&tx, id, changes).await?;
    if status == UserStatus::Banned {
        sessions::revoke(&tx, Sessions::AllOf(id), RevokedBecause::Administrator, now).await?;
    }
    for standing in system::standings_of(&tx, id).await? {
        let line = audit::line(app, standing.company, by.user, action, json!({ "userId": id }));
        system::insert_audit(&tx, line).await?;
        if let Some(agent) = standing.agent.filter(|_| status == UserStatus::Banned) {
            let payload = json!({ "by": by.user });
            system::insert_job(app, &tx, standing.company, JobKind::TakeOffAir, agent.0, payload).await?;
        }
    }
    tx.commit().await?;
    app.bus.wake(crate::bus::Wake::Jobs);
    tracing::info!(user = %id, by = %by.user, action, "an account was banned everywhere, or admitted again");
    one(app, id).await
}

async fn one(app: &App, id: UserId) -> Result<UserOfPlatform> {
    system::user_of_platform(app.db.reader(), id).await?.ok_or(Error::NotFound(Subject::User))
}

/// The job: the agent of somebody who was banned everywhere is offered nothing more.
pub async fn take_off_air(unit: &mut Unit, agent: AgentId, payload: &Value) -> Result<()> {
    let by = payload["by"].as_str().and_then(|by| by.parse().ok());
    let by = by.ok_or_else(|| Error::internal("read a job's payload", "it names nobody"))?;
    send_home(unit, agent, by).await
}
