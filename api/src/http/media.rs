//! Files that the provider fetches while a call is going on. Their addresses hold the hash of the content, so nobody finds
//! one by guessing, and each may be cached for ever.

use poem::http::{StatusCode, header};
use poem::web::{Data, Path};
use poem::{IntoResponse, Request, Response, handler};

use super::envelope::Failure;
use crate::app::App;
use crate::prompts::audio;

pub const PROMPTS: &str = "/media/:company/prompts/:prompt/:file";

const FOR_EVER: &str = "public, max-age=31536000, immutable";

#[handler]
pub async fn prompt(
    Path((company, prompt, file)): Path<(String, String, String)>,
    Data(app): Data<&App>,
    request: &Request,
) -> Result<Response, Failure> {
    let Some(found) = audio::fetch(app, &company, &prompt, &file).await? else {
        return Ok(StatusCode::NOT_FOUND.into_response());
    };
    let tag = format!("\"{}\"", found.sha256);
    let known = request.header(header::IF_NONE_MATCH).is_some_and(|known| known.contains(&tag));
    let answer = Response::builder().header(header::ETAG, tag).header(header::CACHE_CONTROL, FOR_EVER);
    Ok(if known {
        answer.status(StatusCode::NOT_MODIFIED).finish()
    } else {
        answer.content_type(found.format.content_type()).body(found.bytes)
    })
}
