//! A body that is a picture. What it really is, its content says; the type in the header is only how clients call it.

use bytes::Bytes;
use poem::error::ReadBodyError;
use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use super::envelope::Refused;
use crate::app::App;

const TYPES: [&str; 4] = ["image/png", "image/jpeg", "image/webp", "image/gif"];

/// At most `max_file_size` of the settings.
pub struct ImageBody(pub Bytes);

impl<'a> ApiExtractor<'a> for ImageBody {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(_: &mut Registry) {}

    fn request_meta() -> Option<MetaRequest> {
        let binary = || MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "binary")));
        let content =
            TYPES.map(|content_type| MetaMediaType { content_type, schema: binary() }).into_iter().collect();
        Some(MetaRequest { description: None, required: true, content })
    }

    async fn from_request(
        request: &'a Request,
        body: &mut RequestBody,
        _: ExtractParamOptions<()>,
    ) -> poem::Result<Self> {
        let content_type = request.content_type().unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        if !TYPES.iter().any(|known| essence.eq_ignore_ascii_case(known)) {
            let wanted = "image/png, image/jpeg, image/webp or image/gif";
            return Err(Refused::ContentType(content_type.to_owned(), wanted).into());
        }
        let app: &App = request.data().expect("every route carries the app");
        let limit = app.settings.max_file_size;
        let bytes = body.take()?.into_bytes_limit(limit).await.map_err(|error| match error {
            ReadBodyError::PayloadTooLarge => Refused::TooLarge(limit),
            ReadBodyError::BodyHasBeenTaken | ReadBodyError::Utf8(_) | ReadBodyError::Io(_) => {
                Refused::BrokenOff
            }
        })?;
        Ok(Self(bytes))
    }
}
