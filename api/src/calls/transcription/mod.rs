//! Voicemails are written down by a server of the company's own, its hook.
//!
//! That a voicemail is to be written down is noted with its row, and the job that asks for it with its file. A job sends one
//! signed request a run, with an address at which the sound can be fetched; the answer is kept with the recording, once,
//! whoever else has asked meanwhile. What was said stands in that row alone: no log, no story, no event has it.

mod answer;
pub mod audio;
pub mod hook;

use std::time::Duration;

use bytes::Bytes;
use chrono::TimeDelta;
use entity::id::RecordingId;
use entity::{CompanyScope, JobKind, TranscriptState, WebhookEventKind, recording, transcription_hook};
use reqwest::Method;
use serde_json::{Value, json};

use super::CallFile;
use super::story::EventKind;
use crate::app::App;
use crate::error::Result;
use crate::jobs::Done;
use crate::outbound::signing::Message;
use crate::outbound::web::Sending;
use crate::store::{Audience, Unit, companies, one_each, recordings};
use answer::{Answer, Text, Why};

/// How long a try may take: somebody listens to a message of minutes meanwhile.
const TRY: Duration = Duration::from_secs(120);
/// How long a try waits for its turn among those of its company, and when it comes back if it has not got one.
const TURN: Duration = Duration::from_secs(10);
const TURN_AGAIN: TimeDelta = TimeDelta::seconds(30);
/// Between two tries: an hour in all, where nothing longer is asked for.
const PAUSES: [TimeDelta; 5] = [
    TimeDelta::seconds(15),
    TimeDelta::minutes(1),
    TimeDelta::minutes(4),
    TimeDelta::minutes(15),
    TimeDelta::minutes(40),
];
/// What is asked for beyond is not waited for.
const LONGEST_PAUSE: TimeDelta = TimeDelta::hours(1);

/// The file of a recording is here.
pub fn sound_is_here(unit: &mut Unit, row: &recording::Model) {
    if row.awaits_transcript() {
        let now = unit.now();
        unit.job(JobKind::TranscribeVoicemail, row.id, json!({}), now);
    }
}

/// There will be no file.
pub fn nothing_to_hear(unit: &mut Unit, file: &mut CallFile, row: &mut recording::Model) {
    given_up(unit, file, row, Why::NothingToHear);
}

/// The job: one try.
pub async fn transcribe(app: &App, scope: CompanyScope, id: RecordingId) -> Result<Done> {
    let row = recordings::get(scope, app.db.reader(), id).await?;
    if !row.awaits_transcript() {
        return Ok(Done::Yes);
    }
    let Some(hook) = one_each::get::<transcription_hook::Entity>(scope, app.db.reader()).await? else {
        return settle(app, scope, id, Answer::Not { why: Why::NoHook, wait: None }).await;
    };
    let Some(_lane) = app.clock.timeout(TURN, app.hook_lanes.enter(scope.company())).await else {
        return Ok(Done::Again(app.clock.now() + TURN_AGAIN));
    };
    let secret = match hook::secret(app, scope, &hook) {
        Ok(secret) => secret,
        Err(error) => {
            tracing::error!(recording = %id, ?error, "a transcription hook's secret cannot be read");
            return settle(app, scope, id, Answer::Not { why: Why::SecretUnreadable, wait: None }).await;
        }
    };
    let (at, body) = (app.clock.now(), body(app, scope, &row).await?);
    let mut headers = Message { id: &id.to_string(), at, body: &body }.headers(&secret)?;
    headers.insert("content-type".to_owned(), "application/json".to_owned());
    let sending = Sending { method: Method::POST, url: hook.url, headers, body: Some(body), timeout: TRY };
    let answered = app.web.send(sending).await;
    settle(app, scope, id, Answer::read(answered, app.clock.now())).await
}

/// What is said of the voicemail.
async fn body(app: &App, scope: CompanyScope, row: &recording::Model) -> Result<Bytes> {
    let language = match &row.transcript_language {
        Some(asked) => Some(asked.clone()),
        None => companies::own(scope, app.db.reader()).await?.map(|company| company.language),
    };
    let link = audio::link(app, row)?;
    let body = json!({
        "type": "voicemail.transcribe",
        "timestamp": app.clock.now(),
        "data": {
            "companyId": row.company_id,
            "callId": row.call_id,
            "recordingId": row.id,
            "mailbox": row.mailbox,
            "language": language,
            "seconds": row.duration_seconds,
            "audio": {
                "url": link.url,
                "until": link.until,
                "contentType": row.content_type,
                "bytes": row.size_bytes,
                "sha256": row.sha256,
            },
        },
    });
    Ok(Bytes::from(body.to_string()))
}

