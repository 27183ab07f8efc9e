//! By what somebody is reached who is called.

use chrono::{DateTime, Utc};
use entity::CompanyScope;
use entity::id::UserId;
use sea_orm::ConnectionTrait;

use crate::error::Result;
use crate::store::{peer_calls as store, presences};

/// Whether anything of somebody's can ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// A device that is connected now, to whatever node.
    Device,
    /// His last device went a moment ago, and may be back in another.
    Returning,
    Nothing,
}

/// By what this user can be reached now. A phone that can be woken is another way, and belongs here; it is woken where
/// `initiate` tells the callee, in the same unit, and is told `call:incoming` when it connects within the minute.
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
    Ok(if seen.is_some_and(|seen| seen.is_online) { Reach::Returning } else { Reach::Nothing })
}
