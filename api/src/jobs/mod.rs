//! Durable jobs: rows that were written with the change that made them necessary. A job is done at least once; its row is
//! deleted when it is done, so nothing that a killed node was about to do is lost.

pub mod housekeeping;
pub mod lease;
mod workshop;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use clock::Busy;
use entity::id::{
    AgentId, CallId, CallbackId, ContactImportId, ExportId, LegId, MediaId, MessageId, OfferId,
    ParticipantId, PhoneNumberId, PrivacyRequestId, QueueEntryId, RecordingId, ReportScheduleId, RequestId,
    SegmentId, StoryId, TransferId, UserId, WebhookDeliveryId,
};
use entity::{JobKind, job};
use tracing::Instrument;

use crate::agents::{Watch, end_skills_today};
use crate::app::App;
use crate::calls::{
    callback, carry, hold, messages, offer, overflow, participant, recording, request, sweep, transcription,
    transfer, wrap_up,
};
use crate::chat_apps;
use crate::contacts;
use crate::error::{Error, Result};
use crate::exports;
use crate::hooks;
use crate::identity::ban;
use crate::log::traces;
use crate::media;
use crate::notices;
use crate::peer_calls;
use crate::presence;
use crate::privacy;
use crate::reports;
use crate::store::system::{self, Claimed};
use crate::store::{Unit, jobs as rows};
use crate::stories;

pub use workshop::Workshop;

/// How often a node looks for jobs that nobody woke it for.
const POLL: Duration = Duration::from_secs(1);
/// After so many tries a job is kept as failed, for a person to see.
const TRIES: i32 = 12;

/// Whether a job may have been begun before, by a node that was killed or with a result that nobody learnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    First,
    Again,
}

/// How a job went.
#[derive(Debug)]
pub enum Done {
    Yes,
    /// Done, and forgotten with the unit that did it.
    Forgotten,
    /// It is to be done again at this time: a repeating job.
    Again(DateTime<Utc>),
    /// It could not be done now.
    Retry {
        after: Option<Duration>,
        because: String,
    },
}

impl Done {
    /// The provider did not do it; when it said how long to wait, so long.
    pub fn retry(error: &twilio::rest::Error) -> Self {
        let after = match error {
            twilio::rest::Error::RateLimited { retry_after } => *retry_after,
            _ => None,
        };
        Self::Retry { after, because: error.to_string() }
    }
}

/// Runs until the process ends.
pub async fn run(app: App) {
    app.workshop.open();
    let mut next = app.clock.now();
    loop {
        let busy = wait(&app, next).await;
        next = match round(&app, &busy).await {
            Ok(next) => next,
            Err(error) => {
                tracing::error!(?error, "cannot claim jobs");
                app.clock.now() + POLL
            }
        };
        drop(busy);
    }
}

async fn wait(app: &App, next: DateTime<Utc>) -> Busy {
    tokio::select! {
        woken = app.bus.jobs() => woken,
        busy = app.clock.sleep_until(next) => busy,
    }
}

/// Forgets what is done, claims what is due and sets it going; answers when to look again. However many jobs ended since
/// the last round, forgetting them is one commit, and the same one that claims others.
async fn round(app: &App, _busy: &Busy) -> Result<DateTime<Utc>> {
    loop {
        for job in app.workshop.take_handed(app.clock.now()) {
            begin(app, job).await;
        }
        let (done, free) = (app.workshop.take_done(), app.workshop.places());
        let claimed = match system::turn_over_jobs(app, &done, free).await {
            Ok(claimed) => claimed,
            Err(error) => {
                app.workshop.put_done_back(done);
                return Err(error);
            }
        };
        if free == 0 {
            // Whoever finishes wakes this loop.
            return Ok(app.clock.now() + POLL);
        }
        if claimed.is_empty() {
            let due = system::next_job_at(app).await?;
            let poll = app.clock.now() + POLL;
            return Ok(due.map_or(poll, |due| due.min(poll)));
        }
        for job in claimed {
            begin(app, job).await;
        }
    }
}

async fn begin(app: &App, job: Claimed) {
    let place = app.workshop.place().await;
    // How long somebody else's server takes must not keep calls from being dialled: it has lanes of its own.
    let is_elsewhere = matches!(
        job.job.kind,
        JobKind::SendRequest
            | JobKind::TranscribeVoicemail
            | JobKind::DeliverWebhook
            | JobKind::SendNotices
            | JobKind::SendPush
            | JobKind::ReadPushReceipts
    );
    let place = (!is_elsewhere).then_some(place);
    let (app, guard) = (app.clone(), app.clock.busy());
    let (kind, id, subject) = (job.job.kind.as_str(), job.job.id, job.job.subject_id);
    let about = tracing::info_span!("job", kind, %id, %subject);
    job.cause.of(&about);
    let work = async move {
        perform(&app, job).await;
        drop(place);
        app.bus.wake_here(crate::bus::Wake::Jobs);
        drop(guard);
    };
    tokio::spawn(work.instrument(about));
}

