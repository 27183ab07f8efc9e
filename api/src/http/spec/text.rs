//! The document as text that a person reads.

use serde_json::Value;

use super::PERMISSION;

/// The order in which a person reads a document; other keys follow by the alphabet.
const ORDER: [&str; 17] = [
    "openapi",
    "info",
    "servers",
    "tags",
    "paths",
    "webhooks",
    "components",
    "operationId",
    "summary",
    "description",
    PERMISSION,
    "security",
    "parameters",
    "requestBody",
    "responses",
    "$ref",
    "type",
];

pub(super) fn ordered(value: &Value) -> serde_yaml::Value {
    match value {
        Value::Object(map) => {
            let rank = |key: &str| ORDER.iter().position(|known| *known == key).unwrap_or(ORDER.len());
            let mut keys: Vec<_> = map.keys().collect();
            keys.sort_by_key(|key| (rank(key), key.as_str()));
            keys.into_iter()
                .map(|key| (key.as_str().into(), ordered(&map[key])))
                .collect::<serde_yaml::Mapping>()
                .into()
        }
        Value::Array(values) => values.iter().map(ordered).collect::<Vec<_>>().into(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            serde_yaml::to_value(value).expect("a plain value is YAML")
        }
    }
}

/// The words and times that readers of YAML 1.1 (PyYAML is one) take for truth values and dates, in quotes: `off` is the
/// value of an enum, and an example's time is a text in JSON.
pub(super) fn quote_ambiguous(yaml: &str) -> String {
    let mut quoted = String::with_capacity(yaml.len());
    // The indentation of the line that began a text over several lines, while it goes on.
    let mut inside: Option<usize> = None;
    for line in yaml.lines() {
        let indentation = line.len() - line.trim_start().len();
        if !line.is_empty() && inside.is_some_and(|begun| indentation <= begun) {
            inside = None;
        }
        let start = line.rfind(": ").map(|at| at + 2).or_else(|| line.rfind("- ").map(|at| at + 2));
        match start.map(|at| line.split_at(at)) {
            Some((before, value)) if inside.is_none() && is_ambiguous(value) => {
                quoted.push_str(before);
                quoted.push('\'');
                quoted.push_str(value);
                quoted.push('\'');
            }
            Some((_, value)) if inside.is_none() && value.starts_with(['|', '>']) => {
                inside = Some(indentation);
                quoted.push_str(line);
            }
            Some(_) | None => quoted.push_str(line),
        }
        quoted.push('\n');
    }
    quoted
}

fn is_ambiguous(value: &str) -> bool {
    let is_word = ["on", "off", "yes", "no"].iter().any(|word| value.eq_ignore_ascii_case(word));
    let is_date = value.len() >= 10
        && value
            .char_indices()
            .take(10)
            .all(|(at, c)| if at == 4 || at == 7 { c == '-' } else { c.is_ascii_digit() });
    is_word || is_date && !value.contains(' ')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn words_and_times_that_are_texts_are_quoted_and_nothing_else_changes() {
        let document = json!({
            "enum": ["announce", "off", "No", "offer"],
            "examples": [{ "at": "2026-03-02T12:00:00Z", "day": "2026-03-02" }],
            "description": "Said so:\n- off\n- at: 2026-03-02\n\nAnd on",
            "default": false,
        });
        let plain = serde_yaml::to_string(&ordered(&document)).unwrap();
        let quoted = quote_ambiguous(&plain);
        assert_eq!(serde_yaml::from_str::<Value>(&quoted).unwrap(), document);
        for text in [
            "- 'off'",
            "- 'No'",
            "- offer",
            "at: '2026-03-02T12:00:00Z'",
            "day: '2026-03-02'",
            "default: false",
        ] {
            assert!(quoted.contains(text), "{text} in {quoted}");
        }
    }
}
