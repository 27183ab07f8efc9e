//! What our messages to numbers say. As in letters, nothing goes to a number that the one who typed it chose, but the name
//! of the company that invites.

use entity::company;

use super::Content;
use crate::secret::Secret;
use crate::words::Words;

/// Company names longer than this are cut: a message costs by its length.
const LONGEST_NAME: usize = 60;

/// A code by which its reader signs in.
pub fn code(words: Words, code: &Secret) -> Content {
    let text = words.fill("sms.code", &[("code", code.expose())]);
    Content { text, code: Some(code.expose().to_owned()) }
}

/// To somebody whom a company invites, in the company's language.
pub fn invitation(company: &company::Model, public_url: &str, token: &Secret) -> Content {
    let words = Words::of(&company.language);
    let plain: String = company.name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let name: Vec<_> = plain.split_whitespace().collect();
    let name: String = name.join(" ").chars().take(LONGEST_NAME).collect();
    let filled = [("company", name.as_str()), ("url", public_url), ("token", token.expose())];
    Content { text: words.fill("sms.invitation", &filled), code: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_comes_first_and_its_message_is_a_short_one_in_every_language() {
        for tag in ["en", "es", "fr", "de"] {
            let text = code(Words::of(tag), &Secret::new("042195")).text;
            assert!(text.starts_with("042195"), "{text}");
            assert!(text.chars().count() <= 160, "{tag}: {} characters", text.chars().count());
        }
    }
}
