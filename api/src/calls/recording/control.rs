//! Lets the provider do what is wanted of a recording.
//!
//! Each request is made after the commit that wanted it, and what is found out is written with the next. Two jobs may
//! talk to the provider about one recording at once: each counts `revision` up, and who finds it changed by another does
//! not trust what he knows and says once more what is wanted, which does no harm.

use chrono::TimeDelta;
use entity::id::RecordingId;
use entity::{CompanyScope, RecordingState, RecordingWish, recording};
use serde_json::json;
use twilio::rest::{
    Client, CreateRecording, Error as RestError, Recorded, RecordingChannels, UpdateConference,
    UpdateRecording,
};
use twilio::twiml::RecordingEvent;
use twilio::webhook::RecordingSource;

use super::super::story::EventKind;
use super::super::{CallFile, Reply};
use super::{Turn, ended, failed, never_began, notice, tell};
use crate::app::App;
use crate::error::Result;
use crate::jobs::Done;
use crate::store::{Unit, calls, recordings};

/// How long a request to begin may be under way, before who finds it unanswered asks what became of it.
const ASKING: TimeDelta = TimeDelta::seconds(20);
/// Of a call's recordings, the newest; there are rarely two.
const LOOK_AT: usize = 20;
/// A job that has said so much is followed by another one.
const STEPS: usize = 8;

/// What the provider has to be told next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Nothing,
    /// It was never begun, and is not wanted any more.
    Forget,
    Announce,
    Begin,
    Say(UpdateRecording),
}

fn next_step(row: &recording::Model, certain: Certain) -> Step {
    match (row.state, row.wish()) {
        (RecordingState::Planned, RecordingWish::Stopped) if row.asked_at.is_none() => Step::Forget,
        // What is to be silent need not begin.
        (RecordingState::Planned, RecordingWish::Paused) if row.asked_at.is_none() => Step::Nothing,
        (RecordingState::Planned, RecordingWish::Running) if row.announce && row.announced_at.is_none() => {
            Step::Announce
        }
        // Whether it has begun must be known before it can be paused or stopped.
        (
            RecordingState::Planned,
            RecordingWish::Running | RecordingWish::Paused | RecordingWish::Stopped,
        ) => Step::Begin,
        (RecordingState::InProgress | RecordingState::Paused, RecordingWish::Stopped) => {
            Step::Say(UpdateRecording::Stop)
        }
        (RecordingState::InProgress, RecordingWish::Running)
        | (RecordingState::Paused, RecordingWish::Paused)
            if certain == Certain::Yes =>
        {
            Step::Nothing
        }
        (RecordingState::InProgress | RecordingState::Paused, RecordingWish::Running) => {
            Step::Say(UpdateRecording::Resume)
        }
        (RecordingState::InProgress | RecordingState::Paused, RecordingWish::Paused) => {
            Step::Say(UpdateRecording::PauseSilent)
        }
        (
            RecordingState::Processing
            | RecordingState::Stored
            | RecordingState::Absent
            | RecordingState::Failed
            | RecordingState::Deleted,
            _,
        ) => Step::Nothing,
    }
}

/// Whether what the row says of the provider is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Certain {
    Yes,
    /// Somebody else has talked to it meanwhile.
    No,
}

/// The job.
pub async fn control(app: &App, scope: CompanyScope, id: RecordingId) -> Result<Done> {
    let client = app.providers.client(scope, app.db.reader()).await?;
    let about = About { app, scope, client, id };
    let mut certain = Certain::Yes;
    for _ in 0..STEPS {
        let row = recordings::get(scope, app.db.reader(), id).await?;
        let went = match next_step(&row, certain) {
            Step::Nothing => return Ok(Done::Yes),
            Step::Forget => about.forget().await?,
            Step::Announce => about.announce(&row).await?,
            Step::Begin => about.begin(&row).await?,
            Step::Say(update) => about.say(&row, update).await?,
        };
        certain = match went {
            Went::On(certain) => certain,
            Went::Over(done) => return Ok(done),
        };
    }
    Ok(Done::Again(app.clock.now()))
}

/// How a step went.
enum Went {
    On(Certain),
    Over(Done),
}

