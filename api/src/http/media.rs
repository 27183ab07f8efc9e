//! Files that are fetched without an account. The provider's have the hash of their content in the address, so nobody finds
//! one by guessing, and each may be cached for ever. A recording has an address that we signed, good for a while.

use std::time::Duration;

use poem::http::{StatusCode, header};
use poem::web::{Data, Path, Query};
use poem::{Body, IntoResponse, Request, Response, ResponseBuilder, handler};

use serde::Deserialize;

use super::envelope::Failure;
use super::export_file::ExportContent;
use super::range::{Asked, Wanted};
use super::recordings::SoundOut;
use crate::app::App;
use crate::calls::transcription::audio as voicemails;
use crate::error::Error;
use crate::exports::desk as exports;
use crate::identity::avatars;
use crate::media::links;
use crate::privacy::desk as privacy;
use crate::prompts::audio;

pub const PROMPTS: &str = "/media/:company/prompts/:prompt/:file";
pub const EXPORTS: &str = "/media/:company/exports/:export";
pub const PRIVACY: &str = "/media/:company/privacy/:request";
pub const FILES: &str = "/media/:company/files/:media";
pub const THUMBNAILS: &str = "/media/:company/files/:media/thumbnail";
pub const RECORDINGS: &str = "/media/:company/recordings/:recording";

pub const AVATARS: &str = "/avatars/:user/:file";

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

/// Somebody uploaded it: a browser must take it for nothing but a picture.
#[handler]
pub async fn avatar(
    Path((user, file)): Path<(String, String)>,
    Data(app): Data<&App>,
    request: &Request,
) -> Result<Response, Failure> {
    let Some(found) = avatars::fetch(app, &user, &file).await? else {
        return Ok(StatusCode::NOT_FOUND.into_response());
    };
    let tag = format!("\"{}\"", found.sha256);
    let known = request.header(header::IF_NONE_MATCH).is_some_and(|known| known.contains(&tag));
    let answer = Response::builder()
        .header(header::ETAG, tag)
        .header(header::CACHE_CONTROL, FOR_EVER)
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox");
    Ok(if known {
        answer.status(StatusCode::NOT_MODIFIED).finish()
    } else {
        answer.content_type(found.format.content_type()).body(found.bytes)
    })
}

/// What makes the address of a recording, of an export's file or of media one of ours.
#[derive(Deserialize)]
pub struct Signed {
    #[serde(default)]
    until: String,
    #[serde(default)]
    signature: String,
}

#[handler]
pub async fn recording(
    Path((company, recording)): Path<(String, String)>,
    Query(Signed { until, signature }): Query<Signed>,
    Data(app): Data<&App>,
    request: &Request,
) -> Result<Response, Failure> {
    let address = voicemails::Address {
        company: &company,
        recording: &recording,
        until: &until,
        signature: &signature,
    };
    let Some(sound) = voicemails::fetch(app, address).await? else {
        return Ok(StatusCode::NOT_FOUND.into_response());
    };
    Ok(SoundOut::of(app, sound, &asked(request)).await?.into_response())
}

#[handler]
pub async fn export(
    Path((company, export)): Path<(String, String)>,
    Query(Signed { until, signature }): Query<Signed>,
    Data(app): Data<&App>,
    request: &Request,
) -> Result<Response, Failure> {
    let address =
        exports::Address { company: &company, export: &export, until: &until, signature: &signature };
    let Some(file) = exports::fetch_signed(app, address).await? else {
        return Ok(StatusCode::NOT_FOUND.into_response());
    };
    Ok(ExportContent::of(app, &file, &asked(request)).await?.into_response())
}

