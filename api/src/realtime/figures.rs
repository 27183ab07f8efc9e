//! `queue:update`: the figures of queues, at most once a second each and only when they have changed. They come from
//! the routing index, so a node that does not keep a company's index has none to show.

use std::collections::HashMap;

use entity::CompanyScope;
use entity::id::{CompanyId, QueueId};
use serde_json::{Value, json};

use super::roster::Holder;
use crate::app::App;
use crate::authz::{Permission, ReadQueues};
use crate::error::Result;
use crate::store::{Audience, system};

/// What was shown last.
#[derive(Default)]
pub struct Shown(HashMap<QueueId, Value>);

/// Shows what has changed since the last time.
pub async fn show(app: &App, shown: &mut Shown) -> Result<()> {
    let companies: Vec<CompanyId> =
        app.sockets.0.cursors().into_keys().filter(|company| app.desks.keeps(*company)).collect();
    let mut now_shown = HashMap::new();
    for (company, queue) in system::queues_of_companies(app.db.reader(), &companies).await? {
        let Some(figures) = of(app, system::outbox_scope(company), queue) else { continue };
        if shown.0.get(&queue) != Some(&figures) {
            let rooms = [Audience::Supervisors.room(), Audience::Queue(queue).room()];
            app.sockets.0.tell(company, &rooms, "queue:update", &figures);
        }
        now_shown.insert(queue, figures);
    }
    shown.0 = now_shown;
    Ok(())
}

/// The figures of the company's queues for who may read queues.
pub async fn for_snapshot(app: &App, scope: CompanyScope, holder: &Holder) -> Result<Value> {
    let company = scope.company();
    if app.authz.rows(holder.caller.seat(), ReadQueues::NAME).is_none() || !app.desks.keeps(company) {
        return Ok(json!([]));
    }
    let queues = system::queues_of_companies(app.db.reader(), &[company]).await?;
    Ok(queues.into_iter().filter_map(|(_, queue)| of(app, scope, queue)).collect())
}

fn of(app: &App, scope: CompanyScope, queue: QueueId) -> Option<Value> {
    let figures = app.desks.figures(scope, queue, app.clock.now())?;
    Some(json!({
        "queueId": queue,
        "waiting": figures.waiting,
        "longestWaitSeconds": figures.longest_wait.map_or(0, |wait| wait.as_secs()),
        "available": figures.available,
    }))
}
