//! Bodies that are media on their way in: a form with a file, or the bytes of an upload from a place on. Neither is taken in
//! here: the use case reads it piece by piece.

use bytes::BytesMut;
use futures_util::StreamExt;
use poem::web::Multipart;
use poem::{FromRequest, Request, RequestBody};
use poem_openapi::registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};
use tokio::io::AsyncReadExt;

use super::envelope::Refused;
use crate::error::FieldError;
use crate::media::upload::Body;

const FORM: &str = "multipart/form-data";
/// As tus calls it.
pub const PART: &str = "application/offset+octet-stream";
/// Read at once.
const PIECE: usize = 64 * 1024;

/// A form with a field `file`; what comes before it is ignored.
pub struct MediaForm {
    pub name: Option<String>,
    pub content_type: Option<String>,
    pub body: Body,
}

/// The bytes of an upload.
pub struct UploadBytes(pub Body);

fn binary() -> MetaSchemaRef {
    MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "binary")))
}

fn described(content_type: &'static str, schema: MetaSchemaRef) -> MetaRequest {
    MetaRequest { description: None, required: true, content: vec![MetaMediaType { content_type, schema }] }
}

fn essence(request: &Request) -> &str {
    request.content_type().unwrap_or_default().split(';').next().unwrap_or_default().trim()
}

fn other_type(request: &Request, wanted: &'static str) -> poem::Error {
    Refused::ContentType(request.content_type().unwrap_or_default().to_owned(), wanted).into()
}

impl<'a> ApiExtractor<'a> for MediaForm {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(_: &mut Registry) {}

    fn request_meta() -> Option<MetaRequest> {
        let form = MetaSchema {
            properties: vec![("file", binary())],
            required: vec!["file"],
            ..MetaSchema::new("object")
        };
        Some(described(FORM, MetaSchemaRef::Inline(Box::new(form))))
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        if !essence(request).eq_ignore_ascii_case(FORM) {
            return Err(other_type(request, FORM));
        }
        let form = <Multipart as FromRequest>::from_request(request, body).await;
        let mut form = form.map_err(|_| other_type(request, FORM))?;
        while let Some(field) = form.next_field().await.map_err(|_| Refused::BrokenOff)? {
            if field.name() != Some("file") {
                continue;
            }
            let (name, content_type) =
                (field.file_name().map(str::to_owned), field.content_type().map(str::to_owned));
            let reader = Box::pin(field.into_async_read());
            // The form is kept as long as the field that comes of it.
            let pieces = futures_util::stream::try_unfold((reader, form), |(mut reader, form)| async move {
                let mut piece = BytesMut::with_capacity(PIECE);
                let read = reader.read_buf(&mut piece).await?;
                Ok((read > 0).then(|| (piece.freeze(), (reader, form))))
            });
            return Ok(Self { name, content_type, body: Box::pin(pieces) });
        }
        let missing = FieldError { field: "/file".to_owned(), message: "is required".to_owned() };
        Err(Refused::Fields(vec![missing]).into())
    }
}

impl<'a> ApiExtractor<'a> for UploadBytes {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(_: &mut Registry) {}

    fn request_meta() -> Option<MetaRequest> {
        Some(described(PART, binary()))
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        if !essence(request).eq_ignore_ascii_case(PART) {
            return Err(other_type(request, PART));
        }
        Ok(Self(body.take()?.into_bytes_stream().boxed()))
    }
}
