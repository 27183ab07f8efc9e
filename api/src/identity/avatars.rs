//! Pictures of people, known by what is in the file and never by its name or the type that a client says. The address of a
//! picture holds the hash of its content and cannot be guessed; what lies there never changes.

use bytes::Bytes;
use entity::avatar;
use entity::id::UserId;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::caller::Caller;
use super::profile::{self, Profile};
use crate::app::App;
use crate::error::{Error, Result};
use crate::store::avatars;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Png,
    Jpeg,
    Webp,
    Gif,
}

impl Format {
    const ALL: [Self; 4] = [Self::Png, Self::Jpeg, Self::Webp, Self::Gif];

    pub fn content_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
            Self::Gif => "image/gif",
        }
    }

    fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Webp => "webp",
            Self::Gif => "gif",
        }
    }
}

/// By the first bytes of the file.
pub fn recognize(bytes: &[u8]) -> Option<Format> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") && bytes.get(12..16) == Some(b"IHDR") {
        Some(Format::Png)
    } else if bytes.starts_with(b"\xFF\xD8\xFF") && bytes.len() > 4 {
        Some(Format::Jpeg)
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        Some(Format::Webp)
    } else if (bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a")) && bytes.len() > 13 {
        Some(Format::Gif)
    } else {
        None
    }
}

/// Puts a picture in the place of the caller's.
pub async fn put(app: &App, caller: &Caller, bytes: Bytes) -> Result<Profile> {
    let wrong = || Error::invalid("", "is no PNG, JPEG, WebP or GIF file");
    let format = recognize(&bytes).ok_or_else(wrong)?;
    let upload: Uuid = app.ids.next();
    let sha256 = hex::encode(Sha256::digest(&bytes));
    let file_key =
        format!("users/{}/avatar/{sha256}-{}.{}", caller.user, upload.simple(), format.extension());
    app.storage.put(&file_key, bytes).await?;
    let tx = app.db.begin().await?;
    let row = avatar::Model { user_id: caller.user, file_key, updated_at: app.clock.now() };
    let former = avatars::replace(&tx, row).await?;
    tx.commit().await?;
    if let Some(former) = former
        && let Err(error) = app.storage.delete(&former).await
    {
        tracing::warn!(?error, user = %caller.user, "a picture that was replaced is left in the storage");
    }
    profile::of(app, caller).await
}

/// The address of a picture, from its key.
pub fn path(key: &str) -> Option<String> {
    let (user, file) = key.strip_prefix("users/")?.split_once("/avatar/")?;
    Some(format!("/avatars/{user}/{file}"))
}

/// A picture at its address.
pub struct Picture {
    pub bytes: Bytes,
    pub format: Format,
    pub sha256: String,
}

/// The picture at `/avatars/{user}/{file}`; `None` when there is none, or the address is not one of ours.
pub async fn fetch(app: &App, user: &str, file: &str) -> Result<Option<Picture>> {
    let Some((name, extension)) = file.split_once('.') else { return Ok(None) };
    let Some((sha256, upload)) = name.split_once('-') else { return Ok(None) };
    let format = Format::ALL.into_iter().find(|format| format.extension() == extension);
    let (Some(format), Ok(user), Ok(upload)) = (format, user.parse::<UserId>(), Uuid::try_parse(upload))
    else {
        return Ok(None);
    };
    if sha256.len() != 64 || !sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return Ok(None);
    }
    let key = format!("users/{user}/avatar/{sha256}-{}.{extension}", upload.simple());
    let bytes = app.storage.get(&key).await?;
    Ok(bytes.map(|bytes| Picture { bytes, format, sha256: sha256.to_owned() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_known_by_their_content_and_nothing_else_is_one() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
        assert_eq!(recognize(png), Some(Format::Png));
        assert_eq!(recognize(b"\xFF\xD8\xFF\xE0\0\x10JFIF"), Some(Format::Jpeg));
        assert_eq!(recognize(b"RIFF\x10\0\0\0WEBPVP8 "), Some(Format::Webp));
        assert_eq!(recognize(b"GIF89a\x01\0\x01\0\0\0\0;"), Some(Format::Gif));
        for other in [&b""[..], b"<svg xmlns=", b"RIFF\0\0\0\0WAVE", b"%PDF-1.7", b"GIF89a", b"<html>"] {
            assert_eq!(recognize(other), None, "{other:?}");
        }
    }

    #[test]
    fn the_address_of_a_picture_follows_from_its_key() {
        assert_eq!(path("users/7/avatar/ab-1.png").as_deref(), Some("/avatars/7/ab-1.png"));
    }
}
