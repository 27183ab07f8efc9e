//! Reading of replies that does not fail for what nobody needs.
//!
//! Each function turns what it cannot understand into nothing; each pair writes what Twilio writes.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

fn value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    Value::deserialize(deserializer)
}

/// A word that is not there.
pub(super) fn no_word<T: From<String>>() -> T {
    T::from(String::new())
}

/// A word of an open set; null is the empty word.
pub(super) fn word<'de, D: Deserializer<'de>, T: From<String>>(deserializer: D) -> Result<T, D::Error> {
    value(deserializer).map(|value| match value {
        Value::String(word) => T::from(word),
        _ => no_word(),
    })
}

/// A word of an open set that may be missing.
pub(super) fn some_word<'de, D: Deserializer<'de>, T: From<String>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    text(deserializer).map(|word| word.map(T::from))
}

/// Text; null and the empty text are nothing.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    value(deserializer).map(|value| match value {
        Value::String(text) if !text.is_empty() => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    value(deserializer).map(|value| match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_bool(),
    })
}

/// A number, which Twilio writes as a number here and as text there.
pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    value(deserializer).map(|value| match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64().and_then(|number| u32::try_from(number).ok()),
    })
}

/// A number that Twilio writes as text.
pub(super) mod number_text {
    use super::*;

    pub(in crate::rest) use super::number as deserialize;

    pub fn serialize<S: Serializer>(number: &Option<u32>, serializer: S) -> Result<S::Ok, S::Error> {
        number.map(|number| number.to_string()).serialize(serializer)
    }
}

/// A moment in RFC 2822.
pub(super) mod moment {
    use super::*;

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<DateTime<Utc>>, D::Error> {
        value(deserializer).map(|value| value.as_str().and_then(crate::moment::read))
    }

    pub fn serialize<S: Serializer>(
        moment: &Option<DateTime<Utc>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        moment.as_ref().map(crate::moment::write).serialize(serializer)
    }
}
