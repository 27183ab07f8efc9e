//! Keys: the account's API keys. The secret is told once.

use http::StatusCode;
use serde_json::{Value, json};

use super::{Context, Reply, Result};
use crate::key::ApiKey;
use crate::sid::rfc2822;

pub(super) fn list(context: &Context) -> Result {
    let state = context.shared.lock();
    context.page("keys", state.keys.newest_first().map(render))
}

pub(super) fn create(context: &Context) -> Result {
    let key = context.shared.create_key(context.call.text("FriendlyName").unwrap_or_default());
    let mut body = render(&key);
    body["secret"] = key.secret.into();
    Ok(Reply { status: StatusCode::CREATED, ..Reply::ok(&body) })
}

pub(super) fn fetch(context: &Context, sid: &str) -> Result {
    let state = context.shared.lock();
    let key = state.keys.get(sid).ok_or_else(|| context.missing())?;
    Ok(Reply::ok(&render(key)))
}

pub(super) fn delete(context: &Context, sid: &str) -> Result {
    match context.shared.lock().keys.remove(sid) {
        Some(_) => Ok(Reply::no_content()),
        None => Err(context.missing()),
    }
}

fn render(key: &ApiKey) -> Value {
    let created = rfc2822(key.created);
    json!({
        "sid": key.sid,
        "friendly_name": key.friendly_name,
        "date_created": created,
        "date_updated": created,
    })
}
