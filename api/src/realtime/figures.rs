//! `queue:update`: the figures of queues, at most once a second each and only when they have changed. They come from the routing
//! index. The node that keeps a company's index tells the sockets of all nodes; where nodes cannot hear each other, each looks for
//! itself.

use std::collections::HashMap;

use chrono::TimeDelta;
use entity::CompanyScope;
use entity::id::QueueId;
use serde_json::{Value, json};

use super::roster::Holder;
use crate::app::App;
use crate::authz::{Permission, ReadQueues};
use crate::bus::{Connection, Fleeting};
use crate::calls::router::COPY_LIFE;
use crate::error::Result;
use crate::store::{Audience, system};

/// A snapshot's figures are not older than this.
const OLDEST: TimeDelta = TimeDelta::seconds(1);

/// What was shown last.
#[derive(Default)]
pub struct Shown(HashMap<QueueId, Value>);

/// Shows what has changed since the last time.
pub async fn show(app: &App, shown: &mut Shown) -> Result<()> {
    let companies = match app.bus.connection() {
        Connection::Connected => app.desks.companies(),
        Connection::Lost | Connection::Alone => app.sockets.0.cursors().into_keys().collect(),
    };
    let mut now_shown = HashMap::new();
    for (company, queue) in system::queues_of_companies(app.db.reader(), &companies).await? {
        let figures = of(app, system::outbox_scope(company), queue, COPY_LIFE).await?;
        if shown.0.get(&queue) != Some(&figures) {
            let rooms = vec![Audience::Supervisors.room(), Audience::Queue(queue).room()];
            let event = "queue:update".to_owned();
            app.bus.tell(Fleeting { company, rooms, event, payload: figures.clone() });
        }
        now_shown.insert(queue, figures);
    }
    shown.0 = now_shown;
    Ok(())
}

/// The figures of the company's queues for who may read queues.
pub async fn for_snapshot(app: &App, scope: CompanyScope, holder: &Holder) -> Result<Value> {
    if app.authz.rows(holder.caller.seat(), ReadQueues::NAME).is_none() {
        return Ok(json!([]));
    }
    let mut shown = Vec::new();
    for (_, queue) in system::queues_of_companies(app.db.reader(), &[scope.company()]).await? {
        shown.push(of(app, scope, queue, OLDEST).await?);
    }
    Ok(shown.into())
}

async fn of(app: &App, scope: CompanyScope, queue: QueueId, oldest: TimeDelta) -> Result<Value> {
    let now = app.clock.now();
    let question = |index: &routing::Index| index.queue_figures(routing::QueueId(queue.0), now);
    let figures = app.desks.ask(app, scope, oldest, question).await?;
    Ok(json!({
        "queueId": queue,
        "waiting": figures.waiting,
        "longestWaitSeconds": figures.longest_wait.map_or(0, |wait| wait.as_secs()),
        "available": figures.available,
    }))
}
