//! How both forms of a token write numbers, texts and maps: little-endian, with lengths of two bytes.

use super::Map;

#[derive(Default)]
pub struct Bytes(Vec<u8>);

impl Bytes {
    pub fn u16(mut self, number: u16) -> Self {
        self.0.extend_from_slice(&number.to_le_bytes());
        self
    }

    pub fn u32(mut self, number: u32) -> Self {
        self.0.extend_from_slice(&number.to_le_bytes());
        self
    }

    /// Its length, then itself. All that is written here is shorter than 64 KiB; what would not be is cut.
    pub fn text(self, text: &[u8]) -> Self {
        let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
        let mut bytes = self.u16(length);
        bytes.0.extend_from_slice(&text[..usize::from(length)]);
        bytes
    }

    /// In the order of the keys.
    pub fn map(self, map: &Map) -> Self {
        let count = u16::try_from(map.len()).unwrap_or(u16::MAX);
        map.iter()
            .take(usize::from(count))
            .fold(self.u16(count), |bytes, (key, value)| bytes.u16(*key).u32(*value))
    }

    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub fn into_vec(self) -> Vec<u8> {
        self.0
    }
}
