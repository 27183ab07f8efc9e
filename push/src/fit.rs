//! Shortening a body until the whole fits.

use serde_json::Value;
use unicode_segmentation::UnicodeSegmentation as _;

use crate::{Error, Notification, SentText};

#[derive(Debug)]
pub(crate) struct Fitted {
    pub payload: Value,
    pub text: SentText,
}

/// What `build` makes of `body`, of at most `limit` bytes as JSON. A body that is too long is cut between two characters
/// as a reader sees them (grapheme clusters) and ends in `…`; where not even one is left, it is left out.
///
/// `build` may write the body as often as it likes; more body must not make less JSON.
///
/// # Errors
/// [`Error::TooBig`] when it does not fit without a body.
fn fit(limit: usize, body: &str, build: impl Fn(&str) -> Value) -> Result<Fitted, Error> {
    // Each byte of a body is at least one of JSON, so that what is beyond the limit need not be tried.
    if body.len() <= limit {
        let whole = build(body);
        if size(&whole) <= limit {
            return Ok(Fitted { payload: whole, text: SentText::Whole });
        }
    }
    let ends: Vec<usize> = body
        .grapheme_indices(true)
        .map(|(start, grapheme)| start + grapheme.len())
        .take_while(|end| *end <= limit)
        .collect();
    let cut = |count: usize| match count.checked_sub(1).and_then(|last| ends.get(last)) {
        Some(end) => format!("{}…", body[..*end].trim_end()),
        None => String::new(),
    };
    // `fitting` characters fit, `beyond` do not.
    let (mut fitting, mut beyond) = (0, ends.len() + 1);
    let mut best = build(&cut(0));
    if size(&best) > limit {
        return Err(Error::TooBig { limit });
    }
    while fitting + 1 < beyond {
        let middle = fitting.midpoint(beyond);
        let tried = build(&cut(middle));
        if size(&tried) <= limit {
            (fitting, best) = (middle, tried);
        } else {
            beyond = middle;
        }
    }
    Ok(Fitted { payload: best, text: if fitting == 0 { SentText::LeftOut } else { SentText::Shortened } })
}

/// A notification that any service would take, within `limit` bytes. See [`fit`].
///
/// # Errors
/// [`Error::Refused`], and [`Error::TooBig`], also when nothing would be left of its text.
pub(crate) fn fit_notification(
    limit: usize,
    notification: &Notification,
    build: impl Fn(&str) -> Value,
) -> Result<Fitted, Error> {
    notification.check()?;
    let fitted = fit(limit, &notification.body, build)?;
    match fitted.text {
        SentText::LeftOut if notification.title.is_empty() => Err(Error::TooBig { limit }),
        SentText::Whole | SentText::Shortened | SentText::LeftOut => Ok(fitted),
    }
}

/// Bytes as JSON, as they are sent.
fn size(value: &Value) -> usize {
    value.to_string().len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn once(body: &str) -> Value {
        json!({ "body": body })
    }

    fn body(fitted: &Fitted) -> &str {
        fitted.payload["body"].as_str().unwrap()
    }

    #[test]
    fn a_body_that_fits_stays() {
        let fitted = fit(14, "two", once).unwrap();
        assert_eq!((fitted.payload.to_string().len(), fitted.text), (14, SentText::Whole));
        assert_eq!(body(&fitted), "two");
    }

    #[test]
    fn a_longer_one_ends_in_an_ellipsis_without_a_space_before_it() {
        let fitted = fit(20, "one two three", once).unwrap();
        assert_eq!((body(&fitted), fitted.text), ("one tw…", SentText::Shortened));
        assert_eq!(body(&fit(18, "one two three", once).unwrap()), "one…");
    }

    #[test]
    fn a_character_of_several_code_points_is_never_cut() {
        let family = "👨‍👩‍👧‍👦";
        let fitted = fit(11 + family.len() + 3, &family.repeat(3), once).unwrap();
        assert_eq!(body(&fitted), format!("{family}…"));
        assert_eq!(body(&fit(11 + family.len(), &family.repeat(3), once).unwrap()), "");
    }

    #[test]
    fn it_is_said_when_nothing_can_be_cut_any_more() {
        assert_eq!(fit(10, "body", once).unwrap_err(), Error::TooBig { limit: 10 });
        let fitted = fit(11, "body", once).unwrap();
        assert_eq!((body(&fitted), fitted.text), ("", SentText::LeftOut));
    }

    #[test]
    fn a_body_without_a_title_is_not_left_out() {
        let build =
            |notification: Notification| fit_notification(11, &notification, once).map(|fitted| fitted.text);
        assert_eq!(build(Notification::message("Ana").body("body")), Ok(SentText::LeftOut));
        assert_eq!(build(Notification::message("").body("body")), Err(Error::TooBig { limit: 11 }));
        assert_eq!(build(Notification::message("")), Ok(SentText::Whole));
    }

    proptest! {
        #[test]
        fn nothing_exceeds_the_limit_and_no_more_is_cut_than_needed(
            text in any::<String>(), repeated in 1usize..200, limit in 0usize..600,
        ) {
            let text = text.repeat(repeated);
            let twice = |body: &str| json!({ "a": body, "b": { "body": body } });
            match fit(limit, &text, twice) {
                Ok(fitted) => {
                    prop_assert!(size(&fitted.payload) <= limit);
                    let kept = fitted.payload["a"].as_str().unwrap();
                    prop_assert_eq!(fitted.text == SentText::Whole, size(&twice(&text)) <= limit);
                    match fitted.text {
                        SentText::Whole => prop_assert_eq!(kept, &text),
                        SentText::LeftOut => prop_assert_eq!(kept, ""),
                        SentText::Shortened => {
                            let whole = kept.strip_suffix('…').expect("an ellipsis");
                            prop_assert!(text.starts_with(whole));
                        }
                    }
                }
                Err(error) => {
                    prop_assert_eq!(error, Error::TooBig { limit });
                    prop_assert!(size(&twice("")) > limit);
                }
            }
        }
    }
}
