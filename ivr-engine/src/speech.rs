//! What a caller's words mean to a menu.

use crate::words::Speaks;

/// Words in lower case, without punctuation, one space between them: what a recogniser and an author write differently.
pub(crate) fn normalise(text: &str) -> String {
    let plain: String = text
        .chars()
        .flat_map(char::to_lowercase)
        .map(|c| if c.is_alphanumeric() || c == '\'' { c } else { ' ' })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The number of words of `phrase` if it occurs in `heard`, as whole words. Both are normalised.
pub(crate) fn words_found(heard: &str, phrase: &str) -> Option<usize> {
    let words = phrase.split(' ').count();
    let found = !phrase.is_empty() && format!(" {heard} ").contains(&format!(" {phrase} "));
    found.then_some(words)
}

/// The keys that were spoken, when nothing else was: `2`, `two`, or `one two`.
pub(crate) fn spoken_digits(heard: &str, speaks: Speaks) -> Option<String> {
    let names = speaks.digits();
    let mut keys = String::new();
    for word in heard.split(' ') {
        if !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit()) {
            keys.push_str(word);
        } else {
            keys.push(char::from_digit(
                u32::try_from(names.iter().position(|name| *name == word)?).ok()?,
                10,
            )?);
        }
    }
    (!keys.is_empty()).then_some(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_count_as_whole_words_whatever_the_punctuation() {
        let heard = normalise("Uh, I'd like SALES, please!");
        assert_eq!(heard, "uh i'd like sales please");
        assert_eq!(words_found(&heard, "sales"), Some(1));
        assert_eq!(words_found(&heard, "like sales"), Some(2));
        assert_eq!(words_found(&heard, "sale"), None);
        assert_eq!(words_found(&heard, ""), None);
    }

    #[test]
    fn keys_may_be_spoken_in_the_language_of_the_flow() {
        assert_eq!(spoken_digits(&normalise("Two."), Speaks::English), Some("2".to_owned()));
        assert_eq!(spoken_digits(&normalise("eins zwei 3"), Speaks::German), Some("123".to_owned()));
        assert_eq!(spoken_digits(&normalise("two"), Speaks::German), None);
        assert_eq!(spoken_digits(&normalise("two sales"), Speaks::English), None);
        assert_eq!(spoken_digits("", Speaks::English), None);
    }
}
