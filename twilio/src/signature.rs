//! `X-Twilio-Signature`: proof that a request comes from Twilio and arrived unchanged.
//!
//! Owns the signed text, the forms of a URL that count as the same, and the comparison. It must never decide which
//! tokens belong to a request, and never rebuild a URL from a `Host` header: the caller gives the public URL that
//! Twilio was configured with.
//!
//! The signed text is the URL, byte for byte, followed by every distinct decoded (name, value) pair of the form in
//! codepoint order, names and values without a delimiter. A GET and a JSON body add nothing to it; a JSON body is
//! bound by its SHA-256 in the query parameter `bodySHA256` instead. Source: Twilio docs, "Webhooks Security", and
//! the official helper libraries, whose test vectors are in `tests/vectors`.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

/// The name of the header that carries the signature.
pub const HEADER: &str = "X-Twilio-Signature";

/// What the key is, and with it which hash is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Algorithm {
    /// HMAC-SHA1 with the account's auth token: what Twilio sends unless told otherwise.
    #[default]
    AuthToken,
    /// HMAC-SHA256 with the secret of a shared key; such a request carries
    /// `X-Twilio-Webhooks-Signature-Settings: key=…,algorithm=HMAC_SHA256`.
    SharedKey,
}

/// The body of a request, as far as the signature covers it.
#[derive(Debug, Clone, Copy)]
pub enum SignedBody<'a> {
    /// No body: a GET, or a WebSocket handshake.
    None,
    /// A form: all its decoded pairs, also those that nobody knows, none of them trimmed.
    Form(&'a [(String, String)]),
    /// Any other body, as raw bytes. It is refused unless the URL has a `bodySHA256` that agrees.
    Json(&'a [u8]),
}

/// What a URL is used for, which decides whether Twilio signs the port of an https URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    Voice,
    Messaging,
}

/// The signature of a form sent to `url` (an empty slice for a GET or a JSON body), in base64. `url` is signed as it
/// is given; see [`url_as_signed`].
pub fn sign(token: &str, url: &str, params: &[(String, String)]) -> String {
    sign_with(Algorithm::AuthToken, token, url, params)
}

/// As [`sign`], with a choice of the algorithm.
pub fn sign_with(algorithm: Algorithm, key: &str, url: &str, params: &[(String, String)]) -> String {
    let pairs = signed_pairs(params);
    match algorithm {
        Algorithm::AuthToken => {
            BASE64_STANDARD.encode(mac::<Hmac<Sha1>>(key, url, &pairs).finalize().into_bytes())
        }
        Algorithm::SharedKey => {
            BASE64_STANDARD.encode(mac::<Hmac<Sha256>>(key, url, &pairs).finalize().into_bytes())
        }
    }
}

/// Whether `signature` (base64, the value of the header) was made with one of `tokens` for this request.
///
/// `url` is the public URL that Twilio was given. Its user information and fragment are ignored; the port may be
/// missing, given, or the scheme's default one, since Twilio drops the port of some URLs. An empty token never
/// verifies. The time it takes does not depend on which token or which bytes agree.
pub fn verify(tokens: &[&str], url: &str, body: SignedBody<'_>, signature: &str) -> bool {
    verify_with(Algorithm::AuthToken, tokens, url, body, signature)
}

/// As [`verify`], with a choice of the algorithm.
pub fn verify_with(
    algorithm: Algorithm,
    keys: &[&str],
    url: &str,
    body: SignedBody<'_>,
    signature: &str,
) -> bool {
    let Ok(given) = BASE64_STANDARD.decode(signature) else { return false };
    let (pairs, bytes) = match body {
        SignedBody::None => (String::new(), Some(&b""[..])),
        SignedBody::Form(params) => (signed_pairs(params), None),
        SignedBody::Json(bytes) => (String::new(), Some(bytes)),
    };
    let body_agrees = match (bytes, body_sha256(url), body) {
        (Some(bytes), Some(expected), _) => hex::encode(Sha256::digest(bytes)).eq_ignore_ascii_case(expected),
        // Without the hash nothing would bind this body to the signature.
        (Some(_), None, SignedBody::Json(_)) => false,
        (Some(_), None, SignedBody::None | SignedBody::Form(_)) | (None, _, _) => true,
    };
    let mut signed = false;
    for url in equivalent_urls(url) {
        for key in keys.iter().filter(|key| !key.is_empty()) {
            // verify_slice compares in constant time, and every combination is computed, whichever agrees.
            signed |= match algorithm {
                Algorithm::AuthToken => mac::<Hmac<Sha1>>(key, &url, &pairs).verify_slice(&given).is_ok(),
                Algorithm::SharedKey => mac::<Hmac<Sha256>>(key, &url, &pairs).verify_slice(&given).is_ok(),
            };
        }
    }
    signed & body_agrees
}

