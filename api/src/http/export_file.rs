//! The files of exports on their way: sent while they are read, or fetched with ranges once they are there.

use futures_util::TryStreamExt;
use poem::http::{StatusCode, header};
use poem::{Body, IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::registry::{
    MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry,
};

use super::envelope::Failure;
use super::range::{Asked, Wanted};
use crate::app::App;
use crate::error::Error;
use crate::exports::Wish;
use crate::exports::desk::File;
use crate::exports::stream::Travel;
use crate::storage::Pieces;

/// An export that is sent while it is read.
pub struct ExportStream(Response);

impl ExportStream {
    pub fn of(wish: &Wish, travel: Travel, pieces: Pieces) -> Self {
        Self::named(wish.content_type(), wish.disposition(), travel, pieces)
    }

    pub fn named(content_type: &str, disposition: String, travel: Travel, pieces: Pieces) -> Self {
        let response = Response::builder()
            .content_type(content_type)
            .header(header::CONTENT_DISPOSITION, disposition)
            .header(header::CACHE_CONTROL, "no-store")
            .header(header::VARY, "Accept-Encoding");
        let response = match travel {
            Travel::AsTheyAre => response,
            Travel::Gzip => response.header(header::CONTENT_ENCODING, "gzip"),
        };
        Self(response.body(Body::from_bytes_stream(pieces.inspect_err(|_| break_off()))))
    }
}

/// Ends the connection in the middle of an answer, by which alone a client learns that it is not whole. To give hyper the error
/// does not: poem polls the failed connection once more, and hyper then writes the last chunk of an answer that has none.
/// Unwinding takes the connection along; poem catches it, and nothing is printed. (Of an answer with a length any client notices.)
fn break_off() -> ! {
    std::panic::resume_unwind(Box::new("an answer is broken off"))
}

/// The file of an export, a part of it, or where it is.
pub struct ExportContent(Response);

impl ExportContent {
    pub async fn of(app: &App, file: &File, asked: &Asked) -> Result<Self, Failure> {
        let tag = format!("\"{}\"", file.tag);
        let wanted = asked.of(file.size, &tag);
        let known = Response::builder().header(header::ETAG, &tag);
        if wanted == Wanted::Nothing {
            return Ok(Self(known.status(StatusCode::NOT_MODIFIED).finish()));
        }
        if let Some(link) = file.link(app).await? {
            let elsewhere = Response::builder().status(StatusCode::FOUND).header(header::LOCATION, link);
            return Ok(Self(elsewhere.header(header::CACHE_CONTROL, "no-store").finish()));
        }
        let answer = known
            .content_type(file.wish.content_type())
            .header(header::CONTENT_DISPOSITION, file.wish.disposition())
            .header(header::CACHE_CONTROL, "private, no-cache")
            .header(header::ACCEPT_RANGES, "bytes");
        let answer = match wanted {
            Wanted::Whole | Wanted::Nothing => answer
                .header(header::CONTENT_LENGTH, file.size)
                .body(Body::from_bytes_stream(file.read(app, None).await?)),
            Wanted::Part(part) => answer
                .status(StatusCode::PARTIAL_CONTENT)
                .header(header::CONTENT_LENGTH, part.end - part.start)
                .header(header::CONTENT_RANGE, format!("bytes {}-{}/{}", part.start, part.end - 1, file.size))
                .body(Body::from_bytes_stream(file.read(app, Some(part)).await?)),
            Wanted::OutOfRange => return Err(Error::OutOfRange { size: file.size }.into()),
        };
        Ok(Self(answer))
    }
}

impl IntoResponse for ExportStream {
    fn into_response(self) -> Response {
        self.0
    }
}

impl IntoResponse for ExportContent {
    fn into_response(self) -> Response {
        self.0
    }
}

/// A file, as CSV, NDJSON, or either of them compressed.
fn file() -> Vec<MetaMediaType> {
    let schema = || MetaSchema { format: Some("binary"), ..MetaSchema::new("string") };
    ["text/csv", "application/x-ndjson", "application/gzip"]
        .into_iter()
        .map(|content_type| MetaMediaType { content_type, schema: MetaSchemaRef::Inline(Box::new(schema())) })
        .collect()
}

fn response(
    status: u16,
    description: &'static str,
    content: Vec<MetaMediaType>,
    headers: &[&str],
) -> MetaResponse {
    let header = |name: &&str| MetaHeader {
        name: (*name).to_owned(),
        description: None,
        required: true,
        deprecated: false,
        schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new("string"))),
    };
    MetaResponse {
        description,
        status: Some(status),
        status_range: None,
        content,
        headers: headers.iter().map(header).collect(),
    }
}

impl ApiResponse for ExportStream {
    fn meta() -> MetaResponses {
        let whole = "The rows, to the end. An answer that breaks off is not whole.";
        MetaResponses { responses: vec![response(200, whole, file(), &["Content-Disposition"])] }
    }

    fn register(_: &mut Registry) {}
}

impl ApiResponse for ExportContent {
    fn meta() -> MetaResponses {
        let responses = vec![
            response(200, "The whole file.", file(), &["Content-Length", "ETag", "Content-Disposition"]),
            response(206, "The part that was asked for.", file(), &["Content-Range", "ETag"]),
            response(302, "The file is at this address for some minutes.", Vec::new(), &["Location"]),
            response(304, "The client has it already.", Vec::new(), &["ETag"]),
        ];
        MetaResponses { responses }
    }

    fn register(_: &mut Registry) {}
}
