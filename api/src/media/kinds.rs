//! What a file is: known by its content, from a closed list. Its name and the type that a client says decide only between
//! types that lie in the same container and are as harmless as each other.

use entity::{MediaKind, media};

/// So much of the beginning is looked at.
pub const HEAD: usize = 8 * 1024;

/// A file that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    pub kind: MediaKind,
    pub content_type: &'static str,
}

/// What the client says of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Said<'a> {
    pub name: Option<&'a str>,
    pub content_type: Option<&'a str>,
    /// Its devices have encrypted it: there is nothing to recognize.
    pub encrypted: bool,
}

impl<'a> Said<'a> {
    /// What was said when the upload began.
    pub fn of(row: &'a media::Model) -> Self {
        let encrypted = row.kind == Some(MediaKind::Encrypted);
        Self { name: row.name.as_deref(), content_type: None, encrypted }
    }
}

const OOXML: [(&str, &[u8], &str); 3] = [
    ("docx", b"word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("xlsx", b"xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("pptx", b"ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
];
const OPEN_DOCUMENT: [&str; 3] = [
    "application/vnd.oasis.opendocument.text",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.presentation",
];

/// `head` is the beginning of the file, [`HEAD`] bytes or all of it. `None` when it is nothing that is taken: pages (HTML,
/// SVG), programs, archives, and whatever is not known.
pub fn recognize(head: &[u8], said: Said<'_>) -> Option<Found> {
    if said.encrypted {
        return found(MediaKind::Encrypted, "application/octet-stream");
    }
    picture(head)
        .or_else(|| sound(head))
        .or_else(|| riff(head))
        .or_else(|| matroska(head))
        .or_else(|| iso_media(head, said))
        .or_else(|| document(head, said))
}

fn found(kind: MediaKind, content_type: &'static str) -> Option<Found> {
    Some(Found { kind, content_type })
}

fn picture(head: &[u8]) -> Option<Found> {
    if head.starts_with(b"\x89PNG\r\n\x1a\n") && head.get(12..16) == Some(b"IHDR") {
        found(MediaKind::Image, "image/png")
    } else if head.starts_with(b"\xFF\xD8\xFF") && head.len() > 4 {
        found(MediaKind::Image, "image/jpeg")
    } else if (head.starts_with(b"GIF87a") || head.starts_with(b"GIF89a")) && head.len() > 13 {
        found(MediaKind::Image, "image/gif")
    } else {
        None
    }
}

fn sound(head: &[u8]) -> Option<Found> {
    match head {
        [b'I', b'D', b'3', version, _, _, ..] if *version < 0xFF && head.len() > 10 => {
            found(MediaKind::Audio, "audio/mpeg")
        }
        [b'f', b'L', b'a', b'C', ..] => found(MediaKind::Audio, "audio/flac"),
        [b'O', b'g', b'g', b'S', ..] if contains(head, b"\x80theora") => found(MediaKind::Video, "video/ogg"),
        [b'O', b'g', b'g', b'S', ..] => found(MediaKind::Audio, "audio/ogg"),
        [0xFF, second, third, ..] if second & 0xE0 == 0xE0 => {
            let (version, layer) = ((second >> 3) & 0b11, (second >> 1) & 0b11);
            let (bit_rate, sampling) = (third >> 4, (third >> 2) & 0b11);
            if layer == 0b01 && version != 0b01 && !matches!(bit_rate, 0 | 0b1111) && sampling != 0b11 {
                found(MediaKind::Audio, "audio/mpeg")
            } else if second & 0xF6 == 0xF0 && (third >> 2) & 0b1111 < 13 {
                // ADTS: twelve bits set, layer 0, a sampling rate that exists.
                found(MediaKind::Audio, "audio/aac")
            } else {
                None
            }
        }
        _ => None,
    }
}

fn riff(head: &[u8]) -> Option<Found> {
    if !head.starts_with(b"RIFF") {
        return None;
    }
    match head.get(8..12) {
        Some(b"WEBP") => found(MediaKind::Image, "image/webp"),
        Some(b"WAVE") => found(MediaKind::Audio, "audio/wav"),
        Some(_) | None => None,
    }
}

/// WebM. Its tracks are named in its beginning: without one of pictures it is sound, as browsers record it.
fn matroska(head: &[u8]) -> Option<Found> {
    if !head.starts_with(b"\x1A\x45\xDF\xA3") || !contains(head, b"webm") {
        return None;
    }
    if contains(head, b"V_VP") || contains(head, b"V_AV1") || contains(head, b"V_MPEG4") {
        found(MediaKind::Video, "video/webm")
    } else if contains(head, b"A_OPUS") || contains(head, b"A_VORBIS") {
        found(MediaKind::Audio, "audio/webm")
    } else {
        found(MediaKind::Video, "video/webm")
    }
}

/// MP4 and its kin (ISO/IEC 14496-12): a box `ftyp` with a brand. Where the brand tells neither, who says that it is sound is
/// believed.
fn iso_media(head: &[u8], said: Said<'_>) -> Option<Found> {
    if head.get(4..8) != Some(b"ftyp") {
        return None;
    }
    let brand = head.get(8..12)?;
    let is_sound = said.content_type.is_some_and(|content| content.starts_with("audio/"));
    match brand {
        b"M4A " | b"M4B " => found(MediaKind::Audio, "audio/mp4"),
        b"qt  " => found(MediaKind::Video, "video/quicktime"),
        [b'3', b'g', ..] if is_sound => found(MediaKind::Audio, "audio/3gpp"),
        [b'3', b'g', ..] => found(MediaKind::Video, "video/3gpp"),
        b"isom" | b"iso2" | b"iso4" | b"iso5" | b"iso6" | b"mp41" | b"mp42" | b"avc1" | b"dash" | b"M4V " => {
            if is_sound {
                found(MediaKind::Audio, "audio/mp4")
            } else {
                found(MediaKind::Video, "video/mp4")
            }
        }
        _ => None,
    }
}

fn document(head: &[u8], said: Said<'_>) -> Option<Found> {
    if head.starts_with(b"%PDF-") {
        return found(MediaKind::Document, "application/pdf");
    }
    if head.starts_with(b"PK\x03\x04") {
        return archive(head, said);
    }
    let csv = said.content_type == Some("text/csv") || extension(said) == Some("csv");
    let content_type = if csv { "text/csv" } else { "text/plain" };
    is_plain_text(head).then_some(Found { kind: MediaKind::Document, content_type })
}

/// Office documents are archives with a certain first entry. Any other archive is refused: nobody sees what is in it.
fn archive(head: &[u8], said: Said<'_>) -> Option<Found> {
    let first = head.get(30..)?;
    if let Some(rest) = first.strip_prefix(b"mimetype".as_slice()) {
        let known = OPEN_DOCUMENT.into_iter().find(|known| rest.starts_with(known.as_bytes()));
        return known.and_then(|known| found(MediaKind::Document, known));
    }
    let is_office = ["[Content_Types].xml", "_rels/.rels", "docProps/", "word/", "xl/", "ppt/"]
        .iter()
        .any(|entry| first.starts_with(entry.as_bytes()));
    if !is_office || contains(head, b"vbaProject") {
        return None;
    }
    let by_entry = OOXML.iter().find(|(_, folder, _)| contains(head, folder));
    let by_name = OOXML.iter().find(|(name, ..)| extension(said) == Some(*name));
    by_entry.or(by_name).and_then(|(_, _, content_type)| found(MediaKind::Document, content_type))
}

/// UTF-8 without control characters that is neither markup nor a script.
fn is_plain_text(head: &[u8]) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // The last character may be cut in two.
        Err(error) if error.error_len().is_none() && head.len() >= HEAD => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let has_controls = text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'));
    !text.is_empty() && !has_controls && !text.starts_with('<') && !text.starts_with("#!")
}

fn extension(said: Said<'_>) -> Option<&str> {
    said.name?.rsplit_once('.').map(|(_, extension)| extension)
}

fn contains(head: &[u8], words: &[u8]) -> bool {
    head.windows(words.len()).any(|window| window == words)
}

/// How long a WAV lasts, in milliseconds, from its header (RFC 2361): bytes of sound by bytes a second.
pub fn duration_of_wav(head: &[u8]) -> Option<i64> {
    let mut rest = head.strip_prefix(b"RIFF")?.get(8..)?;
    let mut bytes_a_second = None;
    while let (Some(name), Some(length)) = (rest.get(..4), rest.get(4..8)) {
        let length = u32::from_le_bytes(length.try_into().ok()?);
        let content = &rest[8..];
        match name {
            b"fmt " => bytes_a_second = Some(u32::from_le_bytes(content.get(8..12)?.try_into().ok()?)),
            // A stream that nobody has closed says that it goes on for ever.
            b"data" if length != u32::MAX => {
                let rate = i64::from(bytes_a_second.filter(|rate| *rate > 0)?);
                return Some(i64::from(length) * 1000 / rate);
            }
            _ => {}
        }
        rest = content.get(usize::try_from(length).ok()?.checked_add(length as usize % 2)?..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(head: &[u8]) -> Option<&'static str> {
        recognize(head, Said::default()).map(|found| found.content_type)
    }

    #[test]
    fn files_are_known_by_their_content() {
        for (head, content_type) in [
            (&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], "image/png"),
            (b"\xFF\xD8\xFF\xE0\0\x10JFIF", "image/jpeg"),
            (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
            (b"GIF89a\x01\0\x01\0\0\0\0;", "image/gif"),
            (b"RIFF\x10\0\0\0WAVEfmt ", "audio/wav"),
            (b"ID3\x04\0\0\0\0\0\0sound", "audio/mpeg"),
            (b"\xFF\xFB\x90\x00", "audio/mpeg"),
            (b"\xFF\xF1\x50\x80", "audio/aac"),
            (b"OggS\0\x02\0\0OpusHead", "audio/ogg"),
            (b"\x1A\x45\xDF\xA3..webm..A_OPUS", "audio/webm"),
            (b"\x1A\x45\xDF\xA3..webm..V_VP9..A_OPUS", "video/webm"),
            (b"\0\0\0\x20ftypM4A ....", "audio/mp4"),
            (b"\0\0\0\x20ftypisom....", "video/mp4"),
            (b"\0\0\0\x14ftypqt  ....", "video/quicktime"),
            (b"%PDF-1.7\n%\xE2\xE3", "application/pdf"),
            (b"Dear all,\r\n\tthe figures.", "text/plain"),
        ] {
            assert_eq!(kind(head), Some(content_type), "{head:?}");
        }
        let zip = |name: &str, more: &str| {
            [b"PK\x03\x04".as_slice(), &[0; 26], name.as_bytes(), more.as_bytes()].concat()
        };
        assert_eq!(kind(&zip("[Content_Types].xml", "PK\x03\x04 xl/workbook.xml")), Some(OOXML[1].2));
        assert_eq!(kind(&zip("mimetype", OPEN_DOCUMENT[0])), Some(OPEN_DOCUMENT[0]));
    }

    #[test]
    fn pages_programs_and_archives_are_refused_whatever_they_are_called() {
        let said = Said { name: Some("picture.png"), content_type: Some("image/png"), encrypted: false };
        let macros =
            [b"PK\x03\x04".as_slice(), &[0; 26], b"[Content_Types].xml word/vbaProject.bin"].concat();
        let zip = [b"PK\x03\x04".as_slice(), &[0; 26], b"setup.exe"].concat();
        for head in [
            &b""[..],
            b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
            b"\xEF\xBB\xBF \n<!DOCTYPE html><html>",
            b"<?xml version='1.0'?>",
            b"#!/bin/sh\nrm -rf /",
            b"MZ\x90\0\x03",
            b"\x7FELF\x02\x01\x01\0",
            b"\xCF\xFA\xED\xFE\x07",
            b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1",
            b"Rar!\x1A\x07",
            b"\x89PNG\r\n\x1a\n",
            b"RIFF\0\0\0\0AVI LIST",
            b"\0\0\0\x18ftypheic",
            &macros,
            &zip,
        ] {
            assert_eq!(recognize(head, said), None, "{head:?}");
        }
    }

    #[test]
    fn what_a_client_says_decides_within_a_container_only() {
        let said = |content_type| Said { name: None, content_type: Some(content_type), encrypted: false };
        let mp4 = b"\0\0\0\x20ftypiso5....";
        assert_eq!(recognize(mp4, said("audio/mp4")).unwrap().kind, MediaKind::Audio);
        assert_eq!(recognize(mp4, said("application/pdf")).unwrap().kind, MediaKind::Video);
        let text =
            recognize(b"a,b\r\n1,2\r\n", Said { name: Some("x.csv"), content_type: None, encrypted: false });
        assert_eq!(text.unwrap().content_type, "text/csv");
    }

    #[test]
    fn a_wav_says_how_long_it_lasts() {
        let mut wav =
            b"RIFF\x48\x03\0\0WAVEfmt \x10\0\0\0\x07\0\x01\0\x40\x1F\0\0\x40\x1F\0\0\x01\0\x08\0data"
                .to_vec();
        wav.extend(800_u32.to_le_bytes());
        assert_eq!(duration_of_wav(&wav), Some(100));
        assert_eq!(duration_of_wav(b"RIFF\0\0\0\0WAVEdata\x01\0\0\0"), None, "at no rate");
        assert_eq!(duration_of_wav(b"OggS"), None);
    }
}
