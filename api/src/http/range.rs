//! Which part of a file a client asks for (RFC 9110, 13 and 14): pure, of its headers, the file's size and its tag.
//!
//! One range of bytes is understood. Several at once, another unit, or one that cannot be read are no reason to fail: the
//! whole file is the right answer to those.

use std::ops::Range;

/// The headers, as they were sent.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub range: Option<String>,
    pub if_range: Option<String>,
    pub if_none_match: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    Whole,
    /// Not empty, and within the file.
    Part(Range<u64>),
    /// The client has it already.
    Nothing,
    /// No byte of the file lies in what was asked for.
    OutOfRange,
}

impl Asked {
    /// `tag` is the entity tag as it is sent, with its quotation marks: a strong one.
    pub fn of(&self, size: u64, tag: &str) -> Wanted {
        if self.if_none_match.as_deref().is_some_and(|tags| names(tags, tag)) {
            return Wanted::Nothing;
        }
        // A part of another file than the client began with is of no use. A date is weaker than our tag, and never holds.
        let Some(range) = self.range.as_deref().filter(|_| match self.if_range.as_deref() {
            Some(known) => known.trim() == tag,
            None => true,
        }) else {
            return Wanted::Whole;
        };
        let Some(spec) = range.trim().strip_prefix("bytes=").map(str::trim) else { return Wanted::Whole };
        let Some((first, last)) = spec.split_once('-') else { return Wanted::Whole };
        match (number(first), number(last)) {
            (Some(first), _) if first >= size && is_number_or_nothing(last) => Wanted::OutOfRange,
            (Some(first), Some(last)) if first <= last => {
                Wanted::Part(first..last.saturating_add(1).min(size))
            }
            (Some(first), None) if last.trim().is_empty() => Wanted::Part(first..size),
            // The last so many bytes.
            (None, Some(0)) if first.trim().is_empty() => Wanted::OutOfRange,
            (None, Some(count)) if first.trim().is_empty() && size > 0 => {
                Wanted::Part(size.saturating_sub(count)..size)
            }
            (None, Some(_)) if first.trim().is_empty() => Wanted::OutOfRange,
            (_, _) => Wanted::Whole,
        }
    }
}

/// Digits, as many as there may be; more than any file has is the largest number.
fn number(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

fn is_number_or_nothing(text: &str) -> bool {
    text.trim().is_empty() || number(text).is_some()
}

/// Whether a list of tags has this one. Weak ones compare equal here.
fn names(tags: &str, tag: &str) -> bool {
    tags.trim() == "*" || tags.split(',').any(|one| one.trim().trim_start_matches("W/") == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &str = "\"abc\"";

    fn wanted(range: &str) -> Wanted {
        Asked { range: Some(range.to_owned()), ..Asked::default() }.of(1000, TAG)
    }

    #[test]
    fn one_range_is_a_part_of_the_file() {
        assert_eq!(wanted("bytes=0-0"), Wanted::Part(0..1));
        assert_eq!(wanted("bytes=0-499"), Wanted::Part(0..500));
        assert_eq!(wanted("bytes=500-"), Wanted::Part(500..1000));
        assert_eq!(wanted("bytes=999-5000"), Wanted::Part(999..1000));
        assert_eq!(wanted("bytes=-200"), Wanted::Part(800..1000));
        assert_eq!(wanted("bytes=-5000"), Wanted::Part(0..1000));
        assert_eq!(wanted(" bytes= 10 - 19 "), Wanted::Part(10..20));
        assert_eq!(wanted("bytes=5-99999999999999999999999"), Wanted::Part(5..1000));
    }

    #[test]
    fn a_range_without_a_byte_of_the_file_is_refused() {
        for range in ["bytes=1000-", "bytes=1000-1001", "bytes=99999999999999999999999-", "bytes=-0"] {
            assert_eq!(wanted(range), Wanted::OutOfRange, "{range}");
        }
        let empty = Asked { range: Some("bytes=0-".to_owned()), ..Asked::default() };
        assert_eq!(empty.of(0, TAG), Wanted::OutOfRange);
        let last = Asked { range: Some("bytes=-1".to_owned()), ..Asked::default() };
        assert_eq!(last.of(0, TAG), Wanted::OutOfRange);
    }

    #[test]
    fn what_cannot_be_read_is_the_whole_file() {
        let garbage = [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=a-b",
            "bytes=1-x",
            "bytes=2000-x",
            "bytes=5-4",
            "items=0-1",
            "bytes=0-1,5-6",
            "bytes=--1",
            "bytes=+1-2",
        ];
        for range in garbage {
            assert_eq!(wanted(range), Wanted::Whole, "{range}");
        }
        assert_eq!(Asked::default().of(1000, TAG), Wanted::Whole);
    }

    #[test]
    fn a_part_of_another_file_is_not_sent() {
        let part = |if_range: &str| {
            let (range, if_range) = (Some("bytes=0-9".to_owned()), Some(if_range.to_owned()));
            Asked { range, if_range, if_none_match: None }.of(1000, TAG)
        };
        assert_eq!(part(TAG), Wanted::Part(0..10));
        for other in ["\"other\"", "W/\"abc\"", "Mon, 02 Mar 2026 12:00:00 GMT"] {
            assert_eq!(part(other), Wanted::Whole, "{other}");
        }
    }

    #[test]
    fn who_has_the_file_gets_nothing() {
        let knows =
            |tags: &str| Asked { if_none_match: Some(tags.to_owned()), ..Asked::default() }.of(1000, TAG);
        for tags in [TAG, "*", "\"x\", W/\"abc\""] {
            assert_eq!(knows(tags), Wanted::Nothing, "{tags}");
        }
        assert_eq!(knows("\"x\""), Wanted::Whole);
    }
}
