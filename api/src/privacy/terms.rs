//! By what a person is known in texts, and how he is taken out of them. Pure.
//!
//! A number and an address of mail are his wherever they stand. A name may be another's, too, so it is looked for only where
//! it is known that he is meant.

use serde_json::Value;

/// What stands where a number or an address stood: shorter than any of them, so that it fits wherever they did.
pub const ERASED: &str = "erased";
/// What stands where a name stood.
const NAMELESS: &str = "***";
/// Shorter words are no names that anybody could be found by.
const SHORTEST_NAME: usize = 3;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Digits of telephone numbers, without the plus.
    numbers: Vec<String>,
    emails: Vec<String>,
    names: Vec<String>,
}

/// How names are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// Not at all.
    Ignored,
    /// Where a value is the name and nothing else.
    AsValues,
    /// Wherever it stands as words.
    AsWords,
}

impl Terms {
    pub fn of(numbers: &[String], emails: &[String], names: &[String]) -> Self {
        let digits = |number: &String| number.trim_start_matches('+').to_owned();
        let known = |text: &String| !text.trim().is_empty();
        let long = |name: &&String| name.trim().chars().count() >= SHORTEST_NAME;
        Self {
            numbers: numbers.iter().map(digits).filter(|digits| digits.len() >= 5).collect(),
            emails: emails.iter().filter(|text| known(text)).cloned().collect(),
            names: names.iter().filter(long).map(|name| name.trim().to_owned()).collect(),
        }
    }

    /// By which rows are found that are surely about him.
    pub fn sure(&self) -> Vec<String> {
        self.numbers.iter().chain(&self.emails).cloned().collect()
    }

    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Whether a text names him by what is his alone.
    pub fn are_in(&self, text: &str) -> bool {
        self.scrub_text(text, Names::Ignored) != text
    }

    /// The text without him.
    pub fn scrub(&self, text: &str, names: Names) -> String {
        if let Some(json) = json(text) {
            let scrubbed = self.scrub_json(json.clone(), names);
            return if scrubbed == json { text.to_owned() } else { scrubbed.to_string() };
        }
        self.scrub_text(text, names)
    }

    pub fn scrub_json(&self, value: Value, names: Names) -> Value {
        match value {
            Value::String(text) => Value::String(self.scrub_text(&text, names)),
            Value::Array(values) => values.into_iter().map(|value| self.scrub_json(value, names)).collect(),
            Value::Object(fields) => fields
                .into_iter()
                .map(|(name, value)| (self.scrub_text(&name, Names::Ignored), self.scrub_json(value, names)))
                .collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) => value,
        }
    }

    fn scrub_text(&self, text: &str, names: Names) -> String {
        let mut text = text.to_owned();
        for email in &self.emails {
            text = replace(&text, email, ERASED, |_| true);
        }
        for number in &self.numbers {
            let no_digit = |edge: Option<char>| edge.is_none_or(|edge| !edge.is_ascii_digit());
            for sign in ["+", "%2B", ""] {
                text = replace(&text, &format!("{sign}{number}"), ERASED, no_digit);
            }
        }
        for name in &self.names {
            match names {
                Names::Ignored => {}
                Names::AsValues => {
                    if text.trim().eq_ignore_ascii_case(name) {
                        NAMELESS.clone_into(&mut text);
                    }
                }
                Names::AsWords => {
                    let no_letter = |edge: Option<char>| edge.is_none_or(|edge| !edge.is_alphanumeric());
                    text = replace(&text, name, NAMELESS, no_letter);
                }
            }
        }
        text
    }
}

/// What is JSON is looked through value by value.
fn json(text: &str) -> Option<Value> {
    text.starts_with(['{', '[', '"']).then(|| serde_json::from_str(text).ok()).flatten()
}

/// Whatever the case of ASCII letters, where both edges are as they have to be.
fn replace(text: &str, from: &str, to: &str, edge: impl Fn(Option<char>) -> bool) -> String {
    let (mut made, mut rest) = (String::new(), text);
    while let Some(first) = rest.chars().next() {
        let found = rest.get(..from.len()).is_some_and(|start| start.eq_ignore_ascii_case(from));
        // A plus begins a number, whatever stands before it.
        let before = if from.starts_with('+') { None } else { made.chars().next_back() };
        if found && edge(before) && edge(rest[from.len()..].chars().next()) {
            made.push_str(to);
            rest = &rest[from.len()..];
        } else {
            made.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    made
}

/// A line of a call's story without whatever somebody has said, written or keyed in: ids, numbers, times and single words
/// stay. Reports and replays read no more of it.
pub fn bare_story(value: Value) -> Value {
    match value {
        Value::String(text) => {
            let is_word = text.len() <= 40
                && text.chars().any(|letter| letter.is_ascii_alphabetic())
                && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.:".contains(letter));
            Value::String(if is_word { text } else { ERASED.to_owned() })
        }
        Value::Array(values) => values.into_iter().map(bare_story).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, bare_story(value))).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn terms() -> Terms {
        let text = |text: &str| vec![text.to_owned()];
        Terms::of(&text("+12025550123"), &text("ada@example.com"), &text("Ada Lovelace"))
    }

    #[test]
    fn a_number_is_found_however_it_is_written_and_no_longer_one_is() {
        for (text, scrubbed) in [
            ("+12025550123", "erased"),
            ("call 12025550123 now", "call erased now"),
            ("/keys?to=%2B12025550123&n=1", "/keys?to=erased&n=1"),
            ("sip:+12025550123@example.com", "sip:erased@example.com"),
            ("+120255501234", "+120255501234"),
            ("9+12025550123", "9erased"),
            ("912025550123", "912025550123"),
        ] {
            assert_eq!(terms().scrub(text, Names::Ignored), scrubbed);
        }
    }

    #[test]
    fn an_address_is_found_in_whatever_case() {
        assert_eq!(terms().scrub("to ADA@Example.com, please", Names::Ignored), "to erased, please");
    }

    #[test]
    fn a_name_is_looked_for_as_it_is_asked() {
        let text = "Ada Lovelace called; Ada Lovelaces do not";
        assert_eq!(terms().scrub(text, Names::Ignored), text);
        assert_eq!(terms().scrub(text, Names::AsValues), text);
        assert_eq!(terms().scrub(text, Names::AsWords), "*** called; Ada Lovelaces do not");
        assert_eq!(terms().scrub("ada lovelace", Names::AsValues), "***");
    }

    #[test]
    fn json_stays_json_and_what_is_not_about_him_stays_as_it_was() {
        let text = r#"{"from":"+12025550123","+12025550123":[1,"Ada Lovelace",null]}"#;
        let scrubbed: Value = serde_json::from_str(&terms().scrub(text, Names::AsValues)).unwrap();
        assert_eq!(scrubbed, json!({"from": "erased", "erased": [1, "***", null]}));
        let other = r#"{ "b": 1,  "a": "x" }"#;
        assert_eq!(terms().scrub(other, Names::AsWords), other, "not even its spaces change");
    }

    #[test]
    fn of_a_story_stays_what_is_counted() {
        let id = "018f2b6e-0000-7000-8000-000000000001";
        let line = json!({"segmentId": id, "seconds": 3, "code": "noAnswer", "digits": "1234", "said": "my name is"});
        let bare =
            json!({"segmentId": id, "seconds": 3, "code": "noAnswer", "digits": "erased", "said": "erased"});
        assert_eq!(bare_story(line), bare);
    }
}
