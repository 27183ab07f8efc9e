//! The servers by which two browsers find each other: a list in the shape of WebRTC's `RTCIceServer`.
//!
//! Owns that shape and the form of the addresses. It must never look an address up.
//!
//! Source: W3C WebRTC 1.0, dictionaries `RTCConfiguration` and `RTCIceServer`; RFC 7064 (`stun:`), RFC 7065 (`turn:`).

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::turn::TurnCredentials;

/// One entry of `iceServers`: `{urls: […]}` for STUN, `{urls: […], username, credential}` for TURN. Shows no credential
/// when it is formatted.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IceServer {
    pub urls: Vec<IceUrl>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
}

impl fmt::Debug for IceServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IceServer")
            .field("urls", &self.urls)
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// The list for one client: an entry for all STUN addresses, one for all TURN addresses with `credentials`; an entry
/// without addresses is left out. TURN addresses without credentials are left out, too: a browser refuses the whole
/// list for one of them (WebRTC 1.0, "set a configuration": `InvalidAccessError`).
pub fn ice_servers(urls: &[IceUrl], credentials: Option<&TurnCredentials>) -> Vec<IceServer> {
    let of = |wanted: Protocol| -> Vec<IceUrl> {
        urls.iter().filter(|url| url.protocol == wanted).cloned().collect()
    };
    let stun = IceServer { urls: of(Protocol::Stun), username: None, credential: None };
    let turn = credentials.map(|credentials| IceServer {
        urls: of(Protocol::Turn),
        username: Some(credentials.username.clone()),
        credential: Some(credentials.password.clone()),
    });
    [Some(stun), turn].into_iter().flatten().filter(|server| !server.urls.is_empty()).collect()
}

/// What is spoken at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// Tells a client its public address; asks for no credentials.
    Stun,
    /// Relays media; asks for credentials.
    Turn,
}

/// An address such as `stun:host:3478`, `turn:host:3478?transport=udp` or `turns:host:5349?transport=tcp`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct IceUrl {
    text: String,
    protocol: Protocol,
}

/// Why a text is no address of a STUN or TURN server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IceUrlError {
    #[error("an address begins with stun:, stuns:, turn: or turns:, without slashes")]
    Scheme,
    #[error("an address needs a host: a name, an IPv4 address, or an IPv6 address in brackets")]
    Host,
    #[error("a port is a number from 1 to 65535")]
    Port,
    #[error(
        "after the question mark a turn: or turns: address has transport=udp or transport=tcp, a stun: one nothing"
    )]
    Transport,
}

impl IceUrl {
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn protocol(&self) -> Protocol {
        self.protocol
    }
}

impl fmt::Display for IceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for IceUrl {
    type Err = IceUrlError;

    fn from_str(text: &str) -> Result<Self, IceUrlError> {
        let (scheme, rest) = text.split_once(':').ok_or(IceUrlError::Scheme)?;
        let protocol = match scheme.to_ascii_lowercase().as_str() {
            "stun" | "stuns" => Protocol::Stun,
            "turn" | "turns" => Protocol::Turn,
            _ => return Err(IceUrlError::Scheme),
        };
        if rest.starts_with('/') {
            return Err(IceUrlError::Scheme);
        }
        let (place, query) = match rest.split_once('?') {
            Some((place, query)) => (place, Some(query)),
            None => (rest, None),
        };
        match (protocol, query) {
            (_, None) | (Protocol::Turn, Some("transport=udp" | "transport=tcp")) => {}
            (Protocol::Turn | Protocol::Stun, Some(_)) => return Err(IceUrlError::Transport),
        }
        check_place(place)?;
        Ok(Self { text: text.to_owned(), protocol })
    }
}

fn check_place(place: &str) -> Result<(), IceUrlError> {
    let port = match place.strip_prefix('[') {
        Some(rest) => {
            let (address, after) = rest.split_once(']').ok_or(IceUrlError::Host)?;
            address.parse::<Ipv6Addr>().map_err(|_| IceUrlError::Host)?;
            match after {
                "" => None,
                _ => Some(after.strip_prefix(':').ok_or(IceUrlError::Port)?),
            }
        }
        None => {
            let (host, port) = place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port)));
            check_name(host)?;
            port
        }
    };
    let is_good = |port: &str| {
        port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
    };
    if port.is_none_or(is_good) { Ok(()) } else { Err(IceUrlError::Port) }
}

fn check_name(host: &str) -> Result<(), IceUrlError> {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if (1..=253).contains(&host.len()) && host.bytes().all(good) { Ok(()) } else { Err(IceUrlError::Host) }
}

impl TryFrom<String> for IceUrl {
    type Error = IceUrlError;

    fn try_from(text: String) -> Result<Self, IceUrlError> {
        text.parse()
    }
}

impl From<IceUrl> for String {
    fn from(url: IceUrl) -> Self {
        url.text
    }
}
