//! Files: recordings and media, by keys that begin with the company's id. A folder; another kind of store is another
//! implementation of [`Storage`].

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use bytes::Bytes;

use crate::error::{Error, Result};

#[async_trait]
pub trait Storage: Send + Sync {
    /// Keeps the file under the key, whole or not at all; a second time replaces it.
    async fn put(&self, key: &str, bytes: Bytes) -> Result<()>;

    /// The file, `None` when there is none.
    async fn get(&self, key: &str) -> Result<Option<Bytes>>;
}

/// Files in a folder.
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Keys are made by us, of ids; one that would leave the folder is a mistake.
    fn path(&self, key: &str) -> Result<PathBuf> {
        let plain = key.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
        if plain && !key.contains('\\') {
            Ok(self.root.join(key))
        } else {
            Err(Error::internal("storage", format!("`{key}` is no key")))
        }
    }
}

#[async_trait]
impl Storage for Folder {
    async fn put(&self, key: &str, bytes: Bytes) -> Result<()> {
        let path = self.path(key)?;
        tokio::task::spawn_blocking(move || write(&path, &bytes))
            .await
            .map_err(|cause| Error::internal("storage", cause))?
            .map_err(|cause| Error::internal("write a file", cause))
    }

    async fn get(&self, key: &str) -> Result<Option<Bytes>> {
        match tokio::fs::read(self.path(key)?).await {
            Ok(bytes) => Ok(Some(bytes.into())),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(Error::internal("read a file", cause)),
        }
    }
}

/// Beside its place first, then moved there: a reader never sees half a file.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let draft = path.with_extension("part");
    let mut file = std::fs::File::create(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(draft, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_comes_back_and_no_key_leaves_the_folder() {
        let root = std::env::temp_dir().join(format!("calldocker-storage-{}", std::process::id()));
        let folder = Folder::new(root.clone());
        folder.put("c/recordings/1.wav", Bytes::from_static(b"RIFF")).await.unwrap();
        assert_eq!(folder.get("c/recordings/1.wav").await.unwrap().unwrap(), "RIFF");
        assert!(folder.get("c/recordings/2.wav").await.unwrap().is_none());
        assert!(folder.get("../jwt_secret").await.is_err());
        std::fs::remove_dir_all(root).unwrap();
    }
}
