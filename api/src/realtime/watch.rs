//! Looks after the sockets once a second: ends those that have not said in time who they are and those whose token,
//! session, user or membership is no longer good, moves the others to the rooms that they now belong in, and brings up to
//! date who has fallen behind. All sessions of the node are read in one query.

use std::time::Duration;

use super::roster::Dismissal;
use super::{figures, rooms, snapshot};
use crate::app::App;
use crate::error::Result;

const EVERY: Duration = Duration::from_secs(1);

pub async fn run(app: &App) {
    let mut shown = figures::Shown::default();
    loop {
        let _busy = app.clock.sleep(EVERY).await;
        for stranger in app.sockets.0.overdue(app.clock.now()) {
            stranger.dismiss(app, Dismissal::NOT_AUTHENTICATED);
        }
        if let Err(error) = check_sessions(app).await {
            tracing::error!(?error, "cannot check the sessions of sockets");
        }
        for sid in app.sockets.0.behind() {
            snapshot::catch_up(app, sid).await;
        }
        if let Err(error) = figures::show(app, &mut shown).await {
            tracing::error!(?error, "cannot show the figures of queues");
        }
    }
}

async fn check_sessions(app: &App) -> Result<()> {
    let sessions = app.sockets.0.sessions();
    if sessions.is_empty() {
        return Ok(());
    }
    let verdicts = rooms::of_sessions(app, &sessions).await;
    if let Ok(verdicts) = &verdicts {
        let there = verdicts.values().filter_map(|verdict| {
            let (caller, _) = verdict.as_ref().ok()?;
            Some((caller.company()?, caller.user))
        });
        app.sockets.1.keep(&there.collect());
    }
    // Tokens run out also while the database cannot be read.
    for (wire, why) in
        app.sockets.0.refresh(app.clock.now(), verdicts.as_ref().unwrap_or(&Default::default()))
    {
        wire.dismiss(app, why);
    }
    verdicts.map(drop)
}
