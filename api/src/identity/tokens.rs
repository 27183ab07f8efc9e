//! Access tokens (JWT, HS256, signed with `JWT_SECRET`) and refresh tokens (random text, stored as its hash). What a
//! token says of role and company is for the client's convenience: the server reads both anew (see `caller`).

use chrono::{DateTime, TimeDelta, Utc};
use entity::id::{CompanyId, MembershipId, SessionId, UserId};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::authz::Seat;
use crate::error::{Code, Error, Result};
use crate::keys::Keys;
use crate::secret::Secret;

/// What an access token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    #[serde(rename = "sub")]
    pub user: UserId,
    #[serde(rename = "sid")]
    pub session: SessionId,
    #[serde(rename = "mid", skip_serializing_if = "Option::is_none")]
    pub membership: Option<MembershipId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<CompanyId>,
    /// Admin, owner, manager, agent or alone.
    pub role: String,
    /// Seconds since 1970 (RFC 7519, section 2).
    pub iat: i64,
    pub exp: i64,
}

impl Claims {
    pub fn new(
        user: UserId,
        session: SessionId,
        seat: Seat,
        member: Option<(MembershipId, CompanyId)>,
        now: DateTime<Utc>,
        life: std::time::Duration,
    ) -> Self {
        let life = TimeDelta::from_std(life).unwrap_or(TimeDelta::zero());
        Self {
            user,
            session,
            membership: member.map(|(membership, _)| membership),
            company: member.map(|(_, company)| company),
            role: seat.name().to_owned(),
            iat: now.timestamp(),
            exp: (now + life).timestamp(),
        }
    }
}

/// Signs an access token.
pub fn sign(keys: &Keys, claims: &Claims) -> Result<String> {
    let key = EncodingKey::from_secret(keys.jwt.expose().as_bytes());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &key)
        .map_err(|cause| Error::internal("sign a token", cause))
}

/// What an access token says, when we signed it and it has not run out by the injected clock.
pub fn verify(keys: &Keys, now: DateTime<Utc>, token: &str) -> Result<Claims> {
    let key = DecodingKey::from_secret(keys.jwt.expose().as_bytes());
    let mut validation = Validation::new(Algorithm::HS256);
    // The library would ask the machine for the time.
    validation.validate_exp = false;
    validation.required_spec_claims.clear();
    let invalid = Error::Unauthorized { code: Code::TokenInvalid, message: "The access token is not valid." };
    let claims = jsonwebtoken::decode::<Claims>(token, &key, &validation).map_err(|_| invalid)?.claims;
    if claims.exp <= now.timestamp() {
        return Err(Error::Unauthorized {
            code: Code::TokenExpired,
            message: "The access token has run out. Refresh it.",
        });
    }
    Ok(claims)
}

/// Under what a refresh token, or an invitation, is stored.
pub fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

/// The refresh token that follows `spent`. Derived and not drawn, so that a client whose answer was lost, or a second
/// tab, gets the same one again although only hashes are stored.
pub fn successor(keys: &Keys, spent: &str) -> Secret {
    let mut mac = Hmac::<Sha256>::new_from_slice(keys.master.expose().as_bytes())
        .expect("HMAC takes keys of any length");
    mac.update(b"calldocker refresh token successor\0");
    mac.update(spent.as_bytes());
    Secret::new(base64::Engine::encode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use uuid::Uuid;

    use super::*;

    fn keys(jwt: &str) -> Keys {
        Keys { jwt: Secret::new(jwt), master: Secret::new("m".repeat(32)) }
    }

    fn claims(now: DateTime<Utc>) -> Claims {
        let id = Uuid::from_u128(7);
        Claims::new(
            id.into(),
            id.into(),
            Seat::Owner,
            Some((id.into(), id.into())),
            now,
            Duration::from_secs(60),
        )
    }

    fn noon() -> DateTime<Utc> {
        "2026-03-02T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_token_is_good_until_the_injected_clock_says_otherwise() {
        let keys = keys("first");
        let token = sign(&keys, &claims(noon())).unwrap();
        assert_eq!(verify(&keys, noon() + TimeDelta::seconds(59), &token).unwrap(), claims(noon()));
        let late = verify(&keys, noon() + TimeDelta::seconds(60), &token);
        assert!(matches!(late, Err(Error::Unauthorized { code: Code::TokenExpired, .. })));
    }

    #[test]
    fn a_token_of_another_key_or_algorithm_or_without_a_signature_is_refused() {
        let token = sign(&keys("second"), &claims(noon())).unwrap();
        let hs384 = {
            let key = EncodingKey::from_secret(b"first");
            jsonwebtoken::encode(&Header::new(Algorithm::HS384), &claims(noon()), &key).unwrap()
        };
        let body = token.split('.').nth(1).unwrap();
        let none = format!("eyJhbGciOiJub25lIn0.{body}.");
        for bad in [token.as_str(), &hs384, &none, "", "a.b.c"] {
            assert!(
                matches!(
                    verify(&keys("first"), noon(), bad),
                    Err(Error::Unauthorized { code: Code::TokenInvalid, .. })
                ),
                "{bad}"
            );
        }
    }

    #[test]
    fn the_successor_of_a_refresh_token_is_always_the_same_and_never_itself() {
        let keys = keys("first");
        assert_eq!(successor(&keys, "a"), successor(&keys, "a"));
        assert_ne!(successor(&keys, "a"), successor(&keys, "b"));
        assert_ne!(successor(&keys, "a").expose(), "a");
    }
}
