//! Parts of lists that grow without end, read by cursor. A cursor is opaque: it holds the sort key of the last row that was
//! seen.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// A part of a list that is read by cursor.
#[derive(Clone, Debug)]
pub struct Slice<Row> {
    pub rows: Vec<Row>,
    pub next_cursor: Option<String>,
}

impl<Row> Slice<Row> {
    pub fn empty() -> Self {
        Self { rows: Vec::new(), next_cursor: None }
    }

    /// Of `rows`, which were read one beyond `limit` to see whether there are more.
    pub fn of<Key: Serialize>(mut rows: Vec<Row>, limit: u64, key: impl Fn(&Row) -> Key) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| more).map(|last| cursor(&key(last)));
        Self { rows, next_cursor }
    }
}

/// The sort key of a row as a cursor.
pub fn cursor(key: &impl Serialize) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).expect("a sort key is JSON"))
}

/// The sort key that a cursor holds; refuses text that was never a cursor.
pub fn read_cursor<Key: DeserializeOwned>(cursor: Option<&str>) -> Result<Option<Key>> {
    let Some(cursor) = cursor else { return Ok(None) };
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok();
    let key = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    key.map(Some).ok_or_else(|| Error::invalid("cursor", "is not a cursor of this list"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_gives_its_key_back_and_foreign_text_is_refused() {
        let key = ("2026-03-02".to_owned(), 7);
        assert_eq!(read_cursor(Some(&cursor(&key))).unwrap(), Some(key));
        assert!(read_cursor::<(String, i32)>(Some("garbage")).is_err());
    }

    #[test]
    fn a_slice_has_a_cursor_only_when_there_is_more() {
        let more = Slice::of(vec![1, 2, 3], 2, |row| *row);
        assert_eq!((more.rows, read_cursor(more.next_cursor.as_deref()).unwrap()), (vec![1, 2], Some(2)));
        assert_eq!(Slice::of(vec![1, 2], 2, |row| *row).next_cursor, None);
    }
}
