//! Whom somebody does not want to hear from: the two write nothing to each other, and who is blocked puts the other into no group.
//! In groups that both are in they read each other.

use entity::id::UserId;
use entity::{CompanyScope, user_block};

use super::works_here;
use crate::app::App;
use crate::error::{Error, Result, Subject};
use crate::store::{Unit, chats};

/// Whom he has blocked, with their names, the last one first.
pub async fn list(app: &App, scope: CompanyScope, by: UserId) -> Result<Vec<(user_block::Model, String)>> {
    Ok(chats::blocked_by(scope, app.db.reader(), by).await?)
}

/// Twice is once.
pub async fn block(app: &App, scope: CompanyScope, by: UserId, other: UserId) -> Result<()> {
    if by == other {
        return Err(Error::invalid("/userId", "must be somebody else"));
    }
    let unit = Unit::begin(app, scope).await?;
    works_here(scope, unit.tx(), other).await?;
    let row = user_block::Model {
        company_id: scope.company(),
        user_id: by,
        blocked_user_id: other,
        blocked_at: unit.now(),
    };
    let _ = chats::block(scope, unit.tx(), row).await?;
    unit.commit().await
}

/// # Errors
/// `NotFound` for somebody who is not blocked.
pub async fn unblock(app: &App, scope: CompanyScope, by: UserId, other: UserId) -> Result<()> {
    let unit = Unit::begin(app, scope).await?;
    if chats::unblock(scope, unit.tx(), by, other).await? == 0 {
        return Err(Error::NotFound(Subject::User));
    }
    unit.commit().await
}
