//! Gzip (RFC 1952), or nothing, piece by piece.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::error::{Error, Result};

pub enum Pack {
    Plain,
    Gzip(GzEncoder<Vec<u8>>),
}

impl Pack {
    /// Rows are alike: the fastest level leaves little more than the best.
    pub fn gzip() -> Self {
        Self::Gzip(GzEncoder::new(Vec::new(), Compression::fast()))
    }

    /// What comes out when `text` goes in; it may be nothing yet.
    pub fn put(&mut self, text: Bytes) -> Result<Bytes> {
        match self {
            Self::Plain => Ok(text),
            Self::Gzip(encoder) => {
                encoder.write_all(&text).map_err(|cause| Error::internal("compress", cause))?;
                Ok(std::mem::take(encoder.get_mut()).into())
            }
        }
    }

    /// What was held back, and the checksum by which a reader knows that nothing is missing.
    pub fn end(&mut self) -> Result<Bytes> {
        match self {
            Self::Plain => Ok(Bytes::new()),
            Self::Gzip(encoder) => {
                encoder.try_finish().map_err(|cause| Error::internal("compress", cause))?;
                Ok(std::mem::take(encoder.get_mut()).into())
            }
        }
    }
}
