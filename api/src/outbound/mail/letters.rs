//! What our letters say, in the languages that we speak.
//!
//! To an address that nobody has proved yet goes nothing that the one who typed it chose, neither a name nor a company:
//! else anybody could have us send his words to anybody.

use entity::{DisabledBecause, company};

use super::Content;
use crate::secret::Secret;
use crate::words::Words;

mod passwords;

pub use passwords::{
    PASSWORD_PAGE, nobody_to_reset, number_linked, password_changed, password_link, reset, welcome,
};

/// Where the link of a registration's letter leads, below the public address.
pub const CONFIRM_PAGE: &str = "/register/confirm";

/// Company names longer than this are cut: they stand in a subject.
const LONGEST_NAME: usize = 80;

/// The parts of a letter, from which both its bodies are made.
struct Parts {
    subject: String,
    before: Vec<String>,
    action: Action,
    after: Vec<String>,
}

/// What the reader is to do.
enum Action {
    Nothing,
    /// Follow this link, which is called so.
    Follow(&'static str, String),
    /// Keep this text.
    Copy(String),
}

/// To an address that nobody has: confirm, and the account is made.
pub fn confirm(words: Words, public_url: &str, token: &Secret) -> Content {
    to_confirm("mail.confirm", words, link(public_url, token))
}

/// To somebody who has an account: there was nothing to register.
pub fn known_already(words: Words) -> Content {
    let text = |part| words.text(&format!("mail.known_already.{part}"));
    Parts::new(text("subject"), &[text("about"), text("careful")], Action::Nothing, &[]).write(words)
}

/// To somebody who has an account: confirm, and he owns another company.
pub fn confirm_company(words: Words, public_url: &str, token: &Secret) -> Content {
    to_confirm("mail.confirm_company", words, link(public_url, token))
}

fn to_confirm(letter: &str, words: Words, link: String) -> Content {
    let text = |part| words.text(&format!("{letter}.{part}"));
    let action = Action::Follow(text("action"), link);
    Parts::new(text("subject"), &[text("about"), text("careful")], action, &[text("otherwise")]).write(words)
}

/// To somebody whom a company invites, in the company's language.
pub fn invitation(company: &company::Model, public_url: &str, token: &Secret) -> Content {
    let words = Words::of(&company.language);
    let name = one_line(&company.name);
    let filled = [("company", name.as_str()), ("url", public_url)];
    let subject = words.fill("mail.invitation.subject", &filled);
    let about = words.fill("mail.invitation.about", &filled);
    let before = [about.as_str(), words.text("mail.invitation.action")];
    let action = Action::Copy(token.expose().to_owned());
    Parts::new(&subject, &before, action, &[words.text("mail.invitation.otherwise")]).write(words)
}

/// To the owners: nothing is sent to a webhook any more.
pub fn webhook_disabled(
    company: &company::Model,
    public_url: &str,
    host: &str,
    because: DisabledBecause,
) -> Content {
    let (words, name, host) = (Words::of(&company.language), one_line(&company.name), one_line(host));
    let filled = [("company", name.as_str()), ("host", host.as_str()), ("url", public_url)];
    let text = |part: &str| words.fill(&format!("mail.webhook_disabled.{part}"), &filled);
    let why = match because {
        DisabledBecause::Gone => text("gone"),
        DisabledBecause::Failing => text("unreachable"),
    };
    Parts::new(&text("subject"), &[&why], Action::Nothing, &[&text("otherwise")]).write(words)
}

/// To somebody who has not taken a call, and wishes to be told by mail. `at` is by his clock.
pub fn missed_call(words: Words, company: &company::Model, public_url: &str, who: &str, at: &str) -> Content {
    let (name, who) = (one_line(&company.name), one_line(who));
    let filled = [("company", name.as_str()), ("who", who.as_str()), ("at", at), ("url", public_url)];
    let text = |part: &str| words.fill(&format!("mail.missed_call.{part}"), &filled);
    Parts::new(&text("subject"), &[&text("about")], Action::Nothing, &[&text("otherwise")]).write(words)
}

/// The token stands behind the #: a browser keeps that to itself, so that no log on the way learns it.
fn link(public_url: &str, token: &Secret) -> String {
    format!("{public_url}{}#{}", CONFIRM_PAGE, token.expose())
}

/// As one line without what steers a terminal or a mail program, and not too long.
pub fn one_line(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words: Vec<_> = plain.split_whitespace().collect();
    words.join(" ").chars().take(LONGEST_NAME).collect()
}

impl Parts {
    fn new(subject: &str, before: &[&str], action: Action, after: &[&str]) -> Self {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Self { subject: subject.to_owned(), before: owned(before), action, after: owned(after) }
    }

