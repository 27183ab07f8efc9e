//! Lists: by page (`page` from 1, `limit` 1 to 100, 50 unless said) where their length is bounded, by cursor where they
//! grow without end. A cursor is opaque: it holds the sort key of the last row that was seen.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use poem_openapi::Object;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

pub const DEFAULT_LIMIT: u64 = 50;
pub const LARGEST_LIMIT: u64 = 100;

/// Where a page stands in its list.
#[derive(Object, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pagination {
    /// From 1.
    pub page: u64,
    /// Rows a page.
    pub limit: u64,
    /// Rows in all.
    pub total: u64,
    /// Pages in all.
    pub pages: u64,
}

/// What a caller asked to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    page: u64,
    limit: u64,
}

impl Page {
    /// `page` and `limit` as they came; refuses what is out of range.
    pub fn read(page: Option<u64>, limit: Option<u64>) -> Result<Self> {
        let page = page.unwrap_or(1);
        if !(1..=1_000_000).contains(&page) {
            return Err(Error::invalid("page", "must be between 1 and 1000000"));
        }
        Ok(Self { page, limit: limit_within(limit, LARGEST_LIMIT)? })
    }

    pub fn limit(self) -> u64 {
        self.limit
    }

    pub fn offset(self) -> u64 {
        (self.page - 1) * self.limit
    }

    pub fn of(self, total: u64) -> Pagination {
        Pagination { page: self.page, limit: self.limit, total, pages: total.div_ceil(self.limit) }
    }
}

/// `limit` as it came, within 1 and `largest`.
pub fn limit_within(limit: Option<u64>, largest: u64) -> Result<u64> {
    let limit = limit.unwrap_or(DEFAULT_LIMIT.min(largest));
    if (1..=largest).contains(&limit) {
        Ok(limit)
    } else {
        Err(Error::invalid("limit", format!("must be between 1 and {largest}")))
    }
}

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
    fn the_last_page_may_be_short() {
        let page = Page::read(Some(3), Some(20)).unwrap();
        assert_eq!((page.offset(), page.limit()), (40, 20));
        assert_eq!(page.of(41), Pagination { page: 3, limit: 20, total: 41, pages: 3 });
        assert_eq!(page.of(0).pages, 0);
    }

    #[test]
    fn limits_out_of_range_are_refused() {
        for (page, limit) in [(Some(0), None), (None, Some(0)), (None, Some(101))] {
            assert!(Page::read(page, limit).is_err(), "{page:?} {limit:?}");
        }
    }

    #[test]
    fn a_cursor_gives_its_key_back_and_foreign_text_is_refused() {
        let key = ("2026-03-02".to_owned(), 7);
        assert_eq!(read_cursor(Some(&cursor(&key))).unwrap(), Some(key));
        assert!(read_cursor::<(String, i32)>(Some("garbage")).is_err());
    }
}
