//! What calls can have been about.

use chrono::{DateTime, Utc};
use entity::id::{DispositionId, QueueId};
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Created, Done, Failure, Reply, Success};
use super::{JsonBody, Tag};
use crate::app::App;
use crate::authz::{Can, ReadDispositions, WriteDispositions};
use crate::dispositions::{self, Removed, Shown, Wanted};
use crate::store::dispositions::Listed;

pub struct Dispositions;

/// What a call can have been about.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct DispositionOut {
    id: Uuid,
    /// As calls have it.
    name: String,
    /// `#` and six hexadecimal digits.
    colour: Option<String>,
    /// For whose calls it is; for those of all queues, when it is empty.
    queue_ids: Vec<Uuid>,
    /// Whoever chooses it has to write a note.
    needs_note: bool,
    /// Since when it is chosen no more.
    archived_at: Option<DateTime<Utc>>,
}

/// What a call may come to, in the words of the company.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct DispositionIn {
    #[oai(validator(min_length = 1, max_length = 100))]
    name: String,
    /// `#` and six hexadecimal digits.
    #[oai(validator(max_length = 16))]
    colour: Option<String>,
    /// For whose calls it is; for those of all queues, when it is empty or left out.
    #[oai(default, validator(max_items = 500))]
    queue_ids: Vec<Uuid>,
    /// Whoever chooses it has to write a note.
    #[oai(default)]
    needs_note: bool,
}

impl From<Listed> for DispositionOut {
    fn from(Listed { row, queues }: Listed) -> Self {
        Self {
            id: row.id.0,
            name: row.name,
            colour: row.colour,
            queue_ids: queues.into_iter().map(Into::into).collect(),
            needs_note: row.needs_note,
            archived_at: row.archived_at,
        }
    }
}

impl From<DispositionIn> for Wanted {
    fn from(body: DispositionIn) -> Self {
        Self {
            name: body.name,
            colour: body.colour,
            queues: body.queue_ids.into_iter().map(QueueId).collect(),
            needs_note: body.needs_note,
        }
    }
}

#[OpenApi(prefix_path = "/api/dispositions", tag = "Tag::Calls")]
impl Dispositions {
    /// Lists what calls can have been about, by name.
    #[oai(path = "/", method = "get", operation_id = "listDispositions")]
    async fn list(
        &self,
        can: Can<ReadDispositions>,
        Data(app): Data<&App>,
        /// Only those that can be chosen for calls of this queue.
        #[oai(name = "queueId")]
        Query(queue): Query<Option<Uuid>>,
        /// Also those that are chosen no more.
        Query(archived): Query<Option<bool>>,
    ) -> Reply<Vec<DispositionOut>> {
        let shown = if archived.unwrap_or_default() { Shown::WithArchived } else { Shown::InUse };
        Success::list(dispositions::all(app, can.scope()?, shown, queue.map(QueueId)).await?)
    }

    /// Makes one. From the first one on, agents choose from the list instead of writing what they like.
    ///
    /// 409 `DISPOSITION_NAME_TAKEN`.
    #[oai(path = "/", method = "post", operation_id = "createDisposition")]
    async fn post(
        &self,
        can: Can<WriteDispositions>,
        Data(app): Data<&App>,
        JsonBody(body): JsonBody<DispositionIn>,
    ) -> Result<Created<DispositionOut>, Failure> {
        Created::of(dispositions::create(app, can.scope()?, body.into()).await?)
    }

    /// Changes one; an archived one is in use again. Calls keep the word that they have.
    #[oai(path = "/:id", method = "put", operation_id = "updateDisposition")]
    async fn put(
        &self,
        can: Can<WriteDispositions>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<DispositionIn>,
    ) -> Reply<DispositionOut> {
        Success::ok(dispositions::change(app, can.scope()?, DispositionId(id), body.into()).await?)
    }

    /// Deletes one; archives it when calls have it.
    #[oai(path = "/:id", method = "delete", operation_id = "deleteDisposition")]
    async fn delete(
        &self,
        can: Can<WriteDispositions>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        match dispositions::remove(app, can.scope()?, DispositionId(id)).await? {
            Removed::Deleted => Done::saying("Deleted."),
            Removed::Archived => Done::saying("Archived: calls have it."),
        }
    }
}
