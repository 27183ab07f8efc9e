//! A body that is a file of CSV, taken as it comes: it may be larger than what is held in memory.

use futures_util::StreamExt;
use poem::{Request, RequestBody};
use poem_openapi::registry::{MetaMediaType, MetaRequest, MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::{ApiExtractor, ApiExtractorType, ExtractParamOptions};

use super::envelope::Refused;
use crate::storage::Pieces;

/// What browsers and spreadsheets call it.
const TYPES: [&str; 5] =
    ["text/csv", "application/csv", "text/plain", "application/vnd.ms-excel", "application/octet-stream"];

pub struct CsvBody(pub Pieces);

impl<'a> ApiExtractor<'a> for CsvBody {
    const TYPES: &'static [ApiExtractorType] = &[ApiExtractorType::RequestObject];

    type ParamType = ();
    type ParamRawType = ();

    fn register(_: &mut Registry) {}

    fn request_meta() -> Option<MetaRequest> {
        let schema = MetaSchemaRef::Inline(Box::new(MetaSchema::new_with_format("string", "binary")));
        let content = vec![MetaMediaType { content_type: "text/csv", schema }];
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
            return Err(Refused::ContentType(content_type.to_owned(), "text/csv").into());
        }
        Ok(Self(body.take()?.into_bytes_stream().boxed()))
    }
}
