//! What calls among colleagues need: ICE servers, a project of Agora's, and limits.

use std::time::Duration;

use rtc_tokens::agora::{self, App as AgoraApp};
use rtc_tokens::ice::IceUrl;
use rtc_tokens::turn::{self, TurnSecret};

use super::BadSetting;
use super::keys::Keys;

/// Which of Agora's tokens clients take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenForm {
    V006,
    V007,
}

#[derive(Clone, Debug)]
pub struct RtcSettings {
    pub ice_urls: Vec<IceUrl>,
    /// That of the TURN server (coturn's `static-auth-secret`).
    pub turn_secret: Option<TurnSecret>,
    pub turn_life: Duration,
    pub agora: Option<AgoraApp>,
    pub agora_form: TokenForm,
    pub agora_life: Duration,
    /// How long somebody's devices ring.
    pub ring: Duration,
    /// How long who has lost his connection is waited for.
    pub reconnect: Duration,
    /// People in a group call without a server for its media.
    pub mesh_limit: usize,
}

impl RtcSettings {
    pub(super) fn read(keys: &Keys) -> Result<Self, BadSetting> {
        let ice_urls = keys.text("ice_urls");
        let ice_urls = ice_urls.split(',').map(str::trim).filter(|url| !url.is_empty());
        let ice_urls = ice_urls
            .map(|url| url.parse().map_err(|cause| keys.bad("ice_urls", &format!("`{url}`: {cause}"))))
            .collect::<Result<Vec<IceUrl>, _>>()?;
        let turn_secret = keys.optional("turn_secret").map(TurnSecret::new).transpose();
        let turn_life = life(keys, "turn_expires_in", turn::MAX_TTL)?;
        let agora = match (keys.optional("agora_app_id"), keys.optional("agora_app_certificate")) {
            (Some(id), Some(certificate)) => {
                let made = AgoraApp::new(id, certificate);
                Some(made.map_err(|cause| keys.bad("agora_app_id", &cause.to_string()))?)
            }
            (None, None) => None,
            (Some(_), None) => {
                return Err(keys.bad("agora_app_certificate", "is missing beside AGORA_APP_ID"));
            }
            (None, Some(_)) => {
                return Err(keys.bad("agora_app_id", "is missing beside AGORA_APP_CERTIFICATE"));
            }
        };
        Ok(Self {
            ice_urls,
            turn_secret: turn_secret.map_err(|cause| keys.bad("turn_secret", &cause.to_string()))?,
            turn_life,
            agora,
            agora_form: keys
                .choice("agora_token_version", &[("007", TokenForm::V007), ("006", TokenForm::V006)])?,
            agora_life: life(keys, "agora_expires_in", agora::MAX_TTL)?,
            ring: keys.seconds("peer_ring_seconds")?,
            reconnect: keys.seconds("reconnect_seconds")?,
            mesh_limit: keys.number("group_call_limit")?,
        })
    }
}

fn life(keys: &Keys, key: &str, longest: Duration) -> Result<Duration, BadSetting> {
    let life = keys.span(key)?;
    if life.is_zero() || life > longest {
        let hours = longest.as_secs() / 3600;
        return Err(keys.bad(key, &format!("must be between 1s and {hours}h")));
    }
    Ok(life)
}

#[cfg(test)]
mod tests {
    use crate::config::Settings;

    #[test]
    fn servers_for_media_are_read_and_a_bad_one_names_its_key() {
        let rtc = Settings::with(&[]).unwrap().rtc;
        assert!(rtc.ice_urls.is_empty() && rtc.turn_secret.is_none() && rtc.agora.is_none());
        assert_eq!((rtc.ring.as_secs(), rtc.reconnect.as_secs(), rtc.mesh_limit), (60, 20, 6));
        let urls = "stun:turn.example.com, turns:turn.example.com:5349?transport=tcp";
        assert_eq!(Settings::with(&[("ice_urls", urls)]).unwrap().rtc.ice_urls.len(), 2);
        for (key, value, named) in [
            ("ice_urls", "turn.example.com", "ICE_URLS"),
            ("turn_expires_in", "49h", "TURN_EXPIRES_IN"),
            ("agora_app_id", "970CA35de60c44645bbae8a215061b33", "AGORA_APP_CERTIFICATE"),
            ("agora_token_version", "005", "AGORA_TOKEN_VERSION"),
            ("agora_expires_in", "25h", "AGORA_EXPIRES_IN"),
        ] {
            assert_eq!(Settings::with(&[(key, value)]).unwrap_err().key, named, "{key}={value}");
        }
    }
}
