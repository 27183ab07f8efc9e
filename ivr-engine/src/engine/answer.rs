//! What an input means at the node where the call waits.

use super::{Place, Run, Turn};
use crate::node::{Asking, Collect, Kind, Menu, SecureDigits, Survey};
use crate::session::State;
use crate::words::Speaks;
use crate::{
    DialOutcome, Effect, Input, InputRecord, Keys, Outcome, Passage, QueueLeft, Secret, SecureEntry, limits,
    speech,
};

/// Why a question is asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    Silence,
    NotUnderstood,
}

impl<'f> Run<'f> {
    /// The input as it may be stored, and the secret that is not in it.
    pub(super) fn without_secret(&self, input: &Input) -> (InputRecord, Option<Secret>) {
        let asked = match (&self.session.state, self.session.node().and_then(|id| self.place(id))) {
            (State::Asking { .. }, Some(Place { node, .. })) => match &node.kind {
                Kind::SecureDigits(secure) => Some(secure),
                _ => None,
            },
            _ => None,
        };
        match (asked, input) {
            (Some(_), Input::Digits(keys)) if keys.dangerous_reveal().is_empty() => {
                (InputRecord::Silence, None)
            }
            (Some(secure), Input::Digits(keys)) => {
                if secure.entry.fits(keys.dangerous_reveal()) {
                    let secret = Secret { name: secure.name.clone(), keys: keys.clone() };
                    (InputRecord::SecureDigits(SecureEntry::Fits), Some(secret))
                } else {
                    (InputRecord::SecureDigits(SecureEntry::Invalid), None)
                }
            }
            // Spoken instead, it is a secret all the same.
            (Some(_), Input::Speech { .. }) => (InputRecord::SecureDigits(SecureEntry::Invalid), None),
            _ => (input.clone().with_keys(|keys: Keys| keys.dangerous_reveal().to_owned()), None),
        }
    }

