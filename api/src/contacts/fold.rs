//! Contacts as a search sees them: words without accents and case, numbers from either end. What is typed is folded in the same
//! way, so neither its accents nor its order matter.

use std::collections::BTreeSet;

use entity::contact;
use entity::fold::{fold, spelt};

use super::{Contact, tags_of};
use crate::phone::{calling_code, plain};

/// Characters of a word that are looked at.
const WORD: usize = 40;
/// Words of one contact.
const WORDS: usize = 400;
/// Words of a search.
const TERMS: usize = 10;
/// Characters of a name by which a list is ordered.
const KEY: usize = 200;
/// As few digits are taken for the end of a number.
const END_OF_NUMBER: usize = 4;

/// By what lists are ordered: the name, or the number of who has none.
pub fn sort_key(name: Option<&str>, number: &str) -> String {
    name.map(fold).unwrap_or_else(|| number.to_owned()).chars().take(KEY).collect()
}

/// What nodes of the version before search: a line each.
pub fn search_text(row: &contact::Model) -> String {
    let texts = [row.name.as_ref(), Some(&row.number), row.email.as_ref(), row.company_name.as_ref()];
    let texts = texts.into_iter().flatten().cloned().chain(tags_of(row));
    texts.collect::<Vec<_>>().join("\n").to_lowercase()
}

/// The words by which a contact is found.
pub fn words(contact: &Contact) -> BTreeSet<String> {
    let row = &contact.row;
    let tags = tags_of(row);
    let texts = [row.name.as_deref(), row.company_name.as_deref(), row.email.as_deref()];
    let texts = texts.into_iter().flatten().chain(tags.iter().map(String::as_str));
    let mut words: BTreeSet<String> = texts.flat_map(words_of).collect();
    words.extend(tags.iter().map(|tag| tag_word(tag)));
    for number in contact.numbers() {
        let digits = number.trim_start_matches('+');
        let national = calling_code(number).1.trim_start_matches('0');
        words.extend([digits.to_owned(), national.to_owned(), plain(number), from_the_end(digits)]);
    }
    words.into_iter().filter(|word| !word.is_empty()).take(WORDS).collect()
}

/// Under which a whole tag stands among the words.
pub fn tag_word(tag: &str) -> String {
    cut(&format!("#{}", fold(tag.trim())))
}

/// Each word, and the word that comes of one with an apostrophe or a hyphen in it; umlauts also as they are written where
/// there are none.
fn words_of(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for part in text.split_whitespace() {
        for folded in [fold(part), fold(&spelt(part))] {
            words.extend(pieces(&folded).map(cut));
            words.push(cut(&folded.chars().filter(|letter| letter.is_alphanumeric()).collect::<String>()));
        }
    }
    words
}

fn pieces(folded: &str) -> impl Iterator<Item = &str> {
    folded.split(|letter: char| !letter.is_alphanumeric()).filter(|piece| !piece.is_empty())
}

fn cut(word: &str) -> String {
    word.chars().take(WORD).collect()
}

fn from_the_end(digits: &str) -> String {
    std::iter::once('<').chain(digits.chars().rev()).collect()
}

/// One word of a search: how a word of the contact must begin, in one of these ways.
pub type Term = Vec<String>;

/// What a search asks for; `None` when there is no word in it that could be found.
pub fn terms(search: &str) -> Option<Vec<Term>> {
    let mut terms = Vec::new();
    let mut number = String::new();
    for part in search.split_whitespace() {
        if is_of_number(part) {
            number.push_str(part);
            continue;
        }
        terms.extend(number_term(&std::mem::take(&mut number)));
        terms.extend(pieces(&fold(part)).map(|piece| vec![cut(piece)]));
    }
    terms.extend(number_term(&number));
    terms.truncate(TERMS);
    (!terms.is_empty() || search.trim().is_empty()).then_some(terms)
}

fn is_of_number(part: &str) -> bool {
    part.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'(' | b')' | b'/' | b'.'))
}

/// Digits as they are, as they are dialled at home (`030 …`) or from abroad (`0049 …`), and as the end of a number.
fn number_term(written: &str) -> Option<Term> {
    let digits: String = written.replace("(0)", "").chars().filter(char::is_ascii_digit).collect();
    if digits.is_empty() {
        return None;
    }
    let mut ways = BTreeSet::from([cut(&digits)]);
    let bare = digits.trim_start_matches('0');
    for digits in [digits.as_str(), bare] {
        if digits.len() >= END_OF_NUMBER {
            ways.insert(cut(digits));
            ways.insert(cut(&from_the_end(digits)));
        }
    }
    Some(ways.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(words: &[&str], search: &str) -> bool {
        let terms = terms(search).unwrap();
        terms.iter().all(|term| {
            term.iter().any(|beginning| words.iter().any(|word| word.starts_with(beginning.as_str())))
        })
    }

    #[test]
    fn a_name_is_found_however_it_is_spelt() {
        let words = words_of("Jean-Luc O'Brien Müller");
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        for search in
            ["muller", "mueller", "MÜLL", "obrien", "brien o", "jeanluc", "jean-luc", "luc jean mul"]
        {
            assert!(found(&words, search), "{search}: {words:?}");
        }
        assert!(!found(&words, "uller"), "words are found by how they begin");
    }

    #[test]
    fn a_number_is_found_by_its_end_and_as_it_is_dialled() {
        let digits = "4930123456";
        let words = [digits, "30123456", &from_the_end(digits)];
        for search in
            ["+49 30 123", "0049 (30) 12", "030 123456", "30-123", "3456", "123 456", "+49 (0)30 123456"]
        {
            assert!(found(&words, search), "{search}");
        }
        for search in ["456", "9999", "030 99"] {
            assert!(!found(&words, search), "{search}");
        }
    }

    #[test]
    fn what_has_no_word_in_it_finds_nothing() {
        assert_eq!(terms("  "), Some(Vec::new()));
        assert_eq!(terms("%"), None);
        assert_eq!(terms("_ - !"), None);
        assert_eq!(terms(&"a ".repeat(50)).unwrap().len(), TERMS);
    }
}
