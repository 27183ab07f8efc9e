//! Files in a bucket of S3, or of a store that speaks like it.
//!
//! A draft is a multipart upload, which the store makes a file when it is complete; a short one is one request. Checksums
//! that only Amazon understands are left out, since other stores refuse them.

use std::ops::Range;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Config, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
};
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns, ResolveDnsError};
use bytes::{Bytes, BytesMut};

use super::{Draft, Link, Pieces, Storage, check};
use crate::config::{S3Files, S3Settings};
use crate::error::{Error, Result};
use crate::outbound::web::NamesOf;

/// What is gathered before it is sent. S3 takes parts of 5 MiB and more, and 10,000 of them: 78 GiB.
const PART: usize = 8 << 20;

pub struct S3 {
    client: Client,
    bucket: String,
    /// Before every key: empty, or with a slash at its end.
    prefix: String,
    files: S3Files,
}

impl S3 {
    pub fn new(settings: &S3Settings) -> Self {
        let client = Client::from_conf(Self::config(settings).build());
        Self { client, bucket: settings.bucket.clone(), prefix: String::new(), files: settings.files }
    }

    /// A bucket that a tenant names: nothing is connected to but what these names lead to, and no proxy stands between. An
    /// address in numbers, which no name leads to, must have been checked.
    pub fn of_tenant(settings: &S3Settings, prefix: &str, names: NamesOf) -> Self {
        let http = aws_smithy_http_client::Builder::new()
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .build_with_resolver(Names(names));
        // Whoever saves it waits, and a call's file is tried again anyway.
        let once = RetryConfig::disabled();
        let config = Self::config(settings).http_client(http).retry_config(once).build();
        let client = Client::from_conf(config);
        Self { client, bucket: settings.bucket.clone(), prefix: prefix.to_owned(), files: settings.files }
    }

    /// The file's name in the bucket.
    fn name(&self, key: &str) -> Result<String> {
        check(key)?;
        Ok(format!("{}{key}", self.prefix))
    }

    fn config(settings: &S3Settings) -> aws_sdk_s3::config::Builder {
        let keys = Credentials::new(
            &settings.access_key_id,
            settings.secret_access_key.expose(),
            None,
            None,
            "settings",
        );
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(5))
            .read_timeout(Duration::from_secs(30))
            .build();
        let mut config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(settings.region.clone()))
            .credentials_provider(keys)
            .force_path_style(settings.path_style)
            .retry_config(RetryConfig::standard())
            .timeout_config(timeouts)
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
        if let Some(endpoint) = &settings.endpoint {
            config = config.endpoint_url(endpoint);
        }
        config
    }
}

/// Names as the store's client looks them up.
#[derive(Clone, Debug)]
struct Names(NamesOf);

impl ResolveDns for Names {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        DnsFuture::new(async move {
            self.0.addresses(name).await.map_err(|fault| ResolveDnsError::new(fault.as_str()))
        })
    }
}

#[async_trait]
impl Storage for S3 {
    async fn draft(&self, key: &str) -> Result<Box<dyn Draft>> {
        Ok(Box::new(Parts {
            client: self.client.clone(),
            bucket: self.bucket.clone(),
            key: self.name(key)?,
            gathered: BytesMut::new(),
            upload: None,
            done: Vec::new(),
        }))
    }

    async fn read(&self, key: &str, range: Option<Range<u64>>) -> Result<Option<Pieces>> {
        let name = self.name(key)?;
        // Both ends of a range on the wire are inclusive.
        let range = range.map(|range| format!("bytes={}-{}", range.start, range.end.saturating_sub(1)));
        let asked = self.client.get_object().bucket(&self.bucket).key(name).set_range(range).send().await;
        let object = match asked {
            Ok(object) => object,
            Err(error) if is_missing(&error) => return Ok(None),
            Err(error) => return Err(failed("read a file", error)),
        };
        let pieces = futures_util::stream::try_unfold(object.body, |mut body| async move {
            let piece = body.try_next().await.map_err(std::io::Error::other)?;
            Ok(piece.map(|piece| (piece, body)))
        });
        Ok(Some(Box::pin(pieces)))
    }

