//! Who is there: online, away, busy, offline, and when somebody was seen last, as far as he lets others see it. A row for
//! each connected socket of a member, which its node keeps alive, so that whoever hung on a node that died goes offline, too.
//! It must never decide who may be called: `peer_calls` does, from the same rows.

mod list;

use std::time::Duration;

use chrono::TimeDelta;
use entity::id::UserId;
use entity::{CompanyScope, JobKind, PresenceStatus, ShownTo, presence, presence_socket};
use serde_json::json;

pub use list::{Seen, Viewer, all, of};

use crate::app::App;
use crate::error::Result;
use crate::notices;
use crate::peer_calls;
use crate::store::{Audience, Unit, peer_calls as calls, presences, system};

/// How often a node says that its sockets are there, and looks for those of nodes that do not.
const EVERY: Duration = Duration::from_secs(10);
/// Sockets of dead nodes that are seen to at once.
const AT_ONCE: u64 = 500;

/// Runs until the process ends.
pub async fn run(app: &App) {
    loop {
        let busy = app.clock.sleep(EVERY).await;
        if let Err(error) = look_after(app).await {
            tracing::error!(?error, "presence is not looked after; it is tried again");
        }
        drop(busy);
    }
}

async fn look_after(app: &App) -> Result<()> {
    if app.sockets.connected() > 0 {
        system::renew_sockets(&app.db, app.node, app.clock.now() + lease(app)).await?;
    }
    for (scope, row) in system::lost_sockets(app.db.reader(), app.clock.now(), AT_ONCE).await? {
        has_left(app, scope, row.user_id, &row.socket).await?;
    }
    Ok(())
}

fn lease(app: &App) -> TimeDelta {
    TimeDelta::from_std(app.settings.timing.lease).unwrap_or(TimeDelta::seconds(30))
}

/// A socket of a member is in. What of his call was lost is on it from now on.
pub async fn has_come(app: &App, scope: CompanyScope, user: UserId, socket: &str) -> Result<()> {
    let mut unit = Unit::begin(app, scope).await?;
    let now = unit.now();
    let row = presence_socket::Model {
        socket: socket.to_owned(),
        company_id: scope.company(),
        user_id: user,
        node_id: app.node,
        connected_at: now,
        lease_until: now + lease(app),
    };
    presences::add_socket(scope, unit.tx(), row).await?;
    let mut row = presences::lock(scope, unit.tx(), user, now).await?;
    if !row.is_online {
        (row.is_online, row.changed_at) = (true, now);
        presences::save(scope, unit.tx(), row).await?;
        has_changed(&mut unit, user).await?;
    }
    peer_calls::back(&unit, user, socket).await?;
    unit.commit().await
}

/// A socket is gone. Its user stays online for the grace time, in which he may come back.
pub async fn has_left(app: &App, scope: CompanyScope, user: UserId, socket: &str) -> Result<()> {
    let mut unit = Unit::begin(app, scope).await?;
    if !presences::remove_socket(scope, unit.tx(), socket).await? {
        return Ok(());
    }
    let now = unit.now();
    let mut row = presences::lock(scope, unit.tx(), user, now).await?;
    row.last_seen_at = Some(now);
    presences::save(scope, unit.tx(), row).await?;
    peer_calls::socket_gone(&mut unit, user, socket).await?;
    if calls::sockets(scope, unit.tx(), user, now).await? == 0 {
        let grace = TimeDelta::from_std(app.settings.rtc.reconnect).unwrap_or_default();
        unit.job(JobKind::PresenceLost, user, json!({}), now + grace);
    }
    unit.commit().await
}

/// Somebody's last socket went a while ago: unless one has come since, he is offline.
pub async fn is_gone(unit: &mut Unit, user: UserId) -> Result<()> {
    let (scope, now) = (unit.scope(), unit.now());
    let mut row = presences::lock(scope, unit.tx(), user, now).await?;
    if !row.is_online || calls::sockets(scope, unit.tx(), user, now).await? > 0 {
        return Ok(());
    }
    (row.is_online, row.changed_at) = (false, now);
    presences::save(scope, unit.tx(), row.clone()).await?;
    has_changed(unit, user).await?;
    if let Some(gone_at) = row.last_seen_at {
        notices::catch_up(unit, user, gone_at).await?;
    }
    peer_calls::user_gone(unit, user).await
}

/// Somebody says how he is there: online, away or busy; `offline` hides him no more than not saying it, and is online.
pub async fn choose(app: &App, scope: CompanyScope, user: UserId, status: PresenceStatus) -> Result<Seen> {
    let mut unit = Unit::begin(app, scope).await?;
    let now = unit.now();
    let mut row = presences::lock(scope, unit.tx(), user, now).await?;
    let chosen = match status {
        PresenceStatus::Offline => PresenceStatus::Online,
        PresenceStatus::Online | PresenceStatus::Away | PresenceStatus::Busy => status,
    };
    if row.chosen != chosen {
        (row.chosen, row.changed_at) = (chosen, now);
        presences::save(scope, unit.tx(), row.clone()).await?;
        has_changed(&mut unit, user).await?;
    }
    let seen = Seen { user, status: status_of(&unit, &row).await?, last_seen: row.last_seen_at };
    unit.commit().await?;
    Ok(seen)
}

/// Tells those who may see it how somebody is there after this unit.
pub async fn has_changed(unit: &mut Unit, user: UserId) -> Result<()> {
    let Some(row) = presences::one(unit.scope(), unit.tx(), user).await? else { return Ok(()) };
    let settings = calls::settings(unit.scope(), unit.tx(), user).await?;
    let status = status_of(unit, &row).await?;
    let shown = settings.last_seen_shown_to <= settings.online_shown_to;
    let told = json!({
        "userId": user,
        "status": status,
        "lastSeen": row.last_seen_at.filter(|_| shown),
    });
    let audience = match settings.online_shown_to {
        ShownTo::Everyone => vec![Audience::Company],
        ShownTo::Supervisors => vec![Audience::Supervisors, Audience::User(user)],
        ShownTo::Nobody => vec![Audience::User(user)],
    };
    unit.tell(&audience, "user_status_change", told);
    Ok(())
}

/// Whoever saw this user is told that he is offline: what he may see of him from now on is told next.
pub fn hide(unit: &mut Unit, user: UserId) {
    let told = json!({"userId": user, "status": PresenceStatus::Offline, "lastSeen": null});
    unit.tell(&[Audience::Company], "user_status_change", told);
}

async fn status_of(unit: &Unit, row: &presence::Model) -> Result<PresenceStatus> {
    let talks = !calls::talking(unit.scope(), unit.tx(), &[row.user_id]).await?.is_empty();
    Ok(status(row, talks))
}

fn status(row: &presence::Model, talks: bool) -> PresenceStatus {
    match (row.is_online, talks) {
        (false, _) => PresenceStatus::Offline,
        (true, true) => PresenceStatus::Busy,
        (true, false) => row.chosen,
    }
}
