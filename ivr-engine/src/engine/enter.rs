//! What happens when a call comes to a node.

use std::collections::{BTreeMap, BTreeSet};

use super::{Place, Run, Turn};
use crate::document::is_language;
use crate::hours::{Day, Opening};
use crate::node::{Case, Kind, Language, SaveContact, Share, Sms};
use crate::phone::e164;
use crate::predicate::View;
use crate::session::Spoken;
use crate::template::{Form, Template};
use crate::{Effect, Outcome, Passage, ProblemCode, QueueFigures, limits};

impl<'f> Run<'f> {
    pub(super) fn enter(&mut self, place: Place<'f>) -> Turn<'f> {
        let id = place.id;
        match &place.node.kind {
            Kind::Sound(sound) => {
                let prompt = self.heard(id, sound);
                self.prompt(id, prompt);
                Turn::Port("next")
            }
            Kind::Language(language) => {
                self.speak(id, language);
                Turn::Port("next")
            }
            Kind::Branch(cases) => Turn::Port(self.case(cases, None)),
            Kind::Hours(hours) => {
                let status = hours.status(self.now);
                Turn::Port(match (status.day, status.opening) {
                    (Day::Exception { .. }, _) if place.node.next.contains_key("exception") => "exception",
                    (Day::Exception { .. } | Day::Ordinary, Opening::Open) => "open",
                    (Day::Exception { .. } | Day::Ordinary, Opening::Closed) => "closed",
                })
            }
            Kind::Split(shares) => Turn::Port(share(shares, self.session.seed, id)),
            Kind::Loop { times } => Turn::Port(self.round(id, *times)),
            Kind::Set(variables) => {
                // All of them see the values from before, since the members of a JSON object have no order.
                for (name, value) in self.texts(id, variables) {
                    self.keep(id, &name, &value);
                }
                Turn::Port("next")
            }
            Kind::SaveContact(contact) => {
                let saved = self.save_contact(id, contact);
                Turn::Port(next_unless_failed(place, saved))
            }
            Kind::Recording(action) => {
                self.effect(id, Effect::Recording { action: *action });
                Turn::Port("next")
            }
            Kind::Sms(sms) => {
                let sent = self.send(id, sms);
                Turn::Port(next_unless_failed(place, sent))
            }
            Kind::Menu(_)
            | Kind::Collect(_)
            | Kind::SecureDigits(_)
            | Kind::Survey(_)
            | Kind::Enqueue(_)
            | Kind::Voicemail(_)
            | Kind::Transfer(_)
            | Kind::Request(_) => match self.ask(place, 1, None) {
                Some(next) => {
                    self.pass(place, Passage::Waits);
                    Turn::Stop(next)
                }
                None => Turn::Port("failed"),
            },
            Kind::Figures(_) | Kind::FindContact(_) | Kind::Goto(_) => match self.ask(place, 1, None) {
                Some(next) => Turn::Stop(next),
                None => Turn::Stop(self.node_missing(id)),
            },
            Kind::Subflow(_) => self.call(place),
            Kind::Callback(callback) => self.begin_callback(place, callback),
            Kind::Return(values) => self.give_back(place, values),
            Kind::Hangup(sound) => {
                let prompt = sound.as_ref().and_then(|sound| self.heard(id, sound));
                self.prompt(id, prompt);
                self.pass(place, Passage::Ends);
                Turn::Stop(self.hang_up(Outcome::Completed))
            }
            Kind::Disabled(disabled) => {
                let message = format!("nothing was done here: {}", disabled.reason);
                self.problem(ProblemCode::Disabled, Some(id), message);
                Turn::Port("next")
            }
            // No port leads to a remark, but a flow may begin with one.
            Kind::Note => Turn::Port("next"),
        }
    }

    pub(super) fn case(&self, cases: &'f [Case], figures: Option<&QueueFigures>) -> &'f str {
        let view = View { session: &self.session, now: self.now, language: self.language(), figures };
        cases.iter().find(|case| case.when.holds(&view)).map_or("else", |case| case.port.as_str())
    }

    /// Texts by name, each completed.
    pub(super) fn texts(&mut self, id: &str, texts: &[(String, Template)]) -> Vec<(String, String)> {
        texts.iter().map(|(name, template)| (name.clone(), self.render(id, template))).collect()
    }

    fn speak(&mut self, id: &str, wanted: &Language) {
        let language = self.render(id, &wanted.language);
        if !is_language(&language) {
            let message = format!("`{}` is no language tag", limits::cut(&language, 40));
            return self.problem(ProblemCode::BadLanguage, Some(id), message);
        }
        let flows_own = if language == self.flow.language { self.flow.voice.clone() } else { None };
        self.session.spoken = Some(Spoken { language, voice: wanted.voice.clone().or(flows_own) });
    }

    fn round(&mut self, id: &str, times: u32) -> &'static str {
        let done = self.session.loops.get(id).copied().unwrap_or(0);
        if done >= times {
            self.session.loops.remove(id);
            return "done";
        }
        if done == 0 && self.session.loops.len() >= limits::LOOPS {
            let message = format!("more than {} loops at the same time", limits::LOOPS);
            self.problem(ProblemCode::TooManyLoops, Some(id), message);
            return "done";
        }
        self.session.loops.insert(id.to_owned(), done + 1);
        "again"
    }

    /// The number that a node means: of its own, else the caller's. None with a problem when it is none.
    pub(super) fn number_or_callers(
        &mut self,
        id: &str,
        what: &str,
        own: Option<&Template>,
    ) -> Option<String> {
        let written = match own {
            Some(template) => self.render(id, template),
            None => self.session.call.from.clone(),
        };
        self.number(id, what, &written)
    }

    pub(super) fn number(&mut self, id: &str, what: &str, written: &str) -> Option<String> {
        let number = e164(written);
        if number.is_none() {
            let message = format!("{what} `{}` is no telephone number in E.164", limits::cut(written, 40));
            self.problem(ProblemCode::BadNumber, Some(id), message);
        }
        number
    }

    /// Whether there is somebody to save.
    fn save_contact(&mut self, id: &str, contact: &SaveContact) -> bool {
        let Some(number) = self.number_or_callers(id, "the contact's number", contact.number.as_ref()) else {
            return false;
        };
        let mut fields = BTreeMap::new();
        for (name, value) in self.texts(id, &contact.fields) {
            let kept = self.shortened(id, &format!("the contact's `{name}`"), &value, limits::VALUE_BYTES);
            fields.insert(name, kept);
        }
        let mut tags = BTreeSet::new();
        for tag in &contact.tags {
            let tag = self.render(id, tag);
            tags.insert(self.shortened(id, "a tag", &tag, limits::NAME_BYTES));
        }
        tags.remove("");
        self.effect(id, Effect::SaveContact { number, fields, tags });
        true
    }

    /// Whether there is a message to send. Whether it arrives is known long after the call has gone on.
    fn send(&mut self, id: &str, sms: &Sms) -> bool {
        let Some(to) = self.number_or_callers(id, "the receiver", sms.to.as_ref()) else { return false };
        let text = self.render_as(id, &sms.text, Form::Body);
        let text = self.shortened(id, "the message", text.trim(), limits::SMS_BYTES);
        if text.is_empty() {
            let message = "the message came out empty; it was not sent".to_owned();
            self.problem(ProblemCode::TemplateFailed, Some(id), message);
            return false;
        }
        self.effect(id, Effect::Sms { to, text });
        true
    }
}

/// The port of a node that has one for its failure only if the flow wants it.
fn next_unless_failed(place: Place<'_>, done: bool) -> &'static str {
    if !done && place.node.next.contains_key("failed") { "failed" } else { "next" }
}

/// The share that a call falls into. The same call always falls into the same one at the same node, and the shares of two
/// nodes have nothing to do with each other.
fn share<'f>(shares: &'f [Share], seed: u64, id: &str) -> &'f str {
    let mut left = dice(seed, id) % 100;
    for share in shares {
        let percent = u64::from(share.percent);
        if left < percent {
            return &share.port;
        }
        left -= percent;
    }
    shares.last().map_or("", |share| &share.port)
}

/// FNV-1a over the id, then the finalizer of SplitMix64 over it and the seed. Neither may ever change: a replay years later
/// has to decide alike.
fn dice(seed: u64, id: &str) -> u64 {
    let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let mut mixed = seed.wrapping_add(hash).wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_thousand_calls_fall_into_the_shares_as_they_should() {
        let shares =
            [("a", 10), ("b", 30), ("c", 60)].map(|(port, percent)| Share { port: port.to_owned(), percent });
        let counts = shares
            .each_ref()
            .map(|wanted| (0..10_000).filter(|seed| share(&shares, *seed, "split") == wanted.port).count());
        for (count, wanted) in counts.into_iter().zip([1_000_usize, 3_000, 6_000]) {
            assert!(count.abs_diff(wanted) < 200, "{counts:?}");
        }
    }

    /// If this fails, recorded calls no longer replay.
    #[test]
    fn the_dice_never_change() {
        assert_eq!(dice(0, ""), 0xc381_7c01_6ba4_ff30);
        assert_eq!(dice(7, "split"), 0x2014_5527_bca5_3616);
    }
}
