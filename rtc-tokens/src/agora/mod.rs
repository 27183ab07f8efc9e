//! Tokens of Agora: what a client shows to join a channel.
//!
//! Owns the two forms in use, [`v007`] and the older [`v006`]. It must never read a clock or throw dice: the moment and
//! the salt are arguments, and the same arguments give the same token.
//!
//! Source: AgoraIO/Tools, `DynamicKey/AgoraDynamicKey` at da06bfb (MIT), whose test tokens are in `tests/vectors`.

mod bytes;
pub mod v006;
pub mod v007;

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Agora takes no token that is good for longer (Agora docs, "Secure authentication with tokens").
pub const MAX_TTL: Duration = Duration::from_secs(24 * 60 * 60);

/// Bytes of a channel's name (Agora docs: fewer than 64).
pub const MAX_CHANNEL: usize = 63;

/// Bytes of a user's account: what Agora's messaging takes, fewer than 64. Channels would take more.
pub const MAX_ACCOUNT: usize = 63;

/// A project of Agora: its id and its primary or secondary certificate, 32 hexadecimal digits each. Does not show the
/// certificate when it is formatted.
#[derive(Clone, PartialEq, Eq)]
pub struct App {
    id: String,
    certificate: String,
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App").field("id", &self.id).finish_non_exhaustive()
    }
}

impl App {
    /// # Errors
    /// [`TokenError::AppId`] and [`TokenError::Certificate`].
    pub fn new(id: impl Into<String>, certificate: impl Into<String>) -> Result<Self, TokenError> {
        let (id, certificate) = (id.into(), certificate.into());
        let good = |text: &str| text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !good(&id) {
            return Err(TokenError::AppId);
        }
        if !good(&certificate) {
            return Err(TokenError::Certificate);
        }
        Ok(Self { id, certificate })
    }

    /// What a client needs beside the token; no secret.
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// A channel's name: 1 to [`MAX_CHANNEL`] bytes of the characters that Agora allows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Channel(String);

impl Channel {
    /// # Errors
    /// [`TokenError::Channel`].
    pub fn new(name: impl Into<String>) -> Result<Self, TokenError> {
        let name = name.into();
        let fits = (1..=MAX_CHANNEL).contains(&name.len());
        if fits && is_allowed(&name) { Ok(Self(name)) } else { Err(TokenError::Channel) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Letters, digits, space and ``!#$%&()+-:;<=.>?@[]^_{}|~,`` (Agora docs, `joinChannel`).
fn is_allowed(text: &str) -> bool {
    text.chars().all(|char| char.is_ascii_alphanumeric() || " !#$%&()+-:;<=.>?@[]^_{}|~,".contains(char))
}

/// Who may use the token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Uid {
    /// Whoever has it.
    Anyone,
    Number(NonZeroU32),
    /// A client that joins with a "user account" in place of a number.
    Account(Account),
}

impl Uid {
    /// 0 is [`Uid::Anyone`], as it is for Agora.
    pub fn number(uid: u32) -> Self {
        NonZeroU32::new(uid).map_or(Self::Anyone, Self::Number)
    }

    fn text(&self) -> String {
        match self {
            Self::Anyone => String::new(),
            Self::Number(uid) => uid.to_string(),
            Self::Account(account) => account.0.clone(),
        }
    }
}

/// A user as text: 1 to [`MAX_ACCOUNT`] bytes of the characters that a channel's name may have.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Account(String);

impl Account {
    /// # Errors
    /// [`TokenError::Account`].
    pub fn new(name: impl Into<String>) -> Result<Self, TokenError> {
        let name = name.into();
        let fits = (1..=MAX_ACCOUNT).contains(&name.len());
        if fits && is_allowed(&name) { Ok(Self(name)) } else { Err(TokenError::Account) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a client may do in a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Privilege {
    Join,
    PublishAudio,
    PublishVideo,
    PublishData,
}

impl Privilege {
    /// What one who talks and shows himself needs.
    pub const PUBLISHER: [Self; 4] = [Self::Join, Self::PublishAudio, Self::PublishVideo, Self::PublishData];
    /// What one who only listens and looks needs.
    pub const SUBSCRIBER: [Self; 1] = [Self::Join];

    fn number(self) -> u16 {
        match self {
            Self::Join => 1,
            Self::PublishAudio => 2,
            Self::PublishVideo => 3,
            Self::PublishData => 4,
        }
    }
}

/// Why no token was made: Agora would refuse it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("an Agora app id has 32 hexadecimal digits")]
    AppId,
    #[error("an Agora certificate has 32 hexadecimal digits")]
    Certificate,
    #[error("a channel's name has 1 to {MAX_CHANNEL} bytes, of the characters that Agora allows")]
    Channel,
    #[error("a user's account has 1 to {MAX_ACCOUNT} bytes, of the characters that Agora allows")]
    Account,
    #[error("a token is good for 1 second to 24 hours, not for {0:?}")]
    Ttl(Duration),
    #[error("a token begins between 1970 and 2106")]
    Moment,
    #[error("a token that allows nothing is of no use")]
    Nothing,
}

/// Privileges as Agora numbers them, with a number of seconds each.
type Map = BTreeMap<u16, u32>;

/// Seconds of a token's life, checked.
fn seconds(ttl: Duration) -> Result<u32, TokenError> {
    if ttl.as_secs() == 0 || ttl > MAX_TTL {
        return Err(TokenError::Ttl(ttl));
    }
    u32::try_from(ttl.as_secs()).map_err(|_| TokenError::Ttl(ttl))
}

fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}
