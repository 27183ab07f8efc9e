//! A node as the engine runs it: checked, with its templates, expressions and schedules compiled.

use std::collections::BTreeMap;

use crate::hours::Hours;
use crate::predicate::Predicate;
use crate::template::Template;
use crate::{Accepts, NodeType, SkillNeed};

#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    /// Where the ports lead; only ports that the node has, only nodes that exist.
    pub(crate) next: BTreeMap<String, String>,
}

#[derive(Debug)]
pub(crate) enum Kind {
    Say(Text),
    Play(String),
    Menu(Menu),
    Collect(Collect),
    Branch(Vec<Case>),
    Hours(Hours),
    Set(Vec<(String, Template)>),
    Enqueue(Enqueue),
    Transfer(Transfer),
    Voicemail(Voicemail),
    Hangup(Option<Sound>),
}

/// A text to say.
#[derive(Debug)]
pub(crate) struct Text {
    pub(crate) text: Template,
    pub(crate) language: String,
    pub(crate) voice: Option<String>,
}

/// What a node lets the caller hear.
#[derive(Debug)]
pub(crate) enum Sound {
    Say(Text),
    Play(String),
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
    pub(crate) language: String,
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

#[derive(Debug)]
pub(crate) struct Collect {
    pub(crate) asking: Asking,
    pub(crate) variable: String,
    pub(crate) min_digits: u32,
    pub(crate) max_digits: u32,
    pub(crate) finish_on_key: Option<char>,
}

#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) port: String,
    pub(crate) when: Predicate,
}

#[derive(Debug)]
pub(crate) struct Enqueue {
    pub(crate) queue: String,
    pub(crate) priority: u8,
    pub(crate) skills: Vec<SkillNeed>,
    pub(crate) max_wait_seconds: Option<u32>,
    pub(crate) age_credit_seconds: u32,
}

#[derive(Debug)]
pub(crate) struct Transfer {
    pub(crate) number: Template,
    pub(crate) timeout_seconds: u32,
    pub(crate) caller_id: Option<Template>,
}

#[derive(Debug)]
pub(crate) struct Voicemail {
    pub(crate) prompt: Sound,
    pub(crate) mailbox: Option<String>,
    pub(crate) max_seconds: u32,
    pub(crate) finish_on_key: Option<char>,
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
            Self::Say(_) => NodeType::Say,
            Self::Play(_) => NodeType::Play,
            Self::Menu(_) => NodeType::Menu,
            Self::Collect(_) => NodeType::Collect,
            Self::Branch(_) => NodeType::Branch,
            Self::Hours(_) => NodeType::Hours,
            Self::Set(_) => NodeType::Set,
            Self::Enqueue(_) => NodeType::Enqueue,
            Self::Transfer(_) => NodeType::Transfer,
            Self::Voicemail(_) => NodeType::Voicemail,
            Self::Hangup(_) => NodeType::Hangup,
        }
    }

    /// The ports that the node has.
    pub(crate) fn ports(&self) -> Vec<(String, Need)> {
        use Need::{Optional, Required};
        let fixed =
            |ports: &[(&str, Need)]| ports.iter().map(|(port, need)| ((*port).to_owned(), *need)).collect();
        let own = |ports: &mut dyn Iterator<Item = &String>, others: &[(&str, Need)]| {
            let mut all: Vec<_> = ports.map(|port| (port.clone(), Required)).collect();
            all.extend(others.iter().map(|(port, need)| ((*port).to_owned(), *need)));
            all
        };
        match self {
            Self::Say(_) | Self::Play(_) | Self::Set(_) => fixed(&[("next", Required)]),
            Self::Menu(menu) => own(
                &mut menu.choices.iter().map(|choice| &choice.port),
                &[("timeout", Required), ("noMatch", Required)],
            ),
            Self::Collect(_) => {
                fixed(&[("collected", Required), ("timeout", Required), ("invalid", Required)])
            }
            Self::Branch(cases) => own(&mut cases.iter().map(|case| &case.port), &[("else", Required)]),
            Self::Hours(_) => fixed(&[("open", Required), ("closed", Required), ("exception", Optional)]),
            Self::Enqueue(_) => fixed(&[("timeout", Optional), ("failed", Optional)]),
            Self::Transfer(_) => fixed(&[
                ("answered", Optional),
                ("busy", Required),
                ("noAnswer", Required),
                ("failed", Required),
            ]),
            Self::Voicemail(_) => fixed(&[("recorded", Optional), ("silent", Optional)]),
            Self::Hangup(_) => Vec::new(),
        }
    }

    /// Whether the call waits for something here, so that a circle through it does not turn by itself.
    pub(crate) fn waits(&self) -> bool {
        match self {
            Self::Menu(_) | Self::Collect(_) | Self::Enqueue(_) | Self::Transfer(_) | Self::Voicemail(_) => {
                true
            }
            Self::Say(_)
            | Self::Play(_)
            | Self::Branch(_)
            | Self::Hours(_)
            | Self::Set(_)
            | Self::Hangup(_) => false,
        }
    }

    /// Whether the call can be in good hands here, or end.
    pub(crate) fn is_an_end(&self) -> bool {
        match self {
            Self::Enqueue(_) | Self::Transfer(_) | Self::Voicemail(_) | Self::Hangup(_) => true,
            Self::Say(_)
            | Self::Play(_)
            | Self::Menu(_)
            | Self::Collect(_)
            | Self::Branch(_)
            | Self::Hours(_)
            | Self::Set(_) => false,
        }
    }
}
