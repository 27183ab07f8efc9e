//! The accounts at the provider: a company's own, else the platform's; one client each, and the tokens that sign.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};

use entity::id::CompanyId;
use entity::{CompanyScope, company};
use sea_orm::ConnectionTrait;
use twilio::rest::{Client, Credentials, Timeouts};

use crate::config::{Settings, TwilioAccount};
use crate::error::{Code, Error, Result, Subject};
use crate::keys::Keys;
use crate::sealed;
use crate::secret::Secret;
use crate::store::companies;

pub struct Providers {
    platform: Option<TwilioAccount>,
    api_url: String,
    keys: Keys,
    /// By account, with the token that each was made with: another token makes another client.
    clients: Mutex<HashMap<String, (Secret, Client)>>,
}

impl Providers {
    pub fn new(settings: &Settings, keys: &Keys) -> Self {
        Self {
            platform: settings.twilio.clone(),
            api_url: settings.twilio_api_url.clone(),
            keys: keys.clone(),
            clients: Mutex::default(),
        }
    }

    /// The account that the company's calls are made with.
    pub fn account(&self, company: &company::Model) -> Result<TwilioAccount> {
        if let Some(own) = self.own_account(company)? {
            return Ok(own);
        }
        self.platform_account()
    }

    /// The platform's account.
    ///
    /// # Errors
    /// `PROVIDER_NOT_CONFIGURED` when there is none.
    pub fn platform_account(&self) -> Result<TwilioAccount> {
        self.platform.clone().ok_or_else(|| {
            Error::conflict(
                Code::ProviderNotConfigured,
                "There is no account for telephone calls: set the company's own, or TWILIO_ACCOUNT_SID and \
                 TWILIO_AUTH_TOKEN for the platform's.",
            )
        })
    }

    /// The platform's account, if there is one.
    pub fn platform(&self) -> Option<&TwilioAccount> {
        self.platform.as_ref()
    }

    /// The company's own account, when it has one.
    pub fn own_account(&self, company: &company::Model) -> Result<Option<TwilioAccount>> {
        let (Some(sid), Some(sealed)) = (&company.twilio_account_sid, &company.twilio_auth_token_sealed)
        else {
            return Ok(None);
        };
        let auth_token = sealed::open(&self.keys, &about_token(company.id), sealed)?;
        Ok(Some(TwilioAccount { account_sid: sid.clone(), auth_token }))
    }

    /// The account in whose name a webhook comes, when it is one that may: the company's own or the platform's.
    pub fn of_webhook(&self, company: Option<&company::Model>, named: &str) -> Result<Option<TwilioAccount>> {
        let own = match company {
            Some(company) => self.own_account(company)?,
            None => None,
        };
        let known = [own, self.platform.clone()].into_iter().flatten();
        Ok(known.into_iter().find(|account| account.account_sid == named))
    }

    /// The client of the company's account.
    pub async fn client<C: ConnectionTrait>(&self, scope: CompanyScope, db: &C) -> Result<Client> {
        let company = companies::own(scope, db).await?.ok_or(Error::NotFound(Subject::Company))?;
        self.client_of(&self.account(&company)?)
    }

    /// The client of this account.
    pub fn client_of(&self, account: &TwilioAccount) -> Result<Client> {
        if let Some((token, client)) = self.lock().get(&account.account_sid)
            && *token == account.auth_token
        {
            return Ok(client.clone());
        }
        let client =
            self.client_with(Credentials::auth_token(&account.account_sid, account.auth_token.expose()))?;
        let made = (account.auth_token.clone(), client.clone());
        self.lock().insert(account.account_sid.clone(), made);
        Ok(client)
    }

    /// A client that is kept for nobody: to try credentials out.
    pub fn client_with(&self, credentials: Credentials) -> Result<Client> {
        Client::new(credentials, &self.api_url, Timeouts::default())
            .map_err(|cause| Error::internal("TWILIO_API_URL", cause))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, (Secret, Client)>> {
        self.clients.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// What a company's sealed token is about.
pub fn about_token(company: CompanyId) -> String {
    format!("company:{company}:twilio_auth_token")
}

/// The provider could not be asked, or did not want to answer, while somebody waits for it.
pub fn unavailable(error: &twilio::rest::Error) -> Error {
    tracing::warn!(%error, "the provider could not be asked");
    Error::Unavailable {
        code: Code::ProviderUnavailable,
        message: "Twilio cannot be asked at the moment. Try again.",
    }
}

/// Whether the provider does not know these credentials.
pub fn refuses_credentials(error: &twilio::rest::Error) -> bool {
    matches!(error, twilio::rest::Error::Refused { status: 401 | 403, .. })
}
