//! Addresses of people. Compared without regard to capitals: nobody has two that differ in them only.

use crate::error::{Error, Result};

/// An address in the one spelling in which it is stored and looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// Checks the form only: whether mail arrives there is known when it does.
    pub fn read(text: &str) -> Result<Self> {
        let text = text.trim().to_lowercase();
        let bad = || Error::invalid("/email", "must be an address as in ann@example.com");
        let (local, domain) = text.rsplit_once('@').ok_or_else(bad)?;
        let plain =
            |part: &str| !part.is_empty() && !part.chars().any(|c| c.is_whitespace() || c.is_control());
        let good = plain(local)
            && !local.contains('@')
            && plain(domain)
            && !domain.starts_with('.')
            && !domain.ends_with('.');
        if good && text.len() <= 320 { Ok(Self(text)) } else { Err(bad()) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_does_not_matter_and_nonsense_is_refused() {
        assert_eq!(Email::read(" Ann@Example.COM ").unwrap().as_str(), "ann@example.com");
        for bad in ["", "ann", "@example.com", "ann@", "a b@example.com", "a@b@c", "ann@.com"] {
            assert!(Email::read(bad).is_err(), "{bad}");
        }
    }
}
