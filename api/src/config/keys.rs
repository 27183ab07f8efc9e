//! The raw keys of the settings, and how each kind of value is read.

use std::collections::BTreeMap;
use std::time::Duration;

use super::BadSetting;

/// The raw keys, with readers that name the key when they fail.
pub struct Keys(pub BTreeMap<String, String>);

impl Keys {
    pub fn text(&self, key: &str) -> String {
        self.0.get(key).cloned().unwrap_or_default()
    }

    pub fn optional(&self, key: &str) -> Option<String> {
        Some(self.text(key)).filter(|value| !value.is_empty())
    }

    pub fn number<N: std::str::FromStr>(&self, key: &str) -> Result<N, BadSetting> {
        self.text(key).parse().map_err(|_| self.bad(key, "is not a whole number in range"))
    }

    pub fn seconds(&self, key: &str) -> Result<Duration, BadSetting> {
        self.number(key).map(Duration::from_secs)
    }

    /// `90`, `90s`, `15m`, `24h` or `7d`.
    pub fn span(&self, key: &str) -> Result<Duration, BadSetting> {
        let text = self.text(key);
        let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
        let factor = match unit {
            "" | "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => 86_400,
            _ => return Err(self.bad(key, "is not a span of time, e.g. 15m, 24h or 7d")),
        };
        let number: u64 =
            number.parse().map_err(|_| self.bad(key, "is not a span of time, e.g. 15m, 24h or 7d"))?;
        Ok(Duration::from_secs(number.saturating_mul(factor)))
    }

    pub fn choice<T: Copy>(&self, key: &str, choices: &[(&str, T)]) -> Result<T, BadSetting> {
        let text = self.text(key);
        choices.iter().find(|(name, _)| *name == text).map(|(_, value)| *value).ok_or_else(|| {
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            self.bad(key, &format!("must be one of {}, not `{text}`", names.join(", ")))
        })
    }

    pub fn bad(&self, key: &str, problem: &str) -> BadSetting {
        BadSetting { key: key.to_uppercase(), problem: problem.to_owned() }
    }
}

/// What a file of settings says.
pub fn parse(text: &str) -> Result<BTreeMap<String, String>, String> {
    let table: toml::Table = text.parse().map_err(|e: toml::de::Error| e.to_string())?;
    table
        .into_iter()
        .map(|(key, value)| match value {
            toml::Value::String(text) => Ok((key, text)),
            toml::Value::Integer(number) => Ok((key, number.to_string())),
            toml::Value::Boolean(flag) => Ok((key, flag.to_string())),
            toml::Value::Float(_)
            | toml::Value::Datetime(_)
            | toml::Value::Array(_)
            | toml::Value::Table(_) => Err(format!("`{key}` must be a text or a whole number")),
        })
        .collect()
}
