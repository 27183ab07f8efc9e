//! What is done with many contacts at once, and what has been between the company and one.

use chrono::{DateTime, Utc};
use entity::id::ContactId;
use entity::{CallKind, CallOutcome, CallStatus, CallbackState, ExportFormat, TextDirection, TextState};
use poem::Request;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

use super::contacts::{ContactOut, ContactSort};
use super::envelope::{Failure, Reply, Success};
use super::export_file::ExportStream;
use super::exports::can_tell_the_end;
use super::page::{LARGEST_LIMIT, limit_within};
use super::{JsonBody, Tag, Word};
use crate::app::App;
use crate::authz::{Can, ManageContacts, ReadCallbacks, ReadCalls, ReadContacts, ReadRecordings, Whose};
use crate::contacts::merge::{Alike, Likeness};
use crate::contacts::timeline::{self, Entry, Eyes};
use crate::contacts::{Search, View, export, merge};
use crate::exports::stream::Travel;

pub struct ContactDesk;

/// The contacts that are to be one.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct ContactMergeIn {
    /// Those that are there no more afterwards. What the kept one lacks comes from them in this order.
    #[oai(validator(min_items = 1, max_items = 20))]
    other_ids: Vec<Uuid>,
}

/// What contacts have in common.
#[derive(Enum, Clone, Copy, Debug)]
#[oai(rename_all = "lowercase")]
enum ContactLikeness {
    /// One number, written in two ways.
    Number,
    /// An address of mail.
    Email,
    /// A name, whatever its accents and case.
    Name,
}

/// Contacts that may be one.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
struct AlikeContactsOut {
    by: ContactLikeness,
    /// What they have in common.
    key: String,
    /// The oldest first; at most 21.
    contacts: Vec<ContactOut>,
}

impl From<Alike> for AlikeContactsOut {
    fn from(alike: Alike) -> Self {
        Self {
            by: match alike.by {
                Likeness::Number => ContactLikeness::Number,
                Likeness::Email => ContactLikeness::Email,
                Likeness::Name => ContactLikeness::Name,
            },
            key: alike.key,
            contacts: alike
                .contacts
                .into_iter()
                .map(|contact| View { contact, favourite: false }.into())
                .collect(),
        }
    }
}

/// What something was.
#[derive(Enum, Clone, Copy, Debug)]
#[oai(rename_all = "lowercase")]
enum TimelineKind {
    Call,
    Voicemail,
    Callback,
    /// A text message, sent or received.
    Message,
    /// An answer to a survey.
    Survey,
}

/// Something that has been between the company and a contact.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct TimelineEntryOut {
    kind: TimelineKind,
    /// The call's, the recording's, the callback's, the message's or the answer's.
    id: Uuid,
    /// When a call began, a voicemail was left, a callback was asked for, a message was sent, a survey was answered.
    at: DateTime<Utc>,
    /// The call that it belongs to.
    call_id: Option<Uuid>,
    direction: Option<Word<CallKind>>,
    status: Option<Word<CallStatus>>,
    outcome: Option<Word<CallOutcome>>,
    ended_at: Option<DateTime<Utc>>,
    disposition: Option<String>,
    /// A call's notes, a message's text, or what was said in a voicemail.
    text: Option<String>,
    queue_id: Option<Uuid>,
    agent_id: Option<Uuid>,
    /// Of a voicemail.
    seconds: Option<i32>,
    callback_state: Option<Word<CallbackState>>,
    message_direction: Option<Word<TextDirection>>,
    message_state: Option<Word<TextState>>,
    /// The survey's name.
    survey: Option<String>,
    /// 1 to 5, the best.
    score: Option<i32>,
}

impl From<Entry> for TimelineEntryOut {
    fn from(entry: Entry) -> Self {
        let blank = |kind| Self {
            kind,
            id: entry.id(),
            at: entry.at(),
            call_id: None,
            direction: None,
            status: None,
            outcome: None,
            ended_at: None,
            disposition: None,
            text: None,
            queue_id: None,
            agent_id: None,
            seconds: None,
            callback_state: None,
            message_direction: None,
            message_state: None,
            survey: None,
            score: None,
        };
        match &entry {
            Entry::Call(row) => Self {
                call_id: Some(row.id.0),
                direction: Some(Word(row.kind)),
                status: Some(Word(row.status)),
                outcome: row.outcome.map(Word),
                ended_at: row.ended_at,
                disposition: row.disposition.clone(),
                text: row.notes.clone(),
                queue_id: row.queue_id.map(|id| id.0),
                agent_id: row.agent_id.map(|id| id.0),
                ..blank(TimelineKind::Call)
            },
            Entry::Voicemail(row) => Self {
                call_id: Some(row.call_id.0),
                text: row.transcript.clone(),
                seconds: row.duration_seconds,
                ..blank(TimelineKind::Voicemail)
            },
            Entry::Callback(row) => Self {
                call_id: row.call_id.map(|id| id.0),
                queue_id: Some(row.queue_id.0),
                agent_id: row.agent_id.map(|id| id.0),
                ended_at: row.settled_at,
                callback_state: Some(Word(row.state)),
                ..blank(TimelineKind::Callback)
            },
            Entry::Message(row) => Self {
                call_id: row.call_id.map(|id| id.0),
                message_direction: Some(Word(row.direction)),
                text: Some(row.body.clone()),
                message_state: Some(Word(row.state)),
                ..blank(TimelineKind::Message)
            },
            Entry::Answer(row) => Self {
                call_id: Some(row.call_id.0),
                queue_id: row.queue_id.map(|id| id.0),
                agent_id: row.agent_id.map(|id| id.0),
                survey: Some(row.survey.clone()),
                score: Some(row.score),
                ..blank(TimelineKind::Survey)
            },
        }
    }
}

