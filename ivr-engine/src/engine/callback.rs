//! The conversation of a `callback` node: which number, is it right, and is anybody there at that time.

use chrono::{DateTime, MappedLocalTime, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use super::answer::Why;
use super::{Place, Run, Turn};
use crate::node::{Callback, Entry, When};
use crate::phone::{e164, keyed};
use crate::session::{Question, State};
use crate::{Booking, CallbackTime, Input, InputRecord, Next, Passage, ProblemCode, limits};

/// Seconds to wait for an answer.
const TIMEOUT_SECONDS: u32 = 5;
/// A number, at most as E.164 has it, and the two or three keys for another country.
const NUMBER: Entry = Entry { min_digits: 1, max_digits: 18, finish_on_key: Some('#') };
const ANSWER: Entry = Entry { min_digits: 1, max_digits: 1, finish_on_key: None };

impl<'f> Run<'f> {
    pub(super) fn begin_callback(&mut self, place: Place<'f>, callback: &'f Callback) -> Turn<'f> {
        let Some(time) = self.callback_time(place.id, callback) else { return Turn::Port("failed") };
        let at = match time {
            CallbackTime::InQueue => self.now,
            CallbackTime::At(at) => at,
        };
        if callback.hours.as_ref().is_some_and(|hours| !hours.is_open(at)) {
            return self.leave_else(place, "closed");
        }
        let written = match &callback.number {
            Some(number) => self.render(place.id, number),
            None => self.session.call.from.clone(),
        };
        match (e164(&written), callback.confirm) {
            (Some(number), true) => {
                self.pass(place, Passage::Waits);
                Turn::Stop(self.question_of(place, callback, Question::Confirm { number }, 1, None))
            }
            // He shows none: he may key one in.
            (None, true) => {
                self.pass(place, Passage::Waits);
                Turn::Stop(self.question_of(place, callback, Question::Number, 1, None))
            }
            (Some(number), false) => self.book(place, callback, number),
            (None, false) => {
                let message = format!("`{}` is no telephone number in E.164", limits::cut(&written, 40));
                self.problem(ProblemCode::BadNumber, Some(place.id), message);
                Turn::Port("invalid")
            }
        }
    }

    fn callback_time(&mut self, id: &str, callback: &'f Callback) -> Option<CallbackTime> {
        let When::At { at, zone } = &callback.when else { return Some(CallbackTime::InQueue) };
        let written = self.render(id, at);
        let problem = match moment(&written, *zone) {
            Some(at) if at > self.now => return Some(CallbackTime::At(at)),
            Some(_) => format!("`{}` is over", limits::cut(&written, 40)),
            None => format!("`{}` is no time such as 2026-12-24T15:00", limits::cut(&written, 40)),
        };
        self.problem(ProblemCode::BadTime, Some(id), problem);
        None
    }

    fn question_of(
        &mut self,
        place: Place<'f>,
        callback: &'f Callback,
        question: Question,
        attempt: u32,
        before: Option<Why>,
    ) -> Next {
        let manner = &callback.manner;
        let sorry = match before {
            Some(Why::NotUnderstood) => {
                Some(self.own_words(manner, |speaks| speaks.not_understood().to_owned()))
            }
            Some(Why::Silence) | None => None,
        };
        let (asked, entry) = match &question {
            Question::Confirm { number } => {
                (self.own_words(manner, |speaks| speaks.confirm_number(number)), ANSWER)
            }
            Question::Number => (self.own_words(manner, |speaks| speaks.which_number().to_owned()), NUMBER),
        };
        self.session.state = State::Asking { node: place.id.to_owned(), attempt, question: Some(question) };
        self.keys(sorry.into_iter().chain([asked]).collect(), entry, TIMEOUT_SECONDS, manner)
    }

    pub(super) fn answer_callback(
        &mut self,
        place: Place<'f>,
        callback: &'f Callback,
        question: Question,
        attempt: u32,
        input: &Input,
        record: &InputRecord,
    ) -> Turn<'f> {
        let keys = match input {
            Input::Digits(keys) => self.pressed(keys),
            Input::Silence => "",
            _ => {
                self.unexpected(Some(place.id), record);
                return Turn::Stop(self.question_of(place, callback, question, attempt, None));
            }
        };
        match (&question, keys) {
            (_, "") => self.repeat(place, callback, question, attempt, Why::Silence),
            (Question::Confirm { number }, "1") => self.book(place, callback, number.clone()),
            (Question::Confirm { .. }, "2") => {
                Turn::Stop(self.question_of(place, callback, Question::Number, 1, None))
            }
            (Question::Confirm { .. }, _) => {
                self.repeat(place, callback, question, attempt, Why::NotUnderstood)
            }
            (Question::Number, keys) => match keyed(keys, &self.session.call.to) {
                Some(number) => {
                    Turn::Stop(self.question_of(place, callback, Question::Confirm { number }, 1, None))
                }
                None => self.repeat(place, callback, question, attempt, Why::NotUnderstood),
            },
        }
    }

    fn repeat(
        &mut self,
        place: Place<'f>,
        callback: &'f Callback,
        question: Question,
        attempt: u32,
        why: Why,
    ) -> Turn<'f> {
        if attempt <= limits::OWN_RETRIES {
            let attempt = attempt + 1;
            self.pass(place, Passage::AsksAgain { attempt });
            return Turn::Stop(self.question_of(place, callback, question, attempt, Some(why)));
        }
        match question {
            Question::Number => Turn::Port("invalid"),
            Question::Confirm { .. } => self.leave_else(place, "declined"),
        }
    }

    fn book(&mut self, place: Place<'f>, callback: &'f Callback, number: String) -> Turn<'f> {
        // Again, since a question may have taken the time that was left.
        let Some(when) = self.callback_time(place.id, callback) else { return Turn::Port("failed") };
        self.session.state = State::Answering { node: place.id.to_owned(), number: Some(number.clone()) };
        Turn::Stop(Next::BookCallback(crate::Callback {
            queue: callback.queue.clone(),
            number,
            when,
            priority: callback.priority,
            skills: callback.skills.clone(),
            attempts: callback.attempts,
            retry_minutes: callback.retry_minutes,
        }))
    }

    pub(super) fn booked(
        &mut self,
        place: Place<'f>,
        callback: &'f Callback,
        number: String,
        input: &Input,
        record: &InputRecord,
    ) -> Turn<'f> {
        match input {
            Input::CallbackBooked(Booking::Accepted) => Turn::Port("accepted"),
            Input::CallbackBooked(Booking::Closed) => self.leave_else(place, "closed"),
            Input::CallbackBooked(Booking::Failed) => Turn::Port("failed"),
            _ => {
                self.unexpected(Some(place.id), record);
                self.book(place, callback, number)
            }
        }
    }

    /// By this port, or by `failed` where it is open.
    fn leave_else(&self, place: Place<'f>, port: &'static str) -> Turn<'f> {
        Turn::Port(if place.node.next.contains_key(port) { port } else { "failed" })
    }
}

