//! Media at Cloudinary: the client puts the file there with parameters that we have signed, and tells us. What it tells is
//! believed when Cloudinary signed it, and what the file is Cloudinary itself is asked.

use std::time::Duration;

use chrono::TimeDelta;
use entity::id::{MediaId, UserId};
use entity::{CompanyScope, JobKind, MediaKind, MediaState, MediaStore, media};
use reqwest::{Client, StatusCode};
use serde::Deserialize;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::{Announced, begin, fits, remove, signed};
use crate::app::App;
use crate::config::{CloudinarySettings, CloudinarySignature};
use crate::error::{Code, Error, Result, Subject};
use crate::outbound::percent_encode;
use crate::store::media as rows;
use crate::store::{Unit, jobs};

/// Cloudinary takes parameters that were signed within the last hour.
const GOOD: TimeDelta = TimeDelta::hours(1);
const PATIENCE: Duration = Duration::from_secs(10);

/// What Cloudinary calls a kind of file, the formats of that kind that are taken, and their types.
type Formats = (&'static str, &'static [(&'static str, &'static str)]);

const IMAGES: Formats =
    ("image", &[("jpg", "image/jpeg"), ("png", "image/png"), ("webp", "image/webp"), ("gif", "image/gif")]);
const SOUNDS: Formats = (
    "video",
    &[
        ("mp3", "audio/mpeg"),
        ("wav", "audio/wav"),
        ("ogg", "audio/ogg"),
        ("m4a", "audio/mp4"),
        ("aac", "audio/aac"),
        ("flac", "audio/flac"),
    ],
);
const FILMS: Formats = (
    "video",
    &[("mp4", "video/mp4"), ("webm", "video/webm"), ("mov", "video/quicktime"), ("3gp", "video/3gpp")],
);

fn formats(kind: MediaKind) -> Option<Formats> {
    match kind {
        MediaKind::Image => Some(IMAGES),
        MediaKind::Audio => Some(SOUNDS),
        MediaKind::Video => Some(FILMS),
        MediaKind::Document | MediaKind::Encrypted => None,
    }
}

/// The way to it.
pub struct Cloudinary {
    settings: CloudinarySettings,
    client: Client,
}

impl Cloudinary {
    pub fn new(settings: &CloudinarySettings) -> Result<Self> {
        let client = Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none());
        let client =
            client.build().map_err(|cause| Error::internal("make a client for Cloudinary", cause))?;
        Ok(Self { settings: settings.clone(), client })
    }

    fn url(&self, rest: &str) -> String {
        format!("{}/v1_1/{}/{rest}", self.settings.api_url, self.settings.cloud_name)
    }

    fn sign(&self, parameters: &[(&str, String)]) -> String {
        sign(parameters, self.settings.api_secret.expose(), self.settings.signature, Version::Two)
    }

    /// The parameters with the key and the signature, as they are sent.
    fn signed(&self, parameters: Vec<(&'static str, String)>) -> Vec<(&'static str, String)> {
        let signature = self.sign(&parameters);
        let mut all = parameters;
        all.push(("api_key", self.settings.api_key.clone()));
        all.push(("signature", signature));
        all
    }
}

/// How parameters are put together before they are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    One,
    /// `&` within a parameter is told apart from one between two.
    Two,
}

/// The signature of parameters: those that are not empty, by name, as `k=v` joined by `&`, with the secret behind, hashed.
/// `file`, `cloud_name`, `resource_type` and `api_key` are none of them.
pub fn sign(
    parameters: &[(&str, String)],
    secret: &str,
    algorithm: CloudinarySignature,
    version: Version,
) -> String {
    let mut given: Vec<_> = parameters.iter().filter(|(_, value)| !value.is_empty()).collect();
    given.sort_by_key(|(name, _)| *name);
    let pairs = given.iter().map(|(name, value)| match version {
        Version::One => format!("{name}={value}"),
        Version::Two => format!("{name}={value}").replace('&', "%26"),
    });
    let text = pairs.collect::<Vec<_>>().join("&") + secret;
    match algorithm {
        CloudinarySignature::Sha1 => hex::encode(Sha1::digest(text)),
        CloudinarySignature::Sha256 => hex::encode(Sha256::digest(text)),
    }
}

fn desk(app: &App) -> Result<&Cloudinary> {
    let message = "This server puts nothing to Cloudinary: upload to /api/media or /api/media/uploads.";
    app.media.cloudinary.as_ref().ok_or_else(|| Error::conflict(Code::CloudinaryOff, message))
}

