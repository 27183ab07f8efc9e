//! Reports: counters by quarter of an hour that follow from the rows of calls, and what is read from them.
//!
//! Owns the tables `report_*`, which hold nothing that could not be computed again ([`verify`]). A call whose story goes on is
//! marked in the same write ([`crate::calls::CallFile::save`]); [`count`] counts every quarter of it anew. What agents wanted
//! to be is read from their histories when it is asked for ([`states`]): it needs no counters. What long ranges come to is kept by
//! hours and days ([`sums`]).

pub mod answer;
pub mod ask;
pub mod count;
pub mod facts;
pub mod mailed;
mod states;
pub mod sums;
pub mod verify;

use std::time::Duration;

use crate::app::App;
use crate::error::Result;
use crate::store::system;

/// How often a node looks for calls to count. Who reads figures does not wait for it.
const EVERY: Duration = Duration::from_secs(15);

/// Runs until the process ends.
pub async fn run(app: App) {
    loop {
        let busy = app.clock.sleep(EVERY).await;
        if let Err(error) = count_all(&app).await {
            tracing::error!(?error, "reports could not be brought up to date; it is tried again soon");
        }
        drop(busy);
    }
}

async fn count_all(app: &App) -> Result<()> {
    for scope in system::companies_to_report(app).await? {
        count::bring_up_to_date(app, scope).await?;
    }
    Ok(())
}
