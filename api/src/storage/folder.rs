//! Files in a folder. A draft lies beside its place under a name of its own, is flushed to the disk, and then moved there.

use std::io::SeekFrom;
use std::ops::Range;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use tokio::fs::{self, File};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use super::{Draft, Link, Pieces, Storage, check};
use crate::error::{Error, Result};

/// How much is read at once.
const PIECE: usize = 64 * 1024;

pub struct Folder {
    root: PathBuf,
}

impl Folder {
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    fn path(&self, key: &str) -> Result<PathBuf> {
        check(key)?;
        Ok(self.root.join(key))
    }
}

#[async_trait]
impl Storage for Folder {
    async fn draft(&self, key: &str) -> Result<Box<dyn Draft>> {
        let place = self.path(key)?;
        let part = beside(&place);
        if let Some(folder) = place.parent() {
            fs::create_dir_all(folder).await.map_err(writing)?;
        }
        let file = File::create_new(&part).await.map_err(writing)?;
        Ok(Box::new(FileDraft { file: Some(file), part, place }))
    }

    async fn read(&self, key: &str, range: Option<Range<u64>>) -> Result<Option<Pieces>> {
        let mut file = match File::open(self.path(key)?).await {
            Ok(file) => file,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(reading(cause)),
        };
        let mut left = u64::MAX;
        if let Some(range) = range {
            file.seek(SeekFrom::Start(range.start)).await.map_err(reading)?;
            left = range.end.saturating_sub(range.start);
        }
        let pieces = futures_util::stream::try_unfold((file, left), |(mut file, left)| async move {
            let most = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
            let mut piece = BytesMut::with_capacity(most);
            let mut limited = (&mut file).take(most as u64);
            let read = limited.read_buf(&mut piece).await?;
            Ok((read > 0).then(|| (piece.freeze(), (file, left - read as u64))))
        });
        Ok(Some(Box::pin(pieces)))
    }

    async fn delete(&self, key: &str) -> Result<()> {
        match fs::remove_file(self.path(key)?).await {
            Ok(()) => Ok(()),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(cause) => Err(Error::internal("delete a file", cause)),
        }
    }

    async fn link(&self, _: &str, _: Link<'_>) -> Result<Option<String>> {
        Ok(None)
    }
}

/// Two who write the same file at once must not write into one draft.
fn beside(place: &Path) -> PathBuf {
    let name = place.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    place.with_file_name(format!(".{name}.{:016x}.part", rand::random::<u64>()))
}

struct FileDraft {
    file: Option<File>,
    part: PathBuf,
    place: PathBuf,
}

#[async_trait]
impl Draft for FileDraft {
    async fn write(&mut self, piece: Bytes) -> Result<()> {
        let file = self.file.as_mut().expect("open until it is finished");
        file.write_all(&piece).await.map_err(writing)
    }

    async fn finish(mut self: Box<Self>) -> Result<()> {
        let mut file = self.file.take().expect("it is finished once");
        file.flush().await.map_err(writing)?;
        file.sync_all().await.map_err(writing)?;
        fs::rename(&self.part, &self.place).await.map_err(writing)?;
        // The new name is in the folder, which has to reach the disk as well.
        if let Some(folder) = self.place.parent() {
            File::open(folder).await.map_err(writing)?.sync_all().await.map_err(writing)?;
        }
        self.part = PathBuf::new();
        Ok(())
    }

    async fn discard(self: Box<Self>) {}
}

impl Drop for FileDraft {
    fn drop(&mut self) {
        if !self.part.as_os_str().is_empty()
            && let Err(error) = std::fs::remove_file(&self.part)
        {
            tracing::warn!(%error, part = %self.part.display(), "a draft could not be removed");
        }
    }
}

fn writing(cause: std::io::Error) -> Error {
    Error::internal("write a file", cause)
}

fn reading(cause: std::io::Error) -> Error {
    Error::internal("read a file", cause)
}

#[cfg(test)]
mod tests {
    use super::super::Upload;
    use super::*;

    async fn in_a_folder() -> (tempfile::TempDir, Folder) {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::new(root.path().to_owned());
        (root, folder)
    }

    fn files(root: &Path) -> usize {
        std::fs::read_dir(root.join("c/recordings")).unwrap().count()
    }

    #[tokio::test]
    async fn a_file_comes_back_and_no_key_leaves_the_folder() {
        let (_root, folder) = in_a_folder().await;
        folder.put("c/recordings/1.wav", Bytes::from_static(b"RIFF")).await.unwrap();
        assert_eq!(folder.get("c/recordings/1.wav").await.unwrap().unwrap(), "RIFF");
        assert!(folder.get("c/recordings/2.wav").await.unwrap().is_none());
        assert!(folder.get("../jwt_secret").await.is_err());
    }

    #[tokio::test]
    async fn a_draft_is_no_file_and_leaves_nothing_behind() {
        let (root, folder) = in_a_folder().await;
        let mut upload = Upload::begin(&folder, "c/recordings/1.wav").await.unwrap();
        upload.write(Bytes::from_static(b"RI")).await.unwrap();
        assert!(folder.get("c/recordings/1.wav").await.unwrap().is_none());
        upload.discard().await;
        assert_eq!(files(root.path()), 0);
    }

    #[tokio::test]
    async fn two_who_write_the_same_file_both_write_a_whole_one() {
        let (root, folder) = in_a_folder().await;
        let mut first = Upload::begin(&folder, "c/recordings/1.wav").await.unwrap();
        let mut second = Upload::begin(&folder, "c/recordings/1.wav").await.unwrap();
        for _ in 0..3 {
            first.write(Bytes::from_static(b"abc")).await.unwrap();
            second.write(Bytes::from_static(b"abc")).await.unwrap();
        }
        let (first, second) = (first.finish().await.unwrap(), second.finish().await.unwrap());
        assert_eq!((first.size, &first), (9, &second));
        assert_eq!(folder.get("c/recordings/1.wav").await.unwrap().unwrap(), "abcabcabc");
        assert_eq!(files(root.path()), 1);
    }

    #[tokio::test]
    async fn a_part_of_a_file_is_read_and_a_deleted_one_is_gone() {
        let (_root, folder) = in_a_folder().await;
        let long: Vec<u8> = (0..200_000_u32).map(|i| (i % 251) as u8).collect();
        folder.put("c/recordings/1.wav", Bytes::from(long.clone())).await.unwrap();
        assert_eq!(folder.get("c/recordings/1.wav").await.unwrap().unwrap(), long);
        let part = folder.read("c/recordings/1.wav", Some(70_000..140_001)).await.unwrap().unwrap();
        let part: Vec<Bytes> = futures_util::TryStreamExt::try_collect(part).await.unwrap();
        assert_eq!(part.concat(), &long[70_000..140_001]);
        folder.delete("c/recordings/1.wav").await.unwrap();
        folder.delete("c/recordings/1.wav").await.unwrap();
        assert!(folder.read("c/recordings/1.wav", None).await.unwrap().is_none());
    }
}
