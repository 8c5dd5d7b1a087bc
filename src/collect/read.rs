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
    /// More bytes than the limit.
    TooLarge {
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
        Origin::Memory(bytes) if bytes.len() as u64 > limit => {
            return Ok(Content::TooLarge { size: bytes.len() as u64 });
        }
        Origin::Memory(bytes) => bytes.to_vec(),
        Origin::Disk(path) => {
            let handle = fs::File::open(path)?;
            let size = handle.metadata()?.len();
            if size > limit {
                return Ok(Content::TooLarge { size });
            }
            let mut bytes = Vec::new();
            bytes.reserve_exact(usize::try_from(size).unwrap_or(0) + 1);
            handle.take(limit + 1).read_to_end(&mut bytes)?;
            if bytes.len() as u64 > limit {
                return Ok(Content::TooLarge { size: bytes.len() as u64 });
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

/// Does `finds` find something in the first `limit` bytes of `file`? It is shown them in windows that overlap, so that
/// memory is bounded and no word is cut.
///
/// # Errors
/// When the operating system refuses.
pub fn any_window(file: &File, limit: u64, finds: impl Fn(&[u8]) -> bool) -> Result<bool, ReadError> {
    const WINDOW: usize = 1 << 20;
    const OVERLAP: usize = 4 << 10;
    let mut input: Box<dyn Read> = match &file.origin {
        Origin::Memory(bytes) => Box::new(&**bytes),
        Origin::Disk(path) => Box::new(fs::File::open(path)?),
    };
    let (mut window, mut left) = (Vec::with_capacity(WINDOW + OVERLAP), limit);
    loop {
        let read = input.by_ref().take(left.min(WINDOW as u64)).read_to_end(&mut window)?;
        if read == 0 || finds(&window) {
            return Ok(read > 0);
        }
        left -= read as u64;
        window.drain(..window.len().saturating_sub(OVERLAP));
    }
}

/// All bytes of a stream, which has no size before it ends.
///
/// # Errors
/// When the operating system refuses, or the stream is longer than 1 GiB.
pub fn drain(stream: impl Read) -> std::io::Result<Vec<u8>> {
    const LONGEST: u64 = 1 << 30;
    let mut bytes = Vec::new();
    stream.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(std::io::Error::other("it is longer than 1 GiB"));
    }
    Ok(bytes)
}

/// The text of a policy file at `path`, or `None` if there is no such file.
///
/// # Errors
/// When it is there and can't be read, or is no UTF-8.
pub fn policy_text(path: &Path) -> Result<Option<Arc<str>>, ReadError> {
    #[expect(clippy::disallowed_methods, reason = "collect is the door to the disk")]
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.into())),
        // A link that leads nowhere is there, and is no reason to go on without a policy.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && path.symlink_metadata().is_err() => Ok(None),
        Err(error) => Err(error.into()),
    }
}
