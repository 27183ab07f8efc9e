//! Contacts whose words are not those of their row: written before words were kept, or by an older node while nodes are replaced
//! one after the other. Looked for when a node starts and with the housekeeping.

use entity::CompanyScope;

use crate::app::App;
use crate::error::{Error, Result};
use crate::store::{contacts, system};

/// Contacts a transaction: short enough for calls to wait for it.
const AT_ONCE: u64 = 100;

/// Brings the words of all contacts up to date.
pub async fn catch_up(app: &App) -> Result<()> {
    let _busy = app.clock.busy();
    for scope in system::companies_to_index(app).await? {
        of_company(app, scope).await?;
    }
    Ok(())
}

/// The same of one company's.
pub async fn of_company(app: &App, scope: CompanyScope) -> Result<()> {
    while part(app, scope).await? == AT_ONCE {}
    Ok(())
}

/// Some of a company's; answers how many there were.
async fn part(app: &App, scope: CompanyScope) -> Result<u64> {
    let tx = app.db.begin().await?;
    let stale = contacts::lock_stale(scope, &tx, AT_ONCE).await?;
    for contact in &stale {
        contacts::index(scope, &tx, contact).await?;
    }
    tx.commit().await?;
    u64::try_from(stale.len()).map_err(|cause| Error::internal("count contacts", cause))
}
