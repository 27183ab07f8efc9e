//! The kinds of node.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::FlowKind;

/// The kinds of node, named as in the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NodeType {
    Say,
    Play,
    Menu,
    Collect,
    SecureDigits,
    Survey,
    Language,
    Branch,
    Hours,
    Figures,
    Split,
    Loop,
    Set,
    Request,
    FindContact,
    SaveContact,
    Subflow,
    Return,
    Goto,
    Enqueue,
    Callback,
    Transfer,
    Voicemail,
    Recording,
    Sms,
    Hangup,
    Note,
    Disabled,
}

impl NodeType {
    /// All of them, in the order in which an editor offers them.
    pub const ALL: [Self; 28] = [
        Self::Say,
        Self::Play,
        Self::Menu,
        Self::Collect,
        Self::SecureDigits,
        Self::Survey,
        Self::Language,
        Self::Branch,
        Self::Hours,
        Self::Figures,
        Self::Split,
        Self::Loop,
        Self::Set,
        Self::Request,
        Self::FindContact,
        Self::SaveContact,
        Self::Subflow,
        Self::Return,
        Self::Goto,
        Self::Enqueue,
        Self::Callback,
        Self::Transfer,
        Self::Voicemail,
        Self::Recording,
        Self::Sms,
        Self::Hangup,
        Self::Note,
        Self::Disabled,
    ];

    /// The `type` in the document.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Say => "say",
            Self::Play => "play",
            Self::Menu => "menu",
            Self::Collect => "collect",
            Self::SecureDigits => "secureDigits",
            Self::Survey => "survey",
            Self::Language => "language",
            Self::Branch => "branch",
            Self::Hours => "hours",
            Self::Figures => "figures",
            Self::Split => "split",
            Self::Loop => "loop",
            Self::Set => "set",
            Self::Request => "request",
            Self::FindContact => "findContact",
            Self::SaveContact => "saveContact",
            Self::Subflow => "subflow",
            Self::Return => "return",
            Self::Goto => "goto",
            Self::Enqueue => "enqueue",
            Self::Callback => "callback",
            Self::Transfer => "transfer",
            Self::Voicemail => "voicemail",
            Self::Recording => "recording",
            Self::Sms => "sms",
            Self::Hangup => "hangup",
            Self::Note => "note",
            Self::Disabled => "disabled",
        }
    }

    /// Whether a flow of this kind may have it. While a caller is on hold nothing can be asked of him and nothing ends;
    /// before an agent is joined nobody else can be called.
    pub fn is_allowed_in(self, kind: FlowKind) -> bool {
        match self {
            Self::Say
            | Self::Play
            | Self::Set
            | Self::Branch
            | Self::Hours
            | Self::Split
            | Self::Language => true,
            // Remarks do no harm anywhere, and an import's leftovers do nothing.
            Self::Note | Self::Disabled => true,
            Self::Figures | Self::Loop => match kind {
                FlowKind::Call | FlowKind::Wait | FlowKind::Hold => true,
                FlowKind::Whisper => false,
            },
            Self::Menu | Self::Hangup => match kind {
                FlowKind::Call | FlowKind::Wait | FlowKind::Whisper => true,
                FlowKind::Hold => false,
            },
            Self::Collect | Self::Callback | Self::Voicemail => match kind {
                FlowKind::Call | FlowKind::Wait => true,
                FlowKind::Hold | FlowKind::Whisper => false,
            },
            Self::SecureDigits
            | Self::Survey
            | Self::Request
            | Self::FindContact
            | Self::SaveContact
            | Self::Subflow
            | Self::Return
            | Self::Goto
            | Self::Enqueue
            | Self::Transfer
            | Self::Recording
            | Self::Sms => kind == FlowKind::Call,
        }
    }
}

impl fmt::Display for NodeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
