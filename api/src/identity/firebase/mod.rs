//! Signing in with an ID token of Firebase, which has sent the code itself. The token proves a telephone number; what it
//! says of names and addresses counts for nothing. Its signature is held against the keys of the settings' address, all
//! else against the settings' project.
//!
//! Source: Firebase, "Verify ID tokens using a third-party JWT library".

mod keys;

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;

use super::number::Number;
use super::phone::{self, Entered, Entrant};
use crate::app::App;
use crate::error::{Code, Error, Result};
use crate::secret::Secret;

pub use keys::Keys;

/// How far Firebase's clock may be ahead of ours.
const AHEAD: TimeDelta = TimeDelta::seconds(60);
/// Who issues tokens, before the name of the project.
const ISSUER: &str = "https://securetoken.google.com/";

const INVALID: Error = Error::Unauthorized {
    code: Code::FirebaseTokenInvalid,
    message: "The token of Firebase is not valid here, or proves no telephone number.",
};

/// What we read of a token.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    exp: i64,
    iat: i64,
    auth_time: i64,
    phone_number: Option<String>,
}

/// Signs in with an ID token of Firebase that proves a telephone number.
///
/// # Errors
/// `FIREBASE_TOKEN_INVALID` for a token that was not signed by Firebase for this project, has run out or proves no number,
/// and for a banned user; `FIREBASE_OFF` where the settings name no project; `FIREBASE_UNAVAILABLE` when the keys cannot be
/// had; else as [`phone::sign_in`] once its code is right.
pub async fn sign_in(app: &App, token: &Secret, second_factor: Option<&str>) -> Result<Entered> {
    let number = prove(app, token).await?;
    let known = phone::known(app, &number, second_factor, INVALID).await?;
    let tx = app.db.begin().await?;
    phone::enter(app, tx, Entrant { number, name: None, known }).await
}

async fn prove(app: &App, token: &Secret) -> Result<Number> {
    let (Some(settings), Some(keys)) = (&app.settings.firebase, &app.firebase) else {
        return Err(Error::conflict(Code::FirebaseOff, "This server takes no tokens of Firebase."));
    };
    let header = jsonwebtoken::decode_header(token.expose()).map_err(|_| INVALID)?;
    if header.alg != Algorithm::RS256 {
        return Err(INVALID);
    }
    let now = app.clock.now();
    let key = keys.find(&header.kid.ok_or(INVALID)?, now).await?.ok_or(INVALID)?;
    let claims = verified(token, &key)?;
    if !claims.are_good(&settings.project, now) {
        return Err(INVALID);
    }
    Number::read(&claims.phone_number.ok_or(INVALID)?, "/idToken").map_err(|_| INVALID)
}

fn verified(token: &Secret, key: &DecodingKey) -> Result<Claims> {
    let mut validation = Validation::new(Algorithm::RS256);
    // The library would ask the machine for the time; the rest is looked at with it.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    Ok(jsonwebtoken::decode::<Claims>(token.expose(), key, &validation).map_err(|_| INVALID)?.claims)
}

impl Claims {
    fn are_good(&self, project: &str, now: DateTime<Utc>) -> bool {
        let latest = (now + AHEAD).timestamp();
        self.iss.strip_prefix(ISSUER) == Some(project)
            && self.aud == project
            && !self.sub.is_empty()
            && self.exp > now.timestamp()
            && self.iat <= latest
            && self.auth_time <= latest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims() -> Claims {
        Claims {
            iss: format!("{ISSUER}demo"),
            aud: "demo".to_owned(),
            sub: "uid".to_owned(),
            exp: 2_000,
            iat: 1_000,
            auth_time: 1_000,
            phone_number: None,
        }
    }

    fn are_good(claims: &Claims, at: i64) -> bool {
        claims.are_good("demo", DateTime::from_timestamp(at, 0).unwrap())
    }

    #[test]
    fn a_token_is_of_this_project_and_of_this_time() {
        assert!(are_good(&claims(), 1_500));
        assert!(
            are_good(&claims(), 940) && !are_good(&claims(), 939),
            "Firebase's clock may be a minute ahead"
        );
        assert!(are_good(&claims(), 1_999) && !are_good(&claims(), 2_000));
        for bad in [
            Claims { iss: format!("{ISSUER}other"), ..claims() },
            Claims { iss: "demo".to_owned(), ..claims() },
            Claims { aud: "other".to_owned(), ..claims() },
            Claims { sub: String::new(), ..claims() },
            Claims { auth_time: 1_561, ..claims() },
        ] {
            assert!(!are_good(&bad, 1_500));
        }
    }
}
