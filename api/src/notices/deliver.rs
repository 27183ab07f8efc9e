//! The jobs of a notice: one looks whether, when and on which phones somebody is told, and one for each phone asks its
//! service.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use entity::id::{AgentId, CallId, ChatMessageId, UserId};
use entity::user_preferences::Preferences;
use entity::{
    CallbackState, CompanyScope, JobKind, OfferState, PartyState, PushPurpose, PushServiceKind, push_device,
    push_ticket,
};
use push::Sent;
use serde_json::json;

use super::services::{Credentials, Sender};
use super::{Kind, Notice, Told, chats, open, receipts, seal, words};
use crate::app::App;
use crate::chat_apps::QuietHours;
use crate::error::Result;
use crate::identity::devices;
use crate::integrations::push as own;
use crate::jobs::Done;
use crate::metrics::Pushed;
use crate::store::push_devices::{self, Whom};
use crate::store::system::Claimed;
use crate::store::{
    Unit, callbacks, companies, jobs, peer_calls, push_services, queueing, users, voicemails, workforce,
};

/// How long after a look at somebody who has a socket, while a call waits for him: a phone that fell asleep seems to have
/// one until it is missed.
const LOOK_AGAIN: TimeDelta = TimeDelta::seconds(5);
/// The first pause after a failure; it doubles, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(10 * 60);
/// After so many tries a notice is given up; less than after which jobs are kept as failed.
const TRIES: i32 = 10;

/// The job: decides who of his phones are told, and makes a job for each.
pub async fn notify(app: &App, claimed: &Claimed) -> Result<Done> {
    let (scope, now) = (claimed.scope, app.clock.now());
    let told = open(app, claimed.job.subject_id, &claimed.job.payload)?;
    let Told { user, notice } = &told;
    if notice.until <= now || !is_wanted(app, scope, &told).await? {
        return Ok(Done::Yes);
    }
    // What has rung is told that it is over, whatever its owner does elsewhere.
    if notice.kind != Kind::Over {
        if is_live(app, scope, *user).await? {
            return Ok(if notice.kind.rings() { Done::Again(now + LOOK_AGAIN) } else { Done::Yes });
        }
        let chosen = users::preferences(app.db.reader(), *user).await?;
        let chosen = chosen.map(|row| row.preferences).unwrap_or_default();
        if !notice.kind.is_wanted(chosen.notifications) {
            return Ok(Done::Yes);
        }
        if !notice.kind.rings()
            && let Some(over) = quiet_until(app, scope, &chosen, now).await?
        {
            return Ok(if over < notice.until { Done::Again(over) } else { Done::Yes });
        }
    }
    let mut unit = Unit::begin(app, scope).await?;
    let devices = push_devices::reachable(scope, Whom::User(*user), now).all(unit.tx()).await?;
    for device in devices.iter().filter(|device| takes(device, &devices, notice)) {
        let payload = seal(app, device.id.0, &told)?;
        unit.job(JobKind::SendPush, device.id, payload, now);
    }
    jobs::finish_in(&unit, claimed).await?;
    unit.commit().await?;
    Ok(Done::Forgotten)
}

/// Whether a phone is told this. What was registered for calls alone is told of calls alone, and rings in place of the
/// other token that the same app has registered.
fn takes(device: &push_device::Model, all: &[push_device::Model], notice: &Notice) -> bool {
    let for_calls = || {
        let same = |other: &&push_device::Model| {
            device.service == PushServiceKind::Apns && other.session_id == device.session_id
        };
        all.iter().filter(same).filter(|other| other.purpose == PushPurpose::Voip)
    };
    if let Some(since) = notice.since {
        let rang = |token: &push_device::Model| token.reached_at.is_some_and(|at| at >= since);
        if !rang(device) && !for_calls().any(rang) {
            return false;
        }
    }
    let rings_by_another = || for_calls().next().is_some();
    match device.purpose {
        PushPurpose::Voip => notice.kind.rings(),
        PushPurpose::Alert => !notice.kind.rings() || !rings_by_another(),
    }
}

/// Whether he has a socket, on whatever node.
async fn is_live(app: &App, scope: CompanyScope, user: UserId) -> Result<bool> {
    Ok(peer_calls::sockets(scope, app.db.reader(), user, app.clock.now()).await? > 0)
}

