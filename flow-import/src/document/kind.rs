//! What kind of flow a document is.

/// Who hears a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FlowKind {
    /// A caller, from his arrival on.
    Call,
    /// A caller who waits in a queue.
    Wait,
    /// A caller who is held.
    Hold,
    /// An agent before he is joined.
    Whisper,
}

impl FlowKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Wait => "wait",
            Self::Hold => "hold",
            Self::Whisper => "whisper",
        }
    }
}
