//! Who did what in a company, for those who must be able to ask.
//!
//! A use case notes what it does in its own transaction. Any other change of a company that was asked for over HTTP gets a
//! line when it is done ([`note_request`]), so that none is without.

use chrono::{DateTime, Utc};
use entity::id::{AuditId, CompanyId, UserId};
use entity::{CompanyScope, audit};
use serde_json::{Value, json};
use uuid::Uuid;

use super::trail::{Asker, Trail};
use crate::app::App;
use crate::error::Result;
use crate::slice::{Slice, read_cursor};
use crate::store::audits::{self, Line};
use crate::store::{Tx, system};

/// Changes that are told elsewhere: in the story of the call, in the agent's history, in the callback. Dashboards make them
/// by the second, and the audit would be about nothing else. What is uploaded or shown to colleagues is a row, and what people
/// say to each other is nobody else's business. And those of recordings, of which the use cases note whatever
/// changes, and only that.
const TOLD_ELSEWHERE: [&str; 19] = [
    "agents:set-availability",
    "callbacks:write",
    "calls:control",
    "calls:dial",
    "calls:pick",
    "calls:steer",
    "calls:supervise",
    "calls:write",
    "chats:write",
    "flows:replay",
    "media:write",
    "offers:answer",
    "profile:write",
    "recording-policy:write",
    "recordings:control",
    "recordings:delete",
    "recordings:hold",
    "sessions:write",
    "stories:write",
];

/// Notes that `user` did `action`, in the transaction in which it is done. `detail` holds ids and no secrets.
pub async fn note(
    app: &App,
    scope: CompanyScope,
    tx: &Tx,
    user: UserId,
    action: &str,
    detail: Value,
) -> Result<()> {
    let row = line(app, scope.company(), user, action, detail);
    Ok(scope.insert::<audit::Entity, _>(tx, row).await?)
}

/// Notes how `user` came into the company, in the transaction in which he does: nobody acts for it yet.
pub async fn note_joining(
    app: &App,
    tx: &Tx,
    company: CompanyId,
    user: UserId,
    action: &str,
    detail: Value,
) -> Result<()> {
    Ok(system::insert_audit(tx, line(app, company, user, action, detail)).await?)
}

/// Notes a change that was made and that no use case has noted.
pub async fn note_request(app: &App, trail: &Trail) -> Result<()> {
    let Some(Asker { user, company: Some(company), permission, key: _ }) = trail.asker() else {
        return Ok(());
    };
    let reads = trail.method == "GET" || trail.method == "HEAD" || permission.ends_with(":read");
    if reads || trail.is_audited() || TOLD_ELSEWHERE.contains(&permission) {
        return Ok(());
    }
    let detail = json!({ "method": trail.method, "path": trail.path });
    let tx = app.db.begin().await?;
    system::insert_audit(&tx, line(app, company, user, permission, detail)).await?;
    Ok(tx.commit().await?)
}

pub(super) fn line(app: &App, company: CompanyId, user: UserId, action: &str, detail: Value) -> audit::Model {
    let trail = Trail::current();
    let trail = trail.as_deref();
    if let Some(trail) = trail {
        trail.was_audited();
    }
    audit::Model {
        id: app.ids.next(),
        company_id: company,
        user_id: user,
        action: action.to_owned(),
        detail,
        at: app.clock.now(),
        api_key_id: trail.and_then(Trail::asker).and_then(|asker| asker.key),
        subject_id: trail.and_then(Trail::subject),
        address: trail.and_then(|trail| trail.address).map(|address| address.to_string()),
    }
}

/// Which lines are asked for; `None` asks for all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub user: Option<UserId>,
    /// The action, or what it begins with up to a colon: `users` finds `users:invite`.
    pub action: Option<String>,
    pub subject: Option<Uuid>,
    pub from: Option<DateTime<Utc>>,
    /// Not any more.
    pub to: Option<DateTime<Utc>>,
}

/// The newest lines first, with the names of who and of the key.
pub async fn page(
    app: &App,
    scope: CompanyScope,
    filter: &Filter,
    cursor: Option<&str>,
    limit: u64,
) -> Result<Slice<Line>> {
    let before: Option<AuditId> = read_cursor(cursor)?;
    let rows = audits::page(scope, app.db.reader(), filter, before, limit + 1).await?;
    Ok(Slice::of(rows, limit, |line| line.row.id))
}