async fn perform(app: &App, claimed: Claimed) {
    let job = claimed.job.clone();
    let Some(went) = lease::while_held(app, &claimed, work(app, &claimed)).await else { return };
    app.metrics.job(job.kind, went_how(&went));
    traces::went(went_how(&went));
    let finished = match went {
        Ok(Done::Yes) => {
            app.workshop.done(job.id);
            Ok(())
        }
        Ok(Done::Forgotten) => Ok(()),
        Ok(Done::Again(at)) => rows::again(app, &claimed, at).await,
        Ok(Done::Retry { after, because }) => put_back(app, &claimed, after, because).await,
        Err(Error::NotFound(subject)) => {
            tracing::debug!(kind = ?job.kind, ?subject, "a job's subject is gone");
            app.workshop.done(job.id);
            Ok(())
        }
        Err(error) => put_back(app, &claimed, None, format!("{error:?}")).await,
    };
    if let Err(error) = finished {
        // Its lease runs out and it is claimed again.
        tracing::error!(kind = ?job.kind, ?error, "a job could not be settled");
    }
}

/// For the figures.
fn went_how(went: &Result<Done>) -> &'static str {
    match went {
        Ok(Done::Yes | Done::Forgotten | Done::Again(_)) => "done",
        Ok(Done::Retry { .. }) => "again",
        Err(Error::NotFound(_)) => "gone",
        Err(_) => "error",
    }
}

async fn put_back(app: &App, claimed: &Claimed, after: Option<Duration>, because: String) -> Result<()> {
    let job = &claimed.job;
    tracing::warn!(kind = ?job.kind, attempts = job.attempts, because, "a job is tried again");
    if job.attempts >= TRIES {
        return rows::fail(app, claimed, because).await;
    }
    let exponent = u32::try_from(job.attempts).unwrap_or_default().min(8);
    let wait = after.unwrap_or(Duration::from_millis(250) * 2_u32.pow(exponent));
    let at = app.clock.now() + TimeDelta::from_std(wait).unwrap_or(TimeDelta::minutes(1));
    rows::put_back(app, claimed, at, because).await
}

