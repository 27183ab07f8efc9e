//! Say and Play: what takes time and is heard.

use std::time::Duration;

use super::{Exit, Flow, Session};
use crate::audio;
use crate::script::speaking_time;
use crate::transcript::LineKind;
use crate::twiml::{Play, Say};

/// How long a sound of unknown length plays.
pub(super) const SOUND: Duration = Duration::from_secs(5);
/// How long a tone plays.
const TONE: Duration = Duration::from_millis(250);

/// How long so many tones play.
pub(super) fn tones(digits: &str) -> Duration {
    TONE * u32::try_from(digits.len()).unwrap_or(0)
}

impl Session {
    pub(super) async fn say_verb(&mut self, say: &Say) -> Result<Flow, Exit> {
        for _ in 0..say.repeat {
            self.say(&say.text).await?;
        }
        Ok(Flow::Continue)
    }

    pub(super) async fn say(&mut self, text: &str) -> Result<(), Exit> {
        self.leg.line(LineKind::Said, text);
        self.rest(speaking_time(text)).await
    }

    pub(super) async fn play(&mut self, play: &Play) -> Result<Flow, Exit> {
        if let Some(digits) = &play.digits {
            self.leg.line(LineKind::Played, format!("tones {digits}"));
            self.rest(tones(digits)).await?;
            return Ok(Flow::Continue);
        }
        if play.url.is_empty() {
            self.warn("12200 <Play> without an address; it is skipped");
            return Ok(Flow::Continue);
        }
        let url = match crate::webhook::resolve(self.base.as_deref(), &play.url) {
            Ok(url) => url,
            Err(failure) => {
                self.warn(format!("{} {}", failure.code, failure.message));
                return Ok(Flow::Continue);
            }
        };
        let length = self.sound_length(&url).await;
        for _ in 0..play.repeat {
            self.leg.line(LineKind::Played, url.as_str());
            self.rest(length).await?;
        }
        Ok(Flow::Continue)
    }

    /// A WAV on loopback has its own length; what lies elsewhere is never fetched.
    async fn sound_length(&self, url: &str) -> Duration {
        let path = url.split(['?', '#']).next().unwrap_or_default();
        if !path.to_ascii_lowercase().ends_with(".wav") {
            return SOUND;
        }
        let file = self.shared.client.loopback_file(url).await;
        // No sound is shorter than this, or a loop of it would take no time.
        file.as_deref().and_then(audio::wav_length).unwrap_or(SOUND).max(Duration::from_millis(100))
    }
}
