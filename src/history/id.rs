//! Ids of git objects, of either format.

use std::fmt;

/// The id of a git object: 20 bytes of SHA-1 or 32 of SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    bytes: [u8; 32],
    len: u8,
}

impl ObjectId {
    /// The id that stands for "none" in hooks.
    pub const NONE: Self = Self { bytes: [0; 32], len: 20 };

    /// The id of these bytes, 20 or 32 of them.
    pub fn from_bytes(raw: &[u8]) -> Option<Self> {
        if raw.len() != 20 && raw.len() != 32 {
            return None;
        }
        let mut bytes = [0; 32];
        bytes[..raw.len()].copy_from_slice(raw);
        Some(Self { bytes, len: u8::try_from(raw.len()).ok()? })
    }

    /// Reads 40 or 64 hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        if !text.is_ascii() || (text.len() != 40 && text.len() != 64) {
            return None;
        }
        let byte = |i: usize| u8::from_str_radix(text.get(i..i + 2)?, 16).ok();
        let raw: Option<Vec<u8>> = (0..text.len()).step_by(2).map(byte).collect();
        Self::from_bytes(&raw?)
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// Is it the id that stands for "none" in hooks?
    pub fn is_zero(&self) -> bool {
        self.bytes.iter().all(|b| *b == 0)
    }

    /// The first seven digits, as people write it.
    pub fn short(&self) -> String {
        self.to_string()[..7].to_owned()
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::ObjectId;

    #[test]
    fn both_formats_read_as_they_are_written() {
        for text in ["3f2a9c1".repeat(6)[..40].to_owned(), "0".repeat(64)] {
            assert_eq!(ObjectId::from_hex(&text).unwrap().to_string(), text);
        }
        assert!(ObjectId::from_hex("3f2a9c1").is_none() && ObjectId::from_hex(&"é".repeat(20)).is_none());
        assert!(ObjectId::from_hex(&"0".repeat(40)).unwrap().is_zero());
    }
}
