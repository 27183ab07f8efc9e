//! What the company's server answers: the text, or why there is none.

use chrono::{DateTime, TimeDelta, Utc};
use entity::TranscriptState;
use serde::Deserialize;
use serde_json::Value;

use crate::outbound::again::retry_after;
use crate::outbound::web::{self, Fault};
use crate::prompts;

/// What a caller has said, in writing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    pub text: String,
    /// BCP 47 tag; what is none is left out.
    pub language: Option<String>,
}

impl Text {
    fn read(body: &[u8]) -> Option<Self> {
        let Body { text, language } = serde_json::from_slice(body).ok()?;
        // PostgreSQL cannot keep this one character.
        let text = text.replace('\0', "");
        let language = language.as_str().filter(|tag| prompts::is_tag(tag)).map(str::to_owned);
        Some(Self { text, language })
    }
}

/// A language of whatever form costs nobody the text.
#[derive(Deserialize)]
struct Body {
    text: String,
    #[serde(default)]
    language: Value,
}

/// Why there is no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The company has nobody who writes.
    NoHook,
    NothingToHear,
    /// What proves that we ask was sealed with another MASTER_KEY.
    SecretUnreadable,
    /// It was refused.
    Status(u16),
    /// What was answered is no JSON with a text.
    NotUnderstood,
    Fault(Fault),
}

impl Why {
    /// As it is stored and told.
    pub fn as_text(self) -> String {
        match self {
            Self::NoHook => "noHook".to_owned(),
            Self::NothingToHear => "nothingToHear".to_owned(),
            Self::SecretUnreadable => "secretUnreadable".to_owned(),
            Self::Status(status) => format!("status {status}"),
            Self::NotUnderstood => "answerNotUnderstood".to_owned(),
            Self::Fault(fault) => fault.as_str().to_owned(),
        }
    }

    /// Where a transcript stands for which nobody is asked again.
    pub fn state(self) -> TranscriptState {
        match self {
            Self::NoHook | Self::NothingToHear => TranscriptState::Unavailable,
            Self::SecretUnreadable | Self::Status(_) | Self::NotUnderstood | Self::Fault(_) => {
                TranscriptState::Failed
            }
        }
    }

    /// Who did not answer, or says that he cannot now, is asked again.
    pub fn may_pass(self) -> bool {
        match self {
            Self::Status(status) => matches!(status, 408 | 429) || status >= 500,
            // Somebody may enter it again.
            Self::SecretUnreadable | Self::Fault(Fault::NoAnswer | Fault::TimedOut) => true,
            Self::Fault(Fault::AddressRefused | Fault::BadHeader | Fault::AnswerTooLarge)
            | Self::NotUnderstood
            | Self::NoHook
            | Self::NothingToHear => false,
        }
    }
}

/// What a try came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Written(Text),
    /// `wait` is how long to wait before another try, as far as it was said.
    Not {
        why: Why,
        wait: Option<TimeDelta>,
    },
}

impl Answer {
    pub fn read(answered: Result<web::Answer, Fault>, now: DateTime<Utc>) -> Self {
        match answered {
            Err(fault) => Self::Not { why: Why::Fault(fault), wait: None },
            Ok(answer) if (200..300).contains(&answer.status) => match Text::read(&answer.body) {
                Some(text) => Self::Written(text),
                None => Self::Not { why: Why::NotUnderstood, wait: None },
            },
            Ok(answer) => {
                let wait = answer.retry_after.as_deref().and_then(|header| retry_after(header, now));
                Self::Not { why: Why::Status(answer.status), wait }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &str) -> Answer {
        let retry_after = Some("90".to_owned());
        let answer = web::Answer { status, retry_after, body: body.to_owned().into() };
        Answer::read(Ok(answer), "2026-03-02T12:00:00Z".parse().unwrap())
    }

    fn written(text: &str, language: Option<&str>) -> Answer {
        Answer::Written(Text { text: text.to_owned(), language: language.map(str::to_owned) })
    }

    #[test]
    fn a_text_is_read_with_its_language_if_that_is_one() {
        assert_eq!(read(200, r#"{"text": "Hello.", "language": "en-US"}"#), written("Hello.", Some("en-US")));
        assert_eq!(read(201, r#"{"text": "Hello.", "confidence": 0.9}"#), written("Hello.", None));
        assert_eq!(
            read(200, r#"{"text": "Hello.", "language": "english, I think"}"#),
            written("Hello.", None)
        );
        assert_eq!(read(200, r#"{"text": "Hello.", "language": 7}"#), written("Hello.", None));
        assert_eq!(read(200, r#"{"text": ""}"#), written("", None), "nothing could be understood");
        assert_eq!(read(200, r#"{"text": "He\u0000llo."}"#), written("Hello.", None));
    }

    #[test]
    fn what_is_no_text_is_not_understood_and_not_asked_for_again() {
        for body in
            ["", "Hello.", "[]", "{}", r#"{"text": 7}"#, r#"{"text": null}"#, "<html>", "{\"text\": \"a"]
        {
            let Answer::Not { why, wait: None } = read(200, body) else { panic!("{body} was read") };
            assert_eq!(why, Why::NotUnderstood);
            assert!(!why.may_pass());
        }
        assert_eq!(read(202, ""), Answer::Not { why: Why::NotUnderstood, wait: None });
    }

    #[test]
    fn a_refusal_is_final_and_a_failure_passes() {
        for (status, passes) in [
            (301, false),
            (400, false),
            (401, false),
            (404, false),
            (408, true),
            (429, true),
            (500, true),
            (503, true),
        ] {
            let Answer::Not { why, wait } = read(status, "") else { panic!("{status} was read") };
            assert_eq!((why.may_pass(), wait), (passes, Some(TimeDelta::seconds(90))), "{status}");
            assert_eq!(why.as_text(), format!("status {status}"));
        }
    }
}
