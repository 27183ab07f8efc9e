//! The older form ("AccessToken"), which clients of before 2022 take: `006`, the app's id, then base64 of a signature,
//! two check sums and what was signed.
//!
//! Times are unix seconds.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};
use flate2::Crc;

use super::bytes::Bytes;
use super::{App, Channel, MAX_TTL, Map, Privilege, TokenError, Uid, hmac_sha256};

/// A token before it is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Agora's word: the token is not taken after it. Its libraries set a day from the issue.
    pub ends_at: DateTime<Utc>,
    /// Any number, a random one for each token: Agora's own libraries take 1 to 99,999,999.
    pub salt: u32,
    pub channel: Channel,
    pub uid: Uid,
    /// Until when each is good.
    pub privileges: BTreeMap<Privilege, DateTime<Utc>>,
}

impl Token {
    /// Good from `now` for a day, as Agora's libraries do it, and each privilege until `privileges_end_at`.
    ///
    /// # Errors
    /// [`TokenError::Moment`] at the end of time.
    pub fn new(
        now: DateTime<Utc>,
        salt: u32,
        channel: Channel,
        uid: Uid,
        privileges: &[Privilege],
        privileges_end_at: DateTime<Utc>,
    ) -> Result<Self, TokenError> {
        let ends_at =
            now.checked_add_signed(chrono::TimeDelta::from_std(MAX_TTL).map_err(|_| TokenError::Moment)?);
        Ok(Self {
            ends_at: ends_at.ok_or(TokenError::Moment)?,
            salt,
            channel,
            uid,
            privileges: privileges.iter().map(|privilege| (*privilege, privileges_end_at)).collect(),
        })
    }

    /// The token as a client takes it.
    ///
    /// # Errors
    /// [`TokenError::Nothing`] without a privilege, [`TokenError::Moment`] where a moment does not fit.
    pub fn sign(&self, app: &App) -> Result<String, TokenError> {
        if self.privileges.is_empty() {
            return Err(TokenError::Nothing);
        }
        let numbered = self.privileges.iter().map(|(privilege, end)| Ok((privilege.number(), unix(*end)?)));
        let privileges = numbered.collect::<Result<Map, TokenError>>()?;
        let message = Bytes::default().u32(self.salt).u32(unix(self.ends_at)?).map(&privileges).into_vec();

        let (channel, uid) = (self.channel.as_str(), self.uid.text());
        let signed = [app.id.as_bytes(), channel.as_bytes(), uid.as_bytes(), &message].concat();
        let signature = hmac_sha256(app.certificate.as_bytes(), &signed);
        let content = Bytes::default().text(&signature).u32(crc32(channel)).u32(crc32(&uid)).text(&message);
        Ok(format!("006{}{}", app.id, BASE64_STANDARD.encode(content.into_vec())))
    }
}

fn unix(moment: DateTime<Utc>) -> Result<u32, TokenError> {
    u32::try_from(moment.timestamp()).map_err(|_| TokenError::Moment)
}

fn crc32(text: &str) -> u32 {
    let mut crc = Crc::new();
    crc.update(text.as_bytes());
    crc.sum()
}
