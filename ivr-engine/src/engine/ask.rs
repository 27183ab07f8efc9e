//! What a node asks for: the caller, an agent, or the server.

use std::collections::BTreeMap;

use super::{Place, Run};
use crate::document::is_address;
use crate::node::{
    Asking, Destination, Enqueue, Entry, FindContact, Kind, Manner, Menu, Request, Survey, Text, Transfer,
    Voicemail,
};
use crate::phone::sip_address;
use crate::secret::{Gapped, RequestCall};
use crate::session::State;
use crate::template::{Form, Scope, Template};
use crate::{Accepts, DialTo, Next, PreferAgent, ProblemCode, Prompt, RecordPurpose, limits};

impl<'f> Run<'f> {
    /// What a node that waits asks for, for the `attempt`th time, after saying `before`. None for other nodes, and where
    /// what to call or to send to is none.
    pub(super) fn ask(&mut self, place: Place<'f>, attempt: u32, before: Option<&'f Text>) -> Option<Next> {
        let id = place.id;
        let node = id.to_owned();
        let (state, next) = match &place.node.kind {
            Kind::Menu(menu) => (asking(node, attempt), self.gather_choice(id, menu, before)),
            Kind::Collect(collect) => {
                (asking(node, attempt), self.gather_digits(id, &collect.asking, collect.entry, before))
            }
            Kind::SecureDigits(secure) => {
                let mut next = self.gather_digits(id, &secure.asking, secure.entry, before);
                if let Next::Gather { secret, .. } = &mut next {
                    *secret = true;
                }
                (asking(node, attempt), next)
            }
            Kind::Survey(survey) => {
                let score = Entry { min_digits: 1, max_digits: 1, finish_on_key: None };
                (asking(node, attempt), self.gather_digits(id, &survey.asking, score, before))
            }
            Kind::Enqueue(enqueue) => (State::Queued { node }, self.enqueue(place, enqueue)),
            Kind::Transfer(transfer) => (State::Dialing { node }, self.dial(id, transfer)?),
            Kind::Voicemail(voicemail) => (State::Recording { node }, self.record(id, voicemail)),
            Kind::Request(request) => (State::Requesting { node }, self.request(id, request)?),
            Kind::Figures(figures) => {
                (State::Answering { node, number: None }, Next::Figures { queue: figures.queue.clone() })
            }
            Kind::FindContact(contact) => {
                (State::Answering { node, number: None }, self.find_contact(id, contact))
            }
            Kind::Subflow(subflow) => {
                (State::Answering { node, number: None }, Next::FindFlow { flow: subflow.flow.clone() })
            }
            Kind::Goto(flow) => {
                (State::Answering { node, number: None }, Next::FindFlow { flow: flow.clone() })
            }
            // It has several questions, and a room of its own.
            Kind::Callback(_)
            | Kind::Sound(_)
            | Kind::Language(_)
            | Kind::Branch(_)
            | Kind::Hours(_)
            | Kind::Split(_)
            | Kind::Loop { .. }
            | Kind::Set(_)
            | Kind::SaveContact(_)
            | Kind::Return(_)
            | Kind::Recording(_)
            | Kind::Sms(_)
            | Kind::Hangup(_)
            | Kind::Note
            | Kind::Disabled(_) => return None,
        };
        self.session.state = state;
        Some(next)
    }