    async fn delete(&self, key: &str) -> Result<()> {
        let name = self.name(key)?;
        match self.client.delete_object().bucket(&self.bucket).key(name).send().await {
            Ok(_) => Ok(()),
            Err(error) if is_missing(&error) => Ok(()),
            Err(error) => Err(failed("delete a file", error)),
        }
    }

    async fn link(&self, key: &str, link: Link<'_>) -> Result<Option<String>> {
        let name = self.name(key)?;
        match self.files {
            S3Files::Streamed => return Ok(None),
            S3Files::Linked => {}
        }
        let config = PresigningConfig::expires_in(link.valid_for)
            .map_err(|cause| Error::internal("sign a link", cause))?;
        let request = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(name)
            .response_content_type(link.content_type)
            .response_content_disposition(link.disposition)
            .presigned(config)
            .await
            .map_err(|error| failed("sign a link", error))?;
        Ok(Some(request.uri().to_owned()))
    }
}

/// A multipart upload, once there is more than one part.
struct Parts {
    client: Client,
    bucket: String,
    key: String,
    gathered: BytesMut,
    upload: Option<String>,
    done: Vec<CompletedPart>,
}

impl Parts {
    async fn send_part(&mut self) -> Result<()> {
        let upload = match &self.upload {
            Some(upload) => upload.clone(),
            None => {
                let begun =
                    self.client.create_multipart_upload().bucket(&self.bucket).key(&self.key).send().await;
                let begun = begun.map_err(|error| failed("begin a file", error))?;
                let id = begun.upload_id.ok_or_else(|| Error::internal("begin a file", "no upload id"))?;
                self.upload.insert(id).clone()
            }
        };
        let number = i32::try_from(self.done.len() + 1).expect("parts are counted in thousands");
        let part = self.gathered.split().freeze();
        let sent = self
            .client
            .upload_part()
            .bucket(&self.bucket)
            .key(&self.key)
            .upload_id(upload)
            .part_number(number)
            .body(ByteStream::from(part))
            .send()
            .await
            .map_err(|error| failed("write a file", error))?;
        self.done.push(CompletedPart::builder().part_number(number).set_e_tag(sent.e_tag).build());
        Ok(())
    }

    async fn abort(&mut self) {
        if let Some(upload) = self.upload.take() {
            let aborted = self
                .client
                .abort_multipart_upload()
                .bucket(&self.bucket)
                .key(&self.key)
                .upload_id(upload)
                .send()
                .await;
            if let Err(error) = aborted {
                tracing::warn!(error = %DisplayErrorContext(error), "an upload could not be taken back");
            }
        }
    }

    async fn complete(&mut self) -> Result<()> {
        if self.upload.is_none() {
            let whole = ByteStream::from(self.gathered.split().freeze());
            let put = self.client.put_object().bucket(&self.bucket).key(&self.key).body(whole).send().await;
            return put.map(drop).map_err(|error| failed("write a file", error));
        }
        if !self.gathered.is_empty() {
            self.send_part().await?;
        }
        let parts = CompletedMultipartUpload::builder().set_parts(Some(self.done.clone())).build();
        self.client
            .complete_multipart_upload()
            .bucket(&self.bucket)
            .key(&self.key)
            .set_upload_id(self.upload.clone())
            .multipart_upload(parts)
            .send()
            .await
            .map_err(|error| failed("write a file", error))?;
        self.upload = None;
        Ok(())
    }
}

#[async_trait]
impl Draft for Parts {
    async fn write(&mut self, piece: Bytes) -> Result<()> {
        self.gathered.extend_from_slice(&piece);
        if self.gathered.len() >= PART { self.send_part().await } else { Ok(()) }
    }

    async fn finish(mut self: Box<Self>) -> Result<()> {
        let done = self.complete().await;
        if done.is_err() {
            self.abort().await;
        }
        done
    }

    /// Parts that nobody takes back are paid for: a rule of the bucket's life cycle should delete those of a node that
    /// was killed.
    async fn discard(mut self: Box<Self>) {
        self.abort().await;
    }
}

fn is_missing<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    matches!(error.code(), Some("NoSuchKey" | "NotFound"))
}

fn failed<E, R>(doing: &'static str, error: SdkError<E, R>) -> Error
where
    SdkError<E, R>: std::error::Error + Send + Sync + 'static,
{
    Error::internal(doing, DisplayErrorContext(error).to_string())
}
