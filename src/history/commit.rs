//! Commits from their own bytes.

use chrono::DateTime;

use super::{Commit, HistoryError, ObjectId};

/// Reads the commit `id` from its raw bytes: header lines, an empty line, the message.
///
/// # Errors
/// When it has no tree or no committer that can be read.
pub(super) fn parse(id: ObjectId, raw: &[u8]) -> Result<Commit, HistoryError> {
    let damaged = |what: &str| HistoryError::Damaged { id, what: what.to_owned() };
    let end = raw.windows(2).position(|w| w == b"\n\n").unwrap_or(raw.len());
    let message = raw.get(end + 2..).unwrap_or_default();
    let (mut tree, mut parents, mut time) = (None, Vec::new(), None);
    for line in raw[..end].split(|b| *b == b'\n') {
        // What follows the committer (signatures, encodings) may hold anything.
        if time.is_some() {
            break;
        }
        if let Some(hex) = line.strip_prefix(b"tree ") {
            tree = of_hex(hex);
        } else if let Some(hex) = line.strip_prefix(b"parent ") {
            parents.push(of_hex(hex).ok_or_else(|| damaged("a parent is no object id"))?);
        } else if let Some(who) = line.strip_prefix(b"committer ") {
            time = seconds(who);
            if time.is_none() {
                return Err(damaged("its committer has no date"));
            }
        }
    }
    Ok(Commit {
        id,
        tree: tree.ok_or_else(|| damaged("it has no tree"))?,
        parents,
        time: time.and_then(|s| DateTime::from_timestamp(s, 0)).ok_or_else(|| damaged("its date is out of range"))?,
        message: String::from_utf8_lossy(message).into(),
    })
}

fn of_hex(hex: &[u8]) -> Option<ObjectId> {
    ObjectId::from_hex(std::str::from_utf8(hex).ok()?)
}

/// Seconds since 1970 of `Ada Park <ada@example.com> 1782864000 +0000`; names may hold anything.
pub(super) fn seconds(who: &[u8]) -> Option<i64> {
    let after = who.iter().rposition(|b| *b == b'>').map_or(who, |at| &who[at + 1..]);
    std::str::from_utf8(after).ok()?.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id() -> ObjectId {
        ObjectId::from_hex(&"1".repeat(40)).unwrap()
    }

    #[test]
    fn headers_and_message() {
        let raw = format!(
            "tree {0}\nparent {1}\nparent {0}\nauthor A <a@x> 1 +0000\ncommitter B > C <b@x> 1782864000 +0200\ngpgsig -----\n parent {1}\n\nSubject\n\nBody \u{fffd}\n",
            "a".repeat(40),
            "b".repeat(40)
        );
        let commit = parse(id(), raw.as_bytes()).unwrap();
        assert_eq!((commit.parents.len(), commit.time.timestamp()), (2, 1_782_864_000));
        assert_eq!(&*commit.message, "Subject\n\nBody \u{fffd}\n");
        assert!(parse(id(), b"tree x\n\n").is_err() && parse(id(), b"").is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_commit_or_an_error(raw in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(id(), &raw);
        }
    }
}
