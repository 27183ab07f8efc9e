//! Files: recordings and media, by keys that begin with the company's id. A [`Folder`], or [`S3`] and what speaks like it.
//!
//! A file is written and read in pieces and is never whole in memory. It is there when it is complete and not before: a
//! reader never sees half of one, and what a killed node left behind is in nobody's way.

mod folder;
mod s3;

use std::ops::Range;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;
use futures_util::stream::BoxStream;
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

pub use folder::Folder;
pub use s3::S3;

/// The pieces of a file, in order. One that fails ends it.
pub type Pieces = BoxStream<'static, std::io::Result<Bytes>>;

#[async_trait]
pub trait Storage: Send + Sync {
    /// Begins a file. It takes the place of one with the same key when it is finished.
    async fn draft(&self, key: &str) -> Result<Box<dyn Draft>>;

    /// The bytes of the file within `range`, `None` when there is no file. The range must lie within it.
    async fn read(&self, key: &str, range: Option<Range<u64>>) -> Result<Option<Pieces>>;

    /// Deletes the file. One that is not there is deleted.
    async fn delete(&self, key: &str) -> Result<()>;

    /// An address at which the file can be had without us for a while, where the store has such and the settings want it.
    async fn link(&self, key: &str, link: Link<'_>) -> Result<Option<String>>;

    /// Keeps a small file: whole or not at all; a second time replaces it.
    async fn put(&self, key: &str, bytes: Bytes) -> Result<()> {
        let mut upload = Upload::begin(self, key).await?;
        upload.write(bytes).await?;
        upload.finish().await.map(drop)
    }

    /// A small file, `None` when there is none.
    async fn get(&self, key: &str) -> Result<Option<Bytes>> {
        let Some(pieces) = self.read(key, None).await? else { return Ok(None) };
        let all = pieces.try_fold(BytesMut::new(), |mut all, piece| async move {
            all.extend_from_slice(&piece);
            Ok(all)
        });
        Ok(Some(all.await.map_err(|cause| Error::internal("read a file", cause))?.freeze()))
    }
}

/// A file that is being written. Dropped, it leaves no file under its key.
#[async_trait]
pub trait Draft: Send {
    async fn write(&mut self, piece: Bytes) -> Result<()>;

    /// The file is complete and from now on there.
    async fn finish(self: Box<Self>) -> Result<()>;

    /// It is not wanted after all.
    async fn discard(self: Box<Self>);
}

/// What a link answers with.
#[derive(Clone, Copy, Debug)]
pub struct Link<'a> {
    pub valid_for: Duration,
    pub content_type: &'a str,
    pub disposition: &'a str,
}

/// What is known of a file once it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub size: u64,
    /// SHA-256, in hex.
    pub sha256: String,
}

/// A file that is being written, measured on the way.
pub struct Upload {
    draft: Box<dyn Draft>,
    hash: Sha256,
    size: u64,
}

impl Upload {
    pub async fn begin<S: Storage + ?Sized>(storage: &S, key: &str) -> Result<Self> {
        Ok(Self { draft: storage.draft(key).await?, hash: Sha256::new(), size: 0 })
    }

    pub async fn write(&mut self, piece: Bytes) -> Result<()> {
        self.hash.update(&piece);
        self.size += piece.len() as u64;
        self.draft.write(piece).await
    }

    /// Bytes so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    pub async fn finish(self) -> Result<Kept> {
        self.draft.finish().await?;
        Ok(Kept { size: self.size, sha256: hex::encode(self.hash.finalize()) })
    }

    pub async fn discard(self) {
        self.draft.discard().await;
    }
}

/// Keys are made by us, of ids; one that could lead elsewhere is a mistake.
fn check(key: &str) -> Result<()> {
    let plain = key.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
    if plain && !key.contains('\\') {
        Ok(())
    } else {
        Err(Error::internal("storage", format!("`{key}` is no key")))
    }
}
