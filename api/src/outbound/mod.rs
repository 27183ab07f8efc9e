//! What leaves this server towards others than the provider.

pub mod again;
pub mod mail;
pub mod signing;
pub mod sms;
pub mod web;

/// Everything but unreserved characters as %XX (RFC 3986, section 2.3).
pub fn percent_encode(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => write!(out, "%{byte:02X}").expect("writing to a String"),
        }
        out
    })
}
