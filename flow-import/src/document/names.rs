//! Names that our documents take, out of names that others take.

use std::collections::BTreeSet;

use crate::bounds::cut;

/// Bytes of a node's id or of a port: the engine takes 128, and suffixes have to fit.
const ID_BYTES: usize = 64;

/// Letters, digits, `_` and `-` of any script; everything else becomes one `_`. Empty when nothing is left.
pub(crate) fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in cut(text, 4 * ID_BYTES).chars() {
        if c.is_alphanumeric() || c == '_' || c == '-' {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('_') {
            slug.push('_');
        }
    }
    let slug = slug.trim_matches(|c| c == '_' || c == '-');
    cut(slug, ID_BYTES).to_owned()
}

/// `wanted`, or with the first number that makes it new.
pub(crate) fn unique(wanted: &str, taken: &mut BTreeSet<String>) -> String {
    let mut name = wanted.to_owned();
    let mut number = 2;
    while !taken.insert(name.clone()) {
        name = format!("{wanted}_{number}");
        number += 1;
    }
    name
}

/// A name that a variable of ours can have: letters, digits and `_`, no digit first, at most 64.
pub(crate) fn variable(name: &str) -> String {
    let mut variable: String =
        cut(name, 60).chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if !variable.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        variable.insert(0, '_');
    }
    variable
}

/// `MessageParticipant` as `message_participant`.
pub(crate) fn snake(name: &str) -> String {
    let mut snake = String::new();
    for c in cut(name, ID_BYTES).chars() {
        if c.is_ascii_uppercase() {
            if !snake.is_empty() && !snake.ends_with('_') {
                snake.push('_');
            }
            snake.push(c.to_ascii_lowercase());
        } else if c.is_alphanumeric() {
            snake.push(c);
        } else if !snake.is_empty() && !snake.ends_with('_') {
            snake.push('_');
        }
    }
    snake
}

/// Whether an id was made by a machine, so that nobody would recognise it.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// A text that a field of a document takes as a name: not blank, no control characters, at most 128 bytes.
pub(crate) fn short(text: &str, otherwise: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let plain = cut(plain.trim(), 120).trim();
    if plain.is_empty() { otherwise.to_owned() } else { plain.to_owned() }
}

/// A BCP 47 tag, as far as its form goes.
pub(crate) fn is_language(tag: &str) -> bool {
    let mut subtags = tag.split('-');
    let primary = subtags.next().unwrap_or_default();
    (2..=3).contains(&primary.len())
        && primary.bytes().all(|byte| byte.is_ascii_alphabetic())
        && subtags
            .all(|tag| (1..=8).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        && tag.len() <= 35
}

/// An absolute address without a template in it, as the engine takes it.
pub(crate) fn is_address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
        && text.len() <= 2_048
        && !text.contains("{{")
        && !text.contains("{%")
        && !text.contains("${")
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

/// A telephone number in E.164, as the engine takes it.
pub(crate) fn is_number(text: &str) -> bool {
    let written: String =
        text.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')' | '\u{a0}')).collect();
    written.strip_prefix('+').is_some_and(|digits| {
        (2..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|b| b.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_stay_readable() {
        assert_eq!(slug("get-datetime-parts"), "get-datetime-parts");
        assert_eq!(slug("Set Agent Whisper"), "Set_Agent_Whisper");
        assert_eq!(slug("FLOW_OBJECT_MAPS#"), "FLOW_OBJECT_MAPS");
        assert_eq!(slug("挨拶 1"), "挨拶_1");
        assert_eq!(slug("%%%"), "");
        assert_eq!(snake("GetParticipantInput"), "get_participant_input");
    }

    #[test]
    fn variables_fit_the_engine() {
        assert_eq!(variable("selected-queue"), "selected_queue");
        assert_eq!(variable("1st"), "_1st");
        assert_eq!(variable(""), "_");
        assert_eq!(variable(&"x".repeat(100)).len(), 60);
    }
}