#[OpenApi(prefix_path = "/api/contacts", tag = "Tag::Contacts")]
impl ContactDesk {
    /// Streams contacts as CSV or NDJSON, by the filters of the list.
    ///
    /// What comes out goes in again by `POST /api/contacts/import`. An answer that breaks off before its end is not whole. Who
    /// exports is noted in the company's audit.
    #[oai(path = "/export", method = "get", operation_id = "exportContacts")]
    #[expect(clippy::too_many_arguments, reason = "each is a parameter of the operation")]
    async fn export(
        &self,
        can: Can<ManageContacts>,
        Data(app): Data<&App>,
        request: &Request,
        /// `csv` when absent.
        Query(format): Query<Option<Word<ExportFormat>>>,
        /// Words and numbers.
        #[oai(validator(max_length = 200))]
        Query(search): Query<Option<String>>,
        /// Those with this tag.
        #[oai(validator(max_length = 128))]
        Query(tag): Query<Option<String>>,
        /// Those who are blocked, or who are not.
        Query(blocked): Query<Option<bool>>,
        /// Those whom the caller has at hand.
        Query(favourites): Query<Option<bool>>,
        /// By name unless said.
        Query(sort): Query<Option<ContactSort>>,
    ) -> Result<ExportStream, Failure> {
        can_tell_the_end(request)?;
        let (scope, user) = (can.scope()?, can.caller().user);
        let favourites = favourites.filter(|only| *only).map(|_| user);
        let search = Search { text: search, tag, blocked, favourites, order: ContactSort::order(sort) };
        let format = format.map_or(ExportFormat::Csv, |word| word.0);
        let (kind, end) = match format {
            ExportFormat::Csv => ("text/csv; charset=utf-8", "csv"),
            ExportFormat::Ndjson => ("application/x-ndjson", "ndjson"),
        };
        let pieces = export::begin(app, scope, user, search, format).await?;
        let name = format!("attachment; filename=\"contacts.{end}\"");
        Ok(ExportStream::named(kind, name, Travel::AsTheyAre, pieces))
    }

    /// Suggests contacts that may be one: by number, address of mail, and name.
    #[oai(path = "/duplicates", method = "get", operation_id = "listDuplicateContacts")]
    async fn duplicates(
        &self,
        can: Can<ManageContacts>,
        Data(app): Data<&App>,
        /// 1 to 100; 50 unless said.
        Query(limit): Query<Option<u64>>,
        /// Reads on behind an earlier page.
        Query(cursor): Query<Option<String>>,
    ) -> Reply<Vec<AlikeContactsOut>> {
        let limit = limit_within(limit, LARGEST_LIMIT)?;
        merge::duplicates(app, can.scope()?, cursor.as_deref(), limit).await?.reply()
    }

    /// Makes one contact of several. This cannot be undone.
    ///
    /// What the kept one has stays, what it lacks comes from the others in their order. Numbers, tags, own fields, notes and
    /// favourites are joined; who was blocked once is blocked. Calls follow their numbers. 422 when all of it together is more
    /// than a contact may have.
    #[oai(path = "/:id/merge", method = "post", operation_id = "mergeContacts")]
    async fn merge(
        &self,
        can: Can<ManageContacts>,
        Data(app): Data<&App>,
        /// The contact that is kept.
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<ContactMergeIn>,
    ) -> Reply<ContactOut> {
        let others = body.other_ids.into_iter().map(ContactId).collect();
        Success::ok(merge::merge(app, can.scope()?, can.caller().user, ContactId(id), others).await?)
    }

    /// Tells what has been between the company and a contact, newest first: calls, voicemails, callbacks, text messages and
    /// answers to surveys, under all of the contact's numbers.
    ///
    /// Each as far as the caller may see it elsewhere; an agent sees what is his.
    #[oai(path = "/:id/timeline", method = "get", operation_id = "getContactTimeline")]
    async fn timeline(
        &self,
        can: Can<ReadCalls>,
        Data(app): Data<&App>,
        /// The contact's id.
        Path(id): Path<Uuid>,
        /// 1 to 100; 50 unless said.
        Query(limit): Query<Option<u64>>,
        /// Reads on behind an earlier page.
        Query(cursor): Query<Option<String>>,
    ) -> Reply<Vec<TimelineEntryOut>> {
        can.must_also::<ReadContacts>(app)?;
        let agent = can.caller().agent();
        let eyes = Eyes {
            calls: can.whose(),
            voicemails: can.also_may::<ReadRecordings>(app).map(|rows| Whose::of(rows, agent)),
            callbacks: can.also_may::<ReadCallbacks>(app).map(|rows| Whose::of(rows, agent)),
        };
        let limit = limit_within(limit, LARGEST_LIMIT)?;
        timeline::read(app, can.scope()?, eyes, ContactId(id), cursor.as_deref(), limit).await?.reply()
    }
}
