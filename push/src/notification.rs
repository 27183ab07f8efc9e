//! What is to be told, in one form for all services.
//!
//! Owns what every service takes; what one of them cannot express is left out by its own module.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::Error;

/// The longest time for which a service keeps a notification: 28 days (FCM).
pub const MAX_TIME_TO_LIVE: Duration = Duration::from_secs(2_419_200);

/// Bytes of a collapse key (APNs).
pub const MAX_COLLAPSE_KEY: usize = 64;

/// Names that `data` may not have: `aps` is Apple's, `from`, `message_type` and whatever begins with `google` or `gcm`
/// are FCM's, the other three are ours.
pub const RESERVED_DATA: [&str; 6] = ["aps", "from", "message_type", "kind", "title", "body"];

/// For how long a call that nobody takes rings, as everywhere in CallDocker.
const RINGING: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What it is about. The app reads it as `kind` in the data: `call`, `message` or `other`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The phone is to ring. FCM brings it to the app itself, also when that is not open; APNs as a VoIP push where the
    /// token is one for VoIP.
    Call,
    Message,
    Other,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Message => "message",
            Self::Other => "other",
        }
    }
}

/// Whether a sleeping phone is woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Urgency {
    /// When the phone finds it convenient.
    Normal,
    /// At once.
    High,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Sound {
    None,
    /// The phone's own.
    Default,
    /// A file in the app, 1 to 100 characters.
    Named(String),
}

/// One notification for one phone or many. Without title and body it is silent: the app is woken and nothing is shown.
///
/// A service takes it when it is sent; [`Error::Refused`] says what no service would take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    pub(crate) kind: Kind,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) data: BTreeMap<String, String>,
    pub(crate) collapse_key: Option<String>,
    pub(crate) urgency: Urgency,
    pub(crate) time_to_live: Duration,
    pub(crate) badge: Option<u32>,
    pub(crate) sound: Sound,
    pub(crate) channel: Option<String>,
}

impl Notification {
    fn new(kind: Kind, title: String, urgency: Urgency, time_to_live: Duration, sound: Sound) -> Self {
        Self {
            kind,
            title,
            body: String::new(),
            data: BTreeMap::new(),
            collapse_key: None,
            urgency,
            time_to_live,
            badge: None,
            sound,
            channel: None,
        }
    }

    /// Rings: urgent, of no use after a minute.
    pub fn call(title: impl Into<String>) -> Self {
        Self::new(Kind::Call, title.into(), Urgency::High, RINGING, Sound::Default)
    }

    /// Urgent, kept for four weeks.
    pub fn message(title: impl Into<String>) -> Self {
        Self::new(Kind::Message, title.into(), Urgency::High, MAX_TIME_TO_LIVE, Sound::Default)
    }

    /// Not urgent, without a sound, kept for a day.
    pub fn other(title: impl Into<String>) -> Self {
        Self::new(Kind::Other, title.into(), Urgency::Normal, DAY, Sound::None)
    }

    /// Any length: it is shortened, with `…`, to what the service takes.
    #[must_use]
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self
    }

    /// A value for the app, by a name that is not in [`RESERVED_DATA`]. It is never shortened.
    #[must_use]
    pub fn data(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.data.insert(name.into(), value.into());
        self
    }

    /// A later notification with the same key takes the place of this one: 1 to [`MAX_COLLAPSE_KEY`] visible ASCII
    /// characters. FCM keeps four keys a phone; Expo has none.
    #[must_use]
    pub fn collapse_key(mut self, key: impl Into<String>) -> Self {
        self.collapse_key = Some(key.into());
        self
    }

    #[must_use]
    pub fn urgency(mut self, urgency: Urgency) -> Self {
        self.urgency = urgency;
        self
    }

    /// For how long the service keeps it for a phone that is off, in whole seconds. Zero is now or never; more than
    /// [`MAX_TIME_TO_LIVE`] is that.
    #[must_use]
    pub fn time_to_live(mut self, time: Duration) -> Self {
        self.time_to_live = time;
        self
    }

    /// The number at the app's icon; zero takes it away.
    #[must_use]
    pub fn badge(mut self, number: u32) -> Self {
        self.badge = Some(number);
        self
    }

    #[must_use]
    pub fn sound(mut self, sound: Sound) -> Self {
        self.sound = sound;
        self
    }

    /// The notification channel of Android, 1 to 100 characters. A channel that the app has not made shows nothing.
    #[must_use]
    pub fn channel(mut self, id: impl Into<String>) -> Self {
        self.channel = Some(id.into());
        self
    }

    pub(crate) fn is_silent(&self) -> bool {
        self.title.is_empty() && self.body.is_empty()
    }

    pub(crate) fn seconds_to_live(&self) -> u64 {
        self.time_to_live.min(MAX_TIME_TO_LIVE).as_secs()
    }

    /// As APNs takes it: unix seconds, zero for now or never.
    pub(crate) fn expiration(&self, now: DateTime<Utc>) -> i64 {
        let seconds = i64::try_from(self.seconds_to_live()).unwrap_or(0);
        let end = TimeDelta::try_seconds(seconds).and_then(|life| now.checked_add_signed(life));
        end.filter(|_| seconds > 0).map_or(0, |end| end.timestamp())
    }

    /// The file's name, `default`, or nothing.
    pub(crate) fn sound_name(&self) -> Option<&str> {
        match &self.sound {
            Sound::None => None,
            Sound::Default => Some("default"),
            Sound::Named(name) => Some(name),
        }
    }

    /// The data as the app gets it, with `kind`.
    pub(crate) fn app_data(&self) -> BTreeMap<&str, &str> {
        let given = self.data.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        given.chain([("kind", self.kind.as_str())]).collect()
    }

    /// What no service would take.
    pub(crate) fn check(&self) -> Result<(), Error> {
        for name in self.data.keys() {
            let of_google = ["google", "gcm"].iter().any(|prefix| name.starts_with(prefix));
            if name.is_empty() || of_google || RESERVED_DATA.contains(&name.as_str()) {
                return Err(Error::refused(format!("{name:?} may not be the name of a value in the data")));
            }
        }
        if let Some(key) = &self.collapse_key
            && !((1..=MAX_COLLAPSE_KEY).contains(&key.len())
                && key.bytes().all(|byte| byte.is_ascii_graphic()))
        {
            return Err(Error::refused("the collapse key is not 1 to 64 visible ASCII characters"));
        }
        let is_name =
            |text: &str| (1..=100).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if matches!(&self.sound, Sound::Named(name) if !is_name(name)) {
            return Err(Error::refused("the sound is not a name of 1 to 100 characters"));
        }
        if self.channel.as_ref().is_some_and(|channel| !is_name(channel)) {
            return Err(Error::refused("the channel is not a name of 1 to 100 characters"));
        }
        Ok(())
    }
}
