//! What our letters say, in the languages that we speak.
//!
//! To an address that nobody has proved yet goes nothing that the one who typed it chose, neither a name nor a company:
//! else anybody could have us send his words to anybody.

use entity::company;

use super::Content;
use crate::secret::Secret;
use crate::words::{Language, Words};

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
    let (subject, before, label, after) = match words.language() {
        Language::English => (
            "Confirm your registration",
            [
                "Somebody, we hope you, has registered at CallDocker with this address.",
                "Confirm it only if that was you: whoever registered chose the password. The link is good for 24 hours.",
            ],
            "Confirm",
            "If it was not you, do nothing. Without a confirmation no account is made.",
        ),
        Language::Spanish => (
            "Confirme su registro",
            [
                "Alguien, esperamos que usted, se ha registrado en CallDocker con esta dirección.",
                "Confírmelo solo si ha sido usted: quien se registró eligió la contraseña. El enlace es válido durante 24 horas.",
            ],
            "Confirmar",
            "Si no ha sido usted, no haga nada. Sin confirmación no se crea ninguna cuenta.",
        ),
        Language::French => (
            "Confirmez votre inscription",
            [
                "Quelqu'un, vous-même espérons-le, s'est inscrit à CallDocker avec cette adresse.",
                "Ne confirmez que si c'était vous : la personne qui s'est inscrite a choisi le mot de passe. Le lien est valable 24 heures.",
            ],
            "Confirmer",
            "Si ce n'était pas vous, ne faites rien. Sans confirmation, aucun compte n'est créé.",
        ),
        Language::German => (
            "Bestätigen Sie Ihre Registrierung",
            [
                "Jemand, hoffentlich Sie, hat sich bei CallDocker mit dieser Adresse registriert.",
                "Bestätigen Sie nur, wenn Sie das waren: Wer sich registriert hat, hat das Passwort gewählt. Der Link gilt 24 Stunden.",
            ],
            "Bestätigen",
            "Wenn Sie es nicht waren, tun Sie nichts. Ohne Bestätigung entsteht kein Konto.",
        ),
    };
    Parts::new(subject, &before, Action::Follow(label, link(public_url, token)), &[after]).write(words)
}

/// To somebody who has an account: there was nothing to register.
pub fn known_already(words: Words) -> Content {
    let (subject, before) = match words.language() {
        Language::English => (
            "You have an account already",
            [
                "Somebody, perhaps you, has tried to register at CallDocker with this address. There is an account for it \
                 already, and nothing was changed.",
                "If that was you, sign in with the password of your account. If it was not, there is nothing to do.",
            ],
        ),
        Language::Spanish => (
            "Ya tiene una cuenta",
            [
                "Alguien, quizás usted, ha intentado registrarse en CallDocker con esta dirección. Ya existe una cuenta con \
                 ella y no se ha cambiado nada.",
                "Si ha sido usted, inicie sesión con la contraseña de su cuenta. Si no, no tiene que hacer nada.",
            ],
        ),
        Language::French => (
            "Vous avez déjà un compte",
            [
                "Quelqu'un, peut-être vous, a essayé de s'inscrire à CallDocker avec cette adresse. Un compte existe déjà et \
                 rien n'a été modifié.",
                "Si c'était vous, connectez-vous avec le mot de passe de votre compte. Sinon, vous n'avez rien à faire.",
            ],
        ),
        Language::German => (
            "Sie haben bereits ein Konto",
            [
                "Jemand, vielleicht Sie, hat versucht, sich bei CallDocker mit dieser Adresse zu registrieren. Es gibt dafür \
                 bereits ein Konto, und nichts wurde geändert.",
                "Wenn Sie das waren, melden Sie sich mit dem Passwort Ihres Kontos an. Wenn nicht, ist nichts zu tun.",
            ],
        ),
    };
    Parts::new(subject, &before, Action::Nothing, &[]).write(words)
}

