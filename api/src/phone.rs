//! Telephone numbers as people write them.

/// A number in E.164, out of what people write: spaces, dots, slashes, hyphens and parentheses do not count. `None` for
/// what has no country code, or is too short or too long to be called.
pub fn e164(written: &str) -> Option<String> {
    let number: String =
        written.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '/' | '(' | ')' | '\u{a0}')).collect();
    let digits = number.strip_prefix('+')?;
    let fits = (7..=15).contains(&digits.len())
        && !digits.starts_with('0')
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    fits.then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_people_write_it_and_nothing_else_is() {
        for (written, number) in [
            ("+4930123456", Some("+4930123456")),
            ("+49 (30) 123-456", Some("+4930123456")),
            ("+1 202.555.0199", Some("+12025550199")),
            ("030 123456", None),
            ("+0301234567", None),
            ("+12345", None),
            ("+1234567890123456", None),
            ("+49 30 CALLME", None),
            ("", None),
        ] {
            assert_eq!(e164(written).as_deref(), number, "{written}");
        }
    }
}
