//! The account itself.

use serde::{Deserialize, Serialize};

use super::{Client, Error, lenient};

/// An account that can be used has this status; others are `suspended` and `closed`.
pub const ACTIVE: &str = "active";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub sid: String,
    #[serde(default = "lenient::no_word", deserialize_with = "lenient::word")]
    pub friendly_name: String,
    #[serde(default = "lenient::no_word", deserialize_with = "lenient::word")]
    pub status: String,
}

impl Client {
    /// The account of the credentials. Twilio shows it to no API key but a main one.
    pub async fn fetch_account(&self) -> Result<Account, Error> {
        let mut url = self.url(&[]);
        url.set_path(&format!("{}.json", url.path()));
        self.get(url).await
    }
}