    fn question(&mut self, id: &str, asking: &'f Asking, before: Option<&'f Text>) -> Vec<Prompt> {
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
            language: self.manner(&menu.asking.manner).0,
            secret: false,
        }
    }

    fn gather_digits(
        &mut self,
        id: &str,
        asking: &'f Asking,
        entry: Entry,
        before: Option<&'f Text>,
    ) -> Next {
        let prompts = self.question(id, asking, before);
        self.keys(prompts, entry, asking.timeout_seconds, &asking.manner)
    }

    /// Asks for keys.
    pub(super) fn keys(
        &self,
        prompts: Vec<Prompt>,
        entry: Entry,
        timeout_seconds: u32,
        manner: &Manner,
    ) -> Next {
        Next::Gather {
            prompts,
            accepts: Accepts::Digits,
            num_digits: Some(entry.max_digits),
            finish_on_key: entry.finish_on_key,
            timeout_seconds,
            hints: Vec::new(),
            language: self.manner(manner).0,
            secret: false,
        }
    }

    fn enqueue(&mut self, place: Place<'f>, enqueue: &'f Enqueue) -> Next {
        let prefer_agent = enqueue.prefer_agent.as_ref().and_then(|prefer| {
            let agent = self.agent_named(place.id, &prefer.agent);
            (!agent.is_empty()).then_some(PreferAgent { agent, seconds: prefer.seconds })
        });
        Next::Enqueue {
            queue: enqueue.queue.clone(),
            priority: enqueue.priority,
            skills: enqueue.skills.clone(),
            max_wait_seconds: enqueue.max_wait_seconds,
            age_credit_seconds: enqueue.age_credit_seconds,
            prefer_agent,
            comes_back: place.node.next.contains_key("afterAgent"),
        }
    }

    fn record(&mut self, id: &str, voicemail: &'f Voicemail) -> Next {
        Next::Record {
            prompts: self.heard(id, &voicemail.prompt).into_iter().collect(),
            max_seconds: voicemail.max_seconds,
            finish_on_key: voicemail.finish_on_key,
            beep: voicemail.beep,
            purpose: RecordPurpose::Voicemail {
                mailbox: voicemail.mailbox.clone(),
                transcribe: voicemail.transcribe,
            },
        }
    }

    /// Asks for a few spoken words after the score; None where the survey wants none.
    pub(super) fn comment(&mut self, id: &str, survey: &'f Survey) -> Option<Next> {
        let comment = survey.comment.as_ref()?;
        let prompts = self.heard(id, comment).into_iter().collect();
        self.session.state = State::Recording { node: id.to_owned() };
        Some(Next::Record {
            prompts,
            max_seconds: survey.max_seconds,
            finish_on_key: Some('#'),
            beep: true,
            purpose: RecordPurpose::SurveyComment { survey: survey.name.clone() },
        })
    }

    fn dial(&mut self, id: &str, transfer: &'f Transfer) -> Option<Next> {
        let to = match &transfer.to {
            Destination::Number(number) => {
                let written = self.render(id, number);
                DialTo::Number(self.number(id, "the number", &written)?)
            }
            Destination::Sip(address) => DialTo::Sip(self.address(id, address)?),
            Destination::Agent(agent) => DialTo::Agent(self.agent(id, agent)?),
        };
        let caller_id = transfer.caller_id.as_ref().and_then(|template| {
            let written = self.render(id, template);
            self.number(id, "the caller id", &written)
        });
        Some(Next::Dial { to, timeout_seconds: transfer.timeout_seconds, caller_id })
    }

    fn address(&mut self, id: &str, address: &Template) -> Option<String> {
        let written = self.render(id, address);
        let address = sip_address(&written);
        if address.is_none() {
            let message = format!("`{}` is no address of SIP", limits::cut(&written, 40));
            self.problem(ProblemCode::BadNumber, Some(id), message);
        }
        address
    }

    fn agent(&mut self, id: &str, agent: &Template) -> Option<String> {
        let agent = self.agent_named(id, agent);
        if agent.is_empty() {
            self.problem(ProblemCode::BadNumber, Some(id), "the agent's name came out empty".to_owned());
            return None;
        }
        Some(agent)
    }

    fn agent_named(&mut self, id: &str, agent: &Template) -> String {
        let agent = self.render(id, agent);
        self.shortened(id, "the agent's name", &agent, limits::NAME_BYTES)
    }

    fn find_contact(&mut self, id: &str, contact: &'f FindContact) -> Next {
        let number = match &contact.number {
            // Something else than a number finds nobody.
            Some(template) => limits::cut(&self.render(id, template), limits::NAME_BYTES).to_owned(),
            None => self.session.call.from.clone(),
        };
        let mut fields: Vec<String> = contact.save.iter().map(|(_, field)| field.clone()).collect();
        fields.sort_unstable();
        fields.dedup();
        Next::FindContact { number: crate::phone::e164(&number).unwrap_or(number), fields }
    }

    /// None when it cannot be made as its author wants it: half a request is worse than none.
    fn request(&mut self, id: &str, request: &'f Request) -> Option<Next> {
        let url = self.with_gaps(id, request, &request.url, Form::Line)?;
        // What a secret is does not matter to the form of an address.
        if !is_address(&url.replace(crate::secret::MARK, "")) {
            let message = format!("`{}` is no address", limits::cut(&Gapped::of(&url).shown(), 80));
            self.problem(ProblemCode::BadAddress, Some(id), message);
            return None;
        }
        let mut headers = BTreeMap::new();
        for (name, value) in &request.headers {
            let value = self.with_gaps(id, request, value, Form::Line)?;
            if value.len() > limits::ADDRESS_BYTES {
                let message = format!("the header `{name}` has more than {} bytes", limits::ADDRESS_BYTES);
                self.problem(ProblemCode::TemplateFailed, Some(id), message);
                return None;
            }
            headers.insert(name.clone(), Gapped::of(&value));
        }
        let body = match &request.body {
            Some(body) => Some(Gapped::of(&self.with_gaps(id, request, body, Form::Body)?)),
            None => None,
        };
        let mut wanted: Vec<String> = request.save.iter().map(|(_, pointer)| pointer.clone()).collect();
        wanted.sort_unstable();
        wanted.dedup();
        Some(Next::Request(RequestCall {
            method: request.method,
            url: Gapped::of(&url),
            headers,
            body,
            content_type: request.content_type.clone(),
            timeout_seconds: request.timeout_seconds,
            retries: request.retries,
            wanted,
        }))
    }

    fn with_gaps(&mut self, id: &str, request: &Request, template: &Template, form: Form) -> Option<String> {
        let scope = Scope::with_gaps(&self.session, self.now, self.language(), &request.secrets);
        let rendered = template.render(&scope, form);
        if let Some(failure) = rendered.failure {
            self.problem(ProblemCode::TemplateFailed, Some(id), failure);
            return None;
        }
        Some(rendered.text)
    }
}

fn asking(node: String, attempt: u32) -> State {
    State::Asking { node, attempt, question: None }
}
