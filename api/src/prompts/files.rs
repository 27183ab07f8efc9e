//! Files of prompts that nothing names any more.

use chrono::TimeDelta;
use entity::id::PromptId;
use entity::{CompanyScope, JobKind};
use serde_json::{Value, json};

use crate::app::App;
use crate::error::{Error, Result};
use crate::files;
use crate::jobs::Done;
use crate::store::{Unit, prompts};

/// How long a call that is under way, and a cache of the provider's, may still ask for a file that was replaced.
const STILL_ASKED_FOR: TimeDelta = TimeDelta::days(1);

/// Plans to delete a file unless a prompt names it by then. A key is given to one upload and never again, so that nobody
/// begins to name what is about to be deleted.
pub fn forget(unit: &mut Unit, prompt: PromptId, key: &str) {
    let then = unit.now() + STILL_ASKED_FOR;
    unit.job(JobKind::DeletePromptFile, prompt, json!({ "key": key }), then);
}

/// The job.
pub async fn delete(app: &App, scope: CompanyScope, payload: &Value) -> Result<Done> {
    let key =
        payload["key"].as_str().ok_or_else(|| Error::internal("read a job's payload", "it names no file"))?;
    if !prompts::names_file(scope, app.db.reader(), key).await? {
        files::delete(app, scope, key).await?;
    }
    Ok(Done::Yes)
}
