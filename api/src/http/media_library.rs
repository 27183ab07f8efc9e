//! Media: uploaded in one request, or put to Cloudinary; read, listed, deleted.

use chrono::{DateTime, Utc};
use entity::id::MediaId;
use entity::{MediaKind, MediaState, media};
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Created, Done, Failure, Reply, Success};
use super::media_body::MediaForm;
use super::page::{LARGEST_LIMIT, limit_within};
use super::{JsonBody, Tag, Word};
use crate::app::App;
use crate::authz::{Can, DeleteMedia, Permission, ReadMedia, Rows, WriteMedia};
use crate::error::Result as OurResult;
use crate::media::links::{self, Links};
use crate::media::{self as desk, Asker, cloudinary, remove, upload};
use crate::slice::Slice;
use crate::store::media::Filter;

pub struct MediaLibrary;

/// A file that somebody has uploaded.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
pub struct MediaOut {
    pub id: Uuid,
    /// The user who uploaded it.
    pub owner_id: Uuid,
    pub state: Word<MediaState>,
    /// By its content; missing until enough of it is there.
    pub kind: Option<Word<MediaKind>>,
    pub content_type: Option<String>,
    /// As its owner calls it.
    pub name: Option<String>,
    pub size_bytes: i64,
    /// Of the file, in hex. Missing for what lies at Cloudinary.
    pub sha256: Option<String>,
    /// Pixels, as the picture is looked at.
    pub width: Option<i32>,
    pub height: Option<i32>,
    /// Where it is cheaply known: of WAV, and of what lies at Cloudinary.
    pub duration_ms: Option<i64>,
    /// Opens the file to whoever has this address, without a token, until `linksUntil`. Missing until it is ready.
    pub url: Option<String>,
    /// The same for a small picture of a picture, which is there a moment after it is ready.
    pub thumbnail_url: Option<String>,
    /// When the two addresses end; at once when it is deleted.
    pub links_until: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub ready_at: Option<DateTime<Utc>>,
}

impl MediaOut {
    pub fn of(app: &App, row: media::Model) -> OurResult<Self> {
        let (url, thumbnail_url, links_until) = match links::of(app, &row)? {
            Some(Links { url, thumbnail_url, until }) => (Some(url), thumbnail_url, Some(until)),
            None => (None, None, None),
        };
        Ok(Self {
            id: row.id.0,
            owner_id: row.user_id.0,
            state: Word(row.state),
            kind: row.kind.map(Word),
            content_type: row.content_type,
            name: row.name,
            size_bytes: row.size_bytes,
            sha256: row.sha256,
            width: row.width,
            height: row.height,
            duration_ms: row.duration_ms,
            url,
            thumbnail_url,
            links_until,
            created_at: row.created_at,
            ready_at: row.ready_at,
        })
    }
}

/// A file that the client will put to Cloudinary.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct CloudinaryUploadIn {
    /// `image`, `audio` or `video`.
    kind: Word<MediaKind>,
    /// As its owner calls it.
    #[oai(validator(min_length = 1, max_length = 255))]
    name: Option<String>,
    #[oai(validator(minimum(value = "1")))]
    size_bytes: u64,
}

/// A field of a form.
#[derive(Object, Debug)]
struct FormField {
    name: String,
    value: String,
}

/// How a file is put to Cloudinary: as a form of these fields and `file`, posted to `url` within an hour.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase")]
struct CloudinaryUploadOut {
    media_id: Uuid,
    url: String,
    fields: Vec<FormField>,
}

/// What Cloudinary has answered.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", deny_unknown_fields)]
struct CloudinaryAnswerIn {
    version: u64,
    #[oai(validator(min_length = 1, max_length = 64))]
    signature: String,
}

/// As whom the caller asks.
fn asker<P: Permission>(can: &Can<P>) -> Asker {
    match can.rows() {
        Rows::All => Asker::Manager(can.caller().user),
        Rows::Own => Asker::Owner(can.caller().user),
    }
}

#[OpenApi(prefix_path = "/api/media", tag = "Tag::Media")]
impl MediaLibrary {
    /// Uploads a file in one request.
    ///
    /// The field `file` of a form, at most `MAX_FILE_SIZE` bytes. Whether it is taken, its content says, not its name: pictures
    /// (PNG, JPEG, WebP, GIF), sounds, films and documents of common types; 422 `MEDIA_TYPE_REFUSED` for others. What is larger
    /// than 5 MB is better uploaded in parts (`POST /api/media/uploads`).
    #[oai(path = "/", method = "post", operation_id = "uploadMedia")]
    async fn upload(
        &self,
        can: Can<WriteMedia>,
        Data(app): Data<&App>,
        /// Devices have encrypted it, for a message in an encrypted chat: it is taken as it is, and nothing is known of it.
        Query(encrypted): Query<Option<bool>>,
        form: MediaForm,
    ) -> Result<Created<MediaOut>, Failure> {
        let MediaForm { name, content_type, body } = form;
        let (owner, encrypted) = (can.caller().user, encrypted.unwrap_or_default());
        let single = upload::Single { owner, name, content_type, encrypted, body };
        let row = upload::take(app, can.scope()?, single).await?;
        Created::of(MediaOut::of(app, row)?)
    }

