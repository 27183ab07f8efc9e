//! Copying, hashing and checking the files of a backup.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::manifest::Part;
use crate::error::{Error, Result};

/// Read at once.
const PIECE: usize = 256 * 1024;

/// A folder for its owner alone, with those above it.
pub fn make_private(folder: &Path) -> Result<()> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|cause| failed("make", folder, cause))
}

/// Copies every file below `from`. Drafts, which are no files yet, stay behind.
pub async fn copy_all(from: PathBuf, to: PathBuf, name: &'static str) -> Result<Vec<Part>> {
    in_background(move || {
        let mut parts = Vec::new();
        if from.is_dir() {
            copy_folder(&from, &to, name, &mut parts)?;
        }
        Ok(parts)
    })
    .await
}

fn copy_folder(from: &Path, to: &Path, name: &str, parts: &mut Vec<Part>) -> Result<()> {
    let reading = |cause| failed("read", from, cause);
    let mut entries =
        fs::read_dir(from).map_err(reading)?.collect::<std::io::Result<Vec<_>>>().map_err(reading)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let file_name = entry.file_name();
        let Some(file_name) = file_name.to_str() else { continue };
        let (path, target) = (entry.path(), to.join(file_name));
        let part_name = format!("{name}/{file_name}");
        let kind = entry.file_type().map_err(reading)?;
        if kind.is_dir() {
            copy_folder(&path, &target, &part_name, parts)?;
        } else if kind.is_file() && !(file_name.starts_with('.') && file_name.ends_with(".part")) {
            make_private(to)?;
            match copy_file(&path, &target, &part_name) {
                Ok(part) => parts.push(part),
                // Somebody has deleted it just now.
                Err(_) if !path.exists() => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(())
}

fn copy_file(from: &Path, to: &Path, name: &str) -> Result<Part> {
    let mut source = File::open(from).map_err(|cause| failed("read", from, cause))?;
    let mut target = private_file(to)?;
    let part = pass_on(&mut source, &mut target, name).map_err(|cause| failed("copy", from, cause))?;
    target.sync_all().map_err(|cause| failed("write", to, cause))?;
    Ok(part)
}

/// Copies one file, whole or not at all, and for its owner alone.
pub async fn put(from: PathBuf, to: PathBuf) -> Result<()> {
    in_background(move || {
        let draft = to.with_extension("restoring");
        match fs::remove_file(&draft) {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
                return Err(failed("remove", &draft, cause));
            }
            Ok(()) | Err(_) => {}
        }
        copy_file(&from, &draft, "")?;
        fs::rename(&draft, &to).map_err(|cause| failed("write", &to, cause))
    })
    .await
}

/// Writes a secret for its owner alone.
pub fn write_secret(path: &Path, secret: &str, name: &str) -> Result<Part> {
    if let Some(folder) = path.parent() {
        make_private(folder)?;
    }
    let mut file = private_file(path)?;
    pass_on(&mut secret.as_bytes(), &mut file, name).map_err(|cause| failed("write", path, cause))
}

/// What the manifest says of a file that is there.
pub async fn describe(path: PathBuf, name: &'static str) -> Result<Part> {
    in_background(move || measure(&path, name)).await
}

fn measure(path: &Path, name: &str) -> Result<Part> {
    let mut file = File::open(path).map_err(|cause| failed("read", path, cause))?;
    pass_on(&mut file, &mut std::io::sink(), name).map_err(|cause| failed("read", path, cause))
}

/// # Errors
/// When a file is missing, or is not the one that was written.
pub async fn check(folder: PathBuf, parts: Vec<Part>) -> Result<()> {
    in_background(move || {
        for part in parts {
            let path = folder.join(&part.path);
            if measure(&path, &part.path)? != part {
                return Err(Error::internal("check the backup", format!("{} is damaged", path.display())));
            }
        }
        Ok(())
    })
    .await
}

fn pass_on(from: &mut impl Read, to: &mut impl Write, name: &str) -> std::io::Result<Part> {
    let (mut hash, mut bytes, mut piece) = (Sha256::new(), 0_u64, vec![0_u8; PIECE]);
    loop {
        let read = from.read(&mut piece)?;
        if read == 0 {
            let sha256 = hex::encode(hash.finalize());
            return Ok(Part { path: name.to_owned(), bytes, sha256 });
        }
        hash.update(&piece[..read]);
        to.write_all(&piece[..read])?;
        bytes += read as u64;
    }
}

fn private_file(path: &Path) -> Result<File> {
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    opened.map_err(|cause| failed("write", path, cause))
}

async fn in_background<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|cause| Error::internal("copy files", cause))?
}

fn failed(doing: &str, path: &Path, cause: std::io::Error) -> Error {
    Error::internal(format!("{doing} {}", path.display()), cause)
}