    pub(super) fn answer(&mut self, place: Place<'f>, input: Input, record: &InputRecord) -> Turn<'f> {
        match (self.session.state.clone(), &place.node.kind) {
            (State::Asking { attempt, .. }, Kind::Menu(menu)) => {
                self.answer_menu(place, menu, attempt, &input, record)
            }
            (State::Asking { attempt, .. }, Kind::Collect(collect)) => {
                self.answer_collect(place, collect, attempt, &input, record)
            }
            (State::Asking { attempt, .. }, Kind::SecureDigits(secure)) => {
                self.answer_secure(place, secure, attempt, record)
            }
            (State::Asking { attempt, .. }, Kind::Survey(survey)) => {
                self.answer_survey(place, survey, attempt, &input, record)
            }
            (State::Asking { attempt, question: Some(question), .. }, Kind::Callback(callback)) => {
                self.answer_callback(place, callback, question, attempt, &input, record)
            }
            (State::Queued { .. }, Kind::Enqueue(_)) => self.leave_queue(place, &input, record),
            (State::Dialing { .. }, Kind::Transfer(_)) => self.end_dial(place, &input, record),
            (State::Recording { .. }, Kind::Voicemail(_)) => self.end_recording(place, &input, record),
            (State::Recording { .. }, Kind::Survey(survey)) => {
                self.end_comment(place, survey, &input, record)
            }
            (State::Requesting { .. }, Kind::Request(request)) => {
                self.requested(place, request, &input, record)
            }
            (State::Answering { .. }, Kind::Figures(figures)) => self.figures(place, figures, &input, record),
            (State::Answering { .. }, Kind::FindContact(contact)) => {
                self.contact_found(place, contact, &input, record)
            }
            (State::Answering { number: Some(number), .. }, Kind::Callback(callback)) => {
                self.booked(place, callback, number, &input, record)
            }
            (State::Answering { .. }, Kind::Subflow(subflow)) => {
                self.enter_subflow(place, subflow, &input, record)
            }
            (State::Answering { .. }, Kind::Goto(flow)) => self.go_to(place, flow, &input, record),
            (State::Returning { values, .. }, Kind::Subflow(subflow)) => {
                self.take_back(place, subflow, &values, &input, record)
            }
            (
                State::New
                | State::Entering
                | State::Ended
                | State::Asking { .. }
                | State::Queued { .. }
                | State::Dialing { .. }
                | State::Recording { .. }
                | State::Answering { .. }
                | State::Requesting { .. }
                | State::Returning { .. },
                _,
            ) => Turn::Stop(self.node_missing(place.id)),
        }
    }

    /// The input does not belong here: the same thing once more.
    pub(super) fn same_again(&mut self, place: Place<'f>, attempt: u32, record: &InputRecord) -> Turn<'f> {
        self.unexpected(Some(place.id), record);
        match self.ask(place, attempt, None) {
            Some(next) => Turn::Stop(next),
            None => Turn::Port("failed"),
        }
    }

    /// Asks again while there are retries left, and else leaves by `port`.
    fn ask_again(
        &mut self,
        place: Place<'f>,
        asking: &'f Asking,
        attempt: u32,
        why: Why,
        port: &'static str,
    ) -> Turn<'f> {
        if attempt > asking.retries {
            return Turn::Port(port);
        }
        let attempt = attempt.saturating_add(1);
        self.pass(place, Passage::AsksAgain { attempt });
        let before = match why {
            Why::Silence => asking.silence.as_ref(),
            Why::NotUnderstood => asking.invalid.as_ref(),
        };
        match self.ask(place, attempt, before) {
            Some(next) => Turn::Stop(next),
            None => Turn::Stop(self.node_missing(place.id)),
        }
    }

    /// What the caller pressed, kept as the last that he did; empty for silence.
    pub(super) fn pressed<'k>(&mut self, keys: &'k Keys) -> &'k str {
        let keys = keys.dangerous_reveal();
        if !keys.is_empty() {
            self.session.digits = Some(limits::cut(keys, limits::VALUE_BYTES).to_owned());
        }
        keys
    }

    fn answer_menu(
        &mut self,
        place: Place<'f>,
        menu: &'f Menu,
        attempt: u32,
        input: &Input,
        record: &InputRecord,
    ) -> Turn<'f> {
        let port = match input {
            Input::Silence => None,
            Input::Digits(keys) if menu.accepts.digits() => match self.pressed(keys) {
                "" => None,
                keys => Some(menu.choices.iter().find(|choice| choice.digits.as_deref() == Some(keys))),
            },
            Input::Speech { text, .. } if menu.accepts.speech() => {
                let text = limits::cut(text, limits::VALUE_BYTES);
                if text.trim().is_empty() {
                    None
                } else {
                    self.session.speech = Some(text.to_owned());
                    let language = self.manner(&menu.asking.manner).0;
                    Some(spoken_choice(menu, text, &language))
                }
            }
            _ => return self.same_again(place, attempt, record),
        };
        match port {
            Some(Some(choice)) => Turn::Port(&choice.port),
            Some(None) => self.ask_again(place, &menu.asking, attempt, Why::NotUnderstood, "noMatch"),
            None => self.ask_again(place, &menu.asking, attempt, Why::Silence, "timeout"),
        }
    }

    fn answer_collect(
        &mut self,
        place: Place<'f>,
        collect: &'f Collect,
        attempt: u32,
        input: &Input,
        record: &InputRecord,
    ) -> Turn<'f> {
        let keys = match input {
            Input::Silence => "",
            Input::Digits(keys) => self.pressed(keys),
            _ => return self.same_again(place, attempt, record),
        };
        if keys.is_empty() {
            return self.ask_again(place, &collect.asking, attempt, Why::Silence, "timeout");
        }
        if !collect.entry.fits(keys) {
            return self.ask_again(place, &collect.asking, attempt, Why::NotUnderstood, "invalid");
        }
        self.keep(place.id, &collect.variable, keys);
        Turn::Port("collected")
    }

    /// Looks only at what is stored of the input, so that a replay cannot go another way than the call.
    fn answer_secure(
        &mut self,
        place: Place<'f>,
        secure: &'f SecureDigits,
        attempt: u32,
        record: &InputRecord,
    ) -> Turn<'f> {
        match record {
            InputRecord::SecureDigits(SecureEntry::Fits) => Turn::Port("collected"),
            InputRecord::SecureDigits(SecureEntry::Invalid) => {
                self.ask_again(place, &secure.asking, attempt, Why::NotUnderstood, "invalid")
            }
            InputRecord::Silence => self.ask_again(place, &secure.asking, attempt, Why::Silence, "timeout"),
            _ => self.same_again(place, attempt, record),
        }
    }

    fn answer_survey(
        &mut self,
        place: Place<'f>,
        survey: &'f Survey,
        attempt: u32,
        input: &Input,
        record: &InputRecord,
    ) -> Turn<'f> {
        let keys = match input {
            Input::Silence => "",
            Input::Digits(keys) => self.pressed(keys),
            _ => return self.same_again(place, attempt, record),
        };
        if keys.is_empty() {
            return self.ask_again(place, &survey.asking, attempt, Why::Silence, "timeout");
        }
        let Some(score) = keys.parse::<u8>().ok().filter(|score| keys.len() == 1 && (1..=5).contains(score))
        else {
            return self.ask_again(place, &survey.asking, attempt, Why::NotUnderstood, "timeout");
        };
        self.effect(place.id, Effect::SurveyAnswered { survey: survey.name.clone(), score });
        match self.comment(place.id, survey) {
            Some(next) => {
                self.pass(place, Passage::Waits);
                Turn::Stop(next)
            }
            None => Turn::Port("answered"),
        }
    }

    fn end_comment(
        &mut self,
        place: Place<'f>,
        survey: &'f Survey,
        input: &Input,
        record: &InputRecord,
    ) -> Turn<'f> {
        if matches!(input, Input::Recorded { .. } | Input::Silence) {
            return Turn::Port("answered");
        }
        self.unexpected(Some(place.id), record);
        match self.comment(place.id, survey) {
            Some(next) => Turn::Stop(next),
            None => Turn::Port("answered"),
        }
    }

    fn leave_queue(&mut self, place: Place<'f>, input: &Input, record: &InputRecord) -> Turn<'f> {
        match input {
            Input::QueueLeft(QueueLeft::TimedOut) => {
                if place.node.next.contains_key("timeout") {
                    return Turn::Port("timeout");
                }
                self.pass(place, Passage::Ends);
                self.say_own(Speaks::nobody_free);
                Turn::Stop(self.hang_up(Outcome::QueueTimedOut))
            }
            // Without that port the call ends in an apology.
            Input::QueueLeft(QueueLeft::Failed) => Turn::Port("failed"),
            Input::AgentLeft => self.leave_or_end(place, "afterAgent"),
            _ => self.same_again(place, 1, record),
        }
    }

    fn end_dial(&mut self, place: Place<'f>, input: &Input, record: &InputRecord) -> Turn<'f> {
        match input {
            Input::Dialed(DialOutcome::Answered) => self.leave_or_end(place, "answered"),
            Input::Dialed(DialOutcome::Busy) => Turn::Port("busy"),
            Input::Dialed(DialOutcome::NoAnswer) => Turn::Port("noAnswer"),
            Input::Dialed(DialOutcome::Failed) => Turn::Port("failed"),
            _ => self.same_again(place, 1, record),
        }
    }

    fn end_recording(&mut self, place: Place<'f>, input: &Input, record: &InputRecord) -> Turn<'f> {
        match input {
            Input::Recorded { seconds: 0 } | Input::Silence => self.leave_or_end(place, "silent"),
            Input::Recorded { seconds: _ } => self.leave_or_end(place, "recorded"),
            _ => self.same_again(place, 1, record),
        }
    }

    /// By a port that an author may leave open when nothing more is to come.
    fn leave_or_end(&mut self, place: Place<'f>, port: &'static str) -> Turn<'f> {
        if place.node.next.contains_key(port) {
            return Turn::Port(port);
        }
        self.pass(place, Passage::Ends);
        Turn::Stop(self.hang_up(Outcome::Completed))
    }
}

/// The choice with the longest phrase that was said; or else the one whose keys were spoken.
fn spoken_choice<'m>(menu: &'m Menu, text: &str, language: &str) -> Option<&'m crate::node::Choice> {
    let heard = speech::normalise(text);
    let mut best = None;
    for choice in &menu.choices {
        let words = choice.phrases.iter().filter_map(|phrase| speech::words_found(&heard, phrase)).max();
        if let Some(words) = words
            && best.is_none_or(|(most, _)| words > most)
        {
            best = Some((words, choice));
        }
    }
    best.map(|(_, choice)| choice).or_else(|| {
        let keys = speech::spoken_digits(&heard, Speaks::of(language))?;
        menu.choices.iter().find(|choice| choice.digits.as_ref() == Some(&keys))
    })
}
