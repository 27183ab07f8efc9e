//! What has been between the company and a contact, newest first: each part as far as its reader may see it elsewhere.

use chrono::{DateTime, Utc};
use entity::id::ContactId;
use entity::{CompanyScope, call, callback, recording, survey_answer, text_message};
use uuid::Uuid;

use crate::app::App;
use crate::authz::Whose;
use crate::error::{Error, Result, Subject};
use crate::slice::{Slice, read_cursor};
use crate::store::contact_timeline::{self as store, Ask};
use crate::store::contacts;

/// Something that has been.
#[derive(Clone, Debug)]
pub enum Entry {
    Call(call::Model),
    Voicemail(recording::Model),
    Callback(callback::Model),
    Message(text_message::Model),
    Answer(survey_answer::Model),
}

impl Entry {
    pub fn at(&self) -> DateTime<Utc> {
        match self {
            Self::Call(row) => row.started_at,
            Self::Voicemail(row) => row.created_at,
            Self::Callback(row) => row.created_at,
            Self::Message(row) => row.created_at,
            Self::Answer(row) => row.answered_at,
        }
    }

    pub fn id(&self) -> Uuid {
        match self {
            Self::Call(row) => row.id.0,
            Self::Voicemail(row) => row.id.0,
            Self::Callback(row) => row.id.0,
            Self::Message(row) => row.id.0,
            Self::Answer(row) => row.id.0,
        }
    }
}

/// Whose of each kind somebody may see; `None`: nobody's.
#[derive(Clone, Copy, Debug)]
pub struct Eyes {
    /// Calls, and the answers that belong to them. Messages are for all who may see the contact.
    pub calls: Whose,
    pub voicemails: Option<Whose>,
    pub callbacks: Option<Whose>,
}

pub async fn read(
    app: &App,
    scope: CompanyScope,
    eyes: Eyes,
    id: ContactId,
    cursor: Option<&str>,
    limit: u64,
) -> Result<Slice<Entry>> {
    let db = app.db.reader();
    let contact = contacts::by_id(scope, db, id).await?.ok_or(Error::NotFound(Subject::Contact))?;
    let numbers: Vec<_> = contact.numbers().map(str::to_owned).collect();
    let before = read_cursor(cursor)?;
    let ask = |whose| {
        let of_agent = match whose {
            Whose::Everybodys => None,
            Whose::Agents(agent) => Some(agent),
            Whose::Nobodys => return None,
        };
        Some(Ask { numbers: numbers.clone(), of_agent, before, limit: limit + 1 })
    };
    let mut entries = Vec::new();
    if let Some(ask) = ask(Whose::Everybodys) {
        entries.extend(store::messages(scope, db, &ask).await?.into_iter().map(Entry::Message));
    }
    if let Some(ask) = ask(eyes.calls) {
        entries.extend(store::calls(scope, db, &ask).await?.into_iter().map(Entry::Call));
        entries.extend(store::answers(scope, db, &ask).await?.into_iter().map(Entry::Answer));
    }
    if let Some(ask) = eyes.voicemails.and_then(ask) {
        entries.extend(store::voicemails(scope, db, &ask).await?.into_iter().map(Entry::Voicemail));
    }
    if let Some(ask) = eyes.callbacks.and_then(ask) {
        entries.extend(store::callbacks(scope, db, &ask).await?.into_iter().map(Entry::Callback));
    }
    entries.sort_by_key(|entry| std::cmp::Reverse((entry.at(), entry.id())));
    entries.dedup_by_key(|entry| entry.id());
    entries.truncate(usize::try_from(limit + 1).unwrap_or(usize::MAX));
    Ok(Slice::of(entries, limit, |entry| (entry.at(), entry.id())))
}
