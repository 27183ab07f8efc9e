//! Notices: what a company wants to read in Slack or Teams. They wait as rows, so that those of a minute, and those of a
//! quiet night, become one message.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use entity::id::QueueId;
use entity::{ChatApp, CompanyScope, JobKind, Notice, WebhookEventKind, chat_integration, chat_notice};
use reqwest::Method;
use serde_json::{Value, json};

use super::words::{self, Line};
use super::{QuietHours, notices_of, url};
use crate::app::App;
use crate::error::Result;
use crate::jobs::Done;
use crate::outbound::web::Sending;
use crate::store::{Fact, Unit, chat_apps, companies, queueing};
use crate::words::Words;

/// Between two messages to one chat; it doubles with each failure.
const PAUSE: TimeDelta = TimeDelta::minutes(1);
const LONGEST_PAUSE: TimeDelta = TimeDelta::hours(1);
/// What is older is no news.
const LIFE: TimeDelta = TimeDelta::hours(24);
const TRY: Duration = Duration::from_secs(15);

/// What a fact is to a chat.
fn notice_of(kind: WebhookEventKind) -> Option<Notice> {
    match kind {
        WebhookEventKind::CallAbandoned => Some(Notice::MissedCall),
        WebhookEventKind::VoicemailStored => Some(Notice::Voicemail),
        WebhookEventKind::QueueTargetMissed => Some(Notice::TargetMissed),
        WebhookEventKind::AgentNotResponding => Some(Notice::AgentNotResponding),
        WebhookEventKind::CallStarted
        | WebhookEventKind::CallQueued
        | WebhookEventKind::CallOffered
        | WebhookEventKind::CallAnswered
        | WebhookEventKind::CallEnded
        | WebhookEventKind::CallWrappedUp
        | WebhookEventKind::VoicemailTranscribed
        | WebhookEventKind::RecordingStored
        | WebhookEventKind::CallbackRequested
        | WebhookEventKind::CallbackDone
        | WebhookEventKind::AgentAvailabilityChanged
        | WebhookEventKind::MessageReceived
        | WebhookEventKind::MessageSent
        | WebhookEventKind::MessageDelivered
        | WebhookEventKind::MessageFailed
        | WebhookEventKind::ContactCreated
        | WebhookEventKind::ContactUpdated
        | WebhookEventKind::ContactDeleted => None,
    }
}

/// Writes the notices of a fact.
pub async fn plan(unit: &mut Unit, fact: &Fact) -> Result<()> {
    let Some(notice) = notice_of(fact.kind) else { return Ok(()) };
    let (scope, now) = (unit.scope(), unit.now());
    let all = chat_apps::all(scope, unit.tx()).await?;
    let wanting: Vec<_> =
        all.iter().filter(|row| row.url_sealed.is_some() && notices_of(row).contains(&notice)).collect();
    if wanting.is_empty() {
        return Ok(());
    }
    let told = told(unit, fact).await?;
    for row in wanting {
        let notice = chat_notice::Model {
            company_id: unit.company(),
            chat: row.chat,
            id: fact.id,
            notice,
            told: told.clone(),
            created_at: now,
        };
        let _ = chat_apps::insert_notice(scope, unit.tx(), notice).await?;
    }
    if !chat_apps::are_seen_by(unit, now + PAUSE).await? {
        unit.job(JobKind::SendNotices, unit.company(), json!({}), now);
    }
    Ok(())
}

/// What a reader needs: names, not ids.
async fn told(unit: &Unit, fact: &Fact) -> Result<Value> {
    let mut told = json!({});
    for name in ["from", "name", "seconds", "waitedSeconds", "targetSeconds", "mailbox"] {
        if let Some(value) = fact.data.get(name) {
            told[name] = value.clone();
        }
    }
    if let Ok(id) = serde_json::from_value::<QueueId>(fact.data["queueId"].clone()) {
        told["queue"] = json!(queueing::queue(unit.scope(), unit.tx(), id).await?.name);
    }
    Ok(told)
}

/// The job: sends what waits and is due, and comes back for the rest.
pub async fn send(app: &App, scope: CompanyScope) -> Result<Done> {
    let company = companies::own(scope, app.db.reader()).await?;
    let (zone, language) = company.map_or((Tz::UTC, String::new()), |company| {
        (company.time_zone.parse().unwrap_or(Tz::UTC), company.language)
    });
    let mut next: Option<DateTime<Utc>> = None;
    for chat in [ChatApp::Slack, ChatApp::Teams] {
        let again = send_to(app, scope, chat, zone, Words::of(&language)).await?;
        next = [next, again].into_iter().flatten().min();
    }
    Ok(next.map_or(Done::Yes, Done::Again))
}

