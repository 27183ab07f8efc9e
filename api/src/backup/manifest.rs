//! `manifest.json`: what a backup consists of.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

const FILE: &str = "manifest.json";
/// Of the folder, not of the program.
const FORMAT: u32 = 1;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manifest {
    pub format: u32,
    /// Of the program that wrote it.
    pub version: String,
    pub made_at: DateTime<Utc>,
    pub database: Kind,
    /// Those that the database has had, in their order.
    pub migrations: Vec<String>,
    /// Rows by table.
    pub tables: BTreeMap<String, u64>,
    pub files: FilesKept,
    /// Of the MASTER_KEY with which what is secret was sealed.
    pub key_fingerprint: String,
    pub parts: Vec<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// Where stored files were.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FilesKept {
    /// Here, beside the manifest.
    Folder,
    /// In a bucket, where they still are.
    Bucket,
}

/// One file of the backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Part {
    /// Below the backup's folder, with `/`.
    pub path: String,
    pub bytes: u64,
    /// In hex.
    pub sha256: String,
}

impl Manifest {
    pub fn new(database: Kind, made_at: DateTime<Utc>, key_fingerprint: String) -> Self {
        Self {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            made_at,
            database,
            migrations: Vec::new(),
            tables: BTreeMap::new(),
            files: FilesKept::Folder,
            key_fingerprint,
            parts: Vec::new(),
        }
    }

    pub fn write(&self, folder: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self).map_err(|cause| Error::internal(FILE, cause))?;
        std::fs::write(folder.join(FILE), text + "\n").map_err(|cause| Error::internal(FILE, cause))
    }

    /// # Errors
    /// When there is none, or one that this program cannot read.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(FILE);
        let text = std::fs::read_to_string(&path).map_err(|cause| {
            Error::internal(format!("{} is no backup: read {FILE}", folder.display()), cause)
        })?;
        let manifest: Self = serde_json::from_str(&text)
            .map_err(|cause| Error::internal(format!("read {}", path.display()), cause))?;
        if manifest.format != FORMAT {
            let problem = format!("has the format {}, and this program reads {FORMAT}", manifest.format);
            return Err(Error::internal(path.display().to_string(), problem));
        }
        for part in &manifest.parts {
            let plain = part.path.split('/').all(|name| !name.is_empty() && name != "." && name != "..");
            if !plain || part.path.contains('\\') {
                return Err(Error::internal(FILE, format!("`{}` leads out of the backup", part.path)));
            }
        }
        Ok(manifest)
    }

    /// The file of the database.
    pub fn database_part(&self) -> Result<&Part> {
        let wanted = match self.database {
            Kind::Sqlite => super::SQLITE_FILE,
            Kind::Postgres => super::POSTGRES_FILE,
        };
        let part = self.parts.iter().find(|part| part.path == wanted);
        part.ok_or_else(|| Error::internal(FILE, format!("names no {wanted}")))
    }
}
