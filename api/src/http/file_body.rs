//! A body that is a file: a picture, a sound. What it really is, its content says; the type in the header is only how clients
//! call it.

use std::marker::PhantomData;

use bytes::Bytes;
use poem::error::ReadBodyError;
use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use super::envelope::Refused;
use crate::app::App;

/// What files are taken.
pub trait FileKind: Send + Sync {
    /// The types by which clients call them.
    const TYPES: &'static [&'static str];
    /// Other names of the same.
    const ALIASES: &'static [&'static str];
    /// The types as a sentence has them.
    const WANTED: &'static str;
}

pub struct Image;

impl FileKind for Image {
    const TYPES: &'static [&'static str] = &["image/png", "image/jpeg", "image/webp", "image/gif"];
    const ALIASES: &'static [&'static str] = &[];
    const WANTED: &'static str = "image/png, image/jpeg, image/webp or image/gif";
}

/// What the telephone plays.
pub struct Audio;

impl FileKind for Audio {
    const TYPES: &'static [&'static str] = &["audio/wav", "audio/mpeg"];
    const ALIASES: &'static [&'static str] = &["audio/x-wav", "audio/wave", "audio/mp3"];
    const WANTED: &'static str = "audio/wav or audio/mpeg";
}

/// At most `max_file_size` of the settings.
pub struct FileBody<K>(pub Bytes, PhantomData<K>);

impl<'a, K: FileKind> ApiExtractor<'a> for FileBody<K> {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(_: &mut Registry) {}

    fn request_meta() -> Option<MetaRequest> {
        let binary = || MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "binary")));
        let content =
            K::TYPES.iter().map(|content_type| MetaMediaType { content_type, schema: binary() }).collect();
        Some(MetaRequest { description: None, required: true, content })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let content_type = request.content_type().unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        if !K::TYPES.iter().chain(K::ALIASES).any(|known| essence.eq_ignore_ascii_case(known)) {
            return Err(Refused::ContentType(content_type.to_owned(), K::WANTED).into());
        }
        let app: &App = request.data().expect("every route carries the app");
        let limit = app.settings.max_file_size;
        let bytes = body.take()?.into_bytes_limit(limit).await.map_err(|error| match error {
            ReadBodyError::PayloadTooLarge => Refused::TooLarge(limit),
            ReadBodyError::BodyHasBeenTaken | ReadBodyError::Utf8(_) | ReadBodyError::Io(_) => {
                Refused::BrokenOff
            }
        })?;
        Ok(Self(bytes, PhantomData))
    }
}
