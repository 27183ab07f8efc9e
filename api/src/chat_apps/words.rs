//! What notices say, in the languages that we speak. Names come from outside: none of them is markup.

use entity::{ChatApp, Notice};
use serde_json::Value;

use crate::words::{Language, Words};

/// So many of a kind are told one by one.
const MOST_LINES: usize = 10;
/// Characters of a name.
const LONGEST: usize = 100;

/// A notice as it waited.
pub struct Line<'a> {
    pub notice: Notice,
    pub told: &'a Value,
}

/// All of them as one text, kind by kind; a single one is a line.
pub fn message(words: Words, chat: ChatApp, lines: &[Line<'_>]) -> String {
    let kinds = [Notice::MissedCall, Notice::Voicemail, Notice::TargetMissed, Notice::AgentNotResponding];
    let mut text = Vec::new();
    for kind in kinds {
        let of_kind: Vec<_> = lines.iter().filter(|line| line.notice == kind).collect();
        if let [only] = of_kind.as_slice() {
            text.push(sentence(words, chat, only));
        } else if !of_kind.is_empty() {
            text.push(heading(words, kind, of_kind.len()));
            let told = of_kind.iter().take(MOST_LINES);
            text.extend(told.map(|line| format!("• {}", sentence(words, chat, line))));
            if of_kind.len() > MOST_LINES {
                text.push(format!("• … +{}", of_kind.len() - MOST_LINES));
            }
        }
    }
    text.join("\n")
}

fn heading(words: Words, kind: Notice, count: usize) -> String {
    let what = match (words.language(), kind) {
        (Language::English, Notice::MissedCall) => "missed calls",
        (Language::English, Notice::Voicemail) => "voicemails",
        (Language::English, Notice::TargetMissed) => "callers waited too long",
        (Language::English, Notice::AgentNotResponding) => "times an agent did not answer",
        (Language::Spanish, Notice::MissedCall) => "llamadas perdidas",
        (Language::Spanish, Notice::Voicemail) => "mensajes de voz",
        (Language::Spanish, Notice::TargetMissed) => "personas esperaron demasiado",
        (Language::Spanish, Notice::AgentNotResponding) => "veces un agente no contestó",
        (Language::French, Notice::MissedCall) => "appels manqués",
        (Language::French, Notice::Voicemail) => "messages vocaux",
        (Language::French, Notice::TargetMissed) => "appelants ont attendu trop longtemps",
        (Language::French, Notice::AgentNotResponding) => "fois un agent n'a pas répondu",
        (Language::German, Notice::MissedCall) => "verpasste Anrufe",
        (Language::German, Notice::Voicemail) => "Sprachnachrichten",
        (Language::German, Notice::TargetMissed) => "Anrufer warteten zu lange",
        (Language::German, Notice::AgentNotResponding) => "Mal nahm ein Agent nicht ab",
    };
    format!("{count} {what}:")
}

fn sentence(words: Words, chat: ChatApp, line: &Line<'_>) -> String {
    let text = |name: &str| plain(chat, line.told[name].as_str().unwrap_or("?"));
    let number = |name: &str| line.told[name].as_i64().unwrap_or_default();
    let from = text("from");
    let queue =
        line.told["queue"].as_str().map(|queue| format!(" ({})", plain(chat, queue))).unwrap_or_default();
    match (words.language(), line.notice) {
        (Language::English, Notice::MissedCall) => format!("Missed call from {from}{queue}"),
        (Language::Spanish, Notice::MissedCall) => format!("Llamada perdida de {from}{queue}"),
        (Language::French, Notice::MissedCall) => format!("Appel manqué de {from}{queue}"),
        (Language::German, Notice::MissedCall) => format!("Verpasster Anruf von {from}{queue}"),
        (Language::English, Notice::Voicemail) => format!("Voicemail from {from}, {} s", number("seconds")),
        (Language::Spanish, Notice::Voicemail) => {
            format!("Mensaje de voz de {from}, {} s", number("seconds"))
        }
        (Language::French, Notice::Voicemail) => format!("Message vocal de {from}, {} s", number("seconds")),
        (Language::German, Notice::Voicemail) => {
            format!("Sprachnachricht von {from}, {} s", number("seconds"))
        }
        (Language::English, Notice::TargetMissed) => {
            format!(
                "{from}{queue} waited {} s, longer than {} s",
                number("waitedSeconds"),
                number("targetSeconds")
            )
        }
        (Language::Spanish, Notice::TargetMissed) => {
            format!(
                "{from}{queue} esperó {} s, más de {} s",
                number("waitedSeconds"),
                number("targetSeconds")
            )
        }
        (Language::French, Notice::TargetMissed) => {
            format!(
                "{from}{queue} a attendu {} s, plus de {} s",
                number("waitedSeconds"),
                number("targetSeconds")
            )
        }
        (Language::German, Notice::TargetMissed) => {
            format!(
                "{from}{queue} wartete {} s, länger als {} s",
                number("waitedSeconds"),
                number("targetSeconds")
            )
        }
        (Language::English, Notice::AgentNotResponding) => format!("{} does not answer calls", text("name")),
        (Language::Spanish, Notice::AgentNotResponding) => format!("{} no contesta llamadas", text("name")),
        (Language::French, Notice::AgentNotResponding) => {
            format!("{} ne répond pas aux appels", text("name"))
        }
        (Language::German, Notice::AgentNotResponding) => format!("{} nimmt keine Anrufe an", text("name")),
    }
}

/// A name as one short line in which the chat finds nothing to do.
pub fn plain(chat: ChatApp, name: &str) -> String {
    let name: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect();
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        match (chat, c) {
            (ChatApp::Slack, '&') => out.push_str("&amp;"),
            (ChatApp::Slack, '<') => out.push_str("&lt;"),
            (ChatApp::Slack, '>') => out.push_str("&gt;"),
            (ChatApp::Teams, '\\' | '*' | '_' | '[' | ']' | '(' | ')' | '`' | '#' | '<' | '>') => {
                out.push('\\');
                out.push(c);
            }
            (ChatApp::Slack | ChatApp::Teams, other) => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_notice_is_a_line_and_many_are_counted() {
        let told = json!({"from": "+4930555000", "queue": "Support"});
        let missed = || Line { notice: Notice::MissedCall, told: &told };
        let said = |words: &str, lines: &[Line<'_>]| message(Words::of(words), ChatApp::Slack, lines);
        assert_eq!(said("en", &[missed()]), "Missed call from +4930555000 (Support)");
        assert_eq!(said("de", &[missed()]), "Verpasster Anruf von +4930555000 (Support)");
        let two = said("en", &[missed(), missed()]);
        assert_eq!(two.lines().next(), Some("2 missed calls:"));
        assert_eq!(two.lines().count(), 3);
        let many: Vec<_> = (0..25).map(|_| missed()).collect();
        let many = said("fr", &many);
        assert_eq!((many.lines().next(), many.lines().count()), (Some("25 appels manqués:"), 12));
        assert_eq!(many.lines().last(), Some("• … +15"));
    }

    #[test]
    fn a_name_calls_nobody_and_links_nowhere() {
        assert_eq!(plain(ChatApp::Slack, "<!channel> & co\n"), "&lt;!channel&gt; &amp; co ");
        assert_eq!(plain(ChatApp::Teams, "[x](http://y)"), "\\[x\\]\\(http://y\\)");
    }
}
