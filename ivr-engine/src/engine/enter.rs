//! What happens when a call comes to a node.

use super::{Place, Run, Turn};
use crate::document::e164;
use crate::hours::{Day, Opening};
use crate::node::{Asking, Collect, Kind, Menu, Text, Transfer, Voicemail};
use crate::session::State;
use crate::{Accepts, Next, Outcome, Passage, ProblemCode, limits};

impl<'f> Run<'f> {
    pub(super) fn enter(&mut self, place: Place<'f>) -> Turn<'f> {
        let id = place.id;
        match &place.node.kind {
            Kind::Say(text) => {
                let prompt = self.said(id, text);
                self.prompt(id, prompt);
                Turn::Port("next")
            }
            Kind::Play(url) => {
                self.prompt(id, Some(crate::Prompt::Play { url: url.clone() }));
                Turn::Port("next")
            }
            Kind::Branch(cases) => {
                let case = cases.iter().find(|case| case.when.holds(&self.session, self.now));
                Turn::Port(case.map_or("else", |case| case.port.as_str()))
            }
            Kind::Hours(hours) => {
                let status = hours.status(self.now);
                Turn::Port(match (status.day, status.opening) {
                    (Day::Exception { .. }, _) if place.node.next.contains_key("exception") => "exception",
                    (Day::Exception { .. } | Day::Ordinary, Opening::Open) => "open",
                    (Day::Exception { .. } | Day::Ordinary, Opening::Closed) => "closed",
                })
            }
            Kind::Set(variables) => {
                // All of them see the values from before, since the members of a JSON object have no order.
                let values: Vec<String> =
                    variables.iter().map(|(_, template)| self.render(id, template)).collect();
                for ((name, _), value) in variables.iter().zip(values) {
                    self.keep(id, name, &value);
                }
                Turn::Port("next")
            }
            Kind::Transfer(transfer) => match self.dial(place, transfer) {
                Some(next) => self.wait(place, State::Dialing { node: id.to_owned() }, next),
                None => Turn::Port("failed"),
            },
            Kind::Menu(_) | Kind::Collect(_) | Kind::Enqueue(_) | Kind::Voicemail(_) => {
                self.pass(place, Passage::Waits);
                match self.ask(place, 1, None) {
                    Some(next) => Turn::Stop(next),
                    None => Turn::Stop(self.node_missing(id)),
                }
            }
            Kind::Hangup(sound) => {
                let prompt = sound.as_ref().and_then(|sound| self.heard(id, sound));
                self.prompt(id, prompt);
                self.pass(place, Passage::Ends);
                Turn::Stop(self.hang_up(Outcome::Completed))
            }
        }
    }

    fn wait(&mut self, place: Place<'f>, state: State, next: Next) -> Turn<'f> {
        self.pass(place, Passage::Waits);
        self.session.state = state;
        Turn::Stop(next)
    }

    /// What a node that waits asks for, for the `attempt`th time, after saying `before`. None for other nodes, and for a
    /// transfer without a number.
    pub(super) fn ask(&mut self, place: Place<'f>, attempt: u32, before: Option<&'f Text>) -> Option<Next> {
        let node = place.id.to_owned();
        match &place.node.kind {
            Kind::Menu(menu) => {
                self.session.state = State::Asking { node, attempt };
                Some(self.gather_choice(place.id, menu, before))
            }
            Kind::Collect(collect) => {
                self.session.state = State::Asking { node, attempt };
                Some(self.gather_digits(place.id, collect, before))
            }
            Kind::Enqueue(enqueue) => {
                self.session.state = State::Queued { node };
                Some(Next::Enqueue {
                    queue: enqueue.queue.clone(),
                    priority: enqueue.priority,
                    skills: enqueue.skills.clone(),
                    max_wait_seconds: enqueue.max_wait_seconds,
                    age_credit_seconds: enqueue.age_credit_seconds,
                })
            }
            Kind::Transfer(transfer) => {
                let next = self.dial(place, transfer)?;
                self.session.state = State::Dialing { node };
                Some(next)
            }
            Kind::Voicemail(voicemail) => {
                self.session.state = State::Recording { node };
                Some(self.record(place.id, voicemail))
            }
            Kind::Say(_)
            | Kind::Play(_)
            | Kind::Branch(_)
            | Kind::Hours(_)
            | Kind::Set(_)
            | Kind::Hangup(_) => None,
        }
    }

    fn question(&mut self, id: &str, asking: &'f Asking, before: Option<&'f Text>) -> Vec<crate::Prompt> {
        let before = before.and_then(|text| self.said(id, text));
        let prompt = self.heard(id, &asking.prompt);
        if prompt.is_none() {
            self.problem(ProblemCode::TemplateFailed, Some(id), "the prompt came out empty".to_owned());
        }
        before.into_iter().chain(prompt).collect()
    }

    fn gather_choice(&mut self, id: &str, menu: &'f Menu, before: Option<&'f Text>) -> Next {
        let lengths = || menu.choices.iter().filter_map(|choice| choice.digits.as_ref()).map(String::len);
        let longest = lengths().max().filter(|_| menu.accepts.digits());
        // A key that finishes is needed only where the number of keys does not; and it cannot be a choice.
        let several = longest.is_some_and(|longest| longest > 1);
        let taken =
            menu.choices.iter().filter_map(|choice| choice.digits.as_ref()).any(|keys| keys.contains('#'));
        let hints = match menu.accepts {
            Accepts::Digits => Vec::new(),
            Accepts::Speech | Accepts::DigitsAndSpeech => menu
                .choices
                .iter()
                .flat_map(|choice| choice.hints.iter().cloned())
                .take(limits::LIST_ITEMS)
                .collect(),
        };
        Next::Gather {
            prompts: self.question(id, &menu.asking, before),
            accepts: menu.accepts,
            num_digits: longest.and_then(|longest| u32::try_from(longest).ok()),
            finish_on_key: (several && !taken).then_some('#'),
            timeout_seconds: menu.asking.timeout_seconds,
            hints,
            language: menu.asking.language.clone(),
        }
    }

    fn gather_digits(&mut self, id: &str, collect: &'f Collect, before: Option<&'f Text>) -> Next {
        Next::Gather {
            prompts: self.question(id, &collect.asking, before),
            accepts: Accepts::Digits,
            num_digits: Some(collect.max_digits),
            finish_on_key: collect.finish_on_key,
            timeout_seconds: collect.asking.timeout_seconds,
            hints: Vec::new(),
            language: collect.asking.language.clone(),
        }
    }

    fn record(&mut self, id: &str, voicemail: &'f Voicemail) -> Next {
        Next::Record {
            prompts: self.heard(id, &voicemail.prompt).into_iter().collect(),
            max_seconds: voicemail.max_seconds,
            finish_on_key: voicemail.finish_on_key,
            mailbox: voicemail.mailbox.clone(),
        }
    }

    fn dial(&mut self, place: Place<'f>, transfer: &'f Transfer) -> Option<Next> {
        let written = self.render(place.id, &transfer.number);
        let number = self.number(place.id, "the number", &written)?;
        let caller_id = transfer.caller_id.as_ref().and_then(|template| {
            let written = self.render(place.id, template);
            self.number(place.id, "the caller id", &written)
        });
        Some(Next::Dial { number, timeout_seconds: transfer.timeout_seconds, caller_id })
    }

    fn number(&mut self, id: &str, what: &str, written: &str) -> Option<String> {
        let number = e164(written);
        if number.is_none() {
            let message = format!("{what} `{}` is no telephone number in E.164", limits::cut(written, 40));
            self.problem(ProblemCode::BadNumber, Some(id), message);
        }
        number
    }
}
