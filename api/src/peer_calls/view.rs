//! How a call among colleagues is shown.

use std::collections::HashMap;

use entity::id::{CallId, UserId};
use entity::{CompanyScope, peer_call, peer_call_participant as party};
use serde_json::{Value, json};

use crate::app::App;
use crate::error::Result;
use crate::store::{peer_calls as store, users};

/// What only such a call has.
#[derive(Clone, Debug)]
pub struct PeerView {
    pub call: peer_call::Model,
    /// The caller first.
    pub parties: Vec<PartyView>,
}

#[derive(Clone, Debug)]
pub struct PartyView {
    pub row: party::Model,
    pub name: String,
}

/// Of these calls, those that are among colleagues.
pub async fn views(app: &App, scope: CompanyScope, calls: &[CallId]) -> Result<HashMap<CallId, PeerView>> {
    let db = app.db.reader();
    let found = store::of_calls(scope, db, calls).await?;
    let mut ids: Vec<UserId> = found.values().flat_map(|(_, rows)| rows).map(|row| row.user_id).collect();
    ids.sort();
    ids.dedup();
    let names = users::names(db, ids).await?;
    let name = |id: &UserId| names.get(id).cloned().unwrap_or_default();
    let view = |(call, rows): (peer_call::Model, Vec<party::Model>)| PeerView {
        parties: rows.into_iter().map(|row| PartyView { name: name(&row.user_id), row }).collect(),
        call,
    };
    Ok(found.into_iter().map(|(id, one)| (id, view(one))).collect())
}

/// The call that a user has now, or that rings for him.
pub async fn active(app: &App, scope: CompanyScope, user: UserId) -> Result<Option<CallId>> {
    Ok(store::live_party(scope, app.db.reader(), user).await?.map(|row| row.call_id))
}

/// A call as sockets are shown it.
pub fn describe(call: &peer_call::Model, parties: &[party::Model]) -> Value {
    let party = |row: &party::Model| json!({"userId": row.user_id, "role": row.role, "state": row.state});
    json!({
        "callId": call.call_id,
        "callerId": call.called_by,
        "callType": call.call_type,
        "status": call.status,
        "media": call.media,
        "group": call.is_group,
        "participants": parties.iter().map(party).collect::<Vec<_>>(),
    })
}
