//! What one phone heard and did, line by line: the look-alike's only "audio".
//!
//! Owns the lines of a call and tells those who follow it. It never decides anything.

use std::sync::{Mutex, MutexGuard};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// What a line of a transcript is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// The carrier spoke a text to this phone.
    Said,
    /// The carrier played a sound, a tone or hold music to this phone.
    Played,
    /// This phone pressed keys.
    Pressed,
    /// This phone's owner spoke.
    Spoke,
    /// This phone's owner heard another party of a bridge or a conference.
    Heard,
    /// The call, or its place in a conference or queue, changed.
    Status,
    /// A request went out for this call, or its answer came in.
    Webhook,
    /// Something in TwiML or in a request was ignored; with Twilio's number for it.
    Warning,
    /// Something failed; with Twilio's number for it.
    Error,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// From 1, without gaps.
    pub n: usize,
    pub at: DateTime<Utc>,
    pub kind: LineKind,
    pub text: String,
}

/// The lines of one call.
pub(crate) struct Transcript {
    lines: Mutex<Vec<Line>>,
    progress: watch::Sender<Progress>,
}

/// How far a transcript has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    pub lines: usize,
    pub closed: bool,
}

impl Transcript {
    pub(crate) fn new() -> Self {
        Self { lines: Mutex::default(), progress: watch::channel(Progress::default()).0 }
    }

    pub(crate) fn push(&self, at: DateTime<Utc>, kind: LineKind, text: String) {
        let count = {
            let mut lines = self.lock();
            let n = lines.len() + 1;
            lines.push(Line { n, at, kind, text });
            n
        };
        self.progress.send_modify(|progress| progress.lines = count);
    }

    /// No line will follow.
    pub(crate) fn close(&self) {
        self.progress.send_modify(|progress| progress.closed = true);
    }

    /// The lines after number `after`.
    pub(crate) fn after(&self, after: usize) -> Vec<Line> {
        self.lock().get(after..).unwrap_or_default().to_vec()
    }

    pub(crate) fn follow(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    /// Whether any line after number `after` is one that its owner heard and contains `text`, whatever the case;
    /// returns that line's number.
    pub(crate) fn heard(&self, after: usize, text: &str) -> Option<usize> {
        let wanted = text.to_lowercase();
        let lines = self.lock();
        let new = lines.get(after..).unwrap_or_default();
        new.iter()
            .find(|line| match line.kind {
                LineKind::Said | LineKind::Played | LineKind::Heard => {
                    line.text.to_lowercase().contains(&wanted)
                }
                LineKind::Pressed
                | LineKind::Spoke
                | LineKind::Status
                | LineKind::Webhook
                | LineKind::Warning
                | LineKind::Error => false,
            })
            .map(|line| line.n)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Line>> {
        self.lines.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
