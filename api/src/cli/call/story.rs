//! A call as a reader sees it: each line of the transcript in words, with the time since the first one.

use carrier::{CallStatus, Line, LineKind};
use chrono::{DateTime, Utc};
use entity::id::AgentId;

use crate::config::Settings;
use crate::store::{Database, system};

/// How much is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// What the caller hears and does.
    Call,
    /// The requests to the server, too.
    Requests,
}

pub struct Story {
    detail: Detail,
    began: Option<DateTime<Utc>>,
}

/// The caller has come into a conference, where he may meet somebody.
#[derive(Debug, PartialEq, Eq)]
pub struct Meeting {
    pub room: String,
}

impl Story {
    pub fn new(detail: Detail) -> Self {
        Self { detail, began: None }
    }

    /// The line in words, with a line feed; nothing when a reader need not know.
    pub fn tell(&mut self, line: &Line) -> String {
        let began = *self.began.get_or_insert(line.at);
        match words(line, self.detail) {
            Some((verb, text)) => row(began, line.at, verb, &text),
            None => String::new(),
        }
    }

    pub fn meeting(&self, line: &Line) -> Option<Meeting> {
        let room = line.text.strip_prefix("participant-join in conference ")?;
        (line.kind == LineKind::Status).then(|| Meeting { room: room.to_owned() })
    }

    /// Who it is that the caller talks with from this line on.
    pub fn meets(&self, line: &Line, name: &str) -> String {
        row(self.began.unwrap_or(line.at), line.at, "talks", &format!("with {name}"))
    }
}

fn row(began: DateTime<Utc>, at: DateTime<Utc>, verb: &str, text: &str) -> String {
    let tenths = (at - began).num_milliseconds().max(0) / 100;
    let row = format!("{:>5}.{} s  {verb:<8} {text}", tenths / 10, tenths % 10);
    format!("{}\n", row.trim_end())
}

/// A verb, of which the caller is the subject, and the rest.
fn words(line: &Line, detail: Detail) -> Option<(&'static str, String)> {
    let text = line.text.as_str();
    Some(match line.kind {
        LineKind::Said => ("hears", format!("\"{text}\"")),
        LineKind::Played => ("hears", text.to_owned()),
        LineKind::Heard => ("hears", text.to_owned()),
        LineKind::Pressed => ("presses", text.to_owned()),
        LineKind::Spoke => ("says", format!("\"{text}\"")),
        LineKind::Status => return status(text),
        LineKind::Webhook => match detail {
            Detail::Call => return None,
            Detail::Requests => ("", text.to_owned()),
        },
        LineKind::Warning => ("warning:", text.to_owned()),
        LineKind::Error => ("error:", text.to_owned()),
    })
}

fn status(text: &str) -> Option<(&'static str, String)> {
    let of_call = |status: CallStatus| text == status.as_str();
    if of_call(CallStatus::Ringing) {
        return Some(("rings", String::new()));
    }
    if of_call(CallStatus::InProgress) {
        return Some(("reaches", "an answer".to_owned()));
    }
    if of_call(CallStatus::Completed) {
        return Some(("ends", "completed".to_owned()));
    }
    let unlucky = [CallStatus::Busy, CallStatus::Failed, CallStatus::NoAnswer, CallStatus::Canceled];
    if unlucky.into_iter().any(of_call) {
        return Some(("ends", text.to_owned()));
    }
    if text.starts_with("waits in queue ") {
        // Its name there is an id; the place in the line is said to the caller.
        return Some(("waits", "in the queue".to_owned()));
    }
    if text.contains(" in conference ") {
        // Whom he meets there is told as such.
        return None;
    }
    Some(match text {
        "hung up" => ("hangs up", String::new()),
        "no input" => ("is", "silent".to_owned()),
        other => ("", other.to_owned()),
    })
}

/// Who the addresses are that the look-alike knows, as far as this process can read the server's database.
pub struct Names(Option<Database>);

impl Names {
    pub async fn of(settings: &Settings) -> Self {
        let url = settings.database_url.expose();
        // Connecting makes the file.
        let there = url.strip_prefix("sqlite://").is_none_or(|file| std::path::Path::new(file).exists());
        Self(if there { Database::connect(settings).await.ok() } else { None })
    }

