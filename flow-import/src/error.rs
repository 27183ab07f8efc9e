//! Why nothing could be imported.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The document as a whole cannot be imported. What is wrong with a part of it is in the report instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImportError {
    pub code: ImportErrorCode,
    /// JSON pointer (RFC 6901) to what is wrong, empty for the whole document. After a `#` it points into the JSON text
    /// that stands there, as in `/Content#/Actions`.
    pub pointer: String,
    /// For people: what is wrong, and what would be right.
    pub message: String,
}

/// The kinds of [`ImportError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ImportErrorCode {
    /// It is none of the known formats.
    UnknownFormat,
    /// It is not the format that it claims or was said to be.
    NotThisFormat,
    /// It is larger than allowed.
    TooLarge,
    /// It is nested deeper than allowed.
    TooDeep,
    /// A text that has to be JSON is none.
    BrokenJson,
}

impl ImportError {
    pub(crate) fn new(code: ImportErrorCode, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code, pointer: pointer.into(), message: message.into() }
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.pointer.is_empty() { "the document" } else { &self.pointer };
        write!(f, "{place}: {}", self.message)
    }
}

impl std::error::Error for ImportError {}
