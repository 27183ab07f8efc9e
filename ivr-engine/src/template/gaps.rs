//! Where a text names secrets.

use std::sync::OnceLock;

use regex::Regex;

use crate::secret::MARK;

/// The secrets that a text has gaps for, each once; or why it may not be so. A gap is `{{ secret.NAME }}` and nothing else: a
/// filter or a condition would work on what is not there yet.
pub(crate) fn secrets_in(source: &str) -> Result<Vec<String>, String> {
    if source.contains(MARK) {
        return Err("the text has a character that is none (U+FDD0)".to_owned());
    }
    if !source.contains("secret") {
        return Ok(Vec::new());
    }
    let Some((gap, word)) = patterns() else { return Err("the text cannot be searched".to_owned()) };
    let mut names: Vec<String> = gap.captures_iter(source).map(|found| found[1].to_owned()).collect();
    names.sort_unstable();
    names.dedup();
    let rest = gap.replace_all(source, "");
    if tags(&rest).any(|tag| word.is_match(tag)) {
        return Err(
            "a secret can only be written as `{{ secret.NAME }}`, without filters and conditions".to_owned()
        );
    }
    Ok(names)
}

fn patterns() -> Option<&'static (Regex, Regex)> {
    static PATTERNS: OnceLock<Option<(Regex, Regex)>> = OnceLock::new();
    PATTERNS
        .get_or_init(|| {
            let gap = Regex::new(r"\{\{-?\s*secret\.([A-Za-z_][A-Za-z0-9_]{0,63})\s*-?\}\}").ok()?;
            // `vars.secret` is a variable like any other.
            let word = Regex::new(r"(^|[^A-Za-z0-9_.\-])secret($|[^A-Za-z0-9_\-])").ok()?;
            Some((gap, word))
        })
        .as_ref()
}

/// What stands between `{{` or `{%` and the next end of a tag that is not in quotes.
fn tags(source: &str) -> impl Iterator<Item = &str> {
    source.split("{{").flat_map(|part| part.split("{%")).skip(1).map(|rest| &rest[..end_of_tag(rest)])
}

fn end_of_tag(rest: &str) -> usize {
    let mut quote = None;
    for (at, byte) in rest.bytes().enumerate() {
        match quote {
            Some(open) if byte == open => quote = None,
            Some(_) => {}
            None if byte == b'"' || byte == b'\'' => quote = Some(byte),
            None if rest.as_bytes()[at..].starts_with(b"}}") || rest.as_bytes()[at..].starts_with(b"%}") => {
                return at;
            }
            None => {}
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_found_however_it_is_spaced() {
        let names = |source: &str| secrets_in(source).expect("it may be so");
        assert_eq!(names("{{secret.pin}} {{ secret.card }} {{- secret.pin -}}"), ["card", "pin"]);
        assert_eq!(names("A secret. {{ vars.secret }} {{ vars.my_secret }}"), Vec::<String>::new());
    }

    #[test]
    fn a_secret_in_a_filter_or_a_condition_is_refused() {
        for source in [
            "{{ secret.card | slice: 0, 4 }}",
            "{% if secret.card %}x{% endif %}",
            "{% assign x = secret.card %}",
            "{{ secret }}",
            "{{ 'a' | append: secret.card }}",
            "{{ secret['card'] }}",
            "{{ '}}' | append: secret.card }}",
            "{% assign x = \"%}\" | append: secret.card %}",
            "{{ '{{' | append: secret.card }}",
        ] {
            assert!(secrets_in(source).is_err(), "{source}");
        }
    }
}
