//! A node as the engine runs it: checked, with its templates, expressions and schedules compiled.

use std::collections::BTreeMap;

use chrono_tz::Tz;

use crate::hours::Hours;
use crate::node_type::Way;
use crate::predicate::Predicate;
use crate::template::Template;
use crate::{Accepts, Method, NodeType, RecordingAction, SkillNeed};

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    /// Where the ports lead; only ports that the node has, only nodes that exist.
    pub(crate) next: BTreeMap<String, String>,
    /// What coming here may cost: see [`STEP_WORK`](crate::limits::STEP_WORK).
    pub(crate) work: u32,
}

#[derive(Debug)]
pub(crate) enum Kind {
    /// `say` and `play`.
    Sound(Sound),
    Menu(Menu),
    Collect(Collect),
    SecureDigits(SecureDigits),
    Survey(Survey),
    Language(Language),
    Branch(Vec<Case>),
    Hours(Hours),
    Figures(Figures),
    Split(Vec<Share>),
    Loop {
        times: u32,
    },
    Set(Vec<(String, Template)>),
    Request(Box<Request>),
    FindContact(FindContact),
    SaveContact(SaveContact),
    Subflow(Subflow),
    Return(Vec<(String, Template)>),
    Goto(String),
    Enqueue(Enqueue),
    Callback(Box<Callback>),
    Transfer(Transfer),
    Voicemail(Voicemail),
    Recording(RecordingAction),
    Sms(Sms),
    Hangup(Option<Sound>),
    Note,
    Disabled(Disabled),
}

/// The language and the voice that a node asks for; what it leaves open is the call's, then the flow's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Manner {
    pub(crate) language: Option<String>,
    pub(crate) voice: Option<String>,
}

/// A text to say.
#[derive(Debug)]
pub(crate) struct Text {
    pub(crate) text: Template,
    pub(crate) manner: Manner,
}

/// What a node lets the caller hear.
#[derive(Debug)]
pub(crate) enum Sound {
    Say(Text),
    Play(String),
    /// A prompt of the company's library.
    Library {
        name: String,
        manner: Manner,
    },
}

/// How a question is asked, and again.
#[derive(Debug)]
pub(crate) struct Asking {
    pub(crate) prompt: Sound,
    /// Said before the prompt after an answer that is none of the expected ones.
    pub(crate) invalid: Option<Text>,
    /// Said before the prompt after silence.
    pub(crate) silence: Option<Text>,
    pub(crate) timeout_seconds: u32,
    /// How often it is asked again.
    pub(crate) retries: u32,
    pub(crate) manner: Manner,
}

#[derive(Debug)]
pub(crate) struct Menu {
    pub(crate) asking: Asking,
    pub(crate) accepts: Accepts,
    pub(crate) choices: Vec<Choice>,
}

#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) port: String,
    pub(crate) digits: Option<String>,
    /// Normalised for comparison.
    pub(crate) phrases: Vec<String>,
    /// As the author wrote them, for the recogniser.
    pub(crate) hints: Vec<String>,
}

/// How many keys are wanted, and what ends them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) min_digits: u32,
    pub(crate) max_digits: u32,
    pub(crate) finish_on_key: Option<char>,
}

impl Entry {
    pub(crate) fn fits(self, keys: &str) -> bool {
        let length = u32::try_from(keys.len()).unwrap_or(u32::MAX);
        (self.min_digits..=self.max_digits).contains(&length)
            && keys.chars().all(|key| key.is_ascii_digit() || key == '*' || key == '#')
    }
}

#[derive(Debug)]
pub(crate) struct Collect {
    pub(crate) asking: Asking,
    pub(crate) entry: Entry,
    pub(crate) variable: String,
}

#[derive(Debug)]
pub(crate) struct SecureDigits {
    pub(crate) asking: Asking,
    pub(crate) entry: Entry,
    /// `NAME` of `{{ secret.NAME }}`.
    pub(crate) name: String,
}

#[derive(Debug)]
pub(crate) struct Survey {
    pub(crate) name: String,
    pub(crate) asking: Asking,
    pub(crate) comment: Option<Sound>,
    /// Of the comment.
    pub(crate) max_seconds: u32,
}

#[derive(Debug)]
pub(crate) struct Language {
    pub(crate) language: Template,
    pub(crate) voice: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) port: String,
    pub(crate) when: Predicate,
}

#[derive(Debug)]
pub(crate) struct Figures {
    pub(crate) queue: String,
    pub(crate) cases: Vec<Case>,
}

#[derive(Debug)]
pub(crate) struct Share {
    pub(crate) port: String,
    pub(crate) percent: u32,
}

