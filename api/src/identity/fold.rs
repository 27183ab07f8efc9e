//! People whose words are not those of their row: written before words were kept, or by an older node while nodes are replaced one
//! after the other. Looked for when a node starts and with the housekeeping.

use crate::app::App;
use crate::error::Result;
use crate::store::users;

/// People a transaction.
const AT_ONCE: u64 = 100;

/// Brings the words of all people up to date.
pub async fn catch_up(app: &App) -> Result<()> {
    let _busy = app.clock.busy();
    loop {
        let tx = app.db.begin().await?;
        let folded = users::fold_stale(&tx, AT_ONCE).await?;
        tx.commit().await?;
        if folded < AT_ONCE {
            return Ok(());
        }
    }
}
