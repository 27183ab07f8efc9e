//! Audio of prompts: recognized by what is in the file, kept under the hash of its content, and served to the provider.
//!
//! The address of a file holds that hash, so it cannot be guessed and what lies there never changes: it may be cached
//! for ever. Who replaces a prompt's audio makes another address, even with what was there before: the old file may be
//! on its way out ([`super::files`]).

use std::str::FromStr;

use bytes::Bytes;
use entity::CompanyScope;
use entity::id::{CompanyId, PromptId};
use uuid::Uuid;

use crate::app::App;
use crate::error::Result;
use crate::files as kept;

/// What the provider plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Wav,
    Mp3,
}

impl Format {
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Wav => "audio/wav",
            Self::Mp3 => "audio/mpeg",
        }
    }

    fn extension(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::Mp3 => "mp3",
        }
    }
}

/// By its content, never by its name; with the reason when the provider could not play it.
pub fn recognize(bytes: &[u8]) -> std::result::Result<Format, String> {
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WAVE") {
        return wav(bytes).map(|()| Format::Wav);
    }
    if is_mp3(bytes) {
        return Ok(Format::Mp3);
    }
    Err("is neither a WAV nor an MP3 file".to_owned())
}

/// Chunks of a name of four letters, a length of four bytes (little endian) and the content, padded to even lengths.
fn wav(bytes: &[u8]) -> std::result::Result<(), String> {
    let mut rest = &bytes[12..];
    let mut known_coding = false;
    while let (Some(name), Some(length)) = (rest.get(..4), rest.get(4..8)) {
        let length = u32::from_le_bytes([length[0], length[1], length[2], length[3]]) as usize;
        let content = &rest[8..];
        match name {
            b"fmt " => {
                let coding = content.get(..2).map(|coding| u16::from_le_bytes([coding[0], coding[1]]));
                // PCM, A-law, µ-law (RFC 2361).
                known_coding = matches!(coding, Some(1 | 6 | 7));
                if !known_coding {
                    return Err(
                        "is a WAV file in a coding that telephones do not play: use PCM or µ-law".to_owned()
                    );
                }
            }
            b"data" if known_coding && length > 0 && !content.is_empty() => return Ok(()),
            _ => {}
        }
        let Some(next) = content.get(length + length % 2..) else { break };
        rest = next;
    }
    Err("is a WAV file without sound".to_owned())
}

/// An ID3 tag, or the header of a frame of MPEG audio layer III: eleven bits set, a version, a layer, a bit rate and a
/// sampling rate that exist.
fn is_mp3(bytes: &[u8]) -> bool {
    if bytes.starts_with(b"ID3") {
        return bytes.len() > 10;
    }
    match bytes {
        [0xFF, second, third, ..] => {
            let version = (second >> 3) & 0b11;
            let layer = (second >> 1) & 0b11;
            let (bit_rate, sampling) = (third >> 4, (third >> 2) & 0b11);
            second & 0xE0 == 0xE0
                && version != 0b01
                && layer == 0b01
                && !matches!(bit_rate, 0 | 0b1111)
                && sampling != 0b11
        }
        _ => false,
    }
}

/// Where the file of one upload lies in the storage.
pub fn key(company: CompanyId, prompt: PromptId, upload: Uuid, sha256: &str, format: Format) -> String {
    let upload = upload.simple();
    format!("{company}/prompts/{prompt}/{sha256}-{upload}.{}", format.extension())
}

/// The address at which the provider fetches a file, from its key.
pub fn url(public_url: &str, key: &str) -> String {
    format!("{public_url}/media/{key}")
}

/// A file at its address.
pub struct File {
    pub bytes: Bytes,
    pub format: Format,
    pub sha256: String,
}

/// The file at `/media/{company}/prompts/{prompt}/{file}`; `None` when there is none, or the address is not one of ours.
pub async fn fetch(app: &App, company: &str, prompt: &str, file: &str) -> Result<Option<File>> {
    let Some((name, extension)) = file.split_once('.') else { return Ok(None) };
    let Some((sha256, upload)) = name.split_once('-') else { return Ok(None) };
    let format = match extension {
        "wav" => Format::Wav,
        "mp3" => Format::Mp3,
        _ => return Ok(None),
    };
    let (Ok(company), Ok(prompt), Ok(upload)) =
        (CompanyId::from_str(company), PromptId::from_str(prompt), Uuid::try_parse(upload))
    else {
        return Ok(None);
    };
    if sha256.len() != 64 || !sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return Ok(None);
    }
    let key = key(company, prompt, upload, sha256, format);
    let bytes = kept::get(app, mint(company), &key).await?;
    Ok(bytes.map(|bytes| File { bytes, format, sha256: sha256.to_owned() }))
}

/// For one file, whose name nobody knows who was not given it: it holds a hash and a random number.
#[expect(clippy::disallowed_methods, reason = "the name of the file has proved that its company gave it out")]
fn mint(company: CompanyId) -> CompanyScope {
    CompanyScope::dangerous_mint(company)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wav_file(coding: u16, data: &[u8]) -> Vec<u8> {
        let mut file = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0".to_vec();
        file.extend(coding.to_le_bytes());
        file.extend([1, 0, 0x40, 0x1F, 0, 0, 0x40, 0x1F, 0, 0, 1, 0, 8, 0]);
        file.extend(b"data");
        file.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
        file.extend(data);
        file
    }

    #[test]
    fn files_are_known_by_their_content() {
        assert_eq!(recognize(&wav_file(7, &[0x7F; 160])), Ok(Format::Wav));
        assert_eq!(recognize(&wav_file(1, &[0; 160])), Ok(Format::Wav));
        assert_eq!(recognize(&[0xFF, 0xFB, 0x90, 0x00, 0, 0]), Ok(Format::Mp3));
        assert_eq!(recognize(b"ID3\x04\0\0\0\0\0\0sound"), Ok(Format::Mp3));
    }

    #[test]
    fn what_no_telephone_plays_is_refused_with_the_reason() {
        assert!(recognize(&wav_file(3, &[0; 160])).unwrap_err().contains("µ-law"), "floating point");
        assert!(recognize(&wav_file(1, &[])).unwrap_err().contains("without sound"));
        for other in [&b""[..], b"<html>", b"OggS\0\0", b"RIFF\0\0\0\0AVI LIST", &[0xFF, 0xD8, 0xFF, 0xE0]] {
            assert!(recognize(other).is_err(), "{other:?}");
        }
        assert!(
            recognize(b"RIFF\xFF\xFF\xFF\xFFWAVEjunk\xFF\xFF\xFF\xFF").is_err(),
            "a length beyond the end"
        );
    }
}