struct About<'a> {
    app: &'a App,
    scope: CompanyScope,
    client: Client,
    id: RecordingId,
}

impl About<'_> {
    /// Changes the row as it is now, if `change` finds that it must.
    async fn settle(
        &self,
        change: impl FnOnce(&mut Unit, &mut CallFile, &mut recording::Model),
    ) -> Result<recording::Model> {
        let mut unit = Unit::begin(self.app, self.scope).await?;
        let call = recordings::get(self.scope, unit.tx(), self.id).await?.call_id;
        let mut file = CallFile::open(&unit, call).await?;
        let mut row = recordings::get(self.scope, unit.tx(), self.id).await?;
        let before = row.clone();
        change(&mut unit, &mut file, &mut row);
        row.revision += 1;
        recordings::save(self.scope, unit.tx(), row).await?;
        file.save(&mut unit).await?;
        unit.commit().await?;
        Ok(before)
    }

    async fn forget(&self) -> Result<Went> {
        self.settle(|unit, file, row| {
            if row.asked_at.is_none() {
                never_began(unit, file, row, "it was stopped before it began");
            }
        })
        .await?;
        Ok(Went::On(Certain::Yes))
    }

    /// Both sides hear it in their conference. Recording begins when the provider has fetched the words.
    async fn announce(&self, row: &recording::Model) -> Result<Went> {
        let call = calls::get(self.scope, self.app.db.reader(), row.call_id).await?;
        let Some(conference) = &call.conference_sid else {
            self.settle(|unit, file, row| failed(unit, file, row, "there is nobody to announce it to"))
                .await?;
            return Ok(Went::Over(Done::Yes));
        };
        let url = self.app.urls(self.scope.company()).announcement(self.id);
        match self.client.update_conference(conference, &UpdateConference::Announce { url }).await {
            Ok(_) => Ok(Went::Over(Done::Yes)),
            Err(error) if error.is_gone() => {
                self.settle(|unit, file, row| never_began(unit, file, row, "the conversation was over"))
                    .await?;
                Ok(Went::Over(Done::Yes))
            }
            Err(error) => Ok(Went::Over(Done::retry(&error))),
        }
    }

    /// Never asked for blindly twice: that would be two recordings. Who finds that it was asked for looks what became of
    /// that.
    async fn begin(&self, row: &recording::Model) -> Result<Went> {
        let call = calls::get(self.scope, self.app.db.reader(), row.call_id).await?;
        if let Some(asked) = row.asked_at {
            let patience = asked + ASKING;
            if patience > self.app.clock.now() {
                return Ok(Went::Over(Done::Again(patience)));
            }
            return self.look(row, &call.provider_sid).await;
        }
        let begins = |row: &recording::Model| {
            row.state == RecordingState::Planned
                && row.asked_at.is_none()
                && row.wish() == RecordingWish::Running
        };
        let before = self
            .settle(|unit, _, row| {
                if begins(row) {
                    row.asked_at = Some(unit.now());
                }
            })
            .await?;
        if !begins(&before) {
            return Ok(Went::On(Certain::Yes));
        }
        let url = self.app.urls(self.scope.company()).call_recording(row.call_id, self.id);
        // That it has begun is the answer; only its end is still to be told.
        let create = CreateRecording::new()
            .channels(RecordingChannels::Dual)
            .status_callback(url)
            .status_callback_event([RecordingEvent::Completed, RecordingEvent::Absent]);
        match self.client.create_recording(&call.provider_sid, &create).await {
            Ok(made) => self.begun(made.sid).await,
            Err(RestError::Unknown(_) | RestError::Server { .. }) => self.look(row, &call.provider_sid).await,
            Err(error) if error.may_be_repeated() => {
                self.settle(|_, _, row| row.asked_at = None).await?;
                Ok(Went::Over(Done::retry(&error)))
            }
            Err(error) if error.is_gone() => {
                self.settle(|unit, file, row| never_began(unit, file, row, "the call was over")).await?;
                Ok(Went::Over(Done::Yes))
            }
            Err(error) => {
                let reason = error.to_string();
                self.settle(|unit, file, row| failed(unit, file, row, &reason)).await?;
                Ok(Went::Over(Done::Yes))
            }
        }
    }

    /// What became of a request to begin that nobody answered.
    async fn look(&self, row: &recording::Model, call_sid: &str) -> Result<Went> {
        let found = match self.client.list_recordings_of_call(call_sid, LOOK_AT).await {
            Ok(found) => found,
            Err(error) => return Ok(Went::Over(Done::retry(&error))),
        };
        let known = recordings::of_call(self.scope, self.app.db.reader(), row.call_id).await?;
        let is_known = |sid: &str| known.iter().any(|row| row.provider_sid.as_deref() == Some(sid));
        let ours = found.into_iter().find(|made| {
            made.source.as_ref() == Some(&RecordingSource::StartCallRecordingApi) && !is_known(&made.sid)
        });
        match (ours, row.wish()) {
            (Some(made), _) => self.begun(made.sid).await,
            (None, RecordingWish::Stopped) => {
                self.settle(|unit, file, row| never_began(unit, file, row, "the call was over")).await?;
                Ok(Went::Over(Done::Yes))
            }
            (None, RecordingWish::Running | RecordingWish::Paused) => {
                self.settle(|_, _, row| row.asked_at = None).await?;
                Ok(Went::Over(Done::Retry { after: None, because: "it was not begun".to_owned() }))
            }
        }
    }

    /// The provider records. Its callback may have been faster, and know more.
    async fn begun(&self, sid: String) -> Result<Went> {
        self.settle(|unit, file, row| started(unit, file, row, sid)).await?;
        Ok(Went::On(Certain::Yes))
    }

    async fn say(&self, seen: &recording::Model, update: UpdateRecording) -> Result<Went> {
        let call = calls::get(self.scope, self.app.db.reader(), seen.call_id).await?;
        let sid = seen.provider_sid.as_deref().unwrap_or_default();
        let said = self.client.update_recording(Recorded::Call(&call.provider_sid), sid, update).await;
        let gone = match &said {
            Ok(_) => false,
            Err(error) if error.is_gone() => true,
            Err(error) => return Ok(Went::Over(Done::retry(error))),
        };
        // What is gone has ended by itself, with the call.
        let update = if gone { UpdateRecording::Stop } else { update };
        let before = self
            .settle(|unit, file, row| match update {
                UpdateRecording::Stop => ended(unit, file, row),
                UpdateRecording::PauseSilent | UpdateRecording::PauseSkipping => {
                    let by = json!({"by": row.paused_by.0, "pauses": row.pauses});
                    turned(unit, file, row, (RecordingState::Paused, Turn::Paused), by);
                }
                UpdateRecording::Resume => {
                    turned(unit, file, row, (RecordingState::InProgress, Turn::Resumed), json!({}));
                }
            })
            .await?;
        Ok(Went::On(if before.revision == seen.revision { Certain::Yes } else { Certain::No }))
    }
}