/// To somebody who has an account: confirm, and he owns another company.
pub fn confirm_company(words: Words, public_url: &str, token: &Secret) -> Content {
    let (subject, before, label, after) = match words.language() {
        Language::English => (
            "Confirm your new company",
            [
                "Somebody, we hope you, wants to found another company at CallDocker for your account. Nothing was changed \
                 yet.",
                "Confirm it only if that was you. You then sign in as before, with the password of your account. The link is \
                 good for 24 hours.",
            ],
            "Confirm",
            "If it was not you, do nothing.",
        ),
        Language::Spanish => (
            "Confirme su nueva empresa",
            [
                "Alguien, esperamos que usted, quiere fundar otra empresa en CallDocker para su cuenta. Todavía no se ha \
                 cambiado nada.",
                "Confírmelo solo si ha sido usted. Después iniciará sesión como antes, con la contraseña de su cuenta. El \
                 enlace es válido durante 24 horas.",
            ],
            "Confirmar",
            "Si no ha sido usted, no haga nada.",
        ),
        Language::French => (
            "Confirmez votre nouvelle entreprise",
            [
                "Quelqu'un, vous-même espérons-le, veut fonder une autre entreprise à CallDocker pour votre compte. Rien n'a \
                 encore été modifié.",
                "Ne confirmez que si c'était vous. Vous vous connecterez ensuite comme avant, avec le mot de passe de votre \
                 compte. Le lien est valable 24 heures.",
            ],
            "Confirmer",
            "Si ce n'était pas vous, ne faites rien.",
        ),
        Language::German => (
            "Bestätigen Sie Ihr neues Unternehmen",
            [
                "Jemand, hoffentlich Sie, möchte bei CallDocker ein weiteres Unternehmen für Ihr Konto gründen. Noch wurde \
                 nichts geändert.",
                "Bestätigen Sie nur, wenn Sie das waren. Sie melden sich dann an wie bisher, mit dem Passwort Ihres Kontos. \
                 Der Link gilt 24 Stunden.",
            ],
            "Bestätigen",
            "Wenn Sie es nicht waren, tun Sie nichts.",
        ),
    };
    Parts::new(subject, &before, Action::Follow(label, link(public_url, token)), &[after]).write(words)
}

/// To somebody whom a company invites, in the company's language.
pub fn invitation(company: &company::Model, public_url: &str, token: &Secret) -> Content {
    let words = Words::of(&company.language);
    let name = one_line(&company.name);
    let (subject, before, after) = match words.language() {
        Language::English => (
            format!("{name} invites you"),
            [
                format!("{name} invites you to work together at CallDocker, {public_url}."),
                "Register there with this address and this invitation token:".to_owned(),
            ],
            "The token is good for seven days, once. If you do not know who invites you, do nothing.",
        ),
        Language::Spanish => (
            format!("{name} le invita"),
            [
                format!("{name} le invita a trabajar en CallDocker, {public_url}."),
                "Regístrese allí con esta dirección y este código de invitación:".to_owned(),
            ],
            "El código es válido durante siete días, una sola vez. Si no sabe quién le invita, no haga nada.",
        ),
        Language::French => (
            format!("{name} vous invite"),
            [
                format!("{name} vous invite à travailler ensemble sur CallDocker, {public_url}."),
                "Inscrivez-vous avec cette adresse et ce code d'invitation :".to_owned(),
            ],
            "Le code est valable sept jours, une seule fois. Si vous ne savez pas qui vous invite, ne faites rien.",
        ),
        Language::German => (
            format!("{name} lädt Sie ein"),
            [
                format!("{name} lädt Sie ein, bei CallDocker mitzuarbeiten: {public_url}"),
                "Registrieren Sie sich dort mit dieser Adresse und diesem Einladungscode:".to_owned(),
            ],
            "Der Code gilt sieben Tage, einmal. Wenn Sie nicht wissen, wer Sie einlädt, tun Sie nichts.",
        ),
    };
    let before = before.each_ref().map(String::as_str);
    Parts::new(&subject, &before, Action::Copy(token.expose().to_owned()), &[after]).write(words)
}

/// The token stands behind the #: a browser keeps that to itself, so that no log on the way learns it.
fn link(public_url: &str, token: &Secret) -> String {
    format!("{public_url}{}#{}", CONFIRM_PAGE, token.expose())
}

/// As one line without what steers a terminal or a mail program, and not too long.
fn one_line(text: &str) -> String {
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
        Content { subject: self.subject, text, html }
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
            words.language().tag(),
            escape(&self.subject)
        )
    }
}

fn escape(text: &str) -> String {
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
