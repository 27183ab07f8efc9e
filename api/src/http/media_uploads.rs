//! Uploads in parts, by the tus protocol (1.0.0: core, creation, expiration, termination): its clients go on where a lost
//! connection or a killed server left off.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};
use entity::id::MediaId;
use entity::{MediaState, media};
use poem::http::{HeaderName, HeaderValue, Method, StatusCode};
use poem::web::Data;
use poem::{Endpoint, IntoResponse, Middleware, Request, Response};
use poem_openapi::param::{Header, Path};
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use uuid::Uuid;

use super::envelope::{Failure, Refused, Success};
use super::media_body::UploadBytes;
use super::{Tag, Word};
use crate::app::App;
use crate::authz::{Can, WriteMedia};
use crate::error::Error;
use crate::media::{Asker, remove, upload};

pub const PREFIX: &str = "/api/media/uploads";
const VERSION: &str = "1.0.0";
const EXTENSIONS: &str = "creation,expiration,termination";
const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");

pub struct MediaUploads;

/// How far an upload is.
#[derive(Object, Debug)]
#[oai(rename_all = "camelCase", skip_serializing_if_is_none)]
struct UploadOut {
    /// The id of the media.
    id: Uuid,
    state: Word<MediaState>,
    /// Bytes that are there.
    offset: i64,
    size_bytes: i64,
    /// When it is forgotten unless it is complete.
    expires_at: Option<DateTime<Utc>>,
}

impl From<media::Model> for UploadOut {
    fn from(row: media::Model) -> Self {
        Self {
            id: row.id.0,
            state: Word(row.state),
            offset: row.received_bytes,
            size_bytes: row.size_bytes,
            expires_at: row.expires_at,
        }
    }
}

#[derive(ApiResponse)]
enum Begun {
    /// Begun: the upload is at this address, whose last part is the id of the media.
    #[oai(status = 201)]
    Begun(
        #[oai(header = "Location")] String,
        #[oai(header = "Upload-Offset")] i64,
        /// As a date of HTTP.
        #[oai(header = "Upload-Expires")]
        String,
    ),
}

#[derive(ApiResponse)]
enum Standing {
    /// How far it is; the same in headers, for `HEAD`.
    #[oai(status = 200)]
    Standing(
        Json<Success<UploadOut>>,
        #[oai(header = "Upload-Offset")] i64,
        #[oai(header = "Upload-Length")] i64,
        /// As a date of HTTP; missing when it is complete.
        #[oai(header = "Upload-Expires")]
        Option<String>,
    ),
}

#[derive(ApiResponse)]
enum Taken {
    /// Taken: so many bytes are there.
    #[oai(status = 204)]
    Taken(
        #[oai(header = "Upload-Offset")] i64,
        /// As a date of HTTP; missing when it is complete.
        #[oai(header = "Upload-Expires")]
        Option<String>,
    ),
}

#[derive(ApiResponse)]
enum Ended {
    /// There is no such upload any more.
    #[oai(status = 204)]
    Ended,
}

/// RFC 9110, 5.6.7.
fn http_date(at: DateTime<Utc>) -> String {
    at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn speaks(version: Option<&str>) -> Result<(), Failure> {
    match version {
        None | Some(VERSION) => Ok(()),
        Some(_) => Err(Error::TusVersion.into()),
    }
}

/// What is used of the pairs of a key and a value in base64 (tus, creation); a value may be missing.
#[derive(Debug, Default, PartialEq, Eq)]
struct Metadata {
    name: Option<String>,
    encrypted: bool,
}

impl Metadata {
    fn read(header: Option<&str>) -> Result<Self, Failure> {
        let wrong = |message: &str| Failure(Error::invalid("Upload-Metadata", message));
        let mut read = Self::default();
        for pair in header.unwrap_or_default().split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once(' ').unwrap_or((pair, ""));
            let text = || {
                let bytes = BASE64_STANDARD.decode(value.trim());
                let bytes = bytes.map_err(|_| wrong("holds a value that is no base64"))?;
                String::from_utf8(bytes).map_err(|_| wrong("holds a value that is no UTF-8"))
            };
            match key {
                "filename" | "name" if read.name.is_none() => read.name = Some(text()?),
                "encrypted" => match text()?.as_str() {
                    "" | "true" => read.encrypted = true,
                    "false" => {}
                    _ => return Err(wrong("says of `encrypted` neither true nor false")),
                },
                _ => {}
            }
        }
        Ok(read)
    }
}

#[OpenApi(prefix_path = "/api/media/uploads", tag = "Tag::Media")]
impl MediaUploads {
    /// Begins an upload in parts, by the tus protocol.
    ///
    /// The parts are sent by `PATCH` to the address in `Location`, each from where the upload stands; `HEAD` says where that is.
    /// 413 when no file may be so large. An upload that is not complete in a day is forgotten.
    #[oai(path = "/", method = "post", operation_id = "beginUpload")]
    async fn begin(
        &self,
        can: Can<WriteMedia>,
        Data(app): Data<&App>,
        /// 1.0.0
        #[oai(name = "Tus-Resumable")]
        Header(version): Header<Option<String>>,
        /// Bytes of the whole file.
        #[oai(name = "Upload-Length")]
        Header(size): Header<u64>,
        /// Pairs of a key and a value in base64; `filename` is used, and `encrypted` (true) of a file that devices have
        /// encrypted for a message in an encrypted chat.
        #[oai(name = "Upload-Metadata")]
        Header(metadata): Header<Option<String>>,
    ) -> poem::Result<Begun> {
        speaks(version.as_deref())?;
        let largest = app.settings.media.largest();
        if size > largest {
            return Err(Refused::TooLarge(usize::try_from(largest).unwrap_or(usize::MAX)).into());
        }
        let Metadata { name, encrypted } = Metadata::read(metadata.as_deref())?;
        let (owner, scope) = (can.caller().user, can.scope().map_err(Failure)?);
        let row = upload::announce(app, scope, owner, (name, encrypted), size).await.map_err(Failure)?;
        let until = row.expires_at.unwrap_or(row.created_at);
        Ok(Begun::Begun(format!("{PREFIX}/{}", row.id), 0, http_date(until)))
    }

