//! API keys: who has one may ask for all of the account but the account itself and its keys.

use chrono::{DateTime, Utc};

use crate::sid::{self, Kind};
use crate::state::Shared;

#[derive(Clone)]
pub(crate) struct ApiKey {
    pub sid: String,
    pub secret: String,
    pub friendly_name: String,
    pub created: DateTime<Utc>,
}

impl Shared {
    pub(crate) fn create_key(&self, friendly_name: &str) -> ApiKey {
        let key = ApiKey {
            sid: sid::new(Kind::ApiKey),
            secret: format!("{:032x}", rand::random::<u128>()),
            friendly_name: friendly_name.to_owned(),
            created: self.clock.now(),
        };
        self.lock().keys.insert(key.sid.clone(), key.clone());
        key
    }
}
