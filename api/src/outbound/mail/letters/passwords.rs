//! Letters about what opens an account. None holds a password.

use entity::company;

use super::{Action, Parts, one_line};
use crate::outbound::mail::Content;
use crate::secret::Secret;
use crate::words::Words;

/// Where a link to set a password leads, below the public address.
pub const PASSWORD_PAGE: &str = "/password/reset";

/// The token stands behind the #, as in the other links.
pub fn password_link(public_url: &str, token: &Secret) -> String {
    format!("{public_url}{PASSWORD_PAGE}#{}", token.expose())
}

/// To somebody who has forgotten his password.
pub fn reset(words: Words, public_url: &str, token: &Secret) -> Content {
    let text = |part| words.text(&format!("mail.reset.{part}"));
    let link = Action::Follow(text("action"), password_link(public_url, token));
    Parts::new(text("subject"), &[text("about")], link, &[text("otherwise")]).write(words)
}

/// To an address for which a password was to be set, and which has no account.
pub fn nobody_to_reset(words: Words) -> Content {
    told("mail.nobody_to_reset", words)
}

/// To somebody whose password is another now.
pub fn password_changed(words: Words) -> Content {
    told("mail.password_changed", words)
}

/// To somebody whose account can be opened with another telephone number now.
pub fn number_linked(words: Words) -> Content {
    told("mail.number_linked", words)
}

fn told(letter: &str, words: Words) -> Content {
    let text = |part| words.text(&format!("{letter}.{part}"));
    Parts::new(text("subject"), &[text("about")], Action::Nothing, &[]).write(words)
}

/// To somebody whom a company has made a member, in the company's language.
pub fn welcome(company: &company::Model, public_url: &str, token: &Secret) -> Content {
    let words = Words::of(&company.language);
    let name = one_line(&company.name);
    let filled = [("company", name.as_str()), ("url", public_url)];
    let text = |part: &str| words.fill(&format!("mail.welcome.{part}"), &filled);
    let link = Action::Follow(words.text("mail.welcome.action"), password_link(public_url, token));
    Parts::new(&text("subject"), &[&text("about")], link, &[&text("otherwise")]).write(words)
}
