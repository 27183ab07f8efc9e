//! What somebody thinks of a call that he was in.

use entity::CompanyScope;
use entity::id::{CallId, UserId};
use serde_json::{Value, json};

use crate::app::App;
use crate::error::{Error, Result, Subject};
use crate::store::{Unit, calls, peer_calls as store};

#[derive(Clone, Debug)]
pub struct Feedback {
    /// 1 to 5.
    pub score: Option<i32>,
    /// Single words, such as `echo`.
    pub issues: Vec<String>,
    pub comment: Option<String>,
    /// A summary of WebRTC's statistics, as the client has made it.
    pub stats: Option<Value>,
    /// `{errorCode, errorMessage}` of what has gone wrong for him.
    pub error: Option<Value>,
}

/// Notes it; the last one counts.
///
/// # Errors
/// `CALL_NOT_FOUND` for who has no part in the call.
pub async fn rate(app: &App, scope: CompanyScope, user: UserId, id: CallId, told: Feedback) -> Result<()> {
    let unit = Unit::begin(app, scope).await?;
    calls::lock(scope, unit.tx(), id).await?;
    let parties = store::parties(scope, unit.tx(), id).await?;
    let mine = parties.into_iter().find(|row| row.user_id == user);
    let mut row = mine.ok_or(Error::NotFound(Subject::Call))?;
    row.quality_score = told.score.or(row.quality_score);
    row.feedback = Some(json!({"issues": told.issues, "comment": told.comment, "stats": told.stats}));
    store::save_party(scope, unit.tx(), row).await?;
    if let Some(mut error) = told.error
        && let Some(mut call) = store::call(scope, unit.tx(), id).await?
        && call.error_info.is_none()
    {
        error["timestamp"] = json!(unit.now());
        call.error_info = Some(error);
        store::save(scope, unit.tx(), call).await?;
    }
    unit.commit().await
}