fn turned(
    unit: &mut Unit,
    file: &mut CallFile,
    row: &mut recording::Model,
    (to, turn): (RecordingState, Turn),
    more: serde_json::Value,
) {
    if let Some(state) = row.state.advance(to) {
        row.state = state;
        tell(unit, file, row, turn, more);
    }
}

/// The provider records, as its answer or its callback says.
pub(super) fn started(unit: &mut Unit, file: &mut CallFile, row: &mut recording::Model, sid: String) {
    row.provider_sid.get_or_insert(sid);
    if row.state == RecordingState::Planned {
        row.state = RecordingState::InProgress;
        row.started_at = Some(unit.now());
        tell(unit, file, row, Turn::Started, json!({"origin": row.origin}));
    }
}

/// The provider fetches the words that both sides will hear: now it may begin.
pub async fn announced(unit: &mut Unit, id: RecordingId) -> Result<Reply> {
    let notice = notice(unit.scope(), unit.tx()).await?;
    let call = recordings::get(unit.scope(), unit.tx(), id).await?.call_id;
    let mut file = CallFile::open(unit, call).await?;
    let mut row = recordings::get(unit.scope(), unit.tx(), id).await?;
    if row.announced_at.is_none() {
        row.announced_at = Some(unit.now());
        file.note(unit, EventKind::RecordingAnnounced, json!({"recordingId": id}));
        let now = unit.now();
        unit.job(entity::JobKind::ControlRecording, id, json!({}), now);
        recordings::save(unit.scope(), unit.tx(), row).await?;
    }
    file.save(unit).await?;
    Ok(Reply::Announcement(notice))
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use entity::recording::PauseHolders;
    use entity::{PauseHolder, RecordingKind, RecordingOrigin};
    use uuid::Uuid;

    use super::*;

    fn noon() -> DateTime<Utc> {
        "2026-03-02T12:00:00Z".parse().unwrap()
    }

    fn row(state: RecordingState, wish: RecordingWish) -> recording::Model {
        let nil = Uuid::nil();
        recording::Model {
            id: nil.into(),
            company_id: nil.into(),
            call_id: nil.into(),
            kind: RecordingKind::Call,
            state,
            origin: RecordingOrigin::Policy,
            provider_sid: None,
            revision: 0,
            announce: false,
            announced_at: None,
            asked_at: None,
            started_at: None,
            ended_at: None,
            stop_requested_at: (wish == RecordingWish::Stopped).then(noon),
            paused_by: PauseHolders(match wish {
                RecordingWish::Paused => vec![PauseHolder::Person],
                RecordingWish::Running | RecordingWish::Stopped => Vec::new(),
            }),
            pauses: 0,
            mailbox: None,
            duration_seconds: None,
            channels: None,
            storage_key: None,
            content_type: None,
            size_bytes: None,
            sha256: None,
            tries: 0,
            failure: None,
            created_at: noon(),
            stored_at: None,
            provider_deleted_at: None,
            legal_hold_at: None,
            legal_hold_reason: None,
            delete_requested_at: None,
            deleted_because: None,
            deleted_by: None,
            deleted_at: None,
            transcript_state: None,
            transcript: None,
            transcript_language: None,
            transcript_tries: 0,
            transcript_failure: None,
        }
    }

    #[test]
    fn the_provider_is_told_what_it_does_not_do_yet() {
        use RecordingState::{InProgress, Paused, Planned, Processing};
        use RecordingWish::{Paused as Silent, Running, Stopped};
        let table = [
            (Planned, Running, Step::Begin),
            (Planned, Silent, Step::Nothing),
            (Planned, Stopped, Step::Forget),
            (InProgress, Running, Step::Nothing),
            (InProgress, Silent, Step::Say(UpdateRecording::PauseSilent)),
            (InProgress, Stopped, Step::Say(UpdateRecording::Stop)),
            (Paused, Silent, Step::Nothing),
            (Paused, Running, Step::Say(UpdateRecording::Resume)),
            (Paused, Stopped, Step::Say(UpdateRecording::Stop)),
            (Processing, Running, Step::Nothing),
        ];
        for (state, wish, step) in table {
            assert_eq!(next_step(&row(state, wish), Certain::Yes), step, "{state:?} {wish:?}");
        }
    }

    #[test]
    fn who_is_not_certain_says_it_again() {
        let silent = row(RecordingState::Paused, RecordingWish::Paused);
        assert_eq!(next_step(&silent, Certain::No), Step::Say(UpdateRecording::PauseSilent));
        let loud = row(RecordingState::InProgress, RecordingWish::Running);
        assert_eq!(next_step(&loud, Certain::No), Step::Say(UpdateRecording::Resume));
    }

    #[test]
    fn what_must_be_announced_does_not_begin_before() {
        let silent_so_far =
            recording::Model { announce: true, ..row(RecordingState::Planned, RecordingWish::Running) };
        assert_eq!(next_step(&silent_so_far, Certain::Yes), Step::Announce);
        let told = recording::Model { announced_at: Some(noon()), ..silent_so_far };
        assert_eq!(next_step(&told, Certain::Yes), Step::Begin);
    }

    #[test]
    fn what_may_have_begun_is_looked_for_before_it_is_forgotten() {
        let asked = recording::Model {
            asked_at: Some(noon()),
            ..row(RecordingState::Planned, RecordingWish::Stopped)
        };
        assert_eq!(next_step(&asked, Certain::Yes), Step::Begin);
    }
}
