//! Passwords: argon2id with the parameters that OWASP recommends (19 MiB, two passes, one lane). An address that nobody
//! has costs the same work as one that somebody has.

use std::sync::LazyLock;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::error::{Error, Result};
use crate::secret::Secret;

/// So many are computed at a time: each takes 19 MiB, and a flood of sign-ins must not take all memory.
static AT_A_TIME: Semaphore = Semaphore::const_new(4);

/// The hash of a password that nobody has.
static NOBODYS: LazyLock<String> = LazyLock::new(|| {
    hash_now("a password that nobody has").expect("the parameters are within the limits of argon2")
});

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Right,
    Wrong,
}

/// The PHC string of a password.
pub async fn hash(password: Secret) -> Result<String> {
    in_background(move || hash_now(password.expose())).await
}

/// Holds a password against a stored hash; against nobody's when there is none, which takes as long and is wrong.
pub async fn verify(password: Secret, stored: Option<String>) -> Result<Verdict> {
    in_background(move || {
        let known = stored.is_some();
        let stored = stored.as_deref().unwrap_or(&NOBODYS);
        let stored = PasswordHash::new(stored)
            .map_err(|cause| Error::internal("read a password hash", cause.to_string()))?;
        let right = hasher()?.verify_password(password.expose().as_bytes(), &stored).is_ok();
        Ok(if right && known { Verdict::Right } else { Verdict::Wrong })
    })
    .await
}

async fn in_background<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let _turn = AT_A_TIME.acquire().await.map_err(|cause| Error::internal("wait for argon2", cause))?;
    tokio::task::spawn_blocking(work).await.map_err(|cause| Error::internal("run argon2", cause))?
}

fn hash_now(password: &str) -> Result<String> {
    let hash = hasher()?.hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|cause| Error::internal("hash a password", cause.to_string()))
}

fn hasher() -> Result<Argon2<'static>> {
    let params =
        Params::new(19_456, 2, 1, None).map_err(|cause| Error::internal("argon2", cause.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_is_right() {
        let stored = hash(Secret::new("correct horse")).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert_eq!(verify(Secret::new("correct horse"), Some(stored.clone())).await.unwrap(), Verdict::Right);
        assert_eq!(verify(Secret::new("battery staple"), Some(stored)).await.unwrap(), Verdict::Wrong);
    }

    #[tokio::test]
    async fn nobodys_password_is_wrong_even_when_it_is_guessed() {
        assert_eq!(verify(Secret::new("a password that nobody has"), None).await.unwrap(), Verdict::Wrong);
    }
}
