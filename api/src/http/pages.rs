//! The few pages for people who follow a link out of a mail, so that a browser is all they need. A page holds no data: it
//! asks the API as every client does.

use std::sync::OnceLock;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use poem::http::header;
use poem::{Request, Response};
use sha2::{Digest, Sha256};

use crate::words::Words;

/// A link must not confirm by being opened, since mail programs open links to look at them: a person presses the button.
const SCRIPT: &str = include_str!("confirm.js");
const PASSWORD_SCRIPT: &str = include_str!("password.js");
const UNSUBSCRIBE_SCRIPT: &str = include_str!("unsubscribe.js");

/// The specification, to read and to try: `html` is one document, always the same, with its scripts in it. Only those run,
/// by their hashes; it talks to this server alone. Its styles are also set by its script, element by element, which is hard
/// to hash.
pub fn docs(html: &'static str) -> Response {
    static POLICY: OnceLock<String> = OnceLock::new();
    let policy = POLICY.get_or_init(|| {
        let scripts: Vec<_> = inline_scripts(html).map(|script| format!("'sha256-{}'", hash(script))).collect();
        format!(
            "default-src 'none'; script-src {}; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; \
             base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            scripts.join(" ")
        )
    });
    Response::builder()
        .header(header::CONTENT_SECURITY_POLICY, policy)
        .content_type("text/html; charset=utf-8")
        .body(html)
}

/// What stands in the script elements of a document, as a browser reads it: from one start tag to the next end tag, whatever
/// looks like a tag between them.
fn inline_scripts(html: &str) -> impl Iterator<Item = &str> {
    let mut rest = html;
    std::iter::from_fn(move || {
        let (_, behind) = rest.split_once("<script")?;
        let (_, content) = behind.split_once('>')?;
        let (script, after) = content.split_once("</script>")?;
        rest = after;
        Some(script)
    })
}

fn hash(script: &str) -> String {
    BASE64_STANDARD.encode(Sha256::digest(script))
}

/// Confirms a registration; the token stands behind the # of the address, and only the script sees it.
pub fn confirm_registration(request: &Request) -> Response {
    let words = Words::accepted(request.header(header::ACCEPT_LANGUAGE).unwrap_or_default());
    let [title, ask, confirm, done, gone, failed] = ["title", "ask", "confirm", "done", "gone", "failed"]
        .map(|part| words.text(&format!("page.confirm.{part}")));
    let body = format!(
        "<p id=\"said\" role=\"status\" data-done=\"{done}\" data-gone=\"{gone}\" data-failed=\"{failed}\">{ask}</p>\n\
         <button id=\"confirm\">{confirm}</button>\n",
    );
    page(words, title, &body, SCRIPT)
}

/// Sets a password by the link of a letter; the token stands behind the # of the address.
pub fn set_password(request: &Request) -> Response {
    let words = Words::accepted(request.header(header::ACCEPT_LANGUAGE).unwrap_or_default());
    let [title, ask, label, set, done, gone, failed] =
        ["title", "ask", "label", "set", "done", "gone", "failed"]
            .map(|part| words.text(&format!("page.password.{part}")));
    let body = format!(
        "<p id=\"said\" role=\"status\" data-done=\"{done}\" data-gone=\"{gone}\" data-failed=\"{failed}\">{ask}</p>\n\
         <form id=\"form\">\n<label>{label} <input id=\"password\" type=\"password\" autocomplete=\"new-password\" \
         minlength=\"8\" maxlength=\"128\" required></label>\n<button id=\"set\">{set}</button>\n</form>\n",
    );
    page(words, title, &body, PASSWORD_SCRIPT)
}

/// Ends a report that somebody outside gets; the token stands behind the # of the address.
pub fn unsubscribe(request: &Request) -> Response {
    let words = Words::accepted(request.header(header::ACCEPT_LANGUAGE).unwrap_or_default());
    let [title, ask, unsubscribe, done, gone, failed] =
        ["title", "ask", "unsubscribe", "done", "gone", "failed"]
            .map(|part| words.text(&format!("page.unsubscribe.{part}")));
    let body = format!(
        "<p id=\"said\" role=\"status\" data-done=\"{done}\" data-gone=\"{gone}\" data-failed=\"{failed}\">{ask}</p>\n\
         <button id=\"unsubscribe\">{unsubscribe}</button>\n",
    );
    page(words, title, &body, UNSUBSCRIBE_SCRIPT)
}

fn page(words: Words, title: &str, body: &str, script: &str) -> Response {
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n</head>\n<body>\n<h1>{title}</h1>\n\
         {body}<script>{script}</script>\n</body>\n</html>\n",
        words.language_tag(),
    );
    let script = hash(script);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_may_hold_what_looks_like_another() {
        let html = "<p><script charset=\"UTF-8\">let a = '<script>';</script><script>b()</script>";
        assert_eq!(inline_scripts(html).collect::<Vec<_>>(), ["let a = '<script>';", "b()"]);
    }
}
