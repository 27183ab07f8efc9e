//! The accounts at the provider: a company's own, else the platform's; one client each, and the tokens that sign.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

use entity::{CompanyScope, company};
use sea_orm::ConnectionTrait;
use twilio::rest::{Client, Credentials, Timeouts};

use crate::config::{Settings, TwilioAccount};
use crate::error::{Error, Result, Subject};
use crate::store::companies;

pub struct Providers {
    platform: Option<TwilioAccount>,
    api_url: String,
    clients: Mutex<HashMap<String, Client>>,
}

impl Providers {
    pub fn new(settings: &Settings) -> Self {
        Self {
            platform: settings.twilio.clone(),
            api_url: settings.twilio_api_url.clone(),
            clients: Mutex::default(),
        }
    }

    /// The account that the company's calls are made with.
    pub fn account(&self, _company: &company::Model) -> Result<&TwilioAccount> {
        self.platform.as_ref().ok_or_else(|| {
            Error::conflict(
                "PROVIDER_NOT_CONFIGURED",
                "There is no account for telephone calls: set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN.",
            )
        })
    }

    /// The platform's account, if there is one.
    pub fn platform(&self) -> Option<&TwilioAccount> {
        self.platform.as_ref()
    }

    /// The client of the company's account.
    pub async fn client<C: ConnectionTrait>(&self, scope: CompanyScope, db: &C) -> Result<Client> {
        let company = companies::own(scope, db).await?.ok_or(Error::NotFound(Subject::Company))?;
        let account = self.account(&company)?;
        if let Some(client) = self.lock().get(&account.account_sid) {
            return Ok(client.clone());
        }
        let credentials = Credentials::auth_token(&account.account_sid, account.auth_token.expose());
        let client = Client::new(credentials, &self.api_url, Timeouts::default())
            .map_err(|cause| Error::internal("TWILIO_API_URL", cause))?;
        self.lock().insert(account.account_sid.clone(), client.clone());
        Ok(client)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Client>> {
        self.clients.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