/// What is held on a person, for who was given the address: it is kept by nobody on the way.
#[handler]
pub async fn person(
    Path((company, request)): Path<(String, String)>,
    Query(Signed { until, signature }): Query<Signed>,
    Data(app): Data<&App>,
) -> Result<Response, Failure> {
    let address =
        privacy::Address { company: &company, request: &request, until: &until, signature: &signature };
    let Some(archive) = privacy::fetch_signed(app, address).await? else {
        return Ok(StatusCode::NOT_FOUND.into_response());
    };
    Ok(Response::builder()
        .content_type("application/x-tar")
        .header(header::CONTENT_LENGTH, archive.size)
        .header(header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", archive.file_name))
        .header(header::CACHE_CONTROL, "no-store")
        .body(Body::from_bytes_stream(archive.pieces)))
}

fn address<'a>(company: &'a str, media: &'a str, part: &'a str, signed: &'a Signed) -> links::Address<'a> {
    links::Address { company, media, part, until: &signed.until, signature: &signed.signature }
}

/// Somebody uploaded it: a browser must take it for nothing but what we say that it is, and run nothing in it.
fn shut_in(answer: ResponseBuilder, tag: &str, fresh_for: Duration) -> ResponseBuilder {
    answer
        .header(header::ETAG, tag)
        .header(header::CACHE_CONTROL, format!("private, max-age={}", fresh_for.as_secs()))
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox")
}

#[handler]
pub async fn upload(
    Path((company, media)): Path<(String, String)>,
    Query(signed): Query<Signed>,
    Data(app): Data<&App>,
    request: &Request,
) -> Result<Response, Failure> {
    let Some(file) = links::fetch(app, address(&company, &media, "", &signed)).await? else {
        return Ok(StatusCode::NOT_FOUND.into_response());
    };
    let tag = format!("\"{}\"", file.tag);
    let wanted = asked(request).of(file.size, &tag);
    let answer = shut_in(Response::builder(), &tag, file.fresh_for);
    if wanted == Wanted::Nothing {
        return Ok(answer.status(StatusCode::NOT_MODIFIED).finish());
    }
    if let Some(link) = file.link(app).await? {
        let elsewhere = Response::builder().status(StatusCode::FOUND).header(header::LOCATION, link);
        return Ok(elsewhere.header(header::CACHE_CONTROL, "no-store").finish());
    }
    let answer = answer
        .content_type(&file.content_type)
        .header(header::CONTENT_DISPOSITION, &file.disposition)
        .header(header::ACCEPT_RANGES, "bytes");
    Ok(match wanted {
        Wanted::Whole | Wanted::Nothing => answer
            .header(header::CONTENT_LENGTH, file.size)
            .body(Body::from_bytes_stream(file.read(app, None).await?)),
        Wanted::Part(part) => answer
            .status(StatusCode::PARTIAL_CONTENT)
            .header(header::CONTENT_LENGTH, part.end - part.start)
            .header(header::CONTENT_RANGE, format!("bytes {}-{}/{}", part.start, part.end - 1, file.size))
            .body(Body::from_bytes_stream(file.read(app, Some(part)).await?)),
        Wanted::OutOfRange => return Err(Error::OutOfRange { size: file.size }.into()),
    })
}

#[handler]
pub async fn upload_thumbnail(
    Path((company, media)): Path<(String, String)>,
    Query(signed): Query<Signed>,
    Data(app): Data<&App>,
    request: &Request,
) -> Result<Response, Failure> {
    let address = address(&company, &media, "/thumbnail", &signed);
    let Some(small) = links::fetch_thumbnail(app, address).await? else {
        return Ok(StatusCode::NOT_FOUND.into_response());
    };
    let tag = format!("\"{}\"", small.tag);
    let answer = shut_in(Response::builder(), &tag, small.fresh_for);
    Ok(match asked(request).of(small.bytes.len() as u64, &tag) {
        Wanted::Nothing => answer.status(StatusCode::NOT_MODIFIED).finish(),
        Wanted::Whole | Wanted::Part(_) | Wanted::OutOfRange => {
            answer.content_type(small.content_type).body(small.bytes)
        }
    })
}

fn asked(request: &Request) -> Asked {
    let header = |name: header::HeaderName| request.header(name).map(str::to_owned);
    Asked {
        range: header(header::RANGE),
        if_range: header(header::IF_RANGE),
        if_none_match: header(header::IF_NONE_MATCH),
    }
}
