//! `X-Twilio-Signature`: how a receiver knows that a request is ours.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

/// Base64 of HMAC-SHA1 over the URL followed by every parameter's name and value, names in codepoint order, the values
/// of a repeated name as a sorted set. Pass no parameters for GET. Source: Twilio docs, "Webhooks security".
pub(crate) fn sign(token: &str, url: &str, params: &[(String, String)]) -> String {
    let mut pairs: Vec<_> = params.iter().collect();
    pairs.sort();
    pairs.dedup();
    let mut mac = Hmac::<Sha1>::new_from_slice(token.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(signed_url(url).as_bytes());
    for (name, value) in pairs {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    STANDARD.encode(mac.finalize().into_bytes())
}

/// The URL as it is signed: without fragment, without user and password, and for voice over https without port.
fn signed_url(url: &str) -> String {
    let url = url.split('#').next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.rsplit_once(':') {
        Some((name, port)) if scheme == "https" && port.bytes().all(|b| b.is_ascii_digit()) => name,
        Some(_) | None => host,
    };
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_documentation_is_signed_as_printed_there() {
        let params = [
            ("CallSid", "CA1234567890ABCDE"),
            ("Caller", "+12349013030"),
            ("Digits", "1234"),
            ("From", "+12349013030"),
            ("To", "+18005551212"),
        ]
        .map(|(n, v)| (n.to_owned(), v.to_owned()));
        let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
        assert_eq!(sign("12345", url, &params), "0/KCTR6DLpKmkAf8muzZqo1nDgQ=");
    }

    #[test]
    fn credentials_fragment_and_the_port_of_https_are_not_signed() {
        assert_eq!(signed_url("https://u:p@example.com:8443/v?a=1#rc=2"), "https://example.com/v?a=1");
        assert_eq!(signed_url("http://127.0.0.1:8080/v"), "http://127.0.0.1:8080/v");
    }
}
