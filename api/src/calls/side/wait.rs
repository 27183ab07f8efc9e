//! What a waiting caller hears by the flow of his queue, over and over; and how he leaves the queue by it: to leave a
//! message, to be called back, or for good.

use entity::id::QueueEntryId;
use entity::{
    CallOutcome, CallStatus, CompanyScope, EndedBy, EntryOutcome, OfferState, queue_entry, side_session,
};
use ivr_engine::{FlowKind, Input, Next, RecordPurpose};
use twilio::webhook::RecordResult;

use super::document::{self, Answers};
use super::{Heard, Kept, Tells};
use crate::app::App;
use crate::calls::reply::Recording;
use crate::calls::urls::{Heard as By, Spoken};
use crate::calls::{CallFile, Reply, leave, voicemail};
use crate::error::Result;
use crate::store::side_sessions::{self, Whose};
use crate::store::{Unit, queueing};

/// What the caller hears next; `None` when his queue has no such flow, or it is broken. Asked again in the middle of a
/// question it is the question: he may have been brought back to his place.
pub async fn round(app: &App, scope: CompanyScope, id: QueueEntryId, hop: u32) -> Result<Option<Reply>> {
    let mut unit = Unit::begin(app, scope).await?;
    let Some(seen) = queueing::entry(scope, unit.tx(), id).await? else { return Ok(None) };
    let mut file = CallFile::open(&unit, seen.call_id).await?;
    let row = side_sessions::lock(scope, unit.tx(), Whose::Waits(id)).await?;
    if let Some(row) = &row
        && !super::read(row)?.has_ended()
    {
        return Ok(Some(Reply::Current(row.twiml.clone())));
    }
    let Some(entry) = open(&unit, &file, id).await? else { return Ok(None) };
    let Some(version) = super::of_queue(&unit, entry.queue_id, FlowKind::Wait).await? else {
        return Ok(None);
    };
    let session = super::begin(&unit, &file, entry.queue_id, None, file.id().0).await?;
    let tells = if hop == 0 { Tells::Yes } else { Tells::No };
    let heard = super::step(&mut unit, &mut file, version, session, Input::Start, tells).await?;
    if heard.is_broken() {
        file.save(&mut unit).await?;
        unit.commit().await?;
        return Ok(None);
    }
    let place = Place { entry: &entry, hop, row, version };
    let reply = place.go_on(&mut unit, &mut file, heard).await?;
    file.save(&mut unit).await?;
    unit.commit().await?;
    Ok(Some(reply))
}

/// What came of a question to the caller.
pub enum Answer<'a> {
    Input(Input),
    Recorded { result: RecordResult, spoken: &'a Spoken },
}

/// The caller has answered, or has said nothing. A hop of an older version is a late one and hears what was said last.
pub async fn answered(
    unit: &mut Unit,
    id: QueueEntryId,
    version: i32,
    hop: u32,
    answer: Answer<'_>,
) -> Result<Reply> {
    let Some(seen) = queueing::entry(unit.scope(), unit.tx(), id).await? else { return Ok(Reply::HangUp) };
    let mut file = CallFile::open(unit, seen.call_id).await?;
    let Some(row) = side_sessions::lock(unit.scope(), unit.tx(), Whose::Waits(id)).await? else {
        return Ok(Reply::HangUp);
    };
    if row.version != version || file.caller_has_left() {
        return Ok(Reply::Current(row.twiml));
    }
    let Some(entry) = queueing::entry(unit.scope(), unit.tx(), id).await? else { return Ok(Reply::HangUp) };
    if !row.has_left_queue && open(unit, &file, id).await?.is_none() {
        // Somebody else has taken him out of it: he is being brought to where he belongs, or waits elsewhere.
        let urls = unit.app().urls(unit.company());
        return Ok(Reply::Current(document::nothing(urls.wait(id, hop + 1))));
    }
    let (flow, session) = (row.flow_version_id, super::read(&row)?);
    let input = match answer {
        Answer::Input(input) => input,
        Answer::Recorded { result, spoken } => voicemail::left(unit, &mut file, &result, spoken).await?,
    };
    let heard = super::step(unit, &mut file, flow, session, input, Tells::Yes).await?;
    let place = Place { entry: &entry, hop, row: Some(row), version: flow };
    let reply = place.go_on(unit, &mut file, heard).await?;
    file.save(unit).await?;
    Ok(reply)
}

