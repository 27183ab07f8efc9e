//! By what somebody is reached who is called.

use chrono::{DateTime, Utc};
use entity::CompanyScope;
use entity::id::UserId;
use sea_orm::{ConnectionTrait, QuerySelect};

use crate::error::Result;
use crate::store::push_devices::{self, Whom};
use crate::store::{peer_calls as store, presences};

/// Whether anything of somebody's can ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// A device that is connected now, to whatever node.
    Device,
    /// His last device went a moment ago, and may be back in another.
    Returning,
    /// A phone that can be woken; it connects then, and is told.
    Phone,
    Nothing,
}

/// By what this user can be reached now. A phone is woken where `initiate` tells the callee, in the same unit, and is told
/// `call:incoming` when it connects within the minute.
pub async fn reach(
    scope: CompanyScope,
    db: &impl ConnectionTrait,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<Reach> {
    if store::sockets(scope, db, user, now).await? > 0 {
        return Ok(Reach::Device);
    }
    let seen = presences::one(scope, db, user).await?;
    if seen.is_some_and(|seen| seen.is_online) {
        return Ok(Reach::Returning);
    }
    let phone = push_devices::reachable(scope, Whom::User(user), now).limit(1).one(db).await?;
    Ok(if phone.is_some() { Reach::Phone } else { Reach::Nothing })
}
