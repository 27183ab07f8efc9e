//! What an input means at the node where the call waits.

use super::{Place, Run, Turn};
use crate::node::{Asking, Collect, Kind, Menu};
use crate::session::State;
use crate::words::Speaks;
use crate::{DialOutcome, Input, Outcome, Passage, QueueLeft, limits, speech};

/// Why a question is asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    Silence,
    NotUnderstood,
}

impl<'f> Run<'f> {
    pub(super) fn answer(&mut self, place: Place<'f>, input: Input) -> Turn<'f> {
        match (self.session.state.clone(), &place.node.kind) {
            (State::Asking { attempt, .. }, Kind::Menu(menu)) => {
                self.answer_menu(place, menu, attempt, input)
            }
            (State::Asking { attempt, .. }, Kind::Collect(collect)) => {
                self.answer_collect(place, collect, attempt, input)
            }
            (State::Queued { .. }, Kind::Enqueue(_)) => self.leave_queue(place, input),
            (State::Dialing { .. }, Kind::Transfer(_)) => self.end_dial(place, input),
            (State::Recording { .. }, Kind::Voicemail(_)) => self.end_recording(place, input),
            (
                State::New
                | State::Ended
                | State::Asking { .. }
                | State::Queued { .. }
                | State::Dialing { .. }
                | State::Recording { .. },
                _,
            ) => Turn::Stop(self.node_missing(place.id)),
        }
    }

    /// The input does not belong here: the same thing once more.
    fn same_again(&mut self, place: Place<'f>, attempt: u32, input: &Input) -> Turn<'f> {
        self.unexpected(Some(place.id), input);
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

    fn answer_menu(&mut self, place: Place<'f>, menu: &'f Menu, attempt: u32, input: Input) -> Turn<'f> {
        let port = match &input {
            Input::Silence => None,
            Input::Digits(keys) if menu.accepts.digits() => {
                if keys.is_empty() {
                    None
                } else {
                    self.session.digits = Some(limits::cut(keys, limits::VALUE_BYTES).to_owned());
                    Some(menu.choices.iter().find(|choice| choice.digits.as_ref() == Some(keys)))
                }
            }
            Input::Speech { text, .. } if menu.accepts.speech() => {
                let text = limits::cut(text, limits::VALUE_BYTES);
                if text.trim().is_empty() {
                    None
                } else {
                    self.session.speech = Some(text.to_owned());
                    Some(spoken_choice(menu, text))
                }
            }
            Input::Start
            | Input::Digits(_)
            | Input::Speech { .. }
            | Input::QueueLeft(_)
            | Input::Recorded { .. }
            | Input::Dialed(_)
            | Input::HungUp => return self.same_again(place, attempt, &input),
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
        input: Input,
    ) -> Turn<'f> {
        match &input {
            Input::Digits(keys) if !keys.is_empty() => {
                self.session.digits = Some(limits::cut(keys, limits::VALUE_BYTES).to_owned());
                let length = u32::try_from(keys.len()).unwrap_or(u32::MAX);
                let fits = (collect.min_digits..=collect.max_digits).contains(&length)
                    && keys.chars().all(|key| key.is_ascii_digit() || key == '*' || key == '#');
                if fits {
                    self.keep(place.id, &collect.variable, keys);
                    Turn::Port("collected")
                } else {
                    self.ask_again(place, &collect.asking, attempt, Why::NotUnderstood, "invalid")
                }
            }
            Input::Digits(_) | Input::Silence => {
                self.ask_again(place, &collect.asking, attempt, Why::Silence, "timeout")
            }
            Input::Start
            | Input::Speech { .. }
            | Input::QueueLeft(_)
            | Input::Recorded { .. }
            | Input::Dialed(_)
            | Input::HungUp => self.same_again(place, attempt, &input),
        }
    }

    fn leave_queue(&mut self, place: Place<'f>, input: Input) -> Turn<'f> {
        match &input {
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
            Input::Start
            | Input::Digits(_)
            | Input::Speech { .. }
            | Input::Silence
            | Input::Recorded { .. }
            | Input::Dialed(_)
            | Input::HungUp => self.same_again(place, 1, &input),
        }
    }

    fn end_dial(&mut self, place: Place<'f>, input: Input) -> Turn<'f> {
        match &input {
            Input::Dialed(DialOutcome::Answered) => self.leave_or_end(place, "answered"),
            Input::Dialed(DialOutcome::Busy) => Turn::Port("busy"),
            Input::Dialed(DialOutcome::NoAnswer) => Turn::Port("noAnswer"),
            Input::Dialed(DialOutcome::Failed) => Turn::Port("failed"),
            Input::Start
            | Input::Digits(_)
            | Input::Speech { .. }
            | Input::Silence
            | Input::QueueLeft(_)
            | Input::Recorded { .. }
            | Input::HungUp => self.same_again(place, 1, &input),
        }
    }

    fn end_recording(&mut self, place: Place<'f>, input: Input) -> Turn<'f> {
        match &input {
            Input::Recorded { seconds: 0 } | Input::Silence => self.leave_or_end(place, "silent"),
            Input::Recorded { seconds: _ } => self.leave_or_end(place, "recorded"),
            Input::Start
            | Input::Digits(_)
            | Input::Speech { .. }
            | Input::QueueLeft(_)
            | Input::Dialed(_)
            | Input::HungUp => self.same_again(place, 1, &input),
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
fn spoken_choice<'m>(menu: &'m Menu, text: &str) -> Option<&'m crate::node::Choice> {
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
        let keys = speech::spoken_digits(&heard, Speaks::of(&menu.asking.language))?;
        menu.choices.iter().find(|choice| choice.digits.as_ref() == Some(&keys))
    })
}
