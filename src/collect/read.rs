//! Reads files, within limits.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use super::{File, Origin};

/// What a file holds.
#[derive(Clone, Debug)]
pub enum Content {
    /// Text.
    Text(String),
    /// Bytes that are no UTF-8: where the first wrong one is.
    NotUtf8 {
        /// The bytes.
        bytes: Vec<u8>,
        /// Length of the valid text before the first wrong byte.
        valid: usize,
    },
    /// More bytes than the limit; only the first of them.
    TooLarge {
        /// The leading bytes, as many as the limit allows.
        head: Vec<u8>,
        /// Its whole size.
        size: u64,
    },
}

/// A file that can't be read. The environment's fault.
#[derive(Debug, thiserror::Error)]
#[error("cannot be read: {0}")]
pub struct ReadError(#[from] std::io::Error);

/// Reads `file`, at most `limit` bytes of it.
///
/// # Errors
/// When the operating system refuses: it is gone, or this user may not read it.
pub fn read(file: &File, limit: u64) -> Result<Content, ReadError> {
    let bytes = match &file.origin {
        Origin::Memory(bytes) => {
            let size = bytes.len() as u64;
            if size > limit {
                return Ok(Content::TooLarge { head: head(bytes, limit).to_vec(), size });
            }
            bytes.to_vec()
        }
        Origin::Disk(path) => {
            let mut bytes = Vec::new();
            let handle = fs::File::open(path)?;
            let size = handle.metadata()?.len();
            bytes.reserve_exact(usize::try_from(size.min(limit)).unwrap_or(0) + 1);
            handle.take(limit + 1).read_to_end(&mut bytes)?;
            if bytes.len() as u64 > limit {
                bytes.truncate(head(&bytes, limit).len());
                return Ok(Content::TooLarge { head: bytes, size });
            }
            bytes
        }
    };
    Ok(match String::from_utf8(bytes) {
        Ok(text) => Content::Text(text),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            Content::NotUtf8 { bytes: error.into_bytes(), valid }
        }
    })
}

fn head(bytes: &[u8], limit: u64) -> &[u8] {
    &bytes[..bytes.len().min(usize::try_from(limit).unwrap_or(usize::MAX))]
}

/// The text of a policy file at `path`, or `None` if there is no such file.
///
/// # Errors
/// When it is there and can't be read, or is no UTF-8.
pub fn policy_text(path: &Path) -> Result<Option<Arc<str>>, ReadError> {
    #[expect(clippy::disallowed_methods, reason = "collect is the door to the disk")]
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.into())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}
