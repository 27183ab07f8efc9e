//! Who did what in a company, for those who must be able to ask.

use entity::id::{CompanyId, UserId};
use entity::{CompanyScope, audit};
use serde_json::Value;

use crate::app::App;
use crate::error::Result;
use crate::store::{Tx, system};

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

fn line(app: &App, company: CompanyId, user: UserId, action: &str, detail: Value) -> audit::Model {
    audit::Model {
        id: app.ids.next(),
        company_id: company,
        user_id: user,
        action: action.to_owned(),
        detail,
        at: app.clock.now(),
    }
}