/// Sends to one chat; when to come back, if anything waits there.
async fn send_to(
    app: &App,
    scope: CompanyScope,
    chat: ChatApp,
    zone: Tz,
    words: Words,
) -> Result<Option<DateTime<Utc>>> {
    let (row, waiting) = match take(app, scope, chat, zone).await? {
        Taken::Nothing => return Ok(None),
        Taken::Later(at) => return Ok(Some(at)),
        Taken::Now(row, waiting) => (row, waiting),
    };
    let lines: Vec<_> = waiting.iter().map(|one| Line { notice: one.notice, told: &one.told }).collect();
    let text = words::message(words, chat, &lines);
    let failure = match url(app, scope, &row)? {
        None => return Ok(None),
        Some(url) => post(app, url.expose().to_owned(), body(chat, &text)).await,
    };
    let ids = waiting.iter().map(|one| one.id).collect();
    let unit = Unit::begin(app, scope).await?;
    let Some(mut row) = chat_apps::lock(scope, unit.tx(), chat).await? else { return Ok(None) };
    let again = match failure {
        None => {
            (row.failures, row.last_error, row.last_error_at) = (0, None, None);
            chat_apps::forget_notices(scope, unit.tx(), chat, ids).await?;
            None
        }
        Some(failure) => {
            row.failures = row.failures.saturating_add(1);
            (row.last_error, row.last_error_at) = (Some(failure), Some(unit.now()));
            Some(unit.now() + pause(row.failures))
        }
    };
    chat_apps::save(scope, unit.tx(), row).await?;
    let rest = chat_apps::waiting(scope, unit.tx(), chat).await?;
    let rest = (!rest.is_empty()).then(|| unit.now() + PAUSE);
    unit.commit().await?;
    Ok(again.or(rest))
}

enum Taken {
    Nothing,
    Later(DateTime<Utc>),
    Now(Box<chat_integration::Model>, Vec<chat_notice::Model>),
}

/// What is to be sent now. That an attempt is made is written first, so that two nodes do not make it.
async fn take(app: &App, scope: CompanyScope, chat: ChatApp, zone: Tz) -> Result<Taken> {
    let unit = Unit::begin(app, scope).await?;
    let Some(mut row) = chat_apps::lock(scope, unit.tx(), chat).await? else { return Ok(Taken::Nothing) };
    let now = unit.now();
    let (waiting, old): (Vec<_>, Vec<_>) = chat_apps::waiting(scope, unit.tx(), chat)
        .await?
        .into_iter()
        .partition(|notice| notice.created_at + LIFE > now && row.url_sealed.is_some());
    chat_apps::forget_notices(scope, unit.tx(), chat, old.into_iter().map(|one| one.id).collect()).await?;
    let due = due(&row, zone, now);
    if waiting.is_empty() || due > now {
        unit.commit().await?;
        return Ok(if waiting.is_empty() { Taken::Nothing } else { Taken::Later(due) });
    }
    row.last_attempt_at = Some(now);
    chat_apps::save(scope, unit.tx(), row.clone()).await?;
    unit.commit().await?;
    Ok(Taken::Now(Box::new(row), waiting))
}

/// When the next message may be sent.
fn due(row: &chat_integration::Model, zone: Tz, now: DateTime<Utc>) -> DateTime<Utc> {
    let paused = row.last_attempt_at.map_or(now, |at| at + pause(row.failures));
    let quiet = match (&row.quiet_from, &row.quiet_until) {
        (Some(from), Some(until)) => QuietHours::read(from, until).ok(),
        _ => None,
    };
    let quiet = quiet.and_then(|hours| hours.over_at(zone, now)).unwrap_or(now);
    paused.max(quiet)
}

/// How long to wait after so many failures in a row.
fn pause(failures: i32) -> TimeDelta {
    let doubled = u32::try_from(failures).unwrap_or_default().min(10);
    (PAUSE * 2_i32.pow(doubled)).min(LONGEST_PAUSE)
}

/// Why a message was not taken; `None` when it was.
async fn post(app: &App, url: String, body: Value) -> Option<String> {
    let headers = [("content-type".to_owned(), "application/json".to_owned())].into();
    let body = Some(Bytes::from(body.to_string()));
    match app.web.send(Sending { method: Method::POST, url, headers, body, timeout: TRY }).await {
        Ok(answer) if (200..=299).contains(&answer.status) => None,
        Ok(answer) => Some(format!("status {}", answer.status)),
        Err(fault) => Some(fault.as_str().to_owned()),
    }
}

/// A message as the chat takes it.
fn body(chat: ChatApp, text: &str) -> Value {
    match chat {
        ChatApp::Slack => json!({ "text": text }),
        ChatApp::Teams => json!({
            "type": "message",
            "attachments": [{
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": null,
                "content": {
                    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                    "type": "AdaptiveCard",
                    "version": "1.4",
                    "body": text.split('\n').map(|line| json!({"type": "TextBlock", "text": line, "wrap": true}))
                        .collect::<Vec<_>>(),
                },
            }],
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chat_that_fails_is_tried_less_and_less_often() {
        assert_eq!([0, 1, 2, 30].map(pause), [1, 2, 4, 60].map(TimeDelta::minutes));
    }
}
