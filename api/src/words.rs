//! What we ourselves say to people: to callers and agents on the line, in letters, on pages, in refusals. The texts are
//! files ([`languages`]); flows bring their own words.

use std::time::Duration;

use twilio::twiml::Say;

use crate::error::Code;

mod languages;
mod why;

pub use languages::Tongue;
pub(crate) use why::{GoesFirst, Standing};

/// The languages whose words stand in the code, where a sentence is built of parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    English,
    Spanish,
    French,
    German,
}

/// Words in one language; English where we do not speak the one that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words(&'static Tongue);

impl Words {
    /// By BCP 47 tag; only the language of it counts.
    pub fn of(tag: &str) -> Self {
        Self(spoken(tag).unwrap_or_else(Tongue::english))
    }

    /// The first that we speak of those that a browser would rather have (Accept-Language, RFC 9110, section 12.5.4).
    pub fn accepted(header: &str) -> Self {
        let weighted = |choice: &str| {
            let (tag, parameters) = choice.split_once(';').unwrap_or((choice, ""));
            let weight = match parameters.trim().strip_prefix("q=") {
                Some(weight) => weight.trim().parse::<f32>().ok()?,
                None => 1.0,
            };
            spoken(tag.trim()).filter(|_| weight > 0.0).map(|tongue| (tongue, weight))
        };
        let mut best: Option<(&'static Tongue, f32)> = None;
        for (tongue, weight) in header.split(',').filter_map(weighted) {
            if best.is_none_or(|(_, most)| weight > most) {
                best = Some((tongue, weight));
            }
        }
        Self(best.map_or_else(Tongue::english, |(tongue, _)| tongue))
    }

    /// English where the language is none of those in the code.
    pub fn language(&self) -> Language {
        match self.0.tag() {
            "es" => Language::Spanish,
            "fr" => Language::French,
            "de" => Language::German,
            _ => Language::English,
        }
    }

    /// The tag of the language alone.
    pub fn language_tag(&self) -> &'static str {
        self.0.tag()
    }

    pub fn say(&self, text: String) -> Say {
        Say::new(text).language(self.tag())
    }

    /// BCP 47, of the words.
    pub fn tag(&self) -> &'static str {
        self.0.voice()
    }

    /// The text for this key; the English one where the language has none.
    pub fn text(&self, key: &str) -> &'static str {
        self.0.own(key).or_else(|| Tongue::english().own(key)).unwrap_or_default()
    }

    /// The same with its words filled in.
    pub fn fill(&self, key: &str, words: &[(&str, &str)]) -> String {
        let mut filled = String::new();
        let mut rest = self.text(key);
        // In one pass: a word that is filled in may hold braces itself.
        while let Some((before, behind)) = rest.split_once('{') {
            filled.push_str(before);
            let (name, after) = behind.split_once('}').unwrap_or((behind, ""));
            let word = words.iter().find(|(known, _)| *known == name);
            filled.push_str(word.map_or("", |(_, word)| word));
            rest = after;
        }
        filled.push_str(rest);
        filled
    }

    /// Why something was refused, in this language; `None` where it has no text for the code.
    pub fn refusal(&self, code: Code) -> Option<&'static str> {
        self.0.own(&format!("error.{code}"))
    }

    pub fn recording_notice(&self) -> String {
        self.text("line.recording_notice").to_owned()
    }

    pub fn not_in_service(&self) -> String {
        self.text("line.not_in_service").to_owned()
    }

    pub fn apology(&self) -> String {
        self.text("line.apology").to_owned()
    }

    /// `position` counts from 1.
    pub fn position(&self, position: u64) -> String {
        self.fill("line.position", &[("position", &position.to_string())])
    }

    /// Rounded up to whole minutes.
    pub fn expected_wait(&self, wait: Duration) -> String {
        match wait.as_secs().div_ceil(60).max(1) {
            1 => self.text("line.wait_of_a_minute").to_owned(),
            minutes => self.fill("line.wait_of_minutes", &[("minutes", &minutes.to_string())]),
        }
    }

    pub fn leave_a_message(&self) -> String {
        self.text("line.leave_a_message").to_owned()
    }

    pub fn press_one(&self, queue: &str) -> String {
        self.fill("line.press_one", &[("queue", queue)])
    }

    /// To an agent at a number who wants to call out: a mailbox presses nothing.
    pub fn press_one_to_call(&self) -> String {
        self.text("line.press_one_to_call").to_owned()
    }

    pub fn on_hold(&self) -> String {
        self.text("line.on_hold").to_owned()
    }

    /// For a supervisor.
    pub fn between_agents(&self) -> String {
        self.text("line.between_agents").to_owned()
    }

    pub fn too_late(&self) -> String {
        self.text("line.too_late").to_owned()
    }
}

/// The one that we speak of this BCP 47 tag, whose capitals do not matter.
fn spoken(tag: &str) -> Option<&'static Tongue> {
    Tongue::of(tag.split('-').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_rounded_up_and_never_zero() {
        let words = Words::of("en-GB");
        assert_eq!(words.expected_wait(Duration::from_secs(0)), "The expected wait is about one minute.");
        assert_eq!(words.expected_wait(Duration::from_secs(61)), "The expected wait is about 2 minutes.");
    }

    #[test]
    fn a_language_that_we_do_not_speak_is_english() {
        assert_eq!(Words::of("xx"), Words::of("en"));
        assert_ne!(Words::of("de-AT"), Words::of("en"));
    }

    #[test]
    fn of_the_accepted_languages_the_dearest_that_we_speak_is_spoken() {
        for (header, spoken) in [
            ("", "en"),
            ("pt-BR,pt", "en"),
            ("fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7", "fr"),
            ("pt, en;q=0.5, DE;q=0.7", "de"),
            ("es;q=0, en;q=0.1", "en"),
            ("es;q=much, de;q=0.1", "de"),
        ] {
            assert_eq!(Words::accepted(header).language_tag(), spoken, "{header}");
        }
    }

    #[test]
    fn a_word_that_is_filled_in_may_hold_braces() {
        assert_eq!(Words::of("en").press_one("{queue} {x}"), "A call for {queue} {x}. Press 1 to take it.");
    }
}