    /// The agent's name, else the address.
    pub async fn of_address(&self, address: &str) -> String {
        let Some(db) = &self.0 else { return address.to_owned() };
        let found = match client(address) {
            Some(agent) => system::agent_name(db.reader(), agent).await,
            None => system::agent_name_at(db.reader(), address).await,
        };
        // Who it is would be nice to know, and is not worth failing for.
        found.ok().flatten().unwrap_or_else(|| address.to_owned())
    }

    /// The text with names in the place of softphones.
    pub async fn in_text(&self, text: String) -> String {
        let Some((address, _)) = softphone_in(&text) else { return text };
        let name = self.of_address(address).await;
        text.replace(address, &name)
    }
}

/// The agent of a softphone's address, `client:` and his id without hyphens.
fn client(address: &str) -> Option<AgentId> {
    address.strip_prefix("client:")?.parse().ok()
}

/// The first softphone's address in a text, and what follows it.
fn softphone_in(text: &str) -> Option<(&str, &str)> {
    let from = &text[text.find("client:")?..];
    let end = "client:".len()
        + from["client:".len()..]
            .find(|c: char| !c.is_ascii_hexdigit())
            .unwrap_or(from.len() - "client:".len());
    Some(from.split_at(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(seconds: f64, kind: LineKind, text: &str) -> Line {
        let start: DateTime<Utc> = "2026-11-20T12:00:00Z".parse().unwrap();
        #[expect(clippy::cast_possible_truncation, reason = "a test's seconds are few")]
        let at = start + chrono::TimeDelta::milliseconds((seconds * 1000.0) as i64);
        Line { n: 1, at, kind, text: text.to_owned() }
    }

    fn told(lines: &[Line], detail: Detail) -> Vec<String> {
        let mut story = Story::new(detail);
        lines
            .iter()
            .map(|line| story.tell(line).trim_end().to_owned())
            .filter(|told| !told.is_empty())
            .collect()
    }

    #[test]
    fn a_call_reads_as_what_the_caller_hears_and_does() {
        let lines = [
            line(0.0, LineKind::Status, "ringing"),
            line(0.1, LineKind::Webhook, "POST http://server/voice -> 200, 300 bytes, 4 ms"),
            line(0.1, LineKind::Status, "in-progress"),
            line(0.2, LineKind::Said, "For sales, press 1."),
            line(3.0, LineKind::Pressed, "1"),
            line(3.1, LineKind::Status, "waits in queue 0192f0"),
            line(12.0, LineKind::Status, "participant-join in conference room-1"),
            line(14.25, LineKind::Status, "hung up"),
            line(14.3, LineKind::Status, "completed"),
        ];
        let wanted = [
            "    0.0 s  rings",
            "    0.1 s  reaches  an answer",
            "    0.2 s  hears    \"For sales, press 1.\"",
            "    3.0 s  presses  1",
            "    3.1 s  waits    in the queue",
            "   14.2 s  hangs up",
            "   14.3 s  ends     completed",
        ];
        assert_eq!(told(&lines, Detail::Call), wanted);
        assert_eq!(told(&lines, Detail::Requests).len(), wanted.len() + 1);
    }

    #[test]
    fn coming_into_a_conference_is_a_meeting_and_being_there_alone_is_told_by_nobody() {
        let story = Story::new(Detail::Call);
        let join = line(1.0, LineKind::Status, "participant-join in conference room-1");
        assert_eq!(story.meeting(&join), Some(Meeting { room: "room-1".into() }));
        assert_eq!(story.meeting(&line(1.0, LineKind::Said, "participant-join in conference x")), None);
        assert_eq!(story.meets(&join, "Ana Torres"), "    0.0 s  talks    with Ana Torres\n");
    }

    #[test]
    fn a_softphone_is_found_within_a_text() {
        let text = "  1.0 s  hears    client:0192abcd: Hello";
        assert_eq!(softphone_in(text), Some(("client:0192abcd", ": Hello")));
        assert_eq!(softphone_in("client:"), Some(("client:", "")));
        assert_eq!(softphone_in("hello"), None);
    }
}