    fn write(self, words: Words) -> Content {
        let (text, html) = (self.text(), self.html(words));
        Content { subject: self.subject, text, html, ..Content::default() }
    }

    fn text(&self) -> String {
        let action = match &self.action {
            Action::Nothing => None,
            Action::Follow(_, text) | Action::Copy(text) => Some(text),
        };
        let paragraphs: Vec<_> =
            self.before.iter().chain(action).chain(&self.after).map(String::as_str).collect();
        paragraphs.join("\n\n") + "\n"
    }

    fn html(&self, words: Words) -> String {
        let paragraph = |text: &String| format!("<p>{}</p>\n", escape(text));
        let action = match &self.action {
            Action::Nothing => String::new(),
            Action::Follow(label, link) => {
                let link = escape(link);
                format!("<p><a href=\"{link}\"><b>{}</b></a><br>{link}</p>\n", escape(label))
            }
            Action::Copy(text) => format!("<p><code>{}</code></p>\n", escape(text)),
        };
        let before: String = self.before.iter().map(paragraph).collect();
        let after: String = self.after.iter().map(paragraph).collect();
        format!(
            "<!DOCTYPE html>\n<html lang=\"{}\">\n<head><meta charset=\"utf-8\"><title>{}</title></head>\n\
             <body style=\"font-family: sans-serif; line-height: 1.5\">\n{before}{action}{after}</body>\n</html>\n",
            words.language_tag(),
            escape(&self.subject)
        )
    }
}

/// As HTML has it.
pub fn escape(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> Secret {
        Secret::new("a-token")
    }

    fn company(name: &str, language: &str) -> company::Model {
        company::Model {
            id: uuid::Uuid::nil().into(),
            name: name.to_owned(),
            time_zone: "UTC".to_owned(),
            language: language.to_owned(),
            demo: false,
            twilio_account_sid: None,
            twilio_auth_token_sealed: None,
            tell_agents_of_supervision: true,
            report_settings: Default::default(),
            created_at: "2026-03-02T12:00:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn both_bodies_of_a_confirmation_hold_the_link_in_every_language() {
        let link = "https://calls.example.com/register/confirm#a-token";
        for tag in ["en", "es", "fr", "de"] {
            let words = Words::of(tag);
            for content in [
                confirm(words, "https://calls.example.com", &token()),
                confirm_company(words, "https://calls.example.com", &token()),
            ] {
                assert!(content.text.contains(&format!("\n\n{link}\n\n")), "{}", content.text);
                assert!(content.html.contains(&format!("href=\"{link}\"")), "{}", content.html);
                assert!(content.html.contains(&format!("<html lang=\"{tag}\">")), "{}", content.html);
            }
            assert!(!known_already(words).html.contains("href"), "there is nothing to confirm");
        }
    }

    #[test]
    fn a_company_s_name_is_a_text_and_one_line_of_it() {
        let evil = company("Acme\r\nBcc: eve@example.com\n\n<script>alert('x')</script>", "fr-FR");
        let content = invitation(&evil, "https://calls.example.com", &token());
        assert_eq!(content.subject, "Acme Bcc: eve@example.com <script>alert('x')</script> vous invite");
        assert!(!content.html.contains("<script>"), "{}", content.html);
        assert!(content.html.contains("<code>a-token</code>"), "{}", content.html);
        assert!(content.text.contains("\n\na-token\n\n"), "{}", content.text);
        let long = invitation(&company(&"x".repeat(200), "en-US"), "", &token());
        assert_eq!(long.subject.chars().count(), 80 + " invites you".len());
    }
}
