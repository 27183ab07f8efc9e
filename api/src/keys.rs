//! The two secrets of an installation: JWT_SECRET signs access tokens, MASTER_KEY seals what is secret in the database.
//! Outside production a missing one is made on first start under the data directory, readable by its owner alone; in
//! production it is a refusal with the command that makes one.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};

use crate::config::Settings;
use crate::error::{Error, Result};
use crate::secret::Secret;

const SHORTEST: usize = 32;

#[derive(Clone)]
pub struct Keys {
    pub jwt: Secret,
    pub master: Secret,
}

impl Keys {
    /// A key for one purpose, derived from MASTER_KEY (HKDF-SHA-256).
    pub fn derive(&self, purpose: &str) -> Result<[u8; 32]> {
        let mut key = [0_u8; 32];
        Salt::new(HKDF_SHA256, b"calldocker")
            .extract(self.master.expose().as_bytes())
            .expand(&[purpose.as_bytes()], HKDF_SHA256)
            .and_then(|derived| derived.fill(&mut key))
            .map_err(|cause| Error::internal("derive a key", cause))?;
        Ok(key)
    }

    pub fn load(settings: &Settings) -> Result<Self> {
        Ok(Self {
            jwt: key(settings, "JWT_SECRET", settings.jwt_secret.as_ref())?,
            master: key(settings, "MASTER_KEY", settings.master_key.as_ref())?,
        })
    }
}

fn key(settings: &Settings, name: &'static str, set: Option<&Secret>) -> Result<Secret> {
    let refused = |problem: String| Error::internal(name, problem);
    match set {
        Some(secret) if secret.expose().len() < SHORTEST => {
            Err(refused(format!("is shorter than {SHORTEST} characters; make one: openssl rand -hex 32")))
        }
        Some(secret) => Ok(secret.clone()),
        None if settings.is_production() => {
            Err(refused(format!("is not set; make one and keep it: export {name}=$(openssl rand -hex 32)")))
        }
        None => read_or_make(&settings.data_dir.join(name.to_lowercase()))
            .map(Secret::new)
            .map_err(|cause| Error::internal(name, cause)),
    }
}

/// The secret in this file; made when it is not there.
pub(crate) fn read_or_make(path: &Path) -> std::io::Result<String> {
    match std::fs::read_to_string(path) {
        Ok(text) => return Ok(text.trim().to_owned()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
        Err(e) => return Err(e),
    }
    let mut bytes = [0_u8; 32];
    rand::Rng::fill_bytes(&mut rand::rng(), &mut bytes);
    let text = hex::encode(bytes);
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_made_once_for_its_owner_alone() {
        let folder = std::env::temp_dir().join(format!("calldocker-keys-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let settings = Settings::with(&[("data_dir", folder.to_str().unwrap())]).unwrap();
        let first = Keys::load(&settings).unwrap();
        let second = Keys::load(&settings).unwrap();
        assert_eq!(first.jwt, second.jwt);
        assert_ne!(first.jwt, first.master);
        let mode = std::fs::metadata(folder.join("jwt_secret")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn production_refuses_to_start_without_keys_and_says_how_to_make_them() {
        let settings = Settings::with(&[("calldocker_env", "production")]).unwrap();
        let Err(Error::Internal(refusal)) = Keys::load(&settings) else { panic!("it started") };
        assert!(format!("{refusal:?}").contains("openssl rand -hex 32"));
    }
}
