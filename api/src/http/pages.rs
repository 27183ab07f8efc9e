//! The few pages for people who follow a link out of a mail, so that a browser is all they need. A page holds no data: it
//! asks the API as every client does.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use poem::http::header;
use poem::{Request, Response};
use sha2::{Digest, Sha256};

use crate::words::{Language, Words};

/// A link must not confirm by being opened, since mail programs open links to look at them: a person presses the button.
const SCRIPT: &str = include_str!("confirm.js");
const PASSWORD_SCRIPT: &str = include_str!("password.js");

struct Texts {
    title: &'static str,
    ask: &'static str,
    confirm: &'static str,
    done: &'static str,
    gone: &'static str,
    failed: &'static str,
}

/// Confirms a registration; the token stands behind the # of the address, and only the script sees it.
pub fn confirm_registration(request: &Request) -> Response {
    let words = Words::accepted(request.header(header::ACCEPT_LANGUAGE).unwrap_or_default());
    let Texts { title, ask, confirm, done, gone, failed } = texts(words);
    let body = format!(
        "<p id=\"said\" role=\"status\" data-done=\"{done}\" data-gone=\"{gone}\" data-failed=\"{failed}\">{ask}</p>\n\
         <button id=\"confirm\">{confirm}</button>\n",
    );
    page(words, title, &body, SCRIPT)
}

/// Sets a password by the link of a letter; the token stands behind the # of the address.
pub fn set_password(request: &Request) -> Response {
    let words = Words::accepted(request.header(header::ACCEPT_LANGUAGE).unwrap_or_default());
    let PasswordTexts { title, ask, label, set, done, gone, failed } = password_texts(words);
    let body = format!(
        "<p id=\"said\" role=\"status\" data-done=\"{done}\" data-gone=\"{gone}\" data-failed=\"{failed}\">{ask}</p>\n\
         <form id=\"form\">\n<label>{label} <input id=\"password\" type=\"password\" autocomplete=\"new-password\" \
         minlength=\"8\" maxlength=\"128\" required></label>\n<button id=\"set\">{set}</button>\n</form>\n",
    );
    page(words, title, &body, PASSWORD_SCRIPT)
}

fn page(words: Words, title: &str, body: &str, script: &str) -> Response {
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n</head>\n<body>\n<h1>{title}</h1>\n\
         {body}<script>{script}</script>\n</body>\n</html>\n",
        words.language().tag(),
    );
    let script = BASE64_STANDARD.encode(Sha256::digest(script));
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{script}'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    );
    Response::builder()
        .header(header::CONTENT_SECURITY_POLICY, policy)
        .header(header::REFERRER_POLICY, "no-referrer")
        .header(header::VARY, "Accept-Language")
        .content_type("text/html; charset=utf-8")
        .body(page)
}

fn texts(words: Words) -> Texts {
    match words.language() {
        Language::English => Texts {
            title: "Confirm your registration",
            ask: "Confirm only if it was you who registered.",
            confirm: "Confirm",
            done: "Your registration is confirmed. You can sign in now.",
            gone: "This registration is not valid, or no longer. Register again.",
            failed: "That did not work. Try again in a moment.",
        },
        Language::Spanish => Texts {
            title: "Confirme su registro",
            ask: "Confirme solo si ha sido usted quien se registró.",
            confirm: "Confirmar",
            done: "Su registro está confirmado. Ya puede iniciar sesión.",
            gone: "Este registro no es válido o ya no lo es. Regístrese de nuevo.",
            failed: "No ha funcionado. Inténtelo de nuevo en un momento.",
        },
        Language::French => Texts {
            title: "Confirmez votre inscription",
            ask: "Ne confirmez que si c'est bien vous qui vous êtes inscrit.",
            confirm: "Confirmer",
            done: "Votre inscription est confirmée. Vous pouvez vous connecter.",
            gone: "Cette inscription n'est pas valable, ou ne l'est plus. Inscrivez-vous à nouveau.",
            failed: "Cela n'a pas fonctionné. Réessayez dans un instant.",
        },
        Language::German => Texts {
            title: "Bestätigen Sie Ihre Registrierung",
            ask: "Bestätigen Sie nur, wenn Sie selbst sich registriert haben.",
            confirm: "Bestätigen",
            done: "Ihre Registrierung ist bestätigt. Sie können sich jetzt anmelden.",
            gone: "Diese Registrierung gilt nicht oder nicht mehr. Registrieren Sie sich noch einmal.",
            failed: "Das hat nicht funktioniert. Versuchen Sie es gleich noch einmal.",
        },
    }
}

struct PasswordTexts {
    title: &'static str,
    ask: &'static str,
    label: &'static str,
    set: &'static str,
    done: &'static str,
    gone: &'static str,
    failed: &'static str,
}

fn password_texts(words: Words) -> PasswordTexts {
    match words.language() {
        Language::English => PasswordTexts {
            title: "Set a password",
            ask: "At least eight characters. You are then signed out everywhere.",
            label: "New password",
            set: "Set",
            done: "Your password is set. You can sign in now.",
            gone: "This link is not valid, or no longer. Ask for a new one.",
            failed: "That did not work. Try again in a moment.",
        },
        Language::Spanish => PasswordTexts {
            title: "Establezca una contraseña",
            ask: "Al menos ocho caracteres. Después se cerrarán todas sus sesiones.",
            label: "Nueva contraseña",
            set: "Establecer",
            done: "Su contraseña está establecida. Ya puede iniciar sesión.",
            gone: "Este enlace no es válido o ya no lo es. Pida uno nuevo.",
            failed: "No ha funcionado. Inténtelo de nuevo en un momento.",
        },
        Language::French => PasswordTexts {
            title: "Choisissez un mot de passe",
            ask: "Au moins huit caractères. Vous serez ensuite déconnecté partout.",
            label: "Nouveau mot de passe",
            set: "Enregistrer",
            done: "Votre mot de passe est enregistré. Vous pouvez vous connecter.",
            gone: "Ce lien n'est pas valable, ou ne l'est plus. Demandez-en un nouveau.",
            failed: "Cela n'a pas fonctionné. Réessayez dans un instant.",
        },
        Language::German => PasswordTexts {
            title: "Setzen Sie ein Passwort",
            ask: "Mindestens acht Zeichen. Danach sind Sie überall abgemeldet.",
            label: "Neues Passwort",
            set: "Setzen",
            done: "Ihr Passwort ist gesetzt. Sie können sich jetzt anmelden.",
            gone: "Dieser Link gilt nicht oder nicht mehr. Fordern Sie einen neuen an.",
            failed: "Das hat nicht funktioniert. Versuchen Sie es gleich noch einmal.",
        },
    }
}
