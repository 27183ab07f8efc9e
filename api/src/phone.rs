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

/// A number in E.164 without its plus, its calling code apart from the rest: how many digits a code has follows from its
/// first ones (ITU-T E.164, list of assigned codes).
pub fn calling_code(number: &str) -> (&str, &str) {
    let digits = number.trim_start_matches('+');
    let two = |code: &str| {
        matches!(
            code,
            "20" | "27"
                | "30"
                | "31"
                | "32"
                | "33"
                | "34"
                | "36"
                | "39"
                | "40"
                | "41"
                | "43"
                | "44"
                | "45"
                | "46"
                | "47"
                | "48"
                | "49"
                | "51"
                | "52"
                | "53"
                | "54"
                | "55"
                | "56"
                | "57"
                | "58"
                | "60"
                | "61"
                | "62"
                | "63"
                | "64"
                | "65"
                | "66"
                | "81"
                | "82"
                | "84"
                | "86"
                | "90"
                | "91"
                | "92"
                | "93"
                | "94"
                | "95"
                | "98"
        )
    };
    let length = match digits.get(..2) {
        Some(code) if code.starts_with(['1', '7']) => 1,
        Some(code) if two(code) => 2,
        Some(_) | None => 3,
    };
    digits.split_at_checked(length).unwrap_or((digits, ""))
}

/// A number in E.164 without its plus and without zeros between calling code and the rest: `+49 (0)30 123456`, written
/// with the zero by mistake, comes to the same as without.
pub fn plain(number: &str) -> String {
    let (code, rest) = calling_code(number);
    format!("{code}{}", rest.trim_start_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_falls_into_its_calling_code_and_the_rest() {
        for (number, parts) in [
            ("+4930123456", ("49", "30123456")),
            ("+12025550199", ("1", "2025550199")),
            ("+74951234567", ("7", "4951234567")),
            ("+35312345678", ("353", "12345678")),
            ("+390612345678", ("39", "0612345678")),
        ] {
            assert_eq!(calling_code(number), parts);
        }
        assert_eq!(plain("+49030123456"), plain("+4930123456"));
    }

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