/// The form in which Twilio signs a URL that it was given: without user information and fragment, and without the
/// port where it is a voice URL over https.
pub fn url_as_signed(url: &str, channel: Channel) -> String {
    let url = Url::split(url);
    match (channel, url.scheme) {
        (Channel::Voice, "https" | "wss") => url.with_port(None),
        (Channel::Voice | Channel::Messaging, _) => url.with_port(url.port),
    }
}

/// Every distinct pair once, sorted by name and then by value, joined without a delimiter.
fn signed_pairs(params: &[(String, String)]) -> String {
    let mut pairs: Vec<_> = params.iter().collect();
    pairs.sort();
    pairs.dedup();
    pairs.into_iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]).collect()
}

fn mac<M: Mac + KeyInit>(key: &str, url: &str, pairs: &str) -> M {
    let mut mac = <M as KeyInit>::new_from_slice(key.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(url.as_bytes());
    mac.update(pairs.as_bytes());
    mac
}

/// The value of the query parameter `bodySHA256`: lower-case hex of 64 digits, which needs no decoding.
fn body_sha256(url: &str) -> Option<&str> {
    let query = Url::split(url).path.split_once('?')?.1;
    query.split('&').find_map(|pair| pair.strip_prefix("bodySHA256="))
}

/// The URLs that Twilio may have signed when it was given `url`: as it is, without a port, with the default port; for
/// a WebSocket each of them also with a trailing slash on the path.
fn equivalent_urls(url: &str) -> Vec<String> {
    let url = Url::split(url);
    let default_port = match url.scheme {
        "https" | "wss" => Some("443"),
        "http" | "ws" => Some("80"),
        _ => None,
    };
    let mut urls = vec![url.with_port(url.port), url.with_port(None), url.with_port(default_port)];
    if matches!(url.scheme, "ws" | "wss") {
        let (path, query) = url.path.find('?').map_or((url.path, ""), |at| url.path.split_at(at));
        if !path.ends_with('/') {
            let path = format!("{path}/{query}");
            let slashed = Url { path: &path, ..url };
            urls.extend([
                slashed.with_port(url.port),
                slashed.with_port(None),
                slashed.with_port(default_port),
            ]);
        }
    }
    urls.sort();
    urls.dedup();
    urls
}

/// A URL cut into pieces that are put together again byte for byte; a URL parser would normalise them.
#[derive(Clone, Copy)]
struct Url<'a> {
    scheme: &'a str,
    /// Without user information and port; an IPv6 address keeps its brackets.
    host: &'a str,
    port: Option<&'a str>,
    /// Path and query, without the fragment.
    path: &'a str,
}

impl<'a> Url<'a> {
    fn split(url: &'a str) -> Self {
        let url = url.split_once('#').map_or(url, |(url, _fragment)| url);
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
        let (authority, path) = rest.find(['/', '?']).map_or((rest, ""), |at| rest.split_at(at));
        let host = authority.rsplit_once('@').map_or(authority, |(_user, host)| host);
        let (host, port) = match host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => (name, Some(port)),
            _ => (host, None),
        };
        Self { scheme, host, port, path }
    }

    fn with_port(&self, port: Option<&str>) -> String {
        let Self { scheme, host, path, .. } = self;
        let scheme = if scheme.is_empty() { String::new() } else { format!("{scheme}://") };
        match port {
            Some(port) => format!("{scheme}{host}:{port}{path}"),
            None => format!("{scheme}{host}{path}"),
        }
    }
}
