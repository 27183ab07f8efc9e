//! Where files lie, and how large they may be.

use std::time::Duration;

use entity::MediaKind;

use super::BadSetting;
use super::keys::Keys;
use crate::secret::Secret;

/// A bucket for files.
#[derive(Clone, Debug)]
pub struct S3Settings {
    pub bucket: String,
    pub region: String,
    pub access_key_id: String,
    pub secret_access_key: Secret,
    /// Of a store that is not Amazon's.
    pub endpoint: Option<String>,
    /// The bucket stands in the path of addresses and not in their host.
    pub path_style: bool,
    pub files: S3Files,
}

/// How a file comes from a bucket to who may have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum S3Files {
    /// Through this server.
    Streamed,
    /// By a short-lived link to the store.
    Linked,
}

/// How large media may be, in bytes. Those that come in one request, and pictures, have `max_file_size`.
#[derive(Clone, Copy, Debug)]
pub struct MediaSettings {
    pub image: u64,
    pub audio: u64,
    pub video: u64,
    pub document: u64,
    /// Of all that a company keeps, when that is limited.
    pub quota: Option<u64>,
    /// How long an upload in parts may be on its way.
    pub upload_kept: Duration,
}

impl MediaSettings {
    pub fn limit(&self, kind: MediaKind) -> u64 {
        match kind {
            MediaKind::Image => self.image,
            MediaKind::Audio => self.audio,
            MediaKind::Video => self.video,
            MediaKind::Document => self.document,
            MediaKind::Encrypted => self.largest(),
        }
    }

    /// Of the largest file that is taken at all.
    pub fn largest(&self) -> u64 {
        self.image.max(self.audio).max(self.video).max(self.document)
    }
}

/// An account at Cloudinary.
#[derive(Clone, Debug)]
pub struct CloudinarySettings {
    pub cloud_name: String,
    pub api_key: String,
    pub api_secret: Secret,
    /// Without a slash at the end.
    pub api_url: String,
    pub signature: CloudinarySignature,
}

/// By which the account signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloudinarySignature {
    Sha1,
    Sha256,
}

pub(super) fn s3(keys: &Keys) -> Result<Option<S3Settings>, BadSetting> {
    let Some(bucket) = keys.optional("aws_s3_bucket") else { return Ok(None) };
    let needed = |key| keys.optional(key).ok_or_else(|| keys.bad(key, "is missing beside AWS_S3_BUCKET"));
    let endpoint = match keys.optional("aws_s3_endpoint") {
        Some(url) if !url.starts_with("http://") && !url.starts_with("https://") => {
            return Err(keys.bad("aws_s3_endpoint", "is not an address, e.g. https://s3.example.com"));
        }
        endpoint => endpoint,
    };
    Ok(Some(S3Settings {
        bucket,
        region: needed("aws_region")?,
        access_key_id: needed("aws_access_key_id")?,
        secret_access_key: Secret::new(needed("aws_secret_access_key")?),
        endpoint,
        path_style: keys.choice("aws_s3_path_style", &[("true", true), ("false", false)])?,
        files: keys
            .choice("aws_s3_files", &[("streamed", S3Files::Streamed), ("linked", S3Files::Linked)])?,
    }))
}

pub(super) fn cloudinary(keys: &Keys) -> Result<Option<CloudinarySettings>, BadSetting> {
    let Some(cloud_name) = keys.optional("cloudinary_cloud_name") else { return Ok(None) };
    let needed =
        |key| keys.optional(key).ok_or_else(|| keys.bad(key, "is missing beside CLOUDINARY_CLOUD_NAME"));
    Ok(Some(CloudinarySettings {
        cloud_name,
        api_key: needed("cloudinary_api_key")?,
        api_secret: Secret::new(needed("cloudinary_api_secret")?),
        api_url: keys.text("cloudinary_api_url").trim_end_matches('/').to_owned(),
        signature: keys.choice(
            "cloudinary_signature",
            &[("sha1", CloudinarySignature::Sha1), ("sha256", CloudinarySignature::Sha256)],
        )?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    #[test]
    fn document_001_s_names_of_amazon_make_a_bucket() {
        assert!(Settings::with(&[]).unwrap().s3.is_none());
        let keys = [
            ("aws_s3_bucket", "calls"),
            ("aws_access_key_id", "AKIA1"),
            ("aws_secret_access_key", "secret"),
            ("aws_region", "eu-central-1"),
        ];
        let s3 = Settings::with(&keys).unwrap().s3.unwrap();
        assert_eq!((s3.bucket.as_str(), s3.region.as_str()), ("calls", "eu-central-1"));
        assert_eq!((s3.endpoint, s3.path_style, s3.files), (None, false, S3Files::Streamed));
        let bad = Settings::with(&keys[..2]).unwrap_err();
        assert_eq!(bad.to_string(), "AWS_SECRET_ACCESS_KEY: is missing beside AWS_S3_BUCKET");
    }
}