/// Whether what it is about still waits for him.
async fn is_wanted(app: &App, scope: CompanyScope, told: &Told) -> Result<bool> {
    let (db, id) = (app.db.reader(), told.notice.about);
    Ok(match told.notice.kind {
        Kind::Offer => queueing::offer(scope, db, id.into()).await?.state == OfferState::Open,
        Kind::Voicemail => {
            let row = voicemails::get(scope, db, id.into()).await?;
            let open = row.filter(|row| row.heard_at.is_none() && row.done_at.is_none());
            is_his(app, scope, told.user, open.and_then(|row| row.agent_id)).await?
        }
        Kind::Callback => {
            let row = callbacks::get(scope, db, id.into()).await?;
            let open = row.filter(|row| row.state == CallbackState::Open);
            is_his(app, scope, told.user, open.and_then(|row| row.agent_id)).await?
        }
        Kind::Call => {
            let party = peer_calls::live_party(scope, db, told.user).await?;
            party.is_some_and(|row| row.call_id == CallId(id) && row.state == PartyState::Ringing)
        }
        Kind::Message => chats::is_news(app, scope, told.user, ChatMessageId(id)).await?,
        Kind::Over | Kind::MissedCall => true,
    })
}

/// Whether the user is this agent.
async fn is_his(app: &App, scope: CompanyScope, user: UserId, agent: Option<AgentId>) -> Result<bool> {
    let Some(agent) = agent else { return Ok(false) };
    Ok(workforce::user_of(scope, app.db.reader(), agent).await? == Some(user))
}

/// When the user's quiet hours are over, if they are on: by his clock, else the company's.
async fn quiet_until(
    app: &App,
    scope: CompanyScope,
    chosen: &Preferences,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>> {
    let Some(quiet) = &chosen.quiet_hours else { return Ok(None) };
    let Ok(hours) = QuietHours::read(&quiet.from, &quiet.until) else { return Ok(None) };
    let zone = match &quiet.time_zone {
        Some(zone) => Some(zone.clone()),
        None => companies::own(scope, app.db.reader()).await?.map(|company| company.time_zone),
    };
    let zone = zone.and_then(|zone| zone.parse().ok()).unwrap_or(Tz::UTC);
    Ok(hours.over_at(zone, now))
}

/// The job: tells one phone.
pub async fn send(app: &App, claimed: &Claimed) -> Result<Done> {
    let (scope, now) = (claimed.scope, app.clock.now());
    let told = open(app, claimed.job.subject_id, &claimed.job.payload)?;
    if told.notice.until <= now || !is_wanted(app, scope, &told).await? {
        return Ok(Done::Yes);
    }
    // Signed out, banned, registered by somebody else: all of it may have happened since.
    let devices = push_devices::reachable(scope, Whom::User(told.user), now).all(app.db.reader()).await?;
    let Some(device) = devices.into_iter().find(|device| device.id.0 == claimed.job.subject_id) else {
        return Ok(Done::Yes);
    };
    let Some(sender) = sender(app, scope, &device).await? else { return Ok(Done::Yes) };
    let notification = words::notification(app, scope, &told, now).await?;
    let token = devices::token(app, &device)?;
    let lane = app.push_lanes.enter(scope.company()).await;
    let went = sender.send(&device, &token, &notification).await;
    drop(lane);
    let sent = Sending { app, claimed, device: &device, notice: &told.notice };
    match went {
        Ok(taken) => sent.taken(taken).await,
        Err(error) => sent.not_taken(error).await,
    }
}

/// The way to the app of a phone: its company's, else the platform's. `None` when its keys are no longer there.
pub(super) async fn sender(
    app: &App,
    scope: CompanyScope,
    device: &push_device::Model,
) -> Result<Option<Sender>> {
    if device.company_id.is_none() {
        return Ok(app.push.platform(device.service));
    }
    let row = push_services::get(scope, app.db.reader(), device.service).await?;
    let Some(row) = row else { return Ok(None) };
    if let Some(kept) = app.push.kept(scope.company(), row.service, &row.secret_sealed) {
        return Ok(Some(kept));
    }
    let credentials: Credentials = own::credentials(app, scope, &row)?;
    let Ok(sender) = app.push.open(&credentials) else { return Ok(None) };
    app.push.keep(scope.company(), &row, sender.clone());
    Ok(Some(sender))
}

/// A notice on its way to a phone.
struct Sending<'a> {
    app: &'a App,
    claimed: &'a Claimed,
    device: &'a push_device::Model,
    notice: &'a Notice,
}