/// What each kind of job does.
async fn work(app: &App, claimed: &Claimed) -> Result<Done> {
    let (scope, job): (_, &job::Model) = (claimed.scope, &claimed.job);
    let subject = job.subject_id;
    let attempt = if job.attempts > 1 { Attempt::Again } else { Attempt::First };
    match job.kind {
        JobKind::DialAgent | JobKind::DialParty => carry::dial(app, scope, LegId(subject)).await,
        JobKind::MoveCaller => {
            let target = serde_json::from_value(job.payload.clone())
                .map_err(|cause| Error::internal("read a job's payload", cause))?;
            carry::bring_caller(app, scope, CallId(subject), target, attempt).await
        }
        JobKind::SendRequest => request::send(app, scope, RequestId(subject)).await,
        JobKind::SetParticipant => participant::tell(app, scope, LegId(subject)).await,
        JobKind::SendDigits => {
            participant::play_keys(app, scope, LegId(subject), &job.payload, attempt).await
        }
        JobKind::HoldReminder => {
            let about = &job.payload;
            in_unit(app, claimed, async |unit| hold::remind(unit, SegmentId(subject), about).await).await
        }
        JobKind::TransferDeadline => {
            in_unit(app, claimed, async |unit| transfer::time_is_up(unit, TransferId(subject)).await).await
        }
        JobKind::EndLeg => carry::end_leg(app, scope, LegId(subject)).await,
        JobKind::Sweep => sweep::sweep(app, scope, job.id).await,
        JobKind::EndSkillsToday => {
            in_unit(app, claimed, async |unit| end_skills_today(unit, AgentId(subject)).await).await
        }
        JobKind::TakeOffAir => {
            let about = &job.payload;
            in_unit(app, claimed, async |unit| ban::take_off_air(unit, AgentId(subject), about).await).await
        }
        JobKind::CheckCall => carry::check(app, scope, CallId(subject)).await,
        JobKind::ControlRecording => recording::control::control(app, scope, RecordingId(subject)).await,
        JobKind::StoreRecording => recording::keep::store(app, scope, RecordingId(subject)).await,
        JobKind::DeleteRecording => recording::keep::delete(app, scope, RecordingId(subject)).await,
        JobKind::TranscribeVoicemail => transcription::transcribe(app, scope, RecordingId(subject)).await,
        JobKind::RetainRecordings => recording::retention::round(app, scope, job.id).await,
        JobKind::DeletePromptFile => crate::prompts::files::delete(app, scope, &job.payload).await,
        JobKind::SendMessage => messages::send(app, scope, MessageId(subject)).await,
        JobKind::ProvisionNumber => crate::numbers::provision(app, scope, PhoneNumberId(subject)).await,
        JobKind::ReleaseNumber => crate::numbers::release(app, scope, &job.payload).await,
        JobKind::SettleCallback => crate::webhooks::settle_kept(app, scope, &job.payload).await,
        JobKind::ExpireOffer => {
            in_unit(app, claimed, async |unit| offer::time_is_up(unit, OfferId(subject)).await).await
        }
        JobKind::JoinDeadline => carry::join_deadline(app, scope, SegmentId(subject)).await,
        JobKind::EndWrapUp => {
            in_unit(app, claimed, async |unit| wrap_up::time_is_up(unit, SegmentId(subject)).await).await
        }
        JobKind::QueueStep => {
            in_unit(app, claimed, async |unit| overflow::rule_is_due(unit, QueueEntryId(subject)).await).await
        }
        JobKind::BringUpCallback => {
            in_unit(app, claimed, async |unit| callback::bring_up(unit, CallbackId(subject)).await).await
        }
        JobKind::TellOutside => {
            let about = &job.payload;
            in_unit(app, claimed, async |unit| hooks::tell(unit, about).await).await
        }
        JobKind::DeliverWebhook => hooks::delivery::deliver(app, scope, WebhookDeliveryId(subject)).await,
        JobKind::SendNotices => chat_apps::notices::send(app, scope).await,
        JobKind::WriteExport => exports::work::write(app, scope, ExportId(subject), job.attempts).await,
        JobKind::DeleteExport => exports::work::delete(app, scope, ExportId(subject)).await,
        JobKind::DoPrivacyRequest => {
            privacy::work::run(app, scope, PrivacyRequestId(subject), job.attempts).await
        }
        JobKind::DeletePrivacyArchive => privacy::work::delete(app, scope, PrivacyRequestId(subject)).await,
        JobKind::MailReport => {
            reports::mailed::mail_due(app, scope, ReportScheduleId(subject), &job.payload).await
        }
        JobKind::FinishMedia => media::finish::finish(app, scope, MediaId(subject)).await.map(|_| Done::Yes),
        JobKind::ExpireMedia => {
            in_unit(app, claimed, async |unit| media::remove::expire(unit, MediaId(subject)).await).await
        }
        JobKind::MakeThumbnail => media::make_thumbnail(app, scope, MediaId(subject)).await,
        JobKind::DeleteMedia => media::remove::delete_files(app, scope, MediaId(subject)).await,
        JobKind::ImportContacts => {
            contacts::import::work::run(app, scope, ContactImportId(subject), job.attempts).await
        }
        JobKind::NotifyChat => notices::notify_chat(app, claimed).await,
        JobKind::NotifyUser => notices::notify(app, claimed).await,
        JobKind::SendPush => notices::send(app, claimed).await,
        JobKind::ReadPushReceipts => notices::read_receipts(app, scope, job.id).await,
        JobKind::PeerDeadline => {
            let about = &job.payload;
            in_unit(app, claimed, async |unit| peer_calls::time_is_up(unit, CallId(subject), about).await)
                .await
        }
        JobKind::PeerLost => {
            let about = &job.payload;
            let party = ParticipantId(subject);
            in_unit(app, claimed, async |unit| peer_calls::not_back(unit, party, about).await).await
        }
        JobKind::PresenceLost => {
            in_unit(app, claimed, async |unit| presence::is_gone(unit, UserId(subject)).await).await
        }
        JobKind::ExpireStory => {
            in_unit(app, claimed, async |unit| stories::remove::expire(unit, StoryId(subject)).await).await
        }
        JobKind::DeviceLost => {
            match crate::agents::check_device(app, scope, AgentId(subject), job.id).await? {
                Watch::Until(at) => Ok(Done::Again(at)),
                Watch::Over => Ok(Done::Yes),
            }
        }
    }
}

async fn in_unit(
    app: &App,
    claimed: &Claimed,
    work: impl AsyncFnOnce(&mut Unit) -> Result<()>,
) -> Result<Done> {
    let mut unit = Unit::begin(app, claimed.scope).await?;
    work(&mut unit).await?;
    rows::finish_in(&unit, claimed).await?;
    unit.commit().await?;
    Ok(Done::Forgotten)
}