    /// Shows how far an upload is.
    #[oai(path = "/:id", method = "get", operation_id = "getUpload")]
    async fn get(
        &self,
        can: Can<WriteMedia>,
        Data(app): Data<&App>,
        /// 1.0.0
        #[oai(name = "Tus-Resumable")]
        Header(version): Header<Option<String>>,
        Path(id): Path<Uuid>,
    ) -> Result<Standing, Failure> {
        speaks(version.as_deref())?;
        let row = upload::progress(app, can.scope()?, can.caller().user, MediaId(id)).await?;
        let (offset, size, until) = (row.received_bytes, row.size_bytes, row.expires_at.map(http_date));
        Ok(Standing::Standing(Json(Success::of(row.into())), offset, size, until))
    }

    /// Sends bytes of an upload.
    ///
    /// From `Upload-Offset` on, which must be where it stands (409 `UPLOAD_OFFSET`). What was received before a connection was
    /// lost is kept. With the last bytes the file is put together: when the answer comes, the media are ready. 422
    /// `MEDIA_TYPE_REFUSED` as soon as its first bytes say that it is not taken.
    #[oai(path = "/:id", method = "patch", operation_id = "continueUpload")]
    async fn patch(
        &self,
        can: Can<WriteMedia>,
        Data(app): Data<&App>,
        /// 1.0.0
        #[oai(name = "Tus-Resumable")]
        Header(version): Header<Option<String>>,
        /// The place of the first of these bytes in the file.
        #[oai(name = "Upload-Offset")]
        Header(offset): Header<u64>,
        Path(id): Path<Uuid>,
        UploadBytes(body): UploadBytes,
    ) -> Result<Taken, Failure> {
        speaks(version.as_deref())?;
        let (scope, owner) = (can.scope()?, can.caller().user);
        let row = upload::receive(app, scope, owner, MediaId(id), offset, body).await?;
        Ok(Taken::Taken(row.received_bytes, row.expires_at.map(http_date)))
    }

    /// Gives an upload up.
    #[oai(path = "/:id", method = "delete", operation_id = "endUpload")]
    async fn delete(
        &self,
        can: Can<WriteMedia>,
        Data(app): Data<&App>,
        /// 1.0.0
        #[oai(name = "Tus-Resumable")]
        Header(version): Header<Option<String>>,
        Path(id): Path<Uuid>,
    ) -> Result<Ended, Failure> {
        speaks(version.as_deref())?;
        remove::remove(app, can.scope()?, Asker::Owner(can.caller().user), MediaId(id)).await?;
        Ok(Ended::Ended)
    }
}

/// The layer that says in every answer about uploads, a failure too, which protocol they speak; and what it can, to who asks.
pub struct Tus {
    /// Bytes of the largest file.
    pub largest: u64,
}

impl<E: Endpoint<Output = Response>> Middleware<E> for Tus {
    type Output = SpeaksTus<E>;

    fn transform(&self, inner: E) -> SpeaksTus<E> {
        SpeaksTus { inner, largest: self.largest }
    }
}

pub struct SpeaksTus<E> {
    inner: E,
    largest: u64,
}

impl<E: Endpoint<Output = Response>> Endpoint for SpeaksTus<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let rest = request.uri().path().strip_prefix(PREFIX);
        if !rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
            return self.inner.call(request).await;
        }
        let mut response = if *request.method() == Method::OPTIONS {
            StatusCode::NO_CONTENT.into_response()
        } else {
            self.inner.call(request).await?
        };
        let headers = response.headers_mut();
        headers.insert(RESUMABLE, HeaderValue::from_static(VERSION));
        headers.insert("tus-version", HeaderValue::from_static(VERSION));
        headers.insert("tus-extension", HeaderValue::from_static(EXTENSIONS));
        headers.insert("tus-max-size", self.largest.into());
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_its_name_and_whether_it_is_encrypted_among_its_metadata() {
        let read = |header: Option<&str>| Metadata::read(header).ok();
        let said = |name: &str, encrypted| Some(Metadata { name: Some(name.to_owned()), encrypted });
        assert_eq!(read(Some("filetype aW1hZ2UvcG5n,filename Wm/Dqy5wbmc=")), said("Zoë.png", false));
        assert_eq!(read(Some("is_confidential, name YQ==")), said("a", false));
        for encrypted in ["encrypted", "encrypted dHJ1ZQ=="] {
            assert_eq!(read(Some(&format!("name YQ==,{encrypted}"))), said("a", true));
        }
        assert_eq!(read(Some("encrypted ZmFsc2U=")), Some(Metadata::default()));
        assert_eq!(read(None), Some(Metadata::default()));
        assert_eq!(read(Some("filename ***")), None);
        assert_eq!(read(Some("filename /w==")), None, "no UTF-8");
        assert_eq!(read(Some("encrypted YQ==")), None, "neither true nor false");
    }

    #[test]
    fn a_date_is_one_of_http() {
        assert_eq!(http_date("2026-03-02T12:00:00Z".parse().unwrap()), "Mon, 02 Mar 2026 12:00:00 GMT");
    }
}
