//! Numbers and addresses that can be dialled.

/// A telephone number in E.164, out of what people write: spaces, dots, hyphens and parentheses do not count.
pub(crate) fn e164(written: &str) -> Option<String> {
    let number: String =
        written.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')' | '\u{a0}')).collect();
    let digits = number.strip_prefix('+')?;
    let fits = (2..=15).contains(&digits.len())
        && !digits.starts_with('0')
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    fits.then_some(number)
}

/// An address of SIP, as far as its form goes.
pub(crate) fn sip_address(written: &str) -> Option<String> {
    let rest = written.strip_prefix("sips:").or_else(|| written.strip_prefix("sip:"))?;
    let (user, host) = rest.split_once('@')?;
    let fits = !user.is_empty()
        && host.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'[')
        && written.len() <= 255
        && written.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"' | '@') || c == '@')
        && !host.contains('@');
    fits.then(|| written.to_owned())
}

/// The number that a caller means who keys it in as he would dial it in the country of `near`, a number in E.164.
///
/// `00` (in North America `011`) begins a number of another country. Else it is one of the same country, whose leading 0 is
/// left out, except in Italy, where it belongs to the number, and in North America, where a leading 1 is the country's own.
pub(crate) fn keyed(keys: &str, near: &str) -> Option<String> {
    if !keys.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let near = near.strip_prefix('+')?;
    let code = country_code(near)?;
    let number = match code {
        "1" => match keys.strip_prefix("011") {
            Some(abroad) => format!("+{abroad}"),
            None if keys.len() == 11 && keys.starts_with('1') => format!("+{keys}"),
            None if keys.len() == 10 => format!("+1{keys}"),
            None => return None,
        },
        _ => match keys.strip_prefix("00") {
            Some(abroad) => format!("+{abroad}"),
            None if code == "39" => format!("+39{keys}"),
            None => format!("+{code}{}", keys.strip_prefix('0').unwrap_or(keys)),
        },
    };
    // No country has shorter ones that can be called from abroad.
    e164(&number).filter(|number| number.len() > 7)
}

/// The country code at the beginning of a number. Those of one and two digits are few (ITU-T E.164, list of assigned
/// codes); all others have three.
fn country_code(digits: &str) -> Option<&str> {
    const TWO: [&str; 44] = [
        "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44", "45", "46", "47", "48",
        "49", "51", "52", "53", "54", "55", "56", "57", "58", "60", "61", "62", "63", "64", "65", "66", "81",
        "82", "84", "86", "90", "91", "92", "93", "94", "95", "98",
    ];
    let length = match digits.get(..1)? {
        "1" | "7" => 1,
        _ if TWO.contains(&digits.get(..2)?) => 2,
        _ => 3,
    };
    digits.get(..length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_keyed_in_as_one_dials_it_at_home() {
        for (keys, near, meant) in [
            ("03055512", "+4930777", Some("+493055512")),
            ("0041445550100", "+4930777", Some("+41445550100")),
            ("5550100123", "+15550199", Some("+15550100123")),
            ("15550100123", "+15550199", Some("+15550100123")),
            ("0114930555120", "+15550199", Some("+4930555120")),
            ("5550100", "+15550199", None),
            ("0612345678", "+39061234", Some("+390612345678")),
            ("0123456789", "+35312345", Some("+353123456789")),
            ("12*4", "+4930777", None),
            ("123", "+4930777", None),
            ("123456", "anonymous", None),
        ] {
            assert_eq!(keyed(keys, near).as_deref(), meant, "{keys} near {near}");
        }
    }

    #[test]
    fn an_address_has_a_user_and_a_host() {
        assert!(sip_address("sip:desk@example.com").is_some());
        assert!(sip_address("sips:desk@example.com:5061;transport=tls").is_some());
        for written in
            ["desk@example.com", "sip:example.com", "sip:@example.com", "sip:a@b@c", "sip:a b@c", "sip:a@"]
        {
            assert!(sip_address(written).is_none(), "{written}");
        }
    }
}
