//! Sound files: a playable tone for recordings, and the length of a WAV that `<Play>` was given.

use std::time::Duration;

/// Samples a second of what is made here; one channel of 8 bits, as a telephone's.
const RATE: u32 = 8000;
/// The period of the tone in samples: 8000 / 18 = 444 Hz.
const PERIOD: usize = 18;

/// A WAV (PCM, 8 kHz, 8 bit) of that many seconds: half a second of a soft tone, half a second of silence, and so on; of
/// two channels, the tone goes from one to the other.
pub(crate) fn wav(seconds: u32, channels: u32) -> Vec<u8> {
    let frames = seconds.saturating_mul(RATE);
    let bytes = frames.saturating_mul(channels);
    let mut out = Vec::with_capacity(44 + bytes as usize);
    out.extend_from_slice(b"RIFF");
    out.extend_from_slice(&(36 + bytes).to_le_bytes());
    out.extend_from_slice(b"WAVEfmt ");
    out.extend_from_slice(&16u32.to_le_bytes());
    out.extend_from_slice(&1u16.to_le_bytes()); // PCM
    out.extend_from_slice(&u16::try_from(channels).unwrap_or(1).to_le_bytes());
    out.extend_from_slice(&RATE.to_le_bytes());
    out.extend_from_slice(&(RATE * channels).to_le_bytes()); // bytes a second
    out.extend_from_slice(&u16::try_from(channels).unwrap_or(1).to_le_bytes()); // bytes a frame
    out.extend_from_slice(&8u16.to_le_bytes()); // bits a sample
    out.extend_from_slice(b"data");
    out.extend_from_slice(&bytes.to_le_bytes());
    let half = RATE as usize / 2;
    out.extend((0..frames as usize).flat_map(|i| {
        (0..channels as usize).map(move |channel| {
            if (i / half + channel).is_multiple_of(2) {
                // A triangle around the middle, 128.
                let phase = i % PERIOD;
                let rise = phase.min(PERIOD - phase);
                116 + u8::try_from(rise * 24 / (PERIOD / 2)).unwrap_or(0)
            } else {
                128
            }
        })
    }));
    out
}

/// How long a WAV plays, from its header; `None` for anything else.
pub(crate) fn wav_length(bytes: &[u8]) -> Option<Duration> {
    if bytes.get(..4)? != b"RIFF" || bytes.get(8..12)? != b"WAVE" {
        return None;
    }
    let mut at = 12;
    let mut bytes_a_second = None;
    loop {
        let name = bytes.get(at..at + 4)?;
        let size = u32::from_le_bytes(bytes.get(at + 4..at + 8)?.try_into().ok()?);
        match name {
            b"fmt " => {
                let rate = u32::from_le_bytes(bytes.get(at + 16..at + 20)?.try_into().ok()?);
                bytes_a_second = (rate > 0).then_some(rate);
            }
            b"data" => {
                let rate = bytes_a_second?;
                return Some(Duration::from_millis(u64::from(size) * 1000 / u64::from(rate)));
            }
            _ => {}
        }
        // Chunks are padded to an even length.
        at = at.checked_add(8)?.checked_add(size as usize)?.checked_add(size as usize % 2)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_file_has_the_length_that_was_asked_for() {
        assert_eq!(wav_length(&wav(7, 1)), Some(Duration::from_secs(7)));
        assert_eq!(wav_length(&wav(0, 1)), Some(Duration::ZERO));
        let file = wav(1, 1);
        assert_eq!(file.len(), 8044);
        assert!(file[44..4044].iter().any(|s| *s > 130), "the first half second is to be heard");
        assert!(file[4044..].iter().all(|s| *s == 128), "the second half is silent");
    }

    #[test]
    fn a_file_of_two_channels_has_a_side_each() {
        let file = wav(3, 2);
        assert_eq!(wav_length(&file), Some(Duration::from_secs(3)));
        assert_eq!((file[22], file.len()), (2, 44 + 3 * 8000 * 2));
        assert!(
            file[44..8044].iter().skip(1).step_by(2).all(|s| *s == 128),
            "the second side is silent first"
        );
    }

    #[test]
    fn what_is_no_wav_has_no_length() {
        assert_eq!(wav_length(b"ID3 and so on"), None);
        assert_eq!(wav_length(&wav(1, 1)[..30]), None);
    }
}