/// A moment out of RFC 3339, or out of what a clock on the wall of `zone` shows. What it shows twice is the first time;
/// what it jumps over is as long after the jump.
fn moment(written: &str, zone: Tz) -> Option<DateTime<Utc>> {
    if let Ok(moment) = DateTime::parse_from_rfc3339(written) {
        return Some(moment.with_timezone(&Utc));
    }
    let wall = ["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"]
        .into_iter()
        .find_map(|form| NaiveDateTime::parse_from_str(written, form).ok())?;
    let on_the_wall = |wall: NaiveDateTime| match zone.from_local_datetime(&wall) {
        MappedLocalTime::Single(moment) | MappedLocalTime::Ambiguous(moment, _) => {
            Some(moment.with_timezone(&Utc))
        }
        MappedLocalTime::None => None,
    };
    on_the_wall(wall).or_else(|| {
        // Clocks are put forward by an hour at most, but for a few islands on a few days.
        let hour = TimeDelta::hours(1);
        on_the_wall(wall.checked_sub_signed(hour)?)?.checked_add_signed(hour)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_one_of_the_wall_or_of_the_world() {
        for (written, meant) in [
            ("2026-12-24T15:00", Some("2026-12-24T14:00:00Z")),
            ("2026-12-24 15:00", Some("2026-12-24T14:00:00Z")),
            ("2026-12-24T15:00:00+05:00", Some("2026-12-24T10:00:00Z")),
            ("2026-03-29T02:30", Some("2026-03-29T01:30:00Z")),
            ("2026-10-25T02:30", Some("2026-10-25T00:30:00Z")),
            ("tomorrow", None),
            ("", None),
            ("2026-12-24", None),
        ] {
            let meant = meant.map(|meant| meant.parse::<DateTime<Utc>>().expect("a moment"));
            assert_eq!(moment(written, chrono_tz::Europe::Berlin), meant, "{written}");
        }
    }
}