#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: Template,
    pub(crate) headers: Vec<(String, Template)>,
    pub(crate) body: Option<Template>,
    pub(crate) content_type: String,
    pub(crate) timeout_seconds: u32,
    pub(crate) retries: u32,
    /// From variables to JSON pointers.
    pub(crate) save: Vec<(String, String)>,
    /// The secrets that its texts have gaps for.
    pub(crate) secrets: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct FindContact {
    /// None: the caller's.
    pub(crate) number: Option<Template>,
    /// From variables to fields.
    pub(crate) save: Vec<(String, String)>,
}

#[derive(Debug)]
pub(crate) struct SaveContact {
    /// None: the caller's.
    pub(crate) number: Option<Template>,
    pub(crate) fields: Vec<(String, Template)>,
    pub(crate) tags: Vec<Template>,
}

#[derive(Debug)]
pub(crate) struct Subflow {
    pub(crate) flow: String,
    pub(crate) arguments: Vec<(String, Template)>,
    /// From variables to names of returned values.
    pub(crate) save: Vec<(String, String)>,
}

#[derive(Debug)]
pub(crate) struct Enqueue {
    pub(crate) queue: String,
    pub(crate) priority: u8,
    pub(crate) skills: Vec<SkillNeed>,
    pub(crate) max_wait_seconds: Option<u32>,
    pub(crate) age_credit_seconds: u32,
    pub(crate) prefer_agent: Option<Prefer>,
}

#[derive(Debug)]
pub(crate) struct Prefer {
    pub(crate) agent: Template,
    pub(crate) seconds: u32,
}

#[derive(Debug)]
pub(crate) struct Callback {
    pub(crate) queue: String,
    pub(crate) when: When,
    pub(crate) hours: Option<Hours>,
    /// None: the caller's.
    pub(crate) number: Option<Template>,
    pub(crate) confirm: bool,
    pub(crate) priority: u8,
    pub(crate) skills: Vec<SkillNeed>,
    pub(crate) attempts: u32,
    pub(crate) retry_minutes: u32,
    pub(crate) manner: Manner,
}

#[derive(Debug)]
pub(crate) enum When {
    InQueue,
    /// At this text's time, in this zone.
    At {
        at: Template,
        zone: Tz,
    },
}

#[derive(Debug)]
pub(crate) struct Transfer {
    pub(crate) to: Destination,
    pub(crate) timeout_seconds: u32,
    pub(crate) caller_id: Option<Template>,
}

#[derive(Debug)]
pub(crate) enum Destination {
    Number(Template),
    Sip(Template),
    Agent(Template),
}

#[derive(Debug)]
pub(crate) struct Voicemail {
    pub(crate) prompt: Sound,
    pub(crate) mailbox: Option<String>,
    pub(crate) max_seconds: u32,
    pub(crate) finish_on_key: Option<char>,
    pub(crate) beep: bool,
    pub(crate) transcribe: bool,
}

#[derive(Debug)]
pub(crate) struct Sms {
    /// None: the caller.
    pub(crate) to: Option<Template>,
    pub(crate) text: Template,
}

/// What an import could not translate.
#[derive(Debug)]
pub(crate) struct Disabled {
    pub(crate) reason: String,
    /// As they are in the document; only `next` is ever taken.
    pub(crate) ports: Vec<String>,
}

/// Whether a port has to lead somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Required,
    /// The engine knows what to do without it.
    Optional,
}

impl Kind {
    pub(crate) fn node_type(&self) -> NodeType {
        match self {
            Self::Sound(Sound::Say(_) | Sound::Library { .. }) => NodeType::Say,
            Self::Sound(Sound::Play(_)) => NodeType::Play,
            Self::Menu(_) => NodeType::Menu,
            Self::Collect(_) => NodeType::Collect,
            Self::SecureDigits(_) => NodeType::SecureDigits,
            Self::Survey(_) => NodeType::Survey,
            Self::Language(_) => NodeType::Language,
            Self::Branch(_) => NodeType::Branch,
            Self::Hours(_) => NodeType::Hours,
            Self::Figures(_) => NodeType::Figures,
            Self::Split(_) => NodeType::Split,
            Self::Loop { .. } => NodeType::Loop,
            Self::Set(_) => NodeType::Set,
            Self::Request(_) => NodeType::Request,
            Self::FindContact(_) => NodeType::FindContact,
            Self::SaveContact(_) => NodeType::SaveContact,
            Self::Subflow(_) => NodeType::Subflow,
            Self::Return(_) => NodeType::Return,
            Self::Goto(_) => NodeType::Goto,
            Self::Enqueue(_) => NodeType::Enqueue,
            Self::Callback(_) => NodeType::Callback,
            Self::Transfer(_) => NodeType::Transfer,
            Self::Voicemail(_) => NodeType::Voicemail,
            Self::Recording(_) => NodeType::Recording,
            Self::Sms(_) => NodeType::Sms,
            Self::Hangup(_) => NodeType::Hangup,
            Self::Note => NodeType::Note,
            Self::Disabled(_) => NodeType::Disabled,
        }
    }

