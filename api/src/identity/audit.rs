//! Who did what in a company, for those who must be able to ask.

use entity::id::UserId;
use entity::{CompanyScope, audit};
use serde_json::Value;

use crate::app::App;
use crate::error::Result;
use crate::store::Tx;

/// Notes that `user` did `action`, in the transaction in which it is done. `detail` holds ids and no secrets.
pub async fn note(
    app: &App,
    scope: CompanyScope,
    tx: &Tx,
    user: UserId,
    action: &str,
    detail: Value,
) -> Result<()> {
    let row = audit::Model {
        id: app.ids.next(),
        company_id: scope.company(),
        user_id: user,
        action: action.to_owned(),
        detail,
        at: app.clock.now(),
    };
    Ok(scope.insert::<audit::Entity, _>(tx, row).await?)
}
