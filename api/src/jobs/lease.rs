//! The right to do a job, kept up while it is done. A lease is short, so that what a killed node held is soon another's;
//! a long job (a recording of hours is being fetched) shows a sign of life in between.

use crate::app::App;
use crate::store::jobs::{self as rows, Held};
use crate::store::system::Claimed;

/// Does `work` and renews the lease of its job meanwhile. `None` when another node has taken the job over: the work is
/// broken off, since it is being done there.
pub async fn while_held<T>(app: &App, claimed: &Claimed, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        done = work => Some(done),
        () = keep(app, claimed) => None,
    }
}

/// Renews until it is refused.
async fn keep(app: &App, claimed: &Claimed) {
    loop {
        let busy = app.clock.sleep(app.settings.timing.lease / 3).await;
        match rows::renew(app, claimed).await {
            Ok(Held::Here) => {}
            Ok(Held::Elsewhere) => {
                tracing::warn!(job = %claimed.job.id, kind = ?claimed.job.kind, "a job was taken over by another node");
                return;
            }
            // There are two more chances before it runs out.
            Err(error) => tracing::warn!(job = %claimed.job.id, ?error, "a lease could not be renewed"),
        }
        drop(busy);
    }
}
