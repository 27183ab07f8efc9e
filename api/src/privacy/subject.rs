//! Who a request is about: by what he is known, and the keyed hash under which he is known when all else is gone.

use entity::id::{CompanyId, MembershipId, PrivacyRequestId, UserId};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::terms::Terms;
use crate::error::{Error, Result};
use crate::keys::Keys;
use crate::sealed;
use crate::secret::Secret;

/// A person, as he was known when the request was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "person", rename_all = "snake_case")]
pub enum Subject {
    User {
        user: UserId,
        membership: MembershipId,
        known: Known,
    },
    /// By his number, in E.164; what else is his when a contact of several was named.
    Caller {
        number: String,
        known: Known,
    },
}

/// What else he is known by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    pub names: Vec<String>,
    pub emails: Vec<String>,
    pub numbers: Vec<String>,
}

impl Known {
    /// Each once.
    pub fn tidy(mut self) -> Self {
        for texts in [&mut self.names, &mut self.emails, &mut self.numbers] {
            texts.sort();
            texts.dedup();
        }
        self
    }
}

impl Subject {
    /// Under which he calls and is called; none of somebody who works here.
    pub fn numbers(&self) -> Vec<String> {
        match self {
            Self::User { .. } => Vec::new(),
            Self::Caller { number, known } => [std::slice::from_ref(number), &known.numbers].concat(),
        }
    }

    pub fn terms(&self) -> Terms {
        match self {
            Self::User { known, .. } => Terms::of(&known.numbers, &known.emails, &known.names),
            Self::Caller { known, .. } => Terms::of(&self.numbers(), &known.emails, &known.names),
        }
    }

    /// The same person of the same company has the same, and nobody without MASTER_KEY finds him by it.
    pub fn hash(&self, keys: &Keys, company: CompanyId) -> Result<String> {
        match self {
            Self::User { user, .. } => hash(keys, company, "user", &user.to_string()),
            Self::Caller { number, .. } => hash_of_number(keys, company, number),
        }
    }

    pub fn seal(&self, keys: &Keys, request: PrivacyRequestId) -> Result<String> {
        let text = serde_json::to_string(self).map_err(|cause| Error::internal("seal a person", cause))?;
        sealed::seal(keys, &about(request), &Secret::new(text))
    }

    pub fn open(keys: &Keys, request: PrivacyRequestId, sealed: &str) -> Result<Self> {
        let text = sealed::open(keys, &about(request), sealed)?;
        serde_json::from_str(text.expose()).map_err(|cause| Error::internal("read who it is about", cause))
    }
}

/// Of somebody's number, in whatever way the provider writes it.
pub fn hash_of_number(keys: &Keys, company: CompanyId, number: &str) -> Result<String> {
    hash(keys, company, "number", number)
}

fn hash(keys: &Keys, company: CompanyId, kind: &str, text: &str) -> Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&keys.derive("people")?)
        .map_err(|cause| Error::internal("hash a person", cause))?;
    mac.update(format!("{company}\n{kind}\n{text}").as_bytes());
    Ok(hex::encode(mac.finalize().into_bytes()))
}

fn about(request: PrivacyRequestId) -> String {
    format!("privacy_request:{request}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_has_another_hash_in_each_company() {
        let keys = Keys { jwt: Secret::new("j".repeat(32)), master: Secret::new("m".repeat(32)) };
        let company = |n: u128| CompanyId(uuid::Uuid::from_u128(n));
        let hash = |n, number: &str| hash_of_number(&keys, company(n), number).unwrap();
        assert_eq!(hash(1, "+12025550123"), hash(1, "+12025550123"));
        assert_ne!(hash(1, "+12025550123"), hash(2, "+12025550123"));
        assert_ne!(hash(1, "+12025550123"), hash(1, "+12025550124"));
    }
}