/// Keeps what a try came to, unless the text is here by now, or nobody wants it any more.
async fn settle(app: &App, scope: CompanyScope, id: RecordingId, answer: Answer) -> Result<Done> {
    let mut unit = Unit::begin(app, scope).await?;
    let call = recordings::get(scope, unit.tx(), id).await?.call_id;
    let mut file = CallFile::open(&unit, call).await?;
    let mut row = recordings::get(scope, unit.tx(), id).await?;
    if !row.awaits_transcript() {
        return Ok(Done::Yes);
    }
    let done = match answer {
        Answer::Written(text) => {
            row.transcript_tries += 1;
            written(&mut unit, &mut file, &mut row, text);
            Done::Yes
        }
        Answer::Not { why: why @ (Why::NoHook | Why::NothingToHear), wait: _ } => {
            given_up(&mut unit, &mut file, &mut row, why);
            Done::Yes
        }
        Answer::Not { why, wait } => {
            row.transcript_tries += 1;
            match pause(row.transcript_tries, wait).filter(|_| why.may_pass()) {
                Some(pause) => {
                    row.transcript_failure = Some(why.as_text());
                    Done::Again(unit.now() + pause)
                }
                None => {
                    given_up(&mut unit, &mut file, &mut row, why);
                    Done::Yes
                }
            }
        }
    };
    recordings::save(scope, unit.tx(), row).await?;
    file.save(&mut unit).await?;
    unit.commit().await?;
    Ok(done)
}

/// How long to wait after so many tries, when `asked` for so long; `None` when there have been enough.
fn pause(tries: i32, asked: Option<TimeDelta>) -> Option<TimeDelta> {
    let own = *PAUSES.get(usize::try_from(tries).ok()?.checked_sub(1)?)?;
    Some(asked.map_or(own, |asked| asked.min(LONGEST_PAUSE).max(own)))
}

fn written(unit: &mut Unit, file: &mut CallFile, row: &mut recording::Model, text: Text) {
    if !settles(row, TranscriptState::Written) {
        return;
    }
    row.transcript = Some(text.text);
    row.transcript_language = text.language.or(row.transcript_language.take());
    row.transcript_failure = None;
    let more = json!({"language": row.transcript_language, "tries": row.transcript_tries});
    tell(unit, file, row, (EventKind::VoicemailTranscribed, "voicemail:transcribed"), more);
    let told = json!({"recordingId": row.id, "callId": row.call_id, "from": file.row.from_address,
        "language": row.transcript_language});
    let at = unit.now();
    unit.fact(WebhookEventKind::VoicemailTranscribed, at, told);
}

fn given_up(unit: &mut Unit, file: &mut CallFile, row: &mut recording::Model, why: Why) {
    if !settles(row, why.state()) {
        return;
    }
    let reason = why.as_text();
    let more = json!({"state": why.state(), "reason": reason, "tries": row.transcript_tries});
    row.transcript_failure = Some(reason);
    tell(unit, file, row, (EventKind::VoicemailNotTranscribed, "voicemail:not-transcribed"), more);
}

/// Moves the transcript there, if it is awaited.
fn settles(row: &mut recording::Model, to: TranscriptState) -> bool {
    let state = row.transcript_state.and_then(|state| state.settle(to));
    row.transcript_state = state.or(row.transcript_state);
    state.is_some()
}

/// A line in the call's story, and news for supervisors: never the text.
fn tell(
    unit: &mut Unit,
    file: &mut CallFile,
    row: &recording::Model,
    (line, event): (EventKind, &'static str),
    more: Value,
) {
    let mut data = json!({"recordingId": row.id});
    if let (Some(data), Value::Object(more)) = (data.as_object_mut(), more) {
        data.extend(more);
    }
    let mut payload = data.clone();
    payload["callId"] = json!(row.call_id);
    file.note(unit, line, data);
    unit.tell(&[Audience::Supervisors], event, payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_asked_for_six_times_in_an_hour() {
        let pauses: Vec<_> = (1..).map_while(|tries| pause(tries, None)).collect();
        assert_eq!(pauses, PAUSES);
        assert_eq!(pauses.iter().sum::<TimeDelta>(), TimeDelta::seconds(60 * 60 + 15));
    }

    #[test]
    fn who_asks_for_more_time_gets_it_up_to_an_hour() {
        let asked = |seconds| pause(1, Some(TimeDelta::seconds(seconds)));
        assert_eq!(asked(90), Some(TimeDelta::seconds(90)));
        assert_eq!(asked(1), Some(PAUSES[0]), "less is not asked for");
        assert_eq!(asked(86_400), Some(LONGEST_PAUSE));
        assert_eq!(pause(6, Some(TimeDelta::seconds(1))), None, "six tries are enough");
    }
}
