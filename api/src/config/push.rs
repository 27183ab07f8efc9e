//! Where phones are told things, and with what keys the platform's own app is reached.

use std::path::PathBuf;

use super::BadSetting;
use super::keys::Keys;
use crate::secret::Secret;

#[derive(Clone, Debug)]
pub struct PushSettings {
    /// Where Expo is; nothing goes there without.
    pub expo_url: Option<String>,
    /// Of a project at Expo with "enhanced push security".
    pub expo_access_token: Option<Secret>,
    pub fcm_url: String,
    /// Where access to FCM is given.
    pub google_url: String,
    /// The service account of the platform's app: the key file that Google gives.
    pub fcm_key_file: Option<PathBuf>,
    pub apns_url: String,
    /// For apps that were built for development.
    pub apns_sandbox_url: String,
    pub apns: Option<ApnsSettings>,
    /// Certificates (PEM) of the authority that these services show, in place of the public ones.
    pub ca_file: Option<PathBuf>,
}

/// The platform's app at Apple.
#[derive(Clone, Debug)]
pub struct ApnsSettings {
    /// The `.p8` file.
    pub key_file: PathBuf,
    pub key_id: String,
    pub team_id: String,
    pub bundle_id: String,
}

pub(super) fn push(keys: &Keys) -> Result<PushSettings, BadSetting> {
    let url = |key: &str| match keys.text(key) {
        url if url.starts_with("https://") || url.starts_with("http://") => {
            Ok(url.trim_end_matches('/').to_owned())
        }
        _ => Err(keys.bad(key, "is not an address")),
    };
    Ok(PushSettings {
        expo_url: keys.optional("expo_url").map(|_| url("expo_url")).transpose()?,
        expo_access_token: keys.optional("expo_access_token").map(Secret::new),
        fcm_url: url("fcm_url")?,
        google_url: url("fcm_oauth_url")?,
        fcm_key_file: keys.optional("fcm_key_file").map(PathBuf::from),
        apns_url: url("apns_url")?,
        apns_sandbox_url: url("apns_sandbox_url")?,
        apns: apns(keys)?,
        ca_file: keys.optional("push_ca_file").map(PathBuf::from),
    })
}

fn apns(keys: &Keys) -> Result<Option<ApnsSettings>, BadSetting> {
    let Some(key_file) = keys.optional("apns_key_file") else { return Ok(None) };
    let beside =
        |key: &str| keys.optional(key).ok_or_else(|| keys.bad(key, "is missing beside APNS_KEY_FILE"));
    Ok(Some(ApnsSettings {
        key_file: PathBuf::from(key_file),
        key_id: beside("apns_key_id")?,
        team_id: beside("apns_team_id")?,
        bundle_id: beside("apns_bundle_id")?,
    }))
}

#[cfg(test)]
mod tests {
    use crate::config::Settings;

    #[test]
    fn expo_needs_no_keys_and_may_be_turned_off() {
        let push = Settings::with(&[]).unwrap().push;
        assert_eq!(push.expo_url.as_deref(), Some("https://exp.host"));
        assert!(push.apns.is_none() && push.fcm_key_file.is_none());
        assert!(Settings::with(&[("expo_url", "")]).unwrap().push.expo_url.is_none());
        assert_eq!(Settings::with(&[("expo_url", "exp.host")]).unwrap_err().key, "EXPO_URL");
    }

    #[test]
    fn a_key_of_apple_s_stands_beside_its_ids() {
        let bad = Settings::with(&[("apns_key_file", "key.p8"), ("apns_key_id", "ABC123DEFG")]).unwrap_err();
        assert_eq!(bad.key, "APNS_TEAM_ID");
    }
}
