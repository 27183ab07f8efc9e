//! Tails the outboxes of the companies whose sockets this node holds, woken or once a second, and hands the events on in
//! their order.
//!
//! The numbers of a company are given out under a row lock that is held until the commit, so rows become visible in
//! their order and without gaps. Should a number be missing all the same, it is waited for; when it does not come,
//! every member of the company is given a snapshot in its place.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clock::Busy;
use entity::id::CompanyId;
use entity::{CompanyScope, outbox as row};
use serde_json::{Value, json};

use super::roster::Event;
use crate::app::App;
use crate::error::Result;
use crate::peer_calls;
use crate::store::{outbox, system};

/// How often a node looks for events that nobody woke it for.
const POLL: Duration = Duration::from_secs(1);
/// How long a missing number is waited for.
const PATIENCE: Duration = Duration::from_secs(3);
/// Events read at once.
const PAGE: u64 = 500;

pub async fn run(app: &App) {
    let mut next_poll = app.clock.now();
    let mut gaps = HashMap::new();
    loop {
        let (busy, mut companies) = wait(app, next_poll).await;
        if app.clock.now() >= next_poll {
            next_poll = app.clock.now() + POLL;
            match with_news(app).await {
                Ok(found) => companies.extend(found),
                Err(error) => tracing::error!(?error, "cannot look for news"),
            }
        }
        for company in companies {
            if let Err(error) = tail(app, system::outbox_scope(company), &mut gaps).await {
                tracing::error!(%company, ?error, "cannot read an outbox; it is tried again");
            }
        }
        drop(busy);
    }
}

async fn wait(app: &App, next_poll: DateTime<Utc>) -> (Busy, BTreeSet<CompanyId>) {
    tokio::select! {
        woken = app.bus.outbox() => woken,
        busy = app.clock.sleep_until(next_poll) => (busy, BTreeSet::new()),
    }
}

/// The companies of this node's sockets whose outboxes have come further than what was handed on.
async fn with_news(app: &App) -> Result<Vec<CompanyId>> {
    let cursors = app.sockets.0.cursors();
    let companies: Vec<_> = cursors.keys().copied().collect();
    let ends = system::outbox_ends(app.db.reader(), &companies).await?;
    let further = |company: &CompanyId| ends.get(company).is_some_and(|end| *end > cursors[company]);
    Ok(companies.into_iter().filter(further).collect())
}

/// Hands on everything that is there.
async fn tail(app: &App, scope: CompanyScope, gaps: &mut HashMap<CompanyId, DateTime<Utc>>) -> Result<()> {
    let company = scope.company();
    while let Some(cursor) = app.sockets.0.cursor(company) {
        let rows = outbox::after(scope, app.db.reader(), cursor, PAGE).await?;
        let committed: Vec<_> = rows.iter().map(|row| row.created_at).collect();
        let events: Vec<_> = rows.into_iter().map(|row| event(app, row)).collect();
        let Some(first) = events.first() else { break };
        if first.seq == cursor + 1 {
            gaps.remove(&company);
            app.sockets.0.deliver(company, &events);
            let now = app.clock.now();
            committed.into_iter().for_each(|at| app.metrics.told((now - at).to_std().unwrap_or_default()));
            continue;
        }
        let now = app.clock.now();
        let since = *gaps.entry(company).or_insert(now);
        if now < since + PATIENCE {
            return Ok(());
        }
        tracing::error!(%company, from = cursor + 1, to = first.seq - 1, "events are missing");
        gaps.remove(&company);
        app.sockets.0.skip_to(company, first.seq - 1);
    }
    Ok(())
}

/// An outbox row as clients are told it: with its seq.
pub fn event(app: &App, row: row::Model) -> Arc<Event> {
    let audience = match row.audience {
        Value::Array(rooms) => {
            rooms.into_iter().filter_map(|room| room.as_str().map(str::to_owned)).collect()
        }
        _ => Vec::new(),
    };
    let mut payload = match row.payload {
        payload @ Value::Object(_) => payload,
        other => json!({ "value": other }),
    };
    peer_calls::complete(app, &row.event, &mut payload);
    payload["seq"] = row.seq.into();
    Arc::new(Event { seq: row.seq, audience, name: row.event, payload })
}
