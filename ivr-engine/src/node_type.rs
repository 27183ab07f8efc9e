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
        self.row().word
    }

    /// Whether a flow of this kind may have it. While a caller is on hold nothing can be asked of him and nothing ends;
    /// before an agent is joined nobody else can be called.
    pub fn is_allowed_in(self, kind: FlowKind) -> bool {
        self.row().kinds.contains(&kind)
    }

    /// What becomes of a call that comes to it.
    pub(crate) fn way(self) -> Way {
        self.row().way
    }

    /// Whether it says something by itself, and so can have a language and a voice of its own.
    pub(crate) fn speaks(self) -> bool {
        self.row().speaks
    }

    /// Everything that is so of all nodes of a type, said once.
    fn row(self) -> Row {
        use kinds::{ANYWHERE, CALL, CALL_AND_WAIT, NOT_ON_HOLD, NOT_WHISPERED};
        let row = |word, way, speaks, kinds| Row { word, way, speaks, kinds };
        match self {
            Self::Say => row("say", Way::Passes, true, ANYWHERE),
            Self::Play => row("play", Way::Passes, false, ANYWHERE),
            Self::Menu => row("menu", Way::Waits, true, NOT_ON_HOLD),
            Self::Collect => row("collect", Way::Waits, true, CALL_AND_WAIT),
            Self::SecureDigits => row("secureDigits", Way::Waits, true, CALL),
            Self::Survey => row("survey", Way::Waits, true, CALL),
            Self::Language => row("language", Way::Passes, false, ANYWHERE),
            Self::Branch => row("branch", Way::Decides, false, ANYWHERE),
            Self::Hours => row("hours", Way::Decides, false, ANYWHERE),
            Self::Figures => row("figures", Way::AsksServer, false, NOT_WHISPERED),
            Self::Split => row("split", Way::Passes, false, ANYWHERE),
            Self::Loop => row("loop", Way::Decides, false, NOT_WHISPERED),
            Self::Set => row("set", Way::Passes, false, ANYWHERE),
            Self::Request => row("request", Way::AsksServer, false, CALL),
            Self::FindContact => row("findContact", Way::AsksServer, false, CALL),
            Self::SaveContact => row("saveContact", Way::Passes, false, CALL),
            Self::Subflow => row("subflow", Way::Waits, false, CALL),
            Self::Return => row("return", Way::Ends, false, CALL),
            Self::Goto => row("goto", Way::Leaves, false, CALL),
            Self::Enqueue => row("enqueue", Way::HandsOn, false, CALL),
            Self::Callback => row("callback", Way::Waits, true, CALL_AND_WAIT),
            Self::Transfer => row("transfer", Way::HandsOn, false, CALL),
            Self::Voicemail => row("voicemail", Way::HandsOn, true, CALL_AND_WAIT),
            Self::Recording => row("recording", Way::Passes, false, CALL),
            Self::Sms => row("sms", Way::Passes, false, CALL),
            Self::Hangup => row("hangup", Way::Ends, true, NOT_ON_HOLD),
            Self::Note => row("note", Way::Passes, false, ANYWHERE),
            Self::Disabled => row("disabled", Way::Passes, false, ANYWHERE),
        }
    }
}

struct Row {
    word: &'static str,
    way: Way,
    speaks: bool,
    kinds: &'static [FlowKind],
}

/// In which kinds of flow a node may be.
mod kinds {
    use crate::FlowKind::{self, Call, Hold, Wait, Whisper};

    /// Remarks do no harm anywhere, and an import's leftovers do nothing.
    pub(super) const ANYWHERE: &[FlowKind] = &[Call, Wait, Hold, Whisper];
    pub(super) const NOT_WHISPERED: &[FlowKind] = &[Call, Wait, Hold];
    pub(super) const NOT_ON_HOLD: &[FlowKind] = &[Call, Wait, Whisper];
    pub(super) const CALL_AND_WAIT: &[FlowKind] = &[Call, Wait];
    pub(super) const CALL: &[FlowKind] = &[Call];
}

/// What a type of node does to a call's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// The call goes on at once, and whenever it comes here in the same way. A split decides once for the whole call.
    Passes,
    /// It goes on at once, one way now and perhaps another way later.
    Decides,
    /// The step ends, and the server's answer decides at once.
    AsksServer,
    /// The caller is waited for. A called flow mostly asks him something; one that does not is stopped by the budget of
    /// answers.
    Waits,
    /// Somebody else, or his mailbox, has the caller, perhaps for good.
    HandsOn,
    /// The step ends, and the call goes on in another flow.
    Leaves,
    /// The flow is over.
    Ends,
}

impl Way {
    /// Whether time passes here in which the caller, or somebody who talks to him, decides, so that a circle through it
    /// does not turn by itself.
    pub(crate) fn waits(self) -> bool {
        match self {
            Self::Waits | Self::HandsOn => true,
            Self::Passes | Self::Decides | Self::AsksServer | Self::Leaves | Self::Ends => false,
        }
    }

    /// Whether a step ends here, be it only to ask the server.
    pub(crate) fn stops(self) -> bool {
        match self {
            Self::Waits | Self::HandsOn | Self::AsksServer | Self::Leaves => true,
            Self::Passes | Self::Decides | Self::Ends => false,
        }
    }

    /// Whether it can lead one way now and another way later.
    pub(crate) fn decides(self) -> bool {
        match self {
            Self::Decides | Self::AsksServer => true,
            Self::Passes | Self::Waits | Self::HandsOn | Self::Leaves | Self::Ends => false,
        }
    }

    /// Whether the call can be in good hands here, or end.
    pub(crate) fn ends(self) -> bool {
        match self {
            Self::HandsOn | Self::Leaves | Self::Ends => true,
            Self::Passes | Self::Decides | Self::AsksServer | Self::Waits => false,
        }
    }
}

impl fmt::Display for NodeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