/// What a client sends to `url` as a form, with the file as the field `file`.
pub struct Ticket {
    pub row: media::Model,
    pub url: String,
    pub fields: Vec<(&'static str, String)>,
}

/// Lets a client put a file to Cloudinary.
pub async fn announce(
    app: &App,
    scope: CompanyScope,
    owner: UserId,
    name: Option<String>,
    kind: MediaKind,
    size: u64,
) -> Result<Ticket> {
    let cloudinary = desk(app)?;
    let not_there = || Error::invalid("/kind", "must be image, audio or video: others are kept here");
    let (resource, formats) = formats(kind).ok_or_else(not_there)?;
    fits(app, kind, size)?;
    let (store, kind) = (MediaStore::Cloudinary, Some(kind));
    let row = begin(app, scope, Announced { owner, name, size, store, kind, within: GOOD }).await?;
    let fields = cloudinary.signed(vec![
        ("allowed_formats", formats.iter().map(|(format, _)| *format).collect::<Vec<_>>().join(",")),
        ("overwrite", "false".to_owned()),
        ("public_id", public_id(&row)?.to_owned()),
        ("timestamp", app.clock.now().timestamp().to_string()),
        ("type", "private".to_owned()),
    ]);
    Ok(Ticket { url: cloudinary.url(&format!("{resource}/upload")), row, fields })
}

fn public_id(row: &media::Model) -> Result<&str> {
    row.storage_key.as_deref().ok_or(Error::NotFound(Subject::Media))
}

fn resource(row: &media::Model) -> Result<Formats> {
    let formats = row.kind.and_then(formats);
    formats.ok_or_else(|| Error::internal("media at Cloudinary", "they are of no kind that is kept there"))
}

/// A file as Cloudinary's own description has it.
#[derive(Debug, Deserialize)]
struct Described {
    bytes: u64,
    format: String,
    width: Option<i32>,
    height: Option<i32>,
    /// Seconds.
    duration: Option<f64>,
}

/// The client has put the file there and says so, with the version and the signature of Cloudinary's answer. Twice is once.
pub async fn confirm(
    app: &App,
    scope: CompanyScope,
    owner: UserId,
    id: MediaId,
    version: u64,
    signature: &str,
) -> Result<media::Model> {
    let row = super::get(app, scope, super::Asker::Owner(owner), id).await?;
    if row.store != MediaStore::Cloudinary {
        return Err(Error::NotFound(Subject::Media));
    }
    if row.state == MediaState::Ready {
        return Ok(row);
    }
    let cloudinary = desk(app)?;
    let answered = [("public_id", public_id(&row)?.to_owned()), ("version", version.to_string())];
    if !same(&cloudinary.sign(&answered), signature) {
        return Err(Error::invalid("/signature", "is not that of Cloudinary's answer"));
    }
    let described = describe(cloudinary, &row).await?;
    let (_, formats) = resource(&row)?;
    let content_type = formats.iter().find(|(format, _)| *format == described.format);
    let kind = row.kind.unwrap_or(MediaKind::Document);
    let checked = match content_type {
        Some((_, content_type)) => fits(app, kind, described.bytes).map(|()| *content_type),
        None => Err(super::refused()),
    };
    match checked {
        Ok(content_type) => complete(app, scope, id, described, content_type).await,
        Err(error) => {
            remove::remove(app, scope, super::Asker::Server, id).await?;
            Err(error)
        }
    }
}

/// Takes as long for a signature that is nearly right as for any other.
fn same(ours: &str, theirs: &str) -> bool {
    ours.len() == theirs.len() && ours.bytes().zip(theirs.bytes()).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

async fn describe(cloudinary: &Cloudinary, row: &media::Model) -> Result<Described> {
    let (resource, _) = resource(row)?;
    let url = cloudinary.url(&format!("resources/{resource}/private/{}", percent_encode(public_id(row)?)));
    let asked = cloudinary
        .client
        .get(url)
        .basic_auth(&cloudinary.settings.api_key, Some(cloudinary.settings.api_secret.expose()));
    let answer = asked.send().await.map_err(unavailable)?;
    if answer.status() == StatusCode::NOT_FOUND {
        return Err(Error::conflict(Code::MediaNotUploaded, "Cloudinary has no such file yet."));
    }
    let answer = answer.error_for_status().map_err(unavailable)?;
    answer.json().await.map_err(unavailable)
}

fn unavailable(cause: reqwest::Error) -> Error {
    tracing::warn!(cause = %cause.without_url(), "Cloudinary does not answer as it should");
    Error::Unavailable {
        code: Code::CloudinaryUnavailable,
        message: "Cloudinary does not answer. Try again.",
    }
}

async fn complete(
    app: &App,
    scope: CompanyScope,
    id: MediaId,
    described: Described,
    content_type: &str,
) -> Result<media::Model> {
    let unit = Unit::begin(app, scope).await?;
    let row = rows::lock(scope, unit.tx(), id).await?;
    let Some(state) = row.state.advance(MediaState::Ready) else {
        return if row.state == MediaState::Ready { Ok(row) } else { Err(Error::NotFound(Subject::Media)) };
    };
    let duration_ms = described.duration.map(|seconds| (seconds * 1000.0) as i64);
    let ready = media::Model {
        state,
        content_type: Some(content_type.to_owned()),
        size_bytes: signed(described.bytes),
        received_bytes: signed(described.bytes),
        width: described.width,
        height: described.height,
        duration_ms,
        ready_at: Some(unit.now()),
        expires_at: None,
        ..row
    };
    rows::save(scope, unit.tx(), ready.clone()).await?;
    jobs::cancel(&unit, JobKind::ExpireMedia, id).await?;
    unit.commit().await?;
    Ok(ready)
}

/// An address at which Cloudinary has the private file for a while.
pub fn link(app: &App, row: &media::Model, good: Duration) -> Result<String> {
    let cloudinary = desk(app)?;
    let (resource, formats) = resource(row)?;
    let format = formats.iter().find(|(_, content_type)| Some(*content_type) == row.content_type.as_deref());
    let now = app.clock.now();
    let until = now + TimeDelta::from_std(good).unwrap_or_default();
    let signed = cloudinary.signed(vec![
        ("expires_at", until.timestamp().to_string()),
        ("format", format.map(|(format, _)| (*format).to_owned()).unwrap_or_default()),
        ("public_id", public_id(row)?.to_owned()),
        ("timestamp", now.timestamp().to_string()),
        ("type", "private".to_owned()),
    ]);
    let query: Vec<_> =
        signed.iter().map(|(name, value)| format!("{name}={}", percent_encode(value))).collect();
    Ok(cloudinary.url(&format!("{resource}/download?{}", query.join("&"))))
}

/// Deletes a file there. One that is not there is deleted.
pub async fn destroy(app: &App, row: &media::Model) -> Result<()> {
    let cloudinary = desk(app)?;
    let (resource, _) = resource(row)?;
    let form = cloudinary.signed(vec![
        ("invalidate", "true".to_owned()),
        ("public_id", public_id(row)?.to_owned()),
        ("timestamp", app.clock.now().timestamp().to_string()),
        ("type", "private".to_owned()),
    ]);
    let asked = cloudinary.client.post(cloudinary.url(&format!("{resource}/destroy"))).form(&form);
    asked.send().await.and_then(reqwest::Response::error_for_status).map_err(unavailable)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(parameters: &[(&str, &str)], algorithm: CloudinarySignature, version: Version) -> String {
        let parameters: Vec<_> =
            parameters.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        sign(&parameters, "abcd", algorithm, version)
    }

    /// As Cloudinary's own library signs (npm cloudinary 2.11.0).
    #[test]
    fn parameters_are_signed_as_cloudinary_does() {
        use CloudinarySignature::{Sha1, Sha256};
        let sample = [
            ("timestamp", "1315060510"),
            ("eager", "w_400,h_300,c_pad|w_260,h_200,c_crop"),
            ("public_id", "sample_image"),
        ];
        let sha1 = "bfd09f95f331f558cbd1320e67aa8d488770583e";
        assert_eq!(signed(&sample, Sha1, Version::Two), sha1);
        assert_eq!(signed(&sample, Sha1, Version::One), sha1);
        let sha256 = "cc927e1290f9e3ae4c1a741eda21a4630b4ce80f9ce0bc0296337d25cf40f91e";
        assert_eq!(signed(&sample, Sha256, Version::Two), sha256);
        let download = [
            ("timestamp", "1772452800"),
            ("public_id", "id-1"),
            ("format", "png"),
            ("type", "private"),
            ("expires_at", "1772453100"),
        ];
        assert_eq!(signed(&download, Sha1, Version::One), "2c4b1608c4d844560cd7cf926f109af2d603af58");
        let ampersand = [
            ("public_id", "a&b=c"),
            ("folder", "x"),
            ("timestamp", "1760000000"),
            ("tags", "t1,t2"),
            ("context", ""),
        ];
        assert_eq!(signed(&ampersand, Sha1, Version::Two), "62ac3bbce492c4fac86db733074bcf60d67006de");
        assert_eq!(signed(&ampersand, Sha1, Version::One), "2a7e501839bbf04df3f41fa8c75cfa27fbb2121b");
    }

    #[test]
    fn only_the_right_signature_is_the_same() {
        assert!(same("abc", "abc"));
        assert!(!same("abc", "abd") && !same("abc", "ab") && !same("abc", ""));
    }
}
