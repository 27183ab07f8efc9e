//! The look-alike of the provider, as the commands start and find it: which account it has, where it listens, and where
//! its token is kept, so that another process of the same user can play callers.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use carrier::Carrier;
use clock::Clock;

use crate::config::{Settings, TwilioAccount};
use crate::error::{Error, Result};
use crate::keys;
use crate::secret::Secret;

/// The account of a look-alike that nobody gave another one.
const ACCOUNT_SID: &str = "ACca11d0c0000000000000000000000000";
/// From where the look-alike's text messages come when the settings name nothing.
const SMS_FROM: &str = "+12025550100";
/// The address of the real one, which settings name when nobody says otherwise.
const REAL: &str = "https://api.twilio.com";

/// The id of the account whose numbers are this installation's.
pub fn account_sid(settings: &Settings) -> &str {
    settings.twilio.as_ref().map_or(ACCOUNT_SID, |account| &account.account_sid)
}

/// `http://127.0.0.1:port`: where TWILIO_API_URL says when it names a look-alike, else at CARRIER_PORT.
pub fn address(settings: &Settings) -> String {
    if settings.twilio_api_url == REAL {
        format!("http://127.0.0.1:{}", settings.carrier_port)
    } else {
        settings.twilio_api_url.clone()
    }
}

/// The account that the settings name, else the look-alike's own with the token of this data directory, which is made on
/// first use.
pub fn account(settings: &Settings) -> Result<TwilioAccount> {
    if let Some(account) = &settings.twilio {
        return Ok(account.clone());
    }
    let path = token_file(settings);
    let made = std::fs::create_dir_all(&settings.data_dir).and_then(|()| keys::read_or_make(&path));
    let token =
        made.map_err(|cause| Error::internal(format!("keep a token in {}", path.display()), cause))?;
    Ok(TwilioAccount { account_sid: ACCOUNT_SID.to_owned(), auth_token: Secret::new(token) })
}

/// [`account`], but a token that nobody has made is an error that says who makes it.
pub fn known_account(settings: &Settings) -> Result<TwilioAccount> {
    let path = token_file(settings);
    if settings.twilio.is_none() && !path.exists() {
        let problem = format!(
            "no look-alike has been started with this DATA_DIR ({} is not there); start `calldocker serve` without \
             TWILIO_ACCOUNT_SID first, or name its DATA_DIR",
            path.display()
        );
        return Err(Error::internal("find the look-alike", problem));
    }
    account(settings)
}

fn token_file(settings: &Settings) -> PathBuf {
    settings.data_dir.join("carrier_token")
}

/// Starts one at CARRIER_PORT on loopback.
pub async fn start(settings: &Settings, clock: &Clock) -> Result<Carrier> {
    let account = account(settings)?;
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, settings.carrier_port));
    let chosen = carrier::Settings {
        listen,
        ..carrier::Settings::new(account.account_sid, account.auth_token.expose(), clock.clone())
    };
    Carrier::start(chosen).await.map_err(|cause| {
        Error::internal(format!("listen on {listen} for the look-alike (CARRIER_PORT sets the port)"), cause)
    })
}

/// Where a server has no account and may do without a real one, starts a look-alike beside it and changes the settings so
/// that the server meets it as it would meet Twilio.
///
/// # Errors
/// In production, and when an address of a provider is set but no account.
pub async fn start_beside_server(settings: &mut Settings, clock: &Clock) -> Result<Option<Carrier>> {
    if settings.twilio.is_some() {
        return Ok(None);
    }
    let missing =
        |problem: &str| Error::internal("TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN are not set", problem);
    if settings.is_production() {
        return Err(missing(
            "in production calls need an account at Twilio, or at what speaks its API at TWILIO_API_URL; \
             to try CallDocker without one, leave CALLDOCKER_ENV at development",
        ));
    }
    if settings.twilio_api_url != REAL {
        return Err(missing("TWILIO_API_URL names a provider, and it needs an account there"));
    }
    let carrier = start(settings, clock).await?;
    settings.twilio = Some(account(settings)?);
    settings.twilio_api_url = carrier.api_url();
    settings.phone.sms_from.get_or_insert_with(|| SMS_FROM.to_owned());
    settings.phone.whatsapp_from.get_or_insert_with(|| SMS_FROM.to_owned());
    Ok(Some(carrier))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(changes: &[(&str, &str)]) -> Settings {
        Settings::with(changes).unwrap()
    }

    fn refusal(failure: Error) -> String {
        match failure {
            Error::Internal(failure) => failure.for_operator(),
            other => panic!("another refusal: {other:?}"),
        }
    }

    #[tokio::test]
    async fn production_without_an_account_does_not_start() {
        let mut production = settings(&[("calldocker_env", "production")]);
        let Err(failure) = start_beside_server(&mut production, &Clock::machine()).await else {
            panic!("it started")
        };
        assert!(refusal(failure).contains("TWILIO_ACCOUNT_SID"));
        assert!(production.twilio.is_none());
    }

    #[tokio::test]
    async fn an_account_is_used_as_it_is() {
        let set = [("twilio_account_sid", "AC1"), ("twilio_auth_token", "secret")];
        let mut configured = settings(&set);
        assert!(start_beside_server(&mut configured, &Clock::machine()).await.unwrap().is_none());
        assert_eq!(account_sid(&configured), "AC1");
        assert_eq!(configured.twilio_api_url, REAL);
    }

    #[tokio::test]
    async fn a_server_without_an_account_meets_a_look_alike_through_the_settings_alone() {
        let folder = std::env::temp_dir().join(format!("calldocker-look-alike-{}", std::process::id()));
        let mut local = settings(&[("data_dir", folder.to_str().unwrap()), ("carrier_port", "0")]);
        let not_yet = known_account(&local).unwrap_err();
        assert!(refusal(not_yet).contains("calldocker serve"));
        let carrier =
            start_beside_server(&mut local, &Clock::machine()).await.unwrap().expect("a look-alike");
        assert_eq!(local.twilio_api_url, carrier.api_url());
        assert!(local.buys_numbers());
        let account = local.twilio.as_ref().expect("an account");
        let other = settings(&[("data_dir", folder.to_str().unwrap())]);
        assert_eq!(known_account(&other).unwrap().auth_token, account.auth_token);
        carrier.stop().await;
        std::fs::remove_dir_all(folder).unwrap();
    }
}
