//! Checks that several of the services make.

use serde_json::{Map, Value};

/// What a JSON value has to be.
#[derive(Clone, Copy)]
pub enum Form {
    Text,
    /// An integer, not negative.
    Number,
    True,
    Object,
    /// An object of texts.
    Texts,
    OneOf(&'static [&'static str]),
}

impl Form {
    pub fn holds(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Number => value.is_u64(),
            Self::True => *value == Value::Bool(true),
            Self::Object => value.is_object(),
            Self::Texts => value.as_object().is_some_and(|map| map.values().all(Value::is_string)),
            Self::OneOf(words) => value.as_str().is_some_and(|word| words.contains(&word)),
        }
    }
}

/// Where an object has a member that is not in `form`, or not of its form.
pub fn misfit(object: &Map<String, Value>, form: &[(&str, Form)]) -> Option<String> {
    object.iter().find_map(|(name, value)| match form.iter().find(|(known, _)| known == name) {
        None => Some(format!("{name} is unknown")),
        Some((_, form)) if !form.holds(value) => Some(format!("{name} is {value}")),
        Some(_) => None,
    })
}

/// Checks a JWT's signature and gives its key id and claims. Time is the caller's to check.
pub fn verified(
    token: &str,
    algorithm: jsonwebtoken::Algorithm,
    key: &jsonwebtoken::DecodingKey,
) -> Option<(Option<String>, Value)> {
    let mut validation = jsonwebtoken::Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let decoded = jsonwebtoken::decode::<Value>(token, key, &validation).ok()?;
    Some((decoded.header.kid, decoded.claims))
}
