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
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n</head>\n<body>\n<h1>{title}</h1>\n\
         <p id=\"said\" role=\"status\" data-done=\"{done}\" data-gone=\"{gone}\" data-failed=\"{failed}\">{ask}</p>\n\
         <button id=\"confirm\">{confirm}</button>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
        words.language().tag(),
    );
    let script = BASE64_STANDARD.encode(Sha256::digest(SCRIPT));
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
