//! The push services, each as somebody's app is reached there: the platform's by the settings, a company's own by its row.
//! A client is made once and kept, with its connections and its token of access.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use clock::Clock;
use entity::id::CompanyId;
use entity::{PushPurpose, PushServiceKind, push_device, push_service};
use push::{Endpoint, Notification, Sent, apns, expo, fcm};

use crate::config::PushSettings;
use crate::error::{Error, Result};
use crate::secret::Secret;

/// With what an app is reached.
#[derive(Clone, Debug)]
pub enum Credentials {
    Expo { access_token: Option<Secret> },
    Fcm { key_file: Secret },
    Apns { key: Secret, key_id: String, team_id: String, bundle_id: String },
}

impl Credentials {
    pub fn service(&self) -> PushServiceKind {
        match self {
            Self::Expo { .. } => PushServiceKind::Expo,
            Self::Fcm { .. } => PushServiceKind::Fcm,
            Self::Apns { .. } => PushServiceKind::Apns,
        }
    }
}

/// A way to one app.
#[derive(Clone)]
pub enum Sender {
    Expo(Arc<expo::Client>),
    Fcm(Arc<fcm::Client>),
    Apns { store: Arc<apns::Client>, sandbox: Arc<apns::Client> },
}

impl Sender {
    /// Sends to one phone, once.
    pub async fn send(
        &self,
        device: &push_device::Model,
        token: &Secret,
        notification: &Notification,
    ) -> std::result::Result<Sent, push::Error> {
        match self {
            Self::Expo(client) => {
                let token = expo::Token::new(token.expose())?;
                let mut outcomes = client.send(&[(&token, notification)]).await?;
                outcomes.pop().unwrap_or(Err(push::Error::Unanswered { reason: "no ticket".to_owned() }))
            }
            Self::Fcm(client) => client.send(&fcm::Token::new(token.expose())?, notification).await,
            Self::Apns { store, sandbox } => {
                let of = match device.purpose {
                    PushPurpose::Alert => apns::Use::Alert,
                    PushPurpose::Voip => apns::Use::Voip,
                };
                let client = if device.sandbox { sandbox } else { store };
                client.send(&apns::Token::new(token.expose(), of)?, notification).await
            }
        }
    }
}

/// By whose they are, with the keys as they are stored.
type Own = HashMap<(CompanyId, PushServiceKind), (String, Sender)>;

pub struct Services {
    expo: Option<Endpoint>,
    fcm: Endpoint,
    google: Endpoint,
    apns: Endpoint,
    sandbox: Endpoint,
    clock: Clock,
    platform: HashMap<PushServiceKind, Sender>,
    /// Made anew when the keys have changed.
    own: Mutex<Own>,
}

impl Services {
    /// Reads the platform's keys. Connects to nobody.
    ///
    /// # Errors
    /// A setting that names a file which cannot be read, or a key that is none.
    pub fn new(settings: &PushSettings, clock: &Clock) -> Result<Self> {
        let authority = settings.ca_file.as_ref().map(|path| read("PUSH_CA_FILE", path)).transpose()?;
        let endpoint = |url: &str| match &authority {
            Some(pem) => Endpoint::new(url).trusting(pem.expose()),
            None => Endpoint::new(url),
        };
        let mut services = Self {
            expo: settings.expo_url.as_deref().map(endpoint),
            fcm: endpoint(&settings.fcm_url),
            google: endpoint(&settings.google_url),
            apns: endpoint(&settings.apns_url),
            sandbox: endpoint(&settings.apns_sandbox_url),
            clock: clock.clone(),
            platform: HashMap::new(),
            own: Mutex::default(),
        };
        let mut named = Vec::new();
        if services.expo.is_some() {
            let access_token = settings.expo_access_token.clone();
            named.push(("EXPO_ACCESS_TOKEN", Credentials::Expo { access_token }));
        }
        if let Some(path) = &settings.fcm_key_file {
            named.push(("FCM_KEY_FILE", Credentials::Fcm { key_file: read("FCM_KEY_FILE", path)? }));
        }
        if let Some(apple) = &settings.apns {
            let credentials = Credentials::Apns {
                key: read("APNS_KEY_FILE", &apple.key_file)?,
                key_id: apple.key_id.clone(),
                team_id: apple.team_id.clone(),
                bundle_id: apple.bundle_id.clone(),
            };
            named.push(("APNS_KEY_FILE", credentials));
        }
        for (setting, credentials) in named {
            let sender = services.open(&credentials).map_err(|cause| Error::internal(setting, cause))?;
            services.platform.insert(credentials.service(), sender);
        }
        Ok(services)
    }

    /// A way to the app with these keys, which are not tried.
    ///
    /// # Errors
    /// [`push::Error::Misconfigured`] for what is no key.
    pub fn open(&self, credentials: &Credentials) -> std::result::Result<Sender, push::Error> {
        let clock = || self.clock.clone();
        match credentials {
            Credentials::Expo { access_token } => {
                let off = || push::Error::Misconfigured { reason: "nothing goes to Expo here".to_owned() };
                let expo = self.expo.as_ref().ok_or_else(off)?;
                let token = access_token.as_ref().map(Secret::expose);
                Ok(Sender::Expo(Arc::new(expo::Client::new(token, expo, clock())?)))
            }
            Credentials::Fcm { key_file } => {
                let account = fcm::ServiceAccount::from_json(key_file.expose())?;
                Ok(Sender::Fcm(Arc::new(fcm::Client::new(account, &self.fcm, &self.google, clock())?)))
            }
            Credentials::Apns { key, key_id, team_id, bundle_id } => {
                let key = apns::Key::new(key.expose(), key_id, team_id)?;
                let client = |endpoint| apns::Client::new(key.clone(), bundle_id, endpoint, clock());
                Ok(Sender::Apns {
                    store: Arc::new(client(&self.apns)?),
                    sandbox: Arc::new(client(&self.sandbox)?),
                })
            }
        }
    }

    /// The way to the platform's app.
    pub fn platform(&self, service: PushServiceKind) -> Option<Sender> {
        self.platform.get(&service).cloned()
    }

    /// The way to a company's own app, if it was made with these keys: they are sealed anew whenever they are set.
    pub(super) fn kept(&self, company: CompanyId, service: PushServiceKind, sealed: &str) -> Option<Sender> {
        let own = self.lock();
        let (with, sender) = own.get(&(company, service))?;
        (with == sealed).then(|| sender.clone())
    }

    pub(super) fn keep(&self, company: CompanyId, row: &push_service::Model, sender: Sender) {
        self.lock().insert((company, row.service), (row.secret_sealed.clone(), sender));
    }

    fn lock(&self) -> MutexGuard<'_, Own> {
        self.own.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn read(setting: &str, path: &std::path::Path) -> Result<Secret> {
    let text = std::fs::read_to_string(path);
    text.map(Secret::new)
        .map_err(|cause| Error::internal(format!("{setting}: read {}", path.display()), cause))
}