/// The visit, if it goes on.
async fn open(unit: &Unit, file: &CallFile, id: QueueEntryId) -> Result<Option<queue_entry::Model>> {
    let open = queueing::open_entry(unit.scope(), unit.tx(), file.id()).await?;
    Ok(open.filter(|open| open.id == id))
}

/// Where a waiting caller is in the flow.
struct Place<'a> {
    entry: &'a queue_entry::Model,
    hop: u32,
    row: Option<side_session::Model>,
    version: entity::id::FlowVersionId,
}

impl Place<'_> {
    async fn go_on(self, unit: &mut Unit, file: &mut CallFile, heard: Heard) -> Result<Reply> {
        let urls = unit.app().urls(unit.company());
        let (id, hop, next_version) = (self.entry.id, self.hop, super::next_version(self.row.as_ref()));
        let answers = Answers {
            gather: urls.wait_step(id, next_version, hop, By::Gather),
            silence: urls.wait_step(id, next_version, hop, By::Silence),
        };
        let waits = open(unit, file, id).await?.is_some();
        let heard = if waits { heard.unless_broken() } else { heard };
        let leaves = match &heard.next {
            Next::Record { .. } if waits => Some(EntryOutcome::Voicemail),
            Next::HangUp { .. } if waits => Some(EntryOutcome::Overflow),
            _ => None,
        };
        if let Some(outcome) = leaves {
            if queueing::live_segment(unit.scope(), unit.tx(), file.id()).await?.is_some() {
                // An agent has him: he is being brought to him in this moment, and his question stays where it was.
                return Ok(self.row.map_or(Reply::HangUp, |row| Reply::Current(row.twiml)));
            }
            take_out(unit, file, id, outcome).await?;
        }
        let is_out = !waits || leaves.is_some();
        let place = if is_out { Where::OnTheLine(file.id()) } else { Where::InTheQueue };
        let twiml = self.document(&heard, &answers, &urls, place);
        if is_out {
            // Where his line is, should it ask.
            file.row.current_twiml = Some(twiml.clone());
            if matches!(heard.next, Next::HangUp { .. } | Next::Ended | Next::Done) {
                file.row.ended_by.get_or_insert(EndedBy::Flow);
            }
        }
        let reply = match leaves {
            // What records is no document of a waiting room: it is what the line does next.
            Some(EntryOutcome::Voicemail) => Reply::LeaveQueue,
            Some(_) | None => Reply::Current(twiml.clone()),
        };
        let kept = Kept {
            whose: Whose::Waits(id),
            flow: self.version,
            session: &heard.session,
            inputs: &heard.inputs,
            twiml,
            has_left_queue: is_out,
        };
        super::keep(unit, file, self.row, kept).await?;
        Ok(reply)
    }

    fn document(
        &self,
        heard: &Heard,
        answers: &Answers,
        urls: &crate::calls::urls::Urls,
        place: Where,
    ) -> String {
        let (id, version) = (self.entry.id, super::next_version(self.row.as_ref()));
        match place {
            Where::InTheQueue => {
                document::wait(&heard.said, &heard.next, answers, urls.wait(id, self.hop + 1))
            }
            Where::OnTheLine(call) => {
                let record = match &heard.next {
                    Next::Record { purpose: purpose @ RecordPurpose::Voicemail { .. }, prompts, .. } => {
                        let spoken = Spoken::of(purpose, prompts);
                        let action = urls.wait_recorded(id, version, self.hop, &spoken);
                        Recording::of(&heard.next, action, urls.recording(call, &spoken))
                    }
                    _ => None,
                };
                document::out_of_the_queue(&heard.said, &heard.next, answers, record)
            }
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Where {
    InTheQueue,
    OnTheLine(entity::id::CallId),
}

/// The caller waits no longer: what was offered is withdrawn.
async fn take_out(
    unit: &mut Unit,
    file: &mut CallFile,
    id: QueueEntryId,
    outcome: EntryOutcome,
) -> Result<()> {
    leave::close_visit(unit, file, id, outcome).await?;
    leave::withdraw_offers(unit, file, OfferState::Withdrawn).await?;
    file.row.status = CallStatus::InIvr;
    file.row.agent_id = None;
    if outcome != EntryOutcome::Voicemail {
        file.row.outcome.get_or_insert(CallOutcome::FlowExit);
    }
    Ok(())
}
