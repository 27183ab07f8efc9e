//! Who asks: a service account, as the key file says that Google gives for it.

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::{Deserialize, Serialize};

use crate::Error;

/// A Google service account with its key. Does not show the key when it is formatted.
#[derive(Debug, Clone)]
pub struct ServiceAccount {
    project_id: String,
    client_email: String,
    key_id: Option<String>,
    key: EncodingKey,
}

#[derive(Deserialize)]
struct KeyFile {
    project_id: String,
    client_email: String,
    private_key: String,
    private_key_id: Option<String>,
}

impl ServiceAccount {
    /// Reads a key file: JSON with `project_id`, `client_email`, `private_key` (RSA, PEM) and `private_key_id`.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] says what is wrong with the file, without showing any of it.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        let file: KeyFile = serde_json::from_str(text).map_err(|error| {
            // Its own words could quote the key.
            let (line, column) = (error.line(), error.column());
            Error::misconfigured(format!(
                "the key file is not one of a service account (line {line}, column {column})"
            ))
        })?;
        if file.project_id.is_empty() || file.client_email.is_empty() {
            return Err(Error::misconfigured("the key file has an empty project_id or client_email"));
        }
        let no_key = |_error| Error::misconfigured("the key file's private_key is no RSA key in PEM");
        let key = EncodingKey::from_rsa_pem(file.private_key.as_bytes()).map_err(no_key)?;
        let account = Self {
            project_id: file.project_id,
            client_email: file.client_email,
            key_id: file.private_key_id,
            key,
        };
        account.sign(&()).map_err(no_key)?;
        Ok(account)
    }

    pub fn project_id(&self) -> &str {
        &self.project_id
    }

    pub fn client_email(&self) -> &str {
        &self.client_email
    }

    /// A JWT (RS256).
    pub(crate) fn sign(&self, claims: &impl Serialize) -> Result<String, jsonwebtoken::errors::Error> {
        let header = Header { kid: self.key_id.clone(), ..Header::new(Algorithm::RS256) };
        jsonwebtoken::encode(&header, claims, &self.key)
    }
}
