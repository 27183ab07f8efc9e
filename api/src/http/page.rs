//! Lists that are read by page: `page` from 1, `limit` 1 to 100, 50 unless said. Those that grow without end are read by
//! cursor: [`crate::slice`].

use poem_openapi::Object;

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
}
