//! Forgets what nobody can ask for any more: settled requests of the provider and events that were told.

use std::time::Duration;

use chrono::TimeDelta;

use crate::app::App;
use crate::store::system;

const EVERY: Duration = Duration::from_secs(3600);
/// Longer than any retry of the provider. A client that was away for longer gets a snapshot.
const KEPT: TimeDelta = TimeDelta::days(3);

/// Runs until the process ends.
pub async fn run(app: App) {
    loop {
        let busy = app.clock.sleep(EVERY).await;
        if let Err(error) = system::forget_before(&app.db, app.clock.now() - KEPT).await {
            tracing::error!(?error, "housekeeping failed; it is tried again in an hour");
        }
        drop(busy);
    }
}