    /// The ports that the node has.
    pub(crate) fn ports(&self) -> Vec<(String, Need)> {
        use Need::{Optional, Required};
        let own = |ports: &mut dyn Iterator<Item = &String>, others: &[(&str, Need)]| {
            let mut all: Vec<_> = ports.map(|port| (port.clone(), Required)).collect();
            all.extend(others.iter().map(|(port, need)| ((*port).to_owned(), *need)));
            all
        };
        let fixed = |ports: &[(&str, Need)]| own(&mut [].into_iter(), ports);
        match self {
            Self::Sound(_) | Self::Set(_) | Self::Language(_) | Self::Recording(_) => {
                fixed(&[("next", Required)])
            }
            Self::SaveContact(_) | Self::Sms(_) => fixed(&[("next", Required), ("failed", Optional)]),
            Self::Menu(menu) => own(
                &mut menu.choices.iter().map(|choice| &choice.port),
                &[("timeout", Required), ("noMatch", Required)],
            ),
            Self::Collect(_) | Self::SecureDigits(_) => {
                fixed(&[("collected", Required), ("timeout", Required), ("invalid", Required)])
            }
            Self::Survey(_) => fixed(&[("answered", Required), ("timeout", Required)]),
            Self::Branch(cases) | Self::Figures(Figures { cases, .. }) => {
                own(&mut cases.iter().map(|case| &case.port), &[("else", Required)])
            }
            Self::Hours(_) => fixed(&[("open", Required), ("closed", Required), ("exception", Optional)]),
            Self::Split(shares) => own(&mut shares.iter().map(|share| &share.port), &[]),
            Self::Loop { .. } => fixed(&[("again", Required), ("done", Required)]),
            Self::Request(_) => {
                fixed(&[("succeeded", Required), ("failed", Required), ("timeout", Optional)])
            }
            Self::FindContact(_) => fixed(&[("found", Required), ("notFound", Required)]),
            Self::Subflow(_) => fixed(&[("returned", Required), ("failed", Required)]),
            Self::Goto(_) => fixed(&[("failed", Optional)]),
            Self::Enqueue(_) => {
                fixed(&[("timeout", Optional), ("failed", Optional), ("afterAgent", Optional)])
            }
            Self::Callback(_) => fixed(&[
                ("accepted", Required),
                ("declined", Optional),
                ("invalid", Required),
                ("closed", Optional),
                ("failed", Required),
            ]),
            Self::Transfer(_) => fixed(&[
                ("answered", Optional),
                ("busy", Required),
                ("noAnswer", Required),
                ("failed", Required),
            ]),
            Self::Voicemail(_) => fixed(&[("recorded", Optional), ("silent", Optional)]),
            Self::Disabled(disabled) => disabled.ports.iter().map(|port| (port.clone(), Optional)).collect(),
            Self::Return(_) | Self::Hangup(_) | Self::Note => Vec::new(),
        }
    }

    /// The ports that a call leaves by even where they are open: not those that the engine does without, and of what an
    /// import has left over only `next`.
    pub(crate) fn left_by(&self) -> Vec<String> {
        if let Self::Disabled(_) = self {
            return vec!["next".to_owned()];
        }
        self.ports().into_iter().filter(|(_, need)| *need == Need::Required).map(|(port, _)| port).collect()
    }

    /// All that the node can let the caller hear.
    pub(crate) fn sounds(&self) -> Vec<&Sound> {
        match self {
            Self::Sound(sound) => vec![sound],
            Self::Menu(menu) => vec![&menu.asking.prompt],
            Self::Collect(collect) => vec![&collect.asking.prompt],
            Self::SecureDigits(secure) => vec![&secure.asking.prompt],
            Self::Survey(survey) => [&survey.asking.prompt].into_iter().chain(&survey.comment).collect(),
            Self::Voicemail(voicemail) => vec![&voicemail.prompt],
            Self::Hangup(sound) => sound.iter().collect(),
            Self::Language(_)
            | Self::Branch(_)
            | Self::Hours(_)
            | Self::Figures(_)
            | Self::Split(_)
            | Self::Loop { .. }
            | Self::Set(_)
            | Self::Request(_)
            | Self::FindContact(_)
            | Self::SaveContact(_)
            | Self::Subflow(_)
            | Self::Return(_)
            | Self::Goto(_)
            | Self::Enqueue(_)
            | Self::Callback(_)
            | Self::Transfer(_)
            | Self::Recording(_)
            | Self::Sms(_)
            | Self::Note
            | Self::Disabled(_) => Vec::new(),
        }
    }

    /// What becomes of a call that comes here.
    pub(crate) fn way(&self) -> Way {
        self.node_type().way()
    }
}
