//! The present form ("AccessToken2"): `007`, then base64 of zlib of a signature and of what it signs.
//!
//! Times are seconds from the moment of issue.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};
use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::bytes::Bytes;
use super::{Account, App, Channel, Map, Privilege, TokenError, Uid, hmac_sha256, seconds};

const RTC: u16 = 1;
const RTM: u16 = 2;
/// The one privilege of RTM.
const LOGIN: u16 = 1;

/// A token before it is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    issued_at: DateTime<Utc>,
    ttl: Duration,
    salt: u32,
    rtc: Option<Rtc>,
    rtm: Option<(Account, Duration)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rtc {
    channel: Channel,
    uid: Uid,
    privileges: BTreeMap<Privilege, Duration>,
}

impl Token {
    /// Good for `ttl` (whole seconds, at most [`super::MAX_TTL`]) from `now`. `salt` is any number, a random one for
    /// each token: Agora's own libraries take 1 to 99,999,999.
    pub fn new(now: DateTime<Utc>, ttl: Duration, salt: u32) -> Self {
        Self { issued_at: now, ttl, salt, rtc: None, rtm: None }
    }

    /// Allows `privileges` in one channel, for as long as the token is good.
    #[must_use]
    pub fn rtc(self, channel: Channel, uid: Uid, privileges: &[Privilege]) -> Self {
        let ttl = self.ttl;
        self.rtc_with(channel, uid, privileges.iter().map(|privilege| (*privilege, ttl)))
    }

    /// As [`Token::rtc`], with a time for each privilege, counted from the moment of issue.
    #[must_use]
    pub fn rtc_with(
        mut self,
        channel: Channel,
        uid: Uid,
        privileges: impl IntoIterator<Item = (Privilege, Duration)>,
    ) -> Self {
        self.rtc = Some(Rtc { channel, uid, privileges: privileges.into_iter().collect() });
        self
    }

    /// Allows to sign in to Agora's messaging (RTM) as `user`, too.
    #[must_use]
    pub fn rtm(mut self, user: Account) -> Self {
        self.rtm = Some((user, self.ttl));
        self
    }

    /// The token as a client takes it.
    ///
    /// # Errors
    /// [`TokenError::Nothing`] without a privilege, [`TokenError::Ttl`] for a time of the token or of a privilege that
    /// is zero or too long, [`TokenError::Moment`] where the moment of issue does not fit.
    pub fn sign(&self, app: &App) -> Result<String, TokenError> {
        let issued_at = u32::try_from(self.issued_at.timestamp()).map_err(|_| TokenError::Moment)?;
        let services = self.services()?;
        let count = u16::try_from(services.len()).map_err(|_| TokenError::Nothing)?;
        let info =
            Bytes::default().text(app.id.as_bytes()).u32(issued_at).u32(seconds(self.ttl)?).u32(self.salt);
        let info = services.iter().fold(info.u16(count), |info, service| info.raw(service)).into_vec();

        let key = hmac_sha256(&issued_at.to_le_bytes(), app.certificate.as_bytes());
        let key = hmac_sha256(&self.salt.to_le_bytes(), &key);
        let signature = hmac_sha256(&key, &info);
        let content = Bytes::default().text(&signature).raw(&info).into_vec();
        Ok(format!("007{}", BASE64_STANDARD.encode(deflated(&content))))
    }

    /// By their number.
    fn services(&self) -> Result<Vec<Vec<u8>>, TokenError> {
        let mut services = Vec::new();
        if let Some(rtc) = self.rtc.as_ref().filter(|rtc| !rtc.privileges.is_empty()) {
            let numbered =
                rtc.privileges.iter().map(|(privilege, ttl)| Ok((privilege.number(), seconds(*ttl)?)));
            let privileges = numbered.collect::<Result<Map, TokenError>>()?;
            let service = Bytes::default().u16(RTC).map(&privileges).text(rtc.channel.as_str().as_bytes());
            services.push(service.text(rtc.uid.text().as_bytes()).into_vec());
        }
        if let Some((user, ttl)) = &self.rtm {
            let privileges = Map::from([(LOGIN, seconds(*ttl)?)]);
            services
                .push(Bytes::default().u16(RTM).map(&privileges).text(user.as_str().as_bytes()).into_vec());
        }
        if services.is_empty() { Err(TokenError::Nothing) } else { Ok(services) }
    }
}

fn deflated(content: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).and_then(|()| encoder.finish()).expect("memory takes what is written")
}