impl Sending<'_> {
    /// Its ticket is kept with the same commit that forgets the job.
    async fn taken(&self, sent: Sent) -> Result<Done> {
        let (app, scope, now) = (self.app, self.claimed.scope, self.app.clock.now());
        let mut unit = Unit::begin(app, scope).await?;
        push_devices::reached(unit.tx(), self.device.id, now).await?;
        if self.device.company_id.is_some() {
            push_services::has_worked(scope, unit.tx(), self.device.service).await?;
        }
        if self.device.service == PushServiceKind::Expo {
            let ticket = push_ticket::Model {
                company_id: scope.company(),
                ticket: sent.id,
                device_id: self.device.id,
                sent_at: now,
            };
            push_services::keep_ticket(scope, unit.tx(), ticket).await?;
            if !jobs::is_queued(&unit, JobKind::ReadPushReceipts, scope.company(), None).await? {
                let at = now + receipts::AFTER;
                unit.job(JobKind::ReadPushReceipts, scope.company(), json!({}), at);
            }
        }
        jobs::finish_in(&unit, self.claimed).await?;
        unit.commit().await?;
        app.metrics.push(self.device.service, Pushed::Sent);
        Ok(Done::Forgotten)
    }

    async fn not_taken(&self, error: push::Error) -> Result<Done> {
        let (app, scope, service) = (self.app, self.claimed.scope, self.device.service);
        match error {
            push::Error::DeadToken { since, .. } => {
                bury(app, self.device, since).await?;
                Ok(Done::Yes)
            }
            push::Error::RetryAfter { wait, reason } => Ok(self.later(Some(wait), reason)),
            push::Error::Down { reason } | push::Error::Unanswered { reason } => Ok(self.later(None, reason)),
            push::Error::Misconfigured { reason } => {
                tracing::warn!(?service, reason, "the keys of a push service are refused");
                if self.device.company_id.is_some() {
                    let tx = app.db.begin().await?;
                    push_services::has_failed(scope, &tx, service, &reason, app.clock.now()).await?;
                    tx.commit().await?;
                }
                app.metrics.push(service, Pushed::Refused);
                Ok(Done::Yes)
            }
            error @ (push::Error::TooBig { .. } | push::Error::Refused { .. }) => {
                tracing::warn!(?service, %error, "a notice is refused");
                app.metrics.push(service, Pushed::Refused);
                Ok(Done::Yes)
            }
        }
    }

    /// Again after what the service wants, else after ever longer pauses, while it is of use. All do not come back at the
    /// same moment: a fifth more at most, by the job's id.
    fn later(&self, wanted: Option<Duration>, because: String) -> Done {
        let job = &self.claimed.job;
        let doubled = FIRST_PAUSE * 2_u32.pow(u32::try_from(job.attempts).unwrap_or_default().min(16));
        let wait = wanted.unwrap_or(doubled.min(LONGEST_PAUSE));
        let wait = wait + wait.mul_f64(f64::from(job.id.0.as_bytes()[15]) / 255.0 / 5.0);
        let at = TimeDelta::from_std(wait).ok().map(|wait| self.app.clock.now() + wait);
        if job.attempts >= TRIES || at.is_none_or(|at| at >= self.notice.until) {
            tracing::warn!(service = ?self.device.service, because, "a notice is given up");
            self.app.metrics.push(self.device.service, Pushed::GivenUp);
            return Done::Yes;
        }
        Done::Retry { after: Some(wait), because }
    }
}

/// Forgets a phone that the service knows no longer.
pub(super) async fn bury(app: &App, device: &push_device::Model, since: Option<DateTime<Utc>>) -> Result<()> {
    let tx = app.db.begin().await?;
    let gone = push_devices::bury(&tx, device, since).await?;
    tx.commit().await?;
    if gone {
        app.metrics.push(device.service, Pushed::Dead);
    }
    Ok(())
}
