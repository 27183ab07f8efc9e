//! The words by which messages are found: without accents and case, in one column.
//!
//! Beside them each message has two that nobody can type, since `ø` is folded to `o`: that of its company and that of its chat. The
//! index is one for all companies, and by them a search reads no more of it than its own.

use entity::fold::fold;
use entity::id::{ChatId, CompanyId};
use uuid::Uuid;

use crate::error::{Error, Result};
use crate::store::chat_messages::Words;

/// Characters of a word that are looked at.
const WORD: usize = 40;
/// Words of a search.
const TERMS: usize = 10;

/// What is kept for a message that says this; nothing for one that says nothing.
pub fn folded(company: CompanyId, chat: ChatId, said: &str) -> String {
    let words = words(said);
    if words.is_empty() {
        return String::new();
    }
    let places = [place(company.0), place(chat.0)].into_iter();
    places.chain(words).collect::<Vec<_>>().join(" ")
}

/// What a search looks for, in one chat or in all of the company.
///
/// # Errors
/// `Invalid` when there is no word in it.
pub fn asked(company: CompanyId, chat: Option<ChatId>, search: &str) -> Result<Words> {
    let mut beginnings = words(search);
    beginnings.truncate(TERMS);
    if beginnings.is_empty() {
        return Err(Error::invalid("search", "must have a word or a number in it"));
    }
    Ok(Words { whole: vec![chat.map_or_else(|| place(company.0), |chat| place(chat.0))], beginnings })
}

fn place(id: Uuid) -> String {
    format!("ø{}", id.simple())
}

/// Of scripts that put no space between words each character counts as one.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for letter in fold(text).chars() {
        if is_a_word(letter) {
            words.extend([letter.to_string(), String::new()]);
        } else if !letter.is_alphanumeric() {
            words.push(String::new());
        } else if let Some(word) = words.last_mut() {
            word.push(letter);
        }
    }
    let words = words.into_iter().filter(|word| !word.is_empty());
    words.map(|word| word.chars().take(WORD).collect()).collect()
}

/// Kana, and the ideographs of Chinese.
fn is_a_word(letter: char) -> bool {
    matches!(letter, '\u{3041}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{3134f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_without_accents_case_and_signs() {
        assert_eq!(words("Größe: ÉTÉ, e-mail!"), ["grosse", "ete", "e", "mail"]);
        assert_eq!(words("東京へ go"), ["東", "京", "へ", "go"]);
        assert_eq!(words("…"), Vec::<String>::new());
    }

    #[test]
    fn nobody_can_type_a_place() {
        let (company, chat) = (CompanyId(Uuid::from_u128(1)), ChatId(Uuid::from_u128(2)));
        let kept = folded(company, chat, "Hello");
        assert_eq!(kept, format!("{} {} hello", place(company.0), place(chat.0)));
        let typed = asked(company, None, &place(chat.0)).unwrap();
        assert!(
            typed.beginnings.iter().all(|word| !kept.split(' ').any(|one| one.starts_with(word))),
            "{typed:?}"
        );
        assert!(asked(company, None, " - ").is_err());
        assert_eq!(folded(company, chat, "🎉"), "");
    }
}