    /// Lists media that are ready, newest first.
    ///
    /// What others have shown in a chat or a story is not among them: it is seen there, by those whom that is for.
    #[oai(path = "/", method = "get", operation_id = "listMedia")]
    async fn list(
        &self,
        can: Can<ReadMedia>,
        Data(app): Data<&App>,
        /// Only the caller's own. Who may only see his own sees no others without it, either.
        Query(mine): Query<Option<bool>>,
        /// Only of this kind.
        Query(kind): Query<Option<Word<MediaKind>>>,
        /// 1 to 100; 50 unless said.
        Query(limit): Query<Option<u64>>,
        /// Reads on behind an earlier page.
        Query(cursor): Query<Option<String>>,
    ) -> Reply<Vec<MediaOut>> {
        let me = can.caller().user;
        let owner = (can.rows() == Rows::Own || mine.unwrap_or_default()).then_some(me);
        let filter = Filter { owner, kind: kind.map(|word| word.0), but_shown_by_others_than: Some(me) };
        let limit = limit_within(limit, LARGEST_LIMIT)?;
        let Slice { rows, next_cursor } =
            desk::list(app, can.scope()?, filter, cursor.as_deref(), limit).await?;
        let data = rows.into_iter().map(|row| MediaOut::of(app, row)).collect::<OurResult<_>>()?;
        Ok(Json(Success { next_cursor, ..Success::of(data) }))
    }

    /// Shows media, with links to fetch them by.
    #[oai(path = "/:id", method = "get", operation_id = "getMedia")]
    async fn get(&self, can: Can<ReadMedia>, Data(app): Data<&App>, Path(id): Path<Uuid>) -> Reply<MediaOut> {
        let row = desk::get(app, can.scope()?, asker(&can), MediaId(id)).await?;
        Success::ok(MediaOut::of(app, row)?)
    }

    /// Deletes media. Their links open nothing from then on.
    #[oai(path = "/:id", method = "delete", operation_id = "deleteMedia")]
    async fn delete(
        &self,
        can: Can<DeleteMedia>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
    ) -> Result<Json<Done>, Failure> {
        remove::remove(app, can.scope()?, asker(&can), MediaId(id)).await?;
        Done::saying("The media are deleted.")
    }

    /// Lets the client put a file to Cloudinary.
    ///
    /// The answer has the form that the client sends there itself, with our signature. 409 `CLOUDINARY_OFF` where the server
    /// has no account there. When the file is there: `POST /api/media/{id}/confirm`.
    #[oai(path = "/cloudinary", method = "post", operation_id = "beginCloudinaryUpload")]
    async fn begin_cloudinary(
        &self,
        can: Can<WriteMedia>,
        Data(app): Data<&App>,
        JsonBody(body): JsonBody<CloudinaryUploadIn>,
    ) -> Result<Created<CloudinaryUploadOut>, Failure> {
        let (scope, owner) = (can.scope()?, can.caller().user);
        let CloudinaryUploadIn { kind, name, size_bytes } = body;
        let ticket = cloudinary::announce(app, scope, owner, name, kind.0, size_bytes).await?;
        let fields =
            ticket.fields.into_iter().map(|(name, value)| FormField { name: name.to_owned(), value });
        Created::of(CloudinaryUploadOut {
            media_id: ticket.row.id.0,
            url: ticket.url,
            fields: fields.collect(),
        })
    }

    /// Says that the file is at Cloudinary.
    ///
    /// With `version` and `signature` of Cloudinary's answer to the client. What the file is, the server asks Cloudinary itself.
    #[oai(path = "/:id/confirm", method = "post", operation_id = "confirmCloudinaryUpload")]
    async fn confirm(
        &self,
        can: Can<WriteMedia>,
        Data(app): Data<&App>,
        Path(id): Path<Uuid>,
        JsonBody(body): JsonBody<CloudinaryAnswerIn>,
    ) -> Reply<MediaOut> {
        let (scope, owner) = (can.scope()?, can.caller().user);
        let CloudinaryAnswerIn { version, signature } = body;
        let row = cloudinary::confirm(app, scope, owner, MediaId(id), version, &signature).await?;
        Success::ok(MediaOut::of(app, row)?)
    }
}
