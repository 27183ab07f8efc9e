//! Says in rows which members have a socket on this node, so that every node knows: who has one is told nothing on his
//! phone. It is said within a second, and anew every ten; what a node that died has said is over after thirty.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{CompanyId, UserId};

use crate::app::App;
use crate::error::Result;
use crate::store::system;

const RENEWED_EVERY: TimeDelta = TimeDelta::seconds(10);
const LIFE: TimeDelta = TimeDelta::seconds(30);

/// What this node has said.
#[derive(Default)]
pub struct Said {
    users: BTreeSet<(CompanyId, UserId)>,
    renewed_at: Option<DateTime<Utc>>,
}

/// Says what has changed, and all of it when that is due.
pub async fn say(app: &App, said: &mut Said) -> Result<()> {
    let (now, live) = (app.clock.now(), app.sockets.0.users());
    let due = !said.users.is_empty() && said.renewed_at.is_none_or(|at| at + RENEWED_EVERY <= now);
    if live == said.users && !due {
        return Ok(());
    }
    let told: Vec<_> = live.iter().filter(|user| due || !said.users.contains(*user)).copied().collect();
    let tx = app.db.begin().await?;
    for (company, user) in said.users.difference(&live) {
        system::say_gone(&tx, app.node, *company, *user).await?;
    }
    if due {
        system::forget_not_live(&tx, now).await?;
    }
    system::say_live(&tx, app.node, &told, now + LIFE).await?;
    tx.commit().await?;
    if due || said.users.is_empty() {
        said.renewed_at = Some(now);
    }
    said.users = live;
    Ok(())
}
